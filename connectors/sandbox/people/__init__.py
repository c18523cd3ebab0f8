"""Seven invented customers. Nobody here exists; shops are named as statements name them, amounts are made up.

Amara Okafor and Daniel Whitlock (Birmingham) share a joint account and a pot. Priya Raman (London) is a nurse who goes
overdrawn after her travels. Tomasz Zielinski (Leeds) is a self-employed joiner with a euro account. Margaret Ellison
(Norwich) is retired; her daughter Ruth Ellison has a mandate for her current account and may look at her savings.
Callum Mackenzie (Glasgow) is paid every Friday.
"""

import datetime as dt

from connectors.sandbox.books import Customer
from connectors.sandbox.habits import Life
from connectors.sandbox.people import amara, callum, daniel, joint, margaret, priya, ruth, tomasz

# Mobile numbers are of the range that is kept free for fiction, addresses of mail of the domain that is kept for examples.
CUSTOMERS = (
    Customer(
        "amara-okafor", "Amara Okafor", "amara.okafor@example.com", "07700900118", "Birmingham", "B17 9QE", dt.date(1992, 5, 11)
    ),
    Customer(
        "daniel-whitlock",
        "Daniel Whitlock",
        "daniel.whitlock@example.com",
        "07700900264",
        "Birmingham",
        "B17 9QE",
        dt.date(1985, 3, 8),
    ),
    Customer("priya-raman", "Priya Raman", "priya.raman@example.com", "07700900371", "London", "SW9 8JT", dt.date(1996, 9, 27)),
    Customer(
        "tomasz-zielinski",
        "Tomasz Zielinski",
        "tomasz.zielinski@example.com",
        "07700900409",
        "Leeds",
        "LS6 3HN",
        dt.date(1984, 1, 19),
    ),
    Customer(
        "margaret-ellison",
        "Margaret Ellison",
        "margaret.ellison@example.com",
        "07700900552",
        "Norwich",
        "NR2 3DL",
        dt.date(1949, 8, 2),
    ),
    Customer(
        "callum-mackenzie",
        "Callum Mackenzie",
        "callum.mackenzie@example.com",
        "07700900687",
        "Glasgow",
        "G31 2PX",
        dt.date(2001, 2, 14),
    ),
    Customer(
        "ruth-ellison",
        "Ruth Ellison",
        "ruth.ellison@example.com",
        "07700900815",
        "Norwich",
        "NR4 7TJ",
        dt.date(1976, 4, 17),
    ),
)
LIVES: tuple[Life, ...] = (amara.LIFE, daniel.LIFE, joint.LIFE, priya.LIFE, tomasz.LIFE, margaret.LIFE, callum.LIFE, ruth.LIFE)
