"""Questions about what the bank has written down: its articles and its products, with what a right answer holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

import connectors.sandbox
from data.facts import Outcome
from evals.marks import Mark, Output
from evals.questions import NOW, Outcomes, Portion

ARTICLES = Path(connectors.sandbox.__file__).parent / "articles"
QUESTIONS = Path(__file__).parent / "articles" / "questions.yaml"

Kind = Literal["answerable", "superseded", "internal", "contradicting", "unanswerable", "mixed"]
Ids = Annotated[tuple[str, ...], BeforeValidator(lambda ids: (ids,) if isinstance(ids, str) else ids)]


class Article(BaseModel):
    """One article of the bank: in force from `since` until `until`, both included (None: no end yet).

    products: ids of the product versions that it is about; empty when it holds for all. supersedes: the article before it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")
    title: str
    since: dt.date = Field(alias="from")
    until: dt.date | None = Field(None, alias="to")
    audience: Literal["public", "internal"]
    products: tuple[str, ...]
    supersedes: str | None = None
    text: str

    def in_force(self, day: dt.date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


class Computed(BaseModel):
    """A figure that has to be worked out from the product version of one of the customer's accounts.

    shows: how it stands in an answer; a zero may as well be said in words. of: the amount that it is worked out on, such as
    "200.00 EUR". Interest is that of `days` at a yearly rate, of the tier that `balance` reaches ("" for the amount itself).
    times: how often a fee is charged.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shows: str
    what: Literal["fee", "interest", "overdraft"]
    of: str
    account: str = "Everyday account"
    fee: str = ""
    days: int = 365
    balance: str = ""
    times: int = 1


class Turn(BaseModel):
    """What a customer says, and what would be right.

    want: outcomes that are right, the first one best. cites: articles of which an answer must cite one. figures: what it must
    state. computed: the same, worked out. never: what may not stand in it. holds, why: of two articles that contradict each
    other, the one held right, and the reason.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    say: str
    want: Outcomes = (Outcome.ANSWER,)
    cites: Ids = ()
    figures: Ids = ()
    computed: tuple[Computed, ...] = ()
    never: Ids = ()
    holds: str | None = None
    why: str | None = None

    @model_validator(mode="after")
    def _only_answers_state(self) -> Self:
        if Outcome.ANSWER not in self.want and (self.cites or self.figures or self.computed):
            raise ValueError(f"{self.say!r} wants no answer, and says what an answer must hold")
        return self


class Conversation(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    customer: str
    kind: Kind
    portion: Portion
    now: AwareDatetime = NOW
    turns: tuple[Turn, ...]

    @property
    def line(self) -> dict[str, Any]:
        """The conversation as a line of the batch format."""
        says = [turn.say for turn in self.turns]
        return {"id": self.id, "customer": self.customer, "now": self.now.isoformat(), "turns": says}


def mark(turn: Turn, output: Output) -> Mark:
    """Right: an outcome that is wanted and, of an answer, a page that may be cited and every figure; never what must not stand.

    wrong: something was said that must not be, or another figure in the place of one that has to be worked out.
    """
    text = " ".join((output["answer"], *(fact["value"] for fact in output["facts"]))).lower()
    amiss = [f"says {words}" for words in turn.never if words.lower() in output["answer"].lower()]
    wrong = bool(amiss)
    if output["outcome"] not in turn.want:
        amiss.append(f"outcome {output['outcome']}, not {' or '.join(turn.want)}")
    elif output["outcome"] == Outcome.ANSWER:
        cited = {one["source"].partition("#")[0] for one in output["citations"]}
        if turn.cites and not cited & set(turn.cites):
            amiss.append(f"cites {', '.join(sorted(cited)) or 'nothing'}, not {' or '.join(turn.cites)}")
        amiss += [f"does not say {figure}" for figure in turn.figures if figure.lower() not in text]
        amiss += [f"does not say {one.shows}" for one in turn.computed if not _says(one.shows, text)]
    return Mark(right=not amiss, wrong=wrong, why="; ".join(amiss))


def _says(shows: str, text: str) -> bool:
    """Whether a text states a figure; a zero may be said in words."""
    free = not shows.strip("£€0.")
    return shows in text or (free and any(word in text for word in ("free", "nothing", "no fee")))


def internal_shown(output: Output, internal: Collection[str]) -> list[str]:
    """Ids of internal articles of which something stands in an answer."""
    ids = {key.partition("#")[0] for fact in output["facts"] for key in fact["evidence"]}
    return sorted((ids | {one["source"].partition("#")[0] for one in output["citations"]}) & set(internal))


def articles(folder: Path = ARTICLES) -> dict[str, Article]:
    """All articles by their id, which is the name of the file. Raises ValueError for a file that is not one."""
    found = {}
    for path in sorted(folder.glob("*.md")):
        article = _article(path.read_text("utf-8"))
        if article.id != path.stem:
            raise ValueError(f"{path.name} calls itself {article.id}")
        found[article.id] = article
    return found


def _article(written: str) -> Article:
    opening, front, text = written.split("---\n", 2)
    known = yaml.safe_load(front)
    if opening or not isinstance(known, Mapping):
        raise ValueError("an article begins with its front matter")
    fields: dict[str, Any] = {**known, "text": text.strip()}
    return Article.model_validate(fields)


def conversations(portion: Portion | None = None, path: Path = QUESTIONS) -> list[Conversation]:
    """All conversations, or those of one portion, in the order of the file."""
    found = [Conversation.model_validate(written) for written in yaml.safe_load(path.read_text("utf-8"))]
    return [c for c in found if portion in (None, c.portion)]
