"""Six invented customers. Nobody here exists; shops are named as statements name them, amounts are made up.

Amara Okafor and Daniel Whitlock (Birmingham) share a joint account and a pot. Priya Raman (London) is a nurse who goes
overdrawn after her travels. Tomasz Zielinski (Leeds) is a self-employed joiner with a euro account. Margaret Ellison
(Norwich) is retired. Callum Mackenzie (Glasgow) is paid every Friday.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from connectors.sandbox.books import BankAccount, Commitment, Payee, Price, digest
from connectors.sandbox.habits import Habit, Month, Person, Shop, Subscription, Sweep, shops

WEEKDAYS = (0, 1, 2, 3, 4)
CHRISTMAS = (0.8, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.15, 1.5)
HEATING = (1.65, 1.55, 1.3, 1.0, 0.75, 0.6, 0.5, 0.5, 0.65, 0.95, 1.25, 1.5)
COUNCIL_TAX = (1, 4, 5, 6, 7, 8, 9, 10, 11, 12)


def every(chance: float, days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)) -> tuple[float, ...]:
    return tuple(chance if day in days else 0.0 for day in range(7))


def number(*names: str) -> str:
    """An invented sort code and account number: no bank has a sort code that begins with 00."""
    digits = str(int(digest("number", *names), 16))
    return f"00{digits[:4]}{digits[4:12]}"


def account_id(slug: str) -> str:
    return f"acc-{digest('account', slug, length=12)}"


def account(slug: str, owners: dict[str, str], name: str, product: str, year: int, **more: object) -> BankAccount:
    type_code = "SVGS" if "rate" in more else "CACC"
    opened = dt.date(year, 3, 14)
    return BankAccount(account_id(slug), owners, name, type_code, product, number(slug), opened, **more)  # type: ignore[arg-type]


def dd(slug: str, name: str, price: Price, day: int, **more: object) -> Commitment:
    key = f"dd-{digest(slug, name, length=10)}"
    return Commitment(key, account_id(slug), "DD", name, price, day, **more)  # type: ignore[arg-type]


def so(slug: str, name: str, price: Price, day: int, **more: object) -> Commitment:
    key = f"so-{digest(slug, name, length=10)}"
    return Commitment(key, account_id(slug), "SO", name, price, day, number=number(name), **more)  # type: ignore[arg-type]


def payee(slug: str, name: str, reference: str = "", known_as: str = "") -> Payee:
    return Payee(f"ben-{digest(slug, name, length=10)}", account_id(slug), known_as or name, number(name), reference)
