"""Whom a question about payments is about, by where the words stand, whether anybody is paid who is called so or not.

Of "Acme & Sons: what have I paid them, and when last?" every word is of the question but those of one name. What may as well say
what was paid for, "the wedding: how much", is no name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from prompts.registry import word_list


def name_in(
    text: str,
    words: Sequence[re.Match[str]],
    strange: Callable[[str], bool],
    ordinary: Callable[[Sequence[str]], bool],
    denied: Callable[[Sequence[str]], bool],
) -> tuple[int, int] | None:
    """Where the name stands in a text in `spans.plain` form; None where there is none, or it may be something else.

    words: of the text. strange: whether a word is none of a question about payments. ordinary: whether words may be those of a
    description, as a dictionary has them all. denied: whether words surely name nobody, going by how the message is meant.
    """
    if _OF_PAYMENTS.search(text) is None or _ASKS.search(text) is None:
        return None
    at = [number for number, word in enumerate(words) if strange(word.group())]
    if not at:
        return None
    longest = max((words[number].group() for number in at), key=len)
    # What is said twice is looked for where it is said last, and in full.
    once = [number for number in at if _is_last(number, at, words) and not _is_short_for(words[number].group(), longest)]
    at = once or at
    first, last = _widened(text, words, at[0], at[-1])
    inside = [word.group() for word in words[first : last + 1]]
    if any(not (strange(w) or w in _WITHIN or w.isdigit() or _is_part(w)) for w in inside):
        # More than one thing is named.
        return None
    start, end = words[first].start(), words[last].end()
    if re.search(r"[,;:?!\x01]", text[start:end]):
        return None
    said = [w for w in inside if len(w) > 1]
    return (start, end) if _is_whom(text[:start], text[end:], ordinary(said), denied(said)) else None


def name_told(
    text: str, words: Sequence[re.Match[str]], strange: Callable[[str], bool], ordinary: Callable[[str], bool]
) -> tuple[int, int] | None:
    """Where somebody is named in what is told beside a question, "Acme Tools want proof that I paid": the one run of words that
    are none of a question in which a word is in no dictionary, with those that are part of a name; None where there are more."""
    runs: list[list[re.Match[str]]] = []
    for word, ahead in zip(words, (None, *words), strict=False):
        if not (strange(word.group()) or _is_part(word.group()) or word.group().isdigit()):
            continue
        beside = bool(runs) and ahead is runs[-1][-1] and text[runs[-1][-1].end() : word.start()] in _CLOSE
        runs = [*runs[:-1], [*runs[-1], word]] if beside else [*runs, [word]]
    names = [run for run in runs if any(strange(word.group()) and not ordinary(word.group()) for word in run)]
    # "My son swears we shop at Acme": where a payee stands an ordinary word is one, too.
    names = names or [run for run in runs if strange(run[0].group()) and _AT.search(text[: run[0].start()])]
    if len(names) != 1:
        return None
    name = names[0]
    while len(name) > 1 and _DOES.search(name[0].group()) and ordinary(name[0].group()):
        name = name[1:]
    return name[0].start(), name[-1].end()


_AT = re.compile(
    r"\b(?:shop|shops|shopped|shopping|eat|ate|go|went|order|ordered|buy|bought|spend|spent|pay|pays|paid|paying)"
    r" (?:at|from|to|with) (?:the )?$"
)
# What is done with somebody: "dropping Acme", "we shopped Acme".
_DOES = re.compile(r"(?:ing|ed)$|^place$")


def _is_last(number: int, at: Sequence[int], words: Sequence[re.Match[str]]) -> bool:
    return all(words[other].group() != words[number].group() for other in at if other > number)


def _is_short_for(word: str, name: str) -> bool:
    """Whether a word is what another one begins with, as far as a mark within it: "acme" of "acme.com/bill"."""
    return word != name and re.match(rf"(?:www\.)?{re.escape(word)}[.*/&-]", name) is not None


def _widened(text: str, words: Sequence[re.Match[str]], first: int, last: int) -> tuple[int, int]:
    """A run of words with those beside it that are part of a name there: "a f acme", "acme direct 12"."""
    while first and text[words[first - 1].end() : words[first].start()] in _CLOSE and _is_part(words[first - 1].group()):
        first -= 1
    while (
        last + 1 < len(words)
        and text[words[last].end() : words[last + 1].start()] in _CLOSE
        and _is_part(words[last + 1].group())
        and _WAY_PAID.match(text[words[last + 1].start() :]) is None
    ):
        last += 1
    if words[first].group() == "a" and len(words[first + 1].group()) > 1:
        first += 1
    return first, last


def _is_part(word: str) -> bool:
    return word in _PART_TOO or (word.isalpha() and len(word) <= INITIALS and word not in _SHORT)


# So many letters may be initials.
INITIALS = 2
# So short are other words as well.
_SHORT = word_list("short")


def _is_whom(before: str, after: str, ordinary: bool, denied: bool) -> bool:
    """Whether a payee stands between two parts of a question."""
    if _PAID.search(before) or (_DOING.search(before) and _GETS.match(after)):
        return not (ordinary and _OWN.search(before))
    alone = _FRONT.fullmatch(before) is not None
    if (alone and _MARK.match(after)) or _ABOUT.search(before):
        # What is paid for is not "them", and nobody was "there".
        return not ordinary or SOMEBODY.search(after) is not None
    at_front = alone and after.startswith(" ")
    # Here may stand what only says of which sort payments are: "any odd double charges".
    return not (ordinary or denied) and (at_front or _LEAD.search(before) is not None or _PAYMENTS.match(after) is not None)


# In which way somebody is paid is no part of a name.
_WAY_PAID = re.compile(r"(?:direct debits?|dd|(?:bank|card|cash|online) (?:payments?|transfers?|transactions?|purchases?))\b")
_CLOSE = frozenset({" ", " & ", "-", "'", " - ", ". "})
# Within a name, and at neither end of it.
_WITHIN = frozenset({"and", "of", "the", "all", "end", "new", "old", "first", "last", "next", "best", "good"})
# Words of a question that are as well the first or the last of a name.
_PART_TOO = word_list("in_names")
_OF_PAYMENTS = re.compile(
    r"\b(?:pa(?:y|id|ys|ying|yed)|payments?|spen[dt]|spending|g[ia]ve|given|gone|went|received?|charge[ds]?|took|taken|total|cost"
    r"|transactions?|purchases?|bought|money|had from|(?:how much|sum|overall|amount)\b.*\b(?:last|latest|newest|recent(?:ly)?)"
    r"|(?:last|latest|newest|most recent) (?:date|time|payment|visit))\b"
)
_ASKS = re.compile(
    r"\b(?:how (?:much|many|often)|total|sum|amounts?|altogether|overall|when|date|day|last|latest|newest|recent|recently|count"
    r"|number|ever|any|what|times)\b"
)
_DET = r"(?: (?:the|that|this|these|those|my|our))?"
_PAID = re.compile(
    r"\b(?:pa(?:id|y|ying|yed)|(?:payments?|paid|pay|gone|went|goes|going|sent|gave|given|money|transferred|trips?|visits?|total"
    r"|sum|amount)(?: (?:made|out|off|over|that|went|goes|i|we|have|has))* to|(?:gave|given|give|used|using)(?: to)?"
    rf"|(?:bought|buy|buying|ordered|order)(?: (?:anything|something|stuff|things|it))? from){_DET} $"
)
_OWN = re.compile(r"\b(?:my|our) $")
_DOING = re.compile(r"\b(?:did|does|do|has|have|had|was|were|is|that|what|much|money|when|what's) (?:the )?$")
_GETS = re.compile(
    r"(?:'s|'ve)? (?:(?:last|ever|already|just|now|actually|all|in|total|has|have|been) )*"
    r"(?:got|gets?|getting|receive[ds]?|had|been|paid(?! (?:me|us|back)\b)|given|took|taken|takes?|charged?|costs?)\b"
)
_FRONT = re.compile(
    r"(?:(?:and|so|ok|okay|right|hi|hello|hey|please|now|also|just|well|then|the|this|that|q|re|query|question)\b[ ,:]*)*"
)
_MARK = re.compile(r"(?:,? (?:please|pls|plz))?(?:\s*(?:[:;,?=]|\.{2,})|\s+-+(?=\s))")
_ABOUT = re.compile(
    r"\b(?:about|regarding|concerning|re|as (?:for|regards|to)|regards to|respect to|respect of|(?:look|looking) (?:into|up|at)"
    rf"|check(?: on)?|called|named){_DET} $"
)
_LEAD = re.compile(
    r"\b(?:for|with|at|to|from|of|on|by|my|any|all|those|these|the|did|has|have|had|do|does|was|in|check|see|find|into|against"
    r"|than) (?:the )?$"
)
_PAYMENTS = re.compile(r" (?:payments?|transactions?|purchases?|spend|spending|total|totals|charges?|bills?)\b")
SOMEBODY = re.compile(
    r"\b(?:pa(?:id|y|ying|yed)|given?|gave|giving|with|to|at|from|used?|using|told|gone) (?:them|em|'em|it|him|her)\b"
    r"|\bthey(?:'ve| have| had| got| took| get)?\b"
    r"|\b(?:paid|spent|payments?|been|go|gone|went|was i|bought|spend|money) (?:last )?there\b"
)
