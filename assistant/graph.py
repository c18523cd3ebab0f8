"""The planner's loop: a model fills in a Plan, code checks every span of it, then each step is performed in turn.

    plan → check → perform → perform → … → end
      ↑______|                     a plan with words that nobody said goes back once, with the complaint

The model only ever names a tool and copies the customer's words. What the words mean (dates, bounds, payees, categories) and
what may be done is decided by code that the model cannot reach, so a message that gives it orders gains nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypedDict

import httpx
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from openai import OpenAIError

from assistant import proposal
from assistant.budget import Part, cut, spent
from assistant.models import CONTEXT, Endpoint
from assistant.plan import Plan, Spans, Step
from assistant.proposal import Said, by, question, written
from data.errors import ModelBusy, ModelUnavailable
from prompts.registry import PlannerPrompt

MAX_TOKENS = 160


class Model(Protocol):
    """Where a language model can be asked."""

    async def endpoint(self) -> Endpoint:
        """Raises ModelUnavailable when there is none, now."""


class Planner(Protocol):
    async def plan(self, message: str, prior: Plan | None = None, heard: Spans | None = None) -> Plan:
        """The plan of a message.

        prior: the plan of the turn before, for a message that follows it. heard: the parts of the message that code
        recognised; they fill what the model left out. `sure` is 1, or 0 when words had to be dropped that the customer did
        not say: then ask, as the plan may be wider than the question. Raises ModelUnavailable.
        """


Perform = Callable[[Step], Awaitable[Any]]


class State(TypedDict, total=False):
    """What one run knows. `perform` is there when the steps are to be performed and not just planned."""

    message: str
    prior: Plan | None
    heard: Spans | None
    said: str
    complaint: str
    plan: Plan
    perform: Perform
    results: list[Any]


class ModelPlanner:
    """Asks a small model over the OpenAI-compatible protocol, one question at a time.

    waiting: how many questions may stand in line; one more is refused at once. timeout_s: for the line and the answer together.
    """

    def __init__(self, model: Model, prompt: PlannerPrompt, *, waiting: int = 4, timeout_s: float = 60.0) -> None:
        self._model, self._timeout_s = model, timeout_s
        self._opening = proposal.opening(prompt)
        self._turn = asyncio.Semaphore(1)
        self._places = waiting + 1
        self._chats: dict[Endpoint, ChatOpenAI] = {}
        # A complaint repeats what was said, so there has to be room for two answers.
        room = CONTEXT - spent(said["content"] for said in self._opening) - 3 * MAX_TOKENS
        self._graph = _graph(self._ask, room)

    async def plan(self, message: str, prior: Plan | None = None, heard: Spans | None = None) -> Plan:
        """See Planner."""
        done = await self._graph.ainvoke({"message": message, "prior": prior, "heard": heard})
        plan: Plan = done["plan"]
        return plan

    async def run(
        self, message: str, perform: Perform, prior: Plan | None = None, heard: Spans | None = None, plan: Plan | None = None
    ) -> tuple[Plan, list[Any]]:
        """Plan a message (unless `plan` is given) and perform its steps in order; the results are in the order of the steps.

        An unsure plan comes back with no results: nothing was performed.
        """
        state: State = {"message": message, "prior": prior, "heard": heard, "perform": perform}
        if plan is not None:
            state["plan"] = plan
        done = await self._graph.ainvoke(state)
        return done["plan"], done.get("results", [])

    async def _ask(self, messages: Sequence[Said]) -> str:
        async with self._place():
            chat = self._chat(await self._model.endpoint())
            try:
                answer = await chat.ainvoke([*self._opening, *messages])
            except OpenAIError as error:
                raise ModelUnavailable(f"the language model did not answer: {error}") from error
            return str(answer.content)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._places == 0:
            raise ModelBusy("the language model is busy")
        self._places -= 1
        try:
            async with asyncio.timeout(self._timeout_s), self._turn:
                yield
        except TimeoutError:
            raise ModelBusy(f"the language model did not answer within {self._timeout_s:g} s") from None
        finally:
            self._places += 1

    def _chat(self, endpoint: Endpoint) -> ChatOpenAI:
        if endpoint not in self._chats:
            # One client at a time: a restarted server has another address and key.
            self._chats = {endpoint: _chat(endpoint, self._timeout_s)}
        return self._chats[endpoint]


def _chat(endpoint: Endpoint, timeout_s: float) -> ChatOpenAI:
    return ChatOpenAI(
        model="planner",
        base_url=f"{endpoint.url}/v1",
        api_key=lambda: endpoint.key,
        temperature=0,
        max_completion_tokens=MAX_TOKENS,
        timeout=timeout_s,
        max_retries=0,
        # The server is on this machine: a proxy that the environment names must not see the question.
        http_async_client=httpx.AsyncClient(trust_env=False, timeout=timeout_s),
        model_kwargs={"response_format": proposal.response_format()},
    )


def _graph(ask: Callable[[Sequence[Said]], Awaitable[str]], room: int) -> CompiledStateGraph[State, None, State, State]:
    async def plan(state: State) -> State:
        asked = [question(state["message"], _fitting(state.get("prior"), room - spent([state["message"]])))]
        if complaint := state.get("complaint"):
            asked += [by("assistant", state["said"]), by("user", complaint)]
        return {"said": await ask(asked)}

    graph = StateGraph(State)
    graph.add_node("plan", plan)
    graph.add_node("check", _check)
    graph.add_node("perform", _perform)
    graph.add_conditional_edges(START, _next)
    graph.add_edge("plan", "check")
    graph.add_conditional_edges("check", _next)
    graph.add_conditional_edges("perform", _next)
    return graph.compile()


def _fitting(prior: Plan | None, room: int) -> list[Step]:
    """The steps of the turn before that fit into so many tokens; the first is what that turn was about, and goes last."""
    steps = prior.steps if prior else ()
    parts = [Part(written([step]), age) for age, step in enumerate(steps)]
    return [steps[part.age] for part in cut(parts, max(room, 0))]


async def _check(state: State) -> State:
    again = "complaint" in state
    heard = proposal.hear(state["message"], state.get("heard"))
    try:
        steps, dropped = proposal.checked(proposal.read(state["said"]), state["message"], state.get("prior"), heard)
    except ValueError as error:
        if again:
            raise ModelUnavailable("the language model gave no plan") from error
        return {"complaint": "That was no plan. Write the JSON again, shorter."}
    if dropped and not again:
        return {"complaint": f"Nobody said {', '.join(map(repr, dropped))}. Write the JSON again with words of the message only."}
    steps = proposal.filled(steps, heard)
    return {"plan": Plan(steps=tuple(steps), path="model", sure=0.0 if dropped else 1.0)}


async def _perform(state: State) -> State:
    results = state.get("results", [])
    step = state["plan"].steps[len(results)]
    return {"results": [*results, await state["perform"](step)]}


def _next(state: State) -> str:
    if "plan" not in state:
        return "plan" if "said" not in state or "complaint" in state else "check"
    left = len(state["plan"].steps) - len(state.get("results", []))
    return "perform" if left and state["plan"].sure and "perform" in state else END
