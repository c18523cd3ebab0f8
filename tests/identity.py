"""Logging in at the sandbox bank's identity service: what its tests share."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey

from connectors.dpop import digest_of
from connectors.sandbox.issuer import DEMO_WORD

CALLBACK = "http://127.0.0.1:8080/login/callback"
READS = "openid ReadAccountsDetail ReadBalances"


class Clock:
    def __init__(self) -> None:
        self.time = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.time

    def passes(self, **by: int) -> None:
        self.time += dt.timedelta(**by)


class Application:
    """The client "counterfoil" with a fresh verifier."""

    def __init__(self) -> None:
        self.verifier = secrets.token_urlsafe(48)

    def request(self, **changes: str) -> dict[str, str]:
        asked = {
            "client_id": "counterfoil",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": READS,
            "code_challenge": str(create_s256_code_challenge(self.verifier)),
            "code_challenge_method": "S256",
            "state": "state-1",
            "nonce": "nonce-1",
        }
        return asked | changes

    def exchange(self, issued: str, **changes: str) -> dict[str, str]:
        given = {
            "grant_type": "authorization_code",
            "code": issued,
            "client_id": "counterfoil",
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
        }
        return given | changes


class Device:
    """A key on a customer's device, and proofs of it (RFC 9449)."""

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self.clock, self.key = clock, ECKey.generate_key("P-256")

    @property
    def thumbprint(self) -> str:
        return self.key.thumbprint()

    def proof(
        self,
        method: str,
        url: str,
        token: str | None = None,
        header: Mapping[str, Any] | None = None,
        key: Any = None,
        **claims: Any,
    ) -> str:
        """A proof that does; `header`, `key` and `claims` spoil it (None leaves a claim out)."""
        body: dict[str, Any] = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": url}
        body |= {"iat": int(self.clock().timestamp())} | ({"ath": digest_of(token)} if token is not None else {}) | claims
        head: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)} | dict(header or {})
        head = {name: value for name, value in head.items() if value is not None}
        kept = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(head, kept, key or self.key, algorithms=[head["alg"]])


def login_of(page: httpx.Response) -> str:
    found = re.search(r'name="login" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


def phone(page: httpx.Response) -> str:
    """The code that the customer's phone shows."""
    found = re.search(r"<output>(\d{6})</output>", page.text)
    return found.group(1) if found is not None else ""


async def log_in(browser: httpx.AsyncClient, app: Application, customer: str = "priya-raman", **changes: str) -> str:
    """The code that a customer's login ends with; the browser's base is the issuer."""
    page = await browser.get("/authorize", params=app.request(**changes))
    form = {"login": login_of(page), "customer": customer, "word": DEMO_WORD, "code": phone(page)}
    answer = await browser.post("/login", data=form)
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


async def tokens(browser: httpx.AsyncClient, customer: str = "priya-raman", **changes: str) -> dict[str, Any]:
    """The token answer after a whole login."""
    app = Application()
    answer = await browser.post("/token", data=app.exchange(await log_in(browser, app, customer, **changes)))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
