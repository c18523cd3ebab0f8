"""Bounds on what one customer, or one request, may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.errors import TooMany
from data.party import PartyId


@dataclass(frozen=True)
class Limits:
    """burst: messages that a party may send at once; per_minute: how fast they come back.

    turns: answers that one process works on at a time; turn_s: how long one may take.
    """

    burst: int = 12
    per_minute: float = 30.0
    turns: int = 64
    turn_s: float = 120.0
    body_bytes: int = 32_768
    message_chars: int = 2_000


class Allowance:
    """A token bucket per party, in memory: each process counts for itself."""

    KEPT = 10_000

    def __init__(self, burst: int, per_minute: float, clock: Callable[[], datetime]) -> None:
        self.burst, self.per_s, self.clock = burst, per_minute / 60, clock
        self._left: dict[PartyId, tuple[float, float]] = {}

    def take(self, party: PartyId) -> None:
        """Count one message; raises TooMany, with the time until the next one may come."""
        now = self.clock().timestamp()
        left, at = self._left.pop(party, (float(self.burst), now))
        left = min(float(self.burst), left + max(0.0, now - at) * self.per_s)
        enough = left >= 1
        # Put back last: the first of the dictionary is then whoever was quiet for longest.
        self._left[party] = (left - enough, now)
        if len(self._left) > self.KEPT:
            del self._left[next(iter(self._left))]
        if not enough:
            raise TooMany("messages", (1 - left) / self.per_s)


class BodyLimit:
    """Stops reading a request that is larger than anything we take, whatever its headers claim."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.limit:
                raise HTTPException(413)
            return message

        await self.app(scope, bounded if scope["type"] == "http" else receive, send)
