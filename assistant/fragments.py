"""A few words that are no question by themselves: they ask by what was asked before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import background, referring
from assistant import spans as parts
from assistant.comparison import DIFFERENCE, IN_PERCENT, held_against, held_apart
from assistant.days import NOW
from assistant.direction import way_of
from assistant.following import GOES_ON, HOW_MUCH_IT, goes_on_with, merged, one_further, with_more
from assistant.grouping import by_group
from assistant.kept import same_again
from assistant.memory import Memory, names_somebody, off_track, spoke_of_somebody
from assistant.plan import (
    ABOUT_PAYMENTS,
    ABOUT_SAME,
    CAME_BACK,
    ONE_ROW,
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
from assistant.pointing import ALL_SPENDING, GOES_ON_ASKING, NOT_SHOP, OWN, SHORT
from assistant.shares import kind_before
from assistant.spans import BESIDE, LEAVE_IT, Found, Known
from prompts.registry import word_list

# Around a name or a time these ask for nothing; and these for what it comes to.
EMPTY = word_list("around")
TOTAL_WORDS = word_list("totals")


def only_parts(found: Found, beside: bool = False) -> bool:
    """Whether a message is nothing but names and periods, with words around them that ask for nothing.

    beside: words for what is bought may stand there too, "the phone bill, EE".
    """
    left = _words_around(found)
    if beside and found.spans.merchants:
        left = [w for w in left if w not in BESIDE]
    named = found.spans.merchants or found.spans.category or found.spans.periods or found.spans.account
    said = named or found.spans.without or found.spans.amount
    return (
        bool(said)
        and not found.unknown
        and not (set(left) & {"both"})
        and (named or "other" not in left)
        and all(w in EMPTY for w in left)
    )


def only_total(found: Found) -> bool:
    """Whether a message asks for nothing but the sum: "and in total?", "altogether this year"."""
    left = _words_around(found)
    return not found.unknown and all(w in EMPTY or w in TOTAL_WORDS for w in left)


def _words_around(found: Found) -> list[str]:
    """The words of a message that are no part of it: no name, no time, no amount."""
    return [w for w in re.findall(r"[a-z']+", found.masked) if w not in parts.PLACEHOLDERS.values()]


def names_all(found: Found) -> bool:
    """Whether somebody or something is named, and no way to tell it by."""
    return names_any(found.spans) and not found.spans.group


def fragment(said: Spans, memory: Memory, message: str) -> Step | None:
    """A fragment goes on with the question before it; one that names a payee or a kind of spending can start one."""
    last = memory.asked[-1].step.tool if memory.asked else None
    if last is not None and (last in GOES_ON or not (said.merchants or said.category)):
        return goes_on_with(memory.asked, said, parts.plain(message))
    if said.account and not (said.merchants or said.category or said.periods):
        return Step(tool=Tool.BALANCE, spans=said)
    return Step(tool=by_group(said.group), spans=said) if said.merchants or said.category else None


def fragment_at_end(text: str, known: Known) -> str:
    """What goes on with the question before, behind a sentence about nothing: "Don't tell my wife. And last year?", "Is that normal?
    Give me the same for May". Else ""."""
    if (same := _SAME_FOR.fullmatch(text)) and only_parts(found := parts.find(same["days"], known)) and only_days(found.spans):
        return same["days"] if parts.find(same["before"], known).spans == Spans() else ""
    before, _, end = text.rpartition(". ")
    goes_on = GOES_ON_ASKING.match(end) is not None and only_parts(parts.find(end, known))
    return end if before and goes_on and parts.find(before, known).spans == Spans() and not background.asks(before) else ""


_SAME_FOR = re.compile(
    r"(?P<before>.*[.?!;,]) (?:(?:and|so|please|just|can you|could you)\b,? )*(?:(?:give|show|tell|get|do|let) (?:me |us )?(?:have |see )?)?(?:the )?same"
    r"(?: (?:again|thing|figure|sum|total|please|then))* (?P<days>(?:for|in|of|from|over|during) .+)"
)


