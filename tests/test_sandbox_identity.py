"""Logging in at the sandbox bank: what an application and a customer's browser see."""

from __future__ import annotations

import re
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from connectors.sandbox.app import BASE_URL, Sandbox, build
from connectors.sandbox.issuer import DEMO_WORD
from connectors.sandbox.tokens import Ring, check
from connectors.transport import in_process
from tests.identity import CALLBACK, Application, Clock, log_in, login_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock, tmp_path: Path) -> Sandbox:
    return build(clock, tmp_path / "keys" / "signing.json")


@pytest.fixture
async def browser(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=in_process(sandbox.app), base_url=f"{BASE_URL}/identity") as client:
        yield client


async def test_a_customer_logs_in_and_the_application_gets_their_token(
    browser: httpx.AsyncClient, sandbox: Sandbox, clock: Clock
) -> None:
    app = Application()
    page = await browser.get("/authorize", params=app.request())
    assert all(customer.name in page.text for customer in sandbox.identity.customers.values())
    assert DEMO_WORD in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in re.sub(r"<style>.*?</style>", "", page.text, flags=re.DOTALL)
    answer = await browser.post("/login", data={"login": login_of(page), "customer": "priya-raman", "word": DEMO_WORD})
    back = urlsplit(answer.headers["location"])
    query = parse_qs(back.query)
    assert answer.status_code == 303
    assert f"{back.scheme}://{back.netloc}{back.path}" == CALLBACK
    assert query["state"] == ["state-1"]
    token = (await browser.post("/token", data=app.exchange(query["code"][0]))).json()
    keys = KeySet.import_key_set((await browser.get("/jwks")).json())
    claims = check(token["access_token"], keys, f"{BASE_URL}/identity", "counterfoil", clock())
    assert claims["sub"] == "priya-raman"
    assert claims["scope"] == token["scope"] == "ReadAccountsDetail ReadBalances"
    assert claims["auth_time"] == int(clock().timestamp())
    identity = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
    assert (identity["aud"], identity["nonce"], identity["name"]) == (["counterfoil"], "nonce-1", "Priya Raman")


async def test_discovery_points_at_its_own_endpoints(browser: httpx.AsyncClient) -> None:
    found = (await browser.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == f"{BASE_URL}/identity"
    assert {urlsplit(found[name]).path for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")} == {
        "/identity/authorize",
        "/identity/token",
        "/identity/jwks",
    }
    keys = (await browser.get("/jwks")).json()["keys"]
    assert all("d" not in key for key in keys)


async def test_a_code_is_good_once(browser: httpx.AsyncClient) -> None:
    app = Application()
    code = await log_in(browser, app)
    assert (await browser.post("/token", data=app.exchange(code))).status_code == 200
    again = await browser.post("/token", data=app.exchange(code))
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "another"},
        {"code_verifier": "x" * 64},
        {"redirect_uri": "http://127.0.0.1:8080/elsewhere"},
    ],
)
async def test_a_code_is_good_for_nothing_else(browser: httpx.AsyncClient, changes: dict[str, str]) -> None:
    app = Application()
    code = await log_in(browser, app)
    refused = await browser.post("/token", data=app.exchange(code, **changes))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


async def test_a_code_that_waited_too_long_is_refused(browser: httpx.AsyncClient, clock: Clock) -> None:
    app = Application()
    code = await log_in(browser, app)
    clock.passes(seconds=61)
    assert (await browser.post("/token", data=app.exchange(code))).json()["error"] == "invalid_grant"


async def test_another_grant_is_not_given(browser: httpx.AsyncClient) -> None:
    refused = await browser.post("/token", data={"grant_type": "password"})
    assert (refused.status_code, refused.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"redirect_uri": "https://evil.example/login/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/login/callback"},
        {"redirect_uri": "http://127.0.0.1:8080/login/callback/../other"},
        {"redirect_uri": "http://user@127.0.0.1:8080/login/callback"},
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_the_applications(
    browser: httpx.AsyncClient, changes: dict[str, str]
) -> None:
    answer = await browser.get("/authorize", params=Application().request(**changes))
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "<form" not in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"scope": "openid MoveAllMoney"}, "invalid_scope"),
    ],
)
async def test_a_request_that_cannot_be_granted_goes_back_with_its_error(
    browser: httpx.AsyncClient, changes: dict[str, str], error: str
) -> None:
    answer = await browser.get("/authorize", params=Application().request(**changes))
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (answer.status_code, query["error"], query["state"]) == (303, [error], ["state-1"])


@pytest.mark.parametrize(("customer", "word"), [("priya-raman", "guess"), ("nobody", DEMO_WORD), ("", "")])
async def test_a_wrong_password_shows_the_page_again(browser: httpx.AsyncClient, customer: str, word: str) -> None:
    page = await browser.get("/authorize", params=Application().request())
    answer = await browser.post("/login", data={"login": login_of(page), "customer": customer, "word": word})
    assert answer.status_code == 401
    assert login_of(answer) == login_of(page)


async def test_a_login_that_took_too_long_starts_again(browser: httpx.AsyncClient, clock: Clock) -> None:
    page = await browser.get("/authorize", params=Application().request())
    clock.passes(minutes=11)
    answer = await browser.post("/login", data={"login": login_of(page), "customer": "priya-raman", "word": DEMO_WORD})
    assert answer.status_code == 400
    assert "<form" not in answer.text


async def test_what_an_application_sends_is_not_markup(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/authorize", params=Application().request())
    answer = await browser.post("/login", data={"login": login_of(page), "customer": '"><script>', "word": "x"})
    assert "<script>" not in answer.text


def test_a_developer_in_the_same_process_gets_a_token_for_a_seeded_customer(sandbox: Sandbox, clock: Clock) -> None:
    identity = sandbox.identity
    claims = check(identity.mint("callum-mackenzie"), identity.keys, identity.issuer, "counterfoil", clock())
    assert claims["sub"] == "callum-mackenzie"
    with pytest.raises(KeyError):
        identity.mint("somebody-else")


def test_the_signing_keys_are_made_once_and_kept_private(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "new" / "signing.json"
    first, second = Ring(path, clock()), Ring(path, clock())
    assert first.signing.thumbprint() == second.signing.thumbprint()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["signing.json"]
