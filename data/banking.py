"""The bank's nouns. Amounts are signed: negative leaves the account."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from data.money import Currency, Money
from data.party import AccountId, Frozen


class AccountKind(StrEnum):
    CURRENT = "current"
    SAVINGS = "savings"
    CARD = "card"
    LOAN = "loan"


class Account(Frozen):
    """`product` names the product version; `time_zone` is the zone of its booking dates."""

    id: AccountId
    kind: AccountKind
    name: str
    currency: Currency
    product: str = ""
    identification: str = ""
    time_zone: str = "Europe/London"


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
    content and ordinal identify it. `supersedes` is the source id of the version that it replaces.
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


class Card(Frozen):
    id: str
    account: AccountId
    last_digits: str
    scheme: str
    frozen: bool = False
