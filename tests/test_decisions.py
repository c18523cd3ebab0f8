"""Answering, asking back and not knowing: what is given, how it is decided, and a measure that can say no."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.settings import Settings
from data.errors import InvalidInput
from evals.decisions import (
    DECISIONS,
    GIVEN,
    Decided,
    Signals,
    Task,
    confusion,
    decided,
    failures,
    given,
    interval,
    macro_f1,
    read,
    recalls,
    signals,
)
from retrieval.embedding import Embedder

CARD = "A replacement card arrives within five working days and is free of charge."
KINDS = ("ANSWERABLE", "UNDERSPECIFIED", "UNANSWERABLE")
SIGNALS = {"ANSWERABLE": (0.9, 0.2), "UNDERSPECIFIED": (0.4, 0.5), "UNANSWERABLE": (0.4, 0.0), "PARTIAL": (0.8, 0.2)}


def task(kind: str = "ANSWERABLE", number: int = 0, question: str = "when does my card come?", **passages: str) -> Task:
    return Task(f"line {number}", f"talk {number}", kind, (), question, passages)


def signalled(kind: str, number: int) -> Signals:
    alone, leans = SIGNALS[kind]
    return Signals(alone + number / 1000, alone, 0.1, 0.5, leans, 1.0)


def test_signals_that_tell_are_learned_from_other_conversations() -> None:
    tasks = [task(kind, number) for number, kind in enumerate(KINDS * 6)]
    found = decided(tasks, [signalled(one.kind, n) for n, one in enumerate(tasks)])
    assert {right: share.value for right, share in recalls(found).items()} == dict.fromkeys(DECISIONS, 1.0)
    assert failures(found) == ""


def test_a_conversation_is_never_decided_by_itself() -> None:
    """One that is alone in looking as it does gets what the others look like."""
    tasks = [task(kind, number) for number, kind in enumerate((*KINDS * 6, "UNDERSPECIFIED"))]
    held = [signalled(one.kind, n) for n, one in enumerate(tasks[:-1])] + [signalled("ANSWERABLE", 0)]
    found = decided(tasks, held)
    assert found[-1].decision == "answer"
    assert "talk" not in failures(found)
    assert "line 18" in failures(found)


def test_the_measure_says_no() -> None:
    rights = ["answer"] * 8 + ["ask back", "not known"]
    assert macro_f1(rights, rights) == 1
    assert macro_f1(rights, ["answer"] * 10) == pytest.approx(16 / 18 / 3)
    assert macro_f1(rights, ["not known"] * 8 + ["answer", "answer"]) == 0
    wrong = [Decided(task("PARTIAL"), signalled("PARTIAL", 0), "not known")] * 4
    assert recalls(wrong)["answer"].value == 0
    assert interval(wrong) == (0, 0)
    assert dict(confusion(wrong))["partial"] == [0, 0, 4]


async def test_each_is_given_as_many_of_its_own_and_the_nearest_of_others(
    serving_model: Path, embedder: Embedder, tmp_path: Path
) -> None:
    (tmp_path / "models").symlink_to(serving_model.parent)
    others = {f"o{n}": f"Leaflet {n} says how a card is ordered at counter {n}." for n in range(GIVEN + 5)}
    own, none = task(number=0, card=CARD), task("UNANSWERABLE", 1)
    texts = await given(
        Settings(home=tmp_path, model="none"), [own, none, task("PARTIAL", 2, **others)], lambda done, total: None
    )
    assert [len(some) for some in texts[:2]] == [GIVEN, GIVEN]
    assert texts[0][0] == CARD
    assert CARD not in texts[2]
    assert signals(own, texts[0], embedder.embed).alone > 0


def test_a_question_that_leans_and_one_that_comes_first_are_told(embedder: Embedder) -> None:
    first = signals(task(question="How much does a card cost?"), [CARD, "Bridges are built of stone."], embedder.embed)
    later = task(question="And this one?")._replace(before=("How much does a card cost?", "It is free."))
    assert first.leans < signals(later, [CARD, CARD], embedder.embed).leans
    assert (first.first, signals(later, [CARD, CARD], embedder.embed).first) == (1, 0)
    assert first.ahead > 0 == signals(later, [CARD, CARD], embedder.embed).ahead


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"answerability": ["MAYBE"]}, "'answerability'"),
        ({"answerability": []}, "'answerability'"),
        ({"conversation": []}, "'conversation'"),
        ({"conversation": [{"speaker": "agent", "text": "Hello"}]}, "'conversation'"),
        ({"conversation": [{"speaker": "user"}]}, "'text'"),
        ({"contexts": [{"id": "a"}]}, "'text'"),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    line = {"task_id": "a<::>1", "answerability": ["PARTIAL"], "contexts": [], "conversation": [{"speaker": "user", "text": "?"}]}
    (tmp_path / "mtragun").mkdir()
    path = tmp_path / "mtragun" / "part.jsonl"
    path.write_text(json.dumps(line))
    assert read(tmp_path)[0].talk == "a"
    path.write_text(json.dumps(line) + "\n" + json.dumps(line | changed))
    with pytest.raises(InvalidInput, match=f"line 2, field {said}"):
        read(tmp_path)
