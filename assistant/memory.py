"""What a conversation remembers between turns, and whether anybody was spoken of in it."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.orders import Ordering
from assistant.plan import READ_WHOLE, Asked, Step, Tool
from assistant.spans import Found
from data.actions import IntentId
from data.party import Frozen

REMEMBERED = 8


class Choice(Frozen):
    """exact: only its own words choose it, as it is a question of its own."""

    label: str
    step: Step
    exact: bool = False


class Memory(Frozen):
    """What a conversation remembers between turns; the only state of the dialogue.

    told: the newest intent that was confirmed in it, and of which it has said what became of it. unknown: those of which it has
    said that nobody knows yet.
    heard: what a message that was not understood was about all the same.
    said: the customer's own words of the last turns, since something was last shown to be agreed to, or done. pasted: content
    about which they were asked what is to become of it.
    """

    asked: tuple[Asked, ...] = ()
    choices: tuple[Choice, ...] = ()
    open: Step | None = None
    lost: bool = False
    heard: Step | None = None
    ordering: Ordering | None = None
    told: IntentId | None = None
    unknown: tuple[IntentId, ...] = ()
    said: tuple[str, ...] = ()
    pasted: str = ""

    def after(
        self, done: Sequence[Asked], choices: Sequence[Choice], left_open: Step | None = None, lost: bool = False,
        heard: Step | None = None,
    ) -> Memory:  # fmt: skip
        """left_open: what a question that was asked back may have been about, for an answer that completes it. lost: whether
        the message was not understood, or refused, so that "them" in the next one is nobody who is known, unless heard says
        whom it named."""
        asked = (*self.asked, *done)[-REMEMBERED:]
        before = {"told": self.told, "unknown": self.unknown}
        return Memory(asked=asked, choices=tuple(choices), open=left_open, lost=lost, heard=heard).model_copy(update=before)

    def heard_in(self, found: Found) -> Step | None:
        """What a message that was not understood was about all the same: whom it named, or else what the one before was about."""
        if found.spans.merchants or found.spans.category or found.spans.account:
            return Step(tool=Tool.FIND, spans=found.spans, unread=found.unknown)
        if found.unknown:
            # One of these may be what it is about.
            return None
        return self.heard if self.lost else next((one.step for one in self.asked[-1:] if names_somebody(one)), None)


def names_somebody(asked: Asked) -> bool:
    """Whether a question named a payee or a kind of spending, or its answer told of a payee."""
    return bool(asked.step.spans.merchants or asked.step.spans.category or asked.used)


def spoke_of_somebody(memory: Memory) -> bool:
    """Whether "them" can be somebody: the last question named a payee or a kind of spending, or its answer told of a payee."""
    return bool(memory.asked) and names_somebody(memory.asked[-1])


def off_track(memory: Memory) -> bool:
    """Whether the message before asked for no payments: it was not understood, or it was about the bank's pages."""
    return memory.lost or (bool(memory.asked) and memory.asked[-1].step.tool in READ_WHOLE)
