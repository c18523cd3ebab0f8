"""A few of the faults of `make faults`, the same each time; and the figures say no where something is wrong."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from api.settings import Settings
from connectors.performing import Performing
from data.actions import Intent, Result, State
from evals.faults import LINES, ORDERS, Fault, Run, bench, report

SAVED, NEW = ORDERS[0], ORDERS[2]
WHERE = ("after it is reserved", "after it is marked sent", "after payment")


async def test_an_order_that_is_broken_anywhere_is_done_once_and_told_as_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(Settings(home=home, model="none")) as opened:
        places = await opened.places(SAVED)
        ways = itertools.cycle(("says yes", "elsewhere"))
        runs = [Run(SAVED, Fault("dies", places.index(where)), way) for where, way in zip(WHERE, ways, strict=False)]
        runs += [Run(NEW, Fault("line", "payment", detail), "asks") for detail in LINES[::4]]
        runs += [Run(SAVED, Fault("locked", places.index("before it is settled")), "asks")]
        wrong = {run.id: found.violations for run in runs if (found := await opened.run(run, 1)).violations}
        assert not wrong

        async def nothing_is_sent(_self: Performing, _intent: Intent, _token: str) -> Result:
            return Result(state=State.DONE)

        monkeypatch.setattr(Performing, "_send", nothing_is_sent)
        lied = await opened.run(Run(SAVED, Fault("nothing", -2), "says yes"), 1)
        assert "said to be done, and it was not" in lied.violations


def test_figures_tell_of_violations() -> None:
    lines = [
        {"run": "a", "kind": "dies", "violations": [], "made": 1},
        {"run": "b", "kind": "dies", "violations": ["the money moved 2 times"], "made": 2},
        {"run": "c", "kind": "line", "violations": ["sent still, after the bank's consent has ended"], "made": 0},
    ]
    assert list(report(lines)) == [
        "dies: 2 runs, 1 with a violation",
        "line: 1 runs, 1 with a violation",
        "3 runs: 1 double, 1 lost; money moved in 2",
        "violation: b: the money moved 2 times",
        "violation: c: sent still, after the bank's consent has ended",
    ]
