"""Refunds that are left out of what is asked."""

from __future__ import annotations

import pytest

from assistant.dialogue import Understanding
from assistant.memory import Memory
from assistant.plan import Asked, Plan, Spans, Step, Tool
from assistant.refunds import less
from assistant.spans import plain
from tests.conftest import Counter
from tests.test_dialogue import KNOWN


@pytest.fixture(scope="module")
def understanding(bank: Counter) -> Understanding:
    return bank.bank.assistant.understanding


@pytest.mark.parametrize(
    ("message", "rest"),
    [
        ("petrol in June w/o refunds", "petrol in june"),
        ("the sum for Aldi (ex. refunds)?", "the sum for aldi?"),
        ("refunds put to one side, what did Boots cost me", "what did boots cost me"),
        ("what did Boots cost me? You can forget any refunds I got", "what did boots cost me?"),
        ("what did Boots cost me - and please don't mix in the refunds", "what did boots cost me"),
        ("with refunds stripped from it", None),
        ("my spend with all refunds filtered out of the total in May", "my spend in may"),
        ("Tesco spending, refunds needn't figure in it", "tesco spending"),
        ("Add up Boots for me. If something was refunded, take no notice of that.", "add up boots for me."),
        ("what did Boots cost me? A shop gave me some back once, never mind it.", "what did boots cost me?"),
        ("the sum of my Aldi payments; refunds are of no interest to me", "the sum of my aldi payments"),
        ("Boots in May: sums paid, yes. Refunds: no.", "boots in may: sums paid, yes."),
        ("Tesco spending, refunds mustn't be part of the figure", "tesco spending"),
        ("Tesco: the lot, refunds = omitted", "tesco: the lot"),
        ("how much has Boots had off me if we keep any refunds out", "how much has boots had off me"),
        ("Tesco, the total, not counting what they refunded", "tesco, the total"),
        ("Aldi total, refund amounts not subtracted", "aldi total"),
        ("just payments to Tesco, none of the refunds", "just payments to tesco"),
    ],
)
def test_words_that_leave_refunds_out_are_taken_out(message: str, rest: str | None) -> None:
    assert less(plain(message)) == rest


@pytest.mark.parametrize(
    "message",
    [
        "why have I had no refunds from Aldi",
        "no refunds in June?",
        "what had I paid before the refund arrived",
        "the reimbursements that are due",
        "ignoring refunds at Boots, what went to Aldi",
        "without refunds and transfers, what went out",
        "is the Aldi refund out yet",
        "refunds of mine, tally them",
        "what did I pay Boots, and did they not give me anything back",
    ],
)
def test_what_asks_for_refunds_or_takes_them_off_stays(message: str) -> None:
    assert less(plain(message)) is None


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("what did I pay Tesco in June, with refunds disregarded", Tool.SUM),
        ("the total paid to Aldi, please, with any refunds set apart", Tool.SUM),
        ("how often was I at Aldi in June? refunds are not to be counted", Tool.COUNT),
        ("did Boots send any refunds, and how much is it all in all", Tool.REFUNDS),
        ("any refunds from Boots? tot them up", Tool.REFUNDS),
        ("refunds from the very start, in total", Tool.REFUNDS),
    ],
)
def test_a_sum_without_refunds_is_no_question_for_refunds(understanding: Understanding, message: str, tool: Tool) -> None:
    plan = understanding.plan(message, KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [step.tool for step in plan.steps] == [tool]


def test_refunds_that_are_taken_off_are_told_beside_the_sum(understanding: Understanding) -> None:
    plan = understanding.plan("what did I pay Boots this year, net of any refunds", KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [(step.tool, step.spans.merchants) for step in plan.steps] == [(Tool.SUM, ("boots",))]
    compared = understanding.plan("was May dearer than June for my spending, after refunds", KNOWN, Memory())
    assert not isinstance(compared, Plan)


def test_a_list_without_refunds_is_of_what_went_out(understanding: Understanding) -> None:
    plan = understanding.plan("list my payments in May, excluding refunds", KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [(step.tool, step.spans.change) for step in plan.steps] == [(Tool.FIND, "went out")]


def test_after_refunds_a_sum_without_them_is_of_who_gave_them(understanding: Understanding) -> None:
    back = Step(tool=Tool.REFUNDS, spans=Spans(merchants=("boots",), periods=("this year",)))
    plan = understanding.plan("how much have I paid them this year, refunds ignored?", KNOWN, Memory(asked=(Asked(step=back),)))
    assert isinstance(plan, Plan)
    assert [(step.tool, step.spans.merchants) for step in plan.steps] == [(Tool.SUM, ("boots",))]


def test_after_a_sum_it_is_that_sum_again(understanding: Understanding) -> None:
    boots = Step(tool=Tool.SUM, spans=Spans(merchants=("boots",), periods=("this year",)))
    plan = understanding.plan("and with refunds left aside?", KNOWN, Memory(asked=(Asked(step=boots),)))
    assert isinstance(plan, Plan)
    assert plan.steps == (boots,)
