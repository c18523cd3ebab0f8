"""Messages of nothing but words of a question about payments, and who is named beside a question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.dialogue import Understanding
from assistant.memory import Memory
from assistant.plan import Asked, Plan, Spans, Step, Tool
from assistant.router import vocabulary
from tests.conftest import Counter
from tests.test_dialogue import KNOWN


@pytest.fixture(scope="module")
def understanding(bank: Counter) -> Understanding:
    return bank.bank.assistant.understanding


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("Tesco: every payment ever, added together as one figure", Tool.SUM),
        ("put all my payments to Boots together, what do they come to", Tool.SUM),
        ("category groceries - sum of payments, all dates", Tool.SUM),
        ("on what date was my final payment to Tesco", Tool.LAST),
        ("no payment in May was bigger than which one? the amount and the payee", Tool.LARGEST),
        ("the full value of each refund, added up", None),
        ("combined value of all refunds credited to me", Tool.REFUNDS),
        ("how much of it all was given back later in refunds, taken together", Tool.REFUNDS),
        ("I've had money refunded now and then, how much precisely in all", Tool.REFUNDS),
    ],
)
def test_what_is_put_in_other_words_is_heard(understanding: Understanding, message: str, tool: Tool | None) -> None:
    plan = understanding.plan(message, KNOWN, Memory())
    if tool is None:
        assert not (isinstance(plan, Plan) and plan.steps[0].tool is Tool.SUM)
    else:
        assert isinstance(plan, Plan)
        assert [step.tool for step in plan.steps] == [tool]


_ENGLISH = frozenset(["tools", "proof", "aunt", "shop", "says", "considering", "leaving", "they"])


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Brindlewick Tools want proof that I paid. What have I paid them in all, and when last?", "brindlewick tools"),
        ("My aunt says we shop at Brindlewick. How much have I spent there overall and when was the latest time?", "brindlewick"),
        (
            "I'm considering leaving Brindlewick. What have they had off me altogether, and on what date most recently?",
            "brindlewick",
        ),
    ],
)
def test_who_is_told_of_is_whom_the_question_is_about(understanding: Understanding, message: str, name: str) -> None:
    plan = understanding.plan(message, replace(KNOWN, vocabulary=vocabulary(_ENGLISH)), Memory())
    assert isinstance(plan, Plan)
    assert [(step.tool, step.spans.merchants) for step in plan.steps] == [
        (Tool.SUM, (name,)),
        (Tool.LAST, (name,)),
    ]


def test_a_price_and_what_several_had_are_no_sum(understanding: Understanding) -> None:
    for message in ("how much is Tesco a week", "how much does Boots take"):
        plan = understanding.plan(message, KNOWN, Memory())
        assert not (isinstance(plan, Plan) and plan.steps[0].tool is Tool.SUM and plan.sure >= 0.9)


def test_months_of_a_year_that_is_said_once(understanding: Understanding) -> None:
    plan = understanding.plan("in 2025, did I spend more in March than April", KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert plan.steps[0].tool is Tool.COMPARE
    assert ["2025" in words for words in plan.steps[0].spans.periods] == [True, True]


def test_a_question_behind_a_statement_leaves_no_refund_out(understanding: Understanding) -> None:
    before = Asked(step=Step(tool=Tool.LARGEST, spans=Spans(periods=("in may",), merchants=("tesco",))))
    read = understanding.plan("and Boots gave me something back didn't they, how much?", KNOWN, Memory(asked=(before,)))
    assert not (isinstance(read, Plan) and read.steps[0].spans.merchants == ("tesco",))


def test_so_many_of_all_are_asked_for_whatever_was_not_understood_before(understanding: Understanding) -> None:
    before = Asked(step=Step(tool=Tool.SUM, spans=Spans(merchants=("tesco",))))
    read = understanding.plan("top five shops by spending overall, with the sums", KNOWN, Memory(asked=(before,), lost=True))
    assert isinstance(read, Plan)
    assert [(step.tool, step.spans.merchants) for step in read.steps] == [(Tool.TOP, ())]
