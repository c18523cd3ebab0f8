"""Articles as the bank keeps them: a folder of Markdown with front matter, or JSON lines. Read whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from data.articles import Article, Audience
from data.errors import InvalidArticle, InvalidInput

MOST_CHARACTERS = 200_000
# Lines between two reports.
PROGRESS_LINES = 200

# (lines or files read, in all; 0 where that is not known).
Progress = Callable[[int, int], None]


class Field(StrEnum):
    """What may be said of an article, as it is written in front matter."""

    ID = "id"
    TITLE = "title"
    TEXT = "text"
    PATH = "path"
    PART_OF = "part of"
    SINCE = "in force from"
    UNTIL = "in force to"
    AUDIENCE = "audience"
    PRODUCTS = "products"
    SUPERSEDES = "supersedes"


# Other names that JSON lines are known to use, the first that is there counts.
_NAMES: dict[Field, tuple[str, ...]] = {
    Field.ID: ("id", "_id", "docid"),
    Field.TITLE: ("title", "heading", "name"),
    Field.TEXT: ("text", "body", "content", "contents"),
    Field.PATH: ("path", "section"),
    Field.PRODUCTS: ("products", "product versions"),
    Field.SINCE: ("in force from", "since", "from"),
    Field.UNTIL: ("in force to", "until", "to"),
}
_FRONT = re.compile(r"---[ \t]*$")
# One step of a number: 6-b-2-ii is a part of 6-b-2, and 6(b)(2) of 6(b). Words of a name are longer.
_NUMBERED = re.compile(r"(\d[A-Za-z0-9.\-/()]*?)(?:[-./][A-Za-z0-9]{1,5}|\([A-Za-z0-9]{1,5}\))")


class Choice(NamedTuple):
    """How a source is read. fields: keys of JSON lines to use for a field, joined where they are several.

    where: only lines with these values. audience: of articles that say none.
    """

    fields: Mapping[Field, Sequence[str]] = {}
    where: Mapping[str, str] = {}
    audience: Audience = Audience.PUBLIC


class Read(NamedTuple):
    """unused: keys of JSON lines that say nothing here. skipped: lines that were not asked for."""

    articles: list[Article]
    unused: tuple[str, ...] = ()
    skipped: int = 0


def read(path: Path, choice: Choice | None = None, progress: Progress | None = None) -> Read:
    """Every article of a folder or file, in order.

    Raises InvalidArticle, which says file, line and field, and InvalidInput where there is no such folder or file.
    """
    choice = choice or Choice()
    if path.is_dir():
        found = _folder(path, choice, progress or _silent)
    elif path.is_file() and path.suffix in {".jsonl", ".ndjson", ".json"}:
        found = _lines(path, choice, progress or _silent)
    elif path.is_file() and path.suffix in {".md", ".markdown"}:
        found = Read([_markdown(path, path.name, path.stem, choice)[1]])
    else:
        raise InvalidInput(f"{path}: articles are a folder of .md files, an .md file or a .jsonl file")
    if not found.articles:
        raise InvalidInput(f"{path}: there is no article in it")
    return found


def _silent(done: int, total: int) -> None:
    pass


def _folder(folder: Path, choice: Choice, progress: Progress) -> Read:
    files = sorted(
        p for p in folder.rglob("*") if p.suffix in {".md", ".markdown"} and not any(part.startswith(".") for part in p.parts)
    )
    seen: dict[str, str] = {}
    articles = []
    for number, path in enumerate(files, start=1):
        name = str(path.relative_to(folder))
        line, article = _markdown(path, name, name.rsplit(".", 1)[0], choice)
        if article.id in seen:
            raise InvalidArticle(name, line, Field.ID, f"{article.id!r} is the id of {seen[article.id]} too")
        seen[article.id] = name
        articles.append(article)
        progress(number, len(files))
    return Read(articles)


def _markdown(path: Path, name: str, default_id: str, choice: Choice) -> tuple[int, Article]:
    """The line of its id, and the article."""
    rows = _text(path, name).replace("\r\n", "\n").split("\n")
    if not rows or not _FRONT.match(rows[0]):
        raise InvalidArticle(name, 1, None, "an article begins with its front matter between two lines of ---")
    end = next((number for number, row in enumerate(rows[1:], start=1) if _FRONT.match(row)), None)
    if end is None:
        raise InvalidArticle(name, 1, None, "the front matter has no second line of ---")
    values, lines = _front_matter(name, "\n".join(rows[1:end]))
    body = "\n".join(rows[end + 1 :]).strip("\n")
    if Field.TEXT in values:
        raise InvalidArticle(name, lines[Field.TEXT], Field.TEXT, "the text follows the front matter")
    if Field.ID not in values:
        values[Field.ID] = default_id
    if Field.TITLE not in values:
        values[Field.TITLE], body = _own_title(body)
    if not values[Field.TITLE]:
        raise InvalidArticle(name, 1, Field.TITLE, "there is none, and the text does not begin with a heading")
    where = _Where(name, lines, end + 2)
    return lines.get(Field.ID, 1), _article(where, values | {Field.TEXT: body}, choice.audience)


def _own_title(body: str) -> tuple[str, str]:
    """A first heading of the first level, and the rest."""
    first, _, rest = body.lstrip().partition("\n")
    return (first[2:].strip(), rest.strip("\n")) if first.startswith("# ") else ("", body)


def _front_matter(name: str, text: str) -> tuple[dict[Field, Any], dict[Field, int]]:
    """Values, and the line each stands on. A key that is not known may be a misspelt one that matters, so it is refused."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        whole = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it is not YAML"
        raise InvalidArticle(name, (mark.line if mark else 0) + 2, None, str(reason)) from error
    if node is None:
        return {}, {}
    if not isinstance(node, yaml.MappingNode):
        raise InvalidArticle(name, 2, None, "front matter is lines of “name: value”")
    values: dict[Field, Any] = {}
    lines: dict[Field, int] = {}
    for key_node, _ in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 2
        field = _field(key)
        if field is None:
            raise InvalidArticle(name, line, key, f"it is not known; there are {', '.join(f.value for f in Field)}")
        if field in values:
            raise InvalidArticle(name, line, key, "it is there twice")
        values[field], lines[field] = whole[key_node.value if key_node.value in whole else key], line
    return values, lines


