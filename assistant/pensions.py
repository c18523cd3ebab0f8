"""What comes in by itself, pensions and prizes: these words tell it, whoever pays."""

from __future__ import annotations

import re

from assistant import spans as parts
from assistant.plan import DAYS_AHEAD, Spans, Step, Tool
from assistant.spans import Found, Known

# What is counted, or held against something else, is no single payment.
COUNTED = frozenset({Tool.COUNT, Tool.AVERAGE, Tool.COMPARE, Tool.LARGEST, Tool.SMALLEST, Tool.BREAKDOWN, Tool.SHARE})


def with_pension(text: str, last: Step | None) -> str:
    """ "The state one", after a question about pensions."""
    of_pensions = last is not None and any("pension" in name for name in last.spans.merchants)
    return _ONE_OF_THEM.sub(r"the \g<which> pension", text) if of_pensions else text


_ONE_OF_THEM = re.compile(r"\b(?:the|her|his|my) (?P<which>state|old age|other|second|county) one\b")


def came_in(whole: Found, text: str, label: str, last: Step | None, known: Known) -> Step | None:
    """What comes in from a pension, or from both, and what was won: whoever pays it is known by these words."""
    said = whole.spans
    named = {w for name in said.merchants for w in parts.words_of(name)}
    if said.category or label in COUNTED | _AHEAD:
        return None
    won = _PRIZES.search(text) is not None and "bonds" in known.tokens and named <= _OF_PRIZES
    if won and label not in (Tool.LAST, Tool.FIRST) and not _NEWEST.search(text):
        return Step(tool=Tool.INCOME, spans=Spans(merchants=("premium bonds",), periods=said.periods))
    if "pension" not in known.tokens or _HOW_PENSIONS_WORK.search(text):
        return None
    before = last.spans.merchants if last is not None and last.tool in (Tool.SALARY, Tool.INCOME) else ()
    of_pension = any("pension" in name for name in before)
    both = _BOTH_PENSIONS.search(text) or (of_pension and _THE_PAIR.search(text))
    if both and said.periods and named <= _OF_PENSION:
        return Step(tool=Tool.INCOME, spans=Spans(merchants=("pensions",), periods=said.periods, account=said.account))
    one = _ONE_PENSION.search(text) if _ARRIVES.search(text) or len(text.split()) <= FEW else None
    return _pension(said, one["which"] or "", named, known) if one else None


# So few words ask nothing else of what they name.
FEW = 3
_OF_PENSION = frozenset(
    {"other", "second", "county", "work", "works", "company", "occupational", "private", "council"}
    | {"pension", "pensions", "state", "old", "age", "the", "my", "two", "both"}
)
_ONE_PENSION = re.compile(r"\b(?P<which>state|old age|other|second|county|works?|company|occupational|private)? ?pension\b")
_BOTH_PENSIONS = re.compile(
    r"\b(?:(?:both|the two|my two|two)(?: of)?(?: my| the)? pensions|pensions? (?:both|together)|my pensions|the pensions|pensions)\b"
)
_ARRIVES = re.compile(
    r"\b(?:yet|in|come|came|comes|gone|went|been|paid|arrived?|landed|got|had|get|have|received?|brought|bring|due|in|total|sum)\b|\btell me\b|\bhow much\b|\bwhen\b|\blast\b"
)
_HOW_PENSIONS_WORK = re.compile(
    r"\b(?:bank holiday|weekend|can i|could i|how do i|how can i|change|move|switch|what if|happens|advice|invest|transfer)\b"
)
_PRIZES = re.compile(r"\bpremium bonds?\b|\bernie\b")
# What is asked about days to come is not when a pension came.
_AHEAD = DAYS_AHEAD | {Tool.BALANCE, Tool.POSITION}
_NEWEST = re.compile(r"\b(?:lately|recently|last|latest|newest|when)\b(?! (?:year|month|christmas))")
_OF_PRIZES = frozenset({"the", "my", "premium", "bonds", "bond", "ernie"})
_THE_PAIR = re.compile(r"\b(?:them two|the two|both|them both|two of them|the pair)\b")


def _pension(said: Spans, which: str, named: set[str], known: Known) -> Step | None:
    """One pension: that of the state, the other one, or that of whoever is named with it."""
    periods_said = tuple(p for p in said.periods if p not in parts.DAYLESS)
    spans = Spans(periods=periods_said, account=said.account)
    if named - _OF_PENSION:
        theirs = len(said.merchants) == 1 and any(w in known.tokens for w in named - _OF_PENSION)
        payer = said.merchants[0] if "pension" in named else f"{said.merchants[0]} pension"
        return Step(tool=Tool.SALARY, spans=spans.model_copy(update={"merchants": (payer,)})) if theirs else None
    of_state = tuple(dict.fromkeys(p.template for p in known.payees if {"state", "pension"} <= parts.texts_of(p)))
    if which in ("state", "old age"):
        return Step(tool=Tool.SALARY, spans=spans.model_copy(update={"merchants": ("state pension",)})) if of_state else None
    if not which:
        return None
    return Step(tool=Tool.SALARY, spans=spans.model_copy(update={"merchants": ("pension",)}), excluding=of_state)
