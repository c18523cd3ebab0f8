"""The cards of a customer. The standard has no cards, so this follows its style: one debit card for each holder of an account.

They are listed by the accounts service; a service of its own freezes, unfreezes and replaces them.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel

from connectors.sandbox import catalogue
from connectors.sandbox.accounts import PAYING, REFUSALS, AccountsStore, Asking, Needs, Refused, answer, serving
from connectors.sandbox.books import BankAccount, Customer, digest
from connectors.sandbox.calendar import month_end, on_or_after
from connectors.sandbox.once import Answer, Key, once
from connectors.sandbox.people.common import account_id
from connectors.sandbox.wire import Json
from connectors.sandbox.written import CardState, card_state, stored

AUDIENCE = "cards"
CardsReader = Annotated[Asking, Depends(Needs("ReadCards"))]
CardHolder = Annotated[Asking, Depends(Needs("WriteCards", AUDIENCE))]
# Tomasz Zielinski froze the card of his euro account when he came home from Berlin.
FROZEN = {account_id("tomasz-euro")}
LASTS_YEARS = 3
# Working days until a replacement is there.
ARRIVES_DAYS = 5
# Limits of an account that its card has to keep to.
OF_CARD = ("cash-machine", "contactless")

router = APIRouter()


@router.get("/accounts/{account}/cards")
async def cards(request: Request, account: str, ask: CardsReader) -> Response:
    """The customer's own cards: a joint holder's card is not theirs. Empty for an account without cards, and to a viewer."""
    record = ask.own(account)
    seen = record.owners[ask.customer.id] == "viewer"
    store: AccountsStore = request.app.state.store
    held = [as_it_is(record, ask, lambda id: store.written.card(id, ask.now))] if record.type_code == "CACC" and not seen else []
    return answer(request, {"Card": held})


def card(record: BankAccount, holder: Customer, today: dt.date) -> Json:
    """A card lasts three years from the month in which the account was opened; the next one has another number."""
    expires = month_end(record.opened.year, record.opened.month)
    while expires < today:
        expires = month_end(expires.year + LASTS_YEARS, expires.month)
    number = digest(record.id, holder.id, expires)
    limits = [limit for limit in catalogue.limits(record.product, today) if limit["LimitId"] in OF_CARD]
    return {
        "CardId": f"card-{number}",
        "AccountId": record.id,
        "CardType": "Debit",
        "CardSchemeName": "VISA",
        "Name": holder.name,
        "LastFourDigits": f"{int(number, 16) % 10_000:04d}",
        "Status": "Frozen" if record.id in FROZEN else "Active",
        "ExpiryDate": expires.isoformat(),
        "Limits": limits,
    }


def as_it_is(record: BankAccount, ask: Asking, last: Callable[[str], CardState | None]) -> Json:
    """The card with what was done to it. One that was lost or stolen is followed by one with another number and end; a damaged
    one keeps both. last: what was last done to a card."""
    shown = card(record, ask.customer, ask.today)
    while (state := last(shown["CardId"])) is not None and state.arrives_on is not None:
        if state.arrives_on > ask.today:
            return shown | {"Status": "ReplacementOrdered", "ReplacementArrivesBy": state.arrives_on.isoformat()}
        if state.reason == "Damaged":
            return shown | {"Status": "Active"}
        number = digest(shown["CardId"], state.arrives_on)
        shown |= {
            "CardId": f"card-{number}",
            "LastFourDigits": f"{int(number, 16) % 10_000:04d}",
            "Status": "Active",
            "ExpiryDate": month_end(state.arrives_on.year + LASTS_YEARS, state.arrives_on.month).isoformat(),
        }
    return shown if state is None else shown | {"Status": "Frozen" if state.what == "freeze" else "Active"}


def own_card(ask: Asking, db: sqlite3.Connection, id: str) -> Json:
    """A card of the customer's own. Raises Refused alike for another's and for none at all."""
    for record in ask.books.owned_by(ask.customer.id):
        if record.type_code == "CACC" and record.owners[ask.customer.id] in PAYING:
            shown = as_it_is(record, ask, lambda one: card_state(db, one, ask.now))
            if shown["CardId"] == id:
                return shown
    raise Refused(404, "U011", "there is no such card of this customer", "CardId")


class Empty(BaseModel):
    pass


class CardRequest(BaseModel):
    Data: Empty


class Replacing(BaseModel):
    Reason: Literal["Lost", "Stolen", "Damaged"]


class ReplacementRequest(BaseModel):
    Data: Replacing


def _done(db: sqlite3.Connection, ask: Asking, id: str, what: str, reason: str | None = None) -> Json:
    """Do it unless it is so already. Raises Refused for a card that is stopped for good."""
    shown = own_card(ask, db, id)
    ordered = shown["Status"] == "ReplacementOrdered"
    if ordered and what == "unfreeze":
        raise Refused(400, "U009", "the card is stopped: another is on its way", "CardId")
    if not ordered and shown["Status"] != {"freeze": "Frozen", "unfreeze": "Active"}.get(what):
        arrives_on = _working_days(ask.today, ARRIVES_DAYS).isoformat() if what == "replace" else None
        db.execute("insert into cards values (?, ?, ?, ?, ?)", (id, what, reason, stored(ask.now), arrives_on))
        shown = own_card(ask, db, id)
    return {name: shown[name] for name in ("CardId", "Status", "ReplacementArrivesBy") if name in shown}


def _working_days(day: dt.date, number: int) -> dt.date:
    for _ in range(number):
        day = on_or_after(day + dt.timedelta(days=1))
    return day


desk = APIRouter()


@desk.post("/cards/{card}/freeze", response_model=Answer)
def freeze(request: Request, card: str, ask: CardHolder, key: Key, body: CardRequest) -> Response:
    return once(request, ask, key, body, lambda db: (200, _done(db, ask, card, "freeze")))


@desk.post("/cards/{card}/unfreeze", response_model=Answer)
def unfreeze(request: Request, card: str, ask: CardHolder, key: Key, body: CardRequest) -> Response:
    return once(request, ask, key, body, lambda db: (200, _done(db, ask, card, "unfreeze")))


@desk.post("/cards/{card}/replacements", status_code=201, response_model=Answer)
def replace(request: Request, card: str, ask: CardHolder, key: Key, body: ReplacementRequest) -> Response:
    """Whoever asks again while one is on its way is told of that one."""
    return once(request, ask, key, body, lambda db: (201, _done(db, ask, card, "replace", body.Data.Reason)))


def app(store: AccountsStore) -> FastAPI:
    """The card service over the store of the accounts service."""
    return serving(FastAPI(title="Sandbox bank: cards", responses=REFUSALS), store, (desk,))
