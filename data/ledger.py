"""The ledger: who holds what, and every transaction once. Sums are SQL over integer minor units.

Which row is which, within a source and across sources of one account:

- Within one source (a file format, or the bank's services) the id that it gives decides. Rows without one are matched per
  day as a multiset of their content, text included.
- Formats share neither ids nor texts. Across them a row is known by its account, booking day, signed amount and currency,
  and each entry stands for at most one row of each format. So of a day's equal amounts the ledger holds as many as the
  format that has the most of them: two coffees in one file are two, and the same two in three formats are still two.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Integer, bindparam, case, cast, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from data.banking import Account, Kind, StatedBalance, Status, Transaction
from data.facts import Row
from data.money import Money
from data.party import AccountId, Consent, Frozen, Grant, GrantSource, Party, PartyId, Purpose, Role
from data.store import lock
from data.tables import (
    AccountRow,
    AliasRow,
    CategoryChoiceRow,
    ConsentRow,
    DescriptorRow,
    EntryRow,
    GrantRow,
    IndexWorkRow,
    PartyRow,
    StatedBalanceRow,
)

entry, descriptor, account_t, grant_t, party_t, consent_t, choice_t, work_t = (
    SQLModel.metadata.tables[model.__tablename__]
    for model in (EntryRow, DescriptorRow, AccountRow, GrantRow, PartyRow, ConsentRow, CategoryChoiceRow, IndexWorkRow)
)
alias_t, stated_t = (SQLModel.metadata.tables[model.__tablename__] for model in (AliasRow, StatedBalanceRow))

BATCH = 10_000
# The format of tables of text: the first there was, whose ids are kept as they stand.
TABLE = "csv"
# How many values one IN asks for: databases limit the parameters of a statement.
PORTION = 1000
T = TypeVar("T")
# Asked in every turn, so it is put together once.
_FED = select(account_t.c.id, account_t.c.fed_at).where(account_t.c.id.in_(bindparam("ids", expanding=True)))
# A transaction of the database, for callers that put several writes into one.
Writing = Connection


class Added(Frozen):
    """What an import or a sync did to the ledger."""

    added: int = 0
    corrected: int = 0
    unchanged: int = 0

    def __add__(self, other: Added) -> Added:
        return Added(
            added=self.added + other.added,
            corrected=self.corrected + other.corrected,
            unchanged=self.unchanged + other.unchanged,
        )


class Payee(Frozen):
    """A statement text of the customer's, as the resolver of merchants sees it."""

    id: int
    account: AccountId
    text: str
    shown: str
    template: str
    personal: bool = False
    mcc: str | None = None


class Texts(Frozen):
    """How statement text becomes a key and a template; retrieval has the real ones."""

    descriptor: Callable[[str], str]
    template: Callable[[str], str]


# (statement text, MCC, the bank's own category) -> category and its source.
Categoriser = Callable[[str, str | None, str | None], tuple[str | None, str | None]]


# Transfers are with persons as well as firms: their texts may be names.
_PERSONAL = (Kind.PAYMENT, Kind.TRANSFER, Kind.INCOME)


