"""The router: which tool a message asks for, learned from examples, and how sure that is.

No rule matches a whole question. Parsers take the parts out (`assistant.spans`), a linear head over the embedding
and the words of what is left names the tool, and its calibrated probability says whether to trust it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from assistant.spans import PLACEHOLDERS, Known, Sellers, Vocabulary, find, no_kind
from assistant.wordings import said_of_pages
from prompts.registry import word_list

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
# What the embedding reads in the place of a part: it knows "groceries", not "xcategory".
_SPOKEN = {
    "xperiod": "last month",
    "xmerchant": "Acme",
    "xcategory": "groceries",
    "xamount": "£50",
    "xaccount": "savings account",
    "xnumber": "five",
    "xgroup": "by category",
}
_FRAMES = (
    "{}",
    "hi, {}",
    "can you tell me {}",
    "please {}",
    "{} please",
    "hey just wondering {}",
    "i'd like to know {}",
    "so {}",
)
_TOKEN = re.compile(r"[a-z0-9']+")


def examples(file: str = "questions.yaml") -> dict[str, list[str]]:
    """Label -> wordings, from a file of prompts/."""
    loaded = yaml.safe_load((PROMPTS / file).read_text(encoding="utf-8"))
    return {str(label): [str(w) for w in wordings] for label, wordings in loaded.items()}


def lessons(somebody: Known) -> dict[str, list[str]]:
    """What the head learns: the examples, and what customers ask of pages, with the parts masked as they would be in a message.

    somebody: what is known of a customer who pays nobody yet.
    """
    taught = examples()
    taught["article"] += [find(wording, somebody).masked for _, wording in said_of_pages()]
    taught["article"] = list(dict.fromkeys(taught["article"]))
    return taught


def vocabulary(
    english: frozenset[str] = frozenset(),
    is_kind: Callable[[str], bool] = no_kind,
    sellers: Sellers | None = None,
    is_shop: Callable[[str], bool] = no_kind,
) -> Vocabulary:
    """Every word that the router knows the meaning of. english, is_kind, sellers, is_shop: see Vocabulary."""
    by_label = words_by_label()
    asked = word_list("fillers").union(*(said for label, said in by_label.items() if label not in ABOUT_NOTHING))
    every = asked.union(*by_label.values())
    return Vocabulary(every, asked, word_list("nobody"), word_list("trades"), english, is_kind, sellers, is_shop)


# Labels whose questions are not about the customer's own data, so that their words may be names: "send mum twenty pounds".
ABOUT_NOTHING = frozenset({"article", "help", "cannot", "refuse", "oos", "handover"})
# Labels that mean nothing without a question before.
LEANING = frozenset({"follow", "other", "both", "details"})


def _words(said: Sequence[str]) -> frozenset[str]:
    return frozenset(t for wording in said for t in _TOKEN.findall(wording)) - frozenset(PLACEHOLDERS.values())


def words_by_label() -> dict[str, frozenset[str]]:
    """For each label the words of its own examples: in a question for it, they are understood."""
    return {label: _words(said) for label, said in examples().items()}


def spoken(masked: str) -> str:
    """A masked question as ordinary English, for the embedding."""
    return re.sub(r"\bx[a-z]+\b", lambda m: _SPOKEN.get(m.group(), m.group()), masked)


def word_grams(masked: str) -> list[str]:
    """The words of a text in lower case, and its pairs of words side by side, with a mark at either end."""
    tokens = ["^", *_TOKEN.findall(masked), "$"]
    return tokens[1:-1] + [f"{a} {b}" for a, b in itertools.pairwise(tokens)]


@dataclass(frozen=True)
class Head:
    """A linear head: weights over [embedding ; word features]. Belongs to one embedding version."""

    labels: tuple[str, ...]
    ngrams: Mapping[str, int]
    idf: Vectors
    weights: Vectors
    bias: Vectors

    def probabilities(self, masked: str, vector: Vectors) -> dict[str, float]:
        """Label -> probability, for a masked question and the embedding of its spoken form."""
        places, counts = self._words(masked)
        of_embedding, of_words = self.weights[:, : len(vector)], self.weights[:, len(vector) :]
        # Of all the words that are known a question has a few.
        scores = of_embedding @ (vector * EMBEDDING_WEIGHT) + of_words[:, places] @ counts + self.bias
        exp = np.exp(scores - scores.max())
        return dict(zip(self.labels, (exp / exp.sum()).tolist(), strict=True))

    def _words(self, masked: str) -> tuple[list[int], Vectors]:
        """The word features that a question has, by their places, and what each counts for."""
        places = sorted({place for gram in word_grams(masked) if (place := self.ngrams.get(gram)) is not None})
        counts = self.idf[places]
        norm = float(np.linalg.norm(counts))
        return places, counts / norm if norm else counts

    def save(self, path: Path) -> None:
        meta = {"labels": self.labels, "ngrams": self.ngrams}
        store(path, meta, idf=self.idf, weights=self.weights, bias=self.bias)

    @classmethod
    def load(cls, path: Path) -> Head:
        meta, arrays = stored(path)
        return cls(tuple(meta["labels"]), meta["ngrams"], **arrays)


def store(path: Path, meta: Mapping[str, Any], **arrays: Vectors) -> None:
    """Write a head whole or not at all. meta: what JSON holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part.npz")
    np.savez(draft, meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8), **arrays)  # type: ignore[arg-type]  # its stub takes every name for allow_pickle
    draft.replace(path)


