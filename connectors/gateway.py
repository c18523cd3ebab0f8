"""Decide first, act once: every step towards a customer's accounts goes through here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import structlog

from connectors.policy import Allowed, Decision, Denied, OwnAccountId, Policies, acting, installed, own_account, standing
from data import errors
from data.actions import Action, Intent
from data.intents import Velocity
from data.party import AccountId, Login

log = structlog.get_logger(__name__)
T = TypeVar("T")
# The action on a passage that is not public, and what stands for any such passage.
READ_INTERNAL, ANY = "ReadInternalPassage", "*"


@dataclass(frozen=True)
class Decided:
    """What was decided about an action on one account."""

    action: str
    account: AccountId
    decision: Decision


@dataclass(frozen=True)
class Gateway:
    """`record` is told of every decision, before anything is done about it; the log names rules, never who or which account.

    It may be told while a transaction waits for the decision, so it does not write to the same database.
    """

    policies: Policies = field(default_factory=installed)
    record: Callable[[Decided], None] | None = None

    async def perform(
        self,
        action: str,
        login: Login,
        accounts: Sequence[AccountId],
        now: datetime,
        act: Callable[[tuple[OwnAccountId, ...]], Awaitable[T]],
    ) -> T:
        """Decide about every account, then act once, on all of them.

        act: gets the accounts as they were given, now proved, and its result is the result.
        Raises Denied, naming the rules, when one account is not allowed, and when there are none: nothing was decided then,
        and what is not permitted is denied. act has not been called then.
        """
        party = login.party.id
        decisions = [self.policies.decide(action, party, account, standing(login, account, now)) for account in accounts]
        if self.record is not None:
            for account, decision in zip(accounts, decisions, strict=True):
                self.record(Decided(action, account, decision))
        refused = [d for d in decisions if not isinstance(d, Allowed)]
        rules = _rules(refused or decisions)
        if refused or not decisions:
            failed = any(isinstance(d, Denied) and d.errors for d in refused)
            log.warning("denied", action=action, rules=rules, accounts=len(accounts), denied=len(refused), failed=failed)
            raise errors.Denied(action, rules)
        log.debug("allowed", action=action, rules=rules, accounts=len(accounts))
        return await act(tuple(own_account(login, account, now) for account in accounts))

    def reads_internal(self, login: Login, passage: str = ANY) -> bool:
        """Whether a login may read what the bank has written for its own people: anything of it, or one passage.

        Whoever logs in here is a party, and is asked about as one: staff are another kind, and have no logins here.
        """
        decision = self.policies.decide(READ_INTERNAL, login.party.id, passage, {}, on="Passage")
        log.debug("allowed" if decision.allowed else "denied", action=READ_INTERNAL, rules=decision.rules)
        return decision.allowed

    def weigh(
        self,
        intent: Intent,
        login: Login,
        now: datetime,
        *,
        velocity: Velocity | None,
        risk: str | None,
        payee_since: datetime | None,
        confirmed: bool,
    ) -> Decision:
        """Decide about an intent, and do nothing; the arguments are those of `policy.acting`.

        Denied whatever the rules say: an intent of somebody else, an account without a grant, and a transfer to an account that
        the party may not read.
        """
        context = acting(intent, login, now, velocity=velocity, risk=risk, payee_since=payee_since, confirmed=confirmed)
        own = intent.party == login.party.id and bool(context["current"])
        decision = self.policies.decide(intent.action, login.party.id, intent.account, context) if own else Denied()
        decided = [Decided(intent.action, intent.account, decision)]
        if intent.action is Action.TRANSFER and intent.payee is not None and intent.payee.own is not None:
            there = standing(login, intent.payee.own, now)
            read = self.policies.decide("ReadAccounts", login.party.id, intent.payee.own, there) if there["current"] else Denied()
            decided.append(Decided("ReadAccounts", intent.payee.own, read))
            if not read.allowed:
                decision = Denied(read.rules)
        if self.record is not None:
            for one in decided:
                self.record(one)
        tell = log.debug if decision.allowed else log.info
        tell("weighed", action=intent.action.value, decision=type(decision).__name__, rules=decision.rules)
        return decision


def _rules(decisions: Sequence[Decision]) -> tuple[str, ...]:
    """The ids of the rules behind decisions, each once."""
    return tuple(dict.fromkeys(rule for decision in decisions for rule in decision.rules))
