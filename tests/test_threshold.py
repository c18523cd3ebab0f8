"""The router's threshold is measured from one run: what is routed at each, and how right that is."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

from assistant import dialogue
from evals.marks import Output
from evals.suites import Case, Judged
from evals.threshold import Turn, drawn, points, turns
from tests.conftest import NOW, Counter

AMARA = "amara-okafor"


def case(*said: str) -> Case:
    """A conversation in which every answer is right and every other outcome is wrong."""
    line: Mapping[str, Any] = {"id": said[0], "customer": AMARA, "now": NOW.isoformat(), "turns": list(said)}

    def judge(outputs: Sequence[Output]) -> list[Judged]:
        return [
            Judged(
                turn=number,
                said=text,
                outcome=output["outcome"],
                answer=output["answer"],
                right=output["outcome"] == "answer",
                wrong=output["outcome"] != "answer",
            )
            for number, (text, output) in enumerate(zip(said, outputs, strict=True))
        ]

    return Case(said[0], "one", line, judge)


def test_a_turn_counts_from_its_probability_down() -> None:
    found = [Turn(0.9, True, False), Turn(0.5, False, True), Turn(0.0, False, False), Turn(1.0, True, False)]
    curve = {point.threshold: point for point in points(found)}
    assert (curve[0.3].routed, curve[0.3].right, curve[0.3].wrong) == (0.75, 2 / 3, 0.25)
    assert (curve[0.6].routed, curve[0.6].right, curve[0.6].wrong) == (0.5, 1.0, 0.0)
    assert curve[0.95].routed == 0.25
    assert min(curve) == 0.3
    assert max(curve) == 0.95


def test_a_threshold_that_routes_nothing_has_no_share_of_right() -> None:
    assert points([Turn(0.4, True, False)])[-1] == (0.95, 0.0, 0.0, 0.0)


def test_turns_of_the_product_are_noted_with_their_probability(bank: Counter) -> None:
    asked = [case("How much did I spend at Tesco last month?", "and in May?"), case("blorp the wibble flange")]
    found = bank.run(turns(bank.bank, asked, lambda done, of: None))
    assert [turn.right for turn in found] == [True, True, False]
    assert found[0].sure > 0.6
    assert found[2].sure == 0.0


def test_the_picture_is_drawn_and_says_the_chosen_threshold() -> None:
    curve = points([Turn(n / 20, n > 8, n <= 4) for n in range(20)])
    picture = ET.fromstring(drawn({"households": curve, "cards": points([Turn(1.0, True, False)])}))
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert f"{dialogue.SURE:g}" in words
    assert "● households" in words
    # Every threshold of both curves in both panels.
    assert len(list(picture.iter("{http://www.w3.org/2000/svg}circle"))) == 4 * len(curve)
