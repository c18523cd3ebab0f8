"""What payments are for: the bank's label, else a rule set that a bank can edit, else the merchant category code."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from iso18245 import get_all_mccs
from pydantic import ConfigDict, ValidationError

from data.errors import InvalidInput
from data.party import Frozen

DEFAULT_RULES = Path(__file__).with_name("categories.toml")
# Rules of the same form that tell who sells what.
SELLERS = Path(__file__).with_name("sellers.toml")
BANK, RULE, MCC = "bank", "rule", "mcc"
# A shorter beginning of a word would fit too much, and is how beginnings are looked up.
LEAST_STEM = 3
_WORD = re.compile(r"[^\W_]+")
_PATTERN_WORD = re.compile(r"[^\W_]+\*?")
_CODES = re.compile(r"(\d{4})(?:-(\d{4}))?")


class Category(Frozen):
    """One table of the rule set; `categories.toml` says what each entry means."""

    model_config = ConfigDict(extra="forbid")

    name: str
    said: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    mcc: tuple[str, ...] = ()


class _Pattern(NamedTuple):
    """Words that must stand side by side; one that ends in * is the beginning of a word."""

    category: str
    words: tuple[str, ...]

    def fits(self, words: list[str], at: int) -> bool:
        if at + len(self.words) > len(words):
            return False
        return all(
            word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
            for wanted, word in zip(self.words, words[at:], strict=False)
        )

    @property
    def weight(self) -> tuple[int, int]:
        """The more words and letters, the more it says about a line."""
        return len(self.words), sum(len(word.rstrip("*")) for word in self.words)


def merchant_kinds() -> dict[str, str]:
    """Merchant codes -> the kind of shop they stand for; those of single airlines, hotels and hirers are no kinds."""
    described = ((c.mcc, c.iso_description or c.usda_description or c.stripe_description) for c in get_all_mccs())
    return {code: kind for code, kind in described if kind and not code.startswith("3")}


class Categories:
    """A rule set, checked. `categorise` is the categoriser of the ledger; a customer's own choice stands before it there."""

    def __init__(self, categories: Mapping[str, Category], no_category: Iterable[str] = ()) -> None:
        """Raises InvalidInput, naming the entry, for a code that ISO 18245 does not have and for what stands twice."""
        self._categories = dict(categories)
        self._no_category = frozenset(label.casefold() for label in no_category)
        self._synonyms = {key: _unique((*entry.said, entry.name.casefold())) for key, entry in categories.items()}
        _once("said", self._synonyms)
        self._labels = _once("labels", {key: _unique((key, c.name, *c.labels)) for key, c in categories.items()})
        self._codes, self._ranges = _codes(categories)
        self._whole, self._begun = _patterns(categories)
        self._decided = lru_cache(maxsize=1 << 16)(self._decide)

    @classmethod
    def load(cls, path: Path = DEFAULT_RULES) -> Categories:
        """Read a rule set; raises InvalidInput, naming the file and the entry, for one that cannot be used."""
        try:
            tables = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidInput(f"{path}: {error}") from error
        no_category = tables.pop("no_category", [])
        if not isinstance(no_category, list) or not all(isinstance(label, str) for label in no_category):
            raise InvalidInput(f"{path}: 'no_category' is not a list of labels")
        try:
            return cls({key: _category(key, table) for key, table in tables.items()}, no_category)
        except InvalidInput as error:
            raise InvalidInput(f"{path}: {error}") from error

    def categorise(self, text: str, mcc: str | None, bank_category: str | None) -> tuple[str | None, str | None]:
        """The category of a payment and what decided it: "bank", "rule" or "mcc"; (None, None) where nothing does.

        A label of the bank that is one of our categories becomes it; any other is the category, as it is written.
        """
        return self._decided(text, mcc, bank_category)

    def knows_shop(self, name: str) -> bool:
        """Whether a rule tells a shop of that name, an ordinary word for one only as its company: NEXT LTD."""
        return any(self._by_text(text) is not None for text in (name, f"{name} ltd"))

    def synonyms(self) -> Mapping[str, tuple[str, ...]]:
        """Each category with the words that customers say for it, in small letters; no word stands for two."""
        return self._synonyms

    def has_codes(self, category: str) -> bool:
        """Whether a category is told by merchant codes as well."""
        return category in self._categories and bool(self._categories[category].mcc)

    def display(self, category: str) -> str:
        """The name that a customer reads; a label of the bank is its own name."""
        entry = self._categories.get(category)
        return entry.name if entry else category

    def _decide(self, text: str, mcc: str | None, bank_category: str | None) -> tuple[str | None, str | None]:
        label = " ".join((bank_category or "").split())
        if label and label.casefold() not in self._no_category:
            return self._labels.get(label.casefold(), label), BANK
        if category := self._by_text(text):
            return category, RULE
        if mcc and (category := self._by_code(mcc)):
            return category, MCC
        return None, None

    def _by_text(self, text: str) -> str | None:
        words = _words(text)
        best: _Pattern | None = None
        for at, word in enumerate(words):
            for pattern in (*self._whole.get(word, ()), *self._begun.get(word[:LEAST_STEM], ())):
                if (best is None or pattern.weight > best.weight) and pattern.fits(words, at):
                    best = pattern
        return best.category if best else None

    def _by_code(self, mcc: str) -> str | None:
        if mcc in self._codes:
            return self._codes[mcc]
        return next((category for first, last, category in self._ranges if len(mcc) == 4 and first <= mcc <= last), None)


