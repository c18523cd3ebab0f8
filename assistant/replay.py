"""A turn again, from what is on record of it: no service is asked, no account is read, and nothing can be done.

What its steps found then is what they find now, so that another prompt, model, head or threshold shows in the plan and in
what follows from it, and in nothing else.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any, NoReturn

from pydantic import TypeAdapter

from assistant.acting import Acted, Asker, Confirmed, Shown
from assistant.dialogue import Unsure
from assistant.memory import Choice, Memory
from assistant.orders import NEAR, Ordering
from assistant.periods import Today
from assistant.plan import Asked, Plan, Step
from assistant.proposed import Proposed
from assistant.spans import Known
from assistant.tools import Line, ToolResult
from assistant.trail import Trail, recording
from assistant.turn import STATIC, Asking, Assistant
from data.audit import Entry, Kind, as_json
from data.banking import Account
from data.errors import InvalidInput, NotFound
from data.facts import Event, Fact, FactEvent, Outcome, TextEvent
from data.ledger import Payee
from data.party import AccountId, Frozen, Login

Performed = tuple[ToolResult, list[Asked], list[Choice]]
_PLANNED: TypeAdapter[Plan | Unsure] = TypeAdapter(Plan | Unsure)
_ACTED: TypeAdapter[Acted] = TypeAdapter(Acted)
_TODAY: TypeAdapter[Today] = TypeAdapter(Today)
SURE_ALIKE = 1e-3
_EVENTS: TypeAdapter[list[FactEvent | TextEvent]] = TypeAdapter(list[FactEvent | TextEvent])


@dataclass(frozen=True)
class Stored:
    """A turn as it is on record. pages: plans, and what the pages made of each; performed: what each step found, by the step.

    ordered: what was said of an order, by whether it went on with one that was under way, and there is no plan then; None: what
    was said of earlier ones before the answer.
    """

    message: str
    now: dt.datetime
    login: Login
    memory: str
    names: Mapping[str, Any]
    today: Today
    plan: Plan | Unsure | None
    ordered: Mapping[bool | None, Acted]
    pages: Sequence[tuple[Plan | Unsure, Plan | Unsure]]
    performed: Mapping[Step, Performed]
    facts: tuple[Fact, ...]
    sentences: tuple[str, ...]


class Difference(Frozen):
    """What was then and is not now, and the other way round. what: "plan", "fact" or "sentence"."""

    what: str
    then: str = ""
    now: str = ""


class Replayed(Frozen):
    """What a replay came to. missing: steps that nothing is on record of, as nobody took them then; what they would have
    found is not known. pages: whether the pages would be looked into for a plan that they were not looked into for."""

    differences: tuple[Difference, ...]
    missing: tuple[str, ...]
    pages: bool


def stored(entries: Sequence[Entry], turn: int) -> Stored:
    """A turn of a chain. Raises NotFound for one that is not there or never had a plan, InvalidInput for one that was erased."""
    mine = [entry for entry in entries if entry.turn == turn]
    if any(entry.erased for entry in mine):
        raise InvalidInput(f"turn {turn} cannot be replayed: the key to what was said and found in it was destroyed")
    held = {entry.kind: entry for entry in mine}
    known = [entry for entry in entries if entry.kind is Kind.KNOWN and entry.turn <= turn]
    ordered = {entry.plain["goes_on"]: _ACTED.validate_python(entry.sealed) for entry in mine if entry.kind is Kind.ORDERED}
    if not known or not {Kind.BEGUN, Kind.ASKED} <= held.keys() or not (ordered or Kind.PLANNED in held):
        raise NotFound("turn with a plan on record", str(turn))
    asked, memory = held[Kind.ASKED].sealed, held[Kind.ASKED].sealed["memory"]
    said = [event for entry in mine if entry.kind is Kind.SAID for event in _EVENTS.validate_python(entry.sealed)]
    done = [entry.sealed for entry in mine if entry.kind is Kind.PERFORMED]
    return Stored(
        message=held[Kind.BEGUN].sealed["message"],
        now=held[Kind.BEGUN].at,
        login=Login.model_validate(asked["login"]),
        memory=as_json(memory).decode(),
        names=known[-1].sealed,
        today=_TODAY.validate_python(asked["today"]),
        plan=_PLANNED.validate_python(held[Kind.PLANNED].sealed) if Kind.PLANNED in held else None,
        ordered=ordered,
        pages=[
            (_PLANNED.validate_python(entry.sealed["before"]), _PLANNED.validate_python(entry.sealed["after"]))
            for entry in mine
            if entry.kind is Kind.PAGES
        ],
        performed={Step.model_validate(one["step"]): _performed(one) for one in done},
        facts=tuple(event.fact for event in said if isinstance(event, FactEvent)),
        sentences=tuple(event.text for event in said if isinstance(event, TextEvent)),
    )


def _performed(one: Mapping[str, Any]) -> Performed:
    asked = [Asked.model_validate(each) for each in one["asked"]]
    return ToolResult.model_validate(one["result"]), asked, [Choice.model_validate(each) for each in one["choices"]]


class Nobody:
    """Stands where a service or a store is in a turn that goes on: whatever is asked of it is a mistake of ours."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a replay has nobody to ask for {name!r}")

    def __call__(self, *_: object) -> NoReturn:
        raise AttributeError("a replay has nobody to ask")


