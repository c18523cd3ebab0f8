"""The questions about pages and products can be answered as they say: from pages in force, and from what the services say."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors import obie
from connectors.sandbox.catalogue import wire
from connectors.sandbox.households import households
from data.banking import Product
from data.facts import Outcome
from data.money import Money
from evals.article_questions import Article, Computed, Conversation, Turn, articles, conversations, internal_shown, mark
from evals.grounding import Ground
from evals.marks import Mark, Output
from evals.suites import pages_suite

LONDON = ZoneInfo("Europe/London")
CORPUS = articles()
CONVERSATIONS = conversations()


def asked() -> Iterator[tuple[Conversation, Turn]]:
    for conversation in CONVERSATIONS:
        for turn in conversation.turns:
            yield conversation, turn


def day(conversation: Conversation) -> dt.date:
    return conversation.now.astimezone(LONDON).date()


def held(conversation: Conversation) -> dict[str, Product]:
    """The product of each account of the customer, by the account's name."""
    own = households(conversation.now).owned_by(conversation.customer)
    return {account.name: obie.product(wire(account.product, day(conversation))) for account in own}


def stated(product: Product) -> set[str]:
    """Every amount and percentage of a product, as an answer may show it."""
    amounts = [tier.above for tier in product.tiers] + [limit.amount for limit in product.limits]
    amounts += [bound for fee in product.fees for bound in (fee.amount, fee.least, fee.most, fee.month_most)]
    amounts.append(product.overdraft_most)
    shown = {amount.shown() for amount in amounts if amount is not None}
    rates = [tier.rate for tier in product.tiers] + [fee.percent for fee in product.fees] + [product.overdraft_rate]
    return shown | {text.removesuffix(".00") for text in shown} | {f"{rate}%" for rate in rates if rate is not None}


def worked_out(figure: Computed, product: Product) -> Money | None:
    amount = Money.of(*figure.of.split())
    if figure.what == "fee":
        fee = product.fee(figure.fee)
        once = fee.on(amount) if fee is not None else None
        if fee is None or once is None:
            return None
        taken = Money(minor=once.minor * figure.times, currency=once.currency)
        return taken if fee.month_most is None else min(taken, fee.month_most)
    reached = Money.of(*figure.balance.split()) if figure.balance else amount
    rate = product.rate(reached) if figure.what == "interest" else product.overdraft_rate
    return None if rate is None else amount.share(rate * figure.days / Decimal(36_500))


def test_there_are_enough_of_each_kind() -> None:
    kinds = Counter(conversation.kind for conversation, _ in asked())
    assert sum(kinds.values()) >= 120
    assert min(kinds.values()) >= 4
    assert len({conversation.id for conversation in CONVERSATIONS}) == len(CONVERSATIONS)
    books = households(CONVERSATIONS[0].now)
    assert {conversation.customer for conversation in CONVERSATIONS} == {
        owner for account in books.accounts.values() for owner, role in account.owners.items() if role in ("holder", "joint")
    }


def test_what_is_cited_is_public_and_in_force_then() -> None:
    for conversation, turn in asked():
        for id in turn.cites:
            article = CORPUS[id]
            assert article.audience == "public", turn.say
            assert article.in_force(day(conversation)), (turn.say, id)


def test_every_figure_is_written_on_a_cited_page_or_in_a_product_of_the_customer() -> None:
    for conversation, turn in asked():
        pages = "\n".join(CORPUS[id].text for id in turn.cites)
        known = set().union(*(stated(product) for product in held(conversation).values()))
        missing = [figure for figure in turn.figures if figure not in pages and figure not in known]
        assert missing == [], turn.say


def test_every_sum_is_what_the_product_gives() -> None:
    for conversation, turn in asked():
        for figure in turn.computed:
            amount = worked_out(figure, held(conversation)[figure.account])
            assert amount is not None, turn.say
            assert amount.shown() == figure.shows, turn.say


def test_a_page_of_the_old_version_is_not_cited_for_an_account_of_the_new_one() -> None:
    """Versions of a product that somebody has are a matter of theirs alone; products that they do not have may be asked about."""
    for conversation, turn in asked():
        own = {product.id for product in held(conversation).values()}
        families = {id.rpartition("-")[0] for id in own}
        for id in turn.cites:
            about = CORPUS[id].products
            others = [product for product in about if product.rpartition("-")[0] in families]
            assert not others or own & set(others), (turn.say, id)


def test_what_is_for_staff_is_what_may_never_be_said() -> None:
    staff = "\n".join(article.text for article in CORPUS.values() if article.audience == "internal")
    for conversation, turn in asked():
        if conversation.kind == "internal":
            assert turn.never, turn.say
            assert [words for words in turn.never if words not in staff] == [], turn.say
            assert turn.want[0] is not Outcome.ANSWER


def test_what_is_superseded_is_written_on_the_other_page() -> None:
    """What may not be said stands on a page that is not in force that day: else nothing would be tested by it."""
    for conversation, turn in asked():
        if conversation.kind == "superseded":
            elsewhere = "\n".join(a.text for a in CORPUS.values() if not a.in_force(day(conversation)))
            assert [words for words in turn.never if words not in elsewhere] == [], turn.say


def test_nothing_is_wanted_where_nothing_is_written() -> None:
    for conversation, turn in asked():
        if conversation.kind == "unanswerable":
            assert turn.want[0] is not Outcome.ANSWER
            assert not turn.figures
            assert not turn.computed


