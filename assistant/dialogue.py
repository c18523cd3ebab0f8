"""From a message and what was said before to a plan: tools by the router's head, follow-ups by what they change.

A plan is made only when the head is sure and every word is understood; anything else is handed over as unsure.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant import background, held, periods, referring, relations
from assistant import spans as parts
from assistant.background import Told
from assistant.following import (
    ADDED_TOGETHER,
    AGAINST_IT,
    ALL_SPENDING,
    AND_MORE,
    BACKWARD,
    DATED,
    DIFFERENCE,
    EITHER_WAY,
    FROM_THEM,
    GAVE,
    GOES_ON,
    HAD_FROM_ME,
    IN_PERCENT,
    IN_TOTAL,
    LISTS,
    LONGEST_TOPIC,
    MORE_THAN,
    ON_TOP,
    ONE_ROW,
    OTHER_WAY,
    PAID_TO_ME,
    POSITIONS,
    THAN,
    THE_TWO,
    TO_THEM,
    TOLD_OF_BOTH,
    TOTALLED,
    TWO,
    UNIT_ASIDE,
    both_of,
    came_in_from,
    details_of,
    goes_on_with,
    held_against,
    merged,
    narrowed_to,
    of_that_way,
    of_the_two,
    one_further,
    only_days,
    together,
    unit_aside,
    way_of,
    with_more,
)
from assistant.hearing import About, by_word, talks, without_talk, words_of
from assistant.objections import objection
from assistant.orders import Ordering
from assistant.places import is_place
from assistant.plan import (
    ABOUT_PAYMENTS,
    ABOUT_SAME,
    ABOUT_TERMS,
    CAME_BACK,
    CAME_IN,
    FROM_OTHERS,
    READ_WHOLE,
    WENT_OUT,
    Asked,
    Plan,
    Spans,
    Step,
    Tool,
)
from assistant.router import ABOUT_NOTHING, Embed, Head, spoken, words_by_label
from assistant.spans import BESIDE, LEAVE_IT, USUAL, Found, Known
from data.actions import IntentId
from data.banking import AccountKind
from data.party import Frozen
from prompts.registry import word_list
from retrieval.reader import Reader, Reading

# Measured on 4,200 household turns: against 0.6 one turn in forty more is answered, eight of nine of them right
# (`counterfoil eval threshold` shows the others).
SURE = 0.5
# What adds up or lists payments of any day whatever: below this two of three state what was not asked, "Sky" for "Sky this month".
UNDATED = 0.6
# A clause of a message says less by itself.
CLAUSE = 0.6
# How much the reader counts against the head, after a question too, which the head knows nothing of (0.7 there was no better).
READER_COUNTS = 0.5
# A person in need is heard even where the head is less sure than that.
CARE = 0.34
# What leans on the question before needs less: there are fewer things that it can be.
FOLLOWING = 0.45
# From here on a message is a follow-up and nothing else, and with nothing before it there is nothing to answer.
MERE_FOLLOW_UP = 0.75
# From here on a label is right nearly always even beside a word that no example has.
PASSING = 0.5
REFUSING = 0.75
CERTAIN = 0.9
# A model's tool must be among so many labels that the head finds most probable: two that read alike are rarely both wrong.
LIKELY = 4
# From here on the reader is sure that something is taken over: where the rules had left it out, they were mostly wrong.
SURELY_KEPT = 0.85
# A label that is no more probable than this is not heard in a message, whatever it would mean there.
LIKE_NONE = 0.003
# Of the words that so rarely choose what is asked one in forty does all the same; the answer says which word it did not use.
MAY_NARROW = 0.1
# From here on a clause is talk though its form does not say so: "fair enough", "totally different thing".
SURELY_TALK = 0.95
# From here on a word is taken to name one thing of a list: goods and brands are above, "at present" and "dodgy" are below.
PICKS = 0.4
# From here on a word chooses what is asked, whatever else speaks for passing it over.
CHOOSES = 0.6
# A reading that is less probable is not offered.
POSSIBLE = 0.08
# So few words, about nobody's own, go on with what was asked before; and so few may ask of nothing at all.
SHORTEST = 7
FEWEST = 4
# Words of a message that can be a mere follow-up.
SHORT = 9
REMEMBERED = 8
CLAUSES = 16


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
        return self.heard if self.lost else next((one.step for one in self.asked[-1:] if _names(one)), None)

    def about_heard(self, label: str, said: Spans, text: str) -> Memory:
        """The memory as if what was heard in a message that was not understood had been asked, for a question that is about that:
        how it was to be told, nobody knows, but of whom."""
        step = self.heard if self.lost else None
        if step is None or said.merchants or said.category:
            return self
        if label in LEANING and all(step.spans != one.step.spans for one in self.asked[-1:]):
            # "And in July?" goes on with that, not with what was asked before it.
            return self.model_copy(update={"asked": ()})
        if label not in ABOUT_PAYMENTS | {Tool.UPCOMING} or not (step.spans.merchants or step.spans.category):
            # The account that it named is what "in there" is; all its payments are nobody's question.
            return self
        points = _PRONOUN.search(text) or _THE_NEW_PRICE.search(text)
        if not points and (step.unread or not _refers_back(text, said)):
            return self
        if label == Tool.COMPARE and max(len(step.spans.periods), len(step.spans.merchants)) < 2:
            # Against what, was in the words that nobody understood.
            return self
        asked = (*self.asked, Asked(step=step.model_copy(update={"unread": ()})))[-REMEMBERED:]
        return self.model_copy(update={"asked": asked, "lost": False, "heard": None, "open": None})


@dataclass(frozen=True)
class Unsure:
    """No plan: the best guess, how sure it was, the parts that were heard, and the labels that are not out of the question.

    unread: why the language model did not read the message, "busy" or "model" (it is not there now); "" where nothing is to say.
    readings: what it may have meant, the likeliest first, for the customer to choose from. keeps: whether nothing new is spoken of,
    so that what was spoken of before it still is.
    """

    found: Found
    label: str
    sure: float
    likely: frozenset[str] = frozenset()
    unread: str = ""
    readings: tuple[Step, ...] = ()
    keeps: bool = False


_CLAUSE = re.compile(
    r"\s*(?:[;?!.]+\s+(?:and\s+|also\s+)?|,?\s+and\s+(?:in\s+)?|,\s+)(?=(?:how (?:much|many|often)|when|what(?:'s| is| was)?|which|who)\b)|[?;]\s+(?=\S+\s+\S+)"
)
# A comparison says it anyway.
_BY_HOW_MUCH = re.compile(r"[ ,.;?!]*(?:\b(?:and|or) )?\bby how much(?: more| less| exactly)?[ .?!]*$")
_NOUN = re.compile(
    r"\b(?:categor(?:y|ies)|areas|merchants?|shops?|stores?|places|payees?|companies|restaurants?|retailers?"
    r"|payments?|purchases?|transactions?|expenses|outgoings|things?)\b"
)
_UNIT = re.compile(
    r"\b(?:(?:per|a|an|one|each|every|average for)\s+(?:month|week|day|year)|monthly|weekly|daily|yearly)\b"
    r"|\b(?:month|week|day|year)(?= (?:average|mean)\b)|(?<=\baverage )(?:month|week|day|year)\b"
)
_FREE = frozenset({Tool.HELP, Tool.CANNOT, Tool.REFUSE, Tool.OOS, Tool.HANDOVER})
_TOOLS = frozenset(Tool)
# What is asked of payments, in days that may be those of the question before.
_TAKES_OVER = ABOUT_SAME - {Tool.SUBSCRIPTIONS} | {Tool.INCOME, Tool.REFUND_STATUS}
# What cannot be answered, either way; and a list that says what it comes to, or the sum alone.
_ALIKE = (frozenset({"cannot", "oos"}), frozenset({"find", "sum"}))
# Labels that mean nothing without a question before.
LEANING = frozenset({"follow", "other", "both", "details"})


class Understanding:
    """The router at work: one head, one embedder, one reader, no state of its own. sure: from where on its plan is believed."""

    def __init__(self, head: Head, embed: Embed, reader: Reader, sure: float = SURE) -> None:
        self.head, self.embed, self.reader, self.sure = head, embed, reader, sure
        self.fillers, self.words = word_list("fillers"), words_by_label()
        # A clause is looked at more than once in a turn.
        self._by_head = lru_cache(CLAUSES)(self._of_head)

    def plan(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """Read a message. Blocking (about 10 ms): run it in a worker thread."""
        if held.unseen(parts.plain(message), known):
            return Plan(steps=(Step(tool=Tool.REFUSE),), path="routed")
        last = memory.asked[-1] if memory.asked and not _off_track(memory) else None
        if last is None or not _is_anothers(last.step, known):
            message = relations.of_holder(message, known, spoken_of=False, nobody=last is None or not _names(last))
            return self._with_reference(message, known, memory, last)
        if _MINE.search(_POLITE.sub("", parts.plain(message))):
            # "And what did I pay them?" is of one's own accounts again.
            own = last.model_copy(update={"step": _of_account(last.step, "")})
            return self._with_reference(message, known, memory.model_copy(update={"asked": (*memory.asked[:-1], own)}), own)
        read = self._with_reference(relations.of_holder(message, known, spoken_of=True, nobody=False), known, memory, last)
        if not isinstance(read, Plan):
            return read
        # What goes on with somebody else's accounts is of no others.
        theirs = (
            s if s.spans.account or s.tool in READ_WHOLE | _FREE else _of_account(s, last.step.spans.account) for s in read.steps
        )
        return read.model_copy(update={"steps": tuple(theirs)})

    def _with_reference(self, message: str, known: Known, memory: Memory, last: Asked | None) -> Plan | Unsure:
        """A message in which words may say which of somebody's payments are meant."""
        if (meant := referring.meant(parts.plain(message), known, memory.asked if last is not None else ())) is None:
            return self._whole(message, known, memory)
        if not meant.excluding and last is not None and set(meant.message.rstrip(" ?.!").split()) <= _EMPTY:
            return meant.of(Plan(steps=(last.step,), path="routed"))
        read = self._whole(meant.message, known, memory)
        if meant.excluding and (not isinstance(read, Plan) or any(step.tool not in ABOUT_PAYMENTS for step in read.steps)):
            # "The other pension": no list leaves one out.
            return self._whole(message, known, memory)
        return meant.of(read) if isinstance(read, Plan) else read

    def _whole(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        if (back := _BACK_TO.match(parts.plain(message))) and _names_any(parts.find(back["rest"], known)):
            # What is gone back to is named again in what is asked of it.
            message = back["rest"]
        message = _SAME_ONES.sub("the same", _ALL_COUNTED.sub("", message)) if memory.asked else message
        message = _placed(_dated(message, memory, known.today), memory, known)
        message = held.with_pension(parts.plain(message), memory.asked[-1].step) if memory.asked else message
        memory = _at_place_spoken_of(memory, parts.plain(message), known)
        message = _LESS_MOVES.sub("", message)
        message = f"how many {message}" if memory.asked and _TIMES_IT_WAS.match(message) else message
        if (two := self._of_one_account(message, known, memory)) is not None:
            return two
        if (better := _BETTER_SAID.search(message)) and (put := self._put_better(message, better, known, memory)) is not None:
            return put
        if (denied := _DENIED.match(parts.plain(message))) and not _names_any(parts.find(denied[0], known)):
            # "I don't mean refunds, what …": that is not asked. Somebody who is not meant is left out by what follows.
            message = parts.plain(message)[denied.end() :]
        if (more := _put_to_it(message, known, memory)) is not None:
            return more
        if memory.asked and (fragment := _fragment_at_end(parts.plain(message), known)):
            return self._read(fragment, known, memory)
        text = parts.plain(message)
        words = words_of(text, self._read_after(text, memory))
        heard, talk = by_word(text, words), talks(text, words)
        known = replace(known, chooses=heard.chooses, talk=heard.talk, named=heard.names, found={})

        def is_talk(clause: str) -> bool:
            """Whether a clause is talk; never where a word of it may choose what is asked, "the bread place. How often …"."""
            chosen = any(known.narrows(m.group()) >= MAY_NARROW for m in parts.WORD.finditer(clause))
            return not chosen and talk(clause) >= SURELY_TALK

        told = background.apart(text, lambda clause: parts.find(clause, known).masked, is_talk)
        read = self._read(message, known, memory) if told is None else self._beside(told, message, known, memory)
        # Where two readings differ in what was told, it may be a part of what is asked.
        differ = isinstance(read, Unsure) and told is not None and bool(read.readings) and not read.sure
        if isinstance(read, Unsure) and not differ and _keeps_payees(rest := without_talk(text, words), text, known):
            # Talk has no form of its own: "quarrel with my flatmate: bills I sent Hannah since August".
            again = self._read(rest, known, memory)
            # Whom it is about may have been told: "the rent went up. What is it now", "the bread place. How often did we go".
            points = BACKWARD.search(rest) is not None and not memory.asked
            if isinstance(again, Plan) and not any(
                _of_everything(step) or (points and step.tool in ABOUT_PAYMENTS) for step in again.steps
            ):
                read = again
        if isinstance(read, Plan) and told is not None:
            heard_all = parts.find(text, known)
            if whose := tuple(w for step in read.steps for w in _whose(heard_all, step, known)):
                # "My brother, for the rent" is not all the rent, wherever he is named.
                return Unsure(replace(heard_all, unknown=whose), read.steps[0].tool.value, 0.0)
        if not isinstance(read, Unsure) or read.label in ABOUT_NOTHING:
            return read
        return replace(read, keeps=read.found.spans == Spans() and all(word.chooses < MAY_NARROW for word in words))

    def _of_one_account(self, message: str, known: Known, memory: Memory) -> Plan | None:
        """ "Boat fund: what's there + my payments in this summer": two things that are asked of one account."""
        one, mark, two = (
            parts.plain(message).partition(said[0]) if (said := _AND_ALSO.search(parts.plain(message))) else ("", "", "")
        )
        first = self._whole(one, known, memory) if mark else None
        if not isinstance(first, Plan) or len(first.steps) != 1 or not first.steps[0].spans.account or first.steps[0].unread:
            return None
        second = self._whole(
            two, known, memory.model_copy(update={"asked": (*memory.asked, Asked(step=first.steps[0])), "lost": False})
        )
        if not isinstance(second, Plan) or first.steps[0].tool not in _OF_ACCOUNT or second.steps == first.steps:
            return None
        if not all(step.tool in _OF_ACCOUNT and step.spans.account for step in second.steps):
            return None
        return first.model_copy(update={"steps": (*first.steps, *second.steps)})

    def _put_better(self, message: str, better: re.Match[str], known: Known, memory: Memory) -> Plan | None:
        """ "At BP in September, no wait, I mean Shell": what was asked, with what takes the place of a part of it."""
        found = parts.find(message[better.end() :], known)
        first = self._whole(message[: better.start()], known, memory) if _only_parts(found) else None
        if not isinstance(first, Plan) or len(first.steps) != 1 or found.bad_period or found.spans.without:
            return None
        step = first.steps[0]
        meant = merged(step.spans, found.spans)
        return first.model_copy(update={"steps": (step.model_copy(update={"spans": meant, "only": ()}),)})

    def _beside(self, told: Told, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """What asks is read by itself. Of what is told beside it counts only what the question lacks and points at."""
        if _MERE_TAG.fullmatch(told.asks) and isinstance(whole := self._read(message, known, memory), Plan):
            # "The shop took it two times. Did they?"
            return whole
        asks, aside = parts.find(told.asks, known), parts.find(told.aside, known)
        label, _ = _label(self._probabilities(asks, told.asks, memory), bool(memory.asked))
        said = asks.spans
        days = (
            () if label in _AS_OF_NOW and not _AT_THAT_TIME.search(told.asks) else _days_told(aside.spans, told.asks, known.today)
        )
        # "I must declare it above £1,000. What did she pay me": which payments are added up, no figure in a tale says.
        amount = "" if label in _ADDED else aside.spans.amount
        heard = aside.spans.model_copy(update={"periods": days, "amount": amount})
        whole = self._read(message, known, memory)
        dated = any(p not in parts.DAYLESS for p in said.periods)
        takes_days = not dated and len(heard.periods) == 1 and label in ABOUT_SAME | {Tool.INCOME} and label not in ONE_ROW
        # "I try to be fair to the grandchildren": what is done to an account pays nobody from it.
        lacks = (heard.account and not said.account and not _FOR_SOMEBODY.match(heard.account)) or (
            heard.amount and not said.amount
        )
        # Who is in need is heard in all that they say.
        in_need = isinstance(whole, Plan) and any(step.tool is Tool.HANDOVER for step in whole.steps)
        # "The last time she paid me was when, and how much?": what is told asks as well.
        only_much = _HOW_MUCH_IT.fullmatch(told.asks) is not None and bool(told.before) and isinstance(whole, Plan)
        if label in _FREE | READ_WHOLE or in_need or lacks or only_much or (heard.periods and not (dated or takes_days)):
            # What is told may be a part of what is asked.
            return whole
        read = self._asked_beside(told, asks, replace(aside, spans=heard), label, takes_days, whole, known, memory)
        plans = tuple(one for one in read if isinstance(one, Plan))
        if len(plans) > 1 and plans[0].steps != plans[1].steps:
            return Unsure(asks, label, 0.0, readings=tuple(dict.fromkeys(plan.steps[0] for plan in plans)))
        narrowed = aside.spans.amount and not said.amount and not amount
        return plans[0] if plans else whole if isinstance(whole, Plan) and not narrowed else read[0]

    def _asked_beside(self, told: Told, asks: Found, aside: Found, label: str, takes_days: bool, whole: Plan | Unsure,
                      known: Known, memory: Memory) -> tuple[Plan | Unsure, ...]:  # fmt: skip
        """What asks, with what of the rest belongs to it; two readings where nobody knows which.

        takes_days: whether it has none and the rest has. whole: all read as one.
        """
        points = BACKWARD.search(told.asks) is not None
        named = bool(asks.spans.merchants or asks.spans.category)
        if points and not named:
            return (self._pointing(told, aside, whole, known, memory),)
        of_pay = isinstance(whole, Plan) and any(step.tool is Tool.SALARY for step in whole.steps)
        if label in LEANING and not named and (aside.spans.merchants or aside.spans.category or of_pay):
            # "Please look": at what was told, not at what was asked before.
            return (whole,)
        dated = f"{told.asks.rstrip(' ?.!')} {aside.spans.periods[0]}" if takes_days else told.asks
        in_days = self._read(dated, known, memory)
        if named or label not in ABOUT_PAYMENTS:
            # One payment is looked for in the days that were told; which of them are added up is asked.
            # "October: what went to Tesco" is no tale.
            bare = aside.masked.strip(" ,:;.") == parts.PLACEHOLDERS["period"]
            one = not takes_days or points or bare or label == Tool.FIND or _SO_FAR.search(told.asks)
            return (in_days,) if one else (in_days, self._read(told.asks, known, memory))
        # "I have a feeling one of them was insurance" is about the answer.
        of_answer = bool(told.after) and _ONE_OF_THEM.search(told.after) is not None and not told.before
        told_of = ((aside.spans.merchants or aside.spans.category) and not of_answer) or (takes_days and memory.asked)
        if told_of or any(known.narrows(w) >= MAY_NARROW or w in known.vocabulary.trades for w in aside.unknown):
            # A sum of all, or of what was just spoken of: nobody knows.
            return (whole,)
        return (in_days,)

    def _pointing(self, told: Told, aside: Found, whole: Plan | Unsure, known: Known, memory: Memory) -> Plan | Unsure:
        """ "EON took loads this month. Is it more than in May?": of what was told, as if it had been asked about before."""
        if not told.before and _names_somebody(memory) and not _off_track(memory):
            # What is told behind a question brings in nobody where somebody was spoken of.
            return self._read(told.asks, known, memory)
        said_aside = parts.find(told.aside, known).spans
        only_told = {p for p in said_aside.periods if p not in aside.spans.periods}
        figure = "" if aside.spans.amount else said_aside.amount
        spans, fees = aside.spans, _FEES_TOLD.search(told.before) is not None and _THOSE.search(told.asks) is not None
        if fees:
            # "There are loads of tiny foreign fees. How much did they add up to": the fees, wherever one was.
            spans = spans.model_copy(update={"category": "fees", "merchants": ()})
        elif isinstance(whole, Plan) and not any(
            step.unread or step.tool in _FREE or only_told & set(step.spans.periods) or (figure and step.spans.amount == figure)
            for step in whole.steps
        ):
            return whole
        if not (spans.merchants or spans.category):
            # Who is told of is meant where the question points at them, though the words are talk by themselves.
            loud = parts.find(told.aside, replace(known, talk={}, found=None)).spans
            spans = spans.model_copy(update={"merchants": loud.merchants, "category": loud.category})
        if not (spans.merchants or spans.category):
            # "Nearly £40 is a lot. What was the most I paid there": no figure of a tale says which payments.
            return self._read(told.asks, known, memory) if figure and _names_somebody(memory) else whole
        spoken_of = Asked(step=Step(tool=Tool.FIND, spans=spans.model_copy(update={"amount": ""})))
        return self._read(told.asks, known, memory.model_copy(update={"asked": (*memory.asked, spoken_of), "lost": False}))

    def _read(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """A message of which every word asks. A plan about all that was spent is none where the message names somebody, or nothing
        says that it is about spending."""
        plan = self._going_on(self._meant(message, known, memory), message, known, memory)
        if not isinstance(plan, Plan):
            return plan
        found, last = parts.find(message, known), memory.asked[-1] if memory.asked and not _off_track(memory) else None
        # Whose account it is, goes on from the question before; that does not say that all that went through it is meant.
        taken_over = not found.spans.account and _names_somebody(memory)
        of_all = [s for s in plan.steps if _of_everything(_of_account(s, "") if taken_over else s)]
        if not of_all:
            return plan
        if memory.open is not None or not (_names_any(found) or _says_nothing_of_what(of_all, found, memory)):
            return plan
        step = plan.steps[0]
        if (
            last is not None
            and len(plan.steps) == 1
            and step.tool in ABOUT_PAYMENTS
            and not _names_any(found)
            and _names_somebody(memory)
        ):
            # "How many times was I in": with whom was spoken of, as nothing says that all is meant.
            kept = _same_again(last, step.tool, step.spans, known, parts.plain(message))
            if not _of_everything(kept):
                return plan.model_copy(update={"steps": (kept,)})
        return Unsure(found, step.tool.value, plan.sure)

    def _going_on(self, plan: Plan | Unsure, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """What a message surely takes over from the question before is in its plan too, where nothing said takes its place: the
        rules that read follow-ups see fewer of them than the reader does."""
        last = memory.asked[-1] if memory.asked and not _off_track(memory) else None
        if last is None or not isinstance(plan, Plan) or len(plan.steps) != 1:
            return plan
        plan = plan.model_copy(update={"steps": (_the_same_way(plan.steps[0], memory.asked, known, parts.plain(message)),)})
        if last.beside and only_days(parts.find(message, known).spans):
            return plan.model_copy(update={"steps": _of_each(plan.steps[0], memory.asked)})
        if plan.steps[0].tool not in _TAKES_OVER:
            return plan
        if any(plan.steps[0] == one.step for one in memory.asked) or _of_all(plan.steps[0].tool, parts.plain(message)):
            # "And Netflix?", which was asked about before something else, is that question again.
            return plan
        step, before, said = plan.steps[0], last.step.spans, parts.find(message, known).spans
        keeps = self._read_after(text := parts.plain(message), memory).keeps
        in_all = said.periods or step.spans.periods or (_EVER_BEFORE.search(text) is not None and _is_one_day(before, known))
        if keeps["when"] >= SURELY_KEPT and len(before.periods) == 1 and not in_all:
            step = step.model_copy(update={"spans": step.spans.model_copy(update={"periods": before.periods})})
        named = said.merchants or said.category or step.spans.merchants or step.spans.category or step.only
        if keeps["who"] >= SURELY_KEPT and (before.merchants or before.category) and not named:
            who = step.spans.model_copy(update={"merchants": before.merchants, "category": before.category})
            step = step.model_copy(update={"spans": who, "only": last.step.only, "excluding": last.step.excluding})
        accounted = step.spans.account or step.spans.change or said.merchants or said.category
        if keeps["account"] >= SURELY_KEPT and before.account and not accounted:
            of = held.LEAD_OF_ACCOUNT.sub("", before.account)
            step = step.model_copy(update={"spans": step.spans.model_copy(update={"account": of})})
        return plan.model_copy(update={"steps": (step,)})

    def _meant(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        if (both := self._and_against(message, known, memory)) is not None:
            return both
        whole = parts.find(message, known)
        if _AT_A_LOSS.fullmatch(parts.plain(message)):
            return Unsure(whole, "", 0.0)
        probabilities, label, sure = self._labelled(whole, message, known, memory)
        lost, memory = memory.lost, memory.about_heard(label, whole.spans, parts.plain(message))
        named = whole.spans.merchants or whole.spans.category
        # "When do I have to cancel a direct debit by": when, the rules say.
        obliged = label in READ_WHOLE | _MANDATES | {Tool.UPCOMING} and _OBLIGED.search(parts.plain(message)) is not None
        if obliged or (not named and _is_about_terms(label, memory, parts.plain(message))):
            label = Tool.ARTICLE
        what_happens = label in READ_WHOLE | _MANDATES | {Tool.UPCOMING} and _WHAT_HAPPENS.match(parts.plain(message))
        if what_happens or _YOU_CHARGE.search(parts.plain(message)):
            label, sure = Tool.ARTICLE, max(sure, self.sure)
        # "What is it now and what was it" is of two prices, and not of today.
        prices = label == Tool.SUBSCRIPTIONS and _PRICE_BEFORE.search(whole.masked)
        if not prices and (direct := self._direct(whole, label, sure, message, known, memory)) is not None:
            return Plan(steps=_one_by_one(direct, parts.plain(message)), path="routed")
        clauses = [c for c in _CLAUSE.split(_BY_HOW_MUCH.sub("", parts.plain(message))) if c and len(c.split()) > 2]
        several = self._several(clauses, known, memory) if len(clauses) > 1 and label not in _FREE else []
        # "List my subscriptions and what each costs me" is one list.
        one_list = label in LISTS and sure >= CERTAIN and {one.tool for one in several} <= {label, Tool.FIND}
        if several and not one_list:
            apart = _one_by_one(several[0], parts.plain(message)) if len(several) == 1 else tuple(several)
            return Plan(steps=apart, path="routed", sure=sure)
        each = (
            _total_and_list(whole, label)
            or held.of_each(whole, parts.plain(message), memory.asked, known, lost=memory.lost)
            or self._each(whole, label, sure, message, known)
            or _in_and_out(whole, parts.plain(message), memory)
        )
        if each:
            return Plan(steps=each, path="routed", sure=sure)
        left_over = whole.spans.without or ((memory.asked or memory.lost) and asks_nothing(parts.plain(message), None))
        if label == Tool.HELP and left_over:
            # "What for?" is about what was said before.
            return Unsure(whole, label, sure)
        step = self._step(label, whole, memory, message, known)
        if (
            step is not None
            and step.tool is Tool.ARTICLE
            and (sure < CERTAIN or self._read_after(parts.plain(message), memory).keeps["who"] >= SURELY_KEPT)
            and (joined := with_last(message, memory)) is not None
        ):
            # What may go on with a question to the pages is asked together with it.
            step = step.model_copy(update={"spans": step.spans.model_copy(update={"topic": joined})})
        leans = step is not None and bool(memory.asked) and not lost and _leans_back(label, step, whole, parts.plain(message))
        needed = self._needed(label, step, leans, whole, message, memory)
        missing = self._left_over(label, sure, step, _said_before(memory) if leans else set(), whole, known)
        if step is not None and _is_of_nobody(step, parts.plain(message), memory):
            step = None
        if step is not None and missing and self._may_pass(missing, step, whole, known, sure):
            step, missing = step.model_copy(update={"unread": missing}), ()
        if step is not None and whole.hours and step.tool in ABOUT_PAYMENTS:
            step, missing = (_at_hours(step, whole), missing) if _is_told_apart(step, known) else (step, (*missing, *whole.hours))
        if step is not None and step.tool not in _FREE | READ_WHOLE and (barred := _not_told_of(whole, step)):
            missing = tuple(dict.fromkeys((*missing, *barred)))
        if step is None or sure < needed or missing:
            heard = replace(whole, unknown=missing or whole.unknown)
            likely = {k: probabilities[k] for k in sorted(probabilities, key=probabilities.__getitem__, reverse=True)[:LIKELY]}
            readings = self._readings(likely, heard, memory, message, known)
            return Unsure(heard, label, sure, frozenset(likely), readings=readings)
        return Plan(steps=_one_by_one(step, parts.plain(message)), path="routed", sure=sure)

    def _needed(self, label: str, step: Step | None, leans: bool, whole: Found, message: str, memory: Memory) -> float:
        """How probable a label has to be for its step to be performed."""
        said = whole.spans
        theirs = bool(said.merchants or said.periods or said.category or said.bought)
        # What names somebody that the customer pays, or who was spoken of, is rarely about another's account.
        of_whom = theirs or (_names_somebody(memory) and _SOMEBODY.search(parts.plain(message)) is not None)
        if leans or (step is not None and step.tool is Tool.REFUSE and not of_whom):
            return FOLLOWING
        # The pages have a floor of their own: what they do not say is said to be unknown. One word is no question: "gluon".
        if label == Tool.HANDOVER or (label == Tool.ARTICLE and not theirs and len(message.split()) > 1):
            return CARE
        undated = step is not None and step.tool in _OF_ANY_DAY and not step.spans.periods
        return max(self.sure, UNDATED) if undated else self.sure

    def _left_over(
        self, label: str, sure: float, step: Step | None, said_before: Set[str], whole: Found, known: Known
    ) -> tuple[str, ...]:
        """Words that are not understood. said_before: those of the question that this one leans on."""
        price = _PRICE_BEFORE.search(whole.masked) if label == Tool.SUBSCRIPTIONS else None
        understood = said_before | set(price.group().split() if price is not None else ())
        return tuple(
            w
            for w in (*self._not_understood(whole, label, known, sure), *whole.undated, *_whose(whole, step, known))
            if w not in understood
            and not _of_that_name(w, whole.spans, known)
            and not _says_who(w, whole, known)
            and not (w in held.MOVING and _INTO.match(whole.spans.account))
        )

    def _labelled(self, whole: Found, message: str, known: Known, memory: Memory) -> tuple[dict[str, float], str, float]:
        """How probable each label is, the one that is taken, and how sure that is."""
        probabilities, of_pages = self._probabilities(whole, parts.plain(message), memory), 0.0
        if of_own_days(whole.spans, known.today):
            # What is paid for on days that are said, no page knows; that does not make anything else more probable.
            of_pages = probabilities[Tool.ARTICLE]
            probabilities = {k: p for k, p in probabilities.items() if k != Tool.ARTICLE}
        label, sure = _label(probabilities, bool(memory.asked))
        alike = _same_tool(label, probabilities, whole, parts.plain(message), known)
        if memory.asked and not memory.lost and whole.spans == Spans():
            alike = max(alike, _same_told(label, probabilities, memory.asked[-1].step, parts.plain(message)))
        sure = (sure + alike) * (1 - of_pages)
        if label == Tool.INCOME and _PENSION.search(whole.masked):
            # It comes in as pay does, from whoever pays it.
            label, sure = Tool.SALARY, probabilities[Tool.INCOME] + probabilities[Tool.SALARY]
        paid_yet = label == Tool.SALARY and _PAID_YET.search(whole.masked) is not None
        if (label == Tool.INCOME or paid_yet) and whole.spans.merchants and _PAYS_ME.search(whole.masked):
            # Who pays whom is said: whether it is added up or listed makes little difference.
            label, sure = Tool.INCOME, sum(probabilities[k] for k in (Tool.INCOME, Tool.SUM, Tool.FIND, Tool.SALARY))
        if not (whole.spans.merchants or whole.spans.category) and _WHO_PAYS_MOST.search(whole.masked):
            # Of what came in, who it came from is told with it, most first.
            label, sure = Tool.INCOME, max(sure, self.sure)
        if label in _CAME_OR_WENT and whole.spans.merchants and _WHICH_WAY.search(whole.masked):
            # Which way it went is said: `_tool` reads it.
            sure = sum(probabilities[k] for k in _CAME_OR_WENT)
        if label in (Tool.LAST, Tool.COUNT) and _REFUNDED_ME.search(whole.masked):
            label, sure = Tool.REFUNDS, sum(probabilities[k] for k in (Tool.REFUNDS, Tool.REFUND_STATUS, Tool.LAST, Tool.COUNT))
        if label == Tool.SUM and _RAN_TO.search(whole.masked):
            sure = max(sure, self.sure)
        goes_on = bool(memory.asked) and memory.asked[-1].step.tool in ABOUT_SAME
        if goes_on and label in (Tool.SUM, Tool.SHARE) and _OF_THAT_WAS.search(whole.masked):
            label, sure = Tool.SUM, probabilities[Tool.SUM] + probabilities[Tool.SHARE]
        if label == Tool.TOP and _WHICH_MONTH.search(whole.masked):
            sure = max(sure, self.sure)
        if label in _OF_INTEREST and _of_interest_got(whole, known.today):
            label, sure = Tool.INCOME, sum(probabilities.get(k, 0.0) for k in _OF_INTEREST)
        of_somebody = whole.spans.merchants or whole.spans.category or (not _off_track(memory) and _names_somebody(memory))
        if of_somebody and label in _OF_PRICE and _PRICE_BEFORE.search(whole.masked):
            label, sure = Tool.SUBSCRIPTIONS, max(sure, CERTAIN)
        if (
            (whole.spans.merchants or whole.spans.category)
            and label in (*_OF_EACH, Tool.AVERAGE)
            and _EACH_TIME.search(whole.masked)
            and not _NOW_OR_BEFORE.search(whole.masked)
        ):
            # What is paid each time is one figure, however it is asked.
            label, sure = Tool.AVERAGE, sum(probabilities[k] for k in (*_OF_EACH, Tool.AVERAGE))
        if label in _MOVES and whole.spans.account.startswith("into ") and _MOVED_INTO.fullmatch(whole.masked):
            label, sure = Tool.SUM, max(sure, self.sure)
        if (against := _held_against(whole, label, probabilities)) > sure:
            label, sure = Tool.COMPARE, against
        if (tool := held.tool_of(whole, parts.plain(message), label, known)) is not None:
            label, sure = tool, max(sure, CERTAIN)
        return probabilities, label, sure

    def _may_pass(self, missing: Sequence[str], step: Step, whole: Found, known: Known, sure: float) -> bool:
        """Whether a step may be performed though some words are not used for it."""
        if step.tool in ONE_ROW and not _PLACED.isdisjoint(missing):
            # "The second worst day" is not the worst.
            return False
        if sure < PASSING or whole.undated or ((told := _TOLD.match(whole.masked)) and told["verb"] in missing):
            # The word that a message begins with says what is wanted: "book me a slot".
            return False
        if step.tool in ABOUT_PAYMENTS and any(_OF_A_TIME.search(whole.masked.partition(w)[0]) for w in missing):
            return False
        if any(
            f" {w} xmerchant" in whole.masked and _AFTER_AT.search(whole.masked.partition(f" {w} xmerchant")[0]) for w in missing
        ):
            # "At sadly Tesco": it may be part of the name.
            return False
        if step.tool in ABOUT_PAYMENTS and any(is_place(w) for w in missing):
            # What was spent in a country is not all that was spent.
            return False
        if any(w.endswith("'s") and f"{w} xaccount" in whole.masked for w in missing):
            # "Margaret's savings" are not one's own.
            return False
        if step.spans.account and not _INCLUDED.isdisjoint(missing):
            # "The joint account included": that one and the others.
            return False
        if step.tool in POSITIONS and any(w in parts.words_of(a.name) for w in missing for a in known.accounts):
            # "Everyday and the jar": one of them is not all.
            return False
        if step.tool is Tool.COMPARE and any(known.narrows(w) >= PICKS for w in missing):
            # One of the two sides may be in them: "Spoons or Duke's".
            return False
        if self._picks(missing, step, known):
            return False
        return _is_told_around(missing, whole, step, known, sure) or self._harmless(missing, step, known, sure)

    def _harmless(self, missing: Sequence[str], step: Step, known: Known, sure: float) -> bool:
        """Whether words that no example of a tool has choose nothing, where they stand: "the damage at Lidl so far"."""
        # A word that asks for something elsewhere says something here too, "the next biggest", unless it is certain what is asked
        # with it; one of no dictionary may be a name.
        return step.tool not in _FREE and all(
            known.narrows(w) < MAY_NARROW
            and (sure >= CERTAIN or known.is_talk(w) or (not known.asks(w) and w.removesuffix("'s") in known.vocabulary.english))
            for w in missing
        )

    def _picks(self, missing: Sequence[str], step: Step, known: Known) -> bool:
        """Whether a word may pick one of a list: "the direct debit for the boat" is not the others."""
        return step.tool in LISTS | _MANDATES and any(known.narrows(w) >= PICKS for w in missing)

    def _readings(
        self, likely: Mapping[str, float], found: Found, memory: Memory, message: str, known: Known
    ) -> tuple[Step, ...]:
        """What a message that is not understood may have meant: the likeliest tools on the parts that were heard. likely: label ->
        probability, the best first.

        None where a word that nobody understood may be what it is all about, or where it is about nothing of the customer's.
        """
        strange = [w for w in found.unknown if w not in known.vocabulary.asked]
        if next(iter(likely)) in ABOUT_NOTHING or any(
            w not in known.vocabulary.english or known.narrows(w) >= MAY_NARROW for w in strange
        ):
            return ()
        steps: list[Step] = []
        for label in (k for k, p in likely.items() if k in _TOOLS and k not in ABOUT_NOTHING and p >= POSSIBLE):
            step = self._step(label, found, memory, message, known)
            if (
                step is not None
                and not _points_nowhere(step, parts.plain(message), _off_track(memory))
                and step.tool not in _FREE
            ):
                steps.append(step.model_copy(update={"unread": found.unknown}))
        return tuple(steps)

    def _and_against(self, message: str, known: Known, memory: Memory) -> Plan | Unsure | None:
        """ "…, and is that more than eating out?": what is asked, then that against something else."""
        text = parts.plain(message)
        joint = AND_MORE.search(text)
        if joint is None or set(text[: joint.start()].split()) <= _EMPTY:
            return None
        first = self.plan(text[: joint.start()], known, memory)
        found = parts.find(text[joint.end() :], known)
        if not isinstance(first, Plan):
            return first
        second = held_against(Asked(step=first.steps[-1]), found.spans, text[joint.end() :], known.today)
        if second is None or found.unknown:
            # Read as one question, what it is held against would be counted in.
            return Unsure(found, "", 0.0)
        return first.model_copy(update={"steps": (*first.steps, second)})

    def _direct(self, whole: Found, label: str, sure: float, message: str, known: Known, memory: Memory) -> Step | None:
        """A step that is plain whatever the head says: a mere fragment, the unit before, somebody else's account."""
        text = parts.plain(message)
        named = (other["who"] for other in _POSSESSIVE.finditer(text))
        if any(_is_somebody_else(who, known) for who in named) and not _own_account(whole, known):
            return Step(tool=Tool.REFUSE)
        if _SECRET.search(text) and _OWN.search(text):
            return Step(tool=Tool.REFUSE)
        if (plainly := held.direct(whole, text, label, memory.asked, known, lost=memory.lost)) is not None:
            return plainly
        if _LOOKED.fullmatch(text):
            return Step(tool=Tool.LOOKED)
        if _GOODS.search(text) or _WILL_BE.match(text):
            # What was bought with a payment, no payment says, nor what a bill to come will be held against one that was paid.
            return Step(tool=Tool.CANNOT, spans=whole.spans)
        if _ORDER.search(text) or (_SEND.search(text) and _FIGURE.search(text) and not text.endswith("?")):
            return Step(tool=Tool.CANNOT)
        now = all(p in parts.DAYLESS for p in whole.spans.periods)
        if now and whole.spans == Spans(account=whole.spans.account, periods=whole.spans.periods) and _IN_IT.search(whole.masked):
            return Step(tool=Tool.BALANCE, spans=Spans(account=whole.spans.account))
        last = memory.asked[-1].step if memory.asked else None
        # A page that was asked about in between has no days.
        dated = next((a.step for a in reversed(memory.asked) if a.step.tool not in READ_WHOLE), None)
        if dated is not None and (unit := UNIT_ASIDE.search(alone := _WHAT_WAS_IT.sub("", text))) and len(alone.split()) <= SHORT:
            aside = unit_aside(dated, unit["unit"], unit["way"], known, tax=bool(unit["tax"]))
            against = aside is not None and THAN.search(text) and dated.tool is Tool.SUM
            if aside is None or not against:
                return aside
            both = (dated.spans.periods[0], aside.spans.periods[0])
            return aside.model_copy(update={"tool": Tool.COMPARE, "spans": aside.spans.model_copy(update={"periods": both})})
        if last is not None and last.tool in ONE_ROW and _THAT_ROW.fullmatch(text):
            return last
        if last is not None and not _off_track(memory) and (leant := _leant_on(whole, memory.asked, known, text)) is not None:
            return leant
        if last is not None and not _off_track(memory) and (told := _in_other_unit(last, text)) is not None:
            return told
        lone = not (whole.unknown or whole.spans.merchants or whole.spans.category or whole.spans.account)
        if lone and _names_somebody(memory) and last is not None and not _off_track(memory) and _THE_NEW_PRICE.search(text):
            # Since when a price is what it is, the newest change of it says.
            of = Spans(merchants=last.spans.merchants, category=last.spans.category, change="went up")
            return Step(tool=Tool.SUBSCRIPTIONS, spans=of, only=last.only)
        if last is not None and not _off_track(memory) and _leaves_out(whole, last, text):
            return goes_on_with(memory.asked, whole.spans, text)
        plain_sum = last is not None and last.tool in ABOUT_SAME | {Tool.INCOME, Tool.COMPARE} and not _off_track(memory)
        if last is not None and not _off_track(memory) and not whole.unknown and _THE_X_ONE.fullmatch(whole.masked):
            return goes_on_with(memory.asked, whole.spans, text)
        if plain_sum and last is not None and lone and _names_somebody(memory) and _WHEN_DID_I.fullmatch(text):
            return _same_again(memory.asked[-1], Tool.LAST, Spans(), known, f"{text} last")
        if plain_sum and last is not None and lone and len(last.spans.merchants) > 1 and _WHICH_OF_THEM.fullmatch(text):
            # A comparison is of two; of more each is told.
            return Step(tool=Tool.COMPARE if len(last.spans.merchants) == TWO_SIDES else Tool.SUM, spans=last.spans)
        if plain_sum and lone and _ONE_THAN_OTHER.search(text) and (two := both_of(memory.asked, "both")) is not None:
            return Step(tool=Tool.COMPARE, spans=two.spans) if len(two.spans.merchants) > 1 else None
        if plain_sum and not whole.unknown and not whole.each and _HOW_MUCH_AT.fullmatch(whole.masked):
            # In the days that were spoken of.
            step = goes_on_with(memory.asked, whole.spans, text)
            return step.model_copy(update={"tool": Tool.SUM}) if step is not None else None
        if plain_sum and last is not None and not whole.unknown and _names_somebody(memory) and _COMES_TO.fullmatch(whole.masked):
            step = goes_on_with(memory.asked, whole.spans, text) or last
            return step.model_copy(update={"tool": step.tool if step.tool in (Tool.SUM, Tool.INCOME) else Tool.SUM})
        if plain_sum and not whole.unknown and not whole.each and _HOW_MUCH_OF_IT.fullmatch(whole.masked):
            return _part_of(memory.asked[-1].step, whole.spans)
        if last is not None and last.tool in (Tool.SUM, Tool.COUNT) and _WHERE.fullmatch(text):
            return details_of(last, text)
        if (
            last is not None
            and last.tool is Tool.PENDING
            and whole.spans == Spans()
            and IN_TOTAL.search(text)
            and _only_total(whole)
        ):
            # The list says what it comes to.
            return last
        if last is not None and last.tool in ONE_ROW and IN_TOTAL.search(text) and _only_total(whole):
            return goes_on_with(memory.asked, whole.spans, text) or last.model_copy(update={"tool": Tool.SUM})
        if last is not None and MORE_THAN.search(text) and not whole.unknown:
            return held_against(memory.asked[-1], whole.spans, text, known.today)
        if (
            not memory.asked
            and len(whole.spans.periods) > 1
            and _names_all(whole)
            and _only_total(whole)
            and not _misread(whole, known)
        ):
            # "Parking, August, September, October added up".
            return Step(tool=Tool.SUM, spans=whole.spans)
        if not _only_parts(whole, beside=sure < self.sure or label in LEANING) or _misread(whole, known):
            return None
        narrows = whole.spans.merchants or whole.spans.category or whole.spans.without
        takes = memory.open is not None and (memory.open.tool in ABOUT_PAYMENTS or not narrows)
        of = memory.open.spans if memory.open is not None else Spans()
        unnamed = not (of.merchants or of.category or of.account)
        if memory.open is not None and unnamed and of.periods and memory.open.tool in ABOUT_SAME and only_days(whole.spans):
            # "And last year?", after a sum of nobody knows what in this year: of everything it is no answer.
            return None
        if whole.spans.without and memory.lost and unnamed:
            # Less something, of what nobody understood: of everything it is no answer.
            return None
        if memory.open is not None and takes and not (whole.spans.merchants and memory.open.spans.merchants):
            return memory.open.model_copy(update={"spans": merged(memory.open.spans, whole.spans)})
        if _off_track(memory) and (whole.spans.merchants or whole.spans.category) and not whole.spans.periods:
            # "And Duke's?" after a question that was not understood: of which days?
            return None
        if memory.asked or sure < self.sure or label not in _TOOLS:
            return _fragment(whole.spans, memory, message)
        return None

    def _not_understood(self, found: Found, label: str, known: Known, sure: float = 0.0) -> tuple[str, ...]:
        """Words that no example of this label has. One such word may narrow what is meant: it is never passed over."""
        if label == Tool.ARTICLE:
            # Whether the pages know of it is for them to say.
            return ()
        if label in _FREE:
            # Anything may be said there, but not nothing that is known.
            if sure >= REFUSING and label == Tool.REFUSE:
                return ()
            if sure >= self.sure and all(w in known.vocabulary.english for w in found.unknown):
                return ()
            meant = set(re.findall(r"[a-z']+", found.masked)) & (self.words[label] - self.fillers)
            return () if meant else found.unknown
        usual = self.fillers | self.words[label] | (_TOTAL_WORDS if label == Tool.SUM else frozenset())
        left = [w for w in re.findall(r"[a-z][a-z']*", found.masked) if w not in parts.PLACEHOLDERS.values() and len(w) > 1]
        strange = (*found.unknown, *(w for w in left if w.removesuffix("'s") not in usual and w not in usual))
        return tuple(dict.fromkeys(w for w in strange if w not in parts.TITLES))

    def trusts(self, planned: Plan, routed: Unsure, known: Known, message: str, memory: Memory) -> bool:
        """Whether a model's plan may be performed: the head does not rule its tools out, it passes over no word that could
        narrow a sum, it points at somebody, and nothing else speaks against it."""
        last = memory.asked[-1].step if memory.asked else None
        text = parts.plain(message)
        heard = by_word(text, words_of(text, self._read_after(text, memory)))
        known = replace(known, chooses=heard.chooses, talk=heard.talk)
        if objection(planned, routed.found, message, last, known):
            return False
        follows = bool(memory.asked) and bool(routed.likely & {"follow", "other", "both", "details"})
        return all(
            (step.tool.value in routed.likely or follows)
            and step.tool not in (Tool.REFUSE, Tool.HANDOVER)
            and not self.passes_over(step, routed.found, message, memory)
            and all(known.narrows(w) < MAY_NARROW for w in self._left(step, routed.found, known))
            for step in planned.steps
        )

    def _left(self, step: Step, heard: Found, known: Known) -> tuple[str, ...]:
        """Words that a model's step does not use, and that no example of its tool has."""
        spans = step.spans
        if step.tool in _FREE | READ_WHOLE:
            return ()
        used = parts.words_of(
            " ".join((*spans.merchants, spans.category, *spans.periods, spans.amount, spans.account, spans.group))
        )
        return tuple(w for w in self._not_understood(heard, step.tool.value, known) if w.removesuffix("'s") not in used)

    def passes_over(self, step: Step, heard: Found, message: str, memory: Memory) -> str:
        """What a model's step leaves out that could narrow it: a word that nobody understood, or whom a pronoun is about.

        Empty when it leaves out nothing.
        """
        said = " ".join((*step.spans.merchants, step.spans.category, *step.spans.periods, step.spans.amount, step.spans.account))
        left = [w for w in heard.unknown if w.removesuffix("'s") not in parts.plain(said)]
        named = step.spans.merchants or step.spans.category or step.spans.account
        dated = [w for w in left if _AFTER_A_TIME.search(parts.plain(message).partition(w)[0])]
        if step.tool in ABOUT_SAME - _WHOLE and ((left and not named) or (dated and not step.spans.periods)):
            return ", ".join(left)
        astray = _off_track(memory)
        if (astray or not _names_somebody(memory)) and _points_nowhere(step, parts.plain(message), astray):
            return "whom or what it is about"
        return ""

    def _read_after(self, text: str, memory: Memory) -> Reading:
        return self.reader.read(text, str(About.of(memory.asked[-1].step)) if memory.asked else "")

    def _probabilities(self, found: Found, text: str, memory: Memory) -> dict[str, float]:
        """Label -> probability, of the reader and the head together. found: of the text, in `plain` form."""
        masked = self._by_head(found.masked)
        read = self._read_after(_LESS_REFUNDS.sub("", text), memory).labels
        both = {label: read[label] ** READER_COUNTS * masked[label] ** (1 - READER_COUNTS) for label in masked}
        whole = sum(both.values())
        return {label: share / whole for label, share in both.items()}

    def _of_head(self, masked: str) -> Mapping[str, float]:
        return self.head.probabilities(masked, self.embed([spoken(masked)])[0])

    def _several(self, clauses: Sequence[str], known: Known, memory: Memory) -> list[Step]:
        """Steps of a message that asks for different things; a later clause takes over what the first named."""
        steps: list[Step] = []
        subject = Spans()
        undated = False
        for clause in clauses:
            found = parts.find(clause, known)
            label, sure = _label(self._by_head(found.masked))
            if sure < CERTAIN:
                # A clause is no whole message, as the reader knows them: it is only asked where the head is not certain.
                label, sure = _label(self._probabilities(found, clause, memory))
            if found.each or found.undated:
                return []
            if _only_parts(found):
                # "… only my own account" goes with the question before it, "Tesco and Aldi, what …" with the one after it.
                subject = _joined(subject, found.spans) if not steps else subject
                steps[-1:] = [_about(one, found.spans, after=True) for one in steps[-1:]]
                continue
            if (
                sure < max(self.sure, CLAUSE)
                or self._not_understood(found, label, known)
                or label not in _TOOLS
                or label in _FREE
            ):
                return []
            # Whoever was named first is who it is about, and not who was before.
            named = subject != Spans() or any(s.spans.merchants or s.spans.category for s in steps)
            step = self._step(label, found, Memory() if named else memory, clause, known)
            if step is None or (not named and not steps and _is_of_nobody(step, clause, memory)):
                return []
            if (
                steps
                and step.spans == Spans()
                and (_HOW_MUCH_IT.fullmatch(clause) or (steps[-1].tool in TOTALLED and step.tool is Tool.SUM))
            ):
                if steps[-1].tool is Tool.SUM and clause.removeprefix("and ").startswith("when"):
                    # What it came to and when: each payment is told with its day.
                    steps[-1] = steps[-1].model_copy(update={"tool": Tool.FIND})
                continue
            if steps and steps[-1].tool is Tool.SALARY and step.spans == Spans() and step.tool in (Tool.LAST, Tool.FIND):
                # "When is my pay due and how much was the last": that is told with it.
                continue
            if steps and steps[0].tool is Tool.ARTICLE and step.spans == Spans() and step.tool in ABOUT_SAME:
                # "Can I get a loan, how much percent?": of payments that nobody named; it is asked of the pages as well.
                return []
            own = step.spans
            step = Step(tool=step.tool, spans=merged(steps[0].spans, own)) if steps else _about(step, subject)
            if found.hours and step.tool in ABOUT_PAYMENTS:
                if not _is_told_apart(step, known):
                    return []
                step = _at_hours(step, found)
            if steps and steps[-1].tool is Tool.SUM and step.tool in (Tool.AVERAGE, Tool.SHARE) and _OF_IT.search(clause):
                # "Parking in October, what's that a week?" asks for the mean alone.
                steps[-1] = step
            elif steps and step.tool is steps[-1].tool and not (own.merchants or own.category) and undated:
                # "A normal fill-up for me, what was that on average in October": it says more of the same.
                steps[-1] = step
            elif all(step.tool is not s.tool for s in steps) or (own != Spans() and step not in steps):
                steps.append(step)
            undated = not found.spans.periods
        if any(s.tool is Tool.ARTICLE for s in steps) and not all(_ASKS.search(clause) for clause in clauses):
            # "I have no overdraft. What would I need?": what is told first belongs to what is asked of the pages.
            return []
        return steps

    def _each(self, found: Found, label: str, sure: float, message: str, known: Known) -> tuple[Step, ...]:
        """A step for each of several names that have days of their own; none where it is not sure what is asked of them."""
        of_payments = sure >= self.sure and label in ABOUT_SAME | {Tool.COMPARE}
        if not found.each or not (of_payments or _only_parts(found)) or self._not_understood(found, label, known, sure):
            return ()
        tool = Tool(label) if of_payments and label != Tool.COMPARE else Tool.SUM
        one_by_one = (replace(found, spans=spans, each=()) for spans in found.each)
        steps = [self._step(tool, one, Memory(), message, known) for one in one_by_one]
        return tuple(step for step in steps if step is not None) if all(steps) else ()

    def _step(self, label: str, found: Found, memory: Memory, message: str, known: Known) -> Step | None:
        last, text = memory.asked[-1] if memory.asked else None, parts.plain(message)
        if last is not None and last.step.spans.periods and _undated(found.spans, text):
            # "What did I spend there altogether?": in the days that were spoken of.
            found = replace(found, spans=found.spans.model_copy(update={"periods": ()}))
        if label not in _TOOLS:
            return _leaning(label, found, memory, text)
        if label == Tool.COMPARE and len(found.spans.periods) > 2:
            found = replace(found, spans=found.spans.model_copy(update={"periods": _widest(found.spans.periods, known.today)}))
        if label in _OF_CASH and found.spans.category == "cash" and _CASH_IN.search(text):
            # What was paid in at a counter came in: it is no cash that was spent.
            label, found = (
                Tool.INCOME,
                replace(found, spans=found.spans.model_copy(update={"category": "", "merchants": ("cash",)})),
            )
        tool = _tool(Tool(label), found, text, known)
        right = None if _not_said(tool, found, last, text) else _put_right(found, tool, text, known, last)
        if right is None:
            return None
        if tool is Tool.SUBSCRIPTIONS and right.spans.merchants == () and not right.spans.category and _RISE.search(text):
            # "The landlord put me up, I want the old amount": who did is meant, though by itself that is talk.
            loud = parts.find(message, replace(known, talk={}, found=None)).spans
            right = replace(right, spans=right.spans.model_copy(update={"merchants": loud.merchants, "category": loud.category}))
        if memory.lost and tool in ABOUT_PAYMENTS and not right.spans.periods and _SAME_TIME.search(text):
            # The same days as in words that nobody understood.
            return None
        if tool is Tool.COMPARE and memory.lost and only_days(right.spans) and ALL_SPENDING.search(text) is None:
            # What it is held against was in the message that was not understood, and not in the one before that.
            return None
        if tool is Tool.SHARE and (of_place := _share_of_place(memory, right, text, known)) is not None:
            return of_place
        if tool is Tool.SHARE and not (right.spans.merchants or right.spans.category or right.spans.amount):
            return _share_of(memory.asked if not memory.lost else (), right, text)
        if last is not None and tool is Tool.COMPARE and not memory.lost and _names_two_only(right.spans, text):
            # "Aldi vs Tesco, the difference": in the days that were spoken of.
            right = replace(right, spans=right.spans.model_copy(update={"periods": last.step.spans.periods[:1]}))
        told = tool is Tool.COMPARE and right.spans == Spans()
        if told and _is_mixed(memory.asked):
            return None
        unnamed = not _names(Asked(step=Step(tool=tool, spans=right.spans))) and tool not in READ_WHOLE
        if last is not None and not told and unnamed and THE_TWO.search(text):
            return of_the_two(tool, right.spans, memory.asked, text)
        step = _by_itself(tool, right, text, last) or (
            _with_before(tool, right, memory.asked, text, known.today) if last is not None else None
        )
        if step is not None:
            return step
        on_balance = last is not None and not memory.lost and last.step.tool in POSITIONS
        one_thing = tool is Tool.UPCOMING or (tool is Tool.BALANCE and not on_balance)
        if one_thing and right.spans == Spans() and _ONE_DUE.search(text):
            # "When is it due", "how much is it" of what nobody named: all that there is is no answer.
            return None
        if tool in READ_WHOLE:
            topic = topic_of(message, memory) if tool is Tool.ARTICLE else message
            if tool is Tool.ELIGIBILITY:
                # The account that somebody asks to have is none of theirs.
                return Step(tool=tool, spans=Spans(topic=topic))
            said = right.spans
            if tool is Tool.CARDS:
                topic, said = held.of_cards(text, said)
            return Step(tool=tool, spans=said.model_copy(update={"topic": topic}))
        spans = _continued(tool, _grouped(tool, right.spans, text, last), last, text)
        if (
            last is not None
            and not memory.lost
            and tool in ABOUT_PAYMENTS
            and _refers_back(text, spans)
            and not _of_all(tool, text)
        ):
            return _same_again(last, tool, spans, known, text)
        return Step(tool=tool, spans=spans)


# "Fills?" after a sum, "in £ though" after a count.
_TIMES = re.compile(
    r"(?:(?:and|so|ok)\b,? )*(?:how many |number of )?(?:times|visits|payments|transactions|trips|goes|fills?(?:[ -]ups?)?|cups|coffees|journeys|rides|shops|orders|meals|tickets)(?: (?:is|was) (?:that|it))?[ ?.!]*"
)
_POUNDS = re.compile(
    r"(?:(?:and|so|ok|now|right)\b,? )*(?:(?:i|we)(?:'d like| need| want)? to (?:see|know) )?(?:what(?:'s| is| was) )?(?:the |in )?(?:sum |grand |overall )?total(?: damage| amount| sum| cost| bill| spend)?(?: please| then| pls)*[ ?.!]*|"
    r"(?:(?:and|so|ok)\b,? )*(?:(?:what(?:'s| is| was) (?:that|it) )?in (?:£|£s|pounds|money|cash terms)|how much (?:money )?(?:is|was) (?:that|it|this)(?: money)?)(?: though| then)?[ ?.!]*"
)


def _in_other_unit(last: Step, text: str) -> Step | None:
    """A sum as a number of payments, and a number of payments as a sum."""
    if last.tool in (Tool.SUM, Tool.INCOME) and _POUNDS.fullmatch(text):
        return last
    pattern, tool = {Tool.SUM: (_TIMES, Tool.COUNT), Tool.COUNT: (_POUNDS, Tool.SUM)}.get(last.tool, (None, last.tool))
    return last.model_copy(update={"tool": tool}) if pattern is not None and pattern.fullmatch(text) else None


def _leant_on(whole: Found, asked: Sequence[Asked], known: Known, text: str) -> Step | None:
    """A few words that ask of the answers before in a form of their own; None where they are of another form, or name anybody."""
    last, said = asked[-1], whole.spans
    if said.merchants or said.category or said.account:
        return None
    if _names(last) and (some := _SOME_OF_THEM.fullmatch(whole.masked)):
        return _same_again(last, Tool.COUNT if some["many"] else Tool.FIND, said, known, text)
    if said.amount:
        return None
    if (turned := _turned(whole, last, known, text)) is not None:
        return turned
    if len(text.split()) <= _LONGEST_TURN and (both := _of_both_names(last, known, text)) is not None:
        return both
    if (another := one_further(last, text, known)) is not None:
        return another
    if last.step.tool in _DATED_ROWS and _WHEN_ALONE.fullmatch(text):
        return last.step
    if last.step.tool in _BY_SELLER and last.step.spans.category and not last.step.spans.merchants:
        sellers = _WHICH_SELLER.fullmatch(whole.masked)
        if sellers is not None and sellers["what"] not in _NO_SELLERS:
            spans = merged(last.step.spans, said).model_copy(update={"group": "places", "number": "", "change": ""})
            return Step(tool=Tool.TOP, spans=spans)
    of_many = not last.step.spans.merchants or _AT_AN_END.search(text) is None
    if last.step.tool in _RANKED and of_many and (_NTH.fullmatch(text) or _HOW_MUCH_IT.fullmatch(text)):
        # The list has it.
        return last.step
    if (last.step.tool is Tool.COMPARE and _IN_PERCENT.fullmatch(text)) or (
        _PERCENT.search(text) and _GAP.fullmatch(_PERCENT.sub("", text))
    ):
        two = last.step if last.step.tool is Tool.COMPARE else _held_apart(asked, said)
        return two and two.model_copy(update={"spans": two.spans.model_copy(update={"change": IN_PERCENT})})
    if _GAP.fullmatch(text) or _TO_BE_EVEN.search(text) or _MORE_OFTEN_OF.search(text):
        two = _held_apart(asked, said)
        if two is None:
            return last.step if last.step.tool in _SAYS_BY_HOW_MUCH else None
        change = "" if _MORE_OFTEN_OF.search(text) else DIFFERENCE
        return two.model_copy(update={"spans": two.spans.model_copy(update={"change": change})})
    if len(said.periods) == 1 and only_days(said) and _LESS_OR_MORE.fullmatch(whole.masked):
        return held_against(last, said, text, known.today)
    if last.step.tool is Tool.SUM and _AS_SHARE.fullmatch(text) and (kind := _kind_before(asked)):
        return Step(tool=Tool.SHARE, spans=last.step.spans.model_copy(update={"category": kind}), only=last.step.only)
    if way_of(last.step) == CAME_BACK and _SAME_HAPPENED.search(text) and _names(last):
        spans = merged(last.step.spans, said).model_copy(update={"periods": said.periods, "number": "", "change": ""})
        return Step(tool=Tool.REFUNDS, spans=spans, only=last.step.only)
    if _TIMES_EACH.fullmatch(whole.masked) and len(last.step.spans.merchants) > 1:
        return Step(tool=Tool.COUNT, spans=merged(last.step.spans, said).model_copy(update={"change": ""}))
    return None


def _of_both_names(last: Asked, known: Known, text: str) -> Step | None:
    """ "The two of them together" of one who was picked among several of a name: of all who are called so."""
    names = last.step.spans.merchants
    if len(names) != 1 or not (last.step.only or last.step.excluding) or _BOTH_CALLED.search(text) is None:
        return None
    some = referring.called_so(names[0], known)
    several = len({p.shown for p in some}) > 1
    return last.step.model_copy(update={"only": tuple(p.template for p in some), "excluding": ()}) if several else None


_BOTH_CALLED = re.compile(r"\b(?:both(?: of (?:them|'?em))?|the two(?: of (?:them|'?em))?|the pair(?: of (?:them|'?em))?)\b")


def _part_of(whole: Step, said: Spans) -> Step | None:
    """ "How much of it was Boots": of the same days and accounts, and of the kind that was asked about, where one was."""
    if not (whole.spans.merchants or whole.spans.category) and not whole.spans.periods:
        return None
    merchants = said.merchants or whole.spans.merchants
    # What the bank charges is charged by no shop: of such a sum a shop is no part.
    kind = whole.spans.category if _BANK_CHARGES.search(whole.spans.category) is None else ""
    update = {"merchants": merchants, "category": said.category or kind, "number": "", "group": "", "change": ""}
    return Step(tool=Tool.SUM, spans=whole.spans.model_copy(update=update), only=() if said.merchants else whole.only)


_HOW_MUCH_OF_IT = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*(?:how much|what|how many pounds) of (?:it|that|this|those|them)(?: lot)?(?: all)? (?:was|were|is|went|goes|did i spend)"
    r"(?: (?:spent|paid|on|to|at|in|for|from|with|just|only|the|my))* x(?:merchant|category)(?: then| alone| please)?[ ?.!]*"
)


def _is_mixed(asked: Sequence[Asked]) -> bool:
    """Whether the last two asked were of somebody and of a kind: no comparison holds these against each other."""
    both = both_of(asked, "both") if asked else None
    last = asked[-1].step.spans if asked else Spans()
    mixed = both is not None and bool(both.spans.category) and len(both.spans.merchants) == 1
    return mixed and not (last.category and last.merchants)


def _held_apart(asked: Sequence[Asked], said: Spans) -> Step | None:
    """The last two things asked, one against the other."""
    two_days = [one.step for one in asked[-2:]]
    if asked[-1].step.tool not in _HELD_APART:
        return None
    if len(two_days) == TWO_SIDES and _alike_but_for_days(two_days[0], two_days[1]):
        spans = two_days[1].spans.model_copy(update={"periods": (*two_days[1].spans.periods, *two_days[0].spans.periods)})
        return Step(tool=Tool.COMPARE, spans=spans, only=two_days[1].only, excluding=two_days[1].excluding)
    two = both_of(asked, "both")
    if two is None or max(len(two.spans.merchants), len(two.spans.periods)) != TWO_SIDES:
        return None
    return Step(
        tool=Tool.COMPARE, spans=two.spans.model_copy(update={"periods": said.periods or two.spans.periods}), only=two.only
    )


_HELD_APART = frozenset({Tool.SUM, Tool.COUNT, Tool.INCOME, Tool.REFUNDS})


def _alike_but_for_days(one: Step, two: Step) -> bool:
    """Whether two questions ask the same of two times, of each of which there is one."""
    dated = len(one.spans.periods) == len(two.spans.periods) == 1 and one.spans.periods != two.spans.periods
    return dated and one == two.model_copy(update={"spans": two.spans.model_copy(update={"periods": one.spans.periods})})


def _turned(whole: Found, last: Asked, known: Known, text: str) -> Step | None:
    """ "And the other way round", "and from her to me": what moved between the two in the other direction."""
    if not _names(last) or last.step.tool not in ABOUT_PAYMENTS | {Tool.SALARY} or len(text.split()) > _LONGEST_TURN:
        return None
    to_me, from_me = FROM_THEM.search(text), TO_THEM.search(text)
    if not (OTHER_WAY.search(text) or _FROM_THEM_ALONE.fullmatch(whole.masked)):
        return None
    came = to_me is not None if bool(to_me) != bool(from_me) else not way_of(last.step)
    change = "" if came else WENT_OUT
    step = _same_again(last, Tool.INCOME if came else Tool.SUM, whole.spans, known, text)
    return step.model_copy(update={"spans": step.spans.model_copy(update={"change": change, "number": "", "group": ""})})


_PERCENT = re.compile(
    r"(?:,? ?\b(?:and |or )?(?:in |as (?:a |an )?|by what )?(?:(?:percentage|percent|per cent)(?: terms| wise)?\b|%)(?: difference)?)"
)
_IN_PERCENT = re.compile(
    r"(?:(?:and|so|ok|but|then|what(?:'s| is) (?:that|it)|how (?:much|many) is (?:that|it)|how (?:much|many))\b,? )*"
    r"(?:in |as (?:a |an )?|by what )?(?:(?:percentage|percent|per cent)(?: terms| wise)?|%)(?: (?:then|please|pls|difference|was that|is that|more|less))*[ ?.!]*"
)
_AS_SHARE = re.compile(
    r"(?:(?:and|so|ok|but|then|(?:what(?:'s| is)|how much is) (?:that|it))\b,? )*(?:as|in|what) (?:a |an )?(?:percentage|percent|per cent|share|%)"
    r"(?: (?:of (?:the )?(?:first|whole|total|other|it|that|lot|all)(?: (?:one|figure|number|amount|sum|lot|that|of it))?|is that|was that|then|please))*"
    r"(?:,? (?:to )?(?:one|two|1|2) (?:decimals?(?: places?)?|dp))?[ ?.!]*"
)
_LEAD = r"(?:(?:and|so|ok|okay|but|then|oh|right|well|n)\b[,.]? )*"
# "Was it the same last year", "has that happened before".
_SAME_HAPPENED = re.compile(r"\b(?:happen(?:ed|s)?|(?:was|is) (?:it|that) the same|the same (?:thing )?(?:again|as))\b")
_DATED_ROWS = ONE_ROW | {Tool.DUPLICATES, Tool.PENDING, Tool.SALARY, Tool.REFUND_STATUS}
_WHEN_ALONE = re.compile(rf"{_LEAD}(?:when|(?:on )?(?:what|which) (?:day|date))[ ?.!]*")
_BY_SELLER = frozenset({Tool.SUM, Tool.COUNT, Tool.TOP, Tool.SHARE, Tool.AVERAGE})
# "Which garage had the most out of me", of all the petrol.
_WHICH_SELLER = re.compile(
    rf"{_LEAD}(?:at |in )?which (?P<what>[a-z]+)(?: (?:had|has|got|took|gets|is|was|did|do|does|the|most|mostly|biggest|share|part|more|of|it|that|i|we|me|from|out|off|spend|spent|at|in|use|go|to))*"
    r"(?:,? (?:(?:in |over )?xperiod|and))*(?:,? (?:and )?how much)?[ ?.!]*"
)
_NO_SELLERS = frozenset(
    {
        "day",
        "days",
        "month",
        "months",
        "week",
        "weeks",
        "year",
        "years",
        "account",
        "accounts",
        "card",
        "of",
        "one",
        "two",
        "is",
        "was",
    }
)
# "Any of them over £50", "nothing since July".
_SOME_OF_THEM = re.compile(
    r"(?:(?:and|so|ok|but|then|were|was|is|are|have|there|i|paid|had)\b,? )*(?:any(?:thing)?|none|nothing|owt|nowt|nothin|which|what|(?P<many>how many))"
    r"(?: (?:ones?|payments?|more|else|at all|of (?:them|those|these|it|that)|were|was|are))* (?:xamount(?: xperiod)?|xperiod)(?:,? (?:then|at all|right|definitely|though|no))*[ ?.!]*"
)
_LONGEST_TURN = 14
TWO_SIDES = 2
_RANKED = frozenset({Tool.TOP, Tool.BREAKDOWN, Tool.STANDING_ORDERS, Tool.DIRECT_DEBITS, Tool.UPCOMING, Tool.PENDING})
_SAYS_BY_HOW_MUCH = frozenset({Tool.COMPARE, Tool.SUBSCRIPTIONS, Tool.EXPLAIN})
_ORDINAL = r"(?:first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th|last|top|bottom|next|other)"
# "How much was the second one", of a list that was told.
_NTH = re.compile(
    rf"{_LEAD}(?:(?:how much|what|when|who|where|which)(?:'s| was| is| were| did)? )?(?:the )?{_ORDINAL}(?: (?:ones?|two|three))?"
    r"(?: (?:of (?:them|those|these)|on (?:the|that) list|for|to|then|again|please|come to|cost))*[ ?.!]*"
)
# Of one payee's payments the first is the oldest.
_AT_AN_END = re.compile(r"\b(?:first|last)\b")
_GAP = re.compile(
    rf"{_LEAD}(?:(?:what(?:'s|s| is| was)|tell me) )?(?:the |a |any )?(?:diff|difference|differences|gap)"
    r"(?: (?:in (?:pounds|money|£|quid)|between (?:them|the two|those(?: two)?|both)|is there|there|then|please|pls|was|is|that))*[ ?.!]*"
    rf"|{_LEAD}(?:by |and )?how much (?:by|more|less|in it|extra)(?: is| was)?(?: (?:that|it))?[ ?.!]*|{_LEAD}by how much[ ?.!]*"
    rf"|{_LEAD}how (?:far|much) (?:is |are |was )?(?:he |she |they |it |that )?(?:behind|ahead|short)(?: (?:is|are|was) (?:he|she|they|it|that))?(?: then| of (?:him|her|them))?[ ?.!]*"
    rf"|{_LEAD}(?:who|which(?: one| year| month| week| shop| place)?)(?:'s| was| is| has| had| did| paid| gave| cost| took| came out| sent)?"
    r"(?: (?:had|got|paid|gave|cost|took|sent|me|given))*(?: the)? (?:more|bigger|higher|dearer|worse|better|less|cheaper|lower)(?: off me| from me)?[ ?.!]*"
)
# What would have to be given to somebody so that both had the same.
_TO_BE_EVEN = re.compile(
    r"\bto (?:put (?:that|it|things) right|make (?:it|that|them|things|the two) (?:even|equal|fair|level|the same)"
    r"|(?:even|level|square) (?:it|that|them|things) (?:up|out|off)|catch (?:him|her|them) up|be (?:even|equal|fair))\b"
)
_MORE_OFTEN_OF = re.compile(r"\b(?:which|who|where)\b(?: of (?:the two|them|those|these))?.*\bmore (?:often|frequently|times)\b")
_OR_LESS = r"(?:less or more|more or less|higher or lower|lower or higher|better or worse|worse or better|up or down|bigger or smaller|dearer or cheaper|cheaper or dearer)"
# "Was it more or less in May", with the days on either side.
_LESS_OR_MORE = re.compile(
    rf"{_LEAD}(?:xperiod,? )?(?:(?:was|is|were) )?(?:(?:it|that|this) )?(?:(?:was|is) )?{_OR_LESS}(?: (?:than )?xperiod)?"
    r"(?:[,.;?]? (?:and )?(?:by how much|what(?:'s| is| was)? (?:the )?difference|how much))?[ ?.!]*"
)
_TIMES_EACH = re.compile(
    rf"{_LEAD}(?:(?:how many|number of|the number of|what about) )?(?:times|visits|trips|payments|goes|orders)(?: (?:to|at|in|for|from|was|were|that|is|did i go to|i(?:'ve| have)? (?:been|went|parked|used|paid|visited)(?: (?:to|at|in|with|for|by))?))*"
    r"(?: (?:to|at|in|with|for|by))? each(?: one| of (?:them|those))?(?:,? (?:those )?xperiod)?[ ?.!]*"
)
# "From her to me", and nothing else.
_FROM_THEM_ALONE = re.compile(
    rf"{_LEAD}(?:(?:what about|how about|anything|how much|what(?:'s| has| have)? (?:come|came)(?: in)?) )?(?:back )?(?:from (?:him|her|them)(?: to (?:me|us))?|(?:me |us )?to (?:him|her|them))(?: then)?(?: xperiod)?[ ?.!]*"
)


_MOVES = frozenset({Tool.SUM, Tool.EXPLAIN, Tool.INCOME, Tool.FIND, Tool.BALANCE})
# "What I moved in there since September".
_MOVED_INTO = re.compile(
    r"(?:(?:and|so|ok|then|remind me|tell me)\b,? )*(?:what|how much)(?: money)?(?: have| did)? (?:i|we)(?:'ve| have)? (?:moved?|put|paid|pay|transfer(?:red)?|saved|sent|added) xaccount(?: xperiod)?[ ?.!]*"
)
_OF_PRICE = frozenset(
    {Tool.SUBSCRIPTIONS, Tool.LAST, Tool.SUM, Tool.AVERAGE, Tool.COMPARE, Tool.FIND, Tool.BREAKDOWN, Tool.FIRST, Tool.UPCOMING}
    | {Tool.STANDING_ORDERS, Tool.DIRECT_DEBITS, Tool.EXPLAIN, Tool.IDENTIFY, Tool.SHARE}
)
# What is paid now and what was paid before, however it is asked.
_PRICE_BEFORE = re.compile(
    r"\bfrom what to what\b|\bwhat (?:was it )?from and (?:what )?to\b|\b(?:old|previous) (?:amount|price|rate|rent|figure|one) and (?:the )?(?:new|current)\b"
    r"|\b(?:new|current) (?:amount|price|rate|rent|figure|one) and (?:the )?(?:old|previous)\b|\bprice now\b.*\bbefore\b|\bbefore ?(?:/|and) ?after\b"
    r"|\b(?:now|these days)\b[ ,]*(?:and|n|but)?[ ,]*(?:what )?(?:(?:was|did) (?:it|they|that|i|we) )?(?:[a-z]+ )?before\b|\bthis time\b.*\band (?:what )?(?:(?:did|was) [a-z]+ )?last time\b"
    r"|\bwhat (?:was|were|did) (?:it|they|i|we)(?: [a-z]+){0,2} before (?:it|they|that|the)\b"
    r"|\bwas ?(?:/|,|and|then) ?(?:what )?(?:it )?is\b|\b(?:is|are) ?(?:/|,|and) ?(?:what )?(?:(?:it|they) )?(?:was|were)\b|\bwhat (?:was|were) (?:it|they)\b.*\bwhat (?:is|are) (?:it|they) now\b"
    r"|\bwhat (?:is|are) (?:it|they) now\b.*\bwhat (?:was|were) (?:it|they)\b"
    r"|\b(?:went|gone|go(?:es)?|put) up from\b|\bused to (?:be|cost) (?:[a-z]+ )?(?:cheaper|less|lower|dearer|more)\b"
    r"|\b(?:amount|price|rate|rent|fee|figure|cost|premium|charge)s? (?:it (?:was|had been) )?before (?:it|they|that) (?:last |was |got |were )?(?:changed?|rose|went up|raised?|increased?|put up)\b"
    r"|\bbefore (?:it|they) (?:last )?(?:changed|rose|went up|increased|got dearer|was raised|was put up)\b"
)
_RAN_TO = re.compile(
    r"\bwhat (?:did|does|do|has|have) (?:it|that|they|this|those|xmerchant|xcategory) (?:all )?(?:run|come|came|amount|add up|tot up|mount up) to\b"
)
_CAME_OR_WENT = (Tool.REFUNDS, Tool.INCOME, Tool.SUM, Tool.COUNT, Tool.FIND)
_SUBJECT = r"\b(?:xmerchant|he|she|they)(?:'ve|'s| has| have| had| did| does| do| ever| already| actually)*"
# "What Zara handed back", "what ASOS returned to me".
_GAVE_BACK = re.compile(
    rf"{_SUBJECT} (?:pa(?:y|id)|gave|given?|sen[dt]|hand(?:ed)?|put)(?: [a-z]+){{0,3}}? back\b"
    rf"|{_SUBJECT} (?:return(?:ed)?|refund(?:ed)?|reimbursed?|credit(?:ed)?)(?: [a-z]+){{0,2}}? (?:me|us)\b"
)
_TOOK = re.compile(rf"{_SUBJECT} (?:get|got|take|taken|took|charge[ds]?|cost)\b(?! (?:back|paid|me back|us back))")
# When it came back is one payment, and not all that did.
_WHICH_WAY = re.compile(rf"^(?!.*\bwhen (?:did|has|have)\b).*(?:{_GAVE_BACK.pattern}|{_TOOK.pattern})")
_OF_THAT_WAS = re.compile(r"\bhow much of (?:that|it|this|those) (?:was|is|were|went (?:on|to))\b")
_WHO_PAYS_MOST = re.compile(
    r"\b(?:who|which (?:[a-z]+)(?: of (?:them|mine|my [a-z]+))?)(?: has| have|'s)? (?:paid|pays?|sent|sends?|brought|brings?) (?:me|us)(?: in)? (?:the )?most\b"
)
_PAID_YET = re.compile(r"\b(?:has|have|did) xmerchant\b")
_PAYS_ME = re.compile(
    r"\bxmerchant (?:[a-z]+ )?(?:pays?|paid|sends?|sent|gives?|gave|transferred) (?:(?:anything|it|money|that) )?(?:to )?(?:me|us)\b(?! (?:[a-z]+ )?back\b)"
    r"|\breceipts? (?:from|of) xmerchant\b|\bxmerchant ?,? (?:[a-z]+ ){0,3}(?:they|he|she)(?:'ve| have| has)? (?:paid|sent|gave)\b(?! (?:for|to|by))"
)
_OF_EACH = (Tool.SUM, Tool.SUBSCRIPTIONS)
_NOW_OR_BEFORE = re.compile(r"\b(?:now|before|these days|used to)\b|\bxperiod,? (?:and|then) before\b")
_EACH_TIME = re.compile(r"\b(?:what|how much)\b.*\b(?:(?:each|every|per|a) (?:time|go|visit|shop)|a pop)\b(?! (?:of|in)\b)")
_OF_CASH = frozenset({Tool.SUM, Tool.COUNT, Tool.FIND, Tool.INCOME, Tool.LAST})
_AT_COUNTER = r"(?=\s*(?:$|[?.!,]|at\b|over\b|this\b|last\b|same\b|since\b|so far))"
_CASH_IN = re.compile(
    rf"\bcash\b[^,.?!;]*\b(?:pay|paid|put|paying|took|taken) (?:it |that )?in{_AT_COUNTER}"
    rf"|\b(?:pay|paid|put|paying) (?:any |some |the |much |my )?cash in{_AT_COUNTER}"
    r"|\bdeposit(?:ed|s)? (?:any |some |the |much )?cash\b|\bcash\b[^,.?!;]*\bdeposit(?:s|ed)?\b"
)
# Says again that all of them are meant.
_ALL_COUNTED = re.compile(
    r",? (?:counting|including|with) (?:both|all)(?: of)?(?: them| those| these)?(?=\s*[?.!]*$)", re.IGNORECASE
)
# What is moved between one's own accounts is left out anyway.
_LESS_MOVES = re.compile(
    r"[,;]? (?:not counting|not including|without|excluding|leaving out|apart from|ignoring|less) (?:any |the |all )?(?:moves?|transfers?|moving money)"
    r" (?:in)?to (?:the |my |her |his |our )?savings(?: account)?(?=[ ?.!]*$)"
)
# "Months it was over £100".
_TIMES_IT_WAS = re.compile(
    r"(?:weeks|months|days|times|occasions) (?:when |that )?(?:it|that|they|he|she) (?:was|were|came to|went|paid|got)\b"
)
_SAME_ONES = re.compile(r"\b(?:the )?same (?:two|three|four|ones|lot|shops|places|people)\b", re.IGNORECASE)
_INCLUDED = frozenset({"included", "including", "incl"})
# What is left out of a sum is not what is asked.
_LESS_REFUNDS = re.compile(
    r"[,.;]? ?(?:and )?(?:\b(?:leave|leaving|take|taking) (?:any |the |my )?refunds (?:out|aside|off)\b"
    r"|\brefunds (?:left out|excluded|aside|not (?:counted|included))\b"
    r"|\b(?:without|excluding|ignoring|not counting|not including) (?:any |the |my )?refunds\b)"
)
# Within a message, not where it begins: that is about the question before.
_BETTER_SAID = re.compile(
    r"(?<=\w)[,.;]? (?:[-–] )?(?:(?:no|sorry|oops|wait|hang on|scratch that|actually)\b[,.]? )+(?:(?:i|we) (?:mean|meant)|make (?:that|it)|rather)\b,? ",
    re.IGNORECASE,
)
_AND_ALSO = re.compile(
    r"\s*(?:\+|,? \bplus\b|,? \band(?: also)?\b(?= (?:what|how much|the (?:interest )?rate|interest|rate|percent(?:age)?)\b))\s*"
)
_OF_ACCOUNT = frozenset({Tool.BALANCE, Tool.INCOME, Tool.PRODUCT, Tool.SUM, Tool.EXPLAIN})
_BACK_TO = re.compile(r"(?:(?:ok|okay|right|so|and|now|anyway|well)\b,? )*back to [^,.;?!]+[,.;] (?P<rest>.+)")
_DENIED = re.compile(
    r"(?:(?:and|but|no|so|sorry)\b[, ]*)*(?:i|we) (?:don't|didn't|do not|did not) mean [^,.?!;]+[,.;] (?=\w+ \w+)"
)


def _put_to_it(message: str, known: Known, memory: Memory) -> Plan | None:
    """ "And if you add Boots to it, all three?": somebody more, together with what was asked before."""
    last = memory.asked[-1] if memory.asked and not _off_track(memory) else None
    if last is None or (put := _PUT.match(text := _TO_IT.sub("", parts.plain(message)))) is None:
        return None
    found = parts.find(text[put.start("verb") :], known)
    said = _PUT_TO.match(found.masked)
    left = set(re.findall(r"[a-z']+", found.masked[said.end() :])) if said is not None else set()
    if said is None or left - _EMPTY - _TOTAL_WORDS - {"all", "both", "together", parts.PLACEHOLDERS["period"]} - parts.COUNTED:
        return None
    if (step := with_more(last, found.spans, text, adds=True)) is not None:
        return Plan(steps=(step,), path="routed")
    days = found.spans.periods
    if last.step.tool not in (Tool.SUM, Tool.COUNT) or days not in ((), last.step.spans.periods) or not _names_somebody(memory):
        return None
    # Of a kind and of somebody each is told: one step of both would be what they have in common.
    more = last.step.spans.model_copy(
        update={"merchants": found.spans.merchants, "category": found.spans.category, "without": ()}
    )
    return Plan(steps=(last.step, Step(tool=last.step.tool, spans=more)), path="routed")


_PUT = re.compile(
    r"(?:(?:and|so|ok|then|now)\b,? )*(?P<verb>(?:(?:what )?if (?:you|i|we) |(?:can|could) you )?(?:add|put|throw|count|chuck|bung|include)|plus)\b"
)
_TO_IT = re.compile(r" (?:(?:in )?(?:to|with)|into|onto|on top of|for) (?:it|that|them|those)(?=[ ?.!]*$|,)")
_PUT_TO = re.compile(
    r"(?:(?:(?:what )?if (?:you|i|we) |(?:can|could) you )?(?:add|put|throw|count|chuck|bung|include) (?:in |on )?"
    r"|plus (?:what (?:i|we) (?:paid|spent|gave|sent) (?:at |to |on |with |in )?)?)(?:the )?"
    r"x(?:merchant|category)(?:(?:,| and|, and) (?:the |any |all the |my )?x(?:merchant|category))*(?: (?:in|on|too|as well))?"
)


def _keeps_payees(rest: str, text: str, known: Known) -> bool:
    """Whether what is left of a text without its talk still names each payee that it names in full."""
    named = (m for m in parts.find(text, known).spans.merchants if parts.is_payee(m, known))
    return bool(rest) and set(named) <= set(parts.find(rest, known).spans.merchants)


def _fragment_at_end(text: str, known: Known) -> str:
    """What goes on with the question before, behind a sentence about nothing: "Don't tell my wife. And last year?" Else ""."""
    before, _, end = text.rpartition(". ")
    goes_on = _GOES_ON_ASKING.match(end) is not None and _only_parts(parts.find(end, known))
    return end if before and goes_on and parts.find(before, known).spans == Spans() and not background.asks(before) else ""


def _days_told(told: Spans, asks: str, today: periods.Today) -> tuple[str, ...]:
    """The periods that are told of beside a question. "Doing a cull tonight" is when it is asked, unless it is pointed at."""
    read = {words: periods.read(words, today) for words in told.periods if words not in parts.DAYLESS}
    pointed = BACKWARD.search(asks) is not None
    return tuple(words for words, period in read.items() if pointed or period is None or period.since != today.date)


_THOSE = re.compile(r"\b(?:they|them|those|these)\b")
_FEES_TOLD = re.compile(
    r"\b(?:non-sterling|foreign|transaction|currency|bank|overseas|card|your|overdraft)(?: [a-z]+)? (?:fees|charges)\b"
)
_ADDED = frozenset(
    {Tool.SUM, Tool.COUNT, Tool.AVERAGE, Tool.TOP, Tool.BREAKDOWN, Tool.COMPARE, Tool.SHARE, Tool.INCOME, Tool.REFUNDS}
    | {Tool.LARGEST, Tool.SMALLEST, Tool.SUBSCRIPTIONS}
)
_ONE_OF_THEM = re.compile(r"\b(?:one|some|most|two) of (?:them|those|these|it)\b")
_SO_FAR = re.compile(r"\b(?:so far|then|already|by now)\b")
_MERE_TAG = re.compile(
    r"(?:(?:and|so|but|or)\b,? )*(?:(?:have|has|had|did|do|does|is|are|was|were|am) (?:they|he|she|it|that|i|we|there)(?:n't| not| really| right| wrong| correct| true| mistaken)*"
    r"|(?:can|could|would|will) (?:you|we|i) (?:please )?(?:see|check|look|have a look|tell|confirm|see that)(?: (?:it|that|for me|please))*|(?:is|was) (?:that|this|it|he|she) (?:right|true|so|correct))[ ?.!]*"
)
# What is asked as of now, whatever days a reason for it names: "January is tax again. How much is in the pot".
_AS_OF_NOW = frozenset({Tool.LAST, Tool.BALANCE, Tool.POSITION})
_AT_THAT_TIME = re.compile(r"\b(?:then|was (?:my|our|in)|(?:did|had) (?:i|we) (?:have|got)|were)\b")


def _about(step: Step, subject: Spans, *, after: bool = False) -> Step:
    """A step with what a clause beside it names. after: whether that clause stands behind its own."""
    tool = Tool.SUM if step.tool is Tool.FIND and subject.merchants and step.spans.merchants else step.tool
    spans = _joined(step.spans, subject) if after else _joined(subject, step.spans)
    return step.model_copy(update={"tool": tool, "spans": spans})


def _one_by_one(step: Step, text: str) -> tuple[Step, ...]:
    """ "September, October and November separately", "how many each": a step for each, where one would take them together."""
    if step.spans.change == DIFFERENCE and step.tool is not Tool.COMPARE:
        # It belonged to the comparison before.
        step = step.model_copy(update={"spans": step.spans.model_copy(update={"change": ""})})
    said = step.spans
    names = (*said.merchants, *([said.category] if said.category else []))
    if step.tool is Tool.COMPARE and len(said.merchants) > 1 and _MORE_OFTEN.search(text):
        # Where one goes more is no matter of money.
        step = step.model_copy(update={"tool": Tool.COUNT})
    elif step.tool is Tool.COMPARE and EITHER_WAY.search(text) and not said.change and not _says_both(said, text):
        return (step.model_copy(update={"spans": said.model_copy(update={"change": DIFFERENCE})}),)
    elif not (parts.SEPARATELY.search(text) or _EACH_OF.search(text) or _EACH.search(text)):
        return (step,)
    if len(names) > 1 and step.tool in _MIXED and not step.only:
        return tuple(_of_name(step, name) for name in names)
    if len(said.periods) < 2 or not (parts.SEPARATELY.search(text) or _EACH_OF.search(text)):
        return (step,)
    if step.tool in (Tool.SUM, Tool.COMPARE):
        return (step.model_copy(update={"tool": Tool.SUM}),)
    return tuple(step.model_copy(update={"spans": said.model_copy(update={"periods": (p,)})}) for p in said.periods)


def _says_both(said: Spans, text: str) -> bool:
    """Whether a message names both sides of a comparison itself: then they stay in its order."""
    two = said.merchants if len(said.merchants) > 1 else said.periods
    return len(two) > 1 and all(one in text for one in two[:2])


def _names_two_only(said: Spans, text: str) -> bool:
    named = len(said.merchants) + bool(said.category) > 1 and not (said.periods or said.account)
    return named and len(text.split()) <= SHORT and _OWN.search(text) is None and ALL_SPENDING.search(text) is None


def _of_name(step: Step, name: str) -> Step:
    named = {"merchants": (), "category": name} if name == step.spans.category else {"merchants": (name,), "category": ""}
    return step.model_copy(update={"spans": step.spans.model_copy(update=named)})


_EACH_OF = re.compile(r"\beach of (?:the|those|these|them)\b|\bwhat (?:does|do|did|has|have) each\b")
_EACH = re.compile(r"\beach(?: one)?(?: then| please)?\s*(?:[?.!]*$|,)|\b(?:how many (?:times|visits|payments)|how often) each\b")
_MORE_OFTEN = re.compile(
    r"\bmore (?:often|frequently|times)\b|\b(?:go|went|been|eat|ate|visit|shop)(?: to)? (?:the )?more\b(?! (?:money|on))"
)
# What these say of several names they say of all of them together.
_MIXED = frozenset({Tool.COUNT, Tool.AVERAGE, Tool.LAST, Tool.FIRST, Tool.LARGEST, Tool.SMALLEST, Tool.INCOME, Tool.REFUNDS})


def _is_told_apart(step: Step, known: Known) -> bool:
    """Whether a payment is told from others by whom it was with and on which day, so that the hour adds nothing."""
    said = step.spans
    days = periods.read(said.periods[0], known.today) if said.periods else None
    told = (
        bool(said.merchants or said.category or said.amount),
        days is not None and days.since == days.until,
        step.tool in _OF_ONE,
    )
    return sum(told) > 1


def _at_hours(step: Step, found: Found) -> Step:
    return step.model_copy(update={"unread": (*step.unread, *found.hours)})


_OF_ONE = frozenset({Tool.FIND, Tool.IDENTIFY, Tool.DUPLICATES, Tool.PENDING, Tool.REFUND_STATUS})


def _joined(one: Spans, two: Spans) -> Spans:
    """The spans of clauses that go on with each other: names that stand side by side are all meant."""
    names = tuple(dict.fromkeys((*one.merchants, *two.merchants)))
    both = merged(one, two)
    return both.model_copy(update={"merchants": names}) if one.merchants and two.merchants else both


_POLITE = re.compile(
    r"\b(?:show|tell|give|list|get|remind|send)(?: [a-z]+)? (?:me|us)\b|\bfor (?:me|us)\b|\b(?:can|could|may|might) (?:i|we) (?:see|have|know|ask|get)\b"
    r"|\b(?:i|we)(?:'d| would)? (?:like|want|need|wonder|see|guess|think|suppose|mean|meant)\b|\blet (?:me|us)\b"
)
_MINE = re.compile(r"\b(?:my|mine|own|i|me|we|our)\b")


def _of_account(step: Step, account: str) -> Step:
    return step.model_copy(update={"spans": step.spans.model_copy(update={"account": account})})


def _is_anothers(step: Step, known: Known) -> bool:
    """Whether a step is about accounts of somebody else alone."""
    named = parts.accounts_named(step.spans.account, known.accounts) if step.spans.account else []
    return bool(named) and all(a.id in known.others for a in named)


def _widest(said: tuple[str, ...], today: periods.Today) -> tuple[str, ...]:
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


def _is_ahead(words: str, today: periods.Today) -> bool:
    """Whether words are for the days from now on, such as "until payday"."""
    period = periods.read(words, today)
    return period is not None and period.open_end and period.since is None


def _is_to_come(words: str, today: periods.Today) -> bool:
    """Whether words name days that all lie ahead."""
    period = periods.read(words, today)
    return period is not None and period.since is not None and period.since > today.date


def _is_over(words: str, today: periods.Today) -> bool:
    period = periods.read(words, today)
    return period is not None and periods.ahead(words, period, today).until < today.date


def of_own_days(said: Spans, today: periods.Today) -> bool:
    """Whether words name days up to today, and what was paid for on them: a question about the customer's own payments."""
    read = (periods.read(words, today) for words in said.periods if words not in parts.DAYLESS)
    begun = any(p is not None and p.since is not None and p.since <= today.date for p in read)
    return begun and bool(said.merchants or said.category or said.bought)


def _of_interest_got(found: Found, today: periods.Today) -> bool:
    """ "ISA interest for September": what came in then, and not what the rate is."""
    return (
        _INTEREST.search(found.masked) is not None and len(found.spans.periods) == 1 and _is_over(found.spans.periods[0], today)
    )


_OF_INTEREST = (Tool.INCOME, Tool.ARTICLE, Tool.PRODUCT)
_INTEREST = re.compile(r"\binterest\b(?! rates?\b)")
_PENSION = re.compile(r"\bpensions?\b")
_NOW = frozenset({"now", "right now", "just now", "today", "at the moment", "at present"})
_BEFORE_REFUNDS = re.compile(r"\b(?:spen[dt]|spending|paid|pay)\b.*\bbefore (?:any |the |my )?refunds\b")


def _tool(tool: Tool, found: Found, text: str, known: Known) -> Tool:
    """The tool that a label means, with what was said beside it."""
    said = found.spans
    if tool in (Tool.COUNT, Tool.SUM, Tool.AVERAGE) and _MEASURED.search(text):
        # How far or how much of a thing, no payment says.
        return Tool.CANNOT
    if tool is Tool.BIGGEST_DAY and _DAY_OF_IT.search(text):
        return Tool.LAST
    if tool in _MAY_BOUNCE and said.merchants and not _are_shops(said.merchants, known) and _BOUNCED.search(text):
        return Tool.REFUND_STATUS
    if tool is Tool.LAST and not said.merchants and _I_WAS_PAID.search(text):
        return Tool.SALARY
    if tool in (Tool.FIRST, Tool.LAST, Tool.FIND, Tool.SUM) and _NEW_PRICE.search(text):
        return Tool.SUBSCRIPTIONS
    if tool is Tool.REFUNDS and _LAST_ONE.search(found.masked):
        return Tool.REFUND_STATUS
    if tool is Tool.REFUND_STATUS and _EVER_BEFORE.search(text):
        # All that ever came back, and not how far the newest is.
        return Tool.REFUNDS
    if tool in (Tool.INCOME, Tool.FIND, Tool.PRODUCT) and _INTEREST_CHARGED.search(text):
        return Tool.SUM
    if tool is Tool.BALANCE and _FOR_BEING_OVERDRAWN.search(text):
        # What the overdraft cost, and not how far it went.
        return Tool.SUM
    asked_each = tool is Tool.DUPLICATES and _WITH_DATES.search(text)
    if (tool is Tool.SUM or asked_each) and (said.merchants or said.category) and _ON_WHICH_DAY.search(text):
        return Tool.FIND
    if tool in (Tool.COMPARE, Tool.BALANCE) and not (said.merchants or said.category) and _THAN_IT_WAS.search(found.masked):
        return Tool.EXPLAIN
    if tool is Tool.UPCOMING and said.periods and all(_is_over(p, known.today) for p in said.periods):
        # What is due to go out in days that are over went out.
        return Tool.FIND
    if tool is Tool.FIND and len(said.merchants) > 1 and _WENT.search(text):
        # Of several each gets its own sum; a list would mix them.
        return Tool.SUM
    if tool is Tool.FIND and _WENT_OUT.match(text) and _weeks(said, known):
        # Of a whole month a list would tell the latest few of many.
        return Tool.SUM
    if tool is Tool.SUM and said.merchants and not _without_now(said.periods) and _COSTS_NOW.search(text):
        # What it costs these days is its price, and not all that was ever paid.
        return Tool.SUBSCRIPTIONS
    if tool is Tool.SUM and (said.group or _SO_MUCH_A.search(text)):
        return _by(said.group) if said.group else Tool.AVERAGE
    if tool is Tool.EXPLAIN and said.periods and all(_is_to_come(p, known.today) for p in said.periods):
        # What has not happened, nothing explains.
        return Tool.CANNOT
    if tool is Tool.COMPARE and max(len(said.periods), len(said.merchants) + bool(said.category)) > 2:
        # A comparison is of two; of more each is told.
        return Tool.SUM
    if tool is Tool.PENDING and _CLEARED.search(text) and said.periods and all(_is_over(p, known.today) for p in said.periods):
        # "Last week's, the ones that have cleared": what is booked.
        return Tool.FIND
    if tool is Tool.PENDING and said.merchants and _WHEN_IT_WENT.search(text):
        # What has gone through on some day is pending no more.
        return Tool.FIND
    if tool is Tool.FIND and _YET.search(text) and (said.merchants or said.category) and not said.periods:
        # "Has my gas bill gone out yet" is about the newest, not about all there ever were.
        return Tool.LAST
    back = _GAVE_BACK.search(found.masked) is not None
    if (
        tool is Tool.INCOME
        and said.merchants
        and not back
        and _TOOK.search(found.masked)
        and _PAYS_ME.search(found.masked) is None
    ):
        # "What did he get in May": from the customer.
        return Tool.SUM
    if (
        tool in (Tool.REFUNDS, Tool.INCOME, Tool.SUM, Tool.REFUND_STATUS, *((Tool.COUNT, Tool.FIND) if back else ()))
        and said.merchants
        and (back or _PAID_BACK.search(text))
    ):
        # What somebody pays back is no refund of a shop, and what a shop gives back is one.
        return (tool if tool is Tool.REFUND_STATUS else Tool.REFUNDS) if _are_shops(said.merchants, known) else Tool.INCOME
    most = _THE_MOST.search(text)
    if said.merchants and (tool in ADDED_TOGETHER or (most and tool is Tool.INCOME)) and PAID_TO_ME.search(found.masked):
        return Tool.LARGEST if most else Tool.INCOME
    if tool is Tool.INCOME and said.merchants and not said.periods and _DID_PAY.search(found.masked):
        # "Did she pay me": the newest that came from her.
        return Tool.LAST
    if tool is Tool.INCOME and said.merchants and not said.periods and _HAD_LATELY.search(text):
        return Tool.LAST
    if tool is Tool.INCOME and said.account and not said.merchants and _PAID_IN.search(text) and _saves(said.account, known):
        return Tool.SUM
    if tool is Tool.REFUNDS and _BEFORE_REFUNDS.search(text):
        return Tool.SUM
    if tool is Tool.POSITION and said.account and any(p not in parts.DAYLESS for p in said.periods):
        # What there was then, account by account.
        return Tool.BALANCE
    if (
        (tool in ABOUT_SAME or (tool is Tool.UPCOMING and _HOW_MUCH_UNTIL.fullmatch(found.masked)))
        and said.periods
        and not (said.merchants or said.category)
        and all(_is_ahead(p, known.today) for p in said.periods)
    ):
        # "How much till I get paid": nothing is spent yet in days to come.
        tool = Tool.UPCOMING if _GOES_OUT.search(text) else Tool.SPARE
    if tool is Tool.SPARE and said.periods and all(p in _NOW for p in said.periods):
        # What can be spent today is what is there today.
        return Tool.BALANCE
    if tool in (Tool.BIGGEST_DAY, Tool.LARGEST) and _WHICH_MONTH.search(text):
        return Tool.TOP
    if tool is Tool.BALANCE and said.periods and _LESS_THAN.search(text):
        # "How much less is there than when November started": what it was held against is not what there is.
        return Tool.EXPLAIN
    if tool is Tool.ACCOUNTS and said.account and not _NUMBER_OF.search(text):
        return Tool.BALANCE
    if tool is Tool.COMPARE and len(said.merchants) == 1 and len(said.periods) == 1 and _RISE.search(text) and _BILL.search(text):
        # Whether a bill has gone up is about what is taken each time.
        return Tool.SUBSCRIPTIONS
    if (
        tool in (Tool.SUM, Tool.TOP, Tool.LARGEST)
        and len(said.merchants) == 2
        and not said.category
        and _WHICH_OF_TWO.search(text)
    ):
        # "In which do I leave more: Lidl or Morrisons".
        return Tool.COMPARE
    if tool is Tool.SUM and _WHICH_MOST.search(text):
        return Tool.TOP
    if tool is Tool.COMPARE and len(said.merchants) + bool(said.category) > 1 and _COMPARES.search(found.masked) is None:
        # Nothing says that the one is held against the other.
        return Tool.SUM
    added = tool is Tool.COMPARE and _TOGETHER.search(text) is not None
    gave = tool is Tool.INCOME and (GAVE.search(text) or HAD_FROM_ME.search(found.masked)) is not None
    if tool in (Tool.COUNT, Tool.SUM) and not said.merchants and _REFUNDS.search(text):
        return Tool.REFUNDS
    if tool is Tool.BREAKDOWN and (_USUAL.search(said.group) or _BY_WEEK.match(said.group)):
        # "What goes in an average week" is one figure.
        return Tool.AVERAGE
    return Tool.SUM if added or gave else tool


_REFUNDED_ME = re.compile(r"\brefund(?:ed|ing)? (?:me|us)\b")
# The newest of all that came back, and no sum of it.
_LAST_ONE = re.compile(r"\b(?:last|latest|newest|most recent)(?= (?:time|one|refund)\b)|\b(?:they|he|she|xmerchant) last\b")
_I_WAS_PAID = re.compile(
    r"\b(?:was|were) (?:i|we) (?:last )?paid\b(?! (?:by|back|for|out))|\b(?:i|we) (?:was|were|(?:last )?(?:got|get)) (?:last )?paid\b(?! (?:by|back|for|out))"
)
# "Which day did that leave my account".
_DAY_OF_IT = re.compile(r"\b(?:which|what) (?:day|date) (?:did|was|has|is) (?:that|it|this|the (?:last|latest|newest))\b")
_MAY_BOUNCE = frozenset({Tool.SUM, Tool.FIND, Tool.LAST, Tool.INCOME, Tool.PENDING, Tool.REFUNDS, Tool.DUPLICATES})
# Money that was sent to somebody and came back.
_BOUNCED = re.compile(
    r"\b(?:bounc(?:e|ed|es)|(?:come|came|comes|coming) back(?: to me)?(?! from\b)|returned|(?:never|didn't|did not|not|hasn't) (?:[a-z]+ )?(?:reach(?:ed)?|arrived?|get to)|reach(?:ed)? (?:her|him|them))\b"
)
_PLACED = frozenset({"second", "third", "fourth", "fifth", "2nd", "3rd", "4th", "5th"})
_THE_MOST = re.compile(r"\bthe (?:most|biggest|largest|highest)\b")
_WHICH_OF_TWO = re.compile(r"\b(?:which|where)\b(?! (?:day|week|month|year))[^.?!;]{0,60}\b(?:more|most)\b[^.?!;]{0,80}\bor\b")
_WHICH_MOST = re.compile(r"^(?:and |so |ok |then )*which\b[^,.?;]*\b(?:most|biggest (?:share|part|chunk|slice))\b")
_COMPARES = re.compile(
    r"\b(?:than|versus|vs|against|compar\w+|more|less|most|least|fewer|\w+er|differ\w*|which|between|up|down|worse|or|change\w*|same|gone)\b"
)


def _are_shops(names: Sequence[str], known: Known) -> bool:
    """Whether names are those of shops that the customer has paid, and of no person."""
    tokens = [t for name in names for t in parts.words_of(name) if t in known.tokens]
    payees = {payee.id: payee for payee in known.payees}
    return bool(tokens) and not any(payees[one].personal for t in tokens for one in known.tokens[t])


def _saves(account: str, known: Known) -> bool:
    return any(a.kind is AccountKind.SAVINGS for a in parts.accounts_named(account, known.accounts))


# "Did Mrs Bradshaw pay", "has Priya sent me anything".
_DID_PAY = re.compile(
    r"^(?!.*\bhow (?:much|many)\b).*\b(?:did|has|have) (?:xmerchant|she|he|they) (?:ever |already |finally |actually )?(?:pay|paid|sent|send)\b"
    r"|^(?!.*\b(?:how (?:much|many)|what|total|together|all|sum|receipts?)\b).*\bxmerchant (?:she |he |they )?(?:pays?|paid|sends?|sent)\b"
    r"|\bxmerchant (?:has |have )?(?:last |ever |just )?paid (?:me|us)\b"
    r"|\bxmerchant (?:says|said|reckons|claims|swears) (?:that )?(?:she|he|they)(?:'ve|'s| has| have)? (?:paid|sent)\b"
)
_HAD_LATELY = re.compile(
    r"\b(?:have|did) (?:i|we) (?:had|have|get|got|receive|received|win|won) (?:a|an|any|another)\b.*\b(?:lately|recently|yet)\b"
)
_PAID_IN = re.compile(
    r"\b(?:paid|put|moved|gone|went|going|sent|added|transferred)(?: (?:any |some |the |my |more )?(?:money|cash))? in\b"
)
_MEASURED = re.compile(
    r"\bhow (?:many|much) (?:[a-z]+ )?(?:miles|kilomet(?:re|er)s|km|lit(?:re|er)s|gallons|cups|pints|glasses|bottles|calories|units|kwh|steps)\b"
)
_NEW_PRICE = re.compile(
    r"\b(?:new|higher|increased|dearer) (?:price|amount|rate|rent|fee|charge|cost)\b|\b(?:charg|cost)(?:e|es|ed|ing) (?:me |us )?more\b"
)
_FOR_BEING_OVERDRAWN = re.compile(
    r"\b(?:charged?|fees?|interest|cost|pa(?:y|id)) (?:[a-z]+ ){0,4}(?:overdrawn|overdraft)\b|\boverdraft (?:charges?|fees?|interest)\b"
)
# What was earned is never told as what was charged.
_INTEREST_CHARGED = re.compile(
    r"\binterest (?:[a-z]+ ){0,3}(?:charged?|taken|took)\b|\b(?:charged?|took|taken) (?:[a-z]+ ){0,4}interest\b"
    r"|\b(?:i|we) pa(?:y|id) (?:[a-z]+ ){0,3}interest\b|\binterest (?:did|do|have) (?:i|we) pa(?:y|id)\b"
)
# "When did he come and what did he charge": each payment is told with its day.
_WITH_DATES = re.compile(
    r"\bdates? and (?:the |their )?(?:amounts?|sums?|prices?|figures?)\b|\b(?:amounts?|sums?|prices?|figures?) and (?:the |their )?dates?\b|\bwith (?:the |their )?dates?\b"
)
_ON_WHICH_DAY = re.compile(
    r"\band (?:on )?(?:what|which) (?:day|date)\b|"
    rf"{_WITH_DATES.pattern}|\b(?:when|(?:which|what) (?:day|date)) (?:did|was|were|have|had)\b|\band when\b"
)
# What is in an account, held against what was: nothing that was spent.
_THAN_IT_WAS = re.compile(
    r"\b(?:more|less|lower|higher)\b.*\b(?:in xaccount|is there|is in|have (?:i|we) got|do (?:i|we) have|(?:i|we) have)\b.*\bthan\b"
    r"|\b(?:is there|have (?:i|we) got|do (?:i|we) have)\b.*\b(?:more|less)\b.*\bthan\b|\b(?:xaccount|balance) (?:is |gone |went |go )?(?:up|down)\b"
)
_PAID_BACK = re.compile(
    r"\b(?:pa(?:y|id)|gave|given?|sen[dt]|refunded) (?:me|us) (?:[a-z]+ )?back\b|\bpa(?:y|id) (?:it|that|this|them) back\b"
)
_GOES_OUT = re.compile(
    r"\b(?:spend|spent|pay|pays|paid|paying|bills?|due|cost|costs|owe|go(?:es|ing)? out|com(?:e|es|ing) out|leav(?:e|es|ing))\b(?<!get paid)"
)
_HOW_MUCH_UNTIL = re.compile(r"how much xperiod[ ?.!]*")
# Nothing is told week by week.
_BY_WEEK = re.compile(r"^(?:per|a|each|every|by|by the) (?:week|year)$")
_EACH_UNIT = re.compile(r"^(?:per|a|an|each|every) (?:day|week|month|year)$")
_BILL = re.compile(r"\b(?:bills?|subscriptions?|memberships?|insurance|rent|mortgage|direct debits?|broadband|premiums?|fees?)\b")
_WHICH_MONTH = re.compile(
    r"\b(?:which|what)(?: was the| were the| are the| of (?:those|these|the|them)(?: [a-z]+)?)? months?\b"
    r"|\b(?:worst|dearest|priciest|costliest|heaviest|most expensive) month\b"
)
_NUMBER_OF = re.compile(r"\b(?:sort ?codes?|numbers?|iban|bic|details|called|names?|kind|type|currency)\b")


_LESS_THAN = re.compile(r"\b(?:how much|by how much)\b.*\b(?:less|more|lower|higher|down|up|fallen|dropped|risen|gone)\b")


_COSTS_NOW = re.compile(
    r"\b(?:costing|costs?|charging|charges?|taking|takes?|paying|pay)\b[^.?!;]*\b(?:these days|nowadays|right now|at the moment|currently)\b"
)


def _by(group: str) -> Tool:
    """What a sum is that is asked by something: "per month" is one figure."""
    return Tool.AVERAGE if _EACH_UNIT.search(group) else Tool.BREAKDOWN if group else Tool.SUM


# "How much a month from July to October" is not what it came to in all.
_SO_MUCH_A = re.compile(
    r"\b(?:how much|what)\b[^.?!;]*\b(?:a|one) (?:day|week|month|year)\b"
    r"(?!'|-| (?:ago|before|later|earlier|after|out|off|on|trip|pass|ticket|early|late|last|or so|old|in|from (?:now|today)))"
)


def _leaves_out(found: Found, last: Step, text: str) -> bool:
    """Whether a message leaves something out of what was asked before, and asks for nothing else."""
    if last.tool not in ABOUT_SAME | {Tool.INCOME, Tool.COMPARE} or not found.spans.without or found.each:
        return False
    asks = _SENTENCE.split(found.masked)[-1]
    strange = any(word in parts.words_of(asks) for word in found.unknown)
    own = _OWN.search(asks) is not None or len(asks.split()) > SHORT or (ALL_SPENDING.search(text) is not None)
    return not strange and (LEAVE_IT.search(text) is not None or not own)


_SENTENCE = re.compile(r"(?<=[.!;]) ")


def _share_of(asked: Sequence[Asked], found: Found, text: str) -> Step | None:
    """A share of which the part is not named: what was asked before, or an account against all of them."""
    last, said = asked[-1] if asked else None, found.spans
    part = _ACCOUNT_IS_PART.search(found.masked) is not None and not _ACCOUNT_IS_WHOLE.search(found.masked)
    # Of which the account is a part, all of the customer's are the whole.
    update = {"change": said.account, "account": ""} if part else {"change": ""}
    goes_on = (
        last is not None
        and not _OF_MY_SPENDING.search(text)
        and last.step.tool in ABOUT_PAYMENTS
        and _names(last)
        and (part or _refers_back(text, said.model_copy(update={"account": ""})))
    )
    if goes_on and last is not None and (last.step.tool is Tool.COMPARE or _OF_ANOTHER.search(text)):
        # A difference is no part of anything, and which figure is the whole, nobody knows.
        return None
    if last is None or not goes_on:
        return Step(tool=Tool.SHARE, spans=said.model_copy(update=update)) if part else None
    before = last.step.spans if _names(Asked(step=last.step)) else last.step.spans.model_copy(update={"merchants": last.used[:1]})
    spans = merged(before.model_copy(update={"without": ()}), said).model_copy(update=update)
    if (kind := _kind_before(asked)) and not spans.category:
        spans = spans.model_copy(update={"category": kind})
    return Step(tool=Tool.SHARE, spans=spans, only=last.step.only, excluding=last.step.excluding)


def _share_of_place(memory: Memory, found: Found, text: str, known: Known) -> Step | None:
    """What a part makes up of all that was paid at a place: one that is named, or the one that was spoken of."""
    said = found.spans
    named = tuple(name for name in said.merchants if parts.is_where(name, known))
    before = None if memory.lost else next((a for a in reversed(memory.asked) if _is_at_place(a, known)), None)
    if len(named) == 1 and len(said.merchants) > 1:
        spans = said.model_copy(update={"merchants": tuple(m for m in said.merchants if m not in named), "change": named[0]})
        days = before.step.spans.periods if before is not None and named[0] in before.step.spans.merchants else ()
        return Step(tool=Tool.SHARE, spans=spans.model_copy(update={"periods": said.periods or days}))
    if before is None or named or said.category or said.account or _OF_MY_SPENDING.search(text) or not _OF_WHOLE.search(text):
        return None
    last = memory.asked[-1].step
    if not said.merchants and not last.only and last == before.step:
        return None
    part = last if not said.merchants else Step(tool=Tool.SHARE, spans=said)
    periods_said = {"periods": said.periods or before.step.spans.periods}
    spans = part.spans.model_copy(update={**periods_said, "change": before.step.spans.merchants[0], "number": "", "group": ""})
    return Step(tool=Tool.SHARE, spans=spans, only=part.only, excluding=part.excluding)


def _is_at_place(one: Asked, known: Known) -> bool:
    """Whether a question was about what was paid at one place, wherever it went there."""
    said = one.step.spans
    return len(said.merchants) == 1 and not said.category and parts.is_where(said.merchants[0], known)


def _at_place_spoken_of(memory: Memory, text: str, known: Known) -> Memory:
    """ "The biggest three out there", once the fees of a trip were asked about: of the place, whatever was asked since."""
    if memory.lost or _OUT_THERE.search(text) is None:
        return memory
    place = next((a for a in reversed(memory.asked) if _is_at_place(a, known) and not a.step.only), None)
    if place is None or place is memory.asked[-1]:
        return memory
    return memory.model_copy(update={"asked": (*memory.asked, place)[-REMEMBERED:]})


_OUT_THERE = re.compile(r"\b(?:out|over|while|when i was|the whole time) there\b")
_OF_WHOLE = re.compile(
    r"\bof (?:that|it|this|those|(?:the|my|our|that) (?:(?:whole|entire|full|total) )?(?:trip|holiday|break|stay|week|weekend|lot|total|thing|bill|whole thing))\b"
)


def _kind_before(asked: Sequence[Asked]) -> str:
    """ "Parking in June", "RingGo?", "and as a percentage": of the parking that was asked about just before, in the same days."""
    if len(asked) < 2:
        return ""
    whole, part = asked[-2].step, asked[-1].step
    same = whole.spans.periods == part.spans.periods and whole.spans.account == part.spans.account
    kind = whole.spans.category if same and not whole.spans.merchants else ""
    return kind if part.tool in (Tool.SUM, Tool.COUNT) and part.spans.merchants else ""


_OF_ANOTHER = re.compile(r"\bof the (?:first|second|other|former|latter)\b")
_ACCOUNT_IS_PART = re.compile(
    r"\b(?:was|is|were|are|went|came|goes|comes|did)\b(?: (?:from|on|out of|through))? xaccount\b|\bxaccount\s*[?.!]*$"
)
_OF_MY_SPENDING = re.compile(r"\bof (?:all )?(?:(?:my|our) )(?:[a-z]+ )?(?:spending|spend|payments|outgoings)\b")
_ACCOUNT_IS_WHOLE = re.compile(
    r"\bof (?:(?:all|everything|the|my|our|total|whole|spending|payments) )*xaccount\b"
    r"|\bof (?:all|everything|what) (?:(?:that|was|went|spent|is|goes|i|we) )*xaccount\b|\bxaccount (?:spend(?:ing)?|payments|total|outgoings)\b"
)


def _weeks(said: Spans, known: Known) -> bool:
    """Whether all payments of more than a week are asked about."""
    period = periods.read(said.periods[0], known.today) if said.periods else None
    named = said.merchants or said.category or said.amount or said.number
    return not named and period is not None and period.since is not None and (period.until - period.since).days > 7


_CLEARED = re.compile(r"\b(?:cleared|booked|(?:gone|went) through)\b(?<!not cleared)(?<!not booked)(?<!not gone through)")
_WHEN_IT_WENT = re.compile(r"\b(?:when|(?:which|what|on what|on which) (?:day|date)) (?:did|was|has)\b")
_YET = re.compile(r"\b(?:yet|already|did (?:i|we) (?:remember|forget))\b")
_WENT = re.compile(r"\bwhat(?:'s| has| all)? (?:went|gone|go)\b")
_WENT_OUT = re.compile(r"(?:and |so |ok )*what(?:'s| has| all)? (?:went|gone) out\b")


def _not_said(tool: Tool, found: Found, last: Asked | None, text: str) -> bool:
    """Whether a message asks for something that no tool says, or of what nobody said, however sure the head is."""
    if tool is Tool.ARTICLE:
        return asks_nothing(text, last) or _OWN_SPENDING.search(text) is not None
    if tool is Tool.SMALLEST and _WHICH_MONTH.search(text):
        # Of months only those that took most are told.
        return True
    if tool is Tool.SHARE:
        # Whether that is more than something else is no share of it.
        return MORE_THAN.search(text) is not None
    spoken_of = last is not None and last.step.spans.periods and last.step.spans.merchants
    if _MEANWHILE.search(text) and not (found.spans.periods or spoken_of) and tool in ABOUT_PAYMENTS:
        # "When I was over there": of which days, nobody said.
        return True
    if last is not None and last.step.tool is Tool.EXPLAIN and _OF_THAT.search(text):
        # Of what moved a balance, no step tells a part.
        return True
    if tool is Tool.COMPARE and _EARNED.search(text):
        # Nothing holds what came in against what went out.
        return True
    if tool is Tool.COMPARE and last is not None and found.spans == Spans() and last.step.tool in {Tool.AVERAGE} | ONE_ROW:
        # Between two averages, or two single payments, the sums say nothing.
        return True
    if tool is Tool.COMPARE and last is None and _MORE_IS_THAT.search(text):
        # "How much more is that": than what nobody said.
        return True
    if tool is Tool.COMPARE and last is not None and (BACKWARD.search(text) or AGAINST_IT.match(text)):
        # A shop against a kind of spending is no comparison that one step can say.
        said, before = found.spans, last.step.spans
        kind_after_name = said.category and not said.merchants and before.merchants and not before.category
        return bool(kind_after_name or (said.merchants and not said.category and before.category and not before.merchants))
    if tool in (Tool.LAST, Tool.FIRST) and found.spans == Spans() and _THE_ONE.search(text):
        # "When was the last one?": of what was not said.
        came = last is not None and tool is Tool.LAST and came_in_from(last, found.spans) is not None
        return not came and not (last is not None and _names(last))
    if last is not None and tool is Tool.COUNT and _IS_THAT.search(text):
        # "How many payments was that": what came in is counted too.
        return False
    return last is not None and _about_pay(last.step, tool, found.spans, text)


def asks_nothing(text: str, last: Asked | None) -> bool:
    """Whether a message without the one before asks a page of nothing: "for how long?"."""
    few = len(text.split()) <= FEWEST and parts.words_of(text) <= _ASKING
    return few and not (last is not None and last.step.tool in READ_WHOLE)


def _names(asked: Asked) -> bool:
    return bool(asked.step.spans.merchants or asked.step.spans.category or asked.used)


def _by_itself(tool: Tool, found: Found, text: str, last: Asked | None) -> Step | None:
    """A step that is the same whatever was asked before, where its words are not to be taken one by one."""
    if tool is Tool.POSITION and last is not None and last.step.tool in TOTALLED and _OF_IT.search(text):
        # "How much is that altogether", of the list that was told.
        return last.step
    if tool is Tool.POSITION and _EVERYTHING.search(text) and not (found.spans.account and _OF_THOSE.search(text)):
        # "Everything, the joint account as well": one that is named beside all is one of them.
        return Step(tool=tool)
    if tool in (Tool.DIRECT_DEBITS, Tool.STANDING_ORDERS, Tool.UPCOMING) and _MINE_TOO.search(found.masked):
        # "Mine and the joint ones" are all of them.
        return Step(tool=tool, spans=found.spans.model_copy(update={"account": ""}))
    if tool is Tool.REFUND_STATUS and _RETURNED.search(text):
        # What was sent back then is refunded from then on.
        since = tuple(f"since {_LEAD_OF_PERIOD.sub('', p)}" for p in found.spans.periods)
        return Step(tool=tool, spans=found.spans.model_copy(update={"periods": since}))
    if tool in POSITIONS and found.spans.merchants:
        return Step(tool=Tool.REFUSE)
    return None


def _with_before(tool: Tool, found: Found, asked: Sequence[Asked], text: str, today: periods.Today) -> Step | None:
    """A step that takes up the question before it in a way of its own; None where it just goes on with it, or does not."""
    last, said = asked[-1], found.spans
    theirs = _THE_ONE.search(text) or _DID_THEY_LAST.search(text)
    if theirs and tool in (Tool.LAST, Tool.FIND) and (came := came_in_from(last, said)) is not None:
        return came
    one = _THE_ONE.search(text) and tool in ABOUT_SAME and not _OF_ALL.search(text)
    if one and (narrowed := narrowed_to(last, said)) is not None:
        spans = merged(narrowed.spans, said).model_copy(update={"merchants": narrowed.spans.merchants})
        return narrowed.model_copy(update={"tool": tool, "spans": spans})
    if _OF_ALL.search(text) and (said.merchants or said.category) and {tool, last.step.tool} <= ABOUT_SAME:
        # "The biggest, of all the petrol": in the same days, however it was narrowed since.
        return Step(tool=tool, spans=merged(last.step.spans, said).model_copy(update={"number": said.number}))
    if tool is Tool.COMPARE:
        if said == Spans() and (both := both_of(asked, "both")) is not None:
            # What was asked last is compared with what was asked before; two that one question named stay as they were.
            turn = slice(None) if len(last.step.spans.merchants) > 1 else slice(None, None, -1)
            turned = {"periods": both.spans.periods[turn], "merchants": both.spans.merchants[turn]}
            return Step(tool=tool, spans=both.spans.model_copy(update=turned), only=both.only)
        return held_against(last, said, text, today)
    if tool is Tool.SUM and (added := with_more(last, said, text)) is not None:
        return added
    if tool in POSITIONS and said == Spans(account=said.account) != Spans() and _OF_THAT.search(text):
        # "Of that, how much was my own card": what was spent, and no balance.
        return last.step.model_copy(update={"spans": merged(last.step.spans, said)}) if last.step.tool in ABOUT_SAME else None
    if last.step.tool is Tool.DUPLICATES and tool in (Tool.FIND, Tool.COUNT, Tool.REFUNDS) and _HAPPENED.search(text):
        # "Did they do this to me in July as well".
        return last.step.model_copy(update={"spans": merged(last.step.spans, said)})
    if said != Spans():
        return None
    asked_again = last.step.tool is Tool.SALARY and tool in (Tool.LAST, Tool.FIND)
    told = (last.step.tool in ONE_ROW and tool is Tool.FIND) or (
        last.step.tool in DATED and (asked_again or _WHEN.search(text) is not None)
    )
    return last.step if told else _told_with(tool, last.step, text)


_HAPPENED = re.compile(r"\b(?:do|did|done|doing) (?:this|that|it|the same)\b|\b(?:this|that|it) (?:ever )?happen(?:ed)?\b")
_THE_NEW_PRICE = re.compile(
    r"\bthe (?:new|higher|dearer|old|current|increased) (?:price|amount|rate|rent|fee|charge|cost|one|figure|payment)\b"
)


def _told_with(tool: Tool, before: Step, text: str) -> Step | None:
    """What a short question asks for of the answer before, where the tool that it sounds like is about everything there is:
    "how many is that", "which is the dearest" of a list, "when is it due" of a payee."""
    if not _refers_back(text, Spans()):
        return None
    if before.tool in (Tool.INCOME, Tool.SALARY) and tool is Tool.COUNT:
        return before.model_copy(update={"tool": Tool.INCOME})
    listed = before.tool in LISTS - {Tool.REFUNDS} and tool in (Tool.COUNT, Tool.SUM, Tool.LARGEST, Tool.SMALLEST, Tool.TOP)
    again = tool is before.tool and tool in LISTS and not before.spans.merchants
    if listed or again or (before.tool, tool) == (Tool.PENDING, Tool.UPCOMING):
        return before
    if tool is Tool.BALANCE and before.spans.account:
        return Step(tool=tool, spans=_grouped(tool, Spans(account=before.spans.account), text, None))
    of = Spans(merchants=before.spans.merchants, category=before.spans.category)
    if of == Spans() or _IT.search(text) is None:
        return None
    # How much it is, the newest payment says.
    asks_how_much = before.tool is Tool.UPCOMING and tool in (Tool.UPCOMING, Tool.SUBSCRIPTIONS) and _HOW_MUCH_IT.fullmatch(text)
    tool = Tool.BALANCE if asks_how_much else tool
    return {Tool.UPCOMING: Step(tool=tool, spans=of), Tool.BALANCE: Step(tool=Tool.LAST, spans=of)}.get(tool)


def _leaning(label: str, found: Found, memory: Memory, text: str) -> Step | None:
    """A step for a label that means nothing without the question before."""
    last = memory.asked[-1] if memory.asked else None
    if label == "both" and len(found.spans.merchants) + bool(found.spans.category) > 1:
        return Step(tool=Tool.SUM, spans=found.spans)
    if last is None:
        return None
    if label == "details":
        return details_of(last.step, text)
    if label == "both":
        if found.spans.without:
            return goes_on_with(memory.asked, found.spans, text)
        both = last.step if last.step.tool in TOTALLED and found.spans == Spans() else together(memory.asked, found.spans, text)
        counted = both is not None and both.tool is Tool.SUM and _HOW_MANY.search(text) is not None
        return both.model_copy(update={"tool": Tool.COUNT}) if both is not None and counted else both
    if label == "other":
        if last.step.tool in ONE_ROW and not last.step.spans.merchants:
            # The next one after the biggest is another payment, not another payee.
            return None
        named = found.spans.merchants or last.step.spans.merchants
        spans = merged(last.step.spans, found.spans).model_copy(update={"merchants": named})
        return last.step.model_copy(update={"spans": spans, "only": (), "excluding": last.used})
    step = goes_on_with(memory.asked, found.spans, text)
    if step is None or step.tool is not Tool.BALANCE:
        return step
    # "And what can I spend?": of the same account, told the other way about.
    return step.model_copy(update={"spans": _grouped(step.tool, step.spans, text, last)})


def _same_tool(label: str, probabilities: Mapping[str, float], found: Found, text: str, known: Known) -> float:
    """How probable the other labels are that a message turns into the same tool as its own: which of them it is makes no
    difference."""
    if label not in _TOOLS:
        return 0.0
    meant = _tool(Tool(label), found, text, known)
    counted = next((alike for alike in _ALIKE if label in alike), frozenset((label,)))
    others = (k for k, p in probabilities.items() if p >= LIKE_NONE and k not in counted and k in _TOOLS)
    return sum(probabilities[k] for k in others if _tool(Tool(k), found, text, known) is meant)


def _same_told(label: str, probabilities: Mapping[str, float], before: Step, text: str) -> float:
    """How probable the other labels are that ask the same of the answer before: "when will they go through" is of what is pending,
    whether that or what is to come is heard in it."""
    told = _told_again(label, before, text)
    others = [k for k in probabilities if k != label] if told is not None else []
    return sum(probabilities[k] for k in others if _told_again(k, before, text) == told)


def _told_again(label: str, before: Step, text: str) -> Step | None:
    """What a label asks for of the answer before, where that says it already."""
    if label == "details":
        return details_of(before, text)
    if before.tool in DATED and label in (Tool.FIRST, Tool.LAST, Tool.FIND) and _WHEN.search(text):
        return before
    return _told_with(Tool(label), before, text) if label in _TOOLS else None


def _held_against(found: Found, label: str, probabilities: Mapping[str, float]) -> float:
    """How sure a comparison is where two names, or two times, stand against each other, though it begins like a sum; 0 elsewhere."""
    if label not in (Tool.SUM, Tool.COMPARE, Tool.COUNT, "follow") or not _VERSUS.search(found.masked):
        return 0.0
    return sum(probabilities[label] for label in (Tool.SUM, Tool.COMPARE, Tool.TOP, "follow"))


_VERSUS = re.compile(
    r"\bx(?:(?P<days>period)|merchant|category) (?:v\.?|versus|vs\.?|(?:as |set |put )?against|compared (?:to|with)) (?:at |on |with )?"
    r"x(?(days)period|(?:merchant|category))\b"
)


def _label(probabilities: Mapping[str, float], follows: bool = False) -> tuple[str, float]:
    """The label and how sure it is. follows: whether there is a question before that this one can lean on."""
    if not follows and sum(probabilities[k] for k in LEANING) < MERE_FOLLOW_UP:
        probabilities = {k: p for k, p in probabilities.items() if k not in LEANING}
    best = max(probabilities, key=probabilities.__getitem__)
    # Which of the two it is makes little difference to a customer.
    sure = sum(probabilities[k] for k in next((alike for alike in _ALIKE if best in alike), (best,)))
    return best, sure / sum(probabilities.values())


_ASKS = re.compile(
    r"^(?:and |so |also |then )*(?:how|what|what's|when|where|who|which|why|can|could|do|does|did|is|are|will|would|should|show|list|tell)\b|\?$"
)
# "The balance of Daniel's account": a name beside an account, that is no account of theirs, is somebody else.
_POSSESSIVE = re.compile(
    r"\b(?P<who>[a-z]+)'s?\s+(?:\w+\s+)?(?:accounts?|balances?|savings|cards?|statements?|salary|wages|pension)\b"
)


# "How much did I take out?", "when was that?" of the payment that was just told of.
_THAT_ROW = re.compile(
    r"(?:and |so |ok )*(?:how much|how much (?:did (?:i|we) (?:pay|spend|send|give|take out|get out|withdraw)(?: them| him| her)?|was (?:it|that))"
    r"|(?:when|where|who|what day|what date|which day) (?:was|is|did) (?:that|it|this)(?: one| payment| purchase)?"
    r"(?: for| to| from| at| with| go(?: out| to)?| happen| made| paid| on)?)(?: then| for)?[ ?.!]*"
)
# Of a sum: the payments in it say where.
_WHERE = re.compile(
    r"(?:and |so |ok )*(?:where|who to|to whom)(?: (?:was (?:that|it)|were (?:they|those|these)))?(?: to| at| exactly)?[ ?.!]*"
)
_TOLD = re.compile(r"(?P<verb>[a-z']+) (?:me|us|a|an|my|in|up)\b")
# Who says only that they do not know asks for nothing.
_AT_A_LOSS = re.compile(r"(?:(?:hmm+|um+|er+|well|oh|sorry),? )*(?:i )?(?:dunno|don't know|no idea|not sure|no clue)[ .!]*")
_HOW_MUCH_AT = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*how much(?: was| is| went| spent)? (?:at|in|on|to|with) x(?:merchant|category)(?: then| alone)?[ ?.!]*"
)
_WHICH_OF_THEM = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*(?:which|who)(?: one| of (?:them|those|these|the two))? (?:was|is|had|has|got|took|cost|costs|came to)(?: me| us)?(?: the)?"
    r" (?:more|most|less|least|dearer|dearest|cheaper|cheapest|bigger|biggest|higher|lower)(?: (?:from|off) me)?(?:,? and by how much)?[ ?.!]*"
)
# "How much more has he had than her".
_ONE_THAN_OTHER = re.compile(r"\b(?:more|less)\b.*\b(?:he|she|they|him|her|them)\b.*\bthan (?:he|she|they|him|her|them)\b")
# "And the ASOS one, did that come".
_THE_X_ONE = re.compile(
    r"(?:(?:and|so|ok|but|then|right)\b[,.]? )*(?:what about |how about )?(?:the |my )?xmerchant ones?,? (?:did|has|have|is|was) (?:that|it|this|they)\b(?: [a-z]+){0,2}[ ?.!]*"
)
_WHEN_DID_I = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*when (?:did|have) (?:i|we) (?:last )?(?:pay|paid|send|sent|give|gave|given)(?: (?:him|her|them))?(?: (?:it|that))?[ ?.!]*"
)
# "What's that come to for the year".
_COMES_TO = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*what(?:'s| is| has| does| did| would)? (?:it|that|all that)(?: all)? (?:come|came|comes|add up|amount)(?: to)?(?: altogether| in all)?(?: xperiod)?[ ,?.!]*"
    r"|(?:(?:and|so|ok|but|then|now|can you|could you|please)\b,? )*(?:add|tot|sum) (?:it|that|them|those|these|all of (?:them|those)|them all|it all)(?: all)? up(?: for me| please| then)*[ ?.!]*"
)
# What pays by itself: nobody is told it, whatever else is asked.
_SECRET = re.compile(r"\b(?:cvv2?|cvc2?|cv2|three (?:digits|numbers) on the back|security code on (?:the|my) (?:back|card))\b")
# A question about the answer before, and about nothing in the accounts themselves.
_LOOKED = re.compile(
    r"(?:and |so |ok |okay |but |sorry )*(?:(?:what|where|which (?:accounts?|pages?|data|records?|sources?|payments|services?))"
    r"(?: exactly| all| else)? (?:did|have) you (?:just |actually )?(?:look(?:ed)?(?: at| in| into| through)?|check(?:ed)?|search(?:ed)?|read|used?|consult(?:ed)?)"
    r"|where (?:did you (?:get|take|find)|do you (?:get|have)|have you (?:got|taken)) (?:that|this|it|those)(?: figures?| numbers?| answer)?(?: from)?)"
    r"(?: for (?:that|this|it)(?: answer)?| just now| there| to (?:answer|say|know|find) (?:that|this|it)(?: out)?)?\s*[?.!]*"
)


def _is_somebody_else(who: str, known: Known) -> bool:
    """Whether a word in the possessive is a name: "today's balance" and "last month's statement" are nobody's."""
    return (
        who not in known.words
        and not any(
            who in parts.words_of(plain_name) for plain_name in (parts.plain(a.name).replace("'s", "") for a in known.accounts)
        )
        and who not in known.vocabulary.nobody
        and who not in periods.MONTHS
        and who not in periods.WEEKDAYS
        and not any(who in parts.holders_of(a) for a in known.accounts if a.id in known.others)
    )


def _own_account(found: Found, known: Known) -> bool:
    """Whether the customer named an account of theirs in full, such as "Grandchildren's savings"."""
    return any(parts.plain(a.name) in parts.plain(found.spans.account) for a in known.accounts if "'" in parts.plain(a.name))


def _whose(found: Found, step: Step | None, known: Known) -> tuple[str, ...]:
    """ "My brother, for the rent": whom a step about payments of a kind is about, which is no word of the sentence."""
    if step is None or step.tool not in ABOUT_PAYMENTS or step.spans.merchants:
        return ()
    return tuple(w for w in parts.WORD.findall(found.masked) if w in parts.KIN and known.narrows(w) >= CHOOSES)


def _of_that_name(word: str, said: Spans, known: Known) -> bool:
    """Whether a word is one more of a name that is said, as a payee has them: "van insurance, Direct Line"."""
    named = [w for name in (*said.merchants, said.category) for w in parts.words_of(name) if w in known.tokens]
    return word in known.tokens and bool(named) and known.together([word, *named])


def _says_who(word: str, found: Found, known: Known) -> bool:
    """Whether a word of kinship beside a name tells which of those who are called so is meant: "my sister Ann"."""
    beside = rf"\b{re.escape(word)},? xmerchant\b|\bxmerchant,? my {re.escape(word)}\b"
    if word not in parts.KIN or len(found.spans.merchants) != 1 or re.search(beside, found.masked) is None:
        return False
    return bool(parts.family_of(referring.called_so(found.spans.merchants[0], known), known))


_ASKS_HOW = frozenset(
    {
        "first",
        "last",
        "next",
        "latest",
        "newest",
        "oldest",
        "biggest",
        "largest",
        "highest",
        "smallest",
        "lowest",
        "cheapest",
        "dearest",
    }
    | {"most", "least", "average", "mean", "different", "share", "percent", "both", "each", "every", "rest", "remaining", "else"}
)


def _is_told_around(missing: Sequence[str], found: Found, step: Step, known: Known, sure: float) -> bool:
    """Whether words that no example has are told around what is asked: "my feet have been in their hands for years". None of
    them narrows, and none is beside a name, or not in the dictionary, that also asks or names a trade or one of the family.

    Never where sums would then be over everything. The answer says that it did not use them.
    """
    said, words = step.spans, [w.removesuffix("'s") for w in missing]
    of_somebody = said.merchants or said.category or said.account
    of_payments = step.tool in ABOUT_SAME - _WHOLE | {Tool.INCOME, Tool.REFUND_STATUS}
    if step.tool in _FREE or (of_payments and not of_somebody) or _names_a_payer(words, found, step):
        return False
    narrowing = _NARROWING - _HOURS if step.tool is Tool.DUPLICATES else _NARROWING | _ODD
    if any(w in narrowing or w.isdigit() for w in words):
        return False
    if sure >= CERTAIN and not of_payments:
        # "Could I get a 250 pound gizmo": what it is changes nothing.
        return True
    beside = {m for pair in _BESIDE_NAME.findall(found.masked) for m in pair if m}
    strange = {w for w in words if w not in known.vocabulary.english or (w in beside and w not in BESIDE)}
    theirs = all(parts.words_of(name) & known.tokens.keys() for name in said.merchants)
    return not strange or (theirs and strange.isdisjoint(parts.KIN | _ASKS_HOW | known.vocabulary.trades))


def _names_a_payer(words: Sequence[str], found: Found, step: Step) -> bool:
    """ "Did the office pay me", "my refund from Next": who, whatever else the word means."""
    pays = r"\b{} (?:(?:has|have|not|already|ever) )*pa(?:y|id|ys|ying)\b" if step.tool in FROM_OTHERS else ""
    came = r"\bfrom {}\b" if step.tool in _CAME_BACK else ""
    return any(form and re.search(form.format(re.escape(w)), found.masked) for form in (pays, came) for w in words)


def _names_somebody(memory: Memory) -> bool:
    """Whether "them" can be somebody: the last question named a payee or a kind of spending, or its answer told of a payee."""
    return bool(memory.asked) and _names(memory.asked[-1])


def _off_track(memory: Memory) -> bool:
    """Whether the message before asked for no payments: it was not understood, or it was about the bank's pages."""
    return memory.lost or (bool(memory.asked) and memory.asked[-1].step.tool in READ_WHOLE)


def _of_that_list(step: Step, memory: Memory) -> bool:
    """Whether "which of them" is of a list that was just told."""
    return step.tool in LISTS and not memory.lost and any(one.step.tool is step.tool for one in memory.asked[-1:])


def _of_everything(step: Step) -> bool:
    """Whether a step is about all that was spent, in whatever days."""
    said = step.spans
    named = said.merchants or said.category or said.account or said.amount or said.bought or said.without or step.only
    return step.tool in ABOUT_SAME and not named and not way_of(step)


def _names_any(found: Found) -> bool:
    return bool(found.spans.merchants or found.spans.category)


def _says_nothing_of_what(steps: Sequence[Step], found: Found, memory: Memory) -> bool:
    """ "How much on the 1st?", "when did we last get one": of what, neither it says nor the question before."""
    goes_on = not _off_track(memory) and bool(memory.asked) and _of_everything(memory.asked[-1].step)
    if goes_on or all(step.tool in _WHOLE for step in steps):
        return False
    # "Which day" asks when a payment was, and not for a day's spending.
    when = all(step.tool in (Tool.LAST, Tool.FIRST) for step in steps)
    return _OF_SPENDING.search(_WHICH_DAY.sub("", found.masked) if when else found.masked) is None


_WHICH_DAY = re.compile(r"\b(?:which|what) (?:days?|months?)\b")
_OF_SPENDING = re.compile(
    r"\b(?:spen[dt]|spending|spendings|spender|pay|pays|paid|paying|payments?|purchases?|transactions?|outgoings?|everything|overall|expens\w+|money|cash|bills?"
    r"|buy|buying|bought|shop(?:s|ping|ped)?|stores?|merchants?|retailers?|payees?|places|companies|categor\w+|chart|graph|splash\w*|budget\w*|costs?|days?|debits?|charges?|charged"
    r"|(?:go|goes|going|gone|went|comes?|coming|came|take|took|taken) (?:out|on|off|through)|left my|leav(?:e|es|ing) my|where does it|months?)\b"
)


def _not_told_of(found: Found, step: Step) -> tuple[str, ...]:
    """An account that the customer does not have, and days that are to be left out: nothing else takes their place."""
    account = _SOME_ACCOUNT.search(found.masked) if not (step.spans.account or step.spans.merchants) else None
    days = _WITHOUT_DAYS.search(found.masked) if len(found.spans.periods) == 1 else None
    return tuple(match["what"] for match in (account, days) if match is not None)


_SOME_ACCOUNT = re.compile(r"\b(?:in|into|from|out of) (?:the|my|our) (?P<what>(?:[a-z]+ )?(?:pot|isa|jar|fund))\b")
_WITHOUT_DAYS = re.compile(
    r"\b(?P<what>not counting|not including|excluding|except(?: for)?|without|apart from|leaving out|other than|not) (?:in )?(?:the )?xperiod"
)


def _is_of_nobody(step: Step, text: str, memory: Memory) -> bool:
    """Whether a message leans on what was said before, and nothing there says whom or what it is about."""
    if (not _off_track(memory) and _names_somebody(memory)) or _of_that_list(step, memory):
        return False
    return _points_nowhere(step, text, _off_track(memory)) or _counts_what(step, text)


def _points_nowhere(step: Step, text: str, lost: bool) -> bool:
    """ "What have we paid them": a sum over everybody is no answer where nobody was named before.

    lost: the message before was not understood, so that "the dearest one?" is of what nobody knows.
    """
    said = step.spans
    if step.tool not in ABOUT_PAYMENTS:
        return False
    if _THE_NEW_PRICE.search(text) and not (said.merchants or said.category):
        return True
    if lost and _SOMEBODY.search(text) and not said.merchants:
        # "How much did she spend" after a refusal is about who was refused.
        return True
    if lost and step.tool is Tool.COMPARE and only_days(said) and ALL_SPENDING.search(text) is None:
        # "Up or down on last year?": all that was spent is no answer where what was asked before was not understood.
        return True
    # What a subscription costs and cost is asked of no days.
    complete = (said.periods or step.tool is Tool.SUBSCRIPTIONS) and (said.merchants or said.category or said.account)
    if lost and not complete and len(text.split()) <= SHORT and (_OWN.search(text) is None or BACKWARD.search(text)):
        # "And Duke's?" after a question that was not understood: nobody knows which days are meant, or of what.
        return True
    if said.merchants or said.category:
        return False
    if lost and step.tool is Tool.COMPARE and len(said.periods) < 2 and not said.account and _OWN.search(text) is None:
        # "Was last October's dearer?": than what, was in the words that nobody understood.
        return True
    if said == Spans() and _DID_IT.search(text):
        # "Did it go through": of all that there is, nobody knows which.
        return True
    if step.tool is Tool.SUBSCRIPTIONS and _SUBSCRIBED.search(text):
        # "How many subscriptions have I, and what do they cost": they are these.
        return False
    return _PRONOUN.search(text) is not None or (lost and not said.account and _OWN.search(text) is None)


_SUBSCRIBED = re.compile(r"\b(?:subs|subscriptions|memberships)\b.*\b(?:they|them|these|those)\b")
_ONE_DUE = re.compile(r"\b(?:it|they|them|the next one)\b")


def _counts_what(step: Step, text: str) -> bool:
    """ "How many journeys": whose, where nobody was named, nobody knows; every payment is no journey."""
    said = _HOW_MANY.search(text)
    named = step.spans.merchants or step.spans.category
    if step.tool not in (Tool.COUNT, Tool.SUM) or named:
        return False
    return (said is not None and said["what"] in BESIDE - _PAYMENTS) or _WENT_THERE.search(text) is not None


_WENT_THERE = re.compile(
    r"\bhow (?:often|many times) (?:did|have|had|has) (?:i|we|he|she|they) (?:go|gone|been|visit(?:ed)?)[ ?.!]*$"
)
_HOW_MANY = re.compile(r"\bhow many (?:different |separate )?(?P<what>[a-z]+)\b")
_PAYMENTS = frozenset(
    {"payment", "payments", "purchase", "purchases", "transfer", "transfers", "refund", "refunds", "thing", "things"}
)
_DID_IT = re.compile(r"\b(?:did|has|have|is|was|does|will) (?:it|that|this)\b")
_SOMEBODY = re.compile(r"\b(?:he|she|they|him|her|their|his|them)\b")
_THERE_IS = r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )\bthere\b(?! (?:is|are|was|were|any|been))"
_PRONOUN = re.compile(rf"\b(?:them|him|her|they|he|she|their)\b|{_THERE_IS}")
_BESIDE_NAME = re.compile(r"(?:([a-z']+) (?=xmerchant|xcategory)|x(?:merchant|category) ([a-z']+))")
_HOURS = word_list("hours")
_ODD = word_list("odd")
_OF_ANY_DAY = frozenset({Tool.SUM, Tool.COUNT, Tool.AVERAGE, Tool.FIND, Tool.INCOME, Tool.REFUNDS})
_CAME_BACK = frozenset({Tool.REFUNDS, Tool.REFUND_STATUS, Tool.INCOME})
_NARROWING = _HOURS | word_list("narrowing")
# Asked of everything that there is, these are still what was asked.
_WHOLE = frozenset({Tool.DUPLICATES, Tool.REFUNDS, Tool.SUBSCRIPTIONS, Tool.PENDING})
_IT = re.compile(r"\b(?:it|that|this|they|them|the next one)\b")
_WHEN = re.compile(r"\b(?:when|which day|what day|which date|what date|due|expect|usually|next)\b")


