"""What tools share: the context they run in, what they return, and how a scope is put into words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import Field

from assistant.merchants import How, Match
from assistant.periods import Period, shown
from assistant.resolve import Query
from assistant.spans import Known
from data.banking import (
    SPENDING,
    Account,
    Balance,
    Beneficiary,
    Card,
    Check,
    Contact,
    DirectDebit,
    Kind,
    Product,
    ScheduledPayment,
    StandingOrder,
    Statement,
)
from data.errors import CounterfoilError, NotAuthenticated, ScopeMissing
from data.facts import ConfirmationEvent, Fact, FactBook, Outcome, ReceiptEvent, Scope, Series, StepUpEvent
from data.money import Money
from data.party import AccountId, Frozen, Role
from data.queries import Queries, Row, Selection, Sum


class Line(Frozen):
    """A message of the catalogue and what stands in its places: "{f1}" for a fact, or words that code made."""

    key: str
    slots: Mapping[str, str] = Field(default_factory=dict)


class ToolResult(Frozen):
    """What one step found. The lines are the answer in order; every figure in them is one of the facts.

    citations: (passage id, title) of pages that are quoted. unknown: a name was said that nobody has whom the customer paid, or
    that no product has. events: what the turn tells beside sentences: what waits for a yes, and what became of it.
    """

    outcome: Outcome
    lines: tuple[Line, ...]
    facts: tuple[Fact, ...] = ()
    scope: Scope = Scope()
    chart: Series | None = None
    choices: tuple[str, ...] = ()
    citations: tuple[tuple[str, str], ...] = ()
    unknown: bool = False
    events: tuple[ConfirmationEvent | StepUpEvent | ReceiptEvent, ...] = ()


@dataclass(frozen=True)
class Live:
    """What the bank's services said just now; empty for accounts that come from files. products: what each account is on.

    offers: the products that are asked about, each with what the customer must be to have it.
    """

    balances: Sequence[Balance] = ()
    standing_orders: Sequence[StandingOrder] = ()
    direct_debits: Sequence[DirectDebit] = ()
    scheduled: Sequence[ScheduledPayment] = ()
    beneficiaries: Sequence[Beneficiary] = ()
    cards: Sequence[Card] = ()
    statements: Sequence[Statement] = ()
    products: Mapping[AccountId, Product] = field(default_factory=dict)
    contact: Contact | None = None
    offers: Sequence[tuple[Product, Sequence[Check]]] = ()


@dataclass
class Context:
    """One step of one turn, for one login. `own` are the account ids that policy allowed; roles: of the login in each account."""

    queries: Queries
    known: Known
    own: tuple[AccountId, ...]
    now: dt.datetime
    live: Live
    files: frozenset[AccountId]
    fed_at: dt.datetime | None
    book: FactBook
    category_names: dict[str, str]
    roles: Mapping[AccountId, Role] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    @property
    def today(self) -> dt.date:
        return self.known.today.date

    def say(self, key: str, **slots: Fact | str) -> None:
        self.lines.append(Line(key=key, slots={n: "{" + s.ref + "}" if isinstance(s, Fact) else s for n, s in slots.items()}))

    def no(self, label: str, word: str = "no") -> Fact:
        """An absence, which is a finding too: nothing matched in the whole scope."""
        return self.book.absent(label, word)

    def named(self, account: Account) -> str:
        """An account in a sentence, as what it is to the customer: theirs, shared, by mandate, or one that they may look at."""
        name, role = literal(account.name), self.roles.get(account.id, Role.HOLDER)
        if role is Role.JOINT:
            return f"your {name}" if "joint" in account.name.casefold() else f"your joint {name}"
        whose = f" of {literal(account.holders)}" if account.holders else ""
        if role is Role.MANDATE:
            return f"the {name}{whose}, by mandate"
        return f"the {name}{whose}, which you may view" if role is Role.VIEWER else name

    def accounts(self, query: Query) -> tuple[AccountId, ...]:
        return tuple(a.id for a in query.accounts if a.id in self.own)

    def category(self, name: str) -> str:
        return self.category_names.get(name, name) or "uncategorised"


def literal(name: str) -> str:
    """Text from data for a place in a sentence: braces would read as references."""
    return name.replace("{", "(").replace("}", ")")


def not_asked(error: CounterfoilError, unavailable: str) -> Line:
    """Why a service told nothing: what the customer can mend is not called its failure. unavailable: a key with a `service`."""
    if isinstance(error, NotAuthenticated):
        return Line(key="error.login")
    if isinstance(error, ScopeMissing):
        return Line(key="error.scope")
    return Line(key=unavailable, slots={"service": getattr(error, "service", "identity")})


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in a sentence: "A, B and C"; a long list ends in "others"."""
    names = [literal(n) for n in names]
    if len(names) > most:
        names = [*names[: most - 1], "others"]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def period_of(query: Query, context: Context, place: int = 0) -> Period:
    """The period asked about; without one, all that is held, which the label then says."""
    if len(query.periods) > place:
        period = query.periods[place]
        if period.since is not None or period.open_end or period.label:
            return period
    held = context.queries.held(context.accounts(query), context.today)
    label = f"since {shown(held[0])}, the first day I have" if held else ""
    return Period(since=None, until=context.today, label=label)


