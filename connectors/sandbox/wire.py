"""What the accounts service says, in the shapes of the UK Open Banking Read/Write API v4.0.

Transaction codes are ISO 20022 families and sub-families: RCDT and ICDT received and issued credit transfers (SALA salary
or pension, BOOK between own accounts, STDO standing order, RRTN a payment that came back), RDDT direct debits (PMDD), CCRD
card (POSD purchase, CWDL cash), CNTR counter (CDPT cash in), ICHQ cheques (CCHQ), MDOP and MCOP what the bank itself
takes and gives (CHRG, INTR).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from connectors.sandbox import catalogue
from connectors.sandbox.books import BankAccount, Books, Commitment, Customer, Entry, FuturePayment, Movement, Payee
from connectors.sandbox.calendar import LONDON
from data.money import Money

Json = dict[str, Any]
ISSUER = "Sandbox Bank"
# What the bank's own statements call a family.
PROPRIETARY = {
    "CCRD": "CARD",
    "RDDT": "DD",
    "ICDT": "FPO",
    "RCDT": "FPI",
    "CNTR": "PAYIN",
    "ICHQ": "CHQ",
    "MDOP": "CHG",
    "MCOP": "INT",
}


def amount(minor: int, currency: str) -> Json:
    return {"Amount": Money(minor=abs(minor), currency=currency).plain, "Currency": currency}


def indicator(minor: int) -> str:
    return "Debit" if minor < 0 else "Credit"


def moment(day: dt.date) -> str:
    """The start of a day, for fields that are times but mean days."""
    return dt.datetime.combine(day, dt.time(0), LONDON).isoformat()


def party(customer: Customer) -> Json:
    """A customer, with contact details to recognise and not to use: one letter, three digits, half a postcode."""
    shown: Json = {"PartyId": customer.id, "PartyType": "Sole", "Name": customer.name, "FullLegalName": customer.name}
    if customer.email:
        name, _, domain = customer.email.partition("@")
        shown["EmailAddress"] = f"{name[0]}***@{domain}"
    if customer.mobile:
        shown["Mobile"] = "*" * (len(customer.mobile) - 3) + customer.mobile[-3:]
    if customer.town:
        shown["Address"] = [
            {"TownName": customer.town, "PostCode": customer.postcode.split()[0] + " ***", "Country": customer.country}
        ]
    return shown


def cash_account(number: str, name: str) -> Json:
    return {"SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": number, "Name": name}


def account(record: BankAccount, customer: Customer, holders: str) -> Json:
    """holders: the names of those whose account it is."""
    return {
        "AccountId": record.id,
        "Status": "Enabled",
        "Currency": record.currency,
        "AccountCategory": "Personal",
        "AccountTypeCode": record.type_code,
        "Description": catalogue.title(record.product),
        "Nickname": record.name,
        "OpeningDate": record.opened.isoformat(),
        "Account": [cash_account(record.number, holders)],
        "SupplementaryData": {"Role": record.owners[customer.id]},
    }


def balances(books: Books, record: BankAccount, now: dt.datetime) -> list[Json]:
    """The booked balance, and the available one: with the overdraft, without what is pending."""
    booked = books.booked(record.id, now)
    available = booked + books.held(record.id, now) + record.overdraft

    def balance(kind: str, minor: int) -> Json:
        return {
            "AccountId": record.id,
            "CreditDebitIndicator": indicator(minor),
            "Type": kind,
            "DateTime": now.isoformat(),
            "Amount": amount(minor, record.currency),
        }

    shown = [balance("ITBD", booked), balance("ITAV", available)]
    if record.overdraft:
        line = {"Included": True, "Type": "Pre-Agreed", "Amount": amount(record.overdraft, record.currency)}
        shown[1]["CreditLine"] = [line]
    return shown


def transaction(record: BankAccount, movement: Movement) -> Json:
    entry = movement.entry
    family, sub_family = entry.code.split("/")
    shown: Json = {
        "AccountId": record.id,
        "TransactionId": movement.id,
        "CreditDebitIndicator": indicator(movement.minor),
        "Status": "PDNG" if movement.pending else "BOOK",
        "BookingDateTime": movement.at.isoformat(),
        "ValueDateTime": moment(entry.at.date()),
        "TransactionInformation": entry.text,
        "Amount": amount(movement.minor, record.currency),
        "BankTransactionCode": {"Code": family, "SubCode": sub_family},
        "ProprietaryBankTransactionCode": {"Code": PROPRIETARY[family], "Issuer": ISSUER},
    }
    if entry.reference:
        shown["TransactionReference"] = entry.reference
    if entry.purpose:
        shown["PaymentPurposeCode"] = entry.purpose
    if movement.replaces:
        shown["SupplementaryData"] = {"ReplacesTransactionId": movement.replaces}
    return shown | _other_side(entry) | _exchange(entry, record.currency)


def _other_side(entry: Entry) -> Json:
    if entry.mcc is not None:
        merchant = {"MerchantName": entry.counterparty, "MerchantCategoryCode": entry.mcc}
        return {"MerchantDetails": {name: value for name, value in merchant.items() if value}}
    if entry.counterparty is None:
        return {}
    side = "CreditorAccount" if entry.minor < 0 else "DebtorAccount"
    return {
        side: cash_account(entry.counterparty_number, entry.counterparty)
        if entry.counterparty_number
        else {"Name": entry.counterparty}
    }


def _exchange(entry: Entry, currency: str) -> Json:
    """ExchangeRate is what one unit of UnitCurrency, here always the pound, buys of the other currency."""
    if entry.original is None:
        return {}
    minor, source = entry.original
    return {
        "CurrencyExchange": {
            "SourceCurrency": source,
            "TargetCurrency": currency,
            "UnitCurrency": "GBP",
            "ExchangeRate": str(entry.rate),
            "InstructedAmount": amount(minor, source),
        }
    }


def beneficiary(payee: Payee) -> Json:
    shown: Json = {
        "AccountId": payee.account,
        "BeneficiaryId": payee.id,
        "BeneficiaryType": "Ordinary",
        "CreditorAccount": cash_account(payee.number, payee.name),
    }
    return shown | ({"Reference": payee.reference} if payee.reference else {})


def standing_order(books: Books, order: Commitment, now: dt.datetime) -> Json:
    """What is due today counts as the next payment until it has been made."""
    currency = books.accounts[order.account].currency
    last = books.last_taken(order.id, now)
    following = order.next_after(last.at.date() if last else now.astimezone(LONDON).date() - dt.timedelta(days=1))
    shown: Json = {
        "AccountId": order.account,
        "StandingOrderId": order.id,
        "StandingOrderStatusCode": "CANC" if following is None else "ACTV",
        "CreditorAccount": cash_account(order.number or "", order.name),
        "MandateRelatedInformation": {
            "MandateIdentification": order.id,
            "Classification": "FIXE",
            "Frequency": {"Type": order.frequency},
        },
    }
    if order.reference:
        shown["RemittanceInformation"] = {"Unstructured": [order.reference]}
    if last is not None:
        shown |= {"LastPaymentDateTime": moment(last.at.date()), "LastPaymentAmount": amount(last.minor, currency)}
    if following is not None:
        minor = order.price.on(order.id, following.year, following.month)
        shown |= {"NextPaymentDateTime": moment(following), "NextPaymentAmount": amount(minor, currency)}
    return shown


def direct_debit(books: Books, debit: Commitment, now: dt.datetime) -> Json:
    last = books.last_taken(debit.id, now)
    ended = debit.ended is not None and debit.ended < now.astimezone(LONDON).date()
    shown: Json = {
        "AccountId": debit.account,
        "DirectDebitId": debit.id,
        "DirectDebitStatusCode": "CANC" if ended else "ACTV",
        "Name": debit.name,
        "MandateRelatedInformation": {
            "MandateIdentification": debit.id,
            "Classification": "VARI" if debit.price.season else "FIXE",
            "Frequency": {"Type": debit.frequency},
        },
    }
    if last is not None:
        previous = amount(last.minor, books.accounts[debit.account].currency)
        shown |= {"PreviousPaymentDateTime": moment(last.at.date()), "PreviousPaymentAmount": previous}
    return shown


def scheduled_payment(payment: FuturePayment, currency: str) -> Json:
    return {
        "AccountId": payment.account,
        "ScheduledPaymentId": payment.id,
        "ScheduledPaymentDateTime": moment(payment.due),
        "ScheduledType": "Execution",
        "Reference": payment.reference,
        "InstructedAmount": amount(payment.minor, currency),
        "CreditorAccount": cash_account(payment.number, payment.payee),
    }
