"""Rules decide who may read what; when in doubt the answer is no."""

from __future__ import annotations

import ast
import datetime as dt
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.policy import FOLDER, SCHEMA, Allowed, Denied, Policies, StepUp, decide, own_account, standing
from data import errors
from data.party import AccountId, Consent, Grant, GrantSource, Login, Party, PartyId, Purpose, Role

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
ANN, BOB = PartyId("ann"), PartyId("bob")
OURS, THEIRS = AccountId("ours"), AccountId("theirs")
ACTIONS = (
    "ReadAccounts",
    "ReadBalances",
    "ReadTransactions",
    "ReadBeneficiaries",
    "ReadStandingOrders",
    "ReadDirectDebits",
    "ReadScheduledPayments",
    "ReadParty",
    "ReadProducts",
    "ReadCards",
    "ReadStatements",
)


def grant(
    role: Role = Role.HOLDER,
    party: PartyId = ANN,
    account: AccountId = OURS,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> Grant:
    return Grant(party=party, account=account, role=role, source=GrantSource.SERVICE, since=since, until=until)


def ann(*grants: Grant) -> Login:
    return Login(party=Party(id=ANN, name="Ann"), grants=grants)


moments = st.none() | st.sampled_from([NOW + dt.timedelta(days=d) for d in (-2, -1, 0, 1, 2)])
grants = st.builds(
    grant, st.sampled_from(Role), st.sampled_from([ANN, BOB]), st.sampled_from([OURS, THEIRS]), since=moments, until=moments
)
logins = st.builds(lambda some: ann(*some), st.lists(grants, max_size=4))


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", ["holder", "joint", "mandate"])
def test_who_holds_an_account_reads_all_of_it(action: str, role: str) -> None:
    assert decide(action, ANN, OURS, {"role": role, "current": True}) == Allowed(("read-granted",))


@pytest.mark.parametrize("action", [a for a in ACTIONS if a != "ReadBeneficiaries"])
def test_a_viewer_reads_the_money(action: str) -> None:
    assert decide(action, ANN, OURS, {"role": "viewer", "current": True}) == Allowed(("read-granted",))


def test_a_viewer_does_not_read_whom_the_holders_pay() -> None:
    context = {"role": "viewer", "current": True}
    assert decide("ReadBeneficiaries", ANN, OURS, context) == Denied(("beneficiaries-unseen-by-viewers",))


def test_a_grant_that_does_not_hold_now_opens_nothing() -> None:
    assert decide("ReadBalances", ANN, OURS, {"role": "holder", "current": False}) == Denied()


def test_who_has_no_grant_reads_nothing() -> None:
    assert decide("ReadBalances", ANN, OURS, {"current": False}) == Denied()


def test_a_role_that_nobody_defined_reads_nothing() -> None:
    assert decide("ReadBalances", ANN, OURS, {"role": "cousin", "current": True}) == Denied()


@pytest.mark.parametrize(
    ("action", "context"),
    [
        ("ReadEverything", {"role": "holder", "current": True}),
        ("Read", {"role": "holder", "current": True}),
        ("", {"role": "holder", "current": True}),
        ('ReadBalances"', {"role": "holder", "current": True}),
        ("ReadBalances", {"role": "holder", "current": "true"}),
        ("ReadBalances", {"role": "holder", "current": True, "staff": True}),
        ("ReadBalances", {"role": "hol\ud800der", "current": True}),
        ("ReadBalances", {"role": Role, "current": True}),
        ("Read\ud800", {"role": "holder", "current": True}),
    ],
)
def test_what_cannot_be_decided_is_denied_and_says_what_went_wrong(action: str, context: dict[str, object]) -> None:
    decision = decide(action, ANN, OURS, context)
    assert isinstance(decision, Denied)
    assert decision.errors


@given(st.text(), st.text(), st.sampled_from(ACTIONS))
def test_ids_are_only_ids_whatever_they_are_made_of(party: str, account: str, action: str) -> None:
    assert decide(action, PartyId(party), AccountId(account), {"current": False}) == decide(action, ANN, OURS, {"current": False})
    held = {"role": "holder", "current": True}
    assert decide(action, PartyId(party), AccountId(account), held) == Allowed(("read-granted",))


@given(logins, st.sampled_from(ACTIONS), st.sampled_from([OURS, THEIRS]))
def test_no_decision_allows_an_account_that_the_customer_has_no_current_grant_for(
    login: Login, action: str, account: AccountId
) -> None:
    roles = {
        g.role
        for g in login.grants
        if (g.party, g.account) == (ANN, account) and (g.since or NOW) <= NOW and (g.until is None or g.until > NOW)
    }
    enough = roles - {Role.VIEWER} if action == "ReadBeneficiaries" else roles
    assert isinstance(decide(action, ANN, account, standing(login, account, NOW)), Allowed) == bool(enough)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", [*Role, "cousin"])
@pytest.mark.parametrize("current", [True, False])
def test_knowing_less_never_allows_more(action: str, role: str, current: bool) -> None:
    context: dict[str, object] = {"role": str(role), "current": current}
    for size in range(len(context)):
        for kept in combinations(context.items(), size):
            assert isinstance(decide(action, ANN, OURS, dict(kept)), Denied)


@given(logins, st.sampled_from([OURS, THEIRS]))
def test_the_proof_of_an_account_exists_only_with_a_current_grant(login: Login, account: AccountId) -> None:
    if any(g.party == ANN and g.account == account and g.holds(NOW) for g in login.grants):
        assert own_account(login, account, NOW) == account
    else:
        with pytest.raises(errors.Denied):
            own_account(login, account, NOW)


def test_of_two_roles_the_stronger_one_that_holds_now_counts() -> None:
    ended = grant(Role.HOLDER, until=NOW)
    assert standing(ann(ended, grant(Role.VIEWER), grant(Role.JOINT)), OURS, NOW) == {"role": "joint", "current": True}
    assert standing(ann(ended, grant(Role.VIEWER)), OURS, NOW) == {"role": "viewer", "current": True}
    assert standing(ann(ended), OURS, NOW) == {"role": "holder", "current": False}


def test_only_the_policy_makes_a_proof() -> None:
    root = FOLDER.parent.parent
    makers = set()
    for package in ("api", "assistant", "retrieval", "connectors", "prompts", "data", "evals"):
        for file in (root / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                called = node.func if isinstance(node, ast.Call) else None
                if "OwnAccountId" in (getattr(called, "id", None), getattr(called, "attr", None)):
                    makers.add(file.relative_to(root).as_posix())
    assert makers == {"connectors/policy.py"}


GOOD = '@id("all") @because("of a test") permit (principal, action, resource);'
NO = '@id("no") @because("of a test") @remedy("step_up") @max_age("90") forbid (principal, action, resource);'


def written(folder: Path, *files: str, schema: str | None = None) -> Path:
    (folder / SCHEMA).write_text(schema or (FOLDER / SCHEMA).read_text(encoding="utf-8"), encoding="utf-8")
    for number, text in enumerate(files):
        (folder / f"{number}.cedar").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("permit (principal", "0.cedar: unexpected end of input"),
        (GOOD.replace("action,", 'action == Action::"Raed",'), 'unrecognized action `Action::"Raed"`'),
        (GOOD.replace(";", ' when { context.role == "holder" };'), "optional attribute `role`"),
        (GOOD.replace(";", " when { context.stepped_up };"), "stepped_up"),
        (GOOD.replace("principal", "principal == ?principal"), "a rule with a ?slot decides nothing"),
        (GOOD.replace('@id("all")', ""), "0.cedar, rule 1: it has no @id"),
        (GOOD + GOOD.replace('@because("of a test")', "").replace("all", "two"), "0.cedar, rule 2: it has no @because"),
        (GOOD + GOOD, '@id("all") is already in'),
        (GOOD + NO.replace("step_up", "prayer"), '0.cedar, rule 2: @remedy("prayer") is confirmation or step_up'),
        (GOOD + NO.replace("forbid", "permit"), '0.cedar, rule 2: @remedy("step_up") is confirmation or step_up, of a forbid'),
        (GOOD + NO.replace('("step_up")', ""), "0.cedar, rule 2: @remedy"),
        (GOOD + NO.replace("90", "soon"), '0.cedar, rule 2: @max_age("soon") is a number of seconds'),
        (GOOD + NO.replace("90", "0"), '0.cedar, rule 2: @max_age("0") is a number of seconds'),
        (GOOD + NO.replace('@max_age("90")', ""), "0.cedar, rule 2: @max_age"),
        (GOOD + NO.replace("step_up", "confirmation"), '0.cedar, rule 2: @max_age("90") is a number of seconds, of each step_up'),
        ("// nothing yet", "there are no rules"),
    ],
)
def test_rules_that_are_broken_are_one_clear_error_when_they_are_loaded(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(errors.InvalidInput) as raised:
        Policies.load(written(tmp_path, text))
    assert said in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def test_a_schema_that_is_broken_or_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidInput, match=SCHEMA):
        Policies.load(tmp_path)
    with pytest.raises(errors.InvalidInput, match=f"{SCHEMA}: error parsing schema"):
        Policies.load(written(tmp_path, GOOD, schema="entity"))


