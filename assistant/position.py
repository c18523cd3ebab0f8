"""Tools over the live services and what is ahead: balances, what is coming out, what can be afforded."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Sequence

from dateutil.relativedelta import relativedelta

from assistant.grouping import WHAT_IS_LEFT
from assistant.held import ORDERS, PLANNED, SINGLE, TO_OTHERS
from assistant.merchants import Match
from assistant.periods import MONTHS, Period, ago, shown
from assistant.recurring import READ, Recurring, change, is_steady, occurrences, recurring
from assistant.resolve import Query
from assistant.spans import words_of
from assistant.spending import last, last_in
from assistant.tools import Context, ToolResult, amount_of, finish, literal, only_files, select
from data.banking import Account, AccountKind, Balance, Frequency, Kind, StatedBalance
from data.facts import Fact, Outcome
from data.money import Money, total
from data.party import AccountId, Frozen
from data.queries import Group, Order, Row, Selection

OFTEN = {
    Frequency.DAILY: "every day", Frequency.WEEKLY: "every week", Frequency.FORTNIGHTLY: "every fortnight",
    Frequency.MONTHLY: "every month", Frequency.QUARTERLY: "every quarter", Frequency.YEARLY: "every year",
}  # fmt: skip
STEPS = {
    Frequency.DAILY: relativedelta(days=1), Frequency.WEEKLY: relativedelta(weeks=1), Frequency.FORTNIGHTLY: relativedelta(weeks=2),
    Frequency.MONTHLY: relativedelta(months=1), Frequency.QUARTERLY: relativedelta(months=3), Frequency.YEARLY: relativedelta(years=1),
}  # fmt: skip


def _balance_of(account: Account, context: Context) -> Balance | None:
    return next((b for b in context.live.balances if b.account == account.id), None)


def _stated(query: Query, context: Context) -> list[tuple[Account, StatedBalance]]:
    """What their statements say of the accounts that come from files, each with the day it is of."""
    files = [a for a in query.accounts if a.id in context.files and a.id in context.own]
    return [(a, found) for a in files if (found := context.queries.stated(a.id, context.today)) is not None]


def _say_stated(account: Account, found: StatedBalance, context: Context) -> None:
    booked = context.book.money(f"stated balance: {account.name}", found.booked, signed=True)
    context.say("balance.stated", name=context.named(account), booked=booked, day=context.book.day("stated on", found.on))


def balance(query: Query, context: Context) -> ToolResult:
    stated = _stated(query, context)
    if not stated and (refused := only_files(query, context)):
        return refused
    if query.step.spans.change and not _at_an_end(query) and (days := _past_days(query, context)) is not None:
        return _extremes(query, context, days)
    if (then := _then(query, context)) is not None:
        return _balance_then(query, context, then)
    if (ends := _to_come(query, context)) is not None:
        context.say("balance.to_come", day=context.book.day("asked about", ends))
        return finish(query, context, None, outcome=Outcome.CANNOT)
    for account, found in stated:
        _say_stated(account, found, context)
    for account in query.accounts:
        live = _balance_of(account, context)
        if live is None:
            continue
        _say_balance(account, live, context, to_spend=bool(query.step.spans.change) and not query.periods)
        if live.booked.minor < 0:
            amount = context.book.money("overdrawn by", -live.booked)
            context.say(
                "balance.overdrawn",
                name=context.named(account),
                overdrawn=context.book.words("state", "overdrawn"),
                amount=amount,
            )
        if live.credit_line is not None and live.credit_line.minor > 0:
            context.say("balance.overdraft", line=context.book.money("arranged overdraft", live.credit_line))
    return finish(query, context, None)


def _say_balance(account: Account, live: Balance, context: Context, *, to_spend: bool) -> None:
    """to_spend: what is left to spend is asked, so that is said first."""

    def booked() -> Fact:
        return context.book.money(f"booked balance: {account.name}", live.booked, signed=True)

    def available() -> Fact:
        return context.book.money(f"available balance: {account.name}", live.available, signed=True)

    if to_spend:
        context.say("balance.to_spend", available=available(), booked=booked(), name=context.named(account))
    else:
        context.say("balance.one", booked=booked(), available=available(), name=context.named(account))


def _at_an_end(query: Query) -> bool:
    """ "How overdrawn was I at the end of October": at that one day, and no extreme of the days before it."""
    said = next(iter(query.step.spans.periods), "")
    return _END_OF.search(said) is not None and _EXTREME.search(query.step.spans.change) is None


_END_OF = re.compile(r"\b(?:end|ended|close|closed)\b")


def _past_days(query: Query, context: Context) -> Period | None:
    """Days up to today that are said and of which payments are held."""
    held = context.queries.held(context.accounts(query), context.today)
    period = next(iter(query.periods), None)
    if period is None or period.since is None or held is None or not held[0] <= period.since <= context.today:
        return None
    return period.model_copy(update={"until": min(period.until, context.today)})


def _extremes(query: Query, context: Context, days: Period) -> ToolResult:
    """Over days, the least or the most that was booked at the end of one, and on how many it was below zero."""
    highest = _HIGHEST.search(query.step.spans.change) is not None
    own = [(a, live) for a in _may_be_below(query) if (live := _balance_of(a, context)) is not None]
    for account, live in own:
        found = _at_ends(account, live, context, days)
        day, _ = max(found, key=lambda one: one[1].minor) if highest else min(found, key=lambda one: one[1].minor)
        label = f"{'most' if highest else 'least'} at the end of a day: {account.name}"
        slots: dict[str, Fact | str] = {
            "name": context.named(account),
            "booked": _booked_then(label, account, live, day, context),
            "day": context.book.day("at the end of", day),
        }
        below = [one for one, money in found if money.minor < 0]
        if highest:
            context.say("balance.highest", **slots)
        elif below:
            overdrawn = context.book.words("state", "overdrawn")
            count = context.book.count("days overdrawn", len(below), (), "day")
            last = context.book.day("last at the end of", below[-1])
            context.say("balance.lowest_below", **slots, overdrawn=overdrawn, count=count, last=last)
        else:
            context.say("balance.lowest", **slots, Not=context.book.words("state", "not overdrawn"))
    chosen = query.model_copy(update={"accounts": tuple(a for a, _ in own)})
    return finish(chosen, context, days, outcome=Outcome.ANSWER if own else Outcome.CANNOT, leaves_out=["pending payments"])


def _may_be_below(query: Query) -> Sequence[Account]:
    """The current accounts, where one is asked about: no savings are overdrawn."""
    return [a for a in query.accounts if a.kind is AccountKind.CURRENT] or query.accounts


_HIGHEST = re.compile(r"\b(?:high|highest|most|peak|maximum|max)\b")
_EXTREME = re.compile(rf"{_HIGHEST.pattern}|\b(?:low|lowest|least|furthest|deepest|minimum|min|worst)\b")


def _at_ends(account: Account, live: Balance, context: Context, days: Period) -> list[tuple[dt.date, Money]]:
    """What was booked at the end of each day, in order: the balance now, without what was booked since."""
    moved = Selection(accounts=(account.id,), since=days.since, until=context.today)
    by_day = {one.key: one.total for one in context.queries.grouped(moved, Group.DAY) if one.total.currency == account.currency}
    found, booked, day = [], live.booked, context.today
    while days.since is not None and day >= days.since:
        if day <= days.until:
            found.append((day, booked))
        booked -= by_day.get(day.isoformat(), Money(minor=0, currency=account.currency))
        day -= dt.timedelta(days=1)
    return found[::-1]


def _then(query: Query, context: Context) -> dt.date | None:
    """The day that is over of which the balance is asked: "at the end of October", "on the 1st"."""
    said = next(iter(query.step.spans.periods), "")
    if (back := ago(said, context.today)) is not None:
        return back
    if not query.periods or query.periods[0].until >= context.today:
        return None
    period = query.periods[0]
    return period.since if period.since is not None and _BEGINNING.search(said) else period.until


def _to_come(query: Query, context: Context) -> dt.date | None:
    """The day to come of which the balance is asked: "at the end of next month", "in 2030"."""
    period = next(iter(query.periods), None)
    said = next(iter(query.step.spans.periods), "")
    if period is None or period.until <= context.today:
        return None
    begins = period.since is not None and period.since > context.today
    return period.until if begins or _END_OF.search(said) else None


_BEGINNING = re.compile(r"\b(?:start|started|beginning|began)\b")


def _balance_then(query: Query, context: Context, day: dt.date) -> ToolResult:
    """What was booked at the end of a day that is over: the balance now, without all that was booked since."""
    held = context.queries.held(context.accounts(query), context.today)
    told = False
    for account in _may_be_below(query) if query.step.spans.change else query.accounts:
        live = _balance_of(account, context)
        if live is None or held is None or day < held[0]:
            continue
        then = _booked_then(f"booked balance then: {account.name}", account, live, day, context)
        context.say("balance.then", name=context.named(account), booked=then, day=context.book.day("at the end of", day))
        told = True
    if not told:
        context.say("balance.not_then", no=context.no("payments held"), day=context.book.day("asked about", day))
    period = Period(since=day, until=day, label=f"at the end of {shown(day)}")
    outcome = Outcome.ANSWER if told else Outcome.NONE
    return finish(query, context, period, outcome=outcome, leaves_out=["pending payments"])


def _booked_then(label: str, account: Account, live: Balance, day: dt.date, context: Context) -> Fact:
    """What was booked at the end of a day: the balance now, without the payments after it, which prove it."""
    moved, ids = _moved_after(day, account, context)
    return context.book.money(label, live.booked - moved, ids, f"{live.booked.plain} - {moved.plain}", signed=True)


def _moved_after(day: dt.date, account: Account, context: Context) -> tuple[Money, tuple[str, ...]]:
    """What the payments after a day come to, and their ids."""
    after = Selection(accounts=(account.id,), since=day + dt.timedelta(days=1), until=context.today)
    rows = context.queries.rows(after, Order.OLDEST) if day < context.today else ()
    return Money(minor=sum(r["amount_minor"] for r in rows), currency=account.currency), tuple(r["source_id"] for r in rows)


def position(query: Query, context: Context) -> ToolResult:
    if refused := only_files(query, context):
        return refused
    held = [(a, b) for a in query.accounts if (b := _balance_of(a, context)) is not None]
    for currency in dict.fromkeys(b.booked.currency for _, b in held):
        own = [(a, b) for a, b in held if b.booked.currency == currency]
        whole = total((b.booked for _, b in own), currency)
        formula = " + ".join(b.booked.plain for _, b in own)
        fact = context.book.money("total of booked balances", whole, (), formula, signed=True)
        number = context.book.count("accounts", len(own), (), "account")
        context.say("position.one", accounts=number, total=fact)
    for account, found in held:
        booked = context.book.money(f"booked balance: {account.name}", found.booked, signed=True)
        context.say("position.row", name=context.named(account), booked=booked)
    return finish(query, context, None)


def explain(query: Query, context: Context) -> ToolResult:
    """From a day to now, or over days that are past: what moved the booked balance. The drivers named and the rest add up to
    the change."""
    if refused := only_files(query, context):
        return refused
    account = _everyday(query)
    found = _balance_of(account, context)
    if found is None:
        return finish(query, context, None, outcome=Outcome.CANNOT)
    since, until = _stretch(query, context.today)
    moved = Selection(accounts=(account.id,), since=since + dt.timedelta(days=1), until=until)
    rows = context.queries.rows(moved, Order.OLDEST)
    ids = tuple(r["source_id"] for r in rows)
    change = Money(minor=sum(r["amount_minor"] for r in rows), currency=account.currency)
    later, of_later = _moved_after(until, account, context)
    at_end = found.booked - later
    then = at_end - change
    now = context.book.money("balance now" if until == context.today else "booked balance then", at_end, of_later, signed=True)
    start = context.book.day("since", since)
    past = f"from {shown(since + dt.timedelta(days=1))} to {shown(until)}"
    label = f"since {shown(since)}" if until == context.today else past
    period = Period(since=since + dt.timedelta(days=1), until=until, label=label)
    if change.minor == 0:
        context.say("explain.same", name=context.named(account), since=start, now=now)
        return finish(query.model_copy(update={"accounts": (account,)}), context, period, leaves_out=["pending payments"])
    word = "down" if change.minor < 0 else "up"
    context.say(
        "explain.one",
        name=context.named(account),
        direction=context.book.words("direction", word, ids),
        change=context.book.money("change", change, ids),
        then=context.book.money("balance then", then, (), f"{at_end.plain} - {change.plain}", signed=True),
        since=start,
        now=now,
        day=context.book.day("until", until),
    )
    _drivers(context, moved, change)
    return finish(query.model_copy(update={"accounts": (account,)}), context, period, leaves_out=["pending payments"])


def _stretch(query: Query, today: dt.date) -> tuple[dt.date, dt.date]:
    """(the day whose balance is the first, the day whose balance is the last): "in October" is over at its end."""
    said = next(iter(query.step.spans.periods), "")
    if (since := ago(said, today)) is not None:
        return since, today
    if not query.periods:
        return today - dt.timedelta(days=7), today
    if len(query.periods) == len(query.step.spans.periods) == 2 and all(map(_is_point, query.periods, query.step.spans.periods)):
        # "Up or down at the end of October from 30 June": from the one day to the other.
        first, second = sorted(period.until for period in query.periods)
        return first, min(second, today)
    period = query.periods[0]
    if _WITHIN.match(said) and period.since is not None and period.until < today:
        return period.since - dt.timedelta(days=1), period.until
    return _before(period, said, today), today


def _is_point(period: Period, said: str) -> bool:
    return period.since in (None, period.until) or _END_OF.search(said) is not None


_WITHIN = re.compile(rf"(?:in|during|over|throughout)\b|(?:{'|'.join(MONTHS)})(?: (?:19|20)\d\d)?$")


def _drivers(context: Context, selection: Selection, change: Money) -> None:
    groups = context.queries.grouped(selection, Group.MERCHANT)
    names = {p.template: literal(p.shown) for p in context.known.payees}
    for one in groups[:5]:
        payees = tuple(p.id for p in context.known.payees if p.template == one.key)
        ids = context.queries.ids(selection.model_copy(update={"payees": payees}))
        moved = context.book.money("moved", one.total, ids, signed=True)
        count = context.book.count("payments", one.count, ids, "payment")
        context.say("explain.driver", name=context.book.name("payee", names.get(one.key, one.key), ids), total=moved, count=count)
    rest = Money(minor=change.minor - sum(g.total.minor for g in groups[:5]), currency=change.currency)
    if len(groups) > 5:
        named = {p.id for g in groups[:5] for p in context.known.payees if p.template == g.key}
        others = tuple(p.id for p in context.known.payees if p.id not in named)
        ids = context.queries.ids(selection.model_copy(update={"payees": others}))
        count = context.book.count("other payments", sum(g.count for g in groups[5:]), ids, "payment")
        context.say(
            "explain.driver",
            name="Everything else",
            total=context.book.money("rest", rest, ids, "change - drivers", signed=True),
            count=count,
        )
    context.say("explain.sums")


def _before(period: Period, said: str, today: dt.date) -> dt.date:
    """The day to compare with: "than last week" means a week ago; "since 3 May" means that day; when a month began, none of it
    was booked yet."""
    if period.since is None:
        return min(period.until, today)
    if _BEGINNING.search(said):
        return period.since - dt.timedelta(days=1)
    if period.label.startswith("last week"):
        return today - dt.timedelta(days=7)
    if "so far" in period.label:
        return period.since - dt.timedelta(days=1)
    if said.startswith("since") and period.since.day == 1:
        # "Since 1 January": that day counts too.
        return period.since - dt.timedelta(days=1)
    return min(period.until, today) if period.until < today else period.since


def _everyday(query: Query) -> Account:
    """The account that a question about "my balance" means when none is named: the first current account."""
    return next((a for a in query.accounts if a.kind is AccountKind.CURRENT), query.accounts[0])


def standing_orders(query: Query, context: Context) -> ToolResult:
    if refused := only_files(query, context):
        return refused
    own = {a.id for a in query.accounts}
    orders = [o for o in context.live.standing_orders if o.account in own and o.active and _asked(query, o.payee, o.reference)]
    others = TO_OTHERS in query.step.spans.change.split()
    mine = {a.name.casefold() for a in context.known.accounts}
    orders = [o for o in orders if o.payee.casefold() not in mine] if others else orders
    if others:
        context.say("upcoming.others_only")
    if not orders:
        return _none(query, context, "standing_orders.none", "standing orders found")
    context.say("standing_orders.head", count=context.book.count("standing orders", len(orders), (), "standing order"))
    for order in sorted(orders, key=lambda o: -o.amount.minor):
        slots = {"amount": context.book.money("amount", order.amount), "name": context.book.name("payee", literal(order.payee))}
        if order.next_on is None:
            context.say("standing_orders.ended", **slots, often=OFTEN[order.frequency])
        else:
            context.say("standing_orders.row", **slots, often=OFTEN[order.frequency], day=context.book.day("next", order.next_on))
    return finish(query, context, None)


def _asked(query: Query, *texts: str) -> bool:
    """Whether one of the texts is what the customer named, or they named nothing."""
    said = [m.said.casefold() for m in query.matches] + [n.casefold() for m in query.matches for n in m.names]
    said += [c.replace("_", " ") for c in query.categories]
    words = words_of(" ".join(texts).casefold())
    return not said or any(words_of(s) <= words or any(w in words for w in words_of(s) if len(w) > 3) for s in said)


def _none(query: Query, context: Context, key: str, label: str) -> ToolResult:
    said = f" for {literal(query.matches[0].said)}" if query.matches else ""
    context.say(key, no=context.no(label), about=said)
    return finish(query, context, None, outcome=Outcome.NONE)


def direct_debits(query: Query, context: Context) -> ToolResult:
    if refused := only_files(query, context):
        return refused
    own = {a.id for a in query.accounts}
    debits = [d for d in context.live.direct_debits if d.account in own and d.active and _asked(query, d.name)]
    if not debits:
        return _none(query, context, "direct_debits.none", "direct debits found")
    context.say("direct_debits.head", count=context.book.count("direct debits", len(debits), (), "direct debit"))
    for debit in sorted(debits, key=lambda d: -(d.previous_amount.minor if d.previous_amount else 0)):
        name = context.book.name("creditor", literal(debit.name))
        if debit.previous_amount is None or debit.previous_on is None:
            context.say("direct_debits.unused", name=name)
        else:
            amount, day = (
                context.book.money("previous amount", debit.previous_amount),
                context.book.day("taken", debit.previous_on),
            )
            context.say("direct_debits.row", name=name, amount=amount, day=day)
    taken = [(d.previous_amount, ()) for d in debits if d.previous_amount is not None]
    _say_total(query, context, "direct_debits.total", taken)
    return finish(query, context, None)


def _say_total(query: Query, context: Context, key: str, amounts: Sequence[tuple[Money, tuple[str, ...]]], **slots: str) -> None:
    """What several amounts, each with its evidence, come to in the accounts' own currency."""
    own = [(amount, ids) for amount, ids in amounts if amount.currency == query.accounts[0].currency]
    if len(own) > 1:
        formula = " + ".join(amount.plain for amount, _ in own)
        evidence = tuple(key for _, ids in own for key in ids)
        whole = total((amount for amount, _ in own), own[0][0].currency)
        context.say(key, total=context.book.money("in all", whole, evidence, formula), **slots)


