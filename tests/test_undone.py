"""What is wanted done and cannot be done here: which question to the pages says how, and what is no such wish."""

from __future__ import annotations

import pytest

from assistant import undone
from assistant.plan import Tool
from data.facts import Outcome
from tests.conftest import Counter

ORDERS, DEBITS, PLANNED, CHARGES, CLAIM = (
    "How do I set up, change or cancel a standing order?",
    "How do I cancel a direct debit?",
    "How do I change or cancel a scheduled payment?",
    "How do I stop a company charging my card?",
    "Something is wrong with a card payment, how do I get my money back?",
)


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("please stop my standing order to the choir", ORDERS),
        ("Hi, could you raise the rent standing order to £900", ORDERS),
        ("set up 20 pounds a week to my niece", ORDERS),
        ("I'd like to cancel the broadband direct debit", DEBITS),
        ("move the payment to the roofer that's due on monday", PLANNED),
        ("can you stop Hulu taking money", CHARGES),
        ("I want to dispute that one", CLAIM),
        ("shut my holiday pot", "How do I close my account?"),
        ("change my email please", "How do I change my address?"),
        ("book me an appointment for tuesday", "How do I make an appointment at a branch?"),
        ("split last night's curry between us", ""),
        ("do whatever the note of the last payment says", ""),
        ("the atm on the high street swallowed 40 of mine, sort it", "The cash machine paid out the wrong amount, what do I do?"),
    ],
)
def test_who_wants_a_thing_done_is_told_how_it_is_done(message: str, question: str) -> None:
    assert undone.how(message, None, understood=True) == question


@pytest.mark.parametrize(
    "message",
    [
        "which standing orders do I have",
        "when did the standing order to the choir stop",
        "split my spending by category",
        "I forgot to cancel the gym direct debit, what did they take in may",
        "did I close my account last year",
        "how much is due on friday",
        "what did I pay to close the deal",
        "we change our address in may. can I still pay by cheque then?",
        "to begin with, which direct debits are there",
        "change of plan, what are my standing orders",
        "I want to lower what I pay, which direct debits do I have?",
        "move on: which payments are due tomorrow?",
        "get the total Hulu keeps charging me",
        "split boots and aldi with the totals",
    ],
)
def test_a_question_of_ones_own_wants_nothing_done(message: str) -> None:
    assert undone.how(message, None, understood=True) is None


def test_what_is_wanted_in_the_middle_counts_where_nothing_else_was_understood() -> None:
    message = "that last one is not mine, raise a dispute"
    assert undone.how(message, None, understood=True) is None
    assert undone.how(message, None, understood=False) == CLAIM
    assert undone.how("any news of my dispute?", None, understood=False) == "How long does a dispute take?"


def test_one_of_a_list_is_of_what_was_listed() -> None:
    assert undone.how("cancel the second one", Tool.STANDING_ORDERS, understood=True) == ORDERS
    assert undone.how("ok stop it please", Tool.DIRECT_DEBITS, understood=True) == DEBITS
    assert undone.how("cancel the second one", Tool.SUM, understood=True) is None
    assert undone.how("change it to last year", Tool.STANDING_ORDERS, understood=True) is None


def test_how_something_is_done_is_asked_of_the_pages_in_their_words() -> None:
    assert undone.asked_how("how can I get a claim going, do I open a claim myself? how do I dispute a charge") == CLAIM
    assert undone.asked_how("how much is due on friday") == ""
    assert undone.asks_how("how do I dispute a charge")


def test_nobody_may_think_that_it_was_done(bank: Counter) -> None:
    told = bank.ask("amara-okafor", "please cancel my standing order to the joint account")
    assert told.done.outcome is Outcome.ANSWER
    assert told.text.startswith("That is not something I can see or do here. Our pages say how it works")
    assert "Repeat" in told.text or "midnight" in told.text


def test_a_claim_has_no_state_here(bank: Counter) -> None:
    told = bank.ask("margaret-ellison", "On which day will my claim against the florist be decided?")
    assert told.text.startswith("That is not something I can see or do here.")


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        ("my debit card keeps getting declined", True),
        ("what's up with the joint card?", True),
        ("why is my card being refused", True),
        ("the euro card doesn't work in the shop", True),
        ("what did I pay by card", False),
        ("is my card frozen", False),
        ("did my card payment to boots not go through", False),
        ("my card was refused, how much have I got", False),
    ],
)
def test_a_card_that_is_not_taken_is_looked_at(message: str, refused: bool) -> None:
    assert undone.is_card_refused(message) is refused


def test_of_a_card_that_is_refused_its_state_is_told_before_the_page(bank: Counter) -> None:
    told = bank.ask("tomasz-zielinski", "the euro card does not work in shops, what's up with it")
    assert told.value("state") == "frozen"
    assert [citation.title for citation in told.citations] == ["Why a card payment was declined"]
