"""Finding what the bank has written that answers a question, for the one who asks and on the day they ask."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np

from data.articles import Audience, Passage
from data.errors import IndexUnavailable
from retrieval import lexical
from retrieval.embedding import Embedder
from retrieval.index import PassageIndex, Reader, Sparse
from retrieval.ranking import needs, rank
from retrieval.vectors import Vectors

# Of a longer question so much is read.
MOST_CHARACTERS = 20_000
FLOOR = 0.40


class Held(Protocol):
    """The passages in SQL. Blocking; called from a worker thread."""

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]: ...


class ArticleSearch:
    """One per index and embedder; the two must be of one version."""

    def __init__(self, held: Held, index: PassageIndex, embedder: Embedder, floor: float = FLOOR) -> None:
        if index.version != embedder.version:
            raise IndexUnavailable(f"the index holds vectors of {index.version}, the model makes those of {embedder.version}")
        self._held, self._index, self._embedder, self.floor = held, index, embedder, floor

    async def search_articles(
        self,
        question: str,
        *,
        on: dt.date,
        audience: Audience = Audience.PUBLIC,
        products: Collection[str] | None = (),
        limit: int = 5,
    ) -> list[Passage]:
        """The best passage of each article that may answer a question, up to `limit`, best first.

        on: the day on which an article must be in force. audience: what may be read, as policy has it.
        products: versions the customer holds, as an article may be about some only; None is any, for staff.
        `score` is the cosine in [-1, 1] to the question or to the nearest of its sentences, which is not what they are ordered
        by alone. Empty when none comes up to the floor: then it is not known. Raises IndexUnavailable when the index does not
        answer in time, or gives what is not for this reader.
        """
        question = question[:MOST_CHARACTERS]
        if not question.strip():
            return []
        reader = Reader(on, audience, None if products is None else frozenset(products))
        words = Sparse(*lexical.question(question))
        vectors = await asyncio.to_thread(self._embed, question)
        best = rank(await self._index.search(words, vectors, reader), vectors)
        if max((found.cosine for found in best), default=-1.0) < self.floor:
            return []
        first = {found.passage: found.cosine for found in best[:limit]}
        held = await asyncio.to_thread(self._held.passages, list(first))
        # SQL has the last word: the index may not have heard yet that an article was withdrawn or kept to some.
        return [
            held[key].model_copy(update={"score": cosine})
            for key, cosine in first.items()
            if key in held and held[key].for_reader(on, audience, reader.products)
        ]

    def _embed(self, question: str) -> Vectors:
        """[n, 384]: of the whole, then of its sentences. Apart, as int8 makes a text's vector coarser beside unlike ones."""
        return np.concatenate([self._embedder.embed([question]), self._embedder.embed(needs(question))])
