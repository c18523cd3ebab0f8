"""What a path holds: one export, or a zip archive of several; the format of each is told by its content."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from data.errors import InvalidStatement
from data.ledger import TABLE

MOST_FILES = 1000
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
# How far into a file its format shows.
_LOOK = 4096
_OFX = re.compile(rb"\s*(?:OFXHEADER\s*:|(?:<\?xml[^>]*\?>\s*)?(?:<\?OFX\b[^>]*\?>\s*)?<OFX>)", re.IGNORECASE)
_XML = re.compile(rb"\s*<(?:\?xml|!--|!DOCTYPE|[A-Za-z])")
_MT940 = re.compile(rb"^:20:", re.MULTILINE)
_MT940_ACCOUNT = re.compile(rb"^:25[A-Z]?:", re.MULTILINE)
# What archivers of desktops put beside the files of people.
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


class Format(StrEnum):
    TABLE = TABLE
    OFX = "ofx"
    MT940 = "mt940"
    CAMT = "camt"


class Content(NamedTuple):
    """One export. file: its path, in an archive followed by its name there."""

    file: str
    raw: bytes
    format: Format


def contents(path: Path, max_bytes: int) -> list[Content]:
    """The exports at a path, in the order of the archive where it is one.

    max_bytes: of the file, and of all that an archive holds once it is unpacked; what is over is never unpacked whole.
    Raises InvalidStatement for what is not there, too large, empty, or an archive that cannot be read.
    """
    file = str(path)
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= max_bytes else b""
    except OSError as error:
        raise InvalidStatement(file, None, None, f"it cannot be read: {error.strerror}") from error
    if size > max_bytes:
        raise InvalidStatement(file, None, None, f"it has {size:,} bytes; a statement may have up to {max_bytes:,}")
    if raw.startswith((_ZIP, _EMPTY_ZIP)):
        return _unpacked(file, raw, max_bytes)
    return [Content(file, raw, recognised(file, raw))]


def recognised(file: str, raw: bytes) -> Format:
    """The format that content has, whatever its name; a table of text where nothing else speaks. Raises InvalidStatement."""
    head = raw[:_LOOK].removeprefix(b"\xef\xbb\xbf")
    if raw.startswith((b"\xff\xfe<\x00", b"\xfe\xff\x00<")):
        head = raw[: 2 * _LOOK].decode("utf-16", "replace").encode()
    if _OFX.match(head):
        return Format.OFX
    if _MT940.search(head) and _MT940_ACCOUNT.search(head):
        return Format.MT940
    if not _XML.match(head):
        return Format.TABLE
    if b"camt.05" in head or b"BkToCstmr" in head:
        return Format.CAMT
    raise InvalidStatement(file, None, None, "it is XML, but neither OFX nor a camt.053 statement")


def _unpacked(file: str, raw: bytes, max_bytes: int) -> list[Content]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [m for m in archive.infolist() if not (m.is_dir() or _is_litter(m.filename))]
            _check_members(file, members, max_bytes)
            left = max_bytes
            found = []
            for member in members:
                name = f"{file}/{member.filename}"
                # What the archive says of its sizes may be a lie: no more is unpacked than may be.
                with archive.open(member) as packed:
                    content = packed.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise _too_large(file, max_bytes)
                if content.startswith(_ZIP):
                    raise InvalidStatement(name, None, None, "it is an archive inside an archive; unpack it and import that")
                found.append(Content(name, content, recognised(name, content)))
            return found
    # zipfile has no error of its own for all of it: a broken stream, a password (RuntimeError), an unknown kind of packing.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError) as error:
        raise InvalidStatement(file, None, None, f"it is a zip archive that cannot be read: {error}") from error


def _check_members(file: str, members: list[zipfile.ZipInfo], max_bytes: int) -> None:
    if any(m.filename == "[Content_Types].xml" for m in members):
        raise InvalidStatement(file, None, None, "it is a spreadsheet or a document; save it as CSV UTF-8 and import that")
    if not members:
        raise InvalidStatement(file, None, None, "it is an archive without a file in it")
    if len(members) > MOST_FILES:
        raise InvalidStatement(file, None, None, f"it has {len(members):,} files; an archive may have up to {MOST_FILES:,}")
    if any(m.flag_bits & 1 for m in members):
        raise InvalidStatement(file, None, None, "it is locked with a password; unpack it and import what is in it")
    if sum(m.file_size for m in members) > max_bytes:
        raise _too_large(file, max_bytes)


def _too_large(file: str, max_bytes: int) -> InvalidStatement:
    return InvalidStatement(file, None, None, f"unpacked it is larger than the {max_bytes:,} bytes that a statement may have")


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part in _LITTER or part.startswith("._") for part in parts)
