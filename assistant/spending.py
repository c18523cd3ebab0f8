"""Tools over the ledger: what was paid, to whom, when. Each says its scope and keeps evidence for each figure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from dateutil.relativedelta import relativedelta

from assistant.comparison import IN_PERCENT
from assistant.held import BY_OTHER
from assistant.merchants import Match
from assistant.periods import MONTH_DAYS, Period, shown
from assistant.plan import CAME_BACK, CAME_IN, WENT_OUT, Tool
from assistant.resolve import Query
from assistant.spans import accounts_named
from assistant.tools import (
    Context,
    ToolResult,
    about,
    amount_of,
    finish,
    listed,
    literal,
    main,
    name_of,
    notes,
    period_of,
    select,
)
from data.banking import AccountKind, Kind, Status
from data.facts import Outcome, Series
from data.money import Money
from data.queries import Group, Order, Row, Selection, Sum

FEW = 5


def spent_sum(query: Query, context: Context) -> ToolResult:
    """A total of debits, and how many; over several periods or names also each and all together."""
    parts = _parts(query, context)
    if len(parts) > 1:
        went_out = any(context.queries.totals(select(part, context, period)) for _, part, period in parts)
        came_in = not went_out and all(
            part.matches and context.queries.totals(_credits(select(part, context, period))) for _, part, period in parts
        )
        return income(query, context) if came_in else _sums(query, context, parts)
    period = period_of(query, context)
    if _put_aside(query):
        return _saved(query, context, period)
    selection = select(query, context, period)
    sums = context.queries.totals(selection)
    paid = query.step.spans.change == WENT_OUT
    if not sums and query.matches and not paid and context.queries.totals(_credits(selection)):
        return income(query, context)
    if not sums:
        return _nothing(query, context, period, "sum.none")
    ids = context.queries.ids(selection)
    for one in _ordered(sums, query):
        own = ids if len(sums) == 1 else _ids_of(context, selection, one.total.currency)
        total = context.book.money("total spent", -one.total, own)
        count = context.book.count("payments", one.count, own, "payment")
        context.say("sum.one", total=total, count=count, about=about(query, context, period))
    left = _left_out(query, context, period)
    notes(query, context)
    return finish(query, context, period, leaves_out=left)


def _put_aside(query: Query) -> bool:
    """Whether "what did I put in the house pot" is asked: money moved into savings, not spent from them."""
    into = query.step.spans.account.startswith(("in ", "into ", "to "))
    return into and query.named_account and not query.matches and all(a.kind is AccountKind.SAVINGS for a in query.accounts)


def _saved(query: Query, context: Context, period: Period) -> ToolResult:
    selection = select(query, context, period, incoming=True, kinds=(Kind.TRANSFER,))
    sums = context.queries.totals(selection)
    if not sums:
        return _nothing(query, context, period, "income.none")
    for one in _ordered(sums, query):
        ids = _ids_of(context, selection, one.total.currency)
        total = context.book.money("moved in", one.total, ids)
        number = context.book.count("transfers", one.count, ids, "transfer")
        name = literal(query.accounts[0].name)
        context.say("income.saved", total=total, count=number, name=name, about=f" {period.label}" if period.label else "")
    return finish(query, context, period, leaves_out=["interest", "money taken out again"])


def _asked(query: Query, context: Context, period: Period) -> Selection:
    """The rows that a step is about: what was paid, or what came in or back where that is spoken of."""
    if (way := query.step.spans.change) not in (CAME_IN, CAME_BACK):
        return select(query, context, period)
    named = None if query.matches else RECEIVED
    return select(query, context, period, incoming=True, kinds=(Kind.REFUND,) if way == CAME_BACK else named)


# What counts as money in where nobody is named: no refund, and nothing from another of one's own accounts.
RECEIVED = (Kind.INCOME, Kind.INTEREST, Kind.PAYMENT)


def _credits(selection: Selection) -> Selection:
    """The same payees the other way round: they may pay the customer."""
    return selection.model_copy(update={"incoming": True, "kinds": None})


def _ordered(sums: Sequence[Sum], query: Query) -> list[Sum]:
    own = main(sums, query.accounts[0].currency)
    return sorted(sums, key=lambda s: s is not own)


def _ids_of(context: Context, selection: Selection, currency: str) -> tuple[str, ...]:
    rows = context.queries.rows(selection, Order.OLDEST, only=("source_id", "currency"))
    return tuple(r["source_id"] for r in rows if r["currency"] == currency)


def _parts(query: Query, context: Context) -> list[tuple[str, Query, Period]]:
    """What "both together" adds up: several periods, or several names, each apart."""
    if len(query.periods) > 1:
        return [(p.label, query.model_copy(update={"periods": (p,)}), p) for p in query.periods]
    period = period_of(query, context)
    if len(query.matches) > 1 and all(m.payees for m in query.matches):
        return [
            (m.names[0], query.model_copy(update={"matches": (m,), "categories": (), "category_groups": ()}), period)
            for m in query.matches
        ]
    if len(query.category_groups) > 1:
        return [
            (context.category(group[0]), query.model_copy(update={"categories": group, "category_groups": (group,)}), period)
            for group in query.category_groups
        ]
    return [("", query, period)]


def _sums(query: Query, context: Context, parts: Sequence[tuple[str, Query, Period]]) -> ToolResult:
    currency, others = query.accounts[0].currency, False
    found = []
    for name, part, period in parts:
        selection = select(part, context, period)
        sums = context.queries.totals(selection)
        one = main(sums, currency)
        amount = -one.total if one else Money(minor=0, currency=currency)
        others = others or len(sums) > 1
        found.append((name, amount, one.count if one else 0, _ids_of(context, selection, amount.currency)))
    everything = tuple(dict.fromkeys(i for *_, ids in found for i in ids))
    whole = Money(minor=sum(a.minor for _, a, _, _ in found), currency=currency)
    formula = " + ".join(a.plain for _, a, _, _ in found)
    total = context.book.money("total spent", whole, everything, formula)
    for name, amount, count, ids in found:
        part_fact = context.book.money(f"spent: {name}", amount, ids)
        counted = context.book.count("payments", count, ids, "payment")
        context.say("sum.each", name=literal(name[:1].upper() + name[1:]), total=part_fact, count=counted)
    context.say("sum.in_all", total=total)
    notes(query, context)
    left = ["refunds", "pending payments", *(["payments in other currencies"] if others else [])]
    return finish(query, context, _whole(query, context), leaves_out=left)


def _whole(query: Query, context: Context) -> Period:
    """The period that a scope names for several: from the first day of the first to the last of the last."""
    found = sorted(query.periods, key=lambda p: (p.since or dt.date.min, p.until))
    if len(found) < 2:
        return period_of(query, context)
    return Period(since=found[0].since, until=max(p.until for p in found), label="; ".join(p.label for p in query.periods))


def _nothing(query: Query, context: Context, period: Period, key: str) -> ToolResult:
    context.say(key, no=context.no("payments found"), about=about(query, context, period))
    held = _held(query, context, period) if key in _PAID_OUT else ()
    for row in held:
        _say_row(context, "pending.but", row)
    notes(query, context)
    return finish(query, context, period, outcome=Outcome.ANSWER if held else Outcome.NONE)


_PAID_OUT = frozenset({"sum.none", "count.none"})


def _held(query: Query, context: Context, period: Period) -> Sequence[Row]:
    """What is asked about that is not booked yet: the fuel of this morning is not no fuel."""
    named = (query.matches or query.categories or query.least or query.most) and query.step.spans.periods != ("now",)
    selection = select(query, context, period).model_copy(update={"status": Status.PENDING})
    return context.queries.rows(selection, Order.NEWEST, FEW) if named else ()


def _left_out(query: Query, context: Context, period: Period) -> list[str]:
    """Says the refunds that are not taken off and the pending items that are not counted, where there are any."""
    left = ["refunds", "pending payments"]
    if not (query.matches or query.categories):
        left.append("transfers between own accounts")
    base = select(query, context, period)
    back = base.model_copy(update={"kinds": (Kind.REFUND,), "incoming": True})
    for one in context.queries.totals(back):
        context.say("sum.refunds", refunds=context.book.money("refunds", one.total, context.queries.ids(back)))
    held = base.model_copy(update={"status": Status.PENDING})
    for one in context.queries.totals(held):
        pending = context.book.money("pending", -one.total, context.queries.ids(held))
        context.say("sum.pending", pending=pending, is_are="is")
    return left


def count(query: Query, context: Context) -> ToolResult:
    period = period_of(query, context)
    selection = select(query, context, period)
    one = main(context.queries.totals(selection), query.accounts[0].currency)
    paid = query.step.spans.change == WENT_OUT
    if one is None and query.matches and not paid and context.queries.totals(_credits(selection)):
        return income(query, context)
    if one is None:
        return _nothing(query, context, period, "count.none")
    ids = context.queries.ids(selection)
    number = context.book.count("payments", len(ids), ids, "payment")
    total = context.book.money("total spent", -one.total, ids)
    context.say("count.one", count=number, total=total, about=about(query, context, period, verb="to"))
    notes(query, context)
    return finish(query, context, period, leaves_out=["refunds", "pending payments"])


def average(query: Query, context: Context) -> ToolResult:
    """Per payment; per month, week or day where the customer asked for that: over whole units of the period."""
    period = period_of(query, context)
    selection = _asked(query, context, period)
    one = main(context.queries.totals(selection), query.accounts[0].currency)
    if one is None:
        return _nothing(query, context, period, "sum.none")
    ids = context.queries.ids(selection)
    said = query.step.spans.group if selection.incoming is not True else ""
    unit = next((u for u in ("month", "week", "day", "year") if u in said or (u == "day" and "daily" in said)), "")
    if not unit:
        came = selection.incoming is True
        whole = one.total if came else -one.total
        mean = whole.share(Decimal(1) / one.count, ROUND_HALF_EVEN)
        fact = context.book.money("average", mean, ids, f"{whole.plain} / {one.count}")
        total = context.book.money("money in" if came else "total spent", whole, ids)
        number = context.book.count("payments", one.count, ids, "payment")
        said = about(query, context, period, verb="from" if came else "at")
        context.say("average.one_in" if came else "average.one", average=fact, total=total, count=number, about=said)
    else:
        # A week is seven days wherever it begins; of months and years whole ones count.
        counted = "day" if unit == "week" else unit
        since, until = period.since or one.first_on, min(period.until, context.today)
        if period.since is None:
            # Where no first day was said it is that of the first payment, and the scope says so.
            period = Period(since=since, until=until, label=f"from {shown(since)} to {shown(until)}")
        units = units_of(since, until, counted)
        over = Decimal(units) / 7 if unit == "week" else Decimal(units)
        mean = (-one.total).share(1 / over, ROUND_HALF_EVEN)
        fact = context.book.money(f"average a {unit}", mean, ids, f"{(-one.total).plain} / {over:.4g}")
        total = context.book.money("total spent", -one.total, ids)
        number = context.book.count(f"{counted}s", units, (), counted)
        context.say("average.by_unit", average=fact, unit=unit, total=total, units=number, about=about(query, context, period))
    notes(query, context)
    return finish(query, context, period, leaves_out=["refunds", "pending payments"])


def units_of(since: dt.date, until: dt.date, unit: str) -> int:
    """How many days, months or years some days lie in, the first and the last counted whole; six months to the day are six."""
    days = (until - since).days + 1
    whole = relativedelta(until + dt.timedelta(days=1), since)
    if whole.days == 0 and unit in ("month", "year") and not (unit == "year" and whole.months):
        return whole.years * 12 + whole.months if unit == "month" else whole.years
    if unit == "month":
        return (until.year - since.year) * 12 + until.month - since.month + 1
    if unit == "year":
        return until.year - since.year + 1
    return days


def largest(query: Query, context: Context) -> ToolResult:
    return _extreme(query, context, Order.LARGEST, "biggest")


def smallest(query: Query, context: Context) -> ToolResult:
    return _extreme(query, context, Order.SMALLEST, "smallest")


def _extreme(query: Query, context: Context, order: Order, kind: str) -> ToolResult:
    if (query.number or 1) > 1:
        return top(query.model_copy(update={"rows_wanted": True, "group": None}), context)
    period = period_of(query, context)
    selection = _asked(query, context, period)
    rows = context.queries.rows(selection, order, 1)
    if not rows:
        return _nothing(query, context, period, "income.none" if selection.incoming else "count.none")
    if selection.incoming and len(context.queries.totals(selection)) > 1:
        # Euros are held against no pounds: of what came in the main account's currency is meant.
        own = query.accounts[0].currency
        rows = [row for row in context.queries.rows(selection, order) if row["currency"] == own] or rows
    row, ids = rows[0], (rows[0]["source_id"],)
    size = abs(row["amount_minor"])
    same = context.queries.ids(selection.model_copy(update={"least": size, "most": size}))
    amount = context.book.money(f"{kind} payment", abs(amount_of(row)), ids)
    name, day = context.book.name("merchant", name_of(row), ids), context.book.day("date", row["booked_on"], ids)
    said = about(query, context, period, verb="from" if selection.incoming else "at")
    context.say(
        "largest.one_in" if selection.incoming else "largest.one", kind=kind, amount=amount, name=name, day=day, about=said
    )
    if len(same) > 1:
        context.say("largest.ties", count=context.book.count("payments of that amount", len(same), same, "payment"))
    notes(query, context)
    return finish(query, context, period, leaves_out=["pending payments"])


def first(query: Query, context: Context) -> ToolResult:
    return _by_date(query, context, Order.OLDEST, "first", came=bool(query.step.spans.change))


def last(query: Query, context: Context) -> ToolResult:
    if (query.number or 1) > 1:
        return find(query, context)
    # "Did she pay me" looks for what came in.
    return _by_date(query, context, Order.NEWEST, "latest", came=bool(query.step.spans.change))


def last_in(query: Query, context: Context) -> ToolResult:
    """What somebody paid last; what was paid to them last, where nothing came."""
    return _by_date(query, context, Order.NEWEST, "latest", came=True)


def _by_date(query: Query, context: Context, order: Order, kind: str, *, came: bool = False) -> ToolResult:
    """came: what came in is looked for first."""
    period = period_of(query, context)
    selection = select(query, context, period)
    back = query.step.spans.change == CAME_BACK
    rows = context.queries.rows(_asked(query, context, period) if back else _credits(selection), order, 1) if came else []
    if back and not rows:
        return _nothing(query, context, period, "refunds.none")
    rows = rows or context.queries.rows(selection, order, 1)
    if not rows and query.matches:
        rows = context.queries.rows(_credits(selection), order, 1)
    if not rows:
        return _nothing(query, context, period, "find.none")
    row, ids = rows[0], (rows[0]["source_id"],)
    day = context.book.day(f"{kind} payment", row["booked_on"], ids)
    amount = context.book.money("amount", abs(amount_of(row)), ids)
    name = context.book.name("merchant", name_of(row), ids)
    said = about(query.model_copy(update={"matches": ()}), context, period if query.periods else None)
    context.say(
        "first.one" if row["amount_minor"] < 0 else "first.one_in", kind=kind, day=day, amount=amount, name=name, about=said
    )
    notes(query, context)
    return finish(query, context, period, leaves_out=["pending payments"])


def top(query: Query, context: Context) -> ToolResult:
    """The groups or the single payments that took most."""
    period = period_of(query, context)
    selection = select(query, context, period)
    number = query.number or FEW
    # Of one payee the largest payments are told, as it would be a ranking of one.
    one_payee = query.group is None and not query.categories and len({p.shown for m in query.matches for p in m.payees}) == 1
    if query.rows_wanted or one_payee:
        chosen = _asked(query, context, period)
        rows = context.queries.rows(chosen, Order.LARGEST, number)
        if not rows:
            return _nothing(query, context, period, "income.none" if chosen.incoming else "count.none")
        said = about(query, context, period, verb="from" if chosen.incoming else "at")
        kind = "biggest payments that came" if chosen.incoming else "biggest payments"
        context.say("top.head", number=_counted(query, len(rows)), kind=kind, about=said)
        for row in rows:
            _say_row(context, "find.row_in" if chosen.incoming else "top.row", row)
        return finish(query, context, period, leaves_out=["pending payments"])
    group = query.group or Group.MERCHANT
    often = bool(query.step.spans.change)
    sums = sorted(_groups(context, selection, group), key=lambda one: (-one.count * often, one.total.minor))[:number]
    if not sums:
        return _nothing(query, context, period, "count.none")
    kinds = {
        Group.CATEGORY: "biggest categories",
        Group.MONTH: "biggest months",
        Group.ACCOUNT: "biggest accounts",
        Group.DAY: "biggest days",
    }
    head = "most frequent payees" if often else kinds.get(group, "biggest payees")
    context.say("top.head", number=_counted(query, len(sums)), kind=head, about=about(query, context, period))
    names = _group_names(query, context, sums, group)
    for one in sums:
        ids = context.queries.ids(_narrowed(selection, group, one.key, context))
        name = context.book.name(group.value, names.get(one.key, one.key), ids)
        total = context.book.money("total spent", -one.total, ids)
        context.say("top.group", name=name, total=total, count=context.book.count("payments", one.count, ids, "payment"))
    return finish(query, context, period, chart=_chart(head, sums, names), leaves_out=["refunds", "pending payments"])


def _counted(query: Query, found: int) -> str:
    """The number that the customer said, or those that there are of so many."""
    return str(found) if query.number is not None and found > 1 else ""


def _say_row(context: Context, key: str, row: Row) -> None:
    ids = (row["source_id"],)
    context.say(
        key,
        amount=context.book.money("amount", abs(amount_of(row)), ids),
        name=context.book.name("merchant", name_of(row), ids),
        day=context.book.day("date", row["booked_on"], ids),
    )


# Between the texts of one payee that has several.
_BETWEEN = "\x00"


def _groups(context: Context, selection: Selection, group: Group) -> list[Sum]:
    """One sum for each group and currency: the statement texts that have one name ("TESCO STORES", "TESCO PFS") are one payee."""
    sums = context.queries.grouped(selection, group)
    if group is not Group.MERCHANT:
        return sums
    shown = _shown(context)
    alike: dict[tuple[str, str], list[Sum]] = {}
    for one in sums:
        alike.setdefault((shown.get(one.key, one.key), one.total.currency), []).append(one)
    return sorted((_one(some) for some in alike.values()), key=lambda s: -abs(s.total.minor))


def _one(some: Sequence[Sum]) -> Sum:
    return Sum(
        key=_BETWEEN.join(s.key for s in some),
        total=Money(minor=sum(s.total.minor for s in some), currency=some[0].total.currency),
        count=sum(s.count for s in some),
        first_on=min(s.first_on for s in some),
        last_on=max(s.last_on for s in some),
    )


def _shown(context: Context) -> dict[str, str]:
    names: dict[str, str] = {}
    for payee in context.known.payees:
        names.setdefault(payee.template, literal(payee.shown))
    return names


def _group_names(query: Query, context: Context, sums: Sequence[Sum], group: Group) -> dict[str, str]:
    """The name to show for each group key."""
    if group is Group.MERCHANT:
        shown = _shown(context)
        return {s.key: shown.get(s.key.split(_BETWEEN)[0], s.key) for s in sums}
    if group is Group.CATEGORY:
        return {s.key: context.category(s.key) for s in sums}
    if group is Group.ACCOUNT:
        return {a.id: a.name for a in query.accounts}
    if group is Group.MONTH:
        return {s.key: f"{s.first_on:%B %Y}" for s in sums}
    return {}


def _narrowed(selection: Selection, group: Group, key: str, context: Context) -> Selection:
    """The selection of one group's rows."""
    if group is Group.MERCHANT:
        payees = tuple(
            p.id
            for p in context.known.payees
            if p.template in key.split(_BETWEEN) and (selection.payees is None or p.id in selection.payees)
        )
        return selection.model_copy(update={"payees": payees})
    if group is Group.CATEGORY:
        return selection.model_copy(update={"categories": (key,)})
    if group is Group.ACCOUNT:
        return selection.model_copy(update={"accounts": tuple(a for a in selection.accounts if a == key)})
    start = dt.date.fromisoformat(key if group is Group.DAY else f"{key}-01")
    end = start if group is Group.DAY else start + relativedelta(day=31)
    since = max(start, selection.since) if selection.since else start
    return selection.model_copy(update={"since": since, "until": min(end, selection.until)})