def _is_about_terms(label: str, memory: Memory, text: str) -> bool:
    """Whether a message that sounds like one about the customer's own cards or mandates is about the bank's terms.

    "And with the normal card?" goes on with what the bank charges; "what happens to standing orders on a Sunday" asks of nobody's.
    """
    if label not in READ_WHOLE | _MANDATES or _OWN.search(text) is not None:
        return False
    last = memory.asked[-1].step.tool if memory.asked else None
    if label in (Tool.CARDS, Tool.PRODUCT) and _THE_LIMIT.search(text) and last is not label and not BACKWARD.search(text):
        # "What's the contactless limit", not that of my card.
        return True
    goes_on = last in ABOUT_TERMS and label in READ_WHOLE and len(text.split()) <= SHORT
    return (goes_on and _GOES_ON_ASKING.match(text) is not None) or (label in _MANDATES and _RULE.match(text) is not None)


_OBLIGED = re.compile(
    r"\b(?:when|how (?:late|soon|early|long before)) (?:do|must|should) (?:i|you|we) (?:have to|need to|got to|cancel|tell|stop)\b"
)
_THE_LIMIT = re.compile(r"\b(?:the|a) (?:[a-z]+ ){0,3}(?:limit|maximum|max)\b")
_WHAT_HAPPENS = re.compile(r"(?:(?:and|so|but|then) )*what happens (?:to|with|if|when|about)\b")
_MANDATES = frozenset({Tool.DIRECT_DEBITS, Tool.STANDING_ORDERS})
_GOES_ON_ASKING = re.compile(r"^(?:and|or|but|what about|how about|what if|with|for|on)\b")
_RULE = re.compile(r"^(?:and |so |but |then )*(?:what happens|what if|how do|do|does|can|will|would)\b")