def leaves_out(found: Found, last: Step, text: str) -> bool:
    """Whether a message leaves something out of what was asked before, and asks for nothing else."""
    if last.tool not in ABOUT_SAME | {Tool.INCOME, Tool.COMPARE} or not found.spans.without or found.each:
        return False
    if found.spans.category and last.spans.merchants and NOT_SHOP.search(text):
        # Of the shop that was spoken of, what is spent in its cafe.
        return False
    asks = _SENTENCE.split(found.masked)[-1]
    strange = any(word in parts.words_of(asks) for word in found.unknown)
    own = OWN.search(asks) is not None or len(asks.split()) > SHORT or (ALL_SPENDING.search(text) is not None)
    return not strange and (LEAVE_IT.search(text) is not None or not own)


_SENTENCE = re.compile(r"(?<=[.!;]) ")


def with_figure(message: str, memory: Memory) -> Plan | None:
    """Whether another figure can be afforded, where a message is nothing but that: "no, 240", "it's 90, not 180"."""
    last = memory.asked[-1].step if memory.asked and not memory.lost else None
    if last is None or last.tool is not Tool.AFFORD or (said := _OTHER_FIGURE.fullmatch(parts.plain(message))) is None:
        return None
    spans = last.spans.model_copy(update={"amount": f"£{said['figure']}" if said["figure"][0].isdigit() else said["figure"]})
    return Plan(steps=(last.model_copy(update={"spans": spans}),), path="routed")


_OTHER_FIGURE = re.compile(
    r"(?:(?:no|naw|nah|oh|ah|sorry|actually|wait|hang on|i mean(?:t)?|rather|well|and|or|ok|so|then|if|what|how|about|say|make|call|just|only|it|that|they|is|it's|that's|they're|are|was|were|comes? to|costs?)\b,? ?)*"
    r"(?P<figure>[£€$]?\d+(?:,\d{3})*(?:\.\d\d)?)(?: (?:quid|pounds?))?(?:,? (?:and )?(?:not|instead of|rather than) [£€$]?\d[\d,.]*)?(?: then| instead| sorry)*[ ?.!]*"
)


def put_to_it(message: str, known: Known, memory: Memory) -> Plan | None:
    """ "And if you add Boots to it, all three?": somebody more, together with what was asked before."""
    last = memory.asked[-1] if memory.asked and not off_track(memory) else None
    if last is None or (put := _PUT.match(text := _TO_IT.sub("", parts.plain(message)))) is None:
        return None
    found = parts.find(f"{_SLUNG.sub('add', put['verb'])}{text[put.end('verb') :]}", known)
    said = _PUT_TO.match(found.masked)
    left = set(re.findall(r"[a-z']+", _ONE_FIGURE.sub("", found.masked[said.end() :]))) if said is not None else set()
    if said is None or left - EMPTY - TOTAL_WORDS - {"all", "both", "together", parts.PLACEHOLDERS["period"]} - parts.COUNTED:
        return None
    if (step := with_more(last, found.spans, text, adds=True)) is not None:
        return Plan(steps=(step,), path="routed")
    days = found.spans.periods
    if last.step.tool not in (Tool.SUM, Tool.COUNT) or days not in ((), last.step.spans.periods) or not spoke_of_somebody(memory):
        return None
    # Of a kind and of somebody each is told: one step of both would be what they have in common.
    more = last.step.spans.model_copy(
        update={"merchants": found.spans.merchants, "category": found.spans.category, "without": ()}
    )
    return Plan(steps=(last.step, Step(tool=last.step.tool, spans=more)), path="routed")


_PUT = re.compile(
    r"(?:(?:and|so|ok|then|now)\b,? )*(?P<verb>(?:(?:what )?if (?:you|i|we) |(?:can|could) you )?(?:add|put|throw|count|chuck|bung|stick|lump|include)|plus)\b"
)
_SLUNG = re.compile(r"(?:chuck|bung|throw|stick|lump)$")
_ONE_FIGURE = re.compile(r",? (?:(?:as|in|give me|just) )?(?:one|a single) (?:number|figure|sum|total|amount)\b")
_TO_IT = re.compile(r" (?:(?:in )?(?:to|with)|into|onto|on top of|for) (?:it|that|them|those)(?=[ ?.!]*$|,)")
_PUT_TO = re.compile(
    r"(?:(?:(?:what )?if (?:you|i|we) |(?:can|could) you )?(?:add|put|throw|count|chuck|bung|stick|lump|include) (?:in |on )?"
    r"|plus (?:what (?:i|we) (?:paid|spent|gave|sent) (?:at |to |on |with |in )?)?)(?:the )?"
    r"x(?:merchant|category)(?:(?:,| and|, and) (?:the |any |all the |my )?x(?:merchant|category))*(?: (?:in|on|too|as well))?"
)


