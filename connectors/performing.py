"""An action from what was prepared to what became of it: decided, shown, confirmed, performed once, and read back where nobody knows."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from connectors.gateway import Gateway
from connectors.payments import CardServices, PaymentServices
from connectors.policy import Allowed, Confirmation, Decision, StepUp
from data import errors
from data.actions import MOVES_MONEY, Action, Intent, IntentId, NameCheck, Payee, Result, State
from data.intents import Intents, Settled, Velocity
from data.money import Money
from data.party import STRONG, Login

log = structlog.get_logger(__name__)

# How fresh a strong login has to be for an action (EU 2018/389, article 4: for the one transaction).
FRESH_S = 300
# A process that was to send something and has not said so for this long will not send it any more.
GIVEN_UP = dt.timedelta(minutes=2)
# After this the bank's services take no payment under a consent, so that what was not found then was never made.
CONSENT_LASTS = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Prepared:
    """An intent that waits for a yes. step_up: whether the login must be proved again first."""

    intent: Intent
    step_up: bool


@dataclass(frozen=True)
class Told:
    """What the bank's services say of an intent before it is shown: its name check, fee and consent."""

    name_check: NameCheck | None = None
    name: str = ""
    fee: Money | None = None
    consent: str = ""
    enough: bool = True
    on: dt.date | None = None


class Refused(errors.CounterfoilError):
    """The bank's services would not do it as things are; `reason` is one of "funds", "service"."""

    code = "refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the bank does not do this now: {reason}")
        self.reason = reason
