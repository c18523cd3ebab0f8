"""What a turn with an outside model has found so far, and what may be said of it: every sentence is checked before it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.acting import Acted
from assistant.answer import Unchecked, bound, render, sentence, worded
from assistant.budget import Part, cut
from assistant.calculate import CALCULATE, Calculation, Stated, calculate
from assistant.memory import Choice
from assistant.placeholders import Placeholders
from assistant.plan import Asked, Step
from assistant.proposed import Proposed
from assistant.tools import Line, ToolResult
from data.facts import QUOTE, WORDS, Event, Fact, FactBook, FactEvent, Outcome, TextEvent, ToolEvent

# A step and how many facts there are before it -> its result, what to remember of it, and what it offers.
Perform = Callable[[Step, int], Awaitable[tuple[ToolResult, list[Asked], list[Choice]]]]
Emit = Callable[[Sequence[Event]], Awaitable[None]]
# A write that a model proposes, and what was found before it -> what the customer is shown of it. Raises ValueError.
Propose = Callable[[Proposed, Sequence[ToolResult]], Awaitable[Acted]]

# What is left out, or not over yet, is said whatever a model says.
CAVEATS = frozenset({"afford.overdraft", "sum.refunds", "sum.pending", "compare.partly", "find.pending", "refunds.pending"})


@dataclass
class Wording:
    """Performs steps and says sentences, in any order; `finish` says what is still to be said.

    acted: what the customer is shown of a write that the model proposed, which ends the turn; the turn tells it.
    before: how many facts the turn has told already. faulty: whether a sentence was held back. Nothing of
    the model's is said from then on: our own sentences are.
    """

    perform: Perform
    emit: Emit
    hidden: Placeholders
    locale: str
    before: int = 0
    propose: Propose | None = None
    results: list[ToolResult] = field(default_factory=list)
    words: list[tuple[str, ...]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    said: list[TextEvent] = field(default_factory=list)
    faulty: bool = False
    acted: Acted | None = None

    @property
    def facts(self) -> dict[str, Fact]:
        return {fact.ref: fact for result in self.results for fact in result.facts}

    async def do(self, step: Step) -> ToolResult:
        """Perform a step under policy and tell what it found."""
        result, asked, choices = await self.perform(step, self.before + len(self.facts))
        self.asked += asked
        self.choices += choices
        spans = step.spans
        words = (*spans.periods, *spans.merchants, spans.category, spans.account)
        return await self._found(result, step.tool.value, words)

    async def calculate(self, asked: Calculation) -> ToolResult:
        """Work something out from facts that are there. Raises ValueError, saying why, when it cannot be."""
        known = {fact.ref: Stated(fact, result.scope) for result in self.results for fact in result.facts}
        result = calculate(asked, known, FactBook(self.locale, self.before + len(known)))
        return await self._found(result, CALCULATE, ())

    async def order(self, asked: Proposed) -> None:
        """Have a proposed write shown to the customer. Raises ValueError, saying why, where it is not even shown."""
        if self.propose is None:
            raise ValueError("nothing is done here")
        self.acted = await self.propose(asked, self.results)

    async def _found(self, result: ToolResult, tool: str, words: tuple[str, ...]) -> ToolResult:
        self.results.append(result)
        self.words.append(words)
        if result.facts:
            await self.emit([ToolEvent(tool=tool, scope=result.scope), *(FactEvent(fact=fact) for fact in result.facts)])
        return result

    async def say(self, text: str) -> None:
        """Let a sentence of the model out, or hold it back for good."""
        if self.faulty:
            return
        try:
            event = worded(text, self.facts, bound(self.results, self.words), self.hidden.put_back)
        except Unchecked:
            self.faulty = True
            return
        if event.text not in {before.text for before in self.said}:
            self.said.append(event)
            await self.emit([event])

    async def finish(self) -> None:
        """Say our own sentences: all of them, unless the model worded an answer that passed; then what it leaves to us."""
        told = {event.text for event in self.said}
        if self.said and not self.faulty:
            lines = [(result, line) for result in self.results for line in result.lines]
            left = [sentence(line, self.facts) for result, line in lines if _ours(result, line)]
        else:
            left = list(render(self.results))
        await self.emit([event for event in left if event.text not in told])

    @property
    def over(self) -> bool:
        """Whether nothing more is to be asked: the customer has to say something first, or there is nothing to be found."""
        unanswered = bool(self.results) and self.results[-1].outcome not in (Outcome.ANSWER, Outcome.NONE)
        return self.acted is not None or unanswered


def _ours(result: ToolResult, line: Line) -> bool:
    """Whether a model's words do not stand in for a line: that nothing was found, a question back, and how words were taken."""
    return result.outcome is not Outcome.ANSWER or line.key in CAVEATS or line.key.startswith("notes.")


def rows(result: ToolResult, facts: Mapping[str, Fact], hidden: Placeholders, tokens: int) -> dict[str, object]:
    """A result as an outside model reads it: our sentences with references, then its facts; no figure and no name in them.

    facts: all of the turn, by reference. tokens: how much of it, the first rows first; what is cut stays known all the same.
    """
    ours = [sentence(line, facts) for line in result.lines]
    said = [Part(hidden.hide(event.template), age, refers=frozenset(event.refs)) for age, event in enumerate(ours)]
    listed = [
        Part(f"{{{fact.ref}}} {hidden.hide(_told(fact))}", age, gives=frozenset({fact.ref}))
        for age, fact in enumerate(result.facts)
    ]
    kept = cut([*said, *listed], tokens)
    return {
        "outcome": result.outcome.value,
        "said": [part.text for part in kept if not part.gives],
        "facts": [part.text for part in kept if part.gives],
        "more rows": len(kept) < len(said) + len(listed),
    }


def _told(fact: Fact) -> str:
    if fact.unit == QUOTE:
        return f"text of a page: {fact.value}"
    if fact.unit == WORDS:
        return f"word “{fact.value}”: {fact.label}"
    return f"{fact.unit}: {fact.label}"
