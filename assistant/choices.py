"""Which of the things that were offered a message picks: by the words of one that no other has, or by what it is not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.memory import Choice
from assistant.plan import Step
from assistant.spans import KIN, words_of
from prompts.registry import word_list

# A question may be a new one, whatever words it has of what was offered.
_ASKS_ANEW = re.compile(r"\b(?:how|what|when|which|where|did|do|does|is|are|was|show|list)\b")
_THE_ONE_WHO = re.compile(
    r"(?:(?:no|nah|oh|ah|sorry|well|ok|okay|right|thanks|thank you|ta|i mean|it's|that's|and|now)\b[,.!]? )*"
    r"(?:the|my) (?:other )?(?:one|[a-z]+),? (?:who|that|which|for|he|she|i mean)\b"
)
# So many words pick one; so many where they ask something as well.
MOST_CHOOSING, MOST_ASKING = 14, 5
LONGER_WORD = 5
# "Thanks" is a word of many a statement.
_FILLERS = word_list("fillers")
_NOT_KIN = re.compile(rf"\bnot (?:my |the )?(?:{'|'.join(sorted(KIN))})\b")
_NOT_THAT = re.compile(r"\bnot (?P<who>[a-z' ]+)")


def picked(message: str, choices: Sequence[Choice], family: frozenset[str] = frozenset()) -> Step | None:
    """The choice that a message picks: its words, or some of them that no other choice has ("obi" for JAMES OBI).

    family: names of those who have one of the customer's own.
    """
    text = message.casefold().replace("-", " ")
    said, anew = words_of(text), asks_anew(text)
    fitting = [c.step for c in choices if words_of(c.label) == said]
    if not fitting and said:
        labels = [words_of(c.label) for c in choices]
        told = _but_not(text, choices, labels) or _told(said, choices, labels)
        told = told or ([] if anew else _told(said, choices, [words_of(" ".join(c.step.only)) for c in choices]))
        told = told or _of_family(said, text, choices, family)
        fitting = [c.step for c in told if not c.exact] if len(told) == 1 else []
    short = len(said) <= (MOST_ASKING if anew else MOST_CHOOSING)
    return fitting[0] if len(fitting) == 1 and short else None


def asks_anew(text: str) -> bool:
    """Whether a message asks something itself, and does not only say whom it means."""
    return _ASKS_ANEW.search(text) is not None and _THE_ONE_WHO.match(text) is None


def telling(said: set[str], words: Sequence[set[str]]) -> list[int]:
    """Of which of several, by the words of each, something was said that is of no other."""
    own = [one.difference(_FILLERS, *(other for other in words if other is not one)) for one in words]
    return [number for number, some in enumerate(own) if any(_says(said, word) for word in some if len(word) > 1)]


def _told(said: set[str], choices: Sequence[Choice], words: Sequence[set[str]]) -> list[Choice]:
    """The choices of which something was said that is of no other: "obi", or "the five a side one", by a statement."""
    return [choices[number] for number in telling(said, words)]


def _but_not(text: str, choices: Sequence[Choice], labels: Sequence[set[str]]) -> list[Choice]:
    """ "Not Obi": those that are left."""
    denied = {w for match in _NOT_THAT.finditer(text) for w in words_of(match["who"])}
    gone = telling(denied, labels)
    return [c for number, c in enumerate(choices) if number not in gone] if gone else []


def _of_family(said: set[str], text: str, choices: Sequence[Choice], family: frozenset[str]) -> list[Choice]:
    """ "My brother": the choice that has a name of the customer's own; "not my brother": those that have none."""
    if not said & KIN:
        return []
    away = _NOT_KIN.search(text) is not None
    return [c for c in choices if c.step.only and (c.label in family) is not away]


def _says(said: set[str], word: str) -> bool:
    """Whether a word was said, or one that is made of it: "labouring" of LABOUR."""
    return word in said or (len(word) >= LONGER_WORD and any(one.startswith(word) for one in said))
