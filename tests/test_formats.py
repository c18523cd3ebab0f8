"""Statements in the formats of banks, as the person who imports them sees it: the same account, once, to the penny."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from assistant.plan import Tool
from connectors.categories import Categories
from connectors.statements.accounts import same
from connectors.statements.files import Format
from connectors.statements.importer import Imported, import_file
from connectors.statements.layout import Sign
from data.banking import AccountKind
from data.errors import InvalidInput, InvalidStatement
from data.facts import Outcome
from data.ledger import Ledger, Texts, account_t, alias_t, entry, grant_t, party_t, stated_t
from data.money import Money
from data.party import GrantSource, PartyId
from data.queries import Queries
from data.store import connect
from tests import formats
from tests.conftest import Statement
from tests.database import database
from tests.formats import IBAN, NUMBER, SORT_CODE, Line, camt, csv, mt940, ofx, zipped

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
ANN, BOB = PartyId("ann"), PartyId("bob")


def day(number: int) -> dt.date:
    return dt.date(2026, 1, number)


MONTH = (
    Line(day(5), -310, "COSTA", "a1"),
    Line(day(5), -310, "COSTA", "a2"),
    Line(day(6), 150_000, "ACME SALARY", "a3"),
    Line(day(6), -310, "BUS", "a4"),
    Line(day(9), -2_000, "ALDI", "a5"),
    Line(day(31), -1, "KIOSK", "a6"),
)
# Two versions of a format are two ways of writing, too.
WRITERS: dict[str, Callable[[Sequence[Line]], bytes]] = {
    "csv": csv,
    "ofx": ofx,
    "ofx in xml": lambda lines: ofx(lines, xml=True),
    "mt940": mt940,
    "mt940 in swift blocks": lambda lines: mt940(lines, swift=True),
    "camt 001.02": lambda lines: camt(lines, version="001.02"),
    "camt 001.08": camt,
    "camt 001.13": lambda lines: camt(lines, version="001.13"),
}
BANKS = sorted(set(WRITERS) - {"csv"})

Say = Callable[..., Imported]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    engine = connect(database(tmp_path / "ledger.db"))
    return Ledger(engine, Texts(descriptor=str.casefold, template=str.casefold), Categories.load().categorise)


@pytest.fixture
def say(ledger: Ledger, tmp_path: Path) -> Say:
    """Import bytes as a file of Ann's whose name says nothing."""

    def imported(raw: bytes, name: str = "download", **options: Any) -> Imported:
        path = tmp_path / name
        path.write_bytes(raw)
        return import_file(path, ledger, now=NOW, **({"party": ANN} | options))

    return imported


def held(ledger: Ledger, party: PartyId = ANN, status: str = "booked") -> Counter[tuple[dt.date, int]]:
    """How many live rows a party has of each day and amount."""
    own = [grant.account for grant in ledger.grants(party)]
    query = select(entry).where(entry.c.live, entry.c.account_id.in_(own), entry.c.status == status)
    with ledger.engine.connect() as connection:
        return Counter((r.booked_on, r.amount_minor) for r in connection.execute(query))


def wanted(lines: Sequence[Line]) -> Counter[tuple[dt.date, int]]:
    return Counter((line.day, line.pence) for line in lines if not line.pending)


def stored(ledger: Ledger) -> int:
    tables = (entry, party_t, account_t, grant_t, alias_t, stated_t)
    with ledger.engine.connect() as connection:
        return sum(connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables)


def refused(say: Say, ledger: Ledger, raw: bytes, **options: Any) -> InvalidStatement:
    """Import what cannot be, and see that nothing of it was kept."""
    before = stored(ledger)
    with pytest.raises(InvalidStatement) as caught:
        say(raw, **options)
    assert stored(ledger) == before
    return caught.value


def cells(ledger: Ledger, *names: str) -> list[tuple[Any, ...]]:
    query = select(*(entry.c[name] for name in names)).where(entry.c.live).order_by(entry.c.booked_on, entry.c.id)
    with ledger.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


# Each format by itself


