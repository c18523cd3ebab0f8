"""A payments service that does whatever it is asked, by whomever and however often, and writes it down."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

BASE = "https://bank.invalid"
SORT_CODE = "UK.OBIE.SortCodeAccountNumber"
NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


class Saved(NamedTuple):
    """A saved payee. number: 14 digits; account: with which they are kept."""

    name: str
    number: str
    account: str


class ObligingBank:
    """A handler of httpx.MockTransport. saved: payees by their ids, by the token of whoever saved them.

    consents: what each was asked for; whose: the token that it was asked with. paid: consents in the order of their payments, as
    often as they were paid: a bank of customers' own would refuse a second time, and this one leaves that to us.
    """

    def __init__(self, saved: Mapping[str, Mapping[str, Saved]]) -> None:
        self.saved = saved
        self.consents: dict[str, dict[str, Any]] = {}
        self.whose: dict[str, str] = {}
        self.authorised: set[str] = set()
        self.paid: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, json.loads(request.content) if request.content else {}
        token = request.headers["Authorization"].partition(" ")[2]
        if path.endswith("/beneficiaries") and request.method == "GET":
            return _data({"Beneficiary": [_wire(id_, who) for id_, who in self.saved.get(token, {}).items()]})
        if path.endswith("/name-verifications"):
            return _data({"Result": "Match"})
        if path.endswith("/risk-assessments"):
            return _data({"RiskLevel": "Low"})
        if path.endswith("/funds-confirmation"):
            return _data({"FundsAvailableResult": {"FundsAvailableDateTime": NOW.isoformat(), "FundsAvailable": True}})
        if path.endswith("-consents") and request.method == "POST":
            return self._consent(body["Data"]["Initiation"], token)
        if path.endswith("/authorisation"):
            self.authorised.add(path.split("/")[-2])
            return _data({}, 201)
        if path.endswith(("/domestic-payments", "/domestic-scheduled-payments")):
            if request.method == "GET":
                return _data({"DomesticPayment": []})
            return self._pay(body["Data"])
        return httpx.Response(404)

    def _consent(self, initiation: dict[str, Any], token: str) -> httpx.Response:
        id_ = uuid.uuid4().hex
        self.consents[id_], self.whose[id_] = initiation, token
        times = dict.fromkeys(("CutOffDateTime", "ExpectedExecutionDateTime", "ExpectedSettlementDateTime"), NOW.isoformat())
        return _data({"ConsentId": id_, "Status": "AWAU", "Initiation": initiation, **times}, 201)

    def _pay(self, asked: Mapping[str, Any]) -> httpx.Response:
        id_ = asked["ConsentId"]
        if asked["Initiation"] != self.consents[id_]:
            raise AssertionError("what is to be paid is not what the consent is for")
        self.paid.append(id_)
        return _data({"DomesticPaymentId": f"p-{id_}", "Status": "ACSC"}, 201)


def _wire(id_: str, one: Saved) -> dict[str, Any]:
    creditor = {"SchemeName": SORT_CODE, "Identification": one.number, "Name": one.name}
    return {"AccountId": one.account, "BeneficiaryId": id_, "CreditorAccount": creditor}


def _data(data: dict[str, Any], status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={"Data": data, "Links": {}, "Meta": {}})
