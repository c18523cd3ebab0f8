"""The statement list of the accounts service: one statement for each calendar month that is over."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from connectors.sandbox.accounts import Asking, Needs, answer
from connectors.sandbox.books import BankAccount, digest
from connectors.sandbox.calendar import LONDON, month_end, months
from connectors.sandbox.wire import Json, amount, indicator, moment

StatementsReader = Annotated[Asking, Depends(Needs("ReadStatementsDetail"))]

router = APIRouter()


@router.get("/accounts/{account}/statements")
async def statements(request: Request, account: str, ask: StatementsReader) -> Response:
    """Newest last."""
    record = ask.own(account)
    today = ask.today
    over = [(year, month) for year, month in months(ask.books.since, today) if month_end(year, month) < today]
    return answer(request, {"Statement": [statement(ask, record, year, month) for year, month in over]})


def statement(ask: Asking, record: BankAccount, year: int, month: int) -> Json:
    first, last = dt.date(year, month, 1), month_end(year, month)
    balances = [("PreviousClosingBalance", _before(ask, record, first)), ("ClosingBalance", _before(ask, record, _next(last)))]
    return {
        "AccountId": record.id,
        "StatementId": f"st-{digest(record.id, first)}",
        "Type": "RegularPeriodic",
        "StartDateTime": moment(first),
        "EndDateTime": moment(last),
        "CreationDateTime": moment(_next(last)),
        "StatementAmount": [
            {"Type": kind, "CreditDebitIndicator": indicator(minor), "Amount": amount(minor, record.currency)}
            for kind, minor in balances
        ],
    }


def _next(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=1)


def _before(ask: Asking, record: BankAccount, day: dt.date) -> int:
    """The booked balance, in minor units, when a day begins."""
    return ask.books.booked(record.id, dt.datetime.combine(day, dt.time(0), LONDON) - dt.timedelta(microseconds=1))
