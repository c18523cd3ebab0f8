"""Amara Okafor, product designer in Birmingham: a salary on the 25th, coffee on the way to work, a weekend away in May."""

from __future__ import annotations

from connectors.sandbox.books import Price
from connectors.sandbox.habits import Habit, Life, Month, Subscription, Sweep, shops
from connectors.sandbox.people.common import (
    CHRISTMAS,
    WEEKDAYS,
    WEEKEND,
    account_id,
    current,
    direct_debit,
    every,
    number,
    payee,
    savings,
    standing_order,
)

ME = {"amara-okafor": "holder"}
MAIN, RAINY = account_id("amara-main"), account_id("amara-rainy")
SALARY = Price(254_437, rise=7_350)

COFFEE = shops("""
    5814 310-460 7 Lantern Coffee = SQ *LANTERN COFFEE COLMORE ROW
    5814 345-560 2 Starbucks = STARBUCKS 1842 NEW STREET BIRMINGHAM
    5814 320-540 1 Costa Coffee = COSTA COFFEE 43010231 BIRMINGHAM
""")
LUNCH = shops("""
    5814 420-895 3 Pret A Manger = PRET A MANGER 0418 BIRMINGHAM
    5812 650-1250 1 Pho House = SUMUP *PHO HOUSE BIRMINGHAM
    5411 360-720 3 Tesco = TESCO EXPRESS 3318 COLMORE ROW
""")
TOP_UP = shops("""
    5411 480-2900 4 Tesco = TESCO EXPRESS 5107 HARBORNE
    5411 650-3400 2 Co-op = CO-OP GROUP FOOD 071234 HARBORNE
    5411 900-4200 1 M&S = M&S SIMPLY FOOD BIRMINGHAM NEW ST
""")
EATING_OUT = shops("""
    5812 1800-5200 2 Wagamama = WAGAMAMA BULLRING BIRMINGHAM
    5812 2400-6400 1 Saffron Court = SAFFRON COURT RESTAURANT MOSELEY
    5813 900-3600 2 The Plough = THE PLOUGH HARBORNE
    5812 1400-3300 2 Deliveroo = DELIVEROO.CO.UK LONDON
""")
SHOPPING = shops("""
    5942 799-2400 3 Amazon = AMZNMktplace*#
    5651 1500-6900 2 Uniqlo = UNIQLO BIRMINGHAM
    5912 380-2600 3 Boots = BOOTS 1194 BIRMINGHAM NEW ST
    5942 899-1999 1 Waterstones = WATERSTONES BIRMINGHAM
    5977 1200-4500 1 Space NK = SPACE NK HARBORNE
""")
TRAVEL = shops("""
    4131 240-480 4 National Express = NATIONAL EXPRESS WEST MIDLANDS BUS
    4112 520-2860 2 Trainline = TRAINLINE.COM #
    4121 640-1890 2 Uber = UBER *TRIP HELP.UBER.COM
""")
FUN = shops("""
    7832 899-1650 1 Everyman = EVERYMAN CINEMA MAILBOX
    7922 2200-5800 1 Birmingham Hippodrome = BHAM HIPPODROME BOX OFFICE
""")
LISBON = shops("""
    5812 1400-5200 3 Tasca do Bairro = TASCA DO BAIRRO LISBOA PT
    5814 250-880 3 Pastelaria Aurora = PASTELARIA AURORA LISBOA PT
    4111 180-900 2 Metropolitano = METROPOLITANO LISBOA PT
    7991 800-1800 1 Castelo = CASTELO BILHETEIRA LISBOA PT
""", "EUR")  # fmt: skip
LISBON_HOTEL = shops("7011 28800-41200 1 Hotel Miradouro = HOTEL MIRADOURO LISBOA PT", "EUR")[0]
SPOTIFY, NETFLIX, PRIME, DISNEY, APPLE, HEADSPACE = shops("""
    5815 0-0 1 Spotify = SPOTIFY P# STOCKHOLM
    4899 0-0 1 Netflix = NETFLIX.COM AMSTERDAM
    5968 0-0 1 Amazon Prime = AMAZON PRIME*# AMZN.CO.UK/PM
    4899 0-0 1 Disney Plus = DISNEY PLUS 35314369001
    5818 0-0 1 Apple = APPLE.COM/BILL ITUNES.COM
    5968 0-0 1 Headspace = HEADSPACE SUBSCRIPTION
""")
ASOS, ZARA, NANDOS, CURRYS = shops("""
    5651 4500-9800 1 ASOS = ASOS.COM LONDON
    5651 4500-9800 1 Zara = ZARA UK 4021 BIRMINGHAM
    5812 2800-4400 1 Nando's = NANDOS BIRMINGHAM NEW STREET
    5732 9900-24900 1 Currys = CURRYS ONLINE 03445611234
""")


