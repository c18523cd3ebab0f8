"""A statement file into the ledger, as the person who imports it sees it."""

from __future__ import annotations

import csv
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from connectors.categories import Categories
from connectors.statements.columns import ColumnMapping
from connectors.statements.importer import Imported, import_file, preview
from connectors.statements.layout import Sign
from data.banking import Kind
from data.errors import InvalidInput, InvalidStatement
from data.ledger import Ledger, Texts, account_t, entry, grant_t, party_t
from data.party import GrantSource, PartyId
from data.store import connect
from evals.statements import write
from tests.database import database
from tests.outside import SHARED

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
ANN = PartyId("ann")
GOOD = "Date,Description,Amount\n2026-01-05,COSTA COFFEE,-3.10\n2026-01-06,SALARY,1500.00\n2026-01-07,ALDI,-20.00\n"

Say = Callable[..., Imported]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    engine = connect(database(tmp_path / "ledger.db"))
    return Ledger(engine, Texts(descriptor=str.casefold, template=str.casefold), Categories.load().categorise)


@pytest.fixture
def say(ledger: Ledger, tmp_path: Path) -> Say:
    """Import text as a file of Ann's."""

    def imported(text: str | bytes, name: str = "statement.csv", **options: Any) -> Imported:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        if "party_column" not in options:
            options.setdefault("party", ANN)
        return import_file(path, ledger, now=NOW, **options)

    return imported


def rows(ledger: Ledger) -> list[tuple[str, str, int, str]]:
    """(day, text, minor units, kind) of all that is live, in order."""
    query = select(entry).where(entry.c.live).order_by(entry.c.booked_on, entry.c.id)
    with ledger.engine.connect() as connection:
        return [(r.booked_on.isoformat(), r.text, r.amount_minor, r.kind) for r in connection.execute(query)]


def stored(ledger: Ledger) -> int:
    """How many rows there are in all tables that an import writes."""
    with ledger.engine.connect() as connection:
        return sum(connection.scalar(select(func.count()).select_from(t)) or 0 for t in (entry, party_t, account_t, grant_t))


def refused(say: Say, ledger: Ledger, text: str | bytes, **options: Any) -> InvalidStatement:
    """Import what cannot be, and see that nothing of it was kept."""
    before = stored(ledger)
    with pytest.raises(InvalidStatement) as caught:
        say(text, **options)
    assert stored(ledger) == before
    return caught.value


# The same again


def test_the_same_file_again_adds_nothing(say: Say, ledger: Ledger) -> None:
    first, again = say(GOOD), say(GOOD)
    assert (first.rows, first.added, first.unchanged) == (3, 3, 0)
    assert (again.added, again.corrected, again.unchanged) == (0, 0, 3)
    assert len(rows(ledger)) == 3


def test_two_coffees_of_one_day_are_two(say: Say, ledger: Ledger) -> None:
    text = GOOD + "2026-01-05,COSTA COFFEE,-3.10\n"
    assert say(text).added == 4
    assert say(text).added == 0
    assert [r[1] for r in rows(ledger)].count("COSTA COFFEE") == 2


def test_overlapping_exports_meet_once(say: Say, ledger: Ledger) -> None:
    lines = GOOD.splitlines()
    say("\n".join(lines[:3]), "january.csv")
    later = say("\n".join([lines[0], *lines[2:]]), "february.csv")
    assert (later.added, later.unchanged) == (1, 1)
    assert len(rows(ledger)) == 3


def test_a_row_with_an_id_that_changed_is_corrected_not_doubled(say: Say, ledger: Ledger) -> None:
    text = "Transaction ID,Date,Description,Amount\na1,2026-01-05,COSTA,-3.10\na2,2026-01-06,ALDI,-9.00\n"
    say(text)
    again = say(text.replace("-3.10", "-3.60"))
    assert (again.added, again.corrected, again.unchanged) == (0, 1, 1)
    assert [r[2] for r in rows(ledger)] == [-360, -900]


