"""Two runs of a suite held against each other, turn by turn: what is won and lost, and whether a difference is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from data.errors import InvalidInput
from evals.report import is_held, page
from evals.runs import SEEDS, Kept
from evals.suites import Judged

# A turn is the same in both runs when the conversation, its place in it and its words are.
Item = tuple[str, int, str]
DRAWS, AT_ONCE = 10_000, 500
NO_DIFFERENCE = "no difference shown"


class Difference(NamedTuple):
    """B less A, with its 95 % interval; a and b are means over the turns that both runs have."""

    name: str
    a: float
    b: float
    low: float
    high: float
    more_is_better: bool | None

    @property
    def value(self) -> float:
        return self.b - self.a

    @property
    def verdict(self) -> str:
        """Whether B is better or worse, or has more or less of what is neither; none of them where the interval holds 0."""
        if self.low <= 0 <= self.high:
            return NO_DIFFERENCE
        if self.more_is_better is None:
            return "more" if self.value > 0 else "less"
        return "better" if (self.value > 0) is self.more_is_better else "worse"


class Pair(NamedTuple):
    """One turn as both runs answered it."""

    case: str
    group: str
    a: Judged
    b: Judged


def compare(a: Kept, b: Kept) -> dict[str, Any]:
    """Everything that the page shows, as JSON. Raises InvalidInput for runs of different suites, or without a turn in common."""
    if a.suite != b.suite:
        raise InvalidInput(f"run {a.id[:8]} is of {a.suite} and run {b.id[:8]} of {b.suite}: only runs of one suite compare")
    pairs, only_a, only_b = paired(a, b)
    if not pairs:
        raise InvalidInput(f"runs {a.id[:8]} and {b.id[:8]} of {a.suite} have no question in common")
    won = [pair for pair in pairs if pair.b.right and not pair.a.right]
    lost = [pair for pair in pairs if pair.a.right and not pair.b.right]
    return {
        "suite": a.suite,
        "a": {"id": a.id, "began": a.began},
        "b": {"id": b.id, "began": b.began},
        "changed": _changed(a.record, b.record),
        "turns": len(pairs),
        "conversations": len({pair.case for pair in pairs}),
        "only": {"a": only_a, "b": only_b},
        "differences": [one._asdict() | {"value": one.value, "verdict": one.verdict} for one in differences(pairs)],
        "won": [_told(pair) for pair in won if not is_held(pair.group)],
        "lost": [_told(pair) for pair in lost if not is_held(pair.group)],
        "counts": {
            "both": sum(pair.a.right and pair.b.right for pair in pairs),
            "won": len(won),
            "lost": len(lost),
            "neither": sum(not pair.a.right and not pair.b.right for pair in pairs),
        },
        "held": sum(is_held(pair.group) for pair in (*won, *lost)),
    }


def paired(a: Kept, b: Kept) -> tuple[list[Pair], int, int]:
    """The turns that both have, and how many each has alone."""
    first, second = _items(a), _items(b)
    both = [Pair(key[0], first[key][0], first[key][1], second[key][1]) for key in first if key in second]
    return both, len(first) - len(both), len(second) - len(both)


def _items(kept: Kept) -> dict[Item, tuple[str, Judged]]:
    return {(case, turn.turn, turn.said): (group, turn) for case, group, turn in kept.found}


MEASURES: Sequence[tuple[str, Callable[[Judged], float | None], bool | None]] = (
    ("exactly right", lambda turn: float(turn.right), True),
    ("a wrong figure stated", lambda turn: float(turn.wrong), False),
    ("without a ground", lambda turn: float(bool(turn.faults)), False),
    ("somebody else's", lambda turn: float(bool(turn.leaks)), False),
    ("planned by a model", lambda turn: float(turn.path == "model"), None),
    ("wall, ms", lambda turn: turn.latency_ms, False),
    ("CPU, ms", lambda turn: turn.cpu_ms, False),
    ("tokens of a model", lambda turn: None if turn.tokens is None else float(turn.tokens), False),
)


def differences(pairs: Sequence[Pair]) -> list[Difference]:
    """Of each measure that is known of both, over the turns of which it is."""
    found = []
    for name, measure, more in MEASURES:
        values = [(pair.case, measure(pair.a), measure(pair.b)) for pair in pairs]
        known = [(case, x, y) for case, x, y in values if x is not None and y is not None]
        if known:
            low, high = interval([(case, y - x) for case, x, y in known])
            a, b = (float(np.mean([one[place] for one in known])) for place in (1, 2))
            found.append(Difference(name, a, b, low, high, more))
    return found


def interval(differences: Sequence[tuple[str, float]]) -> tuple[float, float]:
    """The 95 % interval of a mean difference, by bootstrap. Conversations are drawn, not turns: what goes wrong in one goes on.

    differences: of each turn, with its conversation.
    """
    cases = {case: n for n, case in enumerate(dict.fromkeys(case for case, _ in differences))}
    sums, sizes = np.zeros(len(cases)), np.zeros(len(cases))
    for case, value in differences:
        sums[cases[case]] += value
        sizes[cases[case]] += 1
    dice = np.random.default_rng(SEEDS["bootstrap"])
    means: list[NDArray[np.float64]] = []
    for _ in range(DRAWS // AT_ONCE):
        drawn = dice.integers(0, len(cases), (AT_ONCE, len(cases)))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
    return float(low), float(high)


def _changed(a: Mapping[str, Any], b: Mapping[str, Any], path: str = "") -> list[dict[str, str]]:
    """What is not alike in what two runs were made from."""
    found: list[dict[str, str]] = []
    for name in dict.fromkeys((*a, *b)):
        here, there = a.get(name), b.get(name)
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            found += _changed(here, there, f"{path}{name}: ")
        elif _word(here) != _word(there):
            found.append({"name": path + name, "a": _word(here), "b": _word(there)})
    return found


def _word(value: Any) -> str:
    return "—" if value in (None, "") else str(value)


def _told(pair: Pair) -> dict[str, Any]:
    turns = {"a": pair.a.model_dump(mode="json"), "b": pair.b.model_dump(mode="json")}
    return {"case": pair.case, "group": pair.group, "turn": pair.a.turn, "said": pair.a.said, "expected": pair.a.expected} | turns


def show(found: Mapping[str, Any], console: Console) -> None:
    """The comparison as text: the differences, then what was won and lost."""
    counts, sides = found["counts"], [found[side]["id"][:8] for side in ("a", "b")]
    title = (
        f"{found['suite']}: B {sides[1]} against A {sides[0]}, {found['turns']} turns in {found['conversations']} conversations"
    )
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("", "A", "B", "B - A", "95 %", "B is"):
        table.add_column(name, justify="left" if name in ("", "B is") else "right", no_wrap=name != "95 %")
    for one in found["differences"]:
        a, b, value, low, high = (figure(one["name"], one[part]) for part in ("a", "b", "value", "low", "high"))
        table.add_row(one["name"], a, b, value, f"{low} to {high}", one["verdict"])
    console.print(table)
    console.print(f"Won {counts['won']}, lost {counts['lost']}; right in both {counts['both']}, in neither {counts['neither']}.")
    for side, name in (("won", "Won"), ("lost", "Lost")):
        for item in found[side]:
            console.print(f"{name}: {item['case']} · {item['turn'] + 1}: {item['said']}", markup=False)
            console.print(f"  A: {item['a']['answer']}\n  B: {item['b']['answer']}", markup=False)
    if found["held"]:
        console.print(f"{found['held']} of those won and lost are held out, and are not shown.")
    if any(found["only"].values()):
        console.print(f"Only in A: {found['only']['a']} turns, only in B: {found['only']['b']}; these do not count.")


def figure(name: str, value: float) -> str:
    """A measure as it is shown: a cost in its own unit, a share in percent."""
    return f"{value:,.1f}" if name.endswith("ms") or name.startswith("tokens") else f"{value:.1%}"


def write(found: Mapping[str, Any], folder: Path, out: Path | None = None) -> tuple[Path, Path]:
    """The comparison as a page and as JSON, in a folder or where `out` says."""
    html = out or folder / f"{found['suite']}-{found['a']['id'][:8]}-{found['b']['id'][:8]}.html"
    html.write_text(page("compare.html.j2", it=found, figure=figure), "utf-8")
    data = html.with_suffix(".json")
    data.write_text(json.dumps(found, indent=1, ensure_ascii=False), "utf-8")
    return html, data
