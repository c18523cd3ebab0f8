"""Who a customer is: the login page, and the endpoints of OpenID Connect and OAuth around Authlib's grants."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error
from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData, QueryParams

from connectors import dpop
from connectors.sandbox.grants import GRANTS, Asked, Proved, Server, hinted, wanted_acr
from connectors.sandbox.issuer import ACRS, DEMO_WORD, Identity
from connectors.sandbox.tokens import ALGORITHM, SCOPES
from connectors.sandbox.waiting import Held
from data.errors import InvalidProof
from data.party import STRONG

LOGIN_LASTS = dt.timedelta(minutes=10)
MAX_TRIES = 3
TOO_LATE = "This login took too long. Go back to where you came from and start again."
UNREADABLE = "the request cannot be read"

PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


def _given(values: FormData | QueryParams) -> dict[str, list[str]]:
    """Every parameter with all its values; what is no text is none."""
    given: dict[str, list[str]] = {}
    for name, value in values.multi_items():
        if isinstance(value, str):
            given.setdefault(name, []).append(value)
    return given


def _new_code() -> str:
    """A code for one login, as the customer's phone would show it."""
    return f"{secrets.randbelow(10**6):06d}"


def discovery(store: Identity) -> dict[str, object]:
    return {
        "issuer": store.issuer,
        "authorization_endpoint": f"{store.issuer}/authorize",
        "token_endpoint": f"{store.issuer}/token",
        "revocation_endpoint": f"{store.issuer}/revoke",
        "jwks_uri": f"{store.issuer}/jwks",
        "response_types_supported": ["code"],
        "grant_types_supported": list(GRANTS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": ["openid", *SCOPES],
        "acr_values_supported": list(ACRS),
    }


class Desk:
    """The login page: who asks to be let in, and the proof of it."""

    def __init__(self, store: Identity, server: Server) -> None:
        self.store, self.server = store, server

    def page(self, status: int = 200, login: str = "", held: Held | None = None, chosen: str = "", problem: str = "") -> Response:
        words = {
            "login": login,
            "problem": problem,
            "chosen": chosen,
            "customers": self._customers(held) if held is not None else (),
            "word": DEMO_WORD,
            "code": held["code"] if held is not None else "",
        }
        return HTMLResponse(PAGES.get_template("login.html").render(words), status, PAGE_HEADERS)

    def _customers(self, held: Held) -> list[Any]:
        return [customer for customer in self.store.customers.values() if held["party"] in ("", customer.id)]

    def open(self, given: dict[str, list[str]]) -> Response:
        """Start a login for an authorization request."""
        asked = Asked("GET", given, {})
        try:
            self.server.get_consent_grant(asked)
        except OAuth2Error as error:
            return self.refusal(error)
        except ValueError:
            return self.page(400, problem=UNREADABLE)
        data = asked.payload.data
        code = _new_code() if wanted_acr(data) == STRONG else ""
        party = hinted(self.store, data) or ""
        held = {"given": given, "acr": wanted_acr(data), "party": party, "code": code, "tries": 0}
        return self.page(login=self._put(held), held=held, chosen=party)

    def refusal(self, error: OAuth2Error) -> Response:
        """Back to the application, once it is sure that it may be answered there; else a page."""
        if not error.redirect_uri:
            return self.page(error.status_code, problem=error.description or UNREADABLE)
        return self.server.handle_response(*error())

    def log_in(self, login: str, customer: str, word: str, code: str) -> Response:
        now = self.store.now()
        held = self.store.logins.look(login, now)
        if held is None:
            return self.page(400, problem=TOO_LATE)
        known = customer in {one.id for one in self._customers(held)}
        if not known or not secrets.compare_digest(word.encode(), DEMO_WORD.encode()):
            return self.page(401, login, held, customer, "Choose a customer and give the password shown below.")
        if self.store.logins.take(login, now) is None:
            return self.page(400, problem=TOO_LATE)
        if not secrets.compare_digest(code.strip().encode(), str(held["code"]).encode()):
            return self._again({**held, "code": _new_code(), "tries": held["tries"] + 1}, customer)
        asked = Asked("GET", held["given"], {})
        grant = self.server.get_consent_grant(asked)
        proof = Proved(customer, held["acr"])
        answer: Response = self.server.create_authorization_response(asked, grant_user=proof, grant=grant)
        return answer

    def _again(self, held: Held, customer: str) -> Response:
        if held["tries"] >= MAX_TRIES:
            return self.page(400, problem="That was not the code, three times. Go back to where you came from and start again.")
        return self.page(401, self._put(held), held, customer, "That was not the code. Your phone shows a new one.")

    def _put(self, held: Mapping[str, object]) -> str:
        now = self.store.now()
        return self.store.logins.put(held, now + LOGIN_LASTS, now)


def app(store: Identity) -> FastAPI:
    """The identity service over its store."""
    service = FastAPI(title="Sandbox bank: identity", openapi_url=None)
    server = Server(store)
    desk = Desk(store, server)

    def key_of(request: Request) -> str:
        """The thumbprint of the key that a token request proves, "" where it proves none. Raises InvalidProof."""
        proofs = request.headers.getlist("dpop")
        if len(proofs) > 1:
            raise InvalidProof("there is more than one proof")
        if not proofs:
            return ""
        proof = dpop.read(proofs[0], request.method, f"{store.issuer}/token", store.now())
        if not store.proofs.first(proof.once, proof.until, store.now()):
            raise InvalidProof("the proof was used before")
        return proof.thumbprint

    async def answered(request: Request, answer: Callable[[Asked], Response | None]) -> Response:
        """What Authlib answers to a form; its errors may not hold every character that a client may send."""
        given = _given(await request.form())
        try:
            if any(len(values) > 1 for values in given.values()):
                raise InvalidRequestError("a parameter may be given once")
            found = answer(Asked(request.method, given, request.headers, key_of(request)))
        except InvalidProof as error:
            found = server.handle_error_response(None, OAuth2Error(str(error), error=error.code))
        except OAuth2Error as error:
            found = server.handle_error_response(None, error)
        except ValueError:
            found = server.handle_error_response(None, InvalidRequestError(UNREADABLE))
        return found or Response(status_code=404)

    @service.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, object]:
        return discovery(store)

    @service.get("/jwks")
    async def jwks() -> Response:
        return JSONResponse({"keys": store.keys.as_dict(private=False)["keys"]})

    @service.get("/authorize")
    async def authorize(request: Request) -> Response:
        return desk.open(_given(request.query_params))

    @service.post("/login")
    async def login(
        login: Annotated[str, Form()] = "",
        customer: Annotated[str, Form()] = "",
        word: Annotated[str, Form()] = "",
        code: Annotated[str, Form()] = "",
    ) -> Response:
        return desk.log_in(login, customer, word, code)

    @service.post("/token")
    async def token(request: Request) -> Response:
        return await answered(request, server.create_token_response)

    @service.post("/revoke")
    async def revoke(request: Request) -> Response:
        return await answered(request, lambda asked: server.create_endpoint_response("revocation", asked))

    return service
