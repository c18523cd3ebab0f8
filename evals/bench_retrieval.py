"""How fast retrieval is: importing against embedding every line, searching, and what indexing costs the event loop.

Functions return figures; `report` prints them. Medians over runs; CPU seconds beside wall, those of the index's owner included.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import os
import random
import shutil
import statistics
import string
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from qdrant_edge import EdgeShard, IdfParams, Query, QueryBatchRequest, QueryRequest, SearchParams, SparseVector

from data.articles import Article, Articles, Audience
from data.party import AccountId
from data.store import connect
from retrieval import lexical
from retrieval.cache import EmbeddingCache
from retrieval.edge import EdgeIndex, EdgePassages
from retrieval.embedding import Embedder, reference
from retrieval.index import DEPTH, Point, Reader, Sparse
from retrieval.library import ArticleSearch
from retrieval.passages import cut
from retrieval.search import MerchantSearch
from retrieval.shards import DENSE, TEXT, WORDS, granted_filter
from retrieval.templates import template
from retrieval.vectors import DIMENSIONS, Vectors
from retrieval.worker import Work, drain, points

Line = tuple[AccountId, str]


class Cost(NamedTuple):
    wall_s: float
    cpu_s: float


class Importing(NamedTuple):
    """`ours`: all lines to templates, vectors and index. `theirs`: sentence-transformers on every line, from a sample."""

    lines: int
    points: int
    texts: int
    ours: Cost
    theirs: Cost

    @property
    def ratio(self) -> Cost:
        return Cost(self.theirs.wall_s / self.ours.wall_s, self.theirs.cpu_s / self.ours.cpu_s)


class Searching(NamedTuple):
    """Milliseconds, the embedding of the words included in `whole` and left out in `index`."""

    points: int
    whole_p50: float
    whole_p95: float
    index_p50: float
    index_p95: float


class Raw(NamedTuple):
    """Milliseconds, medians of pairs: the same two queries of an account through the index and in the engine's own process.

    whole: from a customer's words to merchants, the embedding included. recall: of the nearest ten of an account, how many the
    index gives. filled_s: seconds that filling took.
    """

    points: int
    ours: float
    raw: float
    whole: float
    recall: float
    filled_s: float


class Reading(NamedTuple):
    """Milliseconds: `whole` from a question of one sentence to passages, `index` the index alone; `situation`: of twenty."""

    passages: int
    whole_p50: float
    whole_p95: float
    index_p50: float
    index_p95: float
    situation_p50: float


class Stall(NamedTuple):
    """How late, in milliseconds, the event loop came back while the index was filled and when nothing ran."""

    p99: float
    worst: float
    idle_p99: float
    points_per_s: float


class _Queue:
    """An index queue in memory."""

    def __init__(self, pairs: Sequence[tuple[AccountId, str]]) -> None:
        self._pairs = list(pairs)
        self._work: list[Work] = []

    def take(self, limit: int) -> list[Work]:
        return self._work[-limit:]

    def done(self, ids: Sequence[int]) -> None:
        del self._work[-len(ids) :]

    def waiting(self) -> int:
        return len(self._work)

    def requeue(self) -> int:
        self._work = [(number, account, text, "put") for number, (account, text) in enumerate(self._pairs)]
        return len(self._work)


def generated(count: int, seed: int = 1, merchants: int = 60_000, accounts: int = 1000) -> list[Line]:
    """Made-up statement lines of households: few merchants often, many seldom, with store numbers, references and dates."""
    rng = random.Random(seed)  # noqa: S311  not a secret
    kinds = "CAFE GARAGE PHARMACY BAKERY STORES TAXIS BOOKS DENTAL ENERGY HOTEL CINEMA GYM PETS FLORIST TRAVEL HARDWARE".split()  # noqa: SIM905
    starts = "BAR NOR HOL WEST MAR ASH KEL DUN FEN TOR PEN HAR LIN OAK RED SAL".split()  # noqa: SIM905
    ends = "BY TON FORD LEY WICK HAM DEN MOOR FIELD BURN COTE STOW".split()  # noqa: SIM905
    names = [
        f"{rng.choice(string.ascii_uppercase)} {rng.choice(starts)}{rng.choice(starts)}{rng.choice(ends)} {rng.choice(kinds)}"
        for _ in range(merchants)
    ]
    shapes: list[Callable[[str], str]] = [
        lambda name: f"{name} {rng.randrange(1000, 9999)}",
        lambda name: f"{name} {rng.randrange(1000, 9999)} LONDON GB",
        lambda name: f"SQ *{name}",
        lambda name: f"CARD PAYMENT TO {name} ON {rng.randrange(1, 28):02} MAR",
        lambda name: f"{name} REF {rng.randrange(10**8):08}",
    ]
    habit = {name: shapes[at % len(shapes)] for at, name in enumerate(names)}
    weights = np.cumsum(1 / np.arange(1, merchants + 1))
    lines = []
    for _ in range(count):
        account = rng.randrange(accounts)
        # Half of what an account pays goes to shops of its own neighbourhood.
        at = int(np.searchsorted(weights, rng.random() * weights[-1]))
        name = names[(at * 7 + account * 13) % merchants] if rng.random() < 0.5 else names[at]
        lines.append((AccountId(f"a{account}"), habit[name](name)))
    return lines


async def importing(folder: Path, embedder: Embedder, weights: Path, lines: Sequence[Line], sample: int = 1000) -> Importing:
    """folder: an empty one, for the index and the cache. weights: of the reference. sample: lines the baseline really embeds."""
    index = EdgeIndex(folder / "index", embedder.version)
    cache = EmbeddingCache(folder / "cache", embedder.version)
    began = _now()
    pairs = await asyncio.to_thread(lambda: list(dict.fromkeys((account, template(text)) for account, text in lines)))
    await drain(_Queue(pairs), embedder, cache, index)
    # Stopping waits for the owner, whose CPU time counts from then on.
    await index.stop()
    ours = _since(began)
    cache.close()
    chosen = [text for _, text in random.Random(2).sample(list(lines), min(sample, len(lines)))]  # noqa: S311
    await asyncio.to_thread(reference, chosen[:8], weights)
    began = _now()
    await asyncio.to_thread(reference, chosen, weights)
    spent = _since(began)
    scale = len(lines) / len(chosen)
    theirs = Cost(spent.wall_s * scale, spent.cpu_s * scale)
    return Importing(len(lines), len(pairs), len({text for _, text in pairs}), ours, theirs)


async def filled(folder: Path, version: str, points: int, each: int = 50, seed: int = 3) -> EdgeIndex:
    """A published index of that many points of other people, `each` an account, with random vectors."""
    index = EdgeIndex(folder, version, deadline_s=10)
    await index.begin()
    rng = np.random.default_rng(seed)
    for start in range(0, points, 4096):
        vectors = rng.normal(size=(min(4096, points - start), DIMENSIONS)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        made = [Point(AccountId(f"a{at // each}"), f"shop {at % 997} {at}", row) for at, row in enumerate(vectors, start)]
        await index.upsert(made)
    await index.publish()
    return index


async def searching(index: EdgeIndex, embedder: Embedder, points: int, each: int = 50, asked: int = 300) -> Searching:
    """Search single accounts of an index as `filled` makes it."""
    search = MerchantSearch(index, embedder)
    rng = random.Random(4)  # noqa: S311
    whole, alone = [], []
    for number in range(asked):
        own = frozenset({AccountId(f"a{rng.randrange(max(1, points // each))}")})
        words = f"that shop number {number % 97}"
        whole.append(await _took_ms(search.find(words, own)))
        vector = await search.embed(words)
        alone.append(await _took_ms(index.search(words, vector, own, 20)))
    return Searching(points, *_percentiles(whole), *_percentiles(alone))


async def against_raw(folder: Path, embedder: Embedder, points: int, each: int = 500, asked: int = 300) -> Raw:
    """folder: an empty one, for two copies of 4 GB a million points. each: points of an account."""
    began = time.perf_counter()
    index = await filled(folder / "index", embedder.version, points, each)
    took = time.perf_counter() - began
    # A shard has one process, so the engine alone has a copy of it: the two are asked in turns and see the same machine.
    await index.stop()
    await asyncio.to_thread(shutil.copytree, folder / "index" / embedder.version, folder / "copy")
    (copied,) = (folder / "copy").glob("[0-9]*")
    shard = EdgeShard.load(str(copied))
    # Its owner opens a million points in seconds, on a busy machine in more than `open` waits.
    await index.state()
    search, rng, np_rng = MerchantSearch(index, embedder), random.Random(6), np.random.default_rng(6)  # noqa: S311
    ours, raw, whole, found = [], [], [], 0
    for number in range(asked):
        account = AccountId(f"a{rng.randrange(max(1, points // each))}")
        own, words = frozenset({account}), f"that shop number {number % 97}"
        vector = np_rng.normal(size=DIMENSIONS).astype(np.float32)
        vector /= np.linalg.norm(vector)
        ours.append(await _took_ms(index.search(words, vector, own, 20)))
        raw.append(_took_raw_ms(shard, _requests(words, vector, account)))
        whole.append(await _took_ms(search.find(words, own)))
        nearest = _nearest(shard, vector, account, each)
        found += len(nearest & {hit.text for hit in await index.search("", vector, own, 10)})
    shard.close()
    await index.stop()
    ours_p50, raw_p50, whole_p50 = (statistics.median(values) for values in (ours, raw, whole))
    return Raw(points, ours_p50, raw_p50, whole_p50, found / (10 * asked), took)


def _requests(words: str, vector: Vectors, account: str) -> QueryBatchRequest:
    """What a search of an account asks the engine: the nearest, and those with the same words."""
    own, (indices, values) = granted_filter([account]), lexical.query(words)
    near, same = Query.Nearest(vector.tolist(), using=DENSE), Query.Nearest(SparseVector(indices, values), using=WORDS)
    rarity = SearchParams(idf=IdfParams(corpus=own))
    return QueryBatchRequest(
        [
            QueryRequest(limit=DEPTH, query=near, filter=own, with_payload=True),
            QueryRequest(limit=DEPTH, query=same, filter=own, params=rarity, with_payload=True),
        ]
    )


def _took_raw_ms(shard: EdgeShard, requests: QueryBatchRequest) -> float:
    """Asking it and reading what it found."""
    began = time.perf_counter()
    found = [(point.id, point.score, point.payload) for points in shard.query_batch(requests) for point in points]
    took = (time.perf_counter() - began) * 1000
    return took if found else math.nan


def _nearest(shard: EdgeShard, vector: Vectors, account: str, each: int) -> set[str]:
    """The texts of an account's ten points that are nearest, by looking at all of them."""
    everything = QueryRequest(limit=each, filter=granted_filter([account]), with_payload=True, with_vector=[DENSE])
    points = shard.query(everything)
    stored = np.asarray([cast(dict[str, list[float]], point.vector)[DENSE] for point in points], np.float32)
    return {str((points[at].payload or {})[TEXT]) for at in np.argsort(-(stored @ vector))[:10]}


