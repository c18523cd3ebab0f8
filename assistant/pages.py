"""What the bank's own pages say: which sentences answer a question, with their figures as facts, and what the terms come to.

Pages are quoted and never reworded. Where the product service knows a fee or a rate, it is worked out from that, and the page
is cited beside it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from data.party import AccountId, Frozen

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

# A quotation is so many words at the most, from so many articles; of the articles found, so many are read.
MOST_WORDS, MOST_ARTICLES, READ = 75, 2, 6
# A second article is quoted when its best sentence comes this close to the best of all.
NEAR = 0.04
# Measured on the questions about pages: what an article answers scores from here on, what nothing answers mostly below.
FLOOR = 0.55
# Sentences so far from the question are quoted only as company of a nearer one.
DISTANT = 0.16
KEPT_VECTORS = 4096
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z£€0-9“\"])|\n+")
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_MONEY = re.compile(r"(?P<sign>[£€$])\s?(?P<number>\d[\d,]*(?:\.\d+)?)")
_PERCENT = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s?%")
_COUNTED = re.compile(
    r"(?<![\d.,£€$])(?P<number>\d[\d,]*)\s+(?P<noun>(?:working |calendar )?(?:day|week|month|year|hour|minute|time)s?)\b"
)
_WORDED_MONEY = re.compile(r"(?<![\d.,£€$])(?P<number>\d[\d,]*(?:\.\d+)?)\s+(?P<sign>euro|pound|dollar)s?\b")
_CURRENCY = {"£": "GBP", "€": "EUR", "$": "USD", "pound": "GBP", "euro": "EUR", "dollar": "USD"}
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
    """Sentences of one article as they stand there. passage: the one with the sentence nearest to the question, which is cited.

    near: how near that sentence is, cosine and shared words. others: the passages that further sentences are from.
    """

    passage: Passage
    text: str
    near: float
    others: tuple[Passage, ...] = ()


def sentences(text: str) -> list[str]:
    """The sentences and list entries of a passage, in order, without marks of lists and emphasis."""
    found = (_LIST.sub("", part).replace("**", "").strip() for part in _SENTENCE.split(text))
    return [part for part in found if part and not part.startswith(("#", "|", "---"))]


class Reader:
    """Reads passages sentence by sentence; the vectors of sentences are kept, as pages are few and asked about often."""

    def __init__(self, embed: Embed) -> None:
        self.embed = embed
        self._kept: dict[str, NDArray[np.float32]] = {}

    def quotes(self, question: str, found: Sequence[Sequence[Passage]]) -> list[Quote]:
        """The sentences of the articles found that come nearest to a question, best first; one quotation an article.

        found: the passages of each article, the best article first. Empty where none comes near enough: then the pages do not
        say. Blocking, about 3 ms a sentence that has not been read before.
        """
        wanted = set(_WORD.findall(plain(question))) - _COMMON
        figure = _FIGURE.search(plain(question)) is not None
        (vector,) = self.embed([question])
        quoted = []
        for rank, passages in enumerate(found[:READ]):
            cut = [(p, s) for p in passages for s in sentences(p.text)]
            if not cut:
                continue
            heads = [" ".join((p.title, *p.heading)) for p, _ in cut]
            near = self._vectors([f"{head}. {s}" for head, (_, s) in zip(heads, cut, strict=True)]) @ vector
            worth = [
                float(n) + 0.25 * _shared(wanted, f"{head} {s}") + (0.08 if figure and re.search(r"\d", s) else 0.0)
                for n, head, (_, s) in zip(near, heads, cut, strict=True)
            ]
            best = max(range(len(cut)), key=worth.__getitem__)
            taken = _chosen([s for _, s in cut], worth)
            others = {cut[n][0].id: cut[n][0] for n in taken if cut[n][0].id != cut[best][0].id}
            text = _joined([s for _, s in cut], taken)
            quoted.append(Quote(cut[best][0], text, worth[best] - 0.02 * rank, tuple(others.values())))
        quoted.sort(key=lambda q: -q.near)
        return [q for q in quoted if q.near >= max(FLOOR, quoted[0].near - NEAR)][:MOST_ARTICLES]

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        new = [t for t in dict.fromkeys(texts) if t not in self._kept]
        if len(self._kept) + len(new) > KEPT_VECTORS:
            self._kept.clear()
            new = list(dict.fromkeys(texts))
        if new:
            self._kept |= dict(zip(new, self.embed(new), strict=True))
        return np.stack([self._kept[t] for t in texts])


def _shared(wanted: set[str], text: str) -> float:
    """The share of a question's words that a text has, by their first letters: "closing" and "close" are one."""
    stems = {w[:5] for w in _WORD.findall(text.casefold())}
    return sum(w[:5] in stems for w in wanted) / max(len(wanted), 1)


