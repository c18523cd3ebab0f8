"""What the ledger is given by a sync: everything once, then only what is new, and nothing without consent."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path

import httpx
import pytest

from connectors.sandbox.app import ACCOUNTS_PATH, BASE_URL, Sandbox, build
from connectors.services import BankServices
from connectors.sync import Synced, sync
from connectors.transport import in_process
from data.banking import Account, Status, Transaction
from data.errors import Denied, ServiceUnavailable
from data.ledger import Added
from data.party import AccountId, Consent, Grant, GrantSource, Party, PartyId, Purpose, Role
from tests.edge import as_it_is

NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


class Notebook:
    """A ledger in memory that keeps what it is asked to keep."""

    def __init__(self) -> None:
        self.parties: dict[PartyId, Party] = {}
        self.accounts: dict[AccountId, Account] = {}
        self.grants: dict[PartyId, list[Grant]] = {}
        self.rows: dict[AccountId, dict[str, Transaction]] = {}
        self.cursors: dict[AccountId, dt.datetime] = {}

    def put_party(self, party: Party) -> None:
        self.parties[party.id] = party

    def put_account(self, account: Account, source: GrantSource) -> None:
        self.accounts[account.id] = account

    def put_grants(self, party: PartyId, source: GrantSource, grants: Sequence[Grant]) -> None:
        self.grants[party] = list(grants)

    def add(self, account: AccountId, rows: Sequence[Transaction], now: dt.datetime) -> Added:
        held = self.rows.setdefault(account, {})
        added = corrected = 0
        for row in rows:
            key = str(row.source_id)
            added += key not in held
            corrected += key in held and held[key] != row
            held[key] = row
            held.pop(str(row.supersedes), None)
        return Added(added=added, corrected=corrected)

    def expire_pending(self, account: AccountId, since: dt.date, shown: Collection[str]) -> int:
        held = self.rows.get(account, {})
        gone = [k for k, r in held.items() if r.status is Status.PENDING and r.booked_on >= since and k not in shown]
        for key in gone:
            del held[key]
        return len(gone)

    def synced_until(self, account: AccountId) -> dt.datetime | None:
        return self.cursors.get(account)

    def set_synced_until(self, account: AccountId, until: dt.datetime) -> None:
        self.cursors[account] = until

    def booked(self, account: AccountId) -> list[Transaction]:
        return [row for row in self.rows[account].values() if row.status is Status.BOOKED]


class Day:
    """A bank, a ledger and a clock that can be moved."""

    def __init__(self, tmp_path: Path) -> None:
        self.now = NOON
        self.sandbox: Sandbox = build(lambda: self.now, tmp_path / "key.json")
        self.ledger = Notebook()
        self.services = BankServices(BASE_URL + ACCOUNTS_PATH, in_process(self.sandbox.app), as_it_is)

    async def sync(self, who: str, **consent: object) -> Synced:
        given = Consent.model_validate({"party": who, "purpose": Purpose.SYNC} | consent)
        return await sync(self.services, self.sandbox.identity.mint(who, audience=["accounts"]), self.ledger, given, self.now)

    def account(self, name: str) -> AccountId:
        return next(account.id for account in self.ledger.accounts.values() if account.name == name)


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    today = Day(tmp_path)
    async with today.services:
        yield today


async def test_the_first_sync_brings_everything_and_the_next_nothing(day: Day) -> None:
    first = await day.sync("amara-okafor")
    assert first.party.name == "Amara Okafor"
    assert len(first.accounts) == 4
    assert first.added == sum(map(len, day.ledger.rows.values())) > 2000
    assert [grant.role for grant in day.ledger.grants[first.party.id]] == [Role.HOLDER, Role.HOLDER, Role.JOINT, Role.JOINT]
    again = await day.sync("amara-okafor")
    assert (again.added, again.corrected, again.expired) == (0, 0, 0)


async def test_the_ledger_moves_with_the_banks_own_balance(day: Day) -> None:
    party = "amara-okafor"
    token = day.sandbox.identity.mint(party, lifetime=dt.timedelta(days=60), audience=["accounts"])
    await day.sync(party)
    before = {account: await day.services.balances(token, account) for account in day.ledger.accounts}
    sums = {account: sum(r.amount.minor for r in day.ledger.booked(account)) for account in day.ledger.accounts}
    for _ in range(6):
        day.now += dt.timedelta(days=5)
        await day.sync(party)
    for account, balance in before.items():
        now = await day.services.balances(token, account)
        booked = sum(r.amount.minor for r in day.ledger.booked(account))
        assert booked - sums[account] == now.booked.minor - balance.booked.minor


async def test_what_was_pending_is_replaced_when_it_is_booked(day: Day) -> None:
    await day.sync("daniel-whitlock")
    account = day.account("Everyday account")
    pending = {key for key, row in day.ledger.rows[account].items() if row.status is Status.PENDING}
    assert pending
    day.now += dt.timedelta(days=6)
    await day.sync("daniel-whitlock")
    assert not pending & set(day.ledger.rows[account])
    assert pending <= {row.supersedes for row in day.ledger.rows[account].values()}


async def test_a_hold_that_was_let_go_does_not_stay_pending(day: Day) -> None:
    await day.sync("priya-raman")
    account = day.account("Everyday account")
    assert [r.text for r in day.ledger.rows[account].values() if "ZIPCAR" in r.text] == ["ZIPCAR DEPOSIT HOLD LONDON"]
    day.now += dt.timedelta(days=5)
    after = await day.sync("priya-raman")
    assert after.expired == 1
    assert not [r for r in day.ledger.rows[account].values() if "ZIPCAR" in r.text]


async def test_both_holders_feed_the_joint_account_once(day: Day) -> None:
    await day.sync("amara-okafor")
    rows = dict(day.ledger.rows[day.account("Joint account")])
    his = await day.sync("daniel-whitlock")
    assert day.ledger.rows[day.account("Joint account")] == rows
    assert his.added == sum(
        len(day.ledger.rows[a]) for a in his.accounts if day.ledger.accounts[a].name in ("Cash ISA", "Everyday account")
    )


@pytest.mark.parametrize(
    "consent",
    [{"purpose": Purpose.INSIGHTS}, {"party": "daniel-whitlock"}, {"until": NOON}],
    ids=["for another purpose", "of somebody else", "that has ended"],
)
async def test_nothing_is_kept_without_the_customers_own_consent(day: Day, consent: dict[str, object]) -> None:
    with pytest.raises(Denied):
        await day.sync("amara-okafor", **consent)
    assert (day.ledger.parties, day.ledger.rows, day.ledger.grants) == ({}, {}, {})


class Slow(httpx.AsyncBaseTransport):
    """Passes requests on, and never answers from the `nth` on."""

    def __init__(self, bank: httpx.AsyncBaseTransport, nth: int) -> None:
        self.bank, self.left = bank, nth

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.left -= 1
        if self.left <= 0:
            raise httpx.ReadTimeout("too slow", request=request)
        return await self.bank.handle_async_request(request)


async def test_a_sync_that_breaks_off_is_taken_up_again(day: Day) -> None:
    async with BankServices(BASE_URL + ACCOUNTS_PATH, Slow(in_process(day.sandbox.app), nth=6), as_it_is) as services:
        consent = Consent(party=PartyId("amara-okafor"), purpose=Purpose.SYNC)
        with pytest.raises(ServiceUnavailable):
            await sync(services, day.sandbox.identity.mint("amara-okafor", audience=["accounts"]), day.ledger, consent, day.now)
    assert day.ledger.cursors == {}
    await day.sync("amara-okafor")
    assert len(day.ledger.cursors) == 4
    assert sum(map(len, day.ledger.rows.values())) > 2000
