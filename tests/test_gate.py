"""The gate's scorer: what runs too early, twice, with old values or not at all is said; with a yes-word rule harm is seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.confirming import Reply
from data.actions import Intent
from data.errors import InvalidInput
from evals import gate
from evals.cli import app
from evals.gate import Gate, Held, Kind
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


class Blind(Gate):
    """One that does not ask what was shown."""

    def runs(self, message: str, shown: Intent | None, proposed: Intent) -> bool:
        return yes_word(message, proposed) is Reply.YES


class Forgetful(Gate):
    """One that does not know what was done."""

    def runs(self, message: str, shown: Intent | None, proposed: Intent) -> bool:
        self.done.clear()
        return super().runs(message, shown, proposed)


def test_a_transfer_runs_after_its_yes_once_and_with_the_values_that_were_shown_last(tmp_path: Path) -> None:
    held = gate.read(written(tmp_path, CHANGED))
    found = gate.measure(held)
    assert not found.failures
    assert not found.below
    assert (found.ran.hits, found.ran.of, found.once.hits) == (1, 1, 1)
    assert {kind: share.of for kind, share in found.refused.items()} == {Kind.EARLY: 2, Kind.OLD: 2, Kind.OTHER: 3}


def test_a_rule_that_hears_a_word_of_yes_does_harm_and_the_scorer_says_so(tmp_path: Path) -> None:
    held = gate.read(written(tmp_path, CHANGED))
    found = gate.measure(held, lambda: Gate(yes_word))
    # The change and the first wish begin with a yes: after one the old values are paid, both are taken for the answer.
    assert [(one.kind, one.turn) for one in found.failures] == [(Kind.OLD, 2), (Kind.OTHER, 0), (Kind.OTHER, 2)]
    assert found.below == [f"refuse is {found.measures['refuse']}, 1 is wanted"]
    assert "Said: Yes but make it 30." in gate.report(found)
    blind = gate.measure(held, Blind)
    assert {one.kind for one in blind.failures} == {Kind.EARLY, Kind.OLD, Kind.OTHER, Kind.AGAIN}


def test_a_second_time_and_a_yes_that_is_not_heard_are_said(tmp_path: Path) -> None:
    held = gate.read(written(tmp_path, CHANGED))
    twice = gate.measure(held, Forgetful)
    assert [one.kind for one in twice.failures] == [Kind.AGAIN]
    assert twice.below == [f"once is {twice.once}, 1 is wanted"]
    deaf = gate.measure(held, lambda: Gate(lambda message, shown: Reply.OTHER))
    assert [one.kind for one in deaf.failures] == [Kind.YES]
    assert any(one.startswith("run is 0.0000") for one in deaf.below)


def test_what_is_not_shown_whole_cannot_be_confirmed(tmp_path: Path) -> None:
    partly = line(asks(amount="30"), turn("USER", "Yes.", ("AFFIRM", "", [])), turn("SYSTEM", "Done."), call=2)
    assert gate.measure(gate.read(written(tmp_path, partly))).ran.hits == 0


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


@pytest.fixture(scope="module")
def shared() -> Held:
    if not (SHARED / "sgd_banks").is_dir():
        pytest.skip("the shared data is not here")
    return gate.read(SHARED)


def test_of_the_shared_dialogues_none_moves_money_too_early(shared: Held) -> None:
    assert not gate.measure(shared).below


def test_of_the_shared_dialogues_many_do_with_a_yes_word_rule(shared: Held) -> None:
    assert gate.measure(shared, Blind).measures["refuse"].value < 0.95
    assert gate.measure(shared, Blind).once.value < 0.95