_FIGURE = re.compile(
    r"\bhow (?:much|long|many|late|soon|fast|often|large|old)|limit|fee|charge|cost|rate|\bmax|most|when|cheap|percent"
)


def _chosen(listed: Sequence[str], worth: Sequence[float]) -> list[int]:
    """The sentences that say most, in the order of the page. The best one takes the one after it along."""
    best = max(range(len(listed)), key=worth.__getitem__)
    order = sorted(range(len(listed)), key=lambda n: -worth[n])
    taken: list[int] = []
    for n in dict.fromkeys((best, *([best + 1] if best + 1 < len(listed) else []), *order)):
        near = worth[n] >= worth[best] - DISTANT or n == best + 1
        if near and sum(len(listed[k].split()) for k in (*taken, n)) <= MOST_WORDS:
            taken.append(n)
    return sorted(taken) or [best]


def _joined(listed: Sequence[str], taken: Sequence[int]) -> str:
    """Sentences in a row; a gap is marked."""
    parts = [listed[taken[0]]]
    for before, n in itertools.pairwise(taken):
        parts += [listed[n]] if n == before + 1 else ["…", listed[n]]
    return " ".join(parts)


def figures(book: FactBook, quote: Quote) -> None:
    """The figures of a quotation as facts, each with the passage that states it as its evidence."""

    def source(match: re.Match[str]) -> tuple[str, ...]:
        return tuple(p.id for p in (quote.passage, *quote.others) if match.group() in p.text)[:1] or (quote.passage.id,)

    label = f"figure in “{quote.passage.title}”"
    for match in (*_MONEY.finditer(quote.text), *_WORDED_MONEY.finditer(quote.text)):
        amount = Decimal(match["number"].replace(",", ""))
        currency = _CURRENCY[match["sign"]]
        book.money(label, Money.of(amount, currency), source(match))
    for match in _PERCENT.finditer(quote.text):
        book.rate(label, Decimal(match["number"]), source(match))
    for match in _COUNTED.finditer(quote.text):
        book.count(f"{match['noun']} in “{quote.passage.title}”", int(match["number"].replace(",", "")), source(match))


def without_figures(quote: Quote, but: Sequence[str]) -> Quote:
    """A quotation without sentences that state other figures than those given: where a page is out of date the service counts.

    What was left out is marked as any other gap is.
    """
    text, gap = "", ""
    for part in sentences(quote.text.replace(" … ", "\n…\n")):
        if part == "…" or any(m.group().replace(" ", "") not in but for p in (_MONEY, _PERCENT) for m in p.finditer(part)):
            gap = "… "
        else:
            text += f" {gap}{part}" if text else part
            gap = ""
    return quote._replace(text=text)


_AMOUNT = re.compile(
    r"(?P<sign>[£€$])?\s?(?<![\d.])(?P<number>\d[\d,]*(?:\.\d{1,2})?|a thousand|another thousand|a hundred|ten thousand)"
    r"\s?(?P<k>k|grand|thousand)?\b(?!\s?%|\s*(?:days?|weeks?|months?|years?|hours?|times?|working|am|pm|of my|:\d))"
    r"\s*(?P<word>euros?|eur|dollars?|usd|pounds?|quid|gbp)?"
)
_WORDED = {"a thousand": 1000, "another thousand": 1000, "a hundred": 100, "ten thousand": 10_000}
_BY_WORD = {"e": "EUR", "d": "USD", "u": "USD", "p": "GBP", "q": "GBP", "g": "GBP"}


def amount_in(question: str, currency: str) -> Money | None:
    """The amount that a question names last, in the currency that is said with it, else in `currency`."""
    found = list(_AMOUNT.finditer(plain(question)))
    if not found:
        return None
    match = found[-1]
    number = Decimal(_WORDED.get(match["number"], 0)) or Decimal(match["number"].replace(",", ""))
    said = _CURRENCY.get(match["sign"] or "") or _BY_WORD.get((match["word"] or " ")[0])
    return Money.of(number * (1000 if match["k"] else 1), said or currency)


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
FEE_APART = 0.015
_TERMS = re.compile(r"\b(?:fees?|charged?|charges|costs?|extra|damage|on top|price|do you take|(?:will|do|would) i pay|free)\b")
_OVERDRAWN = re.compile(r"\b(?:overdrawn|overdraft|in the red|minus)\b")
_MORE = re.compile(r"\b(?:another|more|add|extra|on top)\b")
_EARNS = re.compile(r"\b(?:interest|earns?|earned|grow|what more do i get)\b")
_DAYS = re.compile(
    r"\b(?P<n>\d+|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + r") (?P<unit>day|week|fortnight|month|year)s?\b"
)
_LENGTH = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}
YEAR = Decimal(365)


