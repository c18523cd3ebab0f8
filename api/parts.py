"""What the HTTP edge is made of: everything it needs, given to it by the wiring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import ASGIApp

from api.auth import Bearer, Shown
from api.limits import Allowance, Limits
from api.turns import Assistant, Turns
from assistant.acting import Confirmed
from data.actions import IntentId
from data.actions import State as Intended
from data.facts import Row
from data.party import AccountId, Consent, Frozen, Login, PartyId, Purpose
from data.records import Records

# The ledger rows with these source ids in these accounts; no account named means all. Others' rows are left out.
Rows = Callable[[Login, Sequence[str], Sequence[AccountId]], Awaitable[Sequence[Row]]]


# Whether a confirmation in a conversation would be taken; raises StepUpRequired, IntentGone or NotFound.
Check = Callable[[Login, str, Confirmed], Awaitable[None]]
# Call off an intent of a conversation that waits for a yes; the state that it is in then. Raises NotFound.
CallOff = Callable[[Login, str, IntentId], Awaitable[Intended]]


class Consents(Protocol):
    """Where consents are on record. Everything in it blocks."""

    def consents_of(self, party: PartyId) -> Sequence[Consent]: ...

    def put_consent(self, consent: Consent) -> None: ...

    def withdraw_consent(self, party: PartyId, purpose: Purpose) -> None: ...


class State(StrEnum):
    ABSENT = "absent"
    FETCHING = "fetching"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


class PartHealth(Frozen):
    """How one part is. percent: how much of it is here, while it is being fetched.

    needed: whether anything can be answered without it; the model is not needed.
    """

    name: str
    state: State
    needed: bool = True
    percent: int | None = None
    detail: str = ""


class PageIdentity(Frozen):
    """Where the chat page sends a customer to log in, and as which client it does.

    outside_model: the host of the outside model that a customer may agree to; empty where none is used. bound: whether
    tokens must be bound to a key of the customer's browser.
    """

    authorize_url: str
    token_url: str
    revoke_url: str
    client_id: str
    scope: str
    outside_model: str = ""
    bound: bool = False


@dataclass(frozen=True)
class Parts:
    """mounts: path → app of somebody else's that is served beside ours, such as {"/identity": …}.

    lifespan: entered before the first request and left after the last; running turns are stopped before it is left.
    """

    records: Records
    consents: Consents
    assistant: Assistant
    bearer: Bearer
    rows: Rows
    check: Check
    call_off: CallOff
    clock: Callable[[], datetime]
    health: Callable[[], Awaitable[Sequence[PartHealth]]]
    identity: PageIdentity
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    lifespan: Callable[[], AbstractAsyncContextManager[None]] = nullcontext


class Edge:
    """The parts, and what the edge itself keeps while it runs."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.turns = Turns(parts.records, parts.assistant, parts.clock, parts.limits)
        self.allowance = Allowance(parts.limits.burst, parts.limits.per_minute, parts.clock)


async def _edge(request: Request) -> Edge:
    edge: Edge = request.app.state.edge
    return edge


TheEdge = Annotated[Edge, Depends(_edge)]

# Only describes the scheme in OpenAPI: the header is read, and refused, by `Bearer`.
_scheme = HTTPBearer(auto_error=False, description="An access token of the bank's identity service.")


async def _login(
    request: Request, edge: TheEdge, _described: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]
) -> Login:
    authorization, proofs = request.headers.getlist("authorization"), request.headers.getlist("dpop")
    return await edge.parts.bearer.login(Shown(authorization, proofs, request.method, _path_of(request)))


def _path_of(request: Request) -> str:
    """The path as it was sent, so that two that only look alike are told apart."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.split(b"?")[0].decode("latin-1")


TheLogin = Annotated[Login, Depends(_login)]
