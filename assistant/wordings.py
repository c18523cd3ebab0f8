"""What customers say, by what they mean: the wordings nearest to a question tell which part of a page, or term, it means."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections import defaultdict
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


def label_of(meaning: Meaning) -> str:
    """A meaning in one line, as `meaning_of` reads it."""
    return json.dumps(meaning)


def meaning_of(label: str) -> Meaning:
    return tuple(json.loads(label))


def said_of_pages(name: str = "pages") -> list[tuple[Meaning, str]]:
    """((title, heading), wording), from a file of prompts/; what no page says has the title NOTHING."""
    loaded = _loaded(name)
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
        """vectors: in the order of `said`."""
        self._meanings = list(dict.fromkeys(meaning for meaning, _ in said))
        place = {meaning: at for at, meaning in enumerate(self._meanings)}
        order = sorted(range(len(said)), key=lambda at: place[said[at][0]])
        # Those of a meaning stand together, so that its nearest is the greatest of a stretch.
        self.said, self._vectors = [said[at] for at in order], vectors[order]
        firsts = {place[meaning]: at for at, (meaning, _) in reversed(list(enumerate(self.said)))}
        self._firsts = [firsts[at] for at in range(len(self._meanings))]
        self._stems = [stems(w) for _, w in self.said]
        having: dict[str, list[int]] = defaultdict(list)
        for at, each in enumerate(self._stems):
            for stem in each:
                having[stem].append(at)
        self._having = {stem: np.array(rows) for stem, rows in having.items()}
        self._length = np.array([self._weight(each) for each in self._stems])

    def near(self, question: str, vector: NDArray[np.float32]) -> dict[Meaning, Near]:
        """For every meaning how near a question comes to it. vector: of the question."""
        asked = stems(question)
        shared = np.zeros(len(self.said))
        for stem in asked & self._having.keys():
            shared[self._having[stem]] += self._rare(stem)
        both = self._weight(asked) * self._length
        words = np.divide(shared, both, out=np.zeros_like(shared), where=both > 0)
        cosines = np.maximum.reduceat(self._vectors @ vector, self._firsts).tolist()
        shares = np.maximum.reduceat(words, self._firsts).tolist()
        least = Near()
        found = zip(self._meanings, cosines, shares, strict=True)
        return {meaning: Near(max(least.cosine, cosine), share) for meaning, cosine, share in found}

    def only(self, chosen: Callable[[Meaning], bool]) -> frozenset[str]:
        """The stems that only wordings of some meanings have."""
        inside = {s for (meaning, _), own in zip(self.said, self._stems, strict=True) if chosen(meaning) for s in own}
        return frozenset(inside.difference(*(own for (m, _), own in zip(self.said, self._stems, strict=True) if not chosen(m))))

    def _weight(self, words: Iterable[str]) -> float:
        """The length of a text as a vector of its words' rarity."""
        return math.sqrt(sum(map(self._rare, words)))

    def _rare(self, stem: str) -> float:
        return math.log((len(self.said) + 1) / (len(self._having.get(stem, ())) + 0.5)) ** 2

    @classmethod
    def kept(cls, said: Sequence[tuple[Meaning, str]], embed: Embed, folder: Path, version: str) -> Wordings:
        """Wordings whose vectors are kept in a folder, made where they are missing: about 2 ms each. Blocking.

        version: of the embedding.
        """
        digest = hashlib.sha256("\n".join((version, *(w for _, w in said))).encode()).hexdigest()[:16]
        path = folder / f"wordings-{digest}.npy"
        if not path.exists():
            draft = path.with_suffix(f".{os.getpid()}.part.npy")
            np.save(draft, embed([w for _, w in said]))
            draft.replace(path)
        return cls(said, np.load(path))
