"""What a turn costs is counted as it is spent."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from rich.console import Console

from evals import cost
from evals.product import counting
from evals.suites import Case
from tests.conftest import NOW, Counter


def turn(path: str = "routed", wall_ms: float = 10.0, calls: int = 0, tokens: int = 0) -> cost.Turn:
    return cost.Turn(path, wall_ms, calls, tokens, tokens // 2)


def test_a_suite_is_the_sum_of_its_turns() -> None:
    done = cost.summed([turn(), turn("model", 30.0, 2, 100)], cost.Usage(1000, 50), cost.Usage(1500, 60))
    assert done.turns == 2
    assert done.routed == 0.5
    assert done.wall_ms[0] == 20.0
    assert done.cpu_ms == 250
    assert done.memory_mb == 60
    assert (done.calls, done.tokens_in, done.tokens_out) == (1, 50, 25)


def test_no_turn_has_no_cost() -> None:
    with pytest.raises(ValueError, match="no turn"):
        cost.summed([], cost.Usage(0, 0), cost.Usage(0, 0))


async def test_what_is_asked_of_a_model_is_counted_while_it_is_counted() -> None:
    said = AIMessage("yes", usage_metadata=UsageMetadata(input_tokens=7, output_tokens=2, total_tokens=9))
    model = GenericFakeChatModel(messages=iter([said, said, said]))
    with counting() as asked:
        await model.ainvoke("one")
        model.invoke("two")
    await model.ainvoke("three")
    assert (asked.calls, asked.tokens_in, asked.tokens_out) == (2, 14, 4)


@pytest.mark.skipif(not cost.PROC.is_dir(), reason="there is no /proc")
def test_processes_that_were_started_count_too() -> None:
    alone = cost.usage()
    assert alone.memory_mb > 1
    hold = "import sys; held = bytearray(b'x' * 80_000_000); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        both, childs = cost.usage(), cost.usage(child.pid)
        child.communicate()
    assert childs.memory_mb > 70
    assert both.memory_mb - childs.memory_mb > 1
    assert both.memory_mb > childs.memory_mb
    assert cost.usage(os.getpid()).cpu_ms > 0


def test_real_turns_are_measured_and_told(bank: Counter) -> None:
    turns = ["tesco last month", "and the month before"]
    line = {"id": "a", "customer": "amara-okafor", "now": NOW.isoformat(), "turns": turns}
    seen: list[tuple[int, int]] = []
    done = bank.run(cost.measure(bank.bank, [Case("a", "", line, lambda outputs: [])], lambda *so_far: seen.append(so_far)))
    assert done.turns == 2
    assert done.routed == 1
    assert done.calls == 0
    assert 0 < done.wall_ms[0] <= done.wall_ms[1]
    assert seen == [(1, 1)]
    console = Console(record=True, width=140)
    cost.show({"some": done}, console)
    assert "some" in console.export_text()
