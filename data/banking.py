"""The bank's nouns. Amounts are signed: negative leaves the account."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from data.money import Currency, Money
from data.party import AccountId, Frozen, PartyId


class AccountKind(StrEnum):
    CURRENT = "current"
    SAVINGS = "savings"
    CARD = "card"
    LOAN = "loan"


class Account(Frozen):
    """`product` names the product version; `time_zone` is the zone of its booking dates; holders: whose it is, "" if unknown."""

    id: AccountId
    kind: AccountKind
    name: str
    currency: Currency
    product: str = ""
    identification: str = ""
    time_zone: str = "Europe/London"
    holders: str = ""


class Balance(Frozen):
    """Booked counts what is on the statement; available adds the overdraft and takes off what is held."""

    account: AccountId
    booked: Money
    available: Money
    credit_line: Money | None = None
    at: AwareDatetime


class StatedBalance(Frozen):
    """What a statement file says an account held at the end of a day; available is None where it does not say."""

    account: AccountId
    on: dt.date
    booked: Money
    available: Money | None = None


class Status(StrEnum):
    BOOKED = "booked"
    PENDING = "pending"


class Kind(StrEnum):
    """What a movement is, which decides whether it is spending."""

    PURCHASE = "purchase"
    REFUND = "refund"
    PAYMENT = "payment"
    TRANSFER = "transfer"
    INCOME = "income"
    CASH = "cash"
    FEE = "fee"
    INTEREST = "interest"


# A transfer between the customer's own accounts is not spending: the money has not left them.
SPENDING = (Kind.PURCHASE, Kind.PAYMENT, Kind.CASH, Kind.FEE, Kind.INTEREST)


class Transaction(Frozen):
    """One version of a movement on an account.

    `source_id` is the id the source gave it (unique in the account), None where there is none: then
    content and ordinal identify it. `supersedes` is the source id of the version that it replaces. `counterparty_number`
    is the other's account, as the bank identifies it; the ledger does not keep it.
    """

    account: AccountId
    source_id: str | None
    booked_on: dt.date
    amount: Money
    text: str
    kind: Kind
    status: Status = Status.BOOKED
    booked_at: AwareDatetime | None = None
    value_on: dt.date | None = None
    mcc: str | None = None
    bank_category: str | None = None
    counterparty: str | None = None
    counterparty_number: str | None = None
    reference: str | None = None
    original: Money | None = None
    rate: Decimal | None = None
    supersedes: str | None = None


class Beneficiary(Frozen):
    id: str
    account: AccountId
    name: str
    identification: str
    reference: str = ""


class Frequency(StrEnum):
    DAILY = "DAIL"
    WEEKLY = "WEEK"
    FORTNIGHTLY = "FRTN"
    MONTHLY = "MNTH"
    QUARTERLY = "QURT"
    YEARLY = "YEAR"


class StandingOrder(Frozen):
    id: str
    account: AccountId
    payee: str
    amount: Money
    frequency: Frequency
    next_on: dt.date | None
    last_on: dt.date | None = None
    reference: str = ""
    active: bool = True


class DirectDebit(Frozen):
    """The next amount of a direct debit is the creditor's to set: only the previous one is known."""

    id: str
    account: AccountId
    name: str
    previous_on: dt.date | None
    previous_amount: Money | None
    frequency: Frequency | None = None
    active: bool = True


class ScheduledPayment(Frozen):
    id: str
    account: AccountId
    payee: str
    amount: Money
    due_on: dt.date
    reference: str = ""


