"""How well articles are found: sets of articles with questions and the ones that answer them, asked through the product's search.

A folder holds `us_bank_regs` (paragraphs.jsonl; a query is an official interpretation, answered by the rule that it explains) or
`tau_banking` (kb_docs.jsonl; a query is a customer's whole situation, answered by many articles), each with queries_*.jsonl and,
for the second, qrels_*.tsv. `clinc150_bank` (dev.csv) measures the floor: what no article can answer is to be given nothing.
"""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from api.settings import Settings
from api.wiring import Library, open_library
from data.articles import Audience
from data.errors import InvalidInput
from evals.loading import lines
from evals.product import fresh_home
from retrieval import lexical, passages, ranking
from retrieval.articles import Choice, read

DEPTH = 100
TODAY = dt.date(2026, 11, 24)
Told = Callable[[int, int], None]


class Part(StrEnum):
    """What can be left out, to see what it is worth."""

    TITLES = "titles"
    PAIRS = "pairs"
    BELOW = "below"
    NEEDS = "needs"
    FEEDBACK = "feedback"
    MEANING = "meaning"


_LEFT_OUT: Mapping[Part, tuple[Any, str, float]] = {
    Part.TITLES: (lexical, "TITLE_TIMES", 1),
    Part.PAIRS: (lexical, "PAIR_WEIGHT", 0.0),
    Part.BELOW: (passages, "BELOW_WORDS", 0),
    Part.NEEDS: (ranking, "MOST_NEEDS", 0),
    Part.FEEDBACK: (ranking, "FEEDBACK", 0),
    Part.MEANING: (ranking, "COSINE_WEIGHT", 0.0),
}


class Case(NamedTuple):
    id: str
    question: str
    right: frozenset[str]


class Set(NamedTuple):
    """at: of recall, as many as a reader is given."""

    name: str
    corpus: Path
    where: Mapping[str, str]
    cases: list[Case]
    at: int


class Found(NamedTuple):
    """recall: of the right articles among the first `at`. mrr: one over the place of the first right one, 0 beyond 100."""

    name: str
    cases: int
    at: int
    recall: float
    mrr: float


class Floor(NamedTuple):
    """Shares of questions that were given something: those on banking, and those on anything else."""

    banking: float
    others: float
    asked: int


def sets(data: Path) -> list[Set]:
    """The sets in a folder, or the one that it is. Raises InvalidInput where there is none."""
    found = []
    for folder in (data, data / "us_bank_regs"):
        if (folder / "paragraphs.jsonl").is_file():
            cases = [Case(q["qid"], q["text"], frozenset({q["rule_paragraph"]})) for q in _queries(folder)]
            found.append(Set("us_bank_regs", folder / "paragraphs.jsonl", {"kind": "rule"}, cases, 10))
    for folder in (data, data / "tau_banking"):
        if (folder / "kb_docs.jsonl").is_file():
            right = _right(folder)
            cases = [Case(q["qid"], q["text"], right[q["qid"]]) for q in _queries(folder) if q["qid"] in right]
            found.append(Set("tau_banking", folder / "kb_docs.jsonl", {}, cases, 20))
    if not found:
        raise InvalidInput(f"{data}: there is neither us_bank_regs nor tau_banking in it")
    return found


def _queries(folder: Path) -> list[dict[str, str]]:
    return [line for path in sorted(folder.glob("queries*.jsonl")) for _, line in lines(path)]


def _right(folder: Path) -> dict[str, frozenset[str]]:
    right: dict[str, set[str]] = {}
    for path in sorted(folder.glob("qrels*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if row["rel"] != "0":
                    right.setdefault(row["qid"], set()).add(row["docid"])
    return {qid: frozenset(ids) for qid, ids in right.items()}


@contextmanager
def without(parts: Sequence[Part]) -> Iterator[None]:
    """Leave parts of the ranking out."""
    before = [(module, name, getattr(module, name)) for module, name, _ in map(_LEFT_OUT.__getitem__, parts)]
    for module, name, value in map(_LEFT_OUT.__getitem__, parts):
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


@asynccontextmanager
async def filled(settings: Settings, one: Set, told: Told) -> AsyncIterator[Library]:
    """A library of its own that holds a set, whose vectors are kept for the next time."""
    with fresh_home(settings) as home:
        kept = settings.home / "runs" / "cache"
        kept.mkdir(parents=True, exist_ok=True)
        (home.home / "cache").symlink_to(kept.resolve())
        async with open_library(home.model_copy(update={"qdrant_url": ""}), threads=2) as library:
            articles = read(one.corpus, Choice(where=one.where)).articles
            await asyncio.to_thread(library.articles.load, one.name, articles)
            await library.update_index(told)
            yield library


async def measure(library: Library, one: Set, told: Told) -> Found:
    """Ask every question as the bank's own people may, on one day."""
    recalls, ranks = [], []
    for number, case in enumerate(one.cases, start=1):
        ids = [p.article for p in await given(library, case.question, DEPTH)]
        recalls.append(len(case.right.intersection(ids[: one.at])) / len(case.right))
        ranks.append(next((1 / place for place, key in enumerate(ids, start=1) if key in case.right), 0.0))
        told(number, len(one.cases))
    return Found(one.name, len(one.cases), one.at, fmean(recalls), fmean(ranks))


async def floor(library: Library, data: Path) -> Floor | None:
    """Every eighth question of clinc150_bank over the articles of tau_banking; None where it is not there."""
    path = data / "clinc150_bank" / "dev.csv"
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[::8]
    something: dict[bool, list[bool]] = {True: [], False: []}
    for row in rows:
        stranger = row["intent"] == "oos" or row["intent"].startswith("other_domain")
        something[stranger].append(bool(await given(library, row["text"], 1)))
    return Floor(fmean(something[False]), fmean(something[True]), len(rows))


async def given(library: Library, question: str, limit: int) -> list[Any]:
    """The passages that a question is given, one of each article, the best first."""
    return list(await library.search.search_articles(question, on=TODAY, audience=Audience.INTERNAL, products=None, limit=limit))
