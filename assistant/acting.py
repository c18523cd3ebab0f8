"""The conversation around an action: what is missing is asked for, what would be done is shown, a yes to exactly that does it."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

import structlog

from assistant import orders, periods, proposed, trail
from assistant.confirming import Reply, reply
from assistant.doubts import Doubt
from assistant.doubts import Kind as DoubtKind
from assistant.doubts import doubt as doubt_of
from assistant.memory import Memory
from assistant.orders import ACTIONS, LOST, Around, Draft, Ordering, Several
from assistant.pasted import bill as read_bill
from assistant.periods import Today
from assistant.proposed import Counterparty, Found, Proposed, Source
from assistant.relative import Worked
from assistant.spans import accounts_named, plain, words_of
from assistant.tools import Line, ToolResult, amount_of, listed, literal, not_asked
from assistant.wanting import asks, asks_leave, wanted
from connectors.gateway import Gateway
from connectors.performing import NOT_DONE, Consulted, Performing
from connectors.policy import OwnAccountId, StepUp
from connectors.services import BankServices
from data.actions import ENDED, MOVES_MONEY, Action, Intent, IntentId, NameCheck, Origin, Payee, State, Value
from data.banking import Account, AccountKind, Balance, Beneficiary, Card, Transaction
from data.errors import (
    Denied,
    IntentGone,
    NotFound,
    ServiceRefused,
    StepUpRequired,
)
from data.facts import QUOTE, ConfirmationEvent, Fact, FactBook, Outcome, ReceiptEvent, StepUpEvent
from data.intents import Kept
from data.money import Money
from data.party import AccountId, Frozen, GrantSource, Login, Role
from data.queries import Order, Queries, Selection

log = structlog.get_logger(__name__)
T = TypeVar("T")
Shown = ConfirmationEvent | StepUpEvent | ReceiptEvent

PAYING = frozenset({Role.HOLDER, Role.JOINT, Role.MANDATE})
MOST_CHOICES = 6
SHORT_ANSWER = 4
# So far back whom the customer paid, or was paid by, may be named; and so many rows are looked through for a value.
PAID_SINCE, MOST_ROWS = dt.timedelta(days=400), 500
_PAYS_IT = re.compile(r"\b(?:pay|settle)\b")
# A change to what was shown is short, and asks nothing.
CHANGING = 9
_PUTS_RIGHT = re.compile(
    r"^(?:to|from|for|no|not|actually|sorry|i mean|i meant|i said|wait|make it|change)\b|\b(?:instead|rather)\b|\b(?:more|less)$"
)
# "Ye" reads as "you".
_NEARLY_YES = re.compile(
    r"^(?:you$|(?:yes|yh|yeah|yep|ok|okay|sure|fine|alright|confirm|correct|go ahead|do it|please do|why not)\b)"
)
# It asks nothing.
_WHY_NOT = re.compile(r"\bwhy not\b")
_EVERY = re.compile(r"\b(?:all|every|both|everything|cards|the lot)\b")


class Place(Frozen):
    """Where in the records a turn stands; "" and 0 for a turn that nobody keeps."""

    conversation: str = ""
    turn: int = 0


NOWHERE = Place()


class Confirmed(Frozen):
    """A confirmation by other means than words: which intent, and what has been confirmed of it."""

    intent: IntentId
    digest: str


@dataclass(frozen=True)
class Asker:
    """Who orders something, when and where, and their accounts; names: words of those whom they pay. pasted: content that came
    with the message, in which nothing is an order. facts: how many there are in the turn already."""

    login: Login
    accounts: Sequence[Account]
    names: frozenset[str]
    now: dt.datetime
    today: dt.date
    place: Place
    pasted: str = ""
    facts: int = 0


@dataclass(frozen=True)
class Acted:
    """What a turn says of an action, and what is to be remembered of it. lacks: it asks for what nobody has said yet."""

    result: ToolResult
    ordering: Ordering | None = None
    lacks: bool = False


@dataclass
class _Said:
    """Sentences with their facts, as they are put together."""

    book: FactBook
    lines: list[Line] = field(default_factory=list)

    def say(self, key: str, **slots: Fact | str) -> None:
        self.lines.append(Line(key=key, slots={n: "{" + s.ref + "}" if isinstance(s, Fact) else s for n, s in slots.items()}))

    def result(self, outcome: Outcome, choices: Sequence[str] = (), *events: Shown) -> ToolResult:
        return ToolResult(
            outcome=outcome, lines=tuple(self.lines), facts=tuple(self.book.facts), choices=tuple(choices), events=events
        )


@dataclass(frozen=True)
class Acting:
    """Takes orders. fed: called when something was done, so that the next answer knows of it."""

    performing: Performing
    services: BankServices
    gateway: Gateway
    queries: Queries
    reader: orders.Reader
    fed: Callable[[Login], Awaitable[None]]

    # What a message is

    async def go_on(self, message: str, ordering: Ordering | None, asker: Asker) -> Acted | None:
        """What a message says to an order that is under way; None where it is about something else."""
        if ordering is None or asker.login.token is None or not message.strip():
            return None
        kept = await self._kept(ordering, asker)
        if kept is not None and (said := reply(message, kept.intent)) is not Reply.OTHER:
            if said is Reply.NO:
                return await self._cancel(kept.intent, asker)
            if ordering.age == 0:
                return await self.confirm(Confirmed(intent=kept.intent.id, digest=kept.intent.digest), asker)
            if kept.state is State.PREPARED:
                return await self._continue(ordering.draft, asker)
        if _DROPS.fullmatch(plain(message).strip(" .!")):
            said_no = self._said(asker)
            if kept is not None:
                return await self._cancel(kept.intent, asker)
            said_no.say("act.dropped")
            return Acted(said_no.result(Outcome.ANSWER))
        return await self._change(message, ordering, asker)

    async def _change(self, message: str, ordering: Ordering, asker: Asker) -> Acted | None:
        """A message that completes or changes an order under way; None where it is about something else, or another order."""
        message = orders.own_words(message)
        text, before = plain(message), ordering.draft
        if orders.skips(text) and not asks(text):
            return self._no_skipping(asker)
        # Who says yes and then something else may think that what was shown is done.
        yes = (ordering.waits is not None or before.asked) and ordering.age == 0 and _NEARLY_YES.search(text) is not None
        asking = asks(_WHY_NOT.sub(" ", text).strip(" ,?"))
        if asking or len(text.split()) > CHANGING:
            return await self._instead(message, ordering.waits, asker) if yes and not asking else None
        around = await self._around(asker)
        order = await asyncio.to_thread(self.reader.meant, message, asker.names | _paid_by_name(around), around.accounts)
        strange = order is not None and order not in ACTIONS and not (before.payee and _PUTS_RIGHT.search(text))
        if strange or (order in ACTIONS and order is not None and self._is_another(message, ACTIONS[order], before, around)):
            return await self._instead(message, ordering.waits, asker) if yes else None
        changed, unclear = orders.read(message, before, around)
        if before.action in orders.MONEY and orders.is_abroad(message, changed, self._currency(asker)):
            return self._abroad(asker)
        if unclear is not None:
            return self._which(unclear, changed, asker)
        if before.asked == "card" and ordering.age == 0:
            return await self._continue(changed, asker, said=message)
        unknown = (
            changed.payee is None and changed.said != before.said and before.asked != "payee" and not _PUTS_RIGHT.search(text)
        )
        if unknown or changed == before.model_copy(update={"asked": ""}):
            # An answer that is nearly a yes is asked for again; anything else is about something else.
            if yes and ordering.waits is None:
                return await self.again(message, ordering, asker)
            return await self._continue(before, asker) if yes else None
        return await self._continue(changed, asker, said=message)

    async def _instead(self, message: str, waits: IntentId | None, asker: Asker) -> Acted | None:
        """Another order, behind a yes that was none: what was shown before is said not to be done."""
        acted = await self.start(message, asker)
        return _and(acted, "act.not_yet") if acted is not None and waits else acted

    def _is_another(self, message: str, action: Action, before: Draft, around: Around) -> bool:
        """Whether an order stands by itself: of another kind, or one that says both how much and to whom."""
        if (action in MOVES_MONEY) is not (before.action in MOVES_MONEY) or (
            action not in MOVES_MONEY and action is not before.action
        ):
            return True
        alone, unclear = orders.read(message, Draft(action=action), around)
        named = alone.payee is not None or bool(alone.said) or (unclear is not None and unclear.field == "payee")
        same = alone.payee is not None and before.payee is not None and alone.payee.identification == before.payee.identification
        whole = alone.amount is not None or bool(alone.repeat) or not (same or _PUTS_RIGHT.search(plain(message)))
        return action in MOVES_MONEY and named and whole and before.payee is not None

    async def start(self, message: str, asker: Asker, least: float = orders.NEAR) -> Acted | None:
        """Take a message as an order; None where it is none. least: how near it must come to one."""
        text = plain(message)
        if asker.login.token is None or (asks_leave(text) and not orders.amounts(message, "GBP")):
            return None
        message = orders.own_words(message)
        stops = orders.stops_first(message)
        message = stops or message
        if orders.skips_rules(text) and not asks(text):
            return self._no_skipping(asker)
        if not orders.MAY_BE.search(plain(message)):
            return None
        around = await self._around(asker)
        order = await asyncio.to_thread(self.reader.meant, message, asker.names | _paid_by_name(around), around.accounts, least)
        bill = read_bill(asker.pasted) if asker.pasted else None
        if bill is not None and _PAYS_IT.search(text) and wanted(text):
            # "Can you pay this?": what it is stands below.
            order = "pay"
        if order is None or order not in ACTIONS:
            return None
        draft = Draft(action=ACTIONS[order], lost=order == LOST)
        draft, unclear = orders.read(message, draft, around)
        if draft.action in orders.MONEY and orders.is_abroad(message, draft, self._currency(asker)):
            return self._abroad(asker)
        if unclear is not None:
            return self._which(unclear, draft, asker)
        if bill is not None and draft.action is Action.PAY:
            filled = orders.filled(draft, bill, around)
            if draft.payee is None and (doubted := self._doubted(filled, asker)) is not None:
                return doubted
            draft = filled
        acted = await self._continue(draft, asker, said=message)
        beside = orders.wishes_more(message) if draft.action in orders.MONEY else orders.amounts(message, "GBP")
        return _and(acted, "act.separately") if beside or stops else acted

    async def again(self, message: str, ordering: Ordering | None, asker: Asker) -> Acted | None:
        """A short answer to an order under way that nobody has understood: a name where one was asked for, else it is asked
        again; None where nothing was asked."""
        text = plain(message)
        if ordering is None or ordering.age or asks(text) or len(text.split()) > SHORT_ANSWER:
            return None
        draft = ordering.draft
        if ordering.waits is None and not draft.asked:
            return None
        if draft.asked == "payee" and draft.action is not Action.TRANSFER and orders.is_name(message):
            draft = draft.model_copy(update={"said": " ".join(message.split())[: orders.LONGEST_NAME]})
        asked = {
            field: Several(field=field, said=draft.said, names=names) for field, names in orders.open_to(asker.accounts).items()
        }
        if draft.asked in asked:
            return self._which(asked[draft.asked], draft, asker)
        return await self._continue(draft, asker)

    async def propose(self, asked: Proposed, said: Sequence[str], results: Sequence[ToolResult], asker: Asker) -> Acted:
        """Take what a model proposes as an order, with where each value comes from; nothing is done by it.

        said: the customer's own words since something was last shown to them, this message's too. results: what this turn has
        found. Raises ValueError, saying why, for what they did not wish, and where nobody knows whom it is to go to: then
        they are not shown it.
        """
        try:
            if asker.login.token is None or not await self._wished(asked.action, said, asker):
                raise ValueError("the customer did not ask for that in their own words")
            draft = await self._drafted(asked, said, results, asker)
        except ValueError as error:
            log.warning("proposal refused", action=asked.action.value, reason=str(error))
            trail.proposed(asked, shown=False)
            raise
        trail.proposed(asked, shown=True)
        if isinstance(draft, Several):
            return self._which(draft, Draft(action=asked.action), asker)
        doubted = self._doubted(draft, asker) if draft.origins.get("payee") == (Origin.DATA, orders.PASTED) else None
        return doubted or await self._continue(draft, asker, said=asked.card)

    async def _wished(self, action: Action, said: Sequence[str], asker: Asker) -> bool:
        """Whether the customer's own words ask for such an action."""
        wished = [await asyncio.to_thread(self.reader.wishes, message, asker.names) for message in said]
        return any(action in some for some in wished)

    async def _drafted(
        self, asked: Proposed, said: Sequence[str], results: Sequence[ToolResult], asker: Asker
    ) -> Draft | Several:
        around = await self._around(asker)
        known = {fact.ref: fact for result in results for fact in result.facts}
        found = Found(said, around, known, await self._sources(known.values(), asker))
        try:
            return proposed.drafted(asked, found)
        except proposed.Nobody:
            return proposed.drafted(asked, replace(found, paid=await self._counterparties(asker)))

    async def _sources(self, facts: Iterable[Fact], asker: Asker) -> list[Source]:
        """What this turn has read that somebody else may have written, the pasted text first."""
        pasted = [Source(orders.PASTED, asker.pasted)] if asker.pasted else []
        pages = [Source("a page of the bank", fact.value) for fact in facts if fact.unit == QUOTE]
        ids = list(dict.fromkeys(id_ for fact in facts for id_ in fact.evidence))[:MOST_ROWS]
        own = [a.id for a in asker.accounts]

        async def look(_own: tuple[OwnAccountId, ...]) -> list[Source]:
            rows = await asyncio.to_thread(self.queries.by_ids, own, ids)
            return [
                Source(
                    f"an entry of {row['booked_on']:%-d %B %Y} in your account",
                    f"{row['text']} {row['counterparty'] or ''} {row['reference'] or ''} {abs(amount_of(row)).shown()}",
                )
                for row in rows
            ]

        return [*pasted, *pages, *await self.gateway.perform("ReadTransactions", asker.login, own, asker.now, look)]

    async def _counterparties(self, asker: Asker) -> list[Counterparty]:
        """Whom the bank has the customer paying, or being paid by; nobody where it does not answer."""

        async def ask(token: str, account: AccountId) -> Sequence[Transaction]:
            return await self.services.transactions(token, account, asker.now - PAID_SINCE, asker.now)

        try:
            rows = await self._each(asker, "ReadTransactions", ask)
        except NOT_DONE:
            return []
        by_number: dict[str, list[Transaction]] = {}
        for row in sorted(rows, key=lambda row: row.booked_on):
            if row.counterparty_number and re.fullmatch(r"\d{14}", row.counterparty_number):
                by_number.setdefault(row.counterparty_number, []).append(row)
        return [
            Counterparty(some[-1].counterparty or "", number, some[-1].booked_on, frozenset(abs(row.amount) for row in some))
            for number, some in by_number.items()
        ]

    async def _kept(self, ordering: Ordering, asker: Asker) -> Kept | None:
        if ordering.waits is None:
            return None
        try:
            return await asyncio.to_thread(self.performing.intents.get, asker.login.party.id, ordering.waits)
        except NotFound:
            return None

    async def confirm(self, confirmed: Confirmed, asker: Asker) -> Acted:
        """Do what was confirmed, and say what became of it."""
        said, login, party = self._said(asker), asker.login, asker.login.party.id
        await trail.confirmed(confirmed.digest)
        try:
            kept = await self.performing.confirm(login, confirmed.intent, confirmed.digest, asker.now)
        except StepUpRequired as error:
            intent = (await asyncio.to_thread(self.performing.intents.get, party, confirmed.intent)).intent
            said.say("act.step_up")
            draft = _draft_of(intent)
            return Acted(said.result(Outcome.CONFIRM, (), _step_up(intent, error)), Ordering(draft=draft, waits=intent.id))
        except IntentGone as error:
            said.say(_GONE[error.reason])
            return Acted(said.result(Outcome.CANNOT))
        except Denied as error:
            return Acted(self._denied(error, said))
        return Acted(await self._became(kept, said, login))

    async def found_out(self, message: str, memory: Memory, confirmed: Confirmed | None, asker: Asker) -> Acted | None:
        """What became of what nobody has told the end of, to be said before anything else is; None where there is no such thing.

        That is what has been read back now, and what was shown in this conversation and confirmed elsewhere, or in a turn that
        was cut off. What this message itself confirms, or answers, is not among it. The ordering is what is left of it.
        """
        if asker.login.token is None:
            return None
        ordering, waits = memory.ordering, None if memory.ordering is None else memory.ordering.waits
        found = {kept.intent.id: kept for kept in await self.performing.reconcile(asker.login, asker.now)}
        found |= {kept.intent.id: kept for kept in await self._ended(memory.unknown, asker)}
        found |= {kept.intent.id: kept for kept in await self._untold(memory.told, asker)}
        answered = confirmed.intent if confirmed is not None else None
        if (
            ordering is not None
            and waits in found
            and reply(message, found[waits].intent) is not Reply.OTHER
            and ordering.age == 0
        ):
            answered = waits
        told = [kept for kept in found.values() if kept.intent.id != answered]
        if not told:
            return None
        said = self._said(asker)
        results = [await self._became(kept, said, asker.login) for kept in told]
        events = (event for result in results for event in result.events)
        over = waits in {kept.intent.id for kept in told}
        return Acted(said.result(results[-1].outcome, (), *events), None if over else ordering)

    async def remembered(self, memory: Memory, events: Sequence[Shown], asker: Asker) -> Memory:
        """A memory that knows what these events have told of intents."""
        said = {event.intent: event.state for event in events if isinstance(event, ReceiptEvent)}
        if not said:
            return memory
        told = [kept.intent.id for kept in await self._untold(memory.told, asker) if kept.intent.id in said]
        unknown = (one for one in dict.fromkeys((*memory.unknown, *said)) if said.get(one, State.UNKNOWN) not in ENDED)
        return memory.model_copy(update={"told": next(reversed(told), memory.told), "unknown": tuple(unknown)})

    async def _ended(self, intents: Sequence[IntentId], asker: Asker) -> Sequence[Kept]:
        """Those that have a known end by now, and were not erased."""
        found = []
        for one in intents:
            with suppress(NotFound):
                found.append(await asyncio.to_thread(self.performing.intents.get, asker.login.party.id, one))
        return [kept for kept in found if kept.state in ENDED]

    async def _untold(self, told: IntentId | None, asker: Asker) -> Sequence[Kept]:
        """What has been confirmed of what this conversation showed, and was not told of in it."""
        if not asker.place.conversation:
            return ()
        intents, party = self.performing.intents, asker.login.party.id
        return await asyncio.to_thread(intents.confirmed, party, asker.place.conversation, told)

    async def _became(self, kept: Kept, said: _Said, login: Login) -> ToolResult:
        """What became of an intent, in words."""
        intent, state, result = kept
        words = _WORDS[intent.action]
        slots = self._slots(intent, said)
        receipt = ReceiptEvent(intent=intent.id, action=intent.action, state=state)
        if state is State.DONE:
            await self.fed(login)
            later = intent.action in MOVES_MONEY and intent.on is not None
            said.say(f"act.{words.later if later else words.done}", **slots)
            if result is not None and result.settles_at is not None and not later:
                day = said.book.day("arrives", result.settles_at.date(), (_source(intent),))
                said.say("act.settles", day=day)
            if result is not None and result.on is not None:
                said.say("act.arrives", day=said.book.day("arrives", result.on, (_source(intent),)))
            return said.result(Outcome.DONE, (), receipt)
        if state is State.FAILED:
            reason = _REASONS.get(result.reason if result else "", "act.failed_other")
            said.say(f"act.{words.failed}", **slots)
            said.say(reason)
            return said.result(Outcome.CANNOT, (), receipt)
        said.say(f"act.{words.unknown}", **slots)
        said.say("act.unknown")
        return said.result(Outcome.UNKNOWN, (), receipt)

    async def _cancel(self, intent: Intent, asker: Asker) -> Acted:
        """Take back what was not confirmed yet; of what was, say what became of it."""
        party, said = asker.login.party.id, self._said(asker)
        state = await asyncio.to_thread(self.performing.intents.cancel, party, intent.id)
        if state in (State.FAILED, State.RESERVED, State.SENT, State.UNKNOWN):
            kept = await asyncio.to_thread(self.performing.intents.get, party, intent.id)
            return Acted(await self._became(kept, said, asker.login))
        said.say("act.too_late" if state is State.DONE else "act.dropped")
        return Acted(said.result(Outcome.ANSWER, (), ReceiptEvent(intent=intent.id, action=intent.action, state=state)))

    # What is missing

    async def _continue(self, draft: Draft, asker: Asker, said: str = "") -> Acted:
        """Ask for what is missing, or show what would be done."""
        try:
            if draft.action in (Action.FREEZE_CARD, Action.UNFREEZE_CARD, Action.REPLACE_CARD):
                return await self._of_cards(draft, said, asker)
            return await self._of_money(draft, asker)
        except ServiceRefused:
            return Acted(ToolResult(outcome=Outcome.CANNOT, lines=(Line(key="act.failed_other"),)))
        except NOT_DONE as error:
            return Acted(ToolResult(outcome=Outcome.CANNOT, lines=(not_asked(error, "act.unavailable"),)), Ordering(draft=draft))
        except Denied as error:
            return Acted(self._denied(error, self._said(asker)))

    async def _of_money(self, draft: Draft, asker: Asker) -> Acted:
        payable, payee = self._payable(asker), draft.payee
        if orders.is_abroad("", draft, self._currency(asker)):
            return self._abroad(asker)
        if not payable:
            return self._ask(draft, "ask_no_account", (), asker)
        if payee is None:
            return await self._ask_payee(draft, asker)
        moves = draft.action in MOVES_MONEY
        if not moves and payee.beneficiary is not None:
            said = self._said(asker)
            said.say("act.already_saved", payee=said.book.name("payee", payee.name))
            return Acted(said.result(Outcome.ANSWER))
        if not payee.name:
            return self._ask(draft, "ask_name", (), asker)
        if moves and draft.amount is None and draft.repeat:
            draft = await self._as_before(draft, asker)
        if moves and draft.amount is None and not (draft.whole and payee.own is not None):
            return await self._ask_amount(draft, payee, asker)
        able = [a for a in payable if draft.amount is None or a.currency == draft.amount.currency]
        able = [a for a in able if a.id != payee.own]
        if draft.account not in [a.id for a in able]:
            if draft.account is not None and "account" in draft.origins and draft.origins["account"][0] is Origin.CUSTOMER:
                return self._ask(draft.model_copy(update={"account": None}), "ask_other_account", [a.name for a in able], asker)
            # Somebody else's account is never taken for what was not said.
            usual = [a for a in able if a.kind is AccountKind.CURRENT and _named(a.id, asker) == a.name]
            # Where a payee is kept makes little difference: with the foremost account.
            if len(usual) != 1 and (moves or not usual):
                return self._ask(draft, "ask_account" if able else "ask_no_account", [a.name for a in usual or able], asker)
            draft = draft.having("account", Origin.BANK, account=usual[0].id)
        if moves and draft.amount is None and draft.account is not None:
            draft = await self._all_of(draft, draft.account, asker)
        return (
            await self._show(draft, asker)
            if not moves or draft.amount is not None
            else await self._ask_amount(draft, payee, asker)
        )

    async def _all_of(self, draft: Draft, account: AccountId, asker: Asker) -> Draft:
        """All that an account has available, without what the bank would lend; as it was where that is nothing."""

        async def ask(token: str, one: AccountId) -> Sequence[Balance]:
            return [await self.services.balances(token, one)] if one == account else []

        balance = (await self._each(asker, "ReadBalances", ask))[0]
        held = balance.available - balance.credit_line if balance.credit_line is not None else balance.available
        return draft.having("amount", Origin.BANK, "the balance", amount=held) if held.minor > 0 else draft

    async def _ask_payee(self, draft: Draft, asker: Asker) -> Acted:
        if draft.action is Action.TRANSFER:
            if orders.says_somebody(draft, asker.accounts):
                return await self._ask_payee(draft.model_copy(update={"action": Action.PAY}), asker)
            there = [a for a in self._payable(asker) if a.id != draft.account]
            if len(there) == 1 and draft.account is not None and _named(there[0].id, asker) == there[0].name:
                # From the one of two accounts it can only go to the other.
                return await self._of_money(orders.to_own(there[0], draft, Origin.BANK), asker)
            return self._ask(draft, "ask_own_payee" if there else "ask_no_account", [a.name for a in there], asker)
        if draft.action is Action.ADD_BENEFICIARY:
            return self._ask(draft, "ask_details" if draft.said else "ask_new_payee", (), asker, name=literal(draft.said))
        saved = await self._beneficiaries(asker)
        if draft.said and len(alike := orders.matching(draft.said, saved)) > 1:
            return self._which(Several(field="payee", said=draft.said, names=tuple(b.name for b in alike)), draft, asker)
        if draft.said and words_of(draft.said):
            some = {w for w in words_of(plain(draft.said)) if len(w) > 1}
            near = [b.name for b in saved if some & words_of(plain(f"{b.name} {b.reference}"))]
            return self._ask(draft, "ask_unknown_payee", near or [b.name for b in saved], asker, name=literal(draft.said))
        return self._ask(draft, "ask_payee", [b.name for b in saved], asker)

    def _abroad(self, asker: Asker) -> Acted:
        said = self._said(asker)
        said.say("act.abroad")
        return Acted(said.result(Outcome.CANNOT))

    def _no_skipping(self, asker: Asker) -> Acted:
        said = self._said(asker)
        said.say("act.no_skipping")
        return Acted(said.result(Outcome.REFUSE))

    def _doubted(self, draft: Draft, asker: Asker) -> Acted | None:
        """Ask, instead of showing what was taken from a pasted text, where the text speaks against itself; None where it does not."""
        bill = read_bill(asker.pasted)
        found = None if bill is None else doubt_of(asker.pasted, bill)
        known = draft.payee is not None and draft.payee.beneficiary is not None
        if found is None or (known and found.kind in _WHOSE):
            return None
        if found.kind is DoubtKind.SPEAKS:
            draft = orders.without_content(draft)
        elif found.kind in _WHOSE and draft.payee is not None:
            draft = draft.model_copy(update={"payee": draft.payee.model_copy(update={"name": ""})})
        else:
            draft = draft.model_copy(update={"payee": None, "said": ""})
        asked = "name" if draft.payee is not None else "payee"
        return Acted(self._doubt(found, asked, asker), Ordering(draft=draft.model_copy(update={"asked": asked})), lacks=True)

    def _doubt(self, found: Doubt, asked: str, asker: Asker) -> ToolResult:
        said = self._said(asker)
        facts = [said.book.words("in the pasted text", words) for words in found.found]
        said.say(_DOUBTED[found.kind], found=" and ".join(f"{{{fact.ref}}}" for fact in facts))
        said.say("act.ask_name" if asked == "name" else "act.ask_payee")
        return said.result(Outcome.CLARIFY)

    def _ask(self, draft: Draft, what: str, choices: Sequence[str], asker: Asker, **slots: str) -> Acted:
        said = self._said(asker)
        said.say(f"act.{what}", **slots)
        shown = tuple(dict.fromkeys(choices))[:MOST_CHOICES]
        if what == "ask_no_account":
            return Acted(said.result(Outcome.CANNOT, shown))
        asked = draft.model_copy(update={"asked": _ASKED.get(what, "payee")})
        return Acted(said.result(Outcome.CLARIFY, shown), Ordering(draft=asked), lacks=True)

    def _which(self, unclear: Several, draft: Draft, asker: Asker) -> Acted:
        """Ask which of several things is meant."""
        said = self._said(asker)
        said.say(_WHICH[unclear.field])
        asked = "payee" if unclear.field == "whom" else unclear.field
        draft = draft.model_copy(update={"asked": asked, **({"said": unclear.said} if unclear.field == "payee" else {})})
        return Acted(said.result(Outcome.CLARIFY, tuple(dict.fromkeys(unclear.names))[:MOST_CHOICES]), Ordering(draft=draft))

    async def _ask_amount(self, draft: Draft, payee: Payee, asker: Asker) -> Acted:
        """Ask how much, telling what was last paid each way where words point at payments of before."""
        said, name = self._said(asker), literal(payee.name)
        found: list[Money] = []
        if draft.whole:
            said.say("act.not_all", words=literal(draft.whole))
        if draft.repeat:
            said.say("act.no_such", no=said.book.absent("payments", "no"), words=literal(draft.repeat), name=name)
            for incoming, key in ((True, "act.last_got"), (False, "act.last_paid")):
                for amount, source, on in await self._paid(payee, asker, incoming, None, asker.today):
                    found.append(amount)
                    said.say(key, amount=said.book.money("last", amount, (source,)), day=said.book.day("on", on, (source,)))
            since, until = self._days_meant(draft, asker)
            if since is not None:
                then = await self._paid(payee, asker, not orders.says_same(draft.repeat), since, until)
                found = [amount for amount, _, _ in then] or found
                for amount, source, on in then[:MOST_CHOICES]:
                    key = "act.paid_then" if orders.says_same(draft.repeat) else "act.got_then"
                    said.say(key, amount=said.book.money("then", amount, (source,)), day=said.book.day("on", on, (source,)))
            if "difference" in draft.repeat.casefold() and len(set(found)) == 2:
                found = [abs(found[0] - found[1])]
        said.say("act.ask_amount", name=name)
        choices = [amount.shown(asker.login.locale) for amount in dict.fromkeys(found)][:MOST_CHOICES]
        return Acted(said.result(Outcome.CLARIFY, choices), Ordering(draft=draft.model_copy(update={"asked": "amount"})))

    def _days_meant(self, draft: Draft, asker: Asker) -> tuple[dt.date | None, dt.date]:
        """The days that words such as "same as last month" name; without a first one for the last time."""
        named = next((span.period for span in periods.find(draft.repeat, Today(asker.today)) if span.period), None)
        return (named.since, named.until or asker.today) if named is not None and named.since is not None else (None, asker.today)

    async def _paid(
        self, payee: Payee, asker: Asker, incoming: bool, since: dt.date | None, until: dt.date
    ) -> list[tuple[Money, str, dt.date]]:
        """What was paid to a payee, or came from them, in some days; the last alone where no days are meant."""
        own = tuple(a.id for a in asker.accounts)

        async def look(_own: tuple[OwnAccountId, ...]) -> list[tuple[Money, str, dt.date]]:
            chosen = Selection(accounts=own, since=since, until=until, incoming=incoming, text=payee.name)
            rows = await asyncio.to_thread(self.queries.rows, chosen, Order.NEWEST, 1 if since is None else None)
            return [(abs(amount_of(row)), str(row["source_id"]), row["booked_on"]) for row in rows]

        return await self.gateway.perform("ReadTransactions", asker.login, own, asker.now, look)

    async def _as_before(self, draft: Draft, asker: Asker) -> Draft:
        """The amount that words such as "the same as last month" point at: that of the one payment which they can mean."""
        payee, words = draft.payee, draft.repeat.casefold()
        if payee is None or "difference" in words:
            return draft
        since, until = self._days_meant(draft, asker)
        found = await self._paid(payee, asker, not orders.says_same(draft.repeat), since, until)
        if len(found) != 1:
            return draft
        amount, source, on = found[0]
        return draft.having("amount", Origin.BANK, source, amount=amount, as_on=on)

    # What would be done

    async def _show(self, draft: Draft, asker: Asker) -> Acted:
        """Ask the services about it, weigh it, and show it whole: what is shown is what is done."""
        intent = self._intent(draft, asker)
        told = await self.performing.consult(intent, asker.login)
        said = self._said(asker)
        if not told.enough:
            said.say("act.no_funds", **self._slots(intent, said) | {"account": _named(intent.account, asker)})
            return Acted(said.result(Outcome.CANNOT))
        intent = intent.model_copy(
            update={
                "fee": told.fee if told.fee is not None and told.fee.minor else None,
                "name_check": told.name_check,
                "consent": told.consent,
            }
        )
        intent = intent.model_copy(update={"values": self._values(intent, draft, told, asker)})
        decision = await self.performing.prepare(intent, asker.login, asker.now)
        known = await self._known_otherwise(intent, asker)
        return self._shown(intent, draft, told, isinstance(decision, StepUp), said, known)

    async def _known_otherwise(self, intent: Intent, asker: Asker) -> Beneficiary | None:
        """A saved payee of the same name as one who is not saved: whose account changed, or somebody who poses as them."""
        payee = intent.payee
        if payee is None or payee.beneficiary or payee.own:
            return None
        return next((b for b in (await self._around(asker)).beneficiaries if plain(b.name) == plain(payee.name)), None)

    def _shown(
        self, intent: Intent, draft: Draft, told: Consulted, step_up: bool, said: _Said, known: Beneficiary | None = None
    ) -> Acted:
        slots = self._slots(intent, said)
        said.say(f"act.{_WORDS[intent.action].show}", **slots)
        if intent.fee is not None:
            said.say("act.fee", fee=said.book.money("fee", intent.fee, (_source(intent),)))
        if told.settles_at is not None:
            said.say("act.settles", day=said.book.day("arrives", told.settles_at.date(), (_source(intent),)))
        if intent.name_check is not None:
            named = {"name": said.book.name("name at the bank", told.name)} if told.name else {}
            said.say(_CHECKED[intent.name_check], **named)
        if known is not None:
            number = said.book.name("saved account number", _digits(known.identification))
            said.say("act.known_otherwise", name=said.book.name("saved payee", known.name), number=number)
        if draft.as_on is not None and draft.origins["amount"][0] is Origin.BANK:
            said.say("act.as_on", day=said.book.day("as on", draft.as_on, (draft.origins["amount"][1],)))
        if draft.amount is not None and draft.worked is not None:
            self._say_worked(draft.worked, said)
        if draft.whole and draft.amount is not None:
            said.say("act.all_of", account=literal(_value(intent, "account")))
        for source in dict.fromkeys(value.source for value in intent.values if value.origin is Origin.DATA):
            names = [f"the {v.name}" for v in intent.values if v.origin is Origin.DATA and v.source == source]
            said.say("act.origin", what=listed(names), source=literal(source))
        said.say("act.confirm_step_up" if step_up else "act.confirm")
        event = ConfirmationEvent(
            intent=intent.id,
            digest=intent.digest,
            action=intent.action,
            values=intent.values,
            step_up=step_up,
            expires_at=intent.expires_at,
        )
        return Acted(said.result(Outcome.CONFIRM, (), event), Ordering(draft=draft, waits=intent.id))

    def _say_worked(self, worked: Worked, said: _Said) -> None:
        first, *more = [said.book.money("of", money) for money in worked.of]
        if more:
            said.say("act.difference", one=first, other=more[0])
            return
        parts = said.book.count("parts", worked.parts)
        said.say("act.share_rounded" if worked.is_rounded else "act.share", whole=first, parts=parts)

    def _intent(self, draft: Draft, asker: Asker) -> Intent:
        account = draft.account or next(iter(self._payable(asker))).id
        return Intent(
            id=IntentId(uuid.uuid4().hex),
            party=asker.login.party.id,
            conversation=asker.place.conversation,
            turn=asker.place.turn,
            action=draft.action,
            account=account,
            prepared_at=asker.now,
            values=(),
            amount=draft.amount,
            payee=draft.payee,
            reference=draft.reference,
            on=draft.on,
        )

    def _values(self, intent: Intent, draft: Draft, told: Consulted, asker: Asker) -> tuple[Value, ...]:
        """Every value that is bound, as it is shown, with where it comes from."""
        shown: list[tuple[str, str]] = []
        if intent.amount is not None:
            shown.append(("amount", intent.amount.shown(asker.login.locale)))
        if intent.payee is not None:
            shown.append(("payee", f"{intent.payee.name}, {_number(intent.payee)}"))
        shown.append(("account", _named(intent.account, asker)))
        if intent.reference and intent.action in MOVES_MONEY:
            shown.append(("reference", intent.reference))
        if intent.action in MOVES_MONEY:
            shown.append(("on", intent.on.isoformat() if intent.on else "at once"))
        if intent.fee is not None:
            shown.append(("fee", intent.fee.shown(asker.login.locale)))
        values = []
        for name, words in shown:
            origin, source = draft.origins.get(name, (Origin.BANK, ""))
            values.append(Value(name=name, shown=words, origin=origin, source=source))
        return tuple(values)

    # Cards

    async def _of_cards(self, draft: Draft, message: str, asker: Asker) -> Acted:
        """Freeze at once; anything else about a card waits for a yes. Which card is asked only where it matters."""
        held = await self._cards(asker)
        frozen = draft.action is not Action.FREEZE_CARD
        able = held if draft.action is Action.REPLACE_CARD else [card for card in held if card.frozen is frozen]
        said = self._said(asker)
        if not able:
            said.say("act.no_card_frozen" if frozen else "act.no_card_active", no=said.book.absent("cards", "no"))
            return Acted(said.result(Outcome.NONE))
        chosen = able if draft.lost or len(able) == 1 else self._meant(able, message, asker)
        if not chosen:
            names = {a.id: a.name for a in asker.accounts}
            said.say("act.which_card")
            labels = [f"{names[card.account]} card ending {card.last_digits}" for card in able]
            labels += ["All of them"] if draft.action is Action.FREEZE_CARD else []
            return Acted(said.result(Outcome.CLARIFY, labels), Ordering(draft=draft.model_copy(update={"asked": "card"})))
        if draft.action is Action.FREEZE_CARD and not draft.proposed:
            return await self._freeze(draft, chosen, asker)
        shown = await self._show_card(draft, chosen[0], asker)
        return _and(shown, "act.separately") if len(chosen) > 1 else shown

    def _meant(self, cards: Sequence[Card], message: str, asker: Asker) -> list[Card]:
        """The cards that words mean: by the end of the number, by the account, or all of them."""
        text = plain(message)
        by_number = [card for card in cards if re.search(rf"(?<!\d){card.last_digits}(?!\d)", text)]
        if by_number:
            return by_number
        if _EVERY.search(text):
            return list(cards)
        words = words_of(text) - {"card", "cards", "account", "debit", "my", "the", "freeze", "unfreeze"}
        named = [a for a in asker.accounts if words_of(plain(a.name)) & words] or accounts_named(text, asker.accounts)
        found = [card for card in cards if card.account in {a.id for a in named}]
        return found if len(found) < len(cards) else []

    async def _freeze(self, draft: Draft, cards: Sequence[Card], asker: Asker) -> Acted:
        """Each card is an intent of its own: what fails for one leaves the others frozen, and is told of that one."""
        said = self._said(asker)
        results = [await self._freeze_one(draft, card, said, asker) for card in cards]
        choices = []
        if any(result.outcome is Outcome.DONE for result in results):
            said.say("act.lost_next" if draft.lost else "act.frozen_next")
            choices = ["Order a replacement card"] if draft.lost else []
        outcome = next((r.outcome for r in results if r.outcome is not Outcome.DONE), Outcome.DONE)
        return Acted(said.result(outcome, choices, *(event for result in results for event in result.events)))

    async def _freeze_one(self, draft: Draft, card: Card, said: _Said, asker: Asker) -> ToolResult:
        intent = self._card_intent(draft, [card], asker)
        try:
            await self.performing.prepare(intent, asker.login, asker.now)
            kept = await self.performing.confirm(asker.login, intent.id, intent.digest, asker.now)
        except (*NOT_DONE, Denied):
            said.say("act.freeze_failed", **self._slots(intent, said))
            return ToolResult(outcome=Outcome.CANNOT, lines=())
        return await self._became(kept, said, asker.login)

    async def _show_card(self, draft: Draft, card: Card, asker: Asker) -> Acted:
        intent = self._card_intent(draft, [card], asker)
        decision = await self.performing.prepare(intent, asker.login, asker.now)
        return self._shown(intent, draft, Consulted(), isinstance(decision, StepUp), self._said(asker))

    def _card_intent(self, draft: Draft, cards: Sequence[Card], asker: Asker) -> Intent:
        origin, source = draft.origins.get("cards", (Origin.BENEFICIARY, ""))
        values = tuple(Value(name="cards", shown=_card_name(card), origin=origin, source=source) for card in cards)
        return Intent(
            id=IntentId(uuid.uuid4().hex),
            party=asker.login.party.id,
            conversation=asker.place.conversation,
            turn=asker.place.turn,
            action=draft.action,
            why=draft.why,
            account=cards[0].account,
            prepared_at=asker.now,
            values=values,
            cards=tuple(card.id for card in cards),
        )

    # What the services know

    def _payable(self, asker: Asker) -> list[Account]:
        """The accounts that the login may pay from, as far as its grants say; whether it may is for the policy."""
        login = asker.login
        may = {g.account for g in login.grants if g.role in PAYING and g.source is GrantSource.SERVICE and g.holds(asker.now)}
        return [a for a in asker.accounts if a.id in may]

    def _currency(self, asker: Asker) -> str:
        """What the bank sends here: the currency of the foremost account that can pay."""
        return next((a.currency for a in self._payable(asker)), "GBP")

    async def _around(self, asker: Asker) -> Around:
        try:
            saved = await self._beneficiaries(asker)
        except NOT_DONE:
            saved = []
        accounts = self._payable(asker)
        return Around(saved, accounts, asker.today, frozenset(a.id for a in accounts if _named(a.id, asker) != a.name))

    async def _beneficiaries(self, asker: Asker) -> list[Beneficiary]:
        return await self._each(asker, "ReadBeneficiaries", self.services.beneficiaries)

    async def _cards(self, asker: Asker) -> list[Card]:
        return await self._each(asker, "ReadCards", self.services.cards)

    async def _each(self, asker: Asker, action: str, ask: Callable[[str, AccountId], Awaitable[Sequence[T]]]) -> list[T]:
        login, token = asker.login, asker.login.token or ""
        ids = [a.id for a in self._payable(asker)]
        if not ids:
            return []

        async def act(own: tuple[OwnAccountId, ...]) -> list[T]:
            found = await asyncio.gather(*(ask(token, account) for account in own))
            return [one for some in found for one in some]

        return await self.gateway.perform(action, login, ids, asker.now, act)

    # In words

    def _said(self, asker: Asker) -> _Said:
        return _Said(FactBook(asker.login.locale, asker.facts))

    def _slots(self, intent: Intent, said: _Said) -> dict[str, Fact | str]:
        """The values of an intent for a sentence, each a fact."""
        source = (_source(intent),)
        by_name = {value.name: value.shown for value in intent.values}
        slots: dict[str, Fact | str] = {"account": literal(by_name.get("account", ""))}
        if intent.amount is not None:
            slots["amount"] = said.book.money("amount", intent.amount, source)
        if intent.payee is not None:
            slots["payee"] = said.book.name("payee", intent.payee.name, source)
            slots["number"] = said.book.name("account number", _number(intent.payee), source)
        if intent.cards:
            slots["cards"] = said.book.name("cards", " and ".join(v.shown for v in intent.values if v.name == "cards"), source)
        slots["reference"] = f", reference {literal(intent.reference)}" if intent.reference else ""
        if intent.on is not None:
            day = said.book.day("on", intent.on, source)
            slots["day"] = f" on {{{day.ref}}}"
        else:
            slots["day"] = ""
        return slots

    def _denied(self, error: Denied, said: _Said) -> ToolResult:
        known = {rule.id: rule for rule in self.gateway.policies.rules.values()}
        reasons = [known[rule].because for rule in error.rules if rule in known and not known[rule].permits]
        said.say("act.denied")
        for reason in reasons:
            said.say("act.because", because=said.book.words("rule", reason[:1].upper() + reason[1:]))
        return said.result(Outcome.REFUSE)