def beneficiaries(query: Query, context: Context) -> ToolResult:
    if refused := only_files(query, context):
        return refused
    saved = list({(b.name, b.identification): b for b in context.live.beneficiaries if _asked(query, b.name)}.values())
    if not saved:
        return _none(query, context, "beneficiaries.none", "payees found")
    context.say("beneficiaries.head", count=context.book.count("payees", len(saved), (), "payee"))
    for payee in saved:
        number = context.book.name("account number", literal(payee.identification))
        context.say("beneficiaries.row", name=context.book.name("payee", literal(payee.name)), number=number)
    return finish(query, context, None)


def accounts(query: Query, context: Context) -> ToolResult:
    if not query.named_account:
        context.say("accounts.head", count=context.book.count("accounts", len(query.accounts), (), "account"))
    for account in query.accounts:
        number = context.book.name("account number", account.identification) if account.identification else None
        context.say(
            "accounts.row",
            name=context.named(account),
            kind=f"{account.kind.value} account" if account.kind is not AccountKind.CARD else "card",
            currency=account.currency,
            number=f", number {{{number.ref}}}" if number else "",
        )
    return finish(query, context, None)


# What is ahead


class Due(Frozen):
    """A payment that is planned, or expected from the ones before. way: a standing order, set up for one day, or "" else."""

    name: str
    amount: Money
    day: dt.date
    account: str
    way: str = ""
    ids: tuple[str, ...] = ()

    @property
    def planned(self) -> bool:
        return bool(self.way)


