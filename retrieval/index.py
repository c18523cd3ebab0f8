"""The two indexes: which templates of which account are near to a customer's words, and which passages of which articles."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import structlog

from data.articles import Audience
from data.errors import IndexUnavailable
from data.party import AccountId
from retrieval.vectors import Vectors

log = structlog.get_logger(__name__)

# Reciprocal rank fusion: the usual constant, which keeps a first place from outweighing two good ones.
RRF_K = 60
# How many each of the two searches brings at least, before they are fused.
DEPTH = 50


class Point(NamedTuple):
    """A template of one account. vector: [384], of length 1."""

    account: AccountId
    text: str
    vector: Vectors

    @property
    def id(self) -> str:
        return point_id(self.account, self.text)


@dataclass(frozen=True, slots=True)
class Hit:
    """A template found. score: dense cosine in [-1, 1]. rank: place after fusion, from 1.

    by_meaning, by_words: the place in each of the two searches, None where it was not among the first of one.
    """

    account: AccountId
    text: str
    score: float
    rank: int
    by_meaning: int | None
    by_words: int | None


class IndexState(NamedTuple):
    """Points in the collection that answers and in the one that is being built; None where there is none."""

    live: int | None
    building: int | None


class Collections(Protocol):
    """What the two have in common: one index per embedding version, built beside the one that answers.

    Writing goes to the collection that is being built where there is one, else to the live one; searching only ever sees the
    live one. Every method raises IndexUnavailable when the store does not answer in time.
    """

    version: str

    async def state(self) -> IndexState: ...

    async def begin(self) -> None:
        """Start an empty collection, in place of one that was begun and never published. The live one goes on answering."""

    async def publish(self) -> None:
        """Make what was built the live collection, at once, and delete the one before. Without a `begin` nothing happens."""

    async def prune(self) -> None:
        """Delete the collections of every other embedding version."""

    async def drop(self) -> None:
        """Delete everything of this version; it can be rebuilt from SQL."""

    async def close(self) -> None: ...


class VectorIndex(Collections, Protocol):
    """Templates, keyed by account."""

    async def upsert(self, points: Sequence[Point]) -> None:
        """Raises IndexUnavailable where nothing was begun yet."""

    async def delete(self, account: AccountId, texts: Collection[str] | None = None) -> None:
        """Delete some templates of an account, or everything of it, from the live collection and the one being built."""

    async def search(self, text: str, vector: Vectors, accounts: frozenset[AccountId], limit: int) -> list[Hit]:
        """The templates of the granted accounts nearest to a text: dense and BM25, fused by reciprocal rank, best first.

        text: the words to look for. vector: [384]. Word weights come from the granted accounts' points alone.
        Empty for no accounts. The floor on the score is the caller's. Raises IndexUnavailable where nothing was published yet,
        and when the store returns a point of an account that was not granted.
        """

    async def count(self, accounts: frozenset[AccountId]) -> int:
        """Live points of the accounts."""


class Found(NamedTuple):
    """What one of the two searches returns, best first."""

    account: str
    text: str
    cosine: float


def point_id(account: str, text: str) -> str:
    """A UUID, the same for the same template of the same account, so that writing twice makes one point."""
    digest = hashlib.sha256(f"{account}\0{text}".encode()).hexdigest()
    # Version 8: a UUID of one's own making. The library's version 5 is six times as slow.
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def fuse(dense: Sequence[Found], lexical: Sequence[Found], limit: int) -> list[Hit]:
    """Reciprocal rank fusion of the two searches, up to `limit` hits, best first; ties by cosine, then by text."""
    meaning = {found[:2]: rank for rank, found in enumerate(dense, 1)}
    words = {found[:2]: rank for rank, found in enumerate(lexical, 1)}
    weights = {key: 1 / (RRF_K + rank) for key, rank in meaning.items()}
    for key, rank in words.items():
        weights[key] = weights.get(key, 0.0) + 1 / (RRF_K + rank)
    cosine = {found[:2]: found.cosine for found in (*lexical, *dense)}
    best = sorted((-weight, -cosine[key], key[1], key[0]) for key, weight in weights.items())[:limit]
    return [
        Hit(AccountId(account), text, -far, rank, meaning.get((account, text)), words.get((account, text)))
        for rank, (_, far, text, account) in enumerate(best, 1)
    ]


def checked(hits: Iterable[Hit], accounts: frozenset[AccountId]) -> list[Hit]:
    """The hits, once each is seen to be of a granted account.

    Raises IndexUnavailable for one that is not: a store that filters wrongly has also left out what it should have found.
    """
    kept = list(hits)
    strange = sum(hit.account not in accounts for hit in kept)
    if strange:
        log.error("index_returned_other_accounts", hits=strange)
        raise IndexUnavailable("the index does not keep accounts apart; it is not used")
    return kept


# How many passages each search brings: for a question of one sentence; else for all of it and for each of its sentences. More
# changes nothing in what is found first, and each costs about 45 µs.
PASSAGES_ALONE, PASSAGES, PASSAGES_A_NEED = 60, 100, 20
# Stands for the products of a passage that is for every one.
EVERY = "*"


class Reader(NamedTuple):
    """Who is to be given something, and on which day. products: the versions they hold; None is any."""

    on: dt.date
    audience: Audience = Audience.PUBLIC
    products: frozenset[str] | None = frozenset()

    @property
    def audiences(self) -> list[str]:
        return [a.value for a in Audience] if self.audience is Audience.INTERNAL else [Audience.PUBLIC.value]


class Bounds(NamedTuple):
    """Who may be given a passage, as the store keeps it. since, until: days by their ordinal number."""

    since: int
    until: int
    audience: str
    products: tuple[str, ...]

    def hold(self, reader: Reader) -> bool:
        own = None if reader.products is None else {*reader.products, EVERY}
        return (
            self.since <= reader.on.toordinal() <= self.until
            and self.audience in reader.audiences
            and (own is None or not own.isdisjoint(self.products))
        )


class Sparse(NamedTuple):
    """Ids of words and what each weighs."""

    indices: Sequence[int]
    values: Sequence[float]


class PassagePoint(NamedTuple):
    """vector: [384], of length 1."""

    passage: str
    article: str
    bounds: Bounds
    words: Sparse
    vector: Vectors

    @property
    def id(self) -> str:
        return point_id(EVERY, self.passage)


class Candidate(NamedTuple):
    """A passage that the store brought. words: its BM25 score, 0 where it was not among the first by words. vector: [384]."""

    passage: str
    article: str
    bounds: Bounds
    words: float
    vector: Vectors


class PassageIndex(Collections, Protocol):
    """Passages of articles, for those whom they are for."""

    async def upsert(self, points: Sequence[PassagePoint]) -> None:
        """Raises IndexUnavailable where nothing was begun yet."""

    async def delete(self, passages: Collection[str]) -> None:
        """Delete passages from the live collection and the one being built."""

    async def search(self, words: Sparse, vectors: Vectors, reader: Reader) -> list[Candidate]:
        """What may answer a question, in no order: the first by words, by the whole question and by each of its sentences.

        vectors: [n, 384], of the whole question and then of its sentences. Raises IndexUnavailable where nothing was published
        yet, and when the store returns a passage that is not for this reader.
        """

    async def count(self, reader: Reader) -> int:
        """Live passages for a reader."""


def depths(vectors: int) -> list[int]:
    """How many passages to bring for each vector of a question; for its words as many as for the first."""
    return [PASSAGES_ALONE] if vectors == 1 else [PASSAGES] + [PASSAGES_A_NEED] * (vectors - 1)


def readable(candidates: Iterable[Candidate], reader: Reader) -> list[Candidate]:
    """The candidates, once each is seen to be for the reader.

    Raises IndexUnavailable for one that is not: a store that filters wrongly has also left out what it should have found.
    """
    kept = list(candidates)
    strange = sum(not candidate.bounds.hold(reader) for candidate in kept)
    if strange:
        log.error("index_returned_passages_for_others", passages=strange)
        raise IndexUnavailable("the index does not keep readers apart; it is not used")
    return kept
