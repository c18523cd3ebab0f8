"""The HTTP edge around a scripted assistant: what its tests share."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from api.auth import Bearer, Claims, Issuer, Keys
from api.parts import PageIdentity, PartHealth, Parts, State
from api.turns import Emit
from assistant.acting import NOWHERE, Confirmed, Place
from data.actions import IntentId
from data.actions import State as Intended
from data.facts import DoneEvent, Event, Fact, FactEvent, Outcome, Row, Scope, StatusEvent, TextEvent, ToolEvent
from data.party import AccountId, Consent, Grant, GrantSource, Login, Party, PartyId, Purpose, Role
from data.records import Records
from data.store import connect
from tests.database import database

ISSUER = Issuer(
    issuer="https://bank.example/identity",
    audience="counterfoil",
    jwks_uri="https://bank.example/identity/jwks",
    scopes=("ReadAccountsDetail",),
)
PAGE = PageIdentity(
    authorize_url="/identity/authorize",
    token_url="/identity/token",
    revoke_url="/identity/revoke",
    client_id="counterfoil",
    scope="openid",
)

OCTOBER = Scope(
    since=dt.date(2026, 10, 1),
    until=dt.date(2026, 10, 31),
    period="last month",
    accounts=("Current account",),
    account_ids=(AccountId("acc-1"),),
)
ROWS = (
    Row(id="t1", account="Current account", booked_on=dt.date(2026, 10, 3), text="TESCO", amount="-20.00", currency="GBP"),
    Row(id="t2", account="Current account", booked_on=dt.date(2026, 10, 9), text="TESCO", amount="-1.50", currency="GBP"),
)
SPENT = Fact(ref="f1", label="spent at Tesco", value="-21.50", unit="GBP", shown="£21.50", evidence=("t1", "t2"))
DONE = DoneEvent(outcome=Outcome.ANSWER, path="routed", scope=OCTOBER, latency_ms=12.0)
ANSWER: tuple[Event, ...] = (
    ToolEvent(tool="sum", scope=OCTOBER),
    FactEvent(fact=SPENT),
    TextEvent(text="You spent £21.50 at Tesco last month.", template="You spent {f1} at Tesco last month.", refs=("f1",)),
    DONE,
)


class Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class Clock:
    """A clock that stands where it was put."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


class Scripted:
    """An assistant that answers as it is told; `gate` holds back everything after the status until it is opened."""

    def __init__(self, events: Sequence[Event] = ANSWER) -> None:
        self.events, self.gate = tuple(events), asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()
        self.heard: list[tuple[str, Login, str]] = []
        self.confirmed: list[Confirmed] = []
        self.failure: Exception | None = None
        self.finished = 0

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
        self.heard.append((message, login, memory))
        self.confirmed += [confirmed] if confirmed is not None else []
        self.asked.set()
        await emit([StatusEvent(text="Looking at your payments")])
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        for event in self.events:
            await emit([event])
        self.finished += 1
        return f'{{"turns": {len(self.heard)}}}'


class Bank:
    """An issuer with its keys, and how many times they were fetched."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.fetched, self.down = clock, 0, False
        self.keys = {"k1": ECKey.generate_key("P-256", {"kid": "k1"})}

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.fetched += 1
        if self.down:
            return httpx.Response(503)
        return httpx.Response(200, json=KeySet(list(self.keys.values())).as_dict(private=False))

    def token(self, party: str = "amara", header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        """An access token that does; `header` and `claims` spoil it (None leaves one out)."""
        issued = int(self.clock().timestamp())
        body = {"iss": ISSUER.issuer, "sub": party, "aud": ["counterfoil", "accounts"], "iat": issued, "nbf": issued}
        body |= {"exp": issued + 3600, "scope": "ReadAccountsDetail ReadBalances"} | claims
        head = {"alg": "ES256", "kid": "k1", "typ": "at+jwt"} | (header or {})
        kept = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(head, kept, key or self.keys[str(head["kid"])], algorithms=[str(head["alg"])])


async def as_it_is(token: str, audience: str, scopes: frozenset[str]) -> str:
    """No exchange: tests of the services themselves show them the tokens that they are about."""
    return token


async def login_of(claims: Claims, token: str) -> Login:
    party = PartyId(claims["sub"])
    grant = Grant(party=party, account=AccountId("acc-1"), role=Role.HOLDER, source=GrantSource.SERVICE)
    return Login(party=Party(id=party, name=str(claims["sub"]).title()), grants=(grant,), token=token)


async def rows(login: Login, ids: Sequence[str], accounts: Sequence[AccountId]) -> Sequence[Row]:
    """The rows of Amara's account; it is nobody else's."""
    return [row for row in ROWS if row.id in ids and "acc-1" in accounts and login.party.id == "amara"]


class Register:
    """Consents in memory."""

    def __init__(self) -> None:
        self.held: dict[tuple[PartyId, Purpose], Consent] = {}

    def consents_of(self, party: PartyId) -> Sequence[Consent]:
        return [consent for (whose, _), consent in self.held.items() if whose == party]

    def put_consent(self, consent: Consent) -> None:
        self.held[consent.party, consent.purpose] = consent

    def withdraw_consent(self, party: PartyId, purpose: Purpose) -> None:
        self.held.pop((party, purpose), None)


async def call_off(login: Login, conversation: str, intent: IntentId) -> Intended:
    """Nothing has been confirmed."""
    return Intended.CANCELLED


async def check(login: Login, conversation: str, confirmed: Confirmed) -> None:
    """Every confirmation would be taken."""


async def healthy() -> Sequence[PartHealth]:
    return (
        PartHealth(name="database", state=State.READY),
        PartHealth(name="index", state=State.READY),
        PartHealth(name="model", state=State.FETCHING, needed=False, percent=43),
    )


def parts(home: Path, bank: Bank, assistant: Scripted, clock: Clock, **more: Any) -> Parts:
    bearer = Bearer(ISSUER, Keys(ISSUER.jwks_uri, bank.client(), clock), login_of, clock)
    given: dict[str, Any] = {
        "records": Records(connect(database(home / "test.db"))),
        "consents": Register(),
        "assistant": assistant,
        "bearer": bearer,
        "rows": rows,
        "check": check,
        "call_off": call_off,
        "clock": clock,
        "health": healthy,
        "identity": PAGE,
    }
    return Parts(**(given | more))
