"""Erasing a party: from SQL, from the index and from the cache of embeddings; then the proof that it is so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime

from rich.console import Console

from api.settings import Settings
from api.wiring import open_audit, open_index, open_ledger
from data.erasure import Erasure, Kept
from data.errors import CounterfoilError
from data.party import PartyId
from retrieval import embedding
from retrieval.cache import EmbeddingCache
from retrieval.index import VectorIndex


class NotErased(CounterfoilError):
    """Something is left of a party who was to be erased."""

    code = "not_erased"


async def erase(settings: Settings, party: str, agreed: Callable[[Kept], bool], console: Console) -> None:
    """Erase a party, once what goes is agreed to, and print what is found of them then.

    It may be broken off anywhere and run again. Raises NotFound for a party that nothing is kept of, NotErased where anything
    is left of them, and IndexUnavailable, before anything is erased, where the index does not answer.
    """
    engine, _, _ = await asyncio.to_thread(open_ledger, settings)
    index = await open_index(settings, embedding.VERSION)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        # Those of every version of the embedding that there was.
        paths = sorted((settings.home / "cache").glob("*.sqlite"))
        caches = [stack.enter_context(closing(EmbeddingCache(path.parent, path.stem))) for path in paths]
        try:
            audit = await asyncio.to_thread(open_audit, settings, engine)
            erasure, now = Erasure(engine, audit), datetime.now(UTC)
            kept = await asyncio.to_thread(erasure.kept, PartyId(party), now)
            if not agreed(kept):
                return
            # Before SQL, which alone knows whose it is, and after, for what was on its way into the index meanwhile.
            await _forget(index, caches, kept)
            await asyncio.to_thread(erasure.erase, kept, now)
            await _forget(index, caches, kept)
            left = await asyncio.to_thread(erasure.left, kept)
            points = await index.count(frozenset(kept.accounts)) if await _is_there(index) else 0
        finally:
            await index.close()
        found = {**dict.fromkeys(kept.rows, 0), **left, "points of the index": points}
        found["embeddings"] = sum(cache.owned(account) for cache in caches for account in kept.accounts)
        traces = await asyncio.to_thread(erasure.traces, kept.party)
        broken = (await asyncio.to_thread(audit.verify)).broken
    _tell("of what was erased there are now", found, console)
    _tell("rows in which the id or the name stands all the same", traces.left or {"none": 0}, console)
    if traces.others:
        _tell("rows of others and of the bank that name them, which stay", traces.others, console)
    console.print(f"audit: {len(broken)} chains broken", markup=False)
    if any(found.values()) or traces.left or broken:
        raise NotErased(f"something is left of {party}, or the audit does not verify: see above")


async def _forget(index: VectorIndex, caches: Sequence[EmbeddingCache], kept: Kept) -> None:
    there = await _is_there(index)
    for account in kept.accounts:
        if there:
            await index.delete(account)
        for cache in caches:
            await asyncio.to_thread(cache.forget, account)


async def _is_there(index: VectorIndex) -> bool:
    """Whether there is an index at all: without one there is nothing to take out of it."""
    return any(points is not None for points in await index.state())


def _tell(what: str, counts: Mapping[str, int], console: Console) -> None:
    console.print(f"{what}: {', '.join(f'{name} {count}' for name, count in counts.items())}", markup=False, soft_wrap=True)
