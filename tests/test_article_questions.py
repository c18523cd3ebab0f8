"""The questions about pages and products can be answered as they say: from pages in force, and from what the services say."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
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
from evals.article_questions import Article, Computed, Conversation, Turn, articles, conversations

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
    assert {conversation.customer for conversation in CONVERSATIONS} == set(households(CONVERSATIONS[0].now).customers)


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
