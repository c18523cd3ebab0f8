"""Who may have what: the product service's own conditions, what it knows of the customer, and the page that speaks of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.eligibility import meant
from assistant.plan import Tool
from assistant.tools import Live
from connectors.obie import product
from connectors.sandbox import catalogue
from data.banking import AccountKind, Check, Condition, Product
from data.facts import Outcome, ToolEvent
from data.money import Money
from tests.conftest import TODAY, Counter, Statement

AMARA, PRIYA, MARGARET, CALLUM = "amara-okafor", "priya-raman", "margaret-ellison", "callum-mackenzie"
SOLD = [product(catalogue.wire(known, TODAY)) for known in catalogue.in_force(TODAY)]
BASIC = Product(id="plain-1", name="Plain Account", version=1, kind=AccountKind.CURRENT, currency="GBP", since=TODAY)


def ids(found: Sequence[Product]) -> list[str]:
    return [p.id for p in found]


@pytest.mark.parametrize(
    ("topic", "products"),
    [
        ("can i open a reserve saver", ["reserve-saver-1"]),
        ("could I get the Fixed Rate Saver?", ["fixed-saver-2"]),
        ("can i get an ISA", ["cash-isa-1"]),
        ("am i allowed a euro account", ["euro-1"]),
        ("can my daughter have an account", ["junior-saver-1"]),
        ("can i open a current account", ["everyday-3"]),
        ("can i open a savings account", ["flexible-saver-2", "reserve-saver-1", "cash-isa-1", "fixed-saver-2"]),
        ("do i qualify for an overdraft", ["everyday-2"]),
        ("can i get a mortgage", []),
        ("can i open an account", []),
    ],
)
def test_the_products_meant_are_those_on_sale_that_are_named(topic: str, products: list[str]) -> None:
    held = [p for p in SOLD if p.id in ("everyday-2", "flexible-saver-1")]
    assert ids(meant(topic, SOLD, held)) == products


@pytest.mark.parametrize("question", ["can I open a reserve saver?", "am i eligible for the reserve saver"])
def test_whoever_meets_every_condition_is_told_so_with_its_figures_and_its_page(bank: Counter, question: str) -> None:
    answer = bank.ask(AMARA, question)
    assert [e.tool for e in answer.events if isinstance(e, ToolEvent)] == ["eligibility"]
    assert answer.text.startswith("Yes: ")
    assert (answer.value("least age"), answer.value("months held"), answer.value("opening deposit")) == ("18", "12", "500.00")
    assert [f.value for f in answer.facts if f.label == "condition"] == ["met", "met"]
    assert answer.evidence("opening deposit") == {"product:reserve-saver-1"}
    assert answer.citations[0].source.startswith("reserve-saver#")
    assert answer.says_only_facts()


def test_what_the_bank_does_not_know_is_said_and_not_guessed(bank: Counter) -> None:
    answer = bank.ask(MARGARET, "am i eligible for an overdraft")
    assert answer.text.startswith("Perhaps: ")
    assert "bankrupt in the last 6 years: not known until you apply" in answer.text
    assert (answer.value("least income a month"), answer.value("largest overdraft")) == ("500.00", "2000.00")
    assert bank.ask(PRIYA, "am i eligible for an overdraft").value("largest overdraft") == "1500.00"
    student = bank.ask(CALLUM, "could i get the student account")
    assert [f.value for f in student.facts if f.label == "condition"] == [
        "met",
        "not known until you apply",
        "not known until you apply",
    ]


def test_of_several_products_each_gets_an_answer(bank: Counter) -> None:
    answer = bank.ask(CALLUM, "can i open a savings account")
    assert [f.value for f in answer.facts if f.label == "answer"] == ["Yes", "Yes", "Perhaps", "Yes"]


def test_a_condition_that_is_not_met_is_named(statement: Statement) -> None:
    checks = [
        Check(condition=Condition(id="age", says="be 18 or over", least_age=18), met=False),
        Check(condition=Condition(id="study", says="be on a course"), met=None),
        Check(condition=Condition(id="income", says="earn", least_income=Money.of("1.00", "GBP")), met=True, overdraft=True),
    ]
    statement.live = Live(offers=[(BASIC, checks)])
    told = statement.told(Tool.ELIGIBILITY, topic="can i get the plain account")
    assert told.text == (
        "No: for the Plain Account you do not meet all that we ask. You must be 18 or over: not met."
        " You must be on a course: not known until you apply."
    )
    assert told.all("least income a month") == []
    many = Live(offers=[(BASIC, checks), (BASIC.model_copy(update={"name": "Other Account"}), checks)])
    statement.live = many
    assert "be on a course" not in statement.told(Tool.ELIGIBILITY, topic="can i get an account").text


def test_what_the_bank_does_not_sell_is_not_answered_with_another_product(bank: Counter) -> None:
    for question in ("can i get a mortgage", "am i eligible for a credit card", "can i open an account"):
        answer = bank.ask(AMARA, question)
        assert not [f for f in answer.facts if f.label == "answer"]


@pytest.mark.usefixtures("no_services")
def test_without_the_product_service_nobody_is_told_what_they_may_have(bank: Counter) -> None:
    answer = bank.ask(AMARA, "can i open a reserve saver")
    assert answer.outcome is Outcome.CANNOT
    assert "service" in answer.text
    assert not answer.facts
