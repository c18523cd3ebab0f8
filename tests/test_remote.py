"""A server is measured over HTTP as the product is in process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from api.app import create
from api.serve import parts_of
from api.wiring import asking_at, clock
from data.errors import InvalidInput, Unavailable
from evals import product, remote
from evals.marks import Output
from evals.suites import Case, Suite
from tests.conftest import NOW, Counter

URL = "http://127.0.0.1:8080"
SAID = ("How much did I spend at Tesco in October?", "and in September?")


def line(customer: str, now: str = NOW.isoformat()) -> Mapping[str, Any]:
    return {"id": customer, "customer": customer, "now": now, "turns": list(SAID)}


def server(bank: Counter) -> remote.Server:
    return remote.Server(URL, httpx.ASGITransport(create(parts_of(bank.bank, URL))))


def suite(*lines: Mapping[str, Any]) -> Suite:
    return Suite("made", [Case(f"{one['id']}-{n}", "dev", one, lambda outputs: []) for n, one in enumerate(lines)])


def test_over_http_the_same_is_answered_as_in_process(bank: Counter) -> None:
    async def both() -> tuple[Sequence[Output], Sequence[Output]]:
        with asking_at(NOW):
            asked = server(bank)
            try:
                return await asked(line("amara-okafor")), await product.answerer(bank.bank)(line("amara-okafor"))
            finally:
                await asked.aclose()

    over_http, in_process = bank.run(both())
    assert len(over_http) == len(SAID)
    for told, known in zip(over_http, in_process, strict=True):
        for name in ("id", "turn", "outcome", "answer", "facts", "citations", "path"):
            assert told[name] == known[name]
        assert told["scope"]["account_ids"] == known["scope"]["account_ids"]
        assert told["latency_ms"] > 0
        assert "steps" not in told


def test_only_conversations_of_the_servers_day_are_asked_customers_in_turn(bank: Counter) -> None:
    async def asked(*lines: Mapping[str, Any]) -> list[str]:
        with asking_at(NOW):
            return [case.id for case in (await remote.asked_today(server(bank), suite(*lines))).cases]

    amara, callum, other = line("amara-okafor"), line("callum-mackenzie"), line("amara-okafor", "2026-03-01T10:00:00+00:00")
    assert bank.run(asked(amara, other, amara, callum)) == ["amara-okafor-0", "callum-mackenzie-3", "amara-okafor-2"]
    with pytest.raises(InvalidInput, match="24 November 2026; start it with COUNTERFOIL_NOW=2026-03-01"):
        bank.run(asked(other))


def test_a_customer_whom_the_sandbox_does_not_know_is_said(bank: Counter) -> None:
    async def asked() -> Sequence[Output]:
        with asking_at(NOW):
            return await server(bank)(line("nobody"))

    with pytest.raises(Unavailable, match="nobody could not log in"):
        bank.run(asked())


def test_a_server_that_is_busy_is_asked_again_and_one_that_fails_is_said() -> None:
    answers = [
        httpx.Response(429, headers={"Retry-After": "0"}),
        httpx.Response(200, json={}),
        httpx.Response(500, text="broken"),
    ]

    async def asked() -> list[int]:
        one = remote.Server(URL, httpx.MockTransport(lambda request: answers.pop(0)))
        one._tokens["ann"] = "a token"
        return [(await one._ask("ann", "GET", "/")).status_code for _ in range(2)]

    with pytest.raises(Unavailable, match="status 500: broken"):
        asyncio.run(asked())
    assert answers == []


def test_the_clock_of_a_served_bank_goes_on_from_its_moment() -> None:
    with asking_at(NOW):
        assert clock() == clock() == NOW
    with asking_at(NOW, going_on=True):
        assert NOW < clock() < clock()
    with asking_at(None, going_on=True):
        assert clock() != NOW
