"""The terms of the customer's own product: the limit, the rate and the fee that a question means, as the service knows them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.pages import parts_of, sentences, stated, undated
from assistant.terms import NO_TERM
from assistant.turn import asks_the_bank
from assistant.wordings import NOTHING, said_of_pages, said_of_terms
from connectors.sandbox.catalogue import catalogue
from data.articles import Passage
from data.facts import Outcome
from evals.article_questions import articles, conversations
from tests.conftest import Counter

AMARA, CALLUM, PRIYA, TOMASZ = "amara-okafor", "callum-mackenzie", "priya-raman", "tomasz-zielinski"


@pytest.mark.parametrize(
    ("party", "question", "limit", "product"),
    [
        (AMARA, "what's the most i can get out of a cash machine each day", "500.00", "everyday-3"),
        (PRIYA, "what's the most i can get out of a cash machine each day", "300.00", "everyday-2"),
        (PRIYA, "max i can transfer from the app per day?", "10000.00", "everyday-2"),
        (AMARA, "how much cash can i put into my account a day", "3000.00", "everyday-3"),
        (TOMASZ, "how much can i withdraw a day with the euro card", "400.00", "euro-1"),
    ],
)
def test_a_limit_is_the_one_of_the_customers_own_account(
    bank: Counter, party: str, question: str, limit: str, product: str
) -> None:
    answer = bank.ask(party, question)
    assert answer.value("limit") == limit
    assert answer.evidence("limit") == {f"product:{product}"}
    assert answer.says_only_facts()


def test_rates_are_told_with_the_balance_from_which_they_hold(bank: Counter) -> None:
    answer = bank.ask(CALLUM, "interest rate on the holiday jar?")
    assert [f.value for f in answer.facts if f.label in ("interest rate", "rate of the tier")] == ["2.50", "2.75"]
    assert answer.value("tier from") == "4000.00"
    assert answer.evidence("interest rate") == answer.evidence("rate of the tier") == {"product:flexible-saver-2"}
    assert answer.says_only_facts()


@pytest.mark.parametrize(("party", "most", "other"), [(TOMASZ, "2000.00", "£1,500"), (PRIYA, "1500.00", "£2,000")])
def test_the_largest_overdraft_is_told_without_that_of_the_other_version(
    bank: Counter, party: str, most: str, other: str
) -> None:
    answer = bank.ask(party, "how large an overdraft could i get at most")
    assert answer.value("overdraft") == most
    assert other not in answer.text


def test_who_wants_interest_stopped_is_not_told_its_rate(bank: Counter) -> None:
    answer = bank.ask(CALLUM, "the charges on my overdraft are too much, could you freeze them for a while")
    assert "39.9" not in answer.text
    assert "Stop overdraft interest for 3 months" in answer.text
    assert "39.9" in bank.ask(CALLUM, "what is the overdraft rate").text


def test_no_term_of_the_customers_own_is_told_for_a_product_that_they_do_not_hold(bank: Counter) -> None:
    answer = bank.ask(AMARA, "what does the basic account charge when a direct debit bounces")
    assert "product:everyday-3" not in {key for f in answer.facts for key in f.evidence}


@pytest.mark.parametrize(
    "question", ["can i buy bitcoin from you", "do you do buy to let mortgages", "which offers keep customers from leaving"]
)
def test_what_is_like_nothing_on_a_page_is_not_answered_from_the_nearest_one(bank: Counter, question: str) -> None:
    answer = bank.ask(AMARA, question)
    assert answer.outcome in (Outcome.CANNOT, Outcome.OOS, Outcome.REFUSE)
    assert not answer.citations


@pytest.mark.parametrize(
    ("party", "question", "label", "value"),
    [
        (AMARA, "roughly what would it cost me to be £200 overdrawn for 2 weeks", "interest", "3.06"),
        (CALLUM, "what do you charge me for 100 euros from a cash machine in spain", "fee", "1.50"),
        (TOMASZ, "if two direct debits bounce what do you take", "fees", "10.00"),
        (TOMASZ, "if six direct debits bounce what do you take", "fees", "20.00"),
    ],
)
def test_what_the_bank_charges_is_worked_out_for_what_is_asked_about(
    bank: Counter, party: str, question: str, label: str, value: str
) -> None:
    answer = bank.ask(party, question)
    assert answer.value(label) == value
    assert answer.says_only_facts()


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("do banks like you refund that", True),
        ("how much do you take for all three", True),
        ("is my money safe if you lot go bust", True),
        ("how much did you charge me last month", False),
        ("how much have i spent on fees", False),
        ("can i afford 200 before payday", False),
    ],
)
def test_what_the_bank_does_is_told_from_what_the_customer_did(message: str, asks: bool) -> None:
    assert asks_the_bank(message) is asks


# How a page is cut, and what the wordings are of

TABLE = """## Interest

| Balance | Rate |
|---|---|
| under £5 | 1.00% |
| £5 and over | 2.00% |

It is variable.

## Closing

1. First this.
2. Then that.
"""


def test_a_page_is_cut_at_its_headings_and_a_row_of_a_table_is_a_sentence() -> None:
    first, second = parts_of(Passage(id="p#0", article="p", title="Saver", heading=(), text=TABLE))
    assert (first.heading, second.heading) == ("Interest", "Closing")
    assert first.sentences == ("under £5: 1.00%.", "£5 and over: 2.00%.", "It is variable.")
    assert first.rows == set(first.sentences[:2])
    assert second.sentences == ("First this.", "Then that.")
    assert list(first.sentences + second.sentences) == sentences(TABLE)
    assert stated(" ".join(first.sentences)) == {(Decimal(5), "GBP"), (Decimal("1.00"), "%"), (Decimal("2.00"), "%")}


def test_every_wording_is_of_a_part_that_a_public_page_has() -> None:
    there = {
        (page.title, heading)
        for page in articles().values()
        if page.audience == "public"
        for heading in ("", *headings(page.text))
    }
    assert {meaning for meaning, _ in said_of_pages() if meaning[0] != NOTHING} - there == set()


def test_every_part_that_more_is_asked_of_is_one_of_some_page() -> None:
    there = {(undated(page.title), heading) for page in articles().values() for heading in ("", *headings(page.text))}
    assert {meaning for meaning, _ in said_of_pages("asked")} - there == set()


def headings(text: str) -> list[str]:
    return [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]


def test_every_wording_of_a_term_is_of_one_that_some_product_has() -> None:
    sold = catalogue().values()
    there = {f"{kind} {one['id']}" for product in sold for kind in ("fee", "limit") for one in product.get(f"{kind}s", ())}
    assert {term for (term,), _ in said_of_terms()} - there == {"overdraft most", "overdraft rate", "rate", NO_TERM}


def test_no_question_of_the_evaluation_is_a_wording() -> None:
    said = {plain_letters(w) for _, w in (*said_of_pages(), *said_of_pages("asked"), *said_of_terms())}
    asked = {plain_letters(turn.say) for talk in conversations() for turn in talk.turns if len(turn.say.split()) > 3}
    assert not said & asked


def plain_letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum() or c == " ").strip()


def test_the_entries_of_a_list_of_what_never_happens_are_told_with_never() -> None:
    assert sentences("- tell us your PIN", "We never ask you to") == ["We never ask you to tell us your PIN"]
    assert sentences("Do not:\n- pay by cash\n\nPay by card.") == ["Do not:", "Do not pay by cash", "Pay by card."]
