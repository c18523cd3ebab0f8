"""What a message asks, alone and after others: a plan only where everything was understood."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.dialogue import REMEMBERED, Asked, Choice, Memory, Understanding, Unsure, merged
from assistant.periods import Today
from assistant.plan import Plan, Spans, Step, Tool
from assistant.resolve import synonyms_of
from assistant.router import vocabulary
from assistant.spans import Known
from data.banking import Account, AccountKind
from data.ledger import Payee
from data.party import AccountId
from tests.conftest import Counter

MINE = AccountId("mine")
KNOWN = Known.of(
    [
        Payee(id=n, account=MINE, text=name, shown=name.upper(), template=name)
        for n, name in enumerate(["tesco", "aldi", "boots", "netflix", "jane doe"], start=1)
    ],
    ("groceries", "eating_out", "fuel"),
    synonyms_of({"groceries": ["groceries"], "eating_out": ["eating out"], "fuel": ["petrol"]}),
    [Account(id=MINE, kind=AccountKind.CURRENT, name="Everyday account", currency="GBP")],
    vocabulary(),
    Today.of(dt.date(2026, 11, 24), "en_GB"),
)


@pytest.fixture(scope="module")
def understanding(bank: Counter) -> Understanding:
    return bank.bank.assistant.understanding


def tools(plan: Plan | Unsure) -> list[Tool]:
    assert isinstance(plan, Plan), plan
    return [step.tool for step in plan.steps]


def after(*steps: Step) -> Memory:
    return Memory(asked=tuple(Asked(step=s) for s in steps))


TESCO = Step(tool=Tool.SUM, spans=Spans(periods=("last month",), merchants=("tesco",)))


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("How much did I spend at Tesco last month?", Tool.SUM),
        ("what's the total i paid to tesco in october", Tool.SUM),
        ("How many times did I go to Boots this year?", Tool.COUNT),
        ("what was my biggest payment in May?", Tool.LARGEST),
        ("When did I last pay Netflix?", Tool.LAST),
        ("show me my spending by category last month", Tool.BREAKDOWN),
        ("did I spend more in September than in August?", Tool.COMPARE),
        ("Was I charged twice by Netflix?", Tool.DUPLICATES),
        ("what is my balance", Tool.BALANCE),
        ("which standing orders do I have?", Tool.STANDING_ORDERS),
        ("list my direct debits", Tool.DIRECT_DEBITS),
        ("what is coming out before the end of the month?", Tool.UPCOMING),
        ("has my salary arrived?", Tool.SALARY),
        ("can I afford £200?", Tool.AFFORD),
        ("let me talk to a person", Tool.HANDOVER),
        ("what is my PIN?", Tool.REFUSE),
        ("who won the football last night?", Tool.OOS),
    ],
)
def test_a_question_is_understood_for_what_it_asks(understanding: Understanding, message: str, tool: Tool) -> None:
    assert tools(understanding.plan(message, KNOWN, Memory())) == [tool]


def test_two_questions_are_two_steps(understanding: Understanding) -> None:
    plan = understanding.plan("How much did I spend at Tesco last month and what was the biggest one?", KNOWN, Memory())
    assert tools(plan) == [Tool.SUM, Tool.LARGEST]
    assert isinstance(plan, Plan)
    assert all(step.spans.merchants == ("tesco",) for step in plan.steps)


@pytest.mark.parametrize("message", ["please flurble the wozzle", "gluon", "tax deductible glorping in October"])
def test_a_word_that_is_not_understood_makes_no_plan(understanding: Understanding, message: str) -> None:
    plan = understanding.plan(message, KNOWN, Memory())
    assert isinstance(plan, Unsure)
    assert plan.found.unknown


def test_a_plan_holds_the_customers_own_words(understanding: Understanding) -> None:
    plan = understanding.plan("How much did I spend at Tesco on groceries over £20 in May?", KNOWN, Memory())
    assert isinstance(plan, Plan)
    said = plan.steps[0].spans
    assert (said.merchants, said.category, said.amount) == (("tesco",), "groceries", "over £20")
    assert said.periods == ("in may",)


# After another question


@pytest.mark.parametrize(
    ("message", "spans"),
    [
        ("and in September?", Spans(periods=("in september",), merchants=("tesco",))),
        ("what about Aldi?", Spans(periods=("last month",), merchants=("aldi",))),
        ("and groceries?", Spans(periods=("last month",), category="groceries")),
    ],
)
def test_a_follow_up_changes_only_what_it_names(understanding: Understanding, message: str, spans: Spans) -> None:
    plan = understanding.plan(message, KNOWN, after(TESCO))
    assert tools(plan) == [Tool.SUM]
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans == spans


def test_another_question_of_the_same_payments_keeps_them(understanding: Understanding) -> None:
    plan = understanding.plan("how many payments was that?", KNOWN, after(TESCO))
    assert tools(plan) == [Tool.COUNT]
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans.merchants == ("tesco",)
    assert plan.steps[0].spans.periods == ("last month",)


def test_both_together_joins_the_last_two(understanding: Understanding) -> None:
    aldi = TESCO.model_copy(update={"spans": Spans(periods=("last month",), merchants=("aldi",))})
    plan = understanding.plan("what about both together?", KNOWN, after(TESCO, aldi))
    assert tools(plan) == [Tool.SUM]
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans.merchants == ("tesco", "aldi")


def test_a_new_topic_takes_nothing_along(understanding: Understanding) -> None:
    plan = understanding.plan("what is my balance?", KNOWN, after(TESCO))
    assert tools(plan) == [Tool.BALANCE]
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans.merchants == ()


def test_with_nothing_before_a_follow_up_is_not_guessed(understanding: Understanding) -> None:
    for message in ("and in September?", "what about both together?", "the other one"):
        assert isinstance(understanding.plan(message, KNOWN, Memory()), Unsure)


def test_merging_keeps_what_is_not_said_again() -> None:
    before = Spans(periods=("last month",), merchants=("tesco",), amount="over £5", account="joint account")
    assert merged(before, Spans()) == before
    assert merged(before, Spans(category="groceries")).merchants == ()
    assert merged(before, Spans(periods=("in may",))) == before.model_copy(update={"periods": ("in may",)})


# Memory


def test_memory_is_bounded_and_survives_being_written_down() -> None:
    memory = Memory()
    for n in range(3 * REMEMBERED):
        step = Step(tool=Tool.COUNT, spans=Spans(number=str(n)))
        memory = memory.after([Asked(step=step, used=("tesco",))], [Choice(label=str(n), step=step)])
    assert len(memory.asked) == REMEMBERED
    assert memory.asked[-1].step.spans.number == str(3 * REMEMBERED - 1)
    assert [c.label for c in memory.choices] == [str(3 * REMEMBERED - 1)]
    assert Memory.model_validate_json(memory.model_dump_json()) == memory


MESSAGES = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["tesco", "how much", "and", "last month", "both", "the other", "?", "my", "balance", "what", "only", "before"]
        ),
        max_size=8,
    ).map(" ".join),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=MESSAGES, before=st.sampled_from([Memory(), after(TESCO), after(TESCO, TESCO)]))
def test_any_message_is_a_plan_or_a_question_back(understanding: Understanding, message: str, before: Memory) -> None:
    plan = understanding.plan(message, KNOWN, before)
    assert isinstance(plan, Unsure) or plan.steps
