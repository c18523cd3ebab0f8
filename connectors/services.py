"""The bank's services as we ask them: one client, whichever way they are reached."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import ValidationError

from connectors import obie
from connectors.transport import TIMEOUT
from data.banking import (
    Account,
    Balance,
    Beneficiary,
    Card,
    Check,
    Contact,
    DirectDebit,
    Product,
    ScheduledPayment,
    StandingOrder,
    Statement,
    Transaction,
)
from data.errors import InvalidInput, NotAuthenticated, ServiceRefused, ServiceUnavailable
from data.party import AccountId, Party, Role

SERVICE = "accounts"
# What a bearer token may look like (RFC 6750, 2.1); nothing else is put into a header.
BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
# A bank that never stops giving next pages is not followed for ever.
MAX_PAGES = 2000
Json = Mapping[str, Any]
Thing = TypeVar("Thing")


class BankServices:
    """Reads of the accounts service. Every call carries the customer's own token; the service decides what it may see.

    base_url: the address of the service, such as "https://bank.example/open-banking/v4.0/aisp". The transport is ours
    to close. Every method raises NotAuthenticated when the token is not accepted, ServiceRefused when the service says
    no, and ServiceUnavailable when it does not answer, or not in a way that can be used: an amount with more decimals
    than its currency has is such an answer.
    """

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport) -> None:
        self._base = base_url.rstrip("/")
        self._http = httpx.AsyncClient(transport=transport, timeout=TIMEOUT, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def party(self, token: str) -> Party:
        return _read(obie.party, await self._data(token, "/party", "Party"))

    async def contact(self, token: str) -> Contact:
        """How the bank reaches the customer, as far as it shows it."""
        return _read(obie.contact, await self._data(token, "/party", "Party"))

    async def accounts(self, token: str) -> list[tuple[Account, Role]]:
        """The accounts that the customer may see, each with their role in it; empty when there are none."""
        return [_read(obie.account, wire) for wire in await self._data(token, "/accounts", "Account")]

    async def balances(self, token: str, account: AccountId) -> Balance:
        shown = await self._data(token, f"{_path(account)}/balances", "Balance")
        balance = _read(lambda wire: obie.balance(account, wire), shown)
        if balance is None:
            raise ServiceUnavailable(SERVICE, "it gave no booked balance")
        return balance

    async def transactions(
        self, token: str, account: AccountId, since: dt.datetime | None, until: dt.datetime
    ) -> list[Transaction]:
        """What was booked, or is pending, from `since` (None: from the first that the bank has) until `until`, oldest first."""
        query = {"toBookingDateTime": until.isoformat()}
        if since is not None:
            query["fromBookingDateTime"] = since.isoformat()
        rows = []
        async for page in self._pages(token, f"{_path(account)}/transactions", query):
            rows += [_read(lambda wire: obie.transaction(account, wire), wire) for wire in _list(page, "Transaction")]
        return [row for row in rows if row is not None]

    async def beneficiaries(self, token: str, account: AccountId) -> list[Beneficiary]:
        shown = await self._data(token, f"{_path(account)}/beneficiaries", "Beneficiary")
        return [_read(lambda wire: obie.beneficiary(account, wire), wire) for wire in shown]

    async def standing_orders(self, token: str, account: AccountId) -> list[StandingOrder]:
        shown = await self._data(token, f"{_path(account)}/standing-orders", "StandingOrder")
        orders = [_read(lambda wire: obie.standing_order(account, wire), wire) for wire in shown]
        return [order for order in orders if order is not None]

    async def direct_debits(self, token: str, account: AccountId) -> list[DirectDebit]:
        shown = await self._data(token, f"{_path(account)}/direct-debits", "DirectDebit")
        return [_read(lambda wire: obie.direct_debit(account, wire), wire) for wire in shown]

    async def scheduled_payments(self, token: str, account: AccountId) -> list[ScheduledPayment]:
        shown = await self._data(token, f"{_path(account)}/scheduled-payments", "ScheduledPayment")
        return [_read(lambda wire: obie.scheduled_payment(account, wire), wire) for wire in shown]

    async def products(self, token: str) -> list[Product]:
        """Every product version that is in force, on sale or not."""
        return [_read(obie.product, wire) for wire in await self._data(token, "/products", "Product")]

    async def account_product(self, token: str, account: AccountId) -> Product:
        """The product version that the account is on."""
        shown = await self._data(token, f"{_path(account)}/product", "Product")
        if len(shown) != 1:
            raise ServiceUnavailable(SERVICE, "it gave not one product for an account")
        return _read(obie.product, shown[0])

    async def eligibility(self, token: str, product: str) -> list[Check]:
        """Whether the customer meets each condition of a product version and of an overdraft on it, as far as the bank knows."""
        shown = await self._data(token, f"/products/{quote(product, safe='')}/eligibility", "Eligibility")
        return [_read(obie.check, wire) for wire in shown]

    async def cards(self, token: str, account: AccountId) -> list[Card]:
        """The customer's own cards on the account, not those of others who hold it too."""
        shown = await self._data(token, f"{_path(account)}/cards", "Card")
        return [_read(lambda wire: obie.card(account, wire), wire) for wire in shown]

    async def statements(self, token: str, account: AccountId) -> list[Statement]:
        """The statements that were made of the account, oldest first."""
        shown = await self._data(token, f"{_path(account)}/statements", "Statement")
        found = [_read(lambda wire: obie.statement(account, wire), wire) for wire in shown]
        return sorted(found, key=lambda statement: statement.since)

    async def _data(self, token: str, path: str, name: str) -> Any:
        """One resource of an answer of one page: a list, but for a party."""
        answer = await self._get(token, self._base + path, {})
        if name == "Party":
            return _mapping(answer.get("Data")).get(name)
        return _list(answer, name)

    async def _pages(self, token: str, path: str, query: Mapping[str, str]) -> AsyncIterator[Json]:
        """Answers, page by page; a next page is followed only where the token may go: to the service itself."""
        url: str | None = self._base + path
        for _ in range(MAX_PAGES):
            answer = await self._get(token, str(url), query)
            yield answer
            url, query = _mapping(answer.get("Links", {})).get("Next"), {}
            if url is None:
                return
            if not str(url).startswith(self._base + "/"):
                raise ServiceUnavailable(SERVICE, "its next page lies elsewhere")
        raise ServiceUnavailable(SERVICE, f"it has more than {MAX_PAGES} pages")

    async def _get(self, token: str, url: str, query: Mapping[str, str]) -> Json:
        if not BEARER.fullmatch(token):
            raise NotAuthenticated("this login is not one that can be shown to the bank's services")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "x-fapi-interaction-id": str(uuid4())}
        try:
            answer = await self._twice(httpx.URL(url).copy_merge_params(query), headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceUnavailable(SERVICE, type(error).__name__) from error
        if answer.status_code == 200:
            return _mapping(_json(answer))
        if answer.status_code == 401:
            raise NotAuthenticated("the bank's services do not accept this login any more")
        if answer.status_code == 429 or answer.status_code >= 500 or answer.status_code < 400:
            raise ServiceUnavailable(SERVICE, f"it answered {answer.status_code}")
        raise ServiceRefused(SERVICE, answer.status_code, _codes(answer))

    async def _twice(self, url: httpx.URL, headers: Mapping[str, str]) -> httpx.Response:
        """A read whose connection could not be made, or was closed while it lay idle, is tried once more."""
        try:
            return await self._http.get(url, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError):
            return await self._http.get(url, headers=headers)


def _path(account: AccountId) -> str:
    return f"/accounts/{quote(account, safe='')}"


def _read(mapping: Callable[[Any], Thing], wire: Any) -> Thing:
    """What the wire says, in our words; what cannot be read is the service's fault, not the customer's."""
    try:
        return mapping(wire)
    except (ValidationError, ValueError, InvalidInput) as error:
        raise ServiceUnavailable(SERVICE, f"its answer cannot be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """The fields that are wrong, without their content: an error may be logged."""
    if isinstance(error, ValidationError):
        return ", ".join(".".join(map(str, problem["loc"])) or problem["type"] for problem in error.errors())
    return str(error)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise ServiceUnavailable(SERVICE, "its answer is not JSON") from error


def _mapping(value: Any) -> Json:
    if not isinstance(value, dict):
        raise ServiceUnavailable(SERVICE, "its answer has another shape")
    return value


def _list(answer: Json, name: str) -> list[Any]:
    """The resources in an answer; a bank may leave out a list that is empty."""
    found = _mapping(answer.get("Data")).get(name, [])
    if not isinstance(found, list):
        raise ServiceUnavailable(SERVICE, f"its {name} is not a list")
    return found


def _codes(answer: httpx.Response) -> tuple[str, ...]:
    """The service's own error codes; empty when its answer has none."""
    try:
        errors = answer.json()["Errors"]
        return tuple(str(error["ErrorCode"]) for error in errors)
    except (ValueError, KeyError, TypeError):
        return ()
