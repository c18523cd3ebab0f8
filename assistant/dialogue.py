"""From a message and what was said before to a plan: tools by the router's head, follow-ups by what they change.

A plan is made only when the head is sure and every word is understood; anything else is handed over as unsure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant import background, held, referring, refunds, relations, strangers, whom
from assistant import spans as parts
from assistant.background import Told
from assistant.clauses import (
    at_hours,
    clauses_of,
    each_apart,
    is_told_apart,
    side_by_side,
    total_and_last,
    total_and_list,
    with_subject,
)
from assistant.comparison import AND_MORE, COMPARES, apart, held_against, two_sides
from assistant.days import days_told, is_one_day, with_days
from assistant.direction import in_and_out, the_same_way, way_of
from assistant.following import HOW_MUCH_IT, added_up, merged
from assistant.forms import asks_what_is_in_it, plain_step
from assistant.fragments import EMPTY, fragment_at_end, only_parts, put_to_it, with_figure
from assistant.hearing import About, by_word, talks, without_talk, words_of
from assistant.kept import EVER_BEFORE, is_of_all, of_each_asked, same_again
from assistant.labels import CERTAIN, OF_REFUNDS, TOOLS, label_of, labelled
from assistant.leftover import (
    FILLERS,
    MAY_NARROW,
    may_pass,
    not_told_of,
    not_understood,
    passes_over,
    unused,
    whose_payments,
    words_left,
)
from assistant.memory import Memory, names_somebody, off_track, spoke_of_somebody
from assistant.named_again import so_many, with_names, with_others
from assistant.objections import objection
from assistant.pensions import with_pension
from assistant.plan import (
    ABOUT_PAYMENTS,
    ABOUT_SAME,
    FREE,
    LISTS,
    ONE_ROW,
    POSITIONS,
    READ_WHOLE,
    TOTALLED,
    WENT_OUT,
    Asked,
    Plan,
    Spans,
    Step,
    Tool,
    names_any,
    names_in,
    only_days,
)
from assistant.pointing import BACKWARD, SOMEBODY, WHOLE, about_heard, is_of_nobody, leans_back, of_all_spending, words_before
from assistant.prices import PRICE_BEFORE
from assistant.ranking import of_place
from assistant.router import ABOUT_NOTHING, LEANING, Embed, Head, spoken
from assistant.shares import at_place_spoken_of, is_part_of_last, whole_of_share
from assistant.shortened import as_known, written_out
from assistant.spans import Found, Known
from assistant.steps import OF_IT, agreed_on, readings_of, step_of
from assistant.topics import asks_nothing, of_pages, with_last
from retrieval.reader import Reader, Reading

# Measured on 4,200 household turns: against 0.6 one turn in forty more is answered, eight of nine of them right
# (`counterfoil eval threshold` shows the others).
SURE = 0.5
# What adds up or lists payments of any day whatever: below this two of three state what was not asked, "Sky" for "Sky this month".
UNDATED = 0.6
# A clause of a message says less by itself.
CLAUSE = 0.6
# Who leaves refunds out adds up what was paid: where a sum is the likeliest, it needs no more.
LESS_REFUNDS = 0.35
# How much the reader counts against the head, after a question too, which the head knows nothing of (0.7 there was no better).
READER_COUNTS = 0.5
# A person in need is heard even where the head is less sure than that.
CARE = 0.34
# What leans on the question before needs less: there are fewer things that it can be.
FOLLOWING = 0.45
# A model's tool must be among so many labels that the head finds most probable: two that read alike are rarely both wrong.
LIKELY = 4
# From here on the reader is sure that something is taken over: where the rules had left it out, they were mostly wrong.
SURELY_KEPT = 0.85
# From here on a clause is talk though its form does not say so: "fair enough", "totally different thing".
SURELY_TALK = 0.95
CLAUSES = 16


@dataclass(frozen=True)
class Unsure:
    """No plan: the best guess, how sure it was, the parts that were heard, and the labels that are not out of the question.

    unread: why the language model did not read the message, "busy" or "model" (it is not there now); "" where nothing is to say.
    readings: what it may have meant, the likeliest first, for the customer to choose from. keeps: whether nothing new is spoken of,
    so that what was spoken of before it still is. of_all: what it would ask if all that was spent is meant, which nothing in it says.
    """

    found: Found
    label: str
    sure: float
    likely: frozenset[str] = frozenset()
    unread: str = ""
    readings: tuple[Step, ...] = ()
    keeps: bool = False
    of_all: Plan | None = None


class Understanding:
    """The router at work: one head, one embedder, one reader, no state of its own. sure: from where on its plan is believed."""

    def __init__(self, head: Head, embed: Embed, reader: Reader, sure: float = SURE) -> None:
        self.head, self.embed, self.reader, self.sure = head, embed, reader, sure
        # A clause is looked at more than once in a turn.
        self._by_head = lru_cache(CLAUSES)(self._of_head)

    def plan(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """Read a message. Blocking (about 10 ms): run it in a worker thread."""
        read = self._refunds_apart(message, known, memory)
        if isinstance(read, Plan) and len(read.steps) == 1 and (number := so_many(parts.plain(message), read.steps[0])):
            # "All three of them": fewer are not what was asked.
            whole = with_others(read.steps[0], number, memory)
            return read.model_copy(update={"steps": (whole,)}) if whole else Unsure(parts.find(message, known), "", 0.0)
        return read

    def _refunds_apart(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """A message of which refunds are left out, or taken off, is read without the words that say so."""
        text = parts.plain(message)
        left_out = refunds.less(text)
        if (rest := left_out or refunds.net(text)) is not None:
            if (read := self._less_refunds(rest, known, memory, net=left_out is None)) is not None:
                return read
            read = self._plan(message, known, memory)
            of_them = isinstance(read, Plan) and any(step.tool in OF_REFUNDS for step in read.steps)
            return Unsure(parts.find(rest, known), "", 0.0) if of_them else read
        return self._plan(message, known, memory)

    def _less_refunds(self, rest: str, known: Known, memory: Memory, *, net: bool) -> Plan | Unsure | None:
        """What is asked without the words that leave refunds out; None where its answer would have refunds in it all the same.

        net: whether they are to be taken off. A sum says which are not.
        """
        last = memory.asked[-1].step if memory.asked and not off_track(memory) else None
        if set(rest.rstrip(" ?.!").split()) <= EMPTY:
            # "And without refunds?": the sum before was.
            return Plan(steps=(last,), path="routed") if last is not None and last.tool in _WITHOUT_REFUNDS else None
        if last is not None and last.tool in OF_REFUNDS:
            # Whoever gave back is paid, too; no more of what came back is asked.
            paid = memory.asked[-1].model_copy(update={"step": last.model_copy(update={"tool": Tool.SUM})})
            memory = memory.model_copy(update={"asked": (*memory.asked[:-1], paid)})
        read = self._plan(rest, known, memory)
        if isinstance(read, Unsure) and read.of_all is not None and not names_any(read.found.spans):
            # Of what refunds are left out is what was spent.
            read = read.of_all
        if not isinstance(read, Plan):
            added_up = (
                read.sure >= LESS_REFUNDS and read.readings and read.readings[0].tool is Tool.SUM and not read.found.unknown
            )
            return Plan(steps=read.readings[:1], path="routed", sure=read.sure) if added_up else read
        if net and (len(read.steps) > 1 or read.steps[0].tool is not Tool.SUM or len(read.steps[0].spans.periods) > 1):
            return None
        if any(step.tool is not Tool.FIND and step.tool not in _WITHOUT_REFUNDS for step in read.steps):
            return None
        return read.model_copy(update={"steps": tuple(_paid_only(step) for step in read.steps)})

    def _plan(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        last = memory.asked[-1] if memory.asked and not off_track(memory) else None
        their_balance = last is not None and last.step.tool is Tool.BALANCE and _is_anothers(last.step, known)
        if held.unseen(parts.plain(message), known, after_theirs=their_balance):
            return Plan(steps=(Step(tool=Tool.REFUSE),), path="routed")
        if strangers.are_dead(parts.plain(message)):
            return Plan(steps=(Step(tool=Tool.HANDOVER),), path="routed")
        if strangers.are_compared_with(parts.plain(message)):
            return Plan(steps=(Step(tool=Tool.CANNOT),), path="routed")
        known = replace(known, written=message)
        if last is None and memory.asked and memory.lost and _is_anothers((memory.heard or memory.asked[-1].step), known):
            return self._still_theirs(message, known, memory)
        if last is None or not _is_anothers(last.step, known):
            message = relations.of_holder(message, known, spoken_of=False, nobody=last is None or not names_somebody(last))
            return self._with_reference(message, known, memory, last)
        if _MINE.search(_ASKED_OF_US.sub("", parts.plain(message))):
            # "And what did I pay them?" is of one's own accounts again.
            own = last.model_copy(update={"step": _of_account(last.step, "")})
            return self._with_reference(message, known, memory.model_copy(update={"asked": (*memory.asked[:-1], own)}), own)
        asked = relations.of_holder(message, known, spoken_of=True, nobody=False)
        if (
            last.step.tool in POSITIONS
            and _ANOTHER_ONE.fullmatch(parts.plain(asked))
            and not parts.find(asked, known).spans.account
        ):
            # "And in the holiday one?": an account of theirs that may not be seen is no payee.
            return Plan(steps=(Step(tool=Tool.REFUSE),), path="routed")
        read = self._with_reference(asked, known, memory, last)
        return _of_theirs(read, last.step.spans.account)

    def _still_theirs(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """A message after one that was not understood, where somebody else's accounts were spoken of before that."""
        account = (memory.heard or memory.asked[-1].step).spans.account
        own = _MINE.search(_ASKED_OF_US.sub("", parts.plain(message))) is not None
        read = self._with_reference(relations.of_holder(message, known, spoken_of=not own, nobody=False), known, memory, None)
        return read if own else _of_theirs(read, account)

    def _with_reference(self, message: str, known: Known, memory: Memory, last: Asked | None) -> Plan | Unsure:
        """A message in which words may say which of somebody's payments are meant."""
        if (meant := referring.meant(parts.plain(message), known, memory.asked if last is not None else ())) is None:
            return self._whole(message, known, memory)
        if not meant.excluding and last is not None and set(meant.message.rstrip(" ?.!").split()) <= EMPTY:
            return meant.of(Plan(steps=(last.step,), path="routed"))
        read = self._whole(meant.message, known, memory)
        if meant.excluding and (not isinstance(read, Plan) or any(step.tool not in ABOUT_PAYMENTS for step in read.steps)):
            # "The other pension": no list leaves one out.
            return self._whole(message, known, memory)
        return meant.of(read) if isinstance(read, Plan) else read

    def _whole(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        if back := _BACK_TO.match(parts.plain(message)):
            message, memory = _gone_back(message, back["rest"], known, memory)
        if (other := with_figure(message, memory)) is not None:
            return other
        message = _SAME_ONES.sub("the same", _ALL_COUNTED.sub("", message)) if memory.asked else message
        message = _SAME_SHOP.sub(r"\g<lead>there", message) if spoke_of_somebody(memory) and not memory.lost else message
        message, memory = _in_full(message, known, memory)
        if _ONES_SEEN.search(parts.plain(message)):
            message = _ONES_SEEN.sub("", parts.plain(message))
            if only_parts(found := parts.find(message, known)) and found.spans == Spans(account=found.spans.account):
                # "And her savings, those that I may see": what is in them.
                return Plan(steps=(Step(tool=Tool.BALANCE, spans=found.spans),), path="routed")
        message = held.less_own(_LESS_MOVES.sub("", message))
        if _I_MOVED.search(parts.plain(message)):
            message = _LESS_INTEREST.sub("", parts.plain(message))
        if (whole := _WHOLE_THING.search(parts.plain(message))) and is_part_of_last(memory):
            # "More than in May? The whole lot": of what a part was told of since.
            message, memory = parts.plain(message)[: whole.start()], memory.model_copy(update={"asked": memory.asked[:-1]})
        message = f"how many {message}" if memory.asked and _TIMES_IT_WAS.match(message) else message
        if (two := self._of_one_account(message, known, memory) or self._of_either_account(message, known, memory)) is not None:
            return two
        if (compared := self._two_compared(message, known, memory)) is not None:
            return compared
        if (better := _BETTER_SAID.search(message)) and (put := self._put_better(message, better, known, memory)) is not None:
            return put
        if (denied := _DENIED.match(parts.plain(message))) and not names_any(parts.find(denied[0], known).spans):
            # "I don't mean refunds, what …": that is not asked. Somebody who is not meant is left out by what follows.
            message = parts.plain(message)[denied.end() :]
        if (more := put_to_it(message, known, memory)) is not None:
            return more
        if memory.asked and (fragment := fragment_at_end(parts.plain(message), known)):
            return self._read(fragment, known, memory)
        text = parts.plain(message)
        words = words_of(text, self._read_after(text, memory))
        heard, talk = by_word(text, words), talks(text, words)
        known = replace(known, chooses=heard.chooses, talk=heard.talk, named=heard.names, found={})

        def is_talk(clause: str) -> bool:
            """Whether a clause is talk; never where a word of it may choose what is asked, "the bread place. How often …"."""
            chosen = any(known.narrows(m.group()) >= MAY_NARROW for m in parts.WORD.finditer(clause))
            return not chosen and talk(clause) >= SURELY_TALK

        asked = parts.find(message, known)
        told = background.apart(text, lambda clause: parts.find(clause, known).masked, is_talk)
        # Days that are told of first are not those of the question: "Miller's come again in May. When did I last pay them".
        tale = told is not None and bool(parts.find(told.before, known).spans.periods)
        savings = held.is_savings(asked.spans.account, known)
        if not (tale or savings) and (both := total_and_last(asked) or _both_of_told(told, known)) is not None:
            return Plan(steps=both, path="routed")
        if asked.whom and not tale and _SENTENCES.search(text) is None:
            # Where all words of a sentence are of one question about somebody, nothing is told beside it.
            told = None
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
            if _SPEAKS_OF.match(told.before) and all(s.tool in ABOUT_PAYMENTS and s.spans == _of_days(s) for s in read.steps):
                # "Regarding the hut: when did I last pay" is not of all payments.
                return Unsure(heard_all, read.steps[0].tool.value, 0.0)
            if whose := tuple(w for step in read.steps for w in whose_payments(heard_all, step, known)):
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
        if first.steps[0].tool not in _OF_ACCOUNT:
            return None
        second = self._whole(
            held.into_that(two, first.steps[0].spans.account, known),
            known,
            memory.model_copy(update={"asked": (*memory.asked, Asked(step=first.steps[0])), "lost": False}),
        )
        if not isinstance(second, Plan) or second.steps == first.steps:
            return None
        if not all(step.tool in _OF_ACCOUNT and step.spans.account for step in second.steps):
            return None
        return first.model_copy(update={"steps": (*first.steps, *second.steps)})

    def _of_either_account(self, message: str, known: Known, memory: Memory) -> Plan | None:
        """ "Acme this year, my account and the joint one separately": what is asked, of each of the two."""
        text = parts.plain(message)
        if (rest := held.less_both(text, known)) is None:
            return None
        read = self._whole(rest, known, memory)
        if (
            not isinstance(read, Plan)
            or len(read.steps) != 1
            or read.steps[0].tool not in _OF_EITHER
            or read.steps[0].spans.account
        ):
            return None
        each = (_of_account(read.steps[0], account) for account in ("my own account", "the joint account"))
        return read.model_copy(update={"steps": tuple(each)})

    def _two_compared(self, message: str, known: Known, memory: Memory) -> Plan | Unsure | None:
        """ "Was May dearer than April? And the margin?", "April then May, which was more": one comparison, whatever its clauses ask."""
        text = apart(parts.plain(message))
        if COMPARES.search(text) is None:
            return None
        words = words_of(text, self._read_after(text, memory))
        heard = by_word(text, words)
        known = replace(known, chooses=heard.chooses, talk=heard.talk, named=heard.names, found={})
        found = parts.find(text, known)
        # "And the margin?", "whether it rose" name nobody, unless somebody is called so.
        names = tuple(m for m in found.spans.merchants if not COMPARES.fullmatch(m.removeprefix("the ")) or m in known.tokens)
        said = found.spans.model_copy(update={"merchants": names})
        spans = two_sides(said, text, known.today) if not found.each else None
        # What was asked before may say in which days, or of whom.
        if spans is None or (memory.asked and not (spans.periods and (names_any(spans) or not spoke_of_somebody(memory)))):
            return None
        label, sure = label_of(self._probabilities(found, text, memory), bool(memory.asked))
        step = Step(tool=Tool.COMPARE, spans=spans)
        missing = tuple(
            w for w in words_left(Tool.COMPARE, CERTAIN, self.sure, step, set(), found, known) if not COMPARES.match(w)
        )
        if (
            (label not in _MAY_COMPARE and sure >= self.sure)
            or not_told_of(found, step)
            or (missing and not may_pass(missing, step, found, known, CERTAIN))
        ):
            return None
        step = step.model_copy(update={"unread": missing})
        return Plan(steps=each_apart(step, text) if len(names_in(spans)) > 1 else (step,), path="routed")

    def _put_better(self, message: str, better: re.Match[str], known: Known, memory: Memory) -> Plan | None:
        """ "At BP in September, no wait, I mean Shell": what was asked, with what takes the place of a part of it."""
        found = parts.find(message[better.end() :], known)
        first = self._whole(message[: better.start()], known, memory) if only_parts(found) else None
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
        label, _ = label_of(self._probabilities(asks, told.asks, memory), bool(memory.asked))
        said = asks.spans
        days = (
            () if label in _AS_OF_NOW and not _AT_THAT_TIME.search(told.asks) else days_told(aside.spans, told.asks, known.today)
        )
        # "I must declare it above £1,000. What did she pay me": which payments are added up, no figure in a tale says.
        points = label == Tool.PENDING and BACKWARD.search(told.asks) is not None
        amount = "" if label in _ADDED or points else aside.spans.amount
        heard = aside.spans.model_copy(update={"periods": days, "amount": amount})
        whole = self._read(message, known, memory)
        dated = any(p not in parts.DAYLESS for p in said.periods)
        in_them = label not in ONE_ROW or _IN_THERE.search(told.asks) is not None
        takes_days = not dated and len(heard.periods) == 1 and label in ABOUT_SAME | {Tool.INCOME} and in_them
        # "I try to be fair to the grandchildren": what is done to an account pays nobody from it.
        lacks = (heard.account and not said.account and not _FOR_SOMEBODY.match(heard.account)) or (
            heard.amount and not said.amount
        )
        # Who is in need is heard in all that they say.
        in_need = isinstance(whole, Plan) and any(step.tool is Tool.HANDOVER for step in whole.steps)
        # "The last time she paid me was when, and how much?": what is told asks as well.
        only_much = (
            (HOW_MUCH_IT.fullmatch(_IN_ALL_TOLD.sub("", _TAG_FIRST.sub("", told.asks))) or _WHEN_NEWEST.fullmatch(told.asks))
            is not None
            and bool(told.before)
            and isinstance(whole, Plan)
        )
        if label in FREE | READ_WHOLE or in_need or lacks or only_much or (heard.periods and not (dated or takes_days)):
            # What is told may be a part of what is asked.
            return whole
        read = self._asked_beside(told, asks, replace(aside, spans=heard), label, takes_days, whole, known, memory)
        plans = tuple(one for one in read if isinstance(one, Plan))
        if len(plans) > 1 and plans[0].steps != plans[1].steps:
            return Unsure(asks, label, 0.0, readings=tuple(dict.fromkeys(plan.steps[0] for plan in plans)))
        narrowed = aside.spans.amount and not said.amount and not amount
        if plans or (isinstance(whole, Plan) and not narrowed):
            return plans[0] if plans else whole
        return self._alone(told.asks, aside, known, memory) or read[0]

    def _alone(self, text: str, aside: Found, known: Known, memory: Memory) -> Plan | None:
        """What asks, heard without what is told beside it, where that brings in nothing: "the roof leaks again. What did the roofer
        have off me"."""
        if (
            aside.spans != Spans()
            or memory.asked
            or BACKWARD.search(text)
            or any(known.narrows(w) >= MAY_NARROW for w in aside.unknown)
        ):
            return None
        heard = by_word(text, words_of(text, self._read_after(text, memory)))
        known = replace(known, chooses=heard.chooses, talk=heard.talk, named=heard.names, found={})
        read = self._read(text, known, memory)
        return read if isinstance(read, Plan) and not any(_of_everything(step) for step in read.steps) else None

    def _asked_beside(self, told: Told, asks: Found, aside: Found, label: str, takes_days: bool, whole: Plan | Unsure,
                      known: Known, memory: Memory) -> tuple[Plan | Unsure, ...]:  # fmt: skip
        """What asks, with what of the rest belongs to it; two readings where nobody knows which.

        takes_days: whether it has none and the rest has. whole: all read as one.
        """
        points = BACKWARD.search(_TAG_FIRST.sub("", told.asks)) is not None or _THEIR_SUM.search(told.asks) is not None
        points = points and not (takes_days and label in ONE_ROW)
        named = bool(asks.spans.merchants or asks.spans.category)
        if points and not named:
            return (self._pointing(told, aside, whole, known, memory),)
        of_pay = isinstance(whole, Plan) and any(step.tool is Tool.SALARY for step in whole.steps)
        list_asked = isinstance(whole, Plan) and whole.sure >= CERTAIN and any(step.tool in LISTS for step in whole.steps)
        if label in LEANING and not named and (aside.spans.merchants or aside.spans.category or of_pay or list_asked):
            # "Please look": at what was told, not at what was asked before; so "my standing orders, the amounts".
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
        if not told.before and spoke_of_somebody(memory) and not off_track(memory):
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
            step.unread or step.tool in FREE or only_told & set(step.spans.periods) or (figure and step.spans.amount == figure)
            for step in whole.steps
        ):
            return whole
        if not (spans.merchants or spans.category):
            # Who is told of is meant where the question points at them, though the words are talk by themselves.
            loud = parts.find(told.aside, replace(known, talk={}, found=None)).spans
            spans = spans.model_copy(update={"merchants": loud.merchants, "category": loud.category})
        if not (spans.merchants or spans.category):
            # "Nearly £40 is a lot. What was the most I paid there": no figure of a tale says which payments, nor does a word that
            # is a sentence, "Fuming.".
            words = parts.WORD.findall(told.aside)
            mere = figure or (len(words) == 1 and not known.likely_names(words[0]))
            return self._read(told.asks, known, memory) if mere and spoke_of_somebody(memory) else whole
        # What is told to have come back is not what was paid.
        way = way_of(whole.steps[0]) if isinstance(whole, Plan) else ""
        spoken_of = Asked(step=Step(tool=Tool.FIND, spans=spans.model_copy(update={"amount": "", "change": way})))
        read = self._read(told.asks, known, memory.model_copy(update={"asked": (*memory.asked, spoken_of), "lost": False}))
        # What points at it and is then about nobody was not read as it was meant.
        of_nobody = isinstance(read, Plan) and all(
            step.tool in WHOLE and not (step.spans.merchants or step.spans.category) for step in read.steps
        )
        if of_nobody and figure and isinstance(read, Plan) and read.steps[0].tool is Tool.PENDING:
            # "I put in £20 at BP and far more is held. What is pending there": from them, whatever was told of it.
            of_them = spans.model_copy(update={"periods": (), "amount": ""})
            return read.model_copy(update={"steps": (Step(tool=Tool.PENDING, spans=of_them),)})
        return whole if of_nobody and isinstance(whole, Plan) else read

    def _read(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """A message of which every word asks. A plan about all that was spent is none where the message names somebody, or nothing
        says that it is about spending."""
        plan = self._going_on(self._meant(message, known, memory), message, known, memory)
        if not isinstance(plan, Plan):
            return plan
        found, last = parts.find(message, known), memory.asked[-1] if memory.asked and not off_track(memory) else None
        # Whose account it is, goes on from the question before; that does not say that all that went through it is meant.
        taken_over = not found.spans.account and spoke_of_somebody(memory)
        of_all = [s for s in plan.steps if _of_everything(_of_account(s, "") if taken_over else s)]
        if not of_all:
            return plan
        if last is not None and whole_of_share(last.step, plan.steps[0].tool, found.spans, parts.plain(message)) is not None:
            return plan
        if memory.open is not None or not (names_any(found.spans) or _says_nothing_of_what(of_all, found, memory)):
            return plan
        step = plan.steps[0]
        if (
            last is not None
            and len(plan.steps) == 1
            and step.tool in ABOUT_PAYMENTS
            and not names_any(found.spans)
            and spoke_of_somebody(memory)
        ):
            # "How many times was I in": with whom was spoken of, as nothing says that all is meant.
            kept = same_again(last, step.tool, step.spans, known, parts.plain(message))
            if not _of_everything(kept):
                return plan.model_copy(update={"steps": (kept,)})
        return Unsure(found, step.tool.value, plan.sure, of_all=plan)

    def _going_on(self, plan: Plan | Unsure, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        """What a message surely takes over from the question before is in its plan too, where nothing said takes its place: the
        rules that read follow-ups see fewer of them than the reader does."""
        last = memory.asked[-1] if memory.asked and not off_track(memory) else None
        if last is None or not isinstance(plan, Plan) or len(plan.steps) != 1:
            return plan
        plan = plan.model_copy(update={"steps": (the_same_way(plan.steps[0], memory.asked, known, parts.plain(message)),)})
        if last.beside and only_days(parts.find(message, known).spans):
            return plan.model_copy(update={"steps": of_each_asked(plan.steps[0], memory.asked)})
        if plan.steps[0].tool not in _TAKES_OVER:
            return plan
        if _IN_ALL.search(parts.plain(message)) and plan.steps[0] == added_up(last, parts.find(message, known).spans):
            # "Everything from them": in all the time, which the days of the question before are not.
            return plan
        if any(plan.steps[0] == one.step for one in memory.asked) or is_of_all(plan.steps[0].tool, parts.plain(message)):
            # "And Netflix?", which was asked about before something else, is that question again.
            return plan
        step, before, said = plan.steps[0], last.step.spans, parts.find(message, known).spans
        if last.step.tool is Tool.COMPARE and step.tool is Tool.SUM and len(before.periods) == 1 and not step.spans.periods:
            # The one time that was said is what this one was held against: of somebody else they are held against each other, too.
            if names_any(step.spans) and len(names_in(before)) == 1:
                step = step.model_copy(update={"spans": step.spans.model_copy(update={"periods": before.periods})})
                step = step.model_copy(update={"tool": Tool.COMPARE})
            return plan.model_copy(update={"steps": (step,)})
        keeps = self._read_after(text := parts.plain(message), memory).keeps
        in_all = said.periods or step.spans.periods or (EVER_BEFORE.search(text) is not None and is_one_day(before, known))
        if keeps["when"] >= SURELY_KEPT and len(before.periods) == 1 and not (in_all or _anew(step, last, said, text)):
            step = step.model_copy(update={"spans": step.spans.model_copy(update={"periods": before.periods})})
        named = names_any(said) or names_any(step.spans) or step.only or {*names_in(before)} & {*step.spans.without}
        of_whole = last.step.tool is Tool.SHARE and step.tool is Tool.SUM
        if keeps["who"] >= SURELY_KEPT and (before.merchants or before.category) and not (named or of_whole):
            who = step.spans.model_copy(update={"merchants": before.merchants, "category": before.category})
            step = step.model_copy(update={"spans": who, "only": last.step.only, "excluding": last.step.excluding})
        accounted = step.spans.account or step.spans.change or said.merchants or said.category
        if keeps["account"] >= SURELY_KEPT and before.account and not accounted:
            of = held.LEAD_OF_ACCOUNT.sub("", before.account)
            step = step.model_copy(update={"spans": step.spans.model_copy(update={"account": of})})
        # "Now by the number of visits", of two that were held against each other.
        return plan.model_copy(update={"steps": each_apart(step, text) if step.tool is Tool.COUNT else (step,)})

    def _meant(self, message: str, known: Known, memory: Memory) -> Plan | Unsure:
        if (both := self._and_against(message, known, memory)) is not None:
            return both
        whole = parts.find(message, known)
        if _AT_A_LOSS.fullmatch(parts.plain(message)):
            return Unsure(whole, "", 0.0)
        probabilities, label, sure = labelled(
            self._probabilities(whole, parts.plain(message), memory), whole, parts.plain(message), known, memory, self.sure
        )
        lost, memory = memory.lost, about_heard(memory, label, whole.spans, parts.plain(message))
        label, sure = of_pages(label, sure, whole, memory, parts.plain(message), self.sure)
        # "What is it now and what was it" is of two prices, and not of today.
        prices = label == Tool.SUBSCRIPTIONS and PRICE_BEFORE.search(whole.masked)
        if not prices and (direct := plain_step(whole, label, sure >= self.sure, message, known, memory)) is not None:
            return Plan(steps=each_apart(direct, parts.plain(message)), path="routed")
        clauses = clauses_of(parts.plain(message))
        # "With that held, and my overdraft, what have I got": one figure, whatever it is made of.
        made_of = label == Tool.BALANCE and held.TILL_REFUSED.search(parts.plain(message)) is not None
        several = self._several(clauses, known, memory) if len(clauses) > 1 and label not in FREE and not made_of else []
        # "List my subscriptions and what each costs me" is one list.
        one_list = label in LISTS and sure >= CERTAIN and {one.tool for one in several} <= {label, Tool.FIND}
        if several and not one_list:
            apart = each_apart(several[0], parts.plain(message)) if len(several) == 1 else tuple(several)
            return Plan(steps=apart, path="routed", sure=sure)
        each = (
            total_and_list(whole, label)
            or held.of_each(whole, parts.plain(message), memory.asked, known, lost=memory.lost)
            or self._each(whole, label, sure, message, known)
            or in_and_out(whole, parts.plain(message), memory)
        )
        if each:
            return Plan(steps=each, path="routed", sure=sure)
        left_over = whole.spans.without or ((memory.asked or memory.lost) and asks_nothing(parts.plain(message), None))
        if label == Tool.HELP and left_over:
            # "What for?" is about what was said before.
            return Unsure(whole, label, sure)
        step = step_of(label, whole, memory, message, known)
        if (
            step is not None
            and step.tool is Tool.ARTICLE
            and (sure < CERTAIN or self._read_after(parts.plain(message), memory).keeps["who"] >= SURELY_KEPT)
            and (joined := with_last(message, memory)) is not None
        ):
            # What may go on with a question to the pages is asked together with it.
            step = step.model_copy(update={"spans": step.spans.model_copy(update={"topic": joined})})
        leans = step is not None and bool(memory.asked) and not lost and leans_back(label, step, whole, parts.plain(message))
        needed = self._needed(label, step, leans, whole, message, memory)
        unsure = step is None or sure < needed
        if unsure and not lost and (agreed := agreed_on(probabilities, whole, memory, message, known)) and agreed[1] >= self.sure:
            (step, sure), leans, needed = agreed, True, self.sure
        missing = words_left(label, sure, self.sure, step, words_before(memory) if leans else set(), whole, known)
        if step is not None and is_of_nobody(step, parts.plain(message), memory):
            step = None
        if step is not None and missing and may_pass(missing, step, whole, known, sure):
            step, missing = step.model_copy(update={"unread": missing}), ()
        if step is not None and whole.hours and step.tool in ABOUT_PAYMENTS:
            step, missing = (at_hours(step, whole), missing) if is_told_apart(step, known) else (step, (*missing, *whole.hours))
        if step is not None and step.tool not in FREE | READ_WHOLE and (barred := not_told_of(whole, step)):
            missing = tuple(dict.fromkeys((*missing, *barred)))
        if step is None or sure < needed or missing:
            heard = replace(whole, unknown=missing or whole.unknown)
            likely = {k: probabilities[k] for k in sorted(probabilities, key=probabilities.__getitem__, reverse=True)[:LIKELY]}
            readings = readings_of(likely, heard, memory, message, known)
            return Unsure(heard, label, sure, frozenset(likely), readings=readings)
        return Plan(steps=each_apart(step, parts.plain(message)), path="routed", sure=sure)

    def _needed(self, label: str, step: Step | None, leans: bool, whole: Found, message: str, memory: Memory) -> float:
        """How probable a label has to be for its step to be performed."""
        said = whole.spans
        theirs = bool(said.merchants or said.periods or said.category or said.bought)
        # What names somebody that the customer pays, or who was spoken of, is rarely about another's account.
        of_whom = theirs or (spoke_of_somebody(memory) and SOMEBODY.search(parts.plain(message)) is not None)
        if leans or (step is not None and step.tool is Tool.REFUSE and not of_whom):
            return FOLLOWING
        # The pages have a floor of their own: what they do not say is said to be unknown. One word is no question: "gluon".
        if label == Tool.HANDOVER or (label == Tool.ARTICLE and not theirs and len(message.split()) > 1):
            return CARE
        undated = step is not None and step.tool in _OF_ANY_DAY and not step.spans.periods
        return max(self.sure, UNDATED) if undated else self.sure

    def _and_against(self, message: str, known: Known, memory: Memory) -> Plan | Unsure | None:
        """ "…, and is that more than eating out?": what is asked, then that against something else."""
        text = parts.plain(message)
        joint = AND_MORE.search(text)
        if joint is None or set(parts.WORD.findall(text[: joint.start()])) <= EMPTY | FILLERS:
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

    def trusts(self, planned: Plan, routed: Unsure, known: Known, message: str, memory: Memory) -> bool:
        """Whether a model's plan may be performed: the head does not rule its tools out, it passes over no word that could
        narrow a sum, it points at somebody, and nothing else speaks against it."""
        last = memory.asked[-1].step if memory.asked else None
        text = parts.plain(message)
        heard = by_word(text, words_of(text, self._read_after(text, memory)))
        known = replace(known, chooses=heard.chooses, talk=heard.talk)
        if objection(planned, routed.found, message, last, known):
            return False
        follows = bool(memory.asked) and bool(routed.likely & LEANING)
        return all(
            (step.tool.value in routed.likely or follows)
            and step.tool not in (Tool.REFUSE, Tool.HANDOVER)
            and not passes_over(step, routed.found, message, memory)
            and all(known.narrows(w) < MAY_NARROW for w in unused(step, routed.found, known, self.sure))
            for step in planned.steps
        )

    def _read_after(self, text: str, memory: Memory) -> Reading:
        return self.reader.read(text, str(About.of(memory.asked[-1].step)) if memory.asked else "")

    def _probabilities(self, found: Found, text: str, memory: Memory) -> dict[str, float]:
        """Label -> probability, of the reader and the head together. found: of the text, in `plain` form."""
        masked = self._by_head(found.masked)
        read = self._read_after(text, memory).labels
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
            if found.each or found.undated:
                return []
            # What an account holds is asked, though only it is named, and whoever is named after that is asked about too.
            of_balance = asks_what_is_in_it(found) or (steps and steps[-1].tool is Tool.BALANCE and names_any(found.spans))
            if (only_parts(found) and not of_balance) or _OUT_OF.match(clause):
                # "Of everything in May, what was the top one"; "… only my own account" goes with the question before it, "Tesco and
                # Aldi, what …" with the one after it. "The other one now, what did he …" turns to somebody, and asks for no day.
                turned_to = found.spans.model_copy(update={"periods": tuple(p for p in found.spans.periods if p != "now")})
                subject = side_by_side(subject, turned_to) if not steps else subject
                steps[-1:] = [with_subject(one, found.spans, after=True) for one in steps[-1:]]
                continue
            label, sure = label_of(self._by_head(found.masked))
            if sure < CERTAIN:
                # A clause is no whole message, as the reader knows them: it is only asked where the head is not certain.
                label, sure = label_of(self._probabilities(found, clause, memory))
            if (
                sure < max(self.sure, CLAUSE)
                or not_understood(found, label, known, 0.0, self.sure)
                or label not in TOOLS
                or label in FREE
            ):
                return []
            # Whoever was named first is who it is about, and not who was before.
            named = subject != Spans() or any(s.spans.merchants or s.spans.category for s in steps)
            step = step_of(label, found, Memory() if named else memory, clause, known)
            if step is not None and step.tool is Tool.POSITION and (names_any(subject) or any(names_any(s.spans) for s in steps)):
                # "Trains and buses, how much all in": what went to them, and not what there is.
                step = step.model_copy(update={"tool": Tool.SUM})
            if step is None or (not named and not steps and is_of_nobody(step, clause, memory)):
                return []
            if (
                steps
                and step.spans == Spans()
                and (HOW_MUCH_IT.fullmatch(clause) or (steps[-1].tool in TOTALLED and step.tool is Tool.SUM))
            ):
                if steps[-1].tool is Tool.SUM and clause.removeprefix("and ").startswith("when"):
                    # What it came to and when: each payment is told with its day.
                    steps[-1] = steps[-1].model_copy(update={"tool": Tool.FIND})
                continue
            if steps and steps[-1].tool in OF_REFUNDS and step.tool is Tool.POSITION and not names_any(found.spans):
                # "I had some money refunded, how much in all".
                steps[-1] = steps[-1].model_copy(update={"tool": Tool.REFUNDS})
                continue
            if steps and steps[-1].tool is Tool.REFUNDS and found.spans == Spans() and step.tool is Tool.LAST:
                # "They gave me some back before, when was the latest": of what came back.
                steps[-1] = steps[-1].model_copy(update={"tool": Tool.REFUND_STATUS})
                continue
            if (
                steps
                and steps[-1].tool in ONE_ROW
                and step.spans == Spans()
                and step.tool not in _ADDED
                and _TO_WHOM.match(clause)
            ):
                # "The biggest in May, and who was paid": that is told with it.
                continue
            if steps and steps[-1].tool is Tool.SALARY and step.spans == Spans() and step.tool in (Tool.LAST, Tool.FIND):
                # "When is my pay due and how much was the last": that is told with it.
                continue
            if steps and steps[0].tool is Tool.ARTICLE and step.spans == Spans() and step.tool in ABOUT_SAME:
                # "Can I get a loan, how much percent?": of payments that nobody named; it is asked of the pages as well.
                return []
            own = step.spans
            step = Step(tool=step.tool, spans=_of_first(steps[0], own, clause, known)) if steps else with_subject(step, subject)
            if found.hours and step.tool in ABOUT_PAYMENTS:
                if not is_told_apart(step, known):
                    return []
                step = at_hours(step, found)
            if steps and steps[-1].tool is Tool.SUM and step.tool in (Tool.AVERAGE, Tool.SHARE) and OF_IT.search(clause):
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
        if [s.tool for s in steps] == [Tool.IDENTIFY, Tool.INCOME] and not _ASKS.search(clauses[0]):
            # "Some firm sends me money, I don't know them. How much": they are no payee that takes some.
            return steps[1:]
        return steps

    def _each(self, found: Found, label: str, sure: float, message: str, known: Known) -> tuple[Step, ...]:
        """A step for each of several names that have days of their own; none where it is not sure what is asked of them."""
        of_payments = sure >= self.sure and label in ABOUT_SAME | {Tool.COMPARE}
        if not found.each or not (of_payments or only_parts(found)) or not_understood(found, label, known, sure, self.sure):
            return ()
        tool = Tool(label) if of_payments and label != Tool.COMPARE else Tool.SUM
        one_by_one = (replace(found, spans=spans, each=()) for spans in found.each)
        steps = [step_of(tool, one, Memory(), message, known) for one in one_by_one]
        return tuple(step for step in steps if step is not None) if all(steps) else ()


# What is heard in a message that holds two months or two names against each other.
_MAY_COMPARE = frozenset({Tool.COMPARE, Tool.SUM, Tool.TOP, Tool.BREAKDOWN, Tool.EXPLAIN, Tool.FIND, Tool.BIGGEST_DAY, "follow"})
# In whose answers no refund is counted.
_WITHOUT_REFUNDS = ABOUT_SAME - {Tool.REFUNDS, Tool.FIND} | {Tool.COMPARE, Tool.INCOME}
# What is asked of payments, in days that may be those of the question before.
_TAKES_OVER = ABOUT_SAME - {Tool.SUBSCRIPTIONS} | {Tool.INCOME, Tool.REFUND_STATUS}
_IN_ALL = re.compile(r"\b(?:everything|ever|all time|(?:whole|entire|full) time|altogether|all told|in all|total|the lot)\b")
_ANOTHER_ONE = re.compile(
    r"(?:(?:and|so|ok|then|also|what about|how about|what's|what is)\b,? )+(?:in )?(?:the|her|his|their) [a-z]+(?:(?:'s|s')(?: (?:one|account|pot))?| (?:one|account|pot|savings))[ ?.!]*"
)
_NOT_THIS = re.compile(
    r"(?:(?:no|nope|nah|oh|sorry)\b,? )*not (?P<gone>[^,.;:?!-]+)(?:[,.;:] | - |,? but )(?:(?:but|it was|i meant?|make that)\b,? )*(?P<meant>[^,.;:?!]+)[ ?.!]*"
)
_ONE_MORE = re.compile(r"(?:(?:and|also|plus|then|now)\b,? )+")
_APART = re.compile(
    r",? (?:but )?(?:(?:as|in) (?:an? |its |their )?(?:separate|own|second) (?:figure|number|total|sum|amount)"
    r"|(?:as a (?:figure|number|total|sum|amount) )?(?:on (?:its|their) own|by (?:itself|themselves))|separately)(?=[ ?.!]*$)"
)
# Says again that all of them are meant.
_ALL_COUNTED = re.compile(
    r",? (?:(?:counting|including|with) (?:both|all)(?: of)?(?: them| those| these)?|(?:with )?(?:both|all)(?: of (?:them|those|these))? (?:included|counted|counted in))(?=\s*[?.!]*$)",
    re.IGNORECASE,
)
# What is moved between one's own accounts is left out anyway.
_LESS_MOVES = re.compile(
    r"[,;]? (?:not counting|not including|without|excluding|leaving out|apart from|ignoring|less) (?:any |the |all )?(?:moves?|transfers?|moving money)"
    r" (?:in)?to (?:the |my |her |his |our )?savings(?: account)?(?=[ ?.!]*$)"
)
# What is moved into savings is no interest.
_LESS_INTEREST = re.compile(
    r"[,.;]? (?:but )?(?:(?:not|without|excluding|leaving out|apart from|ignoring|less|minus)(?: counting| including)? (?:any |the |all )?interest"
    r"|(?:any |the )?interest (?:aside|excluded|left out|not (?:included|counted)))(?=[ ?.!,;]|$)"
)
_I_MOVED = re.compile(
    r"\b(?:i|we)(?:'ve| have)?(?: [a-z]+)? (?:put|move|moved|paid|pay|save|saved|transfer|transferred|added|sent|stash|stashed)\b|\bmy own money\b"
)
_WHOLE_THING = re.compile(r"(?<=\w)[,;.?!]? ?\(?(?:i mean )?(?:for )?the whole (?:thing|lot|trip|holiday)\)?[ ?.!]*$")
# "Months it was over £100".
_TIMES_IT_WAS = re.compile(
    r"(?:weeks|months|days|times|occasions) (?:when |that )?(?:it|that|they|he|she) (?:was|were|came to|went|paid|got)\b"
)
_SAME_ONES = re.compile(r"\b(?:the )?same (?:two|three|four|ones|lot|shops|places|people)\b", re.IGNORECASE)
# "Same shop, all of June".
_SAME_SHOP = re.compile(
    r"^(?P<lead>(?:(?:and|so|ok|okay|now|then|but|right)\b,? )*)(?:(?:at|in|with|from|for) )?(?:the )?same (?:shop|store|place|firm|company|merchant|payee|seller|retailer|supplier|branch)\b",
    re.IGNORECASE,
)
# Others nobody is told of anyway.
_ONES_SEEN = re.compile(
    r",? (?:(?:the )?ones|those) (?:that |which )?(?:i|we)(?:'m| am| can| may|'re| are)(?: allowed to| able to)? (?:see|look at|view|look after)\b"
)
# Within a message, not where it begins: that is about the question before.
_BETTER_SAID = re.compile(
    r"(?<=\w)[,.;]? (?:[-–] )?(?:(?:no|sorry|oops|wait|hang on|scratch that|actually)\b[,.]? )+(?:(?:i|we) (?:mean|meant)|make (?:that|it)|rather)\b,? ",
    re.IGNORECASE,
)
_AND_ALSO = re.compile(
    r"\s*(?:\+|,? \bplus\b|,? (?:&|and(?: also)?|also|together with|as well as|along with|n)(?=[ ,]+(?:at )?(?:(?:the|its|my) )?(?:what|how much|when|interest|rate|percent(?:age)?|last|latest|newest|most recent)\b))\s*(?:at (?=what))?"
)
_OF_ACCOUNT = frozenset({Tool.BALANCE, Tool.INCOME, Tool.PRODUCT, Tool.SUM, Tool.EXPLAIN, Tool.LAST})
_OF_EITHER = frozenset({Tool.SUM, Tool.COUNT, Tool.AVERAGE})
_BACK_TO = re.compile(r"(?:(?:ok|okay|right|so|and|now|anyway|well)\b,? )*back to [^,.;?!]+[,.;] (?P<rest>.+)")
_DENIED = re.compile(
    r"(?:(?:and|but|no|so|sorry)\b[, ]*)*(?:(?:i|we) (?:don't|didn't|do not|did not) mean|(?:i'm |i am |we're )?not (?:interested in|bothered about|fussed about|after|asking (?:for|about)))"
    r" [^,.?!;]+[,.;] (?=\w+ \w+)"
)
_THOSE = re.compile(r"\b(?:they|them|those|these)\b")
_FEES_TOLD = re.compile(
    r"\b(?:non-sterling|foreign|transaction|currency|bank|overseas|card|your|overdraft)(?: [a-z]+)? (?:fees|charges)\b"
)
_ADDED = frozenset(
    {Tool.SUM, Tool.COUNT, Tool.AVERAGE, Tool.TOP, Tool.BREAKDOWN, Tool.COMPARE, Tool.SHARE, Tool.INCOME, Tool.REFUNDS}
    | {Tool.LARGEST, Tool.SMALLEST, Tool.SUBSCRIPTIONS}
)
_WHEN_NEWEST = re.compile(
    r"(?:and )?(?:when|how much|what) (?:was|is) the (?:most recent|latest|newest|last)(?: (?:one|time))?(?: and (?:for )?(?:how much|when))?[ ?.!]*"
)
_ONE_OF_THEM = re.compile(r"\b(?:one|some|most|two) of (?:them|those|these|it)\b")
_SO_FAR = re.compile(r"\b(?:so far|then|already|by now)\b")
_MERE_TAG = re.compile(
    r"(?:(?:and|so|but|or)\b,? )*(?:(?:is |it is |that is )?(?:true|right|correct|so)|(?:have|has|had|did|do|does|is|are|was|were|am) (?:they|he|she|it|that|i|we|there)(?:n't| not| really| right| wrong| correct| true| mistaken)*"
    r"|(?:can|could|would|will) (?:you|we|i) (?:please )?(?:see|check|look|have a look|tell|confirm|see that)(?: (?:it|that|for me|please))*|(?:is|was) (?:that|this|it|he|she) (?:right|true|so|correct))[ ?.!]*"
)
_THEIR_SUM = re.compile(r"\b(?:their|its) (?:total|sum|number|amount)\b")
# "They took it twice, right? How much was it".
_IN_THERE = re.compile(r"\b(?:in there|on there|that (?:month|week|year))\b")
# "How much exactly, in all".
_IN_ALL_TOLD = re.compile(r",? \b(?:exactly|precisely|in all|all in|all told|overall|in full|combined|all up)\b")
_TAG_FIRST = re.compile(r"^(?:right|ok|okay|yes|no|(?:did|do|does|have|has|is|was)(?:n't)? (?:they|he|she|it))\?\s*")
# What is asked as of now, whatever days a reason for it names: "January is tax again. How much is in the pot".
_AS_OF_NOW = frozenset({Tool.LAST, Tool.BALANCE, Tool.POSITION, Tool.PENDING})
_AT_THAT_TIME = re.compile(r"\b(?:then|was (?:my|our|in)|(?:did|had) (?:i|we) (?:have|got)|were)\b")
_ASKED_OF_US = re.compile(
    r"\b(?:show|tell|give|list|get|remind|send)(?: [a-z]+)? (?:me|us)\b|\bfor (?:me|us)\b|\b(?:can|could|may|might) (?:i|we) (?:see|have|know|ask|get)\b"
    r"|\b(?:i|we)(?:'d| would)? (?:like|want|need|wonder|see|guess|think|suppose|mean|meant|feel|fear|hope)\b|\blet (?:me|us)\b"
    r"|\b(?:i|we)(?:'ve| have|'m| am| had)?(?: got)? (?:(?:so|a bit|very|really|rather|quite) )?(?:an? (?:[a-z]+ )?(?:feeling|worry|hunch|suspicion)|worried|anxious|relieved|glad|afraid|sorry)\b"
)
_TO_WHOM = re.compile(r"(?:and |so )*(?:to )?(?:who|whom|where)\b")
# Says out of what something is picked.
_OUT_OF = re.compile(r"(?:out )?of (?:all|everything|my|the)\b")
_MINE = re.compile(r"\b(?:my|mine|own|i|me|we|our)\b")
_ASKS = re.compile(
    r"^(?:and |so |also |then )*(?:how|what|what's|when|where|who|which|why|can|could|do|does|did|is|are|will|would|should|show|list|tell)\b|\?$"
)
# Who says only that they do not know asks for nothing.
_AT_A_LOSS = re.compile(r"(?:(?:hmm+|um+|er+|well|oh|sorry),? )*(?:i )?(?:dunno|don't know|no idea|not sure|no clue)[ .!]*")
_OF_ANY_DAY = frozenset({Tool.SUM, Tool.COUNT, Tool.AVERAGE, Tool.FIND, Tool.INCOME, Tool.REFUNDS})
# What is done for the grandchildren is no account of theirs, nor is what is moved into one.
_FOR_SOMEBODY = re.compile(r"(?:to|into|with|for)\b")


def _in_full(message: str, known: Known, memory: Memory) -> tuple[str, Memory]:
    """A message with whom, which days and which account it means by words that stand for them, and the memory that it goes on with."""
    if memory.asked and _ONE_MORE.match(text := parts.plain(message)) and _APART.search(text):
        # "Plus Boots, as a figure on its own": nothing is added to what was told.
        message = _ONE_MORE.sub("and ", _APART.sub("", text))
    if (instead := _NOT_THIS.fullmatch(parts.plain(message))) and spoke_of_somebody(memory):
        # "Not Boots, Tesco", where Boots was asked about.
        gone, meant = names_in(parts.find(instead["gone"], known).spans), parts.find(instead["meant"], known).spans
        if gone and names_any(meant) and {*gone} <= {*names_in(memory.asked[-1].step.spans)}:
            message = instead["meant"]
    message, memory = of_place(parts.plain(message), memory)
    message = with_names(parts.plain(message), known, memory)
    message = with_days(written_out(parts.plain(message), known), memory, known.today)
    message = held.with_account(as_known(message, known), memory, known)
    message = with_pension(parts.plain(message), memory.asked[-1].step) if memory.asked else message
    memory = at_place_spoken_of(memory, parts.plain(message), known)
    return message, memory


def _gone_back(message: str, rest: str, known: Known, memory: Memory) -> tuple[str, Memory]:
    """What is asked of something that is gone back to, which is named again, or was asked about before the last question."""
    said = parts.find(rest, known).spans
    if names_any(said):
        return rest, memory
    if said.without and len(memory.asked) > 1 and not memory.lost:
        return rest, memory.model_copy(update={"asked": memory.asked[:-1]})
    return message, memory


def _anew(step: Step, last: Asked, said: Spans, text: str) -> bool:
    """Whether the days of the question before are not those of this one, though it goes on with it: a share of all that was ever
    spent; or when something was, with somebody who was not spoken of."""
    if step.tool is Tool.SHARE and names_somebody(last) and of_all_spending(text):
        return True
    others = bool(said.merchants) and not set(said.merchants) & set(last.step.spans.merchants)
    return others and _ON_WHAT_DAY.search(text) is not None


_ON_WHAT_DAY = re.compile(r"\bwhen (?:was|were|did|is)\b|\b(?:what|which) (?:day|date)\b|\band (?:the |its )?(?:date|day)\b")


def _of_first(first: Step, said: Spans, clause: str, known: Known) -> Spans:
    """What a later clause says, with what the first one named. Nobody is paid from savings: "what is in the pot, and what did the
    gas take"."""
    if first.tool is Tool.BALANCE and names_any(said) and held.is_savings(first.spans.account, known):
        return said
    return held.of_what_came_in(merged(first.spans, said), clause, known)


def _keeps_payees(rest: str, text: str, known: Known) -> bool:
    """Whether what is left of a text without its talk still names each payee that it names in full."""
    named = (m for m in parts.find(text, known).spans.merchants if parts.is_payee(m, known))
    return bool(rest) and set(named) <= set(parts.find(rest, known).spans.merchants)


def _both_of_told(told: Told | None, known: Known) -> tuple[Step, ...] | None:
    """ "Acme want proof that I paid. What did I pay them in all, and when last": of whom it is told."""
    if told is None:
        return None
    asks, aside = parts.find(told.asks, known), parts.find(told.aside, known).spans
    if aside.periods or aside.category or aside.account or aside.amount or len(aside.merchants) > 1:
        return None
    if names_any(asks.spans):
        return None if aside.merchants else total_and_last(asks)
    name = parts.name_told(told.aside, known) or "".join(aside.merchants)
    return total_and_last(asks, name) if name and whom.SOMEBODY.search(told.asks) else None


def _of_everything(step: Step) -> bool:
    """Whether a step is about all that was spent, in whatever days."""
    said = step.spans
    named = said.merchants or said.category or said.account or said.amount or said.bought or said.without or step.only
    return step.tool in ABOUT_SAME and not named and not way_of(step)


def _says_nothing_of_what(steps: Sequence[Step], found: Found, memory: Memory) -> bool:
    """ "How much on the 1st?", "when did we last get one": of what, neither it says nor the question before."""
    goes_on = not off_track(memory) and bool(memory.asked) and _of_everything(memory.asked[-1].step)
    if goes_on or all(step.tool in WHOLE for step in steps):
        return False
    # "Which day" asks when a payment was, and not for a day's spending.
    when = all(step.tool in (Tool.LAST, Tool.FIRST) for step in steps)
    return _OF_SPENDING.search(_WHICH_DAY.sub("", found.masked) if when else found.masked) is None


_SENTENCES = re.compile(r"[.?!;]\s+\w")
_SPEAKS_OF = re.compile(
    r"(?:(?:please|so|ok|and|now|can you|could you)\b,? )*(?:regarding|concerning|about|re|as for|with re(?:gards?|spect) to|check|look(?:ing)? (?:in)?(?:to|at))\b(?! (?:my|the|all|this|that|last)?\b ?(?:spending|payments?|spend|bills|account|money|month|finances)\b)"
)
_WHICH_DAY = re.compile(r"\b(?:which|what) (?:days?|months?)\b")
_OF_SPENDING = re.compile(
    r"\b(?:spen[dt]|spending|spendings|spender|damage|blow|blew|blown|splurged?|pay|pays|paid|paying|payments?|purchases?|transactions?|outgoings?|everything|overall|expen[sd]\w*|outlays?|dear(?:er|est)(?! ones?\b)|pric(?:e|es|ier|iest)|cheap(?:er|est)|money|cash|bills?"
    r"|buy|buying|bought|shop(?:s|ping|ped)?|stores?|merchants?|retailers?|payees?|places|companies|categor\w+|chart|graph|splash\w*|budget\w*|costs?|days?|debits?|charges?|charged"
    r"|(?:get|got|getting) through|(?:go|goes|going|gone|went|comes?|coming|came|take|took|taken) (?:out|on|off|through)|left my|leav(?:e|es|ing) my|where does it|months?)\b"
)


def _paid_only(step: Step) -> Step:
    """A list has what came back in it, unless only what went out is asked for."""
    if step.tool is not Tool.FIND:
        return step
    return step.model_copy(update={"spans": step.spans.model_copy(update={"change": step.spans.change or WENT_OUT})})


def _of_days(step: Step) -> Spans:
    """What a step about all payments of some days says."""
    return Spans(periods=step.spans.periods, number=step.spans.number)


def _of_account(step: Step, account: str) -> Step:
    return step.model_copy(update={"spans": step.spans.model_copy(update={"account": account})})


def _of_theirs(read: Plan | Unsure, account: str) -> Plan | Unsure:
    """What goes on with somebody else's accounts is of no others."""
    if not isinstance(read, Plan):
        return read
    theirs = (s if s.spans.account or s.tool in READ_WHOLE | FREE else _of_account(s, account) for s in read.steps)
    return read.model_copy(update={"steps": tuple(theirs)})


def _is_anothers(step: Step, known: Known) -> bool:
    """Whether a step is about accounts of somebody else alone."""
    named = parts.accounts_named(step.spans.account, known.accounts) if step.spans.account else []
    return bool(named) and all(a.id in known.others for a in named)
