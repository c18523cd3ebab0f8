"""ISO 20022 account statements (camt.053, and the account reports of camt.052), in any version of theirs.

Source: the message definitions of ISO 20022. Elements are found by their names in the file's own namespace; what differs
between the versions in use (001.02 to 001.13) is where a status and a party's name stand.
"""

from __future__ import annotations

import io
import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lxml import etree

from connectors.statements.exports import Entry, Export, Reader, Stated, one_line
from data.banking import AccountKind, Status
from data.money import Money

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.05[23]\.[0-9.]+)")
_STATUS = {"BOOK": Status.BOOKED, "PDNG": Status.PENDING, "FUTR": Status.PENDING, "INFO": None}
_KINDS = {"SVGS": AccountKind.SAVINGS, "CARD": AccountKind.CARD, "LOAN": AccountKind.LOAN}
# Opening, previous closing, closing, and what pages of one statement have between these.
_OPENING, _CLOSING, _BETWEEN, _AVAILABLE = ("OPBD", "PRCD"), ("CLBD",), ("ITBD",), ("CLAV", "ITAV")
# By sub-family, then by family; the words are those of `kinds`.
_SAID = {
    "CWDL": "atm", "CHRG": "fee", "FEES": "fee", "COMM": "fee", "INTR": "interest", "STDO": "standing order", "SALA": "salary",
    "CCRD": "card payment", "RDDT": "direct debit", "IDDT": "direct debit", "ICDT": "payment", "RCDT": "bank credit",
    "ICHQ": "cheque", "RCHQ": "cheque",
}  # fmt: skip
# libxml2 counts lines up to here.
_MOST_LINES = 65535

# An element of lxml, which carries no types.
Node = Any


def read(file: str, raw: bytes) -> list[Export]:
    """The statements of a file, in its order. Raises InvalidStatement at the first thing that cannot be read.

    Entities are never expanded and a document type is refused.
    """
    return _Statements(file).read(raw)


class _Statements(Reader):
    def read(self, raw: bytes) -> list[Export]:
        exports: list[Export] = []
        entries: list[Entry] = []
        currency = ""
        source = ""
        try:
            parsing = etree.iterparse(
                io.BytesIO(raw),
                tag=("{*}Ntry", "{*}Stmt", "{*}Rpt"),
                resolve_entities=False,
                no_network=True,
                remove_comments=True,
                remove_pis=True,
            )
            for _, node in parsing:
                source = source or self._source(node.getroottree())
                if _name(node)[1] == "Ntry":
                    currency = currency or self._currency(node.getparent())
                    entries.append(self._entry(node, currency))
                    # Memory holds the entries and not the document; what is left is an empty element.
                    node.clear()
                else:
                    exports.append(self._export(node, source, currency or self._currency(node), entries))
                    entries, currency = [], ""
            source = source or self._source(parsing.root.getroottree())
        except etree.XMLSyntaxError as error:
            raise self.wrong(error.lineno, None, f"it is not well-formed XML: {error.msg}") from error
        if not exports:
            raise self.wrong(None, "Stmt", "there is no account statement in it")
        return exports

    def _source(self, document: Node) -> str:
        """The format with its version. Raises InvalidStatement for another one, and for a document type."""
        if document.docinfo.doctype:
            raise self.wrong(None, None, "it has a document type (DOCTYPE), which no statement has")
        root = document.getroot()
        namespace = _name(root)[0]
        found = _NAMESPACE.fullmatch(namespace)
        if found is None:
            raise self.wrong(_line(root), None, f"{namespace!r} is neither camt.053 nor camt.052")
        return found[1]

    def _export(self, node: Node, source: str, currency: str, entries: list[Entry]) -> Export:
        account = _first(node, "Acct")
        if account is None:
            raise self.wrong(_line(node), "Acct", "there is no account")
        label = _text(account, "Id/IBAN") or _text(account, "Id/Othr/Id")
        if label is None:
            raise self.wrong(_line(account), "Acct/Id", "there is no account number")
        balances = self._balances(node)
        between = [stated for code, stated in balances if code in _BETWEEN]
        opening, closing = _of(balances, _OPENING), _of(balances, _CLOSING)
        if between:
            opening, closing = opening or between[0], closing or between[-1]
        said_until = _text(node, "FrToDt/ToDtTm") or _text(node, "FrToDt/ToDt")
        days = [entry.booked_on for entry in entries] + ([closing.on] if closing else [])
        until = self.day(_line(node), "FrToDt", said_until) if said_until else max(days, default=None)
        return Export(
            source=source,
            line=_line(node),
            identification=label,
            currency=currency,
            kind=_KINDS.get(_text(account, "Tp/Cd") or "", AccountKind.CURRENT),
            entries=entries,
            opening=opening if opening is not closing else None,
            closing=closing,
            available=_of(balances, _AVAILABLE),
            until=until,
        )

    def _currency(self, statement: Node) -> str:
        """The account's currency: its own, else that of its balances, else of the first entry."""
        said = _text(statement, "Acct/Ccy")
        if said is not None:
            return said
        for path in ("Bal/Amt", "Ntry/Amt"):
            amount = _first(statement, path)
            if amount is not None and amount.get("Ccy"):
                return str(amount.get("Ccy"))
        raise self.wrong(_line(statement), "Acct/Ccy", "nothing says the account's currency")

    def _balances(self, node: Node) -> list[tuple[str, Stated]]:
        found = []
        for balance in _all(node, "Bal"):
            code = _text(balance, "Tp/CdOrPrtry/Cd") or ""
            day = self.day(_line(balance), "Bal/Dt", _text(balance, "Dt/Dt") or _text(balance, "Dt/DtTm"))
            found.append((code, Stated(day, self._amount(balance, "Bal"))))
        return found

    def _amount(self, node: Node, field: str) -> Money:
        """The amount of an entry or a balance, negative when it is a debit."""
        amount = _first(node, "Amt")
        if amount is None:
            raise self.wrong(_line(node), f"{field}/Amt", "there is no amount")
        money = self.money(_line(amount), f"{field}/Amt", (amount.text or "").strip(), amount.get("Ccy"))
        if money.minor < 0:
            raise self.wrong(_line(amount), f"{field}/Amt", f"{amount.text!r} has a minus; CdtDbtInd says the direction")
        word = _text(node, "CdtDbtInd")
        if word not in ("CRDT", "DBIT"):
            raise self.wrong(_line(node), f"{field}/CdtDbtInd", f"{word!r} is neither CRDT nor DBIT")
        return -money if word == "DBIT" else money

    def _entry(self, node: Node, currency: str) -> Entry:
        line = _line(node)
        amount = self._amount(node, "Ntry")
        word = _text(node, "Sts/Cd") or _text(node, "Sts") or ""
        if word not in _STATUS:
            raise self.wrong(line, "Ntry/Sts", f"{word!r} is not a status that is known here")
        status = _STATUS[word]
        booked, value = (_text(node, f"{name}/Dt") or _text(node, f"{name}/DtTm") for name in ("BookgDt", "ValDt"))
        # Only what is not booked yet may leave the day out.
        booked_on = self.day(line, "Ntry/BookgDt", booked or (None if status is Status.BOOKED else value))
        details = _first(node, "NtryDtls/TxDtls")
        one = details if details is not None and len(_all(node, "NtryDtls/TxDtls")) == 1 else None
        name = _counterparty(one, amount) if one is not None else None
        remittance = one_line(" ".join(n.text or "" for n in _all(one, "RmtInf/Ustrd"))) if one is not None else None
        text = self.text(line, "Ntry/AddtlNtryInf", name, remittance, _text(one, "AddtlTxInf"), *_last_words(node))
        original, rate = self._original(node, one, amount)
        end_to_end = _text(one, "Refs/EndToEndId")
        references = (remittance, end_to_end if end_to_end != "NOTPROVIDED" else None, _text(node, "AcctSvcrRef"))
        return Entry(
            line=line,
            booked_on=booked_on,
            amount=amount,
            text=text,
            status=status,
            said="reversal" if _text(node, "RvslInd") in ("true", "1") and amount.minor > 0 else _said(node),
            value_on=self.day(line, "Ntry/ValDt", value) if value else None,
            counterparty=name,
            reference=next((r for r in references if r and r != text), None),
            original=original,
            rate=rate,
        )

    def _original(self, node: Node, one: Node | None, amount: Money) -> tuple[Money | None, Decimal | None]:
        """What was instructed in another currency, signed as the entry is, and the rate as the bank states it."""
        for details in (_first(one, "AmtDtls"), _first(node, "AmtDtls")):
            for which in ("InstdAmt", "TxAmt"):
                found = _first(details, f"{which}/Amt")
                if found is None or found.get("Ccy") in (None, amount.currency):
                    continue
                line = _line(found)
                money = self.money(line, f"{which}/Amt", (found.text or "").strip(), found.get("Ccy"))
                rates = (_text(details, f"{name}/CcyXchg/XchgRate") for name in (which, "TxAmt", "CntrValAmt"))
                rate = self.rate(line, "CcyXchg/XchgRate", next(filter(None, rates), None))
                return (-money if amount.minor < 0 else money), rate
        return None, None


