"""Accounts are kept apart in the store's own query and again on every hit; each guard is seen to hold with the other removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qdrant_client import models
from qdrant_edge import Filter

from data.errors import IndexUnavailable
from data.party import AccountId
from retrieval import edge, server, shards
from retrieval.edge import EdgeIndex
from retrieval.index import Hit, VectorIndex, checked
from retrieval.owner import Owner
from retrieval.server import ServerIndex
from retrieval.shards import Shards
from tests import test_index_conformance as conformance
from tests.test_index_conformance import ANNA, found, points, vector

Unfiltered = Callable[[], None]


@pytest.fixture(params=["edge", "memory"])
async def guarded(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[VectorIndex]:
    """An index whose store runs in this process, so that its guards can be taken away."""
    index: EdgeIndex | ServerIndex
    if request.param == "edge":
        task = asyncio.create_task(Owner(tmp_path, idle_s=60).serve())
        index = EdgeIndex(tmp_path, "v1", deadline_s=10)
        await asyncio.sleep(0.05)
    else:
        index = ServerIndex(":memory:", "v1")
    await index.begin()
    yield index
    if isinstance(index, EdgeIndex):
        await index.stop()
        await task
    else:
        await index.close()


@pytest.fixture
def unfiltered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "granted_filter", lambda accounts: Filter())
    monkeypatch.setattr(server, "granted_filter", lambda accounts: models.Filter(must=[]))


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (edge, server):
        monkeypatch.setattr(module, "checked", lambda hits, accounts: list(hits))


async def test_with_both_guards_nobody_sees_another_account(guarded: VectorIndex) -> None:
    await conformance.test_nobody_finds_what_another_account_paid(guarded)


@pytest.mark.usefixtures("unchecked")
async def test_the_filter_alone_keeps_accounts_apart(guarded: VectorIndex) -> None:
    await conformance.test_nobody_finds_what_another_account_paid(guarded)


@pytest.mark.usefixtures("unfiltered")
async def test_without_the_filter_the_check_of_each_hit_refuses(guarded: VectorIndex) -> None:
    with pytest.raises(IndexUnavailable, match="keep accounts apart"):
        await conformance.test_nobody_finds_what_another_account_paid(guarded)


@pytest.mark.usefixtures("unfiltered", "unchecked")
async def test_without_both_guards_the_test_of_isolation_fails(guarded: VectorIndex) -> None:
    with pytest.raises(AssertionError):
        await conformance.test_nobody_finds_what_another_account_paid(guarded)


def test_a_hit_of_an_account_not_granted_stops_the_search() -> None:
    hits = [Hit(AccountId(name), "pier cafe", 0.9, rank, rank, None) for rank, name in enumerate(("anna", "ben"), 1)]
    assert checked(hits, frozenset({AccountId("anna"), AccountId("ben")})) == hits
    with pytest.raises(IndexUnavailable):
        checked(hits, frozenset({ANNA}))


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Shards:
    """Thirty accounts that share most of their shops."""
    store = Shards(tmp_path_factory.mktemp("crowd"))
    store.version("v1").begin()
    rng = np.random.default_rng(7)
    for number in range(30):
        own = [f"shop {at}" for at in rng.choice(60, 25, replace=False)] + [f"secret {number}"]
        made = points(AccountId(f"a{number}"), *own)
        vectors = np.stack([point.vector for point in made])
        store.version("v1").upsert([point.account for point in made], own, vectors)
    store.version("v1").publish()
    return store


@settings(max_examples=300, deadline=None)
@given(
    st.frozensets(st.sampled_from([AccountId(f"a{number}") for number in range(32)]), min_size=1, max_size=6),
    st.sampled_from(
        [f"shop {number}" for number in range(60)] + [f"secret {number}" for number in range(30)] + ["", "shop secret"]
    ),
    st.integers(1, 80),
)
def test_no_question_reaches_an_account_that_is_not_granted(
    crowd: Shards, accounts: frozenset[AccountId], text: str, limit: int
) -> None:
    hits = crowd.version("v1").search(text, vector(text or "none"), accounts, limit)
    assert {hit.account for hit in hits} <= accounts
    own_secrets = {f"secret {account[1:]}" for account in accounts}
    assert {hit.text for hit in hits if hit.text.startswith("secret")} <= own_secrets
    assert len(hits) <= limit
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


async def test_the_index_of_another_customer_is_not_even_counted(guarded: VectorIndex) -> None:
    await guarded.upsert(points(ANNA, "pier cafe"))
    await guarded.publish()
    assert await guarded.count(frozenset({AccountId("ann")})) == 0
    assert await found(guarded, "pier cafe", [AccountId("Anna"), AccountId("anna ")]) == []
