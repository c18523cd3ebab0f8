"""Erasing a party: everything that is kept of them, but for what somebody else holds too; and looking whether that is so."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Engine, MetaData, RowMapping, String, Table, delete, func, inspect, or_, select
from sqlmodel import SQLModel

from data.audit import Audit
from data.errors import NotFound
from data.party import AccountId, Frozen, Party, PartyId, Role
from data.store import lock
from data.tables import (
    AccountRow,
    ArticleRow,
    AuditKeyRow,
    CategoryChoiceRow,
    ConversationRow,
    DescriptorRow,
    GrantRow,
    PartyRow,
    PassageRow,
)

party_t, account_t, grant_t, conversation_t, descriptor_t, choice_t, key_t = (
    SQLModel.metadata.tables[model.__tablename__]
    for model in (PartyRow, AccountRow, GrantRow, ConversationRow, DescriptorRow, CategoryChoiceRow, AuditKeyRow)
)
# The bank's own words are of no customer, whatever names stand in them.
OF_NOBODY = frozenset({ArticleRow.__tablename__, PassageRow.__tablename__})
# The audit outlives its conversation: the party's key is what goes.
STAYS = "audit_"
HOLDING = (Role.HOLDER.value, Role.JOINT.value)


class Kept(Frozen):
    """What is kept of a party. accounts: those that go with them; shared: those that stay, as somebody else holds them.

    rows: by table, how many go.
    """

    party: Party
    accounts: tuple[AccountId, ...]
    shared: tuple[AccountId, ...]
    rows: Mapping[str, int]


class Traces(Frozen):
    """Where the id or the name of a party stands, as table.column, and in how many rows.

    left: where nothing should be. others: in what is somebody else's, such as a payment that they made to the party, or the
    names of an account's holders.
    """

    left: Mapping[str, int]
    others: Mapping[str, int]


class Erasure:
    """Blocking: call it from a worker thread when an event loop is running."""

    def __init__(self, engine: Engine, audit: Audit) -> None:
        self.engine, self.audit = engine, audit

    def kept(self, party: PartyId, now: dt.datetime) -> Kept:
        """What would be erased. Raises NotFound for a party that nothing is kept of."""
        with self.engine.connect() as connection:
            accounts, shared = _divided(connection, party, now)
            rows = self._count(connection, party, accounts)
            name = connection.scalar(select(party_t.c.name).where(party_t.c.id == party))
        if not rows:
            raise NotFound("party", party)
        return Kept(party=Party(id=party, name=name or party), accounts=accounts, shared=shared, rows=rows)

    def erase(self, kept: Kept, now: dt.datetime) -> None:
        """Erase what is kept of a party, all of it or nothing. A turn under way in a conversation of theirs loses its lease.

        The audit of their conversations stays, and nobody can read any more what was said there.
        """
        party = kept.party.id
        with self.engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                # Otherwise what was deleted stays in the file until something else is written there.
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            lock(connection, [party, *kept.accounts])
            self.audit.forget(connection, party, now)
            for table, theirs in _theirs(party, kept.accounts):
                connection.execute(delete(table).where(theirs))
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def left(self, kept: Kept) -> Mapping[str, int]:
        """By table, how many rows of what was erased are still there."""
        with self.engine.connect() as connection:
            return self._count(connection, kept.party.id, kept.accounts)

    @staticmethod
    def _count(connection: Connection, party: PartyId, accounts: Sequence[AccountId]) -> dict[str, int]:
        counted = {
            table.name: connection.scalar(select(func.count()).select_from(table).where(theirs)) or 0
            for table, theirs in _theirs(party, accounts)
        }
        return {name: count for name, count in counted.items() if count}

    def traces(self, party: Party) -> Traces:
        """Look for the id and the name, as whole words, in every text of every table of the database."""
        found: dict[bool, dict[str, int]] = {True: {}, False: {}}
        words = {party.id, party.name} - {""}
        said = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words), re.IGNORECASE)
        with self.engine.connect() as connection:
            # As the database has them, so that a table which this code does not know is looked through too.
            for name in sorted(inspect(connection).get_table_names()):
                table = Table(name, MetaData(), autoload_with=connection)
                for column, theirs in _standing(connection, table, party.id, words, said):
                    place = found[theirs]
                    place[f"{name}.{column}"] = place.get(f"{name}.{column}", 0) + 1
        return Traces(left=found[True], others=found[False])


def _divided(connection: Connection, party: PartyId, now: dt.datetime) -> tuple[tuple[AccountId, ...], tuple[AccountId, ...]]:
    """The accounts that go with a party and those that stay: somebody else holds them, or the party only had access to
    them and somebody else has too."""
    grants = select(grant_t.c.party_id, grant_t.c.account_id, grant_t.c.role, grant_t.c.until)
    mine = select(grant_t.c.account_id).where(grant_t.c.party_id == party)
    roles: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    for row in connection.execute(grants.where(grant_t.c.account_id.in_(mine))).mappings():
        if row["party_id"] == party:
            roles.setdefault(row["account_id"], set()).add(row["role"])
        elif row["until"] is None or row["until"] > now:
            others.setdefault(row["account_id"], set()).add(row["role"])
    divided: tuple[list[AccountId], list[AccountId]] = ([], [])
    for account in sorted(roles):
        left = others.get(account, set())
        stays = left & {*HOLDING} if roles[account] & {*HOLDING} else left
        divided[bool(stays)].append(AccountId(account))
    return tuple(divided[0]), tuple(divided[1])


def _theirs(party: PartyId, accounts: Sequence[AccountId]) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """The rows that go, of every table that has a party, an account or a conversation; what others are found by comes last."""
    talks = select(conversation_t.c.id).where(conversation_t.c.party_id == party)
    texts = select(descriptor_t.c.id).where(descriptor_t.c.account_id.in_(accounts))
    last = (descriptor_t, conversation_t, account_t, party_t)
    yield choice_t, choice_t.c.descriptor_id.in_(texts)
    for table in sorted(SQLModel.metadata.tables.values(), key=lambda table: (table in last, table.name)):
        ways: list[ColumnElement[bool]] = []
        if "conversation_id" in table.c:
            ways.append(table.c.conversation_id.in_(talks))
        if "account_id" in table.c:
            ways.append(table.c.account_id.in_(accounts))
        if "party_id" in table.c:
            ways.append(table.c.party_id == party)
        if table is account_t:
            ways.append(table.c.id.in_(accounts))
        if table is party_t:
            ways.append(table.c.id == party)
        if ways and (table is key_t or not table.name.startswith(STAYS)):
            yield table, or_(*ways)


def _standing(
    connection: Connection, table: Table, party: PartyId, words: set[str], said: re.Pattern[str]
) -> Iterator[tuple[str, bool]]:
    """Each column of each row in which the words stand, and whether the row is nobody else's."""
    texts = [column for column in table.c if isinstance(column.type, String)]
    # Databases fold the case of few letters: names are written small, large and as they are.
    forms = {form for word in words for form in (word, word.lower(), word.upper(), word.title())}
    likely = or_(*(column.contains(form, autoescape=True) for column in texts for form in forms))
    for row in connection.execute(select(table).where(likely)).mappings().all() if texts else ():
        found = [column.name for column in texts if said.search(row[column.name] or "")]
        if found:
            theirs = table.name not in OF_NOBODY and not _anothers(connection, table, row, party)
            yield from ((name, theirs) for name in found)


def _anothers(connection: Connection, table: Table, row: RowMapping, party: PartyId) -> bool:
    """Whether a row is of somebody else, or of an account that somebody else has."""
    if table.name == party_t.name:
        return str(row["id"]) != party
    if table.name == account_t.name:
        return True
    if row.get("party_id") is not None:
        return str(row["party_id"]) != party
    if row.get("account_id") is not None:
        return connection.scalar(select(account_t.c.id).where(account_t.c.id == row["account_id"])) is not None
    if row.get("conversation_id") is not None and not table.name.startswith(STAYS):
        whose = connection.scalar(select(conversation_t.c.party_id).where(conversation_t.c.id == row["conversation_id"]))
        return whose not in (None, party)
    return False
