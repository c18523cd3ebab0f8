"""The step that a label means: its tool, on the parts that were heard and what was asked before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant import held, periods
from assistant import spans as parts
from assistant.comparison import (
    AGAINST_IT,
    MORE_THAN,
    THE_TWO,
    TWO_ACCOUNTS,
    TWO_SIDES,
    held_against,
    is_mixed,
    names_two_only,
    of_the_two,
)
from assistant.days import LEAD_OF_PERIOD, SAME_TIME, is_undated, widest
from assistant.direction import PAID_TO_ME, TOLD_OF_BOTH, about_pay
from assistant.following import (
    WHEN,
    added_up,
    both_of,
    came_in_from,
    details_of,
    goes_on_with,
    merged,
    narrowed_to,
    refund_before,
    together,
    told_with,
    with_more,
)
from assistant.fragments import only_total
from assistant.grouping import WHICH_MONTH, grouped
from assistant.kept import IS_THAT, OF_THAT, continued, is_of_all, same_again
from assistant.labels import (
    DID_PAY,
    FOR_BEING_OVERDRAWN,
    HAD_LATELY,
    INTEREST_CHARGED,
    PAID_BACK,
    PAID_IN,
    TOOLS,
    as_spoken,
    tool_meant,
)
from assistant.leftover import MAY_NARROW
from assistant.memory import Memory, names_somebody, off_track
from assistant.plan import (
    ABOUT_PAYMENTS,
    ABOUT_SAME,
    CAME_IN,
    DATED,
    FREE,
    MANDATES,
    ONE_ROW,
    POSITIONS,
    READ_WHOLE,
    TOTALLED,
    Asked,
    Spans,
    Step,
    Tool,
    names_any,
    only_days,
)
from assistant.pointing import ALL_SPENDING, BACKWARD, HOW_MANY, OWN, THE_ONE, TWO, of_all_spending, points_nowhere, refers_back
from assistant.prices import RISE
from assistant.router import ABOUT_NOTHING
from assistant.shares import share_of, share_of_place, whole_of_share
from assistant.spans import Found, Known
from assistant.topics import asks_nothing, topic_of
from data.banking import AccountKind

# A reading that is less probable is not offered.
POSSIBLE = 0.08
OF_IT = re.compile(r"\b(?:that|it)\b")
BANK_CHARGES = re.compile(
    r"\b(?:charges|fees?)\b|\b(?:the bank|you(?: lot)?|yous) (?:(?:did|do|have) )?(?:[a-z]+ )?charged? (?:me|us)\b|\boverdrawn cost\b"
)


def step_of(label: str, found: Found, memory: Memory, message: str, known: Known) -> Step | None:
    """A label as a step on the parts of a message; None where nobody can say on what, or no tool says what is asked."""
    last, text = memory.asked[-1] if memory.asked else None, parts.plain(message)
    if last is not None and last.step.spans.periods and is_undated(found.spans, text):
        # "What did I spend there altogether?": in the days that were spoken of.
        found = replace(found, spans=found.spans.model_copy(update={"periods": ()}))
    if label not in TOOLS:
        return _leaning(label, found, memory, text)
    if label == Tool.COMPARE and len(found.spans.periods) > 2:
        found = replace(found, spans=found.spans.model_copy(update={"periods": widest(found.spans.periods, known.today)}))
    if label in _OF_CASH and found.spans.category == "cash" and _CASH_IN.search(text):
        # What was paid in at a counter came in: it is no cash that was spent.
        label, found = (
            Tool.INCOME,
            replace(found, spans=found.spans.model_copy(update={"category": "", "merchants": ("cash",)})),
        )
    tool = tool_meant(Tool(label), spoken := as_spoken(found, text, memory), text, known)
    if label == Tool.INCOME and tool is Tool.LAST and spoken is not found and last is not None and last.step.spans.periods:
        # "Has he sent me anything": in the days that were spoken of, and not of late.
        tool = Tool.INCOME
    right = None if _not_said(tool, found, last, text) else _put_right(found, tool, text, known, last)
    if right is None:
        return None
    if tool is Tool.SUBSCRIPTIONS and right.spans.merchants == () and not right.spans.category and RISE.search(text):
        # "The landlord put me up, I want the old amount": who did is meant, though by itself that is talk.
        loud = parts.find(message, replace(known, talk={}, found=None)).spans
        right = replace(right, spans=right.spans.model_copy(update={"merchants": loud.merchants, "category": loud.category}))
    if memory.lost and tool in ABOUT_PAYMENTS and not right.spans.periods and SAME_TIME.search(text):
        # The same days as in words that nobody understood.
        return None
    if tool is Tool.COMPARE and memory.lost and only_days(right.spans) and ALL_SPENDING.search(text) is None:
        # What it is held against was in the message that was not understood, and not in the one before that.
        return None
    if tool is Tool.SHARE and "xmerchant xcategory" in found.masked:
        # "The Halifax mortgage" is what is paid to them, and no part of all the mortgages.
        right = replace(right, spans=right.spans.model_copy(update={"category": ""}))
    if tool is Tool.SHARE and (of_place := share_of_place(memory, right, text, known)) is not None:
        return of_place
    if tool is Tool.SHARE and _SPENT_THERE.search(text):
        # Of a place that nobody knows.
        return None
    if tool is Tool.SHARE and not (right.spans.merchants or right.spans.category or right.spans.amount):
        return share_of(memory.asked if not memory.lost else (), right, text)
    if last is not None and tool is Tool.COMPARE and not memory.lost and names_two_only(right.spans, text):
        # "Aldi vs Tesco, the difference": in the days that were spoken of.
        right = replace(right, spans=right.spans.model_copy(update={"periods": last.step.spans.periods[:1]}))
    if last is not None and tool is Tool.COMPARE and TWO_ACCOUNTS in right.spans.account and not memory.lost:
        # "My own account against the joint one": what went from each of them.
        tool = Tool.SUM
        if names_somebody(last) and not names_any(right.spans):
            return Step(tool=tool, spans=merged(last.step.spans, right.spans))
    told = tool is Tool.COMPARE and right.spans == Spans()
    if told and is_mixed(memory.asked):
        return None
    unnamed = not names_somebody(Asked(step=Step(tool=tool, spans=right.spans))) and tool not in READ_WHOLE
    if last is not None and not told and unnamed and THE_TWO.search(text):
        return of_the_two(tool, right.spans, memory.asked, text)
    if (before := refund_before(tool, right.spans, last if not memory.lost else None, text, known)) is not None:
        return before
    step = _by_itself(tool, right, text, last) or (
        _with_before(tool, right, memory.asked, text, known.today) if last is not None else None
    )
    if step is not None:
        return step
    on_balance = last is not None and not memory.lost and last.step.tool in POSITIONS
    one_thing = tool is Tool.UPCOMING or (tool is Tool.BALANCE and not on_balance)
    if one_thing and right.spans == Spans() and _ONE_DUE.search(text) and not held.TILL_REFUSED.search(text):
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
    spans = continued(tool, grouped(tool, right.spans, text, last), last, text)
    if last is not None and not memory.lost and (whole := whole_of_share(last.step, tool, spans, text)) is not None:
        return whole
    if last is not None and not memory.lost and tool in ABOUT_PAYMENTS and refers_back(text, spans) and not is_of_all(tool, text):
        return same_again(last, tool, spans, known, text)
    return Step(tool=tool, spans=spans)


_SPENT_THERE = re.compile(r"\bof (?:all|everything|what|the|my|our) (?:[a-z]+ ){0,4}there\b")
_OF_CASH = frozenset({Tool.SUM, Tool.COUNT, Tool.FIND, Tool.INCOME, Tool.LAST})
_AT_COUNTER = r"(?=\s*(?:$|[?.!,]|at\b|over\b|this\b|last\b|same\b|since\b|so far))"
_CASH_IN = re.compile(
    rf"\bcash\b[^,.?!;]*\b(?:pay|paid|put|paying|took|taken) (?:it |that )?in{_AT_COUNTER}"
    rf"|\b(?:pay|paid|put|paying) (?:any |some |the |much |my )?cash in{_AT_COUNTER}"
    r"|\bdeposit(?:ed|s)? (?:any |some |the |much )?cash\b|\bcash\b[^,.?!;]*\bdeposit(?:s|ed)?\b"
)
_ONE_DUE = re.compile(r"\b(?:it|they|them|the next one)\b")


def readings_of(likely: Mapping[str, float], found: Found, memory: Memory, message: str, known: Known) -> tuple[Step, ...]:
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
    for label in (k for k, p in likely.items() if k in TOOLS and k not in ABOUT_NOTHING and p >= POSSIBLE):
        step = step_of(label, found, memory, message, known)
        if step is not None and not points_nowhere(step, parts.plain(message), off_track(memory)) and step.tool not in FREE:
            steps.append(step.model_copy(update={"unread": found.unknown}))
    return tuple(steps)


def agreed_on(
    probabilities: Mapping[str, float], found: Found, memory: Memory, message: str, known: Known
) -> tuple[Step, float] | None:
    """What a message that leans on the answer before means where no label is sure: the step of the likeliest that turns into one,
    and how probable those that turn into the same are, among all that turn into any."""
    text = parts.plain(message)
    named = found.spans.merchants or found.spans.category or found.spans.account
    if off_track(memory) or not memory.asked or not names_somebody(memory.asked[-1]) or named or found.unknown:
        return None
    if not refers_back(text, found.spans) or OWN.search(text) or _OF_TIME.search(found.masked):
        # "Were they there the year before": no days that were read are passed over.
        return None
    each = {label: step_of(label, found, memory, message, known) for label, p in probabilities.items() if p >= HEARD}
    steps = {label: step for label, step in each.items() if step is not None}
    best = steps[max(steps, key=probabilities.__getitem__)] if steps else None
    if best is None or best.tool not in ABOUT_PAYMENTS:
        return None
    same = sum(probabilities[label] for label, step in steps.items() if _told_alike(step) == _told_alike(best))
    return best, same / sum(probabilities[label] for label in steps)


_OF_TIME = re.compile(r"\b(?:days?|weeks?|fortnights?|months?|quarters?|years?|price)\b")
# A label that is less probable is not heard in a message.
HEARD = 0.02


def _told_alike(step: Step) -> Step:
    """A step as one of those that tell the same: what payments come to and how many they are is told with each of these."""
    return step.model_copy(update={"tool": Tool.SUM}) if step.tool in (Tool.COUNT, Tool.FIND) else step


def _not_said(tool: Tool, found: Found, last: Asked | None, text: str) -> bool:
    """Whether a message asks for something that no tool says, or of what nobody said, however sure the head is."""
    if tool is Tool.ARTICLE:
        return asks_nothing(text, last) or _OWN_SPENDING.search(text) is not None
    if tool is Tool.SMALLEST and WHICH_MONTH.search(text):
        # Of months only those that took most are told.
        return True
    if tool is Tool.SHARE:
        # Whether that is more than something else is no share of it.
        return MORE_THAN.search(text) is not None
    if tool is Tool.INCOME and not found.spans.merchants and _CUSTOMERS.search(text):
        # Which of those who pay are customers, no statement says.
        return True
    spoken_of = last is not None and last.step.spans.periods and last.step.spans.merchants
    if tool in ABOUT_PAYMENTS and not found.spans.periods and _TIME_BEFORE.search(found.masked):
        # "The total for the year before": before which, nobody said.
        return True
    if _MEANWHILE.search(text) and not (found.spans.periods or spoken_of) and tool in ABOUT_PAYMENTS:
        # "When I was over there": of which days, nobody said.
        return True
    if last is not None and last.step.tool is Tool.EXPLAIN and OF_THAT.search(text):
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
        if _two_in_days(said):
            return False
        kind_after_name = said.category and not said.merchants and before.merchants and not before.category
        return bool(kind_after_name or (said.merchants and not said.category and before.category and not before.merchants))
    if tool in (Tool.LAST, Tool.FIRST) and found.spans == Spans() and THE_ONE.search(text):
        # "When was the last one?": of what was not said.
        came = last is not None and tool is Tool.LAST and came_in_from(last, found.spans) is not None
        return not came and not (last is not None and names_somebody(last))
    if last is not None and tool is Tool.COUNT and IS_THAT.search(text):
        # "How many payments was that": what came in is counted too.
        return False
    return last is not None and about_pay(last.step, tool, found.spans, text)


_OWN_SPENDING = re.compile(
    r"\b(?:(?:did|have|has|had) (?:i|we) (?:ever |just |already )?[a-z]+|(?:i|we)(?:'ve| have)? (?:spent|paid|sent|moved|received|got paid))\b"
)
_CUSTOMERS = re.compile(r"\bfrom (?:all )?(?:of )?(?:(?:my|the|our) )?(?:customers|clients)\b")
_EARNED = re.compile(r"\b(?:earn(?:ed|ings|t)?|my income|my pay|my salary|my wages|came in|come in|comes in|coming in)\b")
_MORE_IS_THAT = re.compile(r"\b(?:is|was) (?:that|it|this)\b(?! (?:year|month|week|quarter))")
_TIME_BEFORE = re.compile(r"\bthe (?:week|month|quarter|year) before\b(?! (?:last|that|it|i|we|he|she|they)\b)")
_MEANWHILE = re.compile(
    r"\b(?:when|while|whilst|during the time|the time) (?:i|we) (?:was|were|went) (?!paid|charged|billed|last (?:time )?(?:in|at|to|there|with)\b)|\bduring (?:my|our|that|the) (?:trip|stay|holiday|visit)\b"
)


def _put_right(found: Found, tool: Tool, text: str, known: Known, last: Asked | None) -> Found | None:
    """The parts as they narrow what is asked; None where they do in a way that one step cannot say."""
    if tool not in ABOUT_SAME | {Tool.INCOME, Tool.COMPARE}:
        return found
    if tool is Tool.REFUNDS and held.INTO.match(found.spans.account):
        # "Refunded to my card" came in there as all refunds do.
        bare = held.LEAD_OF_ACCOUNT.sub("", found.spans.account)
        found = replace(found, spans=found.spans.model_copy(update={"account": bare}))
    if misread(found, known):
        return None
    if tool in _ADDED_UP and found.spans.periods == ("now",) and names_any(found.spans):
        # "How many is that now": until now, and not of today.
        found = replace(found, spans=found.spans.model_copy(update={"periods": ()}))
    goes_on = last is not None and refers_back(text, found.spans)
    named = found.spans.merchants or found.spans.category or tool is Tool.COMPARE or goes_on
    if tool is Tool.SUM and not (named or found.spans.account) and _SAVED.search(text):
        # What is saved is moved into savings; without such an account nobody knows what is meant.
        saves = any(a.kind is AccountKind.SAVINGS for a in known.accounts)
        return replace(found, spans=found.spans.model_copy(update={"account": "into savings"})) if saves else None
    moved = tool in ABOUT_SAME | {Tool.COMPARE} and (
        PAID_IN.search(text) or _SAVED.search(text) or (tool in ONE_ROW and held.TOPPED_UP.search(found.masked))
    )
    unnamed = not (found.spans.merchants or found.spans.category)
    if moved and unnamed and found.spans.account and held.is_savings(found.spans.account, known):
        into = f"into {held.LEAD_OF_ACCOUNT.sub('', found.spans.account)}"
        return replace(found, spans=found.spans.model_copy(update={"account": into}))
    came = PAID_TO_ME.search(found.masked) if tool in TOLD_OF_BOTH else None
    if found.spans.merchants and (came or (tool is Tool.LAST and (DID_PAY.search(found.masked) or HAD_LATELY.search(text)))):
        return replace(found, spans=found.spans.model_copy(update={"change": CAME_IN}))
    if tool is Tool.INCOME and len(found.spans.merchants) > 1 and PAID_BACK.search(text):
        # "Did Sam pay me back for the pizza": Sam.
        return replace(found, spans=found.spans.model_copy(update={"merchants": found.spans.merchants[:1]}))
    charged = FOR_BEING_OVERDRAWN.search(text) or INTEREST_CHARGED.search(text)
    if tool is Tool.SUM and not (found.spans.merchants or found.spans.category) and charged:
        return replace(found, spans=found.spans.model_copy(update={"merchants": ("overdraft interest",)}))
    compares = tool is Tool.COMPARE and not (found.spans.merchants or found.spans.category)
    drawn = _DRAWN if found.spans.account else _TAKEN_OUT
    if (compares or not named) and tool is not Tool.INCOME and drawn.search(text):
        return replace(found, spans=found.spans.model_copy(update={"category": "cash"}))
    return found if named else _of_interest(found, tool, text)


_ADDED_UP = frozenset({Tool.SUM, Tool.COUNT, Tool.AVERAGE})
# "What was taken out of my account" is all that was paid.
_TAKEN_OUT = re.compile(
    r"\b(?:drawn|drew) out\b(?! of)|\b(?:i|we)(?:'ve| have)? (?:take|took|taken|get|got|draw|drew|drawn) (?:(?:any|the|some|much) )?(?:money |cash )?out\b(?! of)|\bwithdr[ae]wn?\b|\b(?:i|we)(?:'ve| have)? dr(?:e|a)wn?\b(?! on)"
)
_DRAWN = re.compile(
    r"\b(?:drawn out|drew out|draw(?:ing)? out|cash (?:was|been|i|we) (?:taken|took|drew|got) out|withdr[ae]wn?)\b(?! of)"
    r"|\b(?:i|we)(?:'ve| have)? dr[ae]wn?\b(?! (?:on|up|out of|from (?!\w+'s accounts)))"
    r"|\b(?:i|we)(?:'ve| have)? (?:take|took|taken|get|got|had) (?:[a-z]+ )?(?:from|at|out of) (?:the|a) (?:cash ?)?(?:machine|point|atm|hole in the wall)\b"
)
_SAVED = re.compile(r"\b(?:saved?|put (?:away|aside|by))\b")


def misread(found: Found, known: Known) -> bool:
    """Whether parts belong together in a way that one step cannot say, and would be added up otherwise: then it is asked."""
    said = found.spans
    if found.each:
        # "Tesco in October and Aldi in September" is no sum over both in both, nor "eating out and Starbucks" Starbucks alone.
        return True
    into = held.INTO.match(said.account) is not None and not said.merchants and not said.category
    return into and any(a.kind is not AccountKind.SAVINGS for a in parts.accounts_named(said.account, known.accounts))


def _of_interest(found: Found, tool: Tool, text: str) -> Found:
    """Interest and charges are named by no payee and narrow a sum all the same."""
    if re.search(r"\binterest\b", text):
        return replace(found, spans=found.spans.model_copy(update={"merchants": ("interest",)}))
    if BANK_CHARGES.search(text) and tool in (Tool.SUM, Tool.COUNT, Tool.FIND, Tool.LARGEST):
        return replace(found, spans=found.spans.model_copy(update={"category": "fees"}))
    return found


def _by_itself(tool: Tool, found: Found, text: str, last: Asked | None) -> Step | None:
    """A step that is the same whatever was asked before, where its words are not to be taken one by one."""
    if tool is Tool.POSITION and last is not None and last.step.tool in TOTALLED and OF_IT.search(text):
        # "How much is that altogether", of the list that was told.
        return last.step
    if tool is Tool.POSITION and _EVERYTHING.search(text) and not (found.spans.account and _OF_THOSE.search(text)):
        # "Everything, the joint account as well": one that is named beside all is one of them.
        return Step(tool=tool)
    if tool in MANDATES | {Tool.UPCOMING, Tool.PENDING} and _MINE_TOO.search(found.masked):
        # "Mine and the joint ones", "mine or joint" are all of them.
        return Step(tool=tool, spans=found.spans.model_copy(update={"account": ""}))
    if tool is Tool.REFUND_STATUS and _RETURNED.search(text):
        # What was sent back then is refunded from then on.
        since = tuple(f"since {LEAD_OF_PERIOD.sub('', p)}" for p in found.spans.periods)
        return Step(tool=tool, spans=found.spans.model_copy(update={"periods": since}))
    if tool in POSITIONS and found.spans.merchants:
        return Step(tool=Tool.REFUSE)
    return None


# "In savings altogether" is all of these.
_OF_THOSE = re.compile(
    r"\b(?:in|across|of) (?:all )?(?:my |the |our )?(?:savings|isas?|pots?|current accounts?|savings accounts?)\b"
)
_EVERYTHING = re.compile(r"\b(?:as well|too|includ\w+|everything|altogether|all together|in all|with the)\b")
_MINE_TOO = re.compile(
    r"\bmine (?:and|or) xaccount|xaccount(?: ones?)? (?:and|or) (?:mine|my own)\b|\bas well as xaccount|\bboth mine\b"
)
_RETURNED = re.compile(r"\b(?:returned|sent (?:it|them|that|those) back|took (?:it|them|that|those|a [a-z]+) back|cancelled)\b")


def _with_before(tool: Tool, found: Found, asked: Sequence[Asked], text: str, today: periods.Today) -> Step | None:
    """A step that takes up the question before it in a way of its own; None where it just goes on with it, or does not."""
    last, said = asked[-1], found.spans
    theirs = THE_ONE.search(text) or _DID_THEY_LAST.search(text)
    if theirs and tool in (Tool.LAST, Tool.FIND) and (came := came_in_from(last, said)) is not None:
        return came
    one = THE_ONE.search(text) and tool in ABOUT_SAME and not _OF_ALL.search(text)
    if one and (narrowed := narrowed_to(last, said)) is not None:
        spans = merged(narrowed.spans, said).model_copy(update={"merchants": narrowed.spans.merchants})
        return narrowed.model_copy(update={"tool": tool, "spans": spans})
    ever = tool is Tool.SHARE and of_all_spending(text)
    if _OF_ALL.search(text) and not ever and (said.merchants or said.category) and {tool, last.step.tool} <= ABOUT_SAME:
        # "The biggest, of all the petrol": in the same days, however it was narrowed since.
        of = {"number": said.number, "amount": said.amount}
        return Step(tool=tool, spans=merged(last.step.spans, said).model_copy(update=of))
    if tool is Tool.COMPARE and last.step.tool is Tool.BALANCE and last.step.spans.account and only_days(said):
        # What there is now, against what there was: no matter of what was spent since.
        return (
            Step(tool=Tool.EXPLAIN, spans=said.model_copy(update={"account": last.step.spans.account}))
            if _AT_AN_END.search(text)
            else None
        )
    if tool is Tool.COMPARE:
        if said == Spans() and (both := both_of(asked, "both")) is not None:
            # What was asked last is compared with what was asked before; two that one question named stay as they were.
            turn = slice(None) if len(last.step.spans.merchants) > 1 else slice(None, None, -1)
            turned = {"periods": both.spans.periods[turn], "merchants": both.spans.merchants[turn]}
            return Step(tool=tool, spans=both.spans.model_copy(update=turned), only=both.only)
        if _two_in_days(said):
            return Step(tool=tool, spans=said)
        return held_against(last, said, text, today)
    if tool is Tool.SUM and (added := with_more(last, said, text)) is not None:
        return added
    if tool in POSITIONS and said == Spans(account=said.account) != Spans() and OF_THAT.search(text):
        # "Of that, how much was my own card": what was spent, and no balance.
        return last.step.model_copy(update={"spans": merged(last.step.spans, said)}) if last.step.tool in ABOUT_SAME else None
    happened = _HAPPENED.search(text) is not None and _GIVEN_BACK.search(text) is None
    if last.step.tool is Tool.DUPLICATES and tool in (Tool.FIND, Tool.COUNT, Tool.REFUNDS) and happened:
        # "Did they do this to me in July as well".
        return last.step.model_copy(update={"spans": merged(last.step.spans, said)})
    if said != Spans():
        return None
    asked_again = last.step.tool is Tool.SALARY and tool in (Tool.LAST, Tool.FIND)
    told = (last.step.tool in ONE_ROW and tool is Tool.FIND) or (
        last.step.tool in DATED and (asked_again or WHEN.search(text) is not None)
    )
    return last.step if told else told_with(tool, last.step, text)


_AT_AN_END = re.compile(r"\b(?:end|start|beginning|close) of\b")


def _two_in_days(said: Spans) -> bool:
    """Two that are named, in days of their own: they are held against nothing that was asked before."""
    return len(said.merchants) == TWO_SIDES and bool(said.periods)


_HAPPENED = re.compile(
    r"\b(?:do|did|done|doing) (?:this|that|it|the same)\b(?! (?:all )?(?:come|cost|add|amount|make))|\b(?:this|that|it) (?:ever )?happen(?:ed)?\b"
)
_GIVEN_BACK = re.compile(
    r"\b(?:refund(?:s|ed)?|(?:g[ai]ven?|paid|sent|put|come|came|got|had)(?: (?:me|us|it|any|anything|money|that|them))* back|returned|reversed|money back)\b"
)
# Whatever it was narrowed to before.
_OF_ALL = re.compile(r"\b(?:of|out of|among) all\b")
_DID_THEY_LAST = re.compile(r"\b(?:did|have|has) (?:he|she|they) last\b")


def _is_one_of(name: str, spans: Spans) -> bool:
    return any(parts.words_of(name) & parts.words_of(one) for one in (*spans.merchants, spans.category))


_AT_ANOTHER = re.compile(
    r"(?:(?:and|so|ok|what about|how about|then|or)\b,? )*(?:at|from|with) (?!(?:all|each|every|them|him|her|it|that|those|these|this|there|the (?:dates?|days?|amounts?|details?|names?|times?))\b)[a-z' ]+[ ?.!]*"
)


def _leaning(label: str, found: Found, memory: Memory, text: str) -> Step | None:
    """A step for a label that means nothing without the question before."""
    last = memory.asked[-1] if memory.asked else None
    if label == "both" and len(found.spans.merchants) + bool(found.spans.category) > 1:
        return Step(tool=Tool.SUM, spans=found.spans)
    if last is None:
        return None
    if label == "details":
        # "And at the bakery": somebody whom nobody knows, and no more of what was told.
        return None if _AT_ANOTHER.fullmatch(text) else details_of(last.step, text)
    if label == "both":
        if found.spans.without:
            return goes_on_with(memory.asked, found.spans, text)
        both = last.step if last.step.tool in TOTALLED and found.spans == Spans() else together(memory.asked, found.spans, text)
        if both is None and only_total(found) and not (TWO.search(text) or _OF_TIME.search(found.masked)):
            both = added_up(last, found.spans)
        if both is not None and any(not _is_one_of(name, both.spans) for name in found.spans.merchants):
            # "Boots in with those, together" is not those alone.
            return None
        counted = both is not None and both.tool is Tool.SUM and HOW_MANY.search(text) is not None
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
    return step.model_copy(update={"spans": grouped(step.tool, step.spans, text, last)})
