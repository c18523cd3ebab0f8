"""Floors below which nothing may be released: `gates.toml` holds them, and they only ever rise."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import InvalidInput
from evals.report import Found

GATES = Path(__file__).parent / "gates.toml"
# The portion that every turn of a suite is in.
ALL = "all"


class Gate(BaseModel):
    """What must hold of a portion with so many turns; of another number of turns, which are other questions, it says nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: int
    at_least: Mapping[str, float] = {}
    at_most: Mapping[str, float] = {}

    def below(self, measures: Mapping[str, float]) -> list[str]:
        """What does not hold, in words. A measure that was not taken does not hold."""
        found = []
        for name, floor in self.at_least.items():
            if not measures.get(name, float("-inf")) >= floor:
                found.append(f"{name} is {measures.get(name, 'not measured')}, at least {floor:g} is wanted")
        for name, ceiling in self.at_most.items():
            if not measures.get(name, float("inf")) <= ceiling:
                found.append(f"{name} is {measures.get(name, 'not measured')}, at most {ceiling:g} is allowed")
        return found


# Suite -> portion -> gate.
Gates = Mapping[str, Mapping[str, Gate]]


class Verdict(NamedTuple):
    """holding: suites and portions whose gates hold. below: what does not hold. unmatched: those with gates of other turns."""

    holding: tuple[str, ...]
    below: tuple[str, ...]
    unmatched: tuple[str, ...]


def load(text: str | None = None) -> Gates:
    """The gates of `gates.toml`, or of a text in its form. Raises InvalidInput naming the suite, the portion and the field."""
    written = tomllib.loads(GATES.read_text("utf-8") if text is None else text)
    gates: dict[str, dict[str, Gate]] = {}
    for suite, portions in written.items():
        gates[suite] = {}
        for portion, gate in portions.items():
            try:
                gates[suite][portion] = Gate.model_validate(gate)
            except ValidationError as error:
                field = ".".join(map(str, error.errors()[0]["loc"]))
                raise InvalidInput(f"{GATES.name}, [{suite}.{portion}] {field}: {error.errors()[0]['msg']}") from error
    return gates


def measured(found: Found) -> dict[str, float]:
    """What gates may speak of, in turns; of faults each one."""
    turns = [turn for _, _, turn in found]
    return {
        "right": sum(turn.right for turn in turns),
        "wrong": sum(turn.wrong for turn in turns),
        "faults": sum(len(turn.faults) for turn in turns),
        "leaked": sum(bool(turn.leaks) for turn in turns),
        "broken": sum(turn.outcome == "error" for turn in turns),
    }


def check(suite: str, found: Found, gates: Gates) -> Verdict:
    """Hold a run against the gates of its suite: of each portion, which is a group or the part of a group before its colon."""
    parts = {
        portion: [one for one in found if portion in (ALL, one[1], one[1].partition(":")[0])] for portion in gates.get(suite, {})
    }
    return judge(suite, {portion: (len(part), measured(part)) for portion, part in parts.items() if part}, gates)


def judge(suite: str, parts: Mapping[str, tuple[int, Mapping[str, float]]], gates: Gates) -> Verdict:
    """parts: of each portion how many turns it has, and what was measured."""
    holding, below, unmatched = [], [], []
    for portion, (turns, measures) in parts.items():
        gate = gates.get(suite, {}).get(portion)
        if gate is None or gate.turns != turns:
            unmatched.append(f"{suite} {portion}")
        elif amiss := gate.below(measures):
            below += [f"{suite}, {portion}: {one}" for one in amiss]
        else:
            holding.append(f"{suite} {portion}")
    return Verdict(tuple(holding), tuple(below), tuple(unmatched))


def lowered(before: Gates, now: Gates) -> list[str]:
    """What `before` asked and `now` does not: a gate that is gone, or a floor that is lower for the same turns."""
    found = []
    for suite, portions in before.items():
        for portion, gate in portions.items():
            new = now.get(suite, {}).get(portion)
            if new is None:
                found.append(f"[{suite}.{portion}] is gone")
            elif new.turns == gate.turns:
                # The old floors are what the new ones must at least be.
                found += [f"[{suite}.{portion}] {one}" for one in _less(gate, new)]
    return found


def _less(before: Gate, now: Gate) -> list[str]:
    least = [f"at_least {name} was {floor:g}" for name, floor in before.at_least.items() if now.at_least.get(name, -1) < floor]
    return least + [
        f"at_most {name} was {ceiling:g}"
        for name, ceiling in before.at_most.items()
        if now.at_most.get(name, float("inf")) > ceiling
    ]
