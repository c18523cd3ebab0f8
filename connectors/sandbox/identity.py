"""Who a customer is: a login page, codes with PKCE, signed tokens. OpenID Connect, and no more of it than needed."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from joserfc.jwk import ECKey, KeySet

from connectors.sandbox.books import Customer
from connectors.sandbox.tokens import ACCESS, ALGORITHM, AUDIENCES, IDENTITY, PERMISSIONS, access_claims, sign

# The one word that every invented customer logs in with; the login page shows it.
DEMO_WORD = "counterfoil"
LOGIN_LASTS, CODE_LASTS, TOKEN_LASTS = dt.timedelta(minutes=10), dt.timedelta(minutes=1), dt.timedelta(hours=1)
ACR = "password"
MAX_OPEN = 1000
TIDY_FROM = 20


@dataclass(frozen=True)
class Client:
    """An application that may ask for logins; on loopback any port of its redirect addresses will do (RFC 8252, 7.3)."""

    id: str
    redirect_uris: tuple[str, ...]

    def may_use(self, uri: str) -> bool:
        return any(uri == own or _same_loopback(uri, own) for own in self.redirect_uris)


def _same_loopback(uri: str, own: str) -> bool:
    given, known = urlsplit(uri), urlsplit(own)
    loopback = given.scheme == "http" and given.hostname in ("127.0.0.1", "::1") and given.username is None
    same = (given.hostname, given.path, given.query, given.fragment) == (known.hostname, known.path, known.query, known.fragment)
    return loopback and known.scheme == "http" and same


@dataclass(frozen=True)
class Asked:
    """An authorization request: what an application asked for when it sent the customer here."""

    client: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    state: str | None
    nonce: str | None
    expires: dt.datetime
    party: str = ""


class OAuthError(Exception):
    """An error of RFC 6749 with its code."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


class Open:
    """Things that wait to be picked up once, by a name that cannot be guessed, before they expire.

    Each is a file, so that a login which one process of the bank began can be taken up by another, and by one alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, asked: Asked, now: dt.datetime) -> str:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        waiting = sorted((path for path in self.folder.iterdir() if not path.suffix), key=_written_at)
        for place, path in enumerate(waiting if len(waiting) > TIDY_FROM else ()):
            held = _read(path)
            if held is None or held.expires <= now or len(waiting) - place >= MAX_OPEN:
                path.unlink(missing_ok=True)
        name = secrets.token_urlsafe(24)
        draft = self._path(secrets.token_urlsafe(24)).with_suffix(".new")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(asked) | {"expires": asked.expires.isoformat()}, file)
        draft.rename(self._path(name))
        return name

    def look(self, name: str, now: dt.datetime) -> Asked | None:
        asked = _read(self._path(name))
        return asked if asked is not None and asked.expires > now else None

    def take(self, name: str, now: dt.datetime) -> Asked | None:
        asked = self.look(name, now)
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return None
        return asked

    def _path(self, name: str) -> Path:
        # A name comes from outside; its digest is a file name and nothing else.
        return self.folder / hashlib.sha256(name.encode()).hexdigest()


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(path: Path) -> Asked | None:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    fields = held | {"scopes": tuple(held["scopes"]), "expires": dt.datetime.fromisoformat(held["expires"])}
    return Asked(**fields)


@dataclass
class Identity:
    """The identity service's store: customers, clients, the signing key, logins under way."""

    issuer: str
    key: ECKey
    customers: Mapping[str, Customer]
    clients: Mapping[str, Client]
    now: Callable[[], dt.datetime]
    logins: Open
    codes: Open

    @property
    def keys(self) -> KeySet:
        """The public keys, as the JWKS document gives them."""
        return KeySet.import_key_set({"keys": [self.key.as_dict(private=False)]})

    def mint(
        self,
        party: str,
        scopes: Collection[str] = PERMISSIONS,
        lifetime: dt.timedelta = TOKEN_LASTS,
        audience: Sequence[str] = AUDIENCES,
        acr: str = ACR,
    ) -> str:
        """An access token for a seeded customer, for a developer in the same process: no login page is shown.

        Raises KeyError for a party that is no customer here.
        """
        customer = self.customers[party]
        return sign(self.key, ACCESS, access_claims(self.issuer, customer.id, scopes, self.now(), lifetime, acr, audience))

    def ask(self, client_id: str, redirect_uri: str) -> Client:
        """The client of an authorization request, once it is sure where answers may be sent. Raises OAuthError."""
        client = self.clients.get(client_id)
        if client is None:
            raise OAuthError("invalid_client", "this application is not known here")
        if not client.may_use(redirect_uri):
            raise OAuthError("invalid_request", "this application may not be answered at that address")
        return client

    def open(self, asked: Asked, response_type: str, method: str) -> str:
        """Start a login; returns its name. Raises OAuthError."""
        if response_type != "code":
            raise OAuthError("unsupported_response_type", "only codes are given")
        if method != "S256" or not 43 <= len(asked.challenge) <= 128:
            raise OAuthError("invalid_request", "a code_challenge with method S256 is needed")
        if unknown := set(asked.scopes) - {"openid", *PERMISSIONS}:
            raise OAuthError("invalid_scope", f"not given here: {' '.join(sorted(unknown))}")
        return self.logins.put(asked, self.now())

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier: str) -> dict[str, object]:
        """Exchange a code for tokens, once. Raises OAuthError("invalid_grant") when anything does not fit."""
        asked = self.codes.take(code, self.now())
        if asked is None or asked.client != client_id or asked.redirect_uri != redirect_uri:
            raise OAuthError("invalid_grant", "the code is unknown, used, expired or somebody else's")
        if not secrets.compare_digest(challenge_of(verifier), asked.challenge):
            raise OAuthError("invalid_grant", "the code_verifier does not fit")
        granted = [scope for scope in asked.scopes if scope in PERMISSIONS]
        answer: dict[str, object] = {
            "access_token": self.mint(asked.party, granted),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LASTS.total_seconds()),
            "scope": " ".join(granted),
        }
        if "openid" in asked.scopes:
            answer["id_token"] = self._id_token(asked)
        return answer

    def _id_token(self, asked: Asked) -> str:
        claims = access_claims(self.issuer, asked.party, (), self.now(), TOKEN_LASTS, ACR, [asked.client])
        del claims["scope"]
        claims["name"] = self.customers[asked.party].name
        if asked.nonce is not None:
            claims["nonce"] = asked.nonce
        return sign(self.key, IDENTITY, claims)


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _sent_back(uri: str, **answer: str | None) -> RedirectResponse:
    given = {name: value for name, value in answer.items() if value is not None}
    return RedirectResponse(f"{uri}{'&' if '?' in uri else '?'}{urlencode(given)}", status_code=303)


PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


def app(store: Identity) -> FastAPI:
    """The identity service over its store."""
    service = FastAPI(title="Sandbox bank: identity", openapi_url=None)

    def page(status: int = 200, **words: object) -> HTMLResponse:
        shown = {"login": None, "problem": None, "chosen": None, "customers": store.customers.values(), "word": DEMO_WORD}
        return HTMLResponse(PAGES.get_template("login.html").render(shown | words), status, PAGE_HEADERS)

    @service.exception_handler(OAuthError)
    async def oauth_error(_: Request, error: OAuthError) -> Response:
        body = {"error": error.error, "error_description": error.description}
        return JSONResponse(body, error.status, {"Cache-Control": "no-store"})

    @service.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, object]:
        return {
            "issuer": store.issuer,
            "authorization_endpoint": f"{store.issuer}/authorize",
            "token_endpoint": f"{store.issuer}/token",
            "jwks_uri": f"{store.issuer}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "scopes_supported": ["openid", *PERMISSIONS],
            "acr_values_supported": [ACR],
        }

    @service.get("/jwks")
    async def jwks() -> dict[str, object]:
        return {"keys": store.keys.as_dict(private=False)["keys"]}

    @service.get("/authorize")
    async def authorize(
        client_id: str = "",
        redirect_uri: str = "",
        response_type: str = "",
        scope: str = "",
        code_challenge: str = "",
        code_challenge_method: str = "",
        state: Annotated[str | None, Query()] = None,
        nonce: Annotated[str | None, Query()] = None,
    ) -> Response:
        try:
            client = store.ask(client_id, redirect_uri)
        except OAuthError as error:
            return page(error.status, problem=error.description)
        expires = store.now() + LOGIN_LASTS
        asked = Asked(client.id, redirect_uri, tuple(scope.split()), code_challenge, state, nonce, expires)
        try:
            return page(login=store.open(asked, response_type, code_challenge_method))
        except OAuthError as error:
            return _sent_back(redirect_uri, error=error.error, error_description=error.description, state=state)

    @service.post("/login")
    async def login(
        login: Annotated[str, Form()] = "", customer: Annotated[str, Form()] = "", word: Annotated[str, Form()] = ""
    ) -> Response:
        now = store.now()
        asked = store.logins.look(login, now)
        if asked is None:
            return page(400, problem="This login took too long. Go back to where you came from and start again.")
        known = customer in store.customers
        if not known or not secrets.compare_digest(word.encode(), DEMO_WORD.encode()):
            return page(401, login=login, chosen=customer, problem="Choose a customer and give the password shown below.")
        store.logins.take(login, now)
        code = store.codes.put(Asked(**{**asked.__dict__, "party": customer, "expires": now + CODE_LASTS}), now)
        return _sent_back(asked.redirect_uri, code=code, state=asked.state, iss=store.issuer)

    @service.post("/token")
    async def token(
        grant_type: Annotated[str, Form()] = "",
        code: Annotated[str, Form()] = "",
        client_id: Annotated[str, Form()] = "",
        redirect_uri: Annotated[str, Form()] = "",
        code_verifier: Annotated[str, Form()] = "",
    ) -> Response:
        if grant_type != "authorization_code":
            raise OAuthError("unsupported_grant_type", "only authorization_code is given")
        return JSONResponse(store.redeem(code, client_id, redirect_uri, code_verifier), headers={"Cache-Control": "no-store"})

    return service
