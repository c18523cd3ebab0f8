"""Months as they are written."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant import months
from assistant.periods import Today

TODAY = Today.of(dt.date(2026, 11, 24), "en_GB")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("spent in 04/2026", "spent in april 2026"),
        ("spent in 4.2026", "spent in april 2026"),
        ("2026-04 spending", "april 2026 spending"),
        ("spent 04/26", "spent april 2026"),
        ("04/2026-06/2026", "april 2026 to june 2026"),
        ("month 4 of 2026", "april 2026"),
        ("the 4th month of 2026", "april 2026"),
        ("2026 april", "april 2026"),
        ("april2026, april (2026) and apr, 2026", "april 2026, april 2026 and apr 2026"),
        ("apr-26 may-26", "apr 2026 may 2026"),
        ("apr'26", "apr 2026"),
        ("apr/may 2026", "apr and may 2026"),
        ("during april 24", "during april 2024"),
        ("the whole of may 23", "the whole of may 2023"),
        ("the april 26 figure", "the april 2026 figure"),
        ("my biggest payment april 26", "my biggest payment april 2026"),
        ("april 26 or may 26", "april 2026 or may 2026"),
        ("less from april 26 to may 26", "less from april 2026 to may 2026"),
        ("on tuesday, may 26", "on tuesday 26 may"),
    ],
)
def test_a_month_gets_its_name_and_all_of_its_year(said: str, meant: str) -> None:
    assert months.in_full(said, TODAY) == meant


@pytest.mark.parametrize(
    "said",
    [
        # Days.
        "on 04/11",
        "2026-04-05",
        "3/04/2026",
        "my biggest payment on may 26",
        "my biggest payment between may 5 and may 26",
        "3 may-26 june",
        "may 26th",
        "may 25 spending",
        # A tax year, a card's last month, an amount.
        "the 2010/11 tax year",
        "a card until 09/27",
        "in may 26 pounds",
        # Nobody can say.
        "what i spent may 26",
        "what i spent from april 26 to may 26",
    ],
)
def test_what_is_no_month_or_may_be_none_stays(said: str) -> None:
    assert months.in_full(said, TODAY) == said


def test_after_months_were_spoken_of_another_is_a_month() -> None:
    assert months.in_full("and may 26?", TODAY, spoken_of=True) == "and may 2026?"


def test_a_day_or_a_month_of_this_year_is_offered_as_both() -> None:
    assert months.either("may 26", TODAY) == ("may 2026", "26 may")
    assert months.either("from apr 26 to may 26", TODAY) == ("from april 2026 to may 2026", "from 26 april to 26 may")


@pytest.mark.parametrize("words", ["on may 26", "may 25", "may 5", "from may 5 to may 26", "may 2026", "since may 26"])
def test_nothing_is_offered_where_the_words_are_a_day(words: str) -> None:
    assert months.either(words, TODAY) == ()