def _chart(title: str, sums: Sequence[Sum], names: dict[str, str]) -> Series | None:
    if len(sums) < 2 or len({s.total.currency for s in sums}) > 1:
        return None
    labels = tuple(names.get(s.key, s.key) for s in sums)
    return Series(title=title, unit=sums[0].total.currency, labels=labels, values=tuple((-s.total).plain for s in sums))


def breakdown(query: Query, context: Context) -> ToolResult:
    """Spending by group, with a chart: all groups in the chart, the largest in the text."""
    period = period_of(query, context)
    selection = select(query, context, period)
    whole = main(context.queries.totals(selection), query.accounts[0].currency)
    if whole is None:
        return _nothing(query, context, period, "sum.none")
    several = query.categories or len(query.matches) > 1
    default = Group.MERCHANT if several else Group.MONTH if query.matches else Group.CATEGORY
    group = query.group or default
    sums = [s for s in _groups(context, selection, group) if s.total.currency == whole.total.currency]
    total = context.book.money("total spent", -whole.total, context.queries.ids(selection))
    context.say("breakdown.head", total=total, about=about(query, context, period), kind=group.value)
    names = _group_names(query, context, sums, group)
    told = sums[-12:] if group in (Group.MONTH, Group.DAY) else sums[:8]
    for one in told:
        ids = context.queries.ids(_narrowed(selection, group, one.key, context))
        name = context.book.name(group.value, names.get(one.key, one.key) or "uncategorised", ids)
        amount = context.book.money(f"spent: {names.get(one.key, one.key)}", -one.total, ids)
        share = context.book.percent("share", Decimal(one.total.minor) / whole.total.minor, ids)
        context.say("breakdown.group", name=name, total=amount, share=share)
    rest = [s for s in sums if s not in told]
    if rest:
        left = Money(minor=-sum(s.total.minor for s in rest), currency=whole.total.currency)
        others = context.book.count("other groups", len(rest), (), "other")
        ids = tuple(one for s in rest for one in context.queries.ids(_narrowed(selection, group, s.key, context)))
        context.say("breakdown.rest", others=others, total=context.book.money("the others", left, ids))
    notes(query, context)
    return finish(
        query,
        context,
        period,
        chart=_chart("Spending by " + group.value, sums, names),
        leaves_out=["refunds", "pending payments"],
    )


