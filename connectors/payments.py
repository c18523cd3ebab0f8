"""What the bank's payments service does for a customer: payments by consent, saved payees, name checks."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any, Literal
from urllib.parse import quote

import httpx

from connectors import obie
from connectors.client import ServiceClient
from connectors.exchange import Exchange
from connectors.obie import PaymentConsent
from data.actions import NameCheck, Payee, Result, State
from data.errors import ServiceUnavailable
from data.money import Money
from data.party import AccountId

PAYS, SAVES = frozenset({"WritePayments"}), frozenset({"WriteBeneficiaries"})
AT_ONCE, LATER = "/domestic-payment", "/domestic-scheduled-payment"


class PaymentServices(ServiceClient):
    """The payments service. Every call carries a token of the customer's for this service alone, audience "payments".

    base_url: the address of the service, such as "https://bank.example/open-banking/v4.0/pisp". A write is sent once and never
    again by itself. Every method raises NotAuthenticated when the token is not accepted, ServiceRefused when the service says no
    (code U028: the customer has to prove who they are again, and strongly), ServiceUnavailable when it did not act, and
    OutcomeUnknown, which is one of those, when it may have. `key` is for idempotency, 1 to 40 visible characters: the same key
    with the same values has one effect, and one answer, however often it arrives.
    """

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport, exchange: Exchange) -> None:
        super().__init__("payments", base_url, transport, exchange)

    async def check_name(self, token: str, payee: Payee) -> tuple[NameCheck, str]:
        """Confirmation of payee, and the name as the payee's bank has it, "" unless it is close.

        UNAVAILABLE too when our own bank's service does not answer: nothing is known of the name either way.
        """
        body = {"Data": {"CreditorAccount": obie.creditor(payee)}}
        try:
            answer = await self.post(token, "/name-verifications", body, _digest(body), PAYS)
            return self.read(obie.name_check, answer.get("Data"))
        except ServiceUnavailable:
            return NameCheck.UNAVAILABLE, ""

    async def risk(self, token: str, debtor: AccountId, payee: Payee, amount: Money) -> Literal["low", "medium", "high"] | None:
        """How unusual a payment would be for the account; None when the service does not say."""
        body = {"Data": {"Initiation": obie.initiation(debtor, payee, amount, "", None, _instruction(debtor, payee, amount))}}
        try:
            answer = await self.post(token, "/risk-assessments", body, _digest(body), PAYS)
            return self.read(obie.risk, answer.get("Data"))
        except ServiceUnavailable:
            return None

    async def prepare(
        self, token: str, debtor: AccountId, payee: Payee, amount: Money, reference: str, on: dt.date | None, key: str
    ) -> PaymentConsent:
        """Ask for a consent to one payment, which nothing moves by. on: the day to make it on, None for at once."""
        body = {"Data": {"Initiation": _initiation(debtor, payee, amount, reference, on)}, "Risk": obie.context(payee)}
        if on is not None:
            body["Data"]["Permission"] = "Create"
        answer = await self.post(token, f"{_kind(on)}-consents", body, key, PAYS)
        return self.written(obie.payment_consent, answer)

    async def funds(self, token: str, consent: str) -> bool:
        """Whether the account can pay the consent now, its arranged overdraft included."""
        answer = await self.get(token, f"{self._base}{_consent(consent)}/funds-confirmation", {}, PAYS)
        return self.read(obie.funds, answer.get("Data"))

    async def authorise(self, token: str, consent: str) -> None:
        """The customer's own approval of the consent. For a payee who is not saved, or a large amount, the service wants a
        strong login that is fresh, and refuses any other with U028. Approving twice is approving."""
        await self.post(token, f"{_consent(consent)}/authorisation", {"Data": {}}, _digest(consent), PAYS)

    async def pay(
        self,
        token: str,
        consent: str,
        debtor: AccountId,
        payee: Payee,
        amount: Money,
        reference: str,
        on: dt.date | None,
        key: str,
    ) -> Result:
        """Make the payment of an approved consent, which is good for one. Values other than the consent's are refused (U008)."""
        initiation = _initiation(debtor, payee, amount, reference, on)
        body = {"Data": {"ConsentId": consent, "Initiation": initiation}, "Risk": obie.context(payee)}
        return self.written(obie.payment, await self.post(token, f"{_kind(on)}s", body, key, PAYS))

    async def find(self, token: str, consent: str) -> Result | None:
        """What became of a consent, read back: None when no payment was made of it yet. Never a write.

        FAILED, reason "not made", only where the bank says itself that none will be: its clock counts, and no other.
        """
        answer = await self.get(token, f"{self._base}/domestic-payments", {"consentId": consent}, PAYS)
        made = self.rows(answer, "DomesticPayment")
        if made:
            return self.read(obie.payment, made[0])
        answer = await self.get(token, f"{self._base}{_consent(consent)}", {}, PAYS)
        return Result(state=State.FAILED, reason="not made") if self.read(obie.is_over, answer.get("Data")) else None

    async def add_beneficiary(self, token: str, account: AccountId, payee: Payee, key: str) -> str:
        """Save a payee with an account; returns the id of the beneficiary."""
        body = {"Data": {"AccountId": account, "CreditorAccount": obie.creditor(payee)}}
        return self.written(obie.beneficiary_id, await self.post(token, "/beneficiaries", body, key, SAVES))


def _kind(on: dt.date | None) -> str:
    return AT_ONCE if on is None else LATER


def _consent(consent: str) -> str:
    """What may be asked of a consent, of one kind or the other."""
    return f"{AT_ONCE}-consents/{quote(consent, safe='')}"


def _initiation(debtor: AccountId, payee: Payee, amount: Money, reference: str, on: dt.date | None) -> dict[str, Any]:
    return obie.initiation(debtor, payee, amount, reference, on, _instruction(debtor, payee, amount, reference, on))


def _instruction(*values: object) -> str:
    """The name of an instruction follows from its values, so that those of a payment are those of its consent."""
    return _digest([str(value) for value in values])[:35]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:40]
