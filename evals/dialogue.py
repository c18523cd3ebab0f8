"""Dialogues with a simulated customer, whose next message depends on what was answered; graded on what was said in the end.

A customer has wishes, in order. They put the next one forward when the last was answered, pick an offered choice when they are
asked back, say it in other words when they were not understood, and give a wish up when their patience is over.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.batch import result
from api.wiring import Bank, asking_at
from data.errors import InvalidInput
from data.facts import ChoicesEvent, Event, Outcome
from data.party import PartyId
from evals import forty
from evals.golds import Gold, fitting, golds
from evals.grounding import Ground
from evals.marks import Answerer, Output, states
from evals.product import leaving_nothing
from evals.questions import NOW
from evals.suites import Case, Judged, Suite

DIALOGUES = Path(__file__).parent / "dialogues"
PERSONAS = "personas.yaml"


class Persona(BaseModel):
    """patience: how many messages are spent on one wish. nudge: what is said when other words have run out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    patience: int = Field(ge=1)
    nudge: str


class Wish(forty.Turn):
    """What a customer wants to know, first said as `say`; the outcome that contents them, the figures and pages are a turn's.

    pick: words by which they know the right one among offered choices. again: the same wish in other words, in this order.
    """

    pick: str = ""
    again: tuple[str, ...] = ()

    @field_validator("missing")
    @classmethod
    def _can_be_met(cls, missing: bool) -> bool:
        if missing:
            raise ValueError("a wish says by its outcomes what would be right")
        return missing


