"""What was spent: every tool over the ledger against rows that were put in by hand and added up here."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.held import BY_OTHER
from assistant.plan import Tool
from assistant.resolve import Unclear
from assistant.spending import units_of
from connectors.categories import Categories
from data.banking import AccountKind, Kind, Status
from data.facts import Outcome
from data.ledger import Ledger
from tests.conftest import Statement

OCT, SEP, NOV = (dt.date(2026, month, 1) for month in (10, 9, 11))


def day(number: int, month: dt.date = OCT) -> dt.date:
    return month.replace(day=number)


@pytest.fixture
def autumn(statement: Statement) -> Statement:
    """September and October of somebody who shops, pays a friend, gets money back and is paid."""
    for n, amount, text in (
        (2, "-10.00", "ALDI STORES 0822"), (9, "-20.50", "ALDI STORES 0822"), (9, "-4.20", "GREGGS PLC"),
        (16, "-4.20", "GREGGS PLC"), (30, "-99.99", "CURRYS ONLINE"),
    ):  # fmt: skip
        statement.add(day(n), amount, text)
    statement.add(day(3, SEP), "-7.00", "ALDI STORES 0822")
    statement.add(day(4, SEP), "-50.00", "CURRYS ONLINE")
    statement.add(day(31), "-15.00", "JANE DOE LUNCH", Kind.PAYMENT, counterparty="JANE DOE")
    statement.add(day(20), "5.50", "ALDI STORES 0822", Kind.REFUND)
    statement.add(day(25), "2000.00", "WORKS LTD SALARY", Kind.INCOME)
    statement.add(day(26), "-300.00", "TFR TO POT", Kind.TRANSFER)
    statement.add(day(23, NOV), "-8.88", "GREGGS PLC", status=Status.PENDING)
    return statement


LAST_MONTH = {"periods": ("last month",)}


def test_a_sum_leaves_out_own_transfers_and_says_which_refunds_it_did_not_take_off(autumn: Statement) -> None:
    told = autumn.told(Tool.SUM, **LAST_MONTH)
    assert told.value("total spent") == "153.89"
    assert told.value("payments") == "6"
    assert told.value("refunds") == "5.50"
    assert "refunds" in told.result.scope.leaves_out
    assert "transfers between own accounts" in told.result.scope.leaves_out
    assert told.text == "You spent £153.89 in October 2026, in 6 payments. Refunds of £5.50 are not taken off that."


def test_a_sum_at_one_place_has_its_rows_behind_it(autumn: Statement) -> None:
    told = autumn.told(Tool.SUM, merchants=("aldi",), **LAST_MONTH)
    assert told.value("total spent") == "30.50"
    assert told.evidence("total spent") == {r.source_id for r in autumn.rows[:2]}
    assert told.result.scope.merchants


def test_pending_payments_are_said_and_not_counted(autumn: Statement) -> None:
    told = autumn.told(Tool.SUM, merchants=("greggs",), periods=("this year",))
    assert told.value("total spent") == "8.40"
    assert told.value("pending") == "8.88"


def test_both_together_are_each_and_all(autumn: Statement) -> None:
    told = autumn.told(Tool.SUM, merchants=("aldi", "greggs"), **LAST_MONTH)
    assert told.value("total spent") == "38.90"
    assert [f.value for f in told.result.facts if f.label.startswith("spent: ")] == ["30.50", "8.40"]
    two = autumn.told(Tool.SUM, merchants=("aldi",), periods=("last month", "in September"))
    assert two.value("total spent") == "37.50"


def test_counting_and_averages(autumn: Statement) -> None:
    assert autumn.told(Tool.COUNT, merchants=("greggs",), **LAST_MONTH).value("payments") == "2"
    assert autumn.told(Tool.AVERAGE, merchants=("aldi",), **LAST_MONTH).value("average") == "15.25"
    monthly = autumn.told(Tool.AVERAGE, merchants=("aldi",), periods=("from 1 September to 31 October",), group="a month")
    assert monthly.value("average a month") == "18.75"
    # Half a penny goes to the even one, and the formula says what was divided.
    third = autumn.told(Tool.AVERAGE, merchants=("aldi",), periods=("this year",))
    assert third.value("average") == "12.50"
    assert next(f.formula for f in third.result.facts if f.label == "average") == "37.50 / 3"


def test_months_in_a_row_are_taken_together(autumn: Statement) -> None:
    both = {"periods": ("in October", "September")}
    assert autumn.told(Tool.COUNT, merchants=("aldi",), **both).value("payments") == "3"
    assert autumn.told(Tool.AVERAGE, merchants=("aldi",), group="per month", **both).value("average a month") == "18.75"
    assert autumn.told(Tool.LARGEST, periods=("in September", "October")).value("biggest payment") == "99.99"


def test_days_with_others_between_are_asked_about(autumn: Statement) -> None:
    asked = autumn.ask(Tool.COUNT, merchants=("aldi",), periods=("on 2 October", "on 9 October"))
    assert isinstance(asked, Unclear)
    assert asked.choices == ("on 2 October", "on 9 October")
    twice = autumn.ask(Tool.SUM, merchants=("aldi",), periods=("from 1 September to 10 October", "from 1 October to 20 October"))
    assert isinstance(twice, Unclear)


def test_a_season_beside_dates_is_what_the_dates_say(autumn: Statement) -> None:
    told = autumn.told(Tool.SUM, merchants=("aldi",), periods=("in the autumn", "from 1 October to 31 October"))
    assert told.value("total spent") == "30.50"


def test_six_months_to_the_day_are_six() -> None:
    assert units_of(dt.date(2026, 5, 25), dt.date(2026, 11, 24), "month") == 6
    assert units_of(dt.date(2026, 1, 1), dt.date(2026, 11, 24), "month") == 11
    assert units_of(dt.date(2025, 1, 1), dt.date(2026, 11, 24), "year") == 2


def test_the_largest_the_smallest_and_ties(autumn: Statement) -> None:
    assert autumn.told(Tool.LARGEST, **LAST_MONTH).value("biggest payment") == "99.99"
    smallest = autumn.told(Tool.SMALLEST, **LAST_MONTH)
    assert smallest.value("smallest payment") == "4.20"
    assert smallest.value("payments of that amount") == "2"
    assert smallest.value("date") == "2026-10-16"


def test_the_first_and_the_last(autumn: Statement) -> None:
    assert autumn.told(Tool.FIRST, merchants=("aldi",)).value("first payment") == "2026-09-03"
    assert autumn.told(Tool.LAST, merchants=("aldi",)).value("latest payment") == "2026-10-09"


def test_the_top_places_in_order(autumn: Statement) -> None:
    told = autumn.told(Tool.TOP, number="two", group="merchants", **LAST_MONTH)
    assert told.all("total spent") == ["99.99", "30.50"]
    rows = autumn.told(Tool.TOP, number="3", group="payments", **LAST_MONTH)
    assert rows.all("amount") == ["99.99", "20.50", "15.00"]


def test_a_breakdown_adds_up_to_its_whole(autumn: Statement) -> None:
    told = autumn.told(Tool.BREAKDOWN, group="by merchant", **LAST_MONTH)
    parts = [Decimal(f.value) for f in told.result.facts if f.label.startswith("spent: ")]
    assert sum(parts) == Decimal(told.value("total spent")) == Decimal("153.89")
    assert told.result.chart is not None
    assert sum(Decimal(v) for v in told.result.chart.values) == Decimal("153.89")
    months = autumn.told(Tool.BREAKDOWN, group="by month", merchants=("aldi",), periods=("this year",))
    assert months.all("spent: September 2026") == ["7.00"]
    assert months.all("spent: October 2026") == ["30.50"]


@pytest.mark.parametrize(
    ("periods", "difference", "direction"),
    [(("last month", "in September"), "23.50", "more"), (("in September", "last month"), "-23.50", "less")],
)
def test_a_comparison_says_the_first_against_the_second(
    autumn: Statement, periods: tuple[str, str], difference: str, direction: str
) -> None:
    told = autumn.told(Tool.COMPARE, merchants=("aldi",), periods=periods)
    assert (told.value("difference"), told.value("direction")) == (difference, direction)
    assert f"£23.50 {direction}" in told.text


def test_what_runs_is_held_against_the_whole_one_before_it(autumn: Statement) -> None:
    told = autumn.told(Tool.COMPARE, merchants=("aldi",), periods=("this quarter",))
    assert "from 1 July 2026 to 30 September 2026" in told.text
    assert "not over yet" in told.text


def test_up_to_a_day_against_a_month_begins_with_its_month(autumn: Statement) -> None:
    told = autumn.told(Tool.COMPARE, merchants=("aldi",), periods=("this month", "by the 24th of october"))
    assert "from 1 October 2026 to 24 October 2026" in told.text


def test_two_equal_sides_are_the_same(autumn: Statement) -> None:
    told = autumn.told(Tool.COMPARE, merchants=("zara", "next"), periods=("last month", "in September"))
    assert told.value("direction") == "the same"


def test_a_share_is_of_all_spending_of_the_period(autumn: Statement) -> None:
    told = autumn.told(Tool.SHARE, merchants=("currys",), **LAST_MONTH)
    assert (told.value("part"), told.value("all spending"), told.value("share")) == ("99.99", "153.89", "65.0")


def test_how_many_different_places(autumn: Statement) -> None:
    assert autumn.told(Tool.DISTINCT, **LAST_MONTH).value("different merchant") == "4"


def test_shops_are_where_something_was_bought_and_not_everybody_who_was_paid(autumn: Statement) -> None:
    shops = autumn.told(Tool.DISTINCT, group="shops", **LAST_MONTH)
    assert shops.value("different merchant") == "3"
    assert "by card" in shops.text
    assert "JANE DOE" not in autumn.told(Tool.TOP, group="shop", **LAST_MONTH).text


def test_what_is_only_pending_is_told_and_not_called_none(autumn: Statement) -> None:
    told = autumn.told(Tool.SUM, merchants=("greggs",), periods=("yesterday",))
    assert told.result.outcome is Outcome.ANSWER
    assert told.text == (
        "I found no spending at GREGGS PLC on 23 November 2026. But £8.88 to GREGGS PLC, from 23 November 2026, is pending: "
        "it is not booked yet."
    )
    assert autumn.told(Tool.SUM, merchants=("aldi",), periods=("yesterday",)).result.outcome is Outcome.NONE


def test_refunds_and_income(autumn: Statement) -> None:
    assert autumn.told(Tool.REFUNDS, **LAST_MONTH).value("refunds") == "5.50"
    assert autumn.told(Tool.INCOME, **LAST_MONTH).value("money in") == "2000.00"
    assert autumn.told(Tool.REFUNDS, merchants=("greggs",)).result.outcome is Outcome.NONE


def test_days_without_spending_and_the_day_with_most(autumn: Statement) -> None:
    # October has 31 days; on 2, 9, 16, 30 and 31 something was bought.
    assert autumn.told(Tool.QUIET_DAYS, **LAST_MONTH).value("days without spending") == "26"
    biggest = autumn.told(Tool.BIGGEST_DAY, **LAST_MONTH)
    assert (biggest.value("biggest day"), biggest.value("spent that day")) == ("2026-10-30", "99.99")


def test_whether_something_was_paid(autumn: Statement) -> None:
    one = autumn.told(Tool.FIND, merchants=("jane doe",), **LAST_MONTH)
    assert one.text == "Yes: you paid JANE DOE £15.00 on 31 October 2026."
    many = autumn.told(Tool.FIND, amount="over £20", **LAST_MONTH)
    assert many.value("payments") == "2"
    assert autumn.told(Tool.FIND, amount="£123.45").result.outcome is Outcome.NONE


def test_bounds_are_kept(autumn: Statement) -> None:
    assert autumn.told(Tool.COUNT, amount="over £20.50", **LAST_MONTH).value("payments") == "1"
    assert autumn.told(Tool.COUNT, amount="at least £20.50", **LAST_MONTH).value("payments") == "2"
    assert autumn.told(Tool.COUNT, amount="no more than £10", **LAST_MONTH).value("payments") == "3"
    assert autumn.told(Tool.COUNT, amount="under £10", **LAST_MONTH).value("payments") == "2"


def test_pending_is_listed(autumn: Statement) -> None:
    told = autumn.told(Tool.PENDING)
    assert told.value("pending total") == "8.88"
    assert "held" in told.text


def test_money_that_is_on_its_way_in_is_not_taken_off_what_is_on_its_way_out(autumn: Statement) -> None:
    autumn.add(day(22, NOV), "5.00", "GREGGS PLC", Kind.REFUND, status=Status.PENDING)
    told = autumn.told(Tool.PENDING)
    assert (told.value("pending total"), told.value("pending, coming in"), told.value("pending")) == ("8.88", "5.00", "2")


def test_a_name_nobody_was_paid_under_gives_no_sum_of_others(autumn: Statement) -> None:
    told = autumn.told(Tool.SUM, merchants=("zorblax",), **LAST_MONTH)
    assert told.result.outcome is Outcome.NONE
    assert "GBP" not in {f.unit for f in told.result.facts}


def test_a_sum_without_any_bounds_is_asked_about(autumn: Statement) -> None:
    asked = autumn.ask(Tool.SUM)
    assert isinstance(asked, Unclear)
    assert asked.key == "which_period"


# What is left out


def test_what_is_left_out_is_in_no_figure_and_is_said(autumn: Statement) -> None:
    told = autumn.told(Tool.SUM, without=("aldi",), **LAST_MONTH)
    assert told.value("total spent") == str(Decimal("153.89") - Decimal("30.50"))
    assert told.value("payments") == "4"
    assert "ALDI STORES 0822" in told.result.scope.leaves_out
    assert "without ALDI STORES 0822 in October 2026" in told.text
    assert not told.evidence("total spent") & {r.source_id for r in autumn.rows if "ALDI" in r.text}


@pytest.mark.parametrize(
    ("tool", "label", "value"),
    [(Tool.COUNT, "payments", "3"), (Tool.LARGEST, "biggest payment", "20.50"), (Tool.QUIET_DAYS, "days without spending", "28")],
)
def test_every_question_can_leave_somebody_out(autumn: Statement, tool: Tool, label: str, value: str) -> None:
    # Without Greggs and Currys, October has two visits to Aldi and what went to a friend.
    told = autumn.told(tool, without=("greggs", "currys"), **LAST_MONTH)
    assert told.value(label) == value


def test_a_kind_of_spending_is_left_out_and_what_has_no_kind_stays(statement: Statement) -> None:
    statement.add(day(2), "-10.00", "ALDI STORES 0822", category="groceries")
    statement.add(day(3), "-650.00", "OAK LETTINGS", category="rent")
    statement.add(day(4), "-5.00", "SOMETHING ELSE")
    told = statement.told(Tool.SUM, without=("rent",), **LAST_MONTH)
    assert told.value("total spent") == "15.00"
    assert any("rent" in left.casefold() for left in told.result.scope.leaves_out)


def test_somebody_unknown_cannot_be_left_out_in_silence(autumn: Statement) -> None:
    asked = autumn.ask(Tool.SUM, without=("zorblax",), **LAST_MONTH)
    assert isinstance(asked, Unclear)
    assert asked.said == "zorblax"


def test_words_that_were_passed_over_are_said(autumn: Statement) -> None:
    told = autumn.told(Tool.SUM, merchants=("aldi",), unread=("sadly",), **LAST_MONTH)
    assert "I did not use “sadly” to choose what counts." in told.text


def test_what_was_put_into_a_pot_is_what_was_moved_there(statement: Statement) -> None:
    pot = statement.open("House pot", AccountKind.SAVINGS)
    statement.add(day(1), "-200.00", "TFR TO HOUSE POT", Kind.TRANSFER)
    statement.add(day(1), "200.00", "FROM EVERYDAY", Kind.TRANSFER, account=pot)
    statement.add(day(15), "50.00", "FROM EVERYDAY", Kind.TRANSFER, account=pot)
    statement.add(day(20), "-30.00", "TO EVERYDAY", Kind.TRANSFER, account=pot)
    statement.add(day(31), "1.25", "INTEREST", Kind.INCOME, account=pot)
    told = statement.told(Tool.SUM, account="in the house pot", **LAST_MONTH)
    assert (told.value("moved in"), told.value("transfers")) == ("250.00", "2")
    assert told.text.startswith("£250.00 was moved into House pot in October 2026")
    assert {"interest", "money taken out again"} <= set(told.result.scope.leaves_out)


def test_counting_somebody_who_only_pays_the_customer_counts_what_came_in(autumn: Statement) -> None:
    assert autumn.told(Tool.COUNT, merchants=("works ltd",), **LAST_MONTH).value("money in") == "2000.00"


# Charged twice


@pytest.mark.parametrize(("minutes", "twice"), [(1, True), (15, True), (16, False), (600, False)])
def test_the_same_amount_within_minutes_may_be_a_double_charge(statement: Statement, minutes: int, twice: bool) -> None:
    first = dt.datetime(2026, 10, 13, 19, 0, tzinfo=dt.UTC)
    for at in (first, first + dt.timedelta(minutes=minutes)):
        statement.add(at.date(), "-35.98", "NANDOS LEEDS", booked_at=at)
    told = statement.told(Tool.DUPLICATES)
    assert (told.result.outcome is Outcome.ANSWER) is twice
    if twice:
        assert told.value("times taken") == "2"
        assert told.evidence("amount") == {r.source_id for r in statement.rows}


def test_the_same_amount_at_another_place_or_in_another_month_is_no_double_charge(statement: Statement) -> None:
    statement.add(day(3), "-9.99", "NETFLIX")
    statement.add(day(3), "-9.99", "SPOTIFY")
    statement.add(day(3, NOV), "-9.99", "NETFLIX")
    assert statement.told(Tool.DUPLICATES).result.outcome is Outcome.NONE


# Several accounts and currencies


def test_currencies_are_never_added_up(statement: Statement) -> None:
    euros = statement.open("Euro account", currency="EUR")
    statement.add(day(3), "-10.00", "LIDL LEEDS")
    statement.add(day(4), "-7.00", "LIDL BERLIN", account=euros)
    told = statement.told(Tool.SUM, **LAST_MONTH)
    assert {(f.value, f.unit) for f in told.result.facts if f.label == "total spent"} == {("10.00", "GBP"), ("7.00", "EUR")}
    assert "£10.00" in told.text
    assert "€7.00" in told.text


def test_of_several_names_each_sum_stands_on_the_payments_of_its_own_currency(statement: Statement) -> None:
    euros = statement.open("Euro account", currency="EUR")
    for text in ("LIDL LEEDS", "ALDI LEEDS"):
        statement.add(day(3), "-10.00", text)
    statement.add(day(4), "-7.00", "LIDL BERLIN", account=euros)
    told = statement.told(Tool.SUM, **LAST_MONTH, merchants=("lidl", "aldi"))
    for fact in told.result.facts:
        if fact.label == "payments":
            assert fact.value == str(len(fact.evidence)) == "1"
    assert told.result.scope is not None
    assert "payments in other currencies" in told.result.scope.leaves_out


def test_a_named_account_is_the_only_one_counted(statement: Statement) -> None:
    joint = statement.open("Joint account")
    statement.add(day(3), "-10.00", "LIDL LEEDS")
    statement.add(day(4), "-7.00", "LIDL LEEDS", account=joint)
    told = statement.told(Tool.SUM, account="joint account", **LAST_MONTH)
    assert told.value("total spent") == "7.00"
    assert told.result.scope.accounts == ("Joint account",)
    unknown = statement.ask(Tool.SUM, account="my isa", **LAST_MONTH)
    assert isinstance(unknown, Unclear)
    assert unknown.choices == ("Everyday", "Joint account")


# Against Python, on any rows

_examples = itertools.count()
AMOUNTS = st.integers(-30_000, 30_000).filter(bool)
ROWS = st.lists(st.tuples(st.dates(dt.date(2026, 8, 20), dt.date(2026, 11, 24)), AMOUNTS, st.sampled_from("ABC")), max_size=25)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_any_rows_are_summed_counted_and_split_as_python_does(
    ledger_of_statements: tuple[Ledger, Categories], rows: list[tuple[dt.date, int, str]]
) -> None:
    statement = Statement(*ledger_of_statements, f"any{next(_examples)}")
    statement.open("Card", AccountKind.CARD)
    for on, minor, shop in rows:
        amount = f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"
        statement.add(on, amount, f"SHOP {shop}LPHA", Kind.PURCHASE if minor < 0 else Kind.REFUND)
    wanted = [(on, -minor, shop) for on, minor, shop in rows if on.month == 10 and minor < 0]
    told = statement.told(Tool.SUM, **LAST_MONTH)
    if not wanted:
        assert told.result.outcome is Outcome.NONE
        return
    total = Decimal(sum(m for _, m, _ in wanted)) / 100
    assert Decimal(told.value("total spent")) == total
    assert told.value("payments") == str(len(wanted))
    assert len(told.evidence("total spent")) == len(wanted)
    split = statement.told(Tool.BREAKDOWN, group="by merchant", **LAST_MONTH)
    assert sum(Decimal(f.value) for f in split.result.facts if f.label.startswith("spent: ")) == total
    largest = statement.told(Tool.LARGEST, **LAST_MONTH)
    assert Decimal(largest.value("biggest payment")) == Decimal(max(m for _, m, _ in wanted)) / 100
    quiet = statement.told(Tool.QUIET_DAYS, **LAST_MONTH)
    assert quiet.value("days without spending") == str(31 - len({on for on, _, _ in wanted}))


# What came in, or back


def test_of_what_came_in_the_largest_the_first_and_the_mean_are_told(statement: Statement) -> None:
    for n, amount in ((3, "40.00"), (9, "25.00"), (17, "55.00")):
        statement.add(day(n), amount, "JO REED RENT SHARE", Kind.INCOME, counterparty="JO REED")
    statement.add(day(20), "-12.00", "JO REED TICKETS", Kind.PAYMENT, counterparty="JO REED")
    came = {"merchants": ("jo reed",), "change": "came in"}
    assert statement.told(Tool.LARGEST, **came).value("biggest payment") == "55.00"
    assert statement.told(Tool.SMALLEST, **came).value("smallest payment") == "25.00"
    assert statement.told(Tool.FIRST, **came).value("first payment") == "2026-10-03"
    assert statement.told(Tool.AVERAGE, **came).value("average") == "40.00"
    assert statement.told(Tool.FIND, **came).value("payments") == "3"
    assert statement.told(Tool.LARGEST, merchants=("jo reed",)).value("biggest payment") == "12.00"


def test_what_was_paid_is_not_what_came_in(statement: Statement) -> None:
    statement.add(day(3), "40.00", "JO REED RENT SHARE", Kind.INCOME, counterparty="JO REED")
    assert statement.told(Tool.SUM, merchants=("jo reed",)).value("money in") == "40.00"
    assert statement.told(Tool.SUM, merchants=("jo reed",), change="went out").result.outcome is Outcome.NONE


def test_refunds_of_two_times_are_held_against_each_other(autumn: Statement) -> None:
    autumn.add(day(8, SEP), "2.00", "ALDI STORES 0822", Kind.REFUND)
    told = autumn.told(Tool.COMPARE, merchants=("aldi",), periods=("in September", "in October"), change="came back")
    assert told.value("difference") == "3.50"
    assert "You got £3.50 more from" in told.text


def test_a_difference_is_told_in_percent_of_the_second_where_it_is_asked_so(autumn: Statement) -> None:
    told = autumn.told(Tool.COMPARE, merchants=("aldi",), periods=("in October", "in September"), change="difference in percent")
    assert told.value("difference") == "23.50"
    assert told.value("difference in percent") == "335.7"


def test_a_payment_that_was_sent_back_is_found_under_the_persons_name(statement: Statement) -> None:
    statement.add(day(3), "-60.00", "LEE MOSS WEDDING PRESENT", Kind.PAYMENT, counterparty="LEE MOSS")
    statement.add(day(5), "60.00", "LEE MOSS RETURNED", Kind.REFUND, counterparty="LEE MOSS")
    told = statement.told(Tool.REFUND_STATUS, merchants=("lee moss wedding present",))
    assert told.result.outcome is Outcome.ANSWER
    assert "£60.00" in told.text


def test_what_the_other_holder_moved_in_is_what_left_no_account_of_ones_own(statement: Statement) -> None:
    shared = statement.open("Shared")
    statement.add(day(2), "-400.00", "TFR TO SHARED", Kind.TRANSFER)
    for _ in range(2):
        # One of two of the same amount, on the same day, is one's own.
        statement.add(day(2), "400.00", "TFR IN", Kind.TRANSFER, shared)
    statement.add(day(9), "25.00", "TFR IN", Kind.TRANSFER, shared)
    told = statement.told(Tool.INCOME, account="into shared", change=BY_OTHER, **LAST_MONTH)
    assert (told.value("moved in"), told.value("transfers")) == ("425.00", "2")
    assert told.evidence("moved in") == {row.source_id for row in statement.rows[2:4]}
    assert told.value("latest") == "25.00"
