"""The reader says what was taught, as an int8 graph too; and it is taught by its lessons."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from retrieval import teaching
from retrieval.reader import KEPT, PAGES, TAUGHT, Lesson, Reader, export, tokens

ASKED = [
    ("", "how much did i spend at tesco last month"),
    ("sum : tesco last month", "and in july?"),
    ("sum : tesco last month", "how many times was that"),
    ("balance : everyday", "what is coming out before friday"),
    ("", "when did i last pay the window cleaner"),
]


@pytest.fixture(scope="module")
def reader(serving_model: Path) -> Reader:
    return Reader(export(serving_model.parent))


def test_the_graph_says_what_was_taught(reader: Reader, reference_weights: Path) -> None:
    model, named = teaching.taught(reference_weights, TAUGHT)
    alike: list[bool] = []
    for before, text in ASKED:
        ids, types, own, places = tokens(reader.tokenizer, before, text)
        with torch.no_grad():
            label, tag, keep = model(torch.tensor([ids]), torch.tensor([types]), torch.tensor([own]))
        read = reader.read(text, before)
        exact = label.softmax(-1)[0].numpy()
        assert named["labels"][int(exact.argmax())] == max(read.labels, key=read.labels.__getitem__)
        assert np.abs(exact - np.array(list(read.labels.values()))).max() < 0.15
        assert read.places == places
        assert np.abs(keep.sigmoid()[0].numpy() - np.array([read.keeps[name] for name in KEPT])).max() < 0.15
        # Whichever of two is taken where they are as likely: how likely each is may not be far apart.
        tags = tag[0].softmax(-1).numpy()[-1 - len(places) : -1]
        assert np.abs(tags - read.tags).max() < 0.15
        alike += (tags.argmax(-1) == read.tags.argmax(-1)).tolist()
    assert sum(alike) > 0.9 * len(alike)


def test_the_graph_of_pages_says_what_was_taught(serving_model: Path, reference_weights: Path) -> None:
    pages = Reader(export(serving_model.parent, PAGES))
    model, named = teaching.taught(reference_weights, PAGES)
    for text in ("is there a fee for closing", "what does it cost to send money abroad", "how much did i spend at tesco"):
        ids, types, own, _ = tokens(pages.tokenizer, "", text)
        with torch.no_grad():
            label, *_ = model(torch.tensor([ids]), torch.tensor([types]), torch.tensor([own]))
        exact, read = label.softmax(-1)[0].numpy(), pages.read(text).labels
        assert list(read) == named["labels"]
        assert np.abs(exact - np.array(list(read.values()))).max() < 0.15


def test_the_same_message_asks_something_else_after_another(reader: Reader) -> None:
    alone, after = reader.read("and in july?"), reader.read("and in july?", "sum : tesco last month")
    assert alone.labels["follow"] != after.labels["follow"]


def test_nothing_is_read_as_anything(reader: Reader) -> None:
    read = reader.read("")
    assert read.tags.shape == (0, len(reader.tags))
    assert sum(read.labels.values()) == pytest.approx(1)


def test_what_is_taught_is_learned_and_kept(tmp_path: Path, reference_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "EPOCHS", 6)
    monkeypatch.setattr(teaching, "WARMUP", 2)
    lessons = [
        Lesson("", "how much at acme", "sum", [(0, 3), (4, 8), (9, 11), (12, 16)], ["", "", "", "name"]),
        Lesson("sum : acme", "and boots", "follow", [(0, 3), (4, 9)], ["", "name"], frozenset({"when"})),
        Lesson("", "list my direct debits", "debits"),
        Lesson("", "thanks pal", "", [(0, 6), (7, 10)], ["talk", "talk"]),
    ]
    steps: list[tuple[int, int]] = []
    target = tmp_path / "learned.npz"
    teaching.teach(
        reference_weights,
        lambda _: lessons,
        ("debits", "follow", "sum"),
        ("", "name", "talk"),
        target,
        "v1",
        lambda *at: steps.append(at),
    )
    assert steps == [(n + 1, 6 * teaching.TIMES) for n in range(6 * teaching.TIMES)]
    with np.load(target) as stored:
        assert json.loads(stored["meta"].tobytes())["version"] == "v1"
    model, named = teaching.taught(reference_weights, target)
    assert named == {"labels": ["debits", "follow", "sum"], "tags": ["", "name", "talk"]}
    before = teaching.Reading(reference_weights, 3, 3).state_dict()
    learned = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert {name for name in before if name.endswith("attention.self.query.weight")} <= learned
    assert not any("embeddings" in name for name in learned)
    assert not list(tmp_path.glob("*.part.npz"))
