"""The accounts service: what a customer's own token may read. It trusts nobody: every call is checked here again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, FastAPI, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from joserfc.jwk import KeySet
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from connectors.sandbox import wire
from connectors.sandbox.books import BankAccount, Books, Commitment, Customer
from connectors.sandbox.calendar import LONDON
from connectors.sandbox.tokens import BadToken, check
from connectors.sandbox.wire import Json
from connectors.sandbox.written import Written

AUDIENCE = "accounts"
PAGE_ROWS = 250
# The roles that may pay from an account, and have other things done with it.
PAYING = ("holder", "joint", "mandate")
INTERACTION = "x-fapi-interaction-id"
# What the description of a service says of tokens; `recognise` reads them.
BEARER = HTTPBearer(auto_error=False)


class Problem(BaseModel):
    ErrorCode: str
    Message: str
    Path: str | None = None


class Problems(BaseModel):
    """The standard's error shape."""

    Id: str
    Code: str
    Message: str
    Errors: list[Problem]


REFUSALS: dict[int | str, dict[str, Any]] = {status: {"model": Problems} for status in (400, 401, 403, 404, 405, 409)}


class Refused(Exception):
    """An answer in the error shape of OBIE: `code` is one of its four-character codes."""

    def __init__(self, status: int, code: str, message: str, path: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.path = status, code, message, path


@dataclass
class AccountsStore:
    """The books, and who may be believed about who is asking. The books are opened anew when the clock leaves them.

    written: what customers had done, which the books are shown with.
    """

    keys: KeySet
    issuer: str
    now: Callable[[], dt.datetime]
    written: Written
    _books: Books | None = field(default=None, init=False)

    def books(self, now: dt.datetime) -> Books:
        if self._books is None or not self._books.covers(now):
            self._books = self.written.books(now)
        return self.written.over(self._books, now)


@dataclass(frozen=True)
class Asking:
    """A customer who has been recognised, at one moment. claims: what their token says beside."""

    customer: Customer
    books: Books
    now: dt.datetime
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(LONDON).date()

    def own(self, account: str) -> BankAccount:
        """An account that the customer has a part in. Raises Refused alike for another's account and for none at all."""
        record = self.books.accounts.get(account)
        if record is None or self.customer.id not in record.owners:
            raise Refused(404, "U011", "there is no such account for this customer", "AccountId")
        return record

    def paying(self, account: str) -> BankAccount:
        """An account of theirs that they may have things done with. Raises Refused."""
        record = self.own(account)
        if record.owners[self.customer.id] not in PAYING:
            raise Refused(403, "U008", "whoever may only view an account can have nothing done with it", "AccountId")
        return record


def recognise(store: AccountsStore, audience: str, permission: str, authorization: str | None) -> Asking:
    """Who a token for a service speaks for, if it carries the permission. Raises Refused."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused(401, "U007", "a bearer token is needed", "Authorization")
    now = store.now()
    try:
        claims = check(token, store.keys, store.issuer, audience, now)
    except BadToken as error:
        raise Refused(401, "U006", f"the token is not valid: {error}", "Authorization") from error
    books = store.books(now)
    customer = books.customers.get(claims["sub"])
    if customer is None:
        raise Refused(401, "U006", "the token speaks for nobody who is known here", "Authorization")
    if permission not in str(claims["scope"]).split():
        raise Refused(403, "U008", f"the token does not carry {permission}", "Authorization")
    return Asking(customer, books, now, claims)


def answer(request: Request, data: Json, links: Mapping[str, str] | None = None, **meta: object) -> Response:
    return JSONResponse({"Data": data, "Links": {"Self": str(request.url), **(links or {})}, "Meta": {"TotalPages": 1, **meta}})


def _moment(request: Request, name: str) -> dt.datetime | None:
    """A time in the query; one without an offset is the bank's local time."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(400, "U003", f"{name} is not a date and time", name) from error
    return value if value.tzinfo else value.replace(tzinfo=LONDON)


def _page(request: Request, rows: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str], int]:
    """The rows of the page asked for, the links around it, and how many pages there are (one when there is nothing)."""
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    text = request.query_params.get("page", "1")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
    if not 1 <= number <= pages:
        raise Refused(400, "U002", f"there are pages 1 to {pages}", "page")

    def link(to: int) -> str:
        query = {**request.query_params, "page": str(to)}
        return str(request.url.replace(query=urlencode(query)))

    links = {"First": link(1), "Last": link(pages)}
    if number > 1:
        links["Prev"] = link(number - 1)
    if number < pages:
        links["Next"] = link(number + 1)
    return rows[(number - 1) * PAGE_ROWS : number * PAGE_ROWS], links, pages


class Needs:
    """A dependency that recognises the customer and requires a permission at one of the services."""

    def __init__(self, permission: str, audience: str = AUDIENCE) -> None:
        self.permission, self.audience = permission, audience

    async def __call__(self, request: Request, _: Annotated[object, Security(BEARER)]) -> Asking:
        return recognise(request.app.state.store, self.audience, self.permission, request.headers.get("Authorization"))


PartyReader = Annotated[Asking, Depends(Needs("ReadPartyPSU"))]
AccountsReader = Annotated[Asking, Depends(Needs("ReadAccountsDetail"))]
BalancesReader = Annotated[Asking, Depends(Needs("ReadBalances"))]
TransactionsReader = Annotated[Asking, Depends(Needs("ReadTransactionsDetail"))]
BeneficiariesReader = Annotated[Asking, Depends(Needs("ReadBeneficiariesDetail"))]
StandingOrdersReader = Annotated[Asking, Depends(Needs("ReadStandingOrdersDetail"))]
DirectDebitsReader = Annotated[Asking, Depends(Needs("ReadDirectDebits"))]
ScheduledReader = Annotated[Asking, Depends(Needs("ReadScheduledPaymentsDetail"))]

