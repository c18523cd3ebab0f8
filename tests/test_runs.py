"""Runs: what is kept of one, and how it is found again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import read_eval_log

from api.candidate import read_candidate
from api.settings import Settings
from assistant.dialogue import Understanding
from data.errors import InvalidInput
from evals import product, runs, suites
from evals.marks import Answerer, Mark, Output
from evals.suites import Case, Judged, Suite, judged_turn
from prompts.registry import planner_prompt
from tests.conftest import NOW, Counter

SAID = ("how much at tesco?", "and in may?")


def given(answer: str, **more: Any) -> Output:
    fact = {"label": "spent", "value": answer, "unit": "GBP", "evidence": ["a", "b"]}
    plain = {"outcome": "answer", "answer": f"£{answer}", "facts": [fact], "scope": {}, "path": "routed", "latency_ms": 12.0}
    return plain | {"steps": [{"tool": "sum"}], "sure": 0.9, "cpu_ms": 8.0} | more


def suite(wanted: Mapping[str, Sequence[str]], held: frozenset[str] = frozenset(), name: str = "made") -> Suite:
    """Conversations by their id, with the answer that each of their turns wants."""

    def case(key: str, answers: Sequence[str]) -> Case:
        line = {"id": key, "customer": "ann", "turns": [f"{said} ({key})" for said in SAID[: len(answers)]]}

        def judge(outputs: Sequence[Output]) -> list[Judged]:
            return [
                judged_turn(
                    line, n, o, Mark(right=o["answer"] == f"£{want}", wrong=o["answer"] == "£666", why="not so"), expected=want
                )
                for n, (o, want) in enumerate(zip(outputs, answers, strict=True))
            ]

        return Case(key, "held" if key in held else "dev", line, judge)

    return Suite(name, [case(key, answers) for key, answers in wanted.items()])


def answering(answers: Mapping[str, Sequence[str]], **more: Any) -> Answerer:
    async def answer(line: Mapping[str, Any]) -> Sequence[Output]:
        return [given(one, **more) for one in answers[line["id"]]]

    return answer


async def kept(asked: Suite, answer: Answerer, folder: Path, **record: Any) -> runs.Kept:
    log = await suites.run(asked, answer, folder, "key", record=record)
    return runs.load(Path(log.location))


async def test_a_run_keeps_every_turn_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    run = await kept(suite({"a": ("1", "2")}), answering({"a": ("1", "3")}, tokens=70), tmp_path, commit="abc")
    assert run.record["commit"] == "abc"
    first, second = (turn for _, _, turn in run.found)
    assert (first.right, second.right, second.why) == (True, False, "not so")
    assert second.said == "and in may? (a)"
    assert (second.expected, second.answer) == ("2", "£3")
    assert second.steps == [{"tool": "sum"}]
    assert second.facts[0]["evidence"] == ["a", "b"]
    assert (second.sure, second.latency_ms, second.cpu_ms, second.tokens) == (0.9, 12.0, 8.0, 70)
    assert (first.tags["place"], second.tags["place"]) == ("first turn", "later turn")


async def test_inspect_reads_the_log_as_a_conversation(tmp_path: Path) -> None:
    run = await kept(suite({"a": ("1", "2")}), answering({"a": ("1", "2")}), tmp_path)
    (sample,) = read_eval_log(str(run.path)).samples or []
    assert [(m.role, m.text) for m in sample.messages] == [
        ("user", "how much at tesco? (a)"),
        ("assistant", "£1"),
        ("user", "and in may? (a)"),
        ("assistant", "£2"),
    ]


async def test_what_is_kept_of_a_conversation_holds_no_other(tmp_path: Path) -> None:
    """Or a run of thousands does not fit on a disk."""
    run = await kept(suite({"a": ("1",), "b": ("1",)}), answering({"a": ("1",), "b": ("1",)}), tmp_path)
    one, two = (sample.model_dump_json() for sample in read_eval_log(str(run.path)).samples or [])
    assert "(a)" in one
    assert "(a)" not in two
    assert "(b)" not in one


async def test_the_scores_so_far_are_told_while_it_runs(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    asked = suite({"a": ("1", "2"), "b": ("1",), "c": ("1",)})
    answers = {"a": ("1", "666"), "b": ("1",)}
    await suites.run(asked, answering(answers), tmp_path, "key", lambda done, of, said: told.append((done, of, said)))
    assert [(done, of) for done, of, _ in told] == [(1, 3), (2, 3), (3, 3)]
    assert told[0][2] == "1 of 2 right, 1 wrong"
    # The third breaks: nobody answers it.
    assert told[2][2] == "2 of 4 right, 1 wrong"


async def test_a_run_that_is_broken_off_says_so_and_keeps_its_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = suite({"a": ("1",)})
    suites.Saved(tmp_path, asked, "key").keep("a", [given("1")])

    async def interrupted(*_: Any, **__: Any) -> list[Any]:
        return []

    monkeypatch.setattr(suites, "eval_async", interrupted)
    with pytest.raises(KeyboardInterrupt):
        await suites.run(asked, answering({}), tmp_path, "key")
    assert set(suites.Saved(tmp_path, asked, "key").held) == {"a"}


async def test_a_run_is_found_by_its_path_the_beginning_of_its_id_or_as_the_latest(tmp_path: Path) -> None:
    one = await kept(suite({"a": ("1",)}), answering({"a": ("1",)}), tmp_path)
    assert runs.find(str(one.path), tmp_path) == one.path
    assert runs.find(one.id[:6], tmp_path) == one.path
    assert runs.find("latest", tmp_path) == one.path
    with pytest.raises(InvalidInput, match="no run is called 'zzz'"):
        runs.find("zzz", tmp_path)
    await kept(suite({"a": ("1",)}), answering({"a": ("1",)}), tmp_path)
    with pytest.raises(InvalidInput, match="2 runs begin with ''"):
        runs.find("", tmp_path)
    broken = tmp_path / "broken.eval"
    broken.write_text("no log")
    with pytest.raises(InvalidInput, match="broken"):
        runs.load(broken)


def test_a_record_says_what_answers_depend_on_and_no_key(tmp_path: Path) -> None:
    asked = suite({"a": ("1", "2"), "b": ("1",)})
    settings = Settings(home=tmp_path, model="none", model_key="key-of-the-deployment")
    record = runs.record(settings, asked, script="sloppy")
    assert record["counts"] == {"conversations": 2, "turns": 3}
    assert record["configuration"]["planner"] == "router"
    assert record["model"] == "none"
    assert {"commit", "prompts", "embedding", "router", "seeds", "machine"} <= set(record)
    assert "key-of-the-deployment" not in str(record)
    assert str(tmp_path) not in str(record)
    other = runs.record(settings, asked, script="faithful")
    assert runs.key(record) != runs.key(other)
    assert runs.key(record) == runs.key(record | {"machine": {}})


def test_without_a_checkout_the_commit_is_not_known(tmp_path: Path) -> None:
    assert runs.commit(tmp_path) == "unknown"


def test_what_the_product_planned_is_seen_beside_what_it_answered(bank: Counter) -> None:
    line = {"id": "x", "customer": "amara-okafor", "now": NOW.isoformat(), "turns": ["How much did I spend at Tesco in October?"]}
    bank.login("amara-okafor")

    async def ask() -> Sequence[Output]:
        return await product.answerer(bank.bank)(line)

    (output,) = bank.run(ask())
    assert [step["tool"] for step in output["steps"]] == ["sum"]
    assert output["steps"][0]["spans"]["merchants"] == ["tesco"]
    assert 0.6 <= output["sure"] <= 1
    assert output["cpu_ms"] > 0
    assert output["tokens"] is None


# Candidates


def test_a_candidate_sets_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "short.md").write_text("Be short.")
    path = tmp_path / "short.toml"
    path.write_text('name = "shorter"\nsure = 0.7\nprompt = "short.md"\nwriter = "ours"\nmodel = "0.5b"\n')
    base = Settings(home=tmp_path, model="none", qdrant_url="")
    name, made = read_candidate(path, base)
    assert name == "shorter"
    assert (made.sure, made.writer, made.model, made.home) == (0.7, "ours", "0.5b", tmp_path)
    assert planner_prompt(made.prompt, made.examples).system == "Be short."
    assert planner_prompt(made.prompt).digest != planner_prompt().digest
    kept = runs.record(made, suite({"a": ("1",)}), candidate=name)
    assert kept["configuration"]["candidate"] == "shorter"
    assert kept["prompts"]["planner"] != runs.record(base, suite({}))["prompts"]["planner"]
    assert kept["configuration"]["prompt"].startswith("short.md ")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("temperature = 1", "bad.toml, temperature: there is no such key"),
        ("sure = 1.5", "bad.toml, sure: "),
        ('sure = "high"', "bad.toml, sure: "),
        ('writer = "poet"', "bad.toml, writer: "),
        ('prompt = "none.md"', "bad.toml, prompt: there is no file none.md"),
        ('model = "none.gguf"', "bad.toml, model: there is no file none.gguf"),
        ('model_key = "secret"', "bad.toml, model_key: there is no such key"),
        ("sure = ", "bad.toml cannot be read"),
        ('examples = "bad.toml"', "every example must have"),
    ],
)
def test_a_candidate_that_cannot_be_measured_is_an_error_that_names_file_and_key(tmp_path: Path, written: str, said: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(written)
    with pytest.raises(InvalidInput, match=re.escape(said)):
        read_candidate(path, Settings(home=tmp_path, model="none"))


def test_a_threshold_changes_what_is_routed(bank: Counter) -> None:
    known = bank.bank.assistant.understanding
    line = {"id": "x", "customer": "amara-okafor", "now": NOW.isoformat(), "turns": ["any idea what tesco cost me in october?"]}
    bank.login("amara-okafor")

    async def ask(sure: float) -> Output:
        strict = replace(bank.bank.assistant, understanding=Understanding(known.head, known.embed, known.reader, sure))
        return (await product.answerer(replace(bank.bank, assistant=strict))(line))[0]

    assert bank.run(ask(0.3))["steps"]
    assert bank.run(ask(1.0))["steps"] == []
