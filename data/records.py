"""The records: conversations, the lease of a running turn, and the log of its events."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from pydantic import AwareDatetime, TypeAdapter
from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, delete, insert, select, update
from sqlmodel import SQLModel

from data.audit import Audit, Kind, Note, notes_of
from data.errors import ConversationBusy, LeaseLost, NotFound
from data.facts import DoneEvent, ErrorEvent, Event, Fact, FactEvent, FeedbackEvent, Scope, ToolEvent
from data.party import Frozen, PartyId
from data.tables import ConversationRow, EventRow, TurnRow

conversation_t, turn_t, event_t = (
    SQLModel.metadata.tables[model.__tablename__] for model in (ConversationRow, TurnRow, EventRow)
)

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
TITLE = 80
ABANDONED = ErrorEvent(code="abandoned", message="This answer was cut off. Please ask again.")


class Conversation(Frozen):
    """`title` begins the first message and is empty before it; `turns` counts the messages."""

    id: str
    created_at: AwareDatetime
    title: str = ""
    turns: int = 0


class Turn(Frozen):
    """A running turn: whoever holds this may add to the log. `after` is the last event before it."""

    party: PartyId
    conversation: str
    number: int
    after: int
    lease: str


class Logged(Frozen):
    """An event as the log has it. Events are numbered from 1 in their conversation, without gaps."""

    number: int
    turn: int
    event: Event

    @property
    def last(self) -> bool:
        """Whether its turn ends with this event."""
        return isinstance(self.event, DoneEvent | ErrorEvent)


class Log(Frozen):
    """A stretch of the log, and whether more may come after it."""

    events: tuple[Logged, ...]
    more: bool


class Told(Frozen):
    """A turn as the history shows it."""

    number: int
    message: str
    asked_at: AwareDatetime
    ended: bool
    events: tuple[Logged, ...]


class Stub(Frozen):
    """What stands behind a figure: its fact, the scope it was computed for, and the facts in its formula."""

    fact: Fact
    scope: Scope
    inputs: tuple[Fact, ...] = ()


class Records:
    """Every function names the party and knows no conversation of anybody else: it raises NotFound.

    audit: what is put on record in the same transaction as the log of a turn; None keeps no record.
    Blocking: call it from a worker thread when an event loop is running.
    """

    def __init__(self, engine: Engine, lease_s: float = 30.0, audit: Audit | None = None) -> None:
        self.engine, self.lease, self.audit = engine, dt.timedelta(seconds=lease_s), audit

    # Conversations

    def create(self, party: PartyId, now: dt.datetime) -> Conversation:
        made = Conversation(id=uuid.uuid4().hex, created_at=now)
        row = ConversationRow(**made.model_dump(), party_id=party)
        with self.engine.begin() as connection:
            connection.execute(insert(conversation_t).values(**row.model_dump()))
        return made

    def conversations(self, party: PartyId, limit: int = 50) -> tuple[Conversation, ...]:
        """The party's conversations, newest first."""
        mine = select(conversation_t).where(conversation_t.c.party_id == party)
        with self.engine.connect() as connection:
            rows = connection.execute(mine.order_by(conversation_t.c.created_at.desc()).limit(limit)).mappings()
            return tuple(_conversation(row) for row in rows)

    def get(self, party: PartyId, conversation: str) -> Conversation:
        with self.engine.connect() as connection:
            return _conversation(self._row(connection, party, conversation))

    def delete(self, party: PartyId, conversation: str) -> None:
        """Forget a conversation with its turns and events; its audit stays. A turn that runs in it loses its lease."""
        with self.engine.begin() as connection:
            if connection.execute(delete(conversation_t).where(*_own(party, conversation))).rowcount == 0:
                raise NotFound("conversation", conversation)
            for table in (turn_t, event_t):
                connection.execute(delete(table).where(table.c.conversation_id == conversation))

    def memory(self, party: PartyId, conversation: str) -> str:
        """What the assistant remembers of the conversation: JSON of its own, "{}" at first."""
        with self.engine.connect() as connection:
            return str(self._row(connection, party, conversation)["memory"])

    # A turn

    def begin(self, party: PartyId, conversation: str, message: str, now: dt.datetime) -> Turn:
        """Take the conversation's lease and write the message down.

        A lease that has run out may be taken over: its turn is told to have been cut off. Raises
        ConversationBusy while another turn holds a live one.
        """
        # PostgreSQL has no place for this character, and nobody types it.
        message = message.replace("\0", "")
        lease = uuid.uuid4().hex
        free = (conversation_t.c.lease_until.is_(None)) | (conversation_t.c.lease_until <= now)
        with self.engine.begin() as connection:
            taken = connection.execute(
                update(conversation_t)
                .where(*_own(party, conversation), free)
                .values(lease=lease, lease_until=now + self.lease, turns=conversation_t.c.turns + 1)
                .returning(conversation_t.c.turns, conversation_t.c.title)
            ).first()
            if taken is None:
                self._row(connection, party, conversation)
                raise ConversationBusy("an answer is still being worked on in this conversation")
            if not taken.title:
                titled = update(conversation_t).where(*_own(party, conversation))
                connection.execute(titled.values(title=" ".join(message.split())[:TITLE]))
            after = self._cut_off(connection, party, conversation, now)
            row = TurnRow(conversation_id=conversation, number=taken.turns, message=message, asked_at=now)
            row.audited = self.audit is not None
            connection.execute(insert(turn_t).values(**row.model_dump()))
            if self.audit is not None:
                begun = Note(Kind.BEGUN, {"made": self.audit.made}, {"message": message})
                self.audit.add(connection, party, conversation, taken.turns, [begun], now)
        return Turn(party=party, conversation=conversation, number=taken.turns, after=after, lease=lease)

    def append(self, turn: Turn, events: Sequence[Event], now: dt.datetime, notes: Sequence[Note] = ()) -> int:
        """Add events to the log, and notes to the audit, and renew the lease; returns the number of the last event.

        Raises LeaseLost when the lease ran out and was taken, or the conversation was deleted.
        """
        with self.engine.begin() as connection:
            number = self._write(connection, turn, events, now + self.lease)
            self._record(connection, turn, events, notes, now)
        return number

    def end(self, turn: Turn, events: Sequence[Event], memory: str | None, now: dt.datetime, notes: Sequence[Note] = ()) -> int:
        """Add a turn's last events and let the lease go, in one: who has read them may ask at once.

        memory: what the assistant remembers from here on; None leaves it as it was.
        """
        with self.engine.begin() as connection:
            number = self._write(connection, turn, events, now)
            self._record(connection, turn, events, notes, now)
            free: dict[str, Any] = {"lease": None, "lease_until": None}
            if memory is not None:
                free["memory"] = memory
            connection.execute(update(conversation_t).where(*_own(turn.party, turn.conversation)).values(**free))
            connection.execute(update(turn_t).where(*_numbered(turn)).values(ended=True))
        return number

    def renew(self, turn: Turn, now: dt.datetime) -> bool:
        """Hold the lease for longer; false when somebody has asked the turn to stop."""
        with self.engine.begin() as connection:
            self._write(connection, turn, (), now + self.lease)
            return not connection.scalar(select(turn_t.c.stopping).where(*_numbered(turn)))

    def stop(self, party: PartyId, conversation: str) -> bool:
        """Ask the running turn to stop, wherever it runs; false when none does."""
        with self.engine.begin() as connection:
            self._row(connection, party, conversation)
            running = update(turn_t).where(turn_t.c.conversation_id == conversation, turn_t.c.ended.is_(False))
            return connection.execute(running.values(stopping=True)).rowcount > 0

    def settle(self, party: PartyId, conversation: str, now: dt.datetime) -> None:
        """End a turn whose lease ran out, because the process that ran it is gone."""
        out = conversation_t.c.lease_until <= now
        with self.engine.begin() as connection:
            freed = update(conversation_t).where(*_own(party, conversation), out).values(lease=None, lease_until=None)
            if connection.execute(freed).rowcount:
                self._cut_off(connection, party, conversation, now)

    def feedback(self, party: PartyId, conversation: str, turn: int, said: FeedbackEvent) -> None:
        """Write down what the customer thought of an answer. Raises NotFound for no such turn, ConversationBusy while it runs."""
        with self.engine.begin() as connection:
            self._row(connection, party, conversation)
            one = (turn_t.c.conversation_id == conversation, turn_t.c.number == turn)
            ended = connection.scalar(select(turn_t.c.ended).where(*one))
            if ended is None:
                raise NotFound("turn", str(turn))
            if not ended:
                raise ConversationBusy("this answer is still being worked on")
            moved = update(conversation_t).where(*_own(party, conversation)).values(events=conversation_t.c.events + 1)
            number = int(connection.scalar(moved.returning(conversation_t.c.events)) or 0)
            _insert(connection, conversation, turn, number - 1, (said,))

    # Reading

    def parties(self) -> tuple[PartyId, ...]:
        """Everybody who has a conversation: for the bank's own review, never for an answer."""
        with self.engine.connect() as connection:
            found = connection.scalars(select(conversation_t.c.party_id).distinct().order_by(conversation_t.c.party_id))
            return tuple(PartyId(party) for party in found)

    def events(self, party: PartyId, conversation: str, after: int = 0, limit: int = 500) -> Log:
        """The events numbered above `after`, in order."""
        mine = event_t.c.conversation_id == conversation
        with self.engine.connect() as connection:
            # Read before the events: a turn that ends in between has all of them in the log.
            running = self._row(connection, party, conversation)["lease"] is not None
            query = select(event_t).where(mine, event_t.c.number > after).order_by(event_t.c.number).limit(limit)
            events = tuple(_logged(row) for row in connection.execute(query).mappings())
        return Log(events=events, more=running or len(events) == limit)

    def turns(self, party: PartyId, conversation: str, before: int | None = None, limit: int = 50) -> tuple[Told, ...]:
        """The newest turns, or the newest before a number, in the order they were asked."""
        query = select(turn_t).where(turn_t.c.conversation_id == conversation)
        if before is not None:
            query = query.where(turn_t.c.number < before)
        with self.engine.connect() as connection:
            self._row(connection, party, conversation)
            rows = connection.execute(query.order_by(turn_t.c.number.desc()).limit(limit)).mappings().all()[::-1]
            first = rows[0]["number"] if rows else 0
            log = select(event_t).where(event_t.c.conversation_id == conversation, event_t.c.turn >= first)
            told: dict[int, list[Logged]] = {row["number"]: [] for row in rows}
            for row in connection.execute(log.order_by(event_t.c.number)).mappings():
                if row["turn"] in told:
                    told[row["turn"]].append(_logged(row))
        fields = ("number", "message", "asked_at", "ended")
        return tuple(Told(**{name: row[name] for name in fields}, events=tuple(told[row["number"]])) for row in rows)

    def stub(self, party: PartyId, conversation: str, turn: int, ref: str) -> Stub:
        """What stands behind a figure of a turn; raises NotFound for a turn or a ref that is not there."""
        query = select(event_t).where(
            event_t.c.conversation_id == conversation, event_t.c.turn == turn, event_t.c.type.in_(("fact", "tool", "done"))
        )
        with self.engine.connect() as connection:
            self._row(connection, party, conversation)
            events = [_logged(row).event for row in connection.execute(query.order_by(event_t.c.number)).mappings()]
        facts = {event.fact.ref: event.fact for event in events if isinstance(event, FactEvent)}
        if ref not in facts:
            raise NotFound("figure", ref)
        fact = facts[ref]
        inputs = tuple(facts[i] for i in fact.evidence if i in facts) if fact.formula is not None else ()
        return Stub(fact=fact, scope=_scope(events, ref), inputs=inputs)

    # Within a transaction

    def _row(self, connection: Connection, party: PartyId, conversation: str) -> RowMapping:
        row = connection.execute(select(conversation_t).where(*_own(party, conversation))).mappings().first()
        if row is None:
            raise NotFound("conversation", conversation)
        return row

    def _write(self, connection: Connection, turn: Turn, events: Sequence[Event], until: dt.datetime) -> int:
        """The counter is moved first: that proves the lease and lets only one writer at a time go on."""
        held = (*_own(turn.party, turn.conversation), conversation_t.c.lease == turn.lease)
        moved = {"events": conversation_t.c.events + len(events), "lease_until": until}
        query = update(conversation_t).where(*held).values(**moved).returning(conversation_t.c.events)
        last = connection.scalar(query)
        if last is None:
            raise LeaseLost("the turn is no longer the one that answers here")
        _insert(connection, turn.conversation, turn.number, last - len(events), events)
        return int(last)

    def _record(
        self, connection: Connection, turn: Turn, events: Sequence[Event], notes: Sequence[Note], now: dt.datetime
    ) -> None:
        if self.audit is not None:
            self.audit.add(connection, turn.party, turn.conversation, turn.number, [*notes, *notes_of(events)], now)

    def _cut_off(self, connection: Connection, party: PartyId, conversation: str, now: dt.datetime) -> int:
        """Tell of turns that never ended; returns the number of the log's last event."""
        open_turns = (turn_t.c.conversation_id == conversation, turn_t.c.ended.is_(False))
        number = int(self._row(connection, party, conversation)["events"])
        lost = connection.scalars(select(turn_t.c.number).where(*open_turns)).all()
        if not lost:
            return number
        for turn in lost:
            _insert(connection, conversation, turn, number, (ABANDONED,))
            if self.audit is not None:
                self.audit.add(connection, party, conversation, turn, notes_of((ABANDONED,)), now)
            number += 1
        connection.execute(update(conversation_t).where(*_own(party, conversation)).values(events=number))
        connection.execute(update(turn_t).where(*open_turns).values(ended=True))
        return number