def _field(key: str) -> Field | None:
    """in_force_from, In-force-from: the same."""
    plain = re.sub(r"[\s_-]+", " ", key.strip().lower())
    return next((field for field in Field if plain == field.value or plain in _NAMES.get(field, ())), None)


def _lines(path: Path, choice: Choice, progress: Progress) -> Read:
    # Only a line feed ends a line: the others may stand inside a JSON string.
    rows = _text(path, path.name).split("\n")
    articles: list[Article] = []
    seen: dict[str, int] = {}
    used: set[str] = set(choice.where)
    keys: dict[str, None] = {}
    skipped = 0
    for line, row in enumerate(rows, start=1):
        if line % PROGRESS_LINES == 0 or line == len(rows):
            progress(line, len(rows))
        if not row.strip():
            continue
        item = _object(path.name, line, row)
        keys |= dict.fromkeys(item)
        if any(str(item.get(name)) != value for name, value in choice.where.items()):
            skipped += 1
            continue
        names = _names(path.name, line, item, choice)
        used.update(name for some in names.values() for name in some)
        values = {field: _joined(item, some) for field, some in names.items()}
        article = _article(_Where(path.name, {}, line), values, choice.audience)
        if article.id in seen:
            raise InvalidArticle(path.name, line, Field.ID, f"{article.id!r} is the id of line {seen[article.id]} too")
        seen[article.id] = line
        articles.append(article)
    return Read([_numbered(article, seen) for article in articles], tuple(key for key in keys if key not in used), skipped)


def _object(name: str, line: int, row: str) -> dict[str, Any]:
    try:
        item = json.loads(row)
    except ValueError as error:
        raise InvalidArticle(name, line, None, f"it is not JSON: {error}") from error
    if not isinstance(item, dict):
        raise InvalidArticle(name, line, None, "a line holds one object, {…}")
    return item


