"""What customers asked to be done, and what became of it: an intent is reserved once, and counts against limits from then on."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection, Engine, RowMapping, bindparam, case, delete, func, insert, select, update
from sqlmodel import SQLModel

from data.actions import LASTS, MOVES_MONEY, Action, Intent, IntentId, Result, State
from data.audit import Audit, Kind, Note
from data.errors import IntentGone, NotFound
from data.money import Money
from data.party import Frozen, PartyId
from data.store import lock
from data.tables import IntentRow

intent_t = SQLModel.metadata.tables[IntentRow.__tablename__]

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# What may have moved money counts, also where nobody knows yet.
COUNTS = (State.RESERVED, State.SENT, State.DONE, State.UNKNOWN)
OPEN = (State.RESERVED, State.SENT, State.UNKNOWN)
OUTCOMES = (State.DONE, State.FAILED, State.UNKNOWN)
# Asked in every turn, so it is put together once.
_UNSETTLED = (
    select(intent_t).where(intent_t.c.party_id == bindparam("party"), intent_t.c.state.in_(OPEN)).order_by(intent_t.c.number)
)


class Velocity(Frozen):
    """How much money a party moves within the hour and the day (24 hours) before a moment, an intent among it.

    Counts are over all currencies, sums are one for each. payee_sums: of what goes to the intent's payee within the day.
    """

    hour_count: int
    day_count: int
    day_sums: tuple[Money, ...]
    payee_sums: tuple[Money, ...]


class Verdict(Protocol):
    """A decision of the policy's, as far as it is asked here. rules: the ids of those that it comes from."""

    @property
    def allowed(self) -> bool: ...

    @property
    def rules(self) -> tuple[str, ...]: ...


D = TypeVar("D", bound=Verdict)


class Kept(NamedTuple):
    """An intent and what has become of it; result: None until something has. Of what never left, its reason says why."""

    intent: Intent
    state: State
    result: Result | None


@dataclass(frozen=True)
class Reservation(Generic[D]):
    """What a confirmation came to. decision: what was decided about it; None for an intent that was confirmed before.

    state, result: of the intent now: RESERVED if it was allowed just now, PREPARED still if it was not.
    """

    intent: Intent
    state: State
    result: Result | None
    decision: D | None

    @property
    def reserved(self) -> bool:
        """Whether this very confirmation reserved it, so that whoever gave it is the one to send it."""
        return self.decision is not None and self.decision.allowed


