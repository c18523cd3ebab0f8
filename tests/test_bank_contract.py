"""What we rely on in a bank's services; run against the sandbox in this process and over HTTP."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey

from connectors.sandbox.app import ACCOUNTS_PATH, BASE_URL, Sandbox, build
from connectors.sandbox.tokens import ACCESS, access_claims, sign
from connectors.services import BankServices
from connectors.transport import in_process, over_http
from data.banking import AccountKind, Balance, Kind, Status, Transaction
from data.errors import InvalidCurrency, NotAuthenticated, ServiceRefused, ServiceUnavailable
from data.money import Money
from data.party import AccountId, Role
from tests.edge import as_it_is

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


@dataclasses.dataclass
class Bank:
    sandbox: Sandbox
    base_url: str
    transport: Callable[[], httpx.AsyncBaseTransport]

    def token(self, party: str) -> str:
        return self.sandbox.identity.mint(party, audience=["accounts"])

    def services(self) -> BankServices:
        return BankServices(self.base_url + ACCOUNTS_PATH, self.transport(), as_it_is)

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.base_url + ACCOUNTS_PATH, transport=self.transport())


@pytest.fixture(scope="module", params=["in process", "over HTTP"])
def bank(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    keys = tmp_path_factory.mktemp("keys") / "signing.json"
    if request.param == "in process":
        sandbox = build(lambda: NOW, keys)
        yield Bank(sandbox, BASE_URL, lambda: in_process(sandbox.app))
    else:
        yield from _served(keys)


def _served(keys: Path) -> Iterator[Bank]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        sandbox = build(lambda: NOW, keys, base_url)
        server = uvicorn.Server(uvicorn.Config(sandbox.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Bank(sandbox, base_url, over_http)
        server.should_exit = True
        thread.join()


@pytest.fixture
async def services(bank: Bank) -> AsyncIterator[BankServices]:
    async with bank.services() as client:
        yield client


@pytest.fixture
def amara(bank: Bank) -> str:
    return bank.token("amara-okafor")


@pytest.fixture
def daniel(bank: Bank) -> str:
    return bank.token("daniel-whitlock")


async def account_named(services: BankServices, token: str, name: str) -> AccountId:
    return next(account.id for account, _ in await services.accounts(token) if account.name == name)


async def all_rows(services: BankServices, token: str, name: str) -> list[Transaction]:
    return await services.transactions(token, await account_named(services, token, name), None, NOW)


async def test_a_customer_is_named_as_they_are(services: BankServices, amara: str) -> None:
    party = await services.party(amara)
    assert (party.id, party.name) == ("amara-okafor", "Amara Okafor")


async def test_accounts_have_kind_currency_and_role(services: BankServices, amara: str, bank: Bank) -> None:
    held = {account.name: (account, role) for account, role in await services.accounts(amara)}
    assert {name: role for name, (_, role) in held.items()} == {
        "Everyday account": Role.HOLDER,
        "Rainy day savings": Role.HOLDER,
        "Joint account": Role.JOINT,
        "House pot": Role.JOINT,
    }
    assert held["Rainy day savings"][0].kind is AccountKind.SAVINGS
    assert held["Everyday account"][0].product == "Everyday Current Account, version 3"
    euros = [a for a, _ in await services.accounts(bank.token("tomasz-zielinski")) if a.currency == "EUR"]
    assert [account.name for account in euros] == ["Euro account"]


async def test_available_is_booked_with_the_overdraft_and_without_what_is_pending(services: BankServices, amara: str) -> None:
    account = await account_named(services, amara, "Everyday account")
    balance = await services.balances(amara, account)
    rows = await services.transactions(amara, account, None, NOW)
    held = sum(row.amount.minor for row in rows if row.status is Status.PENDING and row.amount.minor < 0)
    assert held < 0
    assert balance.credit_line == Money.of("500", "GBP")
    assert balance.available == balance.booked + Money(minor=held, currency="GBP") + balance.credit_line


async def test_the_balance_moves_by_exactly_what_is_booked(tmp_path: Path) -> None:
    later = NOW
    sandbox = build(lambda: later, tmp_path / "key.json")
    async with BankServices(BASE_URL + ACCOUNTS_PATH, in_process(sandbox.app), as_it_is) as services:
        token = sandbox.identity.mint("callum-mackenzie", lifetime=dt.timedelta(days=40), audience=["accounts"])
        account = await account_named(services, token, "Everyday account")
        before: Balance = await services.balances(token, account)
        later = NOW + dt.timedelta(days=30)
        after = await services.balances(token, account)
        rows = await services.transactions(token, account, NOW + dt.timedelta(seconds=1), later)
    booked = [row.amount.minor for row in rows if row.status is Status.BOOKED]
    assert len(booked) > 30
    assert before.booked + Money(minor=sum(booked), currency="GBP") == after.booked


async def test_transactions_come_in_order_with_what_a_statement_says(services: BankServices, amara: str) -> None:
    rows = await all_rows(services, amara, "Everyday account")
    assert [row.booked_at for row in rows] == sorted(row.booked_at for row in rows if row.booked_at)
    assert len({row.source_id for row in rows}) == len(rows)
    salary = [row for row in rows if row.counterparty == "BRINDLEY DIGITAL LTD"][-1]
    assert (salary.kind, salary.bank_category, salary.booked_on) == (Kind.INCOME, "income", dt.date(2026, 10, 23))
    phone = [row for row in rows if row.text == "DD O2 UK"][-1]
    assert (phone.kind, phone.bank_category, phone.amount.minor < 0) == (Kind.PAYMENT, "telecoms", True)
    coffee = [row for row in rows if row.text.startswith("SQ *LANTERN COFFEE")][-1]
    assert (coffee.kind, coffee.mcc, coffee.counterparty) == (Kind.PURCHASE, "5814", "Lantern Coffee")
    assert {row.kind for row in rows} >= {Kind.TRANSFER, Kind.CASH, Kind.REFUND}


async def test_a_foreign_purchase_says_its_own_currency_and_rate(services: BankServices, bank: Bank) -> None:
    rows = await all_rows(services, bank.token("priya-raman"), "Everyday account")
    hotel = [row for row in rows if row.text == "HUDSON ROOMS HOTEL NEW YORK NY"][-1]
    assert hotel.original is not None
    assert hotel.rate is not None
    assert hotel.original.currency == "USD"
    assert hotel.amount == Money(minor=round(hotel.original.minor / hotel.rate), currency="GBP")
    fees = [row for row in rows if row.kind is Kind.FEE and row.booked_on >= hotel.booked_on]
    assert fees


async def test_a_booked_row_names_the_pending_one_that_it_replaces(tmp_path: Path) -> None:
    later = NOW
    sandbox = build(lambda: later, tmp_path / "key.json")
    async with BankServices(BASE_URL + ACCOUNTS_PATH, in_process(sandbox.app), as_it_is) as services:
        token = sandbox.identity.mint("daniel-whitlock", lifetime=dt.timedelta(days=9), audience=["accounts"])
        account = await account_named(services, token, "Everyday account")
        pending = [r for r in await services.transactions(token, account, None, later) if r.status is Status.PENDING]
        pump = next(row for row in pending if row.text == "SHELL HARBORNE LANE")
        later = NOW + dt.timedelta(days=5)
        rows = {row.source_id: row for row in await services.transactions(token, account, None, later)}
    filled = next(row for row in rows.values() if row.supersedes == pump.source_id)
    assert pump.amount == Money.of("-99.00", "GBP")
    assert filled.status is Status.BOOKED
    assert Money.of("-99.00", "GBP") < filled.amount < Money.of("-30.00", "GBP")
    assert pump.source_id not in rows


async def test_a_period_is_kept_to(services: BankServices, amara: str) -> None:
    account = await account_named(services, amara, "Everyday account")
    since, until = dt.datetime(2026, 9, 1, tzinfo=dt.UTC), dt.datetime(2026, 9, 30, 22, 59, 59, tzinfo=dt.UTC)
    inside = await services.transactions(amara, account, since, until)
    everything = await services.transactions(amara, account, None, NOW)
    assert inside
    assert inside == [row for row in everything if row.booked_at is not None and since <= row.booked_at <= until]


async def test_pages_lead_from_the_first_to_the_last_without_a_gap(bank: Bank, services: BankServices, amara: str) -> None:
    account = await account_named(services, amara, "Everyday account")
    found: list[str] = []
    async with bank.http() as http:
        answer = (await http.get(f"/accounts/{account}/transactions", headers=bearer(amara))).json()
        pages = answer["Meta"]["TotalPages"]
        last = answer["Links"]["Last"]
        while True:
            found += [row["TransactionId"] for row in answer["Data"]["Transaction"]]
            if "Next" not in answer["Links"]:
                break
            answer = (await http.get(answer["Links"]["Next"], headers=bearer(amara))).json()
        beyond = await http.get(f"/accounts/{account}/transactions?page={pages + 1}", headers=bearer(amara))
    assert pages > 3
    assert answer["Links"]["Self"] == last
    assert "Prev" in answer["Links"]
    assert found == [row.source_id for row in await services.transactions(amara, account, None, NOW)]
    assert beyond.status_code == 400


async def test_reading_twice_gives_the_same(services: BankServices, amara: str) -> None:
    first = await all_rows(services, amara, "Joint account")
    assert await all_rows(services, amara, "Joint account") == first


async def test_mandates_say_what_comes_next(services: BankServices, amara: str, bank: Bank) -> None:
    account = await account_named(services, amara, "Everyday account")
    orders = {order.payee: order for order in await services.standing_orders(amara, account)}
    assert orders["Joint account"].next_on == dt.date(2026, 11, 26)
    assert orders["Joint account"].amount == Money.of("1350", "GBP")
    debits = {debit.name: debit for debit in await services.direct_debits(amara, account)}
    assert (debits["O2 UK"].previous_on, debits["O2 UK"].active) == (dt.date(2026, 11, 12), True)
    scheduled = await services.scheduled_payments(amara, account)
    assert [payment.payee for payment in scheduled] == ["GREEN LANE POTTERY STUDIO", "HARBORNE DENTAL CARE"]
    assert all(payment.due_on > NOW.date() for payment in scheduled)
    payees = await services.beneficiaries(amara, account)
    assert [payee.name for payee in payees if payee.reference == "MUM"] == ["MRS G OKAFOR"]
    callum = bank.token("callum-mackenzie")
    ended = await services.direct_debits(callum, await account_named(services, callum, "Everyday account"))
    assert [debit.name for debit in ended if not debit.active] == ["THE GYM GROUP"]


async def test_products_have_fees_limits_interest_and_conditions(services: BankServices, amara: str) -> None:
    products = {product.id: product for product in await services.products(amara)}
    assert len(products) >= 10
    current = products["everyday-3"]
    assert (current.name, current.version, current.kind, current.currency) == (
        "Everyday Current Account",
        3,
        AccountKind.CURRENT,
        "GBP",
    )
    assert (current.since, current.until) == (dt.date(2023, 1, 9), None)
    assert (current.overdraft_rate, current.overdraft_most) == (Decimal("39.9"), Money.of("2000", "GBP"))
    assert current.limit("cash-machine").amount == Money.of("500", "GBP")  # type: ignore[union-attr]
    assert current.limit("cheque-photo").per == "cheque"  # type: ignore[union-attr]
    assert [condition.least_age for condition in current.conditions] == [18, None]
    saver = products["reserve-saver-1"]
    assert [(tier.above.plain, str(tier.rate)) for tier in saver.tiers] == [
        ("0.00", "3.20"),
        ("5000.00", "3.40"),
        ("20000.00", "4.05"),
    ]
    assert [(c.holds, c.months) for c in saver.conditions if c.holds] == [("everyday", 12)]
    assert saver.limit("withdrawals").count == 3  # type: ignore[union-attr]
    assert products["everyday-2"].until == dt.date(2023, 1, 8)
    assert products["fixed-saver-1"].fees[0].days_interest == 90


@pytest.mark.parametrize(
    ("product", "fee", "amount", "costs"),
    [
        ("everyday-3", "cash-abroad", "200.00 EUR", "3.00 EUR"),
        ("everyday-3", "non-sterling", "80.00 GBP", "0.00 GBP"),
        ("everyday-3", "chaps", "5000.00 GBP", "20.00 GBP"),
        ("everyday-3", "international-payment", "500.00 GBP", "8.00 GBP"),
        ("everyday-3", "international-payment", "4000.00 GBP", "16.00 GBP"),
        ("everyday-3", "international-payment", "9000.00 GBP", "25.00 GBP"),
        ("everyday-2", "non-sterling", "-200.00 GBP", "5.50 GBP"),
        ("everyday-2", "cash-abroad", "40.00 GBP", "3.00 GBP"),
        ("everyday-2", "cash-abroad", "200.00 GBP", "5.50 GBP"),
        ("euro-1", "cash-abroad", "200.00 EUR", "0.00 EUR"),
    ],
)
async def test_a_fee_says_what_it_costs(
    services: BankServices, amara: str, product: str, fee: str, amount: str, costs: str
) -> None:
    products = {found.id: found for found in await services.products(amara)}
    charged = products[product].fee(fee)
    assert charged is not None
    assert str(charged.on(Money.of(*amount.split()))) == costs


async def test_a_fee_with_a_bound_in_another_currency_is_not_guessed(services: BankServices, amara: str) -> None:
    products = {found.id: found for found in await services.products(amara)}
    charged = products["everyday-2"].fee("cash-abroad")
    assert charged is not None
    with pytest.raises(InvalidCurrency):
        charged.on(Money.of("200", "EUR"))


async def test_terms_are_those_of_the_day(tmp_path: Path) -> None:
    today = NOW
    sandbox = build(lambda: today, tmp_path / "key.json")
    async with BankServices(BASE_URL + ACCOUNTS_PATH, in_process(sandbox.app), as_it_is) as services:
        seen = []
        for day in (dt.date(2026, 1, 11), NOW.date(), dt.date(2027, 2, 1)):
            today = NOW.replace(year=day.year, month=day.month, day=day.day)
            known = {
                product.id: product
                for product in await services.products(sandbox.identity.mint("amara-okafor", audience=["accounts"]))
            }
            current = known["everyday-3"]
            payee, cash = current.limit("new-payee"), current.fee("cash-abroad")
            assert payee is not None
            assert cash is not None
            seen.append((str(payee.amount), str(cash.percent), str(cash.most), "fixed-saver-2" in known))
    assert seen == [
        ("2500.00 GBP", "1.5", "None", False),
        ("5000.00 GBP", "1.5", "None", True),
        ("5000.00 GBP", "1.75", "10.00 GBP", True),
    ]


async def test_every_account_is_on_a_version_that_the_bank_has(services: BankServices, bank: Bank) -> None:
    seen = {}
    for party in bank.sandbox.identity.customers:
        token = bank.token(party)
        known = {product.id: product for product in await services.products(token)}
        for account, _ in await services.accounts(token):
            product = await services.account_product(token, account.id)
            assert product == known[product.id]
            assert (product.kind, product.currency) == (account.kind, account.currency)
            assert account.product == f"{product.name}, version {product.version}"
            seen[party, account.name] = product.id
    assert seen["priya-raman", "Everyday account"] == "everyday-2"
    assert seen["amara-okafor", "Everyday account"] == "everyday-3"
    assert seen["tomasz-zielinski", "Euro account"] == "euro-1"
    assert seen["daniel-whitlock", "Cash ISA"] == "cash-isa-1"


async def test_what_was_charged_and_paid_is_what_the_products_say(services: BankServices, bank: Bank) -> None:
    """Foreign purchases and the fees beside them, unpaid items, and a month's interest on savings whose balance did not move."""
    priya = bank.token("priya-raman")
    product = await services.account_product(priya, await account_named(services, priya, "Everyday account"))
    rows = await all_rows(services, priya, "Everyday account")
    abroad = [row.amount for row in rows if row.original is not None and row.status is Status.BOOKED]
    fees = sorted(-row.amount.minor for row in rows if row.kind is Kind.FEE)
    charged = product.fee("non-sterling")
    assert charged is not None
    assert sorted(cost.minor for amount in abroad if (cost := charged.on(amount))) == fees
    callum = bank.token("callum-mackenzie")
    unpaid = (await services.account_product(callum, await account_named(services, callum, "Everyday account"))).fee(
        "unpaid-item"
    )
    taken = {-row.amount for row in await all_rows(services, callum, "Everyday account") if row.kind is Kind.FEE}
    assert unpaid is not None
    assert taken == {unpaid.amount}


