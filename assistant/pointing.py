"""Whether a message points at what was said before it, and whether anybody can say at whom or what."""

from __future__ import annotations

import re

from assistant import spans as parts
from assistant.memory import REMEMBERED, Memory, off_track, spoke_of_somebody
from assistant.plan import ABOUT_PAYMENTS, LISTS, ONE_ROW, Asked, Spans, Step, Tool, only_days
from assistant.prices import THE_NEW_PRICE
from assistant.router import LEANING
from assistant.spans import BESIDE, Found

# Words of a message that can be a mere follow-up.
SHORT = 9
# So few words, about nobody's own, go on with what was asked before.
SHORTEST = 7
# What was said before is meant, or goes on.
BACKWARD = re.compile(
    r"\b(?:that|it|they|them|those|these|he|she|him|her|there|the two)\b"
    r"|^(?:(?:omg|lol|haha|hmm|oh|wow|yeah|yes|no|well|um|er|ah|thanks|great|ok|okay|right)[,.! ]+)*(?:and|so|ok|okay|right)\b"
)
# Whoever says so compares all that they spend, whatever was asked before.
ALL_SPENDING = re.compile(r"\b(?:spen[dt]|spending|pay|paid|outgoings|everything|overall|my (?:money|costs|payments|bills))\b")
TWO = re.compile(r"\b(?:both|two|pair)\b")
_THERE_IS = r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )\bthere\b(?! (?:is|are|was|were|any|been))"
# Whoever or whatever was spoken of.
PRONOUN = re.compile(rf"\b(?:them|him|her|they|he|she|their)\b|{_THERE_IS}")
SOMEBODY = re.compile(r"\b(?:he|she|they|him|her|their|his|them)\b")
THERE = re.compile(_THERE_IS)
# One's own, and not what was spoken of.
OWN = re.compile(r"\b(?:my|i|we|our)\b")
# One of several that were spoken of.
THE_ONE = re.compile(
    r"^(?:and |so )*(?:in|at|on|to) which\b|\b(?:the|her|his|their|its) (?:[a-z]+ ){0,4}ones?\b|\bwhich (?:one|of (?:the|these|those|them))\b"
)
GOES_ON_ASKING = re.compile(r"^(?:and|or|but|what about|how about|what if|with|for|on)\b")
# Asked of everything that there is, these are still what was asked.
WHOLE = frozenset({Tool.DUPLICATES, Tool.REFUNDS, Tool.SUBSCRIPTIONS, Tool.PENDING})
_COUNTED = frozenset({Tool.COUNT, Tool.SUM})
_HOW_MANY_IS_IT = re.compile(
    r"(?:(?:and|an|so|ok|right|then)\b,? )*how many (?:payments?|times|visits|transfers|transactions)(?: (?:is|was|were|did|does) (?:that|it|there))?(?: (?:come to|make|in all|altogether|then))*[ ?.!]*"
)
# "Show me May and June, with the dates".
_LIST_OF_DAYS = re.compile(
    r"(?:(?:and|so|ok|right|then|well|just)\b,? )*(?:show|list|give) (?:me|us)\b(?!.*\b(?:my|our|all|everything)\b)"
)
# "What does the cafe take? Not the shop".
NOT_SHOP = re.compile(r"\bnot the (?:shop|store)\b")
# A comparison says it anyway.
BY_HOW_MUCH = re.compile(r"[ ,.;?!]*(?:\b(?:and|or) )?\bby how much(?: more| less| exactly|,? i mean(?:t)?|,? please)*[ .?!]*$")
HOW_MANY = re.compile(r"\bhow many (?:different |separate )?(?P<what>[a-z]+)\b")


def refers_back(message: str, said: Spans) -> bool:
    """Whether a message leans on the one before: it names nothing itself, and points back or is a mere fragment."""
    if said.merchants or said.account or (said.category and not BACKWARD.search(message)):
        return False
    if BACKWARD.search(message) or THE_ONE.search(message):
        return True
    message = BY_HOW_MUCH.sub("", message)
    return len(message.split()) <= SHORTEST and not OWN.search(_I_MEAN.sub("", message))


_I_MEAN = re.compile(r"\bi (?:mean|meant|said|am asking)\b")


