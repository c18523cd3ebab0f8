"""Months as they are written: "10/2026", "2026-10", "oct-26", "the june 26 figure", put into words that `periods` reads.

Two figures behind a month are a day of it or the year. What stands beside them says which; else the customer is asked.
"""

from __future__ import annotations

import re

from assistant.periods import MONTHS, WEEKDAYS, Today

# The full name of each, which comes first.
_NAMES = {number: name for name, number in reversed(MONTHS.items())}
_NAME = rf"(?P<name>{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
_YEAR = r"(?:19|20)\d\d"
# So many years back a year may be said by two figures: longer no bank keeps its records.
_BACK = 6


def in_full(text: str, today: Today, spoken_of: bool = False) -> str:
    """A text in `plain` form whose months have their name, and their year in four figures. spoken_of: whether months were."""
    text = _STRETCH.sub(" to ", _BOTH.sub(r"\g<name> and ", _OF_WEEKDAY.sub(r"\g<weekday> \g<n> \g<name>", text)))
    text = _IN_FIGURES.sub(lambda m: _of_figures(m, today), _NUMBERED.sub(_of_number, text))
    text = _YEAR_FIRST.sub(lambda m: _behind(m, text), text)
    text = _JOINED.sub(lambda m: _apart(m, text, today), text)
    return _short_years(text, today, spoken_of)


def either(words: str, today: Today) -> tuple[str, ...]:
    """Words for a period that are months of this year as well as days, in both ways; none where they are one of them."""
    said = list(_BARE.finditer(words))
    if not said or _AMBIGUOUS.fullmatch(words) is None or any(_year(m["n"]) != today.date.year for m in said):
        return ()
    return (
        _BARE.sub(lambda m: f"{_full(m['name'])} {_year(m['n'])}", words),
        _BARE.sub(lambda m: f"{m['n']} {_full(m['name'])}", words),
    )


def _full(name: str) -> str:
    return _NAMES[MONTHS[name]]


def _year(two: str) -> int:
    return 2000 + int(two)


def _is_year(two: str, today: Today) -> bool:
    return len(two) == 2 and today.date.year - _BACK <= _year(two) <= today.date.year


def _of_figures(match: re.Match[str], today: Today) -> str:
    """ "10/17" is the tenth of no month, "10/11" is a day."""
    month, year = int(match["month"] or match["month2"] or match["month3"]), match["year"] or match["year2"]
    if match["yy"]:
        return f"{_NAMES[month]} {_year(match['yy'])}" if int(match["yy"]) > 12 and _is_year(match["yy"], today) else match[0]
    # "2010/11" is a tax year.
    return match[0] if match["year2"] and (int(year) + 1) % 100 == month else f"{_NAMES[month]} {year}"


def _of_number(match: re.Match[str]) -> str:
    number = int(match["number"] or match["nth"])
    return f"{_NAMES[number]} {match['year']}" if number in _NAMES else match[0]


def _behind(match: re.Match[str], text: str) -> str:
    return match[0] if _ENDS_IN_MONTH.search(text[: match.start()]) else f"{match['name']} {match['year']}"


def _apart(match: re.Match[str], text: str, today: Today) -> str:
    if _ENDS_IN_DAY.search(text[: match.start()]):
        return match[0]
    if match["yy"] is None:
        return f"{match['name']} {match['year'] or match['aside']}"
    return f"{match['name']} {_year(match['yy'])}" if _is_year(match["yy"], today) else match[0]


def _short_years(text: str, today: Today, spoken_of: bool) -> str:
    said = list(_BARE.finditer(text))
    years = all(_is_year(m["n"], today) for m in said)
    by_turns = years and _are_by_turns(said, text, today)
    of_many = years and (spoken_of or _OF_MANY.search(text) is not None)

    def in_four(match: re.Match[str]) -> str:
        of_month = _is_year(match["n"], today) and (by_turns or _is_of_month(match, text, today, of_many))
        return f"{match['name']} {_year(match['n'])}" if of_month else match[0]

    return _BARE.sub(in_four, text)


def _are_by_turns(said: list[re.Match[str]], text: str, today: Today) -> bool:
    """Whether months of this year are held against each other, or named one after the other. A stretch from one to the other may
    be one of days."""
    years = {_year(m["n"]) for m in said}
    apart = len({MONTHS[m["name"]] for m in said}) == len(said) > 1 and years <= {today.date.year, today.date.year - 1}
    if not apart or today.date.year not in years or any(_ON.search(text[: m.start()]) for m in said):
        return False
    return _HELD_AGAINST.search(text) is not None or not any(
        _BEGINS.search(text[: m.start()]) or _ENDS.match(text[m.end() :]) for m in said
    )


def _is_of_month(match: re.Match[str], text: str, today: Today, of_many: bool) -> bool:
    before, after = text[: match.start()], text[match.end() :]
    if _IN_IT.search(before):
        return True
    of_all = of_many or _FOR_IT.search(before) or _OF_ALL.match(after)
    return bool(of_all) and _is_near(match, today) and not (_OF_DAY.search(before) or _ENDS.match(after))


def _is_near(match: re.Match[str], today: Today) -> bool:
    """Whether the day that was meant would be in the month that was meant."""
    month, day = MONTHS[match["name"]], int(match["n"])
    newest = today.date.year if (month, day) <= (today.date.month, today.date.day) else today.date.year - 1
    return _year(match["n"]) in (today.date.year, newest)


