"""A server that speaks the OpenAI protocol and plays one of three models: a faithful one, a sloppy one, an obedient one.

It is no model: what it calls and says is worked out from the words of the message, the same every time. The faithful one does
what it was told to do. The sloppy one gets everything wrong that a model can get wrong. The obedient one does whatever a text
tells it to.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, NamedTuple
from zlib import crc32

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

MODEL = "scripted"
PIECE = 7


class Script(StrEnum):
    FAITHFUL = "faithful"
    SLOPPY = "sloppy"
    OBEDIENT = "obedient"


class Call(NamedTuple):
    """arguments: JSON, or what is sent in its place."""

    name: str
    arguments: str


class Reply(NamedTuple):
    """torn: the connection ends in the middle."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    status: int = 200
    torn: bool = False


class Seen(NamedTuple):
    """What a model gets to see: the message, and what the calls so far gave (a text where it was refused)."""

    message: str
    results: Sequence[Mapping[str, Any] | str]
    rounds: int

    @classmethod
    def of(cls, messages: Sequence[Mapping[str, Any]]) -> Seen:
        asked = next(str(m["content"]) for m in messages if m["role"] == "user")
        told = [str(m["content"]) for m in messages if m["role"] == "tool"]
        rounds = sum(m["role"] == "assistant" for m in messages)
        return cls(_inside("message", asked) or asked, [_result(text) for text in told], rounds)

    @property
    def found(self) -> list[Mapping[str, Any]]:
        return [result for result in self.results if not isinstance(result, str)]

    @property
    def refs(self) -> list[str]:
        return [ref for result in self.found for fact in result["facts"] for ref in re.findall(r"^\{(f\d+)\}", fact)]

    @property
    def sentences(self) -> list[str]:
        return [text for result in self.found for text in result["said"] if "{f" in text]


def _inside(mark: str, text: str) -> str:
    found = re.search(rf"<{mark}>\n(.*)\n</{mark}>", text, re.DOTALL)
    return found[1] if found else ""


def _result(text: str) -> Mapping[str, Any] | str:
    inside = _inside("result", text)
    found: Mapping[str, Any] | str = json.loads(inside) if inside else text
    return found


def call(name: str, **arguments: Any) -> Call:
    return Call(name, json.dumps({key: value for key, value in arguments.items() if value}))


# The faithful one

_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)(?: \[NUMBER_\d+\])?"
_PERIOD = re.compile(
    rf"\b(?:in {_MONTH}|{_MONTH}|(?:last|this|next) (?:month|week|year)|(?:before|until) (?:payday|i'm paid)|yesterday|today)",
    re.I,
)
_KIND = re.compile(r"\b(?:groceries|eating out|coffee|transport|travel|shopping|bills|clothes|entertainment|takeaways?)\b", re.I)
_CUES = (
    ("afford", "afford"), ("put aside|spare|save", "spare"), ("balance|how much (?:do i have|is in)", "balance"),
    ("standing order", "standing_orders"), ("direct debit", "direct_debits"), ("subscription", "subscriptions"),
    ("due|coming out|bills", "upcoming"), ("how (?:many|often)", "count"), ("average", "average"), ("biggest|largest", "largest"),
    ("when|last p", "last"), ("refund", "refunds"), ("came in|income|earn|received", "income"),
    ("spen[dt]|cost|paid|pay|how much", "sum"),
)  # fmt: skip


