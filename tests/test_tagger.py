"""Which words of a message ask, which choose what it is about, and which are talk."""

from __future__ import annotations

import numpy as np
import pytest

from assistant import tagger
from assistant.dialogue import Understanding
from assistant.spans import plain
from assistant.tagger import Vectors, Word, by_word, marked
from tests.conftest import Counter


@pytest.fixture(scope="module")
def understanding(bank: Counter) -> Understanding:
    return bank.bank.assistant.understanding


def read(understanding: Understanding, message: str) -> dict[str, Word]:
    text = plain(message)
    words = understanding.head.tagger.read(text, understanding.states)
    return {text[word.start : word.end]: word for word in words}


def test_marks_are_taken_off_a_line_and_kept_by_word() -> None:
    text, words, tags = marked("~Phew, ~total at [Acme Rail] <last May> from {the joint}?")
    assert text == "phew, total at acme rail last may from the joint?"
    assert [(text[a:b], tag) for (a, b), tag in zip(words, tags, strict=True)] == [
        ("phew", "talk"), ("total", ""), ("at", ""), ("acme", "name"), ("rail", "name"), ("last", "time"), ("may", "time"),
        ("from", ""), ("the", "account"), ("joint", "account"),
    ]  # fmt: skip


def test_every_marked_line_is_marked_in_pairs() -> None:
    lines = tagger.lessons()
    assert len(lines) == len(set(lines)) > 3000
    for line in lines:
        assert line.count("~") % 2 == 0, line
        assert all(line.count(a) == line.count(b) for a, b in ("[]", "<>", "{}")), line


def test_what_is_told_beside_a_question_is_talk_and_what_it_is_about_chooses(understanding: Understanding) -> None:
    words = read(understanding, "our kitchen flooded so it has been a rotten week, how much did we spend on carpets in March")
    assert max(words[w].chooses for w in ("kitchen", "flooded", "rotten")) < min(words[w].chooses for w in ("carpets", "march"))
    assert min(words[w].talk for w in ("kitchen", "flooded", "rotten")) > max(
        words[w].talk for w in ("spend", "carpets", "march")
    )


def test_a_word_is_what_it_is_where_it_stands(understanding: Understanding) -> None:
    told = read(understanding, "totally different thing now, what is my balance")["different"]
    asked = read(understanding, "how many different shops did I go to in June")["different"]
    assert told.talk > asked.talk


def test_of_a_word_said_twice_the_place_counts_that_chooses_most() -> None:
    chooses, talk = by_word("next, next", [Word(0, 4, 0.1, 0.9), Word(6, 10, 0.8, 0.1)])
    assert (chooses, talk) == ({"next": 0.8}, {"next": 0.1})


def test_words_beyond_what_the_model_reads_are_read_all_the_same(understanding: Understanding) -> None:
    text = plain("how much at tesco " * 200)
    assert len(understanding.head.tagger.read(text, understanding.states)) == 800
    assert understanding.head.tagger.read("", understanding.states) == []


def test_a_tagger_learns_what_its_lines_say() -> None:
    def states(text: str) -> tuple[list[tuple[int, int]], Vectors]:
        places = [(at, at + 1) for at, char in enumerate(text) if char.isalpha()]
        return places, np.array([[float(text[a] == "x"), float(text[a] == "y"), 1.0] for a, _ in places], np.float32)

    taught = tagger.train(states, ["[x] a ~y~ <x> {a}", "a ~y~ [x]", "~y y~ a [x]"] * 20)
    x, a, y = taught.read("x a y", states)
    assert x.chooses > a.chooses
    assert y.talk > a.talk
