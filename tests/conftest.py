"""What several test files need: the serving model, made once and kept between runs, and a whole bank to ask."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
import hypothesis
import pytest

from api.settings import Settings
from api.wiring import Bank, asking_at, open_bank, open_ledger
from assistant.answer import render
from assistant.periods import Today
from assistant.plan import Spans, Step, Tool
from assistant.resolve import Alike, Unclear, resolve, synonyms_of
from assistant.router import vocabulary
from assistant.spans import Known
from assistant.tools import Context, Live, ToolResult
from assistant.turn import TOOLS
from connectors.categories import Categories
from connectors.sandbox.books import Books
from connectors.sandbox.households import households
from data.banking import Account, AccountKind, Kind, Transaction
from data.errors import IndexUnavailable
from data.facts import ChoicesEvent, CitationEvent, DoneEvent, Event, Fact, FactBook, FactEvent, Outcome, TextEvent
from data.ledger import Ledger
from data.money import Money
from data.party import AccountId, GrantSource, Login, PartyId
from data.queries import Queries
from retrieval.embedding import Embedder, export
from retrieval.weights import fetch_weights
from tests.database import database, give_back_since, mark

# How long an example takes is the machine's affair.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

T = TypeVar("T")
NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _databases_go_back() -> Iterator[None]:
    """Those of fixtures that live longer were made before."""
    made = mark()
    yield
    give_back_since(made)


def _models_dir(config: pytest.Config) -> Path:
    assert config.cache is not None
    return Path(config.cache.mkdir("models"))


@pytest.fixture(scope="session")
def serving_model(pytestconfig: pytest.Config) -> Path:
    """The folder of the exported embedding model; skips where the weights can't be had."""
    try:
        return export(_models_dir(pytestconfig))
    except IndexUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def embedder(serving_model: Path) -> Embedder:
    return Embedder(serving_model)


@pytest.fixture(scope="session")
def reference_weights(serving_model: Path, pytestconfig: pytest.Config) -> Path:
    return fetch_weights(_models_dir(pytestconfig))


@dataclass(frozen=True)
class Answer:
    """One turn as a customer and their page get it."""

    events: Sequence[Event]

    @property
    def outcome(self) -> Outcome:
        return self.done.outcome

    @property
    def done(self) -> DoneEvent:
        return next(e for e in self.events if isinstance(e, DoneEvent))

    @property
    def text(self) -> str:
        return " ".join(e.text for e in self.events if isinstance(e, TextEvent))

    @property
    def facts(self) -> list[Fact]:
        return [e.fact for e in self.events if isinstance(e, FactEvent)]

    @property
    def citations(self) -> list[CitationEvent]:
        return [e for e in self.events if isinstance(e, CitationEvent)]

    @property
    def choices(self) -> tuple[str, ...]:
        return next((e.choices for e in self.events if isinstance(e, ChoicesEvent)), ())

    def value(self, label: str) -> str:
        """The value of the first fact with a label."""
        return next(f.value for f in self.facts if f.label == label)

    def evidence(self, label: str) -> set[str]:
        return next(set(f.evidence) for f in self.facts if f.label == label)

    def says_only_facts(self) -> bool:
        """Whether every sentence is its template with the facts it refers to, and nothing else."""
        shown = {f.ref: f.shown for f in self.facts}
        for event in self.events:
            if isinstance(event, TextEvent):
                text = event.template
                for ref in event.refs:
                    text = text.replace("{" + ref + "}", shown[ref])
                if text != event.text:
                    return False
        return True


@dataclass
class Counter:
    """A bank that is asked from ordinary tests; it lives on an event loop of its own."""

    bank: Bank
    loop: asyncio.AbstractEventLoop
    now: dt.datetime = NOW
    logins: dict[str, Login] = field(default_factory=dict)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    def login(self, party: str) -> Login:
        async def enter() -> Login:
            with asking_at(self.now):
                return await self.bank.login(PartyId(party))

        if party not in self.logins:
            self.logins[party] = self.run(enter())
        return self.logins[party]

    def ask(self, who: str | Login, *messages: str) -> Answer:
        """The answer to the last message of a conversation."""
        return self.talk(who, *messages)[-1]

    def talk(self, who: str | Login, *messages: str) -> list[Answer]:
        login = self.login(who) if isinstance(who, str) else who

        async def turns() -> list[Answer]:
            memory, told = "", []
            with asking_at(self.now):
                for message in messages:
                    events: list[Event] = []

                    async def emit(some: Sequence[Event], into: list[Event] = events) -> None:
                        into.extend(some)

                    memory = await self.bank.assistant.turn(message, login, memory, self.now, emit)
                    told.append(Answer(events))
            return told

        return self.run(turns())


