"""Several processes behind one port: which of them a customer meets makes no difference."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter as Count
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from connectors.sandbox.app import build
from connectors.sandbox.people import CUSTOMERS
from tests.conftest import Counter
from tests.database import database

AMARA = "amara-okafor"


@dataclass
class Office:
    """A server of two processes, of which either can be made to stand still so that the other one answers."""

    process: subprocess.Popen[bytes]
    url: str
    home: Path
    database: str
    token: str = "none"
    identity: Any = None

    def workers(self) -> list[int]:
        """The processes that answer, the first one first."""
        found = {}
        for pid in children(self.process.pid):
            words = command(Path(f"/proc/{pid}/cmdline"))
            if b"api.serve" in words:
                found[int(words[-2])] = pid
        return [pid for _, pid in sorted(found.items())]

    def only(self, place: int) -> None:
        """From here on this worker alone answers. None is stopped while it writes, as it would keep its lock."""

        def stopped() -> bool:
            for at, pid in enumerate(self.workers()):
                os.kill(pid, signal.SIGCONT if at == place else signal.SIGSTOP)
            if can_be_written(self.database):
                return True
            self.all()
            return False

        wait_for(stopped)

    def all(self) -> None:
        if self.process.poll() is not None:
            return
        for pid in self.workers():
            os.kill(pid, signal.SIGCONT)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request on a connection of its own."""
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        timeout = more.pop("timeout", 60)
        with httpx.Client(base_url=self.url, timeout=timeout, trust_env=False) as client:
            return client.request(method, path, headers=headers, **more)

    def alone(self, place: int) -> bool:
        """Whether this worker answers alone; one that starts may wait for what a stopped one holds, which then goes on."""
        self.only(place)
        try:
            return self.ask("GET", "/v1/me", timeout=10).is_success
        except httpx.HTTPError:
            self.all()
            return False

    def say(self, conversation: str, message: str) -> httpx.Response:
        return self.ask("POST", f"/v1/conversations/{conversation}/messages", json={"message": message})