def leant_on(whole: Found, asked: Sequence[Asked], known: Known, text: str) -> Step | None:
    """A few words that ask of the answers before in a form of their own; None where they are of another form, or name anybody."""
    last, said = asked[-1], whole.spans
    if last.step.spans.account and last.step.tool in ABOUT_SAME and _FROM_ALL.fullmatch(text):
        return last.step.model_copy(update={"spans": last.step.spans.model_copy(update={"account": ""})})
    if last.step.tool is Tool.SUBSCRIPTIONS and len(said.merchants) == 1 and _DID_SO_TOO.fullmatch(whole.masked):
        return last.step.model_copy(update={"spans": merged(last.step.spans, said), "only": ()})
    if said.merchants or said.category or said.account:
        return None
    if names_somebody(last) and (some := _SOME_OF_THEM.fullmatch(whole.masked)):
        return same_again(last, Tool.COUNT if some["many"] else Tool.FIND, said, known, text)
    if said.amount:
        return None
    if (
        len(said.periods) == 1
        and names_somebody(last)
        and not way_of(last.step)
        and (_HAD_NONE.search(text) or _HAD_ANY.fullmatch(whole.masked))
    ):
        # "He says nothing came in May": what was paid to him then.
        return same_again(last, Tool.FIND, said, known, text)
    if (turned := _turned(whole, last, known, text)) is not None:
        return turned
    if len(text.split()) <= _LONGEST_TURN and (both := _of_both_names(last, known, text)) is not None:
        return both
    if (another := one_further(last, text, known)) is not None:
        return another
    if last.step.tool is Tool.SALARY and said == Spans() and _WILL_BE.fullmatch(text):
        return last.step
    if last.step.tool is Tool.BALANCE and last.step.spans.account and _OTHER_ACCOUNTS.fullmatch(text):
        return Step(tool=Tool.POSITION)
    if (rest := _rest_of(asked, text)) is not None:
        return rest
    if last.step.tool in (Tool.INCOME, Tool.FIND, Tool.SALARY) and _FROM_ALL_WHO_PAY.fullmatch(whole.masked):
        return Step(tool=Tool.INCOME, spans=Spans(periods=said.periods or last.step.spans.periods, without=said.without))
    if last.step.tool in _DATED_ROWS and _WHEN_ALONE.fullmatch(text):
        return last.step
    if last.step.tool in _BY_SELLER and last.step.spans.category and not last.step.spans.merchants:
        sellers = _WHICH_SELLER.fullmatch(whole.masked)
        if (sellers is not None and sellers["what"] not in _NO_SELLERS) or _EACH_SELLER.fullmatch(whole.masked):
            spans = merged(last.step.spans, said).model_copy(update={"group": "places", "number": "", "change": ""})
            return Step(tool=Tool.TOP, spans=spans)
    of_many = not last.step.spans.merchants or _AT_AN_END.search(text) is None
    if (
        last.step.tool in _RANKED
        and of_many
        and (_NTH.fullmatch(text) or HOW_MUCH_IT.fullmatch(text) or _EACH_SELLER.fullmatch(text))
    ):
        # The list has it.
        return last.step
    if (last.step.tool is Tool.COMPARE and _IN_PERCENT.fullmatch(text)) or (
        _PERCENT.search(text) and _GAP.fullmatch(_PERCENT.sub("", text))
    ):
        two = last.step if last.step.tool is Tool.COMPARE else held_apart(asked, said)
        return two and two.model_copy(update={"spans": two.spans.model_copy(update={"change": IN_PERCENT})})
    if _GAP.fullmatch(text) or _TO_BE_EVEN.search(text) or _MORE_OFTEN_OF.search(text):
        two = held_apart(asked, said)
        if two is None:
            return last.step if last.step.tool in _SAYS_BY_HOW_MUCH else None
        change = "" if _MORE_OFTEN_OF.search(text) else DIFFERENCE
        return two.model_copy(update={"spans": two.spans.model_copy(update={"change": change})})
    if len(said.periods) == 1 and only_days(said) and _LESS_OR_MORE.fullmatch(whole.masked):
        return held_against(last, said, text, known.today)
    if last.step.tool is Tool.SUM and _AS_SHARE.fullmatch(text) and (kind := kind_before(asked)):
        return Step(tool=Tool.SHARE, spans=last.step.spans.model_copy(update={"category": kind}), only=last.step.only)
    if way_of(last.step) == CAME_BACK and _SAME_HAPPENED.search(text) and names_somebody(last):
        in_days = tuple(words for words in said.periods if words not in parts.DAYLESS | NOW)
        spans = merged(last.step.spans, said).model_copy(update={"periods": in_days, "number": "", "change": ""})
        return Step(tool=Tool.REFUNDS, spans=spans, only=last.step.only)
    if said.periods and names_somebody(last) and (days := _SHOW_DAYS.fullmatch(whole.masked)):
        return same_again(last, Tool.SUM if days["each"] else Tool.FIND, said, known, text)
    if names_somebody(last) and last.step.tool in _ONCE and not said.periods and _ONLY_TIME.search(text):
        # Whether it was the only time, all that there were say.
        step = same_again(last, Tool.FIND, said, known, text)
        every = {"periods": (), "number": "", "amount": "", "change": way_of(last.step)}
        return step.model_copy(update={"spans": step.spans.model_copy(update=every)})
    if names_somebody(last) and last.step.tool in ABOUT_PAYMENTS and _IT_BEGAN.fullmatch(text):
        return same_again(last, Tool.FIRST, said, known, text)
    if _TIMES_EACH.fullmatch(whole.masked) and len(last.step.spans.merchants) > 1:
        return Step(tool=Tool.COUNT, spans=merged(last.step.spans, said).model_copy(update={"change": ""}))
    return None


