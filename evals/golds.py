"""Right answers to the household questions, worked out from the seeds of the sandbox bank.

Nothing here asks the ledger or the product's queries: the books are written into a table of their own, and every gold is a
query over it. A gold that finds no rows is an error of the question, not an answer of nothing.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from connectors.sandbox import wire
from connectors.sandbox.accounts import Asking
from connectors.sandbox.books import Books, Customer
from connectors.sandbox.calendar import LONDON, months, on_or_after
from connectors.sandbox.cards import card
from connectors.sandbox.households import households
from connectors.sandbox.statements import statement
from data.errors import InvalidInput
from evals.loading import validated

COUNT, DAY, PERCENT, NAME = "count", "date", "percent", "name"

# What a customer may mean by a word for a kind of shop: each entry is one fair reading, as merchant codes.
MEANINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "groceries": (("5411", "5422", "5462", "5499"), ("5411", "5422", "5499"), ("5411",)),
    "eating_out": (("5812", "5813", "5814"), ("5812", "5814"), ("5812",)),
    "fuel": (("5541", "5542"),),
    "transport": (("4111", "4112", "4121", "4131"), ("4111", "4112", "4131"), ("4111", "4112", "4121", "4131", "7523")),
    "clothes": (("5651",),),
    "parking": (("7523",),),
    "pubs": (("5813",),),
    "trade": (("5211", "5251"),),
}
SPENT = ("purchase", "payment", "cash", "fee", "interest")
GO_OUT = ("purchase", "payment", "cash")


class GoldError(ValueError):
    """A question whose gold does not fit the books."""


class Answered(Protocol):
    """A conversation whose right answers are worked out when they are asked for."""

    @property
    def golds(self) -> Sequence[Sequence[Any]]: ...


A = TypeVar("A", bound=Answered)


def fitting(make: Callable[[], A], where: str) -> A:
    """What `make` gives back, with golds that fit the books. Raises InvalidInput naming the place and the field."""
    made = validated(make, where)
    try:
        made.golds  # noqa: B018  reading them works them out
    except GoldError as error:
        raise InvalidInput(f"{where}, field gold: {error}") from error
    return made


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Select(Words):
    """Which movements are meant.

    like, unlike: fragments of the statement text or of the name beside it. what: a word of MEANINGS. period ("in"): "2026",
    "2026-Q2", "2026-10", "2026-10-03", "2026-10-03..2026-10-17", "2026-10-03..", or empty for all that is held.
    over, under: bounds of one movement, excluded. kinds: spending unless said otherwise. currency: empty for any.
    """

    like: tuple[str, ...] | str = ()
    unlike: tuple[str, ...] | str = ()
    what: str = ""
    mcc: tuple[str, ...] = ()
    period: Annotated[str, BeforeValidator(str)] = Field("", alias="in")
    account: str = ""
    currency: str = "GBP"
    kinds: tuple[str, ...] = SPENT
    over: Decimal | None = None
    under: Decimal | None = None


class GoldFact(Words):
    """One fact that an answer must hold.

    values: every way of writing the right value. evidence: the rows that prove it, None where rows do not. `some`: one of
    the rows is enough (they tie). signed: the sign of the value counts.
    """

    values: tuple[str, ...]
    unit: str
    evidence: frozenset[str] | None = None
    some: bool = False
    signed: bool = False


class Gold(Words):
    """One right answer: `facts`, the primary one first; within, parts: so many sums at least, over disjoint rows of these.

    loose: other true figures may well be stated before these, as with a forecast.
    """

    facts: tuple[GoldFact, ...]
    loose: bool = False
    within: frozenset[str] = frozenset()
    parts: int = 0


class World:
    """What one customer holds at a moment, in a table of its own."""

    def __init__(self, books: Books, customer: str, now: dt.datetime) -> None:
        self.books, self.customer, self.now = books, customer, now.astimezone(LONDON)
        self.accounts = books.owned_by(customer)
        if not self.accounts:
            raise GoldError(f"nobody is called {customer}")
        self.db = sqlite3.connect(":memory:", check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute(
            "create table moves (id text, account text, currency text, day text, time text, minor int, text text, name text,"
            " reference text, kind text, mcc text, pending int)"
        )
        for account in self.accounts:
            for m in books.movements(account.id, now):
                e = m.entry
                values = (
                    m.id, account.name, account.currency, m.at.date().isoformat(), m.at.isoformat(), m.minor, e.text,
                    e.counterparty or "", e.reference or "", kind(e.code, m.minor), e.mcc or "", m.pending,
                )  # fmt: skip
                self.db.execute("insert into moves values (?,?,?,?,?,?,?,?,?,?,?,?)", values)

    @property
    def today(self) -> dt.date:
        return self.now.date()

    @cached_property
    def other_ends(self) -> dict[str, str]:
        """Of each transfer between the customer's accounts, either row by the other one."""
        found = self.db.execute(
            "select a.id, b.id from moves a join moves b on b.day = a.day and b.minor = -a.minor and b.account = a.name"
            " and b.name = a.account where a.kind = 'transfer' and b.kind = 'transfer'"
        )
        return dict(map(tuple, found))

    def figures(self) -> set[Decimal]:
        """What may be said that no row adds up to: balances, limits, and amounts of mandates and planned payments."""
        minors: set[int] = set()
        totals: dict[str, list[int]] = {}
        for account in self.accounts:
            booked, held = self.books.booked(account.id, self.now), self.books.held(account.id, self.now)
            minors |= {
                booked,
                held,
                booked + held,
                booked + held + account.overdraft,
                booked + account.overdraft,
                account.overdraft,
            }
            totals.setdefault(account.currency, []).append(booked)
        minors |= {sum(booked) for booked in totals.values()}
        owned = {account.id for account in self.accounts}
        for order in self.books.commitments:
            last = self.books.last_taken(order.id, self.now)
            due = order.next_after(self.today)
            if order.account in owned:
                minors |= {last.minor if last else 0, order.price.on(order.id, due.year, due.month) if due else 0}
        minors |= {planned.minor for planned in self.books.future_payments if planned.account in owned}
        return {Decimal(minor) / 100 for minor in minors}

    def papers(self) -> dict[str, frozenset[str]]:
        """What the bank wrote down beside rows: by the id of a statement, a card or the customer, all that it says."""
        customer = self.books.customers[self.customer]
        found = {f"party:{customer.id}": _said(wire.party(customer)) | {_address(customer)}}
        asking = Asking(customer, self.books, self.now)
        for account in self.accounts:
            if account.type_code == "CACC":
                known = card(account, customer, self.today)
                state = "frozen" if known["Status"] == "Frozen" else "active"
                found[f"card:{known['CardId']}"] = _said(known) | {state}
            for year, month in months(self.books.since, self.today):
                made = statement(asking, account, year, month)
                found[f"statement:{made['StatementId']}"] = frozenset(
                    text.split("T")[0].removeprefix("-") for text in _said(made)
                ) | frozenset(moment.split("T")[0] for moment in (made["StartDateTime"], made["EndDateTime"]))
        return found

    def rows(self, select: Select, codes: tuple[str, ...], *, pending: bool = False, sign: str = "<") -> list[sqlite3.Row]:
        """Matching movements, oldest first."""
        since, until = days(select.period, self.today)
        terms = [f"minor {sign} 0", "pending = ?", "day between ? and ?", f"kind in ({_marks(select.kinds)})"]
        values: list[Any] = [pending, since.isoformat(), until.isoformat(), *select.kinds]
        if select.currency:
            terms.append("currency = ?")
            values.append(select.currency)
        if codes or select.mcc:
            terms.append(f"mcc in ({_marks(codes or select.mcc)})")
            values += codes or select.mcc
        if select.account:
            terms.append("account = ?")
            values.append(select.account)
        for words, how in ((select.like, ""), (select.unlike, "not ")):
            fragments = (words,) if isinstance(words, str) else words
            if fragments:
                # From the beginning of a word: Netflix is no fare of TfL.
                terms.append(
                    how + "(" + " or ".join("' ' || replace(text, '*', ' ') || ' ' || name like ?" for _ in fragments) + ")"
                )
                values += [f"% {fragment.strip().replace('*', ' ')}%" for fragment in fragments]
        for bound, comparison in ((select.over, ">"), (select.under, "<")):
            if bound is not None:
                terms.append(f"abs(minor) {comparison} ?")
                values.append(int(bound * 100))
        found = self.db.execute(f"select * from moves where {' and '.join(terms)} order by time, id", values).fetchall()  # noqa: S608
        if not found:
            raise GoldError(f"no row fits {select!r}")
        return found