def topic_of(message: str, memory: Memory) -> str:
    """The question to the pages: one that leans on the question before is asked together with it."""
    whole = with_last(message, memory)
    if whole is None:
        return message
    leans = points_back(message) or len(message.split()) <= 6
    return whole if leans else message


def points_back(message: str) -> bool:
    """Whether a short message is about what was spoken of before it."""
    text = parts.plain(message)
    return len(text.split()) <= SHORT and (BACKWARD.search(text) is not None or _LEANS.search(text) is not None)


def with_last(message: str, memory: Memory) -> str | None:
    """A message together with the question to the pages before it; None where there was none."""
    last = memory.asked[-1].step if memory.asked else None
    return f"{last.spans.topic} {message}"[-LONGEST_TOPIC:] if last is not None and last.tool in ABOUT_TERMS else None


# "The year before as well, what was that one".
_WHAT_WAS_IT = re.compile(r"(?: as well| too)?[,.;?]? (?:what|how much) (?:was|is) (?:that|it|this)(?: one| time)?(?=[ ?.!]*$)")
_LEANS = re.compile(r"^(?:and|but|what if|what about|how about|does|is|can|n)\b|\b(?:that|it|they|them|then|either|also|too)\b")
_ASKING = word_list("fillers")
# "In savings altogether" is all of these.
_OF_THOSE = re.compile(
    r"\b(?:in|across|of) (?:all )?(?:my |the |our )?(?:savings|isas?|pots?|current accounts?|savings accounts?)\b"
)
_EVERYTHING = re.compile(r"\b(?:as well|too|includ\w+|everything|altogether|all together|in all|with the)\b")
_OWN_SPENDING = re.compile(
    r"\b(?:(?:did|have|has|had) (?:i|we) (?:ever |just |already )?[a-z]+|(?:i|we)(?:'ve| have)? (?:spent|paid|sent|moved|received|got paid))\b"
)
_OF_THAT = re.compile(r"\bof (?:that|it|this|those)\b")
_EARNED = re.compile(r"\b(?:earn(?:ed|ings|t)?|my income|my pay|my salary|my wages|came in|come in|comes in|coming in)\b")
_MORE_IS_THAT = re.compile(r"\b(?:is|was) (?:that|it|this)\b(?! (?:year|month|week|quarter))")
_MEANWHILE = re.compile(
    r"\b(?:when|while|whilst|during the time|the time) (?:i|we) (?:was|were|went) (?!paid|charged|billed)|\bduring (?:my|our|that|the) (?:trip|stay|holiday|visit)\b"
)
# Whatever it was narrowed to before.
_OF_ALL = re.compile(r"\b(?:of|out of|among) all\b")
_GAVE = r"(?: have|'ve| has|'s| had)? (?:pa(?:y|id|ys)|s[ea]n[dt]s?|g[ai]ven?|transfer(?:red|s)?)"
_SET_AGAINST = r"\b(?:vs?\.?|versus|against|compared (?:to|with)|set against|minus|less)\b"
_I_GAVE = rf"\b(?:i|we){_GAVE}(?: (?:to )?(?:her|him|them|xmerchant))?\b"
_GAVE_ME = (
    rf"\b(?:(?:he|she|they|xmerchant){_GAVE}(?: (?:me|us))?(?: back)?"
    r"|what(?:'s| is| has)? (?:come|came|been (?:paid|sent))(?: back| in)? from (?:her|him|them|xmerchant))\b"
)
_EACH_WAY = rf"(?:{_SET_AGAINST}|,? and (?=what\b|how much\b))"
_BOTH_WAYS = re.compile(rf"(?P<there>{_I_GAVE}).*{_EACH_WAY}.*{_GAVE_ME}|{_GAVE_ME}.*{_EACH_WAY}.*{_I_GAVE}")
_SPENT_OR_EARNED = re.compile(
    r"\b(?P<out>spen(?:d|ding|t)|go(?:es|ing)? out|went out)\b.*\b(?:more|less) than\b.*\b(?:earn(?:ed|ing|s)?|came in|com(?:es|ing) in|make|made|my (?:pay|income|salary|wages?))\b"
    r"|\b(?:earn(?:ed|ing|s)?|came in|com(?:es|ing) in|ma(?:ke|king|de))\b.*\b(?:more|less) than\b.*\b(?:spen(?:d|ding|t)|go(?:es|ing)? out|went out)\b"
)
_THE_ONE = re.compile(
    r"^(?:and |so )*(?:in|at|on|to) which\b|\b(?:the|her|his|their|its) (?:[a-z]+ ){0,4}ones?\b|\bwhich (?:one|of (?:the|these|those|them))\b"
)
_DID_THEY_LAST = re.compile(r"\b(?:did|have|has) (?:he|she|they) last\b")
# Orders, whatever else they name: none of the tools that read. Those that can be done are taken by `assistant.acting`.
_POLITELY = (
    r"^(?:please |pls |(?:can|could|would|will) (?:you|u) |i want to |i'd like to |i would like to |i need to |just |ok |now )*"
)
_ORDER = re.compile(
    _POLITELY
    + r"(?:freeze|unfreeze|block|unblock|cancel|close|set up|setup|order|activate|replace|change|raise|increase|lower|reduce)"
    r" (?:my|the|a|an|our|this|that|all|both) "
)
_WILL_BE = re.compile(
    r"(?:(?:and|so|but|then)\b,? )*will (?:my|the|our|it|this|that|next)\b[^.?!;]*\bbe (?:any |much |a lot )?(?:bigger|higher|lower|smaller|dearer|cheaper|more|less) than\b"
)
_GOODS = re.compile(
    r"\b(?:which|what) (?:book|title|novel|film|album|brand|colou?r|flavour)s? (?:did|have|had|was|were|is)\b"
    r"|\b(?:which|what) (?:items?|products?) (?:did|have) (?:i|we) (?:buy|bought|ordered?)\b"
    r"|\bwhat (?:is|was) it (?:that )?(?:i|we)(?:'ve| have)? (?:buy|bought|ordered)\b|\bwhat do they (?:even |actually )?sell\b"
)
_SEND = re.compile(_POLITELY + r"(?:pay|send|transfer|move|wire|put|top up|lend)\b")
_FIGURE = re.compile(r"\d|\bxamount\b")
# "What's in the house pot": whatever was asked before.
_IN_IT = re.compile(
    r"(?:what's|what is|whats|what does (?:that|this) leave(?: me| us)?(?: with)?|how much(?: money| euros?| dollars?)?(?: is)?(?: there)?|how much have i got|what do i have|what have i got)(?: got)?(?: (?:now|currently|right now))? xaccount(?: (?:(?:the |right |just )?now|at the moment|today|currently|then|so far))?[ ?.!]*$"
)
# "Since the clocks went back" is a time, though nobody can say which.
_AFTER_A_TIME = re.compile(r"\b(?:since|until|till|before|after|during|while|when|around)\b[^,.?!;]*$")
_OF_A_TIME = re.compile(r"\b(?:since|until|till|before|after|during|while|whilst)\b(?:(?!xperiod)[^,.?!;])*$")
_OF_IT = re.compile(r"\b(?:that|it)\b")
# What the bank charges, and not what it has charged.
_YOU_CHARGE = re.compile(r"\b(?:do|would|will) (?:you|yous|you lot|ye) (?:all )?charge\b(?!.*\bso far\b)")
_AFTER_AT = re.compile(r"\b(?:at|to|from|in|with)$")
# What the answer to the clause before says anyway.
_HOW_MUCH_IT = re.compile(
    r"(?:and )?(?:how much|what|when|who|where)(?: (?:was|is|did|does|do|for|it|that|all|cost|to|with|come|add|up|amount|at|of|the|were|they|from|altogether|told|in|total))*(?: and (?:how much|when))?[ ?.!]*"
)
_OWN = re.compile(r"\b(?:my|i|we|our)\b")


