"""What we rely on where a bank is asked to do something; run against the sandbox in this process and over HTTP."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import json
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from connectors import obie
from connectors.card_services import CardServices
from connectors.exchange import Exchange, TokenExchange
from connectors.obie import PaymentConsent
from connectors.payments import PaymentServices
from connectors.sandbox import payments
from connectors.sandbox.accounts import AccountsStore
from connectors.sandbox.app import ACCOUNTS_PATH, BASE_URL, CARDS_PATH, IDENTITY_PATH, PAYMENTS_PATH, Sandbox, build
from connectors.sandbox.books import Books
from connectors.sandbox.calendar import LONDON
from connectors.sandbox.households import households
from connectors.sandbox.names import fit
from connectors.sandbox.people.common import account_id, number
from connectors.sandbox.tokens import PERMISSIONS
from connectors.sandbox.written import Written
from connectors.services import BankServices
from connectors.transport import in_process, over_http
from data.actions import NameCheck, Payee, Result, State
from data.banking import Balance, Card, Kind, Status, Transaction
from data.errors import InvalidInput, NotAuthenticated, OutcomeUnknown, ScopeMissing, ServiceRefused, ServiceUnavailable
from data.money import Money
from data.party import PASSWORD, STRONG, AccountId

NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
CALLUM, AMARA, DANIEL, RUTH, MARGARET = (
    "callum-mackenzie", "amara-okafor", "daniel-whitlock", "ruth-ellison", "margaret-ellison",
)  # fmt: skip
MAIN, JAR = AccountId(account_id("callum-main")), AccountId(account_id("callum-jar"))
SCHEME = "UK.OBIE.SortCodeAccountNumber"
WRITES = ("WritePayments", "WriteBeneficiaries", "WriteCards")


async def as_given(token: str, audience: str, scopes: frozenset[str]) -> str:
    return token


def pounds(text: str) -> Money:
    return Money.of(text, "GBP")


def payee(name: str, digits: str | None = None, **more: Any) -> Payee:
    return Payee(name=name, scheme=SCHEME, identification=digits or number(name), **more)


SAM = payee("SAM GILLESPIE")
STRANGER = payee("PAUL DERRICK", "20456712345678")
OWN_JAR = payee("Holiday jar", number("callum-jar"), own=JAR)


@dataclasses.dataclass
class Bank:
    """A bank, its clients, and its clock. The "token" given to a client is a customer's name and how they logged in."""

    sandbox: Sandbox
    base_url: str
    transport: Callable[[], httpx.AsyncBaseTransport]
    clock: list[dt.datetime]
    payments: PaymentServices = dataclasses.field(init=False)
    cards: CardServices = dataclasses.field(init=False)
    reads: BankServices = dataclasses.field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.payments = PaymentServices(self.base_url + PAYMENTS_PATH, self.transport(), self.exchange)
        self.cards = CardServices(self.base_url + CARDS_PATH, self.transport(), self.exchange)
        self.reads = BankServices(self.base_url + ACCOUNTS_PATH, self.transport(), self.exchange)

    async def exchange(self, token: str, audience: str, scopes: frozenset[str]) -> str:
        party, _, acr = token.partition(" ")
        return self.sandbox.identity.mint(party, scopes=sorted(scopes), audience=[audience], acr=acr or PASSWORD)

    def key(self) -> str:
        self.count += 1
        return f"own-{self.count}"

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.base_url, transport=self.transport())

    async def ready(
        self,
        who: str,
        amount: Money,
        to: Payee = SAM,
        *,
        account: AccountId = MAIN,
        reference: str = "PIZZA",
        on: dt.date | None = None,
    ) -> PaymentConsent:
        """An approved consent."""
        consent = await self.payments.prepare(who, account, to, amount, reference, on, self.key())
        await self.payments.authorise(who, consent.id)
        return consent

    async def pay(
        self,
        who: str,
        amount: Money,
        to: Payee = SAM,
        *,
        account: AccountId = MAIN,
        reference: str = "PIZZA",
        on: dt.date | None = None,
    ) -> Result:
        consent = await self.ready(who, amount, to, account=account, reference=reference, on=on)
        return await self.payments.pay(who, consent.id, account, to, amount, reference, on, self.key())

    async def balance(self, party: str = CALLUM, account: AccountId = MAIN) -> Balance:
        return await self.reads.balances(party, account)

    async def rows(self, party: str = CALLUM, account: AccountId = MAIN, since: dt.datetime = NOON) -> list[Transaction]:
        found = await self.reads.transactions(party, account, since, self.clock[0])
        return [row for row in found if row.booked_at is None or row.booked_at >= since]

    async def card(self, party: str = CALLUM, account: AccountId = MAIN) -> Card:
        return (await self.reads.cards(party, account))[0]

    async def aclose(self) -> None:
        for client in (self.payments, self.cards, self.reads):
            await client.aclose()


@pytest.fixture(params=["in process", "over HTTP"])
async def bank(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bank]:
    clock = [NOON]
    keys = tmp_path / "signing.json"
    if request.param == "in process":
        sandbox = build(lambda: clock[0], keys)
        made = Bank(sandbox, BASE_URL, lambda: in_process(sandbox.app), clock)
        yield made
        await made.aclose()
        return
    for base_url, sandbox in _served(clock, keys):
        made = Bank(sandbox, base_url, over_http, clock)
        yield made
        await made.aclose()


