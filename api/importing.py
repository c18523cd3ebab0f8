"""The import command: shows how a file is read, imports it, and brings the index up to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from api.settings import Settings
from api.wiring import open_bank, open_ledger
from connectors.statements.columns import ColumnMapping
from connectors.statements.files import Format
from connectors.statements.importer import Imported, Preview, import_file, preview
from connectors.statements.layout import Sign
from data.errors import InvalidInput
from data.party import PartyId

Bar = Callable[[str, str], AbstractContextManager[Callable[[int, int], None]]]


def import_files(
    settings: Settings,
    files: Sequence[Path],
    party: str | None,
    party_column: str | None,
    account: str,
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
        for one in preview(
            path, party_column=party_column, currency=currency, sign=chosen, mapping=mapping, max_bytes=settings.max_import_bytes
        ):
            _show(one, path, console)
        with bar(path.name, "rows") as progress:
            done = import_file(
                path,
                ledger,
                now=datetime.now(UTC),
                party=PartyId(party) if party is not None else None,
                party_column=party_column,
                account=account,
                currency=currency,
                sign=chosen,
                mapping=mapping,
                max_bytes=settings.max_import_bytes,
                progress=progress,
            )
        _sum_up(done, console)
    asyncio.run(_index(settings, bar))


def _show(one: Preview, path: Path, console: Console) -> None:
    name = path.name + one.file.removeprefix(str(path))
    if one.layout is None:
        console.print(f"{name}: {NAMES[one.format]}", markup=False)
        return
    used = {field: column for field, column in one.layout.columns.model_dump().items() if column}
    console.print(f"{name}: " + ", ".join(f"{field} = {column!r}" for field, column in used.items()), markup=False)
    console.print(
        f"  {one.layout.sign.value}, {one.layout.currency}" + "".join(f"; {why}" for why in one.layout.why), markup=False
    )


NAMES = {Format.OFX: "OFX", Format.MT940: "MT940", Format.CAMT: "ISO 20022 (camt)", Format.TABLE: "CSV"}


def _sum_up(done: Imported, console: Console) -> None:
    void = f", {done.void} that never went through" if done.void else ""
    console.print(
        f"{done.rows:,} rows of {done.parties} parties: {done.added:,} added, {done.corrected:,} corrected, "
        f"{done.unchanged:,} held already{void} ({done.rows / max(done.seconds, 1e-9):,.0f} rows/s)"
    )
    for name, balance in done.closing:
        console.print(f"  {name}: {balance.booked} at the end of {balance.on.isoformat()}", markup=False)
    for warning in done.warnings:
        console.print(f"[yellow]warning[/yellow] {escape(warning)}", soft_wrap=True)


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
