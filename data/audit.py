"""The audit: what each turn was made from, what was decided and done, in a chain of hashes for each conversation.

An entry has a plain part without anything personal or secret, which stays, and a sealed part, under a key of the party's own:
destroying that key erases what was said and found, and the chain still verifies. What the chain proves, and against whom, is
in ARCHITECTURE.md.
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
import os
import secrets
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import AwareDatetime, TypeAdapter
from sqlalchemy import Connection, Engine, RowMapping, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from data.errors import NotFound
from data.facts import (
    ConfirmationEvent,
    DoneEvent,
    ErrorEvent,
    Event,
    FactEvent,
    HandoverEvent,
    ReceiptEvent,
    StepUpEvent,
    TextEvent,
)
from data.party import Frozen, PartyId
from data.store import lock
from data.tables import AuditAnchorRow, AuditEntryRow, AuditHeadRow, AuditKeyRow, TurnRow

entry_t, head_t, anchor_t, key_t, turn_t = (
    SQLModel.metadata.tables[model.__tablename__] for model in (AuditEntryRow, AuditHeadRow, AuditAnchorRow, AuditKeyRow, TurnRow)
)

# JSON of whatever pydantic knows: types of ours, dataclasses, days, and what holds them.
as_json = TypeAdapter[Any](Any).dump_json
NONCE, KEY = 12, 32
# What an anchor of the day is written under, so that two processes do not make one each.
ANCHORS = "audit anchors"


class Kind(StrEnum):
    """BEGUN: a message came. KNOWN: the names that its login may recognise, where they changed. ASKED: what else the turn began
    with. PAGES: whether the bank's pages were taken to answer. ORDERED: what was said of an order. PROPOSED: a write
    that a model asked for, and whether it was taken up. SHOWN to RECEIPT: an intent, see data.actions; RESERVED, SENT and SETTLED
    are written with the step of the intent that they tell of.
    """

    BEGUN = "begun"
    KNOWN = "known"
    ASKED = "asked"
    PLANNED = "planned"
    PAGES = "pages"
    DECIDED = "decided"
    PERFORMED = "performed"
    ORDERED = "ordered"
    PROPOSED = "proposed"
    SAID = "said"
    SHOWN = "shown"
    STEP_UP = "step_up"
    CONFIRMED = "confirmed"
    RESERVED = "reserved"
    SENT = "sent"
    SETTLED = "settled"
    RECEIPT = "receipt"
    HANDOVER = "handover"
    ENDED = "ended"
    ERASED = "erased"


@dataclass(frozen=True)
class Note:
    """Something to be put on record. plain: JSON without names, numbers, ids or words of anybody; sealed: whatever
    pydantic turns into JSON, or such JSON; None for nothing.

    once: not written where the last entry of its kind in the conversation has the same content.
    """

    kind: Kind
    plain: Mapping[str, Any] = field(default_factory=dict)
    sealed: Any = None
    once: bool = False


class Entry(Frozen):
    """An entry as it is read. sealed: None where there is nothing, or nothing any more; `erased` says which."""

    conversation: str
    number: int
    turn: int
    at: AwareDatetime
    kind: Kind
    plain: dict[str, Any]
    sealed: Any = None
    erased: bool = False
    hash: str


class Broken(Frozen):
    """The first entry of a chain that is not as it was written; number 0 is the chain as a whole."""

    conversation: str
    number: int
    why: str

    def __str__(self) -> str:
        return f"{self.conversation}, entry {self.number}: {self.why}" if self.number else f"{self.conversation}: {self.why}"


class Checked(Frozen):
    """What a verification went over. anchor: the last anchor's number and hash, for keeping where nobody here can write."""

    conversations: int
    entries: int
    anchors: int
    anchor: str
    broken: tuple[Broken, ...]


