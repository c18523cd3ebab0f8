"""Which way money went: paid by the customer, come in from somebody, or come back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from assistant import referring
from assistant.memory import Memory, names_somebody
from assistant.plan import ABOUT_SAME, CAME_BACK, CAME_IN, WENT_OUT, Asked, Spans, Step, Tool
from assistant.pointing import BACKWARD, OWN
from assistant.spans import Found, Known

# What can be told of either way; of what came, a sum and a number are told by a tool of their own.
TOLD_OF_BOTH = frozenset(
    {Tool.SUM, Tool.COUNT, Tool.AVERAGE, Tool.LARGEST, Tool.SMALLEST, Tool.FIRST, Tool.LAST, Tool.TOP, Tool.FIND, Tool.COMPARE}
)
ADDED_TOGETHER = frozenset({Tool.SUM, Tool.COUNT})
_THEY_HAD = r"\b(?:have|has|had|did|xmerchant|he|she|they)(?:'s|'ve)?(?: (?:he|she|they|xmerchant))? (?:had|got|get|have|received|taken|took) (?:[a-z]+ ){0,2}(?:from|off|out of) (?:me|us)\b"
HAD_FROM_ME = re.compile(_THEY_HAD)
_PAID = r"(?: have|'ve| has|'s| had| did)?(?: (?:ever|last|already|actually|only))? (?:pa(?:y|id)|sen[dt]|g[ai]ven?|gave|transfer(?:red)?|hand(?:ed)?|len[dt]|slip(?:ped)?)"
# What somebody paid the customer. xmerchant: a name, in a text without its names.
PAID_TO_ME = re.compile(rf"\b(?:xmerchant|he|she|they){_PAID} (?:me|us)\b(?! (?:[a-z]+ )?back\b)")
HOW_MUCH_OR_MANY = re.compile(r"\bhow (?P<how>much|many)\b")


def way_of(step: Step) -> str:
    """Whether a step is of money that came in, or back; "" where it is of what was paid."""
    return _WAYS.get(step.tool) or (step.spans.change if step.spans.change in (CAME_IN, CAME_BACK) else "")


# Whose answers are of what came in, or back.
_WAYS = {Tool.INCOME: CAME_IN, Tool.SALARY: CAME_IN, Tool.REFUNDS: CAME_BACK, Tool.REFUND_STATUS: CAME_BACK}


def _of_that_way(step: Step, asked: Sequence[Asked], text: str) -> Step:
    """A step that goes on with one about money that came in, or back: it is of that as well, unless it says what was paid."""
    said, last = step.spans, asked[-1].step
    way = way_of(last) or (CAME_IN if PAID_TO_ME.search(text) else "")
    spoken_of = takewhile(lambda one: one is asked[-1] or way_of(one.step) == way, reversed(asked))
    named = {name for one in spoken_of for name in (*one.step.spans.merchants, one.step.spans.category)}
    some = {*said.merchants, said.category} <= {*named, ""} or (not named - {""} and _OF_ANY.search(text) is not None)
    turned = said.change == WENT_OUT and PAID_TO_ME.search(text) is None
    if not way or turned or step.tool not in TOLD_OF_BOTH | {Tool.INCOME} or not some:
        return step
    if said.account not in ("", last.spans.account):
        # What was moved into an account is not what it earned.
        return step
    if _PAID_BY_ME.search(text) or (way == CAME_BACK and _I_DID.search(text) and not _I_GOT.search(text)):
        if step.tool is Tool.INCOME:
            return step
        return (
            step.model_copy(update={"spans": said.model_copy(update={"change": WENT_OUT})})
            if step.tool in ADDED_TOGETHER
            else step
        )
    if way == CAME_IN and _LAST_TIME.search(text) and PAID_TO_ME.search(text):
        return step.model_copy(update={"tool": Tool.LAST, "spans": said.model_copy(update={"change": way, "periods": ()})})
    if step.tool in ADDED_TOGETHER or (step.tool is Tool.FIND and HOW_MUCH_OR_MANY.search(text) and not _WITH_DAYS.search(text)):
        tool = Tool.REFUNDS if way == CAME_BACK else Tool.INCOME
        return step.model_copy(update={"tool": tool, "spans": said.model_copy(update={"change": ""})})
    return step if step.tool is Tool.INCOME else step.model_copy(update={"spans": said.model_copy(update={"change": way})})


# What the customer paid, whatever came before.
_PAID_BY_ME = re.compile(
    rf"{_THEY_HAD}|\b(?:spen[dt]|spending|paid out|gone out|went out|bought|buy|outgoings|costs?|order(?:s|ed)?|purchases?)\b|\b(?:an?|each|every|per) (?:debit|charge|bill|visit|shop|trip)\b|\b(?:i|we){_PAID}\b|\bto (?:him|her|them)\b"
)
# "How many from Boots", of what came from anybody.
_OF_ANY = re.compile(r"\bfrom (?!me\b|us\b)|\bof (?:them|those|these)\b")
# "What I left there in spring" is no refund, "what did I get back" is one.
_I_DID, _I_GOT = re.compile(r"\b(?:i|we)\b"), re.compile(r"\b(?:get|gets|got|had|receiv\w*|back|refund\w*|returned)\b")
_LAST_TIME = re.compile(r"\b(?:last|latest|most recent) (?:time|payment|one)\b|\bwhen\b.*\blast\b")
_WITH_DAYS = re.compile(r"\b(?:when|dates?|days?|list|show|each)\b")


def the_same_way(step: Step, asked: Sequence[Asked], known: Known, text: str) -> Step:
    """A step that goes on with money that came in is of that; one that turns the other way is of all that moved between the two."""
    last = asked[-1]
    goes_on = names_somebody(last) or BACKWARD.search(text) or not OWN.search(text)
    turned = _of_that_way(step, asked, text) if goes_on else step
    if turned.only and turned.only == last.step.only and way_of(turned) != way_of(last.step):
        # "For the dinners" chose of what was paid; what came back has other words beside the name.
        return turned.model_copy(update={"only": tuple(p.template for p in referring.everything_of(last, known))})
    return turned


def about_pay(before: Step, tool: Tool, said: Spans, text: str) -> bool:
    """ "What was October's against August's" after a question about pay is about pay, of which no tool says that."""
    named = said.merchants or said.category or OWN.search(text)
    told = tool in TOLD_OF_BOTH and (tool is not Tool.TOP or before.spans.merchants) and before.tool is not Tool.SALARY
    pay = way_of(before) == CAME_IN and tool in _OUTWARD and not told
    return pay and not named and not _PAID_OUT.search(text)


_OUTWARD = (ABOUT_SAME - {Tool.LAST, Tool.FIND}) | {Tool.COMPARE}
_PAID_OUT = re.compile(r"\b(?:spen[dt]|paid out|gone out|went out|bought|outgoings|cost)\b")


def in_and_out(found: Found, text: str, memory: Memory) -> tuple[Step, ...]:
    """What came in, and what went out, where the one is held against the other: no tool holds them together."""
    said = found.spans
    if (ways := _BOTH_WAYS.search(found.masked)) and not (found.unknown or found.bad_period or found.each):
        # "What I paid her against what she paid me".
        spoken_of = memory.asked[-1].step.spans.merchants if memory.asked and not memory.lost else ()
        said = said.model_copy(update={"merchants": said.merchants or spoken_of})
        # What it was for, no payment that comes in says.
        bare = said.model_copy(update={"category": ""})
        unread = (said.category,) if said.category else ()
        there, back = Step(tool=Tool.SUM, spans=bare, unread=unread), Step(tool=Tool.INCOME, spans=bare, unread=unread)
        in_order = (there, back) if ways["there"] else (back, there)
        return in_order if said.merchants else ()
    against = _SPENT_OR_EARNED.search(text)
    strange = any(not word.startswith("earn") for word in found.unknown)
    if against is None or strange or found.bad_period or said.merchants or said.category or len(said.periods) > 1:
        return ()
    last = memory.asked[-1].step.spans.periods if memory.asked else ()
    spans = Spans(periods=said.periods or last[:1] or ("this month",), account=said.account)
    both = Step(tool=Tool.SUM, spans=spans), Step(tool=Tool.INCOME, spans=spans)
    return both if against["out"] else both[::-1]


_GAVE = r"(?: have|'ve| has|'s| had)? (?:pa(?:y|id|ys)|s[ea]n[dt]s?|g[ai]ven?|transfer(?:red|s)?)"
_I_GAVE = rf"\b(?:i|we){_GAVE}(?: (?:to )?(?:her|him|them|xmerchant))?\b"
_SET_AGAINST = r"\b(?:vs?\.?|versus|against|compared (?:to|with)|set against|minus|less)\b"
_EACH_WAY = rf"(?:{_SET_AGAINST}|,? and (?=what\b|how much\b))"
_GAVE_ME = (
    rf"\b(?:(?:he|she|they|xmerchant){_GAVE}(?: (?:me|us))?(?: back)?"
    r"|what(?:'s| is| has)? (?:come|came|been (?:paid|sent))(?: back| in)? from (?:her|him|them|xmerchant))\b"
)
_BOTH_WAYS = re.compile(rf"(?P<there>{_I_GAVE}).*{_EACH_WAY}.*{_GAVE_ME}|{_GAVE_ME}.*{_EACH_WAY}.*{_I_GAVE}")
_SPENT_OR_EARNED = re.compile(
    r"\b(?P<out>spen(?:d|ding|t)|go(?:es|ing)? out|went out)\b.*\b(?:more|less) than\b.*\b(?:earn(?:ed|ing|s)?|came in|com(?:es|ing) in|make|made|my (?:pay|income|salary|wages?))\b"
    r"|\b(?:earn(?:ed|ing|s)?|came in|com(?:es|ing) in|ma(?:ke|king|de))\b.*\b(?:more|less) than\b.*\b(?:spen(?:d|ding|t)|go(?:es|ing)? out|went out)\b"
)
