"""Daniel Whitlock, teacher in Birmingham: drives to work, plays guitar, is paid on the last working day."""

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

ME = {"daniel-whitlock": "holder"}
MAIN, ISA = account_id("daniel-main"), account_id("daniel-isa")
SALARY = Price(219_190, rise=6_400, rise_month=9)
# What a pump asks for before it knows how much will be filled.
PUMP_HOLD = 9_900

FUEL = shops("""
    5542 3200-6900 3 Shell = SHELL HARBORNE LANE
    5542 3400-7100 2 BP = BP BRISTOL ROAD SELLY OAK
    5542 3100-6800 2 Tesco = TESCO PFS 3821 BIRMINGHAM
    5541 3300-7000 1 Esso = ESSO MFG QUINTON
""")
LUNCH = shops("""
    5814 290-720 3 Greggs = GREGGS PLC 1187 BIRMINGHAM
    5411 320-680 2 Tesco = TESCO EXPRESS 2290 EDGBASTON
    5814 330-520 2 Costa Coffee = COSTA DRIVE THRU SELLY OAK
""")
FUN = shops("""
    5813 800-3200 3 The Hop Garden = THE HOP GARDEN HARBORNE
    5733 900-5200 1 PMT Music = PMT BIRMINGHAM MUSIC STORE
    5816 499-3999 2 Steam = STEAM PURCHASE #
    7941 2800-4600 1 West Bromwich Albion = WBA FC TICKETS
    5940 1400-6800 1 Halfords = HALFORDS 0719 SELLY OAK
""")
SHOPPING = shops("""
    5942 650-3900 4 Amazon = AMZNMktplace*#
    5651 1900-7900 1 Next = NEXT RETAIL LTD BULLRING
    5912 290-1700 1 Boots = BOOTS 0833 HARBORNE
    5732 1500-9900 1 Argos = ARGOS LTD 0455 BIRMINGHAM
""")
PARKING = shops("""
    7523 180-960 2 RingGo = RINGGO PARKING #
    7523 300-850 1 NCP = NCP BIRMINGHAM BROAD ST
""")
SPOTIFY, GUITAR, RAC, AUDIBLE = shops("""
    5815 0-0 1 Spotify = SPOTIFY P# STOCKHOLM
    5818 0-0 1 Fender Play = FENDER PLAY SUBSCRIPTION
    7549 0-0 1 RAC = RAC MOTORING SERVICES
    5815 0-0 1 Audible = AUDIBLE UK ADBL.CO/PYMT
""")
CINEWORLD, GARAGE, DECATHLON = shops("""
    7832 1900-2900 1 Cineworld = CINEWORLD BROAD STREET
    7538 18900-52000 1 Metchley Garage = METCHLEY GARAGE MOT & SERVICE
    5941 4500-12900 1 Decathlon = DECATHLON UK WEDNESBURY
""")


def story(month: Month) -> None:
    """Two people called James, guitar pupils who pay cash by transfer, the MOT in March, cinema seats bought one by one."""
    month.salary(MAIN, "KING EDWARD ACADEMY TRUST", 31, SALARY.on("salary", month.year, month.month))
    month.pay(MAIN, "JAMES WHITLOCK", number("JAMES WHITLOCK"), 5, 2_500, "PHONE PLAN")
    month.pay(MAIN, "JAMES OBI", number("JAMES OBI"), 14, month.dice.choice((800, 1_200, 1_600)), "FIVE A SIDE")
    for day in (8, 22):
        month.receive(MAIN, "H PRICE", month.date(day), 3_000, "GUITAR LESSON")
    month.cash(MAIN, "CASH NATWEST HARBORNE HIGH ST", 11, month.dice.choice((2_000, 4_000)))
    if month.month % 3 == 0:
        for minute in (2, 9):
            month.card(MAIN, CINEWORLD, 17, 1_199, at=(13 if minute == 2 else 18, minute))
    if month.month == 3:
        month.card(MAIN, GARAGE, 18)
    if month.month in (4, 10):
        kit = month.card(MAIN, DECATHLON, 6)
        month.refund(MAIN, DECATHLON, 15, -kit.minor)
    if month.month in (1, 6):
        twice = month.card(MAIN, FUEL[0], 12, at=(17, 21), hold=PUMP_HOLD)
        month.again(twice, 74)
        month.refund(MAIN, FUEL[0], 18, -twice.minor)
    month.card(MAIN, FUEL[0], month.last - 6, at=(7, 38), hold=PUMP_HOLD)


LIFE = Life(
    id="daniel-whitlock",
    accounts=(
        current("daniel-main", ME, 2012, overdraft=30_000),
        savings("daniel-isa", ME, 2019, "Cash ISA", "3.85", "cash-isa-1"),
    ),
    opening={MAIN: 71_045, ISA: 640_000},
    commitments=(
        standing_order("daniel-main", "Joint account", Price(125_000), 1, "BILLS", to="joint-main"),
        standing_order("daniel-main", "Cash ISA", Price(10_000), 2, "SAVINGS", to="daniel-isa"),
        direct_debit("daniel-main", "VODAFONE LTD", Price(2_100, rise=160), 10, "PHON"),
        direct_debit("daniel-main", "ADMIRAL INSURANCE", Price(4_118, rise=290, rise_month=6), 15, "INPC"),
        direct_debit("daniel-main", "DVLA VEHICLE TAX", Price(1_662, rise=50), 1, "GOVT"),
        direct_debit("daniel-main", "NATIONAL EDUCATION UNION", Price(1_890), 21, "SUBS"),
    ),
    habits=(
        Habit(MAIN, FUEL, every(0.16), (7, 20)),
        Habit(MAIN, LUNCH, every(0.4, WEEKDAYS), (11, 14)),
        Habit(MAIN, FUN, (0.05, 0.05, 0.08, 0.08, 0.25, 0.3, 0.12), (17, 23)),
        Habit(MAIN, SHOPPING, every(0.13), (9, 22), season=CHRISTMAS),
        Habit(MAIN, PARKING, every(0.12), (9, 19)),
    ),
    subscriptions=(
        Subscription(MAIN, SPOTIFY, 9, Price(1_099, rise=100, rise_month=6)),
        Subscription(MAIN, GUITAR, 13, Price(999)),
        Subscription(MAIN, AUDIBLE, 26, Price(799), months=(9, 10, 11, 12, 1, 2, 3, 4)),
        Subscription(MAIN, RAC, 23, Price(11_400, rise=900, rise_month=1), months=(9,)),
    ),
    payees=(
        payee("daniel-main", "JAMES WHITLOCK", "PHONE PLAN"),
        payee("daniel-main", "JAMES OBI", "FIVE A SIDE"),
        payee("daniel-main", "AMARA OKAFOR"),
    ),
    sweeps=(Sweep(MAIN, ISA, 6, floor=20_000, keep=150_000),),
    story=story,
)
