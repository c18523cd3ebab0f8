"""UK Open Banking v4.0 shapes into our words, once. What is written on the wire and used nowhere is not named here.

A transaction's kind comes from its ISO 20022 code (family and sub-family) and its direction:

    CCRD CWDL, CNTR CWDL           cash
    CCRD otherwise                 purchase, or refund when it is money in
    ICDT or RCDT with BOOK         transfer (between accounts of the same customer)
    RCDT RRTN, RDDT as money in    refund (a payment or a direct debit that came back)
    RCDT, CNTR otherwise           income
    ICDT, RDDT, ICHQ               payment
    MDOP or MCOP with INTR         interest; with anything else, a fee

A family that is not known here is an income or a payment by its direction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, AwareDatetime, BaseModel, Field

from data.actions import NameCheck, Payee, Result, State
from data.banking import (
    Account,
    AccountKind,
    Balance,
    Beneficiary,
    Card,
    Check,
    Condition,
    Contact,
    DirectDebit,
    Fee,
    Frequency,
    Kind,
    Limit,
    Product,
    ScheduledPayment,
    StandingOrder,
    Statement,
    Status,
    Tier,
    Transaction,
)
from data.money import Money
from data.party import AccountId, Frozen, Party, PartyId, Role

# Where the bank's booking dates are kept; the standard has no field for it.
ZONE = ZoneInfo("Europe/London")
KINDS = {"CACC": AccountKind.CURRENT, "SVGS": AccountKind.SAVINGS, "CARD": AccountKind.CARD}
LOANS = ("LOAN", "MORT")
ENDED = ("CANC", "EXPI")
# An account by the id that the bank's own accounts service gives it.
ACCOUNT_ID = "UK.SANDBOX.AccountId"
# What the status of a payment means for the one who asked for it; any other is not known yet.
MADE = ("ACSP", "ACSC", "ACCC", "ACWC", "ACWP", "INCO")
NOT_MADE = ("RJCT", "BLCK", "CANC", "INFA")
# ISO 20022 purpose codes that say what a payment is for, by the ids of our categories. Codes that may mean several
# things (TAXS: a council's or the revenue's) are left out: the statement text knows better.
PURPOSES = {
    "CHAR": "gifts",
    "ELEC": "utilities",
    "GASB": "utilities",
    "HLRP": "mortgage",
    "INPC": "insurance",
    "LIFI": "insurance",
    "LOAN": "borrowing",
    "NWCM": "telecoms",
    "PENS": "income",
    "PHON": "telecoms",
    "PPTI": "insurance",
    "RENT": "rent",
    "SALA": "income",
    "WTER": "utilities",
}


class Amount(BaseModel):
    amount: str = Field(alias="Amount", pattern=r"^\d{1,13}(\.\d{1,5})?$")
    currency: str = Field(alias="Currency")

    def money(self, indicator: str = "Credit") -> Money:
        """Signed money. Raises InvalidAmount when there are more decimals than the currency has."""
        value = Money.of(self.amount, self.currency)
        return -value if indicator == "Debit" else value


Indicator = Literal["Credit", "Debit"]


class CashAccount(BaseModel):
    identification: str = Field("", alias="Identification")
    name: str = Field("", alias="Name")


class WireParty(BaseModel):
    id: str = Field(alias="PartyId")
    name: str = Field(alias="Name")


class Address(BaseModel):
    town: str = Field("", alias="TownName")
    postcode: str = Field("", alias="PostCode")


class WireContact(WireParty):
    email: str = Field("", alias="EmailAddress")
    mobile: str = Field("", alias="Mobile")
    addresses: tuple[Address, ...] = Field((), alias="Address")


class WireAccount(BaseModel):
    id: str = Field(alias="AccountId")
    currency: str = Field(alias="Currency")
    type_code: str = Field(alias="AccountTypeCode")
    product: str = Field("", alias="Description")
    nickname: str = Field("", alias="Nickname")
    accounts: tuple[CashAccount, ...] = Field((), alias="Account")
    extra: Mapping[str, Any] = Field({}, alias="SupplementaryData")


class CreditLine(BaseModel):
    included: bool = Field(alias="Included")
    amount: Amount = Field(alias="Amount")


class WireBalance(BaseModel):
    kind: str = Field(alias="Type")
    indicator: Indicator = Field(alias="CreditDebitIndicator")
    amount: Amount = Field(alias="Amount")
    at: AwareDatetime = Field(alias="DateTime")
    lines: tuple[CreditLine, ...] = Field((), alias="CreditLine")


class Code(BaseModel):
    code: str = Field("", alias="Code")
    sub_code: str = Field("", alias="SubCode")


class Merchant(BaseModel):
    name: str | None = Field(None, alias="MerchantName")
    mcc: str | None = Field(None, alias="MerchantCategoryCode")


class Exchange(BaseModel):
    rate: Decimal = Field(alias="ExchangeRate")
    instructed: Amount | None = Field(None, alias="InstructedAmount")


class WireTransaction(BaseModel):
    id: str = Field(alias="TransactionId")
    indicator: Indicator = Field(alias="CreditDebitIndicator")
    status: str = Field(alias="Status")
    booked_at: AwareDatetime = Field(alias="BookingDateTime")
    value_at: AwareDatetime | None = Field(None, alias="ValueDateTime")
    text: str = Field("", alias="TransactionInformation")
    reference: str | None = Field(None, alias="TransactionReference")
    amount: Amount = Field(alias="Amount")
    code: Code = Field(default_factory=Code, alias="BankTransactionCode")
    purpose: str | None = Field(None, alias="PaymentPurposeCode")
    merchant: Merchant = Field(default_factory=Merchant, alias="MerchantDetails")
    creditor: CashAccount | None = Field(None, alias="CreditorAccount")
    debtor: CashAccount | None = Field(None, alias="DebtorAccount")
    exchange: Exchange | None = Field(None, alias="CurrencyExchange")
    extra: Mapping[str, Any] = Field({}, alias="SupplementaryData")


class WireBeneficiary(BaseModel):
    id: str = Field(alias="BeneficiaryId")
    reference: str = Field("", alias="Reference")
    creditor: CashAccount = Field(alias="CreditorAccount")


class Recurrence(BaseModel):
    kind: str = Field(alias="Type")


class Mandate(BaseModel):
    frequency: Recurrence | None = Field(None, alias="Frequency")

    def known(self) -> Frequency | None:
        return Frequency(self.frequency.kind) if self.frequency and self.frequency.kind in set(Frequency) else None


class Remittance(BaseModel):
    lines: tuple[str, ...] = Field((), alias="Unstructured")


class WireStandingOrder(BaseModel):
    id: str = Field(alias="StandingOrderId")
    status: str = Field("ACTV", alias="StandingOrderStatusCode")
    creditor: CashAccount = Field(alias="CreditorAccount")
    mandate: Mandate = Field(alias="MandateRelatedInformation")
    remittance: Remittance = Field(default_factory=Remittance, alias="RemittanceInformation")
    next_at: AwareDatetime | None = Field(None, alias="NextPaymentDateTime")
    next_amount: Amount | None = Field(None, alias="NextPaymentAmount")
    last_at: AwareDatetime | None = Field(None, alias="LastPaymentDateTime")
    last_amount: Amount | None = Field(None, alias="LastPaymentAmount")


class WireDirectDebit(BaseModel):
    id: str = Field(alias="DirectDebitId")
    status: str = Field("ACTV", alias="DirectDebitStatusCode")
    name: str = Field(alias="Name")
    mandate: Mandate = Field(default_factory=Mandate, alias="MandateRelatedInformation")
    previous_at: AwareDatetime | None = Field(None, alias="PreviousPaymentDateTime")
    previous_amount: Amount | None = Field(None, alias="PreviousPaymentAmount")


class WireScheduledPayment(BaseModel):
    id: str = Field(alias="ScheduledPaymentId")
    at: AwareDatetime = Field(alias="ScheduledPaymentDateTime")
    amount: Amount = Field(alias="InstructedAmount")
    reference: str = Field("", alias="Reference")
    creditor: CashAccount = Field(alias="CreditorAccount")


class WireLimit(BaseModel):
    id: str = Field(alias="LimitId")
    name: str = Field(alias="Name")
    per: str = Field(alias="Per")
    amount: Amount | None = Field(None, alias="Amount")
    count: int | None = Field(None, alias="Count")

    def limit(self) -> Limit:
        return Limit(
            id=self.id, name=self.name, per=self.per, amount=self.amount.money() if self.amount else None, count=self.count
        )


class WireCondition(BaseModel):
    id: str = Field(alias="ConditionId")
    says: str = Field(alias="Says")
    least_age: int | None = Field(None, alias="MinimumAge")
    most_age: int | None = Field(None, alias="MaximumAge")
    holds: str | None = Field(None, alias="HoldsProduct")
    months: int = Field(0, alias="HeldMonths")
    country: str | None = Field(None, alias="Country")
    least_income: Amount | None = Field(None, alias="MinimumMonthlyIncome")
    of: str = Field("", alias="Of")

    def condition(self) -> Condition:
        income = self.least_income.money() if self.least_income else None
        return Condition.model_validate(self.model_dump(exclude={"least_income"}) | {"least_income": income})


class WireCheck(BaseModel):
    purpose: Literal["Account", "Overdraft"] = Field(alias="For")
    condition: WireCondition = Field(alias="Condition")
    status: Literal["Met", "NotMet", "Unknown"] = Field(alias="Status")


class Supplement(BaseModel):
    """What a product says beyond the standard."""

    version: int = Field(1, alias="Version")
    type_code: str = Field(alias="AccountTypeCode")
    currency: str = Field(alias="Currency")
    since: dt.date = Field(alias="InForceFrom")
    until: dt.date | None = Field(None, alias="SoldUntil")
    limits: tuple[WireLimit, ...] = Field((), alias="Limits")
    conditions: tuple[WireCondition, ...] = Field((), alias="Eligibility")
    overdraft_conditions: tuple[WireCondition, ...] = Field((), alias="OverdraftEligibility")


class Cap(BaseModel):
    kind: Literal["Minimum", "Maximum"] = Field(alias="MinMaxType")
    amount: str = Field(alias="FeeCapAmount")
    period: str | None = Field(None, alias="CappingPeriod")


class FeeName(BaseModel):
    name: str = Field(alias="Name")


class FeeSupplement(BaseModel):
    id: str = Field(alias="FeeId")
    per: str = Field(alias="Per")
    days_interest: int | None = Field(None, alias="DaysInterest")


class WireFee(BaseModel):
    named: FeeName = Field(alias="OtherFeeType")
    amount: str | None = Field(None, alias="FeeAmount")
    percent: Decimal | None = Field(None, alias="FeeRate")
    caps: tuple[Cap, ...] = Field((), alias="FeeChargeCap")
    extra: FeeSupplement = Field(alias="SupplementaryData")

    def fee(self, currency: str) -> Fee:
        caps = {(cap.kind, cap.period): Money.of(cap.amount, currency) for cap in self.caps}
        return Fee(
            id=self.extra.id,
            name=self.named.name,
            per=self.extra.per,
            amount=None if self.amount is None else Money.of(self.amount, currency),
            percent=self.percent,
            least=caps.get(("Minimum", None)),
            most=caps.get(("Maximum", None)),
            month_most=caps.get(("Maximum", "Month")),
            days_interest=self.extra.days_interest,
        )


class FeeList(BaseModel):
    fees: tuple[WireFee, ...] = Field((), alias="FeeChargeDetail")


class Band(BaseModel):
    above: str = Field(alias="TierValueMinimum")
    rate: Decimal = Field(alias="BankInterestRate")


class OverdraftBand(BaseModel):
    most: str = Field(alias="TierValueMax")
    rate: Decimal = Field(alias="BankInterestRate")


class Bands(BaseModel):
    bands: tuple[Band, ...] = Field((), alias="TierBand")


class OverdraftBands(BaseModel):
    bands: tuple[OverdraftBand, ...] = Field((), alias="OverdraftTierBand")


class Interest(BaseModel):
    sets: tuple[Bands, ...] = Field((), alias="TierBandSet")


class OverdraftTerms(BaseModel):
    sets: tuple[OverdraftBands, ...] = Field((), alias="OverdraftTierBandSet")


class Terms(BaseModel):
    interest: Interest = Field(default_factory=Interest, alias="CreditInterest")
    overdraft: OverdraftTerms = Field(default_factory=OverdraftTerms, alias="Overdraft")
    charges: tuple[FeeList, ...] = Field((), alias="OtherFeesCharges")


class WireProduct(BaseModel):
    id: str = Field(alias="ProductId")
    name: str = Field(alias="ProductName")
    personal: Terms | None = Field(None, alias="PCA")
    other: Terms | None = Field(None, alias="OtherProductType")
    extra: Supplement = Field(alias="SupplementaryData")


class WireCard(BaseModel):
    id: str = Field(alias="CardId")
    kind: Literal["Debit", "Credit"] = Field("Debit", alias="CardType")
    scheme: str = Field("", alias="CardSchemeName")
    digits: str = Field(alias="LastFourDigits", pattern=r"^\d{4}$")
    status: Literal["Active", "Frozen", "ReplacementOrdered"] = Field(alias="Status")
    replaced_by: dt.date | None = Field(None, alias="ReplacementArrivesBy")
    expires: dt.date | None = Field(None, alias="ExpiryDate")
    limits: tuple[WireLimit, ...] = Field((), alias="Limits")


class StatementAmount(BaseModel):
    kind: str = Field(alias="Type")
    indicator: Indicator = Field(alias="CreditDebitIndicator")
    amount: Amount = Field(alias="Amount")


class WireStatement(BaseModel):
    id: str = Field(alias="StatementId")
    since: AwareDatetime = Field(alias="StartDateTime")
    until: AwareDatetime = Field(alias="EndDateTime")
    amounts: tuple[StatementAmount, ...] = Field(alias="StatementAmount")


class Charge(BaseModel):
    amount: Amount = Field(alias="Amount")


class Instructed(BaseModel):
    amount: Amount = Field(alias="InstructedAmount")


class WirePaymentConsent(BaseModel):
    id: str = Field(alias="ConsentId", min_length=1)
    status: str = Field(alias="Status")
    cut_off: AwareDatetime = Field(alias="CutOffDateTime")
    executes_at: AwareDatetime = Field(alias="ExpectedExecutionDateTime")
    settles_at: AwareDatetime = Field(alias="ExpectedSettlementDateTime")
    initiation: Instructed = Field(alias="Initiation")
    charges: tuple[Charge, ...] = Field((), alias="Charges")


class Reason(BaseModel):
    code: str = Field("", alias="StatusReasonCode")


class WirePayment(BaseModel):
    id: str = Field(validation_alias=AliasChoices("DomesticPaymentId", "DomesticScheduledPaymentId"))
    status: str = Field(alias="Status")
    reasons: tuple[Reason, ...] = Field((), alias="StatusReason")
    settles_at: AwareDatetime | None = Field(None, alias="ExpectedSettlementDateTime")


class FundsResult(BaseModel):
    available: bool = Field(alias="FundsAvailable", strict=True)


class WireFunds(BaseModel):
    result: FundsResult = Field(alias="FundsAvailableResult")


class WireNameCheck(BaseModel):
    result: Literal["Match", "CloseMatch", "NoMatch", "Unavailable"] = Field(alias="Result")
    name: str = Field("", alias="Name")


class WireRisk(BaseModel):
    level: Literal["Low", "Medium", "High"] = Field(alias="RiskLevel")


class WireSaved(BaseModel):
    id: str = Field(alias="BeneficiaryId", min_length=1)


class WireReplacement(BaseModel):
    by: dt.date = Field(alias="ReplacementArrivesBy")


def _day(moment: dt.datetime | None) -> dt.date | None:
    return None if moment is None else moment.astimezone(ZONE).date()


def party(wire: Mapping[str, Any]) -> Party:
    shown = WireParty.model_validate(wire)
    return Party(id=PartyId(shown.id), name=shown.name)


def contact(wire: Mapping[str, Any]) -> Contact:
    shown = WireContact.model_validate(wire)
    address = shown.addresses[0] if shown.addresses else Address()
    parts = [part for part in (address.town, address.postcode) if part]
    return Contact(party=PartyId(shown.id), name=shown.name, email=shown.email, mobile=shown.mobile, address=", ".join(parts))


def account(wire: Mapping[str, Any]) -> tuple[Account, Role]:
    """An account and the asking customer's role in it; a bank that does not say the role means the holder."""
    shown = WireAccount.model_validate(wire)
    kind = _kind(shown.type_code)
    known = Account(
        id=AccountId(shown.id),
        kind=kind,
        name=shown.nickname or shown.product or kind.value,
        currency=shown.currency,
        product=shown.product,
        identification=shown.accounts[0].identification if shown.accounts else "",
        holders=shown.accounts[0].name if shown.accounts else "",
    )
    return known, Role(shown.extra.get("Role", Role.HOLDER))


