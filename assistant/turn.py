"""One turn: a message and a login in, events out, what to remember back. Nothing else enters and nothing else leaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

import structlog

from assistant import eligibility, holdings, looked, namesakes, pages, position, spending, terms, trail, undone
from assistant.acting import NOWHERE, Acted, Asker, Confirmed, Place, Shown
from assistant.answer import reading, render
from assistant.choices import picked
from assistant.days import of_own_days
from assistant.dialogue import SURE, Understanding, Unsure
from assistant.following import remembered
from assistant.grounded import grounded
from assistant.labels import CERTAIN
from assistant.leftover import passes_over
from assistant.library import article, beside
from assistant.memory import Choice, Memory
from assistant.namesakes import family_in
from assistant.orders import KEPT_TURNS, NEAR, NEARER, NEAREST, Ordering, commands, later
from assistant.pasted import split
from assistant.periods import Today
from assistant.placeholders import Placeholders, names_to_hide
from assistant.plan import ABOUT_PAYMENTS, ABOUT_TERMS, DAYS_AHEAD, FREE, READ_WHOLE, Asked, Plan, Spans, Step, Tool
from assistant.proposed import Proposed
from assistant.resolve import NAMES_ELSEWHERE, Alike, Query, Unclear, payees_of, resolve
from assistant.router import LEANING
from assistant.spans import DAYLESS, Found, Known, Vocabulary, find, plain
from assistant.tools import Context, Line, Live, ToolResult, literal, not_asked, together, unknown_payee
from assistant.topics import asks_nothing, points_back, topic_of, with_last
from assistant.wording import Emit, Wording
from assistant.wordings import Wordings
from connectors.gateway import Gateway
from connectors.policy import OwnAccountId
from connectors.services import BankServices
from data.articles import Audience, Passage
from data.banking import Account, AccountKind, Balance, Contact, Product
from data.errors import (
    Denied,
    IndexUnavailable,
    ModelBusy,
    ModelUnavailable,
    NotAuthenticated,
    ScopeMissing,
    ServiceRefused,
    ServiceUnavailable,
)
from data.facts import (
    ChartEvent,
    ChoicesEvent,
    CitationEvent,
    DoneEvent,
    Event,
    FactBook,
    FactEvent,
    HandoverEvent,
    Outcome,
    Scope,
    StatusEvent,
    ToolEvent,
)
from data.ledger import Ledger
from data.party import AccountId, GrantSource, Login, Purpose, Role
from data.queries import Group, Queries

# A description and the granted accounts -> what is known to be like it, all above the floors.
Meaning = Callable[[str, frozenset[AccountId]], Awaitable[Alike]]


# A question, the day, the product versions of the customer, what they may read and the titles that it may well be about -> the
# passages of each article found, in force for them.
Search = Callable[[str, dt.date, frozenset[str], Audience, Sequence[str]], Awaitable[Sequence[Sequence[Passage]]]]
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Planner(Protocol):
    async def plan(self, message: str, prior: Plan | None = None, heard: Spans | None = None) -> Plan: ...


class Large(Protocol):
    """An outside model that performs steps and says sentences; see assistant.large."""

    async def converse(
        self, message: str, prior: Plan | None, heard: Spans, objection: Callable[[Step], str], wording: Wording, pasted: str
    ) -> None: ...


class TakesOrders(Protocol):
    """What a turn needs of `assistant.acting.Acting`; a replay has something else in its place."""

    async def found_out(self, message: str, memory: Memory, confirmed: Confirmed | None, asker: Asker) -> Acted | None: ...
    async def remembered(self, memory: Memory, events: Sequence[Shown], asker: Asker) -> Memory: ...
    async def confirm(self, confirmed: Confirmed, asker: Asker) -> Acted: ...
    async def go_on(self, message: str, ordering: Ordering | None, asker: Asker) -> Acted | None: ...
    async def start(self, message: str, asker: Asker, least: float = NEAR) -> Acted | None: ...
    async def again(self, message: str, ordering: Ordering | None, asker: Asker) -> Acted | None: ...
    async def propose(self, asked: Proposed, said: Sequence[str], results: Sequence[ToolResult], asker: Asker) -> Acted: ...


ToolFunction = Callable[[Query, Context], ToolResult]
TOOLS: Mapping[Tool, ToolFunction] = {
    Tool.SUM: spending.spent_sum, Tool.COUNT: spending.count, Tool.AVERAGE: spending.average, Tool.LARGEST: spending.largest,
    Tool.SMALLEST: spending.smallest, Tool.FIRST: spending.first, Tool.LAST: spending.last, Tool.TOP: spending.top,
    Tool.BREAKDOWN: spending.breakdown, Tool.COMPARE: spending.compare, Tool.SHARE: spending.share, Tool.DISTINCT: spending.distinct,
    Tool.REFUNDS: spending.refunds, Tool.REFUND_STATUS: spending.refund_status, Tool.INCOME: spending.income, Tool.QUIET_DAYS: spending.quiet_days,
    Tool.BIGGEST_DAY: spending.biggest_day, Tool.FIND: spending.find, Tool.DUPLICATES: spending.duplicates,
    Tool.PENDING: spending.pending, Tool.IDENTIFY: spending.identify, Tool.BALANCE: position.balance, Tool.POSITION: position.position,
    Tool.EXPLAIN: position.explain, Tool.STANDING_ORDERS: position.standing_orders, Tool.DIRECT_DEBITS: position.direct_debits,
    Tool.UPCOMING: position.upcoming, Tool.SUBSCRIPTIONS: position.subscriptions, Tool.SALARY: position.salary,
    Tool.AFFORD: position.afford, Tool.SPARE: position.spare, Tool.ACCOUNTS: position.accounts, Tool.BENEFICIARIES: position.beneficiaries,
    Tool.CARDS: holdings.cards, Tool.STATEMENTS: holdings.statements, Tool.PRODUCT: holdings.product, Tool.CONTACT: holdings.contact,
    Tool.ELIGIBILITY: eligibility.eligibility,
}  # fmt: skip
STATIC: Mapping[Tool, tuple[Outcome, tuple[str, ...]]] = {
    Tool.HELP: (Outcome.ANSWER, ("help.text",)),
    Tool.CANNOT: (Outcome.CANNOT, ("cannot.text", "cannot.person")),
    Tool.REFUSE: (Outcome.REFUSE, ("refuse.text",)),
    Tool.OOS: (Outcome.OOS, ("oos.text",)),
    Tool.HANDOVER: (Outcome.HANDOVER, ("handover.text", "handover.care")),
}
LIVE_BALANCE = DAYS_AHEAD | {Tool.BALANCE, Tool.POSITION, Tool.EXPLAIN, Tool.PRODUCT}
SUGGESTED = ("What is my balance?", "How much did I spend last month?", "What is coming out before payday?")


# The question as the pages understand it, the passages of each article found, whose terms it may be about.
Searched = tuple[str, Sequence[Sequence[Passage]], list[terms.Held]]


@dataclass(frozen=True)
class Asking:
    """Who asks in a turn, what they may see, when, and after what. pasted: content beside their words. facts: how many were told before the answer. message: as they typed it. searched: what this turn has looked for in the pages."""

    login: Login
    accounts: tuple[AccountId, ...]
    known: Known
    memory: Memory
    now: dt.datetime
    place: Place = NOWHERE
    pasted: str = ""
    facts: int = 0
    message: str = ""
    searched: dict[str, Searched] = field(default_factory=dict)


@dataclass
class Assistant:
    """Answers turns. acting: takes orders; without it nothing is ever done. always_model: the router is not asked.

    planner, large: who is asked what the router is not sure of, in the profile of each; of a party that has not agreed to it, an
    outside model is not asked. Without either it is asked back.
    """

    ledger: Ledger
    queries: Queries
    understanding: Understanding
    meaning: Meaning
    articles: Search
    gateway: Gateway
    services: BankServices
    synonyms: Mapping[str, Sequence[str]]
    category_names: Mapping[str, str]
    vocabulary: Vocabulary
    page_wordings: Wordings
    likely_pages: pages.Likely
    term_wordings: Wordings
    acting: TakesOrders | None = None
    planner: Planner | None = None
    large: Large | None = None
    always_model: bool = False
    _known: dict[tuple[object, ...], Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reader = pages.Reader(self.understanding.embed, self.page_wordings, self.likely_pages)
        self.terms = terms.Terms(self.understanding.embed, self.term_wordings)

    async def turn(
        self,
        message: str,
        login: Login,
        memory: str,
        now: dt.datetime,
        emit: Emit,
        place: Place = NOWHERE,
        confirmed: Confirmed | None = None,
    ) -> str:
        """Answer one message; returns the new memory as JSON. See data.facts for the events.

        confirmed: what the customer has confirmed by other means than this message.
        """
        began = time.perf_counter()
        before = Memory.model_validate_json(memory) if memory else Memory()
        accounts = login.accounts(now)
        known = await asyncio.to_thread(self._see, login, accounts, now)
        # What was pasted may hold anything: only the customer's own words are read as theirs.
        own, pasted = split(message)
        message = own if pasted else message
        asking = Asking(login, accounts, known, before, now, place, pasted or before.pasted, message=message)
        trail.begun(login, before, known)
        asking = await self._found_out(message, asking, confirmed, emit)
        before = asking.memory
        ordered = await self._of_order(message, asking, confirmed)
        if ordered is not None:
            trail.acted(ordered, goes_on=True)
        plan: Plan | Unsure | Acted = ordered or await self._plan(message, asking, emit)
        wording = await self._converse(message, asking, emit) if isinstance(plan, Unsure) else None
        if wording is not None and wording.acted is not None:
            plan = wording.acted
            trail.acted(plan, goes_on=False)
        if isinstance(plan, Acted):
            by_model: Literal["routed", "model"] = "routed" if wording is None else "model"
            await emit(_events(Plan(steps=(), path=by_model), [plan.result], (time.perf_counter() - began) * 1000))
            # What was shown, done or given up is wished no more.
            said = _own_words(before, message) if plan.result.outcome is Outcome.CLARIFY else ()
            left = "" if message.strip() or confirmed else pasted
            acted = {"ordering": plan.ordering, "said": said, "pasted": left}
            after = before.after((), ()).model_copy(update=acted)
            return (await self._remembered(after, plan.result.events, asking)).model_dump_json()
        kept = {"ordering": later(before.ordering), "said": _own_words(before, message)}
        if wording is not None:
            await self._finish(wording, message, began, emit)
            return before.after(wording.asked, wording.choices).model_copy(update=kept).model_dump_json()
        plan = await self._or_pages(plan, message, asking)
        trail.planned(plan, message)
        results: list[ToolResult] = []
        asked: list[Asked] = []
        choices: list[Choice] = []
        facts = asking.facts
        for step in plan.steps if isinstance(plan, Plan) else ():
            result, done, offered = await self._perform(step, asking, facts)
            one = isinstance(plan, Plan) and len(plan.steps) == 1
            if result.unknown and one and _may_ask_the_bank(plan.sure, step, message):
                # Nobody of that name was paid, and no account is called so: it may be a question about the bank after all.
                other = await self._or_pages(Unsure(Found(message, step.spans, ()), "", 0.0), message, asking)
                if isinstance(other, Plan):
                    result, done, offered = await self._perform(other.steps[0], asking, facts)
            results.append(result)
            asked += [one.model_copy(update={"beside": bool(asked)}) for one in done]
            choices += offered
            facts += len(result.facts)
        if isinstance(plan, Unsure):
            choices = _readings(plan)
            results.append(_ask_back(plan, choices))
        await emit(_events(plan, results, (time.perf_counter() - began) * 1000))
        return _after(before, plan, asked, choices).model_copy(update=kept).model_dump_json()

    # What is ordered

    def _asker(self, asking: Asking) -> Asker:
        known = asking.known
        return Asker(
            asking.login,
            known.accounts,
            known.leading - known.words,
            asking.now,
            known.today.date,
            asking.place,
            asking.pasted,
            asking.facts,
        )

    async def _found_out(self, message: str, asking: Asking, confirmed: Confirmed | None, emit: Emit) -> Asking:
        """Say what became of orders that nobody has told the end of; returns what is asked after that."""
        if self.acting is None:
            return asking
        found = await self.acting.found_out(message, asking.memory, confirmed, self._asker(asking))
        if found is None:
            return asking
        trail.acted(found, goes_on=None)
        result = found.result
        await emit([*(FactEvent(fact=fact) for fact in result.facts), *render([result]), *result.events])
        memory = asking.memory.model_copy(update={"ordering": found.ordering})
        return replace(asking, memory=await self._remembered(memory, result.events, asking), facts=len(result.facts))

    async def _remembered(self, memory: Memory, events: Sequence[Shown], asking: Asking) -> Memory:
        return memory if self.acting is None else await self.acting.remembered(memory, events, self._asker(asking))

    async def _of_order(self, message: str, asking: Asking, confirmed: Confirmed | None) -> Acted | None:
        """What is confirmed, or goes on with an order; None where the message is about something else."""
        if confirmed is None and not message.strip():
            return Acted(ToolResult(outcome=Outcome.CLARIFY, lines=(Line(key="act.pasted"),)), asking.memory.ordering)
        if self.acting is None:
            return None
        if confirmed is not None:
            return await self.acting.confirm(confirmed, self._asker(asking))
        return await self.acting.go_on(message, asking.memory.ordering, self._asker(asking))

    # What may be known

    def _see(self, login: Login, accounts: tuple[AccountId, ...], now: dt.datetime) -> Known:
        """The names this login may recognise; kept until the ledger is fed again or the day ends."""
        today = now.astimezone(ZoneInfo(login.time_zone)).date()
        others = frozenset(i for i, role in _roles(login, now).items() if role in (Role.MANDATE, Role.VIEWER))
        own = tuple(i for i in accounts if i not in others)
        fed = self.ledger.fed(accounts)
        key = (accounts, others, tuple(sorted(fed.items())), today, login.locale)
        if key not in self._known:
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            held = _foremost(self.ledger.accounts(accounts), login)
            bare = Known.of((), (), {}, held, self.vocabulary, Today.of(today, login.locale), fed=fed)
            context = self._context(bare, own, login, now, Live(), 0)
            pay = position.pay(context, own)
            self._known[key] = Known.of(
                self.ledger.payees(accounts),
                self.queries.categories(accounts),
                self.synonyms,
                held,
                self.vocabulary,
                Today.of(today, login.locale, pay.next_on if pay else None, pay.last_on if pay else None),
                others,
                fed,
            )
        return self._known[key]

    # What is meant

    async def _plan(self, message: str, asking: Asking, emit: Emit) -> Plan | Unsure | Acted:
        known, memory = asking.known, asking.memory
        chosen = (
            picked(message, memory.choices, family_in(known)) if memory.choices else namesakes.another(message, memory, known)
        )
        if chosen is not None:
            heard_now = await asyncio.to_thread(find, message, known)
            days = tuple(words for words in heard_now.spans.periods if words not in DAYLESS)
            if days and chosen.tool in ABOUT_PAYMENTS:
                # "The younger one, this month": with days of its own.
                chosen = chosen.model_copy(update={"spans": chosen.spans.model_copy(update={"periods": days})})
            return Plan(steps=(chosen,), path="routed")
        routed = await asyncio.to_thread(self.understanding.plan, message, known, memory)
        ordered = commands(message)
        least = NEAR if ordered else _least_for_an_order(routed)
        if least is not None and not ordered and asks_the_bank(message):
            # "Can I send all of it today, or is there a limit": the words are an order's, the question is none.
            least = NEAREST
        if self.acting is not None and least is not None:
            acted = await self.acting.start(message, self._asker(asking), least)
            if acted is None and _is_not_understood(routed):
                acted = await self.acting.again(message, memory.ordering, self._asker(asking))
            if acted is not None:
                acted = await self._completed(acted, message, asking) if acted.lacks else acted
                trail.acted(acted, goes_on=False)
                return acted
        last = memory.asked[-1].step.tool if memory.asked else None
        if not self.always_model and undone.how(message, last, understood=_is_understood(routed)) is not None:
            return Plan(steps=(Step(tool=Tool.CANNOT),), path="routed")
        if self.large is not None and self.always_model:
            return Unsure(_nothing_found(message), "", 0.0)
        if self.planner is None or (isinstance(routed, Plan) and not self.always_model):
            return routed
        heard = routed.found.spans if isinstance(routed, Unsure) and not self.always_model else None
        prior = Plan(steps=(memory.asked[-1].step,), path="routed") if memory.asked else None
        await emit([StatusEvent(text="Thinking about it")])
        try:
            planned = await self.planner.plan(message, prior, heard)
        except ModelUnavailable as error:
            asked_back = routed if isinstance(routed, Unsure) else Unsure(_nothing_found(message), "", 0.0)
            return replace(asked_back, unread="busy" if isinstance(error, ModelBusy) else "model")
        if (
            planned.sure > 0
            and planned.steps
            and (
                self.always_model
                or isinstance(routed, Plan)
                or self.understanding.trusts(planned, routed, known, message, memory)
            )
        ):
            return planned.model_copy(update={"steps": tuple(_with_topic(s, message, memory) for s in planned.steps)})
        return routed if isinstance(routed, Unsure) else Unsure(_nothing_found(message), "", 0.0)

    async def _completed(self, acted: Acted, message: str, asking: Asking) -> Acted:
        """An order that lacks something, or what an outside model makes of it; nothing that it looks up for that is told."""

        async def untold(events: Sequence[Event]) -> None:
            pass

        wording = await self._converse(message, asking, untold)
        return acted if wording is None or wording.acted is None else wording.acted

    async def _converse(self, message: str, asking: Asking, emit: Emit) -> Wording | None:
        """What an outside model performed, proposed and said; None when it did nothing, or may not be asked."""
        large, login, known, memory, now = self.large, asking.login, asking.known, asking.memory, asking.now
        # Where nobody agreed to it there is nothing to decide, and no denial to warn of.
        if large is None or not login.agrees(Purpose.EXTERNAL_MODEL, now):
            return None
        heard = await asyncio.to_thread(find, message, known)
        prior = Plan(steps=(memory.asked[-1].step,), path="routed") if memory.asked else None

        async def perform(step: Step, facts: int) -> tuple[ToolResult, list[Asked], list[Choice]]:
            return await self._perform(_with_topic(step, message, memory), asking, facts)

        def objection(step: Step) -> str:
            left = passes_over(step, heard, message, memory)
            return f"the customer also said: {left}; without it this would cover more than was asked" if left else ""

        async def propose(asked: Proposed, results: Sequence[ToolResult]) -> Acted:
            if self.acting is None:
                raise ValueError("nothing is done here")
            asker = replace(self._asker(asking), facts=asking.facts + sum(len(result.facts) for result in results))
            return await self.acting.propose(asked, (*memory.said, message), results, asker)

        hidden = Placeholders(names_to_hide(login.party, known, heard.spans))
        wording = Wording(perform, emit, hidden, login.locale, asking.facts, propose)

        async def ask(_own: tuple[OwnAccountId, ...]) -> None:
            await emit([StatusEvent(text="Thinking about it")])
            await large.converse(message, prior, heard.spans, objection, wording, asking.pasted)

        try:
            await self.gateway.perform("AskOutsideModel", login, asking.accounts, now, ask)
        except ModelUnavailable as error:
            log.warning("outside model", error=str(error))
        except Denied as error:
            if error.action != "AskOutsideModel":
                raise
        return wording if wording.results or wording.acted is not None else None

    async def _finish(self, wording: Wording, message: str, began: float, emit: Emit) -> None:
        """Say what an outside model left to us, and end its turn."""
        await wording.finish()
        stands = await asyncio.to_thread(self._stands, wording)
        trail.planned(Plan(steps=tuple(one.step for one in wording.asked), path="model"), message)
        await emit(_ending(wording.results, _scope(wording.results), "model", (time.perf_counter() - began) * 1000, stands))

    def _stands(self, wording: Wording) -> float | None:
        """How far the sentences of an outside model stand in our own for the same results; None where it said none."""
        if not wording.said:
            return None
        ours = [event.text for event in render(wording.results)]
        said = "\n".join(event.text for event in wording.said)
        return round(grounded(said, ours, self.understanding.embed).both, 3)

    async def _or_pages(self, plan: Plan | Unsure, message: str, asking: Asking) -> Plan | Unsure:
        """What nobody understood, what cannot be done here, and what reads just as what a page is asked, more than as it was
        taken, may be on the bank's pages: then they answer."""
        answering = await self._on_pages(plan, message, asking)
        trail.turned_to_pages(plan, answering)
        return answering

    async def _on_pages(self, plan: Plan | Unsure, message: str, asking: Asking) -> Plan | Unsure:
        memory = asking.memory
        # What no statement says of a payment of theirs, no page says either.
        cannot = isinstance(plan, Plan) and plan.steps == (Step(tool=Tool.CANNOT),)
        last = memory.asked[-1] if memory.asked else None
        if asks_nothing(plain(message), last):
            return plan
        goes_on = isinstance(plan, Plan) and (
            _goes_on_with_a_page(plan, last, message)
            or (_may_go_on(plan, last) and await asyncio.to_thread(self.reader.on_none, message) < pages.LITTLE)
        )
        bank = asks_the_bank(message) or terms.asks_interest(message)
        refused = undone.is_card_refused(message)
        if refused or not cannot:
            how: str | None = undone.WHY_REFUSED if refused else undone.asked_how(message)
        else:
            how = undone.how(message, last.step.tool if last is not None else None, understood=False)
        # "Stop the payment to the garage that is due": who is named is paid by them, and rarely what a page is about.
        named = plan.found.spans.merchants if isinstance(plan, Unsure) else plan.steps[0].spans.merchants
        least = pages.SURELY_MEANT if plan.sure < HALF_UNDERSTOOD and not named else pages.CERTAINLY_MEANT
        meant = await asyncio.to_thread(self.reader.certain, message, least) if _may_be_certain(plan) else ""
        if isinstance(plan, Plan) and not (meant or cannot or goes_on or how or _may_be_a_page(plan, message, bank)):
            return plan
        if isinstance(plan, Unsure) and not meant and of_own_days(plan.found.spans, asking.known.today):
            return plan
        likeness = await asyncio.to_thread(self.reader.likeness, message)
        theirs = isinstance(plan, Plan) or _of_their_own(plan, last)
        alike = likeness >= LIKE_A_PAGE and _DID.search(plain(message)) is None
        if theirs and not (alike or meant or cannot or goes_on or how or bank):
            return plan
        topics = [topic_of(message, memory)] if how is None or not (cannot or refused) else []
        topics += [how] if how else []
        whole = with_last(message, memory)
        if (isinstance(plan, Unsure) or goes_on) and whole is not None and whole not in topics:
            topics = [whole, *topics] if likeness < LIKE_A_PAGE else [*topics, whole]
        for topic in topics:
            try:
                question, found, held = await self._search(topic, asking)
            except IndexUnavailable:
                return plan
            term = await asyncio.to_thread(self.terms.meant, topic, held)
            if (bank and (term is not None or terms.asks_interest(topic))) or (meant and term is not None):
                # The terms of their own product say it, whatever the pages do, and though the page may not be for their version.
                break
            figures = term.figures if term is not None else frozenset()
            quoted = await asyncio.to_thread(self.reader.quotes, question, found, figures)
            doubt = LESS_FOR_FOLLOWING if bank or meant else 0.0 if topic == how else _doubt(plan, message, memory)
            if meant and not (quoted and pages.undated(quoted[0].passage.title).startswith(meant)):
                # That page is not for them, or another one says it: then it is not certain.
                continue
            if quoted and pages.stated(quoted[0].text) & figures:
                # What the service and a page say alike is what was asked, and no payment.
                doubt = min(doubt, 0.0)
            if quoted and quoted[0].near >= PAGES_SURE + doubt:
                break
        else:
            topic = topics[0] if topics else ""
            if not isinstance(plan, Unsure) or not await asyncio.to_thread(self.reader.on_no_page, topic):
                return plan
        spans = plan.found.spans if isinstance(plan, Unsure) else plan.steps[0].spans
        page = Step(tool=Tool.ARTICLE, spans=spans.model_copy(update={"topic": topic}))
        # "Freeze my card": the page says how, and nobody may think that it was done.
        asked = ASKING.search(message.casefold()) is not None if how is None else undone.asks_how(message)
        declined = (Step(tool=Tool.CANNOT, spans=Spans(topic=topic)),) if cannot and not asked else ()
        # What may be wrong with a card, its state says before any page.
        state = (Step(tool=Tool.CARDS, spans=Spans(account=spans.account, topic=message)),) if refused else ()
        return Plan(steps=(*declined, *state, page), path="routed")

    # What is done

    async def _perform(self, step: Step, asking: Asking, facts: int) -> tuple[ToolResult, list[Asked], list[Choice]]:
        """What a step finds, what of it is remembered, and what it offers. facts: how many there are before it."""
        done = await self._do(step, asking, facts)
        trail.performed(step, *done)
        return done

    async def _do(self, step: Step, asking: Asking, facts: int) -> tuple[ToolResult, list[Asked], list[Choice]]:
        login, known, now = asking.login, asking.known, asking.now
        if step.tool in STATIC:
            outcome, keys = (Outcome.CANNOT, ("cannot.how",)) if step.spans.topic else STATIC[step.tool]
            choices = SUGGESTED if step.tool is Tool.HELP else ()
            return ToolResult(outcome=outcome, lines=tuple(Line(key=k) for k in keys), choices=choices), [], []
        if step.tool is Tool.LOOKED:
            return await asyncio.to_thread(looked.told, trail.current(), FactBook(login.locale, facts)), [], []

        if step.tool is Tool.ARTICLE:
            result = await self._look_up(step, asking, facts)
            return result, [Asked(step=step, pages=tuple(source.partition("#")[0] for source, _ in result.citations))], []
        if not known.accounts:
            return _no_accounts(login, facts), [], []

        async def meaning(name: str) -> Alike:
            return await self.meaning(name, frozenset(asking.accounts))

        try:
            query = await resolve(step, known, meaning, asking.message)
        except IndexUnavailable:
            # Names as they are written need no index. What others describe is not known now, which is not the same as nobody.
            return ToolResult(outcome=Outcome.CLARIFY, lines=(Line(key="error.index"),)), [], []
        if isinstance(query, Unclear):
            steps = query.steps or tuple(_with_choice(query.key, step, c) for c in query.choices)
            offered = [Choice(label=c, step=s) for c, s in zip(query.choices, steps, strict=True)]
            lines = (Line(key=f"ask.{query.key}", slots={"said": query.said}),)
            strange = query.key == "which_account"
            result = ToolResult(outcome=Outcome.CLARIFY, lines=lines, choices=query.choices, unknown=strange)
            return result, [Asked(step=step)], offered
        result = await self._act(query, login, known, now, facts)
        used = tuple(dict.fromkeys(p.template for p in payees_of(query))) or _told(result, known)
        return result, [Asked(step=remembered(query.step, known.today), used=used, ranked=_ranked(query, result))], []

    async def _beside(self, result: ToolResult, query: Query, live: Live, context: Context, login: Login) -> ToolResult:
        """What the services say of some products, with the page that is about them; they answer without one as well.

        context: a new one, whose facts follow those of the result.
        """
        proved = {key for fact in result.facts for key in fact.evidence}
        told = [p for p in (*live.products.values(), *(p for p, _ in live.offers)) if f"product:{p.id}" in proved]
        products = frozenset(p.id for p in told)
        question = f"{query.step.spans.topic} ({', '.join(dict.fromkeys(p.name for p in told))})"
        try:
            titles = await asyncio.to_thread(self.reader.titles, question)
            passages = await self._passages(question, context.today, products, login, [*titles])
        except IndexUnavailable:
            return result
        about = [found for found in passages if any(products & set(passage.products) for passage in found)]
        found = await asyncio.to_thread(self.reader.quotes, question, about)
        return beside(result, found, context, quote=query.tool is Tool.ELIGIBILITY and len(told) == 1)

    async def _look_up(self, step: Step, asking: Asking, facts: int) -> ToolResult:
        """What the bank's pages say and its terms come to; quoted, for the versions that the customer is on today."""
        topic, before, login, now = step.spans.topic, asking.memory, asking.login, asking.now
        try:
            question, passages, held = await self._search(topic, asking)
        except IndexUnavailable:
            return ToolResult(outcome=Outcome.CANNOT, lines=(Line(key="error.pages"),))
        context = self._context(asking.known, (), login, now, Live(), facts)
        balances = {b.account: b.booked for b in await self._balances(login, [h.account for h in held], now)}

        def which() -> terms.Term | None:
            return None if self.reader.on_no_page(topic) else self.terms.meant(topic, held)

        term = await asyncio.to_thread(which)
        if term is not None and not any(pages.states(some, term.figures) for some in passages):
            passages = [*passages, *await self._of_product(question, term, asking)]

        def run() -> ToolResult:
            earned = terms.interest(topic, balances, held)
            of_it = passages if term is None else pages.about(passages, term.held.product.id)
            leans_on = before.asked[-1].pages if before.asked else ()
            # What leans on a question about a term is after something else that stands on the page.
            told = term is not None and term == self._term_before(topic, before, held)
            asked = term.figures if term is not None and not told else ()
            found = self.reader.quotes(question, of_it, asked, leans_on, _newer(topic, before))
            # What was told already, and nothing with it, is no answer to something else.
            return article(found, None if told and not found else term, earned, context)

        return await asyncio.to_thread(run)

    async def _of_product(self, question: str, term: terms.Term, asking: Asking) -> Sequence[Sequence[Passage]]:
        """The pages of a product, called by its name, that state the figure of a term. None where the index does not answer."""
        product = term.held.product
        today, names = asking.known.today.date, (product.name, f"The {product.name}")
        try:
            found = await self._passages(question, today, frozenset([product.id]), asking.login, names)
        except IndexUnavailable:
            return ()
        return [some for some in found if pages.states(some, term.figures)]

    def _term_before(self, topic: str, before: Memory, held: Sequence[terms.Held]) -> terms.Term | None:
        """The term of the question to the pages that this one leans on, None where it leans on none. Blocking."""
        last = _leans_on(topic, before)
        return self.terms.meant(last, held) if last else None

    async def _search(self, topic: str, asking: Asking) -> Searched:
        """What the pages may say to a question, looked for once in a turn. Raises IndexUnavailable."""
        if topic not in asking.searched:
            held, everything = await self._products(asking.login, asking.known, asking.now)
            question = terms.with_products(topic, held)
            # Whoever asks for an account in spite of bad credit has named the Basic Account, though not by its name.
            titles = await asyncio.to_thread(self.reader.titles, question)
            last = _leans_on(topic, asking.memory)
            before = await asyncio.to_thread(self.reader.titles, last) if last else {}
            meant = [t for t, chance in (*titles.items(), *before.items()) if chance >= pages.SURELY_MEANT]
            # Of what they hold their own version counts, whichever the page is about.
            own = {h.product.name for h in held}
            new = [p for p in everything if p.name not in own]
            named = terms.named(question, everything).union(*(terms.named(title, new) for title in meant))
            products = frozenset(h.product.id for h in held) | named
            found = await self._passages(question, asking.known.today.date, products, asking.login, [*titles])
            of_others = any(terms.others(said, held, new) for said in (topic, *meant))
            asking.searched[topic] = question, found, [] if of_others else held
        return asking.searched[topic]

    async def _passages(
        self, question: str, on: dt.date, products: frozenset[str], login: Login, titles: Sequence[str]
    ) -> Sequence[Sequence[Passage]]:
        """What is found of what this login may read: policy says what is looked through, and is asked again about each internal
        passage that comes back. titles: pages that it may well be about. Raises IndexUnavailable."""
        audience = Audience.INTERNAL if self.gateway.reads_internal(login) else Audience.PUBLIC
        found = await self.articles(question, on, products, audience, titles)
        own = [[p for p in some if p.audience is Audience.PUBLIC or self.gateway.reads_internal(login, p.id)] for some in found]
        return [some for some in own if some]

    async def _balances(self, login: Login, accounts: Sequence[Account], now: dt.datetime) -> Sequence[Balance]:
        """What is on the accounts, for interest on more of it; none where the services do not answer."""
        try:
            return (await self._ask_services(Tool.BALANCE, login, accounts, now)).balances
        except (ServiceUnavailable, ServiceRefused, NotAuthenticated, ScopeMissing):
            return ()

    async def _products(self, login: Login, known: Known, now: dt.datetime) -> tuple[list[terms.Held], list[Product]]:
        """What the customer's accounts are, and all that the bank has; nothing where the services do not answer or are not asked,
        and then only pages that hold for everybody are quoted."""
        served = {g.account for g in login.grants if g.source is GrantSource.SERVICE}
        own = [a for a in known.accounts if a.id in served]
        token, services = login.token, self.services
        if token is None or not own:
            return [], []

        async def act(ids: tuple[OwnAccountId, ...]) -> tuple[list[terms.Held], list[Product]]:
            everything, products = await asyncio.gather(
                services.products(token), asyncio.gather(*(services.account_product(token, account) for account in ids))
            )
            return [terms.Held(account=a, product=p) for a, p in zip(own, products, strict=True)], everything

        try:
            return await self.gateway.perform("ReadProducts", login, [a.id for a in own], now, act)
        except (ServiceUnavailable, ServiceRefused, NotAuthenticated, ScopeMissing):
            return [], []

    async def _act(self, query: Query, login: Login, known: Known, now: dt.datetime, facts: int) -> ToolResult:
        """Run a tool under policy: first what the services know, then what the ledger counts."""
        ids = tuple(a.id for a in query.accounts)
        try:
            if query.tool is Tool.ELIGIBILITY:
                live = await self._ask_offers(query.step.spans.topic, login, query.accounts, now)
            else:
                live = await self._ask_services(query.tool, login, query.accounts, now)
        except (ServiceUnavailable, ServiceRefused, NotAuthenticated, ScopeMissing) as error:
            return ToolResult(outcome=Outcome.CANNOT, lines=(not_asked(error, "error.unavailable"),))
        except Denied:
            return ToolResult(outcome=Outcome.REFUSE, lines=(Line(key="refuse.denied"),))

        async def act(own: tuple[OwnAccountId, ...]) -> ToolResult:
            def run() -> ToolResult:
                context = self._context(known, own, login, now, live, facts)
                missing = None if query.tool in NAMES_ELSEWHERE else unknown_payee(query, context)
                return missing or TOOLS[query.tool](query, context)

            return await asyncio.to_thread(run)

        result = await self.gateway.perform("ReadTransactions", login, ids, now, act)
        if query.tool in ABOUT_TERMS and result.outcome is Outcome.ANSWER:
            context = self._context(known, (), login, now, Live(), facts + len(result.facts))
            return await self._beside(result, query, live, context, login)
        return result

    def _context(self, known: Known, own: Sequence[AccountId], login: Login, now: dt.datetime, live: Live, facts: int) -> Context:
        files = frozenset(g.account for g in login.grants if g.source is GrantSource.FILE)
        book = FactBook(login.locale, facts)
        # What is told is as old as the account that was fed the longest ago.
        fed_at = min((known.fed[one] for one in own if one in known.fed), default=None)
        roles = _roles(login, now)
        return Context(self.queries, known, tuple(own), now, live, files, fed_at, book, dict(self.category_names), roles)

    async def _ask_services(self, tool: Tool, login: Login, accounts: Sequence[Account], now: dt.datetime) -> Live:
        """Ask live what only the services know; nothing for accounts that come from files."""
        served = {g.account for g in login.grants if g.source is GrantSource.SERVICE}
        ids = tuple(a.id for a in accounts if a.id in served)
        token = login.token
        if token is None or not ids:
            return Live()
        services = self.services

        async def each(action: str, ask: Callable[[str, AccountId], Awaitable[T]], wanted: bool) -> list[T]:
            if not wanted:
                return []

            async def act(own: tuple[OwnAccountId, ...]) -> list[T]:
                return list(await asyncio.gather(*(ask(token, account) for account in own)))

            return await self.gateway.perform(action, login, ids, now, act)

        async def contact(own: tuple[OwnAccountId, ...]) -> Contact:
            return await services.contact(token)

        if tool is Tool.CONTACT:
            return Live(contact=await self.gateway.perform("ReadParty", login, ids, now, contact))
        ahead = tool in DAYS_AHEAD
        balances, orders, debits, scheduled, payees = await asyncio.gather(
            each("ReadBalances", services.balances, tool in LIVE_BALANCE),
            each("ReadStandingOrders", services.standing_orders, ahead or tool is Tool.STANDING_ORDERS),
            each("ReadDirectDebits", services.direct_debits, ahead or tool is Tool.DIRECT_DEBITS),
            each("ReadScheduledPayments", services.scheduled_payments, ahead),
            each("ReadBeneficiaries", services.beneficiaries, tool is Tool.BENEFICIARIES),
        )
        cards, statements, products = await asyncio.gather(
            each("ReadCards", services.cards, tool is Tool.CARDS),
            each("ReadStatements", services.statements, tool is Tool.STATEMENTS),
            each("ReadProducts", services.account_product, tool is Tool.PRODUCT),
        )
        return Live(
            balances=balances,
            standing_orders=[o for found in orders for o in found],
            direct_debits=[d for found in debits for d in found],
            scheduled=[s for found in scheduled for s in found],
            beneficiaries=[b for found in payees for b in found],
            cards=[c for found in cards for c in found],
            statements=[s for found in statements for s in found],
            products=dict(zip(ids, products, strict=False)),
        )

    async def _ask_offers(self, topic: str, login: Login, accounts: Sequence[Account], now: dt.datetime) -> Live:
        """What a question calls by name or kind, each product with its conditions; nothing for a party of files alone."""
        served = {g.account for g in login.grants if g.source is GrantSource.SERVICE}
        ids = [a.id for a in accounts if a.id in served]
        token, services = login.token, self.services
        if token is None or not ids:
            return Live()

        async def act(own: tuple[OwnAccountId, ...]) -> Live:
            everything, held = await asyncio.gather(
                services.products(token), asyncio.gather(*(services.account_product(token, account) for account in own))
            )
            wanted = eligibility.meant(topic, everything, held)
            checks = await asyncio.gather(*(services.eligibility(token, product.id) for product in wanted))
            return Live(offers=tuple(zip(wanted, checks, strict=True)))

        return await self.gateway.perform("ReadProducts", login, ids, now, act)


