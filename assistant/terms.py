"""What the terms of the customer's own product come to: the fee, the limit or the rate that a question means, as served today."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from assistant import places
from assistant.numerals import in_figures
from assistant.pages import CURRENCY, Figure
from assistant.periods import NUMBERS
from assistant.spans import plain
from assistant.wordings import Embed, Wordings
from data.banking import Account, AccountKind, Fee, Limit, Product, Tier
from data.errors import InvalidCurrency
from data.money import Money
from data.party import AccountId, Frozen

_WORD = re.compile(r"[a-z]{3,}")
_NO_LETTERS = re.compile(r"[^a-z]+")


class Held(Frozen):
    """An account with the product version that it is on, as the bank's service says today."""

    account: Account
    product: Product


class Charged(NamedTuple):
    """A fee. cost: what it comes to for the amount asked about, where there is one. times: how often it is charged; cost is then
    of them all, and held at the most that a month may cost."""

    fee: Fee
    cost: Money | None
    amount: Money | None
    times: int = 1


class Reached(NamedTuple):
    """The yearly rate in percent of a balance that is asked about."""

    balance: Money
    rate: Decimal


class Overdraft(NamedTuple):
    """The largest overdraft that may be arranged, and its yearly rate in percent."""

    most: Money | None
    rate: Decimal | None


class Earned(NamedTuple):
    """Interest of some days at a yearly rate in percent. balance: what it is on, where nobody named an amount."""

    held: Held
    rate: Decimal
    days: int
    interest: Money
    balance: Money | None = None


class Term(NamedTuple):
    """What a question asks of the terms of an account. said: a fee, a limit, the overdraft, or the rates by balance or of one."""

    held: Held
    said: Charged | Limit | Reached | tuple[Tier, ...] | Overdraft

    @property
    def figures(self) -> frozenset[Figure]:
        """The figures of the term itself, as a page would state them."""
        said = self.said
        if isinstance(said, Charged):
            return _figures([said.fee.amount], [said.fee.percent])
        if isinstance(said, Limit):
            return _figures([said.amount], [])
        if isinstance(said, Overdraft):
            return _figures([said.most], [said.rate])
        if isinstance(said, Reached):
            return _figures([], [said.rate])
        return _figures([], [tier.rate for tier in said])


# Measured on the questions about pages: from here on a term is the one that is meant, if it is nearer than what is no term.
FLOOR, APART = 0.72, 0.0
# A fee is asked about by what it costs: who wants money back, or to cancel something, asks for none; "how much can I" is a limit.
_COSTS = re.compile(
    r"\b(?:fees?|charge[ds]?|charging|costs?|extra|damage|on top|price|penalty|do you (?:take|add)|your cut|lose"
    r"|how much(?! (?:\S+ )?(?:can|may|could) (?:i|we)\b)"
    r"|(?:will|do|would) i pay|free)\b"
)
_EARNS = re.compile(
    r"\b(?:interest|earns?|earned|earning|grow|bring (?:me|us|in)|make (?:me|us)|what more do i get)\b"
    # Money that a rate was asked for.
    r"|\brate\b.*\b(?:how much|what)\b.*\b(?:a|per|each|every) (?:year|month|week)\b"
)
# What is there now, left alone for some days.
_WOULD_EARN = re.compile(r"\b(?:will|would|should|going to|if|leave|keep)\b")
_OVERDRAWN = re.compile(r"\b(?:overdrawn|overdraft|in the red|minus)\b")
_MORE = re.compile(r"\b(?:another|more|add|extra|on top)\b")
_DAYS = re.compile(
    rf"\b(?P<n>\d+|{'|'.join(sorted(NUMBERS, key=len, reverse=True))}) (?:whole |full )?"
    r"(?P<unit>day|week|fortnight|month|year)s?\b"
)
_LENGTH = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}
YEAR = Decimal(365)


_AMOUNT = re.compile(
    r"(?P<sign>[£€$])?\s?(?<![\d.])(?P<number>\d[\d,]*(?:\.\d{1,2})?|a thousand|another thousand|a hundred|ten thousand)"
    r"\s?(?P<k>k|grand|thousand)?\b(?!\s?%|\s*(?:days?|weeks?|months?|years?|hours?|times?|working|am|pm|of my|:\d))"
    r"\s*(?P<word>euros?|eur|dollars?|usd|pounds?|quid|gbp)?"
)
_WORDED = {"a thousand": 1000, "another thousand": 1000, "a hundred": 100, "ten thousand": 10_000}
_BY_WORD = {"e": "EUR", "d": "USD", "u": "USD", "p": "GBP", "q": "GBP", "g": "GBP"}


