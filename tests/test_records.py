"""What the records promise: one turn at a time, a log without gaps, and nothing of anybody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import ConversationBusy, LeaseLost, NotFound
from data.facts import ErrorEvent, Fact, FactEvent, StatusEvent
from data.party import PartyId
from data.records import Records, Turn
from data.store import connect
from tests.database import database
from tests.edge import ANSWER, DONE, OCTOBER, Clock

AMARA, DANIEL = PartyId("amara"), PartyId("daniel")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(connect(database(tmp_path / "test.db")))


@pytest.fixture
def conversation(records: Records, clock: Clock) -> str:
    return records.create(AMARA, clock()).id


def test_a_turn_is_read_back_as_it_was_told(records: Records, conversation: str, clock: Clock) -> None:
    turn = records.begin(AMARA, conversation, "How much at  Tesco\nlast month?", clock())
    assert records.append(turn, [StatusEvent(text="…")], clock()) == 1
    assert records.end(turn, ANSWER, '{"plan": 1}', clock()) == 5

    log = records.events(AMARA, conversation)
    assert [logged.number for logged in log.events] == [1, 2, 3, 4, 5]
    assert [logged.event for logged in log.events[1:]] == list(ANSWER)
    assert [logged.last for logged in log.events] == [False, False, False, False, True]
    assert not log.more
    assert records.events(AMARA, conversation, after=3).events == log.events[3:]
    assert records.memory(AMARA, conversation) == '{"plan": 1}'
    (told,) = records.turns(AMARA, conversation)
    assert (told.number, told.message, told.ended) == (1, "How much at  Tesco\nlast month?", True)
    assert told.events == log.events
    assert records.get(AMARA, conversation).title == "How much at Tesco last month?"


def test_the_title_stays_the_first_message(records: Records, conversation: str, clock: Clock) -> None:
    for message in ("first", "second"):
        records.end(records.begin(AMARA, conversation, message, clock()), [DONE], None, clock())
    assert records.get(AMARA, conversation).title == "first"
    assert [told.message for told in records.turns(AMARA, conversation, limit=1)] == ["second"]
    assert [told.message for told in records.turns(AMARA, conversation, before=2)] == ["first"]


def test_a_second_message_waits_for_the_first_answer(records: Records, conversation: str, clock: Clock) -> None:
    turn = records.begin(AMARA, conversation, "one", clock())
    with pytest.raises(ConversationBusy):
        records.begin(AMARA, conversation, "two", clock())
    records.end(turn, [DONE], None, clock())
    assert records.begin(AMARA, conversation, "two", clock()).number == 2


def test_of_many_messages_at_once_one_is_taken(records: Records, conversation: str, clock: Clock) -> None:
    taken: list[Turn] = []
    refused: list[ConversationBusy] = []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        try:
            taken.append(records.begin(AMARA, conversation, "now", clock()))
        except ConversationBusy as busy:
            refused.append(busy)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len(refused)) == (1, 7)


def test_an_abandoned_turn_is_told_of_and_cannot_write_again(records: Records, conversation: str, clock: Clock) -> None:
    lost = records.begin(AMARA, conversation, "one", clock())
    records.append(lost, [StatusEvent(text="…")], clock())
    clock.pass_by(31)
    turn = records.begin(AMARA, conversation, "two", clock())
    with pytest.raises(LeaseLost):
        records.append(lost, [DONE], clock())
    with pytest.raises(LeaseLost):
        records.renew(lost, clock())
    with pytest.raises(LeaseLost):
        records.end(lost, [DONE], '{"stale": 1}', clock())
    records.end(turn, [DONE], None, clock())
    events = records.events(AMARA, conversation).events
    assert [(logged.number, logged.turn, logged.event.type) for logged in events] == [
        (1, 1, "status"),
        (2, 1, "error"),
        (3, 2, "done"),
    ]
    assert turn.after == 2
    assert records.memory(AMARA, conversation) == "{}"


def test_a_reader_is_told_when_the_process_of_a_turn_is_gone(records: Records, conversation: str, clock: Clock) -> None:
    records.begin(AMARA, conversation, "one", clock())
    records.settle(AMARA, conversation, clock())
    assert records.events(AMARA, conversation).more
    clock.pass_by(31)
    records.settle(AMARA, conversation, clock())
    log = records.events(AMARA, conversation)
    assert isinstance(log.events[0].event, ErrorEvent)
    assert not log.more


def test_a_turn_that_goes_on_keeps_its_lease(records: Records, conversation: str, clock: Clock) -> None:
    turn = records.begin(AMARA, conversation, "a long one", clock())
    for _ in range(4):
        clock.pass_by(20)
        assert records.renew(turn, clock())
    with pytest.raises(ConversationBusy):
        records.begin(AMARA, conversation, "two", clock())


def test_a_turn_hears_that_it_should_stop(records: Records, conversation: str, clock: Clock) -> None:
    assert not records.stop(AMARA, conversation)
    turn = records.begin(AMARA, conversation, "one", clock())
    assert records.stop(AMARA, conversation)
    assert not records.renew(turn, clock())


def test_behind_a_figure_is_the_scope_of_its_own_tool(records: Records, conversation: str, clock: Clock) -> None:
    events = list(ANSWER)
    september = OCTOBER.model_copy(update={"period": "September"})
    before = Fact(ref="f2", label="spent in September", value="-30.00", unit="GBP", shown="£30.00", evidence=("t9",))
    less = Fact(ref="f3", label="less", value="8.50", unit="GBP", shown="£8.50", evidence=("f1", "f2"), formula="f2 − f1")
    events[3:3] = [ANSWER[0].model_copy(update={"scope": september}), FactEvent(fact=before), FactEvent(fact=less)]
    records.end(records.begin(AMARA, conversation, "compare", clock()), events, None, clock())
    assert records.stub(AMARA, conversation, 1, "f1").scope == OCTOBER
    assert records.stub(AMARA, conversation, 1, "f2").scope == september
    assert [fact.ref for fact in records.stub(AMARA, conversation, 1, "f3").inputs] == ["f1", "f2"]
    for turn, ref in ((1, "f9"), (2, "f1")):
        with pytest.raises(NotFound):
            records.stub(AMARA, conversation, turn, ref)


def test_a_deleted_conversation_leaves_nothing(records: Records, conversation: str, clock: Clock) -> None:
    turn = records.begin(AMARA, conversation, "one", clock())
    records.append(turn, [StatusEvent(text="…")], clock())
    records.delete(AMARA, conversation)
    with pytest.raises(LeaseLost):
        records.end(turn, [DONE], None, clock())
    with records.engine.connect() as connection:
        for table in ("conversation", "turn", "event"):
            assert connection.exec_driver_sql(f"select count(*) from {table}").scalar() == 0


OTHERS: dict[str, Callable[[Records, str, Clock], object]] = {
    "get": lambda records, id, clock: records.get(DANIEL, id),
    "delete": lambda records, id, clock: records.delete(DANIEL, id),
    "memory": lambda records, id, clock: records.memory(DANIEL, id),
    "begin": lambda records, id, clock: records.begin(DANIEL, id, "hello", clock()),
    "stop": lambda records, id, clock: records.stop(DANIEL, id),
    "events": lambda records, id, clock: records.events(DANIEL, id),
    "turns": lambda records, id, clock: records.turns(DANIEL, id),
    "stub": lambda records, id, clock: records.stub(DANIEL, id, 1, "f1"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_customers_conversation_is_not_there(records: Records, conversation: str, clock: Clock, what: str) -> None:
    records.end(records.begin(AMARA, conversation, "one", clock()), ANSWER, None, clock())
    with pytest.raises(NotFound):
        OTHERS[what](records, conversation, clock)
    assert records.conversations(DANIEL) == ()
    assert [one.id for one in records.conversations(AMARA)] == [conversation]


def test_another_customer_cannot_settle_or_write_a_turn(records: Records, conversation: str, clock: Clock) -> None:
    turn = records.begin(AMARA, conversation, "one", clock())
    with pytest.raises(LeaseLost):
        records.append(turn.model_copy(update={"party": DANIEL}), [DONE], clock())
    clock.pass_by(31)
    records.settle(DANIEL, conversation, clock())
    assert records.events(AMARA, conversation).more
