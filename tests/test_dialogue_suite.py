"""The simulated customer: what they say next, and how a dialogue is graded. The scripts are played against scripted answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from data.errors import InvalidInput
from evals import dialogue, forty
from evals.golds import world
from evals.grounding import Ground
from evals.questions import NOW
from evals.suites import Judged, household_grounds

KINDS = dialogue.scenarios()
AMARA = "amara-okafor"
CALM = dialogue.Persona(patience=3, nudge="hm")


def scenario(*steps: dict[str, Any]) -> dialogue.Scenario:
    return dialogue.Scenario.model_validate({"id": "x", "persona": "cross", "customer": AMARA, "steps": list(steps)})


def output(outcome: str, *facts: dict[str, Any], choices: Sequence[str] = (), answer: str = "") -> dict[str, Any]:
    scope: dict[str, Any] = {}
    return {
        "outcome": outcome, "answer": answer, "facts": list(facts), "scope": scope, "citations": [], "choices": list(choices)
    }  # fmt: skip


async def played(script: dialogue.Scenario, *answers: dict[str, Any], persona: dialogue.Persona = CALM) -> list[dict[str, Any]]:
    left = iter(answers)

    async def say(message: str) -> dict[str, Any]:
        return next(left)

    return await dialogue.play(dialogue.Customer(script, persona), say)


def money(value: str, evidence: Sequence[str]) -> dict[str, Any]:
    return {"label": "x", "value": value, "unit": "GBP", "evidence": list(evidence)}


def the_sum(script: dialogue.Scenario, step: int = 0) -> dict[str, Any]:
    fact = script.golds[step][0].facts[0]
    return money(fact.values[0], sorted(fact.evidence or ()))


LANTERN = {"say": "lantern in october", "gold": {"sum": {"like": "LANTERN", "in": "2026-10"}}}
TESCO = {"say": "tesco, I mean", "gold": {"sum": {"like": "TESCO", "in": "2026-10"}}}


def test_there_are_as_many_scenarios_of_every_kind_as_promised() -> None:
    kinds = {"correction", "digression", "negation", "impatience", "pile-up", "check-again", "person"}
    assert set(KINDS) == kinds
    assert all(len(some) >= 8 for some in KINDS.values())
    assert sum(map(len, KINDS.values())) >= 60
    assert len({one.customer for some in KINDS.values() for one in some}) == 7
    assert {one.persona for some in KINDS.values() for one in some} == set(dialogue.personas())


async def test_a_contented_customer_goes_on_to_the_next_wish_and_ends() -> None:
    turns = await played(scenario(LANTERN, TESCO), output("answer"), output("answer"))
    assert [turn["said"] for turn in turns] == ["lantern in october", "tesco, I mean"]
    assert [turn["step"] for turn in turns] == [0, 1]


async def test_asked_back_they_pick_what_they_meant_else_say_it_in_other_words() -> None:
    script = scenario({**LANTERN, "pick": "1194", "again": ["the coffee place"]})
    offered = output("clarify", choices=["Lantern Quay", "Lantern 1194"])
    assert [t["said"] for t in await played(script, offered, output("answer"))] == ["lantern in october", "Lantern 1194"]
    unlike = output("clarify", choices=["Shell"])
    assert [t["said"] for t in await played(script, unlike, output("answer"))] == ["lantern in october", "the coffee place"]
    # Choices beside an outcome that is no question are suggestions, nothing that was meant.
    none = output("none", choices=["Lantern 1194"])
    assert [t["said"] for t in await played(script, none, output("answer"))] == ["lantern in october", "the coffee place"]


async def test_patience_ends() -> None:
    script = scenario({**LANTERN, "again": ["the coffee place"]}, TESCO)
    turns = await played(script, *[output("clarify")] * 6)
    assert [turn["said"] for turn in turns] == ["lantern in october", "the coffee place", "hm", "tesco, I mean", "hm", "hm"]


async def test_a_dialogue_passes_only_when_every_wish_was_met() -> None:
    script = scenario(LANTERN, TESCO)
    lantern, tesco = the_sum(script), the_sum(script, 1)
    assert dialogue.unmet(script, await played(script, output("answer", lantern), output("answer", tesco))) == []
    (why,) = dialogue.unmet(script, await played(script, output("answer", lantern), output("answer", lantern)))
    assert why.startswith("wish 2")
    gave_up = await played(script, output("answer", lantern), *[output("clarify")] * 3)
    assert dialogue.unmet(script, gave_up)
    # What was said later counts for a wish, what was said before it does not.
    late = await played(script, *[output("clarify")] * 3, output("answer", tesco, lantern))
    assert dialogue.unmet(script, late) == []
    again = scenario(LANTERN, {**LANTERN, "say": "no, check again"})
    assert dialogue.unmet(again, await played(again, output("answer", lantern), *[output("oos")] * 3))


async def test_a_wrong_figure_or_one_without_a_ground_is_held_against_a_dialogue() -> None:
    script = scenario(LANTERN)
    ground = household_grounds({AMARA: world(AMARA, NOW)})[AMARA]
    wrong = dialogue.grade(script, await played(script, output("answer", money("1.00", ()))), ground, frozenset())
    assert wrong.wrong
    assert not wrong.right
    made_up = output("answer", the_sum(script), answer="You spent £9,999.99.")
    assert dialogue.grade(script, await played(script, made_up), ground, frozenset()).faults
    theirs = [output("none", money("1.00", ["tx-1"])), *[output("none")] * 2]
    stranger = dialogue.grade(script, await played(script, *theirs), Ground({}), frozenset({"tx-1"}))
    assert stranger.leaks == ("tx-1",)


def test_passing_every_time_is_less_than_passing_once() -> None:
    once = Judged(turn=0, said="", outcome="answer", answer="", right=True)
    never = once.model_copy(update={"right": False})
    found = [("a#1", "k", once), ("a#2", "k", never), ("b#1", "k", once), ("b#2", "k", once)]
    assert dialogue.passed_every_time(found) == (1, 2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"persona": "nobody"}, "field persona"),
        ({"steps": []}, "field steps"),
        ({"steps": [{"say": "x", "missing": True}]}, "field steps.0.missing"),
        ({"steps": [{"say": "x"}]}, "field steps.0"),
        ({"mood": "bad"}, "field mood"),
        ({"steps": [{"say": "x", "gold": {"sum": {"like": "HARRODS"}}}]}, "field gold"),
    ],
)
def test_a_scenario_that_cannot_be_loaded_is_named(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    (tmp_path / "personas.yaml").write_text("cross: {patience: 2, nudge: useless}\n", "utf-8")
    whole = {"id": "a", "persona": "cross", "customer": AMARA, "steps": [LANTERN]} | change
    (tmp_path / "kind.yaml").write_text(yaml.safe_dump([whole]), "utf-8")
    with pytest.raises(InvalidInput, match=rf"kind.yaml, entry 1.*{field}"):
        dialogue.scenarios(tmp_path)


def test_a_scenario_goes_into_a_case_and_comes_back() -> None:
    suite = dialogue.dialogue_suite(KINDS, {}, epochs=2)
    assert len(suite.cases) == 2 * sum(map(len, KINDS.values()))
    for case in suite.cases:
        assert dialogue.Scenario.model_validate(case.line["script"]).id == case.id.partition("#")[0]


def test_no_wording_of_a_customer_is_one_of_the_forty() -> None:
    wishes = {wish.say.lower() for some in KINDS.values() for one in some for wish in one.steps}
    assert not wishes & {turn.say.lower() for talk in forty.conversations() for turn in talk.turns}
