"""Refunds that are left out of what is asked, "refunds aside": no sum of what was spent has them in it.

To the head and the reader such words would ask for refunds, so they are taken out of a message before anything else reads it. Words
that take refunds off, "net of refunds", ask for another figure: of a sum alone it is said which refunds are not taken off.
"""

from __future__ import annotations

import re

from assistant import periods


def less(text: str) -> str | None:
    """A message without the words that leave refunds out; None where none do. text: in plain form."""
    return _without(text, (_REFUNDS_LAST, _REFUNDS_FIRST))


def net(text: str) -> str | None:
    """A message without the words that take refunds off, "net of refunds"; None where none do. text: in plain form."""
    return _without(text, (_TAKEN_OFF,))


def _without(text: str, patterns: tuple[re.Pattern[str], ...]) -> str | None:
    if _SPOKEN_OF.search(text) is None:
        return None
    rest = text
    for pattern in patterns:
        rest = pattern.sub(lambda said: said.group() if _asks_for_them(said) else " ", rest)
    return _tidied(rest) if rest != text else None


def _asks_for_them(said: re.Match[str]) -> bool:
    """Whether words that leave refunds out do not do so here: "I got no refunds", "leaving out refunds from Boots"."""
    before, behind = said.string[: said.start()], said.string[said.end() :]
    if said.groupdict().get("no") and (_THERE_ARE.search(before) or not (before.strip() or _PAUSE.match(behind))):
        return True
    some = _OF_SOME.match(behind)
    # Where nothing else says of what, it is what the sum is of: "without refunds at Boots".
    return some is not None and (some["from"] is not None or _OF_WHAT.search(before + behind[some.end() :]) is not None)


def _tidied(text: str) -> str:
    """A message without the gaps and marks that are left where words were taken out."""
    text = re.sub(r"\s+(?=[,.;:?!)])", "", re.sub(r"\s+", " ", re.sub(r"\(\W*\)", " ", text)))
    return re.sub(r"[,;:]+(?=[,.;:?!)])|(?<=[.?!])[.,;:]+", "", text).strip(" ,;:-=").lstrip(". ")


