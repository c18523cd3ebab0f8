"""How much of the personal data in outside texts is masked in a log and for an outside model, by kind, and how much else is.

A folder holds `presidio_pii` (texts with spans) or `multidogo_finance` (customers' turns with a slot for each word), or is one of
them. A span counts as masked when every letter and digit of it is.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from assistant.placeholders import PLACEHOLDER, Placeholders
from data.errors import InvalidInput
from data.masking import personal
from evals.loading import field, lines
from evals.report import Share

TARGETS = {"card": 1.0, "iban": 1.0, "ssn": 1.0, "phone": 0.97}
# Found by form: what the sets call a kind, and what it is called here.
_COVERED = {
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "DOMAIN_NAME": "url",
    "IP_ADDRESS": "ip",
    "ZIP_CODE": "postcode",
    "AGE": "age",
    "card_number": "card",
    "ssn": "ssn",
    "account_number": "account",
    "target_account_number": "account",
}
# Only what has a number or a form of its own in it is found of these, or nothing is.
_PARTLY = {"STREET_ADDRESS": "address", "address": "address", "DATE_TIME": "date or time"}
_NOT = {"PERSON": "name", "name": "name", "ORGANIZATION": "organisation", "GPE": "place", "TITLE": "title", "NRP": "nationality"}
_NUMBERS = frozenset({"card", "ssn", "account"})
# Amounts, days and reasons are nobody's by themselves; that they are masked is neither right nor wrong.
_NEITHER = frozenset(
    {"transferamount", "charge_amount", "charge_date", "charge_time", "lastuseddate", "lastusedtime", "replacement_reason"}
    | {"police_notified", "offer"}
)


class Span(NamedTuple):
    """kind: as it is called here, or "" for what is neither personal nor not."""

    kind: str
    start: int
    end: int


class Item(NamedTuple):
    """One text with its personal data; where: its file and line."""

    where: str
    text: str
    spans: tuple[Span, ...]


class Miss(NamedTuple):
    kind: str
    where: str
    text: str
    left: str


class Masking(NamedTuple):
    """recall: spans wholly masked, by kind. wrongly: words outside all spans of which something was masked."""

    recall: dict[str, Share]
    wrongly: Share
    misses: list[Miss]

    @property
    def below(self) -> list[str]:
        return [kind for kind, target in TARGETS.items() if kind in self.recall and self.recall[kind].value < target]


def sets(data: Path) -> dict[str, list[Item]]:
    """The items in a folder, by set. Raises InvalidInput for a line that cannot be read, and where there is no set."""
    found: dict[str, list[Item]] = {}
    for name, read in (("presidio_pii", _sentence), ("multidogo_finance", _conversation)):
        for folder in (data / name, *([data] if data.name == name else [])):
            for path in sorted(folder.glob("*.jsonl")):
                found.setdefault(name, []).extend(item for where, line in lines(path) for item in read(line, where))
    if not found:
        raise InvalidInput(f"{data}: there is neither presidio_pii nor multidogo_finance in it")
    return found


def _sentence(line: dict[str, Any], where: str) -> Iterator[Item]:
    text, spans = field(line, "text", str, where), []
    for span in field(line, "spans", list, where):
        if not isinstance(span, list) or len(span) != 4 or text[span[1] : span[2]] != span[3]:
            raise InvalidInput(f"{where}, field 'spans': {span!r} is not [kind, start, end, the text there]")
        spans.append(Span(_kind(span[0]), span[1], span[2]))
    yield Item(where, text, tuple(spans))


def _kind(name: str) -> str:
    return _COVERED.get(name) or _PARTLY.get(name) or _NOT.get(name) or name.lower()


def _conversation(line: dict[str, Any], where: str) -> Iterator[Item]:
    for turn in field(line, "customer_turns", list, where):
        text, slots = field(turn, "text", str, where), field(turn, "slots", list, where)
        # A turn without a word has one slot too.
        words = list(re.finditer(r"[^ ]+|^$", text))
        if len(words) != len(slots):
            raise InvalidInput(f"{where}, field 'slots': {len(slots)} for {len(words)} words of {text!r}")
        yield Item(where, text, tuple(_slots(words, slots)))


def _slots(words: Sequence[re.Match[str]], slots: Sequence[str]) -> Iterator[Span]:
    """Words side by side with one slot are one span; of a number only words with a digit: others are mistakes."""
    for slot, run in groupby(zip(slots, words, strict=True), key=lambda pair: pair[0]):
        held = [word for _, word in run]
        kind = "" if slot in _NEITHER else _kind(slot)
        if slot == "O":
            continue
        if kind in _NUMBERS:
            numbers = [word for word in held if any(char.isdigit() for char in word[0])]
            yield from (Span("", word.start(), word.end()) for word in held if word not in numbers)
            held = numbers
        if held:
            yield Span(kind, held[0].start(), held[-1].end())


def logged(text: str) -> set[int]:
    """The places of the characters that a log does not show."""
    return {n for found in personal(text) for n in range(found.start, found.end)}


def sent(text: str) -> set[int]:
    """The places of the characters that an outside model does not see, of somebody whose names are not known."""
    hidden, places, at = Placeholders(()), set[int](), 0
    for part in re.split(f"({PLACEHOLDER.pattern})", hidden.hide(text)):
        words = hidden.put_back(part)
        if words != part:
            places.update(range(at, at + len(words)))
        at += len(words)
    return places


def measure(items: Iterable[Item], hide: Callable[[str], set[int]] = logged) -> Masking:
    hits: dict[str, list[bool]] = defaultdict(list)
    words: Counter[bool] = Counter()
    misses = []
    for item in items:
        hidden = hide(item.text)
        for kind, start, end in item.spans:
            left = "".join("·" if n in hidden else item.text[n] for n in range(start, end))
            whole = not any(map(str.isalnum, left))
            if kind:
                hits[kind].append(whole)
                if not whole:
                    misses.append(Miss(kind, item.where, item.text, left))
        marked = {n for _, start, end in item.spans for n in range(start, end)}
        for word in re.finditer(r"\S*\w\S*", item.text):
            if not marked.intersection(range(*word.span())):
                words[bool(hidden.intersection(range(*word.span())))] += 1
    recall = {kind: Share(sum(found), len(found)) for kind, found in sorted(hits.items())}
    return Masking(recall, Share(words[True], words.total()), misses)


def coverage(kind: str) -> str:
    """Whether a kind is one that is looked for."""
    if kind in _COVERED.values():
        return "covered"
    return "partly" if kind in _PARTLY.values() else "not covered"


def failures(found: dict[str, Masking]) -> str:
    """Every span of which something was left, as Markdown; of kinds that are not looked for only how many."""
    told = []
    for name, masking in found.items():
        told += [f"## {name}", ""]
        told += [
            f"- {m.kind}: `{m.left!r}` of {m.text!r} ({m.where})" for m in masking.misses if coverage(m.kind) != "not covered"
        ]
        left = Counter(m.kind for m in masking.misses if coverage(m.kind) == "not covered")
        told += [*(f"- {kind}: {number}, not looked for" for kind, number in sorted(left.items())), ""]
    return "\n".join(told)
