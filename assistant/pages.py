"""What the bank's own pages say: which sentences answer a question, with their figures as facts, and what the terms come to.

Pages are quoted and never reworded. Where the product service knows a fee or a rate, it is worked out from that, and the page
is cited beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.periods import NUMBERS
from assistant.spans import plain
from data.articles import Passage
from data.banking import Account, Fee, Product
from data.errors import InvalidCurrency
from data.facts import Fact, FactBook
from data.money import Money
from data.party import Frozen

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

# A quotation is so many sentences at the most, from so many articles.
MOST_SENTENCES, MOST_ARTICLES = 3, 2
# A second article is quoted when its best sentence comes this close to the best of all.
NEAR = 0.06
# Sentences so far from the question are quoted only as company of a nearer one.
DISTANT = 0.18
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z£€0-9“\"])|\n+")
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_MONEY = re.compile(r"(?P<sign>[£€$])\s?(?P<number>\d[\d,]*(?:\.\d+)?)")
_PERCENT = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s?%")
_COUNTED = re.compile(
    r"(?P<number>\d[\d,]*)\s+(?P<noun>(?:working |calendar )?(?:day|week|month|year|hour|minute|time|euro|pound|dollar)s?)\b"
)
_CURRENCY = {"£": "GBP", "€": "EUR", "$": "USD"}
_WORD = re.compile(r"[a-z]{3,}")
_COMMON = frozenset(
    [
        "the",
        "and",
        "you",
        "your",
        "for",
        "with",
        "our",
        "can",
        "are",
        "that",
        "this",
        "from",
        "have",
        "will",
        "not",
        "how",
        "what",
        "when",
        "does",
        "much",
        "long",
        "any",
        "get",
    ]
)


class Quote(NamedTuple):
    """Sentences of one passage as they stand there. near: cosine of the nearest one to the question."""

    passage: Passage
    text: str
    near: float


def sentences(text: str) -> list[str]:
    """The sentences and list entries of a passage, in order, without marks of lists and emphasis."""
    found = (_LIST.sub("", part).replace("**", "").strip() for part in _SENTENCE.split(text))
    return [part for part in found if part and not part.startswith(("#", "|", "---"))]


def quotes(question: str, passages: Sequence[Passage], embed: Embed) -> list[Quote]:
    """The few sentences of the passages found that come nearest to a question, best first; of each article one run.

    passages: best first. Blocking, about 3 ms a sentence.
    """
    cut = [(p, sentences(p.text)) for p in passages[: MOST_ARTICLES + 1]]
    every = [f"{p.title}. {s}" for p, listed in cut for s in listed]
    if not every:
        return []
    vectors = embed([question, *every])
    scores = (vectors[1:] @ vectors[0]).tolist()
    wanted = set(_WORD.findall(plain(question))) - _COMMON
    found, place = [], 0
    for rank, (passage, listed) in enumerate(cut):
        own = [
            scores[place + n] + 0.25 * _shared(wanted, s) + (0.05 if _asks_figure(question) and re.search(r"\d", s) else 0.0)
            for n, s in enumerate(listed)
        ]
        place += len(listed)
        if own:
            found.append(Quote(passage, " ".join(_run(listed, own)), max(own) - 0.02 * rank))
    found.sort(key=lambda q: -q.near)
    return [q for q in found if q.near >= found[0].near - NEAR][:MOST_ARTICLES]


def _shared(wanted: set[str], sentence: str) -> float:
    words = set(_WORD.findall(sentence.casefold()))
    stems = {w[:5] for w in words}
    return sum(w[:5] in stems for w in wanted) / max(len(wanted), 1)


def _asks_figure(question: str) -> bool:
    return (
        re.search(
            r"\bhow (?:much|long|many|late|soon|fast|often)|limit|fee|charge|cost|rate|max|most|when|cheap", plain(question)
        )
        is not None
    )


def _run(listed: Sequence[str], scores: Sequence[float]) -> Sequence[str]:
    """The neighbouring sentences that together say most: a short passage is quoted whole."""
    if len(listed) <= MOST_SENTENCES:
        return listed
    worth = [score - max(scores) + DISTANT for score in scores]
    spans = [(a, a + n) for n in range(1, MOST_SENTENCES + 1) for a in range(len(listed) - n + 1)]
    start, end = max(spans, key=lambda span: sum(worth[span[0] : span[1]]))
    return listed[start:end]


def figures(book: FactBook, quote: Quote) -> None:
    """The figures of a quotation as facts, each with the passage as its evidence."""
    source = (quote.passage.id,)
    label = f"figure in “{quote.passage.title}”"
    for match in _MONEY.finditer(quote.text):
        amount = Decimal(match["number"].replace(",", ""))
        currency = _CURRENCY[match["sign"]]
        book.money(label, Money.of(amount, currency), source)
    for match in _PERCENT.finditer(quote.text):
        book.rate(label, Decimal(match["number"]), source)
    for match in _COUNTED.finditer(quote.text):
        book.count(f"{match['noun']} in “{quote.passage.title}”", int(match["number"].replace(",", "")), source)


# What the terms of the customer's own product come to


class Held(Frozen):
    """An account with the product version that it is on, as the bank's service says today."""

    account: Account
    product: Product


