"""counterfoil policy: the rules in use as people read them, and what they say about a case."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.policies import document, policies_of
from api.settings import Settings
from api.wiring import open_bank
from assistant.acting import Confirmed
from connectors.gateway import Gateway
from connectors.policy import FOLDER, SCHEMA, Policies, installed
from data.errors import InvalidInput, StepUpRequired
from data.facts import StepUpEvent
from evals.bench_policy import report
from evals.gate import NOBODYS, Teller
from evals.obliging import NOW

PAGE = FOLDER.parent.parent / "docs" / "policies.md"
SAVED = ("Pay", "--amount", "25.00", "--payee", "saved", "--risk", "low")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """The rules of a bank that lets nobody pay."""
    (tmp_path / SCHEMA).write_bytes((FOLDER / SCHEMA).read_bytes())
    (tmp_path / "none.cedar").write_text(
        '@id("all") @because("of a test") permit (principal, action, resource);'
        '@id("closed") @because("it is Sunday") @law("Exodus 20:8") forbid (principal, action == Action::"Pay", resource);'
    )
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["policy", *words])


def decided(*words: str) -> tuple[str, list[str]]:
    told = json.loads(run("explain", *words, "--json").stdout)
    return told["decision"], [rule["id"] for rule in told["rules"]]


def test_the_page_of_the_rules_is_that_of_these_rules() -> None:
    assert document(installed()) == PAGE.read_text(encoding="utf-8"), "counterfoil policy list --markdown > docs/policies.md"
    assert run("list", "--markdown").stdout == PAGE.read_text(encoding="utf-8")


def test_every_rule_is_listed_with_why_it_is_there() -> None:
    listed = run("list").stdout
    for rule in installed().rules.values():
        assert f"  {rule.id} " in listed
        assert rule.because in listed


@pytest.mark.parametrize(
    ("words", "decision", "rules"),
    [
        ((*SAVED, "--confirmed"), "allowed", ["money-moved-by-payers"]),
        (SAVED, "confirmation", ["payment-confirmed"]),
        ((*SAVED, "--confirmed", "--origin", "customer", "--origin", "data"), "step_up", ["payment-values-vouched"]),
        ((*SAVED, "--confirmed", "--currency", "JPY", "--amount", "25"), "allowed", ["money-moved-by-payers"]),
        ((*SAVED, "--payee", "new", "--name-check", "match"), "step_up", ["new-payee", "payment-confirmed"]),
        ((*SAVED, "--payee", "new"), "denied", ["new-payee-name-checked"]),
        ((*SAVED, "--payee-age", "1", "--payee-sum", "250.01"), "denied", ["cooling-off"]),
        ((*SAVED, "--day-sum", "10000.01"), "denied", ["daily-sum"]),
        ((*SAVED, "--role", "viewer"), "denied", []),
        (("Transfer", "--amount", "1", "--payee", "own", "--risk", "low", "--confirmed"), "allowed", ["money-moved-by-payers"]),
        (("FreezeCard",), "allowed", ["cards-managed-by-payers"]),
        (("ReadBalances",), "allowed", ["read-granted"]),
    ],
)
def test_a_case_is_explained(words: tuple[str, ...], decision: str, rules: list[str]) -> None:
    assert decided(*words) == (decision, rules)


def test_an_explanation_says_why_in_words() -> None:
    told = run("explain", *SAVED).stdout
    rule = installed().rules["payment-confirmed"]
    assert told == f"Pay: confirmation\n  payment-confirmed asks for a confirmation: {rule.because} ({rule.law})\n"
    assert "no rule permits it" in run("explain", *SAVED, "--role", "viewer").stdout
    unknown = run("explain", "Steal")
    assert (unknown.exit_code, "there is no action 'Steal'" in unknown.stderr) == (1, True)
    assert run("explain", *SAVED[:-1], "none").exit_code == 2


def test_a_bank_has_rules_of_its_own(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_POLICIES", str(theirs))
    assert list(policies_of(Settings()).rules) == ["all", "closed"]
    assert run("explain", *SAVED).stdout == "Pay: denied\n  closed forbids: it is Sunday (Exodus 20:8)\n"
    assert decided("AddBeneficiary") == ("allowed", ["all"])


def test_rules_that_cannot_be_used_are_one_clear_line(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_POLICIES", str(theirs))
    (theirs / "more.cedar").write_text("permit (principal, action, resource);")
    for words in (("list",), ("explain", "Pay")):
        result = run(*words)
        assert result.exit_code == 1
        assert "more.cedar, rule 1: it has no @id" in result.stderr
        assert "Traceback" not in result.output


def test_an_amount_that_is_none_is_one_clear_line() -> None:
    result = run("explain", "Pay", "--amount", "a lot")
    assert result.exit_code == 1
    assert "'a lot' is not an amount" in result.stderr


def test_what_a_decision_costs_is_measured_in_each_of_its_outcomes(tmp_path: Path) -> None:
    told = list(report(tmp_path, 20))
    assert [
        said in line for said, line in zip(("Allowed", "Allowed", "Confirmation", "StepUp", "SQLite"), told, strict=True)
    ] == [True] * 5
    assert all("p50" in line for line in told)


@pytest.mark.parametrize("age", [60, 300])
async def test_how_old_a_login_may_be_is_for_the_rules_to_say(tmp_path: Path, age: int) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(FOLDER, rules)
    for file in rules.glob("*.cedar"):
        file.write_text(file.read_text(encoding="utf-8").replace("300", str(age)), encoding="utf-8")
    gateway = Gateway(Policies.load(rules))
    teller = Teller(
        tmp_path, lambda acting: replace(acting, gateway=gateway, performing=replace(acting.performing, gateway=gateway))
    )
    desk = teller.desk([NOBODYS])
    at = NOW - dt.timedelta(seconds=age + 1)
    desk.asker = replace(desk.asker, login=desk.asker.login.model_copy(update={"authenticated_at": at}))
    shown = await desk.propose(NOBODYS)
    assert shown is not None
    with pytest.raises(StepUpRequired) as asked:
        await teller.acting.performing.check(desk.asker.login, shown.intent, shown.digest, NOW)
    assert asked.value.max_age_s == age
    confirmed = Confirmed(intent=shown.intent, digest=shown.digest)
    (event,) = (await teller.acting.confirm(confirmed, desk.asker)).result.events
    assert isinstance(event, StepUpEvent)
    assert event.max_age_s == age
    teller.engine.dispose()


async def test_no_bank_is_opened_under_rules_that_cannot_be_used(theirs: Path) -> None:
    (theirs / "more.cedar").write_text("permit (principal, action, resource);")
    with pytest.raises(InvalidInput, match=r"more\.cedar, rule 1"):
        async with open_bank(Settings(home=theirs / "home", policies=theirs)):
            pass
    assert not (theirs / "home").exists()
