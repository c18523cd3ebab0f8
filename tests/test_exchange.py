"""Tokens towards the services: one for each audience and scope, asked for once, and never without the customer's own."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectors.exchange import TokenExchange
from connectors.sandbox.app import ACCOUNTS_PATH, BASE_URL, Sandbox, build
from connectors.sandbox.tokens import proved
from connectors.services import BankServices
from connectors.transport import in_process
from data.errors import NotAuthenticated, ScopeMissing, ServiceUnavailable
from tests.identity import Clock

URL = "https://bank.example/token"
BALANCES, CARDS = frozenset({"ReadBalances"}), frozenset({"ReadCards"})


class Issuer:
    """A token endpoint that counts what it is asked, and answers as it is told."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.gate, self.reached = clock, asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.asked: list[dict[str, str]] = []
        self.status, self.changes = 200, dict[str, Any]()
        self.body: bytes | None = None

    async def answer(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.asked.append(form | {"authorization": request.headers["authorization"]})
        self.reached.set()
        await self.gate.wait()
        good = {"access_token": f"t{len(self.asked)}", "token_type": "Bearer", "expires_in": 300, "scope": form["scope"]}
        if self.body is not None:
            return httpx.Response(self.status, content=self.body)
        return httpx.Response(self.status, json=good | self.changes)

    def exchange(self, kept: int = 100) -> TokenExchange:
        return TokenExchange(URL, "assistant", "secret", httpx.MockTransport(self.answer), self.clock, kept)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> Issuer:
    return Issuer(clock)


async def test_a_token_is_asked_for_once_for_each_service_and_scope(issuer: Issuer) -> None:
    async with issuer.exchange() as exchange:
        assert await exchange("mine", "accounts", BALANCES) == await exchange("mine", "accounts", BALANCES) == "t1"
        different = [("mine", "accounts", CARDS), ("mine", "cards", BALANCES), ("yours", "accounts", BALANCES)]
        assert [await exchange(*one) for one in different] == ["t2", "t3", "t4"]
    first = issuer.asked[0]
    assert (first["subject_token"], first["audience"], first["scope"]) == ("mine", "accounts", "ReadBalances")
    assert first["authorization"].startswith("Basic ")


async def test_a_token_is_asked_for_again_shortly_before_it_ends(issuer: Issuer, clock: Clock) -> None:
    async with issuer.exchange() as exchange:
        await exchange("mine", "accounts", BALANCES)
        clock.passes(seconds=269)
        assert await exchange("mine", "accounts", BALANCES) == "t1"
        clock.passes(seconds=1)
        assert await exchange("mine", "accounts", BALANCES) == "t2"


async def test_calls_at_once_share_one_request_and_none_ends_it_for_the_others(issuer: Issuer) -> None:
    issuer.gate.clear()
    async with issuer.exchange() as exchange:
        calls = [asyncio.create_task(exchange("mine", "accounts", BALANCES)) for _ in range(5)]
        await issuer.reached.wait()
        calls[0].cancel()
        issuer.gate.set()
        assert await asyncio.gather(*calls[1:]) == ["t1"] * 4
    assert len(issuer.asked) == 1


async def test_what_failed_is_asked_again(issuer: Issuer) -> None:
    issuer.status = 503
    async with issuer.exchange() as exchange:
        calls = [exchange("mine", "accounts", BALANCES) for _ in range(3)]
        failed = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(one) for one in failed] == [ServiceUnavailable] * 3
        issuer.status = 200
        assert await exchange("mine", "accounts", BALANCES) == "t2"


async def test_no_more_is_kept_than_there_is_room_for(issuer: Issuer) -> None:
    async with issuer.exchange(kept=2) as exchange:
        for token in ("a", "b", "a", "c", "a", "b"):
            await exchange(token, "accounts", BALANCES)
    assert [one["subject_token"] for one in issuer.asked] == ["a", "b", "c", "b"]