def command(path: Path) -> list[bytes]:
    """The words that a process was started with; none once it has ended."""
    try:
        return path.read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def children(of: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{of}/task/{of}/children").read_text().split()]


def can_be_written(url: str) -> bool:
    """Whether no transaction holds a lock that others would wait for."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA busy_timeout=0")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return True
            return not connection.scalar(text("select count(*) from pg_stat_activity where state like 'idle in transaction%'"))
    except OperationalError:
        return False
    finally:
        engine.dispose()


def wait_for(what: Any, seconds: float = 120.0) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if found := what():
                return found
        except (httpx.HTTPError, FileNotFoundError):
            pass
        time.sleep(0.2)
    raise TimeoutError("it did not come to that")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, serving_model: Path, bank: Counter) -> Iterator[Office]:
    # The shared bank has trained the router's head into these models.
    assert bank.bank.settings.models.resolve() == serving_model.parent.resolve()
    home = tmp_path_factory.mktemp("office")
    (home / "models").symlink_to(serving_model.parent)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = database(home / "counterfoil.db")
    settings = {"HOME": str(home), "MODEL": "none", "DATABASE_URL": url, "QDRANT_URL": ""}
    environment = os.environ | {f"COUNTERFOIL_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "api.cli", "serve", "--workers", "2", "--port", str(port)]
    # Shown by pytest where a test fails.
    process = subprocess.Popen(command, env=environment, stdout=sys.__stdout__, stderr=sys.__stderr__)
    office = Office(process, f"http://127.0.0.1:{port}", home, url)
    try:
        wait_for(lambda: office.ask("GET", "/healthz").is_success and len(office.workers()) == 2)
        sandbox = build(lambda: dt.datetime.now(dt.UTC), home / "keys" / "sandbox.json", f"{office.url}/sandbox")
        office.identity = sandbox.identity
        office.token = sandbox.identity.mint(AMARA)
        for place in (0, 1):
            office.only(place)
            wait_for(lambda: office.ask("GET", "/v1/me").is_success)
        office.all()
        yield office
    finally:
        office.all()
        process.terminate()
        process.wait(30)


@pytest.fixture
def conversation(office: Office, request: pytest.FixtureRequest) -> Iterator[str]:
    """Of a customer for each test: nobody may ask too much in a short time."""
    order = [item.name for item in request.session.items if item.path == request.path]
    office.token = office.identity.mint(CUSTOMERS[order.index(request.node.name) % len(CUSTOMERS)].id)
    yield str(office.ask("POST", "/v1/conversations").json()["id"])
    office.all()


def test_a_conversation_goes_on_in_another_process(office: Office, conversation: str) -> None:
    office.only(0)
    first = office.say(conversation, "how much did I spend at Tesco last month?").json()
    office.only(1)
    log = office.ask("GET", f"/v1/conversations/{conversation}/events").text
    assert first["text"] in log
    second = office.say(conversation, "and in the month before?").json()
    assert (first["outcome"], second["outcome"], second["turn"]) == ("answer", "answer", 2)
    assert "Tesco" in second["text"]
    assert first["text"] != second["text"]
    office.only(0)
    figure = second["facts"][0]["ref"]
    assert office.ask("GET", f"/v1/conversations/{conversation}/facts/2/{figure}").json()["total"] > 0


def test_of_messages_at_once_one_is_answered_at_a_time(office: Office, conversation: str) -> None:
    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(lambda _: office.say(conversation, "what is my balance?"), range(10)))
    codes = Count(response.status_code for response in told)
    assert set(codes) <= {200, 409}, codes
    assert codes[200] >= 1
    turns = sorted(response.json()["turn"] for response in told if response.status_code == 200)
    assert turns == list(range(1, codes[200] + 1))
    numbers = [
        int(n) for n in re.findall(r"^id: ([0-9]+)$", office.ask("GET", f"/v1/conversations/{conversation}/events").text, re.M)
    ]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_login_begun_in_one_process_ends_in_another_and_once(office: Office) -> None:
    back, verifier = f"{office.url}/login/callback", "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": "counterfoil",
        "redirect_uri": back,
        "scope": "openid ReadAccountsDetail",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "state": "s",
    }
    office.only(0)
    page = office.ask("GET", "/sandbox/identity/authorize", params=asked).text
    fields = dict(re.findall(r'name="([a-z_]+)"[^>]*value="([^"]*)"', page))
    office.only(1)
    given = {"login": fields["login"], "customer": AMARA, "word": "counterfoil"}
    sent = office.ask("POST", "/sandbox/identity/login", data=given)
    assert sent.status_code == 303, sent.text
    code = parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]
    office.only(0)
    form = {"grant_type": "authorization_code", "code": code, "client_id": "counterfoil", "redirect_uri": back}
    form["code_verifier"] = verifier
    assert "access_token" in office.ask("POST", "/sandbox/identity/token", data=form).json()
    office.only(1)
    assert office.ask("POST", "/sandbox/identity/token", data=form).json()["error"] == "invalid_grant"
    office.all()


def test_the_index_has_one_owner(office: Office, conversation: str) -> None:
    for place in (0, 1):
        office.only(place)
        # Only the index knows what this means.
        told = office.say(conversation, "how much did I spend on my teeth this year?")
        assert told.status_code == 200, told.text
    office.all()
    owners = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = command(path)
        if b"retrieval.owner" in words and str(office.home / "index").encode() in words:
            owners.append(path)
    assert len(owners) == 1


def test_a_process_that_dies_is_replaced_and_its_turns_are_not_lost(office: Office, conversation: str) -> None:
    before = office.workers()
    os.kill(before[1], signal.SIGKILL)
    assert office.say(conversation, "what is my balance?").status_code == 200
    after = wait_for(lambda: (found := office.workers()) != before and len(found) == 2 and found)
    assert after[0] == before[0]
    wait_for(lambda: office.alone(1))
    assert office.say(conversation, "and in my savings?").json()["turn"] == 2


def test_all_end_together(office: Office) -> None:
    """The last one here, since nothing answers after it."""
    office.all()
    pids = office.workers()
    office.process.terminate()
    assert office.process.wait(30) == 0
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 15)