def compare(query: Query, context: Context) -> ToolResult:
    """The first thing named against the second: periods, names or categories. The difference is first minus second."""
    sides = _sides(query, context)
    if sides is None:
        context.say("ask.two_things")
        return finish(query, context, None, outcome=Outcome.CLARIFY)
    one, two = sides
    held = context.queries.held(context.accounts(query), context.today)
    if held is not None and (before := next((p for _, p, _ in sides if p.until < held[0]), None)):
        # Nothing is known of those days, which is not that nothing was spent.
        return _nothing(query, context, before, "sum.none")
    currency = query.accounts[0].currency
    amounts, evidence = [], []
    for part, period, _ in (one, two):
        selection = _asked(part, context, period)
        found = main(context.queries.totals(selection), currency)
        spent = Money(minor=0, currency=currency) if found is None else found.total if selection.incoming else -found.total
        amounts.append(spent)
        evidence.append(context.queries.ids(selection))
    if query.step.spans.change and amounts[0].minor < amounts[1].minor:
        # "What is the difference" says no way round: then the larger comes first.
        return compare(_turned(query, one, two), context)
    gap = amounts[0] - amounts[1]
    word = "more" if gap.minor > 0 else "less" if gap.minor < 0 else "the same"
    difference = context.book.money("difference", gap, tuple(dict.fromkeys(evidence[0] + evidence[1])), "first minus second")
    direction = context.book.words("direction", word, difference.evidence)
    came = query.step.spans.change in (CAME_IN, CAME_BACK)
    verb = "came in" if came else "spent"
    first_fact = context.book.money(f"{verb}{one[2]}", amounts[0], evidence[0])
    second_fact = context.book.money(f"{verb}{two[2]}", amounts[1], evidence[1])
    for side in (one, two):
        if side[1].since is not None:
            context.book.period("period compared", side[1].since, side[1].until, side[1].label)
    keys = ("compare.one_in", "compare.same_in") if came else ("compare.one", "compare.same")
    key = keys[0] if gap.minor else keys[1]
    context.say(
        key,
        difference=difference,
        direction=direction,
        first=first_fact,
        second=second_fact,
        about_first=one[2],
        about_second=two[2],
    )
    if IN_PERCENT in query.step.spans.change and amounts[1].minor:
        of_second = Decimal(abs(gap.minor)) / amounts[1].minor
        percent = context.book.percent("difference in percent", of_second, difference.evidence, "difference / second")
        context.say("compare.percent", percent=percent, second=second_fact)
    running = [p for _, p, _ in (one, two) if "so far" in p.label or (p.ends is not None and p.until < p.ends)]
    if running and len({p.label for _, p, _ in (one, two)}) > 1:
        context.say("compare.partly", period=running[0].label.removeprefix("in ").split(" (")[0])
    notes(query, context)
    left = ["refunds", "pending payments"]
    titles = (one[2].strip(), two[2].strip())
    chart = Series(title="Compared", unit=currency, labels=titles, values=tuple(a.plain for a in amounts))
    return finish(query, context, one[1], chart=chart, leaves_out=left)


