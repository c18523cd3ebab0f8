"""The account that Amara Okafor and Daniel Whitlock share: mortgage, bills, the weekly shop, the house."""

from __future__ import annotations

from connectors.sandbox.books import Price
from connectors.sandbox.habits import Habit, Life, Month, Subscription, Sweep, shops
from connectors.sandbox.people.common import (
    CHRISTMAS,
    COUNCIL_TAX,
    HEATING,
    WEEKEND,
    account_id,
    current,
    direct_debit,
    every,
    number,
    payee,
    savings,
)

US = {"amara-okafor": "joint", "daniel-whitlock": "joint"}
MAIN, POT = account_id("joint-main"), account_id("joint-pot")
PLUMBER, ELECTRICIAN, VET_BILLS = "J HARGREAVES PLUMBING & HEATING", "SPARKHILL ELECTRICAL SERVICES", (2, 8)

WEEKLY_SHOP = shops("""
    5411 4800-10900 5 Tesco = TESCO STORES 6227 BIRMINGHAM GB
    5411 3900-8800 2 Aldi = ALDI STORES 0415 SELLY OAK
    5411 4200-9400 2 Sainsbury's = SAINSBURYS S/MKTS SELLY OAK
    5411 3600-7900 1 Tesco = TESCO STORES 2841 QUINTON
""")
SMALL_SHOP = shops("""
    5411 620-2900 3 Tesco = TESCO EXPRESS 5107 HARBORNE
    5411 800-3300 2 Aldi = ALDI STORES 0415 SELLY OAK
    5462 480-1400 1 Harborne Bakehouse = ZETTLE *HARBORNE BAKEHOUSE
""")
TAKEAWAY = shops("""
    5812 1900-4200 3 Deliveroo = DELIVEROO.CO.UK LONDON
    5814 1600-3400 2 Golden Wok = GOLDEN WOK HARBORNE
    5812 2600-5900 1 Pizza Express = PIZZA EXPRESS 1022 BIRMINGHAM
""")
HOUSE = shops("""
    5200 1200-7800 3 B&Q = B&Q 1317 SELLY OAK
    5712 1900-11500 2 IKEA = IKEA LTD BIRMINGHAM WEDNESBURY
    5261 900-4200 1 Webbs Garden Centre = WEBBS GARDEN CENTRE WYCHBOLD
    5995 1800-3900 2 Pets at Home = PETS AT HOME LTD HARBORNE
""")
VET, COUNCIL_TIP, JOHN_LEWIS = shops("""
    0742 4800-16500 1 Moor Pool Vets = MOOR POOL VETERINARY PRACTICE
    9399 3500-5500 1 Birmingham City Council = BIRMINGHAM CC GARDEN WASTE
    5311 14900-38900 1 John Lewis = JOHN LEWIS PARTNERS SOLIHULL
""")


def story(month: Month) -> None:
    """A plumber every April, an electrician in October, the vet twice a year, a lamp sent back in part in June."""
    if month.month == 4:
        month.pay(MAIN, PLUMBER, number(PLUMBER), 16, month.dice.randrange(14_000, 32_000, 500), f"INV {2200 + month.year % 100}")
    if month.month == 10:
        month.pay(MAIN, ELECTRICIAN, number(ELECTRICIAN), 22, month.dice.randrange(9_000, 21_000, 500), "FUSE BOX")
    if month.month in VET_BILLS:
        month.card(MAIN, VET, 17)
    if month.month == 3:
        month.card(MAIN, COUNCIL_TIP, 12)
    if month.month == 6:
        month.card(MAIN, JOHN_LEWIS, 8, 21_800)
        month.refund(MAIN, JOHN_LEWIS, 20, 6_900)
    if month.month == 9:
        month.pay(MAIN, "HARBORNE WINDOW CLEANING", number("HARBORNE WINDOW CLEANING"), 11, 2_800, "NO 46")


LIFE = Life(
    id="okafor-whitlock",
    accounts=(
        current("joint-main", US, 2021, "Joint account", overdraft=25_000),
        savings("joint-pot", US, 2021, "House pot", "3.40", "reserve-saver-1"),
    ),
    opening={MAIN: 118_250, POT: 382_000},
    commitments=(
        direct_debit("joint-main", "NATIONWIDE BS MORTGAGE", Price(144_622), 3, "HLRP"),
        direct_debit("joint-main", "BIRMINGHAM CITY COUNCIL", Price(17_200, rise=800), 5, "TAXS", COUNCIL_TAX),
        direct_debit("joint-main", "SEVERN TRENT WATER", Price(3_650, rise=240), 9, "WTER"),
        direct_debit("joint-main", "AVIVA HOME INSURANCE", Price(2_275, rise=110, rise_month=8), 11, "PPTI"),
        direct_debit("joint-main", "EON NEXT", Price(15_400, season=HEATING, spread=0.05), 18, "ELEC"),
        direct_debit("joint-main", "VIRGIN MEDIA", Price(4_300, rise=350), 22, "NWCM"),
        direct_debit("joint-main", "TV LICENSING", Price(16_950, rise=500, rise_month=2), 20, "GOVT", (2,), "YEAR"),
    ),
    habits=(
        Habit(MAIN, WEEKLY_SHOP, (0.0, 0.0, 0.05, 0.05, 0.1, 0.55, 0.3), (9, 18), season=CHRISTMAS),
        Habit(MAIN, SMALL_SHOP, every(0.16), (8, 21)),
        Habit(MAIN, TAKEAWAY, (0.02, 0.02, 0.04, 0.08, 0.3, 0.15, 0.1), (18, 21)),
        Habit(MAIN, HOUSE, every(0.2, WEEKEND), (10, 17)),
    ),
    subscriptions=(
        Subscription(MAIN, shops("5812 0-0 1 HelloFresh = HELLOFRESH UK LONDON")[0], 24, Price(3_998), months=(1, 2, 3)),
    ),
    payees=(
        payee("joint-main", PLUMBER, "INV"),
        payee("joint-main", ELECTRICIAN),
        payee("joint-main", "HARBORNE WINDOW CLEANING", "NO 46"),
    ),
    sweeps=(Sweep(MAIN, POT, 12, floor=35_000, keep=70_000),),
    story=story,
)
