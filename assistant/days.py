"""The days that a message is about: in the usual words, and those of the question before where it points at them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from assistant import months, periods
from assistant import spans as parts
from assistant.memory import Memory
from assistant.plan import ABOUT_PAYMENTS, Asked, Spans, Tool
from assistant.pointing import BACKWARD, TWO
from assistant.spans import Known

NOW = frozenset({"now", "right now", "just now", "today", "at the moment", "at present"})
SAME_TIME = re.compile(
    r"\b(?:inside|within|in) (?:this|these|those|the same) dates\b|\b(?<!of )(?:(?:in|over|during|for|across) )?(?:(?:that|the same|same|this same) (?:time(?: frame)?|period|month|week|(?:tax )?year|quarter|stretch)"
    r"|(?P<several>(?:(?P<those>those|these)(?: same)?|both(?: (?:of )?(?:those|these|the))?|(?:the )?same)(?: (?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d\d?))?|the (?:two|three|[23])) (?:periods|days|weeks|months|quarters|years))"
    r"\b(?! (?:last|before|ago|a year))"
)
LEAD_OF_PERIOD = re.compile(r"^(?:on|in|during|over|for|from|since|my)\s+")


def with_days(message: str, memory: Memory, today: periods.Today) -> str:
    """The message with days of its own: "in that time" and "same month" are those of the question before, and "the month before"
    comes before the one that it says itself."""
    before = memory.asked[-1].step.spans.periods if memory.asked else ()
    message = in_usual_words(
        months.in_full(parts.plain(message), today, any(_is_a_month(words, today) for words in before)), today
    )
    message = _WHOLE_YEAR.sub(_year_of(before, today), message)
    if memory.asked and _ONE_NUMBER.fullmatch(parts.plain(message)):
        numbers = [m for m in memory.asked[-1].step.spans.merchants if _NUMBERED.search(m)]
        if numbers:
            # "484?" after the cheque before it, or the next invoice.
            number = _DIGIT.findall(message)[0]
            return f"'{number.zfill(parts.CHEQUE) if any(_CHEQUE.search(m) for m in numbers) else number}'"
    text = periods.leaning(parts.plain(message), today, next(iter(as_one(before, today)), ""))
    if memory.asked and memory.asked[-1].step.tool is Tool.SALARY and not before:
        # "Since then", after when the pay came in.
        return _SINCE_THEN.sub("since payday", text)
    last = memory.asked[-1].step.tool if before else None
    if last in ABOUT_PAYMENTS and (leant := _leant_days(text, before[0], today, within=last is Tool.DUPLICATES)) is not None:
        return leant
    spoken_of = (not memory.lost and _days_in_turn(memory.asked)) or before
    if len(spoken_of) > 1 == len(before):
        # "For those two", after the same of two months.
        text = _FOR_BOTH.sub(r"in those two months", text)
    if TWO.search(text):
        spoken_of = spoken_of[-2:]

    def said_again(match: re.Match[str]) -> str:
        # "Those" stays: who was named before is meant as well.
        # "That month", of two that were held against each other, is the one that was asked about.
        days = spoken_of if match["several"] else before[:1] if last is Tool.COMPARE else before
        if _MONTHS_SAID.search(match[0]) and all(is_a_day(words, today) for words in days):
            # "Those months" are not the one day that was asked about since.
            longer = (a.step.spans.periods for a in reversed(memory.asked))
            days = next((some for some in longer if some and not all(is_a_day(w, today) for w in some)), days)
        return f"{match['those'] or ''} {' and '.join(days)}".strip()

    if len(spoken_of) > 1:
        # "In the first of them" is said of the days as they were asked about.
        text = _ONE_OF_DAYS.sub(
            lambda m: f"of those in {LEAD_OF_PERIOD.sub('', spoken_of[0 if m['nth'] in _FORMER else -1])}", text
        )
    return SAME_TIME.sub(said_again, text, count=1) if before else text


def as_one(said: tuple[str, ...], today: periods.Today) -> tuple[str, ...]:
    """Months that follow each other as the one stretch that they are; other days as they were said."""
    read = [period for words in said if (period := periods.read(words, today)) is not None]
    whole = periods.in_a_row(read) if len(read) == len(said) > 1 else None
    return (periods.said(whole.since, whole.until),) if whole is not None and whole.since is not None else said


def _year_of(said: tuple[str, ...], today: periods.Today) -> str:
    """ "The year as a whole": the one that days which were spoken of are in, and else this one."""
    period = periods.read(said[0], today) if said else None
    year = period.since.year if period is not None and period.since is not None else today.date.year
    return "in total this year" if year == today.date.year else f"in total in {year}"


_WHOLE_YEAR = re.compile(
    r"\b(?:(?:for|over|in|across) )?(?:the|that) (?:whole |entire |full )?year (?:as a whole|overall|altogether)\b"
)
_NUMBERED = re.compile(r"(?:^|\b[a-z]+ )\d{2,6}$")
_CHEQUE = re.compile(rf"\b\d{{{parts.CHEQUE}}}$")
_DIGIT = re.compile(r"\d+")
_ONE_NUMBER = re.compile(r"(?:and |number |no\.? )*\d{2,6}[ ?.!]*")
_MONTHS_SAID = re.compile(r"\b(?:weeks|months|quarters|years)\b")
_FORMER = frozenset({"first", "former", "earlier"})
_ONE_OF_DAYS = re.compile(
    r"\b(?:in|for|during|of) the (?P<nth>first|former|earlier|second|latter|later)(?: (?:of (?:them|those|these|the two)|ones?|month|week|year|period))\b(?! (?:of|in)\b)"
)


def in_usual_words(text: str, today: periods.Today) -> str:
    """A text with its days in the usual words: "once June had finished", "before May comes", "till and including that day"."""
    text = _RECORDS.sub("since the beginning", _CLOSE.sub("end of", text))
    text = _MARGIN.sub("by how much", text)
    text = _IN_TO.sub("into ", _FOLK.sub("other people", text))
    text = _PLUS.sub(r"\g<one> and ", _HOLIDAYS.sub("in ", text))
    text = _I_PUT_HOW_MUCH.sub(r"how much \g<did>", text)
    text = _AMONG_OTHERS.sub("", text) if _COMES_OFF.search(text) else text
    text = _LAST_PAYDAY.sub("when was i last paid", text)
    text = _SINCE_ENDED.sub(r"since the end of \g<days>", text)
    text = _NOT_BEGUN.sub(r"before \g<days>", _ENDED.sub(r"at the end of \g<days>", _UP_TO.sub("until", text)))
    if (said := _THAT_DAY.search(text)) is None:
        return text
    before = [text[one.start : one.end] for one in periods.find(text[: said.start()], today) if one.period is not None]
    if len(before) != 1:
        return text
    # What is told of that day ahead of the question asks nothing itself.
    asks = _CLAUSES.sub("", text[: said.start()], count=1)
    return f"{asks}until {_ON.sub('', before[0])}{text[said.end() :]}"


_MONTH = rf"(?:(?:{parts.MONTH_NAME})\b|(?:the|this|that|last) (?:month|year|week))"
# "The school summer hols, July plus August": the months say which days these are.
_HOLIDAYS = re.compile(
    rf"\b(?:(?:in|over|during|for) )?(?:the )?(?:school )?summer (?:hols?|hold|holidays?|break|vacation)(?:,|:| -| \() ?(?:so |i\.?e\.? |that's )?(?={_MONTH})"
)
_PLUS = re.compile(rf"\b(?P<one>{_MONTH}) (?:plus|\+) (?={_MONTH}\b)")
_FOR_BOTH = re.compile(r"\b(?:for|in|over) (?:those|these|the) two(?=\s*(?:$|[?.!,;]))")
_PAYDAY = r"(?:my |the )?(?:last|latest|most recent) pay ?day"
_LAST_PAYDAY = re.compile(
    rf"\b(?:when|what (?:day|date)) was {_PAYDAY}\b|\b(?<!since ){_PAYDAY} ?[:,]? (?:was )?when(?: was (?:that|it)\b|\b(?! (?:did|do|was|were|i|we)\b))"
)
_OVER = r"(?:had )?(?:ended|finished|closed|was (?:over|out|done)|ran out|came to an end)\b"
_ENDED = re.compile(rf"\b(?:when|as|once) (?P<days>{_MONTH}) {_OVER}")
_SINCE_ENDED = re.compile(rf"\bsince (?P<days>{_MONTH}) {_OVER}")
_NOT_BEGUN = re.compile(rf"\bbefore (?P<days>{_MONTH}) (?:starts|begins|comes(?: round)?|arrives|is here|kicks off)\b")
_UP_TO = re.compile(r"\b(?:up to|up until|until|till) and including\b")
_CLOSE = re.compile(r"\bclose of(?= (?:the |last |this )?[a-z]+)")
_I_PUT_HOW_MUCH = re.compile(r"\b(?P<did>(?:i|we)(?:'ve| have)? (?:put|paid|pay|moved?|saved?)) how much\b")
_MARGIN = re.compile(r"\bby (?:what|how (?:big|large|wide|much of) an?) (?:margin|gap|difference)\b")
_IN_TO = re.compile(r"\bin to (?=(?:the|my|our|that|it)\b)")
# "The loan and that": one of those that are asked about, which the others do not leave out.
_AMONG_OTHERS = re.compile(
    r",? (?:the |my )?(?!this\b|that\b)[a-z]+ and (?:all that|that|so on|all|stuff|things|whatnot)(?=[ ?.!]*$)"
)
_COMES_OFF = re.compile(r"\b(?:come|comes|coming|go|goes|going) (?:off|out)\b|\b(?:due|still to pay)\b")
_FOLK = re.compile(r"\bother folks?\b")
_RECORDS = re.compile(
    r"\b(?:since|from) (?:the (?:very )?(?:beginning|start|first) of (?:your|the|my) (?:records?|data|history)|(?:(?:your|the|my) )?records (?:began|begin|start(?:ed)?))\b"
    r"|\b(?:for )?as (?:long|far back) as (?:you (?:can (?:see|go|tell|look)|go|know|have (?:records?|data|history))|(?:your|the|my) (?:records?|data) goe?s?)\b"
)
_THAT_DAY = re.compile(r"\b(?:up to|until|till|by|before) that (?:day|date)\b")
_ON = re.compile(r"^on\s+")
_CLAUSES = re.compile(r"(?:.*[;.!?]\s+)?")


def _leant_days(text: str, before: str, today: periods.Today, *, within: bool) -> str | None:
    """ "And last?" of this year is the year before, "since then" of days that are over is from the next one on.

    within: whether what was told is somewhere in these days, so that what came since may be in them too."""
    period = periods.read(before, today)
    if period is None or period.since is None:
        return None
    if _AND_LAST.fullmatch(text):
        unit = next((u for u in ("year", "quarter", "month", "week") if periods.is_running(period, u, today)), "")
        return f"last {unit}" if unit else None
    if period.until < today.date and _SINCE_THEN.search(text):
        return _SINCE_THEN.sub(f"since {period.since if within else period.until + dt.timedelta(days=1)}", text)
    return None


_AND_LAST = re.compile(r"(?:(?:and|n|so|or|what about|how about|vs|against)\b,? )+last[ ?.!]*")
_SINCE_THEN = re.compile(r"\b(?:since then|from then on|after that)\b|(?<=\w )since(?=[ ?.!]*$)|^since(?=[ ?.!]*$)")


def is_a_day(words: str, today: periods.Today) -> bool:
    """Whether words name one day alone."""
    period = periods.read(words, today)
    return period is not None and period.since == period.until


def _is_a_month(words: str, today: periods.Today) -> bool:
    period = periods.read(words, today)
    return period is not None and period.since == period.until.replace(day=1) and not is_a_day(words, today)


def _days_in_turn(asked: Sequence[Asked]) -> tuple[str, ...]:
    """The days of the last questions that were alike but for them: "over those two months"."""
    days: list[str] = []
    for one in reversed(asked):
        if one.step.tool is not asked[-1].step.tool or one.step.spans.merchants != asked[-1].step.spans.merchants:
            break
        days[:0] = [p for p in one.step.spans.periods if p not in days]
    return tuple(days)


def widest(said: tuple[str, ...], today: periods.Today) -> tuple[str, ...]:
    """Periods without those that only say what another one is: "last summer, June, July and August"."""
    read = {words: periods.read(words, today) for words in said}
    spans = {words: (p.since, p.until) for words, p in read.items() if p is not None and p.since is not None}
    inside = {
        one
        for one in spans
        for two in spans
        if spans[one] != spans[two] and spans[two][0] <= spans[one][0] and spans[one][1] <= spans[two][1]
    }
    return tuple(words for words in said if words not in inside)


def days_told(told: Spans, asks: str, today: periods.Today) -> tuple[str, ...]:
    """The periods that are told of beside a question. "Doing a cull tonight" is when it is asked, unless it is pointed at."""
    read = {words: periods.read(words, today) for words in told.periods if words not in parts.DAYLESS}
    pointed = BACKWARD.search(asks) is not None
    return tuple(words for words, period in read.items() if pointed or period is None or period.since != today.date)


def is_undated(said: Spans, message: str) -> bool:
    """Whether the only time that is said is none, "altogether": then the days that were spoken of are meant."""
    days = bool(said.periods) and all(p in parts.DAYLESS - _ALL_TIME for p in said.periods)
    named = said.merchants or said.category or _ALL_THE_TIME.search(message)
    return days and not named and BACKWARD.search(message) is not None


# "The biggest there ever" is of no days that were spoken of.
_ALL_TIME = frozenset({"ever", "all time"})
_ALL_THE_TIME = re.compile(r"\ball (?:the |this |that |of the )?time\b")


def without_now(said: tuple[str, ...]) -> tuple[str, ...]:
    """Periods without the moment that is spoken in, which every question like that is about."""
    return tuple(words for words in said if words not in parts.DAYLESS)


def is_ahead(words: str, today: periods.Today) -> bool:
    """Whether words are for the days from now on, such as "until payday"."""
    period = periods.read(words, today)
    return period is not None and period.open_end and period.since is None


def is_to_come(words: str, today: periods.Today) -> bool:
    """Whether words name days that all lie ahead."""
    period = periods.read(words, today)
    return period is not None and period.since is not None and period.since > today.date


def is_over(words: str, today: periods.Today) -> bool:
    """Whether the days that words name have all gone by."""
    period = periods.read(words, today)
    return period is not None and periods.ahead(words, period, today).until < today.date


def of_own_days(said: Spans, today: periods.Today) -> bool:
    """Whether words name days up to today, and what was paid for on them: a question about the customer's own payments."""
    read = (periods.read(words, today) for words in said.periods if words not in parts.DAYLESS)
    named = bool(said.merchants or said.category or said.bought)
    return named and any(p is not None and p.since is not None and p.since <= today.date for p in read)


def is_one_day(spans: Spans, known: Known) -> bool:
    """Whether a question is of one day alone."""
    return len(spans.periods) == 1 and is_a_day(spans.periods[0], known.today)


def reaches_today(spans: Spans, known: Known) -> bool:
    """Whether the days of a question go on to this day."""
    period = periods.read(spans.periods[0], known.today) if spans.periods else None
    return period is not None and period.until >= known.today.date


def over_weeks(said: Spans, known: Known) -> bool:
    """Whether all payments of more than a week are asked about."""
    period = periods.read(said.periods[0], known.today) if said.periods else None
    named = said.merchants or said.category or said.amount or said.number
    return not named and period is not None and period.since is not None and (period.until - period.since).days > 7
