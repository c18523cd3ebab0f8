"""Refunds that are left out of what is asked, "refunds aside": no sum of what was spent has them in it.

To the head and the reader such words would ask for refunds, so they are taken out of a message before anything else reads it. There
is no end of ways to say it, so no list of them: where something else in a message asks for a figure, a clause that speaks of refunds,
asks for none and has a word of leaving out or of saying no leaves them out, and so do such words beside each other within a clause.
Words that take refunds off, "net of refunds", ask for another figure: of a sum alone it is said which refunds are not taken off.
"""

from __future__ import annotations

import re

from assistant import periods


def less(text: str) -> str | None:
    """A message without the words that leave refunds out; None where none do. text: in plain form."""
    if _SPOKEN_OF.search(text) is None or _OTHERS_TOO.search(text) or _of_some(text):
        return None
    rest = " ".join(_other_clauses([one for one in _CLAUSES.split(text) if one.strip()]))
    for beside in (_PUT_ASIDE, _LEFT_OUT, _ARE_LEFT_OUT):
        rest = beside.sub(lambda said: said[0] if _IS_ASKED.search(said[0]) else " ", rest)
    if rest == text or _SPOKEN_OF.search(rest) or not (_ASKS.search(rest) or _EXCEPT.search(text)):
        return None
    return _tidied(rest) or None


def net(text: str) -> str | None:
    """A message without the words that take refunds off, "net of refunds"; None where none do. text: in plain form."""
    rest = _TAKEN_OFF.sub(" ", text) if _SPOKEN_OF.search(text) and not _of_some(text) else text
    return _tidied(rest) if rest != text else None


def _of_some(text: str) -> bool:
    """Whether it is of some refunds alone that something is said, "leaving out refunds from Boots"; where nothing else says of what,
    it is what the sum is of: "without refunds at Boots"."""
    some = _OF_SOME.search(text)
    return some is not None and (
        some["from"] is not None or _OF_WHAT.search(text[: some.start()] + text[some.end() :]) is not None
    )


def _other_clauses(clauses: list[str]) -> list[str]:
    """The clauses of a message less those that leave refunds out, by themselves or together with the next: "if there is a refund,
    don't take it off"."""
    kept: list[str] = []
    rest = list(enumerate(clauses))
    while rest:
        at, clause = rest.pop(0)
        others = " ".join(one for n, one in enumerate(clauses) if n != at)
        if _SPOKEN_OF.search(clause) and _ASKS.search(others) and (_IF.match(clause) or not _IS_ASKED.search(clause)):
            own = _ASKS.search(_FIGURE_OF.sub(" ", _SPOKEN_OF.sub(" ", clause))) is not None
            if _SAYS_NO.search(clause) and not own:
                continue
            behind = rest[0][1] if rest else ""
            if (not own or _IF.match(clause)) and _SAYS_NO.search(behind) and not _ASKS.search(behind) and _is_of_that(behind):
                rest.pop(0)
                continue
        kept.append(clause)
    return kept


def _is_of_that(clause: str) -> bool:
    return _POINTS.search(clause) is not None or len(clause.split()) <= FEW


# A clause of so few words is about what was said just before it: "refunds: no".
FEW = 2


def _tidied(text: str) -> str:
    """A message without the gaps and marks that are left where words were taken out."""
    text = re.sub(r"\s+(?=[,.;:?!)])", "", re.sub(r"\s+", " ", re.sub(r"\(\W*\)", " ", text)))
    return re.sub(r"[,;:]+(?=[,.;:?!)])|(?<=[.?!])[.,;:]+", "", text).strip(" ,;:-=").lstrip(". ")


