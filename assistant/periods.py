"""Periods in a customer's words: "last month", "Q2", "between 3 and 17 May", "since Easter", "until payday".

A reader understands one way of naming days; a period is found where readers match, longest first. What is
ambiguous is not guessed in silence: the period says in its label which days it means.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from data.party import Frozen


class Period(Frozen):
    """Days, both included. `since` None: from the first day held. `open_end`: it may reach past today.

    ends: the last day of a unit that is not over, "this week", for what is asked of the days ahead.
    loose: a season, which everybody begins and ends on days of their own: dates that are said beside it are what it means.
    """

    since: dt.date | None
    until: dt.date
    label: str
    open_end: bool = False
    ends: dt.date | None = None
    loose: bool = False


class PeriodSpan(Frozen):
    """Where a period stands in a text; `period` is None when the words name no real days (31 February)."""

    start: int
    end: int
    period: Period | None


@dataclass(frozen=True)
class Today:
    """What "now" means to a reader: the customer's date, the first day of their week (Monday is 0), the next payday and the last."""

    date: dt.date
    week_start: int = 0
    payday: dt.date | None = None
    paid: dt.date | None = None

    @classmethod
    def of(cls, date: dt.date, locale: str, payday: dt.date | None = None, paid: dt.date | None = None) -> Today:
        return cls(date, Locale.parse(locale).first_week_day, payday, paid)


MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb febuary", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
NUMBERS = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=1
    )
} | {"a": 1, "an": 1, "couple of": 2, "few": 3, "dozen": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90}
WEEKDAYS = {d: n for n, d in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])}
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": 4, "final": 4}

# So many days at most are a month.
MONTH_DAYS = 31
_MONTH = r"(?P<{0}month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?P<{0}year>(?:19|20)\d\d)"
_NUMBER = r"(?P<n>\d{1,3}|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + r")"
_UNIT = r"(?P<unit>day|week|fortnight|month|quarter|year)s?"
_ORDINAL = r"(?:st|nd|rd|th)?"


_TENS = {"twenty": 20, "thirty": 30}
_UPTO19 = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
]
# "Twenty-first" -> 21: how a day of the month is said in words.
DAY_WORDS = {word: n for n, word in enumerate(_UPTO19, start=1)} | {"twentieth": 20, "thirtieth": 30} | {
    f"{tens}{mark}{unit}": value + n
    for tens, value in _TENS.items()
    for n, unit in enumerate(_UPTO19[:9], start=1)
    for mark in ("-", " ")
    if value + n <= 31
}  # fmt: skip
_DAY_WORD = "|".join(sorted(DAY_WORDS, key=len, reverse=True))


def _day_number(text: str) -> int:
    return DAY_WORDS[text] if text in DAY_WORDS else int(text.rstrip("dhnrst"))


def _day_pattern(p: str, bare_words: bool = False) -> str:
    """One day, bare_words: "the tenth" and "I get paid" too, which are days only after "until" and the like: 2017-05-03 · 3/5/2017 · 3(rd) (of) May (2017) · May 3rd, 2017 · today · Easter · last Friday."""
    month, year = _MONTH.format(p), _YEAR.format(p)
    return (
        rf"(?:(?:last |this )?(?:{'|'.join(WEEKDAYS)}),? (?=the \d|\d))?"
        rf"(?:(?P<{p}iso>\d{{4}}[-/]\d\d[-/]\d\d)"
        rf"|(?P<{p}numeric>\d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d\d)|\d{{1,2}}-\d{{1,2}}-\d{{4}}|\d{{1,2}}/\d{{1,2}})"
        rf"|(?:the )?(?P<{p}d>\d{{1,2}}|{_DAY_WORD}){_ORDINAL}(?: o[f']?)? {month}(?:,? (?:{year}|'?(?P<{p}yy>[012]\d)(?=\s*(?:$|[?.!,;–-]|(?:to|until|till|and)\b))))?"
        rf"|{month.replace(p + 'month', p + 'month2')} (?:(?:the )?(?=\d)|the (?=[a-z]))(?P<{p}d2>\d{{1,2}}|{_DAY_WORD}){_ORDINAL}(?!\d)(?! (?:half|week|quarter|payment|purchase|one|time))(?:,? {year.replace(p + 'year', p + 'year2')})?"
        rf"|(?:the |(?<=day )|(?<=day, ))(?P<{p}dom>\d{{1,2}}(?=(?:st|nd|rd|th)){'|' + _DAY_WORD if bare_words else ''})(?:st|nd|rd|th)?(?! (?:half|week|quarter|payment|one|time))"
        rf"|(?P<{p}word>the day before yesterday|yesterday(?: (?:morning|afternoon|evening|night))?|last night|today|tonight"
        rf"|this (?:morning|afternoon|evening)|now|tomorrow|easter(?: sunday| monday)?|good friday|black friday"
        rf"|christmas(?: day| eve)?|boxing day|new year(?:'?s (?:day|eve))?|hallow'?een|bonfire night|valentine'?s(?: day)?"
        rf"|payday|pay day{'|(?:when )?i get paid|my next (?:pay|salary)' if bare_words else ''})(?: (?:(?P<{p}wyear>(?:19|20)\d\d)|(?:of )?(?P<{p}wrel>last|this) year))?"
        rf"|(?:(?P<{p}which>last|this|next|on) )?(?P<{p}weekday>{'|'.join(WEEKDAYS)})(?: (?:morning|afternoon|evening|night|lunchtime))?)"
    )


# Words for payday that mean a day only after "since" or "before": "when did my wages come in" asks for one.
_PAY = (
    r"(?:my |the )?(?:(?:last|next|previous) )?(?:payday|pay day|pay ?check|(?:pension|wages?|salary|pay)(?: payment)?"
    r"(?: (?:comes?|came|goes|went|lands?|landed|arrives?|arrived|is|was)(?: in| paid)?)?)"
    r"|(?:i|we)(?: (?:last )?(?:get|got|am|was|were|have been)|'m) (?:last |next )?paid"
)
Reading = Callable[[re.Match[str], Today], Period]


class _NoSuchDay(ValueError):
    """The words have the form of a day that no calendar has."""


