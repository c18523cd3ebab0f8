"""OFX downloads, as SGML (1.x) and XML (2.x), of bank accounts and credit cards.

Source: the OFX banking specification 2.2, section 11. The parser, ofxtools, is loaded only when there is such a file.
"""

from __future__ import annotations

import bisect
import io
import re
import warnings
from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast
from xml.etree.ElementTree import Element

from connectors.statements.exports import Entry, Export, Reader, Stated
from data.banking import AccountKind, Status
from data.errors import InvalidInput
from data.money import Money, digits

if TYPE_CHECKING:
    from ofxtools.models.bank.stmt import STMTTRN

SOURCE = "ofx"
_EMPTY = re.compile(rb"<[A-Z0-9._]+\s*/>")
_ENTRY = re.compile(rb"<STMTTRNP?>")
_STATEMENT = re.compile(rb"<(?:CC)?STMTRS>")
_AGGREGATES = ("OFX", "STMTRS", "CCSTMTRS", "BANKTRANLIST", "BANKTRANLISTP", "STMTTRN", "STMTTRNP", "LEDGERBAL", "AVAILBAL")
_KINDS = {
    "SAVINGS": AccountKind.SAVINGS, "MONEYMRKT": AccountKind.SAVINGS, "CD": AccountKind.SAVINGS, "CREDITLINE": AccountKind.LOAN,
}  # fmt: skip
# The words are those of `kinds`. CREDIT and DEBIT say no more than the sign.
_SAID = {
    "POS": "pos", "ATM": "atm", "CASH": "cash", "FEE": "fee", "SRVCHG": "fee", "INT": "interest", "DIRECTDEBIT": "direct debit",
    "REPEATPMT": "standing order", "XFER": "transfer", "CHECK": "cheque", "PAYMENT": "payment", "DEP": "deposit",
    "DIRECTDEP": "bank credit", "DIV": "deposit",
}  # fmt: skip


def read(file: str, raw: bytes) -> list[Export]:
    """The statements of a file, in its order. Raises InvalidStatement at the first thing that cannot be read."""
    if find_spec("ofxtools") is None:
        raise InvalidInput(f"{file}: OFX is read by an extra that is not installed: counterfoil[ofx]")
    return _Statements(file).read(raw)


