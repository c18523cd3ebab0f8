"""One table from our errors to RFC 9457 problem details."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from api.auth import DPOP
from connectors import dpop
from data import errors
from data.errors import CounterfoilError
from data.facts import ErrorEvent

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_S = 2

# The nearest class above an error decides: status and title.
TABLE: Mapping[type[CounterfoilError], tuple[int, str]] = {
    errors.CounterfoilError: (500, "Something went wrong"),
    errors.InvalidInput: (422, "The request cannot be read"),
    errors.TooLong: (422, "Too long"),
    errors.MalformedLogin: (400, "The login cannot be read"),
    errors.StepUpRequired: (401, "Confirm who you are"),
    errors.NotAuthenticated: (401, "Not logged in"),
    errors.InvalidToken: (401, "The login is not valid"),
    errors.ScopeMissing: (403, "The login is not for this"),
    errors.Denied: (403, "Not allowed"),
    errors.NotFound: (404, "Not found"),
    errors.IntentGone: (409, "It can no longer be confirmed"),
    errors.ConversationBusy: (409, "An answer is being worked on"),
    errors.LeaseLost: (409, "The answer was cut off"),
    errors.TooMany: (429, "Too many requests"),
    errors.ServiceRefused: (502, "The bank's service refused"),
    errors.Unavailable: (503, "Not available now"),
}
# Turns end with these too, without an error of ours behind them.
ENDINGS = {
    "stopped": (409, "The answer was stopped"),
    "abandoned": (500, "The answer was cut off"),
    "too_slow": (504, "The answer took too long"),
}
INTERNAL = "Something went wrong on our side. It has been noted and can be found by its id."


class Problem(BaseModel):
    """Problem details (RFC 9457). `code` is stable; `detail` is for a person."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldError] | None = Field(default=None, description="What is wrong with which part of the request.")
    id: str | None = Field(default=None, description="The id of an unexpected error in our log.")


