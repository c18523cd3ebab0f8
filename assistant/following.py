"""What goes on with the question before it: what is kept of that, and what a few words change in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from itertools import takewhile

from assistant import periods
from assistant import spans as parts
from assistant.direction import HOW_MUCH_OR_MANY, way_of
from assistant.grouping import grouped
from assistant.plan import (
    ABOUT_PAYMENTS,
    ABOUT_SAME,
    CAME_BACK,
    DATED,
    DAYS_AHEAD,
    LISTS,
    ONE_ROW,
    POSITIONS,
    TOTALLED,
    Asked,
    Spans,
    Step,
    Tool,
    names_any,
    names_in,
)
from assistant.pointing import THERE, TWO, refers_back
from assistant.spans import Known

LONGEST_TOPIC = 400
GOES_ON = ABOUT_SAME | {
    Tool.COMPARE,
    Tool.INCOME,
    Tool.STANDING_ORDERS,
    Tool.DIRECT_DEBITS,
    Tool.PENDING,
    Tool.SALARY,
    Tool.IDENTIFY,
}
IN_TOTAL = re.compile(r"\b(?:in total|in all|all in all|all ?together|added up|add up|total)\b")
ON_TOP = re.compile(r"^(?:and|also|plus)\b|\bon top(?: of that)?\b")
WHEN = re.compile(r"\b(?:when|which day|what day|which date|what date|due|expect|usually|next)\b")


def merged(before: Spans, said: Spans) -> Spans:
    """A follow-up keeps what it does not change; a new name or category takes the place of both, unless it is what is left out."""
    update: dict[str, object] = {}
    if {*said.merchants, said.category} - {""} - {without_article(name) for name in said.without}:
        update |= {"merchants": said.merchants, "category": said.category}
    if said.periods:
        update["periods"] = said.periods
    if said.without and before.without and not (said.merchants or said.category):
        # "And without the fuel too": what was left out stays so.
        said = said.model_copy(update={"without": tuple(dict.fromkeys((*before.without, *said.without)))})
    for name in ("amount", "account", "number", "group", "bought", "without", "topic"):
        if getattr(said, name):
            update[name] = getattr(said, name)
    back = {w for name in said.merchants for w in parts.words_of(name)}
    if not said.without and (again := [name for name in before.without if parts.words_of(without_article(name)) <= back]):
        # "And those fees on top": what was left out before, by itself; no card is charged for it.
        update |= {"without": tuple(name for name in before.without if name not in again), "bought": said.bought}
    if said.account and not said.without:
        # The account that was left out before is the one that is asked about now.
        update["without"] = tuple(name for name in before.without if not parts.says_account(name, ()))
    if before.merchants and before.category and before.category in {without_article(name) for name in said.without}:
        # "The shop itself, not the restaurant": all that is theirs but that.
        update["category"] = ""
    if said.without and "merchants" not in update:
        out = [parts.words_of(without_article(name)) for name in said.without]
        kept = tuple(m for m in before.merchants if not any(words <= parts.words_of(m) for words in out))
        update["merchants"] = kept or before.merchants
    return before.model_copy(update=update)


def without_article(name: str) -> str:
    return re.sub(r"^(?:the|my|our) ", "", name)


def goes_on_with(asked: Sequence[Asked], said: Spans, message: str) -> Step | None:
    if said == Spans():
        return None
    last = asked[-1]
    if last.step.tool is Tool.ARTICLE:
        # "And 600?": asked together with the question that it goes on with.
        topic = f"{last.step.spans.topic} {message}"[-LONGEST_TOPIC:]
        return Step(tool=Tool.ARTICLE, spans=said.model_copy(update={"topic": topic}))
    if last.step.tool in (Tool.SHARE, Tool.SUM) and last.step.spans.merchants and said.merchants and not said.category:
        # "Which part of groceries was Aldi?" "Tesco?": of groceries.
        said = said.model_copy(update={"category": last.step.spans.category})
    if last.step.tool is Tool.COMPARE and said.periods and not (said.merchants or said.category):
        # One more period beside two that were compared is asked for by itself.
        return Step(tool=Tool.SUM, spans=merged(last.step.spans, said), only=last.step.only, excluding=last.step.excluding)
    if (
        last.step.tool is Tool.COMPARE
        and len(_who(last)) > 1
        and len({*said.merchants, said.category} - {""}) == 1
        and not _MEANT.search(message)
    ):
        # One more name beside two that were compared, too.
        return Step(tool=Tool.SUM, spans=merged(last.step.spans, said))
    if last.step.tool in DAYS_AHEAD and said == Spans(periods=("now",)):
        # "And now?": what is there before it goes out.
        return Step(tool=Tool.BALANCE, spans=Spans(account=last.step.spans.account))
    names = {*said.merchants, said.category} - {""}
    if THERE.search(message) and said.category and not said.merchants and (theirs := narrowed_to(last, said)) is not None:
        # "And the restaurant there": what of theirs is of that kind.
        return theirs
    if said.without and {*said.without} >= {*last.step.spans.merchants} - {""} != set():
        # "Not Boots the Bakers" of Boots: what would be left is not what is meant.
        return None
    if (added := with_more(last, said, message)) is not None:
        return added
    if names and {without_article(name) for name in names} <= {without_article(name) for name in last.step.spans.without}:
        whole = last.step.spans.model_copy(update={"without": ()})
        if _COUNTED_IN.search(message) is None:
            # "Now your fees for it": what was left out before, by itself.
            return Step(tool=last.step.tool, spans=merged(whole, said))
        # "And last year, with the hotel": what was left out before is counted in again.
        said = said.model_copy(update={"merchants": (), "category": ""})
        return last.step.model_copy(update={"spans": merged(whole, said)})
    if names and not _MEANT.search(message) and not names & {*last.step.spans.merchants, last.step.spans.category}:
        # A name that was asked about before something else goes on with that.
        last = next((a for a in reversed(asked) if names & {*a.step.spans.merchants, a.step.spans.category}), last)
    if last.step.tool in ONE_ROW and len(said.periods) > 1:
        # "August, September, October": what it came to in each, and not the last one of each.
        return Step(tool=Tool.SUM, spans=merged(last.step.spans, said), only=last.step.only)
    tool = _tool_after(last.step.tool, said, message)
    if tool in (Tool.LAST, Tool.SUBSCRIPTIONS) and names and said.periods and _JOINS_ON.match(message) is None:
        # "Boots, this year": what it came to; of a year nobody asks for the newest payment, nor for a price.
        tool = Tool.SUM
    if tool is Tool.SALARY and names and said.periods and not names & {*last.step.spans.merchants}:
        # "Boots since then", after a wage.
        tool = Tool.SUM
    if _ONLY.search(message) and (narrowed := narrowed_to(last, said)) is not None:
        return narrowed
    keeps = not (said.merchants or said.category)
    spans = merged(last.step.spans, said)
    if tool is Tool.SUM and last.step.tool in DATED:
        # How a price was to be told, and who pays a wage, says nothing of a sum.
        spans = spans.model_copy(update={"change": ""})
    return Step(tool=tool, spans=spans, only=last.step.only if keeps else (), excluding=last.step.excluding if keeps else ())


_COUNTED_IN = re.compile(r"\b(?:with|includ\w+|add\w*|back|count\w*|plus|too|as well|on top)\b")
_JOINS_ON = re.compile(r"(?:and|or|what about|how about|same|when|also|n)\b")
# Who corrects what was understood asks the same as before.
_MEANT = re.compile(r"\b(?:meant|i mean)\b")
_ONLY = re.compile(r"\b(?:only|just|meant)\b")


def _tool_after(before: Tool, said: Spans, text: str) -> Tool:
    """What is asked by a few words that go on with a question: as before, unless they say how it is to be told."""
    if said.group and before in (Tool.SUM, Tool.COUNT):
        # "Per week" is one figure; "by month" is a list.
        return Tool.AVERAGE if _PER_UNIT.search(said.group) else Tool.BREAKDOWN
    if before in (Tool.SUM, Tool.COUNT) and _SHOW_THEM.search(text):
        return Tool.FIND
    if before is Tool.POSITION and said.account and said.periods:
        # One of the accounts, on a day that is over.
        return Tool.BALANCE
    if before in ONE_ROW and (IN_TOTAL.search(text) or _ALL_OF.match(text)):
        return Tool.SUM
    if before is Tool.LAST and said.periods and all(words.startswith("since ") for words in said.periods):
        # The newest since then is the one that was told.
        return Tool.SUM
    if before in (Tool.COUNT, Tool.SUM) and (how := HOW_MUCH_OR_MANY.search(text)):
        return Tool.SUM if how["how"] == "much" else Tool.COUNT
    return before


# "Show me the November ones": each of them.
_SHOW_THEM = re.compile(r"\b(?:show|list)(?: (?:me|us))? (?:[a-z]+ ){0,3}(?:ones|them|those|each|every)\b")
_ALL_OF = re.compile(r"(?:and |so |now |then )*all (?:of|in|through|over|this|last)\b")
_PER_UNIT = re.compile(r"^(?:per|an?) (?:day|week|year)$")


def with_more(last: Asked, said: Spans, text: str, *, adds: bool = False) -> Step | None:
    """ "And with Zara on top, total": what was asked before and somebody more, together; None where nothing is added."""
    before = last.step.spans
    more = {*said.merchants, said.category} - {""}
    adds = (
        adds
        or _PLUS.search(text) is not None
        or _ALL_OF_THEM.search(text) is not None
        or (ON_TOP.search(text) is not None and IN_TOTAL.search(text) is not None)
    )
    other_days = bool(said.periods) and said.periods != before.periods
    if last.step.tool not in ABOUT_SAME or not adds or not more or not (before.merchants or before.category) or other_days:
        return None
    if bool(before.category) == bool(said.category) and bool(before.merchants) == bool(said.merchants):
        names = (*before.merchants, *said.merchants, *([before.category] if said.category else []))
        update = {"merchants": tuple(dict.fromkeys(names)), "category": said.category, "number": "", "group": ""}
        tool = Tool.COUNT if last.step.tool is Tool.COUNT else Tool.SUM
        return Step(tool=tool, spans=before.model_copy(update=update))
    return None


# "And with Boots, all three".
_ALL_OF_THEM = re.compile(
    r"^(?:(?:and|so|ok|now|then)\b,? )*(?:with|plus|add(?:ing)?|including) [^,]+,? (?:all|the) (?:two|three|four|five|lot)(?: of (?:them|those))?(?: together)?[ ?.!]*$"
)
_PLUS = re.compile(
    r"^(?:(?:and|now|so|ok)\b,? )*plus\b|\badd (?:in |on )?x|\b(?:together|along|combined) with (?:that|it|those)\b|\badded to (?:that|it|those)\b"
)


def narrowed_to(last: Asked, said: Spans) -> Step | None:
    """ "Only the one in Leeds": of the payees taken in before, those that the words are part of; "only the petrol": of their payments."""
    before = last.step.spans.model_copy(update={"periods": said.periods or last.step.spans.periods})
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


def remembered(step: Step, today: periods.Today) -> Step:
    """A step as what goes on with it takes it over: of what moved a balance from a day on, all of that time is spoken of."""
    if step.tool is not Tool.EXPLAIN or len(step.spans.periods) != 1:
        return step
    (words,) = step.spans.periods
    day, since = periods.read(words, today), f"since {_LEAD.sub('', words)}"
    if day is None or day.since != day.until or periods.read(since, today) is None:
        return step
    return step.model_copy(update={"spans": step.spans.model_copy(update={"periods": (since,)})})


_LEAD = re.compile(r"^(?:on|at) ")
UNIT_ASIDE = re.compile(
    r"\b(?:the |a |one )?(?P<tax>tax )?(?P<unit>day|week|fortnight|month|quarter|year) (?P<way>before|earlier|after|later)(?! last)(?: (?:that|this)(?: one)?)?"
    r"(?:,? (?:in |at |for )?(?:the )?same [a-z]+)?(?:,? how much)?(?:,? (?:as well|too|also|please))*\s*[?.!]*$"
)


def unit_aside(step: Step, unit: str, way: str, known: Known, *, tax: bool = False) -> Step | None:
    """ "And the month before": the same question for the period one unit earlier or later, in dates. tax: a tax year, which is a
    whole one whatever days were asked about."""
    period = periods.read(step.spans.periods[0], known.today) if step.spans.periods else None
    if period is None or period.since is None:
        return None
    if tax:
        began = period.since.year - ((period.since.month, period.since.day) < TAX_YEAR) + (1 if way in ("after", "later") else -1)
        words = f"from {began}-04-06 to {began + 1}-04-05"
        return step.model_copy(update={"spans": step.spans.model_copy(update={"periods": (words,)})})
    back = -periods.STEP[unit] if way in ("after", "later") else periods.STEP[unit]
    if unit == "year" and step.tool in _ONE_OFF:
        # What was paid once has no same days in another year.
        year = str((period.since - back).year)
        return Step(tool=Tool.SUM, spans=step.spans.model_copy(update={"periods": (f"in {year}",), "number": ""}), only=step.only)
    if way not in ("after", "later") and periods.is_running(period, unit, known.today):
        # Before this year, up to now, comes all of last year.
        return step.model_copy(update={"spans": step.spans.model_copy(update={"periods": (f"last {unit}",)})})
    return step.model_copy(update={"spans": step.spans.model_copy(update={"periods": (periods.moved(period, back),)})})


# The month and the day that it begins on.
TAX_YEAR = (4, 6)
_ONE_OFF = frozenset({Tool.FIND, Tool.LAST, Tool.FIRST, Tool.IDENTIFY, Tool.LARGEST})


def both_of(asked: Sequence[Asked], text: str, days: tuple[str, ...] = ()) -> Step | None:
    """The last things asked, together: those that one question named, or two of them where two are spoken of, else all that were
    asked in a row with one tool. days: those that are said now.

    None where they are not two, or where each has days of its own: they would be added up over the days of the others too.
    """
    last = asked[-1].step
    if last.spans.without and last.tool in _ADDED_UP:
        # "Both", once one of them was left out.
        return last.model_copy(
            update={"spans": last.spans.model_copy(update={"without": (), "periods": days or last.spans.periods})}
        )
    if len(_who(asked[-1])) > 1:
        return last.model_copy(update={"spans": last.spans.model_copy(update={"periods": days or last.spans.periods})})
    alike = list(takewhile(lambda one: one.step.tool is last.tool, reversed(asked)))[::-1]
    if len(alike) < 2 and TWO.search(text):
        alike = [one for one in asked if one.step.tool in _OF_SOMEBODY and _who(one)]
    if TWO.search(text) or last.tool in (Tool.COMPARE, Tool.INCOME):
        alike = alike[-2:]
    if len(alike) < 2 or alike[-1] is not asked[-1]:
        return None
    if len(said := tuple(dict.fromkeys(one.step.spans.account for one in alike))) > 1 and _alike_but_for_account(alike):
        # "From my own account", "and from the joint one", both: what went from the two of them.
        return last.model_copy(update={"spans": last.spans.model_copy(update={"account": " and ".join(said)})})
    names = tuple(dict.fromkeys(name for one in alike for name in _who(one)))
    kinds = tuple(dict.fromkeys(one.step.spans.category for one in alike if one.step.spans.category))
    # A second category goes in as a name: the resolver reads it as a category again.
    merchants = tuple(name for name in names if name not in kinds[-1:])
    words = [parts.words_of(name) for name in names]
    if any(one < two for one in words for two in words):
        # One of them is a part of the other: only where each was told of somebody are they two.
        return _of_those_told(alike, min(names, key=len), days)
    if not days and len(names) > 1 and len({one.step.spans.periods for one in alike}) > 1:
        return None
    days = days or tuple(dict.fromkeys(p for one in alike for p in one.step.spans.periods))
    accounts = dict.fromkeys(one.step.spans.account for one in alike if one.step.spans.account)
    of_each = last.tool in POSITIONS or all(one.step.spans.account for one in alike)
    account = " and ".join(accounts) if of_each else last.spans.account
    spans = Spans(periods=days, merchants=merchants, category=kinds[-1] if kinds else "", account=account)
    only: tuple[str, ...] = ()
    if len(merchants) == 1 and any(a.step.only or a.step.excluding for a in alike):
        # One name that means two people, each picked in turn.
        only = tuple(dict.fromkeys(t for one in alike for t in one.used))
    # Balances are only added up where a sum is told.
    tool = Tool.POSITION if last.tool is Tool.BALANCE and len(accounts) > 1 else last.tool
    return Step(tool=tool, spans=spans, only=only)


# Whose answer is one figure for all that it names, or says one.
_ADDED_UP = TOTALLED | {Tool.SUM, Tool.COUNT, Tool.INCOME, Tool.AVERAGE, Tool.SHARE, *POSITIONS}
# Whose answer is about somebody.
_OF_SOMEBODY = ABOUT_PAYMENTS | {Tool.SALARY}


def _alike_but_for_account(alike: Sequence[Asked]) -> bool:
    """Whether questions about payments ask the same of accounts, each of which is named."""
    bare = {
        one.step.model_copy(update={"unread": (), "spans": one.step.spans.model_copy(update={"account": ""})}) for one in alike
    }
    return len(bare) == 1 and all(one.step.spans.account and one.step.tool in ABOUT_PAYMENTS for one in alike)


def _of_those_told(alike: Sequence[Asked], name: str, days: tuple[str, ...]) -> Step | None:
    """ "Ann", who was picked among several, and "Ann Lee": those whom the answers told of."""
    told = [one.used for one in alike]
    apart = all(told) and not any(set(a) & set(b) for a, b in itertools.combinations(told, 2))
    if not apart or any(one.step.spans.category for one in alike) or len({one.step.spans.periods for one in alike}) > 1:
        return None
    spans = alike[-1].step.spans.model_copy(update={"merchants": (name,)})
    spans = spans.model_copy(update={"periods": days or spans.periods})
    return Step(tool=alike[-1].step.tool, spans=spans, only=tuple(t for some in told for t in some))


def _who(one: Asked) -> tuple[str, ...]:
    """Whom or what a question named, or else the one payee that its answer told of."""
    return names_in(one.step.spans) or (one.used if len(one.used) == 1 else ())


def together(asked: Sequence[Asked], said: Spans, text: str) -> Step | None:
    """ "The October total for both": what was asked last, in one figure."""
    # "Altogether" is how it is to be told, and no time.
    days = tuple(words for words in said.periods if words not in parts.DAYLESS)
    both = both_of(asked, text, days)
    if both is None:
        return None
    listed = both.tool is Tool.SUBSCRIPTIONS and bool(days)
    mixed = len({one.step.tool for one in asked[-2:]}) > 1 and both.tool not in _ADDED_UP
    adds = both.tool is Tool.COMPARE or mixed or (_ADDS.search(text) is not None and (listed or both.tool not in _ADDED_UP))
    return both.model_copy(update={"tool": Tool.SUM}) if adds else both


def added_up(last: Asked, said: Spans) -> Step | None:
    """ "And altogether?", "just the July ones, added up": what was asked of somebody before, as one figure. Of a sum it is that of
    all the time, as the one of its days was told."""
    step, days = last.step, tuple(words for words in said.periods if words not in parts.DAYLESS)
    if step.tool not in _OF_PAYMENTS or not (names_in(step.spans) or step.spans.amount) or names_any(said):
        return None
    ever = step.tool is Tool.SUM or "ever" in said.periods or "all time" in said.periods
    update = {"periods": days or (() if ever else step.spans.periods), "number": "", "group": "", "change": way_of(step)}
    return step.model_copy(update={"tool": Tool.SUM, "spans": step.spans.model_copy(update=update)})


# Whose answer is about payments that can be added up.
_OF_PAYMENTS = ONE_ROW | {Tool.SUM, Tool.FIND, Tool.COUNT, Tool.AVERAGE}
_ADDS = re.compile(
    r"\b(?:total|together|(?:com(?:e|es|ing)|came) to|add(?:s|ed)?|combined|in all|altogether|sum|how much|costs?|paid|spent)\b"
)


def came_in_from(last: Asked, said: Spans) -> Step | None:
    """ "When did I get the last one?" after a question about money that comes in asks for more of the same."""
    tool = {Tool.REFUNDS: Tool.REFUND_STATUS, Tool.INCOME: Tool.SALARY}.get(last.step.tool, last.step.tool)
    if tool not in (Tool.REFUND_STATUS, Tool.SALARY):
        return None
    before = last.step.spans.model_copy(update={"periods": (), "number": ""})
    return Step(tool=tool, spans=merged(before, said), only=last.step.only if not said.merchants else ())


def one_further(last: Asked, text: str, known: Known) -> Step | None:
    """ "The second biggest", "the one before that": told with those that were told of already, or of the time before."""
    step = last.step
    if step.tool is Tool.DUPLICATES and names_any(step.spans) and _ONE_BEFORE.fullmatch(text) and "refund" in text:
        # What was taken twice was no refund: the newest there is came before.
        return Step(tool=Tool.REFUND_STATUS, spans=Spans(merchants=step.spans.merchants), only=step.only)
    if _ONE_BEFORE.fullmatch(text) and step.tool in ABOUT_SAME - ONE_ROW and len(step.spans.periods) == 1:
        period = periods.read(step.spans.periods[0], known.today)
        if period is not None and period.since is not None and _A_PAYMENT.search(text) and names_any(step.spans):
            # "His previous payment": the newest before those days.
            days = {"periods": (f"before {period.since.isoformat()}",), "number": "", "group": "", "change": way_of(step)}
            return Step(tool=Tool.LAST, spans=step.spans.model_copy(update=days), only=step.only)
        unit = _unit_of(period) if period is not None else ""
        return unit_aside(step, unit, "before", known) if unit else None
    if not names_any(step.spans) and len(last.used) == 1 and step.tool in (Tool.SALARY, Tool.REFUND_STATUS):
        # Who pays is known by what was told.
        step = step.model_copy(update={"only": last.used, "spans": step.spans.model_copy(update={"merchants": last.used})})
    number = next((n for word, n in _PLACES.items() if word in text.split()), 0)
    if step.tool in (Tool.LARGEST, Tool.TOP) and (_NEXT_LARGEST.fullmatch(text)):
        so_far = int(step.spans.number) if step.spans.number.isdigit() else 1
        return step.model_copy(update={"spans": step.spans.model_copy(update={"number": str(max(number, so_far + 1))})})
    if step.tool in (Tool.LAST, Tool.SALARY, Tool.REFUND_STATUS) and names_any(step.spans) and _ONE_BEFORE.fullmatch(text):
        so_far = int(step.spans.number) if step.spans.number.isdigit() else 1
        said = step.spans.model_copy(update={"number": str(so_far + 1), "change": way_of(step)})
        if step.tool is Tool.REFUND_STATUS:
            # What came before one that came back in some days is rarely of the same days.
            said = said.model_copy(update={"periods": ()})
        return step.model_copy(update={"tool": Tool.LAST, "spans": said})
    return None


def refund_before(tool: Tool, said: Spans, last: Asked | None, text: str, known: Known) -> Step | None:
    """ "The refund before the last one": of whom is named the second newest; of who was spoken of the newest before the days that
    were, or before as many as were told of."""
    spoken_of = last.step if last is not None and names_any(last.step.spans) else None
    if tool not in (Tool.REFUNDS, Tool.REFUND_STATUS) or _REFUND_BEFORE.search(text) is None:
        return None
    if said.merchants or spoken_of is None:
        update = {"number": "2", "change": CAME_BACK}
        return Step(tool=Tool.LAST, spans=said.model_copy(update=update)) if said.merchants else None
    period = periods.read(spoken_of.spans.periods[0], known.today) if len(spoken_of.spans.periods) == 1 else None
    of: dict[str, object] = {"merchants": spoken_of.spans.merchants, "category": spoken_of.spans.category, "change": CAME_BACK}
    if period is not None and period.since is not None:
        of["periods"] = (f"before {period.since.isoformat()}",)
    else:
        of["number"] = str((int(spoken_of.spans.number) if spoken_of.spans.number.isdigit() else 1) + 1)
    return Step(tool=Tool.LAST, spans=Spans().model_copy(update=of), only=spoken_of.only)


_REFUND_BEFORE = re.compile(
    r"\b(?:previous|prior|earlier) (?:refund|time|one|money back)\b"
    r"|\b(?:refund|refunded|one|time|money back|gave|paid)\b[^.?!;]*\bbefore (?:that|this|it|last|the (?:last|latest|newest))\b(?! (?:week|month|year|quarter|weekend))"
)
_PLACES = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}
_NEXT_LARGEST = re.compile(
    r"(?:(?:and|so|ok|what(?:'s| is| was| about)|then)\b,? )*(?:the )?(?:next|second|2nd|third|3rd|fourth|4th|fifth|5th)[ -]"
    r"(?:biggest|largest|highest|dearest|priciest|costliest|most(?: expensive)?)(?: (?:one|payment|after that|then))*[ ?.!]*"
    r"|(?:(?:and|so|ok)\b,? )*the (?:next|second|2nd|third|3rd|fourth|4th|fifth|5th)(?: (?:one|then))*[ ?.!]*"
)
_A_PAYMENT = re.compile(r"\bprevious (?:payment|visit|order)\b")
_ASKS_MORE = r"(?:(?:,| -)? ?\b(?:also|and|with|when|how much|what|which|on|the|its|day|date|sum|amount|was|is|it|that|did|land|come|for|then|please)\b)*[ ?.!,]*"
_ONE_BEFORE = re.compile(
    r"(?:(?:and|so|ok|what(?:'s| is| was| about)|when (?:was|is|did)|how much (?:was|is)|then)\b,? )*(?:the )?(?:one|time|payment|refund|transfer|visit|order)(?: (?:from|to|at) (?:him|her|them|there))? before"
    rf"(?: (?:that|it|this|then|last|one))*{_ASKS_MORE}"
    rf"|(?:(?:and|so|ok|then)\b,? )*the previous (?:time|refund|payment|transfer) (?:that )?(?:(?:i|we|he|she|they) (?:refunded|paid|sent|charged|gave)(?: (?:me|us|him|her|them))?(?: back)?|(?:from|to) (?:him|her|them)){_ASKS_MORE}"
    r"|(?:(?:and|so|ok|what(?:'s| is| was| about)|when (?:was|is|did)|how much (?:was|is)|then|on what (?:day|date) was)\b,? )*(?:the |his |her |their |my )?previous"
    r"(?:[,?+& ]+(?:one|time|payment|refund|visit|order|to|from|him|her|them|was|is|it|that|when|how much|what|then|and|for|the|day|date|amount|sum)\b)*[ ?.!,]*|(?:(?:and|so)\b,? )*before that[ ?.!]*"
)


def is_of_unit(step: Step, unit: str, known: Known) -> bool:
    """Whether a question is of one such unit: a month, a year."""
    period = periods.read(step.spans.periods[0], known.today) if len(step.spans.periods) == 1 else None
    if period is None or period.since is None:
        return False
    whole_year = period.since.month == period.since.day == 1 and (period.ends or period.until) == period.since.replace(
        month=12, day=31
    )
    return whole_year if unit == "year" else _unit_of(period) == unit


def _unit_of(period: periods.Period) -> str:
    """The unit that the one before a period is of; a weekend is of its week."""
    if period.since is None:
        return ""
    days = ((period.ends or period.until) - period.since).days + 1
    return {1: "day", 2: "week", 7: "week"}.get(days) or ("month" if period.since.day == 1 and days in range(28, 32) else "")


def details_of(step: Step, text: str) -> Step:
    """More of the answer before: one payment was told whole, a share was of a sum, and a sum has rows. A balance has none."""
    if step.tool in (Tool.INCOME, Tool.REFUNDS):
        return step.model_copy(
            update={"tool": Tool.FIND, "spans": step.spans.model_copy(update={"number": "", "change": way_of(step)})}
        )
    if step.tool not in ABOUT_PAYMENTS or step.tool in ONE_ROW | DATED | LISTS | {Tool.REFUND_STATUS, Tool.INCOME}:
        return step
    if step.tool is Tool.SHARE and _IN_MONEY.search(text):
        return step.model_copy(update={"tool": Tool.SUM})
    return step.model_copy(update={"tool": Tool.FIND, "spans": step.spans.model_copy(update={"number": ""})})


_IN_MONEY = re.compile(r"\bin (?:pounds|money|actual money|cash|real terms|euros?|£s?)\b|£")


def told_with(tool: Tool, before: Step, text: str) -> Step | None:
    """What a short question asks for of the answer before, where the tool that it sounds like is about everything there is:
    "how many is that", "which is the dearest" of a list, "when is it due" of a payee."""
    if not refers_back(text, Spans()):
        return None
    if before.tool in (Tool.INCOME, Tool.SALARY) and tool is Tool.COUNT:
        return before.model_copy(update={"tool": Tool.INCOME})
    listed = before.tool in LISTS - {Tool.REFUNDS} and tool in (Tool.COUNT, Tool.SUM, Tool.LARGEST, Tool.SMALLEST, Tool.TOP)
    again = tool is before.tool and tool in LISTS and not before.spans.merchants
    if listed or again or (before.tool, tool) == (Tool.PENDING, Tool.UPCOMING):
        return before
    if tool is Tool.PENDING and before.tool in POSITIONS and before.spans.account and _IT.search(text):
        # "Anything still to come off it": of the account that was told of.
        return Step(tool=tool, spans=Spans(account=before.spans.account))
    if tool is Tool.BALANCE and before.spans.account:
        return Step(tool=tool, spans=grouped(tool, Spans(account=before.spans.account), text, None))
    of = Spans(merchants=before.spans.merchants, category=before.spans.category)
    if of == Spans() or _IT.search(text) is None:
        return None
    # How much it is, the newest payment says.
    asks_how_much = before.tool is Tool.UPCOMING and tool in (Tool.UPCOMING, Tool.SUBSCRIPTIONS) and HOW_MUCH_IT.fullmatch(text)
    tool = Tool.BALANCE if asks_how_much else tool
    return {Tool.UPCOMING: Step(tool=tool, spans=of), Tool.BALANCE: Step(tool=Tool.LAST, spans=of)}.get(tool)


_IT = re.compile(r"\b(?:it|that|this|they|them|the next one)\b")
# What the answer to the clause before says anyway.
HOW_MUCH_IT = re.compile(
    r"(?:and )?(?:how much|what|when|who|where)(?: (?:was|is|did|does|do|for|it|that|all|cost|to|with|come|add|up|amount|at|of|the|were|they|from|altogether|told|in|total))*(?: and (?:on )?(?:how much|when|(?:which|what) (?:day|date)))?[ ?.!]*"
)
