"""The label that a message has once its words are looked at, and the tool that it means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant import held, periods, plainly
from assistant import spans as parts
from assistant.days import NOW, is_ahead, is_over, is_to_come, of_own_days, over_weeks, without_now
from assistant.direction import ADDED_TOGETHER, HAD_FROM_ME, PAID_TO_ME
from assistant.following import WHEN, details_of, told_with
from assistant.grouping import WHICH_MONTH, by_group
from assistant.kept import EVER_BEFORE, LAST_ONE
from assistant.memory import Memory, off_track, spoke_of_somebody
from assistant.plan import ABOUT_PAYMENTS, ABOUT_SAME, DATED, Spans, Step, Tool
from assistant.pointing import SOMEBODY, refers_back
from assistant.prices import PRICE_BEFORE, RISE, THEY_CHARGE
from assistant.router import LEANING
from assistant.spans import USUAL, Found, Known

# From here on a message is a follow-up and nothing else, and with nothing before it there is nothing to answer.
MERE_FOLLOW_UP = 0.75
# A label that is no more probable than this is not heard in a message, whatever it would mean there.
LIKE_NONE = 0.003
# From here on a label is right nearly always even beside a word that no example has.
CERTAIN = 0.9
# All that came back, and how far the newest of it is.
OF_REFUNDS = frozenset({Tool.REFUNDS, Tool.REFUND_STATUS})
# The labels that are tools; the others lean on the question before.
TOOLS = frozenset(Tool)


def labelled(
    probabilities: dict[str, float], whole: Found, text: str, known: Known, memory: Memory, floor: float
) -> tuple[dict[str, float], str, float]:
    """How probable each label is, the one that is taken, and how sure that is.

    whole: the parts of a text in plain form. floor: from where on a plan is believed.
    """
    of_pages = 0.0
    if of_own_days(whole.spans, known.today):
        # What is paid for on days that are said, no page knows; that does not make anything else more probable.
        of_pages = probabilities[Tool.ARTICLE]
        probabilities = {k: p for k, p in probabilities.items() if k != Tool.ARTICLE}
    if _may_know(whole, known):
        probabilities = {k: p for k, p in probabilities.items() if k != Tool.REFUSE}
    label, sure = label_of(probabilities, bool(memory.asked))
    alike = _same_tool(label, probabilities, (spoken := as_spoken(whole, text, memory)), text, known)
    if label in OF_REFUNDS and spoken is not whole and _are_shops(spoken.spans.merchants, known):
        # The newest of what a shop gave back, or all of it: whether anything did is told with either.
        alike = max(alike, sum(probabilities[k] for k in OF_REFUNDS if k != label))
    if memory.asked and not memory.lost and whole.spans == Spans():
        alike = max(alike, _same_told(label, probabilities, memory.asked[-1].step, text))
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
        label, sure = Tool.INCOME, max(sure, floor)
    if label in _CAME_OR_WENT and whole.spans.merchants and _WHICH_WAY.search(whole.masked):
        # Which way it went is said: `tool_meant` reads it.
        sure = max(sure, sum(probabilities[k] for k in _CAME_OR_WENT))
    if label in _TURNED_UP and whole.spans.merchants and TURNED_UP.search(whole.masked):
        # What came is in a list of all there was with them.
        label, sure = Tool.FIND, max(sure, sum(probabilities[k] for k in _TURNED_UP))
    if label in OF_REFUNDS and whole.spans.merchants:
        # Whether somebody gave anything back, all of it says as well as the newest.
        sure = max(sure, sum(probabilities[k] for k in OF_REFUNDS))
    if label in (Tool.LAST, Tool.COUNT) and _REFUNDED_ME.search(whole.masked):
        label, sure = Tool.REFUNDS, sum(probabilities[k] for k in (Tool.REFUNDS, Tool.REFUND_STATUS, Tool.LAST, Tool.COUNT))
    if label in (Tool.SUM, Tool.COUNT) and _TOTAL_AND_NUMBER.search(whole.masked):
        # A sum says how many payments it is of.
        label, sure = Tool.SUM, probabilities[Tool.SUM] + probabilities[Tool.COUNT]
    if label == Tool.SUM and _RAN_TO.search(whole.masked):
        sure = max(sure, floor)
    goes_on = bool(memory.asked) and memory.asked[-1].step.tool in ABOUT_SAME
    if goes_on and label in (Tool.SUM, Tool.SHARE) and _OF_THAT_WAS.search(whole.masked):
        label, sure = Tool.SUM, probabilities[Tool.SUM] + probabilities[Tool.SHARE]
    return probabilities, *_by_its_form(label, sure, probabilities, whole, text, known, memory, floor)


def _by_its_form(label: str, sure: float, probabilities: Mapping[str, float], whole: Found, text: str, known: Known, memory: Memory,
                 floor: float) -> tuple[str, float]:  # fmt: skip
    """The label and how sure it is, of a message whose form says more than its likeliest label."""
    compared = bool(memory.asked) and not memory.lost and memory.asked[-1].step.tool is Tool.COMPARE and whole.spans == Spans()
    if label == Tool.COUNT and compared and _NUMBER_OF_TIMES.search(text):
        # "By the number of visits then": of the two that were held against each other.
        sure = max(sure, CERTAIN)
    if label == Tool.TOP and WHICH_MONTH.search(whole.masked):
        sure = max(sure, floor)
    if label in _OF_INTEREST and _of_interest_got(whole, known.today):
        label, sure = Tool.INCOME, sum(probabilities.get(k, 0.0) for k in _OF_INTEREST)
    of_somebody = whole.spans.merchants or whole.spans.category or (not off_track(memory) and spoke_of_somebody(memory))
    if of_somebody and label in (Tool.BALANCE, Tool.POSITION) and _SPENT_IN_THERE.search(text):
        # A kind of spending was spoken of, and no account.
        label, sure = Tool.SUM, max(sure, CERTAIN)
    if of_somebody and label in _OF_PRICE and PRICE_BEFORE.search(whole.masked):
        label, sure = Tool.SUBSCRIPTIONS, max(sure, CERTAIN)
    if (
        (whole.spans.merchants or whole.spans.category)
        and label in _PAID_EACH_TIME
        and _EACH_TIME.search(whole.masked)
        and not _NOW_OR_BEFORE.search(whole.masked)
    ):
        # What is paid each time is one figure, however it is asked.
        label, sure = Tool.AVERAGE, sum(probabilities[k] for k in _PAID_EACH_TIME)
    label, sure = _of_one_named(whole, text, label, sure, floor)
    if label in _MOVES and whole.spans.account.startswith("into ") and _MOVED_INTO.fullmatch(whole.masked):
        label, sure = Tool.SUM, max(sure, floor)
    if (against := _set_against(whole, label, probabilities)) > sure:
        label, sure = Tool.COMPARE, against
    if (tool := held.tool_of(whole, text, label, known)) is not None:
        return tool, max(sure, CERTAIN)
    if sure < CERTAIN and (plain := _by_its_words(whole, label, known, memory)) is not None:
        label, sure = plain, CERTAIN
    return label, sure


def _by_its_words(whole: Found, label: str, known: Known, memory: Memory) -> Tool | None:
    """The tool of a message that is nothing but words of a question about payments, where it is no question that goes on."""
    said = whole.spans
    if memory.asked and (label in LEANING or not (said.merchants or said.category)):
        return None
    tool = plainly.tool_of(whole)
    # What is told of a person may be what they paid.
    theirs = bool(said.merchants) and label == Tool.INCOME and not _are_shops(said.merchants, known)
    return None if theirs else tool


_BY_OR_FROM_ME = re.compile(
    r"\b(?:what|how much|that|which|do|did|have|and) (?:(?:do|did|have) )?(?:i|we)(?:'ve| have)? (?:(?:usually|always|regularly) )?(?:pay|paid|send|sent|give|gave|given|transfer|transferred)\b"
    r"|\bxmerchant\b[^.?!;]*\b(?:gets?|got|has|had|have|receives?|received|takes?|took|costs?) (?:[a-z]+ ){0,2}(?:from|off|out of)? ?(?:me|us)\b"
)


def _may_know(whole: Found, known: Known) -> bool:
    """Whether what is asked is surely the customer's to know, whatever else it sounds like: what they pay somebody, what they have,
    and accounts that they were let see."""
    said = whole.spans
    theirs = parts.accounts_named(said.account, known.accounts) if said.account and known.others else []
    if _SECRET.search(whole.masked):
        return False
    seen = bool(theirs) and all(a.id in known.others for a in theirs)
    own = _HOW_MUCH_MINE.search(whole.masked) and not _ANOTHERS.search(whole.masked)
    return bool(seen or own or (said.merchants and _BY_OR_FROM_ME.search(whole.masked)))


def _of_one_named(whole: Found, text: str, label: str, sure: float, floor: float) -> tuple[str, float]:
    """The label of what is asked of somebody who is named, where its form says it: what they get each month, that they may have
    taken something twice, and how often money that was sent to them came back."""
    each_month = not whole.spans.periods and _EACH_MONTH_SAID.search(text) and _BY_OR_FROM_ME.search(whole.masked)
    if whole.spans.merchants and sure < floor and each_month:
        return Tool.SUBSCRIPTIONS, floor
    if (whole.spans.merchants or whole.spans.category) and _WHO_TAKES.search(text):
        # Of whom, what and when, the newest payment says.
        return Tool.LAST, max(sure, CERTAIN)
    if whole.spans.merchants and _ONE_MEAL.search(text) and _TAKEN_WRONG.search(text):
        return Tool.DUPLICATES, max(sure, CERTAIN)
    if label == Tool.COUNT and _BOUNCED.search(text) and _MONEY_SENT.search(text):
        return Tool.REFUNDS, sure
    return label, sure


_WHO_TAKES = re.compile(
    r"(?=.*\b(?:payments?|how much|amount|what)\b).*\bwho (?:collects?|takes|gets|is it paid to|does it go to|do (?:i|we) pay it to)\b(?! (?:the )?(?:most|more|least|less)\b)"
)
_HOW_MUCH_MINE = re.compile(r"\bhow much (?:money )?(?:have|do|can|could) (?:i|we)\b")
_ANOTHERS = re.compile(r"'s\b|\b(?:her|his|their|she|he|they|them|your)\b")
_SECRET = re.compile(r"\b(?:pins?|codes?|pass(?:word|code|phrase)s?|numbers?|digits|cvv|log ?in|details)\b")
_EACH_MONTH_SAID = re.compile(r"\b(?:(?:a|each|every|per) month|monthly)\b")
# Who was there one time only, and that something is amiss there: that it was taken twice need not be said.
_ONE_MEAL = re.compile(
    r"\b(?:i|we)(?:'ve| have)? (?:only|just) (?:went|go|been|ate|had|bought|paid|ordered|came|was|were|visited|did)\b[^.?!;]*\b(?:once|one|a single|one time)\b"
)
_TAKEN_WRONG = re.compile(
    r"\b(?:wrong|not right|isn't right|(?:looks?|seems?|is) off|amiss|odd|strange|fishy|mistake|error|twice|doubled?|identical)\b"
)
_NUMBER_OF_TIMES = re.compile(r"\b(?:number of|how many) (?:times|visits|payments|trips)\b|\bhow often\b")
_MOVES = frozenset({Tool.SUM, Tool.EXPLAIN, Tool.INCOME, Tool.FIND, Tool.BALANCE})
# "What I moved in there since September".
_MOVED_INTO = re.compile(
    r"(?:(?:and|so|ok|then|remind me|tell me)\b,? )*(?:what|how much)(?: money)?(?: have| did)? (?:i|we)(?:'ve| have)? (?:moved?|put|paid|pay|transfer(?:red)?|saved|sent|added) xaccount(?: xperiod)?[ ?.!]*"
)
_SPENT_IN_THERE = re.compile(r"\b(?:spending|spent|payments|purchases)\b[^.?!;]*\bin (?:there|that|it)\b")
_OF_PRICE = frozenset(
    {Tool.SUBSCRIPTIONS, Tool.LAST, Tool.SUM, Tool.AVERAGE, Tool.COMPARE, Tool.FIND, Tool.BREAKDOWN, Tool.FIRST, Tool.UPCOMING}
    | {Tool.STANDING_ORDERS, Tool.DIRECT_DEBITS, Tool.EXPLAIN, Tool.IDENTIFY, Tool.SHARE}
)
_TOTAL_AND_NUMBER = re.compile(
    r"\b(?:total|sum|amount) (?:and|plus|&) (?:the )?(?:number|count)\b|\b(?:number|count) (?:and|plus|&) (?:the )?(?:total|sum|amount)\b"
)
_RAN_TO = re.compile(
    r"\bwhat (?:did|does|do|has|have) (?:it|that|they|this|those|xmerchant|xcategory) (?:all )?(?:run|come|came|amount|add up|tot up|mount up) to\b"
)
_CAME_OR_WENT = (Tool.REFUNDS, Tool.INCOME, Tool.SUM, Tool.COUNT, Tool.FIND)
_TURNED_UP = (Tool.FIND, Tool.INCOME, Tool.SUM, Tool.LAST, Tool.IDENTIFY, Tool.BREAKDOWN)
# Money that was not waited for, and no charge.
TURNED_UP = re.compile(
    r"^(?!.*\b(?:charges?|debits?|bills?|fees?|subscriptions?)\b).*\b(?:money|pounds?|quid|xamount|credit|deposit|something)\b[^.?!;]*\b(?:(?:turned|showed|popped|cropped) up|appeared|arrived)\b"
    r"[^.?!;]* from xmerchant"
)
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
_PAID_EACH_TIME = (Tool.SUM, Tool.SUBSCRIPTIONS, Tool.AVERAGE)
_NOW_OR_BEFORE = re.compile(r"\b(?:now|before|these days|used to)\b|\bxperiod,? (?:and|then) before\b")
_EACH_TIME = re.compile(r"\b(?:what|how much)\b.*\b(?:(?:each|every|per|a) (?:time|go|visit|shop)|a pop)\b(?! (?:of|in)\b)")
_OF_INTEREST = (Tool.INCOME, Tool.ARTICLE, Tool.PRODUCT)
_PENSION = re.compile(r"\bpensions?\b")
_REFUNDED_ME = re.compile(r"\brefund(?:ed|ing)? (?:me|us)\b")


def label_of(probabilities: Mapping[str, float], follows: bool = False) -> tuple[str, float]:
    """The label and how sure it is. follows: whether there is a question before that this one can lean on."""
    if not follows and sum(probabilities[k] for k in LEANING) < MERE_FOLLOW_UP:
        probabilities = {k: p for k, p in probabilities.items() if k not in LEANING}
    best = max(probabilities, key=probabilities.__getitem__)
    # Which of the two it is makes little difference to a customer.
    sure = sum(probabilities[k] for k in next((alike for alike in _ALIKE if best in alike), (best,)))
    return best, sure / sum(probabilities.values())


# What cannot be answered, either way; and a list that says what it comes to, or the sum alone.
_ALIKE = (frozenset({"cannot", "oos"}), frozenset({"find", "sum"}))


def _set_against(found: Found, label: str, probabilities: Mapping[str, float]) -> float:
    """How sure a comparison is where two names, or two times, stand against each other, though it begins like a sum; 0 elsewhere."""
    if label not in (Tool.SUM, Tool.COMPARE, Tool.COUNT, "follow") or not _VERSUS.search(found.masked):
        return 0.0
    return sum(probabilities[label] for label in (Tool.SUM, Tool.COMPARE, Tool.TOP, "follow"))


_VERSUS = re.compile(
    r"\bx(?:(?P<days>period)|merchant|category) (?:v\.?|versus|vs\.?|(?:as |set |put )?against|compared (?:to|with)) (?:at |on |with )?"
    r"x(?(days)period|(?:merchant|category))\b"
)


def _of_interest_got(found: Found, today: periods.Today) -> bool:
    """ "ISA interest for September": what came in then, and not what the rate is."""
    return _INTEREST.search(found.masked) is not None and len(found.spans.periods) == 1 and is_over(found.spans.periods[0], today)


_INTEREST = re.compile(r"\binterest\b(?! rates?\b)")


def as_spoken(whole: Found, text: str, memory: Memory) -> Found:
    """The parts of a message that leans on what payments were told before with whom these were of: it decides what a tool means."""
    last = memory.asked[-1].step if memory.asked and not off_track(memory) else None
    if last is None or last.tool not in ABOUT_PAYMENTS or not last.spans.merchants or not refers_back(text, whole.spans):
        return whole
    if _OF_THEM_OR_IT.search(text) is None:
        return whole
    # Only one took something twice, whatever it was for.
    names = last.spans.merchants[:1] if last.tool is Tool.DUPLICATES else last.spans.merchants
    return replace(whole, spans=whole.spans.model_copy(update={"merchants": names}))


_OF_THEM_OR_IT = re.compile(rf"{SOMEBODY.pattern}|\b(?:it|that)\b")


def _same_tool(label: str, probabilities: Mapping[str, float], found: Found, text: str, known: Known) -> float:
    """How probable the other labels are that a message turns into the same tool as its own: which of them it is makes no
    difference."""
    if label not in TOOLS:
        return 0.0
    meant = tool_meant(Tool(label), found, text, known)
    counted = next((alike for alike in _ALIKE if label in alike), frozenset((label,)))
    others = (k for k, p in probabilities.items() if p >= LIKE_NONE and k not in counted and k in TOOLS)
    return sum(probabilities[k] for k in others if tool_meant(Tool(k), found, text, known) is meant)


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
    if before.tool in DATED and label in (Tool.FIRST, Tool.LAST, Tool.FIND) and WHEN.search(text):
        return before
    return told_with(Tool(label), before, text) if label in TOOLS else None


def tool_meant(tool: Tool, found: Found, text: str, known: Known) -> Tool:
    """The tool that a label means, with what was said beside it."""
    said = found.spans
    if tool in (Tool.COUNT, Tool.SUM, Tool.AVERAGE) and _MEASURED.search(text):
        # How far or how much of a thing, no payment says.
        return Tool.CANNOT
    if tool is Tool.BIGGEST_DAY and _DAY_OF_IT.search(text):
        return Tool.LAST
    if tool in _MAY_BOUNCE and said.merchants and _BOUNCED.search(text) and not _are_shops(said.merchants, known):
        return Tool.REFUND_STATUS
    if tool is Tool.LAST and not said.merchants and _I_WAS_PAID.search(text):
        return Tool.SALARY
    if tool in (Tool.FIRST, Tool.LAST, Tool.FIND, Tool.SUM) and _NEW_PRICE.search(text):
        return Tool.SUBSCRIPTIONS
    if tool is Tool.REFUNDS and LAST_ONE.search(found.masked):
        return Tool.REFUND_STATUS
    if tool is Tool.REFUND_STATUS and EVER_BEFORE.search(text):
        # All that ever came back, and not how far the newest is.
        return Tool.REFUNDS
    if tool in (Tool.INCOME, Tool.FIND, Tool.PRODUCT) and INTEREST_CHARGED.search(text):
        return Tool.SUM
    if tool is Tool.BALANCE and FOR_BEING_OVERDRAWN.search(text):
        # What the overdraft cost, and not how far it went.
        return Tool.SUM
    asked_each = tool is Tool.DUPLICATES and _WITH_DATES.search(text)
    if (tool is Tool.SUM or asked_each) and (said.merchants or said.category) and _ONE_BY_ONE.search(text):
        return Tool.FIND
    if tool in (Tool.COMPARE, Tool.BALANCE) and not (said.merchants or said.category) and _THAN_IT_WAS.search(found.masked):
        return Tool.EXPLAIN
    if tool is Tool.UPCOMING and said.periods and all(is_over(p, known.today) for p in said.periods):
        # What is due to go out in days that are over went out.
        return Tool.FIND
    if tool is Tool.FIND and len(said.merchants) > 1 and _WENT.search(text):
        # Of several each gets its own sum; a list would mix them.
        return Tool.SUM
    if tool is Tool.FIND and _WENT_OUT.match(text) and over_weeks(said, known):
        # Of a whole month a list would tell the latest few of many.
        return Tool.SUM
    if tool is Tool.SUM and said.merchants and not without_now(said.periods) and _COSTS_NOW.search(text):
        # What it costs these days is its price, and not all that was ever paid.
        return Tool.SUBSCRIPTIONS
    if tool is Tool.INCOME and not said.merchants and _I_DREW.search(text):
        # What was drawn out of an account never came into it.
        return Tool.SUM
    if tool in (Tool.SUM, Tool.AVERAGE) and _month_by_month(said, text, known):
        return Tool.BREAKDOWN
    if tool is Tool.SUM and (said.group or _SO_MUCH_A.search(text)):
        return by_group(said.group) if said.group else Tool.AVERAGE
    if tool is Tool.EXPLAIN and said.periods and all(is_to_come(p, known.today) for p in said.periods):
        # What has not happened, nothing explains.
        return Tool.CANNOT
    if tool is Tool.COMPARE and max(len(said.periods), len(said.merchants) + bool(said.category)) > 2:
        # A comparison is of two; of more each is told.
        return Tool.SUM
    if tool is Tool.PENDING and _CLEARED.search(text) and said.periods and all(is_over(p, known.today) for p in said.periods):
        # "Last week's, the ones that have cleared": what is booked.
        return Tool.FIND
    if (tool is Tool.PENDING and said.merchants and _WHEN_IT_WENT.search(text)) or (
        tool is Tool.SHARE and _SHARE_PAID.search(text)
    ):
        # What has gone through on some day is pending no more; "has my share of the bills gone to her" is of a payment that is
        # called so.
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
        and (back or PAID_BACK.search(text))
    ):
        # What somebody pays back is no refund of a shop, and what a shop gives back is one.
        return (tool if tool is Tool.REFUND_STATUS else Tool.REFUNDS) if _are_shops(said.merchants, known) else Tool.INCOME
    most = _THE_MOST.search(text)
    if said.merchants and (tool in ADDED_TOGETHER or (most and tool is Tool.INCOME)) and PAID_TO_ME.search(found.masked):
        return Tool.LARGEST if most else Tool.INCOME
    if tool is Tool.INCOME and said.merchants and not said.periods and DID_PAY.search(found.masked):
        # "Did she pay me": the newest that came from her.
        return Tool.LAST
    if tool is Tool.INCOME and said.merchants and not said.periods and HAD_LATELY.search(text):
        return Tool.LAST
    if (
        tool is Tool.INCOME
        and said.account
        and not said.merchants
        and PAID_IN.search(text)
        and held.is_savings(said.account, known)
    ):
        return Tool.SUM
    if tool is Tool.POSITION and said.account and any(p not in parts.DAYLESS for p in said.periods):
        # What there was then, account by account.
        return Tool.BALANCE
    if (
        (tool in ABOUT_SAME or (tool is Tool.UPCOMING and _HOW_MUCH_UNTIL.fullmatch(found.masked)))
        and said.periods
        and not (said.merchants or said.category)
        and all(is_ahead(p, known.today) for p in said.periods)
    ):
        # "How much till I get paid": nothing is spent yet in days to come.
        tool = Tool.UPCOMING if _GOES_OUT.search(text) else Tool.SPARE
    if tool is Tool.SPARE and said.periods and (all(p in NOW for p in said.periods) or _MY_BALANCE.search(text)):
        # What can be spent today is what is there today, and a balance to come is not what could be put aside until then.
        return Tool.BALANCE
    if tool is Tool.TOP and not said.number and _ONE_PAYMENT.search(text):
        return Tool.LARGEST
    if tool in (Tool.BIGGEST_DAY, Tool.LARGEST) and WHICH_MONTH.search(text):
        return Tool.TOP
    if tool is Tool.BALANCE and said.periods and _LESS_THAN.search(text):
        # "How much less is there than when November started": what it was held against is not what there is.
        return Tool.EXPLAIN
    if tool is Tool.ACCOUNTS and said.account and not _NUMBER_OF.search(text):
        return Tool.BALANCE
    if tool is Tool.COMPARE and len(said.merchants) == 1 and len(said.periods) == 1 and RISE.search(text) and _BILL.search(text):
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
    gave = tool is Tool.INCOME and (_GAVE.search(text) or HAD_FROM_ME.search(found.masked) or _WAS_PAID.search(found.masked))
    if tool in (Tool.COUNT, Tool.SUM) and not said.merchants and _REFUNDS.search(text):
        return Tool.REFUNDS
    if tool is Tool.BREAKDOWN and (_USUAL.search(said.group) or _BY_WEEK.match(said.group)):
        # "What goes in an average week" is one figure.
        return Tool.AVERAGE
    return Tool.SUM if added or gave else tool


def _month_by_month(said: Spans, text: str, known: Known) -> bool:
    """ "What did I pay them each month since June": what was paid in each of several months that are said, and no mean of them."""
    if _EACH_MONTH.fullmatch(said.group) is None or _HABITUAL.search(text) or len(said.periods) != 1:
        return False
    period = periods.read(said.periods[0], known.today)
    # A period that is longer than one month is of several.
    return period is not None and period.since is not None and (period.until - period.since).days > periods.MONTH_DAYS


_I_DREW = re.compile(r"\b(?:i|we)(?:'ve| have)? (?:just |already )?(?:with)?dr[ae]wn?\b(?! on)|\bdrawn out\b")
_EACH_MONTH = re.compile(r"(?:each|every|in each|in every) month")
# What asks for one figure, however many months it is of.
_HABITUAL = re.compile(
    rf"\b(?:{USUAL}|averaged?|averag(?:es|ing)|mean|normal(?:ly)?|typical(?:ly)?|usual(?:ly)?|tend|roughly|(?:do|does) (?:i|we|it|that|he|she|they|xmerchant))\b"
)
# "How much has the vet been paid".
_WAS_PAID = re.compile(
    r"\bxmerchant (?:(?:has |have )?been|was|were|got|gets?) paid\b|\b(?:was|were) xmerchant paid\b(?! (?:me|us)\b)"
)
# "My biggest single spend and where", "the top payment": of payments, and not of shops or kinds.
_ONE_PAYMENT = re.compile(
    r"\b(?:top|biggest|largest|highest|dearest|priciest|costliest|heaviest|most expensive) (?:(?:single|individual|one-off) (?:[a-z]+ )?(?:spend|expense|outlay|outgoing|thing|item|cost|debit|charge)"
    r"|(?:(?:single|individual|one-off) )?(?:payment|transaction|purchase))\b|\bsingle (?:biggest|largest|highest|dearest|priciest|most expensive)\b"
    r"|\b(?:of|out of) (?:all|everything)\b[^.?!;]*\b(?:paid|bought|spent|payments|purchases)\b[^.?!;]*\b(?:top|biggest|largest) one\b"
)
_I_WAS_PAID = re.compile(
    r"\b(?:was|were) (?:i|we) (?:last )?paid\b(?! (?:by|back|for|out))|\b(?:i|we) (?:was|were|(?:last )?(?:got|get)) (?:last )?paid\b(?! (?:by|back|for|out))"
)
# "Which day did that leave my account".
_DAY_OF_IT = re.compile(r"\b(?:which|what) (?:day|date) (?:did|was|has|is) (?:that|it|this|the (?:last|latest|newest))\b")
_MAY_BOUNCE = frozenset({Tool.SUM, Tool.FIND, Tool.LAST, Tool.INCOME, Tool.PENDING, Tool.REFUNDS, Tool.DUPLICATES})
# Money that was sent to somebody and came back.
_BOUNCED = re.compile(
    r"\b(?:bounc(?:e|ed|es)|(?:come|came|comes|coming) back(?: to me)?(?! from\b)|returned|(?:never|didn't|did not|not|hasn't) (?:[a-z]+ )?(?:reach(?:ed)?|arrived?|g[eo]t (?:to|there))|reach(?:ed)? (?:her|him|them))\b"
)
_MONEY_SENT = re.compile(r"\b(?:payments?|money|transfers?)\b")
_THE_MOST = re.compile(r"\bthe (?:most|biggest|largest|highest)\b")
_WHICH_OF_TWO = re.compile(r"\b(?:which|where)\b(?! (?:day|week|month|year))[^.?!;]{0,60}\b(?:more|most)\b[^.?!;]{0,80}\bor\b")
_WHICH_MOST = re.compile(r"^(?:and |so |ok |then )*which\b[^,.?;]*\b(?:most|biggest (?:share|part|chunk|slice))\b")
_COMPARES = re.compile(
    r"\b(?:than|versus|vs|against|compar\w+|more|less|most|least|fewer|\w+er|differ\w*|which|between|up|down|worse|or|change\w*|same|gone)\b"
)
# "Did Mrs Bradshaw pay", "has Priya sent me anything".
DID_PAY = re.compile(
    r"^(?!.*\bhow (?:much|many)\b).*\b(?:did|has|have) (?:xmerchant|she|he|they) (?:ever |already |finally |actually )?(?:pay|paid|sent|send)\b"
    r"|^(?!.*\b(?:how (?:much|many)|what|total|together|all|sum|receipts?)\b).*\bxmerchant (?:she |he |they )?(?:pays?|paid|sends?|sent)\b"
    r"|\bxmerchant (?:has |have )?(?:last |ever |just )?paid (?:me|us)\b"
    r"|^(?!.*\bhow (?:much|many)\b.*xmerchant).*\bxmerchant,? (?:she|he|they)(?:'s|'ve| has| have)? (?:already |just )?paid (?:me|us)\b"
    r"|\bxmerchant (?:says|said|reckons|claims|swears) (?:that )?(?:she|he|they)(?:'ve|'s| has| have)? (?:paid|sent)\b"
)
HAD_LATELY = re.compile(
    r"\b(?:have|did) (?:i|we) (?:had|have|get|got|receive|received|win|won) (?:a|an|any|another)\b.*\b(?:lately|recently|yet)\b"
)
PAID_IN = re.compile(
    r"\b(?:paid|put|moved|gone|went|going|sent|added|transferred)(?: (?:any |some |the |my |more )?(?:money|cash))? in\b"
)
_MEASURED = re.compile(
    r"\bhow (?:many|much) (?:[a-z]+ )?(?:miles|kilomet(?:re|er)s|km|lit(?:re|er)s|gallons|cups|pints|glasses|bottles|calories|units|kwh|steps)\b"
)
_NEW_PRICE = re.compile(
    r"\b(?:new|higher|increased|dearer) (?:price|amount|rate|rent|fee|charge|cost)\b|\b(?:charg|cost)(?:e|es|ed|ing) (?:me |us )?more\b"
)
FOR_BEING_OVERDRAWN = re.compile(
    r"\b(?:charged?|fees?|interest|cost|pa(?:y|id)) (?:[a-z]+ ){0,4}(?:overdrawn|overdraft)\b|\boverdraft (?:charges?|fees?|interest)\b"
)
# What was earned is never told as what was charged.
INTEREST_CHARGED = re.compile(
    r"\binterest (?:[a-z]+ ){0,3}(?:charged?|taken|took)\b|\b(?:charged?|took|taken) (?:[a-z]+ ){0,4}interest\b"
    r"|\b(?:i|we) pa(?:y|id) (?:[a-z]+ ){0,3}interest\b|\binterest (?:did|do|have) (?:i|we) pa(?:y|id)\b"
)
# "When did he come and what did he charge": each payment is told with its day.
_WITH_DATES = re.compile(
    r"\bdates? and (?:the |their )?(?:amounts?|sums?|prices?|figures?)\b|\b(?:amounts?|sums?|prices?|figures?) and (?:the |their )?dates?\b|\bwith (?:the |their )?dates?\b"
)
_ONE_BY_ONE = re.compile(
    r"\band (?:on )?(?:what|which) (?:day|date)\b|\band (?:the|its) (?:day|date)\b"
    r"|\bwhat (?:are|were) (?:the|all the|their|those|his|her) (?:amounts|figures|charges|payments)\b|"
    rf"{_WITH_DATES.pattern}|\b(?:when|(?:which|what) (?:day|date)) (?:did|was|were|have|had)\b|\band when\b"
)
# What is in an account, held against what was: nothing that was spent.
_THAN_IT_WAS = re.compile(
    r"\b(?:more|less|lower|higher)\b.*\b(?:in xaccount|is there|is in|have (?:i|we) got|do (?:i|we) have|(?:i|we) have)\b.*\bthan\b"
    r"|\b(?:is there|have (?:i|we) got|do (?:i|we) have)\b.*\b(?:more|less)\b.*\bthan\b|\b(?:xaccount|balance) (?:is |gone |went |go )?(?:up|down)\b"
)
PAID_BACK = re.compile(
    r"\b(?:pa(?:y|id)|gave|given?|sen[dt]|refunded) (?:me|us) (?:[a-z]+ )?back\b|\bpa(?:y|id) (?:it|that|this|them) back\b"
)
_GOES_OUT = re.compile(
    r"\b(?:spend|spent|pay|pays|paid|paying|bills?|due|cost|costs|owe|go(?:es|ing)? out|com(?:e|es|ing) out|leav(?:e|es|ing))\b(?<!get paid)"
)
_HOW_MUCH_UNTIL = re.compile(r"how much xperiod[ ?.!]*")
# Nothing is told week by week.
_BY_WEEK = re.compile(r"^(?:per|a|each|every|by|by the) (?:week|year)$")
_BILL = re.compile(r"\b(?:bills?|subscriptions?|memberships?|insurance|rent|mortgage|direct debits?|broadband|premiums?|fees?)\b")
_NUMBER_OF = re.compile(r"\b(?:sort ?codes?|numbers?|iban|bic|details|called|names?|kind|type|currency)\b")
_MY_BALANCE = re.compile(r"\b(?:my|our|the) (?:[a-z]+ )?balance\b")
_SHARE_PAID = re.compile(
    r"\b(?:has|have|had|did|was|is)\b[^.?!;]*\bshare of (?:the|our|my|her|his) [a-z]+(?: [a-z]+)? (?:gone|been|go|paid|sent|left|reach\w*|arrive\w*|through)\b"
    r"|\b(?:pa(?:y|id)|sen[dt]|transfer(?:red)?)\b[^.?!;]*\b(?:my|our|her|his) share of\b"
)
_LESS_THAN = re.compile(r"\b(?:how much|by how much)\b.*\b(?:less|more|lower|higher|down|up|fallen|dropped|risen|gone)\b")
_COSTS_NOW = re.compile(
    r"\b(?:costing|costs?|charging|charges?|taking|takes?|paying|pay)\b[^.?!;]*\b(?:these days|nowadays|right now|at the moment|currently)\b"
    rf"|{THEY_CHARGE.pattern}"
)
# "How much a month from July to October" is not what it came to in all.
_SO_MUCH_A = re.compile(
    r"\b(?:how much|what)\b[^.?!;]*\b(?:a|one) (?:day|week|month|year)\b"
    r"(?!'|-| (?:ago|before|later|earlier|after|out|off|on|trip|pass|ticket|early|late|last|or so|old|in|from (?:now|today)))"
)
_CLEARED = re.compile(r"\b(?:cleared|booked|(?:gone|went) through)\b(?<!not cleared)(?<!not booked)(?<!not gone through)")
_WHEN_IT_WENT = re.compile(r"\b(?:when|(?:which|what|on what|on which) (?:day|date)) (?:did|was|has)\b")
_YET = re.compile(r"\b(?:yet|already|did (?:i|we) (?:remember|forget))\b")
_WENT = re.compile(r"\bwhat(?:'s| has| all)? (?:went|gone|go)\b")
_WENT_OUT = re.compile(r"(?:and |so |ok )*what(?:'s| has| all)? (?:went|gone) out\b")
_TOGETHER = re.compile(r"\b(?:together|combined|in total|in all|altogether|added up)\b(?! (?:is|was) (?:that|it) more)")
_USUAL = re.compile(rf"\b{USUAL}\b")
# What is counted or added up, and not what something is held against: "spent after refunds".
_REFUNDS = re.compile(
    r"\b(?:how many|number of|count(?: of)?|total(?: of)?|all|sum of|how much in|how much from)(?: my| the| different| separate)? refunds\b"
)
# What the customer gives is no income, though the words for both are much the same.
_GAVE = re.compile(r"\bhow much (?:money )?(?:did|do|have|had) (?:i|we) (?:ever )?(?:give|given|pay|paid|send|sent|lend|lent)\b")


def _are_shops(names: Sequence[str], known: Known) -> bool:
    """Whether names are those of shops that the customer has paid, and of no person."""
    tokens = [t for name in names for t in parts.words_of(name) if t in known.tokens]
    payees = {payee.id: payee for payee in known.payees}
    return bool(tokens) and not any(payees[one].personal for t in tokens for one in known.tokens[t])