class FieldError(BaseModel):
    field: str
    reason: str


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an operation may answer, for its OpenAPI description. Where a login is needed it may be unreadable."""
    if 401 in statuses:
        statuses = (400, *statuses)
    texts = dict(TABLE.values()) | {413: "Too large", 422: "The request cannot be read"}
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": texts[status], "content": {MEDIA_TYPE: schema}} for status in statuses}


def problem(request: Request, status: int, title: str, code: str, detail: str, **more: Any) -> JSONResponse:
    """A problem as a response; `headers` in `more` are sent, the rest are members of its body."""
    headers = more.pop("headers", None)
    body = Problem(
        type=f"urn:counterfoil:problem:{code}",
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
        **more,
    )
    content = body.model_dump(exclude_none=True)
    return JSONResponse(content, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def entry_of(kind: type[CounterfoilError]) -> tuple[int, str]:
    return next(TABLE[above] for above in kind.__mro__ if above in TABLE)


def kinds(root: type[CounterfoilError]) -> Iterator[type[CounterfoilError]]:
    """An error class and all that are below it."""
    yield root
    for below in root.__subclasses__():
        yield from kinds(below)


def of_error(request: Request, error: CounterfoilError) -> JSONResponse:
    status, title = entry_of(type(error))
    if status == 500:
        return unexpected(request, error)
    headers = challenge(request, error) | hint(error)
    return problem(request, status, title, error.code, _sentence(str(error) or title), headers=headers)


def of_event(request: Request, event: ErrorEvent) -> JSONResponse:
    """The problem for a turn that ended with an error, whose message is already for a person."""
    known = {kind.code: entry_of(kind) for kind in kinds(CounterfoilError)} | ENDINGS
    status, title = known.get(event.code, TABLE[CounterfoilError])
    return problem(request, status, title, event.code, event.message)


def challenge(request: Request, error: CounterfoilError) -> dict[str, str]:
    """What a client must bring instead, under every scheme that is taken here; what was wrong is said under the one it used.

    RFC 6750, section 3, RFC 9449, section 7.1, and RFC 9470: nothing is told to one without a token.
    """
    if not isinstance(error, errors.NotAuthenticated | errors.MalformedLogin | errors.ScopeMissing | errors.StepUpRequired):
        return {}
    schemes = request.app.state.edge.parts.bearer.schemes
    used = request.headers.get("authorization", "").partition(" ")[0].lower()
    told = next((scheme for scheme in schemes if scheme.lower() == used), schemes[0])
    parts = []
    for scheme in schemes:
        said = {"realm": "counterfoil"} | (_wrong(error) if scheme == told else {})
        said |= {"algs": " ".join(dpop.ALGORITHMS)} if scheme == DPOP else {}
        parts.append(f"{scheme} " + ", ".join(f'{name}="{_quotable(value)}"' for name, value in said.items()))
    return {"WWW-Authenticate": ", ".join(parts)}


def _wrong(error: CounterfoilError) -> dict[str, str]:
    """The error of a challenge, and what would do."""
    if isinstance(error, errors.ScopeMissing):
        return {"error": error.code, "scope": error.scope}
    if isinstance(error, errors.StepUpRequired):
        wanted = {"error": "insufficient_user_authentication", "error_description": str(error), "acr_values": error.acr}
        return wanted | {"max_age": str(error.max_age_s)}
    if isinstance(error, errors.InvalidToken | errors.MalformedLogin):
        return {"error": error.code, "error_description": str(error)}
    return {}


def _quotable(value: str) -> str:
    return value.translate({ord('"'): "'", ord("\\"): None}).encode("ascii", "replace").decode()


def hint(error: CounterfoilError) -> dict[str, str]:
    """When to try again, where that may help."""
    if isinstance(error, errors.TooMany):
        return {"Retry-After": str(max(1, math.ceil(error.wait_s)))}
    if isinstance(error, errors.ConversationBusy | errors.Unavailable):
        return {"Retry-After": str(RETRY_S)}
    return {}


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """An answer that tells nothing of the inside; the log has it all under the same id."""
    key = uuid.uuid4().hex
    log.error("unexpected error", id=key, method=request.method, path=request.url.path, exc_info=error)
    return problem(request, 500, "Something went wrong", "error", INTERNAL, id=key)


def of_http(request: Request, error: HTTPException) -> JSONResponse:
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    details = {404: "There is nothing at this address.", 413: "The request is larger than is taken here."}
    code = codes.get(error.status_code, "invalid_input" if error.status_code < 500 else "error")
    detail = details.get(error.status_code, f"{error.detail}.")
    headers = dict(error.headers or {}) | ({"Allow": _allowed(request)} if error.status_code == 405 else {})
    return problem(request, error.status_code, str(error.detail), code, detail, headers=headers)


def _allowed(request: Request) -> str:
    """The methods of all resources at an address (RFC 9110, section 10.2.1)."""
    routes = [one for one in request.app.routes if isinstance(one, Route) and one.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in routes for method in route.methods or ()}))


def of_validation(request: Request, error: RequestValidationError) -> JSONResponse:
    """Says where and why; what was sent is not repeated."""
    found = [FieldError(field=".".join(str(part) for part in e["loc"]), reason=e["msg"]) for e in error.errors()]
    title = TABLE[errors.InvalidInput][1]
    detail = _sentence(f"{found[0].field}: {found[0].reason}" if found else title)
    return problem(request, 422, title, errors.InvalidInput.code, detail, errors=found)


async def answer(request: Request, error: Exception) -> JSONResponse:
    """The problem for anything that was raised."""
    match error:
        case CounterfoilError():
            return of_error(request, error)
        case RequestValidationError():
            return of_validation(request, error)
        case HTTPException():
            return of_http(request, error)
        case _:
            return unexpected(request, error)


def install(app: FastAPI) -> None:
    """Let every error of the app leave as a problem."""
    for kind in (CounterfoilError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
