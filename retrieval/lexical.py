"""BM25 weights of a text and of a query, the same for every engine: the store only multiplies by how rare a word is."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from qdrant_edge import Bm25, Bm25Config, StopwordsSet

from retrieval.templates import words

# No stop words: "next", "very", "now" and "the works" are shops. A template has about four words.
_BM25 = Bm25(Bm25Config(avg_len=4, language="english", stopwords=StopwordsSet(languages=set(), custom=set())))
# Articles are prose: stop words go.
_PROSE = Bm25(Bm25Config(language="english"))
# Measured on two sets of articles (evals.articles). The title counts thrice, as it says in few words what all is about; two words
# side by side ("light blue", "stop payment") are often a name. A passage has about so many words that count.
K1, B, AVERAGE = 1.2, 0.75, 70
TITLE_TIMES = 3
PAIR_WEIGHT = 0.35

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CLAUSE = re.compile(r"[.!?;:,()\n|]+")
# 1005.6(b)(2), as a rule is cited, and 1005-6-b-2, as its paragraphs are numbered.
_CITED = re.compile(r"\b(\d{1,4})\.(\d{1,3})((?:\s?\([A-Za-z0-9]{1,5}\))*)")
_NUMBERED = re.compile(r"\d{1,4}(?:[-./][A-Za-z0-9]{1,5}|\([A-Za-z0-9]{1,5}\))+")
_STEP = re.compile(r"[A-Za-z0-9]+")


# Accounts that share a shop are written one after another.
@lru_cache(maxsize=1 << 14)
def document(text: str) -> tuple[list[int], list[float]]:
    """Word ids and weights of a template; empty for a text without words."""
    sparse = _BM25.embed_document(" ".join(words(text)))
    return sparse.indices, sparse.values


def query(text: str) -> tuple[list[int], list[float]]:
    """Word ids, each of weight 1, of what a customer asks for; empty for a text without words."""
    sparse = _BM25.embed_query(" ".join(words(text)))
    return sparse.indices, sparse.values


def passage(key: str, title: str, heading: Sequence[str], text: str) -> tuple[list[int], list[float]]:
    """Ids and weights of a passage: its words, pairs of words, and the number it is cited by, where the article's id is one."""
    single, pairs = Counter[int](), Counter[int]()
    for part, times in ((title, TITLE_TIMES), (". ".join(heading), 1), (text, 1)):
        for word, pair in _read(part):
            for term in word:
                single[term] += times
            if pair is not None:
                pairs[pair] += times
    single.update(_steps(_STEP.findall(key)) if _NUMBERED.fullmatch(key) else ())
    length = single.total()
    weights = {term: _weight(count, length) for term, count in (*single.items(), *pairs.items())}
    return list(weights), list(weights.values())


def question(text: str) -> tuple[list[int], list[float]]:
    """Ids and weights of a question: what it says twice counts twice; pairs count less than words. Empty without words."""
    single, pairs = Counter[int](), Counter[int]()
    for word, pair in _read(text):
        single.update(word)
        if pair is not None:
            pairs[pair] += 1
    for first, second, more in _CITED.findall(text):
        single.update(_steps([first, second, *_STEP.findall(more)]))
    return [*single, *pairs], [*map(float, single.values()), *(count * PAIR_WEIGHT for count in pairs.values())]


def _read(text: str) -> Iterator[tuple[tuple[int, ...], int | None]]:
    """Each word's ids, and the id of the pair that it makes with the word before it in the clause."""
    for clause in _CLAUSE.split(text.lower().replace("'", "").replace("’", "")):
        before: tuple[int, ...] = ()
        for word in _WORD.findall(clause):
            ids = _ids(word)
            yield ids, zlib.crc32(f"{before[0]} {ids[0]}".encode()) if before and ids else None
            before = ids


@lru_cache(maxsize=1 << 16)
def _ids(word: str) -> tuple[int, ...]:
    """The id of a word's stem; none for a stop word."""
    return tuple(_PROSE.embed_query(word).indices)


def _steps(parts: Sequence[str]) -> list[int]:
    """Ids of a number and of all that it is a part of: 1005.6(b)(2) is in 1005.6(b), and that in 1005.6."""
    return [zlib.crc32("§".join(parts[:end]).lower().encode()) for end in range(2, len(parts) + 1)]


def _weight(count: float, length: float) -> float:
    return count * (K1 + 1) / (count + K1 * (1 - B + B * length / AVERAGE))
