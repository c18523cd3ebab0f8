"""The payments service: a payment is asked for, approved by its customer, and made once.

Faster Payments are booked at once, at any hour. A payment of a later day is made on it, or on the next working day; it is
listed until then. The standard has no write for saved payees, no name check and no risk assessment: these follow its style.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
from statistics import median
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field

from connectors.sandbox import names
from connectors.sandbox.accounts import REFUSALS, AccountsStore, Asking, Needs, Refused, answer, serving
from connectors.sandbox.books import BankAccount
from connectors.sandbox.calendar import LONDON, is_working, on_or_after
from connectors.sandbox.once import Answer, Key, once
from connectors.sandbox.wire import Json, amount
from connectors.sandbox.written import INSUFFICIENT, SECOND_TRY, Written, insert, moment, new_id, stored
from data.errors import InvalidInput
from data.money import Money
from data.party import STRONG

AUDIENCE = "payments"
SORT_CODE, ACCOUNT_ID = "UK.OBIE.SortCodeAccountNumber", "UK.SANDBOX.AccountId"
# The hour at which what is due on a day is made.
FIRST_TRY = dt.time(6)
# How far ahead a payment may be set up.
AHEAD = dt.timedelta(days=366)
# Above this, in minor units, and for payees who are not saved, the customer must have proved strongly who they are, lately.
LARGE, LATELY = 100_000, dt.timedelta(minutes=10)
# A consent is good for this long. A payment that was not made by then never will be, and whoever asks can rely on it.
CONSENT_LASTS = dt.timedelta(minutes=15)
AT_ONCE, SCHEDULED = "payment", "scheduled"

Payer = Annotated[Asking, Depends(Needs("WritePayments", AUDIENCE))]
Saver = Annotated[Asking, Depends(Needs("WriteBeneficiaries", AUDIENCE))]
Text35 = Annotated[str, Field(min_length=1, max_length=35)]

router = APIRouter()


class Amount(BaseModel):
    Amount: str = Field(pattern=r"^[0-9]{1,13}(\.[0-9]{1,5})?$")
    Currency: str = Field(pattern=r"^[A-Z]{3}$")


class Account(BaseModel):
    """What is described narrower than it is read is refused by a code of its own."""

    SchemeName: str = Field(min_length=1, max_length=40, json_schema_extra={"enum": [SORT_CODE, ACCOUNT_ID]})
    Identification: str = Field(min_length=1, max_length=256)


class Creditor(BaseModel):
    SchemeName: str = Field(min_length=1, max_length=40, json_schema_extra={"enum": [SORT_CODE]})
    Identification: str = Field(min_length=1, max_length=256, json_schema_extra={"pattern": "^[0-9]{14}$"})
    Name: str = Field(min_length=1, max_length=350)


class Remittance(BaseModel):
    Unstructured: list[Annotated[str, Field(max_length=140)]] = Field(default=[], max_length=1)


class Initiation(BaseModel):
    InstructionIdentification: Text35
    EndToEndIdentification: Text35
    InstructedAmount: Amount
    DebtorAccount: Account
    CreditorAccount: Creditor
    RemittanceInformation: Remittance = Remittance()

    @property
    def reference(self) -> str:
        return "".join(self.RemittanceInformation.Unstructured)


class LaterInitiation(Initiation):
    RequestedExecutionDateTime: AwareDatetime


class Context(BaseModel):
    PaymentContextCode: Literal["TransferToSelf", "TransferToThirdParty", "BillPayment"] = "TransferToThirdParty"
    BeneficiaryPrepopulatedIndicator: bool = False


class Wanted(BaseModel):
    Initiation: Initiation


class WantedLater(BaseModel):
    Permission: Literal["Create"]
    Initiation: LaterInitiation


class Order(Wanted):
    ConsentId: str = Field(min_length=1, max_length=128)


class OrderLater(BaseModel):
    ConsentId: str = Field(min_length=1, max_length=128)
    Initiation: LaterInitiation


class ConsentRequest(BaseModel):
    Data: Wanted
    Risk: Context


class LaterConsentRequest(BaseModel):
    Data: WantedLater
    Risk: Context


class PaymentRequest(BaseModel):
    Data: Order
    Risk: Context


class LaterPaymentRequest(BaseModel):
    Data: OrderLater
    Risk: Context


class Approval(BaseModel):
    Data: dict[str, Any]


class Named(BaseModel):
    CreditorAccount: Creditor


class NameRequest(BaseModel):
    Data: Named


class RiskRequest(BaseModel):
    Data: Wanted


class Saved(BaseModel):
    AccountId: str = Field(min_length=1, max_length=40)
    CreditorAccount: Creditor
    Reference: str = Field("", max_length=35)


class BeneficiaryRequest(BaseModel):
    Data: Saved


def written(request: Request) -> Written:
    store: AccountsStore = request.app.state.store
    return store.written


def payer_of(ask: Asking, initiation: Initiation) -> BankAccount:
    """The account that is debited: one the customer may pay from. Raises Refused."""
    debtor = initiation.DebtorAccount
    path = "Data.Initiation.DebtorAccount"
    if debtor.SchemeName == ACCOUNT_ID:
        return ask.paying(debtor.Identification)
    if debtor.SchemeName != SORT_CODE:
        raise Refused(400, "U027", "accounts of this scheme cannot pay here", f"{path}.SchemeName")
    own = next((one.id for one in ask.books.accounts.values() if one.number == debtor.Identification), "")
    return ask.paying(own)


def sum_of(asked: Amount, path: str = "Data.Initiation.InstructedAmount") -> Money:
    try:
        money = Money.of(asked.Amount, asked.Currency)
    except InvalidInput as error:
        raise Refused(400, "U002", str(error), path) from error
    if money.minor <= 0:
        raise Refused(400, "U002", "there is nothing to pay", f"{path}.Amount")
    return money


def payee_of(ask: Asking, creditor: Creditor, path: str = "Data.Initiation.CreditorAccount") -> BankAccount | None:
    """The payee's account when it is kept here. Raises Refused for one that nobody could be paid at."""
    if creditor.SchemeName != SORT_CODE:
        raise Refused(400, "U027", "payees are known here by sort code and account number", f"{path}.SchemeName")
    if not re.fullmatch(r"[0-9]{14}", creditor.Identification):
        raise Refused(400, "U002", "a sort code and account number are 14 digits", f"{path}.Identification")
    if not creditor.Name.strip():
        raise Refused(400, "U002", "a payee has a name", f"{path}.Name")
    return next((one for one in ask.books.accounts.values() if one.number == creditor.Identification), None)