def test_rows_of_many_batches_keep_their_repeats(say: Say, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.ledger.BATCH", 4)
    text = "Date,Description,Amount\n" + "2026-01-05,BUS,-1.75\n" * 11 + "2026-01-06,TRAM,-2.00\n" * 6
    assert say(text).added == 17
    assert say(text).added == 0


drawn_rows = st.lists(
    st.tuples(st.sampled_from(["2026-01-05", "2026-01-06"]), st.sampled_from(["COSTA", "ALDI", "BUS"]), st.integers(1, 3)),
    max_size=30,
)
each_a_party = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _statement(lines: list[tuple[str, str, int]]) -> str:
    return "Date,Description,Amount\n" + "".join(f"{day},{text},-{pounds}.00\n" for day, text, pounds in lines)


def _held(ledger: Ledger, party: PartyId) -> Counter[tuple[str, str, int]]:
    ids = [grant.account for grant in ledger.grants(party)]
    query = select(entry).where(entry.c.live, entry.c.account_id.in_(ids))
    with ledger.engine.connect() as connection:
        return Counter((r.booked_on.isoformat(), r.text, r.amount_minor // -100) for r in connection.execute(query))


@each_a_party
@given(lines=drawn_rows, times=st.integers(1, 3))
def test_any_list_of_rows_however_often_imported_is_the_list(say: Say, ledger: Ledger, lines: Any, times: int) -> None:
    party = PartyId(uuid4().hex)
    for _ in range(times):
        say(_statement(lines), party=party)
    assert _held(ledger, party) == Counter(lines)


@each_a_party
@given(lines=drawn_rows, ends=st.tuples(st.integers(0, 30), st.integers(0, 30)), later_first=st.booleans())
def test_overlapping_slices_make_the_union(
    say: Say, ledger: Ledger, lines: Any, ends: tuple[int, int], later_first: bool
) -> None:
    """Rows meet as multisets: the most of a row that one export holds is how many there are."""
    party = PartyId(uuid4().hex)
    slices = [lines[: ends[0]], lines[ends[1] :]]
    for part in slices[::-1] if later_first else slices:
        say(_statement(part), party=party)
    assert _held(ledger, party) == Counter(slices[0]) | Counter(slices[1])


# Header styles


STYLES = {
    "plain": """
Date,Description,Amount,Balance
05/01/2026,COSTA,-3.10,96.90
16/01/2026,ACME SALARY,1500.00,1596.90
17/01/2026,ALDI,-20.00,1576.90
""",
    "two columns": """
Transaction Date,Transaction Type,Sort Code,Account Number,Transaction Description,Debit Amount,Credit Amount,Balance
05/01/2026,DEB,'11-22-33,12345678,COSTA,3.10,,96.90
16/01/2026,BGC,'11-22-33,12345678,ACME SALARY,,1500.00,1596.90
17/01/2026,DEB,'11-22-33,12345678,ALDI,20.00,,1576.90
""",
    "lines above the header, and pounds": """
"Account Name:","Current ****12345"
"Account Balance:","£1,576.90"

"Date","Transaction type","Description","Paid out","Paid in","Balance"
"05 Jan 2026","Visa purchase","COSTA","£3.10","","£96.90"
"16 Jan 2026","Bank credit","ACME SALARY","","£1,500.00","£1,596.90"
"17 Jan 2026","Visa purchase","ALDI","£20.00","","£1,576.90"
""",
    "spaces in the header": """
Date, Type, Description, Value, Balance, Account Name, Account Number
05/01/2026,POS,"COSTA",-3.10,96.90,"'MX A","'112233-12345678"
16/01/2026,BAC,"ACME SALARY",1500.00,1596.90,"'MX A","'112233-12345678"
17/01/2026,POS,"ALDI",-20.00,1576.90,"'MX A","'112233-12345678"
""",
    "an app's": """
Transaction ID,Date,Time,Type,Name,Emoji,Category,Amount,Currency,Local amount,Notes and #tags,Description,Money Out,Money In
tx_1,05/01/2026,08:01,Card payment,Costa,,Eating out,-3.10,GBP,-3.10,,COSTA,-3.10,
tx_2,16/01/2026,00:10,Faster payment,Acme,,Income,1500.00,GBP,1500.00,,ACME SALARY,,1500.00
tx_3,17/01/2026,18:20,Card payment,Aldi,,Groceries,-20.00,GBP,-20.00,,ALDI,-20.00,
""",
    "the currency in the header": """
Date,Counter Party,Reference,Type,Amount (GBP),Balance (GBP),Spending Category,Notes
05/01/2026,COSTA,,CONTACTLESS,-3.10,96.90,EATING_OUT,
16/01/2026,ACME SALARY,JAN PAY,FASTER PAYMENT,1500.00,1596.90,INCOME,
17/01/2026,ALDI,,CONTACTLESS,-20.00,1576.90,GROCERIES,
""",
    "states": """
Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance
CARD_PAYMENT,Current,2026-01-05 08:00:00,2026-01-05 09:00:00,COSTA,-3.10,0.00,GBP,COMPLETED,96.90
TOPUP,Current,2026-01-16 08:00:00,2026-01-16 09:00:00,ACME SALARY,1500.00,0.00,GBP,COMPLETED,1596.90
CARD_PAYMENT,Current,2026-01-17 08:00:00,2026-01-17 08:00:00,ALDI,-20.00,0.00,GBP,COMPLETED,1576.90
CARD_PAYMENT,Current,2026-01-17 08:00:00,2026-01-17 08:00:00,ALDI,-20.00,0.00,GBP,DECLINED,1576.90
""",
    "a word for the direction": """
Booking Date;Credit Debit Indicator;Transaction Amount;Narrative
2026-01-05;Debit;3.10;COSTA
2026-01-16;Credit;1500.00;ACME SALARY
2026-01-17;Debit;20.00;ALDI
""",
    "decimal commas": """
Buchungstag;Verwendungszweck;Betrag;Saldo
05.01.2026;COSTA;-3,10;96,90
16.01.2026;ACME SALARY;1.500,00;1.596,90
17.01.2026;ALDI;-20,00;1.576,90
""",
    "names nobody knows": """
jour,quoi,combien
2026-01-05,COSTA,-3.10
2026-01-16,ACME SALARY,1500.00
2026-01-17,ALDI,-20.00
""",
    "brackets": """
When,What,Sum
2026-01-05,COSTA,(3.10)
2026-01-16,ACME SALARY,1500.00
2026-01-17,ALDI,(20.00)
""",
    "credits marked": "Post Date\tDetails\tAmount\n5 Jan 26\tCOSTA\t3.10\n"
    "16 Jan 26\tACME SALARY\t1,500.00 CR\n17 Jan 26\tALDI\t20.00\n",
    "a byte order mark": "\ufeffDate,Text,Amount\r\n2026-01-05,COSTA,-3.10\r\n"
    "2026-01-16,ACME SALARY,1500\r\n2026-01-17,ALDI,-20\r\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_statements_of_many_styles_say_the_same(say: Say, ledger: Ledger, style: str) -> None:
    say(STYLES[style])
    assert [r[:3] for r in rows(ledger)] == [
        ("2026-01-05", "COSTA", -310),
        ("2026-01-16", "ACME SALARY", 150000),
        ("2026-01-17", "ALDI", -2000),
    ]


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"credits marked"}))
def test_a_salary_is_income_and_a_shop_is_spending(say: Say, ledger: Ledger, style: str) -> None:
    say(STYLES[style])
    assert [r[3] for r in rows(ledger)] == ["purchase", "income", "purchase"]


FIELDS = ("date", "text", "amount", "id", "category", "balance")
headers = st.fixed_dictionaries(
    {
        "date": st.sampled_from(["Date", "DATE", " date ", "Transaction Date", "Posted_Date", "Booking Date"]),
        "text": st.sampled_from(["Description", "Merchant", "Details", "narrative", "Transaction Description", "Payee"]),
        "amount": st.sampled_from(["Amount", "AMOUNT", "Amount (GBP)", "Value", "transaction_amount"]),
        "id": st.sampled_from(["Transaction ID", "txn_id", "id", "FITID"]),
        "category": st.sampled_from(["Category", "Spending Category", "cost category"]),
        "balance": st.sampled_from(["Balance", "Running Balance"]),
    }
)


@each_a_party
@given(
    names=headers,
    order=st.permutations(["date", "text", "amount", "id", "category", "balance"]),
    delimiter=st.sampled_from(",;\t"),
)
def test_the_columns_are_found_in_any_order(tmp_path: Path, names: dict[str, str], order: list[str], delimiter: str) -> None:
    line = {"date": "2026-01-05", "text": "COSTA", "amount": "-3.10", "id": "x1", "category": "Eating out", "balance": "7.00"}
    path = tmp_path / "s.csv"
    path.write_text(delimiter.join(names[f] for f in order) + "\n" + delimiter.join(line[f] for f in order) + "\n")
    layout = preview(path)[0].layout
    assert layout is not None
    assert layout.columns.held() == names
    assert layout.delimiter == delimiter


def test_columns_that_are_given_stand_before_the_guess(say: Say, ledger: Ledger) -> None:
    text = "Date,Settled,Description,Memo,Amount\n2026-01-05,2026-01-07,X1,COSTA,-3.10\n"
    done = say(text, mapping=ColumnMapping(date="settled", text="Memo"))
    assert rows(ledger)[0][:2] == ("2026-01-07", "COSTA")
    assert done.layouts[0].columns.date == "settled"


def test_what_was_guessed_is_said(say: Say) -> None:
    layout = say("Date,Shop name,Amount\n13/01/2026,COSTA,3.10\n01/02/2026,ALDI,20.00\n", sign=None).layouts[0]
    assert layout.columns.held() == {"date": "Date", "amount": "Amount", "text": "Shop name"}
    said = " · ".join(layout.why)
    assert "day/month/year" in said
    assert "GBP: the default" in said
    assert "spending-positive: 0 of 2 amounts have a minus" in said


# Dates, signs, currencies


def test_months_come_first_where_the_file_shows_it(say: Say, ledger: Ledger) -> None:
    say("Date,Description,Amount\n01/02/2026,COSTA,-1.00\n01/25/2026,ALDI,-2.00\n")
    assert [r[0] for r in rows(ledger)] == ["2026-01-02", "2026-01-25"]


def test_days_come_first_where_nothing_says(say: Say, ledger: Ledger) -> None:
    done = say("Date,Description,Amount\n01/02/2026,COSTA,-1.00\n")
    assert rows(ledger)[0][0] == "2026-02-01"
    assert "nothing in the file says" in done.layouts[0].why[0]


def test_positive_spending_is_a_card_whose_credits_are_refunds(say: Say, ledger: Ledger) -> None:
    text = "Date,Description,Amount\n" + "2026-01-05,ARGOS,30.00\n" * 9 + "2026-01-06,ARGOS,-30.00\n"
    done = say(text + "2026-01-09,PAYMENT RECEIVED - THANK YOU,-240.00\n" + "2026-01-10,CASH ADVANCE FEE,3.00\n" * 4)
    assert done.layouts[0].sign is Sign.SPENDING_POSITIVE
    assert Counter(r[3] for r in rows(ledger)) == {"purchase": 9, "refund": 1, "transfer": 1, "fee": 4}
    assert rows(ledger)[0][2] == -3000


def test_a_sign_that_is_given_turns_the_amounts(say: Say, ledger: Ledger) -> None:
    say("Date,Description,Amount\n2026-01-05,ARGOS,30.00\n", sign=Sign.SPENDING_NEGATIVE)
    assert rows(ledger)[0][2:] == (3000, "income")


def test_an_unclear_sign_is_asked_about(say: Say, ledger: Ledger) -> None:
    text = "Date,Description,Amount\n" + "2026-01-05,A SHOP,30.00\n" * 7 + "2026-01-05,A SHOP,-30.00\n" * 3
    error = refused(say, ledger, text)
    assert error.field == "Amount"
    assert "3 of 10 amounts have a minus" in error.reason
    assert say(text, sign=Sign.SPENDING_POSITIVE).added == 10


def test_a_credit_from_a_shop_where_one_bought_is_a_refund(say: Say, ledger: Ledger) -> None:
    lines = [
        "Argos Ltd,30.00", "ARGOS LTD,-30.00", "GRANNY,20.00", "REFUND BOOTS,4.00", "TO SAVINGS,-50.00", "ALDI,-3.00",
        "ARRANGED OVERDRAFT USAGE,-1.20", "LINK ATM HIGH ST,-20.00", "DIRECT DEBIT VODAFONE,-12.00",
    ]  # fmt: skip
    say("Date,Description,Amount\n" + "".join(f"2026-01-0{day},{line}\n" for day, line in enumerate(lines, 1)))
    found = [r[3] for r in rows(ledger)]
    assert found == ["refund", "purchase", "income", "refund", "transfer", "purchase", "fee", "cash", "payment"]


def test_a_refund_in_the_next_export_is_known_by_the_ledger(say: Say, ledger: Ledger) -> None:
    say("Date,Description,Amount\n2026-01-05,ARGOS LTD,-30.00\n", "january.csv")
    say("Date,Description,Amount\n2026-02-06,ARGOS LTD,30.00\n2026-02-07,ALDI,-1.00\n", "february.csv")
    assert rows(ledger)[1][3] == Kind.REFUND.value


def test_each_currency_has_an_account_and_its_own_decimals(say: Say, ledger: Ledger) -> None:
    say(
        "Date,Description,Amount,Currency\n2026-01-05,TOKYO RAMEN,-900,JPY\n2026-01-06,COSTA,-3.10,gbp\n2026-01-07,X,-1.250,KWD\n"
    )
    assert [r[2] for r in rows(ledger)] == [-900, -310, -1250]
    accounts = ledger.accounts([g.account for g in ledger.grants(ANN)])
    assert [a.currency for a in accounts] == ["GBP", "JPY", "KWD"]


def test_the_header_says_the_currency(say: Say, ledger: Ledger) -> None:
    assert say("Date,Description,Amount (EUR)\n2026-01-05,COSTA,-3.10\n").layouts[0].currency == "EUR"
    error = refused(say, ledger, "Date,Description,Amount (EUR)\n2026-01-05,COSTA,-3.10\n", currency="GBP")
    assert error.line == 1


def test_pending_rows_are_pending(say: Say, ledger: Ledger) -> None:
    done = say(
        "Date,Description,Amount,Status\n2026-01-05,A,-1.00,Pending\n2026-01-05,B,-1.00,Booked\n2026-01-05,C,-1.00,Declined\n"
    )
    with ledger.engine.connect() as connection:
        assert connection.execute(select(entry.c.text, entry.c.status).order_by(entry.c.id)).tuples().all() == [
            ("A", "pending"),
            ("B", "booked"),
        ]
    assert (done.rows, done.added, done.void) == (3, 2, 1)


# Whose


def test_a_column_of_parties_is_kept_letter_for_letter(say: Say, ledger: Ledger) -> None:
    done = say("card,date,amount,merchant\n0040,2026-01-05,3.10,COSTA\n40,2026-01-05,4.00,COSTA\n", party_column="card")
    assert done.parties == 2
    one, other = ledger.grants(PartyId("0040")), ledger.grants(PartyId("40"))
    assert len(one) == len(other) == 1
    assert one[0].account != other[0].account
    assert one[0].source is GrantSource.FILE
    assert ledger.party(PartyId("0040")) is not None


def test_no_partys_name_reaches_anothers_account(say: Say, ledger: Ledger) -> None:
    text = "who,date,amount,merchant\na,2026-01-05,3.10,COSTA\na/card,2026-01-05,4.00,COSTA\na%2Fcard,2026-01-05,5.00,COSTA\n"
    say(text, party_column="who")
    accounts = [g.account for who in ("a", "a/card", "a%2Fcard") for g in ledger.grants(PartyId(who))]
    assert len(set(accounts)) == 3


def test_two_accounts_in_one_file_stay_two(say: Say, ledger: Ledger) -> None:
    say("Account Number,Date,Description,Amount\n111,2026-01-05,BUS,-1.00\n222,2026-01-05,BUS,-1.00\n")
    assert len(ledger.grants(ANN)) == 2
    assert len(rows(ledger)) == 2


def test_a_party_that_is_known_keeps_its_name(say: Say, ledger: Ledger) -> None:
    from data.party import Party

    ledger.put_party(Party(id=ANN, name="Ann Archer"))
    say(GOOD)
    known = ledger.party(ANN)
    assert known is not None
    assert known.name == "Ann Archer"


def test_a_file_needs_a_party_or_its_column(say: Say) -> None:
    with pytest.raises(InvalidInput):
        say(GOOD, party=None)
    with pytest.raises(InvalidInput):
        say(GOOD, party=ANN, party_column="card")


# What cannot be imported


@pytest.mark.parametrize(
    ("text", "line", "field", "says"),
    [
        ("", None, None, "empty"),
        ("\n \n", None, None, "empty"),
        (GOOD.replace("COSTA", "CAF\xe9").encode("latin-1"), 2, None, "0xe9 is not UTF-8; save the statement as CSV UTF-8"),
        (GOOD.encode("utf-16"), None, None, "UTF-16"),
        (b"PK\x03\x04\x00\x00", None, None, "a zip archive that cannot be read"),
        ("Date,Description\n2026-01-05,COSTA\n", 1, "amount", "'Date', 'Description'"),
        ("Description,Amount\nCOSTA,-3.10\n", 1, "date", "no column can be taken for it"),
        ("2026-01-05,COSTA,-3.10\n2026-01-06,ALDI,-3.00\n", 1, None, "put a header above it"),
        (GOOD.replace("2026-01-06", "31/02/2026"), 3, "Date", "'31/02/2026' is not a day of the calendar"),
        (GOOD.replace("2026-01-06", "yesterday"), 3, "Date", "'yesterday' is not a date"),
        (GOOD.replace("2026-01-06", ""), 3, "Date", "there is no date"),
        (GOOD.replace("2026-01-06", "0206-01-06"), 3, "Date", "not in the years"),
        (GOOD.replace("1500.00", "1500.005"), 3, "Amount", "GBP has 2 decimals"),
        (GOOD.replace("1500.00", "lots"), 3, "Amount", "'lots' is not an amount"),
        (GOOD.replace("1500.00", ""), 3, "Amount", "it is empty"),
        (GOOD.replace("1500.00", "$1500.00"), 3, "Amount", "it is not in GBP"),
        (GOOD.replace("1500.00", "9" * 30), 3, "Amount", "digits"),
        (GOOD.replace("1500.00", "99999999999999999999"), 3, "Amount", "too large"),
        (GOOD.replace("1500.00", '"1.500,00"'), 3, "Amount", "another decimal mark"),
        (GOOD.replace("SALARY", " "), 3, "Description", "there is no text"),
        (GOOD.replace("SALARY,1500.00", "SALARY"), 3, "Amount", "the row has 2 fields, the header 3"),
        (GOOD.replace("SALARY", "SALARY,JAN"), 3, None, "the row has 4 fields, the header 3"),
        (GOOD.replace("SALARY", '"SALARY'), 3, None, "a quotation mark is opened here and never closed"),
        (GOOD.replace("SALARY", '"SAL"ARY'), 3, None, "between a closing quotation mark"),
        ("Date,Text,Amount,Currency\n2026-01-05,A,-1,GBP\n2026-01-05,B,-1,QQQ\n", 3, "Currency", "'QQQ' is not a currency"),
        ("Date,Description,Amount,Status\n2026-01-05,A,-1.00,Perhaps\n", 2, "Status", "'Perhaps'"),
        ("Date,Description,Debit,Credit\n2026-01-05,A,1.00,2.00\n", 2, "Debit", "among the credits"),
        ("Date,Description,Debit,Credit\n2026-01-05,A,,\n", 2, "Debit", "there is no amount"),
        ("id,Date,Text,Amount\n7,2026-01-05,A,-1\n8,2026-01-05,A,-1\n7,2026-01-05,A,-2\n", 4, "id", "'7' stands in line 2"),
    ],
)  # fmt: skip
def test_one_bad_row_refuses_the_file_and_says_where(
    say: Say, ledger: Ledger, text: str | bytes, line: int | None, field: str | None, says: str
) -> None:
    error = refused(say, ledger, text)
    assert (error.line, error.field) == (line, field)
    assert says in error.reason
    assert error.file.endswith("statement.csv")


def test_lines_are_counted_as_an_editor_counts_them(say: Say, ledger: Ledger) -> None:
    text = 'Date,Description,Amount\n2026-01-05,"COSTA\nCOFFEE\r\nLEEDS",-3.10\n\n2026-01-06,ALDI,many\n'
    assert refused(say, ledger, text).line == 6
    say(text.replace("many", "-1.00"))
    assert rows(ledger)[0][1] == "COSTA COFFEE LEEDS"


def test_a_late_mistake_leaves_the_ledger_as_it_was(say: Say, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.ledger.BATCH", 2)
    say(GOOD)
    before = rows(ledger)
    text = (
        "Date,Description,Amount\n"
        + "".join(f"2026-03-{day:02d},SHOP,-1.00\n" for day in range(1, 20))
        + "2026-02-31,SHOP,-1.00\n"
    )
    assert refused(say, ledger, text).line == 21
    assert rows(ledger) == before


def test_a_file_over_the_size_setting_is_not_read(say: Say, ledger: Ledger) -> None:
    assert "may have up to 20" in refused(say, ledger, GOOD, max_bytes=20).reason


def test_a_file_that_is_not_there_is_said(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(InvalidStatement, match="cannot be read"):
        import_file(tmp_path / "none.csv", ledger, now=NOW, party=ANN)


def test_a_column_given_that_is_not_there_is_named(say: Say, ledger: Ledger) -> None:
    error = refused(say, ledger, GOOD, mapping=ColumnMapping(text="merchnt"))
    assert (error.line, error.field) == (1, "merchnt")
    assert "'Description'" in error.reason
    assert refused(say, ledger, GOOD, party_column="card").field == "card"


def test_a_row_without_its_party_is_refused(say: Say, ledger: Ledger) -> None:
    error = refused(say, ledger, "card,date,amount,merchant\n1,2026-01-05,3.10,COSTA\n ,2026-01-05,4.00,X\n", party_column="card")
    assert (error.line, error.field) == (3, "card")


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.one_of(st.binary(max_size=200), st.text(alphabet=',;"\n\t Date,Amount1.-x\r', max_size=120).map(str.encode)))
def test_whatever_a_file_holds_it_is_imported_or_refused_with_a_reason(say: Say, noise: bytes) -> None:
    reason = None
    try:
        done = say(b"Date,Description,Amount\n" + noise)
    except InvalidStatement as error:
        reason = error.reason
    assert reason or done.added + done.unchanged == done.rows


# Real statements


CARDS = SHARED / "uk_card_transactions" / "transactions_dev.csv"


@pytest.mark.skipif(not CARDS.is_file(), reason="the shared card statements are not here")
def test_a_year_of_415_real_cards_imports_as_it_is(ledger: Ledger) -> None:
    with CARDS.open(encoding="utf-8", newline="") as file:
        theirs = list(csv.DictReader(file))
    first = import_file(CARDS, ledger, now=NOW, party_column="card")
    again = import_file(CARDS, ledger, now=NOW, party_column="card")
    assert (first.rows, first.added, first.parties) == (20810, 20810, 415)
    assert (again.added, again.corrected, again.unchanged) == (0, 0, 20810)
    assert first.layouts[0].sign is Sign.SPENDING_POSITIVE
    by_card: Counter[str] = Counter()
    for row in theirs:
        by_card[f"file:{row['card']}/card/GBP"] -= int(Decimal(row["amount"]) * 100)
    with ledger.engine.connect() as connection:
        sums = select(entry.c.account_id, func.sum(entry.c.amount_minor)).group_by(entry.c.account_id)
        assert dict(connection.execute(sums).tuples().all()) == dict(by_card)
        held = {r.source_id: (r.text, r.bank_category or "") for r in connection.execute(select(entry))}
    assert held == {row["txn_id"]: (row["merchant"], row["category"]) for row in theirs}


def test_a_large_file_goes_in_at_speed(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path / "large.csv", 20_000)
    told: list[tuple[int, int]] = []
    started = time.process_time()
    path = tmp_path / "large.csv"
    done = import_file(path, ledger, now=NOW, party_column="Customer", progress=lambda rows, of: told.append((rows, of)))
    spent = time.process_time() - started
    assert done.added == 20_000
    assert told[-1] == (20_000, 20_000)
    assert told == sorted(told)
    # A third of the rate on a quiet machine.
    assert done.rows / spent > 5000
