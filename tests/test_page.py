"""The chat page in a real browser, with the sandbox bank's login and a scripted assistant."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from joserfc import jws
from playwright.async_api import Browser, Download, Locator, Page, Route, async_playwright, expect

from api.app import create
from api.auth import Bearer, Constraint, Issuer, Keys
from api.parts import PageIdentity, Parts
from api.turns import Emit
from assistant.acting import NOWHERE, Confirmed, Place
from connectors.sandbox.app import build
from data.actions import IntentId, State
from data.facts import (
    ChartEvent,
    ChoicesEvent,
    DoneEvent,
    Event,
    Fact,
    FactEvent,
    HandoverEvent,
    Outcome,
    Row,
    Scope,
    Series,
    StatusEvent,
    TextEvent,
    ToolEvent,
)
from data.party import AccountId, Login
from data.proofs import Proofs
from data.records import Records
from data.store import connect
from tests.database import database
from tests.edge import Register, Server, healthy, login_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed to open the page in")

NASTY = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
SCOPE = Scope(
    since=dt.date(2026, 10, 1),
    until=dt.date(2026, 10, 31),
    period="last month",
    accounts=("Everyday account", "Joint account"),
    account_ids=(AccountId("acc-1"),),
    leaves_out=("pending payments",),
    as_of=dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC),
)
# Two months a year apart: what lies between them was not looked at.
MAYS = {"since": dt.date(2025, 5, 1), "until": dt.date(2026, 5, 31), "period": "May 2025; May 2026"}
APART = SCOPE.model_copy(update=MAYS)


def _rows(number: int) -> tuple[Row, ...]:
    shops = (("TESCO STORES 3321", "groceries"), (NASTY, "shopping"), ("SAINSBURYS S/MKTS", "groceries"))
    return tuple(
        Row(
            id=f"t{i}",
            account="Everyday account",
            booked_on=dt.date(2026, 10, 1 + i % 31),
            text=shops[i % 3][0],
            amount=f"-{10 + i}.35",
            currency="GBP",
            category=shops[i % 3][1],
            status="pending" if i == 30 else "booked",
        )
        for i in range(number)
    )


ROWS = _rows(120)
GROCERIES = Fact(
    ref="f1",
    label="spent on groceries",
    value="-312.40",
    unit="GBP",
    shown="£312.40",
    evidence=tuple(row.id for row in ROWS),
)
SHOP = Fact(ref="f2", label="largest payment to", value=NASTY, unit="name", shown=NASTY, evidence=("t1",))
MORE = Fact(ref="f4", label="difference", value="21.15", unit="GBP", shown="£21.15", evidence=("f1", "f3"), formula="f1 − f3")
BEFORE = Fact(ref="f3", label="spent in September", value="-291.25", unit="GBP", shown="£291.25", evidence=("t1", "t4"))
DONE = DoneEvent(outcome=Outcome.ANSWER, path="routed", scope=SCOPE, latency_ms=18.4)


def _said(template: str, *facts: Fact) -> TextEvent:
    text = template
    for fact in facts:
        text = text.replace(f"{{{fact.ref}}}", fact.shown)
    return TextEvent(text=text, template=template, refs=tuple(fact.ref for fact in facts))


SCRIPT: dict[str, tuple[Event, ...]] = {
    "How much did I spend on groceries last month?": (
        ToolEvent(tool="sum", scope=SCOPE),
        *(FactEvent(fact=fact) for fact in (GROCERIES, BEFORE, MORE)),
        _said("You spent {f1} on groceries last month.", GROCERIES),
        _said("That is {f4} more than in September ({f3}).", MORE, BEFORE),
        DONE,
    ),
    "Groceries in May and a year before": (
        ToolEvent(tool="sum", scope=APART),
        FactEvent(fact=GROCERIES),
        _said("You spent {f1} on groceries in both.", GROCERIES),
        DONE.model_copy(update={"scope": APART}),
    ),
    "Where did I spend most?": (
        ToolEvent(tool="largest", scope=SCOPE),
        FactEvent(fact=SHOP),
        _said("Your largest payment went to {f2}.", SHOP),
        DONE,
    ),
    "Show my spending by category last month": (
        ToolEvent(tool="breakdown", scope=SCOPE),
        FactEvent(fact=GROCERIES),
        _said("Groceries were the largest part, at {f1}.", GROCERIES),
        ChartEvent(
            series=Series(
                title="Spending by category, October 2026",
                unit="GBP",
                labels=("Groceries", "Eating out", "Transport", "Subscriptions and streaming services", NASTY),
                values=("312.40", "148.90", "96.05", "41.97", "-12.00"),
            )
        ),
        DONE,
    ),
    "How much at Tesco?": (
        TextEvent(text="Which period do you mean?", template="Which period do you mean?"),
        ChoicesEvent(choices=("How much did I spend on groceries last month?", "Where did I spend most?")),
        DONE.model_copy(update={"outcome": Outcome.CLARIFY, "path": "model", "latency_ms": 2310.0, "scope": Scope()}),
    ),
    "I want to complain": (
        TextEvent(text="I am sorry to hear that.", template="I am sorry to hear that."),
        HandoverEvent(reason="A complaint is looked at by a colleague, who sees this conversation."),
        DONE.model_copy(update={"outcome": Outcome.HANDOVER, "scope": Scope()}),
    ),
}


class Household:
    """Answers from the script; anything else waits until it is stopped."""

    async def turn(
        self,
        message: str,
        login: Login,
        memory: str,
        now: dt.datetime,
        emit: Emit,
        place: Place = NOWHERE,
        confirmed: Confirmed | None = None,
    ) -> str:
        await emit([StatusEvent(text="Looking at your payments")])
        if message not in SCRIPT:
            await asyncio.Event().wait()
        for event in SCRIPT[message]:
            await asyncio.sleep(0.02)
            await emit([event])
        return memory


async def rows(login: Login, ids: Sequence[str], accounts: Sequence[AccountId]) -> Sequence[Row]:
    return [row for row in ROWS if row.id in ids]


async def call_off(login: Login, conversation: str, intent: IntentId) -> State:
    """Nothing has been confirmed."""
    return State.CANCELLED


async def check(login: Login, conversation: str, confirmed: Confirmed) -> None:
    """Every confirmation would be taken."""


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def demo(home: Path, url: str, *, bound: bool = False) -> Parts:
    """The parts of a page that can be logged in to at `url`. bound: tokens must be bound to a key of the browser."""
    bank = build(now, home / "bank.json", base_url=f"{url}/bank")
    client = httpx.AsyncClient(transport=httpx.ASGITransport(bank.app), base_url=url)
    jwks_uri = "/identity/jwks"
    issuer = Issuer(issuer=f"{url}/bank/identity", audience="counterfoil", jwks_uri=jwks_uri, scopes=("ReadAccountsDetail",))
    engine = connect(database(home / "page.db"))
    constraint = Constraint(url, Proofs(engine).first, required=bound)
    return Parts(
        records=Records(engine),
        consents=Register(),
        assistant=Household(),
        bearer=Bearer(issuer, Keys(jwks_uri, client, now), login_of, now, constraint),
        rows=rows,
        check=check,
        call_off=call_off,
        clock=now,
        health=healthy,
        identity=PageIdentity(
            authorize_url="/bank/identity/authorize",
            token_url="/bank/identity/token",
            revoke_url="/bank/identity/revoke",
            client_id="counterfoil",
            scope="openid ReadAccountsDetail",
            outside_model="models.example",
            bound=bound,
        ),
        mounts={"/bank": bank.app},
    )


@pytest.fixture
async def address(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    bound = request.node.get_closest_marker("bound") is not None
    config = uvicorn.Config(create(demo(tmp_path, url, bound=bound)), log_level="error", timeout_graceful_shutdown=2)
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await server.ready.wait()
    yield url
    server.should_exit = True
    await serving


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    """The page after logging in as Amara. Any error in its console fails the test."""
    page = await browser.new_page(viewport={"width": 1280, "height": 860})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
    await log_in(page, address)
    yield page
    assert complaints == []


async def log_in(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_role("button", name="Log in with your bank").click()
    await page.get_by_role("radio", name="Amara Okafor").check()
    await page.get_by_label("Password").fill("counterfoil")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="Hello, ")).to_be_visible()


async def ask(page: Page, question: str) -> None:
    """Ask, as soon as the answer before has come to its end: until then there is no button for it."""
    await expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    await page.get_by_label("Your question").fill(question)
    await page.get_by_label("Your question").press("Enter")


async def _text(download: Download) -> str:
    path = await download.path()
    return await asyncio.to_thread(path.read_text)


async def test_a_customer_logs_in_asks_and_sees_what_is_behind_a_figure(page: Page) -> None:
    assert "code=" not in page.url
    await ask(page, "How much did I spend on groceries last month?")
    log = page.get_by_role("log")
    await expect(log).to_contain_text(
        "You spent £312.40 on groceries last month. That is £21.15 more than in September (£291.25)."
    )
    await expect(log).to_contain_text("1 Oct 2026 – 31 Oct 2026 · Everyday account, Joint account · leaves out pending payments")
    await expect(log).to_contain_text("answered directly in 18 ms")

    figure = page.get_by_role("button", name="£312.40")
    await figure.click()
    panel = page.get_by_role("dialog")
    await expect(panel).to_contain_text("Spent on groceries")
    await expect(panel.get_by_role("heading", name="120 payments")).to_be_visible()
    await expect(panel).to_contain_text("Last month: 1 Oct 2026 – 31 Oct 2026")
    await expect(panel.locator("tbody tr")).to_have_count(100)
    await panel.get_by_role("button", name="Show more").click()
    await expect(panel.locator("tbody tr")).to_have_count(120)
    async with page.expect_download() as download:
        await panel.get_by_role("button", name="Save as CSV").click()
    saved = await _text(await download.value)
    assert len(saved.splitlines()) == 121
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(figure).to_be_focused()


async def test_a_figure_worked_out_from_others_leads_to_them(page: Page) -> None:
    await ask(page, "How much did I spend on groceries last month?")
    await page.get_by_role("button", name="£21.15").click()
    panel = page.get_by_role("dialog")
    await expect(panel).to_contain_text("How it was worked out")
    await panel.get_by_role("button", name="£291.25").click()
    await expect(panel.get_by_role("heading", name="2 payments")).to_be_visible()


async def test_days_between_two_periods_are_not_said_to_be_covered(page: Page) -> None:
    await ask(page, "Groceries in May and a year before")
    foot = page.locator(".log .foot").last
    await expect(foot).to_contain_text("May 2025; May 2026")
    await expect(foot).not_to_contain_text("–")
    await page.locator(".log .figure").last.click()
    await expect(page.get_by_role("dialog")).not_to_contain_text("31 May 2026")


async def test_markup_in_a_merchants_name_is_only_words(page: Page) -> None:
    await ask(page, "Where did I spend most?")
    figure = page.locator(".log .figure")
    await expect(figure).to_have_text(NASTY)
    await figure.click()
    await expect(page.get_by_role("dialog")).to_contain_text(NASTY)
    await ask(page, NASTY)
    await expect(page.locator(".question").last).to_contain_text(NASTY)
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("log")).to_contain_text("You stopped this answer.")
    assert await page.locator("#chat img, #chat script, dialog img, dialog script").count() == 0
    assert await page.title() == "Counterfoil"


async def test_a_chart_can_be_read_without_seeing_it_and_taken_away(page: Page) -> None:
    await ask(page, "Show my spending by category last month")
    chart = page.get_by_role("figure")
    await expect(chart.locator("rect")).to_have_count(5)
    await chart.get_by_text("As a table").click()
    await expect(chart.get_by_role("row", name="Eating out £148.90")).to_be_visible()
    async with page.expect_download() as download:
        await chart.get_by_role("button", name="Save as CSV").click()
    saved = await _text(await download.value)
    assert '"Groceries","312.40","GBP"' in saved


async def test_a_choice_is_asked_with_one_click(page: Page) -> None:
    await ask(page, "How much at Tesco?")
    await expect(page.get_by_role("log")).to_contain_text("planned by the language model in 2.3 s")
    await page.get_by_role("button", name="Where did I spend most?").click()
    await expect(page.get_by_role("log")).to_contain_text("Your largest payment went to")


async def test_a_person_is_offered_on_a_card(page: Page) -> None:
    await ask(page, "I want to complain")
    await expect(page.get_by_role("heading", name="This needs a person")).to_be_visible()


async def test_history_is_there_after_a_reload_and_an_answer_under_way_goes_on(page: Page) -> None:
    await ask(page, "I want to complain")
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")
    await ask(page, "Something that takes long")
    await expect(page.get_by_text("Looking at your payments")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")
    await expect(page.get_by_text("Looking at your payments")).to_be_visible()
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("log")).to_contain_text("You stopped this answer.")

    await page.get_by_role("button", name="New").click()
    await expect(page.get_by_role("heading", name="Hello, ")).to_be_visible()
    await page.get_by_role("button", name="Earlier").click()
    await page.get_by_role("button", name="I want to complain").first.click()
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")


async def test_an_answer_whose_connection_breaks_is_taken_up_where_it_stopped(page: Page) -> None:
    async def cut(route: Route) -> None:
        response = await route.fetch()
        whole = await response.text()
        await route.fulfill(response=response, body=whole[: whole.index("event: text") + 20])

    await page.route("**/messages", cut)
    await ask(page, "How much did I spend on groceries last month?")
    log = page.get_by_role("log")
    await expect(log).to_contain_text("answered directly in 18 ms")
    await expect(log.locator(".text")).to_have_text(
        "You spent £312.40 on groceries last month. That is £21.15 more than in September (£291.25)."
    )


async def test_a_login_that_has_ended_leads_back_to_the_login(browser: Browser, address: str) -> None:
    page = await browser.new_page()
    await log_in(page, address)
    await page.evaluate("sessionStorage.setItem('counterfoil.token', 'ended')")
    await ask(page, "I want to complain")
    await expect(page.get_by_text("Your login has ended. Please log in again.")).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0


async def test_who_logs_out_leaves_nothing_in_the_browser(page: Page) -> None:
    await ask(page, "I want to complain")
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("button", name="Log in with your bank")).to_be_visible()
    assert await page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert await page.locator(".log > *").count() == 0
    await page.reload()
    await expect(page.get_by_role("button", name="Log in with your bank")).to_be_visible()


async def test_how_far_the_model_is_is_said(page: Page) -> None:
    banner = page.get_by_text("The language model is still being fetched (43 %): everyday questions already work.")
    await expect(banner).to_be_visible()


async def test_nothing_is_cut_off_on_a_small_phone(browser: Browser, address: str) -> None:
    page = await browser.new_page(viewport={"width": 360, "height": 640})
    await log_in(page, address)
    await ask(page, "Show my spending by category last month")
    await expect(page.get_by_role("figure")).to_be_visible()
    await expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    await ask(page, "Where did I spend most?")
    await expect(page.get_by_role("log")).to_contain_text("Your largest payment went to")
    await page.locator(".log .figure").last.click()
    await expect(page.get_by_role("heading", name="1 payment")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    assert await page.evaluate("document.getElementById('panel').scrollWidth <= 360")


async def _held(page: Page, name: str) -> Any:
    return await page.evaluate("name => JSON.parse(sessionStorage.getItem('counterfoil.login'))[name]", name)


async def _nearly_over(page: Page) -> None:
    """Let the login's token end in half a minute."""
    await page.evaluate(
        "held => sessionStorage.setItem('counterfoil.login', JSON.stringify({ ...held, until: Date.now() + 30000 }))",
        await page.evaluate("JSON.parse(sessionStorage.getItem('counterfoil.login'))"),
    )