def _served(clock: list[dt.datetime], keys: Path) -> Iterator[tuple[str, Sandbox]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        sandbox = build(lambda: clock[0], keys, base_url)
        server = uvicorn.Server(uvicorn.Config(sandbox.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield base_url, sandbox
        server.should_exit = True
        thread.join()


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[Bank]:
    """A bank in this process, where the way to it makes no difference."""
    clock = [NOON]
    sandbox = build(lambda: clock[0], tmp_path / "signing.json")
    made = Bank(sandbox, BASE_URL, lambda: in_process(sandbox.app), clock)
    yield made
    await made.aclose()


async def refused(asked: Any) -> tuple[int, tuple[str, ...]]:
    with pytest.raises(ServiceRefused) as error:
        await asked
    return error.value.status, error.value.codes


# Paying


async def test_a_payment_is_booked_at_once_and_leaves_the_account(bank: Bank) -> None:
    before = await bank.balance()
    consent = await bank.payments.prepare(CALLUM, MAIN, SAM, pounds("25.00"), "PIZZA", None, "k-consent")
    assert (consent.fee, consent.executes_at, consent.settles_at) == (pounds("0.00"), NOON, NOON)
    assert consent.cut_off == dt.datetime(2026, 11, 25, 0, 0, tzinfo=LONDON)
    assert await bank.payments.funds(CALLUM, consent.id)
    assert await bank.payments.find(CALLUM, consent.id) is None
    assert await bank.balance() == before
    await bank.payments.authorise(CALLUM, consent.id)
    result = await bank.payments.pay(CALLUM, consent.id, MAIN, SAM, pounds("25.00"), "PIZZA", None, "k-pay")
    assert (result.state, result.settles_at, result.reason) == (State.DONE, NOON, "")
    assert await bank.payments.find(CALLUM, consent.id) == result
    after = await bank.balance()
    assert after.booked == before.booked - pounds("25.00")
    assert after.available == before.available - pounds("25.00")
    [row] = await bank.rows()
    assert (row.amount, row.status, row.kind, row.counterparty, row.reference) == (
        pounds("-25.00"), Status.BOOKED, Kind.PAYMENT, "SAM GILLESPIE", "PIZZA",
    )  # fmt: skip


async def test_money_between_own_accounts_arrives_in_the_other(bank: Bank) -> None:
    before = [await bank.balance(), await bank.balance(account=JAR)]
    assert (await bank.pay(CALLUM, pounds("40.00"), OWN_JAR, reference="")).state is State.DONE
    after = [await bank.balance(), await bank.balance(account=JAR)]
    assert after[0].booked == before[0].booked - pounds("40.00")
    assert after[1].booked == before[1].booked + pounds("40.00")
    rows = await bank.rows() + await bank.rows(account=JAR)
    assert [(row.amount, row.kind) for row in rows] == [(pounds("-40.00"), Kind.TRANSFER), (pounds("40.00"), Kind.TRANSFER)]


async def test_another_customer_of_the_bank_is_paid_by_their_number(quick: Bank) -> None:
    amara = payee("Amara Okafor", number("amara-main"))
    before = await quick.balance(AMARA, AccountId(account_id("amara-main")))
    assert (await quick.pay(f"{CALLUM} {STRONG}", pounds("12.34"), amara, reference="rounders")).state is State.DONE
    account = AccountId(account_id("amara-main"))
    assert (await quick.balance(AMARA, account)).booked == before.booked + pounds("12.34")
    [row] = await quick.rows(AMARA, account)
    assert (row.counterparty, row.reference, row.kind) == ("CALLUM MACKENZIE", "rounders", Kind.INCOME)


async def test_a_sum_that_is_not_there_is_rejected_and_nothing_moves(bank: Bank) -> None:
    before = await bank.balance()
    much = before.available + pounds("0.01")
    consent = await bank.payments.prepare(CALLUM, MAIN, SAM, much, "", None, "k-1")
    assert not await bank.payments.funds(CALLUM, consent.id)
    await bank.payments.authorise(CALLUM, consent.id)
    result = await bank.payments.pay(CALLUM, consent.id, MAIN, SAM, much, "", None, "k-1")
    assert (result.state, result.reason, result.settles_at) == (State.FAILED, "AM04", None)
    assert await bank.payments.find(CALLUM, consent.id) == result
    assert await bank.balance() == before
    assert (await bank.pay(CALLUM, before.available)).state is State.DONE
    assert (await bank.balance()).available == pounds("0.00")


async def test_two_payments_at_once_cannot_both_spend_the_last_pound(bank: Bank) -> None:
    left = (await bank.balance()).available
    consents = [await bank.ready(CALLUM, left) for _ in range(6)]
    results = await asyncio.gather(
        *(bank.payments.pay(CALLUM, c.id, MAIN, SAM, left, "PIZZA", None, f"x-{n}") for n, c in enumerate(consents))
    )
    assert sorted(result.state for result in results) == [State.DONE, *[State.FAILED] * 5]
    assert (await bank.balance()).available == pounds("0.00")


# Once


async def test_a_request_that_comes_twice_moves_money_once(bank: Bank) -> None:
    before = await bank.balance()
    first = await bank.payments.prepare(CALLUM, MAIN, SAM, pounds("25.00"), "PIZZA", None, "k-consent")
    again = await bank.payments.prepare(CALLUM, MAIN, SAM, pounds("25.00"), "PIZZA", None, "k-consent")
    assert first == again
    await bank.payments.authorise(CALLUM, first.id)
    await bank.payments.authorise(CALLUM, first.id)
    values = (first.id, MAIN, SAM, pounds("25.00"), "PIZZA", None, "k-pay")
    results = [await bank.payments.pay(CALLUM, *values) for _ in range(3)]
    assert results[0] == results[1] == results[2]
    assert (await bank.balance()).booked == before.booked - pounds("25.00")


async def test_a_key_that_came_with_other_values_is_refused(bank: Bank) -> None:
    await bank.payments.prepare(CALLUM, MAIN, SAM, pounds("25.00"), "PIZZA", None, "k-1")
    assert await refused(bank.payments.prepare(CALLUM, MAIN, SAM, pounds("26.00"), "PIZZA", None, "k-1")) == (409, ("U029",))
    one, other = await bank.ready(CALLUM, pounds("5.00")), await bank.ready(CALLUM, pounds("6.00"))
    await bank.payments.pay(CALLUM, one.id, MAIN, SAM, pounds("5.00"), "PIZZA", None, "k-2")
    again = bank.payments.pay(CALLUM, other.id, MAIN, SAM, pounds("6.00"), "PIZZA", None, "k-2")
    assert await refused(again) == (409, ("U029",))
    assert [row.amount for row in await bank.rows()] == [pounds("-5.00")]


async def test_a_key_is_its_customers_own(quick: Bank) -> None:
    await quick.payments.prepare(CALLUM, MAIN, SAM, pounds("25.00"), "", None, "k-1")
    account = AccountId(account_id("amara-main"))
    theirs = await quick.payments.prepare(AMARA, account, payee("SARAH ADEYEMI"), pounds("9.00"), "", None, "k-1")
    assert await refused(quick.payments.funds(CALLUM, theirs.id)) == (404, ("U011",))


@pytest.mark.parametrize("same_key", [True, False])
async def test_fifty_sends_of_one_consent_are_one_payment(bank: Bank, same_key: bool) -> None:
    before = await bank.balance()
    consent = await bank.ready(CALLUM, pounds("7.00"))

    async def send(n: int) -> str:
        try:
            key = "k-one" if same_key else f"k-{n}-of-many"
            return (await bank.payments.pay(CALLUM, consent.id, MAIN, SAM, pounds("7.00"), "PIZZA", None, key)).payment
        except ServiceRefused as error:
            return error.codes[0]

    answers = await asyncio.gather(*(send(n) for n in range(50)))
    found = await bank.payments.find(CALLUM, consent.id)
    assert found is not None
    assert answers.count(found.payment) == (50 if same_key else 1)
    assert set(answers) - {found.payment} == (set() if same_key else {"U009"})
    assert (await bank.balance()).booked == before.booked - pounds("7.00")


# Consents


async def test_a_payment_is_the_one_that_was_consented_to(bank: Bank) -> None:
    consent = await bank.ready(CALLUM, pounds("25.00"))
    other = [
        (MAIN, SAM, pounds("25.01"), "PIZZA"),
        (MAIN, payee("SAM RENNIE"), pounds("25.00"), "PIZZA"),
        (MAIN, payee("SAM GILLESPIE JR", SAM.identification), pounds("25.00"), "PIZZA"),
        (JAR, SAM, pounds("25.00"), "PIZZA"),
        (MAIN, SAM, pounds("25.00"), "PASTA"),
    ]
    for n, values in enumerate(other):
        assert await refused(bank.payments.pay(CALLUM, consent.id, *values, None, f"k-m{n}")) == (400, ("U008",))
    assert await bank.rows() == []
    assert (await bank.payments.pay(CALLUM, consent.id, MAIN, SAM, pounds("25.00"), "PIZZA", None, "k-m0")).state is State.DONE


async def test_a_consent_that_was_not_approved_or_is_used_pays_nothing(bank: Bank) -> None:
    consent = await bank.payments.prepare(CALLUM, MAIN, SAM, pounds("25.00"), "", None, "k-1")
    values = (MAIN, SAM, pounds("25.00"), "", None)
    assert await refused(bank.payments.pay(CALLUM, consent.id, *values, "k-2")) == (400, ("U009",))
    await bank.payments.authorise(CALLUM, consent.id)
    await bank.payments.pay(CALLUM, consent.id, *values, "k-3")
    assert await refused(bank.payments.pay(CALLUM, consent.id, *values, "k-4")) == (400, ("U009",))
    assert len(await bank.rows()) == 1
    assert await refused(bank.payments.pay(CALLUM, "consent-none", *values, "k-5")) == (400, ("U011",))
    assert await refused(bank.payments.find(CALLUM, "consent-none")) == (404, ("U011",))


async def test_after_the_cut_off_a_consent_is_too_old(bank: Bank) -> None:
    consent, waiting = (
        await bank.ready(CALLUM, pounds("25.00")),
        await bank.ready(CALLUM, pounds("3.00"), on=dt.date(2026, 11, 25)),
    )
    unapproved = await bank.payments.prepare(CALLUM, MAIN, SAM, pounds("1.00"), "", None, "k-later")
    bank.clock[0] = consent.cut_off + dt.timedelta(seconds=1)
    values = (MAIN, SAM, pounds("25.00"), "PIZZA", None)
    assert await refused(bank.payments.pay(CALLUM, consent.id, *values, "k-1")) == (400, ("U012",))
    late = bank.payments.pay(CALLUM, waiting.id, MAIN, SAM, pounds("3.00"), "PIZZA", dt.date(2026, 11, 25), "k-2")
    assert await refused(late) == (400, ("U012",))
    assert await refused(bank.payments.authorise(CALLUM, unapproved.id)) == (400, ("U012",))


async def test_a_consent_lasts_a_quarter_of_an_hour_and_what_was_not_paid_by_then_never_is(bank: Bank) -> None:
    approved = await bank.ready(CALLUM, pounds("25.00"))
    waiting = await bank.payments.prepare(CALLUM, MAIN, SAM, pounds("1.00"), "", None, "k-1")
    bank.clock[0] = NOON + dt.timedelta(minutes=15, seconds=1)
    values = (MAIN, SAM, pounds("25.00"), "PIZZA", None)
    assert await refused(bank.payments.pay(CALLUM, approved.id, *values, "k-1")) == (400, ("U009",))
    assert await refused(bank.payments.authorise(CALLUM, waiting.id)) == (400, ("U009",))
    bank.clock[0] = NOON + dt.timedelta(minutes=15)
    assert (await bank.payments.pay(CALLUM, approved.id, *values, "k-1")).state is State.DONE


async def test_of_a_consent_whose_time_is_over_the_bank_says_for_good_that_nothing_is_made(bank: Bank) -> None:
    approved = await bank.ready(CALLUM, pounds("25.00"))
    bank.clock[0] = NOON + dt.timedelta(minutes=15)
    assert await bank.payments.find(CALLUM, approved.id) is None
    bank.clock[0] = NOON + dt.timedelta(minutes=15, seconds=1)
    assert await bank.payments.find(CALLUM, approved.id) == Result(state=State.FAILED, reason="not made")
    bank.clock[0] = NOON
    values = (MAIN, SAM, pounds("25.00"), "PIZZA", None)
    assert await refused(bank.payments.pay(CALLUM, approved.id, *values, "k-1")) == (400, ("U009",))


async def test_a_login_is_exchanged_for_each_service_and_says_how_it_was_proved(bank: Bank) -> None:
    own, to = bank.sandbox.assistant, pounds("25.00")
    url = f"{bank.base_url}{IDENTITY_PATH}/token"
    async with TokenExchange(url, own.id, own.secret, bank.transport(), lambda: bank.clock[0]) as exchange:
        services = PaymentServices(bank.base_url + PAYMENTS_PATH, bank.transport(), exchange)
        async with services:
            weak, strong = (bank.sandbox.identity.mint(CALLUM, acr=acr) for acr in (PASSWORD, STRONG))
            consent = await services.prepare(weak, MAIN, STRANGER, to, "", None, "k-1")
            assert await refused(services.authorise(weak, consent.id)) == (403, ("U028",))
            await services.authorise(strong, consent.id)
            assert (await services.pay(weak, consent.id, MAIN, STRANGER, to, "", None, "k-1")).state is State.DONE
            reading = bank.sandbox.identity.mint(CALLUM, scopes=PERMISSIONS)
            with pytest.raises(ScopeMissing):
                await services.find(reading, consent.id)


@pytest.mark.parametrize(
    ("amount", "to"),
    [(pounds("25.00"), STRANGER), (pounds("1000.01"), SAM), (pounds("1000.01"), OWN_JAR)],
    ids=["a payee who is not saved", "a large amount", "a large amount to oneself"],
)
async def test_some_payments_want_a_strong_and_fresh_login(bank: Bank, amount: Money, to: Payee) -> None:
    consent = await bank.payments.prepare(CALLUM, MAIN, to, amount, "", None, "k-1")
    assert await refused(bank.payments.authorise(CALLUM, consent.id)) == (403, ("U028",))
    assert await refused(bank.payments.pay(CALLUM, consent.id, MAIN, to, amount, "", None, "k-1")) == (400, ("U009",))
    stale = await bank.exchange(f"{CALLUM} {STRONG}", "payments", frozenset({"WritePayments"}))

    async def as_it_was(token: str, audience: str, scopes: frozenset[str]) -> str:
        return stale

    bank.clock[0] = NOON + dt.timedelta(minutes=11)
    async with PaymentServices(bank.base_url + PAYMENTS_PATH, bank.transport(), as_it_was) as late:
        assert await refused(late.authorise("", consent.id)) == (403, ("U028",))
        bank.clock[0] = NOON + dt.timedelta(minutes=9)
        await late.authorise("", consent.id)


async def test_what_is_known_and_small_needs_no_more_than_a_login(quick: Bank) -> None:
    for to in (SAM, OWN_JAR):
        consent = await quick.payments.prepare(CALLUM, MAIN, to, pounds("1000.00"), "", None, quick.key())
        await quick.payments.authorise(CALLUM, consent.id)


# Whose account


async def test_nobody_pays_from_an_account_that_is_not_theirs(bank: Bank) -> None:
    who, amount = f"{AMARA} {STRONG}", pounds("1.00")
    assert await refused(bank.payments.prepare(who, MAIN, STRANGER, amount, "", None, "k-1")) == (404, ("U011",))
    assert await refused(bank.payments.prepare(who, AccountId("../x"), STRANGER, amount, "", None, "k-2")) == (404, ("U011",))
    assert await refused(bank.payments.add_beneficiary(who, MAIN, STRANGER, "k-3")) == (404, ("U011",))
    assert await refused(bank.payments.risk(who, MAIN, STRANGER, amount)) == (404, ("U011",))
    consent = await bank.ready(CALLUM, amount)
    for asked in (
        bank.payments.funds(who, consent.id),
        bank.payments.authorise(who, consent.id),
        bank.payments.find(who, consent.id),
    ):
        assert await refused(asked) == (404, ("U011",))
    assert await refused(bank.payments.pay(who, consent.id, MAIN, SAM, amount, "PIZZA", None, "k-4")) == (400, ("U011",))


async def test_a_mandate_pays_and_a_view_does_not(bank: Bank) -> None:
    main, saver = AccountId(account_id("margaret-main")), AccountId(account_id("margaret-saver"))
    sophie = payee("SOPHIE ELLISON")
    assert (await bank.pay(RUTH, pounds("10.00"), sophie, account=main)).state is State.DONE
    assert len(await bank.rows(MARGARET, main)) == 1
    who = f"{RUTH} {STRONG}"
    assert await refused(bank.payments.prepare(who, saver, sophie, pounds("10.00"), "", None, "k-1")) == (403, ("U008",))
    assert await refused(bank.payments.add_beneficiary(who, saver, sophie, "k-2")) == (403, ("U008",))
    herself = payee("Ruth Ellison", number("ruth-main"))
    consent = await bank.payments.prepare(RUTH, main, herself, pounds("10.00"), "", None, "k-3")
    assert await refused(bank.payments.authorise(RUTH, consent.id)) == (403, ("U028",))
    to_self = herself.model_copy(update={"own": AccountId(account_id("ruth-main"))})
    assert await refused(bank.payments.prepare(RUTH, main, to_self, pounds("10.00"), "", None, "k-4")) == (400, ("U002",))


async def test_a_mandate_that_has_ended_pays_no_more(quick: Bank, tmp_path: Path) -> None:
    main, sophie = AccountId(account_id("margaret-main")), payee("SOPHIE ELLISON")
    consent = await quick.ready(RUTH, pounds("10.00"), sophie, account=main)

    def ended(now: dt.datetime) -> Books:
        books = households(now)
        hers = dataclasses.replace(books.accounts[main], owners={MARGARET: "holder"})
        return dataclasses.replace(books, accounts={**books.accounts, main: hers})

    identity, written = quick.sandbox.identity, Written(tmp_path / "written.sqlite", ended)
    later = payments.app(AccountsStore(keys=identity.keys, issuer=identity.issuer, now=lambda: NOON, written=written))
    async with PaymentServices(BASE_URL, in_process(later), quick.exchange) as services:
        values = (main, sophie, pounds("10.00"), "PIZZA", None)
        assert await refused(services.pay(RUTH, consent.id, *values, "k-1")) == (404, ("U011",))
        assert await refused(services.prepare(RUTH, *values, "k-2")) == (404, ("U011",))
    assert await quick.rows(MARGARET, main) == []


async def test_a_token_is_for_one_service_and_carries_what_the_call_needs(bank: Bank) -> None:
    consent = await bank.ready(CALLUM, pounds("1.00"))
    card = await bank.card()

    def minting(audience: str, *scopes: str) -> Exchange:
        async def mint(token: str, asked: str, needed: frozenset[str]) -> str:
            return bank.sandbox.identity.mint(CALLUM, scopes=scopes, audience=[audience], acr=STRONG)

        return mint

    async def outcomes(exchange: Exchange) -> list[object]:
        at = PaymentServices(bank.base_url + PAYMENTS_PATH, bank.transport(), exchange)
        desk = CardServices(bank.base_url + CARDS_PATH, bank.transport(), exchange)
        async with at, desk:
            asked = (
                at.prepare("", MAIN, SAM, pounds("1.00"), "", None, bank.key()),
                at.pay("", consent.id, MAIN, SAM, pounds("1.00"), "PIZZA", None, bank.key()),
                at.find("", consent.id),
                at.add_beneficiary("", MAIN, STRANGER, bank.key()),
                desk.freeze("", card.id, bank.key()),
            )
            return [await _said(one) for one in asked]

    for audience in ("accounts", "counterfoil", "elsewhere"):
        assert await outcomes(minting(audience, *PERMISSIONS, *WRITES)) == ["no login"] * 5
    assert await outcomes(minting("cards", *WRITES)) == [*["no login"] * 4, "done"]
    assert await outcomes(minting("payments", *PERMISSIONS)) == [*[(403, ("U008",))] * 4, "no login"]
    assert await outcomes(minting("payments", "WriteBeneficiaries")) == [*[(403, ("U008",))] * 3, "done", "no login"]
    assert await outcomes(minting("payments", "WritePayments")) == ["done", "done", "done", (403, ("U008",)), "no login"]


async def _said(asked: Any) -> object:
    try:
        await asked
    except NotAuthenticated:
        return "no login"
    except ServiceRefused as error:
        return error.status, error.codes
    return "done"


# Saved payees


async def test_a_saved_payee_is_listed_and_then_known(bank: Bank) -> None:
    assert await refused(bank.payments.add_beneficiary(CALLUM, MAIN, STRANGER, "k-1")) == (403, ("U028",))
    before = await bank.reads.beneficiaries(CALLUM, MAIN)
    who = f"{CALLUM} {STRONG}"
    id = await bank.payments.add_beneficiary(who, MAIN, STRANGER, "k-1")
    assert await bank.payments.add_beneficiary(who, MAIN, STRANGER, "k-1") == id
    assert await bank.payments.add_beneficiary(who, MAIN, STRANGER, "k-2") == id
    after = await bank.reads.beneficiaries(CALLUM, MAIN)
    assert [(one.id, one.name, one.identification) for one in after[len(before) :]] == [
        (id, STRANGER.name, STRANGER.identification)
    ]
    assert (await bank.pay(CALLUM, pounds("5.00"), STRANGER)).state is State.DONE
    saved = next(one for one in before if one.name == SAM.name)
    assert await bank.payments.add_beneficiary(who, MAIN, SAM, "k-3") == saved.id


async def test_a_payee_is_saved_with_one_account_alone(quick: Bank) -> None:
    who = f"{AMARA} {STRONG}"
    main, joint = AccountId(account_id("amara-main")), AccountId(account_id("joint-main"))
    await quick.payments.add_beneficiary(who, main, STRANGER, "k-1")
    assert STRANGER.name not in {one.name for one in await quick.reads.beneficiaries(AMARA, joint)}
    consent = await quick.payments.prepare(AMARA, joint, STRANGER, pounds("5.00"), "", None, "k-2")
    assert await refused(quick.payments.authorise(AMARA, consent.id)) == (403, ("U028",))


async def test_two_people_called_sam_are_saved(quick: Bank) -> None:
    saved = await quick.reads.beneficiaries(CALLUM, MAIN)
    assert [one.name for one in saved if one.name.startswith("SAM ")] == ["SAM GILLESPIE", "SAM RENNIE"]


# Later days


@pytest.mark.parametrize(
    ("on", "cut_off", "made"),
    [
        (dt.date(2026, 11, 24), (24, 15), (24, 15)),
        (dt.date(2026, 11, 26), (26, 0), (26, 6)),
        (dt.date(2026, 11, 28), (30, 0), (30, 6)),
    ],
    ids=["today", "a working day", "a Saturday"],
)
async def test_a_payment_of_a_later_day_is_listed_and_made_on_it(
    bank: Bank, on: dt.date, cut_off: tuple[int, int], made: tuple[int, int]
) -> None:
    start = await bank.balance()
    consent = await bank.ready(CALLUM, pounds("20.00"), on=on)
    when = dt.datetime(2026, 11, *made, tzinfo=LONDON)
    assert (consent.cut_off, consent.executes_at) == (dt.datetime(2026, 11, *cut_off, tzinfo=LONDON), when)
    result = await bank.payments.pay(CALLUM, consent.id, MAIN, SAM, pounds("20.00"), "PIZZA", on, "k-1")
    assert (result.state, result.settles_at) == (State.DONE, when)
    assert await bank.payments.find(CALLUM, consent.id) == result
    assert await bank.balance() == start
    listed = [one for one in await bank.reads.scheduled_payments(CALLUM, MAIN) if one.payee == SAM.name]
    assert [(one.amount, one.due_on, one.reference) for one in listed] == [(pounds("20.00"), when.date(), "PIZZA")]
    bank.clock[0] = when
    assert [row.amount for row in await bank.rows() if row.counterparty == SAM.name] == [pounds("-20.00")]
    assert SAM.name not in {one.payee for one in await bank.reads.scheduled_payments(CALLUM, MAIN)}


async def test_a_later_payment_without_money_is_tried_twice_and_then_lapses(quick: Bank) -> None:
    day = dt.date(2026, 11, 25)
    much = (await quick.balance()).available + pounds("900.00")
    consent = await quick.ready(f"{CALLUM} {STRONG}", much, on=day)
    await quick.payments.pay(CALLUM, consent.id, MAIN, SAM, much, "PIZZA", day, "k-1")
    quick.clock[0] = dt.datetime(2026, 11, 25, 9, 0, tzinfo=LONDON)
    assert SAM.name in {one.payee for one in await quick.reads.scheduled_payments(CALLUM, MAIN)}
    quick.clock[0] = dt.datetime(2026, 11, 25, 15, 0, tzinfo=LONDON)
    assert SAM.name not in {one.payee for one in await quick.reads.scheduled_payments(CALLUM, MAIN)}
    result = await quick.payments.find(CALLUM, consent.id)
    assert result is not None
    assert (result.state, result.reason) == (State.FAILED, "AM04")
    assert SAM.name not in {row.counterparty for row in await quick.rows()}


async def test_money_that_comes_in_time_for_the_second_try_is_used(quick: Bank) -> None:
    day = dt.date(2026, 11, 25)
    much = (await quick.balance()).available + pounds("150.00")
    consent = await quick.ready(f"{CALLUM} {STRONG}", much, on=day)
    await quick.payments.pay(CALLUM, consent.id, MAIN, SAM, much, "PIZZA", day, "k-1")
    quick.clock[0] = dt.datetime(2026, 11, 25, 10, 0, tzinfo=LONDON)
    jar = AccountId(account_id("callum-jar"))
    main = payee("Everyday account", number("callum-main"), own=MAIN)
    assert (await quick.pay(CALLUM, pounds("300.00"), main, account=jar, reference="")).state is State.DONE
    quick.clock[0] = dt.datetime(2026, 11, 27, 10, 0, tzinfo=LONDON)
    [row] = [row for row in await quick.rows() if row.counterparty == SAM.name]
    assert (row.amount, row.booked_at) == (-much, dt.datetime(2026, 11, 25, 15, 0, tzinfo=LONDON))


@pytest.mark.parametrize("on", [dt.date(2026, 11, 23), dt.date(2028, 1, 1), dt.date.min, dt.date.max])
async def test_a_day_that_is_past_or_too_far_ahead_is_refused(quick: Bank, on: dt.date) -> None:
    status, codes = await refused(quick.payments.prepare(CALLUM, MAIN, SAM, pounds("1.00"), "", on, "k-1"))
    assert (status, codes[0]) in ((400, "U003"), (400, "U002"))


async def test_what_was_done_is_seen_from_its_moment_on(quick: Bank) -> None:
    who = f"{CALLUM} {STRONG}"
    start = await quick.balance()
    await quick.pay(CALLUM, pounds("25.00"))
    await quick.payments.add_beneficiary(who, MAIN, STRANGER, "k-1")
    await quick.pay(CALLUM, pounds("20.00"), on=dt.date(2026, 12, 1))
    card = await quick.card()
    await quick.cards.freeze(CALLUM, card.id, "k-1")
    quick.clock[0] = NOON - dt.timedelta(seconds=1)
    assert (await quick.reads.balances(CALLUM, MAIN)).booked == start.booked
    assert STRANGER.name not in {one.name for one in await quick.reads.beneficiaries(CALLUM, MAIN)}
    assert SAM.name not in {one.payee for one in await quick.reads.scheduled_payments(CALLUM, MAIN)}
    assert not (await quick.reads.cards(CALLUM, MAIN))[0].frozen


async def test_a_clock_that_is_put_back_gives_nobody_the_same_money_twice(quick: Bank) -> None:
    everything = (await quick.balance()).available
    assert (await quick.pay(CALLUM, everything)).state is State.DONE
    quick.clock[0] = NOON - dt.timedelta(minutes=5)
    result = await quick.pay(CALLUM, pounds("1.00"))
    assert (result.state, result.reason) == (State.FAILED, "AM04")


async def test_what_was_done_long_ago_is_still_in_the_balance(quick: Bank) -> None:
    await quick.pay(CALLUM, pounds("25.00"))
    quick.clock[0] = dt.datetime(2029, 6, 1, 12, 0, tzinfo=dt.UTC)
    untouched = households(quick.clock[0]).booked(MAIN, quick.clock[0])
    assert (await quick.balance()).booked.minor == untouched - 2_500


# Names and risk


@pytest.mark.parametrize(
    ("name", "holder", "found"),
    [
        ("James Whitlock", "JAMES WHITLOCK", "Match"),
        ("mr. james whitlock", "JAMES WHITLOCK", "Match"),
        ("Brindley Digital Limited", "BRINDLEY DIGITAL LTD", "Match"),
        ("J Whitlock", "JAMES WHITLOCK", "CloseMatch"),
        ("James Whitlok", "JAMES WHITLOCK", "CloseMatch"),
        ("Jim Whitlock", "JAMES WHITLOCK", "CloseMatch"),
        ("Sam Gillespie", "SAMUEL GILLESPIE", "CloseMatch"),
        ("James T Whitlock", "JAMES WHITLOCK", "CloseMatch"),
        ("James Obi", "JAMES WHITLOCK", "NoMatch"),
        ("Joan Whitlock", "JAMES WHITLOCK", "NoMatch"),
        ("R Whitlock", "JAMES WHITLOCK", "NoMatch"),
        ("Whitlock", "JAMES WHITLOCK", "NoMatch"),
        ("HMRC", "HMRC CUMBERNAULD", "NoMatch"),
        ("...", "JAMES WHITLOCK", "NoMatch"),
        ("", "", "Match"),
    ],
)
def test_a_name_fits_an_account_or_nearly_or_not(name: str, holder: str, found: str) -> None:
    assert fit(name, holder) == found


async def test_the_name_of_a_payee_is_checked(bank: Bank) -> None:
    check = bank.payments.check_name
    assert await check(CALLUM, SAM) == (NameCheck.MATCH, "")
    assert await check(CALLUM, SAM.model_copy(update={"name": "S Gillespie"})) == (NameCheck.CLOSE, "SAM GILLESPIE")
    assert await check(CALLUM, SAM.model_copy(update={"name": "Sam Rennie"})) == (NameCheck.NO_MATCH, "")
    joint = number("joint-main")
    assert await check(CALLUM, payee("Daniel Whitlock", joint)) == (NameCheck.MATCH, "")
    assert await check(CALLUM, payee("Amara Okafor and Daniel Whitlock", joint)) == (NameCheck.MATCH, "")
    assert await check(CALLUM, payee("A Okafor", joint)) == (NameCheck.CLOSE, "Amara Okafor")
    numbers = [f"{20_000_000_000_000 + n * 7_919_000_003:014d}" for n in range(60)]
    answers = [await check(CALLUM, payee("Paul Derrick", one)) for one in numbers]
    assert {found for found, _ in answers} == set(NameCheck)
    assert {name for found, name in answers if found is NameCheck.CLOSE} == {"P DERRICK"}
    assert [await check(CALLUM, payee("Paul Derrick", one)) for one in numbers[:9]] == answers[:9]


async def test_a_payee_that_was_saved_under_a_false_name_is_not_vouched_for(quick: Bank) -> None:
    amara = payee("Gas Board", number("amara-main"))
    await quick.payments.add_beneficiary(f"{CALLUM} {STRONG}", MAIN, amara, "k-1")
    assert await quick.payments.check_name(CALLUM, amara) == (NameCheck.NO_MATCH, "")


async def test_a_service_that_does_not_answer_vouches_for_nobody() -> None:
    down = httpx.MockTransport(lambda _: httpx.Response(503))
    async with PaymentServices("https://bank.example", down, as_given) as services:
        assert await services.check_name("t", SAM) == (NameCheck.UNAVAILABLE, "")
        assert await services.risk("t", MAIN, SAM, pounds("1.00")) is None


async def test_what_is_out_of_the_ordinary_is_a_risk(bank: Bank) -> None:
    risk = bank.payments.risk
    assert await risk(CALLUM, MAIN, SAM, pounds("25.00")) == "low"
    assert await risk(CALLUM, MAIN, STRANGER, pounds("25.00")) == "medium"
    assert await risk(CALLUM, MAIN, STRANGER, pounds("700.00")) == "high"
    bank.clock[0] = dt.datetime(2026, 11, 25, 3, 0, tzinfo=dt.UTC)
    assert await risk(CALLUM, MAIN, SAM, pounds("25.00")) == "medium"


# Cards


async def test_a_card_is_frozen_and_unfrozen(bank: Bank) -> None:
    card = await bank.card()
    assert not card.frozen
    for _ in range(2):
        await bank.cards.freeze(CALLUM, card.id, "k-1")
        assert await bank.card() == card.model_copy(update={"frozen": True})
    await bank.cards.freeze(CALLUM, card.id, "k-2")
    for _ in range(2):
        await bank.cards.unfreeze(CALLUM, card.id, "k-1")
        assert await bank.card() == card
    await bank.cards.freeze(CALLUM, card.id, "k-1")
    assert await bank.card() == card, "an old request that arrives late does nothing"


async def test_a_card_that_was_frozen_from_the_beginning_is_unfrozen(quick: Bank) -> None:
    tomasz, euro = "tomasz-zielinski", AccountId(account_id("tomasz-euro"))
    card = await quick.card(tomasz, euro)
    assert card.frozen
    await quick.cards.unfreeze(tomasz, card.id, "k-1")
    assert not (await quick.card(tomasz, euro)).frozen


@pytest.mark.parametrize("reason", ["lost", "stolen", "damaged"])
async def test_a_card_is_replaced_by_another_that_comes_in_five_working_days(bank: Bank, reason: Any) -> None:
    card = await bank.card()
    await bank.cards.freeze(CALLUM, card.id, "k-1")
    arrives = await bank.cards.replace(CALLUM, card.id, reason, "k-2")
    assert arrives == dt.date(2026, 12, 1)
    assert await bank.cards.replace(CALLUM, card.id, reason, "k-2") == arrives
    assert await bank.cards.replace(CALLUM, card.id, reason, "k-3") == arrives
    assert await refused(bank.cards.replace(CALLUM, card.id, "lost" if reason != "lost" else "stolen", "k-2")) == (409, ("U029",))
    ordered = await bank.card()
    assert (ordered.id, ordered.frozen, ordered.replacement_by) == (card.id, False, arrives)
    assert await refused(bank.cards.unfreeze(CALLUM, card.id, "k-4")) == (400, ("U009",))
    bank.clock[0] = dt.datetime(2026, 12, 1, 9, 0, tzinfo=dt.UTC)
    new = await bank.card()
    assert (new.frozen, new.replacement_by) == (False, None)
    if reason == "damaged":
        assert new == card
    else:
        assert (new.id != card.id, new.last_digits != card.last_digits, new.expires) == (True, True, dt.date(2029, 12, 31))
        assert await refused(bank.cards.freeze(CALLUM, card.id, "k-5")) == (404, ("U011",))
    await bank.cards.freeze(CALLUM, new.id, "k-6")
    assert (await bank.card()).frozen


async def test_nobody_touches_a_card_that_is_not_theirs(bank: Bank) -> None:
    joint = AccountId(account_id("joint-main"))
    hers, his = await bank.card(AMARA, joint), await bank.card(DANIEL, joint)
    for asked in (
        bank.cards.freeze(AMARA, his.id, "k-1"),
        bank.cards.unfreeze(AMARA, his.id, "k-2"),
        bank.cards.replace(AMARA, his.id, "lost", "k-3"),
        bank.cards.freeze(AMARA, "card-0", "k-4"),
        bank.cards.freeze(AMARA, "../cards", "k-5"),
    ):
        assert (await refused(asked))[0] == 404
    await bank.cards.freeze(AMARA, hers.id, "k-6")
    assert ((await bank.card(AMARA, joint)).frozen, (await bank.card(DANIEL, joint)).frozen) == (True, False)


# What is nonsense


NASTY: tuple[Any, ...] = (
    None, "\x00", "\ud800", "٣٠", "-1", "0.001", "9" * 400, 1e400, float("nan"), [], {"": None},
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
)  # fmt: skip


def _variants(body: dict[str, Any]) -> Iterator[Any]:
    """A body with each of its values, at every depth, replaced by each nasty one, and taken away."""
    for name, value in body.items():
        for nasty in NASTY:
            yield body | {name: nasty}
        yield {key: other for key, other in body.items() if key != name}
        if isinstance(value, dict):
            for inner in _variants(value):
                yield body | {name: inner}


async def test_a_broken_body_is_refused_and_does_no_harm(quick: Bank) -> None:
    initiation = obie.initiation(MAIN, SAM, pounds("1.00"), "x", None, "i-1")
    later = obie.initiation(MAIN, SAM, pounds("1.00"), "x", dt.date(2026, 12, 1), "i-1")
    context = obie.context(SAM)
    bodies: dict[str, dict[str, Any]] = {
        "/domestic-payment-consents": {"Data": {"Initiation": initiation}, "Risk": context},
        "/domestic-scheduled-payment-consents": {"Data": {"Permission": "Create", "Initiation": later}, "Risk": context},
        "/domestic-payments": {"Data": {"ConsentId": "c", "Initiation": initiation}, "Risk": context},
        "/domestic-payment-consents/c/authorisation": {"Data": {}},
        "/beneficiaries": {"Data": {"AccountId": MAIN, "CreditorAccount": obie.creditor(SAM)}},
        "/name-verifications": {"Data": {"CreditorAccount": obie.creditor(SAM)}},
        "/risk-assessments": {"Data": {"Initiation": {"InstructedAmount": initiation["InstructedAmount"]}}},
    }
    token = await quick.exchange(CALLUM, "payments", frozenset(WRITES))
    statuses: dict[int, int] = {}
    async with quick.http() as http:
        for path, body in bodies.items():
            for n, broken in enumerate([*_variants(body), *NASTY]):
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "x-idempotency-key": f"k-{n}"}
                answer = await http.post(PAYMENTS_PATH + path, headers=headers, content=json.dumps(broken))
                assert answer.status_code in (200, 201, 400, 403, 404, 409), (path, broken, answer.text)
                if answer.status_code >= 400:
                    assert len(answer.json()["Errors"][0]["ErrorCode"]) == 4
                statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    assert statuses[400] > 500
    assert await quick.rows() == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b'{"Data":', b"null"])
