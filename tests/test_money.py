"""Money is exact: nothing is rounded, mixed or lost on the way in or out."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from operator import add, ge, gt, le, lt, sub

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.statements.values import decimal_mark, read_amount
from data.errors import InvalidAmount, InvalidCurrency
from data.money import MOST_MINOR, Money, currency, digits, total

CODES = ("GBP", "EUR", "USD", "JPY", "KWD", "CHF", "ISK", "BHD")
codes = st.sampled_from(CODES)
minors = st.integers(-MOST_MINOR, MOST_MINOR)


@given(minor=minors, code=codes)
@example(minor=MOST_MINOR, code="KWD")
@example(minor=-1, code="JPY")
def test_what_is_printed_reads_back_as_the_same(minor: int, code: str) -> None:
    amount = Money(minor=minor, currency=code)
    assert Money.of(amount.plain, code) == amount
    assert Money.of(amount.decimal, code) == amount


@given(number=st.decimals(allow_nan=False, allow_infinity=False), code=codes)
@example(number=Decimal("1.0000000000000000000000000000001"), code="GBP")
@example(number=Decimal("0.005"), code="GBP")
@example(number=Decimal("1e-400"), code="JPY")
@example(number=Decimal("1e999999"), code="GBP")
def test_an_amount_is_kept_exactly_or_refused(number: Decimal, code: str) -> None:
    try:
        kept = Money.of(number, code)
    except InvalidAmount:
        return
    # Compared as fractions: Decimal arithmetic would round both sides alike.
    assert kept.minor * number.as_integer_ratio()[1] == number.as_integer_ratio()[0] * 10 ** digits(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("10.505", "GBP"),
        ("1.5", "JPY"),
        ("0.0001", "KWD"),
        ("", "GBP"),
        ("ten", "GBP"),
        ("1,5", "GBP"),
        ("NaN", "GBP"),
        ("inf", "GBP"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidAmount) as caught:
        Money.of(text, code)
    assert repr(text) in str(caught.value)


def test_currencies_have_their_own_decimals() -> None:
    assert Money.of("10.50", "GBP").minor == 1050
    assert Money.of("1050", "JPY").minor == 1050
    assert Money.of("1.050", "KWD").minor == 1050
    assert Money.of("1050", "JPY").plain == "1050"
    assert Money.of("-1.05", "KWD").plain == "-1.050"


@pytest.mark.parametrize("code", ["", "GB", "pound", "XYZ", "£"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(InvalidCurrency):
        currency(code)


def test_euros_are_not_added_to_dollars() -> None:
    euros, dollars = Money.of("1", "EUR"), Money.of("1", "USD")
    for combine in (add, sub, lt, gt, le, ge):
        with pytest.raises(InvalidCurrency):
            combine(euros, dollars)
    with pytest.raises(InvalidCurrency):
        total([euros, dollars], "EUR")
    assert euros != dollars


@given(parts=st.lists(st.integers(-(10**12), 10**12), max_size=20))
def test_a_sum_is_the_sum_of_its_minor_units(parts: list[int]) -> None:
    amounts = [Money(minor=part, currency="GBP") for part in parts]
    assert total(amounts, "GBP").minor == sum(parts)
    assert total([*amounts, *(-amount for amount in amounts)], "GBP").minor == 0


def test_a_share_is_rounded_by_the_rule_that_is_named() -> None:
    price = Money.of("0.05", "GBP")
    assert price.share(Decimal("0.5")).minor == 2
    assert price.share(Decimal("0.5"), rounding=ROUND_HALF_EVEN).minor == 2
    assert Money.of("0.07", "GBP").share(Decimal("0.5"), rounding=ROUND_DOWN).minor == 3


# As statements write them


STYLES = ("plain", "grouped", "pounds", "brackets", "behind", "code", "spaced")


def _written(minor: int, style: str, mark: str) -> str:
    """An amount in sterling as a statement of one style writes it."""
    group = "," if mark == "." else "."
    whole, pence = divmod(abs(minor), 100)
    number = f"{whole:,}".replace(",", group if style != "spaced" else "\u00a0") if style != "plain" else str(whole)
    number += f"{mark}{pence:02d}"
    minus = "-" if minor < 0 else ""
    if style == "brackets":
        return f"({number})" if minor < 0 else number
    if style == "behind":
        return number + minus
    return {"pounds": f"{minus}£{number}", "code": f"GBP {minus}{number}"}.get(style, minus + number)


@given(minor=st.integers(-(10**12), 10**12), style=st.sampled_from(STYLES), mark=st.sampled_from(".,"))
def test_every_way_of_writing_an_amount_reads_the_same(minor: int, style: str, mark: str) -> None:
    assert read_amount(_written(minor, style, mark), "GBP", mark).money.minor == minor


@given(
    minors=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20),
    style=st.sampled_from(STYLES),
    mark=st.sampled_from(".,"),
)
def test_a_column_of_pence_shows_its_decimal_mark(minors: list[int], style: str, mark: str) -> None:
    assert decimal_mark(_written(minor, style, mark) for minor in minors) == mark


@given(text=st.text(alphabet="0123456789.,-+()£$ eEcCrRdD'_x", max_size=12))
@example(text="1,23")
@example(text="12,34,567.00")
@example(text="1_000")
@example(text="١٢")
def test_a_statement_amount_has_the_digits_that_were_written(text: str) -> None:
    try:
        amount = read_amount(text, "GBP", ".").money
    except InvalidAmount:
        return
    written = "".join(c for c in text if c in "0123456789.")
    assert abs(amount.decimal) == Decimal(written)