def _names(file: str, line: int, item: Mapping[str, Any], choice: Choice) -> dict[Field, Sequence[str]]:
    """Which keys of a line hold which field."""
    names: dict[Field, Sequence[str]] = {}
    for field in Field:
        if field in choice.fields:
            names[field] = choice.fields[field]
            absent = [name for name in names[field] if name not in item]
            if absent:
                raise InvalidArticle(file, line, field, f"there is no {absent[0]!r} in it")
        else:
            wanted = _NAMES.get(field, (field.value,))
            names[field] = [key for want in wanted for key in item if re.sub(r"[\s_-]+", " ", key).strip().lower() == want][:1]
            # An id may begin with a stroke, which the plain form has lost.
            names[field] = names[field] or [want for want in wanted if want in item][:1]
    return {field: some for field, some in names.items() if some}


def _joined(item: Mapping[str, Any], names: Sequence[str]) -> Any:
    if len(names) == 1:
        return item[names[0]]
    return [str(item[name]) for name in names if item[name]]


def _numbered(article: Article, ids: Mapping[str, int]) -> Article:
    """A paragraph is part of the nearest one whose number its own continues."""
    if article.part_of is not None:
        return article
    above = article.id
    while (found := _NUMBERED.fullmatch(above)) is not None:
        above = found[1]
        if above in ids:
            return article.model_copy(update={"part_of": above})
    return article


class _Where(NamedTuple):
    """Where an article stands. lines: of its fields, where they have lines of their own."""

    file: str
    lines: Mapping[Field, int]
    line: int

    def wrong(self, field: Field, reason: str) -> InvalidArticle:
        return InvalidArticle(self.file, self.lines.get(field, self.line), field, reason)


def _article(where: _Where, values: Mapping[Field, Any], audience: Audience) -> Article:
    text, title, path = _words(where, values, Field.TEXT), _words(where, values, Field.TITLE), _list(where, values, Field.PATH)
    if not text.strip():
        raise where.wrong(Field.TEXT, "there is none")
    if len(text) > MOST_CHARACTERS:
        raise where.wrong(Field.TEXT, f"it is longer than {MOST_CHARACTERS:,} characters")
    key = _words(where, values, Field.ID).strip()
    if not key or "#" in key:
        raise where.wrong(Field.ID, "an article needs one, without “#”")
    since, until = _day(where, values, Field.SINCE), _day(where, values, Field.UNTIL)
    if since is not None and until is not None and until < since:
        raise where.wrong(Field.UNTIL, f"{until} is before {since}")
    return Article(
        id=key,
        title=title.strip() or (path[-1] if path else key),
        text=text,
        path=path if title.strip() else path[:-1],
        part_of=_words(where, values, Field.PART_OF).strip() or None,
        since=since,
        until=until,
        audience=_audience(where, values, audience),
        products=_list(where, values, Field.PRODUCTS),
        supersedes=_list(where, values, Field.SUPERSEDES),
    )


def _words(where: _Where, values: Mapping[Field, Any], field: Field) -> str:
    value = values.get(field)
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return ". ".join(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise where.wrong(field, f"{value!r} is not words")
    return "" if value is None else str(value)


def _list(where: _Where, values: Mapping[Field, Any], field: Field) -> tuple[str, ...]:
    value = values.get(field)
    some = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(v, str | int) and not isinstance(v, bool) for v in some):
        raise where.wrong(field, f"{value!r} is not a name or a list of names")
    return tuple(str(v).strip() for v in some if str(v).strip())


def _day(where: _Where, values: Mapping[Field, Any], field: Field) -> dt.date | None:
    value = values.get(field)
    if isinstance(value, dt.datetime):
        return value.date()
    if value is None or isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        raise where.wrong(field, f"{value!r} is not a day, such as 2026-11-01") from None


def _audience(where: _Where, values: Mapping[Field, Any], default: Audience) -> Audience:
    value = values.get(Field.AUDIENCE, default)
    try:
        return Audience(str(value).strip().lower())
    except ValueError:
        raise where.wrong(Field.AUDIENCE, f"{value!r} is neither public nor internal") from None


def _text(path: Path, name: str) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InvalidArticle(name, line, None, "it is not UTF-8") from error