class Fee(Frozen):
    """What is charged for something: an amount, or a percentage within bounds, or the interest of some days.

    percent: of the amount that the fee is for. least, most: bounds of what the percentage gives. per: what it is charged for
    each time. month_most: the most that is charged in a calendar month. days_interest: lost when this happens.
    """

    id: str
    name: str
    per: str
    amount: Money | None = None
    percent: Decimal | None = None
    least: Money | None = None
    most: Money | None = None
    month_most: Money | None = None
    days_interest: int | None = None

    def on(self, amount: Money) -> Money | None:
        """What is charged once for `amount`, without its sign; None for a fee that is no matter of an amount (`days_interest`).

        The percentage is rounded half to even, to whole minor units. Raises InvalidCurrency when bounds are in another
        currency than the amount: without a rate nobody can say which of them holds.
        """
        if self.percent is None:
            return self.amount
        share = abs(amount).share(self.percent / 100)
        if self.least is not None:
            share = max(share, self.least)
        return share if self.most is None else min(share, self.most)


class Tier(Frozen):
    """Yearly interest, in percent, on the whole of a balance that is `above` or more."""

    above: Money
    rate: Decimal


class Limit(Frozen):
    """The most (of an opening deposit the least) that a product allows: an amount, or how often."""

    id: str
    name: str
    per: str
    amount: Money | None = None
    count: int | None = None


class Condition(Frozen):
    """What must hold to have something; `says` completes "you must". What a bank can check stands in the other fields.

    holds: an id of a product without its version, had for at least `months`. country: to live in, an ISO 3166 code. least_income:
    what comes in each month. of: whom it is about where that is not the customer, such as "child".
    """

    id: str
    says: str
    least_age: int | None = None
    most_age: int | None = None
    holds: str | None = None
    months: int = 0
    country: str | None = None
    least_income: Money | None = None
    of: str = ""


class Check(Frozen):
    """Whether the customer meets a condition, None where the bank does not know. overdraft: it is one of an overdraft."""

    condition: Condition
    met: bool | None
    overdraft: bool = False


class Product(Frozen):
    """One version of a product. `since` is when it came into force; `until` the last day it was sold, None while it still is.

    overdraft_rate: yearly, in percent, on what is overdrawn. overdraft_most: the largest that may be arranged; both None
    where there is no overdraft. tiers: in order of `above`; empty where no interest is paid. conditions are to open one,
    overdraft_conditions to be given an overdraft on it.
    """

    id: str
    name: str
    version: int
    kind: AccountKind
    currency: Currency
    since: dt.date
    until: dt.date | None = None
    overdraft_rate: Decimal | None = None
    overdraft_most: Money | None = None
    tiers: tuple[Tier, ...] = ()
    fees: tuple[Fee, ...] = ()
    limits: tuple[Limit, ...] = ()
    conditions: tuple[Condition, ...] = ()
    overdraft_conditions: tuple[Condition, ...] = ()

    def fee(self, id: str) -> Fee | None:
        return next((fee for fee in self.fees if fee.id == id), None)

    def limit(self, id: str) -> Limit | None:
        return next((limit for limit in self.limits if limit.id == id), None)

    def rate(self, balance: Money) -> Decimal | None:
        """Yearly interest, in percent, that a balance earns; None where the product pays none."""
        reached = [tier.rate for tier in self.tiers if tier.above <= balance]
        return reached[-1] if reached else (self.tiers[0].rate if self.tiers else None)


class Card(Frozen):
    """`limits` are those of the card on its account; `expires` is its last day. replacement_by: the day by which another
    arrives in the place of this one, which is stopped; None when none is ordered."""

    id: str
    account: AccountId
    last_digits: str
    scheme: str
    kind: str = "debit"
    frozen: bool = False
    replacement_by: dt.date | None = None
    expires: dt.date | None = None
    limits: tuple[Limit, ...] = ()


class Contact(Frozen):
    """How the bank reaches a party, masked by the bank: enough to recognise, too little to use. "" where there is none."""

    party: PartyId
    name: str
    email: str = ""
    mobile: str = ""
    address: str = ""


class Statement(Frozen):
    """A statement that was made: its days, both included, and the booked balances before and after them."""

    id: str
    account: AccountId
    since: dt.date
    until: dt.date
    opening: Money
    closing: Money
