"""Priya Raman, nurse in London: rent on the 1st, contactless everywhere, New York in October and overdrawn after it."""

from __future__ import annotations

from connectors.sandbox.books import Price
from connectors.sandbox.habits import Habit, Life, Month, Subscription, Sweep, shops
from connectors.sandbox.people.common import (
    CHRISTMAS,
    WEEKDAYS,
    account_id,
    current,
    direct_debit,
    every,
    number,
    payee,
    savings,
    standing_order,
)

ME = {"priya-raman": "holder"}
MAIN, SAVER = account_id("priya-main"), account_id("priya-saver")
SALARY = Price(206_412, rise=6_300)

TRANSPORT = shops("""
    4111 280-890 9 Transport for London = TFL TRAVEL CH TFL.GOV.UK/CP
    4121 780-2200 1 Uber = UBER *TRIP HELP.UBER.COM
    4111 150-460 1 Lime = LIME*RIDE # LONDON
""")
FOOD = shops("""
    5411 350-2400 4 Tesco = TESCO EXPRESS 5521 BRIXTON
    5411 280-1200 2 Tesco = TESCO METRO 3006 WATERLOO
    5411 900-3600 3 Lidl = LIDL GB BRIXTON
    5411 420-2100 3 Sainsbury's = SAINSBURYS LOCAL STOCKWELL
    5499 700-2600 1 Nour Foods = NOUR FOODS BRIXTON MARKET
""")
COFFEE = shops("""
    5814 330-520 4 Grindhouse = SQ *GRINDHOUSE ESPRESSO LONDON SE1
    5814 360-620 2 Starbucks = STARBUCKS COFFEE 12087 WATERLOO
    5814 380-820 3 Pret A Manger = PRET A MANGER 0207 LONDON
""")
EATING_OUT = shops("""
    5812 1100-2900 4 Deliveroo = DELIVEROO.CO.UK LONDON
    5812 1200-2600 1 Uber Eats = UBER *EATS HELP.UBER.COM
    5812 1600-4400 2 Franco Manca = FRANCO MANCA BRIXTON
    5813 900-3400 2 Effra Tavern = EFFRA TAVERN BRIXTON
""")
SHOPPING = shops("""
    5942 599-2800 3 Amazon = AMZNMktplace*#
    5931 400-2400 2 Vinted = VINTED LONDON #
    5912 340-1800 2 Superdrug = SUPERDRUG STORES BRIXTON
    5651 1800-4900 1 H&M = H&M 0317 LONDON OXFORD CIRCUS
""")
NEW_YORK = shops("""
    5812 1800-5400 3 Delancey Diner = TST* DELANCEY DINER NEW YORK NY
    5814 420-980 2 Stumptown = SQ *BLUE BOTTLE COFFEE NEW YORK NY
    4111 290-290 3 MTA = MTA*NYCT PAYGO NEW YORK NY
    5311 2500-8200 1 Macy's = MACYS 003 NEW YORK NY
    7991 2800-3000 1 The Met = METMUSEUM ADMISSIONS NEW YORK NY
""", "USD")  # fmt: skip
NY_HOTEL = shops("7011 42000-56000 1 Hudson Rooms = HUDSON ROOMS HOTEL NEW YORK NY", "USD")[0]
BARCELONA = shops("""
    5812 1200-3800 3 Bar Rambla = BAR LA RAMBLETA BARCELONA ES
    4111 255-1210 2 TMB = TMB METRO BARCELONA ES
    5411 450-1900 1 Mercadona = MERCADONA GRACIA BARCELONA ES
""", "EUR")  # fmt: skip
AIRLINE, BLUE, ZIPCAR, ASOS, PRIMARK = shops("""
    4511 38900-46900 1 Virgin Atlantic = VIRGIN ATLANTIC 9322104471
    5814 1860-1860 1 Blue = SQ *BLUE 4432
    7512 10000-10000 1 Zipcar = ZIPCAR DEPOSIT HOLD LONDON
    5651 3200-7800 1 ASOS = ASOS.COM LONDON
    5651 2200-4400 1 Primark = PRIMARK BRIXTON
""")
NETFLIX, SPOTIFY, CLASSPASS, NMC = shops("""
    4899 0-0 1 Netflix = NETFLIX.COM AMSTERDAM
    5815 0-0 1 Spotify = SPOTIFY P# STOCKHOLM
    7997 0-0 1 ClassPass = CLASSPASS.COM MONTHLY
    8699 0-0 1 Nursing Council = NURSING & MIDWIFERY COUNCIL FEE
""")