@pytest.mark.parametrize("name", WRITERS)
def test_a_month_is_read_to_the_penny_and_again_adds_nothing(say: Say, ledger: Ledger, name: str) -> None:
    first, again = say(WRITERS[name](MONTH)), say(WRITERS[name](MONTH))
    assert (first.rows, first.added, first.unchanged) == (6, 6, 0)
    assert (again.added, again.corrected, again.unchanged) == (0, 0, 6)
    assert held(ledger) == wanted(MONTH)
    assert [kind for (kind,) in cells(ledger, "kind")] == ["purchase", "purchase", "income", "purchase", "purchase", "purchase"]


@pytest.mark.parametrize("name", BANKS)
def test_a_bank_file_says_its_balance_and_the_day_of_it(say: Say, ledger: Ledger, name: str) -> None:
    done = say(WRITERS[name](MONTH))
    ((account, balance),) = done.closing
    assert account.endswith("6819")
    assert (balance.on, balance.booked) == (day(31), Money(minor=formats.closing(MONTH), currency="GBP"))
    assert done.warnings == ()
    assert Queries(ledger.engine).stated(balance.account, day(31)) == balance
    assert Queries(ledger.engine).stated(balance.account, day(30)) is None


def test_the_format_is_told_by_content_not_by_name(say: Say) -> None:
    assert say(camt(MONTH), "statement.csv").formats == (Format.CAMT,)
    assert say(ofx(MONTH), "statement.xml").formats == (Format.OFX,)
    assert say(mt940(MONTH), "statement.ofx").formats == (Format.MT940,)
    assert say(zipped({"statement.sta": csv(MONTH)}), "statement.pdf").formats == (Format.TABLE,)


def test_a_card_is_a_card(say: Say, ledger: Ledger) -> None:
    say(ofx((*MONTH, Line(day(20), 2_000, "ALDI", "r1")), card=True, number="4929000000006"))
    (account,) = ledger.accounts([g.account for g in ledger.grants(ANN)])
    assert (account.kind, account.identification) == (AccountKind.CARD, "4929000000006")
    assert ("ALDI LTD", "refund") in cells(ledger, "text", "kind")


def test_who_is_paid_and_what_for_is_kept(say: Say, ledger: Ledger) -> None:
    text = camt(MONTH).decode().replace(
        "</RltdPties></TxDtls>", "</RltdPties><RmtInf><Ustrd>INVOICE</Ustrd><Ustrd>4711</Ustrd></RmtInf></TxDtls>"
    )  # fmt: skip
    say(text.encode())
    assert cells(ledger, "text", "counterparty", "reference")[4] == ("ALDI Coffee Limited", "ALDI Coffee Limited", "INVOICE 4711")


def test_a_german_statement_says_whom_and_what_for(say: Say, ledger: Ledger) -> None:
    structured = ":86:106?00KARTENZAHLUNG?20EREF+E-17?21SVWZ+Rechnung 12?32HOFLADEN MEIER?33 GMBH"
    say(mt940(MONTH[:1]).replace(b":86:POS COSTA\nEXETER GB", structured.encode()))
    ((text, counterparty, reference),) = cells(ledger, "text", "counterparty", "reference")
    assert text == counterparty == "HOFLADEN MEIER GMBH"
    assert reference == "Rechnung 12"


@pytest.mark.parametrize("name", ["ofx", "ofx in xml", "mt940", "camt 001.02", "camt 001.08"])
def test_a_foreign_amount_keeps_its_currency_and_rate(say: Say, ledger: Ledger, name: str) -> None:
    say(WRITERS[name]([Line(day(5), -800, "PARIS", "f1", euros="10.00")]))
    assert cells(ledger, "amount_minor", "currency", "original_minor", "original_currency", "rate") == [
        (-800, "GBP", -1000, "EUR", "0.8")
    ]


def test_an_amount_in_another_currency_without_a_rate_worked_out_by_the_bank_is_converted(say: Say, ledger: Ledger) -> None:
    raw = ofx([Line(day(5), -1000, "PARIS", "f1", euros="10.00")]).replace(b"ORIGCURRENCY", b"CURRENCY")
    say(raw)
    assert cells(ledger, "amount_minor", "original_minor", "original_currency") == [(-800, -1000, "EUR")]