def _kind(type_code: str) -> AccountKind:
    return AccountKind.LOAN if type_code in LOANS else KINDS.get(type_code, AccountKind.CURRENT)


def balance(account_id: AccountId, wire: list[Mapping[str, Any]]) -> Balance | None:
    """Booked (ITBD, else CLBD) and available (ITAV, else booked); None when the bank gives no booked balance."""
    shown = {b.kind: b for b in map(WireBalance.model_validate, wire)}
    booked = shown.get("ITBD") or shown.get("CLBD")
    if booked is None:
        return None
    available = shown.get("ITAV", booked)
    lines = [line.amount.money() for line in available.lines if line.included]
    return Balance(
        account=account_id,
        booked=booked.amount.money(booked.indicator),
        available=available.amount.money(available.indicator),
        credit_line=lines[0] if lines else None,
        at=booked.at,
    )


def kind_of(family: str, sub_family: str, money_in: bool) -> Kind:
    """What a movement is, by the table at the top of this file."""
    if sub_family == "CWDL":
        return Kind.CASH
    if family == "CCRD":
        return Kind.REFUND if money_in else Kind.PURCHASE
    if family in ("MDOP", "MCOP"):
        return Kind.INTEREST if sub_family == "INTR" else Kind.FEE
    if sub_family == "BOOK":
        return Kind.TRANSFER
    if money_in:
        return Kind.REFUND if sub_family == "RRTN" or family == "RDDT" else Kind.INCOME
    return Kind.PAYMENT