class _Statements(Reader):
    def read(self, raw: bytes) -> list[Export]:
        from ofxtools.header import OFXHeaderError  # noqa: PLC0415  an extra, loaded for an OFX file only
        from ofxtools.Parser import OFXTree, ParseError  # noqa: PLC0415  as above

        if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
            raise self.wrong(None, None, "it has a document type (DOCTYPE), which no statement has")
        if b"\0" in raw:
            raise self.wrong(raw.count(b"\n", 0, raw.index(b"\0")) + 1, None, "it is not a text file")
        # The parser takes an empty element of XML for one that is opened, and a file that breaks off for one that is whole.
        raw = _EMPTY.sub(b"", raw)
        for name in _AGGREGATES:
            if raw.count(f"<{name}>".encode()) != raw.count(f"</{name}>".encode()):
                raise self.wrong(None, name, "it is opened and not closed, or closed and not opened")
        ends = [found.start() for found in re.finditer(rb"\n", raw)]
        self.lines = [bisect.bisect_left(ends, found.start()) + 1 for found in _ENTRY.finditer(raw)]
        heads = [bisect.bisect_left(ends, found.start()) + 1 for found in _STATEMENT.finditer(raw)]
        self.number = 0
        try:
            root = OFXTree().parse(io.BytesIO(raw))
        except OFXHeaderError as error:
            raise self.wrong(1, None, "its OFX header cannot be read") from error
        except (ParseError, AssertionError, ValueError, LookupError, IndexError, AttributeError) as error:
            raise self.wrong(None, None, f"it is not OFX that can be read: {_said(error)}") from error
        statements = [node for node in root.iter() if node.tag in ("STMTRS", "CCSTMTRS")]
        entries = sum(1 for node in root.iter() if node.tag in ("STMTTRN", "STMTTRNP"))
        if not statements or len(statements) != len(heads):
            raise self.wrong(None, "STMTRS", "there is no account statement in it that can be read")
        if entries != len(self.lines):
            raise self.wrong(None, "STMTTRN", f"it has {len(self.lines):,} entries, of which {entries:,} can be read")
        return [self._export(node, line) for node, line in zip(statements, heads, strict=True)]

    def _export(self, node: Element, line: int) -> Export:
        card = node.tag == "CCSTMTRS"
        account = node.find("CCACCTFROM" if card else "BANKACCTFROM")
        label = _text(account, "ACCTID")
        if label is None:
            raise self.wrong(line, "ACCTID", "there is no account number")
        currency = self.money(line, "CURDEF", "0", _text(node, "CURDEF")).currency
        entries = [self._entry(entry, currency) for entry in node.iter() if entry.tag in ("STMTTRN", "STMTTRNP")]
        closing = self._stated(node, "LEDGERBAL", currency, line)
        until = _text(node, "BANKTRANLIST/DTEND")
        days = [entry.booked_on for entry in entries] + ([closing.on] if closing else [])
        return Export(
            source=SOURCE,
            line=line,
            identification=label,
            currency=currency,
            kind=AccountKind.CARD if card else _KINDS.get(_text(account, "ACCTTYPE") or "", AccountKind.CURRENT),
            entries=entries,
            closing=closing,
            available=self._stated(node, "AVAILBAL", currency, line),
            until=self.day(line, "DTEND", until) if until else max(days, default=None),
        )

    def _stated(self, node: Element, name: str, currency: str, line: int) -> Stated | None:
        balance = node.find(name)
        if balance is None:
            return None
        amount = self.money(line, f"{name}/BALAMT", _decimal(_text(balance, "BALAMT")), currency)
        return Stated(self.day(line, f"{name}/DTASOF", _text(balance, "DTASOF")), amount)

    def _entry(self, node: Element, currency: str) -> Entry:
        line = self.lines[self.number]
        self.number += 1
        pending = node.tag == "STMTTRNP"
        day = "DTTRAN" if pending else "DTPOSTED"
        booked_on = self.day(line, day, _text(node, day))
        if _decimal(_text(node, "TRNAMT")) is None:
            raise self.wrong(line, "TRNAMT", f"{_text(node, 'TRNAMT')!r} is not an amount")
        if not pending and _text(node, "FITID") is None:
            raise self.wrong(line, "FITID", "there is no id")
        one = self._checked(line, _as_booked(node) if pending else node)
        amount, original, rate = self._amount(line, one, currency)
        payee = one.name or (one.payee.name if one.payee is not None else None)
        memo = one.memo
        # A name has up to 32 characters: where the memo goes on from it, the memo is the text.
        longer = memo if payee and memo and memo.startswith(payee) else None
        text = self.text(line, "NAME", longer, payee, one.extdname, memo, f"CHECK {one.checknum}" if one.checknum else None)
        references = (memo, one.refnum, one.checknum)
        return Entry(
            line=line,
            booked_on=booked_on,
            amount=amount,
            text=text,
            id=None if pending else one.fitid,
            status=Status.PENDING if pending else Status.BOOKED,
            said=_SAID.get(one.trntype, ""),
            value_on=self.day(line, "DTAVAIL", _text(node, "DTAVAIL")) if _text(node, "DTAVAIL") else None,
            reference=next((r for r in references if r and r != text), None),
            mcc=f"{one.sic:04d}" if one.sic else None,
            original=original,
            rate=rate,
        )

    def _checked(self, line: int, node: Element) -> STMTTRN:
        """The entry under the rules of the specification: required elements, types, lengths."""
        from ofxtools.models.bank.stmt import STMTTRN  # noqa: PLC0415  an extra, loaded for an OFX file only

        try:
            with warnings.catch_warnings():
                # Names over their length are only remarked upon.
                warnings.simplefilter("ignore")
                return cast("STMTTRN", STMTTRN.from_etree(node))
        except (ValueError, TypeError, AttributeError, ArithmeticError, KeyError) as error:
            raise self.wrong(line, "STMTTRN", _said(error)) from error

    def _amount(self, line: int, one: Any, currency: str) -> tuple[Money, Money | None, Decimal | None]:
        """(In the account's currency, in the other one where there is one, the rate: account's units for one of the other).

        ORIGCURRENCY: the amount is converted already and the original is worked out from the rate, to the nearest minor unit.
        CURRENCY: the amount is in the other currency and the account's is worked out.
        """
        if one.origcurrency is not None and one.origcurrency.cursym != currency:
            amount, rate = self.money(line, "TRNAMT", one.trnamt, currency), self.rate(line, "CURRATE", one.origcurrency.currate)
            return amount, _converted(one.trnamt / rate, one.origcurrency.cursym) if rate else None, rate
        if one.currency is not None and one.currency.cursym != currency:
            original, rate = (
                self.money(line, "TRNAMT", one.trnamt, one.currency.cursym),
                self.rate(line, "CURRATE", one.currency.currate),
            )
            if rate is None:
                raise self.wrong(line, "CURRATE", "there is no rate")
            return _converted(one.trnamt * rate, currency), original, rate
        return self.money(line, "TRNAMT", one.trnamt, currency), None, None


def _as_booked(node: Element) -> Element:
    """A pending entry has the elements of a booked one but for its id, and another name for its day."""
    made = Element("STMTTRN")
    names = {child.tag: child for child in node}
    for name in ("TRNTYPE", "DTTRAN", "TRNAMT"):
        if name in names:
            child = Element("DTPOSTED" if name == "DTTRAN" else name)
            child.text = names[name].text
            made.append(child)
    identifier = Element("FITID")
    identifier.text = "pending"
    made.append(identifier)
    made.extend(names[n] for n in ("REFNUM", "NAME", "EXTDNAME", "MEMO", "CURRENCY", "ORIGCURRENCY") if n in names)
    return made


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _converted(value: Decimal, currency: str) -> Money:
    return Money.of(round(value, digits(currency)), currency)


def _decimal(text: str | None) -> Decimal | None:
    """An amount as OFX writes it: some banks put a decimal comma."""
    try:
        return Decimal(text.replace(",", ".")) if text else None
    except ArithmeticError:
        return None


def _text(node: Element | None, path: str) -> str | None:
    found = node.find(path) if node is not None else None
    return (found.text or "").strip() or None if found is not None else None
