"""Amounts that are said by others: shares, differences, everything; and what is none of these."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.relative import Worked, divides, says_all, worked
from data.money import Money


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


@pytest.mark.parametrize(
    ("text", "said", "amount"),
    [
        ("send sam half of £37", ["37"], "18.50"),
        ("she paid £46.50, send her half", ["46.50"], "23.25"),
        ("dinner was 90, split it three ways and send sam a third", ["90"], "30"),
        ("divide £84 by 4 and pay amara", ["84"], "21"),
        ("split £100 between the 3 of us", ["100"], "33.33"),
        ("send back the difference between £30 and £18.50", ["30", "18.50"], "11.50"),
    ],
)
def test_a_share_and_a_difference_are_worked_out(text: str, said: list[str], amount: str) -> None:
    found = worked(text, [gbp(one) for one in said])
    assert found is not None
    assert found.amount == gbp(amount)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("send sam two thirds of £30", ["30"]),
        ("send back the difference", []),
        ("send the difference from £30", ["30"]),
        ("half of £30 and a third of £60", ["30", "60"]),
        ("split £30 and give sam his part", ["30"]),
        ("split £30 by 2 or by 3", ["30"]),
        ("send sam £30", ["30"]),
    ],
)
def test_what_is_not_said_in_one_way_is_not_worked_out(text: str, said: list[str]) -> None:
    assert worked(text, [gbp(one) for one in said]) is None


@pytest.mark.parametrize("text", ["£20 for car share", "£20 on the third", "£20 for the half marathon", "£20 at half past two"])
def test_what_sounds_like_a_share_is_none(text: str) -> None:
    assert not divides(text)


@given(st.integers(min_value=1, max_value=10**9), st.integers(min_value=2, max_value=20))
def test_a_share_is_rounded_to_the_penny_and_says_so(minor: int, parts: int) -> None:
    share = Worked(of=(Money(minor=minor, currency="GBP"),), parts=parts)
    assert abs(share.amount.minor * parts - minor) <= parts / 2
    assert share.is_rounded is (share.amount.minor * parts != minor)


@pytest.mark.parametrize(
    "text",
    ["send everything to sam", "move the rest to savings", "wire all my money", "pay my whole balance",
     "move whatever's left", "empty my account"],
)  # fmt: skip
def test_everything_is_everything(text: str) -> None:
    assert says_all(text)


@pytest.mark.parametrize(
    "text", ["is everything ok", "send 20, everything else is fine", "i left 20 at sam's", "freeze all my cards"]
)
def test_and_everything_else_is_not(text: str) -> None:
    assert not says_all(text)