def transaction(account_id: AccountId, wire: Mapping[str, Any]) -> Transaction | None:
    """A booked or pending transaction; None for one that moves nothing (rejected, future or for information).

    Raises InvalidAmount when an amount has more decimals than its currency, and pydantic's ValidationError.
    """
    shown = WireTransaction.model_validate(wire)
    if shown.status not in ("BOOK", "PDNG"):
        return None
    amount = shown.amount.money(shown.indicator)
    booked_at = shown.booked_at.astimezone(ZONE)
    other = shown.creditor if shown.indicator == "Debit" else shown.debtor
    instructed = shown.exchange.instructed if shown.exchange else None
    return Transaction(
        account=account_id,
        source_id=shown.id,
        booked_on=booked_at.date(),
        booked_at=booked_at,
        value_on=_day(shown.value_at),
        amount=amount,
        text=shown.text,
        kind=kind_of(shown.code.code, shown.code.sub_code, shown.indicator == "Credit"),
        status=Status.PENDING if shown.status == "PDNG" else Status.BOOKED,
        mcc=shown.merchant.mcc,
        bank_category=PURPOSES.get(shown.purpose or ""),
        counterparty=shown.merchant.name or (other.name if other else None) or None,
        counterparty_number=(other.identification if other else None) or None,
        reference=shown.reference,
        original=instructed.money(shown.indicator) if instructed else None,
        rate=shown.exchange.rate if shown.exchange else None,
        supersedes=shown.extra.get("ReplacesTransactionId"),
    )


