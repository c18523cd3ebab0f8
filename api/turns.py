"""Turns as tasks: each runs under its conversation's lease and writes to the log, which HTTP only reads."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Protocol

import structlog

from api.limits import Limits
from assistant.acting import Confirmed, Place
from assistant.trail import Trail, recording
from data.errors import CounterfoilError, LeaseLost, Unavailable
from data.facts import DoneEvent, ErrorEvent, Event
from data.party import Login, PartyId
from data.records import Logged, Records, Turn

log = structlog.get_logger(__name__)

Emit = Callable[[Sequence[Event]], Awaitable[None]]

Work = asyncio.Task[str]

POLL_S = 0.25
SETTLE_S = 5.0
BEAT_S = 2.0
KEEP_ALIVE_S = 15.0

STOPPED = ErrorEvent(code="stopped", message="You stopped this answer.")
TOO_SLOW = ErrorEvent(code="too_slow", message="This answer took too long. Please try again, or ask it in a simpler way.")


class Assistant(Protocol):
    async def turn(
        self,
        message: str,
        login: Login,
        memory: str,
        now: datetime,
        emit: Emit,
        place: Place,
        confirmed: Confirmed | None,
    ) -> str:
        """Answer a message: emit events, the last of them a DoneEvent, and return the new memory (JSON text).

        place: where the turn is kept. confirmed: what the customer confirmed by the API, so that the message is only its sign.

        May be cancelled at any await; what it raises ends the turn with an error event.
        """
        ...


class Turns:
    """Runs the turns of this process, and follows the log of any."""

    def __init__(self, records: Records, assistant: Assistant, clock: Callable[[], datetime], limits: Limits) -> None:
        self.records, self.assistant, self.clock, self.limits = records, assistant, clock, limits
        self._running: dict[str, Work] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._bells: dict[str, set[asyncio.Event]] = {}

    async def begin(self, login: Login, conversation: str, message: str, confirmed: Confirmed | None = None) -> Turn:
        """Start answering. confirmed: what the customer has confirmed by the API.

        Raises ConversationBusy, NotFound, or Unavailable when this process has its hands full."""
        if len(self._running) >= self.limits.turns:
            raise Unavailable("too many answers are being worked on; please try again in a moment")
        turn = await asyncio.to_thread(self.records.begin, login.party.id, conversation, message, self.clock())
        trail = Trail(self.records.audit, turn.party, conversation, turn.number)
        # Goes on when the turn is stopped: what is being written must not be written again at the end.
        trail.keep = lambda: asyncio.shield(self._append(turn, trail, ()))
        writer = Writer(partial(self._append, turn, trail))
        work = asyncio.create_task(self._work(turn, login, message, writer, trail, confirmed))
        self._running[conversation] = work
        watch = asyncio.create_task(self._watch(turn, work, writer, trail))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return turn

    async def stop(self, party: PartyId, conversation: str) -> bool:
        """Stop the running turn, here or in another process; false when none runs."""
        asked = await asyncio.to_thread(self.records.stop, party, conversation)
        if asked and conversation in self._running:
            self._running[conversation].cancel()
        return asked

    async def close(self) -> None:
        """Stop every turn of this process and wait until the log says so."""
        for work in self._running.values():
            work.cancel()
        if self._watches:
            await asyncio.wait(self._watches)

    async def follow(
        self, party: PartyId, conversation: str, after: int, turn: int | None = None
    ) -> AsyncIterator[Logged | None]:
        """The events above `after`, as they come, until the turn's last one (None: until no turn runs).

        Gives None when there was nothing to tell for KEEP_ALIVE_S. Raises NotFound once the conversation is deleted.
        """
        loop = asyncio.get_running_loop()
        told_at = settled_at = loop.time()
        with self._listening(conversation) as bell:
            while True:
                bell.clear()
                stretch = await asyncio.to_thread(self.records.events, party, conversation, after)
                for logged in stretch.events:
                    yield logged
                    after, told_at = logged.number, loop.time()
                    if logged.last and logged.turn == turn:
                        return
                if stretch.events:
                    continue
                if not stretch.more:
                    return
                if loop.time() - told_at >= KEEP_ALIVE_S:
                    yield None
                    told_at = loop.time()
                if conversation not in self._running and loop.time() - settled_at >= SETTLE_S:
                    await asyncio.to_thread(self.records.settle, party, conversation, self.clock())
                    settled_at = loop.time()
                # Our own turns ring; those of other processes have to be looked for.
                with suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), KEEP_ALIVE_S if conversation in self._running else POLL_S)

    async def _work(
        self, turn: Turn, login: Login, message: str, writer: Writer, trail: Trail, confirmed: Confirmed | None
    ) -> str:
        memory = await asyncio.to_thread(self.records.memory, turn.party, turn.conversation)
        place = Place(conversation=turn.conversation, turn=turn.number)
        async with asyncio.timeout(self.limits.turn_s):
            with recording(trail):
                return await self.assistant.turn(message, login, memory, self.clock(), writer.emit, place, confirmed)

    async def _append(self, turn: Turn, trail: Trail, events: Sequence[Event]) -> None:
        async with trail.writing:
            notes = trail.waiting()
            await asyncio.to_thread(self.records.append, turn, events, self.clock(), notes)
            trail.written(len(notes))
        self._ring(turn.conversation)

    async def _watch(self, turn: Turn, work: Work, writer: Writer, trail: Trail) -> None:
        """Hold the lease while the work goes on, and write its end whichever way it comes.

        The last events are written together with the memory, the rest of the audit and the end of the lease.
        """
        beat = asyncio.create_task(self._beat(turn, work))
        await asyncio.wait({work})
        beat.cancel()
        events, memory = _ending(work, await writer.close())
        try:
            async with trail.writing:
                await asyncio.to_thread(self.records.end, turn, events, memory, self.clock(), trail.waiting())
        except LeaseLost:
            log.warning("turn lost its lease", conversation=turn.conversation, turn=turn.number)
        finally:
            if self._running.get(turn.conversation) is work:
                del self._running[turn.conversation]
            self._ring(turn.conversation)

    async def _beat(self, turn: Turn, work: Work) -> None:
        wanted = True
        while wanted:
            await asyncio.sleep(BEAT_S)
            try:
                wanted = await asyncio.to_thread(self.records.renew, turn, self.clock())
            except LeaseLost:
                wanted = False
        work.cancel()

    @contextmanager
    def _listening(self, conversation: str) -> Iterator[asyncio.Event]:
        bell = asyncio.Event()
        bells = self._bells.setdefault(conversation, set())
        bells.add(bell)
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells:
                self._bells.pop(conversation, None)

    def _ring(self, conversation: str) -> None:
        for bell in self._bells.get(conversation, ()):
            bell.set()


class Writer:
    """Writes events while the turn goes on: in one transaction all that came during the last one.

    From an event that ends the turn on, nothing is written: that is left for the end.
    """

    def __init__(self, write: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[Event] = []
        self._writing: asyncio.Task[None] | None = None

    async def emit(self, events: Sequence[Event]) -> None:
        """Take events to be written; raises what went wrong with earlier ones."""
        self._waiting += events
        if self._writing is None or self._writing.done():
            if self._writing is not None:
                self._writing.result()
            self._writing = asyncio.create_task(self._drain())

    async def close(self) -> list[Event]:
        """The events that are not written, once nothing is being written any more."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        return self._waiting

    async def _drain(self) -> None:
        while ready := list(takewhile(lambda event: not _ends(event), self._waiting)):
            await self._write(ready)
            # Only now: what could not be written is still there for the end to try again.
            del self._waiting[: len(ready)]


def _ends(event: Event) -> bool:
    return isinstance(event, DoneEvent | ErrorEvent)


def _ending(work: Work, left: Sequence[Event]) -> tuple[list[Event], str | None]:
    """The events that a turn still has to say, the last of which ends it, and what to remember, when its work is over."""
    said = [event for event in left if not _ends(event)]
    if work.cancelled():
        return [*said, STOPPED], None
    error = work.exception()
    if isinstance(error, TimeoutError):
        return [*said, TOO_SLOW], None
    if isinstance(error, CounterfoilError):
        return [*said, ErrorEvent(code=error.code, message=str(error))], None
    if error is not None:
        return [*said, _unexpected(error)], None
    if not left or not _ends(left[-1]):
        return [*said, _unexpected(RuntimeError("the assistant ended a turn without saying so"))], None
    return list(left), work.result()


def _unexpected(error: BaseException) -> ErrorEvent:
    key = uuid.uuid4().hex
    log.error("unexpected error in a turn", id=key, exc_info=error)
    return ErrorEvent(code="error", message=f"Something went wrong on our side. It has been noted as {key}.")