class Ordered:
    """In the place of what takes orders: says what was said then, and does nothing."""

    def __init__(self, then: Mapping[bool | None, Acted]) -> None:
        self.then = then

    async def found_out(self, message: str, memory: Memory, confirmed: Confirmed | None, asker: Asker) -> Acted | None:
        return self.then.get(None)

    async def remembered(self, memory: Memory, events: Sequence[Shown], asker: Asker) -> Memory:
        return memory

    async def go_on(self, message: str, ordering: Ordering | None, asker: Asker) -> Acted | None:
        return self.then.get(True)

    async def confirm(self, confirmed: Confirmed, asker: Asker) -> Acted:
        raise ValueError("nothing is confirmed in a replay")

    async def start(self, message: str, asker: Asker, least: float = NEAR) -> Acted | None:
        return self.then.get(False)

    async def again(self, message: str, ordering: Ordering | None, asker: Asker) -> Acted | None:
        return None

    async def propose(self, asked: Proposed, said: Sequence[str], results: Sequence[ToolResult], asker: Asker) -> Acted:
        raise ValueError("nothing is prepared in a replay")


@dataclass
class Replay(Assistant):
    """An assistant for one turn on record; it is built with Nobody for what is outside."""

    turn_on_record: Stored = field(kw_only=True)
    missing: list[str] = field(default_factory=list, kw_only=True)
    pages_unknown: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.acting = Ordered(self.turn_on_record.ordered)

    def _see(self, login: Login, accounts: tuple[AccountId, ...], now: dt.datetime) -> Known:
        then = self.turn_on_record
        return Known.of(
            [Payee.model_validate(payee) for payee in then.names["payees"]],
            then.names["categories"],
            self.synonyms,
            [Account.model_validate(account) for account in then.names["accounts"]],
            self.vocabulary,
            then.today,
            frozenset(then.names["others"]),
        )

    async def _on_pages(self, plan: Plan | Unsure, message: str, asking: Asking) -> Plan | Unsure:
        answering = next((after for before, after in self.turn_on_record.pages if _same(before, plan)), None)
        self.pages_unknown |= answering is None
        return plan if answering is None else answering

    async def _do(self, step: Step, asking: Asking, facts: int) -> Performed:
        if step in self.turn_on_record.performed:
            return self.turn_on_record.performed[step]
        if step.tool in STATIC:
            return await super()._do(step, asking, facts)
        self.missing.append(_shown(step))
        return ToolResult(outcome=Outcome.CANNOT, lines=(Line(key="error.not_on_record"),)), [], []


async def replay(assistant: Replay) -> Replayed:
    """Run the turn again and hold it against what is on record of it."""
    then, events = assistant.turn_on_record, list[Event]()

    async def emit(some: Sequence[Event]) -> None:
        events.extend(some)

    trail = Trail(None, then.login.party.id, "", 0)
    with recording(trail):
        await assistant.turn(then.message, then.login, then.memory, then.now, emit)
    plan = next((note.sealed for note in trail.waiting() if note.kind is Kind.PLANNED), None)
    facts = [event.fact for event in events if isinstance(event, FactEvent)]
    sentences = [event.text for event in events if isinstance(event, TextEvent)]
    pairs = (
        ("plan", _steps(then.plan), _steps(plan)),
        ("fact", [_fact(one) for one in then.facts], [_fact(one) for one in facts]),
        ("sentence", list(then.sentences), sentences),
    )
    differences = tuple(difference for what, before, after in pairs for difference in _differences(what, before, after))
    return Replayed(differences=differences, missing=tuple(assistant.missing), pages=assistant.pages_unknown)


def _same(then: Plan | Unsure, now: Plan | Unsure) -> bool:
    """Whether a plan is the one on record. Sets are written in any order; how sure the head was is summed in any order too, and
    is alike to some five digits only."""
    now = _PLANNED.validate_json(as_json(now))
    return math.isclose(then.sure, now.sure, abs_tol=SURE_ALIKE) and _unweighed(then) == _unweighed(now)


def _unweighed(plan: Plan | Unsure) -> Plan | Unsure:
    return plan.model_copy(update={"sure": 0.0}) if isinstance(plan, Plan) else replace(plan, sure=0.0)


def _differences(what: str, then: Sequence[str], now: Sequence[str]) -> list[Difference]:
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, then, now, autojunk=False).get_opcodes():
        if kind != "equal":
            before, after = [*then[a:b]], [*now[c:d]]
            for place in range(max(len(before), len(after))):
                one, other = before[place : place + 1], after[place : place + 1]
                found.append(Difference(what=what, then="".join(one), now="".join(other)))
    return found


def _steps(plan: Plan | Unsure | None) -> list[str]:
    if plan is None:
        return ["an order"]
    if isinstance(plan, Unsure):
        return [f"asked back (likeliest: {plan.label or 'nothing'})"]
    return [f"{_shown(step)} ({plan.path})" for step in plan.steps]


def _shown(step: Step) -> str:
    """A tool with the arguments that it has."""
    given = step.spans.model_dump(exclude_defaults=True) | step.model_dump(exclude={"tool", "spans"}, exclude_defaults=True)
    return step.tool.value + "".join(
        f" {name}={value if isinstance(value, str) else ', '.join(value)!s}" for name, value in given.items()
    )


def _fact(fact: Fact) -> str:
    return f"{fact.label}: {fact.value} {fact.unit}"
