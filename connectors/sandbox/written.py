"""What customers had done, beside the books that the calendar writes: one SQLite file, good for several processes at once.

Everything has the moment at which it was done, and is seen from that moment on. Whoever writes holds the file's one write
lock from the first look at a balance until the money has moved, so that two payments cannot both spend the last pound.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from connectors.sandbox.books import BankAccount, Books, Entry, FuturePayment, Payee, digest
from connectors.sandbox.calendar import LONDON
from connectors.sandbox.households import households

Json = dict[str, Any]
# How long to wait for another process to end its writing; less than a client waits for an answer.
WAITS_S = 8.0
# A payment that is due and cannot be paid is tried once more, at this hour of the same day.
SECOND_TRY = dt.time(15)
INSUFFICIENT = "AM04"
TABLES = """
create table generation (number integer not null);
insert into generation values (0);
create table answers (
    customer text, path text, key text, body text, status integer, answer text, primary key (customer, path, key)
);
create table consents (
    id text primary key, customer text, kind text, account text, status text, initiation text, created_at text,
    status_at text, cut_off text, executes_at text
);
create table payments (
    id text primary key, consent text unique, customer text, kind text, account text, status text, reason text,
    created_at text, executes_at text, settled integer, name text, number text, minor integer, reference text
);
create table entries (
    id text primary key, account text, minor integer, text text, code text, at text, counterparty text, number text,
    reference text
);
create table payees (id text primary key, account text, name text, number text, reference text, at text);
create table cards (card text, what text, reason text, at text, arrives_on text);
"""


class KeyUsed(Exception):
    """An idempotency key that came before with something else."""


class CardState(NamedTuple):
    """what: "freeze", "unfreeze" or "replace". reason, arrives_on: of a replacement, and the day it arrives."""

    what: str
    reason: str | None
    arrives_on: dt.date | None


class Written:
    """The store. path: the file, made when something is first written. books: the books that the calendar writes."""

    def __init__(self, path: Path, books: Callable[[dt.datetime], Books] = households) -> None:
        self.path = path
        self.books = books
        self._one = threading.Lock()
        self._merged: tuple[Books, int, Books] | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with closing(self._open()) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is there afterwards, or nothing."""
        with self._one, closing(self._open()) as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("update generation set number = number + 1")
            db.execute("commit")

    def _open(self) -> sqlite3.Connection:
        if not self.path.exists():
            _make(self.path)
        db = sqlite3.connect(self.path, timeout=WAITS_S, isolation_level=None)
        db.row_factory = sqlite3.Row
        return db

    def once(
        self, customer: str, path: str, key: str, body: str, act: Callable[[sqlite3.Connection], tuple[int, Json]]
    ) -> tuple[int, Json]:
        """Do something and keep its answer, or give the answer kept under the key. Raises KeyUsed.

        What act raises undoes everything, and the key with it.
        """
        with self.writing() as db:
            where = (customer, path, key)
            kept = db.execute("select * from answers where customer = ? and path = ? and key = ?", where).fetchone()
            if kept is not None:
                if kept["body"] != body:
                    raise KeyUsed(key)
                return kept["status"], json.loads(kept["answer"])
            status, answer = act(db)
            db.execute("insert into answers values (?, ?, ?, ?, ?, ?)", (*where, body, status, json.dumps(answer)))
            return status, answer

    def over(self, books: Books, now: dt.datetime) -> Books:
        """The books with all that was written here: what is dated after `now` is for the reader to leave out."""
        if not self.path.exists():
            return books
        with self.reading() as db:
            if db.execute("select 1 from payments where settled = 0 and executes_at <= ?", (stored(now),)).fetchone():
                with self.writing() as writer:
                    self.settle(writer, now)
            number = db.execute("select number from generation").fetchone()["number"]
            merged = self._merged
            if merged is None or merged[0] is not books or merged[1] != number:
                merged = self._merged = (books, number, _merged(db, books))
        return merged[2]

    def available(self, db: sqlite3.Connection, account: BankAccount, at: dt.datetime) -> int:
        """What the account can pay at a moment, its arranged overdraft included, in minor units.

        What left it counts whenever it was: a clock that is put back gives nobody the same money twice.
        """
        books = self.books(at)
        query = "select coalesce(sum(minor), 0) from entries where account = ? and (minor < 0 or at <= ?)"
        moved = db.execute(query, (account.id, stored(at))).fetchone()[0]
        booked: int = books.booked(account.id, at) + books.held(account.id, at) + moved
        return booked + account.overdraft

    def settle(self, db: sqlite3.Connection, now: dt.datetime) -> None:
        """Make the payments of later days whose time has come."""
        due = db.execute(
            "select * from payments where settled = 0 and executes_at <= ? order by executes_at, rowid", (stored(now),)
        ).fetchall()
        for row in due:
            first = moment(row["executes_at"])
            second = dt.datetime.combine(first.date(), SECOND_TRY, LONDON)
            account = self.books(first).accounts[row["account"]]
            paid_at = next((at for at in (first, second) if at <= now and self.available(db, account, at) >= row["minor"]), None)
            if paid_at is not None:
                self.book(db, account, row, paid_at)
                db.execute("update payments set settled = 1 where id = ?", (row["id"],))
            elif second <= now:
                db.execute("update payments set settled = 1, status = 'RJCT', reason = ? where id = ?", (INSUFFICIENT, row["id"]))

    def book(
        self, db: sqlite3.Connection, debtor: BankAccount, payment: Mapping[str, Any] | sqlite3.Row, at: dt.datetime
    ) -> None:
        """Move the money of a payment: out of the account and, where the payee's is here too, into it."""
        books = self.books(at)
        creditor = next((one for one in books.accounts.values() if one.number == payment["number"]), None)
        name, reference, minor = payment["name"].upper(), payment["reference"], payment["minor"]
        if creditor is not None and debtor.shares(creditor):
            rows = [
                (debtor, -minor, f"TFR TO {creditor.name.upper()}", "ICDT/BOOK", creditor.name, creditor.number),
                (creditor, minor, f"TFR FROM {debtor.name.upper()}", "RCDT/BOOK", debtor.name, debtor.number),
            ]
        else:
            rows = [(debtor, -minor, name, "ICDT/DMCT", name, payment["number"])]
            if creditor is not None:
                payer = books.holders(debtor).upper()
                rows.append((creditor, minor, payer, "RCDT/DMCT", payer, debtor.number))
        for account, amount, said, code, other, number in rows:
            shown = f"{said} {reference.upper()}".strip()
            key = f"tx-{digest(account.id, payment['id'])}"
            values = (key, account.id, amount, shown, code, stored(at), other, number, reference or None)
            db.execute("insert into entries values (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def card(self, id: str, now: dt.datetime) -> CardState | None:
        """What was last done to a card by `now`; None when nothing was."""
        if not self.path.exists():
            return None
        with self.reading() as db:
            return card_state(db, id, now)


def _make(path: Path) -> None:
    """A file with empty tables; it appears whole, or another process was first and its file is used."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    with closing(sqlite3.connect(draft)) as db:
        db.execute("pragma journal_mode = wal")
        db.executescript(TABLES)
    draft.chmod(0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def card_state(db: sqlite3.Connection, id: str, now: dt.datetime) -> CardState | None:
    row = db.execute("select * from cards where card = ? and at <= ? order by at desc, rowid desc", (id, stored(now))).fetchone()
    if row is None:
        return None
    return CardState(row["what"], row["reason"], dt.date.fromisoformat(row["arrives_on"]) if row["arrives_on"] else None)


def _merged(db: sqlite3.Connection, books: Books) -> Books:
    """Entries from before the books' first day are in the opening balance, as those of the calendar are."""
    added: dict[str, list[Entry]] = {}
    opening = {**books.opening}
    start = dt.datetime.combine(books.since, dt.time(0), LONDON)
    for row in db.execute("select * from entries"):
        account, at = row["account"], moment(row["at"])
        if at < start:
            opening[account] += row["minor"]
            continue
        added.setdefault(account, []).append(
            Entry(
                row["id"], account, row["minor"], row["text"], row["code"], at, at,
                counterparty=row["counterparty"], counterparty_number=row["number"], reference=row["reference"],
            )
        )  # fmt: skip
    saved = tuple(
        Payee(row["id"], row["account"], row["name"], row["number"], row["reference"], moment(row["at"]))
        for row in db.execute("select * from payees order by rowid")
    )
    planned = tuple(
        FuturePayment(
            row["id"], row["account"], row["name"].upper(), row["number"], row["minor"], row["reference"],
            moment(row["created_at"]).date(), moment(row["executes_at"]).date(), moment(row["created_at"]),
        )
        for row in db.execute("select * from payments where kind = 'scheduled' and status != 'RJCT' order by rowid")
    )  # fmt: skip
    return replace(
        books,
        entries={**books.entries, **{account: _in_order(books.entries[account], rows) for account, rows in added.items()}},
        opening=opening,
        payees=books.payees + saved,
        future_payments=books.future_payments + planned,
    )


def _in_order(entries: tuple[Entry, ...], added: list[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted((*entries, *added), key=lambda entry: (entry.at, entry.id)))


def stored(moment: dt.datetime) -> str:
    """A moment as it is stored: in UTC, so that the order of texts is that of moments."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(LONDON)


def insert(db: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    """A row, its values in the order of the table's columns. table: one of ours, never a caller's text."""
    db.execute(f"insert into {table} values ({', '.join('?' * len(row))})", tuple(row.values()))  # noqa: S608  the names are ours


def new_id(kind: str) -> str:
    return f"{kind}-{uuid4().hex[:24]}"
