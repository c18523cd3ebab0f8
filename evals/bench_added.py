"""What it adds to a read turn that its token is checked, exchanged for each service, and that the turn is put on record."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from statistics import median, quantiles

from api.auth import Shown
from api.serve import parts_of
from api.wiring import Bank, asking_at, clock
from assistant.acting import Place
from assistant.trail import Trail, recording
from assistant.turn import Assistant
from connectors.sandbox.app import ACCOUNTS_PATH, BASE_URL
from connectors.sandbox.tokens import AUDIENCES, SERVICES
from connectors.services import BankServices
from connectors.transport import in_process
from data.facts import Event
from data.party import Login, PartyId
from data.records import Records
from evals.questions import NOW

TARGET_MS = 5.0
CUSTOMER = PartyId("callum-mackenzie")
# One that asks a service, one of the ledger.
ASKED = ("what is my balance?", "how much did I spend last month?")


async def _as_given(token: str, audience: str, scopes: frozenset[str]) -> str:
    return token


async def report(bank: Bank, pairs: int) -> str:
    """Each question with all of it and without, one right after the other and in turns first; differences are of pairs.

    Without: the login is known, every service takes one token, and only the log is written.
    """
    with asking_at(NOW):
        parts = parts_of(bank, bank.settings.origin)
        token = bank.sandbox.identity.mint(CUSTOMER, audience=[*AUDIENCES, *SERVICES])
        bare = BankServices(BASE_URL + ACCOUNTS_PATH, in_process(bank.sandbox.app), _as_given)
        with_token = [f"Bearer {bank.sandbox.identity.mint(CUSTOMER)}"]

        async def without(text: str) -> None:
            login = await bank.login(CUSTOMER, token)
            await _turn(replace(bank.assistant, services=bare), login, text, Records(bank.engine))

        async def whole(text: str) -> None:
            login = await parts.bearer.login(Shown(with_token))
            await _turn(bank.assistant, login, text, bank.records)

        added, took = [], []
        for number in range(pairs + 2):
            for text in ASKED:
                order = (without, whole) if number % 2 else (whole, without)
                times = {run: await _timed(run, text) for run in order}
                # The first fill what is kept between turns: keys, tokens, names.
                if number > 1:
                    added.append(times[whole] - times[without])
                    took.append(times[without])
        await bare.aclose()
    p95 = quantiles(added, n=20)[-1]
    return (
        f"token check, exchange (cached) and audit add to a read turn, {len(added)} pairs: p50 {median(added):.1f} ms, "
        f"p95 {p95:.1f} ms, to {median(took):.1f} ms (target {TARGET_MS:g} ms)"
    )


async def _timed(run: Callable[[str], Awaitable[None]], text: str) -> float:
    began = time.perf_counter()
    await run(text)
    return (time.perf_counter() - began) * 1000


async def _turn(assistant: Assistant, login: Login, text: str, records: Records) -> None:
    """A turn as the edge runs it, with its log, and its audit where the records keep one."""
    conversation = records.create(login.party.id, clock()).id
    turn, said = records.begin(login.party.id, conversation, text, clock()), list[Event]()
    trail = Trail(records.audit, turn.party, conversation, turn.number)

    async def emit(events: Sequence[Event]) -> None:
        said.extend(events)

    with recording(trail) if records.audit is not None else nullcontext():
        memory = await assistant.turn(text, login, "", clock(), emit, Place(conversation=conversation, turn=turn.number))
    records.end(turn, said, memory, clock(), trail.waiting())
