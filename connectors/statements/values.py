"""Dates and amounts as statements write them, read exactly or not at all."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import NamedTuple

from babel.dates import get_month_names
from babel.numbers import get_currency_symbol

from data.errors import InvalidAmount, InvalidInput
from data.money import Money

_ISO = re.compile(r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})(?:[T ].*)?")
_NUMBERS = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?: .*)?")
_NAMED = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[-/. ]?([A-Za-z]{3,9})\.?,?[-/. ]?([0-9]{4}|[0-9]{2})(?: .*)?")
_MONTHS = [name.casefold() for name in get_month_names("wide", locale="en").values()]
# A year outside is a slip of the pen: banks do not keep statements that old, nor do they know the future.
_YEARS = range(1950, 2100)

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_AMOUNT = re.compile(
    r"(?P<open>\()?(?P<sign>[+-])? ?(?P<unit>[A-Za-z]{3}|[£$€¥])? ?(?P<inner>[+-])?(?P<number>[0-9.,' ]*[0-9])"
    r" ?(?P<unit_after>(?!(?:CR|DR)\b)[A-Za-z]{3}|[£$€¥])? ?(?P<mark>-|\+|CR|DR|cr|dr|Cr|Dr)?(?P<close>\))?"
)
_POINT = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:[,' ][0-9]{3})+)?(?:\.[0-9]+)?")
_COMMA = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:[.' ][0-9]{3})+)?(?:,[0-9]+)?")
_SPACES = re.compile(r"[\s\u00a0\u2007\u202f]+")


class Amount(NamedTuple):
    """mark: "CR" or "DR" where the statement says so, "" where it does not."""

    money: Money
    mark: str


def is_date(text: str) -> bool:
    """Whether the text has the form of a date, on whatever day."""
    text = text.strip()
    return any(form.fullmatch(text) is not None for form in (_ISO, _NUMBERS, _NAMED))


def read_date(text: str, day_first: bool) -> dt.date:
    """A date in ISO form, in numbers, or with the month by name; a time after it is passed over.

    Raises InvalidInput for text that is no date and for days that the calendar does not have.
    """
    text = text.strip()
    if not text:
        raise InvalidInput("there is no date")
    if found := _ISO.fullmatch(text):
        year, _, month, day = found.groups()
    elif found := _NUMBERS.fullmatch(text):
        first, _, second, year = found.groups()
        day, month = (first, second) if day_first else (second, first)
    elif found := _NAMED.fullmatch(text):
        day, name, year = found.groups()
        month = _month(name)
    else:
        raise InvalidInput(f"{text!r} is not a date")
    number = int(year) + (2000 if len(year) == 2 else 0)
    if number not in _YEARS:
        raise InvalidInput(f"{text!r} is not in the years {_YEARS.start} to {_YEARS.stop - 1}")
    try:
        return dt.date(number, int(month), int(day))
    except ValueError as error:
        order = "" if not _NUMBERS.fullmatch(text) else f", read {'day' if day_first else 'month'} first"
        raise InvalidInput(f"{text!r} is not a day of the calendar{order}") from error


def _month(name: str) -> str:
    short = name.casefold()
    found = [n for n, month in enumerate(_MONTHS, 1) if month.startswith(short) or short == "sept" == month[:4]]
    if len(found) != 1:
        raise InvalidInput(f"{name!r} is not a month")
    return str(found[0])


def date_order(texts: Iterable[str]) -> tuple[bool, str]:
    """Whether the day stands before the month, and why that is thought; of a whole column."""
    days = months = numbers = 0
    for text in texts:
        if found := _NUMBERS.fullmatch(text.strip()):
            numbers += 1
            days += int(found[1]) > 12
            months += int(found[3]) > 12
    if months > days:
        return False, "dates are month/day/year: the second number goes over 12"
    if days:
        return True, "dates are day/month/year: the first number goes over 12"
    if numbers:
        return True, "dates are taken as day/month/year: no number goes over 12, so nothing in the file says"
    return True, "dates name their year first or their month by name"


def decimal_mark(texts: Iterable[str]) -> str:
    """ "," where the column can only be read with decimal commas, else "."."""
    points = commas = 0
    for text in texts:
        number = "".join(c for c in text if c in "0123456789.,")
        last = max(number.rfind("."), number.rfind(","))
        if last < 0:
            continue
        both = "." in number and "," in number
        repeated = number.count(number[last]) > 1
        if both or (len(number) - last != 4 and not repeated):
            points += number[last] == "."
            commas += number[last] == ","
    return "," if commas and not points else "."


def is_amount(text: str) -> bool:
    """Whether the text has the form of an amount in some currency and notation."""
    found = _AMOUNT.fullmatch(_plain(text))
    return found is not None and any(form.fullmatch(found["number"]) for form in (_POINT, _COMMA))


def read_amount(text: str, currency: str, mark: str) -> Amount:
    """An amount as a statement writes it: "1,234.56", "-£5.50", "(5.50)", "5.50-", "5.50 CR", "GBP 5.50".

    mark: the decimal mark, "." or ",". Raises InvalidAmount for anything else, for another currency's sign,
    and for more decimals than the currency has.
    """
    if mark == "." and _PLAIN.fullmatch(text):
        return Amount(Money.of(text, currency), "")
    plain = _plain(text)
    if not plain:
        raise InvalidAmount(text, "it is empty")
    found = _AMOUNT.fullmatch(plain)
    if found is None or (found["open"] is None) != (found["close"] is None):
        raise InvalidAmount(text, "it is not a number")
    form, group = (_POINT, ",") if mark == "." else (_COMMA, ".")
    if not form.fullmatch(found["number"]):
        other = ", or it is written with another decimal mark than the rest" if {".", ","} & set(found["number"]) else ""
        raise InvalidAmount(text, f"it is not a number with decimals after {mark!r}{other}")
    for unit in (found["unit"], found["unit_after"]):
        if unit is not None and not _means(unit, currency):
            raise InvalidAmount(text, f"it is not in {currency}")
    signs = [found["open"], found["sign"], found["inner"], found["mark"]]
    said = (found["mark"] or "").upper()
    if sum(sign in ("(", "-") for sign in signs) > 1:
        raise InvalidAmount(text, "it has more than one minus")
    digits = re.sub(rf"[ '{re.escape(group)}]", "", found["number"]).replace(mark, ".")
    negative = any(sign in ("(", "-") for sign in signs)
    if negative and said in ("CR", "DR"):
        raise InvalidAmount(text, f"it has both a minus and {said}")
    return Amount(Money.of(f"-{digits}" if negative else digits, currency), said if said in ("CR", "DR") else "")


def _means(unit: str, currency: str) -> bool:
    return unit.upper() == currency or unit in (get_currency_symbol(currency, "en_GB"), get_currency_symbol(currency, "en_US"))


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text).strip().replace("\u2212", "-").replace("’", "'")
