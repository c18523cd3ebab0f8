"""What a run found: its figures, and a page of them with everything that went amiss."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.table import Table

from evals.marks import wilson
from evals.runs import Kept
from evals.suites import HELD, Judged

Found = Sequence[tuple[str, str, Judged]]


class Share(NamedTuple):
    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.of)

    @property
    def told(self) -> dict[str, float]:
        low, high = self.interval
        return {"share": round(self.value, 4), "hits": self.hits, "of": self.of, "low": round(low, 4), "high": round(high, 4)}

    def __str__(self) -> str:
        low, high = self.interval
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


# The report


def is_held(group: str) -> bool:
    return group.startswith(HELD)


def report(kept: Kept) -> dict[str, Any]:
    """Everything that the page shows, as JSON. Of what is held out there are figures, and no text."""
    done, turns = summary(kept.found), [turn for _, _, turn in kept.found]
    amiss = failures(kept.found)
    return {
        "run": {"id": kept.id, "suite": kept.suite, "began": kept.began},
        "record": dict(kept.record),
        "conversations": len({case for case, _, _ in kept.found}),
        "turns": len(turns),
        "scores": {"right": done.right.told, "wrong": done.wrong.told, "faults": done.faults, "leaked": done.leaked},
        "slices": slices(kept.found),
        "coverage": coverage(turns),
        "cost": {
            "wall_ms": _spread([turn.latency_ms for turn in turns]),
            "cpu_ms": _spread([turn.cpu_ms for turn in turns if turn.cpu_ms is not None]),
            "tokens": _spread([float(turn.tokens) for turn in turns if turn.tokens is not None]),
            "by_model": _share(turn.path == "model" for turn in turns).told,
        },
        "latencies_ms": sorted(turn.latency_ms for turn in turns),
        "failures": amiss,
        "held_failures": sum(turn.amiss for _, group, turn in kept.found if is_held(group)),
    }


def slices(found: Found) -> dict[str, list[dict[str, Any]]]:
    """By kind of tag, then by tag: how many turns are right, state a wrong figure, say something without a ground or leak."""
    parts: dict[str, dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for _, group, turn in found:
        tags = {"group": group, **turn.tags}
        if turn.steps is not None:
            tags["tool"] = " and ".join(dict.fromkeys(str(step["tool"]) for step in turn.steps)) or "asked back"
        for kind, tag in tags.items():
            parts[kind][tag].append(turn)
    return {
        kind: [
            {
                "name": tag,
                "right": _share(turn.right for turn in turns).told,
                "wrong": sum(turn.wrong for turn in turns),
                "faults": sum(len(turn.faults) for turn in turns),
                "leaked": sum(bool(turn.leaks) for turn in turns),
            }
            for tag, turns in sorted(tags.items(), key=lambda one: (-len(one[1]), one[0]))
        ]
        for kind, tags in parts.items()
        if len(tags) > 1
    }


def coverage(turns: Sequence[Judged]) -> list[dict[str, float]]:
    """For each confidence of the router, from the highest down: the share of turns routed, and of these right."""
    sure: dict[float, list[bool]] = defaultdict(list)
    for turn in turns:
        if turn.sure is not None:
            sure[turn.sure].append(turn.right)
    levels = sorted(sure, reverse=True)
    of = list(accumulate(len(sure[level]) for level in levels))
    hits = list(accumulate(sum(sure[level]) for level in levels))
    return [
        {"sure": round(level, 4), "routed": round(n / len(turns), 4)} | Share(right, n).told
        for level, right, n in zip(levels, hits, of, strict=True)
    ]


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    """None where nothing was measured."""
    if not values:
        return None
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else [values[0]] * 99
    found = {"mean": fmean(values), "p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "most": max(values), "of": len(values)}
    return {name: round(value, 1) for name, value in found.items()}


# What is worst comes first.
KINDS = ("somebody else's", "error", "wrong figure", "no ground", "not right")


def _kind(turn: Judged) -> str:
    signs = (bool(turn.leaks), turn.outcome == "error", turn.wrong, bool(turn.faults), True)
    return next(kind for kind, there in zip(KINDS, signs, strict=True) if there)


def failures(found: Found) -> list[dict[str, Any]]:
    """Every turn that may be shown and is not right, has no ground or leaks, with the turns before it; the worst first."""
    before: dict[str, list[Judged]] = defaultdict(list)
    amiss = []
    for case, group, turn in found:
        if turn.amiss and not is_held(group):
            led = [{"said": one.said, "answer": one.answer} for one in before[case]]
            amiss.append({"case": case, "group": group, "kind": _kind(turn), "before": led, **turn.model_dump(mode="json")})
        before[case].append(turn)
    return sorted(amiss, key=lambda one: KINDS.index(one["kind"]))


# The page. A drawing is as wide and as high as this; the template draws what is placed in it.

WIDE, HIGH = 420.0, 230.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 10.0, 14.0, 34.0
# So many turns at least are behind a point of the curve.
FEWEST = 20
# Nearer than this two labels would lie on each other.
APART = 28


class Axis(NamedTuple):
    """Places values between two ends of a drawing; by their logarithm where `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        return round(self.start + (at - low) / ((high - low) or 1.0) * (self.end - self.start), 1)


def curve(points: Sequence[dict[str, float]]) -> dict[str, Any] | None:
    """The accuracy-coverage curve as places in a drawing; None where too few turns have a confidence."""
    held = [point for point in points if point["of"] >= FEWEST]
    if not held:
        return None
    lowest = math.floor(min(point["low"] for point in held) * 20) / 20
    across, up = Axis(0, 1, LEFT, WIDE - RIGHT), Axis(lowest, 1, HIGH - BOTTOM, TOP)
    line = [(across(p["routed"]), up(p["share"])) for p in held]
    band = [(across(p["routed"]), up(p["high"])) for p in held] + [(across(p["routed"]), up(p["low"])) for p in reversed(held)]
    marked: list[dict[str, float]] = []
    for point in (_nearest(held, sure) for sure in (0.7, 0.8, 0.9, 0.95)):
        if point and all(abs(across(point["routed"]) - across(other["routed"])) > APART for other in marked):
            marked.append(point)
    return {
        "line": line,
        "band": band,
        "marks": [(across(p["routed"]), up(p["share"]), f"{p['sure']:.2f}") for p in marked],
        "last": held[-1],
        "across": [(across(value), f"{value:.0%}") for value in (0, 0.25, 0.5, 0.75, 1)],
        "up": [(up(value), f"{value:.0%}") for value in _ticks(lowest)],
    }


def _nearest(points: Sequence[dict[str, float]], sure: float) -> dict[str, float] | None:
    """The last point that is at least as sure."""
    fitting = [point for point in points if point["sure"] >= sure]
    return fitting[-1] if fitting else None


def _ticks(lowest: float) -> list[float]:
    step = 0.05 if lowest >= 0.8 else 0.1 if lowest >= 0.5 else 0.25
    first = math.ceil(round(lowest / step, 6)) * step
    return [round(first + n * step, 2) for n in range(round((1 - first) / step) + 1)]


def histogram(times: Sequence[float]) -> dict[str, Any] | None:
    """Latencies as bars in a drawing, ten to a power of ten."""
    some = [max(time, 1.0) for time in times]
    if not some or max(some) == 1.0:
        return None
    first, last = math.floor(math.log10(min(some)) * 10), math.floor(math.log10(max(some)) * 10) + 1
    counts = [0] * (last - first)
    for time in some:
        counts[math.floor(math.log10(time) * 10) - first] += 1
    across = Axis(10 ** (first / 10), 10 ** (last / 10), LEFT, WIDE - RIGHT, log=True)
    up = Axis(0, max(counts), HIGH - BOTTOM, TOP + 16)
    bars = []
    for place, count in enumerate(counts):
        left, right = across(10 ** ((first + place) / 10)), across(10 ** ((first + place + 1) / 10))
        bars.append({"x": left, "y": up(count), "wide": round(right - left - 1, 1), "high": round(HIGH - BOTTOM - up(count), 1)})
    cuts = quantiles(some, n=20, method="inclusive") if len(some) > 1 else some * 19
    steps = (1, 2, 5) if last - first < 20 else (1,)
    round_ones = [step * 10.0**n for n in range(first // 10, last // 10 + 1) for step in steps]
    ticks = [value for value in round_ones if 10 ** (first / 10) <= value <= 10 ** (last / 10)]
    return {
        "bars": bars,
        "marks": [(across(cuts[9]), "p50", cuts[9]), (across(cuts[18]), "p95", cuts[18])],
        "across": [(across(value), f"{value:g} ms" if value < 1000 else f"{value / 1000:g} s") for value in ticks],
        "up": [(up(value), str(value)) for value in sorted({0, max(counts) // 2, max(counts)})],
    }


FOLDER = Path(__file__).parent / "templates"
PAGES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
# The one script of a page is allowed by its digest, so that nothing that a customer or a model wrote could ever run.
SCRIPT = (FOLDER / "page.js").read_text("utf-8")
DIGEST = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()


def page(template: str, **shown: Any) -> str:
    """A page that needs nothing but itself."""
    drawing = {"wide": WIDE, "high": HIGH, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return PAGES.get_template(template).render(script=SCRIPT, digest=DIGEST, drawing=drawing, kinds=KINDS, **shown)


def write(kept: Kept, out: Path | None = None) -> tuple[Path, Path]:
    """The report of a run as a page and as JSON, beside its log or where `out` says."""
    found = report(kept)
    html = out or kept.path.parent / f"{kept.suite}-{kept.id[:8]}.html"
    drawn = {"curve": curve(found["coverage"]), "histogram": histogram(found["latencies_ms"])}
    html.write_text(page("report.html.j2", it=found, **drawn), "utf-8")
    data = html.with_suffix(".json")
    data.write_text(json.dumps(found, indent=1, ensure_ascii=False), "utf-8")
    return html, data
