"""Whether to answer, to ask back or to say that it is not known: conversations with passages, of which some hold no answer.

A folder holds `mtragun`, or is it. Unanswerable questions come without passages, which would tell them by counting. So each
question is given as many: its own, and distractors from the other conversations that our search finds nearest. It is decided
by signals of the product's own; their weights are fitted on other conversations than the one that is decided.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from api.settings import Settings
from api.wiring import Library
from assistant.grounded import grounded
from assistant.wordings import Embed
from data.articles import Audience
from data.errors import InvalidInput
from evals.articles import TODAY, Set, filled
from evals.figures import Places, resampled
from evals.grounded import embedded_once
from evals.loading import field, lines
from evals.report import Share

GIVEN = 10
DECISIONS = ("answer", "ask back", "not known")
_RIGHT = {"ANSWERABLE": "answer", "PARTIAL": "answer", "UNDERSPECIFIED": "ask back", "UNANSWERABLE": "not known"}
_LEANS = re.compile(r"\b(?:this|that|these|those|it|its|they|them|their|he|she|one|ones|such|there|the)\b", re.I)
Told = Callable[[int, int], None]


class Task(NamedTuple):
    """talk: the conversation that it is of. kind: as the set calls it. before: what was said until the question."""

    where: str
    talk: str
    kind: str
    before: tuple[str, ...]
    question: str
    passages: dict[str, str]

    @property
    def right(self) -> str:
        return _RIGHT[self.kind]


class Signals(NamedTuple):
    """All in [0, 1]. alone, with_last: how far the question stands in the best passage, by itself and with the one before it.
    ahead: how far the best is ahead of the next. before: how far it stands in what was said before. leans: the share of its words
    that lean on something. first: whether nothing was said before."""

    alone: float
    with_last: float
    ahead: float
    before: float
    leans: float
    first: float


class Decided(NamedTuple):
    task: Task
    signals: Signals
    decision: str


def read(data: Path) -> list[Task]:
    """Raises InvalidInput for a line that cannot be read, and where there is none."""
    folder = data if data.name == "mtragun" else data / "mtragun"
    found = [_task(line, where) for path in sorted(folder.glob("*.jsonl")) for where, line in lines(path)]
    if not found:
        raise InvalidInput(f"{data}: there is no mtragun in it")
    return found


def _task(line: dict[str, Any], where: str) -> Task:
    kinds = field(line, "answerability", list, where)
    if len(kinds) != 1 or kinds[0] not in _RIGHT:
        raise InvalidInput(f"{where}, field 'answerability': {kinds!r} is not one of {', '.join(_RIGHT)}")
    turns = field(line, "conversation", list, where)
    if not turns or field(turns[-1], "speaker", str, where) != "user":
        raise InvalidInput(f"{where}, field 'conversation': it does not end with a question")
    said = [field(turn, "text", str, where) for turn in turns]
    passages = {field(one, "id", str, where): field(one, "text", str, where) for one in field(line, "contexts", list, where)}
    return Task(where, field(line, "task_id", str, where).split("<")[0], kinds[0], tuple(said[:-1]), said[-1], passages)


async def given(settings: Settings, tasks: Sequence[Task], told: Told) -> list[list[str]]:
    """For each task the texts it is given: its own passages and the nearest of other conversations, `GIVEN` in all."""
    pool = {key: text for task in tasks for key, text in task.passages.items()}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pool.jsonl"
        rows = [{"id": key, "title": text.strip().split("\n")[0][:100], "text": text} for key, text in pool.items()]
        path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
        async with filled(settings, Set("mtragun", path, {}, [], GIVEN), told) as library:
            # A distractor is one however far it is.
            library.search.floor = -1.0
            return [await _texts(library, task, tasks, pool) for task in tasks]


async def _texts(library: Library, task: Task, tasks: Sequence[Task], pool: dict[str, str]) -> list[str]:
    # What another question of the same conversation was given may hold this one's answer.
    same = {key for other in tasks if other.talk == task.talk for key in other.passages}
    found = await library.search.search_articles(task.question, on=TODAY, audience=Audience.INTERNAL, products=None, limit=100)
    others = [passage.article for passage in found if passage.article not in same]
    return [pool[key] for key in [*task.passages, *others][:GIVEN]]


def signals(task: Task, texts: Sequence[str], embed: Embed) -> Signals:
    """Blocking."""
    asked = [said for n, said in enumerate(reversed(task.before)) if n % 2][:1]
    alone = sorted((grounded(task.question, [text], embed).both for text in texts), reverse=True)
    whole = f"{' '.join(asked)} {task.question}"
    words = task.question.split()
    return Signals(
        alone=alone[0],
        with_last=max(grounded(whole, [text], embed).both for text in texts),
        ahead=alone[0] - alone[1],
        before=grounded(task.question, task.before, embed).both,
        leans=len(_LEANS.findall(task.question)) / max(len(words), 1),
        first=float(not task.before),
    )


def decided(tasks: Sequence[Task], found: Sequence[Signals]) -> list[Decided]:
    """Each by weights that were fitted without its conversation; rare decisions count as much as the others."""
    features = np.asarray(found, np.float64)
    right, talks = np.asarray([task.right for task in tasks]), np.asarray([task.talk for task in tasks])
    decisions = {}
    for talk in dict.fromkeys(talks.tolist()):
        out = talks == talk
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
        model.fit(features[~out], right[~out])
        decisions[talk] = iter(model.predict(features[out]).tolist())
    return [Decided(task, one, str(next(decisions[task.talk]))) for task, one in zip(tasks, found, strict=True)]


def recalls(found: Sequence[Decided]) -> dict[str, Share]:
    """Of each right decision, how often it was made."""
    of = {right: [one for one in found if one.task.right == right] for right in DECISIONS}
    return {right: Share(sum(one.decision == right for one in some), len(some)) for right, some in of.items()}


def macro_f1(rights: Sequence[str], made: Sequence[str]) -> float:
    """The mean over the decisions that are right somewhere; one that is never rightly made counts zero."""
    there = [name for name in DECISIONS if name in rights]
    return float(f1_score(rights, made, labels=there, average="macro", zero_division=0))


def interval(found: Sequence[Decided]) -> tuple[float, float]:
    """95 % of macro-F1, by drawing tasks again."""
    rights, made = [one.task.right for one in found], [one.decision for one in found]

    def value(some: Places) -> float:
        return macro_f1([rights[n] for n in some], [made[n] for n in some])

    return resampled(value, [[n] for n in range(len(found))])[1:]


def confusion(found: Sequence[Decided]) -> Iterator[tuple[str, list[int]]]:
    """What a task is called, and how often each decision was made of such."""
    counts = Counter((one.task.kind, one.decision) for one in found)
    for kind in _RIGHT:
        yield kind.lower(), [counts[kind, decision] for decision in DECISIONS]


def failures(found: Sequence[Decided]) -> str:
    """Every wrong decision with its signals, as Markdown."""
    told = []
    for one in found:
        if one.decision != one.task.right:
            shown = ", ".join(f"{name} {value:.2f}" for name, value in one.signals._asdict().items())
            told += [
                f"## {one.task.where} · {one.task.kind.lower()}",
                f"- asked: {one.task.question}",
                f"- decided: {one.decision}",
            ]
            told += [f"- signals: {shown}", ""]
    return "\n".join(told)


def measure(settings: Settings, tasks: Sequence[Task], embed: Embed, told: Told) -> list[Decided]:
    texts = asyncio.run(given(settings, tasks, told))
    once, found = embedded_once(embed), []
    for number, (task, some) in enumerate(zip(tasks, texts, strict=True), start=1):
        found.append(signals(task, some, once))
        told(number, len(tasks))
    return decided(tasks, found)
