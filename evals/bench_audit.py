"""What the audit adds to a turn: real routed turns, each written with its record and without, in turns."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from statistics import median, quantiles

from api.wiring import Bank, asking_at
from assistant.trail import Trail, recording
from data.audit import Note
from data.facts import Event
from data.party import Login, PartyId
from data.records import Records
from evals import product
from evals.questions import NOW, conversations

TARGET_MS = 5.0
CUSTOMER = "amara-okafor"
QUESTIONS = 40


async def report(bank: Bank, times: int) -> AsyncIterator[str]:
    """Lines of medians: of the thread's own processor time beside the clock, as other work on the machine is not the audit's."""
    await product.hold_household(bank, CUSTOMER, NOW)
    asked = [talk.turns[0].say for talk in conversations() if talk.turns[0].gold and talk.customer == CUSTOMER][:QUESTIONS]
    with asking_at(NOW):
        login = await bank.login(PartyId(CUSTOMER))
        told = [await _told(bank, login, message) for message in asked]
    ways = {True: Records(bank.engine, audit=bank.audit), False: Records(bank.engine)}
    talks = {way: records.create(login.party.id, NOW).id for way, records in ways.items()}
    took: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for place in range(times):
        message, events, notes = asked[place % len(asked)], *told[place % len(asked)]
        for way, records in ways.items():
            cpu, clock = time.thread_time(), time.perf_counter()
            turn = records.begin(login.party.id, talks[way], message, NOW)
            records.end(turn, events, None, NOW, notes)
            took[way].append((time.thread_time() - cpu, time.perf_counter() - clock))
    for name, which in (("CPU", 0), ("clock", 1)):
        added = [(a[which] - b[which]) * 1000 for a, b in zip(took[True], took[False], strict=True)]
        said = f"p50 {median(added):.2f} ms, p95 {quantiles(added, n=20)[-1]:.2f} ms"
        yield f"the audit adds to each of {times} turns, {name}: {said} (target: p50 up to {TARGET_MS:.0f} ms)"


async def _told(bank: Bank, login: Login, message: str) -> tuple[list[Event], list[Note]]:
    """What a turn says, and leaves on record."""
    events: list[Event] = []

    async def emit(some: Sequence[Event]) -> None:
        events.extend(some)

    trail = Trail(bank.audit, login.party.id, "", 0)
    with recording(trail):
        await bank.assistant.turn(message, login, "", NOW, emit)
    return events, trail.waiting()
