"""The import command: shows how a file is read, imports it, and brings the index up to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from api.settings import Settings
from api.wiring import open_bank, open_ledger
from connectors.statements.columns import ColumnMapping
from connectors.statements.importer import import_file, preview
from connectors.statements.layout import Layout, Sign
from data.errors import InvalidInput
from data.party import PartyId

Bar = Callable[[str, str], AbstractContextManager[Callable[[int, int], None]]]


def import_files(
    settings: Settings,
    files: Sequence[Path],
    party: str | None,
    party_column: str | None,
    currency: str | None,
    sign: str | None,
    columns: str,
    bar: Bar,
    console: Console,
) -> None:
    """Import each file whole or not at all, then index what is new. Raises InvalidInput, InvalidStatement."""
    chosen, mapping = _sign(sign), _mapping(columns)
    for path in files:
        if not path.is_file():
            raise InvalidInput(f"{path}: there is no such file")
    _, ledger, _ = open_ledger(settings)
    for path in files:
        layout = preview(
            path, party_column=party_column, currency=currency, sign=chosen, mapping=mapping, max_bytes=settings.max_import_bytes
        )
        _show(layout, path, console)
        with bar(path.name, "rows") as progress:
            done = import_file(
                path,
                ledger,
                now=datetime.now(UTC),
                party=PartyId(party) if party is not None else None,
                party_column=party_column,
                currency=currency,
                sign=chosen,
                mapping=mapping,
                max_bytes=settings.max_import_bytes,
                progress=progress,
            )
        void = f", {done.void} that never went through" if done.void else ""
        console.print(
            f"{done.rows:,} rows of {done.parties} parties: {done.added:,} added, {done.corrected:,} corrected, "
            f"{done.unchanged:,} held already{void} ({done.rows / max(done.seconds, 1e-9):,.0f} rows/s)"
        )
    asyncio.run(_index(settings, bar))


def _show(layout: Layout, path: Path, console: Console) -> None:
    used = {field: name for field, name in layout.columns.model_dump().items() if name}
    console.print(f"{path.name}: " + ", ".join(f"{field} = {name!r}" for field, name in used.items()), markup=False)
    console.print(f"  {layout.sign.value}, {layout.currency}" + "".join(f"; {why}" for why in layout.why), markup=False)


def _sign(text: str | None) -> Sign | None:
    if text is None:
        return None
    try:
        return Sign(text)
    except ValueError as error:
        raise InvalidInput(f"--sign {text!r}: it is one of {', '.join(s.value for s in Sign)}") from error


def _mapping(text: str) -> ColumnMapping | None:
    """Read "date=Datum,amount=Betrag"."""
    if not text:
        return None
    pairs = dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)
    unknown = set(pairs) - set(ColumnMapping.model_fields)
    if unknown or not pairs:
        raise InvalidInput(f"--columns {text!r}: fields are {', '.join(ColumnMapping.model_fields)}")
    return ColumnMapping(**pairs)


async def _index(settings: Settings, bar: Bar) -> None:
    async with open_bank(settings.model_copy(update={"model": "none", "planner": "router"})) as bank:
        if bank.ledger.waiting():
            with bar("indexing", "templates") as progress:
                await bank.update_index(progress)