def _history(
    context: Context,
    ids: Iterable[AccountId],
    *,
    incoming: bool,
    kinds: tuple[Kind, ...],
    categories: tuple[str, ...] | None = None,
) -> list[Recurring]:
    selection = Selection(
        accounts=tuple(ids),
        since=context.today - LOOKED_BACK,
        until=context.today,
        incoming=incoming,
        kinds=kinds,
        categories=categories,
    )
    return recurring(context.queries.rows(selection, Order.OLDEST, only=READ), context.today)


LOOKED_BACK = relativedelta(months=26)


def due(query: Query, context: Context, until: dt.date) -> list[Due]:
    """Everything known to leave the accounts after today and until a date, by day."""
    own = {a.id: a for a in query.accounts}
    found: list[Due] = []
    for order in context.live.standing_orders:
        day = order.next_on
        while order.active and order.account in own and day is not None and day <= until:
            if day > context.today:
                found.append(Due(name=order.payee, amount=order.amount, day=day, account=order.account, way=ORDERS))
            day += STEPS[order.frequency]
    for payment in context.live.scheduled:
        if payment.account in own and context.today < payment.due_on <= until:
            found.append(Due(name=payment.payee, amount=payment.amount, day=payment.due_on, account=payment.account, way=SINGLE))
    known = {d.name.casefold() for d in found} | {o.payee.casefold() for o in context.live.standing_orders}
    mandates = {d.name.casefold() for d in context.live.direct_debits if d.active}
    for one in _history(context, own, incoming=False, kinds=(Kind.PURCHASE, Kind.PAYMENT)):
        if one.name.casefold() in known or not (one.steady or one.name.casefold() in mandates):
            continue
        found += [
            Due(name=one.name, amount=one.amount, day=day, account=one.account, ids=one.ids[-1:])
            for day in occurrences(one, until)
            if day > context.today
        ]
    return sorted(found, key=lambda d: (d.day, d.name))


