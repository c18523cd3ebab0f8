"""Who may do what: the Cedar rules in `policies`, and the only place where an account id becomes proof of a grant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from functools import cache
from math import ceil
from pathlib import Path
from typing import NewType

from cedarpy import AuthzResult, Entities, PolicySet, Schema, is_authorized, pst, validate_policies

from data import errors
from data.actions import MOVES_MONEY, Intent, Payee
from data.intents import Velocity
from data.money import Money
from data.party import AccountId, Login, PartyId, Purpose, Role

FOLDER = Path(__file__).with_name("policies")
SCHEMA = "schema.cedarschema"

# A login cannot be younger than now by more than clocks differ: then nobody knows how old it is.
SKEW = timedelta(seconds=60)
# The age of a payee that was not added here, which the rules have to know of every payee: a year.
LONG_AGO_H = 365 * 24
# What one of a currency counts for where the rules speak of pounds: rounded up, so that no limit is met too late. Not a rate to
# exchange at. What is not here is worth nothing that is known, and no rule lets it pass.
POUNDS: Mapping[str, Decimal] = {
    code: Decimal(pounds)
    for code, pounds in {
        "GBP": "1",
        "EUR": "0.90",
        "USD": "0.85",
        "CHF": "1",
        "CAD": "0.65",
        "AUD": "0.60",
        "NZD": "0.55",
        "JPY": "0.007",
        "SEK": "0.09",
        "NOK": "0.09",
        "DKK": "0.12",
        "PLN": "0.22",
        "CZK": "0.04",
        "HUF": "0.003",
        "RON": "0.19",
    }.items()
}

# An account that a login has a current grant for: only own_account makes one.
OwnAccountId = NewType("OwnAccountId", AccountId)
# The schema says which types it may hold.
Context = Mapping[str, object]


class Remedy(StrEnum):
    """What a customer can do about a rule that forbids: say yes to what is shown, or prove once more who they are."""

    CONFIRMATION = "confirmation"
    STEP_UP = "step_up"


@dataclass(frozen=True)
class _Decided:
    rules: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return isinstance(self, Allowed)


@dataclass(frozen=True)
class Allowed(_Decided):
    """A rule permits it and none forbids it; `rules` are the ids of those that permit."""


@dataclass(frozen=True)
class Confirmation(_Decided):
    """It would be allowed after a yes to exactly this; `rules` are the ids of those that ask for it."""


@dataclass(frozen=True)
class StepUp(_Decided):
    """It would be allowed to who has just logged in strongly; `rules` are the ids of all that ask for anything.

    confirmation: whether a yes to exactly this is missing too. max_age_s: how long ago, in seconds, that login may be, which is
    the least that one of the rules allows.
    """

    confirmation: bool = False
    max_age_s: int = 0


@dataclass(frozen=True)
class Denied(_Decided):
    """`rules` are the ids of those that forbid; none where no rule permits, or deciding failed.

    errors: what went wrong while deciding. It may quote the context, so it is not for logs.
    """

    errors: tuple[str, ...] = ()


# Of several answers the strictest is given: Denied, then StepUp, then Confirmation, then Allowed.
Decision = Allowed | Confirmation | StepUp | Denied


@dataclass(frozen=True)
class Rule:
    """A rule as people read it. actions: those that it names, none for all. law: where it comes from, "" for the bank's own.

    remedy: of a rule that forbids, None where nothing helps. max_age_s: of one that a strong login helps, how many seconds old
    that may be; None of any other.
    """

    id: str
    file: str
    permits: bool
    actions: tuple[str, ...]
    because: str
    law: str = ""
    remedy: Remedy | None = None
    max_age_s: int | None = None


@dataclass(frozen=True)
class Policies:
    """A set of rules, parsed and checked against its schema; `rules` are by their ids, in the order of their files.

    ids: of the rules, by the numbers that Cedar gives them.
    firm: the rules without those that have a remedy, so that nobody is asked for a yes to what would be denied after it.
    """

    parsed: PolicySet
    firm: PolicySet
    schema: Schema
    rules: Mapping[str, Rule]
    ids: Mapping[str, str]
    entities: Entities

    @classmethod
    def load(cls, folder: Path) -> Policies:
        """Read a schema and every *.cedar file beside it.

        Raises InvalidInput, naming the file, for what cannot be parsed, speaks of what the schema does not have, reads an
        optional attribute without asking for it first, has a ?slot, lacks an @id of its own or a @because, has a @remedy
        that is none or is no forbid's, or a @max_age that is no number of seconds or is no step-up's; and for no rules.
        """
        schema = _schema(folder / SCHEMA)
        files = sorted(folder.glob("*.cedar"))
        found: dict[str, Rule] = {}
        for file in files:
            for rule in _checked(file, schema):
                if rule.id in found:
                    raise errors.InvalidInput(f'{file}: @id("{rule.id}") is already in {folder / found[rule.id].file}')
                found[rule.id] = rule
        if not found:
            raise errors.InvalidInput(f"{folder}: there are no rules, so nobody could do anything")
        parsed = PolicySet.from_str("\n".join(file.read_text(encoding="utf-8") for file in files))
        tree = parsed.to_pst()
        ids = {number: one.annotations["id"] for number, one in tree.static_policies.items()}
        kept = {number: one for number, one in tree.static_policies.items() if found[ids[number]].remedy is None}
        firm = PolicySet.from_pst(replace(tree, static_policies=pst.FrozenMap(kept)))
        return cls(parsed, firm, schema, found, ids, Entities.from_json_str("[]", schema))

    def decide(
        self, action: str, principal: str, resource: str, context: Context, *, by: str = "Party", on: str = "Account"
    ) -> Decision:
        """Whether somebody may do something. Pure: the same arguments give the same decision.

        principal, resource: the ids of a party and an account, or of what `by` and `on` name of the schema's entities.
        context: what the schema has for the action, see `standing` and `acting`.
        What no rule permits is Denied, and so is everything where deciding goes wrong: an action that is not in the schema,
        an attribute that is missing or of another type, a rule that fails.
        """
        request = {
            "principal": {"type": by, "id": principal},
            "action": {"type": "Action", "id": action},
            "resource": {"type": on, "id": resource},
            "context": dict(context),
        }
        try:
            answer = is_authorized(request, self.parsed, self.entities, self.schema)
            rules = self._of(answer)
            if answer.allowed and not answer.diagnostics.errors:
                return Allowed(_ids(rules))
            remedies = {rule.remedy for rule in rules}
            if answer.diagnostics.errors or not rules or None in remedies:
                # Cedar skips a rule that fails, a forbid too: then what it would have allowed proves nothing.
                denying = () if answer.allowed else _ids(rule for rule in rules if rule.remedy is None)
                return Denied(denying, tuple(answer.diagnostics.errors))
            firm = is_authorized(request, self.firm, self.entities, self.schema)
        except (TypeError, ValueError) as error:
            # What is not Unicode text or JSON never reaches Cedar.
            return Denied(errors=(str(error),))
        if not firm.allowed or firm.diagnostics.errors:
            return Denied(errors=tuple(firm.diagnostics.errors))
        if Remedy.STEP_UP in remedies:
            ages = [rule.max_age_s for rule in rules if rule.max_age_s is not None]
            return StepUp(_ids(rules), confirmation=Remedy.CONFIRMATION in remedies, max_age_s=min(ages))
        return Confirmation(_ids(rules))

    def _of(self, answer: AuthzResult) -> list[Rule]:
        return [self.rules[self.ids[number]] for number in answer.diagnostics.reasons]


@cache
def installed() -> Policies:
    """The rules that come with the program, read once."""
    return Policies.load(FOLDER)


def decide(action: str, principal: PartyId, resource: AccountId, context: Context) -> Decision:
    """What the installed rules say; see Policies.decide."""
    return installed().decide(action, principal, resource, context)


def standing(login: Login, account: AccountId, now: datetime) -> Context:
    """How a login stands to an account at `now`: all that the rules get to know of it.

    {"role", "current", "consents"}: the strongest role that holds now, else one that held or will hold, no role where there is
    no grant; and the purposes that the party consents to now, left out where there are none.
    """
    grants = [g for g in login.grants if g.account == account and g.party == login.party.id]
    current = [g for g in grants if g.holds(now)]
    # Role names them from the strongest to the weakest.
    role = next((role for role in Role if any(g.role is role for g in current or grants)), None)
    purposes = [purpose.value for purpose in Purpose if login.agrees(purpose, now)]
    return {"current": bool(current)} | ({"role": role.value} if role else {}) | ({"consents": purposes} if purposes else {})


def acting(
    intent: Intent,
    login: Login,
    now: datetime,
    *,
    velocity: Velocity | None,
    risk: str | None,
    payee_since: datetime | None,
    confirmed: bool,
) -> Context:
    """What the rules get to know of an intent: how its login stands to the account, and what the schema has as Acting.

    velocity: with this intent in it; None where it is not known, and then no money moves. risk: low, medium or high, None for not
    known. payee_since: when the payee was added here, None where it was not. confirmed: whether the customer has said yes to
    exactly this. What is not known is left out: no rule takes that for a good sign.
    """
    known: dict[str, object] = {
        **standing(login, intent.account, now),
        "acr": login.acr,
        "confirmed": confirmed,
        "origins": sorted({value.origin.value for value in intent.values}),
    }
    if login.authenticated_at is not None and login.authenticated_at <= now + SKEW:
        known["login_age_s"] = max(0, ceil((now - login.authenticated_at).total_seconds()))
    if intent.payee is not None:
        known["payee"] = _kind(intent.payee, intent.account, login, now)
        age = None if payee_since is None else max(timedelta(0), now - payee_since)
        known["payee_age_h"] = LONG_AGO_H if age is None else age // timedelta(hours=1)
    if intent.name_check is not None:
        known["name_check"] = intent.name_check.value
    if risk is not None:
        known["risk"] = risk
    if intent.action in MOVES_MONEY:
        known |= _moved(intent, velocity)
    return known


def pence(*amounts: Money) -> int | None:
    """What amounts count for in all where the rules speak of pounds, in pence and rounded up; None where that is not known."""
    if any(amount.currency not in POUNDS for amount in amounts):
        return None
    worth = sum((amount.decimal * POUNDS[amount.currency] for amount in amounts), Decimal(0))
    return int((worth * 100).to_integral_value(rounding=ROUND_CEILING))


def _kind(payee: Payee, account: AccountId, login: Login, now: datetime) -> str:
    """own is another account that the party may pay from: what one was let see is somebody else's."""
    if payee.own is not None:
        there = standing(login, payee.own, now)
        return "own" if there["current"] and there["role"] != Role.VIEWER and payee.own != account else "new"
    return "saved" if payee.beneficiary is not None else "new"


