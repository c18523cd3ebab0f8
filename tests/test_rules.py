"""What may be done: for each rule where it speaks and where it does not, and that nothing is allowed for not being known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

import pytest
from cedarpy import PolicySet, pst
from hypothesis import given
from hypothesis import strategies as st

from connectors.gateway import Decided, Gateway
from connectors.policy import (
    LONG_AGO_H,
    Allowed,
    Confirmation,
    Decision,
    Denied,
    Policies,
    Rule,
    StepUp,
    acting,
    installed,
    pence,
)
from data.actions import Action, Intent, IntentId, NameCheck, Origin, Payee, Value
from data.intents import Velocity
from data.money import Money
from data.party import PASSWORD, STRONG, AccountId, Grant, GrantSource, Login, Party, PartyId, Role

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
ANN, BOB = PartyId("ann"), PartyId("bob")
OURS, POT, THEIRS = AccountId("ours"), AccountId("pot"), AccountId("theirs")

READS = {"role": "holder", "current": True}
WEAK = {**READS, "acr": "password", "login_age_s": 4000, "confirmed": True, "origins": ["bank", "beneficiary", "customer"]}
FRESH = {"acr": "strong", "login_age_s": 300}
MOVED = {"amount_pence": 2500, "hour_count": 1, "day_count": 1, "day_sum_pence": 2500, "payee_sum_pence": 2500, "risk": "low"}
SAVED = {**WEAK, **MOVED, "payee": "saved", "payee_age_h": 24}
NEW = {**SAVED, **FRESH, "payee": "new", "name_check": "match"}
OWN = {**WEAK, **MOVED, "payee": "own"}
ADDED = {**WEAK, **FRESH, "payee": "new", "name_check": "match"}
STOPS = {**READS, "acr": "", "confirmed": False, "origins": ["bank"]}
STARTS = {**WEAK, "origins": ["bank"]}
# Whatever an action needs to be known, and then it is allowed.
ENOUGH: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("Pay", SAVED),
    ("Pay", NEW),
    ("Transfer", OWN),
    ("AddBeneficiary", ADDED),
    ("FreezeCard", STOPS),
    ("UnfreezeCard", STARTS),
    ("ReplaceCard", STARTS),
)


class Gone(Enum):
    """A value that is taken out; one with a name, so that a test is called the same in every process."""

    GONE = "gone"


GONE = Gone.GONE


class Case(NamedTuple):
    """With a change to what is enough, one rule decides: what it says, and nothing else says anything."""

    rule: str
    action: str
    enough: Mapping[str, object]
    change: Mapping[str, object]
    said: type[Decision]

    @property
    def context(self) -> dict[str, object]:
        return {name: value for name, value in {**self.enough, **self.change}.items() if value is not GONE}


def cases(
    said: type[Decision], rule: str, actions: Mapping[str, Mapping[str, object]], *changes: Mapping[str, object]
) -> list[Case]:
    return [Case(rule, action, enough, change, said) for action, enough in actions.items() for change in changes]


PAY, MOVES = {"Pay": SAVED}, {"Pay": SAVED, "Transfer": OWN}
ADDS, FREEZES, CARDS = {"AddBeneficiary": ADDED}, {"FreezeCard": STOPS}, {"UnfreezeCard": STARTS, "ReplaceCard": STARTS}
# A little less than a login that has just been proved strongly.
STALE: tuple[Mapping[str, object], ...] = (
    {"login_age_s": 301},
    {"login_age_s": GONE},
    {"acr": "password"},
    {"acr": ""},
    {"acr": "STRONG"},
)
UNVOUCHED: tuple[Mapping[str, object], ...] = (
    {"origins": ["customer", "data"]},
    {"origins": []},
    {"origins": ["customer", "elsewhere"]},
)
NOBODY: tuple[Mapping[str, object], ...] = ({"role": "viewer"}, {"role": "cousin"}, {"role": GONE}, {"current": False})
CASES = [
    *cases(Denied, "beneficiaries-unseen-by-viewers", {"ReadBeneficiaries": READS}, {"role": "viewer"}),
    *cases(Denied, "payee-fits", PAY, {"payee": "own"}, {"payee": "friend"}, {"payee": GONE}),
    *cases(Denied, "payee-fits", {"Transfer": OWN}, {"payee": "saved"}, {"payee": "new"}, {"payee": GONE}),
    *cases(Denied, "amount-known", MOVES, {"amount_pence": GONE}, {"amount_pence": 0}, {"amount_pence": -1}),
    *cases(Denied, "velocity-known", MOVES, {"hour_count": GONE}, {"day_count": GONE}),
    *cases(Denied, "velocity-known", MOVES, {"day_sum_pence": GONE}, {"payee_sum_pence": GONE}),
    *cases(Denied, "payee-age-known", PAY, {"payee_age_h": GONE}),
    *cases(Denied, "new-payee-name-checked", {"Pay": NEW}, {"name_check": GONE}),
    *cases(Denied, "daily-sum", MOVES, {"day_sum_pence": 1_000_001}),
    *cases(Denied, "daily-count", MOVES, {"day_count": 21}),
    *cases(Denied, "hourly-count", MOVES, {"hour_count": 11}),
    *cases(Denied, "cooling-off", {"Pay": SAVED | FRESH}, {"payee_age_h": 23, "payee_sum_pence": 25_001}),
    *cases(Denied, "cooling-off", {"Pay": SAVED | FRESH}, {"payee_age_h": 0, "amount_pence": 25_001, "payee_sum_pence": 25_001}),
    *cases(Confirmation, "payment-confirmed", MOVES, {"confirmed": False}),
    *cases(StepUp, "payment-login-known", MOVES, {"acr": ""}, {"acr": "guess"}, {"login_age_s": GONE}),
    *cases(StepUp, "payment-values-vouched", MOVES, *UNVOUCHED),
    *cases(StepUp, "new-payee", {"Pay": NEW}, {"login_age_s": 301}, {"acr": "password"}),
    *cases(StepUp, "name-matches", PAY, {"name_check": "close"}, {"name_check": "no_match"}, {"name_check": "unavailable"}),
    *cases(StepUp, "large", MOVES, {"amount_pence": 100_001, "payee_sum_pence": 100_001}),
    *cases(StepUp, "adds-up", MOVES, {"payee_sum_pence": 100_001}),
    *cases(StepUp, "unusual", MOVES, {"risk": "medium"}, {"risk": "high"}, {"risk": "Low"}, {"risk": GONE}),
    *cases(Denied, "added-payee-is-somebody-else", ADDS, {"payee": "own"}, {"payee": GONE}),
    *cases(Denied, "added-payee-name-checked", ADDS, {"name_check": GONE}),
    *cases(Confirmation, "added-payee-confirmed", ADDS, {"confirmed": False}),
    *cases(StepUp, "added-payee-stepped-up", ADDS, *STALE),
    *cases(Confirmation, "freeze-not-asked-by-data", FREEZES, *UNVOUCHED),
    *cases(Confirmation, "card-change-confirmed", CARDS, {"confirmed": False}),
    *cases(StepUp, "card-login-known", CARDS, {"acr": ""}, {"acr": "guess"}, {"login_age_s": GONE}),
    *cases(StepUp, "card-values-vouched", CARDS, *UNVOUCHED),
]
# Rules that permit: without them nothing says yes, and nothing has to say no.
PERMITS = {
    "read-granted": [("ReadAccounts", READS)],
    "outside-model-consented": [("AskOutsideModel", {**READS, "consents": ["external_model"]})],
    "money-moved-by-payers": [("Pay", SAVED), ("Transfer", OWN)],
    "payee-added-by-payers": [("AddBeneficiary", ADDED)],
    "cards-managed-by-payers": [("FreezeCard", STOPS), ("UnfreezeCard", STARTS), ("ReplaceCard", STARTS)],
}
# As far as it goes without a rule that forbids: the edge of each.
EDGES: list[tuple[str, Mapping[str, object]]] = [
    ("Pay", SAVED | {"day_sum_pence": 1_000_000, "day_count": 20, "hour_count": 10}),
    ("Pay", SAVED | {"amount_pence": 100_000, "payee_sum_pence": 100_000}),
    ("Pay", SAVED | {"amount_pence": 1, "payee_sum_pence": 100_000}),
    ("Pay", SAVED | {"payee_age_h": 0, "payee_sum_pence": 25_000}),
    ("Pay", SAVED | {"payee_age_h": 24, "payee_sum_pence": 25_001}),
    ("Pay", SAVED | {"name_check": "match"}),
    ("Pay", NEW | {"amount_pence": 100_001, "risk": "high", "name_check": "no_match", "origins": ["data"]}),
    ("FreezeCard", STOPS | {"origins": ["data"], "confirmed": True}),
    ("UnfreezeCard", STARTS | FRESH | {"origins": ["data"]}),
]


def decide(policies: Policies, action: str, context: Mapping[str, object]) -> Decision:
    return policies.decide(action, ANN, OURS, context)


def staff(policies: Policies, by: str) -> Decision:
    return policies.decide("ReadInternalPassage", "somebody", "a-passage", {}, by=by, on="Passage")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.action}-{case.rule}-{case.change}")
def test_a_rule_speaks_where_it_must_and_nowhere_else(case: Case) -> None:
    assert isinstance(decide(installed(), case.action, case.enough), Allowed)
    said = decide(installed(), case.action, case.context)
    assert (type(said), said.rules, getattr(said, "errors", ())) == (case.said, (case.rule,), ())


@pytest.mark.parametrize(("action", "context"), [*ENOUGH, *EDGES])
def test_what_every_rule_is_content_with_is_allowed(action: str, context: Mapping[str, object]) -> None:
    assert isinstance(decide(installed(), action, context), Allowed)


@pytest.mark.parametrize(("action", "enough"), ENOUGH)
@pytest.mark.parametrize("change", NOBODY, ids=str)
def test_a_party_without_a_paying_role_is_denied_and_never_asked_for_a_yes(
    action: str, enough: Mapping[str, object], change: Mapping[str, object]
) -> None:
    unconfirmed = Case("", action, {**enough, "confirmed": False, "acr": "", "origins": ["data"]}, change, Denied)
    assert decide(installed(), action, unconfirmed.context) == Denied()


@pytest.mark.parametrize(("action", "enough"), ENOUGH)
def test_what_is_not_known_is_never_allowed(action: str, enough: Mapping[str, object]) -> None:
    for name in enough:
        less = {key: value for key, value in enough.items() if key != name}
        decision = decide(installed(), action, less)
        # Where risk is not known a fresh strong login is asked for; here there is one.
        assert isinstance(decision, Allowed) == (name == "risk" and enough["acr"] == "strong"), (name, decision)


@pytest.mark.parametrize(("action", "enough"), ENOUGH)
def test_what_is_of_another_kind_is_never_allowed(action: str, enough: Mapping[str, object]) -> None:
    for name in enough:
        for wrong in (None, {"a": 1}, 1.5, [1], 2**63):
            assert isinstance(decide(installed(), action, {**enough, name: wrong}), Denied)


def test_of_several_answers_the_strictest_is_given() -> None:
    asks = {**SAVED, "confirmed": False}
    assert decide(installed(), "Pay", asks) == Confirmation(("payment-confirmed",))
    assert decide(installed(), "Pay", {**SAVED, "risk": "high"}) == StepUp(("unusual",), max_age_s=300)
    both = decide(installed(), "Pay", {**asks, "risk": "high"})
    assert both == StepUp(("payment-confirmed", "unusual"), confirmation=True, max_age_s=300)
    assert decide(installed(), "Pay", {**asks, "risk": "high", "day_count": 21}) == Denied(("daily-count",))


@pytest.mark.parametrize("rule", [rule for rule in installed().rules.values() if rule.max_age_s is not None], ids=lambda r: r.id)
def test_a_strong_login_of_the_age_that_a_rule_names_is_what_helps(rule: Rule) -> None:
    assert rule.max_age_s is not None
    for case in (case for case in CASES if case.rule == rule.id):
        at, after = ({**case.context, "acr": "strong", "login_age_s": age} for age in (rule.max_age_s, rule.max_age_s + 1))
        assert isinstance(decide(installed(), case.action, at), Allowed)
        # Where a login has only to be known, an older one that is known will do.
        older = Allowed if rule.id.endswith("-login-known") else StepUp
        assert isinstance(decide(installed(), case.action, after), older)


def test_internal_passages_are_for_staff() -> None:
    assert staff(installed(), "Staff") == Allowed(("internal-for-staff",))
    assert staff(installed(), "Party") == Denied()


def without(policies: Policies, id_: str) -> Policies:
    """The same rules without one."""

    def less(some: PolicySet) -> PolicySet:
        tree = some.to_pst()
        kept = {number: rule for number, rule in tree.static_policies.items() if rule.annotations["id"] != id_}
        return PolicySet.from_pst(replace(tree, static_policies=pst.FrozenMap(kept)))

    return replace(policies, parsed=less(policies.parsed), firm=less(policies.firm))


@pytest.mark.parametrize("id_", list(installed().rules))
def test_a_rule_that_is_taken_away_is_missed(id_: str) -> None:
    less = without(installed(), id_)
    if id_ == "internal-for-staff":
        assert staff(less, "Staff") == Denied()
    elif id_ in PERMITS:
        for action, context in PERMITS[id_]:
            assert isinstance(decide(installed(), action, context), Allowed)
            assert decide(less, action, context) == Denied()
    else:
        mine = [case for case in CASES if case.rule == id_]
        assert mine
        for case in mine:
            assert isinstance(decide(less, case.action, case.context), Allowed)


def grant(role: Role = Role.HOLDER, account: AccountId = OURS, until: dt.datetime | None = None) -> Grant:
    return Grant(party=ANN, account=account, role=role, source=GrantSource.SERVICE, until=until)


def login(*grants: Grant, acr: str = PASSWORD, age: dt.timedelta | None = dt.timedelta(hours=1)) -> Login:
    party = Party(id=ANN, name="Ann")
    return Login(party=party, grants=grants, acr=acr, authenticated_at=None if age is None else NOW - age)


SAM = Payee(name="Sam", scheme="UK.OBIE.SortCodeAccountNumber", identification="20000112345678", beneficiary="b1")
MY_POT = Payee(name="Pot", scheme="UK.OBIE.SortCodeAccountNumber", identification="20000187654321", own=POT)
ONCE = Velocity(
    hour_count=1,
    day_count=1,
    day_sums=(Money.of("25.00", "GBP"),),
    payee_sums=(Money.of("25.00", "GBP"),),
)


def intent(action: Action = Action.PAY, payee: Payee | None = SAM, **more: object) -> Intent:
    fields = {
        "id": IntentId("i1"),
        "party": ANN,
        "conversation": "talk",
        "turn": 1,
        "action": action,
        "account": OURS,
        "prepared_at": NOW,
        "values": (Value(name="amount", shown="£25.00", origin=Origin.CUSTOMER),),
        "amount": Money.of("25.00", "GBP"),
        "payee": payee,
    }
    return Intent.model_validate(fields | more)


def known(
    asked: Intent,
    who: Login,
    velocity: Velocity | None = ONCE,
    risk: str | None = "low",
    since: dt.datetime | None = None,
) -> Mapping[str, object]:
    return acting(asked, who, NOW, velocity=velocity, risk=risk, payee_since=since, confirmed=True)


def weighed(asked: Intent, who: Login, gateway: Gateway | None = None, confirmed: bool = True) -> Decision:
    return (gateway or Gateway()).weigh(asked, who, NOW, velocity=ONCE, risk="low", payee_since=None, confirmed=confirmed)


def test_the_rules_get_to_know_what_is_known_and_nothing_else() -> None:
    assert known(intent(name_check=NameCheck.CLOSE), login(grant())) == {
        "role": "holder",
        "current": True,
        "acr": "password",
        "login_age_s": 3600,
        "confirmed": True,
        "origins": ["customer"],
        "amount_pence": 2500,
        "payee": "saved",
        "payee_age_h": LONG_AGO_H,
        "name_check": "close",
        "hour_count": 1,
        "day_count": 1,
        "day_sum_pence": 2500,
        "payee_sum_pence": 2500,
        "risk": "low",
    }
    bare = intent(Action.FREEZE_CARD, payee=None, amount=None, values=())
    assert known(bare, login(age=None), velocity=None, risk=None) == {
        "current": False,
        "acr": "password",
        "confirmed": True,
        "origins": [],
    }


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        (dt.timedelta(seconds=300), 300),
        (dt.timedelta(seconds=300, microseconds=1), 301),
        (dt.timedelta(seconds=-60), 0),
        (dt.timedelta(seconds=-61), None),
        (None, None),
    ],
)
def test_a_login_is_as_old_as_it_is_and_one_from_the_future_has_no_age(age: dt.timedelta | None, seconds: int | None) -> None:
    assert known(intent(), login(grant(), age=age)).get("login_age_s") == seconds


@pytest.mark.parametrize(("hours", "age"), [(23.99, 23), (24, 24), (-5, 0), (None, LONG_AGO_H)])
def test_a_payee_is_as_old_as_the_whole_hours_since_it_was_added(hours: float | None, age: int) -> None:
    since = None if hours is None else NOW - dt.timedelta(hours=hours)
    assert known(intent(), login(grant()), since=since)["payee_age_h"] == age


@pytest.mark.parametrize(
    ("payee", "grants", "kind"),
    [
        (SAM, (grant(),), "saved"),
        (SAM.model_copy(update={"beneficiary": None}), (grant(),), "new"),
        (MY_POT, (grant(), grant(Role.JOINT, POT)), "own"),
        (MY_POT, (grant(), grant(Role.VIEWER, POT)), "new"),
        (MY_POT, (grant(), grant(Role.HOLDER, POT, until=NOW)), "new"),
        (MY_POT, (grant(),), "new"),
        (MY_POT.model_copy(update={"own": OURS}), (grant(),), "new"),
    ],
)
def test_only_another_account_that_one_may_pay_from_is_ones_own(payee: Payee, grants: tuple[Grant, ...], kind: str) -> None:
    assert known(intent(payee=payee), login(*grants))["payee"] == kind


def test_amounts_count_for_what_they_are_worth_in_pounds_and_never_for_less() -> None:
    pounds, euros, yen = Money.of("0.01", "GBP"), Money.of("100.00", "EUR"), Money.of("1", "JPY")
    assert (pence(pounds), pence(euros), pence(yen), pence(pounds, euros), pence()) == (1, 9000, 1, 9001, 0)
    assert pence(Money.of("1.000", "KWD")) is None
    assert pence(pounds, Money.of("1.000", "KWD")) is None
    unknown = known(intent(amount=Money.of("1.000", "KWD")), login(grant()))
    assert decide(installed(), "Pay", unknown) == Denied(("amount-known",))


def test_a_transfer_is_decided_about_both_accounts() -> None:
    recorded: list[Decided] = []
    gateway = Gateway(record=recorded.append)
    both = login(grant(), grant(account=POT))
    moved = intent(Action.TRANSFER, MY_POT)
    assert weighed(moved, both, gateway) == Allowed(("money-moved-by-payers",))
    assert [(one.action, one.account) for one in recorded] == [("Transfer", OURS), ("ReadAccounts", POT)]
    assert isinstance(weighed(moved, login(grant()), gateway), Denied)
    assert isinstance(weighed(moved, login(grant(account=POT)), gateway), Denied)


def test_an_intent_of_somebody_else_is_denied() -> None:
    assert weighed(intent(), login(grant())).allowed
    assert weighed(intent(party=BOB), login(grant())) == Denied()


def test_what_waits_for_a_yes_says_so() -> None:
    assert weighed(intent(), login(grant()), confirmed=False) == Confirmation(("payment-confirmed",))
    new = intent(payee=SAM.model_copy(update={"beneficiary": None}), name_check=NameCheck.MATCH)
    assert weighed(new, login(grant()), confirmed=False) == StepUp(("new-payee", "payment-confirmed"), True, 300)
    fresh = login(grant(), acr=STRONG, age=dt.timedelta(minutes=5))
    assert weighed(new, fresh, confirmed=False) == Confirmation(("payment-confirmed",))
    assert weighed(new, fresh) == Allowed(("money-moved-by-payers",))


def test_a_lost_wallet_is_one_sentence() -> None:
    lost = intent(Action.FREEZE_CARD, payee=None, amount=None, values=(Value(name="card", shown="Debit", origin=Origin.BANK),))
    assert weighed(lost, login(grant(), acr="", age=None), confirmed=False) == Allowed(("cards-managed-by-payers",))


accounts = st.sampled_from([OURS, POT, THEIRS])
moments = st.none() | st.sampled_from([NOW, NOW + dt.timedelta(days=1)])
logins = st.builds(
    lambda grants, acr, age: login(*grants, acr=acr, age=age),
    st.lists(st.builds(grant, st.sampled_from(Role), accounts, moments), max_size=4),
    st.sampled_from(["", PASSWORD, STRONG]),
    st.none() | st.sampled_from([dt.timedelta(0), dt.timedelta(hours=1)]),
)
payees = st.none() | st.builds(
    lambda own, saved: SAM.model_copy(update={"own": own, "beneficiary": saved}),
    st.none() | accounts,
    st.sampled_from([None, "b1"]),
)
asked_for = st.builds(
    lambda action, payee, account, party, check: intent(action, payee, account=account, party=party, name_check=check),
    st.sampled_from(Action),
    payees,
    accounts,
    st.sampled_from([ANN, ANN, ANN, BOB]),
    st.none() | st.sampled_from(NameCheck),
)


@given(asked_for, logins, st.booleans())
def test_no_decision_allows_an_account_that_was_not_granted(asked: Intent, who: Login, confirmed: bool) -> None:
    decision = weighed(asked, who, confirmed=confirmed)
    paying = {g.account for g in who.grants if g.role is not Role.VIEWER and (g.until is None or g.until > NOW)}
    own = asked.payee.own if asked.payee is not None else None
    if not isinstance(decision, Denied):
        assert asked.party == ANN
        assert asked.account in paying
        assert asked.action is not Action.TRANSFER or own in paying - {asked.account}
    if decision.allowed:
        assert confirmed or asked.action is Action.FREEZE_CARD
