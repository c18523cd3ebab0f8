"""Words that every life is written with."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from connectors.sandbox.books import ALL_YEAR, BankAccount, Commitment, Payee, Price, digest

WEEKDAYS = (0, 1, 2, 3, 4)
WEEKEND = (5, 6)
CHRISTMAS = (0.8, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.15, 1.5)
HEATING = (1.65, 1.55, 1.3, 1.0, 0.75, 0.6, 0.5, 0.5, 0.65, 0.95, 1.25, 1.5)
COUNCIL_TAX = (1, 4, 5, 6, 7, 8, 9, 10, 11, 12)


def every(chance: float, days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)) -> tuple[float, ...]:
    """The same chance on each of some weekdays, Monday 0."""
    return tuple(chance if day in days else 0.0 for day in range(7))


def number(name: str) -> str:
    """An invented sort code and account number, 14 digits: no bank has a sort code that begins with 00."""
    digits = f"{int(digest('number', name), 16):020d}"
    return f"00{digits[-12:]}"


def account_id(slug: str) -> str:
    return f"acc-{digest('account', slug, length=12)}"


def current(
    slug: str, owners: dict[str, str], year: int, name: str = "Everyday account", overdraft: int = 0, product: str = "everyday-3"
) -> BankAccount:
    return BankAccount(account_id(slug), owners, name, "CACC", product, number(slug), dt.date(year, 3, 14), overdraft=overdraft)


def savings(slug: str, owners: dict[str, str], year: int, name: str, rate: str, product: str = "flexible-saver-2") -> BankAccount:
    return BankAccount(account_id(slug), owners, name, "SVGS", product, number(slug), dt.date(year, 9, 2), rate=Decimal(rate))


def direct_debit(
    slug: str, name: str, price: Price, day: int, purpose: str | None = None, months: tuple[int, ...] = ALL_YEAR,
    frequency: str = "MNTH", ended: dt.date | None = None,
) -> Commitment:  # fmt: skip
    key = f"dd-{digest(slug, name, length=10)}"
    return Commitment(key, account_id(slug), "DD", name, price, day, frequency, months, purpose=purpose, ended=ended)


def standing_order(
    slug: str, name: str, price: Price, day: int, reference: str, purpose: str | None = None, frequency: str = "MNTH",
    to: str | None = None,
) -> Commitment:  # fmt: skip
    """`to` is the slug of another account at this bank that the money goes to."""
    key, target = f"so-{digest(slug, name, length=10)}", account_id(to) if to else None
    return Commitment(
        key, account_id(slug), "SO", name, price, day, frequency, reference=reference, purpose=purpose,
        number=number(to or name), to=target,
    )  # fmt: skip


def payee(slug: str, name: str, reference: str = "") -> Payee:
    return Payee(f"ben-{digest(slug, name, length=10)}", account_id(slug), name, number(name), reference)