def report_raw(run: Raw) -> str:
    return (
        f"search of an account among {run.points} points: p50 {run.ours:.2f} ms, the engine alone {run.raw:.2f} ms: "
        f"× {run.ours / run.raw:.2f}; with the embedding {run.whole:.1f} ms; recall@10 {run.recall:.3f}; "
        f"filled in {run.filled_s:.0f} s"
    )


SUBJECTS = [
    "card",
    "account",
    "transfer",
    "mortgage",
    "overdraft",
    "cheque",
    "statement",
    "insurance",
    "savings",
    "loan",
    "payment",
    "deposit",
]
ASPECTS = ["fee", "limit", "rate", "charge", "delay", "refund", "dispute", "replacement", "closure", "notice", "penalty", "bonus"]


def article(number: int, rng: random.Random) -> Article:
    """Made-up prose of one passage, in words that many others share."""
    words = [rng.choice(SUBJECTS + ASPECTS) for _ in range(40)] + [f"term{rng.randrange(5000)}" for _ in range(40)]
    rng.shuffle(words)
    title = f"{rng.choice(SUBJECTS)} {rng.choice(ASPECTS)} {number}"
    internal = Audience.INTERNAL if number % 5 == 0 else Audience.PUBLIC
    return Article(id=f"a{number}", title=title, text=" ".join(words), audience=internal)


