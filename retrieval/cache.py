"""Embeddings that were computed before, by the digest of what was embedded: one small SQLite file per embedding version."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

import numpy as np

from data.party import AccountId
from retrieval.embedding import Embedder
from retrieval.vectors import DIMENSIONS, Vectors

# SQLite allows far more, but a thousand digests a statement are as fast.
PORTION = 1000
# Before a text that is embedded as it is written: a name of the same words has another vector.
PROSE = "prose\0"


class EmbeddingCache:
    """Template → vector. The file holds digests and vectors, no text. Threads and processes may share it.

    A template that names a person is kept under its account alone (`owner`), so that erasing the account erases it.
    """

    def __init__(self, folder: Path, version: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.version = version
        self._lock = Lock()
        self._file = sqlite3.connect(folder / f"{version}.sqlite", timeout=10, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, owner TEXT, vector BLOB NOT NULL)")
        self._file.execute("CREATE INDEX IF NOT EXISTS owned ON vectors (owner) WHERE owner IS NOT NULL")

    def key(self, template: str, owner: AccountId | None = None) -> bytes:
        return hashlib.sha256("\0".join((self.version, owner or "", template)).encode()).digest()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        """Vectors [384] of the keys that are known."""
        found: dict[bytes, Vectors] = {}
        for start in range(0, len(keys), PORTION):
            some = list(keys[start : start + PORTION])
            marks = ",".join("?" * len(some))
            with self._lock:
                rows = self._file.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some).fetchall()  # noqa: S608
            found |= {key: np.frombuffer(vector, np.float32) for key, vector in rows}
        return found

    def put(self, keys: Sequence[bytes], vectors: Vectors, owners: Sequence[AccountId | None]) -> None:
        """vectors: [len(keys), 384]. What is known already stays as it is."""
        rows = [(key, owner, vector.tobytes()) for key, owner, vector in zip(keys, owners, vectors, strict=True)]
        with self._lock, self._file:
            self._file.execute("BEGIN IMMEDIATE")
            self._file.executemany("INSERT OR IGNORE INTO vectors (key, owner, vector) VALUES (?, ?, ?)", rows)

    def forget(self, owner: AccountId) -> None:
        """Delete what was kept under one account."""
        with self._lock, self._file:
            self._file.execute("DELETE FROM vectors WHERE owner = ?", (owner,))

    def owned(self, owner: AccountId) -> int:
        """How many are kept under one account."""
        with self._lock:
            return int(self._file.execute("SELECT count(*) FROM vectors WHERE owner = ?", (owner,)).fetchone()[0])

    def embed(self, embedder: Embedder, templates: Sequence[str], owners: Sequence[AccountId | None]) -> Vectors:
        """Vectors [len(templates), 384] in their order; what is not known is embedded once and kept.

        owners: for each template None, or the account under which alone it is kept.
        """
        keys = [self.key(template, owner) for template, owner in zip(templates, owners, strict=True)]
        return self._made(embedder.embed_names, keys, templates, owners)

    def embed_texts(self, embedder: Embedder, texts: Sequence[str]) -> Vectors:
        """Vectors [len(texts), 384] of prose, which is embedded as it is written; what is not known is embedded once and kept."""
        keys = [self.key(f"{PROSE}{text}") for text in texts]
        return self._made(embedder.embed, keys, texts, [None] * len(texts))

    def _made(
        self,
        embed: Callable[[Sequence[str]], Vectors],
        keys: Sequence[bytes],
        texts: Sequence[str],
        owners: Sequence[AccountId | None],
    ) -> Vectors:
        known = self.get(list(dict.fromkeys(keys)))
        missing = {key: at for at, key in enumerate(keys) if key not in known}
        if missing:
            fresh = embed([texts[at] for at in missing.values()])
            self.put(list(missing), fresh, [owners[at] for at in missing.values()])
            known |= dict(zip(missing, fresh, strict=True))
        return np.stack([known[key] for key in keys]) if keys else np.empty((0, DIMENSIONS), np.float32)

    def close(self) -> None:
        self._file.close()
