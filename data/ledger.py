"""The ledger: who holds what, and every transaction once. Sums are SQL over integer minor units."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Integer, case, cast, delete, func, insert, select, update
from sqlmodel import SQLModel

from data.banking import Account, Kind, Status, Transaction
from data.facts import Row
from data.money import Money
from data.party import AccountId, Consent, Frozen, Grant, GrantSource, Party, PartyId, Purpose, Role
from data.tables import AccountRow, CategoryChoiceRow, ConsentRow, DescriptorRow, EntryRow, GrantRow, IndexWorkRow, PartyRow

entry, descriptor, account_t, grant_t, party_t, consent_t, choice_t, work_t = (
    SQLModel.metadata.tables[model.__tablename__]
    for model in (EntryRow, DescriptorRow, AccountRow, GrantRow, PartyRow, ConsentRow, CategoryChoiceRow, IndexWorkRow)
)

BATCH = 10_000
# How many values one IN asks for: databases limit the parameters of a statement.
PORTION = 1000
T = TypeVar("T")


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
            on.execute(insert(table), new)

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

    def fed_at(self, ids: Sequence[AccountId]) -> dt.datetime | None:
        """The oldest moment at which one of the accounts was last fed."""
        with self.engine.connect() as connection:
            times = connection.scalars(select(account_t.c.fed_at).where(account_t.c.id.in_(ids))).all()
        return min((t for t in times if t is not None), default=None)

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
            done = self.add_stream(rows, now, connection)
            self._fed(connection, {account}, now)
        return done

    def add_stream(self, rows: Iterable[Transaction], now: dt.datetime, on: Connection | None = None) -> Added:
        """Add transactions of any accounts, in any order, as they come: memory holds one batch.

        All days of one source belong into one stream, as repeats without an id are counted over it.
        """
        seen: Counter[bytes] = Counter()
        accounts: set[AccountId] = set()
        done = Added()
        left = iter(rows)
        with self._on(on) as connection:
            while batch := [(self._key(row, seen), row) for row in islice(left, BATCH)]:
                done += self._add_batch(connection, batch)
                accounts.update(row.account for _, row in batch)
            self._fed(connection, accounts, now)
        return done

    @staticmethod
    def _fed(connection: Connection, accounts: set[AccountId], now: dt.datetime) -> None:
        for chosen in _portions(sorted(accounts)):
            connection.execute(update(account_t).where(account_t.c.id.in_(chosen)).values(fed_at=now))

    @staticmethod
    def _key(row: Transaction, seen: Counter[bytes]) -> str:
        """The source's own id, or one from content and a count: the third identical coffee of a day is always number three."""
        if row.source_id is not None:
            return row.source_id
        content = f"{row.booked_on}|{row.amount.minor}|{row.amount.currency}|{row.status}|{row.text}"
        digest = hashlib.sha256(content.encode()).digest()[:12]
        place = row.account.encode() + digest
        seen[place] += 1
        return f"{digest.hex()}-{seen[place]}"

    def _add_batch(self, connection: Connection, keyed: list[tuple[str, Transaction]]) -> Added:
        held, ids = self._before(connection, keyed)
        choices = self._choices(connection, ids.values())
        fresh: list[dict[str, Any]] = []
        newest: dict[tuple[AccountId, str], dict[str, Any]] = {}
        replaced: dict[AccountId, set[str]] = {}
        corrected = unchanged = 0
        for key, row in keyed:
            values = self._values(key, row, ids[row.account, row.text], choices)
            before = newest.get((row.account, key)) or held.get((row.account, key))
            if before is not None and all(before[name] == values[name] for name in _CONTENT):
                unchanged += 1
                continue
            gone = {row.supersedes} if row.supersedes is not None else set()
            if before is not None:
                values["version"] = before["version"] + 1
                gone.add(key)
                corrected += 1
            if gone:
                replaced.setdefault(row.account, set()).update(gone)
            for old in gone:
                # What this very batch replaces is not in the table yet.
                newest.get((row.account, old), {})["live"] = False
            newest[row.account, key] = values
            fresh.append(values)
        for account, keys in replaced.items():
            where = (entry.c.account_id == account, entry.c.source_id.in_(keys))
            connection.execute(update(entry).where(*where).values(live=False))
        if fresh:
            # Most sources fill few columns, and each one of a statement costs as much when it is empty.
            filled = [name for name in fresh[0] if any(values[name] is not None for values in fresh)]
            connection.execute(insert(entry), [{name: values[name] for name in filled} for values in fresh])
        return Added(added=len(keyed) - corrected - unchanged, corrected=corrected, unchanged=unchanged)

    def _before(
        self, connection: Connection, keyed: list[tuple[str, Transaction]]
    ) -> tuple[dict[tuple[AccountId, str], Mapping[str, Any]], dict[tuple[AccountId, str], int]]:
        """What is held of these rows, and the descriptor id of each of their texts; both by account."""
        keys: dict[AccountId, list[str]] = {}
        texts: dict[AccountId, dict[str, Transaction]] = {}
        for key, row in keyed:
            keys.setdefault(row.account, []).append(key)
            texts.setdefault(row.account, {}).setdefault(row.text, row)
        # A new account has nothing to look up: a file of many parties would ask for each of them.
        old: set[AccountId] = set()
        for chosen in _portions(sorted(keys)):
            query = select(descriptor.c.account_id).where(descriptor.c.account_id.in_(chosen)).distinct()
            old.update(connection.scalars(query))
        held: dict[tuple[AccountId, str], Mapping[str, Any]] = {}
        for account in old:
            held |= {(account, key): row for key, row in self._held(connection, account, keys[account]).items()}
        return held, self._descriptors(connection, texts, old)

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
        for account in old:
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
            result = connection.execute(insert(work_t).from_select(["account_id", "template", "op"], source))
        return result.rowcount

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
        same = [table.c[name] == value for name, value in key.items()]
        with self._on(on) as connection:
            if values and connection.execute(update(table).where(*same).values(**values)).rowcount == 0:
                connection.execute(insert(table).values(**key, **values))


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
