"""One of several that an answer told beside each other, meant by its place among them: "the top one"."""

from __future__ import annotations

import re

from assistant.following import HOW_MUCH_IT
from assistant.memory import REMEMBERED, Memory
from assistant.plan import Asked, Spans, Step, Tool


def of_place(text: str, memory: Memory) -> tuple[str, Memory]:
    """What is asked of the one that is meant by its place, as if that one had been asked about just before; the same text and memory
    where none is. text: in plain form."""
    last = memory.asked[-1] if memory.asked and not memory.lost else None
    if last is None or len(last.ranked) < 2 or (said := _AHEAD.match(text) or _WITHIN.search(text)) is None:
        return text, memory
    rest = said["rest"] if said.re is _AHEAD else f"{text[: said.start()]}there{text[said.end() :]}"
    if HOW_MUCH_IT.fullmatch(rest):
        # The list says what it came to.
        return text, memory
    name = last.ranked[-1 if _LEAST.search(said["which"]) else 0]
    before = last.step.spans
    spans = Spans(merchants=(name.casefold(),), periods=before.periods, account=before.account, without=before.without)
    one = Asked(step=Step(tool=Tool.SUM, spans=spans))
    return rest, memory.model_copy(update={"asked": (*memory.asked, one)[-REMEMBERED:]})


_LOWEST = r"bottom|cheapest|smallest|lowest|least(?: expensive)?"
_LEAST = re.compile(rf"\b(?:{_LOWEST})\b")
_MOST = rf"top|biggest|dearest|highest|largest|priciest|costliest|worst|most(?: expensive)?|{_LOWEST}"
_OF_THEM = r"of (?:those|them|these|the (?:two|three|four|five|six|lot))(?: (?:two|three|four|five|six))?"
_WHICH = (
    rf"(?P<which>the (?:one|place|shop) (?:at|on|in) (?:the )?(?:top|bottom)(?: of (?:the|that|your) (?:list|pile|lot|table|ranking))?"
    rf"|the (?:{_MOST})(?: one(?: {_OF_THEM})?| {_OF_THEM}|(?=:))|the (?:winner|front ?runner)|(?:the )?(?:number one(?: (?:on|of|in) (?:that|the|your) list)?)"
    rf"|(?:whichever|whoever)(?: one| {_OF_THEM})?(?: (?:was|is|had|got|took|cost|came(?: out)?|gets))?(?: me| us)?(?: the)? (?:{_MOST})(?: (?:one|of it|from me|off me))?)"
)
_LEAD = r"(?:(?:and|so|ok|okay|but|then|oh|right|well|now|for|of|take|with|as for|what about|about|at)\b[,.]? )*"
_AHEAD = re.compile(rf"{_LEAD}{_WHICH}\s*[,:;–-]+\s*(?P<rest>\S.*)")
_WITHIN = re.compile(rf"\b(?:at|to|in|with|on|from|for) {_WHICH}(?P<rest>)(?=\s*(?:$|[?.!,;]|[a-z]))")
