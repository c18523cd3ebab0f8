"""What repeats: subscriptions, bills and pay, found in the ledger by their cadence. Nothing is taken from a name."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Mapping, Sequence
from statistics import median

from dateutil.relativedelta import relativedelta

from data.money import Money
from data.party import Frozen
from data.queries import Row

# (name, step, days between, slack in days, how many payments show it)
CADENCES = (
    ("weekly", relativedelta(weeks=1), 7, 1, 4),
    ("fortnightly", relativedelta(weeks=2), 14, 2, 3),
    ("monthly", relativedelta(months=1), 30, 5, 3),
    ("quarterly", relativedelta(months=3), 91, 8, 3),
    ("yearly", relativedelta(years=1), 365, 12, 2),
)


class Recurring(Frozen):
    """A payment that repeats. `before` is the amount before the latest change, `changed_on` its first day, `changed` the row
    of it.

    pauses: months of the year in which what is monthly is never paid, such as the two without council tax.
    """

    name: str
    template: str
    often: str
    amount: Money
    first_on: dt.date
    last_on: dt.date
    next_on: dt.date
    steady: bool
    ids: tuple[str, ...]
    before: Money | None = None
    changed_on: dt.date | None = None
    changed: str = ""
    account: str
    pauses: tuple[int, ...] = ()


# Of a row this is read here, beside its template.
READ = ("source_id", "account_id", "booked_on", "amount_minor", "currency", "text", "counterparty")


def recurring(rows: Sequence[Row], today: dt.date) -> list[Recurring]:
    """Find what repeats in rows of one direction, oldest first. What has stopped is left out."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["account_id"], row["template"]), []).append(row)
    found = [one for same in groups.values() if (one := _cadence(same, today)) is not None]
    return sorted(found + _by_name(groups, {one.template for one in found}, today), key=lambda r: (r.next_on, r.name))


def _by_name(groups: Mapping[tuple[str, str], list[Row]], known: Collection[str], today: dt.date) -> list[Recurring]:
    """What repeats under statement texts that change each time, as where a reference is part of them."""
    named: dict[tuple[str, str], list[Row]] = {}
    for (account, template), rows in groups.items():
        if template not in known and rows[0]["counterparty"]:
            named.setdefault((account, rows[0]["counterparty"]), []).extend(rows)
    pools = [sorted(rows, key=lambda r: r["booked_on"]) for rows in named.values() if len({r["template"] for r in rows}) > 1]
    return [one for rows in pools if (one := _cadence(rows, today)) is not None]


def _cadence(rows: Sequence[Row], today: dt.date) -> Recurring | None:
    days = sorted({r["booked_on"] for r in rows})
    if len(days) < 2 or len(rows) > len(days) + 1:
        return None
    gaps = [(b - a).days for a, b in itertools.pairwise(days)][-12:]
    for often, step, length, slack, least in CADENCES:
        regular = all(abs(gap - length) <= slack for gap in gaps)
        if regular and len(days) >= least and (often != "yearly" or _same_price(rows)):
            return _described(rows, often, step, slack, days, today)
        if often == "monthly" and (pauses := _pauses(gaps, days, length, slack)):
            return _described(rows, often, step, slack, days, today, pauses)
    return None


def _pauses(gaps: Sequence[int], days: Sequence[dt.date], length: int, slack: int) -> tuple[int, ...]:
    """The months of the year in which something monthly is not paid, for one or two of them; none where it just is irregular.

    It has to have been paid month after month before them or since.
    """
    regular = [abs(gap - length) <= slack for gap in gaps]
    long = [gap for gap, is_regular in zip(gaps, regular, strict=True) if not is_regular]
    run = max((len(list(same)) for is_regular, same in itertools.groupby(regular) if is_regular), default=0)
    if (
        not (regular[-1] or len(long) > 1)
        or run < MONTHS_IN_A_ROW
        or not all(any(abs(gap - length * n) <= slack for n in (2, 3)) for gap in long)
    ):
        return ()
    months = (days[-1].year - days[0].year) * 12 + days[-1].month - days[0].month
    passed = {(days[0] + relativedelta(months=n)).month for n in range(months)}
    return tuple(sorted(passed - {day.month for day in days}))


# So often in a row something has to be paid before a gap is a pause.
MONTHS_IN_A_ROW = 5


def _after(day: dt.date, step: relativedelta, pauses: Collection[int]) -> dt.date:
    """The next day that is in no month without a payment."""
    day += step
    while day.month in pauses:
        day += step
    return day


def _same_price(rows: Sequence[Row]) -> bool:
    amounts = [abs(r["amount_minor"]) for r in rows]
    return bool(max(amounts) <= min(amounts) * (1 + YEARLY_RISE))


# A subscription may get dearer by so much from one year to the next; twice in a year apart with more between is chance.
YEARLY_RISE = 0.15


def _described(
    rows: Sequence[Row],
    often: str,
    step: relativedelta,
    slack: int,
    days: Sequence[dt.date],
    today: dt.date,
    pauses: tuple[int, ...] = (),
) -> Recurring | None:
    usual = int(median(d.day for d in days[-6:]))
    next_on = _after(days[-1], step, pauses)
    if often in ("monthly", "quarterly"):
        next_on += relativedelta(day=usual)
    if next_on + dt.timedelta(days=slack + 2) < today:
        return None
    amounts = [abs(r["amount_minor"]) for r in rows]
    last = rows[-1]
    before, since = change(rows)
    return Recurring(
        name=last["counterparty"] or last["text"],
        template=last["template"],
        often=often,
        amount=Money(minor=amounts[-1], currency=last["currency"]),
        first_on=days[0],
        last_on=days[-1],
        next_on=max(next_on, today),
        steady=is_steady(rows),
        ids=tuple(r["source_id"] for r in rows),
        before=before,
        changed_on=since["booked_on"] if before is not None else None,
        changed=since["source_id"] if before is not None else "",
        account=last["account_id"],
        pauses=pauses,
    )


def is_steady(rows: Sequence[Row]) -> bool:
    """Whether amounts are a price: that stays for a while, and what differs every time is usage."""
    return len({abs(r["amount_minor"]) for r in rows}) <= max(2, len(rows) // 4)


def change(rows: Sequence[Row]) -> tuple[Money | None, Row]:
    """The amount before the latest one, None where there is no other, and the first payment of the latest one."""
    since = rows[-1]
    for row in reversed(rows):
        if abs(row["amount_minor"]) != abs(since["amount_minor"]):
            return Money(minor=abs(row["amount_minor"]), currency=row["currency"]), since
        since = row
    return None, since


def occurrences(one: Recurring, until: dt.date) -> list[dt.date]:
    """The days until a date on which it is expected."""
    step = next(s for name, s, *_ in CADENCES if name == one.often)
    days, day = [], one.next_on
    while day <= until:
        days.append(day)
        day = _after(day, step, one.pauses)
    return days