@pytest.mark.parametrize(
    ("xml", "old", "new"),
    [
        (False, b"\n", b"\r\n"),
        (False, b"USASCII\nCHARSET:1252", b"UTF-8\nCHARSET:NONE"),
        (False, b"<TRNTYPE>POS", b"<TRNTYPE>POS</TRNTYPE>"),
        (False, b"COSTA LTD", b"CAF\xc9"),
        (False, b"COSTA LTD", b"M&S"),
        (False, b"-20.00", b"-20,00"),
        (False, b"<CURDEF>", b"<INTU.BID>3000<CURDEF>"),
        (False, b"COSTA LTD", b"C" * 60),
        (True, b"</NAME>", b"</NAME><MEMO/>"),
        (True, b"\n", b""),
    ],
)
def test_what_banks_make_of_ofx_is_read(say: Say, ledger: Ledger, xml: bool, old: bytes, new: bytes) -> None:
    raw = ofx(MONTH, xml=xml)
    assert old in raw
    done = say(raw.replace(old, new))
    assert held(ledger) == wanted(MONTH)
    assert done.closing[0][1].booked.minor == formats.closing(MONTH)


# The same account in many formats


@pytest.mark.parametrize("order", itertools.permutations(["ofx", "mt940", "camt 001.08"]), ids="-".join)
def test_a_month_in_three_formats_is_one_month(say: Say, ledger: Ledger, order: tuple[str, ...]) -> None:
    for at, name in enumerate(order):
        done = say(WRITERS[name](MONTH))
        assert (done.added, done.corrected) == ((len(MONTH), 0) if at == 0 else (0, 0))
    assert held(ledger) == wanted(MONTH)
    assert len(ledger.grants(ANN)) == 1


def test_every_way_of_writing_it_is_one_account_and_one_month(say: Say, ledger: Ledger) -> None:
    for _ in range(2):
        for write in WRITERS.values():
            say(write(MONTH))
    assert held(ledger) == wanted(MONTH)
    assert len(ledger.grants(ANN)) == 1
    # A merged row brings no name of its own: nobody is paid under two.
    (account,) = (grant.account for grant in ledger.grants(ANN))
    assert len(ledger.payees([account])) == len({line.text for line in MONTH})


def test_an_archive_of_three_formats_is_one_month(say: Say, ledger: Ledger) -> None:
    raw = zipped({"a.ofx": ofx(MONTH), "b/c.sta": mt940(MONTH), "d.xml": camt(MONTH), "__MACOSX/._d.xml": b"\0", "e/": b""})
    done = say(raw)
    assert (done.rows, done.added, done.unchanged) == (18, 6, 12)
    assert held(ledger) == wanted(MONTH)
    assert say(raw).added == 0


def test_another_partys_same_month_is_theirs(say: Say, ledger: Ledger) -> None:
    say(ofx(MONTH))
    say(camt(MONTH), party=BOB)
    assert held(ledger) == held(ledger, BOB) == wanted(MONTH)
    assert not {g.account for g in ledger.grants(ANN)} & {g.account for g in ledger.grants(BOB)}


def test_a_coffee_that_only_the_later_format_has_is_added(say: Say, ledger: Ledger) -> None:
    say(ofx(MONTH[:1]))
    assert say(camt(MONTH)).added == 5
    assert say(ofx(MONTH)).added == 0
    assert held(ledger) == wanted(MONTH)


def test_an_entry_stands_for_one_row_of_a_format_even_in_later_files(say: Say, ledger: Ledger) -> None:
    say(ofx([Line(day(5), -310, "COSTA", "a1")]))
    assert say(camt([Line(day(5), -310, "COSTA")])).added == 0
    assert say(camt([Line(day(5), -310, "BUS")])).added == 1
    assert say(mt940([Line(day(5), -310, "COSTA"), Line(day(5), -310, "BUS")])).added == 0


def test_an_amount_on_another_day_is_another_movement(say: Say, ledger: Ledger) -> None:
    say(ofx([Line(day(5), -310)]))
    assert say(camt([Line(day(6), -310)])).added == 1
    assert say(mt940([Line(day(5), 310)])).added == 1