def kind(code: str, minor: int) -> str:
    """What a movement is, by its ISO 20022 family and sub-family."""
    family, _, sub = code.partition("/")
    if sub == "BOOK":
        return "transfer"
    if code == "CCRD/CWDL":
        return "cash"
    if family == "CCRD":
        return "purchase" if minor < 0 else "refund"
    if family in ("ICDT", "RDDT", "ICHQ"):
        return "payment"
    if sub in ("CHRG", "INTR"):
        return "fee" if sub == "CHRG" else "interest"
    if family in ("RCDT", "CNTR"):
        return "returned" if sub == "RRTN" else "income"
    raise GoldError(f"an unknown code {code}")


def days(period: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day that a period of the golds names."""
    if not period:
        return dt.date.min, today
    if ".." in period:
        first, _, last = period.partition("..")
        return dt.date.fromisoformat(first), dt.date.fromisoformat(last) if last else today
    year, _, rest = period.partition("-")
    if not rest:
        return dt.date(int(year), 1, 1), dt.date(int(year), 12, 31)
    if rest.startswith("Q"):
        month = int(rest[1]) * 3
        return dt.date(int(year), month - 2, 1), dt.date(int(year), month, monthrange(int(year), month)[1])
    if len(rest) == 2:
        return dt.date(int(year), int(rest), 1), dt.date(int(year), int(rest), monthrange(int(year), int(rest))[1])
    return dt.date.fromisoformat(period), dt.date.fromisoformat(period)


def _said(value: object) -> frozenset[str]:
    """Every text that stands somewhere in an answer of the bank."""
    if isinstance(value, Mapping):
        return frozenset().union(*map(_said, value.values()))
    if isinstance(value, (list, tuple)):
        return frozenset().union(*map(_said, value))
    return frozenset((str(value),))


def _address(customer: Customer) -> str:
    return f"{customer.town}, {customer.postcode.split()[0]} ***"


def _marks(values: Iterable[object]) -> str:
    return ",".join("?" for _ in values)


def written(minor: Decimal | int) -> str:
    return f"{Decimal(minor) / 100:.2f}"


def _ids(rows: Iterable[sqlite3.Row]) -> frozenset[str]:
    return frozenset(row["id"] for row in rows)


def _money(rows: list[sqlite3.Row], minor: int, **how: Any) -> GoldFact:
    return GoldFact(values=(written(minor),), unit=rows[0]["currency"], evidence=_ids(rows), **how)


def _total(rows: Iterable[sqlite3.Row]) -> int:
    return abs(sum(int(row["minor"]) for row in rows))


def _rounded(exact: Decimal) -> tuple[str, ...]:
    """A mean in whole pence: both ways of rounding a half are fair."""
    ways = (ROUND_HALF_EVEN, ROUND_HALF_UP)
    return tuple(dict.fromkeys(written(exact.quantize(Decimal(1), rounding=way)) for way in ways))


class Works:
    """One method for each operation that a gold may name; the spec's words are its keyword arguments."""

    def __init__(self, world: World, codes: tuple[str, ...]) -> None:
        self.world, self.codes = world, codes

    def _rows(self, spec: Mapping[str, Any], **how: Any) -> list[sqlite3.Row]:
        return self.world.rows(Select.model_validate(dict(spec)), self.codes, **how)

    def sum(self, **spec: Any) -> Gold:
        rows = self._rows(spec)
        return Gold(facts=(_money(rows, _total(rows)),))

    def count(self, sign: str = "<", **spec: Any) -> Gold:
        rows = self._rows(spec, sign=sign)
        return Gold(facts=(GoldFact(values=(str(len(rows)),), unit=COUNT, evidence=_ids(rows)),))

    def average(self, per: str = "payment", **spec: Any) -> Gold:
        rows = self._rows(spec)
        since, until = days(str(spec.get("in", "")), self.world.today)
        months = (until.year - since.year) * 12 + until.month - since.month + 1
        over = {"payment": Decimal(len(rows)), "month": Decimal(months), "week": Decimal((until - since).days + 1) / 7}[per]
        values = _rounded(Decimal(_total(rows)) / over)
        return Gold(facts=(GoldFact(values=values, unit=rows[0]["currency"], evidence=_ids(rows)),))

    def largest(self, **spec: Any) -> Gold:
        return self._extreme(self._rows(spec), max)

    def smallest(self, **spec: Any) -> Gold:
        return self._extreme(self._rows(spec), min)

    @staticmethod
    def _extreme(rows: list[sqlite3.Row], best: Any) -> Gold:
        size = best(abs(row["minor"]) for row in rows)
        return Gold(facts=(_money([row for row in rows if abs(row["minor"]) == size], size, some=True),))

    def first(self, **spec: Any) -> Gold:
        return self._dated(self._rows(spec), 0)

    def last(self, **spec: Any) -> Gold:
        return self._dated(self._rows(spec), -1)

    @staticmethod
    def _dated(rows: list[sqlite3.Row], which: int) -> Gold:
        day = rows[which]["day"]
        return Gold(facts=(GoldFact(values=(day,), unit=DAY, evidence=_ids(r for r in rows if r["day"] == day), some=True),))

    def found(self, **spec: Any) -> Gold:
        """Every matching row, with its amount and its day."""
        facts = []
        for row in self._rows(spec):
            facts.append(_money([row], abs(row["minor"])))
            facts.append(GoldFact(values=(row["day"],), unit=DAY))
        return Gold(facts=tuple(facts))

    def top(self, n: int, by: str = "payment", **spec: Any) -> Gold:
        """The n largest payments, or the n names with the largest sums, by="name"; or months."""
        rows = self._rows(spec)
        if by == "payment":
            sizes = sorted((abs(row["minor"]) for row in rows), reverse=True)[:n]
            tied = {size: [row for row in rows if abs(row["minor"]) == size] for size in sizes}
            return Gold(facts=tuple(_money(tied[size], size, some=True) for size in sizes))
        groups = sorted(_grouped(rows, by).values(), key=_total, reverse=True)
        if by == "name" and _sums(groups[:n]) != _sums(sorted(_grouped(rows, "text").values(), key=_total, reverse=True)[:n]):
            raise GoldError("one name has several statement texts, so what ranks first depends on the reading")
        return Gold(facts=tuple(_money(group, _total(group)) for group in groups[:n]))

    def by(self, group: str, **spec: Any) -> Gold:
        """A sum for each name, month or account."""
        groups = _grouped(self._rows(spec), group).values()
        return Gold(facts=tuple(_money(rows, _total(rows)) for rows in groups))

    def split(self, parts: int, **spec: Any) -> Gold:
        """Sums over disjoint rows of the selection, however they are named."""
        return Gold(facts=(), within=_ids(self._rows(spec)), parts=parts)

    def compare(self, against: Mapping[str, Any] | str, **spec: Any) -> Gold:
        """The first minus the second; both sums may be told besides."""
        other = {**spec, **({"in": against} if isinstance(against, str) else against)}
        ours, theirs = self._rows(spec), self._rows(other)
        difference = GoldFact(
            values=(written(_total(ours) - _total(theirs)),),
            unit=ours[0]["currency"],
            evidence=_ids([*ours, *theirs]),
            signed=True,
        )
        return Gold(facts=(difference, _money(ours, _total(ours)), _money(theirs, _total(theirs))))

    def compare_count(self, against: Mapping[str, Any] | str, **spec: Any) -> Gold:
        """How many of the first against the second: both counts have to be told."""
        other = {**spec, **({"in": against} if isinstance(against, str) else against)}
        return Gold(facts=(*self.count(**spec).facts, *self.count(**other).facts))

    def share(self, of: Mapping[str, Any], **spec: Any) -> Gold:
        part = self._rows(spec)
        whole = self.world.rows(Select.model_validate({"in": spec.get("in", ""), **of}), ())
        exact = Decimal(_total(part)) * 100 / _total(whole)
        ways = (ROUND_HALF_EVEN, ROUND_HALF_UP)
        values = dict.fromkeys(str(exact.quantize(Decimal("0.1"), rounding=way)) for way in ways)
        return Gold(facts=(GoldFact(values=tuple(values), unit=PERCENT),))

    def distinct(self, **spec: Any) -> Gold:
        rows = self._rows(spec)
        values = dict.fromkeys(str(len(_grouped(rows, by))) for by in ("name", "text"))
        return Gold(facts=(GoldFact(values=tuple(values), unit=COUNT, evidence=_ids(rows)),))

    def refunds(self, **spec: Any) -> Gold:
        rows = self._rows({"kinds": ("refund",), **spec}, sign=">")
        return Gold(facts=(_money(rows, _total(rows)),))

    def income(self, **spec: Any) -> Gold:
        rows = self._rows({"kinds": ("income",), **spec}, sign=">")
        return Gold(facts=(_money(rows, _total(rows)),))

    def arrived(self, **spec: Any) -> Gold:
        """The last credit: when it came and how much it was."""
        row = self._rows({"kinds": ("income", "returned", "refund"), **spec}, sign=">")[-1]
        return Gold(facts=(_money([row], row["minor"]), GoldFact(values=(row["day"],), unit=DAY, evidence=_ids([row]))))

    def quiet_days(self, **spec: Any) -> Gold:
        since, until = days(str(spec["in"]), self.world.today)
        busy = {row["day"] for row in self._rows({"kinds": GO_OUT, **spec})}
        number = (min(until, self.world.today) - since).days + 1 - len(busy)
        return Gold(facts=(GoldFact(values=(str(number),), unit=COUNT),))

    def biggest_day(self, **spec: Any) -> Gold:
        day, rows = max(_grouped(self._rows(spec), "day").items(), key=lambda item: _total(item[1]))
        return Gold(facts=(GoldFact(values=(day,), unit=DAY), _money(rows, _total(rows))))

    def twice(self, **spec: Any) -> Gold:
        """Payments of one amount with one text within ten minutes."""
        facts = []
        rows = self._rows({"kinds": ("purchase",), **spec})
        for one in rows:
            for other in rows:
                gap = dt.datetime.fromisoformat(other["time"]) - dt.datetime.fromisoformat(one["time"])
                same = one["text"] == other["text"] and one["minor"] == other["minor"]
                if same and one["id"] != other["id"] and dt.timedelta(0) <= gap < dt.timedelta(minutes=10):
                    facts.append(_money([one, other], abs(one["minor"])))
        if not facts:
            raise GoldError(f"nothing was charged twice in {spec!r}")
        return Gold(facts=tuple(facts))

    def pending(self, sign: str = "<", **spec: Any) -> Gold:
        """Every amount that is held."""
        rows = self._rows({"kinds": (*SPENT, "refund"), **spec}, pending=True, sign=sign)
        return Gold(facts=tuple(_money([row], abs(row["minor"])) for row in rows), loose=True)

    def price(self, older: bool = False, **spec: Any) -> Gold:
        """What a subscription cost the last time and, if asked, before its price last changed."""
        rows = self._rows(spec)
        facts = [_money(rows[-1:], abs(rows[-1]["minor"]), some=True).model_copy(update={"evidence": None})]
        if older:
            before = [row for row in rows if row["minor"] != rows[-1]["minor"]]
            facts.append(GoldFact(values=(written(_total(before[-1:])),), unit=rows[0]["currency"]))
        return Gold(facts=tuple(facts))

    def balance(self, account: str | None = None, available: bool = False) -> Gold:
        """The booked balance of an account, or of each one; `available`: and what may be spent from it."""
        facts = []
        for held in self.world.accounts:
            if account in (None, held.name):
                booked = self.world.books.booked(held.id, self.world.now)
                facts.append(GoldFact(values=(written(booked),), unit=held.currency, signed=True))
                if available:
                    spendable = booked + self.world.books.held(held.id, self.world.now) + held.overdraft
                    facts.append(GoldFact(values=(written(spendable),), unit=held.currency, signed=True))
        if not facts:
            raise GoldError(f"no account is called {account}")
        return Gold(facts=tuple(facts))

    def spendable(self, account: str) -> Gold:
        """Only what may be spent from an account."""
        return Gold(facts=self.balance(account, available=True).facts[1:])

    def afford(self, account: str) -> Gold:
        """What is on the account that it would be paid from has to be told, booked or available, whatever is forecast."""
        booked, available = self.balance(account, available=True).facts
        either = GoldFact(values=(*booked.values, *available.values), unit=booked.unit, signed=True)
        return Gold(facts=(either,), loose=True)

    def position(self) -> Gold:
        """All booked balances added up, in each currency."""
        totals: dict[str, int] = {}
        for held in self.world.accounts:
            totals[held.currency] = totals.get(held.currency, 0) + self.world.books.booked(held.id, self.world.now)
        return Gold(facts=tuple(GoldFact(values=(written(t),), unit=c, signed=True) for c, t in totals.items()))

    def change(self, account: str | None = None, **spec: Any) -> Gold:
        """By how much the booked balance of an account, or of all in pounds, changed in a period."""
        since, until = days(str(spec["in"]), self.world.today)
        query = "select account, minor from moves where pending = 0 and currency = 'GBP' and day between ? and ?"
        rows = self.world.db.execute(query, (since.isoformat(), until.isoformat())).fetchall()
        total = written(sum(row["minor"] for row in rows if account in (None, row["account"])))
        return Gold(facts=(GoldFact(values=(total,), unit="GBP", signed=True),), loose=True)

    def mandates(self, kind: str) -> Gold:
        """The amounts of all live standing orders ("SO": the next one) or direct debits ("DD": the previous one)."""
        facts = []
        for order in self._mandates(kind):
            due = order.next_after(self.world.today)
            last = self.world.books.last_taken(order.id, self.world.now)
            minor = order.price.on(order.id, due.year, due.month) if kind == "SO" and due else abs(last.minor) if last else 0
            if minor and due:
                facts.append(GoldFact(values=(written(minor),), unit=self.world.books.accounts[order.account].currency))
        return Gold(facts=tuple(facts))

    def _mandates(self, kind: str) -> list[Any]:
        held = {account.id for account in self.world.accounts}
        return [c for c in self.world.books.commitments if c.account in held and c.kind == kind]

    def upcoming(self, until: dt.date) -> Gold:
        """What is certain to leave the customer: standing orders to others and payments that are set up, each amount."""
        today, accounts = self.world.today, {account.id: account for account in self.world.accounts}
        facts = []
        for order in self._mandates("SO"):
            due = order.next_after(today)
            if due is not None and due <= until and order.to is None:
                minor = order.price.on(order.id, due.year, due.month)
                facts.append(GoldFact(values=(written(minor),), unit=accounts[order.account].currency))
        for planned in self.world.books.future_payments:
            if planned.account in accounts and planned.made <= today < planned.due <= on_or_after(until):
                facts.append(GoldFact(values=(written(planned.minor),), unit=accounts[planned.account].currency))
        if not facts:
            raise GoldError(f"nothing is set up until {until}")
        return Gold(facts=tuple(facts), loose=True)

    def statement(self, month: str, account: str | None = None) -> Gold:
        """What an account, or each one, held when a month ended."""
        end = dt.datetime.combine(days(month, self.world.today)[1], dt.time(23, 59, 59), LONDON)
        held = [a for a in self.world.accounts if account in (None, a.name)]
        booked = [(written(self.world.books.booked(a.id, end)), a.currency) for a in held]
        return Gold(facts=tuple(GoldFact(values=(value,), unit=unit, signed=True) for value, unit in booked), loose=True)

    def card_expiry(self) -> Gold:
        """A card lasts three years from the month in which its account was opened."""
        facts = []
        for held in (a for a in self.world.accounts if a.type_code == "CACC"):
            year, month = held.opened.year, held.opened.month
            while dt.date(year, month, monthrange(year, month)[1]) < self.world.today:
                year += 3
            facts.append(GoldFact(values=(dt.date(year, month, monthrange(year, month)[1]).isoformat(),), unit=DAY))
        return Gold(facts=tuple(facts))

    def card_states(self, are: Sequence[str]) -> Gold:
        """Whether each card is frozen, as the question says it is."""
        return Gold(facts=tuple(GoldFact(values=(state,), unit="words") for state in are))

    def overdraft(self) -> Gold:
        """The arranged overdraft of each account that has one."""
        lines = [a for a in self.world.accounts if a.overdraft]
        return Gold(facts=tuple(GoldFact(values=(written(a.overdraft),), unit=a.currency) for a in lines), loose=True)

    def savings_rate(self, account: str | None = None) -> Gold:
        """The yearly rate, in percent, that the books pay on each savings account."""
        held = [a for a in self.world.accounts if a.rate and account in (None, a.name)]
        return Gold(facts=tuple(GoldFact(values=(str(a.rate),), unit=PERCENT) for a in held), loose=True)

    def on_file(self, are: Sequence[str]) -> Gold:
        """Contact details as the question has them, masked."""
        return Gold(facts=tuple(GoldFact(values=(text,), unit=NAME) for text in are))

    def some(self) -> Gold:
        """Any answer with figures: only that they are grounded is checked."""
        return Gold(facts=())


def _grouped(rows: list[sqlite3.Row], by: str) -> dict[str, list[sqlite3.Row]]:
    groups: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        key = row["day"][:7] if by == "month" else row["name"] or row["text"] if by == "name" else row[by]
        groups.setdefault(key, []).append(row)
    return groups


def _sums(groups: list[list[sqlite3.Row]]) -> list[int]:
    return [_total(group) for group in groups]


@lru_cache(maxsize=32)
def world(customer: str, now: dt.datetime) -> World:
    return World(households(now), customer, now)


def golds(spec: Mapping[str, Any], customer: str, now: dt.datetime) -> list[Gold]:
    """Every right answer to a question whose gold is `spec`; any one of them will do.

    spec: {operation: its words}, {"any": [spec, …]} for several fair readings, {"all": [spec, …]} for several figures.
    Raises GoldError where the spec does not fit the books.
    """
    if "any" in spec:
        return [gold for one in spec["any"] for gold in golds(one, customer, now)]
    if "all" in spec:
        return _together([golds(one, customer, now) for one in spec["all"]])
    (operation, words), *more = spec.items()
    if more:
        raise GoldError(f"one operation at a time, not also {more!r}")
    asked = dict(words or {})
    meanings = MEANINGS[asked["what"]] if asked.get("what") else ((),)
    here, found = world(customer, now), []
    for codes in meanings:
        try:
            found.append(getattr(Works(here, codes), operation)(**asked))
        except TypeError as error:
            raise GoldError(f"{operation} does not take {asked!r}") from error
    if asked.get("kinds") == ["transfer"]:
        found += [_other_end(gold, here.other_ends) for gold in found]
    return found


def _other_end(gold: Gold, ends: Mapping[str, str]) -> Gold:
    """The same proved by the rows of the other account: a transfer between own accounts stands on both."""
    facts = [
        fact.model_copy(update={"evidence": fact.evidence and frozenset(map(ends.get, fact.evidence))}) for fact in gold.facts
    ]
    return gold.model_copy(update={"facts": tuple(facts)})


def _together(parts: list[list[Gold]]) -> list[Gold]:
    """One gold of each list, in every combination."""
    joined = [Gold(facts=())]
    for alternatives in parts:
        joined = [
            Gold(facts=(*a.facts, *b.facts), loose=a.loose or b.loose, within=a.within | b.within, parts=max(a.parts, b.parts))
            for a in joined
            for b in alternatives
        ]
    return joined
