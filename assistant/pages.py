"""What the bank's own pages say: which parts of them answer a question, with their figures as facts.

Pages are quoted and never reworded. What the product service knows better is in `assistant/terms.py`.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.spans import plain
from assistant.wordings import NOTHING, Embed, Meaning, Near, Vectors, Wordings, stems
from data.articles import Passage
from data.facts import Fact, FactBook
from data.money import Money

# Of the articles that search finds, so many are read; of each part that is quoted, so many words, and so many in all.
READ, PART_WORDS, MOST_WORDS, MOST_PARTS = 14, 80, 130, 3
# A second part of the same page is quoted when it comes this close to the best one, and one of another page when it comes closer.
APART, APART_OTHER = 2.5, 1.2
# Of a table the rows are quoted whose cosine comes this close to the nearest one's.
ROWS_APART = 0.12
# Measured on the questions about pages: what an article answers scores from here on, what nothing answers mostly below.
FLOOR = 0.4
# And from here on a question is one that no page answers, if it is less like those that some do.
# With a word that only such questions have, "goodwill", less will do.
UNSAID, UNSAID_WITH = 0.75, 0.5
KEPT_VECTORS = 8192
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z£€0-9“\"])|\n+")
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*$")
_RULER = re.compile(r"\|?[\s:|-]+\|?$")
_MONEY = re.compile(r"(?P<sign>[£€$])\s?(?P<number>\d[\d,]*(?:\.\d+)?)")
_PERCENT = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s?%")
COUNTED = re.compile(
    r"(?<![\d.,£€$])(?P<number>\d[\d,]*)\s+(?P<noun>(?:working |calendar )?(?:day|week|month|year|hour|minute|time)s?)\b"
)
_WORDED_MONEY = re.compile(r"(?<![\d.,£€$])(?P<number>\d[\d,]*(?:\.\d+)?)\s+(?P<sign>euro|pound|dollar)s?\b")
CURRENCY = {"£": "GBP", "€": "EUR", "$": "USD", "pound": "GBP", "euro": "EUR", "dollar": "USD"}
# (what a question asks for, what an answer to that holds)
_KINDS = (
    (
        re.compile(
            r"\b(?:how (?:long|soon|fast|quick\w*|late|often|far|old)|how many (?:days|weeks|months|years|times)|when"
            r"|by when|deadline"
            r"|cut ?off|(?:what|which) (?:time|day|hours)|last day|latest|hours|time limit)\b"
        ),
        re.compile(
            r"\d ?(?:am|pm)\b|\b(?:days?|weeks?|months?|years?|hours?|minutes?|seconds?|times|midnight|at once|straight away"
            r"|immediately"
            r"|(?:satur|sun|mon|fri)day|weekdays|weekends?|\d+(?:st|nd|rd|th))\b"
        ),
    ),
    (
        re.compile(
            r"\b(?:how (?:much|big|large|high)|max\w*|most|minimum|limit|fees?|charge[ds]?|costs?|price|expensive|smallest"
            r"|biggest|largest|penalty|percent\w*|rates?|interest|free)\b"
        ),
        re.compile(r"[£€$] ?\d|\d ?%|\b(?:free|nothing|no (?:fee|charge|limit)|without (?:a )?(?:fee|charge)|not charge)\b"),
    ),
    (
        re.compile(r"\b(?:how (?:do|can|to|would|should|does)|where (?:do|can|in)|what (?:do|should|can) i do|help|what now)\b"),
        re.compile(r"\b(?:choose|in the app|call|open|fill in|come to|branch|send|ask|under \")"),
    ),
)


# How likely it is that each part answers a question, and that none does: (title, heading) -> probability.
Likely = Callable[[str], Mapping[Meaning, float]]
# Pages that are at least so likely are read too where search did not find them, and one that is surely meant names its product.
# What is less likely than the least counts as that; of a page that nothing was taught of, nothing is known.
MAY_ANSWER, SURELY_MEANT, LEAST_LIKELY, NOT_KNOWN = 0.03, 0.5, 0.001, 0.04
# From here on one page is certainly meant, where it is no likelier than that that none is: of 1,946 questions about their own
# money that were answered rightly, three went so far, all about a card that runs out.
CERTAINLY_MEANT, HARDLY = 0.85, 0.02
# Of what customers ask of their money after they have asked something of a page, next to nothing is so unlikely to be on none.
LITTLE = 0.035
# An amount and its currency, or a percentage with "%".
Figure = tuple[Decimal, str]
# What the part is worth more that states the figure which the service gives, and one of an article that was quoted just before.
STATED, BEFORE = 4.0, 1.0
# Where a question goes on with the one before: what a part is worth more that meets a need that it adds, and what one is worth
# less that was told. Where no part that is quoted meets a need, one that is worth so much less does.
NEEDED, TOLD, NEEDING = 1.5, 2.5, 5.0


class Newer(NamedTuple):
    """What a question adds to the one before, which it is asked together with."""

    said: str
    before: str


class Quote(NamedTuple):
    """Sentences of one article as they stand there. passage: the one that is nearest to the question, which is cited.

    near: how likely it is, in [0, 1], that the question is for the pages and that they answer it. others: the passages that
    further sentences are from.
    """

    passage: Passage
    text: str
    near: float
    others: tuple[Passage, ...] = ()


class Part(NamedTuple):
    """What stands under one heading of a page, sentence by sentence. heading: "" before the first one. rows: those of a table."""

    passage: Passage
    heading: str
    sentences: tuple[str, ...]
    rows: frozenset[str]

    @property
    def head(self) -> str:
        return f"{self.passage.title}. {self.heading}"


def parts_of(passage: Passage) -> Iterator[Part]:
    """A passage by its headings, which may stand in it."""
    heading, lines = passage.heading[-1] if passage.heading else "", list[str]()
    for line in (*passage.text.splitlines(), None):
        if line is not None and (found := _HEADING.match(line)) is None:
            lines.append(line)
            continue
        if said := sentences("\n".join(lines), heading):
            yield Part(passage, heading, tuple(said), frozenset(_rows(lines)))
        heading, lines = found[1] if line is not None and found is not None else "", []


def sentences(text: str, heading: str = "") -> list[str]:
    """The sentences, list entries and rows of tables of a passage, in order, without marks of lists and emphasis.

    heading: what the text stands under. Entries below "We never ask you to" or "Do not:" are told with these words: without them
    they would say the opposite.
    """
    found: list[str] = []
    lines = text.splitlines()
    above = heading if _NEVER.search(heading) else ""
    lead = above
    for number, line in enumerate(lines):
        if line.lstrip().startswith("|"):
            found += _rows(lines[number : number + 2])[:1] if _is_row(lines, number) else []
        elif not line.startswith("#"):
            # The number of a step ends like a sentence, and is none.
            entry = _LIST.sub("", line)
            if entry == line and line.strip():
                lead = line.strip().rstrip(":") if line.rstrip().endswith(":") and _NEVER.search(line) else above
            elif entry != line and lead:
                entry = f"{lead} {entry}"
            found += [part.replace("**", "").strip() for part in _SENTENCE.split(entry)]
    return [part for part in found if part.strip("- ")]


_NEVER = re.compile(r"\b(?:never|not|don'?t|cannot|can'?t|won'?t|without)\b", re.IGNORECASE)


def _is_row(lines: Sequence[str], number: int) -> bool:
    """Whether a line is a row of a table, and neither its head nor the ruler under that."""
    line, below = lines[number].strip(), lines[number + 1].strip() if number + 1 < len(lines) else ""
    return (
        line.startswith("|")
        and not _RULER.fullmatch(line)
        and not (below.startswith("|") and _RULER.fullmatch(below) is not None)
    )


def _rows(lines: Sequence[str]) -> list[str]:
    """The rows of the tables in some lines, each as a sentence."""
    found = []
    for number, line in enumerate(lines):
        if _is_row(lines, number):
            first, *others = (cell.strip() for cell in line.strip().strip("|").split("|"))
            found.append(f"{first}: {', '.join(others)}.")
    return found


class Features(NamedTuple):
    """What tells whether a part of a page answers a question; see `WEIGHTS`.

    sentence: the cosine of its nearest sentence. covered: the share of the question's words that it has, words that few parts
    have counting more. asked, asked_words: how near its nearest wording is; page_asked, page_words: the nearest of its page.
    likely, page_likely: the logarithm of how likely it and its page are. time, steps: whether it holds the kind of thing that is
    asked for, 1 or 0. top: whether it stands before the first heading. rank: of its article, the first being 1.
    """

    sentence: float
    covered: float
    asked: float
    asked_words: float
    page_asked: float
    page_words: float
    likely: float
    page_likely: float
    time: float
    steps: float
    top: float
    rank: float


# Fitted on questions to the sandbox's pages that nothing was taught of, by the logarithm of the right part's share. `asked_words`
# and `page_likely` add nothing to the others; they tell whether it answers.
WEIGHTS = Features(6.4, 4.3, 1.0, 0.0, 3.8, 0.5, 0.8, 0.0, 0.5, 0.3, 0.3, 0.9)
# The same for whether the best part answers at all: sentence, covered, asked, asked_words; how near the nearest wording is that
# no page answers, and how much nearer than any that one does; whether the question has a word of those alone; and a constant.
_ANSWERS = (5.5, 1.5, 4.3, 1.0, -7.7, -3.4, -1.4, -0.9)
# What the sum of those, the logarithms of how likely it is that no part answers and that the page of the best one does, and one
# count for whether a question is for the pages at all: the first tells best what no page says, the others what only the
# customer's own accounts tell.
_FOR_PAGES = (0.7, -0.35, 0.6, 1.25)


class Reader:
    """Reads articles part by part; the vectors of sentences are kept, as pages are few and asked about often."""

    def __init__(self, embed: Embed, wordings: Wordings, likely: Likely) -> None:
        self.embed, self.wordings, self.likely = embed, wordings, likely
        self._kept: dict[str, NDArray[np.float32]] = {}
        # Words that are said only of what no page is about: "bitcoin", "lounge".
        self._on_none = wordings.only(lambda meaning: meaning[0] == NOTHING)

    def quotes(
        self,
        question: str,
        found: Sequence[Sequence[Passage]],
        known: Collection[Figure] = (),
        before: Collection[str] = (),
        newer: Newer | None = None,
    ) -> list[Quote]:
        """The parts of the articles found that answer a question, the best article first; one quotation an article.

        found: the passages of each article, the best article first. known: figures that the service gives as the answer, which
        the part that is meant states too. before: articles that the question before was answered from. newer: what the
        question adds to the one before: what was told then is no answer to another need. Empty where no part is
        likely to answer: then the pages do not say. Blocking, about 3 ms a sentence that has not been read before.
        """
        parts, features, near = self.read(question, found)
        if not parts:
            return []
        worth = np.asarray(features, np.float32) @ np.asarray(WEIGHTS, np.float32)
        worth += [STATED * bool(known and stated(" ".join(p.sentences)) & set(known)) for p in parts]
        worth += [BEFORE * (p.passage.article in before) for p in parts]
        needs = _needs(newer.said if newer else question)
        fresh = needs - _needs(newer.before) if newer else frozenset[int]()
        if newer:
            told = set(self._told(newer.before, found, before))
            worth += [NEEDED * bool(fresh & _met(p)) - TOLD * (p in told) for p in parts]
        order = np.argsort(-worth, kind="stable").tolist()
        strange = stems(question) & self._on_none - set[str]().union(*(stems(" ".join((p.head, *p.sentences))) for p in parts))
        # Such a word says nothing where one page is certainly meant all the same.
        certainly = features[order[0]].page_likely >= math.log(CERTAINLY_MEANT)
        answers = _answers(features[order[0]], near, bool(strange) and not certainly)
        chance = _chance(answers)
        states = bool(known and stated(" ".join(parts[order[0]].sentences)) & set(known))
        if chance < FLOOR and not states:
            return []
        taken = _taken(parts, worth, order, states)
        taken += _for_other_needs(parts, worth, order, taken, needs)
        articles = dict.fromkeys(parts[n].passage.article for n in taken)
        (vector,) = self.embed([newer.said if newer and fresh else question])
        said = [(n, self._shortened(parts[n], vector, known)) for n in taken]
        on_none = math.log(max(self.on_none(question), LEAST_LIKELY))
        sure = _chance(
            sum(a * b for a, b in zip(_FOR_PAGES, (answers, on_none, features[order[0]].page_likely, 1.0), strict=True))
        )
        return [
            _quote(parts, [(n, text) for n, text in said if parts[n].passage.article == article], sure) for article in articles
        ]

    def _told(self, question: str, found: Sequence[Sequence[Passage]], articles: Collection[str]) -> list[Part]:
        """The part of each of some articles that answers a question best: what was told to it."""
        parts, features, _ = self.read(question, [[p for p in some if p.article in articles] for some in found])
        if not parts:
            return []
        worth = np.asarray(features, np.float32) @ np.asarray(WEIGHTS, np.float32)
        return [parts[int(worth.argmax())]]

    def titles(self, question: str) -> dict[str, float]:
        """The pages that may well answer a question, by title without the year they are for, and how likely each does, the
        likeliest first. Blocking."""
        chances = _by_title(self.likely(question))
        some = sorted((t for t in chances if t != NOTHING and chances[t] >= MAY_ANSWER), key=lambda t: -chances[t])
        return {title: chances[title] for title in some}

    def on_none(self, question: str) -> float:
        """How likely it is that a question is about what only the customer's accounts tell. Blocking."""
        return self.likely(question).get((NOTHING, ""), 0.0)

    def certain(self, question: str, least: float = CERTAINLY_MEANT) -> str:
        """The page that a question is certainly about, and about nothing that only the customer's accounts tell, by its title
        without the year; "" where there is none. least: how likely it must be. Blocking."""
        meant = (title for title, chance in self.titles(question).items() if chance >= least)
        return next(meant, "") if self.on_none(question) < HARDLY else ""

    def on_no_page(self, question: str) -> bool:
        """Whether a question is like one that no page answers, and less like any that one does. Blocking."""
        (vector,) = self.embed([question])
        near, nearer = nothing(self._near(question, vector))
        least = UNSAID_WITH if stems(question) & self._on_none else UNSAID
        return near >= least and nearer > 0

    def likeness(self, question: str) -> float:
        """How near the nearest wording is that a page answers. Blocking."""
        (vector,) = self.embed([question])
        near, nearer = nothing(self._near(question, vector))
        return near - nearer

    def _near(self, question: str, vector: NDArray[np.float32]) -> dict[Meaning, Near]:
        return {(undated(title), heading): one for (title, heading), one in self.wordings.near(question, vector).items()}

    def read(self, question: str, found: Sequence[Sequence[Passage]]) -> tuple[list[Part], list[Features], dict[Meaning, Near]]:
        """Every part of what was found with what tells whether it answers, and how near each known wording is."""
        ranked = [(1 / (1 + rank), part) for rank, passages in enumerate(found) for p in passages for part in parts_of(p)]
        (vector,) = self.embed([question])
        near = self._near(question, vector)
        parts = [part for _, part in ranked]
        if not parts:
            return [], [], near
        wanted, asked = _needs(question), stems(question)
        bags = [stems(" ".join((p.head, *p.sentences))) for p in parts]
        rare = {w: math.log((len(bags) + 1) / (sum(w in bag for bag in bags) + 0.5)) for w in asked}
        all_rare = sum(rare.values()) or 1.0
        pages, likely = _by_page(near), self.likely(question)
        page_likely = _by_title(likely)
        features = []
        for (rank, part), bag in zip(ranked, bags, strict=True):
            title = undated(part.passage.title)
            sentence = float((self._vectors([f"{part.head}. {s}" for s in part.sentences]) @ vector).max())
            # Of a page that no wording is known of, what it says itself stands for what is asked of it.
            page = pages.get(title, Near(sentence))
            own = near.get((title, part.heading), Near() if title in pages else page)
            met = _met(part) & wanted
            features.append(
                Features(
                    sentence=sentence,
                    covered=sum(rare[w] for w in asked & bag) / all_rare,
                    asked=own.cosine,
                    asked_words=own.words,
                    page_asked=page.cosine,
                    page_words=page.words,
                    likely=math.log(
                        max(likely.get((title, part.heading), 0.0 if title in page_likely else NOT_KNOWN), LEAST_LIKELY)
                    ),
                    page_likely=math.log(max(page_likely.get(title, NOT_KNOWN), LEAST_LIKELY)),
                    time=0 in met,
                    steps=2 in met,
                    top=not part.heading,
                    rank=rank,
                )
            )
        return parts, features, near

    def _shortened(self, part: Part, vector: NDArray[np.float32], known: Collection[Figure]) -> str:
        """A part as it stands: of a table the rows that are meant, of a long text the sentences nearest to the question."""
        near = dict(
            zip(part.sentences, (self._vectors([f"{part.head}. {s}" for s in part.sentences]) @ vector).tolist(), strict=True)
        )
        rows = {s for s in part.rows if stated(s) & set(known)}
        if not rows and part.rows:
            rows = {s for s in part.rows if near[s] >= max(near[row] for row in part.rows) - ROWS_APART}
        said = [s for s in part.sentences if s not in part.rows or s in rows]
        words = 0
        taken: set[str] = set()
        for s in sorted(said, key=lambda s: -near[s]):
            words += len(s.split())
            if not taken or words <= PART_WORDS:
                taken.add(s)
        places = [n for n, s in enumerate(part.sentences) if s in taken]
        return "".join(_gap(places, at) + part.sentences[n] for at, n in enumerate(places))

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        new = [t for t in dict.fromkeys(texts) if t not in self._kept]
        if len(self._kept) + len(new) > KEPT_VECTORS:
            self._kept.clear()
            new = list(dict.fromkeys(texts))
        if new:
            self._kept |= dict(zip(new, self.embed(new), strict=True))
        return np.stack([self._kept[t] for t in texts])


