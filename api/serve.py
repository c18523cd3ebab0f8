"""Serving: the page, the API, the sandbox bank and the index worker in one process on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import structlog
import uvicorn
from rich.console import Console

from api import logs
from api.app import create
from api.auth import Bearer, Claims, Constraint, Issuer, Keys
from api.parts import PageIdentity, PartHealth, Parts, State
from api.settings import Settings
from api.wiring import Bank, asking_at, clock, model_server, open_bank
from assistant.acting import Confirmed
from assistant.models import ModelState, ModelStatus
from assistant.outside import Outside
from connectors.sandbox.app import BASE_URL, IDENTITY_PATH, build
from connectors.sandbox.tokens import SCOPES
from connectors.transport import in_process
from data.actions import IntentId
from data.actions import State as Intended
from data.errors import InvalidInput, ModelUnavailable, NotFound, Unavailable
from data.party import Login, PartyId
from data.proofs import Proofs

log = structlog.get_logger(__name__)

SANDBOX_PATH = "/sandbox"
INDEX_EVERY_S = 2.0
# An access line is an address and what was asked for, and nothing else.
QUIET: Mapping[str, Any] = {"log_level": "warning", "access_log": False}


def serve(settings: Settings, console: Console) -> None:
    """Serve until interrupted. Raises OSError when the port is taken."""
    console.print("Starting Counterfoil (the embedding model and the router are made the first time, a minute or two)")
    logs.configure()
    asyncio.run(_serve(settings, console))


def serve_worker(settings: Settings, listener: int, number: int, console: Console) -> None:
    """Serve as one of several processes (see `workers`) on the socket of a file descriptor, until standard input ends."""
    logs.configure()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with socket.socket(fileno=listener) as shared:
        asyncio.run(_serve(settings, console, shared, first=number == 0))


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


async def _serve(settings: Settings, console: Console, shared: socket.socket | None = None, first: bool = True) -> None:
    """shared: a socket that listens already. first: whether this process does the work that one is enough for."""
    origin = settings.origin
    # Whatever the server does, its requests included, goes by this clock.
    with asking_at(settings.now, going_on=True):
        async with open_bank(settings, base_url=origin + SANDBOX_PATH, wait_for_model_s=0, fetch=True) as bank:
            app = create(parts_of(bank, origin))
            config = uvicorn.Config(app, host=settings.host, port=settings.port, timeout_graceful_shutdown=3, **QUIET)
            server = uvicorn.Server(config)
            work = asyncio.create_task(_greet(server, bank, origin, console) if first else _start_model(bank))
            try:
                await server.serve([shared] if shared is not None else None)
            finally:
                work.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await work


async def _greet(server: uvicorn.Server, bank: Bank, origin: str, console: Console) -> None:
    """Say what to open once it answers, then feed the ledger, fetch the model and keep the index up to date."""
    # uvicorn has no event for it.
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    customers = list(bank.sandbox.identity.customers.values())
    console.print(f"Open {origin} and log in as {customers[0].name} (the password is on the page).")
    console.print("Ask: What is my balance? · How much did I spend at Tesco last month? · What is coming out before payday?")
    await _start_model(bank)
    for customer in customers:
        await bank.login(PartyId(customer.id))
    console.print(f"{len(customers)} sandbox customers are seeded. Ctrl-C stops.")
    last = None
    while True:
        if await asyncio.to_thread(bank.ledger.waiting):
            try:
                await bank.update_index()
            except Unavailable as error:
                log.warning("index", error=str(error))
        with contextlib.suppress(Unavailable):
            await asyncio.to_thread(bank.audit.anchor, clock())
        last = _report(bank, last, console)
        await asyncio.sleep(INDEX_EVERY_S)


async def _start_model(bank: Bank) -> None:
    """Serve the model, or use the one that another process of this home serves."""
    if bank.planner is not None:
        await bank.planner.start()


def _report(bank: Bank, last: str | None, console: Console) -> str | None:
    """Say when the model's state changes, and every tenth of its weights while they come."""
    if bank.planner is None:
        return last
    status = bank.planner.server.status
    said = _said(status)
    if said != last:
        note = f": {status.detail}" if status.detail else ""
        console.print(f"Language model: {said}{note}" + (" (everyday questions already work)" if last is None else ""))
    return said


def _said(status: ModelStatus) -> str:
    tenth = status.done * 10 // status.total if status.total else 0
    return f"{status.state.value} {tenth * 10} %" if status.state is ModelState.FETCHING else status.state.value