@pytest.mark.parametrize(
    ("party", "name"),
    [
        ("amara-okafor", "Rainy day savings"),
        ("amara-okafor", "House pot"),
        ("daniel-whitlock", "Cash ISA"),
        ("priya-raman", "Deposit fund"),
        ("tomasz-zielinski", "Tax pot"),
        ("margaret-ellison", "Savings"),
        ("margaret-ellison", "Grandchildren"),
        ("callum-mackenzie", "Holiday jar"),
    ],
)
async def test_savings_earn_the_rate_of_their_tier(services: BankServices, bank: Bank, party: str, name: str) -> None:
    """The interest paid on 1 November is that of each day of October at the product's rate for that day's balance."""
    token = bank.token(party)
    account = await account_named(services, token, name)
    product = await services.account_product(token, account)
    rows = await services.transactions(token, account, None, NOW)
    balance = (await services.balances(token, account)).booked
    earned = Decimal(0)
    for day in (dt.date(2026, 10, 31) - dt.timedelta(days=n) for n in range(31)):
        after = sum(row.amount.minor for row in rows if row.booked_on > day and row.status is Status.BOOKED)
        that_day = Money(minor=balance.minor - after, currency=balance.currency)
        earned += that_day.minor * (product.rate(that_day) or Decimal(0)) / 36_500
    paid = [row.amount.minor for row in rows if row.kind is Kind.INTEREST and row.booked_on == dt.date(2026, 11, 1)]
    assert paid == [round(earned)]


