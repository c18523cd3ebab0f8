"""The owner process: it alone opens the Edge index, so that its pauses never stop the event loop of a process that asks."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import fcntl
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np

from data.articles import Audience
from data.errors import IndexUnavailable
from retrieval.index import Bounds, PassagePoint, Reader, Sparse
from retrieval.shards import Passages, Shards, Templates
from retrieval.vectors import DIMENSIONS
from retrieval.wire import Message, address, frame, read

TICK_S = 0.25
QUIET_S = 1.0


class Owner:
    """Answers one request at a time; connections take turns between requests."""

    def __init__(self, folder: Path, idle_s: float) -> None:
        """idle_s: how long it stays without a connection."""
        self.folder, self.idle_s = folder, idle_s
        self.shards = Shards(folder)
        self.stopped = asyncio.Event()
        self._clients: set[asyncio.StreamWriter] = set()
        self._alone = asyncio.Event()
        self._alone.set()
        self._asked_at = self._left_at = asyncio.get_running_loop().time()

    async def serve(self) -> None:
        """Until it is stopped, idle, or its folder is gone."""
        with socket.socket(socket.AF_UNIX) as sock:
            with address(self.folder) as path:
                (self.folder / "socket").unlink(missing_ok=True)
                sock.bind(path)
            server = await asyncio.start_unix_server(self._client, sock=sock)
            async with server:
                await self._watch()
        (self.folder / "socket").unlink(missing_ok=True)
        for writer in self._clients:
            writer.close()
        await self._alone.wait()
        self.shards.close()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while not self.stopped.is_set() and (self.folder / "socket").exists():
            self.shards.maintain(quiet=loop.time() - self._asked_at >= QUIET_S)
            if not self._clients and loop.time() - self._left_at >= self.idle_s:
                return
            try:
                await asyncio.wait_for(self.stopped.wait(), TICK_S)
            except TimeoutError:
                continue

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        self._clients.add(writer)
        self._alone.clear()
        try:
            while True:
                message, blob = await read(reader)
                self._asked_at = loop.time()
                answer = self._answer(message, blob)
                writer.write(frame(answer, answer.pop("blob", b"")))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._clients.discard(writer)
            self._left_at = loop.time()
            if not self._clients:
                self._alone.set()
            writer.close()

    def _answer(self, message: Message, blob: bytes) -> Message:
        operations: dict[str, Callable[[Message, bytes], Message]] = {
            "state": lambda m, b: {"state": self._collection(m).state()},
            "begin": self._begin,
            "publish": self._publish,
            "drop": self._drop,
            "prune": self._prune,
            "stop": self._stop,
        }
        templates: dict[str, Callable[[Message, bytes], Message]] = {
            "upsert": self._upsert,
            "delete": self._delete,
            "search": self._search,
            "count": lambda m, b: {"count": self._templates(m).count(m["accounts"])},
        }
        passages: dict[str, Callable[[Message, bytes], Message]] = {
            "upsert": self._upsert_passages,
            "delete": self._delete_passages,
            "search": self._search_passages,
            "count": lambda m, b: {"count": self._passages(m).count(_reader(m["reader"]))},
        }
        operations |= passages if message["kind"] == "passages" else templates
        try:
            return operations[message["op"]](message, blob)
        except IndexUnavailable as error:
            return {"error": str(error)}

    def _templates(self, message: Message) -> Templates:
        return self.shards.version(message["version"])

    def _passages(self, message: Message) -> Passages:
        return self.shards.passages(message["version"])

    def _collection(self, message: Message) -> Templates | Passages:
        return self._passages(message) if message["kind"] == "passages" else self._templates(message)

    def _begin(self, message: Message, blob: bytes) -> Message:
        self._collection(message).begin()
        return {}

    def _publish(self, message: Message, blob: bytes) -> Message:
        self._collection(message).publish()
        return {}

    def _drop(self, message: Message, blob: bytes) -> Message:
        self._collection(message).drop()
        return {}

    def _upsert(self, message: Message, blob: bytes) -> Message:
        vectors = np.frombuffer(blob, np.float32).reshape(-1, DIMENSIONS)
        self._templates(message).upsert(message["accounts"], message["texts"], vectors)
        return {}

    def _delete(self, message: Message, blob: bytes) -> Message:
        self._templates(message).delete(message["account"], message["texts"])
        return {}

    def _search(self, message: Message, blob: bytes) -> Message:
        hits = self._templates(message).search(
            message["text"], np.frombuffer(blob, np.float32), message["accounts"], message["limit"]
        )
        return {"hits": [(hit.account, hit.text, hit.score, hit.rank, hit.by_meaning, hit.by_words) for hit in hits]}

    def _upsert_passages(self, message: Message, blob: bytes) -> Message:
        vectors = np.frombuffer(blob, np.float32).reshape(-1, DIMENSIONS)
        points = [
            PassagePoint(passage, article, Bounds(*bounds), Sparse(*words), vector)
            for (passage, article, bounds, words), vector in zip(message["points"], vectors, strict=True)
        ]
        self._passages(message).upsert(points)
        return {}

    def _delete_passages(self, message: Message, blob: bytes) -> Message:
        self._passages(message).delete(message["passages"])
        return {}

    def _search_passages(self, message: Message, blob: bytes) -> Message:
        vectors = np.frombuffer(blob, np.float32).reshape(-1, DIMENSIONS)
        found = self._passages(message).search(Sparse(*message["words"]), vectors, _reader(message["reader"]))
        stored = b"".join(candidate.vector.tobytes() for candidate in found)
        return {"found": [(c.passage, c.article, c.bounds, c.words) for c in found], "blob": stored}

    def _prune(self, message: Message, blob: bytes) -> Message:
        prune = self.shards.prune_passages if message["kind"] == "passages" else self.shards.prune
        prune(message["version"])
        return {}

    def _stop(self, message: Message, blob: bytes) -> Message:
        self.stopped.set()
        return {}


def _reader(sent: Message) -> Reader:
    products = None if sent["products"] is None else frozenset(sent["products"])
    return Reader(dt.date.fromisoformat(sent["on"]), Audience(sent["audience"]), products)


async def _run(folder: Path, idle_s: float) -> None:
    owner = Owner(folder, idle_s)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, owner.stopped.set)
    await owner.serve()


def main() -> None:
    parser = argparse.ArgumentParser(description="Own the index in a folder and answer on a socket in it.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--idle-s", type=float, default=30.0)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    given.folder.chmod(0o700)
    with (given.folder / "owner.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another process owns it already
        asyncio.run(_run(given.folder, given.idle_s))


if __name__ == "__main__":
    main()
