"""Working days in England and the bank's own time zone."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
DAY = dt.timedelta(days=1)


@lru_cache(maxsize=128)
def bank_holidays(year: int) -> frozenset[dt.date]:
    """The bank holidays of England and Wales, substitute days included, one-off holidays not.

    Source: Banking and Financial Dealings Act 1971, schedule 1, and the customary proclaimed days.
    """
    sunday = easter(year)
    fixed = {_weekday(dt.date(year, 1, 1)), sunday - 2 * DAY, sunday + DAY}
    fixed |= {_first_monday(year, 5), _last_monday(year, 5), _last_monday(year, 8)}
    for day in (dt.date(year, 12, 25), dt.date(year, 12, 26)):
        fixed.add(day if day.weekday() < 5 else day + 2 * DAY)
    return frozenset(fixed)


def easter(year: int) -> dt.date:
    """Easter Sunday in the Gregorian calendar, years 1583 to 4099.

    Source: the ecclesiastical rule in the form published by Meeus, Astronomical Algorithms, chapter 8.
    """
    golden, century, of_century = year % 19, year // 100, year % 100
    leaps = century - century // 4 - (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + leaps + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)


def _weekday(day: dt.date) -> dt.date:
    while day.weekday() > 4:
        day += DAY
    return day


def _first_monday(year: int, month: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + DAY * (-first.weekday() % 7)


def _last_monday(year: int, month: int) -> dt.date:
    last = month_end(year, month)
    return last - DAY * last.weekday()


def month_end(year: int, month: int) -> dt.date:
    return dt.date(year + month // 12, month % 12 + 1, 1) - DAY


def months(since: dt.date, until: dt.date) -> list[tuple[int, int]]:
    """(year, month) of every month that has a day from since to until, in order."""
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    return [(number // 12, number % 12 + 1) for number in range(first, last + 1)]


def is_working(day: dt.date) -> bool:
    return day.weekday() < 5 and day not in bank_holidays(day.year)


def on_or_after(day: dt.date) -> dt.date:
    """The first working day from a day on: when a direct debit or standing order is taken."""
    while not is_working(day):
        day += DAY
    return day


def on_or_before(day: dt.date) -> dt.date:
    """The last working day up to a day: when a salary is paid."""
    while not is_working(day):
        day -= DAY
    return day