def _own(party: PartyId, conversation: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return conversation_t.c.id == conversation, conversation_t.c.party_id == party


def _numbered(turn: Turn) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return turn_t.c.conversation_id == turn.conversation, turn_t.c.number == turn.number


def _conversation(row: RowMapping) -> Conversation:
    return Conversation(**{name: row[name] for name in Conversation.model_fields})


def _logged(row: RowMapping) -> Logged:
    return Logged(number=row["number"], turn=row["turn"], event=EVENT.validate_json(row["payload"]))


def _insert(connection: Connection, conversation: str, turn: int, after: int, events: Sequence[Event]) -> None:
    rows = [
        {"conversation_id": conversation, "number": number, "turn": turn, "type": event.type}
        | {"payload": event.model_dump_json()}
        for number, event in enumerate(events, start=after + 1)
    ]
    if rows:
        connection.execute(insert(event_t), rows)


def _scope(events: Sequence[Event], ref: str) -> Scope:
    """The scope of the tool that gave the fact: the last one named before it, else the answer's."""
    scope = next((event.scope for event in events if isinstance(event, DoneEvent)), Scope())
    for event in events:
        if isinstance(event, ToolEvent):
            scope = event.scope
        elif isinstance(event, FactEvent) and event.fact.ref == ref:
            break
    return scope
