"""What every engine of the index of passages does the same, and that each guard of a reader holds with the other removed."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import numpy as np
import pytest
from qdrant_client import models
from qdrant_edge import Filter

from data.articles import Audience
from data.errors import IndexUnavailable
from retrieval import edge, lexical, server, shards
from retrieval.edge import EdgePassages
from retrieval.index import EVERY, Bounds, Candidate, IndexState, PassageIndex, PassagePoint, Reader, Sparse
from retrieval.owner import Owner
from retrieval.server import ServerPassages
from retrieval.vectors import Vectors
from tests.test_index_conformance import vector

TODAY = dt.date(2026, 11, 24)
CUSTOMER = Reader(TODAY)
STAFF = Reader(TODAY, Audience.INTERNAL, None)


class Maker(Protocol):
    def __call__(self, version: str) -> PassageIndex: ...


@pytest.fixture(params=["edge", "memory", "server"])
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Maker]:
    """Makes indexes of several versions on one store, whose owner runs in this process, so that guards can be taken away."""
    url = os.environ.get("COUNTERFOIL_QDRANT_URL", "")
    if request.param == "server" and not url:
        pytest.skip("COUNTERFOIL_QDRANT_URL names no Qdrant server")
    made: list[EdgePassages | ServerPassages] = []
    prefix = uuid4().hex[:8] if request.param == "server" else "v"
    memory = ServerPassages(":memory:", "shared")
    owner = asyncio.create_task(Owner(tmp_path, idle_s=60).serve()) if request.param == "edge" else None
    await asyncio.sleep(0.05)

    def one(version: str) -> PassageIndex:
        index: EdgePassages | ServerPassages
        if request.param == "edge":
            index = EdgePassages(tmp_path, prefix + version, deadline_s=10)
        else:
            index = ServerPassages(url or ":memory:", prefix + version, deadline_s=10)
        if request.param == "memory" and isinstance(index, ServerPassages):
            index._client = memory._client
        made.append(index)
        return index

    yield one
    for index in made:
        if request.param == "server":
            await index.drop()
        await (index.stop() if isinstance(index, EdgePassages) and index is made[-1] else index.close())
    await memory.close()
    if owner is not None:
        await owner


@pytest.fixture
async def index(make: Maker) -> PassageIndex:
    fresh = make("1")
    await fresh.begin()
    return fresh


def point(
    article: str,
    text: str,
    since: dt.date = dt.date.min,
    until: dt.date = dt.date.max,
    audience: str = "public",
    products: tuple[str, ...] = (EVERY,),
) -> PassagePoint:
    bounds = Bounds(since.toordinal(), until.toordinal(), audience, products)
    return PassagePoint(f"{article}#0", article, bounds, Sparse(*lexical.passage(article, "", (), text)), vector(text))


async def found(index: PassageIndex, text: str, reader: Reader = CUSTOMER) -> dict[str, Candidate]:
    brought = await index.search(Sparse(*lexical.question(text)), np.stack([vector(text)]), reader)
    return {candidate.article: candidate for candidate in brought}


async def keeps_readers_apart(index: PassageIndex) -> None:
    """What is not for a reader is never brought, whatever is asked."""
    await index.upsert(
        [
            point("now", "card fees abroad", since=TODAY, until=TODAY),
            point("gone", "card fees abroad until yesterday", until=TODAY - dt.timedelta(days=1)),
            point("coming", "card fees abroad from tomorrow", since=TODAY + dt.timedelta(days=1)),
            point("staff", "card fees abroad how to waive", audience="internal"),
            point("gold", "card fees abroad with gold", products=("gold-3", "gold-4")),
        ]
    )
    await index.publish()
    for text in ("card fees abroad", "how to waive", "until yesterday", "from tomorrow", "gold", "…"):
        assert set(await found(index, text)) == {"now"}
        assert set(await found(index, text, Reader(TODAY, products=frozenset({"gold-4", "x"})))) == {"now", "gold"}
        assert set(await found(index, text, Reader(TODAY, Audience.INTERNAL))) == {"now", "staff"}
        assert set(await found(index, text, STAFF)) == {"now", "staff", "gold"}
        assert set(await found(index, text, Reader(TODAY - dt.timedelta(days=1)))) == {"gone"}
    assert await index.count(CUSTOMER) == 1
    assert await index.count(STAFF) == 3


async def test_with_both_guards_nobody_is_given_what_is_not_for_them(index: PassageIndex) -> None:
    await keeps_readers_apart(index)


@pytest.fixture
def unfiltered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "reader_filter", lambda reader: Filter())
    monkeypatch.setattr(server, "reader_filter", lambda reader: models.Filter(must=[]))


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (edge, server):
        monkeypatch.setattr(module, "readable", lambda candidates, reader: list(candidates))


@pytest.mark.usefixtures("unchecked")
async def test_the_filter_alone_keeps_readers_apart(index: PassageIndex) -> None:
    await keeps_readers_apart(index)


@pytest.mark.usefixtures("unfiltered")
async def test_without_the_filter_the_check_of_each_hit_refuses(index: PassageIndex) -> None:
    with pytest.raises(IndexUnavailable, match="keep readers apart"):
        await keeps_readers_apart(index)


@pytest.mark.usefixtures("unfiltered", "unchecked")
async def test_without_both_guards_the_test_of_readers_fails(index: PassageIndex) -> None:
    with pytest.raises(AssertionError):
        await keeps_readers_apart(index)


async def test_a_passage_is_found_by_its_words_and_by_its_meaning(index: PassageIndex) -> None:
    await index.upsert([point("fees", "card fees abroad"), *(point(f"pier-{n}", f"pier {n} kiosk") for n in range(200))])
    await index.publish()
    by_both = (await found(index, "card fees abroad"))["fees"]
    assert by_both.words > 0
    assert float(by_both.vector @ vector("card fees abroad")) == pytest.approx(1, abs=1e-3)
    words = Sparse(*lexical.question("fees"))
    brought = {c.article: c.words for c in await index.search(words, np.stack([vector("pier 3 kiosk")]), CUSTOMER)}
    assert brought["fees"] == max(brought.values()) > 0
    assert brought["pier-3"] == 0
    several = np.stack([vector("pier 3 kiosk"), vector("card fees abroad")])
    assert "fees" in {c.article for c in await index.search(Sparse((), ()), several, CUSTOMER)}


async def test_a_rare_word_weighs_more_than_a_common_one(index: PassageIndex) -> None:
    await index.upsert([point("a", "overdraft limit"), point("b", "card limit"), point("c", "cash limit"), point("d", "limit")])
    await index.publish()
    brought = await found(index, "overdraft limit")
    assert brought["a"].words > 2 * brought["b"].words > 0


async def test_a_passage_written_again_is_there_once_as_it_is_now(index: PassageIndex) -> None:
    await index.upsert([point("fees", "card fees abroad", audience="internal")])
    await index.publish()
    assert await found(index, "card fees") == {}
    await index.upsert([point("fees", "card fees abroad")])
    assert list(await found(index, "card fees")) == ["fees"]
    await index.delete(["fees#0", "never there"])
    assert await found(index, "card fees") == {}
    assert await index.state() == IndexState(live=0, building=None)


async def test_while_it_is_rebuilt_the_old_index_answers(make: Maker) -> None:
    index, other = make("1"), make("2")
    with pytest.raises(IndexUnavailable):
        await index.upsert([point("fees", "card fees")])
    await index.begin()
    await index.upsert([point("fees", "card fees")])
    with pytest.raises(IndexUnavailable, match="being built"):
        await found(index, "card fees")
    await index.publish()
    await index.begin()
    await index.upsert([point("limits", "card limits")])
    assert list(await found(index, "card")) == ["fees"]
    await index.publish()
    assert list(await found(index, "card")) == ["limits"]
    await other.begin()
    await other.publish()
    await other.prune()
    assert await index.state() == IndexState(None, None)
    assert await other.state() == IndexState(0, None)


async def test_the_graph_over_many_passages_finds_what_an_exact_search_finds(tmp_path: Path) -> None:
    """Enough passages, each between two of many topics, for a graph to be made; a filter leaves a third out."""
    rng = np.random.default_rng(5)
    topics = rng.normal(size=(1000, 384))

    def made(number: int) -> Vectors:
        one, other = (topics[rng.integers(0, len(topics), number)] for _ in range(2))
        some = one + rng.uniform(0.2, 1, (number, 1)) * other
        return np.asarray(some / np.linalg.norm(some, axis=1, keepdims=True), np.float32)

    vectors, asked = made(12_000), made(20)
    index = EdgePassages(tmp_path / "library", "v1", deadline_s=20)
    await index.begin()
    bounds = [Bounds(1, 9_999_999, "internal" if n % 3 == 0 else "public", (EVERY,)) for n in range(len(vectors))]
    await index.upsert([PassagePoint(f"{n}#0", str(n), bounds[n], Sparse([n], [1.0]), row) for n, row in enumerate(vectors)])
    await index.publish()
    shares = []
    for row in asked:
        nearest = [str(n) for n in np.argsort(-(vectors @ row)) if bounds[n].audience == "public"][:10]
        brought = {c.article for c in await index.search(Sparse((), ()), row[None], CUSTOMER)}
        shares.append(len(brought.intersection(nearest)) / 10)
    assert float(np.mean(shares)) >= 0.9
    await index.stop()
