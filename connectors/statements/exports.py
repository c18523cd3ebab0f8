"""What an export of a bank says, whichever format it is written in: accounts with their balances and entries."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import NamedTuple

from data.banking import AccountKind, Status
from data.errors import InvalidAmount, InvalidCurrency, InvalidStatement
from data.money import Money


class Entry(NamedTuple):
    """One movement. line: where it starts in its file, None where the parser does not say. said: the bank's word for its kind.

    id: the source's own, unique in the account. status: None for what never went through. original, rate: the amount in
    another currency, signed as the entry is, and the rate as the bank states it.
    """

    line: int | None
    booked_on: dt.date
    amount: Money
    text: str
    id: str | None = None
    status: Status | None = Status.BOOKED
    said: str = ""
    value_on: dt.date | None = None
    counterparty: str | None = None
    reference: str | None = None
    mcc: str | None = None
    original: Money | None = None
    rate: Decimal | None = None


class Stated(NamedTuple):
    """A balance, and the day at whose end it was."""

    on: dt.date
    amount: Money


class Export(NamedTuple):
    """The statement of one account. identification: as the bank writes it. source: the format, with its version where texts
    differ between versions. until: the last day that it is complete for.
    """

    source: str
    line: int | None
    identification: str
    currency: str
    kind: AccountKind
    entries: list[Entry]
    opening: Stated | None = None
    closing: Stated | None = None
    available: Stated | None = None
    until: dt.date | None = None


def difference(export: Export) -> Money | None:
    """What the closing balance is more than the opening one and the booked entries; None where a balance is missing."""
    opening, closing = export.opening, export.closing
    if opening is None or closing is None:
        return None
    booked = [
        e.amount.minor for e in export.entries if e.status is Status.BOOKED and e.amount.currency == closing.amount.currency
    ]
    minor = closing.amount.minor - opening.amount.minor - sum(booked)
    return Money(minor=minor, currency=closing.amount.currency)


class Reader:
    """Reads the values of one file; each call raises InvalidStatement with the line and the name of the field."""

    def __init__(self, file: str) -> None:
        self.file = file

    def wrong(self, line: int | None, field: str | None, reason: str) -> InvalidStatement:
        return InvalidStatement(self.file, line, field, reason)

    def day(self, line: int | None, field: str, text: str | None) -> dt.date:
        """A date of eight digits or in ISO form; a time and a zone after it are passed over: it is the bank's own day."""
        found = _DAY.match((text or "").strip())
        if found is None:
            raise self.wrong(line, field, f"{text!r} is not a date" if text else "there is no date")
        try:
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError as error:
            raise self.wrong(line, field, f"{text!r} is not a day of the calendar") from error

    def money(self, line: int | None, field: str, amount: str | Decimal | None, currency: str | None) -> Money:
        if amount is None or amount == "":
            raise self.wrong(line, field, "there is no amount")
        if not currency:
            raise self.wrong(line, field, "there is no currency")
        try:
            return Money.of(amount, currency)
        except (InvalidAmount, InvalidCurrency) as error:
            raise self.wrong(line, field, str(error)) from error

    def rate(self, line: int | None, field: str, text: str | Decimal | None) -> Decimal | None:
        if text is None or text == "":
            return None
        try:
            rate = Decimal(text)
        except ArithmeticError as error:
            raise self.wrong(line, field, f"{text!r} is not a rate") from error
        if not rate.is_finite() or rate <= 0:
            raise self.wrong(line, field, f"{text!r} is not a rate")
        return rate

    def text(self, line: int | None, field: str, *texts: str | None) -> str:
        """The first text that there is, on one line."""
        for text in texts:
            if text and (words := " ".join(text.split())):
                return words
        raise self.wrong(line, field, "there is no text")


_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?![0-9]{1,3}$)")


def decoded(file: str, raw: bytes) -> str:
    """Text of a format whose files do not say their encoding: UTF-8, else the one of western Windows. Raises InvalidStatement."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    if "\0" in text:
        raise InvalidStatement(file, text.count("\n", 0, text.index("\0")) + 1, None, "it is not a text file")
    return text


def one_line(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None
