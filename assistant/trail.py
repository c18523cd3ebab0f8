"""What a turn leaves on record while it goes on: notes for the audit, taken wherever something is begun, decided or done.

Who runs a turn says where its notes go (`recording`); elsewhere they are nobody's and are not taken.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from assistant.dialogue import Unsure
from assistant.memory import Choice, Memory
from assistant.plan import Asked, Plan, Step
from assistant.proposed import Proposed
from assistant.spans import Known
from assistant.tools import ToolResult
from connectors.gateway import Decided
from data.actions import Origin
from data.audit import Audit, Entry, Kind, Note, as_json
from data.party import Login, PartyId

if TYPE_CHECKING:
    from assistant.acting import Acted

# Words of the customer's from before this message, or that were offered to them.
EARLIER = "earlier"
# What was packed last: a login's names change a few times a day.
MOST_PACKED = 64


class Trail:
    """The notes of one turn, taken by the event loop and its threads and written with the turn's events.

    keep: writes those that wait, now. writing: held by whoever writes them.
    """

    def __init__(self, audit: Audit | None, party: PartyId, conversation: str, turn: int) -> None:
        self.audit, self.party, self.conversation, self.turn = audit, party, conversation, turn
        self.keep: Callable[[], Awaitable[None]] = _nowhere
        self.writing = asyncio.Lock()
        self._notes: list[Note] = []
        self._read = 0

    def add(self, note: Note) -> None:
        self._notes.append(note)

    def waiting(self) -> list[Note]:
        """The notes that are not written yet; they stay until `written`."""
        self._read = len(self._notes)
        return self._notes[:]

    def written(self, number: int) -> None:
        """The first `number` of those that waited are kept."""
        del self._notes[:number]
        self._read = 0

    def decided(self, made: Decided) -> None:
        """Decisions of one kind that follow each other are one note, with how many there are."""
        answer = {"action": made.action, "decision": type(made.decision).__name__, "rules": list(made.decision.rules)}
        last = self._notes[-1] if len(self._notes) > self._read else None
        if last is not None and last.kind is Kind.DECIDED and answer.items() <= last.plain.items():
            accounts = [*last.sealed["accounts"], made.account]
            self._notes[-1] = Note(Kind.DECIDED, {**answer, "accounts": len(accounts)}, {"accounts": accounts})
        else:
            self.add(Note(Kind.DECIDED, {**answer, "accounts": 1}, {"accounts": [made.account]}))

    def before(self) -> Sequence[Entry]:
        """What is on record of the turns before this one. Blocking."""
        if self.audit is None:
            return ()
        return [entry for entry in self.audit.of_party(self.party, self.conversation) if entry.turn < self.turn]


_trail: ContextVar[Trail | None] = ContextVar("trail", default=None)


@contextmanager
def recording(trail: Trail) -> Iterator[None]:
    """What is called in this context leaves its notes on a trail."""
    mark = _trail.set(trail)
    try:
        yield
    finally:
        _trail.reset(mark)


def current() -> Trail | None:
    return _trail.get()


def begun(login: Login, memory: Memory, known: Known) -> None:
    """What a turn begins with, beside its message: all that a replay needs."""
    if (trail := _trail.get()) is not None:
        trail.add(Note(Kind.KNOWN, {}, _packed(known), once=True))
        asked = {"login": login.model_copy(update={"token": None}), "memory": memory, "today": known.today}
        trail.add(Note(Kind.ASKED, {}, asked))


def planned(plan: Plan | Unsure, message: str) -> None:
    """The plan that is carried out, with where each of its arguments comes from; or that there is none."""
    if (trail := _trail.get()) is None:
        return
    if isinstance(plan, Unsure):
        trail.add(Note(Kind.PLANNED, {"path": "", "likeliest": plan.label, "sure": round(plan.sure, 6)}, plan))
        return
    steps = [{"tool": step.tool.value, "origins": origins(step, message)} for step in plan.steps]
    trail.add(Note(Kind.PLANNED, {"path": plan.path, "sure": round(plan.sure, 6), "steps": steps}, plan))


def turned_to_pages(before: Plan | Unsure, after: Plan | Unsure) -> None:
    """Whether the bank's pages answer in place of a plan, or of none."""
    if (trail := _trail.get()) is not None:
        trail.add(Note(Kind.PAGES, {"taken": before != after}, {"before": before, "after": after}))


def decided(made: Decided) -> None:
    if (trail := _trail.get()) is not None:
        trail.decided(made)


def performed(step: Step, result: ToolResult, asked: Sequence[Asked], choices: Sequence[Choice]) -> None:
    if (trail := _trail.get()) is not None:
        plain = {"tool": step.tool.value, "outcome": result.outcome.value, "facts": len(result.facts)}
        trail.add(Note(Kind.PERFORMED, plain, {"step": step, "result": result, "asked": asked, "choices": choices}))


def acted(acted: Acted, *, goes_on: bool | None) -> None:
    """What a turn says of an order. goes_on: of one that was under way, and not of one that this message gives; None: of what
    became of earlier ones, before anything else is said."""
    if (trail := _trail.get()) is not None:
        trail.add(Note(Kind.ORDERED, {"outcome": acted.result.outcome.value, "goes_on": goes_on}, acted))


def proposed(asked: Proposed, shown: bool) -> None:
    """A write that a model asked for, and whether the customer was shown it."""
    if (trail := _trail.get()) is not None:
        trail.add(Note(Kind.PROPOSED, {"action": asked.action.value, "shown": shown}, asked))


async def confirmed(digest: str) -> None:
    """A customer's yes, on record before anything is done about it. digest: of the intent that it is to."""
    if (trail := _trail.get()) is not None:
        trail.add(Note(Kind.CONFIRMED, {"intent": digest}))
        await trail.keep()


async def _nowhere() -> None:
    """Notes that nobody keeps."""


def origins(step: Step, message: str) -> dict[str, str]:
    """Argument -> "customer" for words of this message, "earlier" for those said or offered before, "bank" for names as the
    bank keeps them."""
    said = set(_WORD.findall(message.casefold()))
    found: dict[str, str] = {}
    for name, value in step.spans.model_dump().items():
        words = _WORD.findall(" ".join((value,) if isinstance(value, str) else value).casefold())
        if words:
            found[name] = Origin.CUSTOMER.value if set(words) <= said else EARLIER
    return found | {name: Origin.BANK.value for name in ("only", "excluding") if getattr(step, name)}


_WORD = re.compile(r"\w+")
_packings: dict[int, tuple[Known, bytes]] = {}


def _packed(known: Known) -> bytes:
    """The names of a login as JSON. The day is apart: it changes more often; words that everybody has are none of them."""
    held = _packings.get(id(known))
    if held is None or held[0] is not known:
        if len(_packings) >= MOST_PACKED:
            _packings.clear()
        names = {
            "payees": known.payees,
            "categories": known.categories,
            "accounts": known.accounts,
            "others": sorted(known.others),
        }
        held = _packings[id(known)] = (known, as_json(names))
    return held[1]
