"""What the identity service knows: its customers and clients, its keys, and the logins that go on."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import ECKey, KeySet

from connectors.sandbox.books import Customer
from connectors.sandbox.tokens import ACCESS, AUDIENCES, IDENTITY, SCOPES, Ring, access_claims, sign
from connectors.sandbox.waiting import Once, Waiting
from data.party import PASSWORD, STRONG

# The one word that every invented customer logs in with; the login page shows it.
DEMO_WORD = "counterfoil"
TOKEN_LASTS, SESSION_LASTS = dt.timedelta(hours=1), dt.timedelta(hours=12)
ROTATES = dt.timedelta(days=30)
ACRS = (PASSWORD, STRONG)
# The page that a customer logs in from, and the assistant that may act for them towards the services.
PAGE, ASSISTANT = "counterfoil", "counterfoil-assistant"


@dataclass(frozen=True)
class Client:
    """An application that may ask for tokens, by these grants; one without a secret has none to keep.

    On loopback any port of its redirect addresses will do (RFC 8252, 7.3). audience: what it is called as one that tokens
    are for.
    """

    id: str
    grants: tuple[str, ...]
    redirect_uris: tuple[str, ...] = ()
    secret: str = ""
    audience: str = ""

    def may_use(self, uri: str) -> bool:
        return any(uri == own or _same_loopback(uri, own) for own in self.redirect_uris)


def _same_loopback(uri: str, own: str) -> bool:
    try:
        given, known = urlsplit(uri), urlsplit(own)
    except ValueError:
        return False
    loopback = given.scheme == "http" and given.hostname in ("127.0.0.1", "::1") and given.username is None
    same = (given.hostname, given.path, given.query, given.fragment) == (known.hostname, known.path, known.query, known.fragment)
    return loopback and known.scheme == "http" and same


@dataclass(frozen=True)
class Session:
    """A login that was proved, and who may go on with it. key: the thumbprint of the key that its tokens are bound to.

    It is also the token of Authlib's grants, whose methods have Authlib's names.
    """

    id: str
    party: str
    client: str
    scope: str
    acr: str
    proved_at: int
    key: str = ""

    def check_client(self, client: Any) -> bool:
        return bool(self.client == client.client_id)

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Identity:
    """The store. Logins under way, codes, sessions and what refreshes them are files, for all processes of the bank."""

    issuer: str
    ring: Ring
    customers: Mapping[str, Customer]
    clients: Mapping[str, Client]
    now: Callable[[], dt.datetime]
    logins: Waiting
    codes: Waiting
    sessions: Waiting
    refreshes: Waiting
    proofs: Once

    @property
    def key(self) -> ECKey:
        """What signs now; one that has signed for a month is replaced."""
        now = self.now()
        if now.timestamp() - self.ring.since > ROTATES.total_seconds():
            self.ring.rotate(now)
        return self.ring.signing

    @property
    def keys(self) -> KeySet:
        """The keys that tokens of the bank are signed with; what is published of them are their public parts."""
        return self.ring

    def mint(
        self,
        party: str,
        scopes: Collection[str] = SCOPES,
        lifetime: dt.timedelta = TOKEN_LASTS,
        audience: Sequence[str] = AUDIENCES,
        acr: str = PASSWORD,
    ) -> str:
        """An access token for a seeded customer, for a developer in the same process: no login page is shown.

        Raises KeyError for a party that is no customer here.
        """
        return self.access(self.customers[party].id, scopes, lifetime, audience, acr, may_act={"sub": ASSISTANT})

    def access(
        self, party: str, scopes: Collection[str], lifetime: dt.timedelta, audience: Sequence[str], acr: str, **more: object
    ) -> str:
        """more: claims beside the usual ones, or in their place."""
        claims = access_claims(self.issuer, party, scopes, self.now(), lifetime, acr, audience)
        return sign(self.key, ACCESS, claims | more)

    def id_token(self, session: Session, nonce: str | None) -> str:
        claims = access_claims(self.issuer, session.party, (), self.now(), TOKEN_LASTS, session.acr, [session.client])
        del claims["scope"]
        claims |= {"name": self.customers[session.party].name, "auth_time": session.proved_at, "sid": session.id}
        return sign(self.key, IDENTITY, claims | ({} if nonce is None else {"nonce": nonce}))

    def begin(self, session: Session) -> str:
        """Let a session go on; returns what refreshes it, once."""
        self.sessions.put(session.__dict__, self._ends(session), self.now(), session.id)
        return self.next_refresh(session)

    def next_refresh(self, session: Session) -> str:
        """What refreshes a session next: the session's name and a secret, so that a used one still says whose it was."""
        name = f"{session.id}.{secrets.token_urlsafe(24)}"
        self.refreshes.put({"session": session.id}, self._ends(session), self.now(), name)
        return name

    def session(self, name: str) -> Session | None:
        """A session that goes on; None for one that was ended, or is over."""
        held = self.sessions.look(name, self.now())
        return Session(**{field: held[field] for field in Session.__dataclass_fields__}) if held is not None else None

    def session_of(self, refresh: str) -> Session | None:
        """The session that this refreshes. One that was used before was stolen, from one side or the other: it ends."""
        session = self.session(refresh.partition(".")[0])
        if session is not None and self.refreshes.look(refresh, self.now()) is None:
            self.end(session)
            return None
        return session

    def refreshed(self, refresh: str, session: Session) -> bool:
        """Use up what refreshes a session; False, and the end of it, when another request was first."""
        if self.refreshes.take(refresh, self.now()) is not None:
            return True
        self.end(session)
        return False

    def end(self, session: Session) -> None:
        self.sessions.take(session.id, self.now())

    def _ends(self, session: Session) -> dt.datetime:
        return dt.datetime.fromtimestamp(session.proved_at, dt.UTC) + SESSION_LASTS
