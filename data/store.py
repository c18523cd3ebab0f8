"""The database: one engine for the ledger and the records, brought to the newest migration."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event


def _pragmas(connection: Any, _record: Any) -> None:
    # WAL lets readers go on while an import writes; NORMAL loses no committed row when a process dies.
    if isinstance(connection, sqlite3.Connection):
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "cache_size=-32000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def connect(url: str) -> Engine:
    """Open the database at an SQLAlchemy URL, such as sqlite:///counterfoil.db, and migrate it."""
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    event.listen(engine, "connect", _pragmas)
    with engine.begin() as connection:
        migrate(connection)
    return engine


def migrate(connection: Connection, revision: str = "head") -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
