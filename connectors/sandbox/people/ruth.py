"""Ruth Ellison, librarian in Norwich, Margaret's daughter: few payments of her own, and an eye on her mother's accounts."""

from __future__ import annotations

from connectors.sandbox.books import Price
from connectors.sandbox.habits import Habit, Life, Month, Subscription, shops
from connectors.sandbox.people.common import account_id, current, direct_debit, every, payee, savings, standing_order

ME = {"ruth-ellison": "holder"}
MAIN, SAVER = account_id("ruth-main"), account_id("ruth-saver")

FOOD = shops("""
    5411 1900-6900 4 Morrisons = WM MORRISONS RIVERSIDE NORWICH
    5462 280-940 2 Dozen Bakery = ZETTLE *DOZEN BAKERY
""")
TOWN = shops("""
    5942 700-2600 2 Waterstones = WATERSTONES CASTLE ST NORWICH
    7832 850-1250 1 Cinema City = CINEMA CITY NORWICH
""")
(SPORTS,) = shops("""
    7997 3400-3400 1 Sportspark = SPORTSPARK UEA NORWICH
""")


def story(month: Month) -> None:
    """A librarian's pay on the 25th."""
    month.salary(MAIN, "NORFOLK COUNTY COUNCIL", 25, 158_000)


LIFE = Life(
    id="ruth-ellison",
    accounts=(current("ruth-main", ME, 2005, "Current account"), savings("ruth-saver", ME, 2021, "Bike fund", "2.50")),
    opening={MAIN: 64_000, SAVER: 51_000},
    commitments=(
        standing_order("ruth-main", "N HOLLIS LETTINGS", Price(82_500), 1, "RENT", "HLRP"),
        standing_order("ruth-main", "Bike fund", Price(5_000), 27, "BIKE", to="ruth-saver"),
        direct_debit("ruth-main", "OCTOPUS ENERGY", Price(9_400), 9, "ELEC"),
    ),
    habits=(Habit(MAIN, FOOD, every(0.5), (8, 19)), Habit(MAIN, TOWN, every(0.2), (10, 20))),
    subscriptions=(Subscription(MAIN, SPORTS, 3, Price(3_400)),),
    payees=(payee("ruth-main", "N HOLLIS LETTINGS", "RENT"),),
    sweeps=(),
    story=story,
)
