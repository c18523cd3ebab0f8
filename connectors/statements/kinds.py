"""What a movement is, from the bank's own word for it and from cues in the statement text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from data.banking import Account, AccountKind, Kind
from data.party import AccountId

_PARTS = re.compile(r"[\W_]+")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", " ").split(", "))


# The bank's word in a type column, whole.
_SAID: dict[str, Kind] = {
    word: kind
    for kind, words in {
        Kind.PURCHASE: """deb, pos, card, card payment, card purchase, debit card, card transaction, visa, vis, contactless,
purchase""",
        Kind.PAYMENT: """dd, direct debit, so, sto, standing order, bp, bill payment, fpo, fp out, faster payment,
faster payments out, bacs, chq, cheque, payment, outward payment, online transaction, mobile banking, digital banking, tfr,
transfer, payment out""",
        Kind.CASH: "atm, cpt, cash, cash withdrawal, cash machine, cashpoint",
        Kind.FEE: "chg, charge, charges, fee, fees, bank charge",
        Kind.INTEREST: "int, interest",
        Kind.INCOME: """bgc, bank credit, bank giro credit, fpi, fp in, faster payments in, dep, deposit, salary, credit, cr,
payment in""",
        Kind.REFUND: "refund, reversal, card refund, chargeback",
    }.items()
    for word in _words(words)
}

# Words in a row, anywhere in the statement text.
_OWN = _words("""savings account, savings pot, to savings, from savings, own account, between accounts, round up,
internal transfer, cash isa, to isa, from isa, instant saver, regular saver, easy saver, premium bonds""")
_CASH = _words("atm, cash withdrawal, cash advance, cashpoint, cash machine, cash wdl, notemachine")
_FEE = _words("""cash advance fee, cash fee, overdraft fee, account fee, monthly fee, late payment fee, late fee, overlimit fee,
foreign transaction fee, non sterling fee, transaction fee, unpaid item fee, bank charge, bank charges, arranged overdraft,
unarranged overdraft, service charge, returned payment fee""")
_PAYMENT = _words("direct debit, standing order, bill payment, faster payment, bank transfer, cheque, rent, mortgage")
_REFUND = _words("refund, refunded, reversal, reversed, chargeback, returned goods, credit voucher")
_PAY = _words("salary, wages, payroll, universal credit, child benefit, state pension")
_INCOME = (*_PAY, *_words("pension, dividend, dwp, hmrc, bacs credit, income, benefits, deposit"))
# What a card statement calls the customer's own payment of the bill; statements cut it short ("thank you", "than").
_CARD_PAID = _words("payment received, direct debit payment, payment by direct debit, payment thank, autopay, balance transfer")
# The whole text: "Pinterest" and "conflict of interest ltd" are shops.
_INTEREST = _words("""interest, debit interest, credit interest, gross interest, interest charged, interest paid,
overdraft interest, purchase interest""")


@lru_cache(maxsize=1 << 15)
def kind(card: bool, leaves: bool, said: str, category: str, text: str) -> Kind | None:
    """The kind that the bank's word, else its category, else the text speaks for; None where nothing does.

    card: whether the account is a card. leaves: whether money leaves the account.
    """
    word = _plain(said).strip()
    told = _SAID.get(word)
    words = _plain(text)
    if card:
        return _on_card(leaves, told, words)
    return _leaving(told, words, _plain(category)) if leaves else _coming(told, words, _plain(category))


def _on_card(leaves: bool, told: Kind | None, words: str) -> Kind | None:
    """On a card nothing that leaves is a transfer, and what comes in is a refund but for the bill's payment and pay."""
    if not leaves:
        return Kind.TRANSFER if _has(words, _CARD_PAID) else Kind.INCOME if _has(words, _PAY) else None
    if told in (Kind.CASH, Kind.FEE, Kind.INTEREST):
        return told
    if _has(words, _FEE):
        return Kind.FEE
    if _only(words, _INTEREST):
        return Kind.INTEREST
    return Kind.CASH if _has(words, _CASH) else None


class Kinds:
    """Decides for the entries of one file, which has to be asked about in its order.

    key: makes texts comparable. bought: where accounts have purchases already, as (account, comparable text); those of the
    file are added, and a credit that meets one is a refund. progress: is told how
    many entries were read.
    """

    def __init__(self, key: Callable[[str], str], bought: set[tuple[AccountId, str]], progress: Callable[[int], None]) -> None:
        self.key, self.bought, self.progress = key, bought, progress

    def decide(self, account: Account, leaves: bool, text: str, told: Kind | None) -> Kind | None:
        """The kind; None for a credit that nothing speaks for: it is decided once all purchases of the file are known."""
        card = account.kind is AccountKind.CARD
        if told is None and not leaves and not card:
            return None
        if told is None:
            told = Kind.PURCHASE if leaves else Kind.REFUND
        if leaves and told is Kind.PURCHASE and not card:
            self.bought.add((account.id, self.key(text)))
        return told

    def of_credit(self, account: Account, text: str) -> Kind:
        return Kind.REFUND if (account.id, self.key(text)) in self.bought else Kind.INCOME


def _leaving(told: Kind | None, words: str, category: str) -> Kind | None:
    if told in (None, Kind.PAYMENT, Kind.INCOME) and (_has(words, _OWN) or _only(words, ("savings",))):
        return Kind.TRANSFER
    if told is not None and told not in (Kind.INCOME, Kind.REFUND):
        return told
    for cues, found in ((_FEE, Kind.FEE), (_CASH, Kind.CASH), (_PAYMENT, Kind.PAYMENT)):
        if _has(words, cues):
            return found
    if _only(words, _INTEREST):
        return Kind.INTEREST
    if _only(category, ("cash",)):
        return Kind.CASH
    return Kind.TRANSFER if _only(category, ("transfers", "savings", "internal transfers")) else None


def _coming(told: Kind | None, words: str, category: str) -> Kind | None:
    if told is Kind.REFUND or _has(words, _REFUND):
        return Kind.REFUND
    if told is Kind.INTEREST or _only(words, _INTEREST):
        return Kind.INTEREST
    if _has(words, _OWN) or _only(words, ("savings",)):
        return Kind.TRANSFER
    if told in (Kind.INCOME, Kind.PAYMENT) or _has(words, _INCOME) or _only(category, ("income", "salary", "benefits")):
        return Kind.INCOME
    # A card's credit is the shop's; a fee's or a cash machine's is the bank's.
    return Kind.REFUND if told in (Kind.PURCHASE, Kind.FEE, Kind.CASH) else None


def _plain(text: str) -> str:
    return f" {_PARTS.sub(' ', text.casefold()).strip()} "


def _has(words: str, cues: tuple[str, ...]) -> bool:
    return any(f" {cue} " in words for cue in cues)


def _only(words: str, cues: tuple[str, ...]) -> bool:
    return words.strip() in cues