def beneficiary(account_id: AccountId, wire: Mapping[str, Any]) -> Beneficiary:
    shown = WireBeneficiary.model_validate(wire)
    return Beneficiary(
        id=shown.id,
        account=account_id,
        name=shown.creditor.name,
        identification=shown.creditor.identification,
        reference=shown.reference,
    )


def standing_order(account_id: AccountId, wire: Mapping[str, Any]) -> StandingOrder | None:
    """The amount is that of the next payment, else of the last; None without either, or with a rhythm we have no word for."""
    shown = WireStandingOrder.model_validate(wire)
    amount, frequency = shown.next_amount or shown.last_amount, shown.mandate.known()
    if amount is None or frequency is None:
        return None
    return StandingOrder(
        id=shown.id,
        account=account_id,
        payee=shown.creditor.name,
        amount=amount.money(),
        frequency=frequency,
        next_on=_day(shown.next_at),
        last_on=_day(shown.last_at),
        reference=" ".join(shown.remittance.lines),
        active=shown.status not in ENDED,
    )


def direct_debit(account_id: AccountId, wire: Mapping[str, Any]) -> DirectDebit:
    shown = WireDirectDebit.model_validate(wire)
    return DirectDebit(
        id=shown.id,
        account=account_id,
        name=shown.name,
        previous_on=_day(shown.previous_at),
        previous_amount=shown.previous_amount.money() if shown.previous_amount else None,
        frequency=shown.mandate.known(),
        active=shown.status not in ENDED,
    )