def _date(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise _NoSuchDay from error


def _month_end(day: dt.date) -> dt.date:
    return day + relativedelta(day=31)


def _latest(month: int, day: int, today: Today) -> dt.date:
    """The newest such day that has come: in March, "November" is last year's."""
    year = today.date.year if (month, day) <= (today.date.month, today.date.day) else today.date.year - 1
    return _date(year, month, day)


_FIXED = {
    "christmas": (12, 25), "christmas day": (12, 25), "christmas eve": (12, 24), "boxing day": (12, 26), "halloween": (10, 31),
    "bonfire night": (11, 5), "valentines": (2, 14), "valentines day": (2, 14), "new years eve": (12, 31),
}  # fmt: skip


def _feast(word: str, year: int) -> dt.date:
    if word.startswith("easter"):
        return easter(year) + dt.timedelta(days=word.endswith("monday"))
    if word == "good friday":
        return easter(year) - dt.timedelta(days=2)
    if word == "black friday":
        # The day after the fourth Thursday of November.
        first = dt.date(year, 11, 1)
        return first + dt.timedelta(days=(3 - first.weekday()) % 7 + 22)
    return dt.date(year, *_FIXED.get(word.replace("'", ""), (1, 1)))


def _named_day(word: str, year: str | None, today: Today, ahead: bool) -> dt.date:
    near = {"today": 0, "now": 0, "tonight": 0, "this": 0, "yesterday": -1, "last": -1, "the": -2, "tomorrow": 1}
    if (first := word.split(maxsplit=1)[0]) in near:
        return today.date + dt.timedelta(days=near[first])
    if any(part in word for part in ("pay", "paid", "salary")):
        day = today.payday if ahead else today.paid
        if day is None:
            raise _NoSuchDay
        return day
    if year:
        return _feast(word, int(year))
    day = _feast(word, today.date.year)
    if ahead and day < today.date:
        return _feast(word, today.date.year + 1)
    return day if ahead or day <= today.date else _feast(word, today.date.year - 1)


def _read_day(match: re.Match[str], p: str, today: Today, ahead: bool = False, other: dt.date | None = None) -> dt.date:
    """The day that the groups with prefix `p` name. `other`: the end of the same range, for what is left unsaid."""
    g = match.groupdict()
    if g[p + "iso"]:
        return _date(*(int(part) for part in re.split(r"[-/]", g[p + "iso"])))
    if g[p + "numeric"]:
        parts = [int(part) for part in re.split(r"[-/.]", g[p + "numeric"])]
        if len(parts) == 3:
            return _date(parts[2] + (2000 if parts[2] < 100 else 0), parts[1], parts[0])
        return _unyeared(parts[1], parts[0], today, ahead, other)
    if g[p + "word"]:
        year = str(today.date.year - (g[p + "wrel"] == "last")) if g[p + "wrel"] else g[p + "wyear"]
        return _named_day(g[p + "word"], year, today, ahead)
    if g[p + "weekday"]:
        if other is not None and g[p + "which"] != "next":
            return other - dt.timedelta(days=(other.weekday() - WEEKDAYS[g[p + "weekday"]]) % 7)
        gap = (today.date.weekday() - WEEKDAYS[g[p + "weekday"]]) % 7
        if g[p + "which"] == "next" or ahead:
            return today.date + dt.timedelta(days=(7 - gap) if gap else 7)
        return today.date - dt.timedelta(days=gap or (7 if g[p + "which"] == "last" else 0))
    if g[p + "dom"]:
        day = _day_number(g[p + "dom"])
        if other is not None:
            begun = other if day <= other.day else other - relativedelta(months=1)
            return _date(begun.year, begun.month, day)
        base = today.date if (day <= today.date.day) != ahead else today.date + relativedelta(months=1 if ahead else -1)
        return _date(base.year, base.month, day)
    month = MONTHS[g[p + "month"] or g[p + "month2"]]
    year, day = g[p + "year"] or g[p + "year2"] or (g[p + "yy"] and f"20{g[p + 'yy']}"), _day_number(g[p + "d"] or g[p + "d2"])
    return _date(int(year), month, day) if year else _unyeared(month, day, today, ahead, other)


def _unyeared(month: int, day: int, today: Today, ahead: bool, other: dt.date | None) -> dt.date:
    if other is not None:
        return _date(other.year if (month, day) <= (other.month, other.day) else other.year - 1, month, day)
    newest = _latest(month, day, today)
    return _date(newest.year + 1, month, day) if ahead and newest < today.date else newest


def shown(day: dt.date, with_year: bool = True) -> str:
    return format_date(day, "d MMMM y" if with_year else "d MMMM", locale="en_GB")


def _between(since: dt.date, until: dt.date, name: str = "", open_end: bool = False) -> Period:
    if until < since:
        raise _NoSuchDay
    if since == until:
        dates = f"on {shown(since)}"
    else:
        dates = f"from {shown(since, since.year != until.year)} to {shown(until)}"
    return Period(since=since, until=until, label=f"{name} ({dates.removeprefix('from ')})" if name else dates, open_end=open_end)


def _whole_month(first: dt.date, today: Today) -> Period:
    last = _month_end(first)
    name = format_date(first, "MMMM y", locale="en_GB")
    if first <= today.date < last:
        return _between(first, today.date, f"in {name} so far").model_copy(update={"ends": last})
    return Period(since=first, until=last, label=f"in {name}")


def _unit_start(day: dt.date, unit: str, today: Today) -> dt.date:
    if unit == "week":
        return day - dt.timedelta(days=(day.weekday() - today.week_start) % 7)
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def is_running(period: Period, unit: str, today: Today) -> bool:
    """Whether a period is the running day, week, month, quarter or year, as far as it has come."""
    return (period.since, period.until) == (_unit_start(today.date, unit, today), today.date)


# How far one unit back is.
STEP = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "fortnight": relativedelta(weeks=2),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}


def _unit_period(unit: str, back: int, today: Today, name: str) -> Period:
    """A calendar unit: 0 is the running one (up to today), 1 the one before, -1 the next."""
    start = _unit_start(today.date, unit, today) - STEP[unit] * back
    end = start + STEP[unit] - dt.timedelta(days=1)
    if unit == "month" and back >= 0:
        return _whole_month(start, today)
    if back == 0:
        return _between(start, today.date, name).model_copy(update={"ends": end})
    return _between(start, end, name, open_end=back < 0)


def _relative(match: re.Match[str], today: Today) -> Period:
    unit, which = match["unit"], match["which"]
    back = {"last": 1, "previous": 1, "past": 1, "prior": 1, "next": -1, "coming": -1}.get(which, 0)
    return _unit_period(unit, back, today, f"{'this' if back == 0 else 'last' if back == 1 else 'next'} {unit}")


def _before_last(match: re.Match[str], today: Today) -> Period:
    unit = match["unit"] or match["unit2"]
    return _unit_period(unit, 2, today, f"the {unit} before last")


def _rest_of(match: re.Match[str], today: Today) -> Period:
    unit = match["unit"]
    end = _unit_start(today.date, unit, today) + STEP[unit] - dt.timedelta(days=1)
    return _between(today.date, end, f"up to the end of the {unit}", open_end=True)


def _count(text: str) -> int:
    return int(text) if text.isdigit() else NUMBERS[text]


def _rolling(match: re.Match[str], today: Today) -> Period:
    n, unit = _count(match["n"] or "one"), match["unit"]
    units = unit if n == 1 else f"{n} {unit}s"
    if match["which"] in ("next", "coming"):
        until = today.date + STEP[unit] * n
        return _between(today.date, until, f"in the next {units}", open_end=True)
    since = today.date - STEP[unit] * n + dt.timedelta(days=1)
    return _between(since, today.date, f"in the last {units}")


def _running(match: re.Match[str], today: Today) -> Period:
    """For the year: the one that it is."""
    return _unit_period(match["unit"], 0, today, f"this {match['unit']}")


def _so_many_ago(n: int, unit: str) -> str:
    return f"{n} {unit}s ago" if n > 1 else f"one {unit} ago"


def _ago(match: re.Match[str], today: Today) -> Period:
    n, unit = _count(match["n"]), match["unit"]
    day = today.date - STEP[unit] * n
    if unit == "day":
        return _between(day, day)
    start = _unit_start(day, "week" if unit == "fortnight" else unit, today)
    if unit in ("month", "quarter", "year"):
        return _unit_period(unit, n, today, _so_many_ago(n, unit))
    return _between(start, start + dt.timedelta(days=6), _so_many_ago(n, unit))


def _weekend(match: re.Match[str], today: Today) -> Period:
    saturday = today.date - dt.timedelta(days=(today.date.weekday() - 5) % 7)
    if match["which"] in ("last", "past", "previous") and today.date - saturday < dt.timedelta(days=2):
        saturday -= dt.timedelta(days=7)
    return _between(saturday, saturday + dt.timedelta(days=1), "the weekend")


def _month(match: re.Match[str], today: Today) -> Period:
    month = MONTHS[match["month"]]
    if match["year"]:
        return _whole_month(dt.date(int(match["year"]), month, 1), today)
    which = match["which"] or match["which2"]
    if which in ("next", "coming", "this coming", "next year"):
        # Next March is the first that is to come; next year's has a year of its own.
        later = today.date.year + (which == "next year" or month <= today.date.month)
        return _whole_month(dt.date(later, month, 1), today)
    first = dt.date(today.date.year, month, 1) if which == "this year" else _latest(month, 1, today)
    if which == "last year" or (which == "last" and first.replace(day=1) == today.date.replace(day=1)):
        first = dt.date(today.date.year - 1, month, 1)
    return _whole_month(first, today)


def _month_ago(match: re.Match[str], today: Today) -> Period:
    """A year ago in November: the November that is nearest to this day a year ago."""
    then = today.date - relativedelta(years=_count(match["n"] or match["n2"]))
    month = MONTHS[match["month"] or match["back_month"]]
    near = min((dt.date(then.year + n, month, 1) for n in (-1, 0, 1)), key=lambda first: abs((first - then.replace(day=1)).days))
    return _whole_month(near, today)


def _month_range(match: re.Match[str], today: Today) -> Period:
    rel = match["rel"] or match["rel2"]
    if match["b_year"] or rel:
        until_year = int(match["b_year"] or 0) or today.date.year - (rel == "last")
    else:
        until_year = _latest(MONTHS[match["b_month"]], 1, today).year
    until = dt.date(until_year, MONTHS[match["b_month"]], 1)
    since_month = MONTHS[match["a_month"]]
    since_year = int(match["a_year"]) if match["a_year"] else until.year - (since_month > until.month)
    return _between(dt.date(since_year, since_month, 1), min(_month_end(until), max(today.date, until)))


_FIRST_OF = {"start": 1, "beginning": 1, "middle": 15, "mid": 15, "end": 31}
_LAST_OF = _FIRST_OF | {"start": 10, "beginning": 10}


def _stretch(match: re.Match[str], today: Today) -> Period:
    """From the middle of March to the end of April, from October last year to March this year, from 1 July to the end of September."""
    begun = today.date.replace(day=1)
    if match["b_mmonth"]:
        rel, month = match["b_rel"], MONTHS[match["b_mmonth"]]
        same = match["a_mmonth"] and match["a_of"] and not rel
        year = int(match["b_myear"] or 0) or (today.date.year - ((rel or match["a_of"]) == "last") if rel or same else 0)
        begun = dt.date(year or _latest(month, 1, today).year, month, 1)
        until = begun + relativedelta(day=_LAST_OF[match["b_part"] or "end"])
    else:
        until = _read_day(match, "b_", today)
    if match["a_mmonth"]:
        rel, month = match["a_rel"] or match["a_of"], MONTHS[match["a_mmonth"]]
        year = int(match["a_myear"] or 0) or (today.date.year - (rel == "last") if rel else until.year - (month > until.month))
        since = dt.date(year, month, 1) + relativedelta(day=_FIRST_OF[match["a_part"] or "start"])
    else:
        since = _read_day(match, "a_", today, other=until)
    return _between(since, min(until, max(today.date, begun, since)) if match["b_mmonth"] else until)