async def checks(services: BankServices, token: str, product: str, *, overdraft: bool = False) -> dict[str, bool | None]:
    """Condition -> whether it is met."""
    found = await services.eligibility(token, product)
    return {check.condition.id: check.met for check in found if check.overdraft is overdraft}


async def test_who_may_have_a_product_is_said_as_far_as_the_bank_knows(services: BankServices, bank: Bank, amara: str) -> None:
    assert await checks(services, amara, "reserve-saver-1") == {"age": True, "holds": True}
    assert await checks(services, amara, "everyday-3", overdraft=True) == {
        "age": True,
        "holds": True,
        "income": True,
        "bankruptcy": None,
    }
    assert await checks(services, amara, "student-1") == {"age": True, "residence": None, "study": None}
    assert await checks(services, amara, "junior-saver-1") == {"age": None, "residence": None, "holds": True}
    assert await checks(services, amara, "cash-isa-1", overdraft=True) == {}
    for product in await services.products(amara):
        found = await services.eligibility(amara, product.id)
        assert tuple(c.condition for c in found if not c.overdraft) == product.conditions
        assert tuple(c.condition for c in found if c.overdraft) == product.overdraft_conditions
    for unknown in ("loan-1", "../party"):
        with pytest.raises(ServiceRefused) as refused:
            await services.eligibility(amara, unknown)
        assert refused.value.status == 404