def of_all_spending(text: str) -> bool:
    """Whether a share is asked of all that was ever spent, and not of what was just told: "what part of all my spending is that"
    goes on with its days."""
    return _ALL_MY_SPENDING.search(text) is not None and _THAT_IS.search(text) is None


_ALL_MY_SPENDING = re.compile(
    r"\b(?:all(?: of)? (?:my|our|the)|(?:my|our|the) (?:whole|entire|total|overall)) (?:card )?(?:spend(?:ing)?|spendings|payments|outgoings)\b"
)
_THAT_IS = re.compile(r"\b(?:is|was|are|were) (?:that|it|those)\b|\b(?:that|it) (?:is|was)\b|\bthat\s*[?.!]*$")


def leans_back(label: str, step: Step, found: Found, text: str) -> bool:
    """Whether a message can only be read with the one before."""
    if label in LEANING:
        return True
    return step.tool in ABOUT_PAYMENTS and not found.unknown and refers_back(text, found.spans)


def words_before(memory: Memory) -> set[str]:
    """The words of the names in the question before: whoever leans on it may say them again."""
    spans = memory.asked[-1].step.spans
    return {w for name in (*spans.merchants, spans.category) for w in parts.words_of(name)}


def about_heard(memory: Memory, label: str, said: Spans, text: str) -> Memory:
    """A memory as if what was heard in a message that was not understood had been asked, for a question that is about that:
    how it was to be told, nobody knows, but of whom."""
    step = memory.heard if memory.lost else None
    of_it = step is not None and bool(step.spans.merchants) and NOT_SHOP.search(text) is not None
    if step is None or said.merchants or (said.category and not of_it):
        return memory
    if label in LEANING and all(step.spans != one.step.spans for one in memory.asked[-1:]):
        # "And in July?" goes on with that, not with what was asked before it.
        return memory.model_copy(update={"asked": ()})
    if label not in ABOUT_PAYMENTS | {Tool.UPCOMING} or not (step.spans.merchants or step.spans.category):
        # The account that it named is what "in there" is; all its payments are nobody's question.
        return memory
    listed = len(step.spans.merchants) == 1 and bool(said.periods) and _LIST_OF_DAYS.match(text) is not None
    counted = (
        label in _COUNTED and bool(step.spans.merchants and step.spans.periods) and _HOW_MANY_IS_IT.fullmatch(text) is not None
    )
    points = of_it or listed or counted or PRONOUN.search(text) or THE_NEW_PRICE.search(text)
    if not points and (step.unread or not refers_back(text, said)):
        return memory
    if label == Tool.COMPARE and max(len(step.spans.periods), len(step.spans.merchants)) < 2:
        # Against what, was in the words that nobody understood.
        return memory
    asked = (*memory.asked, Asked(step=step.model_copy(update={"unread": ()})))[-REMEMBERED:]
    return memory.model_copy(update={"asked": asked, "lost": False, "heard": None, "open": None})


def is_of_nobody(step: Step, text: str, memory: Memory) -> bool:
    """Whether a message leans on what was said before, and nothing there says whom or what it is about."""
    if (not off_track(memory) and spoke_of_somebody(memory)) or _of_that_list(step, memory):
        return False
    return points_nowhere(step, text, off_track(memory)) or _counts_what(step, text)


_ON_THERE = re.compile(r"\b(?:on|in) there\b")
# "The dearest in May, and where did it go": that payment.
_OF_THE_ROW = re.compile(r"(?<=\w),? (?:and )?(?:where|who|what|when|how much|which)\b[^.?!;]*\b(?:it|that)\b")
# "Take the payments of May and add them up".
_PAYMENTS_THEMSELVES = re.compile(
    r"\b(?:payments|purchases|transactions|outgoings|debits)\b[^.?!;]*\b(?:them|those|they)\b(?:[^?!;]*\b(?:is|does|did|was) (?:it|that)\b)?"
)
# "Any refunds, and what do they come to".
_REFUNDS_THEMSELVES = re.compile(
    r"\brefund(?:s|ed)?\b.*(?:\bfor all of it\b|\bwhat is it\b|\b(?:do|did|would) they (?:all )?(?:come|add|amount|total|make)|\bthey (?:all )?(?:come|came|add|amount|total|make)"
    r"|\b(?:add|sum|tot|total|count|put|all of|sum of|total of|of|tally) (?:up )?(?:them|those|they)\b|\b(?:were|are|is|was) (?:they|there)\b|\bhow (?:much|many) (?:is|was|were|are) (?:it|that|they|those)\b"
    r"|\bwhat (?:is|was|does|did) (?:it|that) (?:all )?(?:come|came|add|amount|make)?)"
    # Everybody who gave some back.
    r"|\bthey(?:'ve| have)? all (?:gave|give|given|sent|send|paid|pay|refunded)\b"
)


