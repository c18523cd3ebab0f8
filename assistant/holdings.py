"""Tools over what the customer has at the bank beside money: cards, statements, the product of an account, contact details.

The question is read whole here for one thing only: which particular of it is asked. Where none is, everything is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from assistant.periods import Period
from assistant.resolve import Query
from assistant.spans import plain, words_of
from assistant.tools import Context, Line, ToolResult, finish, literal, only_files
from data.banking import Account, AccountKind, Card, Limit, Product, Statement
from data.facts import Fact, Outcome

# What a bank puts in the place of what it does not show.
MASK = "*"
# Words that ask for one particular of a card.
_FROZEN = re.compile(
    r"\b(?:un)?(?:frozen?|freez\w*|block\w*|lock(?:ed)?|activ\w*|work(?:s|ing)?|suspended|paused|on hold|usable|on or off|off)\b"
    r"|\b(?:refused|declined|rejected|wrong|the matter)\b"
)
_EXPIRES = re.compile(
    r"\b(?:expir\w*|runs? out|running out|valid|last(?:s|ing)? until|end date|out of date|renew\w*|good (?:for|till|until))\b"
)
_LIMIT = re.compile(r"\b(?:limits?|max\w*|most|how much|up to|cap)\b")
_CARD_LIMITS: Mapping[str, re.Pattern[str]] = {
    "cash-machine": re.compile(r"\b(?:cash|atm|machine|withdraw\w*|take out|daily|a day)\b"),
    "contactless": re.compile(r"\b(?:contactless|tap\w*)\b"),
}
# Words that ask for one particular of a product.
_OVERDRAFT = re.compile(r"\b(?:overdrafts?|overdrawn|in the red|how (?:far|low|deep))\b")
_EARNS = re.compile(r"\b(?:interest|rates?|aer|percent\w*|per cent|earn\w*)\b|%")
_EVERY_STATEMENT = re.compile(r"\b(?:list|all|how many|which|what|show|every|available|go back|there|any|statements)\b")
_SINGLE = re.compile(
    r"\b(?:last|latest|newest|recent|current|previous|closing|opening|balance|end(?:ed)?|start(?:ed)?|cover\w*)\b"
)
_CONTACTS: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "name": ("name", re.compile(r"\bnames?\b")),
    "address": ("address", re.compile(r"(?<!mail )\baddress(?:es)?\b|\b(?:post ?code|live|post(?:ed)?|letters?)\b")),
    "mobile": ("mobile number", re.compile(r"\b(?:phone|mobile|telephone|ring|text\w*|cell)\b|(?<!account )\bnumber\b")),
    "email": ("email address", re.compile(r"\be-?mails?\b")),
}  # fmt: skip


# What opens an account or pays with a card is shown to nobody; the end of a number only tells cards apart.
_SECRET = re.compile(
    r"\b(?:pin|cvv2?|cvc2?|security code|secret code|(?:three|3) (?:digits|numbers)|(?:card|long|full|whole|entire) numbers?"
    r"|(?:sixteen|16)[ -]digits?|numbers? (?:on|of) (?:the|my) (?:front|back|card))\b"
)
_END = re.compile(r"\b(?:last|final|ends?|ending) (?:with |in )?(?:four|4|few|digits?|numbers?|bit)?\b")
_SEVERAL_CARDS = re.compile(r"\b(?:cards|both|neither)\b|\bwhich (?:is|one|of|works?)\b")
# Words of account names that tell no account from another.
_ANY_ACCOUNT = frozenset(["account", "everyday", "current", "card", "the", "my"])


def _asked(query: Query, pattern: re.Pattern[str]) -> bool:
    return pattern.search(plain(query.step.spans.topic)) is not None


# Cards


def cards(query: Query, context: Context) -> ToolResult:
    """The customer's own cards, or one particular of them: whether they are frozen, until when they last, what they allow."""
    if refused := only_files(query, context):
        return refused
    if _asked(query, _SECRET) and not _asked(query, _END):
        return ToolResult(outcome=Outcome.REFUSE, lines=(Line(key="refuse.text"),))
    query = _narrowed(query)
    names = {account.id: account for account in query.accounts}
    credit = re.search(r"\bcredit cards?\b", plain(query.step.spans.topic)) is not None
    held = [card for card in context.live.cards if card.account in names and (not credit or card.kind == "credit")]
    if not held:
        context.say("cards.none", no=context.no("cards found"), kind="credit " if credit else "")
        return finish(query, context, None, outcome=Outcome.NONE)
    particulars = [tell for asked, tell in _CARD_TOLD if _asked(query, asked)]
    if not particulars:
        context.say("cards.head", count=context.book.count("cards", len(held), _evidence(held), "card"))
    for card in held:
        for tell in particulars or [_say_card]:
            tell(card, names[card.account], query, context)
    return finish(query, context, None)