# Measured on the questions about pages and those about money: from here on the page is about what was asked.
PAGES_SURE = 0.85
# So much nearer it must be where it is rather an order, or about the customer's own payments.
MORE_FOR_ORDERS, MORE_FOR_PAYMENTS = 0.1, 0.15
# And so much less where the question before was for the pages too.
LESS_FOR_FOLLOWING = -0.1
# A question, as against an order that is declined.
ASKING = re.compile(
    r"^(?:so |and |ok |hi |hello |please )*(?:how|what|whats|what's|when|where|who|which|why|can|could|do|does|did|is|are|am|will|would|should)\b"
    r"|\?\s*$"
)
# Asks for what was spent with somebody, and nothing else.
_SPENT_AT = re.compile(r"how much (?:did (?:i|we) (?:spend|pay) )?(?:at|to|with) (?P<name>.+?)[ ?.!]*")
# A tool is kept that the router is so sure of. From here on a question is as good as one of those that a page is known to answer.
SURE_OF_PAYMENTS, LIKE_A_PAGE = 0.9, 0.95
MOST_KNOWN = 500
# A guess that is worth completing when the customer answers with a period or a name.
GUESS = 0.5


# What the bank does, charges or allows, today or if something should happen; no payment of the customer's says so.
_THE_BANK = re.compile(
    r"\b(?:do|does|will|would|can|could) (?:you|(?:the |a |most )?banks?(?: like you)?)(?: lot| guys| folk| all| people)? (?:still |ever |also )?"
    r"(?:charge|take|refund|sting|cover|keep|offer|need|want|let|pay|give back|reimburse|add|insure|protect|accept|require|send|stop)\b"
    r"|\bhow (?:much|long) (?:will |would |do |is it )?(?:you|banks?) (?:take|charge|keep|refund|pay|give|add|sting)\b"
    r"|\bif (?:you|(?:the|this|your|my) bank)(?: lot| guys| people| all)? (?:go|goes|went|should|fail|fails|failed|collapse|collapses|collapsed)\b"
)
# What customers may do, must do, or could have.
_MAY = re.compile(
    r"\b(?:would|will|does) (?:it|that|this|being|sending|using|taking) (?:\S+ ){0,2}cost\b"
    r"|\b(?:will|would|do|does|must|should) (?:i|we|he|she|they) (?:still |also )?(?:have|need) to\b"
    r"|\b(?:am|are|is) (?:i|we|he|she|they) (?:going to need|allowed|able to)\b"
    r"|\bwould it be possible\b|\bis (?:that|it|this) (?:too late|allowed|possible)\b"
    r"|\b(?:is there|there is|what's|what is) (?:a |the |any )?(?:limit|maximum|deadline)\b"
    r"|\b(?:most|biggest|largest|highest|what|how (?:much|big|large|high)) (?:\S+ ){1,3}"
    r"(?:(?:could|can|would|might) (?:i|we)|(?:i|we) (?:could|can|would|might)) (?:have|get|borrow|ask)\b"
)


