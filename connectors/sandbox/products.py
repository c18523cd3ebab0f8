"""The product resources of the accounts service: what the bank sells, the version that an account is on, and who may have it."""

from __future__ import annotations

from typing import Annotated

from dateutil.relativedelta import relativedelta
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from connectors.sandbox import catalogue
from connectors.sandbox.accounts import Asking, Needs, Refused, answer
from connectors.sandbox.calendar import LONDON
from connectors.sandbox.wire import Json
from data.money import Money

ProductsReader = Annotated[Asking, Depends(Needs("ReadProducts"))]

router = APIRouter()


@router.get("/products")
async def products(request: Request, ask: ProductsReader) -> Response:
    """Every version that is in force, those that are not sold any more as well."""
    return answer(request, {"Product": [catalogue.wire(product, ask.today) for product in catalogue.in_force(ask.today)]})


@router.get("/accounts/{account}/product")
async def account_product(request: Request, account: str, ask: ProductsReader) -> Response:
    record = ask.own(account)
    return answer(request, {"Product": [catalogue.wire(record.product, ask.today, record.id)]})


@router.get("/products/{product}/eligibility")
async def eligibility(request: Request, product: str, ask: ProductsReader) -> Response:
    """Whether the customer meets each condition of a product and of an overdraft on it, as far as the bank knows.

    The standard has no eligibility, so this follows its style. "Unknown" is what the bank asks about when somebody applies.
    """
    if product not in catalogue.in_force(ask.today):
        raise Refused(404, "U011", "there is no such product", "ProductId")
    known = catalogue.catalogue()[product]
    checks = [
        {"For": purpose, "Condition": catalogue.condition_wire(known, condition), "Status": status(ask, condition)}
        for purpose, key in (("Account", "conditions"), ("Overdraft", "overdraft_conditions"))
        for condition in known.get(key, ())
    ]
    return answer(request, {"Eligibility": checks})


def status(ask: Asking, condition: Json) -> str:
    """What is about somebody else, or has nothing in it that can be looked up, is not known."""
    verdicts: list[bool | None] = []
    born = ask.customer.born
    age = None if born is None else relativedelta(ask.today, born).years
    if "least_age" in condition:
        verdicts.append(None if age is None else age >= condition["least_age"])
    if "country" in condition:
        verdicts.append(ask.customer.country == condition["country"])
    if "holds" in condition:
        verdicts.append(_has_had(ask, condition["holds"], condition["months"]))
    if "least_income" in condition:
        verdicts.append(_income(ask) >= Money.of(condition["least_income"], "GBP").minor)
    if False in verdicts:
        return "NotMet"
    return "Unknown" if "of" in condition or not verdicts or None in verdicts else "Met"


def _has_had(ask: Asking, family: str, months: int) -> bool:
    since = ask.today - relativedelta(months=months)
    own = [a for a in ask.books.owned_by(ask.customer.id) if a.owners[ask.customer.id] in ("holder", "joint")]
    return any(account.product.rpartition("-")[0] == family and account.opened <= since for account in own)


def _income(ask: Asking) -> int:
    """What came in from others in the leanest of the last three calendar months, in pence."""
    own = {a.id for a in ask.books.owned_by(ask.customer.id) if a.currency == "GBP"}
    starts = [ask.today + relativedelta(day=1, months=-back) for back in range(4)]
    came = [0, 0, 0]
    for entry in (entry for account in own for entry in ask.books.entries[account]):
        if (
            entry.minor <= 0
            or entry.booked_at is None
            or not entry.code.startswith("RCDT/")
            or entry.code[5:] in ("BOOK", "RRTN")
        ):
            continue
        day = entry.booked_at.astimezone(LONDON).date()
        for back in range(3):
            came[back] += entry.minor if starts[back + 1] <= day < starts[back] else 0
    return min(came)
