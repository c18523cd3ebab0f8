"""The tables of the ledger and the records. They only store: validation happens before a row is made."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, TypeDecorator, UniqueConstraint, false
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel

# SQLite gives rowids only to INTEGER keys, PostgreSQL wants 64 bits.
BigKey = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[dt.datetime]):
    """Aware datetimes, kept as UTC: SQLite forgets the zone and PostgreSQL gives that of its session, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(dt.UTC) if value is not None else None

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class PartyRow(SQLModel, table=True):
    __tablename__ = "party"
    id: str = Field(primary_key=True)
    name: str


class AccountRow(SQLModel, table=True):
    __tablename__ = "account"
    id: str = Field(primary_key=True)
    kind: str
    name: str
    currency: str
    product: str
    identification: str
    time_zone: str
    holders: str = Field(default="", sa_column_kwargs={"server_default": ""})
    source: str
    fed_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    synced_until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class GrantRow(SQLModel, table=True):
    # "grant" is a word of SQL itself.
    __tablename__ = "account_grant"
    party_id: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True, index=True)
    role: str = Field(primary_key=True)
    source: str
    since: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class ConsentRow(SQLModel, table=True):
    __tablename__ = "consent"
    party_id: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class DescriptorRow(SQLModel, table=True):
    """A statement text of one account; `text` is the comparable key, `shown` the name people know it by."""

    __tablename__ = "descriptor"
    __table_args__ = (
        UniqueConstraint("account_id", "text", name="descriptor_of_account"),
        Index("descriptor_template", "account_id", "template"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    account_id: str
    text: str
    shown: str
    template: str
    # A transfer to or from somebody: its vector is kept under the account alone.
    personal: bool = False


class EntryRow(SQLModel, table=True):
    """One version of a transaction. `live` is false once a later version has replaced it."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("account_id", "source_id", "version", name="entry_version"),
        # Every question is about granted accounts, then a period or a merchant: nobody else's rows are touched.
        Index("entry_by_day", "account_id", "live", "booked_on"),
        Index("entry_by_descriptor", "account_id", "descriptor_id", "booked_on"),
        Index("entry_by_category", "account_id", "category", "booked_on"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    account_id: str
    source_id: str
    version: int
    live: bool
    booked_on: dt.date
    booked_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    value_on: dt.date | None = None
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    text: str
    descriptor_id: int = Field(sa_type=BigInteger)
    kind: str
    status: str
    category: str | None = None
    category_source: str | None = None
    bank_category: str | None = None
    mcc: str | None = None
    counterparty: str | None = None
    reference: str | None = None
    original_minor: int | None = Field(default=None, sa_type=BigInteger)
    original_currency: str | None = None
    rate: str | None = None
    # The format of the file that it came from; None for what the bank's services told.
    source: str | None = None


class AliasRow(SQLModel, table=True):
    """A row of one format that is an entry of another: `held_id` is the entry's source id.

    The day and the amount are those under which the row was met, so that a correction of it is noticed.
    """

    __tablename__ = "entry_alias"
    __table_args__ = (Index("alias_of_entry", "account_id", "held_id"),)
    account_id: str = Field(primary_key=True)
    source_id: str = Field(primary_key=True)
    source: str
    held_id: str
    booked_on: dt.date
    amount_minor: int = Field(sa_type=BigInteger)


class StatedBalanceRow(SQLModel, table=True):
    """What a statement says an account held at the end of a day."""

    __tablename__ = "stated_balance"
    account_id: str = Field(primary_key=True)
    stated_on: dt.date = Field(primary_key=True)
    booked_minor: int = Field(sa_type=BigInteger)
    available_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str


class CategoryChoiceRow(SQLModel, table=True):
    """What a customer calls a statement text of theirs: stands before the bank's category and the rules."""

    __tablename__ = "category_choice"
    descriptor_id: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    category: str


class IndexWorkRow(SQLModel, table=True):
    """What the index has still to take in or forget; written with the rows it comes from."""

    __tablename__ = "index_work"
    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    account_id: str
    template: str
    op: str


class ConversationRow(SQLModel, table=True):
    """`events` counts the log; who holds `lease` until `lease_until` may add to it."""

    __tablename__ = "conversation"
    id: str = Field(primary_key=True)
    party_id: str = Field(index=True)
    created_at: dt.datetime = Field(sa_type=UtcDateTime)
    title: str = ""
    turns: int = 0
    events: int = 0
    lease: str | None = None
    lease_until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    memory: str = "{}"


class TurnRow(SQLModel, table=True):
    """One message and its answer; `stopping` is what a cancel leaves for the process that runs it."""

    __tablename__ = "turn"
    conversation_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    message: str
    asked_at: dt.datetime = Field(sa_type=UtcDateTime)
    ended: bool = False
    stopping: bool = False
    # Whether the audit has this turn: one that it should have and has not was taken out of it.
    audited: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class EventRow(SQLModel, table=True):
    """The event log: numbered from 1 in its conversation; HTTP only reads it."""

    __tablename__ = "event"
    __table_args__ = (Index("event_of_turn", "conversation_id", "turn"),)
    conversation_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    turn: int
    type: str
    payload: str


class ArticleRow(SQLModel, table=True):
    """An article of the bank as it was loaded from `source`, a folder or a file. Lists are kept as JSON."""

    __tablename__ = "article"
    id: str = Field(primary_key=True)
    source: str = Field(index=True)
    title: str
    path: str
    text: str
    part_of: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    audience: str
    products: str
    supersedes: str
    digest: str


class PassageRow(SQLModel, table=True):
    """A piece of an article, as it is found and cited. `until` is earlier than its article's where another one took over."""

    __tablename__ = "passage"
    id: str = Field(primary_key=True)
    article_id: str = Field(index=True)
    source: str = Field(index=True)
    title: str
    heading: str
    text: str
    below: str
    since: dt.date
    until: dt.date
    audience: str
    products: str
    digest: str


class PassageWorkRow(SQLModel, table=True):
    """What the index of passages has still to take in or forget; written with the rows it comes from."""

    __tablename__ = "passage_work"
    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    passage_id: str
    op: str


class IntentRow(SQLModel, table=True):
    """What a customer asked to be done, whole in `payload`; the columns beside it are what limits are counted by.

    `payee` is the identification of whom it goes to, `reserved_at` when it was confirmed, `result` JSON.
    """

    __tablename__ = "intent"
    __table_args__ = (
        Index("intent_of_conversation", "party_id", "conversation_id"),
        Index("intent_by_time", "party_id", "reserved_at"),
        Index("intent_by_state", "state", "reserved_at"),
    )
    number: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    id: str = Field(unique=True)
    party_id: str
    conversation_id: str
    state: str
    action: str
    digest: str
    currency: str | None = None
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    payee: str | None = None
    reserved_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    payload: str
    result: str | None = None


class ProofRow(SQLModel, table=True):
    """A proof of a key that came with a request, by a digest; kept until nobody would believe it any more."""

    __tablename__ = "proof"
    id: str = Field(primary_key=True)
    until: dt.datetime = Field(index=True, sa_type=UtcDateTime)


class AuditEntryRow(SQLModel, table=True):
    """One entry of a conversation's audit, never changed. It outlives its conversation.

    `at` is text, `plain` JSON: the hash is over what is stored, not over what can be read out of it. `key_id` is of the key
    that `sealed` is under.
    """

    __tablename__ = "audit_entry"
    conversation_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    turn: int
    at: str
    kind: str
    key_id: str = Field(index=True)
    plain: str
    sealed: bytes | None = None
    hash: str


class AuditHeadRow(SQLModel, table=True):
    """How long a conversation's chain is, its last hash, and how long it was at the last anchor; `mac` is over all of them."""

    __tablename__ = "audit_head"
    conversation_id: str = Field(primary_key=True)
    entries: int
    hash: str
    anchored: int
    mac: str


class AuditAnchorRow(SQLModel, table=True):
    """The heads that had moved since the anchor before, as JSON, in a chain of their own: one a day."""

    __tablename__ = "audit_anchor"
    number: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    at: str
    heads: str
    hash: str
    mac: str


class AuditKeyRow(SQLModel, table=True):
    """A party's key, wrapped by the one of the home. Nothing else says whose entries are under it."""

    __tablename__ = "audit_key"
    id: str = Field(primary_key=True)
    party_id: str = Field(unique=True)
    wrapped: bytes
