"""A write that a model proposes, in words, made into an order: with the origin of every value, and nothing of it done.

Whom money may go to has to be named by the customer, be kept by the bank for them, or stand in what they pasted. Any other value
may be of anybody's: it is marked as that, and shown with its source.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from assistant import orders
from assistant.orders import PASTED, Around, Draft, Several, as_reference, days_of, matching
from assistant.pasted import Said
from assistant.pasted import bill as read_bill
from assistant.spans import accounts_named, plain, words_of
from data.actions import Action, Origin, Payee
from data.banking import Beneficiary
from data.facts import Fact
from data.money import Money
from data.party import Frozen

# What a model may propose: the tool, its action, its arguments, and those of them that it has to give.
WRITES: Mapping[str, tuple[Action, tuple[str, ...], tuple[str, ...]]] = {
    "pay": (Action.PAY, ("to", "amount", "reference", "on", "account"), ("to", "amount")),
    "transfer": (Action.TRANSFER, ("to", "amount", "on", "account"), ("to", "amount")),
    "add_payee": (Action.ADD_BENEFICIARY, ("to",), ("to",)),
    "freeze_card": (Action.FREEZE_CARD, ("card",), ()),
    "unfreeze_card": (Action.UNFREEZE_CARD, ("card",), ()),
    "replace_card": (Action.REPLACE_CARD, ("card",), ()),
}
# Where a value was read from, in words for the customer.
NOT_SAID = "something you did not say"
SAVED = "your list of payees, where you did not choose it"
OWN = "the list of your accounts, where you did not choose it"


class Proposed(Frozen):
    """A write as a model asks for it. to: a name, or a sort code and account number with or without one. amount: an amount, or
    the reference of a fact that is one. on: a day. card, account: which."""

    action: Action
    to: str = ""
    amount: str = ""
    reference: str = ""
    on: str = ""
    account: str = ""
    card: str = ""

    @classmethod
    def of(cls, tool: str, arguments: Mapping[str, Any]) -> Proposed:
        """Raises ValueError, saying what is wrong, for arguments that are not those of the tool."""
        action, takes, needs = WRITES[tool]
        if strange := arguments.keys() - set(takes):
            raise ValueError(f"{tool} takes no {', '.join(sorted(strange))}")
        words = {name: value.strip() for name, value in arguments.items() if isinstance(value, str) and len(value) <= LONGEST}
        if missing := [name for name in arguments if name not in words] or [name for name in needs if not words.get(name)]:
            raise ValueError(f"{', '.join(missing)} of {tool} is words, up to {LONGEST} characters")
        return cls(action=action, **words)


LONGEST = 140


class Nobody(ValueError):
    """Whom it is to go to, or the payment that is to be repeated, is none that is known."""


class Source(NamedTuple):
    """Content that somebody else may have written. said: what it is called to the customer."""

    said: str
    text: str


class Counterparty(NamedTuple):
    """Somebody who paid the customer or was paid by them: the latest such day, and how much it ever was."""

    name: str
    identification: str
    on: dt.date
    amounts: frozenset[Money] = frozenset()


@dataclass(frozen=True)
class Found:
    """What a proposal is held against. own: the customer's own words lately, oldest first. facts, sources: what this turn has
    found. paid: whom the bank has them paying, or being paid by."""

    own: Sequence[str]
    around: Around
    facts: Mapping[str, Fact]
    sources: Sequence[Source]
    paid: Sequence[Counterparty] = ()

    @property
    def pasted(self) -> str:
        return next((one.text for one in self.sources if one.said == PASTED), "")


def drafted(asked: Proposed, found: Found) -> Draft | Several:
    """The order that a proposal comes to. Raises ValueError, saying why, for one that names nobody who may be meant."""
    said = Draft(action=asked.action, proposed=True)
    for message in found.own:
        said, _ = orders.read(message, said, found.around)
    draft = Draft(action=asked.action, proposed=True, why=said.why)
    if asked.to:
        to = _payee(asked, found)
        if isinstance(to, Several):
            return to
        other = said.payee is not None and to.payee is not None and said.payee.identification != to.payee.identification
        if other and to.origins["payee"][0] is Origin.DATA:
            raise ValueError("the customer named somebody else")
        draft = to
    if asked.card and not any(words_of(plain(asked.card)) <= words_of(plain(message)) for message in found.own):
        draft = draft.having("cards", Origin.DATA, NOT_SAID)
    if asked.amount:
        draft = _amount(asked.amount, draft, found)
        if orders.says_same(said.repeat) and draft.origins["amount"] != _CUSTOMER and not _as_before(draft, found):
            raise Nobody("the customer said an amount of before, and that is none")
    if asked.account:
        draft = _account(asked.account, draft, found)
    if asked.on:
        draft = _day(asked.on, draft, found)
    if asked.reference and (reference := as_reference(asked.reference)):
        own = any(plain(reference) in plain(as_written(message)) for message in found.own)
        origin = _CUSTOMER if own else _seen(reference, found)
        # It goes to somebody outside, and nobody looks for their own balance in it: of what was read nothing goes there.
        if origin in (_CUSTOMER, (Origin.DATA, PASTED)):
            draft = draft.having("reference", *origin, reference=reference)
    return draft


_CUSTOMER = (Origin.CUSTOMER, "")


def as_written(text: str) -> str:
    """A text in the characters that a reference may have, at its whole length."""
    return " ".join(re.sub(r"[^A-Za-z0-9 &'./+-]", " ", text).split())


def _seen(words: str, found: Found) -> tuple[Origin, str]:
    """The source that words stand in."""
    said = plain(words)
    where = next((one.said for one in found.sources if said in plain(as_written(one.text))), NOT_SAID)
    return Origin.DATA, where


def _payee(asked: Proposed, found: Found) -> Draft | Several:
    draft, to, around = Draft(action=asked.action, proposed=True), asked.to, found.around
    if (number := orders.details_of(to)) is not None:
        return _by_number(number, asked, found)
    if asked.action is Action.TRANSFER:
        return _own_account(draft, to, found)
    among = matching(to, around.beneficiaries)
    if len(among) > 1:
        return Several(field="payee", said=to, names=tuple(one.name for one in among))
    if among:
        named = any(words_of(plain(to)) <= words_of(plain(message)) for message in found.own)
        return _saved(draft, among[0], named)
    people = {one.identification: one for one in found.paid if words_of(plain(one.name)) == words_of(plain(to))}
    if len(people) > 1:
        return Several(field="payee", said=to, names=tuple(one.name for one in people.values()))
    if not people:
        raise Nobody("that is nobody whom the customer named with an account number, has saved, pays or was paid by")
    return _known(draft, next(iter(people.values())))


def _by_number(number: str, asked: Proposed, found: Found) -> Draft:
    draft = Draft(action=asked.action, proposed=True)
    own = any(number in orders.all_details(message) for message in found.own)
    saved = next((one for one in found.around.beneficiaries if re.sub(r"\D", "", one.identification) == number), None)
    if saved is not None:
        return _saved(draft, saved, own)
    known = next((one for one in found.paid if one.identification == number), None)
    name = orders.bare_name(asked.to) or (known.name if known else "")
    if own:
        name = next((one for message in found.own if (one := orders.bare_name(message))), name)
        return _whose(draft, number, name, _CUSTOMER)
    if number in orders.all_details(found.pasted):
        bill = read_bill(found.pasted)
        named = bill.payee.words if bill is not None and isinstance(bill.payee, Said) else ""
        # Whose it is, the text says or the customer: a model's word for it is nobody's.
        return _whose(draft, number, named or (name if name in found.pasted else ""), (Origin.DATA, PASTED))
    if known is not None:
        return _known(draft, known)
    raise Nobody("neither the customer nor the bank knows that account number")


def _saved(draft: Draft, payee: Beneficiary, named: bool) -> Draft:
    filled = orders.to_saved(payee, draft)
    return filled if named else filled.having("payee", Origin.DATA, SAVED)


def _known(draft: Draft, one: Counterparty) -> Draft:
    return _whose(draft, one.identification, one.name, (Origin.DATA, f"a payment of {one.on:%-d %B %Y} in your account"))


def _whose(draft: Draft, number: str, name: str, origin: tuple[Origin, str]) -> Draft:
    payee = Payee(name=name[: orders.LONGEST_NAME], scheme=orders.SORT_CODE, identification=number)
    return draft.having("payee", *origin, payee=payee, said=name)


def _own_account(draft: Draft, to: str, found: Found) -> Draft | Several:
    there = orders.own_accounts(to, found.around)
    if len(there) > 1:
        return Several(field="payee", said=to, names=tuple(one.name for one in there))
    if not there:
        raise ValueError("the customer has no such account")
    account = there[0]
    named = any(account in accounts_named(message, found.around.accounts) for message in found.own)
    return orders.to_own(account, draft, *((Origin.BENEFICIARY, "") if named else (Origin.DATA, OWN)))


def _amount(words: str, draft: Draft, found: Found) -> Draft:
    """An amount that the customer said is theirs, whoever says it again."""
    home = found.around.accounts[0].currency if found.around.accounts else "GBP"
    fact = found.facts.get(words.strip("{} "))
    if fact is not None:
        if not re.fullmatch("[A-Z]{3}", fact.unit):
            raise ValueError(f"{words} is no amount")
        money, origin = abs(Money.of(fact.value, fact.unit)), (Origin.DATA, f"what I looked up ({fact.label})")
    else:
        said = orders.amounts(words, home)
        if len(said) != 1:
            raise ValueError("the amount is one amount, such as £25, or the reference of a fact that is one")
        money, origin = said[0], _where(said[0], found, home)
    if any(money in orders.amounts(message, home) for message in found.own):
        origin = _CUSTOMER
    return draft.having("amount", *origin, amount=money)


def _as_before(draft: Draft, found: Found) -> bool:
    """Whether the payee was paid, or paid, so much before."""
    number = draft.payee.identification if draft.payee is not None else ""
    return any(draft.amount in one.amounts for one in found.paid if one.identification == number)


def _where(money: Money, found: Found, home: str) -> tuple[Origin, str]:
    return Origin.DATA, next((one.said for one in found.sources if money in orders.amounts(one.text, home)), NOT_SAID)


def _account(words: str, draft: Draft, found: Found) -> Draft:
    there = orders.own_accounts(words, found.around)
    if len(there) != 1:
        raise ValueError("the customer has no such account, or several")
    named = any(there[0] in accounts_named(message, found.around.accounts) for message in found.own)
    return draft.having("account", *(_CUSTOMER if named else (Origin.DATA, OWN)), account=there[0].id)


def _day(words: str, draft: Draft, found: Found) -> Draft:
    today = found.around.today
    try:
        days = [dt.date.fromisoformat(words)]
    except ValueError:
        days = days_of(plain(words), today)
    if len(days) != 1 or days[0] < today:
        raise ValueError("that is no one day to come")
    day = days[0]
    own = any(day in days_of(plain(message), today) or day.isoformat() in message for message in found.own)
    return draft.having("on", *(_CUSTOMER if own else _seen(words, found)), on=day if day > today else None)