def pay(context: Context, ids: Iterable[AccountId], templates: Collection[str] = ()) -> Recurring | None:
    """The regular pay with the largest amount: what "payday" means. templates: only of these payers."""
    found = _history(context, ids, incoming=True, kinds=(Kind.INCOME,))
    if templates:
        found = [one for one in found if one.template in templates]
    return max(found, key=lambda r: r.amount.minor, default=None)


def _until(query: Query, context: Context) -> tuple[dt.date, str]:
    """Until when to look ahead: the date said, else the next payday, else a month."""
    ahead = next((p for p in query.periods if p.until >= context.today), None)
    if ahead is not None:
        day = ahead.ends or ahead.until
        return day, "until " + shown(day)
    payday = context.known.today.payday
    if payday is not None:
        # Pay that is due by now may come any day.
        day = max(payday - dt.timedelta(days=1), context.today + dt.timedelta(days=1))
        return day, "until the day before payday, " + shown(day)
    day = context.today + relativedelta(months=1)
    return day, "until " + shown(day)


# What is set up goes on, but prices change and bills end.
FURTHEST = relativedelta(years=1)


def _too_far(until: dt.date, query: Query, context: Context) -> ToolResult | None:
    """What nobody can tell yet; None for days near enough."""
    if until <= context.today + FURTHEST:
        return None
    context.say("upcoming.far", until=context.book.day("until", until))
    return finish(query, context, None, outcome=Outcome.CANNOT)


