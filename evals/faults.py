"""What becomes of an order when something goes wrong in the middle of it, from outside: the process dies, an answer is lost.

Each run is one customer who wants one thing done once, a bank in this process, and one fault. Whoever dies is opened anew on the
same home, and the customer comes back. Then the bank's own store is held against what was kept and what the customer was told.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import multiprocessing
import random
import shutil
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import httpx
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import event

from api.auth import Shown
from api.parts import Parts
from api.serve import parts_of
from api.settings import Settings
from api.turns import Turns
from api.wiring import Bank, asking_at, open_bank
from assistant.acting import Acting, Confirmed
from connectors.card_services import CardServices
from connectors.exchange import TokenExchange
from connectors.gateway import Gateway
from connectors.payments import PaymentServices
from connectors.performing import Performing
from connectors.sandbox.app import ACCOUNTS_PATH, BASE_URL, CARDS_PATH, IDENTITY_PATH, PAYMENTS_PATH
from connectors.services import BankServices
from connectors.transport import in_process
from data.actions import ENDED, MOVES_MONEY, Action, Intent, IntentId, Result, State
from data.audit import Audit, Kind
from data.errors import ConversationBusy, CounterfoilError, DatabaseUnavailable, LeaseLost
from data.facts import ConfirmationEvent, ErrorEvent, Event, ReceiptEvent, TextEvent
from data.intents import D, Intents, Kept, Reservation, Velocity
from data.ledger import Ledger
from data.party import PASSWORD, STRONG, Login, PartyId
from data.queries import Queries
from data.records import Logged, Records
from data.store import connect
from evals import killing, product

console = Console()

START = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
PARTY = PartyId("callum-mackenzie")
ORIGIN = "http://127.0.0.1:8080"
# Longer than a turn's lease, than a confirmation and a process that says nothing may last, and than the bank's consent.
LEASE, CONSENT = dt.timedelta(seconds=40), dt.timedelta(minutes=16)
AWAY = (dt.timedelta(seconds=2), LEASE, dt.timedelta(minutes=8), CONSENT)
SHORT = dt.timedelta(seconds=90)
BUSY_MS = 60
# So many tenths of a second a customer waits for an answer that nobody is working on.
QUIET = 8
ASKS = "what is my balance?"
NOT_DONE = "It did not happen"


class Died(BaseException):
    """A process has ended: nothing in it goes on after this, and nothing in it catches this."""


class Order(NamedTuple):
    name: str
    says: str
    acr: str = PASSWORD


ORDERS = (
    Order("a saved payee", "send 25 to Sam Gillespie for pizza"),
    Order("an own account", "move 25 from my everyday account to my holiday jar"),
    Order("a new payee", "pay Paul Derrick 20-45-67 12345678 £25", STRONG),
    Order("another day", "send 25 to Sam Gillespie tomorrow"),
    Order("saving a payee", "save Paul Derrick 20-45-67 12345678 as a payee", STRONG),
    Order("a lost wallet", "I lost my wallet"),
)
# How a customer comes back who heard nothing: with a question, another yes, what they said last, two yeses by the API at once,
# or on another device.
WAYS = ("asks", "says yes", "repeats", "confirms twice", "elsewhere")
# What the name of a call is in a run: method, and how its path ends.
STEPS = {
    "POST /name-verifications": "name check", "POST /risk-assessments": "risk", "POST /authorisation": "approval",
    "POST /domestic-payment-consents": "consent", "POST /domestic-scheduled-payment-consents": "consent",
    "GET /funds-confirmation": "funds", "POST /domestic-payments": "payment", "POST /domestic-scheduled-payments": "payment",
    "GET /domestic-payments": "reading back", "POST /beneficiaries": "saving", "POST /freeze": "freezing",
    "POST /token": "exchange",
}  # fmt: skip
WRITES = ("consent", "approval", "payment", "saving", "freezing")
# What goes wrong between us and a service: no answer though it acts, or will act later; an error; a request that comes twice.
LINES = (
    "no answer, not acted", "no answer, acted", "no answer, acts when the turn is over", "no answer, acts when they are back",
    "no answer, asked too late to act", "comes twice", "comes again later, in another order", "answers 503, not acted",
    "answers 500, acted", "cannot be connected to",
)  # fmt: skip
JUMPS = {"3 minutes on": 180, "20 minutes on": 1200, "a day on": 86_400, "10 minutes back": -600, "a day back": -86_400}


class Fault(NamedTuple):
    """kind: "dies", "clock", "expires", "rotates", "locked", "line", "crowd" or "nothing". at: the number of a place that the
    order comes by, or the name of a step. detail: of the line or the clock."""

    kind: str
    at: int | str = 0
    detail: str = ""


class Run(NamedTuple):
    order: Order
    fault: Fault
    way: str

    @property
    def id(self) -> str:
        return " · ".join((self.order.name, self.fault.kind, str(self.fault.at), self.fault.detail, self.way))


class Found(NamedTuple):
    """violations: what must not be. places: what the order came by."""

    violations: tuple[str, ...]
    places: tuple[str, ...]
    made: int


# What the audit has to tell of an intent, by what is kept of it.
STEPS_OF: dict[State, Sequence[tuple[str, ...]]] = {
    **dict.fromkeys((State.PREPARED, State.CANCELLED, State.EXPIRED), ((),)),
    State.RESERVED: [("reserved",)],
    State.SENT: [("reserved", "sent")],
    State.DONE: [("reserved", "sent", "done")],
    State.UNKNOWN: [("reserved", "sent", "unknown")],
    State.FAILED: [("reserved", "failed"), ("reserved", "sent", "failed")],
}


class Watched(Intents):
    """Intents that say when they are about to be written and when they are."""

    def __init__(self, engine: Any, audit: Audit, at: Callable[[str], None]) -> None:
        super().__init__(engine, audit)
        self.at = at

    def put(self, intent: Intent) -> None:
        self.at("before it is kept")
        super().put(intent)
        self.at("after it is kept")

    def reserve(
        self, party: PartyId, intent: IntentId, digest: str, now: dt.datetime, decide: Callable[[Velocity], D]
    ) -> Reservation[D]:
        self.at("before it is reserved")
        found = super().reserve(party, intent, digest, now, decide)
        self.at("after it is reserved")
        return found

    def sent(self, intent: IntentId, now: dt.datetime) -> bool:
        self.at("before it is marked sent")
        moved = super().sent(intent, now)
        self.at("after it is marked sent")
        return moved

    def settle(self, intent: IntentId, result: Result, now: dt.datetime) -> Result:
        self.at("before it is settled")
        stands = super().settle(intent, result, now)
        self.at("after it is settled")
        return stands


class Line(httpx.AsyncBaseTransport):
    """The way from one process to the bank's services."""

    def __init__(self, process: Process) -> None:
        self.process, self.inner = process, in_process(process.world.bank.sandbox.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        process, world = self.process, self.process.world
        step = STEPS.get(f"{request.method} /{request.url.path.rsplit('/', 1)[-1]}", "a read")
        process.at(f"before {step}")
        await request.aread()
        detail = world.line_fault(step)
        if detail == "cannot be connected to":
            raise httpx.ConnectError("no way there")
        if detail.startswith("no answer") and detail != "no answer, acted":
            world.late.append((detail, _again(request)))
            raise httpx.ReadTimeout("nothing came")
        if detail == "answers 503, not acted":
            return httpx.Response(503)
        answer = await self._ask(request)
        process.at(f"after {step}")
        if detail == "comes twice":
            answer = await self._ask(_again(request))
        if detail == "comes again later, in another order":
            world.late.insert(0, (detail, _again(request)))
        if detail == "no answer, acted":
            raise httpx.ReadTimeout("nothing came")
        return httpx.Response(500) if detail == "answers 500, acted" else answer

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


def _again(request: httpx.Request) -> httpx.Request:
    return httpx.Request(request.method, request.url, headers=request.headers, content=request.content)


class Process:
    """All of ours that dies with a process, on the home of a world."""

    def __init__(self, world: World) -> None:
        self.world, self.dead, self.lock = world, False, threading.Lock()
        bank = world.bank
        settings = bank.settings.model_copy(update={"home": world.home, "database_url": ""})
        self.engine = connect(settings.database)
        self.engine.dispose()
        ledger = Ledger(self.engine, bank.ledger.texts, bank.ledger.categorise)
        event.listen(self.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA busy_timeout={BUSY_MS}"))
        event.listen(self.engine, "before_cursor_execute", lambda *_: self.breathe())
        event.listen(self.engine, "commit", lambda _: self.at("before a commit"))
        sandbox = bank.sandbox
        own = sandbox.assistant
        exchange = TokenExchange(f"{BASE_URL}{IDENTITY_PATH}/token", own.id, own.secret, Line(self), world.clock)
        services = BankServices(BASE_URL + ACCOUNTS_PATH, Line(self), exchange)
        payments = PaymentServices(BASE_URL + PAYMENTS_PATH, Line(self), exchange)
        cards = CardServices(BASE_URL + CARDS_PATH, Line(self), exchange)
        self.clients = (exchange, services, payments, cards)
        gateway = Gateway(bank.gateway.policies, bank.gateway.record)
        audit = Audit(self.engine, bank.settings.home / "keys", bank.audit.made)
        self.performing = Performing(Watched(self.engine, audit, self.at), payments, cards, services, gateway)
        queries = Queries(self.engine)
        assert isinstance(bank.assistant.acting, Acting)

        async def fed(login: Login) -> None:
            self.at("before the ledger is fed")
            with suppress(CounterfoilError):
                await self.bank.sync(login.party.id, login.token or "")
            self.at("after the ledger is fed")

        acting = Acting(self.performing, services, gateway, queries, bank.assistant.acting.reader, fed)
        assistant = replace(bank.assistant, ledger=ledger, queries=queries, gateway=gateway, services=services, acting=acting)
        self.bank = replace(
            bank, settings=settings, engine=self.engine, ledger=ledger, queries=queries, audit=audit, services=services,
            records=Records(self.engine, audit=audit), assistant=assistant, gateway=gateway, performing=self.performing,
        )  # fmt: skip
        self.parts: Parts = parts_of(self.bank, ORIGIN)
        self.turns = Turns(self.parts.records, self.parts.assistant, world.clock, self.parts.limits)

    def breathe(self) -> None:
        if self.dead:
            raise Died

    def at(self, place: str) -> None:
        """The order comes by a place: here whatever goes wrong in one goes wrong."""
        with self.lock:
            self.breathe()
            number = self.world.pass_by(place)
            fault = self.world.fault
            if number != fault.at or self.world.struck:
                return
            self.world.struck = True
            if fault.kind == "dies":
                self.dead = True
                raise Died
        self.world.strike(fault)

    async def bury(self) -> None:
        """Whatever of it still runs ends here, without having reached anything since it died."""
        tasks = [*self.turns._running.values(), *self.turns._watches, *self.performing._going]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in self.clients:
            with suppress(BaseException):
                await client.aclose()
        self.engine.dispose()


@dataclass
class World:
    """One run: a bank, its customer, the process of the moment. bank: opened once for all runs; only its parts that understand
    messages, and its sandbox, are used. written: where the sandbox keeps what customers had done."""

    bank: Bank
    home: Path
    written: Path
    run: Run
    chance: random.Random
    now: dt.datetime = START
    places: list[str] = field(default_factory=list)
    late: list[tuple[str, httpx.Request]] = field(default_factory=list)
    struck: bool = False
    ordering: bool = False
    lifetime: dt.timedelta = dt.timedelta(hours=1)
    locked: sqlite3.Connection | None = None
    talk: str = ""
    talks: list[str] = field(default_factory=list)
    last: str = ""
    shown: ConfirmationEvent | None = None
    agreed: bool = False
    errors: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def fault(self) -> Fault:
        return self.run.fault

    def clock(self) -> dt.datetime:
        return self.now

    def pass_by(self, place: str) -> int:
        if not self.ordering:
            return -1
        self.places.append(place)
        return len(self.places) - 1

    def strike(self, fault: Fault) -> None:
        if fault.kind == "clock":
            self.now += dt.timedelta(seconds=JUMPS[fault.detail])
        elif fault.kind == "expires":
            self.now += SHORT
        elif fault.kind == "rotates":
            self.bank.sandbox.identity.ring.rotate(self.now)
        elif fault.kind == "locked":
            self._lock()

    def _lock(self) -> None:
        """Another program holds the database; where the process itself writes just now, it cannot."""
        other = sqlite3.connect(self.home / "counterfoil.db", isolation_level=None, check_same_thread=False, timeout=0)
        try:
            other.execute("begin immediate")
            self.locked = other
        except sqlite3.OperationalError:
            other.close()

    def unlock(self) -> None:
        if self.locked is not None:
            with suppress(sqlite3.Error):
                self.locked.execute("rollback")
            self.locked.close()
            self.locked = None

    def line_fault(self, step: str) -> str:
        """What goes wrong on the way of this call; each fault happens once."""
        if self.fault.kind != "line" or self.fault.at != step or self.struck:
            return ""
        self.struck = True
        return self.fault.detail

    async def deliver(self, *when: str) -> None:
        """Let requests that were held up come to the bank; nobody waits for their answers."""
        now, self.late = [one for one in self.late if one[0] in when], [one for one in self.late if one[0] not in when]
        inner = in_process(self.bank.sandbox.app)
        for _, request in now:
            await (await inner.handle_async_request(request)).aread()

    # The customer

    async def live(self) -> Found:
        """The whole of it: the order, the fault, the way back, and the end of the day."""
        self.process = Process(self)
        self.lifetime = SHORT if self.fault.kind == "expires" else dt.timedelta(hours=1)
        self.talk = await self._create()
        self.ordering = True
        heard = await self._hear(self.run.order.says)
        for _ in range(5):
            shown = next((one for one in reversed(heard or ()) if isinstance(one, ConfirmationEvent)), None)
            if heard is None:
                heard = await self._come_back()
            elif shown is not None:
                self.shown = shown
                heard = await self._agree(shown)
            elif self._may_order_again(heard):
                heard = await self._hear(self.run.order.says)
            else:
                break
        self.ordering = False
        await self.deliver(*LINES[2:4], LINES[6])
        await self._at_the_end()
        found = self._violations()
        await self.process.bury()
        return Found(tuple(found), tuple(self.places), len(self._made()))

    async def _agree(self, shown: ConfirmationEvent) -> Sequence[Event] | None:
        """Say yes: in words, or by the API, and then often twice at once."""
        self.agreed = True
        confirmed = Confirmed(intent=shown.intent, digest=shown.digest)
        if self.fault.kind == "crowd":
            return await self._crowd(confirmed)
        if self.run.way in ("confirms twice", "elsewhere"):
            return await self._hear("Confirmed", confirmed)
        return await self._hear("yes")

    async def _crowd(self, confirmed: Confirmed) -> Sequence[Event] | None:
        """200 yeses to one intent, from three processes."""
        others = [self.process, Process(self), Process(self)]
        logins = [await self._login(one) for one in others]

        async def confirm(number: int) -> Kept | None:
            one, login = others[number % 3], logins[number % 3]
            with suppress(CounterfoilError):
                return await one.performing.confirm(login, confirmed.intent, confirmed.digest, self.now)
            return None

        told = await asyncio.gather(*(confirm(number) for number in range(200)))
        done = [one for one in told if one is not None and one.state is State.DONE]
        if not done:
            self.wrong.append("of 200 confirmations none was told that it is done")
        for one in others[1:]:
            await one.performing.close()
            await one.bury()
        return await self._hear("Confirmed", confirmed)

    async def _come_back(self) -> Sequence[Event] | None:
        """Nothing was heard: the process died, or its answer was an error. The customer comes back after a while."""
        self.unlock()
        await self.deliver(LINES[2])
        if self.process.dead:
            await self.process.bury()
            self.process = Process(self)
        self.now += self.chance.choice(AWAY)
        way = self.run.way if self.agreed else "repeats"
        if way == "elsewhere":
            self.talk = await self._create()
        if way == "confirms twice" and self.shown is not None:
            confirmed = Confirmed(intent=self.shown.intent, digest=self.shown.digest)
            both = await asyncio.gather(self._hear("Confirmed", confirmed), self._hear("Confirmed", confirmed))
            heard = [one for one in both if one is not None]
            return [one for some in heard for one in some] if heard else None
        if way in ("asks", "elsewhere"):
            heard_now = await self._hear(ASKS)
        else:
            heard_now = await self._hear("yes" if way == "says yes" else self.last)
        await self.deliver(LINES[3])
        return heard_now

    def _may_order_again(self, heard: Sequence[Event]) -> bool:
        """Only who never said yes, or was told that nothing was done, orders again."""
        receipts = [one for one in self._receipts() if one.state in ENDED]
        if any(one.state is State.DONE for one in receipts):
            return False
        text = " ".join(one.text for one in heard if isinstance(one, TextEvent))
        gone = "Please ask for it again" in text or "has taken its place since" in text
        return not self.agreed or gone or any(one.state is State.FAILED for one in receipts if self._is_latest(one))

    def _is_latest(self, receipt: ReceiptEvent) -> bool:
        return self.shown is None or receipt.intent == self.shown.intent

    async def _hear(self, message: str, confirmed: Confirmed | None = None) -> Sequence[Event] | None:
        """Say something and hear the whole answer; None where there is none, or only an error."""
        self.last = message if confirmed is None else self.last
        try:
            events = await self._say(message, confirmed)
        except Died:
            return None
        except CounterfoilError as error:
            self.errors[error.code] += 1
            return None
        finally:
            self.unlock()
        if not events:
            return None
        if isinstance(events[-1], ErrorEvent):
            if events[-1].code == "error":
                self.wrong.append(f"an error that nobody expected: {events[-1].message}")
            return None
        return events

    async def _say(self, message: str, confirmed: Confirmed | None) -> list[Event]:
        process = self.process
        for _ in range(4):
            login = await self._login(process)
            try:
                if confirmed is not None:
                    await process.parts.check(login, self.talk, confirmed)
                turn = await process.turns.begin(login, self.talk, message, confirmed)
                break
            except ConversationBusy:
                self.now += LEASE
        else:
            raise ConversationBusy("it stays busy")
        following = process.turns.follow(PARTY, self.talk, turn.after, turn.number)
        heard = asyncio.create_task(_all(following, turn.number))
        quiet = 0
        while not heard.done() and quiet < QUIET:
            await asyncio.wait({heard}, timeout=0.1)
            # Where its end could not be written nobody is at it any more, and the lease has to run out.
            quiet = 0 if self.talk in process.turns._running else quiet + 1
        if not heard.done():
            heard.cancel()
        process.breathe()
        return await heard if heard.done() else []

    async def _login(self, process: Process) -> Login:
        """With a fresh token, as a page has one."""
        token = self.bank.sandbox.identity.mint(PARTY, acr=self.run.order.acr, lifetime=self.lifetime)
        try:
            return await process.parts.bearer.login(Shown([f"Bearer {token}"]))
        except CounterfoilError:
            # The keys that it was signed with are looked for again after a while.
            self.now += LEASE
            token = self.bank.sandbox.identity.mint(PARTY, acr=self.run.order.acr, lifetime=self.lifetime)
            return await process.parts.bearer.login(Shown([f"Bearer {token}"]))

    async def _create(self) -> str:
        made = await asyncio.to_thread(self.process.parts.records.create, PARTY, self.now)
        self.talks.append(made.id)
        return made.id

    async def _at_the_end(self) -> None:
        """Later than any consent lasts, the customer asks something else, wherever they were: what is not known by then never
        will be."""
        for talk in (self.talk, *self.talks):
            self.talk = talk
            self.unlock()
            if self.process.dead:
                await self.process.bury()
                self.process = Process(self)
            self.now = max(self.now, START) + CONSENT + dt.timedelta(minutes=6)
            await self.deliver(LINES[4])
            await self._hear(ASKS)

    # What is held against what

    def _events(self) -> list[Event]:
        """All that the customer was told, in every conversation."""
        records = self.process.parts.records
        talks = records.conversations(PARTY)
        return [one.event for talk in talks for one in records.events(PARTY, talk.id, limit=5000).events]

    def _receipts(self) -> list[ReceiptEvent]:
        return [one for one in self._events() if isinstance(one, ReceiptEvent)]

    def _intents(self) -> list[Kept]:
        with self.process.engine.connect() as connection:
            ids = [row[0] for row in connection.exec_driver_sql("select id from intent order by number")]
        return [self.process.performing.intents.get(PARTY, IntentId(id_)) for id_ in ids]

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        if not self.written.exists():
            return []
        with closing(sqlite3.connect(self.written)) as db:
            return db.execute(query).fetchall()

    def _made(self) -> list[str]:
        """The consents that the bank has made a payment of."""
        return [row[0] for row in self._rows("select consent from payments where status != 'RJCT'")]

    def _is_made(self, intent: Intent) -> bool:
        if intent.action in MOVES_MONEY:
            return intent.consent in self._made()
        if intent.action is Action.ADD_BENEFICIARY and intent.payee is not None:
            return (intent.payee.identification,) in self._rows("select number from payees")
        return set(intent.cards) <= {row[0] for row in self._rows("select card from cards where what = 'freeze'")}

    def _steps(self, intent: Intent) -> tuple[str, ...]:
        """What the audit tells of an intent, in its order; what became of it is told by the last word on that."""
        entries = self.process.bank.audit.chain(intent.conversation)
        mine = [one for one in entries if one.plain.get("intent") == intent.digest]
        steps = [one.kind.value for one in mine if one.kind in (Kind.RESERVED, Kind.SENT)]
        return (*steps, *[one.plain["state"] for one in mine if one.kind is Kind.SETTLED][-1:])

    def _violations(self) -> list[str]:
        wrong, intents, receipts = list(self.wrong), self._intents(), self._receipts()
        money = [kept for kept in intents if kept.intent.action in MOVES_MONEY]
        if len(self._made()) > 1:
            wrong.append(f"the money moved {len(self._made())} times")
        if set(self._made()) - {kept.intent.consent for kept in money}:
            wrong.append("a payment that no intent was kept for")
        for kept in intents:
            made, told = self._is_made(kept.intent), {one.state for one in receipts if one.intent == kept.intent.id}
            if kept.state not in ENDED | {State.PREPARED}:
                wrong.append(f"{kept.state} still, after the bank's consent has ended")
            if (kept.state is State.DONE) != made and kept.intent.action in MOVES_MONEY:
                wrong.append(f"kept as {kept.state}, and it was {'' if made else 'not '}made")
            if State.DONE in told and not made:
                wrong.append("said to be done, and it was not")
            if told & {State.FAILED, State.CANCELLED} and made and kept.intent.action in MOVES_MONEY:
                wrong.append("said not to be done, and it was")
            if kept.state in (State.DONE, State.FAILED) and kept.state not in told:
                wrong.append(f"{kept.state}, and the customer was never told")
            if (steps := self._steps(kept.intent)) not in STEPS_OF[kept.state]:
                wrong.append(f"kept as {kept.state}, and on record as {', '.join(steps) or 'nothing'}")
        texts = [one.text for one in self._events() if isinstance(one, TextEvent)]
        if self._made() and any(NOT_DONE in text for text in texts):
            wrong.append("said not to have happened, and it did")
        return wrong


async def _all(following: AsyncIterator[Logged | None], turn: int) -> list[Event]:
    return [logged.event async for logged in following if logged is not None and logged.turn == turn]


class Bench:
    """A bank that is opened once, and the home that each run begins with."""

    def __init__(self, bank: Bank, folder: Path) -> None:
        self.bank, self.folder = bank, folder

    async def run(self, one: Run, seed: int) -> Found:
        home = self.folder / "run"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        shutil.copy(self.folder / "begin.db", home / "counterfoil.db")
        written = self.folder / "keys" / "written.sqlite"
        for path in written.parent.glob("written.sqlite*"):
            path.unlink()
        world = World(self.bank, home, written, one, random.Random(f"{seed} {one.id}"))  # noqa: S311  the same each time, no secret
        with asking_at(world.clock):
            return await world.live()

    async def places(self, order: Order) -> tuple[str, ...]:
        """What an order comes by where nothing goes wrong. Raises AssertionError where it is not done then."""
        found = await self.run(Run(order, Fault("nothing", -2), "says yes"), 0)
        assert not found.violations, f"{order.name}: {found.violations}"
        return found.places


@asynccontextmanager
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    asyncio.get_running_loop().set_exception_handler(_unless_it_died)
    async with AsyncExitStack() as stack:
        home = stack.enter_context(product.fresh_home(settings))
        stack.enter_context(asking_at(START))
        bank = await stack.enter_async_context(open_bank(home))
        await bank.login(PARTY)
        with closing(sqlite3.connect(home.home / "counterfoil.db")) as db:
            db.execute("vacuum into ?", (str(home.home / "begin.db"),))
        yield Bench(bank, home.home)


def _unless_it_died(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What dies with a process, or because nothing can be written, is nobody's to look at."""
    if not isinstance(context.get("exception"), Died | DatabaseUnavailable | LeaseLost):
        loop.default_exception_handler(context)


async def plan(bench: Bench, seed: int) -> list[Run]:
    """Every run, in an order of the seed's: an order dies at every place that it comes by, and so on."""
    chance, runs = random.Random(seed), list[Run]()  # noqa: S311  the same each time, no secret
    for order in ORDERS:
        places = await bench.places(order)
        numbers = range(len(places))
        for way in WAYS:
            runs += [Run(order, Fault("dies", at), way) for at in numbers if not places[at].endswith("a read") or way == "asks"]
            runs += [Run(order, Fault("line", step, detail), way) for step in _steps(places) for detail in LINES]
        for way in ("says yes", "confirms twice"):
            runs += [Run(order, Fault("locked", at), way) for at in numbers if not places[at].endswith(("read", "commit"))]
        for at in numbers:
            runs += [Run(order, Fault("clock", at, jump), chance.choice(WAYS)) for jump in chance.sample(sorted(JUMPS), 2)]
            runs += [Run(order, Fault(kind, at), chance.choice(WAYS)) for kind in ("expires", "rotates")]
        if order.name != "a lost wallet":
            runs.append(Run(order, Fault("crowd"), "confirms twice"))
    chance.shuffle(runs)
    return runs


def _steps(places: Sequence[str]) -> list[str]:
    named = [place.removeprefix("before ") for place in places if place.startswith("before ")]
    return sorted({name for name in named if name in STEPS.values()})


# Many of them


async def share(settings: Settings, seed: int, number: int, of: int, many: int, out: Path) -> None:
    """Every `of`-th of the first `many` runs, from `number` on; what is in `out` already is not run again."""
    done = {line["run"] for line in _lines(out)}
    async with bench(settings) as opened:
        for one in (await plan(opened, seed))[:many][number::of]:
            if one.id in done:
                continue
            found = await opened.run(one, seed)
            line = {"run": one.id, "kind": one.fault.kind, "violations": found.violations, "made": found.made}
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def _share(settings: Settings, seed: int, number: int, of: int, many: int, out: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(share(settings, seed, number, of, many, out))


def _lines(path: Path) -> list[dict[str, Any]]:
    """What was run so far; a line that was cut off counts for nothing."""
    found = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        with suppress(ValueError):
            found.append(json.loads(line))
    return found


def in_process_runs(settings: Settings, seed: int, many: int, jobs: int, folder: Path) -> list[dict[str, Any]]:
    """The runs of a seed, by several processes; those that the folder holds are not run again."""
    outs = [folder / f"faults-{seed}-{number}-of-{jobs}.jsonl" for number in range(jobs)]
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_share, args=(settings, seed, number, jobs, many, out), daemon=True)
        for number, out in enumerate(outs)
    ]
    for worker in workers:
        worker.start()
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()) as bar:
        task = bar.add_task("faults in process", total=many)
        while any(worker.is_alive() for worker in workers):
            time.sleep(0.5)
            bar.update(task, completed=sum(len(_lines(out)) for out in outs))
        bar.update(task, completed=sum(len(_lines(out)) for out in outs))
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a share of the runs ended before its end")
    return [line for out in outs for line in _lines(out)]


def report(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Figures by kind of fault, then every violation."""
    for kind, number in sorted(Counter(line["kind"] for line in lines).items()):
        bad = sum(bool(line["violations"]) for line in lines if line["kind"] == kind)
        yield f"{kind}: {number} runs, {bad} with a violation"
    double = sum(any("times" in one for one in line["violations"]) for line in lines)
    lost = sum(any("still" in one or "never told" in one for one in line["violations"]) for line in lines)
    yield f"{len(lines)} runs: {double} double, {lost} lost; money moved in {sum(line['made'] > 0 for line in lines)}"
    for line in lines:
        if line["violations"]:
            yield f"violation: {line['run']}: {'; '.join(line['violations'])}"


app = typer.Typer(add_completion=False, help="What becomes of orders when something goes wrong in the middle of them.")


@app.command()
def faults(
    runs: Annotated[int, typer.Option(min=0, help="How many in process.")] = 2400,
    kills: Annotated[int, typer.Option(min=0, help="How many times a running server is killed.")] = 120,
    seed: Annotated[int, typer.Option(help="Which faults, and in which order.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at once.")] = 2,
    keep: Annotated[Path | None, typer.Option(help="A folder: runs that are kept there are not run again.")] = None,
) -> None:
    """Run them all, and exit with 1 where one of them ends as it must not. What was done is kept: run it again to go on."""
    settings = Settings().model_copy(update={"model": "none", "model_url": "", "planner": "router"})
    folder = keep or settings.home / "faults"
    folder.mkdir(parents=True, exist_ok=True)
    lines = in_process_runs(settings, seed, runs, jobs, folder) if runs else []
    if kills:
        lines += killing.runs(settings, seed, kills, folder)
    for line in report(lines):
        console.print(line, soft_wrap=True, highlight=False)
    raise typer.Exit(any(line["violations"] for line in lines))


if __name__ == "__main__":
    app()