async def test_cards_are_the_customers_own(services: BankServices, bank: Bank, amara: str, daniel: str) -> None:
    joint = await account_named(services, amara, "Joint account")
    hers, his = await services.cards(amara, joint), await services.cards(daniel, joint)
    assert len(hers) == len(his) == 1
    assert hers[0].id != his[0].id
    assert (hers[0].account, hers[0].kind, hers[0].frozen, len(hers[0].last_digits)) == (joint, "debit", False, 4)
    assert [limit.id for limit in hers[0].limits] == ["cash-machine", "contactless"]
    assert hers[0].expires is not None
    assert NOW.date() < hers[0].expires < NOW.date() + dt.timedelta(days=3 * 366)
    assert await services.cards(amara, await account_named(services, amara, "House pot")) == []
    tomasz = bank.token("tomasz-zielinski")
    frozen = await services.cards(tomasz, await account_named(services, tomasz, "Euro account"))
    assert [card.frozen for card in frozen] == [True]
    assert frozen[0].limits[0].amount == Money.of("400", "EUR")


async def test_contact_details_are_shown_masked(services: BankServices, bank: Bank, amara: str) -> None:
    contact = await services.contact(amara)
    assert (contact.party, contact.name, contact.email) == ("amara-okafor", "Amara Okafor", "a***@example.com")
    assert (contact.mobile, contact.address) == ("********118", "Birmingham, B17 ***")
    async with bank.http() as http:
        shown = (await http.get("/party", headers=bearer(amara))).text
    assert "amara.okafor@" not in shown
    assert "07700" not in shown