def scheduled_payment(account_id: AccountId, wire: Mapping[str, Any]) -> ScheduledPayment:
    shown = WireScheduledPayment.model_validate(wire)
    return ScheduledPayment(
        id=shown.id,
        account=account_id,
        payee=shown.creditor.name,
        amount=shown.amount.money(),
        due_on=shown.at.astimezone(ZONE).date(),
        reference=shown.reference,
    )


def product(wire: Mapping[str, Any]) -> Product:
    """A product version, whether it is a personal current account in the standard's words or something else."""
    shown = WireProduct.model_validate(wire)
    terms, extra = shown.personal or shown.other or Terms(), shown.extra
    bands = [band for found in terms.interest.sets for band in found.bands]
    lent = [band for found in terms.overdraft.sets for band in found.bands]
    return Product(
        id=shown.id,
        name=shown.name,
        version=extra.version,
        kind=_kind(extra.type_code),
        currency=extra.currency,
        since=extra.since,
        until=extra.until,
        overdraft_rate=lent[0].rate if lent else None,
        overdraft_most=Money.of(lent[-1].most, extra.currency) if lent else None,
        tiers=tuple(Tier(above=Money.of(band.above, extra.currency), rate=band.rate) for band in bands),
        fees=tuple(fee.fee(extra.currency) for part in terms.charges for fee in part.fees),
        limits=tuple(limit.limit() for limit in extra.limits),
        conditions=tuple(condition.condition() for condition in extra.conditions),
        overdraft_conditions=tuple(condition.condition() for condition in extra.overdraft_conditions),
    )


