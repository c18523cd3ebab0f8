"""The suite of intents: its figures, and that they are low where a head is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.intents import Example, IntentHead, train
from data.errors import InvalidUtterance
from evals import intents as suite
from evals.cli import app
from evals.figures import Figure
from evals.intents import Asked, Item
from evals.report import Share
from retrieval.embedding import Embedder
from tests.outside import SHARED as DATA

TOPICS = {
    "lost_card": "i {} my card",
    "balance": "what is the balance {} of my account",
    "hours": "when does the branch {} open",
    "loan": "i want to borrow money {}",
    "weather": "how will the weather be {}",
    "bread": "how do i bake bread {}",
}
WAYS = ("lost", "today", "now", "please", "again", "really", "tomorrow", "at last", "over here", "with you")


def asked(right: str, said: str, probability: float = 0.9) -> Asked:
    """What a head said of one utterance: nothing where `said` is empty, though it was nearest to wrong."""
    return Asked(
        "text", "group", frozenset(filter(None, [right])), frozenset(filter(None, [said])), said or "wrong", probability, 1.0
    )


def share(figures: dict[str, Share | Figure], name: str) -> Share:
    found = figures[name]
    assert isinstance(found, Share)
    return found


def test_accuracy_falls_with_each_wrong_answer() -> None:
    assert share(suite.accurate([asked("a", "a"), asked("b", "b")]), "accuracy") == Share(2, 2)
    assert share(suite.accurate([asked("a", "a"), asked("b", "a")]), "accuracy") == Share(1, 2)
    assert share(suite.accurate([asked("a", "b"), asked("b", "a")]), "accuracy") == Share(0, 2)


def test_in_scope_abstaining_and_out_of_scope_answering_both_count_against() -> None:
    silent, talkative = [asked("a", ""), asked("", "")], [asked("a", "a"), asked("", "a")]
    assert suite.scoped(silent) == {"in-scope accuracy": Share(0, 1), "out-of-scope recall": Share(1, 1)}
    assert suite.scoped(talkative) == {"in-scope accuracy": Share(1, 1), "out-of-scope recall": Share(0, 1)}
    assert share(suite.scoped([asked("a", "b")]), "in-scope accuracy") == Share(0, 1)


def test_auroc_is_low_where_strange_messages_are_the_surer_ones() -> None:
    known, strange = [asked("a", "a", 0.9 - n / 100) for n in range(10)], [asked("", "", 0.3 - n / 100) for n in range(10)]
    swapped = [asked("", "", 0.9)] * 10 + [asked("a", "a", 0.2)] * 10
    assert suite.told_apart([*known, *strange])["AUROC"].value == 1.0
    assert suite.told_apart(swapped)["AUROC"].value == 0.0
    assert suite.told_apart([asked("a", "a", 0.5), asked("", "", 0.5)])["AUROC"].value == 0.5


def test_micro_f1_counts_every_label() -> None:
    both = frozenset({"a", "b"})
    whole = Asked("t", "g", both, both, "a", 0.9, 1.0)
    half = whole._replace(said=frozenset({"a"}))
    wrong = whole._replace(said=frozenset({"c"}))
    none = whole._replace(said=frozenset())
    values = [suite.several([one])["micro-F1"].value for one in (whole, half, wrong, none)]
    assert values == pytest.approx([1.0, 2 / 3, 0.0, 0.0])


def test_an_interval_is_wider_for_fewer() -> None:
    some = [asked("a", "a") if n % 3 else asked("a", "b") for n in range(30)]
    few, many = suite.several(some)["micro-F1"], suite.several(some * 20)["micro-F1"]
    assert isinstance(few, Figure)
    assert isinstance(many, Figure)
    assert few.low < few.value < few.high
    assert many.high - many.low < few.high - few.low


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Small sets in the three formats."""
    rows = [(frame.format(way), topic) for topic, frame in TOPICS.items() for way in WAYS]
    (tmp_path / "banking77").mkdir()
    inside = [row for row in rows if row[1] not in ("weather", "bread")]
    (tmp_path / "banking77" / "train.csv").write_text("text,intent\n" + "".join(f"{t},{i}\n" for t, i in inside))
    (tmp_path / "banking77" / "in_domain_oos_intents.json").write_text(json.dumps({"intents": ["loan"]}))
    (tmp_path / "clinc150_bank").mkdir()
    scope = {"weather": "other_domain:weather", "bread": "oos"}
    (tmp_path / "clinc150_bank" / "dev.csv").write_text("text,intent\n" + "".join(f"{t},{scope.get(i, i)}\n" for t, i in rows))
    (tmp_path / "nlupp_banking").mkdir()
    lines = [{"text": text, "intents": [topic, "ask"], "fold": n % 4} for n, (text, topic) in enumerate(rows)]
    (tmp_path / "nlupp_banking" / "dev.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_each_utterance_is_asked_about_once_by_a_head_that_did_not_learn_it(
    folder: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: dict[int, set[str]] = {}

    def noted(examples: list[Example], *rest: Any) -> IntentHead:
        head = train(examples, *rest)
        learned[id(head)] = {example.text for example in examples}
        kept.append(head)
        return head

    def watched(head: IntentHead, embedder: Embedder, item: Item, never: frozenset[str]) -> Asked:
        assert item.example.text not in learned[id(head)]
        assert not never.intersection(head.labels)
        return put(head, embedder, item, never)

    kept: list[IntentHead] = []
    put = suite.ask
    monkeypatch.setattr(suite, "train", noted)
    monkeypatch.setattr(suite, "ask", watched)
    sets, missing = suite.sets(folder)
    assert missing == []
    assert [one.name for one in sets] == ["banking77", "banking77 with intents withheld", "clinc150_bank", "nlupp_banking"]
    for one in sets:
        vectors = embedder.embed([item.example.text for item in one.learn])
        done = suite.measure(one, vectors, embedder, lambda done, total: None)
        assert sorted(each.text for each in done.asked) == sorted(item.example.text for item in one.learn)
        assert len(kept) > 1
        kept.clear()


def test_a_test_file_is_asked_about_and_never_learned_and_its_failures_are_not_told(folder: Path, embedder: Embedder) -> None:
    (folder / "clinc150_bank" / "test.csv").write_text(
        "text,intent\ni mislaid my card,balance\nhow is the snow,other_domain:weather\n"
    )
    one = suite.sets(folder)[0][2]
    assert [item.group for item in one.hold] == ["in scope", "other domains"]
    done = suite.measure(one, embedder.embed([item.example.text for item in one.learn]), embedder, lambda done, total: None)
    assert share(done.figures, "in-scope accuracy") == Share(0, 1)
    assert len(done.asked) == 2
    assert suite.failures(done) == ""


def test_a_head_with_its_labels_swapped_is_told(folder: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    one = suite.sets(folder)[0][0]
    vectors = embedder.embed([item.example.text for item in one.learn])
    good = suite.measure(one, vectors, embedder, lambda done, total: None)

    def swapped(examples: list[Example], *rest: Any) -> IntentHead:
        names = sorted({example.labels for example in examples})
        moved = dict(zip(names, names[1:] + names[:1], strict=True))
        return train([example._replace(labels=moved[example.labels]) for example in examples], *rest)

    monkeypatch.setattr(suite, "train", swapped)
    bad = suite.measure(one, vectors, embedder, lambda done, total: None)
    assert share(good.figures, "accuracy").value > 0.9
    assert share(bad.figures, "accuracy").value < 0.1
    assert suite.failures(bad).count("## banking77") > 0.9 * len(bad.asked)


@pytest.mark.parametrize(
    ("line", "field"), [("{", "text"), ('{"text": " "}', "text"), ('{"text": "a", "intents": "b"}', "intents"), ("[]", "text")]
)
def test_a_bad_line_is_an_error_that_names_line_and_field(folder: Path, line: str, field: str) -> None:
    file = folder / "nlupp_banking" / "dev.jsonl"
    file.write_text('{"text": "hello"}\n' + line + "\n")
    with pytest.raises(InvalidUtterance) as caught:
        suite.sets(folder)
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(file), 2, field)


def test_a_withheld_intent_that_nobody_has_is_an_error(folder: Path) -> None:
    (folder / "banking77" / "in_domain_oos_intents.json").write_text('{"intents": ["mortgage"]}')
    with pytest.raises(InvalidUtterance, match="mortgage"):
        suite.sets(folder)


def test_what_is_missing_is_skipped_and_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["intents", "--data", str(tmp_path)], env={"COUNTERFOIL_HOME": str(tmp_path)})
    assert done.exit_code == 0, done.output
    assert "skipped: banking77, clinc150_bank, nlupp_banking" in " ".join(done.output.split())


def test_several_at_once_on_outside_utterances(embedder: Embedder) -> None:
    if not (DATA / "nlupp_banking").exists():
        pytest.skip(f"{DATA / 'nlupp_banking'} is not here; COUNTERFOIL_SHARED_DATA names its folder")
    one = next(one for one in suite.sets(DATA)[0] if one.name == "nlupp_banking")
    part = one._replace(learn=[item for item in one.learn if item.part], hold=[item for item in one.learn if not item.part])
    done = suite.measure(part, embedder.embed([item.example.text for item in part.learn]), embedder, lambda done, total: None)
    assert done.figures["micro-F1"].value > 0.8