async def test_a_login_is_refreshed_before_it_ends_once_for_all_that_is_asked(page: Page) -> None:
    before = await _held(page, "refresh")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/token") else None)
    await _nearly_over(page)
    told = await page.evaluate(
        "async () => { const { call } = await import('/session.js');"
        " const all = await Promise.all([1, 2, 3].map(() => call('/v1/me'))); return all.map((one) => one.status); }"
    )
    assert told == [200, 200, 200]
    assert len(sent) == 1
    assert await _held(page, "refresh") != before
    await ask(page, "I want to complain")
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")
    assert len(sent) == 1


async def test_a_login_that_was_refreshed_elsewhere_is_over(browser: Browser, address: str) -> None:
    page = await browser.new_page()
    await log_in(page, address)
    refresh = await _held(page, "refresh")
    form = {"grant_type": "refresh_token", "client_id": "counterfoil", "refresh_token": refresh}
    async with httpx.AsyncClient() as thief:
        assert (await thief.post(f"{address}/bank/identity/token", data=form)).status_code == 200
    await _nearly_over(page)
    await ask(page, "I want to complain")
    await expect(page.get_by_role("alert").first).to_have_text("Your login has ended. Please log in again.")
    assert await page.evaluate("sessionStorage.length") == 0


async def _step_up(page: Page, acr: str = "strong") -> None:
    await page.evaluate("async (acr) => (await import('/session.js')).stepUp(acr, 300)", acr)