_REFUNDS = (
    r"(?:\brefun?d?(?:s|ed)?\b|\brefnds?\b|\breimbursements?\b|\bmoney back\b|\bchargebacks?\b"
    r"|(?<!\bi )(?<!\bwe )\b(?:credited|gave|given|sent|went)(?: [a-z]+){0,3}? back\b|\b(?:got|had|came|come)(?: [a-z]+){0,3}? back\b)"
)
_SPOKEN_OF = re.compile(_REFUNDS)
_CLAUSES = re.compile(r"(?<=[,.;:?!)=])\s+|\s+(?=[(–—-]\s?)|\s+(?=(?:and|but|though|so|plus|however)\b)|(?<=[,;])\s*(?=[a-z])")
# Who ends with "didn't they" says no no.
_NO = r"(?:\w+n't(?! (?:they|it|he|she|i|we|you)\b)|dont|doesnt|shouldnt|arent|isnt|wont|not|no|never|nor|neither|none|nothing|cannot|without|w/o|w/out|sans|dow|dinna|dunna)"
_LEAVING = (
    r"(?:excl\w*|exc|ex|ignor\w*|disregard\w*|discount\w*|omit\w*|skip\w*|forg[eo]t\w*|scrap\w*|bar(?:ring)?|except\w*|apart from|aside from"
    r"|other than|rather than|instead of|remov\w*|drop(?:s|ped|ping)?|strip\w*|filter\w*|weed\w*|chuck\w*|kick\w*|toss\w*|cross\w*|screen\w*"
    r"|pass\w* over|look\w* the other way|gross of|regardless of|irrespective of|before(?= (?:any |the |my )?refunds\b)|as (?:if|though)|pretend\w*)"
)
_AWAY = r"(?:out|aside|apart|away|(?:to|on) (?:one|the) side)(?!\w)"
_TAKE = r"(?:leav\w+|left|set|put|keep\w*|kept|tak\w+|count\w*|rul\w+|cut\w*|throw\w*|pull\w*|lay|laid|hold|held|get|got|shov\w*|push\w*|stays?|haud)"
# What is taken off is counted, and what is left off is not.
_OFF = r"(?:leav\w+|left|keep\w*|kept)\b[^.;?!]{0,40}?\boff"
_APART = r"(?:aside|apart|away|separate(?:ly)?|elsewhere|beside the point|irrelevant|notwithstanding|(?:to|on) (?:one|the) side|concern|out(?=\s*(?:$|[.,;?!)])))"
_SAYS_NO = re.compile(rf"(?<![\w/])(?:{_NO}|{_LEAVING}|{_APART}|{_TAKE}\b[^.;?!]{{0,40}}?\b{_AWAY}|{_OFF})(?!\w)")
# These leave out whatever stands behind them, so that nothing else need ask: "petrol in June w/o refunds".
_EXCEPT = re.compile(rf"(?<![\w/])(?:without|w/o|w/out|sans|none of|{_LEAVING}|{_TAKE} {_AWAY})(?!\w)")
_ASKS = re.compile(
    r"\b(?:how (?:much|many|often|bad)|totals?|totall?ed|sum|add(?:s|ed|ing)?|tot|tally|amounts?|figures?|number|spen[dt]\w*|pa(?:y|id|yed|ys|ying)"
    r"|payments?|purchases?|outgoings?|outlay|expenditure|expenses?|costs?|debits|bill|damage|comes? to|went|gone|going|compare|difference"
    r"|count|list|show|average|charged?|put through|worth|more|less|price|largest|biggest)\b"
)
# "Leaving out what they refunded" and "anything that was refunded" ask for none of it.
_IS_ASKED = re.compile(
    rf"(?<!that )(?<!which )(?<!including )(?<!counting )(?<!deducting )(?<!excluding )(?<!ignoring )(?<!without )(?<!out )(?<!off )\b(?:why|when|where|who|which|what|how (?:much|many)|did|has|have|had|is|was|were|are|list|show|tally)\b"
    rf"(?:(?! (?:{_NO}|{_LEAVING})\b) [a-z']+){{0,4}} (?:the |my |any |all )*{_REFUNDS}"
)
_IF = re.compile(r"(?:and |but )?(?:if|when(?:ever)?|where|should|could be|maybe|perhaps)\b")
_POINTS = re.compile(r"\b(?:it|that|this|them|those|these|way)\b")
# What a refund is kept out of, and what is done with it there, asks for nothing.
_FIGURE_OF = re.compile(
    r"\b(?:of|from|in|into|to|for|with) (?:the|my|your|that|this|any)(?: [a-z]+)? (?:sums?|total|figures?|count|amount|number|calculations?|maths?"
    r"|tally|mix|picture|equation|result|spending|spend|cost)\b|\b(?:i|we)(?:'ve)? (?:got|had|get)\b|\btak(?:e|ing) off\b|\bcount(?:ed|ing)?\b"
)
_OF_SOME = re.compile(
    rf"{_REFUNDS} (?:of mine|(?P<from>from|by)|at|on|to|for) (?!(?:the )?(?:month|year|whole|one side|side|{'|'.join(periods.MONTHS)}|last|this|\d+)\b"
    r"|(?:me|us|it|them)\b)"
)
_OF_WHAT = re.compile(r"\b(?:at|on|to|with|from) ")
_OTHERS_TOO = re.compile(
    rf"{_REFUNDS},? (?:and|or|nor) (?:the |any )?(?:fees|transfers|charges|interest|cash|withdrawals|pending)\b"
)
_THEM = (
    r"(?:(?:anything|everything|whatever|stuff|lines?)\b[^,.;:?!]{0,20}? )?"
    rf"(?:(?:any|all|the|my|our|of|those|these|such|every|each|a|from|to|in|about|for) )*{_REFUNDS}"
)
_DONE = (
    r"(?: (?:lines?|items?|amounts?|money|sums?|figures?|i(?:'ve)? (?:got|had|get)|you meet|received|whatsoever|netted off|set against (?:it|them)|that came back))?"
    r"(?: (?:please|pls|to|be|been|being|have|any|belonging|counted|count|included?|considered?|deducted|subtracted|removed|netted|docked|part|play|figure|matter|apply|go|come|nor|or)\b)*"
    rf"(?: {_AWAY})?(?: (?:of|from|in|into|to) (?:it|there|that|this|them|(?:the|my|your|that|this) (?:sums?|total|figures?|count|amount|number|calculations?"
    r"|maths?|tally|mix|picture|equation|result)))?"
)
_LEAD = (
    r"(?:\b(?:and|but|with|just|only|please|pls|um|though|if (?:you|we|i)|(?:can|could|would|will) you|you (?:can|could|may)|make sure(?: you)?(?: to)?"
    r"|to|do|i(?:'d| would)? (?:want|like)(?: it)?|having|so long as|there (?:is|are)) )*"
)
_LEFT_OUT = re.compile(
    rf"{_LEAD}(?<![\w/'])(?:{_NO}|{_LEAVING}|{_TAKE} {_AWAY}|(?:leave|leaving|left) off)\.?(?:[ -](?!(?:how|what|when|which|i|we)\b)[a-z']+){{0,4}}? {_THEM}{_DONE}"
)
_PUT_ASIDE = re.compile(
    rf"{_LEAD}(?<![\w/'])(?:{_TAKE}) {_THEM} {_AWAY}(?: (?:of|from) (?:it|there|that|this|(?:the|my) [a-z]+))?"
)
_ARE_LEFT_OUT = re.compile(
    rf"(?:\b(?:and|with|but|all) )*{_THEM}(?:[ =:,-]+(?!(?:how|what|when|which)\b)[a-z']+){{0,7}}? ?[=:(-]* ?"
    rf"(?:{_NO}|{_LEAVING}|{_APART}|{_TAKE}\b[^.;?!]{{0,40}}?\b{_AWAY}|{_OFF})(?!\w){_DONE}"
)
# "After the refund came" is a time.
_TAKEN_OFF = re.compile(
    rf"{_LEAD}\b(?:(?:net of|net after|after|minus|less|(?:once|after|when) you(?:'ve| have)? (?:take|taken) (?:off|away)"
    rf"|(?:after )?(?:deducting|subtracting|taking (?:off|away))|(?:take|deduct|subtract)(?: off| away)?) {_THEM}(?: off| away)?"
    rf"|{_THEM} (?:being |to be |having been )?(?:taken off|deducted|subtracted|netted off)){_DONE}"
    r"(?! (?:than|came|comes?|arrived?|was|were|is|are|has|have|had|did|does)\b)"
)
