"""The rules in use, and what they say: counterfoil policy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Annotated

import typer

from api.settings import Settings
from api.terminal import out, plainly
from connectors.policy import (
    Allowed,
    Confirmation,
    Context,
    Decision,
    Denied,
    Policies,
    Remedy,
    Rule,
    StepUp,
    acting,
    installed,
    standing,
)
from data.actions import Action, Intent, IntentId, NameCheck, Origin, Payee, Value
from data.errors import InvalidInput
from data.intents import Velocity
from data.money import Money
from data.party import PASSWORD, AccountId, Grant, GrantSource, Login, Party, PartyId, Role

app = typer.Typer(no_args_is_help=True, help="Who may do what: the rules in use, and what they say about a case.")

EFFECTS = {None: "forbids", Remedy.CONFIRMATION: "asks for a confirmation", Remedy.STEP_UP: "asks for a step-up"}
# The party's other account, where a case speaks of one.
OWN = AccountId("another-account")
INTRODUCTION = """# What may be done

What no rule permits is denied, and so is what a rule forbids. A rule that asks for a confirmation or a step-up forbids until it
has it: a yes to exactly what was shown, or a strong login that is not older than the rule says. Of several answers the strictest
is given: denied, then step-up, then confirmation, then allowed. Amounts in other currencies count as what they are worth in
pounds. The rules are in `connectors/policies/`; a folder named by `COUNTERFOIL_POLICIES` takes their place. This page is made
from them: `counterfoil policy list --markdown`.
"""


class Risk(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class To(StrEnum):
    SAVED = "saved"
    NEW = "new"
    OWN = "own"


def policies_of(settings: Settings) -> Policies:
    """The rules that a bank has put in place of ours, or ours. Raises InvalidInput for rules that cannot be used."""
    return installed() if settings.policies is None else Policies.load(settings.policies)


def document(policies: Policies) -> str:
    """The rules as a page in Markdown, a table for each file."""
    parts = [INTRODUCTION]
    for file, rules in groupby(policies.rules.values(), lambda rule: rule.file):
        rows = [(f"`{r.id}`", _effect(r), ", ".join(r.actions) or "everything", r.because, r.law) for r in rules]
        lines = [("rule", "effect", "action", "because", "law"), ("---",) * 5, *rows]
        parts.append(f"## {file}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(parts)


@app.command("list")
def list_(
    markdown: Annotated[bool, typer.Option("--markdown", help="The page docs/policies.md.")] = False,
) -> None:
    """The rules in use, each with why it is there."""
    with plainly():
        policies = policies_of(Settings())
    if markdown:
        typer.echo(document(policies), nl=False)
        return
    for file, rules in groupby(policies.rules.values(), lambda rule: rule.file):
        out.print(file, style="bold", markup=False)
        for rule in rules:
            out.print(f"  {rule.id} {_effect(rule)}: {_why(rule)}", markup=False, soft_wrap=True)


@app.command()
def explain(
    action: Annotated[str, typer.Argument(help="Pay, Transfer, AddBeneficiary, FreezeCard, ReadBalances, … as in the rules.")],
    party: Annotated[str, typer.Option(help="Who asks.")] = "somebody",
    account: Annotated[str, typer.Option(help="The account that is acted on.")] = "an-account",
    role: Annotated[Role | None, typer.Option(help="The party's role on it; none where it has no grant.")] = Role.HOLDER,
    amount: Annotated[str | None, typer.Option(help="In decimals: 25.00.")] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217 code of the amount and the sums.")] = "GBP",
    payee: Annotated[To | None, typer.Option(help="Whom it goes to.")] = None,
    name_check: Annotated[NameCheck | None, typer.Option(help="What the payee's bank says of the name.")] = None,
    payee_age: Annotated[int | None, typer.Option(help="Hours since the payee was added here.", min=0)] = None,
    acr: Annotated[str, typer.Option(help="How the party logged in: password or strong.")] = PASSWORD,
    login_age: Annotated[int | None, typer.Option(help="Seconds since the party logged in.")] = 600,
    origin: Annotated[list[Origin] | None, typer.Option(help="Where a value comes from; may be given several times.")] = None,
    risk: Annotated[Risk | None, typer.Option(help="Of the payment; not known where it is not given.")] = None,
    hour_count: Annotated[int, typer.Option(help="Payments within an hour, this one among them.")] = 1,
    day_count: Annotated[int, typer.Option(help="Payments within 24 hours, this one among them.")] = 1,
    day_sum: Annotated[str | None, typer.Option(help="What they come to; the amount where it is not given.")] = None,
    payee_sum: Annotated[str | None, typer.Option(help="What of it goes to this payee; likewise.")] = None,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="The party has said yes to exactly this.")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What the rules say about a case, which of them, and why. Nothing is done, and no such party need exist."""
    now = dt.datetime.now(dt.UTC)
    with plainly():
        policies = policies_of(Settings())
        grants = _grants(PartyId(party), AccountId(account), role, payee)
        age = None if login_age is None else dt.timedelta(seconds=login_age)
        login = Login(
            party=Party(id=PartyId(party), name=party),
            grants=grants,
            acr=acr,
            authenticated_at=None if age is None else now - age,
        )
        if action in list(Action):
            money = None if amount is None else Money.of(amount, currency)
            values = tuple(Value(name="value", shown="", origin=one) for one in origin or [Origin.CUSTOMER])
            intent = _intent(Action(action), login, AccountId(account), money, payee, name_check, values, now)
            sums = [money if said is None else Money.of(said, currency) for said in (day_sum, payee_sum)]
            velocity = _velocity(hour_count, day_count, sums)
            since = None if payee_age is None else now - dt.timedelta(hours=payee_age)
            context = acting(intent, login, now, velocity=velocity, risk=risk, payee_since=since, confirmed=confirmed)
        else:
            context = standing(login, AccountId(account), now)
    decision = policies.decide(action, party, account, context)
    with plainly():
        _known(action, decision, policies)
    _tell(action, decision, context, policies, as_json)


