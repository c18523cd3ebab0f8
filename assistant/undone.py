"""What customers ask to have done that cannot be done here, and the question to the bank's pages that says how it is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from assistant.plan import Tool
from assistant.spans import plain

# What the pages are asked, in their own words, where a message is an order.
STANDING_ORDER = "How do I set up, change or cancel a standing order?"
DIRECT_DEBIT = "How do I cancel a direct debit?"
SCHEDULED = "How do I change or cancel a scheduled payment?"
CHARGES = "How do I stop a company charging my card?"
ADDRESS = "How do I change my address?"
WHY_REFUSED = "Why was my card declined?"
# Words between two that belong together. So many at most: a long message of nothing but such words is looked through at each.
_REST = r"\b[^.?!;,:]{0,80}\b"
_CHANGE = (
    r"(?:set ?up|start(?! with)|create|stop(?! (?:showing|telling|listing))|cancel|end(?! of)|change(?! of)|amend|alter|edit"
    r"|increase|raise|lower|reduce|delete|remove|skip|pause|scrap|put (?:up|down|on hold))"
)
_PUT_UP = r"put (?:my|the|our) (?:[a-z]+ ){0,2}"
_SHIFT = rf"(?:{_CHANGE}|move (?:the|my|that|our)|bring forward|postpone|delay|reschedule)"
_WHEN = (
    r"(?:due|scheduled|planned|coming up|upcoming|going out|set for|tomorrow|next (?:week|month)"
    r"|(?:on |this |next )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
)
_MONEY = r"(?:payments?|transfers?|bills?)"
# What is asked for by what it does, and what the pages are asked in its place; of some things they say nothing.
_KINDS: tuple[tuple[str, str], ...] = (
    (
        rf"{_CHANGE}{_REST}standing orders?\b|{_PUT_UP}standing order (?:up|down)\b",
        STANDING_ORDER,
    ),
    (
        r"set ?up\b[^.?!;]{0,80}\b(?:(?:every|each|a) (?:day|week|fortnight|month|quarter|year)|daily|weekly|monthly|yearly)\b",
        STANDING_ORDER,
    ),
    (rf"{_CHANGE}{_REST}direct debits?\b|{_PUT_UP}direct debit (?:up|down)\b", DIRECT_DEBIT),
    (
        rf"{_SHIFT}{_REST}{_MONEY}{_REST}{_WHEN}\b|{_SHIFT}{_REST}{_WHEN} {_MONEY}\b"
        rf"|cancel (?:the|my|that|our) (?:payments?|transfers?) to\b|(?:put|push) (?:it|that|them) (?:off|back)\b",
        SCHEDULED,
    ),
    (
        r"(?:stop(?! showing)|block|prevent)\b[^.?!;,:]{0,80}\b(?:charging|taking|billing|debiting)\b"
        r"|(?:get|make) (?:[a-z]+ ){1,3}(?:to )?stop(?:ping)? (?:charging|taking|billing|debiting)\b",
        CHARGES,
    ),
    (
        r"(?:dispute|contest)\b|(?:raise|open|start|file|lodge|log|make|put in|begin) (?:a|the|an?other) (?:[a-z]+ )?"
        r"(?:dispute|claim|chargeback)\b"
        r"|do a chargeback\b|charge (?:it|that|this) back\b",
        "Something is wrong with a card payment, how do I get my money back?",
    ),
    (rf"(?:close|shut)(?: down)?(?! up){_REST}(?:accounts?|savings|saver|isa|pot|jar|fund)\b", "How do I close my account?"),
    (
        rf"(?:change(?! of)|update|note|record|correct|amend|register){_REST}"
        r"(?:address|postcode|e-?mail|(?:phone|mobile|telephone)(?: number)?|contact details)\b",
        ADDRESS,
    ),
    (rf"(?:change|update|correct){_REST}(?:my|our) (?:sur|last |first )?name\b", "How do I change my name?"),
    (
        rf"(?:book|make|arrange|schedule|reserve|set up)\b(?: me| us)?{_REST}(?:appointment|slot|meeting)\b"
        r"|get (?:me |us )?an? (?:appointment|slot|meeting)\b",
        "How do I make an appointment at a branch?",
    ),
    (
        rf"(?:raise|increase|lift|up|put|change(?! of)){_REST}(?:cash|card|machine|withdrawal|atm|daily) limit\b",
        "What is my cash machine limit and how do I change it?",
    ),
    (
        r"(?:split|divide)\b(?![^.?!;]{0,80}\b(?:categor|month|week|shop|merchant|account|kind|type))[^.?!;]{0,80}"
        r"\b(?:by (?:two|three|four|five|six|\d)|between (?:us|the (?:[a-z]+ )?(?:of us|girls|boys|lads|friends|group))"
        r"|\w+ ways|with (?:my [a-z]+|him|her|them))\b",
        "",
    ),
    # What a payment or a letter says is nobody's order.
    (
        r"(?:do|follow|obey|execute|carry out|act on)\b[^.?!;]{0,30}\b(?:what(?:ever)?|instructions?|orders?|everything|as)\b"
        r"[^.?!;]{0,80}\b(?:reference|message|note|payment|letter|e-?mail|text|says?|said|written|told)\b",
        "",
    ),
)
# "Cancel the second one" is of what was listed.
_OF_LISTED: Mapping[Tool | None, str] = {
    Tool.STANDING_ORDERS: STANDING_ORDER,
    Tool.DIRECT_DEBITS: DIRECT_DEBIT,
    Tool.UPCOMING: SCHEDULED,
    Tool.SUBSCRIPTIONS: CHARGES,
}
# How somebody begins who wants a thing done; a question about it is none of these.
_LEAD = (
    r"(?:(?:hi|hiya|hello|hey|good (?:morning|afternoon|evening)|please|pls|plz|kindly|ok|okay|so|and|now|right|then|just|sorry"
    r"|actually|no|urgent|urgently|asap|on second thoughts|go ahead and|let's|help me(?: to)?"
    r"|(?:can|could|would|will) (?:you|u|someone|somebody|i|we)"
    r"|(?:i|we)(?:'d| would|'ll|'ve got)?(?: (?:really|just))? (?:like|want|need|wish|have|love|am trying)"
    r"(?: (?:you|someone))? to"
    r"|(?:i|we) wanna)"
    r"\b[ ,.!:-]*)*"
)
_WANTS = (
    r"(?:^|[.?!;:,] |\b(?:and|please|pls|kindly|(?:can|could|will|would) you|(?:want|like|need|wish) (?:you )?to|let's|just|me) )"
)
_HOW = r"\b(?:how (?:do|can|would|could|should|to)(?: (?:i|we|you|one))?(?: go about)?|(?:can|could|may) i|where do i) "
# What is told of and to be put right, in whatever words.
_MACHINE = (
    re.compile(
        r"\b(?:cash ?(?:machine|point)s?|atm|hole in the wall)\b[^.?!]{0,80}\b(?:kept|keeps|swallow\w*|ate|short\W?chang\w*|wrong"
        r"|(?:didn't|did not|never) (?:give|pay|gave|paid)|only gave|gave (?:me )?(?:less|only|nothing|too little|the wrong))\b"
    ),
    "The cash machine paid out the wrong amount, what do I do?",
)
# What became of what was begun elsewhere, and what makes a change needed.
_TOLD: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(?:my|our) (?:dispute|chargeback|claim (?:against|about))\b"), "How long does a dispute take?"),
    (re.compile(r"\b(?:i|we|i've|we've|just|have) moved (?:house|home|flat|address)\b"), ADDRESS),
)
_CHANGE_IT = re.compile(
    rf"^{_LEAD}(?:stop|cancel|delete|remove|skip|pause|scrap|amend|change) "
    r"(?:it|that|this|them|those|these|(?:the|that|this) (?:[a-z]+ ){0,3}ones?)"
    r"(?: (?:please|pls|now|for me|then|to £?[\d,.]+))*[.! ]*$"
)
_FIRST = (*((re.compile(rf"^{_LEAD}(?:{pattern})"), question) for pattern, question in _KINDS), _MACHINE)
_ANYWHERE = (*_FIRST, *((re.compile(rf"{_WANTS}(?:{pattern})"), question) for pattern, question in _KINDS), *_TOLD)
_ASKED_HOW = (*((re.compile(rf"{_HOW}(?:{pattern})"), question) for pattern, question in _KINDS), _MACHINE)


def how(message: str, last: Tool | None, *, understood: bool) -> str | None:
    """The question that says how a thing is done that a message wants done, "" where no page says it; None where it wants none.

    last: what was asked before. understood: whether the message was understood otherwise; only what it begins with counts then.
    """
    text = plain(message)
    if last in _OF_LISTED and _CHANGE_IT.match(text):
        return _OF_LISTED[last]
    return _first(_FIRST if understood else _ANYWHERE, text)


def asked_how(message: str) -> str:
    """The question to the pages that a message puts in other words, where it only asks how something is done; "" for none."""
    return _first(_ASKED_HOW, plain(message)) or ""


def is_card_refused(message: str) -> bool:
    """Whether a message is about a card that is not taken, or about what may be wrong with one."""
    text = plain(message)
    return _REFUSED.search(text) is not None and _MORE_ASKED.search(text) is None


_MORE_ASKED = re.compile(r"\b(?:how much|balance|how many)\b")
_OF_CARD = r"(?! (?:payment|purchase|transaction|limit)s?\b)"
_CARD = rf"(?:my|the|our|this|that|euro|debit|credit|joint|account) (?:[a-z]+ ){{0,2}}cards?\b{_OF_CARD}"
_TURNED_DOWN = r"(?:declined|refused|rejected|turned down)"
_REFUSED = re.compile(
    rf"\b{_CARD}[^.?!]{{0,80}}\b(?:(?:was|been|got|gets|keeps getting|is being|is|being) {_TURNED_DOWN}"
    r"|(?:does not|doesn't|won't|wouldn't|didn't|did not|isn't|is not|not|stopped|never) (?:work\w*|go(?:ing)? through|accepted)"
    r"|(?:wouldn't|won't|would not|didn't) (?:take|have|accept) it)\b"
    rf"|\b(?:was|is|were|has) {_CARD} (?:being |been )?{_TURNED_DOWN}\b"
    rf"|\b(?:something|anything|what's|what is) (?:up|wrong|amiss|the matter|going on) with {_CARD}"
)


def asks_how(message: str) -> bool:
    """Whether a message asks how something is done, and does not want it done."""
    return _ASKS_HOW.search(plain(message)) is not None


_ASKS_HOW = re.compile(r"\bhow (?:do|can|would|could|should|to)\b|\bwhat (?:do|can|should) (?:i|we) do\b|\b(?:can|could|may) i\b")


def _first(patterns: Iterable[tuple[re.Pattern[str], str]], text: str) -> str | None:
    # What is only told before a question is not what is wanted.
    begins = max(text.rfind(mark, 0, -1) for mark in ".?!;") if text.endswith("?") else -1
    found = ((pattern.search(text), question) for pattern, question in patterns)
    return next((question for match, question in found if match is not None and match.end() > begins), None)
