"""What the sandbox bank writes down: customers, accounts, entries, mandates. Amounts are signed minor units."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import NamedTuple

from connectors.sandbox.calendar import LONDON, months, on_or_after


def digest(*parts: object, length: int = 16) -> str:
    """A short stable name for some content."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:length]


def dice(*parts: object) -> Random:
    """Repeatable chance: the same parts always give the same numbers."""
    return Random("|".join(map(str, parts)))  # noqa: S311 - believable data, no secret


@dataclass(frozen=True)
class Customer:
    """born: None where the bank does not know. country: of the address, an ISO 3166 code."""

    id: str
    name: str
    email: str = ""
    mobile: str = ""
    town: str = ""
    postcode: str = ""
    born: dt.date | None = None
    country: str = "GB"


@dataclass(frozen=True)
class BankAccount:
    """owners: customer id → role. product: a version in the catalogue. overdraft: the arranged limit.

    rate: yearly savings interest, in percent.
    """

    id: str
    owners: Mapping[str, str]
    name: str
    type_code: str
    product: str
    number: str
    opened: dt.date
    currency: str = "GBP"
    overdraft: int = 0
    rate: Decimal = Decimal(0)

    @property
    def held_by(self) -> frozenset[str]:
        """Those whose account it is: nobody with a mandate or a view of it."""
        return frozenset(id for id, role in self.owners.items() if role in ("holder", "joint"))

    def shares(self, other: BankAccount) -> bool:
        """Whether money between the two stays with somebody who holds both."""
        return not self.held_by.isdisjoint(other.held_by)


class Entry(NamedTuple):
    """One movement on one account.

    code: ISO 20022 family and sub-family, such as "CCRD/POSD".
    at: when it was authorised or sent; booked_at: when it is on the statement, None when it never will be.
    hold_id: the id it has while it is pending, None when it is booked at once; held: the amount held meanwhile.
    released_at: when a hold that is never booked goes away.
    commitment: the mandate that it was taken under.
    """

    id: str
    account: str
    minor: int
    text: str
    code: str
    at: dt.datetime
    booked_at: dt.datetime | None
    hold_id: str | None = None
    held: int = 0
    released_at: dt.datetime | None = None
    mcc: str | None = None
    counterparty: str | None = None
    counterparty_number: str | None = None
    reference: str | None = None
    original: tuple[int, str] | None = None
    rate: Decimal | None = None
    purpose: str | None = None
    commitment: str | None = None


@dataclass(frozen=True)
class Price:
    """An amount that rises by the same step once a year from 2024 on; `season` holds a factor per month, `spread` is random."""

    base: int
    rise: int = 0
    rise_month: int = 4
    season: tuple[float, ...] = ()
    spread: float = 0.0

    def on(self, key: str, year: int, month: int) -> int:
        amount: float = self.base + self.rise * max(year - 2024 + (month >= self.rise_month), 0)
        if self.season:
            amount *= self.season[month - 1]
        if self.spread:
            amount *= 1 + dice(key, year, month).uniform(-self.spread, self.spread)
        return round(amount)


ALL_YEAR = tuple(range(1, 13))