def _category(key: str, table: Any) -> Category:
    if not isinstance(table, dict):
        raise InvalidInput(f"{key!r} is not a table: a category starts with [{key}]")
    try:
        return Category.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"[{key}] {field!r}: {first['msg'].lower()}") from error


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.casefold() for value in values))


def _once(field: str, values: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Value -> category; raises InvalidInput for a value that two categories have."""
    found: dict[str, str] = {}
    for category, some in values.items():
        for value in some:
            if found.setdefault(value, category) != category:
                raise InvalidInput(f"[{category}] {field}: {value!r} stands for {found[value]!r} already")
    return found


def _codes(categories: Mapping[str, Category]) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    known = {code.mcc for code in get_all_mccs()}
    single: dict[str, list[str]] = {}
    ranges: list[tuple[str, str, str]] = []
    for category, entry in categories.items():
        for written in entry.mcc:
            found = _CODES.fullmatch(written)
            if found is None or (found[2] is None and written not in known) or (found[2] or found[1]) < found[1]:
                raise InvalidInput(f"[{category}] mcc: {written!r} is not a code of ISO 18245 or a range of them")
            if found[2] is None:
                single.setdefault(category, []).append(written)
            else:
                ranges.append((found[1], found[2], category))
    for (first, last, category), (start, end, other) in ((a, b) for n, a in enumerate(ranges) for b in ranges[:n]):
        if first <= end and start <= last:
            raise InvalidInput(f"[{category}] mcc: {first}-{last} overlaps {start}-{end} of {other!r}")
    return _once("mcc", single), ranges


def _patterns(categories: Mapping[str, Category]) -> tuple[dict[str, list[_Pattern]], dict[str, list[_Pattern]]]:
    """Patterns by their first word, and by its first letters where it is only a beginning."""
    whole: dict[str, list[_Pattern]] = {}
    begun: dict[str, list[_Pattern]] = {}
    written: dict[str, list[str]] = {}
    for category, entry in categories.items():
        for text in entry.text:
            words = tuple(_PATTERN_WORD.findall(_folded(text)))
            if not words or any(word.endswith("*") and len(word) <= LEAST_STEM for word in words):
                raise InvalidInput(
                    f"[{category}] text: {text!r} has no words, or one of fewer than {LEAST_STEM} letters before *"
                )
            pattern = _Pattern(category, words)
            written.setdefault(category, []).append(" ".join(words))
            table, first = (begun, words[0][:LEAST_STEM]) if words[0].endswith("*") else (whole, words[0])
            table.setdefault(first, []).append(pattern)
    _once("text", written)
    return whole, begun


def _words(text: str) -> list[str]:
    return _WORD.findall(_folded(text))


def _folded(text: str) -> str:
    """Apostrophes join, so that "McDonald's" is "mcdonalds"; everything else that is no letter or digit parts."""
    return text.casefold().replace("'", "").replace("’", "")
