"""Whether a message wants something done, and now: a question is no order, nor is what was done already, or is not to be done."""

from __future__ import annotations

import re

from rapidfuzz.distance import DamerauLevenshtein

_BEGINS = r"^(?:(?:and|so|but|ok|okay|well|wait|please|sorry|now|then|hey|hi|hello|thanks)\b[ ,]*)*"
# Asking for something is polite; any other question is one.
_POLITE = re.compile(
    _BEGINS + r"(?:(?:can|could|would|will|may|might) (?:you|we|i)\b|(?:would|could|might) it be\b"
    r"|would (?:it|that) be (?:ok|okay|all ?right)\b|do you (?:think|mind|suppose)\b|do me a favour"
    r"|(?:is there )?any chance|(?:how|what) about\b)"
)
_QUESTION = re.compile(
    _BEGINS + r"(?:how|what|what's|whats|when|where|who|whose|why|which|did|do|does|is|are|was|were|have|has|am|should|shall|must"
    r"|may|might|would|could|can|will|i(?:'m| am)? (?:asking|curious) (?:what|how|when|why|who|which|whether))\b|\?\s*$"
    # "Split that into RingGo and NCP": a figure that was told, and no bill.
    r"|^(?:and |so |now |ok )*(?:split|break) (?:that|it|this|them)(?: up| down)? (?:into|by) (?!\d|two|three|four|half|halves)"
)
_IN_THE_MIDDLE = re.compile(
    r"\b(?:how (?:long|many|much|often|soon)|when (?:will|does|do|is|can)|what (?:is|are|does|do|will|happens))\b"
    r"|[,.;!?]\s+(?:and |but |so )?(?:how|what|what's|whats|when|where|who|why|which|is|does|will (?:that|it|i)|should)\b"
)
_SUPPOSED = re.compile(
    _BEGINS + r"(?:if|say|suppos\w+|imagin\w+|assum\w+|let's say|(?:i'm |i am )?(?:thinking|wondering|considering)|i wonder"
    r"|i might|i may)\b"
)
# "Can I pay somebody new?" asks for leave, "can I pay Sam 20" for the deed.
_LEAVE = re.compile(_BEGINS + r"(?:can|could|may|might) (?:i|we)\b(?! (?:have|get|order)\b)")
_ABOUT_PAYING = re.compile(
    r"\b(?:fees?|free|charged?|charges|costs?|limits?|allowed|abroad|overseas|more than|up to|in the app|online|safely"
    r"|in (?:a|the) branch)\b"
)
_DEEDS = "pay|send|transfer|wire|move|give|lend|add|save|freeze|block|lock|stop|unfreeze|unblock|unlock|replace|order"
_DONE = re.compile(
    _BEGINS + r"(?:(?:i|we|they|he|she|you)(?:'ve|'d|'s| have| had| has)?|[a-z]+(?: [a-z]+)?)"
    r" (?:already |just |only |also )*(?:sent|paid|transferred|moved|gave|lent|wired)\b"
)
_WANTED_BESIDE = re.compile(rf"\b(?:{_DEEDS}|owe|cards?|wallet|purse|bag)\b")


def asks(low: str) -> bool:
    """Whether a message asks or supposes something, and wants nothing done. low: in plain form."""
    if _IN_THE_MIDDLE.search(low):
        return True
    if _POLITE.search(low):
        return asks_leave(low) and _ABOUT_PAYING.search(low) is not None
    return _QUESTION.search(low) is not None or _SUPPOSED.search(low) is not None


def asks_leave(low: str) -> bool:
    """Whether a message is about what the customer may do. low: in plain form."""
    return _LEAVE.search(low) is not None


def wanted(low: str) -> bool:
    """Whether something in a message may be an order. low: in plain form."""
    told = _DONE.search(low)
    return not asks(low) and (told is None or _WANTED_BESIDE.search(low, told.end()) is not None)


# "If you can" is courtesy.
_COURTESY = (
    r"(?! (?:you (?:can|could|would|don't|wouldn't|will|please|get|have (?:a|time)|are|like|want)|that(?:'s| is)|it(?:'s| is)"
    r"|i may|possible|poss|not\b|so|need|at all|convenient|ready|okay|ok)\b)"
)
_IF = rf"(?<!know )(?<!sure )(?<!see )(?<!wonder )(?<!wondering )(?<!remember )\bif\b{_COURTESY}"
_WAITS = re.compile(
    rf"{_IF}|\b(?:unless|until|provided|assuming|depending)\b|\bwhen(?:ever)?\b{_COURTESY}|\bas soon as\b{_COURTESY}"
    r"|\b(?:once|after|before) (?:i|my|it|the|he|she|they|we|you|that)\b"
)
_NOT_AT_ONCE = re.compile(
    rf"{_IF}|\b(?:unless|as soon as)\b{_COURTESY}|\bwhen i(?:'m|'ll| am| go| get| ask| say| leave)\b"
    r"|\b(?:tomorrow|tonight|later|next (?:week|month|year|\w+day))\b(?! (?:i|we)\b)"
    r"|\bin (?:an|a few|\d+) (?:hours?|days?|weeks?|minutes?)\b|\b(?:last year|years? ago|months? ago|worth|in the past)\b"
)


def waits(low: str) -> bool:
    """Whether what is wanted is to wait for something that happens. low: in plain form."""
    return _WAITS.search(low) is not None


def wanted_at_once(low: str) -> bool:
    """Whether what is wanted is to be done without waiting for anything, a day included. low: in plain form."""
    return _NOT_AT_ONCE.search(low) is None


# What is not to be done, and whom it is not to be for.
_REFUSED = re.compile(
    r"\b(?:don't|dont|do not|never|didn't|did not|won't|will not|wouldn't|not|no longer)"
    r"(?: (?:want|need|wish|like|ever|you|please|to|let|have|intend|plan|going|just|then))*"
    rf" (?:{_DEEDS})\b[^,.;!?\n]*?(?=$|[,.;!?\n]|\s(?:but|just|instead)\b)",
    re.IGNORECASE,
)
_NOT_THIS = re.compile(
    r"(?:(?<=\w)[, ]+(?:and )?not (?:to |from |for |with )?|^(?:no,? )?not (?:from |to |in )"
    r"|\b(?:instead of|rather than) (?:to |from |for )?)"
    r"(?!today|now|just|only|yet|sure)[\w' ]+?(?=$|[,.;!?\n]|\s(?:but|from|to|for|on|with|please)\b)",
    re.IGNORECASE,
)
_APART = re.compile(r"\bun[ -](?=freez|block|lock)", re.IGNORECASE)
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_STRAIGHT = str.maketrans("’‘", "''")
# Slips of the pen are seen in these alone: other words are too near to each other.
_SLIPS = ("send", "transfer", "freeze", "unfreeze", "replace", "payment", "unblock")


def ordered(message: str) -> str:
    """A message without what is not wanted in it, and with slips of the pen put right in its verbs."""
    text = _LONG_WORD.sub(lambda m: _verb(m.group()), message.translate(_STRAIGHT))
    return _NOT_THIS.sub("", _REFUSED.sub("", _APART.sub("un", text))).strip(" ,;")


def _verb(word: str) -> str:
    """The verb that a word is a slip of; any other word stays."""
    low = word.lower()
    for verb in _SLIPS:
        swapped = low != verb and low[0] == verb[0] and sorted(low) == sorted(verb)
        slip = len(verb) > 5 and not low.startswith(verb) and DamerauLevenshtein.distance(low, verb, score_cutoff=1) == 1
        if swapped or slip:
            return verb
    return word
