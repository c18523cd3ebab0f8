"""What customers say, by what they mean: the wordings nearest to a question tell which part of a page, or term, it means."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from assistant.spans import plain
from prompts.registry import word_list

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
# What a wording means: (title, heading) of a part of a page, or (term,).
Meaning = tuple[str, ...]

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
NOTHING = "nothing"
_WORD = re.compile(r"[a-z0-9£€%]{3,}")
_COMMON = word_list("common")


class Near(NamedTuple):
    """How near the nearest wording of a meaning is: its cosine, and the share of its words, rare ones counting more."""

    cosine: float = 0.1
    words: float = 0.0

    @property
    def both(self) -> float:
        return self.cosine + 0.3 * self.words


def said_of_pages() -> list[tuple[Meaning, str]]:
    """((title, heading), wording), from prompts/pages.yaml; what no page says has the title NOTHING."""
    loaded = _loaded("pages")
    return [((str(t), str(h)), str(w)) for t, headings in loaded.items() for h, said in headings.items() for w in said]


def said_of_terms() -> list[tuple[Meaning, str]]:
    """((term,), wording), from prompts/terms.yaml."""
    return [((str(term),), str(w)) for term, said in _loaded("terms").items() for w in said]


def _loaded(name: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load((PROMPTS / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def stems(text: str) -> set[str]:
    """The words of a text that say something, by their first letters: "closing" and "close" are one."""
    return {w[:5] for w in _WORD.findall(plain(text).replace("'", "")) if w not in _COMMON}


class Wordings:
    """Wordings with their vectors [n, 384]; they belong to one embedding version."""

    def __init__(self, said: Sequence[tuple[Meaning, str]], vectors: Vectors) -> None:
        self.said, self.vectors = said, vectors
        self._stems = [stems(w) for _, w in said]
        self._times = Counter(s for each in self._stems for s in each)
        self._length = [self._weight(s) for s in self._stems]

    def near(self, question: str, vector: NDArray[np.float32]) -> dict[Meaning, Near]:
        """For every meaning how near a question comes to it. vector: of the question."""
        cosines = (self.vectors @ vector).tolist()
        asked = stems(question)
        length = self._weight(asked)
        found: dict[Meaning, Near] = {}
        for (meaning, _), cosine, own, weight in zip(self.said, cosines, self._stems, self._length, strict=True):
            shared = self._weight(asked & own) ** 2 / (length * weight) if length and weight else 0.0
            before = found.get(meaning, Near())
            found[meaning] = Near(max(before.cosine, cosine), max(before.words, shared))
        return found

    def only(self, chosen: Callable[[Meaning], bool]) -> frozenset[str]:
        """The stems that only wordings of some meanings have."""
        inside = {s for (meaning, _), own in zip(self.said, self._stems, strict=True) if chosen(meaning) for s in own}
        return frozenset(inside.difference(*(own for (m, _), own in zip(self.said, self._stems, strict=True) if not chosen(m))))

    def _weight(self, words: Iterable[str]) -> float:
        """The length of a text as a vector of its words' rarity."""
        return math.sqrt(sum(math.log((len(self.said) + 1) / (self._times[w] + 0.5)) ** 2 for w in words))

    @classmethod
    def kept(cls, said: Sequence[tuple[Meaning, str]], embed: Embed, folder: Path, version: str) -> Wordings:
        """Wordings whose vectors are kept in a folder, made where they are missing: about 2 ms each. Blocking.

        version: of the embedding.
        """
        digest = hashlib.sha256("\n".join((version, *(w for _, w in said))).encode()).hexdigest()[:16]
        path = folder / f"wordings-{digest}.npy"
        if not path.exists():
            draft = path.with_suffix(".part.npy")
            np.save(draft, embed([w for _, w in said]))
            draft.replace(path)
        return cls(said, np.load(path))
