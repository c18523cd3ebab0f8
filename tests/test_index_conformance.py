"""What every engine of the index does the same. A Qdrant server takes part where COUNTERFOIL_QDRANT_URL names one."""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import numpy as np
import pytest

from data.errors import IndexUnavailable
from data.party import AccountId
from retrieval.edge import EdgeIndex
from retrieval.index import Hit, IndexState, Point, VectorIndex
from retrieval.server import ServerIndex
from retrieval.vectors import DIMENSIONS, Vectors

ANNA, BEN, CARA, NOBODY = (AccountId(name) for name in ("anna", "ben", "cara", "nobody"))
BOTH = frozenset({ANNA, BEN})


class Maker(Protocol):
    def __call__(self, version: str) -> VectorIndex: ...


@pytest.fixture(params=["edge", "memory", "server"])
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Maker]:
    """Makes indexes of several versions on one store."""
    url = os.environ.get("COUNTERFOIL_QDRANT_URL", "")
    if request.param == "server" and not url:
        pytest.skip("COUNTERFOIL_QDRANT_URL names no Qdrant server")
    made: list[VectorIndex] = []
    prefix = uuid4().hex[:8] if request.param == "server" else "v"
    memory = ServerIndex(":memory:", "shared")

    def one(version: str) -> VectorIndex:
        index: VectorIndex
        if request.param == "edge":
            index = EdgeIndex(tmp_path / "index", prefix + version, deadline_s=10)
        elif request.param == "memory":
            index = ServerIndex(":memory:", prefix + version)
            index._client = memory._client
        else:
            index = ServerIndex(url, prefix + version, deadline_s=10)
        made.append(index)
        return index

    yield one
    for index in made:
        if request.param == "server":
            await index.drop()
        await (index.stop() if isinstance(index, EdgeIndex) and index is made[-1] else index.close())
    await memory.close()


@pytest.fixture
async def index(make: Maker) -> VectorIndex:
    fresh = make("1")
    await fresh.begin()
    return fresh


def vector(text: str) -> Vectors:
    """A stand-in for a model: texts that share words are near to each other."""
    total = np.zeros(DIMENSIONS)
    for word in text.split():
        total += np.random.default_rng(zlib.crc32(word.encode())).normal(size=DIMENSIONS)
    return np.asarray(total / np.linalg.norm(total), np.float32)


def points(account: AccountId, *texts: str) -> list[Point]:
    return [Point(account, text, vector(text)) for text in texts]


async def found(index: VectorIndex, text: str, accounts: Iterable[AccountId], limit: int = 10) -> list[Hit]:
    return await index.search(text, vector(text), frozenset(accounts), limit)


def texts(hits: Iterable[Hit]) -> list[str]:
    return [hit.text for hit in hits]


async def test_a_customer_finds_what_is_near_in_words_and_in_meaning(index: VectorIndex) -> None:
    await index.upsert(points(ANNA, "harbour stores", "pier cafe", "northside petrol filling station", "harbour pier parking"))
    await index.publish()
    hits = await found(index, "harbour stores", [ANNA])
    assert texts(hits)[:2] == ["harbour stores", "harbour pier parking"]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert hits[0].score == pytest.approx(1, abs=1e-3)
    assert (hits[0].by_meaning, hits[0].by_words) == (1, 1)
    assert hits[-1].by_words is None
    assert all(hit.account == ANNA for hit in hits)
    assert len(await found(index, "harbour stores", [ANNA], limit=2)) == 2


async def test_the_score_of_a_hit_by_words_is_its_cosine_too(index: VectorIndex) -> None:
    await index.upsert(points(ANNA, "harbour stores", *(f"pier {number} kiosk" for number in range(80))))
    await index.publish()
    hits = await index.search("harbour", vector("pier 3 kiosk"), frozenset({ANNA}), 10)
    stores = next(hit for hit in hits if hit.text == "harbour stores")
    assert stores.by_meaning is None
    assert stores.by_words == 1
    assert stores.score == pytest.approx(float(vector("harbour stores") @ vector("pier 3 kiosk")), abs=1e-3)


async def test_nobody_finds_what_another_account_paid(index: VectorIndex) -> None:
    await index.upsert(points(ANNA, "harbour stores", "pier cafe") + points(BEN, "harbour stores", "clinic on the hill"))
    await index.publish()
    for text in ("harbour stores", "clinic on the hill", "pier cafe", "anything"):
        assert {hit.account for hit in await found(index, text, [ANNA])} == {ANNA}
        assert "clinic on the hill" not in texts(await found(index, text, [ANNA]))
        assert await found(index, text, [NOBODY]) == []
        assert await found(index, text, []) == []
    assert {hit.account for hit in await found(index, "harbour stores", BOTH)} == {ANNA, BEN}
    assert await index.count(frozenset({ANNA})) == 2
    assert await index.count(BOTH) == 4
    assert await index.count(frozenset({NOBODY})) == await index.count(frozenset()) == 0


