"""Who is asking: access tokens, checked against the keys that their issuer publishes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from connectors import dpop
from connectors.dpop import Proof
from data.errors import InvalidProof, InvalidToken, MalformedLogin, NotAuthenticated, ScopeMissing, ServiceUnavailable
from data.party import Frozen, Login

Claims = Mapping[str, Any]
LoginOf = Callable[[Claims, str], Awaitable[Login]]

# Signatures only: nothing symmetric, so that no public key can pass for a shared secret.
ALGORITHMS = ("ES256", "PS256", "RS256")
# The type in a token's header (RFC 9068, section 4): an ID token says who logged in, not what may be done.
TYPE = "at+jwt"
LEEWAY_S = 5
# The schemes of RFC 6750 and RFC 9449.
BEARER, DPOP = "Bearer", "DPoP"


class Issuer(Frozen):
    """Whose tokens count, for whom they must be made and what for.

    scopes: each must be in the token's `scope`.
    """

    issuer: str
    audience: str
    jwks_uri: str
    scopes: tuple[str, ...] = ()


class Keys:
    """The issuer's keys, fetched when first needed and again when they are old or do not know a token's key.

    ttl_s: how long a fetched set is good. pause_s: the least time between two fetches for unknown
    keys, so that invented key ids cannot make us flood the issuer.
    """

    def __init__(
        self, uri: str, client: httpx.AsyncClient, clock: Callable[[], datetime], ttl_s: float = 600, pause_s: float = 30
    ) -> None:
        self.uri, self.client, self.clock = uri, client, clock
        self.ttl, self.pause = timedelta(seconds=ttl_s), timedelta(seconds=pause_s)
        self._keys: KeySet | None = None
        self._fetched_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> KeySet:
        """Raises ServiceUnavailable when the issuer does not give usable keys."""
        return await self._newer_than(self.clock() - self.ttl)

    async def refreshed(self) -> KeySet:
        """The keys fetched anew, unless that was done a moment ago."""
        return await self._newer_than(self.clock() - self.pause)

    async def _newer_than(self, moment: datetime) -> KeySet:
        async with self._lock:
            if self._keys is None or self._fetched_at is None or self._fetched_at <= moment:
                self._keys, self._fetched_at = await self._fetch(), self.clock()
            return self._keys

    async def _fetch(self) -> KeySet:
        try:
            answer = await self.client.get(self.uri)
            answer.raise_for_status()
            return KeySet.import_key_set(answer.json())
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            raise ServiceUnavailable("identity", "its keys cannot be read") from error


@dataclass(frozen=True)
class Shown:
    """What a request shows of who sends it: its Authorization and DPoP headers, its method, and its path as it was sent."""

    authorization: Sequence[str]
    proofs: Sequence[str] = ()
    method: str = "GET"
    path: str = "/"


@dataclass(frozen=True)
class Constraint:
    """Tokens that are bound to a key of whoever shows them (DPoP, RFC 9449).

    origin: how this server is called from outside, such as "https://assistant.bank.example". It is a setting, since the Host
    header is the sender's own word. first: whether a proof is seen for the first time; it blocks. required: take no others.
    """

    origin: str
    first: Callable[[str, datetime, datetime], bool]
    required: bool = False


class Bearer:
    """Turns an Authorization header into a login.

    login_of: the party and its grants for claims that were proved; called on every request. constraint: without one, bound
    tokens are refused.
    """

    def __init__(
        self,
        issuer: Issuer,
        keys: Keys,
        login_of: LoginOf,
        clock: Callable[[], datetime],
        constraint: Constraint | None = None,
    ) -> None:
        self.issuer, self.keys, self.login_of, self.clock, self.constraint = issuer, keys, login_of, clock, constraint
        self.registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)

    @property
    def schemes(self) -> tuple[str, ...]:
        """The words that a token may be shown under."""
        if self.constraint is None:
            return (BEARER,)
        return (DPOP,) if self.constraint.required else (BEARER, DPOP)

    async def login(self, shown: Shown) -> Login:
        """Raises NotAuthenticated without a token, MalformedLogin for what is no form of one, InvalidToken, InvalidProof or
        ScopeMissing for one that does not do."""
        scheme, token = self._credentials(shown)
        claims = await self.claims(token)
        await self._bound(scheme, token, claims, shown)
        login = await self.login_of(claims, token)
        return login.model_copy(update=self._authentication(claims))

    def _credentials(self, shown: Shown) -> tuple[str, str]:
        if len(shown.authorization) > 1:
            raise MalformedLogin("there is more than one login in the request")
        scheme, _, token = (shown.authorization[0] if shown.authorization else "").partition(" ")
        named = next((one for one in (BEARER, DPOP) if one.lower() == scheme.lower()), None)
        if named is None or (named == DPOP and self.constraint is None):
            raise NotAuthenticated("log in to go on")
        if not token.strip() or " " in token.strip():
            raise MalformedLogin("there is not one token in the login")
        return named, token.strip()

    async def _bound(self, scheme: str, token: str, claims: Claims, shown: Shown) -> None:
        """A token with a key counts with a proof of that key, and with nothing else; one without is no use for a proof."""
        if scheme == BEARER:
            if "cnf" in claims:
                raise InvalidToken("the token is bound to a key: it counts with a proof of it")
            if self.constraint is not None and self.constraint.required:
                raise InvalidToken("the token is not bound to a key")
            return
        proof = self._proof(token, shown)
        confirmation = claims.get("cnf")
        if not isinstance(confirmation, Mapping) or confirmation.get("jkt") != proof.thumbprint:
            raise InvalidToken("the token is not bound to the key of the proof")
        # Last, so that only who has a token makes us remember anything.
        if not await asyncio.to_thread(self._constraint.first, proof.once, proof.until, self.clock()):
            raise InvalidProof("the proof was used before")

    def _proof(self, token: str, shown: Shown) -> Proof:
        if len(shown.proofs) != 1:
            raise InvalidProof("one proof of the key must come with the token")
        return dpop.read(shown.proofs[0], shown.method, self._constraint.origin + shown.path, self.clock(), token)

    @property
    def _constraint(self) -> Constraint:
        if self.constraint is None:
            raise InvalidProof("tokens that are bound to a key are not taken here")
        return self.constraint

    def _authentication(self, claims: Claims) -> dict[str, object]:
        """How and when the customer proved who they are; a time to come is none."""
        acr, since = claims.get("acr"), claims.get("auth_time")
        known = isinstance(since, int) and not isinstance(since, bool) and 0 < since <= self.clock().timestamp() + LEEWAY_S
        at = datetime.fromtimestamp(since, UTC) if known and since is not None else None
        return {"acr": acr if isinstance(acr, str) else "", "authenticated_at": at}

    async def claims(self, token: str) -> Claims:
        """The claims of a token that is signed by the issuer, meant for us, valid now and given for the scopes."""
        try:
            decoded = await self._decoded(token)
            claims = decoded.claims
            self._rules().validate(claims)
        except (JoseError, ValueError, RecursionError) as error:
            raise InvalidToken(getattr(error, "description", "") or "the token cannot be read") from error
        if str(decoded.header.get("typ", "")).lower().removeprefix("application/") != TYPE:
            raise InvalidToken("the token is not an access token")
        granted = str(claims.get("scope", "")).split()
        for scope in self.issuer.scopes:
            if scope not in granted:
                raise ScopeMissing(scope)
        return claims

    async def _decoded(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, await self.keys.current(), list(ALGORITHMS), self.registry)
        except InvalidKeyIdError:
            # The issuer may have begun to use a new key since we looked.
            return jwt.decode(token, await self.keys.refreshed(), list(ALGORITHMS), self.registry)

    def _rules(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self.clock().timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.issuer.issuer},
            aud={"essential": True, "value": self.issuer.audience},
            sub={"essential": True},
            exp={"essential": True},
        )
