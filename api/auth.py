"""Who is asking: access tokens, checked against the keys that their issuer publishes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from data.errors import InvalidToken, NotAuthenticated, ScopeMissing, ServiceUnavailable
from data.party import Frozen, Login

Claims = Mapping[str, Any]
LoginOf = Callable[[Claims, str], Awaitable[Login]]

# Signatures only: nothing symmetric, so that no public key can pass for a shared secret.
ALGORITHMS = ("ES256", "PS256", "RS256")
# The type in a token's header (RFC 9068, section 4): an ID token says who logged in, not what may be done.
TYPE = "at+jwt"
LEEWAY_S = 5


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


class Bearer:
    """Turns an Authorization header into a login.

    login_of: the party and its grants for claims that were proved; called on every request.
    """

    def __init__(self, issuer: Issuer, keys: Keys, login_of: LoginOf, clock: Callable[[], datetime]) -> None:
        self.issuer, self.keys, self.login_of, self.clock = issuer, keys, login_of, clock
        self.registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)

    async def login(self, authorization: str | None) -> Login:
        """Raises NotAuthenticated without a bearer token, InvalidToken or ScopeMissing for one that does not do."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotAuthenticated("log in to go on")
        token = token.strip()
        return await self.login_of(await self.claims(token), token)

    async def claims(self, token: str) -> Claims:
        """The claims of a token that is signed by the issuer, meant for us, valid now and given for the scopes."""
        try:
            decoded = await self._decoded(token)
            claims = decoded.claims
            self._rules().validate(claims)
        except (JoseError, ValueError) as error:
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