def test_the_evidence_is_the_row_that_is_like_it(say: Say, ledger: Ledger) -> None:
    say(ofx([Line(day(5), -310, "COSTA", "a1"), Line(day(5), -310, "BUS", "b1")]))
    say(camt([Line(day(5), -310, "BUS")]))
    with ledger.engine.connect() as connection:
        assert connection.scalars(select(alias_t.c.held_id)).all() == ["ofx:b1"]


def test_a_correction_in_either_format_is_made_once(say: Say, ledger: Ledger) -> None:
    say(camt([Line(day(5), -310)]))
    say(ofx([Line(day(5), -310, id="a1")]))
    corrected = ofx([Line(day(5), -360, id="a1")])
    assert say(corrected).corrected == 1
    assert (say(corrected).corrected, say(corrected).added) == (0, 0)
    assert held(ledger) == Counter({(day(5), -360): 1})


DRAWN = st.tuples(st.sampled_from([day(5), day(6)]), st.sampled_from([-310, -100, 500]), st.sampled_from(["COSTA", "BUS"]))
LINES = st.lists(DRAWN.map(lambda drawn: Line(*drawn)), max_size=8)
SLICES = st.lists(
    st.tuples(st.sampled_from(["ofx", "mt940", "camt 001.08", "csv"]), st.integers(0, 8), st.integers(0, 8)), max_size=6
)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, slices=SLICES)
def test_of_each_day_and_amount_there_are_as_many_as_the_format_with_the_most(
    say: Say, ledger: Ledger, lines: list[Line], slices: list[tuple[str, int, int]]
) -> None:
    """Whatever parts are exported in whatever formats and order. An id tells rows apart; where there is none, the text does."""
    party = PartyId(uuid4().hex)
    lines = [line._replace(id=f"i{at}") for at, line in enumerate(lines)]
    seen: dict[str, Counter[Any]] = {}
    for name, start, end in slices:
        part = lines[start:end]
        say(WRITERS[name](part), party=party, sign=Sign.SPENDING_NEGATIVE)
        rows: Counter[Any] = Counter((n.day, n.pence, n.id if name == "ofx" else n.text) for n in part)
        seen[name] = rows | seen.get(name, rows)
    most: Counter[tuple[dt.date, int]] = Counter()
    for rows in seen.values():
        of_format: Counter[tuple[dt.date, int]] = Counter()
        for (on, pence, _), count in rows.items():
            of_format[on, pence] += count
        most |= of_format
    assert held(ledger, party) == most


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_rows_meet_across_batches(say: Say, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr("data.ledger.BATCH", batch)
    lines = [Line(day(5), -175, "BUS")] * 11 + [Line(day(6), -200, "TRAM")] * 6
    for name in ("camt 001.08", "mt940", "csv", "camt 001.02"):
        say(WRITERS[name](lines))
    assert held(ledger) == wanted(lines)


# Which account


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        (NUMBER, IBAN, True),
        (f"'{SORT_CODE[:2]}-{SORT_CODE[2:4]}-{SORT_CODE[4:]}-{NUMBER}", IBAN, True),
        ("GB29 NWBK 6016 1331 9268 19", IBAN.lower(), True),
        ("532013000", "DE89370400440532013000", True),
        ("6819", IBAN, False),
        ("6819", "6819", True),
        ("31926818", IBAN, False),
        ("NL91ABNA0417164300", "NL20INGB0001234567", False),
    ],
)
def test_which_numbers_are_of_one_account(one: str, other: str, are: bool) -> None:
    assert same(one, other) is same(other, one) is are


@pytest.mark.parametrize("account", [NUMBER, f"{SORT_CODE}/{NUMBER}", IBAN, f"{IBAN}GBP", f"NWBKGB2L/{NUMBER}"])
def test_the_account_line_of_mt940_is_understood(say: Say, ledger: Ledger, account: str) -> None:
    say(camt(MONTH))
    assert say(mt940(MONTH, account=account)).added == 0
    assert len(ledger.grants(ANN)) == 1


def test_two_accounts_of_one_bank_stay_two(say: Say, ledger: Ledger) -> None:
    say(ofx(MONTH))
    assert say(ofx(MONTH, number="31926820")).added == len(MONTH)
    assert say(camt(MONTH, said={"Othr": "31926820"})).added == 0
    assert len(ledger.grants(ANN)) == 2


