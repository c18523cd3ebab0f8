"""How a month of somebody's life is written into the books: shops, habits and the pen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from random import Random

from connectors.sandbox.books import BankAccount, Commitment, Entry, FuturePayment, Payee, Price, dice, digest
from connectors.sandbox.calendar import DAY, LONDON, month_end, on_or_after, on_or_before
from connectors.sandbox.catalogue import foreign_percent

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
# Days from authorising a card payment to booking it.
LAGS = (1, 1, 1, 1, 1, 1, 1, 2, 2, 3)


@dataclass(frozen=True)
class Shop:
    """Where a card is used. low, high: pence, or minor units of `currency`. A # in the text is a fresh reference."""

    text: str
    name: str
    mcc: str
    low: int
    high: int
    weight: int = 1
    currency: str = "GBP"


@lru_cache(maxsize=256)
def shops(table: str, currency: str = "GBP") -> tuple[Shop, ...]:
    """Read lines of "mcc  low-high  weight  name = statement text"."""
    found = []
    for line in table.strip().splitlines():
        mcc, prices, weight, rest = line.split(maxsplit=3)
        low, high = prices.split("-")
        name, text = rest.split(" = ")
        found.append(Shop(text.strip(), name.strip(), mcc, int(low), int(high), int(weight), currency))
    return tuple(found)


@dataclass(frozen=True)
class Habit:
    """Card purchases that happen by chance: `week` is the chance of one on each weekday, Monday first."""

    account: str
    shops: tuple[Shop, ...]
    week: tuple[float, ...]
    hours: tuple[int, int] = (9, 20)
    step: int = 1
    season: tuple[float, ...] = ()


@dataclass(frozen=True)
class Subscription:
    """A card charged on the same day of each of its months."""

    account: str
    shop: Shop
    day: int
    price: Price
    months: tuple[int, ...] = tuple(range(1, 13))


@dataclass(frozen=True)
class Sweep:
    """Keeps a current account liveable: on a day, what is above `keep` is saved; what is below `floor` is taken back.

    A month in `lean` goes without help, so that it may go overdrawn.
    """

    current: str
    savings: str
    day: int
    floor: int
    keep: int
    lean: Collection[int] = ()


@dataclass(frozen=True)
class Life:
    """What happens on some accounts: what is fixed, what happens by chance, and a story told month by month.

    opening: booked balance, in minor units, of each account when the books begin.
    """

    id: str
    accounts: tuple[BankAccount, ...]
    opening: dict[str, int]
    commitments: tuple[Commitment, ...]
    habits: tuple[Habit, ...]
    subscriptions: tuple[Subscription, ...]
    payees: tuple[Payee, ...]
    sweeps: tuple[Sweep, ...]
    story: Callable[[Month], None]


