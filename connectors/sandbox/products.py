"""The product resources of the accounts service: what the bank sells, and the version that an account is on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from connectors.sandbox import catalogue
from connectors.sandbox.accounts import Asking, Needs, answer

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
