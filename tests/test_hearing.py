"""Which words of a message ask, which choose what it is about, and which are talk."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from api.teach import sandbox_parts
from assistant import lessons
from assistant.dialogue import Understanding
from assistant.hearing import TAGS, Heard, Word, by_word, without_talk, words_of
from assistant.lessons import marked
from assistant.router import PROMPTS, examples
from assistant.spans import WORD, plain
from retrieval.reader import PAGES, TAUGHT
from tests.conftest import Counter


@pytest.fixture(scope="module")
def understanding(bank: Counter) -> Understanding:
    return bank.bank.assistant.understanding


def read(understanding: Understanding, message: str) -> dict[str, Word]:
    text = plain(message)
    words = words_of(text, understanding.reader.read(text))
    return {text[word.start : word.end]: word for word in words}


def test_marks_are_taken_off_a_line_and_kept_by_word() -> None:
    text, words, tags = marked("~Phew, ~total at [Acme Rail] <last May> from {the joint}?")
    assert text == "phew, total at acme rail last may from the joint?"
    assert [(text[a:b], tag) for (a, b), tag in zip(words, tags, strict=True)] == [
        ("phew", "talk"), ("total", ""), ("at", ""), ("acme", "name"), ("rail", "name"), ("last", "time"), ("may", "time"),
        ("from", ""), ("the", "account"), ("joint", "account"),
    ]  # fmt: skip


def test_every_marked_line_is_marked_in_pairs() -> None:
    lines = lessons.marked_lines()
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
    heard = by_word("next, next", [Word(0, 4, 0.0, 0.1, 0.9), Word(6, 10, 0.7, 0.8, 0.1)])
    assert heard == Heard(names={"next": 0.7}, chooses={"next": 0.8}, talk={"next": 0.1})


def test_words_beyond_what_the_model_reads_are_read_all_the_same(understanding: Understanding) -> None:
    text = plain("how much at tesco " * 200)
    assert len(words_of(text, understanding.reader.read(text))) == 800
    assert words_of("", understanding.reader.read("")) == []


def test_what_was_asked_before_tells_what_a_few_words_ask(understanding: Understanding) -> None:
    after = understanding.reader.read("and in july?", "sum : tesco last month").labels
    assert max(after, key=after.__getitem__) == "follow"
    assert sum(after.values()) == pytest.approx(1, abs=1e-3)


def test_the_reader_was_taught_what_the_files_say() -> None:
    with np.load(TAUGHT) as stored:
        taught = json.loads(stored["meta"].tobytes())
    assert taught["version"] == lessons.version(), "the reader is to be taught anew: python -m api.teach reader"
    assert tuple(taught["tags"]) == TAGS
    assert tuple(taught["labels"]) == tuple(sorted(examples()))


def test_what_tells_parts_of_pages_apart_was_taught_what_files_and_pages_say() -> None:
    with np.load(PAGES) as stored:
        taught = json.loads(stored["meta"].tobytes())
    told = lessons.PageLessons(sandbox_parts())
    assert taught["version"] == told.version, "the pages are to be taught anew: python -m api.teach pages"
    assert tuple(taught["labels"]) == told.labels


def test_each_epoch_misspells_other_questions_in_one_letter_of_a_longer_word() -> None:
    told = lessons.PageLessons(())
    first, second = ([said.text for said in told.epoch(number)] for number in (0, 1))
    right = [text for _, text in told._asked] * (len(first) // len(told._asked))
    assert first != second
    assert len(first) == len(right)
    assert [said.text for said in told.epoch(0)] == first
    wrong = [(a, b) for a, b in zip(first, right, strict=True) if a != b]
    assert 0.1 < len(wrong) / len(first) < 0.2
    for a, b in wrong:
        ((said, meant),) = [(x, y) for x, y in zip(a.split(" "), b.split(" "), strict=True) if x != y]
        assert said[0] == meant[0]
        assert abs(len(said) - len(meant)) <= 1


def test_what_is_spoken_of_after_each_message_of_a_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in lessons.FILES:
        (tmp_path / name).write_bytes((PROMPTS / name).read_bytes())
    talk = "sum :: total at [Acme] <in may>\nfollow who :: <june>?\ndetails who when :: list them\nbalance :: {the joint}?"
    (tmp_path / "talks.txt").write_text(talk)
    texts = {"total at acme in may", "june?", "list them", "the joint?"}
    monkeypatch.setattr(lessons, "PROMPTS", tmp_path)
    befores = [said.before for said in lessons.Lessons().epoch(0) if said.text in texts]
    assert set(befores) == {"", "sum : acme in may", "sum : acme june"}


def test_a_line_that_is_no_message_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "talks.txt").write_text("sum :: total\n\nsum total\n")
    monkeypatch.setattr(lessons, "PROMPTS", tmp_path)
    with pytest.raises(ValueError, match=r"talks\.txt, line 3"):
        lessons.talks()


def test_every_label_of_a_talk_is_one_that_is_known() -> None:
    known = set(examples())
    assert {label for one in lessons.talks() for label, _, _ in one} <= known
    assert set(examples("heard.yaml")) <= known


@pytest.mark.parametrize(
    ("text", "told", "left"),
    [
        ("quarrel with my flatmate: bills since august", "quarrel with my flatmate", "bills since august"),
        ("shell took 99 off me. i put forty in, what's that?", "i put forty in", "shell took 99 off me. what's that?"),
        ("what did i spend, honest to god", "honest to god", "what did i spend"),
        # One word alone is talk between marks, and where all is talk there is nothing to read.
        ("phew. what did i spend", "phew", "what did i spend"),
        ("tesco, phew, in may", "phew", "tesco, in may"),
        ("what did phew cost", "phew", ""),
        ("i do not know", "i do not know", ""),
        ("what did i spend", "", ""),
    ],
)
def test_runs_of_talk_are_left_out_with_the_marks_behind_them(text: str, told: str, left: str) -> None:
    def word(m: re.Match[str]) -> Word:
        return Word(m.start(), m.end(), 0.0, 0.0, 0.95 if m.group() in told.split() else 0.05)

    assert without_talk(text, [word(m) for m in WORD.finditer(text)]) == left
