"""What a question of its own keeps of the one before it: whom it is about, and on which days."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import spans as parts
from assistant.days import is_one_day, reaches_today
from assistant.following import GOES_ON, IN_TOTAL, ON_TOP, merged, without_article
from assistant.plan import ABOUT_SAME, ONE_ROW, Asked, Spans, Step, Tool
from assistant.pointing import BACKWARD, NOT_SHOP, PRONOUN, THERE, of_all_spending
from assistant.spans import BESIDE, Known

EVER_BEFORE = re.compile(r"\b(?:before(?: (?:this|that|now))?|ever|in total|all in|in all|altogether|all told|so far)\b")
# The newest of all that came back, and no sum of it.
LAST_ONE = re.compile(
    r"\b(?:last|latest|newest|most recent)(?= (?:time|one|refund)\b)|\b(?:that|the) other time\b|\b(?:they|he|she|xmerchant) last\b"
)
OF_THAT = re.compile(r"\bof (?:that|it|this|those)\b")
IS_THAT = re.compile(
    r"\b(?:is|was|are|were|for|be|be for|of) (?:that|those|them|it)\b|\b(?:that|it) (?:is|was|be|been)\b|\bthat\s*[?.!]*$"
)


def same_again(last: Asked, tool: Tool, said: Spans, known: Known, text: str) -> Step:
    """Another question about the same payments."""
    before, only = last.step.spans, last.step.only
    if tool is Tool.BREAKDOWN and len(before.merchants) == 1 and PER_SHOP.fullmatch(said.group):
        # "So what per shop", of one shop: what a visit comes to.
        tool, said = Tool.AVERAGE, said.model_copy(update={"group": ""})
    told = last.step.tool in ONE_ROW and _THAT_PLACE.search(text) is not None
    if last.used and not before.merchants and (told or (not before.category and PRONOUN.search(text))):
        # Nobody was named, but the answer told of somebody.
        before, only = before.model_copy(update={"merchants": last.used[:1], "category": "", "periods": ()}), last.used
    if last.step.tool is Tool.DUPLICATES and (tool is Tool.REFUNDS or LAST_ONE.search(text) or _PREVIOUS.search(text)):
        # What was taken twice, and when, says nothing of what they ever gave back.
        before = before.model_copy(update={"amount": "", "periods": ()})
    if tool is Tool.SUBSCRIPTIONS and (said.merchants or said.category):
        # What another bill costs is of no days that were spoken of.
        before = before.model_copy(update={"periods": ()})
    if before.amount and said.periods and IN_TOTAL.search(text) and not said.amount:
        # "September in total", after how many were over a bound: all of that month.
        before = before.model_copy(update={"amount": ""})
    if last.step.tool is Tool.IDENTIFY and (said.periods or tool in (Tool.COUNT, Tool.SUM)):
        # How much that one payment was, and on which day, says nothing of the others.
        before = before.model_copy(update={"amount": "", "periods": ()})
    if tool is Tool.DISTINCT and len(before.merchants) == 1:
        # One payee is not several.
        before = before.model_copy(update={"merchants": ()})
    newest_back = tool is Tool.REFUND_STATUS and LAST_ONE.search(text) is not None
    anew = tool is Tool.LAST or newest_back or (tool is Tool.FIRST and reaches_today(before, known))
    if tool is Tool.LAST and last.step.tool in (Tool.DUPLICATES, Tool.REFUND_STATUS):
        # What they took by mistake is not what they last gave back.
        before = before.model_copy(update={"amount": ""})
    if not said.periods and anew and not _OF_THEM.search(text):
        # "When was the last one?" after "has it gone out this month?", or after a month that is over: the newest there is.
        before = before.model_copy(update={"periods": (), "amount": "" if newest_back else before.amount})
    if not said.periods and EVER_BEFORE.search(text) and (last.step.tool is Tool.IDENTIFY or is_one_day(before, known)):
        # "Have they had money off me before, how many times in total": in all the time, not on the day of one payment.
        before = before.model_copy(update={"periods": ()})
    change = said.change or (before.change if tool is last.step.tool else "")
    spans = merged(before, said).model_copy(update={"number": said.number, "group": said.group, "change": change})
    return Step(tool=tool, spans=spans, only=only, excluding=last.step.excluding)


PER_SHOP = re.compile(r"(?:per|an?|each|by) (?:shop|visit|trip)")
_PREVIOUS = re.compile(r"\bprevious (?:time|one|refund)\b")
# "The first of those": in the days that were spoken of.
_OF_THEM = re.compile(r"\b(?:of|among) (?:them|those|these)\b|\b(?:those|these) (?:payments|ones)\b")
_THAT_PLACE = re.compile(
    r"\b(?:that|this|the same) (?:place|shop|store|restaurant|pub|cafe|one|company|lot|person)\b|\b(?:them|they|their)\b"
)


def continued(tool: Tool, said: Spans, last: Asked | None, text: str) -> Spans:
    """ "And the fees on top of that": what goes on with the question before keeps its period; "coffees there" are theirs."""
    if last is None or tool not in ABOUT_SAME or last.step.tool not in GOES_ON:
        return said
    before = last.step.spans
    again = {w for name in before.merchants for w in parts.words_of(name)}
    beside = all(w in BESIDE or w in again for m in said.merchants for w in m.split())
    if before.merchants and beside and (THERE.search(text) or (said.merchants and IS_THAT.search(text))):
        ever = tool in (Tool.LAST, Tool.FIRST) and _I_LAST.search(text) is not None
        days = said.periods or (() if ever else before.periods)
        # Of several that were asked about, those that are named again.
        named = {w for m in said.merchants for w in parts.words_of(m)}
        some = tuple(m for m in before.merchants if parts.words_of(m) & named) or before.merchants
        # "In there", after somebody's cafe, is the cafe; "coffees there" are all that is theirs.
        kept = "" if said.merchants or said.category or said.without else before.category
        said = said.model_copy(
            update={"merchants": some, "category": kept, "periods": days, "without": said.without or before.without}
        )
    left_out = {without_article(name) for name in before.without}
    alone = without_article(said.category) in left_out and _ALONE.search(text) is not None
    if (
        before.merchants
        and said.category
        and not said.merchants
        and (alone or _THEIRS.search(text) or NOT_SHOP.search(text) or _THE_CAFE.search(text))
    ):
        # "At their restaurant", "the cafe alone": what of it is spent with whom was spoken of.
        without = () if NOT_SHOP.search(text) else said.without
        said = said.model_copy(
            update={"merchants": before.merchants, "periods": said.periods or before.periods, "without": without}
        )
    same = (
        bool(said.merchants)
        and not (tool is Tool.SHARE and of_all_spending(text))
        and {w for m in said.merchants for w in parts.words_of(m)} <= again
    )
    # "How much of the groceries was Tesco": of those that were just told.
    same |= tool is Tool.SHARE and bool(said.category) and parts.words_of(said.category) == parts.words_of(before.category)
    # The one time that a comparison said is that which it was held against.
    against = last.step.tool is Tool.COMPARE and len(before.periods) == 1 and not before.merchants[1:]
    if (
        not said.periods
        and not against
        and tool not in (Tool.LAST, Tool.FIRST, Tool.SUBSCRIPTIONS)
        and (same or ((said.merchants or said.category) and (ON_TOP.search(text) or _THOSE_FEES.search(text))))
    ):
        # Whoever is named again is asked about in the same days, and so are "those fees".
        said = said.model_copy(update={"periods": before.periods})
    if tool is Tool.SHARE and said.merchants and not said.category and before.category and OF_THAT.search(text):
        # "What share of that was Tesco": of the kind that was asked about, and not of everything.
        said = said.model_copy(update={"category": before.category})
    if (said.merchants or said.category) and OF_THAT.search(text) and not said.periods:
        # "How much of that was the electric": of the same days, from the same account.
        said = said.model_copy(update={"periods": before.periods, "account": said.account or before.account})
    return said


# "What does the restaurant cost me each time", after somebody who has one.
_THE_CAFE = re.compile(r"\b(?:the|that) (?:restaurant|caf[eé]|tea ?room|canteen|bakery|pharmacy|bar)\b")
_THOSE_FEES = re.compile(r"\b(?:those|these) (?:[a-z-]+ ){0,3}(?:fees|charges|costs|bits)\b")
_ALONE = re.compile(r"\b(?:alone|only|just|by itself|itself)\b")
_THEIRS = re.compile(
    r"\b(?:their|his|her)\b|\b(?:restaurant|cafe|canteen|bar|shop) there\b|\bthat (?:restaurant|cafe|canteen|bar)\b"
)
_I_LAST = re.compile(r"\b(?:i|we) (?:[a-z]+ ){0,2}last\b|\blast (?:there|time (?:i|we))\b")


def of_each_asked(step: Step, asked: Sequence[Asked]) -> tuple[Step, ...]:
    """ "And last year?" after a message that asked the same of several: of each of them."""
    first = next(n for n in range(len(asked) - 1, -1, -1) if n == 0 or not asked[n].beside)
    some = [one.step for one in asked[first:]]
    if any(one.tool is not step.tool for one in some) or some[-1].spans.merchants != step.spans.merchants:
        return (step,)
    days = {"periods": step.spans.periods}
    each = (one.model_copy(update={"spans": one.spans.model_copy(update=days)}) for one in some)
    return tuple(dict.fromkeys(each))


def is_of_all(tool: Tool, text: str) -> bool:
    """ "And what were my three largest payments in May?": one's own payments, whoever was spoken of."""
    if tool is Tool.QUIET_DAYS:
        # "No spending at all": a day without one shop is rarely asked for.
        return _AT_ALL.search(text) is not None and PRONOUN.search(text) is None
    if tool is Tool.TOP and _OVERALL.search(text) and PRONOUN.search(text) is None:
        # "The top three overall": of all that there is.
        return True
    if tool in (Tool.REFUNDS, Tool.REFUND_STATUS) and _ALL_REFUNDS.search(text):
        return PRONOUN.search(text) is None
    listed = tool in (Tool.TOP, Tool.LARGEST, Tool.SMALLEST, Tool.BREAKDOWN) and _MY_PAYMENTS.search(text) is not None
    of_all = tool in (Tool.SUM, Tool.COUNT, Tool.BREAKDOWN) and _ALL_THAT_WENT.search(text) is not None
    return (listed or of_all) and BACKWARD.search(_BEGINS.sub("", text)) is None


_OVERALL = re.compile(r"\b(?:overall|of all time|all time|altogether|in general)\b")
_ALL_REFUNDS = re.compile(
    r"\b(?:all|every|total)(?: of)? (?:my |our |the )?refunds?\b|\brefunds (?:from )?(?:overall|everywhere|everyone|everybody)\b"
)
_AT_ALL = re.compile(r"\b(?:at all|anything|nothing|whatsoever|(?:no|any|zero) spend(?:ing|s)?|spend-free)\b")
_MY_PAYMENTS = re.compile(r"\b(?:my|our) (?:[a-z]+ ){0,4}(?:payments?|purchases?|transactions?|expenses|outgoings)\b")
_ALL_THAT_WENT = re.compile(
    r"\b(?:outgoings|(?:all|overall|total) (?:my |our )?spend(?:ing)?|spend(?:ing)? overall|(?:how much|what) went out|whole (?:month|week|year))\b"
)
_BEGINS = re.compile(r"^(?:(?:and|so|ok|okay|right|then|also)\b[ ,]*)+")
