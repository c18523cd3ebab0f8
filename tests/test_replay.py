"""A turn is run again from what is on record of it alone; and what an answer was worked out from is told from there too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from typer.testing import CliRunner

from api.audit import app
from api.limits import Limits
from api.settings import Settings
from api.turns import Turns
from api.wiring import asking_at, open_replay
from assistant.dialogue import Unsure
from assistant.looked import looked_at
from assistant.memory import Memory
from assistant.plan import Plan, Spans, Step, Tool
from assistant.replay import Replayed, _same, replay, stored
from assistant.spans import Found
from data.audit import Kind
from data.errors import InvalidInput, NotFound
from data.facts import CitationEvent, DoneEvent, FactEvent, TextEvent
from data.party import PartyId
from tests.conftest import NOW, Counter

AMARA = "amara-okafor"


@dataclass
class Talk:
    """A conversation that is kept, as at the page."""

    counter: Counter
    id: str
    party: PartyId

    def ask(self, message: str) -> list[Any]:
        """The events of the answer."""
        bank = self.counter.bank

        async def work() -> list[Any]:
            with asking_at(NOW):
                turns = Turns(bank.records, bank.assistant, lambda: NOW, Limits())
                turn = await turns.begin(self.counter.login(self.party), self.id, message)
                return [one.event async for one in turns.follow(self.party, self.id, turn.after, turn.number) if one is not None]

        return self.counter.run(work())

    def text(self, message: str) -> str:
        return " ".join(event.text for event in self.ask(message) if isinstance(event, TextEvent))

    def again(self, turn: int, **settings: Any) -> Replayed:
        then = stored(self.counter.bank.audit.chain(self.id), turn)
        made = self.counter.bank.settings.model_copy(update=settings)

        async def work() -> Replayed:
            async with open_replay(made, then) as assistant:
                if "plan" in settings:
                    assistant.planner, assistant.always_model = settings["plan"], True
                return await replay(assistant)

        return self.counter.run(work())


@pytest.fixture
def talk(bank: Counter) -> Iterator[Talk]:
    bank.login(AMARA)
    made = bank.bank.records.create(PartyId(AMARA), NOW)
    yield Talk(bank, made.id, PartyId(AMARA))
    bank.bank.records.delete(PartyId(AMARA), made.id)


QUESTIONS = (
    "how much did i spend at tesco last month?",
    "and in august?",
    "what is my balance?",
    "what will i pay for £200 from a cash machine abroad?",
    "what does my neighbour earn?",
    "frobnicate the wurzel please",
)


def test_a_turn_that_is_run_again_as_it_was_shows_no_difference(talk: Talk) -> None:
    for question in QUESTIONS:
        talk.ask(question)
    for number, question in enumerate(QUESTIONS, start=1):
        assert talk.again(number) == Replayed(differences=(), missing=(), pages=False), question
    assert not talk.counter.bank.audit.verify(talk.id).broken


def test_another_threshold_shows_in_the_plan_and_in_what_follows(talk: Talk) -> None:
    talk.ask(QUESTIONS[0])
    found = talk.again(1, sure=1.0)
    kinds = {one.what for one in found.differences}
    assert kinds == {"plan", "fact", "sentence"}
    plan = next(one for one in found.differences if one.what == "plan")
    assert plan.then.startswith("sum ")
    assert plan.now == "asked back (likeliest: sum)"


def test_a_plan_on_record_is_known_by_what_it_is_and_not_by_how_it_was_written() -> None:
    labels = [f"label {n}" for n in range(99)]
    then = Unsure(Found(masked="what", spans=Spans(), unknown=("what",)), "sum", 0.41, frozenset(labels))
    assert _same(then, replace(then, likely=frozenset(reversed(labels)), sure=0.4100001))
    assert not _same(then, replace(then, likely=frozenset(labels[1:])))
    assert not _same(then, replace(then, sure=0.42))
    assert not _same(then, Plan(steps=(Step(tool=Tool.SUM),), path="routed", sure=0.41))


class Planner:
    """A model that always has one plan."""

    def __init__(self, step: Step) -> None:
        self.step = step

    async def plan(self, message: str, prior: Plan | None = None, heard: Spans | None = None) -> Plan:
        return Plan(steps=(self.step,), path="model")


def test_a_step_that_nobody_took_then_is_named_and_nothing_is_made_up_for_it(talk: Talk) -> None:
    talk.ask(QUESTIONS[0])
    found = talk.again(1, plan=Planner(Step(tool=Tool.COUNT, spans=Spans(merchants=("tesco",)))))
    assert found.missing == ("count merchants=tesco",)
    assert [one.then for one in found.differences if one.what == "fact"]
    assert not [one.now for one in found.differences if one.what == "fact" and one.now]


def test_a_model_that_plans_the_same_step_finds_what_was_found_then(talk: Talk) -> None:
    talk.ask(QUESTIONS[0])
    entry = next(e for e in talk.counter.bank.audit.chain(talk.id) if e.kind is Kind.PERFORMED)
    found = talk.again(1, plan=Planner(Step.model_validate(entry.sealed["step"])))
    assert [one.what for one in found.differences] == ["plan"]
    assert found.differences[0].now.endswith("(model)")


def test_a_turn_that_is_not_there_or_was_erased_is_not_run(talk: Talk, bank: Counter) -> None:
    talk.ask(QUESTIONS[0])
    with pytest.raises(NotFound):
        stored(bank.bank.audit.chain(talk.id), 7)
    entries = [e.model_copy(update={"sealed": None, "erased": e.sealed is not None}) for e in bank.bank.audit.chain(talk.id)]
    with pytest.raises(InvalidInput, match="destroyed"):
        stored(entries, 1)


def test_what_is_on_record_says_origins_rules_and_versions_and_keeps_no_token(talk: Talk) -> None:
    talk.ask(QUESTIONS[0])
    entries = {entry.kind: entry for entry in talk.counter.bank.audit.chain(talk.id)}
    assert {"code", "policies", "head", "sure", "model", "prompt"} <= entries[Kind.BEGUN].plain["made"].keys()
    assert entries[Kind.PLANNED].plain["steps"] == [{"tool": "sum", "origins": {"periods": "customer", "merchants": "customer"}}]
    assert entries[Kind.DECIDED].plain["decision"] == "Allowed"
    assert entries[Kind.DECIDED].plain["rules"]
    assert entries[Kind.ASKED].sealed["login"]["token"] is None


def test_the_customer_is_told_what_an_answer_was_worked_out_from(talk: Talk) -> None:
    talk.ask(QUESTIONS[0])
    events = talk.ask("What did you look at?")
    said = " ".join(event.text for event in events if isinstance(event, TextEvent))
    assert "“sum”" in said
    assert "Everyday account" in said
    assert "October 2026" in said
    assert [event.outcome for event in events if isinstance(event, DoneEvent)] == ["answer"]
    periods = [event.fact.value for event in events if isinstance(event, FactEvent) and event.fact.unit == "period"]
    assert periods == ["2026-10-01/2026-10-31"]
    looked = looked_at(talk.counter.bank.audit, talk.party, talk.id)
    assert looked is not None
    assert (looked.turn, [run.tool for run in looked.runs], looked.services) == (1, [Tool.SUM], ())
    # Asked once more it is still about that answer, and the question after goes on with it.
    assert talk.text("where did you get that from?") == said
    assert "August" in talk.text("and in august?")


def test_services_and_pages_that_were_asked_are_told(talk: Talk) -> None:
    talk.ask("what is my balance?")
    assert "balances" in talk.text("What did you look at?")
    cited = [event.title for event in talk.ask(QUESTIONS[3]) if isinstance(event, CitationEvent)]
    said = talk.text("which pages did you read?")
    assert cited
    assert all(title in said for title in cited)


def test_before_any_answer_there_is_no_record_of_one_and_nobody_hears_of_anothers(talk: Talk, bank: Counter) -> None:
    assert talk.text("What did you look at?") == "I have no record of an answer before this."
    talk.ask(QUESTIONS[0])
    assert looked_at(bank.bank.audit, PartyId("daniel-whitlock"), talk.id) is None


@pytest.mark.parametrize(
    "message",
    [
        "what did you look at?",
        "And where did you get that from?",
        "which accounts did you check?",
        "which pages did you use for that",
        "What exactly have you looked at just now?",
        "where did you look?",
    ],
)
def test_the_question_is_recognised(bank: Counter, message: str) -> None:
    assert _tools(bank, message) == [Tool.LOOKED]


@pytest.mark.parametrize(
    "message",
    ["what did i spend at tesco?", "where did i use my card yesterday?", "which accounts do i have?", "what did you charge me?"],
)
def test_another_question_is_not(bank: Counter, message: str) -> None:
    assert Tool.LOOKED not in _tools(bank, message)


def _tools(bank: Counter, message: str) -> list[Tool]:
    login = bank.login(AMARA)
    known = bank.bank.assistant._see(login, login.accounts(NOW), NOW)
    plan = bank.bank.assistant.understanding.plan(message, known, Memory())
    return [step.tool for step in plan.steps] if isinstance(plan, Plan) else []


def test_the_commands_verify_show_and_run_again(talk: Talk, bank: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Settings = bank.bank.settings
    monkeypatch.setattr("api.audit.Settings", lambda: settings)
    talk.ask(QUESTIONS[0])
    run = CliRunner().invoke
    done = run(app, ["verify", talk.id])
    assert (done.exit_code, "whole" in done.output) == (0, True)
    assert "Tesco" in run(app, ["show", talk.id]).output
    assert run(app, ["show", talk.id, "--json"]).output.count('"kind"') >= 6
    assert run(app, ["replay", talk.id, "1"]).output.strip() == "no difference"
    told = run(app, ["replay", talk.id, "1", "--sure", "1"]).output
    assert "asked back" in told
    assert run(app, ["replay", talk.id, "9"]).exit_code == 1
    assert run(app, ["show", "nobody's"]).exit_code == 1
    with bank.bank.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_entry SET at = '2026' || substr(at, 5) || ' ' WHERE number = 2")
    try:
        done = run(app, ["verify"])
        assert done.exit_code == 1
        assert f"{talk.id}, entry 2" in done.output
    finally:
        with bank.bank.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE audit_entry SET at = trim(at) WHERE number = 2")


def test_an_order_that_is_run_again_is_only_told(talk: Talk) -> None:
    shown = talk.text("move £25 from my everyday account to my rainy day savings")
    entries = {entry.kind: entry for entry in talk.counter.bank.audit.chain(talk.id)}
    assert "£25.00" in shown
    assert entries[Kind.SHOWN].plain["action"] == "Transfer"
    assert entries[Kind.SHOWN].plain["origins"]["amount"] == "customer"
    talk.ask("no")
    for turn in (1, 2):
        assert talk.again(turn) == Replayed(differences=(), missing=(), pages=False)