class _Words(NamedTuple):
    """The messages of an action: what would be done, and what became of it; later: set up for another day."""

    show: str
    done: str
    failed: str
    unknown: str
    later: str = ""


_WORDS = {
    Action.PAY: _Words("pay_show", "pay_done", "pay_failed", "pay_unknown", "pay_later"),
    Action.TRANSFER: _Words("transfer_show", "transfer_done", "transfer_failed", "transfer_unknown", "transfer_later"),
    Action.ADD_BENEFICIARY: _Words("add_show", "add_done", "add_failed", "add_unknown"),
    Action.FREEZE_CARD: _Words("freeze_show", "freeze_done", "freeze_failed", "freeze_unknown"),
    Action.UNFREEZE_CARD: _Words("unfreeze_show", "unfreeze_done", "unfreeze_failed", "unfreeze_unknown"),
    Action.REPLACE_CARD: _Words("replace_show", "replace_done", "replace_failed", "replace_unknown"),
}
# What is said of a text that is doubted.
_DOUBTED = {
    DoubtKind.SPEAKS: "act.pasted_speaks",
    DoubtKind.SEVERAL: "act.pasted_several",
    DoubtKind.STRANGER: "act.pasted_stranger",
    DoubtKind.NAMELESS: "act.pasted_nameless",
}
# Doubts about whose an account is: none where the bank knows it.
_WHOSE = frozenset({DoubtKind.STRANGER, DoubtKind.NAMELESS})
_CHECKED = {
    NameCheck.MATCH: "act.name_match",
    NameCheck.CLOSE: "act.name_close",
    NameCheck.NO_MATCH: "act.name_no_match",
    NameCheck.UNAVAILABLE: "act.name_unavailable",
}
_GONE = {
    "expired": "act.gone_expired",
    "cancelled": "act.gone_cancelled",
    "superseded": "act.gone_superseded",
    "changed": "act.gone_changed",
}
_WHICH = {
    "payee": "act.which_payee",
    "whom": "act.one_payee",
    "account": "act.which_account",
    "amount": "act.which_amount",
    "on": "act.which_day",
    "again": "act.say_again",
}
# What is asked for, and the field that the next message answers.
_ASKED = {
    "ask_account": "account",
    "ask_other_account": "account",
    "ask_name": "name",
}
_REASONS = {
    "AM04": "act.failed_funds",
    "U028": "act.failed_login",
    "not_authenticated": "act.failed_login",
    "insufficient_scope": "act.failed_login",
    "service_unavailable": "act.failed_service",
    "outcome_unknown": "act.failed_service",
    "database_unavailable": "act.failed_service",
    "not sent": "act.failed_never",
    "not made": "act.failed_never",
}
_DROPS = re.compile(
    r"(?:no|nope|ok|oh|wait|actually|please|stop|sorry|no wait|hang on|on second thoughts?)?[ ,]*(?:no|stop|cancel|forget|scrap|drop|leave|never ?mind|don't)"
    r"(?: (?:it|that|this|the (?:payment|transfer|order)|send (?:it|that)|do (?:it|that)|bother|please|wait|about it|about that))*"
)


