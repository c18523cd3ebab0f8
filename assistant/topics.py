"""Questions to the bank's pages: what is one, and what it is about."""

from __future__ import annotations

import re

from assistant import spans as parts
from assistant.following import LONGEST_TOPIC
from assistant.leftover import FILLERS
from assistant.memory import Memory
from assistant.plan import ABOUT_TERMS, MANDATES, READ_WHOLE, Asked, Tool
from assistant.pointing import BACKWARD, GOES_ON_ASKING, OWN, SHORT
from assistant.spans import Found

# So few words may ask of nothing at all.
FEWEST = 4


def of_pages(label: str, sure: float, whole: Found, memory: Memory, text: str, floor: float) -> tuple[str, float]:
    """The label, and how sure it is, where what sounds like one's own cards or payments may ask for what holds for everybody.

    floor: from where on a plan is believed.
    """
    named = whole.spans.merchants or whole.spans.category
    # "When do I have to cancel a direct debit by": when, the rules say.
    obliged = label in READ_WHOLE | MANDATES | {Tool.UPCOMING} and _OBLIGED.search(text) is not None
    if obliged or (not named and _is_about_terms(label, memory, text)):
        label = Tool.ARTICLE
    what_happens = label in READ_WHOLE | MANDATES | {Tool.UPCOMING} and _WHAT_HAPPENS.match(text)
    if what_happens or _YOU_CHARGE.search(text):
        label, sure = Tool.ARTICLE, max(sure, floor)
    return label, sure


_OBLIGED = re.compile(
    r"\b(?:when|how (?:late|soon|early|long before)) (?:do|must|should) (?:i|you|we) (?:have to|need to|got to|cancel|tell|stop)\b"
)
_WHAT_HAPPENS = re.compile(r"(?:(?:and|so|but|then) )*what happens (?:to|with|if|when|about)\b")
# What the bank charges, and not what it has charged.
_YOU_CHARGE = re.compile(r"\b(?:do|would|will) (?:you|yous|you lot|ye) (?:all )?charge\b(?!.*\bso far\b)")


def _is_about_terms(label: str, memory: Memory, text: str) -> bool:
    """Whether a message that sounds like one about the customer's own cards or mandates is about the bank's terms.

    "And with the normal card?" goes on with what the bank charges; "what happens to standing orders on a Sunday" asks of nobody's.
    """
    if label not in READ_WHOLE | MANDATES or OWN.search(text) is not None:
        return False
    last = memory.asked[-1].step.tool if memory.asked else None
    if label in (Tool.CARDS, Tool.PRODUCT) and _THE_LIMIT.search(text) and last is not label and not BACKWARD.search(text):
        # "What's the contactless limit", not that of my card.
        return True
    goes_on = last in ABOUT_TERMS and label in READ_WHOLE and len(text.split()) <= SHORT
    return (goes_on and GOES_ON_ASKING.match(text) is not None) or (label in MANDATES and _RULE.match(text) is not None)


_THE_LIMIT = re.compile(r"\b(?:the|a) (?:[a-z]+ ){0,3}(?:limit|maximum|max)\b")
_RULE = re.compile(r"^(?:and |so |but |then )*(?:what happens|what if|how do|do|does|can|will|would)\b")


def topic_of(message: str, memory: Memory) -> str:
    """The question to the pages: one that leans on the question before is asked together with it."""
    whole = with_last(message, memory)
    if whole is None:
        return message
    leans = points_back(message) or len(message.split()) <= 6
    return whole if leans else message


def points_back(message: str) -> bool:
    """Whether a short message is about what was spoken of before it."""
    text = parts.plain(message)
    return len(text.split()) <= SHORT and (BACKWARD.search(text) is not None or _LEANS.search(text) is not None)


_LEANS = re.compile(r"^(?:and|but|what if|what about|how about|does|is|can|n)\b|\b(?:that|it|they|them|then|either|also|too)\b")


def with_last(message: str, memory: Memory) -> str | None:
    """A message together with the question to the pages before it; None where there was none."""
    last = memory.asked[-1].step if memory.asked else None
    return f"{last.spans.topic} {message}"[-LONGEST_TOPIC:] if last is not None and last.tool in ABOUT_TERMS else None


def asks_nothing(text: str, last: Asked | None) -> bool:
    """Whether a message without the one before asks a page of nothing: "for how long?"."""
    few = len(text.split()) <= FEWEST and parts.words_of(text) <= FILLERS
    return few and not (last is not None and last.step.tool in READ_WHOLE)