def _counterparty(one: Node | None, amount: Money) -> str | None:
    """Whom the money went to or came from; where a name stands differs between the versions."""
    other = "Cdtr" if amount.minor < 0 else "Dbtr"
    paths = (f"RltdPties/Ultmt{other}", f"RltdPties/{other}")
    names = (_text(one, f"{path}{party}/Nm") for path in reversed(paths) for party in ("", "/Pty"))
    return next(filter(None, names), None)


def _last_words(node: Node) -> tuple[str | None, ...]:
    """What says something of an entry without a party and a remittance: the bank's own text, else its code, else a reference."""
    return _text(node, "AddtlNtryInf"), _text(node, "BkTxCd/Prtry/Cd"), _text(node, "AcctSvcrRef"), _text(node, "NtryRef")


def _said(node: Node) -> str:
    codes = (_text(node, "BkTxCd/Domn/Fmly/SubFmlyCd"), _text(node, "BkTxCd/Domn/Fmly/Cd"))
    return next((_SAID[code] for code in codes if code in _SAID), "")


def _of(balances: list[tuple[str, Stated]], codes: tuple[str, ...]) -> Stated | None:
    """The first balance of the first code that there is."""
    return next((stated for code in codes for said, stated in balances if said == code), None)


def _name(node: Node) -> tuple[str, str]:
    """An element's namespace and its name there."""
    namespace, _, name = str(node.tag).removeprefix("{").rpartition("}")
    return namespace, name


@lru_cache(maxsize=256)
def _path(path: str) -> str:
    return "/".join("{*}" + name for name in path.split("/"))


def _first(node: Node | None, path: str) -> Node | None:
    return node.find(_path(path)) if node is not None else None


def _all(node: Node, path: str) -> list[Node]:
    return list(node.iterfind(_path(path)))


def _text(node: Node | None, path: str) -> str | None:
    """The text of an element on one line; None where there is none. An element of elements has none."""
    found = _first(node, path)
    return one_line(found.text) if found is not None else None


def _line(node: Node | None) -> int | None:
    line = node.sourceline if node is not None else None
    return line if line is not None and line < _MOST_LINES else None
