"""What repeats is seen from days and amounts alone, with its next day and its change of price."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from assistant.recurring import occurrences, recurring
from data.money import Money
from data.queries import Row

TODAY = dt.date(2026, 11, 24)


def row(day: dt.date, minor: int = -999, name: str = "STREAMING", account: str = "mine", counterparty: str | None = None) -> Row:
    values: dict[str, Any] = {
        "account_id": account, "template": name.casefold(), "booked_on": day, "amount_minor": minor, "currency": "GBP",
        "counterparty": counterparty, "text": name, "source_id": f"{name}-{day}-{minor}",
    }  # fmt: skip
    return cast(Row, values)


def every(step: relativedelta, times: int, last: dt.date, minor: int = -999) -> list[Row]:
    return [row(last - step * n, minor) for n in reversed(range(times))]


@pytest.mark.parametrize(
    ("often", "step", "times", "last", "following"),
    [
        ("weekly", relativedelta(weeks=1), 5, dt.date(2026, 11, 20), dt.date(2026, 11, 27)),
        ("fortnightly", relativedelta(weeks=2), 4, dt.date(2026, 11, 18), dt.date(2026, 12, 2)),
        ("monthly", relativedelta(months=1), 3, dt.date(2026, 11, 14), dt.date(2026, 12, 14)),
        ("quarterly", relativedelta(months=3), 4, dt.date(2026, 10, 2), dt.date(2027, 1, 2)),
        ("yearly", relativedelta(years=1), 2, dt.date(2026, 7, 18), dt.date(2027, 7, 18)),
    ],
)
def test_a_cadence_is_found_with_its_next_day(
    often: str, step: relativedelta, times: int, last: dt.date, following: dt.date
) -> None:
    (found,) = recurring(every(step, times, last), TODAY)
    assert (found.often, found.last_on, found.next_on) == (often, last, following)
    assert found.amount == Money.of("9.99", "GBP")
    assert found.steady
    assert len(found.ids) == times


def test_a_payment_moved_by_a_weekend_is_still_monthly() -> None:
    days = [dt.date(2026, 8, 17), dt.date(2026, 9, 15), dt.date(2026, 10, 15), dt.date(2026, 11, 16)]
    (found,) = recurring([row(d) for d in days], TODAY)
    assert found.often == "monthly"
    assert found.next_on == dt.date(2026, 12, 15)


@pytest.mark.parametrize(
    "days",
    [
        [dt.date(2026, 11, 2)],
        [dt.date(2026, 10, 2), dt.date(2026, 11, 2)],
        [dt.date(2026, 9, 2), dt.date(2026, 9, 20), dt.date(2026, 11, 2)],
        [dt.date(2026, 11, 1) + dt.timedelta(days=n) for n in (0, 1, 4, 5, 9, 17)],
    ],
)
def test_what_has_no_cadence_does_not_repeat(days: list[dt.date]) -> None:
    assert recurring([row(d) for d in days], TODAY) == []


def test_what_has_stopped_is_not_expected_any_more() -> None:
    assert recurring(every(relativedelta(months=1), 8, dt.date(2026, 6, 14)), TODAY) == []


def test_a_rise_in_price_is_told_with_the_day_from_which_it_holds() -> None:
    step = relativedelta(months=1)
    before = every(step, 5, dt.date(2026, 8, 19), -1299)
    after = every(step, 3, dt.date(2026, 11, 19), -1499)
    (found,) = recurring(before + after, TODAY)
    assert found.before == Money.of("12.99", "GBP")
    assert found.changed_on == dt.date(2026, 9, 19)
    assert found.amount == Money.of("14.99", "GBP")
    assert found.steady


def test_an_amount_that_differs_every_time_is_no_price() -> None:
    rows = [row(dt.date(2026, month, 3), -1000 - 37 * month) for month in range(5, 12)]
    (found,) = recurring(rows, TODAY)
    assert not found.steady


def test_one_account_is_not_mixed_with_another() -> None:
    rows = [row(dt.date(2026, month, 3), account="mine" if month % 2 else "joint") for month in range(8, 12)]
    assert [r.often for r in recurring(rows, TODAY) if r.often == "monthly"] == []


def test_texts_that_change_each_time_repeat_under_the_name_of_who_is_paid() -> None:
    rows = [row(dt.date(2026, month, 3), -1199, f"SPOTIFY P{month}AB{month}F", counterparty="Spotify") for month in range(8, 12)]
    (found,) = recurring(rows, TODAY)
    assert (found.often, found.first_on, found.last_on) == ("monthly", dt.date(2026, 8, 3), dt.date(2026, 11, 3))
    assert len(found.ids) == 4
    assert recurring([row(r["booked_on"], -1199, r["text"]) for r in rows], TODAY) == []


def test_one_text_that_repeats_is_found_once_though_it_has_a_name() -> None:
    rows = [row(dt.date(2026, month, 3), counterparty="Streaming Ltd") for month in range(8, 12)]
    assert len(recurring(rows, TODAY)) == 1


@pytest.mark.parametrize(("then", "now", "is_one"), [(-6900, -7400, True), (-6900, -6900, True), (-6900, -21000, False)])
def test_two_purchases_a_year_apart_are_a_subscription_only_at_much_the_same_price(then: int, now: int, is_one: bool) -> None:
    rows = [row(dt.date(2025, 7, 18), then), row(dt.date(2026, 7, 18), now)]
    assert [r.often for r in recurring(rows, TODAY)] == (["yearly"] if is_one else [])


def test_days_ahead_are_listed_until_a_date() -> None:
    (found,) = recurring(every(relativedelta(weeks=1), 6, dt.date(2026, 11, 20)), TODAY)
    assert occurrences(found, dt.date(2026, 12, 11)) == [dt.date(2026, 11, 27), dt.date(2026, 12, 4), dt.date(2026, 12, 11)]
    assert occurrences(found, dt.date(2026, 11, 26)) == []


ROWS = st.lists(
    st.builds(
        row,
        st.dates(dt.date(2024, 1, 1), TODAY),
        st.integers(-5000, -1),
        st.sampled_from(["A", "B"]),
        st.sampled_from(["x", "y"]),
    ),
    max_size=30,
)


@given(ROWS)
def test_any_rows_give_expectations_that_lie_ahead(rows: list[Row]) -> None:
    rows.sort(key=lambda r: r["booked_on"])
    for found in recurring(rows, TODAY):
        assert found.last_on <= TODAY <= found.next_on
        assert found.amount.minor > 0
        assert all(day >= TODAY for day in occurrences(found, TODAY + dt.timedelta(days=400)))


def instalments(year: int) -> list[dt.date]:
    """Council tax: ten from April to January."""
    return [dt.date(year, 4, 5) + relativedelta(months=n) for n in range(10)]


def test_what_is_paid_in_ten_months_of_the_year_is_monthly_and_skips_the_two_others() -> None:
    days = [day for year in (2025, 2026) for day in instalments(year) if day <= TODAY]
    (found,) = recurring([row(day) for day in days], TODAY)
    assert (found.often, found.next_on, found.pauses) == ("monthly", dt.date(2026, 12, 5), (2, 3))
    assert occurrences(found, dt.date(2027, 5, 1)) == [dt.date(2026, 12, 5), dt.date(2027, 1, 5), dt.date(2027, 4, 5)]
    (waiting,) = recurring(
        [row(day) for day in days] + [row(dt.date(2026, 12, 5)), row(dt.date(2027, 1, 5))], dt.date(2027, 2, 20)
    )
    assert waiting.next_on == dt.date(2027, 4, 5)


@pytest.mark.parametrize(
    "gaps", [(30, 61, 30, 61, 30), (30, 30, 30, 61, 30), (30, 30, 30, 30, 30, 45, 30), (31, 30, 31, 30, 31, 90)]
)
def test_a_gap_in_what_is_irregular_or_over_is_no_pause(gaps: tuple[int, ...]) -> None:
    day = dt.date(2026, 11, 20) - dt.timedelta(days=sum(gaps))
    days = [day := day + dt.timedelta(days=gap) for gap in (0, *gaps)]
    assert recurring([row(day) for day in days], TODAY) == []
