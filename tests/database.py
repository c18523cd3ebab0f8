"""The databases that tests write to: SQLite files, or databases of the PostgreSQL server that COUNTERFOIL_TEST_POSTGRES names.

That URL is of a server whose databases may be made and dropped, as `make test-postgres` starts one: each path that a test
asks for is a database of its own there.
"""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import pytest
from sqlalchemy import Engine, NullPool, create_engine, inspect, make_url, text

from data.store import connect

SERVER = os.environ.get("COUNTERFOIL_TEST_POSTGRES", "")

on_postgres = pytest.mark.skipif(not SERVER, reason="there is no PostgreSQL here: make test-postgres")

_made: dict[Path, str] = {}
_free: list[str] = []


def database(path: Path) -> str:
    """The URL of the database of a path. A new one has its tables, which take longer to make than most tests, and no rows."""
    if not SERVER:
        if not path.exists():
            shutil.copy(_blank_file(), path)
        return f"sqlite:///{path}"
    if path not in _made:
        if not _free:
            _free.append(f"t_{uuid4().hex}")
            _run(f"CREATE DATABASE {_free[0]} TEMPLATE {_blank_database()}")
        _made[path] = _url(_free.pop())
    return _made[path]


def empty(path: Path) -> str:
    """The URL of a database without even tables."""
    if not SERVER:
        return f"sqlite:///{path}"
    name = f"t_{uuid4().hex}"
    _run(f"CREATE DATABASE {name}")
    _made[path] = _url(name)
    return _made[path]


def mark() -> int:
    return len(_made)


def give_back_since(place: int) -> None:
    """Empty what was made after a mark, for the next tests; connections that tests have left open end."""
    for path in list(_made)[place:]:
        url = make_url(_made.pop(path))
        _run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.database}'")
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            tables = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
            if tables:
                connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
                _free.append(str(url.database))


@cache
def _blank_file() -> Path:
    path = Path(mkdtemp(prefix="counterfoil-")) / "blank.db"
    connect(f"sqlite:///{path}").dispose()
    return path


@cache
def _blank_database() -> str:
    name = f"blank_{uuid4().hex}"
    _run(f"CREATE DATABASE {name}")
    connect(_url(name)).dispose()
    return name


def _url(name: str) -> str:
    return make_url(SERVER).set(database=name).render_as_string(hide_password=False)


@cache
def _server() -> Engine:
    return create_engine(SERVER, isolation_level="AUTOCOMMIT")


def _run(statement: str) -> None:
    with _server().connect() as connection:
        connection.execute(text(statement))
