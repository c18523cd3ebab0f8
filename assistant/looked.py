"""The tool for "what did you look at?": answered from the audit of the conversation, and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.periods import shown
from assistant.plan import BY_CODE, Tool
from assistant.tools import Line, ToolResult, listed
from assistant.trail import Trail
from data.audit import Audit, Entry, Kind
from data.facts import FactBook, Outcome, Scope
from data.party import Frozen, PartyId

# What the bank's services are asked for under each action; the ledger is ours.
SERVICES: Mapping[str, str] = {
    "ReadBalances": "balances",
    "ReadStandingOrders": "standing orders",
    "ReadDirectDebits": "direct debits",
    "ReadScheduledPayments": "scheduled payments",
    "ReadBeneficiaries": "saved payees",
    "ReadCards": "cards",
    "ReadStatements": "statements",
    "ReadProducts": "products",
    "ReadParty": "contact details",
}


class Run(Frozen):
    """A tool that was run, and over what."""

    tool: Tool
    scope: Scope


class Looked(Frozen):
    """What one answer was worked out from. services: what the bank's services were asked for; pages: titles."""

    turn: int
    runs: tuple[Run, ...]
    services: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


def looked_at(audit: Audit, party: PartyId, conversation: str) -> Looked | None:
    """What the last answer of a conversation was worked out from; None where nothing of the party's is on record there.

    Answers to this very question do not count. Blocking.
    """
    return _last(audit.of_party(party, conversation))


def told(trail: Trail | None, book: FactBook) -> ToolResult:
    """The answer to a customer. Blocking."""
    found = _last(trail.before()) if trail is not None else None
    lines: list[Line] = []
    if found is None:
        lines.append(_line("looked.unknown", no=_place(book.absent("answers on record", "no").ref)))
        return ToolResult(outcome=Outcome.NONE, lines=tuple(lines), facts=tuple(book.facts))
    for run in found.runs:
        lines += _ran(run, book)
    if found.services:
        lines.append(_line("looked.services", services=listed(found.services, len(found.services))))
    if found.pages:
        lines.append(_line("looked.pages", pages=listed(found.pages, len(found.pages))))
    if not lines:
        lines.append(_line("looked.nothing", no=_place(book.absent("accounts and pages looked at", "no").ref)))
    return ToolResult(outcome=Outcome.ANSWER, lines=tuple(lines), facts=tuple(book.facts))


def _ran(run: Run, book: FactBook) -> list[Line]:
    scope = run.scope
    if scope.since is not None and scope.until is not None:
        words = scope.period or f"from {shown(scope.since)} to {shown(scope.until)}"
        period = book.period("period looked at", scope.since, scope.until, words)
    else:
        period = book.words("period looked at", scope.period or "as they are now")
    over = {"tool": run.tool.value.replace("_", " "), "accounts": listed(scope.accounts, len(scope.accounts))}
    lines = [_line("looked.run", **over, period=_place(period.ref))]
    if scope.as_of is not None:
        lines.append(_line("looked.as_of", day=_place(book.day("payments known on", scope.as_of.date()).ref)))
    return lines


def _last(entries: Sequence[Entry]) -> Looked | None:
    turns: dict[int, list[Entry]] = {}
    for entry in entries:
        turns.setdefault(entry.turn, []).append(entry)
    for number in sorted(turns, reverse=True):
        done = [entry.sealed for entry in turns[number] if entry.kind is Kind.PERFORMED and entry.sealed is not None]
        if all(one["step"]["tool"] in BY_CODE for one in done) and done:
            continue
        results = [(Tool(one["step"]["tool"]), ToolResult.model_validate(one["result"])) for one in done]
        allowed = [e.plain["action"] for e in turns[number] if e.kind is Kind.DECIDED and e.plain["decision"] == "Allowed"]
        return Looked(
            turn=number,
            runs=tuple(Run(tool=tool, scope=result.scope) for tool, result in results if result.scope.accounts),
            services=tuple(dict.fromkeys(SERVICES[action] for action in allowed if action in SERVICES)),
            pages=tuple(dict.fromkeys(title for _, result in results for _, title in result.citations)),
        )
    return None


def _line(key: str, **slots: str) -> Line:
    return Line(key=key, slots=slots)


def _place(ref: str) -> str:
    return "{" + ref + "}"
