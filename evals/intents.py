"""How well a head learned from labelled utterances says what messages ask for, and abstains from what is none of its intents.

A folder holds any of `banking77` (train.csv, in_domain_oos_intents.json), `clinc150_bank` (dev.csv), `nlupp_banking` (dev.jsonl).
With a test.csv or test.jsonl beside that file, everything is learned from the one and asked about the other. Without, the file is
cut into five parts, or those that its lines name, and each part is asked about by a head that learned the others.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from api.intents import read
from assistant.intents import OUT, Example, IntentHead, train
from data.errors import InvalidUtterance
from evals.figures import Figure, Places, auroc, resampled
from evals.report import Share
from retrieval.embedding import Embedder
from retrieval.vectors import Vectors

FOLDS = 5
MOST_GROUPS, WORST = 10, 5
Told = Callable[[int, int], None]


class Asked(NamedTuple):
    """One utterance, what it asks for, and what a head that never saw it said of it.

    right: its intents, none where it is out of scope. said: the head's, none where it abstained. nearest, probability: its best.
    group: what it is counted with. ms: embedding it and asking the head.
    """

    text: str
    group: str
    right: frozenset[str]
    said: frozenset[str]
    nearest: str
    probability: float
    ms: float

    @property
    def named(self) -> bool:
        """Whether its nearest intent is right, abstained or not."""
        return self.nearest in self.right


class Item(NamedTuple):
    """group: what it is counted with. part: which of the parts it is cut into."""

    example: Example
    group: str
    part: int


class Kind(NamedTuple):
    """figures: what is told of what was asked. fits: whether one was said, or abstained from, as it should be."""

    figures: Callable[[Sequence[Asked]], dict[str, Figure | Share]]
    fits: Callable[[Asked], bool]


class Set(NamedTuple):
    """hold: what is asked about, where that is a file of its own. never: labels that are not learned and so are out of scope."""

    name: str
    kind: Kind
    learn: list[Item]
    hold: list[Item]
    never: frozenset[str] = frozenset()


class Measured(NamedTuple):
    """figures: by name. groups: how many of each group were said, or abstained from, as they should be."""

    set: Set
    figures: dict[str, Figure | Share]
    groups: dict[str, Share]
    asked: list[Asked]


def accurate(asked: Sequence[Asked]) -> dict[str, Figure | Share]:
    """Every utterance has a right intent, and the nearest is taken; what the head's own abstaining changes is told beside it."""
    answered = [one for one in asked if one.said]
    return {
        "accuracy": _count(one.named for one in asked),
        "answered": _count(bool(one.said) for one in asked),
        "right where answered": _count(one.said == one.right for one in answered),
    }


def scoped(asked: Sequence[Asked]) -> dict[str, Figure | Share]:
    """An utterance in scope is right with its intent said; one out of scope with nothing said."""
    return {
        "in-scope accuracy": _count(one.said == one.right for one in asked if one.right),
        "out-of-scope recall": _count(not one.said for one in asked if not one.right),
    }


def told_apart(asked: Sequence[Asked]) -> dict[str, Figure | Share]:
    """How often an utterance of a known intent has a higher probability than one of an intent that was never learned."""
    known = np.array([bool(one.right) for one in asked])
    share = np.array([one.probability for one in asked])
    return {"AUROC": resampled(lambda some: auroc(share[some], known[some]), _each(asked)), **scoped(asked)}


def several(asked: Sequence[Asked]) -> dict[str, Figure | Share]:
    """Micro-F1 over all labels of all utterances."""
    counts = np.array([[len(one.said & one.right), len(one.said), len(one.right)] for one in asked])

    def f1(some: Places) -> float:
        both, said, right = counts[some].sum(0)
        return float(2 * both / (said + right or 1))

    return {"micro-F1": resampled(f1, _each(asked)), "all labels right": _count(one.said == one.right for one in asked)}


def _count(hits: Iterable[bool]) -> Share:
    every = list(hits)
    return Share(sum(every), len(every))


def _each(asked: Sequence[Asked]) -> list[list[int]]:
    return [[place] for place in range(len(asked))]


ACCURATE = Kind(accurate, lambda one: one.named)
SCOPED = Kind(scoped, lambda one: one.said == one.right)
TOLD_APART = Kind(told_apart, lambda one: one.said == one.right)
SEVERAL = Kind(several, lambda one: one.said == one.right)


def sets(folder: Path) -> tuple[list[Set], list[str]]:
    """What the folder holds, and the names of the sets that it does not. Raises InvalidUtterance where one cannot be read."""
    made: list[Set] = []
    if (files := _files(folder / "banking77", "csv")) is not None:
        learn, hold = (_items(read(file)) if file else [] for file in files)
        made.append(Set("banking77", ACCURATE, learn, hold))
        if (names := folder / "banking77" / "in_domain_oos_intents.json").exists():
            never = _unsupported(names, learn)
            learn, hold = (_grouped(items, lambda example: _support(example, never)) for items in (learn, hold))
            made.append(Set("banking77 with intents withheld", TOLD_APART, learn, hold, never))
    if (files := _files(folder / "clinc150_bank", "csv")) is not None:
        learn, hold = (_scopes(read(file)) if file else [] for file in files)
        made.append(Set("clinc150_bank", SCOPED, learn, hold))
    if (files := _files(folder / "nlupp_banking", "jsonl")) is not None:
        learn, hold = (lines(file) if file else [] for file in files)
        made.append(Set("nlupp_banking", SEVERAL, learn, hold))
    there = {one.name.split()[0] for one in made}
    return made, [name for name in ("banking77", "clinc150_bank", "nlupp_banking") if name not in there]


