"""The process that owns the embedded index: started once, asked by many, never a reason to wait or to lose what was written."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from data.errors import IndexUnavailable
from retrieval.edge import EdgeIndex
from retrieval.index import IndexState
from tests.test_index_conformance import ANNA, BOTH, found, points, texts


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[EdgeIndex]:
    """A published index with one template of Anna's, its owner running."""
    # Longer than a socket's path may be.
    folder = tmp_path / ("home-" + "x" * 120) / "index"
    fresh = EdgeIndex(folder, "v1")
    await fresh.open()
    await fresh.begin()
    await fresh.upsert(points(ANNA, "harbour stores"))
    await fresh.publish()
    yield fresh
    await fresh.stop()


def owners(folder: Path) -> list[int]:
    """Ids of the processes that own the index in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = path.read_bytes().split(b"\0")
            if b"retrieval.owner" in command and str(folder).encode() in command:
                found.append(int(path.parent.name))
    return found


async def becomes(folder: Path, number: int) -> bool:
    """Whether so many processes own the index, now or within five seconds."""
    for _ in range(100):
        if len(owners(folder)) == number:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_killed_owner_loses_nothing_and_is_started_again(index: EdgeIndex) -> None:
    await index.upsert(points(ANNA, *(f"pier {number}" for number in range(500))))
    await index.delete(ANNA, ["pier 7"])
    (owner,) = owners(index.folder)
    os.kill(owner, signal.SIGKILL)
    await index.open()
    assert await index.state() == IndexState(live=500, building=None)
    assert texts(await found(index, "harbour stores", [ANNA]))[0] == "harbour stores"


async def test_clients_that_start_together_share_one_owner(tmp_path: Path) -> None:
    clients = [EdgeIndex(tmp_path / "index", "v1") for _ in range(4)]
    await asyncio.gather(*(client.open() for client in clients))
    await clients[0].begin()
    await asyncio.gather(*(client.upsert(points(ANNA, f"pier {n}")) for n, client in enumerate(clients)))
    await clients[1].publish()
    assert await clients[2].count(BOTH) == 4
    assert await becomes(tmp_path / "index", 1)
    for client in clients[1:]:
        await client.close()
    await clients[0].stop()
    assert await becomes(tmp_path / "index", 0)


async def test_the_owner_leaves_when_nobody_is_left(tmp_path: Path) -> None:
    client = EdgeIndex(tmp_path / "index", "v1", idle_s=0.2)
    await client.open()
    await asyncio.sleep(1)
    assert owners(client.folder)
    await client.close()
    assert await becomes(client.folder, 0)
    await client.open()
    await client.stop()


async def test_the_owner_leaves_with_its_folder(tmp_path: Path) -> None:
    client = EdgeIndex(tmp_path / "index", "v1")
    await client.open()
    (tmp_path / "index").rename(tmp_path / "elsewhere")
    assert await becomes(tmp_path / "index", 0)
    await client.close()


async def test_an_owner_that_hangs_costs_a_search_a_third_of_a_second(index: EdgeIndex) -> None:
    (owner,) = owners(index.folder)
    os.kill(owner, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(IndexUnavailable, match="did not answer in 300 ms"):
            await found(index, "harbour stores", [ANNA])
        assert time.monotonic() - began < 1
    finally:
        os.kill(owner, signal.SIGCONT)
    assert await index.count(frozenset({ANNA})) == 1
    assert texts(await found(index, "harbour stores", [ANNA])) == ["harbour stores"]


async def test_a_search_given_up_does_not_answer_the_next_one(index: EdgeIndex) -> None:
    await index.upsert(points(ANNA, "pier cafe"))
    for _ in range(20):
        given_up = asyncio.create_task(found(index, "pier cafe", [ANNA]))
        await asyncio.sleep(0.0005)
        given_up.cancel()
        assert texts(await found(index, "harbour stores", [ANNA]))[0] == "harbour stores"
        await asyncio.gather(given_up, return_exceptions=True)


async def test_a_stopped_owner_comes_back_when_it_is_asked(index: EdgeIndex) -> None:
    await index.stop()
    assert await becomes(index.folder, 0)
    await index.open()
    assert texts(await found(index, "harbour stores", [ANNA])) == ["harbour stores"]


async def test_only_its_user_may_reach_the_index(index: EdgeIndex) -> None:
    assert stat.S_IMODE(index.folder.stat().st_mode) == 0o700


async def test_a_damaged_index_is_unavailable_until_it_is_rebuilt(index: EdgeIndex) -> None:
    await index.stop()
    for path in (index.folder / "v1" / "000001").rglob("*"):
        if path.is_file():
            path.write_bytes(b"?")
    with pytest.raises(IndexUnavailable):
        await index.open()
    with pytest.raises(IndexUnavailable):
        await found(index, "pier", [ANNA])
    await index.begin()
    await index.upsert(points(ANNA, "harbour stores"))
    await index.publish()
    assert texts(await found(index, "harbour stores", [ANNA])) == ["harbour stores"]