async def test_statements_are_of_whole_months_and_follow_on(services: BankServices, amara: str) -> None:
    account = await account_named(services, amara, "Everyday account")
    statements = await services.statements(amara, account)
    assert (statements[0].since, statements[-1].until) == (dt.date(2024, 11, 1), dt.date(2026, 10, 31))
    assert len({statement.id for statement in statements}) == len(statements) == 24
    rows = await all_rows(services, amara, "Everyday account")
    for before, after in pairwise(statements):
        assert (before.until + dt.timedelta(days=1), before.closing) == (after.since, after.opening)
        moved = sum(row.amount.minor for row in rows if after.since <= row.booked_on <= after.until)
        assert after.closing.minor - after.opening.minor == moved


@pytest.mark.parametrize(
    "read",
    [
        "balances",
        "beneficiaries",
        "standing_orders",
        "direct_debits",
        "scheduled_payments",
        "transactions",
        "account_product",
        "cards",
        "statements",
    ],
)
async def test_nobody_reads_an_account_that_is_not_theirs(services: BankServices, amara: str, bank: Bank, read: str) -> None:
    priya = bank.token("priya-raman")
    foreign = await account_named(services, priya, "Everyday account")
    more = (None, NOW) if read == "transactions" else ()
    for account in (foreign, AccountId("acc-000000000000"), AccountId("../accounts")):
        with pytest.raises(ServiceRefused) as refused:
            await getattr(services, read)(amara, account, *more)
        assert refused.value.status == 404


