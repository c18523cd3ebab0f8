"""Who is asking, and which accounts they may see."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NewType

from pydantic import AwareDatetime, BaseModel, ConfigDict

PartyId = NewType("PartyId", str)
AccountId = NewType("AccountId", str)


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Party(Frozen):
    id: PartyId
    name: str


class Role(StrEnum):
    HOLDER = "holder"
    JOINT = "joint"
    MANDATE = "mandate"
    VIEWER = "viewer"


class GrantSource(StrEnum):
    """Where a grant comes from: the bank's services, or a statement file that was imported."""

    SERVICE = "service"
    FILE = "file"


class Grant(Frozen):
    """A party may see an account in a role, from a moment until another (None: no end)."""

    party: PartyId
    account: AccountId
    role: Role
    source: GrantSource
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def holds(self, now: datetime) -> bool:
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


class Purpose(StrEnum):
    """What a party may consent to; each is checked where it is used."""

    SYNC = "sync"
    EXTERNAL_MODEL = "external_model"
    INSIGHTS = "insights"
    RETENTION = "retention"


class Consent(Frozen):
    party: PartyId
    purpose: Purpose
    until: AwareDatetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


# The two ways to prove who one is: what one knows, and that together with what one has.
PASSWORD, STRONG = "password", "strong"


class Login(Frozen):
    """A proved identity: the only source of who the customer is and what they may see.

    `token` is the bearer token towards the bank's services, None for a party known from files alone. `consents` are those
    that the party had given when it was proved. acr, authenticated_at: how, and when, the party last proved who it is
    (`acr` and `auth_time` of OpenID Connect); "" and None where that is not known.
    """

    party: Party
    grants: tuple[Grant, ...]
    token: str | None = None
    consents: tuple[Consent, ...] = ()
    acr: str = ""
    authenticated_at: AwareDatetime | None = None
    locale: str = "en_GB"
    time_zone: str = "Europe/London"

    def accounts(self, now: datetime) -> tuple[AccountId, ...]:
        """The accounts granted at `now`, in the order of the grants."""
        return tuple(dict.fromkeys(g.account for g in self.grants if g.holds(now)))

    def agrees(self, purpose: Purpose, now: datetime) -> bool:
        return any(c.purpose is purpose and c.party == self.party.id and c.holds(now) for c in self.consents)