Side = tuple[Query, Period, str]


def _turned(query: Query, one: Side, two: Side) -> Query:
    """A comparison the other way round."""
    if one[1] != two[1]:
        return query.model_copy(update={"periods": (two[1], one[1])})
    return query.model_copy(update={"matches": query.matches[::-1], "category_groups": query.category_groups[::-1]})


def _sides(query: Query, context: Context) -> tuple[Side, Side] | None:
    """The two things compared, each with the words that say which it is."""
    verb = "from" if query.step.spans.change in (CAME_IN, CAME_BACK) else "at"
    if len(query.periods) >= 2 or (len(query.periods) == 1 and len(query.matches) < 2 and len(query.category_groups) < 2):
        periods = list(query.periods[:2])
        if len(periods) == 1:
            periods = _with_other(periods[0], context.today)
        periods = [_begun(periods[0], periods[1]), _begun(periods[1], periods[0])]
        rest = about(query, context, None, verb=verb)
        return (query, periods[0], f"{rest} {periods[0].label}"), (query, periods[1], f" {periods[1].label}")
    period = period_of(query, context)
    parts = _parts(query.model_copy(update={"periods": (period,)}), context)
    if len(parts) < 2:
        return None
    sides = [(p, q, about(p, context, None, verb=verb)) for _, p, q in parts[:2]]
    return (sides[0][0], sides[0][1], f"{sides[0][2]} {period.label}".rstrip()), (sides[1][0], sides[1][1], sides[1][2])