def _files(folder: Path, ending: str) -> tuple[Path, Path | None] | None:
    """What to learn from, and what to ask about where that is a file of its own; None where there is nothing."""
    there = [file for name in ("train", "dev", "test") if (file := folder / f"{name}.{ending}").exists()]
    if not there:
        return None
    return there[0], there[-1] if there[-1].stem == "test" and len(there) > 1 else None


def _items(examples: Sequence[Example]) -> list[Item]:
    """In parts that have as many of each label, whatever the order of the file."""
    dealt = sorted(examples, key=lambda example: (example.labels, hashlib.sha256(example.text.encode()).digest()))
    parts = {id(example): place % FOLDS for place, example in enumerate(dealt)}
    return [Item(one, ", ".join(one.labels), parts[id(one)]) for one in examples]


def _grouped(items: Sequence[Item], group: Callable[[Example], str]) -> list[Item]:
    return [item._replace(group=group(item.example)) for item in items]


def _support(example: Example, never: frozenset[str]) -> str:
    return "withheld" if never.intersection(example.labels) else "learned"


def _scopes(examples: Sequence[Example]) -> list[Item]:
    """What other assistants are asked is out of scope like what nobody is."""
    groups = [
        "other domains" if one.labels[0].startswith("other_domain:") else OUT if OUT in one.labels else "in scope"
        for one in examples
    ]
    inside = [one if group == "in scope" else Example(one.text, (OUT,)) for one, group in zip(examples, groups, strict=True)]
    return [item._replace(group=group) for item, group in zip(_items(inside), groups, strict=True)]


def _unsupported(file: Path, items: Sequence[Item]) -> frozenset[str]:
    known = {label for item in items for label in item.example.labels}
    try:
        names = frozenset(json.loads(file.read_text("utf-8"))["intents"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidUtterance(str(file), 0, "intents", "there is no list of intents") from error
    if unknown := sorted(names - known):
        raise InvalidUtterance(str(file), 0, "intents", f"no utterance has {unknown[0]!r}")
    return names


def lines(file: Path) -> list[Item]:
    """JSON lines with text, intents and, where they are cut already, fold. Raises InvalidUtterance with line and field."""
    items = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            text, intents, fold = row["text"], row.get("intents", []), row.get("fold", number % FOLDS)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidUtterance(str(file), number, "text", "it is no JSON object with a text") from error
        if not isinstance(text, str) or not text.strip():
            raise InvalidUtterance(str(file), number, "text", "there is no text")
        if not isinstance(intents, list) or not all(isinstance(intent, str) and intent for intent in intents):
            raise InvalidUtterance(str(file), number, "intents", "it is no list of names")
        if not isinstance(fold, int):
            raise InvalidUtterance(str(file), number, "fold", "it is no whole number")
        items.append(Item(Example(text, tuple(intents)), f"{len(intents)} at once", fold))
    return items


def measure(one: Set, vectors: Vectors, embedder: Embedder, told: Told) -> Measured:
    """Learn and ask, each utterance alone as a message is.

    vectors: [what is learned, 384]. told: how many were asked about, of how many.
    """
    asked: list[Asked] = []
    for places, held in _rounds(one):
        head = train([one.learn[at].example for at in places], vectors[places], embedder.version, embedder.embed)
        for item in held:
            asked.append(ask(head, embedder, item, one.never))
            told(len(asked), len(one.hold or one.learn))
    return measured(one, asked)


def _rounds(one: Set) -> Iterator[tuple[list[int], list[Item]]]:
    """Places of what is learned, and what is asked about."""
    known = [at for at, item in enumerate(one.learn) if not one.never.intersection(item.example.labels)]
    if one.hold:
        yield known, one.hold
        return
    for part in sorted({item.part for item in one.learn}):
        yield [at for at in known if one.learn[at].part != part], [item for item in one.learn if item.part == part]


def ask(head: IntentHead, embedder: Embedder, item: Item, never: frozenset[str]) -> Asked:
    started = perf_counter()
    said = head.classify(item.example.text, embedder.embed([item.example.text])[0])
    ms = (perf_counter() - started) * 1000
    right = frozenset(item.example.intents) - never
    return Asked(item.example.text, item.group, right, frozenset(said.labels), *said.ranked[0], ms)


def measured(one: Set, asked: Sequence[Asked]) -> Measured:
    groups: dict[str, list[bool]] = defaultdict(list)
    for each in asked:
        groups[each.group].append(one.kind.fits(each))
    return Measured(one, one.kind.figures(asked), {group: _count(fits) for group, fits in sorted(groups.items())}, list(asked))


def show(done: Measured, console: Console) -> None:
    """Print the figures; of many groups only the worst."""
    how = f"learned from {len(done.set.learn)}, asked about {len(done.set.hold)}" if done.set.hold else "cross-validated"
    table = Table(title=f"{done.set.name}, {how}", title_justify="left", show_header=False)
    for name, figure in done.figures.items():
        table.add_row(name, str(figure))
    worst = sorted(done.groups.items(), key=lambda group: group[1].value)
    for name, share in worst if len(worst) <= MOST_GROUPS else worst[:WORST]:
        table.add_row(f"  {name}", str(share))
    table.add_row("a message, p50", f"{median(one.ms for one in done.asked):.1f} ms")
    console.print(table)


def failures(done: Measured) -> str:
    """Every utterance that was not said or abstained from as it should be, as Markdown; of a file that is held out, none."""
    if done.set.hold:
        return ""
    return "".join(
        f"## {done.set.name} · {one.group}\n- said: {one.text}\n- right: {_names(one.right)}\n"
        f"- the head: {_names(one.said)}; nearest: {one.nearest} {one.probability:.3f}\n\n"
        for one in done.asked
        if not done.set.kind.fits(one)
    )


def _names(labels: frozenset[str]) -> str:
    return ", ".join(sorted(labels)) or "nothing"
