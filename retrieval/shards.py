"""Qdrant Edge shards on disk, a folder per embedding version. Only the owner process opens them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from qdrant_edge import CountRequest as EdgeCount
from qdrant_edge import (
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    HnswIndexConfig,
    IdfParams,
    KeywordIndexParams,
    MatchAny,
    Modifier,
    Query,
    QueryBatchRequest,
    QueryRequest,
    ScoredPoint,
    SearchParams,
    SparseVector,
    UpdateOperation,
)
from qdrant_edge import Point as EdgePoint

from data.errors import IndexUnavailable
from retrieval import lexical
from retrieval.index import DEPTH, Found, Hit, IndexState, fuse, point_id
from retrieval.vectors import DIMENSIONS, Vectors

ACCOUNT, TEXT, DENSE, WORDS = "account", "text", "dense", "words"
# From so many changes on, the write-ahead log is cut even while requests come.
FLUSH_CHANGES = 100_000
VACUUM_SHARE, VACUUM_POINTS = 0.2, 1000


def granted_filter(accounts: Collection[str]) -> Filter:
    """The condition in every query of the store: a point belongs to one of the accounts."""
    return Filter(must=[FieldCondition(ACCOUNT, match=MatchAny(sorted(accounts)))])


def _config() -> EdgeConfig:
    # No graph over everybody: an account has few points and is searched exactly, whoever else is in the shard.
    return EdgeConfig(
        vectors={DENSE: EdgeVectorParams(DIMENSIONS, Distance.Cosine)},
        sparse_vectors={WORDS: EdgeSparseVectorParams(modifier=Modifier.Idf)},
        hnsw_config=HnswIndexConfig(m=0, ef_construct=100, full_scan_threshold=100_000, payload_m=16),
        wal_enabled=True,
    )


class Shards:
    """The collections of every embedding version below a folder. Not for use by several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._versions: dict[str, _Version] = {}

    def version(self, name: str) -> _Version:
        if name not in self._versions:
            self._versions[name] = _Version(self.folder / name)
        return self._versions[name]

    def prune(self, kept: str) -> None:
        for folder in [path for path in self.folder.iterdir() if path.is_dir() and path.name != kept]:
            self.version(folder.name).drop()
            del self._versions[folder.name]

    def maintain(self, quiet: bool) -> None:
        """Bring what was written to disk and clear deleted points away: up to a second per 100k points."""
        for version in self._versions.values():
            version.maintain(quiet)

    def close(self) -> None:
        for version in self._versions.values():
            version.close()


