"""Tokens for the services of the bank: each call carries one for that service alone, with no more scope than it needs."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from connectors.transport import TIMEOUT
from data.errors import NotAuthenticated, ScopeMissing, ServiceUnavailable

# The customer's token, the audience of a service, the scopes that a call needs -> the token to show to that service.
Exchange = Callable[[str, str, frozenset[str]], Awaitable[str]]

SERVICE = "identity"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token"
# A token is not shown any more when it ends this soon: it could end on its way.
SPARE = dt.timedelta(seconds=30)
MAX_KEPT = 10_000


@dataclass(frozen=True)
class Exchanged:
    token: str
    until: dt.datetime


class TokenExchange:
    """Asks the identity service for tokens on behalf of a customer whose token it is shown (RFC 8693).

    It can get nothing without one: the client's secret alone opens nothing. token_url: of the identity service. The transport
    is ours to close. What was exchanged is kept until shortly before it ends, under a digest of what was asked.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        secret: str,
        transport: httpx.AsyncBaseTransport,
        clock: Callable[[], dt.datetime],
        kept: int = MAX_KEPT,
    ) -> None:
        self._url, self._clock, self._max = token_url, clock, kept
        auth = httpx.BasicAuth(client_id, secret)
        self._http = httpx.AsyncClient(transport=transport, timeout=TIMEOUT, follow_redirects=False, auth=auth)
        self._kept: OrderedDict[bytes, Exchanged] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Exchanged]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __call__(self, token: str, audience: str, scopes: frozenset[str]) -> str:
        """Raises NotAuthenticated when the customer's token does not do, ScopeMissing when it carries less than is asked for,
        and ServiceUnavailable for everything else."""
        key = hashlib.sha256("\n".join((token, audience, *sorted(scopes))).encode()).digest()
        kept = self._kept.get(key)
        if kept is not None and self._clock() < kept.until:
            self._kept.move_to_end(key)
            return kept.token
        # Whoever asks for the same waits for the one request, and does not end it by going away.
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(token, audience, scopes))
            asking.add_done_callback(lambda done: self._keep(key, done))
        return (await asyncio.shield(asking)).token

    def _keep(self, key: bytes, done: asyncio.Task[Exchanged]) -> None:
        del self._asking[key]
        if done.cancelled() or done.exception() is not None:
            return
        self._kept[key] = done.result()
        self._kept.move_to_end(key)
        while len(self._kept) > self._max:
            self._kept.popitem(last=False)

    async def _ask(self, token: str, audience: str, scopes: frozenset[str]) -> Exchanged:
        form = {
            "grant_type": GRANT,
            "subject_token": token,
            "subject_token_type": ACCESS_TYPE,
            "audience": audience,
            "scope": " ".join(sorted(scopes)),
        }
        try:
            answer = await self._http.post(self._url, data=form)
            said = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ServiceUnavailable(SERVICE, type(error).__name__) from error
        if answer.status_code == 200:
            return self._read(said, scopes)
        raise _refusal(answer.status_code, said, scopes)

    def _read(self, said: Any, scopes: frozenset[str]) -> Exchanged:
        try:
            lasts, token, granted = said["expires_in"], said["access_token"], said.get("scope")
            good = isinstance(token, str) and said["token_type"].lower() == "bearer"
            # Where it says nothing of scopes they are those that were asked for (RFC 6749, 5.1).
            good = good and (granted is None or set(granted.split()) == scopes)
            until = self._clock() + dt.timedelta(seconds=lasts) - SPARE
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ServiceUnavailable(SERVICE, "its answer has another shape") from error
        if not good:
            raise ServiceUnavailable(SERVICE, "it gave another token than was asked for")
        return Exchanged(token, until)


def _refusal(status: int, said: Any, scopes: frozenset[str]) -> Exception:
    """RFC 8693, 2.2.2 says invalid_request for a subject token that does not do; others say invalid_grant."""
    code = said.get("error") if isinstance(said, dict) else None
    if status == 400 and code in ("invalid_request", "invalid_grant"):
        return NotAuthenticated("this login does not count any more; log in again")
    if status == 400 and code == "invalid_scope":
        return ScopeMissing(" ".join(sorted(scopes)))
    return ServiceUnavailable(SERVICE, f"it answered {status} ({code or 'no code'})")
