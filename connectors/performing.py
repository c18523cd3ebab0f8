"""An action from what is asked for to its end: weighed, kept, confirmed, sent once, and read back where nobody knows."""

from __future__ import annotations

import asyncio
import datetime as dt
import hmac
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import structlog

from connectors.card_services import CardServices
from connectors.gateway import Gateway
from connectors.payments import PaymentServices
from connectors.policy import Decision, Denied, StepUp
from connectors.services import BankServices
from data import errors
from data.actions import LASTS, MOVES_MONEY, Action, Intent, IntentId, NameCheck, Result, State
from data.banking import Card
from data.errors import (
    DatabaseUnavailable,
    NotAuthenticated,
    OutcomeUnknown,
    ScopeMissing,
    ServiceRefused,
    ServiceUnavailable,
    StepUpRequired,
)
from data.intents import Intents, Kept, Velocity
from data.money import Money
from data.party import STRONG, Login

log = structlog.get_logger(__name__)
T = TypeVar("T")

# A process that was to send something and has not said what became of it for so long will not send it any more.
GIVEN_UP = dt.timedelta(minutes=2)
# So long after it could last be confirmed what is asked without a consent has come or never will.
FORGOTTEN = LASTS + dt.timedelta(minutes=15)

# What a service, or what gives tokens for it, says instead of doing what it is asked.
NOT_DONE = (ServiceRefused, ServiceUnavailable, NotAuthenticated, ScopeMissing)
Risk = Literal["low", "medium", "high"] | None


@dataclass(frozen=True)
class Consulted:
    """What the bank's services say of a payment before it is shown. enough: whether the account can pay it now.

    name: as the payee's bank has it, where it is close to what was said. executes_at, settles_at: when the account is debited,
    and when the payee has it.
    """

    name_check: NameCheck | None = None
    name: str = ""
    fee: Money | None = None
    consent: str = ""
    executes_at: dt.datetime | None = None
    settles_at: dt.datetime | None = None
    enough: bool = True


