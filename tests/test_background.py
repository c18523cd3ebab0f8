"""What is told beside a question: which clauses ask, and what of the rest counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.background import apart
from assistant.dialogue import Understanding, Unsure
from assistant.memory import Memory
from assistant.plan import Plan, Spans, Tool
from assistant.spans import find, plain
from tests.conftest import Counter
from tests.test_dialogue import KNOWN, TESCO, after


@pytest.fixture(scope="module")
def understanding(bank: Counter) -> Understanding:
    return bank.bank.assistant.understanding


def asks(message: str) -> str | None:
    told = apart(plain(message), lambda clause: find(clause, KNOWN).masked, lambda _: False)
    return told.asks if told else None


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("My daughter wants to go through them, so please list my direct debits", "please list my direct debits"),
        ("list my direct debits. It's for the budget", "list my direct debits."),
        ("I need for our house file what we paid Aldi in May", "i need what we paid aldi in may"),
        ("doing my sums. what did Tesco come to in May", "what did tesco come to in may"),
        ("what did Boots come to in May for my tax return", "what did boots come to in may"),
        ("the roof is leaking once more remind me what Aldi cost in May", "remind me what aldi cost in may"),
        ("my flatmate is saying we skipped May?! what did I pay Jane Doe", "what did i pay jane doe"),
    ],
)
def test_what_is_told_is_no_part_of_what_asks(message: str, what: str) -> None:
    assert asks(message) == what


@pytest.mark.parametrize(
    "message",
    [
        "how much at Tesco in October? I only mean the card",
        "do I spend more at Tesco or Aldi, say in October",
        "weekdays, how much at Tesco in October",
        "parking in October, what's that a week?",
        "I spent a lot at Tesco in October",
    ],
)
def test_what_may_narrow_stays_with_what_asks(message: str) -> None:
    assert asks(message) is None


def only(plan: Plan | Unsure) -> tuple[Tool, Spans]:
    assert isinstance(plan, Plan), plan
    (step,) = plan.steps
    return step.tool, step.spans


@pytest.mark.parametrize(
    ("message", "spans"),
    [
        ("My neighbour swears by Aldi. How much did I spend at Tesco in May?", Spans(periods=("in may",), merchants=("tesco",))),
        ("I had a letter from Tesco. How much did I pay them in May?", Spans(periods=("in may",), merchants=("tesco",))),
        (
            "trying to be good this month. what have I spent at Tesco already",
            Spans(periods=("this month",), merchants=("tesco",)),
        ),
    ],
)
def test_of_what_is_told_counts_what_is_pointed_at_and_lacking(understanding: Understanding, message: str, spans: Spans) -> None:
    assert only(understanding.plan(message, KNOWN, Memory())) == (Tool.SUM, spans)


@pytest.mark.parametrize(
    ("message", "tool", "spans"),
    [
        ("January is tax again. How much is in my everyday account", Tool.BALANCE, Spans(account="in my everyday account")),
        ("Jane Doe says I owe her for October. When did I last pay her", Tool.LAST, Spans(merchants=("jane doe",))),
    ],
)
def test_days_of_a_reason_are_none_of_what_is_asked_as_of_now(
    understanding: Understanding, message: str, tool: Tool, spans: Spans
) -> None:
    assert only(understanding.plan(message, KNOWN, Memory())) == (tool, spans)


def test_days_that_are_pointed_at_are_those_of_the_balance(understanding: Understanding) -> None:
    plan = understanding.plan("I got paid on 20 November. How much was in my everyday account then", KNOWN, Memory())
    assert isinstance(plan, Unsure) or any(step.spans.periods for step in plan.steps)


def test_who_is_asked_to_look_looks_at_what_was_told(understanding: Understanding) -> None:
    plan = understanding.plan("I think Aldi charge me two time, please look", KNOWN, after(TESCO))
    assert only(plan)[1].merchants == ("aldi",)


def test_what_looks_like_a_name_and_is_talk_names_nobody() -> None:
    message = "he drinks petrol like tesco does. how much at aldi"
    assert find(message, KNOWN).spans.category == "petrol"
    told = find(message, replace(KNOWN, talk={"petrol": 1.0, "tesco": 1.0})).spans
    # Somebody who is paid stays, whatever is said of them.
    assert (told.category, told.merchants) == ("", ("tesco", "aldi"))


def test_what_was_told_can_be_compared_with(understanding: Understanding) -> None:
    plan = understanding.plan("Tesco took loads this month. is it more than last month?", KNOWN, Memory())
    assert only(plan) == (Tool.COMPARE, Spans(periods=("this month", "last month"), merchants=("tesco",)))


def test_days_that_may_be_those_of_the_question_are_asked_about(understanding: Understanding) -> None:
    plan = understanding.plan("We had people over in May. How much did I spend at Tesco?", KNOWN, Memory())
    assert isinstance(plan, Unsure)
    assert [step.spans.periods for step in plan.readings] == [("in may",), ()]


def test_their_sum_is_of_what_was_told(understanding: Understanding) -> None:
    tool, spans = only(understanding.plan("I see Tesco takes tiny bits. Their total this year, please", KNOWN, Memory()))
    assert (tool, spans.merchants, spans.periods) == (Tool.SUM, ("tesco",), ("this year",))


def test_on_which_days_somebody_was_paid_are_those_payments(understanding: Understanding) -> None:
    tool, spans = only(
        understanding.plan("Jane Doe reckons she is short for June. Which days did I pay her that month", KNOWN, Memory())
    )
    assert (tool, spans.merchants, spans.periods) == (Tool.FIND, ("jane doe",), ("for june",))
