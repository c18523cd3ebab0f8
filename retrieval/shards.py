"""Qdrant Edge shards on disk, a folder per embedding version. Only the owner process opens them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

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
    IntegerIndexParams,
    KeywordIndexParams,
    MatchAny,
    Modifier,
    Query,
    QueryBatchRequest,
    QueryRequest,
    RangeFloat,
    ScoredPoint,
    SearchParams,
    SparseVector,
    UpdateOperation,
)
from qdrant_edge import Point as EdgePoint

from data.errors import IndexUnavailable
from retrieval import lexical
from retrieval.index import (
    DEPTH,
    EVERY,
    Bounds,
    Candidate,
    Found,
    Hit,
    IndexState,
    PassagePoint,
    Reader,
    Sparse,
    depths,
    fuse,
    point_id,
)
from retrieval.vectors import DIMENSIONS, Vectors

ACCOUNT, TEXT, DENSE, WORDS = "account", "text", "dense", "words"
# No cosine is less.
FAR = -2.0
# How widely the graph is searched: of the nearest ten among 50,000 blended sentences, a third of them filtered out, 200 finds
# 97.7 % and 400 finds 98.8 % at half as much time again.
WIDTH = 256
PASSAGE, ARTICLE, SINCE, UNTIL, AUDIENCE, PRODUCTS = "passage", "article", "since", "until", "audience", "products"
# From so many changes on, the write-ahead log is cut even while requests come.
FLUSH_CHANGES = 100_000
VACUUM_SHARE, VACUUM_POINTS = 0.2, 1000


def granted_filter(accounts: Collection[str]) -> Filter:
    """The condition in every query of the store: a point belongs to one of the accounts."""
    return Filter(must=[FieldCondition(ACCOUNT, match=MatchAny(sorted(accounts)))])


def reader_filter(reader: Reader) -> Filter:
    """The condition in every query for passages: in force on the day, for the audience, and for a product that is held."""
    day = reader.on.toordinal()
    must: list[Any] = [
        FieldCondition(SINCE, range=RangeFloat(lte=day)),
        FieldCondition(UNTIL, range=RangeFloat(gte=day)),
        FieldCondition(AUDIENCE, match=MatchAny(reader.audiences)),
    ]
    if reader.products is not None:
        must.append(FieldCondition(PRODUCTS, match=MatchAny([EVERY, *sorted(reader.products)])))
    return Filter(must=must)


def _config(graph: HnswIndexConfig) -> EdgeConfig:
    return EdgeConfig(
        vectors={DENSE: EdgeVectorParams(DIMENSIONS, Distance.Cosine)},
        sparse_vectors={WORDS: EdgeSparseVectorParams(modifier=Modifier.Idf)},
        hnsw_config=graph,
        wal_enabled=True,
    )


class Shards:
    """The collections of every embedding version below a folder. Not for use by several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._versions: dict[str, Templates] = {}
        self._passages: dict[str, Passages] = {}

    def version(self, name: str) -> Templates:
        if name not in self._versions:
            self._versions[name] = Templates(self.folder / name)
        return self._versions[name]

    def passages(self, name: str) -> Passages:
        if name not in self._passages:
            self._passages[name] = Passages(self.folder / f"{_PASSAGES}{name}")
        return self._passages[name]

    def prune(self, kept: str) -> None:
        for name in [name for name in self._folders() if not name.startswith(_PASSAGES) and name != kept]:
            self.version(name).drop()
            del self._versions[name]

    def prune_passages(self, kept: str) -> None:
        for name in [name.removeprefix(_PASSAGES) for name in self._folders() if name.startswith(_PASSAGES)]:
            if name != kept:
                self.passages(name).drop()
                del self._passages[name]

    def maintain(self, quiet: bool) -> None:
        """Bring what was written to disk and clear deleted points away: up to a second per 100k points."""
        for collection in (*self._versions.values(), *self._passages.values()):
            collection.maintain(quiet)

    def close(self) -> None:
        for collection in (*self._versions.values(), *self._passages.values()):
            collection.close()

    def _folders(self) -> list[str]:
        return [path.name for path in self.folder.iterdir() if path.is_dir()]