def check(wire: Mapping[str, Any]) -> Check:
    shown = WireCheck.model_validate(wire)
    met = {"Met": True, "NotMet": False, "Unknown": None}[shown.status]
    return Check(condition=shown.condition.condition(), met=met, overdraft=shown.purpose == "Overdraft")


def card(account_id: AccountId, wire: Mapping[str, Any]) -> Card:
    shown = WireCard.model_validate(wire)
    return Card(
        id=shown.id,
        account=account_id,
        last_digits=shown.digits,
        scheme=shown.scheme,
        kind=shown.kind.lower(),
        frozen=shown.status == "Frozen",
        replacement_by=shown.replaced_by,
        expires=shown.expires,
        limits=tuple(limit.limit() for limit in shown.limits),
    )


def statement(account_id: AccountId, wire: Mapping[str, Any]) -> Statement:
    """Raises ValueError when the statement does not say both balances."""
    shown = WireStatement.model_validate(wire)
    balances = {amount.kind: amount.amount.money(amount.indicator) for amount in shown.amounts}
    if missing := {"PreviousClosingBalance", "ClosingBalance"} - balances.keys():
        raise ValueError(f"without {' and '.join(sorted(missing))}")
    return Statement(
        id=shown.id,
        account=account_id,
        since=shown.since.astimezone(ZONE).date(),
        until=shown.until.astimezone(ZONE).date(),
        opening=balances["PreviousClosingBalance"],
        closing=balances["ClosingBalance"],
    )


