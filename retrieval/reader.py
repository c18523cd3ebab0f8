"""The reader: what a message asks, what it takes over from the question before, and what each word of it is there.

The embedding model with what it was taught beside its weights (`retrieval.teaching`), as an int8 ONNX graph of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from retrieval.embedding import VERSION as EMBEDDING_VERSION
from retrieval.embedding import exported, session, tokenizer
from retrieval.vectors import Vectors

# What was taught, beside the embedding model's own weights, to read messages, and to tell which part of the bank's pages answers;
# both are made by python -m api.teach.
TAUGHT, PAGES = (Path(__file__).with_name(f"{name}.npz") for name in ("reader", "pages"))
MAX_TOKENS = 128
# Of what was asked before, so much at most.
MAX_BEFORE = 200
REMEMBERED = 64


# What a message may take over from the question before without saying it: whom or what that was about, its days, its account.
KEPT = ("who", "when", "account")


class Lesson(NamedTuple):
    """A message and what was asked before it ("" where nothing was); what it asks, "" where that is not taught; where its words
    stand and the tag of each, both empty where they are not taught; and what of `KEPT` it takes over, None where that is not."""

    before: str
    text: str
    label: str
    words: Sequence[tuple[int, int]] = ()
    tags: Sequence[str] = ()
    keeps: frozenset[str] | None = None


@dataclass(frozen=True)
class Reading:
    """labels: what is asked -> how probable that is. tags: [tokens, len(Reader.tags)], what each token is. places: where in the
    text each token stands, (start, end). keeps: each of `KEPT` -> how probably it is taken over from what was asked before."""

    labels: Mapping[str, float]
    tags: Vectors
    places: Sequence[tuple[int, int]]
    keeps: Mapping[str, float]


def version(learned: Path = TAUGHT) -> str:
    """Which reader this is: another one where anything it was made from changes."""
    return hashlib.sha256(EMBEDDING_VERSION.encode() + learned.read_bytes()).hexdigest()[:12]


def export(models_dir: Path, learned: Path = TAUGHT) -> Path:
    """The folder of the serving graph, made where it is not there yet (about 15 s); errors as of `retrieval.embedding.export`."""
    return exported(models_dir, f"{learned.stem}-int8-{version(learned)}", version(learned), None, learned)


def tokens(of: Tokenizer, before: str, text: str) -> tuple[list[int], list[int], list[float], list[tuple[int, int]]]:
    """How a message is put to the model: ids, types and which of them are of the message itself, [tokens] each; and where in the
    text those of the message stand. before: what was asked before it; "" where nothing was."""
    said = of.encode(text)
    # A message is always of type 1, so that it is the same whether something was asked before or not.
    first = of.encode(before[:MAX_BEFORE]).ids if before else said.ids[:1]
    ids = [*first, *said.ids[1:]]
    places = said.offsets[1:-1]
    types = [0] * len(first) + [1] * (len(ids) - len(first))
    own = [0.0] * len(first) + [1.0] * len(places) + [0.0]
    return ids, types, own, places


class Reader:
    """The serving graph. Safe to share between threads; a reading takes about 5 ms, and the newest are remembered."""

    def __init__(self, folder: Path) -> None:
        """folder: as `export` returned it. Raises WeightsCorrupt when a file in the folder was changed."""
        self._session: onnxruntime.InferenceSession = session(folder)
        self.tokenizer = tokenizer(folder, MAX_TOKENS)
        taught = json.loads((folder / "taught.json").read_text())
        self.labels: tuple[str, ...] = tuple(taught["labels"])
        self.tags: tuple[str, ...] = tuple(taught["tags"])
        self.read = lru_cache(REMEMBERED)(self._read)

    def _read(self, text: str, before: str = "") -> Reading:
        ids, types, own, places = tokens(self.tokenizer, before, text)
        if not places:
            nothing = np.zeros((0, len(self.tags)), np.float32)
            return Reading(dict.fromkeys(self.labels, 1 / len(self.labels)), nothing, (), dict.fromkeys(KEPT, 0.0))
        fed = {"ids": np.array([ids], np.int64), "types": np.array([types], np.int64), "own": np.array([own], np.float32)}
        (labels,), (tags,), (keeps,) = self._session.run(["labels", "tags", "keeps"], fed)
        first = len(ids) - len(places) - 1
        kept = dict(zip(KEPT, keeps.tolist(), strict=True))
        return Reading(dict(zip(self.labels, labels.tolist(), strict=True)), tags[first:-1], places, kept)