def points_nowhere(step: Step, text: str, lost: bool) -> bool:
    """ "What have we paid them": a sum over everybody is no answer where nobody was named before.

    lost: the message before was not understood, so that "the dearest one?" is of what nobody knows.
    """
    said = step.spans
    if step.tool not in ABOUT_PAYMENTS:
        return False
    if THE_NEW_PRICE.search(text) and not (said.merchants or said.category):
        return True
    if step.tool is Tool.TOP and said.number and said.periods and PRONOUN.search(text) is None:
        # "The top three shops overall": so many are of all, whatever was not understood before.
        return False
    if lost and SOMEBODY.search(text) and not said.merchants:
        # "How much did she spend" after a refusal is about who was refused.
        return True
    if lost and step.tool is Tool.COMPARE and only_days(said) and ALL_SPENDING.search(text) is None:
        # "Up or down on last year?": all that was spent is no answer where what was asked before was not understood.
        return True
    # What a subscription costs and cost is asked of no days.
    complete = (said.periods or step.tool is Tool.SUBSCRIPTIONS) and (said.merchants or said.category or said.account)
    if lost and not complete and len(text.split()) <= SHORT and (OWN.search(text) is None or BACKWARD.search(text)):
        # "And Duke's?" after a question that was not understood: nobody knows which days are meant, or of what.
        return True
    if said.merchants or said.category:
        return False
    if lost and step.tool is Tool.COMPARE and len(said.periods) < 2 and not said.account and OWN.search(text) is None:
        # "Was last October's dearer?": than what, was in the words that nobody understood.
        return True
    if step.tool is Tool.REFUNDS and _REFUNDS_THEMSELVES.search(text):
        return False
    if said == Spans() and _DID_IT.search(text):
        # "Did it go through": of all that there is, nobody knows which.
        return True
    if step.tool is Tool.SUBSCRIPTIONS and _SUBSCRIBED.search(text):
        # "How many subscriptions have I, and what do they cost": they are these.
        return False
    if said.periods:
        # "In May, the dearest on there": in those days.
        text = _PAYMENTS_THEMSELVES.sub("", _ON_THERE.sub("", text))
        text = _OF_THE_ROW.sub("", text) if step.tool in ONE_ROW else text
    return PRONOUN.search(text) is not None or (lost and not said.account and OWN.search(text) is None)


_SUBSCRIBED = re.compile(r"\b(?:subs|subscriptions|memberships)\b.*\b(?:they|them|these|those)\b")
_DID_IT = re.compile(r"\b(?:did|has|have|is|was|does|will) (?:it|that|this)\b")


def _counts_what(step: Step, text: str) -> bool:
    """ "How many journeys": whose, where nobody was named, nobody knows; every payment is no journey."""
    said = HOW_MANY.search(text)
    named = step.spans.merchants or step.spans.category
    if step.tool not in (Tool.COUNT, Tool.SUM) or named:
        return False
    return (said is not None and said["what"] in BESIDE - _PAYMENTS) or _WENT_THERE.search(text) is not None


_WENT_THERE = re.compile(
    r"\bhow (?:often|many times) (?:did|have|had|has) (?:i|we|he|she|they) (?:go|gone|been|visit(?:ed)?)[ ?.!]*$"
)
_PAYMENTS = frozenset(
    {"payment", "payments", "purchase", "purchases", "transfer", "transfers", "refund", "refunds", "thing", "things"}
)


def _of_that_list(step: Step, memory: Memory) -> bool:
    """Whether "which of them" is of a list that was just told."""
    return step.tool in LISTS and not memory.lost and any(one.step.tool is step.tool for one in memory.asked[-1:])
