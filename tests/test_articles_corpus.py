"""The bank's own articles: each says when and for whom it holds, and what it says of products is what the service says."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from connectors import obie
from connectors.sandbox.catalogue import catalogue, wire
from data.banking import Product
from evals.article_questions import Article, articles

TODAY = dt.date(2026, 11, 24)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def corpus() -> dict[str, Article]:
    return articles()


def then(article: Article, product: str) -> Product:
    """A product as the service gave it while the page was in force: today, or on the day of its life that is nearest to today."""
    day = max(article.since, TODAY if article.until is None else min(TODAY, article.until))
    return obie.product(wire(product, day))


def test_there_is_enough_of_each_kind(corpus: dict[str, Article]) -> None:
    assert len(corpus) >= 60
    assert sum(article.audience == "internal" for article in corpus.values()) >= 8
    assert sum(article.until is not None and article.until < TODAY for article in corpus.values()) >= 6
    assert sum(article.since > TODAY for article in corpus.values()) >= 1


def test_each_is_a_short_page_with_headings(corpus: dict[str, Article]) -> None:
    for article in corpus.values():
        assert article.title, article.id
        assert article.text.count("\n## ") + article.text.startswith("## ") >= 3, article.id
        assert 145 <= len(article.text.split()) <= 500, article.id
        assert article.until is None or article.since <= article.until, article.id


def test_products_are_ones_that_the_bank_has(corpus: dict[str, Article]) -> None:
    named = {product for article in corpus.values() for product in article.products}
    assert named == set(catalogue())


def families(article: Article) -> set[str]:
    """The products that it is about, whatever their version."""
    return {product.rpartition("-")[0] for product in article.products}


def test_a_chain_has_no_gap_and_no_overlap(corpus: dict[str, Article]) -> None:
    followed = Counter(article.supersedes for article in corpus.values() if article.supersedes)
    assert set(followed.values()) == {1}
    for article in corpus.values():
        if article.supersedes is None:
            continue
        older = corpus[article.supersedes]
        assert older.until is not None, older.id
        assert older.until + DAY == article.since, article.id
        assert older.audience == article.audience
        assert families(article) <= families(older) or not older.products, article.id
        assert older.text != article.text
    assert {article.id for article in corpus.values() if article.until is not None} == set(followed)


def test_what_is_for_staff_says_so(corpus: dict[str, Article]) -> None:
    assert {a.id for a in corpus.values() if a.audience == "internal"} == {id for id in corpus if id.endswith("-procedure")}
    for article in corpus.values():
        if article.audience == "public":
            assert "procedure" not in article.text, article.id


@pytest.mark.parametrize(
    "broken",
    [
        "title: without front matter\n",
        "---\nid: other\ntitle: T\nfrom: 2026-01-01\naudience: public\nproducts: []\n---\nText",
        "---\nid: page\ntitle: T\nfrom: 2026-01-01\naudience: everybody\nproducts: []\n---\nText",
        "---\nid: page\ntitle: T\naudience: public\nproducts: []\n---\nText",
        "---\nid: page\ntitle: T\nfrom: 2026-01-01\naudience: public\nproducts: []\nuntil: 2026-02-01\n---\nText",
    ],
)
def test_an_article_without_its_front_matter_is_refused(tmp_path: Path, broken: str) -> None:
    (tmp_path / "page.md").write_text(broken, "utf-8")
    with pytest.raises(ValueError, match=r".+"):
        articles(tmp_path)


# Which page states which terms of which product. Not here, on purpose: the page "chaps" still gives £25.00 to both versions
# of the current account, though version 3 pays £20.00 by now. The service is right; whoever asks must be told what it says.
FEES = [
    ("fees", "everyday-3", ["cash-abroad", "cash-uk", "unpaid-item", "euro-payment", "international-payment"]),
    ("fees", "everyday-3", ["cheque-stop", "statement-copy", "card-replacement", "card-courier", "monthly", "non-sterling"]),
    ("everyday-account", "everyday-3", ["cash-abroad"]),
    ("everyday-account-version-2", "everyday-2", ["non-sterling", "cash-abroad"]),
    ("travel-money-version-2", "everyday-2", ["non-sterling", "cash-abroad"]),
    ("travel-money", "everyday-3", ["non-sterling", "cash-abroad"]),
    ("cash-abroad", "everyday-3", ["cash-abroad"]),
    ("cash-abroad", "student-1", ["cash-abroad"]),
    ("unpaid-payments", "everyday-3", ["unpaid-item"]),
    ("unpaid-payments", "everyday-2", ["unpaid-item"]),
    ("international-payment", "everyday-3", ["international-payment"]),
    ("euro-payment", "everyday-3", ["euro-payment"]),
    ("card-courier", "everyday-3", ["card-courier"]),
    ("card-courier", "everyday-2", ["card-courier"]),
    ("cheques", "everyday-3", ["cheque-stop"]),
    ("statements", "everyday-3", ["statement-copy"]),
    ("basic-account", "basic-1", ["unpaid-item", "non-sterling", "cash-abroad"]),
    ("euro-account", "euro-1", ["non-euro", "cash-other"]),
    ("chaps", "everyday-2", ["chaps"]),
    ("card-courier-2023", "everyday-3", ["card-courier"]),
    ("card-courier-2023", "everyday-2", ["card-courier"]),
    ("unpaid-payments-2021", "everyday-3", ["unpaid-item"]),
    ("unpaid-payments-2021", "everyday-2", ["unpaid-item"]),
    ("cash-abroad-2027", "everyday-3", ["cash-abroad"]),
    ("cash-abroad-2027", "student-1", ["cash-abroad"]),
    ("student-account", "student-1", ["cash-abroad"]),
]
LIMITS = [
    ("cash-machine-limit", "everyday-3", ["cash-machine"]),
    ("everyday-account", "everyday-3", ["cash-machine", "online-payment"]),
    ("everyday-account-version-2", "everyday-2", ["cash-machine", "online-payment", "new-payee", "cheque-photo"]),
    ("cash-machine-limit-2023", "everyday-3", ["cash-machine"]),
    ("new-payee-2023", "everyday-3", ["new-payee"]),
    ("cheque-photo-2024", "everyday-3", ["cheque-photo"]),
    ("contactless", "everyday-3", ["contactless"]),
    ("contactless", "everyday-2", ["contactless"]),
    ("faster-payment", "everyday-3", ["online-payment"]),
    ("new-payee", "everyday-3", ["new-payee"]),
    ("cheque-photo", "everyday-3", ["cheque-photo"]),
    ("cash-deposit", "everyday-3", ["cash-deposit"]),
    ("basic-account", "basic-1", ["cash-machine", "online-payment"]),
    ("euro-account", "euro-1", ["cash-machine", "contactless", "online-payment", "balance"]),
    ("flexible-saver", "flexible-saver-2", ["opening", "balance"]),
    ("flexible-saver-version-1", "flexible-saver-1", ["balance"]),
    ("reserve-saver", "reserve-saver-1", ["opening", "balance", "withdrawals"]),
    ("isa-allowance", "cash-isa-1", ["subscription"]),
    ("cash-isa", "cash-isa-1", ["opening"]),
    ("fixed-saver", "fixed-saver-2", ["opening", "balance"]),
    ("junior-saver", "junior-saver-1", ["opening", "deposit"]),
]
RATES = [
    ("flexible-saver", "flexible-saver-2"),
    ("flexible-saver-version-1", "flexible-saver-1"),
    ("reserve-saver", "reserve-saver-1"),
    ("cash-isa", "cash-isa-1"),
    ("fixed-saver", "fixed-saver-2"),
    ("fixed-saver-2025", "fixed-saver-1"),
    ("junior-saver", "junior-saver-1"),
]
OVERDRAFTS = [("overdraft", "everyday-3"), ("overdraft", "everyday-2"), ("student-account", "student-1")]


def states(article: Article, *terms: str) -> list[str]:
    """The terms that the page does not state."""
    return [term for term in terms if term not in article.text]


@pytest.mark.parametrize(("page", "product", "fees"), FEES)
def test_fees_of_the_page_are_those_of_the_service(corpus: dict[str, Article], page: str, product: str, fees: list[str]) -> None:
    assert product in corpus[page].products or not corpus[page].products
    for id in fees:
        fee = then(corpus[page], product).fee(id)
        assert fee is not None, id
        terms = [bound.shown() for bound in (fee.amount, fee.least, fee.most, fee.month_most) if bound is not None]
        terms += [f"{fee.percent}%"] if fee.percent is not None else []
        assert states(corpus[page], *terms) == [], id


@pytest.mark.parametrize(("page", "product", "limits"), LIMITS)
def test_limits_of_the_page_are_those_of_the_service(
    corpus: dict[str, Article], page: str, product: str, limits: list[str]
) -> None:
    for id in limits:
        limit = then(corpus[page], product).limit(id)
        assert limit is not None, id
        shown = f"{limit.count} times" if limit.amount is None else limit.amount.shown().removesuffix(".00")
        assert states(corpus[page], shown) == [], id


@pytest.mark.parametrize(("page", "product"), RATES)
def test_rates_of_the_page_are_those_of_the_service(corpus: dict[str, Article], page: str, product: str) -> None:
    terms = [f"{tier.rate}%" for tier in then(corpus[page], product).tiers]
    terms += [tier.above.shown().removesuffix(".00") for tier in then(corpus[page], product).tiers if tier.above.minor]
    assert terms
    assert states(corpus[page], *terms) == []


@pytest.mark.parametrize(("page", "product"), OVERDRAFTS)
def test_overdrafts_of_the_page_are_those_of_the_service(corpus: dict[str, Article], page: str, product: str) -> None:
    known = then(corpus[page], product)
    assert known.overdraft_most is not None
    assert states(corpus[page], f"{known.overdraft_rate}%", known.overdraft_most.shown().removesuffix(".00")) == []


@pytest.mark.parametrize("page", ["overdraft-interest-2020", "overdraft-interest"])
def test_overdraft_interest_of_the_page_is_that_of_its_time(corpus: dict[str, Article], page: str) -> None:
    for product in corpus[page].products:
        assert f"{then(corpus[page], product).overdraft_rate}% interest a year" in corpus[page].text


def test_a_page_with_another_figure_would_be_noticed(corpus: dict[str, Article]) -> None:
    """The one page that is out of date shows that the comparison can fail."""
    charged = then(corpus["chaps"], "everyday-3").fee("chaps")
    assert charged is not None
    assert charged.amount is not None
    assert states(corpus["chaps"], charged.amount.shown()) == ["£20.00"]


def test_two_pages_say_different_things_about_a_replacement(corpus: dict[str, Article]) -> None:
    """They are there so that an answer has to choose, and neither says so; the newer one is held right."""
    older, newer = corpus["lost-card"], corpus["replacement-card"]
    assert "within 7 working days" in older.text
    assert "within 5 working days" in newer.text
    assert older.since < newer.since
    assert all(page.audience == "public" and page.in_force(TODAY) for page in (older, newer))
