"""Days that customers name in words, read as they mean them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.periods import Period, Today, ahead, find, in_a_row, leaning, read, said

# A Tuesday.
TODAY = Today.of(dt.date(2026, 11, 24), "en_GB", payday=dt.date(2026, 11, 25), paid=dt.date(2026, 10, 23))


def days(text: str, today: Today = TODAY) -> str | None:
    """ "2026-10-01/2026-10-31", with nothing before the stroke for "from the first day held"; None when no day is named."""
    period = read(text, today)
    return None if period is None else f"{period.since or ''}/{period.until}"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("today", "2026-11-24/2026-11-24"),
        ("last week, Monday to Sunday", "2026-11-16/2026-11-22"),
        ("the 9th or 10th", "2026-11-09/2026-11-10"),
        ("yesterday", "2026-11-23/2026-11-23"),
        ("from the beginning of the year", "2026-01-01/2026-11-24"),
        ("the day before yesterday", "2026-11-22/2026-11-22"),
        ("last month", "2026-10-01/2026-10-31"),
        ("in march next year", "2027-03-01/2027-03-31"),
        ("next december", "2026-12-01/2026-12-31"),
        ("this calendar year", "2026-01-01/2026-11-24"),
        ("2025 in full", "2025-01-01/2025-12-31"),
        ("april 6th 2025 through april 5th 2026", "2025-04-06/2026-04-05"),
        ("this coming march", "2027-03-01/2027-03-31"),
        ("the tax year, 6 April 25 to 5 April 26", "2025-04-06/2026-04-05"),
        ("the tax year before, 6 April 25 to 5 April 26", "2025-04-06/2026-04-05"),
        ("since the start of the tax year", "2026-04-06/2026-11-24"),
        ("since the new tax year", "2026-04-06/2026-11-24"),
        ("since the new tax year, 6 April", "2026-04-06/2026-11-24"),
        ("since the tax year began on 6 April", "2026-04-06/2026-11-24"),
        ("since the clocks changed, that is from March of this year", "2026-03-01/2026-11-24"),
        ("since the sale started (28 September 2025)", "2025-09-28/2026-11-24"),
        ("since half term, so from 2 November", "2026-11-02/2026-11-24"),
        ("since last Monday the 16th", "2026-11-16/2026-11-24"),
        ("Friday 13th", "2026-11-13/2026-11-13"),
        ("last weekend but one", "2026-11-14/2026-11-15"),
        ("last Monday but one", "2026-11-16/2026-11-16"),
        ("last week but one", "2026-11-09/2026-11-15"),
        ("before today", "/2026-11-23"),
        ("in this year 2026", "2026-01-01/2026-11-24"),
        ("2025 altogether", "2025-01-01/2025-12-31"),
        ("this month so far", "2026-11-01/2026-11-24"),
        ("this month", "2026-11-01/2026-11-24"),
        ("the month before last", "2026-09-01/2026-09-30"),
        ("this week", "2026-11-23/2026-11-24"),
        ("last week", "2026-11-16/2026-11-22"),
        ("the week before last", "2026-11-09/2026-11-15"),
        ("this year", "2026-01-01/2026-11-24"),
        ("last year", "2025-01-01/2025-12-31"),
        ("year to date", "2026-01-01/2026-11-24"),
        ("ytd", "2026-01-01/2026-11-24"),
        ("month to date", "2026-11-01/2026-11-24"),
        ("this year up to the end of October", "2026-01-01/2026-10-31"),
        ("this year until 15 June", "2026-01-01/2026-06-15"),
        ("this month to the 20th", "2026-11-01/2026-11-20"),
        ("this November until now", "2026-11-01/2026-11-24"),
        ("March to date", "2026-03-01/2026-11-24"),
        ("from June 2025 until today", "2025-06-01/2026-11-24"),
        ("so far this year", "2026-01-01/2026-11-24"),
        ("Q2", "2026-04-01/2026-06-30"),
        ("in Q4", "2026-10-01/2026-11-24"),
        ("Q4 2025", "2025-10-01/2025-12-31"),
        ("the third quarter", "2026-07-01/2026-09-30"),
        ("last quarter", "2026-07-01/2026-09-30"),
        ("the first half of March", "2026-03-01/2026-03-15"),
        ("the second half of February", "2026-02-16/2026-02-28"),
        ("the first half of 2025", "2025-01-01/2025-06-30"),
        ("early May", "2026-05-01/2026-05-10"),
        ("the last week of October", "2026-10-25/2026-10-31"),
        ("between 3 and 17 May", "2026-05-03/2026-05-17"),
        ("from the 3rd to the 17th of May 2025", "2025-05-03/2025-05-17"),
        ("3-17 May", "2026-05-03/2026-05-17"),
        ("from 20 May to 3 May", "2025-05-20/2026-05-03"),
        ("from 28 December to 3 January", "2025-12-28/2026-01-03"),
        ("in whole year 2025", "2025-01-01/2025-12-31"),
        ("one year ago in november", "2025-11-01/2025-11-30"),
        ("november a year ago", "2025-11-01/2025-11-30"),
        ("a year ago in december", "2025-12-01/2025-12-31"),
        ("from October last year to the end of March this year", "2025-10-01/2026-03-31"),
        ("from 1 July to end of September", "2026-07-01/2026-09-30"),
        ("from mid-March to 12 April", "2026-03-15/2026-04-12"),
        ("from last year's March to June", "2025-03-01/2025-06-30"),
        ("than when November started", "2026-11-01/2026-11-24"),
        ("now than when November started", "2026-11-01/2026-11-24"),
        ("in the autumn term", None),
        ("over the summer holidays", None),
        ("between May 3rd and June 2nd", "2026-05-03/2026-06-02"),
        ("from 2026-05-03 to 2026-05-17", "2026-05-03/2026-05-17"),
        ("on 3/5/2026", "2026-05-03/2026-05-03"),
        ("3 May", "2026-05-03/2026-05-03"),
        ("on December 3rd", "2025-12-03/2025-12-03"),
        ("the 3rd", "2026-11-03/2026-11-03"),
        ("the 30th", "2026-10-30/2026-10-30"),
        ("January to March", "2026-01-01/2026-03-31"),
        ("from November 2025 to January 2026", "2025-11-01/2026-01-31"),
        ("since Easter", "2026-04-05/2026-11-24"),
        ("since Good Friday", "2026-04-03/2026-11-24"),
        ("since Christmas", "2025-12-25/2026-11-24"),
        ("since 3 May", "2026-05-03/2026-11-24"),
        ("since September", "2026-09-01/2026-11-24"),
        ("since the start of the year", "2026-01-01/2026-11-24"),
        ("since payday", "2026-10-23/2026-11-24"),
        ("after 3 May", "2026-05-04/2026-11-24"),
        ("in the last 30 days", "2026-10-26/2026-11-24"),
        ("the past two weeks", "2026-11-11/2026-11-24"),
        ("the last three months", "2026-08-25/2026-11-24"),
        ("the last 12 months", "2025-11-25/2026-11-24"),
        ("two days ago", "2026-11-22/2026-11-22"),
        ("three months ago", "2026-08-01/2026-08-31"),
        ("a week ago", "2026-11-16/2026-11-22"),
        ("last Friday", "2026-11-20/2026-11-20"),
        ("on Tuesday", "2026-11-24/2026-11-24"),
        ("last Tuesday", "2026-11-17/2026-11-17"),
        ("last weekend", "2026-11-21/2026-11-22"),
        ("in May", "2026-05-01/2026-05-31"),
        ("in december", "2025-12-01/2025-12-31"),
        ("last November", "2025-11-01/2025-11-30"),
        ("in May last year", "2025-05-01/2025-05-31"),
        ("in Sept 2025", "2025-09-01/2025-09-30"),
        ("in 2025", "2025-01-01/2025-12-31"),
        ("last summer", "2026-06-01/2026-08-31"),
        ("last winter", "2025-12-01/2026-02-28"),
        ("this tax year", "2026-04-06/2026-11-24"),
        ("last tax year", "2025-04-06/2026-04-05"),
        ("until 28 November", "/2026-11-28"),
        ("until Friday", "/2026-11-27"),
        ("before payday", "/2026-11-24"),
        ("until the end of the month", "/2026-11-30"),
        ("in all", "/2026-11-24"),
        ("next week", "2026-11-30/2026-12-06"),
        ("in the next 14 days", "2026-11-24/2026-12-08"),
    ],
)
def test_words_mean_these_days(text: str, meant: str) -> None:
    assert days(text) == meant
    assert days(f"How much did I spend {text}?") == meant


@pytest.mark.parametrize(
    "text", ["31 February", "30 February 2026", "29 February 2025", "31/4/2026", "from 20 to 3 May", "the 31st of June 2025"]
)
def test_days_that_no_calendar_has_are_noticed_and_not_replaced(text: str) -> None:
    spans = list(find(f"what did i spend on {text}", TODAY))
    assert spans
    assert all(span.period is None for span in spans)


@pytest.mark.parametrize(
    "text",
    [
        "may i ask something",
        "i may have paid twice",
        "what may one keep",
        "it may be late",
        "in the second shop",
        "march",
        "my 3 cards",
        "£2025",
        "a2026b",
    ],
)
def test_words_that_name_no_days_or_one_month_only(text: str) -> None:
    assert days(text) == ("2026-03-01/2026-03-31" if text == "march" else None)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        # Pay, as it is said.
        ("since my wages came in", "2026-10-23/2026-11-24"),
        ("since I got paid", "2026-10-23/2026-11-24"),
        ("since my pension landed", "2026-10-23/2026-11-24"),
        ("since my last payday", "2026-10-23/2026-11-24"),
        ("before I get paid", "/2026-11-24"),
        ("between now and when I get paid", "2026-11-24/2026-11-25"),
        # Weeks and weekends by their place.
        ("the last fortnight", "2026-11-11/2026-11-24"),
        ("over the next fortnight", "2026-11-24/2026-12-08"),
        ("the week of 7 October", "2026-10-05/2026-10-11"),
        ("the week commencing 5th October", "2026-10-05/2026-10-11"),
        ("w/c 5 Oct", "2026-10-05/2026-10-11"),
        ("the week ending 10 October", "2026-10-04/2026-10-10"),
        ("the week before Christmas", "2025-12-18/2025-12-24"),
        ("the week after Easter", "2026-04-06/2026-04-12"),
        ("the first two weeks of October", "2026-10-01/2026-10-14"),
        ("the last two weeks of October", "2026-10-18/2026-10-31"),
        ("the last day of May", "2026-05-31/2026-05-31"),
        ("in may it was more", "2026-05-01/2026-05-31"),
        ("the first 10 days of this month", "2026-11-01/2026-11-10"),
        ("the first three months of this year", "2026-01-01/2026-03-31"),
        ("the last three months of 2025", "2025-10-01/2025-12-31"),
        ("the last two months of this year", "2026-11-01/2026-11-24"),
        ("the first weekend of May", "2026-05-02/2026-05-03"),
        ("the last weekend in March", "2026-03-28/2026-03-29"),
        ("the weekend of the 7th", "2026-11-07/2026-11-08"),
        ("the weekend before last", "2026-11-14/2026-11-15"),
        ("the Easter weekend", "2026-04-03/2026-04-06"),
        ("on Monday last week", "2026-11-16/2026-11-16"),
        ("last week on Friday", "2026-11-20/2026-11-20"),
        ("a week last Tuesday", "2026-11-10/2026-11-10"),
        ("from Monday to Wednesday", "2026-11-16/2026-11-18"),
        ("between Monday and Friday last week", "2026-11-16/2026-11-20"),
        ("on the first Monday of October", "2026-10-05/2026-10-05"),
        ("on the last Friday of last month", "2026-10-30/2026-10-30"),
        # Parts of a year.
        ("the last quarter of 2025", "2025-10-01/2025-12-31"),
        ("the first quarter of last year", "2025-01-01/2025-03-31"),
        ("h1 2026", "2026-01-01/2026-06-30"),
        ("h2 2025", "2025-07-01/2025-12-31"),
        ("the second half of last year", "2025-07-01/2025-12-31"),
        ("at the start of the year", "2026-01-01/2026-02-28"),
        ("at the end of last year", "2025-11-01/2025-12-31"),
        ("in the whole of 2025", "2025-01-01/2025-12-31"),
        ("2026 so far", "2026-01-01/2026-11-24"),
        ("from 2024 to 2025", "2024-01-01/2025-12-31"),
        ("in the 12 months to October", "2025-11-01/2026-10-31"),
        ("in the year to the end of March", "2025-04-01/2026-03-31"),
        ("in the 2024/25 tax year", "2024-04-06/2025-04-05"),
        # A year said with, before or after what it is of.
        ("in June this year", "2026-06-01/2026-06-30"),
        ("last year in May", "2025-05-01/2025-05-31"),
        ("in summer last year", "2025-06-01/2025-08-31"),
        ("at Easter last year", "2025-04-20/2025-04-20"),
        ("by this time last year", "2025-01-01/2025-11-24"),
        ("to the same point last month", "2026-10-01/2026-10-24"),
        ("this stage last year", "2025-01-01/2025-11-24"),
        ("a year ago today", "2025-11-24/2025-11-24"),
        # Ranges of months and parts of months.
        ("jan-mar 2026", "2026-01-01/2026-03-31"),
        ("from mid march to the end of april", "2026-03-15/2026-04-30"),
        ("from the start of June to the middle of July", "2026-06-01/2026-07-15"),
        ("from January onwards", "2026-01-01/2026-11-24"),
        ("from October until today", "2026-10-01/2026-11-24"),
        ("since the summer", "2026-06-01/2026-11-24"),
        ("since March last year", "2025-03-01/2026-11-24"),
        ("since last March", "2026-03-01/2026-11-24"),
        ("since mid October", "2026-10-15/2026-11-24"),
        ("since the end of September", "2026-09-30/2026-11-24"),
        ("since the end of last month", "2026-10-31/2026-11-24"),
        ("since the weekend", "2026-11-21/2026-11-24"),
        ("since this time last year", "2025-11-24/2026-11-24"),
        ("since two weeks ago", "2026-11-10/2026-11-24"),
        ("before 2025", "/2024-12-31"),
        ("before last month", "/2026-09-30"),
        ("before the summer", "/2026-05-31"),
        # Days in words, and beside their weekday.
        ("on the first of December", "2025-12-01/2025-12-01"),
        ("on the twenty-first of October", "2026-10-21/2026-10-21"),
        ("on November the 5th", "2026-11-05/2026-11-05"),
        ("on the 10th of last month", "2026-10-10/2026-10-10"),
        ("on the tenth", "2026-11-10/2026-11-10"),
        ("on the thirtieth, at Boots", "2026-10-30/2026-10-30"),
        ("6 april 25 to 5 april 26", "2025-04-06/2026-04-05"),
        ("on 3rd May '26", "2026-05-03/2026-05-03"),
        ("january to march of 2025", "2025-01-01/2025-03-31"),
        ("all my cheques of 2025 please", "2025-01-01/2025-12-31"),
        ("on the first of this month", "2026-11-01/2026-11-01"),
        ("by Monday the 30th", "/2026-11-30"),
        ("until the tenth", "/2026-12-10"),
        ("between now and the first of December", "2026-11-24/2026-12-01"),
        ("between the first and the tenth of October", "2026-10-01/2026-10-10"),
        ("from the 20th to the 3rd", "2026-10-20/2026-11-03"),
        ("November 10th to 12th", "2026-11-10/2026-11-12"),
        ("on 3 and 4 May", "2026-05-03/2026-05-04"),
        ("last night", "2026-11-23/2026-11-23"),
        ("on saturday night", "2026-11-21/2026-11-21"),
        ("last friday evening", "2026-11-20/2026-11-20"),
        ("this morning", "2026-11-24/2026-11-24"),
        ("on Christmas Eve", "2025-12-24/2025-12-24"),
        ("on Boxing Day", "2025-12-26/2025-12-26"),
        ("on New Year's Eve", "2025-12-31/2025-12-31"),
        ("on Black Friday", "2025-11-28/2025-11-28"),
        ("on 2026/10/05", "2026-10-05/2026-10-05"),
        ("on 5-10-2026", "2026-10-05/2026-10-05"),
        # What is near: weeks ahead, or the past.
        ("by December", "/2026-12-01"),
        ("before the weekend", "/2026-11-27"),
        ("before the end of the month", "/2026-11-30"),
        ("up to 5 November", "/2026-11-05"),
        ("before 3 May", "/2026-05-02"),
    ],
)
def test_other_ways_of_naming_days_mean_these(text: str, meant: str) -> None:
    assert days(text) == meant
    found = [span.period for span in find(f"how much did I spend {text} at the shop", TODAY)]
    assert [f"{p.since or ''}/{p.until}" for p in found if p is not None] == [meant], "one period, and only that"


@pytest.mark.parametrize(
    "text", ["every Monday", "each weekend", "3 and 9 May", "the bank holiday weekend", "Remembrance Sunday", "the 2025 tax year"]
)
def test_days_that_cannot_be_told_are_not_taken_for_one_that_can(text: str) -> None:
    spans = list(find(f"what did i spend on {text}", TODAY))
    assert [span.period for span in spans] == [None]


@pytest.mark.parametrize(
    "text", ["when did my wages come in", "when do I get paid", "the first one", "the second payment", "sort code 20-00-00"]
)
def test_words_for_pay_and_order_are_no_days_by_themselves(text: str) -> None:
    assert days(text) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Compare 2025 with 2026", ["2025-01-01/2025-12-31", "2026-01-01/2026-11-24"]),
        ("difference between October and September", ["2026-10-01/2026-10-31", "2026-09-01/2026-09-30"]),
        ("Q1 and Q2", ["2026-01-01/2026-03-31", "2026-04-01/2026-06-30"]),
    ],
)
def test_two_sides_of_a_comparison_stay_two(text: str, meant: list[str]) -> None:
    assert [f"{s.period.since}/{s.period.until}" for s in find(text, TODAY) if s.period is not None] == meant


@pytest.mark.parametrize("text", ["since my wages came in", "until payday", "before I get paid"])
def test_without_regular_pay_no_day_is_made_up_for_it(text: str) -> None:
    assert [s.period for s in find(text, Today.of(TODAY.date, "en_GB"))] == [None]


@pytest.mark.parametrize(("locale", "meant"), [("en_GB", "2026-11-16/2026-11-22"), ("en_US", "2026-11-15/2026-11-21")])
def test_a_week_begins_on_the_day_of_the_customers_country(locale: str, meant: str) -> None:
    assert days("last week", Today.of(TODAY.date, locale)) == meant


def test_leap_years_have_their_day() -> None:
    leap = Today.of(dt.date(2028, 3, 10), "en_GB")
    assert days("29 February", leap) == "2028-02-29/2028-02-29"
    assert days("last month", leap) == "2028-02-01/2028-02-29"
    assert days("in the last year", Today.of(dt.date(2028, 2, 29), "en_GB")) == "2027-03-01/2028-02-29"
    assert days("last year", Today.of(dt.date(2028, 2, 29), "en_GB")) == "2027-01-01/2027-12-31"
    assert days("the last 12 months", Today.of(dt.date(2028, 2, 29), "en_GB")) == "2027-03-01/2028-02-29"


def test_months_end_where_they_end() -> None:
    assert days("the last month", Today.of(dt.date(2026, 3, 31), "en_GB")) == "2026-02-01/2026-02-28"
    assert days("the last two months", Today.of(dt.date(2026, 4, 30), "en_GB")) == "2026-03-01/2026-04-30"


def test_two_periods_are_found_in_the_order_said() -> None:
    found = [s.period for s in find("Compare October with September", TODAY)]
    assert [(p.since, p.until) for p in found if p is not None] == [
        (dt.date(2026, 10, 1), dt.date(2026, 10, 31)),
        (dt.date(2026, 9, 1), dt.date(2026, 9, 30)),
    ]


def test_without_regular_pay_payday_is_no_day() -> None:
    assert days("since payday", Today.of(TODAY.date, "en_GB")) is None


def test_the_label_says_which_days_a_word_was_taken_for() -> None:
    for text, dates in (("last week", "16 November to 22 November 2026"), ("since Easter", "5 April 2026"), ("Q2", "Q2 2026")):
        period = read(text, TODAY)
        assert period is not None
        assert dates in period.label


PIECES = """
last this next past previous the of in on since until before after by from to between and ago half first second q1 q4 9 31 29 30
0 99 february feb may june december 2024 2026 1900 2099 31/2 29/02/2023 2026-02-30 00/00/00 week month quarter year day days weeks
years fortnight weekend easter christmas payday tax rest end start early late monday sunday spring so far date two couple
dozen - , . tenth twenty-first mid h1 every commencing ending w/c onwards night paid eve bank holiday
"""
WORDS = st.lists(st.sampled_from(PIECES.split()), max_size=9).map(" ".join)
DATES = st.dates(dt.date(1995, 1, 1), dt.date(2095, 12, 31))


@given(st.one_of(WORDS, st.text(max_size=80)), DATES, st.sampled_from(["en_GB", "en_US"]))
def test_any_words_on_any_day_give_days_in_order_or_none(text: str, date: dt.date, locale: str) -> None:
    today = Today.of(date, locale, payday=date + dt.timedelta(days=3), paid=date - dt.timedelta(days=27))
    end = 0
    for span in find(text, today):
        assert end <= span.start < span.end
        end = span.end
        if span.period is not None and span.period.since is not None:
            assert span.period.since <= span.period.until


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("over the last month", "2026-10-25/2026-11-24"),
        ("in the past week", "2026-11-18/2026-11-24"),
        ("the past year", "2025-11-25/2026-11-24"),
        ("last month", "2026-10-01/2026-10-31"),
        ("over the next week", "2026-11-24/2026-12-01"),
        ("for the year", "2026-01-01/2026-11-24"),
    ],
)
def test_over_the_last_month_is_a_month_back_and_last_month_the_one_in_the_calendar(text: str, meant: str) -> None:
    assert days(text) == meant


def test_a_unit_that_is_not_over_knows_its_last_day() -> None:
    for text, end in (
        ("this week", dt.date(2026, 11, 29)),
        ("this month", dt.date(2026, 11, 30)),
        ("this year", dt.date(2026, 12, 31)),
    ):
        period = read(text, TODAY)
        assert period is not None
        assert (period.until, period.ends) == (TODAY.date, end)


@pytest.mark.parametrize("text", ["on a saturday", "saturdays", "at weekends", "the end of summer"])
def test_what_is_no_days_in_particular_has_to_be_asked_about(text: str) -> None:
    assert [s.period for s in find(text, TODAY)] == [None]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("on friday", "2026-11-27/2026-11-27"),
        ("the 3rd", "None/2026-12-03"),
        ("last friday", "2026-11-20/2026-11-20"),
        ("in october", "2026-10-01/2026-10-31"),
        ("in the first week of december", "2026-12-01/2026-12-07"),
        ("in january", "2027-01-01/2027-01-31"),
        ("in december 2025", "2025-12-01/2025-12-31"),
        ("in july", "2026-07-01/2026-07-31"),
    ],
)
def test_of_days_ahead_a_day_is_the_next_one(text: str, meant: str) -> None:
    period = read(text, TODAY)
    assert period is not None
    later = ahead(text, period, TODAY)
    assert f"{later.since}/{later.until}" == meant


def test_before_a_payday_that_is_today_is_not_over() -> None:
    today = Today.of(TODAY.date, "en_GB", payday=TODAY.date)
    period = read("before payday", today)
    assert period is not None
    assert ahead("before payday", period, today).until == today.date


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("from jan to october last year", "2025-01-01/2025-10-31"),
        ("last year's jan to october", "2025-01-01/2025-10-31"),
        ("last year, january to march", "2025-01-01/2025-03-31"),
        ("between july and september this year", "2026-07-01/2026-09-30"),
    ],
)
def test_months_of_a_year_that_is_named_by_where_it_lies(text: str, meant: str) -> None:
    assert days(text) == meant
    assert len(list(find(text, TODAY))) == 1


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("fuel in october against the month before", ["2026-10-01/2026-10-31", "2026-09-01/2026-09-30"]),
        ("february and the month before", ["2026-02-01/2026-02-28", "2026-01-01/2026-01-31"]),
        ("this november against one year ago", ["2026-11-01/2026-11-24", "2025-11-01/2025-11-24"]),
        ("in may compared to the same month a year ago", ["2026-05-01/2026-05-31", "2025-05-01/2025-05-31"]),
        ("from 1 to 15 october and the same days in september", ["2026-10-01/2026-10-15", "2026-09-01/2026-09-15"]),
        ("this year and the year before", ["2026-01-01/2026-11-24", "2025-01-01/2025-12-31"]),
        ("october more than the previous october", ["2026-10-01/2026-10-31", "2025-10-01/2025-10-31"]),
        ("in may of the previous year", ["2025-05-01/2025-05-31"]),
        ("yesterday and the day before", ["2026-11-23/2026-11-23", "2026-11-22/2026-11-22"]),
        ("this week and last week at this point", ["2026-11-23/2026-11-24", "2026-11-16/2026-11-17"]),
        ("in 2026 and the year before", ["2026-01-01/2026-11-24", "2025-01-01/2025-12-31"]),
    ],
)
def test_days_that_lean_on_days_said_before_them(text: str, own: list[str]) -> None:
    read_as = [span.period for span in find(leaning(text, TODAY), TODAY)]
    assert [f"{p.since}/{p.until}" for p in read_as if p is not None] == own


@pytest.mark.parametrize(
    "text", ["the week before last", "a year ago", "and the month before", "the previous month", "the same days"]
)
def test_days_that_lean_on_nothing_are_left_as_they_are(text: str) -> None:
    assert leaning(text, TODAY) == text


def test_the_same_days_are_those_that_were_spoken_of() -> None:
    for text in ("the same days of october", "the same days last month"):
        assert days(leaning(text, TODAY, "this month")) == "2026-10-01/2026-10-24"


@given(st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31)), st.integers(0, 400))
def test_words_said_for_days_are_read_as_these_days(since: dt.date, length: int) -> None:
    until = since + dt.timedelta(days=length)
    assert days(said(since, until), Today.of(dt.date(2032, 1, 1), "en_GB", payday=None, paid=None)) == f"{since}/{until}"


def _read(*texts: str) -> list[Period]:
    return [period for text in texts if (period := read(text, TODAY)) is not None]


def test_months_in_a_row_are_one_stretch_in_whatever_order_they_are_said() -> None:
    whole = in_a_row(_read("october", "august", "september"))
    assert whole is not None
    assert (whole.since, whole.until, whole.label) == (
        dt.date(2026, 8, 1),
        dt.date(2026, 10, 31),
        "from 1 August to 31 October 2026",
    )


@pytest.mark.parametrize("texts", [("august", "october"), ("august", "august", "september"), ("before may", "may")])
def test_days_with_others_between_or_said_twice_are_no_stretch(texts: tuple[str, ...]) -> None:
    assert in_a_row(_read(*texts)) is None


@pytest.mark.parametrize(
    ("text", "before", "meant"),
    [
        ("and the Friday just before it", "last friday", "on 2026-11-13"),
        ("was last October's dearer", "this october", "in october 2025"),
        ("was last October's dearer", "last month", "in october 2025"),
        ("was last October's dearer", "in may", "last october"),
        ("was last October's dearer", "", "last october"),
        ("and the summer before", "in summer 2026", "from 2025-06-01 to 2025-08-31"),
        ("in the spring against the previous autumn", "", "from 2025-09-01 to 2025-11-30"),
        ("against the May before", "in may 2026", "in may 2025"),
        ("and the summer before I moved", "in summer 2026", "the summer before i moved"),
    ],
)
def test_days_that_lean_on_days_said_before_are_told_by_them(text: str, before: str, meant: str) -> None:
    assert meant in leaning(text, TODAY, before)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("since I last got paid", "2026-10-23"),
        ("august onwards", "2026-08-01"),
        ("3 August onwards", "2026-08-03"),
        ("since the 2nd o' March", "2026-03-02"),
    ],
)
def test_days_from_a_beginning_to_now(text: str, since: str) -> None:
    today = Today.of(dt.date(2026, 11, 24), "en_GB", payday=None, paid=dt.date(2026, 10, 23))
    assert days(text, today) == f"{since}/2026-11-24"


@pytest.mark.parametrize("words", ["these past days", "over the last weeks", "the recent months"])
def test_how_many_days_are_meant_is_not_guessed(words: str) -> None:
    (said,) = find(f"how much was it {words}?", TODAY)
    assert said.period is None
