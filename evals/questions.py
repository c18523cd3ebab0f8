"""The questions over the households: conversations in customers' words, with what a right answer holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict

from data.facts import Outcome
from evals.golds import Gold, golds

HOUSEHOLDS = Path(__file__).parent / "households"
# Every conversation takes place at this moment, a Tuesday.
NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)

Portion = Literal["dev", "held"]
Outcomes = Annotated[tuple[Outcome, ...], BeforeValidator(lambda want: (want,) if isinstance(want, str) else want)]


class Turn(BaseModel):
    """What a customer says, and what would be right.

    want: outcomes that are right, the first one best. gold: what an answer must state, in the words of evals.golds; it is asked
    of outcome "answer" only. never: what may not stand anywhere in the turn.
    """

    model_config = ConfigDict(extra="forbid")

    say: str
    want: Outcomes = (Outcome.ANSWER,)
    gold: Mapping[str, Any] | None = None
    never: tuple[str, ...] = ()


class Conversation(BaseModel):
    """q: the number of the kind of question that it stands for, among the forty a bank's assistant is asked."""

    model_config = ConfigDict(extra="forbid")

    id: str
    customer: str
    portion: Portion
    q: int | None = None
    turns: tuple[Turn, ...]

    @property
    def line(self) -> dict[str, Any]:
        """The conversation as a line of the batch format."""
        return {
            "id": self.id,
            "customer": self.customer,
            "now": NOW.isoformat(),
            "turns": [turn.say for turn in self.turns],
        }

    @cached_property
    def golds(self) -> list[list[Gold]]:
        """The right answers of each turn; an empty list where any answer that is grounded will do."""
        return [golds(turn.gold, self.customer, NOW) if turn.gold else [] for turn in self.turns]


def conversations(portion: Portion | None = None, folder: Path = HOUSEHOLDS) -> list[Conversation]:
    """All conversations, or those of one portion, in the order of the files."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        found += [Conversation.model_validate(written) for written in yaml.safe_load(path.read_text("utf-8"))]
    return [c for c in found if portion in (None, c.portion)]