def test_rules_keep_their_ids_over_several_files(tmp_path: Path) -> None:
    forbids = "".join(f'@id("no-{n}") @because("of a test") forbid (principal, action, resource);' for n in range(12))
    policies = Policies.load(written(tmp_path, GOOD, forbids))
    context = {"role": "holder", "current": True}
    assert policies.decide("ReadBalances", ANN, OURS, context) == Denied(tuple(sorted(f"no-{n}" for n in range(12))))


def test_a_remedy_is_offered_only_for_what_would_be_allowed_then(tmp_path: Path) -> None:
    yes = NO.replace("step_up", "confirmation").replace('@max_age("90")', "").replace("no", "yes", 1)
    held = GOOD.replace(";", ' when { context has role && context.role == "holder" };')
    firmly = NO.replace('@remedy("step_up") @max_age("90")', '@law("of the land")').replace("no", "firm", 1)
    firmly = firmly.replace("action", 'action in Action::"Read"').replace(";", " when { !context.current };")
    policies = Policies.load(written(tmp_path, held, yes, NO, firmly))
    assert policies.decide("ReadBalances", ANN, OURS, {"role": "holder", "current": True}) == StepUp(("no", "yes"), True, 90)
    assert policies.decide("ReadBalances", ANN, OURS, {"role": "holder", "current": False}) == Denied(("firm",))
    assert policies.decide("ReadBalances", ANN, OURS, {"role": "viewer", "current": True}) == Denied()
    assert [(rule.id, rule.law, rule.remedy, rule.permits) for rule in policies.rules.values()] == [
        ("all", "", None, True),
        ("yes", "", "confirmation", False),
        ("no", "", "step_up", False),
        ("firm", "of the land", None, False),
    ]