class Intents:
    """States only go forward, each in one step that finds the state before it; one that has ended never changes.

    Who may see an intent is its party: of anybody else's, it raises NotFound. `sent` and `settle` are
    not for customers. Blocking: call it from a worker thread when an event loop is running.

    audit: what is reserved, sent and settled is put on record in it, in the transaction that does it, as of the conversation's
    last turn there; None, or an intent of no conversation, leaves no record.
    """

    def __init__(self, engine: Engine, audit: Audit | None = None) -> None:
        self.engine, self.audit = engine, audit

    # What is shown

    def put(self, intent: Intent) -> None:
        """Keep an intent as PREPARED, in place of what else waits for a yes in its conversation."""
        waiting = (intent_t.c.party_id == intent.party, intent_t.c.conversation_id == intent.conversation)
        with self.engine.begin() as connection:
            lock(connection, [intent.party])
            for id_ in connection.scalars(select(intent_t.c.id).where(*waiting, intent_t.c.state == State.PREPARED)).all():
                _end(connection, IntentId(id_), State.CANCELLED, "superseded")
            connection.execute(insert(intent_t).values(**_row(intent)))

    def get(self, party: PartyId, intent: IntentId) -> Kept:
        with self.engine.connect() as connection:
            return _kept(_own(connection, party, intent))

    def latest(self, party: PartyId, conversation: str) -> Kept | None:
        """The newest intent of a conversation, whatever has become of it."""
        mine = (intent_t.c.party_id == party, intent_t.c.conversation_id == conversation)
        query = select(intent_t).where(*mine).order_by(intent_t.c.number.desc()).limit(1)
        with self.engine.connect() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else _kept(row)

    def confirmed(self, party: PartyId, conversation: str, after: IntentId | None) -> tuple[Kept, ...]:
        """What was shown in a conversation after an intent (None: at any time) and has been confirmed, oldest first."""
        mine = (intent_t.c.party_id == party, intent_t.c.conversation_id == conversation)
        query = select(intent_t).where(*mine, intent_t.c.state.in_((*COUNTS, State.FAILED)))
        if after is not None:
            query = query.where(intent_t.c.number > select(intent_t.c.number).where(intent_t.c.id == after).scalar_subquery())
        with self.engine.connect() as connection:
            return tuple(_kept(row) for row in connection.execute(query.order_by(intent_t.c.number)).mappings())

    def cancel(self, party: PartyId, intent: IntentId) -> State:
        """Take back what was not confirmed yet. Returns the state it is in: not CANCELLED where that came too late."""
        with self.engine.begin() as connection:
            lock(connection, [party])
            _own(connection, party, intent)
            _end(connection, intent, State.CANCELLED, "cancelled")
            return State(_own(connection, party, intent)["state"])

    def velocity(self, party: PartyId, intent: Intent, now: dt.datetime) -> Velocity:
        """What would be counted if the intent were reserved at `now`; `reserve` counts again."""
        with self.engine.connect() as connection:
            return _velocity(connection, party, intent, now)

    def payee_since(self, party: PartyId, identification: str) -> dt.datetime | None:
        """When the party last added this payee through us; None where it did not."""
        added = (intent_t.c.party_id == party, intent_t.c.payee == identification)
        done = (intent_t.c.action == Action.ADD_BENEFICIARY, intent_t.c.state.in_(COUNTS))
        with self.engine.connect() as connection:
            return connection.scalar(select(intent_t.c.reserved_at).where(*added, *done).order_by(intent_t.c.reserved_at.desc()))

    # What is confirmed

    def reserve(
        self, party: PartyId, intent: IntentId, digest: str, now: dt.datetime, decide: Callable[[Velocity], D]
    ) -> Reservation[D]:
        """Take a confirmation of what has this digest: once, and only if it is allowed beside all that the party does at once.

        decide: what the policy says, given what was counted in the transaction that reserves; nobody reserves for this party
        meanwhile. An intent that was confirmed before is not decided about again: what has become of it is told.
        Raises IntentGone for one that has expired, was cancelled or superseded, or that is not what was confirmed.
        """
        with self.engine.begin() as connection:
            lock(connection, [party])
            row = _own(connection, party, intent)
            if not hmac.compare_digest(row["digest"].encode(), digest.encode()):
                raise IntentGone("changed")
            kept = _kept(row)
            in_time = kept.intent.prepared_at - LASTS < now < kept.intent.expires_at
            if kept.state is State.PREPARED and in_time:
                decision = decide(_velocity(connection, party, kept.intent, now))
                if not decision.allowed:
                    return Reservation(*kept, decision)
                _move(connection, intent, (State.PREPARED,), state=State.RESERVED, reserved_at=now)
                self._record(connection, kept.intent, Kind.RESERVED, {"rules": list(decision.rules)}, None, now)
                return Reservation(kept.intent, State.RESERVED, None, decision)
            if kept.state is State.PREPARED:
                # Written down, so that a clock that goes back does not bring it back.
                _end(connection, intent, State.EXPIRED, "expired")
        if kept.state not in COUNTS and kept.state is not State.FAILED:
            raise IntentGone(kept.result.reason if kept.result else "expired")
        return Reservation(*kept, None)

    # What is done

    def sent(self, intent: IntentId, now: dt.datetime) -> bool:
        """Say that it leaves for the service, before it does. False where it has left already or has ended: then do not send."""
        with self.engine.begin() as connection:
            moved = _move(connection, intent, (State.RESERVED,), state=State.SENT)
            if moved:
                row = connection.execute(select(intent_t).where(intent_t.c.id == intent)).mappings().one()
                self._record(connection, _kept(row).intent, Kind.SENT, {}, None, now)
        return moved

    def settle(self, intent: IntentId, result: Result, now: dt.datetime) -> Result:
        """Write down what became of it: DONE, FAILED or UNKNOWN. Returns the result that stands, which may be an earlier end.

        Raises NotFound for an intent that is not there, or that was never confirmed.
        """
        if result.state not in OUTCOMES:
            raise ValueError(f"{result.state} is not what becomes of an intent that was confirmed")
        with self.engine.begin() as connection:
            moved = _move(connection, intent, OPEN, state=result.state, result=result.model_dump_json())
            row = connection.execute(select(intent_t).where(intent_t.c.id == intent)).mappings().first()
            if row is not None and moved:
                self._record(connection, _kept(row).intent, Kind.SETTLED, {"state": result.state.value}, result, now)
        stands = None if row is None else _kept(row).result
        if stands is None:
            raise NotFound("intent", intent)
        return stands

    def _record(
        self, on: Connection, intent: Intent, kind: Kind, plain: Mapping[str, object], sealed: Result | None, now: dt.datetime
    ) -> None:
        if self.audit is not None and intent.conversation:
            note = Note(kind, {"intent": intent.digest, "action": intent.action.value, **plain}, sealed)
            self.audit.add(on, intent.party, intent.conversation, None, [note], now)

    def unsettled(self, party: PartyId) -> tuple[Kept, ...]:
        """A party's intents that were confirmed and have no known end, oldest first: to be read back."""
        with self.engine.connect() as connection:
            return tuple(_kept(row) for row in connection.execute(_UNSETTLED, {"party": party}).mappings())

    def erase(self, party: PartyId) -> int:
        """Delete all intents of a party; returns how many there were."""
        with self.engine.begin() as connection:
            lock(connection, [party])
            return connection.execute(delete(intent_t).where(intent_t.c.party_id == party)).rowcount