def asks_the_bank(message: str) -> bool:
    """Whether a message asks what the bank does or allows, and not what the customer did: "what do you charge if I …"."""
    text = plain(message)
    return (_THE_BANK.search(text) or _MAY.search(text)) is not None and _DID.search(text) is None


def _is_understood(routed: Plan | Unsure) -> bool:
    return isinstance(routed, Plan) and any(step.tool not in FREE | {Tool.ARTICLE} for step in routed.steps)


def _what_the_bank_does(message: str) -> bool:
    """Whether it is the bank that a message asks to do something, however much the rest is like a payment."""
    return _THE_BANK.search(plain(message)) is not None and _DID.search(plain(message)) is None


_DID = re.compile(
    r"\b(?:did (?:i|we|you)|have (?:i|we|you)|(?:i|we|you)(?:'ve| have)|was i|were we|can i afford|(?:would|will) i have(?! to\b)|have left)\b"
)


def _leans_on(topic: str, before: Memory) -> str:
    """The question to the pages that this one is asked together with; "" where there is none."""
    last = before.asked[-1].step if before.asked else None
    return last.spans.topic if last is not None and last.tool is Tool.ARTICLE and topic.startswith(last.spans.topic) else ""


def _newer(topic: str, before: Memory) -> pages.Newer | None:
    """What a question to the pages adds to the one that it goes on with; None where it goes on with none."""
    last = _leans_on(topic, before)
    return pages.Newer(topic.removeprefix(last).strip(), last) if last and topic != last else None


