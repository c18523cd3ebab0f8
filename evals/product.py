"""The product as the evals see it: lines of the batch format in, outputs out, with everything that a turn wrote on the way."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from langchain_core.tracers.context import register_configure_hook
from structlog.testing import capture_logs

from api.batch import answer_line
from api.settings import Settings
from api.wiring import Bank, asking_at, open_bank
from assistant.acting import NOWHERE, Acted, Confirmed, Place
from assistant.dialogue import Unsure
from assistant.memory import Choice
from assistant.plan import Asked, Plan, Step
from assistant.tools import ToolResult
from assistant.turn import Asking, Assistant
from assistant.wording import Emit
from connectors.statements.importer import import_file
from connectors.statements.layout import Sign
from data.facts import Event
from data.party import PASSWORD, AccountId, Consent, Grant, GrantSource, Login, PartyId, Purpose, Role
from evals.marks import Answerer, Output


@contextmanager
def fresh_home(settings: Settings) -> Iterator[Settings]:
    """A home of its own for one run, which sees the weights of the real one; it is gone afterwards."""
    settings.models.mkdir(parents=True, exist_ok=True)
    # The index's owner may still be writing its last when the home goes.
    with TemporaryDirectory(prefix="run-", dir=settings.home, ignore_cleanup_errors=True) as folder:
        (Path(folder) / "models").symlink_to(settings.models.resolve())
        yield settings.model_copy(update={"home": Path(folder), "database_url": ""})


@asynccontextmanager
async def opened(settings: Settings, *, break_filter: bool = False, **more: Any) -> AsyncIterator[Bank]:
    """more: as `open_bank` takes it. break_filter: every login sees every account that the ledger has, as if nothing limited it
    to the granted ones."""
    async with open_bank(settings, **more) as bank:
        yield _Unlimited(**fields_of(bank)) if break_filter else bank


class _Unlimited(Bank):
    async def login(self, party: PartyId, token: str | None = None, acr: str = PASSWORD) -> Login:
        login = await super().login(party, token, acr)
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


@contextmanager
def leaving_nothing(bank: Bank) -> Iterator[None]:
    """What is done meanwhile is undone afterwards, at the sandbox bank and in the ledger: conversations that share a home each
    meet the households as their books have them. For a bank whose database is a file."""
    written, database = bank.settings.home / WRITTEN, str(bank.engine.url.database)
    with closing(sqlite3.connect(":memory:")) as before, closing(sqlite3.connect(database)) as now:
        now.backup(before)
        yield
        if written.exists():
            _emptied(written)
            before.backup(now)


# Where the sandbox bank keeps what its customers had done; made when something is.
WRITTEN = "keys/written.sqlite"


def _emptied(written: Path) -> None:
    """Nothing of it is left but the number of its generation, which goes on: what was read of an older one is not read again."""
    with closing(sqlite3.connect(written)) as db, db:
        for (table,) in db.execute("select name from sqlite_master where type = 'table' and name <> 'generation'").fetchall():
            db.execute(f'delete from "{table}"')  # noqa: S608  the names are the store's own
        db.execute("update generation set number = number + 1")


class Calls(BaseCallbackHandler):
    """Counts what is asked of a language model, whichever part of the assistant asks it. tokens: as the server counts them."""

    # Without this LangChain runs a handler of an asynchronous call in another thread.
    run_inline = True

    def __init__(self) -> None:
        self.calls = self.tokens_in = self.tokens_out = 0

    def on_chat_model_start(self, serialized: dict[str, Any], messages: list[list[BaseMessage]], **_: Any) -> None:
        self.calls += 1

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        for generation in (one for some in response.generations for one in some):
            message = generation.message if isinstance(generation, ChatGeneration) else None
            if isinstance(message, AIMessage) and message.usage_metadata:
                self.tokens_in += message.usage_metadata["input_tokens"]
                self.tokens_out += message.usage_metadata["output_tokens"]


_calls: ContextVar[Calls | None] = ContextVar("calls", default=None)
register_configure_hook(_calls, inheritable=True)


@contextmanager
def counting() -> Iterator[Calls]:
    """Count what is asked of a language model meanwhile, in this task and those that it starts."""
    counter = Calls()
    token = _calls.set(counter)
    try:
        yield counter
    finally:
        _calls.reset(token)


@dataclass
class Seen:
    """What a turn does not tell its customer: the steps that were performed, how sure the router was (None where it asked back
    or was not asked), this process's CPU time, and how often models were asked, with the tokens that they read and wrote."""

    steps: list[Step] = field(default_factory=list)
    sure: float | None = None
    cpu_ms: float = 0.0
    spent: Calls = field(default_factory=Calls)

    @property
    def output(self) -> dict[str, Any]:
        """tokens: None where no server said how many they were."""
        steps = [step.model_dump(mode="json", exclude_defaults=True) for step in self.steps]
        read, written = self.spent.tokens_in, self.spent.tokens_out
        counts = {"calls": self.spent.calls, "tokens_in": read, "tokens_out": written, "tokens": read + written or None}
        return {"steps": steps, "sure": self.sure, "cpu_ms": round(self.cpu_ms, 1)} | counts


@dataclass
class Overheard(Assistant):
    """An assistant whose events are kept here too, as the log of a conversation would keep them, and what each turn did."""

    notes: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    async def turn(
        self,
        message: str,
        login: Login,
        memory: str,
        now: dt.datetime,
        emit: Emit,
        place: Place = NOWHERE,
        confirmed: Confirmed | None = None,
    ) -> str:
        async def noted(events: Sequence[Event]) -> None:
            self.notes += [event.model_dump_json() for event in events]
            await emit(events)

        began = time.process_time()
        with counting() as spent:
            seen = Seen(spent=spent)
            self.seen.append(seen)
            try:
                return await super().turn(message, login, memory, now, noted, place, confirmed)
            finally:
                seen.cpu_ms = (time.process_time() - began) * 1000

    async def _plan(self, message: str, asking: Asking, emit: Emit) -> Plan | Unsure | Acted:
        plan = await super()._plan(message, asking, emit)
        self.seen[-1].sure = plan.sure if isinstance(plan, Plan) and plan.path == "routed" else None
        return plan

    async def _perform(self, step: Step, asking: Asking, facts: int) -> tuple[ToolResult, list[Asked], list[Choice]]:
        self.seen[-1].steps.append(step)
        return await super()._perform(step, asking, facts)


class _Lines(logging.Handler):
    def __init__(self, notes: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        self.notes.append(record.getMessage())


def answerer(bank: Bank) -> Answerer:
    """Asks the product; each output also holds what `Seen` does, and "trace": the events and log lines of its conversation."""
    notes: list[str] = []
    seen: list[Seen] = []
    listening = replace(bank, assistant=Overheard(**fields_of(bank.assistant) | {"notes": notes, "seen": seen}))

    async def answer(line: Mapping[str, Any]) -> Sequence[Output]:
        notes.clear()
        seen.clear()
        handler = _Lines(notes)
        logging.getLogger().addHandler(handler)
        try:
            with capture_logs() as logged, leaving_nothing(bank):
                outputs = await answer_line(listening, dict(line))
        finally:
            logging.getLogger().removeHandler(handler)
        trace = "\n".join([*notes, *map(str, logged)])
        return [output | one.output | {"trace": trace} for output, one in zip(outputs, seen, strict=True)]

    return answer