def select(
    query: Query, context: Context, period: Period, *, incoming: bool | None = False, kinds: tuple[Kind, ...] | None = None
) -> Selection:
    """The rows a query means. Without a name or a category, debits are spending: own transfers are left out."""
    named = query.matches or query.categories
    if kinds is None and incoming is False and not named:
        kinds = query.kinds or SPENDING
    return Selection(
        accounts=context.accounts(query),
        since=period.since,
        until=min(period.until, context.today),
        payees=query.payees,
        categories=query.categories or None,
        apart_payees=tuple(dict.fromkeys(i for m in query.without for i in m.ids)),
        apart_categories=query.without_categories,
        kinds=kinds,
        incoming=incoming,
        least=query.least.minor if query.least else None,
        most=query.most.minor if query.most else None,
    )


def about(query: Query, context: Context, period: Period | None, *, verb: str = "at") -> str:
    """The scope in words, with a leading space: " at TESCO from your Joint account in May 2026"."""
    parts = []
    if query.matches:
        parts.append(f"{verb} {listed(list(dict.fromkeys(n for m in query.matches for n in _called(m, query, context))))}")
    if query.categories:
        parts.append(f"on {listed([context.category(c) for c in query.categories])}")
    if apart := _apart(query, context):
        parts.append(f"without {listed(apart)}")
    if query.least or query.most:
        parts.append(_bound(query, context))
    if query.kinds and not (query.matches or query.categories):
        parts.append("by card")
    if query.named_account:
        parts.append(f"from {listed([context.named(a) for a in query.accounts])}")
    if period is not None and period.label:
        parts.append(period.label)
    return "".join(f" {part}" for part in parts)


def _bound(query: Query, context: Context) -> str:
    """The customer's own words for an amount, with the amount as it was read: "under forty quid" is under £40.00."""
    bound = query.least or query.most
    currency = bound.currency if bound else query.accounts[0].currency

    def as_read(said: re.Match[str]) -> str:
        return Money.of(Decimal(said["number"].replace(",", "")), currency).shown(context.book.locale)

    words = _AMOUNT_SAID.sub(as_read, literal(query.step.spans.amount)).strip(" ,.")
    return f"of {words}" if query.least == query.most else words


_AMOUNT_SAID = re.compile(
    r"(?:[£$€] ?)?(?P<number>\d[\d,]*(?:\.\d+)?)(?: ?(?:pounds?|quid|gbp|euros?|eur|dollars?|usd|pence|p)\b)?"
)


def _called(match: Match, query: Query, context: Context) -> tuple[str, ...]:
    """The names of whom a match means; of whom only some payments were picked, as statements have those."""
    meant = {p.template for p in match.payees}
    whole = {p.template for p in context.known.payees if p.shown in match.names}
    if not query.step.only or meant >= whole:
        return match.names or (match.said,)
    return tuple(dict.fromkeys(p.template.upper() for p in match.payees))


def _apart(query: Query, context: Context) -> list[str]:
    """What the customer asked to leave out."""
    named = {n for m in query.matches for n in m.names}
    # "Oliver without the birthday": what is left out is theirs too, so the customer's word tells it.
    apart = [n for m in query.without for n in ((m.said,) if named.issuperset(m.names) else m.names)]
    return apart + [context.category(c) for c in query.without_categories]


def _others(query: Query, context: Context) -> list[str]:
    """Accounts of somebody else that the login sees, and that were not asked about."""
    asked = {a.id for a in query.accounts}
    return [context.named(a) for a in context.known.accounts if a.id in context.known.others - asked]


def scope(query: Query, context: Context, period: Period | None, leaves_out: Sequence[str] = ()) -> Scope:
    return Scope(
        since=period.since if period else None,
        until=min(period.until, context.today) if period and not period.open_end else (period.until if period else None),
        period=period.label if period else "",
        accounts=tuple(context.named(a) if a.id in context.known.others else a.name for a in query.accounts),
        account_ids=context.accounts(query),
        merchants=tuple(n for m in query.matches for n in m.names),
        category=", ".join(context.category(c) for c in query.categories) or None,
        leaves_out=(*leaves_out, *_apart(query, context), *_others(query, context)),
        as_of=context.fed_at,
    )


