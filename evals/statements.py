"""Statement lines of invented customers, for measuring: the same for the same seed, as many as wanted."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from connectors.sandbox.books import dice as dice_of

HEADER = ("Transaction ID", "Customer", "Date", "Description", "Amount")
FIRST_DAY, DAYS = dt.date(2024, 12, 1), 730
LINES_OF_ONE = 500

# Chain, least and most pence. A # is the number of the branch or terminal, a @ its town, a ~ a fresh reference.
_CHAINS = """
TESCO STORES # @|350|9500
TESCO EXPRESS # @|150|2500
SAINSBURYS S/MKTS # @|300|8000
SAINSBURYS LOCAL @|150|2200
ASDA STORES # @|400|9900
ALDI STORES # @|500|7000
LIDL GB @|400|6500
WM MORRISONS STORE # @|400|9000
CO-OP GROUP FOOD # @|150|2500
WAITROSE # @|400|8000
M&S SIMPLY FOOD @|250|3000
GREGGS PLC # @|180|900
COSTA COFFEE # @|280|1100
STARBUCKS # @|320|1200
PRET A MANGER # @|300|1300
MCDONALDS # @|250|2200
NANDOS @|900|4500
PIZZA EXPRESS # @|1500|6000
WETHERSPOON @|400|4000
SHELL @|2000|8500
BP @ # F/STN|2000|8500
TESCO PFS # @|2000|8000
ESSO @|2000|8500
BOOTS # @|250|4000
SUPERDRUG STORES @|200|3000
PRIMARK @|500|6000
NEXT RETAIL LTD @|1200|9000
ARGOS LTD # @|600|15000
B&Q # @|400|12000
SCREWFIX DIR LTD @|500|9000
IKEA LTD @|1000|25000
WH SMITH # @|150|2500
NCP LIMITED @|200|2000
"""
_ONLINE = """
AMZNMKTPLACE*~|400|9000
AMAZON.CO.UK*~ AMAZON.CO.UK|400|12000
PAYPAL *EBAY UK ~|300|8000
UBER *TRIP ~ HELP.UBER.COM|500|3500
DELIVEROO.CO.UK LONDON|1200|4500
JUST EAT.CO.UK LONDON|1200|4000
TRAINLINE.COM ~|600|9000
TFL TRAVEL CH TFL.GOV.UK/CP|180|1400
APPLE.COM/BILL ITUNES.COM|99|1499
STEAM PURCHASE ~|400|5000
RINGGO PARKING ~|150|900
"""
_MONTHLY = """
BRITISH GAS ~|6000|19000
OCTOPUS ENERGY ~|6000|19000
SEVERN TRENT WATER ~|2500|6000
VODAFONE LTD ~|900|4500
VIRGIN MEDIA ~|2500|7000
NETFLIX.COM AMSTERDAM|599|1799
SPOTIFY P~ STOCKHOLM|1199|1199
ADMIRAL INSURANCE ~|2500|9000
PUREGYM LTD ~|1999|3499
TV LICENSING|1395|1395
COUNCIL TAX ~|11000|26000
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_TOWNS = _words("""
BIRMINGHAM LEEDS GLASGOW NORWICH BRISTOL CARDIFF BELFAST EXETER DERBY YORK HULL READING LUTON CHESTER DURHAM
OXFORD PRESTON STOCKPORT SOLIHULL CROYDON BRIXTON HARBORNE DUDLEY WALSALL TAUNTON
""")
_TRADERS = _words("""
BLUE GOLDEN CORNER LITTLE STATION MILL BRIDGE HARBOUR GARDEN ORCHARD ROYAL VICTORIA UNION PARK HILL LANTERN
COPPER MAPLE WILLOW ANCHOR SWAN FOX CROWN OAK RIVER
""")
_TRADES = _words("""
CAFE BAKERY COFFEE DELI BARBERS FLORIST BOOKS KITCHEN PIZZERIA GRILL NEWS PHARMACY VETS CYCLES GARAGE HARDWARE
TAILORS STUDIO BUTCHERS DINER
""")
_NAMES = _words("""
ABBOTT BAKER CHAUDHRY DAVIES EVANS FOSTER GRANT HUGHES IQBAL JONES KHAN LEWIS MORGAN NOLAN OWEN PATEL REID
SHAH TURNER WEBB
""")
_PROCESSORS = ("SQ *", "SUMUP *", "ZETTLE *", "")
_FOR = ("RENT SHARE", "DINNER", "BILLS", "TICKETS", "BIRTHDAY", "WINDOW CLEANING", "THANKS", "HOLIDAY")


class Place(NamedTuple):
    """Where a customer pays: the text of a line, with ~ for what is new each time, and the pence it may cost."""

    text: str
    least: int
    most: int


def lines(rows: int, seed: int = 1) -> Iterator[tuple[str, str, str, str, str]]:
    """Statement lines under HEADER, about 500 of each customer; spending is negative, ids are unique."""
    dice = dice_of("statements", seed)
    done = 0
    while done < rows:
        customer = f"c{done // LINES_OF_ONE:06d}"
        places = _habits(dice)
        weights = [dice.paretovariate(1.1) for _ in places]
        for place in dice.choices(places, weights, k=min(LINES_OF_ONE, rows - done)):
            day = FIRST_DAY + dt.timedelta(days=dice.randrange(DAYS))
            pence = dice.randint(place.least, place.most)
            text = place.text.replace("~", f"{dice.randrange(36**6):06X}") if "~" in place.text else place.text
            done += 1
            yield f"g{done:08d}", customer, day.isoformat(), text, f"-{pence // 100}.{pence % 100:02d}"


def write(path: Path, rows: int, seed: int = 1) -> None:
    """Write a statement of so many lines, to be imported with "Customer" as the column of the party."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        out.writerows(lines(rows, seed))


def _habits(dice: Random) -> list[Place]:
    """The places of one customer: branches of chains near by, traders, web shops, mandates and people."""
    towns = dice.sample(_TOWNS, 3)
    places = [_branch(dice, chain, dice.choice(towns)) for chain in dice.sample(_table(_CHAINS), 18)]
    places += [_trader(dice, dice.choice(towns)) for _ in range(14)]
    places += dice.sample(_table(_ONLINE), 6) + dice.sample(_table(_MONTHLY), 7)
    for _ in range(3):
        name = f"{dice.choice('ABCDEFGHJKLMNPRST')} {dice.choice(_NAMES)}"
        places.append(Place(f"{name} {dice.choice(_FOR)}", 500, 20000))
    return places


def _branch(dice: Random, chain: Place, town: str) -> Place:
    return chain._replace(text=chain.text.replace("#", f"{dice.randrange(10_000):04d}").replace("@", town))


def _trader(dice: Random, town: str) -> Place:
    name = f"{dice.choice(_TRADERS)} {dice.choice(_TRADERS)} {dice.choice(_TRADES)}"
    return Place(f"{dice.choice(_PROCESSORS)}{name} {town}", 200, 6000)


def _table(text: str) -> list[Place]:
    found = []
    for line in text.strip().splitlines():
        name, least, most = line.split("|")
        found.append(Place(name, int(least), int(most)))
    return found