# What is due, and that nothing is: from now on, on one day, over days that begin later.
_AHEAD = {
    "": ("upcoming.head", "upcoming.none"),
    "day": ("upcoming.head_on", "upcoming.none_on"),
    "days": ("upcoming.head_then", "upcoming.none_then"),
}


def upcoming(query: Query, context: Context) -> ToolResult:
    """What is planned and what is expected until a date, and what that would leave."""
    if refused := only_files(query, context):
        return refused
    until, words = _until(query, context)
    if far := _too_far(until, query, context):
        return far
    since = next((p.since for p in query.periods if p.since is not None and p.since > context.today), None)
    payments = _chosen([d for d in _meant(query, context, until) if since is None or d.day >= since], query, context)
    single = SINGLE in query.step.spans.change.split()
    if not query.periods and (single or (not payments and (query.matches or query.categories))):
        # "The next rent": the first one there is, however far ahead; of what is set up for one day each all there are.
        later = _chosen(_meant(query, context, context.today + FURTHEST), query, context)
        payments = later if single else [d for d in later if d.day == later[0].day]
        until, words = (payments[-1].day, "until " + shown(payments[-1].day)) if payments else (until, words)
    if since is not None:
        words = f"on {shown(since)}" if since == until else f"from {shown(since)} to {shown(until)}"
    period = Period(since=since or context.today + dt.timedelta(days=1), until=until, label=words, open_end=True)
    between = {"until": context.book.day("until", until)} | ({"since": context.book.day("since", since)} if since else {})
    asks_left = query.step.spans.change == WHAT_IS_LEFT
    due_key, none_key = _AHEAD["" if since is None else "day" if since == until else "days"]
    if not payments:
        context.say(none_key, Nothing=context.no("payments due", "Nothing"), **between)
        if asks_left:
            _say_left(query, context, payments)
        later = _planned_later(query, context, until) if not query.periods else []
        if later:
            context.say("upcoming.later")
        for one in later:
            context.say("upcoming.known", **_due_facts(context, one))
        return finish(query, context, period, outcome=Outcome.ANSWER if asks_left or later else Outcome.NONE)
    lines = [(d, _due_facts(context, d)) for d in sorted(payments, key=lambda d: (not d.planned, d.day, d.name))]
    currency = query.accounts[0].currency
    own = [d for d in payments if d.amount.currency == currency]
    whole = total((d.amount for d in own), currency)
    sum_fact = context.book.money("due", whole, (), " + ".join(d.amount.plain for d in own))
    context.say(due_key, total=sum_fact, **between)
    for one, slots in lines:
        context.say("upcoming.known" if one.planned else "upcoming.expected", **slots)
    for way in () if asks_left else query.step.spans.change.split():
        context.say(_ONLY[way])
    if since is None and (asks_left or not query.step.spans.change):
        # Of days that begin later, nobody knows what is there when they begin.
        _say_left(query, context, payments)
    return finish(query, context, period, leaves_out=["other spending", "money coming in"])


