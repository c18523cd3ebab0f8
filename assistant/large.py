"""The planner's other profile: an outside model calls our tools, several in a row, and may word the answer.

    ask → perform → ask → … → end

What it reads has placeholders for names and references for facts, what it calls is checked like any plan and performed under the
same policy, and what it says leaves sentence by sentence, or not at all.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypedDict

import httpx
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    InvalidToolCall,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from openai import OpenAIError
from pydantic import SecretStr

from assistant import proposal
from assistant.budget import spent
from assistant.calculate import Calculation
from assistant.outside import Outside
from assistant.plan import Plan, Spans, Step, Tool
from assistant.proposed import Proposed
from assistant.wording import Wording, rows
from data.errors import ModelUnavailable
from prompts.registry import LargePrompt

STEPS = 6
CALLS_AT_ONCE = 4
MAX_TOKENS = 600
# What results may take of what a model reads: each of them, and all of a turn.
RESULT_TOKENS, TURN_TOKENS = 1600, 6000
# And how much it reads of what came with a message, in characters.
PASTED = 6000
ANSWER_S, TURN_S = 20.0, 60.0
LONGEST_SENTENCE = 600
# What is there now has no period, unless one was asked for.
NOW = frozenset({Tool.BALANCE})

# A step -> why it may not be performed, or nothing.
Objection = Callable[[Step], str]


class State(TypedDict):
    """One run. `asked` counts how often the model was."""

    messages: list[BaseMessage]
    asked: int
    message: str
    prior: Plan | None
    heard: Spans
    objection: Objection
    wording: Wording


class LargePlanner:
    """Answers messages with an outside model.

    answer_s: how long it may take to begin an answer, and between two parts of one; turn_s: all of a turn. words: whether it may
    word the answer; else it only performs steps, and our own sentences are said.
    """

    def __init__(
        self,
        outside: Outside,
        prompt: LargePrompt,
        *,
        words: bool = True,
        steps: int = STEPS,
        answer_s: float = ANSWER_S,
        turn_s: float = TURN_S,
    ) -> None:
        self._system, self._words, self._steps, self._turn_s = prompt.system, words, steps, turn_s
        self._http = outside.http(answer_s)
        chat = ChatOpenAI(
            model=outside.model,
            base_url=outside.url,
            api_key=SecretStr(outside.key or "none"),
            temperature=0,
            max_completion_tokens=MAX_TOKENS,
            timeout=answer_s,
            max_retries=1,
            http_async_client=self._http,
        )
        self._chat = chat.bind_tools(proposal.functions(prompt))
        self._graph = self._built()

    async def converse(
        self, message: str, prior: Plan | None, heard: Spans, objection: Objection, wording: Wording, pasted: str = ""
    ) -> None:
        """Let the model perform steps and say sentences; `wording` holds what came of it, also when this raises.

        prior: the plan of the turn before. heard: the parts of the message that code recognised; a limit among them that a call
        leaves out is filled in. pasted: content that came with the message, read as data. Raises ModelUnavailable when the model
        does not answer, or not in its protocol.
        """
        hide = wording.hidden.hide
        before = f"Before: {hide(proposal.written(prior.steps))}\n" if prior else ""
        content = f"\n{_as_data('pasted', hide(pasted[:PASTED]))}" if pasted else ""
        asked = HumanMessage(before + _as_data("message", hide(message)) + content)
        messages: list[BaseMessage] = [SystemMessage(self._system), asked]
        state = State(messages=messages, asked=0, message=message, prior=prior, heard=heard, objection=objection, wording=wording)
        try:
            async with asyncio.timeout(self._turn_s):
                await self._graph.ainvoke(state, {"recursion_limit": 3 * self._steps + 3})
        except TimeoutError:
            raise ModelUnavailable(f"the outside model did not finish within {self._turn_s:g} s") from None

    async def aclose(self) -> None:
        await self._http.aclose()

    def _built(self) -> CompiledStateGraph[State, None, State, State]:
        graph = StateGraph(State)
        graph.add_node("ask", self._ask)
        graph.add_node("perform", _perform)
        graph.add_edge(START, "ask")
        graph.add_conditional_edges("ask", self._after_asking)
        graph.add_conditional_edges("perform", lambda state: END if state["wording"].over else "ask")
        return graph.compile()

    async def _ask(self, state: State) -> dict[str, Any]:
        """One answer of the model; its sentences go out as they come, once there is something to speak of."""
        whole: AIMessageChunk | None = None
        wording, sentences = state["wording"], Sentences()
        # What it says before it has called anything, or beside a call, is no answer yet.
        early: list[str] = []
        async for chunk in self._stream(state["messages"]):
            whole = chunk if whole is None else whole + chunk
            for text in sentences.take(chunk.text):
                if wording.results and not _calls(whole):
                    await self._say(text, wording)
                else:
                    early.append(text)
        if whole is None:
            raise ModelUnavailable("the outside model said nothing")
        if not _calls(whole):
            for text in (*early, *sentences.rest()):
                await self._say(text, wording)
        return {"messages": [*state["messages"], _clean(whole)], "asked": state["asked"] + 1}

    async def _say(self, text: str, wording: Wording) -> None:
        if self._words:
            await wording.say(text)

    async def _stream(self, messages: Sequence[BaseMessage]) -> AsyncIterator[AIMessageChunk]:
        """Raises ModelUnavailable, without a word of what the server said: that may repeat the question, or the key."""
        try:
            async for chunk in self._chat.astream(list(messages)):
                if not isinstance(chunk, AIMessageChunk):
                    raise TypeError(type(chunk).__name__)
                yield chunk
        except (OpenAIError, httpx.HTTPError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise ModelUnavailable(f"the outside model did not answer ({type(error).__name__})") from None

    def _after_asking(self, state: State) -> str:
        return "perform" if _calls(state["messages"][-1]) and state["asked"] < self._steps else END


def _calls(message: BaseMessage) -> bool:
    if isinstance(message, AIMessageChunk):
        return bool(message.tool_call_chunks)
    return isinstance(message, AIMessage) and bool(message.tool_calls or message.invalid_tool_calls)


def _clean(whole: AIMessageChunk) -> AIMessage:
    """The model's answer as it goes back to it, with as many calls as are performed at once.

    Arguments are read strictly: what was merged from a stream reads half of an object as a whole one.
    """
    calls: list[ToolCall] = []
    broken: list[InvalidToolCall] = []
    for chunk in whole.tool_call_chunks[:CALLS_AT_ONCE]:
        name, said, key = chunk["name"] or "", chunk["args"] or "", chunk["id"] or f"call_{len(calls) + len(broken)}"
        try:
            arguments = json.loads(said or "{}")
        except ValueError:
            arguments = None
        if isinstance(arguments, dict):
            calls.append(ToolCall(name=name, args=arguments, id=key))
        else:
            broken.append(InvalidToolCall(type="invalid_tool_call", name=name, args=said, id=key, error=None))
    return AIMessage(content=whole.text, tool_calls=calls, invalid_tool_calls=broken)


async def _perform(state: State) -> dict[str, Any]:
    """Every call of the last answer, in order; each gets its result or why it is refused."""
    asked = state["messages"][-1]
    answers: list[BaseMessage] = []
    if not isinstance(asked, AIMessage):
        raise TypeError("only a model's answer has calls")
    for call in asked.tool_calls:
        said = "" if state["wording"].over else await _performed(call["name"], call["args"], state)
        answers.append(ToolMessage(said or "Not performed.", tool_call_id=call["id"] or ""))
    for broken in asked.invalid_tool_calls:
        answers.append(ToolMessage("Refused: the arguments are no JSON.", tool_call_id=broken["id"] or ""))
    return {"messages": [*state["messages"], *answers]}


async def _performed(name: str, arguments: dict[str, Any], state: State) -> str:
    wording = state["wording"]
    try:
        wanted = proposal.called(name, _put_back(arguments, wording.hidden.put_back))
        if isinstance(wanted, Proposed):
            await wording.order(wanted)
            return "The customer is shown it, and decides."
        if isinstance(wanted, Calculation):
            result = await wording.calculate(wanted)
        else:
            result = await wording.do(_allowed(wanted, state))
    except ValueError as error:
        # What is wrong may quote the call, and so words that were put back.
        return f"Refused: {wording.hidden.hide(str(error))[:300]}"
    read = spent(message.text for message in state["messages"] if isinstance(message, ToolMessage))
    told = rows(result, wording.facts, wording.hidden, max(0, min(RESULT_TOKENS, TURN_TOKENS - read)))
    return _as_data("result", json.dumps(told, ensure_ascii=False))


def _allowed(wanted: Step, state: State) -> Step:
    """The step in the customer's own words, with the limits that they named. Raises ValueError for words that nobody said."""
    kept, dropped = proposal.checked([wanted], state["message"], state["prior"], state["heard"])
    if dropped:
        raise ValueError(f"nobody said {', '.join(map(repr, dropped))}")
    step = kept[0]
    if step.tool not in NOW:
        step = proposal.filled([step], state["heard"])[0]
    if objection := state["objection"](step):
        raise ValueError(objection)
    return step


def _put_back(value: Any, put_back: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return put_back(value)
    if isinstance(value, list):
        return [_put_back(one, put_back) for one in value]
    return {key: _put_back(one, put_back) for key, one in value.items()} if isinstance(value, dict) else value


def _as_data(what: str, text: str) -> str:
    """Text of others between marks that it cannot hold itself: data, whatever it says."""
    return f"<{what}>\n{text.replace('<', '(').replace('>', ')')}\n</{what}>"


_END = re.compile(r"(?<=[.!?])[)”\"']?\s+|\n+")


class Sentences:
    """Cuts text into sentences while it comes."""

    def __init__(self) -> None:
        self._held = ""

    def take(self, text: str) -> list[str]:
        """The sentences that are whole now. One that has no end is cut, so that nothing is held for ever."""
        self._held += text
        *whole, self._held = _END.split(self._held)
        if len(self._held) > LONGEST_SENTENCE:
            whole, self._held = [*whole, self._held], ""
        return [sentence for sentence in whole if sentence.strip()]

    def rest(self) -> list[str]:
        held, self._held = self._held, ""
        return [held] if held.strip() else []
