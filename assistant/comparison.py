"""One thing held against another: two that are named, or one against what was asked before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import periods
from assistant.days import as_one
from assistant.following import GOES_ON, both_of, together
from assistant.plan import ABOUT_SAME, Asked, Spans, Step, Tool, only_days
from assistant.pointing import ALL_SPENDING, BACKWARD, OWN, SHORT

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
    r"(?:(?:is|was) (?:that|it|this) (?:any |much |a lot )?(?:more|less|higher|lower|bigger) than"
    r"|how (?:does|did) (?:that|it|this) compare (?:to|with))\b"
)
MORE_THAN = re.compile(
    rf"^(?:and |so )?(?:{_THAT_MORE}|(?:any |much )?(?:more|less|higher|lower|dearer|cheaper|up|down)(?: or (?:less|lower|cheaper|dearer|down))? (?:than|on)\b)"
)
AND_MORE = re.compile(rf"[,;?]?\s+(?:and\s+)?(?={_THAT_MORE})")
TWO_SIDES = 2


def held_against(last: Asked, said: Spans, text: str, today: periods.Today) -> Step | None:
    """ "Was Q2 more than that?": what is said now against what was asked before."""
    before = last.step.spans
    if said.periods == before.periods and (said.merchants or said.category):
        # "Against Aldi in the same months": the days are no other side.
        said = said.model_copy(update={"periods": ()})
    goes_on = BACKWARD.search(text) or AGAINST_IT.match(text) or (only_days(said) and ALL_SPENDING.search(text) is None)
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
