"""What customers say in words of their own, over the sandbox households: asked in talk, in fragments, of what came in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from connectors.sandbox.books import Books
from data.facts import Outcome
from tests.conftest import Answer, Counter
from tests.test_turn import ALL, AMARA, OCTOBER, at, booked, equal, pounds

MARGARET, PRIYA, TOMASZ = "margaret-ellison", "priya-raman", "tomasz-zielinski"


def said(answer: Answer) -> str:
    return answer.text


@pytest.mark.parametrize(
    "message",
    [
        "right, completely different subject: Tesco in October, how much did I spend?",
        "my neighbour keeps moaning about food prices so I wondered how much I spent at Tesco in October",
    ],
)
def test_talk_beside_a_question_changes_nothing(bank: Counter, books: Books, message: str) -> None:
    answer = bank.ask(AMARA, message)
    assert equal(answer.value("total spent"), pounds(booked(books, AMARA, OCTOBER, at("Tesco"))))


def test_what_was_not_understood_and_names_nothing_new_changes_nothing_in_what_is_spoken_of(bank: Counter, books: Books) -> None:
    rows = booked(books, AMARA, OCTOBER, at("Tesco"))
    answers = bank.talk(AMARA, "how much at Tesco in October", "and that amounts to precisely what", "how many payments was that")
    assert Decimal(answers[-1].value("payments")) == len(rows)


def test_whether_somebody_paid_is_told_by_the_newest_that_came(bank: Counter, books: Books) -> None:
    came = booked(books, TOMASZ, ALL, lambda e: e.minor > 0 and e.counterparty == "MRS L BRADSHAW")[-1]
    answer = bank.ask(TOMASZ, "did Mrs Bradshaw pay me")
    assert equal(answer.value("amount"), str(Decimal(came.minor) / 100))


def test_what_a_shop_gave_back_is_its_refunds(bank: Counter, books: Books) -> None:
    back = booked(books, PRIYA, (dt.date(2026, 1, 1), ALL[1]), lambda e: e.minor > 0 and e.counterparty == "ASOS")
    answer = bank.ask(PRIYA, "how much have ASOS given me back this year")
    assert str(Decimal(sum(e.minor for e in back)) / 100) in {f.value for f in answer.facts}


def test_what_was_in_an_account_then_is_not_what_is_in_it_now(bank: Counter) -> None:
    then, now = bank.ask(MARGARET, "what was in my Savings at the end of October"), bank.ask(MARGARET, "what is in my Savings")
    assert then.outcome is now.outcome is Outcome.ANSWER
    assert then.facts[0].value != now.facts[0].value


def test_an_amount_in_a_scope_is_told_as_it_was_read(bank: Counter) -> None:
    answer = bank.ask(AMARA, "did I pay Tesco six hundred pounds in October")
    assert "of £600.00" in said(answer)


@pytest.mark.parametrize("message", ["how many times", "when did we last get one", "and the dearest one"])
def test_of_everything_nobody_asked(bank: Counter, message: str) -> None:
    assert bank.ask(AMARA, message).outcome is not Outcome.ANSWER


def test_a_side_of_a_comparison_that_is_not_understood_is_asked_about(bank: Counter) -> None:
    answer = bank.ask(AMARA, "Tesco or Zorblatts, which of them got more from me this year")
    assert not any(f.label == "difference" for f in answer.facts)


def test_what_was_moved_from_one_own_account_to_another_is_no_sum_over_both(bank: Counter, books: Books) -> None:
    moved = booked(books, AMARA, OCTOBER, lambda e: e.minor < 0 and e.counterparty == "Joint account")
    answer = bank.ask(AMARA, "how much did I move from my everyday account to the joint account in October")
    assert equal(answer.value("total spent"), str(Decimal(-sum(e.minor for e in moved)) / 100))


def test_days_of_last_year_and_of_this_one_are_one_stretch(bank: Counter) -> None:
    answer = bank.ask(AMARA, "how much did I spend at Tesco, april 6th last year through april 5th this year")
    assert "from 6 April 2025 to 5 April 2026" in said(answer)


def test_what_went_to_somebody_and_what_came_from_them_are_told_side_by_side(bank: Counter, books: Books) -> None:
    between = booked(books, PRIYA, OCTOBER, lambda e: e.counterparty == "HANNAH CLARKE")
    answer = bank.ask(PRIYA, "what did I pay Hannah Clarke in October against what she paid me")
    there, back = (sum(e.minor for e in between if (e.minor < 0) is out) for out in (True, False))
    assert equal(answer.value("total spent"), str(Decimal(-there) / 100))
    assert f"{Decimal(back) / 100:.2f}" in {f.value for f in answer.facts}
    assert not any(f.label == "difference" for f in answer.facts)


def test_the_next_name_after_a_share_of_a_kind_is_of_that_kind_too(bank: Counter) -> None:
    answer = bank.talk(AMARA, "what percentage of my supermarket spending in October was Aldi", "Tesco?")[-1]
    assert "of your spending on Groceries" in said(answer)


def test_the_biggest_there_ever_was_is_of_no_days_that_were_spoken_of(bank: Counter) -> None:
    answer = bank.talk(AMARA, "how much at Tesco in October", "and my biggest payment there ever")[-1]
    assert "since 1 November 2024" in said(answer)


def test_that_account_is_the_one_that_was_spoken_of(bank: Counter) -> None:
    answer = bank.talk(
        AMARA, "how much did I spend at Tesco from the joint account in October", "and at Aldi from that account in May"
    )[-1]
    assert "from your Joint account in May 2026" in said(answer)


def test_what_was_spent_with_nobody_known_is_no_question_for_the_pages(bank: Counter) -> None:
    answer = bank.ask("daniel-whitlock", "how much at Rainy day s")
    assert answer.outcome is not Outcome.ANSWER
    assert not answer.citations