def _gap(places: Sequence[int], at: int) -> str:
    """What stands before the sentence at a place: a mark where others were left out."""
    if at == 0:
        return ""
    return " " if places[at - 1] == places[at] - 1 else " … "


def _quote(parts: Sequence[Part], taken: Sequence[tuple[int, str]], chance: float) -> Quote:
    """The parts of one article, the best of them first, put in the order of the page."""
    best = parts[taken[0][0]].passage
    ordered = sorted(taken)
    places = [n for n, _ in ordered]
    text = "".join(_gap(places, at) + said for at, (_, said) in enumerate(ordered))
    others = {parts[n].passage.id: parts[n].passage for n in places if parts[n].passage.id != best.id}
    return Quote(best, text, chance, tuple(others.values()))


_YEARS = re.compile(r"\W*(?:\bfor )?\b20\d\d(?:/\d\d)?\b")


def undated(title: str) -> str:
    """A page by its title whatever year it is for, as the one of next year answers the same questions."""
    return _YEARS.sub("", title)


def _by_page(near: Mapping[Meaning, Near]) -> dict[str, Near]:
    pages: dict[str, Near] = {}
    for (title, *_), one in near.items():
        before = pages.get(title, Near())
        pages[title] = Near(max(before.cosine, one.cosine), max(before.words, one.words))
    return pages