class Audit:
    """The chains of a database, with the keys of a home. made: the versions that turns of this process are made with.

    Blocking: call it from a worker thread when an event loop is running.
    """

    def __init__(self, engine: Engine, folder: Path, made: Mapping[str, str] | None = None) -> None:
        self.engine, self.folder, self.made = engine, folder, dict(made or {})
        master = _master(folder / "audit.key")
        self._wraps = AESGCM(hmac.digest(master, b"wrap", "sha256"))
        self._mac_key = hmac.digest(master, b"head", "sha256")

    # Writing

    def add(
        self, on: Connection, party: PartyId, conversation: str, turn: int | None, notes: Sequence[Note], now: dt.datetime
    ) -> None:
        """Put notes on record in the caller's transaction: both are kept, or neither.

        turn: None is the last one that is on record, 0 where there is none. Writers of one conversation wait for each other at
        its head.
        """
        if not notes:
            return
        key = self._key_of(on, party)
        head = self._take_head(on, conversation)
        if turn is None:
            turn = on.scalar(select(func.max(entry_t.c.turn)).where(entry_t.c.conversation_id == conversation)) or 0
        self._extend(on, conversation, head, _Writing(turn, _stamp(now), key), notes)

    def _extend(self, on: Connection, conversation: str, head: RowMapping, writing: _Writing, notes: Sequence[Note]) -> None:
        number, previous, rows = int(head["entries"]), str(head["hash"]), []
        for note in notes:
            content = None if note.sealed is None else note.sealed if isinstance(note.sealed, bytes) else as_json(note.sealed)
            plain = dict(note.plain)
            if content is not None:
                # Under the party's key: once that is gone, nobody can try what it was of.
                plain["digest"] = writing.key.digest(content)
            text = _canonical(plain)
            if note.once and text == self._last(on, conversation, note.kind):
                continue
            number += 1
            sealed = None if content is None else writing.key.seal(content, conversation, number)
            row = {"conversation_id": conversation, "number": number, "turn": writing.turn, "at": writing.at}
            row |= {"kind": note.kind.value, "key_id": writing.key.id, "plain": text, "sealed": sealed}
            previous = _hash(previous, row)
            rows.append(row | {"hash": previous})
        if rows:
            on.execute(insert(entry_t), rows)
            self._put_head(on, conversation, number, previous, int(head["anchored"]))

    def _take_head(self, on: Connection, conversation: str) -> RowMapping:
        """The head, which nobody else moves until the transaction ends; begun where there is none."""
        mine = update(head_t).where(head_t.c.conversation_id == conversation).values(entries=head_t.c.entries)
        taking = mine.returning(head_t.c.entries, head_t.c.hash, head_t.c.anchored)
        found = on.execute(taking).mappings().first()
        if found is None:
            new = {"conversation_id": conversation, "entries": 0, "hash": "", "anchored": 0}
            on.execute(_insert(on)(head_t).values(**new, mac=self._mac(conversation, 0, "", 0)).on_conflict_do_nothing())
            found = on.execute(taking).mappings().one()
        return found

    def _put_head(self, on: Connection, conversation: str, entries: int, last: str, anchored: int) -> None:
        values = {"entries": entries, "hash": last, "anchored": anchored, "mac": self._mac(conversation, entries, last, anchored)}
        on.execute(update(head_t).where(head_t.c.conversation_id == conversation).values(**values))

    @staticmethod
    def _last(on: Connection, conversation: str, kind: Kind) -> str | None:
        where = (entry_t.c.conversation_id == conversation, entry_t.c.kind == kind.value)
        return on.scalar(select(entry_t.c.plain).where(*where).order_by(entry_t.c.number.desc()).limit(1))

    def anchor(self, now: dt.datetime) -> bool:
        """Bind the heads that moved since the last anchor to it, once a day (UTC); whether there was anything to bind.

        The hash is also written to a file of the home, beside the database: who turns the database back has that against them.
        """
        day = _stamp(now)[:10]
        with self.engine.connect() as connection:
            if (connection.scalar(select(func.max(anchor_t.c.at))) or "") >= day:
                return False
        with self.engine.begin() as connection:
            lock(connection, [ANCHORS])
            last = connection.execute(select(anchor_t).order_by(anchor_t.c.number.desc()).limit(1)).mappings().first()
            if last is not None and last["at"] >= day:
                return False
            moved = select(head_t).where(head_t.c.entries > head_t.c.anchored).order_by(head_t.c.conversation_id)
            heads = connection.execute(moved.with_for_update()).mappings().all()
            if not heads:
                return False
            for head in heads:
                self._put_head(connection, head["conversation_id"], head["entries"], head["hash"], head["entries"])
            number, previous = (last["number"] + 1, last["hash"]) if last is not None else (1, "")
            row: dict[str, Any] = {"number": number, "at": _stamp(now)}
            row["heads"] = _canonical([[head["conversation_id"], head["entries"], head["hash"]] for head in heads])
            row["hash"] = _anchor_hash(previous, row)
            connection.execute(insert(anchor_t).values(**row, mac=self._sign(row["hash"])))
        # After the commit: a line that the database has not is told of as broken, an anchor without a line is not.
        self._write_down(number, str(row["hash"]))
        return True

    def _write_down(self, number: int, made: str) -> None:
        with open(os.open(self._anchors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="ascii") as file:
            file.write(f"{number} {made}\n")
            file.flush()
            os.fsync(file.fileno())

    @property
    def _anchors(self) -> Path:
        return self.folder / "audit.anchors"

    # Erasing

    def forget(self, on: Connection, party: PartyId, now: dt.datetime) -> int:
        """Destroy the party's key; its chains say so, and still verify. Returns how many they are."""
        held = on.execute(select(key_t).where(key_t.c.party_id == party)).mappings().first()
        if held is None:
            return 0
        chains = on.scalars(select(entry_t.c.conversation_id).where(entry_t.c.key_id == held["id"]).distinct()).all()
        writing = _Writing(0, _stamp(now), self._opened(held))
        for conversation in sorted(chains):
            self._extend(on, conversation, self._take_head(on, conversation), writing, [Note(Kind.ERASED)])
        on.execute(delete(key_t).where(key_t.c.id == held["id"]))
        return len(chains)

    # Reading

    def chain(self, conversation: str) -> tuple[Entry, ...]:
        """A conversation's entries in order, opened where the key is still there. Raises NotFound where there are none."""
        with self.engine.connect() as connection:
            query = select(entry_t).where(entry_t.c.conversation_id == conversation).order_by(entry_t.c.number)
            rows = connection.execute(query).mappings().all()
            keys = self._keys(connection, {row["key_id"] for row in rows})
        if not rows:
            raise NotFound("audit of a conversation", conversation)
        return tuple(_entry(row, keys.get(row["key_id"])) for row in rows)

    def of_party(self, party: PartyId, conversation: str) -> tuple[Entry, ...]:
        """The entries that are under the party's own key; none of a conversation that is not theirs."""
        with self.engine.connect() as connection:
            held = connection.execute(select(key_t).where(key_t.c.party_id == party)).mappings().first()
            if held is None:
                return ()
            where = (entry_t.c.conversation_id == conversation, entry_t.c.key_id == held["id"])
            rows = connection.execute(select(entry_t).where(*where).order_by(entry_t.c.number)).mappings().all()
        key = self._opened(held)
        return tuple(_entry(row, key) for row in rows)

    # Verifying

    def verify(self, conversation: str | None = None) -> Checked:
        """Go over one conversation's chain, or all of them with the keys and the anchors. Raises NotFound for no such chain."""
        lines = self._anchors.read_text("ascii", "replace").splitlines() if self._anchors.exists() else []
        with self._still() as connection:
            heads = select(head_t).order_by(head_t.c.conversation_id)
            entries = select(entry_t).order_by(entry_t.c.conversation_id, entry_t.c.number)
            if conversation is not None:
                heads = heads.where(head_t.c.conversation_id == conversation)
                entries = entries.where(entry_t.c.conversation_id == conversation)
            held = {row["conversation_id"]: row for row in connection.execute(heads).mappings()}
            check = _Check(self._anchored(connection))
            rows = connection.execution_options(yield_per=1000).execute(entries).mappings()
            for whose, chain in groupby(rows, key=lambda row: str(row["conversation_id"])):
                check.chain(whose, chain, held.pop(whose, None), self._mac)
            check.broken += [Broken(conversation=whose, number=1, why="the entries are gone") for whose in held]
            known = {one.conversation for one in check.broken}
            check.broken += [one for one in self._without(connection, conversation) if one.conversation not in known]
            if conversation is not None and not check.conversations and not check.broken:
                raise NotFound("audit of a conversation", conversation)
            anchors, last = self._verify_anchors(connection, check, conversation, lines)
            if conversation is None:
                check.broken += self._verify_keys(connection)
        broken = tuple(sorted(check.broken, key=lambda one: (one.conversation, one.number)))
        return Checked(conversations=check.conversations, entries=check.entries, anchors=anchors, anchor=last, broken=broken)

    @contextmanager
    def _still(self) -> Iterator[Connection]:
        """The database as it is at one moment, whatever is written meanwhile."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    def _without(self, connection: Connection, conversation: str | None) -> list[Broken]:
        """Turns that the records have, begun under audit, and the audit has not."""
        begun = exists().where(
            entry_t.c.conversation_id == turn_t.c.conversation_id,
            entry_t.c.turn == turn_t.c.number,
            entry_t.c.kind == Kind.BEGUN.value,
        )
        query = select(turn_t.c.conversation_id, func.min(turn_t.c.number)).where(turn_t.c.audited, ~begun)
        if conversation is not None:
            query = query.where(turn_t.c.conversation_id == conversation)
        lost = connection.execute(query.group_by(turn_t.c.conversation_id))
        return [Broken(conversation=whose, number=0, why=f"there is no entry of turn {turn}") for whose, turn in lost]

    @staticmethod
    def _anchored(connection: Connection) -> dict[str, dict[int, str]]:
        """By conversation: how long the chain was at anchors, and its hash then."""
        found: dict[str, dict[int, str]] = {}
        for text in connection.scalars(select(anchor_t.c.heads).order_by(anchor_t.c.number)):
            with suppress(ValueError, TypeError):
                for whose, entries, last in json.loads(text):
                    found.setdefault(whose, {})[entries] = last
        return found

    def _verify_anchors(
        self, connection: Connection, check: _Check, conversation: str | None, lines: Sequence[str]
    ) -> tuple[int, str]:
        """How many anchors there are, and the last one. lines: of the file, read before the database."""
        previous, number, made = "", 0, {}
        for row in connection.execute(select(anchor_t).order_by(anchor_t.c.number)).mappings():
            number += 1
            signed = hmac.compare_digest(self._sign(row["hash"]), row["mac"])
            if row["number"] != number or _anchor_hash(previous, row) != row["hash"] or not signed:
                check.broken.append(Broken(conversation="anchors", number=number, why="it is not as it was written"))
                break
            previous = made[number] = row["hash"]
        for line in lines:
            place, _, written = line.partition(" ")
            if made.get(int(place) if place.isdigit() else 0) != written:
                why = f"the database has not the one that {self._anchors.name} tells of"
                check.broken.append(Broken(conversation="anchors", number=int(place) if place.isdigit() else 0, why=why))
                break
        if conversation is None:
            check.broken += [
                Broken(conversation=whose, number=0, why="an anchor tells of a chain that is gone")
                for whose in check.anchored.keys() - check.seen - {one.conversation for one in check.broken}
            ]
        return number, f"{number} {previous}" if number else ""

    def _verify_keys(self, connection: Connection) -> list[Broken]:
        broken = []
        for row in connection.execute(select(key_t)).mappings():
            try:
                self._opened(row)
            except InvalidTag:
                broken.append(Broken(conversation="keys", number=0, why=f"{row['id']} cannot be unwrapped"))
        return broken

    def _mac(self, conversation: str, entries: int, last: str, anchored: int) -> str:
        return self._sign(_canonical([conversation, entries, last, anchored]))

    def _sign(self, text: str) -> str:
        return hmac.digest(self._mac_key, text.encode(), "sha256").hex()

    # Keys

    def _key_of(self, on: Connection, party: PartyId) -> _Key:
        mine = select(key_t).where(key_t.c.party_id == party)
        held = on.execute(mine).mappings().first()
        if held is None:
            new, nonce = uuid.uuid4().hex, secrets.token_bytes(NONCE)
            wrapped = nonce + self._wraps.encrypt(nonce, secrets.token_bytes(KEY), _bound(new, party))
            row = {"id": new, "party_id": party, "wrapped": wrapped}
            # Another conversation of the party may begin at this moment: both use the key of whoever was first.
            on.execute(_insert(on)(key_t).values(**row).on_conflict_do_nothing(index_elements=["party_id"]))
            held = on.execute(mine).mappings().one()
        return self._opened(held)

    def _keys(self, connection: Connection, ids: set[str]) -> dict[str, _Key]:
        keys: dict[str, _Key] = {}
        for row in connection.execute(select(key_t).where(key_t.c.id.in_(ids))).mappings():
            # One that was tampered with is for `verify` to tell; what it sealed is not readable.
            with suppress(InvalidTag):
                keys[row["id"]] = self._opened(row)
        return keys

    def _opened(self, row: RowMapping) -> _Key:
        """Raises InvalidTag for what was not wrapped here, for this party."""
        return _Key(row["id"], _decrypted(self._wraps, bytes(row["wrapped"]), _bound(row["id"], row["party_id"])))


def _decrypted(by: AESGCM, kept: bytes, bound: bytes) -> bytes:
    """What stands behind its nonce. Raises InvalidTag, also for what is too short to hold anything."""
    if len(kept) < NONCE:
        raise InvalidTag
    return by.decrypt(kept[:NONCE], kept[NONCE:], bound)


class _Key:
    """A party's key: one part of it seals, another makes digests."""

    def __init__(self, name: str, secret: bytes) -> None:
        self.id = name
        self._seals = AESGCM(hmac.digest(secret, b"seal", "sha256"))
        self._digests = hmac.digest(secret, b"digest", "sha256")

    def digest(self, content: bytes) -> str:
        return hmac.digest(self._digests, content, "sha256").hex()

    def seal(self, content: bytes, conversation: str, number: int) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._seals.encrypt(nonce, zlib.compress(content, 1), _bound(conversation, number))

    def open(self, sealed: bytes, conversation: str, number: int) -> bytes:
        """Raises InvalidTag for what was not sealed in this place."""
        return zlib.decompress(_decrypted(self._seals, sealed, _bound(conversation, number)))


@dataclass(frozen=True)
class _Writing:
    """What entries that are written together have in common."""

    turn: int
    at: str
    key: _Key


class _Check:
    """A verification that is under way."""

    def __init__(self, anchored: Mapping[str, Mapping[int, str]]) -> None:
        self.anchored = anchored
        self.conversations = self.entries = 0
        self.seen: set[str] = set()
        self.broken: list[Broken] = []

    def chain(
        self, whose: str, rows: Iterator[RowMapping], head: RowMapping | None, mac: Callable[[str, int, str, int], str]
    ) -> None:
        self.conversations += 1
        self.seen.add(whose)
        anchored, number, previous, wrong = self.anchored.get(whose, {}), 0, "", ""
        for row in rows:
            self.entries += 1
            number += 1
            if not wrong:
                previous, wrong = _checked(row, number, previous, anchored)
                if wrong:
                    self.broken.append(Broken(conversation=whose, number=number, why=wrong))
        if wrong:
            return
        if head is None:
            self._break(whose, 0, "its head is gone")
        elif not hmac.compare_digest(mac(whose, head["entries"], head["hash"], head["anchored"]), head["mac"]):
            self._break(whose, 0, "its head was not written here, or is not as it was written")
        elif head["entries"] != number or head["hash"] != previous:
            self._break(whose, min(head["entries"], number) + 1, "the chain does not end where its head says")
        elif max(anchored, default=0) > number:
            self._break(whose, number + 1, "the chain was longer when it was anchored")

    def _break(self, whose: str, number: int, why: str) -> None:
        self.broken.append(Broken(conversation=whose, number=number, why=why))


def _checked(row: RowMapping, number: int, previous: str, anchored: Mapping[int, str]) -> tuple[str, str]:
    """The hash of a row, and what is wrong with it: "" where nothing is."""
    if row["number"] != number:
        return "", "an entry is missing before the next one"
    made = _hash(previous, row)
    if made != row["hash"]:
        return "", "it is not as it was written, or not in its place"
    if anchored.get(number, made) != made:
        return "", "it is another one than when the chain was anchored"
    return made, ""


def notes_of(events: Sequence[Event]) -> list[Note]:
    """What events of a turn put on record: what was said, what became of intents, and how it ended."""
    said = [event for event in events if isinstance(event, TextEvent | FactEvent)]
    sentences = sum(isinstance(event, TextEvent) for event in said)
    notes = [Note(Kind.SAID, {"sentences": sentences, "facts": len(said) - sentences}, said)] if said else []
    return notes + [note for event in events if (note := _note_of(event)) is not None]


def _note_of(event: Event) -> Note | None:
    match event:
        case ConfirmationEvent():
            origins = {value.name: value.origin.value for value in event.values}
            plain = {"action": event.action.value, "intent": event.digest, "step_up": event.step_up, "origins": origins}
            return Note(Kind.SHOWN, plain, event)
        case StepUpEvent():
            return Note(Kind.STEP_UP, {"acr": event.acr}, event)
        case ReceiptEvent():
            return Note(Kind.RECEIPT, {"action": event.action.value, "state": event.state.value}, event)
        case HandoverEvent():
            return Note(Kind.HANDOVER)
        case DoneEvent():
            return Note(Kind.ENDED, {"outcome": event.outcome.value, "path": event.path})
        case ErrorEvent():
            return Note(Kind.ENDED, {"outcome": "error", "code": event.code})
    return None


def _entry(row: RowMapping, key: _Key | None) -> Entry:
    conversation, number, sealed, content = row["conversation_id"], row["number"], row["sealed"], None
    if sealed is not None and key is not None:
        # What was tampered with is for `verify` to tell; here it is not readable, like what was erased.
        with suppress(InvalidTag):
            content = json.loads(key.open(bytes(sealed), conversation, number))
    return Entry(
        conversation=conversation,
        number=number,
        turn=row["turn"],
        at=dt.datetime.fromisoformat(row["at"]),
        kind=Kind(row["kind"]),
        plain=json.loads(row["plain"]),
        sealed=content,
        erased=sealed is not None and content is None,
        hash=row["hash"],
    )


def _hash(previous: str, row: Mapping[str, Any] | RowMapping) -> str:
    """Over the hash before and every column as it is stored."""
    columns = [row[name] for name in ("conversation_id", "number", "turn", "at", "kind", "key_id", "plain")]
    sealed = b"" if row["sealed"] is None else bytes(row["sealed"])
    return sha256(_canonical([previous, *columns, row["sealed"] is not None]).encode() + b"\0" + sealed).hexdigest()


def _anchor_hash(previous: str, row: Mapping[str, Any] | RowMapping) -> str:
    return sha256(_canonical([previous, row["number"], row["at"], row["heads"]]).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _bound(*names: object) -> bytes:
    """What a ciphertext belongs to: it cannot be opened anywhere else."""
    return _canonical([str(name) for name in names]).encode()


def _stamp(now: dt.datetime) -> str:
    return now.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _insert(connection: Connection) -> Any:
    """The INSERT that knows of conflicts: each database has its own."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert


def _master(path: Path) -> bytes:
    """The key of a home, which only its owner can read; made when there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY))
        # Unless another process was first: then both use that one's key.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_bytes()
