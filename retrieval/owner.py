"""The owner process: it alone opens the Edge index, so that its pauses never stop the event loop of a process that asks."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np

from data.errors import IndexUnavailable
from retrieval.shards import Shards
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
                writer.write(frame(self._answer(message, blob)))
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
            "state": lambda m, b: {"state": self.shards.version(m["version"]).state()},
            "begin": self._begin,
            "publish": self._publish,
            "upsert": self._upsert,
            "delete": self._delete,
            "search": self._search,
            "count": lambda m, b: {"count": self.shards.version(m["version"]).count(m["accounts"])},
            "prune": self._prune,
            "drop": self._drop,
            "stop": self._stop,
        }
        try:
            return operations[message["op"]](message, blob)
        except IndexUnavailable as error:
            return {"error": str(error)}

    def _begin(self, message: Message, blob: bytes) -> Message:
        self.shards.version(message["version"]).begin()
        return {}

    def _publish(self, message: Message, blob: bytes) -> Message:
        self.shards.version(message["version"]).publish()
        return {}

    def _upsert(self, message: Message, blob: bytes) -> Message:
        vectors = np.frombuffer(blob, np.float32).reshape(-1, DIMENSIONS)
        self.shards.version(message["version"]).upsert(message["accounts"], message["texts"], vectors)
        return {}

    def _delete(self, message: Message, blob: bytes) -> Message:
        self.shards.version(message["version"]).delete(message["account"], message["texts"])
        return {}

    def _search(self, message: Message, blob: bytes) -> Message:
        version = self.shards.version(message["version"])
        hits = version.search(message["text"], np.frombuffer(blob, np.float32), message["accounts"], message["limit"])
        return {"hits": [(hit.account, hit.text, hit.score, hit.rank, hit.by_meaning, hit.by_words) for hit in hits]}

    def _prune(self, message: Message, blob: bytes) -> Message:
        self.shards.prune(message["version"])
        return {}

    def _drop(self, message: Message, blob: bytes) -> Message:
        self.shards.version(message["version"]).drop()
        return {}

    def _stop(self, message: Message, blob: bytes) -> Message:
        self.stopped.set()
        return {}


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