async def test_a_body_that_is_no_json_is_refused(quick: Bank, content: bytes) -> None:
    token = await quick.exchange(CALLUM, "payments", frozenset(WRITES))
    async with quick.http() as http:
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
            headers = {"Authorization": f"Bearer {token}", "Content-Type": kind, "x-idempotency-key": "k"}
            answer = await http.post(f"{PAYMENTS_PATH}/domestic-payments", headers=headers, content=content)
            assert answer.status_code == 400
            assert answer.json()["Errors"][0]["ErrorCode"] in ("U002", "U004")


@pytest.mark.parametrize("key", [None, "", " ", "k" * 41, "k k", "ö"])
async def test_a_write_without_a_good_key_is_refused(quick: Bank, key: str | None) -> None:
    token = await quick.exchange(CALLUM, "payments", frozenset(WRITES))
    headers = [(b"Authorization", f"Bearer {token}".encode())]
    headers += [] if key is None else [(b"x-idempotency-key", key.encode())]
    async with quick.http() as http:
        answer = await http.post(f"{PAYMENTS_PATH}/domestic-payment-consents/c/authorisation", headers=headers, json={"Data": {}})
    assert answer.status_code == 400
    if key is not None:
        with pytest.raises(InvalidInput):
            await quick.cards.freeze(CALLUM, "card", key)