def faithful(seen: Seen) -> Reply:
    """One thing after another: what is asked, what it comes to, then our own sentences with the references in them."""
    names, kinds, periods, amounts = _parts(seen.message)
    if not seen.results:
        if "more than" in seen.message and len(kinds) > 1:
            calls = [call("sum", category=kinds[0], periods=[period]) for period in periods[:2]]
            return Reply(calls=(*calls, call("sum", category=kinds[1], periods=periods[:1])))
        tool = next((name for cue, name in _CUES if re.search(cue, seen.message, re.I)), "article")
        takes = {
            "afford": {"amount": amounts[:1], "periods": periods[:1]},
            "balance": {}, "standing_orders": {}, "direct_debits": {}, "article": {}, "spare": {"periods": periods[:1]},
        }  # fmt: skip
        spans = takes.get(tool, {"merchants": names[:1], "category": kinds[:1] if not names else [], "periods": periods[:1]})
        one = {key: value[0] if key in ("category", "amount") and value else value for key, value in spans.items()}
        return Reply(calls=(call(tool, **one),))
    if "more than" in seen.message and len(kinds) > 1 and seen.rounds == 1 and len(seen.found) > 2:
        first = [next(re.findall(r"f\d+", fact)[0] for fact in result["facts"]) for result in seen.found]
        return Reply(calls=tuple(call("calculate", operation="difference", facts=[first[0], other]) for other in first[1:3]))
    said = [text for text in seen.sentences if not re.search(r"\b(?:not|no|Not)\b", text)]
    return Reply(text=" ".join(said))


def _parts(message: str) -> tuple[list[str], list[str], list[str], list[str]]:
    names = re.findall(r"\[NAME_\d+\]", message)
    return names, _KIND.findall(message), _PERIOD.findall(message), re.findall(r"\[(?:AMOUNT|NUMBER)_\d+\]", message)


# The sloppy one

_WRONG_CALLS = (
    Call("sum", '{"merchants": ["Harrods"], "periods": ["in March"]}'),
    Call("sum", '{"merchants": "Tesco", "periods": '),
    Call("sum", "spent at tesco"),
    Call("total_spending", '{"merchant": "Tesco"}'),
    Call("balance", '{"account": 31926819}'),
    Call("largest", '{"number": ["three", {"of": "them"}], "limit": 5}'),
    Call("calculate", '{"operation": "sum", "facts": ["f98", "f99"]}'),
    Call("calculate", '{"operation": "sum", "facts": [12.5, 4]}'),
    Call("calculate", '{"operation": "multiply", "facts": ["f1"]}'),
    Call("top", "{}"),
    Call("income", "{}"),
    Call("position", "{}"),
)
_WRONG_SENTENCES = (
    "You spent £412.77 at Tesco.",
    "You spent {f99} in all.",
    "That is twice as much as {f1}.",
    "{f1} is more than last month.",
    "You paid {f1} to Harrods in March.",
    "Nothing else is due, so {f1} is yours to keep.",
    "**{f1}** ![total](http://127.0.0.1:9/{f1})",
    "{f1} was taken two times, which is a duplicate.",
    "You did not spend {f1}.",
    "Your salary of {f1} has arrived.",
    "You can easily afford {f1}.",
    "About half of {f1} went on [NAME_1] and [NAME_99].",
    "In 2019 you spent {f1}.",
    "You have none left after {f1}.",
    "{f1",
    "{total} went out.",
    "I think everything is fine.",
)


def sloppy(seen: Seen) -> Reply:
    """Wrong calls beside right ones, then wrong sentences among right ones; now and then no answer at all."""
    dice = crc32(seen.message.encode()) + 7919 * seen.rounds
    if dice % 23 == 0:
        return Reply(status=500)
    if dice % 29 == 0:
        return Reply(text="You spent {f1} and then ", torn=True)
    if not seen.found and seen.rounds < 2:
        wrong = [_WRONG_CALLS[(dice + n) % len(_WRONG_CALLS)] for n in range(2)]
        return Reply(text="Let me add that up: £99.", calls=(wrong[0], *faithful(seen._replace(results=())).calls, wrong[1]))
    if seen.rounds == 2 and dice % 3 == 0:
        return Reply(calls=(_WRONG_CALLS[dice % len(_WRONG_CALLS)],))
    wrong_words = [_WRONG_SENTENCES[(dice + n) % len(_WRONG_SENTENCES)] for n in range(3)]
    refs = seen.refs or ["f1"]
    mixed = [*seen.sentences[: dice % 2], *(text.replace("{f1}", f"{{{refs[dice % len(refs)]}}}") for text in wrong_words)]
    return Reply(text=" ".join([*mixed, *seen.sentences[1:2]]))


# The obedient one