class Term(NamedTuple):
    """A fee of a product that a question means. cost: what it comes to for the amount asked about, where there is one."""

    held: Held
    fee: Fee
    cost: Money | None
    amount: Money | None


# Measured on the questions about pages: from here on the fee is the one that is meant.
FEE_FLOOR = 0.42
_TERMS = re.compile(r"\b(?:fees?|charged?|charges|pay|cost|costs|extra|take|damage|on top|price|lose|how much)\b")
_OVERDRAWN = re.compile(r"\b(?:overdrawn|overdraft|in the red|minus)\b")
_EARNS = re.compile(r"\b(?:interest|earns?|earned|make|grow)\b")
_DAYS = re.compile(
    r"\b(?P<n>\d+|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + r") (?P<unit>day|week|fortnight|month|year)s?\b"
)
_LENGTH = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}
YEAR = Decimal(365)


def fee_meant(question: str, amount: Money | None, held: Sequence[Held], embed: Embed) -> Term | None:
    """The fee of the customer's products that a question is about, None where none is near. Blocking."""
    if not held or not _TERMS.search(plain(question)):
        return None
    first = _first(question, held)
    fees = first.product.fees
    if not fees:
        return None
    vectors = embed([question, *(f"Fee for: {fee.name}" for fee in fees)])
    scores = vectors[1:] @ vectors[0]
    best = int(scores.argmax())
    if float(scores[best]) < FEE_FLOOR:
        return None
    cost = None
    if amount is not None or fees[best].percent is None:
        try:
            cost = fees[best].on(amount or Money(minor=0, currency=first.product.currency))
        except InvalidCurrency:
            cost = None
    return Term(first, fees[best], cost, amount)


def _first(question: str, held: Sequence[Held]) -> Held:
    """The account that a question names, else the first, which is the customer's own current account."""
    text = plain(question)
    named = [h for h in held if any(w in text.split() for w in plain(h.account.name).split() if w not in ("account", "everyday"))]
    return named[0] if named else held[0]


def interest(
    question: str, amount: Money | None, balance: Money | None, held: Sequence[Held]
) -> tuple[Held, Decimal, int, Money] | None:
    """(account, yearly rate in percent, days, interest) for an amount overdrawn or saved; None where that is not asked."""
    text = plain(question)
    if amount is None or not held or not (_EARNS.search(text) or _OVERDRAWN.search(text)):
        return None
    days = _days(text)
    one = _first(question, held)
    if _OVERDRAWN.search(text):
        rate = one.product.overdraft_rate
    else:
        rate = (
            one.product.rate(balance + amount if balance is not None and "another" in text else amount)
            if one.product.tiers
            else None
        )
    if rate is None or amount.currency != one.product.currency:
        return None
    return one, rate, days, amount.share(rate / 100 * days / YEAR, ROUND_HALF_EVEN)


def _days(text: str) -> int:
    match = _DAYS.search(text)
    if match is None:
        return _LENGTH["year"]
    number = int(match["n"]) if match["n"].isdigit() else NUMBERS[match["n"]]
    return number * _LENGTH[match["unit"]]


def sources(found: Iterable[Quote]) -> tuple[tuple[str, str], ...]:
    """(passage id, title) of what is quoted, each article once."""
    return tuple({q.passage.article: (q.passage.id, q.passage.title) for q in found}.values())


def quoted(book: FactBook, quote: Quote) -> Fact:
    """The quotation itself as a fact, so that it is put into the sentence by reference."""
    return book.quote(f"quoted from “{quote.passage.title}”", quote.text, (quote.passage.id,))
