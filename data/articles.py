"""What the bank has written: articles, each in force for some time and for some readers, and the passages they are cited by."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, delete, false, func, insert, literal, or_, select, update
from sqlmodel import SQLModel

from data.errors import InvalidInput
from data.party import Frozen
from data.store import lock
from data.tables import ArticleRow, PassageRow, PassageWorkRow

article_t, passage_t, work_t = (SQLModel.metadata.tables[m.__tablename__] for m in (ArticleRow, PassageRow, PassageWorkRow))

PUT, DELETE = "put", "delete"
# How many values one IN asks for, and how many rows are written between two reports of progress.
PORTION = 1000
T = TypeVar("T")


class Audience(StrEnum):
    """Who may be given an article: customers, or the bank's own people alone."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Article(Frozen):
    """since, until: the first and the last day in force; None is no bound. products: versions it is about; none is every one.

    path: the headings it stands under. part_of: the article that this one is a paragraph of. supersedes: ids of articles
    that are in force no longer from its first day on.
    """

    id: str
    title: str
    text: str
    path: tuple[str, ...] = ()
    part_of: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    audience: Audience = Audience.PUBLIC
    products: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()


class Passage(Frozen):
    """A piece of an article, with the headings it stands under, outermost first. The id is the article's, "#", its number.

    below: paragraphs that belong under it and are articles of their own. score: dense cosine in [-1, 1] to the question that it
    was found for.
    """

    id: str
    article: str
    title: str
    heading: tuple[str, ...]
    text: str
    below: str = ""
    since: dt.date = dt.date.min
    until: dt.date = dt.date.max
    audience: Audience = Audience.PUBLIC
    products: tuple[str, ...] = ()
    score: float | None = None

    def for_reader(self, on: dt.date, audience: Audience, products: Collection[str] | None) -> bool:
        """Whether it may be given to somebody of an audience on a day. products: the versions they hold; None is any."""
        return (
            self.since <= on <= self.until
            and (self.audience is Audience.PUBLIC or audience is Audience.INTERNAL)
            and (not self.products or products is None or not set(products).isdisjoint(self.products))
        )


class Loaded(Frozen):
    """What loading a source did. missing: ids that are kept though the source no longer has them."""

    added: int
    changed: int
    unchanged: int
    removed: int
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    passages: int


# Articles of one source to their passages; retrieval has the real one.
Cut = Callable[[Sequence[Article]], Iterable[Passage]]
# (done, in all).
Progress = Callable[[int, int], None]
# (id, passage id, operation).
Work = tuple[int, str, str]