async def test_a_step_up_comes_back_to_the_same_conversation(page: Page) -> None:
    await ask(page, "I want to complain")
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")
    before = await page.evaluate("sessionStorage.getItem('counterfoil.token')")
    await _step_up(page)
    await expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    await expect(page.get_by_role("radio")).to_have_count(1)
    await page.get_by_label("Password").fill("counterfoil")
    await page.get_by_label("Code from your phone").fill(await page.locator("output").inner_text())
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")
    token = await page.evaluate("sessionStorage.getItem('counterfoil.token')")
    assert token != before
    assert json.loads(jws.extract_compact(token.encode()).payload)["acr"] == "strong"
    assert "code=" not in page.url


async def test_a_step_up_that_is_not_made_leaves_the_login_as_it_was(page: Page) -> None:
    await ask(page, "I want to complain")
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")
    await _step_up(page, "retina")
    await expect(page.get_by_text("none of these acr_values can be met")).to_be_visible()
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")


@pytest.mark.bound
async def test_where_tokens_are_bound_the_page_proves_its_key(page: Page, address: str) -> None:
    await ask(page, "How much did I spend on groceries last month?")
    await expect(page.get_by_role("log")).to_contain_text("You spent £312.40 on groceries last month.")
    assert await _held(page, "scheme") == "DPoP"
    await _nearly_over(page)
    await ask(page, "I want to complain")
    await expect(page.get_by_role("log")).to_contain_text("I am sorry to hear that.")
    token = await page.evaluate("sessionStorage.getItem('counterfoil.token')")
    async with httpx.AsyncClient() as thief:
        stolen = await thief.get(f"{address}/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert stolen.status_code == 401


async def test_a_login_that_was_not_started_here_is_refused(browser: Browser, address: str) -> None:
    page = await browser.new_page()
    await page.goto(f"{address}/login/callback?code=stolen&state=x")
    await expect(page.get_by_text("That login was not started here.")).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0


async def test_a_customer_agrees_to_an_outside_model_and_takes_it_back(page: Page) -> None:
    async def opened() -> Locator:
        await page.get_by_role("button", name="Sharing").click()
        await expect(page.get_by_role("group", name="What is shared")).to_contain_text("may then go to models.example")
        return page.get_by_role("switch", name="Use an outside language model")

    for agreed in (True, False):
        switch = await opened()
        await expect(switch).to_be_checked(checked=not agreed)
        async with page.expect_response("**/v1/consents/external_model") as told:
            await switch.set_checked(agreed)
        assert (await told.value).ok
        await page.reload()
        await expect(await opened()).to_be_checked(checked=agreed)
        await page.keyboard.press("Escape")


async def test_a_customer_says_whether_an_answer_was_of_use_and_sees_it_again(page: Page) -> None:
    await ask(page, "How much did I spend on groceries last month?")
    helpful = page.get_by_role("button", name="Helpful", exact=True)
    await expect(helpful).to_have_attribute("aria-pressed", "false")
    await helpful.click()
    await expect(helpful).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Not helpful").click()
    await expect(helpful).to_have_attribute("aria-pressed", "false")
    await page.reload()
    await expect(page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