async def test_a_stranger_cannot_tell_another_customers_account_from_none(bank: Bank, services: BankServices, amara: str) -> None:
    foreign = await account_named(services, bank.token("priya-raman"), "Everyday account")
    async with bank.http() as http:
        there = (await http.get(f"/accounts/{foreign}/balances", headers=bearer(amara))).json()
        nowhere = (await http.get("/accounts/acc-000000000000/balances", headers=bearer(amara))).json()
    del there["Id"], nowhere["Id"]
    assert there == nowhere


async def test_both_holders_see_the_joint_account_and_neither_the_others_own(
    services: BankServices, amara: str, daniel: str
) -> None:
    hers = {account.id for account, _ in await services.accounts(amara)}
    his = {account.id for account, _ in await services.accounts(daniel)}
    joint = {await account_named(services, amara, name) for name in ("Joint account", "House pot")}
    assert hers & his == joint
    assert await all_rows(services, amara, "Joint account") == await all_rows(services, daniel, "Joint account")


async def test_a_mandate_and_a_view_show_what_they_are_for(services: BankServices, bank: Bank) -> None:
    ruth, margaret = bank.token("ruth-ellison"), bank.token("margaret-ellison")
    seen = {account.name: (account, role) for account, role in await services.accounts(ruth)}
    main, saver = seen["Everyday account"], seen["Savings"]
    assert (main[1], saver[1]) == (Role.MANDATE, Role.VIEWER)
    assert main[0].holders == saver[0].holders == "Margaret Ellison"
    assert "Grandchildren" not in seen
    assert (await services.beneficiaries(ruth, main[0].id)) == (await services.beneficiaries(margaret, main[0].id))
    with pytest.raises(ServiceRefused) as refused:
        await services.beneficiaries(ruth, saver[0].id)
    assert refused.value.status == 403
    assert (await services.cards(ruth, main[0].id)) != (await services.cards(margaret, main[0].id))
    joint = next(account for account, role in await services.accounts(bank.token("amara-okafor")) if role is Role.JOINT)
    assert joint.holders == "Amara Okafor and Daniel Whitlock"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def bad_tokens(bank: Bank) -> dict[str, str]:
    identity = bank.sandbox.identity
    good = access_claims(identity.issuer, "amara-okafor", ("ReadPartyPSU",), NOW, dt.timedelta(hours=1), "password", ["accounts"])
    stranger = ECKey.generate_key("P-256", auto_kid=True)
    header, body, signature = sign(identity.key, ACCESS, good).split(".")
    public = json.dumps(identity.key.as_dict(private=False))
    unsigned = {"alg": "none", "typ": ACCESS}
    return {
        "empty": "",
        "two headers": "a\r\nx-other: b",
        "nonsense": "nonsense",
        "expired": identity.mint("amara-okafor", lifetime=dt.timedelta(hours=-1), audience=["accounts"]),
        "for the assistant": identity.mint("amara-okafor"),
        "bound to a key, without a proof": sign(identity.key, ACCESS, good | {"cnf": {"jkt": stranger.thumbprint()}}),
        "for another service": identity.mint("amara-okafor", audience=["payments"]),
        "from another issuer": sign(identity.key, ACCESS, good | {"iss": "https://elsewhere.example"}),
        "signed by a stranger": jwt.encode({"alg": "ES256", "kid": identity.key.kid, "typ": ACCESS}, good, stranger),
        "not signed": f"{_part(unsigned)}.{body}.",
        "signed, then said not to be": f"{_part(unsigned)}.{body}.{signature}",
        "changed after signing": f"{header}.{_part(good | {'sub': 'priya-raman'})}.{signature}",
        "signed with the public key as a secret": _hmac(public, good),
        "for later": sign(identity.key, ACCESS, good | {"nbf": good["nbf"] + 600}),
        "without an end": sign(identity.key, ACCESS, {k: v for k, v in good.items() if k != "exp"}),
        "of somebody unknown": sign(identity.key, ACCESS, good | {"sub": "nobody"}),
        "an id token": sign(identity.key, "JWT", good),
    }


