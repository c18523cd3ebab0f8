"""The articles command: reads a source of articles, puts it into SQL, and brings the index up to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import Console

from api.settings import Settings
from api.wiring import open_library
from data.articles import Article, Audience, Loaded
from data.errors import InvalidInput
from retrieval.articles import Choice, Field, read

Bar = Callable[[str, str], AbstractContextManager[Callable[[int, int], None]]]
# Passages are the longest texts that are embedded.
THREADS = 2


def load_articles(
    settings: Settings,
    source: Path,
    name: str,
    remove_missing: bool,
    audience: str,
    fields: str,
    where: str,
    bar: Bar,
    console: Console,
) -> None:
    """Load a source whole or not at all, then index what changed. Raises InvalidArticle, InvalidInput."""
    choice = Choice(_fields(fields), _pairs("--where", where), _audience(audience))
    with bar(f"reading {source.name}", "") as progress:
        found = read(source, choice, progress)
    if found.unused:
        console.print(f"not used: {', '.join(found.unused)}", markup=False)
    loaded = asyncio.run(_load(settings, name or source.resolve().stem, found.articles, remove_missing, bar))
    _tell(loaded, console)


async def _load(settings: Settings, name: str, articles: list[Article], remove_missing: bool, bar: Bar) -> Loaded:
    async with open_library(settings, THREADS) as library:
        with bar("keeping", "passages") as progress:
            loaded = await asyncio.to_thread(
                library.articles.load, name, articles, remove_missing=remove_missing, progress=progress
            )
        if library.articles.waiting():
            with bar("indexing", "passages") as progress:
                await library.update_index(progress)
    return loaded


def _tell(loaded: Loaded, console: Console) -> None:
    console.print(
        f"{loaded.added:,} articles added, {loaded.changed:,} changed, {loaded.unchanged:,} as they were, "
        f"{loaded.removed:,} removed; {loaded.passages:,} passages"
    )
    if loaded.missing:
        some = ", ".join(loaded.missing[:5]) + (", …" if len(loaded.missing) > 5 else "")
        console.print(f"{len(loaded.missing):,} are kept that the source no longer has ({some}): --remove-missing removes them")
    if loaded.unknown:
        console.print(f"superseded, but not here: {', '.join(loaded.unknown)}")


def _pairs(option: str, text: str) -> Mapping[str, str]:
    """Read "kind=rule,book=E"."""
    parts = [part.partition("=") for part in text.split(",") if part]
    if not all(key and sign and value for key, sign, value in parts):
        raise InvalidInput(f"{option} {text!r}: it is name=value, with commas between several")
    return {key.strip(): value.strip() for key, _, value in parts}


def _fields(text: str) -> Mapping[Field, list[str]]:
    """Read "title=name,path=book+chapter"."""
    chosen = {}
    for key, value in _pairs("--fields", text).items():
        try:
            chosen[Field(key.replace("_", " "))] = value.split("+")
        except ValueError:
            raise InvalidInput(f"--fields {key!r}: there are {', '.join(field.value for field in Field)}") from None
    return chosen


def _audience(text: str) -> Audience:
    try:
        return Audience(text)
    except ValueError:
        raise InvalidInput(f"--audience {text!r}: it is public or internal") from None
