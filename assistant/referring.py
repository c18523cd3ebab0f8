"""Which of somebody's payments are meant: by the words that a statement has beside the name, and by who was not picked before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.merchants import match as called
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
        # What was left out before may be what is asked about now.
        spans = step.spans.model_copy(update={"merchants": (self.name,), "category": "", "without": ()})
        return step.model_copy(update={"spans": spans, "only": self.only, "excluding": self.excluding})


def meant(text: str, known: Known, asked: Sequence[Asked]) -> Meant | None:
    """What of a message says which payments of somebody it is about; None where nothing does. text: in plain form.

    asked: the questions before, of which the latest whose answer was about somebody with such statements tells who it is.
    """
    spoken = [some for one in reversed(asked[-SPOKEN_OF:]) if (some := everything_of(one, known))]
    if spoken and BOTH_CALLED.search(text):
        # "The two of them, him and my brother": no one is picked.
        return None
    if spoken and (other := _other(text, spoken[0], known) or _described(text, asked, known)) is not None:
        return other
    if not any(pattern.search(text) for pattern in _REFERENCES):
        return None
    found = find(text, known).spans
    gone = {word for name in found.without for word in words_of(name)}
    for said in (match for pattern in _REFERENCES for match in pattern.finditer(text)):
        names = [name for name in found.merchants if not words_of(name) <= words_of(said["ref"])]
        if len(names) > 1 or words_of(said["ref"]) & gone:
            continue
        for who in [called_so(names[0], known)] if names else spoken:
            if (only := _picked(said, text, who, named=bool(names))) is not None:
                rest = f"{text[: said.start()]}{_KEPT.get(said['lead'].split()[0], '')}{text[said.end() :]}"
                shown = next(p.shown for p in who if p.template in only)
                return Meant(re.sub(r" {2,}", " ", rest).strip(), names[0] if names else shown.casefold(), only=only)
    return None


BOTH_CALLED = re.compile(r"\b(?:both(?: of (?:them|'?em))?|the two(?: of (?:them|'?em))?|the pair(?: of (?:them|'?em))?)\b")
# So many questions back somebody is still spoken of.
SPOKEN_OF = 3


def _picked(said: re.Match[str], text: str, who: Sequence[Payee], *, named: bool) -> tuple[str, ...] | None:
    """Of the statements of some payees those that a reference picks: some of one payee's, and not all."""
    some = _with_words(said["ref"], who)
    theirs = {p.template for p in who if p.shown in {q.shown for q in who if q.template in some}}
    one = len({p.shown for p in who if p.template in some}) == 1
    pointed = named or _THEM.search(text) or said["lead"].endswith(("the ", "his ", "her ", "their "))
    return some if pointed and one and len(some) < len(theirs) else None


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


def _described(text: str, asked: Sequence[Asked], known: Known) -> Meant | None:
    """ "Now the one who fixes the roof", after one of two of a name: the other of them, however they are described."""
    said, last = _NOW_THE_ONE.match(text), asked[-1].step
    if said is None or not last.only or len(last.spans.merchants) != 1:
        return None
    name, some = last.spans.merchants[0], called_so(last.spans.merchants[0], known)
    gone = {p.shown for p in some if p.template in last.only}
    if len({p.shown for p in some} - gone) != 1:
        return None
    return Meant(f"{name}{text[said.end() :]}", name, excluding=tuple(p.template for p in some if p.shown in gone))


_NOW_THE_ONE = re.compile(
    r"(?:(?:ok|okay|right|so|then|well|good|thanks)\b,? )*(?:(?:and|now|no|not him|not her)\b,? )+"
    r"the (?:one|guy|bloke|lad|man|woman|lady|person|fella) (?:who|that)\b[^,.?!;:]*"
)


def everything_of(last: Asked, known: Known) -> list[Payee]:
    """Everything of whoever a question was about, whichever of it was picked."""
    used = set(last.step.only or last.used)
    shown = {p.shown for p in known.payees if p.template in used}
    return [p for p in known.payees if p.shown in shown] if shown else []


def called_so(name: str, known: Known) -> list[Payee]:
    """Everything of the people who are called by a name; nothing where a shop is."""
    found = called(name, known.payees, (), known.vocabulary.english).payees
    shown = {p.shown for p in found}
    return [p for p in known.payees if p.shown in shown] if all(p.personal for p in found) else []


def _with_words(said: str, who: Sequence[Payee]) -> tuple[str, ...]:
    """The templates that have all of some words beside the name."""
    words = words_of(said) - {"a", "the", "of"}
    beside = {p.template: texts_of(p) - words_of(p.shown.casefold()) for p in who}
    return tuple(t for t, has in beside.items() if words and all(any(_alike(word, one) for one in has) for word in words))


def _alike(one: str, two: str) -> bool:
    return one.removesuffix("s") == two.removesuffix("s")
