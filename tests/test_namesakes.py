"""Which of several people of one name is meant, and which of the things that were offered."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant import namesakes
from assistant.choices import picked
from assistant.memory import Choice, Memory
from assistant.merchants import match
from assistant.periods import Today
from assistant.plan import Asked, Spans, Step, Tool
from assistant.router import vocabulary
from assistant.spans import Known
from data.banking import Account, AccountKind
from data.ledger import Payee
from data.party import AccountId

OWN = AccountId("own")
TEXTS = ("mark poole van hire", "mark poole thanks", "mark lee choir", "jo webb", "mark lee 3 days")
KNOWN = Known.of(
    [
        Payee(id=n, account=OWN, text=text, shown=" ".join(text.split()[:2]).upper(), template=text, personal=True)
        for n, text in enumerate(TEXTS, start=1)
    ],
    (),
    {},
    [Account(id=OWN, kind=AccountKind.CURRENT, name="Everyday account", currency="GBP", holders="Ann Lee")],
    vocabulary(),
    Today.of(dt.date(2026, 11, 24), "en_GB"),
)
POOLE = ("mark poole van hire", "mark poole thanks")
LEE = ("mark lee choir", "mark lee 3 days")


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("what did mark give me back for the van", {"MARK POOLE"}),
        ("paid mark for choirs this year?", {"MARK LEE"}),
        ("thanks, and what has mark had from me in the last 30 days", {"MARK POOLE", "MARK LEE"}),
        ("mark for the van and mark for choir", {"MARK POOLE", "MARK LEE"}),
        ("what did mark have, not counting the choir", {"MARK POOLE", "MARK LEE"}),
        ("mark's share of it since the choir", {"MARK POOLE", "MARK LEE"}),
        ("my brother mark, how much this year", {"MARK LEE"}),
    ],
)
def test_who_is_paid_for_what_was_said_is_meant(message: str, names: set[str]) -> None:
    found = match("mark", KNOWN.payees)
    assert namesakes.are(found)
    step = Step(tool=Tool.SUM, spans=Spans(merchants=("mark",), periods=("the last 30 days",)))
    assert set(namesakes.told_apart(found, step, message, KNOWN).names) == names


@pytest.mark.parametrize(
    ("message", "only"),
    [
        ("not poole", LEE),
        ("no, the choir one", LEE),
        ("ah, I should have said, my brother, the one with the choir", LEE),
        ("thanks. and the other one who does choir for me", LEE),
        ("no, I meant the van hire", None),  # that was told of
        ("and the week before?", None),
        ("how many times for choir", None),
        ("the two of them added up, him and my brother", None),
    ],
)
def test_who_is_told_from_another_one_is_asked_about_next(message: str, only: tuple[str, ...] | None) -> None:
    poole = Step(tool=Tool.SUM, spans=Spans(merchants=("mark",), periods=("this year",)), only=POOLE)
    after = namesakes.another(message, Memory(asked=(Asked(step=poole, used=POOLE),)), KNOWN)
    assert after == (None if only is None else poole.model_copy(update={"only": only}))


def test_of_one_of_a_name_there_is_no_other() -> None:
    webb = Asked(step=Step(tool=Tool.SUM, spans=Spans(merchants=("jo",))), used=("jo webb",))
    assert namesakes.another("no, the choir one", Memory(asked=(webb,)), KNOWN) is None


def test_a_choice_can_be_picked_by_what_its_statement_says() -> None:
    choices = [Choice(label=name.upper(), step=Step(tool=Tool.SUM, only=(text,))) for name, text in
               (("mark poole", "mark poole van hire"), ("mark lee", "mark lee choir"))]  # fmt: skip
    assert picked("the choir one", choices) == choices[1].step
    assert picked("mark", choices) is None
    assert picked("when is choir", choices) is None
    assert picked("my uncle", choices, frozenset({"MARK LEE"})) == choices[1].step
    assert picked("not my uncle", choices, frozenset({"MARK LEE"})) == choices[0].step
    assert picked("not lee", choices) == choices[0].step
