"""Callum Mackenzie, warehouse worker in Glasgow: wages every Friday, digs to his mum, overdrawn in summer and at New Year."""

from __future__ import annotations

import datetime as dt

from connectors.sandbox.books import Price
from connectors.sandbox.calendar import on_or_before
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

ME = {"callum-mackenzie": "holder"}
MAIN, JAR = account_id("callum-main"), account_id("callum-jar")
WAGES = Price(34_200, rise=1_200)

FOOD = shops("""
    5411 320-2200 4 Tesco = TESCO EXPRESS 4410 DENNISTOUN
    5411 900-4100 2 Aldi = ALDI STORES 0822 GLASGOW
    5411 1400-5200 1 Tesco = TESCO STORES 5683 GLASGOW FORGE
    5411 260-1400 2 Spar = SPAR DUKE STREET GLASGOW
""")
LUNCH = shops("""
    5814 240-620 5 Greggs = GREGGS PLC 2011 GLASGOW
    5814 390-920 2 McDonald's = MCDONALDS 0456 GLASGOW
    5814 290-480 1 Wee Bean = SQ *WEE BEAN GLASGOW
""")
TAKEAWAY = shops("""
    5812 1100-2900 3 Just Eat = JUST EAT.CO.UK LONDON
    5812 1000-2600 2 Deliveroo = DELIVEROO.CO.UK LONDON
    5814 700-1700 1 Blue Lagoon = BLUE LAGOON FISH & CHIPS GLASGOW
""")
NIGHT_OUT = shops("""
    5813 600-3200 4 Wetherspoon = WETHERSPOON THE CRYSTAL PALACE
    5813 800-3800 2 Duke's Bar = DUKES BAR GLASGOW
    7922 1800-4500 1 Barrowland = BARROWLAND BALLROOM TICKETS
    5816 399-2999 2 Steam = STEAM PURCHASE #
""")
TRAVEL = shops("""
    4131 265-530 4 First Bus = FIRST BUS GLASGOW M-TICKET
    4112 380-1540 2 ScotRail = SCOTRAIL GLASGOW QUEEN ST
    5542 2000-4500 2 Asda = ASDA PETROL PARKHEAD
""")
SHOPPING = shops("""
    5942 500-2600 3 Amazon = AMZNMktplace*#
    5941 1900-7500 1 JD Sports = JD SPORTS BUCHANAN ST
    5651 1200-4400 1 Primark = PRIMARK ARGYLE STREET
    5912 250-1100 1 Boots = BOOTS 1410 GLASGOW FORGE
""")
HOLIDAY = shops("""
    5813 600-3400 4 Bar Playa = BAR PLAYA SUR TENERIFE ES
    5812 1100-3900 3 Casa Paco = CASA PACO TENERIFE ES
    5411 500-1900 1 HiperDino = HIPERDINO TENERIFE ES
""", "EUR")  # fmt: skip
PLAYSTATION, GIFFGAFF, NOW_TV, XBOX, JUST_EAT, BUS, TRIP, BLUE = shops("""
    5816 0-0 1 PlayStation = PLAYSTATION NETWORK LONDON
    4814 0-0 1 giffgaff = GIFFGAFF.COM UXBRIDGE
    4899 0-0 1 NOW TV = NOW TV SPORTS PASS
    5816 0-0 1 Xbox = XBOX GAME PASS ANNUAL
    5812 1800-2800 1 Just Eat = JUST EAT.CO.UK LONDON
    4131 265-265 1 First Bus = FIRST BUS GLASGOW M-TICKET
    4722 34900-44900 1 Jet2 = JET2HOLIDAYS LEEDS
    5814 940-940 1 Blue = SQ *BLUE 4432
""")


