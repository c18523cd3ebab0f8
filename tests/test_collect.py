"""Stored conversations become lines to review, with nobody's name in them, and reviewed lines a suite."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from connectors.categories import Categories
from data.banking import Account, AccountKind, Kind, Status, Transaction
from data.errors import InvalidInput
from data.facts import (
    NAME,
    DoneEvent,
    Event,
    Fact,
    FactEvent,
    FeedbackEvent,
    Outcome,
    Scope,
    TextEvent,
)
from data.ledger import Ledger, Texts
from data.money import Money
from data.party import AccountId, Grant, GrantSource, Party, PartyId, Role
from data.records import Records
from data.store import connect
from evals import collect
from tests.database import database

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
ANN = PartyId("ann")
WHY = collect.Why


class Desk:
    def __init__(self, home: Path) -> None:
        self.engine = connect(database(home / "test.db"))
        self.records = Records(self.engine)
        self.ledger = Ledger(self.engine, Texts(descriptor=str.casefold, template=str.casefold), Categories.load().categorise)

    def talk(self, *turns: tuple[str, Outcome, list[Event]], path: str = "routed") -> str:
        conversation = self.records.create(ANN, NOW).id
        for message, outcome, events in turns:
            turn = self.records.begin(ANN, conversation, message, NOW)
            done = DoneEvent.model_validate({"outcome": outcome, "path": path, "scope": Scope(), "latency_ms": 1.0})
            self.records.end(turn, [*events, done], None, NOW)
        return conversation

    def lines(self) -> list[dict[str, Any]]:
        return list(collect.collect(self.records, self.ledger))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def said(text: str) -> TextEvent:
    return TextEvent(text=text, template=text)


def proved(value: str = "12.50") -> FactEvent:
    return FactEvent(fact=Fact(ref="f1", label="x", value=value, unit="GBP", shown=f"£{value}", evidence=("tx-1",)))


def fine(message: str = "how much at tesco", text: str = "You spent £12.50.") -> tuple[str, Outcome, list[Event]]:
    return message, Outcome.ANSWER, [proved(), said(text)]


def test_what_went_well_is_not_collected(desk: Desk) -> None:
    desk.talk(fine(), fine("and in october?"))
    assert desk.lines() == []


@pytest.mark.parametrize(
    ("turns", "path", "why"),
    [
        ([("a person please", Outcome.HANDOVER, [])], "routed", [[WHY.HANDOVER]]),
        ([fine(), fine("no, I meant aldi")], "routed", [[WHY.CORRECTION], []]),
        ([("x", Outcome.CLARIFY, []), ("y", Outcome.CLARIFY, [])], "routed", [[WHY.CHAIN], []]),
        ([("hello", Outcome.ANSWER, [said("I can help.")])], "routed", [[WHY.BARE]]),
        ([fine()], "model", [[WHY.MODEL]]),
    ],
)
def test_each_reason_is_told_of_its_turn(desk: Desk, turns: list[Any], path: str, why: list[list[WHY]]) -> None:
    desk.talk(*turns, path=path)
    (line,) = desk.lines()
    assert [turn["why"] for turn in line["turns"]] == why


def test_one_question_back_or_an_apology_within_is_nothing(desk: Desk) -> None:
    desk.talk(("x", Outcome.CLARIFY, []), fine("the green one, know what I like?"))
    assert desk.lines() == []


def test_the_last_thumb_counts(desk: Desk) -> None:
    conversation = desk.talk(fine())
    desk.records.feedback(ANN, conversation, 1, FeedbackEvent(thumb="down"))
    (line,) = desk.lines()
    assert line["turns"][0]["why"] == [WHY.THUMB]
    desk.records.feedback(ANN, conversation, 1, FeedbackEvent(thumb="up"))
    assert desk.lines() == []


def test_a_turn_that_broke_off_is_collected(desk: Desk) -> None:
    conversation = desk.records.create(ANN, NOW).id
    desk.records.begin(ANN, conversation, "how much", NOW)
    later = NOW + dt.timedelta(hours=1)
    desk.records.settle(ANN, conversation, later)
    (line,) = desk.lines()
    assert line["turns"][0]["why"] == [WHY.ERROR]
    assert line["turns"][0]["outcome"] == "error"


def test_names_and_numbers_are_hidden(desk: Desk) -> None:
    account = Account(id=AccountId("a1"), kind=AccountKind.CURRENT, name="Everyday account", currency="GBP")
    desk.ledger.put_party(Party(id=ANN, name="Ann Fairweather"))
    desk.ledger.put_account(account, GrantSource.SERVICE)
    desk.ledger.put_grants(
        ANN, GrantSource.SERVICE, [Grant(party=ANN, account=account.id, role=Role.HOLDER, source=GrantSource.SERVICE)]
    )
    row = Transaction(
        source_id="tx-1",
        account=account.id,
        booked_on=NOW.date(),
        amount=Money.of("-12.50", "GBP"),
        text="HARGREAVES PLUMBING",
        kind=Kind.PURCHASE,
        status=Status.BOOKED,
    )
    desk.ledger.add(account.id, [row], NOW)
    name = FactEvent(fact=Fact(ref="f2", label="x", value="Moor Pool", unit=NAME, shown="Moor Pool"))
    messages = (
        "I am Ann Fairweather, ann@example.com, card 4929 1234 5678 9012",
        "what did hargreaves get, and the moor pool",
    )
    desk.talk(
        (messages[0], Outcome.HANDOVER, [said("A person will see it.")]),
        (messages[1], Outcome.ANSWER, [proved(), name, said("You paid £12.50 to HARGREAVES PLUMBING, and Moor Pool.")]),
    )
    (line,) = desk.lines()
    text = json.dumps(line["turns"]).lower()
    for hidden in ("ann@", "fairweather", "4929", "9012", "hargreaves", "plumbing", "12.50", "moor pool"):
        assert hidden not in text
    assert "what did [name_" in text
    assert ANN not in json.dumps({**line, "turns": []})


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "some.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


REVIEWED: dict[str, Any] = {
    "customer": "amara-okafor",
    "asked_on": "2026-11-01",
    "turns": [
        {
            "say": "tesco last month",
            "outcome": "clarify",
            "answer": "x",
            "why": [],
            "want": "answer",
            "gold": {"sum": {"like": "TESCO", "in": "2026-10"}},
        }
    ],
}


def test_a_collected_line_waits_and_a_reviewed_one_is_a_conversation(desk: Desk, tmp_path: Path) -> None:
    desk.talk(("a person please", Outcome.HANDOVER, []))
    talks, waiting = collect.reviewed(written(tmp_path, *desk.lines(), REVIEWED))
    assert waiting == 1
    (talk,) = talks
    assert talk.id == "some-2"
    assert talk.turns[0].want == (Outcome.ANSWER,)
    assert talk.golds[0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customer": None}, "field customer"),
        ({"mood": "bad"}, "field mood"),
        ({"turns": "none"}, "field turns"),
        ({"turns": [*REVIEWED["turns"], {"say": "and then", "want": None}]}, r"field turns\.1\.want"),
        ({"turns": [{"say": "how much at [NAME_1]", "want": "answer"}]}, r"field turns\.0\.say"),
        ({"turns": [{"say": "hm", "want": "maybe"}]}, "field turns.0.want"),
        ({"turns": [{"say": "hm", "want": "answer", "gold": {"sum": {"like": "HARRODS"}}}]}, "field gold"),
    ],
)
def test_a_line_that_cannot_be_loaded_is_named(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput, match=rf"some.jsonl, line 1.*{field}"):
        collect.reviewed(written(tmp_path, REVIEWED | change))