def together(scopes: Sequence[Scope]) -> Scope:
    """What several results cover between them; at least one."""
    dated = [(scope.since, scope.until) for scope in scopes if scope.until is not None]
    begun = [since for since, _ in dated if since is not None]
    return scopes[0].model_copy(
        update={
            # What reaches back to the first row that is held has no first day, and no other one gives it one.
            "since": min(begun) if begun and len(begun) == len(dated) else None,
            "until": max((until for _, until in dated), default=None),
            "period": "; ".join(dict.fromkeys(one for scope in scopes for one in scope.period.split("; ") if one)),
            "category": ", ".join(dict.fromkeys(scope.category for scope in scopes if scope.category)) or None,
        }
        | {
            name: tuple(dict.fromkeys(one for scope in scopes for one in getattr(scope, name)))
            for name in ("accounts", "account_ids", "merchants", "leaves_out")
        }
    )


def notes(query: Query, context: Context) -> None:
    """Says what a name was taken to mean where that was not plain, which like ones are left out, and what is not held."""
    if query.step.unread:
        context.say("notes.passed", said=literal(" ".join(query.step.unread)))
    for match in query.matches:
        if match.how in (How.SPELLING, How.MEANING):
            context.say("notes.took", said=literal(match.said), names=listed(match.names))
        if match.near:
            context.say("notes.near", near=listed(list(dict.fromkeys(p.shown for p in match.near))))
    asked_from = min((p.since for p in query.periods if p.since), default=None)
    held = context.queries.held(context.accounts(query), context.today) if asked_from is not None else None
    if asked_from is not None and held is not None and asked_from + A_GAP < held[0]:
        context.say("notes.since", day=context.book.day("first day held", held[0]))


# A shorter time without payments says nothing of what is held: there may have been none.
A_GAP = dt.timedelta(days=31)


def finish(query: Query, context: Context, period: Period | None, *, outcome: Outcome = Outcome.ANSWER,
           chart: Series | None = None, leaves_out: Sequence[str] = ()) -> ToolResult:  # fmt: skip
    near = [f"payments to {p}" for m in query.matches for p in dict.fromkeys(q.shown for q in m.near)]
    _say_whose(query, context)
    return ToolResult(
        outcome=outcome,
        lines=tuple(context.lines),
        facts=tuple(context.book.facts),
        scope=scope(query, context, period, [*leaves_out, *near]),
        chart=chart,
    )


def _say_whose(query: Query, context: Context) -> None:
    """Says ahead of an answer whose first sentence names no account that it is about somebody else's alone, where it is."""
    names = [context.named(a) for a in query.accounts if context.roles.get(a.id) in (Role.MANDATE, Role.VIEWER)]
    told = [str(slot) for line in context.lines[:1] for slot in line.slots.values()]
    if context.lines and names and len(names) == len(query.accounts) and not any(name in slot for name in names for slot in told):
        context.lines.insert(0, Line(key="scope.theirs", slots={"accounts": listed(names)}))


def only_files(query: Query, context: Context) -> ToolResult | None:
    """Imported statements have no live services: said, rather than computed from a list that has no start."""
    files = [a for a in query.accounts if a.id in context.files]
    if len(files) < len(query.accounts):
        return None
    context.say("cannot.file", name=literal(files[0].name))
    return finish(query, context, None, outcome=Outcome.CANNOT)


def unknown_payee(query: Query, context: Context) -> ToolResult | None:
    """An answer of "none" when a name that was said is nobody the customer has paid."""
    missing: list[Match] = [m for m in query.matches if not m.payees]
    if not missing:
        return None
    period = period_of(query, context)
    label = f" {period.label}" if period.label else ""
    for match in missing:
        context.say("none.merchant", no=context.no("payments found"), said=literal(match.said), period=label)
    return finish(query, context, period, outcome=Outcome.NONE).model_copy(update={"unknown": True})


def main(sums: Sequence[Sum], currency: str) -> Sum | None:
    """The sum in the accounts' own currency, or the first there is."""
    return next((s for s in sums if s.total.currency == currency), sums[0] if sums else None)


def amount_of(row: Row) -> Money:
    return Money(minor=row["amount_minor"], currency=row["currency"])


def name_of(row: Row) -> str:
    """Whom a row is with: the counterparty's name where the bank gave one, else the statement text."""
    return literal(row["counterparty"] or row["text"])
