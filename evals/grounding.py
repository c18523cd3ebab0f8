"""Whether what an answer says comes from facts, and the facts from rows. Worked out again here, apart from the product.

Three checks: every figure, number word and conclusion in the text has a fact, the scope or the customer's own words behind it;
where a fact is meant to stand, that fact is shown and no other; and every fact with rows as evidence says what those rows say.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import combinations, zip_longest
from typing import Any, NamedTuple

from data.facts import COUNT, DAY, PERCENT, PERIOD, QUOTE, Outcome
from evals.marks import Fact, Output, facts

SYMBOLS = {"£": "GBP", "€": "EUR", "$": "USD"}
MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
]  # fmt: skip
NUMBER_WORDS = {
    "once": 1, "twice": 2, "thrice": 3, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "dozen": 12,
}  # fmt: skip
# What words for an amount are worth, in whole units.
WORTH = {
    word: Decimal(worth)
    for word, worth in {
        "fiver": 5, "tenner": 10, "five": 5, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
        "fifty": 50,
        "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "grand": 1000,
    }.items()
}  # fmt: skip
# Words that conclude something: a fact has to carry them.
CONCLUSIONS = (
    "more", "less", "fewer", "higher", "lower", "cheaper", "dearer", "same", "none", "nothing", "never", "half", "double",
    "duplicate", "duplicates", "third", "a quarter",
)  # fmt: skip
EMPTY = ("none", "nothing", "never", "no")
_MONTH = "|".join(f"{month}|{month[:3]}" for month in MONTHS)
_AMOUNT = re.compile(r"(?P<symbol>[£€$]) ?(?P<money>\d[\d,]*(?:\.\d+)?)|(?P<percent>\d[\d,.]*) ?(?:%|per ?cent)")
_DAY = rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)? )?(?P<month>{_MONTH})(?!\w)(?:,? (?P<year>\d{{4}}))?"
_DATE = re.compile(rf"(?<!\w)(?:(?P<iso>\d{{4}}-\d\d-\d\d)|{_DAY})", re.IGNORECASE)
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")


class Line(NamedTuple):
    """A row that evidence may name: signed minor units."""

    day: str
    minor: int
    currency: str
    text: str
    name: str = ""


class Ground:
    """What may be said to one customer: their rows by id, and figures that do not come from rows (balances, mandates).

    papers: what a statement, a card or the customer's record says, by its id. titles: of the bank's pages; one that is cited may
    be named.
    """

    def __init__(
        self,
        rows: Mapping[str, Line],
        figures: Iterable[Decimal] = (),
        papers: Mapping[str, frozenset[str]] | None = None,
        titles: Iterable[str] = (),
    ) -> None:
        self.rows, self.papers, self.titles = rows, papers or {}, frozenset(titles)
        self.figures = frozenset(abs(figure) for figure in figures)

    def faults(self, output: Output, said: Sequence[str]) -> list[str]:
        """Everything in a turn that has nothing behind it; said: the customer's messages up to this turn. Empty when all has."""
        stated = facts(output)
        days = {self.rows[key].day for fact in stated for key in fact.evidence if key in self.rows}
        cited = [one["title"] for one in output.get("citations", ()) if one["title"] in self.titles]
        found = _text_faults(output, stated, said, days, cited) + _misplaced(output, stated)
        return found + [fault for fact in stated for fault in self._fact_faults(fact, stated, said, output["scope"])]

    def strangers(self, output: Output, rows: Collection[str]) -> list[str]:
        """Evidence that is a row of somebody else; rows: of everybody."""
        return sorted({key for fact in facts(output) for key in fact.evidence if key in rows and key not in self.rows})

    def _fact_faults(self, fact: Fact, stated: Sequence[Fact], said: Sequence[str], scope: Mapping[str, Any]) -> list[str]:
        if any("#" in key or key.startswith("product:") for key in fact.evidence) or fact.unit == QUOTE:
            # What a page or the product service says is marked by the questions about pages.
            return []
        if fact.evidence and all(key.startswith("intent:") for key in fact.evidence):
            return self._intent_faults(fact, said)
        written = [self.papers[key] for key in fact.evidence if key in self.papers]
        if written:
            counted = fact.unit == COUNT and fact.number == len(written)
            plain = fact.value.removeprefix("-")
            return (
                []
                if counted or any(plain in text for text in written)
                else [f"{fact.label}: {fact.value} stands in none of its papers"]
            )
        strangers = [key for key in fact.evidence if key not in self.rows]
        if strangers and not self._mandates(fact):
            return [f"{fact.label}: evidence {strangers[0]} is no row of the customer's"]
        rows = [self.rows[key] for key in fact.evidence if key in self.rows]
        if fact.is_money:
            right = self._money(fact, rows, stated, said, scope)
        elif fact.unit == COUNT:
            right = _count(fact, rows, scope)
        elif fact.unit == DAY:
            right = not rows or fact.value in {row.day for row in rows} or _continues(fact.value, rows)
        elif fact.unit == PERCENT:
            right = _percent(fact, stated)
        else:
            right = True
        return [] if right else [f"{fact.label}: {fact.value} {fact.unit} does not follow from its {len(rows)} rows"]

    def _intent_faults(self, fact: Fact, said: Sequence[str]) -> list[str]:
        """An amount to be sent is one that the customer said, or that of a payment of theirs that they pointed at."""
        if not fact.is_money:
            return []
        words = {WORTH[word] for message in said for word in re.findall(r"[a-z]+", message.casefold()) if word in WORTH}
        own = {number for message in said for number in _said(message)} | words
        paid = {Decimal(abs(row.minor)) / 100 for row in self.rows.values()}
        value = abs(fact.number or Decimal(0))
        return [] if value in own | paid else [f"{fact.label}: {fact.value} {fact.unit} is an amount that nobody named"]

    def _mandates(self, fact: Fact) -> bool:
        """Whether a figure rests on a standing order or the like, whose ids are not rows."""
        return fact.number is not None and abs(fact.number) in self.figures

    def _before(self, rows: Sequence[Line]) -> set[Decimal]:
        """What a balance was before some rows were booked: the one now, of either sign, without all of them."""
        moved = Decimal(sum(row.minor for row in rows)) / 100
        return {abs(way - moved) for figure in self.figures for way in (figure, -figure)}

    def _money(
        self, fact: Fact, rows: Sequence[Line], stated: Sequence[Fact], said: Sequence[str], scope: Mapping[str, Any]
    ) -> bool:
        value = abs(fact.number or Decimal(0))
        rows = [row for row in rows if row.currency == fact.unit]
        if rows and (value in _from_rows(rows) or value in _a_week(rows, scope) or value in _spread(fact, stated)):
            return True
        if rows and _PAST_BALANCE.match(fact.label) and value in self._before(rows):
            return True
        others = [
            abs(o.number) for o in _apart(stated) if o is not fact and o.is_money and o.unit == fact.unit and o.number is not None
        ]
        if any(value in (abs(a - b), a + b) for a, b in combinations(others, 2)):
            return True
        if rows:
            return False
        own = {number for message in said for number in _said(message)}
        known = self.figures | own
        if value in known or value == 0:
            return True
        return (
            _is_total(value, stated, fact)
            or _adds_up(value, others)
            or _adds_up(value, _beside(fact, stated))
            or any(value in (abs(a - b), a + b) for a in known for b in (*others, *known))
        )