def _part_of_month(match: re.Match[str], today: Today) -> Period:
    month = MONTHS[match["month"]] if match["month"] else None
    if month is None:
        first = today.date.replace(day=1) - (relativedelta(months=1) if match["rel"] in ("last", "previous") else relativedelta())
    else:
        first = dt.date(int(match["year"]), month, 1) if match["year"] else _latest(month, 1, today)
    last, part = _month_end(first), match["part"]
    spans = {
        "first half": (1, 15), "second half": (16, 31), "early": (1, 10), "beginning": (1, 10), "start": (1, 10),
        "middle": (11, 20), "mid": (11, 20), "late": (21, 31), "end": (21, 31), "last week": (last.day - 6, 31),
        "first week": (1, 7), "second week": (8, 14), "third week": (15, 21), "first fortnight": (1, 14),
    }  # fmt: skip
    low, high = spans[part]
    return _between(first.replace(day=low), first.replace(day=min(high, last.day)))


def _half_year(match: re.Match[str], today: Today) -> Period:
    year = int(match["year"]) if match["year"] else today.date.year - (match["rel"] == "last")
    first = match["half"] in ("first", "1st") or match["h"] == "h1"
    since, until = (dt.date(year, 1, 1), dt.date(year, 6, 30)) if first else (dt.date(year, 7, 1), dt.date(year, 12, 31))
    return _between(since, min(until, max(today.date, since)))


def _edge(match: re.Match[str], today: Today) -> Period:
    """The first two weeks of October, the last day of May, the first three months of this year."""
    year = match["year"] or match["year2"]
    first = dt.date(int(year), 1, 1) if year else today.date.replace(month=1, day=1)
    if match["month"]:
        month = MONTHS[match["month"]]
        first = dt.date(int(match["year"]), month, 1) if match["year"] else _latest(month, 1, today)
        last = _month_end(first)
    elif match["of"] and match["of"].endswith("month"):
        first = today.date.replace(day=1) - relativedelta(months=match["of"].startswith(("last", "previous")))
        last = _month_end(first)
    else:
        first -= relativedelta(years=bool(match["of"]) and match["of"].startswith(("last", "previous")))
        last = first.replace(month=12, day=31)
    length = STEP[match["unit"]] * _count(match["n"] or "one")
    day = dt.timedelta(days=1)
    if match["edge"] == "first":
        return _between(first, min(first + length - day, last))
    return _between(max(last + day - length, first), min(last, max(today.date, first)))


def _weekend_of(match: re.Match[str], today: Today) -> Period:
    month = MONTHS[match["month"]]
    first = dt.date(int(match["year"]), month, 1) if match["year"] else _latest(month, 1, today)
    saturdays = [d for n in range(31) if (d := first + dt.timedelta(days=n)).month == month and d.weekday() == 5]
    saturday = saturdays[-1] if match["which"] in ("last", "final") else saturdays[ORDINALS[match["which"]] - 1]
    return _between(saturday, saturday + dt.timedelta(days=1))


def _week_of(match: re.Match[str], today: Today) -> Period:
    start = _unit_start(_read_day(match, "a_", today), "week", today)
    return _between(start, min(start + dt.timedelta(days=6), max(today.date, start)), "the week")


def _fortnight(match: re.Match[str], today: Today) -> Period:
    if match["which"] in ("next", "coming"):
        return _between(today.date, today.date + STEP["fortnight"], "in the next fortnight", open_end=True)
    until = today.date
    return _between(until - dt.timedelta(days=13), until, "the last fortnight")


def _part_of_year(match: re.Match[str], today: Today) -> Period:
    """The start of the year is January and February, its end November and December."""
    year = int(match["year"]) if match["year"] else today.date.year - (match["rel"] == "last")
    since, until = (11, 12) if match["part"] == "end" else (1, 2)
    start = dt.date(year, since, 1)
    return _between(start, min(_month_end(dt.date(year, until, 1)), max(today.date, start)))


def _quarter(match: re.Match[str], today: Today) -> Period:
    number = int(match["q"]) if match["q"] else ORDINALS[match["ordinal"] or match["ordinal2"]]
    month = number * 3 - 2
    rel = today.date.year - (match["rel"] == "last") if match["rel"] else _latest(month, 1, today).year
    year = int(match["year"]) if match["year"] else rel
    start = dt.date(year, month, 1)
    end = _month_end(start + relativedelta(months=2))
    if start <= today.date < end:
        return _between(start, today.date, f"in the quarter Q{number} {year} so far")
    return _between(start, end, f"in Q{number} {year}")


def _season_start(season: str, which: str | None, today: Today) -> dt.date:
    """The first day of the newest such season that has begun; of the one before for "last" while it runs."""
    start = _latest(SEASONS[season], 1, today)
    running = start + relativedelta(months=3) > today.date
    return start - relativedelta(years=1) if which == "last" and running else start


def _season(match: re.Match[str], today: Today) -> Period:
    month = SEASONS[match["season"]]
    rel = today.date.year - (match["rel"] == "last")
    year = int(match["year"]) if match["year"] else rel
    start = dt.date(year, month, 1)
    if not (match["year"] or match["rel"]) and start > today.date:
        start -= relativedelta(years=1)
    end = _month_end(start + relativedelta(months=2))
    if match["which"] == "last" and not match["year"] and end >= today.date:
        start -= relativedelta(years=1)
        end = _month_end(start + relativedelta(months=2))
    season = _between(start, min(end, max(today.date, start)), f"in {match['season']} {start.year}")
    return season.model_copy(update={"loose": True})


def _year(match: re.Match[str], today: Today) -> Period:
    year = int(match["year"])
    start, end = dt.date(year, 1, 1), dt.date(year, 12, 31)
    return (
        _between(start, today.date, f"in {year} so far")
        if start <= today.date < end
        else Period(since=start, until=end, label=f"in {year}")
    )


def _this_year(match: re.Match[str], today: Today) -> Period:
    if int(match["year"]) != today.date.year:
        raise _NoSuchDay
    return _year(match, today)


def _to_date(match: re.Match[str], today: Today) -> Period:
    unit = (match["unit"] or match["unit2"] or {"ytd": "year", "mtd": "month"}[match["short"]]).strip()
    return _unit_period(unit, 0, today, f"this {unit} so far")


def _tax_year(match: re.Match[str], today: Today) -> Period:
    start = _latest(4, 6, today)
    if match["which"] in ("last", "previous"):
        start = start.replace(year=start.year - 1)
        return _between(start, start.replace(year=start.year + 1, day=5), "in the last tax year")
    return _between(start, today.date, "in this tax year so far")


def _range(match: re.Match[str], today: Today) -> Period:
    if match["a_word"] in ("now", "today", "tomorrow"):
        since, until = _read_day(match, "a_", today), _read_day(match, "b_", today, ahead=True)
        return _between(since, until, open_end=True)
    until = _read_day(match, "b_", today)
    if match["week"] and match["b_weekday"]:
        until = _weekday_in(match["b_weekday"], match["week"], today)
    return _between(_read_day(match, "a_", today, other=until), until)


def _weekday_in(weekday: str, which: str, today: Today) -> dt.date:
    """A day of this week, the last or the next."""
    start = _unit_start(today.date, "week", today) + STEP["week"] * {"last": -1, "next": 1}.get(which, 0)
    return start + dt.timedelta(days=(WEEKDAYS[weekday] - start.weekday()) % 7)


def _days_of_month(match: re.Match[str], today: Today) -> Period:
    """between 3 and 17 May: the month is said once."""
    month = MONTHS[match["month"]]
    since, to = _day_number(match["from"]), _day_number(match["to"])
    until = _date(int(match["year"]), month, to) if match["year"] else _latest(month, to, today)
    if match["and"] and to != since + 1:
        # Two days that are not next to each other are no period: which of them is meant must be asked.
        raise _NoSuchDay
    return _between(_date(until.year, month, since), until)