def parts_of(bank: Bank, origin: str) -> Parts:
    """What is served at an address, with the sandbox bank beside it."""
    identity = bank.sandbox.identity
    # The bank's own address inside this process: its keys do not go over the network to come back here.
    jwks_uri = f"{BASE_URL}{IDENTITY_PATH}/jwks"
    client = httpx.AsyncClient(transport=in_process(bank.sandbox.app))
    keys = Keys(jwks_uri, client, clock)
    issuer = Issuer(issuer=identity.issuer, audience="counterfoil", jwks_uri=jwks_uri)
    constraint = Constraint(origin, Proofs(bank.engine).first, required=bank.settings.dpop == "required")

    async def login_of(claims: Claims, token: str) -> Login:
        return await bank.login(PartyId(str(claims["sub"])), token)

    async def own(login: Login, conversation: str, intent: IntentId) -> None:
        kept = await asyncio.to_thread(bank.performing.intents.get, login.party.id, intent)
        if kept.intent.conversation != conversation:
            raise NotFound("intent", intent)

    async def check(login: Login, conversation: str, confirmed: Confirmed) -> None:
        await own(login, conversation, confirmed.intent)
        await bank.performing.check(login, confirmed.intent, confirmed.digest, clock())

    async def call_off(login: Login, conversation: str, intent: IntentId) -> Intended:
        await own(login, conversation, intent)
        return await asyncio.to_thread(bank.performing.intents.cancel, login.party.id, intent)

    async def health() -> Sequence[PartHealth]:
        return [await _index_health(bank), await _outside_health(bank.outside) if bank.outside else _model_health(bank)]

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield
        await client.aclose()

    return Parts(
        records=bank.records,
        consents=bank.ledger,
        assistant=bank.assistant,
        bearer=Bearer(issuer, keys, login_of, clock, constraint),
        rows=bank.rows,
        check=check,
        call_off=call_off,
        clock=clock,
        health=health,
        identity=PageIdentity(
            authorize_url=f"{origin}{SANDBOX_PATH}{IDENTITY_PATH}/authorize",
            token_url=f"{origin}{SANDBOX_PATH}{IDENTITY_PATH}/token",
            revoke_url=f"{origin}{SANDBOX_PATH}{IDENTITY_PATH}/revoke",
            client_id="counterfoil",
            scope="openid " + " ".join(sorted(SCOPES)),
            outside_model=bank.outside.host if bank.outside else "",
            bound=constraint.required,
        ),
        mounts={SANDBOX_PATH: bank.sandbox.app},
        lifespan=lifespan,
    )


async def _index_health(bank: Bank) -> PartHealth:
    try:
        state = await bank.index.state()
    except Unavailable as error:
        return PartHealth(name="index", state=State.FAILED, needed=False, detail=str(error))
    return PartHealth(name="index", state=State.READY if state.live is not None else State.STARTING, needed=False)


def _model_health(bank: Bank) -> PartHealth:
    if bank.planner is None:
        return PartHealth(name="model", state=State.ABSENT, needed=False)
    status = bank.planner.server.status
    percent = status.done * 100 // status.total if status.total else None
    return PartHealth(name="model", state=State(status.state.value), needed=False, percent=percent, detail=status.detail)


async def _outside_health(outside: Outside) -> PartHealth:
    try:
        await outside.look()
    except ModelUnavailable as error:
        return PartHealth(name="outside model", state=State.FAILED, needed=False, detail=str(error))
    return PartHealth(name="outside model", state=State.READY, needed=False, detail=outside.host)


def serve_sandbox(settings: Settings, port: int, console: Console) -> None:
    """Serve the bank's own services alone, as another process would meet them."""
    base = f"http://127.0.0.1:{port}"
    bank = build(clock, settings.home / "keys" / "sandbox.json", base)
    console.print(f"The sandbox bank is on {base}{IDENTITY_PATH} and {base}/open-banking/v4.0/aisp. Ctrl-C stops.")
    uvicorn.run(bank.app, host="127.0.0.1", port=port, **QUIET)


async def serve_model(settings: Settings, console: Console) -> None:
    """Serve the embedded model alone, until cancelled. Raises ModelUnavailable where that cannot be, InvalidInput for none."""
    if settings.model_name == "none":
        raise InvalidInput("COUNTERFOIL_MODEL is none: there is no model to serve")
    last = None
    async with model_server(settings, settings.model_name, fetch=True) as server:
        async for status in server.changes():
            if server.over:
                raise ModelUnavailable(status.detail)
            if (said := _said(status)) != last:
                where = f" at {(await server.endpoint()).url}" if status.state is ModelState.READY else ""
                console.print(f"Language model: {said}{where}{f': {status.detail}' if status.detail else ''}")
                if where:
                    console.print(f"Its key is in {settings.home / 'run' / 'model.json'}. Ctrl-C stops.", soft_wrap=True)
            last = said


def main() -> None:
    listener, host, port, number = sys.argv[1:]
    settings = Settings().model_copy(update={"host": host, "port": int(port)})
    serve_worker(settings, int(listener), int(number), Console(stderr=True, highlight=False))


if __name__ == "__main__":
    main()
