"""How the owner of the index and those who ask it talk: length-prefixed JSON and raw float32 over a local socket."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LENGTHS = struct.Struct("!II")
LIMIT = 64 << 20

Message = dict[str, Any]


def frame(message: Message, blob: bytes = b"") -> bytes:
    text = json.dumps(message, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(text), len(blob)) + text + blob


async def read(reader: asyncio.StreamReader) -> tuple[Message, bytes]:
    """The next message. Raises IncompleteReadError at the end of the stream, ConnectionError for what is not one of ours."""
    text_bytes, blob_bytes = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    if text_bytes + blob_bytes > LIMIT:
        raise ConnectionError(f"a message of {text_bytes + blob_bytes} bytes is over the limit")
    text = await reader.readexactly(text_bytes)
    blob = await reader.readexactly(blob_bytes)
    return json.loads(text), blob


@contextmanager
def address(folder: Path) -> Iterator[str]:
    """The path of the socket in a folder, by way of a descriptor: a socket's path may have 107 bytes, a folder's any number."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/socket"
    finally:
        os.close(descriptor)