async def reading(folder: Path, embedder: Embedder, passages: int, asked: int = 200) -> Reading:
    """Search that many passages. Their vectors lie between those of a few hundred sentences, as texts of one trade do."""
    rng, np_rng = random.Random(5), np.random.default_rng(5)  # noqa: S311
    articles = Articles(connect(f"sqlite:///{folder / 'articles.db'}"), cut)
    articles.load("made", [article(number, rng) for number in range(passages)])
    topics = embedder.embed(
        [
            f"the {aspect} of a {subject} when it is {other}"
            for subject in SUBJECTS
            for aspect in ASPECTS
            for other in ("late", "lost", "joint", "closed")
        ]
    )
    index = EdgePassages(folder / "library", embedder.version, deadline_s=10)
    await index.begin()
    held = list(articles.passages([f"a{number}#0" for number in range(passages)]).values())
    for start in range(0, len(held), 2048):
        some = held[start : start + 2048]
        mixed = [np_rng.uniform(0.2, 0.8, (len(some), 1)) * topics[np_rng.integers(0, len(topics), len(some))] for _ in range(3)]
        vectors = np.sum(mixed, axis=0)
        await index.upsert(points(some, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)))
    await index.publish()
    search = ArticleSearch(articles, index, embedder, floor=-1)
    today, whole, alone, situations = dt.date(2026, 11, 24), [], [], []
    for _ in range(asked):
        question = f"what is the {rng.choice(ASPECTS)} for a {rng.choice(SUBJECTS)} with term{rng.randrange(5000)}?"
        whole.append(await _took_ms(search.search_articles(question, on=today)))
        vector = await asyncio.to_thread(embedder.embed, [question])
        alone.append(await _took_ms(index.search(Sparse(*lexical.question(question)), vector, Reader(today))))
    for _ in range(asked // 10):
        told = " ".join(f"My {rng.choice(SUBJECTS)} has a {rng.choice(ASPECTS)} I do not know." for _ in range(20))
        situations.append(await _took_ms(search.search_articles(told, on=today, limit=20)))
    await index.stop()
    return Reading(len(held), *_percentiles(whole), *_percentiles(alone), statistics.median(situations))


async def stall(folder: Path, embedder: Embedder, lines: Sequence[Line]) -> Stall:
    """Fill an index while this loop ticks each millisecond."""
    idle = await _ticks(asyncio.sleep(2))
    index = EdgeIndex(folder / "index", embedder.version)
    cache = EmbeddingCache(folder / "cache", embedder.version)
    await index.open()
    pairs = list(dict.fromkeys((account, template(text)) for account, text in lines))
    began = time.perf_counter()
    busy = await _ticks(drain(_Queue(pairs), embedder, cache, index))
    speed = len(pairs) / (time.perf_counter() - began)
    await index.stop()
    cache.close()
    return Stall(float(np.quantile(busy, 0.99)), max(busy), float(np.quantile(idle, 0.99)), speed)


def report(
    imports: Sequence[Importing], searches: Sequence[Searching], stalls: Sequence[Stall], readings: Sequence[Reading] = ()
) -> list[str]:
    """One line a measure. imports, stalls: of repeated runs, of which the median is shown."""
    said = []
    for lines in sorted({run.lines for run in imports}):
        runs = [run for run in imports if run.lines == lines]
        wall = statistics.median(run.ratio.wall_s for run in runs)
        cpu = statistics.median(run.ratio.cpu_s for run in runs)
        ours = Cost(statistics.median(run.ours.wall_s for run in runs), statistics.median(run.ours.cpu_s for run in runs))
        size = f"{runs[0].lines} lines, {runs[0].points} points, {runs[0].texts} texts"
        said.append(f"import, {size}: {ours.wall_s:.1f} s wall, {ours.cpu_s:.1f} s CPU; × {wall:.1f} wall, × {cpu:.1f} CPU")
    for run in searches:
        said.append(
            f"search, {run.points} points: p50 {run.whole_p50:.1f} ms, p95 {run.whole_p95:.1f} ms; "
            f"without embedding p50 {run.index_p50:.1f} ms, p95 {run.index_p95:.1f} ms"
        )
    for read in readings:
        said.append(
            f"articles, {read.passages} passages: p50 {read.whole_p50:.1f} ms, p95 {read.whole_p95:.1f} ms; the index alone "
            f"p50 {read.index_p50:.1f} ms, p95 {read.index_p95:.1f} ms; of twenty sentences p50 {read.situation_p50:.0f} ms"
        )
    if stalls:
        p99, worst, idle, speed = (statistics.median(values) for values in zip(*stalls, strict=True))
        late = f"p99 {p99:.1f} ms, worst {worst:.1f} ms (idle p99 {idle:.1f} ms)"
        said.append(f"event loop while indexing {speed:.0f} points/s: {late}")
    return said


async def _ticks(work: Awaitable[object]) -> list[float]:
    """Delays of a loop that sleeps a millisecond at a time, in ms, until the work is done."""
    late: list[float] = []
    task = asyncio.ensure_future(work)
    while not task.done():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append((time.perf_counter() - began) * 1000 - 1)
    await task
    return late


async def _took_ms(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


def _percentiles(values: list[float]) -> tuple[float, float]:
    return float(np.quantile(values, 0.5)), float(np.quantile(values, 0.95))


def _now() -> Cost:
    times = os.times()
    return Cost(time.perf_counter(), times.user + times.system + times.children_user + times.children_system)


def _since(began: Cost) -> Cost:
    now = _now()
    return Cost(now.wall_s - began.wall_s, now.cpu_s - began.cpu_s)