class Articles:
    """Articles and passages in SQL, and the queue of work for their index. Blocking: call it from a worker thread."""

    def __init__(self, engine: Engine, cut: Cut) -> None:
        self.engine, self.cut = engine, cut

    def load(
        self, source: str, articles: Sequence[Article], *, remove_missing: bool = False, progress: Progress | None = None
    ) -> Loaded:
        """Put the articles of a source, all or none; what is as it was is not touched, and what changed goes to the queue.

        remove_missing: whether articles of the source that are not given go. Raises InvalidInput for an id of another source.
        """
        given = {article.id: article for article in articles}
        with self.engine.begin() as connection:
            # Sources supersede each other's articles, so that one lock is for all of them.
            lock(connection, ["articles"])
            digests = self._digests(connection, article_t, source)
            self._refuse_strangers(connection, source, given.keys() - digests.keys())
            fresh = {a.id: _row(a, source) for a in articles}
            changed = {key for key, row in fresh.items() if digests.get(key) != row["digest"]}
            missing = sorted(digests.keys() - given.keys())
            gone = set(missing) if remove_missing else set()
            self._replace(connection, article_t, changed & digests.keys() | gone, [fresh[key] for key in sorted(changed)])
            passages = self._put_passages(connection, source, progress)
            unknown = self._settle(connection)
        return Loaded(
            added=len(changed - digests.keys()),
            changed=len(changed & digests.keys()),
            unchanged=len(given) - len(changed),
            removed=len(gone),
            missing=() if remove_missing else tuple(missing),
            unknown=tuple(sorted(unknown)),
            passages=passages,
        )

    def count(self) -> int:
        """Passages in all."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(passage_t)) or 0

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages that are there, by id."""
        found: dict[str, Passage] = {}
        with self.engine.connect() as connection:
            for some in _portions(list(ids)):
                rows = connection.execute(select(passage_t).where(passage_t.c.id.in_(some))).mappings()
                found |= {row["id"]: _passage(row) for row in rows}
        return found

    def whole(self, articles: Sequence[str]) -> dict[str, list[Passage]]:
        """All passages of some articles, by article, in their order."""
        found: dict[str, list[Passage]] = {}
        query = select(passage_t).where(passage_t.c.article_id.in_(list(articles)))
        with self.engine.connect() as connection:
            for row in connection.execute(query).mappings():
                found.setdefault(row["article_id"], []).append(_passage(row))
        return {key: sorted(parts, key=lambda p: int(p.id.rpartition("#")[2])) for key, parts in found.items()}

    def titled(self, titles: Sequence[str]) -> list[str]:
        """The ids of the articles whose title is one of these, or begins with one as "ISA allowance 2026/27" does with "ISA
        allowance"."""
        query = select(article_t.c.id).where(or_(false(), *(article_t.c.title.startswith(t, autoescape=True) for t in titles)))
        with self.engine.connect() as connection:
            return [row.id for row in connection.execute(query.order_by(article_t.c.id))]

    # The queue of the index.

    def take(self, limit: int) -> list[Work]:
        """The oldest work; it stays until `done`. Empty when there is none."""
        query = select(work_t.c.id, work_t.c.passage_id, work_t.c.op).order_by(work_t.c.id).limit(limit)
        with self.engine.connect() as connection:
            return [(row.id, row.passage_id, row.op) for row in connection.execute(query)]

    def done(self, ids: Sequence[int]) -> None:
        with self.engine.begin() as connection:
            for some in _portions(ids):
                connection.execute(delete(work_t).where(work_t.c.id.in_(some)))

    def waiting(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(work_t)) or 0

    def requeue(self) -> int:
        """Put every passage into the queue again; returns how many."""
        with self.engine.begin() as connection:
            connection.execute(delete(work_t))
            every = select(passage_t.c.id, literal(PUT))
            return connection.execute(insert(work_t).from_select(["passage_id", "op"], every)).rowcount

    @staticmethod
    def _digests(connection: Connection, table: Any, source: str) -> dict[str, str]:
        rows = connection.execute(select(table.c.id, table.c.digest).where(table.c.source == source))
        return {row.id: row.digest for row in rows}

    @staticmethod
    def _refuse_strangers(connection: Connection, source: str, ids: Collection[str]) -> None:
        for some in _portions(sorted(ids)):
            row = connection.execute(select(article_t.c.id, article_t.c.source).where(article_t.c.id.in_(some))).first()
            if row is not None:
                raise InvalidInput(f"the article {row.id!r} of {source!r} is held already from {row.source!r}")

    @staticmethod
    def _replace(connection: Connection, table: Any, gone: Collection[str], rows: Sequence[dict[str, Any]]) -> None:
        for some in _portions(sorted(gone)):
            connection.execute(delete(table).where(table.c.id.in_(some)))
        for portion in _portions(rows):
            connection.execute(insert(table), portion)

    def _put_passages(self, connection: Connection, source: str, progress: Progress | None) -> int:
        """Cut the source anew: a paragraph changes what is said above it. Only what differs is written and queued."""
        held = connection.execute(select(article_t).where(article_t.c.source == source).order_by(article_t.c.id)).mappings()
        articles = [_article(row) for row in held]
        digests = self._digests(connection, passage_t, source)
        kept: set[str] = set()
        fresh: list[dict[str, Any]] = []
        for number, passage in enumerate(self.cut(articles), start=1):
            row = _passage_row(passage, source)
            kept.add(passage.id)
            if digests.get(passage.id) != row["digest"]:
                fresh.append(row)
            if progress is not None and number % PORTION == 0:
                progress(number, 0)
        gone = digests.keys() - kept
        self._replace(connection, passage_t, gone | {row["id"] for row in fresh} & digests.keys(), fresh)
        self._queue(connection, [row["id"] for row in fresh], PUT)
        self._queue(connection, sorted(gone), DELETE)
        if progress is not None:
            progress(len(kept), len(kept))
        return len(kept)

    def _settle(self, connection: Connection) -> set[str]:
        """End what is superseded, in whichever source. Returns ids that are superseded but not here."""
        columns = (article_t.c.id, article_t.c.since, article_t.c.until, article_t.c.supersedes)
        rows = connection.execute(select(*columns)).all()
        ends = {row.id: row.until or dt.date.max for row in rows}
        unknown: set[str] = set()
        for row in rows:
            for old in json.loads(row.supersedes):
                if old not in ends:
                    unknown.add(old)
                else:
                    # From the first day of the new one on; without one it was never in force beside it.
                    ends[old] = min(ends[old], _day_before(row.since))
        held = connection.execute(select(passage_t.c.id, passage_t.c.article_id, passage_t.c.until)).all()
        moved = {row.id: ends[row.article_id] for row in held if row.until != ends[row.article_id]}
        for key, until in moved.items():
            connection.execute(update(passage_t).where(passage_t.c.id == key).values(until=until))
        self._queue(connection, sorted(moved), PUT)
        return unknown

    @staticmethod
    def _queue(connection: Connection, ids: Sequence[str], op: str) -> None:
        for some in _portions(ids):
            connection.execute(insert(work_t), [{"passage_id": key, "op": op} for key in some])


def _row(article: Article, source: str) -> dict[str, Any]:
    row = article.model_dump() | {"audience": article.audience.value, "source": source}
    row |= {name: json.dumps(row[name], ensure_ascii=False) for name in ("path", "products", "supersedes")}
    return row | {"digest": _digest(row)}


def _article(row: Mapping[Any, Any]) -> Article:
    values = {name: row[name] for name in Article.model_fields}
    return Article.model_validate(values | {name: json.loads(row[name]) for name in ("path", "products", "supersedes")})


def _passage_row(passage: Passage, source: str) -> dict[str, Any]:
    row = passage.model_dump(exclude={"score", "article"}) | {"article_id": passage.article, "source": source}
    row |= {"audience": passage.audience.value}
    row |= {name: json.dumps(row[name], ensure_ascii=False) for name in ("heading", "products")}
    return row | {"digest": _digest(row)}


def _passage(row: Mapping[Any, Any]) -> Passage:
    values = {name: row[name] for name in Passage.model_fields if name not in ("score", "article")}
    lists = {name: json.loads(row[name]) for name in ("heading", "products")}
    return Passage.model_validate(values | lists | {"article": row["article_id"]})


def _day_before(day: dt.date | None) -> dt.date:
    return day - dt.timedelta(days=1) if day is not None and day > dt.date.min else dt.date.min


def _digest(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()


def _portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), PORTION):
        yield values[start : start + PORTION]
