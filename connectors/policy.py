"""Who may do what: the Cedar rules in `policies`, and the only place where an account id becomes proof of a grant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NewType

from cedarpy import Entities, PolicySet, Schema, is_authorized, validate_policies

from data import errors
from data.party import AccountId, Login, PartyId, Purpose, Role

FOLDER = Path(__file__).with_name("policies")
SCHEMA = "schema.cedarschema"

# An account that a login has a current grant for: only own_account makes one.
OwnAccountId = NewType("OwnAccountId", AccountId)
# The schema says which types it may hold.
Context = Mapping[str, object]


@dataclass(frozen=True)
class Allowed:
    """A rule permits it and none forbids it; `rules` are the ids of those that permit."""

    rules: tuple[str, ...]


@dataclass(frozen=True)
class Denied:
    """`rules` are the ids of those that forbid; none where no rule permits, or deciding failed.

    errors: what went wrong while deciding. It may quote the context, so it is not for logs.
    """

    rules: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


Decision = Allowed | Denied


@dataclass(frozen=True)
class Policies:
    """A set of rules, parsed and checked against its schema. Cedar numbers its rules: `rules` gives them their ids."""

    parsed: PolicySet
    schema: Schema
    entities: Entities
    rules: Mapping[str, str]

    @classmethod
    def load(cls, folder: Path) -> Policies:
        """Read a schema and every *.cedar file beside it.

        Raises InvalidInput, naming the file, for what cannot be parsed, speaks of what the schema does not have, reads an
        optional attribute without asking for it first, has a ?slot, or lacks an @id of its own or a @because; and for no rules.
        """
        schema = _schema(folder / SCHEMA)
        files = sorted(folder.glob("*.cedar"))
        seen: dict[str, Path] = {}
        for file in files:
            for name in _checked(file, schema):
                if name in seen:
                    raise errors.InvalidInput(f'{file}: @id("{name}") is already in {seen[name]}')
                seen[name] = file
        if not seen:
            raise errors.InvalidInput(f"{folder}: there are no rules, so nobody could do anything")
        parsed = PolicySet.from_str("\n".join(file.read_text(encoding="utf-8") for file in files))
        rules = {number: rule.annotations["id"] for number, rule in parsed.to_pst().static_policies.items()}
        return cls(parsed, schema, Entities.from_json_str("[]", schema), rules)

    def decide(self, action: str, principal: PartyId, resource: AccountId, context: Context) -> Decision:
        """Whether a party may do something with an account. Pure: the same arguments give the same decision.

        context: what the schema has for the action, see `standing`.
        What no rule permits is Denied, and so is everything where deciding goes wrong: an action that is not in the schema,
        an attribute that is missing or of another type, a rule that fails.
        """
        request = {
            "principal": {"type": "Party", "id": principal},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Account", "id": resource},
            "context": dict(context),
        }
        try:
            answer = is_authorized(request, self.parsed, self.entities, self.schema)
        except (TypeError, ValueError) as error:
            # What is not Unicode text or JSON never reaches Cedar.
            return Denied(errors=(str(error),))
        rules = tuple(sorted(self.rules[number] for number in answer.diagnostics.reasons))
        if answer.allowed and not answer.diagnostics.errors:
            return Allowed(rules)
        # Cedar skips a rule that fails, a forbid too: then what it would have allowed proves nothing.
        return Denied(() if answer.allowed else rules, tuple(answer.diagnostics.errors))


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


def _checked(file: Path, schema: Schema) -> list[str]:
    """The @id of each rule of a file."""
    try:
        text = file.read_text(encoding="utf-8")
        parsed = PolicySet.from_str(text).to_pst()
    except (OSError, ValueError) as error:
        raise errors.InvalidInput(f"{file}: {error}") from error
    if parsed.templates:
        raise errors.InvalidInput(f"{file}: a rule with a ?slot decides nothing")
    rules = parsed.static_policies
    for number, rule in rules.items():
        for annotation in ("id", "because"):
            if not rule.annotations.get(annotation):
                place = int(number.removeprefix("policy")) + 1
                raise errors.InvalidInput(f"{file}, rule {place}: it has no @{annotation}")
    if found := validate_policies(text, schema).errors:
        raise errors.InvalidInput(f"{file}: {'; '.join(one.error for one in found)}")
    return [rule.annotations["id"] for rule in rules.values()]