# What a list of what is due leaves out, by which of it was asked for.
_ONLY = {
    PLANNED: "upcoming.planned_only",
    ORDERS: "upcoming.orders_only",
    SINGLE: "upcoming.single_only",
    TO_OTHERS: "upcoming.others_only",
}


def _chosen(payments: list[Due], query: Query, context: Context) -> list[Due]:
    """What is due, less what goes by direct debit or into own accounts where only the rest is asked about."""
    of = query.step.spans.change.split()
    own = {a.name.casefold() for a in context.known.accounts}
    payments = [d for d in payments if d.planned] if PLANNED in of else payments
    ways = [way for way in (ORDERS, SINGLE) if way in of]
    payments = [d for d in payments if d.way in ways] if ways else payments
    return [d for d in payments if d.name.casefold() not in own] if TO_OTHERS in of else payments


def _planned_later(query: Query, context: Context, until: dt.date) -> list[Due]:
    """What somebody has planned for after the days that were looked at, of each payee the next."""
    ahead = _chosen(_meant(query, context, context.today + FURTHEST), query, context)
    later = [d for d in ahead if d.planned and d.day > until]
    return sorted({d.name: d for d in reversed(later)}.values(), key=lambda d: d.day)


def _meant(query: Query, context: Context, until: dt.date) -> list[Due]:
    """What is due until a date, of those who were named, or who were paid for the kinds of spending that were."""
    of_kind: set[str] = set()
    if query.categories:
        ever = Period(since=None, until=context.today, label="")
        templates = {s.key for s in context.queries.grouped(select(query, context, ever), Group.MERCHANT)}
        of_kind = {p.shown.casefold() for p in context.known.payees if p.template in templates}
    return [d for d in due(query, context, until) if _asked(query, d.name) or d.name.casefold() in of_kind]


def _due_facts(context: Context, one: Due) -> dict[str, Fact | str]:
    return {
        "amount": context.book.money("due", one.amount, one.ids),
        "name": context.book.name("payee", literal(one.name), one.ids),
        "day": context.book.day("due on", one.day),
    }


def _say_left(query: Query, context: Context, payments: Sequence[Due]) -> None:
    account = _everyday(query)
    found = _balance_of(account, context)
    if found is None:
        return
    out = total(
        (d.amount for d in payments if d.account == account.id and d.amount.currency == account.currency), account.currency
    )
    if len({d.account for d in payments}) > 1:
        part = context.book.money("due from it", out, (), " + ".join(d.amount.plain for d in payments if d.account == account.id))
        context.say("upcoming.part", part=part, name=context.named(account))
    left = found.booked - out
    left_fact = context.book.money("left", left, (), f"{found.booked.plain} - {out.plain}", signed=True)
    booked = context.book.money("booked balance", found.booked, signed=True)
    context.say("upcoming.balance", left=left_fact, booked=booked, name=context.named(account))
    if left.minor < 0:
        context.say("upcoming.below", name=context.named(account), below=context.book.words("state", "below zero"))
    else:
        context.say("upcoming.above", name=context.named(account), above=context.book.words("state", "above zero"))


