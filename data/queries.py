"""Questions to the ledger, computed by SQL over every matching row. Nothing here looks outside the accounts given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Engine, RowMapping, ScalarSelect, Select, String, and_, func, or_, select
from sqlmodel import SQLModel

from data.banking import Kind, StatedBalance, Status
from data.money import Money
from data.party import AccountId, Frozen
from data.tables import AccountRow, DescriptorRow, EntryRow, StatedBalanceRow

entry, descriptor, account, stated_t = (
    SQLModel.metadata.tables[m.__tablename__] for m in (EntryRow, DescriptorRow, AccountRow, StatedBalanceRow)
)


class Group(StrEnum):
    MERCHANT = "merchant"
    CATEGORY = "category"
    MONTH = "month"
    DAY = "day"
    ACCOUNT = "account"


class Order(StrEnum):
    LARGEST = "largest"
    SMALLEST = "smallest"
    OLDEST = "oldest"
    NEWEST = "newest"


Row = RowMapping
Rows = Sequence[Row]


class Selection(Frozen):
    """Which rows are meant. Dates are booking dates, both included; None means no bound.

    payees: descriptor ids. apart_payees, apart_categories: what is left out. least, most: bounds of the absolute amount in
    minor units, both included.
    incoming: True for credits, False for debits, None for both. not_from: leaves out credits of which the other half, as much out
    on the same day and of the same kind, is in one of these accounts; each half leaves out one.
    """

    accounts: tuple[AccountId, ...]
    since: dt.date | None = None
    until: dt.date
    payees: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    apart_payees: tuple[int, ...] = ()
    apart_categories: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] | None = None
    incoming: bool | None = None
    least: int | None = None
    most: int | None = None
    status: Status | None = Status.BOOKED
    text: str | None = None
    not_from: tuple[AccountId, ...] = ()

    def without(self, *names: str) -> Selection:
        return self.model_copy(update=dict.fromkeys(names))


class Sum(Frozen):
    """A signed total of one currency over `count` rows; `key` is what they have in common."""

    key: str
    total: Money
    count: int
    first_on: dt.date
    last_on: dt.date


def _nth_alike(accounts: Sequence[AccountId]) -> ScalarSelect[int]:
    """The how manieth a row is of those of some accounts that are as much, on its day and of its kind."""
    twin = entry.alias()
    same = [twin.c[name] == entry.c[name] for name in ("booked_on", "currency", "kind", "amount_minor")]
    where = (twin.c.account_id.in_(accounts), twin.c.live.is_(True), twin.c.id <= entry.c.id, *same)
    return select(func.count()).select_from(twin).where(*where).correlate(entry).scalar_subquery()


def _halves_in(accounts: Sequence[AccountId]) -> ScalarSelect[int]:
    """How many rows of some accounts are as much as a row the other way, on its day and of its kind."""
    half = entry.alias()
    same = [half.c[name] == entry.c[name] for name in ("booked_on", "currency", "kind")]
    where = (half.c.account_id.in_(accounts), half.c.live.is_(True), half.c.amount_minor == -entry.c.amount_minor, *same)
    return select(func.count()).select_from(half).where(*where).correlate(entry).scalar_subquery()


class Queries:
    """Reads. Blocking: call it from a worker thread when an event loop is running."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def _where(self, s: Selection) -> ColumnElement[bool]:
        own = (entry.c.account_id.in_(s.accounts), entry.c.live.is_(True))
        terms: list[ColumnElement[bool]] = [*own, entry.c.booked_on <= s.until]
        if s.since is not None:
            terms.append(entry.c.booked_on >= s.since)
        if s.payees is not None:
            terms.append(entry.c.descriptor_id.in_(s.payees))
        if s.categories is not None:
            # "" stands for the rows that nothing has put into a category.
            terms.append(
                func.coalesce(entry.c.category, "").in_(s.categories)
                if "" in s.categories
                else entry.c.category.in_(s.categories)
            )
        if s.apart_payees:
            terms.append(entry.c.descriptor_id.not_in(s.apart_payees))
        if s.apart_categories:
            terms.append(func.coalesce(entry.c.category, "").not_in(s.apart_categories))
        if s.kinds is not None:
            terms.append(entry.c.kind.in_([k.value for k in s.kinds]))
        if s.incoming is not None:
            terms.append(entry.c.amount_minor > 0 if s.incoming else entry.c.amount_minor < 0)
        if s.least is not None:
            terms.append(func.abs(entry.c.amount_minor) >= s.least)
        if s.most is not None:
            terms.append(func.abs(entry.c.amount_minor) <= s.most)
        if s.status is not None:
            terms.append(entry.c.status == s.status.value)
        if s.text is not None:
            like = f"%{s.text}%"
            terms.append(or_(entry.c.text.ilike(like), entry.c.reference.ilike(like), entry.c.counterparty.ilike(like)))
        if s.not_from:
            terms.append(_nth_alike(s.accounts) > _halves_in(s.not_from))
        return and_(*terms)

    def _run(self, query: Select[Any]) -> Rows:
        with self.engine.connect() as connection:
            return connection.execute(query).mappings().all()

    def totals(self, s: Selection) -> list[Sum]:
        """One signed total per currency, largest movement first; empty when no row matches."""
        return self._sums(s, None)

    def grouped(self, s: Selection, by: Group) -> list[Sum]:
        """One signed total per group and currency: months and days in order, others by size."""
        return self._sums(s, by)

    def _sums(self, s: Selection, by: Group | None) -> list[Sum]:
        key: Any = self._key(by)
        total = func.sum(entry.c.amount_minor)
        query = (
            select(
                key.label("key"),
                entry.c.currency,
                total.label("total"),
                func.count().label("count"),
                func.min(entry.c.booked_on).label("first_on"),
                func.max(entry.c.booked_on).label("last_on"),
            )
            .join(descriptor, descriptor.c.id == entry.c.descriptor_id)
            .where(self._where(s))
            .group_by(key, entry.c.currency)
            .order_by(key if by in (Group.MONTH, Group.DAY) else func.abs(total).desc(), entry.c.currency)
        )
        return [
            Sum(
                key=str(r["key"]),
                total=Money(minor=int(r["total"]), currency=r["currency"]),
                count=r["count"],
                first_on=r["first_on"],
                last_on=r["last_on"],
            )
            for r in self._run(query)
        ]

    def _key(self, by: Group | None) -> Any:
        if by is Group.MERCHANT:
            return descriptor.c.template
        if by is Group.CATEGORY:
            return func.coalesce(entry.c.category, "")
        if by is Group.ACCOUNT:
            return entry.c.account_id
        if by is Group.DAY:
            return entry.c.booked_on
        if by is Group.MONTH:
            return func.substr(entry.c.booked_on.cast(String), 1, 7)
        return func.lower("")

    def rows(self, s: Selection, order: Order, limit: int | None = None, only: Sequence[str] = ()) -> Rows:
        """Matching rows in an order; ties go to the newer, then to the one stored later. only: the columns that are asked for,
        where many rows are read for a few of them; all where none are named."""
        size, newest = func.abs(entry.c.amount_minor), (entry.c.booked_on.desc(), entry.c.id.desc())
        orders: dict[Order, tuple[Any, ...]] = {
            Order.LARGEST: (size.desc(), *newest),
            Order.SMALLEST: (size, *newest),
            Order.OLDEST: (entry.c.booked_on, entry.c.id),
            Order.NEWEST: newest,
        }
        columns: list[Any] = [entry.c[name] for name in only] or [entry]
        query = select(*columns, descriptor.c.template).join(descriptor, descriptor.c.id == entry.c.descriptor_id)
        return self._run(query.where(self._where(s)).order_by(*orders[order]).limit(limit))

    def ids(self, s: Selection) -> tuple[str, ...]:
        """Source ids of every matching row, oldest first: the evidence of a figure."""
        query = select(entry.c.source_id).where(self._where(s)).order_by(entry.c.booked_on, entry.c.id)
        with self.engine.connect() as connection:
            return tuple(connection.scalars(query))

    def by_ids(self, accounts: Sequence[AccountId], ids: Sequence[str]) -> Rows:
        """The live rows with these source ids, of these accounts only, newest first."""
        found: list[RowMapping] = []
        for start in range(0, len(ids), 500):
            chosen = entry.c.source_id.in_(ids[start : start + 500])
            found += self._run(select(entry).where(entry.c.account_id.in_(accounts), entry.c.live.is_(True), chosen))
        return sorted(found, key=lambda r: (r["booked_on"], r["id"]), reverse=True)

    def held(self, accounts: Sequence[AccountId], until: dt.date) -> tuple[dt.date, dt.date] | None:
        """The first and last booking date that the ledger has of the accounts, up to a date."""
        query = select(func.min(entry.c.booked_on).label("first"), func.max(entry.c.booked_on).label("last"))
        where = (entry.c.account_id.in_(accounts), entry.c.live.is_(True), entry.c.booked_on <= until)
        row = self._run(query.where(*where))[0]
        return (row["first"], row["last"]) if row["first"] is not None else None

    def stated(self, of: AccountId, until: dt.date) -> StatedBalance | None:
        """The newest balance that statement files state of an account, up to a date."""
        query = select(stated_t).where(stated_t.c.account_id == of, stated_t.c.stated_on <= until)
        rows = self._run(query.order_by(stated_t.c.stated_on.desc()).limit(1))
        if not rows:
            return None
        one, code = rows[0], rows[0]["currency"]
        available = None if one["available_minor"] is None else Money(minor=one["available_minor"], currency=code)
        booked = Money(minor=one["booked_minor"], currency=code)
        return StatedBalance(account=of, on=one["stated_on"], booked=booked, available=available)

    def categories(self, accounts: Sequence[AccountId]) -> tuple[str, ...]:
        """The categories that rows of the accounts have."""
        query = select(entry.c.category).where(entry.c.account_id.in_(accounts), entry.c.category.is_not(None)).distinct()
        with self.engine.connect() as connection:
            return tuple(sorted(connection.scalars(query)))

    def balance_change(self, accounts: Sequence[AccountId], since: dt.date, until: dt.date) -> int:
        """The sum of all movements booked in a period, in minor units (one currency)."""
        s = Selection(accounts=tuple(accounts), since=since, until=until)
        query = select(func.coalesce(func.sum(entry.c.amount_minor), 0).label("total")).where(self._where(s))
        return int(self._run(query)[0]["total"])
