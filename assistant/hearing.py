"""What the reader makes of a message: what each word of it is where it stands, and what was spoken of before it.

Of "my lad eats like a horse, total on takeaways?" the total is asked, the takeaways choose of what, and the rest is talk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from assistant.plan import Step
from assistant.spans import WORD
from retrieval.reader import Reading

# What a word can be; the other words ask. An account or an amount is found by its form.
TAGS = ("", "account", "name", "talk", "time")
# From here on a word of talk is nothing else; it then hardly ever names or dates anything.
TOLD = 0.9
_NAME, _TALK, _TIME = (TAGS.index(tag) for tag in ("name", "talk", "time"))


class Word(NamedTuple):
    """A word of a text and where it stands; how probably it names somebody or something there, chooses what the text is about (as
    names and times do), and is talk."""

    start: int
    end: int
    names: float
    chooses: float
    talk: float


class About(NamedTuple):
    """What a question was about: as the reader is told of it."""

    tool: str
    who: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    account: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (", ".join(some) for some in (self.who, self.when, self.account))
        return " ".join(filter(None, (self.tool.replace("_", " "), ":", *parts)))

    @classmethod
    def of(cls, step: Step) -> About:
        said = step.spans
        who = dict.fromkeys((*said.merchants, *filter(None, (said.category,))))
        return cls(step.tool, tuple(who), said.periods, tuple(filter(None, (said.account, said.amount))))


def words_of(text: str, reading: Reading) -> list[Word]:
    """The words of a text in `plain` form, as they were read; what is longer than the model reads is of no kind."""
    found = []
    for match in WORD.finditer(text):
        start, end = match.span()
        tokens = [at for at, (first, last) in enumerate(reading.places) if first < end and last > start]
        tags = reading.tags[tokens].mean(0) if tokens else np.zeros(len(TAGS), np.float32)
        name, talk, time = float(tags[_NAME]), float(tags[_TALK]), float(tags[_TIME])
        found.append(Word(start, end, name, name + time, talk))
    return found


def talks(text: str, words: Sequence[Word]) -> Callable[[str], float]:
    """How probably a part of a text is talk: its words, on the mean."""
    talk = {text[one.start : one.end]: one.talk for one in words}

    def of(part: str) -> float:
        said = [talk.get(m.group(), 0.0) for m in WORD.finditer(part)]
        return sum(said) / len(said) if said else 0.0

    return of


def without_talk(text: str, words: Sequence[Word]) -> str:
    """A text less what runs of words tell, and the marks behind them; "" where that is nothing, or all of it. One word by itself
    tells between marks: "lovely. how many", "brilliant, what did"."""
    runs = [list(run) for told, run in groupby(words, lambda word: word.talk >= TOLD) if told]
    drop = [(run[0].start, run[-1].end) for run in runs if len(run) > 1 or _between_marks(text, run[0])]
    left = text
    for start, end in reversed(drop):
        left = f"{left[:start]}{left[end:].lstrip(_MARKS)}"
    return left.strip(" ,;:-") if drop and WORD.search(left) else ""


_MARKS = " ,;:.!-"


def _between_marks(text: str, word: Word) -> bool:
    ahead, behind = text[: word.start].rstrip(), text[word.end :].lstrip()
    return not ahead[-1:].isalnum() and not behind[:1].isalnum()


class Heard(NamedTuple):
    """Of each word of a text the most of its places: how probably it names somebody or something, and chooses what the text is
    about; and the least of them: that it is talk."""

    names: dict[str, float]
    chooses: dict[str, float]
    talk: dict[str, float]


def by_word(text: str, words: Sequence[Word]) -> Heard:
    heard = Heard({}, {}, {})
    for one in words:
        word = text[one.start : one.end].removesuffix("'s")
        heard.names[word] = max(one.names, heard.names.get(word, 0.0))
        heard.chooses[word] = max(one.chooses, heard.chooses.get(word, 0.0))
        heard.talk[word] = min(one.talk, heard.talk.get(word, 1.0))
    return heard