@pytest.fixture(scope="session")
def home(serving_model: Path, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home whose models are the ones kept between runs."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(_models_dir(pytestconfig))
    return home


@pytest.fixture(scope="session")
def bank(home: Path) -> Iterator[Counter]:
    """The sandbox households at NOW, without a language model."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack = AsyncExitStack()
    opening = stack.enter_async_context(
        open_bank(Settings(home=home, model="none", database_url=database(home / "counterfoil.db")))
    )
    counter = Counter(asyncio.run_coroutine_threadsafe(opening, loop).result(300), loop)
    yield counter
    counter.run(stack.aclose())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def no_services(bank: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank's services do not answer; Amara is logged in already."""

    async def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    bank.login("amara-okafor")
    monkeypatch.setattr(bank.bank.services, "_http", httpx.AsyncClient(transport=httpx.MockTransport(refuse)))


@pytest.fixture(scope="session")
def books() -> Books:
    """What the sandbox bank wrote down, apart from everything that the product made of it."""
    return households(NOW)


# Reading the examples takes longer than most of what is asked.
_vocabulary = cache(vocabulary)


@dataclass
class Statement:
    """Accounts of one customer in a ledger, with rows put in by hand, and tools that are asked about them directly."""

    ledger: Ledger
    categories: Categories
    key: str
    accounts: list[Account] = field(default_factory=list)
    rows: list[Transaction] = field(default_factory=list)
    live: Live = field(default_factory=Live)
    files: frozenset[AccountId] = frozenset()
    payday: dt.date | None = None
    today: dt.date = TODAY

    def open(self, name: str = "Everyday", kind: AccountKind = AccountKind.CURRENT, currency: str = "GBP") -> Account:
        account = Account(id=AccountId(f"{self.key}-{name}"), kind=kind, name=name, currency=currency)
        self.ledger.put_account(account, GrantSource.SERVICE)
        self.accounts.append(account)
        return account

    def add(
        self, day: dt.date, amount: str, text: str, kind: Kind = Kind.PURCHASE, account: Account | None = None, **more: Any
    ) -> str:
        """Put in a row; a negative amount leaves the account. Returns its id."""
        account = account or self.accounts[0]
        key = f"{self.key}-{len(self.rows)}"
        money = Money.of(amount, more.pop("currency", account.currency))
        self.rows.append(
            Transaction(account=account.id, source_id=key, amount=money, text=text, booked_on=day, kind=kind, **more)
        )
        return key

    def known(self) -> Known:
        own = [a.id for a in self.accounts]
        self.ledger.add_stream(self.rows, NOW)
        return Known.of(
            self.ledger.payees(own),
            Queries(self.ledger.engine).categories(own),
            synonyms_of(self.categories.synonyms()),
            self.accounts,
            replace(_vocabulary(), is_shop=self.categories.knows_shop),
            Today.of(self.today, "en_GB", self.payday),
        )

    def ask(self, tool: Tool, unread: tuple[str, ...] = (), **spans: Any) -> ToolResult | Unclear:
        async def meaning(_said: str) -> Alike:
            return Alike()

        known = self.known()
        query = asyncio.run(resolve(Step(tool=tool, spans=Spans(**spans), unread=unread), known, meaning))
        if isinstance(query, Unclear):
            return query
        own = tuple(a.id for a in self.accounts)
        names = {c: self.categories.display(c) for c in self.categories.synonyms()}
        now = dt.datetime.combine(self.today, dt.time(10), dt.UTC)
        context = Context(Queries(self.ledger.engine), known, own, now, self.live, self.files, NOW, FactBook(), names)
        return TOOLS[tool](query, context)

    def told(self, tool: Tool, **spans: Any) -> Told:
        result = self.ask(tool, **spans)
        assert isinstance(result, ToolResult)
        return Told(result)


@dataclass(frozen=True)
class Told:
    """What a tool found, and what would be said of it."""

    result: ToolResult

    @property
    def text(self) -> str:
        return " ".join(event.text for event in render([self.result]))

    def all(self, label: str) -> list[str]:
        return [f.value for f in self.result.facts if f.label == label]

    def value(self, label: str) -> str:
        return self.all(label)[0]

    def evidence(self, label: str) -> set[str]:
        return next(set(f.evidence) for f in self.result.facts if f.label == label)


@pytest.fixture(scope="session")
def ledger_of_statements(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ledger, Categories]:
    home = tmp_path_factory.mktemp("statements")
    _, ledger, categories = open_ledger(Settings(home=home, database_url=database(home / "counterfoil.db")))
    return ledger, categories


_customers = itertools.count(1)


@pytest.fixture
def statement(ledger_of_statements: tuple[Ledger, Categories]) -> Statement:
    """A customer of their own with one current account; others' rows lie in the same ledger."""
    statement = Statement(*ledger_of_statements, f"s{next(_customers)}")
    statement.open()
    return statement
