"""What there is, what is coming and what it leaves: live balances and what repeats, checked by adding up here."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from assistant.grouping import WHAT_IS_LEFT
from assistant.plan import Tool
from assistant.tools import Live
from data.banking import (
    AccountKind,
    Balance,
    Beneficiary,
    DirectDebit,
    Frequency,
    Kind,
    ScheduledPayment,
    StandingOrder,
)
from data.facts import Outcome
from data.money import Money
from tests.conftest import NOW, Statement

TODAY = NOW.date()


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


def balance(statement: Statement, booked: str, available: str, line: str | None = None, place: int = 0) -> Balance:
    account = statement.accounts[place].id
    return Balance(account=account, booked=gbp(booked), available=gbp(available), credit_line=gbp(line) if line else None, at=NOW)


def order(
    statement: Statement,
    payee: str,
    amount: str,
    on: dt.date | None,
    often: Frequency = Frequency.MONTHLY,
    active: bool = True,
) -> StandingOrder:
    account = statement.accounts[0].id
    return StandingOrder(id=payee, account=account, payee=payee, amount=gbp(amount), frequency=often, next_on=on, active=active)


# Balances


def test_booked_and_available_are_told_apart_and_so_is_the_overdraft(statement: Statement) -> None:
    statement.live = Live(balances=[balance(statement, "-29.73", "153.86", "250.00")])
    told = statement.told(Tool.BALANCE)
    assert told.value("booked balance: Everyday") == "-29.73"
    assert told.value("available balance: Everyday") == "153.86"
    assert told.value("overdrawn by") == "29.73"
    assert told.value("arranged overdraft") == "250.00"
    assert "-£29.73 booked" in told.text


def test_what_is_left_to_spend_is_said_before_what_is_booked(statement: Statement) -> None:
    statement.live = Live(balances=[balance(statement, "-29.73", "153.86", "250.00")])
    told = statement.told(Tool.BALANCE, change="to spend")
    assert told.result.facts[0].value == "153.86"
    assert told.text.startswith("Everyday: £153.86 available to spend, -£29.73 booked.")


def test_all_accounts_together_by_currency(statement: Statement) -> None:
    statement.open("Pot", AccountKind.SAVINGS)
    euros = statement.open("Euro account", currency="EUR")
    foreign = Balance(account=euros.id, booked=Money.of("7.00", "EUR"), available=Money.of("7.00", "EUR"), at=NOW)
    statement.live = Live(balances=[balance(statement, "-10.00", "0.00"), balance(statement, "35.50", "35.50", place=1), foreign])
    told = statement.told(Tool.POSITION)
    assert {(f.value, f.unit) for f in told.result.facts if f.label.startswith("total")} == {("25.50", "GBP"), ("7.00", "EUR")}


def test_a_statement_from_a_file_has_no_live_balance(statement: Statement) -> None:
    statement.files = frozenset(a.id for a in statement.accounts)
    for tool in (Tool.BALANCE, Tool.POSITION, Tool.EXPLAIN, Tool.UPCOMING, Tool.SPARE, Tool.STANDING_ORDERS):
        told = statement.told(tool)
        assert told.result.outcome is Outcome.CANNOT
        assert told.result.facts == ()


# Why it changed


def test_the_drivers_of_a_change_add_up_to_it(statement: Statement) -> None:
    for n in range(8):
        statement.add(TODAY - dt.timedelta(days=n % 6), f"-{n + 1}.25", f"SHOP {chr(65 + n)}XYZ")
    statement.add(TODAY - dt.timedelta(days=2), "20.00", "WORKS LTD", Kind.INCOME)
    statement.add(TODAY - dt.timedelta(days=30), "-500.00", "LONG AGO LTD")
    statement.live = Live(balances=[balance(statement, "100.00", "100.00")])
    told = statement.told(Tool.EXPLAIN)
    moved = [Decimal(v) for v in (*told.all("moved"), *told.all("rest"))]
    assert (
        sum(moved) == Decimal("20.00") - sum(Decimal(n + 1) + Decimal("0.25") for n in range(8)) == Decimal(told.value("change"))
    )
    assert Decimal(told.value("balance then")) == Decimal("100.00") - Decimal(told.value("change"))
    assert told.value("direction") == "down"


def test_a_balance_that_did_not_move_is_said_to_be_where_it_was(statement: Statement) -> None:
    statement.live = Live(balances=[balance(statement, "100.00", "100.00")])
    told = statement.told(Tool.EXPLAIN)
    assert "£100.00" in told.text
    assert told.all("change") == []


def test_when_a_month_began_nothing_of_it_was_booked_yet(statement: Statement) -> None:
    statement.add(dt.date(2026, 11, 1), "-5.00", "CORNER SHOP")
    statement.add(dt.date(2026, 11, 2), "-7.00", "CORNER SHOP")
    statement.live = Live(balances=[balance(statement, "100.00", "100.00")])
    assert statement.told(Tool.EXPLAIN, periods=("since the start of november",)).value("change") == "-12.00"
    # That day counts too, as it does in what was spent since then.
    assert statement.told(Tool.EXPLAIN, periods=("since 1 november",)).value("change") == "-12.00"


# What is planned


def test_standing_orders_that_run_are_listed_with_their_next_day(statement: Statement) -> None:
    statement.live = Live(
        standing_orders=[
            order(statement, "LANDLORD", "800.00", dt.date(2026, 12, 1)),
            order(statement, "OLD CLUB", "5.00", None, active=False),
        ]
    )
    told = statement.told(Tool.STANDING_ORDERS)
    assert told.value("standing orders") == "1"
    assert told.text.endswith("£800.00 to LANDLORD, every month, next on 1 December 2026.")


def test_direct_debits_say_what_was_taken_last_and_never_what_will_be(statement: Statement) -> None:
    account = statement.accounts[0].id
    statement.live = Live(
        direct_debits=[
            DirectDebit(id="1", account=account, name="ENERGY", previous_on=dt.date(2026, 11, 3), previous_amount=gbp("61.20")),
            DirectDebit(id="2", account=account, name="NEW GYM", previous_on=None, previous_amount=None),
        ]
    )
    told = statement.told(Tool.DIRECT_DEBITS)
    assert told.value("direct debits") == "2"
    assert "£61.20 was taken on 3 November 2026" in told.text
    assert "NEW GYM: not used yet" in told.text


@pytest.mark.parametrize(
    "tool", [Tool.STANDING_ORDERS, Tool.DIRECT_DEBITS, Tool.BENEFICIARIES, Tool.SUBSCRIPTIONS, Tool.SALARY, Tool.UPCOMING]
)
def test_where_there_is_none_that_is_the_finding(statement: Statement, tool: Tool) -> None:
    told = statement.told(tool)
    assert told.result.outcome is Outcome.NONE
    assert told.result.facts[0].value == "0" or tool is Tool.UPCOMING
    assert told.text


def test_a_saved_payee_of_two_accounts_is_one_payee(statement: Statement) -> None:
    saved = [
        Beneficiary(id=str(n), account=statement.accounts[0].id, name="{f1} MUM", identification="00112233445566") for n in (1, 2)
    ]
    statement.live = Live(beneficiaries=saved)
    told = statement.told(Tool.BENEFICIARIES)
    assert told.value("payees") == "1"
    assert "(f1) MUM, 00112233445566" in told.text


# What is coming


def ahead(statement: Statement) -> Live:
    account = statement.accounts[0].id
    return Live(
        balances=[balance(statement, "500.00", "700.00", "200.00")],
        standing_orders=[
            order(statement, "LANDLORD", "300.00", dt.date(2026, 12, 1)),
            order(statement, "CLEANER", "20.00", dt.date(2026, 11, 27), Frequency.WEEKLY),
        ],
        scheduled=[
            ScheduledPayment(id="1", account=account, payee="DENTIST", amount=gbp("62.40"), due_on=dt.date(2026, 12, 4)),
            ScheduledPayment(id="2", account=account, payee="TOO LATE", amount=gbp("9.00"), due_on=dt.date(2026, 12, 5)),
        ],
    )


def test_what_is_due_until_a_date_is_planned_and_expected_payments_and_no_more(statement: Statement) -> None:
    statement.live = ahead(statement)
    for month in (8, 9, 10, 11):
        statement.add(dt.date(2026, month, 2), "-9.99", "STREAMING CO")
    told = statement.told(Tool.UPCOMING, periods=("until 4 December",))
    # The rent, the cleaner on 27 November and 4 December, the dentist, and the film service that takes the same each month.
    due = Decimal("300.00") + 2 * Decimal("20.00") + Decimal("62.40") + Decimal("9.99")
    assert [f.value for f in told.result.facts if f.label == "due" and f.formula] == [str(due)]
    assert sum(Decimal(f.value) for f in told.result.facts if f.label == "due" and not f.formula) == due
    assert told.value("left") == str(Decimal("500.00") - due)
    assert "expected about 2 December 2026" in told.text
    assert "TOO LATE" not in told.text


@pytest.mark.parametrize(("amount", "word", "left"), [("£97.60", "Yes", "0.00"), ("£97.61", "No", "-0.01")])
def test_what_can_be_afforded_counts_what_is_due_and_no_overdraft(
    statement: Statement, amount: str, word: str, left: str
) -> None:
    statement.live = ahead(statement)
    told = statement.told(Tool.AFFORD, amount=amount, periods=("until 4 December",))
    assert told.value("finding") == word
    assert told.value("left") == left
    assert told.value("arranged overdraft") == "200.00"
    assert "arranged overdraft" in told.result.scope.leaves_out


@pytest.mark.parametrize("amount", ["about £90", "around 90 pounds", "80 or 90", "over £90"])
def test_about_an_amount_is_held_against_what_is_left_as_that_amount(statement: Statement, amount: str) -> None:
    statement.live = ahead(statement)
    assert statement.told(Tool.AFFORD, amount=amount, periods=("until 4 December",)).value("asked about") == "90.00"


def test_whether_nothing_due_would_overdraw_an_account_is_answered(statement: Statement) -> None:
    statement.live = Live(balances=[balance(statement, "35.00", "35.00")])
    told = statement.told(Tool.UPCOMING, periods=("until 4 December",), change=WHAT_IS_LEFT)
    assert told.result.outcome is Outcome.ANSWER
    assert told.value("left") == "35.00"
    assert statement.told(Tool.UPCOMING, periods=("until 4 December",)).result.outcome is Outcome.NONE


def test_what_can_be_put_aside_is_what_is_left(statement: Statement) -> None:
    statement.live = ahead(statement)
    told = statement.told(Tool.SPARE, periods=("until 4 December",))
    assert told.value("could be put aside") == "97.60"
    statement.live = Live(balances=[balance(statement, "-5.00", "0.00")])
    assert "nothing" in statement.told(Tool.SPARE, periods=("until 4 December",)).text


def test_without_an_amount_affording_is_asked_about(statement: Statement) -> None:
    statement.live = ahead(statement)
    assert statement.told(Tool.AFFORD).result.outcome is Outcome.CLARIFY


# What repeats


def test_a_subscription_that_got_dearer_is_told_with_both_prices(statement: Statement) -> None:
    for month, price in ((6, "9.99"), (7, "9.99"), (8, "9.99"), (9, "11.99"), (10, "11.99"), (11, "11.99")):
        statement.add(dt.date(2026, month, 19), f"-{price}", "FILM SERVICE")
    statement.add(dt.date(2026, 11, 2), "-80.00", "ONE SHOP ONCE")
    told = statement.told(Tool.SUBSCRIPTIONS)
    assert told.value("subscriptions") == "1"
    assert (told.value("before"), told.value("since")) == ("9.99", "2026-09-19")
    assert "from £9.99 to £11.99" in told.text


@pytest.mark.parametrize(("last", "arrived"), [(dt.date(2026, 11, 20), True), (dt.date(2026, 10, 23), False)])
def test_pay_has_come_or_has_not(statement: Statement, last: dt.date, arrived: bool) -> None:
    for n in range(5):
        month = last.month - n
        statement.add(last.replace(month=month, day=min(last.day, 28)), "2000.00", "WORKS LTD SALARY", Kind.INCOME)
    told = statement.told(Tool.SALARY)
    assert told.value("pay") == "2000.00"
    assert ("not" in told.all("finding")) is not arrived
    assert told.value("arrived") == last.isoformat()


def test_what_is_named_gets_its_price_and_its_rise_whichever_way_it_is_paid(statement: Statement) -> None:
    for month, price in ((7, "650.00"), (8, "650.00"), (9, "675.00"), (10, "675.00"), (11, "675.00")):
        statement.add(dt.date(2026, month, 1), f"-{price}", "OAK LETTINGS", Kind.PAYMENT)
    told = statement.told(Tool.SUBSCRIPTIONS, merchants=("oak lettings",), change="gone up")
    assert (told.value("amount"), told.value("before"), told.value("since")) == ("675.00", "650.00", "2026-09-01")
    assert told.text == "OAK LETTINGS got dearer: from £650.00 to £675.00 on 1 September 2026."
    assert told.evidence("since") == {statement.rows[2].source_id}
    assert statement.told(Tool.SUBSCRIPTIONS).result.outcome is Outcome.NONE


def test_a_named_price_that_fell_is_told_with_both(statement: Statement) -> None:
    for month, price in ((7, "71.00"), (8, "71.00"), (9, "67.00"), (10, "67.00"), (11, "67.00")):
        statement.add(dt.date(2026, month, 15), f"-{price}", "ROAD INSURANCE", Kind.PAYMENT)
    told = statement.told(Tool.SUBSCRIPTIONS, merchants=("road insurance",), change="from what to what")
    assert told.text == "ROAD INSURANCE got cheaper: from £71.00 to £67.00 on 15 September 2026."


def test_of_what_is_not_paid_any_more_the_last_price_and_the_one_before_it_are_told(statement: Statement) -> None:
    for month, price in ((1, "20.00"), (2, "20.00"), (3, "22.00"), (4, "22.00")):
        statement.add(dt.date(2026, month, 8), f"-{price}", "TOWN GYM", Kind.PAYMENT)
    told = statement.told(Tool.SUBSCRIPTIONS, merchants=("town gym",), change="put it up")
    assert (told.value("amount"), told.value("last")) == ("22.00", "2026-04-08")
    assert (told.value("before"), told.value("since")) == ("20.00", "2026-03-08")


def test_who_is_named_beside_others_and_not_paid_any_more_is_not_left_out(statement: Statement) -> None:
    for month in range(6, 12):
        statement.add(dt.date(2026, month, 7), "-5.00", "NEWS APP")
    statement.add(dt.date(2026, 3, 9), "-8.00", "OLD APP")
    told = statement.told(Tool.SUBSCRIPTIONS, merchants=("news app", "old app"))
    assert "The last payment to OLD APP was £8.00, on 9 March 2026." in told.text


def test_a_named_price_that_never_changed_is_told_with_the_day_of_the_first_payment(statement: Statement) -> None:
    for month in (8, 9, 10, 11):
        statement.add(dt.date(2026, month, 4), "-9.99", "FILM SERVICE")
    told = statement.told(Tool.SUBSCRIPTIONS, merchants=("film service",), change="gone up")
    assert told.text.endswith("I see that price since 4 August 2026, the first payment I have.")


def test_what_is_named_and_does_not_repeat_is_told_by_its_last_payment(statement: Statement) -> None:
    statement.add(dt.date(2026, 10, 4), "-80.00", "ONE SHOP ONCE")
    told = statement.told(Tool.SUBSCRIPTIONS, merchants=("one shop once",))
    assert told.value("latest payment") == "2026-10-04"


def test_asked_what_got_dearer_only_that_is_told(statement: Statement) -> None:
    for month in range(6, 12):
        statement.add(dt.date(2026, month, 19), f"-{'9.99' if month < 9 else '11.99'}", "FILM SERVICE")
        statement.add(dt.date(2026, month, 7), "-5.00", "NEWS APP")
    assert statement.told(Tool.SUBSCRIPTIONS).value("subscriptions") == "2"
    told = statement.told(Tool.SUBSCRIPTIONS, change="got dearer")
    assert set(told.all("merchant")) == {"FILM SERVICE"}
    assert "NEWS APP" not in told.text


def test_where_nothing_got_dearer_that_is_said(statement: Statement) -> None:
    for month in range(6, 12):
        statement.add(dt.date(2026, month, 7), "-5.00", "NEWS APP")
    told = statement.told(Tool.SUBSCRIPTIONS, change="got dearer")
    assert told.result.outcome is Outcome.NONE
    assert told.text == "None of your regular payments has a new price that I can see."


def test_a_subscription_whose_text_changes_each_month_is_one(statement: Statement) -> None:
    for month in (8, 9, 10, 11):
        statement.add(dt.date(2026, month, 3), "-11.99", f"SPOTIFY P{month}AB{month * 7}F", counterparty="Spotify")
    told = statement.told(Tool.SUBSCRIPTIONS)
    assert (told.value("subscriptions"), told.value("amount")) == ("1", "11.99")


def test_two_purchases_of_one_day_a_year_apart_are_no_subscription(statement: Statement) -> None:
    statement.add(dt.date(2025, 7, 18), "-69.00", "GARDEN SHOP")
    statement.add(dt.date(2026, 7, 18), "-210.00", "GARDEN SHOP")
    assert statement.told(Tool.SUBSCRIPTIONS).result.outcome is Outcome.NONE


def test_pay_of_a_named_payer_is_that_payers(statement: Statement) -> None:
    for month in range(7, 12):
        statement.add(dt.date(2026, month, 20), "2000.00", "WORKS LTD SALARY", Kind.INCOME)
        statement.add(dt.date(2026, month, 6), "310.00", "NIGHT SCHOOL PAY", Kind.INCOME)
    assert statement.told(Tool.SALARY).value("pay") == "2000.00"
    assert statement.told(Tool.SALARY, merchants=("night school",)).value("pay") == "310.00"


@pytest.mark.parametrize(
    ("period", "then"),
    [("a week ago", dt.date(2026, 11, 17)), ("two weeks ago", dt.date(2026, 11, 10)), ("a month ago", dt.date(2026, 10, 24))],
)
def test_a_balance_of_some_time_ago_is_of_that_day(statement: Statement, period: str, then: dt.date) -> None:
    statement.add(then, "-7.00", "ON THE DAY")
    statement.add(then + dt.timedelta(days=1), "-3.00", "THE DAY AFTER")
    statement.live = Live(balances=[balance(statement, "100.00", "100.00")])
    told = statement.told(Tool.EXPLAIN, periods=(period,))
    assert (told.value("balance then"), told.value("change")) == ("103.00", "-3.00")


def test_what_moved_the_balance_within_a_month_ends_with_the_month(statement: Statement) -> None:
    for day, amount in ((dt.date(2026, 9, 30), "-1.00"), (dt.date(2026, 10, 5), "-20.00"), (dt.date(2026, 11, 3), "-7.00")):
        statement.add(day, amount, f"SHOP OF {day:%B}")
    statement.live = Live(balances=[balance(statement, "100.00", "100.00")])
    told = statement.told(Tool.EXPLAIN, periods=("in october",))
    figures = [told.value(label) for label in ("balance then", "change", "booked balance then")]
    assert figures == ["127.00", "-20.00", "107.00"]
    since_then = statement.told(Tool.EXPLAIN, periods=("last month",))
    assert [since_then.value(label) for label in ("change", "balance now")] == ["-7.00", "100.00"]


@pytest.mark.parametrize("days", [("on 3 october", "at the end of october"), ("by the end of october", "3 october")])
def test_from_one_day_to_another_the_balance_moved_by_what_lies_between(statement: Statement, days: tuple[str, str]) -> None:
    for day, amount in ((dt.date(2026, 10, 3), "-1.00"), (dt.date(2026, 10, 5), "-20.00"), (dt.date(2026, 11, 3), "-7.00")):
        statement.add(day, amount, f"SHOP OF {day.day}")
    statement.live = Live(balances=[balance(statement, "100.00", "100.00")])
    told = statement.told(Tool.EXPLAIN, periods=days)
    assert [told.value(label) for label in ("balance then", "change", "booked balance then")] == ["127.00", "-20.00", "107.00"]
    (now,) = [fact for fact in told.result.facts if fact.label == "booked balance then"]
    assert len(now.evidence) == 1


def test_how_overdrawn_an_account_was_when_a_month_ended_is_of_that_day(statement: Statement) -> None:
    for day, amount in ((1, "-1.00"), (29, "-230.00"), (30, "150.00")):
        statement.add(dt.date(2026, 10, day), amount, "SHOP")
    statement.live = Live(balances=[balance(statement, "-40.00", "0.00")])
    told = statement.told(Tool.BALANCE, periods=("at the end of october",), change="overdrawn")
    assert told.value("booked balance then: Everyday") == "-40.00"
    lowest = statement.told(Tool.BALANCE, periods=("at the end of october",), change="lowest")
    assert lowest.value("least at the end of a day: Everyday") == "-190.00"
    assert {fact.evidence for fact in lowest.result.facts if fact.label.startswith("least")} != {()}


@pytest.mark.parametrize(
    ("period", "day", "then"),
    [
        ("at the end of october", "31 October 2026", "107.00"),
        ("on 1 october", "1 October 2026", "127.00"),
        ("a week ago", "17 November 2026", "100.00"),
    ],
)
def test_a_balance_of_a_day_that_is_over_is_the_one_now_without_what_was_booked_since(
    statement: Statement, period: str, day: str, then: str
) -> None:
    for when, amount in ((dt.date(2026, 9, 30), "-1.00"), (dt.date(2026, 10, 5), "-20.00"), (dt.date(2026, 11, 3), "-7.00")):
        statement.add(when, amount, f"SHOP OF {when:%B}")
    statement.live = Live(balances=[balance(statement, "100.00", "150.00")])
    told = statement.told(Tool.BALANCE, periods=(period,))
    assert told.value("booked balance then: Everyday") == then
    assert f"at the end of {day}" in told.text
    assert "150.00" not in told.text


@pytest.mark.parametrize(
    ("asked", "period", "day", "furthest", "words"),
    [
        ("overdrawn", "in october", "2026-10-05", "-13.00", "was overdrawn at the end of 4 days"),
        ("lowest", "in october", "2026-10-05", "-13.00", "was overdrawn at the end of 4 days"),
        ("highest", "in october", "2026-10-09", "107.00", "The most that Everyday had booked"),
        ("overdrawn", "from 9 october to 20 october", "2026-10-09", "107.00", "was not overdrawn"),
        ("in the red", "this month", "2026-11-03", "100.00", "was not overdrawn"),
    ],
)
def test_how_far_a_balance_went_over_days(
    statement: Statement, asked: str, period: str, day: str, furthest: str, words: str
) -> None:
    moved = ((9, 30, "-1.00"), (10, 5, "-20.00"), (10, 9, "120.00"), (11, 3, "-7.00"))
    for month, on, amount in moved:
        statement.add(dt.date(2026, month, on), amount, "SHOP")
    statement.live = Live(balances=[balance(statement, "100.00", "150.00")])
    told = statement.told(Tool.BALANCE, periods=(period,), change=asked)
    label = f"{'most' if asked == 'highest' else 'least'} at the end of a day: Everyday"
    assert (told.value("at the end of"), told.value(label)) == (day, furthest)
    assert words in told.text


def test_what_was_there_before_anything_that_is_held_is_not_known(statement: Statement) -> None:
    statement.add(dt.date(2026, 9, 30), "-1.00", "SHOP")
    statement.live = Live(balances=[balance(statement, "100.00", "150.00")])
    told = statement.told(Tool.BALANCE, periods=("in june",))
    assert told.result.outcome is Outcome.NONE


def test_what_is_due_in_some_years_nobody_can_tell(statement: Statement) -> None:
    statement.live = ahead(statement)
    told = statement.told(Tool.UPCOMING, periods=("on 3 june 2028",), change="what is left")
    assert told.result.outcome is Outcome.CANNOT
    assert "3 June 2028" in told.text


def test_a_balance_to_come_is_not_the_one_now(statement: Statement) -> None:
    statement.live = Live(balances=[balance(statement, "100.00", "150.00")])
    told = statement.told(Tool.BALANCE, periods=("at the end of november",))
    assert (told.result.outcome, "100.00" in told.text) == (Outcome.CANNOT, False)
    assert "100.00" in statement.told(Tool.BALANCE, periods=("this month",)).text
    for tool in (Tool.SPARE, Tool.AFFORD):
        assert statement.told(tool, amount="£5", periods=("in 2035",)).result.outcome is Outcome.CANNOT


def test_this_week_goes_on_to_its_end_for_what_is_due(statement: Statement) -> None:
    statement.live = ahead(statement)
    assert "CLEANER on 27 November 2026" in statement.told(Tool.UPCOMING, periods=("this week",)).text


def test_what_is_due_next_week_leaves_out_this_one(statement: Statement) -> None:
    statement.live = ahead(statement)
    told = statement.told(Tool.UPCOMING, periods=("next week",))
    assert "From 30 November 2026 until 6 December 2026, £391.40 is due" in told.text
    assert "27 November" not in told.text
    friday = statement.told(Tool.UPCOMING, periods=("on friday",))
    assert "On 27 November 2026, £20.00 is due" in friday.text


def test_of_what_is_due_a_single_payment_is_no_standing_order(statement: Statement) -> None:
    statement.live = ahead(statement)
    single = statement.told(Tool.UPCOMING, change="single")
    assert "DENTIST" in single.text
    assert "TOO LATE" in single.text
    assert "CLEANER" not in single.text
    assert "planned for a single day" in single.text
    orders = statement.told(Tool.UPCOMING, periods=("until 4 December",), change="orders")
    assert "CLEANER" in orders.text
    assert "DENTIST" not in orders.text


def test_standing_orders_to_others_leave_out_ones_own_accounts(statement: Statement) -> None:
    own = statement.accounts[0].name
    statement.live = Live(standing_orders=[order(statement, own, "9.00", TODAY), order(statement, "CLEANER", "20.00", TODAY)])
    told = statement.told(Tool.STANDING_ORDERS, change="others")
    assert "CLEANER" in told.text
    assert "£9.00" not in told.text


def test_a_name_inside_another_word_is_not_meant(statement: Statement) -> None:
    statement.live = Live(
        balances=[balance(statement, "500.00", "500.00")], standing_orders=[order(statement, "SEVERN TRENT", "9.00", TODAY)]
    )
    assert statement.told(Tool.STANDING_ORDERS, merchants=("rent",)).result.outcome is Outcome.NONE


def test_whether_it_would_go_wrong_is_answered_the_other_way_round(statement: Statement) -> None:
    statement.live = ahead(statement)
    told = statement.told(Tool.AFFORD, amount="£97.61", periods=("until 4 December",), change="go overdrawn")
    assert told.value("finding") == "Yes"


def test_what_repeats_is_added_up_by_how_often(statement: Statement) -> None:
    for month in (8, 9, 10, 11):
        statement.add(dt.date(2026, month, 2), "-9.99", "STREAMING CO")
        statement.add(dt.date(2026, month, 5), "-5.00", "MUSIC CO")
    told = statement.told(Tool.SUBSCRIPTIONS)
    assert told.value("in all") == "14.99"
    assert "monthly come to £14.99 in all" in told.text
