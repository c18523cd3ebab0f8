"""What the identity service keeps: things under a name that cannot be guessed, until they expire or are taken."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.sandbox.tokens import private_file

Held = Mapping[str, Any]

MAX_WAITING = 1000
TIDY_FROM = 20


class Waiting:
    """Each thing is a file, so that what one process of the bank began can be taken up by another, and by one alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, held: Held, expires: dt.datetime, now: dt.datetime, name: str | None = None) -> str:
        """Keep a thing; returns its name, a new one where none is given. The oldest make room for it."""
        name = name or secrets.token_urlsafe(24)
        draft = private_file(self._path(name), json.dumps({**held, "expires": expires.isoformat()}))
        self._tidy(now)
        draft.replace(self._path(name))
        return name

    def look(self, name: str, now: dt.datetime) -> Held | None:
        held = _read(self._path(name))
        return held if held is not None and _expires(held) > now else None

    def take(self, name: str, now: dt.datetime) -> Held | None:
        held = self.look(name, now)
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return None
        return held

    def _tidy(self, now: dt.datetime) -> None:
        waiting = sorted((path for path in self.folder.iterdir() if not path.suffix), key=_written_at)
        for place, path in enumerate(waiting if len(waiting) > TIDY_FROM else ()):
            held = _read(path)
            if held is None or _expires(held) <= now or len(waiting) - place >= MAX_WAITING:
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        # A name comes from outside; its digest is a file name and nothing else.
        return self.folder / hashlib.sha256(name.encode()).hexdigest()


class Once:
    """Names that may be used once. Each is a file that carries, as the time of its change, until when it is remembered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def first(self, name: str, until: dt.datetime, now: dt.datetime) -> bool:
        """Whether this is the first use of a name, which is a digest in hexadecimal digits."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self.folder.iterdir():
            if not path.suffix and _written_at(path) < now.timestamp():
                path.unlink(missing_ok=True)
        draft = private_file(self.folder / name, "")
        os.utime(draft, (until.timestamp(), until.timestamp()))
        try:
            os.link(draft, self.folder / name)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True


def _expires(held: Held) -> dt.datetime:
    return dt.datetime.fromisoformat(held["expires"])


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(path: Path) -> Held | None:
    try:
        held: Held = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return held
