"""By what a figure is told, and which figure a tool is to tell: words that go with the tool into a step."""

from __future__ import annotations

import re

from assistant import held
from assistant.days import LEAD_OF_PERIOD, NOW, without_now
from assistant.plan import Asked, Spans, Tool
from assistant.prices import RISE

WHICH_MONTH = re.compile(
    r"\b(?:which|what)(?: was the| were the| are the| of (?:those|these|the|them)(?: [a-z]+)?)? months?\b"
    r"|\b(?:worst|dearest|priciest|costliest|heaviest|most expensive) month\b"
)


def grouped(tool: Tool, spans: Spans, message: str, last: Asked | None) -> Spans:
    """What to group by, where the tool can use it and no "by …" was said."""
    if tool is Tool.TOP and last is not None and last.step.tool in (Tool.LARGEST, Tool.SMALLEST) and not spans.group:
        # "The top three, then": of what was asked before, single payments.
        return spans.model_copy(update={"group": "payments"})
    if tool is Tool.TOP and not spans.group and (month := WHICH_MONTH.search(message)):
        return spans.model_copy(update={"group": month.group()})
    if tool is Tool.TOP and (often := _OFTEN.search(message)):
        return spans.model_copy(update={"change": often.group()})
    if tool is Tool.SUBSCRIPTIONS and (rise := RISE.search(message)):
        return spans.model_copy(update={"change": rise.group(), "periods": without_now(spans.periods)})
    if tool is Tool.AVERAGE:
        # "What do I pay him a time now" is of no one day.
        spans = spans.model_copy(update={"periods": without_now(spans.periods)})
    if tool in (Tool.UPCOMING, Tool.STANDING_ORDERS) and (of := held.due_of(tool, message)):
        return spans.model_copy(update={"change": of, "without": ()})
    if tool is Tool.UPCOMING and _FALL.search(message):
        return spans.model_copy(update={"change": WHAT_IS_LEFT})
    if tool is Tool.AFFORD and (fall := _FALL.search(message)):
        return spans.model_copy(update={"change": fall.group()})
    if (
        tool is Tool.BALANCE
        and (_LEFT_TO_SPEND.search(message) or held.TILL_REFUSED.search(message))
        and all(p in NOW for p in without_now(spans.periods))
    ):
        return spans.model_copy(update={"change": "to spend", "periods": ()})
    if tool is Tool.BALANCE and (furthest := _FURTHEST.search(message)):
        if any(p not in NOW for p in spans.periods):
            return spans.model_copy(update={"change": furthest.group()})
        if _EVER.search(message):
            return spans.model_copy(update={"change": furthest.group(), "periods": ("in the last 12 months",)})
    if tool is Tool.EXPLAIN and (days := without_now(spans.periods)) != spans.periods:
        spans = spans.model_copy(update={"periods": days})
    if tool is Tool.EXPLAIN and spans.periods and not _HELD_AGAINST.search(message):
        # "What made it go down last month": in its days, and not from then until now.
        return spans.model_copy(update={"periods": (f"in {LEAD_OF_PERIOD.sub('', spans.periods[0])}", *spans.periods[1:])})
    if spans.group:
        return spans
    pattern = {Tool.TOP: _NOUN, Tool.DISTINCT: _NOUN, Tool.AVERAGE: _UNIT, Tool.BREAKDOWN: _UNIT}.get(tool)
    match = pattern.search(message) if pattern else None
    return spans.model_copy(update={"group": match.group()}) if match else spans


_NOUN = re.compile(
    r"\b(?:categor(?:y|ies)|areas|merchants?|shops?|stores?|places|payees?|companies|restaurants?|retailers?"
    r"|payments?|purchases?|transactions?|expenses|outgoings|things?)\b"
)
_UNIT = re.compile(
    r"\b(?:(?:per|a|an|one|each|every|average for)\s+(?:month|week|day|year)|monthly|weekly|daily|yearly)\b"
    r"|\b(?:month|week|day|year)(?= (?:average|mean)\b)|(?<=\baverage )(?:month|week|day|year)\b"
)
# Of what is to come, what it leaves: "will I be overdrawn before payday".
WHAT_IS_LEFT = "what is left"
# "Would I go overdrawn": what would happen, and not whether it would do.
_FALL = re.compile(
    r"\b(?:go(?:ing)?|be|put me|leave me|send me|take me|make me|end up|tip me|push me|(?:dip|drop|fall|slip|sink)(?:p?ing)?) (?:into |in |to )?(?:my |the |an )?(?:over)?"
    r"(?:drawn|overdraft|the red|red|(?:below|under) (?:zero|nought|nothing)|minus|short|skint|broke)\b"
)
# Over days, how far a balance went, and not what it was when they ended.
_FURTHEST = re.compile(
    r"\b(?:overdrawn|(?:in|into|use|used|touch|touched) (?:my |the |our |an )?overdraft|the red|(?:below|under) (?:zero|nought|nothing)"
    r"|(?:below|under) (?:£ ?)?\d[\d,]*|low|lowest|least|minimum|min|high|highest|most|peak|maximum|max)\b"
)
# What may still go out, the overdraft counted in.
_LEFT_TO_SPEND = re.compile(
    r"\b(?:left to spend|to spend|(?:i|we) (?:can |could )?(?:still |actually |really )?spend|can (?:i|we|a|ah) (?:still |actually |really )?(?:spend|use|go)|available|spendable|headroom"
    r"|(?:got|have|had) (?:left )?to use|(?:with|including|incl\.?|counting) (?:my |the |our )?overdraft|overdraft(?: is|'s)? (?:maxed|used up)|bounc(?:e|es|ed|ing)|(?:hit|reach) (?:my |the |our )?(?:overdraft )?limit)\b"
)
_EVER = re.compile(r"\b(?:when (?:was|did|were) (?:i|we|it|my|the|our)|last time|most recently|ever)\b")
_OFTEN = re.compile(r"\b(?:most|more) (?:often|frequently|regularly|times)\b|\bmost frequent(?:ed)?\b")
_HELD_AGAINST = re.compile(r"\b(?:than|less|lower|more|higher|compared|since|(?:down|up) on)\b")


def by_group(group: str) -> Tool:
    """What a sum is that is asked by something: "per month" is one figure."""
    return Tool.AVERAGE if _EACH_UNIT.search(group) else Tool.BREAKDOWN if group else Tool.SUM


_EACH_UNIT = re.compile(r"^(?:per|a|an|each|every) (?:day|week|month|year)$")
