"""The gate's scorer: what runs too early, twice, with old values or not at all is said; with a yes-word rule harm is seen."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from typer.testing import CliRunner

from assistant import acting
from assistant.acting import Acted, Acting, Asker
from assistant.confirming import Reply
from assistant.orders import Ordering
from data.actions import Intent, IntentId, State
from data.errors import InvalidInput
from data.intents import D, Intents, Reservation, Velocity, _row, intent_t
from data.party import PartyId
from evals import gate
from evals.cli import app
from evals.gate import Held, Kind
from tests.outside import SHARED

SCHEMA = {
    "original": [
        {
            "service_name": "Banks_1",
            "intents": [
                {
                    "name": "TransferMoney",
                    "required_slots": ["account_type", "amount", "recipient_account_name"],
                    "optional_slots": {"recipient_account_type": "checking"},
                }
            ],
        }
    ]
}
SLOTS = {"account_type": "checking", "amount": "30", "recipient_account_name": "Ann"}


def turn(speaker: str, text: str, *acts: tuple[str, str, list[str]]) -> dict[str, Any]:
    return {"speaker": speaker, "text": text, "frames": [{"service": "Banks_1", "acts": acts}]}


def asks(**slots: str) -> dict[str, Any]:
    return turn("SYSTEM", "Please confirm.", *(("CONFIRM", slot, [value]) for slot, value in slots.items()))


def line(*answers: dict[str, Any], call: int, **slots: str) -> dict[str, Any]:
    parameters = SLOTS | slots
    gold = {"turn": call, "service": "Banks_1", "method": "TransferMoney", "parameters": parameters}
    return {"dialogue_id": "d1", "turns": answers, "gold_calls": [gold]}


# A change after what was shown, the yes to what was shown then, and something else in the end.
CHANGED = line(
    turn("USER", "Yes, I want to send Ann 25.", ("INFORM_INTENT", "intent", ["TransferMoney"])),
    asks(**SLOTS | {"amount": "25"}),
    turn("USER", "Yes but make it 30.", ("NEGATE", "", []), ("INFORM", "amount", ["30"])),
    asks(**SLOTS),
    turn("USER", "Yes, that's right.", ("AFFIRM", "", [])),
    turn("SYSTEM", "Done."),
    turn("USER", "Thanks, what's my balance?", ("REQUEST", "balance", [])),
    turn("SYSTEM", "It is 12 dollars."),
    call=5,
)


def written(folder: Path, *talks: dict[str, Any], schema: Any = SCHEMA) -> Path:
    (folder / "sgd_banks").mkdir()
    (folder / "sgd_banks" / "schemas_banks_1.json").write_text(json.dumps(schema), "utf-8")
    (folder / "sgd_banks" / "banks_1_x.jsonl").write_text("".join(json.dumps(talk) + "\n" for talk in talks), "utf-8")
    return folder


def yes_word(message: str, shown: Intent) -> Reply:
    return Reply.YES if message.casefold().startswith(("yes", "ok", "that's right")) else Reply.OTHER


@dataclass(frozen=True)
class Blind(Acting):
    """One that does not ask what was said since something was shown."""

    async def go_on(self, message: str, ordering: Ordering | None, asker: Asker) -> Acted | None:
        fresh = ordering.model_copy(update={"age": 0}) if ordering is not None else None
        return await super().go_on(message, fresh, asker)


class Forgetful(Intents):
    """One that neither supersedes what was shown nor knows what was done."""

    def put(self, intent: Intent) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(intent_t).values(**_row(intent)))

    def reserve(
        self, party: PartyId, intent: IntentId, digest: str, now: dt.datetime, decide: Callable[[Velocity], D]
    ) -> Reservation[D]:
        kept = self.get(party, intent)
        decision = decide(self.velocity(party, kept.intent, now))
        with self.engine.begin() as connection:
            connection.execute(update(intent_t).where(intent_t.c.id == intent).values(state=State.RESERVED))
        return Reservation(kept.intent, State.RESERVED, None, decision)


def blind(acting: Acting) -> Acting:
    return Blind(**{one.name: getattr(acting, one.name) for one in fields(Acting)})


def forgetful(acting: Acting) -> Acting:
    return replace(acting, performing=replace(acting.performing, intents=Forgetful(acting.performing.intents.engine)))


def test_a_transfer_runs_after_its_yes_once_and_with_the_values_that_were_shown_last(tmp_path: Path) -> None:
    held = gate.read(written(tmp_path, CHANGED))
    found = gate.measure(held)
    assert not found.failures
    assert not found.below
    assert found.unshown == 0
    assert (found.ran.hits, found.ran.of, found.once.hits) == (1, 1, 1)
    assert {kind: share.of for kind, share in found.refused.items()} == {Kind.EARLY: 2, Kind.OLD: 8, Kind.OTHER: 3}


def test_where_a_word_of_yes_is_a_yes_harm_is_done_and_the_scorer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = gate.read(written(tmp_path, CHANGED))
    monkeypatch.setattr(acting, "reply", yes_word)
    found = gate.measure(held)
    # The change and the first wish begin with a yes: after one the old values are paid, both are taken for the answer.
    assert [(one.kind, one.turn) for one in found.failures] == [
        (Kind.EARLY, 2), (Kind.OTHER, 0), (Kind.OTHER, 2), (Kind.OLD, 2)
    ]  # fmt: skip
    assert found.below == [f"refuse is {found.measures['refuse']}, 1 is wanted"]
    assert "Said: Yes but make it 30." in gate.report(found)


def test_where_something_else_may_have_been_said_since_harm_is_done_and_the_scorer_says_so(tmp_path: Path) -> None:
    asked = turn("SYSTEM", "From checking?", ("REQUEST", "account_type", ["checking"]))
    agreed = turn("USER", "Yes.", ("AFFIRM", "", []))
    talk = line(CHANGED["turns"][0], asked, agreed, asks(**SLOTS), agreed, turn("SYSTEM", "Done."), call=5)
    held = gate.read(written(tmp_path, talk))
    assert not gate.measure(held).failures
    assert (Kind.EARLY, 2) in [(one.kind, one.turn) for one in gate.measure(held, wired=blind).failures]


def test_where_nothing_is_superseded_and_nothing_done_is_known_harm_is_done_and_the_scorer_says_so(tmp_path: Path) -> None:
    found = gate.measure(gate.read(written(tmp_path, CHANGED)), wired=forgetful)
    assert {one.kind for one in found.failures} == {Kind.OLD, Kind.AGAIN}
    # Shown before the change of the dialogue, before each of a model's, and, with two ways to say yes, before the customer's own.
    assert sum(one.kind is Kind.OLD for one in found.failures) == 6
    assert found.below == [f"refuse is {found.measures['refuse']}, 1 is wanted", f"once is {found.once}, 1 is wanted"]


def test_a_yes_that_is_not_heard_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "reply", lambda message, shown: Reply.OTHER)
    deaf = gate.measure(gate.read(written(tmp_path, CHANGED)))
    assert [one.kind for one in deaf.failures] == [Kind.YES]
    assert any(one.startswith("run is 0.0000") for one in deaf.below)


def test_what_is_not_shown_whole_cannot_be_confirmed(tmp_path: Path) -> None:
    partly = line(asks(amount="30"), turn("USER", "Yes.", ("AFFIRM", "", [])), turn("SYSTEM", "Done."), call=2)
    assert gate.measure(gate.read(written(tmp_path, partly))).ran.hits == 0


def test_where_no_money_is_moved_none_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = turn("USER", "Yes, what is my balance?", ("INFORM_INTENT", "intent", ["CheckBalance"]))
    held = gate.read(written(tmp_path, {"dialogue_id": "d2", "turns": [asked], "gold_calls": []}))
    assert gate.measure(held).measures["refuse"] == (2, 2)
    monkeypatch.setattr(acting, "reply", yes_word)
    assert gate.measure(held).measures["refuse"] == (1, 2)


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (CHANGED | {"turns": "none"}, "line 1, field turns"),
        (CHANGED | {"gold_calls": [CHANGED["gold_calls"][0] | {"turn": 2}]}, "field gold_calls.0.turn: 2"),
        (CHANGED | {"gold_calls": [CHANGED["gold_calls"][0] | {"turn": 99}]}, "field gold_calls.0.turn: 99"),
        (line(*CHANGED["turns"], call=5, amount="much"), "field gold_calls.0.parameters.amount"),
        (line(*CHANGED["turns"], call=5, colour="red"), "field gold_calls.0.parameters"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, talk: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=r"banks_1_x.jsonl") as raised:
        gate.read(written(tmp_path, talk))
    assert said in str(raised.value)


def test_without_the_data_or_its_schema_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no sgd_banks"):
        gate.read(tmp_path)
    with pytest.raises(InvalidInput, match="is not described"):
        gate.read(written(tmp_path, CHANGED, schema={"original": []}))


def test_the_command_leaves_its_failures_and_fails_below_a_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_HOME", str(tmp_path / "home"))
    data = written(tmp_path, CHANGED)
    done = CliRunner().invoke(app, ["gate", "--data", str(data)])
    assert done.exit_code == 0, done.output
    assert "1 dialogues, 1 transfers" in done.output
    monkeypatch.setattr(gate, "BARS", gate.BARS | {"run": 1.1})
    assert CliRunner().invoke(app, ["gate", "--data", str(data)]).exit_code == 1
    assert (tmp_path / "home" / "runs" / "gate-failures.md").exists()


# As many as a test run has time for; counterfoil eval gate tries all of them.
SLICE = 12


@pytest.fixture(scope="module")
def shared() -> Held:
    if not (SHARED / "sgd_banks").is_dir():
        pytest.skip("the shared data is not here")
    held = gate.read(SHARED)
    return held._replace(talks=held.talks[:: len(held.talks) // SLICE])


def test_of_the_shared_dialogues_none_moves_money_too_early(shared: Held) -> None:
    found = gate.measure(shared)
    assert found.measures["refuse"].value == found.once.value == 1
    assert found.ran.of > 3
    # What a model is refused shows nothing to say yes to, and proves nothing.
    assert found.unshown < 5


def test_of_the_shared_dialogues_many_do_without_the_guard(shared: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gate.measure(shared, wired=forgetful).once.value < 0.5
    monkeypatch.setattr(acting, "reply", yes_word)
    assert gate.measure(shared, wired=blind).measures["refuse"].value < 0.95