def _narrowed(query: Query) -> Query:
    """ "My euro card": the card of the account that has the word in its name."""
    said = words_of(query.step.spans.topic) - _ANY_ACCOUNT
    named = tuple(a for a in query.accounts if words_of(a.name) & said)
    if _asked(query, _SEVERAL_CARDS):
        # "The normal one and the euro one": both are asked about, though the name of one tells it.
        return query
    return query.model_copy(update={"accounts": named}) if named and not query.named_account else query


def _evidence(held: Sequence[Card]) -> tuple[str, ...]:
    return tuple(f"card:{card.id}" for card in held)


def _named(card: Card, account: Account, context: Context) -> dict[str, Fact | str]:
    digits = context.book.name("last digits", card.last_digits, _evidence([card]))
    return {"card": literal(f"{card.scheme} {card.kind} card"), "digits": digits, "account": context.named(account)}


def _state(card: Card, context: Context) -> Fact:
    state = "frozen" if card.frozen else "active"
    if card.replacement_by is not None:
        state = "stopped, with a replacement on its way"
    return context.book.words("state", state, _evidence([card]))


def _say_card(card: Card, account: Account, query: Query, context: Context) -> None:
    slots = _named(card, account, context) | {"state": _state(card, context)}
    if card.expires is None:
        context.say("cards.row_open", **slots)
    else:
        context.say("cards.row", **slots, day=context.book.day("expires", card.expires, _evidence([card])))


def _say_frozen(card: Card, account: Account, query: Query, context: Context) -> None:
    context.say("cards.state", **_named(card, account, context), state=_state(card, context))


def _say_expiry(card: Card, account: Account, query: Query, context: Context) -> None:
    slots = _named(card, account, context)
    if card.expires is None:
        context.say("cards.no_expiry", **slots, no=context.no("expiry dates found"))
    else:
        context.say("cards.expires", **slots, day=context.book.day("expires", card.expires, _evidence([card])))


def _say_limits(card: Card, account: Account, query: Query, context: Context) -> None:
    wanted = [limit for limit in card.limits if (said := _CARD_LIMITS.get(limit.id)) is not None and _asked(query, said)]
    slots = _named(card, account, context)
    if not card.limits:
        context.say("cards.no_limits", **slots, no=context.no("limits found"))
    for limit in wanted or card.limits:
        if limit.amount is not None:
            amount = context.book.money("limit", limit.amount, _evidence([card]))
            context.say("cards.limit", **slots, limit=_lower(limit), amount=amount, per=limit.per)


def _lower(limit: Limit) -> str:
    return literal(limit.name[:1].lower() + limit.name[1:])


_CARD_TOLD: tuple[tuple[re.Pattern[str], Callable[[Card, Account, Query, Context], None]], ...] = (
    (_FROZEN, _say_frozen),
    (_EXPIRES, _say_expiry),
    (_LIMIT, _say_limits),
)


# Statements


def statements(query: Query, context: Context) -> ToolResult:
    """The statements that were made: those of a period, the latest of each account, or how many there are."""
    if refused := only_files(query, context):
        return refused
    period = next((p for p in query.periods if p.since is not None), None)
    made = {a.id: [s for s in context.live.statements if s.account == a.id and _within(s, period)] for a in query.accounts}
    if not any(made.values()):
        label = f" {period.label}" if period is not None and period.label else ""
        context.say("statements.none", no=context.no("statements found"), period=label)
        return finish(query, context, period, outcome=Outcome.NONE)
    listed = period is None and _asked(query, _EVERY_STATEMENT) and not _asked(query, _SINGLE)
    for account in query.accounts:
        if not (found := made[account.id]):
            continue
        if listed:
            _say_statements(found, account, context)
        else:
            for statement in found if period is not None else found[-1:]:
                _say_statement(statement, account, context)
    return finish(query, context, period)


def _within(statement: Statement, period: Period | None) -> bool:
    """Whether most of what a statement is of lies in a period, such as that of September in "September"."""
    if period is None or period.since is None:
        return True
    middle = statement.since + (statement.until - statement.since) / 2
    return period.since <= middle <= period.until


def _say_statement(statement: Statement, account: Account, context: Context) -> None:
    source = (f"statement:{statement.id}",)
    context.say(
        "statements.row",
        account=context.named(account),
        since=context.book.day("statement from", statement.since, source),
        until=context.book.day("statement to", statement.until, source),
        closing=context.book.money("closing balance", statement.closing, source, signed=True),
        opening=context.book.money("opening balance", statement.opening, source, signed=True),
    )


