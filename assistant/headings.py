"""The bank's own headings for spending, as statements print them and as people say them: "Equip Hire/Lease" is "equipment leasing
and hire".

A heading is said by its words in any order, each written out or shortened. Words that could be of two headings say neither.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

# So many letters at least are the beginning of a word that a heading shortens.
_BEGUN = 3
# What words of one stem have in common at least, as do "cleaning" and "cleaners".
_STEM, _OF_STEM = 5, 0.6
# A word so long may have one letter wrong.
_LONG = 5


@dataclass(frozen=True)
class _Said:
    word: str
    start: int
    end: int


def in_their_words(text: str, headings: Sequence[str], is_payee: Callable[[Sequence[str]], bool]) -> str:
    """A text in which a heading stands as the statement has it, wherever its words are said beside each other. is_payee: whether
    words are a payee's."""
    parts = {heading: parts_of(heading) for heading in headings}
    if not parts:
        return text
    said = [_Said(m.group(), m.start(), m.end()) for m in _PART.finditer(text)]
    for window in _windows(said, parts):
        heading = _meant(text, window, parts)
        if heading is not None and not is_payee([one.word for one in window if one.word not in _BETWEEN]):
            # "Under the heading": of whatever kind they call it.
            before = _CALLED_BEFORE.sub("category ", text[: window[0].start])
            after = _CALLED_BEHIND.sub(" category", text[window[-1].end :])
            sides = (in_their_words(side, headings, is_payee) for side in (before, after))
            return heading.casefold().join(sides)
    return text


def _windows(said: Sequence[_Said], parts: Mapping[str, tuple[str, ...]]) -> Iterator[Sequence[_Said]]:
    """Words beside each other that may all be of headings, the most first."""
    every = {part for some in parts.values() for part in some}
    begins = {letter for part in every if 1 < len(part) <= _SPELLED for letter in part}
    may_be = [
        one.word in _BETWEEN or one.word[0] in begins or any(_alike(_bare(one.word), part) for part in every) for one in said
    ]
    longest = max(len(some) for some in parts.values()) * 2 + _SPELLED
    for size in range(min(longest, len(said)), 0, -1):
        for at in range(len(said) - size + 1):
            if all(may_be[at : at + size]):
                yield said[at : at + size]


def holding(words: Sequence[str], headings: Sequence[str]) -> tuple[str, ...]:
    """The headings that have all of some words."""
    return tuple(h for h in headings if words and _fit(tuple(words), parts_of(h)) is not None)


@lru_cache(maxsize=1024)
def parts_of(heading: str) -> tuple[str, ...]:
    """The words of a heading, also of those written as one: "OtherCosts", "Clothing&Shoes"."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading).casefold()
    return tuple(_bare(m.group()) for m in _PART.finditer(apart) if m.group() not in _BETWEEN)


def _meant(text: str, window: Sequence[_Said], parts: Mapping[str, tuple[str, ...]]) -> str | None:
    """The one heading that words beside each other mean; some of its words alone must be of no other."""
    if window[0].word in _BETWEEN or window[-1].word in _BETWEEN or not _beside(text, window):
        return None
    words = tuple(_bare(one.word) for one in window if one.word not in _BETWEEN)
    fits = {heading: rest for heading, some in parts.items() if (rest := _fit(words, some)) is not None}
    spelled = [] if fits else [heading for heading, some in parts.items() if _fit(words, some, spelled=True) == ()]
    whole = [heading for heading, rest in fits.items() if not rest] or spelled
    called = _CALLED_BEFORE.search(text[: window[0].start]) or _CALLED_BEHIND.match(text[window[-1].end :])
    if len(whole) == 1:
        return whole[0] if len(parts[whole[0]]) > 1 or called else None
    if whole or len(fits) != 1 or not (len(words) > 1 or called):
        return None
    # The rest of its words is left unsaid.
    own = any(word not in _OF_ANY and len(holding((word,), tuple(parts))) == 1 for word in words)
    return next(iter(fits)) if own else None


def _beside(text: str, window: Sequence[_Said]) -> bool:
    return all(_GAP.fullmatch(text[one.end : two.start]) for one, two in itertools.pairwise(window))


def _fit(words: tuple[str, ...], parts: tuple[str, ...], spelled: bool = False) -> tuple[str, ...] | None:
    """The parts of a heading that are left when each word is one of them; None where some word is none. spelled: whether a part
    may be the first letters of words."""
    if not words:
        return parts
    for at, part in enumerate(parts):
        rest = (*parts[:at], *parts[at + 1 :])
        taken = 1 if _alike(words[0], part) else len(part) if spelled and _begin(words, part) else 0
        if taken and (left := _fit(words[taken:], rest, spelled)) is not None:
            return left
    return None


def _begin(words: tuple[str, ...], part: str) -> bool:
    """Whether a part has the first letters of the words: "R&M" of "repairs and maintenance"."""
    return 1 < len(part) <= _SPELLED and "".join(word[0] for word in words[: len(part)]) == part


@lru_cache(maxsize=8192)
def _alike(one: str, two: str) -> bool:
    short, long = sorted((_single(one), _single(two)), key=len)
    if _stem(short) == _stem(long):
        return True
    if len(short) < _BEGUN:
        return False
    common = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if common == len(short) or (common >= _STEM and common >= _OF_STEM * len(long)):
        return True
    wrong = DamerauLevenshtein.distance(short, long)
    return _shortens(short, long) or (len(short) >= _LONG and wrong == 1 and short[0] == long[0])


def _shortens(short: str, long: str) -> bool:
    """Whether a word is another one with letters left out, most of them vowels: "bldg", "pymt"."""
    letters = iter(long)
    inside = all(letter in letters for letter in short)
    vowels = sum(c in "aeiou" for c in short)
    return inside and short[0] == long[0] and short[-1] in long[-3:] and (not vowels or 3 * vowels <= len(short) > _BEGUN)


def _bare(word: str) -> str:
    return re.sub(r"[&']", "", word)


def _single(word: str) -> str:
    return word.removesuffix("s") if len(word) > _BEGUN and not word.endswith("ss") else word


def _stem(word: str) -> str:
    """A word without an ending that does not matter: "lease", "leasing"."""
    return word.removesuffix("ing" if len(word) > _LONG else "").removesuffix("e")


# The most words that stand in a heading by their first letters, "R&M".
_SPELLED = 3
_PART = re.compile(r"[a-z]{1,2}&[a-z](?![a-z])|[a-z]+(?:'[a-z]+)*|\d+(?:st|nd|rd|th)?|&")
_BETWEEN = frozenset(["&", "and", "or", "by", "of", "for", "the", "on", "in", "to"])
_GAP = re.compile(r"[\s./,:()'-]{0,3}")
# Words that a heading may have and that tell none.
_OF_ANY = frozenset({
    "other", "others", "misc", "miscellaneous", "general", "sundry", "various", "cost", "costs", "charge", "charges", "fee",
    "fees", "payment", "payments", "expense", "expenses", "expenditure", "spend", "spending", "purchase", "purchases", "service",
    "services", "total", "uk", "year",
})  # fmt: skip
_KIND = r"(?:categor(?:y|ies)|heading|head|kind|type|sort|class|label|caption)"
_CALLED_BEFORE = re.compile(rf"\b{_KIND}:? (?:(?:of|called|named|for|is|the) )*['\"(]?$")
_CALLED_BEHIND = re.compile(rf"^['\")]? {_KIND}\b")