def _own_words(before: Memory, message: str) -> tuple[str, ...]:
    """What the customer said themselves lately, this message's words the last."""
    return tuple(filter(None, (*before.said, message.strip())))[-KEPT_TURNS:]


def _told(result: ToolResult, known: Known) -> tuple[str, ...]:
    """The templates of the one payee that an answer tells of: "them" in the next question."""
    names = {fact.value for fact in result.facts if fact.label in ("merchant", "from")}
    if len(names) != 1:
        return ()
    (name,) = names
    return tuple(dict.fromkeys(p.template for p in known.payees if name in (literal(p.shown), literal(p.text))))


def _ranked(query: Query, result: ToolResult) -> tuple[str, ...]:
    """Whom or what an answer tells beside each other, whatever took most first: several that were named, or those that lead."""
    if query.tool is Tool.TOP and query.group in (None, Group.MERCHANT, Group.CATEGORY):
        return tuple(fact.value for fact in result.facts if fact.label in (Group.MERCHANT, Group.CATEGORY))
    if query.tool is Tool.BREAKDOWN and query.group in (Group.MERCHANT, Group.CATEGORY):
        return tuple(fact.label.removeprefix("spent: ") for fact in result.facts if fact.label.startswith("spent: "))
    label = {Tool.SUM: "spent: ", Tool.COMPARE: "spent at "}.get(query.tool)
    if label is None or len(query.matches) < 2 or len(query.periods) > 1 or not all(m.names for m in query.matches):
        return ()
    spent = {fact.label.removeprefix(label): Decimal(fact.value) for fact in result.facts if fact.label.startswith(label)}
    # The first of two that are held against each other is told with its days.
    names = [m.names[0] for m in query.matches]
    sums = {name: total for name in names for said, total in spent.items() if said.casefold().startswith(name.casefold())}
    return tuple(sorted(sums, key=lambda name: -sums[name])) if len(sums) == len(names) else ()


