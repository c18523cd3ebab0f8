"""Whose money is asked about, where it is somebody's of whom the customer may see nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant import places, strangers
from assistant.periods import Today
from assistant.router import vocabulary
from assistant.spans import Known
from data.banking import Account, AccountKind
from data.facts import Outcome
from data.ledger import Payee
from data.party import AccountId
from tests.conftest import Counter

OWN = AccountId("own")
KNOWN = Known.of(
    [Payee(id=1, account=OWN, text="jo webb", shown="JO WEBB", template="jo webb", personal=True)],
    (),
    {},
    [Account(id=OWN, kind=AccountKind.CURRENT, name="Everyday account", currency="GBP", holders="Ann Lee")],
    vocabulary(frozenset({"the", "garden", "centre"})),
    Today.of(dt.date(2026, 11, 24), "en_GB"),
)


@pytest.mark.parametrize(
    "text",
    [
        "what's in zofia's isa",
        "add zofia's savings to it",
        "how's orla quirke's dispute going",
        "how much does orla quirke leave at boots each month",
        "draw me orla quirkes spending",
        "find the payment orla quirke made to the roofer",
    ],
)
def test_what_is_somebody_elses_is_no_business_of_the_customers(text: str) -> None:
    assert strangers.are_asked_about(text, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "what did jo webb pay me",
        "has orla quirke paid me",
        "what's today's balance",
        "what did tesco's spending come to",
        "the name check says close match for jo's new account",
        "how much does the garden centre take",
        "what was netflix's card charge",
        "what are my boss's wages payments",
        "how was christmas's spending",
    ],
)
def test_who_pays_or_is_paid_may_be_asked_about(text: str) -> None:
    known = (
        KNOWN
        if "tesco" not in text
        else KNOWN.__class__.of(
            [Payee(id=2, account=OWN, text="tesco", shown="Tesco", template="tesco")],
            (),
            {},
            KNOWN.accounts,
            KNOWN.vocabulary,
            KNOWN.today,
        )
    )
    assert not strangers.are_asked_about(text, known)


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("do i spend more on food than other families do", True),
        ("is that normal compared with most people?", True),
        ("how does it compare with other months", False),
        ("did i spend more than in october", False),
    ],
)
def test_what_others_spend_nobody_here_knows(text: str, others: bool) -> None:
    assert strangers.are_compared_with(text) is others


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("my uncle has passed away, what's in his account?", True),
        ("a neighbour of mine died. what did she leave, i mean what she had with you", True),
        ("the cat died, what did the vet cost", False),
        ("my brother died last year. what did I pay the florist", False),
        ("my neighbour passed away, did i pay into her account?", False),
    ],
)
def test_the_money_of_the_dead_is_for_a_person(text: str, dead: bool) -> None:
    assert strangers.are_dead(text) is dead


def test_a_city_of_another_country_is_abroad() -> None:
    assert places.is_abroad("a cash machine in lisbon")
    assert places.is_abroad("in new zealand")
    assert not places.is_abroad("a cash machine in london")
    assert not places.is_abroad("the machine at home")


def test_somebody_elses_money_is_refused(bank: Counter) -> None:
    assert bank.ask("margaret-ellison", "how much does Orla Quirke spend at Boots?").done.outcome is Outcome.REFUSE
    assert bank.ask("priya-raman", "do I spend more on groceries than other families do?").done.outcome is Outcome.CANNOT