def story(month: Month) -> None:
    """Wages with some overtime, a takeaway charged twice in February, May, August and November, Tenerife in July."""
    for day in range(1, month.last + 1):
        if month.date(day).weekday() == 4:
            pence = WAGES.on("wages", month.year, month.month) + month.dice.choice((0, 0, 0, 2_640, 5_280))
            month.receive(MAIN, "CLYDEFAST LOGISTICS", on_or_before(month.date(day)), pence, "WAGES", "RCDT/SALA", "SALA")
    month.pay(MAIN, "RYAN DOCHERTY", number("RYAN DOCHERTY"), 11, month.dice.choice((1_000, 1_500, 2_000)), "FOOTBALL")
    if month.month % 2:
        month.pay(MAIN, "RYAN SINCLAIR", number("RYAN SINCLAIR"), 19, 2_500, "CAR SHARE")
    month.receive(MAIN, "RYAN DOCHERTY", month.date(21), month.dice.choice((500, 1_200)), "PIZZA")
    for day in (7, 21):
        month.cash(MAIN, "CASH RBS DUKE ST GLASGOW", day, month.dice.choice((2_000, 3_000, 4_000)))
    for hour in (6, 18):
        month.card(MAIN, BUS, 12, 265, at=(hour, 24), lag=1)
    if month.month == 6:
        month.card(MAIN, TRIP, 20)
    if month.month == 7:
        month.spree(MAIN, HOLIDAY, 11, 7, 3)
    _mishaps(month)


def _mishaps(month: Month) -> None:
    """A double charge (given back, but in November), a direct debit that bounced in January, a charge not recognised."""
    if month.month in (2, 5, 8, 11):
        order = month.card(MAIN, JUST_EAT, 14, at=(20, 6))
        month.again(order, 21)
        if month.month != 11:
            month.refund(MAIN, JUST_EAT, 18, -order.minor, "REVERSAL JUST EAT.CO.UK LONDON")
    if month.month == 1:
        bounced = dt.datetime.combine(month.date(20), dt.time(6), tzinfo=month.entries[0].at.tzinfo)
        month.fee(MAIN, 500, "UNPAID DIRECT DEBIT FEE", bounced)
    if month.month % 3 == 2:
        month.card(MAIN, BLUE, 9, at=(2, 14))


LIFE = Life(
    id="callum-mackenzie",
    accounts=(
        current("callum-main", ME, 2019, overdraft=40_000),
        savings("callum-jar", ME, 2022, "Holiday jar", "2.50"),
    ),
    opening={MAIN: 21_860, JAR: 42_000},
    commitments=(
        standing_order("callum-main", "A MACKENZIE", Price(10_000), 5, "DIGS", frequency="WEEK"),
        standing_order("callum-main", "Holiday jar", Price(2_000), 4, "TENERIFE", frequency="WEEK", to="callum-jar"),
        direct_debit("callum-main", "1ST CENTRAL INSURANCE", Price(7_920, rise=-400, rise_month=5), 15, "INPC"),
        direct_debit("callum-main", "KLARNA BANK AB", Price(3_333), 22, months=(1, 2, 3)),
        direct_debit("callum-main", "THE GYM GROUP", Price(1_999, rise=100, rise_month=1), 6, "SUBS", ended=dt.date(2026, 6, 30)),
        direct_debit("callum-main", "CREDIT UNION LOAN", Price(14_450), 28, "LOAN"),
    ),
    habits=(
        Habit(MAIN, FOOD, every(0.36), (8, 22)),
        Habit(MAIN, LUNCH, every(0.6, WEEKDAYS), (5, 14)),
        Habit(MAIN, TAKEAWAY, (0.08, 0.08, 0.1, 0.15, 0.35, 0.35, 0.25), (18, 23)),
        Habit(MAIN, NIGHT_OUT, (0.03, 0.03, 0.05, 0.08, 0.4, 0.45, 0.15), (18, 24), season=CHRISTMAS),
        Habit(MAIN, TRAVEL, every(0.4), (5, 22)),
        Habit(MAIN, SHOPPING, every(0.16), (10, 23), season=CHRISTMAS),
    ),
    subscriptions=(
        Subscription(MAIN, PLAYSTATION, 16, Price(1_099, rise=150, rise_month=6)),
        Subscription(MAIN, GIFFGAFF, 3, Price(1_200)),
        Subscription(MAIN, NOW_TV, 20, Price(2_699, rise=200, rise_month=8), months=(8, 9, 10, 11, 12, 1, 2, 3, 4, 5)),
        Subscription(MAIN, XBOX, 27, Price(7_999), months=(10,)),
    ),
    payees=(
        payee("callum-main", "A MACKENZIE", "DIGS"),
        payee("callum-main", "RYAN DOCHERTY", "FOOTBALL"),
        payee("callum-main", "RYAN SINCLAIR", "CAR SHARE"),
        payee("callum-main", "SAM GILLESPIE"),
        payee("callum-main", "SAM RENNIE", "FIVES"),
    ),
    sweeps=(Sweep(MAIN, JAR, 8, floor=15_000, keep=60_000, lean=(1, 7, 8)),),
    story=story,
)