def _refers_back(message: str, said: Spans) -> bool:
    """Whether a message leans on the one before: it names nothing itself, and points back or is a mere fragment."""
    if said.merchants or said.account or (said.category and not BACKWARD.search(message)):
        return False
    if BACKWARD.search(message) or _THE_ONE.search(message):
        return True
    message = _BY_HOW_MUCH.sub("", message)
    return len(message.split()) <= SHORTEST and not _OWN.search(_I_MEAN.sub("", message))


_I_MEAN = re.compile(r"\bi (?:mean|meant|said|am asking)\b")


# "The biggest there ever" is of no days that were spoken of.
_ALL_TIME = frozenset({"ever", "all time"})


# "What does the restaurant cost me each time", after somebody who has one.
_THE_CAFE = re.compile(r"\b(?:the|that) (?:restaurant|caf[eé]|tea ?room|canteen|bakery|pharmacy|bar)\b")


def _undated(said: Spans, message: str) -> bool:
    days = bool(said.periods) and all(p in parts.DAYLESS - _ALL_TIME for p in said.periods)
    named = said.merchants or said.category or _ALL_THE_TIME.search(message)
    return days and not named and BACKWARD.search(message) is not None


_ALL_THE_TIME = re.compile(r"\ball (?:the |this |that |of the )?time\b")


