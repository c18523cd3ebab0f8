"""An amount that is said by others: a share of one, the difference of two, or everything. What was not said is not worked out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from assistant.numerals import SMALL
from data.money import Money
from data.party import Frozen

_COUNT = rf"(?:\d{{1,2}}|(?:{'|'.join(SMALL)})\b)"
_FRACTIONS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6}
_FRACTION = re.compile(
    r"\b(?:(?P<more>two|three|four|five|[2-9]) (?=\w+s\b)|(?:a|one) |(?=half\b|halves\b))"
    rf"(?P<fraction>{'|'.join(_FRACTIONS)})(?P<plural>s)?\b"
    r"(?! (?:past|term|time|marathon|price|hour|day|year|one|two|three|four|five|six|seven|eight|nine|ten))",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\b(?:split|splitting|divided?|share (?=it|this|that|the |£|\d))\b", re.IGNORECASE)
_WAYS = re.compile(
    rf"\b(?:by|between|among|amongst|into|in|over|for) (?:the )?(?P<by>{_COUNT})\b"
    rf"(?: (?:of us|people|ways|parts|friends|lads|girls))?|\b(?P<ways>{_COUNT})[ -](?:ways?|of us)\b",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(r"\bdifference\b", re.IGNORECASE)
_ALL = re.compile(
    r"\b(?:(?:every ?thing|the (?:rest|lot)|every (?:last )?penny)(?! (?:else|ok|is ok|right))"
    r"|what(?:ever)?(?:'?s| is| there is)? left|all (?:of )?(?:my|the|our) (?:money|cash|funds|savings|balance|dosh)"
    r"|all (?:that )?(?:i|we)(?:'ve| have)(?: got)?|(?:move|send|transfer|take) (?:it )?all"
    r"|(?:whole|entire|full|total|remaining) (?:balance|amount|account|lot|savings)"
    r"|(?:empty|drain|clear(?: out)?) (?:my|the|our|out))\b",
    re.IGNORECASE,
)


class Worked(Frozen):
    """How an amount came about: of one amount so many equal parts, or of two amounts the difference."""

    of: tuple[Money, ...]
    parts: int = 1

    @property
    def amount(self) -> Money:
        """Parts are rounded to whole minor units, half to even."""
        return self.of[0].share(Decimal(1) / self.parts) if len(self.of) == 1 else abs(self.of[0] - self.of[1])

    @property
    def is_rounded(self) -> bool:
        return len(self.of) == 1 and self.of[0].minor % self.parts != 0


def divides(text: str) -> bool:
    """Whether a share of some amount is spoken of."""
    return bool(_FRACTION.search(text) or _SPLIT.search(text))


def worked(text: str, said: Sequence[Money]) -> Worked | None:
    """The amount that a text says by those in it; None where it says none in one way. said: the amounts, counts left out."""
    if _DIFFERENCE.search(text):
        both = len(said) == 2 and said[0].currency == said[1].currency and said[0] != said[1]
        return Worked(of=tuple(said)) if both else None
    parts = parts_of(text)
    return Worked(of=tuple(said), parts=parts) if parts is not None and len(said) == 1 else None


def parts_of(text: str) -> int | None:
    """Into how many equal parts something is to go, one of which is meant."""
    found = list(_FRACTION.finditer(text))
    if any(match["more"] or match["plural"] for match in found):
        return None
    parts = {_FRACTIONS[match["fraction"].lower()] for match in found}
    if _SPLIT.search(text):
        parts |= {_number(match["by"] or match["ways"]) for match in _WAYS.finditer(text)}
    return next(iter(parts)) if len(parts) == 1 and min(parts) > 1 else None


def without_parts(text: str) -> str:
    """A text without the numbers that say into how many parts."""
    return _WAYS.sub(" ", text) if _SPLIT.search(text) else text


def says_all(text: str) -> str:
    """The words that mean all there is; "" where there are none."""
    found = _ALL.search(text)
    return found.group() if found else ""


def _number(words: str) -> int:
    return SMALL.get(words.lower()) or int(words)
