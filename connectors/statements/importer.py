"""Statement files into the ledger: each file whole or not at all.

Which account a file is of is said in it (see `accounts`), and so is which row is which: an id within its format, and across
formats the day, the amount and the currency (see `data.ledger`).
"""

from __future__ import annotations

import datetime as dt
import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from connectors.statements import camt, ofx, swift
from connectors.statements.accounts import Holders
from connectors.statements.columns import ColumnMapping
from connectors.statements.exports import Entry, Export, Stated, difference
from connectors.statements.files import Content, Format, contents
from connectors.statements.kinds import Kinds, kind
from connectors.statements.layout import Layout, Sign, look
from connectors.statements.sheet import Sheet
from connectors.statements.table import Table
from data.banking import Account, AccountKind, Kind, StatedBalance, Status, Transaction
from data.errors import InvalidInput, InvalidStatement
from data.ledger import Added, Ledger, Writing
from data.money import Money
from data.party import AccountId, Frozen, PartyId

MOST_BYTES = 64 * 1024 * 1024
PROGRESS_ROWS = 2000
READERS = {Format.OFX: ofx.read, Format.MT940: swift.read, Format.CAMT: camt.read}


class Imported(Frozen):
    """What one file brought. rows: all in the file; void: of them, those that the bank says never went through.

    unchanged: held already, from a file of this format or of another one. layouts: of the tables in it. closing: the newest
    balance that it states of each account, with the account's name. warnings: what does not add up, for a person.
    """

    file: str
    rows: int
    added: int
    corrected: int
    unchanged: int
    void: int
    parties: int
    formats: tuple[Format, ...]
    layouts: tuple[Layout, ...]
    closing: tuple[tuple[str, StatedBalance], ...]
    warnings: tuple[str, ...]
    seconds: float


class Preview(Frozen):
    """How one export would be read; only tables have a layout."""

    file: str
    format: Format
    layout: Layout | None = None


# (rows read so far, rows of the file)
Progress = Callable[[int, int], None]


class Part(Protocol):
    """One export of a file, read as far as is needed to know how many rows it has and whose they are.

    everyone: its parties. numbered: those whose accounts it names by a number. complete: see `Ledger.add_stream`.
    """

    source: str
    rows: int
    void: int

    @property
    def everyone(self) -> list[PartyId]: ...

    @property
    def numbered(self) -> list[PartyId]: ...

    @property
    def accounts(self) -> Mapping[tuple[str, str, str], Account]: ...

    @property
    def balances(self) -> Sequence[StatedBalance]: ...

    @property
    def complete(self) -> Mapping[AccountId, dt.date]: ...

    @property
    def warnings(self) -> Sequence[str]: ...

    def enrol(self, holders: Holders) -> None: ...

    def transactions(self, kinds: Kinds) -> Iterator[Transaction]: ...


def preview(
    path: Path,
    *,
    party_column: str | None = None,
    currency: str | None = None,
    sign: Sign | None = None,
    mapping: ColumnMapping | None = None,
    max_bytes: int = MOST_BYTES,
) -> tuple[Preview, ...]:
    """How a file would be read; raises InvalidStatement as `import_file` does, but no row's values are read."""
    given = _given(mapping, party_column)
    return tuple(
        Preview(
            file=one.file,
            format=one.format,
            layout=look(Sheet.of(one.file, one.raw), given, currency, sign) if one.format is Format.TABLE else None,
        )
        for one in contents(path, max_bytes)
    )


