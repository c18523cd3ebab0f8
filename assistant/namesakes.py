"""Several people of one name, and which of them is meant: they are never added up unasked."""

from __future__ import annotations

import re

from assistant import choices
from assistant.memory import Choice, Memory
from assistant.merchants import How, Match
from assistant.periods import NUMBERS
from assistant.plan import ABOUT_PAYMENTS, Step
from assistant.referring import called_so
from assistant.spans import KIN, Known, family_of, plain, texts_of, words_of

_ANY_KIN = "|".join(sorted(KIN))
# Cheques differ by their numbers alone.
_DIGITS = re.compile(r"\d+")
_NOT_THAT_ONE = re.compile(
    rf"\b(?:i mean(?:t)?|not|no|nah|naw|other|him|her|one|the (?:lad|lass|guy|bloke|woman|man|lady)|my (?:{_ANY_KIN}))\b"
)
# Of two of a name each, or both of them, and not the other one.
_BOTH = re.compile(r"\b(?:both|two|pair|together|add(?:ed)?|each|(?:him|her|he|she|that) and|and (?:him|her))\b")


def are(found: Match) -> bool:
    """Whether a name is that of several people. Branches of one shop are one."""
    people = {_DIGITS.sub("", name) for name in found.names}
    if plain(found.said).endswith("pensions"):
        return False
    return found.how is not How.EXACT and all(p.personal for p in found.payees) and len(people) > 1


def told_apart(found: Match, step: Step, written: str, known: Known) -> Match:
    """The one of several people of a name whom a message tells from the others; all of them where it tells nobody.

    written: the message as it was typed.
    """
    if not are(found):
        return found
    text = plain(written)
    return _of_kin(found, text, known) or _by_purpose(found, step, text, known) or found


def family_in(known: Known) -> frozenset[str]:
    """The names of those who have one of the customer's own."""
    return frozenset(p.shown for p in family_of(known.payees, known))


def another(message: str, memory: Memory, known: Known) -> Step | None:
    """The question before of somebody else who is called so, where a message only says of whom: "no, my brother", "not Reid"."""
    last = memory.asked[-1].step if memory.asked and not memory.lost and not memory.choices else None
    text = plain(message)
    if last is None or last.tool not in ABOUT_PAYMENTS or len(last.spans.merchants) != 1 or choices.asks_anew(text):
        return None
    if _NOT_THAT_ONE.search(text) is None or _BOTH.search(text) is not None:
        return None
    people: dict[str, list[str]] = {}
    for payee in called_so(last.spans.merchants[0], known):
        people.setdefault(payee.shown, []).append(payee.template)
    some = [
        Choice(label=shown, step=last.model_copy(update={"only": tuple(dict.fromkeys(texts)), "excluding": ()}))
        for shown, texts in people.items()
    ]
    meant = choices.picked(message, some, family_in(known)) if len(some) > 1 else None
    return None if meant is None or set(meant.only) & set(last.only) else meant


def _of_kin(found: Match, text: str, known: Known) -> Match | None:
    """ "My brother Tom": the one of the customer's own name, if there is just one."""
    name = re.escape(plain(found.said))
    if re.search(rf"\b(?:{_ANY_KIN}),? {name}\b|\b{name},? my (?:{_ANY_KIN})\b", text) is None:
        return None
    family = family_of(found.payees, known)
    return found.model_copy(update={"payees": family}) if len({p.shown for p in family}) == 1 else None


def _by_purpose(found: Match, step: Step, text: str, known: Known) -> Match | None:
    """ "Did Ann pay me for the taxi": the one whose statement lines alone have something that was said."""
    if _BESIDE.search(text) and len(step.spans.merchants) + bool(step.spans.category) > 1:
        # "Ann and the rent" are two things.
        return None
    text = _ASIDE.sub(" ", text)
    said = words_of(text) - words_of(" ".join((plain(found.said), *step.spans.periods))) - known.nobody - _OF_QUESTIONS
    people: dict[str, set[str]] = {}
    whole: set[str] = set()
    for payee in found.payees:
        people.setdefault(payee.shown, set()).update(texts_of(payee) - _OF_QUESTIONS)
        purpose = payee.template.removeprefix(plain(payee.shown)).strip()
        whole |= {payee.shown} if " " in purpose and f" {purpose}" in text.replace("-", " ") else set()
    names = list(people)
    meant = whole or {names[number] for number in choices.telling(said, list(people.values()))}
    if len(meant) != 1:
        return None
    return found.model_copy(update={"payees": tuple(p for p in found.payees if p.shown in meant)})


_BESIDE = re.compile(r"\b(?:and|vs|versus|or|plus|against)\b|&")
# What is left out, and the time of something else.
_ASIDE = re.compile(
    r"\b(?:not|without|except|excluding|ignoring|leaving out|apart from|other than|since|before|after|until|till)\b[^.?!;,]*"
)
# A number, and what is asked, say nothing of what was paid for.
_OF_QUESTIONS = frozenset({*NUMBERS, "share", "side", "plan", "days", "part", "top"})