def _moved(intent: Intent, velocity: Velocity | None) -> dict[str, object]:
    """How much, by itself and with what went before; what is not known is left out."""
    known: dict[str, object | None] = {"amount_pence": None if intent.amount is None else pence(intent.amount)}
    if velocity is not None:
        known |= {
            "hour_count": velocity.hour_count,
            "day_count": velocity.day_count,
            "day_sum_pence": pence(*velocity.day_sums),
            "payee_sum_pence": pence(*velocity.payee_sums),
        }
    return {name: value for name, value in known.items() if value is not None}


def own_account(login: Login, account: AccountId, now: datetime) -> OwnAccountId:
    """The proof that a login has a grant on an account that holds at `now`, whatever the rules say.

    Raises Denied without one.
    """
    if not standing(login, account, now)["current"]:
        raise errors.Denied("access to this account")
    return OwnAccountId(account)


def _schema(file: Path) -> Schema:
    try:
        return Schema.from_str(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise errors.InvalidInput(f"{file}: {error}") from error


def _checked(file: Path, schema: Schema) -> list[Rule]:
    """The rules of a file."""
    try:
        text = file.read_text(encoding="utf-8")
        parsed = PolicySet.from_str(text).to_pst()
    except (OSError, ValueError) as error:
        raise errors.InvalidInput(f"{file}: {error}") from error
    if parsed.templates:
        raise errors.InvalidInput(f"{file}: a rule with a ?slot decides nothing")
    rules = [_rule(file, number, one) for number, one in parsed.static_policies.items()]
    if found := validate_policies(text, schema).errors:
        raise errors.InvalidInput(f"{file}: {'; '.join(one.error for one in found)}")
    return rules


def _rule(file: Path, number: str, parsed: pst.Template) -> Rule:
    notes, place = parsed.annotations, int(number.removeprefix("policy")) + 1
    for annotation in ("id", "because"):
        if not notes.get(annotation):
            raise errors.InvalidInput(f"{file}, rule {place}: it has no @{annotation}")
    remedy = notes.get("remedy")
    if remedy is not None and (parsed.effect != "forbid" or remedy not in list(Remedy)):
        raise errors.InvalidInput(f'{file}, rule {place}: @remedy("{remedy}") is confirmation or step_up, of a forbid')
    age = notes.get("max_age")
    if (remedy == Remedy.STEP_UP) is not (age is not None and age.isdecimal() and int(age) > 0):
        raise errors.InvalidInput(
            f'{file}, rule {place}: @max_age("{age}") is a number of seconds, of each step_up and of nothing else'
        )
    return Rule(
        id=notes["id"],
        file=file.name,
        permits=parsed.effect == "permit",
        actions=_actions(parsed.action),
        because=notes["because"],
        law=notes.get("law") or "",
        remedy=None if remedy is None else Remedy(remedy),
        max_age_s=None if age is None else int(age),
    )


def _actions(scope: pst.ScopeAny | pst.ActionEq | pst.ActionIn) -> tuple[str, ...]:
    if isinstance(scope, pst.ActionEq):
        return (scope.entity.id,)
    return tuple(entity.id for entity in scope.entities) if isinstance(scope, pst.ActionIn) else ()


def _ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(sorted(rule.id for rule in rules))