def test_of_several_step_ups_the_freshest_login_is_asked_for(tmp_path: Path) -> None:
    older = NO.replace("90", "600").replace("no", "older", 1)
    decision = Policies.load(written(tmp_path, GOOD, older, NO)).decide("ReadBalances", ANN, OURS, {"current": True})
    assert decision == StepUp(("no", "older"), max_age_s=90)


def test_a_forbid_that_trips_does_not_open_the_door(tmp_path: Path) -> None:
    schema = 'entity Party, Account; action Pay appliesTo { principal: Party, resource: Account, context: { "minor": Long } };'
    forbid = '@id("large") @because("of a test") forbid (principal, action, resource) when { context.minor * 2 > 1000 };'
    policies = Policies.load(written(tmp_path, GOOD + forbid, schema=schema))
    assert policies.decide("Pay", ANN, OURS, {"minor": 500}) == Allowed(("all",))
    assert policies.decide("Pay", ANN, OURS, {"minor": 501}) == Denied(("large",))
    tripped = policies.decide("Pay", ANN, OURS, {"minor": 2**62})
    assert isinstance(tripped, Denied)
    assert tripped.errors


def test_an_outside_model_is_asked_about_own_accounts_under_a_consent_that_holds_now() -> None:
    agreed = Consent(party=ANN, purpose=Purpose.EXTERNAL_MODEL)
    for consents, enough in (
        ((agreed,), True),
        ((), False),
        ((agreed.model_copy(update={"until": NOW}),), False),
        ((agreed.model_copy(update={"party": BOB}),), False),
        ((Consent(party=ANN, purpose=Purpose.SYNC), Consent(party=ANN, purpose=Purpose.INSIGHTS)), False),
    ):
        login = ann(grant()).model_copy(update={"consents": consents})
        assert isinstance(decide("AskOutsideModel", ANN, OURS, standing(login, OURS, NOW)), Allowed) == enough
        assert isinstance(decide("AskOutsideModel", ANN, THEIRS, standing(login, THEIRS, NOW)), Denied)
        assert isinstance(decide("ReadBalances", ANN, OURS, standing(login, OURS, NOW)), Allowed)
