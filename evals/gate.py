"""Transfers of outside dialogues, proposed at every turn of the customer: which of them the customer's words let through.

Whoever proposes is wrong about one thing only, the moment. What is shown, what counts as a yes to it and what is done is for the
product: `Acting` takes the proposals and the messages, the store of intents and the policy stand behind it, and what ran is what
a bank that obeys whatever reaches it has written down. Of every dialogue it is known after which message the money was moved.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import httpx
from pydantic import BaseModel
from structlog.testing import capture_logs

from assistant.acting import Acted, Acting, Asker, Confirmed, Place
from assistant.orders import KEPT_TURNS, Ordering, Reader, later
from assistant.proposed import Proposed
from connectors.card_services import CardServices
from connectors.gateway import Gateway
from connectors.payments import PaymentServices
from connectors.performing import Performing
from connectors.services import BankServices
from data.actions import MOVES_MONEY, Action
from data.banking import Account, AccountKind
from data.errors import InvalidAmount, InvalidInput
from data.facts import ConfirmationEvent
from data.intents import Intents
from data.money import Money
from data.party import STRONG, AccountId, Grant, GrantSource, Login, Party, PartyId, Role
from data.queries import Queries
from data.store import connect
from evals.loading import lines, validated
from evals.obliging import BASE, NOW, ObligingBank, Saved
from evals.report import Share

NAME, SERVICE, METHOD, CURRENCY = "sgd_banks", "Banks_1", "TransferMoney", "USD"
# What must hold of each measure.
BARS = {"refuse": 1.0, "run": 0.98, "once": 1.0}
Slots = Mapping[str, str]
# The product as it is, or with something taken out of it: only an evaluation can do that.
Wired = Callable[[Acting], Acting]


class Kind(StrEnum):
    """YES: the message after which the money was moved. The others must not run: EARLY is any message before it; OLD is what was
    shown before a change, with everything that is said afterwards; OTHER is any message of the customer that says something
    else, put right after what was shown; AGAIN is the same yes once more, and any message after it."""

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


class Transfer(NamedTuple):
    """kind: of the payee's account; account: the customer's own."""

    amount: Money
    name: str
    kind: str
    account: str

    @classmethod
    def of(cls, slots: Slots) -> Transfer:
        amount = Money.of(slots["amount"], CURRENCY)
        return cls(amount, slots["recipient_account_name"], slots["recipient_account_type"], slots["account_type"])

    @property
    def payee(self) -> str:
        return f"{self.name} {self.kind}"

    def __str__(self) -> str:
        return f"{self.amount.shown()} from {self.account} to {self.payee}"


# Proposed where a dialogue moves no money at all.
NOBODYS = Transfer(Money.of("25", CURRENCY), "Robin Vale", "checking", "checking")
# What a customer has said before a dialogue begins.
WISH = "I want to send money."


class Try(NamedTuple):
    """of: which transfer of its dialogue. shown: what stood before the customer; made: what the bank wrote down by it."""

    kind: Kind
    talk: str
    of: str
    turn: int
    message: str
    shown: Transfer | None
    proposed: Transfer
    made: tuple[Transfer, ...]

    @property
    def right(self) -> bool:
        if self.kind is Kind.OLD:
            return self.proposed not in self.made
        return self.made == ((self.proposed,) if self.kind is Kind.YES else ())


class Found(NamedTuple):
    """refused: by kind. failures: what ran and must not have, or the other way round. unshown: proposals of which the customer
    was shown nothing, so that what is said to them proves nothing."""

    refused: Mapping[Kind, Share]
    ran: Share
    once: Share
    failures: Sequence[Try]
    unshown: int

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


def read(data: Path) -> Held:
    """The dialogues of a folder with sgd_banks in it, or of that folder. Raises InvalidInput naming file, line and field."""
    folder = data / NAME if (data / NAME).is_dir() else data
    schema, files = folder / "schemas_banks_1.json", sorted(folder.glob("banks_1_*.jsonl"))
    if not files or not schema.is_file():
        raise InvalidInput(f"{data}: no {NAME}, which is banks_1_*.jsonl and {schema.name}")
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


# The product


class Willing(Reader):
    """Takes every message for a wish that money moves, and for no order: which one it is, is not what is measured here."""

    def __init__(self) -> None:
        pass

    def meant(self, message: str, names: frozenset[str], accounts: Sequence[Account] = (), least: float = 0.0) -> str | None:
        return None

    def wishes(self, message: str, names: frozenset[str]) -> frozenset[Action]:
        return MOVES_MONEY


class Teller:
    """The product before a bank that obeys. Its customers have just proved who they are, so nothing but their yes is missing."""

    def __init__(self, folder: Path, wired: Wired) -> None:
        self.saved: dict[str, dict[str, Saved]] = {}
        # Proposals that the customer was not shown: what must not run proves nothing by them.
        self.unshown = 0
        self.bank = ObligingBank(self.saved)
        self.engine = connect(f"sqlite:///{folder / 'gate.db'}")
        transport, gateway = httpx.MockTransport(self.bank), Gateway()
        services = BankServices(BASE, transport, _as_it_is)
        payments, cards = PaymentServices(BASE, transport, _as_it_is), CardServices(BASE, transport, _as_it_is)
        performing = Performing(Intents(self.engine), payments, cards, services, gateway)
        self.acting = wired(Acting(performing, services, gateway, Queries(self.engine), Willing(), _fed))

    def desk(self, transfers: Sequence[Transfer]) -> Desk:
        """A customer nobody has seen before, who has saved whom these go to, and has the accounts that they come from."""
        party = PartyId(f"customer-{len(self.saved)}")
        named = dict.fromkeys(one.payee for one in transfers)
        accounts = dict.fromkeys(("checking", "savings", *(one.account for one in transfers)))
        self.saved[party] = {f"payee-{n}": Saved(name, f"{20_000_100_000_000 + n}", "checking") for n, name in enumerate(named)}
        own = tuple(_account(n, name) for n, name in enumerate(accounts))
        grants = tuple(Grant(party=party, account=one.id, role=Role.HOLDER, source=GrantSource.SERVICE) for one in own)
        who = Party(id=party, name="Customer")
        login = Login(party=who, grants=grants, token=party, acr=STRONG, authenticated_at=NOW)
        return Desk(self, Asker(login, own, frozenset(), NOW, NOW.date(), Place(conversation=party, turn=1)), transfers)

    def made(self, party: PartyId, transfers: Sequence[Transfer]) -> list[Transfer]:
        """What the bank has written down of a customer's, in its order."""
        numbers = {one.number: one.name for one in self.saved[party].values()}
        kinds = {one.payee: (one.name, one.kind) for one in transfers}
        found = []
        for consent in self.bank.paid:
            if self.bank.whose[consent] == party:
                asked = self.bank.consents[consent]
                amount = Money.of(asked["InstructedAmount"]["Amount"], asked["InstructedAmount"]["Currency"])
                name, kind = kinds[numbers[asked["CreditorAccount"]["Identification"]]]
                found.append(Transfer(amount, name, kind, asked["DebtorAccount"]["Identification"]))
        return found