_PASSAGES = "passages-"


class _Collection:
    """The live collection of one version and the one being built. `pointers.json` names their folders.

    What is kept in it, and how it is searched, is a subclass's.
    """

    graph: HnswIndexConfig

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, EdgeShard] = {}
        self._changed = self._deleted = self._unsorted = 0
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
        shard = EdgeShard.create(str(folder), _config(self.graph))
        self.create_indexes(shard)
        self._open[name] = shard
        self._point({"live": self._names["live"], "building": name})

    def publish(self) -> None:
        building = self._shard("building")
        if building is not None:
            if self.graph.m:
                building.optimize()
                self._unsorted = 0
            building.flush()
            self._point({"live": self._names["building"], "building": None})

    def create_indexes(self, shard: EdgeShard) -> None:
        """Index what is filtered by."""
        raise NotImplementedError

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
        if quiet and self.graph.m and self._unsorted >= VACUUM_POINTS:
            for shard in self._open.values():
                shard.optimize()
            self._unsorted = 0

    def close(self) -> None:
        for shard in self._open.values():
            shard.close()
        self._open.clear()

    def _write(self, points: list[EdgePoint]) -> None:
        target = self._shard("building") or self._shard("live")
        if target is None:
            raise IndexUnavailable("the index was not begun yet")
        target.update(UpdateOperation.upsert_points(points))
        self._changed += len(points)
        self._unsorted += len(points)

    def _delete(self, operation: UpdateOperation) -> None:
        for shard in (self._shard("live"), self._shard("building")):
            if shard is not None:
                before = shard.info().points_count
                shard.update(operation)
                self._deleted += before - shard.info().points_count
        self._changed += 1

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


class Templates(_Collection):
    """Points of accounts."""

    # No graph over everybody: an account has few points and is searched exactly, whoever else is in the shard.
    graph = HnswIndexConfig(m=0, ef_construct=100, full_scan_threshold=100_000, payload_m=16)

    def create_indexes(self, shard: EdgeShard) -> None:
        shard.update(UpdateOperation.create_field_index(ACCOUNT, KeywordIndexParams(is_tenant=True)))

    def upsert(self, accounts: Sequence[str], texts: Sequence[str], vectors: Vectors) -> None:
        points = []
        for account, text, vector in zip(accounts, texts, vectors, strict=True):
            named = {DENSE: vector.tolist(), WORDS: SparseVector(*lexical.document(text))}
            points.append(EdgePoint(point_id(account, text), named, {ACCOUNT: account, TEXT: text}))
        self._write(points)

    def delete(self, account: str, texts: Collection[str] | None) -> None:
        if texts is None:
            operation = UpdateOperation.delete_points_by_filter(granted_filter([account]))
        else:
            operation = UpdateOperation.delete_points([point_id(account, text) for text in texts])
        self._delete(operation)

    def search(self, text: str, vector: Vectors, accounts: Collection[str], limit: int) -> list[Hit]:
        own = granted_filter(accounts)
        depth = max(limit, DEPTH)
        rarity = SearchParams(idf=IdfParams(corpus=own))
        near = Query.Nearest(vector.tolist(), using=DENSE)
        requests = [QueryRequest(limit=depth, query=near, filter=own, with_payload=True)]
        indices, values = lexical.query(text)
        if indices:
            same = Query.Nearest(SparseVector(indices, values), using=WORDS)
            requests.append(QueryRequest(limit=depth, query=same, filter=own, params=rarity, with_payload=True))
        dense, *words = self._live().query_batch(QueryBatchRequest(requests))
        meant = [_found(point, point.score) for point in dense]
        cosines = {(found.account, found.text): found.cosine for found in meant}
        # What is not among the nearest is less near than all of them, and fusing asks no more than that.
        named = [_found(point, FAR) for point in (words[0] if words else [])]
        named = [found._replace(cosine=cosines.get((found.account, found.text), FAR)) for found in named]
        return self._with_cosine(fuse(meant, named, limit), vector)

    def _with_cosine(self, hits: list[Hit], vector: Vectors) -> list[Hit]:
        """The hits with the cosine of those that only the words found. Reading a vector costs more than finding a point."""
        ids: list[Any] = [point_id(hit.account, hit.text) for hit in hits if hit.score == FAR]
        points = self._live().retrieve(ids, with_payload=False, with_vector=[DENSE]) if ids else []
        stored = {str(point.id): np.asarray(cast(dict[str, list[float]], point.vector)[DENSE], np.float32) for point in points}
        return [
            replace(hit, score=float(stored[point_id(hit.account, hit.text)] @ vector)) if hit.score == FAR else hit
            for hit in hits
        ]

    def count(self, accounts: Collection[str]) -> int:
        return self._live().count(EdgeCount(filter=granted_filter(accounts)))


