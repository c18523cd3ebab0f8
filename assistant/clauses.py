"""Clauses of one message that ask for several things, and names that are asked about one by one."""

from __future__ import annotations

import re

from assistant import spans as parts
from assistant.comparison import COMPARES, DIFFERENCE, EITHER_WAY, TWO_ACCOUNTS
from assistant.days import is_a_day
from assistant.following import merged
from assistant.plan import Spans, Step, Tool, names_in
from assistant.pointing import BY_HOW_MUCH
from assistant.spans import Found, Known


def clauses_of(text: str) -> list[str]:
    """The clauses of a message that may each ask for something; a word or two ask for nothing by themselves."""
    return [c for c in _CLAUSE.split(BY_HOW_MUCH.sub("", text)) if c and len(c.split()) > 2]


_CLAUSE = re.compile(
    r"\s*(?:[;?!.]+\s+(?:and\s+|also\s+)?|,?\s+and\s+(?:in\s+)?|,\s+)(?=(?:how (?:much|many|often)|when|what(?:'s| is| was)?|which|who)\b)|[?;]\s+(?=\S+\s+\S+)"
)


def each_apart(step: Step, text: str) -> tuple[Step, ...]:
    """ "September, October and November separately", "how many each": a step for each, where one would take them together."""
    if step.spans.change == DIFFERENCE and step.tool is not Tool.COMPARE:
        # It belonged to the comparison before.
        step = step.model_copy(update={"spans": step.spans.model_copy(update={"change": ""})})
    said = step.spans
    names = names_in(said)
    if TWO_ACCOUNTS in said.account and step.tool is Tool.SUM and (parts.SEPARATELY.search(text) or COMPARES.search(text)):
        each = (said.model_copy(update={"account": account}) for account in said.account.split(TWO_ACCOUNTS))
        return tuple(step.model_copy(update={"spans": spans}) for spans in each)
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


_EACH_OF = re.compile(r"\beach of (?:the|those|these|them)\b|\bwhat (?:does|do|did|has|have) each\b")
# "How many visits to each this year", and not "to each of the shops" or "each week".
_EACH = re.compile(
    r"\beach(?: one)?(?: then| please)?\s*(?:[?.!]*$|,)|\b(?:how many (?:times|visits|payments)|how often) each\b"
    r"|\b(?:to|at|in|from|with|for)? ?each(?: one)? (?=(?:in|since|this|last|during|over|so far|for|from|between|until)\b)"
    # "Now by the number of visits": of two that were held against each other by what they took.
    r"|\bby (?:the )?number of (?:times|visits|payments|trips)\b|\b(?:times|visits|payments|trips)\b[^.?!;]* (?:rather than|instead of|not) (?:the )?(?:pounds|money|amounts?|cost)\b"
)
_MORE_OFTEN = re.compile(
    r"\bmore (?:often|frequently|times)\b|\b(?:go|went|been|eat|ate|visit|shop)(?: to)? (?:the )?more\b(?! (?:money|on))"
)
# What these say of several names they say of all of them together.
_MIXED = frozenset({Tool.COUNT, Tool.AVERAGE, Tool.LAST, Tool.FIRST, Tool.LARGEST, Tool.SMALLEST, Tool.INCOME, Tool.REFUNDS})


def _says_both(said: Spans, text: str) -> bool:
    """Whether a message names both sides of a comparison itself: then they stay in its order."""
    two = said.merchants if len(said.merchants) > 1 else said.periods
    return len(two) > 1 and all(one in text for one in two[:2])


def _of_name(step: Step, name: str) -> Step:
    named = {"merchants": (), "category": name} if name == step.spans.category else {"merchants": (name,), "category": ""}
    return step.model_copy(update={"spans": step.spans.model_copy(update=named)})


def with_subject(step: Step, subject: Spans, *, after: bool = False) -> Step:
    """A step with what a clause beside it names. after: whether that clause stands behind its own."""
    tool = Tool.SUM if step.tool is Tool.FIND and subject.merchants and step.spans.merchants else step.tool
    spans = side_by_side(step.spans, subject) if after else side_by_side(subject, step.spans)
    return step.model_copy(update={"tool": tool, "spans": spans})


def side_by_side(one: Spans, two: Spans) -> Spans:
    """The spans of clauses that go on with each other: names that stand side by side are all meant."""
    names = tuple(dict.fromkeys((*one.merchants, *two.merchants)))
    both = merged(one, two)
    return both.model_copy(update={"merchants": names}) if one.merchants and two.merchants else both


def total_and_list(found: Found, label: str) -> tuple[Step, ...] | None:
    """ "The total, and list anything over £20": the bound is that of the list alone."""
    said = found.spans
    if label not in (Tool.SUM, Tool.FIND, Tool.COUNT) or found.unknown or not (said.merchants or said.category):
        return None
    total = Step(tool=Tool.SUM, spans=said.model_copy(update={"amount": ""}))
    return (total, Step(tool=Tool.FIND, spans=said)) if _TOTAL_AND_LIST.search(found.masked) else None