def _since(match: re.Match[str], today: Today) -> Period:
    if match["pay"]:
        day = _named_day("payday", None, today, ahead=False)
    elif match["since_season"]:
        day = _season_start(match["since_season"], match["since_which2"], today)
    elif match["since_month"]:
        day, month = _first_of(match, today), MONTHS[match["since_month"]]
        if match["since_back"]:
            day = dt.date(today.date.year - 1, month, 1)
        if match["how"] == "after" and not match["since_part"]:
            day = _month_end(day)
        day += relativedelta(day=_PARTS.get(match["since_part"] or "", day.day))
    elif match["since_weekend"]:
        day = today.date - dt.timedelta(days=(today.date.weekday() - 5) % 7 + (match["how"] == "after") * -1)
    elif match["since_year"]:
        day = dt.date(int(match["since_year"]), 1, 1)
    elif match["since_unit"]:
        unit, end = match["since_unit"], match["since_end"]
        back = 1 if end or match["since_which"] in ("last", "previous") else 0
        day = _unit_start(today.date, unit, today) - STEP[unit] * back
        day = day + STEP[unit] - dt.timedelta(days=1) if end else day
    else:
        day = _read_day(match, "a_", today)
    if match["how"] == "after":
        day += dt.timedelta(days=1)
    return _between(day, today.date).model_copy(update={"label": f"since {shown(day)}"})


_PARTS = {"early": 1, "mid": 15, "middle of": 15, "late": 21, "end of": 31}


def _since_begun(match: re.Match[str], today: Today) -> Period:
    """Since November started, than when this month began."""
    if match["month"]:
        day = _latest(MONTHS[match["month"]], 1, today)
    else:
        day = _unit_start(today.date, match["unit"], today) - STEP[match["unit"]] * (match["which"] == "last")
    return _between(day, today.date).model_copy(update={"label": f"since {shown(day)}"})


def _since_said(match: re.Match[str], today: Today) -> Period:
    """Since the start of term, 1 September; since the spring, that is from March of this year: what the day or month says."""
    if match["since_month"]:
        day = _first_of(match, today)
        day = day.replace(year=today.date.year - 1) if match["since_back"] else day
    else:
        day = _read_day(match, "a_", today)
    return _between(day, today.date).model_copy(update={"label": f"since {shown(day)}"})


def _first_of(match: re.Match[str], today: Today) -> dt.date:
    """The first day of the month that is said, the newest such month unless its year is said too."""
    month, year = MONTHS[match["since_month"]], match["since_year2"]
    return dt.date(int(year), month, 1) if year else _latest(month, 1, today)


def _since_ago(match: re.Match[str], today: Today) -> Period:
    """Since two weeks ago, since this time last year: to the day."""
    day = today.date - (STEP[match["unit2"]] if match["unit2"] else STEP[match["unit"]] * _count(match["n"]))
    return _between(day, today.date).model_copy(update={"label": f"since {shown(day)}"})


def _same_day(match: re.Match[str], today: Today) -> Period:
    """A year ago today, the same day last month; "by this time last year" begins with that year."""
    unit, n = (match["unit2"], 1) if match["unit2"] else (match["unit"], _count(match["n"]))
    day = today.date - STEP[unit] * n
    return _between(_unit_start(day, unit, today) if match["by"] else day, day)


def _same_stage(match: re.Match[str], today: Today) -> Period:
    """The same point last month: that month from its beginning, as far as this one has come."""
    day = today.date - STEP[match["unit"]]
    return _between(_unit_start(day, match["unit"], today), day)


def _day_of_month(match: re.Match[str], today: Today) -> Period:
    """The 10th of last month."""
    first = today.date.replace(day=1) + relativedelta(months={"last": -1, "previous": -1, "next": 1}.get(match["rel"], 0))
    day = _date(first.year, first.month, _day_number(match["day"]))
    return _between(day, day, open_end=day > today.date)


def _weekday_of(match: re.Match[str], today: Today) -> Period:
    """The first Monday of October, the last Friday of this month."""
    if match["month"]:
        month = MONTHS[match["month"]]
        first = dt.date(int(match["year"]), month, 1) if match["year"] else _latest(month, 1, today)
    else:
        back = match["rel"] in ("last", "previous")
        first = today.date.replace(day=1) - relativedelta(months=back)
    if match["nth"] in ("last", "final"):
        last = _month_end(first)
        day = last - dt.timedelta(days=(last.weekday() - WEEKDAYS[match["weekday"]]) % 7)
    else:
        gap = (WEEKDAYS[match["weekday"]] - first.weekday()) % 7
        day = first + dt.timedelta(days=gap + 7 * (ORDINALS[match["nth"]] - 1))
    return _between(day, day, open_end=day > today.date)


def _weekday_of_week(match: re.Match[str], today: Today) -> Period:
    """Monday last week; a week last Tuesday; a week on Friday."""
    if match["rel"]:
        day = _weekday_in(match["weekday"], match["rel"], today)
    else:
        gap = (today.date.weekday() - WEEKDAYS[match["weekday"]]) % 7 or 7
        day = today.date + dt.timedelta(days=14 - gap) if match["ahead"] else today.date - dt.timedelta(days=gap + 7)
    return _between(day, day, open_end=day > today.date)


def _beside_day(match: re.Match[str], today: Today) -> Period:
    """The week before Christmas, the fortnight after 3 May, the week ending 10 October."""
    day, length = _read_day(match, "a_", today), STEP[match["unit"]]
    one = dt.timedelta(days=1)
    if match["side"] == "after":
        return _between(day + one, min(day + length, max(today.date, day + one)))
    end = day if match["side"].startswith("end") else day - one
    return _between(end - length + one, end)


def _weekend_at(match: re.Match[str], today: Today) -> Period:
    """The weekend of the 7th, the weekend before last, the Easter weekend."""
    if match["easter"]:
        year = match["year"]
        day = _feast("easter", int(year)) if year else _named_day("easter", None, today, ahead=False)
        return _between(day - dt.timedelta(days=2), day + dt.timedelta(days=1))
    if match["before_last"] or match["but_one"]:
        saturday = today.date - dt.timedelta(days=(today.date.weekday() - 5) % 7 + 7)
        saturday -= dt.timedelta(days=7 * (today.date.weekday() >= 5))
    else:
        day = _read_day(match, "a_", today)
        saturday = day + dt.timedelta(days=5 - day.weekday())
    return _between(saturday, saturday + dt.timedelta(days=1))


def _months_to(match: re.Match[str], today: Today) -> Period:
    """The twelve months to October, the year to the end of March."""
    month = MONTHS[match["month"]]
    last = dt.date(int(match["year"]), month, 1) if match["year"] else _latest(month, 1, today)
    length = STEP[match["unit"]] * _count(match["n"] or "one")
    return _between(last + relativedelta(months=1) - length, min(_month_end(last), max(today.date, last)))


def _running_to(match: re.Match[str], today: Today) -> Period:
    """This year up to the end of October, this month until the 20th."""
    since = _unit_start(today.date, match["unit"], today)
    if match["month"]:
        # "Up to October" may count it or not: the label says the days.
        until = _month_end(dt.date(since.year, MONTHS[match["month"]], 1))
    else:
        until = _read_day(match, "a_", today)
    if until < since:
        raise _NoSuchDay
    return _between(since, min(until, today.date))


def _month_until_now(match: re.Match[str], today: Today) -> Period:
    """March until now, this November up to today."""
    month, year = MONTHS[match["month"]], match["year"]
    return _between(dt.date(int(year), month, 1) if year else _latest(month, 1, today), today.date)


def _years(match: re.Match[str], today: Today) -> Period:
    """From 2024 to 2025."""
    since, until = dt.date(int(match["from"]), 1, 1), dt.date(int(match["to"]), 12, 31)
    return _between(since, min(until, max(today.date, since)))


def _numbered_tax_year(match: re.Match[str], today: Today) -> Period:
    start = dt.date(int(match["from"]), 4, 6)
    if not match["to"] or int(match["to"][-2:]) != (start.year + 1) % 100:
        # "The 2025 tax year" may begin or end in 2025.
        raise _NoSuchDay
    return _between(start, min(start.replace(year=start.year + 1, day=5), max(today.date, start)))


def _before_unit(match: re.Match[str], today: Today) -> Period:
    """Before 2025, before last month, before the summer."""
    if match["season"]:
        day = _season_start(match["season"], match["which2"], today)
    elif match["unit"]:
        back = STEP[match["unit"]] * (match["which"] in ("last", "previous"))
        day = _unit_start(today.date, match["unit"], today) - back
    else:
        day = dt.date(int(match["year"]), 1, 1)
    day -= dt.timedelta(days=1)
    return Period(since=None, until=min(day, today.date), label=f"up to {shown(min(day, today.date))}")


def _before_today(_: re.Match[str], today: Today) -> Period:
    yesterday = today.date - dt.timedelta(days=1)
    return Period(since=None, until=yesterday, label=f"up to {shown(yesterday)}")


def _not_one_day(_: re.Match[str], today: Today) -> Period:
    """Every Monday is many days, and when a bank holiday or a school's term was is in no calendar here: the customer is asked."""
    raise _NoSuchDay


