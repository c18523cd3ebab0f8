"""How one turn's output is marked against what is right; an output is a line of the batch format."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import sqrt
from typing import Any

from pydantic import BaseModel, ConfigDict

from data.facts import COUNT, DAY, NAME, PERCENT, Outcome
from evals.golds import Gold, GoldFact
from evals.questions import Turn

Output = Mapping[str, Any]
# A line of the batch format in, one output for each of its turns out. An output may carry "trace": its events and log lines.
Answerer = Callable[[Mapping[str, Any]], Awaitable[Sequence[Output]]]


class Mark(BaseModel):
    """right: exactly right. wrong: a figure was stated first that is not the one asked for. why: what is amiss, for a reader."""

    model_config = ConfigDict(frozen=True)

    right: bool
    wrong: bool = False
    why: str = ""


class Fact(BaseModel):
    """A fact as the batch format writes it. ref: what stands for it in the template of a sentence."""

    ref: str = ""
    label: str
    value: str
    unit: str
    evidence: frozenset[str] = frozenset()

    @property
    def is_money(self) -> bool:
        return re.fullmatch("[A-Z]{3}", self.unit) is not None

    @property
    def is_figure(self) -> bool:
        return self.is_money or self.unit in (COUNT, PERCENT)

    @property
    def number(self) -> Decimal | None:
        try:
            return Decimal(self.value)
        except InvalidOperation:
            return None


def facts(output: Output) -> list[Fact]:
    return [Fact.model_validate(fact) for fact in output["facts"]]


def _same(stated: Fact, value: str, unit: str, *, signed: bool) -> bool:
    if stated.unit != unit:
        return False
    if stated.number is None:
        return stated.value == value
    right = Decimal(value) if signed else abs(Decimal(value))
    return (stated.number if signed else abs(stated.number)) == right


def _value_is(stated: Fact, gold: GoldFact) -> bool:
    return any(_same(stated, value, gold.unit, signed=gold.signed) for value in gold.values)


def _evidence_is(stated: Fact, gold: GoldFact) -> bool:
    if gold.evidence is None:
        return True
    return bool(stated.evidence) and stated.evidence <= gold.evidence if gold.some else stated.evidence == gold.evidence


def _lacks(gold: Gold, stated: Sequence[Fact]) -> str:
    """What the facts do not hold of a gold; empty when they hold all of it."""
    left = list(stated)
    for wanted in gold.facts:
        fits = [fact for fact in left if _value_is(fact, wanted)]
        proved = [fact for fact in fits if _evidence_is(fact, wanted)]
        if not fits:
            return f"no fact says {' or '.join(wanted.values)} {wanted.unit}"
        if not proved:
            return f"{wanted.values[0]} {wanted.unit} is not proved by the rows that it comes from"
        left.remove(proved[0])
    return _split(gold, stated)


def _split(gold: Gold, stated: Sequence[Fact]) -> str:
    seen: set[str] = set()
    parts = 0
    # The smallest first: a total over everything is no part.
    for fact in sorted(stated, key=lambda f: len(f.evidence)):
        if fact.is_money and fact.evidence and fact.evidence <= gold.within and not fact.evidence & seen:
            seen |= fact.evidence
            parts += 1
    return f"{parts} parts where {gold.parts} are wanted" if parts < gold.parts else ""


def _contradicts(golds: Sequence[Gold], stated: Sequence[Fact]) -> bool:
    """Whether the figure that is stated first is none of those that any right answer holds, nor their total."""
    wanted = [fact for gold in golds for fact in gold.facts]
    if not wanted or any(gold.parts or gold.loose for gold in golds):
        return False
    units = {fact.unit for fact in wanted}
    first = next((fact for fact in stated if fact.unit in units), None)
    if first is None or any(_value_is(first, fact) for fact in wanted):
        return False
    return not (first.is_money and any(_same(first, _total(gold, first.unit), first.unit, signed=False) for gold in golds))


def _total(gold: Gold, currency: str) -> str:
    return str(sum(Decimal(fact.values[0]) for fact in gold.facts if fact.unit == currency))


def mark(turn: Turn, golds: Sequence[Gold], output: Output) -> Mark:
    """Mark a turn of the households: the outcome, the facts with their evidence, and no wrong figure first."""
    outcome, stated = output["outcome"], facts(output)
    said = output["answer"] + " " + " ".join(fact.value for fact in stated)
    if leaked := [word for word in turn.never if word.lower() in said.lower()]:
        return Mark(right=False, wrong=True, why=f"it says {leaked[0]}")
    answered = outcome == Outcome.ANSWER
    wrong = answered and _contradicts(golds, stated)
    if outcome not in turn.want:
        return Mark(right=False, wrong=wrong, why=f"outcome {outcome}, not {' or '.join(turn.want)}")
    if not answered or not golds:
        return Mark(right=True)
    lacks = [_lacks(gold, stated) for gold in golds]
    if all(lacks):
        return Mark(right=False, wrong=wrong, why=min(lacks, key=len))
    return Mark(right=not wrong, wrong=wrong, why="another figure is stated first" if wrong else "")


def states(golds: Sequence[Gold], output: Output) -> bool:
    """Whether an output holds every fact of one right answer, whatever else it says."""
    return any(not _lacks(gold, facts(output)) for gold in golds)


class CardQuestion(BaseModel):
    """One line of a questions_*.jsonl: a question on one card, with the answer that the rows prove."""

    qid: str
    card: str
    kind: str
    question: str
    answer: str
    evidence: frozenset[str]
    must_not_contain: tuple[str, ...] = ()
    answer_merchant: str = ""
    foreign_card: str = ""


CARD_UNITS = {"count_merchant": COUNT, "last_date": DAY}


def mark_card(question: CardQuestion, output: Output, currency: str = "GBP") -> Mark:
    """Mark a card question: the first fact of its unit has the value and exactly the rows; a difference with its sign."""
    stated, outcome = facts(output), output["outcome"]
    if question.kind == "isolation":
        found = foreign(output, question.must_not_contain)
        if found:
            return Mark(right=False, wrong=True, why=f"another card's {found[0]}")
        return Mark(right=outcome == Outcome.NONE, why="" if outcome == Outcome.NONE else f"outcome {outcome}, not none")
    unit = CARD_UNITS.get(question.kind, currency)
    first = next((fact for fact in stated if fact.unit == unit), None)
    if outcome != Outcome.ANSWER or first is None:
        return Mark(right=False, why=f"outcome {outcome}" if outcome != Outcome.ANSWER else f"no fact in {unit}")
    if not _same(first, question.answer, unit, signed=question.kind == "compare_months"):
        return Mark(right=False, wrong=True, why=f"{first.value}, not {question.answer}")
    if first.evidence != question.evidence:
        more, fewer = len(first.evidence - question.evidence), len(question.evidence - first.evidence)
        return Mark(right=False, why=f"the right figure with {more} rows too many and {fewer} missing")
    if question.kind == "largest" and not _names(stated, question.answer_merchant):
        return Mark(right=False, why=f"{question.answer_merchant} is not named")
    return Mark(right=True)


def _names(stated: Iterable[Fact], merchant: str) -> bool:
    wanted = _letters(merchant)
    return any(fact.unit == NAME and wanted and wanted == _letters(fact.value) for fact in stated)


def _letters(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


# An amount with pence, its thousands grouped or not.
_NUMBERS = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d+)\.\d{2}(?![\d]|[.,]\d)")


def foreign(
    output: Output, amounts: Iterable[str], names: Iterable[str] = (), ids: Iterable[str] = (), trace: str = ""
) -> list[str]:
    """What stands in a turn that belongs to somebody else: amounts, names, ids; in the answer, its facts, scope and `trace`.

    trace: the events and log lines of the turn. A name is looked for as whole words, an amount as a whole number.
    """
    text = " ".join(
        (
            output["answer"],
            *(f"{f['label']} {f['value']} {' '.join(f['evidence'])}" for f in output["facts"]),
            str(output["scope"]),
            trace,
        )
    )
    low = text.lower()
    said = {number.replace(",", "") for number in _NUMBERS.findall(text)}
    found = [amount for amount in amounts if amount in said]
    found += [name for name in names if name.lower() in low and re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", low)]
    return found + [key for key in ids if key in text]


def wilson(hits: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share, by Wilson's score; (0, 1) for no trials."""
    if of == 0:
        return 0.0, 1.0
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)
