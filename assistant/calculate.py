"""Sums over facts that a turn has already: a model names the facts and the operation, code does the arithmetic."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pydantic import ConfigDict, Field

from assistant.spending import units_of
from assistant.tools import Line, ToolResult, together
from data.errors import CounterfoilError
from data.facts import Fact, FactBook, Outcome, Scope
from data.money import Money
from data.party import Frozen

CALCULATE = "calculate"


class Operation(StrEnum):
    SUM = "sum"
    DIFFERENCE = "difference"
    SHARE = "share"
    PER = "per"


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Calculation(Frozen):
    """facts: their references, in the order that counts. unit: for PER, what the period of the fact is divided into."""

    model_config = ConfigDict(extra="forbid")

    operation: Operation
    facts: tuple[str, ...] = Field(min_length=1, max_length=8)
    unit: Unit | None = None


class Stated(NamedTuple):
    """A fact and the scope that it was found in."""

    fact: Fact
    scope: Scope


def calculate(asked: Calculation, known: Mapping[str, Stated], book: FactBook) -> ToolResult:
    """The result, as facts with their formula. Raises ValueError, saying why, for what cannot be worked out."""
    refs = [ref.strip("{} ") for ref in asked.facts]
    if missing := [ref for ref in refs if ref not in known]:
        raise ValueError(f"there is no fact {', '.join(missing)}")
    facts = [known[ref].fact for ref in refs]
    try:
        amounts = [Money.of(fact.value, fact.unit) for fact in facts]
    except CounterfoilError as error:
        raise ValueError("only amounts of money can be worked with") from error
    if any(amount.minor < 0 and "-" not in fact.shown for amount, fact in zip(amounts, facts, strict=True)):
        raise ValueError("an amount whose direction is in its words cannot be worked with")
    if len({amount.currency for amount in amounts}) > 1:
        raise ValueError("the amounts are in different currencies")
    evidence = tuple(dict.fromkeys(row for fact in facts for row in fact.evidence))
    slots = {"first": f"{{{refs[0]}}}", "second": f"{{{refs[-1]}}}"}
    if asked.operation is Operation.PER:
        line = _per(asked.unit, amounts[0], known[refs[0]].scope, evidence, book, slots)
    elif len(facts) < 2 or (len(facts) > 2 and asked.operation is not Operation.SUM):
        raise ValueError(f"{asked.operation} takes two facts")
    elif asked.operation is Operation.SUM:
        formula = " + ".join(amount.plain for amount in amounts)
        whole = book.money("together", sum(amounts[1:], amounts[0]), evidence, formula, signed=True)
        line = Line(key="calculate.sum", slots={"total": f"{{{whole.ref}}}"})
    elif asked.operation is Operation.DIFFERENCE:
        line = _difference(amounts, evidence, book, slots)
    else:
        line = _share(amounts, evidence, book, slots)
    scopes = [known[ref].scope for ref in refs]
    return ToolResult(outcome=Outcome.ANSWER, lines=(line,), facts=tuple(book.facts), scope=together(scopes))


def _difference(amounts: Sequence[Money], evidence: tuple[str, ...], book: FactBook, slots: dict[str, str]) -> Line:
    one, two = amounts
    gap = one - two
    word = "more" if gap.minor > 0 else "less" if gap.minor < 0 else "the same"
    difference = book.money("difference", gap, evidence, f"{one.plain} - {two.plain}")
    direction = book.words("direction", word, evidence)
    slots |= {"difference": f"{{{difference.ref}}}", "direction": f"{{{direction.ref}}}"}
    return Line(key="calculate.difference" if gap.minor else "calculate.same", slots=slots)


def _share(amounts: Sequence[Money], evidence: tuple[str, ...], book: FactBook, slots: dict[str, str]) -> Line:
    part, whole = amounts
    if whole.minor == 0:
        raise ValueError("there is no share of nothing")
    share = book.percent("share", Decimal(part.minor) / whole.minor, evidence, f"{part.plain} / {whole.plain}")
    return Line(key="calculate.share", slots=slots | {"share": f"{{{share.ref}}}"})


def _per(
    unit: Unit | None, amount: Money, scope: Scope, evidence: tuple[str, ...], book: FactBook, slots: dict[str, str]
) -> Line:
    if unit is None or scope.since is None or scope.until is None:
        raise ValueError("per needs a unit and an amount that has a period")
    number = _units(scope.since, scope.until, unit)
    average = book.money(f"average a {unit}", amount.share(1 / number), evidence, f"{amount.plain} / {number:.4g}")
    return Line(key="calculate.per", slots=slots | {"average": f"{{{average.ref}}}", "unit": unit.value})


def _units(since: dt.date, until: dt.date, unit: Unit) -> Decimal:
    """A week is seven days wherever it begins; of months those count that the days lie in."""
    days = units_of(since, until, Unit.DAY)
    return Decimal(days) / 7 if unit is Unit.WEEK else Decimal(units_of(since, until, unit))
