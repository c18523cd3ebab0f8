"""Stored conversations that are worth a look, with names and numbers hidden; and reviewed ones as a suite.

A line is a conversation. A reviewer gives it a `customer` of the sandbox and each of its turns a `want`, and where they like a
`gold` and other words in the place of placeholders; then it is asked like any conversation with the households.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

import prompts
from assistant.placeholders import PLACEHOLDER, Placeholders
from data.errors import InvalidInput
from data.facts import (
    NAME,
    QUOTE,
    CitationEvent,
    DoneEvent,
    Event,
    FactEvent,
    FeedbackEvent,
    Outcome,
    TextEvent,
)
from data.ledger import Ledger
from data.party import PartyId
from data.records import Records, Told
from evals import questions
from evals.golds import fitting
from evals.loading import lines

ALL = 1_000_000
_TAKEN_BACK = re.compile(
    r"^\W*(no|nope|naw|nah|wrong|sorry|oops|actually|wait|not (that|what))\b|\b(i (meant|mean)|check again|that'?s wrong)\b",
    re.IGNORECASE,
)


class Why(StrEnum):
    """Why a turn is worth a look."""

    THUMB = "thumb down"
    HANDOVER = "handed over"
    CORRECTION = "taken back by the customer"
    CHAIN = "asked back again and again"
    MODEL = "planned by a model"
    BARE = "answered without a fact or a page"
    ERROR = "broken off"


class Kept(NamedTuple):
    """A stored turn as far as it matters here. answer: our sentences; names: what was told as a name."""

    message: str
    outcome: Outcome | None
    answer: str
    model: bool
    bare: bool
    thumb_down: bool
    names: frozenset[str]


def kept(told: Told) -> Kept:
    events: Sequence[Event] = [logged.event for logged in told.events]
    done = next((e for e in events if isinstance(e, DoneEvent)), None)
    thumbs = [e.thumb for e in events if isinstance(e, FeedbackEvent)]
    facts = [e.fact for e in events if isinstance(e, FactEvent)]
    names = {fact.value for fact in facts if fact.unit == NAME} | {fact.shown for fact in facts if fact.unit == NAME}
    if done is not None:
        names |= {*done.scope.merchants, *done.scope.accounts}
    proved = any(fact.evidence or fact.unit == QUOTE for fact in facts) or any(isinstance(e, CitationEvent) for e in events)
    return Kept(
        message=told.message,
        outcome=done.outcome if done is not None else None,
        answer=" ".join(e.text for e in events if isinstance(e, TextEvent)),
        model=done is not None and done.path == "model",
        bare=done is not None and done.outcome is Outcome.ANSWER and not proved,
        thumb_down=bool(thumbs) and thumbs[-1] == "down",
        names=frozenset(names),
    )


def reasons(turns: Sequence[Kept]) -> list[list[Why]]:
    """Why each turn of a conversation is worth a look; a turn that was taken back is the one before."""
    found: list[list[Why]] = []
    for number, turn in enumerate(turns):
        following = turns[number + 1] if number + 1 < len(turns) else None
        asked_back = turn.outcome is Outcome.CLARIFY
        holds = {
            Why.THUMB: turn.thumb_down,
            Why.HANDOVER: turn.outcome is Outcome.HANDOVER,
            Why.CORRECTION: following is not None and bool(_TAKEN_BACK.search(following.message)),
            Why.CHAIN: asked_back and following is not None and following.outcome is Outcome.CLARIFY,
            Why.MODEL: turn.model,
            Why.BARE: turn.bare,
            Why.ERROR: turn.outcome is None,
        }
        found.append([why for why, is_so in holds.items() if is_so])
    return found


def collect(records: Records, ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Every conversation in which some turn is worth a look, as a line to be reviewed. Blocking."""
    for party in records.parties():
        names = names_of(party, ledger)
        for conversation in records.conversations(party, ALL):
            turns = records.turns(party, conversation.id, limit=ALL)
            line = to_review([told for told in turns if told.ended], names)
            if line is not None:
                yield line


def names_of(party: PartyId, ledger: Ledger) -> frozenset[str]:
    """What a party and its accounts are called, and everybody on its statements, whole and word by word.

    A name that the bank does not know stays: whoever reviews a line reads it first.
    """
    known = ledger.party(party)
    accounts = ledger.accounts([grant.account for grant in ledger.grants(party)])
    whole = {account.name for account in accounts} | ({known.name} if known is not None else set())
    for payee in ledger.payees([account.id for account in accounts]):
        whole |= {payee.shown, payee.text, payee.template}
    words = {word for name in whole for word in re.findall(r"[^\W\d_]{3,}", name.lower())}
    return frozenset(whole | (words - ordinary()))


@lru_cache
def ordinary() -> frozenset[str]:
    """Words that questions are made of, which name nobody by themselves."""
    written = (Path(prompts.__file__).parent / "questions.yaml").read_text("utf-8")
    return frozenset(re.findall(r"[^\W\d_]{3,}", written.lower())) | {month.lower() for month in calendar.month_name if month}


def to_review(told: Sequence[Told], names: Iterable[str]) -> dict[str, Any] | None:
    """A conversation as a line, everything hidden that names somebody or counts something; None when nothing is amiss."""
    turns = [kept(one) for one in told]
    why = reasons(turns)
    if not any(why):
        return None
    hidden = Placeholders([*names, *(name for turn in turns for name in turn.names)])
    written = [
        {
            "say": hidden.hide(turn.message),
            "outcome": turn.outcome.value if turn.outcome else "error",
            "answer": hidden.hide(turn.answer),
            "why": list(some),
            "want": None,
        }
        for turn, some in zip(turns, why, strict=True)
    ]
    return {"customer": None, "asked_on": told[0].asked_at.date().replace(day=1).isoformat(), "turns": written}


class Reviewed(BaseModel):
    """A line that somebody has reviewed."""

    model_config = ConfigDict(extra="forbid")

    id: str = ""
    customer: str
    asked_on: dt.date | None = None
    turns: tuple[dict[str, Any], ...]

    def conversation(self, key: str) -> questions.Conversation:
        seen = ("say", "want", "gold", "never")
        turns = [{name: turn[name] for name in seen if turn.get(name) is not None} for turn in self.turns]
        written = {"id": self.id or key, "customer": self.customer, "portion": "dev", "turns": turns}
        return questions.Conversation.model_validate(written)


def reviewed(path: Path) -> tuple[list[questions.Conversation], int]:
    """The conversations of a file that are reviewed, and how many lines nobody has reviewed yet.

    A line is reviewed once a turn of it has a `want`. Raises InvalidInput naming file, line and field of one that is not whole.
    """
    found, waiting = [], 0
    for number, (where, written) in enumerate(lines(path), start=1):
        turns = written.get("turns")
        if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
            raise InvalidInput(f"{where}, field turns: it is no list of turns")
        if not any(turn.get("want") for turn in turns):
            waiting += 1
            continue
        found.append(_conversation(written, where, f"{path.stem}-{number}"))
    return found, waiting


def _conversation(written: dict[str, Any], where: str, key: str) -> questions.Conversation:
    for turn, one in enumerate(written["turns"]):
        if not one.get("want"):
            raise InvalidInput(f"{where}, field turns.{turn}.want: the other turns have one")
        if left := PLACEHOLDER.search(str(one.get("say"))):
            raise InvalidInput(f"{where}, field turns.{turn}.say: {left[0]} stands for something that has to be said")
    return fitting(lambda: Reviewed.model_validate(written).conversation(key), where)