class Month:
    """The pen that writes one month; every method adds entries. Amounts are positive pence unless said otherwise."""

    def __init__(self, life: str, year: int, month: int, accounts: dict[str, BankAccount]) -> None:
        self.year, self.month = year, month
        self.last = month_end(year, month).day
        self.accounts = accounts
        self.dice: Random = dice(life, year, month)
        self.entries: list[Entry] = []
        self.future_payments: list[FuturePayment] = []
        self.away: set[int] = set()

    def date(self, day: int) -> dt.date:
        return dt.date(self.year, self.month, min(day, self.last))

    def _at(self, day: dt.date, hour: int, minute: int | None = None) -> dt.datetime:
        clock = dt.time(hour, self.dice.randrange(60) if minute is None else minute, self.dice.randrange(60))
        return dt.datetime.combine(day, clock, LONDON)

    def card(
        self,
        account: str,
        shop: Shop,
        day: int,
        pence: int | None = None,
        at: tuple[int, int] | None = None,
        hold: int | None = None,
        lag: int | None = None,
    ) -> Entry:
        """A purchase: pending when authorised, booked `lag` days later, mostly one.

        hold: what was authorised, where it is not the price.
        """
        price = self._price(shop) if pence is None else pence
        when = self._at(self.date(day), *(at or (self.dice.randrange(9, 20), None)))
        original, rate, minor = None, None, price
        if shop.currency != self.accounts[account].currency:
            rate = self._rate(shop.currency)
            original, minor = (price, shop.currency), round(price / rate)
        entry = self._authorised(account, shop, -minor, when, when + DAY * (lag or self.dice.choice(LAGS)))
        entry = entry._replace(held=-(hold or minor), original=original, rate=rate)
        self.entries.append(entry)
        if original is not None and (fee := round(minor * foreign_percent(self.accounts[account].product) / 100)):
            self.fee(account, fee, "NON-STERLING TRANSACTION FEE", entry.booked_at or when)
        return entry

    def again(self, first: Entry, seconds: int) -> Entry:
        """The same purchase charged a second time, some seconds after the first."""
        gap = dt.timedelta(seconds=seconds)
        key = digest(first.account, first.at + gap, first.text)
        entry = first._replace(
            id=f"tx-{key}", hold_id=f"auth-{key}", at=first.at + gap, booked_at=first.booked_at and first.booked_at + gap
        )
        self.entries.append(entry)
        return entry

    def refund(self, account: str, shop: Shop, day: int, pence: int, text: str | None = None) -> None:
        """Money back on the card; it is pending for three days."""
        when = self._at(self.date(day), 11)
        entry = self._authorised(account, shop, pence, when, when + 3 * DAY)
        self.entries.append(entry._replace(text=text or entry.text))

    def hold(self, account: str, shop: Shop, day: int, pence: int, days: int) -> None:
        """An authorisation that is never booked: it goes away after some days."""
        when = self._at(self.date(day), 15)
        entry = self._authorised(account, shop, -pence, when, when)
        self.entries.append(entry._replace(booked_at=None, released_at=when + days * DAY))

    def _authorised(self, account: str, shop: Shop, minor: int, at: dt.datetime, booked_at: dt.datetime) -> Entry:
        text = shop.text
        if "#" in text:
            text = text.replace("#", "".join(self.dice.choices(LETTERS, k=6)))
        key = digest(account, at, text)
        return Entry(
            f"tx-{key}",
            account,
            minor,
            text,
            "CCRD/POSD",
            at,
            booked_at,
            f"auth-{key}",
            minor,
            mcc=shop.mcc,
            counterparty=shop.name,
        )

    def _price(self, shop: Shop) -> int:
        price = self.dice.triangular(shop.low, shop.high, shop.low + (shop.high - shop.low) * 0.35)
        return round(price / 5) * 5 if shop.high <= 1200 else round(price)

    def _rate(self, currency: str) -> Decimal:
        """What a pound bought that month, in the other currency."""
        middle = {"EUR": 1.165, "USD": 1.31}[currency]
        return Decimal(str(round(middle * dice(currency, self.year, self.month).uniform(0.97, 1.03), 4)))

    def cash(self, account: str, machine: str, day: int, pence: int) -> None:
        when = self._at(self.date(day), self.dice.randrange(9, 20))
        self._booked(account, -pence, machine, "CCRD/CWDL", when, mcc="6011")

    def deposit(self, account: str, text: str, day: int, pence: int) -> None:
        """Notes paid in at a counter."""
        self._booked(account, pence, text, "CNTR/CDPT", self._at(self.date(day), 12))

    def cheque(self, account: str, number: int, day: int, pence: int) -> None:
        self._booked(account, -pence, f"CHQ {number:06d}", "ICHQ/CCHQ", self._at(on_or_after(self.date(day)), 5))

    def pay(self, account: str, name: str, number: str, day: int, pence: int, reference: str, purpose: str | None = None) -> None:
        """A faster payment to somebody."""
        when = self._at(self.date(day), self.dice.randrange(8, 22))
        self._booked(account, -pence, f"{name} {reference}".strip(), "ICDT/DMCT", when, name, number, reference, purpose)

    def receive(
        self,
        account: str,
        name: str,
        day: dt.date,
        pence: int,
        reference: str,
        code: str = "RCDT/DMCT",
        purpose: str | None = None,
    ) -> None:
        """A credit transfer from somebody: code RCDT/SALA for wages, RCDT/RRTN for a payment that came back."""
        when = self._at(day, 0 if code == "RCDT/SALA" else self.dice.randrange(7, 21))
        self._booked(account, pence, f"{name} {reference}".strip(), code, when, name, None, reference, purpose)

    def salary(self, account: str, name: str, day: int, pence: int, reference: str = "SALARY") -> None:
        self.receive(account, name, on_or_before(self.date(day)), pence, reference, "RCDT/SALA", "SALA")

    def transfer(self, source: str, target: str, day: dt.date, pence: int, hour: int = 10, commitment: str | None = None) -> None:
        """Between two accounts of this bank with a common owner; pounds to euros at the month's rate."""
        when = self._at(day, hour)
        debtor, creditor = self.accounts[source], self.accounts[target]
        rate, arrives = None, pence
        if debtor.currency != creditor.currency:
            foreign = debtor.currency if creditor.currency == "GBP" else creditor.currency
            rate = self._rate(foreign)
            arrives = round(pence / rate) if creditor.currency == "GBP" else round(pence * rate)
        self._booked(
            source,
            -pence,
            f"TFR TO {creditor.name.upper()}",
            "ICDT/BOOK",
            when,
            creditor.name,
            creditor.number,
            commitment=commitment,
        )
        self._booked(target, arrives, f"TFR FROM {debtor.name.upper()}", "RCDT/BOOK", when, debtor.name, debtor.number)
        if rate is not None:
            last = self.entries[-1]
            self.entries[-1] = last._replace(rate=rate, original=(pence, debtor.currency))

    def fee(self, account: str, pence: int, text: str, when: dt.datetime) -> None:
        self._booked(account, -pence, text, "MDOP/CHRG", when)

    def interest(self, account: str, minor: int, day: dt.date) -> None:
        """Interest earned (positive) or owed for an overdraft (negative)."""
        text, code = ("GROSS INTEREST", "MCOP/INTR") if minor > 0 else ("OVERDRAFT INTEREST", "MDOP/INTR")
        self._booked(account, minor, text, code, self._at(day, 4))

    def take(self, commitment: Commitment, day: dt.date) -> None:
        """A direct debit or standing order on the day it is due."""
        pence = commitment.price.on(commitment.id, self.year, self.month)
        if commitment.to is not None:
            self.transfer(commitment.account, commitment.to, day, pence, hour=3, commitment=commitment.id)
            return
        if commitment.kind == "DD":
            text, code = f"DD {commitment.name}", "RDDT/PMDD"
        else:
            text, code = f"STO {commitment.name} {commitment.reference}".strip(), "ICDT/STDO"
        self._booked(
            commitment.account, -pence, text, code, self._at(day, 3), commitment.name, commitment.number,
            commitment.reference or None, commitment.purpose, commitment.id,
        )  # fmt: skip

    def plan(self, account: str, name: str, number: str, made: int, due: int, pence: int, reference: str) -> None:
        """A payment set up on one day of the month to be made on `due`, which may lie beyond its end (day 33, say)."""
        day = on_or_after(dt.date(self.year, self.month, 1) + DAY * (due - 1))
        payment = FuturePayment(f"sp-{digest(account, name, day)}", account, name, number, pence, reference, self.date(made), day)
        self.future_payments.append(payment)
        self._booked(account, -pence, f"{name} {reference}".strip(), "ICDT/DMCT", self._at(day, 2), name, number, reference)

    def _booked(
        self, account: str, minor: int, text: str, code: str, at: dt.datetime, counterparty: str | None = None,
        number: str | None = None, reference: str | None = None, purpose: str | None = None, commitment: str | None = None,
        mcc: str | None = None,
    ) -> None:  # fmt: skip
        key = f"tx-{digest(account, at, text)}"
        self.entries.append(
            Entry(
                key, account, minor, text, code, at, at, counterparty=counterparty, counterparty_number=number,
                reference=reference, purpose=purpose, commitment=commitment, mcc=mcc,
            )
        )  # fmt: skip

    def live(self, habits: Sequence[Habit], subscriptions: Sequence[Subscription]) -> None:
        """What happens by chance, on the days at home, and what is charged to the card by agreement."""
        for subscription in subscriptions:
            if self.month in subscription.months:
                price = subscription.price.on(subscription.shop.text, self.year, self.month)
                self.card(subscription.account, subscription.shop, subscription.day, price, at=(6, 12))
        for habit in habits:
            busy = habit.season[self.month - 1] if habit.season else 1.0
            weights = [shop.weight for shop in habit.shops]
            for day in range(1, self.last + 1):
                chance = habit.week[dt.date(self.year, self.month, day).weekday()] * busy
                if day in self.away or self.dice.random() >= chance:
                    continue
                shop = self.dice.choices(habit.shops, weights)[0]
                self.card(habit.account, shop, day, at=(self.dice.randrange(*habit.hours), self.dice.randrange(60)))

    def spree(self, account: str, places: Sequence[Shop], first: int, days: int, a_day: int) -> None:
        """Days away from home, with card purchases at the places there."""
        self.away.update(range(first, first + days))
        for day in range(first, first + days):
            for _ in range(a_day):
                self.card(account, self.dice.choice(places), day)
