"""What the bank's card service does for a customer: a card is frozen, unfrozen, or replaced."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from urllib.parse import quote

import httpx

from connectors import obie
from connectors.client import Json, ServiceClient
from connectors.exchange import Exchange

CARDS = frozenset({"WriteCards"})


class CardServices(ServiceClient):
    """The card service, audience "cards"; the standard knows no cards, so it is our own in the standard's style.

    Errors and `key` are as in `PaymentServices`: each method has one effect however often it is asked with one key.
    """

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport, exchange: Exchange) -> None:
        super().__init__("cards", base_url, transport, exchange)

    async def freeze(self, token: str, card: str, key: str) -> None:
        await self._ask(token, card, "freeze", {}, key)

    async def unfreeze(self, token: str, card: str, key: str) -> None:
        """Raises ServiceRefused for a card that is being replaced: it is stopped for good."""
        await self._ask(token, card, "unfreeze", {}, key)

    async def replace(self, token: str, card: str, reason: Literal["lost", "stolen", "damaged"], key: str) -> dt.date:
        """Stop a card and order another; returns the day by which it arrives."""
        answer = await self._ask(token, card, "replacements", {"Reason": reason.capitalize()}, key)
        return self.written(obie.replacement, answer)

    async def _ask(self, token: str, card: str, what: str, data: Json, key: str) -> Json:
        return await self.post(token, f"/cards/{quote(card, safe='')}/{what}", {"Data": data}, key, CARDS)