def _with_topic(step: Step, message: str, memory: Memory) -> Step:
    """What is read whole is asked in the customer's words, whole."""
    if step.tool not in READ_WHOLE:
        return step
    topic = topic_of(message, memory) if step.tool is Tool.ARTICLE else message
    return step.model_copy(update={"spans": step.spans.model_copy(update={"topic": topic})})


def _may_ask_the_bank(sure: float, step: Step, message: str) -> bool:
    """Whether a question about somebody whom nobody knows may be one about the bank; never "how much at Acme" alone."""
    spent_at = _SPENT_AT.fullmatch(plain(message))
    at_nobody = spent_at is not None and spent_at["name"] in step.spans.merchants
    return not at_nobody and (sure < SURE_OF_PAYMENTS or asks_the_bank(message))


def _doubt(plan: Plan | Unsure, message: str, memory: Memory) -> float:
    if memory.asked and memory.asked[-1].step.tool in ABOUT_TERMS:
        return LESS_FOR_FOLLOWING
    if isinstance(plan, Unsure):
        return MORE_FOR_PAYMENTS if plan.label in LEANING or (plan.label in TOOLS and plan.label not in READ_WHOLE) else 0.0
    return 0.0 if ASKING.search(message.casefold()) else MORE_FOR_ORDERS


