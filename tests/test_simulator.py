"""The tau bank's own simulator, with models that say what is written here: a task is passed by what is done, and only then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from inspect_ai.log import read_eval_log
from inspect_ai.model import Model, ModelOutput, get_model
from inspect_ai.tool import Tool, tool

from api.settings import Settings
from assistant.budget import _encoding
from data.errors import InvalidInput
from evals import simulator
from evals.tau import Bank, Task

pytestmark = pytest.mark.skipif(not simulator.INSTALLED.is_dir(), reason="the simulator is not installed: make simulator")

# What the customer of this task does in the end, as the task has it.
APPLIED = {
    "card_type": "Gold Rewards Card",
    "customer_name": "Sarah Bosch",
    "annual_income": 100000,
    "rho_bank_subscription": True,
}
BANK = Bank((Task(id="task_001", user_scenario="", required_documents=(), expected_actions=None),), {}, frozenset())


@pytest.fixture(autouse=True)
def tokens_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model that says what it is told counts its tokens, for which Inspect would fetch a list."""
    monkeypatch.setattr("tiktoken.get_encoding", lambda _: _encoding())


def says(*outputs: str | tuple[str, dict[str, object]]) -> Model:
    made = [
        ModelOutput.from_content("mockllm/model", one)
        if isinstance(one, str)
        else ModelOutput.for_tool_call("mockllm/model", one[0], one[1])
        for one in outputs
    ]
    return get_model("mockllm/model", custom_outputs=made, memoize=False)


def asked(found: list[str]) -> Tool:
    @tool(name="search")
    def made() -> Tool:
        async def execute(question: str) -> str:
            """Search.

            Args:
                question: What is to be known.
            """
            found.append(question)
            return "The Gold Rewards Card has no fee."

        return execute

    return made()


async def played(tmp_path: Path, agent: Model, customer: Model, tools: Sequence[Tool] = ()) -> simulator.Played:
    return await simulator.play(BANK, tools, agent, customer, tmp_path, lambda done, of: None)


async def test_a_task_is_passed_when_the_books_are_as_it_says(tmp_path: Path) -> None:
    questions: list[str] = []
    agent = says(("search", {"question": "best card without a fee"}), "Take the Gold Rewards Card.")
    customer = says("Which card is best for me?", ("banking_apply_for_credit_card", dict(APPLIED)), "###STOP###")
    done = await played(tmp_path, agent, customer, [asked(questions)])
    assert (done.passed, done.of, done.failed) == (1, 1, ())
    assert questions == ["best card without a fee"]
    assert read_eval_log(str(done.log)).status == "success"


@pytest.mark.parametrize("change", [{"card_type": "Silver Rewards Card"}, {"annual_income": 100001}])
async def test_a_task_is_not_passed_when_something_else_is_done(tmp_path: Path, change: dict[str, object]) -> None:
    customer = says("Which card?", ("banking_apply_for_credit_card", APPLIED | change), "###STOP###")
    assert (await played(tmp_path, says("Any."), customer)).failed == ("task_001",)


async def test_a_task_is_not_passed_when_nothing_is_done(tmp_path: Path) -> None:
    assert (await played(tmp_path, says("Hello."), says("###STOP###"))).passed == 0


async def test_tasks_that_the_simulator_does_not_have_are_an_error(tmp_path: Path) -> None:
    strange = BANK._replace(tasks=(BANK.tasks[0].model_copy(update={"id": "task_of_mine"}),))
    with pytest.raises(InvalidInput, match="none of these tasks"):
        await simulator.play(strange, [], says("a"), says("b"), tmp_path, lambda done, of: None)


def test_without_an_outside_model_it_says_so() -> None:
    with pytest.raises(InvalidInput, match="COUNTERFOIL_MODEL_URL"):
        simulator.model(simulator.OUTSIDE, Settings(model_url=""))