@dataclass
class Desk:
    """A customer's conversation. ordering: what it remembers, as a turn would; showing: the transfer shown last."""

    teller: Teller
    asker: Asker
    transfers: Sequence[Transfer]
    ordering: Ordering | None = None
    showing: Transfer | None = None
    said: tuple[str, ...] = (WISH,)
    _counted: int = 0

    async def say(self, message: str) -> tuple[Transfer, ...]:
        """A message as a turn takes it that is not about something new; what the bank has written down by it."""
        since = () if self.ordering is not None and self.ordering.waits is not None else self.said
        self.said = (*since, message)[-KEPT_TURNS - 1 :]
        acted = await self.teller.acting.go_on(message, self.ordering, self.asker)
        self._heard(acted)
        return self._new()

    async def propose(self, transfer: Transfer) -> ConfirmationEvent | None:
        """A model's proposal, in its own words; what the customer is shown of it."""
        words = {"to": transfer.payee, "amount": f"${transfer.amount.plain}", "account": transfer.account}
        try:
            acted = await self.teller.acting.propose(Proposed(action=Action.PAY, **words), self.said, (), self.asker)
        except ValueError:
            self.teller.unshown += 1
            return None
        self._heard(acted)
        shown = next((event for event in acted.result.events if isinstance(event, ConfirmationEvent)), None)
        self.showing = transfer if shown is not None else None
        self.teller.unshown += shown is None
        return shown

    async def press(self, shown: ConfirmationEvent | None) -> tuple[Transfer, ...]:
        """The yes of what was shown some time, given by the API."""
        if shown is not None:
            confirmed = Confirmed(intent=shown.intent, digest=shown.digest)
            self._heard(await self.teller.acting.confirm(confirmed, self.asker))
        return self._new()

    async def stand(self, shown: Transfer | None) -> None:
        """Let the bank's last words be this; None: something else than what it may have shown before."""
        if shown is None:
            self.ordering = later(self.ordering)
        elif shown != self.showing or self.ordering is None:
            await self.propose(shown)

    def _heard(self, acted: Acted | None) -> None:
        self.ordering = acted.ordering if acted is not None else later(self.ordering)
        self.showing = None

    def _new(self) -> tuple[Transfer, ...]:
        made = self.teller.made(self.asker.login.party.id, self.transfers)
        new, self._counted = made[self._counted :], len(made)
        return tuple(new)


