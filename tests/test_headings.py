"""Headings of a statement as people say them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.headings import holding, in_their_words, parts_of

HEADINGS = (
    "Widget Maint",
    "Widget Hire/Lease",
    "Bridge R&M Urgent",
    "Sundry Parties",
    "Boots&Gloves",
    "Prof Advice other",
    "Lamps",
)


def _nobody(_words: Sequence[str]) -> bool:
    return False


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("how much on maintenance of widgets", "how much on widget maint"),
        ("widgets maintenance, in all", "widget maint, in all"),
        ("maint. widget?", "widget maint?"),
        ("the leasing and hire of widgets", "the widget hire/lease"),
        ("widget hire & lease", "widget hire/lease"),
        ("bridge repairs and maintenance (urgent", "bridge r&m urgent"),
        ("boots and gloves", "boots&gloves"),
        ("professional advice", "prof advice other"),
        ("proffessional advice, other", "prof advice other"),
        ("under the heading gloves", "under the category boots&gloves"),
        ("the lamps heading", "the lamps category"),
        ("maintenance of widgets against widgets hire lease", "widget maint against widget hire/lease"),
    ],
)
def test_a_heading_is_said_in_any_order_and_written_out(said: str, meant: str) -> None:
    assert in_their_words(said, HEADINGS, _nobody) == meant


@pytest.mark.parametrize("said", ["widgets", "the widget kind", "other parties' fees", "any other costs", "hire a van", "lamps"])
def test_words_that_are_of_several_or_tell_none_stay(said: str) -> None:
    assert in_their_words(said, HEADINGS, _nobody) == said


def test_the_name_of_a_payee_is_no_heading() -> None:
    assert in_their_words("paid to maintenance widget", HEADINGS, lambda words: "widget" in words) == "paid to maintenance widget"


def test_a_word_that_headings_share_is_of_all_of_them() -> None:
    assert holding(("widgets",), HEADINGS) == ("Widget Maint", "Widget Hire/Lease")
    assert holding(("matt",), HEADINGS) == ()


def test_words_written_as_one_are_parted() -> None:
    assert parts_of("OtherCosts N'papers&Books") == ("other", "costs", "npapers", "books")