@dataclass(frozen=True)
class Commitment:
    """A direct debit ("DD") or a standing order ("SO").

    day: of the month, or the weekday (Monday 0) of a weekly or fortnightly one.
    to: the other account when the money stays with the customer.
    """

    id: str
    account: str
    kind: str
    name: str
    price: Price
    day: int
    frequency: str = "MNTH"
    months: tuple[int, ...] = ALL_YEAR
    reference: str = ""
    purpose: str | None = None
    number: str | None = None
    to: str | None = None
    since: dt.date = dt.date.min
    ended: dt.date | None = None

    def due(self, year: int, month: int) -> list[dt.date]:
        """The days in a month on which it is taken, moved to a working day; empty in a month without one."""
        if self.frequency in ("WEEK", "FRTN"):
            every = 7 if self.frequency == "WEEK" else 14
            start = dt.date(2018, 1, 1 + self.day).toordinal()
            first = dt.date(year, month, 1).toordinal()
            last = dt.date(year + month // 12, month % 12 + 1, 1).toordinal()
            days = [dt.date.fromordinal(n) for n in range(first + (start - first) % every, last, every)]
        else:
            days = [dt.date(year, month, self.day)] if month in self.months else []
        return [on_or_after(day) for day in days if self.since <= day and (self.ended is None or day <= self.ended)]

    def next_after(self, day: dt.date) -> dt.date | None:
        """The next day after `day` on which it is due; None when it has ended.

        The search begins a week early: a day may have been moved out of its month.
        """
        for year, month in months(day - dt.timedelta(days=7), day + dt.timedelta(days=400)):
            for due in self.due(year, month):
                if due > day:
                    return due
        return None


@dataclass(frozen=True)
class Payee:
    """A saved beneficiary of an account. since: when it was saved, None for one that always was."""

    id: str
    account: str
    name: str
    number: str
    reference: str = ""
    since: dt.datetime | None = None


@dataclass(frozen=True)
class FuturePayment:
    """A payment that was set up to be made once, on a later day. since: when that was, where it is known."""

    id: str
    account: str
    payee: str
    number: str
    minor: int
    reference: str
    made: dt.date
    due: dt.date
    since: dt.datetime | None = None


@dataclass(frozen=True)
class Movement:
    """How an entry looks at one moment: pending, or booked in the place of `replaces`."""

    entry: Entry
    id: str
    minor: int
    pending: bool
    at: dt.datetime
    replaces: str | None = None


@dataclass(frozen=True)
class Books:
    """The books from `since` until `until`, both included; entries are in order of `at`.

    opening: booked balance of each account before its first entry.
    """

    since: dt.date
    until: dt.date
    customers: Mapping[str, Customer]
    accounts: Mapping[str, BankAccount]
    entries: Mapping[str, tuple[Entry, ...]]
    opening: Mapping[str, int]
    commitments: tuple[Commitment, ...] = ()
    payees: tuple[Payee, ...] = ()
    future_payments: tuple[FuturePayment, ...] = ()

    def covers(self, now: dt.datetime) -> bool:
        return self.since <= now.astimezone(LONDON).date() <= self.until

    def holders(self, account: BankAccount) -> str:
        """The names of those whose account it is: not of somebody with a mandate or a view of it."""
        return " and ".join(self.customers[id].name for id, role in account.owners.items() if role in ("holder", "joint"))

    def owned_by(self, customer: str) -> list[BankAccount]:
        return [account for account in self.accounts.values() if customer in account.owners]

    def movements(self, account: str, now: dt.datetime) -> list[Movement]:
        """What the account shows at `now`, in order of booking (of authorisation while pending)."""
        now = now.astimezone(LONDON)
        shown = [movement for entry in self.entries[account] if entry.at <= now and (movement := look(entry, now))]
        return sorted(shown, key=lambda movement: (movement.at, movement.id))

    def booked(self, account: str, now: dt.datetime) -> int:
        """The booked balance at `now`, in minor units."""
        now = now.astimezone(LONDON)
        return self.opening[account] + sum(e.minor for e in self.entries[account] if e.booked_at and e.booked_at <= now)

    def held(self, account: str, now: dt.datetime) -> int:
        """What is pending against the account at `now`: minor units, not positive. A pending credit is not money yet."""
        now = now.astimezone(LONDON)
        # Of two years of entries a few are not booked: only these are looked at.
        unbooked = (e for e in self.entries[account] if e.at <= now and (e.booked_at is None or e.booked_at > now))
        return sum(min(m.minor, 0) for e in unbooked if (m := look(e, now)))

    def waiting(self, account: str, now: dt.datetime) -> list[FuturePayment]:
        """Payments set up by `now` and not made yet, soonest first."""
        now = now.astimezone(LONDON)
        made = {(e.counterparty, e.at.date()) for e in self.entries[account] if e.at <= now}
        waiting = [
            p
            for p in self.future_payments
            if p.account == account
            and p.made <= now.date() <= p.due
            and (p.since is None or p.since <= now)
            and (p.payee, p.due) not in made
        ]
        return sorted(waiting, key=lambda payment: payment.due)

    def saved(self, account: str, now: dt.datetime) -> list[Payee]:
        """The payees that are saved with the account at `now`."""
        return [p for p in self.payees if p.account == account and (p.since is None or p.since <= now)]

    @cached_property
    def by_commitment(self) -> Mapping[str, list[Entry]]:
        taken: dict[str, list[Entry]] = {}
        for entries in self.entries.values():
            for entry in entries:
                if entry.commitment is not None and entry.minor < 0:
                    taken.setdefault(entry.commitment, []).append(entry)
        return taken

    def last_taken(self, commitment: str, now: dt.datetime) -> Entry | None:
        """The latest entry under a mandate up to `now`."""
        now = now.astimezone(LONDON)
        return next((e for e in reversed(self.by_commitment.get(commitment, [])) if e.at <= now), None)


def look(entry: Entry, now: dt.datetime) -> Movement | None:
    """An entry as it looks at `now` (in London time); None while it is not there yet, or no longer."""
    if entry.booked_at is not None and entry.booked_at <= now:
        return Movement(entry, entry.id, entry.minor, pending=False, at=entry.booked_at, replaces=entry.hold_id)
    if entry.hold_id is None or entry.at > now or (entry.released_at is not None and entry.released_at <= now):
        return None
    return Movement(entry, entry.hold_id, entry.held, pending=True, at=entry.at)