def _begun(period: Period, other: Period) -> Period:
    """ "By 24 October" against a month begins with its month: against all there ever was, nothing says anything."""
    if period.since is not None or other.since is None or other.since.day != 1 or (other.until - other.since).days > MONTH_DAYS:
        return period
    since = period.until.replace(day=1)
    return period.model_copy(update={"since": since, "label": f"from {shown(since)} to {shown(period.until)}"})


def _with_other(period: Period, today: dt.date) -> list[Period]:
    """One period said: a past one is what this month or year is held against; the running one against the one before."""
    since = period.since or today.replace(day=1)
    if since.month == since.day == 1 and period.until == today - relativedelta(years=1):
        # "This stage last year" is held against this year.
        return [Period(since=today.replace(month=1, day=1), until=today, label=f"in {today:%Y} so far"), period]
    if period.until < today and (since.month, since.day, period.until.month, period.until.day) == (1, 1, 12, 31):
        start = today.replace(month=1, day=1)
        return [Period(since=start, until=today, label=f"in {start:%Y} so far"), period]
    if period.until < today:
        start = today.replace(day=1)
        return [Period(since=start, until=today, label=f"in {start:%B %Y} so far"), period]
    length, end = (period.until - since).days + 1, since - dt.timedelta(days=1)
    if since.day == 1 and since.month == period.until.month:
        start = since - relativedelta(months=1)
        return [period, Period(since=start, until=end, label=f"in {start:%B %Y}")]
    before = since - dt.timedelta(days=length)
    if period.ends is not None:
        # What runs is held against the whole one before it: a quarter against a quarter.
        months = (period.ends.year - since.year) * 12 + period.ends.month - since.month + 1
        before = since - (relativedelta(weeks=1) if (period.ends - since).days < 7 else relativedelta(months=months))
    return [period, Period(since=before, until=end, label=f"from {shown(before)} to {shown(end)}")]


