"""From results to sentences: the catalogue's words with facts in their places, each sentence checked before it leaves."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from assistant.tools import Line, ToolResult
from data.facts import Fact, TextEvent

CATALOGUE = Path(__file__).resolve().parent.parent / "prompts" / "messages" / "en.toml"
_REF = re.compile(r"\{(f\d+)\}")
_PLACE = re.compile(r"\{(\w+)\}")
# Words that state a number or a conclusion: they may stand in an answer only where a fact put them.
_STATES = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|once|twice|double|half|third|quarter|dozen|hundred|thousand"
    r"|more|less|fewer|higher|lower|none|nothing)\b",
    re.IGNORECASE,
)


class Unchecked(ValueError):
    """A sentence that states something no fact stands behind: it must not leave."""


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, str]:
    """Message key -> text with {places}, such as "sum.one"."""
    tables = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return {f"{table}.{name}": str(text) for table, messages in tables.items() for name, text in messages.items()}


def render(results: Sequence[ToolResult]) -> Iterator[TextEvent]:
    """The sentences of an answer in order. Facts of several results must have refs of their own.

    Raises Unchecked rather than let a sentence go whose figures are not facts.
    """
    facts = {fact.ref: fact for result in results for fact in result.facts}
    said: set[str] = set()
    for result in results:
        for line in result.lines:
            event = sentence(line, facts)
            if event.text not in said:
                said.add(event.text)
                yield event


def sentence(line: Line, facts: Mapping[str, Fact]) -> TextEvent:
    """One message with its places filled."""
    pattern = catalogue()[line.key]
    check(pattern)
    missing = [name for name in _PLACE.findall(pattern) if name not in line.slots]
    if missing:
        raise Unchecked(f"{line.key} has nothing to put for {', '.join(missing)}")
    template = re.sub(r" {2,}", " ", _PLACE.sub(lambda m: line.slots[m[1]], pattern)).replace(" .", ".")
    refs = tuple(_REF.findall(template))
    unknown = [ref for ref in refs if ref not in facts]
    if unknown:
        raise Unchecked(f"{line.key} refers to {', '.join(unknown)}, which no tool found")
    template = template[:1].upper() + template[1:]
    return TextEvent(text=_REF.sub(lambda m: facts[m[1]].shown, template), template=template, refs=refs)


def check(pattern: str) -> None:
    """What is left of a message without its places states no figure and no conclusion."""
    if (found := _STATES.search(_PLACE.sub(" ", pattern))) is not None:
        raise Unchecked(f"{found.group()!r} in {pattern!r} has no fact behind it")
