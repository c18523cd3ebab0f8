"""Cards, statements, products and contact details, as a customer meets them and as the bank wrote them down."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest

from assistant.plan import Tool
from assistant.tools import Live
from connectors.sandbox.books import Books
from connectors.sandbox.calendar import LONDON
from data.banking import Card, Limit
from data.facts import Outcome, ToolEvent
from data.money import Money
from data.party import AccountId
from tests.conftest import Answer, Counter, Statement

AMARA, DANIEL, PRIYA, TOMASZ, MARGARET, CALLUM = (
    "amara-okafor", "daniel-whitlock", "priya-raman", "tomasz-zielinski", "margaret-ellison", "callum-mackenzie",
)  # fmt: skip
UNTIL = dt.date(2028, 3, 31)


def tools(answer: Answer) -> list[str]:
    return [e.tool for e in answer.events if isinstance(e, ToolEvent)]


def closing(books: Books, party: str, day: dt.date) -> dict[str, str]:
    """What each account held when a day ended, by its name."""
    end = dt.datetime.combine(day, dt.time(23, 59, 59), LONDON)
    return {a.name: f"{Decimal(books.booked(a.id, end)) / 100:.2f}" for a in books.owned_by(party)}


# Cards


@pytest.mark.parametrize(
    "question",
    ["which cards do I have?", "show me my cards pls", "how many bank cards have i got", "last four digits of my debit card"],
)
def test_cards_are_the_customers_own_with_state_and_last_day(bank: Counter, question: str) -> None:
    answer = bank.ask(AMARA, question)
    assert tools(answer) == ["cards"]
    assert [f.value for f in answer.facts if f.label == "state"] == ["active", "active"]
    assert [f.value for f in answer.facts if f.label == "expires"] == ["2028-03-31", "2027-03-31"]
    assert all(len(f.value) == 4 and f.evidence for f in answer.facts if f.label == "last digits")
    assert answer.says_only_facts()
    theirs = {f.value for f in bank.ask(DANIEL, question).facts if f.label == "last digits"}
    assert not theirs & {f.value for f in answer.facts if f.label == "last digits"}


@pytest.mark.parametrize(
    ("question", "states"),
    [
        ("is my card frozen", ["active", "frozen"]),
        ("did i leave my card frozen?", ["active", "frozen"]),
        ("is the card on my euro account frozen", ["frozen"]),
        ("is my euro card frozen", ["frozen"]),
    ],
)
def test_whether_a_card_is_frozen_is_told_for_each_card_asked_about(bank: Counter, question: str, states: list[str]) -> None:
    answer = bank.ask(TOMASZ, question)
    assert [f.value for f in answer.facts if f.label == "state"] == states
    assert not [f for f in answer.facts if f.unit == "date"]


def test_one_particular_of_a_card_is_told_and_can_be_followed_up(bank: Counter) -> None:
    which, expires, limits = bank.talk(
        CALLUM, "which cards do i have", "when does it expire", "what's the contactless limit on it"
    )
    assert expires.value("expires") == UNTIL.isoformat() == which.value("expires")
    assert [f.value for f in limits.facts if f.unit == "GBP"] == ["100.00"]
    both = bank.ask(CALLUM, "whats the limit on my card")
    assert [f.value for f in both.facts if f.unit == "GBP"] == ["500.00", "100.00"]


@pytest.mark.parametrize(
    "question",
    [
        "what is the long number on my card",
        "give me my full card number",
        "what's the pin of my card",
        "cvv on my debit card please",
    ],
)
def test_what_pays_by_itself_is_shown_to_nobody(bank: Counter, question: str) -> None:
    answer = bank.ask(AMARA, question)
    assert answer.outcome is Outcome.REFUSE
    assert not answer.facts


@pytest.mark.parametrize("topic", ["card number please", "my pin", "the 16 digits", "cvv"])
def test_a_secret_is_refused_whoever_took_the_question_for_one_about_cards(statement: Statement, topic: str) -> None:
    statement.live = Live(cards=[_card(statement)])
    told = statement.told(Tool.CARDS, topic=topic)
    assert told.result.outcome is Outcome.REFUSE
    assert not told.result.facts


def _card(statement: Statement, **more: object) -> Card:
    return Card.model_validate({"id": "c1", "account": statement.accounts[0].id, "last_digits": "0042", "scheme": "VISA", **more})


def test_a_card_that_is_being_replaced_is_not_called_active(statement: Statement) -> None:
    statement.live = Live(cards=[_card(statement, replacement_by=dt.date(2026, 12, 1))])
    assert "stopped, with a replacement on its way" in statement.told(Tool.CARDS, topic="is my card frozen").text


def test_a_card_without_a_last_day_or_limits_is_not_given_any(statement: Statement) -> None:
    statement.live = Live(cards=[_card(statement)])
    assert statement.told(Tool.CARDS, topic="when does it expire").text.startswith("I see no last day of your VISA debit card")
    assert statement.told(Tool.CARDS, topic="what is its limit").text.startswith("I see no limits of your VISA debit card")
    statement.live = Live(cards=[_card(statement, limits=[Limit(id="x", name="Cash", per="day", amount=Money.of("9", "GBP"))])])
    assert statement.told(Tool.CARDS, topic="what is its limit").value("limit") == "9.00"


def test_somebody_without_a_credit_card_is_told_so(bank: Counter) -> None:
    answer = bank.ask(AMARA, "do i have a credit card?")
    assert answer.outcome is Outcome.NONE
    assert "no credit cards" in answer.text


# Statements


@pytest.mark.parametrize(
    ("question", "day"),
    [
        ("closing balance on my September statement", dt.date(2026, 9, 30)),
        ("what did my statement close at in june", dt.date(2026, 6, 30)),
        ("when was my last statement?", dt.date(2026, 10, 31)),
        ("what was the closing balance on my last statement", dt.date(2026, 10, 31)),
    ],
)
def test_a_statement_closes_with_what_was_booked_by_then(bank: Counter, books: Books, question: str, day: dt.date) -> None:
    answer = bank.ask(AMARA, question)
    assert tools(answer) == ["statements"]
    wanted = closing(books, AMARA, day)
    assert [f.value for f in answer.facts if f.label == "closing balance"] == [wanted[a] for a in answer.done.scope.accounts]
    assert {f.value for f in answer.facts if f.label == "statement to"} == {day.isoformat()}
    assert all(f.evidence for f in answer.facts)


def test_the_statements_there_are_can_be_listed_and_those_of_one_account(bank: Counter) -> None:
    answer = bank.ask(DANIEL, "list my statements")
    assert [f.value for f in answer.facts if f.label == "statements"] == ["24"] * 4
    one = bank.ask(DANIEL, "what did the joint account's last statement close at")
    assert len([f for f in one.facts if f.label == "closing balance"]) == 1
    assert one.done.scope.accounts == ("Joint account",)


def test_a_month_that_is_not_over_has_no_statement(bank: Counter) -> None:
    answer = bank.ask(CALLUM, "is my statement for this month out yet")
    assert answer.outcome is Outcome.NONE
    assert "no statements" in answer.text


def test_opening_balances_are_the_closing_ones_before(bank: Counter) -> None:
    months = [bank.ask(CALLUM, f"opening balance on my {month} statement") for month in ("july", "august", "september")]
    for before, after in pairwise(months):
        assert before.value("closing balance") == after.value("opening balance")


# The product of an account


def test_the_kind_of_each_account_is_its_product_and_version(bank: Counter) -> None:
    answer = bank.ask(PRIYA, "what type of account do I have?")
    assert [f.value for f in answer.facts if f.label == "product"] == [
        "Everyday Current Account, version 2",
        "Flexible Saver, version 1",
    ]
    assert {e for f in answer.facts for e in f.evidence} == {"product:everyday-2", "product:flexible-saver-1"}


@pytest.mark.parametrize("question", ["what's my overdraft limit", "whats my arranged overdraft", "how far overdrawn can i go"])
def test_the_arranged_overdraft_is_that_of_the_account(bank: Counter, question: str) -> None:
    answer = bank.ask(PRIYA, question)
    assert answer.value("arranged overdraft") == "750.00"
    assert answer.value("largest overdraft") == "1500.00"
    assert "no arranged overdraft" in bank.ask(MARGARET, question).text


@pytest.mark.parametrize(
    ("party", "rates"), [(CALLUM, ["2.50", "2.75"]), (AMARA, ["3.10", "3.40", "4.05"]), (DANIEL, ["3.85", "3.40", "4.05"])]
)
def test_interest_on_savings_is_the_rate_that_the_balance_reaches_and_what_more_would_earn(
    bank: Counter, party: str, rates: list[str]
) -> None:
    answer = bank.ask(party, "what interest do I get on my savings")
    assert [f.value for f in answer.facts if f.unit == "percent" and f.label.startswith(("interest", "rate of"))] == rates


def test_an_account_that_earns_nothing_is_said_to(bank: Counter) -> None:
    assert "earns no interest" in bank.ask(CALLUM, "does my current account earn interest?").text


# How the bank reaches the customer


@pytest.mark.parametrize(
    ("question", "said", "unsaid"),
    [
        ("what address do you have for me", "Birmingham, B17 ***", "example.com"),
        ("what's my phone number on file", "********118", "Birmingham"),
        ("whats the email on file", "a***@example.com", "118"),
    ],
)
def test_contact_details_are_told_as_the_bank_masks_them(bank: Counter, question: str, said: str, unsaid: str) -> None:
    answer = bank.ask(AMARA, question)
    assert tools(answer) == ["contact"]
    assert said in answer.text
    assert unsaid not in answer.text
    assert "does not show all of it" in answer.text
    assert "07700" not in str(answer.events)


def test_all_details_are_told_where_none_is_named(bank: Counter) -> None:
    answer = bank.ask(MARGARET, "What contact details do you have for me?")
    assert [f.label for f in answer.facts] == ["name", "address", "mobile number", "email address"]


# When something is amiss


@pytest.mark.usefixtures("no_services")
@pytest.mark.parametrize(
    "question",
    ["which cards do i have", "when was my last statement", "what's my overdraft limit", "what's my phone number on file"],
)
def test_without_the_banks_services_that_is_said_and_nothing_is_guessed(bank: Counter, question: str) -> None:
    answer = bank.ask(AMARA, question)
    assert answer.outcome is Outcome.CANNOT
    assert "service" in answer.text
    assert not answer.facts


@pytest.mark.parametrize("tool", [Tool.CARDS, Tool.STATEMENTS, Tool.PRODUCT, Tool.CONTACT])
def test_an_imported_statement_has_none_of_it(statement: Statement, tool: Tool) -> None:
    statement.files = frozenset({AccountId(statement.accounts[0].id)})
    told = statement.told(tool)
    assert told.result.outcome is Outcome.CANNOT
    assert "imported statement" in told.text
