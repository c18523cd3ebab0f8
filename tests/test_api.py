"""The HTTP edge as a client meets it: logins, turns that outlive connections, and errors in one form."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from fastapi import FastAPI
from joserfc.jwk import ECKey, OctKey, RSAKey

from api import turns
from api.app import create
from api.limits import Limits
from assistant.acting import Confirmed
from data.actions import IntentId
from data.errors import CounterfoilError, IntentGone, ModelUnavailable, NotFound, StepUpRequired
from data.facts import ErrorEvent, FactEvent, StatusEvent
from data.party import Login
from tests.edge import ANSWER, ROWS, SPENT, Bank, Clock, Scripted, Server, parts

SSE = {"Accept": "text/event-stream"}


class Desk:
    """The app with what stands around it, and a customer's requests to it."""

    def __init__(self, home: Path, **more: Any) -> None:
        self.clock = Clock()
        self.bank = Bank(self.clock)
        self.assistant = Scripted()
        self.app: FastAPI = create(parts(home, self.bank, self.assistant, self.clock, **more))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def request(self, method: str, path: str, party: str = "amara", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.bank.token(party)}"} | more.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **more)

    async def conversation(self, party: str = "amara") -> str:
        return str((await self.request("POST", "/v1/conversations", party)).json()["id"])

    async def ask(self, conversation: str, message: str = "How much at Tesco?", **more: Any) -> httpx.Response:
        return await self.request("POST", f"/v1/conversations/{conversation}/messages", json={"message": message}, **more)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.app.state.edge.turns.close()