_PAST_BALANCE = re.compile(r"booked balance then|(?:least|most) at the end of a day")


def _continues(day: str, rows: Sequence[Line]) -> bool:
    """Whether a day is the next one in the cadence of some rows, give or take a long weekend."""
    last, expected = max(dt.date.fromisoformat(row.day) for row in rows), dt.date.fromisoformat(day)
    gap = (expected - last).days
    return any(abs(gap - cadence) <= 4 for cadence in (7, 14, 28, 30, 61, 91, 182, 365))


def _from_rows(rows: Sequence[Line]) -> set[Decimal]:
    """What an amount may be that some rows prove: their sum, that of either direction, one of them, their mean."""
    minors = [row.minor for row in rows]
    debits, credits = [m for m in minors if m < 0], [m for m in minors if m > 0]
    exact = {abs(sum(minors)), abs(sum(debits)), sum(credits), *(abs(m) for m in minors)}
    found = {Decimal(minor) / 100 for minor in exact}
    for part in (minors, debits, credits):
        if part:
            mean = abs(Decimal(sum(part)) / len(part))
            found |= {mean.quantize(Decimal(1), rounding=way) / 100 for way in (ROUND_HALF_EVEN, ROUND_HALF_UP)}
    spread = len({row.day[:7] for row in rows})
    found |= {(abs(Decimal(sum(minors))) / n).quantize(Decimal(1)) / 100 for n in range(1, spread + 4)}
    return found