def _known(action: str, decision: Decision, policies: Policies) -> None:
    """Raises InvalidInput for an action that the schema has not: nothing was decided about it."""
    if action not in list(Action) and isinstance(decision, Denied) and decision.errors:
        named = sorted({*Action, *(one for rule in policies.rules.values() for one in rule.actions)})
        raise InvalidInput(f"there is no action {action!r}; rules name {', '.join(named)}")


def _grants(party: PartyId, account: AccountId, role: Role | None, payee: To | None) -> tuple[Grant, ...]:
    own = [OWN] if payee is To.OWN else []
    return tuple(Grant(party=party, account=a, role=role, source=GrantSource.SERVICE) for a in [account, *own] if role)


def _intent(
    action: Action,
    login: Login,
    account: AccountId,
    amount: Money | None,
    to: To | None,
    name_check: NameCheck | None,
    values: Sequence[Value],
    now: dt.datetime,
) -> Intent:
    beneficiary, own = ("saved" if to is To.SAVED else None), (OWN if to is To.OWN else None)
    payee = None if to is None else Payee(name="", scheme="", identification="", beneficiary=beneficiary, own=own)
    return Intent(
        id=IntentId("explained"),
        party=login.party.id,
        conversation="",
        turn=0,
        action=action,
        account=account,
        prepared_at=now,
        values=tuple(values),
        amount=amount,
        payee=payee,
        name_check=name_check,
    )


def _velocity(hour_count: int, day_count: int, sums: Sequence[Money | None]) -> Velocity:
    day, to_payee = [() if one is None else (one,) for one in sums]
    return Velocity(hour_count=hour_count, day_count=day_count, day_sums=day, payee_sums=to_payee)


def _tell(action: str, decision: Decision, context: Context, policies: Policies, as_json: bool) -> None:
    told = [policies.rules[id_] for id_ in decision.rules]
    failed = getattr(decision, "errors", ())
    if as_json:
        rules = [{"id": r.id, "effect": _effect(r), "because": r.because, "law": r.law, "file": r.file} for r in told]
        found = {"action": action, "decision": _name(decision), "rules": rules, "context": dict(context), "errors": list(failed)}
        out.print_json(data=found)
        return
    out.print(f"{action}: {_name(decision).replace('_', '-')}", markup=False)
    for rule in told:
        out.print(f"  {rule.id} {_effect(rule)}: {_why(rule)}", markup=False, soft_wrap=True)
    if not told and not failed:
        out.print("  no rule permits it", markup=False)
    for error in failed:
        out.print(f"  it could not be decided: {error}", markup=False, soft_wrap=True)


def _name(decision: Decision) -> str:
    names: Mapping[type[Decision], str] = {Allowed: "allowed", Confirmation: "confirmation", StepUp: "step_up"}
    return names.get(type(decision), "denied")


def _effect(rule: Rule) -> str:
    age = "" if rule.max_age_s is None else f" not older than {rule.max_age_s} s"
    return "permits" if rule.permits else EFFECTS[rule.remedy] + age


def _why(rule: Rule) -> str:
    return f"{rule.because} ({rule.law})" if rule.law else rule.because
