"""The gateway decides about every account before it acts, and acts once or not at all."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from connectors.gateway import Decided, Gateway
from connectors.policy import FOLDER, SCHEMA, Allowed, Denied, OwnAccountId, Policies
from data import errors
from data.party import AccountId, Grant, GrantSource, Login, Party, PartyId, Role

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
CURRENT, JOINT, SEEN = AccountId("ann-current"), AccountId("ann-and-bob"), AccountId("mum-current")
ENDED, THEIRS = AccountId("old-flat"), AccountId("bob-savings")


def grant(account: AccountId, role: Role, until: dt.datetime | None = None) -> Grant:
    return Grant(party=PartyId("ann"), account=account, role=role, source=GrantSource.SERVICE, until=until)


ANN = Login(
    party=Party(id=PartyId("ann"), name="Ann Archer"),
    grants=(
        grant(CURRENT, Role.HOLDER),
        grant(JOINT, Role.JOINT),
        grant(SEEN, Role.VIEWER),
        grant(ENDED, Role.JOINT, until=NOW),
    ),
    token="bearer-of-ann",
)


@dataclass
class Desk:
    """Where acts are carried out: it remembers which accounts it was asked for."""

    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def __call__(self, accounts: tuple[OwnAccountId, ...]) -> int:
        self.asked.append(accounts)
        return len(accounts)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_what_is_allowed_is_done_once_on_the_accounts_in_their_order(desk: Desk) -> None:
    assert await Gateway().perform("ReadBalances", ANN, [JOINT, CURRENT, SEEN], NOW, desk) == 3
    assert desk.asked == [(JOINT, CURRENT, SEEN)]


@pytest.mark.parametrize("refused", [THEIRS, ENDED, AccountId("invented"), AccountId("")])
async def test_one_account_that_is_not_the_customers_stops_the_whole_step(desk: Desk, refused: AccountId) -> None:
    for accounts in ([CURRENT, refused], [refused, CURRENT], [refused]):
        with pytest.raises(errors.Denied):
            await Gateway().perform("ReadTransactions", ANN, accounts, NOW, desk)
    assert desk.asked == []


async def test_a_refusal_names_the_rules(desk: Desk) -> None:
    with pytest.raises(errors.Denied) as raised:
        await Gateway().perform("ReadBeneficiaries", ANN, [CURRENT, SEEN], NOW, desk)
    assert raised.value.action == "ReadBeneficiaries"
    assert raised.value.rules == ("beneficiaries-unseen-by-viewers",)
    assert desk.asked == []


async def test_an_account_opens_and_closes_with_its_grant(desk: Desk) -> None:
    earlier = NOW - dt.timedelta(seconds=1)
    assert await Gateway().perform("ReadBalances", ANN, [ENDED], earlier, desk) == 1
    with pytest.raises(errors.Denied):
        await Gateway().perform("ReadBalances", ANN, [ENDED], NOW, desk)


@pytest.mark.parametrize(("action", "accounts"), [("ReadBalances", []), ("Pay", [CURRENT])])
async def test_what_was_not_decided_is_not_done(desk: Desk, action: str, accounts: list[AccountId]) -> None:
    with pytest.raises(errors.Denied):
        await Gateway().perform(action, ANN, accounts, NOW, desk)
    assert desk.asked == []


async def test_even_a_rule_that_permits_everything_opens_no_account_without_a_grant(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / SCHEMA).write_bytes((FOLDER / SCHEMA).read_bytes())
    (tmp_path / "all.cedar").write_text('@id("all") @because("of a mistake") permit (principal, action, resource);')
    careless = Gateway(Policies.load(tmp_path))
    assert await careless.perform("ReadBalances", ANN, [CURRENT], NOW, desk) == 1
    with pytest.raises(errors.Denied):
        await careless.perform("ReadBalances", ANN, [CURRENT, THEIRS], NOW, desk)
    assert desk.asked == [(CURRENT,)]


def test_who_logs_in_reads_nothing_that_is_for_staff_unless_a_bank_has_a_rule_for_it(tmp_path: Path) -> None:
    assert not Gateway().reads_internal(ANN)
    assert not Gateway().reads_internal(ANN, "waive#1")
    (tmp_path / SCHEMA).write_bytes((FOLDER / SCHEMA).read_bytes())
    (tmp_path / "one.cedar").write_text(
        '@id("one") @because("of a test") permit (principal == Party::"ann", action == Action::"ReadInternalPassage", resource) '
        'when { [Passage::"*", Passage::"waive#1"].contains(resource) };'
    )
    theirs = Gateway(Policies.load(tmp_path))
    assert [theirs.reads_internal(ANN, passage) for passage in ("*", "waive#1", "waive#2")] == [True, True, False]


async def test_every_decision_is_recorded_before_anything_is_done(desk: Desk) -> None:
    recorded: list[Decided] = []

    def record(decided: Decided) -> None:
        assert desk.asked == []
        recorded.append(decided)

    gateway = Gateway(record=record)
    with pytest.raises(errors.Denied):
        await gateway.perform("ReadBalances", ANN, [THEIRS], NOW, desk)
    await gateway.perform("ReadBalances", ANN, [CURRENT], NOW, desk)
    assert recorded == [
        Decided("ReadBalances", THEIRS, Denied()),
        Decided("ReadBalances", CURRENT, Allowed(("read-granted",))),
    ]


async def test_the_log_says_what_was_decided_by_which_rules_and_nothing_about_the_customer(desk: Desk) -> None:
    # Whatever else ran in this process may have quieted the log.
    structlog.reset_defaults()
    with capture_logs() as logs:
        await Gateway().perform("ReadBalances", ANN, [CURRENT, JOINT], NOW, desk)
        for action, accounts in (("ReadBeneficiaries", [SEEN, CURRENT]), ("ReadBalances", [THEIRS]), ("Pay", [CURRENT])):
            with pytest.raises(errors.Denied):
                await Gateway().perform(action, ANN, accounts, NOW, desk)
    assert [(line["event"], line["action"], line["rules"], line["accounts"]) for line in logs] == [
        ("allowed", "ReadBalances", ("read-granted",), 2),
        ("denied", "ReadBeneficiaries", ("beneficiaries-unseen-by-viewers",), 2),
        ("denied", "ReadBalances", (), 1),
        ("denied", "Pay", (), 1),
    ]
    assert [line.get("failed") for line in logs] == [None, False, False, True]
    told = repr(logs)
    assert not any(secret in told for secret in ("ann", "Ann", "bob", "mum", "bearer"))


async def test_a_decision_costs_well_under_a_millisecond_an_account(desk: Desk) -> None:
    gateway, accounts = Gateway(), [CURRENT, JOINT, SEEN] * 10
    took_ms = []
    for _ in range(9):
        began = time.process_time()
        await gateway.perform("ReadBalances", ANN, accounts, NOW, desk)
        took_ms.append((time.process_time() - began) * 1000 / len(accounts))
    assert min(took_ms) < 0.5