_TOTAL_AND_LIST = re.compile(
    r"\b(?:total|sum|how much|altogether)\b(?:(?!xamount).)*\b(?:and|then|plus) (?:also |then )?(?:list|show|name)\b[^.?!]*xamount"
)


def total_and_last(found: Found, told_of: str = "") -> tuple[Step, ...] | None:
    """ "Acme: total paid? Last date?", "how much have they had and when last": the sum and the newest payment of one name.

    told_of: who was named in what is told beside it.
    """
    said = found.spans if not told_of else found.spans.model_copy(update={"merchants": (told_of,)})
    one = len((*said.merchants, *filter(None, (said.category,)))) == 1
    if not one or found.each or found.hours or found.undated or said.without or said.amount or said.group or said.change:
        return None
    text = parts.without_slips(found.masked)
    pieces = [piece for piece in _PIECE.split(text) if piece.strip()]
    last = next((at for at, piece in enumerate(pieces) if _LAST.search(piece)), None)
    if last is None or _ELSE.search(text) or not parts.all_of_question(text):
        return None
    # "When last, and what sum", "how much and when was the last": of the one payment. Behind "when last" it must say that all are meant.
    of_last = [_LAST_TOTAL.sub("", piece) if at <= last else _SUM_OF_IT.sub("", piece) for at, piece in enumerate(pieces)]
    summed = [piece for piece in of_last if _TOTAL.search(piece) or _OF_ALL.search(piece)]
    bare = any(_HOW_MUCH.search(piece) and not _LAST.search(piece) and not _MERELY.fullmatch(piece) for piece in pieces[:last])
    return (Step(tool=Tool.SUM, spans=said), Step(tool=Tool.LAST, spans=said)) if summed or bare else None


_PIECE = re.compile(r"[,;:?!+&=]+|\.+(?= |$)|\s-+\s|\b\d\)|\b(?:and|plus|also|then|with)\b")
_LAST = re.compile(r"\b(?:last|latest|most recent(?:ly)?|newest)\b")
_LAST_TOTAL = re.compile(
    r"\b(?:last|latest|newest|most recent) (?:[a-z]+ )?(?:total|amount|sum)\b|\b(?:amount|sum) (?:of|for) (?:the|my) (?:last|latest)\b"
)
_SUM_OF_IT = re.compile(rf"\b(?:what|which|for what|of what) (?:amount|sum)\s*$|{_LAST_TOTAL.pattern}")
_MERELY = re.compile(r"\s*how much(?: was (?:it|that))?\s*")
_TOTAL = re.compile(
    r"\b(?:totals?|totall?ed|sum|overall|altogether|amounts? (?:that )?(?:i|we|i've|paid|spent|given)|in all|all in all|all told|all up|so far|to date|up to now|amount(?:s|ed)? to|in (?:its|their) entirety|add(?:s|ed)? up|tot(?:s|ted)? up|tally"
    r"|(?:did|does|do|has|have) (?:it|they|that|xmerchant)(?: all)? come to)\b"
)
_HOW_MUCH = re.compile(r"\b(?:how much|what(?:'s| have| did| has| i| we))\b")
# "How much have they had off me", "what I've spent there", wherever that stands.
_OF_ALL = re.compile(
    r"^(?!.*\b(?:last|latest|most recent|newest)\b).*\b(?:how much|what)(?: money)?(?:'ve| have| has| did|'s| all)* (?:i|we|they|it|xmerchant|gone|been)\b.*"
    r"\b(?:pa(?:id|y)|spen[dt]|g[ia]ven?|had|taken?|cost|gone|go|received?|got|get|charged?)\b"
)
# What asks for another figure besides.
_ELSE = re.compile(
    r"\b(?:how (?:many|often)|average|each|every|per|month(?:s|ly)?|biggest|largest|highest|smallest|lowest|first|compared?|than|less|refund\w*|balance|due|next|list|show me all|count|often"
    r"|number of|(?:pa(?:y|ys|id|ying)|sen[dt]|g[ia]ven?) (?:me|us)|(?:the )?last (?:xnumber|few|couple|\d+)|back|refunds?|owe[sd]?)\b"
)


def is_told_apart(step: Step, known: Known) -> bool:
    """Whether a payment is told from others by whom it was with and on which day, so that the hour adds nothing."""
    said = step.spans
    told = (
        bool(said.merchants or said.category or said.amount),
        bool(said.periods) and is_a_day(said.periods[0], known.today),
        step.tool in _OF_ONE,
    )
    return sum(told) > 1


_OF_ONE = frozenset({Tool.FIND, Tool.IDENTIFY, Tool.DUPLICATES, Tool.PENDING, Tool.REFUND_STATUS})


def at_hours(step: Step, found: Found) -> Step:
    """A step whose answer says that the hour which was said chose nothing."""
    return step.model_copy(update={"unread": (*step.unread, *found.hours)})
