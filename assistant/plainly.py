"""What a message asks whose words are all of a question about payments, in whatever order they stand.

"Category fuel; sum of payments", "all that Acme ever had from me, added together": no example is put so, and nothing else can be
meant. A word of no such question leaves it to the head and the reader.
"""

from __future__ import annotations

import re

from assistant import spans as parts
from assistant.plan import Tool, names_in
from assistant.spans import Found


def tool_of(found: Found) -> Tool | None:
    """The tool that the words of a message ask for; None where they are of another question, or of more than one."""
    said = found.spans
    if found.each or found.hours or found.undated or said.without or said.amount or said.group or said.change:
        return None
    text = _NAMES_KIND.sub("xcategory", parts.without_slips(found.masked))
    named = len(names_in(said))
    if named > 1 or (_REFUNDS.search(text) and _ELSE_OF_REFUNDS.search(text)):
        return None
    if _REFUNDS.search(text):
        return Tool.REFUNDS if (_ADDS.search(text) or _HOW_MUCH.search(text)) and parts.all_of_question(text) else None
    if _LARGEST.search(text):
        return Tool.LARGEST if _is_of_question(_LARGEST, text) and not _ELSE_OF_ONE.search(text) else None
    if not named or _ELSE.search(_EVERY.sub(" ", text)):
        return None
    if _LAST.search(text):
        dated = _DATE.search(text) and not _HOW_MUCH.search(text) and not _ADDS.search(_LAST.sub(" ", text))
        return Tool.LAST if dated and _is_of_question(_LAST, text) else None
    return Tool.SUM if _ADDS.search(text) and parts.all_of_question(_SORTED.sub(" ", text)) else None


def _is_of_question(asked: re.Pattern[str], text: str) -> bool:
    return parts.all_of_question(asked.sub(" ", text))


_NAMES_KIND = re.compile(r"\bxcategory category\b|\bcategory[ =:]*xcategory\b")
_REFUNDS = re.compile(r"\brefund(?:s|ed)?\b")
_ADDS = re.compile(
    r"\b(?:totals?|totall?(?:ed|ing)|sum|summed|add(?:s|ed|ing)?|tot(?:ted|ting)?|tally|altogether|together|in all|all in"
    r"|all told|all up|overall|combined|in full|all time|to date|(?:complete|whole|full|entire) (?:amount|lot|sum)"
    r"|(?:as )?one (?:number|figure|sum)|amounts? to|comes? to|value|worth)\b"
)
_HOW_MUCH = re.compile(r"\bhow much\b(?! (?:later|ago))")
_MOST = r"(?:biggest|largest|highest|dearest|priciest|costliest|heftiest|heaviest|bigger|larger|dearer|higher|most (?:big|expensive)|maximum|max)"
_LARGEST = re.compile(
    rf"\b{_MOST} (?:(?:single|one|card) )*(?:payments?|purchases?|transactions?|spend)\b|\bno (?:other )?(?:[a-z]+ )?(?:payment|purchase|transaction)\b.*"
    r"\b(?:bigger|larger|higher|dearer|more) than\b|\b(?:payment|purchase|transaction|one)\b.*\b(?:bigger|larger|higher|dearer|more) than (?:all|any|every)(?: of)?(?: the)? (?:others?|rest)\b"
)
_LAST = re.compile(
    r"\b(?:last|latest|newest|final|most recent(?:ly)?)\b|\bafter (?:which|what) (?:date|day)\b.*\bno (?:more|further|other) payments?\b"
)
_DATE = re.compile(r"\b(?:when|dates?|days?)\b")
# By whom they are kept there changes nothing.
_SORTED = re.compile(
    r"\b(?:sorted|filed|labelled|labeled|tagged|listed|booked|marked|classed|classified|grouped|put|placed|recorded)(?= (?:in|into|under|as|to|with))"
)
_EVERY = re.compile(r"\b(?:every|each) (?:single )?(?:payment|penny|one|transaction|purchase|time|last one|last penny)\b")
# What asks for another figure, or of another way than what the customer paid.
_ELSE = re.compile(
    r"\b(?:how (?:many|often)|average|mean|each|every|per|monthly|weekly|biggest|largest|highest|smallest|lowest|least|most|first|more than|less than"
    r"|than|compared?|comparison|difference|balance|due|next|list|show me all|often|number of|count|counted|regularly|usually|normally|subscriptions?"
    r"|breakdown|broken|chart|graph|pending|hold|twice|double|duplicate[ds]?|back|refund\w*|owe[sd]?|who|which|from xmerchant"
    r"|xmerchant (?:ever )?(?:pays?|paid|sends?|sent|gives?|gave)|pa(?:y|ys|id|ying) (?:me|us)|sen[dt] (?:me|us)|(?:gave|given) (?:me|us)"
    r"|receive[sd]?|income|salary|wages|credits?|earn\w*|left|save[ds]?|saving|will|going to|can i|could i|afford|may i|should"
    r"|two|three|both|pair|payees?|beneficiar\w+|recipients?|standing orders?|direct debits?|overdraft|cash|declined|not)\b"
)
_ELSE_OF_ONE = re.compile(
    r"\b(?:average|smallest|lowest|which (?:day|week|month|shop|category|place)|day|compared?|two|three|four|five|each|every|second|third|next|received?|came in|refund\w*)\b"
    r"|\b(?:payments|purchases|transactions) (?:in|of|for) order\b"
)
_ELSE_OF_REFUNDS = re.compile(
    r"\b(?:how (?:many|often|long|do|can)|number of|which|who|when|last|latest|newest|biggest|largest|smallest|average|each|per|list|still|yet|due"
    r"|waiting|pending|expect\w*|can i|could i|would i|should|not|never|without|out|off|aside|exclud\w*|no|minus|less|net|after|before|than|next|first|day|owe[sd]?|get a refund|if)\b"
)
