"""The database under many hands: SQLite by default, PostgreSQL by URL (make test-postgres runs all of this on it)."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from connectors.categories import Categories
from connectors.statements.importer import import_file
from data.banking import Account, AccountKind, Kind, Transaction
from data.errors import DatabaseUnavailable, InvalidInput
from data.ledger import Ledger, Texts, entry
from data.money import Money
from data.party import AccountId, Grant, GrantSource, Party, PartyId, Role
from data.records import Records
from data.store import connect
from tests.database import database, empty
from tests.formats import camt, mt940, ofx
from tests.test_formats import MONTH, held, wanted

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
ANN = PartyId("ann")
OURS = AccountId("ours")


def ledger(url: str) -> Ledger:
    """A ledger with connections of its own, as another process has."""
    return Ledger(connect(url), Texts(descriptor=str.casefold, template=str.casefold), Categories.load().categorise)


def together(*work: Callable[[], object]) -> list[BaseException]:
    """Do all at once; what went wrong."""
    wrong: list[BaseException] = []
    start = threading.Barrier(len(work))

    def run(one: Callable[[], object]) -> None:
        start.wait()
        try:
            one()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    url = empty(tmp_path / "new.db")
    connect(database(tmp_path / "known.db")).dispose()
    if url.startswith("sqlite"):
        connect(url).dispose()
    assert together(*[lambda: connect(url).dispose()] * 4) == []
    engine = connect(url)
    assert {"entry", "conversation", "alembic_version"} <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_a_customer_who_logs_in_twice_at_once_is_fed_once(tmp_path: Path) -> None:
    url = database(tmp_path / "test.db")
    account = Account(id=OURS, kind=AccountKind.CURRENT, name="Everyday", currency="GBP")
    grant = Grant(party=ANN, account=OURS, role=Role.HOLDER, source=GrantSource.SERVICE)
    rows = [
        Transaction(
            account=OURS,
            source_id=f"t{n}",
            booked_on=NOW.date(),
            amount=Money(minor=-n, currency="GBP"),
            text=f"SHOP {n}",
            kind=Kind.PURCHASE,
        )
        for n in range(1, 200)
    ]
    ledgers = [ledger(url) for _ in range(3)]

    def feed(one: Ledger) -> Callable[[], None]:
        def work() -> None:
            one.put_party(Party(id=ANN, name="Ann"))
            one.put_account(account, GrantSource.SERVICE)
            one.put_grants(ANN, GrantSource.SERVICE, [grant])
            one.add(OURS, rows, NOW)

        return work

    assert together(*map(feed, ledgers)) == []
    with ledgers[0].engine.connect() as connection:
        assert sorted(connection.scalars(select(entry.c.source_id))) == sorted(f"t{n}" for n in range(1, 200))
    assert ledgers[0].grants(ANN) == (grant,)
    assert ledgers[0].waiting() == 199


def test_a_month_imported_in_three_formats_at_once_is_one_month(tmp_path: Path) -> None:
    url = database(tmp_path / "test.db")
    ledgers = []
    for number, raw in enumerate((ofx(MONTH), mt940(MONTH), camt(MONTH))):
        (tmp_path / str(number)).write_bytes(raw)
        ledgers.append(ledger(url))

    def take(number: int) -> Callable[[], object]:
        return lambda: import_file(tmp_path / str(number), ledgers[number], now=NOW, party=ANN)

    assert together(*map(take, range(3))) == []
    assert held(ledgers[0]) == wanted(MONTH)
    assert len(ledgers[0].grants(ANN)) == 1


def test_processes_take_a_conversation_in_turns(tmp_path: Path) -> None:
    url = database(tmp_path / "test.db")
    processes = [Records(connect(url)) for _ in range(4)]
    conversation = processes[0].create(ANN, NOW).id
    taken: Counter[int] = Counter()

    def ask(records: Records) -> Callable[[], None]:
        def work() -> None:
            turn = records.begin(ANN, conversation, "one", NOW)
            taken[turn.number] += 1

        return work

    wrong = together(*map(ask, processes))
    assert [type(error).__name__ for error in wrong] == ["ConversationBusy"] * 3
    assert taken == Counter({1: 1})


def test_times_come_back_as_they_went(tmp_path: Path) -> None:
    records = Records(connect(database(tmp_path / "test.db")))
    asked = dt.datetime(2026, 7, 1, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))
    made = records.create(ANN, asked)
    kept = records.get(ANN, made.id).created_at
    assert kept == asked
    assert kept.tzinfo == dt.UTC


def test_a_message_with_a_character_that_databases_refuse_is_kept_without_it(tmp_path: Path) -> None:
    records = Records(connect(database(tmp_path / "test.db")))
    conversation = records.create(ANN, NOW).id
    records.begin(ANN, conversation, "a\0b", NOW)
    assert [told.message for told in records.turns(ANN, conversation)] == ["ab"]


@pytest.mark.parametrize("url", ["mysql://ann:secret@127.0.0.1/db", "nonsense", "postgresql+asyncpg://ann:secret@127.0.0.1/db"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        connect(url)
    assert "secret" not in str(caught.value)


def test_a_database_that_does_not_answer_is_said_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(DatabaseUnavailable) as caught:
        connect("postgresql://ann:secret@127.0.0.1:1/db")
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)