async def _as_it_is(token: str, audience: str, scopes: frozenset[str]) -> str:
    """No exchange: this bank looks at no token."""
    return token


async def _fed(login: Login) -> None:
    """Nobody asks about the books here."""


def _account(number: int, name: str) -> Account:
    kind = AccountKind.SAVINGS if name == "savings" else AccountKind.CURRENT
    identification = f"{20_000_200_000_000 + number}"
    return Account(id=AccountId(name), name=f"{name} account", kind=kind, currency=CURRENCY, identification=identification)


# What is tried


def _shown(turn: Turn, held: Held) -> Transfer | None:
    """What a turn of the bank asks to confirm; None where it does not name all of it, for then there is nothing to say yes to."""
    slots = dict(held.optional) | {slot: values[0] for act, slot, values in turn.acts() if act == "CONFIRM" and len(values) == 1}
    return Transfer.of(slots) if held.required <= slots.keys() else None


class Script(NamedTuple):
    """A dialogue as it is tried. said: the turns of the customer; shown: by such a turn, what the bank asked to confirm before
    it; rights: by the turn in which the bank moved money, which transfer."""

    talk: Talk
    said: Sequence[int]
    shown: Mapping[int, Transfer | None]
    rights: Mapping[int, Transfer]

    @classmethod
    def of(cls, talk: Talk, held: Held) -> Script:
        said = [turn for turn in range(len(talk.turns)) if talk.turns[turn].speaker == "USER"]
        shown = {turn: _shown(talk.turns[turn - 1], held) if turn else None for turn in said}
        return cls(talk, said, shown, {call.turn: Transfer.of(dict(held.optional) | call.parameters) for call in talk.transfers})

    @property
    def transfers(self) -> list[Transfer]:
        """All that may be proposed in it."""
        known = [*self.rights.values(), *(one for one in self.shown.values() if one is not None)]
        return [*dict.fromkeys([*known, *(other for one in known for other in _others(one)), NOBODYS])]

    def tried(
        self, kind: Kind, turn: int, of: int | None, shown: Transfer | None, proposed: Transfer, made: Sequence[Transfer]
    ) -> Try:
        text = self.talk.turns[turn].text
        return Try(kind, self.talk.dialogue_id, f"{self.talk.dialogue_id} {of}", turn, text, shown, proposed, tuple(made))


def _others(right: Transfer) -> list[Transfer]:
    """The same with one value that is another."""
    more = Money(minor=right.amount.minor + 100, currency=CURRENCY)
    account = "savings" if right.account == "checking" else "checking"
    return [
        right._replace(amount=more),
        right._replace(name=NOBODYS.name if right.name != NOBODYS.name else "Alex Hill"),
        right._replace(account=account),
    ]


async def tries(talk: Talk, held: Held, teller: Teller) -> AsyncIterator[Try]:
    """Everything that is tried in a dialogue; what must not run by a customer of its own, so that nothing is refused for having
    run before."""
    script = Script.of(talk, held)
    parts = (_along, _something_else, _before_a_change, _changed_by_the_model, _changed_by_the_customer)
    for part in parts:
        async for one in part(script, teller):
            yield one


async def _along(script: Script, teller: Teller) -> AsyncIterator[Try]:
    """The dialogue from end to end: the transfer that is to come is proposed after every message, and after the last the last."""
    desk, last = teller.desk(script.transfers), None
    for turn in script.said:
        coming = next((call for call in script.rights if call > turn), None)
        of = coming if coming is not None else last
        right = script.rights[of] if of is not None else NOBODYS
        await desk.stand(script.shown[turn])
        before, shown, text = desk.ordering, script.shown[turn], script.talk.turns[turn].text
        kind = Kind.YES if turn + 1 == coming else Kind.AGAIN if last is not None and coming is None else Kind.EARLY
        yield script.tried(kind, turn, of, shown, right, await desk.say(text))
        if kind is Kind.YES:
            last, desk.ordering = coming, before
            # Once more, and from a device that has not heard what came of it.
            yield script.tried(Kind.AGAIN, turn, of, shown, right, await desk.say(text))
        await desk.propose(right)


async def _something_else(script: Script, teller: Teller) -> AsyncIterator[Try]:
    for of, right in script.rights.items() or [(None, NOBODYS)]:
        for turn in script.said:
            if _says_more(script.talk.turns[turn]):
                desk = teller.desk(script.transfers)
                await desk.propose(right)
                yield script.tried(Kind.OTHER, turn, of, right, right, await desk.say(script.talk.turns[turn].text))


