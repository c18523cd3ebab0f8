"""What speaks against a plan of a small model: that it covers what nobody asked, or leaves out what narrows it.

The words of such a plan are the customer's, but which of them it takes, and what it takes over from the question before, is the
model's guess. Where code can see that the guess is off, it is better to ask back: a wrong figure costs more than a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assistant import periods
from assistant.plan import ABOUT_PAYMENTS, ABOUT_SAME, FROM_OTHERS, Plan, Spans, Step, Tool
from assistant.spans import Found, Known, accounts_named, plain, words_of

# Words for days: where one of them is in no part of a plan, the plan is about other days than were asked about.
_TIME = re.compile(
    r"\b(?:(?:week|month|year|day|quarter|time|weekend|night|morning)s?|today|yesterday|tomorrow|since|before|after|until|till"
    rf"|lately|recently|ago|spring|summer|autumn|winter|{'|'.join((*periods.MONTHS, *periods.WEEKDAYS))})\b"
)
_ALL = re.compile(r"\b(?:every(?:thing|body|one)|all|altogether|overall|total|ever|so far)\b")
_AS_WELL = re.compile(r"\b(?:both|too|as well|also|plus|on top)\b")
_AGAINST = re.compile(
    r"\b(?:than|more|less|fewer|most|least|compared?|against|vs|versus|differen\w+|higher|lower|dearer|cheaper|gone (?:up|down)"
    r"|went (?:up|down)|increased?|decreased?|rise|risen|changed?)\b"
)
# "And each time?": what a message begins with joins nothing.
_BEGINS = re.compile(r"^(?:(?:and|but|so|ok|also|then)\b[ ,]*)+")
_JOINS = re.compile(r"\b(?:and|also|plus|then|or)\b|[,;?.](?=\s*\w)")
_NO_NAME = frozenset(["the", "a", "an", "my", "our", "that", "this", "at", "in", "of", "for", "to", "from", "on", "and"])
_TOTALS = frozenset({Tool.SUM, Tool.COUNT, Tool.AVERAGE, Tool.INCOME, Tool.SHARE})


def objection(planned: Plan, heard: Found, message: str, last: Step | None, known: Known) -> str:
    """Why a model's plan is not to be performed, "" where nothing speaks against it.

    heard: the parts of the message that code found itself. last: the step of the turn before.
    """
    text = plain(message)
    if heard.each:
        return "it adds up what belongs to different names"
    if len(planned.steps) > 1 and not _JOINS.search(_BEGINS.sub("", text)):
        return "it has several steps for one question"
    if last is not None and last in planned.steps:
        return "it repeats the question before"
    if left := _days_left_out(planned.steps, text):
        return f"it leaves out {left}"
    return next((why for step in planned.steps if (why := _of_step(step, heard, text, last, known))), "")


def _of_step(step: Step, heard: Found, text: str, last: Step | None, known: Known) -> str:
    spans = step.spans
    if strange := next((p for p in spans.periods if periods.read(p, known.today) is None), ""):
        return f"{strange} is no time"
    in_account = words_of(heard.spans.account) - _NO_NAME
    if strange := next(
        (n for n in spans.merchants if words_of(plain(n)) <= in_account or periods.read(plain(n), known.today)), ""
    ):
        return f"{strange} is no payee"
    if spans.account and not accounts_named(spans.account, known.accounts):
        return f"{spans.account} is no account"
    before = last.spans if last is not None else Spans()
    if strange := next((n for n in _names(spans) if not _may_be_a_name(n, heard, before, known)), ""):
        return f"{strange} is nobody's name"
    if step.tool is Tool.COMPARE and (max(len(spans.periods), len(_names(spans))) < 2 or not _AGAINST.search(text)):
        return "it compares nothing"
    if step.tool in ABOUT_SAME and re.search(r"\bthan\b", text) and not spans.amount:
        return "it leaves out what that is held against"
    if step.tool in _TOTALS and not spans.periods and not _ALL.search(text):
        return "nobody asked about all the days there are"
    return _taken_over(step, text, last, before)


def _taken_over(step: Step, text: str, last: Step | None, before: Spans) -> str:
    """What speaks against that which a plan takes over from the question before, or does not."""
    if last is None or step.tool not in ABOUT_PAYMENTS:
        return ""
    named = [plain(name) for name in _names(step.spans)]
    new = [name for name in named if name in text]
    if new and len(new) < len(named) and not _AS_WELL.search(text):
        return "it adds who was asked about before"
    spoke_of = _names(before) or last.tool in FROM_OTHERS
    if spoke_of and not named and step.tool not in FROM_OTHERS and not _ALL.search(text):
        return "it drops who was asked about before"
    if before.without and not step.spans.without and not _ALL.search(text):
        return "it counts in what was left out"
    old = [p for p in step.spans.periods if plain(p) not in text]
    if old and len(old) < len(step.spans.periods) and step.tool is not Tool.COMPARE:
        return "it adds the days that were asked about before"
    return ""


def _days_left_out(steps: Sequence[Step], text: str) -> str:
    """A word for days that is in no part of a plan."""
    used = words_of(" ".join(plain(part) for step in steps for part in _parts(step.spans)))
    return next((word[0] for word in _TIME.finditer(text) if word[0] not in used), "")


def _parts(spans: Spans) -> Iterable[str]:
    return (*spans.periods, *_names(spans), spans.amount, spans.account, spans.number, spans.group, spans.topic)


def _names(spans: Spans) -> list[str]:
    return [name for name in (*spans.merchants, spans.category) if name]


def _may_be_a_name(name: str, heard: Found, before: Spans, known: Known) -> bool:
    """Whether all words of a name can be part of one: words of payees and kinds, or such as no question has."""
    if plain(name) in [plain(one) for one in _names(before)]:
        return True
    told = words_of(" ".join((*_names(heard.spans), *heard.unknown)))
    return all(
        word in told or word in known.tokens or word in known.synonyms or word not in known.words
        for word in words_of(plain(name)) - _NO_NAME
    )
