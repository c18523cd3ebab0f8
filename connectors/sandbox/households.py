"""The books of seven invented households, by calendar: the same date always gives the same books.

A month of a life depends on the calendar alone, not on the date that the books are opened at. So books opened on two
different days agree on every entry that both have: a ledger that was fed from one still fits the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from connectors.sandbox.books import BankAccount, Books, Entry, FuturePayment
from connectors.sandbox.calendar import LONDON, month_end, months
from connectors.sandbox.habits import Life, Month, Sweep
from connectors.sandbox.people import CUSTOMERS, LIVES

# The day on which every life begins, unless books are opened so early that two years do not fit before them.
FOUNDED = dt.date(2023, 1, 1)
MONTHS_SHOWN, MONTHS_AHEAD = 24, 2
# Yearly interest on an arranged overdraft, in percent.
OVERDRAFT_RATE = Decimal("39.9")


@lru_cache(maxsize=4)
def _books(year: int, month: int) -> Books:
    since = _shifted(year, month, -MONTHS_SHOWN)
    last = _shifted(year, month, MONTHS_AHEAD)
    until = month_end(last.year, last.month)
    began = min(FOUNDED, dt.date(since.year, 1, 1))
    accounts = {account.id: account for life in LIVES for account in life.accounts}
    entries: dict[str, list[Entry]] = {account: [] for account in accounts}
    future_payments: list[FuturePayment] = []
    for life in LIVES:
        for written in _lived(life, began, until, accounts):
            future_payments += written.future_payments
            for entry in written.entries:
                entries[entry.account].append(entry)
    for life in LIVES:
        _keep_afloat(life, began, until, accounts, entries)
    balances = {account: balance for life in LIVES for account, balance in life.opening.items()}
    start = dt.datetime.combine(since, dt.time(0), LONDON)
    return Books(
        since=since,
        until=until,
        customers={customer.id: customer for customer in CUSTOMERS},
        accounts=accounts,
        entries={account: _from(start, rows) for account, rows in entries.items()},
        opening={account: balances[account] + _before(start, rows) for account, rows in entries.items()},
        commitments=tuple(commitment for life in LIVES for commitment in life.commitments),
        payees=tuple(payee for life in LIVES for payee in life.payees),
        future_payments=tuple(future_payments),
    )


def households(now: dt.datetime) -> Books:
    """The books from the start of the month 24 months before `now` until the end of the second month after it.

    now: aware; only its month in London counts. What is dated after it is in the books (as it is in a diary);
    `Books.movements` and `Books.booked` leave it out.
    """
    today = now.astimezone(LONDON).date()
    return _books(today.year, today.month)


def _shifted(year: int, month: int, by: int) -> dt.date:
    """The first day of the month that many months later."""
    index = year * 12 + month - 1 + by
    return dt.date(index // 12, index % 12 + 1, 1)


def _lived(life: Life, began: dt.date, until: dt.date, accounts: dict[str, BankAccount]) -> list[Month]:
    written = []
    for year, number in months(began, until):
        month = Month(life.id, year, number, accounts)
        life.story(month)
        for commitment in life.commitments:
            for day in commitment.due(year, number):
                month.take(commitment, day)
        month.live(life.habits, life.subscriptions)
        written.append(month)
    return written


def _from(start: dt.datetime, rows: list[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted((row for row in rows if (row.booked_at or row.at) >= start), key=lambda row: (row.at, row.id)))


def _before(start: dt.datetime, rows: list[Entry]) -> int:
    return sum(row.minor for row in rows if row.booked_at is not None and row.booked_at < start)


class _Running:
    """A booked balance that is carried forward day by day, with what interest is owed on it."""

    def __init__(self, opening: int, rows: list[Entry]) -> None:
        self.balance = opening
        self.rows = sorted((row.booked_at.date(), row.minor) for row in rows if row.booked_at is not None)
        self.next = 0
        self.debit_days = 0
        self.credit_days = 0

    def carry(self, day: dt.date) -> None:
        while self.next < len(self.rows) and self.rows[self.next][0] <= day:
            self.balance += self.rows[self.next][1]
            self.next += 1

    def accrue(self) -> None:
        if self.balance < 0:
            self.debit_days -= self.balance
        else:
            self.credit_days += self.balance

    def interest(self, rate: Decimal) -> int:
        """Interest since it was last asked, in minor units: negative when owed. Starts a new period."""
        earned = round(Decimal(self.credit_days) * rate / 36_500)
        owed = round(Decimal(self.debit_days) * OVERDRAFT_RATE / 36_500)
        self.debit_days = self.credit_days = 0
        return earned - owed


def _keep_afloat(
    life: Life, began: dt.date, until: dt.date, accounts: dict[str, BankAccount], entries: Mapping[str, list[Entry]]
) -> None:
    """Add what depends on a balance: interest on the 1st of the month, and the sweeps."""
    running = {account.id: _Running(life.opening[account.id], entries[account.id]) for account in life.accounts}
    for year, number in months(began, until):
        month = Month(f"{life.id} balance", year, number, accounts)
        for day in range(1, month.last + 1):
            today = month.date(day)
            written = len(month.entries)
            for account in life.accounts:
                running[account.id].carry(today)
                if day == 1 and (interest := running[account.id].interest(account.rate)):
                    month.interest(account.id, interest, today)
            for sweep in life.sweeps:
                if min(sweep.day, month.last) == day:
                    _sweep(month, sweep, running)
            for entry in month.entries[written:]:
                running[entry.account].balance += entry.minor
            for balance in running.values():
                balance.accrue()
        for entry in month.entries:
            entries[entry.account].append(entry)


def _sweep(month: Month, sweep: Sweep, running: Mapping[str, _Running]) -> None:
    """Save what is over, in whole £50, or take back what is missing, in whole £10."""
    balance, saved = running[sweep.current].balance, running[sweep.savings].balance
    today = month.date(sweep.day)
    if balance >= sweep.keep + 5_000:
        month.transfer(sweep.current, sweep.savings, today, (balance - sweep.keep) // 5_000 * 5_000, hour=22)
    elif balance < sweep.floor and month.month not in sweep.lean:
        missing = min((sweep.keep + sweep.floor) // 2 - balance, saved - 5_000) // 1_000 * 1_000
        if missing > 0:
            month.transfer(sweep.savings, sweep.current, today, missing, hour=22)