def _continued(tool: Tool, said: Spans, last: Asked | None, text: str) -> Spans:
    """ "And the fees on top of that": what goes on with the question before keeps its period; "coffees there" are theirs."""
    if last is None or tool not in ABOUT_SAME or last.step.tool not in GOES_ON:
        return said
    before = last.step.spans
    again = {w for name in before.merchants for w in parts.words_of(name)}
    beside = all(w in BESIDE or w in again for m in said.merchants for w in m.split())
    if before.merchants and beside and (_THERE.search(text) or (said.merchants and _IS_THAT.search(text))):
        ever = tool in (Tool.LAST, Tool.FIRST) and _I_LAST.search(text) is not None
        days = said.periods or (() if ever else before.periods)
        # Of several that were asked about, those that are named again.
        named = {w for m in said.merchants for w in parts.words_of(m)}
        some = tuple(m for m in before.merchants if parts.words_of(m) & named) or before.merchants
        # "In there", after somebody's cafe, is the cafe; "coffees there" are all that is theirs.
        kept = "" if said.merchants or said.category or said.without else before.category
        said = said.model_copy(
            update={"merchants": some, "category": kept, "periods": days, "without": said.without or before.without}
        )
    left_out = {_DETERMINER.sub("", name) for name in before.without}
    alone = _DETERMINER.sub("", said.category) in left_out and _ALONE.search(text) is not None
    if (
        before.merchants
        and said.category
        and not said.merchants
        and (alone or _THEIRS.search(text) or _NOT_SHOP.search(text) or _THE_CAFE.search(text))
    ):
        # "At their restaurant", "the cafe alone": what of it is spent with whom was spoken of.
        said = said.model_copy(update={"merchants": before.merchants, "periods": said.periods or before.periods})
    same = bool(said.merchants) and {w for m in said.merchants for w in parts.words_of(m)} <= again
    # "How much of the groceries was Tesco": of those that were just told.
    same |= tool is Tool.SHARE and bool(said.category) and parts.words_of(said.category) == parts.words_of(before.category)
    if (
        not said.periods
        and tool not in (Tool.LAST, Tool.FIRST, Tool.SUBSCRIPTIONS)
        and (same or ((said.merchants or said.category) and ON_TOP.search(text)))
    ):
        # Whoever is named again is asked about in the same days.
        said = said.model_copy(update={"periods": before.periods})
    if tool is Tool.SHARE and said.merchants and not said.category and before.category and _OF_THAT.search(text):
        # "What share of that was Tesco": of the kind that was asked about, and not of everything.
        said = said.model_copy(update={"category": before.category})
    if (said.merchants or said.category) and _OF_THAT.search(text) and not said.periods:
        # "How much of that was the electric": of the same days, from the same account.
        said = said.model_copy(update={"periods": before.periods, "account": said.account or before.account})
    return said