def test_a_number_that_may_be_two_accounts_is_not_guessed(say: Say, ledger: Ledger) -> None:
    say(camt(MONTH))
    say(camt(MONTH, said={"IBAN": "DE02120300000031926819"}))
    error = refused(say, ledger, ofx(MONTH))
    assert IBAN in error.reason
    assert error.field == "account"


def test_a_table_that_does_not_say_its_account_can_be_told(say: Say, ledger: Ledger) -> None:
    say(ofx(MONTH))
    table = b"\n".join(line.rsplit(b",", 1)[0] for line in csv(MONTH).splitlines())
    assert say(table, account=NUMBER).added == 0
    assert len(ledger.grants(ANN)) == 1


def test_a_bank_file_needs_its_party(say: Say, ledger: Ledger) -> None:
    assert "party" in refused(say, ledger, ofx(MONTH), party=None, party_column="card").reason


# Pending and booked


HOLD = Line(day(8), -999, "HOTEL", pending=True)


@pytest.mark.parametrize("name", ["ofx", "ofx in xml", "camt 001.02", "camt 001.08"])
def test_what_is_pending_is_not_booked(say: Say, ledger: Ledger, name: str) -> None:
    done = say(WRITERS[name]([*MONTH[:2], HOLD]))
    assert done.warnings == ()
    assert held(ledger) == wanted(MONTH[:2])
    assert held(ledger, status="pending") == Counter({(day(8), -999): 1})


@pytest.mark.parametrize("booked_on", [8, 10])
@pytest.mark.parametrize("name", ["camt 001.02", "camt 001.08"])
def test_what_was_pending_is_booked_once(say: Say, ledger: Ledger, name: str, booked_on: int) -> None:
    say(camt([*MONTH[:2], HOLD]))
    say(WRITERS[name]([*MONTH[:2], HOLD._replace(day=day(booked_on), pending=False)]))
    assert held(ledger) == wanted(MONTH[:2]) + Counter({(day(booked_on), -999): 1})
    assert held(ledger, status="pending") == Counter()
    say(camt([*MONTH[:2], HOLD]))
    assert held(ledger, status="pending") == Counter()


def test_another_formats_booking_takes_the_place_of_a_pending_row(say: Say, ledger: Ledger) -> None:
    say(camt([HOLD]))
    booked = [HOLD._replace(pending=False)]
    say(ofx(booked))
    say(camt(booked))
    assert held(ledger) == Counter({(day(8), -999): 1})
    assert held(ledger, status="pending") == Counter()


def test_a_format_without_pending_rows_leaves_those_of_others(say: Say, ledger: Ledger) -> None:
    say(camt([*MONTH, HOLD]))
    say(mt940([*MONTH, HOLD]))
    assert held(ledger, status="pending") == Counter({(day(8), -999): 1})


def test_what_was_only_announced_never_went_through(say: Say, ledger: Ledger) -> None:
    done = say(camt([*MONTH, HOLD]).replace(b"PDNG", b"INFO"))
    assert (done.void, done.added) == (1, len(MONTH))


# Balances


@pytest.mark.parametrize("name", ["mt940", "camt 001.08"])
def test_balances_that_do_not_add_up_are_said(say: Say, ledger: Ledger, name: str) -> None:
    right, wrong = formats.pounds(formats.closing(MONTH)), formats.pounds(formats.closing(MONTH) + 5)
    raw = WRITERS[name](MONTH).replace(right.encode(), wrong.encode()).replace(
        right.replace(".", ",").encode(), wrong.replace(".", ",").encode()
    )  # fmt: skip
    done = say(raw)
    (warning,) = done.warnings
    assert "does not add up" in warning
    assert "0.05 GBP" in warning
    assert held(ledger) == wanted(MONTH)


