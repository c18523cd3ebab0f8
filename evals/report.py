"""What a run found, as figures and as a list of what went amiss."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median, quantiles
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from evals.marks import wilson
from evals.suites import Judged

MOST_LEAKS = 5
Found = Sequence[tuple[str, str, Judged]]


class Share(NamedTuple):
    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else 0.0

    def __str__(self) -> str:
        low, high = wilson(self.hits, self.of)
        return f"{self.value:.4f} ({self.hits} of {self.of}; 95 %: {low:.3f} to {high:.3f})"


class Summary(NamedTuple):
    """right, wrong: shares of turns. faults: things said without a ground; leaked: turns with something of somebody else's."""

    right: Share
    wrong: Share
    faults: int
    leaked: int
    routed: Share
    latency_ms: tuple[float, float]
    groups: dict[str, Share]


def summary(found: Found) -> Summary:
    turns = [turn for _, _, turn in found]
    groups: dict[str, list[bool]] = defaultdict(list)
    for _, group, turn in found:
        groups[group].append(turn.right)
    times = [turn.latency_ms for turn in turns]
    return Summary(
        right=_share(turn.right for turn in turns),
        wrong=_share(turn.wrong for turn in turns),
        faults=sum(len(turn.faults) for turn in turns),
        leaked=sum(bool(turn.leaks) for turn in turns),
        routed=_share(turn.path == "routed" for turn in turns),
        latency_ms=(median(times), quantiles(times, n=20)[-1]) if len(times) > 1 else (sum(times), sum(times)),
        groups={group: _share(rights) for group, rights in sorted(groups.items())},
    )


def _share(hits: Iterable[bool]) -> Share:
    all_of_them = list(hits)
    return Share(sum(all_of_them), len(all_of_them))


def show(title: str, found: Found, console: Console) -> Summary:
    """Print the figures of a run and give them back."""
    done = summary(found)
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_row("exactly right", str(done.right))
    for group, share in done.groups.items():
        table.add_row(f"  {group}", str(share))
    table.add_row("a wrong figure stated", str(done.wrong))
    table.add_row("said without a ground", str(done.faults))
    table.add_row("turns with somebody else's figures", str(done.leaked))
    table.add_row("routed, without a model", str(done.routed))
    table.add_row("a turn, p50 / p95", f"{done.latency_ms[0]:.1f} / {done.latency_ms[1]:.1f} ms")
    console.print(table)
    return done


def failures(found: Found) -> str:
    """Every turn that is not right or says something without a ground, as Markdown; empty when there is none."""
    lines = []
    for case, group, turn in found:
        if turn.right and not turn.faults and not turn.leaks:
            continue
        lines += [
            f"## {case} · turn {turn.turn + 1} · {group}",
            f"- said: {turn.said}",
            f"- outcome: {turn.outcome} ({turn.path})",
            f"- answer: {turn.answer}",
            f"- amiss: {turn.why or 'nothing'}{' (a wrong figure)' if turn.wrong else ''}",
            *(f"- no ground: {fault}" for fault in turn.faults),
            *(f"- somebody else's: {leak}" for leak in turn.leaks[:MOST_LEAKS]),
            "",
        ]
    return "\n".join(lines)