def _hmac(secret: str, claims: dict[str, object]) -> str:
    signed = f"{_part({'alg': 'HS256', 'typ': ACCESS})}.{_part(claims)}"
    mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


async def test_a_good_token_made_by_hand_is_accepted(services: BankServices, bank: Bank) -> None:
    """Without this, every bad token below could be refused for a reason of its own."""
    identity = bank.sandbox.identity
    good = access_claims(identity.issuer, "amara-okafor", ("ReadPartyPSU",), NOW, dt.timedelta(hours=1), "password", ["accounts"])
    assert (await services.party(sign(identity.key, ACCESS, good))).id == "amara-okafor"


async def _is_accepted(services: BankServices, token: str) -> bool:
    try:
        await services.party(token)
    except NotAuthenticated:
        return False
    return True


async def test_a_token_that_proves_nothing_is_refused(services: BankServices, bank: Bank) -> None:
    accepted = [name for name, token in bad_tokens(bank).items() if await _is_accepted(services, token)]
    assert accepted == []
    async with bank.http() as http:
        answer = await http.get("/accounts")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["Errors"][0]["ErrorCode"] == "U007"


async def test_a_permission_that_was_not_given_is_refused(services: BankServices, bank: Bank) -> None:
    token = bank.sandbox.identity.mint("amara-okafor", scopes=["ReadAccountsDetail"], audience=["accounts"])
    account = await account_named(services, token, "Everyday account")
    with pytest.raises(ServiceRefused) as refused:
        await services.balances(token, account)
    assert (refused.value.status, refused.value.codes) == (403, ("U008",))


async def test_the_interaction_id_comes_back(bank: Bank, amara: str) -> None:
    mine = "93bac548-d2de-4546-b106-880a5018460d"
    async with bank.http() as http:
        answer = await http.get("/accounts", headers=bearer(amara) | {"x-fapi-interaction-id": mine})
        refused = await http.get("/accounts", headers={"x-fapi-interaction-id": mine})
        without = await http.get("/accounts", headers=bearer(amara))
        wrong = await http.get("/accounts", headers=bearer(amara) | {"x-fapi-interaction-id": "7"})
    assert answer.headers["x-fapi-interaction-id"] == refused.headers["x-fapi-interaction-id"] == mine
    assert without.headers["x-fapi-interaction-id"] != mine
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    "query", ["fromBookingDateTime=yesterday", "toBookingDateTime=2026-13-01", "page=0", "page=²", "page=-1"]
)
async def test_a_query_that_cannot_be_read_is_said(bank: Bank, services: BankServices, amara: str, query: str) -> None:
    account = await account_named(services, amara, "Everyday account")
    async with bank.http() as http:
        answer = await http.get(f"/accounts/{account}/transactions?{query}", headers=bearer(amara))
    assert answer.status_code == 400
    assert answer.json()["Errors"][0]["ErrorCode"] in ("U002", "U003")


async def test_a_bank_that_is_not_there_is_said_to_be_unavailable() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with BankServices(closed, over_http(), as_it_is) as services:
        with pytest.raises(ServiceUnavailable):
            await services.party("token")