# "Both accounts together", after one of them.
_FROM_ALL = re.compile(
    r"(?:(?:and|so|ok|now|then|but|what about|how about)\b,? )*(?:(?:from|across|on|in|for|over|out of) )?(?:both|all|the two)(?: of)?(?: (?:my|our|the))?(?: two| three)? accounts"
    r"(?: (?:together|combined|in all|altogether|added up|put together|then|please))*[ ?.!]*"
)
# "Has he had anything in November".
_HAD_ANY = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*(?:(?:has|did) (?:he|she|they) (?:had|have|got|get|been given|been paid|received?)|(?:was|were|has) (?:he|she|they) (?:been )?(?:paid|given))"
    r"(?: (?:any(?:thing)?|any money|owt|something|paid))?(?: from (?:me|us)| off (?:me|us))?(?: at all)? xperiod[ ?.!]*"
)
# "How much will it be", of pay that is expected.
_WILL_BE = re.compile(
    r"(?:(?:and|so|ok)\b,? )*(?:how much|what) (?:will|would|should) (?:it|that) (?:be|come to)(?: this time| then)?[ ?.!]*"
)
# "And the other two accounts": beside the one that was told, which is told again.
_OTHER_ACCOUNTS = re.compile(
    r"(?:(?:and|so|ok|now|what about|how about|in|what's in)\b,? )*(?:(?:my|the|all) )*others?(?: (?:one|two|three|four))?(?: (?:ones|accounts?))?(?: too| as well| please)*[ ?.!]*"
)
# "And from everyone together, in May".
_FROM_ALL_WHO_PAY = re.compile(
    r"(?:(?:and|so|ok|now|then|what|how much)\b,? )*(?:(?:came|has come|'s come|come) (?:in )?)?from (?:everyone|everybody|all of them|all (?:the )?others|anyone|anybody)(?: else)?"
    r"(?: (?:put )?together| in all| altogether| combined)*(?:,? xperiod)?[ ?.!]*"
)
_HAD_NONE = re.compile(
    r"\b(?:he|she|they)(?:'s| is| are|'re)? (?:(?:now|still|also) )?(?:says?|said|saying|reckons?|claim(?:s|ed|ing)?|maintains?|swears?|insists?|(?:told|tells?) me|thinks?|complain(?:s|ed|ing)?)\b"
    r"[^.?!;]*\b(?:miss(?:ed)?|forgot(?:ten)?|skipped|nothing|never|none|not been|(?:did|have|has|was|were|do|does)(?:n't| not))\b"
)
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
# "Was it the same last year", "has that happened before".
_SAME_HAPPENED = re.compile(r"\b(?:happen(?:ed|s)?|(?:was|is) (?:it|that) the same|the same (?:thing )?(?:again|as))\b")
_DATED_ROWS = ONE_ROW | {Tool.DUPLICATES, Tool.PENDING, Tool.SALARY, Tool.REFUND_STATUS}
_LEAD = r"(?:(?:and|so|ok|okay|but|then|oh|right|well|n)\b[,.]? )*"
_WHEN_ALONE = re.compile(rf"{_LEAD}(?:when|(?:on )?(?:what|which) (?:day|date))[ ?.!]*")
_BY_SELLER = frozenset({Tool.SUM, Tool.COUNT, Tool.TOP, Tool.SHARE, Tool.AVERAGE})
# "Which garage had the most out of me", of all the petrol.
_WHICH_SELLER = re.compile(
    rf"{_LEAD}(?:at |in )?which (?P<what>[a-z]+)(?: (?:had|has|got|took|gets|is|was|did|do|does|the|most|mostly|biggest|share|part|more|of|it|that|i|we|me|from|out|off|spend|spent|at|in|use|go|to))*"
    r"(?:,? (?:(?:in |over )?xperiod|and))*(?:,? (?:and )?how much)?[ ?.!]*"
)
# "Split that between them", "how much to each".
_EACH_SELLER = re.compile(
    rf"{_LEAD}(?:can you |could you |please )?(?:split|break|divide|separate) (?:it|that|them|this|those|the total)(?: (?:up|down|out))?(?: (?:between|by|into|for|per|among)"
    rf"(?: (?:the|each|both|of|two|three|\d|them|one|companies|shops|places|firms|sellers))+)?(?: for me| please| pls)*[ ?.!]*"
    rf"|{_LEAD}(?:(?:how much|what)(?: (?:did|was|is|were|went|had|has|got|paid|spent|i|we|pay|spend|give|for|to|at|on|with|in|they))* )?each(?: (?:one|of (?:them|those|these|the (?:two|three)))){{0,1}}"
    r"(?: (?:on (?:its|their) own|by (?:itself|themselves)|separately|individually|get|got|had|come to|took))*[ ?.!]*"
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
# "Zara did the same, I think".
_DID_SO_TOO = re.compile(
    rf"{_LEAD}xmerchant (?:did|has|had|does|is|was|went|goes)(?: (?:done|doing|going|gone|been))? (?:the same(?: (?:way|thing|again))?|so|it|that|likewise)(?: (?:too|as well))?"
    r"(?:,? (?:i'm|i am|i think|pretty|quite|sure|certain|of it|of that|no|right|didn't it|didn't they|haven't they|hasn't it|i bet|surely))*[ ?.!]*"
)
# "Any of them over £50", "nothing since July".
_SOME_OF_THEM = re.compile(
    r"(?:(?:and|so|ok|but|then|were|was|is|are|have|there|i|paid|had)\b,? )*(?:any(?:thing)?|none|nothing|owt|nowt|nothin|which|what|(?P<many>how many))"
    r"(?: (?:ones?|payments?|withdrawals?|purchases?|transfers?|more|else|at all|of (?:them|those|these|it|that)|were|was|are))* (?:xamount(?:(?: at all,?)? xperiod)?|xperiod)(?:,? (?:then|at all|right|definitely|though|no|xperiod))*[ ?.!]*"
)
_LONGEST_TURN = 14
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
    rf"|{_LEAD}(?:who|which(?: one)?)(?:'s| is| was)? (?:wins?|won|ahead|in front|(?:came |comes |coming )?out on top|the winner)[ ?.!]*"
)
# What would have to be given to somebody so that both had the same.
_TO_BE_EVEN = re.compile(
    r"\bto (?:put (?:that|it|things) right|make (?:it|that|them|things|the two) (?:even|equal|fair|level|the same)"
    r"|(?:even|level|square) (?:it|that|them|things) (?:up|out|off)|catch (?:him|her|them) up|be (?:even|equal|fair))\b"
)
_MORE_OFTEN_OF = re.compile(r"\b(?:which|who|where)\b(?: of (?:the two|them|those|these))?.*\bmore (?:often|frequently|times)\b")
OR_LESS = r"(?:less or more|more or less|higher or lower|lower or higher|better or worse|worse or better|up or down|bigger or smaller|dearer or cheaper|cheaper or dearer)"
# "Was it more or less in May", with the days on either side.
_LESS_OR_MORE = re.compile(
    rf"{_LEAD}(?:xperiod,? )?(?:(?:was|is|were) )?(?:(?:it|that|this) )?(?:(?:was|is) )?(?:xperiod )?{OR_LESS}(?: (?:than )?(?:when (?:i|we) (?:went|was|were)(?: there)? )?xperiod)?"
    r"(?:[,.;?]? (?:and )?(?:by (?:how much|what)|what(?:'s| is| was)? (?:the )?difference|how much(?: in it)?))?(?:[,.;?]? the (?:whole (?:thing|lot)|lot))?[ ?.!]*"
)
# "Show me May and June, with dates", "give me July, August and September separately".
_SHOW_DAYS = re.compile(
    rf"{_LEAD}(?:show|list|give|tell)(?: (?:me|us))? (?:the )?xperiod(?:(?: ?,| and|,? and|,) xperiod)*(?: ?'s)?(?: ones?| payments?| figures?)?"
    r"(?: ?,? (?:(?:with|and) (?:the |their )?(?:dates?|days?)(?: (?:and|of) (?:amounts?|each))?|(?P<each>separately|apart|each|one by one|individually|each (?:one )?by (?:itself|themselves))))[ ?.!]*"
)
_ONCE = ONE_ROW - {Tool.BIGGEST_DAY} | {Tool.FIND, Tool.IDENTIFY, Tool.INCOME, Tool.SALARY}
_ONLY_TIME = re.compile(r"\b(?:the only|any other|another) (?:time|one|payment)\b|\bthe only (?:time|one)s?\b")
# "And it began…", "starting when".
_IT_BEGAN = re.compile(
    rf"{_LEAD}(?:(?:it|this|that|they|all this|he|she) (?:all )?(?:began|started|first (?:came|went|appeared)|goes back to)|start(?:ing|ed)|beginning|began|since)"
    r"(?:,? (?:when|in|on|what (?:day|date)|which (?:day|date)))*[ ?.!…]*"
)
_TIMES_EACH = re.compile(
    rf"{_LEAD}(?:(?:how many|number of|the number of|what about) )?(?:times|visits|trips|payments|goes|orders)(?: (?:to|at|in|for|from|was|were|that|is|did i go to|i(?:'ve| have)? (?:been|went|parked|used|paid|visited)(?: (?:to|at|in|with|for|by))?))*"
    r"(?: (?:to|at|in|with|for|by))? each(?: one| of (?:them|those))?(?:,? (?:those )?xperiod)?[ ?.!]*"
)


