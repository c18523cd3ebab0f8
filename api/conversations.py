"""Conversations over HTTP: a message begins a turn; answers are read from its log, at once or as they come."""

from __future__ import annotations

import asyncio
import csv
import io
import unicodedata
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import AfterValidator, BaseModel, Field

from api.parts import Edge, TheEdge, TheLogin
from api.problems import of_event, responses
from assistant.acting import Confirmed
from data.actions import IntentId, State
from data.errors import InvalidInput, NotFound, TooLong
from data.facts import (
    ChartEvent,
    ChoicesEvent,
    CitationEvent,
    ConfirmationEvent,
    DoneEvent,
    ErrorEvent,
    Event,
    Fact,
    FactEvent,
    FeedbackEvent,
    HandoverEvent,
    Outcome,
    ReceiptEvent,
    Row,
    Scope,
    Series,
    StepUpEvent,
    TextEvent,
)
from data.party import Frozen, Login
from data.records import Conversation, Logged, Told

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], responses=responses(401, 403, 422, 503))

EVENT_STREAM = "text/event-stream"
CSV = "text/csv"
RETRY_MS = 1000
LAST_NUMBER = 2**31 - 1
# What a confirmation without words is in the history.
CONFIRMED = "Confirmed"

ConversationId = Annotated[str, Path(alias="conversation", pattern=r"^[0-9a-f]{32}$", description="The conversation's id.")]
Intention = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="The id of what was shown.")]
Accept = Annotated[str, Header(description="`text/event-stream` for events as they come.")]


def _sayable(text: str) -> str:
    """Refuse what no keyboard types: halves of characters, and control characters but for tabs and line ends."""
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r" for character in text):
        raise ValueError("control characters and halves of characters are not taken")
    if not text.strip():
        raise ValueError("there is nothing in it")
    return text.strip()


class Message(BaseModel):
    message: Annotated[str, AfterValidator(_sayable)] = Field(
        description="The customer's words, up to 2,000 characters.", examples=["How much did I spend at Tesco last month?"]
    )


class Feedback(BaseModel):
    thumb: Literal["up", "down"] = Field(description="Whether the answer was of use. A later one takes its place.")


class Confirmation(BaseModel):
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="The digest of what was shown: it is a yes to that alone.")


class CalledOff(Frozen):
    state: State = Field(description="`cancelled`, or what it is instead when that came too late.")


class Sentence(Frozen):
    """A sentence as shown, and with {f1} in the place of each fact."""

    text: str
    template: str
    refs: tuple[str, ...] = ()


class Citation(Frozen):
    source: str
    title: str


class Answer(Frozen):
    """A whole turn: what was said, every figure in it with its evidence, and what it covers."""

    conversation: str
    turn: int
    outcome: Outcome
    text: str
    sentences: tuple[Sentence, ...]
    facts: tuple[Fact, ...]
    scope: Scope
    citations: tuple[Citation, ...]
    charts: tuple[Series, ...]
    choices: tuple[str, ...]
    confirmation: ConfirmationEvent | None = Field(description="What waits for a yes, value by value; null when nothing does.")
    step_up: StepUpEvent | None = Field(description="The stronger login that a yes needs first; null when none.")
    receipts: tuple[ReceiptEvent, ...] = Field(description="What became of what was confirmed.")
    handover: str | None = Field(description="Why a person takes over; null when none does.")
    path: str = Field(description="`routed` when no language model was asked, else `model`.")
    latency_ms: float


class History(Frozen):
    conversation: Conversation
    turns: tuple[Told, ...]


class Behind(Frozen):
    """What is behind a figure: the rows it was computed from, or the figures in its formula."""

    fact: Fact
    scope: Scope
    inputs: tuple[Fact, ...]
    rows: tuple[Row, ...]
    total: int = Field(description="How many rows there are; `rows` may be a part of them.")


class Stopping(Frozen):
    stopping: bool = Field(description="Whether a turn was running.")


@router.post("", status_code=201, summary="Begin a conversation", response_model=Conversation)
async def create(edge: TheEdge, login: TheLogin, response: Response) -> Conversation:
    made = await asyncio.to_thread(edge.parts.records.create, login.party.id, edge.parts.clock())
    response.headers["Location"] = f"{router.prefix}/{made.id}"
    return made


