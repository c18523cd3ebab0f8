"""The ledger keeps every movement once, in its newest version, under the accounts that hold it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

import data.ledger
from data.banking import Account, AccountKind, Kind, Status, Transaction
from data.ledger import Ledger, Texts, entry
from data.money import Money
from data.party import AccountId, Consent, Grant, GrantSource, Party, PartyId, Purpose, Role
from data.store import connect
from tests.database import database

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 20)
OURS, THEIRS = AccountId("ours"), AccountId("theirs")
ANN, BOB = PartyId("ann"), PartyId("bob")


def _categorise(text: str, _mcc: str | None, label: str | None) -> tuple[str | None, str | None]:
    return ("groceries", "rule") if "ALDI" in text else (label, "bank" if label else None)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    engine = connect(database(tmp_path / "ledger.db"))
    ledger = Ledger(engine, Texts(descriptor=str.casefold, template=lambda text: text.casefold().split()[0]), _categorise)
    for account in (OURS, THEIRS):
        ledger.put_account(Account(id=account, kind=AccountKind.CURRENT, name=account, currency="GBP"), GrantSource.SERVICE)
    return ledger


def paid(pounds: int, text: str = "ALDI", id: str | None = None, account: AccountId = OURS, **more: Any) -> Transaction:
    amount = Money(minor=-100 * pounds, currency="GBP")
    values = {"booked_on": DAY, "kind": Kind.PURCHASE} | more
    return Transaction(account=account, source_id=id, amount=amount, text=text, **values)


def live(ledger: Ledger, account: AccountId = OURS) -> list[tuple[str, int, str]]:
    """(text, pounds, status) of what counts, in the order in which it came."""
    query = select(entry).where(entry.c.account_id == account, entry.c.live).order_by(entry.c.id)
    with ledger.engine.connect() as connection:
        return [(r.text, r.amount_minor // -100, r.status) for r in connection.execute(query)]


def versions(ledger: Ledger) -> int:
    with ledger.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(entry)) or 0


# Transactions


def test_a_changed_row_becomes_a_version_and_the_old_one_is_kept(ledger: Ledger) -> None:
    ledger.add(OURS, [paid(10, id="a"), paid(20, id="b")], NOW)
    done = ledger.add(OURS, [paid(11, id="a"), paid(20, id="b")], NOW)
    assert (done.added, done.corrected, done.unchanged) == (0, 1, 1)
    assert sorted(live(ledger)) == [("ALDI", 11, "booked"), ("ALDI", 20, "booked")]
    assert versions(ledger) == 3


def test_a_booked_row_takes_the_place_of_the_pending_one(ledger: Ledger) -> None:
    ledger.add(OURS, [paid(10, "HOTEL", "hold-1", status=Status.PENDING)], NOW)
    ledger.add(OURS, [paid(12, "HOTEL", "t-1", supersedes="hold-1")], NOW)
    assert live(ledger) == [("HOTEL", 12, "booked")]


def test_a_pending_row_and_what_replaces_it_may_come_together(ledger: Ledger) -> None:
    rows = [paid(10, "HOTEL", "hold-1", status=Status.PENDING), paid(12, "HOTEL", "t-1", supersedes="hold-1")]
    for _ in range(2):
        ledger.add(OURS, rows, NOW)
        assert live(ledger) == [("HOTEL", 12, "booked")]


def test_two_versions_in_one_batch_leave_the_last(ledger: Ledger) -> None:
    done = ledger.add(OURS, [paid(10, id="a"), paid(11, id="a"), paid(12, id="a")], NOW)
    assert (done.added, done.corrected) == (1, 2)
    assert live(ledger) == [("ALDI", 12, "booked")]


def test_the_same_id_in_two_accounts_is_two_movements(ledger: Ledger) -> None:
    ledger.add(OURS, [paid(10, id="a")], NOW)
    ledger.add(THEIRS, [paid(99, id="a", account=THEIRS)], NOW)
    assert live(ledger) == [("ALDI", 10, "booked")]
    assert live(ledger, THEIRS) == [("ALDI", 99, "booked")]


def test_a_row_of_another_account_is_not_taken_in(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="other accounts"):
        ledger.add(OURS, [paid(10, account=THEIRS)], NOW)
    assert versions(ledger) == 0


def test_a_failed_import_leaves_nothing(ledger: Ledger) -> None:
    def rows() -> Any:
        yield from (paid(pounds) for pounds in range(1, 30))
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        ledger.add_stream(rows(), NOW)
    assert versions(ledger) == 0
    assert ledger.waiting() == 0


def test_the_ledger_says_when_it_was_fed(ledger: Ledger) -> None:
    assert ledger.fed([OURS, THEIRS]) == {}
    ledger.add(OURS, [], NOW)
    ledger.add(THEIRS, [], NOW + dt.timedelta(hours=1))
    assert ledger.fed([OURS, THEIRS]) == {OURS: NOW, THEIRS: NOW + dt.timedelta(hours=1)}
    assert ledger.fed([THEIRS]) == {THEIRS: NOW + dt.timedelta(hours=1)}


drawn = st.lists(
    st.builds(
        paid,
        pounds=st.integers(1, 3),
        text=st.sampled_from(["ALDI", "COSTA"]),
        id=st.sampled_from([None, "a", "b", "c"]),
        account=st.sampled_from([OURS, THEIRS]),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=drawn, batch=st.integers(1, 30))
def test_however_it_is_cut_into_batches_the_ledger_holds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: Sequence[Transaction], batch: int
) -> None:
    """Of the rows with an id the last version, of those without one every one; each account for itself."""
    monkeypatch.setattr(data.ledger, "BATCH", batch)
    engine = connect(database(tmp_path / f"{uuid4().hex}.db"))
    ledger = Ledger(engine, Texts(descriptor=str.casefold, template=str.casefold), _categorise)
    for _ in range(2):
        ledger.add_stream(rows, NOW)
    for account in (OURS, THEIRS):
        own = [row for row in rows if row.account == account]
        last = {row.source_id: row for row in own if row.source_id is not None}
        wanted = [*last.values(), *(row for row in own if row.source_id is None)]
        assert sorted(live(ledger, account)) == sorted((row.text, row.amount.minor // -100, "booked") for row in wanted)
    engine.dispose()


# Categories, payees, the index queue


def test_what_a_customer_calls_a_payee_holds_for_past_and_coming_rows(ledger: Ledger) -> None:
    ledger.add(OURS, [paid(10, "ALDI", "a")], NOW)
    payee = ledger.payees([OURS])[0]
    ledger.choose_category([OURS], payee.id, "party")
    ledger.add(OURS, [paid(12, "aldi", "b")], NOW)
    with ledger.engine.connect() as connection:
        assert connection.execute(select(entry.c.category, entry.c.category_source)).tuples().all() == [("party", "customer")] * 2


def test_nobody_names_the_payees_of_others(ledger: Ledger) -> None:
    ledger.add(THEIRS, [paid(10, account=THEIRS)], NOW)
    payee = ledger.payees([THEIRS])[0]
    ledger.choose_category([OURS], payee.id, "party")
    with ledger.engine.connect() as connection:
        assert connection.scalar(select(entry.c.category)) == "groceries"
    assert ledger.payees([OURS]) == []


def test_each_new_text_waits_for_the_index_once(ledger: Ledger) -> None:
    ledger.add(OURS, [paid(10, "ALDI 12"), paid(11, "aldi 12"), paid(12, "ALDI 13"), paid(1, "COSTA")], NOW)
    ledger.add(OURS, [paid(13, "ALDI 12")], NOW)
    waiting = ledger.take(10)
    assert [(account, template) for _, account, template, _ in waiting] == [(OURS, "aldi"), (OURS, "costa")]
    ledger.done([work[0] for work in waiting])
    assert ledger.waiting() == 0
    assert ledger.requeue() == 2
    assert ledger.waiting() == 2


def test_purchases_are_found_by_text_and_account(ledger: Ledger) -> None:
    ledger.add(OURS, [paid(10, "ALDI"), paid(-3, "BOOTS", kind=Kind.REFUND), paid(4, "RENT", kind=Kind.PAYMENT)], NOW)
    ledger.add(THEIRS, [paid(10, "COSTA", account=THEIRS)], NOW)
    with ledger.engine.connect() as connection:
        assert ledger.bought_from([OURS], connection) == {(OURS, "aldi")}
        assert ledger.bought_from([], connection) == set()


# Who holds what


def _grant(party: PartyId, account: AccountId, source: GrantSource = GrantSource.SERVICE) -> Grant:
    return Grant(party=party, account=account, role=Role.HOLDER, source=source)


def test_a_grant_that_the_bank_no_longer_gives_ends_and_one_of_a_file_stays(ledger: Ledger) -> None:
    ledger.add_grant(_grant(ANN, AccountId("file"), GrantSource.FILE))
    ledger.put_grants(ANN, GrantSource.SERVICE, [_grant(ANN, OURS), _grant(ANN, THEIRS)])
    ledger.put_grants(ANN, GrantSource.SERVICE, [_grant(ANN, OURS)])
    assert [g.account for g in ledger.grants(ANN)] == ["file", "ours"]
    assert ledger.grants(BOB) == ()


def test_enrolling_again_changes_nothing_that_is_known(ledger: Ledger) -> None:
    ledger.put_party(Party(id=ANN, name="Ann Archer"))
    parties = [Party(id=ANN, name="ann"), Party(id=BOB, name="bob")]
    account = Account(id=AccountId("file:bob"), kind=AccountKind.CARD, name="Card", currency="GBP")
    for _ in range(2):
        with ledger.engine.begin() as connection:
            ledger.enrol(parties, [account], [_grant(BOB, account.id, GrantSource.FILE)], connection)
    assert ledger.party(ANN) == Party(id=ANN, name="Ann Archer")
    assert ledger.party(BOB) == Party(id=BOB, name="bob")
    assert [g.account for g in ledger.grants(BOB)] == ["file:bob"]
    assert ledger.accounts([account.id]) == (account,)


def test_a_consent_ends_when_it_says(ledger: Ledger) -> None:
    assert not ledger.consents(ANN, Purpose.SYNC, NOW)
    ledger.put_consent(Consent(party=ANN, purpose=Purpose.SYNC, until=NOW))
    assert ledger.consents(ANN, Purpose.SYNC, NOW - dt.timedelta(seconds=1))
    assert not ledger.consents(ANN, Purpose.SYNC, NOW)
    assert not ledger.consents(ANN, Purpose.INSIGHTS, NOW - dt.timedelta(seconds=1))


def test_a_consent_can_be_taken_back_and_given_again(ledger: Ledger) -> None:
    given = Consent(party=ANN, purpose=Purpose.EXTERNAL_MODEL, until=NOW)
    ledger.put_consent(given)
    ledger.put_consent(Consent(party=ANN, purpose=Purpose.SYNC))
    assert given in ledger.consents_of(ANN)
    ledger.withdraw_consent(ANN, Purpose.EXTERNAL_MODEL)
    assert [consent.purpose for consent in ledger.consents_of(ANN)] == [Purpose.SYNC]
    assert not ledger.consents(ANN, Purpose.EXTERNAL_MODEL, NOW - dt.timedelta(seconds=1))
    ledger.put_consent(given.model_copy(update={"until": None}))
    assert ledger.consents(ANN, Purpose.EXTERNAL_MODEL, NOW)