def _goes_on_with_a_page(plan: Plan, last: Asked | None, message: str) -> bool:
    """Whether what sounds like somebody else's, or like nothing of the bank's, goes on with what a page was asked: "could he just
    look at it instead?". A page holds nothing of anybody's."""
    aside = [step.tool for step in plan.steps] in ([Tool.OOS], [Tool.REFUSE]) and plan.sure < SURE_OF_PAYMENTS
    return aside and last is not None and last.step.tool in ABOUT_TERMS and points_back(message)


def _may_be_certain(plan: Plan | Unsure) -> bool:
    """Whether a page may be certain to answer in its place: what was not understood, and what was taken for a purchase; not what has
    a list of the customer's own, "standing orders"."""
    if isinstance(plan, Unsure):
        return plan.label not in _OWN_LISTS and not (plan.label in _OF_ACCOUNTS and plan.found.spans.account)
    if plan.path != "routed" or plan.sure >= 1 or len(plan.steps) != 1:
        return False
    step = plan.steps[0]
    return step.tool is Tool.AFFORD or (step.tool in (Tool.STATEMENTS, Tool.UPCOMING) and plan.sure < HALF_UNDERSTOOD)


def _may_go_on(plan: Plan, last: Asked | None) -> bool:
    """Whether what was taken for a question about their own money may go on with a page, if it is nothing that only their accounts
    tell: "and can I use it meanwhile" is no list of cards."""
    if plan.path != "routed" or len(plan.steps) != 1 or last is None or last.step.tool is not Tool.ARTICLE:
        return False
    step = plan.steps[0]
    if step.tool is Tool.BALANCE and step.spans.periods:
        return False
    return step.tool in TOOLS and plan.sure < SURE_OF_PAYMENTS and not (step.spans.category or step.spans.without)