@router.get("", summary="The customer's conversations, newest first")
async def index(edge: TheEdge, login: TheLogin, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[Conversation]:
    return list(await asyncio.to_thread(edge.parts.records.conversations, login.party.id, limit))


@router.get("/{conversation}", summary="A conversation's turns with their events", responses=responses(404))
async def history(
    edge: TheEdge,
    login: TheLogin,
    conversation: ConversationId,
    before: Annotated[int | None, Query(ge=1, le=LAST_NUMBER, description="Turns below this number.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> History:
    records, party = edge.parts.records, login.party.id
    found = await asyncio.to_thread(records.get, party, conversation)
    return History(conversation=found, turns=await asyncio.to_thread(records.turns, party, conversation, before, limit))


@router.delete("/{conversation}", status_code=204, summary="Forget a conversation", responses=responses(404))
async def delete(edge: TheEdge, login: TheLogin, conversation: ConversationId) -> None:
    await edge.turns.stop(login.party.id, conversation)
    await asyncio.to_thread(edge.parts.records.delete, login.party.id, conversation)


@router.post(
    "/{conversation}/messages",
    summary="Ask: the whole answer as JSON, or its events as they come",
    response_model=Answer,
    responses=responses(404, 409, 413, 429)
    | {200: {"description": "The answer, or its events.", "content": {EVENT_STREAM: {"schema": {"type": "string"}}}}},
)
async def ask(
    edge: TheEdge, login: TheLogin, conversation: ConversationId, body: Message, request: Request, accept: Accept = "*/*"
) -> Response:
    """The turn goes on when the connection breaks: `GET …/events` with `Last-Event-ID` resumes it."""
    if len(body.message) > edge.parts.limits.message_chars:
        raise TooLong("a message", edge.parts.limits.message_chars)
    return await _told(edge, login, conversation, body.message, None, request, accept)


@router.post(
    "/{conversation}/intents/{intent}/confirmation",
    tags=["actions"],
    summary="Say yes to what was shown: what came of it as JSON, or its events as they come",
    response_model=Answer,
    responses=responses(404, 409, 429)
    | {200: {"description": "What came of it, or its events.", "content": {EVENT_STREAM: {"schema": {"type": "string"}}}}},
)
async def confirm(
    edge: TheEdge, login: TheLogin, conversation: ConversationId, intent: Intention, body: Confirmation, request: Request,
    accept: Accept = "*/*",
) -> Response:  # fmt: skip
    """A yes is good once, for five minutes, and for the digest that was shown; a second one is told what came of the first.

    401 with `insufficient_user_authentication` (RFC 9470) when the customer has to log in more strongly first.
    """
    confirmed = Confirmed(intent=IntentId(intent), digest=body.digest)
    await edge.parts.check(login, conversation, confirmed)
    return await _told(edge, login, conversation, CONFIRMED, confirmed, request, accept)


@router.delete(
    "/{conversation}/intents/{intent}",
    tags=["actions"],
    summary="Call off what waits for a yes",
    responses=responses(404),
)
async def call_off(edge: TheEdge, login: TheLogin, conversation: ConversationId, intent: Intention) -> CalledOff:
    """What was confirmed already is not called off: its state says what has become of it."""
    return CalledOff(state=await edge.parts.call_off(login, conversation, IntentId(intent)))


async def _told(
    edge: Edge,
    login: Login,
    conversation: str,
    message: str,
    confirmed: Confirmed | None,
    request: Request,
    accept: str,
) -> Response:
    """Begin a turn and tell of it."""
    edge.allowance.take(login.party.id)
    turn = await edge.turns.begin(login, conversation, message, confirmed)
    events = edge.turns.follow(turn.party, conversation, turn.after, turn.number)
    if EVENT_STREAM in accept:
        return _stream(events)
    told = [logged.event async for logged in events if logged is not None and logged.turn == turn.number]
    ending = told[-1]
    if isinstance(ending, ErrorEvent):
        return of_event(request, ending)
    return JSONResponse(answer(conversation, turn.number, told).model_dump(mode="json"))


@router.get(
    "/{conversation}/events",
    summary="Events after the last one seen, until no turn runs",
    response_class=StreamingResponse,
    responses=responses(404)
    | {
        200: {"description": "The events as they come.", "content": {EVENT_STREAM: {}}},
        204: {"description": "Nothing was missed and nothing is running."},
    },
)
async def events(
    edge: TheEdge,
    login: TheLogin,
    conversation: ConversationId,
    last_event_id: Annotated[str, Header(description="The number of the last event seen.")] = "0",
) -> Response:
    if not (last_event_id.isascii() and last_event_id.isdigit() and int(last_event_id) <= LAST_NUMBER):
        raise InvalidInput("Last-Event-ID must be the number of an event")
    after, records = int(last_event_id), edge.parts.records
    log = await asyncio.to_thread(records.events, login.party.id, conversation, after)
    if not log.events and not log.more:
        return Response(status_code=204)
    return _stream(edge.turns.follow(login.party.id, conversation, after))


@router.post("/{conversation}/cancel", status_code=202, summary="Stop the running turn", responses=responses(404))
async def cancel(edge: TheEdge, login: TheLogin, conversation: ConversationId) -> Stopping:
    return Stopping(stopping=await edge.turns.stop(login.party.id, conversation))


@router.post(
    "/{conversation}/turns/{turn}/feedback",
    status_code=204,
    summary="Say whether an answer was of use",
    responses=responses(404, 409),
)
async def feedback(
    edge: TheEdge,
    login: TheLogin,
    conversation: ConversationId,
    turn: Annotated[int, Path(ge=1, le=LAST_NUMBER)],
    body: Feedback,
) -> None:
    said = FeedbackEvent(thumb=body.thumb)
    await asyncio.to_thread(edge.parts.records.feedback, login.party.id, conversation, turn, said)


@router.get(
    "/{conversation}/facts/{turn}/{ref}",
    tags=["figures"],
    summary="What is behind a figure",
    response_model=Behind,
    responses=responses(404) | {200: {"description": "The rows and the scope; all rows as a table for `text/csv`."}},
)
async def behind(
    edge: TheEdge,
    login: TheLogin,
    conversation: ConversationId,
    turn: Annotated[int, Path(ge=1, le=LAST_NUMBER)],
    ref: Annotated[str, Path(pattern=r"^f[0-9]{1,6}$")],
    accept: Annotated[str, Header(description="`text/csv` for a table of all rows.")] = "*/*",
    offset: Annotated[int, Query(ge=0, le=LAST_NUMBER)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    stub = await asyncio.to_thread(edge.parts.records.stub, login.party.id, conversation, turn, ref)
    evidence = () if stub.fact.formula is not None else stub.fact.evidence
    found = await edge.parts.rows(login, evidence, stub.scope.account_ids) if evidence else ()
    rows = sorted(found, key=lambda row: (row.booked_on, row.id), reverse=True)
    if CSV in accept:
        name = f"figure-{turn}-{ref}.csv"
        return Response(table(rows), media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'})
    shown = tuple(rows[offset : offset + limit])
    body = Behind(fact=stub.fact, scope=stub.scope, inputs=stub.inputs, rows=shown, total=len(rows))
    return JSONResponse(body.model_dump(mode="json"))


def answer(conversation: str, turn: int, events: Sequence[Event]) -> Answer:
    """A turn's events as one object; the last of them is its DoneEvent."""
    done = next(event for event in reversed(events) if isinstance(event, DoneEvent))
    sentences = tuple(Sentence(text=e.text, template=e.template, refs=e.refs) for e in events if isinstance(e, TextEvent))
    return Answer(
        conversation=conversation,
        turn=turn,
        outcome=done.outcome,
        text=" ".join(sentence.text for sentence in sentences),
        sentences=sentences,
        facts=tuple(e.fact for e in events if isinstance(e, FactEvent)),
        scope=done.scope,
        citations=tuple(Citation(source=e.source, title=e.title) for e in events if isinstance(e, CitationEvent)),
        charts=tuple(e.series for e in events if isinstance(e, ChartEvent)),
        choices=tuple(choice for e in events if isinstance(e, ChoicesEvent) for choice in e.choices),
        confirmation=next((e for e in events if isinstance(e, ConfirmationEvent)), None),
        step_up=next((e for e in events if isinstance(e, StepUpEvent)), None),
        receipts=tuple(e for e in events if isinstance(e, ReceiptEvent)),
        handover=next((e.reason for e in events if isinstance(e, HandoverEvent)), None),
        path=done.path,
        latency_ms=done.latency_ms,
    )


def table(rows: Sequence[Row]) -> str:
    """Rows as CSV. Text that a spreadsheet would take for a formula is kept from it by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("date", "account", "text", "amount", "currency", "category", "status", "id"))
    for row in rows:
        words = (_plain(row.account), _plain(row.text))
        rest = (row.amount, row.currency, _plain(row.category or ""), row.status, _plain(row.id))
        writer.writerow((row.booked_on.isoformat(), *words, *rest))
    return out.getvalue()


def _plain(text: str) -> str:
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _stream(events: AsyncIterator[Logged | None]) -> StreamingResponse:
    # Proxies that gather a response before they pass it on are asked not to.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_lines(events), media_type=EVENT_STREAM, headers=headers)


async def _lines(events: AsyncIterator[Logged | None]) -> AsyncIterator[bytes]:
    yield format_sse_event(retry=RETRY_MS)
    try:
        async for logged in events:
            yield KEEPALIVE_COMMENT if logged is None else _line(logged)
    except NotFound:
        yield format_sse_event(comment="the conversation was deleted")


def _line(logged: Logged) -> bytes:
    payload = logged.event.model_dump_json()
    data = f'{{"turn":{logged.turn},{payload[1:]}'
    return format_sse_event(data_str=data, event=logged.event.type, id=str(logged.number))