def _onwards(match: re.Match[str], today: Today) -> Period:
    """From 3 May onwards."""
    if match["since_month"]:
        day = _first_of(match, today)
    else:
        day = _read_day(match, "a_", today)
    return _between(day, today.date).model_copy(update={"label": f"since {shown(day)}"})


# "Up to 5 November" is the one that is near: what is coming out is asked of some weeks, what was spent of the past.
AHEAD = relativedelta(months=3)


def _until(match: re.Match[str], today: Today) -> Period:
    """Ahead of today where the words allow it: what is coming out "until the 28th"."""
    if match["pay"]:
        day = _named_day("payday", None, today, ahead=True)
    elif match["end_unit"]:
        unit = match["end_unit"]
        day = _unit_start(today.date, unit, today) + STEP[unit] - dt.timedelta(days=1)
    elif match["weekend"]:
        day = today.date + dt.timedelta(days=(5 - today.date.weekday()) % 7)
    elif match["until_month"]:
        year = match["until_year"]
        day = dt.date(int(year), MONTHS[match["until_month"]], 1) if year else _latest(MONTHS[match["until_month"]], 1, today)
        if not year and day + relativedelta(years=1) <= today.date + AHEAD:
            day += relativedelta(years=1)
        day = _month_end(day) if match["until_end"] else day
    else:
        day = _read_day(match, "a_", today, ahead=True)
        if day > today.date + AHEAD:
            day = _read_day(match, "a_", today)
    if match["how"] == "before" and not match["end_unit"]:
        # "Before the end of the month" is all of it.
        day -= dt.timedelta(days=1)
    if day >= today.date:
        return Period(since=None, until=day, label=f"until {shown(day)}", open_end=True)
    return Period(since=None, until=day, label=f"up to {shown(day)}")


def _weekday_before(match: re.Match[str], today: Today) -> Period:
    """The Friday before last, last Friday but one, or the one before this: a week before the newest."""
    weekday = WEEKDAYS[match["weekday"] or match["weekday2"]]
    day = today.date - dt.timedelta(days=(today.date.weekday() - weekday) % 7 + 7)
    return _between(day, day)


def _two_days(match: re.Match[str], today: Today) -> Period:
    """The 9th or 10th: one after the other."""
    if int(match["to"]) != int(match["from"]) + 1:
        raise _NoSuchDay
    first, month = int(match["from"]), today.date if int(match["to"]) <= today.date.day else today.date - relativedelta(months=1)
    return _between(_date(month.year, month.month, first), _date(month.year, month.month, first + 1))


def _one_day(match: re.Match[str], today: Today) -> Period:
    day = _read_day(match, "a_", today)
    return _between(day, day, open_end=day > today.date)


def _vague(match: re.Match[str], today: Today) -> Period:
    """ "These past days": how many, nobody can say."""
    raise _NoSuchDay(match.group())


def _everything(_: re.Match[str], today: Today) -> Period:
    return Period(since=None, until=today.date, label="")


_BETWEEN = r"(?<!difference )between"


def _edge_pattern(p: str) -> str:
    """Where a stretch begins or ends: a day, a month, or a part of one, with the year said in any way."""
    month = (
        rf"(?:(?:the )?(?:very )?(?P<{p}part>start|beginning|middle|mid|end)(?:[ -]of)?[ -])?{_MONTH.format(p + 'm')}"
        rf"(?:,? {_YEAR.format(p + 'm')}|,?(?: of| in)? (?P<{p}rel>last|this) year)?"
    )
    return rf"(?:{_day_pattern(p)}|(?:(?P<{p}of>last|this) year(?:'s|,? in|,? from|,)? )?{month})"