def import_file(
    path: Path,
    ledger: Ledger,
    *,
    now: dt.datetime,
    party: PartyId | None = None,
    party_column: str | None = None,
    account: str = "",
    currency: str | None = None,
    sign: Sign | None = None,
    mapping: ColumnMapping | None = None,
    max_bytes: int = MOST_BYTES,
    progress: Progress | None = None,
) -> Imported:
    """Import a file in one transaction: a table of text, OFX, MT940, camt.053, or a zip archive of any of these.

    The same file again adds nothing, nor do rows that another format brought before; real repeats are kept.
    Either `party` or the column of a table that names each row's party, verbatim. account: the number of the account, where
    a table does not say it. currency: of rows that do not say theirs; GBP unless the header says another. Every party gets an
    account of files for each account number and currency.
    max_bytes: of the file, and of what it holds once it is unpacked.
    Raises InvalidStatement with file, line and field at the first thing that cannot be read; nothing is stored then.
    """
    if (party is None) == (party_column is None):
        raise InvalidInput("a statement needs either a party or the column that names it")
    started = time.perf_counter()
    given = _given(mapping, party_column)
    parts: list[Part] = []
    layouts: list[Layout] = []
    formats: list[Format] = []
    for one in contents(path, max_bytes):
        formats.append(one.format)
        if one.format is Format.TABLE:
            sheet = Sheet.of(one.file, one.raw)
            layouts.append(look(sheet, given, currency, sign))
            parts.append(Table(sheet, layouts[-1], party, account))
        else:
            parts += _exports(one, party)
    told = _Told(progress, sum(part.rows for part in parts))
    done, parties = Added(), set[str]()
    with _no_search_for_cycles(), ledger.writing({who for part in parts for who in part.everyone}) as connection:
        for part in parts:
            done += _store(part, ledger, now, connection, told)
            parties.update(who for who, _, _ in part.accounts)
    told.finish()
    names = {account.id: account.name for part in parts for account in part.accounts.values()}
    closing = {balance.account: balance for balance in sorted((b for p in parts for b in p.balances), key=lambda b: b.on)}
    return Imported(
        file=str(path),
        rows=told.total,
        added=done.added,
        corrected=done.corrected,
        unchanged=done.unchanged,
        void=sum(part.void for part in parts),
        parties=len(parties),
        formats=tuple(dict.fromkeys(formats)),
        layouts=tuple(layouts),
        closing=tuple((names[account], balance) for account, balance in closing.items()),
        warnings=tuple(warning for part in parts for warning in part.warnings),
        seconds=time.perf_counter() - started,
    )


def _given(mapping: ColumnMapping | None, party_column: str | None) -> ColumnMapping:
    return (mapping or ColumnMapping()).model_copy(update={"party": party_column or ""})


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