def _say_statements(found: Sequence[Statement], account: Account, context: Context) -> None:
    count = context.book.count("statements", len(found), tuple(f"statement:{s.id}" for s in found), "statement")
    first, last = (f"statement:{found[0].id}",), (f"statement:{found[-1].id}",)
    context.say(
        "statements.many",
        account=context.named(account),
        count=count,
        since=context.book.day("statements from", found[0].since, first),
        until=context.book.day("statements to", found[-1].until, last),
        closing=context.book.money("closing balance", found[-1].closing, last, signed=True),
    )


# The product of an account


def product(query: Query, context: Context) -> ToolResult:
    """What kind of account the customer has, or one particular of it: its arranged overdraft, the interest it earns."""
    if refused := only_files(query, context):
        return refused
    told = 0
    overdraft, earns = _asked(query, _OVERDRAFT), _asked(query, _EARNS)
    current = [a for a in query.accounts if a.kind is AccountKind.CURRENT]
    for account in (overdraft and current) or query.accounts:
        found = context.live.products.get(account.id)
        if found is None or (not query.named_account and not _about(found, overdraft, earns)):
            continue
        told += 1
        if not (overdraft or earns):
            name = context.book.name("product", literal(f"{found.name}, version {found.version}"), _product(found))
            context.say("product.kind", account=context.named(account), product=name, kind=f"{found.kind.value} account")
        if overdraft:
            _say_overdraft(account, found, context, rate=earns)
        elif earns:
            _say_rate(account, found, context)
    if not told:
        context.say("product.none", no=context.no("accounts of that kind"))
        return finish(query, context, None, outcome=Outcome.NONE)
    return finish(query, context, None)


def _about(found: Product, overdraft: bool, earns: bool) -> bool:
    """Whether a question about overdrafts or interest, with no account named, is about an account on this product."""
    if overdraft:
        return found.kind is AccountKind.CURRENT
    return bool(found.tiers) if earns else True


def _product(found: Product) -> tuple[str, ...]:
    return (f"product:{found.id}",)


def _say_overdraft(account: Account, found: Product, context: Context, *, rate: bool) -> None:
    live = next((b for b in context.live.balances if b.account == account.id), None)
    name = context.named(account)
    if live is not None and live.credit_line is not None and live.credit_line.minor > 0:
        context.say("product.overdraft", account=name, line=context.book.money("arranged overdraft", live.credit_line))
    else:
        context.say("product.no_overdraft", account=name, no=context.no("arranged overdraft"))
    if rate and found.overdraft_rate is not None:
        context.say("product.overdraft_rate", rate=context.book.rate("overdraft rate", found.overdraft_rate, _product(found)))
    if found.overdraft_most is not None:
        most = context.book.money("largest overdraft", found.overdraft_most, _product(found))
        context.say("product.overdraft_most", product=literal(found.name), most=most)


def _say_rate(account: Account, found: Product, context: Context) -> None:
    """The rate that the balance earns today, and what more in it would earn."""
    live = next((b for b in context.live.balances if b.account == account.id), None)
    name = context.named(account)
    if not found.tiers or live is None:
        context.say("product.no_rate", account=name, no=context.no("interest"))
        return
    earned = found.rate(live.booked)
    if earned is None:
        return
    rate = context.book.rate("interest rate", earned, _product(found))
    context.say("product.rate", account=name, rate=rate, booked=context.book.money("booked balance", live.booked, signed=True))
    for tier in (tier for tier in found.tiers if tier.above > live.booked):
        above = context.book.money("tier from", tier.above, _product(found))
        context.say("product.tier", above=above, rate=context.book.rate("rate of the tier", tier.rate, _product(found)))


# How the bank reaches the customer


def contact(query: Query, context: Context) -> ToolResult:
    """What the bank has on file, masked as it masks it; all of it where nothing particular is asked."""
    if refused := only_files(query, context):
        return refused
    found = context.live.contact
    if found is None:
        context.say("contact.none", no=context.no("contact details found"), what="contact details")
        return finish(query, context, None, outcome=Outcome.NONE)
    asked = [field for field, (_, said) in _CONTACTS.items() if _asked(query, said)]
    shown = 0
    for field in asked or _CONTACTS:
        what, value = _CONTACTS[field][0], getattr(found, field)
        if value:
            shown += 1
            context.say("contact.row", what=what, value=context.book.name(what, literal(value), (f"party:{found.party}",)))
        else:
            context.say("contact.none", no=context.no(f"{what} found"), what=what)
    if any(MASK in fact.value for fact in context.book.facts):
        context.say("contact.masked")
    return finish(query, context, None, outcome=Outcome.ANSWER if shown else Outcome.NONE)