def examined(ask: Asking, initiation: Initiation, risk: Context) -> tuple[BankAccount, Money]:
    """The account and the amount of a payment that could be made. Raises Refused."""
    debtor, money = payer_of(ask, initiation), sum_of(initiation.InstructedAmount)
    creditor = payee_of(ask, initiation.CreditorAccount)
    if creditor is debtor:
        raise Refused(400, "U002", "an account cannot pay itself", "Data.Initiation.CreditorAccount")
    wanted = creditor.currency if creditor is not None else "GBP"
    if not money.currency == debtor.currency == wanted:
        raise Refused(400, "U023", "a payment has one currency from end to end", "Data.Initiation.InstructedAmount.Currency")
    if risk.PaymentContextCode == "TransferToSelf" and (creditor is None or not debtor.shares(creditor)):
        raise Refused(400, "U002", "the payee's account is not one of the same holder", "Risk.PaymentContextCode")
    return debtor, money


def times(ask: Asking, initiation: Initiation) -> tuple[dt.datetime, dt.datetime]:
    """Until when a payment can be sent as it is, and when the account is debited. Raises Refused for a day that is past."""
    now = ask.now.astimezone(LONDON)
    if not isinstance(initiation, LaterInitiation):
        return dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(0), LONDON), now
    wanted = initiation.RequestedExecutionDateTime
    if not ask.now - AHEAD <= wanted <= ask.now + AHEAD or not now.date() <= (asked := wanted.astimezone(LONDON).date()):
        path = "Data.Initiation.RequestedExecutionDateTime"
        raise Refused(400, "U003", "a payment can be set up for today and up to twelve months ahead", path)
    if asked == now.date() and is_working(asked) and now.time() < SECOND_TRY:
        second = dt.datetime.combine(asked, SECOND_TRY, LONDON)
        return second, second
    day = on_or_after(asked if asked > now.date() else asked + dt.timedelta(days=1))
    return dt.datetime.combine(day, dt.time(0), LONDON), dt.datetime.combine(day, FIRST_TRY, LONDON)