def amount_in(question: str, currency: str) -> Money | None:
    """The amount that a question names last, in the currency that is said with it, else in `currency`."""
    found = list(_AMOUNT.finditer(in_figures(plain(question))))
    if not found:
        return None
    match = found[-1]
    number = Decimal(_WORDED.get(match["number"], 0)) or Decimal(match["number"].replace(",", ""))
    said = CURRENCY.get(match["sign"] or "") or _BY_WORD.get((match["word"] or " ")[0])
    return Money.of(number * (1000 if match["k"] else 1), said or currency)


def _figures(amounts: Iterable[Money | None], rates: Iterable[Decimal | None]) -> frozenset[Figure]:
    money = {(Decimal(a.plain), str(a.currency)) for a in amounts if a is not None}
    return frozenset(money | {(r, "%") for r in rates if r is not None})


class Terms:
    """Reads which term a question means by the wordings nearest to it."""

    def __init__(self, embed: Embed, wordings: Wordings) -> None:
        self.embed, self.wordings = embed, wordings

    def meant(self, question: str, held: Sequence[Held]) -> Term | None:
        """The term that a question means, of the account that it names or the first that has it; None where none is near.

        Blocking.
        """
        if not held:
            return None
        text = _AMOUNT.sub(" £50 ", in_figures(plain(question)))
        (vector,) = self.embed([text])
        acts = _acts(text)
        near = {meaning[0]: one.both + _fits(meaning[0], acts) for meaning, one in self.wordings.near(text, vector).items()}
        names = [name for name in near if _asks_for(name, text)]
        for name in sorted(names, key=lambda name: -near[name]):
            if near[name] < max(FLOOR, near[NO_TERM] + APART):
                return None
            meant = _in_turn(question, held)
            if name.startswith("fee ") and meant[0].account.kind is not AccountKind.CURRENT:
                # What savings have no fee for is done from another account: none are sent by CHAPS.
                meant = (*meant, *held)
            for one in meant:
                amount = amount_in(question, one.product.currency)
                of = _where(name, amount, one.product, plain(question))
                if (said := _term(of, one.product, amount, _times(plain(question)))) is not None:
                    return Term(one, said)
        return None


# Who wants the interest of an overdraft stopped, or less of it, asks for no figure, unless they ask for one too.
_LESS = re.compile(r"\b(?:stop\w*|freeze|frozen|pause\w*|lower|reduce\w*|waive\w*|discount\w*|cheaper|less|help)\b")
_RATE_ASKED = re.compile(r"\b(?:what|what's|whats|how|which|rates?|percent\w*|charge[ds]?|cost\w*|pay|much)\b|%")


def _asks_for(term: str, text: str) -> bool:
    """Whether a question may ask for a figure of this kind."""
    if term.startswith("fee "):
        return _COSTS.search(text) is not None
    return term != "overdraft rate" or _LESS.search(text) is None or _RATE_ASKED.search(text) is not None


def _where(term: str, amount: Money | None, product: Product, text: str) -> str:
    """The term of cash for what is taken out: no machine here gives another country's money."""
    if term != "fee cash-uk":
        return term
    abroad = (amount is not None and amount.currency != product.currency) or places.is_abroad(_NO_LETTERS.sub(" ", text))
    return "fee cash-abroad" if abroad else term


NO_TERM = "other"
# What is done with the money: the words of a question for it, and the terms about it. Cosines hardly tell "in" from "out".
_ACTS = (
    (
        re.compile(
            r"\b(?:pay|paying|paid|put|putting|bring)(?: \S+){0,3} in(?:to)?\b|\bdeposit(?:s|ed|ing)\b"
            # What a solicitor or a hotel wants is a thing, and is sent.
            r"|(?<!\ba )(?<!\bthe )(?<!\bmy )(?<!\bour )(?<!\bhouse )(?<!\bhotel )(?<!\brent )"
            r"\bdeposit\b(?! (?:fund|account|pot|saver)\b)"
        ),
        frozenset(
            ["limit cash-deposit", "limit cheque-photo", "limit deposit", "limit subscription", "limit opening", "limit balance"]
        ),
    ),
    (
        re.compile(
            r"\b(?:take|taking|took|get|getting)(?: \S+){0,5} (?:out|from)\b|\bwithdraw\w*|\b(?:cash ?)?machines?\b"
            r"|\batms?\b|\bcash ?points?\b"
        ),
        frozenset(
            ["limit cash-machine", "limit withdrawals", "fee cash-abroad", "fee cash-other", "fee cash-uk", "fee early-closure"]
        ),
    ),
    (
        re.compile(r"\b(?:send|sending|sent|transfer\w*|wire|wiring|chaps|swift|sepa)\b"),
        frozenset(
            [
                "fee euro-payment",
                "fee international-payment",
                "fee chaps",
                "fee transfer-out",
                "limit online-payment",
                "limit new-payee",
            ]
        ),
    ),
    (
        re.compile(r"\b(?:dinner|lunch|meal|restaurant|hotel|shop|buy|buying|bought|purchase|paying|pay something)\b"),
        frozenset(["fee non-sterling", "fee non-euro", "limit contactless"]),
    ),
)
FITTING, UNFITTING = 0.05, -0.25


