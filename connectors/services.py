"""The bank's accounts service as we ask it: one client, whichever way it is reached."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from connectors import obie
from connectors.client import Json, ServiceClient
from connectors.exchange import Exchange
from data.banking import (
    Account,
    Balance,
    Beneficiary,
    Card,
    Check,
    Contact,
    DirectDebit,
    Product,
    ScheduledPayment,
    StandingOrder,
    Statement,
    Transaction,
)
from data.party import AccountId, Party, Role

# A bank that never stops giving next pages is not followed for ever.
MAX_PAGES = 2000


class BankServices(ServiceClient):
    """Reads of the accounts service. Every call carries a token for this service alone and for what that call needs, exchanged
    from the customer's own; the service decides what it may see.

    base_url: the address of the service, such as "https://bank.example/open-banking/v4.0/aisp". The transport is ours
    to close. `token` is always the customer's own. Every method raises NotAuthenticated when it is not accepted,
    ScopeMissing when it was not given for this, ServiceRefused when the service says no, and ServiceUnavailable when a
    service does not answer, or not in a way that can be used: an amount with more decimals than its currency has is such.
    """

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport, exchange: Exchange) -> None:
        super().__init__("accounts", base_url, transport, exchange)

    async def party(self, token: str) -> Party:
        return self.read(obie.party, await self._data(token, "/party", "Party", "ReadPartyPSU"))

    async def contact(self, token: str) -> Contact:
        """How the bank reaches the customer, as far as it shows it."""
        return self.read(obie.contact, await self._data(token, "/party", "Party", "ReadPartyPSU"))

    async def accounts(self, token: str) -> list[tuple[Account, Role]]:
        """The accounts that the customer may see, each with their role in it; empty when there are none."""
        return [self.read(obie.account, wire) for wire in await self._data(token, "/accounts", "Account", "ReadAccountsDetail")]

    async def balances(self, token: str, account: AccountId) -> Balance:
        shown = await self._data(token, f"{_path(account)}/balances", "Balance", "ReadBalances")
        balance = self.read(lambda wire: obie.balance(account, wire), shown)
        if balance is None:
            raise self.unavailable("it gave no booked balance")
        return balance

    async def transactions(
        self, token: str, account: AccountId, since: dt.datetime | None, until: dt.datetime
    ) -> list[Transaction]:
        """What was booked, or is pending, from `since` (None: from the first that the bank has) until `until`, oldest first."""
        query = {"toBookingDateTime": until.isoformat()}
        if since is not None:
            query["fromBookingDateTime"] = since.isoformat()
        rows = []
        async for page in self._pages(token, f"{_path(account)}/transactions", query, "ReadTransactionsDetail"):
            rows += [self.read(lambda wire: obie.transaction(account, wire), wire) for wire in self.rows(page, "Transaction")]
        return [row for row in rows if row is not None]

    async def beneficiaries(self, token: str, account: AccountId) -> list[Beneficiary]:
        shown = await self._data(token, f"{_path(account)}/beneficiaries", "Beneficiary", "ReadBeneficiariesDetail")
        return [self.read(lambda wire: obie.beneficiary(account, wire), wire) for wire in shown]

    async def standing_orders(self, token: str, account: AccountId) -> list[StandingOrder]:
        shown = await self._data(token, f"{_path(account)}/standing-orders", "StandingOrder", "ReadStandingOrdersDetail")
        orders = [self.read(lambda wire: obie.standing_order(account, wire), wire) for wire in shown]
        return [order for order in orders if order is not None]

    async def direct_debits(self, token: str, account: AccountId) -> list[DirectDebit]:
        shown = await self._data(token, f"{_path(account)}/direct-debits", "DirectDebit", "ReadDirectDebits")
        return [self.read(lambda wire: obie.direct_debit(account, wire), wire) for wire in shown]

    async def scheduled_payments(self, token: str, account: AccountId) -> list[ScheduledPayment]:
        shown = await self._data(token, f"{_path(account)}/scheduled-payments", "ScheduledPayment", "ReadScheduledPaymentsDetail")
        return [self.read(lambda wire: obie.scheduled_payment(account, wire), wire) for wire in shown]

    async def products(self, token: str) -> list[Product]:
        """Every product version that is in force, on sale or not."""
        return [self.read(obie.product, wire) for wire in await self._data(token, "/products", "Product", "ReadProducts")]

    async def account_product(self, token: str, account: AccountId) -> Product:
        """The product version that the account is on."""
        shown = await self._data(token, f"{_path(account)}/product", "Product", "ReadProducts")
        if len(shown) != 1:
            raise self.unavailable("it gave not one product for an account")
        return self.read(obie.product, shown[0])

    async def eligibility(self, token: str, product: str) -> list[Check]:
        """Whether the customer meets each condition of a product version and of an overdraft on it, as far as the bank knows."""
        shown = await self._data(token, f"/products/{quote(product, safe='')}/eligibility", "Eligibility", "ReadProducts")
        return [self.read(obie.check, wire) for wire in shown]

    async def cards(self, token: str, account: AccountId) -> list[Card]:
        """The customer's own cards on the account, not those of others who hold it too."""
        shown = await self._data(token, f"{_path(account)}/cards", "Card", "ReadCards")
        return [self.read(lambda wire: obie.card(account, wire), wire) for wire in shown]

    async def statements(self, token: str, account: AccountId) -> list[Statement]:
        """The statements that were made of the account, oldest first."""
        shown = await self._data(token, f"{_path(account)}/statements", "Statement", "ReadStatementsDetail")
        found = [self.read(lambda wire: obie.statement(account, wire), wire) for wire in shown]
        return sorted(found, key=lambda statement: statement.since)

    async def _data(self, token: str, path: str, name: str, scope: str) -> Any:
        """One resource of an answer of one page: a list, but for a party."""
        answer = await self.get(token, self._base + path, {}, frozenset({scope}))
        if name == "Party":
            return self.mapping(answer.get("Data")).get(name)
        return self.rows(answer, name)

    async def _pages(self, token: str, path: str, query: Mapping[str, str], scope: str) -> AsyncIterator[Json]:
        """Answers, page by page; a next page is followed only where the token may go: to the service itself."""
        url: str | None = self._base + path
        for _ in range(MAX_PAGES):
            answer = await self.get(token, str(url), query, frozenset({scope}))
            yield answer
            url, query = self.mapping(answer.get("Links", {})).get("Next"), {}
            if url is None:
                return
            if not str(url).startswith(self._base + "/"):
                raise self.unavailable("its next page lies elsewhere")
        raise self.unavailable(f"it has more than {MAX_PAGES} pages")


def _path(account: AccountId) -> str:
    return f"/accounts/{quote(account, safe='')}"
