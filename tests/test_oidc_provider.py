"""Our token checks and our exchange against an OpenID provider that we did not write: npm oidc-provider, on loopback."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from api.auth import Bearer, Constraint, Issuer, Keys, Shown
from api.settings import default_home
from connectors.exchange import TokenExchange
from connectors.transport import over_http
from data.errors import InvalidProof, InvalidToken, NotAuthenticated, ScopeMissing, ServiceUnavailable
from data.party import Login
from data.proofs import Proofs
from data.store import connect
from tests.database import database
from tests.edge import login_of
from tests.identity import CALLBACK, Application, Device

NODE, NPM = shutil.which("node"), shutil.which("npm")
HERE = Path(__file__).with_name("oidc")
ORIGIN = "https://assistant.bank.example"
MAX_STEPS = 10
READS = "openid ReadAccountsDetail ReadBalances"


def _runs() -> bool:
    if NODE is None or NPM is None:
        return False
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=False).stdout
    return int(version.lstrip("v").partition(".")[0] or 0) >= 20


pytestmark = pytest.mark.skipif(not _runs(), reason="no node 20 or newer, with npm, is installed to run oidc-provider with")


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def installed() -> Path:
    """The folder with the provider and what it needs, as the lock file says; installed once, by one process of all."""
    files = [HERE / "package.json", HERE / "package-lock.json", HERE / "server.mjs"]
    version = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    folder = Path(os.environ.get("COUNTERFOIL_HOME", default_home())) / "tools" / f"oidc-provider-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "installing.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            for file in files:
                shutil.copy(file, folder)
            npm = [str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(npm, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"npm cannot install oidc-provider: {done.stderr.strip()[-300:]}")
            (folder / "installed").touch()
    return folder


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    command = [str(NODE), "server.mjs"]
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, cwd=installed(), text=True, stdin=pipe, stdout=pipe, stderr=none) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address, "oidc-provider did not start"
        yield address
        server.stdin.close()
        server.wait(10)


@pytest.fixture
async def browser(issuer: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=issuer, trust_env=False) as client:
        yield client


@pytest.fixture
async def bearer(issuer: str, browser: httpx.AsyncClient, tmp_path: Path) -> Bearer:
    """The token check, as it is told by discovery what to trust."""
    found = (await browser.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == issuer
    trusted = Issuer(issuer=issuer, audience="counterfoil", jwks_uri=found["jwks_uri"], scopes=("ReadAccountsDetail",))
    constraint = Constraint(ORIGIN, Proofs(connect(database(tmp_path / "proofs.db"))).first)
    return Bearer(trusted, Keys(trusted.jwks_uri, browser, now), login_of, now, constraint)


@pytest.fixture
async def exchange(issuer: str) -> AsyncIterator[TokenExchange]:
    async with TokenExchange(f"{issuer}/token", "assistant", "a secret for tests", over_http(), now) as client:
        yield client


async def log_in(
    browser: httpx.AsyncClient, device: Device | None = None, scope: str = READS, **changes: str
) -> Mapping[str, Any]:
    """The token answer after a whole login, whose pages need nobody."""
    app = Application()
    where = str(httpx.URL("/auth", params=app.request(scope=scope, **changes)))
    for _ in range(MAX_STEPS):
        answer = await browser.get(where)
        where = urljoin(str(answer.url), answer.headers["location"])
        if where.startswith(CALLBACK):
            break
    code = parse_qs(urlsplit(where).query)["code"][0]
    headers = {"DPoP": device.proof("POST", str(browser.base_url.join("/token")))} if device is not None else {}
    given = await browser.post("/token", data=app.exchange(code), headers=headers)
    assert given.status_code == 200, given.text
    told: dict[str, Any] = given.json()
    return told


async def shown(bearer: Bearer, token: str) -> Login:
    return await bearer.login(Shown([f"Bearer {token}"]))


async def test_a_login_elsewhere_is_believed_as_it_was_proved(bearer: Bearer, browser: httpx.AsyncClient) -> None:
    given = await log_in(browser)
    login = await shown(bearer, given["access_token"])
    assert (login.party.id, login.acr) == ("amara", "password")
    assert login.authenticated_at is not None
    assert abs(login.authenticated_at - now()) < dt.timedelta(minutes=1)
    with pytest.raises(InvalidToken):
        await shown(bearer, given["id_token"])


async def test_a_step_up_makes_the_same_customers_login_strong(bearer: Bearer, browser: httpx.AsyncClient) -> None:
    first = await shown(bearer, (await log_in(browser))["access_token"])
    again = await shown(bearer, (await log_in(browser))["access_token"])
    assert again.authenticated_at == first.authenticated_at
    strong = await shown(bearer, (await log_in(browser, acr_values="strong", max_age="300"))["access_token"])
    assert (strong.party.id, strong.acr) == ("amara", "strong")


async def test_a_token_for_less_is_told_what_it_lacks(bearer: Bearer, browser: httpx.AsyncClient) -> None:
    token = (await log_in(browser, scope="openid ReadBalances"))["access_token"]
    with pytest.raises(ScopeMissing):
        await shown(bearer, token)


async def test_a_token_that_was_bound_elsewhere_counts_with_its_key_alone(bearer: Bearer, browser: httpx.AsyncClient) -> None:
    device = Device(now)
    given = await log_in(browser, device)
    token = given["access_token"]
    assert given["token_type"] == "DPoP"
    proof = device.proof("GET", f"{ORIGIN}/v1/me", token)
    bound = Shown([f"DPoP {token}"], [proof], "GET", "/v1/me")
    assert (await bearer.login(bound)).party.id == "amara"
    with pytest.raises(InvalidProof):
        await bearer.login(bound)
    with pytest.raises(InvalidToken):
        await shown(bearer, token)
    other = Device(now).proof("GET", f"{ORIGIN}/v1/me", token)
    with pytest.raises(InvalidToken):
        await bearer.login(Shown([f"DPoP {token}"], [other], "GET", "/v1/me"))


async def test_a_customers_token_is_exchanged_for_one_of_a_service(
    bearer: Bearer, browser: httpx.AsyncClient, exchange: TokenExchange
) -> None:
    token = (await log_in(browser))["access_token"]
    for_accounts = await exchange(token, "accounts", frozenset({"ReadBalances"}))
    service = Bearer(bearer.issuer.model_copy(update={"audience": "accounts", "scopes": ()}), bearer.keys, login_of, now)
    claims = await service.claims(for_accounts)
    assert (claims["sub"], claims["scope"], claims["act"]) == ("amara", "ReadBalances", {"sub": "assistant"})
    assert claims["auth_time"] == (await bearer.claims(token))["auth_time"]
    with pytest.raises(InvalidToken):
        await shown(bearer, for_accounts)
    with pytest.raises(InvalidToken):
        await service.claims(token)


async def test_what_may_not_be_exchanged_is_not(browser: httpx.AsyncClient, exchange: TokenExchange, issuer: str) -> None:
    given = await log_in(browser)
    token, reads = given["access_token"], frozenset({"ReadBalances"})
    with pytest.raises(ScopeMissing):
        await exchange(token, "payments", frozenset({"WritePayments"}))
    for wrong in (given["id_token"], await exchange(token, "accounts", reads), "x"):
        with pytest.raises(NotAuthenticated):
            await exchange(wrong, "accounts", reads)
    async with TokenExchange(f"{issuer}/token", "assistant", "a guess", over_http(), now) as thief:
        with pytest.raises(ServiceUnavailable):
            await thief(token, "accounts", reads)
