"""How well the groundedness score agrees with people: answers of models that several judges marked for faithfulness, 1 to 4.

A folder holds `mtrag_judged`, or is it. Counted are answers of models that were given passages; an answer's mark is the mean of
its judges, and it is faithful when that is above 3. What people wrote as a reference is not counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from assistant.grounded import Grounded, grounded
from assistant.wordings import Embed
from data.errors import InvalidInput
from evals.figures import Figure, auroc, resampled, spearman
from evals.loading import field, lines

FAITHFUL = 3.0
SCORES: dict[str, Callable[[Grounded], float]] = {
    "words": lambda score: score.words,
    "meaning": lambda score: score.meaning,
    "both": lambda score: score.both,
}
REFERENCE = "reference"


class Judged(NamedTuple):
    """An answer with its judges' mean mark. talk: the conversation, whose answers are alike."""

    where: str
    talk: str
    answer: str
    texts: tuple[str, ...]
    mark: float


class Agreement(NamedTuple):
    """spearman: with the judges' means. auroc: of telling faithful answers from others; both NaN where all are marked alike.

    For their intervals whole conversations are drawn.
    """

    answers: int
    spearman: Figure
    auroc: Figure


def read(data: Path) -> list[Judged]:
    """Raises InvalidInput for a line that cannot be read, and where there is none."""
    folder = data if data.name == "mtrag_judged" else data / "mtrag_judged"
    found = [one for path in sorted(folder.glob("*.jsonl")) for where, line in lines(path) for one in _judged(line, where)]
    if not found:
        raise InvalidInput(f"{data}: there are no judged answers in it")
    return found


def _judged(line: dict[str, object], where: str) -> Iterator[Judged]:
    texts, answer = field(line, "contexts", list, where), field(line, "response", str, where)
    marks = field(field(line, "human", dict, where), "faithfulness", list, where)
    if not marks or any(str(mark) not in ("1", "2", "3", "4") for mark in marks):
        raise InvalidInput(f"{where}, field 'faithfulness': {marks!r} are not marks from 1 to 4")
    if field(line, "model", str, where) != REFERENCE and texts:
        talk = field(line, "task_id", str, where).split("<")[0]
        yield Judged(where, talk, answer, tuple(map(str, texts)), fmean(float(mark) for mark in marks))


def embedded_once(embed: Embed) -> Embed:
    """Embeds as the other does, and each text once: the same passages stand behind several answers."""
    kept: dict[str, NDArray[np.float32]] = {}

    def once(texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in kept]
        kept.update(zip(new, embed(new), strict=True))
        return np.asarray([kept[text] for text in texts])

    return once


def scores(asked: Sequence[Judged], embed: Embed, told: Callable[[int, int], None]) -> list[Grounded]:
    once, found = embedded_once(embed), []
    for number, one in enumerate(asked, start=1):
        found.append(grounded(one.answer, one.texts, once))
        told(number, len(asked))
    return found


def halves(asked: Sequence[Judged]) -> tuple[list[int], list[int]]:
    """Places of the answers of one half of the conversations and of the other: chosen on one, a score is shown on the other."""
    odd = [hashlib.sha256(one.talk.encode()).digest()[-1] % 2 == 1 for one in asked]
    return [n for n, is_odd in enumerate(odd) if not is_odd], [n for n, is_odd in enumerate(odd) if is_odd]


def agreement(asked: Sequence[Judged], values: Sequence[float]) -> Agreement:
    marks, given = np.asarray([one.mark for one in asked]), np.asarray(values, np.float64)
    talks: dict[str, list[int]] = {}
    for place, one in enumerate(asked):
        talks.setdefault(one.talk, []).append(place)
    groups = list(talks.values())
    return Agreement(
        len(asked),
        resampled(lambda some: spearman(given[some], marks[some]), groups),
        resampled(lambda some: auroc(given[some], marks[some] > FAITHFUL), groups),
    )


def failures(asked: Sequence[Judged], values: Sequence[float], number: int = 30) -> str:
    """The answers that people and the score rank most differently, as Markdown."""
    apart = rankdata(values) - rankdata([one.mark for one in asked])
    told = []
    for place in np.argsort(-np.abs(apart))[:number]:
        one = asked[place]
        how = "higher" if apart[place] > 0 else "lower"
        told += [
            f"## {one.where}",
            f"- judges {one.mark:.2f}, score {values[place]:.3f}: {how} than people",
            f"- answer: {one.answer}",
            "",
        ]
    return "\n".join(told)
