"""What the sandbox bank sells, read from `catalogue.toml`, and in the shapes of the UK Open Banking Read/Write API v4.0."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]
CATALOGUE = Path(__file__).with_name("catalogue.toml")
# The figures of a fee, a limit or an overdraft, which may have been others before.
FIGURES = {"amount", "percent", "least", "most", "month_most", "days_interest", "count", "rate"}


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Json]:
    """Each product version by its id, as the file has it, in its order."""
    return {product["id"]: product for product in tomllib.loads(CATALOGUE.read_text("utf-8"))["product"]}


def version(product: str) -> int:
    """The version is the last part of an id."""
    return int(product.rpartition("-")[2])


def title(product: str) -> str:
    """The name of a product with its version, as it stands on an account."""
    return f"{catalogue()[product]['name']}, version {version(product)}"


def in_force(day: dt.date) -> list[str]:
    """Ids of the versions that had come into force by a day, sold or not."""
    return [product for product, known in catalogue().items() if known["since"] <= day]


def _on(entry: Json, day: dt.date) -> Json:
    """An entry with the figures that it has on a day."""
    older = next((was for was in entry.get("was", ()) if day <= was["until"]), None)
    named = {key: value for key, value in entry.items() if key != "was" and (older is None or key not in FIGURES)}
    return named | {key: value for key, value in (older or {}).items() if key != "until"}


@lru_cache(maxsize=64)
def foreign_percent(product: str) -> Decimal:
    """What a card payment in another currency costs on top, in percent."""
    charged = {fee["id"]: fee for fee in catalogue()[product].get("fees", ())}
    return Decimal(charged.get("non-sterling", {}).get("percent", 0))


def wire(product: str, day: dt.date, account: str | None = None) -> Json:
    """A product version with its terms of a day; as that of an account when one is given.

    What the standard has no field for is supplementary.
    """
    known = catalogue()[product]
    personal = known["type"] == "CACC"
    shown: Json = {
        "ProductId": product,
        "ProductName": known["name"],
        "ProductType": "PersonalCurrentAccount" if personal else "Other",
        "PCA" if personal else "OtherProductType": _terms(known, personal, day),
        "SupplementaryData": _supplement(known, day),
    }
    return shown | ({"AccountId": account} if account else {})


def _terms(known: Json, personal: bool, day: dt.date) -> Json:
    terms: Json = {} if personal else {"Name": known["name"], "Description": title(known["id"])}
    if tiers := known.get("tiers"):
        terms["CreditInterest"] = {"TierBandSet": [{"TierBandMethod": "Whole", "TierBand": _bands(tiers)}]}
    if overdraft := _on(known.get("overdraft", {}), day):
        band = {"TierValueMin": "0.00", "TierValueMax": overdraft["most"], "BankInterestRate": overdraft["rate"]}
        bands = {"TierBandMethod": "Whole", "OverdraftType": "Committed", "OverdraftTierBand": [band]}
        terms["Overdraft"] = {"OverdraftTierBandSet": [bands]}
    if fees := known.get("fees"):
        terms["OtherFeesCharges"] = [{"FeeChargeDetail": [_fee(_on(fee, day)) for fee in fees]}]
    return terms


def _bands(tiers: list[Json]) -> list[Json]:
    return [
        {
            "TierValueMinimum": tier["above"],
            "CalculationFrequency": "Daily",
            "ApplicationFrequency": "Monthly",
            "FixedVariableInterestRateType": "Variable",
            "BankInterestRateType": "Gross",
            "BankInterestRate": tier["rate"],
        }
        for tier in tiers
    ]


def _fee(fee: Json) -> Json:
    shown: Json = {
        "FeeCategory": "Other",
        "FeeType": "Other",
        "OtherFeeType": {"Name": fee["name"]},
        "SupplementaryData": {"FeeId": fee["id"], "Per": fee["per"]},
    }
    if "amount" in fee:
        shown["FeeAmount"] = fee["amount"]
    if "percent" in fee:
        shown |= {"FeeRate": fee["percent"], "FeeRateType": "Gross"}
    if "days_interest" in fee:
        shown["SupplementaryData"]["DaysInterest"] = fee["days_interest"]
    bounds = [("least", {"MinMaxType": "Minimum"}), ("most", {"MinMaxType": "Maximum"})]
    bounds += [("month_most", {"MinMaxType": "Maximum", "CappingPeriod": "Month"})]
    if caps := [bound | {"FeeCapAmount": fee[name]} for name, bound in bounds if name in fee]:
        shown["FeeChargeCap"] = caps
    return shown


def _supplement(known: Json, day: dt.date) -> Json:
    shown: Json = {
        "Version": version(known["id"]),
        "AccountTypeCode": known["type"],
        "Currency": known["currency"],
        "InForceFrom": known["since"].isoformat(),
        "Limits": limits(known["id"], day),
        "Eligibility": [condition_wire(known, condition) for condition in known.get("conditions", ())],
        "OverdraftEligibility": [condition_wire(known, condition) for condition in known.get("overdraft_conditions", ())],
    }
    return shown | ({"SoldUntil": known["until"].isoformat()} if known.get("until", dt.date.max) < day else {})


def limits(product: str, day: dt.date) -> list[Json]:
    known = catalogue()[product]
    names = {"id": "LimitId", "name": "Name", "per": "Per", "count": "Count"}
    return [
        {names[key]: value for key, value in limit.items() if key in names}
        | ({"Amount": {"Amount": limit["amount"], "Currency": known["currency"]}} if "amount" in limit else {})
        for limit in (_on(limit, day) for limit in known.get("limits", ()))
    ]


def condition_wire(known: Json, condition: Json) -> Json:
    names = {"id": "ConditionId", "says": "Says", "least_age": "MinimumAge", "most_age": "MaximumAge", "country": "Country"}
    names |= {"holds": "HoldsProduct", "months": "HeldMonths", "of": "Of"}
    shown: Json = {names[key]: value for key, value in condition.items() if key in names}
    if least := condition.get("least_income"):
        shown["MinimumMonthlyIncome"] = {"Amount": least, "Currency": known["currency"]}
    return shown