@asynccontextmanager
async def served(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """The app on a real socket, for what only a connection can show."""
    server = Server(uvicorn.Config(desk.app, host="127.0.0.1", port=0, log_level="error"))
    serving = asyncio.create_task(server.serve())
    await server.ready.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"Authorization": f"Bearer {desk.bank.token()}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        yield client
    server.should_exit = True
    await serving


def events(text: str) -> list[tuple[int, dict[str, Any]]]:
    """The numbered events of an event stream."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":") and ": " in line)
        if "data" in fields:
            event = json.loads(fields["data"])
            assert event["type"] == fields["event"]
            found.append((int(fields["id"]), event))
    return found


def is_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:counterfoil:problem:{code}"
    assert body["instance"] == response.request.url.path
    assert body["title"]
    assert body["detail"]
    return body


# Who is asking


async def test_without_a_token_nothing_is_told_but_how_to_log_in(desk: Desk) -> None:
    for path in ("/v1/me", "/v1/conversations", f"/v1/conversations/{'0' * 32}"):
        response = await desk.http.get(path)
        is_problem(response, 401, "not_authenticated")
        assert response.headers["www-authenticate"] == 'Bearer realm="counterfoil"'
    assert desk.bank.fetched == 0


BAD_TOKENS: dict[str, dict[str, Any]] = {
    "expired": {"exp": 1},
    "without an end": {"exp": None},
    "not valid yet": {"nbf": 4_000_000_000},
    "from another issuer": {"iss": "https://evil.example"},
    "for another audience": {"aud": ["accounts"]},
    "without an audience": {"aud": None},
    "about nobody": {"sub": None},
    "an ID token": {"header": {"typ": "JWT"}},
    "signed by another key": {"key": ECKey.generate_key("P-256", {"kid": "k1"})},
    "signed by a key nobody published": {"header": {"kid": "k9"}, "key": ECKey.generate_key("P-256", {"kid": "k9"})},
    "signed with a shared secret": {"header": {"alg": "HS256"}, "key": OctKey.generate_key(256, {"kid": "k1"})},
    "signed with an algorithm not allowed": {"header": {"alg": "RS512"}, "key": RSAKey.generate_key(2048, {"kid": "k1"})},
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_a_token_that_does_not_prove_it_is_refused(desk: Desk, kind: str) -> None:
    token = desk.bank.token(**BAD_TOKENS[kind])
    response = await desk.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    is_problem(response, 401, "invalid_token")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "é" * 10, "eyJhbGciOiJub25lIn0.e30.", "." * 200, "a.b.c.d.e"])
async def test_what_is_no_token_is_refused(desk: Desk, token: str) -> None:
    response = await desk.http.get("/v1/me", headers={b"Authorization": f"Bearer {token}".encode()})
    is_problem(response, 401, "invalid_token")


async def test_a_changed_token_is_refused(desk: Desk) -> None:
    head, _, signature = desk.bank.token("daniel").split(".")
    body = desk.bank.token("amara").split(".")[1]
    response = await desk.http.get("/v1/me", headers={"Authorization": f"Bearer {head}.{body}.{signature}"})
    is_problem(response, 401, "invalid_token")


async def test_a_token_for_less_is_told_what_it_lacks(desk: Desk) -> None:
    token = desk.bank.token(scope="ReadBalances")
    response = await desk.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    is_problem(response, 403, "insufficient_scope")
    assert 'error="insufficient_scope", scope="ReadAccountsDetail"' in response.headers["www-authenticate"]


async def test_keys_are_fetched_once_and_again_when_the_bank_changes_them(desk: Desk) -> None:
    for _ in range(3):
        assert (await desk.request("GET", "/v1/me")).json() == {"id": "amara", "name": "Amara"}
    assert desk.bank.fetched == 1
    desk.clock.pass_by(60)
    desk.bank.keys["k2"] = ECKey.generate_key("P-256", {"kid": "k2"})
    token = desk.bank.token(header={"kid": "k2"})
    assert (await desk.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    assert desk.bank.fetched == 2


async def test_invented_key_ids_do_not_flood_the_bank(desk: Desk) -> None:
    await desk.request("GET", "/v1/me")
    for number in range(20):
        key = ECKey.generate_key("P-256", {"kid": f"x{number}"})
        token = desk.bank.token(header={"kid": f"x{number}"}, key=key)
        await desk.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert desk.bank.fetched <= 2


async def test_a_key_that_was_withdrawn_stops_counting(desk: Desk) -> None:
    token = desk.bank.token(exp=int(desk.clock().timestamp()) + 86400)
    assert (await desk.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    desk.bank.keys = {"k2": ECKey.generate_key("P-256", {"kid": "k2"})}
    desk.clock.pass_by(601)
    is_problem(await desk.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"}), 401, "invalid_token")


async def test_when_the_banks_identity_is_down_it_is_said_so(desk: Desk) -> None:
    desk.bank.down = True
    response = await desk.request("GET", "/v1/me")
    is_problem(response, 503, "service_unavailable")
    assert response.headers["retry-after"]


# Asking


async def test_an_answer_has_its_figures_and_what_it_covers(desk: Desk) -> None:
    conversation = await desk.conversation()
    body = (await desk.ask(conversation)).json()
    assert body["text"] == "You spent £21.50 at Tesco last month."
    assert body["sentences"][0]["template"] == "You spent {f1} at Tesco last month."
    assert body["facts"] == [SPENT.model_dump(mode="json")]
    assert body["scope"]["since"] == "2026-10-01"
    assert (body["turn"], body["outcome"], body["path"], body["latency_ms"]) == (1, "answer", "routed", 12.0)


async def test_the_assistant_hears_who_it_is_and_what_it_remembered(desk: Desk) -> None:
    conversation = await desk.conversation()
    await desk.ask(conversation, "  one ")
    await desk.ask(conversation, "two")
    (first, login, before), (_, _, after) = desk.assistant.heard
    assert (first, login.party.id, login.token is not None) == ("one", "amara", True)
    assert (before, after) == ("{}", '{"turns": 1}')


async def test_events_come_numbered_and_in_order(desk: Desk) -> None:
    conversation = await desk.conversation()
    response = await desk.ask(conversation, headers=SSE)
    assert response.headers["content-type"].startswith("text/event-stream")
    found = events(response.text)
    assert [number for number, _ in found] == [1, 2, 3, 4, 5]
    assert [event["type"] for _, event in found] == ["status", "tool", "fact", "text", "done"]
    assert {event["turn"] for _, event in found} == {1}


async def test_events_come_while_the_answer_is_worked_on(desk: Desk) -> None:
    desk.assistant.gate.clear()
    conversation = await desk.conversation()
    async with (
        served(desk) as client,
        client.stream("POST", f"/v1/conversations/{conversation}/messages", json={"message": "?"}, headers=SSE) as response,
    ):
        text = ""
        async for chunk in response.aiter_text():
            text += chunk
            if events(text) and not desk.assistant.gate.is_set():
                assert [event["type"] for _, event in events(text)] == ["status"]
                desk.assistant.gate.set()
    assert events(text)[-1][1]["type"] == "done"


async def test_a_broken_connection_does_not_stop_the_answer_and_the_rest_can_be_had(desk: Desk) -> None:
    desk.assistant.gate.clear()
    conversation = await desk.conversation()
    async with served(desk) as client:
        where = f"/v1/conversations/{conversation}"
        async with client.stream("POST", f"{where}/messages", json={"message": "?"}, headers=SSE) as response:
            async for chunk in response.aiter_text():
                if events(chunk):
                    break
        await asyncio.sleep(0.1)
        desk.assistant.gate.set()
        rest = await client.get(f"{where}/events", headers=SSE | {"Last-Event-ID": "1"})
    assert [(number, event["type"]) for number, event in events(rest.text)] == [
        (2, "tool"),
        (3, "fact"),
        (4, "text"),
        (5, "done"),
    ]
    assert desk.assistant.finished == 1


@pytest.mark.parametrize("seen", range(6))
async def test_a_resumed_stream_is_exactly_the_rest(desk: Desk, seen: int) -> None:
    conversation = await desk.conversation()
    whole = events((await desk.ask(conversation, headers=SSE)).text)
    rest = await desk.request("GET", f"/v1/conversations/{conversation}/events", headers=SSE | {"Last-Event-ID": str(seen)})
    assert rest.status_code == (200 if seen < 5 else 204)
    assert events(rest.text) == whole[seen:]


@pytest.mark.parametrize("seen", ["-1", "x", "1.5", "²", "9" * 30])
async def test_a_last_event_id_that_is_none_is_refused(desk: Desk, seen: str) -> None:
    conversation = await desk.conversation()
    headers = {"Last-Event-ID": seen.encode()}
    is_problem(await desk.request("GET", f"/v1/conversations/{conversation}/events", headers=headers), 422, "invalid_input")


async def test_a_reader_is_kept_company_while_nothing_happens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "KEEP_ALIVE_S", 0.05)
    desk.assistant.gate.clear()
    conversation = await desk.conversation()
    asked = asyncio.create_task(desk.ask(conversation, headers=SSE))
    await asyncio.sleep(0.4)
    desk.assistant.gate.set()
    text = (await asked).text
    assert text.count(": ping") >= 2
    assert len(events(text)) == 5


async def test_a_turn_of_another_process_is_followed_too(tmp_path: Path) -> None:
    here, there = Desk(tmp_path), Desk(tmp_path)
    there.assistant.gate.clear()
    conversation = await here.conversation()
    asked = asyncio.create_task(there.ask(conversation))
    await there.assistant.asked.wait()
    followed = asyncio.create_task(here.request("GET", f"/v1/conversations/{conversation}/events", headers=SSE))
    await asyncio.sleep(0.1)
    there.assistant.gate.set()
    assert [event["type"] for _, event in events((await followed).text)][-1] == "done"
    assert (await asked).status_code == 200


async def test_a_second_message_is_refused_while_the_first_is_answered(desk: Desk) -> None:
    desk.assistant.gate.clear()
    conversation = await desk.conversation()
    first = asyncio.create_task(desk.ask(conversation, "one"))
    await desk.assistant.asked.wait()
    second = await desk.ask(conversation, "two")
    is_problem(second, 409, "conversation_busy")
    assert second.headers["retry-after"]
    desk.assistant.gate.set()
    assert (await first).status_code == 200
    assert (await desk.ask(conversation, "two")).status_code == 200


async def test_who_has_read_the_end_of_an_answer_may_ask_at_once(desk: Desk) -> None:
    conversation = await desk.conversation()
    for _ in range(8):
        assert events((await desk.ask(conversation, headers=SSE)).text)[-1][1]["type"] == "done"


async def test_a_stopped_answer_ends_and_the_next_question_is_taken(desk: Desk) -> None:
    desk.assistant.gate.clear()
    conversation = await desk.conversation()
    asked = asyncio.create_task(desk.ask(conversation, headers=SSE))
    await desk.assistant.asked.wait()
    stopped = await desk.request("POST", f"/v1/conversations/{conversation}/cancel")
    assert (stopped.status_code, stopped.json()) == (202, {"stopping": True})
    assert events((await asked).text)[-1][1] == {
        "turn": 1,
        "type": "error",
        "code": "stopped",
        "message": "You stopped this answer.",
    }
    desk.assistant.gate.set()
    assert (await desk.ask(conversation)).status_code == 200
    assert desk.assistant.finished == 1


async def test_a_stop_reaches_the_process_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "BEAT_S", 0.05)
    here, there = Desk(tmp_path), Desk(tmp_path)
    there.assistant.gate.clear()
    conversation = await here.conversation()
    asked = asyncio.create_task(there.ask(conversation))
    await there.assistant.asked.wait()
    await here.request("POST", f"/v1/conversations/{conversation}/cancel")
    is_problem(await asked, 409, "stopped")


async def test_stopping_when_nothing_runs_is_no_error(desk: Desk) -> None:
    conversation = await desk.conversation()
    response = await desk.request("POST", f"/v1/conversations/{conversation}/cancel")
    assert response.json() == {"stopping": False}


async def test_an_answer_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    desk = Desk(tmp_path, limits=Limits(turn_s=0.05))
    desk.assistant.gate.clear()
    is_problem(await desk.ask(await desk.conversation()), 504, "too_slow")


async def test_a_known_failure_is_told_in_the_stream_and_as_a_problem(desk: Desk) -> None:
    desk.assistant.failure = ModelUnavailable("the language model is still coming")
    conversation = await desk.conversation()
    is_problem(await desk.ask(conversation), 503, "model_unavailable")
    last = events((await desk.ask(conversation, headers=SSE)).text)[-1][1]
    assert (last["type"], last["code"]) == ("error", "model_unavailable")


async def test_an_unexpected_failure_tells_nothing_of_the_inside(desk: Desk) -> None:
    desk.assistant.failure = RuntimeError("password=hunter2 at /srv/secret")
    conversation = await desk.conversation()
    with structlog.testing.capture_logs() as logs:
        response = await desk.ask(conversation)
    is_problem(response, 500, "error")
    assert "hunter2" not in response.text
    assert logs[0]["id"] in response.text
    assert isinstance(logs[0]["exc_info"], RuntimeError)


async def test_an_assistant_that_ends_without_a_word_is_an_error(desk: Desk) -> None:
    desk.assistant.events = (StatusEvent(text="…"),)
    is_problem(await desk.ask(await desk.conversation()), 500, "error")


async def test_shutting_down_tells_the_readers(desk: Desk) -> None:
    desk.assistant.gate.clear()
    asked = asyncio.create_task(desk.ask(await desk.conversation(), headers=SSE))
    await desk.assistant.asked.wait()
    await desk.app.state.edge.turns.close()
    assert events((await asked).text)[-1][1]["type"] == "error"


# Conversations


async def test_a_thumb_is_kept_beside_its_turn_and_is_nobody_elses_to_give(desk: Desk) -> None:
    conversation = await desk.conversation()
    await desk.ask(conversation)
    path = f"/v1/conversations/{conversation}/turns/1/feedback"
    assert (await desk.request("POST", path, json={"thumb": "down"})).status_code == 204
    assert (await desk.request("POST", path, json={"thumb": "sideways"})).status_code == 422
    assert (await desk.request("POST", path, party="ben", json={"thumb": "up"})).status_code == 404
    assert (await desk.request("POST", path.replace("/1/", "/2/"), json={"thumb": "up"})).status_code == 404
    await desk.ask(conversation)
    told = (await desk.request("GET", f"/v1/conversations/{conversation}")).json()["turns"]
    assert [event["event"].get("thumb") for event in told[0]["events"]][-1] == "down"
    assert all(event["event"]["type"] != "feedback" for event in told[1]["events"])
    numbers = [event["number"] for turn in told for event in turn["events"]]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_history_shows_what_was_asked_and_answered(desk: Desk) -> None:
    conversation = await desk.conversation()
    await desk.ask(conversation, "one")
    await desk.ask(conversation, "two")
    body = (await desk.request("GET", f"/v1/conversations/{conversation}")).json()
    assert [turn["message"] for turn in body["turns"]] == ["one", "two"]
    assert [event["event"]["type"] for event in body["turns"][1]["events"]] == ["status", "tool", "fact", "text", "done"]
    (listed,) = (await desk.request("GET", "/v1/conversations")).json()
    assert (listed["id"], listed["title"], listed["turns"]) == (conversation, "one", 2)


async def test_a_deleted_conversation_is_gone_even_while_it_answers(desk: Desk) -> None:
    desk.assistant.gate.clear()
    conversation = await desk.conversation()
    asked = asyncio.create_task(desk.ask(conversation))
    await desk.assistant.asked.wait()
    assert (await desk.request("DELETE", f"/v1/conversations/{conversation}")).status_code == 204
    assert (await asked).status_code in (404, 409)
    is_problem(await desk.request("GET", f"/v1/conversations/{conversation}"), 404, "not_found")
    assert (await desk.request("GET", "/v1/conversations")).json() == []


OTHERS = [
    ("GET", ""),
    ("DELETE", ""),
    ("POST", "/messages"),
    ("GET", "/events"),
    ("POST", "/cancel"),
    ("GET", "/facts/1/f1"),
]


@pytest.mark.parametrize(("method", "path"), OTHERS)
async def test_another_customers_conversation_looks_like_one_that_never_was(desk: Desk, method: str, path: str) -> None:
    conversation = await desk.conversation()
    await desk.ask(conversation)
    body = {"json": {"message": "hello"}} if path == "/messages" else {}
    answers = []
    for id in (conversation, "0" * 32):
        response = await desk.request(method, f"/v1/conversations/{id}{path}", "daniel", **body)
        is_problem(response, 404, "not_found")
        answers.append(response.text.replace(id, ""))
    assert answers[0] == answers[1]
    assert (await desk.request("GET", "/v1/conversations", "daniel")).json() == []
    assert (await desk.request("GET", f"/v1/conversations/{conversation}")).json()["conversation"]["turns"] == 1


# Figures


async def test_behind_a_figure_are_its_rows_newest_first(desk: Desk) -> None:
    conversation = await desk.conversation()
    await desk.ask(conversation)
    body = (await desk.request("GET", f"/v1/conversations/{conversation}/facts/1/f1")).json()
    assert [row["id"] for row in body["rows"]] == ["t2", "t1"]
    assert (body["total"], body["fact"]["shown"], body["scope"]["accounts"]) == (2, "£21.50", ["Current account"])
    part = (await desk.request("GET", f"/v1/conversations/{conversation}/facts/1/f1?limit=1&offset=1")).json()
    assert ([row["id"] for row in part["rows"]], part["total"]) == (["t1"], 2)


async def test_a_figure_worked_out_from_others_names_them(desk: Desk) -> None:
    double = SPENT.model_copy(update={"ref": "f2", "formula": "f1 + f1", "evidence": ("f1",)})
    desk.assistant.events = (*ANSWER[:2], FactEvent(fact=double), *ANSWER[2:])
    conversation = await desk.conversation()
    await desk.ask(conversation)
    body = (await desk.request("GET", f"/v1/conversations/{conversation}/facts/1/f2")).json()
    assert ([fact["ref"] for fact in body["inputs"]], body["rows"]) == (["f1"], [])


async def test_rows_are_exported_without_a_formula_for_the_spreadsheet(tmp_path: Path) -> None:
    async def rows(*_: object) -> list[Any]:
        return [ROWS[0].model_copy(update={"text": '=HYPERLINK("http://evil.example")'})]

    desk = Desk(tmp_path, rows=rows)
    conversation = await desk.conversation()
    await desk.ask(conversation)
    response = await desk.request("GET", f"/v1/conversations/{conversation}/facts/1/f1", headers={"Accept": "text/csv"})
    assert response.headers["content-type"].startswith("text/csv")
    assert "attachment" in response.headers["content-disposition"]
    line = response.text.splitlines()[1]
    assert line.startswith("2026-10-03,Current account,\"'=HYPERLINK")
    assert ",-20.00,GBP," in line


@pytest.mark.parametrize("where", ["1/f9", "2/f1", "1/x", "0/f1", "99999999999999999999/f1"])
async def test_a_figure_that_is_not_there(desk: Desk, where: str) -> None:
    conversation = await desk.conversation()
    await desk.ask(conversation)
    response = await desk.request("GET", f"/v1/conversations/{conversation}/facts/{where}")
    assert response.status_code in (404, 422)
    assert response.headers["content-type"] == "application/problem+json"


# Bounds and bad input

BAD_BODIES: dict[str, bytes] = {
    "no JSON": b"hello",
    "nothing": b"",
    "no message": b"{}",
    "empty": b'{"message": "  "}',
    "not words": b'{"message": 5}',
    "half a character": b'{"message": "\\ud800"}',
    "a null character": b'{"message": "a\\u0000b"}',
    "an escape sequence": b'{"message": "\\u001b[2J"}',
    "not UTF-8": b'{"message": "\xff"}',
    "deeply nested": b"[" * 20_000,
}


@pytest.mark.parametrize("kind", BAD_BODIES)
async def test_a_request_that_cannot_be_read_is_a_problem(desk: Desk, kind: str) -> None:
    conversation = await desk.conversation()
    headers = {"Content-Type": "application/json"}
    path = f"/v1/conversations/{conversation}/messages"
    response = await desk.request("POST", path, content=BAD_BODIES[kind], headers=headers)
    assert response.status_code in (400, 422), response.text
    is_problem(response, response.status_code, "invalid_input")
    assert desk.assistant.heard == []


async def test_a_message_of_two_thousand_characters_is_taken_and_a_longer_one_is_not(desk: Desk) -> None:
    conversation = await desk.conversation()
    assert (await desk.ask(conversation, "£" * 2000)).status_code == 200
    assert "2000" in is_problem(await desk.ask(conversation, "£" * 2001), 422, "too_long")["detail"]


async def test_a_large_request_is_not_even_read(desk: Desk) -> None:
    conversation = await desk.conversation()
    is_problem(await desk.ask(conversation, "x" * 40_000), 413, "too_large")

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000

    response = await desk.request("POST", f"/v1/conversations/{conversation}/messages", content=endless())
    is_problem(response, 413, "too_large")


async def test_one_customer_cannot_take_the_turns_of_all(tmp_path: Path) -> None:
    desk = Desk(tmp_path, limits=Limits(burst=3, per_minute=6))
    mine, theirs = await desk.conversation(), await desk.conversation("daniel")
    for _ in range(3):
        assert (await desk.ask(mine)).status_code == 200
    refused = await desk.ask(mine)
    is_problem(refused, 429, "too_many")
    assert refused.headers["retry-after"] == "10"
    assert (await desk.ask(theirs, party="daniel")).status_code == 200
    desk.clock.pass_by(10)
    assert (await desk.ask(mine)).status_code == 200


async def test_a_full_process_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, limits=Limits(turns=1))
    desk.assistant.gate.clear()
    first = asyncio.create_task(desk.ask(await desk.conversation()))
    await desk.assistant.asked.wait()
    is_problem(await desk.ask(await desk.conversation()), 503, "unavailable")
    desk.assistant.gate.set()
    assert (await first).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/nothing", 404), ("PUT", "/v1/me", 405), ("GET", "/../pyproject.toml", 404)]
)
async def test_what_is_not_there_is_a_problem_too(desk: Desk, method: str, path: str, status: int) -> None:
    response = await desk.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_unexpected_error_is_logged_under_the_id_that_is_told(tmp_path: Path) -> None:
    async def broken() -> list[Any]:
        raise RuntimeError("connection string postgresql://u:p@db")

    desk = Desk(tmp_path, health=broken)
    with structlog.testing.capture_logs() as logs:
        response = await desk.http.get("/readyz")
    body = is_problem(response, 500, "error")
    assert "postgresql" not in response.text
    assert body["id"] == logs[0]["id"]


# What is around it


async def test_health_says_how_far_the_model_is(desk: Desk) -> None:
    assert (await desk.http.get("/healthz")).json() == {"alive": True}
    body = (await desk.http.get("/readyz")).json()
    assert body["ready"]
    assert body["parts"][2] == {"name": "model", "state": "fetching", "needed": False, "percent": 43, "detail": ""}


async def test_every_operation_is_described_with_its_problems(desk: Desk) -> None:
    document = (await desk.http.get("/openapi.json")).json()
    assert "Problem" in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation["tags"], path
            if path.startswith("/v1/conversations"):
                assert operation["security"], path
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        assert list(answer["content"]) == ["application/problem+json"], (path, status)


async def test_the_page_may_only_do_what_it_needs(desk: Desk) -> None:
    for path in ("/", "/page.js", "/login/callback?code=1", "/v1/me"):
        headers = (await desk.http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


async def test_an_app_beside_ours_keeps_its_own_policy(tmp_path: Path) -> None:
    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-security-policy", b"theirs")]})
        await send({"type": "http.response.body", "body": b"hello"})

    desk = Desk(tmp_path, mounts={"/identity": other})
    response = await desk.http.get("/identity/authorize")
    assert (response.text, response.headers["content-security-policy"]) == ("hello", "theirs")


async def test_the_log_ends_with_an_error_event_whatever_goes_wrong(desk: Desk) -> None:
    desk.assistant.events = (*ANSWER[:2], ErrorEvent(code="unavailable", message="The ledger does not answer."))
    conversation = await desk.conversation()
    is_problem(await desk.ask(conversation), 503, "unavailable")
    body = (await desk.request("GET", f"/v1/conversations/{conversation}")).json()
    assert body["turns"][0]["ended"]


INTENT, DIGEST = "1" * 32, "a" * 64


async def test_a_confirmation_reaches_the_assistant_as_what_was_confirmed(desk: Desk) -> None:
    conversation = await desk.conversation()
    told = await desk.request("POST", f"/v1/conversations/{conversation}/intents/{INTENT}/confirmation", json={"digest": DIGEST})
    assert told.status_code == 200
    assert desk.assistant.confirmed == [Confirmed(intent=IntentId(INTENT), digest=DIGEST)]
    history = (await desk.request("GET", f"/v1/conversations/{conversation}")).json()
    assert [turn["message"] for turn in history["turns"]] == ["Confirmed"]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (StepUpRequired("strong", 300), 401, "step_up_required"),
        (IntentGone("changed"), 409, "intent_gone"),
        (NotFound("intent", INTENT), 404, "not_found"),
    ],
)
async def test_a_confirmation_that_would_not_be_taken_begins_nothing(
    tmp_path: Path, error: CounterfoilError, status: int, said: str
) -> None:
    async def check(login: Login, conversation: str, confirmed: Confirmed) -> None:
        raise error

    desk = Desk(tmp_path, check=check)
    conversation = await desk.conversation()
    refused = await desk.request(
        "POST", f"/v1/conversations/{conversation}/intents/{INTENT}/confirmation", json={"digest": DIGEST}
    )
    assert (refused.status_code, refused.json()["code"]) == (status, said)
    if status == 401:
        challenge = refused.headers["WWW-Authenticate"]
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'acr_values="strong"' in challenge
        assert 'max_age="300"' in challenge
    assert not desk.assistant.heard


@pytest.mark.parametrize("digest", ["", "yes", "A" * 64, DIGEST + "a"])
async def test_a_digest_that_is_none_is_refused(desk: Desk, digest: str) -> None:
    conversation = await desk.conversation()
    path = f"/v1/conversations/{conversation}/intents/{INTENT}/confirmation"
    assert (await desk.request("POST", path, json={"digest": digest})).status_code == 422
    assert not desk.assistant.confirmed


async def test_what_waits_can_be_called_off(desk: Desk) -> None:
    conversation = await desk.conversation()
    told = await desk.request("DELETE", f"/v1/conversations/{conversation}/intents/{INTENT}")
    assert (told.status_code, told.json()) == (200, {"state": "cancelled"})
