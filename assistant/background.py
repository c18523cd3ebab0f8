"""What is said beside a question: reasons, opinions, what happened, what the answer is for.

Only the form of a clause is looked at: whether it asks, or tells. What may narrow or go on with a question stays with it, so
that in doubt a message is read whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """A message taken apart. asks: the clauses that ask, in their order. before, after: what is told ahead of them, and behind."""

    asks: str
    before: str = ""
    after: str = ""

    @property
    def aside(self) -> str:
        return ". ".join(one for one in (self.before, self.after) if one)


def apart(text: str, masked: Callable[[str], str], is_talk: Callable[[str], bool]) -> Told | None:
    """The clauses that ask and those that tell; None where all of a message asks, or nothing in it surely does.

    text: in plain form. masked: a clause with a plain word in the place of each part, as the parts tell names from verbs. is_talk:
    whether a clause is, going by its words.
    """
    clauses = [
        c.strip(" ,") for c in _BREAK.split(_NEEDED_FOR.sub(lambda m: f"{m['need'] or ''} ", text).strip()) if c.strip(" ,.")
    ]
    kinds = [_kind(clause, masked, is_talk) for clause in clauses]
    if "asks" not in kinds:
        return None
    first = kinds.index("asks")
    asking = [_ON_PAPER.sub("", c) for c, kind in zip(clauses, kinds, strict=True) if kind != "tells"]
    asks = _joined(asking)
    told = Told(
        # "So" is what ties it to what was told.
        asks=_SO.sub("", asks) if "tells" in kinds[:first] else asks,
        before=_joined([c for c, kind in zip(clauses[:first], kinds[:first], strict=True) if kind == "tells"]),
        after=_joined([c for c, kind in zip(clauses[first:], kinds[first:], strict=True) if kind == "tells"]),
    )
    return told if told.aside or _words(asks) != _words(text) else None


def _joined(clauses: Sequence[str]) -> str:
    return "".join(c + (" " if c.endswith((".", "?", "!")) else ", ") for c in clauses).strip(" ,")


def asks(text: str) -> bool:
    """Whether any of some clauses asks."""
    return text.endswith("?") or any(_ASKS.search(clause.strip(" ,")) for clause in _BREAK.split(text))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text)


def _kind(clause: str, masked: Callable[[str], str], is_talk: Callable[[str], bool]) -> str:
    asked = clause.endswith("?") and not clause.endswith(("??", "?!", "!?"))
    if _CLAIMS.search(clause) and not _ASKS.search(clause) and not asked:
        # "The landlord swears that it only went up once".
        return "tells"
    if _SCOPE.search(clause) or _NAMELY.match(clause) or (_EACH.search(clause) and not _TELLS.match(clause)):
        # "Only the card, I mean", "I don't want the rent in it": that narrows, however it is put.
        return "narrows"
    if _ASKS.search(clause) or clause.endswith("?"):
        return "asks"
    if _TELLS.search(clause) or _DOING.search(masked(clause)):
        return "tells"
    if is_talk(clause):
        return "tells"
    # "The bread place. How often …": words without a verb may be what is asked about.
    return "names"


_SO = re.compile(r"^(?:(?:so|and|but|then|ok|okay|anyway)\b[, ]*)+")


# A sentence ends, or a clause that has a verb of its own begins.
_BREAK = re.compile(
    r"(?<=[.?!])(?<!\bmr\.)(?<!\bmrs\.)(?<!\bms\.)(?<!\bst\.)(?<!\bdr\.)(?<!\bno\.)(?<!\bi\.e\.)\s+|\s*;\s*|\s+-+\s+|(?<=,)\s+|:\s+"
    r"|,?\s+(?=(?:because|cos|cause|so that|in order to|so (?:i|we) can|(?:as|since) (?:i|we|my|our|it)(?:'m|'ve|'re| am| have| need| want|'s)"
    r"|(?:it's|its|it is|this is|that's) (?:all |just |only )?for (?:the|my|our|a|an|his|her|their)|and (?:i|we)(?:'m|'ve|'re)? |so (?:what|how|when|which|can|could|do|did|is|please)\b|(?:can you )?(?:remind|tell|show) (?:me|us) (?:what|how|when|which|who))\b)"
)
_PAPER = (
    r"(?:spreadsheets?|budgets?|budgeting|files?|forms?|(?:tax )?returns?|self[ -]assessment|records?|books|paperwork|applications?|sums"
    r"|diary|planner|notes|claims?|reports?|folder)"
)
_ON_PAPER = re.compile(
    rf",?\s+\bfor (?:(?:the|my|our|a|his|her|their)\s+)(?:[a-z]+ )?{_PAPER}\b(?=\s*(?:$|[?.!,;]|\b(?:what|how|when|the|my|our)\b))"
)
# "I need for my son's school what …", "for the accountant I need …".
_NEEDED_FOR = re.compile(
    r"(?P<need>\b(?:need|want|after|like))\s+for (?:the|my|our|a|an|his|her)\s+[^,.?!;]{2,30}?\s+(?=(?:what|how|when|which|the total|a list)\b)"
    # What leads up to asking.
    r"|^[^,.?!;]{3,40}\bto ask (?=(?:what|how|when|which|where)\b)"
    r"|^for (?:the|my|our|a|an|his|her)\s+[^,.?!;]{2,30}?,?\s+(?=(?:i|we)(?:'d| would)? (?:need|want|like)\b)"
)
_FIRST = r"^(?:(?:and|so|ok|okay|but|also|then|now|please|pls|right|well|just|anyway|oh|cheers|thanks|ta|haha|lol|ugh|hmm+|tbh|honestly|actually|sorry|sure|yes|no)\b[, ]*)*"
_SUBJECT = r"(?:i|we|you|he|she|it|they|there|that|this|these|those|my|our|the|his|her|any|anything|anyone|all|both|enough)"
_ASKS = re.compile(
    rf"{_FIRST}(?:(?:roughly|exactly|about|in|on|at|to|from|for|by|since|until) )?(?:how|what|what's|which|who|who's|whose|why)\b"
    rf"|{_FIRST}(?:when|where)(?:'s)? (?:is|was|did|do|does|will|are|were|can|have|has|am|should|must|exactly|next)\b"
    rf"|{_FIRST}(?:is|are|was|were|do|does|did|can|could|will|would|should|may|shall|am|has|isn't|aren't|wasn't|didn't|doesn't|hasn't|can't|won't)\b"
    rf"|{_FIRST}(?:have|had|haven't|hadn't) {_SUBJECT}\b"
    rf"|{_FIRST}(?:show|list|tell|give|find|check|remind|add|split|break|compare|count|look|work out|get me|let me|let us|name|explain|bring up|pull up)\b"
    rf"|{_FIRST}(?:(?:the|my|our|a|all|any|all of|their|its) )*(?:total|balance|sum|average|everything|payments?|list|amounts?|figures?|breakdown|number|spend|spending|costs?"
    r"|biggest|largest|smallest|cheapest|dearest|last|latest|first|next)\b(?! (?:time|thing|week|month|year|night))"
    r"|\bhow (?:much|many|often|long|far|come)\b"
    r"|(?<!know )(?<!remember )(?<!sure )(?<!\bis )(?<!\bwas )\bwhat(?:'s)? (?:did|do|does|is|was|were|have|has|am|are|i|we|my|our|the|they|he|she)\b"
    r"|\b(?:ask|know|see|check|tell me|find out|wonder|wondering|remember|remind me|work out|say) (?:if|whether|when|where|which|who|what)\b"
    r"|\b(?:i|we)(?:'d| would)? (?:also |just |really )?(?:need|want|like|love)(?: to (?:know|see|check|find|look at|have|get|understand))? (?:the|my|our|all|a list|a breakdown|everything|figures)\b"
    r"|^(?:need|want)(?: to (?:know|see|check|find))?\b"
)
_SCOPE = re.compile(
    r"\b(?:only|just the|just my|mean|meant|meaning|ignor\w+|includ\w+|exclud\w+|except\w*|without|apart from|other than|not count\w*|count\w*|leave|instead|both|don't want|not the)\b"
)
# "Materials, this is Screwfix and Howdens".
_NAMELY = re.compile(
    r"(?:this|these|that|those) (?:is|are|was|were|would be) (?!for\b|all\b|just\b|because\b|the\b|my\b|an?\b|not\b|so\b|too\b|very\b|what\b|why\b|how\b|it\b)"
)
_CLAIMS = re.compile(
    r"^[^,.?!;]{2,30}\b(?:(?:is|are|'s|keeps?) (?:now |still )?(?:claiming|saying|insisting|moaning|complaining)|swears?|reckons?|claims?|insists?|says?|said) (?!i\b|me\b|only\b|just\b)"
)
_EACH = re.compile(r"\b(?:each|per)\b")
_TELLS = re.compile(
    rf"{_FIRST}(?:because|cos|cause|so that|in order to|(?:as|since) (?:i|we|my|our|it))\b"
    rf"|{_FIRST}(?:i|we|he|she|they|it|it's|its|i'm|i've|i'd|i'll|we're|we've|we'd|we'll|he's|she's|they're|they've|you|that's|this is|there's|there was)\b"
    r"|\b(?:is|are|was|were|has|have|had|isn't|aren't|wasn't|hasn't|haven't|can't|won't|wants?|wanted|needs|keeps?|kept|goes|went|came|comes|took|takes|makes?|made"
    r"|(?<=[a-z] )says?|said|told|tells|asked|asks|asking|reckons?|thinks?|thought|swears?|insists?|claims|complains?|moans?|nags?|worries|put|broke|bought|lost|ate|sent|owes|got|gave|feels?|looks?|seems?)\b"
    r"|\b(?:[a-z]+'s) (?:[a-z]+ing|[a-z]+ed|due|been|gone|got|going|not)\b"
    r"|\b[a-z]{3,}ed (?:me|us|my|our|the|a|an|to|it|him|her)\b"
    rf"|{_FIRST}(?:(?:never|only just|just) )?(?:been|seen|saw|found|heard|fancy|feel|had|got|lost|spotted|noticed)\b"
)
_DOING = re.compile(
    rf"{_FIRST}(?:still |finally |only |been )*(?!(?:spending|shopping|something|anything|everything|nothing|pending|coming|incoming|outgoing|remaining)\b)"
    r"[a-z]{2,}ing\b"
)
