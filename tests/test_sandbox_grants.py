"""What the identity service gives tokens for, and what it never does: refreshes, step-ups, exchanges, proofs of a key."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from connectors.exchange import ACCESS_TYPE, GRANT
from connectors.sandbox.app import BASE_URL, Sandbox, build
from connectors.sandbox.issuer import DEMO_WORD
from connectors.sandbox.tokens import ACCESS, BadToken, check, proved, sign
from connectors.transport import in_process
from tests.identity import Application, Clock, Device, log_in, login_of, phone, tokens

ISSUER = f"{BASE_URL}/identity"
TOKEN = f"{ISSUER}/token"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "signing.json"


@pytest.fixture
def sandbox(clock: Clock, keys: Path) -> Sandbox:
    return build(clock, keys)


@pytest.fixture
async def browser(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=in_process(sandbox.app), base_url=ISSUER) as client:
        yield client


def claims_of(sandbox: Sandbox, token: str, audience: str = "counterfoil") -> Mapping[str, Any]:
    return proved(token, sandbox.identity.keys, ISSUER, audience, sandbox.identity.now())


async def refresh(browser: httpx.AsyncClient, token: str, **more: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "client_id": "counterfoil", "refresh_token": token} | more
    return await browser.post("/token", data=form)


async def exchange(browser: httpx.AsyncClient, sandbox: Sandbox, subject: str, **changes: str) -> httpx.Response:
    form = {"grant_type": GRANT, "subject_token": subject, "subject_token_type": ACCESS_TYPE} | {"audience": "accounts"}
    auth = httpx.BasicAuth(sandbox.assistant.id, sandbox.assistant.secret)
    return await browser.post("/token", data=form | {"scope": "ReadBalances"} | changes, auth=auth)


def is_refused(answer: httpx.Response, error: str, status: int = 400) -> None:
    assert (answer.status_code, answer.json().get("error")) == (status, error), answer.text
    assert answer.headers["cache-control"] == "no-store"


# Keys


async def test_keys_are_changed_and_tokens_under_way_still_count(
    sandbox: Sandbox, clock: Clock, browser: httpx.AsyncClient
) -> None:
    clock.passes(days=29)
    before = sandbox.identity.mint("priya-raman", lifetime=dt.timedelta(days=4))
    clock.passes(days=2)
    after = sandbox.identity.mint("priya-raman")
    assert jwt.decode(before, sandbox.identity.keys).header["kid"] != jwt.decode(after, sandbox.identity.keys).header["kid"]
    assert claims_of(sandbox, before)["sub"] == claims_of(sandbox, after)["sub"] == "priya-raman"
    published = (await browser.get("/jwks")).json()["keys"]
    assert len({key["kid"] for key in published}) == 2
    assert all("d" not in key for key in published)
    sandbox.identity.ring.rotate(clock())
    with pytest.raises(BadToken):
        claims_of(sandbox, before)


def test_a_key_that_another_process_began_to_use_is_found(sandbox: Sandbox, clock: Clock, keys: Path) -> None:
    other = build(clock, keys)
    other.identity.ring.rotate(clock())
    assert claims_of(sandbox, other.identity.mint("priya-raman"))["sub"] == "priya-raman"
    sandbox.identity.ring.rotate(clock())
    assert len({key.kid for key in sandbox.identity.ring.keys} | {key.kid for key in other.identity.ring.keys}) == 3


# Refreshing


async def test_a_login_goes_on_and_remembers_when_it_was_proved(
    browser: httpx.AsyncClient, sandbox: Sandbox, clock: Clock
) -> None:
    first = await tokens(browser)
    proved_at = int(clock().timestamp())
    clock.passes(minutes=50)
    second = (await refresh(browser, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    claims = claims_of(sandbox, second["access_token"])
    assert (claims["sub"], claims["auth_time"], claims["acr"]) == ("priya-raman", proved_at, "password")
    assert claims["iat"] == proved_at + 50 * 60
    narrow = await refresh(browser, second["refresh_token"], scope="ReadBalances")
    assert claims_of(sandbox, narrow.json()["access_token"])["scope"] == "ReadBalances"
    is_refused(await refresh(browser, narrow.json()["refresh_token"], scope="ReadBalances WritePayments"), "invalid_scope")


async def test_a_refresh_token_that_comes_again_ends_the_login(browser: httpx.AsyncClient, sandbox: Sandbox) -> None:
    first = await tokens(browser)
    second = (await refresh(browser, first["refresh_token"])).json()
    is_refused(await refresh(browser, first["refresh_token"]), "invalid_grant")
    is_refused(await refresh(browser, second["refresh_token"]), "invalid_grant")
    is_refused(await exchange(browser, sandbox, second["access_token"]), "invalid_request")


async def test_a_code_that_comes_again_ends_the_login_that_it_began(browser: httpx.AsyncClient) -> None:
    app = Application()
    code = await log_in(browser, app)
    first = (await browser.post("/token", data=app.exchange(code))).json()
    is_refused(await browser.post("/token", data=app.exchange(code)), "invalid_grant")
    is_refused(await refresh(browser, first["refresh_token"]), "invalid_grant")


async def test_a_login_ends_half_a_day_after_it_was_proved(browser: httpx.AsyncClient, clock: Clock) -> None:
    held = await tokens(browser)
    for _ in range(12):
        clock.passes(minutes=59)
        held = (await refresh(browser, held["refresh_token"])).json()
    clock.passes(minutes=59)
    is_refused(await refresh(browser, held["refresh_token"]), "invalid_grant")


async def test_another_process_of_the_bank_goes_on_with_a_login(browser: httpx.AsyncClient, clock: Clock, keys: Path) -> None:
    first = await tokens(browser)
    async with httpx.AsyncClient(transport=in_process(build(clock, keys).app), base_url=ISSUER) as other:
        second = await refresh(other, first["refresh_token"])
        assert second.status_code == 200
        is_refused(await refresh(browser, first["refresh_token"]), "invalid_grant")
        is_refused(await refresh(other, second.json()["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
async def test_a_login_that_was_revoked_is_over(browser: httpx.AsyncClient, sandbox: Sandbox, which: str) -> None:
    held = await tokens(browser)
    other = await browser.post("/revoke", data={"token": held[which]}, auth=(sandbox.assistant.id, sandbox.assistant.secret))
    is_refused(other, "invalid_grant")
    given = {"token": held[which], "client_id": "counterfoil"}
    assert (await browser.post("/revoke", data=given)).status_code == 200
    assert (await browser.post("/revoke", data=given)).status_code == 200
    is_refused(await refresh(browser, held["refresh_token"]), "invalid_grant")
    is_refused(await exchange(browser, sandbox, held["access_token"]), "invalid_request")


# Step-up


async def test_a_strong_login_wants_the_code_of_the_phone_as_well(browser: httpx.AsyncClient, sandbox: Sandbox) -> None:
    app = Application()
    page = await browser.get("/authorize", params=app.request(acr_values="strong", max_age="0"))
    form = {"customer": "priya-raman", "word": DEMO_WORD}
    first, said = login_of(page), phone(page)
    wrong = f"{(int(said) + 1) % 10**6:06d}"
    refused = await browser.post("/login", data=form | {"login": first, "code": wrong})
    assert refused.status_code == 401
    assert (await browser.post("/login", data=form | {"login": first, "code": said})).status_code == 400
    answer = await browser.post("/login", data=form | {"login": login_of(refused), "code": phone(refused)})
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    given = (await browser.post("/token", data=app.exchange(code))).json()
    assert claims_of(sandbox, given["access_token"])["acr"] == "strong"
    again = (await refresh(browser, given["refresh_token"])).json()
    assert claims_of(sandbox, again["access_token"])["acr"] == "strong"


async def test_codes_are_not_guessed(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/authorize", params=Application().request(acr_values="strong"))
    seen = {phone(page)}
    for status in (401, 401, 400):
        form = {"customer": "priya-raman", "word": DEMO_WORD, "code": "x", "login": login_of(page)}
        page = await browser.post("/login", data=form)
        assert page.status_code == status
        seen.add(phone(page))
    assert len(seen) == 4
    assert "<form" not in page.text


async def test_a_login_without_the_code_is_never_strong(browser: httpx.AsyncClient, sandbox: Sandbox) -> None:
    page = await browser.get("/authorize", params=Application().request())
    assert phone(page) == ""
    assert claims_of(sandbox, (await tokens(browser))["access_token"])["acr"] == "password"


async def test_a_step_up_is_for_the_customer_who_is_logged_in(browser: httpx.AsyncClient) -> None:
    hint = (await tokens(browser))["id_token"]
    page = await browser.get("/authorize", params=Application().request(acr_values="strong", id_token_hint=hint))
    assert "Priya Raman" in page.text
    assert "Amara Okafor" not in page.text
    form = {"login": login_of(page), "customer": "amara-okafor", "word": DEMO_WORD, "code": phone(page)}
    assert (await browser.post("/login", data=form)).status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"acr_values": "retina"}, "unmet_authentication_requirements"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"id_token_hint": "a.b.c"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_login_that_cannot_be_as_asked_is_refused(
    browser: httpx.AsyncClient, changes: dict[str, str], error: str
) -> None:
    answer = await browser.get("/authorize", params=Application().request(**changes))
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (answer.status_code, query["error"], query["state"]) == (303, [error], ["state-1"])


# Exchange


async def test_a_service_gets_a_token_of_its_own_that_says_who_acts(
    browser: httpx.AsyncClient, sandbox: Sandbox, clock: Clock
) -> None:
    held = await tokens(browser)
    proved_at = int(clock().timestamp())
    clock.passes(minutes=10)
    answer = await exchange(browser, sandbox, held["access_token"])
    assert (answer.status_code, answer.json()["issued_token_type"]) == (200, ACCESS_TYPE)
    claims = check(answer.json()["access_token"], sandbox.identity.keys, ISSUER, "accounts", clock())
    assert (claims["sub"], claims["aud"], claims["scope"]) == ("priya-raman", ["accounts"], "ReadBalances")
    assert claims["act"] == {"sub": "counterfoil-assistant"}
    assert (claims["acr"], claims["auth_time"]) == ("password", proved_at)
    assert claims["exp"] - claims["iat"] == answer.json()["expires_in"] == 300
    with pytest.raises(BadToken):
        check(held["access_token"], sandbox.identity.keys, ISSUER, "accounts", clock())


async def test_an_exchanged_token_never_lasts_longer_than_the_login(
    browser: httpx.AsyncClient, sandbox: Sandbox, clock: Clock
) -> None:
    short = sandbox.identity.mint("priya-raman", lifetime=dt.timedelta(seconds=90))
    answer = (await exchange(browser, sandbox, short)).json()
    assert answer["expires_in"] == 90
    assert claims_of(sandbox, answer["access_token"], "accounts")["exp"] == claims_of(sandbox, short)["exp"]


SPOILED: dict[str, tuple[dict[str, str], str]] = {
    "more scope": ({"scope": "ReadBalances WritePayments"}, "invalid_scope"),
    "no scope": ({"scope": ""}, "invalid_scope"),
    "no such service": ({"audience": "treasury"}, "invalid_target"),
    "for the assistant again": ({"audience": "counterfoil"}, "invalid_target"),
    "no subject": ({"subject_token": ""}, "invalid_request"),
    "another type": ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
    "an ID token asked for": ({"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
    "an actor's token": ({"actor_token": "x"}, "invalid_request"),
}


@pytest.mark.parametrize("kind", SPOILED)
async def test_an_exchange_gives_no_more_than_was_there(browser: httpx.AsyncClient, sandbox: Sandbox, kind: str) -> None:
    subject = (await tokens(browser))["access_token"]
    changes, error = SPOILED[kind]
    is_refused(await exchange(browser, sandbox, subject, **changes), error)


async def test_only_a_customers_own_token_is_exchanged(browser: httpx.AsyncClient, sandbox: Sandbox, clock: Clock) -> None:
    held, identity = await tokens(browser), sandbox.identity
    good = dict(claims_of(sandbox, held["access_token"]))
    exchanged = (await exchange(browser, sandbox, held["access_token"])).json()["access_token"]
    subjects = {
        "an ID token": held["id_token"],
        "an exchanged one": exchanged,
        "nobody may act": sign(identity.key, ACCESS, {name: value for name, value in good.items() if name != "may_act"}),
        "another may act": sign(identity.key, ACCESS, good | {"may_act": {"sub": "counterfoil"}}),
        "of nobody": sign(identity.key, ACCESS, good | {"sub": "nobody"}),
        "ended": identity.mint("priya-raman", lifetime=dt.timedelta(seconds=-60)),
        "a stranger's": sign(ECKey.generate_key("P-256", {"kid": str(identity.key.kid)}), ACCESS, good),
    }
    for subject in subjects.values():
        is_refused(await exchange(browser, sandbox, subject), "invalid_request")


async def test_only_the_assistant_exchanges_and_it_gets_nothing_for_itself(browser: httpx.AsyncClient, sandbox: Sandbox) -> None:
    subject = (await tokens(browser))["access_token"]
    form = {"grant_type": GRANT, "subject_token": subject, "subject_token_type": ACCESS_TYPE, "audience": "accounts"}
    form |= {"scope": "ReadBalances"}
    for wrong in ((sandbox.assistant.id, "guess"), ("counterfoil", ""), ("nobody", "x")):
        with_user = httpx.Headers({"Authorization": "Basic " + _basic(*wrong)})
        is_refused(await browser.post("/token", data=form, headers=with_user), "invalid_client", 401)
    is_refused(await browser.post("/token", data=form | {"client_id": "counterfoil"}), "invalid_client", 401)
    own = (sandbox.assistant.id, sandbox.assistant.secret)
    for grant in ("client_credentials", "password"):
        is_refused(await browser.post("/token", data={"grant_type": grant}, auth=own), "unsupported_grant_type")
    code = {"grant_type": "authorization_code", "code": "x", "client_id": sandbox.assistant.id}
    is_refused(await browser.post("/token", data=code, auth=own), "invalid_client")


def _basic(name: str, word: str) -> str:
    return base64.b64encode(f"{name}:{word}".encode()).decode()


def test_the_assistants_secret_is_its_own(sandbox: Sandbox, keys: Path, clock: Clock) -> None:
    path = keys.with_name("assistant.secret")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == sandbox.assistant.secret == build(clock, keys).assistant.secret
    assert len(sandbox.assistant.secret) >= 43


# Proofs of a key


async def bound(browser: httpx.AsyncClient, device: Device) -> dict[str, Any]:
    app = Application()
    code = await log_in(browser, app)
    answer = await browser.post("/token", data=app.exchange(code), headers={"DPoP": device.proof("POST", TOKEN)})
    found: dict[str, Any] = answer.json()
    return found


async def test_a_login_with_a_proof_is_bound_to_its_key(browser: httpx.AsyncClient, sandbox: Sandbox, clock: Clock) -> None:
    device = Device(clock)
    held = await bound(browser, device)
    assert held["token_type"] == "DPoP"
    assert claims_of(sandbox, held["access_token"])["cnf"] == {"jkt": device.thumbprint}
    is_refused(await refresh(browser, held["refresh_token"]), "invalid_dpop_proof")
    stolen = {"grant_type": "refresh_token", "client_id": "counterfoil", "refresh_token": held["refresh_token"]}
    another = {"DPoP": Device(clock).proof("POST", TOKEN)}
    is_refused(await browser.post("/token", data=stolen, headers=another), "invalid_dpop_proof")
    own = await browser.post("/token", data=stolen, headers={"DPoP": device.proof("POST", TOKEN)})
    assert claims_of(sandbox, own.json()["access_token"])["cnf"] == {"jkt": device.thumbprint}


async def test_the_assistant_exchanges_a_bound_token_for_one_of_its_own(
    browser: httpx.AsyncClient, sandbox: Sandbox, clock: Clock
) -> None:
    held = await bound(browser, Device(clock))
    exchanged = (await exchange(browser, sandbox, held["access_token"])).json()
    claims = check(exchanged["access_token"], sandbox.identity.keys, ISSUER, "accounts", clock())
    assert (claims["sub"], claims["act"]) == ("priya-raman", {"sub": "counterfoil-assistant"})


async def test_a_proof_that_does_not_do_gets_no_token(browser: httpx.AsyncClient, clock: Clock, keys: Path) -> None:
    device = Device(clock)
    used = device.proof("POST", TOKEN)
    app = Application()
    code = await log_in(browser, app)
    assert (await browser.post("/token", data=app.exchange(code), headers={"DPoP": used})).status_code == 200
    for proof in (used, device.proof("GET", TOKEN), device.proof("POST", f"{ISSUER}/revoke"), "x", ""):
        app = Application()
        answer = await browser.post("/token", data=app.exchange(await log_in(browser, app)), headers={"DPoP": proof})
        is_refused(answer, "invalid_dpop_proof")
    clock.passes(minutes=2)
    assert (await bound(browser, device))["token_type"] == "DPoP"
    # What was seen is forgotten when nobody would believe it any more.
    assert len(list(keys.with_name("proofs").iterdir())) == 1


# What cannot be read


@pytest.mark.parametrize("kind", ["twice", "characters", "file", "header", "nothing"])
async def test_what_cannot_be_read_is_the_clients_fault(browser: httpx.AsyncClient, kind: str) -> None:
    if kind == "twice":
        answer = await browser.post("/token", content="grant_type=x&grant_type=y", headers=FORM)
    elif kind == "characters":
        answer = await browser.post("/token", data={"grant_type": '"\u00e9\\'})
    elif kind == "file":
        answer = await browser.post("/token", files={"grant_type": b"x"})
    elif kind == "header":
        answer = await browser.post("/token", data={"grant_type": GRANT}, headers={"Authorization": "Basic /////w=="})
    else:
        answer = await browser.post("/token")
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_request", "unsupported_grant_type")


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    "name", ["response_type", "client_id", "redirect_uri", "scope", "code_challenge", "acr_values", "max_age"]
)
async def test_no_parameter_breaks_the_login_page(browser: httpx.AsyncClient, name: str) -> None:
    for value in ('"', "é\\", "\x00", "http://[", "x" * 5000):
        answer = await browser.get("/authorize", params=Application().request(**{name: value}))
        assert answer.status_code in (303, 400)