def _acts(text: str) -> frozenset[int]:
    """What a question says is done; who takes out cash may say "pay" of what it costs."""
    said = frozenset(n for n, (asked, _) in enumerate(_ACTS) if asked.search(text))
    return said - {3} if len(said) > 1 else said


def _fits(term: str, acts: frozenset[int]) -> float:
    own = {n for n, (_, terms) in enumerate(_ACTS) if term in terms}
    if not own or not acts:
        return 0.0
    return FITTING if own & acts else UNFITTING


def _in_turn(question: str, held: Sequence[Held]) -> Sequence[Held]:
    """The accounts that a question may be about: the one that it names, else all, the customer's own current account first."""
    one = _named_account(question, held)
    if one is None and _EUROS.search(plain(question)):
        one = next((h for h in held if h.product.currency == "EUR"), None)
    return held if one is None else (one,)


# How much in euros is asked of an account in euros; what so many euros cost is asked of any.
_EUROS = re.compile(r"\bhow (?:much|many) euros?\b")


def _term(
    name: str, product: Product, amount: Money | None, times: int
) -> Charged | Limit | Reached | tuple[Tier, ...] | Overdraft | None:
    kind, _, id = name.partition(" ")
    if kind == "fee" and (fee := product.fee(id)) is not None:
        return _charged(fee, product, amount, times)
    if kind == "limit":
        return product.limit(id)
    if kind == "rate":
        # Of so much as one that nothing is added to.
        reached = product.rate(amount) if amount is not None and amount.currency == product.currency and product.tiers else None
        return (Reached(amount, reached) if amount is not None and reached is not None else product.tiers) or None
    if kind == "overdraft" and product.overdraft_most is not None:
        return Overdraft(product.overdraft_most, None) if id == "most" else Overdraft(None, product.overdraft_rate)
    return None


def _charged(fee: Fee, product: Product, amount: Money | None, times: int) -> Charged | None:
    if fee.percent is None:
        if fee.amount is None:
            return None
        each = fee.amount
        cost = Money(minor=each.minor * times, currency=each.currency)
        most = fee.month_most
        return Charged(fee, cost if most is None or cost.minor < most.minor else most, None, times)
    try:
        return Charged(fee, fee.on(amount) if amount is not None else None, amount)
    except InvalidCurrency:
        return Charged(fee, None, None)


_SOME = "|".join(word for word in NUMBERS if word not in ("a", "an", "few", "one"))
# What a fee is charged for each, and how many of them: "three direct debits", "3 cheques", "all three".
_TIMES = re.compile(
    rf"\b(?P<n>\d{{1,2}}|{_SOME}) (?:of (?:them|my|these) )?"
    r"(?:\S+ )?(?:direct debits?|standing orders?|payments?|cheques?|cards?|transfers?|statements?|copies|times)\b"
    rf"|\b(?:all|for) (?P<all>{_SOME})\b(?! (?:day|week|fortnight|month|year|hour|pound|euro|quid))"
)


def _times(text: str) -> int:
    """How often a fee is asked about, 1 where nobody says."""
    match = _TIMES.search(text)
    said = (match["n"] or match["all"]) if match else "one"
    return int(said) if said.isdigit() else NUMBERS[said]


def named(question: str, products: Iterable[Product]) -> frozenset[str]:
    """The ids of products on sale that a question calls by name: "the fixed saver", "student account"."""
    text = plain(question)
    words = set(_WORD.findall(text)) | ({"fixed"} if _LOCKED_AWAY.search(text) else set())
    found = set()
    for product in products:
        telling = set(_WORD.findall(plain(product.name))) - _ANY_PRODUCT
        if product.until is None and telling and telling <= words:
            found.add(product.id)
    return frozenset(found)


# What a fixed rate is for, in the words of those who do not know the name.
_LOCKED_AWAY = re.compile(
    r"\b(?:lock|fix|tie|tuck|put)(?:ed|ing|s)?\b.*\b(?:away|up|for) (?:for )?(?:a|one|1|the|two|2) (?:whole )?years?\b"
    r"(?=.*\brates?\b|.*\b(?:fix\w*|lock\w*)\b)|\b(?:lock|fix|tie)(?:ed|ing|s)? (?:\S+ ){0,4}(?:away|up|in)\b(?=.*\byear)"
)
_ANY_PRODUCT = frozenset(["account", "current", "saver", "savings", "everyday", "rate", "year", "one", "two", "the"])


