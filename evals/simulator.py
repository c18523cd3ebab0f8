"""Our search in the hands of a language model, in the simulator that the tau bank's tasks come with.

Another model plays the customer; what counts is whether that bank's books are in the end as the task says. The simulator is
that of `inspect-evals`, of which nothing else is needed here: `make simulator` installs it. An agent there calls tools with
values of its own, so this measures our search and the model, not what our own gate would have stopped.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from inspect_ai import Task
from inspect_ai.agent import as_solver
from inspect_ai.log import EvalLog
from inspect_ai.model import Model, get_model
from inspect_ai.tool import Tool, tool

from api.settings import Settings
from api.wiring import Library
from data.errors import InvalidInput
from evals.articles import given
from evals.suites import finished
from evals.tau import Bank

# Its packages lie apart: among the others Inspect would look for all their suites, which need more than there is.
INSTALLED = Path(sys.prefix) / "simulator"
# Documents that one search gives: most of them are a page long.
GIVEN = 5
# Exchanges of a customer and the agent before a task is given up.
EXCHANGES = 30
OUTSIDE = "outside"
AGENT, CUSTOMER = "BankingAgentTools", "BankingUserTools"
_THEIR_SEARCH = "`grep` tool (regex pattern matching)"


class Played(NamedTuple):
    """passed: tasks after which the books are as they should be. failed: ids of the others. tokens: of both models."""

    passed: int
    of: int
    failed: tuple[str, ...]
    tokens: int
    log: Path


def model(name: str, settings: Settings) -> Model:
    """A model as Inspect names it, or "outside": the one that COUNTERFOIL_MODEL_URL names. Raises InvalidInput without one."""
    if name != OUTSIDE:
        return get_model(name)
    if not settings.model_url:
        raise InvalidInput("there is no outside model: COUNTERFOIL_MODEL_URL and COUNTERFOIL_MODEL_MODEL name it")
    key = settings.model_key.get_secret_value() or "none"
    return get_model(f"openai-api/counterfoil/{settings.model_model}", base_url=settings.model_url, api_key=key, memoize=False)


def search(library: Library, bank: Bank) -> Tool:
    """Our search of the bank's documents, as a tool of the agent."""

    @tool(name="search")
    def made() -> Tool:
        async def execute(question: str) -> str:
            """Search the knowledge base for what a question needs: policies, conditions, and the tools that they name.

            Args:
                question: What is to be known, in a sentence of plain words.
            """
            found = await given(library, question, GIVEN)
            return "\n\n".join(bank.documents[passage.article] for passage in found) or "Nothing is found."

        return execute

    return made()


async def play(
    bank: Bank, tools: Sequence[Tool], agent: Model, customer: Model, runs: Path, told: Callable[[int, int], None]
) -> Played:
    """Play every task of the bank once. tools: what the agent has beside the simulator's own.

    Raises InvalidInput where the simulator is not installed, or knows none of the tasks.
    """
    if not INSTALLED.is_dir():
        raise InvalidInput("the simulator is not installed: make simulator")
    if str(INSTALLED) not in sys.path:
        sys.path.append(str(INSTALLED))
    task = _task({one.id for one in bank.tasks}, tools)
    told(0, len(task.dataset))
    log = await finished(task, runs, model=agent, model_roles={"user": customer})
    told(len(task.dataset), len(task.dataset))
    return _played(log)


def _task(ids: set[str], tools: Sequence[Tool]) -> Task:
    from inspect_evals.tau2.banking import agents, dataset, scorer, solver, user_tools
    from inspect_evals.tau2.banking import tools as own
    from inspect_evals.tau2.banking.BankingUserTools import BankingUserTools
    from inspect_evals.tau2.common.agents import CustomerServiceAgentConfig, get_user_simulator_agent

    for name in ("apply_for_credit_card", "submit_transaction"):
        setattr(BankingUserTools, name, _in_whole_numbers(getattr(BankingUserTools, name)))
    samples = dataset.read_dataset("BankingAgent").filter(lambda sample: sample.id in ids)
    if not len(samples):
        raise InvalidInput("the simulator has none of these tasks")

    def policy() -> str:
        return str(agents._get_domain_policy("grep")).replace(_THEIR_SEARCH, "`search` tool")

    config = CustomerServiceAgentConfig(policy, [*(make() for make in own.all_banking_agent_tools), *tools], "BankingAgent")
    playing = get_user_simulator_agent(config, EXCHANGES, [make() for make in user_tools.all_banking_user_tools])
    return Task(
        dataset=samples,
        solver=[solver.banking_initializer(AGENT, CUSTOMER), as_solver(playing)],
        scorer=scorer.banking_scorer(),
        name="tau",
    )


def _in_whole_numbers(act: Callable[..., str]) -> Callable[..., str]:
    """A tool of the customer as the tasks want it: with 100000, of which Inspect makes 100000.0, and so another entry."""

    def whole(value: Any) -> Any:
        return int(value) if isinstance(value, float) and value.is_integer() else value

    @functools.wraps(act)
    def acted(books: Any, *said: Any, **named: Any) -> str:
        return act(books, *map(whole, said), **{key: whole(value) for key, value in named.items()})

    return acted


def _played(log: EvalLog) -> Played:
    samples: list[Any] = list(log.samples or [])
    passed = {str(s.id) for s in samples if s.scores and all(score.value == "C" for score in s.scores.values())}
    failed = tuple(sorted(str(s.id) for s in samples if str(s.id) not in passed))
    return Played(
        len(passed), len(samples), failed, sum(use.total_tokens for use in log.stats.model_usage.values()), Path(log.location)
    )