class PaymentConsent(Frozen):
    """A consent to one payment that waits for the customer's approval.

    cut_off: until when it can be made as it is; executes_at, settles_at: when the account is debited, and the payee has it.
    """

    id: str
    cut_off: AwareDatetime
    executes_at: AwareDatetime
    settles_at: AwareDatetime
    fee: Money


def creditor(payee: Payee) -> dict[str, str]:
    return {"SchemeName": payee.scheme, "Identification": payee.identification, "Name": payee.name}


def context(payee: Payee) -> dict[str, Any]:
    """What the standard calls risk: whom the payment goes to, as far as we know them."""
    to = "TransferToSelf" if payee.own is not None else "TransferToThirdParty"
    return {"PaymentContextCode": to, "BeneficiaryPrepopulatedIndicator": payee.beneficiary is not None}


def initiation(
    debtor: AccountId, payee: Payee, amount: Money, reference: str, on: dt.date | None, instruction: str
) -> dict[str, Any]:
    """One payment. instruction: its name, up to 35 characters; on: the day to make it on, None for at once."""
    shown: dict[str, Any] = {
        "InstructionIdentification": instruction,
        "EndToEndIdentification": instruction,
        "InstructedAmount": {"Amount": amount.plain, "Currency": amount.currency},
        "DebtorAccount": {"SchemeName": ACCOUNT_ID, "Identification": debtor},
        "CreditorAccount": creditor(payee),
    }
    if reference:
        shown["RemittanceInformation"] = {"Unstructured": [reference]}
    if on is not None:
        shown["RequestedExecutionDateTime"] = dt.datetime.combine(on, dt.time(0), ZONE).isoformat()
    return shown


def payment_consent(wire: Mapping[str, Any]) -> PaymentConsent:
    """The fee is what all charges come to, nothing in the payment's own currency when there are none."""
    shown = WirePaymentConsent.model_validate(wire)
    nothing = Money(minor=0, currency=shown.initiation.amount.currency)
    return PaymentConsent(
        id=shown.id,
        cut_off=shown.cut_off,
        executes_at=shown.executes_at,
        settles_at=shown.settles_at,
        fee=sum((charge.amount.money() for charge in shown.charges), nothing),
    )


def is_over(wire: Mapping[str, Any]) -> bool:
    """Whether a consent is rejected: no payment is made of it any more."""
    return WirePaymentConsent.model_validate(wire).status == "RJCT"


def payment(wire: Mapping[str, Any]) -> Result:
    shown = WirePayment.model_validate(wire)
    state = State.DONE if shown.status in MADE else State.FAILED if shown.status in NOT_MADE else State.UNKNOWN
    reason = shown.reasons[0].code if state is State.FAILED and shown.reasons else ""
    return Result(state=state, payment=shown.id, settles_at=shown.settles_at if state is State.DONE else None, reason=reason)


def funds(wire: Mapping[str, Any]) -> bool:
    return WireFunds.model_validate(wire).result.available


def name_check(wire: Mapping[str, Any]) -> tuple[NameCheck, str]:
    shown = WireNameCheck.model_validate(wire)
    check = {
        "Match": NameCheck.MATCH,
        "CloseMatch": NameCheck.CLOSE,
        "NoMatch": NameCheck.NO_MATCH,
        "Unavailable": NameCheck.UNAVAILABLE,
    }[shown.result]
    return check, shown.name if check is NameCheck.CLOSE else ""


def risk(wire: Mapping[str, Any]) -> Literal["low", "medium", "high"]:
    levels: dict[str, Literal["low", "medium", "high"]] = {"Low": "low", "Medium": "medium", "High": "high"}
    return levels[WireRisk.model_validate(wire).level]


def beneficiary_id(wire: Mapping[str, Any]) -> str:
    return WireSaved.model_validate(wire).id


def replacement(wire: Mapping[str, Any]) -> dt.date:
    return WireReplacement.model_validate(wire).by
