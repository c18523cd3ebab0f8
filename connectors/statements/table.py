"""The rows of a table of text under its layout, as transactions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from connectors.statements.accounts import Holders
from connectors.statements.columns import ColumnMapping
from connectors.statements.kinds import Kinds, kind
from connectors.statements.layout import Layout, Sign, outgoing
from connectors.statements.sheet import Sheet
from connectors.statements.values import Amount, read_amount, read_date
from data.banking import Account, AccountKind, Kind, StatedBalance, Status, Transaction
from data.errors import InvalidAmount, InvalidInput, InvalidStatement
from data.ledger import TABLE
from data.money import Money
from data.party import AccountId, PartyId

_PENDING = frozenset({"pending", "pdng", "authorised", "authorized", "processing"})
_VOID = frozenset({"declined", "reverted", "failed", "cancelled", "canceled", "rejected", "rjct", "void"})
_BOOKED = frozenset({"", "booked", "book", "completed", "complete", "posted", "settled", "cleared", "processed"})


class _Row(NamedTuple):
    """One row of the file, read so far as every row is."""

    line: int
    account: Account
    source_id: str | None
    booked_on: dt.date
    amount: Money
    text: str
    fields: list[str]


class Table:
    """One file under its layout. Dates and amounts repeat a lot, so each different one is read once."""

    source = TABLE
    balances: Sequence[StatedBalance] = ()
    # A table does not say until when it is complete.
    complete: Mapping[AccountId, dt.date] = MappingProxyType({})
    warnings: Sequence[str] = ()

    def __init__(self, sheet: Sheet, layout: Layout, party: PartyId | None, label: str) -> None:
        """label: the account number of rows that do not say theirs, "" for none."""
        self.sheet, self.layout, self.file = sheet, layout, sheet.file
        self.party, self.label = party, label
        self.card = layout.sign is Sign.SPENDING_POSITIVE
        self.void, self.rows = 0, layout.rows
        self.accounts: dict[tuple[str, str, str], Account] = {}
        self._at = {name: at for name in ColumnMapping.model_fields if (at := layout.at(name)) is not None}
        self._days: dict[str, dt.date] = {}
        self._moneys: dict[tuple[str, ...], Money] = {}

    @property
    def everyone(self) -> list[PartyId]:
        return sorted({PartyId(who) for who, _, _ in self._whose()})

    @property
    def numbered(self) -> list[PartyId]:
        """Whose accounts have to be looked up: of those alone that say a number."""
        return sorted({PartyId(who) for who, label, _ in self._whose() if label})

    def enrol(self, holders: Holders) -> None:
        """Find, or make, the account of every party, number and currency in the table. Raises InvalidStatement."""
        kind_of = AccountKind.CARD if self.card else AccountKind.CURRENT
        for key in sorted(self._whose()):
            try:
                self.accounts[key] = holders.account(PartyId(key[0]), key[1], key[2], kind_of)
            except InvalidInput as error:
                raise InvalidStatement(self.file, None, self.layout.columns.account, str(error)) from error

    def _whose(self) -> set[tuple[str, str, str]]:
        return {
            (who if self.party is None else str(self.party), label or self.label, currency)
            for who, label, currency in self.layout.whose
        }

    def transactions(self, kinds: Kinds) -> Iterator[Transaction]:
        """Every row that went through, in the order of the file but for credits that nothing speaks for: they come last."""
        later: list[tuple[_Row, Status]] = []
        seen: dict[AccountId, dict[str, int]] = {account.id: {} for account in self.accounts.values()}
        self.void = 0
        for done, row in enumerate(self._rows()):
            kinds.progress(done)
            status = self._status(row)
            if status is None:
                self.void += 1
                continue
            if row.source_id is not None:
                self._check_repeat(row, seen[row.account.id])
            leaves = row.amount.minor <= 0
            told = kind(self.card, leaves, self._said(row, "kind") or "", self._said(row, "category") or "", row.text)
            found = kinds.decide(row.account, leaves, row.text, told)
            if found is None:
                later.append((row, status))
                continue
            yield self._transaction(row, found, status)
        for row, status in later:
            yield self._transaction(row, kinds.of_credit(row.account, row.text), status)

    def _transaction(self, row: _Row, told: Kind, status: Status) -> Transaction:
        value_on = self._said(row, "value_date")
        return Transaction(
            account=row.account.id,
            source_id=row.source_id,
            booked_on=row.booked_on,
            amount=row.amount,
            text=row.text,
            kind=told,
            status=status,
            value_on=self._day(row.line, value_on, "value_date") if value_on else None,
            mcc=self._said(row, "mcc"),
            bank_category=self._said(row, "category"),
            counterparty=self._said(row, "counterparty"),
            reference=self._said(row, "reference"),
        )

    def _said(self, row: _Row, field: str) -> str | None:
        """What a row has in the column of a field; None where it is blank or there is no such column."""
        at = self._at.get(field)
        return None if at is None else row.fields[at].strip() or None

    def _rows(self) -> Iterator[_Row]:
        layout, at = self.layout, self._at
        texts = [at[name] for name in ("text", "counterparty", "kind", "reference") if name in at]
        columns = ("amount", "direction") if layout.columns.amount else ("debit", "credit")
        moved = [at[name] for name in columns if name in at]
        date, party, label, unit, number = at["date"], at.get("party"), at.get("account"), at.get("currency"), at.get("id")
        for line, fields in self.sheet.records(layout.delimiter):
            if line <= layout.header_line:
                continue
            currency = (unit is not None and fields[unit].strip().upper()) or layout.currency
            whose = (
                str(self.party) if party is None else fields[party],
                (label is not None and fields[label].strip()) or self.label,
                currency,
            )
            yield _Row(
                line,
                self.accounts[whose],
                None if number is None else fields[number].strip() or None,
                self._day(line, fields[date], "date"),
                self._amount(line, [fields[place] for place in moved], currency),
                self._text(line, fields, texts),
                fields,
            )

    def _text(self, line: int, fields: list[str], places: list[int]) -> str:
        """The statement text, or what the row says instead where that is blank; on one line."""
        for place in places:
            if text := " ".join(fields[place].split()):
                return text
        raise self._wrong(line, "text", InvalidInput("there is no text"))

    def _day(self, line: int, text: str, field: str) -> dt.date:
        day = self._days.get(text)
        if day is None:
            try:
                day = self._days[text] = read_date(text, self.layout.day_first)
            except InvalidInput as error:
                raise self._wrong(line, field, error) from error
        return day

    def _amount(self, line: int, written: list[str], currency: str) -> Money:
        """What moved, negative when it leaves the account."""
        key = (currency, *written)
        money = self._moneys.get(key)
        if money is None:
            columns = self.layout.columns
            moved = self._one_column if columns.amount else self._two_columns
            money = self._moneys[key] = moved(line, written, currency)
        return money

    def _one_column(self, line: int, written: list[str], currency: str) -> Money:
        amount, mark = self._read(line, "amount", written[0], currency)
        leaves = mark == "DR" if mark else None
        if len(written) == 2:
            leaves = outgoing(written[1])
            if leaves is None:
                raise self._wrong(line, "direction", InvalidInput(f"{written[1]!r} says neither debit nor credit"))
        if leaves is None:
            return -amount if self.layout.sign is Sign.SPENDING_POSITIVE else amount
        return -abs(amount) if leaves else abs(amount)

    def _two_columns(self, line: int, written: list[str], currency: str) -> Money:
        """A column of what leaves and one of what comes in; the other one is empty or zero."""
        nothing = Money(minor=0, currency=currency)
        debit, credit = (
            self._read(line, field, text, currency).money if text.strip() else nothing
            for field, text in zip(("debit", "credit"), written, strict=True)
        )
        if not any(text.strip() for text in written):
            raise self._wrong(line, "debit", InvalidInput("there is no amount, here or among the credits"))
        if debit.minor and credit.minor:
            raise self._wrong(line, "debit", InvalidInput("there is an amount here and among the credits"))
        return credit + debit if self.layout.debits_negative else credit - debit

    def _read(self, line: int, field: str, text: str, currency: str) -> Amount:
        try:
            return read_amount(text, currency, self.layout.decimal_mark)
        except InvalidAmount as error:
            raise self._wrong(line, field, error) from error

    def _status(self, row: _Row) -> Status | None:
        """None for what never went through."""
        said = self._said(row, "status") or ""
        word = said.casefold()
        if word in _BOOKED:
            return Status.BOOKED
        if word in _PENDING:
            return Status.PENDING
        if word in _VOID:
            return None
        raise self._wrong(row.line, "status", InvalidInput(f"{said!r} is not a status that is known here"))

    def _check_repeat(self, row: _Row, seen: dict[str, int]) -> None:
        """seen: what each source id of the account stands for, as a hash."""
        content = hash((row.booked_on, row.amount.minor, row.text))
        if seen.setdefault(str(row.source_id), content) != content:
            who = (row.account, row.source_id)
            first = next(other.line for other in self._rows() if (other.account, other.source_id) == who)
            raise self._wrong(
                row.line, "id", InvalidInput(f"{row.source_id!r} stands in line {first} already, for something else")
            )

    def _wrong(self, line: int, field: str, error: InvalidInput) -> InvalidStatement:
        return InvalidStatement(self.file, line, getattr(self.layout.columns, field), str(error))