class Ledger:
    """Reads and writes of the ledger. Every read names the accounts that it may see.

    Blocking: call it from a worker thread when an event loop is running.
    """

    def __init__(self, engine: Engine, texts: Texts, categorise: Categoriser) -> None:
        self.engine, self.texts, self.categorise = engine, texts, categorise

    @contextmanager
    def writing(self, keys: Iterable[str]) -> Iterator[Writing]:
        """One transaction for several writes; others who write under one of the keys wait until it ends."""
        with self.engine.begin() as connection:
            lock(connection, keys)
            yield connection

    # Who holds what

    def put_party(self, party: Party, on: Connection | None = None) -> None:
        self._upsert(party_t, {"id": party.id}, {"name": party.name}, on)

    def put_account(self, account: Account, source: GrantSource, on: Connection | None = None) -> None:
        values = account.model_dump(mode="json", exclude={"id"}) | {"source": source.value}
        self._upsert(account_t, {"id": account.id}, values, on)

    def put_grants(self, party: PartyId, source: GrantSource, grants: Sequence[Grant], on: Connection | None = None) -> None:
        """Replace the party's grants of one source: a grant that the source no longer gives ends."""
        rows = [_grant_row(g) | {"source": source.value} for g in grants]
        with self._on(on) as connection:
            if on is None:
                lock(connection, [party])
            connection.execute(delete(grant_t).where(grant_t.c.party_id == party, grant_t.c.source == source.value))
            if rows:
                connection.execute(insert(grant_t), rows)

    def add_grant(self, grant: Grant, on: Connection | None = None) -> None:
        row = _grant_row(grant)
        key = {name: row.pop(name) for name in ("party_id", "account_id", "role")}
        self._upsert(grant_t, key, row, on)

    def enrol(self, parties: Iterable[Party], accounts: Iterable[Account], grants: Iterable[Grant], on: Connection) -> None:
        """Put those that are not held yet, all at once; those that are stay as they are. The source is the grants'."""
        grants = list(grants)
        sources = {g.account: g.source.value for g in grants}
        self._insert_new(party_t, ("id",), [p.model_dump() for p in parties], on)
        rows = [a.model_dump(mode="json") | {"source": sources[a.id]} for a in accounts]
        self._insert_new(account_t, ("id",), rows, on)
        self._insert_new(grant_t, ("party_id", "account_id", "role"), [_grant_row(g) for g in grants], on)

    @staticmethod
    def _insert_new(table: Any, key: tuple[str, ...], rows: Sequence[dict[str, Any]], on: Connection) -> None:
        first = table.c[key[0]]
        held: set[tuple[Any, ...]] = set()
        for chosen in _portions(sorted({row[key[0]] for row in rows})):
            held.update(on.execute(select(*(table.c[name] for name in key)).where(first.in_(chosen))).tuples())
        if new := [row for row in rows if tuple(row[name] for name in key) not in held]:
            # Somebody else may put the same one at this moment.
            on.execute(_insert_of(on)(table).on_conflict_do_nothing(index_elements=list(key)), new)

    def party(self, party: PartyId) -> Party | None:
        with self.engine.connect() as connection:
            row = connection.execute(select(party_t).where(party_t.c.id == party)).mappings().first()
        return Party.model_validate(dict(row)) if row else None

    def grants(self, party: PartyId) -> tuple[Grant, ...]:
        query = select(grant_t).where(grant_t.c.party_id == party).order_by(grant_t.c.account_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            Grant(
                party=party,
                account=AccountId(r["account_id"]),
                role=Role(r["role"]),
                source=GrantSource(r["source"]),
                since=r["since"],
                until=r["until"],
            )
            for r in rows
        )

    def put_consent(self, consent: Consent) -> None:
        self._upsert(consent_t, {"party_id": consent.party, "purpose": consent.purpose.value}, {"until": consent.until}, None)

    def withdraw_consent(self, party: PartyId, purpose: Purpose) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(consent_t).where(consent_t.c.party_id == party, consent_t.c.purpose == purpose.value))

    def consents_of(self, party: PartyId) -> tuple[Consent, ...]:
        """Every consent of a party that is on record, those that have ended too."""
        query = select(consent_t).where(consent_t.c.party_id == party).order_by(consent_t.c.purpose)
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(Consent(party=party, purpose=Purpose(row["purpose"]), until=row["until"]) for row in rows)

    def consents(self, party: PartyId, purpose: Purpose, now: dt.datetime) -> bool:
        """Whether the party consents to a purpose at `now`; without a record it does not."""
        query = select(consent_t).where(consent_t.c.party_id == party, consent_t.c.purpose == purpose.value)
        with self.engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return row is not None and Consent(party=party, purpose=purpose, until=row["until"]).holds(now)

    def accounts(self, ids: Sequence[AccountId]) -> tuple[Account, ...]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(account_t).where(account_t.c.id.in_(ids))).mappings().all()
        found = {r["id"]: Account(**{name: r[name] for name in Account.model_fields}) for r in rows}
        return tuple(found[i] for i in ids if i in found)

    def fed(self, ids: Sequence[AccountId]) -> dict[AccountId, dt.datetime]:
        """When each of the accounts was last fed; those that never were are left out."""
        with self.engine.connect() as connection:
            return {AccountId(one): at for one, at in connection.execute(_FED, {"ids": list(ids)}) if at is not None}

    def synced_until(self, account: AccountId) -> dt.datetime | None:
        with self.engine.connect() as connection:
            return connection.scalar(select(account_t.c.synced_until).where(account_t.c.id == account))

    def set_synced_until(self, account: AccountId, until: dt.datetime) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(account_t).where(account_t.c.id == account).values(synced_until=until))

    # Transactions

    def add(self, account: AccountId, rows: Sequence[Transaction], now: dt.datetime, on: Connection | None = None) -> Added:
        """Add transactions of one account; the same ones again add nothing.

        A row with a source id that is held with other content becomes a new version; one that supersedes
        another takes its place. Rows without an id are matched per day as a multiset, so a real repeat is kept.
        """
        if any(row.account != account for row in rows):
            raise ValueError(f"rows of other accounts cannot be added to {account!r}")
        with self._on(on) as connection:
            if on is None:
                lock(connection, [account])
            done = self.add_stream(rows, now, connection)
            self._fed(connection, {account}, now)
        return done

    def add_stream(
        self,
        rows: Iterable[Transaction],
        now: dt.datetime,
        on: Connection | None = None,
        source: str | None = None,
        complete: Mapping[AccountId, dt.date] | None = None,
    ) -> Added:
        """Add transactions of any accounts, in any order, as they come: memory holds one batch.

        All days of one file belong into one stream, as repeats without an id are counted over it.
        source: the format of a file, such as "ofx", whose rows then meet those of other formats; None for the services.
        complete: until which day the stream shows all that is pending on an account: what the same format, named up to the
        first dot, showed before and does not show any more was let go or has been booked.
        """
        seen: Counter[bytes] = Counter()
        accounts: set[AccountId] = set()
        shown: set[tuple[AccountId, str]] = set()
        done = Added()
        left = iter(rows)
        with self._on(on) as connection:
            while batch := [(self._key(row, seen, source), row) for row in islice(left, BATCH)]:
                done += self._add_batch(connection, batch, source, shown)
                accounts.update(row.account for _, row in batch)
            for account, until in (complete or {}).items():
                self._let_go(connection, account, str(source), until, {key for whose, key in shown if whose == account})
            self._fed(connection, accounts | set(complete or ()), now)
        return done

    @staticmethod
    def _let_go(connection: Connection, account: AccountId, source: str, until: dt.date, shown: set[str]) -> None:
        where = (entry.c.account_id == account, entry.c.live.is_(True), entry.c.status == Status.PENDING.value)
        theirs = (entry.c.source.startswith(source.split(".", maxsplit=1)[0], autoescape=True), entry.c.booked_on <= until)
        gone = [key for key in connection.scalars(select(entry.c.source_id).where(*where, *theirs)) if key not in shown]
        for chosen in _portions(gone):
            connection.execute(update(entry).where(*where, entry.c.source_id.in_(chosen)).values(live=False))

    @staticmethod
    def _fed(connection: Connection, accounts: set[AccountId], now: dt.datetime) -> None:
        for chosen in _portions(sorted(accounts)):
            connection.execute(update(account_t).where(account_t.c.id.in_(chosen)).values(fed_at=now))

    @staticmethod
    def _key(row: Transaction, seen: Counter[bytes], source: str | None) -> str:
        """The source's own id, or one from content and a count: the third identical coffee of a day is always number three.

        Ids of different formats may be alike by chance, so all but those of tables carry the format's name.
        """
        named = f"{source}:" if source not in (None, TABLE) else ""
        if row.source_id is not None:
            return named + row.source_id
        content = f"{row.booked_on}|{row.amount.minor}|{row.amount.currency}|{row.status}|{row.text}"
        digest = hashlib.sha256(content.encode()).digest()[:12]
        place = row.account.encode() + digest
        seen[place] += 1
        return f"{named}{digest.hex()}-{seen[place]}"

    def _add_batch(
        self, connection: Connection, keyed: list[tuple[str, Transaction]], source: str | None, shown: set[tuple[AccountId, str]]
    ) -> Added:
        """shown: source ids of the pending entries that the file shows; those of the batch are added."""
        old = self._old(connection, keyed)
        held = self._held_of(connection, keyed, old)
        meeting = _Meeting(connection, source, [(key, row) for key, row in keyed if (row.account, key) not in held], old)
        texts: dict[AccountId, dict[str, Transaction]] = {}
        for key, row in keyed:
            if row.status is Status.PENDING:
                shown.add((row.account, meeting.met.get((row.account, key), key)))
            if (row.account, key) not in meeting.met:
                texts.setdefault(row.account, {}).setdefault(row.text, row)
        ids = self._descriptors(connection, texts, old)
        choices = self._choices(connection, ids.values())
        fresh: list[dict[str, Any]] = []
        newest: dict[tuple[AccountId, str], dict[str, Any]] = {}
        replaced: dict[AccountId, set[str]] = {}
        corrected = unchanged = 0
        for key, row in keyed:
            if (row.account, key) in meeting.met:
                unchanged += 1
                continue
            values = self._values(key, row, ids[row.account, row.text], choices) | {"source": source}
            before = newest.get((row.account, key)) or held.get((row.account, key))
            if before is not None and all(before[name] == values[name] for name in _CONTENT):
                unchanged += 1
                continue
            gone = {row.supersedes} if row.supersedes is not None else set()
            if (row.account, key) in meeting.replaces:
                gone.add(meeting.replaces[row.account, key])
            if before is not None:
                values["version"] = before["version"] + 1
                gone.add(key)
                corrected += 1
            if gone:
                replaced.setdefault(row.account, set()).update(gone)
            for other in gone:
                # What this very batch replaces is not in the table yet.
                newest.get((row.account, other), {})["live"] = False
            newest[row.account, key] = values
            fresh.append(values)
        for account, held_id, row in meeting.changed:
            entries = self._held(connection, account, [held_id])
            fresh.append(_moved(newest.get((account, held_id)) or entries[held_id], row))
            replaced.setdefault(account, set()).add(held_id)
            corrected, unchanged = corrected + 1, unchanged - 1
        for account, keys in replaced.items():
            where = (entry.c.account_id == account, entry.c.source_id.in_(keys))
            connection.execute(update(entry).where(*where).values(live=False))
        if fresh:
            # Most sources fill few columns, and each one of a statement costs as much when it is empty.
            filled = [name for name in fresh[0] if any(values[name] is not None for values in fresh)]
            connection.execute(insert(entry), [{name: values[name] for name in filled} for values in fresh])
        return Added(added=len(keyed) - corrected - unchanged, corrected=corrected, unchanged=unchanged)

    @staticmethod
    def _old(connection: Connection, keyed: list[tuple[str, Transaction]]) -> set[AccountId]:
        """The accounts that have rows. A new one has nothing to look up: a file of many parties would ask for each of them."""
        old: set[AccountId] = set()
        for chosen in _portions(sorted({row.account for _, row in keyed})):
            query = select(descriptor.c.account_id).where(descriptor.c.account_id.in_(chosen)).distinct()
            old.update(connection.scalars(query))
        return old

    def _held_of(
        self, connection: Connection, keyed: list[tuple[str, Transaction]], old: set[AccountId]
    ) -> dict[tuple[AccountId, str], Mapping[str, Any]]:
        """What is held of these rows under the same keys, by account and key."""
        keys: dict[AccountId, list[str]] = {}
        for key, row in keyed:
            if row.account in old:
                keys.setdefault(row.account, []).append(key)
        return {
            (account, key): row for account, some in keys.items() for key, row in self._held(connection, account, some).items()
        }

    @staticmethod
    def _held(connection: Connection, account: AccountId, keys: list[str]) -> dict[str, Mapping[str, Any]]:
        """The newest version of each source id that is held already."""
        held: dict[str, Mapping[str, Any]] = {}
        for chosen in _portions(keys):
            where = (entry.c.account_id == account, entry.c.source_id.in_(chosen))
            query = select(entry).where(*where).order_by(entry.c.version)
            held |= {r["source_id"]: r for r in connection.execute(query).mappings()}
        return held

    def _values(self, key: str, row: Transaction, descriptor_id: int, choices: Mapping[int, str]) -> dict[str, Any]:
        category, source = self.categorise(row.text, row.mcc, row.bank_category)
        if descriptor_id in choices:
            category, source = choices[descriptor_id], "customer"
        return {
            "account_id": row.account,
            "source_id": key,
            "version": 1,
            "live": True,
            "booked_on": row.booked_on,
            "booked_at": row.booked_at,
            "value_on": row.value_on,
            "amount_minor": row.amount.minor,
            "currency": row.amount.currency,
            "text": row.text,
            "descriptor_id": descriptor_id,
            "kind": row.kind.value,
            "status": row.status.value,
            "category": category,
            "category_source": source,
            "bank_category": row.bank_category,
            "mcc": row.mcc,
            "counterparty": row.counterparty,
            "reference": row.reference,
            "original_minor": row.original.minor if row.original else None,
            "original_currency": row.original.currency if row.original else None,
            "rate": str(row.rate) if row.rate is not None else None,
        }

    def _descriptors(
        self, connection: Connection, texts: Mapping[AccountId, Mapping[str, Transaction]], old: set[AccountId]
    ) -> dict[tuple[AccountId, str], int]:
        """(Account, statement text) -> descriptor id; new ones are made and put into the index queue.

        texts: by account each statement text with a transaction that has it, which gives the name to show.
        """
        known: dict[tuple[AccountId, str], int] = {}
        keys = {(account, text): self.texts.descriptor(text) for account, some in texts.items() for text in some}
        for account in old & texts.keys():
            for chosen in _portions(sorted({keys[account, text] for text in texts[account]})):
                where = (descriptor.c.account_id == account, descriptor.c.text.in_(chosen))
                found = connection.execute(select(descriptor.c.text, descriptor.c.id).where(*where)).tuples()
                known |= {(account, key): number for key, number in found}
        new = {(account, key): text for (account, text), key in sorted(keys.items(), reverse=True) if (account, key) not in known}
        if new:
            rows = [
                {
                    "account_id": account,
                    "text": key,
                    "shown": texts[account][text].counterparty or text,
                    "template": self.texts.template(text),
                    "personal": texts[account][text].kind in _PERSONAL,
                }
                for (account, key), text in new.items()
            ]
            added = insert(descriptor).returning(descriptor.c.account_id, descriptor.c.text, descriptor.c.id)
            known |= {(AccountId(r.account_id), r.text): r.id for r in connection.execute(added, rows)}
            work = {(row["account_id"], row["template"]): "own" if row["personal"] else "put" for row in rows}
            connection.execute(
                insert(work_t), [{"account_id": a, "template": t, "op": op} for (a, t), op in sorted(work.items())]
            )
        return {(account, text): known[account, key] for (account, text), key in keys.items()}

    @staticmethod
    def _choices(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        for chosen in _portions(sorted(set(ids))):
            query = select(choice_t.c.descriptor_id, choice_t.c.category).where(choice_t.c.descriptor_id.in_(chosen))
            found |= dict(connection.execute(query).tuples().all())
        return found

    def choose_category(self, accounts: Sequence[AccountId], payee: int, category: str) -> None:
        """The customer's own word for a payee of theirs; it holds for past and coming rows."""
        with self.engine.begin() as connection:
            own = select(descriptor.c.id).where(descriptor.c.id == payee, descriptor.c.account_id.in_(accounts))
            if connection.scalar(own) is None:
                return
            self._upsert(choice_t, {"descriptor_id": payee}, {"category": category}, connection)
            mine = update(entry).where(entry.c.descriptor_id == payee, entry.c.account_id.in_(accounts))
            connection.execute(mine.values(category=category, category_source="customer"))

    def bought_from(self, accounts: Sequence[AccountId], on: Connection) -> set[tuple[AccountId, str]]:
        """The comparable keys of the texts under which the accounts have purchases, each with its account."""
        held: set[tuple[AccountId, str]] = set()
        for chosen in _portions(accounts):
            where = (entry.c.account_id.in_(chosen), entry.c.live, entry.c.kind == Kind.PURCHASE.value, entry.c.amount_minor < 0)
            query = select(descriptor.c.account_id, descriptor.c.text).distinct()
            held.update(on.execute(query.join(entry, entry.c.descriptor_id == descriptor.c.id).where(*where)).tuples())
        return held

    def expire_pending(self, account: AccountId, since: dt.date, shown: Collection[str]) -> int:
        """Take out pending rows from a day on that the bank does not show any more; returns how many they were."""
        held = (entry.c.account_id == account, entry.c.live.is_(True), entry.c.status == Status.PENDING.value)
        with self.engine.begin() as connection:
            found = connection.scalars(select(entry.c.source_id).where(*held, entry.c.booked_on >= since)).all()
            gone = [source for source in found if source not in shown]
            for chosen in _portions(gone):
                connection.execute(update(entry).where(*held, entry.c.source_id.in_(chosen)).values(live=False))
        return len(gone)

    # Statement files

    def put_stated(self, balances: Iterable[StatedBalance], on: Connection) -> None:
        """Keep what statements say accounts held; the later word about a day stands."""
        for one in balances:
            values = {
                "booked_minor": one.booked.minor,
                "available_minor": one.available.minor if one.available else None,
                "currency": one.booked.currency,
            }
            self._upsert(stated_t, {"account_id": one.account, "stated_on": one.on}, values, on)

    def from_files(self, parties: Sequence[PartyId], on: Connection) -> list[tuple[PartyId, Account]]:
        """The accounts that parties have by statement files."""
        found: list[tuple[PartyId, Account]] = []
        for chosen in _portions(parties):
            query = select(grant_t.c.party_id, account_t).join(account_t, account_t.c.id == grant_t.c.account_id)
            where = (grant_t.c.party_id.in_(chosen), grant_t.c.source == GrantSource.FILE.value)
            for row in on.execute(query.where(*where).order_by(account_t.c.id)).mappings():
                found.append((PartyId(row["party_id"]), Account(**{name: row[name] for name in Account.model_fields})))
        return found

    # The index queue

    def take(self, limit: int) -> list[tuple[int, AccountId, str, str]]:
        """The oldest work for the index, as (id, account, template, op); it stays until `done`."""
        query = select(work_t).order_by(work_t.c.id).limit(limit)
        with self.engine.connect() as connection:
            return [(r.id, AccountId(r.account_id), r.template, r.op) for r in connection.execute(query)]

    def done(self, ids: Sequence[int]) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(work_t).where(work_t.c.id.in_(ids)))

    def waiting(self) -> int:
        """How many entries the index queue holds."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(work_t)) or 0

    def requeue(self) -> int:
        """Put every template of every account into the index queue again; returns how many."""
        op = case((func.max(cast(descriptor.c.personal, Integer)) == 1, "own"), else_="put")
        source = select(descriptor.c.account_id, descriptor.c.template, op).group_by(
            descriptor.c.account_id, descriptor.c.template
        )
        with self.engine.begin() as connection:
            connection.execute(delete(work_t))
            connection.execute(insert(work_t).from_select(["account_id", "template", "op"], source))
            return connection.scalar(select(func.count()).select_from(work_t)) or 0

    # Reading is in data.queries; these two build what it and the resolver need.

    def payees(self, accounts: Sequence[AccountId]) -> list[Payee]:
        """Every statement text of the accounts: hundreds to a few thousand for a household."""
        query = select(descriptor).where(descriptor.c.account_id.in_(accounts)).order_by(descriptor.c.id)
        coded = (
            select(entry.c.descriptor_id, func.max(entry.c.mcc))
            .where(entry.c.account_id.in_(accounts), entry.c.live.is_(True), entry.c.mcc.is_not(None))
            .group_by(entry.c.descriptor_id)
        )
        with self.engine.connect() as connection:
            codes: dict[int, str] = {row[0]: row[1] for row in connection.execute(coded)}
            return [
                Payee(
                    id=r.id,
                    account=AccountId(r.account_id),
                    text=r.text,
                    shown=r.shown,
                    template=r.template,
                    personal=r.personal,
                    mcc=codes.get(r.id),
                )
                for r in connection.execute(query)
            ]

    def _on(self, connection: Connection | None) -> Any:
        """The caller's transaction, or one of our own."""
        return _Joined(connection) if connection is not None else self.engine.begin()

    def _upsert(self, table: Any, key: dict[str, Any], values: dict[str, Any], on: Connection | None) -> None:
        with self._on(on) as connection:
            new = _insert_of(connection)(table).values(**key, **values)
            connection.execute(new.on_conflict_do_update(index_elements=list(key), set_=values))


