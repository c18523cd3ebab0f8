"""One thing held against another: two that are named, or one against what was asked before."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping, Sequence

from assistant import periods
from assistant.days import as_one
from assistant.following import GOES_ON, both_of, together
from assistant.plan import ABOUT_SAME, Asked, Spans, Step, Tool, names_in, only_days
from assistant.pointing import ALL_SPENDING, BACKWARD, OWN, SHORT
from assistant.spans import MONTH_NAME

# What a comparison is marked with that says no way round.
DIFFERENCE = "difference"
# And one of which the difference is told in percent as well.
IN_PERCENT = "difference in percent"
# What asks for a difference and not which way it goes.
EITHER_WAY = re.compile(
    r"\bdifference\b|\b(?:which|where|who|who's|what)\b(?:(?!\bthan\b).)*\b(?:more|most|less|least|dearer|dearest|cheaper|cheapest|bigger|biggest|higher|lower)\b(?!.*\bthan\b)"
)
THE_TWO = re.compile(
    r"\b(?:(?:the|those|these) two(?: of (?:them|those|these|em))?|(?:the )?pair of (?:them|those|these)|both of (?:them|those|these)|them both)\b(?! [a-z]+s\b)"
)
AGAINST_IT = re.compile(r"(?:and |or )?(?:vs|versus|against|compared (?:to|with))\b")
THAN = re.compile(
    r"\b(?:more|less|higher|lower|dearer|cheaper|up|down|bigger|smaller) (?:or (?:less|down|up|cheaper|lower) )?(?:than|on)\b"
)
# "Is that more than in May": against what was asked before, whatever else the words are like.
_THAT_MORE = (
    r"(?:(?:is|was|are|were) (?:that|it|this|they) (?:any |much |a lot |gone |going )?"
    r"(?:(?:more|less|higher|lower|bigger|smaller|dearer|cheaper) than|(?:up|down)(?: or (?:up|down))? (?:on|from|against))"
    r"|how (?:does|did) (?:that|it|this) compare (?:to|with))\b"
)
MORE_THAN = re.compile(
    rf"^(?:(?:and|so|ok|okay|right|oh|hm+|well|then|but)\b[,.]? )*(?:{_THAT_MORE}|(?:any |much )?(?:more|less|higher|lower|dearer|cheaper|up|down)(?: or (?:less|lower|cheaper|dearer|down))? (?:than|on)\b)"
)
AND_MORE = re.compile(rf"[,;?]?\s+(?:and\s+)?(?={_THAT_MORE})")
TWO_SIDES = 2
# Between the names of several accounts.
TWO_ACCOUNTS = " and "


def held_against(last: Asked, said: Spans, text: str, today: periods.Today) -> Step | None:
    """ "Was Q2 more than that?": what is said now against what was asked before."""
    before = last.step.spans
    if TWO_ACCOUNTS in said.account:
        # Of two accounts each is told, and no days are held against each other.
        return None
    if said.periods == before.periods and (said.merchants or said.category):
        # "Against Aldi in the same months": the days are no other side.
        said = said.model_copy(update={"periods": ()})
    goes_on = (
        BACKWARD.search(text)
        or AGAINST_IT.match(text)
        or MORE_THAN.match(text)
        or (only_days(said) and ALL_SPENDING.search(text) is None)
    )
    if last.step.tool not in GOES_ON or not goes_on or len(said.periods) > 1 or len(said.merchants) > 1:
        return None
    if last.step.tool is Tool.COMPARE and (said.merchants or said.category):
        # Of two periods the first is the one that was asked about.
        before = before.model_copy(update={"periods": before.periods[:1]})
    if len(before.periods) > 1 and (said.merchants or said.category):
        # A comparison of two names over two periods would be read as one of the periods.
        return None
    if said.periods and not (said.merchants or said.category):
        if last.step.tool is not Tool.COMPARE:
            before = before.model_copy(update={"periods": as_one(before.periods, today), "group": ""})
        said = said.model_copy(update={"periods": (_of_like_days(said.periods[0], before.periods[:1], today),)})
        two = (
            (*before.periods[:1], *said.periods)
            if _THAN_THIS.search(text) or _FOR_COMPARISON.search(text)
            else (*said.periods, *before.periods[:1])
        )
        return Step(tool=Tool.COMPARE, spans=before.model_copy(update={"periods": two}))
    if said.merchants and before.merchants and not said.periods:
        return Step(tool=Tool.COMPARE, spans=before.model_copy(update={"merchants": (*said.merchants, *before.merchants[:1])}))
    if said.category and before.category and not said.periods:
        return Step(
            tool=Tool.COMPARE, spans=before.model_copy(update={"category": said.category, "merchants": (before.category,)})
        )
    return None


_FOR_COMPARISON = re.compile(r"\b(?:for|in|by) (?:a )?comparison\b|\bto compare\b")
_THAN_THIS = re.compile(
    r"\b(?:than|against|versus|vs|compared (?:to|with)|(?:more|less|up|down|higher|lower) on)\b(?! (?:that|it|this|then)\b)"
)


def _of_like_days(words: str, before: Sequence[str], today: periods.Today) -> str:
    """ "Than last year?" of a month: that month of last year, and not all the year."""
    period = periods.read(before[0], today) if before else None
    if period is None or period.since is None or not _LAST_YEAR.search(words):
        return words
    ends = period.ends or period.until
    if (period.until - period.since).days > periods.MONTH_DAYS or period.since.year != today.date.year:
        return words
    return periods.moved(period.model_copy(update={"until": ends}), periods.STEP["year"])


_LAST_YEAR = re.compile(r"\b(?:last|the previous) year\b")


def of_the_two(tool: Tool, said: Spans, asked: Sequence[Asked], text: str) -> Step | None:
    """ "Which of the two …", "the two of them come to …": of those who were asked about last; nobody knows of whom else."""
    both = together(asked, said, text)
    if both is None or tool not in ABOUT_SAME | {Tool.INCOME}:
        return None
    held = EITHER_WAY.search(text) is not None and len(both.spans.merchants) > 1
    return both.model_copy(update={"tool": Tool.COMPARE}) if held else both


def held_apart(asked: Sequence[Asked], said: Spans) -> Step | None:
    """The last two things asked, one against the other."""
    two_days = [one.step for one in asked[-2:]]
    if asked[-1].step.tool not in _HELD_APART:
        return None
    if len(two_days) == TWO_SIDES and _alike_but_for_days(two_days[0], two_days[1]):
        spans = two_days[1].spans.model_copy(update={"periods": (*two_days[1].spans.periods, *two_days[0].spans.periods)})
        return Step(tool=Tool.COMPARE, spans=spans, only=two_days[1].only, excluding=two_days[1].excluding)
    two = both_of(asked, "both")
    if two is None or max(len(two.spans.merchants), len(two.spans.periods)) != TWO_SIDES:
        return None
    return Step(
        tool=Tool.COMPARE, spans=two.spans.model_copy(update={"periods": said.periods or two.spans.periods}), only=two.only
    )


_HELD_APART = frozenset({Tool.SUM, Tool.COUNT, Tool.INCOME, Tool.REFUNDS})


def _alike_but_for_days(one: Step, two: Step) -> bool:
    """Whether two questions ask the same of two times, of each of which there is one."""
    dated = len(one.spans.periods) == len(two.spans.periods) == 1 and one.spans.periods != two.spans.periods
    return dated and one == two.model_copy(update={"spans": two.spans.model_copy(update={"periods": one.spans.periods})})


def is_mixed(asked: Sequence[Asked]) -> bool:
    """Whether the last two asked were of somebody and of a kind: no comparison holds these against each other."""
    both = both_of(asked, "both") if asked else None
    last = asked[-1].step.spans if asked else Spans()
    mixed = both is not None and bool(both.spans.category) and len(both.spans.merchants) == 1
    return mixed and not (last.category and last.merchants)


def names_two_only(said: Spans, text: str) -> bool:
    """Whether a few words name two and say nothing else of them: "Aldi vs Tesco, the difference"."""
    named = len(said.merchants) + bool(said.category) > 1 and not (said.periods or said.account)
    return named and len(text.split()) <= SHORT and OWN.search(text) is None and ALL_SPENDING.search(text) is None


def apart(text: str) -> str:
    """A message in which two months that are held against each other are no stretch of time: "did it rise from March to April"."""
    if COMPARES.search(text) is None or _TO_ANOTHER.search(text) or len(_FROM_TO.findall(text)) != 1:
        return text
    return _FROM_TO.sub(
        lambda two: f"{two['one']}{two['one_year'] or two['two_year'] or ''} then {two['two']}{two['two_year'] or ''}", text
    )


def two_sides(said: Spans, text: str, today: periods.Today) -> Spans | None:
    """The two months, or the two names, that a message holds against each other, however often it names them; None where it does not.

    Of two months the later comes first, unless the words say which is held against which.
    """
    if _DIFFERENCE.search(text) and len(said.merchants) == len(said.without) == 1 and not said.category:
        # "The difference, Tesco minus Aldi": the one is left out of no sum.
        said = said.model_copy(update={"merchants": (*said.merchants, *said.without), "without": ()})
    names = names_in(said)
    said_days, year = _of_one_year(said.periods)
    if COMPARES.search(text) is None or _OF_OTHERS.search(text) or said.group or said.amount or said.number:
        return None
    if len(names) == TWO_SIDES:
        # "The car insurance" is one thing.
        beside = any(" ".join(pair) in text for pair in itertools.permutations(names))
        return said if len(said.periods) < TWO_SIDES and not beside else None
    months = _months(said_days, today, year)
    if len(names) > TWO_SIDES or len(set(months.values())) != TWO_SIDES or not (names or _SPENT.search(text)):
        return None
    later, earlier = sorted(dict(zip(reversed(months.values()), reversed(months), strict=True)).items(), reverse=True)
    turned = _against_which(months, text) == later[0]
    of_year = tuple(_in_year(words, year) for words in ((earlier[1], later[1]) if turned else (later[1], earlier[1])))
    return said.model_copy(update={"periods": of_year})


def _of_one_year(said: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Months that are said without their year, and the year that is said once for both: "more in May than in June back in 2024"."""
    years = [year[1] for words in said if (year := _MERE_YEAR.fullmatch(words))]
    rest = tuple(words for words in said if not _MERE_YEAR.fullmatch(words))
    one = len(years) == 1 and len(rest) > 1 and all(_DATED.search(words) is None or years[0] in words for words in rest)
    return (rest, years[0]) if one else (tuple(said), "")


