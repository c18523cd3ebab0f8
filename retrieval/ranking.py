"""Which of the passages that the store brings answer a question best."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from retrieval.index import Candidate
from retrieval.vectors import Vectors

# Measured on two sets of articles (evals.articles): a cosine counts so much beside the words' score, which is a share of the best
# one; from 0.6 to 1 nothing changes that could not be chance. So many passages, first at a first look, say what is meant.
COSINE_WEIGHT = 0.8
FEEDBACK = 5
MOST_NEEDS = 64
_BREAK = re.compile(r"(?<=[.!?;])[\"”'’)]*\s+|\n+")
# Marks of lists, headings, tables and emphasis are no words.
_MARKS = re.compile(r"^\s*(?:\d+[.)]|[-*+>#]+)\s+|[*#|_`]+")


class Ranked(NamedTuple):
    """cosine: of the passage to the whole question or to the nearest of its sentences."""

    passage: str
    article: str
    cosine: float
    weight: float


def needs(question: str) -> list[str]:
    """The sentences of a question, as one that is long asks for several things. Empty where there is only one."""
    found = []
    for line in _BREAK.split(question):
        sentence = " ".join(_MARKS.sub(" ", line).split()).strip("\"“”'‘’: ")
        if len(sentence.split()) >= 3:
            found.append(sentence)
    return list(dict.fromkeys(found))[:MOST_NEEDS] if len(found) > 1 else []


def rank(candidates: Sequence[Candidate], vectors: Vectors) -> list[Ranked]:
    """The best passage of each article, best first.

    vectors: [n, 384], of the whole question and then of its sentences. The weight is the sum of the words' score, as a share of
    the best; of the cosine to the question, once it has been moved towards the first few; and of the cosine to the nearest
    sentence. Ties by id.
    """
    if not candidates:
        return []
    stored = np.stack([c.vector for c in candidates])
    cosines = stored @ vectors.T
    words = np.asarray([c.words for c in candidates], np.float32)
    words /= max(float(words.max()), 1e-9)
    whole, nearest = cosines[:, 0], cosines.max(axis=1)
    sentence = cosines[:, 1:].max(axis=1) if len(vectors) > 1 else whole
    first = np.argsort(-(words + COSINE_WEIGHT * (whole + sentence)), kind="stable")[:FEEDBACK]
    moved = vectors[0] + stored[first].sum(axis=0) / max(len(first), 1)
    weight = words + COSINE_WEIGHT * (stored @ (moved / np.linalg.norm(moved)) + sentence)
    best: dict[str, Ranked] = {}
    for at in sorted(range(len(candidates)), key=lambda at: (-float(weight[at]), candidates[at].passage)):
        found = candidates[at]
        best.setdefault(found.article, Ranked(found.passage, found.article, float(nearest[at]), float(weight[at])))
    return list(best.values())
