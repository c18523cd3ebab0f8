"""What a few words ask of the payments that were spoken of, and of nothing else: what they come to, how many, the dearest of them.

Every word of such a message says what is wanted, points back or is empty. So it has one meaning, however rare its wording is, where
a head that was taught on whole questions spreads over labels that would all mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import spans as parts
from assistant.following import both_of, merged
from assistant.kept import PER_SHOP, same_again
from assistant.memory import names_somebody
from assistant.plan import FROM_OTHERS, ONE_ROW, Asked, Spans, Step, Tool, names_any
from assistant.pointing import OWN, SHORTEST, TWO
from assistant.prices import THEY_CHARGE
from assistant.spans import BESIDE, COUNTED, Found, Known


def asked_of_them(whole: Found, asked: Sequence[Asked], known: Known, text: str) -> Step | None:
    """The step that a message means which only asks for an operation on what was spoken of; None where any word says more."""
    last, said = asked[-1], whole.spans
    before = last.step
    days = tuple(p for p in said.periods if p not in parts.DAYLESS)
    masked = whole.masked
    if PER_SHOP.fullmatch(said.group) and len(before.spans.merchants) == 1:
        # Of one shop each is a visit.
        masked, said = masked.replace(parts.PLACEHOLDERS["group"], "per visit"), said.model_copy(update={"group": ""})
    if THEY_CHARGE.search(text) or not _is_spoken_of(last) or said != Spans(periods=said.periods) or len(days) > 1:
        return None
    if not _POINTS.search(text) and (OWN.search(text) or len(text.split()) > SHORTEST):
        return None
    tool = _operation(masked, before.tool, _EMPTY | _MONTHS if _by_month(before) else _EMPTY)
    if tool is None or (tool is Tool.SUM and _SEVERAL_IN_A_ROW.search(text) and both_of(asked, text) is not None):
        # Of several that were asked about in a row all are meant.
        return None
    if _tells_it(before, tool, text):
        return before if not days else None
    if before.tool in _RANKED and not days and not _PAYMENT.search(text):
        return _of_ranked(before, tool)
    if before.tool is Tool.TOP or (len(before.spans.merchants) > 1 and tool in ONE_ROW and not _PAYMENT.search(text)):
        # The few that took most are not all there is; and of several the dearest is one of them, and no payment.
        return None
    said = said.model_copy(update={"periods": days})
    if names_any(before.spans) or before.only or before.tool in FROM_OTHERS:
        return same_again(last, tool, said, known, text)
    if OWN.search(text):
        # "When did I last pay them": somebody, whom nobody named.
        return None
    # Of all that was spent in some days, whoever an answer told of since.
    bare = merged(before.spans, said).model_copy(update={"number": "", "group": "", "change": ""})
    return before.model_copy(update={"tool": tool, "spans": bare})


def _is_spoken_of(last: Asked) -> bool:
    """Whether the payments that a question was about are known, all of them and not so many of them as were said."""
    told = last.step.tool in _TOLD and not last.step.spans.number
    return told and (names_somebody(last) or bool(last.step.spans.periods))


_ROW = ONE_ROW - {Tool.BIGGEST_DAY}
_TOLD = _ROW | {Tool.SUM, Tool.COUNT, Tool.AVERAGE, Tool.FIND, Tool.BREAKDOWN, Tool.TOP, Tool.INCOME, Tool.REFUNDS}


def _operation(masked: str, before: Tool, empty: frozenset[str]) -> Tool | None:
    """What all words of a message that are not empty ask for together; None where one of them is anything else, or two things are
    asked."""
    rest, asks = _WHEN.sub(" ", masked), set[Tool]()
    when = rest != masked
    for tool, words in _WORDS:
        said, rest = rest, words.sub(" ", rest)
        asks |= {tool} if rest != said else set()
    if any(word not in empty for word in re.findall(r"[^\s.,;:?!()-]+", rest)):
        return None
    if rows := asks & _ROW:
        return rows.pop() if len(rows) == 1 and asks <= _ROW | {Tool.SUM} else None
    if when:
        # Which day is asked of one payment that was told.
        return before if before in _ROW and asks <= {Tool.SUM} else None
    return next((tool for tool in _BY_WHAT if tool in asks and asks <= {tool, Tool.SUM}), None)


_BY_WHAT = (Tool.AVERAGE, Tool.COUNT, Tool.SUM, Tool.FIND)
_WHEN = re.compile(r"\b(?:when|(?:(?:on )?(?:which|what|the) )?(?:date|day)(?: of)?)\b")
_DEAR = r"(?:dear|prici|costli|bigg|larg|high|steep|hefti)"
# The longer first: "the most expensive" asks for one payment, and "most" alone for nothing.
_WORDS: tuple[tuple[Tool, re.Pattern[str]], ...] = (
    (Tool.LARGEST, re.compile(rf"\b(?:{_DEAR}est|most expensive|worst|(?:the )?most(?= (?:i|we)\b)|maximum|top one)\b")),
    (Tool.SMALLEST, re.compile(r"\b(?:cheapest|smallest|lowest|tiniest|least(?: expensive| costly)?|minimum)\b")),
    (
        Tool.AVERAGE,
        re.compile(
            r"\b(?:(?:on )?average|mean|typical(?:ly)?|(?<!in )(?:each|every|per|a) (?:time|go|pop|visit|trip|payment|purchase))\b"
        ),
    ),
    (Tool.COUNT, re.compile(r"\b(?:how many|how often|(?:the )?number of|count(?: of)?)\b")),
    (Tool.LAST, re.compile(r"\b(?:latest|newest|most recent|last)\b")),
    (Tool.FIRST, re.compile(r"\b(?:first|earliest|oldest)\b")),
    (Tool.FIND, re.compile(r"\b(?:list|show(?: me| us)?|one by one|line by line|individually|with (?:the )?dates)\b")),
    (
        Tool.SUM,
        re.compile(
            r"\b(?:how much|cost(?:s|ed|ing)?|totals?|totall?ed|sum|add(?:s|ed|ing)?(?: (?:it|them|those|that|all))* (?:up|together)"
            r"|com(?:e|es|ing) (?:out )?(?:to|at)|came (?:out )?(?:to|at)|amounts?(?: to)?|(?<!it )worth (?=what|how much)|make(?! (?:it|that)\b)|made|altogether|all told"
            r"|(?:all )?together|all in|in (?:all|one figure|pounds|money)|(?:the )?damage|set (?:me|us) back|price|bill|run to|ran to)\b"
        ),
    ),
)
# Words that ask for nothing beside an operation, and change nothing in it.
_AROUND = """
a about again ah all an and any are as at aye back be been but by can could dear did do does either em er for from get give given gave
go had has have her him his how i i've in is it it's its just kindly know like lot me much need now of oh ok okay on once one ones only
or out paid pay please pls right single so spent tell that that's the their them then there these they they're they've this those to us
want was we we've well were what what's which whole will with would you your
bills charges payment payments purchase purchases shops time times transaction transactions trips visit visits xperiod 1
"""
_EMPTY = BESIDE | COUNTED | {*_AROUND.split()}
_MONTHS = frozenset({"month", "months"})
_POINTS = re.compile(r"\b(?:those|these|them|they|that|it|him|her|he|she|em|the (?:lot|two|three|four|five|six|\d))\b")
_PAYMENT = re.compile(r"\b(?:payments?|purchases?|transactions?|visits?|trips?|times?|single|go|shops?|i|we)\b")


def _tells_it(before: Step, tool: Tool, text: str) -> bool:
    """Whether the answer before has it: the one payment that was told, and what it came to."""
    several = _SEVERAL.search(text) is not None
    return before.tool in ONE_ROW and (tool is before.tool or (tool is Tool.SUM and not several))


_SEVERAL = re.compile(r"\b(?:those|these|of them|all|altogether|together|totals?|sum|lot|up)\b")
_SEVERAL_IN_A_ROW = re.compile(rf"{_SEVERAL.pattern}|{TWO.pattern}")


def _by_month(before: Step) -> bool:
    return before.tool in (Tool.BREAKDOWN, Tool.TOP) and before.spans.group.endswith(("month", "monthly"))


def _of_ranked(before: Step, tool: Tool) -> Step | None:
    """ "Worst of the three", after months or kinds that were told: one of these, and no single payment in them."""
    if tool is Tool.AVERAGE and _by_month(before):
        return Step(tool=tool, spans=before.spans.model_copy(update={"group": "a month"}), only=before.only)
    if tool is Tool.LARGEST and _by_month(before):
        return before.model_copy(update={"tool": Tool.TOP, "spans": before.spans.model_copy(update={"group": "which month"})})
    if tool in (Tool.SUM, Tool.COUNT) and (before.tool is Tool.BREAKDOWN or _by_month(before)):
        return Step(tool=tool, spans=before.spans.model_copy(update={"group": "", "change": ""}), only=before.only)
    # The list has it, and says of no month without any that it was the least.
    return before if tool in (Tool.LARGEST, Tool.SMALLEST) else None


_RANKED = frozenset({Tool.BREAKDOWN, Tool.TOP})