class _Told:
    """Progress over all parts of a file."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.told, self.total, self.before = progress, total, 0

    def __call__(self, done: int) -> None:
        if self.told is not None and done % PROGRESS_ROWS == 0:
            self.told(self.before + done, self.total)

    def finish(self) -> None:
        if self.told is not None:
            self.told(self.total, self.total)


def _store(part: Part, ledger: Ledger, now: dt.datetime, connection: Writing, told: _Told) -> Added:
    holders = Holders(ledger.from_files(part.numbered, connection))
    part.enrol(holders)
    ledger.enrol(*holders.enrolled(), on=connection)
    accounts = {account.id for account in part.accounts.values() if account.kind is not AccountKind.CARD}
    kinds = Kinds(lru_cache(maxsize=1 << 16)(ledger.texts.descriptor), ledger.bought_from(sorted(accounts), connection), told)
    done = ledger.add_stream(part.transactions(kinds), now, connection, part.source, part.complete)
    ledger.put_stated(part.balances, connection)
    told.before += part.rows
    return done


def _exports(content: Content, party: PartyId | None) -> list[_Exports]:
    """The statements in one file, those of one source together: repeats are counted over a whole file."""
    if party is None:
        raise InvalidStatement(content.file, None, None, "it has no columns, so it needs the party whose account it is of")
    by_source: dict[str, list[Export]] = {}
    for export in READERS[content.format](content.file, content.raw):
        by_source.setdefault(export.source, []).append(export)
    return [_Exports(content.file, source, exports, party) for source, exports in by_source.items()]


class _Exports:
    """Statements of one file in one format, of a party."""

    def __init__(self, file: str, source: str, exports: Sequence[Export], party: PartyId) -> None:
        self.file, self.source, self.exports, self.party = file, source, exports, party
        self.rows = sum(len(export.entries) for export in exports)
        self.void = 0
        self.accounts: dict[tuple[str, str, str], Account] = {}
        self.everyone = self.numbered = [party]

    def enrol(self, holders: Holders) -> None:
        for export in self.exports:
            for currency in dict.fromkeys([export.currency, *(entry.amount.currency for entry in export.entries)]):
                key = (str(self.party), export.identification, currency)
                try:
                    self.accounts[key] = holders.account(self.party, export.identification, currency, export.kind)
                except InvalidInput as error:
                    raise InvalidStatement(self.file, export.line, "account", str(error)) from error

    def _account(self, export: Export, currency: str) -> Account:
        return self.accounts[str(self.party), export.identification, currency]

    def transactions(self, kinds: Kinds) -> Iterator[Transaction]:
        """Every entry that went through, in the order of the file but for credits that nothing speaks for: they come last."""
        later: list[tuple[Account, Entry, Status]] = []
        seen: dict[tuple[AccountId, str], Entry] = {}
        self.void = 0
        for done, (export, entry) in enumerate((one, entry) for one in self.exports for entry in one.entries):
            kinds.progress(done)
            if entry.status is None:
                self.void += 1
                continue
            account = self._account(export, entry.amount.currency)
            if entry.id is not None:
                self._check_repeat(entry, seen.setdefault((account.id, entry.id), entry))
            leaves = entry.amount.minor <= 0
            told = kind(account.kind is AccountKind.CARD, leaves, entry.said, "", entry.text)
            found = kinds.decide(account, leaves, entry.text, told)
            if found is None:
                later.append((account, entry, entry.status))
                continue
            yield _transaction(account, entry, entry.status, found)
        for account, entry, status in later:
            yield _transaction(account, entry, status, kinds.of_credit(account, entry.text))

    def _check_repeat(self, entry: Entry, first: Entry) -> None:
        if (entry.booked_on, entry.amount, entry.text) != (first.booked_on, first.amount, first.text):
            reason = f"{entry.id!r} stands in line {first.line} already, for something else"
            raise InvalidStatement(self.file, entry.line, "id", reason)

    @property
    def balances(self) -> list[StatedBalance]:
        return [
            StatedBalance(
                account=self._account(export, export.currency).id,
                on=export.closing.on,
                booked=export.closing.amount,
                available=_beside(export.available, export.closing),
            )
            for export in self.exports
            if export.closing is not None and export.closing.amount.currency == export.currency
        ]

    @property
    def complete(self) -> dict[AccountId, dt.date]:
        found: dict[AccountId, dt.date] = {}
        for export in self.exports:
            if export.until is not None:
                account = self._account(export, export.currency).id
                found[account] = max(export.until, found.get(account, export.until))
        return found

    @property
    def warnings(self) -> list[str]:
        said = []
        for export in self.exports:
            off = difference(export)
            if off is not None and off.minor and export.opening is not None and export.closing is not None:
                said.append(
                    f"{self.file}: the statement of {export.identification} until {export.closing.on.isoformat()} does not "
                    f"add up: {export.opening.amount} and its entries are {off} away from {export.closing.amount}"
                )
        return said


def _beside(available: Stated | None, closing: Stated) -> Money | None:
    """The available balance, where it is of the same day and currency."""
    fits = available is not None and (available.on, available.amount.currency) == (closing.on, closing.amount.currency)
    return available.amount if available is not None and fits else None


def _transaction(account: Account, entry: Entry, status: Status, told: Kind) -> Transaction:
    return Transaction(
        account=account.id,
        source_id=entry.id,
        booked_on=entry.booked_on,
        amount=entry.amount,
        text=entry.text,
        kind=told,
        status=status,
        value_on=entry.value_on,
        mcc=entry.mcc,
        counterparty=entry.counterparty,
        reference=entry.reference,
        original=entry.original,
        rate=entry.rate,
    )
