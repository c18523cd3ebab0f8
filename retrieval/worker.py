"""Brings the indexes up to SQL: takes work from a queue, embeds what is new and writes it, away from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from data import articles
from data.articles import Passage
from data.party import AccountId
from retrieval import lexical
from retrieval.cache import EmbeddingCache
from retrieval.embedding import Embedder
from retrieval.index import EVERY, Bounds, Collections, PassageIndex, PassagePoint, Point, Sparse, VectorIndex
from retrieval.vectors import Vectors

# Taken from the queue at a time, and embedded while those before are written.
BATCH, PORTION = 4096, 512
# Passages are long: so many at a time take a few seconds, after which a broken off run has kept their vectors.
PASSAGES = 128

# (entries done since the call, entries that were waiting when it began).
Progress = Callable[[int, int], None]
# (id, account, template, operation).
Work = tuple[int, AccountId, str, str]

PUT, OWN, DELETE = "put", "own", "delete"
W = TypeVar("W", bound=tuple[Any, ...])


class Queue(Protocol[W]):
    """Work for an index, in SQL; the first of an entry is its id. The methods block; they are called from a worker thread."""

    def take(self, limit: int) -> list[W]:
        """The oldest work; it stays until `done`. Empty when there is none."""

    def done(self, ids: Sequence[int]) -> None: ...

    def waiting(self) -> int: ...

    def requeue(self) -> int:
        """Put everything into the queue again."""


class IndexQueue(Queue[Work], Protocol):
    """Operations: "put" writes a template of an account, "own" one that names a person, whose vector is kept under that account
    alone, "delete" takes one away.
    """


class PassageQueue(Queue[articles.Work], Protocol):
    """Operations: "put" writes a passage, "delete" takes it away."""

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]: ...


async def drain(
    queue: IndexQueue, embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, progress: Progress | None = None
) -> int:
    """Do all waiting work and return how many entries it was.

    An index that is not there, or whose building was cut short, is built from the ledger and published at the end, so that
    it never answers half filled. Several may drain at once: writing twice makes one point. Raises IndexUnavailable; what was
    not written stays in the queue.
    """
    return await _drain(queue, index, _templates(embedder, cache, index), progress)


async def rebuild(
    queue: IndexQueue, embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, progress: Progress | None = None
) -> int:
    """Build the index anew from the ledger, beside the one that answers until it is done. Returns how many entries it was."""
    return await _rebuild(queue, index, _templates(embedder, cache, index), progress)


async def drain_passages(
    queue: PassageQueue, embedder: Embedder, cache: EmbeddingCache, index: PassageIndex, progress: Progress | None = None
) -> int:
    """`drain`, for the passages of articles."""
    return await _drain(queue, index, _passages(queue, embedder, cache, index), progress)


async def rebuild_passages(
    queue: PassageQueue, embedder: Embedder, cache: EmbeddingCache, index: PassageIndex, progress: Progress | None = None
) -> int:
    """`rebuild`, for the passages of articles."""
    return await _rebuild(queue, index, _passages(queue, embedder, cache, index), progress)


Perform = Callable[[Sequence[W]], Awaitable[None]]


async def _drain(queue: Queue[W], index: Collections, perform: Perform[W], progress: Progress | None) -> int:
    live, building = await index.state()
    if live is None or building is not None:
        return await _rebuild(queue, index, perform, progress)
    return await _work_off(queue, perform, progress)


async def _rebuild(queue: Queue[W], index: Collections, perform: Perform[W], progress: Progress | None) -> int:
    await index.begin()
    await asyncio.to_thread(queue.requeue)
    done = await _work_off(queue, perform, progress)
    await index.publish()
    return done


async def _work_off(queue: Queue[W], perform: Perform[W], progress: Progress | None) -> int:
    total, done = await asyncio.to_thread(queue.waiting), 0
    while work := await asyncio.to_thread(queue.take, BATCH):
        await perform(work)
        await asyncio.to_thread(queue.done, [entry[0] for entry in work])
        done += len(work)
        if progress is not None:
            progress(done, max(done, total))
    return done


def _templates(embedder: Embedder, cache: EmbeddingCache, index: VectorIndex) -> Perform[Work]:
    return lambda work: _perform(work, embedder, cache, index)


def _passages(queue: PassageQueue, embedder: Embedder, cache: EmbeddingCache, index: PassageIndex) -> Perform[articles.Work]:
    async def perform(work: Sequence[articles.Work]) -> None:
        # Read when it is written, so that the last of several changes counts; what is no longer there goes.
        keys = list(dict.fromkeys(key for _, key, _ in work))
        held = await asyncio.to_thread(queue.passages, keys)
        for start in range(0, len(keys), PASSAGES):
            some = [held[key] for key in keys[start : start + PASSAGES] if key in held]
            vectors = await asyncio.to_thread(cache.embed_texts, embedder, [embedded(passage) for passage in some])
            await index.upsert(await asyncio.to_thread(points, some, vectors))
        await index.delete([key for key in keys if key not in held])

    return perform


def embedded(passage: Passage) -> str:
    """The text that stands for a passage: what it is about first, as the encoder reads no more than a page."""
    about = ". ".join(part for part in (passage.title, *passage.heading) if part)
    return "\n".join(part for part in (about, passage.text, passage.below) if part)


def points(passages: Sequence[Passage], vectors: Vectors) -> list[PassagePoint]:
    """The passages as the index keeps them. vectors: [n, 384], of `embedded`."""
    made = []
    for passage, vector in zip(passages, vectors, strict=True):
        bounds = Bounds(
            passage.since.toordinal(), passage.until.toordinal(), passage.audience.value, passage.products or (EVERY,)
        )
        text = f"{passage.text}\n{passage.below}"
        words = Sparse(*lexical.passage(passage.article, passage.title, passage.heading, text))
        made.append(PassagePoint(passage.id, passage.article, bounds, words, vector))
    return made


async def _perform(work: Sequence[Work], embedder: Embedder, cache: EmbeddingCache, index: VectorIndex) -> None:
    # Of several entries for one template the last one counts. Sorted, so that accounts which share a template share its lookup.
    last = {(template, account): operation for _, account, template, operation in work}
    wanted = sorted(key for key, operation in last.items() if operation != DELETE)
    ready: list[Point] = []
    for start in range(0, len(wanted), PORTION):
        some = wanted[start : start + PORTION]
        owners = [account if last[template, account] == OWN else None for template, account in some]
        embedding = asyncio.to_thread(cache.embed, embedder, [template for template, _ in some], owners)
        vectors, _ = await asyncio.gather(embedding, index.upsert(ready))
        ready = [Point(account, template, vector) for (template, account), vector in zip(some, vectors, strict=True)]
    await index.upsert(ready)
    unwanted: dict[AccountId, list[str]] = {}
    for (template, account), operation in last.items():
        if operation == DELETE:
            unwanted.setdefault(account, []).append(template)
    for account, templates in unwanted.items():
        await index.delete(account, templates)