_IN_MONTH = rf"\d{{1,2}}{_ORDINAL}|{_DAY_WORD}"
_MONTHS_ONLY = rf"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b"
_WEEKDAY = "|".join(WEEKDAYS)
_UNIT_CAL = r"(?P<unit>week|month|quarter|year)"
_OVER_DAYS = r"(?:in|over|during|for|since|before|after|throughout|across)"
_ALL_OF = r"(?:(?:the )?(?:whole|entire|all)(?: of)? )"
_THE = rf"(?:in |during |over |for |within |throughout |across )?{_ALL_OF}?(?:the |my )?"
# "From the beginning of this year", where no end is said.
_THE_FIRST_OF = r"(?:the )?(?:very )?(?:start|beginning) of (?:(?:the|this|last) )?(?:year |month |quarter )?(?:week|month|quarter|year|(?:19|20)\d\d)\b(?! (?:to|until|till|through|up)\b)"
_OF_YEAR, _IN_YEAR = r"(?:(?P<rel>last|this) year(?:'s|,? in|,? from|,)? )?", r"(?: of| in|,)? (?P<rel2>last|this) year"
_SO_FAR = r"(?: so far| to date| up to now)?"
# Since what, in words that a day beside them explains; nobody is paid in them and nothing happens to anybody.
_SINCE_WHAT = r"(?:(?!(?:and|or|until|till|how|what|when|at|to|from|with|in|on|i|i'm|we|it|he|she|they|you|may)\b)[a-z']+ ?)"
_THAT_IS = r"(?:,? (?:so|ie|that is|that's|meaning|namely)\b,?)"
READERS: tuple[tuple[re.Pattern[str], Reading], ...] = tuple(
    (re.compile(rf"(?<![\w.£$€])(?:{pattern})(?![\w])"), reading)
    for pattern, reading in (
        (rf"(?:{_BETWEEN}|from) (?:the )?(?P<from>{_IN_MONTH}) (?:and|to|until|till|-) (?:the )?(?P<to>{_IN_MONTH})(?: of)? {_MONTH.format('')}(?:,? {_YEAR.format('')})?(?P<and>)", _days_of_month),
        (rf"(?P<from>\d{{1,2}}){_ORDINAL} ?(?:-|–|to|(?P<and> (?:and|&) (?:the )?)) ?(?P<to>\d{{1,2}}){_ORDINAL}(?: of)? {_MONTH.format('')}(?:,? {_YEAR.format('')})?", _days_of_month),
        (rf"(?:from )?{_MONTH.format('')} (?:the )?(?P<from>\d{{1,2}}){_ORDINAL} ?(?:-|–|to|until|till) ?(?:the )?(?P<to>\d{{1,2}}){_ORDINAL}(?! ?\d| {_MONTHS_ONLY})(?:,? {_YEAR.format('')})?(?P<and>)", _days_of_month),
        (rf"(?:{_BETWEEN}|from) {_day_pattern('a_', True)} (?:and|to|until|till|through|-|–) {_day_pattern('b_', True)}(?: (?:of )?(?P<week>last|this) week)?", _range),
        (rf"{_day_pattern('a_')} ?(?:to|until|till|through|-|–) ?{_day_pattern('b_')}(?: (?:of )?(?P<week>last|this) week)?", _range),
        (rf"{_OF_YEAR}{_MONTH.format('a_')}(?: {_YEAR.format('a_')})?(?: (?:to|until|till|through) | ?[-–] ?){_MONTH.format('b_')}(?: (?:of |in )?{_YEAR.format('b_')}|{_IN_YEAR})?", _month_range),
        (rf"(?:(?P<lead>{_BETWEEN}|from) )?(?!now|today|tomorrow){_edge_pattern('a_')} (?:to|until|till|through|up to|(?(lead)(?:and|-|–)|(?!))) (?:and including )?{_edge_pattern('b_')}", _stretch),
        (rf"(?P<how>since|starting|after|from(?= {_THE_FIRST_OF}))(?: (?:about|around|roughly))?(?: the)?(?: (?:start|beginning) of)?(?: (?:the |my ))? ?(?:(?P<pay>{_PAY})|{_day_pattern('a_', True)}|(?:(?P<since_part>early|late|mid|end of|middle of)[ -])?(?:(?:last|this) )?{_MONTH.format('since_')}(?: (?:of )?(?:(?P<since_year2>(?:19|20)\d\d)|(?P<since_back>last year)))?|(?:(?P<since_which2>last|this) )?(?P<since_season>spring|summer|autumn|winter)|(?P<since_year>(?:19|20)\d\d)|(?P<since_end>end of )?(?:(?P<since_which>last|this|the|previous) )?(?P<since_unit>week|month|quarter|year)|(?:(?:last|this|past) )?(?P<since_weekend>weekend))", _since),
        (rf"(?:(?:since|from|as|at) )?(?:when )?(?<=[a-z] )(?:the )?(?:{_MONTH.format('')}|(?:(?P<which>this|last) )?(?P<unit>week|month|quarter|year)) (?:first )?(?:started|began|kicked off)", _since_begun),
        (rf"since (?:(?:(?:i|we) (?:got paid|was paid|were paid|moved(?: in| here)?|started|retired)|{_SINCE_WHAT}{{1,5}}?)(?: on (?=(?:the )?\d|{_MONTHS_ONLY} \d)|(?:,|:| \(|{_THAT_IS})\s*(?:from |since |on )?)(?:{_day_pattern('a_')})|{_SINCE_WHAT}{{1,5}}?{_THAT_IS}\s*(?:from |since )?{_MONTH.format('since_')}(?: (?:of )?(?:(?P<since_year2>(?:19|20)\d\d)|this year|(?P<since_back>last year)))?)", _since_said),
        (rf"since (?:(?:this|the same) (?:time|day) last (?P<unit2>week|month|year)|(?:about |around )?{_NUMBER} {_UNIT} ago)", _since_ago),
        (rf"from (?:the )?(?:(?:start|beginning) of )?(?:{_day_pattern('a_')}|{_MONTH.format('since_')}(?: (?P<since_year2>(?:19|20)\d\d))?)(?: (?:on|onwards?|onward|to now|(?:until|till|up to) (?:now|today)|to today|to date)|(?=\s*[?.!]*$))", _onwards),
        (rf"(?:{_day_pattern('a_')}|{_MONTH.format('since_')}(?: (?P<since_year2>(?:19|20)\d\d))?) (?:onwards?|on(?=\s*[,.?!]))", _onwards),
        (rf"(?P<how>until|till|til|before|by|up to|up until)(?! (?:now|today))(?: the)?(?: (?:(?P<pay>{_PAY})|{_day_pattern('a_', True)}|(?:(?P<until_end>(?:the )?end of )?{_MONTH.format('until_')}(?: (?P<until_year>(?:19|20)\d\d))?)|(?:the )?end of (?:the |this )?(?P<end_unit>week|month|quarter|year)|(?P<weekend>(?:this )?weekend)))", _until),
        (r"before today", _before_today),
        (rf"(?:before|prior to)(?: (?:the )?(?:start|beginning) of)? (?:{_YEAR.format('')}|(?P<which>last|previous|this|the) (?P<unit>week|month|quarter|year)|(?:(?P<which2>last|this|the) )?(?P<season>spring|summer|autumn|winter))", _before_unit),
        (r"(?:(?:to|at|by|up to) )?(?:this|the same) (?:point|stage)(?: (?:in|of))? last (?P<unit>week|month|year)", _same_stage),
        (r"(?:in )?last (?P<unit>week|month|year),? (?:at|by|up to|to) (?:this|the same) (?:point|stage|time)", _same_stage),
        (rf"(?P<by>(?:by|up to) )?(?:(?:this|the same) (?(by)(?:time|day|point)|day) last (?P<unit2>week|month|year)|{_NUMBER} {_UNIT} ago (?:today|to the day))", _same_day),
        (rf"(?:on )?the (?:(?P<day>\d{{1,2}}{_ORDINAL}(?= of)|\d{{1,2}}(?:st|nd|rd|th)|(?:{_DAY_WORD})(?= of)))(?: of)? (?P<rel>the|this|last|previous|next) month", _day_of_month),
        (rf"(?:on )?{_THE}(?P<nth>first|second|third|fourth|1st|2nd|3rd|4th|last|final) (?P<weekday>{_WEEKDAY}) (?:of|in) (?:{_MONTH.format('')}(?: {_YEAR.format('')})?|(?P<rel>the|this|last|previous) month)", _weekday_of),
        (rf"(?:on )?the (?P<from>\d{{1,2}})(?:st|nd|rd|th) (?:or|and|&) (?P<to>\d{{1,2}})(?:st|nd|rd|th)(?! (?:of )?{_MONTHS_ONLY})", _two_days),
        (rf"{_THE}(?P<which>this|last|past|previous) (?P<unit>week),? (?:from )?monday (?:to|until|till|through|-|–) sunday", _relative),
        (rf"(?:on )?(?P<weekday>{_WEEKDAY}) (?:of )?(?P<rel>this|last|next) week", _weekday_of_week),
        (rf"(?P<rel>this|last|next) week,? (?:on )?(?P<weekday>{_WEEKDAY})", _weekday_of_week),
        (rf"a week (?:last|ago (?:last|on)|(?P<ahead>on|next))(?P<rel>) (?P<weekday>{_WEEKDAY})", _weekday_of_week),
        (rf"{_THE}(?P<unit>week|fortnight|month) (?P<side>before|after|ending|ended)(?: on)? {_day_pattern('a_')}", _beside_day),
        (rf"(?:at |on )?{_THE}(?:weekend (?:of {_day_pattern('a_')}|(?P<before_last>before last))|(?P<but_one>last weekend but one)|(?P<easter>easter) (?:bank holiday )?weekend(?: {_YEAR.format('')})?)", _weekend_at),
        (rf"{_THE}(?:{_NUMBER} )?(?P<unit>month|quarter|year)s? (?:up )?(?:to|ending)(?: in)?(?: (?:the )?end of)? {_MONTH.format('')}(?: {_YEAR.format('')})?", _months_to),
        (rf"{_THE}this {_UNIT_CAL},? (?:up )?(?:to|until|till)(?: and including)? (?:(?:the )?end of )?(?:{_MONTH.format('')}(?! \d)|{_day_pattern('a_')})", _running_to),
        (rf"(?:in |from |since )?(?:this )?{_MONTH.format('')}(?: {_YEAR.format('')})? (?:up )?(?:to|until|till) (?:now|today|date)", _month_until_now),
        (r"(?:from|(?<!difference )between) (?P<from>(?:19|20)\d\d) (?:to|and|until|till|-) (?P<to>(?:19|20)\d\d)", _years),
        (r"(?:in |during |for )?(?:the )?tax year (?P<from>(?:19|20)\d\d)[/-](?P<to>(?:20)?\d\d)", _numbered_tax_year),
        (r"(?:in |during |for )?(?:the )?(?P<from>(?:19|20)\d\d)(?:[/-](?P<to>(?:20)?\d\d))? tax year", _numbered_tax_year),
        (rf"(?:every|each|(?:on|of) an?|(?:on )?a typical|(?:on )?an average) (?:{_WEEKDAY}|weekend)|(?:at )?(?:the )?(?:start|beginning|middle|end) of (?:the |last |this )?(?:spring|summer|autumn|winter)|(?:on |at )?(?:{_WEEKDAY})s|(?:at |on )?weekends|(?:the )?(?:(?:early |late )?(?:may|spring|summer|august) )?bank holiday(?: weekend| monday)?|(?:remembrance|mothering|palm) sunday|cyber monday|shrove tuesday|ash wednesday|maundy thursday", _not_one_day),
        (rf"(?:{_OVER_DAYS} )?(?:(?:the|this|last|next) )?(?:(?:autumn|spring|summer|winter|easter|christmas|school|first|second|third|last) term|half[ -]term)|{_OVER_DAYS} (?:(?:the|this|last|next) )?(?:summer|winter|easter|christmas|school) (?:holidays?|hols|break)", _not_one_day),
        (rf"{_THE}(?:rest|remainder) of (?:the |this )?{_UNIT_CAL}", _rest_of),
        (rf"{_THE}(?P<which>last|past|previous|next|coming) {_NUMBER} {_UNIT}", _rolling),
        (rf"(?:over|in|during|within|for|across) the (?P<which>last|past|next|coming) {_UNIT_CAL}(?P<n>)(?! (?:but|before))", _rolling),
        (rf"(?:the )?(?P<which>past) {_UNIT_CAL}(?P<n>)", _rolling),
        (rf"(?:for|over|across|during|throughout) the {_UNIT_CAL}(?: so far)?(?=\s*(?:$|[?.!,]|please|pls|thanks|and|or|by|at|on|from|in total))", _running),
        (rf"(?:about |around )?{_NUMBER} years? ago,? (?:in |last |during )?{_MONTH.format('')}|(?:in )?{_MONTH.format('back_')},? {_NUMBER.replace('<n>', '<n2>')} years? ago", _month_ago),
        (rf"(?:about |around )?{_NUMBER} {_UNIT} ago", _ago),
        (rf"{_THE}(?P<edge>first|last) (?:{_NUMBER} )?(?P<unit>day|week|fortnight|month)s? (?:of|in) (?:the month of )?(?:{_MONTH.format('')}(?: {_YEAR.format('')})?|(?P<of>(?:the|this|last|previous) (?:month|year))|(?:the year )?(?P<year2>(?:19|20)\d\d))", _edge),
        (rf"{_THE}(?P<which>first|second|third|fourth|last|final) weekend (?:of|in) {_MONTH.format('')}(?: {_YEAR.format('')})?", _weekend_of),
        (rf"{_THE}(?:week (?:of|commencing|beginning|starting|from)|w/c) {_day_pattern('a_')}", _week_of),
        (rf"{_THE}(?P<which>last|past|previous|next|coming) fortnight", _fortnight),
        (rf"{_THE}(?:{_UNIT_CAL} before last|last {_UNIT_CAL.replace('<unit>', '<unit2>')} but one)", _before_last),
        (rf"(?:since (?:the )?(?:new )?(?=tax year)|(?:(?:since|from) (?:the )?(?:start|beginning) of )?{_THE})(?P<which>this|last|current|past|previous|new)? ?tax year(?: so far)?", _tax_year),
        (r"(?:(?P<unit>year|month|week) to date|(?P<short>ytd|mtd)|so far this (?P<unit2>year|month|week|quarter))", _to_date),
        (rf"{_THE}(?:(?P<half>first|second|1st|2nd) half of (?:the |(?P<rel>this|last) )?(?:year ?)?|(?P<h>h[12]) ?){_YEAR.format('')}?(?<=\d|r)", _half_year),
        (rf"{_THE}(?P<part>first half|second half|early|beginning|start|middle|mid|late|end|first week|second week|third week|last week|first fortnight)(?: of|-| in)? ?(?:the |(?P<rel>this|last|previous) )?(?:{_MONTH.format('')}(?: {_YEAR.format('')})?|month)", _part_of_month),
        (rf"(?:at |in |during )?(?:the )?(?P<part>start|beginning|end) of (?:the |(?P<rel>this|last) )?(?:year ?)?{_YEAR.format('')}?(?<=\d|r)", _part_of_year),
        (rf"{_THE}(?:q(?P<q>[1-4])|(?P<ordinal>first|second|third|fourth|1st|2nd|3rd|4th) quarter|(?P<ordinal2>last|final) quarter(?= of (?:the |this |last )?(?:year|\d)))(?:(?: of)? (?:{_YEAR.format('')}|(?:the |(?P<rel>this|last) )year))?", _quarter),
        (rf"{_THE}(?:(?P<which>this|last|past|previous|the) )?weekend", _weekend),
        (rf"{_THE}(?:(?P<which>this|last|past) )?(?P<season>spring|summer|autumn|winter)(?:(?: of)? (?:{_YEAR.format('')}|(?P<rel>last|this) year))?", _season),
        (rf"{_THE}(?P<rel>last|this) year(?:'s|,? in(?: the)?)? (?P<season>spring|summer|autumn|winter)(?P<which>)(?P<year>)", _season),
        (rf"{_THE}(?P<which>this|last|past|previous|prior|current|present|next|coming) (?:calendar )?{_UNIT_CAL}{_SO_FAR}", _relative),
        (rf"{_THE}(?P<which>)(?<=the ){_UNIT_CAL} so far", _relative),
        (rf"(?:(?:for |over |in |across |throughout )?(?:the )?(?:whole|entire|full|complete)|all)(?P<which>) {_UNIT_CAL}(?: so far)?(?! (?:of|round|long|before))", _relative),
        (rf"(?:on )?(?:(?:the )?(?P<weekday>{_WEEKDAY}) (?:just |right )?before (?:last|this one|that one|that|it|then)|last (?P<weekday2>{_WEEKDAY}) but one)", _weekday_before),
        (rf"(?:on |back on )?{_day_pattern('a_')}", _one_day),
        (rf"on (?=the [a-z]){_day_pattern('a_', True)}(?=\s*(?:$|[?.!,;]|(?:and|at|for|to|from)\b))", _one_day),
        (rf"{_THE}(?:month of )?(?:(?P<which>this coming|coming|this|last|past|next) )?{_MONTH.format('')}(?<!\bi may)(?<!\bone may)(?<!\bwe may)(?<!\byou may)(?<!\bit may)(?!(?<=\bmay) (?:i|we|you|one|be)\b)(?:(?: of| in)? (?:{_YEAR.format('')}|(?P<which2>last year|this year|next year)))?{_SO_FAR}", _month),
        (rf"{_THE}(?P<which>last year|this year|next year)(?:'s|,? in)? {_MONTH.format('')}(?P<year>)(?P<which2>)", _month),
        (rf"(?:(?:in |of |during |over |for |throughout |across ){_ALL_OF}?|{_ALL_OF}|(?:the )?(?:calendar )?(?=year ))(?:(?:calendar )?year )?{_YEAR.format('')}", _year),
        (r"(?:^|(?<=\s))(?P<year>(?:19|20)\d\d)(?=\s*[?.!,:]*$|[,:]|\s+(?:total|altogether|in total|in all|all in|only|alone|please|pls|how (?:much|many|often)|what|number of)\b)", _year),
        (r"^(?P<year>20[0-4]\d)(?=[ ,:]+(?!(?:quid|pounds?|gbp|euros?|dollars?|pence|bucks|p|k)\b)\D)", _year),
        (r"(?P<year>(?:19|20)\d\d)(?=,? (?:and|or|vs|versus|against|with|than|to) (?:in )?(?:19|20)\d\d)", _year),
        (rf"(?:in |for |during )?this year,? {_YEAR.format('')}", _this_year),
        (r"(?P<year>(?:19|20)\d\d) (?:so far|to date|up to now|in full|as a whole)", _year),
        (r"(?:in |over |during |for )?(?:these|those|the) (?:past|last|recent) (?:days|weeks|months)(?! of\b)", _vague),
        (r"in all|up to now|by now|until now|till now|up until now|(?:up to|until|till|up until|up till) today|all told|altogether|all time|all-time|ever|so far|to date|overall|(?:(?:over|in|for|across|of|through) )?(?:the|my) (?:whole|entire|full|complete) (?:history|statement|record)|since (?:i|we) (?:started|opened|joined)|(?:since|from) (?:(?:the )?(?:very )?(?:beginning|start|outset)(?: of (?:time|it all|everything))?|day (?:one|1)|forever)(?= *(?:$|[,.;?!:)]| (?:on|onwards|to now|until now|please|pls|and|but|what|what's|how|without|with|less|excluding|at|to|with)\b))", _everything),
    )
)  # fmt: skip


