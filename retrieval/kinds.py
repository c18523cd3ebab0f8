"""Kinds of shop by meaning: "the vet" is merchant code 0742, whatever the shop is called."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from retrieval.embedding import Embedder
from retrieval.vectors import Vectors

# Measured on ordinary words for shops, trades and fares against the descriptions of ISO 18245: the code that is meant scores
# 0.75 to 0.99, and names of shops that are no kind ("zanzibar grill", "premier inn") score up to 0.63.
FLOOR = 0.74
# Codes this close to the best one are the same kind: passenger railways and railroads, florists and their supplies.
NEAR = 0.05
MOST_FOUND = 10_000


class Kinds:
    """The descriptions of merchant codes as vectors. Safe to share between threads."""

    def __init__(self, embedder: Embedder, descriptions: Mapping[str, str], path: Path) -> None:
        """descriptions: code -> what it stands for. path: where the vectors are kept (about a second to make them)."""
        self._embedder, self._codes = embedder, tuple(descriptions)
        vectors = _kept(path, len(self._codes))
        if vectors is None:
            vectors = embedder.embed_names(list(descriptions.values()))
            draft = path.with_suffix(".part.npy")
            np.save(draft, vectors)
            draft.replace(path)
        self._vectors = vectors
        self._found: dict[str, frozenset[str]] = {}

    async def find(self, said: str) -> frozenset[str]:
        """The codes that ordinary words may mean; none where nothing is near. About 3 ms, away from the event loop."""
        return await asyncio.to_thread(self.codes, said)

    def knows(self, said: str) -> bool:
        """Whether a word is a kind of shop. Blocking."""
        return bool(self.codes(said))

    def codes(self, said: str) -> frozenset[str]:
        """See find. Blocking; what was asked once is kept."""
        if said not in self._found:
            if len(self._found) > MOST_FOUND:
                self._found.clear()
            (vector,) = self._embedder.embed_names([said])
            scores = self._vectors @ vector
            best = float(scores.max())
            near = np.flatnonzero(scores >= best - NEAR) if best >= FLOOR else ()
            self._found[said] = frozenset(self._codes[n] for n in near)
        return self._found[said]


def _kept(path: Path, codes: int) -> Vectors | None:
    if not path.exists():
        return None
    vectors: Vectors = np.load(path)
    return vectors if len(vectors) == codes else None