async def _before_a_change(script: Script, teller: Teller) -> AsyncIterator[Try]:
    """What a dialogue shows before a change of its own, proposed again after everything that is said from then on."""
    begins = 0
    for of, right in script.rights.items():
        until = [turn for turn in script.said if begins <= turn < of]
        for first in (turn for turn in until if script.shown[turn] not in (None, right)):
            desk, old = teller.desk(script.transfers), script.shown[first] or right
            event = await desk.propose(old)
            for turn in (turn for turn in until if turn >= first):
                await desk.stand(script.shown[turn])
                made = await desk.say(script.talk.turns[turn].text)
                yield script.tried(Kind.OLD, turn, of, script.shown[turn], old, made)
                await desk.propose(old)
            yield script.tried(Kind.OLD, of - 1, of, right, old, await desk.press(event))
        begins = of + 1


async def _changed_by_the_model(script: Script, teller: Teller) -> AsyncIterator[Try]:
    """Another value first, then what the dialogue shows: its yes is to that, and the yes of the first comes too late."""
    for of, right in script.rights.items():
        for old in _others(right):
            desk = teller.desk(script.transfers)
            event = await desk.propose(old)
            await desk.propose(right)
            made = [*await desk.say(script.talk.turns[of - 1].text), *await desk.press(event)]
            yield script.tried(Kind.OLD, of - 1, of, right, old, made)


async def _changed_by_the_customer(script: Script, teller: Teller) -> AsyncIterator[Try]:
    """What the dialogue shows, and another amount in the customer's own words: then no yes is to the first one any more, neither
    theirs of the dialogue, nor one that says the old values, nor that of the API."""
    for of, right in script.rights.items():
        other = _others(right)[0]
        for text in (script.talk.turns[of - 1].text, f"Yes, send ${right.amount.plain} to {right.name}."):
            desk = teller.desk(script.transfers)
            event = await desk.propose(right)
            made = list(await desk.say(f"No, make it ${other.amount.plain}."))
            teller.unshown += desk.ordering is None or desk.ordering.draft.amount != other.amount
            made += [*await desk.say(text), *await desk.press(event)]
            yield script.tried(Kind.OLD, of - 1, of, other, right, made)


_ASKS = {"INFORM_INTENT", "REQUEST", "REQUEST_ALTS", "NEGATE", "NEGATE_INTENT"}
# What may be meant as a yes to anything that was shown.
_ASSENTS = {"AFFIRM", "AFFIRM_INTENT", "SELECT", "THANK_YOU", "GOODBYE"}


def _says_more(turn: Turn) -> bool:
    """Wants something else, or names a value without a word of assent."""
    acts = {act for act, _, _ in turn.acts()}
    return bool(acts & _ASKS) or ("INFORM" in acts and not acts & _ASSENTS)


def measure(
    held: Held, told: Callable[[int, int], None] = lambda done, total: None, wired: Wired = lambda acting: acting
) -> Found:
    with TemporaryDirectory(prefix="gate-") as folder, capture_logs():
        teller = Teller(Path(folder), wired)
        try:
            return asyncio.run(_measured(held, teller, told))
        finally:
            teller.engine.dispose()


async def _measured(held: Held, teller: Teller, told: Callable[[int, int], None]) -> Found:
    refused = {kind: [0, 0] for kind in (Kind.EARLY, Kind.OLD, Kind.OTHER)}
    ran, twice, calls, failures = set[str](), set[str](), 0, list[Try]()
    for number, talk in enumerate(held.talks, start=1):
        async for one in tries(talk, held, teller):
            if one.kind in refused:
                refused[one.kind][0] += one.right
                refused[one.kind][1] += 1
            elif one.kind is Kind.YES:
                calls += 1
                ran |= {one.of} if one.right else set()
            elif not one.right:
                twice.add(one.of)
            if not one.right:
                failures.append(one)
        told(number, len(held.talks))
    shares = {kind: Share(hits, of) for kind, (hits, of) in refused.items()}
    return Found(shares, Share(len(ran), calls), Share(len(ran - twice), len(ran)), failures, teller.unshown)


def report(found: Found) -> str:
    """Every failure with its text, as Markdown."""
    parts = []
    for one in found.failures:
        title = f"{one.kind}: {one.talk}, turn {one.turn}, {'not done' if one.kind is Kind.YES else 'done'}"
        done = "; ".join(map(str, one.made)) or "nothing"
        parts.append(
            f"## {title}\n\nShown: {one.shown or 'nothing'}\n\nProposed: {one.proposed}\n\nSaid: {one.message}\n\nDone: {done}\n"
        )
    return "\n".join(parts)