def _insert_of(connection: Connection) -> Any:
    """The INSERT that knows of conflicts: each database has its own."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert


class _Meeting:
    """The rows of a batch that their format has not brought yet, and the entries of other formats that they are.

    met: by account and key, the source id of the entry that a row is; nothing is added for it. replaces: the pending entry
    whose place a booked row takes. changed: rows that were met before with another day or amount, as (account, source id of
    the entry, row).
    """

    def __init__(
        self, connection: Connection, source: str | None, keyed: list[tuple[str, Transaction]], old: set[AccountId]
    ) -> None:
        self.connection, self.source = connection, source
        self.met: dict[tuple[AccountId, str], str] = {}
        self.replaces: dict[tuple[AccountId, str], str] = {}
        self.changed: list[tuple[AccountId, str, Transaction]] = []
        rows: dict[AccountId, dict[str, Transaction]] = {}
        for key, row in keyed if source is not None else ():
            if row.account in old:
                rows.setdefault(row.account, {})[key] = row
        for account, some in rows.items():
            self._again(account, some)
            if left := {key: row for key, row in some.items() if (account, key) not in self.met}:
                self._first(account, left)

    def _again(self, account: AccountId, rows: Mapping[str, Transaction]) -> None:
        """Rows that were met in an earlier file."""
        for chosen in _portions(list(rows)):
            query = select(alias_t).where(alias_t.c.account_id == account, alias_t.c.source_id.in_(chosen))
            for known in self.connection.execute(query).mappings().all():
                row = rows[known["source_id"]]
                self.met[account, known["source_id"]] = known["held_id"]
                if (row.booked_on, row.amount.minor) != (known["booked_on"], known["amount_minor"]):
                    self.changed.append((account, known["held_id"], row))
                    same = update(alias_t).where(alias_t.c.account_id == account, alias_t.c.source_id == known["source_id"])
                    self.connection.execute(same.values(booked_on=row.booked_on, amount_minor=row.amount.minor))

    def _first(self, account: AccountId, rows: Mapping[str, Transaction]) -> None:
        """Rows that are seen for the first time, each with an entry of its day and amount that is free, if there is one."""
        free = self._free(account, sorted({row.booked_on for row in rows.values()}))
        joined = []
        for key, row in rows.items():
            found = _likest(row, free.get((row.booked_on, row.amount.minor, row.amount.currency), []))
            if found is None:
                continue
            if found["status"] == row.status.value:
                self.met[account, key] = found["source_id"]
                place = {"account_id": account, "source_id": key, "source": self.source, "held_id": found["source_id"]}
                joined.append(place | {"booked_on": row.booked_on, "amount_minor": row.amount.minor})
            else:
                self.replaces[account, key] = found["source_id"]
        if joined:
            self.connection.execute(insert(alias_t), joined)

    def _free(self, account: AccountId, days: Sequence[dt.date]) -> dict[tuple[dt.date, int, str], list[Mapping[str, Any]]]:
        """The entries of other formats on some days that stand for no row of this format yet, by day, amount and currency."""
        found: dict[tuple[dt.date, int, str], list[Mapping[str, Any]]] = {}
        ours = select(alias_t.c.held_id).where(
            alias_t.c.account_id == account, alias_t.c.held_id == entry.c.source_id, alias_t.c.source == self.source
        )
        for chosen in _portions(days):
            where = (entry.c.account_id == account, entry.c.live.is_(True), entry.c.booked_on.in_(chosen))
            others = (entry.c.source != self.source, ~ours.correlate(entry).exists())
            for row in self.connection.execute(select(entry).where(*where, *others).order_by(entry.c.id)).mappings():
                found.setdefault((row["booked_on"], row["amount_minor"], row["currency"]), []).append(dict(row))
        return found


def _likest(row: Transaction, free: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Take the entry out of those free that a row is: of its own status before a pending one, then of the likest text.

    Which one of equal amounts it is changes no sum; it is only what the evidence shows.
    """
    words = set(row.text.casefold().split())
    fitting = [one for one in free if one["status"] == row.status.value or row.status is Status.BOOKED]
    if not fitting:
        return None
    best = max(fitting, key=lambda one: (one["status"] == row.status.value, len(words & set(one["text"].casefold().split()))))
    free.remove(best)
    return best