def ask_consent(
    request: Request, ask: Asking, kind: str, initiation: Initiation, risk: Context, key: str, body: BaseModel
) -> Response:
    debtor, _ = examined(ask, initiation, risk)
    cut_off, executes_at = times(ask, initiation)

    def act(db: sqlite3.Connection) -> tuple[int, Json]:
        consent = {
            "id": new_id("consent"), "customer": ask.customer.id, "kind": kind, "account": debtor.id, "status": "AWAU",
            "initiation": initiation.model_dump_json(), "created_at": stored(ask.now), "status_at": stored(ask.now),
            "cut_off": stored(cut_off), "executes_at": stored(executes_at),
        }  # fmt: skip
        insert(db, "consents", consent)
        return 201, consent_wire(consent)

    return once(request, ask, key, body, act)


def consent_wire(consent: sqlite3.Row | dict[str, Any]) -> Json:
    executes_at = moment(consent["executes_at"]).isoformat()
    return {
        "ConsentId": consent["id"],
        "CreationDateTime": moment(consent["created_at"]).isoformat(),
        "Status": consent["status"],
        "StatusUpdateDateTime": moment(consent["status_at"]).isoformat(),
        "CutOffDateTime": moment(consent["cut_off"]).isoformat(),
        "ExpectedExecutionDateTime": executes_at,
        "ExpectedSettlementDateTime": executes_at,
        "Charges": [],
        "Initiation": json.loads(consent["initiation"]),
    }


def consent_of(db: sqlite3.Connection, ask: Asking, id: str, kind: str | None = None) -> sqlite3.Row:
    """A consent of the customer's own, for an account that they may still pay from. Raises Refused."""
    row: sqlite3.Row | None = db.execute("select * from consents where id = ? and customer = ?", (id, ask.customer.id)).fetchone()
    if row is None or kind not in (None, row["kind"]):
        raise Refused(404 if kind is None else 400, "U011", "there is no such consent of this customer", "ConsentId")
    ask.paying(row["account"])
    return row


def still_good(ask: Asking, consent: sqlite3.Row, *statuses: str) -> None:
    """Raises Refused for a consent that is in another status, or whose time is over."""
    if consent["status"] not in statuses:
        raise Refused(400, "U009", f"the consent is {consent['status']}", "ConsentId")
    if ask.now > moment(consent["cut_off"]):
        raise Refused(400, "U012", "the time for this payment is over", "ConsentId")
    if time_is_over(ask, consent):
        raise Refused(400, "U009", "the consent has expired", "ConsentId")


def time_is_over(ask: Asking, consent: sqlite3.Row) -> bool:
    return ask.now > min(moment(consent["cut_off"]), moment(consent["created_at"]) + CONSENT_LASTS)


def proved_lately(ask: Asking) -> bool:
    """Whether the customer has proved strongly who they are, and not long ago."""
    proved = ask.claims.get("auth_time")
    if ask.claims.get("acr") != STRONG or not isinstance(proved, int):
        return False
    return ask.now - dt.datetime.fromtimestamp(proved, dt.UTC) <= LATELY


def is_known(ask: Asking, account: str, number: str) -> bool:
    """Whether a payee is saved with the account, or an account of its own holder."""
    if any(payee.number == number for payee in ask.books.saved(account, ask.now)):
        return True
    return any(one.number == number and one.shares(ask.books.accounts[account]) for one in ask.books.accounts.values())


def pay(request: Request, ask: Asking, kind: str, consent_id: str, initiation: Initiation, key: str, body: BaseModel) -> Response:
    store = written(request)

    def act(db: sqlite3.Connection) -> tuple[int, Json]:
        store.settle(db, ask.now)
        consent = consent_of(db, ask, consent_id, kind)
        if json.loads(consent["initiation"]) != initiation.model_dump(mode="json"):
            raise Refused(400, "U008", "the payment is not the one that was consented to", "Data.Initiation")
        still_good(ask, consent, "AUTH")
        db.execute("update consents set status = 'COND', status_at = ? where id = ?", (stored(ask.now), consent_id))
        return 201, payment_wire(_made(store, db, ask, consent, initiation))

    return once(request, ask, key, body, act)