# A message and its parts are read more than once in a turn.
@lru_cache(maxsize=256)
def find(text: str, today: Today) -> tuple[PeriodSpan, ...]:
    """Every period that a text names, in the order said; the longest reading of a place wins.

    Words alone that mean all that is held ("in all") give a period without a start, only when no other is named.
    """
    return tuple(_find(text, today))


def _find(text: str, today: Today) -> Iterator[PeriodSpan]:
    low = text.lower()
    spans: list[tuple[int, int, re.Match[str], Reading]] = []
    for pattern, reading in READERS:
        spans += [(m.start(), m.end(), m, reading) for m in pattern.finditer(low) if m.group().strip()]
    spans.sort(key=lambda s: (s[0] - s[1], s[0]))
    taken: list[tuple[int, int, re.Match[str], Reading]] = []
    for span in spans:
        if all(span[1] <= t[0] or span[0] >= t[1] for t in taken):
            taken.append(span)
    # "How much less is there now than on 1 May": that it is now says no day beside the one that is named.
    bounded = [s for s in taken if s[3] is not _everything and s[2].group() != "now"]
    # "The tax year, 6 April 25 to 5 April 26": which one it is, the days say.
    names = {t[0]: s for s in bounded if s[3] is _tax_year for t in bounded if _APART.fullmatch(low[s[1] : t[0]])}
    bounded = [s for s in bounded if s not in names.values()]
    for start, end, match, reading in sorted(bounded or taken, key=lambda s: s[0]):
        try:
            period = reading(match, today)
        except (_NoSuchDay, OverflowError):
            # OverflowError: days before or after all that a date can be.
            period = None
        yield PeriodSpan(start=names[start][0] if start in names else start, end=end, period=period)


_APART = re.compile(r"(?: before)?(?: (?:one|really|proper|actually|i mean|that is))*(?:,? (?:so |i\.e\.? )?|: | \(| - )")


def in_a_row(found: Sequence[Period]) -> Period | None:
    """The one stretch that periods make together: "August, September and October"; None where there are days between them, or some
    are in two of them."""
    ordered = sorted(found, key=lambda p: (p.since or dt.date.min, p.until))
    if any(two.since != one.until + dt.timedelta(days=1) for one, two in itertools.pairwise(ordered)):
        return None
    first, last = ordered[0], ordered[-1]
    if first is last or first.since is None:
        return first if first is last else None
    return _between(first.since, last.until, open_end=last.open_end).model_copy(update={"ends": last.ends})


def said(since: dt.date, until: dt.date) -> str:
    """Words that `find` reads as these days."""
    if since.day == 1 and until == _month_end(since):
        return f"in {format_date(since, 'MMMM y', locale='en_GB').lower()}"
    whole_year = (since.month, since.day, until.month, until.day) == (1, 1, 12, 31) and since.year == until.year
    return f"in {since.year}" if whole_year else f"from {since.isoformat()} to {until.isoformat()}"


def moved(period: Period, back: relativedelta) -> str:
    """Words for the days of a period so much earlier; of all of a month, all of that month. The period has a start."""
    if period.since is None:
        raise ValueError("a period without a start is not moved")
    since, until = period.since - back, period.until - back
    if since.day == 1 and (period.until + dt.timedelta(days=1)).day == 1:
        until += relativedelta(day=31)
    return said(since, until)


