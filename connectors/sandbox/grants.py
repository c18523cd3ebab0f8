"""What tokens are given for: Authlib's grants, over what the identity service knows."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, BaseGrant, RefreshTokenGrant, TokenEndpointMixin
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import compare_s256_code_challenge
from authlib.oidc.core.errors import LoginRequiredError
from joserfc import jwt
from joserfc.errors import JoseError
from starlette.responses import JSONResponse, Response

from connectors.sandbox.issuer import ACRS, ASSISTANT, TOKEN_LASTS, Client, Identity, Session
from connectors.sandbox.tokens import ALGORITHM, AUDIENCES, IDENTITY, SCOPES, SERVICES, BadToken, proved
from data.party import PASSWORD

CODE_LASTS, EXCHANGED_LASTS = dt.timedelta(minutes=1), dt.timedelta(minutes=5)
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token"
GRANTS = ("authorization_code", "refresh_token", EXCHANGE)


class Asked(OAuth2Request):
    """A request of a client. key: the thumbprint of the key that it has proved to have, or ""."""

    def __init__(self, method: str, given: Mapping[str, Sequence[str]], headers: Mapping[str, str], key: str = "") -> None:
        # Where the service is reached, and whether by TLS, is for whoever stands in front of it.
        super().__init__(method, "https://identity.invalid/", headers=headers)
        self.payload = BasicOAuth2Payload({name: values[0] for name, values in given.items()})
        self.payload._datalist = {name: list(values) for name, values in given.items()}
        self.key = key

    @property
    def form(self) -> Mapping[str, str]:
        data: Mapping[str, str] = self.payload.data
        return data

    @property
    def args(self) -> Mapping[str, str]:
        return self.form


class Known(ClientMixin):
    """A client, as Authlib asks about it."""

    def __init__(self, client: Client) -> None:
        self.client, self.client_id = client, client.id

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(dict.fromkeys((scope or "").split()))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return self.client.may_use(redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self.client.secret) and secrets.compare_digest(self.client.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == ("client_secret_basic" if self.client.secret else "none")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and "authorization_code" in self.client.grants

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.client.grants


@dataclass(frozen=True)
class Proved:
    """A customer who has just proved who they are, and how."""

    party: str
    acr: str


class Server(AuthorizationServer):
    def __init__(self, store: Identity) -> None:
        super().__init__(scopes_supported=["openid", *SCOPES])
        self.store = store
        self.register_grant(CodeGrant, [Pkce(required=True), Authentication()])
        self.register_grant(Refresh)
        self.register_grant(Exchange)
        self.register_endpoint(Revocation)

    def query_client(self, client_id: str) -> Known | None:
        client = self.store.clients.get(client_id)
        return Known(client) if client is not None else None

    def create_oauth2_request(self, request: Asked) -> Asked:
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Response:
        if status == 302:
            return Response(status_code=303, headers=dict(headers))
        return JSONResponse(body, status, dict(headers))

    def save_token(self, token: object, request: object) -> None:
        """Access tokens say everything themselves; what refreshes them was kept when it was made."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""


def tokens(store: Identity, asked: Asked, session: Session, scope: str, refresh: str) -> dict[str, Any]:
    """The answer with a token for the assistant alone, which it may exchange for those of the services."""
    granted = [one for one in scope.split() if one in SCOPES]
    more: dict[str, object] = {"client_id": session.client, "sid": session.id, "may_act": {"sub": ASSISTANT}}
    more |= {"auth_time": session.proved_at} | ({"cnf": {"jkt": asked.key}} if asked.key else {})
    return {
        "access_token": store.access(session.party, granted, TOKEN_LASTS, AUDIENCES, session.acr, **more),
        "token_type": "DPoP" if asked.key else "Bearer",
        "expires_in": int(TOKEN_LASTS.total_seconds()),
        "scope": " ".join(granted),
        "refresh_token": refresh,
    }


@dataclass(frozen=True)
class Code:
    """What a code stands for, with the methods that Authlib asks of it."""

    client: str
    redirect_uri: str
    scope: str
    code_challenge: str
    party: str
    acr: str
    proved_at: int
    nonce: str | None
    session: str
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


