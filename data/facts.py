"""Facts, scopes and the events of a turn: what the parts hand to each other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from pydantic import AwareDatetime, Field

from data.actions import Action, IntentId, State, Value
from data.money import Money
from data.party import AccountId, Frozen

COUNT, DAY, PERCENT, NAME, WORDS, PERIOD, QUOTE = "count", "date", "percent", "name", "words", "period", "quote"


class Fact(Frozen):
    """One thing that an answer may state, with its counterfoil.

    value: canonical text: "1306.79", "10", "2017-11-30", a name, or a conclusion in words.
    unit: an ISO 4217 code, or one of the units named above.
    shown: the words that stand in the answer for it.
    evidence: source ids of the rows it was computed from, or refs of the facts in `formula`.
    """

    ref: str
    label: str
    value: str
    unit: str
    shown: str
    evidence: tuple[str, ...] = ()
    formula: str | None = None


class FactBook:
    """Hands out facts with refs that are unique in a turn: f1, f2, …; `before` facts have been handed out already."""

    def __init__(self, locale: str = "en_GB", before: int = 0) -> None:
        self.locale, self._before = locale, before
        self.facts: list[Fact] = []

    def _add(self, label: str, value: str, unit: str, shown: str, evidence: tuple[str, ...], formula: str | None) -> Fact:
        fact = Fact(
            ref=f"f{self._before + len(self.facts) + 1}",
            label=label,
            value=value,
            unit=unit,
            shown=shown,
            evidence=evidence,
            formula=formula,
        )
        self.facts.append(fact)
        return fact

    def money(
        self, label: str, amount: Money, evidence: tuple[str, ...] = (), formula: str | None = None, signed: bool = False
    ) -> Fact:
        """An amount; shown without its sign unless `signed`, as the words around it say the direction."""
        shown = (amount if signed else abs(amount)).shown(self.locale)
        return self._add(label, amount.plain, amount.currency, shown, evidence, formula)

    def count(self, label: str, number: int, evidence: tuple[str, ...] = (), noun: str = "", nouns: str = "") -> Fact:
        """A number of things; with a noun it is shown as "1 payment" or "3 payments"."""
        shown = format_decimal(number, locale=self.locale)
        if noun:
            shown += " " + (noun if number == 1 else nouns or noun + "s")
        return self._add(label, str(number), COUNT, shown, evidence, None)

    def absent(self, label: str, word: str) -> Fact:
        """Nothing was found in the whole scope: a count of zero, shown as a word such as "no"."""
        return self._add(label, "0", COUNT, word, (), None)

    def day(self, label: str, day: dt.date, evidence: tuple[str, ...] = ()) -> Fact:
        return self._add(label, day.isoformat(), DAY, format_date(day, "d MMMM y", locale=self.locale), evidence, None)

    def percent(self, label: str, share: Decimal, evidence: tuple[str, ...] = (), formula: str | None = None) -> Fact:
        """share: a ratio, 0.25 for a quarter; the value is in percent with one decimal."""
        value = (share * 100).quantize(Decimal("0.1"))
        shown = format_percent(share, "#,##0.0%", locale=self.locale)
        return self._add(label, str(value), PERCENT, shown, evidence, formula)

    def rate(self, label: str, percent: Decimal, evidence: tuple[str, ...] = ()) -> Fact:
        """A rate or a share as somebody states it, in percent and with the decimals that it has: 39.9 for 39.9%."""
        return self._add(label, str(percent), PERCENT, f"{percent}%", evidence, None)

    def quote(self, label: str, text: str, evidence: tuple[str, ...]) -> Fact:
        """Sentences of a page as they stand there; the evidence is the passage."""
        return self._add(label, text, QUOTE, text, evidence, None)

    def name(self, label: str, name: str, evidence: tuple[str, ...] = ()) -> Fact:
        """A name as the data has it: quoted content, never words of ours."""
        return self._add(label, name, NAME, name, evidence, None)

    def words(self, label: str, words: str, evidence: tuple[str, ...] = ()) -> Fact:
        """A conclusion that code reached, such as "more" or "no", in the words that state it."""
        return self._add(label, words, WORDS, words, evidence, None)

    def period(self, label: str, since: dt.date, until: dt.date, shown: str) -> Fact:
        return self._add(label, f"{since.isoformat()}/{until.isoformat()}", PERIOD, shown, (), None)


class Scope(Frozen):
    """What an answer covers: said in the answer, and never wider than what was asked.

    since, until: booking dates, both included; None where the answer has no period (a balance now).
    merchants: statement names that were taken in; leaves_out: what was not, in words.
    as_of: the moment the ledger was last fed, where figures come from it.
    """

    since: dt.date | None = None
    until: dt.date | None = None
    period: str = ""
    accounts: tuple[str, ...] = ()
    account_ids: tuple[AccountId, ...] = ()
    merchants: tuple[str, ...] = ()
    category: str | None = None
    leaves_out: tuple[str, ...] = ()
    as_of: dt.datetime | None = None


class Row(Frozen):
    """A ledger row as evidence: what a customer sees when they click a figure."""

    id: str
    account: str
    booked_on: dt.date
    text: str
    amount: str
    currency: str
    category: str | None = None
    status: str = "booked"


class Series(Frozen):
    """A chart: bars of one unit. labels and values have the same length."""

    title: str
    unit: str
    labels: tuple[str, ...]
    values: tuple[str, ...]


class Outcome(StrEnum):
    ANSWER = "answer"
    NONE = "none"
    CLARIFY = "clarify"
    CANNOT = "cannot"
    REFUSE = "refuse"
    OOS = "oos"
    HANDOVER = "handover"
    # Something waits for a yes; something was done; something was sent and nobody knows yet what became of it.
    CONFIRM = "confirm"
    DONE = "done"
    UNKNOWN = "unknown"


class StatusEvent(Frozen):
    type: Literal["status"] = "status"
    text: str


class ToolEvent(Frozen):
    type: Literal["tool"] = "tool"
    tool: str
    scope: Scope


class FactEvent(Frozen):
    type: Literal["fact"] = "fact"
    fact: Fact


class TextEvent(Frozen):
    """One sentence, checked before it left; `refs` are the facts that stand in it, in order.

    template is the sentence with {f1} in the place of each fact, so that a page can make them links.
    """

    type: Literal["text"] = "text"
    text: str
    template: str
    refs: tuple[str, ...] = ()


class CitationEvent(Frozen):
    type: Literal["citation"] = "citation"
    source: str
    title: str


class ChartEvent(Frozen):
    type: Literal["chart"] = "chart"
    series: Series


class ChoicesEvent(Frozen):
    """What the customer may pick; each choice is a message that can be sent as it is."""

    type: Literal["choices"] = "choices"
    choices: tuple[str, ...]


class ConfirmationEvent(Frozen):
    """What would be done, value by value, each with where it comes from: a yes is a yes to this and to nothing else.

    digest: what a confirmation has to name. step_up: whether the customer has to prove once more who they are.
    """

    type: Literal["confirmation"] = "confirmation"
    intent: IntentId
    digest: str
    action: Action
    values: tuple[Value, ...]
    step_up: bool
    expires_at: AwareDatetime


class StepUpEvent(Frozen):
    """The customer has to log in more strongly (`acr`), not longer than max_age_s ago, before an intent can be confirmed."""

    type: Literal["step_up"] = "step_up"
    intent: IntentId
    acr: str
    max_age_s: int


class ReceiptEvent(Frozen):
    """What became of an intent."""

    type: Literal["receipt"] = "receipt"
    intent: IntentId
    action: Action
    state: State


class HandoverEvent(Frozen):
    type: Literal["handover"] = "handover"
    reason: str


class DoneEvent(Frozen):
    type: Literal["done"] = "done"
    outcome: Outcome
    path: Literal["routed", "model"]
    scope: Scope
    latency_ms: float
    # Of what an outside model worded: how far it stands in what we would have said, in [0, 1]. Low ones are worth a look.
    grounded: float | None = None


class FeedbackEvent(Frozen):
    """What the customer thought of an answer; it comes after the turn has ended, and the last one counts."""

    type: Literal["feedback"] = "feedback"
    thumb: Literal["up", "down"]


class ErrorEvent(Frozen):
    type: Literal["error"] = "error"
    code: str
    message: str


Event = Annotated[
    StatusEvent
    | ToolEvent
    | FactEvent
    | TextEvent
    | CitationEvent
    | ChartEvent
    | ChoicesEvent
    | ConfirmationEvent
    | StepUpEvent
    | ReceiptEvent
    | HandoverEvent
    | DoneEvent
    | FeedbackEvent
    | ErrorEvent,
    Field(discriminator="type"),
]