@dataclass(frozen=True)
class Performing:
    """Does what customers ask for, under policy. Every call to a service carries the customer's own login.

    A service that does not answer when it may have acted is never asked to act again: it is asked what became of it.
    """

    intents: Intents
    payments: PaymentServices
    cards: CardServices
    services: BankServices
    gateway: Gateway
    _going: set[asyncio.Task[Kept]] = field(default_factory=set)

    # Before it is shown

    async def consult(self, intent: Intent, login: Login) -> Consulted:
        """Ask the services about a payment that is not complete yet; nothing moves by it.

        Raises ServiceRefused, ServiceUnavailable, NotAuthenticated.
        """
        token, payee, amount = _token(login), intent.payee, intent.amount
        if payee is None or (amount is None and intent.action in MOVES_MONEY):
            raise errors.InvalidInput("a payment has a payee and an amount")
        known = payee.beneficiary is not None or payee.own is not None
        check, name = (None, "") if known else await self.payments.check_name(token, payee)
        if amount is None:
            return Consulted(name_check=check, name=name)
        consent = await self.payments.prepare(token, intent.account, payee, amount, intent.reference, intent.on, key=intent.id)
        enough = intent.on is not None or await self.payments.funds(token, consent.id)
        return Consulted(check, name, consent.fee, consent.id, consent.executes_at, consent.settles_at, enough)

    async def prepare(self, intent: Intent, login: Login, now: dt.datetime) -> Decision:
        """Weigh an intent as it is to be shown, and keep it to be confirmed. The decision is what it still needs.

        Raises Denied, naming the rules, for what no yes would allow: then nothing is kept.
        """
        velocity = await asyncio.to_thread(self.intents.velocity, login.party.id, intent, now)
        decision = await self._weigh(intent, login, now, velocity, confirmed=False)
        if isinstance(decision, Denied):
            raise errors.Denied(intent.action, decision.rules)
        await asyncio.to_thread(self.intents.put, intent)
        return decision

    async def _weigh(
        self, intent: Intent, login: Login, now: dt.datetime, velocity: Velocity | None, *, confirmed: bool
    ) -> Decision:
        risk, since = await self._standing(intent, login)
        return self.gateway.weigh(intent, login, now, velocity=velocity, risk=risk, payee_since=since, confirmed=confirmed)

    async def _standing(self, intent: Intent, login: Login) -> tuple[Risk, dt.datetime | None]:
        """How unusual a payment is, and since when its payee is known through us."""
        if intent.payee is None:
            return None, None
        since = await asyncio.to_thread(self.intents.payee_since, login.party.id, intent.payee.identification)
        risk: Risk = None
        if intent.amount is not None:
            try:
                risk = await self.payments.risk(_token(login), intent.account, intent.payee, intent.amount)
            except NOT_DONE:
                log.info("risk unknown")
        return risk, since

    # When it is confirmed

    async def check(self, login: Login, intent: IntentId, digest: str, now: dt.datetime) -> None:
        """Whether a yes would be taken; nothing is done. Raises what `confirm` would, but nothing of what is over already."""
        kept = await asyncio.to_thread(self.intents.get, login.party.id, intent)
        if kept.state is not State.PREPARED:
            return
        if not hmac.compare_digest(kept.intent.digest.encode(), digest.encode()):
            raise errors.IntentGone("changed")
        velocity = await asyncio.to_thread(self.intents.velocity, login.party.id, kept.intent, now)
        decision = await self._weigh(kept.intent, login, now, velocity, confirmed=True)
        if isinstance(decision, StepUp):
            raise StepUpRequired(STRONG, decision.max_age_s)

    async def confirm(self, login: Login, intent: IntentId, digest: str, now: dt.datetime) -> Kept:
        """Take a yes to what has this digest, and do it: once, however often and from wherever it is said.

        Returns what became of it; of a second yes, what became of the first, which may still be RESERVED or SENT. Once it is
        reserved it goes on to its end whoever stops waiting. Raises IntentGone, StepUpRequired, Denied; then nothing was done.
        """
        kept = await asyncio.to_thread(self.intents.get, login.party.id, intent)
        risk, since = await self._standing(kept.intent, login)

        def decide(velocity: Velocity) -> Decision:
            return self.gateway.weigh(kept.intent, login, now, velocity=velocity, risk=risk, payee_since=since, confirmed=True)

        reservation = await asyncio.to_thread(self.intents.reserve, login.party.id, intent, digest, now, decide)
        if reservation.reserved:
            going = asyncio.create_task(self._carry_out(reservation.intent, _token(login), now))
            self._going.add(going)
            going.add_done_callback(self._going.discard)
            return await asyncio.shield(going)
        decision = reservation.decision
        if isinstance(decision, StepUp):
            raise StepUpRequired(STRONG, decision.max_age_s)
        if decision is not None:
            raise errors.Denied(kept.intent.action, decision.rules)
        return Kept(reservation.intent, reservation.state, reservation.result)

    async def close(self) -> None:
        """Wait for what has been confirmed to end."""
        if self._going:
            await asyncio.wait(self._going)

    async def _carry_out(self, intent: Intent, token: str, now: dt.datetime) -> Kept:
        result = await _failure(self._approve(intent, token))
        try:
            if result is None and not await asyncio.to_thread(self.intents.sent, intent.id, now):
                # Given up as one that was never sent, by another process that came to look.
                return await asyncio.to_thread(self.intents.get, intent.party, intent.id)
        except DatabaseUnavailable as error:
            # Nobody sends what is not written down as sent.
            result = Result(state=State.FAILED, reason=error.code)
        result = result or await self._sent(intent, token)
        try:
            result = await asyncio.to_thread(self.intents.settle, intent.id, result, now)
        except DatabaseUnavailable:
            # What became of it is known here all the same; who reads it back will write it down.
            log.warning("not written down", action=intent.action.value, state=result.state.value)
        log.info("settled", action=intent.action.value, state=result.state.value)
        return Kept(intent, result.state, result)

    async def _approve(self, intent: Intent, token: str) -> None:
        if intent.consent:
            await self.payments.authorise(token, intent.consent)

    async def _sent(self, intent: Intent, token: str) -> Result:
        """Ask the service to act, once, and say what came of it."""
        try:
            return await self._send(intent, token)
        except OutcomeUnknown:
            return await self._read_back(intent, token) or Result(state=State.UNKNOWN)
        except NOT_DONE as error:
            return Result(state=State.FAILED, reason=_reason(error))

    async def _send(self, intent: Intent, token: str) -> Result:
        payee, amount, key = intent.payee, intent.amount, intent.id
        if intent.action in MOVES_MONEY and payee is not None and amount is not None:
            return await self.payments.pay(token, intent.consent, intent.account, payee, amount, intent.reference, intent.on, key)
        if intent.action is Action.ADD_BENEFICIARY and payee is not None:
            return Result(state=State.DONE, payment=await self.payments.add_beneficiary(token, intent.account, payee, key))
        arrives = None
        for number, card in enumerate(intent.cards):
            each = f"{key}-{number}"
            if intent.action is Action.FREEZE_CARD:
                await self.cards.freeze(token, card, each)
            elif intent.action is Action.UNFREEZE_CARD:
                await self.cards.unfreeze(token, card, each)
            else:
                arrives = await self.cards.replace(token, card, intent.why or "lost", each)
        return Result(state=State.DONE, on=arrives)

    # When nobody knows

    async def reconcile(self, login: Login, now: dt.datetime) -> Sequence[Kept]:
        """Find out what became of a party's intents that have no known end; returns those that have one now. Nothing is sent."""
        settled = []
        for kept in await asyncio.to_thread(self.intents.unsettled, login.party.id):
            result = await self._found(kept, login, now)
            if result is not None and result.state is not State.UNKNOWN:
                stands = await asyncio.to_thread(self.intents.settle, kept.intent.id, result, now)
                settled.append(Kept(kept.intent, stands.state, stands))
        return settled

    async def _found(self, kept: Kept, login: Login, now: dt.datetime) -> Result | None:
        """What became of an intent; None where that is still not known. What another process may still be about is left to it."""
        if kept.state is State.RESERVED:
            given_up = kept.intent.prepared_at + LASTS + GIVEN_UP < now
            return Result(state=State.FAILED, reason="not sent") if given_up else None
        found = await self._read_back(kept.intent, _token(login))
        if found is None and not kept.intent.consent and kept.intent.prepared_at + FORGOTTEN < now:
            return Result(state=State.FAILED, reason="not made")
        return found

    async def _read_back(self, intent: Intent, token: str) -> Result | None:
        """What the service has of an intent; None where it has nothing of it, or does not answer."""
        try:
            if intent.consent:
                return await self.payments.find(token, intent.consent)
            if intent.payee is not None:
                saved = await self.services.beneficiaries(token, intent.account)
                there = any(one.identification == intent.payee.identification for one in saved)
                return Result(state=State.DONE) if there else None
            held = {card.id: card for card in await self.services.cards(token, intent.account)}
            done = all(card in held and _is_done(intent.action, held[card]) for card in intent.cards)
            return Result(state=State.DONE, on=held[intent.cards[-1]].replacement_by) if done else None
        except NOT_DONE:
            return None


def _is_done(action: Action, card: Card) -> bool:
    """Whether a card is as an action leaves it."""
    if action is Action.REPLACE_CARD:
        return card.replacement_by is not None
    return card.frozen is (action is Action.FREEZE_CARD)


def _token(login: Login) -> str:
    if login.token is None:
        raise NotAuthenticated("only who logs in with the bank can have something done")
    return login.token


async def _failure(step: Awaitable[None]) -> Result | None:
    """What a step that moves nothing came to, where it failed."""
    try:
        await step
    except NOT_DONE as error:
        return Result(state=State.FAILED, reason=_reason(error))
    return None


def _reason(error: errors.CounterfoilError) -> str:
    return (error.codes or ("refused",))[0] if isinstance(error, ServiceRefused) else error.code