def _session_of(code: str) -> str:
    """The name of the session that a code begins: a code that comes again says by it what to end (RFC 6749, 4.1.2)."""
    return hashlib.sha256(b"session " + code.encode()).hexdigest()[:32]


class CodeGrant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def create_authorization_response(self, redirect_uri: str, grant_user: Proved) -> Any:
        status, body, headers = super().create_authorization_response(redirect_uri, grant_user)
        # Whose answer it is (RFC 9207).
        return status, body, [(name, f"{value}&iss={self.server.store.issuer}") for name, value in headers]

    def save_authorization_code(self, code: str, request: Asked) -> None:
        store, data = self.server.store, request.payload.data
        held = Code(
            client=request.client.client_id,
            redirect_uri=request.payload.redirect_uri,
            scope=request.scope,
            code_challenge=data["code_challenge"],
            party=request.user.party,
            acr=request.user.acr,
            proved_at=int(store.now().timestamp()),
            nonce=data.get("nonce"),
            session=_session_of(code),
        )
        store.codes.put(held.__dict__, store.now() + CODE_LASTS, store.now(), code)

    def query_authorization_code(self, code: str, client: Known) -> Code | None:
        store: Identity = self.server.store
        held = store.codes.take(code, store.now())
        if held is None:
            if (begun := store.session(_session_of(code))) is not None:
                store.end(begun)
            return None
        found = Code(**{field: held[field] for field in Code.__dataclass_fields__})
        return found if found.client == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It was taken when it was asked for, so that no two requests get it."""

    def authenticate_user(self, authorization_code: Code) -> Session:
        code = authorization_code
        key = self.request.key
        return Session(code.session, code.party, code.client, code.scope, code.acr, code.proved_at, key)

    def generate_token(self, user: Session, scope: str, **_: object) -> dict[str, Any]:
        store, nonce = self.server.store, self.request.authorization_code.nonce
        answer = tokens(store, self.request, user, scope, store.begin(user))
        return answer | ({"id_token": store.id_token(user, nonce)} if "openid" in scope.split() else {})


class Pkce(CodeChallenge):
    """Proof keys as RFC 9700 wants them: always, and never the plain ones."""

    CODE_CHALLENGE_METHODS = {"S256": compare_s256_code_challenge}  # noqa: RUF012  Authlib's own attribute
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        if grant.request.payload.data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("a code_challenge with method S256 is needed")
        if not grant.request.payload.data.get("code_challenge"):
            raise InvalidRequestError("a code_challenge with method S256 is needed")
        super().validate_code_challenge(grant, redirect_uri)


class Authentication:
    """How a login is to be proved: `acr_values` and `max_age`, and by whom: `id_token_hint`.

    The password is asked for at every login, so that none is ever older than `max_age`.
    """

    def __call__(self, grant: Any) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self.check)

    def check(self, grant: Any, _redirect_uri: str) -> None:
        data = grant.request.payload.data
        if wanted_acr(data) is None:
            raise OAuth2Error("none of these acr_values can be met", error="unmet_authentication_requirements")
        if "none" in data.get("prompt", "").split():
            raise LoginRequiredError()
        if not data.get("max_age", "0").isdecimal():
            raise InvalidRequestError("max_age is a number of seconds")
        if "id_token_hint" in data and hinted(grant.server.store, data) is None:
            raise InvalidRequestError("the id_token_hint is not an ID token of a customer here")


def wanted_acr(data: Mapping[str, str]) -> str | None:
    """The first of `acr_values` that can be met; None when there are some, and none can."""
    wanted = data.get("acr_values", "").split() or [PASSWORD]
    return next((acr for acr in wanted if acr in ACRS), None)


def hinted(store: Identity, data: Mapping[str, str]) -> str | None:
    """Who an ID token of ours says that the customer is; it may be an old one."""
    try:
        decoded = jwt.decode(data.get("id_token_hint", ""), store.keys, algorithms=[ALGORITHM])
    except (JoseError, ValueError, RecursionError):
        return None
    ours = decoded.header.get("typ") == IDENTITY and decoded.claims.get("iss") == store.issuer
    party = str(decoded.claims.get("sub"))
    return party if ours and party in store.customers else None


class Refresh(RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Session | None:
        session: Session | None = self.server.store.session_of(refresh_token)
        if session is not None and session.key != self.request.key:
            raise OAuth2Error("the proof is not by the key of this login", error="invalid_dpop_proof")
        return session

    def authenticate_user(self, refresh_token: Session) -> Session:
        return refresh_token

    def generate_token(self, user: Session, scope: str, **_: object) -> dict[str, Any]:
        store = self.server.store
        if not store.refreshed(self.request.form["refresh_token"], user):
            raise InvalidGrantError()
        return tokens(store, self.request, user, scope, store.next_refresh(user))

    def revoke_old_credential(self, refresh_token: Session) -> None:
        """It was used up before the new one was made."""


class Exchange(BaseGrant, TokenEndpointMixin):
    """A customer's token for one that is for a service, with less scope, and that says who acts for them (RFC 8693)."""

    GRANT_TYPE = EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def validate_token_request(self) -> None:
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("this client may not exchange tokens")
        self.request.client = client
        form = self.request.form
        wrong = form.get("subject_token_type") != ACCESS_TYPE or form.get("requested_token_type", ACCESS_TYPE) != ACCESS_TYPE
        if wrong or "actor_token" in form:
            raise InvalidRequestError("access tokens are exchanged for access tokens, by the client itself")
        if form.get("audience") not in SERVICES:
            raise OAuth2Error("there is no such service", error="invalid_target")
        self.request.credential = self._subject(form.get("subject_token", ""), client)

    def _subject(self, token: str, client: Known) -> Mapping[str, Any]:
        store: Identity = self.server.store
        try:
            claims = proved(token, store.keys, store.issuer, client.client.audience, store.now())
        except BadToken as error:
            raise InvalidRequestError("the subject_token is not valid") from error
        actor = claims.get("may_act")
        if not isinstance(actor, dict) or actor.get("sub") != client.client_id:
            raise InvalidRequestError("this client may not act for the subject of the token")
        if claims["sub"] not in store.customers or ("sid" in claims and store.session(claims["sid"]) is None):
            raise InvalidRequestError("the login of the subject_token has ended")
        return claims

    def create_token_response(self) -> Any:
        subject, form = self.request.credential, self.request.form
        scopes = dict.fromkeys(form.get("scope", "").split())
        if not scopes or set(scopes) - set(subject["scope"].split()):
            raise InvalidScopeError("what is asked for is nothing, or more than the subject_token carries")
        store: Identity = self.server.store
        now = int(store.now().timestamp())
        lifetime = min(int(EXCHANGED_LASTS.total_seconds()), subject["exp"] - now)
        more: dict[str, object] = {"act": {"sub": self.request.client.client_id}, "client_id": self.request.client.client_id}
        more |= {name: subject[name] for name in ("auth_time", "sid") if name in subject}
        more |= {"cnf": {"jkt": self.request.key}} if self.request.key else {}
        lasts = dt.timedelta(seconds=lifetime)
        token = store.access(subject["sub"], scopes, lasts, [form["audience"]], subject.get("acr", ""), **more)
        answer = {
            "access_token": token,
            "issued_token_type": ACCESS_TYPE,
            "token_type": "DPoP" if self.request.key else "Bearer",
            "expires_in": lifetime,
            "scope": " ".join(scopes),
        }
        return 200, answer, self.TOKEN_RESPONSE_HEADER


class Revocation(RevocationEndpoint):
    """Ends a login, by what refreshes it or by an access token of it (RFC 7009)."""

    CLIENT_AUTH_METHODS = ("none", "client_secret_basic")

    def query_token(self, token_string: str, token_type_hint: str | None) -> Session | None:
        store: Identity = self.server.store
        name = token_string.partition(".")[0]
        try:
            claims = proved(token_string, store.keys, store.issuer, AUDIENCES[0], store.now())
        except BadToken:
            return store.session(name)
        return store.session(str(claims.get("sid", "")))

    def revoke_token(self, token: Session, request: Asked) -> None:
        self.server.store.end(token)