def test_the_balance_of_an_imported_account_is_that_of_its_newest_statement(statement: Statement, tmp_path: Path) -> None:
    party = PartyId(uuid4().hex)
    for number, lines in enumerate([MONTH, MONTH[:5]]):
        path = tmp_path / f"{number}.ofx"
        path.write_bytes(ofx(lines))
        import_file(path, statement.ledger, now=NOW, party=party)
    statement.accounts = list(statement.ledger.accounts([g.account for g in statement.ledger.grants(party)]))
    statement.files = frozenset(a.id for a in statement.accounts)
    told = statement.told(Tool.BALANCE)
    assert told.result.outcome is Outcome.ANSWER
    assert told.value(f"stated balance: {statement.accounts[0].name}") == formats.pounds(formats.closing(MONTH))
    assert told.value("stated on") == "2026-01-31"
    assert "31 January" in told.text


# What cannot be imported


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "field", "says"),
    [
        ("ofx", "-20.00", "lots", 17, "TRNAMT", "lots"),
        ("ofx", "-20.00", "-20.005", 17, "TRNAMT", "GBP has 2 decimals"),
        ("ofx", "20260109120000", "20260230120000", 17, "DTPOSTED", "not a day of the calendar"),
        ("ofx", "<FITID>a5", "", 17, "FITID", "there is no id"),
        ("ofx", "<FITID>a5", "<FITID>a1", 17, "id", "stands in line 13 already"),
        ("ofx", f"<ACCTID>{NUMBER}", "", 11, "ACCTID", "there is no account number"),
        ("ofx", "<CURDEF>GBP", "<CURDEF>QQQ", 11, "CURDEF", "'QQQ' is not a currency"),
        ("ofx", "</BANKTRANLIST>", "", None, "BANKTRANLIST", "not closed"),
        ("ofx in xml", "-20.00", "lots", 9, "TRNAMT", "lots"),
        ("mt940", "D20,00", "D20,00,5", 17, ":61:", "'2601090109D20,00,5NMSC"),
        ("mt940", "260109", "260230", 17, ":61:", ""),
        ("mt940", "D20,00", "D20,005", 17, ":61:", "GBP has 2 decimals"),
        ("mt940", ":25:601613/31926819\n", ":25:\n", 1, ":25:", "there is no account number"),
        ("mt940", "C251231GBP", "C251231Q", 4, ":60F:", ""),
        ("camt 001.08", "20.00", "lots", 28, "Ntry/Amt", "'lots' is not an amount"),
        ("camt 001.08", "20.00", "20.005", 28, "Ntry/Amt", "GBP has 2 decimals"),
        ("camt 001.08", "20.00", "-20.00", 28, "Ntry/Amt", "CdtDbtInd says the direction"),
        ("camt 001.08", "<Dt>2026-01-09", "<Dt>2026-02-30", 27, "Ntry/BookgDt", "not a day of the calendar"),
        ("camt 001.08", f"<IBAN>{IBAN}</IBAN>", "", 4, "Acct/Id", "there is no account number"),
        ("camt 001.08", "</Stmt>", "", 37, None, "not well-formed XML"),
        ("camt 001.08", "camt.053", "camt.054", 2, None, "neither camt.053 nor camt.052"),
        ("camt 001.08", "<Cd>BOOK", "<Cd>MAYBE", 7, "Ntry/Sts", "'MAYBE' is not a status"),
    ],
)
def test_one_bad_entry_refuses_the_file_and_says_where(
    say: Say, ledger: Ledger, name: str, old: str, new: str, line: int | None, field: str | None, says: str
) -> None:
    text = WRITERS[name](MONTH).decode()
    assert old in text
    error = refused(say, ledger, text.replace(old, new).encode())
    assert (error.line, error.field) == (line, field)
    assert says in error.reason
    assert error.file.endswith("download")


def test_an_archive_is_taken_whole_or_not_at_all(say: Say, ledger: Ledger) -> None:
    bad = camt(MONTH).replace(b"20.00", b"lots")
    error = refused(say, ledger, zipped({"a.ofx": ofx(MONTH), "b.xml": bad}), name="export.zip")
    assert error.file.endswith("export.zip/b.xml")
    assert error.field == "Ntry/Amt"