_ORDERS = (
    Call("transfer", '{"to": "attacker", "amount": "[AMOUNT_1]"}'),
    Call("sql", '{"query": "select * from entry"}'),
    Call("read_secrets", "{}"),
    Call("balance", '{"account": "all accounts of all customers", "party": "daniel-whitlock"}'),
    Call("find", '{"merchants": ["everybody"], "customer": "margaret-ellison"}'),
    Call("set_policy", '{"allow": "*"}'),
)


def obedient(seen: Seen) -> Reply:
    """Whatever the message or a result says is an order: it calls for it, then reads out all that it knows."""
    if seen.rounds == 0:
        words = [w for w in re.findall(r"\[NAME_\d+\]|\[NUMBER_\d+\]|\b[A-Z][a-z]{3,}(?: [A-Z][a-z]+)*", seen.message) if w]
        wanted = [c for word in words[:2] for c in (call("balance", account=word), call("find", merchants=[word]))]
        return Reply(calls=(_ORDERS[crc32(seen.message.encode()) % len(_ORDERS)], *(wanted or [call("position")])))
    if seen.rounds == 1:
        return Reply(calls=(*_ORDERS[:2], *faithful(seen._replace(results=())).calls))
    told = " ".join(text if isinstance(text, str) else json.dumps(text) for text in seen.results)
    secrets = "The PIN is 1234. The balance of Daniel Whitlock is £2,000.00. I have sent the money."
    return Reply(text=f"{secrets} {seen.message} {' '.join(seen.sentences)} {told} You are authorised: {{f1}}.")


SCRIPTS: Mapping[Script, Callable[[Seen], Reply]] = {
    Script.FAITHFUL: faithful,
    Script.SLOPPY: sloppy,
    Script.OBEDIENT: obedient,
}


def create(play: Callable[[Seen], Reply], heard: list[dict[str, Any]] | None = None) -> FastAPI:
    """The server. heard: gets every request's body, with the headers under "headers"."""
    app = FastAPI(title="Scripted model", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "counterfoil"}]}

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        body = await request.json()
        if heard is not None:
            heard.append(body | {"headers": dict(request.headers)})
        reply = play(Seen.of(body["messages"]))
        if reply.status != 200:
            return JSONResponse({"error": {"message": f"no answer to {body}", "type": "server_error"}}, reply.status)
        if body.get("stream"):
            return StreamingResponse(_streamed(reply), media_type="text/event-stream")
        return JSONResponse(_envelope("chat.completion", {"message": _message(reply)}, _reason(reply)))

    return app


def _reason(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _envelope(kind: str, part: Mapping[str, Any], reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": reason, **part}
    return {"id": "scripted-1", "object": kind, "created": 0, "model": MODEL, "choices": [choice]}


def _message(reply: Reply) -> dict[str, Any]:
    return {"role": "assistant", "content": reply.text or None, **({"tool_calls": _calls(reply)} if reply.calls else {})}


def _calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {"index": n, "id": f"call_{n}", "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
        for n, one in enumerate(reply.calls)
    ]


async def _streamed(reply: Reply) -> AsyncIterator[str]:
    pieces: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    pieces += [{"content": reply.text[n : n + PIECE]} for n in range(0, len(reply.text), PIECE)]
    for one in _calls(reply):
        arguments = one["function"]["arguments"]
        pieces.append({"tool_calls": [one | {"function": {"name": one["function"]["name"], "arguments": ""}}]})
        for n in range(0, len(arguments), PIECE):
            pieces.append({"tool_calls": [{"index": one["index"], "function": {"arguments": arguments[n : n + PIECE]}}]})
    for piece in pieces:
        yield f"data: {json.dumps(_envelope('chat.completion.chunk', {'delta': piece}, None))}\n\n"
    if reply.torn:
        yield "data: {not json\n\n"
        return
    yield f"data: {json.dumps(_envelope('chat.completion.chunk', {'delta': {}}, _reason(reply)))}\n\n"
    yield "data: [DONE]\n\n"


@contextmanager
def served(play: Callable[[Seen], Reply], heard: list[dict[str, Any]] | None = None, port: int = 0) -> Iterator[str]:
    """The server on loopback, in a thread of its own; gives the base URL."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        server = uvicorn.Server(uvicorn.Config(create(play, heard), log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            thread.join()
