"""The embedded indexes: each asks its owner process over a socket, and starts that process where there is none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from data.errors import IndexUnavailable
from data.party import AccountId
from retrieval.index import Bounds, Candidate, Hit, IndexState, PassagePoint, Point, Reader, Sparse, checked, readable
from retrieval.vectors import DIMENSIONS, Vectors
from retrieval.wire import Message, address, frame, read

START_S = 10.0
WRITE_S = 60.0
# Making the graph over all passages takes 0.3 ms for each.
PUBLISH_S = 600.0
RETRY_S = 0.02
RETRIES = 3
# Searches of others wait for at most so many points to be written.
PORTION = 128

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Edge:
    """An index on Qdrant Edge. Belongs to one event loop; any number of processes may have one on the same folder."""

    kind: str

    def __init__(self, folder: Path, version: str, deadline_s: float = 0.3, idle_s: float = 30.0) -> None:
        """folder: of the index alone. deadline_s: for a search or count. idle_s: how long the owner outlives its last client."""
        self.folder, self.version, self.deadline_s, self.idle_s = folder, version, deadline_s, idle_s
        self._idle: list[Connection] = []
        self._owner: subprocess.Popen[bytes] | None = None

    async def open(self) -> None:
        """Reach the owner, so that no search has to wait for it to start. Raises IndexUnavailable after 10 s."""
        await self._ask("state", START_S)

    async def state(self) -> IndexState:
        live, building = (await self._ask("state", WRITE_S))["state"]
        return IndexState(live, building)

    async def begin(self) -> None:
        await self._ask("begin", WRITE_S)

    async def publish(self) -> None:
        await self._ask("publish", PUBLISH_S)

    async def prune(self) -> None:
        await self._ask("prune", WRITE_S)

    async def drop(self) -> None:
        await self._ask("drop", WRITE_S)

    async def stop(self) -> None:
        """End the owner for everybody, once what it holds is on disk."""
        await self._ask("stop", WRITE_S)
        await self.close()
        if self._owner is not None:
            await asyncio.to_thread(self._owner.wait)

    async def close(self) -> None:
        """Leave; the owner ends by itself when nobody is left."""
        while self._idle:
            await _hang_up(self._idle.pop())

    async def _ask(self, op: str, deadline_s: float, fields: Message | None = None, blob: bytes = b"") -> Message:
        sent = frame({"op": op, "kind": self.kind, "version": self.version, **(fields or {})}, blob)
        try:
            async with asyncio.timeout(deadline_s):
                answer = await self._exchange(sent)
        except TimeoutError:
            raise IndexUnavailable(f"the index did not answer in {deadline_s * 1000:.0f} ms") from None
        except OSError as error:
            raise IndexUnavailable(f"the index cannot be reached: {error}") from error
        if "error" in answer:
            raise IndexUnavailable(answer["error"])
        return answer

    async def _exchange(self, sent: bytes) -> Message:
        # A kept connection may lead to an owner that has ended since, and a fresh one to an owner that is just ending. Whatever
        # is asked may be asked twice.
        for _ in range(len(self._idle) + RETRIES):
            try:
                return await self._talk(self._idle.pop() if self._idle else await self._connect(), sent)
            except (asyncio.IncompleteReadError, ConnectionError):
                await asyncio.sleep(RETRY_S)
        raise ConnectionResetError("its owner ends whenever it is asked")

    async def _talk(self, connection: Connection, sent: bytes) -> Message:
        reader, writer = connection
        done = False
        try:
            writer.write(sent)
            await writer.drain()
            answer, answer["blob"] = await read(reader)
            done = True
        finally:
            # An answer that nobody waited for must not be taken for the next one's.
            if not done:
                writer.close()
        self._idle.append(connection)
        return answer

    async def _connect(self) -> Connection:
        while True:
            try:
                with address(self.folder) as path:
                    return await asyncio.open_unix_connection(path)
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.to_thread(self._start)
                await asyncio.sleep(RETRY_S)

    def _start(self) -> None:
        """Start an owner unless ours is starting. Of several started at once all but one end: they lock a file."""
        if self._owner is not None and self._owner.poll() is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = [sys.executable, "-P", "-m", "retrieval.owner", str(self.folder), "--idle-s", str(self.idle_s)]
        with (self.folder / "owner.log").open("ab") as log:
            # A session of its own: Ctrl-C in our terminal does not end it while others still ask.
            self._owner = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


class EdgeIndex(_Edge):
    """A `VectorIndex` on Qdrant Edge."""

    kind = "templates"

    async def upsert(self, points: Sequence[Point]) -> None:
        for start in range(0, len(points), PORTION):
            some = points[start : start + PORTION]
            vectors = np.stack([point.vector for point in some]).astype(np.float32)
            fields = {"accounts": [point.account for point in some], "texts": [point.text for point in some]}
            await self._ask("upsert", WRITE_S, fields, vectors.tobytes())

    async def delete(self, account: AccountId, texts: Collection[str] | None = None) -> None:
        await self._ask("delete", WRITE_S, {"account": account, "texts": None if texts is None else list(texts)})

    async def search(self, text: str, vector: Vectors, accounts: frozenset[AccountId], limit: int) -> list[Hit]:
        if not accounts:
            return []
        fields = {"text": text, "accounts": sorted(accounts), "limit": limit}
        answer = await self._ask("search", self.deadline_s, fields, vector.astype(np.float32).tobytes())
        return checked((Hit(*hit) for hit in answer["hits"]), accounts)

    async def count(self, accounts: frozenset[AccountId]) -> int:
        if not accounts:
            return 0
        number: int = (await self._ask("count", self.deadline_s, {"accounts": sorted(accounts)}))["count"]
        return number


class EdgePassages(_Edge):
    """A `PassageIndex` on Qdrant Edge."""

    kind = "passages"

    def __init__(self, folder: Path, version: str, deadline_s: float = 1.0, idle_s: float = 30.0) -> None:
        super().__init__(folder, version, deadline_s, idle_s)

    async def upsert(self, points: Sequence[PassagePoint]) -> None:
        for start in range(0, len(points), PORTION):
            some = points[start : start + PORTION]
            vectors = np.stack([point.vector for point in some]).astype(np.float32)
            fields = {"points": [(p.passage, p.article, p.bounds, p.words) for p in some]}
            await self._ask("upsert", WRITE_S, fields, vectors.tobytes())

    async def delete(self, passages: Collection[str]) -> None:
        if passages:
            await self._ask("delete", WRITE_S, {"passages": list(passages)})

    async def search(self, words: Sparse, vectors: Vectors, reader: Reader) -> list[Candidate]:
        fields = {"words": words, "reader": _sent(reader)}
        answer = await self._ask("search", self.deadline_s, fields, vectors.astype(np.float32).tobytes())
        stored = np.frombuffer(answer["blob"], np.float32).reshape(-1, DIMENSIONS)
        found = [
            Candidate(passage, article, Bounds(since, until, audience, tuple(products)), score, vector)
            for (passage, article, (since, until, audience, products), score), vector in zip(answer["found"], stored, strict=True)
        ]
        return readable(found, reader)

    async def count(self, reader: Reader) -> int:
        number: int = (await self._ask("count", self.deadline_s, {"reader": _sent(reader)}))["count"]
        return number


def _sent(reader: Reader) -> Message:
    products = None if reader.products is None else sorted(reader.products)
    return {"on": reader.on.isoformat(), "audience": reader.audience.value, "products": products}


async def _hang_up(connection: Connection) -> None:
    connection[1].close()
    try:
        await connection[1].wait_closed()
    except ConnectionError:
        return
