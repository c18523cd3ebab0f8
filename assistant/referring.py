"""Which of somebody's payments are meant: by the words that a statement has beside the name, and by who was not picked before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.merchants import match
from assistant.plan import ABOUT_PAYMENTS, Asked, Plan, Step
from assistant.spans import Known, find, texts_of, words_of
from data.ledger import Payee


@dataclass(frozen=True)
class Meant:
    """A message without the words that say which are meant, whom it is about, and what that makes of its steps.

    only: the templates that are meant; excluding: those of whoever was spoken of before, where it is somebody else.
    """

    message: str
    name: str
    only: tuple[str, ...] = ()
    excluding: tuple[str, ...] = ()

    def of(self, plan: Plan) -> Plan:
        return plan.model_copy(update={"steps": tuple(self._of_step(step) for step in plan.steps)})

    def _of_step(self, step: Step) -> Step:
        if step.tool not in ABOUT_PAYMENTS:
            return step
        spans = step.spans.model_copy(update={"merchants": (self.name,), "category": ""})
        return step.model_copy(update={"spans": spans, "only": self.only, "excluding": self.excluding})


def meant(text: str, known: Known, last: Asked | None) -> Meant | None:
    """What of a message says which payments of somebody it is about; None where nothing does. text: in plain form.

    last: the question before, if its answer was about somebody.
    """
    spoken = _spoken_of(last, known) if last is not None else []
    if spoken and (other := _other(text, spoken, known)) is not None:
        return other
    found = find(text, known).spans
    if len(found.merchants) > 1 and not _is_one(found.merchants, known):
        return None
    named = _called(found.merchants[0], known) if found.merchants else []
    who = named or spoken
    if len({p.shown for p in who}) != 1:
        return None
    for pattern in _REFERENCES:
        for said in pattern.finditer(text):
            some = _with_words(said["ref"], who)
            pointed = named or _THEM.search(text) or said["lead"].endswith(("the ", "his ", "her ", "their "))
            if some and pointed and len(some) < len({p.template for p in who}):
                rest = f"{text[: said.start()]}{_KEPT.get(said['lead'].split()[0], '')}{text[said.end() :]}"
                return Meant(re.sub(r" {2,}", " ", rest).strip(), _name(who[0], named, found.merchants), only=some)
    return None


_W = r"(?!(?:same|other|whole|last|first|next|rest|month|year|week|day|total)\b)[a-z]+"
_REFERENCES = (
    re.compile(rf"\b(?P<lead>(?:the|his|her|their) )(?P<ref>{_W}(?: {_W}){{0,3}}?) (?:money|ones?|payments?)\b"),
    re.compile(
        rf"\b(?P<lead>for (?:(?:the|his|her|their|my|our) )?)(?P<ref>{_W}(?: {_W}){{0,2}}?)"
        r"(?=(?: (?:this|last|in|since|so far|altogether|ever)\b.*)?\s*[?.!]*$)"
    ),
    re.compile(rf"\b(?P<lead>(?:to|in|at|from) the )(?P<ref>{_W})\b"),
)
# What is left in the place of the words, so that the rest still says that it is about somebody.
_KEPT = {"to": "to them", "from": "from them", "at": "there", "in": "there"}
_THEM = re.compile(r"\b(?:he|she|they|him|her|them|his|their|he's|she's|they've|there)\b")
_OTHER = re.compile(r"\b(?:(?:the|my) )?other (?P<name>[a-z]+)\b")


def _other(text: str, spoken: Sequence[Payee], known: Known) -> Meant | None:
    """ "And the other James": whoever else is called so."""
    for said in _OTHER.finditer(text):
        name, shown = said["name"].removesuffix("'s"), {p.shown for p in spoken}
        if any(name in words_of(p.shown.casefold()) for p in spoken if p.personal):
            gone = tuple(dict.fromkeys(p.template for p in known.payees if p.shown in shown))
            return Meant(f"{text[: said.start()]}{name}{text[said.end() :]}", name, excluding=gone)
    return None


def _spoken_of(last: Asked, known: Known) -> list[Payee]:
    """Everything of whoever a question was about, whichever of it was picked."""
    used = set(last.step.only or last.used)
    shown = {p.shown for p in known.payees if p.template in used}
    return [p for p in known.payees if p.shown in shown] if shown else []


def _called(name: str, known: Known) -> list[Payee]:
    found = match(name, known.payees, (), known.vocabulary.english).payees
    shown = {p.shown for p in found}
    return [p for p in known.payees if p.shown in shown] if all(p.personal for p in found) else []


def _is_one(names: Sequence[str], known: Known) -> bool:
    """Whether several names are parts of what one payee is called: "Oliver" and "birthday"."""
    return known.together([word for name in names for word in words_of(name)])


def _with_words(said: str, who: Sequence[Payee]) -> tuple[str, ...]:
    """The templates that have all of some words beside the name."""
    words = words_of(said) - {"a", "the", "of"}
    beside = {p.template: texts_of(p) - words_of(p.shown.casefold()) for p in who}
    return tuple(t for t, has in beside.items() if words and all(any(_alike(word, one) for one in has) for word in words))


def _alike(one: str, two: str) -> bool:
    return one.removesuffix("s") == two.removesuffix("s")


def _name(payee: Payee, named: Sequence[Payee], said: Sequence[str]) -> str:
    return said[0] if named else payee.shown.casefold()