def _a_week(rows: Sequence[Line], scope: Mapping[str, Any]) -> set[Decimal]:
    """What some rows come to for each seven days, and for each day, of the scope."""
    if not (scope.get("since") and scope.get("until")):
        return set()
    days = (dt.date.fromisoformat(scope["until"]) - dt.date.fromisoformat(scope["since"])).days + 1
    whole = abs(Decimal(sum(row.minor for row in rows)))
    return {(whole * unit / days).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) / 100 for unit in (1, 7)}


def _is_total(value: Decimal, stated: Sequence[Fact], fact: Fact) -> bool:
    """Whether a value is the sum of all other figures that one label has, such as everything that is due."""
    totals: dict[str, Decimal] = {}
    for other in stated:
        if other is not fact and other.is_money and other.unit == fact.unit and other.number is not None:
            totals[other.label] = totals.get(other.label, Decimal(0)) + abs(other.number)
    return value in totals.values()


def _apart(stated: Sequence[Fact]) -> list[Fact]:
    """The facts with labels of their own before those of a list."""
    often = Counter(fact.label for fact in stated)
    return sorted(stated, key=lambda fact: often[fact.label])


def _said(message: str) -> Iterator[Decimal]:
    """The numbers in a customer's words: 10 and 10,000 for "10 grand", 38 for "thirty-eight"."""
    words = re.findall(r"[a-z]+", message.lower())
    for word, beside in zip_longest(words, words[1:], fillvalue=""):
        if (worth := WORTH.get(word)) is not None:
            yield worth
            if 20 <= worth < 100 and (more := NUMBER_WORDS.get(beside, int(beside == "one"))) < 10:
                yield worth + more
    for match in re.finditer(rf"({_DIGITS.pattern})(?: ?(k|grand|thousand)\b)?", message, re.IGNORECASE):
        number = Decimal(match[1].replace(",", ""))
        yield from (number, number * 1000) if match[2] else (number,)


def _spread(fact: Fact, stated: Sequence[Fact]) -> set[Decimal]:
    """What the amounts that rest on the same rows come to for each of a number of days or the like that is stated too."""
    wholes = [abs(o.number) for o in stated if o is not fact and o.is_money and o.evidence == fact.evidence and o.number]
    counts = [o.number for o in stated if o.unit == COUNT and o.number]
    return {(whole / count).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN) for whole in wholes for count in counts}


def _beside(fact: Fact, stated: Sequence[Fact]) -> list[Decimal]:
    """The amounts that stand nearest to a fact: where a turn has several steps, those of its own."""
    place = next(n for n, other in enumerate(stated) if other is fact)
    near = sorted(enumerate(stated), key=lambda pair: abs(pair[0] - place))
    amounts = [abs(o.number) for _, o in near if o is not fact and o.is_money and o.unit == fact.unit and o.number is not None]
    return amounts[:6]


def _adds_up(value: Decimal, others: Sequence[Decimal]) -> bool:
    """Whether some of the other figures, added or taken away, make a value."""
    reached = {Decimal(0)}
    for other in others[:10]:
        reached |= {way for r in reached for way in (r + other, r - other)}
    return value in reached


