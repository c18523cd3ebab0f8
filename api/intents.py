"""A bank's own labelled utterances: read from CSV, learned from, and asked about a text."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from io import StringIO
from pathlib import Path

from rich.console import Console

from api.settings import Settings
from assistant.intents import Example, IntentHead, Said, train
from data.errors import InvalidUtterance
from retrieval import embedding
from retrieval.cache import EmbeddingCache
from retrieval.embedding import Embedder
from retrieval.vectors import Vectors

TEXT_NAMES = ("text", "utterance", "message", "query", "question", "sentence")
LABEL_NAMES = ("label", "labels", "intent", "intents", "category", "class")
PORTION = 256
Told = Callable[[int, int], None]
Bar = Callable[[str, str], AbstractContextManager[Told]]


def read(path: Path, text: str = "", label: str = "") -> list[Example]:
    """The examples of a CSV file, in its order. text, label: names of columns; without one it is guessed.

    Several labels of one utterance stand between "|" or ";". Raises InvalidUtterance with the file, the line and the field.
    """
    lines = csv.reader(StringIO(_decoded(path), newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        header = [name.strip() for name in next(lines, [])]
        places = [_column(path, header, text, TEXT_NAMES, "text"), _column(path, header, label, LABEL_NAMES, "label")]
        # A quoted text may go over several lines: its row is named by the last of them.
        rows += ((lines.line_num, row) for row in lines if row)
    except csv.Error as error:
        raise InvalidUtterance(str(path), lines.line_num, None, str(error)) from error
    return [_example(path, line, row, header, places) for line, row in rows]


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise InvalidUtterance(str(path), 0, None, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InvalidUtterance(str(path), content[: error.start].count(b"\n") + 1, None, "it is not UTF-8") from error


def _column(path: Path, header: Sequence[str], name: str, names: Sequence[str], option: str) -> int:
    wanted = (name,) if name else names
    found = [at for at, column in enumerate(header) if column.lower() in {one.lower() for one in wanted}]
    if len(found) == 1:
        return found[0]
    reason = "more than one column could be it" if found else f"no column is called {' or '.join(wanted)}"
    raise InvalidUtterance(
        str(path), 1, option, f"{reason}; the columns are {', '.join(header) or 'none'}; name it with --{option}"
    )


def _example(path: Path, line: int, row: Sequence[str], header: Sequence[str], places: Sequence[int]) -> Example:
    if len(row) != len(header):
        raise InvalidUtterance(str(path), line, None, f"it has {len(row)} fields, and the header {len(header)}")
    text, labels = (row[at].strip() for at in places)
    if not text:
        raise InvalidUtterance(str(path), line, header[places[0]], "there is no text")
    named = tuple(dict.fromkeys(part.strip() for part in re.split("[|;]", labels)))
    if not all(named):
        reason = "a label is empty; what is none of the intents is labelled oos"
        raise InvalidUtterance(str(path), line, header[places[1]], reason)
    return Example(text, named)


def default_head(settings: Settings) -> Path:
    return settings.home / "intents.npz"


def learn(settings: Settings, examples: Sequence[Example], target: Path, bar: Bar, err: Console) -> None:
    """Train a head on examples and write it to a file, whole or not at all. Embeddings are kept for the next time."""
    embedder = _embedder(settings, bar)
    cache = EmbeddingCache(settings.home / "cache", embedder.version)
    try:
        with bar("embedding", "utterances") as told:
            vectors = embedded(cache, embedder, [example.text for example in examples], told)
    finally:
        cache.close()
    with err.status("fitting: two minutes for ten thousand utterances"):
        head = train(examples, vectors, embedder.version, embedder.embed)
    head.save(target)
    kind = "several at once" if head.several else "one at a time"
    err.print(f"{target}: {len(head.labels)} intents, {kind}, from {len(examples)} utterances")


def embedded(cache: EmbeddingCache, embedder: Embedder, texts: Sequence[str], told: Told) -> Vectors:
    """Vectors [len(texts), 384] by way of the cache; told: how many are done, and of how many."""
    for start in range(0, len(texts), PORTION):
        cache.embed_texts(embedder, texts[start : start + PORTION])
        told(min(start + PORTION, len(texts)), len(texts))
    return cache.embed_texts(embedder, texts)


def classify(settings: Settings, text: str, path: Path, bar: Bar) -> Said:
    """What a text asks for, by the head in a file. Raises InvalidInput where there is none."""
    embedder = _embedder(settings, bar)
    head = IntentHead.load(path, embedder.version)
    return head.classify(text, embedder.embed([text])[0])


def _embedder(settings: Settings, bar: Bar) -> Embedder:
    with bar("weights", "") as told:
        return Embedder(embedding.export(settings.models, told))
