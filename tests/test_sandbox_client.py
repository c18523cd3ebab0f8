"""What becomes of answers that a bank should not give, and how its codes read in our words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectors import obie
from connectors.obie import kind_of
from connectors.services import BankServices
from data.banking import Kind, Status
from data.errors import InvalidAmount, ServiceRefused, ServiceUnavailable
from data.money import Money
from data.party import AccountId, Role
from tests.edge import as_it_is

BASE = "https://bank.example/aisp"
ACCOUNT = AccountId("acc-1")
NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


def client(answer: Callable[[httpx.Request], httpx.Response]) -> BankServices:
    return BankServices(BASE, httpx.MockTransport(answer), as_it_is)


def row(**changes: Any) -> dict[str, Any]:
    shown = {
        "TransactionId": "t1",
        "CreditDebitIndicator": "Debit",
        "Status": "BOOK",
        "BookingDateTime": "2026-03-29T00:30:00+00:00",
        "TransactionInformation": "TESCO STORES 6227",
        "Amount": {"Amount": "12.50", "Currency": "GBP"},
    }
    return shown | changes


@pytest.mark.parametrize(
    ("family", "sub_family", "money_in", "kind"),
    [
        ("CCRD", "POSD", False, Kind.PURCHASE),
        ("CCRD", "POSD", True, Kind.REFUND),
        ("CCRD", "CWDL", False, Kind.CASH),
        ("ICDT", "BOOK", False, Kind.TRANSFER),
        ("RCDT", "BOOK", True, Kind.TRANSFER),
        ("ICDT", "STDO", False, Kind.PAYMENT),
        ("RDDT", "PMDD", False, Kind.PAYMENT),
        ("RDDT", "PMDD", True, Kind.REFUND),
        ("RCDT", "SALA", True, Kind.INCOME),
        ("RCDT", "RRTN", True, Kind.REFUND),
        ("CNTR", "CDPT", True, Kind.INCOME),
        ("ICHQ", "CCHQ", False, Kind.PAYMENT),
        ("MDOP", "CHRG", False, Kind.FEE),
        ("MDOP", "INTR", False, Kind.INTEREST),
        ("MCOP", "INTR", True, Kind.INTEREST),
        ("", "", True, Kind.INCOME),
        ("", "", False, Kind.PAYMENT),
    ],
)
def test_a_code_says_what_a_movement_is(family: str, sub_family: str, money_in: bool, kind: Kind) -> None:
    assert kind_of(family, sub_family, money_in) is kind


def test_the_least_that_the_standard_requires_is_enough() -> None:
    found = obie.transaction(ACCOUNT, row())
    assert found is not None
    assert (found.amount, found.status, found.mcc, found.supersedes) == (Money.of("-12.50", "GBP"), Status.BOOKED, None, None)
    account, role = obie.account({"AccountId": "a", "Currency": "GBP", "AccountTypeCode": "CACC"})
    assert (account.name, role) == ("current", Role.HOLDER)


def test_a_booking_date_is_the_banks_own_day() -> None:
    late = obie.transaction(ACCOUNT, row(BookingDateTime="2026-06-30T23:30:00Z"))
    assert late is not None
    assert late.booked_on == dt.date(2026, 7, 1)


@pytest.mark.parametrize("status", ["RJCT", "FUTR", "INFO"])
def test_what_moves_no_money_is_left_out(status: str) -> None:
    assert obie.transaction(ACCOUNT, row(Status=status)) is None


@pytest.mark.parametrize(("amount", "currency"), [("12.505", "GBP"), ("100.5", "JPY"), ("1.2345", "KWD")])
def test_an_amount_with_more_decimals_than_its_currency_is_an_error(amount: str, currency: str) -> None:
    with pytest.raises(InvalidAmount):
        obie.transaction(ACCOUNT, row(Amount={"Amount": amount, "Currency": currency}))


def test_decimals_that_say_nothing_are_no_error() -> None:
    found = obie.transaction(ACCOUNT, row(Amount={"Amount": "12.50000", "Currency": "GBP"}))
    assert found is not None
    assert found.amount == Money.of("-12.50", "GBP")


LEAST = {"AccountId": "a", "Currency": "GBP", "AccountTypeCode": "CACC"}


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "[]",
        "{}",
        '{"Data": []}',
        '{"Data": {"Account": {}}}',
        '{"Data": {"Account": [{"AccountId": 7}]}}',
        json.dumps({"Data": {"Account": [LEAST | {"SupplementaryData": {"Role": "king"}}]}}),
        json.dumps({"Data": {"Account": [LEAST | {"Currency": "ZZZ"}]}}),
    ],
)
async def test_an_answer_of_another_shape_makes_the_service_unavailable(body: str) -> None:
    async with client(lambda _: httpx.Response(200, text=body)) as services:
        with pytest.raises(ServiceUnavailable):
            await services.accounts("token")


async def test_an_error_about_an_answer_does_not_repeat_its_content() -> None:
    wrong = row(CreditDebitIndicator="SECRET", TransactionInformation="SECRET")
    async with client(lambda _: httpx.Response(200, json={"Data": {"Transaction": [wrong]}})) as services:
        with pytest.raises(ServiceUnavailable) as error:
            await services.transactions("token", ACCOUNT, None, NOON)
    assert "CreditDebitIndicator" in str(error.value)
    assert "SECRET" not in str(error.value)


@pytest.mark.parametrize("status", [301, 429, 500, 503])
async def test_a_service_that_cannot_answer_now_is_unavailable(status: int) -> None:
    async with client(lambda _: httpx.Response(status, headers={"location": "https://elsewhere.example"})) as services:
        with pytest.raises(ServiceUnavailable):
            await services.party("token")


async def test_a_refusal_carries_the_services_own_codes() -> None:
    body = {"Errors": [{"ErrorCode": "U028", "Message": "again please"}]}
    async with client(lambda _: httpx.Response(403, json=body)) as services:
        with pytest.raises(ServiceRefused) as refused:
            await services.party("token")
    assert (refused.value.status, refused.value.codes) == (403, ("U028",))


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_connection_that_fails_once_is_tried_again_and_not_for_ever(failures: int) -> None:
    tries = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        if tries <= failures:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json={"Data": {"Party": {"PartyId": "p", "Name": "P"}}})

    async with client(answer) as services:
        if failures == 1:
            assert (await services.party("token")).id == "p"
        else:
            with pytest.raises(ServiceUnavailable):
                await services.party("token")
    assert tries == 2


async def test_a_slow_answer_is_not_asked_for_twice() -> None:
    tries = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        raise httpx.ReadTimeout("slow", request=request)

    async with client(answer) as services:
        with pytest.raises(ServiceUnavailable):
            await services.party("token")
    assert tries == 1


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/aisp/x", "https://bank.example.evil.example/aisp/x", "http://bank.example/aisp/x", 7]
)
async def test_a_token_is_not_carried_to_a_next_page_elsewhere(elsewhere: object) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(200, json={"Data": {"Transaction": []}, "Links": {"Next": elsewhere}})

    async with client(answer) as services:
        with pytest.raises(ServiceUnavailable):
            await services.transactions("token", ACCOUNT, None, NOON)
    assert asked == ["bank.example"]


async def test_an_account_name_cannot_lead_out_of_its_path() -> None:
    asked: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(404, json={"Errors": []})

    async with client(answer) as services:
        with pytest.raises(ServiceRefused):
            await services.balances("token", AccountId("../../admin?x=1#"))
    assert asked == [b"/aisp/accounts/..%2F..%2Fadmin%3Fx%3D1%23/balances"]


def product(**changes: Any) -> dict[str, Any]:
    named = {"OtherFeeType": {"Name": "Card by courier"}, "SupplementaryData": {"FeeId": "courier", "Per": "card"}}
    fee = named | {"FeeAmount": "12.00"} | changes
    return {
        "ProductId": "current-1",
        "ProductName": "Current",
        "PCA": {"OtherFeesCharges": [{"FeeChargeDetail": [fee]}]},
        "SupplementaryData": {"AccountTypeCode": "CACC", "Currency": "GBP", "InForceFrom": "2024-01-01"},
    }


def gives(*products: dict[str, Any]) -> BankServices:
    return client(lambda _: httpx.Response(200, json={"Data": {"Product": list(products)}}))


async def test_a_product_says_what_it_charges() -> None:
    async with gives(product()) as services:
        known = await services.account_product("token", ACCOUNT)
    fee = known.fee("courier")
    assert fee is not None
    assert fee.on(Money.of("500", "GBP")) == Money.of("12.00", "GBP")
    assert (known.version, known.tiers, known.overdraft_rate, known.rate(Money.of("1", "GBP"))) == (1, (), None, None)


@pytest.mark.parametrize(
    "shown",
    [
        [product(FeeAmount="12.005")],
        [product(FeeAmount="twelve")],
        [product(FeeChargeCap=[{"MinMaxType": "About", "FeeCapAmount": "1.00"}])],
        [product(), product()],
        [],
    ],
    ids=["a third decimal", "no number", "an unknown bound", "two products", "none"],
)
async def test_a_product_that_cannot_be_read_is_not_guessed(shown: list[dict[str, Any]]) -> None:
    async with gives(*shown) as services:
        with pytest.raises(ServiceUnavailable):
            await services.account_product("token", ACCOUNT)


async def test_a_statement_without_a_balance_is_not_guessed() -> None:
    one = {
        "StatementId": "s",
        "StartDateTime": "2026-10-01T00:00:00Z",
        "EndDateTime": "2026-10-31T00:00:00Z",
        "StatementAmount": [],
    }
    async with client(lambda _: httpx.Response(200, json={"Data": {"Statement": [one]}})) as services:
        with pytest.raises(ServiceUnavailable):
            await services.statements("token", ACCOUNT)