# "Oct/nov"; "10/2026-11/2026".
_BOTH = re.compile(rf"\b{_NAME}/(?={_NAME.replace('<name>', '<name2>')}\b)")
_STRETCH = re.compile(r"(?:(?<=/\d\d)|(?<=/\d{4})) ?- ?(?=\d{1,2}/\d\d)")
_IN_FIGURES = re.compile(
    rf"(?<![\w.,/:£$€-])(?:(?P<month>0?[1-9]|1[0-2])[/.-](?P<year>{_YEAR})|(?P<year2>{_YEAR})[/-](?P<month2>0[1-9]|1[0-2])"
    r"|(?P<month3>0?[1-9]|1[0-2])/(?P<yy>\d\d))(?![\w/%-]|[.:,]\d)"
)
# "Month 10 of 2026", "the 10th month of 2026".
_NUMBERED = re.compile(
    rf"\b(?:the )?(?:month (?:number |no\.? )?(?P<number>\d{{1,2}})|(?P<nth>\d{{1,2}})(?:st|nd|rd|th) month)"
    rf"(?: of|,| in)? (?P<year>{_YEAR})\b"
)
# "2026 October", "2026-oct"; not in "nov 2025 dec 2026".
_YEAR_FIRST = re.compile(rf"(?<![\w/£$€.-])(?P<year>{_YEAR})(?:'s)?[-/ ]{_NAME}\b(?!\.? ?'?\d|[-/]| (?:i|we|you|it)\b)")
_ENDS_IN_MONTH = re.compile(rf"\b{_NAME}[.,]? $")
# "Oct2026", "oct, 2026", "oct-26", "oct.'26"; "3 oct-17 nov" are days.
_JOINED = re.compile(
    rf"\b{_NAME}(?:\.?(?:[-/]|, ?)?(?P<year>{_YEAR})| ?\((?P<aside>{_YEAR})\)|(?:[-/]| -|\.? ?')(?P<yy>\d\d))"
    rf"(?!['/-]|\w|[.:]\d| (?:{'|'.join(MONTHS)})\b(?![-/]\d))"
)
_ENDS_IN_DAY = re.compile(r"(?<![\w/'-])\d{1,2}(?:st|nd|rd|th)?(?: of)? $")
_BARE = re.compile(
    rf"\b{_NAME}\.? ?(?P<n>\d{{1,2}})(?!\d|(?:st|nd|rd|th)\b|[/:%'-]|[.,]\d|,? (?:{_YEAR}|'\d\d)\b"
    r"| ?(?:[£€$]|[a-z]*pounds?\b|quid\b|times\b|days\b|weeks\b)| (?:and|to|or|until|till|&|-) \d|, \d)"
)
# "Monday, Oct 26".
_OF_WEEKDAY = re.compile(rf"\b(?P<weekday>{'|'.join(WEEKDAYS)}),? {_NAME}\.? (?P<n>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)")
_IN_IT = re.compile(
    r"\b(?:(?:in|during|throughout|within|across)(?: the)?(?: (?:whole|entire|full|all)(?: of)?)?(?: the)?(?: month(?: of)?)?"
    r"|(?:whole|entire|full|all)(?: of)?|month(?: of)?) $"
)
_FOR_IT = re.compile(r"\b(?:for|spen[dt](?:ing)?(?: of| for)|total(?: of| for)) $")
_OF_DAY = re.compile(r"\b(?:on|by|until|till|since|before|after|from|between|to|due for|at)(?: the)? $")
_OF_ALL = re.compile(
    r"(?:'s)? (?:(?:total|overall|whole|card|monthly) )?(?:spend|spends|spending|spendings|figures?|totals?"
    r"|outgoings|expenditure|outlay|costs?|sum|month|budget)\b"
)
# What is asked of a month rather than of a day of it.
_OF_MANY = re.compile(
    r"\b(?:totals?|altogether|overall|in all|sum|figures?|outgoings|expenditure|outlay|monthly"
    r"|(?:add|tot|tots|adds|adding|totting) up|most expensive"
    r"|biggest|largest|highest|priciest|dearest|heaviest|top|smallest|lowest|cheapest|average)\b"
)
_ON = re.compile(r"\bon(?: the)? $")
# A stretch begins, and goes on to where it ends.
_BEGINS = re.compile(r"\b(?:from|between|since) $")
_ENDS = re.compile(rf" ?(?:to|until|till|through|-) ?(?={_NAME}\b)")
_HELD_AGAINST = re.compile(
    r"\b(?:compar\w+|vs\.?|versus|against|than|differ\w*|diff|more|less|higher|lower|up|down|rise|rises|rose|risen|fall|falls|fell|fallen"
    r"|chang\w+|gone|grow|grew|grown|(?:in|de)creas\w+|drop\w*|jump\w*|dearer|cheaper|heavier|bigger|smaller|minus|gap)\b"
)
_AMBIGUOUS = re.compile(
    rf"(?:(?:from|between) )?{_NAME}\.? ?\d\d(?: (?:to|until|till|and|through|-) {_NAME.replace('<name>', '<name2>')}\.? ?\d\d)?"
)
