"""Brings the index up to the ledger: takes work from the queue, embeds what is new and writes it, away from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from data.party import AccountId
from retrieval.cache import EmbeddingCache
from retrieval.embedding import Embedder
from retrieval.index import Point, VectorIndex

# Taken from the queue at a time, and embedded while those before are written.
BATCH, PORTION = 4096, 512

# (entries done since the call, entries that were waiting when it began).
Progress = Callable[[int, int], None]
# (id, account, template, operation).
Work = tuple[int, AccountId, str, str]

PUT, OWN, DELETE = "put", "own", "delete"


class IndexQueue(Protocol):
    """Work for the index, in SQL. The methods block; they are called from a worker thread.

    Operations: "put" writes a template of an account, "own" one that names a person, whose vector is kept under that account
    alone, "delete" takes one away.
    """

    def take(self, limit: int) -> list[Work]:
        """The oldest work; it stays until `done`. Empty when there is none."""

    def done(self, ids: Sequence[int]) -> None: ...

    def waiting(self) -> int: ...

    def requeue(self) -> int:
        """Put every template of every account into the queue again."""


async def drain(
    queue: IndexQueue, embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, progress: Progress | None = None
) -> int:
    """Do all waiting work and return how many entries it was.

    An index that is not there, or whose building was cut short, is built from the ledger and published at the end, so that
    it never answers half filled. Several may drain at once: writing twice makes one point. Raises IndexUnavailable; what was
    not written stays in the queue.
    """
    live, building = await index.state()
    if live is None or building is not None:
        return await rebuild(queue, embedder, cache, index, progress)
    return await _work_off(queue, embedder, cache, index, progress)


async def rebuild(
    queue: IndexQueue, embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, progress: Progress | None = None
) -> int:
    """Build the index anew from the ledger, beside the one that answers until it is done. Returns how many entries it was."""
    await index.begin()
    await asyncio.to_thread(queue.requeue)
    done = await _work_off(queue, embedder, cache, index, progress)
    await index.publish()
    return done


async def _work_off(
    queue: IndexQueue, embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, progress: Progress | None
) -> int:
    total, done = await asyncio.to_thread(queue.waiting), 0
    while work := await asyncio.to_thread(queue.take, BATCH):
        await _perform(work, embedder, cache, index)
        await asyncio.to_thread(queue.done, [number for number, *_ in work])
        done += len(work)
        if progress is not None:
            progress(done, max(done, total))
    return done


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
