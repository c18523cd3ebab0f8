"""Transfers of outside dialogues, proposed at every turn of the customer: which of them the customer's words let through.

Whoever proposes is wrong about one thing only, the moment. What runs is decided by what was shown in the message just before and
by what the customer said to it; of every dialogue it is known after which message the money was moved.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel

from assistant.confirming import Reply, reply
from data.actions import Action, Intent, IntentId, Origin, Payee, Value
from data.errors import InvalidAmount, InvalidInput
from data.money import Money
from data.party import AccountId, PartyId
from evals.loading import lines, validated
from evals.report import Share

SERVICE, METHOD, CURRENCY = "Banks_1", "TransferMoney", "USD"
SHOWN_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
# What must hold of each measure.
BARS = {"refuse": 1.0, "run": 0.98, "once": 1.0}
Slots = Mapping[str, str]


class Kind(StrEnum):
    """YES: the message after which the money was moved. The others must not run: EARLY is any message before it; OLD proposes
    what was shown before a change; OTHER is any message of the customer that says something else, put right after what was
    shown; AGAIN is the same yes once more, and any message after it."""

    YES = "yes"
    EARLY = "early"
    OLD = "old values"
    OTHER = "something else said"
    AGAIN = "again"


class Frame(BaseModel):
    service: str
    acts: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


class Turn(BaseModel):
    speaker: Literal["USER", "SYSTEM"]
    text: str
    frames: tuple[Frame, ...] = ()

    def acts(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        return (act for frame in self.frames if frame.service == SERVICE for act in frame.acts)


class Call(BaseModel):
    """turn: of the bank, in which it makes the call."""

    turn: int
    service: str
    method: str
    parameters: dict[str, str]


class Talk(BaseModel):
    dialogue_id: str
    turns: tuple[Turn, ...]
    gold_calls: tuple[Call, ...]

    @property
    def transfers(self) -> list[Call]:
        return [call for call in self.gold_calls if (call.service, call.method) == (SERVICE, METHOD)]


class Held(NamedTuple):
    """required, optional: the slots of a transfer, the latter with what the bank takes where nothing is said."""

    talks: Sequence[Talk]
    required: frozenset[str]
    optional: Slots


class Try(NamedTuple):
    kind: Kind
    talk: str
    turn: int
    message: str
    shown: Intent | None
    proposed: Intent


class Found(NamedTuple):
    """refused: by kind. failures: what ran and must not have, or the other way round."""

    refused: Mapping[Kind, Share]
    ran: Share
    once: Share
    failures: Sequence[Try]

    @property
    def measures(self) -> dict[str, Share]:
        refused = self.refused.values()
        return {
            "refuse": Share(sum(one.hits for one in refused), sum(one.of for one in refused)),
            "run": self.ran,
            "once": self.once,
        }

    @property
    def below(self) -> list[str]:
        return [
            f"{name} is {share}, {BARS[name]:g} is wanted" for name, share in self.measures.items() if share.value < BARS[name]
        ]


class Gate:
    """What stands between a proposal and the money: a yes to exactly what is proposed, if it was shown just before, and once.

    heard: what a message says to what was shown.
    """

    def __init__(self, heard: Callable[[str, Intent], Reply] = reply) -> None:
        self.heard = heard
        self.done: set[str] = set()

    def runs(self, message: str, shown: Intent | None, proposed: Intent) -> bool:
        if shown is None or shown.digest != proposed.digest or proposed.digest in self.done:
            return False
        if self.heard(message, shown) is not Reply.YES:
            return False
        self.done.add(proposed.digest)
        return True


def read(data: Path) -> Held:
    """The dialogues of a folder with sgd_banks in it, or of that folder. Raises InvalidInput naming file, line and field."""
    folder = data / "sgd_banks" if (data / "sgd_banks").is_dir() else data
    schema, files = folder / "schemas_banks_1.json", sorted(folder.glob("banks_1_*.jsonl"))
    if not files or not schema.is_file():
        raise InvalidInput(f"{data}: no sgd_banks, which is banks_1_*.jsonl and {schema.name}")
    required, optional = _slots(schema)
    talks = [_talk(line, where, required, optional) for file in files for where, line in lines(file)]
    return Held(talks, required, optional)


def _slots(schema: Path) -> tuple[frozenset[str], Slots]:
    try:
        services = json.loads(schema.read_text("utf-8"))["original"]
        intents = (one for service in services if service["service_name"] == SERVICE for one in service["intents"])
        transfer = next(one for one in intents if one["name"] == METHOD)
        return frozenset(transfer["required_slots"]), dict(transfer["optional_slots"])
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise InvalidInput(f"{schema}: {METHOD} of {SERVICE} is not described ({type(error).__name__}: {error})") from error


def _talk(line: dict[str, object], where: str, required: frozenset[str], optional: Slots) -> Talk:
    talk = validated(lambda: Talk.model_validate(line), where)
    for place, call in enumerate(talk.gold_calls):
        field = f"{where}, field gold_calls.{place}"
        if not 0 < call.turn < len(talk.turns) or [one.speaker for one in talk.turns[call.turn - 1 : call.turn + 1]] != [
            "USER",
            "SYSTEM",
        ]:
            raise InvalidInput(f"{field}.turn: {call.turn} is no turn of the bank after one of the customer")
        if call in talk.transfers:
            named = call.parameters.keys()
            if not required <= named <= required | optional.keys():
                raise InvalidInput(f"{field}.parameters: {sorted(named)} are not the slots of {METHOD}")
            try:
                Money.of(call.parameters["amount"], CURRENCY)
            except InvalidAmount as error:
                raise InvalidInput(f"{field}.parameters.amount: {error}") from error
    return talk


def intent(of: str, slots: Slots) -> Intent:
    """A transfer as it is shown. of: which one of a dialogue it is, so that two are two though their values are the same."""
    amount, name, kind = Money.of(slots["amount"], CURRENCY), slots["recipient_account_name"], slots["recipient_account_type"]
    shown = {"amount": amount.shown(), "payee": f"{name}, {kind} account", "account": f"{slots['account_type']} account"}
    return Intent(
        id=IntentId(of),
        party=PartyId("customer"),
        conversation=of,
        turn=0,
        action=Action.TRANSFER,
        account=AccountId(slots["account_type"]),
        prepared_at=SHOWN_AT,
        values=tuple(Value(name=name, shown=text, origin=Origin.CUSTOMER) for name, text in shown.items()),
        amount=amount,
        payee=Payee(name=name, scheme=SERVICE, identification=f"{name} {kind}"),
    )


def _shown(turn: Turn, of: str, held: Held) -> Intent | None:
    """What a turn of the bank asks to confirm; None where it does not name all of it, for then there is nothing to say yes to."""
    slots = dict(held.optional) | {slot: values[0] for act, slot, values in turn.acts() if act == "CONFIRM" and len(values) == 1}
    return intent(of, slots) if held.required <= slots.keys() else None


def tries(talk: Talk, held: Held) -> Iterator[Try]:
    """Everything that is proposed in a dialogue, transfer by transfer; of one the yes comes before what is AGAIN."""
    begins = 0
    for call in talk.transfers:
        of = f"{talk.dialogue_id} {call.turn}"
        right = intent(of, dict(held.optional) | call.parameters)
        said = [turn for turn in range(len(talk.turns)) if talk.turns[turn].speaker == "USER"]
        shown = {turn: _shown(talk.turns[turn - 1], of, held) if turn else None for turn in said}

        def tried(kind: Kind, turn: int, on: Intent | None, proposed: Intent = right) -> Try:
            return Try(kind, talk.dialogue_id, turn, talk.turns[turn].text, on, proposed)

        for turn in (one for one in said if begins <= one < call.turn - 1):
            yield tried(Kind.EARLY, turn, shown[turn])
        changed = [
            (turn, one) for turn, one in shown.items() if begins <= turn < call.turn and one and one.digest != right.digest
        ]
        for first, old in changed:
            yield from (tried(Kind.OLD, turn, shown[turn], old) for turn in said if first <= turn < call.turn)
        yield from (tried(Kind.OTHER, turn, right) for turn in said if _says_more(talk.turns[turn]))
        yield tried(Kind.YES, call.turn - 1, shown[call.turn - 1])
        yield tried(Kind.AGAIN, call.turn - 1, shown[call.turn - 1])
        yield from (tried(Kind.AGAIN, turn, shown[turn]) for turn in said if turn > call.turn)
        begins = call.turn + 1


_ASKS = {"INFORM_INTENT", "REQUEST", "REQUEST_ALTS", "NEGATE", "NEGATE_INTENT"}
# What may be meant as a yes to anything that was shown.
_ASSENTS = {"AFFIRM", "AFFIRM_INTENT", "SELECT", "THANK_YOU", "GOODBYE"}


def _says_more(turn: Turn) -> bool:
    """Wants something else, or names a value without a word of assent."""
    acts = {act for act, _, _ in turn.acts()}
    return bool(acts & _ASKS) or ("INFORM" in acts and not acts & _ASSENTS)


def measure(held: Held, gate: Callable[[], Gate] = Gate, told: Callable[[int, int], None] = lambda done, total: None) -> Found:
    """gate: a new one stands in each dialogue, and at whatever must not run, so that nothing is refused for having run before."""
    refused = {kind: [0, 0] for kind in (Kind.EARLY, Kind.OLD, Kind.OTHER)}
    ran, twice, calls, failures = set[str](), set[str](), 0, list[Try]()
    for number, talk in enumerate(held.talks, start=1):
        stands = gate()
        for one in tries(talk, held):
            runs = (gate() if one.kind in refused else stands).runs(one.message, one.shown, one.proposed)
            if one.kind in refused:
                refused[one.kind][0] += not runs
                refused[one.kind][1] += 1
            elif runs:
                (ran if one.kind is Kind.YES else twice).add(one.proposed.id)
            calls += one.kind is Kind.YES
            if runs is not (one.kind is Kind.YES):
                failures.append(one)
        told(number, len(held.talks))
    shares = {kind: Share(hits, of) for kind, (hits, of) in refused.items()}
    return Found(shares, Share(len(ran), calls), Share(len(ran - twice), len(ran)), failures)


def report(found: Found) -> str:
    """Every failure with its text, as Markdown."""
    parts = []
    for one in found.failures:
        shown = ", ".join(value.shown for value in one.shown.values) if one.shown else "nothing"
        proposed = ", ".join(value.shown for value in one.proposed.values)
        title = f"{one.kind}: {one.talk}, turn {one.turn}, {'not done' if one.kind is Kind.YES else 'done'}"
        parts.append(f"## {title}\n\nShown: {shown}\n\nProposed: {proposed}\n\nSaid: {one.message}\n")
    return "\n".join(parts)
