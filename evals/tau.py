"""A simulated bank's tasks: are the documents found that an agent would need, and do they name the tools that it has to call.

A folder `tau_banking` holds kb_docs.jsonl, tasks_*.jsonl, tools_schema.jsonl and, for evals.articles, queries and qrels. Most of
the tools there are not listed to an agent: it learns their names from the documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from api.wiring import Library
from data.errors import InvalidInput
from evals.articles import Told, given
from evals.loading import rows

DEPTHS = (10, 20, 50)
DISCOVERABLE = "is_discoverable_tool"


class Action(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    arguments: Mapping[str, Any]


class Task(BaseModel):
    """A customer's situation, and what a right agent reads and calls."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    user_scenario: str
    required_documents: tuple[str, ...]
    expected_actions: tuple[Action, ...] | None

    def tools(self, discoverable: frozenset[str]) -> frozenset[str]:
        """The tools that have to be learned of: called by their own name, or by one that takes the name."""
        said = {text for one in self.expected_actions or () for text in (one.name, *map(str, one.arguments.values()))}
        return discoverable & said


class Document(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    text: str


class Tool(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    kind: tuple[str, ...]


class Bank(NamedTuple):
    """documents: text by id. discoverable: names of the tools that are not listed to an agent."""

    tasks: tuple[Task, ...]
    documents: Mapping[str, str]
    discoverable: frozenset[str]


class Found(NamedTuple):
    """Of the documents found, the first `at`: the share of right ones, and of the tools to be called that they name.

    tasks: how many tasks have to learn of a tool; whole: for how many of these every one is named.
    """

    at: int
    recall: float
    tools: int
    named: int
    tasks: int
    whole: int


def read(data: Path) -> Bank:
    """Raises InvalidInput where there is no such folder, or naming file, line and field of what cannot be read."""
    folder = next((one for one in (data, data / "tau_banking") if (one / "tools_schema.jsonl").is_file()), None)
    if folder is None:
        raise InvalidInput(f"{data}: there is no tau_banking in it")
    tasks = [task for path in sorted(folder.glob("tasks_*.jsonl")) for task in rows(path, Task)]
    documents = {one.id: one.text for one in rows(folder / "kb_docs.jsonl", Document)}
    names = {tool.name for tool in rows(folder / "tools_schema.jsonl", Tool) if any(DISCOVERABLE in kind for kind in tool.kind)}
    return Bank(tuple(tasks), documents, frozenset(names))


async def measure(library: Library, bank: Bank, told: Told) -> list[Found]:
    """Look every situation up once, as the bank's own people may."""
    found: dict[str, list[str]] = {}
    for number, task in enumerate(bank.tasks, start=1):
        found[task.id] = [passage.article for passage in await given(library, task.user_scenario, max(DEPTHS))]
        told(number, len(bank.tasks))
    return [judge(bank, found, at) for at in DEPTHS]


def judge(bank: Bank, found: Mapping[str, Sequence[str]], at: int) -> Found:
    """found: ids of documents by task, the best first."""
    recalls, tools, named, tasks, whole = [], 0, 0, 0, 0
    for task in bank.tasks:
        first = found[task.id][:at]
        if task.required_documents:
            recalls.append(len(set(first) & set(task.required_documents)) / len(set(task.required_documents)))
        needed = task.tools(bank.discoverable)
        if needed:
            text = "\n".join(bank.documents[key] for key in first)
            seen = {tool for tool in needed if tool in text}
            tools, named = tools + len(needed), named + len(seen)
            tasks, whole = tasks + 1, whole + (seen == needed)
    return Found(at, sum(recalls) / len(recalls) if recalls else 0.0, tools, named, tasks, whole)


def ceiling(bank: Bank) -> Found:
    """What could be learned from all the documents that a task calls for."""
    most = max((len(task.required_documents) for task in bank.tasks), default=0)
    return judge(bank, {task.id: task.required_documents for task in bank.tasks}, most)