def subscriptions(query: Query, context: Context) -> ToolResult:
    """Regular card payments and what changed their price; of what is named, whichever way it is paid.

    Asked what got dearer, only that is told.
    """
    named = bool(query.matches or query.categories)
    found = _regular(query, context)
    if not found:
        if named and query.step.spans.change and (over := _over(query, context)) is not None:
            return over
        return last(query, context) if named else _none(query, context, "subscriptions.none", "subscriptions found")
    recent = context.today - relativedelta(months=14)
    dearer = [r for r in found if r.before and r.amount > r.before and r.changed_on and r.changed_on > recent]
    if query.step.spans.change and not named:
        found = dearer
        if not found:
            context.say("subscriptions.same", none=context.no("price rises found", "None"))
            return finish(query, context, None, outcome=Outcome.NONE)
    elif not named:
        context.say("subscriptions.head", count=context.book.count("subscriptions", len(found), (), "payment"))
    # Asked whether what is named got dearer, that is said first, and of what did not, what it costs.
    first = [r for r in found if r.before and r.changed_on] if named and query.step.spans.change else []
    for one in first:
        _say_change(context, one)
    for one in (r for r in found if r not in first):
        name = context.book.name("merchant", literal(one.name), one.ids)
        amount = context.book.money("amount", one.amount, one.ids[-1:])
        context.say("subscriptions.row", name=name, amount=amount, often=one.often, day=context.book.day("next", one.next_on))
    for ended in (m for m in query.matches if named and not {p.template for p in m.payees} & {r.template for r in found}):
        _say_ended(query, context, ended)
    if not named and not query.step.spans.change:
        for often in dict.fromkeys(one.often for one in found):
            alike = [(one.amount, one.ids[-1:]) for one in found if one.often == often]
            _say_total(query, context, "subscriptions.total", alike, often=often)
    for one in dearer if not first else ():
        _say_change(context, one)
    if named and not dearer and any(one.before is None for one in found):
        oldest = min((one for one in found if one.before is None), key=lambda one: one.first_on)
        context.say("subscriptions.steady", since=context.book.day("first", oldest.first_on, oldest.ids[:1]))
    return finish(query, context, None)


def _regular(query: Query, context: Context) -> list[Recurring]:
    own = context.accounts(query)
    if query.matches or query.categories:
        history = _history(context, own, incoming=False, kinds=(Kind.PURCHASE, Kind.PAYMENT), categories=query.categories or None)
        chosen = {p.template for m in query.matches for p in m.payees}
        return [r for r in history if not query.matches or r.template in chosen]
    found = _history(context, own, incoming=False, kinds=(Kind.PURCHASE,))
    return [r for r in found if r.often != "weekly" and (r.steady or len(r.ids) == 2)]


def _over(query: Query, context: Context) -> ToolResult | None:
    """The last price of what is not paid any more, and the one before it; None where there was only one."""
    rows = context.queries.rows(_paid(query, context, query.payees), Order.OLDEST)
    if len({r["counterparty"] or r["text"] for r in rows}) != 1 or not is_steady(rows):
        return None
    before, since = change(rows)
    if before is None:
        return None
    context.say(
        "subscriptions.over",
        **_last_facts(context, rows[-1]),
        before=context.book.money("before", before, tuple(r["source_id"] for r in rows)),
        day=context.book.day("since", since["booked_on"], (since["source_id"],)),
    )
    return finish(query, context, None)


def _say_ended(query: Query, context: Context, ended: Match) -> None:
    """What was paid last to somebody who was named beside others and is not paid regularly now."""
    for row in context.queries.rows(_paid(query, context, ended.ids), Order.NEWEST, 1):
        context.say("subscriptions.last", **_last_facts(context, row))


def _paid(query: Query, context: Context, payees: tuple[int, ...] | None) -> Selection:
    """What was paid to some, of the kinds of spending that were named, as far back as prices are looked for."""
    return Selection(
        accounts=context.accounts(query),
        since=context.today - LOOKED_BACK,
        until=context.today,
        kinds=(Kind.PURCHASE, Kind.PAYMENT),
        payees=payees,
        categories=query.categories or None,
        incoming=False,
    )


def _last_facts(context: Context, row: Row) -> dict[str, Fact | str]:
    ids = (row["source_id"],)
    return {
        "name": context.book.name("merchant", literal(row["counterparty"] or row["text"]), ids),
        "amount": context.book.money("amount", -amount_of(row), ids),
        "last": context.book.day("last", row["booked_on"], ids),
    }


def _say_change(context: Context, one: Recurring) -> None:
    if one.before is None or one.changed_on is None:
        return
    up = one.amount > one.before
    context.say(
        "subscriptions.dearer",
        name=context.book.name("merchant", literal(one.name), one.ids),
        dearer=context.book.words("change", "dearer" if up else "cheaper", one.ids),
        amount=context.book.money("amount", one.amount, one.ids[-1:]),
        before=context.book.money("before", one.before, one.ids),
        day=context.book.day("since", one.changed_on, (one.changed,)),
    )


def salary(query: Query, context: Context) -> ToolResult:
    """Whether pay has come in since the last payday that should have been, and when the next one is due."""
    chosen = {p.template for m in query.matches for p in m.payees}
    one = pay(context, context.accounts(query), chosen)
    if one is None and chosen:
        return last_in(query, context)
    if one is None:
        context.say("salary.none", no=context.no("regular pay found"))
        return finish(query, context, None, outcome=Outcome.NONE)
    if (several := _pay_over(query, context, one)) is not None:
        return several
    ids = one.ids[-1:]
    amount, name = context.book.money("pay", one.amount, ids), context.book.name("from", literal(one.name), ids)
    day = context.book.day("arrived", one.last_on, ids)
    period = query.periods[0] if query.periods else None
    late = one.next_on <= context.today
    outside = period is not None and not ((period.since or one.last_on) <= one.last_on <= period.until)
    month = context.today.replace(day=1)
    missing = late or outside or (period is None and one.often == "monthly" and one.last_on < month)
    if missing:
        label = f" {period.label}" if period is not None and period.label else ""
        context.say(
            "salary.not_yet",
            amount=amount,
            name=name,
            last=day,
            **{"not": context.book.words("finding", "not", ids)},
            about=label,
        )
    else:
        context.say("salary.one", amount=amount, name=name, day=day)
    context.say("salary.next", day=context.book.day("expected", one.next_on))
    return finish(query, context, period)