def test_of_contradicting_pages_one_is_held_right_with_a_reason() -> None:
    for conversation, turn in asked():
        if conversation.kind == "contradicting":
            assert turn.holds in turn.cites
            assert turn.why
            assert all(figure in CORPUS[str(turn.holds)].text for figure in turn.figures)


def test_the_checks_can_say_no() -> None:
    page: Article = CORPUS["cash-machine-limit"]
    assert not page.in_force(dt.date(2026, 3, 31))
    product = obie.product(wire("everyday-3", day(CONVERSATIONS[0])))
    assert "£400" not in stated(product)
    assert worked_out(Computed(shows="", what="interest", of="5.00 GBP"), product) is None
    assert worked_out(Computed(shows="", what="fee", fee="no-such", of="5.00 GBP"), product) is None
    with pytest.raises(ValidationError):
        Turn.model_validate({"say": "and then?", "want": "refuse", "figures": "£5.00"})
    with pytest.raises(ValidationError):
        Turn.model_validate({"say": "and then?", "cite": "fees"})


# Marks


def given(text: str = "", *sources: str, outcome: str = "answer", evidence: Sequence[str] = ()) -> Output:
    facts = [{"label": "figure", "value": "500.00", "unit": "GBP", "evidence": list(evidence)}] if evidence else []
    citations = [{"source": source, "title": ""} for source in sources]
    return {"id": "x", "turn": 1, "outcome": outcome, "answer": text, "facts": facts, "scope": {}, "citations": citations}


LIMIT = Turn.model_validate({"say": "cash?", "cites": ["limit", "fees"], "figures": "£500", "never": "£400"})


def test_a_right_answer_cites_a_page_and_states_every_figure() -> None:
    assert mark(LIMIT, given("Up to £500 a day.", "limit#0")) == Mark(right=True, wrong=False)
    assert mark(LIMIT, given("Up to £500 a day.", "fees#3", "other#1")).right


@pytest.mark.parametrize(
    ("output", "wrong", "why"),
    [
        (given("Up to £500 a day.", "other#0"), False, "cites other"),
        (given("Up to £500 a day."), False, "cites nothing"),
        (given("Up to £600 a day.", "limit#0"), False, "does not say £500"),
        (given("Up to £500 a day, once £400.", "limit#0"), True, "says £400"),
        (given("I do not know.", outcome="cannot"), False, "outcome cannot, not answer"),
        (given("Not £400.", outcome="cannot"), True, "says £400"),
    ],
)
def test_an_answer_that_lacks_or_says_too_much_is_not_right(output: Output, wrong: bool, why: str) -> None:
    found = mark(LIMIT, output)
    assert (found.right, found.wrong) == (False, wrong)
    assert why in found.why


def test_a_sum_has_to_be_stated_and_a_zero_may_be_said_in_words() -> None:
    def turn(shows: str) -> Turn:
        return Turn.model_validate({"say": "fee?", "computed": [{"shows": shows, "what": "fee", "of": "200.00 EUR"}]})

    assert mark(turn("€3.00"), given("That is €3.00.")).right
    assert not mark(turn("€3.00"), given("That is €3.50.")).right
    assert not mark(turn("€3.00"), given("That is free.")).right
    assert mark(turn("€0.00"), given("That is free.")).right
    assert not mark(turn("€0.00"), given("That is €3.00.")).right


def test_where_no_answer_is_wanted_an_answer_is_not_right() -> None:
    turn = Turn.model_validate({"say": "bitcoin?", "want": ["none", "cannot"]})
    assert mark(turn, given("I do not know.", outcome="cannot")).right
    assert not mark(turn, given("Yes.")).right


def test_what_is_for_staff_is_found_as_a_citation_or_as_evidence() -> None:
    staff = {"goodwill-procedure", "fraud-procedure"}
    assert internal_shown(given("£500", "limit#0", evidence=["limit#0"]), staff) == []
    assert internal_shown(given("£500", "goodwill-procedure#1"), staff) == ["goodwill-procedure"]
    assert internal_shown(given("£500", "limit#0", evidence=["fraud-procedure#0"]), staff) == ["fraud-procedure"]


def test_a_run_over_pages_marks_every_turn_and_finds_pages_that_may_not_be_shown() -> None:
    suite = pages_suite(CONVERSATIONS, {talk.id: Ground({}) for talk in CONVERSATIONS})
    assert len(suite.cases) == len(CONVERSATIONS)
    case = next(case for case in suite.cases if case.id == "cash-limit")
    page = "cash-machine-limit#0"
    right, short = case.judge([given("Up to £500 a day.", page), given("No.", "fees#0")])
    assert (right.right, right.leaks, short.right) == (True, (), False)
    for hidden in ("goodwill-procedure#0", "cash-machine-limit-2023#0"):
        shown, _ = case.judge([given("Up to £500 a day.", page, hidden), given("No.", page)])
        assert shown.leaks == (hidden.partition("#")[0],)
    before = next(case for case in suite.cases if case.id == "cash-limit-before")
    (then,) = before.judge([given("Up to £400 a day.", "cash-machine-limit-2023#0")])
    assert (then.right, then.leaks) == (True, ())
    assert then.faults
    (early,) = before.judge([given("Up to £500 a day.", page)])
    assert (early.right, early.leaks) == (False, ("cash-machine-limit",))
