"""SWIFT MT940 customer statements, as banks write them: with or without the blocks of a SWIFT message around them.

Source: SWIFT's category 9 message reference guide, MT940. A file may hold many statements; each begins with :20:.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import Any

import mt940

from connectors.statements.exports import Entry, Export, Reader, Stated, decoded, one_line
from data.banking import AccountKind
from data.errors import InvalidStatement
from data.money import Money

SOURCE = "mt940"
_STATEMENT = re.compile(r"(?m)^:20:")
_LINE = re.compile(r"(?m)^:61:")
_END = re.compile(r"(?m)^-\}?\s*$")
_TAG = re.compile(r"(?m)^:([0-9]{2}[A-Z]?|NS):")
# Codewords of the supplementary details: the original amount and the rate of exchange.
_ORIGINAL = re.compile(r"/OCMT/([A-Z]{3})([0-9]{1,12}(?:,[0-9]{0,4})?)/?")
_RATE = re.compile(r"/EXCH/([0-9]{1,9}(?:,[0-9]{0,12})?)/?")
# The last three letters of the type of a line; the words are those of `kinds`.
_SAID = {
    "DDT": "direct debit", "STO": "standing order", "CHK": "cheque", "CHG": "fee", "COM": "fee", "INT": "interest",
    "TRF": "transfer", "ECK": "cheque",
}  # fmt: skip

# It logs lines that it cannot read, and statements hold what nobody else should read.
logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)
_OPTIONS = mt940.Options.all()
# Days that the calendar does not have are errors: by itself the parser moves them.
_PROCESSORS: dict[str, Any] = {"pre_statement": []}


def read(file: str, raw: bytes) -> list[Export]:
    """The statements of a file, in its order. Raises InvalidStatement at the first thing that cannot be read."""
    text = decoded(file, raw).replace("\r\n", "\n").replace("\r", "\n")
    starts = [found.start() for found in _STATEMENT.finditer(text)]
    ends = [*starts[1:], len(text)]
    return [_Statement(file, text, start, end).export() for start, end in zip(starts, ends, strict=True)]


class _Statement(Reader):
    """One statement of a file, which begins at `start` and has ended before `end`."""

    def __init__(self, file: str, text: str, start: int, end: int) -> None:
        super().__init__(file)
        self.block = text[start:end]
        self.line = text.count("\n", 0, start) + 1
        ended = _END.search(self.block)
        if ended is not None:
            self.block = self.block[: ended.start()]
        self.starts = [found.start() for found in _LINE.finditer(self.block)]

    def export(self) -> Export:
        parsed = self._parsed(self.block)
        said = parsed.data
        label = one_line(said.get("account_identification"))
        if label is None:
            raise self.wrong(self.line, ":25:", "there is no account number")
        if len(parsed) != len(self.starts):
            raise self.wrong(self.line, ":61:", f"there are {len(self.starts):,} lines, of which {len(parsed):,} can be read")
        opening, closing, available = (
            self._stated(said, names, tag)
            for names, tag in (
                (("final_opening_balance", "intermediate_opening_balance"), ":60F:"),
                (("final_closing_balance", "intermediate_closing_balance"), ":62F:"),
                (("available_balance",), ":64:"),
            )
        )
        some = opening or closing
        if some is None:
            raise self.wrong(self.line, ":60F:", "there is no balance, which says the currency")
        currency = some.amount.currency
        entries = [self._entry(one.data, line, currency) for one, line in zip(parsed, self._lines(), strict=True)]
        days = [entry.booked_on for entry in entries] + ([closing.on] if closing else [])
        return Export(
            source=SOURCE,
            line=self.line,
            identification=_account(label, currency),
            currency=currency,
            kind=AccountKind.CURRENT,
            entries=entries,
            opening=opening,
            closing=closing,
            available=available,
            until=max(days, default=None),
        )

    def _lines(self) -> list[int]:
        """The line of the file on which each entry stands."""
        lines, at, line = [], 0, self.line
        for start in self.starts:
            line += self.block.count("\n", at, start)
            lines.append(line)
            at = start
        return lines

    def _parsed(self, block: str) -> mt940.models.Transactions:
        parsed = mt940.models.Transactions(processors=_PROCESSORS, options=_OPTIONS)
        try:
            parsed.parse(block)
        except _TROUBLE as error:
            raise self._blame(error) from error
        return parsed

    def _blame(self, error: Exception) -> InvalidStatement:
        """Find the field that cannot be read: the parser does not say where it was."""
        fields = [*_TAG.finditer(self.block)]
        head = ""
        for field, after in zip(fields, [*fields[1:], None], strict=True):
            text = self.block[field.start() : after.start() if after else len(self.block)]
            line = self.line + self.block.count("\n", 0, field.start())
            try:
                mt940.models.Transactions(processors=_PROCESSORS, options=_OPTIONS).parse(head + text)
            except _TROUBLE as found:
                value = " ".join(text[len(field[0]) :].split())
                reason = str(found) if isinstance(found, ValueError) else "it is not written as the standard says"
                return self.wrong(line, f":{field[1]}:", f"{value[:60]!r} cannot be read: {reason}")
            if field[1].startswith(("60", "62")):
                head += text
        return self.wrong(self.line, None, f"it cannot be read: {error}")

    def _stated(self, said: dict[str, Any], names: tuple[str, ...], tag: str) -> Stated | None:
        for name in names:
            if (balance := said.get(name)) is not None:
                line = self.line + self.block.count("\n", 0, self.block.find("\n" + tag[:3]) + 1)
                amount = self.money(line, tag, balance.amount.amount, balance.amount.currency)
                return Stated(_day(balance.date), amount)
        return None

    def _entry(self, said: dict[str, Any], line: int, currency: str) -> Entry:
        amount = self.money(line, ":61:", said["amount"].amount, currency)
        details, extra = said.get("transaction_details"), said.get("extra_details")
        name = one_line(said.get("applicant_name"))
        purpose = one_line(said.get("purpose")) or one_line(said.get("additional_purpose"))
        customer, bank = (_reference(said.get(key)) for key in ("customer_reference", "bank_reference"))
        text = self.text(
            line, ":86:", name, purpose, one_line(details), said.get("posting_text"), extra, customer, bank, said.get("id")
        )
        original, rate = self._original(f"{extra or ''}\n{details or ''}", line, amount)
        references = (purpose, said.get("end_to_end_reference"), customer, bank)
        return Entry(
            line=line,
            booked_on=_day(said.get("entry_date") or said["date"]),
            amount=amount,
            text=text,
            said="reversal" if said["status"].upper() == "RD" else _SAID.get((said.get("id") or "")[1:], ""),
            value_on=_day(said["date"]),
            counterparty=name,
            reference=next((r for r in references if r and r != text), None),
            original=original,
            rate=rate,
        )

    def _original(self, details: str, line: int, amount: Money) -> tuple[Money | None, Any]:
        found, rate = _ORIGINAL.search(details), _RATE.search(details)
        if found is None or found[1] == amount.currency:
            return None, None
        money = self.money(line, "/OCMT/", found[2].replace(",", ".").rstrip("."), found[1])
        stated = self.rate(line, "/EXCH/", rate[1].replace(",", ".").rstrip(".")) if rate else None
        return (-money if amount.minor < 0 else money), stated


_TROUBLE = (RuntimeError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError)


def _account(label: str, currency: str) -> str:
    """The account of "BANK/ACCOUNT" or of an account with the currency behind it."""
    own = label.rsplit("/", 1)[-1].strip()
    return own.removesuffix(currency).strip() or own


def _reference(text: str | None) -> str | None:
    """A reference, unless it is the word for none."""
    said = one_line(text)
    return None if said is None or said.upper() in ("NONREF", "NOREF") else said


def _day(date: dt.date) -> dt.date:
    """A plain date: the parser's is a kind of its own."""
    return dt.date(date.year, date.month, date.day)