# What the router is no surer of than this may as well be on a page.
HALF_UNDERSTOOD = 0.7
_OWN_LISTS = frozenset({Tool.STANDING_ORDERS, Tool.DIRECT_DEBITS, Tool.PENDING, Tool.SUBSCRIPTIONS, Tool.BENEFICIARIES})
_OF_ACCOUNTS = frozenset({Tool.BALANCE, Tool.POSITION})


def _may_be_a_page(plan: Plan, message: str, bank: bool) -> bool:
    """Whether a plan of the router is of one tool, names nothing of the customer's own, and is none that it is very sure of.

    bank: it asks what the bank does; then a name may be anything.
    """
    of_the_bank = _what_the_bank_does(message) or terms.asks_interest(message)
    if plan.path != "routed" or len(plan.steps) != 1 or (plan.sure >= SURE_OF_PAYMENTS and not of_the_bank):
        return False
    step = plan.steps[0]
    # "This tax year": days are part of a question about payments or statements, and of no other.
    dated = step.spans.periods and step.tool not in READ_WHOLE - {Tool.STATEMENTS}
    if step.tool is Tool.REFUSE:
        # "May my nephew look at it": who may see what is on a page, and shows nobody anything.
        return bank
    return step.tool in TOOLS and (bank or not (step.spans.merchants or dated or step.spans.category))


def _least_for_an_order(plan: Plan | Unsure) -> float | None:
    """How near a message must come to an order: nearer where it may be a question about the customer's own data, "find what was
    paid to Notion", and nearly its words where it was taken for one about an amount. None: it is none."""
    if isinstance(plan, Unsure):
        return NEAR if plan.label in _BESIDE_DATA and plan.sure >= LIKELY_BESIDE else NEARER
    if all(step.tool in _BESIDE_DATA for step in plan.steps):
        return NEAR
    return NEAREST if any(step.spans.amount for step in plan.steps) else None


def _is_not_understood(plan: Plan | Unsure) -> bool:
    return isinstance(plan, Unsure) or all(step.tool is Tool.OOS for step in plan.steps)


# A message that is less likely than this to be beside the customer's own data may be a question about it.
LIKELY_BESIDE = 0.4
_BESIDE_DATA = frozenset({Tool.CANNOT, Tool.HANDOVER, Tool.OOS, Tool.ARTICLE, Tool.HELP})


