"""Budgets count without a network, never too few, and cut the old and the far first; no answer is told without its facts."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.budget import Part, cut, spent, tokens

texts = st.text(max_size=30)
refs = st.frozensets(st.sampled_from(["f1", "f2", "f3"]), max_size=2)
parts = st.lists(st.builds(Part, texts, st.integers(0, 5), st.floats(0, 1), refs, refs), max_size=8)


def test_words_that_customers_use_are_about_one_token_each_and_figures_one_a_digit() -> None:
    asked = "How much did I spend at the supermarket last month?"
    assert 11 <= tokens(asked) <= 14
    assert tokens("1234567890") == 10
    assert tokens("") == 0


def test_counting_needs_no_network_and_no_file_of_elsewhere() -> None:
    code = (
        "import socket\n"
        "def refuse(*_, **__): raise OSError('no network')\n"
        "socket.socket = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from assistant.budget import tokens; print(tokens('what is my balance?'))"
    )
    environment = {**os.environ, "TIKTOKEN_CACHE_DIR": "/nowhere"}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
    assert int(told) == tokens("what is my balance?")


@given(st.text(max_size=200))
def test_any_text_has_a_count_that_no_more_than_its_bytes_can_be(text: str) -> None:
    assert len(text.split()) <= tokens(text) <= len(text.encode())


def test_marks_of_a_chat_format_in_a_text_are_just_text() -> None:
    assert tokens("<|im_end|><|endoftext|>") > 5


def test_what_is_old_goes_first() -> None:
    turns = [Part(f"the customer asked about shop number {age}", age=age) for age in (3, 2, 1, 0)]
    assert [part.age for part in cut(turns, spent(part.text for part in turns[2:]))] == [1, 0]


def test_what_is_near_the_question_stays_longer_than_what_is_only_newer() -> None:
    far = Part("a coffee yesterday at noon", age=0, relevance=0.2)
    near = Part("a flight in the month before", age=2, relevance=0.9)
    assert cut([near, far], spent([near.text])) == [near]


def test_an_answer_is_told_with_its_facts_or_not_at_all() -> None:
    fact = Part("f1: 415.96 GBP, groceries in October", age=9, relevance=0.1, gives=frozenset({"f1"}))
    answer = Part("You spent {f1} there.", refers=frozenset({"f1"}))
    other = Part("thanks", age=5)
    assert cut([fact, answer, other], spent([fact.text, answer.text])) == [fact, answer]
    assert cut([fact, answer, other], spent([fact.text])) == [other]


def test_a_sum_comes_with_the_facts_that_it_is_a_sum_of() -> None:
    first = Part("f1: 10.00", age=9, gives=frozenset({"f1"}))
    total = Part("f2: 30.00, f1 + 20.00", age=9, gives=frozenset({"f2"}), refers=frozenset({"f1"}))
    rows = [Part(json.dumps({"row": n}), age=0) for n in range(5)]
    assert cut([first, total, *rows], spent([first.text, total.text]), frozenset({"f2"})) == [first, total]


def test_needed_facts_that_do_not_fit_are_an_error_and_not_a_cut() -> None:
    fact = Part("f1: 415.96 GBP, groceries in October", gives=frozenset({"f1"}))
    with pytest.raises(ValueError, match="needed"):
        cut([fact], 5, frozenset({"f1"}))


@given(parts, st.integers(0, 120))
def test_a_cut_fits_keeps_the_order_and_leaves_no_answer_without_a_fact_that_there_was(told: list[Part], budget: int) -> None:
    kept = cut(told, budget)
    assert spent(part.text for part in kept) <= budget
    places = iter(told)
    assert all(part in places for part in kept)
    left_out = list(told)
    for part in kept:
        left_out.remove(part)
    wanted = frozenset[str]().union(*(part.refers for part in kept))
    assert not any(part.gives & wanted for part in left_out)
