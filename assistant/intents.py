"""What a message asks for among a bank's own intents, learned from its labelled utterances; or that it is none of them.

A head is a kernel ridge regression: what an utterance asks for is a sum over all that were learned, of how near each is in
meaning (a Gaussian of the distance between embeddings) and in words. Far from all of them every sum is near zero, and that is
what it abstains by. What the head would have said of an utterance, or of a whole intent, that it never saw follows from the
same matrix; its probability, its floors and how far meaning reaches are fitted to that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.router import Embed, Vectors, store, stored, word_grams
from data.errors import InvalidInput

# The label of an utterance that is none of the intents.
OUT = "oos"
# The matrix of all pairs grows with the square: some minutes and 3 GB for so many.
MOST_EXAMPLES = 12_000
# Gaussian widths to choose from, by leaving one utterance out, on a portion so that choosing takes seconds.
WIDTHS = (0.5, 1.0, 2.0)
CHOOSING = 1500
RIDGE = 0.1
# What words count for beside meaning: half for the words and their pairs, half for the parts of words.
HALF = np.float32(0.5**0.5)
# With fewer examples that are none of the intents, utterances spliced from two of them are learned as neither, and intents are
# withheld in turn to see what a strange message looks like; one message in five is taken to be strange.
ENOUGH_OUT = 30
STRANGE = 0.2
SPLICED = 2000
# A spliced one counts for less, as it may still say what one of the two asks for.
SPLICED_RIDGE = 0.5
_WORD = re.compile(r"[a-z0-9']+")
Rows = NDArray[np.bool_]


class Example(NamedTuple):
    """An utterance and what it asks for. labels: none, or OUT, where it is none of the intents."""

    text: str
    labels: tuple[str, ...]

    @property
    def intents(self) -> tuple[str, ...]:
        return tuple(label for label in self.labels if label != OUT)


class Said(NamedTuple):
    """labels: the intents, the surest first; empty where it abstains. ranked: every intent with its probability."""

    labels: tuple[str, ...]
    ranked: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class IntentHead:
    """What was learned, for one embedding version. It holds vectors and parts of words, no utterance.

    several: whether a message may ask for more than one thing. grams, idf: words and parts of words that were said twice.
    learned: [utterances, 384]. pulls: [utterances, labels], what each adds to a label by meaning; weights: [grams, labels], and
    what words add.
    floors: [labels], what is taken off each sum. slope, at_floor: of the probability; sure: from which one on it is said.
    """

    version: str
    labels: tuple[str, ...]
    several: bool
    grams: Mapping[str, int]
    width: float
    slope: float
    at_floor: float
    sure: float
    idf: Vectors
    learned: Vectors
    pulls: Vectors
    weights: Vectors
    floors: Vectors

    def classify(self, text: str, vector: Vectors) -> Said:
        """vector: [384], the embedding of the text as it is written."""
        sums = _near(self.learned @ vector, self.width) @ self.pulls
        places, values = _words(text, self.grams, self.idf)
        sums = sums + values @ self.weights[places]
        shares = _share(self.slope * _margins(sums[None], self.floors, self.several)[0] + self.at_floor)
        order = np.argsort(-shares)
        ranked = tuple((self.labels[at], float(shares[at])) for at in order)
        sure = tuple(label for label, share in ranked if share >= self.sure)
        return Said(sure if self.several else sure[:1], ranked)

    def save(self, path: Path) -> None:
        arrays = ("idf", "learned", "pulls", "weights", "floors")
        kept = {name: value for name, value in vars(self).items() if name not in arrays}
        store(path, kept, **{name: getattr(self, name) for name in arrays})

    @classmethod
    def load(cls, path: Path, version: str) -> IntentHead:
        """version: of the embedding in use. Raises InvalidInput where there is no head for it."""
        try:
            meta, arrays = stored(path)
            held: dict[str, Any] = {**meta, "labels": tuple(meta["labels"]), **arrays}
            head = cls(**held)
        except FileNotFoundError as error:
            raise InvalidInput(f"{path}: there is no such file; to make it: counterfoil router train CSV") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"{path}: this is no head that was trained here") from error
        if head.version != version:
            raise InvalidInput(f"{path}: it was trained for another version of the embedding; train it again")
        return head


def train(examples: Sequence[Example], vectors: Vectors, version: str, embed: Embed) -> IntentHead:
    """Fit a head on utterances and their embeddings [len(examples), 384]; imports scikit-learn, so do it outside a server.

    version: of the embedding. embed: makes embeddings of utterances that are spliced from these. Two minutes for ten thousand
    utterances, some seconds for one thousand.
    Raises InvalidInput where nothing can be learned: fewer than two intents, too many utterances, or labels without any pattern.
    """
    labels = tuple(sorted({label for example in examples for label in example.intents}))
    if len(labels) < 2:
        raise InvalidInput(f"there must be two intents at least, and there are {len(labels)}")
    if len(examples) > MOST_EXAMPLES:
        raise InvalidInput(f"a head learns from {MOST_EXAMPLES} utterances at most, and there are {len(examples)}")
    several = any(len(example.intents) > 1 for example in examples)
    targets = np.array([[label in example.intents for label in labels] for example in examples], dtype=np.float32)
    if not several:
        # Whatever is none of the intents is learned as one more, and its sum is taken off the others'.
        targets = np.hstack([targets, targets.sum(1, keepdims=True) == 0]).astype(np.float32)
    grams, idf = _grams([example.text for example in examples])
    words = _matrix([_words(example.text, grams, idf) for example in examples], len(grams))
    width = _width(vectors, words, targets)
    said, within = len(targets), targets > 0
    if not several and targets[:, -1].sum() < ENOUGH_OUT:
        texts, pairs = _spliced(examples, within)
        vectors = np.vstack([vectors, embed(texts)])
        words = _matrix([_words(text, grams, idf) for text in (*(example.text for example in examples), *texts)], len(grams))
        targets = np.vstack([targets, np.zeros((len(texts), targets.shape[1]), np.float32)])
        within = np.vstack([within, within[pairs].any(1)])
    inverse = _inverse(vectors, words, width, said)
    pulls = inverse @ targets
    unseen = (targets - pulls / np.diag(inverse)[:, None])[:said]
    fitted: dict[str, Any] = _several(unseen, targets) if several else _single(unseen, targets, inverse, pulls, within)
    return IntentHead(
        version=version,
        labels=labels,
        several=several,
        grams=grams,
        width=width,
        idf=idf,
        learned=vectors.astype(np.float32),
        pulls=pulls,
        weights=(words.T @ pulls).astype(np.float32),
        **fitted,
    )


def _spliced(examples: Sequence[Example], within: Rows) -> tuple[list[str], NDArray[np.int64]]:
    """Texts that begin as an utterance and end as one of another intent; and the places [texts, 2] of the two."""
    draw = np.random.default_rng(0)
    pairs = draw.integers(len(examples), size=(min(SPLICED, len(examples)), 2))
    pairs = pairs[~(within[pairs[:, 0]] & within[pairs[:, 1]]).any(1)]
    halves = [(examples[a].text.split(), examples[b].text.split()) for a, b in pairs]
    return [" ".join([*a[: max(1, len(a) // 2)], *b[len(b) // 2 :]]) for a, b in halves], pairs


def _near(cosines: Vectors, width: float) -> Vectors:
    near: Vectors = np.exp(np.float32(2 * width) * (cosines - 1))
    return near


def _margins(sums: Vectors, floors: Vectors, several: bool) -> Vectors:
    """[messages, labels]: each sum above what it must beat: its floor, or where one label is sought the sum for none."""
    return sums - floors if several else sums[:, :-1] - sums[:, -1:]


def _share(scores: Any) -> Any:
    return 1 / (1 + np.exp(-scores))


def _parts(text: str) -> tuple[list[str], list[str]]:
    lower = text.lower()
    padded = [f" {word} " for word in _WORD.findall(lower)]
    # The mark keeps a part of a word from being taken for a word.
    return word_grams(lower), [f"#{word[at : at + n]}" for word in padded for n in (3, 4) for at in range(len(word) - n + 1)]


def _grams(texts: Iterable[str]) -> tuple[dict[str, int], Vectors]:
    every = [set().union(*_parts(text)) for text in texts]
    said_often = Counter(gram for grams in every for gram in grams)
    grams = sorted(gram for gram, times in said_often.items() if times > 1)
    counts = np.array([said_often[gram] for gram in grams], dtype=np.float32)
    return {gram: place for place, gram in enumerate(grams)}, np.log((1 + len(every)) / (1 + counts)).astype(np.float32) + 1


def _words(text: str, grams: Mapping[str, int], idf: Vectors) -> tuple[NDArray[np.int64], Vectors]:
    """Places among the grams and values there; words and parts of words each have a length of HALF."""
    places, values = [], []
    for part in _parts(text):
        known = np.array(sorted({grams[gram] for gram in part if gram in grams}), dtype=np.int64)
        places.append(known)
        values.append(idf[known] * (HALF / max(float(np.linalg.norm(idf[known])), 1.0)))
    return np.concatenate(places), np.concatenate(values)


def _matrix(rows: Sequence[tuple[NDArray[np.int64], Vectors]], width: int) -> Any:
    from scipy.sparse import csr_matrix  # noqa: PLC0415  only training needs it

    starts = np.cumsum([0, *(len(places) for places, _ in rows)])
    return csr_matrix(
        (np.concatenate([v for _, v in rows]), np.concatenate([p for p, _ in rows]), starts), shape=(len(rows), width)
    )


def _width(vectors: Vectors, words: Any, targets: Vectors) -> float:
    """The width with the least squared error over utterances left out one at a time."""
    some = np.unique(np.linspace(0, len(targets) - 1, min(CHOOSING, len(targets))).astype(int))

    def error(width: float) -> float:
        inverse = _inverse(vectors[some], words[some], width, len(some))
        return float((((inverse @ targets[some]) / np.diag(inverse)[:, None]) ** 2).sum())

    return min(WIDTHS, key=error)


def _inverse(vectors: Vectors, words: Any, width: float, said: int) -> Vectors:
    """said: how many were said by somebody; those after them were spliced."""
    from scipy.linalg import lapack  # noqa: PLC0415  only training needs it

    kernel = np.asfortranarray(_near(vectors @ vectors.T, width) + (words @ words.T).toarray(), dtype=np.float32)
    kernel[np.diag_indices(len(kernel))] += np.where(np.arange(len(kernel)) < said, RIDGE, SPLICED_RIDGE).astype(np.float32)
    lower, failed = lapack.spotrf(kernel, lower=1, overwrite_a=1, clean=1)
    half, broken = lapack.spotri(lower, lower=1, overwrite_c=1)
    if failed or broken:
        raise InvalidInput("the utterances cannot be told apart: too many are alike")
    inverse: Vectors = half + np.tril(half, -1).T
    return inverse


def _single(unseen: Vectors, targets: Vectors, inverse: Vectors, pulls: Vectors, within: Rows) -> dict[str, Any]:
    """The probability that the best label is right, from utterances left out; where strange ones are few, from intents too."""
    margins = _margins(unseen, np.zeros(0, np.float32), several=False)
    best = margins.argmax(1)
    right = targets[np.arange(len(best)), best] > 0
    if not right.any():
        raise InvalidInput("nothing can be learned: no utterance is like another one of its intent")
    tops, outcomes, counts = [margins.max(1)], [right], [np.ones(len(right))]
    if targets[:, -1].sum() < ENOUGH_OUT:
        strange = _withheld(targets, inverse, pulls, within)
        tops.append(strange)
        outcomes.append(np.zeros(len(strange), dtype=bool))
        counts.append(np.full(len(strange), STRANGE / (1 - STRANGE) * len(right) / len(strange)))
    slope, at_floor = _fitted(np.concatenate(tops), np.concatenate(outcomes), np.concatenate(counts))
    return {"slope": slope, "at_floor": at_floor, "sure": 0.5, "floors": np.zeros(0, np.float32)}


def _withheld(targets: Vectors, inverse: Vectors, pulls: Vectors, within: Rows) -> Vectors:
    """What the best margin of each utterance would be had its intent, and a fifth of the others, not been learned.

    within: [utterances, labels], what each asks for, or was spliced from.
    """
    number = targets.shape[1] - 1
    tops = []
    for first in range(min(5, number)):
        intents = np.arange(first, number, 5)
        gone = np.flatnonzero(within[:, intents].any(1))
        block = inverse[np.ix_(gone, gone)]
        sums = targets[gone] - np.linalg.solve(block, pulls[gone])
        margins = _margins(sums, np.zeros(0, np.float32), several=False)
        tops.append(np.delete(margins, intents, axis=1)[targets[gone].any(1)].max(1))
    return np.concatenate(tops)


def _several(unseen: Vectors, targets: Vectors) -> dict[str, Any]:
    """A floor for each label, half its own best and half the best for all: of a rare label its own is little more than chance."""
    truth = targets > 0
    candidates = np.linspace(0.15, 0.6, 46, dtype=np.float32)
    common = max(candidates, key=lambda floor: _f1(unseen > floor, truth))
    own = [
        max(candidates, key=lambda floor: _f1(unseen[:, at] > floor, truth[:, at], seen=1.0)) for at in range(targets.shape[1])
    ]
    floors = (np.array(own, dtype=np.float32) + common) / 2
    slope, at_floor = _fitted((unseen - floors).ravel(), truth.ravel(), np.ones(truth.size))
    return {"slope": slope, "at_floor": at_floor, "sure": float(_share(at_floor)), "floors": floors}


def _f1(said: Rows, truth: Rows, seen: float = 0.0) -> float:
    """seen: of how many more, which were four in five right, it is taken to be known."""
    return float((2 * (said & truth).sum() + 1.6 * seen) / (said.sum() + truth.sum() + 2 * seen or 1))


def _fitted(margins: Vectors, right: Rows, counts: NDArray[np.float64]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  only training needs it

    model = LogisticRegression(C=1000.0).fit(margins[:, None], right, sample_weight=counts)
    return float(model.coef_[0, 0]), float(model.intercept_[0])