def _count(fact: Fact, rows: Sequence[Line], scope: Mapping[str, Any]) -> bool:
    """Rows, or different shops, days, months or amounts among them, or the other days of the scope; without rows mandates."""
    if not rows or fact.number is None:
        return True
    number = int(fact.number)
    if scope.get("since") and scope.get("until"):
        length = (dt.date.fromisoformat(scope["until"]) - dt.date.fromisoformat(scope["since"])).days + 1
        if number == length - len({row.day for row in rows}):
            return True
    kinds = ({row.day for row in rows}, {row.day[:7] for row in rows}, {str(row.minor) for row in rows})
    names, texts = {row.name or row.text for row in rows}, {row.text for row in rows}
    return number == len(rows) or number in {len(kind) for kind in kinds} or len(names) <= number <= len(texts)


def _percent(fact: Fact, stated: Sequence[Fact]) -> bool:
    """A percentage is one amount of the turn as a part of another, or the difference of two as a part of one."""
    if fact.number is None:
        return False
    amounts = [abs(o.number) for o in stated if (o.is_money or o.unit == COUNT) and o.number]
    for a in amounts:
        for b in amounts:
            if b and any(abs(abs(fact.number) - part * 100 / b) <= Decimal("0.06") for part in (a, abs(a - b))):
                return True
    return False


def _text_faults(
    output: Output, stated: Sequence[Fact], said: Sequence[str], days: Collection[str], cited: Sequence[str] = ()
) -> list[str]:
    words = " ".join(said).lower()
    scope = _flat(output["scope"])
    text = _without_names(output["answer"], stated, "\n".join((scope, *cited)))
    found: list[str] = []
    known = " ".join((words, scope.lower()))
    own = {number for message in said for number in _said(message)}

    def amount(match: re.Match[str]) -> str:
        if match["money"]:
            number, unit = Decimal(match["money"].replace(",", "").rstrip(".")), SYMBOLS[match["symbol"]]
            proved = any(f.unit == unit and f.number is not None and abs(f.number) == number for f in stated)
        else:
            number = Decimal(match["percent"].replace(",", "").rstrip("."))
            proved = any(f.unit == PERCENT and f.number is not None and abs(f.number) == number for f in stated)
        if not proved and number not in own and not _digits_in(str(number), known):
            found.append(f"{match[0]} has no fact")
        return " "

    def date(match: re.Match[str]) -> str:
        if not _dated(match, stated, known) and not _month_of(match, days):
            found.append(f"{match[0]} is no date of a fact or the scope")
        return " "

    text = _DATE.sub(date, _AMOUNT.sub(amount, text))
    counts = {abs(f.number) for f in stated if f.number is not None and not f.is_money}
    for digits in _DIGITS.findall(text):
        number = Decimal(digits.replace(",", "").rstrip("."))
        if number not in counts and not _digits_in(digits, known) and not _worded(number, words):
            found.append(f"{digits} has no fact")
    return found + _word_faults(text, output["outcome"], stated, known)


def _misplaced(output: Output, stated: Sequence[Fact]) -> list[str]:
    """Sentences that show another thing where a fact is meant to stand, or say more than their template."""
    by_ref = {fact.ref: fact for fact in stated}
    found: list[str] = []
    for sentence in output.get("sentences", ()):
        literal = _REF.split(sentence["template"])
        facts = [by_ref.get(ref) for ref in literal[1::2]]
        parts = [part for place in zip_longest(map(re.escape, literal[::2]), map(_place, facts), fillvalue="") for part in place]
        filled = re.fullmatch("".join(parts), sentence["text"], re.DOTALL)
        if filled is None or not all(map(_shows, filled.groups(), (fact for fact in facts if _figures(fact)))):
            found.append(f"“{sentence['text']}” is not “{sentence['template']}” with its facts")
    return found


_REF = re.compile(r"\{(f\d+)\}")


def _figures(fact: Fact | None) -> bool:
    return fact is not None and (fact.number is not None or fact.unit == PERIOD)


def _place(fact: Fact | None) -> str:
    """What may stand for a fact: its words, its day, or a figure with its sign and what it counts."""
    if fact is None:
        return r"(?!)"
    if _figures(fact):
        return "(.+?)" if fact.unit == PERIOD else r"([^\d\s.]*\s?\d[\d,]*(?:\.\d+)?%?(?: [a-z-]+){0,4}|[A-Za-z]+)"
    if fact.unit == DAY:
        day = dt.date.fromisoformat(fact.value)
        return f"(?i:{day.day} {MONTHS[day.month - 1]} {day.year})"
    return re.escape(fact.value)


