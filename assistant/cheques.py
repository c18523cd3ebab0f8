"""Cheques: the newest one, one by its number, and whom one was made out to."""

from __future__ import annotations

import re

from assistant import spans as parts
from assistant.plan import Spans, Step, Tool
from assistant.spans import Found, Known


def last_cheque(whole: Found, text: str, known: Known) -> Step | None:
    """The newest cheque that was written, as statements have them."""
    if not _LAST_CHEQUE.search(text) or "chq" not in known.tokens or any(m.isdigit() for m in whole.spans.merchants):
        return None
    return Step(tool=Tool.LAST, spans=Spans(merchants=("chq",), periods=whole.spans.periods))


_LAST_CHEQUE = re.compile(r"\b(?:last|latest|newest|most recent) (?:cheque|chq)\b(?! ?book)")


def made_out_to(text: str, last: Step | None) -> Step | None:
    """Whom a cheque was made out to: a statement has the number of a cheque, and no name."""
    of_cheque = "cheque" in text or (last is not None and any("cheque" in m or _DIGITS.search(m) for m in last.spans.merchants))
    if of_cheque and _CHEQUE_TO.search(text) and not _ALSO_ASKS.search(text):
        return Step(tool=Tool.CANNOT, spans=Spans(merchants=("cheque",)))
    return None


_CHEQUE_TO = re.compile(
    r"\b(?:who|whom|whose name)\b[^.?!]*\b(?:(?:made?|make|making)(?: [a-z]+){0,4} out|(?:written|wrote|write)(?: [a-z]+){0,4} to|payee|payable|cashed|paid (?:it|that|this) in)\b"
    r"|\bmade(?: [a-z]+)? out to (?:who|whom)\b|\bto (?:who|whom) (?:did|have) (?:i|we) (?:write|written|make|made)\b"
)
_DIGITS = re.compile(r"\d{3,}$")
_ALSO_ASKS = re.compile(r"\b(?:how much|what amount|when|which day|what day|what date)\b")


def is_number(name: str, known: Known) -> bool:
    """Whether a name is the long number of a cheque or an invoice that statements have."""
    words = parts.words_of(name) - {"cheque", "chq", "number", "no"}
    return bool(words) and all(w.isdigit() and len(w) >= LONG_NUMBER and w in known.tokens for w in words)


# A shorter one is part of a name: "Blue 4432".
LONG_NUMBER = 5
