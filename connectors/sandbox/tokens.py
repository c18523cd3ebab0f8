"""Access tokens of the sandbox bank: signed with ES256, checked by every service for itself."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jwt import ClaimsOption

# What a customer's login may read; the names are the permissions of OBIE account access consents, which know no cards.
PERMISSIONS = (
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsDetail",
    "ReadBeneficiariesDetail",
    "ReadStandingOrdersDetail",
    "ReadDirectDebits",
    "ReadScheduledPaymentsDetail",
    "ReadPartyPSU",
    "ReadProducts",
    "ReadStatementsDetail",
    "ReadCards",
)
# Who a login's token is for: the assistant, and the accounts service that it asks.
AUDIENCES = ("counterfoil", "accounts")
ALGORITHM = "ES256"
ACCESS, IDENTITY = "at+jwt", "JWT"
LEEWAY_S = 5
REQUIRED = ("sub", "exp", "nbf", "iat", "scope", "jti")


class BadToken(Exception):
    """A token that proves nothing; the text says why."""


def signing_key(path: Path) -> ECKey:
    """The key in a JWK file that only its owner can read; made when there is none."""
    if not path.exists():
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{uuid4().hex}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(key.as_dict(private=True), file)
        _keep_first(draft, path)
    return ECKey.import_key(json.loads(path.read_text(encoding="utf-8")))


def _keep_first(draft: Path, path: Path) -> None:
    """Put the draft in place, unless another process was first: then both use that one's key."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def sign(key: ECKey, typ: str, claims: Mapping[str, Any]) -> str:
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": typ}
    return jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM])


def access_claims(
    issuer: str,
    party: str,
    scopes: Collection[str],
    now: dt.datetime,
    lifetime: dt.timedelta,
    acr: str,
    audience: Collection[str],
) -> dict[str, Any]:
    """The claims of an access token (RFC 9068) for a customer who has just proved who they are."""
    issued = int(now.timestamp())
    return {
        "iss": issuer,
        "sub": party,
        "aud": list(audience),
        "iat": issued,
        "nbf": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "auth_time": issued,
        "acr": acr,
        "scope": " ".join(scopes),
        "jti": str(uuid4()),
    }


def check(token: str, keys: KeySet, issuer: str, audience: str, now: dt.datetime) -> Mapping[str, Any]:
    """The claims of an access token that is signed by one of the keys, for this audience, and in force at `now`.

    Raises BadToken.
    """
    wanted: dict[str, ClaimsOption] = {name: {"essential": True} for name in REQUIRED}
    wanted |= {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": audience}}
    registry = jwt.JWTClaimsRegistry(int(now.timestamp()), LEEWAY_S, **wanted)
    try:
        decoded = jwt.decode(token, keys, algorithms=[ALGORITHM])
        registry.validate(decoded.claims)
    except (JoseError, ValueError) as error:
        raise BadToken(str(error)) from error
    if decoded.header.get("typ") != ACCESS:
        raise BadToken("it is not an access token")
    return decoded.claims