class Scenario(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    persona: str
    customer: str
    steps: tuple[Wish, ...] = Field(min_length=1)

    @cached_property
    def golds(self) -> list[list[Gold]]:
        return [golds(wish.gold, self.customer, NOW) if wish.gold else [] for wish in self.steps]


def personas(folder: Path = DIALOGUES) -> dict[str, Persona]:
    written = yaml.safe_load((folder / PERSONAS).read_text("utf-8"))
    return {name: Persona.model_validate(one) for name, one in written.items()}


def scenarios(folder: Path = DIALOGUES) -> dict[str, list[Scenario]]:
    """All scenarios by their kind, which is the name of the file. Raises InvalidInput naming file, entry and field."""
    known, found, ids = personas(folder), {}, set[str]()
    for path in sorted(folder.glob("*.yaml")):
        if path.name == PERSONAS:
            continue
        found[path.stem] = [_scenario(path.name, n, one, known) for n, one in enumerate(_entries(path), start=1)]
        for one in found[path.stem]:
            if one.id in ids:
                raise InvalidInput(f"{path.name}, {one.id}, field id: it is there already")
            ids.add(one.id)
    return found


def _entries(path: Path) -> list[Any]:
    return list(yaml.safe_load(path.read_text("utf-8")))


def _scenario(file: str, number: int, written: Any, known: Mapping[str, Persona]) -> Scenario:
    where = f"{file}, entry {number}"
    made = fitting(partial(Scenario.model_validate, written), where)
    if made.persona not in known:
        raise InvalidInput(f"{where}, field persona: nobody is called {made.persona}")
    return made


class Customer:
    """Plays a scenario: told what was answered, they say the next thing. step: the wish that is being spoken of."""

    def __init__(self, scenario: Scenario, persona: Persona) -> None:
        self.scenario, self.persona = scenario, persona
        self.step, self._tries, self._again = 0, 0, 0

    def begin(self) -> str:
        return self._next_wish(0)

    def hear(self, output: Output) -> str | None:
        """The next message; None when there is nothing more to say."""
        wish = self.scenario.steps[self.step]
        if output["outcome"] in wish.want or self._tries >= self.persona.patience:
            following = self.step + 1
            return self._next_wish(following) if following < len(self.scenario.steps) else None
        self._tries += 1
        return self._offered(wish, output) or self._reworded(wish)

    def _next_wish(self, step: int) -> str:
        self.step, self._tries, self._again = step, 1, 0
        return self.scenario.steps[step].say

    def _offered(self, wish: Wish, output: Output) -> str | None:
        choices = output.get("choices", ())
        fits = (choice for choice in choices if wish.pick and wish.pick.lower() in choice.lower())
        return next(fits, None) if output["outcome"] == Outcome.CLARIFY else None

    def _reworded(self, wish: Wish) -> str:
        if self._again >= len(wish.again):
            return self.persona.nudge
        self._again += 1
        return wish.again[self._again - 1]


async def play(customer: Customer, say: Any) -> list[dict[str, Any]]:
    """Every turn of a dialogue; `say` takes a message and gives its output. Each output also tells `said` and `step`."""
    outputs: list[dict[str, Any]] = []
    message: str | None = customer.begin()
    while message is not None:
        step = customer.step
        output = await say(message)
        outputs.append({**output, "said": message, "step": step})
        message = customer.hear(output)
    return outputs


def answerer(bank: Bank, folder: Path = DIALOGUES) -> Answerer:
    """Plays the scenario of a line, its field `script`, with the product."""
    known = personas(folder)

    async def answer(line: Mapping[str, Any]) -> Sequence[Output]:
        scenario = Scenario.model_validate(line["script"])
        with asking_at(NOW), leaving_nothing(bank):
            login = await bank.login(PartyId(scenario.customer))
            memory, number = "", 0

            async def say(message: str) -> Output:
                nonlocal memory, number
                events: list[Event] = []

                async def emit(some: Sequence[Event]) -> None:
                    events.extend(some)

                memory = await bank.assistant.turn(message, login, memory, NOW, emit)
                number += 1
                choices = [choice for event in events if isinstance(event, ChoicesEvent) for choice in event.choices]
                return result(scenario.id, number - 1, events) | {"choices": choices}

            return await play(Customer(scenario, known[scenario.persona]), say)

    return answer


def unmet(scenario: Scenario, outputs: Sequence[Output]) -> list[str]:
    """Wishes that were not met: nothing that was said from then on has their facts, or nothing contented the customer."""
    found = []
    for step, (wish, wanted) in enumerate(zip(scenario.steps, scenario.golds, strict=True)):
        marks = [forty.mark_turn(wish, wanted, output) for output in outputs if output["step"] == step]
        later = any(states(wanted, output) for output in outputs if output["step"] > step)
        if not later and not any(mark.right for mark in marks):
            found.append(f"wish {step + 1}: {marks[-1].why}")
    return found


def grade(scenario: Scenario, outputs: Sequence[Output], ground: Ground, rows: frozenset[str]) -> Judged:
    """The whole dialogue as one thing: passed when every wish was met and no figure was stated that is not the one asked for."""
    said = [output["said"] for output in outputs]
    amiss = unmet(scenario, outputs)
    marks = [forty.mark_turn(scenario.steps[o["step"]], scenario.golds[o["step"]], o) for o in outputs]
    wrong = [f"wish {o['step'] + 1}: {mark.why}" for o, mark in zip(outputs, marks, strict=True) if mark.wrong]
    return Judged(
        turn=0,
        said=said[0],
        outcome=outputs[-1]["outcome"],
        answer="\n".join(f"{'> ' + o['said']}\n  [{o['outcome']}] {o['answer']}" for o in outputs),
        path="routed" if all(o.get("path") == "routed" for o in outputs) else "model",
        latency_ms=sum(o.get("latency_ms", 0.0) for o in outputs) / len(outputs),
        right=not amiss and not wrong,
        wrong=bool(wrong),
        why="; ".join(dict.fromkeys([*amiss, *wrong])),
        faults=tuple(fault for n, o in enumerate(outputs, start=1) for fault in ground.faults(o, said[:n])),
        leaks=tuple(leak for o in outputs for leak in ground.strangers(o, rows)),
        expected="; then ".join(map(forty.expected, scenario.steps, scenario.golds)),
        tags={"customer": scenario.customer, "persona": scenario.persona},
        facts=[fact for o in outputs for fact in o["facts"]],
    )


def dialogue_suite(kinds: Mapping[str, Sequence[Scenario]], grounds: Mapping[str, Ground], epochs: int = 1) -> Suite:
    """epochs: how often each is played, which tells something where a model plans. grounds: what may be said to each."""
    rows = frozenset(key for ground in grounds.values() for key in ground.rows)
    cases = []
    for epoch in range(epochs):
        for kind, scenario in ((kind, one) for kind, some in kinds.items() for one in some):

            def judge(outputs: Sequence[Output], scenario: Scenario = scenario) -> list[Judged]:
                return [grade(scenario, outputs, grounds[scenario.customer], rows)]

            key = f"{scenario.id}#{epoch + 1}" if epochs > 1 else scenario.id
            line = {"id": key, "customer": scenario.customer, "now": NOW.isoformat(), "turns": [scenario.steps[0].say]}
            cases.append(Case(key, kind, line | {"script": scenario.model_dump(mode="json", exclude_unset=True)}, judge))
    return Suite("dialogue", cases)


def passed_every_time(found: Sequence[tuple[str, str, Judged]]) -> tuple[int, int]:
    """Of how many scenarios every play was passed, and of how many there are: pass^k."""
    plays: dict[str, list[bool]] = defaultdict(list)
    for case, _, judged in found:
        plays[re.sub(r"#\d+$", "", case)].append(judged.right)
    return sum(all(each) for each in plays.values()), len(plays)