_SPOKEN_OF = re.compile(r"\b(?:refunds?|reimbursements?|money back)\b")
_THERE_ARE = re.compile(
    r"\b(?:there|get|gets|got|had|have|has|having|receiv\w+|seen?|saw|find|found|was|were|are|is|gave|give|given|of|why) $"
)
_PAUSE = re.compile(r"\s*(?:[,.;:!)-]|(?:please|pls|thanks)\b)")
_OF_WHAT = re.compile(r"\b(?:at|on|to|with|from) ")
_OF_SOME = re.compile(
    rf" (?:(?P<from>from|by)|at|on|to|for) (?!(?:the )?(?:month|year|whole|{'|'.join(periods.MONTHS)}|last|this|\d+)\b|(?:me|us)\b)"
)
_REFUNDS = (
    r"(?:(?:anything|everything|whatever|stuff)(?: that(?:'s| is| was))? (?:to do with|about|from|like|marked) )?"
    r"(?:(?:any|all|the|my|our|those|these|such|of|other|possible|actual|sort|kind) )*(?:refunds?|reimbursements?|money back)\b"
    r"(?: (?:or|and|&) (?:the |any )?(?:returns|reimbursements?|credits|chargebacks|money back)\b)?"
    r"(?: (?:that )?(?:i|we)(?:'ve| have)?(?: ever)? (?:got|had|get|received)(?: back)?\b"
    r"| (?:that )?(?:came|come|have come|went|were)(?: (?:back|in|through|paid|made|given))+\b| (?:received|whatsoever)\b)?"
)
_IT = (
    r"(?:(?:it|there|here|them|play)\b|(?:this|that|these|those)\b(?=\s*(?:$|[,.;:?!)]|please\b))"
    r"|(?:the|my|your|that|this|any)(?: [a-z]+)? (?:sums?|total|figures?|count|calculations?|equation|answer|amount|picture|reckoning|number|maths?|result|tally|mix)\b)"
)
_OF_IT = rf"(?: (?:out )?(?:of|from|in|into|for|on|with) {_IT})?"
_NOT = r"(?:(?:(?:i|we) )?(?:do |does )?not|never|dow|dunna|dinna|divn.t|(?:i|we) don't|without|no need|(?:do|does|should|must|are|is|could|would|need|ought|wo|ca)n't|rather than|instead of)"
_COUNTED = (
    r"(?:count(?:ed|ing)?|includ(?:e|ed|ing)|consider(?:ed|ing)?|add(?:ed|ing)?(?: (?:in|on|up))?|want(?:ed|ing)?|need(?:ed)?|show(?:n|ing)?"
    r"|matter|apply|feature|required|relevant|interested in|reckon(?:ed|ing)?(?: in)?|factor(?:ed|ing)? in|mix(?:ed|ing)? in|put(?:ting)? in|net(?:ted|ting)?(?: off)?"
    r"|tak(?:e|en|ing) (?:in(?:to (?:account|consideration))?|account of|off)|br(?:ing|inging|ought) in|bother(?:ed|ing)? (?:with|about)|worr(?:y|ied) about|care about"
    r"|look(?:ing)? at|touch(?:ing)?|deduct(?:ed|ing)?|subtract(?:ed|ing)?)\b"
)
_DO_NOT_COUNT = rf"{_NOT}(?: (?:to|be|been|being|have|having|really|even|actually|supposed|me|please))* {_COUNTED}"
_TAKE = (
    r"(?:leav(?:e|ing)|left|tak(?:e|en|ing)|keep(?:ing)?|kept|set(?:ting)?|put(?:ting)?|strip(?:ped|ping)?|filter(?:ed|ing)?|throw(?:n|ing)?|kick(?:ed|ing)?|cut(?:ting)?"
    r"|weed(?:ed|ing)?|pull(?:ed|ing)?|drop(?:ped|ping)?|knock(?:ed|ing)?|count(?:ed|ing)?|rul(?:e|ed|ing)|chuck(?:ing)?|toss(?:ed|ing)?|cast(?:ing)?|lay(?:ing)?|laid"
    r"|shov(?:e|ed|ing)|push(?:ed|ing)?|h[eo]ld(?:ing)?|get(?:ting)?|screen(?:ed|ing)?)"
)
_OUT = r"(?:out|aside|apart|away|(?:to|on) (?:the|one) side)\b"
_LEAD = (
    r"(?P<lead>(?:\b(?:and|but|with|just|only|please|pls|plz|though|if (?:you|we|i)(?: were to)?|(?:can|could|would|will) you|you (?:can|could|may)|make sure(?: you)?(?: to)?"
    r"|(?:remember|be sure) to|i(?:'d| would)? (?:like|want|need|mean)(?: it| that| you)?(?: to)?|let's|let us|meaning|i\.?e\.?,?|by|when you|once you|having|assuming|provided|(?:as|so) long as)\s+)*)"
)
_LEAVING = (
    r"(?:without|w/o|w/out|sans|ex|exc|excl|excluding|exclude[ds]?|exclusive of|ignoring|ignored?|disregard(?:ing|ed)?|discount(?:ing|ed)?|omit(?:ting|ted)?|skip(?:ping|ped)?|bar(?:ring)?"
    r"|except(?:ing)?(?: for)?|save for|apart from|aside from|other than|besides|but for|never mind(?: about)?|forget(?:ting)?(?: about)?|drop(?:ping)?|remov(?:e|ed|ing)|scrap(?:ping)?"
    r"|gross of|(?:regardless|irrespective) of|(?:nothing|nor anything) (?:to do with|about|from|of)|pay no (?:attention|heed|mind) to|none of|before(?= (?:[a-z]+ ){0,2}refunds\b))\.?-?"
)
# What goes on after them is said of refunds, or is left out with them.
_ENDS = (
    r"(?! ?(?:came|come|coming|was|were|is|are|has|have|had|did|do|does|that|which|who|i|we|he|she|they|status|policy|requests?|due|owed|or|nor"
    r"|and (?!(?:how|what|when|which|who|did|do|tell|show|give|just|only|also|i|was|is)\b))\b)(?!,? (?:(?:and|or|any|the) )*(?:fees|transfers|charges|interest|cash|withdrawals|pending)\b)"
)
_REFUNDS_LAST = re.compile(
    rf"{_LEAD}(?<![\w/])(?:(?:{_LEAVING}|{_DO_NOT_COUNT}|(?P<no>no|not)|{_TAKE} {_OUT}) ?{_REFUNDS}(?: (?:included|counted|in there))?|leav(?:e|ing) off {_REFUNDS}|{_TAKE} {_REFUNDS} {_OUT}|leav(?:e|ing) {_REFUNDS} off\b){_OF_IT}{_ENDS}"
)
_SOFTLY = (
    r"(?:(?:please|pls|just|all|also|being|be|to|should|must|can|could|would|will|may|are|is|were|was|have|need|ought|you|we|i|i'd|let's|do|want|like|completely|entirely|obviously|having"
    r"|been|that|which),? )*"
)
_STOPS = r"(?=\s*(?:$|[,.;:?!)-]|(?:please|pls|thanks|ta|and|when|for me|if|how|what|then|too|as well|altogether|in total)\b))"
_REFUNDS_FIRST = re.compile(
    rf"{_LEAD}\b{_REFUNDS}(?: ?[,:;=(-]+ ?| ){_SOFTLY}(?:"
    r"(?:exclude?d?|excl|ignored?|disregard(?:ed)?|omit(?:ted)?|skip(?:ped)?|removed?|discounted|drop(?:ped)?|scrap(?:ped)?|forget|forgotten|aside|apart|out|notwithstanding|irrelevant)"
    rf"(?: about)?(?: (?:them|those|these))?{_STOPS}"
    rf"|{_TAKE}(?: (?:them|those|these|all|that))* {_OUT}|(?:leave|left)(?: (?:them|those))? off\b|{_DO_NOT_COUNT}(?: (?:them|those|these))?"
    rf"|{_NOT}(?: (?:to|be|been|being|go|going|come|coming|get|getting|a|any))* (?:in|into|part of|among) {_IT}|not (?:them|those|these)\b){_OF_IT}"
)
_TAKEN_OFF = re.compile(
    rf"{_LEAD}\b(?:(?:net of|net after|after|minus|(?P<no>less)|(?:once|after|when) you(?:'ve| have)? (?:take|taken) (?:off|away)"
    rf"|(?:after )?(?:deducting|subtracting|taking (?:off|away))|(?:take|deduct|subtract)(?: off| away)?) {_REFUNDS}(?: off| away)?"
    rf"|{_REFUNDS} (?:being |to be |having been )?(?:taken off|deducted|subtracted|netted off)){_OF_IT}(?! than\b){_ENDS}"
)
