"""Proofs that whoever shows a token has the key that it is bound to (DPoP, RFC 9449)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, RSAKey

from data.errors import InvalidProof
from data.party import Frozen

ALGORITHMS = ("ES256", "PS256")
TYPE = "dpop+jwt"
# How far a proof's `iat` may lie from the present. What was seen in that time is remembered, and no longer.
PAST_S, AHEAD_S = 60, 5
MAX_LENGTH = 4096
MIN_RSA_BITS = 2048
PORTS = {"http": "80", "https": "443"}


class Proof(Frozen):
    """A proof that holds. thumbprint: of its key (RFC 7638), which `cnf.jkt` of a token names. once: what makes it the only
    one of its kind, for whoever remembers it until `until`."""

    thumbprint: str
    once: str
    until: dt.datetime


def read(proof: str, method: str, url: str, now: dt.datetime, token: str | None = None) -> Proof:
    """Check a proof against the request that it came with; whether it was seen before is for the caller to ask.

    url: where the request was sent, as the service calls itself, without query. token: the access token that it came with.
    Raises InvalidProof.
    """
    if len(proof) > MAX_LENGTH:
        raise InvalidProof("the proof is too long")
    key = _key(proof)
    try:
        claims = jwt.decode(proof, key, list(ALGORITHMS), _registry()).claims
    except (JoseError, ValueError, RecursionError) as error:
        raise InvalidProof("the proof is not signed by its own key") from error
    return _checked(claims, key, method, url, now, token)


def _registry() -> jws.JWSRegistry:
    return jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)


def _key(proof: str) -> Key:
    """The public key in the header of a proof, which is there to be checked and not to be believed."""
    try:
        header = jws.extract_compact(proof.encode()).headers()
        if header.get("typ") != TYPE or header.get("alg") not in ALGORITHMS:
            raise InvalidProof("it is not a proof that can be read here")
        key = JWKRegistry.import_key(header["jwk"])
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidProof("the proof cannot be read") from error
    good = (isinstance(key, ECKey) and key.curve_name == "P-256") or (isinstance(key, RSAKey) and _bits(key) >= MIN_RSA_BITS)
    if not good or key.is_private:
        raise InvalidProof("the proof's key is not a public key of a kind that is taken here")
    return key


def _bits(key: RSAKey) -> int:
    return key.raw_value.key_size


def _checked(claims: dict[str, Any], key: Key, method: str, url: str, now: dt.datetime, token: str | None) -> Proof:
    name, issued = claims.get("jti"), claims.get("iat")
    if not isinstance(name, str) or not name or claims.get("htm") != method or not _same(claims.get("htu"), url):
        raise InvalidProof("the proof is for another request")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise InvalidProof("the proof does not say when it was made")
    if not -PAST_S <= issued - now.timestamp() <= AHEAD_S:
        raise InvalidProof("the proof is too old, or from the future")
    if token is not None and not _is_of(claims.get("ath"), token):
        raise InvalidProof("the proof is for another token")
    thumbprint = key.thumbprint()
    once = hashlib.sha256(json.dumps([thumbprint, name]).encode()).hexdigest()
    return Proof(thumbprint=thumbprint, once=once, until=now + dt.timedelta(seconds=PAST_S + AHEAD_S))


def _is_of(digest: object, token: str) -> bool:
    return isinstance(digest, str) and secrets.compare_digest(digest.encode(), digest_of(token).encode())


def digest_of(token: str) -> str:
    """The `ath` of a token."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def _same(claimed: object, url: str) -> bool:
    """Whether `htu` names this URL, query and fragment aside (RFC 9449, 4.3)."""
    return isinstance(claimed, str) and _parts(claimed) is not None and _parts(claimed) == _parts(url)


def _parts(url: str) -> tuple[str, str | None, str, str] | None:
    try:
        found = urlsplit(url)
        port = str(found.port or PORTS.get(found.scheme, ""))
    except ValueError:
        return None
    return found.scheme, found.hostname, port, found.path or "/"