def _made(store: Written, db: sqlite3.Connection, ask: Asking, consent: sqlite3.Row, initiation: Initiation) -> sqlite3.Row:
    """The payment of a consent: booked where it is to be at once and there is the money, kept where it is for later."""
    debtor, minor = ask.books.accounts[consent["account"]], sum_of(initiation.InstructedAmount).minor
    later = consent["kind"] == SCHEDULED
    short = not later and store.available(db, debtor, ask.now) < minor
    creditor = initiation.CreditorAccount
    payment = {
        "id": new_id("payment"), "consent": consent["id"], "customer": ask.customer.id, "kind": consent["kind"],
        "account": debtor.id, "status": "RJCT" if short else "INCO" if later else "ACSC",
        "reason": INSUFFICIENT if short else None,
        "created_at": stored(ask.now), "executes_at": consent["executes_at"] if later else stored(ask.now), "settled": not later,
        "name": creditor.Name, "number": creditor.Identification, "minor": minor, "reference": initiation.reference,
    }  # fmt: skip
    insert(db, "payments", payment)
    if not later and not short:
        store.book(db, debtor, payment, ask.now)
    return payment_of(db, consent["id"])[0]


def payment_of(db: sqlite3.Connection, consent: str) -> list[sqlite3.Row]:
    return db.execute(
        "select payments.*, consents.initiation from payments join consents on consents.id = consent where consent = ?",
        (consent,),
    ).fetchall()


def payment_wire(payment: sqlite3.Row) -> Json:
    executes_at = moment(payment["executes_at"]).isoformat()
    shown: Json = {
        "DomesticPaymentId" if payment["kind"] == AT_ONCE else "DomesticScheduledPaymentId": payment["id"],
        "ConsentId": payment["consent"],
        "CreationDateTime": moment(payment["created_at"]).isoformat(),
        "Status": payment["status"],
        "StatusUpdateDateTime": moment(payment["created_at"]).isoformat(),
        "ExpectedExecutionDateTime": executes_at,
        "ExpectedSettlementDateTime": executes_at,
        "Charges": [],
        "Initiation": json.loads(payment["initiation"]),
    }
    return shown | ({"StatusReason": [{"StatusReasonCode": payment["reason"]}]} if payment["reason"] else {})


@router.post("/domestic-payment-consents", status_code=201, response_model=Answer)
def consent_to_payment(request: Request, ask: Payer, key: Key, body: ConsentRequest) -> Response:
    return ask_consent(request, ask, AT_ONCE, body.Data.Initiation, body.Risk, key, body)


@router.post("/domestic-scheduled-payment-consents", status_code=201, response_model=Answer)
def consent_to_later_payment(request: Request, ask: Payer, key: Key, body: LaterConsentRequest) -> Response:
    return ask_consent(request, ask, SCHEDULED, body.Data.Initiation, body.Risk, key, body)


@router.get("/domestic-payment-consents/{consent}", response_model=Answer)
def read_consent(request: Request, consent: str, ask: Payer) -> Response:
    """A consent of either kind. One whose time is over is rejected from then on, so that a clock that goes back does not
    bring it back: whoever has read this can rely on it."""
    with written(request).writing() as db:
        row = consent_of(db, ask, consent)
        if row["status"] in ("AWAU", "AUTH") and time_is_over(ask, row):
            db.execute("update consents set status = 'RJCT', status_at = ? where id = ?", (stored(ask.now), consent))
            row = consent_of(db, ask, consent)
        return answer(request, consent_wire(row))


@router.get("/domestic-payment-consents/{consent}/funds-confirmation", response_model=Answer)
def funds(request: Request, consent: str, ask: Payer) -> Response:
    store = written(request)
    with store.reading() as db:
        row = consent_of(db, ask, consent)
        asked = sum_of(Initiation.model_validate_json(row["initiation"]).InstructedAmount)
        enough = store.available(db, ask.books.accounts[row["account"]], ask.now) >= asked.minor
    result = {"FundsAvailableDateTime": ask.now.isoformat(), "FundsAvailable": enough}
    return answer(request, {"FundsAvailableResult": result})


@router.post("/domestic-payment-consents/{consent}/authorisation", status_code=201, response_model=Answer)
def authorise(request: Request, consent: str, ask: Payer, key: Key, body: Approval) -> Response:
    """The customer approves; what the login has to be good for is decided here, whatever was decided elsewhere."""

    def act(db: sqlite3.Connection) -> tuple[int, Json]:
        row = consent_of(db, ask, consent)
        still_good(ask, row, "AWAU", "AUTH")
        initiation = Initiation.model_validate_json(row["initiation"])
        known = is_known(ask, row["account"], initiation.CreditorAccount.Identification)
        if not (known and sum_of(initiation.InstructedAmount).minor <= LARGE) and not proved_lately(ask):
            raise Refused(403, "U028", "for this payment the customer has to prove strongly who they are", "Authorization")
        db.execute("update consents set status = 'AUTH', status_at = ? where id = ?", (stored(ask.now), consent))
        return 201, consent_wire(consent_of(db, ask, consent))

    return once(request, ask, key, body, act)


