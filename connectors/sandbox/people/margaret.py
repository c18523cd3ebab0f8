"""Margaret Ellison, retired, in Norwich: two pensions, cash every week, cheques, a garden, two grandchildren."""

from __future__ import annotations

from connectors.sandbox.books import Price
from connectors.sandbox.calendar import months, on_or_before
from connectors.sandbox.habits import Habit, Life, Month, Subscription, Sweep, shops
from connectors.sandbox.people.common import (
    CHRISTMAS,
    COUNCIL_TAX,
    HEATING,
    account_id,
    current,
    direct_debit,
    every,
    number,
    payee,
    savings,
    standing_order,
)

ME = {"margaret-ellison": "holder"}
# Her daughter Ruth pays her bills when she is away, and may look at her savings.
PAID_FOR, SEEN = ME | {"ruth-ellison": "mandate"}, ME | {"ruth-ellison": "viewer"}
MAIN, SAVER, GIFTS = account_id("margaret-main"), account_id("margaret-saver"), account_id("margaret-gifts")
STATE_PENSION = Price(84_640, rise=3_600)
PENSION = Price(58_240, rise=1_700)
GARDENER, ROOFER = "P DUNMORE GARDEN SERVICES", "EASTGATE ROOFING NORWICH"

FOOD = shops("""
    5411 1400-5200 3 Waitrose = WAITROSE 0214 EATON NORWICH
    5411 900-3900 3 M&S = MARKS&SPENCER PLC NORWICH
    5411 1100-4400 2 Tesco = TESCO STORES 2174 NORWICH HARFORD
    5422 600-2400 1 Pickering Butchers = PICKERING BUTCHERS NORWICH
""")
TOWN = shops("""
    5912 280-2100 3 Boots = BOOTS 0671 NORWICH
    5812 650-1900 3 Jarrold = JARROLD RESTAURANT NORWICH
    5814 310-560 2 Cafe Marzano = CAFE MARZANO THE FORUM NORWICH
    5942 799-1899 1 Book Hive = THE BOOK HIVE NORWICH
    5311 1500-6900 1 Jarrold = JARROLD & SONS NORWICH
""")
GARDEN = shops("""
    5261 700-5400 3 Notcutts = NOTCUTTS GARDEN CENTRE NORWICH
    5261 900-4800 1 Green Pastures = GREEN PASTURES NURSERY BERGH APTON
""")
TRIPS = shops("""
    7991 900-2400 1 National Trust = NATIONAL TRUST BLICKLING
    7922 1600-4200 1 Theatre Royal = THEATRE ROYAL NORWICH
    4131 200-600 2 First Bus = FIRST EASTERN COUNTIES BUSES
    4121 700-1600 2 ABC Taxis = ABC TAXIS NORWICH
""")
SAGA, TELEGRAPH, TRUST, KETTLE = shops("""
    4722 68900-89900 1 Saga Holidays = SAGA HOLIDAYS FOLKESTONE
    5994 0-0 1 Telegraph = TELEGRAPH MEDIA GROUP SUBS
    8699 0-0 1 National Trust = NATIONAL TRUST MEMBERSHIP
    5311 5500-8900 1 John Lewis = JOHN LEWIS & PARTNERS NORWICH
""")


def story(month: Month) -> None:
    """The state pension every fourth Monday, a gardener, a chiropodist by cheque, a roofer in March, a kettle sent back."""
    for day in range(1, month.last + 1):
        if month.date(day).toordinal() % 28 == 15:
            pence = STATE_PENSION.on("dwp", month.year, month.month)
            month.receive(MAIN, "DWP STATE PENSION", on_or_before(month.date(day)), pence, "SP", "RCDT/SALA", "PENS")
    month.salary(MAIN, "NORFOLK PENSION FUND", 27, PENSION.on("fund", month.year, month.month), "PENSION")
    for day in (2, 9, 16, 23):
        month.cash(MAIN, "CASH NATIONWIDE GENTLEMANS WALK", day, month.dice.choice((5_000, 6_000, 8_000)))
    if 3 <= month.month <= 10:
        for day in (6, 20):
            month.pay(MAIN, GARDENER, number(GARDENER), day, 4_500, "GARDEN")
    month.cheque(MAIN, 400 + len(months(month.date(1).replace(year=2020, month=1), month.date(1))), 12, 3_800)
    if month.month == 3:
        month.pay(MAIN, ROOFER, number(ROOFER), 24, month.dice.randrange(28_000, 46_000, 1_000), "RIDGE TILES")
    if month.month in (2, 9):
        kettle = month.card(MAIN, KETTLE, 10)
        month.refund(MAIN, KETTLE, 18, -kettle.minor)
    if month.month == 6:
        month.card(MAIN, SAGA, 3)
    if month.month in (4, 11):
        lunch = month.card(MAIN, TOWN[1], 17, 2_480, at=(13, 5))
        month.again(lunch, 45)
    if month.month in (7, 12):
        month.pay(MAIN, "OLIVER ELLISON", number("OLIVER ELLISON"), 14, 10_000, "BIRTHDAY" if month.month == 7 else "CHRISTMAS")
    if month.month in (1, 4, 7, 10):
        month.receive(MAIN, "NS&I PREMIUM BONDS", month.date(5), 2_500, "PRIZE")
    month.plan(MAIN, "NORWICH FOOT CLINIC", number("NORWICH FOOT CLINIC"), 15, 36, 4_200, "APPOINTMENT")