router = APIRouter()


@router.get("/party")
async def party(request: Request, ask: PartyReader) -> Response:
    return answer(request, {"Party": wire.party(ask.customer)})


@router.get("/accounts")
async def all_accounts(request: Request, ask: AccountsReader) -> Response:
    own = ask.books.owned_by(ask.customer.id)
    return answer(request, {"Account": [wire.account(record, ask.customer, ask.books.holders(record)) for record in own]})


@router.get("/accounts/{account}")
async def one_account(request: Request, account: str, ask: AccountsReader) -> Response:
    record = ask.own(account)
    return answer(request, {"Account": [wire.account(record, ask.customer, ask.books.holders(record))]})


@router.get("/accounts/{account}/balances")
async def balances(request: Request, account: str, ask: BalancesReader) -> Response:
    return answer(request, {"Balance": wire.balances(ask.books, ask.own(account), ask.now)})


@router.get("/accounts/{account}/transactions")
async def transactions(request: Request, account: str, ask: TransactionsReader) -> Response:
    record = ask.own(account)
    since, until = _moment(request, "fromBookingDateTime"), _moment(request, "toBookingDateTime")
    rows = [
        movement
        for movement in ask.books.movements(record.id, ask.now)
        if (since is None or movement.at >= since) and (until is None or movement.at <= until)
    ]
    shown, links, pages = _page(request, rows)
    available = {"FirstAvailableDateTime": wire.moment(ask.books.since), "LastAvailableDateTime": ask.now.isoformat()}
    data = {"Transaction": [wire.transaction(record, movement) for movement in shown]}
    return answer(request, data, links, TotalPages=pages, **available)


@router.get("/accounts/{account}/beneficiaries")
async def beneficiaries(request: Request, account: str, ask: BeneficiariesReader) -> Response:
    record = ask.own(account)
    if record.owners[ask.customer.id] == "viewer":
        raise Refused(403, "U008", "whoever may only view an account does not see whom it may pay", "AccountId")
    saved = [wire.beneficiary(payee) for payee in ask.books.saved(record.id, ask.now)]
    return answer(request, {"Beneficiary": saved})


@router.get("/accounts/{account}/standing-orders")
async def standing_orders(request: Request, account: str, ask: StandingOrdersReader) -> Response:
    orders = [wire.standing_order(ask.books, order, ask.now) for order in _commitments(ask, account, "SO")]
    return answer(request, {"StandingOrder": orders})


@router.get("/accounts/{account}/direct-debits")
async def direct_debits(request: Request, account: str, ask: DirectDebitsReader) -> Response:
    debits = [wire.direct_debit(ask.books, debit, ask.now) for debit in _commitments(ask, account, "DD")]
    return answer(request, {"DirectDebit": debits})


def _commitments(ask: Asking, account: str, kind: str) -> list[Commitment]:
    record = ask.own(account)
    return [commitment for commitment in ask.books.commitments if commitment.account == record.id and commitment.kind == kind]


@router.get("/accounts/{account}/scheduled-payments")
async def scheduled_payments(request: Request, account: str, ask: ScheduledReader) -> Response:
    record = ask.own(account)
    waiting = [wire.scheduled_payment(payment, record.currency) for payment in ask.books.waiting(record.id, ask.now)]
    return answer(request, {"ScheduledPayment": waiting})


async def not_served(request: Request, error: Exception) -> Response:
    """The answer for an address, or a method, that there is nothing for; Allow names the methods of all resources there."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = error_answer(Refused(status, "U011" if status == 404 else "U002", "there is nothing here that answers this"))
    if status == 405:
        routes = [
            route
            for route in request.app.routes
            if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        ]
        response.headers["Allow"] = ", ".join(sorted({method for route in routes for method in route.methods or ()}))
    return response


def error_answer(error: Refused) -> Response:
    detail = {"ErrorCode": error.code, "Message": error.message} | ({"Path": error.path} if error.path else {})
    body = {"Id": str(uuid4()), "Code": str(error.status), "Message": error.message, "Errors": [detail]}
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if error.status == 401 else {}
    return JSONResponse(body, error.status, headers)


def app(store: AccountsStore, more: Sequence[APIRouter] = ()) -> FastAPI:
    """The accounts service over its store; `more` are resources that are written elsewhere."""
    return serving(FastAPI(title="Sandbox bank: accounts", responses=REFUSALS), store, (router, *more))


def serving(service: FastAPI, store: AccountsStore, routers: Sequence[APIRouter]) -> FastAPI:
    """A service with its resources, the standard's error shape, and the interaction id given back."""
    service.state.store = store
    for part in routers:
        service.include_router(part)

    @service.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return error_answer(error)

    @service.exception_handler(RequestValidationError)
    async def unreadable(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        code = "U004" if first["type"] == "missing" else "U002"
        return error_answer(Refused(400, code, first["msg"], where.encode(errors="replace").decode()))

    service.add_exception_handler(HTTPException, not_served)

    @service.middleware("http")
    async def interaction(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        given = request.headers.get(INTERACTION, str(uuid4()))
        try:
            UUID(given)
        except ValueError:
            return error_answer(Refused(400, "U006", f"{INTERACTION} is not a UUID", INTERACTION))
        response = await call_next(request)
        response.headers[INTERACTION] = given
        response.headers["Cache-Control"] = "no-store"
        return response

    return service
