"""A running server is killed (kill -9) while its customer pays, and started again: what became of the payment must agree.

The server is the product's own, on loopback, on a home of its own; its bank and its database are files there. Killed are only
servers that are started here.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.settings import Settings
from connectors.sandbox.app import build
from data.party import PASSWORD
from evals import product

PARTY = "callum-mackenzie"
# Each run has a customer's account to itself for so little that many of them can be paid.
ORDERS = ("send 1 to Sam Gillespie for pizza", "move 1 from my everyday account to my holiday jar", "send 1 to Sam Rennie")
# A payment takes about so long after its yes; kills fall on all of it.
WITHIN_S = 0.6
START_S, LEASE_S = 120.0, 40.0
# So much later the server's clock stands when it is started again.
LATER = dt.timedelta(minutes=25)


class Server:
    """A server of a home, from a moment on its clock."""

    def __init__(self, settings: Settings, now: dt.datetime) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.url, self.home = f"http://127.0.0.1:{port}", settings.home
        given = {"HOME": str(settings.home), "MODEL": "none", "MODEL_URL": "", "DATABASE_URL": "", "QDRANT_URL": ""}
        given |= {"NOW": now.isoformat(), "HOST": "127.0.0.1"}
        environment = os.environ | {f"COUNTERFOIL_{name}": value for name, value in given.items()}
        command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.began, self.now = time.monotonic(), now
        self.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def clock(self) -> dt.datetime:
        return self.now + dt.timedelta(seconds=time.monotonic() - self.began)

    def ready(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            with suppress(httpx.HTTPError):
                if self.client.get("/healthz").is_success:
                    break
            time.sleep(0.1)
        # Its clock began somewhere before this, so a token that is made by this one is never from the future there.
        self.began = time.monotonic()
        # Another bank on the same keys: who has them can log anybody in.
        identity = build(self.clock, self.home / "keys" / "sandbox.json", f"{self.url}/sandbox").identity
        self.client.headers["Authorization"] = f"Bearer {identity.mint(PARTY, acr=PASSWORD)}"

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return self.client.post(f"/v1/conversations{path}", json=body)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.client.close()


def runs(settings: Settings, seed: int, many: int, folder: Path) -> list[dict[str, Any]]:
    """Pay, be killed, start again, ask: `many` times on one home. Runs that were done before are not done again."""
    out, found = folder / f"kills-{seed}.jsonl", list[dict[str, Any]]()
    if out.exists():
        found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with bar, product.fresh_home(settings) as home:
        task = bar.add_task("servers killed", total=many, completed=len(found))
        now = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)
        server = Server(home, now)
        try:
            server.ready()
            for number in range(len(found), many):
                # A day has limits of its own for how often one party pays.
                now = max(now, server.clock()) + (dt.timedelta(hours=25) if number and number % 12 == 0 else LATER)
                line, server = _one(home, server, now, random.Random(f"{seed} {number}"))  # noqa: S311
                found.append(line | {"run": f"kill {number} · {line['run']}"})
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found[-1]) + "\n")
                bar.update(task, completed=len(found))
        finally:
            server.kill()
    return found


def _one(home: Settings, server: Server, later: dt.datetime, chance: random.Random) -> tuple[dict[str, Any], Server]:
    order, api, after_s = chance.choice(ORDERS), chance.random() < 0.5, chance.uniform(0, WITHIN_S)
    before = _made(home.home)
    talk = server.post("", {}).json()["id"]
    shown = server.post(f"/{talk}/messages", {"message": order}).json()["confirmation"]
    said: list[httpx.Response] = []

    def agree() -> None:
        with suppress(httpx.HTTPError):
            if api:
                said.append(server.post(f"/{talk}/intents/{shown['intent']}/confirmation", {"digest": shown["digest"]}))
            else:
                said.append(server.post(f"/{talk}/messages", {"message": "yes"}))

    customer = threading.Thread(target=agree)
    customer.start()
    time.sleep(after_s)
    server.kill()
    customer.join()
    server = Server(home, later)
    server.ready()
    wrong = []
    for way in ("question", "again"):
        if way == "question":
            told = server.post(f"/{talk}/messages", {"message": "what is my balance?"})
        else:
            told = server.post(f"/{talk}/intents/{shown['intent']}/confirmation", {"digest": shown["digest"]})
        if told.status_code >= 500:
            wrong.append(f"{way}: answered {told.status_code}")
    history = server.client.get(f"/v1/conversations/{talk}").json()
    receipts = {
        event["state"]
        for turn in history["turns"]
        for event in (logged["event"] for logged in turn["events"])
        if event["type"] == "receipt" and event["intent"] == shown["intent"]
    }
    made, state = _made(home.home) - before, _state(home.home, shown["intent"])
    if len(made) > 1:
        wrong.append(f"the money moved {len(made)} times")
    if state not in ("done", "failed", "expired", "cancelled"):
        wrong.append(f"{state} still, after the bank's consent has ended")
    if (state == "done") is not bool(made):
        wrong.append(f"kept as {state}, and it was {'' if made else 'not '}made")
    if "done" in receipts and not made:
        wrong.append("said to be done, and it was not")
    if receipts & {"failed", "cancelled"} and made:
        wrong.append("said not to be done, and it was")
    if state in ("done", "failed") and state not in receipts:
        wrong.append(f"{state}, and the customer was never told")
    answered = "answered before" if said and said[0].is_success else "not answered"
    line = {"run": f"{order} · {after_s * 1000:.0f} ms · {answered} · {state}", "kind": "kill -9", "violations": wrong}
    return line | {"made": len(made)}, server


def _made(home: Path) -> set[str]:
    """The consents that the bank has made a payment of, in its own store."""
    written = home / "keys" / "written.sqlite"
    if not written.exists():
        return set()
    with closing(sqlite3.connect(written)) as db:
        return {row[0] for row in db.execute("select consent from payments where status != 'RJCT'")}


def _state(home: Path, intent: str) -> str:
    with closing(sqlite3.connect(home / "counterfoil.db")) as db:
        return str(db.execute("select state from intent where id = ?", (intent,)).fetchone()[0])
