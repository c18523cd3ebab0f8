"""Tokens that are bound to a key, and what a client is told to bring instead: every attack is refused by name."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey, OctKey, RSAKey

from api.app import create
from api.auth import Bearer, Constraint, Keys, Shown
from api.parts import TheLogin
from data.errors import StepUpRequired
from data.proofs import Proofs
from data.store import connect
from tests.database import database
from tests.edge import ISSUER, Bank, Clock, Scripted, login_of, parts
from tests.identity import Device

ORIGIN = "https://assistant.bank.example"
ME = f"{ORIGIN}/v1/me"
ALGS = 'algs="ES256 PS256"'


class Counter:
    """The edge with bound tokens, a device that has one, and a thief who has read everything that the device sent."""

    def __init__(self, home: Path, *, required: bool = False) -> None:
        self.clock = Clock()
        self.bank = Bank(self.clock)
        engine = connect(database(home / "proofs.db"))
        constraint = Constraint(ORIGIN, Proofs(engine).first, required)
        keys = Keys(ISSUER.jwks_uri, self.bank.client(), self.clock)
        bearer = Bearer(ISSUER, keys, login_of, self.clock, constraint)
        self.app: FastAPI = create(parts(home, self.bank, Scripted(), self.clock, bearer=bearer))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://spoofed.example")
        self.device = Device(self.clock)
        self.token = self.bank.token(cnf={"jkt": self.device.thumbprint})

    async def show(self, proof: str | None = None, token: str | None = None, path: str = "/v1/me") -> httpx.Response:
        token = token or self.token
        headers = {"Authorization": f"DPoP {token}"} | ({"DPoP": proof} if proof is not None else {})
        return await self.http.get(path, headers=headers)

    async def bare(self, token: str) -> httpx.Response:
        return await self.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path)


def is_challenged(response: httpx.Response, scheme: str, error: str, status: int = 401) -> None:
    assert response.status_code == status, response.text
    challenge = response.headers["www-authenticate"]
    start = challenge.index(f"{scheme} ")
    assert f'{scheme} realm="counterfoil", error="{error}"' in challenge[start:], challenge
    assert response.headers["content-type"] == "application/problem+json"


# What counts


async def test_a_bound_token_counts_with_a_proof_of_its_key(counter: Counter) -> None:
    answer = await counter.show(counter.device.proof("GET", ME, counter.token))
    assert (answer.status_code, answer.json()["id"]) == (200, "amara")


async def test_a_query_and_the_way_an_address_is_written_make_no_other_address(counter: Counter) -> None:
    for url in (f"{ME}?a=1", f"{ME}#x", "HTTPS://Assistant.Bank.Example:443/v1/me"):
        answer = await counter.show(counter.device.proof("GET", url, counter.token), path="/v1/me?b=2")
        assert answer.status_code == 200, url


async def test_a_token_without_a_key_counts_as_before(counter: Counter) -> None:
    assert (await counter.bare(counter.bank.token())).status_code == 200


async def test_a_login_says_how_and_when_it_was_proved(tmp_path: Path) -> None:
    counter = Counter(tmp_path)
    since = int(counter.clock().timestamp()) - 600
    said = await _login(counter, acr="strong", auth_time=since)
    assert (said.acr, said.authenticated_at) == ("strong", dt.datetime.fromtimestamp(since, dt.UTC))
    for auth_time in (None, "now", True, since + 7200, -1, 1e400):
        said = await _login(counter, acr=None, auth_time=auth_time)
        assert (said.acr, said.authenticated_at) == ("", None)


async def _login(counter: Counter, **claims: Any) -> Any:
    bearer = counter.app.state.edge.parts.bearer
    return await bearer.login(Shown([f"Bearer {counter.bank.token(**claims)}"]))


# What does not


with warnings.catch_warnings(action="ignore"):
    SHORT = RSAKey.generate_key(1024)
PROOFS: dict[str, dict[str, Any]] = {
    "of another method": {"htm": "POST"},
    "for another address": {"htu": f"{ORIGIN}/v1/consents"},
    "for another host": {"htu": "https://spoofed.example/v1/me"},
    "for the host that the header says": {"htu": "http://spoofed.example/v1/me"},
    "for no address": {"htu": None},
    "for what is no address": {"htu": "http://[::1/v1/me"},
    "without a name": {"jti": None},
    "with an empty name": {"jti": ""},
    "without a time": {"iat": None},
    "with a time that is none": {"iat": True},
    "too old": {"iat": 1},
    "from the future": {"iat": 4_000_000_000},
    "for no token": {"ath": None},
    "for another token": {"ath": "x"},
    "of another type": {"header": {"typ": "JWT"}},
    "signed by another key": {"key": ECKey.generate_key("P-256")},
    "signed with a shared secret": {"header": {"alg": "HS256"}, "key": OctKey.generate_key(256)},
    "with a secret for a key": {"header": {"jwk": OctKey.generate_key(256).as_dict()}},
    "with a short key": {"header": {"jwk": SHORT.as_dict(private=False), "alg": "PS256"}, "key": SHORT},
    "with another curve": {"header": {"jwk": ECKey.generate_key("P-384").as_dict(private=False)}},
    "with no key": {"header": {"jwk": None}},
}


@pytest.mark.parametrize("kind", PROOFS)
async def test_a_proof_that_does_not_prove_it_is_refused(counter: Counter, kind: str) -> None:
    proof = counter.device.proof("GET", ME, counter.token, **PROOFS[kind])
    is_challenged(await counter.show(proof), "DPoP", "invalid_dpop_proof")


async def test_a_proof_that_tells_its_private_key_is_refused(counter: Counter) -> None:
    proof = counter.device.proof("GET", ME, counter.token, header={"jwk": counter.device.key.as_dict(private=True)})
    is_challenged(await counter.show(proof), "DPoP", "invalid_dpop_proof")


@pytest.mark.parametrize("proof", ["", "x", "a.b.c", "." * 300, "é", "x" * 5000])
async def test_what_is_no_proof_is_refused(counter: Counter, proof: str) -> None:
    headers = {b"Authorization": f"DPoP {counter.token}".encode(), b"DPoP": proof.encode()}
    is_challenged(await counter.http.get("/v1/me", headers=headers), "DPoP", "invalid_dpop_proof")


async def test_an_unsigned_proof_is_refused(counter: Counter) -> None:
    signed = counter.device.proof("GET", ME, counter.token)
    header = {"typ": "dpop+jwt", "alg": "none", "jwk": counter.device.key.as_dict(private=False)}
    is_challenged(await counter.show(f"{_part(header)}.{signed.split('.')[1]}."), "DPoP", "invalid_dpop_proof")


async def test_a_proof_counts_once_in_all_processes(counter: Counter, tmp_path: Path) -> None:
    proof = counter.device.proof("GET", ME, counter.token)
    assert (await counter.show(proof)).status_code == 200
    is_challenged(await counter.show(proof), "DPoP", "invalid_dpop_proof")
    other = Counter(tmp_path)
    other.bank.keys = counter.bank.keys
    is_challenged(await other.show(proof, counter.token), "DPoP", "invalid_dpop_proof")
    counter.clock.pass_by(59)
    is_challenged(await counter.show(proof), "DPoP", "invalid_dpop_proof")


async def test_a_proof_is_remembered_as_long_as_it_would_count(counter: Counter) -> None:
    ahead = counter.device.proof("GET", ME, counter.token, iat=int(counter.clock().timestamp()) + 5)
    assert (await counter.show(ahead)).status_code == 200
    for _ in range(14):
        counter.clock.pass_by(5)
        fresh = counter.device.proof("GET", ME, counter.token)
        assert (await counter.show(fresh)).status_code == 200
        is_challenged(await counter.show(ahead), "DPoP", "invalid_dpop_proof")


async def test_a_refused_request_makes_nothing_be_remembered(counter: Counter) -> None:
    proof = counter.device.proof("GET", ME, counter.token)
    spoiled = counter.bank.token(cnf={"jkt": "x"})
    for_spoiled = counter.device.proof("GET", ME, spoiled, jti="same")
    is_challenged(await counter.show(for_spoiled, spoiled), "DPoP", "invalid_token")
    assert (await counter.show(counter.device.proof("GET", ME, counter.token, jti="same"))).status_code == 200
    assert (await counter.show(proof)).status_code == 200


async def test_a_thief_of_a_bound_token_has_nothing(counter: Counter) -> None:
    is_challenged(await counter.bare(counter.token), "Bearer", "invalid_token")
    is_challenged(await counter.show(None), "DPoP", "invalid_dpop_proof")
    thief = Device(counter.clock)
    is_challenged(await counter.show(thief.proof("GET", ME, counter.token)), "DPoP", "invalid_token")
    unbound = counter.bank.token()
    is_challenged(await counter.show(thief.proof("GET", ME, unbound), unbound), "DPoP", "invalid_token")
    two = {"Authorization": f"DPoP {counter.token}"}
    proofs = [("DPoP", counter.device.proof("GET", ME, counter.token)) for _ in range(2)]
    is_challenged(await counter.http.get("/v1/me", headers=[*two.items(), *proofs]), "DPoP", "invalid_dpop_proof")


@pytest.mark.parametrize("cnf", [{}, {"x5t#S256": "x"}, "x", None, {"jkt": None}, {"jkt": ["x"]}])
async def test_a_token_that_is_bound_in_a_way_not_known_never_counts(counter: Counter, cnf: object) -> None:
    token = counter.bank.token(cnf=cnf) if cnf is not None else counter.bank.token(cnf={"kid": "x"})
    is_challenged(await counter.bare(token), "Bearer", "invalid_token")
    is_challenged(await counter.show(counter.device.proof("GET", ME, token), token), "DPoP", "invalid_token")


# Tokens


async def test_unsigned_and_wrongly_signed_tokens_are_refused(counter: Counter) -> None:
    head, body, signature = counter.bank.token().split(".")
    public = json.dumps(counter.bank.keys["k1"].as_dict(private=False)).encode()
    secret = f"{_part({'alg': 'HS256', 'kid': 'k1', 'typ': 'at+jwt'})}.{body}"
    mac = base64.urlsafe_b64encode(hmac.new(public, secret.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
    for token in (
        f"{_part({'alg': 'none', 'typ': 'at+jwt'})}.{body}.",
        f"{_part({'alg': 'none', 'kid': 'k1', 'typ': 'at+jwt'})}.{body}.{signature}",
        f"{secret}.{mac}",
        f"{head}.{body}.",
        f"{head}.{_part('[' * 900)}.{signature}",
    ):
        is_challenged(await counter.bare(token), "Bearer", "invalid_token")


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


# Challenges


async def test_both_ways_are_offered_where_both_are_taken(counter: Counter) -> None:
    answer = await counter.http.get("/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == f'Bearer realm="counterfoil", DPoP realm="counterfoil", {ALGS}'


async def test_where_bound_tokens_are_required_no_other_counts(tmp_path: Path) -> None:
    counter = Counter(tmp_path, required=True)
    assert (await counter.http.get("/v1/me")).headers["www-authenticate"] == f'DPoP realm="counterfoil", {ALGS}'
    is_challenged(await counter.bare(counter.bank.token()), "DPoP", "invalid_token")
    assert (await counter.show(counter.device.proof("GET", ME, counter.token))).status_code == 200


@pytest.mark.parametrize("given", [["Bearer"], ["Bearer "], ["Bearer a b"], ["DPoP"], ["Bearer x", "Bearer y"]])
async def test_a_login_in_no_form_is_a_bad_request(counter: Counter, given: list[str]) -> None:
    answer = await counter.http.get("/v1/me", headers=[("Authorization", one) for one in given])
    is_challenged(answer, given[0].split()[0], "invalid_request", 400)


@pytest.mark.parametrize("given", ["Basic YTpi", "Token x", "x"])
async def test_another_kind_of_login_is_told_nothing_but_what_is_taken(counter: Counter, given: str) -> None:
    answer = await counter.http.get("/v1/me", headers={"Authorization": given})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert "error" not in answer.headers["www-authenticate"]


async def test_a_scope_that_is_missing_is_named(counter: Counter) -> None:
    token = counter.bank.token(scope="ReadBalances", cnf={"jkt": counter.device.thumbprint})
    answer = await counter.show(counter.device.proof("GET", ME, token), token)
    is_challenged(answer, "DPoP", "insufficient_scope", 403)
    assert 'scope="ReadAccountsDetail"' in answer.headers["www-authenticate"]


async def test_a_step_up_says_what_would_do(tmp_path: Path) -> None:
    counter = Counter(tmp_path)

    @counter.app.post("/v1/important")
    async def important(_: TheLogin) -> None:
        raise StepUpRequired("strong", 300)

    # Before the page, which answers everything else.
    counter.app.router.routes.insert(0, counter.app.router.routes.pop())
    answer = await counter.http.post("/v1/important", headers={"Authorization": f"Bearer {counter.bank.token()}"})
    is_challenged(answer, "Bearer", "insufficient_user_authentication")
    assert 'acr_values="strong", max_age="300"' in answer.headers["www-authenticate"]
    assert answer.json()["code"] == "step_up_required"
