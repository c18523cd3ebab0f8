"""Words of a question that are written short."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.periods import Today
from assistant.router import vocabulary
from assistant.shortened import as_known, written_out
from assistant.spans import Known
from data.ledger import Payee
from data.party import AccountId
from retrieval.templates import descriptor, template

PAYEE = "ZEBRA PYMTS"
PAID = Payee(id=1, account=AccountId("own"), text=descriptor(PAYEE), shown=PAYEE, template=template(PAYEE), personal=False)
KNOWN = Known.of([PAID], (), {}, (), vocabulary(), Today.of(dt.date(2026, 11, 24), "en_GB"))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("w/o bills", "without bills"),
        ("excl. bills", "excluding bills"),
        ("ex refunds", "excluding refunds"),
        ("total, inc. refunds", "total, including refunds"),
        ("the biggest pymt, pmnts", "the biggest payment, payments"),
        ("all pymts in may", "all payments in may"),
        ("prev. month", "previous month"),
        ("the last 3 mos", "the last 3 months"),
        ("cat. pets, etc.", "category pets"),
        ("p/m", "per month"),
    ],
)
def test_it_is_written_out(said: str, meant: str) -> None:
    assert written_out(said, KNOWN) == meant


@pytest.mark.parametrize(
    "said", ["paid to zebra pymts", "my ex paid me", "what my cat cost", "acme inc in may", "at pymt", "we're"]
)
def test_a_name_or_another_word_stays(said: str) -> None:
    assert written_out(said, KNOWN) == said


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("a crowd calling themselves zebra paid me", "zebra paid me"),
        ("some zebra company i've never heard of paid me, when", "zebra paid me, when"),
        ("some zebra company i've never heard of", "zebra i've never heard of"),
        ("a crowd calling themselves gnu paid me", "a crowd calling themselves gnu paid me"),
    ],
)
def test_who_is_known_goes_by_their_name(said: str, meant: str) -> None:
    assert as_known(said, KNOWN) == meant