def story(month: Month) -> None:
    """Friends and family, a full or a part refund, a dinner charged twice in March, July and November, Lisbon in May."""
    month.salary(MAIN, "BRINDLEY DIGITAL LTD", 25, SALARY.on("salary", month.year, month.month))
    month.pay(MAIN, "SARAH PEMBERTON", number("SARAH PEMBERTON"), 9, month.dice.choice((1500, 2250, 3180)), "DINNER")
    if month.month % 2:
        month.pay(MAIN, "SARAH ADEYEMI", number("SARAH ADEYEMI"), 16, month.dice.choice((2000, 4000)), "YOGA RETREAT KITTY")
    else:
        month.receive(MAIN, "SARAH PEMBERTON", month.date(19), month.dice.choice((1250, 1890, 2400)), "TAXI THANKS")
    month.pay(MAIN, "MRS G OKAFOR", number("MRS G OKAFOR"), 28, 6000, "MUM")
    for day in (6, 20):
        month.cash(MAIN, "LNK NOTEMACHINE HIGH ST HARBORNE", day, month.dice.choice((2000, 3000, 4000)))
    _returns(month)
    _same_again(month)
    if month.month == 5:
        month.card(MAIN, LISBON_HOTEL, 15)
        month.spree(MAIN, LISBON, 15, 4, 3)
    if month.month in (2, 5, 8, 11):
        month.plan(MAIN, "HARBORNE DENTAL CARE", number("HARBORNE DENTAL CARE"), 12, 35, 6240, "HYGIENIST")
    month.plan(MAIN, "GREEN LANE POTTERY STUDIO", number("GREEN LANE POTTERY STUDIO"), 8, 27, 3600, "WHEEL CLASS")


def _returns(month: Month) -> None:
    """Clothes sent back: all of an ASOS order in even months, some of a Zara one in odd months; a Currys return in October."""
    if month.month % 2 == 0:
        order = month.card(MAIN, ASOS, 4)
        month.refund(MAIN, ASOS, 16, -order.minor)
    else:
        month.card(MAIN, ZARA, 7, 9598)
        month.refund(MAIN, ZARA, 21, 4599)
    if month.month == 10:
        month.card(MAIN, CURRYS, 11, 12900)


def _same_again(month: Month) -> None:
    """A dinner that was charged twice, and two equal coffees that were both drunk."""
    if month.month in (3, 7, 11):
        dinner = month.card(MAIN, NANDOS, 13, at=(19, 42))
        month.again(dinner, 38)
        if month.month != 11:
            month.refund(MAIN, NANDOS, 19, -dinner.minor)
    for hour in (8, 15):
        month.card(MAIN, COFFEE[0], 10, 375, at=(hour, 12), lag=1)


LIFE = Life(
    id="amara-okafor",
    accounts=(
        current("amara-main", ME, 2016, overdraft=50_000),
        savings("amara-rainy", ME, 2018, "Rainy day savings", "3.10", "flexible-saver-1"),
    ),
    opening={MAIN: 92_418, RAINY: 310_000},
    commitments=(
        standing_order("amara-main", "Joint account", Price(135_000), 26, "BILLS", to="joint-main"),
        standing_order("amara-main", "Rainy day savings", Price(20_000), 27, "SAVINGS", to="amara-rainy"),
        direct_debit("amara-main", "O2 UK", Price(2_650, rise=180), 12, "PHON"),
        direct_debit("amara-main", "VITALITY LIFE", Price(1_420), 15, "LIFI"),
        direct_debit("amara-main", "OXFAM", Price(800), 7, "CHAR"),
        direct_debit("amara-main", "PUREGYM LTD", Price(2_499, rise=100, rise_month=1), 3, "SUBS"),
    ),
    habits=(
        Habit(MAIN, COFFEE, every(0.62, WEEKDAYS), (7, 9)),
        Habit(MAIN, LUNCH, every(0.42, WEEKDAYS), (12, 14)),
        Habit(MAIN, TOP_UP, every(0.2), (17, 21)),
        Habit(MAIN, EATING_OUT, (0.02, 0.05, 0.05, 0.12, 0.3, 0.35, 0.15), (18, 22)),
        Habit(MAIN, SHOPPING, every(0.14), (10, 22), season=CHRISTMAS),
        Habit(MAIN, TRAVEL, every(0.3), (7, 23)),
        Habit(MAIN, FUN, every(0.08, WEEKEND), (13, 20)),
    ),
    subscriptions=(
        Subscription(MAIN, SPOTIFY, 14, Price(1_099, rise=100, rise_month=6)),
        Subscription(MAIN, NETFLIX, 19, Price(1_099, rise=200, rise_month=9)),
        Subscription(MAIN, APPLE, 2, Price(299)),
        Subscription(MAIN, DISNEY, 8, Price(799), months=(12, 1, 2, 3, 4, 5, 6, 7, 8)),
        Subscription(MAIN, PRIME, 18, Price(9_500), months=(7,)),
        Subscription(MAIN, HEADSPACE, 6, Price(4_999), months=(12,)),
    ),
    payees=(
        payee("amara-main", "SARAH PEMBERTON", "DINNER"),
        payee("amara-main", "SARAH ADEYEMI"),
        payee("amara-main", "MRS G OKAFOR", "MUM"),
        payee("amara-main", "GREEN LANE POTTERY STUDIO", "WHEEL CLASS"),
        payee("amara-main", "HARBORNE DENTAL CARE", "HYGIENIST"),
    ),
    sweeps=(Sweep(MAIN, RAINY, 30, floor=30_000, keep=125_000),),
    story=story,
)