def _and(acted: Acted, key: str) -> Acted:
    """What a turn says, and one more sentence."""
    lines = (*acted.result.lines, Line(key=key))
    return replace(acted, result=acted.result.model_copy(update={"lines": lines}))


def _paid_by_name(around: Around) -> frozenset[str]:
    return frozenset(word for one in around.beneficiaries for word in words_of(plain(one.name)) if len(word) > 1)


def _draft_of(intent: Intent) -> Draft:
    """The order that an intent was made from, as far as an intent tells."""
    return Draft(
        action=intent.action,
        said=intent.payee.name if intent.payee else "",
        payee=intent.payee,
        amount=intent.amount,
        account=intent.account,
        reference=intent.reference,
        on=intent.on,
        origins={value.name: (value.origin, value.source) for value in intent.values},
    )


def _named(account: AccountId, asker: Asker) -> str:
    """An account as what it is to whoever orders: somebody else's is called that."""
    one = next(a for a in asker.accounts if a.id == account)
    roles = {g.role for g in asker.login.grants if g.account == account and g.holds(asker.now)}
    by_mandate = Role.MANDATE in roles and not roles & {Role.HOLDER, Role.JOINT}
    return f"{orders.whose(one)}, by mandate" if by_mandate and one.holders else one.name


def _value(intent: Intent, name: str) -> str:
    return next((value.shown for value in intent.values if value.name == name), "")


def _step_up(intent: Intent, asked: StepUpRequired) -> StepUpEvent:
    return StepUpEvent(intent=intent.id, acr=asked.acr, max_age_s=asked.max_age_s)


def _source(intent: Intent) -> str:
    return f"intent:{intent.id}"


def _number(payee: Payee) -> str:
    """An account number as people read it."""
    return _digits(payee.identification)


def _digits(digits: str) -> str:
    if len(digits) == 14 and digits.isdigit():
        return f"{digits[:2]}-{digits[2:4]}-{digits[4:6]} {digits[6:]}"
    return digits


def _card_name(card: Card) -> str:
    return f"{card.scheme.title()} {card.kind} card ending {card.last_digits}"