def _pay_over(query: Query, context: Context, one: Recurring) -> ToolResult | None:
    """What pay came to in a period that holds several; None for one that does not."""
    period = next((p for p in query.periods if p.since is not None), None)
    if period is None or period.since is None:
        return None
    rows = context.queries.by_ids(context.accounts(query), one.ids)
    inside = [row for row in rows if period.since <= row["booked_on"] <= period.until]
    if len(inside) < (1 if period.until < context.today else 2):
        return None
    ids = tuple(row["source_id"] for row in inside)
    total = Money(minor=sum(row["amount_minor"] for row in inside), currency=one.amount.currency)
    if len(inside) == 1:
        name, day = context.book.name("from", literal(one.name), ids), context.book.day("arrived", inside[0]["booked_on"], ids)
        context.say("salary.one", amount=context.book.money("pay in all", total, ids), name=name, day=day)
        context.say("salary.next", day=context.book.day("expected", one.next_on))
        return finish(query, context, period)
    context.say(
        "salary.over",
        total=context.book.money("pay in all", total, ids),
        name=context.book.name("from", literal(one.name), ids),
        count=context.book.count("payments", len(ids), ids, "payment"),
        about=f" {period.label}" if period.label else "",
    )
    context.say("salary.next", day=context.book.day("expected", one.next_on))
    return finish(query, context, period)


def afford(query: Query, context: Context) -> ToolResult:
    """Whether an amount is left after what is due. The overdraft is not counted as money the customer has."""
    if refused := only_files(query, context):
        return refused
    account, amount = _everyday(query), query.least or query.most
    found = _balance_of(account, context)
    if amount is None or found is None:
        context.say("ask.no_amount")
        return finish(query, context, None, outcome=Outcome.CLARIFY)
    if amount.currency != found.booked.currency:
        # What it comes to depends on a rate that is made when it is paid.
        context.say("afford.currency", name=context.named(account))
        return finish(query, context, None, outcome=Outcome.CLARIFY)
    until, words = _until(query, context)
    if far := _too_far(until, query, context):
        return far
    out = _due_from(query, context, account, until)
    left = found.booked - out - amount
    context.book.money("available balance", found.available, signed=True)
    asked = context.book.money("asked about", amount)
    formula = f"{found.booked.plain} - {out.plain} - {amount.plain}"
    left_fact = context.book.money("left", left, (), formula)
    # "Would I go overdrawn" asks the other way round.
    yes, no = ("No", "Yes") if query.step.spans.change else ("Yes", "No")
    if left.minor >= 0:
        context.say("afford.yes", Yes=context.book.words("finding", yes), amount=asked, left=left_fact, until=words)
    else:
        context.say("afford.no", No=context.book.words("finding", no), amount=asked, short=left_fact, until=words)
    _say_how(context, "afford.how", found, out, account)
    if found.credit_line is not None and found.credit_line.minor > 0:
        context.say("afford.overdraft", line=context.book.money("arranged overdraft", found.credit_line))
    period = Period(since=context.today, until=until, label=words, open_end=True)
    return finish(
        query.model_copy(update={"accounts": (account,)}), context, period, leaves_out=["other spending", "arranged overdraft"]
    )


def _due_from(query: Query, context: Context, account: Account, until: dt.date) -> Money:
    own = query.model_copy(update={"accounts": (account,)})
    payments = [d for d in due(own, context, until) if d.amount.currency == account.currency]
    for one in payments:
        _due_facts(context, one)
    return total((d.amount for d in payments), account.currency)


def _say_how(context: Context, key: str, found: Balance, out: Money, account: Account) -> None:
    booked = context.book.money("booked balance", found.booked, signed=True)
    context.say(key, booked=booked, name=context.named(account), due=context.book.money("still due", out))


def spare(query: Query, context: Context) -> ToolResult:
    if refused := only_files(query, context):
        return refused
    account = _everyday(query)
    found = _balance_of(account, context)
    if found is None:
        return finish(query, context, None, outcome=Outcome.CANNOT)
    until, words = _until(query, context)
    if far := _too_far(until, query, context):
        return far
    out = _due_from(query, context, account, until)
    left = found.booked - out
    if left.minor > 0:
        fact = context.book.money("could be put aside", left, (), f"{found.booked.plain} - {out.plain}")
        context.say("spare.one", spare=fact, until=words)
        _say_how(context, "spare.how", found, out, account)
    else:
        booked = context.book.money("booked balance", found.booked, signed=True)
        due_fact = context.book.money("still due", out)
        context.say(
            "spare.nothing", nothing=context.no("could be put aside", "nothing"), until=words, due=due_fact, booked=booked
        )
    period = Period(since=context.today, until=until, label=words, open_end=True)
    return finish(query.model_copy(update={"accounts": (account,)}), context, period, leaves_out=["day-to-day spending"])
