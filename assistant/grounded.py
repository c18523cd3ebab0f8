"""How far an answer stands in the texts that it was made from: the words it shares with them, and how near its sentences are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from assistant.pages import sentences
from assistant.wordings import Embed

_WORD = re.compile(r"[a-z0-9]+")
# Fewer words are a heading or an entry of a list, near to anything or to nothing.
FEWEST_WORDS = 3


class Grounded(NamedTuple):
    """words: the share of an answer's words that stand in the texts. meaning: the cosine of each of its sentences to the nearest
    sentence, or pair of them, in the texts, long sentences counting more. Both in [0, 1]."""

    words: float
    meaning: float

    @property
    def both(self) -> float:
        """In [0, 1]. Judged by people it tells more than either; agreement of numbers adds nothing (evals.grounded)."""
        return (self.words + self.meaning) / 2


def grounded(answer: str, texts: Sequence[str], embed: Embed) -> Grounded:
    """Zero for an answer without words, or without texts. Blocking: about 3 ms a sentence."""
    held = [sentence for text in texts for sentence in sentences(text)]
    said, known = set(_words(answer)), {word for text in texts for word in _words(text)}
    if not said or not held:
        return Grounded(0.0, 0.0)
    own = [sentence for sentence in sentences(answer) if len(_words(sentence)) >= FEWEST_WORDS] or [answer]
    around = [*held, *(f"{first} {second}" for first, second in pairwise(held))]
    nearest = (embed(own) @ embed(around).T).max(axis=1)
    meaning = float(np.average(nearest, weights=[max(len(_words(sentence)), 1) for sentence in own]))
    return Grounded(len(said & known) / len(said), max(meaning, 0.0))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
