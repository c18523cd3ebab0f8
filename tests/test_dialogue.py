"""What a message asks, alone and after others: a plan only where everything was understood."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.dialogue import Understanding, Unsure
from assistant.following import merged
from assistant.memory import REMEMBERED, Choice, Memory
from assistant.periods import Today
from assistant.plan import Asked, Plan, Spans, Step, Tool
from assistant.resolve import synonyms_of
from assistant.router import vocabulary
from assistant.spans import Found, Known, find
from data.banking import Account, AccountKind
from data.facts import Outcome
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


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("when did Netflix start charging more?", Tool.SUBSCRIPTIONS),
        ("when did I pay Tesco in May and how much was it?", Tool.FIND),
        ("how many miles did I drive last month?", Tool.CANNOT),
        ("how much less is there in my everyday account than when November began?", Tool.EXPLAIN),
        ("how much was I charged for being overdrawn in October?", Tool.SUM),
        ("has our share of the kitty gone to tesco already?", Tool.FIND),
        ("how much can I spend with the overdraft?", Tool.BALANCE),
        ("what will my balance be when next month ends?", Tool.BALANCE),
        ("will it rain in Cromer on Saturday?", Tool.OOS),
    ],
)
def test_what_sounds_like_another_question_is_answered_as_asked(understanding: Understanding, message: str, tool: Tool) -> None:
    assert tools(understanding.plan(message, KNOWN, Memory())) == [tool]


def test_the_new_price_of_what_was_spoken_of_is_its_latest(understanding: Understanding) -> None:
    netflix = Step(tool=Tool.SUBSCRIPTIONS, spans=Spans(merchants=("netflix",), change="gone up"))
    plan = understanding.plan("when was the first time I paid the new amount", KNOWN, after(netflix))
    assert tools(plan) == [Tool.SUBSCRIPTIONS]
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans.merchants == ("netflix",)


def test_what_was_moved_into_it_is_moved_into_the_account_that_was_spoken_of(understanding: Understanding) -> None:
    pot = Account(id=AccountId("pot"), kind=AccountKind.SAVINGS, name="Tax pot", currency="GBP")
    known = replace(KNOWN, accounts=(*KNOWN.accounts, pot))
    plan = understanding.plan(
        "how much did I put in there this year", known, after(Step(tool=Tool.BALANCE, spans=Spans(account="in the tax pot")))
    )
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans == Spans(periods=("this year",), account="into the tax pot")


def test_a_question_about_what_was_paid_on_past_days_is_none_for_the_pages(understanding: Understanding) -> None:
    plan = understanding.plan("can petrol be paid with a card last month", KNOWN, Memory())
    assert not isinstance(plan, Plan) or Tool.ARTICLE not in tools(plan)


def test_who_takes_something_is_told_with_the_newest(understanding: Understanding) -> None:
    assert tools(understanding.plan("the Netflix payment, how much is it and who takes it", KNOWN, Memory())) == [Tool.LAST]


def test_two_questions_are_two_steps(understanding: Understanding) -> None:
    plan = understanding.plan("How much did I spend at Tesco last month and what was the biggest one?", KNOWN, Memory())
    assert tools(plan) == [Tool.SUM, Tool.LARGEST]
    assert isinstance(plan, Plan)
    assert all(step.spans.merchants == ("tesco",) for step in plan.steps)


@pytest.mark.parametrize("message", ["please flurble the wozzle", "gluon"])
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


def test_a_question_that_names_nobody_and_asks_for_nothing_of_all_is_of_whom_was_spoken_of(understanding: Understanding) -> None:
    plan = understanding.plan("jeez. how many times was I in", KNOWN, after(TESCO))
    assert isinstance(plan, Plan), plan
    assert plan.steps[0].spans == TESCO.spans
    assert isinstance(understanding.plan("jeez. how many times was I in", KNOWN, Memory()), Unsure)


def test_whether_anything_ever_came_back_is_asked_of_all_refunds(understanding: Understanding) -> None:
    assert tools(understanding.plan("have Tesco ever refunded me before?", KNOWN, Memory())) == [Tool.REFUNDS]


@pytest.mark.parametrize(
    ("message", "before"),
    [
        ("I meant October v September", after(TESCO)),
        ("groceries, September set against October please", Memory()),
        ("Aldi v Tesco last month", Memory()),
    ],
)
def test_two_that_stand_against_each_other_are_compared(understanding: Understanding, message: str, before: Memory) -> None:
    assert tools(understanding.plan(message, KNOWN, before)) == [Tool.COMPARE]


def test_interest_of_days_that_are_over_is_what_came_in(understanding: Understanding) -> None:
    assert tools(understanding.plan("everyday account interest for September", KNOWN, Memory())) == [Tool.INCOME]
    assert tools(understanding.plan("how is interest worked out", KNOWN, Memory())) == [Tool.ARTICLE]


@pytest.mark.parametrize("message", ["was any interest charged to me in october", "how much interest did I pay in october"])
def test_interest_that_was_charged_is_none_that_came_in(understanding: Understanding, message: str) -> None:
    step = step_of(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.merchants) == (Tool.SUM, ("overdraft interest",))


def test_what_the_bank_charged_is_not_all_that_was_spent(understanding: Understanding) -> None:
    plan = understanding.plan("how much did the bank charge me in october", KNOWN, Memory())
    assert isinstance(plan, Unsure) or plan.steps[0].spans.category == "fees"


def test_of_three_that_stand_against_each_other_each_is_told(understanding: Understanding) -> None:
    step = step_of(understanding.plan("Tesco v Aldi v Boots in October", KNOWN, Memory()))
    assert (step.tool, step.spans.merchants) == (Tool.SUM, ("tesco", "aldi", "boots"))


@pytest.mark.parametrize("message", ["how much is in the isa", "how much went into the house pot", "Tesco v Aldi, not October"])
def test_an_account_that_nobody_has_and_days_left_out_are_never_replaced(understanding: Understanding, message: str) -> None:
    assert not isinstance(understanding.plan(message, KNOWN, Memory()), Plan)


@pytest.mark.parametrize("message", ["what went out in October", "total outgoings in October"])
def test_all_that_went_out_is_not_with_whom_was_spoken_of(understanding: Understanding, message: str) -> None:
    plan = understanding.plan(message, KNOWN, after(TESCO))
    assert isinstance(plan, Unsure) or plan.steps[0].spans.merchants == ()


def test_what_has_not_happened_is_not_explained(understanding: Understanding) -> None:
    plan = understanding.plan("why will my balance go down in March of next year", KNOWN, Memory())
    assert tools(plan) == [Tool.CANNOT]


def test_what_one_payment_came_to_is_not_asked_of_other_days(understanding: Understanding) -> None:
    asked = Step(tool=Tool.IDENTIFY, spans=Spans(periods=("in march",), merchants=("tesco",), amount="nearly 400 pounds"))
    plan = understanding.plan("and in 2025, what did they charge?", KNOWN, after(asked))
    assert step_of(plan).spans.amount == ""


def test_a_year_that_is_no_period_is_not_passed_over() -> None:
    assert "2025" in find("how much did I spend at Tesco 2025 wise", KNOWN).unknown


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


def step_of(plan: Plan | Unsure) -> Step:
    assert isinstance(plan, Plan), plan
    (step,) = plan.steps
    return step


def about(tool: Tool, *names: str, period: str = "") -> Step:
    return Step(tool=tool, spans=Spans(merchants=names, periods=(period,) if period else ()))


@pytest.mark.parametrize(
    ("message", "left_open", "meant"),
    [
        ("Tesco", about(Tool.SUM, period="last month"), about(Tool.SUM, "tesco", period="last month")),
        ("last month", about(Tool.COUNT, "tesco"), about(Tool.COUNT, "tesco", period="last month")),
        ("in May", about(Tool.LARGEST), about(Tool.LARGEST, period="in may")),
    ],
)
def test_an_answer_to_a_question_back_completes_what_was_asked(
    understanding: Understanding, message: str, left_open: Step, meant: Step
) -> None:
    before = after(about(Tool.AVERAGE, "boots")).after([], [], left_open, lost=True)
    assert step_of(understanding.plan(message, KNOWN, before)) == meant


def test_another_name_is_no_answer_to_a_question_about_somebody_else(understanding: Understanding) -> None:
    before = Memory(open=about(Tool.AVERAGE, "zorblax", period="in may"))
    assert step_of(understanding.plan("Tesco", KNOWN, before)) == about(Tool.SUM, "tesco")


@pytest.mark.parametrize(
    "message", ["what have we paid them", "how often do I go there", "when did I last pay them", "how much did she get in May"]
)
def test_somebody_whom_nobody_named_is_asked_about(understanding: Understanding, message: str) -> None:
    """Never a sum over everybody."""
    assert isinstance(understanding.plan(message, KNOWN, Memory()), Unsure)
    assert isinstance(understanding.plan(message, KNOWN, after(about(Tool.SUM, period="last month"))), Unsure)
    assert step_of(understanding.plan(message, KNOWN, after(TESCO))).spans.merchants == ("tesco",)


def test_after_a_message_that_was_not_understood_nothing_is_leant_on(understanding: Understanding) -> None:
    assert step_of(understanding.plan("the dearest one?", KNOWN, after(TESCO))).spans.merchants == ("tesco",)
    assert isinstance(understanding.plan("the dearest one?", KNOWN, after(TESCO).after([], [], None, lost=True)), Unsure)


@pytest.mark.parametrize(
    ("before", "message", "meant"),
    [
        (about(Tool.SUM, "netflix", period="last month"), "when is it due", about(Tool.UPCOMING, "netflix")),
        (about(Tool.LAST, "tesco"), "how much did I take out", about(Tool.LAST, "tesco")),
        (Step(tool=Tool.DIRECT_DEBITS), "which is the highest", Step(tool=Tool.DIRECT_DEBITS)),
        (Step(tool=Tool.PENDING), "when will they go through", Step(tool=Tool.PENDING)),
        (Step(tool=Tool.PENDING), "total?", Step(tool=Tool.PENDING)),
        (about(Tool.QUIET_DAYS, period="last month"), "how many is that", about(Tool.QUIET_DAYS, period="last month")),
        (about(Tool.INCOME, period="last week"), "who and how much", about(Tool.INCOME, period="last week")),
        (about(Tool.SUM, "tesco", period="last month"), "and the fortnight before", None),
    ],
)
def test_a_short_question_asks_of_the_answer_before(
    understanding: Understanding, before: Step, message: str, meant: Step | None
) -> None:
    plan = understanding.plan(message, KNOWN, after(before))
    if meant is None:
        assert step_of(plan).spans.merchants == ("tesco",)
        assert step_of(plan).spans.periods[0].startswith("from 2026-09-17")
    else:
        assert step_of(plan) == meant


@pytest.mark.parametrize(
    ("message", "answered"),
    [
        ("did the direct debit for the boat go out", False),
        ("has my yoga class charged me two times this month", False),
        ("which standing orders do I have at present?", True),
    ],
)
def test_a_word_that_picks_one_of_a_list_is_never_passed_over(understanding: Understanding, message: str, answered: bool) -> None:
    plan = understanding.plan(message, KNOWN, Memory())
    named = [name for step in plan.steps for name in step.spans.merchants] if isinstance(plan, Plan) else ["asked"]
    assert bool(named) is not answered


@pytest.mark.parametrize("message", ["when is it due", "how much is it", "how many journeys", "for how long"])
def test_what_is_of_nobody_is_asked_about(understanding: Understanding, message: str) -> None:
    assert isinstance(understanding.plan(message, KNOWN, Memory()), Unsure)


NOTHING = Spans()


def lost(before: Memory, said: Spans = NOTHING, unknown: tuple[str, ...] = ()) -> Memory:
    """After a message that was not understood."""
    return before.after([], [], None, lost=True, heard=before.heard_in(Found("", said, unknown)))


def test_whom_a_message_that_was_not_understood_named_can_be_asked_about(understanding: Understanding) -> None:
    before = lost(after(TESCO), Spans(merchants=("boots",), periods=("in may",)))
    for message in ("how often do I go there", "the dearest one?", "when did I last pay them"):
        assert step_of(understanding.plan(message, KNOWN, before)).spans.merchants == ("boots",)
    assert step_of(understanding.plan("how much at Aldi in June", KNOWN, before)) == about(Tool.SUM, "aldi", period="in june")
    assert isinstance(understanding.plan("and in July?", KNOWN, before), Unsure), "how it was to be told, nobody knows"
    assert isinstance(understanding.plan("what's the difference?", KNOWN, before), Unsure)


def test_what_a_message_with_words_that_nobody_knows_was_about_is_only_whom_it_named(understanding: Understanding) -> None:
    before = lost(after(TESCO), Spans(merchants=("boots",)), ("zorblax",))
    assert step_of(understanding.plan("how often do I go there", KNOWN, before)).spans.merchants == ("boots",)
    assert isinstance(understanding.plan("the dearest one?", KNOWN, before), Unsure)
    assert lost(after(TESCO), unknown=("zorblax",)).heard is None


def test_a_message_that_named_nobody_and_was_not_understood_leaves_whom_it_was_about(understanding: Understanding) -> None:
    assert step_of(understanding.plan("the dearest one?", KNOWN, lost(after(TESCO)))).spans.merchants == ("tesco",)
    further = lost(lost(after(TESCO)))
    assert step_of(understanding.plan("how often do I go there", KNOWN, further)).spans.merchants == ("tesco",)


@pytest.mark.parametrize(
    ("message", "periods"),
    [
        ("was Q2 more than that", ("q2", "last month")),
        ("was May less than that?", ("may", "last month")),
        ("is that more than in May", ("last month", "in may")),
        ("and was that more than in September?", ("last month", "in september")),
    ],
)
def test_a_comparison_leans_on_what_was_asked_before_and_keeps_which_is_first(
    understanding: Understanding, message: str, periods: tuple[str, str]
) -> None:
    step = step_of(understanding.plan(message, KNOWN, after(TESCO)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.COMPARE, ("tesco",), periods)


def test_one_name_is_compared_with_the_one_before(understanding: Understanding) -> None:
    for message in ("is that more than at Aldi?", "did I spend more at Aldi than that"):
        step = step_of(understanding.plan(message, KNOWN, after(TESCO)))
        assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.COMPARE, ("aldi", "tesco"), ("last month",))
    # A shop against a kind of spending is no comparison that there is, and no share either.
    assert isinstance(understanding.plan("is that more than groceries", KNOWN, after(TESCO)), Unsure)


@pytest.mark.parametrize("tool", [Tool.LAST, Tool.FIRST, Tool.LARGEST])
def test_after_one_payment_the_total_is_of_all_of_them(understanding: Understanding, tool: Tool) -> None:
    before = after(about(tool, "netflix"))
    assert step_of(understanding.plan("and in total?", KNOWN, before)) == about(Tool.SUM, "netflix")
    year = step_of(understanding.plan("and in total this year?", KNOWN, before))
    assert year == about(Tool.SUM, "netflix", period="this year")


@pytest.mark.parametrize("period", ["this month", "in may"])
def test_the_last_one_is_the_newest_there_is_whatever_days_were_asked_about(understanding: Understanding, period: str) -> None:
    step = step_of(understanding.plan("when was the last one?", KNOWN, after(about(Tool.FIND, "netflix", period=period))))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.LAST, ("netflix",), ())


def test_a_name_comes_back_to_the_question_that_was_asked_about_it(understanding: Understanding) -> None:
    before = after(about(Tool.LAST, "netflix"), TESCO)
    assert step_of(understanding.plan("and Netflix?", KNOWN, before)) == about(Tool.LAST, "netflix")
    assert step_of(understanding.plan("and Boots?", KNOWN, before)) == about(Tool.SUM, "boots", period="last month")


def test_both_of_one_name_are_the_two_that_were_picked(understanding: Understanding) -> None:
    picked = [
        Asked(step=about(Tool.SUM, "jane", period="in may").model_copy(update={"only": (who,)}), used=(who,))
        for who in ("jane doe", "jane roe")
    ]
    step = step_of(understanding.plan("both together", KNOWN, Memory(asked=tuple(picked))))
    assert (step.spans.merchants, step.only) == (("jane",), ("jane doe", "jane roe"))


def test_the_top_three_after_the_largest_are_payments(understanding: Understanding) -> None:
    step = step_of(understanding.plan("and the top three then?", KNOWN, after(about(Tool.LARGEST, period="last month"))))
    assert (step.tool, step.spans.number, step.spans.group) == (Tool.TOP, "three", "payments")
    assert step.spans.periods == ("last month",)


@pytest.mark.parametrize(
    "message", ["what is the balance of Daniel's account", "how much is in Priya's savings", "what's Jane's account balance"]
)
def test_what_somebody_else_has_is_refused(understanding: Understanding, message: str) -> None:
    assert tools(understanding.plan(message, KNOWN, Memory())) == [Tool.REFUSE]


@pytest.mark.parametrize("message", ["how much is in Daniel's savings", "show me last month's statement"])
def test_an_account_of_their_own_and_a_month_are_nobody_else(understanding: Understanding, message: str) -> None:
    own = Account(id=MINE, kind=AccountKind.SAVINGS, name="Daniel's savings", currency="GBP")
    known = Known.of(KNOWN.payees, KNOWN.categories, KNOWN.synonyms, [own], KNOWN.vocabulary, KNOWN.today)
    plan = understanding.plan(message, known, Memory())
    assert not isinstance(plan, Plan) or Tool.REFUSE not in tools(plan)


@pytest.mark.parametrize(
    ("message", "tool"),
    [("how much did I give Jane Doe in May", Tool.SUM), ("how much did Jane Doe give me in May", Tool.INCOME)],
)
def test_what_the_customer_gave_is_no_income(understanding: Understanding, message: str, tool: Tool) -> None:
    assert step_of(understanding.plan(message, KNOWN, Memory())) == about(tool, "jane doe", period="in may")


# A small set in the place of the list of English words that the product has.
AWARE = Known.of(
    KNOWN.payees, KNOWN.categories, KNOWN.synonyms, KNOWN.accounts, vocabulary(frozenset(["sadly", "online"])), KNOWN.today
)


def test_an_ordinary_word_that_changes_nothing_is_passed_over_and_kept_to_be_said(understanding: Understanding) -> None:
    step = step_of(understanding.plan("how much did I sadly spend at Tesco last month", AWARE, Memory()))
    assert step == TESCO.model_copy(update={"unread": ("sadly",)})


@pytest.mark.parametrize(
    "message",
    [
        # It narrows; it stands beside a name and may be part of it; it is in no dictionary.
        "how much did I spend at Tesco online last month",
        "how much did I spend at sadly Tesco last month",
        "how much did I spend at the flurbly Tesco last month",
    ],
)
def test_a_word_that_may_narrow_a_sum_is_not_passed_over(understanding: Understanding, message: str) -> None:
    plan = understanding.plan(message, AWARE, Memory())
    assert isinstance(plan, Unsure) or plan.steps[0].spans.merchants not in ((), ("tesco",))


def test_the_year_before_of_what_was_paid_once_is_that_whole_year(understanding: Understanding) -> None:
    once = about(Tool.LAST, "boots", period="on 3 may 2026")
    assert step_of(understanding.plan("and the year before?", KNOWN, after(once))) == about(Tool.SUM, "boots", period="in 2025")
    month = step_of(understanding.plan("and the year before?", KNOWN, after(TESCO)))
    assert month == about(Tool.SUM, "tesco", period="in october 2025")


@pytest.mark.parametrize("unit", ["week", "month", "year"])
def test_before_what_is_running_comes_a_whole_one(understanding: Understanding, unit: str) -> None:
    before = understanding.plan(f"and the {unit} before?", KNOWN, after(about(Tool.SUM, "tesco", period=f"this {unit}")))
    assert step_of(before) == about(Tool.SUM, "tesco", period=f"last {unit}")


def test_a_month_after_goes_on_with_the_days_that_were_asked_about_before_a_page(understanding: Understanding) -> None:
    september = about(Tool.SUM, "tesco", period="in september 2026")
    page = Step(tool=Tool.ARTICLE, spans=Spans(topic="what does a new card cost"))
    october = about(Tool.SUM, "tesco", period="in october 2026")
    assert step_of(understanding.plan("ok and the month after?", KNOWN, after(september, page))) == october


def test_one_tool_answers_for_each_name_with_days_of_its_own(understanding: Understanding) -> None:
    plan = understanding.plan("how much at tesco in september and how much at boots in october", KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert plan.steps == (about(Tool.SUM, "tesco", period="in september"), about(Tool.SUM, "boots", period="in october"))


def test_names_before_a_question_are_what_it_is_about(understanding: Understanding) -> None:
    step = step_of(understanding.plan("netflix and disney, what does each cost me now", KNOWN, Memory()))
    assert (step.tool, set(step.spans.merchants)) == (Tool.SUBSCRIPTIONS, {"netflix", "disney"})


def test_a_name_before_a_question_takes_the_place_of_the_one_before(understanding: Understanding) -> None:
    plan = understanding.plan("no, aldi then. how much in 2026?", KNOWN, after(TESCO))
    assert step_of(plan) == about(Tool.SUM, "aldi", period="in 2026")


def test_when_somebody_was_last_there_is_not_asked_of_one_month(understanding: Understanding) -> None:
    october = about(Tool.COUNT, "tesco", period="in october")
    assert step_of(understanding.plan("and when was I there last", KNOWN, after(october))) == about(Tool.LAST, "tesco")


@pytest.mark.parametrize(("days", "tool"), [("in october", Tool.SUM), ("yesterday", Tool.FIND)])
def test_what_went_out_is_a_sum_where_a_list_would_be_long(understanding: Understanding, days: str, tool: Tool) -> None:
    assert step_of(understanding.plan(f"what went out {days}", KNOWN, Memory())).tool is tool


def test_a_models_plan_that_passes_over_a_word_is_not_trusted(understanding: Understanding) -> None:
    message = "how much of it went on falconry last month"
    heard = find(message, KNOWN)
    assert "falconry" in (*heard.unknown, *heard.spans.merchants)
    unsure = Unsure(replace(heard, unknown=("falconry",)), "sum", 0.4, frozenset({"sum", "pending"}))
    for step, trusted in (
        (about(Tool.SUM, period="last month"), False),
        (about(Tool.SUM, "falconry", period="last month"), True),
    ):
        assert understanding.trusts(Plan(steps=(step,), path="model"), unsure, KNOWN, message, Memory()) is trusted


def test_a_models_plan_may_pass_over_what_chooses_nothing_and_never_refuses(understanding: Understanding) -> None:
    message = "what has Tesco had from me last month, snacks included?"
    heard = Unsure(find(message, KNOWN), "sum", 0.4, frozenset({"sum", "refuse", "handover"}))
    tesco = about(Tool.SUM, "tesco", "snacks", period="last month")
    for step, trusted in ((tesco, True), (Step(tool=Tool.REFUSE), False), (Step(tool=Tool.HANDOVER), False)):
        assert understanding.trusts(Plan(steps=(step,), path="model"), heard, KNOWN, message, Memory()) is trusted


def test_a_models_tool_that_the_head_rules_out_is_not_trusted(understanding: Understanding) -> None:
    message = "how much of it went on falconry last month"
    planned = Plan(steps=(about(Tool.SUM, "falconry", period="last month"),), path="model")
    for likely, trusted in (({"sum", "share"}, True), ({"balance", "accounts"}, False)):
        unsure = Unsure(find(message, KNOWN), "sum", 0.4, frozenset(likely))
        assert understanding.trusts(planned, unsure, KNOWN, message, Memory()) is trusted


def test_a_models_plan_about_somebody_whom_nobody_named_is_not_trusted(understanding: Understanding) -> None:
    message = "when did we last pay them"
    unsure = Unsure(find(message, KNOWN), "last", 0.4, frozenset({"last"}))
    for step, memory, trusted in (
        (about(Tool.LAST), Memory(), False),
        (about(Tool.LAST), after(TESCO), False),
        (about(Tool.LAST, "tesco"), after(TESCO), True),
    ):
        assert understanding.trusts(Plan(steps=(step,), path="model"), unsure, KNOWN, message, memory) is trusted


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


@pytest.mark.parametrize(
    ("step", "message", "tool", "spans"),
    [
        # Whoever is named again is asked about in the same days, and so is what is said of them.
        (TESCO, "how many times did i go to tesco", Tool.COUNT, {"periods": ("last month",), "merchants": ("tesco",)}),
        (TESCO, "and at boots in that time?", Tool.SUM, {"periods": ("last month",), "merchants": ("boots",)}),
        (
            about(Tool.AVERAGE, "boots", period="in may"),
            "omg. and the most expensive single one",
            Tool.LARGEST,
            {"merchants": ("boots",)},
        ),
        (about(Tool.REFUND_STATUS, "boots"), "when did i get the last one", Tool.REFUND_STATUS, {"merchants": ("boots",)}),
        (about(Tool.LAST, "boots"), "how much", Tool.LAST, {"merchants": ("boots",)}),
        (
            Step(tool=Tool.SHARE, spans=Spans(periods=("in may",), category="groceries")),
            "how much is that in pounds",
            Tool.SUM,
            {"category": "groceries"},
        ),
    ],
)
def test_what_goes_on_keeps_what_it_does_not_change(
    understanding: Understanding, step: Step, message: str, tool: Tool, spans: dict[str, object]
) -> None:
    found = step_of(understanding.plan(message, KNOWN, after(step)))
    assert found.tool is tool
    assert {name: getattr(found.spans, name) for name in spans} == spans


def test_a_payee_that_an_answer_told_of_is_the_one_that_is_pointed_at(understanding: Understanding) -> None:
    told = Memory(asked=(Asked(step=about(Tool.LARGEST, period="in may"), used=("boots",)),))
    step = step_of(understanding.plan("how much have i paid them this year?", KNOWN, told))
    assert (step.tool, step.only, step.spans.periods) == (Tool.SUM, ("boots",), ("this year",))


def test_a_name_after_a_question_that_was_not_understood_needs_its_days(understanding: Understanding) -> None:
    assert isinstance(understanding.plan("and boots", KNOWN, Memory(lost=True)), Unsure)
    page = understanding.plan("boots", KNOWN, after(Step(tool=Tool.ARTICLE)))
    assert isinstance(page, Unsure) or page.steps[0].tool is Tool.ARTICLE
    assert step_of(understanding.plan("boots in may", KNOWN, Memory(lost=True))) == about(Tool.SUM, "boots", period="in may")


def test_spending_after_a_question_about_pay_is_not_guessed(understanding: Understanding) -> None:
    paid = after(about(Tool.SALARY, period="in october"))
    assert isinstance(understanding.plan("what was october compared to august", KNOWN, paid), Unsure)
    assert step_of(understanding.plan("did i spend more in october than in august", KNOWN, paid)).tool is Tool.COMPARE


def test_a_time_that_nobody_can_read_is_not_passed_over_by_a_model(understanding: Understanding) -> None:
    message = "what did i part with at tesco since the clocks went back"
    heard = find(message, KNOWN)
    unsure = Unsure(replace(heard, unknown=("clocks",)), "sum", 0.4, frozenset({"sum"}))
    planned = Plan(steps=(about(Tool.SUM, "tesco"),), path="model")
    assert not understanding.trusts(planned, unsure, KNOWN, message, Memory())


def test_a_question_that_is_not_understood_comes_with_what_it_may_have_meant(understanding: Understanding) -> None:
    unsure = understanding.plan("so the boots thing last month, is it alright or", KNOWN, Memory())
    assert isinstance(unsure, Unsure)
    assert unsure.readings
    assert all(step.spans.merchants == ("boots",) and step.spans.periods == ("last month",) for step in unsure.readings)


def test_nothing_is_offered_where_a_word_that_nobody_knows_may_be_what_it_is_about(understanding: Understanding) -> None:
    unsure = understanding.plan("how much did I spend on flumptrousers last month", KNOWN, Memory())
    assert not isinstance(unsure, Unsure) or unsure.readings == ()


def test_a_reading_is_chosen_by_all_its_words_only(bank: Counter) -> None:
    asked = bank.talk("amara-okafor", "lantern coffee last month though, how is it there")[0]
    assert asked.outcome is Outcome.CLARIFY
    offered = [one for one in asked.choices if "lantern" in one]
    assert offered
    chosen = bank.talk("amara-okafor", "lantern coffee last month though, how is it there", offered[0])[-1]
    assert chosen.outcome is Outcome.ANSWER
    assert bank.talk("amara-okafor", "lantern coffee last month though, how is it there", "lantern")[-1].done.scope.since is None


SLICED = Known.of(
    KNOWN.payees,
    KNOWN.categories,
    KNOWN.synonyms,
    KNOWN.accounts,
    vocabulary(frozenset(["absurdly", "trampolines"])),
    KNOWN.today,
)


def test_a_word_that_looks_like_none_that_narrows_is_passed_over_and_said(understanding: Understanding) -> None:
    step = step_of(understanding.plan("show my absurdly biggest payment in May", SLICED, Memory()))
    assert (step.tool, step.unread) == (Tool.LARGEST, ("absurdly",))
    wanted = understanding.plan("absurdly me my biggest payment in May", SLICED, Memory())
    assert not isinstance(wanted, Plan) or wanted.steps[0].unread == ()
    bought = understanding.plan("what was my biggest trampolines payment in May", SLICED, Memory())
    assert not isinstance(bought, Plan) or bought.steps[0].unread == ()


def test_refunds_that_are_counted_are_refunds(understanding: Understanding) -> None:
    assert step_of(understanding.plan("how many refunds have I had this year", KNOWN, Memory())).tool is Tool.REFUNDS


def test_what_came_in_is_not_held_against_what_went_out(understanding: Understanding) -> None:
    plan = understanding.plan("have I spent more than I earned this month", KNOWN, Memory())
    assert not isinstance(plan, Plan) or plan.steps[0].tool is not Tool.COMPARE


def test_what_made_the_balance_move_in_a_month_is_of_that_month(understanding: Understanding) -> None:
    within = step_of(understanding.plan("what made my balance go down last month", KNOWN, Memory()))
    assert within.spans.periods == ("in last month",)
    against = step_of(understanding.plan("why is my balance lower than last month", KNOWN, Memory()))
    assert against.spans.periods == ("last month",)


def test_what_is_due_in_days_that_are_over_went_out(understanding: Understanding) -> None:
    assert step_of(understanding.plan("what is due to go out last week", KNOWN, Memory())).tool is Tool.FIND
    assert step_of(understanding.plan("what is due to go out on friday", KNOWN, Memory())).tool is Tool.UPCOMING


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("what happens to standing orders on a sunday", Tool.ARTICLE),
        ("what are my standing orders", Tool.STANDING_ORDERS),
        ("which direct debits are there", Tool.DIRECT_DEBITS),
        ("does netflix go out by direct debit", Tool.DIRECT_DEBITS),
    ],
)
def test_a_rule_is_asked_of_the_pages_and_ones_own_of_the_accounts(
    understanding: Understanding, message: str, tool: Tool
) -> None:
    assert step_of(understanding.plan(message, KNOWN, Memory())).tool is tool


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        (
            "how much did I spend at Tesco in May and Aldi in June?",
            [about(Tool.SUM, "tesco", period="in may"), about(Tool.SUM, "aldi", period="in june")],
        ),
        ("Tesco in May, Aldi in June", [about(Tool.SUM, "tesco", period="in may"), about(Tool.SUM, "aldi", period="in june")]),
        (
            "compare Tesco in May with Aldi in June",
            [about(Tool.SUM, "tesco", period="in may"), about(Tool.SUM, "aldi", period="in june")],
        ),
        (
            "how many payments at Tesco in May and at Aldi in June",
            [about(Tool.COUNT, "tesco", period="in may"), about(Tool.COUNT, "aldi", period="in june")],
        ),
    ],
)
def test_names_with_days_of_their_own_are_never_mixed(understanding: Understanding, message: str, meant: list[Step]) -> None:
    plan = understanding.plan(message, KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert list(plan.steps) == meant


def test_kinds_of_spending_with_days_of_their_own_are_never_mixed(understanding: Understanding) -> None:
    plan = understanding.plan("how much on groceries in May and eating out in June", KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [(s.spans.category, s.spans.periods) for s in plan.steps] == [("groceries", ("in may",)), ("eating out", ("in june",))]


def test_what_came_in_is_told_beside_what_went_out_where_they_are_held_against_each_other(understanding: Understanding) -> None:
    plan = understanding.plan("did I spend more than I earned last month", KNOWN, Memory())
    assert tools(plan) == [Tool.SUM, Tool.INCOME]
    assert isinstance(plan, Plan)
    assert all(step.spans.periods == ("last month",) for step in plan.steps)


def test_days_that_nobody_said_are_not_all_days(understanding: Understanding) -> None:
    plan = understanding.plan("how much did I spend at Tesco when I was over there", KNOWN, Memory())
    assert not isinstance(plan, Plan) or all(step.tool is not Tool.SUM for step in plan.steps)


def test_two_names_against_each_other_are_compared(understanding: Understanding) -> None:
    step = step_of(understanding.plan("how much did I spend at Tesco versus Aldi last month", KNOWN, Memory()))
    assert (step.tool, step.spans.merchants) == (Tool.COMPARE, ("tesco", "aldi"))


def test_who_is_paid_most_often_is_counted(understanding: Understanding) -> None:
    assert step_of(understanding.plan("which shop do I go to most often", KNOWN, Memory())).spans.change == "most often"


@pytest.mark.parametrize(
    "message", ["is there anything odd in my balance", "did my refund from next arrive", "how much more is that than in May"]
)
def test_what_nothing_tells_is_asked_about(understanding: Understanding, message: str) -> None:
    assert isinstance(understanding.plan(message, KNOWN, Memory()), Unsure)


def test_a_name_that_is_said_twice_counts_once(understanding: Understanding) -> None:
    assert step_of(understanding.plan("how much at Tesco in May, and Tesco", KNOWN, Memory())).spans.merchants == ("tesco",)


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("when do I have to cancel a direct debit so it is not taken", Tool.ARTICLE),
        ("what is the contactless limit", Tool.ARTICLE),
        ("am I allowed to open a euro account", Tool.ELIGIBILITY),
    ],
)
def test_what_the_rules_say_is_no_question_about_ones_own(understanding: Understanding, message: str, tool: Tool) -> None:
    step = step_of(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.account) == (tool, "")


@pytest.mark.parametrize(
    ("message", "tool", "category"),
    [
        ("how much money did I take out in October", Tool.SUM, "cash"),
        ("how much did I withdraw in October", Tool.SUM, "cash"),
        ("how much was taken out of my account in October", Tool.SUM, ""),
        ("what did I spend per week in October", Tool.AVERAGE, ""),
        ("what did I spend by month this year", Tool.BREAKDOWN, ""),
    ],
)
def test_what_is_taken_out_is_cash_and_what_a_week_comes_to_a_mean(
    understanding: Understanding, message: str, tool: Tool, category: str
) -> None:
    step = step_of(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.category) == (tool, category)


def test_what_came_in_is_not_held_against_spending_on_what_nobody_knows(understanding: Understanding) -> None:
    plan = understanding.plan("did I spend more on wozzles than I earned last month", KNOWN, Memory())
    assert not isinstance(plan, Plan) or tools(plan) != [Tool.SUM, Tool.INCOME]


JOINT = replace(
    KNOWN,
    accounts=[
        *KNOWN.accounts,
        Account(id=AccountId("pot"), kind=AccountKind.SAVINGS, name="Tax pot", currency="GBP"),
        Account(id=AccountId("ours"), kind=AccountKind.CURRENT, name="Joint account", currency="GBP", holders="Ann and Bob"),
    ],
)
IN_POT = after(Step(tool=Tool.BALANCE, spans=Spans(account="in my tax pot")))


@pytest.mark.parametrize(
    ("message", "tool", "account"),
    [
        ("how much did I move in there this year", Tool.SUM, "into my tax pot"),
        ("what rate does it pay", Tool.PRODUCT, "my tax pot"),
        ("and what's in it?", Tool.BALANCE, "in my tax pot"),
        ("ok ours then", Tool.BALANCE, "ours"),
    ],
)
def test_there_is_the_account_that_was_spoken_of(understanding: Understanding, message: str, tool: Tool, account: str) -> None:
    plan = understanding.plan(message, JOINT, IN_POT)
    assert tools(plan) == [tool]
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans.account == account


def test_an_account_that_a_message_named_is_spoken_of_though_it_was_not_understood(understanding: Understanding) -> None:
    heard = Memory(lost=True, heard=Memory().heard_in(find("frobnicate my tax pot", JOINT)))
    assert tools(understanding.plan("what rate does it pay", JOINT, heard)) == [Tool.PRODUCT]


def test_balances_that_were_told_one_by_one_are_added_up(understanding: Understanding) -> None:
    both = after(*(Step(tool=Tool.BALANCE, spans=Spans(account=name)) for name in ("my everyday account", "the tax pot")))
    plan = understanding.plan("so altogether?", JOINT, both)
    assert isinstance(plan, Plan)
    assert plan.steps[0] == Step(tool=Tool.POSITION, spans=Spans(account="my everyday account and the tax pot"))


FUEL = Step(tool=Tool.SUM, spans=Spans(periods=("in september",), category="petrol"))


def test_a_comparison_keeps_what_was_asked_about(understanding: Understanding) -> None:
    plan = understanding.plan("up or down on august? by how much", KNOWN, after(FUEL))
    assert isinstance(plan, Plan)
    assert plan.steps == (Step(tool=Tool.COMPARE, spans=Spans(periods=("in september", "august"), category="petrol")),)


def test_a_comparison_of_what_was_not_understood_is_not_of_everything(understanding: Understanding) -> None:
    lost = after(FUEL).model_copy(update={"lost": True})
    assert isinstance(understanding.plan("was last october's visit dearer or cheaper? by how much", KNOWN, lost), Unsure)


def test_more_than_last_year_is_the_same_month_of_it(understanding: Understanding) -> None:
    plan = understanding.plan("more or less than last year?", KNOWN, after(FUEL))
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans.periods == ("in september", "in september 2025")


SHOPS = Step(tool=Tool.SUM, spans=Spans(periods=("in september",), merchants=("tesco", "aldi")))


@pytest.mark.parametrize(
    ("message", "tool", "merchants"),
    [
        ("and sum without aldi", Tool.SUM, ("tesco",)),
        ("the aldi stuff went back so leave that out", Tool.SUM, ("tesco",)),
        ("take aldi off", Tool.SUM, ("tesco",)),
        ("and boots on top, total", Tool.SUM, ("tesco", "aldi", "boots")),
        ("how many visits to aldi was that", Tool.COUNT, ("aldi",)),
    ],
)
def test_what_was_asked_about_less_one_or_with_one_more(
    understanding: Understanding, message: str, tool: Tool, merchants: tuple[str, ...]
) -> None:
    plan = understanding.plan(message, KNOWN, after(SHOPS))
    assert isinstance(plan, Plan)
    assert (plan.steps[0].tool, plan.steps[0].spans.merchants, plan.steps[0].spans.periods) == (
        tool,
        merchants,
        ("in september",),
    )


def test_less_something_of_what_was_not_understood_is_asked(understanding: Understanding) -> None:
    assert isinstance(understanding.plan("without aldi", KNOWN, Memory(lost=True, open=Step(tool=Tool.SUM))), Unsure)


def test_all_that_was_asked_in_a_row_is_more_than_the_last_two(understanding: Understanding) -> None:
    each = after(*(Step(tool=Tool.SUM, spans=Spans(periods=("in may",), merchants=(m,))) for m in ("tesco", "aldi", "boots")))
    for message, meant in (("and altogether?", ("tesco", "aldi", "boots")), ("both together", ("aldi", "boots"))):
        plan = understanding.plan(message, KNOWN, each)
        assert isinstance(plan, Plan)
        assert plan.steps[0].spans.merchants == meant


def test_before_one_payment_is_all_the_time_before(understanding: Understanding) -> None:
    paid = Step(tool=Tool.SUM, spans=Spans(periods=("yesterday",), merchants=("boots",)))
    plan = understanding.plan("how many times have they had money off me in total", KNOWN, after(paid))
    assert isinstance(plan, Plan)
    assert plan.steps[0] == Step(tool=Tool.COUNT, spans=Spans(merchants=("boots",)))


def test_a_new_price_is_of_what_was_spoken_of(understanding: Understanding) -> None:
    message = "when was the first time I paid the new amount"
    plan = understanding.plan(message, KNOWN, after(Step(tool=Tool.SUBSCRIPTIONS, spans=Spans(merchants=("netflix",)))))
    assert isinstance(plan, Plan)
    assert (plan.steps[0].tool, plan.steps[0].spans.merchants) == (Tool.SUBSCRIPTIONS, ("netflix",))
    assert isinstance(understanding.plan(message, KNOWN, Memory()), Unsure)


def test_how_much_a_month_is_no_total(understanding: Understanding) -> None:
    plan = understanding.plan("how much a month at tesco from july to october", KNOWN, Memory())
    assert tools(plan) == [Tool.AVERAGE]
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans.group == "a month"


def test_months_that_are_asked_separately_are_each_told(understanding: Understanding) -> None:
    plan = understanding.plan("show me sept oct and nov separately", KNOWN, after(TESCO))
    assert tools(plan) == [Tool.SUM]
    counted = understanding.plan("how many times tesco in august and september separately", KNOWN, Memory())
    assert isinstance(counted, Plan)
    assert [step.spans.periods for step in counted.steps] == [("in august",), ("september",)]


def test_those_two_months_are_both_that_were_compared(understanding: Understanding) -> None:
    both = Step(tool=Tool.COMPARE, spans=Spans(periods=("september", "october"), category="petrol"))
    plan = understanding.plan("which shop gets the most of my money over those two months", KNOWN, after(both))
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans.periods == ("september", "october")
    assert plan.steps[0].spans.category == "petrol"


def test_what_was_asked_is_held_against_another_period_of_the_same(understanding: Understanding) -> None:
    this_year = Step(tool=Tool.SUM, spans=Spans(periods=("this year",), merchants=("tesco",)))
    plan = understanding.plan("up or down on last year?", KNOWN, after(this_year))
    assert tools(plan) == [Tool.COMPARE]
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans == Spans(periods=("this year", "last year"), merchants=("tesco",))


@pytest.mark.parametrize(
    "message",
    ["average a week at tesco since the clocks went back", "how much did I spend on eating out at 2 in the morning"],
)
def test_a_time_that_nobody_can_place_is_asked_about(understanding: Understanding, message: str) -> None:
    assert isinstance(understanding.plan(message, KNOWN, Memory()), Unsure)


@pytest.mark.parametrize("hour", ["at 2 in the morning", "at nearly midnight", "just after 9pm"])
def test_an_hour_is_nobody_s_name(hour: str) -> None:
    found = find(f"what went to tesco {hour} on saturday", KNOWN)
    assert found.spans.merchants == ("tesco",)
    assert found.hours


def test_how_often_in_all_is_not_asked_of_one_day(understanding: Understanding) -> None:
    once = Step(tool=Tool.FIND, spans=Spans(periods=("on the 10th",), merchants=("tesco",)))
    plan = understanding.plan("how many times have they taken money in total", KNOWN, after(once))
    assert isinstance(plan, Plan)
    assert plan.steps[0].spans == Spans(merchants=("tesco",))


def test_a_shop_against_a_kind_of_spending_is_asked_about(understanding: Understanding) -> None:
    groceries = Step(tool=Tool.SUM, spans=Spans(periods=("june to august",), category="groceries"))
    assert isinstance(understanding.plan("vs aldi same months", KNOWN, after(groceries)), Unsure)


@pytest.mark.parametrize(
    ("message", "keeps", "meant"),
    [
        ("how many times was I charged", {"who": 1.0, "when": 1.0}, about(Tool.COUNT, "tesco", period="last month")),
        ("how many times was I at Boots", {"who": 1.0, "when": 1.0}, about(Tool.COUNT, "boots", period="last month")),
        ("how many times was I at Boots in May", {"who": 1.0, "when": 1.0}, about(Tool.COUNT, "boots", period="in may")),
        ("how many times was I at Boots", {"who": 1.0, "when": 0.5}, about(Tool.COUNT, "boots")),
    ],
)
def test_what_is_surely_taken_over_is_asked_about(
    understanding: Understanding, monkeypatch: pytest.MonkeyPatch, message: str, keeps: dict[str, float], meant: Step
) -> None:
    read = Understanding._read_after
    monkeypatch.setattr(
        Understanding,
        "_read_after",
        lambda self, text, memory: replace(read(self, text, memory), keeps={"account": 0.0, **keeps}),
    )
    assert step_of(understanding.plan(message, KNOWN, after(TESCO))) == meant


@pytest.mark.parametrize(
    ("message", "before", "meant"),
    [
        ("now plus Aldi", (TESCO,), (about(Tool.SUM, "tesco", "aldi", period="last month"),)),
        ("add Aldi to that", (about(Tool.LARGEST, "tesco"),), (about(Tool.SUM, "tesco", "aldi"),)),
        ("and plus what I paid Aldi", (about(Tool.COUNT, "tesco"),), (about(Tool.COUNT, "tesco", "aldi"),)),
        # A kind and somebody are told each by itself: together they would be what they have in common.
        ("add petrol to that", (TESCO,), (TESCO, Step(tool=Tool.SUM, spans=Spans(periods=("last month",), category="petrol")))),
    ],
)
def test_what_is_put_to_it_is_told_with_it(
    understanding: Understanding, message: str, before: Sequence[Step], meant: tuple[Step, ...]
) -> None:
    plan = understanding.plan(message, KNOWN, after(*before))
    assert isinstance(plan, Plan)
    assert plan.steps == meant


def test_one_more_name_after_two_that_were_compared_is_told_by_itself(understanding: Understanding) -> None:
    before = after(about(Tool.COMPARE, "aldi", "tesco", period="in october"))
    assert step_of(understanding.plan("what about Boots", KNOWN, before)) == about(Tool.SUM, "boots", period="in october")


def test_one_of_two_who_were_asked_about_is_held_against_the_other(understanding: Understanding) -> None:
    before = after(about(Tool.SUM, "jane doe", period="in may"), about(Tool.SUM, "aldi", period="in may"))
    step = step_of(understanding.plan("so how much more has she had than them", KNOWN, before))
    assert step == about(Tool.COMPARE, "jane doe", "aldi", period="in may")


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("and since Easter?", about(Tool.SUM, "netflix", period="since easter")),
        ("all of this year", about(Tool.SUM, "netflix", period="all of this year")),
        ("and in May?", about(Tool.LAST, "netflix", period="in may")),
    ],
)
def test_after_the_newest_one_a_time_up_to_now_asks_for_all_of_them(
    understanding: Understanding, message: str, meant: Step
) -> None:
    assert step_of(understanding.plan(message, KNOWN, after(about(Tool.LAST, "netflix")))) == meant


def test_which_month_was_the_worst_is_asked_by_month(understanding: Understanding) -> None:
    step = step_of(understanding.plan("worst month for Tesco this year?", KNOWN, Memory()))
    assert (step.tool, step.spans.group) == (Tool.TOP, "worst month")


def test_what_can_be_spent_today_is_what_is_there(understanding: Understanding) -> None:
    assert step_of(understanding.plan("how much can I spend today", KNOWN, Memory())).tool is Tool.BALANCE


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("Netflix: was / is?", Tool.SUBSCRIPTIONS),
        ("Netflix, what has it gone up from", Tool.SUBSCRIPTIONS),
        ("what did Netflix cost before it last rose", Tool.SUBSCRIPTIONS),
        ("didn't Netflix used to be cheaper", Tool.SUBSCRIPTIONS),
        ("what do I pay Jane Doe each time", Tool.AVERAGE),
        ("Jane Doe, all that she paid since May", Tool.INCOME),
        ("receipts from Jane Doe in May", Tool.INCOME),
        ("I had lunch at Tesco on Friday and I think they put my card through twice. Have they?", Tool.DUPLICATES),
    ],
)
def test_prices_payers_and_what_is_asked_by_a_tag(understanding: Understanding, message: str, tool: Tool) -> None:
    assert tools(understanding.plan(message, KNOWN, Memory())) == [tool]


def test_a_month_on_average_is_told_by_month(understanding: Understanding) -> None:
    step = step_of(understanding.plan("month average for the 2nd quarter", KNOWN, after(TESCO)))
    assert (step.tool, step.spans.group) == (Tool.AVERAGE, "month")


def test_what_was_given_and_what_came_back_is_told_each_way(understanding: Understanding) -> None:
    plan = understanding.plan("what did I send Jane Doe in May and what's come back from her", KNOWN, Memory())
    assert tools(plan) == [Tool.SUM, Tool.INCOME]


def test_what_was_left_out_is_asked_about_by_itself() -> None:
    before = Spans(merchants=("porto",), without=("the fees",), bought="on my card")
    assert merged(before, Spans(merchants=("foreign fees",))) == Spans(merchants=("foreign fees",))


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("what has Tesco handed back to me since May", Tool.REFUNDS),
        ("how many times has Tesco given me money back", Tool.REFUNDS),
        ("Jane Doe, what did she get in May", Tool.SUM),
        ("what are the dates and amounts for Tesco in May", Tool.FIND),
        ("has Jane Doe paid me yet", Tool.LAST),
    ],
)
def test_which_way_money_went_is_heard(understanding: Understanding, message: str, tool: Tool) -> None:
    plan = understanding.plan(message, replace(KNOWN, payees=[_shop(payee) for payee in KNOWN.payees]), Memory())
    assert tools(plan) == [tool]


def _shop(payee: Payee) -> Payee:
    return payee.model_copy(update={"personal": payee.text == "jane doe"})


def test_a_bound_is_that_of_the_list_behind_the_total(understanding: Understanding) -> None:
    plan = understanding.plan("Tesco in May, total, and list anything over £20", KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [(step.tool, step.spans.amount) for step in plan.steps] == [(Tool.SUM, ""), (Tool.FIND, "over £20")]


def test_months_that_only_say_what_a_season_is_are_no_third_side(understanding: Understanding) -> None:
    step = step_of(understanding.plan("Tesco last winter, Dec, Jan and Feb, against the winter before", KNOWN, Memory()))
    assert (step.tool, step.spans.periods) == (Tool.COMPARE, ("last winter", "from 2024-12-01 to 2025-02-28"))


def test_no_figure_of_a_tale_says_which_payments(understanding: Understanding) -> None:
    message = "Nearly forty quid is a lot. What was the most I paid there this year?"
    step = step_of(understanding.plan(message, KNOWN, after(TESCO)))
    assert (step.tool, step.spans.merchants, step.spans.amount) == (Tool.LARGEST, ("tesco",), "")


def test_the_ones_of_a_month_are_listed(understanding: Understanding) -> None:
    step = step_of(understanding.plan("show me the September ones", KNOWN, after(TESCO)))
    assert (step.tool, step.spans.merchants) == (Tool.FIND, ("tesco",))


def test_what_is_left_out_between_accounts_is_no_spending_and_what_has_cleared_is_booked(understanding: Understanding) -> None:
    said = find("my biggest payments in May, leaving out what I move between my accounts", KNOWN).spans
    assert (said.without, said.merchants) == ((), ())
    message = "list what came out of my everyday account last week, the ones that have cleared"
    assert step_of(understanding.plan(message, KNOWN, Memory())).tool is Tool.FIND


def steps_of(understanding: Understanding, message: str) -> tuple[Step, ...]:
    plan = understanding.plan(message, KNOWN, Memory())
    assert isinstance(plan, Plan), plan
    return plan.steps


def test_each_of_several_months_is_told_unless_a_mean_is_asked(understanding: Understanding) -> None:
    assert steps_of(understanding, "how much did I pay Tesco every month from May to August")[0].tool is Tool.BREAKDOWN
    assert steps_of(understanding, "how much do I spend each month at Tesco")[0].tool is Tool.AVERAGE


def test_visits_to_each_are_counted_apart(understanding: Understanding) -> None:
    each = steps_of(understanding, "Tesco and Aldi, how many visits to each in October")
    assert [(step.tool, step.spans.merchants) for step in each] == [(Tool.COUNT, ("tesco",)), (Tool.COUNT, ("aldi",))]


def test_who_was_paid_got_it_from_the_customer(understanding: Understanding) -> None:
    assert steps_of(understanding, "how much has Jane Doe been paid this year")[0].tool is Tool.SUM


def test_my_cash_is_money_and_a_year_stands_anywhere(understanding: Understanding) -> None:
    (step,) = steps_of(understanding, "who got more of my cash in June, Tesco or Aldi")
    assert (step.tool, step.spans.category) == (Tool.COMPARE, "")
    assert steps_of(understanding, "tesco 2025 how many visits")[0].spans.periods == ("2025",)


@pytest.mark.parametrize(
    ("message", "months"),
    [
        ("Was August a dearer month than July for my spending, and what is the gap?", ("august", "july")),
        ("my spending: July then August, which was the heavier, by what margin", ("august", "july")),
        ("did what I spend climb from July to August or fall", ("august", "july")),
        ("between July and August, in which did I pay less, and how far apart are they", ("august", "july")),
        ("August take away July in spending, did August come out higher", ("august", "july")),
        ("spending, July vs August: did August cost more and what is the change", ("august", "july")),
        ("spending, July vs August", ("july", "august")),
        ("July minus August, what is the difference in spending", ("july", "august")),
        ("was my spending in July above that of August? and the margin?", ("in july", "august")),
    ],
)
def test_two_months_are_one_comparison(understanding: Understanding, message: str, months: tuple[str, str]) -> None:
    assert [(s.tool, s.spans.periods) for s in steps_of(understanding, message)] == [(Tool.COMPARE, months)]


def test_two_months_that_are_added_up_are_a_stretch(understanding: Understanding) -> None:
    assert steps_of(understanding, "what did I spend in all from July to August")[0].tool is Tool.SUM


def test_two_names_are_one_comparison(understanding: Understanding) -> None:
    (step,) = steps_of(understanding, "Tesco minus Aldi this year, what's the difference and which was dearer")
    assert (step.tool, step.spans.merchants, step.spans.without) == (Tool.COMPARE, ("tesco", "aldi"), ())


_ENGLISH = frozenset(["old", "otter", "barn", "garden", "shed", "party", "decorations", "tools", "timber"])
WITH_ENGLISH = replace(KNOWN, vocabulary=vocabulary(_ENGLISH))


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Brindlewick: total to date, last date?", "brindlewick"),
        ("Regarding Brindlewick & Hallow: what did it all come to and when was the newest one?", "brindlewick & hallow"),
        ("b g brindlewick tools and timber - what have i given them so far, and when last", "b g brindlewick tools and timber"),
        ("look up brindlewick.com/shop pls, overall sum and most recent date", "brindlewick.com/shop"),
        ("when did 99-quill last get money from me and how much is it altogether", "99-quill"),
        ("Tell me about Old Otter Barn, the sum of my payments plus the latest date.", "old otter barn"),
        ("tesco, how much in total and when most recently", "tesco"),
        ("what have i spent with tesco, and the date of the last one", "tesco"),
    ],
)
def test_how_much_in_all_and_when_last_are_both_told_of_whoever_is_named(
    understanding: Understanding, message: str, name: str
) -> None:
    read = understanding.plan(message, WITH_ENGLISH, Memory())
    assert tools(read) == [Tool.SUM, Tool.LAST]
    assert isinstance(read, Plan)
    assert {step.spans.merchants for step in read.steps} == {(name,)}


@pytest.mark.parametrize(
    "message",
    [
        "my heaviest payment in August, size and vendor",
        "August's top payment: how big was it, and where did it go",
        "of everything I bought in August, which was the biggest one and who was paid",
        "in August, the dearest on there and its recipient",
        "the biggest single expense of August and to which firm",
    ],
)
def test_how_big_the_largest_was_and_to_whom_is_one_question(understanding: Understanding, message: str) -> None:
    assert tools(understanding.plan(message, KNOWN, Memory())) == [Tool.LARGEST]


def test_the_largest_to_somebody_is_of_them(understanding: Understanding) -> None:
    (step,) = steps_of(understanding, "the largest payment to the supplier in August")
    assert step.spans.merchants == ("the supplier",)


@pytest.mark.parametrize(
    "message",
    [
        "how much did I last pay Tesco and when",
        "when was my last payment to Tesco and how much was it",
        "what's the amount of the latest Tesco payment and when was it",
        "when did we pay Tesco last, and which sum",
    ],
)
def test_how_much_the_last_was_is_no_sum(understanding: Understanding, message: str) -> None:
    assert Tool.SUM not in tools(understanding.plan(message, WITH_ENGLISH, Memory()))


@pytest.mark.parametrize(
    "message",
    [
        "Jane Doe is coming again in January. When did I last pay her and how much?",
        "Tesco are coming again in the spring. What did they charge me last and when?",
    ],
)
def test_days_in_which_somebody_comes_again_are_not_those_of_the_last_payment(understanding: Understanding, message: str) -> None:
    read = understanding.plan(message, WITH_ENGLISH, Memory())
    assert tools(read) == [Tool.LAST]
    assert isinstance(read, Plan)
    assert not read.steps[0].spans.periods


@pytest.mark.parametrize("word", ["Fuming.", "Gutted!"])
def test_a_word_that_is_a_sentence_tells_of_nobody(understanding: Understanding, word: str) -> None:
    read = understanding.plan(f"{word} have they ever given any back", KNOWN, after(TESCO))
    assert isinstance(read, Plan)
    assert {step.spans.merchants for step in read.steps} == {("tesco",)}


@pytest.mark.parametrize("word", ["Climbing.", "Brindlewick."])
def test_a_word_that_may_be_somebody_is_not_passed_over(understanding: Understanding, word: str) -> None:
    read = understanding.plan(f"{word} have they ever given any back", KNOWN, after(TESCO))
    assert isinstance(read, Unsure) or all(step.spans.merchants != ("tesco",) for step in read.steps)


@pytest.mark.parametrize(
    "message",
    [
        "Regarding the garden shed: when did I last pay and what is the sum",
        "the party decorations: how much, and when did i last pay?",
        "my sister: how much in total and when last",
    ],
)
def test_what_may_say_what_was_paid_for_is_no_name_and_never_all_payments(understanding: Understanding, message: str) -> None:
    read = understanding.plan(message, WITH_ENGLISH, Memory())
    assert isinstance(read, Unsure) or all(step.spans.merchants for step in read.steps)