def with_products(question: str, held: Sequence[Held]) -> str:
    """A question with the products of the accounts that it names: a "holiday jar" is a Flexible Saver to the pages."""
    text = plain(question)
    names = [h.product.name for h in held if _last_place(text, h) >= 0]
    return f"{question} ({', '.join(dict.fromkeys(names))})" if names else question


# What customers call the current account that they use most.
_USUAL = re.compile(r"\b(?:normal|usual|main|everyday|current|regular|pound|sterling)\b(?= (?:current )?(?:account|card|one)\b)")


def _named_account(question: str, held: Sequence[Held]) -> Held | None:
    """The account that a question names last: by its name, by what it is, or as the usual one; None where it names none."""
    text = plain(question)
    said = [(place, -n) for n, one in enumerate(held) if (place := _last_place(text, one, alone=True)) >= 0]
    said += [(match.start(), 0) for match in _USUAL.finditer(text)]
    return held[-max(said)[1]] if said else None


def _last_place(text: str, one: Held, *, alone: bool = False) -> int:
    """Where a text names an account last, -1 where it does not. A word that is on many things needs a noun: "the euro card".

    alone: a name of one such word is one where it is said to be theirs, "my savings", though it may be their kind as well.
    """
    name = plain(one.account.name)
    words = {*name.split(), *plain(one.product.name).split()} - {"account", "current", "everyday", "cash", "rate", "year", "one"}
    theirs = rf"\b(?:my|our) {re.escape(name)}\b" if alone else r"(?!)"
    place = text.rfind(name) if " " in name else max((m.start() for m in re.finditer(theirs, text)), default=-1)
    for word in words:
        named = rf"\b{re.escape(word)}\b(?= (?:current )?(?:account|card|saver|savings|pot|jar|one)\b)"
        if word not in _ANY_PRODUCT | {"euro"}:
            named += rf"|\b(?:my|the|our|into?|from) {re.escape(word)}\b"
        place = max(place, *(match.start() for match in re.finditer(named, text)), -1)
    return place


def others(question: str, held: Sequence[Held], products: Iterable[Product]) -> bool:
    """Whether a question names a product that the customer does not hold: its terms are on its page, not on their account."""
    text = plain(question)
    own = {one.product.name for one in held}
    meant = {p.name for p in products if p.id in named(question, [p])} - own
    return any("euro" not in plain(name) or re.search(r"\beuro (?:current )?(?:account|card)\b", text) for name in meant)


def asks_interest(question: str) -> bool:
    """Whether a question asks what days of being overdrawn cost, or what money will earn when it is left: no payment says so."""
    text = plain(question)
    if _DAYS.search(text) is None or _PAST.search(text):
        return False
    if _OVERDRAWN.search(text):
        return amount_in(question, "GBP") is not None and _COSTS.search(text) is not None
    return _INTEREST.search(text) is not None and _WOULD_EARN.search(text) is not None


_INTEREST = re.compile(r"\b(?:interest|earn|grow|bring (?:me|us|in)|make (?:me|us))\b")
_PAST = re.compile(r"\b(?:did|have (?:i|we)|has|had|was|were|been|earned|got|paid|came|last (?:week|month|year))\b")


def interest(question: str, balances: Mapping[AccountId, Money], held: Sequence[Held]) -> Earned | None:
    """What an amount overdrawn or saved comes to in interest, or what is there when it is left alone for the days that are said;
    None where that is not asked."""
    text = plain(question)
    overdrawn = _OVERDRAWN.search(text) is not None
    if not held or not (_EARNS.search(text) or overdrawn):
        return None
    saving = next((h for h in held if h.product.tiers), held[0])
    one = _named_account(question, held) or (held[0] if overdrawn else saving)
    amount = amount_in(question, one.product.currency)
    balance = balances.get(one.account.id)
    left = None
    if amount is None and not overdrawn and _DAYS.search(text) and _WOULD_EARN.search(text) and _named_account(question, held):
        amount = left = balance
    if amount is None:
        return None
    days = _days(text)
    if overdrawn:
        rate = one.product.overdraft_rate
    else:
        more = left is None and balance is not None and _MORE.search(text) is not None
        rate = one.product.rate(balance + amount if balance is not None and more else amount) if one.product.tiers else None
    if rate is None or amount.currency != one.product.currency:
        return None
    return Earned(one, rate, days, amount.share(rate / 100 * days / YEAR, ROUND_HALF_EVEN), left)


def _days(text: str) -> int:
    """The days that were said last, a year where none were."""
    said = list(_DAYS.finditer(text))
    if not said:
        return _LENGTH["year"]
    number = said[-1]["n"]
    return (int(number) if number.isdigit() else NUMBERS[number]) * _LENGTH[said[-1]["unit"]]
