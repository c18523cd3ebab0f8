"""Whoever was spoken of by their names, where words that stand for them are beside another name: "those two plus Boots"."""

from __future__ import annotations

import re

from assistant import spans as parts
from assistant.labels import OF_REFUNDS
from assistant.memory import Memory, off_track
from assistant.plan import ABOUT_PAYMENTS, Step, names_in
from assistant.spans import Known


def with_names(text: str, known: Known, memory: Memory) -> str:
    """A message with those names in it, and with the days that they were asked about where it says none. text: in plain form."""
    if not memory.asked or off_track(memory) or memory.asked[-1].step.tool in OF_REFUNDS or _STAND_FOR.search(text) is None:
        return text
    said = parts.find(text, known).spans
    # "Those two plus Boots": the first of these words may be taken for a part of the name.
    others = tuple(_JOINT.sub("", name) for name in names_in(said))
    for match in _STAND_FOR.finditer(text):
        ahead, behind = text[: match.start()], text[match.end() :]
        beside = (match["ahead"] and ahead.endswith(others)) or (match["behind"] and _THE.sub("", behind).startswith(others))
        names = _spoken_of(memory, match["those"]) if others and beside else ()
        if not names or set(names) & set(others):
            continue
        joints = (_PLUS.sub(" and ", match[group] or "") for group in ("ahead", "behind"))
        days = memory.asked[-1].step.spans.periods if not said.periods else ()
        whole = f"{ahead}{next(joints)}{' and '.join(names)}{next(joints)}{behind}"
        return f"{whole.rstrip(' ?.!')} {days[0]}" if len(days) == 1 else whole
    return text


def _spoken_of(memory: Memory, those: str) -> tuple[str, ...]:
    """ "Them" are all that the last question named, "those two" the last two names that were asked about; none where a choice among
    people of one name says more than the name does."""
    number = next((n for word, n in _NUMBERS.items() if word in those.split()), 0)
    names: list[str] = []
    last = memory.asked[-1].step
    for one in reversed(memory.asked):
        if one.step.only or one.step.excluding or one.step.tool is not last.tool or one.step.spans.periods != last.spans.periods:
            # Of other days, or another question: which is meant, nobody can say.
            return ()
        names = [*(name for name in names_in(one.step.spans) if name not in names), *names]
        if len(names) >= (number or 1):
            break
    return tuple(names) if len(names) == (number or len(names)) else ()


_NUMBERS = {"two": 2, "both": 2, "2": 2, "three": 3, "3": 3, "four": 4, "4": 4}
_JOINT = re.compile(r"^(?:plus|and|or|with) ")
_THE = re.compile(r"^(?:the|my|our) ")
_PLUS = re.compile(r" (?:\+|plus|&|with|along with|together with) ")
_STAND_FOR = re.compile(
    r"(?P<ahead>(?<=\w),? (?:or|and|vs|versus|against|than|plus|\+|&|with) )?"
    r"\b(?P<those>(?:all (?:of )?)?(?:those|these)(?: (?:two|three|four|[234]))?|the (?:two|three|four|[234])(?: of (?:them|those))?|both of (?:them|those)|(?:all of )?them(?: both| two| all)?)\b"
    r"(?P<behind>,? (?:\+|plus|and|or|&|with|vs|versus|against|along with|together with) )?"
)


def so_many(text: str, step: Step) -> int:
    """How many a message says that it is about, where its step names some, and not as many; else 0."""
    said = _SO_MANY.search(text)
    names = len(step.spans.merchants)
    number = _NUMBERS[said["number"]] if said is not None else 0
    return number if step.tool in ABOUT_PAYMENTS and names and not step.only and number > names else 0


def with_others(step: Step, number: int, memory: Memory) -> Step | None:
    """A step with those whom the questions before named, where that makes so many; else None."""
    others = (name for one in memory.asked if not one.step.only for name in one.step.spans.merchants)
    names = tuple(dict.fromkeys((*others, *step.spans.merchants)))
    if len(names) != number:
        return None
    return step.model_copy(update={"spans": step.spans.model_copy(update={"merchants": names})})


_SO_MANY = re.compile(
    r"\ball (?P<number>three|four|[34])\b(?: of (?:them|those|these|it))?(?=\s*(?:$|[?.!,;]|(?:together|in|this|last|added|since|for|over|combined)\b))"
)
