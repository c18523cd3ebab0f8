"""BM25 weights of a template and of a query, the same for every engine: the store only multiplies by how rare a word is."""

from __future__ import annotations

from functools import lru_cache

from qdrant_edge import Bm25, Bm25Config, StopwordsSet

from retrieval.templates import words

# No stop words: "next", "very", "now" and "the works" are shops. A template has about four words.
_BM25 = Bm25(Bm25Config(avg_len=4, language="english", stopwords=StopwordsSet(languages=set(), custom=set())))


# Accounts that share a shop are written one after another.
@lru_cache(maxsize=1 << 14)
def document(text: str) -> tuple[list[int], list[float]]:
    """Word ids and weights of a template; empty for a text without words."""
    sparse = _BM25.embed_document(" ".join(words(text)))
    return sparse.indices, sparse.values


def query(text: str) -> tuple[list[int], list[float]]:
    """Word ids, each of weight 1, of what a customer asks for; empty for a text without words."""
    sparse = _BM25.embed_query(" ".join(words(text)))
    return sparse.indices, sparse.values
