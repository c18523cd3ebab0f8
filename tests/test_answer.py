"""Nothing leaves that no fact stands behind: the catalogue, the places in it, and what is put there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import answer
from assistant.answer import Unchecked, catalogue, check, render, sentence
from assistant.tools import Line, ToolResult, listed, literal
from data.facts import FactBook, Outcome
from data.money import Money

CONCLUSIONS = """one two three once twice half double more less fewer none nothing higher lower cheaper dearer overdrawn
down same duplicate"""


def found(*lines: Line, book: FactBook) -> ToolResult:
    return ToolResult(outcome=Outcome.ANSWER, lines=lines, facts=tuple(book.facts))


def test_the_catalogue_states_no_figure_of_its_own() -> None:
    for key, pattern in catalogue().items():
        check(pattern)
        assert not re.search(r"\d", re.sub(r"\{\w+\}", "", pattern)), key


def test_the_catalogue_draws_no_conclusion_of_its_own() -> None:
    words = re.compile(rf"\b(?:{'|'.join(CONCLUSIONS.split())})\b", re.IGNORECASE)
    # What asks or offers something says nothing about the customer's money.
    told = {
        k: re.sub(r"\{\w+\}", "", p)
        for k, p in catalogue().items()
        if k.split(".")[0] not in ("ask", "reading", "help", "handover")
    }
    allowed = {"balance.overdraft", "afford.overdraft"}
    assert {k: m.group() for k, p in told.items() if k not in allowed and (m := words.search(p))} == {}


@pytest.mark.parametrize(
    "text", ["You spent 5 pounds.", "That is twice as much.", "You spent {total}, more than before.", "None of it."]
)
def test_a_sentence_with_a_figure_or_a_conclusion_of_its_own_does_not_leave(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unchecked):
        check(text)
    monkeypatch.setattr(answer, "catalogue", lambda: {"sum.one": text})
    book = FactBook()
    total = book.money("total", Money.of("5.00", "GBP"))
    with pytest.raises(Unchecked):
        list(render([found(Line(key="sum.one", slots={"total": "{" + total.ref + "}"}), book=book)]))


def test_a_reference_that_no_tool_gave_does_not_leave() -> None:
    line = Line(key="sum.in_all", slots={"total": "{f9}"})
    with pytest.raises(Unchecked, match="f9"):
        list(render([found(line, book=FactBook())]))


def test_a_place_that_was_left_empty_does_not_leave() -> None:
    with pytest.raises(Unchecked, match="total"):
        sentence(Line(key="sum.in_all"), {})


def test_figures_stand_where_their_facts_are_referred_to() -> None:
    book = FactBook()
    total, count = book.money("total", Money.of("1306.79", "GBP")), book.count("payments", 1, (), "payment")
    line = Line(key="sum.one", slots={"total": f"{{{total.ref}}}", "count": f"{{{count.ref}}}", "about": " at ALDI"})
    (event,) = render([found(line, book=book)])
    assert event.text == "You spent £1,306.79 at ALDI, in 1 payment."
    assert event.template == "You spent {f1} at ALDI, in {f2}."
    assert event.refs == ("f1", "f2")


def test_the_same_sentence_is_said_once() -> None:
    book = FactBook()
    total = book.money("total", Money.of("1.00", "GBP"))
    line = Line(key="sum.in_all", slots={"total": f"{{{total.ref}}}"})
    assert len(list(render([found(line, line, book=book)]))) == 1


@pytest.mark.parametrize("name", ["{f1}", "Bar {f1} & Grill", "{{f1}}", "}{f2}{", "{total}"])
def test_braces_in_a_name_refer_to_nothing(name: str) -> None:
    book = FactBook()
    total = book.money("total", Money.of("66.60", "GBP"))
    count = book.count("payments", 2, (), "payment")
    slots = {"total": f"{{{total.ref}}}", "count": f"{{{count.ref}}}", "name": literal(name)}
    event = sentence(Line(key="sum.each", slots=slots), {f.ref: f for f in book.facts})
    assert event.refs == ("f1", "f2")
    assert event.text.count("66.60") == 1
    assert "{" not in event.text


def test_a_fact_whose_own_words_look_like_a_reference_is_shown_as_it_is() -> None:
    book = FactBook()
    amount, name = book.money("amount", Money.of("5.00", "GBP")), book.name("merchant", "{f1}")
    day = book.name("date", "Monday")
    slots = {"amount": f"{{{amount.ref}}}", "name": f"{{{name.ref}}}", "day": f"{{{day.ref}}}"}
    event = sentence(Line(key="top.row", slots=slots), {f.ref: f for f in book.facts})
    assert event.text == "£5.00 to {f1} on Monday."


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8))
def test_listed_names_never_hold_braces(names: list[str]) -> None:
    assert not set("{}") & set(listed(names))


def test_facts_are_numbered_on_over_the_steps_of_a_turn() -> None:
    first = FactBook()
    first.count("payments", 1)
    second = FactBook(before=len(first.facts))
    assert second.count("payments", 2).ref == "f2"


def test_a_reader_abroad_gets_figures_as_they_write_them() -> None:
    assert FactBook("de_DE").money("total", Money.of("1306.79", "EUR")).shown.startswith("1.306,79")
    assert FactBook().money("total", Money.of("-5.00", "GBP")).shown == "£5.00"
    assert FactBook().money("total", Money.of("-5.00", "GBP"), signed=True).shown == "-£5.00"