_EARLIER = re.compile(
    r"(?:(?P<lead>\b(?:than|against|versus|vs\.?|with|to|from|and|or) (?:(?:it was|that of|in|from|for) )*)(?P<ago>(?:a|one|1) (?P<unit>week|month|quarter|year) ago)"
    r"|\b(?:(?:in|from|of|for) )?(?:(?:the|a|one|1) (?P<unit2>week|month|quarter|year) (?:before|earlier|previously|prior)(?! last)(?: that)?"
    r"|the (?P<unit4>day) before(?: that)?(?=\s*(?:$|[?.!,;]|and\b|or\b|at\b|on\b))"
    r"|the (?:previous|preceding|prior) (?P<unit3>week|month|quarter|year)))\b(?! ago)"
)
_SAME_DAYS = re.compile(
    r"\b(?:(?:(?:in|over|during|for|on|by) )?(?:the |that |those )?same (?:(?:two|three|four|five|six|\d\d?) )?(?:days?|dates?|time|period|month|months|quarter|week|weeks|stretch|point|stage)(?: (?:of|in|from))?"
    r"|(?:(?<=with )|(?<=against )|(?<=than ))the same)"
    r"(?: (?:the |a |one )?(?:(?P<which>last|previous) (?P<unit>week|month|quarter|year)|(?P<unit2>week|month|quarter|year) (?:before|earlier|ago|previously))"
    rf"| (?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})| (?P<year>20\d\d))\b"
)


def leaning(text: str, today: Today, before: str = "") -> str:
    """A text with days of its own in the place of those that lean on days said before: "than the month before", "the same days
    last year". before: words for the days that were spoken of, for a text that says none itself."""

    def reference(place: int) -> Period | None:
        of_text = [s.period for s in find(text[:place], today) if s.period is not None and s.period.since is not None]
        return of_text[-1] if of_text else None

    def earlier(match: re.Match[str]) -> str:
        period, unit = reference(match.start()), match["unit"] or match["unit2"] or match["unit3"] or match["unit4"]
        if period is None:
            return match[0]
        if is_running(period, unit, today) and not match["ago"]:
            # Before this year, as far as it has come, comes all of last year.
            return f"{match['lead'] or ''} last {unit}".strip()
        return f"{match['lead'] or ''}{moved(period, STEP[unit])}"

    def same(match: re.Match[str]) -> str:
        period = reference(match.start()) or read(before, today)
        if period is None or period.since is None:
            return match[0]
        if match["month"]:
            month = MONTHS[match["month"]]
            first = _latest(month, 1, today)
            back = relativedelta(months=(period.since.year - first.year) * 12 + period.since.month - first.month)
        elif match["year"]:
            back = relativedelta(years=period.since.year - int(match["year"]))
        else:
            back = STEP[match["unit"] or match["unit2"]]
        return moved(period, back)

    def weekday(match: re.Match[str]) -> str:
        period = reference(match.start()) or read(before, today)
        if period is None or period.since is None:
            return match[0]
        back = (period.since.weekday() - WEEKDAYS[match["weekday"]]) % 7 or 7
        day = period.since - dt.timedelta(days=back)
        return f"on {day.isoformat()}"

    def year_before(match: re.Match[str]) -> str:
        spoken_of, first = reference(match.start()) or read(before, today), _latest(MONTHS[match["month"]], 1, today)
        if spoken_of is None or spoken_of.since is None or spoken_of.since.replace(day=1) != first:
            return match[0]
        return said(earlier := first - relativedelta(years=1), _month_end(earlier))

    def previous(match: re.Match[str]) -> str:
        period, month = reference(match.start()) or read(before, today), MONTHS[match["month"] or match["month2"]]
        if period is None or period.since is None:
            return match[0]
        first = dt.date(period.since.year - (period.since.month <= month), month, 1)
        return said(first, _month_end(first))

    def season(match: re.Match[str]) -> str:
        period = reference(match.start()) or read(before, today)
        if period is None or period.since is None:
            return match[0]
        first = dt.date(period.since.year, SEASONS[match["season"]], 1)
        first -= relativedelta(years=first > period.since)
        # Of days in such a season, the one of the year before is meant.
        first -= relativedelta(years=period.since < first + relativedelta(months=3))
        return said(first, _month_end(first + relativedelta(months=2)))

    text = _SEASON_BEFORE.sub(season, text.lower())
    text = _DAY_OF_YEAR.sub(lambda m: f"{m['day']} {today.date.year - (m['which'] == 'last')}", text)
    text = _of_year_before(text, today)
    text = _LAST_OF_NAME.sub(year_before, _WEEKDAY_BEFORE.sub(weekday, text))
    return _SAME_DAYS.sub(same, _PREVIOUS_MONTH.sub(previous, _EARLIER.sub(earlier, text)))


def _of_year_before(text: str, today: Today) -> str:
    """ "October the year before" is one period."""
    for span in find(text, today) if _YEAR_BEFORE.search(text) else ():
        if (beside := _YEAR_BEFORE.match(text, span.end)) and span.period is not None and span.period.since is not None:
            return f"{text[: span.start]}{moved(span.period, STEP['year'])}{text[beside.end() :]}"
    return text


# "6 April last year".
_DAY_OF_YEAR = re.compile(
    rf"\b(?P<day>\d{{1,2}}{_ORDINAL}(?: of)? {_MONTHS_ONLY}|{_MONTHS_ONLY} (?:the )?\d{{1,2}}{_ORDINAL}),?(?: of)? (?P<which>last|this) year\b"
)
_YEAR_BEFORE = re.compile(r",?\s+(?:of |in )?(?:(?:the|a|one) year (?:before|earlier)|the previous year)\b(?! last)")
# "And the Friday just before it"; "last October's" after this October's.
_WEEKDAY_BEFORE = re.compile(rf"\b(?:on )?(?:the )?(?P<weekday>{_WEEKDAY}) (?:just |right )?before (?:it|that|then|that one)\b")
_LAST_OF_NAME = re.compile(rf"\b(?:in )?last (?P<month>{_MONTHS_ONLY})(?:'s)?(?! last)")
_PREVIOUS_MONTH = re.compile(
    rf"\b(?:(?:in|of) )?the (?:(?:previous|preceding|prior) (?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b"
    rf"|(?P<month2>{_MONTHS_ONLY}) before(?: (?:that|it|then|this one|that one))?(?=\s*(?:$|[?.!,;]|(?:dearer|cheaper|more|less|better|worse|higher|lower|bigger|smaller|up|down)\b)))"
)
# "And the summer before".
_SEASON_BEFORE = re.compile(
    r"\b(?:in )?the (?:(?:previous|preceding|prior) (?=spring|summer|autumn|winter))?(?P<season>spring|summer|autumn|winter)(?: before(?: that)?(?=\s*(?:$|[?.!,;]))|(?<=previous spring)|(?<=previous summer)|(?<=previous autumn)|(?<=previous winter))"
)


_DAY_SAID = re.compile(r"^(?!last |the last |previous )(?:on |for |by )?(?P<day>(?:the )?[\w' ]+)$")


def ahead(text: str, period: Period, today: Today) -> Period:
    """The day that words such as "on Friday" or "the 3rd" mean of days that are to come, and days of a month that is near; another
    period as it is."""
    if period.until >= today.date:
        return period
    if text.lower().startswith("before ") and period.until == today.date - dt.timedelta(days=1):
        # The day that it is before is today: none of it is over.
        return _between(today.date, today.date, open_end=True)
    if period.since != period.until:
        return _next_year(text, period, today)
    said = _DAY_SAID.match(text.lower().strip())
    later = read(f"until {said['day']}", today) if said else None
    if said is None or later is None or later.until < today.date:
        return period
    on_it = text.lower().startswith("on ") or said["day"] in WEEKDAYS
    return _between(later.until, later.until, open_end=True) if on_it else later


def _next_year(text: str, period: Period, today: Today) -> Period:
    """ "The first week of December", where that is near and no year was said."""
    by_month = any(re.search(rf"\b{month}\b", text.lower()) for month in MONTHS) and not re.search(
        r"\d{4}|\blast\b|\byear\b", text.lower()
    )
    if period.since is None or not by_month:
        return period
    since = period.since + relativedelta(years=1)
    near = today.date < since <= today.date + AHEAD
    return _between(since, period.until + relativedelta(years=1), open_end=True) if near else period


_BACK = re.compile(rf"\b{_NUMBER} {_UNIT} ago\b")


def ago(text: str, today: dt.date) -> dt.date | None:
    """The one day that "a month ago" is to the day, for what was then; None where the words are other ones."""
    match = _BACK.search(text.lower())
    return today - STEP[match["unit"]] * _count(match["n"]) if match else None


def read(text: str, today: Today) -> Period | None:
    """The one period that a short text names, None when it names none that exists."""
    return next((s.period for s in find(text, today) if s.period is not None), None)
