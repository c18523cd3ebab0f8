"""The product as the evals see it: lines of the batch format in, outputs out, with everything that a turn wrote on the way."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from structlog.testing import capture_logs

from api.batch import answer_line
from api.settings import Settings
from api.wiring import Bank, asking_at, open_bank
from assistant.turn import Assistant
from assistant.wording import Emit
from connectors.statements.importer import import_file
from connectors.statements.layout import Sign
from data.facts import Event
from data.party import AccountId, Consent, Grant, GrantSource, Login, PartyId, Purpose, Role
from evals.marks import Answerer, Output


@contextmanager
def fresh_home(settings: Settings) -> Iterator[Settings]:
    """A home of its own for one run, which sees the weights of the real one; it is gone afterwards."""
    settings.models.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="run-", dir=settings.home) as folder:
        (Path(folder) / "models").symlink_to(settings.models.resolve())
        yield settings.model_copy(update={"home": Path(folder), "database_url": ""})


@asynccontextmanager
async def opened(settings: Settings, *, break_filter: bool = False) -> AsyncIterator[Bank]:
    """break_filter: every login sees every account that the ledger has, as if nothing limited it to the granted ones."""
    async with open_bank(settings) as bank:
        yield _Unlimited(**fields_of(bank)) if break_filter else bank


class _Unlimited(Bank):
    async def login(self, party: PartyId, token: str | None = None) -> Login:
        login = await super().login(party, token)
        held = {grant.account: grant for grant in login.grants}
        everything = [held.get(account, _granted(party, account)) for account in await asyncio.to_thread(self._all_accounts)]
        grants = [grant.model_copy(update={"until": None}) for grant in everything]
        return login.model_copy(update={"grants": tuple(grants)})

    def _all_accounts(self) -> list[AccountId]:
        with self.engine.connect() as connection:
            return [AccountId(row[0]) for row in connection.exec_driver_sql("select id from account order by id")]


def _granted(party: PartyId, account: AccountId) -> Grant:
    return Grant(party=party, account=account, role=Role.HOLDER, source=GrantSource.FILE)


def fields_of(of: Bank | Assistant) -> dict[str, Any]:
    """What it is made of, to make another of its kind."""
    return {one.name: getattr(of, one.name) for one in fields(of) if one.init}


async def hold_household(bank: Bank, customer: str, now: dt.datetime) -> None:
    """Feed the ledger with a customer's accounts; with everybody's, so that there is something to keep apart."""
    with asking_at(now):
        await bank.login(PartyId(customer))


def end_grants(bank: Bank, lapsed: Mapping[str, str], now: dt.datetime) -> None:
    """Let each party have seen all accounts of another, until a month ago. lapsed: whose, by party."""
    for asker, other in lapsed.items():
        mine = {grant.account for grant in bank.ledger.grants(PartyId(asker))}
        for grant in bank.ledger.grants(PartyId(other)):
            if grant.account not in mine:
                ended = {"party": PartyId(asker), "source": GrantSource.FILE, "until": now - dt.timedelta(days=30)}
                bank.ledger.add_grant(grant.model_copy(update=ended))


def agree(bank: Bank) -> None:
    """Every sandbox customer agrees to an outside model."""
    for customer in bank.sandbox.identity.customers:
        bank.ledger.put_consent(Consent(party=PartyId(customer), purpose=Purpose.EXTERNAL_MODEL))


async def hold_cards(bank: Bank, files: Sequence[Path], now: dt.datetime, progress: Callable[[int, int], None]) -> None:
    """Import card payments, the card being the party, and index their merchants."""
    for path in files:
        await asyncio.to_thread(
            import_file,
            path,
            bank.ledger,
            now=now,
            party_column="card",
            currency="GBP",
            sign=Sign.SPENDING_POSITIVE,
            progress=progress,
        )
    await bank.update_index(progress)


@dataclass
class Overheard(Assistant):
    """An assistant whose events are kept here too, as the log of a conversation would keep them."""

    notes: list[str] = field(default_factory=list)

    async def turn(self, message: str, login: Login, memory: str, now: dt.datetime, emit: Emit) -> str:
        async def noted(events: Sequence[Event]) -> None:
            self.notes += [event.model_dump_json() for event in events]
            await emit(events)

        return await super().turn(message, login, memory, now, noted)


class _Lines(logging.Handler):
    def __init__(self, notes: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        self.notes.append(record.getMessage())


def answerer(bank: Bank) -> Answerer:
    """Asks the product; each output's "trace" holds the events and log lines of its conversation."""
    notes: list[str] = []
    listening = replace(bank, assistant=Overheard(**fields_of(bank.assistant) | {"notes": notes}))

    async def answer(line: Mapping[str, Any]) -> Sequence[Output]:
        notes.clear()
        handler = _Lines(notes)
        logging.getLogger().addHandler(handler)
        try:
            with capture_logs() as logged:
                outputs = await answer_line(listening, dict(line))
        finally:
            logging.getLogger().removeHandler(handler)
        trace = "\n".join([*notes, *map(str, logged)])
        return [output | {"trace": trace} for output in outputs]

    return answer