def _own(connection: Connection, party: PartyId, intent: IntentId) -> RowMapping:
    mine = (intent_t.c.id == intent, intent_t.c.party_id == party)
    row = connection.execute(select(intent_t).where(*mine)).mappings().first()
    if row is None:
        raise NotFound("intent", intent)
    return row


def _move(connection: Connection, intent: IntentId, before: tuple[State, ...], **values: object) -> bool:
    """From one of some states into another; false where it was in none of them."""
    found = update(intent_t).where(intent_t.c.id == intent, intent_t.c.state.in_(before))
    return connection.execute(found.values(**values)).rowcount == 1


def _end(connection: Connection, intent: IntentId, state: State, reason: str) -> None:
    """End what was never confirmed, and say why."""
    result = Result(state=state, reason=reason).model_dump_json()
    _move(connection, intent, (State.PREPARED,), state=state, result=result)


def _velocity(connection: Connection, party: PartyId, intent: Intent, now: dt.datetime) -> Velocity:
    payee = None if intent.payee is None else intent.payee.identification
    lately = intent_t.c.reserved_at > now - HOUR
    query = (
        select(
            intent_t.c.currency,
            func.count().label("day"),
            func.sum(case((lately, 1), else_=0)).label("hour"),
            func.sum(intent_t.c.amount_minor).label("total"),
            func.sum(case((intent_t.c.payee == payee, intent_t.c.amount_minor), else_=0)).label("payee"),
        )
        # Without an end: what a clock that has gone back since has reserved counts too.
        .where(intent_t.c.party_id == party, intent_t.c.state.in_(COUNTS), intent_t.c.reserved_at > now - DAY)
        .where(intent_t.c.action.in_(MOVES_MONEY), intent_t.c.currency.is_not(None))
        .group_by(intent_t.c.currency)
    )
    rows = connection.execute(query).all()
    sums = {row.currency: (int(row.total), int(row.payee)) for row in rows}
    this = int(intent.action in MOVES_MONEY)
    if intent.amount is not None and this:
        total, to_payee = sums.get(intent.amount.currency, (0, 0))
        sums[intent.amount.currency] = (total + intent.amount.minor, to_payee + intent.amount.minor)
    return Velocity(
        hour_count=sum(int(row.hour) for row in rows) + this,
        day_count=sum(row.day for row in rows) + this,
        day_sums=tuple(Money(minor=total, currency=code) for code, (total, _) in sorted(sums.items())),
        payee_sums=tuple(Money(minor=to_payee, currency=code) for code, (_, to_payee) in sorted(sums.items()) if to_payee),
    )


def _row(intent: Intent) -> dict[str, object]:
    row = IntentRow(
        id=intent.id,
        party_id=intent.party,
        conversation_id=intent.conversation,
        state=State.PREPARED,
        action=intent.action,
        digest=intent.digest,
        currency=intent.amount.currency if intent.amount else None,
        amount_minor=intent.amount.minor if intent.amount else None,
        payee=intent.payee.identification if intent.payee else None,
        payload=intent.model_dump_json(),
    )
    return row.model_dump(exclude={"number"})


def _kept(row: RowMapping) -> Kept:
    result = None if row["result"] is None else Result.model_validate_json(row["result"])
    return Kept(Intent.model_validate_json(row["payload"]), State(row["state"]), result)
