"""A delimited text file as records that know the physical line they start on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

from data.errors import InvalidStatement

DELIMITERS = (",", ";", "\t")
# Banks put the account and the period above the header; it is looked for among this many records.
HEAD = 20

Record = tuple[int, list[str]]


class Sheet:
    """The text of one file. Records are read again as often as wanted: the file itself is read once."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text

    @classmethod
    def of(cls, file: str, raw: bytes) -> Sheet:
        """Read UTF-8 text; a byte order mark may stand first. Raises InvalidStatement when it is empty or not such text."""
        text = _decoded(file, raw)
        if not text.strip():
            raise InvalidStatement(file, None, None, "it is empty")
        return cls(file, text)

    def records(self, delimiter: str) -> Iterator[Record]:
        """(Line it starts on, counted from 1; its fields). Records without any text are passed over."""
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=delimiter, strict=True)
        while True:
            start = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise self._unreadable(start, error) from error
            if any(map(str.strip, fields)):
                yield start, fields

    def head(self, delimiter: str) -> list[Record]:
        return list(islice(self.records(delimiter), HEAD))

    def _unreadable(self, line: int, error: csv.Error) -> InvalidStatement:
        reason = str(error)
        if "end of data" in reason or "limit" in reason:
            return InvalidStatement(self.file, line, None, "a quotation mark is opened here and never closed")
        if "expected after" in reason:
            return InvalidStatement(self.file, line, None, "there is text between a closing quotation mark and the next field")
        return InvalidStatement(self.file, line, None, reason)


def _decoded(file: str, raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidStatement(file, None, None, "it is UTF-16 text; save it as CSV UTF-8 and import that")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        reason = f"byte 0x{raw[error.start]:02x} is not UTF-8; save the statement as CSV UTF-8 and import that"
        raise InvalidStatement(file, line, None, reason) from error
    if "\0" in text:
        raise InvalidStatement(file, text.count("\n", 0, text.index("\0")) + 1, None, "it is not a text file")
    return text
