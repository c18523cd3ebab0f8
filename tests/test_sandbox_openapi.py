"""The sandbox's services against their own descriptions: whatever is sent, nothing fails and every answer is described."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI, Response
from schemathesis.checks import positive_data_acceptance
from schemathesis.core.failures import FailureGroup

from connectors.sandbox.app import ACCOUNTS_PATH, CARDS_PATH, PAYMENTS_PATH, build
from connectors.sandbox.payments import ACCOUNT_ID
from connectors.sandbox.people.common import account_id
from connectors.sandbox.tokens import SCOPES
from data.party import STRONG

NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
PATHS = (ACCOUNTS_PATH, PAYMENTS_PATH, CARDS_PATH)
# The same cases each time, and few of them: what a schema allows, what it forbids, and each limit.
FEW = hypothesis.settings(
    max_examples=5, derandomize=True, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)


# What is tested is listed when tests are collected, so the bank is there by then; the folder goes with the process.
FOLDER = tempfile.TemporaryDirectory()
SANDBOX = build(lambda: NOON, Path(FOLDER.name) / "signing.json")
accounts, payments, cards = (schemathesis.openapi.from_asgi(f"{path}/openapi.json", SANDBOX.app) for path in PATHS)


def aimed(case: schemathesis.Case[Any]) -> None:
    """A good body that asks for something of the customer's own goes further than one that asks for an account of nobody."""
    if (
        case.meta is None
        or case.meta.generation.mode is not schemathesis.GenerationMode.POSITIVE
        or not isinstance(case.body, dict)
    ):
        return
    data: Any = case.body["Data"]
    if "AccountId" in data:
        data["AccountId"] = account_id("callum-main")
    if "Initiation" in data:
        data["Initiation"]["DebtorAccount"] = {"SchemeName": ACCOUNT_ID, "Identification": account_id("callum-main")}
        data["Initiation"]["InstructedAmount"]["Currency"] = "GBP"


def check(case: schemathesis.Case[Any], service: str) -> None:
    """Not asked: that whatever fits the description is done. An account of nobody is refused with 400, as the standard has it."""
    token = SANDBOX.identity.mint("callum-mackenzie", scopes=SCOPES, audience=[service], acr=STRONG)
    aimed(case)
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=[positive_data_acceptance])


@accounts.parametrize()
@FEW
def test_every_answer_of_the_accounts_service_is_described(case: schemathesis.Case[Any]) -> None:
    check(case, "accounts")


@payments.parametrize()
@FEW
def test_every_answer_of_the_payments_service_is_described(case: schemathesis.Case[Any]) -> None:
    check(case, "payments")


@cards.parametrize()
@FEW
def test_every_answer_of_the_card_service_is_described(case: schemathesis.Case[Any]) -> None:
    check(case, "cards")


def test_an_answer_that_is_not_described_is_found() -> None:
    service = FastAPI()
    service.add_api_route("/kettle", lambda: Response(status_code=418))
    described = schemathesis.openapi.from_asgi("/openapi.json", service)
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        described["/kettle"]["GET"].Case().call_and_validate()