def _of_all(tool: Tool, text: str) -> bool:
    """ "And what were my three largest payments in May?": one's own payments, whoever was spoken of."""
    listed = tool in (Tool.TOP, Tool.LARGEST, Tool.SMALLEST, Tool.BREAKDOWN) and _MY_PAYMENTS.search(text) is not None
    of_all = tool in (Tool.SUM, Tool.COUNT, Tool.BREAKDOWN) and _ALL_THAT_WENT.search(text) is not None
    return (listed or of_all) and BACKWARD.search(_BEGINS.sub("", text)) is None


_MY_PAYMENTS = re.compile(r"\b(?:my|our) (?:[a-z]+ ){0,4}(?:payments?|purchases?|transactions?|expenses|outgoings)\b")
_ALL_THAT_WENT = re.compile(
    r"\b(?:outgoings|(?:all|overall|total) (?:my |our )?spend(?:ing)?|spend(?:ing)? overall|(?:how much|what) went out|whole (?:month|week|year))\b"
)
_BEGINS = re.compile(r"^(?:(?:and|so|ok|okay|right|then|also)\b[ ,]*)+")
_DETERMINER = re.compile(r"^(?:the|my|our) ")
# "What does the cafe take? Not the shop".
_NOT_SHOP = re.compile(r"\bnot the (?:shop|store)\b")
_ALONE = re.compile(r"\b(?:alone|only|just|by itself|itself)\b")
_THEIRS = re.compile(
    r"\b(?:their|his|her)\b|\b(?:restaurant|cafe|canteen|bar|shop) there\b|\bthat (?:restaurant|cafe|canteen|bar)\b"
)
_MINE_TOO = re.compile(r"\bmine and xaccount|xaccount(?: ones?)? and (?:mine|my own)\b|\bas well as xaccount|\bboth mine\b")
_TOGETHER = re.compile(r"\b(?:together|combined|in total|in all|altogether|added up)\b(?! (?:is|was) (?:that|it) more)")
_RETURNED = re.compile(r"\b(?:returned|sent (?:it|them|that|those) back|took (?:it|them|that|those|a [a-z]+) back|cancelled)\b")
_LEAD_OF_PERIOD = re.compile(r"^(?:on|in|during|over|for|from|since|my)\s+")