def _by_title(likely: Mapping[Meaning, float]) -> dict[str, float]:
    pages: dict[str, float] = defaultdict(float)
    for (title, *_), chance in likely.items():
        pages[title] += chance
    return pages


def about(found: Sequence[Sequence[Passage]], product: str) -> list[list[Passage]]:
    """Of what was found the passages about a product, and those that hold for all."""
    return [[p for p in passages if not p.products or product in p.products] for passages in found]


def nothing(near: Mapping[Meaning, Near]) -> tuple[float, float]:
    """How near the nearest question is that no page answers, and how much nearer than the nearest that one does."""
    on_none = max((one.both for (title, *_), one in near.items() if title == NOTHING), default=0.0)
    on_some = max((one.both for (title, *_), one in near.items() if title != NOTHING), default=0.0)
    return on_none, on_none - on_some


def _answers(best: Features, near: Mapping[Meaning, Near], strange: bool) -> float:
    """The log-odds that a part answers. strange: whether the question has a word of what no page says alone."""
    on_none, nearer = nothing(near)
    known = (best.sentence, best.covered, best.asked, best.asked_words, on_none, max(nearer, 0.0), strange, 1.0)
    return sum(a * b for a, b in zip(_ANSWERS, known, strict=True))


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _taken(parts: Sequence[Part], worth: NDArray[np.float32], order: Sequence[int], alone: bool) -> list[int]:
    """The best part, then others that come close, of two articles at the most. alone: of its own article only."""
    best, taken = order[0], [order[0]]
    for n in order[1:]:
        same = parts[n].passage.article == parts[best].passage.article
        articles = {parts[k].passage.article for k in (*taken, n)}
        words = sum(min(len(" ".join(parts[k].sentences).split()), PART_WORDS) for k in (*taken, n))
        close = worth[n] >= worth[best] - (APART if same else APART_OTHER) and (same or not alone)
        # What stands before the first heading mostly says what the page is about, and not yet how things are.
        close = close or (same and len(taken) == 1 and not parts[best].heading)
        if close and len(taken) < MOST_PARTS and len(articles) <= 2 and words <= MOST_WORDS:
            taken.append(n)
    return taken


