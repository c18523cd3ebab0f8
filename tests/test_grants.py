"""Whose an account is, as answers tell it: held alone, jointly, by mandate, or one that may be looked at."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from connectors.sandbox.books import Books
from connectors.sandbox.people.common import account_id
from data.facts import Outcome
from data.party import AccountId, Login, Role
from tests.conftest import NOW, Answer, Counter

AMARA, MARGARET, RUTH = "amara-okafor", "margaret-ellison", "ruth-ellison"
BY_MANDATE = "the Everyday account of Margaret Ellison, by mandate"
VIEWED = "the Savings of Margaret Ellison, which you may view"
SHOPPING = "how much did I spend in October"


def booked(books: Books, slug: str) -> str:
    return f"{Decimal(books.booked(account_id(slug), NOW)) / 100:.2f}"


def balances(answer: Answer) -> list[str]:
    return [f.value for f in answer.facts if f.label.startswith("booked balance")]


def changed(login: Login, slug: str, **update: object) -> Login:
    """The login with its grant on one account changed."""
    grants = [g.model_copy(update=update) if g.account == account_id(slug) else g for g in login.grants]
    return login.model_copy(update={"grants": tuple(grants)})


def test_a_joint_account_is_called_so(bank: Counter) -> None:
    answer = bank.ask(AMARA, "what is my balance?")
    assert "Your Joint account: " in answer.text
    assert "Your joint House pot: " in answer.text
    assert "Everyday account: " in answer.text
    assert "your joint everyday" not in answer.text.casefold()
    assert "from your Joint account" in bank.ask(AMARA, "how much did I spend at Tesco from the joint account last month").text


def test_all_accounts_are_listed_as_what_they_are_to_whom_asks(bank: Counter) -> None:
    told = bank.ask(RUTH, "which accounts do I have")
    assert told.value("accounts") == "4"
    assert f"T{BY_MANDATE[1:]}, " in told.text
    assert f"T{VIEWED[1:]}, " in told.text
    assert "Margaret" not in bank.ask(MARGARET, "which accounts do I have").text
    assert "Ruth" not in bank.ask(MARGARET, "which accounts do I have").text


@pytest.mark.parametrize("question", ["what is my balance?", "what do I have in total?"])
def test_what_is_somebody_elses_is_not_counted_as_ones_own_and_that_is_said(bank: Counter, books: Books, question: str) -> None:
    answer = bank.ask(RUTH, question)
    assert balances(answer) == [booked(books, "ruth-main"), booked(books, "ruth-saver")]
    assert answer.done.scope.leaves_out[-2:] == (BY_MANDATE, VIEWED)
    assert answer.done.scope.account_ids == (account_id("ruth-main"), account_id("ruth-saver"))


def test_spending_is_that_of_ones_own_accounts(bank: Counter, books: Books) -> None:
    own = {e.id for slug in ("ruth-main", "ruth-saver") for e in books.entries[account_id(slug)]}
    answer = bank.ask(RUTH, SHOPPING)
    assert answer.outcome is Outcome.ANSWER
    assert answer.evidence("total spent") <= own


@pytest.mark.parametrize(
    ("question", "slug", "named"),
    [
        ("what's the balance of Margaret's savings", "margaret-saver", VIEWED),
        ("balance of margaret's everyday account please", "margaret-main", BY_MANDATE),
    ],
)
def test_an_account_by_mandate_or_view_is_told_when_it_is_asked_for(
    bank: Counter, books: Books, question: str, slug: str, named: str
) -> None:
    answer = bank.ask(RUTH, question)
    assert balances(answer) == [booked(books, slug)]
    assert f"T{named[1:]}: " in answer.text
    assert answer.done.scope.accounts == (named,)


def test_whom_an_account_may_pay_is_not_shown_to_a_viewer(bank: Counter) -> None:
    assert "MOUSEHOLD" not in bank.ask(RUTH, "who are my payees").text
    only_viewer = changed(bank.login(RUTH), "margaret-main", role=Role.VIEWER)
    only = only_viewer.model_copy(update={"grants": tuple(g for g in only_viewer.grants if g.role is Role.VIEWER)})
    answer = bank.ask(only, "who are my payees")
    assert answer.outcome is Outcome.REFUSE
    assert "for those whose account it is" in answer.text
    assert not answer.facts


def test_somebody_who_only_views_sees_the_money_and_no_cards(bank: Counter, books: Books) -> None:
    login = bank.login(RUTH)
    only = login.model_copy(update={"grants": tuple(g for g in login.grants if g.role is Role.VIEWER)})
    assert balances(bank.ask(only, "what is my balance?")) == [booked(books, "margaret-saver")]
    assert bank.ask(only, "which cards do i have").outcome is Outcome.NONE


@pytest.mark.parametrize("slug", ["margaret-main", "margaret-saver"])
def test_a_grant_that_has_ended_is_not_seen(bank: Counter, slug: str) -> None:
    ended = changed(bank.login(RUTH), slug, until=NOW - dt.timedelta(minutes=1))
    answer = bank.ask(ended, "which accounts do I have")
    assert answer.value("accounts") == "3"
    assert AccountId(account_id(slug)) not in answer.done.scope.account_ids
    about = "savings" if slug == "margaret-saver" else "everyday account"
    told = bank.ask(ended, f"what's the balance of Margaret's {about}")
    assert not balances(told)


def test_a_stranger_is_not_told_of_an_account_by_its_holders_name(bank: Counter) -> None:
    answer = bank.ask(AMARA, "what's the balance of Margaret's savings")
    assert answer.outcome is Outcome.REFUSE
    assert bank.ask(AMARA, "what's the balance of Daniel's everyday account").outcome is Outcome.REFUSE
