"""What goes on with the question before: what it leaves out, takes together, holds against, or means by a few words."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from assistant import referring
from assistant.dialogue import Understanding, Unsure
from assistant.following import added_up, both_of, goes_on_with, merged, remembered, together, unit_aside
from assistant.grouping import WHAT_IS_LEFT
from assistant.memory import Memory
from assistant.named_again import so_many, with_others
from assistant.operations import asked_of_them
from assistant.orders import commands
from assistant.periods import Today
from assistant.plan import Asked, Plan, Spans, Step, Tool
from assistant.resolve import synonyms_of
from assistant.router import vocabulary
from assistant.spans import Known, find
from assistant.steps import agreed_on
from data.banking import Account, AccountKind
from data.ledger import Payee
from data.party import AccountId
from tests.conftest import Counter

MINE, OURS, SAVED = AccountId("mine"), AccountId("ours"), AccountId("saved")
SHOPS = ["tesco", "aldi", "boots", "netflix"]
PEOPLE = ["jane doe netball", "jane doe lunch club", "mark poole van hire", "mark reid choir"]
KNOWN = Known.of(
    [
        *(Payee(id=n, account=MINE, text=name, shown=name.title(), template=name) for n, name in enumerate(SHOPS, start=1)),
        *(
            Payee(id=n, account=MINE, text=name, shown=" ".join(name.split()[:2]).upper(), template=name, personal=True)
            for n, name in enumerate(PEOPLE, start=11)
        ),
        *(
            Payee(id=n, account=MINE, text=name, shown="Fenwick", template=name)
            for n, name in enumerate(["fenwick cafe york", "fenwick store york"], start=21)
        ),
    ],
    ("groceries", "eating_out", "fuel"),
    synonyms_of({"groceries": ["groceries"], "eating_out": ["eating out", "cafe"], "fuel": ["petrol"]}),
    [
        Account(id=MINE, kind=AccountKind.CURRENT, name="Everyday account", currency="GBP", holders="Ann Lee"),
        Account(id=OURS, kind=AccountKind.CURRENT, name="Joint account", currency="GBP", holders="Ann Lee and Bob Lee"),
        Account(id=SAVED, kind=AccountKind.SAVINGS, name="Rainy day savings", currency="GBP", holders="Ann Lee"),
    ],
    vocabulary(),
    Today.of(dt.date(2026, 11, 24), "en_GB"),
)
BOTH = Step(tool=Tool.SUM, spans=Spans(periods=("last month",), merchants=("tesco", "aldi")))
PETROL = Step(tool=Tool.SUM, spans=Spans(periods=("last month",), category="petrol"))
JANE = Asked(
    step=Step(tool=Tool.SUM, spans=Spans(periods=("this year",), merchants=("jane",))),
    used=("jane doe netball", "jane doe lunch club"),
)
FENWICK = Asked(
    step=Step(tool=Tool.SUM, spans=Spans(periods=("this month",), merchants=("fenwick",))),
    used=("fenwick cafe york", "fenwick store york"),
)


@pytest.fixture(scope="module")
def understanding(bank: Counter) -> Understanding:
    return bank.bank.assistant.understanding


def one(read: Plan | Unsure) -> Step:
    assert isinstance(read, Plan), read
    assert len(read.steps) == 1, read
    return read.steps[0]


def after(*asked: Step | Asked) -> Memory:
    return Memory(asked=tuple(a if isinstance(a, Asked) else Asked(step=a) for a in asked))


# Left out


@pytest.mark.parametrize(
    "message",
    ["take out aldi", "knock out aldi please", "ok, aldi left out", "minus aldi", "leave aldi out", "not counting the aldi"],
)
def test_what_is_left_out_is_left_out_of_the_question_before(understanding: Understanding, message: str) -> None:
    step = one(understanding.plan(message, KNOWN, after(PETROL)))
    assert (step.tool, step.spans.category, step.spans.periods) == (Tool.SUM, "petrol", ("last month",))
    assert [w.split()[-1] for w in step.spans.without] == ["aldi"]


def test_what_is_moved_into_a_pot_can_be_left_out() -> None:
    found = find("biggest payments in october, not what I put into Tesco", KNOWN)
    assert (found.spans.merchants, found.spans.without) == ((), ("tesco",))


def test_a_withdrawal_leaves_nothing_out() -> None:
    assert not find("when did I take out petrol money", KNOWN).spans.without


def test_who_is_left_out_of_several_is_no_longer_one_of_them() -> None:
    step = goes_on_with(after(BOTH).asked, Spans(without=("aldi",)), "take out aldi")
    assert step is not None
    assert step.spans.merchants == ("tesco",)


def test_what_is_left_out_later_is_left_out_as_well() -> None:
    assert merged(Spans(category="petrol", without=("aldi",)), Spans(without=("boots",))).without == ("aldi", "boots")


def test_what_was_left_out_can_be_counted_in_again() -> None:
    before = PETROL.model_copy(update={"spans": PETROL.spans.model_copy(update={"without": ("the aldi",)})})
    step = goes_on_with(after(before).asked, Spans(merchants=("aldi",), periods=("in may",)), "and in may, with aldi")
    assert step is not None
    assert step.spans == Spans(category="petrol", periods=("in may",))


def test_how_much_without_it_is_a_sum_after_a_count() -> None:
    count = PETROL.model_copy(update={"tool": Tool.COUNT})
    step = goes_on_with(after(count).asked, Spans(without=("aldi",)), "without aldi how much is it")
    assert step is not None
    assert step.tool is Tool.SUM


# Together, and each


@pytest.mark.parametrize("before", [Tool.COMPARE, Tool.SUBSCRIPTIONS, Tool.LAST])
def test_a_total_of_two_is_a_sum_whatever_was_asked_of_them(before: Tool) -> None:
    step = together(after(BOTH.model_copy(update={"tool": before})).asked, Spans(periods=("in may",)), "the may total of the two")
    assert step is not None
    assert (step.tool, step.spans) == (Tool.SUM, Spans(periods=("in may",), merchants=("tesco", "aldi")))


def test_both_are_those_asked_about_last_though_in_different_ways() -> None:
    pay = Asked(step=Step(tool=Tool.SALARY), used=("acme pension",))
    last = Asked(step=Step(tool=Tool.LAST, spans=Spans(merchants=("county fund",))), used=("county fund",))
    step = together((pay, last), Spans(periods=("in may",)), "what were the two in may together")
    assert step is not None
    assert (step.tool, step.spans.merchants) == (Tool.SUM, ("acme pension", "county fund"))


def test_both_after_one_was_left_out_counts_it_in_again() -> None:
    before = PETROL.model_copy(update={"spans": PETROL.spans.model_copy(update={"without": ("aldi",)})})
    assert both_of(after(before).asked, "both") == PETROL


def test_two_with_days_of_their_own_are_not_added_up_over_the_days_of_each_other() -> None:
    asked = after(
        Step(tool=Tool.SUM, spans=Spans(periods=("in may",), merchants=("tesco",))),
        Step(tool=Tool.SUM, spans=Spans(periods=("in june",), merchants=("aldi",))),
    ).asked
    assert both_of(asked, "both together") is None


def test_somebody_who_is_put_to_it_is_added(understanding: Understanding) -> None:
    step = one(understanding.plan("and if you add boots to that, all three together?", KNOWN, after(BOTH)))
    assert step == BOTH.model_copy(update={"spans": BOTH.spans.model_copy(update={"merchants": ("tesco", "aldi", "boots")})})


def test_how_many_times_each_is_a_count_of_each(understanding: Understanding) -> None:
    read = understanding.plan("how many times did I go to Tesco and Aldi this year, each?", KNOWN, Memory())
    assert isinstance(read, Plan)
    assert [(s.tool, s.spans.merchants) for s in read.steps] == [(Tool.COUNT, ("tesco",)), (Tool.COUNT, ("aldi",))]


# Somebody's payments, by the words beside the name


def test_words_beside_a_name_say_which_of_somebodys_payments_are_meant() -> None:
    meant = referring.meant("and what has she had for the netball", KNOWN, [JANE])
    assert meant is not None
    assert (meant.message, meant.only) == ("and what has she had", ("jane doe netball",))


def test_a_kind_of_spending_that_one_part_of_a_shop_is_called_by_is_that_part() -> None:
    meant = referring.meant("how much went to the cafe this month", KNOWN, [FENWICK])
    assert meant is not None
    assert meant.only == ("fenwick cafe york",)


def test_words_that_no_statement_of_theirs_has_narrow_nothing() -> None:
    assert referring.meant("and what has she had for the taxi", KNOWN, [JANE]) is None


def test_somebody_spoken_of_before_the_last_question_is_known_by_their_statement() -> None:
    mark = Asked(step=Step(tool=Tool.SUM, spans=Spans(merchants=("mark poole",))), used=("mark poole van hire",))
    meant = referring.meant("when did I send her the netball money", KNOWN, [JANE, mark])
    assert meant is not None
    assert (meant.name, meant.only) == ("jane doe", ("jane doe netball",))


def test_what_is_told_apart_keeps_nothing_of_a_kind_of_spending() -> None:
    meant = referring.Meant("", "fenwick", only=("fenwick cafe york",))
    step = one(meant.of(Plan(steps=(Step(tool=Tool.SUM, spans=Spans(category="cafe")),), path="routed")))
    assert (step.spans.category, step.spans.merchants, step.only) == ("", ("fenwick",), ("fenwick cafe york",))


def test_the_other_of_a_name_is_who_was_not_picked() -> None:
    mark = Asked(step=Step(tool=Tool.SUM, spans=Spans(merchants=("mark",)), only=("mark poole van hire",)))
    meant = referring.meant("and the other mark", KNOWN, [mark])
    assert meant is not None
    assert (meant.message, meant.excluding) == ("and mark", ("mark poole van hire",))


# Which way money went


def paid_by(name: str, **said: object) -> Asked:
    return Asked(step=Step(tool=Tool.INCOME, spans=Spans(merchants=(name,), periods=("this year",)).model_copy(update=said)))


@pytest.mark.parametrize(
    ("message", "tool", "change"),
    [
        ("which was the biggest", Tool.LARGEST, "came in"),
        ("and the smallest one?", Tool.SMALLEST, "came in"),
        ("average?", Tool.AVERAGE, "came in"),
        ("list them please", Tool.FIND, "came in"),
        ("how many payments was that", Tool.INCOME, ""),
        ("and what have I paid her", Tool.SUM, "went out"),
        ("and the other way round?", Tool.SUM, "went out"),
    ],
)
def test_after_money_that_came_in_the_same_is_asked_of(
    understanding: Understanding, message: str, tool: Tool, change: str
) -> None:
    plan = understanding.plan(message, KNOWN, Memory(asked=(paid_by("jane"),)))
    assert isinstance(plan, Plan), plan
    assert (plan.steps[0].tool, plan.steps[0].spans.change) == (tool, change)
    assert plan.steps[0].spans.merchants == ("jane",)


@pytest.mark.parametrize("message", ["and the other way?", "and from her to me?", "what came back from her"])
def test_what_came_the_other_way_is_all_that_they_sent(understanding: Understanding, message: str) -> None:
    netball = JANE.step.model_copy(update={"only": ("jane doe netball",)})
    plan = understanding.plan(message, KNOWN, Memory(asked=(Asked(step=netball, used=("jane doe netball",)),)))
    assert isinstance(plan, Plan), plan
    assert (plan.steps[0].tool, plan.steps[0].spans.periods) == (Tool.INCOME, ("this year",))
    assert set(plan.steps[0].only) == {"jane doe netball", "jane doe lunch club"}


def test_after_refunds_the_first_is_a_refund(understanding: Understanding) -> None:
    refunds = Step(tool=Tool.REFUNDS, spans=Spans(merchants=("boots",), periods=("this year",)))
    plan = understanding.plan("when was the first of them", KNOWN, Memory(asked=(Asked(step=refunds),)))
    assert isinstance(plan, Plan)
    assert (plan.steps[0].tool, plan.steps[0].spans.change) == (Tool.FIRST, "came back")
    assert plan.steps[0].spans.periods == ("this year",)


# A few words about the answers before


def asked(tool: Tool, *spans: Spans) -> Memory:
    return Memory(asked=tuple(Asked(step=Step(tool=tool, spans=one)) for one in spans))


@pytest.mark.parametrize("message", ["diff?", "what's the gap", "so how much more is that?"])
def test_the_gap_is_between_the_last_two(understanding: Understanding, message: str) -> None:
    memory = asked(Tool.SUM, Spans(merchants=("tesco",), periods=("in may",)), Spans(merchants=("tesco",), periods=("in june",)))
    plan = understanding.plan(message, KNOWN, memory)
    assert isinstance(plan, Plan), plan
    assert plan.steps[0].tool is Tool.COMPARE
    assert set(plan.steps[0].spans.periods) == {"in may", "in june"}


def test_a_gap_in_percent_says_so(understanding: Understanding) -> None:
    memory = asked(Tool.SUM, Spans(merchants=("tesco",), periods=("in may",)), Spans(merchants=("aldi",), periods=("in may",)))
    plan = understanding.plan("the difference as a percentage", KNOWN, memory)
    assert isinstance(plan, Plan), plan
    assert plan.steps[0].spans.change == "difference in percent"
    assert plan.steps[0].spans.merchants == ("tesco", "aldi")


def test_between_two_averages_no_sums_are_told(understanding: Understanding) -> None:
    memory = asked(
        Tool.AVERAGE, Spans(merchants=("tesco",), periods=("in may",)), Spans(merchants=("tesco",), periods=("in june",))
    )
    assert isinstance(understanding.plan("the difference?", KNOWN, memory), Unsure)


def test_and_last_is_the_unit_before(understanding: Understanding) -> None:
    plan = understanding.plan("n last?", KNOWN, asked(Tool.SUM, Spans(merchants=("boots",), periods=("this year",))))
    assert isinstance(plan, Plan), plan
    assert plan.steps[0].spans == Spans(merchants=("boots",), periods=("last year",))


def test_the_first_of_them_is_the_first_time_asked_about_and_of_the_same(understanding: Understanding) -> None:
    memory = asked(Tool.SUM, Spans(merchants=("tesco",), periods=("in may",)), Spans(merchants=("tesco",), periods=("in june",)))
    plan = understanding.plan("how many payments over £30 in the first of them", KNOWN, memory)
    assert isinstance(plan, Plan), plan
    assert plan.steps[0].spans == Spans(merchants=("tesco",), periods=("in may",), amount="over £30")


@pytest.mark.parametrize(
    ("before", "message", "number"),
    [(Tool.LARGEST, "and the second biggest?", "2"), (Tool.LAST, "and the one before that", "2")],
)
def test_one_further_is_told_with_the_one_before(understanding: Understanding, before: Tool, message: str, number: str) -> None:
    plan = understanding.plan(message, KNOWN, asked(before, Spans(merchants=("tesco",))))
    assert isinstance(plan, Plan), plan
    assert (plan.steps[0].tool, plan.steps[0].spans.number) == (before, number)


def test_a_part_of_it_and_its_percentage_are_of_the_kind_that_was_asked_about(understanding: Understanding) -> None:
    memory = Memory(asked=(Asked(step=PETROL),))
    part = understanding.plan("how much of that was tesco", KNOWN, memory)
    assert isinstance(part, Plan), part
    assert part.steps[0].spans == Spans(merchants=("tesco",), category="petrol", periods=("last month",))
    alone = Step(tool=Tool.SUM, spans=Spans(merchants=("tesco",), periods=("last month",)))
    share = understanding.plan("as a percentage", KNOWN, Memory(asked=(Asked(step=PETROL), Asked(step=alone))))
    assert isinstance(share, Plan), share
    assert (share.steps[0].tool, share.steps[0].spans.category) == (Tool.SHARE, "petrol")


def test_how_often_each_is_told_of_each(understanding: Understanding) -> None:
    compared = Step(tool=Tool.COMPARE, spans=Spans(merchants=("tesco", "aldi"), periods=("in may",)))
    plan = understanding.plan("and how many visits to each", KNOWN, Memory(asked=(Asked(step=compared),)))
    assert isinstance(plan, Plan), plan
    assert [(step.tool, step.spans.merchants) for step in plan.steps] == [(Tool.COUNT, ("tesco",)), (Tool.COUNT, ("aldi",))]


def test_the_two_of_a_name_are_all_who_are_called_so(understanding: Understanding) -> None:
    poole = Step(tool=Tool.SUM, spans=Spans(merchants=("mark",)), only=("mark poole van hire",))
    plan = understanding.plan("and the two of them added up", KNOWN, Memory(asked=(Asked(step=poole, used=poole.only),)))
    assert isinstance(plan, Plan), plan
    assert set(plan.steps[0].only) == {"mark poole van hire", "mark reid choir"}


# Accounts, days and units


@pytest.mark.parametrize("message", ["and what's in it now", "what's in there at the moment?"])
def test_what_is_in_it_is_its_balance_now(understanding: Understanding, message: str) -> None:
    put = Step(tool=Tool.SUM, spans=Spans(periods=("in may",), account="into my rainy day savings"))
    assert one(understanding.plan(message, KNOWN, after(put))).tool is Tool.BALANCE


def test_mine_after_a_shared_account_is_the_customers_own(understanding: Understanding) -> None:
    joint = BOTH.model_copy(update={"spans": BOTH.spans.model_copy(update={"account": "from the joint account"})})
    step = one(understanding.plan("and from mine?", KNOWN, after(joint)))
    assert (step.tool, step.spans.merchants) == (Tool.SUM, ("tesco", "aldi"))
    assert "own" in step.spans.account


def test_the_tax_year_before_is_a_whole_one() -> None:
    saved = Step(tool=Tool.SUM, spans=Spans(periods=("since 6 april",), account="into savings"))
    step = unit_aside(saved, "year", "before", KNOWN, tax=True)
    assert step is not None
    assert step.spans.periods == ("from 2025-04-06 to 2026-04-05",)


@pytest.mark.parametrize(("group", "tool"), [("per week", Tool.AVERAGE), ("by month", Tool.BREAKDOWN)])
def test_per_week_is_one_figure_and_by_month_a_list(group: str, tool: Tool) -> None:
    step = goes_on_with(after(PETROL).asked, Spans(group=group), group)
    assert step is not None
    assert step.tool is tool


def test_who_corrects_whom_they_meant_asks_the_same_as_before() -> None:
    asked = after(
        Step(tool=Tool.LAST, spans=Spans(merchants=("aldi",))),
        Step(tool=Tool.SUM, spans=Spans(merchants=("tesco",), periods=("this year",))),
    ).asked
    step = goes_on_with(asked, Spans(merchants=("aldi",)), "sorry, i meant aldi")
    assert step == Step(tool=Tool.SUM, spans=Spans(merchants=("aldi",), periods=("this year",)))


def test_a_short_question_of_somebody_else_is_of_the_same_days(understanding: Understanding) -> None:
    step = one(understanding.plan("and how much at boots?", KNOWN, after(BOTH)))
    assert (step.spans.merchants, step.spans.periods) == (("boots",), ("last month",))


def test_what_is_gone_back_to_is_not_counted_in(understanding: Understanding) -> None:
    step = one(understanding.plan("right, back to groceries, how much at Tesco last month?", KNOWN, after(PETROL)))
    assert (step.spans.merchants, step.spans.category) == (("tesco",), "")


def test_a_sentence_about_nothing_ahead_of_a_fragment_changes_nothing(understanding: Understanding) -> None:
    step = one(understanding.plan("Don't laugh. And in May?", KNOWN, after(BOTH)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.SUM, ("tesco", "aldi"), ("in may",))


def test_an_aside_brings_in_no_kind_of_spending_where_somebody_was_named(understanding: Understanding) -> None:
    step = one(understanding.plan("and what's that come to for 2025, sorting my petrol claim", KNOWN, after(BOTH)))
    assert (step.tool, step.spans.merchants, step.spans.category) == (Tool.SUM, ("tesco", "aldi"), "")


# Comparisons and shares


def test_a_comparison_without_a_direction_is_told_larger_first(understanding: Understanding) -> None:
    asked = after(
        Step(tool=Tool.SUM, spans=Spans(periods=("in may",), merchants=("tesco",))),
        Step(tool=Tool.SUM, spans=Spans(periods=("in may",), merchants=("aldi",))),
    )
    step = one(understanding.plan("what's the difference?", KNOWN, asked))
    assert (step.tool, step.spans.change) == (Tool.COMPARE, "difference")


def test_a_comparison_that_names_both_keeps_their_order(understanding: Understanding) -> None:
    step = one(understanding.plan("Tesco or Aldi, which cost me more in May?", KNOWN, Memory()))
    assert (step.tool, step.spans.change, step.spans.merchants) == (Tool.COMPARE, "", ("tesco", "aldi"))


def test_a_share_of_an_account_is_of_what_was_asked_before(understanding: Understanding) -> None:
    step = one(understanding.plan("what share of all the joint account spending is that?", KNOWN, after(BOTH)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.SHARE, ("tesco", "aldi"), ("last month",))
    assert step.spans.account


def test_an_account_can_be_the_part_of_what_was_asked_before(understanding: Understanding) -> None:
    step = one(understanding.plan("what percentage of that was from the joint account?", KNOWN, after(BOTH)))
    assert (step.tool, step.spans.account, step.spans.merchants) == (Tool.SHARE, "", ("tesco", "aldi"))
    assert "joint" in step.spans.change


def test_a_share_of_an_account_alone_is_asked_about(understanding: Understanding) -> None:
    assert isinstance(understanding.plan("what share of the joint account spending is it?", KNOWN, Memory()), Unsure)


def test_a_share_of_that_is_of_the_kind_that_was_asked_about(understanding: Understanding) -> None:
    step = one(understanding.plan("and what percentage of that was Tesco?", KNOWN, after(PETROL)))
    assert (step.tool, step.spans.merchants, step.spans.category) == (Tool.SHARE, ("tesco",), "petrol")


def test_which_of_two_was_more_compares_them(understanding: Understanding) -> None:
    step = one(understanding.plan("and which was more?", KNOWN, after(BOTH)))
    assert (step.tool, step.spans.merchants, step.spans.change) == (Tool.COMPARE, ("tesco", "aldi"), "difference")


def test_somebody_and_a_part_of_theirs_are_not_two() -> None:
    asked = after(*(Step(tool=Tool.SUM, spans=Spans(merchants=(name,))) for name in ("jane", "jane doe"))).asked
    assert both_of(asked, "both together") is None


def test_what_is_narrowed_counts_in_the_days_that_are_said_with_it() -> None:
    said = Spans(merchants=("cafe",), periods=("last month",))
    step = goes_on_with([FENWICK], said, "only the cafe, last month")
    assert step is not None
    assert step.only == ("fenwick cafe york",)
    assert step.spans.periods == ("last month",)


def test_after_why_a_balance_changed_all_the_time_since_is_spoken_of() -> None:
    today = Today.of(dt.date(2026, 11, 24), "en_GB")
    why = Step(tool=Tool.EXPLAIN, spans=Spans(periods=("on first november",)))
    assert remembered(why, today).spans.periods == ("since first november",)
    # What was a stretch stays one, and a day of payments is that day.
    stretch = Step(tool=Tool.EXPLAIN, spans=Spans(periods=("in october",)))
    assert remembered(stretch, today) == stretch
    paid = Step(tool=Tool.SUM, spans=Spans(periods=("on first november",)))
    assert remembered(paid, today) == paid


@pytest.mark.parametrize(
    ("message", "tool", "amount", "periods"),
    [
        ("any of them over £40?", Tool.FIND, "over £40", ("this year",)),
        ("how many over £40", Tool.COUNT, "over £40", ("this year",)),
        ("so nothing since august?", Tool.FIND, "", ("since august",)),
        ("add them up for me", Tool.SUM, "", ("this year",)),
    ],
)
def test_some_of_them_are_of_whom_was_spoken_of(
    understanding: Understanding, message: str, tool: Tool, amount: str, periods: tuple[str, ...]
) -> None:
    plan = understanding.plan(message, KNOWN, asked(Tool.FIND, Spans(merchants=("boots",), periods=("this year",))))
    assert isinstance(plan, Plan), plan
    assert plan.steps == (Step(tool=tool, spans=Spans(merchants=("boots",), periods=periods, amount=amount)),)


def test_how_much_it_was_after_a_ranking_is_told_by_the_ranking(understanding: Understanding) -> None:
    ranking = Step(tool=Tool.TOP, spans=Spans(periods=("last month",)))
    plan = understanding.plan("how much was that?", KNOWN, Memory(asked=(Asked(step=ranking),)))
    assert isinstance(plan, Plan), plan
    assert plan.steps == (ranking,)


def test_what_came_back_once_may_have_come_back_before(understanding: Understanding) -> None:
    memory = asked(Tool.REFUND_STATUS, Spans(merchants=("jane",), periods=("last week",)))
    plan = understanding.plan("did that happen last year as well?", KNOWN, memory)
    assert isinstance(plan, Plan), plan
    assert plan.steps == (Step(tool=Tool.REFUNDS, spans=Spans(merchants=("jane",), periods=("last year",))),)


def test_what_was_left_in_a_shop_is_no_refund(understanding: Understanding) -> None:
    plan = understanding.plan("how much did we leave there in spring", KNOWN, asked(Tool.REFUNDS, Spans(merchants=("boots",))))
    assert not isinstance(plan, Plan) or plan.steps[0].tool is Tool.SUM


def test_which_day_it_left_is_its_day(understanding: Understanding) -> None:
    plan = understanding.plan(
        "and the latest one, which day did that go out?", KNOWN, asked(Tool.SUM, Spans(merchants=("netflix",)))
    )
    assert isinstance(plan, Plan), plan
    assert [step.tool for step in plan.steps] == [Tool.LAST]


def test_a_place_in_an_order_is_not_passed_over(understanding: Understanding) -> None:
    plan = understanding.plan("and the third worst day", KNOWN, asked(Tool.BIGGEST_DAY, Spans(periods=("in october",))))
    assert isinstance(plan, Unsure)


def test_and_last_year_is_of_all_that_one_message_asked_about(understanding: Understanding) -> None:
    each = [Step(tool=Tool.COUNT, spans=Spans(merchants=(name,), periods=("this year",))) for name in ("tesco", "aldi")]
    memory = Memory(asked=(Asked(step=each[0]), Asked(step=each[1], beside=True)))
    plan = understanding.plan("and last year?", KNOWN, memory)
    assert isinstance(plan, Plan), plan
    assert [step.spans.merchants for step in plan.steps] == [("tesco",), ("aldi",)]
    assert {step.spans.periods for step in plan.steps} == {("last year",)}
    apart = understanding.plan("and last year?", KNOWN, Memory(asked=tuple(Asked(step=step) for step in each)))
    assert isinstance(apart, Plan), apart
    assert [step.spans.merchants for step in apart.steps] == [("aldi",)]


@pytest.mark.parametrize("message", ["which garage had the most out of me?", "and which station mostly"])
def test_which_seller_is_of_the_kind_that_was_asked_about(understanding: Understanding, message: str) -> None:
    plan = understanding.plan(message, KNOWN, Memory(asked=(Asked(step=PETROL),)))
    assert isinstance(plan, Plan), plan
    assert plan.steps == (Step(tool=Tool.TOP, spans=PETROL.spans.model_copy(update={"group": "places"})),)


def test_the_one_before_is_the_unit_before_of_a_sum_and_the_payment_before_of_a_payer(understanding: Understanding) -> None:
    weekend = Step(tool=Tool.SUM, spans=Spans(periods=("last weekend",), merchants=("tesco",)))
    plan = understanding.plan("and the one before?", KNOWN, Memory(asked=(Asked(step=weekend),)))
    assert isinstance(plan, Plan), plan
    assert plan.steps[0].spans.periods == ("from 2026-11-14 to 2026-11-15",)
    paid = Asked(step=Step(tool=Tool.SALARY), used=("works ltd salary",))
    plan = understanding.plan("and the time before that", KNOWN, Memory(asked=(paid,)))
    assert isinstance(plan, Plan), plan
    assert (plan.steps[0].tool, plan.steps[0].only, plan.steps[0].spans.number) == (Tool.LAST, ("works ltd salary",), "2")


def test_days_alone_complete_no_sum_of_nobody_knows_what(understanding: Understanding) -> None:
    unclear = Memory(open=Step(tool=Tool.SUM, spans=Spans(periods=("this year",))), lost=True)
    assert isinstance(understanding.plan("and last year?", KNOWN, unclear), Unsure)


def test_a_shop_and_a_kind_of_spending_are_held_against_each_other_by_nothing(understanding: Understanding) -> None:
    shop = Step(tool=Tool.SUM, spans=Spans(merchants=("boots",), periods=("this year",)))
    kind = Step(tool=Tool.SUM, spans=Spans(category="groceries", periods=("this year",)))
    plan = understanding.plan("the difference between the two?", KNOWN, Memory(asked=(Asked(step=shop), Asked(step=kind))))
    assert isinstance(plan, Unsure)


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("what has jane had from us this year", Tool.SUM),
        ("how many times did jane pay me this year", Tool.INCOME),
        ("when was I last paid?", Tool.SALARY),
        ("has the money I sent jane bounced", Tool.REFUND_STATUS),
    ],
)
def test_who_gave_and_who_got_is_heard(understanding: Understanding, message: str, tool: Tool) -> None:
    plan = understanding.plan(message, KNOWN, Memory())
    assert isinstance(plan, Plan), plan
    assert [step.tool for step in plan.steps] == [tool]


def test_the_last_time_somebody_paid_is_of_no_days(understanding: Understanding) -> None:
    plan = understanding.plan("the last time she paid me was when, and how much?", KNOWN, Memory(asked=(JANE,)))
    assert isinstance(plan, Plan), plan
    assert (plan.steps[0].tool, plan.steps[0].spans.change, plan.steps[0].spans.periods) == (Tool.LAST, "came in", ())


# A place, and what was asked since


ROME = Step(tool=Tool.SUM, spans=Spans(periods=("in may",), merchants=("rome",)))


def test_out_there_is_the_place_and_not_what_was_asked_since(understanding: Understanding) -> None:
    fees = Step(tool=Tool.SUM, spans=Spans(periods=("in may",), category="petrol"))
    step = one(understanding.plan("the 2 biggest payments out there", KNOWN, after(ROME, fees)))
    assert (step.tool, step.spans.merchants, step.spans.category) == (Tool.TOP, ("rome",), "")


def test_a_part_of_a_trip_is_held_against_the_whole_of_it(understanding: Understanding) -> None:
    step = one(understanding.plan("what percentage of the whole trip was boots", KNOWN, after(ROME)))
    assert (step.tool, step.spans.merchants, step.spans.change) == (Tool.SHARE, ("boots",), "rome")
    assert step.spans.periods == ("in may",)


@pytest.mark.parametrize("message", ["put boots with it, last month", "ok, add boots to it, last month"])
def test_somebody_more_for_the_same_days_is_put_with_it(understanding: Understanding, message: str) -> None:
    before = Step(tool=Tool.SUM, spans=Spans(periods=("last month",), merchants=("tesco",)))
    step = one(understanding.plan(message, KNOWN, after(before)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.SUM, ("tesco", "boots"), ("last month",))


def test_what_came_back_is_not_of_the_day_of_a_double_charge(understanding: Understanding) -> None:
    twice = Step(tool=Tool.DUPLICATES, spans=Spans(periods=("on the 3rd",), merchants=("boots",), amount="£12"))
    step = one(understanding.plan("how many times have they refunded me", KNOWN, after(twice)))
    assert (step.tool, step.spans.periods, step.spans.amount) == (Tool.REFUNDS, (), "")


def test_a_name_and_days_after_the_newest_one_ask_for_a_sum() -> None:
    newest = Step(tool=Tool.LAST, spans=Spans(merchants=("tesco",)))
    said = Spans(merchants=("boots",), periods=("this year",))
    step, joined = (goes_on_with(after(newest).asked, said, text) for text in ("boots, this year", "and boots this year"))
    assert step is not None
    assert joined is not None
    assert (step.tool, joined.tool) == (Tool.SUM, Tool.LAST)


@pytest.mark.parametrize("message", ["sum total?", "and what's the total then"])
def test_the_total_after_a_count_is_of_the_same(understanding: Understanding, message: str) -> None:
    counted = Step(tool=Tool.COUNT, spans=Spans(periods=("last month",), merchants=("tesco",)))
    assert one(understanding.plan(message, KNOWN, after(counted))) == counted.model_copy(update={"tool": Tool.SUM})


def test_what_was_bought_no_payment_says(understanding: Understanding) -> None:
    assert one(understanding.plan("which novel did I buy there", KNOWN, after(BOTH))).tool is Tool.CANNOT


# What a few words ask of the answer before

THREE = Step(tool=Tool.SUM, spans=Spans(periods=("in may",), merchants=("tesco", "aldi", "boots")))
PAY = Step(tool=Tool.SALARY)


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("which of the three came to the most?", Tool.TOP),
        ("who got the least", Tool.SUM),
        ("which was the smallest, and what was it", Tool.SUM),
    ],
)
def test_which_of_several_had_most_is_told_of_each(understanding: Understanding, message: str, tool: Tool) -> None:
    step = one(understanding.plan(message, KNOWN, after(THREE)))
    assert (step.tool, step.spans.merchants) == (tool, THREE.spans.merchants)


def test_which_of_those_that_one_word_means_had_most_is_told_of_each(understanding: Understanding) -> None:
    step = one(understanding.plan("and who had the most of that", KNOWN, after(FENWICK)))
    assert (step.tool, step.spans) == (Tool.TOP, FENWICK.step.spans)


@pytest.mark.parametrize("message", ["of which aldi?", "how much of which was aldi", "and of which only the aldi"])
def test_of_which_is_a_part_of_the_same_days(understanding: Understanding, message: str) -> None:
    step = one(understanding.plan(message, KNOWN, after(PETROL)))
    assert (step.tool, step.spans.merchants) == (Tool.SUM, ("aldi",))
    assert (step.spans.periods, step.spans.category) == (("last month",), "petrol")


@pytest.mark.parametrize("message", ["the sum of those?", "and how much were they altogether", "how much for all of them"])
def test_what_a_number_of_payments_comes_to_is_their_sum(understanding: Understanding, message: str) -> None:
    count = THREE.model_copy(update={"tool": Tool.COUNT})
    step = one(understanding.plan(message, KNOWN, after(count)))
    assert (step.tool, step.spans) == (Tool.SUM, THREE.spans)


@pytest.mark.parametrize("message", ["chuck boots in with those, as one figure", "stick boots in too, a single sum"])
def test_one_more_is_put_to_it_in_one_figure(understanding: Understanding, message: str) -> None:
    step = one(understanding.plan(message, KNOWN, after(BOTH)))
    assert (step.tool, step.spans.merchants) == (Tool.SUM, ("tesco", "aldi", "boots"))


def test_who_joins_a_sum_is_paid_nothing() -> None:
    assert not commands("bung boots in with them, one total")
    assert commands("bung boots ten pounds")


def test_the_payment_before_is_the_one_before_those_days(understanding: Understanding) -> None:
    of_jane = Step(tool=Tool.SUM, spans=Spans(periods=("in may",), merchants=("jane",)))
    step = one(understanding.plan("and the previous payment, when was it", KNOWN, after(of_jane)))
    assert (step.tool, step.spans.periods) == (Tool.LAST, ("before 2026-05-01",))
    newest = of_jane.model_copy(update={"tool": Tool.LAST})
    assert one(understanding.plan("what about the previous one", KNOWN, after(newest))).spans.number == "2"


@pytest.mark.parametrize(
    "message",
    ["she swears I skipped July, is that so?", "she says nothing ever came in July", "she's saying I never paid in July"],
)
def test_who_says_that_nothing_came_is_answered_with_what_was_paid(understanding: Understanding, message: str) -> None:
    of_jane = Step(tool=Tool.SUM, spans=Spans(periods=("this year",), merchants=("jane",)))
    step = one(understanding.plan(message, KNOWN, after(of_jane)))
    assert (step.tool, step.spans.merchants) == (Tool.FIND, ("jane",))
    assert step.spans.periods in (("july",), ("in july",))


@pytest.mark.parametrize(
    "message", ["how many days last month did I spend nothing whatever", "days without any spending in May, how many?"]
)
def test_days_without_spending_are_of_nobody_in_particular(understanding: Understanding, message: str) -> None:
    step = one(understanding.plan(message, KNOWN, after(PETROL)))
    assert (step.tool, step.spans.category) == (Tool.QUIET_DAYS, "")


def test_a_sum_after_a_wage_or_a_price_is_a_sum(understanding: Understanding) -> None:
    step = one(understanding.plan("boots since then", KNOWN, after(PAY)))
    assert (step.tool, step.spans) == (Tool.SUM, Spans(merchants=("boots",), periods=("since payday",)))
    price = Step(tool=Tool.SUBSCRIPTIONS, spans=Spans(merchants=("netflix",), change="went up"))
    step = one(understanding.plan("boots, April to June?", KNOWN, after(price)))
    assert (step.tool, step.spans.merchants, step.spans.change) == (Tool.SUM, ("boots",), "")
    assert one(understanding.plan("boots went the same way, I bet", KNOWN, after(price))).tool is Tool.SUBSCRIPTIONS


def test_for_those_two_is_the_two_times_that_were_asked_about(understanding: Understanding) -> None:
    may, june = (PETROL.model_copy(update={"spans": Spans(category="petrol", periods=(m,))}) for m in ("in may", "in june"))
    step = one(understanding.plan("only tesco, for those two", KNOWN, after(may, june)))
    assert (step.spans.merchants, step.spans.periods) == (("tesco",), ("in may", "in june"))


@pytest.mark.parametrize(
    "message", ["how does that compare with the same months a year earlier?", "how does that compare with the same a year ago"]
)
def test_months_in_a_row_are_held_against_as_many(understanding: Understanding, message: str) -> None:
    summer = Step(tool=Tool.SUM, spans=Spans(category="petrol", periods=("in june", "july")))
    step = one(understanding.plan(message, KNOWN, after(summer)))
    assert (step.tool, step.spans.periods) == (
        Tool.COMPARE,
        ("from 2025-06-01 to 2025-07-31", "from 2026-06-01 to 2026-07-31"),
    )


def test_the_whole_thing_is_what_a_part_was_told_of(understanding: Understanding) -> None:
    part = Step(tool=Tool.SUM, spans=Spans(periods=("last month",), merchants=("tesco",)))
    step = one(understanding.plan("more or less than in May? the whole lot", KNOWN, after(BOTH, part)))
    assert (step.tool, step.spans.merchants) == (Tool.COMPARE, BOTH.spans.merchants)


def test_the_cafe_and_not_the_shop_is_of_whom_was_spoken_of(understanding: Understanding) -> None:
    step = one(understanding.plan("what did the cafe come to in June, not the store", KNOWN, after(FENWICK)))
    assert (step.spans.merchants, step.spans.without) == (("fenwick",), ())


def test_an_account_that_a_message_names_is_not_the_one_before(understanding: Understanding) -> None:
    balance = Step(tool=Tool.BALANCE, spans=Spans(account="my everyday account"))
    step = one(understanding.plan("or the rainy day savings, how much is in there", KNOWN, after(balance)))
    assert "everyday" not in step.spans.account


def test_interest_on_a_pot_is_earned_by_it_in_the_same_days(understanding: Understanding) -> None:
    moved = Step(tool=Tool.SUM, spans=Spans(account="into rainy day savings", periods=("this year",), merchants=("everyday",)))
    for message in ("and the interest on top", "what interest did it make me"):
        step = one(understanding.plan(message, KNOWN, after(moved)))
        assert (step.tool, step.spans.merchants) == (Tool.INCOME, ("interest",))
        assert "rainy day savings" in step.spans.account


def test_one_that_is_left_out_of_it_is_no_account_of_the_sum() -> None:
    found = find("groceries in may from my everyday account, leave the joint one out of it", KNOWN)
    assert (found.spans.account.split()[-2:], found.spans.without) == (["everyday", "account"], ("joint",))


def test_an_account_is_known_without_the_word_for_it(understanding: Understanding) -> None:
    assert one(understanding.plan("what do I have in everyday", KNOWN, Memory())).spans.account.endswith("everyday account")


def test_the_other_of_two_is_known_however_they_are_described(understanding: Understanding) -> None:
    picked = Step(tool=Tool.SUM, spans=Spans(periods=("this year",), merchants=("mark",)), only=("mark reid choir",))
    step = one(understanding.plan("and now the one who drives, all his payments", KNOWN, after(picked)))
    assert (step.tool, step.spans.periods, step.excluding) == (Tool.FIND, ("this year",), ("mark reid choir",))


def test_what_to_do_with_money_is_not_ours_to_say(understanding: Understanding) -> None:
    balance = Step(tool=Tool.BALANCE, spans=Spans(account="rainy day savings"))
    assert one(understanding.plan("ought we to move all of it into shares instead?", KNOWN, after(balance))).tool is Tool.CANNOT


def test_the_biggest_of_the_months_that_were_told_is_a_month(understanding: Understanding) -> None:
    months = Step(tool=Tool.BREAKDOWN, spans=Spans(merchants=("tesco",), periods=("since june",), group="each month"))
    assert one(understanding.plan("which of those was the biggest", KNOWN, after(months))) == Step(
        tool=Tool.TOP, spans=Spans(merchants=("tesco",), periods=("since june",), group="which month")
    )


def test_what_is_left_of_a_loan_is_in_no_payment(understanding: Understanding) -> None:
    assert one(understanding.plan("what's still to repay on my car finance", KNOWN, after(PETROL))).tool is Tool.CANNOT


def test_how_many_that_was_is_of_whom_a_message_named_that_was_not_understood(understanding: Understanding) -> None:
    heard = Step(tool=Tool.FIND, spans=Spans(periods=("in may",), merchants=("boots",)), unread=("zonked",))
    step = one(understanding.plan("so how many visits was that?", KNOWN, Memory(lost=True, heard=heard)))
    assert (step.tool, step.spans) == (Tool.COUNT, heard.spans)


def test_days_and_a_list_are_of_whom_a_message_named_that_was_not_understood(understanding: Understanding) -> None:
    heard = Step(tool=Tool.FIND, spans=Spans(merchants=("boots",)), unread=("zonked",))
    step = one(understanding.plan("show me May and June, with the dates", KNOWN, Memory(lost=True, heard=heard)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.FIND, ("boots",), ("may", "june"))


def test_a_share_of_what_was_spent_there_needs_a_place(understanding: Understanding) -> None:
    read = understanding.plan("what percent of all I spent out there was boots", KNOWN, after(PETROL))
    assert isinstance(read, Unsure)


@pytest.mark.parametrize(
    ("message", "amount"),
    [("no, 240", "£240"), ("it's 95.50, not 180", "£95.50"), ("make that £1,250", "£1,250"), ("and 60 quid instead?", "£60")],
)
def test_another_figure_is_what_is_to_be_afforded(understanding: Understanding, message: str, amount: str) -> None:
    before = Step(tool=Tool.AFFORD, spans=Spans(amount="£180", periods=("before payday",)))
    plan = understanding.plan(message, KNOWN, Memory(asked=(Asked(step=before),)))
    assert isinstance(plan, Plan)
    assert [(s.tool, s.spans.amount, s.spans.periods) for s in plan.steps] == [(Tool.AFFORD, amount, ("before payday",))]


@pytest.mark.parametrize("message", ["will i go under zero before payday", "am i going to end up in the red before payday"])
def test_whether_what_is_due_overdraws_asks_what_is_left(understanding: Understanding, message: str) -> None:
    plan = understanding.plan(message, KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [(s.tool, s.spans.change) for s in plan.steps] == [(Tool.UPCOMING, WHAT_IS_LEFT)]


# What few words ask of the payments that were spoken of

TESCO = Step(tool=Tool.COUNT, spans=Spans(merchants=("tesco",), periods=("in may",)))
DEAREST = Step(tool=Tool.LARGEST, spans=TESCO.spans)


@pytest.mark.parametrize(
    ("before", "message", "tool"),
    [
        (TESCO, "worth what, all of those together?", Tool.SUM),
        (TESCO, "and the damage?", Tool.SUM),
        (TESCO, "which all comes to?", Tool.SUM),
        (TESCO, "steepest of the five?", Tool.LARGEST),
        (TESCO, "the least of these", Tool.SMALLEST),
        (TESCO, "the most we've paid in one go, either of them", Tool.LARGEST),
        (TESCO, "list every one of them with the dates", Tool.FIND),
        (DEAREST, "and that's a pop?", Tool.AVERAGE),
        (DEAREST, "all of them altogether", Tool.SUM),
        (DEAREST, "the cost of it", Tool.LARGEST),
        (DEAREST, "what's the date of that", Tool.LARGEST),
    ],
)
def test_words_that_only_ask_for_an_operation_are_of_what_was_spoken_of(
    understanding: Understanding, before: Step, message: str, tool: Tool
) -> None:
    step = one(understanding.plan(message, KNOWN, after(before)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (tool, ("tesco",), ("in may",))


@pytest.mark.parametrize(
    "message", ["cheapest and dearest of them", "the dearest of mine that was cash", "steepest of the foreign ones"]
)
def test_a_word_that_says_more_is_no_mere_operation(message: str) -> None:
    assert asked_of_them(find(message, KNOWN), [Asked(step=TESCO)], KNOWN, message) is None


def test_of_months_that_were_told_the_worst_and_the_mean_are_months(understanding: Understanding) -> None:
    months = Step(tool=Tool.BREAKDOWN, spans=Spans(merchants=("tesco",), periods=("since june",), group="month by month"))
    assert one(understanding.plan("steepest of the six?", KNOWN, after(months))).spans.group == "which month"
    mean = one(understanding.plan("the average of them", KNOWN, after(months)))
    assert (mean.tool, mean.spans.group) == (Tool.AVERAGE, "a month")
    # Which was least, the list says.
    assert one(understanding.plan("cheapest of the six", KNOWN, after(months))) == months


def test_of_kinds_that_were_ranked_the_list_says_which_took_most(understanding: Understanding) -> None:
    kinds = Step(tool=Tool.BREAKDOWN, spans=Spans(periods=("in may",), group="by category"))
    assert one(understanding.plan("the biggest of those?", KNOWN, after(kinds))) == kinds
    assert one(understanding.plan("the sum of them all", KNOWN, after(kinds))).tool is Tool.SUM
    # The few that took most are not all that was paid.
    top = Step(tool=Tool.LARGEST, spans=Spans(periods=("in may",), number="3"))
    assert asked_of_them(find("cost of those", KNOWN), [Asked(step=top)], KNOWN, "cost of those") is None


def test_of_all_that_was_spent_in_some_days_the_biggest_is_one_payment(understanding: Understanding) -> None:
    spent = Asked(step=Step(tool=Tool.SUM, spans=Spans(periods=("in may",))))
    told = Asked(step=Step(tool=Tool.LARGEST, spans=spent.step.spans), used=("tesco",))
    assert one(understanding.plan("and the steepest of them", KNOWN, after(spent))) == told.step
    # Whoever an answer told of since is not meant.
    assert one(understanding.plan("the total of those", KNOWN, after(spent, told))) == spent.step


def test_the_week_before_that_one_and_the_same_days_of_another_year(understanding: Understanding) -> None:
    week = Step(tool=Tool.SUM, spans=Spans(merchants=("tesco",), periods=("last week",)))
    assert one(understanding.plan("so the week before this one, how much?", KNOWN, after(week))).spans.periods == (
        "from 2026-11-09 to 2026-11-15",
    )
    spring = Step(tool=Tool.SUM, spans=Spans(merchants=("tesco",), periods=("april to june this year",)))
    assert one(understanding.plan("those same three months of 2024, the total", KNOWN, after(spring))).spans.periods == (
        "from 2024-04-01 to 2024-06-30",
    )


def test_when_it_was_sent_is_of_what_was_paid_to_them(understanding: Understanding) -> None:
    back = Step(tool=Tool.REFUND_STATUS, spans=Spans(merchants=("jane doe",)))
    assert one(understanding.plan("what date had I sent that to her?", KNOWN, after(back))).tool is Tool.LAST
    dated = one(understanding.plan("and on which date did I pay her last year", KNOWN, after(back)))
    assert (dated.tool, dated.spans.periods) == (Tool.FIND, ("last year",))


def test_the_refund_before_is_of_no_days_that_were_spoken_of(understanding: Understanding) -> None:
    twice = Step(tool=Tool.DUPLICATES, spans=Spans(merchants=("tesco",), periods=("on the 11th",)))
    step = one(understanding.plan("the previous refund from them, amount and date", KNOWN, after(twice)))
    assert (step.tool, step.spans) == (Tool.REFUND_STATUS, Spans(merchants=("tesco",)))
    back = Step(tool=Tool.REFUND_STATUS, spans=Spans(merchants=("tesco",), periods=("in may",)))
    step = one(understanding.plan("and the refund from them before that, when and how much", KNOWN, after(back)))
    assert (step.tool, step.spans.periods, step.spans.number) == (Tool.LAST, (), "2")


def test_what_came_since_a_double_charge_may_be_in_the_days_of_it(understanding: Understanding) -> None:
    twice = Step(tool=Tool.DUPLICATES, spans=Spans(merchants=("tesco",), periods=("last week",)))
    step = one(understanding.plan("did anything come back from them since then?", KNOWN, after(twice)))
    assert (step.tool, step.spans.periods) == (Tool.REFUNDS, ("since 2026-11-16",))


def test_a_total_of_a_kind_is_divided_between_its_sellers(understanding: Understanding) -> None:
    for message in ("divide that between the firms", "how much went to each of them?"):
        step = one(understanding.plan(message, KNOWN, after(PETROL)))
        assert (step.tool, step.spans.category, step.spans.group) == (Tool.TOP, "petrol", "places")


def test_the_other_way_round_is_of_the_person_whatever_words_chose(understanding: Understanding) -> None:
    came = Asked(step=Step(tool=Tool.INCOME, spans=Spans(merchants=("lunch club",))), used=("jane doe lunch club",))
    step = one(understanding.plan("and from me to her, this year", KNOWN, after(came)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.SUM, ("jane doe",), ("this year",))


def test_labels_that_mean_one_step_count_together() -> None:
    came = Asked(step=Step(tool=Tool.INCOME, spans=Spans(merchants=("jane doe",), periods=("in may",))))
    read = {"follow": 0.4, "income": 0.2, "other": 0.1, "article": 0.3}
    message = "then the money for june"
    agreed = agreed_on(read, find(message, KNOWN), after(came), message, KNOWN)
    assert agreed is not None
    assert agreed[0].spans.periods == ("for june",)


# Words that say what for, that all counts, and what is left out anyway


ALDI_MAY = Step(tool=Tool.SUM, spans=Spans(merchants=("aldi",), periods=("in may",)))


@pytest.mark.parametrize(
    "message", ["in total, ever?", "everything from them", "the grand total with them, ever", "and all time?"]
)
def test_all_that_was_ever_paid_is_of_whom_a_sum_was(understanding: Understanding, message: str) -> None:
    assert one(understanding.plan(message, KNOWN, after(ALDI_MAY))) == Step(tool=Tool.SUM, spans=Spans(merchants=("aldi",)))


def test_a_list_is_added_up_in_its_own_days(understanding: Understanding) -> None:
    listed = ALDI_MAY.model_copy(update={"tool": Tool.FIND})
    assert one(understanding.plan("and altogether?", KNOWN, after(listed))) == ALDI_MAY
    whole = Step(tool=Tool.FIND, spans=Spans(merchants=("aldi",)))
    step = one(understanding.plan("only the june ones, added up", KNOWN, after(whole)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.SUM, ("aldi",), ("the june",))


def test_what_is_asked_of_nobody_is_not_added_up_altogether() -> None:
    top = Step(tool=Tool.TOP, spans=Spans(periods=("in may",), number="3"))
    assert added_up(Asked(step=top), Spans(periods=("altogether",))) is None


@pytest.mark.parametrize(
    "message",
    ["what have I sent mark reid for tickets since May?", "money to mark reid towards strings since May"],
)
def test_what_a_person_is_paid_for_is_nobody_else(message: str) -> None:
    found = find(message, KNOWN)
    assert [name.split(" for ")[0] for name in found.spans.merchants] == ["mark reid"]


def test_words_before_a_name_in_brackets_are_no_part_of_the_question() -> None:
    known = replace(KNOWN, named={"tall": 0.9, "marky": 0.9}, found=None)
    assert "tall" not in find("did tall marky (mark reid) pay me back", known).masked


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("everything to jane last year, christmas included", ("jane",)),
        ("boots in may, delivery included", ("boots",)),
        ("boots in may, aldi included", ("boots", "aldi")),
    ],
)
def test_what_counts_as_well_narrows_nothing_unless_it_is_paid_by_itself(message: str, names: tuple[str, ...]) -> None:
    found = find(message, KNOWN)
    assert (found.spans.merchants, len(found.spans.periods)) == (names, 1)


def test_only_some_of_what_was_paid_counts_where_that_is_said() -> None:
    assert find("boots this year, counting only weekends", KNOWN).bad_period == "weekends"


def test_the_refund_before_the_last_is_the_second_newest(understanding: Understanding) -> None:
    step = one(understanding.plan("what was the refund from Boots before the last one?", KNOWN, Memory()))
    assert (step.tool, step.spans.merchants, step.spans.number, step.spans.change) == (Tool.LAST, ("boots",), "2", "came back")
    back = Step(tool=Tool.REFUNDS, spans=Spans(periods=("in june",), merchants=("boots",)))
    step = one(understanding.plan("and their refund before that one?", KNOWN, after(back)))
    assert (step.tool, step.spans.periods, step.spans.number) == (Tool.LAST, ("before 2026-06-01",), "")


def test_two_that_are_named_in_days_of_their_own_are_held_against_each_other_alone(understanding: Understanding) -> None:
    step = one(understanding.plan("of the two, Boots or Aldi, who got more out of me in May?", KNOWN, after(PETROL)))
    assert (step.tool, step.spans.merchants, step.spans.category) == (Tool.COMPARE, ("boots", "aldi"), "")


@pytest.mark.parametrize(
    ("message", "account"),
    [
        ("what have I put into the rainy day savings this year, interest aside?", "into the rainy day savings"),
        ("what did I move into the rainy day savings this year, not the interest", "into the rainy day savings"),
    ],
)
def test_interest_is_no_part_of_what_was_put_into_savings(understanding: Understanding, message: str, account: str) -> None:
    step = one(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.account, step.spans.merchants) == (Tool.SUM, account, ())


def test_refunds_are_left_out_of_what_was_spent_anyway(understanding: Understanding) -> None:
    step = one(understanding.plan("Boots versus Aldi in May, which cost me more? forget refunds", KNOWN, Memory()))
    assert (step.tool, step.spans.merchants) == (Tool.COMPARE, ("boots", "aldi"))


@pytest.mark.parametrize(
    "message", ["what do I send Jane Doe each month for the netball?", "tell me what I give my friend Jane Doe monthly"]
)
def test_what_the_customer_pays_somebody_is_never_refused(understanding: Understanding, message: str) -> None:
    read = understanding.plan(message, KNOWN, Memory())
    assert isinstance(read, Unsure) or all(step.tool is not Tool.REFUSE for step in read.steps)


def test_who_was_there_one_time_asks_whether_it_was_taken_twice(understanding: Understanding) -> None:
    step = one(understanding.plan("Boots on the 12th is not right, I only bought something once", KNOWN, Memory()))
    assert (step.tool, step.spans.merchants) == (Tool.DUPLICATES, ("boots",))


@pytest.mark.parametrize(
    "message",
    [
        "how much is left before you turn me down",
        "how far can I go till a payment bounces",
        "overdraft and all, how much can I use?",
    ],
)
def test_how_far_the_money_goes_counts_the_overdraft(understanding: Understanding, message: str) -> None:
    step = one(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.change) == (Tool.BALANCE, "to spend")


def test_what_is_pending_is_not_what_was_told_of_it(understanding: Understanding) -> None:
    message = "I spent twenty pounds at Tesco this morning and far more is being held. What's pending from them?"
    step = one(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.merchants, step.spans.amount) == (Tool.PENDING, ("tesco",), "")


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("which one-off payments have I got lined up?", "single"),
        ("which standing orders leave by Friday?", "orders"),
        ("what have I got scheduled by Friday, leaving out what goes to my own savings?", "planned others"),
    ],
)
def test_of_what_is_due_that_is_told_which_is_asked_for(understanding: Understanding, message: str, change: str) -> None:
    step = one(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.change) == (Tool.UPCOMING, change)


@pytest.mark.parametrize("message", ["what was in the Tesco box?", "can you tell what colour it was, red or blue"])
def test_what_goods_were_like_no_payment_says(understanding: Understanding, message: str) -> None:
    assert one(understanding.plan(message, KNOWN, Memory())).tool is Tool.CANNOT


def test_two_that_were_held_against_each_other_are_counted_apart(understanding: Understanding) -> None:
    held = Step(tool=Tool.COMPARE, spans=Spans(periods=("in may",), merchants=("boots", "aldi"), change="difference"))
    read = understanding.plan("now by the number of visits rather than the money", KNOWN, after(held))
    assert isinstance(read, Plan)
    assert [(step.tool, step.spans.merchants) for step in read.steps] == [(Tool.COUNT, ("boots",)), (Tool.COUNT, ("aldi",))]


def test_what_is_to_come_off_an_account_that_was_told_of_is_pending_there(understanding: Understanding) -> None:
    told = Step(tool=Tool.BALANCE, spans=Spans(account="joint account"))
    step = one(understanding.plan("is anything pending that will come off it?", KNOWN, after(told)))
    assert (step.tool, step.spans.account) == (Tool.PENDING, "joint account")


@pytest.mark.parametrize(
    "message",
    ["what are my top five shops overall", "the three biggest merchants of all time", "who had most of my money overall"],
)
def test_the_biggest_overall_are_of_all_that_was_spent(understanding: Understanding, message: str) -> None:
    step = one(understanding.plan(message, KNOWN, after(ALDI_MAY)))
    assert (step.tool, step.spans.merchants) == (Tool.TOP, ())
    assert "in may" not in step.spans.periods


def test_every_refund_is_of_everybody(understanding: Understanding) -> None:
    back = Step(tool=Tool.REFUND_STATUS, spans=Spans(merchants=("aldi",)))
    step = one(understanding.plan("and the sum of all my refunds", KNOWN, after(back)))
    assert (step.tool, step.spans.merchants) == (Tool.REFUNDS, ())


def test_a_share_of_all_my_spending_leaves_the_days_before(understanding: Understanding) -> None:
    for message in ("what part of my total spending is aldi", "how much of all my spending goes to them in percent"):
        step = one(understanding.plan(message, KNOWN, after(ALDI_MAY)))
        assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.SHARE, ("aldi",), ())
    step = one(understanding.plan("what percentage of all my spending was that", KNOWN, after(ALDI_MAY)))
    assert (step.tool, step.spans.periods) == (Tool.SHARE, ("in may",))


def test_the_total_after_a_share_is_what_it_was_a_share_of(understanding: Understanding) -> None:
    share = ALDI_MAY.model_copy(update={"tool": Tool.SHARE})
    step = one(understanding.plan("and what was the total", KNOWN, after(share)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.SUM, (), ("in may",))


def test_the_same_shop_is_the_one_before(understanding: Understanding) -> None:
    step = one(understanding.plan("same shop, all of June: number and total", KNOWN, after(ALDI_MAY)))
    assert (step.tool, step.spans.merchants) == (Tool.SUM, ("aldi",))


def test_the_average_of_all_their_payments_is_of_no_bound(understanding: Understanding) -> None:
    dear = Step(tool=Tool.FIND, spans=Spans(merchants=("aldi",), amount="over £40"))
    step = one(understanding.plan("grand, and the mean of all the aldi ones", KNOWN, after(dear)))
    assert (step.tool, step.spans.merchants, step.spans.amount) == (Tool.AVERAGE, ("aldi",), "")


def test_when_something_was_with_somebody_new_is_asked_of_any_day(understanding: Understanding) -> None:
    food = Step(tool=Tool.SUM, spans=Spans(category="groceries", periods=("in may",)))
    step = one(understanding.plan("we were at boots with gran; remind me what it cost and the day", KNOWN, after(food)))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.FIND, ("boots",), ())


def test_when_i_was_last_there_is_a_day_and_no_stay(understanding: Understanding) -> None:
    assert one(understanding.plan("when I was last in boots", KNOWN, Memory())).tool is Tool.LAST


def test_what_is_told_to_have_come_back_is_asked_about(understanding: Understanding) -> None:
    step = one(understanding.plan("boots refunded me, right? how much and which day", KNOWN, Memory()))
    assert step.tool in (Tool.REFUNDS, Tool.REFUND_STATUS) or step.spans.change == "came back"


@pytest.mark.parametrize(
    ("before", "message", "tool", "days"),
    [
        (Step(tool=Tool.LAST, spans=Spans(merchants=("tesco",))), "and over the year as a whole?", Tool.SUM, ("this year",)),
        (
            Step(tool=Tool.SUM, spans=Spans(merchants=("tesco",), periods=("in may 2025",))),
            "and across that year as a whole?",
            Tool.SUM,
            ("in 2025",),
        ),
        (
            Step(tool=Tool.FIND, spans=Spans(merchants=("tesco",), periods=("on 3 may 2026",))),
            "was I there the year before too?",
            Tool.SUM,
            ("in 2025",),
        ),
        (
            Step(tool=Tool.SUM, spans=Spans(merchants=("jane doe",), periods=("since march",))),
            "and what she gave me back",
            Tool.INCOME,
            ("since march",),
        ),
        (
            Step(tool=Tool.DUPLICATES, spans=Spans(merchants=("boots",), periods=("on the 3rd",))),
            "has boots refunded me anything this year, and what did it come to",
            Tool.REFUNDS,
            ("this year",),
        ),
    ],
)
def test_days_and_ways_that_are_said_are_those_of_what_goes_on(
    understanding: Understanding, before: Step, message: str, tool: Tool, days: tuple[str, ...]
) -> None:
    step = one(understanding.plan(message, KNOWN, after(before)))
    assert (step.tool, step.spans.periods) == (tool, days)


def test_a_year_that_comes_before_no_days_is_asked_about(understanding: Understanding) -> None:
    last = Step(tool=Tool.LAST, spans=Spans(merchants=("tesco",)))
    assert isinstance(understanding.plan("the sum for the year before, if you would", KNOWN, after(last)), Unsure)


def test_what_somebody_charges_is_a_price(understanding: Understanding) -> None:
    told = Step(tool=Tool.FIND, spans=Spans(merchants=("netflix",)))
    assert one(understanding.plan("so they charge how much for it", KNOWN, after(told))).tool is Tool.SUBSCRIPTIONS


def test_one_shop_gave_back_what_it_took_twice_whatever_that_was_for(understanding: Understanding) -> None:
    twice = Step(tool=Tool.DUPLICATES, spans=Spans(merchants=("boots", "jane doe lunch club")))
    step = one(understanding.plan("did they give me one back yet", KNOWN, after(twice)))
    assert step.tool in (Tool.REFUNDS, Tool.REFUND_STATUS)


# Who is meant without being named


RANKED = Asked(
    step=Step(tool=Tool.SUM, spans=Spans(merchants=("tesco", "aldi", "boots"), periods=("in may",))),
    ranked=("Boots", "Tesco", "Aldi"),
)


@pytest.mark.parametrize(
    ("message", "tool", "who"),
    [
        ("the biggest of those: how often did I go?", Tool.COUNT, "boots"),
        ("whichever cost the most, what was it in april", Tool.SUM, "boots"),
        ("the one at the bottom, how much in april?", Tool.SUM, "aldi"),
        ("how many times was I at the top one", Tool.COUNT, "boots"),
    ],
)
def test_one_of_several_is_meant_by_its_place_among_them(
    understanding: Understanding, message: str, tool: Tool, who: str
) -> None:
    step = one(understanding.plan(message, KNOWN, after(RANKED)))
    assert (step.tool, step.spans.merchants) == (tool, (who,))
    assert step.spans.periods == (("in april",) if "april" in message else ("in may",))


@pytest.mark.parametrize("message", ["and which was the dearest?", "the top one, how much was it"])
def test_the_list_itself_says_what_its_first_came_to(understanding: Understanding, message: str) -> None:
    plan = understanding.plan(message, KNOWN, after(RANKED))
    assert not isinstance(plan, Plan) or plan.steps[0].spans.merchants == ("tesco", "aldi", "boots")


@pytest.mark.parametrize(
    ("message", "tool", "who"),
    [
        ("those two plus boots, in total", Tool.SUM, ("tesco", "aldi", "boots")),
        ("boots or them, who had more of my money", Tool.COMPARE, ("boots", "aldi")),
        ("did I spend more at boots than them", Tool.COMPARE, ("boots", "aldi")),
    ],
)
def test_words_beside_a_name_stand_for_who_was_spoken_of(
    understanding: Understanding, message: str, tool: Tool, who: tuple[str, ...]
) -> None:
    memory = asked(Tool.SUM, Spans(merchants=("tesco",), periods=("in may",)), Spans(merchants=("aldi",), periods=("in may",)))
    step = one(understanding.plan(message, KNOWN, memory))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (tool, who, ("in may",))


def test_one_more_on_its_own_is_added_to_nothing(understanding: Understanding) -> None:
    memory = asked(Tool.SUM, Spans(merchants=("tesco",), periods=("in may",)))
    step = one(understanding.plan("plus boots, as a figure on its own", KNOWN, memory))
    assert (step.spans.merchants, step.spans.periods) == (("boots",), ("in may",))


def test_both_accounts_are_those_that_were_asked_about(understanding: Understanding) -> None:
    mine, ours = (Spans(merchants=("tesco",), account=account) for account in ("from my own account", "from the joint account"))
    both = one(understanding.plan("both together", KNOWN, asked(Tool.SUM, mine, ours)))
    assert both.spans.account == "from my own account and from the joint account"
    assert one(understanding.plan("across both accounts", KNOWN, asked(Tool.SUM, ours))).spans == Spans(merchants=("tesco",))


@pytest.mark.parametrize(
    "message",
    [
        "was that dearer or cheaper than the year before",
        "how does it stack up against the year before",
        "the year before: up or down?",
    ],
)
def test_the_year_before_may_be_what_it_is_held_against(understanding: Understanding, message: str) -> None:
    step = one(understanding.plan(message, KNOWN, asked(Tool.SUM, Spans(merchants=("boots",), periods=("this year",)))))
    assert (step.tool, step.spans.periods) == (Tool.COMPARE, ("this year", "last year"))


def test_the_month_of_that_name_before_is_a_year_earlier(understanding: Understanding) -> None:
    step = one(
        understanding.plan("the May before that", KNOWN, asked(Tool.SUM, Spans(merchants=("boots",), periods=("in may",))))
    )
    assert step.spans.periods == ("in may 2025",)


def test_the_same_of_other_days_is_asked_behind_what_is_wondered(understanding: Understanding) -> None:
    memory = asked(Tool.SUM, Spans(merchants=("boots",), periods=("in may",)))
    step = one(understanding.plan("is that usual? show me the same for April", KNOWN, memory))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.SUM, ("boots",), ("for april",))


def test_what_a_visit_comes_to_is_a_mean_of_one_shop(understanding: Understanding) -> None:
    memory = asked(Tool.COUNT, Spans(merchants=("tesco",), periods=("in may",)))
    assert one(understanding.plan("and what per shop", KNOWN, memory)).tool is Tool.AVERAGE


def test_after_a_double_charge_what_they_ever_gave_back_is_of_any_amount(understanding: Understanding) -> None:
    twice = asked(Tool.DUPLICATES, Spans(merchants=("tesco",), amount="£12.40", periods=("on 3 may",)))
    back = one(understanding.plan("they did this before. what did they refund this year", KNOWN, twice))
    assert (back.tool, back.spans) == (Tool.REFUNDS, Spans(merchants=("tesco",), periods=("this year",)))
    none_yet = asked(Tool.REFUND_STATUS, Spans(merchants=("tesco",), amount="£12.40", periods=("on 3 may",)))
    newest = one(understanding.plan("when was the last time they did", KNOWN, none_yet))
    assert (newest.spans.amount, newest.spans.periods) == ("", ())


def test_of_a_kind_that_is_left_out_no_part_is_asked_about() -> None:
    found = find("just the cafe, not the house petrol", replace(KNOWN, named={"house": 1.0}, chooses={"house": 1.0}, found={}))
    assert (found.spans.merchants, found.spans.without) == ((), ("house petrol",))


def test_a_number_after_a_number_is_another_invoice(understanding: Understanding) -> None:
    step = one(understanding.plan("20418?", KNOWN, asked(Tool.FIND, Spans(merchants=("20417",)))))
    assert step.spans.merchants == ("20418",)


@pytest.mark.parametrize("message", ["by what amount has it moved since the end of May", "how much has it changed since May"])
def test_what_moved_is_the_account_that_was_told_of(understanding: Understanding, message: str) -> None:
    step = one(understanding.plan(message, KNOWN, asked(Tool.BALANCE, Spans(account="the joint account"))))
    assert (step.tool, step.spans.account) == (Tool.EXPLAIN, "the joint account")


def test_what_began_is_the_first_payment(understanding: Understanding) -> None:
    step = one(understanding.plan("and that started…", KNOWN, asked(Tool.COUNT, Spans(merchants=("netflix",)))))
    assert (step.tool, step.spans.merchants) == (Tool.FIRST, ("netflix",))


def test_of_two_accounts_each_is_told(understanding: Understanding) -> None:
    plan = understanding.plan("my own account against the joint", KNOWN, asked(Tool.SUM, Spans(merchants=("tesco",))))
    assert isinstance(plan, Plan), plan
    assert [(s.tool, s.spans.merchants, s.spans.account) for s in plan.steps] == [
        (Tool.SUM, ("tesco",), "my own account"),
        (Tool.SUM, ("tesco",), "the joint"),
    ]


@pytest.mark.parametrize(
    ("message", "who"),
    [("not tesco, boots", ("boots",)), ("no, not tesco, I meant aldi", ("aldi",)), ("the last of those", ("tesco",))],
)
def test_who_was_not_meant_gives_way(understanding: Understanding, message: str, who: tuple[str, ...]) -> None:
    step = one(understanding.plan(message, KNOWN, asked(Tool.SUM, Spans(merchants=("tesco",), periods=("in may",)))))
    assert (step.spans.merchants, step.spans.periods) == (who, ("in may",))


def test_the_previous_month_is_that_before_the_one_spoken_of(understanding: Understanding) -> None:
    step = one(
        understanding.plan("and the previous month?", KNOWN, asked(Tool.SUM, Spans(merchants=("tesco",), periods=("in may",))))
    )
    assert step.spans.periods == ("in april 2026",)


@pytest.mark.parametrize("message", ["is it up on last year?", "hm. was that more than last year"])
def test_up_on_other_days_is_held_against_them(understanding: Understanding, message: str) -> None:
    step = one(understanding.plan(message, KNOWN, asked(Tool.SUM, Spans(merchants=("tesco",), periods=("this year",)))))
    assert (step.tool, step.spans.periods) == (Tool.COMPARE, ("this year", "last year"))


def test_more_than_somebody_else_is_held_against_who_was_spoken_of(understanding: Understanding) -> None:
    step = one(
        understanding.plan("more or less than boots?", KNOWN, asked(Tool.SUM, Spans(merchants=("tesco",), periods=("in may",))))
    )
    assert (step.tool, step.spans.merchants) == (Tool.COMPARE, ("boots", "tesco"))


def test_what_is_of_a_kind_there_is_theirs(understanding: Understanding) -> None:
    step = one(understanding.plan("and the cafe there?", KNOWN, after(FENWICK)))
    assert (step.spans.merchants, step.spans.category) == (("fenwick",), "cafe")


def test_whether_it_was_the_only_time_all_of_them_say(understanding: Understanding) -> None:
    last = Spans(merchants=("jane",), change="came in")
    step = one(understanding.plan("was that the only time", KNOWN, asked(Tool.LAST, last)))
    assert (step.tool, step.spans.change, step.spans.periods) == (Tool.FIND, "came in", ())


def test_what_a_pot_covers_is_of_the_pot(understanding: Understanding) -> None:
    step = one(
        understanding.plan("would it cover a bill of £340", KNOWN, asked(Tool.BALANCE, Spans(account="rainy day savings")))
    )
    assert (step.tool, step.spans.account) == (Tool.AFFORD, "rainy day savings")


def test_at_somebody_whom_nobody_knows_is_no_more_of_the_same(understanding: Understanding) -> None:
    assert isinstance(
        understanding.plan("and at the pictures", KNOWN, asked(Tool.SUM, Spans(merchants=("tesco",), periods=("in may",)))),
        Unsure,
    )


@pytest.mark.parametrize("message", ["and the rest?", "everything else"])
def test_the_rest_of_a_sum_is_all_but_what_was_told(understanding: Understanding, message: str) -> None:
    whole, cafe, tesco = Spans(periods=("in may",)), Spans(category="cafe", periods=("in may",)), Spans(merchants=("tesco",))
    of_all = one(understanding.plan(message, KNOWN, asked(Tool.SUM, whole, Spans(category="petrol", periods=("in may",)), cafe)))
    assert of_all.spans == Spans(periods=("in may",), without=("petrol", "cafe"))
    petrol = Spans(category="petrol", periods=("in may",))
    of_kind = asked(Tool.SUM, petrol, tesco.model_copy(update={"periods": ("in may",)}))
    assert one(understanding.plan(message, KNOWN, of_kind)).spans == Spans(
        category="petrol", periods=("in may",), without=("tesco",)
    )


def test_from_everyone_is_all_that_came_in_and_who_is_a_customer_nobody_knows(understanding: Understanding) -> None:
    fenwick = asked(Tool.INCOME, Spans(merchants=("fenwick",), periods=("this year",)))
    step = one(understanding.plan("and from everyone together", KNOWN, fenwick))
    assert (step.tool, step.spans) == (Tool.INCOME, Spans(periods=("this year",)))
    assert isinstance(understanding.plan("so from my customers in May", KNOWN, fenwick), Unsure)


def test_after_a_comparison_with_one_time_somebody_else_is_held_against_it_too(understanding: Understanding) -> None:
    compared = asked(Tool.COMPARE, Spans(merchants=("tesco",), periods=("last year",)))
    step = one(understanding.plan("and what I paid boots", KNOWN, compared))
    assert (step.tool, step.spans.merchants, step.spans.periods) == (Tool.COMPARE, ("boots",), ("last year",))


def test_the_other_accounts_are_told_with_all(understanding: Understanding) -> None:
    step = one(understanding.plan("and the other two accounts?", KNOWN, asked(Tool.BALANCE, Spans(account="rainy day savings"))))
    assert step == Step(tool=Tool.POSITION)


def test_what_is_gone_back_to_was_asked_about_before_the_last_question(understanding: Understanding) -> None:
    memory = asked(Tool.SUM, Spans(category="petrol", periods=("in may",)), Spans(merchants=("boots",), periods=("in may",)))
    step = one(understanding.plan("back to the motoring, with aldi taken out", KNOWN, memory))
    assert step.spans == Spans(category="petrol", periods=("in may",), without=("aldi",))


def test_what_each_charge_is_on_average_is_of_what_was_paid(understanding: Understanding) -> None:
    none_back = asked(Tool.REFUND_STATUS, Spans(merchants=("tesco",), periods=("on 3 may",)))
    step = one(understanding.plan("what does a charge there come to on average this year", KNOWN, none_back))
    assert (step.tool, step.spans.change) == (Tool.AVERAGE, "")


@pytest.mark.parametrize(
    ("before", "named", "whole"),
    [
        (["tesco", "aldi"], ["boots"], ("tesco", "aldi", "boots")),
        (["tesco", "aldi", "lidl"], ["boots"], None),  # which three, nobody can say
        ([], ["boots"], None),
    ],
)
def test_all_three_are_three(before: list[str], named: list[str], whole: tuple[str, ...] | None) -> None:
    memory = Memory(asked=tuple(Asked(step=Step(tool=Tool.SUM, spans=Spans(merchants=(name,)))) for name in before))
    step = Step(tool=Tool.SUM, spans=Spans(merchants=tuple(named)))
    assert so_many("and boots, all three of them this year", step) == 3
    assert so_many("boots, tesco and aldi, all three", step.model_copy(update={"spans": Spans(merchants=("a", "b", "c"))})) == 0
    found = with_others(step, 3, memory)
    assert (found.spans.merchants if found else None) == whole