def _rest_of(asked: Sequence[Asked], text: str) -> Step | None:
    """ "And the rest?", once parts of a sum were told: the sum without these. A shop is a part of a kind, and either of everything."""
    if _THE_REST.fullmatch(text) is None:
        return None
    told: tuple[str, ...] = ()
    shops = True
    for step in (one.step for one in reversed(asked)):
        if step.tool is not Tool.SUM or step.only or step.excluding or step.spans.periods != asked[-1].step.spans.periods:
            return None
        if told and not step.spans.merchants and (shops or not step.spans.category):
            gone = tuple(dict.fromkeys((*step.spans.without, *told)))
            return step.model_copy(update={"spans": step.spans.model_copy(update={"without": gone})})
        shops = shops and bool(step.spans.merchants)
        told = (*(step.spans.merchants or names_in(step.spans)), *told)
    return None


_THE_REST = re.compile(
    r"(?:(?:and|so|ok|what about|how about|what(?:'s| is| was)|how much (?:is|was))\b,? )*(?:(?:all )?the (?:rest|remainder|others)|everything else|what(?:'s| is| was) left)(?: (?:of (?:it|that|them)|then|in all|together))*[ ?.!]*"
)


def in_other_unit(last: Step, text: str) -> Step | None:
    """A sum as a number of payments, and a number of payments as a sum."""
    if last.tool in (Tool.SUM, Tool.INCOME) and _POUNDS.fullmatch(text):
        return last
    pattern, tool = {Tool.SUM: (_TIMES, Tool.COUNT), Tool.COUNT: (_POUNDS, Tool.SUM)}.get(last.tool, (None, last.tool))
    return last.model_copy(update={"tool": tool}) if pattern is not None and pattern.fullmatch(text) else None


