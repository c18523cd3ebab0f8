"""Budgets in tokens: how many a text is, and which parts of what could be told to a model fit.

The count is by byte pairs of our own (`prompts/tokens.tiktoken`, made by `tools/ranks.py`), so it needs no network and is the
same on every machine. It counts too many rather than too few: measured against o200k, 1.1 to 1.2 times as many for what
customers ask and pages say, 1.3 for statement texts and up to 3 for other languages.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import tiktoken

from prompts.registry import token_ranks

# Words with the space before them, digits one by one, marks together: no token reaches over the end of a word.
WORDS = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s"
# What a chat format puts around a message.
AROUND = 8
# A turn, or a row, further back counts this share of one before it.
FADES = 0.8


class Part(NamedTuple):
    """One thing that could be told: a message of the conversation, a row, a fact.

    age: 0 the newest, counted in parts of its kind (turns, rows). relevance: to the question, from 0 to 1. gives: refs of the
    facts that stand in the text. refers: refs of the facts that its words refer to.
    """

    text: str
    age: int = 0
    relevance: float = 1.0
    gives: frozenset[str] = frozenset()
    refers: frozenset[str] = frozenset()

    @property
    def worth(self) -> float:
        return self.relevance * FADES**self.age


def tokens(text: str) -> int:
    """How many tokens a text is, or a few more. Any text is taken as it is: nothing in it is a special token."""
    return len(_encoding().encode_ordinary(text))


def spent(texts: Iterable[str]) -> int:
    """How many tokens messages are, with what the format puts around each."""
    return sum(tokens(text) + AROUND for text in texts)


def cut(parts: Sequence[Part], budget: int, needed: frozenset[str] = frozenset()) -> list[Part]:
    """The parts worth most that are `spent` within the budget together, in the order given.

    needed: refs of facts that have to be told whatever they are worth, those of the answer that is to be worded. A part comes
    with every part that gives a fact it refers to, or not at all: no answer is ever told without its facts. A part that does
    not fit is left out, and a smaller one after it may still. Raises ValueError when what is needed does not fit.
    """
    sizes = [spent([part.text]) for part in parts]
    kept = _with_facts(parts, needed)
    if sum(sizes[at] for at in kept) > budget:
        raise ValueError(f"what is needed is more than {budget} tokens")
    for at in sorted(range(len(parts)), key=lambda at: (-parts[at].worth, parts[at].age, at)):
        more = kept | {at} | _with_facts(parts, parts[at].refers)
        if sum(sizes[at] for at in more) <= budget:
            kept = more
    return [parts[at] for at in sorted(kept)]


def _with_facts(parts: Sequence[Part], refs: frozenset[str]) -> frozenset[int]:
    """Where these facts are given, and the facts that those parts refer to in turn."""
    found: frozenset[int] = frozenset()
    while (more := frozenset(at for at, part in enumerate(parts) if part.gives & refs)) > found:
        found = more
        refs = refs.union(*(parts[at].refers for at in found))
    return found


@cache
def _encoding() -> tiktoken.Encoding:
    lines = (line.split() for line in token_ranks().splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    return tiktoken.Encoding("counterfoil", pat_str=WORDS, mergeable_ranks=ranks, special_tokens={})