def named(question: str, products: Iterable[Product]) -> frozenset[str]:
    """The ids of products on sale that a question calls by name: "the fixed saver", "student account"."""
    words = set(_WORD.findall(plain(question)))
    found = set()
    for product in products:
        telling = set(_WORD.findall(plain(product.name))) - _ANY_PRODUCT
        if product.until is None and telling and telling <= words:
            found.add(product.id)
    return frozenset(found)


_ANY_PRODUCT = frozenset(["account", "current", "saver", "savings", "everyday", "rate", "year", "one", "two", "the"])


def with_products(question: str, held: Sequence[Held]) -> str:
    """A question with the products of the accounts that it names: a "holiday jar" is a Flexible Saver to the pages."""
    text = plain(question)
    names = [
        h.product.name for h in held if plain(h.account.name) in text or plain(h.account.name).split()[-1] in _last_words(text)
    ]
    return f"{question} ({', '.join(dict.fromkeys(names))})" if names else question


def _last_words(text: str) -> set[str]:
    """The words that may name an account by its last word, such as "the jar"."""
    return {m[1] for m in re.finditer(r"\b(?:the|my|our) (\w+)\b", text)} - {"account"}


def fee_meant(question: str, held: Sequence[Held], embed: Embed) -> Term | None:
    """The fee of the customer's products that a question is about, None where none is near. Blocking."""
    if not held or not _TERMS.search(plain(question)):
        return None
    first = _first(question, held)
    fees = first.product.fees
    if not fees:
        return None
    vectors = embed([question, *(f"What does it cost: {fee.name}?" for fee in fees)])
    scores = [float(n) + _by_words(question, fee) for n, fee in zip(vectors[1:] @ vectors[0], fees, strict=True)]
    best = max(range(len(fees)), key=scores.__getitem__)
    others = sorted(scores, reverse=True)
    if len(others) > 1 and others[0] - others[1] < FEE_APART:
        # Two fees that may both be meant: the page says which is for what, and no figure is stated.
        return None
    if scores[best] < (FEE_FLOOR if amount_in(question, "GBP") else FEE_FLOOR + 0.1):
        return None
    cost = None
    amount = amount_in(question, first.product.currency)
    if amount is not None or fees[best].percent is None:
        try:
            cost = fees[best].on(amount or Money(minor=0, currency=first.product.currency))
        except InvalidCurrency:
            cost = None
    return Term(first, fees[best], cost, amount)


def _by_words(question: str, fee: Fee) -> float:
    """What the words of a fee's name add to its meaning: how many are said, and whether both are of one act or of abroad."""
    said, name = plain(question), plain(fee.name)
    words = {w[:5] for w in _WORD.findall(said)}
    own = _WORD.findall(name)
    same = sum(a.search(said) is not None and b.search(name) is not None for a, b in _ACTS)
    return 0.2 * sum(w[:5] in words for w in own) / max(len(own), 1) + 0.08 * same


_ABROAD = re.compile(
    r"\b(?:abroad|overseas|foreign|international\w*|outside|another (?:currency|country)|other than|dollars?|euros?)\b"
)


# (what a question says, what the name of a fee for it says)
_ACTS = (
    (_ABROAD, _ABROAD),
    (re.compile(r"\b(?:send|sending|sent|transfer\w*|wire)\b"), re.compile(r"^(?!.*\bcard\b).*\bpayment\b")),
    (re.compile(r"\b(?:cash|atm|machine|withdraw\w*|take out|taking out)\b"), re.compile(r"\bcash\b")),
)


def _first(question: str, held: Sequence[Held]) -> Held:
    """The account that a question names, else the first, which is the customer's own current account."""
    text = plain(question)
    named = [h for h in held if any(w in text.split() for w in plain(h.account.name).split() if w not in ("account", "everyday"))]
    return named[0] if named else held[0]


def interest(question: str, balances: Mapping[AccountId, Money], held: Sequence[Held]) -> tuple[Held, Decimal, int, Money] | None:
    """(account, yearly rate in percent, days, interest) for an amount overdrawn or saved; None where that is not asked."""
    text = plain(question)
    amount = amount_in(question, _first(question, held).product.currency) if held else None
    if amount is None or not held or not (_EARNS.search(text) or _OVERDRAWN.search(text)):
        return None
    days = _days(text)
    one = _first(question, held)
    balance = balances.get(one.account.id)
    if _OVERDRAWN.search(text):
        rate = one.product.overdraft_rate
    else:
        rate = (
            one.product.rate(balance + amount if balance is not None and _MORE.search(text) else amount)
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
    ids = tuple(p.id for p in (quote.passage, *quote.others))
    return book.quote(f"quoted from “{quote.passage.title}”", quote.text, ids)
