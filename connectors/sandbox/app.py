"""The sandbox bank as one application: each service under its own path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.sandbox import accounts, cards, identity, payments, products, statements
from connectors.sandbox.identity import Client, Identity, Open
from connectors.sandbox.people import CUSTOMERS
from connectors.sandbox.tokens import signing_key
from connectors.sandbox.written import Written

IDENTITY_PATH = "/identity"
ACCOUNTS_PATH = "/open-banking/v4.0/aisp"
PAYMENTS_PATH = "/open-banking/v4.0/pisp"
CARDS_PATH = "/card-services"
BASE_URL = "http://sandbox.invalid"
# What the bank has written for its customers and its people.
PAGES = Path(__file__).with_name("articles")
REDIRECT_URIS = ("http://127.0.0.1/login/callback",)


@dataclass(frozen=True)
class Sandbox:
    """The application to serve, and its identity store for `mint` in the same process."""

    app: Starlette
    identity: Identity


def build(
    now: Callable[[], dt.datetime], keys_path: Path, base_url: str = BASE_URL, redirect_uris: Sequence[str] = REDIRECT_URIS
) -> Sandbox:
    """The bank with its seven customers, its clock and its signing key.

    keys_path: a file for the signing key, made when missing; logins under way, and what
    customers had done, are kept beside it. base_url: where the
    application is reached, without a slash at its end; the issuer of tokens is under it. redirect_uris: where the client
    "counterfoil" may be answered.
    """
    store = Identity(
        issuer=f"{base_url}{IDENTITY_PATH}",
        key=signing_key(keys_path),
        customers={customer.id: customer for customer in CUSTOMERS},
        clients={"counterfoil": Client("counterfoil", tuple(redirect_uris))},
        now=now,
        logins=Open(keys_path.with_name("logins")),
        codes=Open(keys_path.with_name("codes")),
    )
    written = Written(keys_path.with_name("written.sqlite"))
    books = accounts.AccountsStore(keys=store.keys, issuer=store.issuer, now=now, written=written)
    reading = accounts.app(books, (products.router, cards.router, statements.router))
    routes = [
        Mount(IDENTITY_PATH, identity.app(store)),
        Mount(ACCOUNTS_PATH, reading),
        Mount(PAYMENTS_PATH, payments.app(books)),
        Mount(CARDS_PATH, cards.app(books)),
    ]
    return Sandbox(Starlette(routes=routes), store)
