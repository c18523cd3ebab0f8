"""A statement file into the ledger: all of it or nothing."""

from __future__ import annotations

import datetime as dt
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from connectors.statements.columns import ColumnMapping
from connectors.statements.kinds import kind
from connectors.statements.layout import Layout, Sign, look, outgoing
from connectors.statements.sheet import Sheet
from connectors.statements.values import Amount, read_amount, read_date
from data.banking import Account, AccountKind, Kind, Status, Transaction
from data.errors import InvalidAmount, InvalidInput, InvalidStatement
from data.ledger import Ledger
from data.money import Money
from data.party import AccountId, Frozen, Grant, GrantSource, Party, PartyId, Role

MOST_BYTES = 64 * 1024 * 1024
PROGRESS_ROWS = 2000
_PENDING = frozenset({"pending", "pdng", "authorised", "authorized", "processing"})
_VOID = frozenset({"declined", "reverted", "failed", "cancelled", "canceled", "rejected", "rjct", "void"})
_BOOKED = frozenset({"", "booked", "book", "completed", "complete", "posted", "settled", "cleared", "processed"})


class Imported(Frozen):
    """What one file brought. rows: all in the file; void: of them, those that the bank says never went through."""

    file: str
    rows: int
    added: int
    corrected: int
    unchanged: int
    void: int
    parties: int
    layout: Layout
    seconds: float


# (rows read so far, rows of the file)
Progress = Callable[[int, int], None]


def preview(
    path: Path,
    *,
    party_column: str | None = None,
    currency: str | None = None,
    sign: Sign | None = None,
    mapping: ColumnMapping | None = None,
    max_bytes: int = MOST_BYTES,
) -> Layout:
    """How a file would be read; raises InvalidStatement as `import_file` does, but no row's values are read."""
    return look(Sheet.open(path, max_bytes), _given(mapping, party_column), currency, sign)


def import_file(
    path: Path,
    ledger: Ledger,
    *,
    now: dt.datetime,
    party: PartyId | None = None,
    party_column: str | None = None,
    currency: str | None = None,
    sign: Sign | None = None,
    mapping: ColumnMapping | None = None,
    max_bytes: int = MOST_BYTES,
    progress: Progress | None = None,
) -> Imported:
    """Import a CSV statement in one transaction; the same file again adds nothing, real repeats are kept.

    Either `party` or the column that names each row's party, verbatim. currency: of rows that do not say theirs;
    GBP unless the header says another. Every party gets an account of a file for each account label and currency.
    Raises InvalidStatement with file, line and field at the first thing that cannot be read; nothing is stored then.
    """
    if (party is None) == (party_column is None):
        raise InvalidInput("a statement needs either a party or the column that names it")
    started = time.perf_counter()
    sheet = Sheet.open(path, max_bytes)
    layout = look(sheet, _given(mapping, party_column), currency, sign)
    statement = _Statement(sheet, layout, party)
    with _no_search_for_cycles(), ledger.engine.begin() as connection:
        ledger.enrol(*statement.holdings(), on=connection)
        bought: set[tuple[AccountId, str]] = set()
        if not statement.card:
            bought = ledger.bought_from(sorted(account.id for account in statement.accounts.values()), connection)
        rows = statement.transactions(lru_cache(maxsize=1 << 16)(ledger.texts.descriptor), bought, progress)
        added = ledger.add_stream(rows, now, connection)
    return Imported(
        file=sheet.file,
        rows=layout.rows,
        added=added.added,
        corrected=added.corrected,
        unchanged=added.unchanged,
        void=statement.void,
        parties=len({who for who, _, _ in statement.accounts}),
        layout=layout,
        seconds=time.perf_counter() - started,
    )


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Rows hold no cycles, and looking for them would take a third of the time of a large file."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _given(mapping: ColumnMapping | None, party_column: str | None) -> ColumnMapping:
    return (mapping or ColumnMapping()).model_copy(update={"party": party_column or ""})


class _Row(NamedTuple):
    """One row of the file, read so far as every row is."""

    line: int
    account: Account
    source_id: str | None
    booked_on: dt.date
    amount: Money
    text: str
    fields: list[str]


class _Statement:
    """One file under its layout. Dates and amounts repeat a lot, so each different one is read once."""

    def __init__(self, sheet: Sheet, layout: Layout, party: PartyId | None) -> None:
        self.sheet, self.layout, self.file = sheet, layout, sheet.file
        self.party = party
        self.card = layout.sign is Sign.SPENDING_POSITIVE
        self.void = 0
        whose = {(who if party is None else str(party), label, currency) for who, label, currency in layout.whose}
        self.accounts = {key: self._account(*key) for key in sorted(whose)}
        self._at = {name: at for name in ColumnMapping.model_fields if (at := layout.at(name)) is not None}
        self._days: dict[str, dt.date] = {}
        self._moneys: dict[tuple[str, ...], Money] = {}

    def _account(self, party: str, label: str, currency: str) -> Account:
        kind_of = AccountKind.CARD if self.card else AccountKind.CURRENT
        name = "Card" if self.card else "Current account"
        # Each part is quoted, so that no party's name can make the id of another's account.
        parts = (party, label or kind_of.value, currency)
        return Account(
            id=AccountId("file:" + "/".join(quote(part, safe="") for part in parts)),
            kind=kind_of,
            name=f"{name} {label[-4:]}".strip(),
            currency=currency,
            identification=label,
        )

    def holdings(self) -> tuple[list[Party], list[Account], list[Grant]]:
        """The parties of the file, their accounts and what lets them see these."""
        parties = [Party(id=PartyId(who), name=who) for who in dict.fromkeys(who for who, _, _ in self.accounts)]
        grants = [
            Grant(party=PartyId(who), account=account.id, role=Role.HOLDER, source=GrantSource.FILE)
            for (who, _, _), account in self.accounts.items()
        ]
        return parties, list(self.accounts.values()), grants

    def transactions(
        self, key: Callable[[str], str], bought: set[tuple[AccountId, str]], progress: Progress | None
    ) -> Iterator[Transaction]:
        """Every row that went through, in the order of the file but for credits that nothing speaks for: they come last.

        key: makes texts comparable. bought: where accounts have purchases already, as (account, comparable text);
        those of the file are added, and a credit that meets one is a refund.
        """
        later: list[tuple[_Row, Status]] = []
        seen: dict[AccountId, dict[str, int]] = {account.id: {} for account in self.accounts.values()}
        self.void = 0
        for done, row in enumerate(self._rows()):
            if progress is not None and done % PROGRESS_ROWS == 0:
                progress(done, self.layout.rows)
            status = self._status(row)
            if status is None:
                self.void += 1
                continue
            if row.source_id is not None:
                self._check_repeat(row, seen[row.account.id])
            leaves = row.amount.minor <= 0
            told = kind(self.card, leaves, self._said(row, "kind") or "", self._said(row, "category") or "", row.text)
            if told is None and not leaves and not self.card:
                later.append((row, status))
                continue
            if told is None:
                told = Kind.PURCHASE if leaves else Kind.REFUND
            if leaves and told is Kind.PURCHASE and not self.card:
                bought.add((row.account.id, key(row.text)))
            yield self._transaction(row, told, status)
        for row, status in later:
            refund = (row.account.id, key(row.text)) in bought
            yield self._transaction(row, Kind.REFUND if refund else Kind.INCOME, status)
        if progress is not None:
            progress(self.layout.rows, self.layout.rows)

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
                "" if label is None else fields[label].strip(),
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
