"""One month of an account, written as the formats of banks write it: what tests of the import share."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from xml.sax.saxutils import escape

IBAN = "GB29NWBK60161331926819"
SORT_CODE, NUMBER = "601613", "31926819"
OPENING = 100_000


class Line(NamedTuple):
    """A movement in pence, negative when it leaves. text: a word of the shop, which each format writes in its own way."""

    day: dt.date
    pence: int
    text: str = "COSTA"
    id: str = ""
    pending: bool = False
    euros: str = ""


def closing(lines: Sequence[Line], opening: int = OPENING) -> int:
    return opening + sum(line.pence for line in lines if not line.pending)


def pounds(pence: int, mark: str = ".") -> str:
    return f"{Decimal(pence) / 100:.2f}".replace(".", mark)


def last_day(lines: Sequence[Line]) -> dt.date:
    return max((line.day for line in lines), default=dt.date(2026, 1, 31))


def csv(lines: Sequence[Line], number: str = f"'{SORT_CODE}-{NUMBER}") -> bytes:
    rows = [f"{n.day.isoformat()},{n.text} CARD PAYMENT,{pounds(n.pence)},{number}" for n in lines if not n.pending]
    return "\n".join(["Date,Description,Amount,Account Number", *rows, ""]).encode()


def ofx(lines: Sequence[Line], *, xml: bool = False, card: bool = False, number: str = NUMBER, opening: int = OPENING) -> bytes:
    """SGML of version 1, or XML of version 2."""

    def tag(name: str, value: str) -> str:
        return f"<{name}>{escape(value)}" + (f"</{name}>" if xml else "")

    def entry(at: int, line: Line) -> str:
        name, day = ("STMTTRNP", "DTTRAN") if line.pending else ("STMTTRN", "DTPOSTED")
        parts = [tag("TRNTYPE", "POS" if line.pence < 0 else "CREDIT"), tag(day, f"{line.day:%Y%m%d}120000[0:GMT]")]
        parts.append(tag("TRNAMT", pounds(line.pence)))
        parts += [] if line.pending else [tag("FITID", line.id or f"{line.day:%Y%m%d}{at:04d}")]
        parts.append(tag("NAME", f"{line.text} LTD"[:32]))
        parts += ["<ORIGCURRENCY>", tag("CURRATE", "0.8"), tag("CURSYM", "EUR"), "</ORIGCURRENCY>"] if line.euros else []
        return f"<{name}>" + "".join(parts) + f"</{name}>"

    booked = [entry(at, line) for at, line in enumerate(lines) if not line.pending]
    pending = [entry(at, line) for at, line in enumerate(lines) if line.pending]
    account = tag("ACCTID", number) if card else tag("BANKID", SORT_CODE) + tag("ACCTID", number) + tag("ACCTTYPE", "CHECKING")
    frame = ("CREDITCARDMSGSRSV1", "CCSTMTTRNRS", "CCSTMTRS") if card else ("BANKMSGSRSV1", "STMTTRNRS", "STMTRS")
    source = "CCACCTFROM" if card else "BANKACCTFROM"
    end = f"{last_day(lines):%Y%m%d}"
    body = [
        "<OFX>" + "".join(f"<{name}>" for name in frame) + tag("CURDEF", "GBP") + f"<{source}>{account}</{source}>",
        "<BANKTRANLIST>" + tag("DTSTART", "20260101") + tag("DTEND", end),
        *booked,
        "</BANKTRANLIST>",
        *(["<BANKTRANLISTP>" + tag("DTASOF", end), *pending, "</BANKTRANLISTP>"] if pending else []),
        "<LEDGERBAL>" + tag("BALAMT", pounds(closing(lines, opening))) + tag("DTASOF", end) + "</LEDGERBAL>",
        "".join(f"</{name}>" for name in reversed(frame)) + "</OFX>",
    ]
    sgml = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n"
    header = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" '
    header = header + 'NEWFILEUID="NONE"?>' if xml else sgml + "OLDFILEUID:NONE\nNEWFILEUID:NONE\n"
    return "\n".join([header, *body, ""]).encode()


def mt940(lines: Sequence[Line], *, account: str = f"{SORT_CODE}/{NUMBER}", opening: int = OPENING, swift: bool = False) -> bytes:
    """It has no pending entries: those are left out. swift: in the blocks of a SWIFT message, with its line ends."""
    booked = [line for line in lines if not line.pending]

    def balance(tag: str, day: dt.date, pence: int) -> str:
        return f":{tag}:{'D' if pence < 0 else 'C'}{day:%y%m%d}GBP{pounds(abs(pence), ',')}"

    def entry(line: Line) -> str:
        original = f"/OCMT/EUR{line.euros.replace('.', ',')}/EXCH/0,8/" if line.euros else ""
        head = f":61:{line.day:%y%m%d%m%d}{'D' if line.pence < 0 else 'C'}{pounds(abs(line.pence), ',')}NMSCNONREF//B1"
        return "\n".join([head, *([original] if original else []), f":86:POS {line.text}", "EXETER GB"])

    text = [
        ":20:STATEMENT", f":25:{account}", ":28C:1/1", balance("60F", dt.date(2025, 12, 31), opening), *map(entry, booked),
        balance("62F", last_day(lines), closing(lines, opening)), "-",
    ]  # fmt: skip
    if not swift:
        return "\n".join([*text, ""]).encode()
    return "\r\n".join(["{1:F01NWBKGB2LAXXX0000000000}{2:I940NWBKGB2LXXXXN}{4:", *text[:-1], "-}", ""]).encode()


def camt(
    lines: Sequence[Line], *, version: str = "001.08", opening: int = OPENING, said: Mapping[str, str] | None = None
) -> bytes:
    """camt.053; said: elements of the account, such as {"IBAN": …} or {"Othr": …}."""
    (kind, number) = next(iter((said or {"IBAN": IBAN}).items()))
    identification = f"<IBAN>{number}</IBAN>" if kind == "IBAN" else f"<Othr><Id>{number}</Id></Othr>"

    def balance(code: str, day: dt.date, pence: int) -> str:
        word = "DBIT" if pence < 0 else "CRDT"
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='GBP'>{pounds(abs(pence))}</Amt>"
            f"<CdtDbtInd>{word}</CdtDbtInd><Dt><Dt>{day.isoformat()}</Dt></Dt></Bal>"
        )

    def entry(line: Line) -> str:
        status = "PDNG" if line.pending else "BOOK"
        status = status if version == "001.02" else f"<Cd>{status}</Cd>"
        word, other = ("DBIT", "Cdtr") if line.pence < 0 else ("CRDT", "Dbtr")
        name = f"<Nm>{escape(line.text)} Coffee Limited</Nm>"
        party = name if version == "001.02" else f"<Pty>{name}</Pty>"
        rate = "<CcyXchg><SrcCcy>EUR</SrcCcy><TrgtCcy>GBP</TrgtCcy><XchgRate>0.8</XchgRate></CcyXchg>"
        euros = f"<AmtDtls><InstdAmt><Amt Ccy='EUR'>{line.euros}</Amt>{rate}</InstdAmt></AmtDtls>" if line.euros else ""
        return (
            f"<Ntry>\n<Amt Ccy='GBP'>{pounds(abs(line.pence))}</Amt><CdtDbtInd>{word}</CdtDbtInd>\n"
            f"<Sts>{status}</Sts><BookgDt><Dt>{line.day}</Dt></BookgDt><ValDt><Dt>{line.day}</Dt></ValDt>\n"
            f"<AcctSvcrRef>{line.id or 'NOTUNIQUE'}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>CCRD</Cd>"
            "<SubFmlyCd>POSD</SubFmlyCd></Fmly></Domn></BkTxCd>\n"
            f"<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{euros}"
            f"<RltdPties><{other}>{party}</{other}></RltdPties></TxDtls></NtryDtls></Ntry>"
        )

    last = last_day(lines)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.{version}"><BkToCstmrStmt>',
            "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-02-01T06:00:00</CreDtTm></GrpHdr>",
            f"<Stmt><Id>S1</Id><Acct><Id>{identification}</Id><Ccy>GBP</Ccy></Acct>",
            balance("OPBD", dt.date(2026, 1, 1), opening),
            balance("CLBD", last, closing(lines, opening)),
            *map(entry, lines),
            "</Stmt></BkToCstmrStmt></Document>",
            "",
        ]
    ).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