def _leans_back(label: str, step: Step, found: Found, text: str) -> bool:
    """Whether a message can only be read with the one before."""
    if label in LEANING:
        return True
    return step.tool in ABOUT_PAYMENTS and not found.unknown and _refers_back(text, found.spans)


def _said_before(memory: Memory) -> set[str]:
    spans = memory.asked[-1].step.spans
    return {w for name in (*spans.merchants, spans.category) for w in parts.words_of(name)}


_DIGIT = re.compile(r"\d+")
_ONE_NUMBER = re.compile(r"(?:and |number |no\.? )*\d{2,6}[ ?.!]*")
_SAME_TIME = re.compile(
    r"\b(?:inside|within|in) (?:this|these|those|the same) dates\b|\b(?<!of )(?:(?:in|over|during|for|across) )?(?:(?:that|the same|same|this same) (?:time(?: frame)?|period|month|week|(?:tax )?year|quarter|stretch)"
    r"|(?P<several>(?:(?P<those>those|these)(?: same)?|both|(?:the )?same)(?: (?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d\d?))?|the (?:two|three|[23])) (?:periods|days|weeks|months|quarters|years))"
    r"\b(?! (?:last|before|ago|a year))"
)


def _dated(message: str, memory: Memory, today: periods.Today) -> str:
    """The message with days of its own: "in that time" and "same month" are those of the question before, and "the month before"
    comes before the one that it says itself."""
    before = memory.asked[-1].step.spans.periods if memory.asked else ()
    message = held.dated(parts.plain(message), today)
    if (
        memory.asked
        and _ONE_NUMBER.fullmatch(parts.plain(message))
        and any(m.isdigit() for m in memory.asked[-1].step.spans.merchants)
    ):
        # "484?" after the cheque before it.
        return f"'{int(_DIGIT.findall(message)[0]):0{parts.CHEQUE}}'"
    text = periods.leaning(parts.plain(message), today, next(iter(before), ""))
    if before and memory.asked[-1].step.tool in ABOUT_PAYMENTS and (leant := _leant_days(text, before[0], today)) is not None:
        return leant
    spoken_of = (not memory.lost and _days_in_turn(memory.asked)) or before
    if TWO.search(text):
        spoken_of = spoken_of[-2:]

    def said_again(match: re.Match[str]) -> str:
        # "Those" stays: who was named before is meant as well.
        days = spoken_of if match["several"] else before
        if _MONTHS_SAID.search(match[0]) and all(_is_a_day(words, today) for words in days):
            # "Those months" are not the one day that was asked about since.
            longer = (a.step.spans.periods for a in reversed(memory.asked))
            days = next((some for some in longer if some and not all(_is_a_day(w, today) for w in some)), days)
        return f"{match['those'] or ''} {' and '.join(days)}".strip()

    if len(spoken_of) > 1:
        # "In the first of them" is said of the days as they were asked about.
        text = _ONE_OF_DAYS.sub(
            lambda m: f"of those in {_LEAD_OF_PERIOD.sub('', spoken_of[0 if m['nth'] in _FORMER else -1])}", text
        )
    return _SAME_TIME.sub(said_again, text, count=1) if before else text


def _leant_days(text: str, before: str, today: periods.Today) -> str | None:
    """ "And last?" of this year is the year before, "since then" of days that are over is from the next one on."""
    period = periods.read(before, today)
    if period is None or period.since is None:
        return None
    if _AND_LAST.fullmatch(text):
        unit = next((u for u in ("year", "quarter", "month", "week") if periods.is_running(period, u, today)), "")
        return f"last {unit}" if unit else None
    if period.until < today.date and _SINCE_THEN.search(text):
        return _SINCE_THEN.sub(f"since {period.until + dt.timedelta(days=1)}", text)
    return None


_AND_LAST = re.compile(r"(?:(?:and|n|so|or|what about|how about|vs|against)\b,? )+last[ ?.!]*")
_SINCE_THEN = re.compile(r"\b(?:since then|from then on|after that)\b|(?<=^and )since(?=[ ?.!]*$)|^since(?=[ ?.!]*$)")


_MONTHS_SAID = re.compile(r"\b(?:weeks|months|quarters|years)\b")


def _is_a_day(words: str, today: periods.Today) -> bool:
    period = periods.read(words, today)
    return period is not None and period.since == period.until


def _days_in_turn(asked: Sequence[Asked]) -> tuple[str, ...]:
    """The days of the last questions that were alike but for them: "over those two months"."""
    days: list[str] = []
    for one in reversed(asked):
        if one.step.tool is not asked[-1].step.tool or one.step.spans.merchants != asked[-1].step.spans.merchants:
            break
        days[:0] = [p for p in one.step.spans.periods if p not in days]
    return tuple(days)


_FORMER = frozenset({"first", "former", "earlier"})
_ONE_OF_DAYS = re.compile(
    r"\b(?:in|for|during|of) the (?P<nth>first|former|earlier|second|latter|later)(?: (?:of (?:them|those|these|the two)|ones?|month|week|year|period))\b(?! (?:of|in)\b)"
)