def share(query: Query, context: Context) -> ToolResult:
    """What a part makes up of a whole: a name of its kind or of all spending, a kind of all, or what went from one account."""
    one_of = accounts_named(query.step.spans.change, query.accounts) if query.step.spans.change else []
    if not (query.matches or query.categories or query.least or query.most or one_of):
        context.say("ask.share_of")
        return finish(query, context, None, outcome=Outcome.CLARIFY)
    period = period_of(query, context)
    part_selection = select(query, context, period)
    # "What percentage of the groceries was Tesco": a name beside a kind is held against all of that kind.
    of_kind = {} if query.matches and query.categories else {"categories": (), "category_groups": ()}
    bare = query.model_copy(update={"matches": query.whole, **of_kind})
    if one_of:
        bare, part_selection = query, select(query.model_copy(update={"accounts": tuple(one_of)}), context, period)
    whole_selection = select(bare, context, period)
    currency = query.accounts[0].currency
    part, whole = (main(context.queries.totals(s), currency) for s in (part_selection, whole_selection))
    if part is None or whole is None:
        return _nothing(query, context, period, "sum.none")
    ids = context.queries.ids(part_selection)
    formula = f"{(-part.total).plain} / {(-whole.total).plain}"
    percent = context.book.percent("share", Decimal(part.total.minor) / whole.total.minor, ids, formula)
    part_fact = context.book.money("part", -part.total, ids)
    whole_fact = context.book.money("all spending", -whole.total, context.queries.ids(whole_selection))
    part_of = query.model_copy(update={"named_account": False} | ({} if of_kind else {"categories": (), "category_groups": ()}))
    said = about(part_of, context, None).removeprefix(" at ").removeprefix(" on ")
    if one_of:
        said = listed([context.named(a) for a in one_of])
    context.say(
        "share.one",
        share=percent,
        part=part_fact,
        whole=whole_fact,
        name=said[:1].upper() + said[1:],
        about=about(bare, context, period),
    )
    notes(query, context)
    return finish(query, context, period, leaves_out=["refunds", "pending payments", "transfers between own accounts"])


def distinct(query: Query, context: Context) -> ToolResult:
    period = period_of(query, context)
    selection = select(query, context, period)
    group = Group.CATEGORY if query.group is Group.CATEGORY else Group.MERCHANT
    sums = context.queries.grouped(selection, group)
    if not sums:
        return _nothing(query, context, period, "count.none")
    keys = list(dict.fromkeys(s.key for s in sums))
    names = _group_names(query, context, sums, group)
    kind = ("category", "different categories") if group is Group.CATEGORY else ("payee", "different payees")
    number = context.book.count("different " + group.value, len(keys), context.queries.ids(selection), *kind)
    context.say("distinct.one", count=number, about=about(query, context, period))
    context.say("distinct.names", names=context.book.name("names", listed_names(keys, names)))
    return finish(query, context, period, leaves_out=["refunds", "pending payments"])


def listed_names(keys: Sequence[str], names: dict[str, str]) -> str:
    return ", ".join(dict.fromkeys(literal(names.get(k, k)) for k in keys[:FEW]))


def refunds(query: Query, context: Context) -> ToolResult:
    """What came back, booked, added up."""
    period, query = period_of(query, context), _whoever_gave_back(query, context)
    selection = select(query, context, period, incoming=True, kinds=(Kind.REFUND,))
    sums = context.queries.totals(selection)
    if not sums:
        return _nothing(query, context, period, "refunds.none")
    for one in sums:
        ids = context.queries.ids(selection)
        total = context.book.money("refunds", one.total, ids)
        number = context.book.count("refunds", one.count, ids, "refund")
        context.say("refunds.one", total=total, count=number, about=about(query, context, period, verb="from"))
    for row in context.queries.rows(selection, Order.NEWEST, 3):
        _say_row(context, "refunds.row", row)
    notes(query, context)
    return finish(query, context, period, leaves_out=["pending refunds"])


def _whoever_gave_back(query: Query, context: Context) -> Query:
    """A payment that was sent back stands under other words than the payment: of a person all is looked at."""

    def whole(one: Match) -> Match:
        theirs = tuple(p for p in context.known.payees if p.shown in one.names)
        return one.model_copy(update={"payees": theirs}) if all(p.personal for p in one.payees) else one

    return query.model_copy(update={"matches": tuple(whole(one) if one.payees else one for one in query.matches)})


def refund_status(query: Query, context: Context) -> ToolResult:
    """Where a refund is: one on its way first, then the latest that came."""
    period, query = period_of(query, context), _whoever_gave_back(query, context)
    selection = select(query, context, period, incoming=True, kinds=(Kind.REFUND,))
    held = context.queries.rows(selection.model_copy(update={"status": Status.PENDING}), Order.NEWEST, FEW)
    rows = context.queries.rows(selection, Order.NEWEST, 1)
    if not rows and not held:
        return _nothing(query, context, period, "refunds.none")
    for row in held:
        ids = (row["source_id"],)
        amount = context.book.money("pending refund", amount_of(row), ids)
        context.say("refunds.pending", amount=amount, name=context.book.name("merchant", name_of(row), ids))
    for row in rows:
        _say_row(context, "refunds.latest", row)
    notes(query, context)
    return finish(query, context, period)


