"""An intent is reserved once, whoever confirms it and how often, and only beside what its party does at the same time."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from connectors.gateway import Gateway
from connectors.policy import Allowed, Decision, Denied, StepUp
from data.actions import ENDED, LASTS, Action, Intent, IntentId, Origin, Payee, Result, State, Value
from data.errors import IntentGone, NotFound
from data.intents import Intents, Velocity
from data.money import Money
from data.party import PASSWORD, AccountId, Grant, GrantSource, Login, Party, PartyId, Role
from data.store import connect
from tests.database import database

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
ANN, BOB = PartyId("ann"), PartyId("bob")
SAM, TAXI = "20000112345678", "20000187654321"
SECOND, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)

GRANT = Grant(party=ANN, account=AccountId("ours"), role=Role.HOLDER, source=GrantSource.SERVICE)
LOGIN = Login(party=Party(id=ANN, name="Ann"), grants=(GRANT,), acr=PASSWORD, authenticated_at=NOW - MINUTE)


def payment(
    name: str, amount: str | None = "25.00", payee: str = SAM, at: dt.datetime = NOW, code: str = "GBP", **more: object
) -> Intent:
    fields = {
        "id": IntentId(name),
        "party": ANN,
        "conversation": f"talk-{name}",
        "turn": 1,
        "action": Action.PAY,
        "account": AccountId("ours"),
        "prepared_at": at,
        "values": (Value(name="amount", shown=str(amount), origin=Origin.CUSTOMER),),
        "amount": None if amount is None else Money.of(amount, code),
        "payee": Payee(name="Sam", scheme="UK.OBIE.SortCodeAccountNumber", identification=payee, beneficiary="b1"),
    }
    return Intent.model_validate(fields | more)


def yes(_velocity: Velocity) -> Decision:
    return Allowed(("of-a-test",))


def no(_velocity: Velocity) -> Decision:
    return Denied(("of-a-test",))


@pytest.fixture
def intents(tmp_path: Path) -> Intents:
    return Intents(connect(database(tmp_path / "test.db")))


def reserved(intents: Intents, intent: Intent, now: dt.datetime = NOW) -> Intent:
    intents.put(intent)
    assert intents.reserve(intent.party, intent.id, intent.digest, now, yes).reserved
    return intent


def state(intents: Intents, intent: Intent) -> State:
    return intents.get(intent.party, intent.id).state


def test_what_is_kept_is_what_was_shown(intents: Intents) -> None:
    shown = payment("a", reference="pizza", fee=Money.of("0.10", "GBP"), on=dt.date(2026, 12, 1), cards=("c1",))
    intents.put(shown)
    assert intents.get(ANN, shown.id) == (shown, State.PREPARED, None)
    assert intents.get(ANN, shown.id).intent.digest == shown.digest


def test_nobody_sees_or_moves_an_intent_of_somebody_else(intents: Intents) -> None:
    shown = payment("a")
    intents.put(shown)
    for act in (
        lambda: intents.get(BOB, shown.id),
        lambda: intents.cancel(BOB, shown.id),
        lambda: intents.reserve(BOB, shown.id, shown.digest, NOW, yes),
    ):
        with pytest.raises(NotFound):
            act()
    assert intents.latest(BOB, shown.conversation) is None
    assert state(intents, shown) is State.PREPARED


def test_a_new_intent_takes_the_place_of_what_waits_in_its_conversation_alone(intents: Intents) -> None:
    first, other, second = payment("a"), payment("b"), payment("c", conversation="talk-a")
    for one in (first, other, second):
        intents.put(one)
    assert intents.get(ANN, first.id) == (first, State.CANCELLED, Result(state=State.CANCELLED, reason="superseded"))
    assert [state(intents, one) for one in (other, second)] == [State.PREPARED] * 2
    latest = intents.latest(ANN, "talk-a")
    assert latest is not None
    assert latest.intent == second


def test_what_was_confirmed_is_not_superseded(intents: Intents) -> None:
    first = reserved(intents, payment("a"))
    intents.put(payment("b", conversation="talk-a"))
    assert state(intents, first) is State.RESERVED


def test_only_an_allowed_confirmation_reserves(intents: Intents) -> None:
    shown = payment("a")
    intents.put(shown)
    told = intents.reserve(ANN, shown.id, shown.digest, NOW, no)
    assert (told.reserved, told.state, told.decision) == (False, State.PREPARED, Denied(("of-a-test",)))
    assert state(intents, shown) is State.PREPARED
    told = intents.reserve(ANN, shown.id, shown.digest, NOW, yes)
    assert (told.reserved, told.state) == (True, State.RESERVED)


def test_a_decision_that_cannot_be_made_reserves_nothing(intents: Intents) -> None:
    def broken(_velocity: Velocity) -> Decision:
        raise ZeroDivisionError

    shown = payment("a")
    intents.put(shown)
    with pytest.raises(ZeroDivisionError):
        intents.reserve(ANN, shown.id, shown.digest, NOW, broken)
    assert state(intents, shown) is State.PREPARED


def test_a_second_confirmation_is_told_what_became_of_the_first(intents: Intents) -> None:
    shown = reserved(intents, payment("a"))

    def again() -> tuple[bool, State, Result | None]:
        told = intents.reserve(ANN, shown.id, shown.digest, NOW + 2 * LASTS, no)
        assert told.decision is None
        return told.reserved, told.state, told.result

    assert again() == (False, State.RESERVED, None)
    intents.sent(shown.id, NOW)
    assert again() == (False, State.SENT, None)
    unknown, failed = Result(state=State.UNKNOWN), Result(state=State.FAILED, reason="no funds")
    intents.settle(shown.id, unknown, NOW)
    assert again() == (False, State.UNKNOWN, unknown)
    intents.settle(shown.id, failed, NOW)
    assert again() == (False, State.FAILED, failed)


def test_what_is_gone_says_why(intents: Intents) -> None:
    late, cancelled, superseded = payment("a"), payment("b"), payment("c")
    for one in (late, cancelled, superseded, payment("d", conversation=superseded.conversation)):
        intents.put(one)
    assert intents.cancel(ANN, cancelled.id) is State.CANCELLED
    for intent, digest, now, why in (
        (late, late.digest.upper(), NOW, "changed"),
        (late, "é", NOW, "changed"),
        (late, late.digest, NOW + LASTS, "expired"),
        (cancelled, cancelled.digest, NOW, "cancelled"),
        (superseded, superseded.digest, NOW, "superseded"),
    ):
        with pytest.raises(IntentGone) as gone:
            intents.reserve(ANN, intent.id, digest, now, yes)
        assert gone.value.reason == why


def test_a_clock_that_goes_back_brings_nothing_back(intents: Intents) -> None:
    shown = payment("a")
    intents.put(shown)
    with pytest.raises(IntentGone, match="expired"):
        intents.reserve(ANN, shown.id, shown.digest, shown.expires_at, yes)
    assert state(intents, shown) is State.EXPIRED
    with pytest.raises(IntentGone, match="expired"):
        intents.reserve(ANN, shown.id, shown.digest, NOW, yes)
    # Nor does it lengthen what nobody has looked at since.
    other = payment("b")
    intents.put(other)
    with pytest.raises(IntentGone, match="expired"):
        intents.reserve(ANN, other.id, other.digest, NOW - HOUR, yes)


def test_the_last_moment_counts_and_the_next_does_not(intents: Intents) -> None:
    in_time, late = payment("a"), payment("b")
    for one in (in_time, late):
        intents.put(one)
    assert intents.reserve(ANN, in_time.id, in_time.digest, in_time.expires_at - dt.timedelta(microseconds=1), yes).reserved
    with pytest.raises(IntentGone):
        intents.reserve(ANN, late.id, late.digest, late.expires_at, yes)


def test_a_cancel_that_comes_too_late_says_so(intents: Intents) -> None:
    shown = reserved(intents, payment("a"))
    assert intents.cancel(ANN, shown.id) is State.RESERVED
    assert state(intents, shown) is State.RESERVED


def test_it_leaves_once_and_its_end_is_final(intents: Intents) -> None:
    shown = reserved(intents, payment("a"))
    assert [intents.sent(shown.id, NOW) for _ in range(3)] == [True, False, False]
    done = Result(state=State.DONE, payment="p1", settles_at=NOW)
    assert intents.settle(shown.id, done, NOW) == done
    assert intents.settle(shown.id, Result(state=State.FAILED), NOW) == done
    assert not intents.sent(shown.id, NOW)
    assert intents.get(ANN, shown.id) == (shown, State.DONE, done)


def test_what_was_never_confirmed_has_no_outcome(intents: Intents) -> None:
    shown = payment("a")
    intents.put(shown)
    assert not intents.sent(shown.id, NOW)
    for id_ in (shown.id, IntentId("invented")):
        with pytest.raises(NotFound):
            intents.settle(id_, Result(state=State.DONE), NOW)
    assert state(intents, shown) is State.PREPARED


def test_what_was_confirmed_does_not_go_back(intents: Intents) -> None:
    shown = reserved(intents, payment("a"))
    for before in (State.PREPARED, State.RESERVED, State.CANCELLED):
        with pytest.raises(ValueError, match=before):
            intents.settle(shown.id, Result(state=before), NOW)
    assert state(intents, shown) is State.RESERVED


def test_what_has_no_known_end_is_read_back(intents: Intents) -> None:
    waits, is_sent, unknown, done = (reserved(intents, payment(name)) for name in "abcd")
    reserved(intents, payment("bobs", party=BOB))
    intents.put(payment("prepared"))
    for one in (is_sent, unknown, done):
        intents.sent(one.id, NOW)
    intents.settle(unknown.id, Result(state=State.UNKNOWN), NOW)
    intents.settle(done.id, Result(state=State.DONE), NOW)
    found = [(kept.intent, kept.state) for kept in intents.unsettled(ANN)]
    assert found == [(waits, State.RESERVED), (is_sent, State.SENT), (unknown, State.UNKNOWN)]


def gbp(minor: int) -> Money:
    return Money(minor=minor, currency="GBP")


def test_what_may_have_moved_is_counted_with_what_is_asked_for(intents: Intents) -> None:
    later = NOW + 3 * HOUR
    reserved(intents, payment("early", "10.00"))
    euros = payment("euros", "5.00", TAXI, at=later, code="EUR")
    own, failed, unknown = (payment(name, "1.00", at=later) for name in ("own", "failed", "unknown"))
    for one in (euros, own, failed, unknown):
        reserved(intents, one, later)
    intents.settle(failed.id, Result(state=State.FAILED), NOW)
    intents.settle(unknown.id, Result(state=State.UNKNOWN), NOW)
    intents.put(payment("waits", "999.00"))
    reserved(intents, payment("freeze", action=Action.FREEZE_CARD, amount=None), NOW)
    reserved(intents, payment("bobs", "77.00", party=BOB))
    asked = payment("asked", "0.50", at=later)
    fives = Money.of("5.00", "EUR")
    expected = Velocity(hour_count=4, day_count=5, day_sums=(fives, gbp(1250)), payee_sums=(gbp(1250),))
    assert intents.velocity(ANN, asked, later) == expected
    intents.put(asked)

    def decide(velocity: Velocity) -> Decision:
        assert velocity == expected
        return yes(velocity)

    assert intents.reserve(ANN, asked.id, asked.digest, later, decide).reserved


def test_windows_end_and_a_clock_that_goes_back_does_not_empty_them(intents: Intents) -> None:
    reserved(intents, payment("a", "10.00"))
    asked = payment("b", "1.00")
    for now, hour, day in (
        (NOW + HOUR - SECOND, 2, 2),
        (NOW + HOUR, 1, 2),
        (NOW + 24 * HOUR - SECOND, 1, 2),
        (NOW + 24 * HOUR, 1, 1),
        (NOW - 48 * HOUR, 2, 2),
    ):
        velocity = intents.velocity(ANN, asked, now)
        assert (velocity.hour_count, velocity.day_count) == (hour, day)


def test_a_payee_is_known_since_it_was_last_added(intents: Intents) -> None:
    assert intents.payee_since(ANN, SAM) is None
    reserved(intents, payment("pays"))
    waits = payment("waits", action=Action.ADD_BENEFICIARY, amount=None)
    intents.put(waits)
    assert intents.payee_since(ANN, SAM) is None
    for name, at in (("first", NOW), ("again", NOW + HOUR)):
        added = reserved(intents, payment(name, action=Action.ADD_BENEFICIARY, amount=None, at=at), at)
        intents.settle(added.id, Result(state=State.DONE), NOW)
        assert intents.payee_since(ANN, SAM) == at
    assert intents.payee_since(ANN, TAXI) is None
    assert intents.payee_since(BOB, SAM) is None


def test_a_party_can_be_erased_and_nobody_else_is(intents: Intents) -> None:
    reserved(intents, payment("a"))
    intents.put(payment("b"))
    theirs = reserved(intents, payment("c", party=BOB))
    assert intents.erase(ANN) == 2
    assert intents.latest(ANN, "talk-a") is None
    assert intents.erase(ANN) == 0
    assert state(intents, theirs) is State.RESERVED


def at_once(number: int, work: Callable[[int], object]) -> list[object]:
    start = threading.Barrier(number)

    def run(place: int) -> object:
        start.wait()
        return work(place)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def test_two_hundred_confirmations_at_once_are_one(tmp_path: Path) -> None:
    url = database(tmp_path / "test.db")
    processes = [Intents(connect(url)) for _ in range(4)]
    shown = payment("a")
    processes[0].put(shown)

    def confirm(place: int) -> State | bool:
        intents = processes[place % len(processes)]
        told = intents.reserve(ANN, shown.id, shown.digest, NOW, yes)
        assert told.state is not State.PREPARED
        return told.reserved and intents.sent(shown.id, NOW)

    assert Counter(at_once(200, confirm)) == {True: 1, False: 199}
    assert state(processes[0], shown) is State.SENT
    for one in processes:
        one.engine.dispose()


def test_many_small_payments_at_once_do_not_pass_a_limit_together(tmp_path: Path) -> None:
    """Each of them is within the limits by itself, and so are all that were reserved, in the end."""
    url = database(tmp_path / "test.db")
    processes = [Intents(connect(url)) for _ in range(4)]
    gateway = Gateway()
    shown = [payment(str(number), "990.00", f"{number:014}") for number in range(60)]
    for one in shown:
        processes[0].put(one)

    def confirm(place: int) -> Decision | None:
        one = shown[place]

        def decide(velocity: Velocity) -> Decision:
            return gateway.weigh(one, LOGIN, NOW, velocity=velocity, risk="low", payee_since=None, confirmed=True)

        return processes[place % len(processes)].reserve(ANN, one.id, one.digest, NOW, decide).decision

    decided = Counter(at_once(60, confirm))
    assert decided[Allowed(("money-moved-by-payers",))] == 10
    assert all(isinstance(one, Allowed) or "daily-sum" in getattr(one, "rules", ()) for one in decided)
    total = processes[0].velocity(ANN, payment("last", "0.01", "0"), NOW)
    assert (total.day_count, total.day_sums) == (11, (gbp(990_001),))
    for process in processes:
        process.engine.dispose()


@pytest.mark.parametrize(
    ("added", "amount", "passed", "said"),
    [
        (None, "90.00", 11, StepUp(("adds-up",), max_age_s=300)),
        (2 * HOUR, "60.00", 4, Denied(("cooling-off",))),
        (24 * HOUR, "60.00", 16, StepUp(("adds-up",), max_age_s=300)),
    ],
)
def test_a_slow_drip_to_one_payee_adds_up(
    intents: Intents, added: dt.timedelta | None, amount: str, passed: int, said: Decision
) -> None:
    gateway, since = Gateway(), None if added is None else NOW - added
    decided: list[Decision | None] = []
    for number in range(passed + 1):
        now = NOW + number * 20 * MINUTE
        one = payment(str(number), amount, at=now)
        intents.put(one)

        def decide(velocity: Velocity, one: Intent = one, now: dt.datetime = now) -> Decision:
            return gateway.weigh(one, LOGIN, now, velocity=velocity, risk="low", payee_since=since, confirmed=True)

        decided.append(intents.reserve(ANN, one.id, one.digest, now, decide).decision)
    assert decided == [Allowed(("money-moved-by-payers",))] * passed + [said]


class AnyOrder(RuleBasedStateMachine):
    """Whatever comes in whatever order, with a clock that jumps: what leaves was said yes to in time, and it leaves once."""

    names = st.sampled_from("ab")

    def __init__(self) -> None:
        super().__init__()
        folder = Path(mkdtemp(prefix="counterfoil-"))
        self.intents = Intents(connect(database(folder / "test.db")))
        self.now, self.number = NOW, 0
        self.shown: dict[str, Intent] = {}
        self.left: Counter[IntentId] = Counter()
        self.confirmed: set[IntentId] = set()
        self.ended: dict[IntentId, tuple[State, Result | None]] = {}

    @rule(minutes=st.sampled_from([-60, 1, 5]))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(talk=names)
    def ask(self, talk: str) -> None:
        self.number += 1
        self.shown[talk] = payment(str(self.number), conversation=talk, at=self.now)
        self.intents.put(self.shown[talk])

    @rule(talk=names, right=st.booleans(), allowed=st.booleans())
    def confirm(self, talk: str, right: bool, allowed: bool) -> None:
        one = self.shown.get(talk)
        if one is None:
            return
        in_time = one.prepared_at - LASTS < self.now < one.expires_at
        was = state(self.intents, one)
        try:
            told = self.intents.reserve(ANN, one.id, one.digest if right else "0", self.now, yes if allowed else no)
        except IntentGone:
            assert not (right and in_time and was is State.PREPARED)
            return
        assert right
        assert told.reserved == (allowed and in_time and was is State.PREPARED)
        if told.reserved:
            assert one.id not in self.confirmed
            self.confirmed.add(one.id)
            self.left[one.id] += self.intents.sent(one.id, NOW)

    @rule(talk=names)
    def cancel(self, talk: str) -> None:
        if talk in self.shown:
            self.intents.cancel(ANN, self.shown[talk].id)

    @rule(talk=names)
    def send_again(self, talk: str) -> None:
        if talk in self.shown:
            self.left[self.shown[talk].id] += self.intents.sent(self.shown[talk].id, NOW)

    @rule(talk=names, end=st.sampled_from([State.DONE, State.FAILED, State.UNKNOWN]))
    def settle(self, talk: str, end: State) -> None:
        one = self.shown.get(talk)
        if one is not None and one.id in self.confirmed:
            self.intents.settle(one.id, Result(state=end, reason=str(self.number)), NOW)

    @invariant()
    def what_left_was_confirmed_and_left_once(self) -> None:
        assert all(times <= int(id_ in self.confirmed) for id_, times in self.left.items())

    @invariant()
    def what_has_ended_stays(self) -> None:
        for one in self.shown.values():
            kept = self.intents.get(ANN, one.id)
            assert kept.intent == one
            if kept.state in ENDED:
                assert self.ended.setdefault(one.id, kept[1:]) == kept[1:]
            assert one.id not in self.ended or kept.state in ENDED

    def teardown(self) -> None:
        self.intents.engine.dispose()


AnyOrder.TestCase.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
TestAnyOrder = AnyOrder.TestCase