@pytest.mark.parametrize(
    ("status", "error", "raised"),
    [
        (400, "invalid_request", NotAuthenticated),
        (400, "invalid_grant", NotAuthenticated),
        (400, "invalid_scope", ScopeMissing),
        (400, "invalid_target", ServiceUnavailable),
        (400, ["odd"], ServiceUnavailable),
        (401, "invalid_client", ServiceUnavailable),
        (500, "server_error", ServiceUnavailable),
        (302, "invalid_grant", ServiceUnavailable),
    ],
)
async def test_a_refusal_is_the_logins_or_ours(issuer: Issuer, status: int, error: object, raised: type[Exception]) -> None:
    issuer.status, issuer.changes = status, {"error": error}
    async with issuer.exchange() as exchange:
        with pytest.raises(raised):
            await exchange("mine", "accounts", BALANCES)


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"token_type": "DPoP"},
        {"token_type": None},
        {"expires_in": "soon"},
        {"expires_in": 1e300},
        {"scope": "ReadBalances WritePayments"},
        {"scope": ""},
        {"scope": 5},
    ],
)
async def test_another_token_than_was_asked_for_is_not_used(issuer: Issuer, changes: dict[str, Any]) -> None:
    issuer.changes = changes
    async with issuer.exchange() as exchange:
        with pytest.raises(ServiceUnavailable):
            await exchange("mine", "accounts", BALANCES)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7", b"null"])
async def test_an_answer_of_another_shape_makes_the_service_unavailable(issuer: Issuer, body: bytes) -> None:
    issuer.body = body
    async with issuer.exchange() as exchange:
        with pytest.raises(ServiceUnavailable):
            await exchange("mine", "accounts", BALANCES)


async def test_without_a_network_it_is_unavailable(clock: Clock) -> None:
    def down(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    async with TokenExchange(URL, "assistant", "secret", httpx.MockTransport(down), clock) as exchange:
        with pytest.raises(ServiceUnavailable):
            await exchange("mine", "accounts", BALANCES)


# With the sandbox bank


class Shown(httpx.AsyncBaseTransport):
    """The way to the sandbox, with a note of every token that went along it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner, self.tokens = in_process(sandbox.app), list[str]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.tokens.append(request.headers["authorization"].removeprefix("Bearer "))
        return await self.inner.handle_async_request(request)


def at(sandbox: Sandbox, clock: Callable[[], dt.datetime]) -> TokenExchange:
    own = sandbox.assistant
    return TokenExchange(f"{BASE_URL}/identity/token", own.id, own.secret, in_process(sandbox.app), clock)


async def test_every_call_shows_a_token_for_that_service_and_what_the_call_needs(tmp_path: Path, clock: Clock) -> None:
    sandbox = build(clock, tmp_path / "keys" / "signing.json")
    shown = Shown(sandbox)
    token = sandbox.identity.mint("amara-okafor", acr="strong")
    async with at(sandbox, clock) as exchange, BankServices(BASE_URL + ACCOUNTS_PATH, shown, exchange) as services:
        account = (await services.accounts(token))[0][0].id
        await services.party(token)
        await services.contact(token)
        await services.balances(token, account)
        await services.transactions(token, account, None, clock())
        await services.beneficiaries(token, account)
        await services.standing_orders(token, account)
        await services.direct_debits(token, account)
        await services.scheduled_payments(token, account)
        product = await services.account_product(token, account)
        await services.products(token)
        await services.eligibility(token, product.id)
        await services.cards(token, account)
        await services.statements(token, account)
    assert token not in shown.tokens
    keys, issuer = sandbox.identity.keys, sandbox.identity.issuer
    for one in shown.tokens:
        claims = proved(one, keys, issuer, "accounts", clock())
        assert (claims["sub"], claims["aud"], claims["acr"]) == ("amara-okafor", ["accounts"], "strong")
        assert claims["act"] == {"sub": sandbox.assistant.id}
        assert len(claims["scope"].split()) == 1
    assert len(set(shown.tokens)) == 11


async def test_a_login_for_less_reads_less(tmp_path: Path, clock: Clock) -> None:
    sandbox = build(clock, tmp_path / "keys" / "signing.json")
    token = sandbox.identity.mint("amara-okafor", scopes=["ReadAccountsDetail"])
    services = BankServices(BASE_URL + ACCOUNTS_PATH, in_process(sandbox.app), at(sandbox, clock))
    account = (await services.accounts(token))[0][0].id
    with pytest.raises(ScopeMissing):
        await services.balances(token, account)
    for wrong in ("", "x", "a\r\nb: c", "é", sandbox.identity.mint("amara-okafor", lifetime=dt.timedelta(hours=-1))):
        with pytest.raises(NotAuthenticated):
            await services.accounts(wrong)
    await services.aclose()
