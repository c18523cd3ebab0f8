"""The indexes on a Qdrant server or cluster, for more than one machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import cast

import numpy as np
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ApiException

from data.errors import IndexUnavailable
from data.party import AccountId
from retrieval import lexical
from retrieval.index import (
    DEPTH,
    EVERY,
    Candidate,
    Found,
    Hit,
    IndexState,
    PassagePoint,
    Point,
    Reader,
    Sparse,
    checked,
    depths,
    fuse,
    point_id,
    readable,
)
from retrieval.shards import AUDIENCE, PRODUCTS, SINCE, UNTIL, WIDTH, candidate, kept
from retrieval.vectors import DIMENSIONS, Vectors

MEMORY = ":memory:"
ACCOUNT, TEXT, DENSE, WORDS = "account", "text", "dense", "words"
WRITE_S = 60.0
PORTION = 256


def granted_filter(accounts: Collection[str]) -> models.Filter:
    """The condition in every query of the store: a point belongs to one of the accounts."""
    return models.Filter(must=[models.FieldCondition(key=ACCOUNT, match=models.MatchAny(any=sorted(accounts)))])


def reader_filter(reader: Reader) -> models.Filter:
    """The condition in every query for passages: in force on the day, for the audience, and for a product that is held."""
    day = reader.on.toordinal()
    must: list[models.Condition] = [
        models.FieldCondition(key=SINCE, range=models.Range(lte=day)),
        models.FieldCondition(key=UNTIL, range=models.Range(gte=day)),
        models.FieldCondition(key=AUDIENCE, match=models.MatchAny(any=reader.audiences)),
    ]
    if reader.products is not None:
        own = models.MatchAny(any=[EVERY, *sorted(reader.products)])
        must.append(models.FieldCondition(key=PRODUCTS, match=own))
    return models.Filter(must=must)


class _Server:
    """An index on Qdrant. Two aliases per embedding version name its live collection and the one being built."""

    prefix: str
    graph: models.HnswConfigDiff

    def __init__(self, url: str, version: str, api_key: str | None = None, deadline_s: float = 0.3) -> None:
        """url: of the server, or ":memory:" for tests. deadline_s: for a search or count."""
        self.version, self.deadline_s = version, deadline_s
        self._client = AsyncQdrantClient(url, api_key=api_key, timeout=int(WRITE_S), check_compatibility=False)
        self._indexed = url != MEMORY
        self._live, self._building = f"{self.prefix}{version}", f"{self.prefix}{version}-building"
        self._published = False

    async def state(self) -> IndexState:
        async with _answered(WRITE_S):
            named = await self._named()
            live, building = [await self._total(alias) if alias in named else None for alias in (self._live, self._building)]
        return IndexState(live, building)

    async def begin(self) -> None:
        async with _answered(WRITE_S):
            named = await self._named()
            own = (named.get(self._live), named.get(self._building))
            name = f"{self._live}-{max((int(name[-6:]) for name in own if name), default=0) + 1:06}"
            await self._create(name)
            await self._swap([_forget(self._building)] if self._building in named else [], _name(self._building, name))
            if self._building in named:
                await self._client.delete_collection(named[self._building])

    async def publish(self) -> None:
        async with _answered(WRITE_S):
            named = await self._named()
            if self._building not in named:
                return
            gone = [_forget(alias) for alias in (self._live, self._building) if alias in named]
            await self._swap(gone, _name(self._live, named[self._building]))
            if self._live in named:
                await self._client.delete_collection(named[self._live])

    async def prune(self) -> None:
        async with _answered(WRITE_S):
            for collection in (await self._client.get_collections()).collections:
                if collection.name.startswith(self.prefix) and not collection.name.startswith(f"{self._live}-"):
                    await self._client.delete_collection(collection.name)

    async def drop(self) -> None:
        self._published = False
        async with _answered(WRITE_S):
            for collection in (await self._client.get_collections()).collections:
                if collection.name.startswith(f"{self._live}-"):
                    await self._client.delete_collection(collection.name)

    async def close(self) -> None:
        await self._client.close()

    async def _total(self, alias: str) -> int:
        return (await self._client.count(alias)).count

    async def _named(self) -> dict[str, str]:
        """Alias → collection."""
        return {alias.alias_name: alias.collection_name for alias in (await self._client.get_aliases()).aliases}

    async def _need_live(self) -> None:
        # Once published, an alias stays; later searches save the question.
        self._published = self._published or self._live in await self._named()
        if not self._published:
            raise IndexUnavailable("the index is still being built")

    async def _swap(self, gone: list[models.AliasOperations], new: models.AliasOperations) -> None:
        await self._client.update_collection_aliases([*gone, new])

    async def _create(self, name: str) -> None:
        await self._client.create_collection(
            name,
            vectors_config={DENSE: models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE)},
            sparse_vectors_config={WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            hnsw_config=self.graph,
        )
        if self._indexed:
            await self.create_indexes(name)

    async def create_indexes(self, name: str) -> None:
        """Index what is filtered by."""
        raise NotImplementedError

    async def _write(self, points: Sequence[models.PointStruct]) -> None:
        async with _answered(WRITE_S):
            named = await self._named()
            target = self._building if self._building in named else self._live
            if target not in named:
                raise IndexUnavailable("the index was not begun yet")
            for start in range(0, len(points), PORTION):
                await self._client.upsert(target, list(points[start : start + PORTION]))

    async def _delete(self, chosen: models.PointsSelector) -> None:
        async with _answered(WRITE_S):
            named = await self._named()
            for alias in (self._live, self._building):
                if alias in named:
                    await self._client.delete(alias, chosen)


class ServerIndex(_Server):
    """A `VectorIndex` on Qdrant."""

    prefix = "templates-"
    # No graph over everybody: an account has few points and is searched exactly, whoever else is in the collection.
    graph = models.HnswConfigDiff(m=0, payload_m=16, full_scan_threshold=100_000)

    async def create_indexes(self, name: str) -> None:
        tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        plain = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, enable_hnsw=False)
        await self._client.create_payload_index(name, ACCOUNT, tenant)
        await self._client.create_payload_index(name, TEXT, plain)

    async def upsert(self, points: Sequence[Point]) -> None:
        await self._write([_stored(point) for point in points])

    async def delete(self, account: AccountId, texts: Collection[str] | None = None) -> None:
        own = granted_filter([account])
        if texts is not None:
            own = models.Filter(must=[*_must(own), models.FieldCondition(key=TEXT, match=models.MatchAny(any=sorted(texts)))])
        await self._delete(models.FilterSelector(filter=own))

    async def search(self, text: str, vector: Vectors, accounts: frozenset[AccountId], limit: int) -> list[Hit]:
        if not accounts:
            return []
        own, depth = granted_filter(accounts), max(limit, DEPTH)
        requests = [models.QueryRequest(query=vector.tolist(), using=DENSE, filter=own, limit=depth, with_payload=True)]
        indices, values = lexical.query(text)
        if indices:
            same = models.SparseVector(indices=indices, values=values)
            rarity = models.SearchParams(idf=models.IdfCorpusParams(corpus=own))
            lookup = models.QueryRequest(query=same, using=WORDS, filter=own, params=rarity, limit=depth, with_payload=True)
            lookup.with_vector = [DENSE]
            requests.append(lookup)
        async with _answered(self.deadline_s):
            await self._need_live()
            dense, *words = await self._client.query_batch_points(self._live, requests)
        near = [_found(point, point.score) for point in dense.points]
        return checked(fuse(near, _with_cosine(words[0].points if words else [], vector), limit), accounts)

    async def count(self, accounts: frozenset[AccountId]) -> int:
        if not accounts:
            return 0
        async with _answered(self.deadline_s):
            await self._need_live()
            return (await self._client.count(self._live, granted_filter(accounts))).count


class ServerPassages(_Server):
    """A `PassageIndex` on Qdrant."""

    prefix = "passages-"
    graph = models.HnswConfigDiff(m=16, ef_construct=100)

    async def create_indexes(self, name: str) -> None:
        days = models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER, lookup=False, range=True, enable_hnsw=False)
        plain = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, enable_hnsw=False)
        for field, schema in ((SINCE, days), (UNTIL, days), (AUDIENCE, plain), (PRODUCTS, plain)):
            await self._client.create_payload_index(name, field, schema)

    async def upsert(self, points: Sequence[PassagePoint]) -> None:
        await self._write([_stored_passage(point) for point in points])

    async def delete(self, passages: Collection[str]) -> None:
        if passages:
            await self._delete(models.PointIdsList(points=[point_id(EVERY, passage) for passage in passages]))

    async def search(self, words: Sparse, vectors: Vectors, reader: Reader) -> list[Candidate]:
        own = reader_filter(reader)
        # In memory every search is exact.
        wide = models.SearchParams(hnsw_ef=WIDTH) if self._indexed else None
        requests = [
            models.QueryRequest(query=vector.tolist(), using=DENSE, filter=own, limit=limit, params=wide)
            for vector, limit in zip(vectors, depths(len(vectors)), strict=True)
        ]
        if words.indices:
            same = models.SparseVector(indices=list(words.indices), values=list(words.values))
            requests.append(models.QueryRequest(query=same, using=WORDS, filter=own, limit=depths(len(vectors))[0]))
        async with _answered(self.deadline_s):
            await self._need_live()
            answers = await self._client.query_batch_points(self._live, requests)
            by_words = {point.id: point.score for point in answers[-1].points} if words.indices else {}
            every = list(dict.fromkeys(point.id for answer in answers for point in answer.points))
            found = await self._client.retrieve(self._live, every, with_payload=True, with_vectors=[DENSE]) if every else []
        named = [(point, cast(dict[str, list[float]], point.vector)[DENSE]) for point in found]
        brought = [candidate(point.payload or {}, by_words.get(point.id, 0.0), vector) for point, vector in named]
        return readable(brought, reader)

    async def count(self, reader: Reader) -> int:
        async with _answered(self.deadline_s):
            await self._need_live()
            return (await self._client.count(self._live, reader_filter(reader))).count


@asynccontextmanager
async def _answered(deadline_s: float) -> AsyncIterator[None]:
    """Translate what goes wrong with the server, time included."""
    try:
        async with asyncio.timeout(deadline_s):
            yield
    except TimeoutError:
        raise IndexUnavailable(f"the index did not answer in {deadline_s * 1000:.0f} ms") from None
    except ApiException as error:
        raise IndexUnavailable(f"the index cannot be used: {error}") from error


def _name(alias: str, collection: str) -> models.AliasOperations:
    return models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name=collection, alias_name=alias))


def _forget(alias: str) -> models.AliasOperations:
    return models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))


def _must(condition: models.Filter) -> list[models.Condition]:
    return cast(list[models.Condition], condition.must)


def _stored(point: Point) -> models.PointStruct:
    indices, values = lexical.document(point.text)
    vector = {DENSE: point.vector.tolist(), WORDS: models.SparseVector(indices=indices, values=values)}
    return models.PointStruct(id=point.id, vector=vector, payload={ACCOUNT: point.account, TEXT: point.text})


def _stored_passage(point: PassagePoint) -> models.PointStruct:
    words = models.SparseVector(indices=list(point.words.indices), values=list(point.words.values))
    return models.PointStruct(id=point.id, vector={DENSE: point.vector.tolist(), WORDS: words}, payload=kept(point))


def _found(point: models.ScoredPoint, cosine: float) -> Found:
    payload = point.payload or {}
    return Found(payload[ACCOUNT], payload[TEXT], cosine)


def _with_cosine(points: Sequence[models.ScoredPoint], vector: Vectors) -> list[Found]:
    """Points of the word search, whose scores are BM25, with their cosine to the query instead."""
    if not points:
        return []
    named = cast(list[dict[str, list[float]]], [point.vector for point in points])
    stored = np.asarray([vectors[DENSE] for vectors in named], np.float32)
    return [_found(point, float(cosine)) for point, cosine in zip(points, stored @ vector, strict=True)]