@pytest.mark.parametrize(
    ("to", "code"),
    [
        (Payee(name="A", scheme="UK.OBIE.IBAN", identification="GB33BUKB20201555555555"), "U027"),
        (Payee(name="A", scheme=SCHEME, identification="1234"), "U002"),
        (Payee(name="A", scheme=SCHEME, identification="٠" * 14), "U002"),
        (Payee(name=" ", scheme=SCHEME, identification="20456712345678"), "U002"),
        (Payee(name="A", scheme=SCHEME, identification=number("callum-main")), "U002"),
        (Payee(name="A", scheme=SCHEME, identification=number("tomasz-euro")), "U023"),
    ],
)
async def test_a_payee_who_cannot_be_paid_is_refused(quick: Bank, to: Payee, code: str) -> None:
    assert await refused(quick.payments.prepare(CALLUM, MAIN, to, pounds("1.00"), "", None, "k-1")) == (400, (code,))


@pytest.mark.parametrize("amount", [Money.of("1.00", "EUR"), Money.of("1", "JPY"), Money.of("1.000", "KWD")])
async def test_another_currency_is_refused(quick: Bank, amount: Money) -> None:
    assert await refused(quick.payments.prepare(CALLUM, MAIN, SAM, amount, "", None, "k-1")) == (400, ("U023",))


