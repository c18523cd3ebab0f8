"""What each word of a message is to it: of "my lad eats like a horse, total on takeaways?" the total is asked, the takeaways
choose of what, and the rest is talk.

A linear tagger over what the embedding model makes of a word where it stands, of the words beside it, of its clause and of
the whole message. It is learned from prompts/marked.txt, a message a line: [..] stands around words for somebody, goods, a
place or a purpose, <..> around days and times, {..} around accounts and amounts, ~..~ around talk; the other words ask.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.spans import WORD, plain

Vectors = NDArray[np.float32]
# Of a text where each token stands, (start, end) in it, and what it is there: [tokens, 384].
States = Callable[[str], tuple[Sequence[tuple[int, int]], Vectors]]

MARKED = Path(__file__).resolve().parent.parent / "prompts" / "marked.txt"
_OPENS = {"[": "name", "<": "time", "{": "account"}
_CLOSES = frozenset("]>}")
_TALK = "~"
_PAUSE = re.compile(r"[.;!?,:]|\.\.\.|\s-\s")
# How much the words beside it, its clause and the message count against the word itself.
_BESIDE, _CLAUSE, _MESSAGE = 0.7, 0.5, 0.3
_REGULARISATION = 0.1


class Word(NamedTuple):
    """A word of a text and where it stands; how probably it chooses what the text is about, and that it is talk."""

    start: int
    end: int
    chooses: float
    talk: float


@dataclass(frozen=True)
class Tagger:
    """Weights over the features of a word and their bias, a row for each tag. Belongs to one embedding version."""

    tags: tuple[str, ...]
    weights: Vectors
    bias: Vectors

    def read(self, text: str, states: States) -> list[Word]:
        """The words of a text in `plain` form. About 4 ms."""
        words = [(m.start(), m.end()) for m in WORD.finditer(text)]
        if not words:
            return []
        scores = _features(text, words, states) @ self.weights.T + self.bias
        exp = np.exp(scores - scores.max(axis=1, keepdims=True))
        probable = exp / exp.sum(axis=1, keepdims=True)
        of = {tag: probable[:, at].tolist() for at, tag in enumerate(self.tags)}
        chooses = [n + t for n, t in zip(of["name"], of["time"], strict=True)]
        return [Word(start, end, c, t) for (start, end), c, t in zip(words, chooses, of["talk"], strict=True)]


def talks(text: str, words: Sequence[Word]) -> Callable[[str], float]:
    """How probably a part of a text is talk: its words, on the mean."""
    talk = {text[one.start : one.end]: one.talk for one in words}

    def of(part: str) -> float:
        said = [talk.get(m.group(), 0.0) for m in WORD.finditer(part)]
        return sum(said) / len(said) if said else 0.0

    return of


def by_word(text: str, words: Sequence[Word]) -> tuple[dict[str, float], dict[str, float]]:
    """Word -> how probably it chooses what a text is about, the most of its places; and that it is talk, the least of them."""
    chooses: dict[str, float] = {}
    talk: dict[str, float] = {}
    for one in words:
        word = text[one.start : one.end].removesuffix("'s")
        chooses[word] = max(one.chooses, chooses.get(word, 0.0))
        talk[word] = min(one.talk, talk.get(word, 1.0))
    return chooses, talk


def marked(line: str) -> tuple[str, list[tuple[int, int]], list[str]]:
    """The text of a marked line in `plain` form, where its words stand, and the tag of each; "" where it has none."""
    text, tags, tag, talk = "", [], "", False
    for char in plain(line):
        if char == _TALK:
            talk = not talk
        elif char in _OPENS or char in _CLOSES:
            tag = _OPENS.get(char, "")
        else:
            text += char
            tags.append(tag or ("talk" if talk else ""))
    words = [(m.start(), m.end()) for m in WORD.finditer(text)]
    return text, words, [tags[start] for start, _ in words]


def lessons() -> list[str]:
    """The marked lines, from prompts/marked.txt."""
    return [line for line in MARKED.read_text(encoding="utf-8").splitlines() if line.strip()]


def train(states: States, lines: Iterable[str]) -> Tagger:
    """Fit a tagger on marked lines. Takes half a minute; imports scikit-learn, so do it outside a server."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  only training needs it

    features: list[Vectors] = []
    tags: list[str] = []
    for text, words, said in map(marked, lines):
        if words:
            features.append(_features(text, words, states))
            tags += said
    model: Any = LogisticRegression(C=_REGULARISATION, max_iter=2000)
    model.fit(np.concatenate(features), tags)
    return Tagger(tuple(model.classes_.tolist()), model.coef_.astype(np.float32), model.intercept_.astype(np.float32))


def _features(text: str, words: Sequence[tuple[int, int]], states: States) -> Vectors:
    """[words, 5 * 384 + 6]: each word where it stands, those beside it, its clause, the message, and where in it that is."""
    places, tokens = states(text)
    none = np.zeros(tokens.shape[1], np.float32)
    own = np.stack(
        [_mean([t for (s, e), t in zip(places, tokens, strict=True) if s < end and e > start], none) for start, end in words]
    )
    clauses = _clauses(text, words)
    clause = np.stack([own[clauses == at].mean(0) for at in range(clauses[-1] + 1)])[clauses]
    count, last = len(words), clauses[-1]
    where = [[at / count, (count - at) / count, count / 20, c == 0, c == last, last > 0] for at, c in enumerate(clauses)]
    before, after = np.vstack([none, own[:-1]]), np.vstack([own[1:], none])
    message = np.repeat(tokens.mean(0)[None], count, axis=0)
    parts = (own, _BESIDE * before, _BESIDE * after, _CLAUSE * clause, _MESSAGE * message, where)
    return np.concatenate([np.asarray(part, np.float32) for part in parts], axis=1)


def _mean(states: Sequence[Vectors], none: Vectors) -> Vectors:
    # Of a text that is longer than the model reads, the last words have none.
    return np.mean(states, axis=0) if states else none


def _clauses(text: str, words: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """In which clause each word is: one ends where a pause is written."""
    numbers = [0]
    for (_, end), (start, _) in itertools.pairwise(words):
        numbers.append(numbers[-1] + (_PAUSE.search(text[end:start]) is not None))
    return np.array(numbers)