def _moved(held: Mapping[str, Any], row: Transaction) -> dict[str, Any]:
    """The next version of an entry, with the day and the amount that another format corrects it to."""
    values = {name: value for name, value in held.items() if name not in ("id", "template")}
    changes = {"booked_on": row.booked_on, "value_on": row.value_on, "amount_minor": row.amount.minor, "live": True}
    return values | changes | {"version": held["version"] + 1}


class _Joined:
    """Lets a write take part in a transaction that somebody else ends."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __enter__(self) -> Connection:
        return self.connection

    def __exit__(self, *_: object) -> None:
        return None


# What makes a version different: a new category rule or a new reading of the text is no correction.
_CONTENT = (
    "booked_on",
    "value_on",
    "amount_minor",
    "currency",
    "text",
    "status",
    "kind",
    "mcc",
    "bank_category",
    "counterparty",
    "reference",
)


def _grant_row(grant: Grant) -> dict[str, Any]:
    return {
        "party_id": grant.party,
        "account_id": grant.account,
        "role": grant.role.value,
        "source": grant.source.value,
        "since": grant.since,
        "until": grant.until,
    }


def _portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), PORTION):
        yield values[start : start + PORTION]


def shown_row(values: Mapping[str, Any], account: str) -> Row:
    """A ledger row as evidence."""
    amount = Money(minor=values["amount_minor"], currency=values["currency"])
    return Row(
        id=values["source_id"],
        account=account,
        booked_on=values["booked_on"],
        text=values["text"],
        amount=amount.plain,
        currency=amount.currency,
        category=values["category"],
        status=values["status"],
    )
