"""Which column of a statement says what: given, or guessed from the header and the values below it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from connectors.statements.sheet import Record
from connectors.statements.values import is_amount, is_date
from data.errors import InvalidStatement
from data.party import Frozen


class ColumnMapping(Frozen):
    """Header names by what they hold; None is to be guessed, "" means that no column holds it.

    amount, or debit and credit: what was moved. direction: "debit" or "credit" beside an unsigned amount.
    party, account: whose row it is. kind: the bank's own word for the sort of movement ("DD", "Card payment").
    status: "pending", "completed", "declined". balance: never read, known so that it is not taken for the amount.
    Needed are date, text and amount, or date, text, debit and credit.
    """

    date: str | None = None
    value_date: str | None = None
    amount: str | None = None
    debit: str | None = None
    credit: str | None = None
    direction: str | None = None
    text: str | None = None
    id: str | None = None
    category: str | None = None
    mcc: str | None = None
    currency: str | None = None
    party: str | None = None
    account: str | None = None
    kind: str | None = None
    status: str | None = None
    reference: str | None = None
    counterparty: str | None = None
    balance: str | None = None

    def held(self) -> dict[str, str]:
        """What is held, in the order above, with the name of its column."""
        return {field: name for field, name in self if name}


DEBIT_WORDS = frozenset({"d", "dr", "debit", "dbit", "debits", "out", "paid out", "money out", "s"})
CREDIT_WORDS = frozenset({"c", "cr", "credit", "crdt", "credits", "in", "paid in", "money in", "h"})

# Header names as `_plain` leaves them, the surest first. A column is taken by the first field that names it.
_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("transaction id", "txn id", "transactionid", "id", "fitid", "fit id", "unique id", "entry id", "transaction uid"),
    "date": (
        "booking date", "booked on", "posting date", "posted date", "date posted", "post date", "date", "transaction date",
        "completed date", "entry date", "trans date", "txn date", "started date", "when", "buchungstag", "buchungsdatum", "datum",
    ),
    "value_date": ("value date", "valuta", "valutadatum"),
    "direction": (
        "direction", "credit debit indicator", "debit credit indicator", "debit credit", "credit debit", "dr cr", "cr dr", "dc",
    ),
    "amount": (
        "amount", "transaction amount", "value", "debit credit", "amount in account currency", "billing amount", "net amount",
        "sum", "spend", "betrag", "umsatz",
    ),
    "debit": (
        "debit", "debit amount", "debits", "paid out", "money out", "withdrawal", "withdrawals", "withdrawn", "out", "payments",
        "amount debited", "spent",
    ),
    "credit": (
        "credit", "credit amount", "credits", "paid in", "money in", "deposit", "deposits", "in", "receipts", "amount credited",
    ),
    "text": (
        "description", "transaction description", "merchant description", "details", "transaction details", "narrative", "memo",
        "statement text", "particulars", "transaction", "text", "merchant", "merchant name", "payee", "name", "counter party",
        "counterparty", "to from", "verwendungszweck", "buchungstext", "what",
    ),
    "category": ("category", "spending category", "cost category", "merchant category"),
    "mcc": ("mcc", "merchant category code", "category code", "mcc code"),
    "currency": ("currency", "currency code", "ccy", "waehrung", "währung"),
    "account": ("account", "account number", "account no", "account id", "card", "card number", "card no"),
    "kind": ("type", "transaction type", "subcategory", "transaction code", "payment type"),
    "status": ("status", "state", "transaction status"),
    "reference": ("reference", "payment reference", "ref", "customer reference"),
    "counterparty": ("counter party", "counterparty", "payee", "merchant name", "merchant", "name", "beneficiary"),
    "balance": ("balance", "running balance", "account balance", "balance after"),
}  # fmt: skip
_IN_BRACKETS = re.compile(r"\([^)]*\)")
_PUNCTUATION = re.compile(r"[\W_]+")
_CURRENCY_SAID = re.compile(r"(?:\(|\s)([A-Z]{3})\)?\s*$")


def choose(file: str, given: ColumnMapping, head: Sequence[Record]) -> tuple[Record, ColumnMapping]:
    """Find the header among the first records of a file and say which column holds what.

    What is given stands, the rest is guessed. Raises InvalidStatement, with the columns that there are, when
    something needed cannot be found or a column given is not there.
    """
    if not head:
        raise InvalidStatement(file, None, None, "it has no header")
    for at, (_, names) in enumerate(head):
        if all(_find(names, name) is not None for name in given.held().values()):
            mapping = _by_name(names, given, head[at + 1 :])
            if not missing(mapping):
                return head[at], mapping
    line, names = head[0]
    for field, name in given.held().items():
        if _find(names, name) is None:
            raise InvalidStatement(file, line, name, f"there is no such column for the {field}; the columns are {_listed(names)}")
    mapping = _by_value(names, _by_name(names, given, head[1:]), head[1:])
    if any(map(is_date, names)) and any(map(is_amount, names)):
        raise InvalidStatement(file, line, None, "the first line is a row, not the names of the columns: put a header above it")
    if lacks := missing(mapping):
        raise InvalidStatement(file, line, lacks, f"no column can be taken for it; the columns are {_listed(names)}")
    return head[0], mapping


def missing(mapping: ColumnMapping) -> str | None:
    """The first thing needed that the mapping does not have."""
    if not mapping.date:
        return "date"
    if not mapping.amount and not (mapping.debit and mapping.credit):
        return "amount" if not (mapping.debit or mapping.credit) else ("credit" if mapping.debit else "debit")
    return None if mapping.text else "text"


def header_currency(name: str) -> str | None:
    """The currency that a header says, as in "Amount (EUR)"."""
    found = _CURRENCY_SAID.search(name)
    return found[1] if found else None


def position(names: Sequence[str], name: str) -> int:
    """Where a column of the mapping stands."""
    found = _find(names, name)
    if found is None:
        raise ValueError(f"{name!r} is not in the header")
    return found


def _find(names: Sequence[str], name: str) -> int | None:
    for same in (str, str.strip, _plain):
        places = [at for at, other in enumerate(names) if same(other) == same(name)]
        if len(places) == 1 or (places and same is str):
            return places[0]
    return None


def _by_name(names: Sequence[str], given: ColumnMapping, rows: Sequence[Record]) -> ColumnMapping:
    plain = [_plain(name) for name in names]
    taken = {_find(names, name) for name in given.held().values()}
    found: dict[str, str] = {}
    for field, known in _NAMES.items():
        if getattr(given, field) is not None or (field in ("debit", "credit") and (given.amount or found.get("amount"))):
            continue
        if field == "amount" and (given.debit or given.credit):
            continue
        for name in known:
            at = plain.index(name) if plain.count(name) == 1 else None
            if at is None or at in taken or (field == "direction" and not _says_direction(_column(rows, at))):
                continue
            taken.add(at)
            found[field] = names[at]
            break
    return given.model_copy(update=found)


def _by_value(names: Sequence[str], mapping: ColumnMapping, rows: Sequence[Record]) -> ColumnMapping:
    """Fill in what only the values can say; where several columns could be it, none is taken."""
    taken = {_find(names, name) for name in mapping.held().values()}
    free = {at: _column(rows, at) for at in range(len(names)) if at not in taken}
    found: dict[str, str] = {}
    if mapping.date is None and (dates := [at for at, values in free.items() if values and all(map(is_date, values))]):
        found["date"] = names[dates[0]]
        free.pop(dates[0])
    if mapping.amount is None and not (mapping.debit or mapping.credit):
        amounts = [at for at, values in free.items() if any("." in v or "," in v for v in values) and all(map(is_amount, values))]
        if len(amounts) == 1:
            found["amount"] = names[amounts[0]]
            free.pop(amounts[0])
    if mapping.text is None:
        worded = {at: len(set(v)) for at, v in free.items() if v and all(re.search(r"[^\W\d_]{2}", value) for value in v)}
        if worded:
            found["text"] = names[max(worded, key=lambda at: worded[at])]
    return mapping.model_copy(update=found)


def _column(rows: Iterable[Record], at: int) -> list[str]:
    """The values of a column that are not blank."""
    return [fields[at] for _, fields in rows if at < len(fields) and fields[at].strip()]


def _says_direction(values: Sequence[str]) -> bool:
    return bool(values) and all(value.strip().casefold() in DEBIT_WORDS | CREDIT_WORDS for value in values)


def _plain(name: str) -> str:
    """A header name in small letters without punctuation, brackets and a currency at its end."""
    words = _PUNCTUATION.sub(" ", _IN_BRACKETS.sub(" ", name).casefold()).split()
    if len(words) > 1 and words[-1] in ("gbp", "eur", "usd"):
        words.pop()
    return " ".join(words)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name.strip()) for name in names if name.strip())
