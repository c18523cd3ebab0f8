"""Feeds the ledger from the bank's services, under the customer's consent to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Protocol

from anyio import to_thread

from connectors.obie import ZONE
from connectors.services import BankServices
from data.banking import Account, Status, Transaction
from data.errors import Denied
from data.party import AccountId, Consent, Frozen, Grant, GrantSource, Party, PartyId, Purpose

# How far before its last end a sync reads again: pending items become booked, and corrections come, within days.
READ_AGAIN = dt.timedelta(days=10)


class Counts(Protocol):
    """What adding rows did."""

    @property
    def added(self) -> int: ...

    @property
    def corrected(self) -> int: ...


class LedgerWriter(Protocol):
    """What a sync needs of the ledger. The calls block; a sync makes them from a worker thread."""

    def put_party(self, party: Party) -> None: ...

    def put_account(self, account: Account, source: GrantSource) -> None: ...

    def put_grants(self, party: PartyId, source: GrantSource, grants: Sequence[Grant]) -> None:
        """Replace the party's grants of one source."""

    def add(self, account: AccountId, rows: Sequence[Transaction], now: dt.datetime) -> Counts:
        """Add rows by source id; the same ones again change nothing, and one that supersedes another takes its place."""

    def expire_pending(self, account: AccountId, since: dt.date, shown: Collection[str]) -> int:
        """Take out pending rows from a day on whose source ids the bank does not show any more; how many they were."""

    def synced_until(self, account: AccountId) -> dt.datetime | None: ...

    def set_synced_until(self, account: AccountId, until: dt.datetime) -> None: ...


class Synced(Frozen):
    """What a sync did; `expired` are holds that the bank let go without booking them."""

    party: Party
    accounts: tuple[AccountId, ...]
    added: int = 0
    corrected: int = 0
    expired: int = 0


async def sync(services: BankServices, token: str, ledger: LedgerWriter, consent: Consent, now: dt.datetime) -> Synced:
    """Bring the customer's grants, accounts and transactions in the ledger up to `now`.

    The first time everything is read that the bank has; later from ten days before the end of the last sync. An account
    is marked as synced only after all its rows are in, so what was broken off is read again.
    Raises Denied without the customer's own consent to it, and the errors of BankServices.
    """
    party = await services.party(token)
    if consent.purpose is not Purpose.SYNC or consent.party != party.id or not consent.holds(now):
        raise Denied("sync", ("sync-consent",))
    held = await services.accounts(token)
    grants = [Grant(party=party.id, account=a.id, role=role, source=GrantSource.SERVICE) for a, role in held]
    await to_thread.run_sync(_put, ledger, party, [account for account, _ in held], grants)
    added = corrected = expired = 0
    for account, _ in held:
        counts, gone = await _sync_account(services, token, ledger, account.id, now)
        added, corrected, expired = added + counts[0], corrected + counts[1], expired + gone
    return Synced(party=party, accounts=tuple(a.id for a, _ in held), added=added, corrected=corrected, expired=expired)


def _put(ledger: LedgerWriter, party: Party, accounts: Sequence[Account], grants: Sequence[Grant]) -> None:
    ledger.put_party(party)
    for account in accounts:
        ledger.put_account(account, GrantSource.SERVICE)
    ledger.put_grants(party.id, GrantSource.SERVICE, grants)


async def _sync_account(
    services: BankServices, token: str, ledger: LedgerWriter, account: AccountId, now: dt.datetime
) -> tuple[tuple[int, int], int]:
    """(added, corrected), and how many holds expired."""
    cursor = await to_thread.run_sync(ledger.synced_until, account)
    since = None if cursor is None else cursor - READ_AGAIN
    rows = await services.transactions(token, account, since, now)
    return await to_thread.run_sync(_store, ledger, account, rows, since, now)


def _store(
    ledger: LedgerWriter, account: AccountId, rows: Sequence[Transaction], since: dt.datetime | None, now: dt.datetime
) -> tuple[tuple[int, int], int]:
    counts = ledger.add(account, rows, now)
    pending = {row.source_id for row in rows if row.status is Status.PENDING and row.source_id is not None}
    first_day = dt.date.min if since is None else since.astimezone(ZONE).date() + dt.timedelta(days=1)
    expired = ledger.expire_pending(account, first_day, pending)
    ledger.set_synced_until(account, now)
    return (counts.added, counts.corrected), expired