@router.post("/domestic-payments", status_code=201, response_model=Answer)
def pay_at_once(request: Request, ask: Payer, key: Key, body: PaymentRequest) -> Response:
    return pay(request, ask, AT_ONCE, body.Data.ConsentId, body.Data.Initiation, key, body)


@router.post("/domestic-scheduled-payments", status_code=201, response_model=Answer)
def pay_later(request: Request, ask: Payer, key: Key, body: LaterPaymentRequest) -> Response:
    return pay(request, ask, SCHEDULED, body.Data.ConsentId, body.Data.Initiation, key, body)


@router.get("/domestic-payments", response_model=Answer)
def find_payment(request: Request, ask: Payer, consentId: str) -> Response:  # noqa: N803 - the standard's spelling
    """What was made of a consent of either kind; an empty list when nothing was."""
    with written(request).reading() as db:
        consent_of(db, ask, consentId)
        return answer(request, {"DomesticPayment": [payment_wire(row) for row in payment_of(db, consentId)]})


@router.post("/beneficiaries", status_code=201, response_model=Answer)
def save_payee(request: Request, ask: Saver, key: Key, body: BeneficiaryRequest) -> Response:
    """Save a payee, whom payments then go to with less ado: so the customer has to prove strongly who they are.

    One who is saved already with that name and number is given as they are.
    """
    wanted = body.Data
    record = ask.paying(wanted.AccountId)
    payee_of(ask, wanted.CreditorAccount, "Data.CreditorAccount")
    if not proved_lately(ask):
        raise Refused(403, "U028", "to save a payee the customer has to prove strongly who they are", "Authorization")

    def act(db: sqlite3.Connection) -> tuple[int, Json]:
        name, number = wanted.CreditorAccount.Name, wanted.CreditorAccount.Identification
        saved = db.execute(
            "select id from payees where account = ? and number = ? and name = ?", (record.id, number, name)
        ).fetchone()
        same = [payee.id for payee in ask.books.payees if (payee.account, payee.number, payee.name) == (record.id, number, name)]
        id = saved["id"] if saved else same[0] if same else new_id("ben")
        if not saved and not same:
            db.execute(
                "insert into payees values (?, ?, ?, ?, ?, ?)", (id, record.id, name, number, wanted.Reference, stored(ask.now))
            )
        return 201, {"BeneficiaryId": id, **wanted.model_dump()}

    return once(request, ask, key, body, act)


@router.post("/name-verifications", response_model=Answer)
def check_name(request: Request, ask: Payer, body: NameRequest) -> Response:
    creditor = body.Data.CreditorAccount
    payee_of(ask, creditor, "Data.CreditorAccount")
    result, name = names.check(ask.books, creditor.Identification, creditor.Name)
    return answer(request, {"Result": result} | ({"Name": name} if name else {}))


@router.post("/risk-assessments", response_model=Answer)
def assess(request: Request, ask: Payer, body: RiskRequest) -> Response:
    """How unusual a payment would be: a point for each thing that is out of the ordinary; one is medium, more are high."""
    debtor, money = examined(ask, body.Data.Initiation, Context())
    now = ask.now.astimezone(LONDON)
    paid = [-m.minor for m in ask.books.movements(debtor.id, now) if m.minor < 0 and m.entry.code.startswith("ICDT")]
    with written(request).reading() as db:
        available = written(request).available(db, debtor, now)
    points = [
        not is_known(ask, debtor.id, body.Data.Initiation.CreditorAccount.Identification),
        money.minor > 5 * median(paid) if paid else money.minor > LARGE // 10,
        money.minor > max(paid, default=0),
        now.hour < FIRST_TRY.hour,
        money.minor * 10 > available * 8,
    ]
    level = ("Low", "Medium", "High")[min(sum(points), 2)]
    return answer(request, {"RiskLevel": level, "Amount": amount(money.minor, money.currency)})


def app(store: AccountsStore) -> FastAPI:
    """The payments service over the store of the accounts service."""
    return serving(FastAPI(title="Sandbox bank: payments", responses=REFUSALS), store, (router,))
