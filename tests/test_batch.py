"""Questions from a file: one line a turn, resumable, and nothing from after the moment they are asked at."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

from api import cli
from api.batch import Question, answer, answered, read_question, result
from api.settings import Settings
from connectors.sandbox.books import Books
from connectors.sandbox.calendar import LONDON
from data.errors import InvalidInput, NotFound
from tests.conftest import NOW, Counter
from tests.database import database


def line(id: str, *turns: str, customer: str = "callum-mackenzie", now: str = "2026-11-24T10:00:00Z") -> str:
    return json.dumps({"id": id, "customer": customer, "now": now, "turns": turns})


# Lines


def test_a_line_is_read_with_what_it_leaves_out() -> None:
    question = read_question('{"id": 7, "customer": "c-1", "turns": ["hello"], "note": "kept out"}', "in.jsonl", 1)
    assert question == Question(id="7", customer="c-1", turns=("hello",))
    assert question.now is None


def test_a_moment_without_a_zone_is_utc() -> None:
    question = read_question(line("a", "x", now="2026-11-24T10:00:00"), "in.jsonl", 1)
    assert question.now == NOW


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", None),
        ("[]", None),
        ('{"customer": "c", "turns": []}', "id"),
        ('{"id": "a", "turns": ["x"]}', "customer"),
        ('{"id": "a", "customer": "c", "turns": "x"}', "turns"),
        ('{"id": "a", "customer": "c", "turns": ["x"], "now": "yesterday"}', None),
        ('{"id": "a", "customer": "c", "turns": [1.5, {}]}', "turns"),
    ],
)
def test_a_bad_line_is_named_by_file_line_and_field(text: str, field: str | None) -> None:
    with pytest.raises(InvalidInput, match=r"in\.jsonl, line 3") as raised:
        read_question(text, "in.jsonl", 3)
    if field is not None:
        assert field in str(raised.value)


# Going on


def test_what_is_answered_is_known_and_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert answered(out) == set()
    out.write_text('{"id": "a", "turn": 0}\n{"id": "a", "turn": 1}\n{"id": "b", "tur', encoding="utf-8")
    assert answered(out) == {"a"}
    assert out.read_text(encoding="utf-8") == '{"id": "a", "turn": 0}\n{"id": "a", "turn": 1}\n'


def test_a_run_goes_on_where_it_stopped(bank: Counter, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.jsonl"
    asked = [read_question(line(n, "How much did I spend at Greggs last month?", "and in September?"), "in", 1) for n in "abc"]
    out.write_text('{"id": "a", "turn": 0}\n{"id": "b"', encoding="utf-8")
    told: list[str] = []

    async def remembered(_bank: object, question: Question) -> list[dict[str, object]]:
        told.append(question.id)
        return [{"id": question.id, "turn": n} for n in range(len(question.turns))]

    monkeypatch.setattr("api.batch.answer", remembered)
    (tmp_path / "home").mkdir()
    settings = Settings(home=tmp_path / "home", model="none", database_url=database(tmp_path / "home" / "test.db"))
    (tmp_path / "home" / "models").symlink_to((home / "models").resolve())
    bank.run(cli._batch(settings, asked, out))
    assert told == ["b", "c"]
    assert [json.loads(x)["id"] for x in out.read_text(encoding="utf-8").splitlines()] == ["a", "b", "b", "c", "c"]


# Answers


def test_a_turn_is_a_line_with_its_facts_and_their_rows(bank: Counter, books: Books) -> None:
    question = read_question(line("q1", "How much did I spend at Greggs last month?", "and in September?"), "in", 1)
    lines = bank.run(answer(bank.bank, question))
    assert [(x["id"], x["turn"]) for x in lines] == [("q1", 0), ("q1", 1)]
    for told, month in zip(lines, (10, 9), strict=True):
        rows = [
            e
            for a in books.owned_by("callum-mackenzie")
            for e in books.entries[a.id]
            if e.counterparty == "Greggs" and e.booked_at is not None and e.booked_at.astimezone(LONDON).month == month
            and e.booked_at.year == 2026
        ]  # fmt: skip
        assert set(told) == {"id", "turn", "outcome", "answer", "facts", "sentences", "scope", "citations", "path", "latency_ms"}
        total = next(f for f in told["facts"] if f["unit"] == "GBP")
        assert Decimal(total["value"]) == Decimal(-sum(e.minor for e in rows)) / 100
        assert set(total["evidence"]) == {e.id for e in rows}
        assert told["outcome"] == "answer"
        assert told["path"] == "routed"
        json.dumps(told)


def test_somebody_the_bank_does_not_know_is_an_error_that_names_them(bank: Counter) -> None:
    with pytest.raises(NotFound, match="c-404"):
        bank.run(answer(bank.bank, read_question(line("a", "hello", customer="c-404"), "in", 1)))


def test_rows_after_the_moment_asked_are_not_seen(bank: Counter, books: Books) -> None:
    early = dt.datetime(2026, 10, 12, 9, tzinfo=dt.UTC)
    bank.login("tomasz-zielinski")
    asked = line("early", "How much did I spend at Greggs this year?", customer="tomasz-zielinski", now=early.isoformat())
    (told,) = bank.run(answer(bank.bank, read_question(asked, "in", 1)))
    booked = [
        (e.booked_at, e)
        for a in books.owned_by("tomasz-zielinski")
        for e in books.entries[a.id]
        if e.counterparty == "Greggs" and e.booked_at is not None and e.booked_at.year == 2026
    ]
    total = next(f for f in told["facts"] if f["unit"] == "GBP")
    assert set(total["evidence"]) == {e.id for day, e in booked if day <= early}
    assert any(early < day <= NOW for day, _ in booked)
    assert told["scope"]["until"] == "2026-10-12"


def test_a_result_is_made_of_what_left_the_turn(bank: Counter) -> None:
    told = bank.ask("callum-mackenzie", "How much did I spend at Greggs last month?")
    made = result("x", 3, told.events)
    assert made["answer"] == told.text
    assert [f["value"] for f in made["facts"]] == [f.value for f in told.facts]
    assert made["turn"] == 3
