"""How one statement is written, decided over whole columns before a row of it is read."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from connectors.statements.columns import (
    CREDIT_WORDS,
    DEBIT_WORDS,
    ColumnMapping,
    choose,
    header_currency,
    missing,
    position,
)
from connectors.statements.sheet import DELIMITERS, Record, Sheet
from connectors.statements.values import date_order, decimal_mark, read_amount
from data.errors import InvalidAmount, InvalidCurrency, InvalidStatement
from data.money import currency as checked_currency
from data.party import Frozen

DEFAULT_CURRENCY = "GBP"
# With a share of negative amounts below the first all but refunds are spending; above the second most rows leave
# the account. Between them nobody can tell, and a wrong sign turns every answer round.
FEW_NEGATIVE, MANY_NEGATIVE = 0.15, 0.45


class Sign(StrEnum):
    """What a plain amount without a minus means."""

    SPENDING_POSITIVE = "spending-positive"
    SPENDING_NEGATIVE = "spending-negative"


class Layout(Frozen):
    """How a statement is read. `why` says in words what was decided from its values, for the person who imports it.

    header: the names of the columns, as they stand. debits_negative: each in the column of debits has a minus.
    rows: how many follow. whose: each party, account label ("" where the file has none) and currency that occurs.
    """

    delimiter: str
    header_line: int
    header: tuple[str, ...]
    columns: ColumnMapping
    day_first: bool
    decimal_mark: str
    sign: Sign
    debits_negative: bool
    currency: str
    rows: int
    whose: frozenset[tuple[str, str, str]]
    why: tuple[str, ...]

    def at(self, field: str) -> int | None:
        """Where the column of a field stands, None where there is none."""
        name = getattr(self.columns, field)
        return position(self.header, name) if name else None


def look(sheet: Sheet, given: ColumnMapping, currency: str | None = None, sign: Sign | None = None) -> Layout:
    """Decide how a statement is read; what is given stands, the rest is guessed and said.

    Raises InvalidStatement where a row has too few or too many fields, or where it cannot be told which
    column is meant or whether spending is positive.
    """
    delimiter, header, columns = _header(sheet, given)
    names = header[1]
    survey = _Survey(sheet, delimiter, header, columns)
    day_first, dates_why = date_order(survey.dates)
    mark = decimal_mark(survey.amounts | survey.credits)
    unit, unit_why = _currency(sheet.file, header, columns, currency)
    whose = frozenset((party, account, checked_currency(own or unit)) for party, account, own in survey.whose)
    sign, sign_why = (sign, "as given") if sign else _sign(sheet.file, survey, columns, unit, mark)
    marks = f"amounts have a decimal {'comma' if mark == ',' else 'point'}"
    return Layout(
        delimiter=delimiter,
        header_line=header[0],
        header=tuple(names),
        columns=columns,
        day_first=day_first,
        decimal_mark=mark,
        sign=sign,
        debits_negative=bool(columns.debit) and all(map(_minus, filter(str.strip, survey.amounts))),
        currency=unit,
        rows=survey.rows,
        whose=whose,
        why=(dates_why, marks, unit_why, f"{sign.value}: {sign_why}"),
    )


def _header(sheet: Sheet, given: ColumnMapping) -> tuple[str, Record, ColumnMapping]:
    """The delimiter under which most of the columns wanted are found, with the header and its columns."""
    first_line = sheet.text[:10_000]
    best: tuple[int, str, Record, ColumnMapping] | None = None
    trouble: InvalidStatement | None = None
    for delimiter in sorted(DELIMITERS, key=first_line.count, reverse=True):
        try:
            header, columns = choose(sheet.file, given, sheet.head(delimiter))
        except InvalidStatement as error:
            trouble = trouble or error
            continue
        score = len(columns.held())
        if missing(columns) is None and (best is None or score > best[0]):
            best = (score, delimiter, header, columns)
    if best is None:
        raise trouble or InvalidStatement(sheet.file, None, None, "it has no header")
    return best[1:]


class _Survey:
    """One pass over all rows: how many there are, whose, and the different dates and amounts written in them."""

    def __init__(self, sheet: Sheet, delimiter: str, header: Record, columns: ColumnMapping) -> None:
        names = header[1]
        width = len(names)

        def pick(field: str) -> Callable[[list[str]], str]:
            name = getattr(columns, field)
            at = position(names, name) if name else None
            return (lambda fields: fields[at]) if at is not None else (lambda fields: "")

        date, amount, credit = pick("date"), pick("amount" if columns.amount else "debit"), pick("credit")
        party, account, currency = pick("party"), pick("account"), pick("currency")
        self.dates: set[str] = set()
        self.amounts: set[str] = set()
        self.credits: set[str] = set()
        self.whose: set[tuple[str, str, str]] = set()
        self.rows = self.minuses = 0
        for line, fields in sheet.records(delimiter):
            if line <= header[0]:
                continue
            if len(fields) != width:
                _check_width(sheet.file, line, fields, names)
            self.rows += 1
            value = amount(fields)
            self.dates.add(date(fields))
            self.amounts.add(value)
            self.credits.add(credit(fields))
            self.minuses += _minus(value)
            who = (party(fields), account(fields).strip(), currency(fields).strip())
            if who not in self.whose:
                _check_whose(sheet.file, line, columns, who)
                self.whose.add(who)


def _minus(amount: str) -> bool:
    return "-" in amount or "(" in amount or "\u2212" in amount


def _check_width(file: str, line: int, fields: list[str], names: list[str]) -> None:
    if len(fields) < len(names):
        field = names[len(fields)].strip() or None
        raise InvalidStatement(file, line, field, f"the row has {len(fields)} fields, the header {len(names)}")
    if any(field.strip() for field in fields[len(names) :]):
        raise InvalidStatement(file, line, None, f"the row has {len(fields)} fields, the header {len(names)}")


def _check_whose(file: str, line: int, columns: ColumnMapping, who: tuple[str, str, str]) -> None:
    party, _, currency = who
    if columns.party and not party.strip():
        raise InvalidStatement(file, line, columns.party, "there is no party")
    try:
        checked_currency(currency or DEFAULT_CURRENCY)
    except InvalidCurrency as error:
        raise InvalidStatement(file, line, columns.currency, str(error)) from error


def _currency(file: str, header: Record, columns: ColumnMapping, given: str | None) -> tuple[str, str]:
    """The currency of rows that do not say their own."""
    column = columns.amount or columns.debit or ""
    said = header_currency(column)
    try:
        in_header = checked_currency(said) if said else None
    except InvalidCurrency:
        in_header = None
    try:
        chosen = checked_currency(given) if given else None
    except InvalidCurrency as error:
        raise InvalidStatement(file, None, None, str(error)) from error
    if chosen and in_header and chosen != in_header:
        raise InvalidStatement(file, header[0], column, f"the header says {in_header}, not {chosen}")
    if columns.currency:
        return chosen or in_header or DEFAULT_CURRENCY, f"each row says its currency in {columns.currency!r}"
    unit = chosen or in_header or DEFAULT_CURRENCY
    return unit, f"amounts are in {unit}: " + ("as given" if chosen else "the header says so" if in_header else "the default")


def _sign(file: str, survey: _Survey, columns: ColumnMapping, currency: str, mark: str) -> tuple[Sign, str]:
    if not columns.amount:
        return Sign.SPENDING_NEGATIVE, f"{columns.debit!r} leaves the account and {columns.credit!r} comes in"
    if columns.direction:
        return Sign.SPENDING_NEGATIVE, f"{columns.direction!r} says it for each row"
    marks = {_mark(text, currency, mark) for text in survey.amounts}
    if "CR" in marks and "DR" not in marks:
        return Sign.SPENDING_POSITIVE, "only what comes in is marked, with CR"
    if "DR" in marks:
        return Sign.SPENDING_NEGATIVE, "what leaves the account is marked DR"
    share = survey.minuses / survey.rows if survey.rows else 1.0
    counted = f"{survey.minuses:,} of {survey.rows:,} amounts have a minus"
    if share >= MANY_NEGATIVE:
        return Sign.SPENDING_NEGATIVE, counted
    if share < FEW_NEGATIVE:
        return Sign.SPENDING_POSITIVE, counted
    raise InvalidStatement(
        file, None, columns.amount, f"{counted}, so it cannot be told whether spending is positive or negative: say which"
    )


def _mark(text: str, currency: str, mark: str) -> str:
    if text[-1:].upper() not in ("R", ")"):
        return ""
    try:
        return read_amount(text, currency, mark).mark
    except InvalidAmount:
        return ""


def outgoing(word: str) -> bool | None:
    """Whether the word of a direction column means that money leaves; None for a word that says neither."""
    plain = word.strip().casefold()
    return True if plain in DEBIT_WORDS else False if plain in CREDIT_WORDS else None
