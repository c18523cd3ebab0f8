"""What speaks against a plan of a small model: each kind of it, and plans that nothing speaks against."""

from __future__ import annotations

import pytest

from assistant.objections import objection
from assistant.plan import Plan, Spans, Step, Tool
from assistant.spans import find
from tests.test_dialogue import KNOWN

TESCO = Step(tool=Tool.SUM, spans=Spans(merchants=("tesco",), periods=("last month",)))
REST = Step(tool=Tool.LARGEST, spans=Spans(merchants=("tesco",), without=("netflix",)))
EARNED = Step(tool=Tool.INCOME, spans=Spans(periods=("last month",)))


def step(tool: Tool, *merchants: str, periods: tuple[str, ...] = (), **more: str) -> Step:
    return Step(tool=tool, spans=Spans(merchants=merchants, periods=periods, **more))


@pytest.mark.parametrize(
    ("message", "planned", "last", "why"),
    [
        ("Tesco in May, Aldi in June", [step(Tool.SUM, "Tesco", "Aldi", periods=("in May", "in June"))], None, "different names"),
        ("how much at tesco in may", [step(Tool.SUM, "tesco", periods=("in may",)), step(Tool.PENDING)], None, "several steps"),
        ("next one down?", [TESCO], TESCO, "repeats"),
        ("no, in 2025", [TESCO, step(Tool.SUM, "tesco", periods=("in 2025",))], TESCO, "repeats"),
        ("week before that", [step(Tool.SUM, "tesco", periods=("last month",))], None, "leaves out week"),
        ("was it lower when they last came", [step(Tool.LAST, "tesco", periods=("they last came",))], None, "no time"),
        ("what is in the fuse box", [step(Tool.BALANCE, account="fuse box")], None, "no account"),
        ("who got the biggest payment in may", [step(Tool.LARGEST, "the biggest payment", periods=("in may",))], None, "nobody"),
        ("did it happen again at tesco in july", [step(Tool.COMPARE, "tesco", periods=("in july",))], None, "compares nothing"),
        ("tesco in may, than aldi", [step(Tool.SUM, "tesco", periods=("in may",))], None, "held against"),
        ("out of my everyday account in may", [step(Tool.SUM, "everyday account", periods=("in may",))], None, "no payee"),
        ("and how much was it in september", [step(Tool.SUM, "september", periods=("last month",))], None, "no payee"),
        ("how much was the tesco bill", [step(Tool.SUM, "tesco")], None, "all the days"),
        ("and at aldi in may", [step(Tool.SUM, "tesco", "aldi", periods=("in may",))], TESCO, "adds who"),
        ("the priciest in may", [step(Tool.LARGEST, periods=("in may",))], TESCO, "drops who"),
        ("what was may against june", [step(Tool.COMPARE, periods=("may", "june"))], EARNED, "drops who"),
        ("next one down?", [step(Tool.LARGEST, "tesco")], REST, "left out"),
        ("tesco in may?", [step(Tool.SUM, "tesco", periods=("last month", "in may"))], TESCO, "adds the days"),
    ],
)
def test_what_a_plan_makes_wider_or_leaves_out_is_objected_to(
    message: str, planned: list[Step], last: Step | None, why: str
) -> None:
    assert why in objection(Plan(steps=tuple(planned), path="model"), find(message, KNOWN), message, last, KNOWN)


@pytest.mark.parametrize(
    ("message", "planned", "last"),
    [
        ("tesco in may", [step(Tool.SUM, "tesco", periods=("in may",))], None),
        ("how much at tesco altogether", [step(Tool.SUM, "tesco")], None),
        ("and aldi too", [step(Tool.SUM, "tesco", "aldi", periods=("last month",))], TESCO),
        ("and everything in may", [step(Tool.SUM, periods=("in may",))], TESCO),
        ("falconry in may", [step(Tool.SUM, "falconry", periods=("in may",))], None),
        ("more in may than in june?", [step(Tool.COMPARE, periods=("in may", "in june"))], None),
        ("tesco in may and what is pending", [step(Tool.SUM, "tesco", periods=("in may",)), step(Tool.PENDING)], None),
    ],
)
def test_a_plan_of_what_was_asked_is_not_objected_to(message: str, planned: list[Step], last: Step | None) -> None:
    assert objection(Plan(steps=tuple(planned), path="model"), find(message, KNOWN), message, last, KNOWN) == ""
