"""What goes on with the question before it: what is kept of that, and what a few words change in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from dateutil.relativedelta import relativedelta

from assistant import periods
from assistant import spans as parts
from assistant.plan import ABOUT_PAYMENTS, ABOUT_SAME, Asked, Spans, Step, Tool
from assistant.spans import Known

LONGEST_TOPIC = 400
# These look at days to come.
_AHEAD = frozenset({Tool.UPCOMING, Tool.SPARE, Tool.AFFORD})
ONE_ROW = frozenset({Tool.LAST, Tool.FIRST, Tool.LARGEST, Tool.SMALLEST, Tool.BIGGEST_DAY})
# Whose answer says when it comes next.
DATED = frozenset({Tool.SALARY, Tool.SUBSCRIPTIONS})
# Whose answer says what they come to.
TOTALLED = frozenset({Tool.SUBSCRIPTIONS, Tool.DIRECT_DEBITS, Tool.UPCOMING, Tool.PENDING, Tool.REFUNDS})
LISTS = TOTALLED | {Tool.STANDING_ORDERS, Tool.DUPLICATES, Tool.QUIET_DAYS}
POSITIONS = frozenset({Tool.BALANCE, Tool.POSITION, Tool.ACCOUNTS})

BACKWARD = re.compile(
    r"\b(?:that|it|they|them|those|these|he|she|him|her|there|the two)\b"
    r"|^(?:(?:omg|lol|haha|hmm|oh|wow|yeah|yes|no|well|um|er|ah|thanks|great|ok|okay|right)[,.! ]+)*(?:and|so|ok|okay|right)\b"
)

GOES_ON = ABOUT_SAME | {
    Tool.COMPARE,
    Tool.INCOME,
    Tool.STANDING_ORDERS,
    Tool.DIRECT_DEBITS,
    Tool.PENDING,
    Tool.SALARY,
    Tool.IDENTIFY,
}


def merged(before: Spans, said: Spans) -> Spans:
    """A follow-up keeps what it does not change; a new name or category takes the place of both, unless it is what is left out."""
    update: dict[str, object] = {}
    if {*said.merchants, said.category} - {""} - {_named(name) for name in said.without}:
        update |= {"merchants": said.merchants, "category": said.category}
    if said.periods:
        update["periods"] = said.periods
    for name in ("amount", "account", "number", "group", "bought", "without", "topic"):
        if getattr(said, name):
            update[name] = getattr(said, name)
    if said.account and not said.without:
        # The account that was left out before is the one that is asked about now.
        update["without"] = tuple(name for name in before.without if not parts.says_account(name, ()))
    if before.merchants and before.category and before.category in {_named(name) for name in said.without}:
        # "The shop itself, not the restaurant": all that is theirs but that.
        update["category"] = ""
    if said.without and "merchants" not in update:
        out = [parts.words_of(_named(name)) for name in said.without]
        kept = tuple(m for m in before.merchants if not any(words <= parts.words_of(m) for words in out))
        update["merchants"] = kept or before.merchants
    return before.model_copy(update=update)


def _named(name: str) -> str:
    return re.sub(r"^(?:the|my|our) ", "", name)


def goes_on_with(asked: Sequence[Asked], said: Spans, message: str) -> Step | None:
    if said == Spans():
        return None
    last = asked[-1]
    if last.step.tool is Tool.ARTICLE:
        # "And 600?": asked together with the question that it goes on with.
        topic = f"{last.step.spans.topic} {message}"[-LONGEST_TOPIC:]
        return Step(tool=Tool.ARTICLE, spans=said.model_copy(update={"topic": topic}))
    if last.step.tool is Tool.COMPARE and said.periods and not (said.merchants or said.category):
        # One more period beside two that were compared is asked for by itself.
        return Step(tool=Tool.SUM, spans=merged(last.step.spans, said), only=last.step.only, excluding=last.step.excluding)
    if last.step.tool in _AHEAD and said == Spans(periods=("now",)):
        # "And now?": what is there before it goes out.
        return Step(tool=Tool.BALANCE, spans=Spans(account=last.step.spans.account))
    names = {*said.merchants, said.category} - {""}
    if (added := with_more(last, said, message)) is not None:
        return added
    if names and not names & {*last.step.spans.merchants, last.step.spans.category}:
        # A name that was asked about before something else goes on with that.
        last = next((a for a in reversed(asked) if names & {*a.step.spans.merchants, a.step.spans.category}), last)
    tool = Tool.BREAKDOWN if said.group and last.step.tool is Tool.SUM else last.step.tool
    if tool in ONE_ROW and IN_TOTAL.search(message):
        tool = Tool.SUM
    if _ONLY.search(message) and (narrowed := narrowed_to(last, said)) is not None:
        return narrowed
    keeps = not (said.merchants or said.category)
    spans = merged(last.step.spans, said)
    return Step(tool=tool, spans=spans, only=last.step.only if keeps else (), excluding=last.step.excluding if keeps else ())


def with_more(last: Asked, said: Spans, text: str) -> Step | None:
    """ "And with Zara on top, total": what was asked before and somebody more, together; None where nothing is added."""
    before = last.step.spans
    more = {*said.merchants, said.category} - {""}
    adds = _PLUS.search(text) or (ON_TOP.search(text) and IN_TOTAL.search(text))
    if last.step.tool is not Tool.SUM or not adds or not more or not (before.merchants or before.category) or said.periods:
        return None
    if bool(before.category) == bool(said.category) and bool(before.merchants) == bool(said.merchants):
        names = (*before.merchants, *said.merchants, *([before.category] if said.category else []))
        update = {"merchants": tuple(dict.fromkeys(names)), "category": said.category}
        return last.step.model_copy(update={"spans": before.model_copy(update=update), "only": (), "excluding": ()})
    return None


_PLUS = re.compile(
    r"^(?:and )?plus\b|\badd (?:in |on )?x|\b(?:together|along|combined) with (?:that|it|those)\b|\badded to (?:that|it|those)\b"
)
IN_TOTAL = re.compile(r"\b(?:in total|in all|all in all|altogether|added up|add up|total)\b")
# "Is that more than in May": against what was asked before, whatever else the words are like.
_THAT_MORE = (
    r"(?:(?:is|was) (?:that|it|this) (?:any |much |a lot )?(?:more|less|higher|lower|bigger) than"
    r"|how (?:does|did) (?:that|it|this) compare (?:to|with))\b"
)
MORE_THAN = re.compile(
    rf"^(?:and |so )?(?:{_THAT_MORE}|(?:any |much )?(?:more|less|higher|lower|dearer|cheaper|up|down)(?: or (?:less|lower|cheaper|dearer|down))? (?:than|on)\b)"
)
AND_MORE = re.compile(rf"[,;?]?\s+(?:and\s+)?(?={_THAT_MORE})")
# What the customer gives is no income, though the words for both are much the same.
GAVE = re.compile(r"\bhow much (?:money )?(?:did|do|have|had) (?:i|we) (?:ever )?(?:give|given|pay|paid|send|sent|lend|lent)\b")
_ONLY = re.compile(r"\b(?:only|just|meant)\b")


def narrowed_to(last: Asked, said: Spans) -> Step | None:
    """ "Only the one in Leeds": of the payees taken in before, those that the words are part of; "only the petrol": of their payments."""
    before = last.step.spans
    if said.merchants:
        words = {w for name in said.merchants for w in parts.words_of(name)}
        some = tuple(t for t in last.used if words <= parts.words_of(t))
        if not some or len(some) == len(last.used):
            return None
        kept = tuple(m for m in before.merchants if words & parts.words_of(m)) or before.merchants[:1]
        return last.step.model_copy(update={"only": some, "spans": before.model_copy(update={"merchants": kept})})
    if said.category and before.merchants and not before.category:
        return last.step.model_copy(update={"spans": before.model_copy(update={"category": said.category})})
    return None


THAN = re.compile(
    r"\b(?:more|less|higher|lower|dearer|cheaper|up|down|bigger|smaller) (?:or (?:less|down|up|cheaper|lower) )?(?:than|on)\b"
)
_BACK_BY = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "fortnight": relativedelta(weeks=2),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}
UNIT_ASIDE = re.compile(
    r"\b(?:the |a |one )?(?P<unit>day|week|fortnight|month|quarter|year) (?P<way>before|earlier|after|later)(?! last)(?: that)?\s*[?.!]*$"
)


def unit_aside(step: Step, unit: str, way: str, known: Known) -> Step | None:
    """ "And the month before": the same question for the period one unit earlier or later, in dates."""
    period = periods.read(step.spans.periods[0], known.today) if step.spans.periods else None
    if period is None or period.since is None:
        return None
    back = -_BACK_BY[unit] if way in ("after", "later") else _BACK_BY[unit]
    if unit == "year" and step.tool in _ONE_OFF:
        # What was paid once has no same days in another year.
        year = str((period.since - back).year)
        return Step(tool=Tool.SUM, spans=step.spans.model_copy(update={"periods": (f"in {year}",), "number": ""}), only=step.only)
    if way not in ("after", "later") and periods.is_running(period, unit, known.today):
        # Before this year, up to now, comes all of last year.
        return step.model_copy(update={"spans": step.spans.model_copy(update={"periods": (f"last {unit}",)})})
    return step.model_copy(update={"spans": step.spans.model_copy(update={"periods": (periods.moved(period, back),)})})


_ONE_OFF = frozenset({Tool.FIND, Tool.LAST, Tool.FIRST, Tool.IDENTIFY, Tool.LARGEST})


def both_of(asked: Sequence[Asked], text: str) -> Step | None:
    """The last things asked with one tool, together: two of them where two are spoken of, else all that were asked in a row."""
    last = asked[-1].step
    alike = list(takewhile(lambda one: one.step.tool is last.tool, reversed(asked)))[::-1]
    if TWO.search(text) or last.tool in (Tool.COMPARE, Tool.INCOME):
        alike = alike[-2:]
    if len(alike) < 2:
        return None
    told = [one.step.spans for one in alike]
    kinds = tuple(dict.fromkeys(one.category for one in told if one.category))
    # A second category goes in as a name: the resolver reads it as a category again.
    merchants = tuple(dict.fromkeys((*(m for one in told for m in one.merchants), *kinds[:-1])))
    days = tuple(dict.fromkeys(p for one in told for p in one.periods))
    accounts = dict.fromkeys(one.account for one in told if one.account)
    account = last.spans.account if last.tool not in POSITIONS else " and ".join(accounts)
    spans = Spans(periods=days, merchants=merchants, category=kinds[-1] if kinds else "", account=account)
    only: tuple[str, ...] = ()
    if len(merchants) == 1 and any(a.step.only or a.step.excluding for a in alike):
        # One name that means two people, each picked in turn.
        only = tuple(dict.fromkeys(t for one in alike for t in one.used))
    # Balances are only added up where a sum is told.
    tool = Tool.POSITION if last.tool is Tool.BALANCE and len(accounts) > 1 else last.tool
    return Step(tool=tool, spans=spans, only=only)


def of_the_two(tool: Tool, said: Spans, asked: Sequence[Asked], text: str) -> Step | None:
    """ "Which of the two …", "the two of them come to …": of those who were asked about last; nobody knows of whom else."""
    both = both_of(asked, text)
    if both is None or tool not in ABOUT_SAME | {Tool.INCOME}:
        return None
    spans = both.spans.model_copy(update={"periods": said.periods or both.spans.periods})
    held = _WHICH_MORE.search(text) is not None and len(spans.merchants) > 1
    return both.model_copy(update={"tool": Tool.COMPARE if held else both.tool, "spans": spans})


_WHICH_MORE = re.compile(r"\bwhich\b.*\b(?:more|most|less|least|dearer|cheaper|biggest|bigger)\b")
TWO = re.compile(r"\b(?:both|two)\b")
THE_TWO = re.compile(r"\b(?:the two(?: of (?:them|those|these))?|both of (?:them|those|these))\b(?! [a-z]+s\b)")


def held_against(last: Asked, said: Spans, text: str, today: periods.Today) -> Step | None:
    """ "Was Q2 more than that?": what is said now against what was asked before."""
    before = last.step.spans
    if said.periods == before.periods and (said.merchants or said.category):
        # "Against Aldi in the same months": the days are no other side.
        said = said.model_copy(update={"periods": ()})
    goes_on = BACKWARD.search(text) or AGAINST_IT.match(text) or (only_days(said) and ALL_SPENDING.search(text) is None)
    if last.step.tool not in GOES_ON or not goes_on or len(said.periods) > 1 or len(said.merchants) > 1:
        return None
    if last.step.tool is Tool.COMPARE and (said.merchants or said.category):
        # Of two periods the first is the one that was asked about.
        before = before.model_copy(update={"periods": before.periods[:1]})
    if len(before.periods) > 1 and (said.merchants or said.category):
        # A comparison of two names over two periods would be read as one of the periods.
        return None
    if said.periods and not (said.merchants or said.category):
        said = said.model_copy(update={"periods": (_of_like_days(said.periods[0], before.periods[:1], today),)})
        two = (*before.periods[:1], *said.periods) if _THAN_THIS.search(text) else (*said.periods, *before.periods[:1])
        return Step(tool=Tool.COMPARE, spans=before.model_copy(update={"periods": two}))
    if said.merchants and before.merchants and not said.periods:
        return Step(tool=Tool.COMPARE, spans=before.model_copy(update={"merchants": (*said.merchants, *before.merchants[:1])}))
    if said.category and before.category and not said.periods:
        return Step(
            tool=Tool.COMPARE, spans=before.model_copy(update={"category": said.category, "merchants": (before.category,)})
        )
    return None


def _of_like_days(words: str, before: Sequence[str], today: periods.Today) -> str:
    """ "Than last year?" of a month: that month of last year, and not all the year."""
    period = periods.read(before[0], today) if before else None
    if period is None or period.since is None or not _LAST_YEAR.search(words):
        return words
    ends = period.ends or period.until
    if (period.until - period.since).days > MONTH_DAYS or period.since.year != today.date.year:
        return words
    return periods.moved(period.model_copy(update={"until": ends}), _BACK_BY["year"])


_LAST_YEAR = re.compile(r"\b(?:last|the previous) year\b")
MONTH_DAYS = 31


def only_days(said: Spans) -> bool:
    return bool(said.periods) and said == Spans(periods=said.periods)


# Whoever says so compares all that they spend, whatever was asked before.
ALL_SPENDING = re.compile(r"\b(?:spen[dt]|spending|pay|paid|outgoings|everything|overall|my (?:money|costs|payments|bills))\b")

AGAINST_IT = re.compile(r"(?:and |or )?(?:vs|versus|against|compared (?:to|with))\b")
_THAN_THIS = re.compile(
    r"\b(?:than|against|versus|vs|compared (?:to|with)|(?:more|less|up|down|higher|lower) on)\b(?! (?:that|it|this|then)\b)"
)

ON_TOP = re.compile(r"^(?:and|also|plus)\b|\bon top(?: of that)?\b")


def came_in_from(last: Asked, said: Spans) -> Step | None:
    """ "When did I get the last one?" after a question about money that comes in asks for more of the same."""
    tool = {Tool.REFUNDS: Tool.REFUND_STATUS, Tool.INCOME: Tool.SALARY}.get(last.step.tool, last.step.tool)
    if tool not in (Tool.REFUND_STATUS, Tool.SALARY):
        return None
    before = last.step.spans.model_copy(update={"periods": (), "number": ""})
    return Step(tool=tool, spans=merged(before, said), only=last.step.only if not said.merchants else ())


def details_of(step: Step, text: str) -> Step:
    """More of the answer before: one payment was told whole, a share was of a sum, and a sum has rows. A balance has none."""
    if step.tool not in ABOUT_PAYMENTS or step.tool in ONE_ROW | DATED | LISTS | {Tool.REFUND_STATUS, Tool.INCOME}:
        return step
    if step.tool is Tool.SHARE and _IN_MONEY.search(text):
        return step.model_copy(update={"tool": Tool.SUM})
    return step.model_copy(update={"tool": Tool.FIND, "spans": step.spans.model_copy(update={"number": ""})})


_IN_MONEY = re.compile(r"\bin (?:pounds|money|actual money|cash|real terms|euros?|£s?)\b|£")
