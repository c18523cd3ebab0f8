"""Shares: which part of which sum, where the message leaves one of them to what was asked before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import spans as parts
from assistant.following import merged
from assistant.memory import REMEMBERED, Memory, names_somebody
from assistant.plan import ABOUT_PAYMENTS, Asked, Spans, Step, Tool, names_any
from assistant.pointing import PRONOUN, of_all_spending, refers_back
from assistant.spans import Found, Known


def share_of(asked: Sequence[Asked], found: Found, text: str) -> Step | None:
    """A share of which the part is not named: what was asked before, or an account against all of them."""
    last, said = asked[-1] if asked else None, found.spans
    part = _ACCOUNT_IS_PART.search(found.masked) is not None and not _ACCOUNT_IS_WHOLE.search(found.masked)
    # Of which the account is a part, all of the customer's are the whole.
    update = {"change": said.account, "account": ""} if part else {"change": ""}
    goes_on = (
        last is not None
        and (_POINTS.search(text) or not _OF_MY_SPENDING.search(text))
        and last.step.tool in ABOUT_PAYMENTS
        and names_somebody(last)
        and (part or refers_back(text, said.model_copy(update={"account": ""})))
    )
    if goes_on and last is not None and (last.step.tool is Tool.COMPARE or _OF_ANOTHER.search(text)):
        # A difference is no part of anything, and which figure is the whole, nobody knows.
        return None
    if last is None or not goes_on:
        return Step(tool=Tool.SHARE, spans=said.model_copy(update=update)) if part else None
    before = (
        last.step.spans
        if names_somebody(Asked(step=last.step))
        else last.step.spans.model_copy(update={"merchants": last.used[:1]})
    )
    days = () if of_all_spending(text) else before.periods
    spans = merged(before.model_copy(update={"without": (), "periods": days}), said).model_copy(update=update)
    if (kind := kind_before(asked)) and not spans.category:
        spans = spans.model_copy(update={"category": kind})
    return Step(tool=Tool.SHARE, spans=spans, only=last.step.only, excluding=last.step.excluding)


_POINTS = re.compile(rf"{PRONOUN.pattern}|\b(?:is|was|are|were) (?:that|it|those)\b|\b(?:that|it) (?:is|was|made up|makes up)\b")
_OF_ANOTHER = re.compile(r"\bof the (?:first|second|other|former|latter)\b")
_ACCOUNT_IS_PART = re.compile(
    r"\b(?:was|is|were|are|went|came|goes|comes|did)\b(?: (?:from|on|out of|through))? xaccount\b|\bxaccount\s*[?.!]*$"
)
_OF_MY_SPENDING = re.compile(r"\bof (?:all )?(?:(?:my|our) )(?:[a-z]+ )?(?:spending|spend|payments|outgoings)\b")
_ACCOUNT_IS_WHOLE = re.compile(
    r"\bof (?:(?:all|everything|the|my|our|total|whole|spending|payments) )*xaccount\b"
    r"|\bof (?:all|everything|what) (?:(?:that|was|went|spent|is|goes|i|we) )*xaccount\b|\bxaccount (?:spend(?:ing)?|payments|total|outgoings)\b"
)


def whole_of_share(before: Step, tool: Tool, said: Spans, text: str) -> Step | None:
    """ "And the total for May", after a share: what the part was a part of."""
    if before.tool is not Tool.SHARE or tool is not Tool.SUM or names_any(said) or not _THE_TOTAL.fullmatch(text):
        return None
    kept = before.spans.category if before.spans.merchants else ""
    update = {"merchants": (), "category": kept, "amount": "", "change": "", "periods": said.periods or before.spans.periods}
    return Step(tool=tool, spans=before.spans.model_copy(update=update))


_THE_TOTAL = re.compile(
    r"(?:(?:and|so|ok|okay|but|then|now|what's|what (?:is|was)|how much (?:is|was))\b,? )*the (?:whole |overall |grand )?(?:total|whole|lot)"
    r"(?: (?:for|in|of|over) [a-z0-9 ]+)?[ ?.!]*"
)


def share_of_place(memory: Memory, found: Found, text: str, known: Known) -> Step | None:
    """What a part makes up of all that was paid at a place: one that is named, or the one that was spoken of."""
    said = found.spans
    named = tuple(name for name in said.merchants if parts.is_where(name, known))
    before = None if memory.lost else next((a for a in reversed(memory.asked) if _is_at_place(a, known)), None)
    if len(named) == 1 and len(said.merchants) > 1:
        spans = said.model_copy(update={"merchants": tuple(m for m in said.merchants if m not in named), "change": named[0]})
        days = before.step.spans.periods if before is not None and named[0] in before.step.spans.merchants else ()
        return Step(tool=Tool.SHARE, spans=spans.model_copy(update={"periods": said.periods or days}))
    told = memory.asked[-1].step if memory.asked and not memory.lost else None
    if told is not None and len(named) == 1 and named == said.merchants and _WAS_THAT.search(text):
        # "What share of my Rome spending was that": of who was told of just before.
        if not told.spans.merchants or named[0] in told.spans.merchants:
            return None
        of = {"change": named[0], "periods": said.periods or told.spans.periods, "number": "", "group": ""}
        return Step(tool=Tool.SHARE, spans=told.spans.model_copy(update=of), only=told.only)
    if before is None or named or said.category or said.account or _OF_MY_SPENDING.search(text) or not _OF_WHOLE.search(text):
        return None
    last = memory.asked[-1].step
    if not said.merchants and not last.only and last == before.step:
        return None
    part = last if not said.merchants else Step(tool=Tool.SHARE, spans=said)
    periods_said = {"periods": said.periods or before.step.spans.periods}
    spans = part.spans.model_copy(update={**periods_said, "change": before.step.spans.merchants[0], "number": "", "group": ""})
    return Step(tool=Tool.SHARE, spans=spans, only=part.only, excluding=part.excluding)


_WAS_THAT = re.compile(r"\b(?:is|was|were|are|did) (?:that|it|they|those|he|she)\b|\bthat (?:is|was|come to|make)\b")
_OF_WHOLE = re.compile(
    r"\bof (?:that|it|this|those|(?:the|my|our|that) (?:(?:whole|entire|full|total) )?(?:trip|holiday|break|stay|week|weekend|lot|total|thing|bill|whole thing)"
    r"|(?:all |everything |what |the |my |our )(?:[a-z]+ ){0,4}there)\b"
)


def _is_at_place(one: Asked, known: Known) -> bool:
    """Whether a question was about what was paid at one place, wherever it went there."""
    said = one.step.spans
    return len(said.merchants) == 1 and not said.category and parts.is_where(said.merchants[0], known)


def at_place_spoken_of(memory: Memory, text: str, known: Known) -> Memory:
    """ "The biggest three out there", once the fees of a trip were asked about: of the place, whatever was asked since."""
    if memory.lost or _OUT_THERE.search(text) is None:
        return memory
    place = next((a for a in reversed(memory.asked) if _is_at_place(a, known) and not a.step.only), None)
    if place is None or place is memory.asked[-1]:
        return memory
    return memory.model_copy(update={"asked": (*memory.asked, place)[-REMEMBERED:]})


_OUT_THERE = re.compile(r"\b(?:out|over|while|when i was|the whole time) there\b")


def is_part_of_last(memory: Memory) -> bool:
    """Whether what was asked last is a part of what was asked before it: somebody else in the same days."""
    if memory.lost or len(memory.asked) < 2:
        return False
    whole, part = memory.asked[-2].step, memory.asked[-1].step
    same = whole.tool is part.tool is Tool.SUM and whole.spans.periods == part.spans.periods
    return same and whole.spans.merchants != part.spans.merchants


def kind_before(asked: Sequence[Asked]) -> str:
    """ "Parking in June", "RingGo?", "and as a percentage": of the parking that was asked about just before, in the same days."""
    if len(asked) < 2:
        return ""
    whole, part = asked[-2].step, asked[-1].step
    same = whole.spans.periods == part.spans.periods and whole.spans.account == part.spans.account
    kind = whole.spans.category if same and not whole.spans.merchants else ""
    return kind if part.tool in (Tool.SUM, Tool.COUNT) and part.spans.merchants else ""
