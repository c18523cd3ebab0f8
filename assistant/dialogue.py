"""From a message and what was said before to a plan: tools by the router's head, follow-ups by what they change.

A plan is made only when the head is sure and every word is understood; anything else is handed over as unsure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import spans as parts
from assistant.plan import Plan, Spans, Step, Tool
from assistant.router import Embed, Head, spoken
from assistant.spans import Found, Known
from data.party import Frozen

# Measured by cross-validation on the examples: at this probability five of six labels are right, and completeness
# (no word left unknown) removes most of the rest.
SURE = 0.42
# A person in need is heard even where the head is less sure than that.
CARE = 0.34
REMEMBERED = 8


class Choice(Frozen):
    label: str
    step: Step


class Asked(Frozen):
    """A step that was performed, and the templates that its names were taken to mean."""

    step: Step
    used: tuple[str, ...] = ()


class Memory(Frozen):
    """What a conversation remembers between turns; the only state of the dialogue."""

    asked: tuple[Asked, ...] = ()
    choices: tuple[Choice, ...] = ()

    def after(self, done: Sequence[Asked], choices: Sequence[Choice]) -> Memory:
        return Memory(asked=(*self.asked, *done)[-REMEMBERED:], choices=tuple(choices))


@dataclass(frozen=True)
class Unsure:
    """No plan: the best guess, how sure it was, and the parts that were heard."""

    found: Found
    label: str
    sure: float


_CLAUSE = re.compile(
    r"\s*(?:[;?!.]+\s+(?:and\s+|also\s+)?|,?\s+and\s+|,\s+)(?=(?:how (?:much|many|often)|when|what(?:'s| is| was)?|which|who)\b)|[?;]\s+(?=\S+\s+\S+)"
)
_NOUN = re.compile(
    r"\b(?:categor(?:y|ies)|areas|merchants?|shops?|stores?|places|payees?|companies|restaurants?|retailers?"
    r"|payments?|purchases?|transactions?|expenses|outgoings|things?)\b"
)
_UNIT = re.compile(r"\b(?:(?:per|a|an|each|every)\s+(?:month|week|day|year)|monthly|weekly|daily|yearly)\b")
_FREE = frozenset({Tool.HELP, Tool.CANNOT, Tool.REFUSE, Tool.OOS, Tool.HANDOVER})
_BACK = re.compile(r"\bback to\b")


class Understanding:
    """The router at work: one head, one embedder, no state of its own."""

    def __init__(self, head: Head, embed: Embed) -> None:
        self.head, self.embed = head, embed

    def plan(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """Read a message. Blocking (about 5 ms): run it in a worker thread."""
        whole = parts.find(message, known)
        label, sure = self._label(whole)
        clauses = [c for c in _CLAUSE.split(parts.plain(message)) if c and len(c.split()) > 1]
        if len(clauses) > 1 and label not in _FREE and (several := self._several(clauses, known, memory)):
            return Plan(steps=tuple(several), path="routed", sure=sure)
        step = self._step(label, whole, memory, message)
        needed = CARE if label is Tool.HANDOVER else SURE
        if step is None or sure < needed or (whole.bad_period == "" and whole.unknown and label not in _FREE):
            return Unsure(whole, label, sure)
        return Plan(steps=(step,), path="routed", sure=sure)

    def _label(self, found: Found) -> tuple[str, float]:
        vector = self.embed([spoken(found.masked)])[0]
        probabilities = self.head.probabilities(found.masked, vector)
        best = max(probabilities, key=probabilities.__getitem__)
        return best, probabilities[best]

    def _several(self, clauses: Sequence[str], known: Known, memory: Memory) -> list[Step]:
        """Steps of a message that asks for different things; a later clause takes over what the first named."""
        steps: list[Step] = []
        for clause in clauses:
            found = parts.find(clause, known)
            label, sure = self._label(found)
            if sure < SURE or found.unknown or label not in set(Tool) or label in _FREE:
                return []
            step = self._step(label, found, memory, clause)
            if step is None:
                return []
            if steps:
                step = Step(tool=step.tool, spans=merged(steps[0].spans, step.spans))
            if all(step.tool is not s.tool for s in steps):
                steps.append(step)
        return steps if len(steps) > 1 else []

    def _step(self, label: str, found: Found, memory: Memory, message: str) -> Step | None:
        last = memory.asked[-1] if memory.asked else None
        if label in set(Tool):
            tool = Tool(label)
            return Step(tool=tool, spans=_grouped(tool, found.spans, parts.plain(message)))
        if last is None:
            return None
        if label == "details":
            return last.step.model_copy(update={"tool": Tool.FIND, "spans": last.step.spans.model_copy(update={"number": ""})})
        if label == "both":
            return _both(memory.asked)
        if label == "other":
            named = found.spans.merchants or last.step.spans.merchants
            spans = merged(last.step.spans, found.spans).model_copy(update={"merchants": named})
            return last.step.model_copy(update={"spans": spans, "only": (), "excluding": last.used})
        return _followed(memory.asked, found.spans, bool(_BACK.search(parts.plain(message))))


def merged(before: Spans, said: Spans) -> Spans:
    """A follow-up keeps what it does not change; a new name or category takes the place of both."""
    update: dict[str, object] = {}
    if said.merchants or said.category:
        update |= {"merchants": said.merchants, "category": said.category}
    if said.periods:
        update["periods"] = said.periods
    for name in ("amount", "account", "number", "group"):
        if getattr(said, name):
            update[name] = getattr(said, name)
    return before.model_copy(update=update)


def _followed(asked: Sequence[Asked], said: Spans, back: bool) -> Step | None:
    if said == Spans():
        return None
    last = asked[-1]
    if back:
        names = {*said.merchants, said.category} - {""}
        last = next((a for a in reversed(asked) if names & {*a.step.spans.merchants, a.step.spans.category}), last)
    keeps = not (said.merchants or said.category)
    spans = merged(last.step.spans, said)
    tool = Tool.BREAKDOWN if said.group and last.step.tool is Tool.SUM else last.step.tool
    return Step(tool=tool, spans=spans, only=last.step.only if keeps else (), excluding=last.step.excluding if keeps else ())


def _both(asked: Sequence[Asked]) -> Step | None:
    """The last two things asked with one tool, together."""
    if len(asked) < 2 or asked[-1].step.tool is not asked[-2].step.tool:
        return None
    one, two = asked[-2].step.spans, asked[-1].step.spans
    same = Spans(periods=two.periods, merchants=two.merchants, category=two.category)
    merchants = tuple(dict.fromkeys((*one.merchants, *two.merchants)))
    category = two.category
    if one.category and two.category and one.category != two.category:
        # A second category goes in as a name: the resolver reads it as a category again.
        merchants = (*merchants, one.category)
    periods = tuple(dict.fromkeys((*one.periods, *two.periods)))
    spans = same.model_copy(
        update={"periods": periods, "merchants": merchants, "category": category or one.category, "account": two.account}
    )
    return Step(tool=asked[-1].step.tool, spans=spans)


def _grouped(tool: Tool, spans: Spans, message: str) -> Spans:
    """What to group by, where the tool can use it and no "by …" was said."""
    if spans.group:
        return spans
    pattern = {Tool.TOP: _NOUN, Tool.DISTINCT: _NOUN, Tool.AVERAGE: _UNIT, Tool.BREAKDOWN: _UNIT}.get(tool)
    match = pattern.search(message) if pattern else None
    return spans.model_copy(update={"group": match.group()}) if match else spans