# "Fills?" after a sum, "in £ though" after a count.
_TIMES = re.compile(
    r"(?:(?:and|so|ok)\b,? )*(?:how many |number of )?(?:times|visits|payments|transactions|trips|goes|fills?(?:[ -]ups?)?|cups|coffees|journeys|rides|shops|orders|meals|tickets)(?: (?:is|was) (?:that|it))?[ ?.!]*"
)
_POUNDS = re.compile(
    r"(?:(?:and|so|ok|now|right)\b,? )*(?:(?:i|we)(?:'d like| need| want)? to (?:see|know) )?(?:what(?:'s| is| was) )?(?:the |in )?(?:(?:sum |grand |overall )?total(?: damage| amount| sum| cost| bill| spend)?"
    r"|(?:sum|amount|value|total)(?: (?:of|for) (?:them|those|these|it|that)(?: all)?))(?: please| then| pls)*[ ?.!]*|"
    r"(?:(?:and|so|ok)\b,? )*(?:(?:what(?:'s| is| was) (?:that|it) )?in (?:£|£s|pounds|money|cash terms)|how much (?:money )?(?:is|was|for|were|are) (?:that|it|this|them|those|these|they|all of (?:them|those))(?: money| all| together| altogether| in all| in total)*)(?: though| then)?[ ?.!]*"
)


