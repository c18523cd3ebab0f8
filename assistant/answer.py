"""From results to sentences: the catalogue's words with facts in their places, each sentence checked before it leaves."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from assistant.placeholders import PLACEHOLDER
from assistant.plan import Step
from assistant.tools import Line, ToolResult, literal
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


# Nor may a model conclude or deny anything in words of its own.
_CONCLUDES = re.compile(
    r"n't\b|\b(?:no|not|nor|never|without|nobody|yes|enough|same|equal|equally|duplicates?|cheaper|dearer|most|least|every|all|only)\b",
    re.IGNORECASE,
)
_STRANGE = re.compile(r"[^\w\s.,;:!?'’()–-]|_")
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_BULLET = re.compile(r"^\s*[-•–]\s+")
# Words that say nothing by themselves, not even which way money went.
_PLAIN = """a an the your you it its that this these those there here which who what when where in at on of for with by within
during between and or as than is was are were be been has have had also then so each against compared altogether i see"""
PLAIN = frozenset(_PLAIN.split())


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


def reading(step: Step) -> str:
    """What a step asks for, as a question in our words and the parts of the customer's; empty for a tool that has none."""
    pattern = catalogue().get(f"reading.{step.tool.value}", "")
    said = step.spans
    apart = [f"without {name}" for name in said.without]
    who = " and ".join((*said.merchants, *filter(None, [said.category])))
    parts = [who, said.amount, said.bought, *apart, said.account, said.group, *said.periods]
    about = ", ".join(dict.fromkeys(words for words in parts if words))
    about = f": {about}" if about else ""
    return pattern.replace("{about}", about)


def check(pattern: str) -> None:
    """What is left of a message without its places states no figure and no conclusion."""
    if (found := _STATES.search(_PLACE.sub(" ", pattern))) is not None:
        raise Unchecked(f"{found.group()!r} in {pattern!r} has no fact behind it")


def bound(results: Sequence[ToolResult], said: Sequence[Sequence[str]]) -> dict[str, frozenset[str]]:
    """The words that may stand beside each fact: of our own sentence for it, its label, its scope, and what was asked.

    said: for each result, the words of the customer that it was asked with.
    """
    facts = {fact.ref: fact for result in results for fact in result.facts}
    beside: dict[str, set[str]] = {ref: _words(fact.label) for ref, fact in facts.items()}
    for result, asked in zip(results, said, strict=True):
        scope = result.scope
        around = _words(" ".join((scope.period, *scope.accounts, *scope.merchants, scope.category or "", *asked)))
        for fact in result.facts:
            beside[fact.ref] |= around
        for line in result.lines:
            event = sentence(line, facts)
            for ref in event.refs:
                beside[ref] |= _words(_REF.sub(" ", event.template))
    return {ref: frozenset(words) for ref, words in beside.items()}


def worded(
    text: str, facts: Mapping[str, Fact], beside: Mapping[str, frozenset[str]], put_back: Callable[[str], str]
) -> TextEvent:
    """A sentence of a model's own, if it says nothing that our sentences for the same facts would not say.

    put_back: puts the words back into the places of placeholders. Raises Unchecked for a sentence without a fact; for a figure,
    number word, comparison or conclusion that the model wrote; and for any word that stands beside none of the sentence's facts
    in what we would say of them, which is what keeps a name or a month with its own figure.
    """
    text = " ".join(_BULLET.sub("", text).split())
    refs = tuple(_REF.findall(text))
    if not refs or any(ref not in facts for ref in refs):
        raise Unchecked("there is no fact in it, or one that no tool found")
    own = PLACEHOLDER.sub(" ", _REF.sub(" ", text))
    if found := _STATES.search(own) or _CONCLUDES.search(own) or _STRANGE.search(own):
        raise Unchecked(f"{found.group()!r} has no fact behind it")
    parts = [part if _REF.fullmatch(part) else put_back(part) for part in re.split(r"(\{f\d+\})", text)]
    full = "".join(part for part in parts if not _REF.fullmatch(part))
    allowed = PLAIN.union(*(beside[ref] for ref in refs))
    if PLACEHOLDER.search(full) or (strange := _words(full) - allowed):
        raise Unchecked(
            "a name that was not given" if PLACEHOLDER.search(full) else f"{', '.join(sorted(strange))}: not said of it"
        )
    template = "".join(part if _REF.fullmatch(part) else literal(part) for part in parts)
    template = template[:1].upper() + template[1:]
    return TextEvent(text=_REF.sub(lambda m: facts[m[1]].shown, template), template=template, refs=refs)


def _words(text: str) -> set[str]:
    return {word.casefold().replace("’", "'") for word in _WORD.findall(text)}
