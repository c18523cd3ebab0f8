"""The cards of a customer. The standard has no cards, so this follows its style: one debit card for each holder of an account."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from connectors.sandbox import catalogue
from connectors.sandbox.accounts import Asking, Needs, answer
from connectors.sandbox.books import BankAccount, Customer, digest
from connectors.sandbox.calendar import month_end
from connectors.sandbox.people.common import account_id
from connectors.sandbox.wire import Json

CardsReader = Annotated[Asking, Depends(Needs("ReadCards"))]
# Tomasz Zielinski froze the card of his euro account when he came home from Berlin.
FROZEN = {account_id("tomasz-euro")}
LASTS_YEARS = 3
# Limits of an account that its card has to keep to.
OF_CARD = ("cash-machine", "contactless")

router = APIRouter()


@router.get("/accounts/{account}/cards")
async def cards(request: Request, account: str, ask: CardsReader) -> Response:
    """The customer's own cards: a joint holder's card is not theirs. Empty for an account without cards, and to a viewer."""
    record = ask.own(account)
    seen = record.owners[ask.customer.id] == "viewer"
    held = [card(record, ask.customer, ask.today)] if record.type_code == "CACC" and not seen else []
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
