"""How fast the embedded model is to live with: what a turn adds to its call, and what a restart costs the first question."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx

from api.settings import Settings
from api.wiring import model_server
from assistant import proposal
from assistant.graph import MAX_TOKENS
from assistant.models import Endpoint
from prompts.registry import planner_prompt

CALL_S = 600.0
READY_S = 900.0
# No two that follow each other begin alike, so that nothing but the opening is in the model's memory.
QUESTIONS = (
    "could you tot up what went on petrol in october?",
    "any idea what the dentist has had off me since march?",
    "show me the dearest thing i bought last week",
    "groceries, september or october, which cost me most?",
    "who pays me, and when did they last?",
    "is anything due before payday that i should know of?",
)


class Turns(NamedTuple):
    """Milliseconds, medians. own: of a turn, outside its model calls. ratio: a turn to a bare call with the same question.

    twice: turns in which the model was asked a second time; they are left out of the ratio.
    """

    turns: int
    own_p50: float
    whole_p50: float
    bare_p50: float
    ratio: float
    twice: int


class Restarts(NamedTuple):
    """Milliseconds from the question to the first token, medians; `start`: seconds from the start until the model is ready."""

    restarts: int
    first: float
    warm: float
    ratio: float
    start_s: float


async def turns(endpoint: Endpoint, turn: Callable[[str], Awaitable[object]], questions: Sequence[str] = QUESTIONS) -> Turns:
    """Turns and bare calls in turns, in threes, so that both see the same machine. turn: answers a question by the model."""
    await bare(endpoint, "what did i spend at boots in june?", MAX_TOKENS)
    await turn("what did i get from hmrc in may?")
    whole: dict[str, float] = {}
    alone: dict[str, float] = {}
    own: list[float] = []
    once: list[str] = []
    with calls() as spent:
        for a, b, c in zip(*[iter(questions)] * 3, strict=True):
            for asked, taken in ((a, b), (c, a), (b, c)):
                alone[asked] = await bare(endpoint, asked, MAX_TOKENS)
                spent.clear()
                began = time.perf_counter()
                await turn(taken)
                whole[taken] = (time.perf_counter() - began) * 1000
                own.append(whole[taken] - sum(spent))
                once += [taken] if len(spent) == 1 else []
    ratios = [whole[question] / alone[question] for question in once]
    medians = median(own), median(whole.values()), median(alone.values()), median(ratios) if ratios else float("nan")
    return Turns(len(own), *medians, len(own) - len(once))


@contextmanager
def calls() -> Iterator[list[float]]:
    """How long each call of a model takes that is made in this context, from the request to the last byte, in milliseconds."""
    spent: list[float] = []
    send = httpx.AsyncClient.send

    async def timed(self: httpx.AsyncClient, request: httpx.Request, **how: Any) -> httpx.Response:
        began = time.perf_counter()
        response = await send(self, request, **how)
        if request.url.path.endswith("/chat/completions"):
            await response.aread()
            spent.append((time.perf_counter() - began) * 1000)
        return response

    with patch.object(httpx.AsyncClient, "send", timed):
        yield spent


async def bare(endpoint: Endpoint, question: str, tokens: int) -> float:
    """Milliseconds of one call with the planner's prompt, by nothing but HTTP."""
    body = {
        "model": "planner",
        "messages": [*proposal.opening(planner_prompt()), proposal.question(question)],
        "temperature": 0,
        "max_completion_tokens": tokens,
        "response_format": proposal.response_format(),
    }
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    async with httpx.AsyncClient(base_url=endpoint.url, headers=headers, timeout=CALL_S, trust_env=False) as client:
        began = time.perf_counter()
        (await client.post("/v1/chat/completions", json=body)).raise_for_status()
        return (time.perf_counter() - began) * 1000


async def restarts(settings: Settings, times: int) -> Restarts:
    """Start the model again and again, and ask for one token at once and then warm. settings: of a home that served it before."""
    firsts, warm, starts = [], [], []
    for _ in range(times):
        began = time.perf_counter()
        async with model_server(settings, settings.model_name, fetch=False) as server:
            endpoint = await server.ready(READY_S)
            starts.append(time.perf_counter() - began)
            first, *later = [await bare(endpoint, question, 1) for question in QUESTIONS[:4]]
            firsts.append(first)
            warm.append(median(later))
    ratio = median(a / b for a, b in zip(firsts, warm, strict=True))
    return Restarts(times, median(firsts), median(warm), ratio, median(starts))


def report_turns(found: Turns) -> str:
    twice = f"; the model was asked twice in {found.twice}" if found.twice else ""
    return (
        f"a turn that the model plans, {found.turns} of them: {found.whole_p50:.0f} ms, of these our own {found.own_p50:.1f} ms; "
        f"a bare call {found.bare_p50:.0f} ms: × {found.ratio:.2f}{twice}"
    )


def report_restarts(found: Restarts) -> str:
    return (
        f"the first token after {found.restarts} restarts: {found.first:.0f} ms, a warm one {found.warm:.0f} ms: "
        f"× {found.ratio:.2f}; ready after {found.start_s:.1f} s"
    )