def income(query: Query, context: Context) -> ToolResult:
    period = period_of(query, context)
    if query.step.spans.change == BY_OTHER:
        return _from_other_holder(query, context, period)
    selection = select(query, context, period, incoming=True, kinds=None if query.matches else RECEIVED)
    sums = context.queries.totals(selection)
    if not sums:
        return _nothing(query, context, period, "income.none")
    if query.matches:
        paying = {one.key for one in context.queries.grouped(selection, Group.MERCHANT)}
        query = query.model_copy(update={"matches": tuple(_of(match, paying) for match in query.matches)})
    if query.step.tool is Tool.INCOME and query.matches and sum(one.count for one in sums) == 1:
        row = context.queries.rows(selection, Order.NEWEST, 1)[0]
        credit = (row["source_id"],)
        total, day = context.book.money("money in", amount_of(row), credit), context.book.day("date", row["booked_on"], credit)
        context.say("income.single", total=total, name=context.book.name("from", name_of(row), credit), day=day)
        return finish(query, context, period, leaves_out=["refunds", "transfers between own accounts", "pending items"])
    for one in _ordered(sums, query):
        ids = _ids_of(context, selection, one.total.currency)
        total = context.book.money("money in", one.total, ids)
        number = context.book.count("credits", one.count, ids, "payment")
        context.say("income.one", total=total, count=number, about=about(query, context, period, verb="from"))
    # Of a kind that several pay each is told, too.
    several = not query.matches or any(m.said == "pensions" for m in query.matches)
    payers = _groups(context, selection, Group.MERCHANT)[:FEW] if several else []
    names = _group_names(query, context, payers, Group.MERCHANT)
    for one in payers:
        ids = context.queries.ids(_narrowed(selection, Group.MERCHANT, one.key, context))
        name = context.book.name("from", names.get(one.key, one.key), ids)
        total = context.book.money("money in", one.total, ids)
        context.say("income.group", name=name, total=total, count=context.book.count("credits", one.count, ids, "payment"))
    return finish(query, context, period, leaves_out=["refunds", "transfers between own accounts", "pending items"])


def _from_other_holder(query: Query, context: Context, period: Period) -> ToolResult:
    """What was moved into a shared account from an account that is none of the customer's: of each transfer the other half is not
    among their own."""
    shared = accounts_named(query.step.spans.account, query.accounts)
    query = query.model_copy(update={"accounts": tuple(shared), "named_account": True})
    into = select(query, context, period, incoming=True, kinds=(Kind.TRANSFER,)).model_copy(update={"not_from": context.own})
    sums = context.queries.totals(into)
    if not sums:
        return _nothing(query, context, period, "income.none")
    one, ids = sums[0], context.queries.ids(into)
    total, number = context.book.money("moved in", one.total, ids), context.book.count("transfers", one.count, ids, "transfer")
    label = f" {period.label}" if period.label else ""
    context.say("income.theirs", total=total, count=number, name=context.named(query.accounts[0]), about=label)
    newest = context.queries.rows(into, Order.NEWEST, 1)[0]
    amount = context.book.money("latest", amount_of(newest), (newest["source_id"],))
    context.say("income.latest", amount=amount, day=context.book.day("date", newest["booked_on"], (newest["source_id"],)))
    return finish(query, context, period, leaves_out=["transfers from your own accounts"])


def _of(match: Match, templates: Collection[str]) -> Match:
    """A match with those of its payees that are among some; with all, where none is."""
    payees = tuple(payee for payee in match.payees if payee.template in templates)
    return match.model_copy(update={"payees": payees or match.payees})


def quiet_days(query: Query, context: Context) -> ToolResult:
    """Days of the period up to today on which no payment, purchase or cash was booked; a fee is nothing the customer did."""
    period = period_of(query, context)
    selection = select(query, context, period, kinds=(Kind.PURCHASE, Kind.PAYMENT, Kind.CASH))
    days = context.queries.grouped(selection, Group.DAY)
    held = context.queries.held(context.accounts(query), context.today)
    if held is None:
        return _nothing(query, context, period, "count.none")
    since, until = period.since or held[0], min(period.until, context.today)
    quiet = (until - since).days + 1 - len({d.key for d in days})
    number = context.book.count("days without spending", quiet, (), "day")
    context.say("quiet_days.one", count=number, about=about(query, context, period))
    return finish(query, context, period, leaves_out=["pending payments", "transfers between own accounts"])


def biggest_day(query: Query, context: Context) -> ToolResult:
    period = period_of(query, context)
    selection = select(query, context, period)
    days = context.queries.grouped(selection, Group.DAY)
    if not days:
        return _nothing(query, context, period, "sum.none")
    best = min(days, key=lambda d: d.total.minor)
    ids = context.queries.ids(_narrowed(selection, Group.DAY, best.key, context))
    day = context.book.day("biggest day", best.first_on, ids)
    total = context.book.money("spent that day", -best.total, ids)
    number = context.book.count("payments", best.count, ids, "payment")
    context.say(
        "biggest_day.one", kind="biggest spending", day=day, total=total, count=number, about=about(query, context, period)
    )
    return finish(query, context, period, leaves_out=["refunds", "pending payments"])


def find(query: Query, context: Context) -> ToolResult:
    """Payments that match, the newest first; what is pending is said apart."""
    period = period_of(query, context)
    named = bool(query.matches or query.categories or query.least or query.most)
    came = query.step.spans.change in (CAME_IN, CAME_BACK)
    paid = named or query.step.spans.change == WENT_OUT
    selection = _asked(query, context, period) if came else select(query, context, period, incoming=False if paid else None)
    rows = context.queries.rows(selection, Order.NEWEST, query.number or FEW)
    if not rows and named and not came:
        selection = selection.model_copy(update={"incoming": None})
        rows = context.queries.rows(selection, Order.NEWEST, query.number or FEW)
    pending = context.queries.rows(selection.model_copy(update={"status": Status.PENDING}), Order.NEWEST, FEW)
    if not rows and not pending:
        return _nothing(query, context, period, "find.none")
    said = about(query, context, period, verb="from" if came else "to")
    ids = context.queries.ids(selection)
    if query.number is not None:
        ids = tuple(r["source_id"] for r in rows)
    if len(ids) == 1 and rows[0]["amount_minor"] < 0:
        row = rows[0]
        day = context.book.day("date", row["booked_on"], ids)
        amount = context.book.money("amount", -amount_of(row), ids)
        context.say("find.one", day=day, amount=amount, name=context.book.name("merchant", name_of(row), ids))
    elif ids:
        total = main(context.queries.totals(selection), query.accounts[0].currency)
        number = context.book.count("payments", len(ids), ids, "payment")
        if selection.incoming is not None and total is not None and query.number is None:
            whole = total.total if came else -total.total
            context.say("find.many", count=number, total=context.book.money("total", whole, ids), about=said)
        else:
            context.say("find.in_only", count=number, about=said)
        for row in rows:
            _say_row(context, "find.row" if row["amount_minor"] < 0 else "find.row_in", row)
    for row in pending if named or not rows else ():
        _say_row(context, "find.pending" if ids else "find.only_pending", row)
    notes(query, context)
    return finish(query, context, period, leaves_out=["refunds"] if named else [])