def _in_year(words: str, year: str) -> str:
    return words if not year or year in words else f"{words} {year}"


_MERE_YEAR = re.compile(r"(?:(?:in|of|for|during) )?(?:the year )?((?:19|20)\d\d)")


def _months(said: Sequence[str], today: periods.Today, year: str = "") -> dict[str, dt.date]:
    """Words -> the first day of the month that they name, in the order said; empty where any names something else. A month without
    its year is the one that is said with it. year: of all of them, where it is said once."""
    months: dict[str, dt.date] = {}
    for words in said:
        period = periods.read(_in_year(words, year), today)
        if (
            period is None
            or period.since is None
            or period.since.day != 1
            or (period.until - period.since).days >= periods.MONTH_DAYS
        ):
            return {}
        months[words] = period.since
    if year:
        return months
    dated = {first.month: first for words, first in months.items() if _DATED.search(words)}
    return {words: first if _DATED.search(words) else dated.get(first.month, first) for words, first in months.items()}


def _against_which(months: Mapping[str, dt.date], text: str) -> dt.date | None:
    """Of months in the order said, the one that the other is held against, where the words say so: what asks about one of them alone
    comes last, "March vs April: was April dearer"."""
    named = "|".join(re.escape(words) for words in sorted(months, key=len, reverse=True))
    said: list[tuple[dt.date, bool]] = []
    end = 0
    for mention in re.finditer(rf"\b(?:{named})\b", text):
        first = months[mention.group()]
        if not said or said[-1][0] != first or text[end : mention.start()].strip(" (,"):
            # "The month before (March)" is said once. "Over" may be a part of the month: "did it go over March".
            said.append((first, _AGAINST.search(text[end : mention.end()]) is not None))
        end = mention.end()
    if not said:
        return None
    last, against = said[-1]
    if len(said) > TWO_SIDES:
        return last if against else next(first for first in months.values() if first != last)
    return next((first for first, against in said if against), None)