def _needs(question: str) -> frozenset[int]:
    """The kinds of thing that a question asks for; see `_KINDS`."""
    text = plain(question)
    return frozenset(n for n, (wants, _) in enumerate(_KINDS) if wants.search(text))


def _met(part: Part) -> frozenset[int]:
    """The kinds of thing that a part holds."""
    body = " ".join(part.sentences).casefold()
    return frozenset(n for n, (_, holds) in enumerate(_KINDS) if holds.search(body))


def _for_other_needs(
    parts: Sequence[Part], worth: NDArray[np.float32], order: Sequence[int], taken: Sequence[int], needs: frozenset[int]
) -> list[int]:
    """One more part of the best article where a question has a need that no part taken meets: what it takes, and how long."""
    best = parts[taken[0]].passage.article
    left = needs - frozenset[int]().union(*(_met(parts[n]) for n in taken))
    of_it = [n for n in order if n not in taken and parts[n].passage.article == best and worth[n] >= worth[taken[0]] - NEEDING]
    return next(([n] for n in of_it if left & _met(parts[n])), [])


def figures(book: FactBook, quote: Quote) -> None:
    """The figures of a quotation as facts, each with the passage that states it as its evidence."""

    def source(match: re.Match[str]) -> tuple[str, ...]:
        return tuple(p.id for p in (quote.passage, *quote.others) if match.group() in p.text)[:1] or (quote.passage.id,)

    label = f"figure in “{quote.passage.title}”"
    for match in (*_MONEY.finditer(quote.text), *_WORDED_MONEY.finditer(quote.text)):
        amount = Decimal(match["number"].replace(",", ""))
        currency = CURRENCY[match["sign"]]
        book.money(label, Money.of(amount, currency), source(match))
    for match in _PERCENT.finditer(quote.text):
        book.rate(label, Decimal(match["number"]), source(match))
    for match in COUNTED.finditer(quote.text):
        book.count(f"{match['noun']} in “{quote.passage.title}”", int(match["number"].replace(",", "")), source(match))