def story(month: Month) -> None:
    """Bills shared with a flatmate, a charge nobody remembers on the 18th, a deposit held and let go, two trips abroad."""
    month.salary(MAIN, "ST ALDHELMS NHS TRUST", 28, SALARY.on("salary", month.year, month.month))
    month.pay(MAIN, "HANNAH CLARKE", number("HANNAH CLARKE"), 3, 6_800 + month.dice.randrange(0, 1_900, 5), "BILLS SHARE")
    if month.month % 2 == 0:
        month.pay(MAIN, "HANNAH BRIGHT", number("HANNAH BRIGHT"), 12, 1_500, "BIRTHDAY")
    month.receive(MAIN, "HANNAH CLARKE", month.date(17), month.dice.choice((1_120, 1_460, 2_075)), "TAKEAWAY SPLIT")
    month.cash(MAIN, "LNK CARDTRONICS BRIXTON RD", 8, month.dice.choice((1_000, 2_000)))
    if month.month % 2:
        month.card(MAIN, BLUE, 18, 1_860, at=(23, 47))
    month.hold(MAIN, ZIPCAR, 21, 10_000, 6)
    order = month.card(MAIN, ASOS if month.month % 2 else PRIMARK, 6)
    if month.month % 3 != 1:
        month.refund(MAIN, ASOS if month.month % 2 else PRIMARK, 20, -order.minor if month.month % 3 else 1_250)
    _trips(month)
    if month.month == 11:
        month.pay(MAIN, "MEERA RAMAN", number("MEERA RAMAN"), 16, 5_000, "DIWALI GIFT")
        month.receive(MAIN, "MEERA RAMAN", month.date(17), 5_000, "RETURNED PAYMENT WRONG DETAILS", "RCDT/RRTN")
    if month.month in (2, 9):
        tube = month.card(MAIN, EATING_OUT[2], 20, at=(20, 31))
        month.again(tube, 52)
        month.refund(MAIN, EATING_OUT[2], 26, -tube.minor, "REVERSAL FRANCO MANCA BRIXTON")


def _trips(month: Month) -> None:
    """Barcelona for three days in March; New York in October, the flight paid in September."""
    if month.month == 3:
        month.spree(MAIN, BARCELONA, 20, 3, 3)
    if month.month == 9:
        month.card(MAIN, AIRLINE, 10)
    if month.month == 10:
        month.card(MAIN, NY_HOTEL, 8)
        month.spree(MAIN, NEW_YORK, 8, 6, 4)


LIFE = Life(
    id="priya-raman",
    accounts=(
        current("priya-main", ME, 2017, overdraft=75_000, product="everyday-2"),
        savings("priya-saver", ME, 2020, "Deposit fund", "2.90", "flexible-saver-1"),
    ),
    opening={MAIN: 64_733, SAVER: 120_000},
    commitments=(
        standing_order("priya-main", "J PATEL LETTINGS", Price(109_500, rise=3_500, rise_month=9), 1, "RENT FLAT 2", "RENT"),
        standing_order("priya-main", "Deposit fund", Price(7_500), 28, "SAVINGS", to="priya-saver"),
        direct_debit("priya-main", "EE LIMITED", Price(1_900, rise=140), 16, "PHON"),
        direct_debit("priya-main", "UNISON", Price(1_730), 20, "SUBS"),
        direct_debit("priya-main", "BRITISH RED CROSS", Price(500), 9, "CHAR"),
    ),
    habits=(
        Habit(MAIN, TRANSPORT, every(0.72, WEEKDAYS), (6, 22)),
        Habit(MAIN, TRANSPORT, every(0.3, (5, 6)), (9, 23)),
        Habit(MAIN, FOOD, every(0.42), (8, 22)),
        Habit(MAIN, COFFEE, every(0.36), (7, 16)),
        Habit(MAIN, EATING_OUT, (0.1, 0.1, 0.12, 0.18, 0.3, 0.32, 0.2), (18, 23)),
        Habit(MAIN, SHOPPING, every(0.15), (9, 23), season=CHRISTMAS),
    ),
    subscriptions=(
        Subscription(MAIN, NETFLIX, 11, Price(599, rise=100, rise_month=10)),
        Subscription(MAIN, SPOTIFY, 22, Price(599)),
        Subscription(MAIN, CLASSPASS, 5, Price(3_500), months=(1, 2, 3, 4, 5, 6)),
        Subscription(MAIN, NMC, 25, Price(12_000), months=(9,)),
    ),
    payees=(
        payee("priya-main", "HANNAH CLARKE", "BILLS SHARE"),
        payee("priya-main", "HANNAH BRIGHT"),
        payee("priya-main", "MEERA RAMAN", "MUM"),
    ),
    sweeps=(Sweep(MAIN, SAVER, 4, floor=35_000, keep=110_000, lean=(9, 10, 11)),),
    story=story,
)