LIFE = Life(
    id="margaret-ellison",
    accounts=(
        current("margaret-main", PAID_FOR, 1988),
        savings("margaret-saver", SEEN, 1996, "Savings", "4.05", "reserve-saver-1"),
        savings("margaret-gifts", ME, 2015, "Grandchildren", "3.20", "reserve-saver-1"),
    ),
    opening={MAIN: 143_377, SAVER: 1_842_000, GIFTS: 96_000},
    commitments=(
        standing_order("margaret-main", "OLIVER ELLISON", Price(2_500), 5, "FROM GRANNY"),
        standing_order("margaret-main", "SOPHIE ELLISON", Price(2_500), 5, "FROM GRANNY"),
        standing_order("margaret-main", "Grandchildren", Price(4_000), 28, "GIFTS", to="margaret-gifts"),
        direct_debit("margaret-main", "BRITISH GAS", Price(11_900, rise=450, rise_month=10), 14, "ELEC"),
        direct_debit("margaret-main", "ANGLIAN WATER", Price(2_980, rise=190), 8, "WTER"),
        direct_debit("margaret-main", "NORWICH CITY COUNCIL", Price(14_600, rise=680), 1, "TAXS", COUNCIL_TAX),
        direct_debit("margaret-main", "BT GROUP PLC", Price(3_850, rise=290), 19, "PHON"),
        direct_debit("margaret-main", "TV LICENSING", Price(4_238, rise=120), 26, "GOVT", (2, 5, 8, 11), "QURT"),
        direct_debit("margaret-main", "SAGA HOME INSURANCE", Price(24_860, rise=1_400, rise_month=1), 20, "PPTI", (9,), "YEAR"),
        direct_debit("margaret-main", "RNLI", Price(1_000), 3, "CHAR"),
        direct_debit("margaret-main", "HEATING OIL CLUB", Price(5_200, season=HEATING, spread=0.04), 23, "GASB"),
    ),
    habits=(
        Habit(MAIN, FOOD, (0.1, 0.3, 0.1, 0.1, 0.45, 0.2, 0.0), (9, 13), season=CHRISTMAS),
        Habit(MAIN, TOWN, every(0.24), (10, 16), season=CHRISTMAS),
        Habit(MAIN, GARDEN, every(0.07), (10, 16), season=(0.2, 0.5, 1.4, 2.0, 2.0, 1.5, 1.0, 0.8, 0.9, 0.7, 0.4, 0.6)),
        Habit(MAIN, TRIPS, every(0.1), (10, 20)),
    ),
    subscriptions=(
        Subscription(MAIN, TELEGRAPH, 4, Price(2_499, rise=200, rise_month=2)),
        Subscription(MAIN, TRUST, 13, Price(9_120, rise=400, rise_month=1), months=(5,)),
    ),
    payees=(
        payee("margaret-main", GARDENER, "GARDEN"),
        payee("margaret-main", "OLIVER ELLISON", "FROM GRANNY"),
        payee("margaret-main", "SOPHIE ELLISON", "FROM GRANNY"),
        payee("margaret-main", "NORWICH FOOT CLINIC"),
    ),
    sweeps=(Sweep(MAIN, SAVER, 6, floor=40_000, keep=160_000),),
    story=story,
)