# A till or a terminal repeats itself at once; the same again hours later was bought again.
TWICE_WITHIN = dt.timedelta(minutes=15)


def duplicates(query: Query, context: Context) -> ToolResult:
    """Equal card payments to one payee within minutes, or on one day where the bank gives no time."""
    period = period_of(query, context)
    selection = select(query, context, period, kinds=(Kind.PURCHASE, Kind.PAYMENT))
    groups: dict[tuple[str, str, int], list[Row]] = {}
    for row in context.queries.rows(selection, Order.OLDEST):
        groups.setdefault((row["account_id"], row["template"], row["amount_minor"]), []).append(row)
    pairs = [pair for rows in groups.values() for pair in _close_pairs(rows)]
    if not pairs:
        twice = context.book.words("finding", "twice")
        context.say(
            "duplicates.none", no=context.no("duplicates found"), twice=twice, about=about(query, context, period, verb="to")
        )
        notes(query, context)
        return finish(query, context, period, outcome=Outcome.NONE)
    for rows in sorted(pairs, key=lambda p: p[-1]["booked_on"], reverse=True)[:FEW]:
        ids = tuple(r["source_id"] for r in rows)
        days = " and ".join(dict.fromkeys(shown(r["booked_on"]) for r in rows))
        context.say(
            "duplicates.one",
            duplicate=context.book.words("finding", "double charge", ids),
            amount=context.book.money("amount", -amount_of(rows[0]), ids),
            name=context.book.name("merchant", name_of(rows[0]), ids),
            times=context.book.count("times taken", len(ids), ids, "time"),
            days=context.book.words("dates", days, ids),
        )
    context.say("duplicates.next", name="them" if len(pairs) > 1 else "it")
    return finish(query, context, period)


def _close_pairs(rows: Sequence[Row]) -> list[list[Row]]:
    """Runs of equal payments with hardly any time between, oldest first."""
    runs: list[list[Row]] = []
    for row in sorted(rows, key=lambda r: (r["booked_on"], str(r["booked_at"] or ""), r["id"])):
        if runs and _at_once(runs[-1][-1], row):
            runs[-1].append(row)
        else:
            runs.append([row])
    return [run for run in runs if len(run) > 1]


def _at_once(one: Row, two: Row) -> bool:
    if one["booked_at"] is not None and two["booked_at"] is not None:
        return abs(two["booked_at"] - one["booked_at"]) <= TWICE_WITHIN  # type: ignore[no-any-return]
    return bool(one["booked_on"] == two["booked_on"])


def pending(query: Query, context: Context) -> ToolResult:
    """What is held but not booked. Asked why one was reversed, its refund is shown as well."""
    period = period_of(query, context)
    label = period if query.periods else None
    selection = select(query, context, period, incoming=None).model_copy(update={"status": Status.PENDING})
    rows = context.queries.rows(selection, Order.NEWEST, 20)
    if rows:
        ids = context.queries.ids(selection)
        number = context.book.count("pending", len(ids), ids, "payment")
        context.say("pending.head", count=number, is_are="are" if len(ids) > 1 else "is")
        for incoming, key, called in ((False, "pending.out", "pending total"), (True, "pending.in", "pending, coming in")):
            one_way = selection.model_copy(update={"incoming": incoming})
            for one in context.queries.totals(one_way):
                of = _ids_of(context, one_way, one.total.currency)
                context.say(key, total=context.book.money(called, abs(one.total), of))
        for row in rows:
            _say_row(context, "pending.row" if row["amount_minor"] < 0 else "pending.row_in", row)
        context.say("pending.why")
    else:
        nothing = context.no("pending payments", "Nothing")
        context.say("pending.none", Nothing=nothing, about=about(query, context, label, verb="to"))
    if query.matches:
        back = select(query, context, period, incoming=True)
        for row in context.queries.rows(back, Order.NEWEST, 2):
            _say_row(context, "pending.reversed", row)
    notes(query, context)
    return finish(query, context, label, outcome=Outcome.ANSWER if rows else Outcome.NONE)


def identify(query: Query, context: Context) -> ToolResult:
    """Who is behind a line on the statement: name, category, since when and how often."""
    period = period_of(query, context)
    selection = select(query, context, period, incoming=None).model_copy(update={"status": None})
    rows = context.queries.rows(selection, Order.NEWEST, 1)
    if not rows:
        said = query.matches[0].said if query.matches else query.step.spans.amount
        context.say("identify.none", no=context.no("payments found"), said=literal(said))
        return finish(query, context, period, outcome=Outcome.NONE)
    row, ids = rows[0], (rows[0]["source_id"],)
    same = selection.model_copy(update={"payees": (row["descriptor_id"],), "least": None, "most": None, "since": None})
    everything = context.queries.ids(same)
    total = main(context.queries.totals(same), row["currency"])
    category = f", under {context.category(row['category'])}" if row["category"] else ""
    name = context.book.name("merchant", name_of(row), ids)
    context.say("identify.one", text=context.book.name("statement text", literal(row["text"]), ids), name=name, category=category)
    if total is not None:
        context.say(
            "identify.seen",
            amount=context.book.money("latest amount", abs(amount_of(row)), ids),
            day=context.book.day("latest", row["booked_on"], ids),
            count=context.book.count("times", total.count, everything, "time"),
            first=context.book.day("first seen", total.first_on, everything[:1]),
            total=context.book.money("total", abs(total.total), everything),
        )
    context.say("identify.next")
    notes(query, context)
    return finish(query, context, None)
