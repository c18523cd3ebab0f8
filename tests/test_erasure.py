"""A party is erased wholly, what another holds stays whole, and whatever is left is found."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from rich.console import Console
from sqlalchemy import text

from api import erasing
from api.settings import Settings
from data.actions import Action, Intent, IntentId, Origin, Value
from data.audit import Audit, Kind
from data.banking import Account, AccountKind, Status, Transaction
from data.banking import Kind as Of
from data.erasure import Erasure
from data.errors import NotFound
from data.facts import FeedbackEvent
from data.intents import Intents
from data.ledger import Ledger, Texts
from data.money import Money
from data.party import AccountId, Consent, Grant, GrantSource, Party, PartyId, Purpose, Role
from data.records import Records
from data.store import connect
from retrieval import embedding
from retrieval.cache import EmbeddingCache
from retrieval.index import Point, VectorIndex
from retrieval.server import ServerIndex
from retrieval.vectors import DIMENSIONS
from tests.database import SERVER, database
from tests.edge import ANSWER

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
AMARA, DANIEL = Party(id=PartyId("amara-okafor"), name="Amara Okafor"), Party(id=PartyId("daniel-w"), name="Daniel Whitlock")
HERS, JOINT, HIS = (AccountId(f"acc-{name}") for name in ("1", "2", "3"))
VECTOR = np.eye(1, DIMENSIONS, dtype=np.float32)[0]


class Home:
    """A home with a customer who has an account alone and one jointly."""

    def __init__(self, path: Path) -> None:
        self.settings = Settings(home=path, database_url=database(path / "counterfoil.db"), model="none")
        self.engine = connect(self.settings.database)
        self.audit = Audit(self.engine, path / "keys")
        self.records = Records(self.engine, audit=self.audit)
        self.erasure = Erasure(self.engine, self.audit)
        self.ledger = Ledger(self.engine, Texts(descriptor=str.lower, template=str.lower), lambda *_: (None, None))
        self.cache = EmbeddingCache(path / "cache", embedding.VERSION)
        self.index: VectorIndex = ServerIndex(":memory:", embedding.VERSION)
        self._fill()

    def _fill(self) -> None:
        for party in (AMARA, DANIEL):
            self.ledger.put_party(party)
            self.ledger.put_consent(Consent(party=party.id, purpose=Purpose.SYNC))
        for account, holders in ((HERS, "Amara Okafor"), (JOINT, "Amara Okafor and Daniel Whitlock"), (HIS, "Daniel Whitlock")):
            row = Account(
                id=account,
                kind=AccountKind.CURRENT,
                name="Current",
                currency="GBP",
                product="p",
                identification="1",
                holders=holders,
            )
            self.ledger.put_account(row, GrantSource.SERVICE)
            self.ledger.add(account, [_paid(account, to) for to in ("Tesco", "Amara Okafor")], NOW)
            self.cache.put([account.encode()], VECTOR[None], [account])
        self._grants(AMARA, {HERS: Role.HOLDER, JOINT: Role.JOINT})
        self._grants(DANIEL, {HIS: Role.HOLDER, JOINT: Role.JOINT})
        self.talks = {party.id: self.talk(party) for party in (AMARA, DANIEL)}

    def _grants(self, party: Party, roles: dict[AccountId, Role]) -> None:
        grants = [Grant(party=party.id, account=a, role=role, source=GrantSource.SERVICE) for a, role in roles.items()]
        self.ledger.put_grants(party.id, GrantSource.SERVICE, grants)

    def talk(self, party: Party) -> str:
        conversation = self.records.create(party.id, NOW).id
        turn = self.records.begin(party.id, conversation, "What did Amara Okafor get?", NOW)
        self.records.end(turn, ANSWER, '{"who": "Amara Okafor"}', NOW)
        self.records.feedback(party.id, conversation, turn.number, FeedbackEvent(thumb="up"))
        values = (Value(name="payee", shown="Amara Okafor", origin=Origin.CUSTOMER),)
        Intents(self.engine).put(
            Intent(
                id=IntentId(f"i-{party.id}"),
                party=party.id,
                conversation=conversation,
                turn=1,
                action=Action.FREEZE_CARD,
                account=JOINT,
                prepared_at=NOW,
                values=values,
            )
        )
        return conversation

    async def indexed(self) -> None:
        await self.index.begin()
        await self.index.upsert([Point(account, "tesco", VECTOR) for account in (HERS, JOINT, HIS)])
        await self.index.publish()

    def rows(self, statement: str) -> list[Any]:
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement)).mappings()]

    def of_daniel(self) -> list[Any]:
        """Everything that is his, or shared, in full."""
        statements = (
            *(f"SELECT * FROM {t} WHERE account_id IN ('acc-2', 'acc-3') ORDER BY 1, 2" for t in ("entry", "descriptor")),
            "SELECT * FROM account WHERE id IN ('acc-2', 'acc-3') ORDER BY id",
            *(f"SELECT * FROM {t} WHERE party_id = 'daniel-w' ORDER BY 1, 2" for t in ("account_grant", "consent", "intent")),
            f"SELECT * FROM conversation WHERE id = '{self.talks[DANIEL.id]}'",
            f"SELECT * FROM event WHERE conversation_id = '{self.talks[DANIEL.id]}' ORDER BY number",
        )
        return [self.rows(statement) for statement in statements]


def _paid(account: AccountId, to: str) -> Transaction:
    return Transaction(
        account=account,
        source_id=f"{account}-{to}",
        booked_on=NOW.date(),
        amount=Money(minor=-100, currency="GBP"),
        text=to,
        kind=Of.PAYMENT,
        status=Status.BOOKED,
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path)

    async def index(*_: object) -> VectorIndex:
        return made.index

    monkeypatch.setattr(erasing, "open_index", index)
    return made


async def erased(home: Home, party: Party = AMARA, yes: bool = True) -> str:
    told = io.StringIO()
    await erasing.erase(home.settings, party.id, lambda _: yes, Console(file=told, width=400))
    return told.getvalue()


async def count(home: Home, *accounts: AccountId) -> int:
    return await home.index.count(frozenset(accounts))


async def test_a_joint_holder_goes_and_what_the_other_holds_stays_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home.index, "close", _nothing)
    await home.indexed()
    before, chain = home.of_daniel(), home.audit.chain(home.talks[DANIEL.id])
    told = await erased(home)
    assert home.of_daniel() == before
    assert home.audit.chain(home.talks[DANIEL.id]) == chain
    assert (await count(home, HERS), await count(home, JOINT, HIS)) == (0, 2)
    assert [home.cache.owned(account) for account in (HERS, JOINT, HIS)] == [0, 1, 1]
    entries = home.audit.chain(home.talks[AMARA.id])
    assert entries[-1].kind is Kind.ERASED
    assert not any(entry.sealed for entry in entries)
    assert not home.audit.verify().broken
    lines = told.splitlines()
    assert lines[0].startswith("of what was erased there are now: ")
    assert all(part.endswith(" 0") for part in lines[0].partition(": ")[2].split(", "))
    assert "stands all the same: none 0" in lines[1]
    assert "account.holders 1" in lines[2]
    assert lines[-1] == "audit: 0 chains broken"
    # Of others' rows only those that name her.
    assert home.rows("SELECT id FROM party") == [{"id": "daniel-w"}]


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("counterfoil.db*"))


async def test_of_a_sole_holder_not_a_byte_is_left(tmp_path: Path, home: Home) -> None:
    await erased(home, DANIEL)
    home.engine.dispose()
    if not SERVER:
        assert b"daniel-w" not in _files(tmp_path)
    assert home.rows("SELECT id FROM account ORDER BY id") == [{"id": "acc-1"}, {"id": "acc-2"}]


async def test_when_both_have_gone_the_joint_account_has_gone_with_the_last(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home.index, "close", _nothing)
    for party in (AMARA, DANIEL):
        await erased(home, party)
    for table in (
        "party",
        "account",
        "account_grant",
        "entry",
        "descriptor",
        "conversation",
        "turn",
        "event",
        "intent",
        "audit_key",
    ):
        assert home.rows(f"SELECT * FROM {table}") == [], table
    assert len(home.rows("SELECT * FROM audit_head")) == 2
    assert not home.audit.verify().broken


async def test_who_is_unknown_or_gone_is_refused_and_a_no_changes_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home.index, "close", _nothing)
    before = home.rows("SELECT * FROM entry")
    assert await erased(home, yes=False) == ""
    assert home.rows("SELECT * FROM entry") == before
    with pytest.raises(NotFound):
        await erased(home, Party(id=PartyId("nobody"), name="Nobody"))
    await erased(home)
    with pytest.raises(NotFound):
        await erased(home)


@pytest.mark.parametrize("place", ["index", "sql", "after"])
async def test_broken_off_anywhere_it_is_completed_by_the_same_command(
    home: Home, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home.index, "close", _nothing)
    await home.indexed()
    before, forget = home.of_daniel(), Audit.forget

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        if place == "index":
            broken.setattr(EmbeddingCache, "forget", stop)
        elif place == "sql":
            # In the middle of the transaction, when the key has gone.
            broken.setattr(Audit, "forget", lambda *given: (forget(*given), stop()))
        else:
            broken.setattr(Erasure, "left", stop)
        with pytest.raises(KeyboardInterrupt):
            await erased(home)
    if place == "after":
        with pytest.raises(NotFound):
            await erased(home)
    else:
        assert home.audit.chain(home.talks[AMARA.id])[0].sealed
        await erased(home)
    assert home.of_daniel() == before
    assert await count(home, HERS) == 0
    assert not home.erasure.traces(AMARA).left
    assert not home.audit.verify().broken


async def _nothing() -> None:
    return None


def test_what_is_left_where_it_should_not_be_is_found(home: Home) -> None:
    kept = home.erasure.kept(AMARA.id, NOW)
    found = home.erasure.traces(AMARA).left
    assert {"party.id", "conversation.memory", "turn.message", "intent.payload", "audit_key.party_id"} <= found.keys()
    home.erasure.erase(kept, NOW)
    assert not home.erasure.traces(AMARA).left
    with home.engine.begin() as connection:
        connection.execute(text("INSERT INTO index_work (account_id, template, op) VALUES ('gone', 'to AMARA OKAFOR', 'put')"))
    assert home.erasure.traces(AMARA).left == {"index_work.template": 1}


def test_a_name_within_another_word_is_not_a_trace(home: Home) -> None:
    home.ledger.put_party(Party(id=PartyId("ann"), name="Ann"))
    with home.engine.begin() as connection:
        connection.execute(text("INSERT INTO index_work (account_id, template, op) VALUES ('x', 'annual fee', 'put')"))
    assert home.erasure.traces(Party(id=PartyId("ann"), name="Ann")).left == {"party.id": 1, "party.name": 1}


@pytest.mark.parametrize(
    ("mine", "others", "goes"),
    [
        (Role.HOLDER, [], True),
        (Role.JOINT, [Role.JOINT], False),
        (Role.HOLDER, [Role.MANDATE, Role.VIEWER], True),
        (Role.MANDATE, [Role.HOLDER], False),
        (Role.VIEWER, [Role.VIEWER], False),
        (Role.MANDATE, [], True),
    ],
)
def test_an_account_goes_with_the_last_who_holds_it(home: Home, mine: Role, others: Sequence[Role], goes: bool) -> None:
    grants = {AMARA.id: mine} | {PartyId(f"other-{n}"): role for n, role in enumerate(others)}
    for party, role in grants.items():
        grant = Grant(party=party, account=AccountId("new"), role=role, source=GrantSource.FILE)
        home.ledger.put_grants(party, GrantSource.FILE, [grant])
    kept = home.erasure.kept(AMARA.id, NOW)
    assert (AccountId("new") in kept.accounts, AccountId("new") in kept.shared) == (goes, not goes)


def test_a_grant_that_has_ended_keeps_nothing(home: Home) -> None:
    ended = Grant(party=DANIEL.id, account=JOINT, role=Role.JOINT, source=GrantSource.SERVICE, until=NOW - dt.timedelta(days=1))
    home.ledger.put_grants(DANIEL.id, GrantSource.SERVICE, [ended])
    assert home.erasure.kept(AMARA.id, NOW).accounts == (HERS, JOINT)
