"""Articles cut into the passages that are found and cited, each with the headings it stands under."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from data.articles import Article, Passage

# The encoder reads 256 tokens, title and headings included. Up to here articles were found the better the longer their passages
# (evals.articles).
MOST_WORDS = 120
# Of the paragraphs under one, so many words are indexed with it: what a whole chapter says is no longer about its first line.
BELOW_WORDS = 600

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")


class _Section(NamedTuple):
    """Lines under one heading. heading: the whole path; line: the heading as it is written, empty at the top."""

    heading: tuple[str, ...]
    line: str
    body: str

    @property
    def words(self) -> int:
        return len(self.body.split())


def cut(articles: Sequence[Article]) -> Iterator[Passage]:
    """The passages of the articles of a source, in their order.

    A paragraph that others are part of is indexed with what they say, as "shall do the following:" means nothing alone. Only
    those for the very same readers and days are taken: one that is internal must not help to find one that is not.
    """
    under: dict[str, list[Article]] = {}
    for article in articles:
        if article.part_of is not None:
            under.setdefault(article.part_of, []).append(article)
    for article in articles:
        below = " ".join(_below(article, under, {article.id}))
        words = below.split()
        below = below if len(words) <= BELOW_WORDS else " ".join(words[:BELOW_WORDS])
        for number, (heading, text) in enumerate(pieces(article.text)):
            yield Passage(
                id=f"{article.id}#{number}",
                article=article.id,
                title=article.title,
                heading=(*article.path, *heading),
                text=text,
                below="" if number else below,
                audience=article.audience,
                products=article.products,
                **{name: day for name in ("since", "until") if (day := getattr(article, name)) is not None},
            )


def pieces(text: str) -> list[tuple[tuple[str, ...], str]]:
    """Heading path and text of each piece: sections side by side up to MOST_WORDS words, longer ones in parts."""
    parts = [part for section in _sections(text) for part in _split(section)]
    made: list[list[_Section]] = []
    for part in parts:
        if made and sum(p.words for p in made[-1]) + part.words <= MOST_WORDS:
            made[-1].append(part)
        else:
            made.append([part])
    return [_piece(together) for together in made]


def _piece(together: list[_Section]) -> tuple[tuple[str, ...], str]:
    """The headings that all share; the others stay in the text."""
    shared = together[0].heading
    for section in together[1:]:
        if section.heading != shared:
            common = [a for a, b in zip(shared, section.heading, strict=False) if a == b]
            shared = tuple(common)
    lines = []
    for number, section in enumerate(together):
        new = number == 0 or section.heading != together[number - 1].heading
        if new and section.heading != shared and section.line:
            lines.append(section.line)
        lines.append(section.body)
    return shared, "\n".join(lines)


def _below(article: Article, under: dict[str, list[Article]], seen: set[str]) -> Iterator[str]:
    for part in under.get(article.id, ()):
        same = (part.audience, set(part.products), part.since, part.until)
        if part.id not in seen and same == (article.audience, set(article.products), article.since, article.until):
            seen.add(part.id)
            yield f"{part.title} {part.text}".strip()
            yield from _below(part, under, seen)


def _sections(text: str) -> Iterator[_Section]:
    path: list[tuple[int, str]] = []
    line, body, fenced = "", list[str](), False
    for row in text.splitlines():
        fenced ^= _FENCE.match(row) is not None
        found = None if fenced else _HEADING.match(row)
        if found is None:
            body.append(row)
            continue
        if any(map(str.strip, body)):
            yield _Section(tuple(name for _, name in path), line, "\n".join(body).strip("\n"))
        level = len(found[1])
        path = [*(at for at in path if at[0] < level), (level, found[2])]
        line, body = row, []
    if any(map(str.strip, body)) or not path:
        yield _Section(tuple(name for _, name in path), line, "\n".join(body).strip("\n"))


def _split(section: _Section) -> Iterator[_Section]:
    """A section as parts of up to MOST_WORDS words, cut between lines, or between sentences of a longer line."""
    if section.words <= MOST_WORDS:
        yield section
        return
    rows: list[str] = []
    for row in section.body.splitlines():
        rows += [row] if len(row.split()) <= MOST_WORDS else _runs(row)
    part: list[str] = []
    for row in rows:
        if part and sum(len(r.split()) for r in part) + len(row.split()) > MOST_WORDS:
            yield section._replace(body="\n".join(part).strip("\n"))
            part = []
        part.append(row)
    yield section._replace(body="\n".join(part).strip("\n"))


def _runs(row: str) -> list[str]:
    """A long line by sentences, and a longer sentence by words."""
    runs: list[str] = []
    for sentence in _SENTENCE.split(row):
        words = sentence.split()
        if runs and len(runs[-1].split()) + len(words) <= MOST_WORDS:
            runs[-1] += f" {sentence}"
        else:
            runs += [" ".join(words[start : start + MOST_WORDS]) for start in range(0, len(words), MOST_WORDS)] or [""]
    return runs