_YEAR = r"(?: (?:19|20)\d\d)"
_FROM_TO = re.compile(
    rf"\b(?:(?:between|from) )?(?:my )?(?P<one>{MONTH_NAME})(?P<one_year>{_YEAR})? (?:to|and|until|-) (?:my )?(?P<two>{MONTH_NAME})(?P<two_year>{_YEAR})?\b"
)
# What is held against something else may be a stretch.
_TO_ANOTHER = re.compile(r"\b(?:vs|versus|against|than|compar\w+ (?:to|with))\b")
_DIFFERENCE = re.compile(r"\bdifference\b")
_DATED = re.compile(r"\d{2}")
_MORE = (
    r"(?:more|less|lower|higher|heavier|lighter|dearer|costlier|pricier|cheaper|bigger|smaller|larger|worse|better|steeper|fewer|(?:more|less) expensive"
    r"|most|least|dearest|cheapest|priciest|heaviest|highest|lowest|biggest|smallest)"
)
# What says that one of two is held against the other.
COMPARES = re.compile(
    r"\b(?:differ(?!ent)\w*|compar\w+|vs|versus|against|minus|take away|subtract\w*|measur\w*|margin|gap|exceed\w*|outspen[dt]|above|below|go(?:ne)? over|went over"
    rf"|up or down|(?:go|goes|gone|going|went|was|is|am|were|been|i'm) (?:up|down)|r[io]se|risen|rising|gr[eo]wn?|increas\w+|decreas\w+|dropp?(?:ed|ing)?|falls?|fell|fallen|dip(?:s|ped)?|shrink|shr[au]nk|climb\w*|jump\w*|swing"
    rf"|change[ds]?|{_MORE})\b"
)
_AGAINST = re.compile(
    r"\b(?:than|vs|versus|above|below|exceed\w*|outspen[dt]|against|compar\w+ (?:to|with)|comparison (?:to|with)|short of|minus|take away|go(?:ne)? over|went over|(?:up|down) on|relative to)\b[^,.;:?!]*$"
)
# What is held against each other there is no spending, or nothing is.
_OF_OTHERS = re.compile(
    r"\b(?:together|combined|added up|refund\w*|balance|incomes?|earn\w*|salary|wages?|pension|interest|saved|savings?|came in|paid me|pay me|sent me|gave me|received?|how (?:many(?! (?:pounds|quid))|often)|times|percent\w*|share|why)\b|%"
)
_SPENT = re.compile(
    rf"{ALL_SPENDING.pattern}|\b(?:expen[sd]\w*|outlays?|cheap\w*|dear\w*|pric\w+|costl?\w*|heav\w+|bills|money)\b"
)
