"""Access tokens of the sandbox bank: signed with ES256, checked by every service for itself."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, Key, KeyParameters, KeySet
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
# What it may ask to be done.
WRITES = ("WritePayments", "WriteBeneficiaries", "WriteCards")
SCOPES = PERMISSIONS + WRITES
# Who a login's token is for: the assistant alone. Services take only tokens exchanged for them.
AUDIENCES = ("counterfoil",)
SERVICES = ("accounts", "payments", "cards")
ALGORITHM = "ES256"
ACCESS, IDENTITY = "at+jwt", "JWT"
LEEWAY_S = 5
REQUIRED = ("sub", "exp", "nbf", "iat", "scope", "jti")


class BadToken(Exception):
    """A token that proves nothing; the text says why."""


class Ring(KeySet):
    """The bank's keys, in a file that only its owner can read; made when there is none.

    The newest signs; the one before it is still believed, since tokens that it signed are under way. Another process may
    have begun to sign with a newer one, so a key that is not known is looked for in the file before it is refused.
    """

    def __init__(self, path: Path, now: dt.datetime) -> None:
        self.path = path
        if not path.exists():
            _keep_first(_draft(path, [_new_key(now)]), path)
        super().__init__(_keys_in(path))

    @property
    def signing(self) -> ECKey:
        key = self.keys[0]
        if not isinstance(key, ECKey):
            raise ValueError(f"{self.path}: the newest key is of another kind than signs here")
        return key

    @property
    def since(self) -> float:
        """Since when the newest signs, in seconds of the epoch."""
        return float(str(self.signing.get("iat") or 0))

    def rotate(self, now: dt.datetime) -> None:
        """Sign with a new key from here on, unless another process has begun to; the one before the last counts no more."""
        with self.path.with_suffix(".lock").open("w") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            held = _keys_in(self.path)
            if held[0].kid == self.signing.kid:
                held = [_new_key(now), held[0]]
                _draft(self.path, held).replace(self.path)
            self.keys = held

    def get_by_kid(self, kid: str | None = None, parameters: KeyParameters | None = None) -> Key:
        try:
            return super().get_by_kid(kid, parameters)
        except InvalidKeyIdError:
            self.keys = _keys_in(self.path)
            return super().get_by_kid(kid, parameters)


def _new_key(now: dt.datetime) -> Key:
    made = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True)
    return ECKey.import_key(made.as_dict(private=True) | {"iat": str(int(now.timestamp()))})


def _keys_in(path: Path) -> list[Key]:
    held = json.loads(path.read_text(encoding="utf-8"))
    # A file of before keys were rotated holds one alone.
    return [ECKey.import_key(key) for key in held.get("keys", [held])]


def _draft(path: Path, keys: Collection[Key]) -> Path:
    return private_file(path, json.dumps({"keys": [key.as_dict(private=True) for key in keys]}))


def secret_in(path: Path) -> str:
    """A secret in a file that only its owner can read; made when there is none."""
    if not path.exists():
        _keep_first(private_file(path, token_urlsafe(32)), path)
    return path.read_text(encoding="utf-8")


def private_file(path: Path, text: str) -> Path:
    """A new file beside a path, to be put in its place, that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{uuid4().hex}.new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return draft


def _keep_first(draft: Path, path: Path) -> None:
    """Put the draft in place, unless another process was first: then both use what that one made."""
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


def proved(token: str, keys: KeySet, issuer: str, audience: str, now: dt.datetime) -> Mapping[str, Any]:
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


def check(token: str, keys: KeySet, issuer: str, audience: str, now: dt.datetime) -> Mapping[str, Any]:
    """As `proved`, for a service, which takes no proofs of a key: a token that is bound to one is refused."""
    claims = proved(token, keys, issuer, audience, now)
    if "cnf" in claims:
        raise BadToken("it is bound to a key and comes without a proof of it")
    return claims
