"""The tasks of a simulated bank: what is found for them, and which tools are named in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data.errors import InvalidInput
from evals import tau

TASK: dict[str, Any] = {
    "id": "t1",
    "user_scenario": "You lost your card.",
    "required_documents": ["d1", "d2"],
    "expected_actions": [
        {"requestor": "assistant", "name": "call_tool", "arguments": {"tool_name": "close_card_1", "arguments": "{}"}},
        {"requestor": "user", "name": "order_card_2", "arguments": {}},
        {"requestor": "assistant", "name": "log_it", "arguments": {}},
    ],
}
DOCS = [{"id": "d1", "text": "Use close_card_1."}, {"id": "d2", "text": "Then order_card_2."}, {"id": "d3", "text": "Fees."}]
TOOLS = [
    {"name": "close_card_1", "kind": ["is_discoverable_tool(ToolType.WRITE)"]},
    {"name": "order_card_2", "kind": ["is_discoverable_tool(ToolType.WRITE)"]},
    {"name": "log_it", "kind": ["is_tool(ToolType.WRITE)"]},
]


def written(folder: Path, tasks: list[Any], docs: list[Any] = DOCS, tools: list[Any] = TOOLS) -> Path:
    for name, lines in (("tasks_dev", tasks), ("kb_docs", docs), ("tools_schema", tools)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return folder


def test_a_tool_counts_when_a_document_that_was_found_names_it(tmp_path: Path) -> None:
    bank = tau.read(written(tmp_path, [TASK, TASK | {"id": "t2", "expected_actions": None}]))
    everything = tau.judge(bank, {"t1": ["d3", "d1", "d2"], "t2": ["d1", "d2"]}, 3)
    assert everything == tau.Found(3, 1.0, 2, 2, 1, 1)
    half = tau.judge(bank, {"t1": ["d3", "d1", "d2"], "t2": ["d1", "d2"]}, 2)
    assert (half.recall, half.named, half.whole) == (0.75, 1, 0)
    nothing = tau.judge(bank, {"t1": ["d3"], "t2": []}, 2)
    assert (nothing.recall, nothing.named, nothing.whole) == (0.0, 0, 0)
    assert tau.ceiling(bank).named == 2


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"tasks": [{key: TASK[key] for key in TASK if key != "user_scenario"}]}, "tasks_dev.jsonl, line 1, field user_scenario"),
        ({"tasks": [TASK, TASK | {"required_documents": 4}]}, "tasks_dev.jsonl, line 2, field required_documents"),
        ({"tasks": ["text"]}, "tasks_dev.jsonl, line 1: not an object"),
        ({"tasks": [TASK], "docs": [{"text": "no id"}]}, "kb_docs.jsonl, line 1, field id"),
        ({"tasks": [TASK], "tools": [{"name": 1, "kind": ["is_discoverable_tool"]}]}, "tools_schema.jsonl, line 1, field name"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, broken: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        tau.read(written(tmp_path, **broken))


def test_without_the_data_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no tau_banking"):
        tau.read(tmp_path)