_VERSION = re.compile(r"\bversion (\d+)\b")


def stated(text: str) -> set[Figure]:
    """The amounts and percentages that a text states."""
    money = {(Decimal(m["number"].replace(",", "")), CURRENCY[m["sign"]]) for m in _MONEY.finditer(text)}
    return money | {(Decimal(m["number"]), "%") for m in _PERCENT.finditer(text)}


def states(passages: Iterable[Passage], known: Collection[Figure]) -> bool:
    """Whether passages state one of some figures."""
    return any(stated(p.text) & set(known) for p in passages)


def agreeing(quote: Quote, known: Collection[Figure], version: int) -> Quote:
    """A quotation without sentences that speak of another version than the customer's, and, where it states none of the figures
    that the service knows, without those that state others: where a page is out of date the service counts.

    What was left out is marked as any other gap is.
    """
    agrees = bool(stated(quote.text) & set(known))
    return _kept(quote, lambda part: all(int(v) == version for v in _VERSION.findall(part)) and (agrees or not stated(part)))


def without_figures(quote: Quote, but: Collection[Figure]) -> Quote:
    """A quotation without sentences that state other figures than those given; gaps are marked."""
    return _kept(quote, lambda part: stated(part) <= set(but))


def _kept(quote: Quote, wanted: Callable[[str], bool]) -> Quote:
    text, gap = "", ""
    for part in sentences(quote.text.replace(" … ", "\n…\n")):
        if part == "…" or not wanted(part):
            gap = "… "
        else:
            text += f" {gap}{part}" if text else part
            gap = ""
    return quote._replace(text=text)


def sources(found: Iterable[Quote]) -> tuple[tuple[str, str], ...]:
    """(passage id, title) of what is quoted, each article once."""
    return tuple({q.passage.article: (q.passage.id, q.passage.title) for q in found}.values())


def quoted(book: FactBook, quote: Quote) -> Fact:
    """The quotation itself as a fact, so that it is put into the sentence by reference."""
    ids = tuple(p.id for p in (quote.passage, *quote.others))
    return book.quote(f"quoted from “{quote.passage.title}”", quote.text, ids)