def stored(path: Path) -> tuple[dict[str, Any], dict[str, Vectors]]:
    """What `store` wrote: meta and arrays. Raises OSError, ValueError or KeyError where it is no such file."""
    with np.load(path) as file:
        return json.loads(file["meta"].tobytes()), {name: file[name] for name in file.files if name != "meta"}


EMBEDDING_WEIGHT = 1.5
_REGULARISATION = 12.0


def version(embedding_version: str) -> str:
    """What a head was made from; another one is trained when any of it changes."""
    digest = hashlib.sha256(embedding_version.encode())
    for path in (*(PROMPTS / file for file in ("questions.yaml", "pages.yaml", "words.yaml")), Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def train(embed: Embed, wordings: Mapping[str, Sequence[str]]) -> Head:
    """Fit a head on wordings by label. Takes half a minute; imports scikit-learn, so do it outside a server."""
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415  only training needs it
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  only training needs it

    texts, labels = [], []
    for label, said in wordings.items():
        for wording in said:
            # By the wording itself, so that a new one changes nothing about the others.
            place = zlib.crc32(wording.encode())
            frames = ("{}", _FRAMES[1 + place % (len(_FRAMES) - 1)])[: 1 + (place % 3 == 0)]
            texts += [frame.format(wording) for frame in frames]
            labels += [label] * len(frames)
    said_often = Counter(g for t in texts for g in set(word_grams(t)))
    grams = sorted(g for g, times in said_often.items() if times > 1)
    ngrams = {gram: place for place, gram in enumerate(grams)}
    counts = np.array([said_often[g] for g in grams], dtype=np.float32)
    idf = (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float32)
    empty = np.zeros((0, 0), dtype=np.float32)
    blank = Head((), ngrams, idf, empty, empty[0:0].reshape(0))
    # One by one, as questions come: in a batch the scales of int8 are those of its company.
    with ThreadPoolExecutor() as pool:
        vectors = np.concatenate(list(pool.map(lambda text: embed([spoken(text)]), texts)))
    # Nearly all of it is zero, and whole it would be more than half a gigabyte.
    places, counted = zip(*(blank._words(text) for text in texts), strict=True)
    starts = np.cumsum([0, *map(len, places)])
    words = csr_matrix((np.concatenate(counted), [p for some in places for p in some], starts), (len(texts), len(grams)))
    features = hstack([csr_matrix(vectors * EMBEDDING_WEIGHT), words], format="csr")
    model: Any = LogisticRegression(C=_REGULARISATION, max_iter=2000, class_weight="balanced")
    model.fit(features, labels)
    weights, bias = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    return Head(tuple(model.classes_.tolist()), ngrams, idf, weights, bias)
