"""How one of the bank's services is asked: a token for that service alone, one shape of errors, and no write sent twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx
from pydantic import ValidationError

from connectors.exchange import Exchange
from connectors.transport import TIMEOUT
from data.errors import InvalidInput, NotAuthenticated, OutcomeUnknown, ServiceRefused, ServiceUnavailable

# What a bearer token may look like (RFC 6750, 2.1); nothing else is put into a header.
BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
# The longest idempotency key that the standard knows.
KEY = re.compile(r"[\x21-\x7e]{1,40}")
# What goes wrong before a byte of a request has left.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.LocalProtocolError)
Json = Mapping[str, Any]
Thing = TypeVar("Thing")


class ServiceClient:
    """What every client of a service of the bank shares. The transport is ours to close.

    service: its name, which is also the audience of its tokens. base_url: its address, such as
    "https://bank.example/open-banking/v4.0/aisp".
    """

    def __init__(self, service: str, base_url: str, transport: httpx.AsyncBaseTransport, exchange: Exchange) -> None:
        self.service = service
        self._base = base_url.rstrip("/")
        self._http = httpx.AsyncClient(transport=transport, timeout=TIMEOUT, follow_redirects=False)
        self._exchange = exchange

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get(self, token: str, url: str, query: Mapping[str, str], scopes: frozenset[str]) -> Json:
        """A read: one whose connection could not be made, or was closed while it lay idle, is tried once more."""
        headers = await self._headers(token, scopes)
        try:
            address = httpx.URL(url).copy_merge_params(query)
            try:
                answer = await self._http.get(address, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError):
                answer = await self._http.get(address, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self.unavailable(type(error).__name__) from error
        if answer.status_code != 200:
            raise self._refusal(answer)
        return self.mapping(self._json(answer))

    async def post(self, token: str, path: str, body: Json, key: str, scopes: frozenset[str]) -> Json:
        """A write, sent once. key: for idempotency, 1 to 40 visible characters.

        Raises OutcomeUnknown where the service may have acted and what it did is not known, and ServiceUnavailable alone
        where it has certainly not acted.
        """
        if not KEY.fullmatch(key):
            raise InvalidInput("an idempotency key has 1 to 40 visible characters")
        headers = await self._headers(token, scopes) | {"x-idempotency-key": key}
        try:
            answer = await self._http.post(self._base + path, headers=headers, json=body)
        except (*NOT_SENT, httpx.InvalidURL) as error:
            raise self.unavailable(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise OutcomeUnknown(self.service, type(error).__name__) from error
        if answer.status_code not in (200, 201):
            raise self._refusal(answer, wrote=True)
        try:
            return self.mapping(self._json(answer))
        except ServiceUnavailable as error:
            raise OutcomeUnknown(self.service, error.reason) from error

    async def _headers(self, token: str, scopes: frozenset[str]) -> dict[str, str]:
        shown = await self._exchange(token, self.service, scopes)
        if not BEARER.fullmatch(shown):
            raise NotAuthenticated("this login is not one that can be shown to the bank's services")
        return {"Authorization": f"Bearer {shown}", "Accept": "application/json", "x-fapi-interaction-id": str(uuid4())}

    def _refusal(self, answer: httpx.Response, *, wrote: bool = False) -> NotAuthenticated | ServiceUnavailable | ServiceRefused:
        """What an answer without success means; wrote: that something was asked to be done."""
        status = answer.status_code
        if status == 401:
            return NotAuthenticated("the bank's services do not accept this login any more")
        if status == 429:
            return self.unavailable(f"it answered {status}")
        if status >= 500 or status < 400:
            return OutcomeUnknown(self.service, f"it answered {status}") if wrote else self.unavailable(f"it answered {status}")
        return ServiceRefused(self.service, status, _codes(answer))

    def unavailable(self, reason: str) -> ServiceUnavailable:
        return ServiceUnavailable(self.service, reason)

    def read(self, mapping: Callable[[Any], Thing], wire: Any) -> Thing:
        """What the wire says, in our words; what cannot be read is the service's fault, not the customer's."""
        try:
            return mapping(wire)
        except (ValidationError, ValueError, InvalidInput) as error:
            raise self.unavailable(f"its answer cannot be read: {_first_line(error)}") from error

    def written(self, mapping: Callable[[Any], Thing], answer: Json) -> Thing:
        """The answer to a write: when it cannot be read, what was done is not known."""
        try:
            return self.read(mapping, answer.get("Data"))
        except ServiceUnavailable as error:
            raise OutcomeUnknown(self.service, error.reason) from error

    def mapping(self, value: Any) -> Json:
        if not isinstance(value, dict):
            raise self.unavailable("its answer has another shape")
        return value

    def rows(self, answer: Json, name: str) -> list[Any]:
        """The resources in an answer; a bank may leave out a list that is empty."""
        found = self.mapping(answer.get("Data")).get(name, [])
        if not isinstance(found, list):
            raise self.unavailable(f"its {name} is not a list")
        return found

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise self.unavailable("its answer is not JSON") from error


def _first_line(error: Exception) -> str:
    """The fields that are wrong, without their content: an error may be logged."""
    if isinstance(error, ValidationError):
        return ", ".join(".".join(map(str, problem["loc"])) or problem["type"] for problem in error.errors())
    return str(error)


def _codes(answer: httpx.Response) -> tuple[str, ...]:
    """The service's own error codes; empty when its answer has none."""
    try:
        errors = answer.json()["Errors"]
        return tuple(str(error["ErrorCode"]) for error in errors)
    except (ValueError, KeyError, TypeError):
        return ()
