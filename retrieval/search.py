"""Finding merchants by meaning: which templates of the granted accounts a customer's words may mean."""

from __future__ import annotations

import asyncio

import numpy as np

from data.errors import IndexUnavailable
from data.party import AccountId
from retrieval.embedding import Embedder
from retrieval.index import Hit, VectorIndex
from retrieval.vectors import Vectors

FLOOR = 0.3


class MerchantSearch:
    """One per index and embedder; the two must be of one version."""

    def __init__(self, index: VectorIndex, embedder: Embedder, floor: float = FLOOR) -> None:
        if index.version != embedder.version:
            raise IndexUnavailable(f"the index holds vectors of {index.version}, the model makes those of {embedder.version}")
        self._index, self._embedder, self.floor = index, embedder, floor

    async def embed(self, text: str) -> Vectors:
        """The vector [384] of a text, made away from the event loop in about 3 ms."""
        (vector,) = await asyncio.to_thread(self._embedder.embed, [text])
        return np.asarray(vector, np.float32)

    async def find(
        self, text: str, accounts: frozenset[AccountId], *, vector: Vectors | None = None, limit: int = 20
    ) -> list[Hit]:
        """Templates that a customer's words may mean, best first, none below the floor.

        text: a name, a fragment or a description ("that coffee place"). vector: of the text, where it was embedded before.
        Empty when nothing reaches the floor: the caller then asks, and never takes the nearest. Raises IndexUnavailable when the
        index does not answer in about 0.3 s.
        """
        if vector is None:
            vector = await self.embed(text)
        return [hit for hit in await self._index.search(text, vector, accounts, limit) if hit.score >= self.floor]
