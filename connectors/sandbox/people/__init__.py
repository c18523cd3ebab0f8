"""Six invented customers. Nobody here exists; shops are named as statements name them, amounts are made up.

Amara Okafor and Daniel Whitlock (Birmingham) share a joint account and a pot. Priya Raman (London) is a nurse who goes
overdrawn after her travels. Tomasz Zielinski (Leeds) is a self-employed joiner with a euro account. Margaret Ellison
(Norwich) is retired. Callum Mackenzie (Glasgow) is paid every Friday.
"""

from connectors.sandbox.books import Customer
from connectors.sandbox.habits import Life
from connectors.sandbox.people import amara, callum, daniel, joint, margaret, priya, tomasz

CUSTOMERS = (
    Customer("amara-okafor", "Amara Okafor"),
    Customer("daniel-whitlock", "Daniel Whitlock"),
    Customer("priya-raman", "Priya Raman"),
    Customer("tomasz-zielinski", "Tomasz Zielinski"),
    Customer("margaret-ellison", "Margaret Ellison"),
    Customer("callum-mackenzie", "Callum Mackenzie"),
)
LIVES: tuple[Life, ...] = (amara.LIFE, daniel.LIFE, joint.LIFE, priya.LIFE, tomasz.LIFE, margaret.LIFE, callum.LIFE)
