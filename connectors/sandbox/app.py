"""The sandbox bank as one application: each service under its own path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from connectors.sandbox import accounts, cards, identity, payments, products, statements
from connectors.sandbox.books import Books, Customer
from connectors.sandbox.grants import EXCHANGE
from connectors.sandbox.households import households
from connectors.sandbox.issuer import ASSISTANT, PAGE, Client, Identity
from connectors.sandbox.people import CUSTOMERS
from connectors.sandbox.tokens import AUDIENCES, Ring, secret_in
from connectors.sandbox.waiting import Once, Waiting
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
    """The application to serve, and its identity store for `mint` in the same process.

    assistant: the client that may act for customers; its secret is in it.
    """

    app: Starlette
    identity: Identity

    @property
    def assistant(self) -> Client:
        return self.identity.clients[ASSISTANT]


def build(
    now: Callable[[], dt.datetime],
    keys_path: Path,
    base_url: str = BASE_URL,
    redirect_uris: Sequence[str] = REDIRECT_URIS,
    customers: Sequence[Customer] = CUSTOMERS,
    books: Callable[[dt.datetime], Books] = households,
) -> Sandbox:
    """The bank with its customers, its clock and its signing keys: the seven households, or other people with their books.

    keys_path: a file for the signing keys, made when missing; the assistant's secret, the logins and what
    customers had done are kept beside it.
    base_url: where the application is reached, without a slash at its end; the issuer of tokens is under it. redirect_uris:
    where the client "counterfoil" may be answered.
    """
    secret = secret_in(keys_path.with_name("assistant.secret"))
    store = Identity(
        issuer=f"{base_url}{IDENTITY_PATH}",
        ring=Ring(keys_path, now()),
        customers={customer.id: customer for customer in customers},
        clients={
            PAGE: Client(PAGE, ("authorization_code", "refresh_token"), tuple(redirect_uris)),
            ASSISTANT: Client(ASSISTANT, (EXCHANGE,), secret=secret, audience=AUDIENCES[0]),
        },
        now=now,
        logins=Waiting(keys_path.with_name("logins")),
        codes=Waiting(keys_path.with_name("codes")),
        sessions=Waiting(keys_path.with_name("sessions")),
        refreshes=Waiting(keys_path.with_name("refreshes")),
        proofs=Once(keys_path.with_name("proofs")),
    )
    written = Written(keys_path.with_name("written.sqlite"), books)
    shown = accounts.AccountsStore(keys=store.keys, issuer=store.issuer, now=now, written=written)
    reading = accounts.app(shown, (products.router, cards.router, statements.router))
    routes = [
        Mount(IDENTITY_PATH, identity.app(store)),
        Mount(ACCOUNTS_PATH, reading),
        Mount(PAYMENTS_PATH, payments.app(shown)),
        Mount(CARDS_PATH, cards.app(shown)),
    ]
    return Sandbox(Starlette(routes=routes, exception_handlers={HTTPException: accounts.not_served}), store)