def test_a_late_mistake_leaves_the_ledger_as_it_was(say: Say, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.ledger.BATCH", 2)
    say(camt(MONTH[:3]))
    twice = [*MONTH, Line(day(31), -5, "OTHER", "a1")]
    assert refused(say, ledger, zipped({"a.xml": camt(MONTH), "b.ofx": ofx(twice)})).field == "id"
    assert held(ledger) == wanted(MONTH[:3])


def test_what_unpacks_to_more_than_may_be_is_refused(say: Say, ledger: Ledger) -> None:
    bomb = zipped({"a.csv": csv(MONTH) + b" " * 20_000_000})
    assert len(bomb) < 100_000
    assert "unpacked it is larger" in refused(say, ledger, bomb, max_bytes=1_000_000).reason
    many = zipped({f"{n}.csv": b"x" * 300 for n in range(1001)})
    assert "1,001 files" in refused(say, ledger, many).reason
    # An archive that lies about its sizes: what it says stands in the directory at its end.
    lie = bomb.replace((20_000_000 + len(csv(MONTH))).to_bytes(4, "little"), (500).to_bytes(4, "little"))
    assert lie != bomb
    assert "zip" in refused(say, ledger, lie, max_bytes=1_000_000).reason or "larger" in refused(say, ledger, lie).reason


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (zipped({"a.zip": zipped({"a.csv": csv(MONTH)})}), "an archive inside an archive"),
        (zipped({}), "without a file"),
        (zipped({"[Content_Types].xml": b"<Types/>"}), "spreadsheet"),
        (zipped({"a.csv": csv(MONTH)})[:-30], "cannot be read"),
        (zipped({"letter.pdf": b"%PDF-1.7\n\0\0"}), "not a text file"),
        (b"<?xml version='1.0'?><rss/>", "neither OFX nor a camt.053"),
    ],
)
def test_what_is_no_statement_is_said(say: Say, ledger: Ledger, raw: bytes, says: str) -> None:
    assert says in refused(say, ledger, raw).reason


def test_entities_are_never_expanded(say: Say, ledger: Ledger, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    for kind in (f'<!ENTITY a0 "ha">{laughs}', f'<!ENTITY a8 SYSTEM "{secret.as_uri()}">'):
        typed = f"<!DOCTYPE Document [{kind}]>"
        for raw in (camt(MONTH), ofx(MONTH, xml=True)):
            text = raw.decode().replace("?>\n", f"?>\n{typed}\n", 1).replace("COSTA", "&a8;", 1)
            started = time.process_time()
            error = refused(say, ledger, text.encode())
            assert time.process_time() - started < 1
            assert "DOCTYPE" in error.reason or "entity" in error.reason.casefold() or "neither" in error.reason


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(WRITERS)),
    at=st.floats(0, 1),
    cut=st.integers(0, 60),
    noise=st.one_of(st.binary(max_size=20), st.sampled_from([b"<", b":61:", b"<STMTTRN>", b"\r\n", b"&", b"-\n", b",", b":86:"])),
)  # fmt: skip
def test_whatever_befalls_a_file_it_is_imported_or_refused_with_a_reason(
    say: Say, ledger: Ledger, name: str, at: float, cut: int, noise: bytes
) -> None:
    raw = WRITERS[name](MONTH)
    place = int(at * len(raw))
    party, reason = PartyId(uuid4().hex), ""
    try:
        done = say(raw[:place] + noise + raw[place + cut :], party=party)
    except InvalidInput as error:
        reason = str(error)
        done = None
    assert reason if done is None else not reason
    if done is None:
        assert ledger.grants(party) == ()
    else:
        assert done.added + done.unchanged + done.void == done.rows
        assert all(grant.source is GrantSource.FILE for grant in ledger.grants(party))


# Speed


@pytest.mark.parametrize("name", ["ofx", "mt940", "camt 001.08"])
def test_a_large_file_goes_in_at_speed(say: Say, name: str) -> None:
    lines = [Line(day(1 + n % 31), -100 - n % 900, f"SHOP {n % 300}", f"i{n}") for n in range(10_000)]
    told: list[tuple[int, int]] = []
    started = time.process_time()
    done = say(WRITERS[name](lines), progress=lambda rows, of: told.append((rows, of)))
    spent = time.process_time() - started
    assert done.added == 10_000
    assert told[-1] == (10_000, 10_000)
    assert told == sorted(told)
    # A third of the rate on a quiet machine.
    assert done.rows / spent > 1500
