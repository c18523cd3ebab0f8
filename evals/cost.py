"""What a turn costs: time, processor, memory, and what was asked of a language model."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from api.wiring import Bank
from evals.product import answerer
from evals.suites import Case

PROC = Path("/proc")
# Fields of /proc/PID/stat behind the name: the parent, user and system time, and pages in memory.
PARENT, USER, SYSTEM, PAGES = 1, 11, 12, 21


class Turn(NamedTuple):
    path: str
    wall_ms: float
    calls: int
    tokens_in: int
    tokens_out: int


class Usage(NamedTuple):
    """Of this process and all that it started: processor time so far, and memory now."""

    cpu_ms: float
    memory_mb: float


class Cost(NamedTuple):
    """Of a suite. cpu_ms: a turn, on average, of all processes. memory_mb: at its end. calls, tokens: a turn, on average."""

    turns: int
    routed: float
    wall_ms: tuple[float, float]
    cpu_ms: float
    memory_mb: float
    calls: float
    tokens_in: float
    tokens_out: float


async def measure(bank: Bank, cases: Sequence[Case], told: Callable[[int, int], None]) -> Cost:
    """Ask everything, one conversation after the other."""
    answer, turns = answerer(bank), []
    before = usage()
    for number, case in enumerate(cases, start=1):
        turns += [
            Turn(one["path"], one["latency_ms"], one["calls"], one["tokens_in"], one["tokens_out"])
            for one in await answer(case.line)
        ]
        told(number, len(cases))
    return summed(turns, before, usage())


def summed(turns: Sequence[Turn], before: Usage, after: Usage) -> Cost:
    """Raises ValueError where no turn was taken."""
    if not turns:
        raise ValueError("no turn was taken, so nothing was spent")
    walls = [turn.wall_ms for turn in turns]
    return Cost(
        turns=len(turns),
        routed=sum(turn.path == "routed" for turn in turns) / len(turns),
        wall_ms=(median(walls), quantiles(walls, n=20)[-1] if len(walls) > 1 else walls[0]),
        cpu_ms=(after.cpu_ms - before.cpu_ms) / len(turns),
        memory_mb=after.memory_mb,
        calls=fmean(turn.calls for turn in turns),
        tokens_in=fmean(turn.tokens_in for turn in turns),
        tokens_out=fmean(turn.tokens_out for turn in turns),
    )


def usage(root: int | None = None) -> Usage:
    """By what /proc tells; zeros where there is none."""
    stats = _stats()
    tree, grown = {root or os.getpid()}, True
    while grown:
        more = {pid for pid, stat in stats.items() if int(stat[PARENT]) in tree} - tree
        tree, grown = tree | more, bool(more)
    mine = [stats[pid] for pid in tree if pid in stats]
    ticks = sum(int(stat[USER]) + int(stat[SYSTEM]) for stat in mine)
    pages = sum(int(stat[PAGES]) for stat in mine)
    return Usage(ticks * 1000 / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def _stats() -> Mapping[int, Sequence[str]]:
    found = {}
    for path in PROC.glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = path.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            # It has ended since it was listed.
            continue
    return found


def show(costs: Mapping[str, Cost], console: Console) -> None:
    table = Table(title="What a turn costs", title_justify="left")
    for heading in ("suite", "turns", "routed", "wall p50 / p95, ms", "CPU, ms", "memory, MB", "model calls", "tokens in / out"):
        table.add_column(heading, justify="left" if heading == "suite" else "right")
    for name, cost in costs.items():
        table.add_row(
            name,
            str(cost.turns),
            f"{cost.routed:.3f}",
            f"{cost.wall_ms[0]:.1f} / {cost.wall_ms[1]:.1f}",
            f"{cost.cpu_ms:.1f}",
            f"{cost.memory_mb:.0f}",
            f"{cost.calls:.3f}",
            f"{cost.tokens_in:.1f} / {cost.tokens_out:.1f}",
        )
    console.print(table)