def _of_their_own(plan: Unsure, asked: Asked | None) -> bool:
    """Whether a message that was not understood is about the customer's own money all the same: a page is no answer to it.

    asked: what was asked before, for a message that goes on with it; with what nobody asked nothing goes on.
    """
    said = plan.found.spans
    named = bool(said.merchants or said.category or said.periods or said.account or said.bought)
    leaning = plan.label in LEANING and (asked is None or asked.step.tool not in ABOUT_TERMS | READ_WHOLE)
    return (leaning and (plan.sure >= CERTAIN or bool(said.periods))) or (
        plan.label in _OF_PAYMENTS and (plan.sure >= SURE or (named and plan.sure >= OWN_LEAST))
    )


_OF_PAYMENTS = ABOUT_PAYMENTS | {Tool.PENDING, Tool.BALANCE, Tool.SALARY, Tool.STATEMENTS, Tool.UPCOMING}
# A guess that is no better than this says nothing of whose money it is.
OWN_LEAST = 0.4


def _after(before: Memory, plan: Plan | Unsure, asked: Sequence[Asked], choices: Sequence[Choice]) -> Memory:
    """What is remembered after a question."""
    if isinstance(plan, Unsure):
        # "And that comes to?", not understood, changes nothing in what is spoken of.
        lost, heard = (before.lost, before.heard) if plan.keeps else (True, before.heard_in(plan.found))
        says_whom = plan.found.spans.merchants or plan.found.spans.category
        # Who was asked which is meant, and said it in words that nobody understood, may say it another way.
        asked_which = () if says_whom or any(c.exact for c in before.choices) else before.choices
        return before.after(asked, choices or asked_which, _left_open(plan), lost=lost, heard=heard)
    # What comes after a refusal is not about the customer's own question before it; nor what comes after something that nobody
    # can say of somebody, who is spoken of all the same.
    named = next((s for s in plan.steps if s.tool is Tool.CANNOT and (s.spans.merchants or s.spans.category)), None)
    heard = Step(tool=Tool.FIND, spans=named.spans) if named is not None else None
    lost = named is not None or any(step.tool is Tool.REFUSE for step in plan.steps)
    return before.after(asked, choices, lost=lost, heard=heard)


def _left_open(plan: Unsure) -> Step | None:
    if plan.sure < GUESS or plan.label not in TOOLS:
        return None
    return Step(tool=Tool(plan.label), spans=plan.found.spans)


def _roles(login: Login, now: dt.datetime) -> dict[AccountId, Role]:
    """The strongest role that a login has now in each of its accounts."""
    found: dict[AccountId, Role] = {}
    # Role names them from the strongest to the weakest.
    for role in reversed(Role):
        found |= {g.account: role for g in login.grants if g.role is role and g.holds(now)}
    return found


def _foremost(accounts: Sequence[Account], login: Login) -> tuple[Account, ...]:
    """The customer's own current account first: "my balance" is its balance. Then shared ones, then savings."""
    shared = {g.account for g in login.grants if g.role is not Role.HOLDER}
    return tuple(sorted(accounts, key=lambda a: (a.kind is not AccountKind.CURRENT, a.id in shared, a.currency != HOME, a.name)))


HOME = "GBP"


def _with_choice(key: str, step: Step, choice: str) -> Step:
    """The step that a choice completes."""
    update = {"periods": (choice,)} if key == "which_period" else {"account": choice}
    return step.model_copy(update={"spans": step.spans.model_copy(update=update)})


def _nothing_found(message: str) -> Found:
    return Found(masked=message, spans=Spans(), unknown=())


def _readings(plan: Unsure) -> list[Choice]:
    said = {label: step for step in plan.readings if (label := reading(step))}
    return [Choice(label=label, step=step, exact=True) for label, step in said.items()]


def _ask_back(plan: Unsure, readings: Sequence[Choice]) -> ToolResult:
    """What was not understood is named where it is a word. The choices are what may have been meant; else a few things that can
    be asked. Where the model was not to be had, that is said first; a question that a busy one did not get to may be a good
    one, and is not called anything else."""
    if plan.unread == "busy":
        return ToolResult(outcome=Outcome.CANNOT, lines=(Line(key="error.busy"),), choices=SUGGESTED)
    lines = (Line(key="error.model"),) if plan.unread else ()
    if plan.found.unknown:
        said = " ".join(plan.found.unknown[:3])
        line = Line(key="ask.unknown", slots={"said": said.replace("{", "(").replace("}", ")")})
    else:
        line = Line(key="ask.which" if readings else "ask.what")
    meant = (Line(key="ask.meant"),) if readings and plan.found.unknown else ()
    choices = tuple(one.label for one in readings) or SUGGESTED
    return ToolResult(outcome=Outcome.CLARIFY, lines=(*lines, line, *meant), choices=choices)


def _no_accounts(login: Login, facts: int) -> ToolResult:
    """A login that holds nothing, or nothing any more."""
    book = FactBook(login.locale, facts)
    no = book.absent("accounts", "no")
    line = Line(key="none.accounts", slots={"no": "{" + no.ref + "}"})
    return ToolResult(outcome=Outcome.NONE, lines=(line,), facts=tuple(book.facts))


def _events(plan: Plan | Unsure, results: Sequence[ToolResult], latency_ms: float) -> list[Event]:
    """The events of a turn in the order a reader wants them: facts before the sentences that show them."""
    events: list[Event] = []
    steps = plan.steps if isinstance(plan, Plan) else ()
    for step, result in zip(steps, results, strict=False):
        if (step.tool in TOOLS or step.tool is Tool.ARTICLE) and result.facts:
            events.append(ToolEvent(tool=step.tool.value, scope=result.scope))
    events += [FactEvent(fact=fact) for result in results for fact in result.facts]
    events += render(results)
    path: Literal["routed", "model"] = "model" if isinstance(plan, Plan) and plan.path == "model" else "routed"
    return events + _ending(results, _scope(results), path, latency_ms)


def _scope(results: Sequence[ToolResult]) -> Scope:
    """What the figures of a turn cover between them."""
    return together([r.scope for r in results if r.facts] or [Scope()])


def _ending(
    results: Sequence[ToolResult],
    scope: Scope,
    path: Literal["routed", "model"],
    latency_ms: float,
    stands: float | None = None,
) -> list[Event]:
    """What follows the sentences: charts, sources, choices, and how the turn ended."""
    events: list[Event] = [ChartEvent(series=result.chart) for result in results if result.chart is not None]
    cited = dict.fromkeys(c for result in results for c in result.citations)
    events += [CitationEvent(source=source, title=title) for source, title in cited]
    choices = tuple(dict.fromkeys(c for result in results for c in result.choices))
    if choices:
        events.append(ChoicesEvent(choices=choices))
    events += [event for result in results for event in result.events]
    outcomes = [result.outcome for result in results]
    outcome = Outcome.ANSWER if Outcome.ANSWER in outcomes else outcomes[0]
    if outcome is Outcome.HANDOVER:
        events.append(HandoverEvent(reason="asked for a person, or is in need of help"))
    events.append(DoneEvent(outcome=outcome, path=path, scope=scope, latency_ms=round(latency_ms, 1), grounded=stands))
    return events
