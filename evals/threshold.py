"""What the router's threshold costs and gives: how much is routed, and how right that is, for every threshold from one run.

A run with the lowest threshold notes what each turn's label was given as its probability. A higher one would hand over the turns
below it and leave the others as they were. Turns that follow one that was handed over are taken as if they had not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from api.wiring import Bank
from assistant import dialogue
from assistant.dialogue import Understanding, Unsure
from assistant.memory import Memory
from assistant.plan import Plan, Tool
from assistant.spans import Known
from evals import product
from evals.marks import Answerer
from evals.suites import Case

LOWEST, HIGHEST, STEP = 0.3, 0.95, 0.05
# They have a threshold of their own.
_OWN = frozenset({Tool.HANDOVER, Tool.REFUSE, Tool.ARTICLE})


class Turn(NamedTuple):
    """A judged turn and the probability of its label: 1 where it did not depend on one, 0 where none would have been enough."""

    sure: float
    right: bool
    wrong: bool


class Point(NamedTuple):
    """routed: share of all turns. right: share of those that are routed. wrong: routed ones that state a wrong figure, of all."""

    threshold: float
    routed: float
    right: float
    wrong: float


class _Noted(Understanding):
    def __init__(self, of: Understanding) -> None:
        super().__init__(of.head, of.embed, of.reader, LOWEST)
        self.notes: list[tuple[str, float]] = []

    def plan(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        plan = super().plan(message, known, memory)
        own = isinstance(plan, Plan) and plan.steps[0].tool in _OWN
        self.notes.append((message, 0.0 if isinstance(plan, Unsure) else 1.0 if own else plan.sure))
        return plan


async def turns(bank: Bank, cases: Sequence[Case], told: Callable[[int, int], None]) -> list[Turn]:
    """Every turn that has a right answer. bank: one without a planner."""
    noted = _Noted(bank.assistant.understanding)
    answer = product.answerer(replace(bank, assistant=replace(bank.assistant, understanding=noted)))
    found: list[Turn] = []
    for number, case in enumerate(cases, start=1):
        noted.notes.clear()
        found += await _of(case, answer, noted)
        told(number, len(cases))
    return found


async def _of(case: Case, answer: Answerer, noted: _Noted) -> list[Turn]:
    judged = case.judge(await answer(case.line))
    notes = iter(noted.notes)
    note = next(notes, None)
    found = []
    for turn in judged:
        # A choice that was offered needs no label.
        sure = 1.0
        if note is not None and note[0] == turn.said:
            sure, note = note[1], next(notes, None)
        found.append(Turn(sure, turn.right, turn.wrong))
    return found


def points(found: Sequence[Turn]) -> list[Point]:
    """One for each threshold, from the lowest to the highest."""
    steps = round((HIGHEST - LOWEST) / STEP)
    return [_point(found, round(LOWEST + n * STEP, 2)) for n in range(steps + 1)]


def _point(found: Sequence[Turn], threshold: float) -> Point:
    routed = [turn for turn in found if turn.sure >= threshold]
    right, wrong = sum(turn.right for turn in routed), sum(turn.wrong for turn in routed)
    return Point(threshold, len(routed) / len(found), right / len(routed) if routed else 0.0, wrong / len(found))


# The picture

WIDE, HIGH, LEFT, TOP, GAP = 720, 200, 70, 50, 70
COLOURS = ("#0b5d4e", "#b4552d")
NAMED = (0.3, 0.5, 0.8, 0.95)
# Nearer than this two labels would lie on each other.
APART = 24


def drawn(curves: Mapping[str, Sequence[Point]]) -> str:
    """An SVG: against the share that is routed, above how much of it is right, below how many turns state a wrong figure."""
    every = [point for curve in curves.values() for point in curve]
    across = _Axis(min(p.routed for p in every), max(p.routed for p in every), LEFT + 20, LEFT + WIDE - 40)
    wide, high = LEFT + WIDE + 40, TOP + 2 * HIGH + GAP + 60
    parts = [f'<rect width="{wide}" height="{high}" fill="#fbfaf7"/>']
    parts += _panel(curves, across, "right", TOP, "right, of what is routed")
    parts += _panel(curves, across, "wrong", TOP + HIGH + GAP, "a wrong figure stated, of all turns")
    for number, (name, colour) in enumerate(zip(curves, COLOURS, strict=False)):
        parts.append(_text(LEFT + WIDE - 240 + 130 * number, 24, f"● {name}", colour))
    parts.append(_text(LEFT + WIDE / 2 - 60, high - 15, "share of turns routed"))
    size = f'viewBox="0 0 {wide} {high}" role="img" font-family="Georgia, serif" font-size="13"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', *parts, "</svg>\n"])


def _panel(curves: Mapping[str, Sequence[Point]], across: _Axis, field: str, top: float, title: str) -> list[str]:
    values = [getattr(point, field) for curve in curves.values() for point in curve]
    up = _Axis(min(values), max(values), top + HIGH - 20, top + 30)
    parts = [_text(LEFT, top - 12, title), *_frame(across, up, top)]
    for curve, colour in zip(curves.values(), COLOURS, strict=False):
        at = [(across(point.routed), up(getattr(point, field))) for point in curve]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        labelled = math.inf
        for (x, y), point in zip(at, curve, strict=True):
            chosen = point.threshold == dialogue.SURE
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{6 if chosen else 3}" fill="{colour}"/>')
            if (point.threshold in NAMED or chosen) and labelled - x > APART:
                labelled = x
                parts.append(_text(x + 6, y - 8, f"{point.threshold:g}", colour))
    return parts


class _Axis(NamedTuple):
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / ((self.high - self.low) or 1.0) * (self.end - self.start)


def _frame(across: _Axis, up: _Axis, top: float) -> list[str]:
    box = f'<rect x="{LEFT}" y="{top}" width="{WIDE}" height="{HIGH}" fill="none" stroke="#dcd8ce"/>'
    sides = [_text(LEFT - 50, up(value) + 4, f"{value:.1%}") for value in (up.low, (up.low + up.high) / 2, up.high)]
    middle = (across.low + across.high) / 2
    return [box, *sides, *(_text(across(v) - 16, top + HIGH + 18, f"{v:.0%}") for v in (across.low, middle, across.high))]


def _text(x: float, y: float, words: str, colour: str = "#17212b") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}">{words}</text>'