# What the client makes of a way that breaks


def _breaking(error: Exception | httpx.Response) -> PaymentServices:
    def answer(request: httpx.Request) -> httpx.Response:
        if isinstance(error, httpx.Response):
            return error
        raise error

    return PaymentServices("https://bank.example", httpx.MockTransport(answer), as_given)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("late"),
        httpx.WriteTimeout("late"),
        httpx.ReadError("cut"),
        httpx.WriteError("cut"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(302),
        httpx.Response(201, text="{"),
        httpx.Response(201, json=[]),
        httpx.Response(201, json={"Data": {"Status": "ACSC"}}),
    ],
    ids=str,
)
async def test_an_outcome_that_is_not_known_is_said_to_be_so(error: Exception | httpx.Response) -> None:
    async with _breaking(error) as services:
        with pytest.raises(OutcomeUnknown):
            await services.pay("t", "c", MAIN, SAM, pounds("1.00"), "", None, "k")


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("no"), httpx.ConnectTimeout("late"), httpx.PoolTimeout("full"), httpx.Response(429)], ids=str
)
async def test_what_never_reached_the_service_was_not_done(error: Exception | httpx.Response) -> None:
    async with _breaking(error) as services:
        with pytest.raises(ServiceUnavailable) as raised:
            await services.pay("t", "c", MAIN, SAM, pounds("1.00"), "", None, "k")
        assert not isinstance(raised.value, OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("ACSC", State.DONE),
        ("INCO", State.DONE),
        ("RJCT", State.FAILED),
        ("BLCK", State.FAILED),
        ("PDNG", State.UNKNOWN),
        ("?", State.UNKNOWN),
    ],
)
def test_what_a_status_means(status: str, state: State) -> None:
    assert obie.payment({"DomesticPaymentId": "p", "Status": status}).state is state