def _shows(words: str, fact: Fact | None) -> bool:
    """Whether words hold the figure of a fact; a count of nothing is a word."""
    if fact is None or fact.number is None:
        return fact is not None
    figures = [Decimal(digits.replace(",", "")) for digits in _DIGITS.findall(words)]
    return abs(fact.number) in figures or (fact.number == 0 and not figures)


def _word_faults(text: str, outcome: str, stated: Sequence[Fact], known: str) -> list[str]:
    """Number words and conclusions: asked of turns that tell about money, not of those that ask or decline."""
    if outcome not in (Outcome.ANSWER, Outcome.NONE):
        return []
    low, found = text.lower(), []
    counts = {int(f.number) for f in stated if f.unit == COUNT and f.number is not None}
    worded = " ".join(f.value.lower() for f in stated if f.number is None)
    empty = any(f.number == 0 for f in stated)
    for word, number in NUMBER_WORDS.items():
        if _word_in(word, low) and number not in counts and not _word_in(word, worded) and not _word_in(word, known):
            found.append(f'"{word}" has no fact')
    for word in (*CONCLUSIONS, "no"):
        if _word_in(word, low) and not _word_in(word, worded) and not _word_in(word, known) and not (word in EMPTY and empty):
            found.append(f'"{word}" has no fact')
    return found


def _without_names(answer: str, stated: Sequence[Fact], scope: str) -> str:
    """The text without the names and words that facts and the scope carry: "Boots 1194" is no figure."""
    quoted = [f.value for f in stated if f.number is None and f.unit != DAY] + scope.split("\n")
    for name in sorted((q for q in quoted if q.strip()), key=len, reverse=True):
        answer = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", answer, flags=re.IGNORECASE)
    return answer


def _dated(match: re.Match[str], stated: Sequence[Fact], known: str) -> bool:
    if match["iso"]:
        return any(match["iso"] in f.value for f in stated) or match["iso"] in known
    month = next(n for n, name in enumerate(MONTHS, start=1) if name.startswith(match["month"].lower()[:3]))
    if match["month"].lower() in ("may", "mar") and not match["day"] and not match["year"]:
        return True
    days = {dt.date.fromisoformat(d) for f in stated for d in re.findall(r"\d{4}-\d\d-\d\d", f.value)}
    days |= {dt.date.fromisoformat(d) for d in re.findall(r"\d{4}-\d\d-\d\d", known)}
    # A month that is told by a key such as "2026-07".
    days |= {
        dt.date.fromisoformat(f"{m}-01")
        for f in stated
        for m in re.findall(r"(?<!\d)\d{4}-\d\d(?![\d-])", f.value + " " + f.label)
    }
    fits = [
        day
        for day in days
        if day.month == month
        and (not match["year"] or day.year == int(match["year"]))
        and (not match["day"] or day.day == int(match["day"]))
    ]
    return bool(fits) or match[0].lower() in known or (not match["year"] and match["month"].lower() in known and not match["day"])


def _month_of(match: re.Match[str], days: Collection[str]) -> bool:
    """Whether a month, told without a day, is one that the evidence lies in."""
    if match["iso"] or match["day"]:
        return False
    month = next(n for n, name in enumerate(MONTHS, start=1) if name.startswith(match["month"].lower()[:3]))
    return any(day[5:7] == f"{month:02d}" and (not match["year"] or day[:4] == match["year"]) for day in days)


def _flat(value: object) -> str:
    """All strings of a scope, one to a line."""
    if isinstance(value, Mapping):
        return "\n".join(_flat(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return "\n".join(_flat(v) for v in value)
    return "" if value is None else str(value)


def _digits_in(digits: str, text: str) -> bool:
    number = Decimal(digits.replace(",", "").rstrip("."))
    return any(Decimal(d.replace(",", "").rstrip(".")) == number for d in _DIGITS.findall(text))


def _worded(number: Decimal, text: str) -> bool:
    """Whether a text has a number as a word."""
    return any(value == number and _word_in(word, text) for word, value in NUMBER_WORDS.items())


def _word_in(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