async def test_what_others_pay_does_not_change_how_rare_a_word_is(index: VectorIndex) -> None:
    await index.upsert(points(ANNA, "harbour kiosk", "pier kiosk", "hill kiosk", "harbour boats", "mill kiosk"))
    await index.publish()

    async def by_words() -> list[tuple[str, int | None]]:
        hits = await index.search("harbour kiosk", vector("unrelated"), frozenset({ANNA}), 10)
        return sorted((hit.text, hit.by_words) for hit in hits)

    before = await by_words()
    assert ("harbour kiosk", 1) in before
    assert ("harbour boats", 2) in before  # "harbour" is rarer with Anna than "kiosk"
    await index.upsert([point for number in range(200) for point in points(BEN, f"harbour {number}")])
    assert await by_words() == before


async def test_a_template_written_twice_is_there_once(index: VectorIndex) -> None:
    for _ in range(2):
        await index.upsert(points(ANNA, "harbour stores"))
    await index.publish()
    await index.upsert(points(ANNA, "harbour stores"))
    assert await index.count(frozenset({ANNA})) == 1
    await index.upsert([])
    assert await index.state() == IndexState(live=1, building=None)


async def test_erasing_one_account_leaves_the_other_whole(index: VectorIndex) -> None:
    await index.upsert(points(ANNA, "harbour stores", "pier cafe", "mill") + points(BEN, "harbour stores", "pier cafe"))
    await index.publish()
    await index.delete(ANNA, ["pier cafe", "never there"])
    assert (
        texts(await found(index, "pier cafe", [ANNA])) == ["harbour stores", "mill"] or await index.count(frozenset({ANNA})) == 2
    )
    await index.delete(ANNA, [])
    assert await index.count(frozenset({ANNA})) == 2
    await index.delete(ANNA)
    assert await found(index, "harbour stores", [ANNA]) == []
    assert await index.count(frozenset({BEN})) == 2


async def test_an_index_answers_only_once_it_is_whole(make: Maker) -> None:
    fresh = make("1")
    assert await fresh.state() == IndexState(None, None)
    for call in (fresh.upsert(points(ANNA, "pier cafe")), found(fresh, "pier cafe", [ANNA]), fresh.count(BOTH)):
        with pytest.raises(IndexUnavailable):
            await call
    await fresh.publish()
    assert await fresh.state() == IndexState(None, None)
    await fresh.begin()
    await fresh.upsert(points(ANNA, "pier cafe"))
    with pytest.raises(IndexUnavailable, match="being built"):
        await found(fresh, "pier cafe", [ANNA])
    await fresh.publish()
    assert texts(await found(fresh, "pier cafe", [ANNA])) == ["pier cafe"]


async def test_while_it_is_rebuilt_the_old_index_answers(index: VectorIndex) -> None:
    await index.upsert(points(ANNA, "harbour stores", "pier cafe") + points(BEN, "mill"))
    await index.publish()
    await index.begin()
    await index.upsert(points(ANNA, "never published"))
    await index.begin()
    await index.upsert(points(ANNA, "harbour stores"))
    assert await index.state() == IndexState(live=3, building=1)
    assert texts(await found(index, "pier cafe", [ANNA]))[0] == "pier cafe"
    await index.delete(BEN)
    assert await found(index, "mill", [BEN]) == []
    await index.publish()
    assert texts(await found(index, "pier cafe", [ANNA])) == ["harbour stores"]
    assert await index.state() == IndexState(live=1, building=None)


async def test_embedding_versions_do_not_meet(make: Maker) -> None:
    old, new = make("1"), make("2")
    for version, text in ((old, "harbour stores"), (new, "pier cafe")):
        await version.begin()
        await version.upsert(points(ANNA, text))
        await version.publish()
    assert texts(await found(old, "pier cafe", [ANNA])) == ["harbour stores"]
    await new.prune()
    assert await old.state() == IndexState(None, None)
    assert texts(await found(new, "pier cafe", [ANNA])) == ["pier cafe"]
    await new.drop()
    assert await new.state() == IndexState(None, None)
    with pytest.raises(IndexUnavailable):
        await found(new, "pier cafe", [ANNA])


async def test_many_may_ask_at_once(index: VectorIndex) -> None:
    await index.upsert([point for account in (ANNA, BEN, CARA) for point in points(account, *(f"shop {n}" for n in range(40)))])
    await index.publish()
    asked = [(account, f"shop {number}") for number in range(40) for account in (ANNA, BEN, CARA)]
    answers = await asyncio.gather(*(found(index, text, [account]) for account, text in asked))
    for (account, text), hits in zip(asked, answers, strict=True):
        assert (hits[0].account, hits[0].text) == (account, text)


async def test_words_in_any_script_or_none_can_be_asked(index: VectorIndex) -> None:
    await index.upsert(points(ANNA, "カフェ 東京", "café müller", "***"))
    await index.publish()
    assert texts(await found(index, "カフェ", [ANNA]))[0] == "カフェ 東京"
    assert texts(await found(index, "café", [ANNA]))[0] == "café müller"
    assert len(await index.search("…", vector("x"), frozenset({ANNA}), 10)) == 3