class Passages(_Collection):
    """Points of passages."""

    # Everybody reads the same articles, so one graph serves all; filters take little away.
    graph = HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=10_000)

    def create_indexes(self, shard: EdgeShard) -> None:
        # A graph for each value of a filter would cost forty times the CPU.
        for field in (SINCE, UNTIL):
            days = IntegerIndexParams(lookup=False, range=True, enable_hnsw=False)
            shard.update(UpdateOperation.create_field_index(field, days))
        for field in (AUDIENCE, PRODUCTS):
            shard.update(UpdateOperation.create_field_index(field, KeywordIndexParams(enable_hnsw=False)))

    def upsert(self, points: Sequence[PassagePoint]) -> None:
        self._write(
            [
                EdgePoint(
                    p.id, {DENSE: p.vector.tolist(), WORDS: SparseVector(list(p.words.indices), list(p.words.values))}, kept(p)
                )
                for p in points
            ]
        )

    def delete(self, passages: Collection[str]) -> None:
        self._delete(UpdateOperation.delete_points([point_id(EVERY, passage) for passage in passages]))

    def search(self, words: Sparse, vectors: Vectors, reader: Reader) -> list[Candidate]:
        own, wide = reader_filter(reader), SearchParams(hnsw_ef=WIDTH)
        requests = [
            QueryRequest(limit=limit, query=Query.Nearest(vector.tolist(), using=DENSE), filter=own, params=wide)
            for vector, limit in zip(vectors, depths(len(vectors)), strict=True)
        ]
        if words.indices:
            same = Query.Nearest(SparseVector(list(words.indices), list(words.values)), using=WORDS)
            requests.append(QueryRequest(limit=depths(len(vectors))[0], query=same, filter=own))
        answers = self._live().query_batch(QueryBatchRequest(requests))
        by_words = {point.id: point.score for point in answers[-1]} if words.indices else {}
        every = list(dict.fromkeys(point.id for answer in answers for point in answer))
        found = self._live().retrieve(every, with_payload=True, with_vector=[DENSE]) if every else []
        return [
            candidate(point.payload or {}, by_words.get(point.id, 0.0), cast(dict[str, list[float]], point.vector)[DENSE])
            for point in found
        ]

    def count(self, reader: Reader) -> int:
        return self._live().count(EdgeCount(filter=reader_filter(reader)))


def kept(point: PassagePoint) -> dict[str, Any]:
    """What the store keeps of a passage beside its vectors."""
    bounds = {SINCE: point.bounds.since, UNTIL: point.bounds.until, AUDIENCE: point.bounds.audience}
    return {PASSAGE: point.passage, ARTICLE: point.article, **bounds, PRODUCTS: list(point.bounds.products)}


def candidate(payload: Mapping[str, Any], words: float, vector: Sequence[float]) -> Candidate:
    bounds = Bounds(payload[SINCE], payload[UNTIL], payload[AUDIENCE], tuple(payload[PRODUCTS]))
    return Candidate(payload[PASSAGE], payload[ARTICLE], bounds, words, np.asarray(vector, np.float32))


def _found(point: ScoredPoint, cosine: float) -> Found:
    payload = point.payload or {}
    return Found(payload[ACCOUNT], payload[TEXT], cosine)
