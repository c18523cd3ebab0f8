"""Our own API against its own description: whatever is sent, nothing fails and every answer is described."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
import uvicorn
from schemathesis.checks import positive_data_acceptance

from api.app import create
from api.limits import Limits
from api.serve import parts_of
from api.wiring import asking_at
from tests.conftest import NOW, Counter
from tests.edge import Bank as Issuing
from tests.edge import Clock, Scripted, Server, parts

CALLUM = "callum-mackenzie"
# The same cases each time, and few of them: what the description allows, what it forbids, and each limit.
FEW = hypothesis.settings(
    max_examples=4, derandomize=True, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)
NO_LIMIT = Limits(burst=100_000, per_minute=1_000_000)


@pytest.fixture(scope="module")
def url(bank: Counter) -> Iterator[str]:
    """The address of the real API, without a language model, on the loop that its bank lives on."""

    async def start() -> tuple[Server, asyncio.Task[None]]:
        with asking_at(NOW):
            app = create(replace(parts_of(bank.bank, "http://127.0.0.1:8080"), limits=NO_LIMIT))
            server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
            serving = asyncio.create_task(server.serve())
            await server.ready.wait()
            return server, serving

    async def stop() -> None:
        server.should_exit = True
        await serving

    server, serving = bank.run(start())
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    bank.run(stop())


@pytest.fixture(scope="module")
def own(url: str, bank: Counter) -> dict[str, str]:
    """A token, and what the customer has: a conversation with an answer and something that waits for a yes."""
    with asking_at(NOW):
        token = bank.bank.sandbox.identity.mint(CALLUM)
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False) as client:
        talk = client.post("/v1/conversations").json()["id"]
        answer = client.post(f"/v1/conversations/{talk}/messages", json={"message": "what is my balance?"}).json()
        shown = client.post(f"/v1/conversations/{talk}/messages", json={"message": "send 1 to Sam Gillespie"}).json()
        confirmation = shown["confirmation"]
    return {
        "token": token, "conversation": talk, "ref": answer["facts"][0]["ref"], "turn": "1",
        "intent": confirmation["intent"], "digest": confirmation["digest"],
    }  # fmt: skip


# What is tested is listed when tests are collected, before there is a bank: the description is the same without one.
FOLDER = tempfile.TemporaryDirectory()
CLOCK = Clock()
DESCRIBED = create(parts(Path(FOLDER.name), Issuing(CLOCK), Scripted(), CLOCK)).openapi()
schema = schemathesis.openapi.from_dict(DESCRIBED)


@schema.parametrize()
@FEW
def test_every_answer_is_described(case: schemathesis.Case[Any], url: str, own: dict[str, str]) -> None:
    """Not asked: that whatever fits the description is done. What is nobody's, or over, is refused with 404 or 409."""
    good = case.meta is not None and case.meta.generation.mode is schemathesis.GenerationMode.POSITIVE
    if good and case.operation.method.upper() != "DELETE":
        case.path_parameters = {name: own.get(name, value) for name, value in (case.path_parameters or {}).items()}
    if good and isinstance(case.body, dict) and "digest" in case.body:
        case.body["digest"] = own["digest"]
    headers = {"Authorization": f"Bearer {own['token']}"}
    case.call_and_validate(base_url=url, headers=headers, excluded_checks=[positive_data_acceptance])