class _Version:
    """The live collection of one version and the one being built. `pointers.json` names their folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, EdgeShard] = {}
        self._changed = self._deleted = 0
        pointers = folder / "pointers.json"
        self._names: dict[str, str | None] = {"live": None, "building": None}
        if pointers.exists():
            self._names = json.loads(pointers.read_text())
        self._clear()

    def state(self) -> IndexState:
        live, building = self._shard("live"), self._shard("building")
        return IndexState(
            None if live is None else live.info().points_count, None if building is None else building.info().points_count
        )

    def begin(self) -> None:
        number = max((int(name) for name in self._names.values() if name), default=0) + 1
        name = f"{number:06}"
        folder = self.folder / name
        folder.mkdir(parents=True)
        shard = EdgeShard.create(str(folder), _config())
        shard.update(UpdateOperation.create_field_index(ACCOUNT, KeywordIndexParams(is_tenant=True)))
        self._open[name] = shard
        self._point({"live": self._names["live"], "building": name})

    def publish(self) -> None:
        building = self._shard("building")
        if building is not None:
            building.flush()
            self._point({"live": self._names["building"], "building": None})

    def upsert(self, accounts: Sequence[str], texts: Sequence[str], vectors: Vectors) -> None:
        target = self._shard("building") or self._shard("live")
        if target is None:
            raise IndexUnavailable("the index was not begun yet")
        points = []
        for account, text, vector in zip(accounts, texts, vectors, strict=True):
            named = {DENSE: vector.tolist(), WORDS: SparseVector(*lexical.document(text))}
            points.append(EdgePoint(point_id(account, text), named, {ACCOUNT: account, TEXT: text}))
        target.update(UpdateOperation.upsert_points(points))
        self._changed += len(points)

    def delete(self, account: str, texts: Collection[str] | None) -> None:
        if texts is None:
            operation = UpdateOperation.delete_points_by_filter(granted_filter([account]))
        else:
            operation = UpdateOperation.delete_points([point_id(account, text) for text in texts])
        for shard in (self._shard("live"), self._shard("building")):
            if shard is not None:
                before = shard.info().points_count
                shard.update(operation)
                self._deleted += before - shard.info().points_count
        self._changed += 1

    def search(self, text: str, vector: Vectors, accounts: Collection[str], limit: int) -> list[Hit]:
        own = granted_filter(accounts)
        depth = max(limit, DEPTH)
        rarity = SearchParams(idf=IdfParams(corpus=own))
        near = Query.Nearest(vector.tolist(), using=DENSE)
        requests = [QueryRequest(limit=depth, query=near, filter=own, with_payload=True)]
        indices, values = lexical.query(text)
        if indices:
            same = Query.Nearest(SparseVector(indices, values), using=WORDS)
            requests.append(
                QueryRequest(limit=depth, query=same, filter=own, params=rarity, with_payload=True, with_vector=[DENSE])
            )
        dense, *words = self._live().query_batch(QueryBatchRequest(requests))
        return fuse([_found(point, point.score) for point in dense], _with_cosine(words[0] if words else [], vector), limit)

    def count(self, accounts: Collection[str]) -> int:
        return self._live().count(EdgeCount(filter=granted_filter(accounts)))

    def drop(self) -> None:
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._names = {"live": None, "building": None}

    def maintain(self, quiet: bool) -> None:
        if self._changed and (quiet or self._changed >= FLUSH_CHANGES):
            for shard in self._open.values():
                shard.flush()
            self._changed = 0
        if quiet and self._deleted > VACUUM_POINTS:
            for shard in self._open.values():
                if self._deleted > VACUUM_SHARE * shard.info().points_count:
                    shard.optimize()
            self._deleted = 0

    def close(self) -> None:
        for shard in self._open.values():
            shard.close()
        self._open.clear()

    def _live(self) -> EdgeShard:
        shard = self._shard("live")
        if shard is None:
            raise IndexUnavailable("the index is still being built")
        return shard

    def _shard(self, role: str) -> EdgeShard | None:
        name = self._names[role]
        if name is None:
            return None
        if name not in self._open:
            self._open[name] = EdgeShard.load(str(self.folder / name))
        return self._open[name]

    def _point(self, names: dict[str, str | None]) -> None:
        """Swap atomically, then delete what nothing points to any more."""
        fresh = self.folder / "pointers.new"
        with fresh.open("w") as file:
            json.dump(names, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / "pointers.json")
        self._names = names
        self._clear()

    def _clear(self) -> None:
        kept = set(self._names.values())
        for path in self.folder.glob("[0-9]*"):
            if path.name not in kept:
                shard = self._open.pop(path.name, None)
                if shard is not None:
                    shard.close()
                shutil.rmtree(path, ignore_errors=True)


def _found(point: ScoredPoint, cosine: float) -> Found:
    payload = point.payload or {}
    return Found(payload[ACCOUNT], payload[TEXT], cosine)


def _with_cosine(points: Sequence[ScoredPoint], vector: Vectors) -> list[Found]:
    """Points of the word search, whose scores are BM25, with their cosine to the query instead."""
    if not points:
        return []
    named = cast(list[dict[str, list[float]]], [point.vector for point in points])
    stored = np.asarray([vectors[DENSE] for vectors in named], np.float32)
    return [_found(point, float(cosine)) for point, cosine in zip(points, stored @ vector, strict=True)]
