"""Merchants found by what they are, in the customer's words, and the index brought up to the ledger behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from data.errors import IndexUnavailable
from data.party import AccountId
from evals.meanings import measure
from retrieval.cache import EmbeddingCache
from retrieval.embedding import Embedder
from retrieval.index import IndexState, VectorIndex
from retrieval.search import FLOOR, SURE, MerchantSearch
from retrieval.server import ServerIndex
from retrieval.templates import template
from retrieval.worker import DELETE, OWN, PUT, Work, drain, rebuild

ANNA, BEN = AccountId("anna"), AccountId("ben")
SHOPS = ("SQ *BLUE CUP COFFEE 0412", "NORTHSIDE PFS 2185", "DRAIN DOCTOR PLUMBING", "HILLSIDE PHARMACY", "OAK FURNITURE LAND")


class Queue:
    """A ledger's queue in memory."""

    def __init__(self, *held: tuple[AccountId, str]) -> None:
        self.held = list(held)
        self.work: list[Work] = []
        self._last = 0

    def add(self, account: AccountId, text: str, operation: str = PUT) -> None:
        self._last += 1
        self.work.append((self._last, account, text, operation))

    def take(self, limit: int) -> list[Work]:
        return self.work[:limit]

    def done(self, ids: Sequence[int]) -> None:
        self.work = [work for work in self.work if work[0] not in set(ids)]

    def waiting(self) -> int:
        return len(self.work)

    def requeue(self) -> int:
        self.work.clear()
        for account, text in self.held:
            self.add(account, text)
        return len(self.work)


@pytest.fixture
async def index(embedder: Embedder) -> AsyncIterator[VectorIndex]:
    memory = ServerIndex(":memory:", embedder.version)
    yield memory
    await memory.close()


@pytest.fixture
def cache(tmp_path: Path, embedder: Embedder) -> EmbeddingCache:
    return EmbeddingCache(tmp_path / "cache", embedder.version)


@pytest.fixture
def queue() -> Queue:
    return Queue(*((account, template(shop)) for account in (ANNA, BEN) for shop in SHOPS))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("that coffee place", "square blue cup coffee"),
        ("petrol", "northside petrol filling station"),
        ("the plumber", "drain doctor plumbing"),
        ("the pharmacy", "hillside pharmacy"),
        ("furniture", "oak furniture land"),
        ("northside", "northside petrol filling station"),
    ],
)
async def test_a_merchant_is_found_by_what_it_is(
    embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, queue: Queue, said: str, meant: str
) -> None:
    await drain(queue, embedder, cache, index)
    hits = await MerchantSearch(index, embedder).find(said, frozenset({ANNA}))
    assert hits[0].text == meant
    assert hits[0].account == ANNA
    assert all(hit.score >= FLOOR for hit in hits)


@pytest.mark.parametrize("said", ["swimming lessons", "the casino", "mortgage broker", "boat hire"])
async def test_what_was_never_paid_is_not_replaced_by_the_nearest(
    embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, queue: Queue, said: str
) -> None:
    await drain(queue, embedder, cache, index)
    assert await MerchantSearch(index, embedder).find(said, frozenset({ANNA, BEN})) == []


def test_the_floor_stands_where_it_was_measured(embedder: Embedder) -> None:
    at_floor, sure = measure(embedder, [FLOOR, SURE])
    assert at_floor.precision >= 0.8
    assert at_floor.first >= 0.8
    assert at_floor.strangers <= 0.1
    assert sure.precision >= 0.9
    assert sure.strangers <= 0.05


async def test_a_search_does_not_mix_embedding_versions(embedder: Embedder) -> None:
    with pytest.raises(IndexUnavailable):
        MerchantSearch(ServerIndex(":memory:", "another"), embedder)


async def test_work_is_done_once_and_later_work_comes_after(
    embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, queue: Queue
) -> None:
    seen: list[tuple[int, int]] = []
    assert await drain(queue, embedder, cache, index, lambda done, total: seen.append((done, total))) == 10
    assert seen == [(10, 10)]
    assert await index.state() == IndexState(live=10, building=None)
    assert await drain(queue, embedder, cache, index) == 0

    queue.add(ANNA, "meadow vets")
    queue.add(ANNA, "hillside pharmacy", DELETE)
    queue.add(ANNA, "oak furniture land", DELETE)
    queue.add(ANNA, "oak furniture land")
    queue.add(ANNA, "r okafor", OWN)
    assert await drain(queue, embedder, cache, index) == 5
    search = MerchantSearch(index, embedder)
    assert (await search.find("the vet", frozenset({ANNA})))[0].text == "meadow vets"
    assert "hillside pharmacy" not in [hit.text for hit in await search.find("hillside pharmacy", frozenset({ANNA}))]
    assert "hillside pharmacy" in [hit.text for hit in await search.find("hillside pharmacy", frozenset({BEN}))]
    assert (await search.find("oak furniture land", frozenset({ANNA})))[0].score > 0.9
    assert cache.get([cache.key("r okafor")]) == {}
    assert cache.get([cache.key("r okafor", ANNA)]) != {}


async def test_an_index_cut_short_while_it_was_built_is_built_again(
    embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, queue: Queue
) -> None:
    await index.begin()
    assert queue.waiting() == 0
    assert await drain(queue, embedder, cache, index) == 10
    assert await index.count(frozenset({ANNA})) == 5


async def test_a_rebuilt_index_holds_what_the_ledger_holds(
    embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, queue: Queue
) -> None:
    await drain(queue, embedder, cache, index)
    queue.held = [(ANNA, "meadow vets")]
    assert await rebuild(queue, embedder, cache, index) == 1
    assert await index.state() == IndexState(live=1, building=None)
    assert await index.count(frozenset({BEN})) == 0


async def test_work_that_could_not_be_written_stays(embedder: Embedder, cache: EmbeddingCache, index: VectorIndex) -> None:
    queue = Queue((ANNA, "pier cafe"))
    await drain(queue, embedder, cache, index)
    queue.add(ANNA, "meadow vets")

    class Away(ServerIndex):
        async def state(self) -> IndexState:
            return IndexState(1, None)

    with pytest.raises(IndexUnavailable):
        await drain(queue, embedder, cache, Away(":memory:", embedder.version))
    assert queue.waiting() == 1


async def test_two_workers_leave_each_template_once(
    embedder: Embedder, cache: EmbeddingCache, index: VectorIndex, queue: Queue
) -> None:
    await drain(queue, embedder, cache, index)
    for number in range(600):
        queue.add(ANNA, f"pier kiosk row {number}")
    await asyncio.gather(*(drain(queue, embedder, cache, index) for _ in range(2)))
    assert queue.waiting() == 0
    assert await index.count(frozenset({ANNA})) == 605