def _placed(text: str, memory: Memory, known: Known) -> str:
    """The message with the account that was spoken of in the place of what points at it: "what have I moved in there", "what rate
    does it pay"."""
    text = held.with_shared(text, known)
    step = memory.heard if memory.lost else next((one.step for one in memory.asked[-1:]), None)
    if step is None or not step.spans.account:
        return text
    # "Rainy day one. How much did I move into it": what it points at is said first.
    opening, mark, _ = parts.plain(text).partition(". ")
    said = parts.find(opening, known).spans if mark else Spans()
    account = held.LEAD_OF_ACCOUNT.sub("", said.account if said == Spans(account=said.account) != Spans() else step.spans.account)
    if step.spans.change == held.BY_OTHER and held.ONLY_ME.fullmatch(parts.plain(text)):
        # After what the other holder paid in.
        return " ".join((f"how much have i paid into {account}", *step.spans.periods))
    if mine := _ON_MINE.fullmatch(parts.plain(text)):
        # After one that is shared.
        return f"{mine['lead'] or ''}from my own account"
    of_account = step.spans.merchants in ((), ("interest",)) and not step.spans.category
    if not of_account and not _WHATS_IN_IT.fullmatch(parts.plain(text)):
        # Nothing is moved into a shop.
        text = _THAT_ACCOUNT.sub(rf"\g<lead> {account}", text)
        return _MOVED_THERE.sub(lambda m: m[0] if m["verb"] in _PAID_THERE else f"{m['verb']} into {account}", text)
    text = held.placed(text, account, known)
    if "standing order" in text:
        # Of what is moved there by itself, no sum is asked.
        return text
    text = _PAID_IN_THERE.sub(rf"\g<verb> into {account}", _MOVED_THERE.sub(rf"\g<verb> into {account}", text))
    return _DOES_IT.sub(rf"\g<does> {account} \g<verb>", _IN_THERE.sub(rf"\g<lead> {account}", text))


_ON_MINE = re.compile(
    r"(?P<lead>(?:(?:and|ok|okay|so|right|now|what about|how about|just)\b,? ?)*)(?:(?:on|from|in|with|for) )?(?:mine|my own|my one)(?: alone| only| then)?[ ?.!]*"
)
_IT_OR_THERE = r"(?:it|there|that one|that account|the same one)\b(?! (?:is|are|was|were))"
_WHATS_IN_IT = re.compile(rf"(?:(?:and|so|ok)\b,? )*what(?:'s| is) in {_IT_OR_THERE}(?: (?:the |right |just )?now)?[ ?.!]*")
_MOVED_THERE = re.compile(
    r"\b(?P<verb>moved?|puts?|pa(?:y|id)|transfer(?:red)?|sent|send|saved?|add(?:ed)?)(?: money| across| over| away)*"
    rf"(?: (?:in|into|in to|onto|to|across to|over to) {_IT_OR_THERE}| there\b(?! (?:is|are|was|were)))"
)
# "I've paid in how much since April", "how much I put in every month".
_PAID_IN_THERE = re.compile(
    r"\b(?P<verb>(?:i|we)(?:'ve| have)? (?:moved?|put|pa(?:y|id)|saved?|add(?:ed)?)) in(?=\s*(?:$|[?.!,]|how much|every|each|since|this|last|so far|a month|in \d))"
)
_PAID_THERE = frozenset({"pay", "paid", "sent", "send"})
_IN_THERE = re.compile(rf"\b(?P<lead>in|into|from|out of|on|of) {_IT_OR_THERE}")
_THAT_ACCOUNT = re.compile(r"\b(?P<lead>in|into|from|out of|on|of) (?:that|this|the same) (?:account|pot|jar)\b")
_DOES_IT = re.compile(r"\b(?P<does>does|do|will|is|was) it (?P<verb>pay|pays|earn|earns|earning|paying|give|get|make)\b")


def _about_pay(before: Step, tool: Tool, said: Spans, text: str) -> bool:
    """ "What was October's against August's" after a question about pay is about pay, of which no tool says that."""
    named = said.merchants or said.category or _OWN.search(text)
    told = tool in TOLD_OF_BOTH and (tool is not Tool.TOP or before.spans.merchants) and before.tool is not Tool.SALARY
    pay = way_of(before) == CAME_IN and tool in _OUTWARD and not told
    return pay and not named and not _PAID_OUT.search(text)


def _put_right(found: Found, tool: Tool, text: str, known: Known, last: Asked | None) -> Found | None:
    """The parts as they narrow what is asked; None where they do in a way that one step cannot say."""
    if tool not in ABOUT_SAME | {Tool.INCOME, Tool.COMPARE}:
        return found
    if _misread(found, known):
        return None
    goes_on = last is not None and _refers_back(text, found.spans)
    named = found.spans.merchants or found.spans.category or tool is Tool.COMPARE or goes_on
    if tool is Tool.SUM and not (named or found.spans.account) and _SAVED.search(text):
        # What is saved is moved into savings; without such an account nobody knows what is meant.
        saves = any(a.kind is AccountKind.SAVINGS for a in known.accounts)
        return replace(found, spans=found.spans.model_copy(update={"account": "into savings"})) if saves else None
    moved = tool in ABOUT_SAME | {Tool.COMPARE} and (_PAID_IN.search(text) or _SAVED.search(text))
    unnamed = not (found.spans.merchants or found.spans.category)
    if moved and unnamed and found.spans.account and _saves(found.spans.account, known):
        into = f"into {held.LEAD_OF_ACCOUNT.sub('', found.spans.account)}"
        return replace(found, spans=found.spans.model_copy(update={"account": into}))
    came = PAID_TO_ME.search(found.masked) if tool in TOLD_OF_BOTH else None
    if found.spans.merchants and (came or (tool is Tool.LAST and (_DID_PAY.search(found.masked) or _HAD_LATELY.search(text)))):
        return replace(found, spans=found.spans.model_copy(update={"change": CAME_IN}))
    if tool is Tool.INCOME and len(found.spans.merchants) > 1 and _PAID_BACK.search(text):
        # "Did Sam pay me back for the pizza": Sam.
        return replace(found, spans=found.spans.model_copy(update={"merchants": found.spans.merchants[:1]}))
    charged = _FOR_BEING_OVERDRAWN.search(text) or _INTEREST_CHARGED.search(text)
    if tool is Tool.SUM and not (found.spans.merchants or found.spans.category) and charged:
        return replace(found, spans=found.spans.model_copy(update={"merchants": ("overdraft interest",)}))
    compares = tool is Tool.COMPARE and not (found.spans.merchants or found.spans.category)
    taken = _DRAWN if found.spans.account else _TAKEN_OUT
    if (compares or not named) and tool is not Tool.INCOME and taken.search(text):
        return replace(found, spans=found.spans.model_copy(update={"category": "cash"}))
    return found if named else _of_interest(found, tool, text)


def _misread(found: Found, known: Known) -> bool:
    """Whether parts belong together in a way that one step cannot say, and would be added up otherwise: then it is asked."""
    said = found.spans
    if found.each:
        # "Tesco in October and Aldi in September" is no sum over both in both, nor "eating out and Starbucks" Starbucks alone.
        return True
    into = _INTO.match(said.account) is not None and not said.merchants and not said.category
    return into and any(a.kind is not AccountKind.SAVINGS for a in parts.accounts_named(said.account, known.accounts))


_INTO = re.compile(r"(?:to|into)\b")
# What is done for the grandchildren is no account of theirs, nor is what is moved into one.
_FOR_SOMEBODY = re.compile(r"(?:to|into|with|for)\b")
# "What was taken out of my account" is all that was paid.
_TAKEN_OUT = re.compile(
    r"\b(?:drawn|drew) out\b(?! of)|\b(?:i|we)(?:'ve| have)? (?:take|took|taken|get|got|draw|drew|drawn) (?:(?:any|the|some|much) )?(?:money |cash )?out\b(?! of)|\bwithdr[ae]wn?\b|\b(?:i|we)(?:'ve| have)? dr(?:e|a)wn?\b(?! on)"
)
_DRAWN = re.compile(
    r"\b(?:drawn out|drew out|draw(?:ing)? out|cash (?:was|been|i|we) (?:taken|took|drew|got) out|withdr[ae]wn?)\b(?! of)"
)
_SAVED = re.compile(r"\b(?:saved?|put (?:away|aside|by))\b")


def _of_interest(found: Found, tool: Tool, text: str) -> Found:
    """Interest and charges are named by no payee and narrow a sum all the same."""
    if re.search(r"\binterest\b", text):
        return replace(found, spans=found.spans.model_copy(update={"merchants": ("interest",)}))
    if _BANK_CHARGES.search(text) and tool in (Tool.SUM, Tool.COUNT, Tool.FIND, Tool.LARGEST):
        return replace(found, spans=found.spans.model_copy(update={"category": "fees"}))
    return found


_BANK_CHARGES = re.compile(
    r"\b(?:charges|fees?)\b|\b(?:the bank|you(?: lot)?|yous) (?:(?:did|do|have) )?(?:[a-z]+ )?charged? (?:me|us)\b|\boverdrawn cost\b"
)
_OUTWARD = (ABOUT_SAME - {Tool.LAST, Tool.FIND}) | {Tool.COMPARE}
_PAID_OUT = re.compile(r"\b(?:spen[dt]|paid out|gone out|went out|bought|outgoings|cost)\b")
_THERE = re.compile(_THERE_IS)
_IS_THAT = re.compile(
    r"\b(?:is|was|are|were|for|be|be for|of) (?:that|those|them|it)\b|\b(?:that|it) (?:is|was|be|been)\b|\bthat\s*[?.!]*$"
)


def _same_again(last: Asked, tool: Tool, said: Spans, known: Known, text: str) -> Step:
    """Another question about the same payments."""
    before, only = last.step.spans, last.step.only
    told = last.step.tool in ONE_ROW and _THAT_PLACE.search(text) is not None
    if last.used and not before.merchants and (told or (not before.category and _PRONOUN.search(text))):
        # Nobody was named, but the answer told of somebody.
        before, only = before.model_copy(update={"merchants": last.used[:1], "category": "", "periods": ()}), last.used
    if last.step.tool is Tool.DUPLICATES and (tool is Tool.REFUNDS or _LAST_ONE.search(text)):
        # What was taken twice, and when, says nothing of what they ever gave back.
        before = before.model_copy(update={"amount": "", "periods": ()})
    if tool is Tool.SUBSCRIPTIONS and (said.merchants or said.category):
        # What another bill costs is of no days that were spoken of.
        before = before.model_copy(update={"periods": ()})
    if before.amount and said.periods and IN_TOTAL.search(text) and not said.amount:
        # "September in total", after how many were over a bound: all of that month.
        before = before.model_copy(update={"amount": ""})
    if last.step.tool is Tool.IDENTIFY and (said.periods or tool in (Tool.COUNT, Tool.SUM)):
        # How much that one payment was, and on which day, says nothing of the others.
        before = before.model_copy(update={"amount": "", "periods": ()})
    if tool is Tool.DISTINCT and len(before.merchants) == 1:
        # One payee is not several.
        before = before.model_copy(update={"merchants": ()})
    newest_back = tool is Tool.REFUND_STATUS and _LAST_ONE.search(text) is not None
    anew = tool is Tool.LAST or newest_back or (tool is Tool.FIRST and _reaches_today(before, known))
    if not said.periods and anew and not _OF_THEM.search(text):
        # "When was the last one?" after "has it gone out this month?", or after a month that is over: the newest there is.
        before = before.model_copy(update={"periods": (), "amount": "" if newest_back else before.amount})
    if not said.periods and _EVER_BEFORE.search(text) and (last.step.tool is Tool.IDENTIFY or _is_one_day(before, known)):
        # "Have they had money off me before, how many times in total": in all the time, not on the day of one payment.
        before = before.model_copy(update={"periods": ()})
    change = said.change or (before.change if tool is last.step.tool else "")
    spans = merged(before, said).model_copy(update={"number": said.number, "group": said.group, "change": change})
    return Step(tool=tool, spans=spans, only=only, excluding=last.step.excluding)


def _of_each(step: Step, asked: Sequence[Asked]) -> tuple[Step, ...]:
    """ "And last year?" after a message that asked the same of several: of each of them."""
    first = next(n for n in range(len(asked) - 1, -1, -1) if n == 0 or not asked[n].beside)
    some = [one.step for one in asked[first:]]
    if any(one.tool is not step.tool for one in some) or some[-1].spans.merchants != step.spans.merchants:
        return (step,)
    days = {"periods": step.spans.periods}
    each = (one.model_copy(update={"spans": one.spans.model_copy(update=days)}) for one in some)
    return tuple(dict.fromkeys(each))


def _the_same_way(step: Step, asked: Sequence[Asked], known: Known, text: str) -> Step:
    """A step that goes on with money that came in is of that; one that turns the other way is of all that moved between the two."""
    last = asked[-1]
    goes_on = _names(last) or BACKWARD.search(text) or not _OWN.search(text)
    turned = of_that_way(step, asked, text) if goes_on else step
    if turned.only and turned.only == last.step.only and way_of(turned) != way_of(last.step):
        # "For the dinners" chose of what was paid; what came back has other words beside the name.
        return turned.model_copy(update={"only": tuple(p.template for p in referring.everything_of(last, known))})
    return turned


def _is_one_day(spans: Spans, known: Known) -> bool:
    period = periods.read(spans.periods[0], known.today) if len(spans.periods) == 1 else None
    return period is not None and period.since == period.until


# "The first of those": in the days that were spoken of.
_OF_THEM = re.compile(r"\b(?:of|among) (?:them|those|these)\b|\b(?:those|these) (?:payments|ones)\b")
_THAT_PLACE = re.compile(
    r"\b(?:that|this|the same) (?:place|shop|store|restaurant|pub|cafe|one|company|lot|person)\b|\b(?:them|they|their)\b"
)
_EVER_BEFORE = re.compile(r"\b(?:before(?: (?:this|that|now))?|ever|in total|all in|in all|altogether|all told|so far)\b")
_I_LAST = re.compile(r"\b(?:i|we) (?:[a-z]+ ){0,2}last\b|\blast (?:there|time (?:i|we))\b")


def _reaches_today(spans: Spans, known: Known) -> bool:
    period = periods.read(spans.periods[0], known.today) if spans.periods else None
    return period is not None and period.until >= known.today.date


def _total_and_list(found: Found, label: str) -> tuple[Step, ...] | None:
    """ "The total, and list anything over £20": the bound is that of the list alone."""
    said = found.spans
    if label not in (Tool.SUM, Tool.FIND, Tool.COUNT) or found.unknown or not (said.merchants or said.category):
        return None
    total = Step(tool=Tool.SUM, spans=said.model_copy(update={"amount": ""}))
    return (total, Step(tool=Tool.FIND, spans=said)) if _TOTAL_AND_LIST.search(found.masked) else None


_TOTAL_AND_LIST = re.compile(
    r"\b(?:total|sum|how much|altogether)\b(?:(?!xamount).)*\b(?:and|then|plus) (?:also |then )?(?:list|show|name)\b[^.?!]*xamount"
)


def _in_and_out(found: Found, text: str, memory: Memory) -> tuple[Step, ...]:
    """What came in, and what went out, where the one is held against the other: no tool holds them together."""
    said = found.spans
    if (ways := _BOTH_WAYS.search(found.masked)) and not (found.unknown or found.bad_period or found.each):
        # "What I paid her against what she paid me".
        spoken_of = memory.asked[-1].step.spans.merchants if memory.asked and not memory.lost else ()
        said = said.model_copy(update={"merchants": said.merchants or spoken_of})
        # What it was for, no payment that comes in says.
        bare = said.model_copy(update={"category": ""})
        unread = (said.category,) if said.category else ()
        there, back = Step(tool=Tool.SUM, spans=bare, unread=unread), Step(tool=Tool.INCOME, spans=bare, unread=unread)
        in_order = (there, back) if ways["there"] else (back, there)
        return in_order if said.merchants else ()
    held = _SPENT_OR_EARNED.search(text)
    strange = any(not word.startswith("earn") for word in found.unknown)
    if held is None or strange or found.bad_period or said.merchants or said.category or len(said.periods) > 1:
        return ()
    last = memory.asked[-1].step.spans.periods if memory.asked else ()
    spans = Spans(periods=said.periods or last[:1] or ("this month",), account=said.account)
    both = Step(tool=Tool.SUM, spans=spans), Step(tool=Tool.INCOME, spans=spans)
    return both if held["out"] else both[::-1]


_USUAL = re.compile(rf"\b{USUAL}\b")
# What is counted or added up, and not what something is held against: "spent after refunds".
_REFUNDS = re.compile(
    r"\b(?:how many|number of|count(?: of)?|total(?: of)?|all|sum of|how much in|how much from)(?: my| the| different| separate)? refunds\b"
)
_EMPTY = word_list("around")


def _only_parts(found: Found, beside: bool = False) -> bool:
    """Whether a message is nothing but names and periods, with words around them that ask for nothing.

    beside: words for what is bought may stand there too, "the phone bill, EE".
    """
    left = [w for w in re.findall(r"[a-z']+", found.masked) if w not in parts.PLACEHOLDERS.values()]
    if beside and found.spans.merchants:
        left = [w for w in left if w not in BESIDE]
    named = found.spans.merchants or found.spans.category or found.spans.periods or found.spans.account
    said = named or found.spans.without or found.spans.amount
    return (
        bool(said)
        and not found.unknown
        and not (set(left) & {"both"})
        and (named or "other" not in left)
        and all(w in _EMPTY for w in left)
    )


def _names_all(found: Found) -> bool:
    return bool(found.spans.merchants or found.spans.category) and not found.spans.group


def _only_total(found: Found) -> bool:
    """Whether a message asks for nothing but the sum: "and in total?", "altogether this year"."""
    left = [w for w in re.findall(r"[a-z']+", found.masked) if w not in parts.PLACEHOLDERS.values()]
    return not found.unknown and all(w in _EMPTY or w in _TOTAL_WORDS for w in left)


_TOTAL_WORDS = word_list("totals")


def _fragment(said: Spans, memory: Memory, message: str) -> Step | None:
    """A fragment goes on with the question before it; one that names a payee or a kind of spending can start one."""
    last = memory.asked[-1].step.tool if memory.asked else None
    if last is not None and (last in GOES_ON or not (said.merchants or said.category)):
        return goes_on_with(memory.asked, said, parts.plain(message))
    if said.account and not (said.merchants or said.category or said.periods):
        return Step(tool=Tool.BALANCE, spans=said)
    return Step(tool=_by(said.group), spans=said) if said.merchants or said.category else None


_RISE = re.compile(
    r"\b(?:dearer|pricier|more expensive|(?:gone|went|go|goes|going|put|putting) (?:their |its |the )?(?:prices? )?up"
    r"|(?:price|cost)s? (?:rise|rises|rose|risen|increase|increased|increases|hike|hikes|changed?|changes|go(?:ne)? up|went up)"
    r"|(?:got|gotten|getting|become) (?:dearer|more expensive|pricier)|(?:cost|charg)(?:e|es|ed|ing|s)? (?:me |us )?more|increased?|changed (?:its |their )?price|new (?:price|amount|rate|rent|fee))\b"
    r"|\b(?:put|raised) (?:my |the |our |their |its |it )?(?:[a-z]+ )?up\b|\braised (?:my|the|our|their|its)\b|\bbefore\b.*\bnow\b|\bnow\b.*\bbefore\b"
    r"|\bfrom what to what\b|\bfrom and to\b|\b(?:old|new) (?:amount|price) and (?:the )?(?:old|new)\b|\bbefore ?(?:/|and) ?after\b|\bthis time\b.*\blast time\b|\b(?:got|gone|went) cheaper\b|\b(?:grew|grown|risen|rose)\b"
)


# "Would I go overdrawn": what would happen, and not whether it would do.
_FALL = re.compile(
    r"\b(?:go(?:ing)?|be|put me|leave me|send me|take me|make me|end up|tip me|push me) (?:into |in |to )?(?:my |the |an )?(?:over)?"
    r"(?:drawn|overdraft|the red|red|below zero|under zero|minus|short|skint|broke)\b"
)
# Over days, how far a balance went, and not what it was when they ended.
_FURTHEST = re.compile(
    r"\b(?:overdrawn|(?:in|into|use|used|touch|touched) (?:my |the |our |an )?overdraft|the red|(?:below|under) (?:zero|nought|nothing)"
    r"|(?:below|under) (?:£ ?)?\d[\d,]*|low|lowest|least|minimum|min|high|highest|most|peak|maximum|max)\b"
)
# What may still go out, the overdraft counted in.
_LEFT_TO_SPEND = re.compile(
    r"\b(?:left to spend|to spend|(?:i|we) (?:can |could )?(?:still |actually |really )?spend|can (?:i|we|a|ah) (?:still |actually |really )?(?:spend|use|go)|available|spendable|headroom"
    r"|(?:got|have|had) (?:left )?to use|(?:with|including|incl\.?|counting) (?:my |the |our )?overdraft|overdraft(?: is|'s)? (?:maxed|used up)|bounc(?:e|es|ed|ing)|(?:hit|reach) (?:my |the |our )?(?:overdraft )?limit)\b"
)
_EVER = re.compile(r"\b(?:when (?:was|did|were) (?:i|we|it|my|the|our)|last time|most recently|ever)\b")
_OFTEN = re.compile(r"\b(?:most|more) (?:often|frequently|regularly|times)\b|\bmost frequent(?:ed)?\b")
_HELD_AGAINST = re.compile(r"\b(?:than|less|lower|more|higher|compared|since|(?:down|up) on)\b")


def _without_now(said: tuple[str, ...]) -> tuple[str, ...]:
    """Periods without the moment that is spoken in, which every question like that is about."""
    return tuple(words for words in said if words not in parts.DAYLESS)


def _grouped(tool: Tool, spans: Spans, message: str, last: Asked | None) -> Spans:
    """What to group by, where the tool can use it and no "by …" was said."""
    if tool is Tool.TOP and last is not None and last.step.tool in (Tool.LARGEST, Tool.SMALLEST) and not spans.group:
        # "The top three, then": of what was asked before, single payments.
        return spans.model_copy(update={"group": "payments"})
    if tool is Tool.TOP and not spans.group and (month := _WHICH_MONTH.search(message)):
        return spans.model_copy(update={"group": month.group()})
    if tool is Tool.TOP and (often := _OFTEN.search(message)):
        return spans.model_copy(update={"change": often.group()})
    if tool is Tool.SUBSCRIPTIONS and (rise := _RISE.search(message)):
        return spans.model_copy(update={"change": rise.group(), "periods": _without_now(spans.periods)})
    if tool is Tool.UPCOMING and (of := held.due_of(message)):
        return spans.model_copy(update={"change": of, "without": ()})
    if tool is Tool.AFFORD and (fall := _FALL.search(message)):
        return spans.model_copy(update={"change": fall.group()})
    if tool is Tool.BALANCE and _LEFT_TO_SPEND.search(message) and all(p in _NOW for p in _without_now(spans.periods)):
        return spans.model_copy(update={"change": "to spend", "periods": ()})
    if tool is Tool.BALANCE and (furthest := _FURTHEST.search(message)):
        if any(p not in _NOW for p in spans.periods):
            return spans.model_copy(update={"change": furthest.group()})
        if _EVER.search(message):
            return spans.model_copy(update={"change": furthest.group(), "periods": ("in the last 12 months",)})
    if tool is Tool.EXPLAIN and (days := _without_now(spans.periods)) != spans.periods:
        spans = spans.model_copy(update={"periods": days})
    if tool is Tool.EXPLAIN and spans.periods and not _HELD_AGAINST.search(message):
        # "What made it go down last month": in its days, and not from then until now.
        return spans.model_copy(update={"periods": (f"in {_LEAD_OF_PERIOD.sub('', spans.periods[0])}", *spans.periods[1:])})
    if spans.group:
        return spans
    pattern = {Tool.TOP: _NOUN, Tool.DISTINCT: _NOUN, Tool.AVERAGE: _UNIT, Tool.BREAKDOWN: _UNIT}.get(tool)
    match = pattern.search(message) if pattern else None
    return spans.model_copy(update={"group": match.group()}) if match else spans
