"""The audit is a chain: whatever is changed in it is noticed, and what is erased is not readable and breaks nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import SQLModel

from api.limits import Limits
from api.turns import Turns
from assistant.plan import Plan, Spans, Step, Tool
from assistant.tools import ToolResult
from assistant.trail import Trail, confirmed, decided, origins, performed, planned, recording
from connectors.gateway import Decided
from connectors.policy import Allowed, Denied
from data.actions import Action, Intent, IntentId, Origin, Payee, Result, State, Value
from data.audit import Audit, Broken, Kind, Note
from data.errors import LeaseLost, NotFound
from data.facts import ConfirmationEvent, Event, Outcome, ReceiptEvent, TextEvent
from data.intents import Intents, Velocity
from data.money import Money
from data.party import AccountId, Login, Party, PartyId
from data.records import Records, Turn
from data.store import connect
from tests.database import database
from tests.edge import ANSWER, DONE, Clock

AMARA, DANIEL = PartyId("amara-okafor"), PartyId("daniel-whitlock")
SAID = "How much did I send to Chidi?"


class Home:
    """A database and its keys; `reopened` is what another process sees of them."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, Clock()
        self.engine: Engine = connect(database(path / "audit.db"))
        self.audit = Audit(self.engine, path / "keys", {"code": "test"})
        self.records = Records(self.engine, audit=self.audit)

    def talk(self, party: PartyId = AMARA, turns: int = 2, events: Sequence[Event] = ANSWER) -> str:
        conversation = self.records.create(party, self.clock()).id
        for _ in range(turns):
            self.records.end(
                self.begin(conversation, party), events, None, self.clock(), [Note(Kind.ASKED, {}, {"name": "Chidi"})]
            )
            self.clock.pass_by(60)
        return conversation

    def begin(self, conversation: str, party: PartyId = AMARA) -> Turn:
        return self.records.begin(party, conversation, SAID, self.clock())

    def run(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.begin() as connection:
            done = connection.execute(text(statement), values)
            return [dict(row) for row in done.mappings()] if done.returns_rows else []

    def broken(self, conversation: str | None = None) -> list[tuple[str, int]]:
        return [(one.conversation, one.number) for one in self.audit.verify(conversation).broken]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_turn_is_on_record_with_its_versions_its_words_and_its_end(home: Home) -> None:
    conversation = home.talk(turns=1)
    entries = home.audit.chain(conversation)
    assert [entry.kind for entry in entries] == [Kind.BEGUN, Kind.ASKED, Kind.SAID, Kind.ENDED]
    assert [entry.number for entry in entries] == [1, 2, 3, 4]
    assert entries[0].plain["made"] == {"code": "test"}
    assert entries[0].sealed == {"message": SAID}
    assert entries[3].plain == {"outcome": "answer", "path": "routed"}
    assert home.broken() == []
    checked = home.audit.verify(conversation)
    assert (checked.conversations, checked.entries) == (1, 4)
    with pytest.raises(NotFound):
        home.audit.verify("nobody's")


def test_nothing_of_anybody_is_in_the_plain_part_or_readable_in_the_sealed_one(home: Home) -> None:
    conversation = home.talk()
    for row in home.run("SELECT * FROM audit_entry"):
        stored = f"{ {name: value for name, value in row.items() if name != 'sealed'} }"
        for secret in ("amara", "Chidi", "Tesco", "21.50", "acc-1"):
            assert secret not in stored
            assert secret.encode() not in bytes(row["sealed"] or b"")
    assert any(entry.sealed for entry in home.audit.chain(conversation))


def test_the_key_of_a_home_is_its_owners_and_opens_what_another_process_wrote(home: Home) -> None:
    conversation = home.talk()
    key = home.path / "keys" / "audit.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    again = Audit(home.engine, home.path / "keys")
    assert again.chain(conversation) == home.audit.chain(conversation)
    stranger = Audit(home.engine, home.path / "other keys")
    assert stranger.verify().broken


TABLES = ("audit_entry", "audit_head", "audit_anchor", "audit_key")
COLUMNS = [(name, column.name) for name in TABLES for column in SQLModel.metadata.tables[name].columns]


def _changed(value: Any) -> Any:
    """The value with one byte, or one in a number, changed; something where there was nothing."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return ("b" if value[:1] == "a" else "a") + value[1:]
    content = bytes(value or b"\0")
    return bytes([content[0] ^ 1]) + content[1:]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_one_byte_changed_anywhere_is_noticed(home: Home, table: str, column: str) -> None:
    home.talk()
    home.audit.anchor(home.clock())
    home.talk(DANIEL)
    assert home.broken() == []
    keys = [column.name for column in SQLModel.metadata.tables[table].primary_key.columns]
    for row in home.run(f"SELECT * FROM {table}"):
        where = " AND ".join(f"{key} = :old_{key}" for key in keys)
        same = {f"old_{key}": row[key] for key in keys}
        value = _changed(row[column]) if column != "number" else row[column] + 1000
        home.run(f"UPDATE {table} SET {column} = :value WHERE {where}", value=value, **same)
        assert home.broken() != [], (table, column, row)
        moved = same | ({f"old_{column}": value} if column in keys else {})
        home.run(f"UPDATE {table} SET {column} = :value WHERE {where}", value=row[column], **moved)
        assert home.broken() == []


@pytest.mark.parametrize("left", [0, 5, 20])
def test_what_was_cut_short_is_told_of_and_breaks_no_command(home: Home, left: int) -> None:
    conversation = home.talk(turns=1)
    home.run("UPDATE audit_entry SET sealed = substr(sealed, 1, :left) WHERE number = 1", left=left)
    assert (conversation, 1) in home.broken()
    assert home.audit.chain(conversation)[0].sealed is None
    home.run("UPDATE audit_key SET wrapped = substr(wrapped, 1, :left)", left=left)
    assert ("keys", 0) in home.broken()
    assert [entry.sealed for entry in home.audit.chain(conversation)] == [None] * 4


def test_the_first_broken_entry_is_named(home: Home) -> None:
    one, other = home.talk(), home.talk(DANIEL)
    home.run("UPDATE audit_entry SET plain = '{}' WHERE conversation_id = :c AND number IN (3, 5)", c=one)
    assert home.broken() == home.broken(one) == [(one, 3)]
    assert home.broken(other) == []


@pytest.mark.parametrize("number", [1, 4, 8])
def test_an_entry_taken_out_is_noticed_wherever_it_stood(home: Home, number: int) -> None:
    conversation = home.talk()
    assert len(home.audit.chain(conversation)) == 8
    home.run("DELETE FROM audit_entry WHERE number = :n", n=number)
    assert home.broken() == [(conversation, number)]


def test_a_chain_cut_short_with_its_head_set_to_fit_is_noticed(home: Home) -> None:
    conversation = home.talk()
    before = home.run("SELECT hash FROM audit_entry WHERE number = 7")[0]["hash"]
    home.run("DELETE FROM audit_entry WHERE number = 8")
    home.run("UPDATE audit_head SET entries = 7, hash = :h", h=before)
    assert home.broken() == [(conversation, 0)]


def test_a_head_of_an_earlier_day_put_back_with_the_entries_after_it_taken_out_is_noticed_by_an_anchor(home: Home) -> None:
    conversation = home.talk(turns=1)
    old = home.run("SELECT * FROM audit_head")[0]
    home.records.end(home.begin(conversation), ANSWER, None, home.clock())
    assert home.audit.anchor(home.clock())
    home.run("DELETE FROM audit_entry WHERE number > :n", n=old["entries"])
    home.run("UPDATE audit_head SET entries = :entries, hash = :hash, anchored = :anchored, mac = :mac", **_without_key(old))
    home.run("UPDATE turn SET audited = :no", no=False)
    assert home.broken() == [(conversation, old["entries"] + 1)]


def _without_key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "conversation_id"}


def test_two_entries_swapped_are_noticed(home: Home) -> None:
    conversation = home.talk()
    for old, new in ((3, 99), (4, 3), (99, 4)):
        home.run("UPDATE audit_entry SET number = :new WHERE number = :old", old=old, new=new)
    assert home.broken() == [(conversation, 3)]


def test_an_entry_put_in_is_noticed(home: Home) -> None:
    conversation = home.talk()
    row = home.run("SELECT * FROM audit_entry WHERE number = 8")[0] | {"number": 9}
    home.run(
        "INSERT INTO audit_entry VALUES (:conversation_id, :number, :turn, :at, :kind, :key_id, :plain, :sealed, :hash)", **row
    )
    assert home.broken() == [(conversation, 9)]


def test_an_entry_of_another_conversation_is_noticed(home: Home) -> None:
    one, other = home.talk(), home.talk()
    home.run("DELETE FROM audit_entry WHERE conversation_id = :c AND number = 8", c=one)
    home.run("UPDATE audit_entry SET conversation_id = :c WHERE conversation_id = :o AND number = 8", c=one, o=other)
    assert home.broken() == sorted([(one, 8), (other, 8)])


def test_a_whole_conversation_taken_out_is_noticed_by_the_records_and_by_an_anchor(home: Home) -> None:
    conversation = home.talk()
    for table in ("audit_entry", "audit_head"):
        home.run(f"DELETE FROM {table}")
    assert home.broken() == [(conversation, 0)]
    home.run("UPDATE turn SET audited = :no", no=False)
    assert home.broken() == []
    other = home.talk()
    home.audit.anchor(home.clock())
    for table in ("audit_entry", "audit_head"):
        home.run(f"DELETE FROM {table}")
    home.run("UPDATE turn SET audited = :no", no=False)
    assert home.broken() == [(other, 0)]


def test_a_database_turned_back_before_an_anchor_is_noticed_by_the_file_beside_it(home: Home) -> None:
    home.talk()
    home.audit.anchor(home.clock())
    assert home.broken() == []
    home.run("DELETE FROM audit_anchor")
    home.run("UPDATE audit_head SET anchored = 0")
    assert ("anchors", 1) in home.broken()


def test_heads_are_anchored_once_a_day_where_they_moved(home: Home) -> None:
    assert not home.audit.anchor(home.clock())
    home.talk()
    assert home.audit.anchor(home.clock())
    home.talk()
    assert not home.audit.anchor(home.clock())
    home.clock.pass_by(24 * 3600)
    assert home.audit.anchor(home.clock())
    home.clock.pass_by(24 * 3600)
    assert not home.audit.anchor(home.clock())
    assert home.audit.verify().anchors == 2
    assert home.broken() == []


def test_a_deleted_conversation_leaves_a_chain_that_verifies(home: Home) -> None:
    conversation = home.talk()
    home.records.delete(AMARA, conversation)
    assert home.broken() == []
    assert len(home.audit.chain(conversation)) == 8


def test_a_destroyed_key_erases_what_was_said_and_the_chain_verifies(home: Home) -> None:
    hers, his = home.talk(), home.talk(DANIEL)
    with home.engine.begin() as connection:
        assert home.audit.forget(connection, AMARA, home.clock()) == 1
        assert home.audit.forget(connection, AMARA, home.clock()) == 0
    entries = home.audit.chain(hers)
    assert entries[-1].kind is Kind.ERASED
    assert all(entry.sealed is None for entry in entries)
    assert entries[0].erased
    assert home.audit.chain(his)[0].sealed == {"message": SAID}
    assert home.audit.of_party(AMARA, hers) == ()
    assert home.broken() == []


def test_nobody_is_told_of_a_conversation_of_somebody_else(home: Home) -> None:
    hers = home.talk()
    home.talk(DANIEL)
    assert home.audit.of_party(DANIEL, hers) == ()
    assert len(home.audit.of_party(AMARA, hers)) == 8


def test_log_and_audit_are_written_together_or_not_at_all(home: Home) -> None:
    conversation = home.records.create(AMARA, home.clock()).id
    turn = home.begin(conversation)
    home.clock.pass_by(31)
    home.begin(conversation)
    with pytest.raises(LeaseLost):
        home.records.end(turn, ANSWER, None, home.clock(), [Note(Kind.PLANNED)])
    kinds = [(entry.turn, entry.kind) for entry in home.audit.chain(conversation)]
    assert kinds == [(1, Kind.BEGUN), (1, Kind.ENDED), (2, Kind.BEGUN)]
    assert home.audit.chain(conversation)[1].plain["code"] == "abandoned"
    assert home.broken() == []


def test_writers_of_one_conversation_and_of_many_leave_whole_chains_and_none_looks_broken_meanwhile(home: Home) -> None:
    shared = home.talk(turns=1)
    wrong: list[Broken] = []

    notes = [Note(Kind.CONFIRMED, {"by": "api"}), Note(Kind.DECIDED, {})]

    def write(party: PartyId) -> None:
        for _ in range(10):
            with home.engine.begin() as connection:
                home.audit.add(connection, AMARA, shared, 1, notes, home.clock())
            home.talk(party, turns=1)

    threads = [threading.Thread(target=write, args=(party,)) for party in (AMARA, DANIEL, PartyId("new"))]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        wrong += home.audit.verify().broken
    assert not wrong
    assert len(home.audit.chain(shared)) == 4 + 60
    assert home.broken() == []


def test_a_note_that_is_kept_once_is_written_again_only_when_it_changed(home: Home) -> None:
    conversation = home.talk(turns=1)
    for names in ("a", "a", "b", "a"):
        with home.engine.begin() as connection:
            home.audit.add(connection, AMARA, conversation, 1, [Note(Kind.KNOWN, {}, {"names": names}, once=True)], home.clock())
    known = [entry.sealed for entry in home.audit.chain(conversation) if entry.kind is Kind.KNOWN]
    assert known == [{"names": "a"}, {"names": "b"}, {"names": "a"}]
    assert home.broken() == []


def test_an_intent_is_on_record_by_its_digest_and_the_origins_of_its_values(home: Home) -> None:
    values = (
        Value(name="amount", shown="£25.00", origin=Origin.CUSTOMER),
        Value(name="payee", shown="Sam Obi", origin=Origin.DATA, source="the letter you pasted"),
    )
    shown = ConfirmationEvent(
        intent=IntentId("i-1"), digest="d" * 64, action=Action.PAY, values=values, step_up=True, expires_at=home.clock()
    )
    done = ReceiptEvent(intent=IntentId("i-1"), action=Action.PAY, state=State.DONE)
    conversation = home.talk(turns=1, events=(shown, done, TextEvent(text="Paid.", template="Paid."), DONE))
    plain = {entry.kind: entry.plain for entry in home.audit.chain(conversation)}
    assert plain[Kind.SHOWN]["intent"] == "d" * 64
    assert plain[Kind.SHOWN]["origins"] == {"amount": "customer", "payee": "data"}
    assert plain[Kind.RECEIPT]["state"] == "done"
    assert "Sam" not in str(home.run("SELECT plain FROM audit_entry"))


def yes(_velocity: Velocity) -> Allowed:
    return Allowed(("payment-confirmed",))


def ordered(home: Home, conversation: str) -> tuple[Intents, Intent]:
    """An intent that a conversation has shown, and that is not confirmed yet."""
    intents = Intents(home.engine, home.audit)
    intent = Intent(
        id=IntentId("i-1"), party=AMARA, conversation=conversation, turn=1, action=Action.PAY, account=AccountId("acc-1"),
        prepared_at=home.clock(), values=(), amount=Money.of("25.00", "GBP"),
        payee=Payee(name="Chidi", scheme="sort code", identification="20000112345678"),
    )  # fmt: skip
    intents.put(intent)
    return intents, intent


def steps(home: Home, conversation: str) -> list[tuple[Kind, int, Any]]:
    told = (Kind.RESERVED, Kind.SENT, Kind.SETTLED)
    chain = home.audit.chain(conversation)
    return [(e.kind, e.turn, e.plain.get("rules", e.plain.get("state"))) for e in chain if e.kind in told]


def test_each_step_of_an_intent_is_on_record_once_under_the_turn_that_took_it(home: Home) -> None:
    conversation = home.talk(turns=2)
    intents, intent = ordered(home, conversation)
    assert steps(home, conversation) == []
    for _ in range(2):
        intents.reserve(AMARA, intent.id, intent.digest, home.clock(), yes)
        intents.sent(intent.id, home.clock())
    for state in (State.UNKNOWN, State.DONE, State.FAILED):
        intents.settle(intent.id, Result(state=state, payment="p-77"), home.clock())
    assert steps(home, conversation) == [
        (Kind.RESERVED, 2, ["payment-confirmed"]), (Kind.SENT, 2, None), (Kind.SETTLED, 2, "unknown"), (Kind.SETTLED, 2, "done"),
    ]  # fmt: skip
    chain = home.audit.chain(conversation)
    assert {e.plain["intent"] for e in chain if e.kind is Kind.SENT} == {intent.digest}
    assert chain[-1].sealed["payment"] == "p-77"
    assert "p-77" not in str(home.run("SELECT plain FROM audit_entry"))
    assert home.broken() == []


def test_what_is_not_allowed_or_not_confirmed_leaves_no_step(home: Home) -> None:
    conversation = home.talk()
    intents, intent = ordered(home, conversation)
    intents.reserve(AMARA, intent.id, intent.digest, home.clock(), lambda _: Denied(("daily-sum",)))
    assert not intents.sent(intent.id, home.clock())
    intents.cancel(AMARA, intent.id)
    assert steps(home, conversation) == []


@pytest.mark.parametrize("dies", [0, 1, 2])
def test_a_process_that_dies_at_a_step_leaves_it_taken_and_on_record_or_neither(
    home: Home, monkeypatch: pytest.MonkeyPatch, dies: int
) -> None:
    conversation = home.talk()
    intents, intent = ordered(home, conversation)
    taken: list[Callable[[], object]] = [
        lambda: intents.reserve(AMARA, intent.id, intent.digest, home.clock(), yes),
        lambda: intents.sent(intent.id, home.clock()),
        lambda: intents.settle(intent.id, Result(state=State.DONE), home.clock()),
    ]
    for step in taken[:dies]:
        step()
    before, state = steps(home, conversation), intents.get(AMARA, intent.id).state
    add = Audit.add

    def dying(*given: Any) -> None:
        add(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Audit, "add", dying)
        with pytest.raises(KeyboardInterrupt):
            taken[dies]()
    assert (steps(home, conversation), intents.get(AMARA, intent.id).state) == (before, state)
    # Another process goes on from there.
    for step in taken[dies:]:
        step()
    assert [kind for kind, _, _ in steps(home, conversation)] == [Kind.RESERVED, Kind.SENT, Kind.SETTLED]
    assert home.broken() == []


def test_an_intent_of_no_conversation_begins_no_chain(home: Home) -> None:
    intents, intent = ordered(home, "")
    assert intents.reserve(AMARA, intent.id, intent.digest, home.clock(), yes).reserved
    assert home.audit.verify().conversations == 0


STEP = Step(tool=Tool.SUM, spans=Spans(merchants=("Tesco",), periods=("last month",)), only=("TESCO STORES",))


def test_a_trail_notes_plans_decisions_and_results_without_saying_whose(home: Home) -> None:
    trail = Trail(home.audit, AMARA, "c", 1)
    with recording(trail):
        planned(Plan(steps=(STEP,), path="routed", sure=0.9), "how much at tesco?")
        for account in ("acc-1", "acc-2"):
            decided(Decided("ReadTransactions", AccountId(account), Allowed(("read-own",))))
        decided(Decided("ReadCards", AccountId("acc-1"), Denied(("no-viewer",))))
        performed(STEP, ToolResult(outcome=Outcome.ANSWER, lines=()), [], [])
    assert [note.plain for note in trail.waiting()] == [
        {
            "path": "routed",
            "sure": 0.9,
            "steps": [{"tool": "sum", "origins": {"merchants": "customer", "periods": "earlier", "only": "bank"}}],
        },
        {"action": "ReadTransactions", "decision": "Allowed", "rules": ["read-own"], "accounts": 2},
        {"action": "ReadCards", "decision": "Denied", "rules": ["no-viewer"], "accounts": 1},
        {"tool": "sum", "outcome": "answer", "facts": 0},
    ]
    trail.written(1)
    assert len(trail.waiting()) == 3


def test_what_was_being_written_while_more_came_is_written_once(home: Home) -> None:
    trail = Trail(home.audit, AMARA, "c", 1)
    trail.decided(Decided("ReadCards", AccountId("acc-1"), Allowed(("read-own",))))
    waiting = trail.waiting()
    trail.decided(Decided("ReadCards", AccountId("acc-2"), Allowed(("read-own",))))
    trail.written(len(waiting))
    assert [note.sealed for note in trail.waiting()] == [{"accounts": ["acc-2"]}]


def test_an_argument_of_this_message_is_the_customers(home: Home) -> None:
    assert origins(STEP, "Tesco, last month") == {"merchants": "customer", "periods": "customer", "only": "bank"}


def test_times_in_the_audit_are_those_of_the_clock_that_was_given(home: Home) -> None:
    conversation = home.talk(turns=1)
    assert home.audit.chain(conversation)[0].at == dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


class Stopping:
    """An assistant that is asked for a yes, puts it on record and never comes to an end."""

    def __init__(self) -> None:
        self.confirmed = asyncio.Event()

    async def turn(self, *_: object) -> str:
        decided(Decided("Pay", AccountId("acc-1"), Allowed(("pay-confirmed",))))
        await confirmed("d" * 64)
        self.confirmed.set()
        await asyncio.Event().wait()
        return ""


async def test_a_yes_is_on_record_before_anything_is_done_about_it_and_once(home: Home) -> None:
    assistant = Stopping()
    turns = Turns(home.records, assistant, home.clock, Limits())
    conversation = home.records.create(AMARA, home.clock()).id
    login = Login(party=Party(id=AMARA, name="Amara"), grants=())
    await turns.begin(login, conversation, "yes")
    await assistant.confirmed.wait()
    assert [e.kind for e in home.audit.chain(conversation)] == [Kind.BEGUN, Kind.DECIDED, Kind.CONFIRMED]
    await turns.close()
    assert [e.kind for e in home.audit.chain(conversation)] == [Kind.BEGUN, Kind.DECIDED, Kind.CONFIRMED, Kind.ENDED]
    assert home.broken() == []