def _turned(whole: Found, last: Asked, known: Known, text: str) -> Step | None:
    """ "And the other way round", "and from her to me": what moved between the two in the other direction."""
    if not names_somebody(last) or last.step.tool not in ABOUT_PAYMENTS | {Tool.SALARY} or len(text.split()) > _LONGEST_TURN:
        return None
    to_me, from_me = _FROM_THEM.search(text), _TO_THEM.search(text)
    if not (_OTHER_WAY.search(text) or _FROM_THEM_ALONE.fullmatch(whole.masked)):
        return None
    came = to_me is not None if bool(to_me) != bool(from_me) else not way_of(last.step)
    change = "" if came else WENT_OUT
    step = _of_whole_person(same_again(last, Tool.INCOME if came else Tool.SUM, whole.spans, known, text), last, known)
    return step.model_copy(update={"spans": step.spans.model_copy(update={"change": change, "number": "", "group": ""})})


def _of_whole_person(step: Step, last: Asked, known: Known) -> Step:
    """A step about the one person that was told of, by name: words that chose of what they paid are none of what they are paid."""
    people = referring.everything_of(last, known)
    shown = {p.shown for p in people if p.personal}
    said = {w for name in step.spans.merchants for w in parts.words_of(name)}
    if len(shown) != 1 or len(people) != sum(p.personal for p in people) or said & parts.words_of(min(shown).casefold()):
        return step
    return step.model_copy(update={"spans": step.spans.model_copy(update={"merchants": (min(shown).casefold(),)}), "only": ()})


# "From her to me", and nothing else.
_FROM_THEM_ALONE = re.compile(
    rf"{_LEAD}(?:(?:what about|how about|anything|how much|what(?:'s| has| have)? (?:come|came)(?: in)?) )?(?:back )?(?:from (?:him|her|them)(?: to (?:me|us))?|(?:(?:from )?(?:me|us) )?to (?:him|her|them))(?: then)?(?:,? xperiod)?[ ?.!]*"
    # "And what he sent me".
    rf"|{_LEAD}(?:what |how much |what about what |has |have )?(?:he|she|they)(?:'s|'ve| has| have)? (?:pay|paid|sen[dt]|gave|given|transferred)(?: back)? (?:me|us)(?: back)?(?:,? xperiod)?[ ?.!]*"
)
# Which way money went.
_FROM_THEM = re.compile(
    r"\bfrom (?:him|her|them)\b|\bto (?:me|us)\b|\b(?:he|she|they)(?:'s|'ve)? (?:pay|paid|sen[dt]|gave|given)"
)
_TO_THEM = re.compile(r"\bto (?:him|her|them)\b|\bfrom (?:me|us)\b|\b(?:i|we)(?:'ve)? (?:pay|paid|sen[dt]|gave|given)")
_OTHER_WAY = re.compile(
    r"\bthe other way(?: round| around| about)?\b(?! to)|\bother direction\b|\bin return\b|\bvice versa\b|\b(?:the|in) reverse\b"
)


def _of_both_names(last: Asked, known: Known, text: str) -> Step | None:
    """ "The two of them together" of one who was picked among several of a name: of all who are called so."""
    names = last.step.spans.merchants
    if len(names) != 1 or not (last.step.only or last.step.excluding) or referring.BOTH_CALLED.search(text) is None:
        return None
    some = referring.called_so(names[0], known)
    several = len({p.shown for p in some}) > 1
    return last.step.model_copy(update={"only": tuple(p.template for p in some), "excluding": ()}) if several else None
