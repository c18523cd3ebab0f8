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
from typing import Any, NamedTuple

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.settings import Settings
from connectors.sandbox.app import build
from data.party import PASSWORD
from evals import product

PARTY = "callum-mackenzie"
# So little that an account can pay it many times.
ORDERS = ("send 1 to Sam Gillespie for pizza", "move 1 from my everyday account to my holiday jar", "send 1 to Sam Rennie")
ASKS = "what is my balance?"
START_S = 180.0
# A server is started again this long after, on its clock: its conversation's lease is over. So many are killed before a day
# passes, as one party may pay only so often in an hour and a day, and what became of all of them is looked at.
SOON, DAY, BATCH = dt.timedelta(minutes=1), dt.timedelta(hours=26), 8
# Of how long a payment takes that was let be: kills fall on all of it, and shortly after.
WITHIN = 1.2


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


class Killed(NamedTuple):
    """A payment whose server was killed. receipts are read when all is over."""

    run: str
    talk: str
    intent: str


class Customer:
    """Whoever pays on a home, server after server. took_s: how long the last payment that was answered took."""

    def __init__(self, home: Settings, chance: random.Random) -> None:
        self.home, self.chance, self.took_s = home, chance, 1.0
        self.server = Server(home, dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC))
        self.server.ready()

    def again(self, after: dt.timedelta) -> None:
        """Kill the server, and start another on the same home."""
        now = self.server.clock() + after
        self.server.kill()
        self.server = Server(self.home, now)
        self.server.ready()

    def show(self) -> tuple[str, str, dict[str, Any]]:
        """An order in a new conversation, up to where it waits for a yes."""
        order, talk = self.chance.choice(ORDERS), str(self.server.post("", {}).json()["id"])
        for _ in range(3):
            told = self.server.post(f"/{talk}/messages", {"message": order})
            if told.is_success and told.json()["confirmation"] is not None:
                return order, talk, told.json()["confirmation"]
            time.sleep(1)
        raise RuntimeError(f"{order!r} was not shown to be confirmed: {told.text}")

    def confirm(self, talk: str, shown: dict[str, Any]) -> httpx.Response:
        return self.server.post(f"/{talk}/intents/{shown['intent']}/confirmation", {"digest": shown["digest"]})

    def pay(self, talk: str, shown: dict[str, Any], api: bool) -> bool:
        """Whether an answer came."""
        began = time.monotonic()
        with suppress(httpx.HTTPError):
            told = self.confirm(talk, shown) if api else self.server.post(f"/{talk}/messages", {"message": "yes"})
            self.took_s = time.monotonic() - began
            return told.is_success
        return False

    def killed(self, number: int) -> Killed:
        """Pay, and have the server killed meanwhile; then come back, with a question or another yes."""
        order, talk, shown = self.show()
        after_s, api, answered = self.chance.uniform(0, WITHIN * self.took_s), self.chance.random() < 0.5, list[bool]()
        customer = threading.Thread(target=lambda: answered.append(self.pay(talk, shown, api)))
        customer.start()
        time.sleep(after_s)
        self.server.process.kill()
        customer.join()
        self.again(SOON)
        if self.chance.random() < 0.5:
            self.server.post(f"/{talk}/messages", {"message": self.chance.choice((ASKS, "yes"))})
        else:
            self.confirm(talk, shown)
        run = f"kill {number} · {order} · {after_s * 1000:.0f} ms · {'answered' if answered == [True] else 'not answered'}"
        return Killed(run, talk, shown["intent"])

    def verdict(self, one: Killed) -> dict[str, Any]:
        """What became of it, after a day."""
        self.server.post(f"/{one.talk}/messages", {"message": ASKS})
        turns = self.server.client.get(f"/v1/conversations/{one.talk}").json()["turns"]
        events = [logged["event"] for turn in turns for logged in turn["events"]]
        told = {event["state"] for event in events if event["type"] == "receipt" and event["intent"] == one.intent}
        state, made = _kept(self.home.home, one.intent)
        wrong = [f"the money moved {made} times"] if made > 1 else []
        if state not in ("done", "failed", "expired", "cancelled", "prepared"):
            wrong.append(f"{state} still, after the bank's consent has ended")
        if (state == "done") is not (made == 1):
            wrong.append(f"kept as {state}, and it was made {made} times")
        if "done" in told and not made:
            wrong.append("said to be done, and it was not")
        if told & {"failed", "cancelled"} and made:
            wrong.append("said not to be done, and it was")
        if state in ("done", "failed") and state not in told:
            wrong.append(f"{state}, and the customer was never told")
        return {"run": f"{one.run} · {state}", "kind": "kill -9", "violations": wrong, "made": made}


def runs(settings: Settings, seed: int, many: int, folder: Path) -> list[dict[str, Any]]:
    """Pay, be killed, start again, `many` times. What was looked at before is not done again."""
    out, found = folder / f"kills-{seed}.jsonl", list[dict[str, Any]]()
    if out.exists():
        found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    if len(found) >= many:
        return found
    with bar, product.fresh_home(settings) as home:
        task = bar.add_task("servers killed", total=many, completed=len(found))
        customer = Customer(home, random.Random(f"{seed} {len(found)}"))  # noqa: S311  the same each time, no secret
        try:
            _, talk, shown = customer.show()
            customer.pay(talk, shown, api=True)
            while len(found) < many:
                batch = []
                for number in range(len(found), min(len(found) + BATCH, many)):
                    batch.append(customer.killed(number))
                    bar.update(task, completed=number + 1)
                customer.again(DAY)
                found += [customer.verdict(one) for one in batch]
                out.write_text("".join(json.dumps(line) + "\n" for line in found), "utf-8")
        finally:
            customer.server.kill()
    return found


def _kept(home: Path, intent: str) -> tuple[str, int]:
    """How an intent is kept, and how many payments the bank has made of its consent, in its own store."""
    with closing(sqlite3.connect(home / "counterfoil.db")) as db:
        state, payload = db.execute("select state, payload from intent where id = ?", (intent,)).fetchone()
    with closing(sqlite3.connect(home / "keys" / "written.sqlite")) as db:
        made = db.execute(
            "select count(*) from payments where status != 'RJCT' and consent = ?", (json.loads(payload)["consent"],)
        )
        return str(state), int(made.fetchone()[0])
