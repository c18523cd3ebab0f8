"""Arithmetic over facts that are there: exact, in minor units, and refused where it would say something wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from assistant.answer import render
from assistant.calculate import Calculation, Stated, calculate
from assistant.tools import ToolResult
from data.facts import Fact, FactBook, Outcome, Scope
from data.money import Money

OCTOBER = Scope(since=dt.date(2026, 10, 1), until=dt.date(2026, 10, 31), period="in October 2026", accounts=("Joint",))
MAY = Scope(since=dt.date(2026, 5, 1), until=dt.date(2026, 5, 31), period="in May 2026", accounts=("Everyday",))


def facts() -> dict[str, Stated]:
    """f1 £10.10, f2 £20.20, f3 €5.00, f4 a count, f5 zero, f6 out of the account and shown without a sign, f7 overdrawn."""
    book = FactBook()
    found: list[Fact] = [
        book.money("spent", Money.of("10.10", "GBP"), ("a", "b")),
        book.money("spent", Money.of("20.20", "GBP"), ("b", "c")),
        book.money("spent", Money.of("5.00", "EUR")),
        book.count("payments", 3),
        book.money("due", Money.of("0.00", "GBP")),
        book.money("left", Money.of("-7.00", "GBP")),
        book.money("balance", Money.of("-7.00", "GBP"), signed=True),
    ]
    return {fact.ref: Stated(fact, OCTOBER if fact.ref == "f1" else MAY) for fact in found}


def asked(operation: str, *refs: str, **more: Any) -> tuple[ToolResult, str]:
    known = facts()
    call = Calculation.model_validate({"operation": operation, "facts": list(refs)} | more)
    result = calculate(call, known, FactBook(before=len(known)))
    before = ToolResult(outcome=Outcome.ANSWER, lines=(), facts=tuple(one.fact for one in known.values()))
    return result, " ".join(event.text for event in render([before, result]))


@pytest.mark.parametrize(
    ("operation", "refs", "more", "value", "text"),
    [
        ("sum", ("f1", "f2", "f5"), {}, "30.30", "Together that is £30.30."),
        ("difference", ("f1", "f2"), {}, "-10.10", "£10.10 is £10.10 less than £20.20."),
        ("difference", ("{f2}", "{f1}"), {}, "10.10", "£20.20 is £10.10 more than £10.10."),
        ("difference", ("f1", "f1"), {}, "0.00", "£10.10 and £10.10 are the same."),
        ("difference", ("f1", "f7"), {}, "17.10", "£10.10 is £17.10 more than -£7.00."),
        ("share", ("f1", "f2"), {}, "50.0", "£10.10 is 50.0% of £20.20."),
        ("per", ("f1",), {"unit": "day"}, "0.33", "£10.10 comes to £0.33 a day."),
        ("per", ("f1",), {"unit": "week"}, "2.28", "£10.10 comes to £2.28 a week."),
        ("per", ("f1",), {"unit": "month"}, "10.10", "£10.10 comes to £10.10 a month."),
    ],
)
def test_the_result_is_exact_and_says_what_it_is_of(
    operation: str, refs: tuple[str, ...], more: dict[str, Any], value: str, text: str
) -> None:
    result, said = asked(operation, *refs, **more)
    assert (result.facts[0].value, said) == (value, text)
    assert result.facts[0].ref == "f8"
    assert result.facts[0].formula


@pytest.mark.parametrize(
    ("operation", "refs", "more"),
    [
        ("sum", ("f1", "f9"), {}),
        ("sum", ("f1",), {}),
        ("sum", ("f1", "f3"), {}),
        ("sum", ("f1", "f4"), {}),
        ("difference", ("f1", "f2", "f1"), {}),
        ("difference", ("f1", "f6"), {}),
        ("share", ("f1", "f5"), {}),
        ("per", ("f1",), {}),
    ],
)
def test_what_cannot_be_worked_out_is_refused(operation: str, refs: tuple[str, ...], more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        asked(operation, *refs, **more)


def test_it_rests_on_the_rows_of_all_its_facts_and_covers_what_they_do() -> None:
    result, _ = asked("difference", "f1", "f2")
    assert result.facts[0].evidence == ("a", "b", "c")
    assert (result.scope.since, result.scope.until) == (dt.date(2026, 5, 1), dt.date(2026, 10, 31))
    assert result.scope.period == "in October 2026; in May 2026"
    assert result.scope.accounts == ("Joint", "Everyday")
