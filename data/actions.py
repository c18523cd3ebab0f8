"""What a customer asks the bank to do: the intent that binds what was shown, and where each of its values comes from."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from enum import StrEnum
from typing import Literal, NewType

from pydantic import AwareDatetime

from data.money import Money
from data.party import AccountId, Frozen, PartyId

IntentId = NewType("IntentId", str)

# How long what was shown may be confirmed.
LASTS = dt.timedelta(minutes=5)


class Action(StrEnum):
    """What can be asked for; the values are the names of the policy's actions."""

    PAY = "Pay"
    TRANSFER = "Transfer"
    ADD_BENEFICIARY = "AddBeneficiary"
    FREEZE_CARD = "FreezeCard"
    UNFREEZE_CARD = "UnfreezeCard"
    REPLACE_CARD = "ReplaceCard"


MOVES_MONEY = frozenset({Action.PAY, Action.TRANSFER})


class Origin(StrEnum):
    """Where a value comes from: the customer's own words, what the bank keeps for them (a saved payee, an own account, a
    card), what the bank works out (a fee, today's date), or content that somebody else wrote."""

    CUSTOMER = "customer"
    BENEFICIARY = "beneficiary"
    BANK = "bank"
    DATA = "data"


class Value(Frozen):
    """One value of an intent as it is shown. name: of a field of the intent; source: what it was read from, for origin data:
    the id of a row or passage, or words such as "the letter you pasted"."""

    name: str
    shown: str
    origin: Origin
    source: str = ""


class NameCheck(StrEnum):
    """What the payee's bank says of a name (confirmation of payee); UNAVAILABLE: it did not say."""

    MATCH = "match"
    CLOSE = "close"
    NO_MATCH = "no_match"
    UNAVAILABLE = "unavailable"


class Payee(Frozen):
    """Whom money goes to. scheme and identification are those of the bank's services, "UK.OBIE.SortCodeAccountNumber" and
    14 digits. beneficiary: the id of a saved payee; own: the customer's own account."""

    name: str
    scheme: str
    identification: str
    beneficiary: str | None = None
    own: AccountId | None = None


class State(StrEnum):
    """PREPARED may be confirmed. RESERVED was, once, and counts against the limits. SENT has left for the service: what became
    of it is DONE, FAILED (nothing moved) or, until it has been read back, UNKNOWN. CANCELLED and EXPIRED never left."""

    PREPARED = "prepared"
    RESERVED = "reserved"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ENDED = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.EXPIRED})


class Intent(Frozen):
    """What is asked for, whole, as it is shown and confirmed. Never changed: another value is another intent.

    account: the one that is debited, or that the cards are of. cards: card ids; why: one is to be replaced.
    on: the day it is to be made, None for at once.
    consent: the id of the payment consent that the bank's service holds for it; "" where there is none. reference: what the
    payee reads.
    """

    id: IntentId
    party: PartyId
    conversation: str
    turn: int
    action: Action
    account: AccountId
    prepared_at: AwareDatetime
    values: tuple[Value, ...]
    amount: Money | None = None
    fee: Money | None = None
    payee: Payee | None = None
    name_check: NameCheck | None = None
    reference: str = ""
    on: dt.date | None = None
    cards: tuple[str, ...] = ()
    why: Literal["", "lost", "stolen", "damaged"] = ""
    consent: str = ""

    @property
    def expires_at(self) -> dt.datetime:
        return self.prepared_at + LASTS

    @property
    def digest(self) -> str:
        """A sha256 in hex over everything that is paid: dynamic linking (EU 2018/389, article 5) wants amount and payee in it.

        The bank's consent is in it, so that a confirmation is good for one request to one service.
        """
        bound = self.model_dump(mode="json", exclude={"values", "turn", "name_check"})
        return hashlib.sha256(json.dumps(bound, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Result(Frozen):
    """What became of an intent. payment: the id at the bank's service, "" where none is known. settles_at: when the payee is
    expected to have it. on: the day by which something arrives. reason: the service's own code or words of ours, for FAILED."""

    state: State
    payment: str = ""
    settles_at: AwareDatetime | None = None
    on: dt.date | None = None
    reason: str = ""