async def test_a_write_is_sent_once_and_a_read_at_most_twice() -> None:
    sent: list[str] = []

    def cut(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        raise httpx.RemoteProtocolError("cut")

    async with PaymentServices("https://bank.example", httpx.MockTransport(cut), as_given) as services:
        with pytest.raises(OutcomeUnknown):
            await services.pay("t", "c", MAIN, SAM, pounds("1.00"), "", None, "k")
        with pytest.raises(ServiceUnavailable):
            await services.find("t", "c")
    assert sent == ["POST", "GET", "GET"]


# What is kept


async def test_what_was_done_outlives_the_process(tmp_path: Path) -> None:
    for turn in range(2):
        sandbox = build(lambda: NOON, tmp_path / "signing.json")
        bank = Bank(sandbox, BASE_URL, lambda: in_process(sandbox.app), [NOON])  # noqa: B023 - used within the turn
        if turn == 0:
            await bank.pay(CALLUM, pounds("25.00"))
        assert [row.amount for row in await bank.rows()] == [pounds("-25.00")]
        await bank.aclose()


PIECE = 700


def _spend(path: str, account: str, started: Any, results: Any) -> None:
    """One process of the bank, paying piece by piece until there is too little left, or it is killed."""
    store = Written(Path(path))
    record = households(NOON).accounts[account]
    started.set()
    for n in range(10_000):
        with store.writing() as db:
            if store.available(db, record, NOON) < PIECE:
                break
            payment = {"id": f"{os.getpid()}-{n}", "name": "Sam", "number": "20456712345678", "minor": PIECE, "reference": ""}
            store.book(db, record, payment, NOON)
    results.put("done")


def test_several_processes_and_a_kill_leave_no_overdrawn_account(tmp_path: Path) -> None:
    path = tmp_path / "written.sqlite"
    spawn = multiprocessing.get_context("spawn")
    started = [spawn.Event() for _ in range(3)]
    results = spawn.Queue()
    processes = [spawn.Process(target=_spend, args=(str(path), MAIN, event, results)) for event in started]
    for process in processes:
        process.start()
    for event in started:
        event.wait(60)
    assert processes[0].pid is not None
    os.kill(processes[0].pid, signal.SIGKILL)
    for process in processes:
        process.join(60)
    store, record = Written(path), households(NOON).accounts[MAIN]
    with store.reading() as db:
        left = store.available(db, record, NOON)
        booked = db.execute("select count(*) from entries").fetchone()[0]
        assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
    first = households(NOON)
    available = first.booked(MAIN, NOON) + first.held(MAIN, NOON) + record.overdraft
    assert (left, booked) == (available % PIECE, available // PIECE)
