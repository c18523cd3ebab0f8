"""What a statement line keeps when store numbers, references and dates are taken out."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval.templates import descriptor, template, words

_PARTS = """CARD PAYMENT TO|DIRECT DEBIT PAYMENT TO|SQ *|PAYPAL *|AMZN Mktp UK*2K4LD1|TESCO|on|03|MAR|2026|REF|REF: 88A1|0412
gb0551|LONDON|GB|USA|card ending 1234|GBP 12.34|B17 9QG|+44 20 7946 0000|12:34|a1b2c3d4|s/mkt|-|(474)
St. George|ﬁsh & chips|M6|Straße"""
_LINE = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.one_of(st.sampled_from(re.split(r"[|\n]", _PARTS)), st.text("abg019 .*/-&'", max_size=8)),
        max_size=7,
    ).map(" ".join),
)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("HARBOUR STORES 6227", "harbour stores"),
        ("HARBOUR STORES (0412)", "harbour stores"),
        ("HARBOUR STORES 0412 LONDON GB", "harbour stores"),
        ("HARBOUR STORES LONDON", "harbour stores london"),
        ("CARD PAYMENT TO HARBOUR STORES ON 03 MAR", "harbour stores"),
        ("HARBOUR STORES 03MAR26 14:20", "harbour stores"),
        ("Direct Debit payment to Fenland Water REF 00123-A77", "fenland water"),
        ("FENLAND WATER REFERENCE: 00123A", "fenland water"),
        ("SQ *BLUE CUP 0412", "square blue cup"),
        ("PAYPAL *HATSTAND 4029357733 GB", "paypal hatstand"),
        ("AMZN Mktp UK*2K4LD1A33", "amazon marketplace uk"),
        ("NORTHSIDE PFS 2185", "northside petrol filling station"),
        ("CABS 4XA3A HELP.CABS", "cabs help.cabs"),
        ("INN GB0551", "inn"),
        ("CARD ENDING 1234 PIER CAFE", "pier cafe"),
        ("PIER CAFE +44 20 7946 0000", "pier cafe"),
        ("PIER CAFE B17 9QG", "pier cafe"),
        ("PIER CAFE GBP 12.34", "pier cafe"),
        ("STREAMFLIX march 2026", "streamflix"),
    ],
)
def test_what_changes_from_payment_to_payment_goes(line: str, kept: str) -> None:
    assert template(line) == kept


@pytest.mark.parametrize("name", ["o2 top-up", "3 mobile", "m6 toll", "parcel4you.com", "h&m", "24hr garage", "1st call taxis"])
def test_a_number_that_is_part_of_a_name_stays(name: str) -> None:
    assert template(name) == name


@pytest.mark.parametrize("line", ["4423", "***", "REF 99812", "03 MAR", "#"])
def test_a_line_of_nothing_but_references_is_its_own_template(line: str) -> None:
    assert template(line) == descriptor(line)


def test_a_descriptor_takes_nothing_out() -> None:
    assert descriptor("  HARBOUR   Stores\t6227 ") == "harbour stores 6227"
    assert descriptor("CAFÉ STRASSE") == descriptor("Cafe\u0301 Straße")


def test_a_customers_spelling_and_the_statements_have_the_same_words() -> None:
    assert words("B&Q") == words("b q") == ("bq",)
    assert words("Sainsbury's") == words("SAINSBURYS")
    assert words("www.hatstand.co.uk") == ("hatstand",)
    assert words("harbour s/mkts 12") == ("harbour", "s", "mkts", "12")
    assert words("co.uk") == ("co", "uk")
    assert words("***") == ()


@settings(max_examples=600)
@example("0 ſ0")
@example("card payment to card payment to 3")
@example("x 1 on 3 mar 4 london gb 77")
@given(_LINE)
def test_keys_are_stable_and_never_empty(line: str) -> None:
    key, short = descriptor(line), template(line)
    assert descriptor(key) == key
    assert template(short) == short
    assert template(key) == short
    assert bool(short) == bool(line.split())
    assert short == descriptor(short)


@example("a co b")
@given(_LINE)
def test_words_are_their_own_words(line: str) -> None:
    found = words(line)
    assert words(" ".join(found)) == found


def test_a_hundred_thousand_lines_are_templated_in_seconds() -> None:
    lines = [f"HARBOUR STORES {n} LONDON GB" for n in range(50_000)] + [f"PIER CAFE {n % 97}" for n in range(50_000)]
    began = time.process_time()
    for line in lines:
        template(line)
    assert time.process_time() - began < 5
