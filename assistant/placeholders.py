"""Placeholders in the place of names and numbers, for a turn that is told to an outside model, and the words put back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assistant import periods
from assistant.plan import Spans
from assistant.spans import Known, plain, words_of
from data.masking import Found, Kind, personal
from data.party import Party

PLACEHOLDER = re.compile(r"\[(?:NAME|AMOUNT|NUMBER|CONTACT)_\d+\]")
_WORDED = (
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|million|grand|tenner|fiver|dozen)"
)
_MARKS = r"\s\"“”{}()\[\];!?"
_FIGURES = re.compile(
    r"(?P<ref>\{f\d+\})"
    r"|(?P<amount>[£$€]\s?\d[\d,]*(?:\.\d+)?|\b\d[\d,]*(?:\.\d+)?\s?(?:pounds?|quid|pence|p|gbp|euros?|eur|dollars?|usd)\b)"
    rf"|(?P<number>[^{_MARKS},]*\d(?:[^{_MARKS}]*[\w%])?|\b{_WORDED}(?:[ -](?:and )?{_WORDED})*\b)",
    re.IGNORECASE,
)
_CONTACTS = frozenset({Kind.EMAIL, Kind.URL, Kind.IP, Kind.PHONE, Kind.ADDRESS, Kind.POSTCODE})
_NOBODY = r"(?!)"


class Placeholders:
    """The same words get the same placeholder, in everything that is hidden through this one.

    names: whole names, in any case. References to facts, such as {f1}, are left as they are.
    """

    def __init__(self, names: Iterable[str]) -> None:
        listed = sorted({" ".join(name.split()) for name in names if name.strip()}, key=len, reverse=True)
        either = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in listed) or _NOBODY
        self._names = re.compile(either, re.IGNORECASE)
        self._given: dict[tuple[str, str], str] = {}
        self._words: dict[str, str] = {}

    def hide(self, text: str) -> str:
        """Names, and all that a log would mask, then whatever figures are left."""
        # Brackets of others would read as placeholders.
        text = text.replace("[", "(").replace("]", ")")
        names = [Found(Kind.NAME, *match.span()) for match in self._names.finditer(text)]
        parts, at = [], 0
        for kind, start, end in personal(text, names):
            parts += [_FIGURES.sub(self._figure, text[at:start]), self._placeholder(_called(kind), text[start:end])]
            at = end
        return "".join([*parts, _FIGURES.sub(self._figure, text[at:])])

    def put_back(self, text: str) -> str:
        """A placeholder that was not given stays as it is."""
        return PLACEHOLDER.sub(lambda match: self._words.get(match[0], match[0]), text)

    def _figure(self, match: re.Match[str]) -> str:
        return match[0] if match["ref"] else self._placeholder("AMOUNT" if match["amount"] else "NUMBER", match[0])

    def _placeholder(self, kind: str, words: str) -> str:
        key = (kind, words.casefold())
        if key not in self._given:
            number = sum(given == kind for given, _ in self._given) + 1
            self._given[key] = f"[{kind}_{number}]"
            self._words[self._given[key]] = words
        return self._given[key]


def _called(kind: Kind) -> str:
    return "NAME" if kind is Kind.NAME else "CONTACT" if kind in _CONTACTS else "NUMBER"


def names_to_hide(party: Party, known: Known, heard: Spans) -> set[str]:
    """The names that this login could say or be told: its own, its payees', and those that were heard in the message.

    Words that every question is made of are not hidden by themselves, even where somebody is called so ("Next").
    """
    ordinary = known.vocabulary.asked | set(periods.MONTHS) | set(periods.WEEKDAYS) | set(known.synonyms)
    names = {party.name, *party.name.split(), *(a.name for a in known.accounts)}
    for payee in known.payees:
        names |= {payee.shown, payee.text, payee.template}
    names |= known.leading
    kept = {name for name in names if len(name) > 1 and not words_of(name) <= ordinary}
    # A name of several words is one whatever they are: "Everyday account".
    kept |= {payee.shown for payee in known.payees if " " in payee.shown.strip()}
    return kept | {name for name in heard.merchants if _is_name(name, known)}


def _is_name(said: str, known: Known) -> bool:
    """Whether something that was heard as a payee is called that, as against described: "Tesco", not "my sister"."""
    words: Sequence[str] = plain(said).split()
    return any(word in known.tokens or word not in known.vocabulary.english for word in words)
