"""The database: one engine for the ledger and the records, brought to the newest migration."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zlib import crc32

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, false, func, make_url, select, update
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from data.errors import DatabaseUnavailable, InvalidInput
from data.tables import PartyRow

# Of PostgreSQL's advisory locks, which are numbers: ours are those of a first number, and the first of these is for migrations.
LOCKS = 20_240
MIGRATING = 0
SLOTS = 1024
CONNECT_S = 10
# Alembic's environment belongs to the whole process.
_MIGRATES = threading.Lock()


def _pragmas(connection: Any, _record: Any) -> None:
    # WAL lets readers go on while an import writes; NORMAL loses no committed row when a process dies.
    if isinstance(connection, sqlite3.Connection):
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "cache_size=-32000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def connect(url: str) -> Engine:
    """Open the database at an SQLAlchemy URL and migrate it: sqlite:///counterfoil.db, or postgresql://name@host/database.

    Raises DatabaseUnavailable when it does not answer, and InvalidInput for a URL of anything else. Neither tells a password.
    """
    where = _read(url)
    server = where.get_backend_name() != "sqlite"
    try:
        engine = create_engine(where, pool_pre_ping=server, connect_args={"connect_timeout": CONNECT_S} if server else {})
    except ModuleNotFoundError as error:
        raise InvalidInput(f"PostgreSQL is reached by an extra that is not installed: counterfoil[postgres] ({error})") from error
    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "handle_error", _unavailable)
    try:
        with engine.begin() as connection:
            if server:
                # Of several processes that start together one migrates, and the others find it done.
                connection.execute(select(func.pg_advisory_xact_lock(LOCKS, MIGRATING)))
            migrate(connection)
    except DatabaseUnavailable as error:
        engine.dispose()
        raise DatabaseUnavailable(f"the database {where.render_as_string()} cannot be used: {error}") from error
    return engine


def _unavailable(failure: ExceptionContext) -> None:
    """A server that is gone, a disk that is full, a lock that is not given in time: the answer is to come back later."""
    if isinstance(failure.sqlalchemy_exception, OperationalError):
        raise DatabaseUnavailable(_first_line(failure.original_exception)) from failure.original_exception


def _read(url: str) -> URL:
    try:
        where = make_url(url)
        if where.drivername in ("postgresql", "postgres"):
            where = where.set(drivername="postgresql+psycopg")
        backend = where.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise InvalidInput("the URL of the database cannot be read; it looks like postgresql://name@host/database") from error
    if where.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise InvalidInput(
            f"{where.drivername!r} is not a database that can be used here ({backend}): sqlite or postgresql+psycopg"
        )
    return where


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), "it does not answer")


def lock(connection: Connection, keys: Iterable[str]) -> None:
    """Let others who lock one of the keys wait until this transaction ends.

    SQLite has one writer: it is this transaction from here on. On PostgreSQL keys share a limited number of locks, which are
    taken in one order, so that nobody waits in a circle. Lock once in a transaction, and before reading what it will change.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(update(PartyRow).where(false()).values(name=""))
        return
    for slot in sorted({1 + crc32(key.encode()) % SLOTS for key in keys}):
        connection.execute(select(func.pg_advisory_xact_lock(LOCKS, slot)))


def migrate(connection: Connection, revision: str = "head") -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    with _MIGRATES:
        command.upgrade(config, revision)
