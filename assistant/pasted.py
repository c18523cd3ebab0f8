"""Which part of a message a customer wrote and which they pasted, and what a pasted bill asks to be paid.

Content may be anybody's: in doubt it is pasted, and then nothing in it is an order. Own are a typed line without content, the
words that lead to content ("here is the letter:"), and a last line that only points back at it ("can you pay this?").
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from assistant import periods
from assistant.spans import AMOUNT
from data import masking
from data.masking import Kind


class Parts(NamedTuple):
    """A message in two: the customer's own words, and content. Either may be empty."""

    own: str
    pasted: str


class Said(NamedTuple):
    """Words of a text as they stand there, characters start to end of it."""

    words: str
    start: int
    end: int


# None: it is not there. Several: it does not say which.
Field = Said | tuple[Said, ...] | None


class Bill(NamedTuple):
    """What a letter asks to be paid. account: an IBAN, or an account number that goes with the sort code."""

    amount: Field
    payee: Field
    account: Field
    sort_code: Field
    reference: Field
    due: Field


# What is typed in one go: more of it without a mark of any kind is hardly typed into a chat.
MOST_TYPED = 60
MOST_LINES_TYPED = 25
# Words that lead to content, or point back at it.
MOST_LEADING = 20

_DOCUMENT = (
    r"(?:letter|e-?mail|mail|bill|invoice|text|sms|message|notice|offer|statement|note|reminder|demand|receipt"
    r"|leaflet|advert|contract"
    r"|quote|request|whats ?app)s?"
)
_POINTS = re.compile(
    rf"\b(?:this|that|these|the|my|our|a|an|following|attached) (?:[\w'’-]+ ){{0,2}}{_DOCUMENT}\b"
    r"|\b(?:pay|settle|read|check|handle|deal with|sort(?: out)?|do with|about|got|get|received|at|says?|see"
    r"|is) (?:this|these|it|following)\b"
    r"|\b(?:pay|settle|read|check|handle|deal with|sort(?: out)?) the (?:attached|enclosed|following)\b"
    rf"|^{_DOCUMENT} from (?:my|our|the)\b|\bwhat(?:'?s| is| are) (?:this|these)\b"
    r"|\b(?:below|here it is|here you go|it (?:says|reads)|(?:here(?:'s|’s| is)|this is) what)\b",
    re.I,
)
_HELLO = r"(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks|ok|okay|so)\b[\s,!.]*(?:there|again|all|team)?[\s,!.]*)*"
_TELLS = re.compile(
    r"\b(?:e-?mailed|texted|messaged|mailed|wrote|written|sent|says?|said|forward(?:ed|ing)|reads|posted|got|gave)\b", re.I
)
_OPENS = re.compile(
    rf"\s*{_HELLO}(?:please|pls|can|could|would|will|pay|settle|send|transfer|set|i|i'?ve|i’ve|i'?m|we|we'?ve|my|our"
    rf"|the|a|here|here'?s|this|below|got"
    r"|received|look|what|what'?s|is|should|do|does|did|how|who|why|when|see|read|check|deal|sort|help|need|just"
    r"|another|ignore|fwd?|forwarded|bill|letter|invoice|e-?mail|text|hmm+|um|well|not sure|any idea)\b",
    re.I,
)
_ASKS = re.compile(
    r"\?|\b(?:pay|settle|send|transfer|set up|sort|deal with|handle|arrange|check|explain|read|tell|help|adjust"
    r"|update|change|cancel)\b",
    re.I,
)
_VALUES = re.compile(r"[\d£$€@]|https?:|www\.")
# A bill says "please pay" too; to the bank one says what, and nothing more.
_ORDER = re.compile(
    r"(?:ok(?:ay)?,? |so |now |then |and )?(?:please |pls |just )*(?:pay|settle|sort|handle|read|check|explain|deal with)"
    rf" (?:this|it|that|these|the)(?: attached| following| enclosed)?(?: {_DOCUMENT}| one)?(?: out| below| above)?"
    r"(?: for me| from my (?:\w+ ){1,3}?account)*(?: now| today| please| pls| thanks)*[.! ]*",
    re.I,
)
# An order that runs on into content: "pay this please Dear tenant". Only the capital tells.
_RUN_ON = re.compile(rf"\s*(?:{_ORDER.pattern})(?<=\s)(?=(?-i:[A-Z]))", re.I)
_QUESTION = re.compile(
    rf"{_HELLO}(?:can|could|would|will) you\b|{_HELLO}(?:is|should|do|does|must|am|what|how|who|when|why)\b|i(?:'d"
    rf"| would)? (?:want|need|like)\b",
    re.I,
)
# Whom money goes to is a value, and would seem to be the customer's.
_TO_WHOM = re.compile(
    rf"\b(?:this|that|it|them|these|one|amount|{_DOCUMENT})\b(?: \w+){{0,3}} (?:to|into) (?!me know)\w|(?<=[a-z,] )(?!I\b)[A-Z]"
)
# Somebody who asks for money for themselves is no customer who asks the bank.
_TO_ME = re.compile(r"(?<!for )(?<!tell )(?<!help )(?<!show )(?<!let )(?<!to )\bme\b|\bto me\b|\bus\b", re.I)
_OWN_MATTER = re.compile(r"\b(?:my|this|that|it|they|he|she)\b", re.I)
_BACK = re.compile(rf"\b(?:this|that|it|these|them|above|(?:the|my) (?:[\w-]+ )?(?:amount|{_DOCUMENT}))\b", re.I)

_NOBODY = (
    r"(?:there|so|just|quick|all|team|again|bank|assistant|both|counterfoil|mate|love|(?:my )?dear|pls|please|folks|everyone|bot)"
)
_MARKS = re.compile(
    r"^[ \t]*(?:>|\|)"
    r"|^[ \t]*(?:from|to|subject|sent|date|cc|re|fwd?|received|e-?mail[_ ]from|received date)[ \t]?:"
    r"|^[ \t]*(?:-{2,} ?)?(?:original message|forwarded message|begin forwarded message)\b"
    r"|^[ \t]*on [^\n]{4,80}\bwrote:"
    r"|\b(?-i:SUBJECT|EMAIL_FROM|RECEIVED DATE|Subject|From|Fwd?|FW):"
    r"|</?[a-z]|\b(?:system|user|assistant) ?:"
    r"|^[ \t]*(?:-{3,}|={3,}|\*{3,}|_{3,}|```)"
    rf"|(?:^|(?<=[.!?:\"“|]) ?)[ \t]*(?:dear|hi|hello|hey|good (?:morning|afternoon"
    rf"|evening))[ \t]+(?!{_NOBODY}\b)[^\W\d_][\w'’.-]*(?: [\w'’.&-]+){{0,3}}[ \t]*(?:[,:!]|$)"
    r"|^[ \t]*dear\b(?! (?:bank|assistant|counterfoil)\b)"
    r"|(?<=[a-z] )(?-i:(?:Dear|Hi|Hello) [A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*){0,3} ?[,\n])",
    re.I | re.M,
)
# Only what somebody else wrote ends so, or has such lines.
_ENDS = re.compile(
    r"^[ \t]*(?:(?:best|kind|warm)? ?regards|best wishes|yours (?:sincerely|faithfully|truly)|sincerely|sent from my)\b"
    r"|\b(?:if you have any (?:questions|queries)|reply to this (?:e-?mail|message)|do not reply|click (?:here|below|on)"
    r"|unsubscribe|view in browser|terms and conditions apply|we look forward to)\b",
    re.I | re.M,
)
_QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“", "‘": "’"}
_OPENING = re.compile(
    r"(?:\b(?:says?|said|wrote|writes|reads?|this|that|with|got)|[:,-])[ \t\n]*$|" + rf"\b{_DOCUMENT}[ \t]*$", re.I
)
# A sentence ends before a quotation too.
_BREAK = re.compile(r"(?<=[.!?:])(?=[\s\"“])|\n|(?<=\s)(?=[\"“])")


def split(message: str) -> Parts:
    """The customer's own words and what they pasted, each as it stands in the message."""
    mark = _MARKS.search(message)
    begins = mark.start() if mark else len(message)
    quote = _quoted(message, begins)
    if quote is not None:
        return _parted(message, *quote)
    lead = _lead(message, begins)
    if not mark and not _ENDS.search(message) and _is_typed(message, lead):
        return Parts(message.strip(), "")
    if not lead and (question := message[:begins].strip()) and mark and not _tail(message, begins) and _is_question(question):
        lead = begins
    if _asks(message[:lead]) and _tail(message, lead):
        # Two orders around content: one of them is in it, and it is the one that says whom or how much.
        lead = 0 if _TO_WHOM.search(message, 0, lead) or _VALUES.search(message, 0, lead) else lead
    tail = len(message) if _asks(message[:lead]) else _tail(message, lead) or len(message)
    return _parted(message, lead, tail)


def _parted(message: str, lead: int, tail: int) -> Parts:
    own = " ".join(filter(None, (message[:lead].strip(), message[tail:].strip())))
    return Parts(own, message[lead:tail].strip())


def _is_typed(message: str, lead: int) -> bool:
    """A line, or a few short ones, that lead to no content."""
    count = len(message.split())
    after = message[lead:].split()
    if lead and (len(after) > 4 or _VALUES.search(message, lead)):
        on_its_own = message[lead - 1] == "\n" or message[lead : lead + 1] == "\n"
        if on_its_own or (len(after) > 4 and (message[lead - 1] == ":" or count > MOST_LINES_TYPED)):
            return False
    if "\n" not in message.strip():
        return count <= MOST_TYPED
    return (
        count <= MOST_LINES_TYPED and _OPENS.match(message) is not None and not message.strip().lower().startswith("please pay")
    )


def _asks(lead: str) -> bool:
    return bool(_ASKS.search(lead))


def _quoted(message: str, begins: int) -> tuple[int, int] | None:
    """Where a quotation begins and ends that is more than a name, and is led to by own words."""
    for opened in re.finditer('["“«„‘]', message):
        start, closing = opened.start(), _QUOTES[opened[0]]
        lead = message[:start]
        if (
            start > begins + 1
            or len(lead.split()) > MOST_LEADING
            or not (_OPENING.search(lead) or not lead.strip() or not message[_lead(message, start) : start].strip())
        ):
            return None
        end = message.rfind(closing, start + 1)
        end = len(message) if end < 0 else end + 1
        if len(message[start:end].split()) < 4:
            continue
        rest = message[end:].strip(" .,\n")
        return start, end if rest and _points_back(rest) else len(message)
    return None


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each one begins and ends."""
    ends = [*(match.end() for match in _BREAK.finditer(text)), len(text)]
    return ((start, end) for start, end in pairwise([0, *ends]) if text[start:end].strip())


def _lead(message: str, begins: int) -> int:
    """Where the words end that lead to content; 0 where none do. What follows them is own only as far as it points at it too."""
    led = 0
    for place, (start, end) in enumerate(_sentences(message[:begins])):
        said = message[start:end].strip()
        if led:
            if not _points_back(said):
                break
            led = end
        elif place > 2 or len(said.split()) > MOST_LEADING:
            break
        elif run_on := _RUN_ON.match(message, start, end):
            return run_on.end()
        elif said.endswith(":") and (_POINTS.search(said) or _TELLS.search(said)):
            led = end
        elif _POINTS.search(said) and _OPENS.match(said):
            led = _before_capital(message, start, end)
            if led < end:
                return led
        elif not (_OPENS.match(said) or re.fullmatch(_HELLO, said, re.I)):
            break
    return led


def _before_capital(message: str, start: int, end: int) -> int:
    """Where a sentence runs on into content that begins with a capital; its end where it is closed, or does not."""
    points = _POINTS.search(message, start, end)
    if points is None or message[end - 1 : end] in (":", "?", "\n"):
        return end
    capital = re.compile(r"(?<=[a-z] )(?!I\b)[A-Z]").search(message, points.end(), end)
    return capital.start() if capital else end


def _tail(message: str, lead: int) -> int:
    """Where a last line begins that does nothing but point back at content; 0 where there is none."""
    start = message.rstrip().rfind("\n") + 1
    return start if start > lead and _points_back(message[start:]) else 0


def _is_question(text: str) -> bool:
    """A question before content, with nothing in it that could be a value."""
    return (
        len(text.split()) <= MOST_LEADING
        and "\n" not in text
        and text.endswith("?")
        and bool(_OWN_MATTER.search(text))
        and not _VALUES.search(text)
    )


def _points_back(text: str) -> bool:
    """Asks the bank to do something about content, and names no value of its own."""
    said = text.strip()
    if not said or len(said.split()) > MOST_LEADING or any(one.search(said) for one in (_VALUES, _TO_ME, _TO_WHOM)):
        return False
    return bool(_ORDER.fullmatch(said) or (_QUESTION.match(said) and _BACK.search(said)))


_CODE = r"(?:US|CA|AU|NZ|HK|S)?[£$€]|(?:GBP|EUR|USD|CHF|CAD|AUD)\b"
_NUMBER = r"\d{1,3}(?:[, ]\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
_SUM = rf"(?:{AMOUNT}|(?:{_CODE}) ?(?:{_NUMBER})(?:[ ]?(?:GBP|EUR|USD)\b)?)(?![\w%])"
_OF = r"(?:\s{0,9}(?:[:#.=-]|(?:is|of|in|by|on|to|number|no)\b)){0,3}\s{0,9}"
_DUE_SUM = re.compile(
    r"\b(?:grand total|total(?: (?:amount|due|to pay|payable|cost))*|(?:amount|balance|payment|sum)(?: now)? (?:due"
    r"|payable|outstanding|owed)"
    r"|amount to pay|to pay|please (?:pay|send|transfer)(?: us| me)?(?: the (?:sum"
    r"|amount) of)?|outstanding(?: balance)?|amount)\b"
    rf"{_OF}(?P<words>{_SUM}|\d[\d,]*\.\d{{2}}(?![\d.%]))",
    re.I,
)
_ANY_SUM = re.compile(rf"(?<![\w.])(?P<words>{_SUM})", re.I)
# What stands before the name of whoever is paid: a label, and words that lead to one.
_HOLDER = (
    r"(?:(?:bank )?account(?: holder)?(?:'?s)? name|account holder|name (?:of|on)(?: the)? account(?: holder)?"
    r"|payee(?:'?s)?(?: name)?|beneficiary(?:'?s)?(?: name)?|recipient(?:'?s)?(?: name)?|a/c name|acc(?:t|ount)?\.? name"
    r"|(?:please )?(?:make|send)(?: all| your| a| the)? (?:cheques?|payments?|transfers?)(?: payable)? to"
    r"|(?:cheques? |payments? )?payable to|pay(?:ment)? to|paid to|transfer to|in favour of)"
)
_NAMED = re.compile(
    rf"(?:\b{_HOLDER}|^[ \t]*name(?=[ \t]*:[^\n]*\n?[^\n]*\b(?:sort|s/c|account|a/c)\b))"
    rf"(?:[ \t]*[:=][ \t]*\n?|[ \t]*\n|[ \t]*\t| {{2,}}|[ \t]+-|[ \t]+is[ \t]*:?)[ \t]*(?P<words>[^\W\d_][^\n,;|\t]{{1,69}})",
    re.I | re.M,
)
# A name is written with capitals, and ends where a sentence goes on.
_CAPITAL = r"(?:(?:St|Mrs?|Ms|Dr|[A-Z])\.|[A-Z][\w&'’-]*)"
_CAPITALS = rf"{_CAPITAL}(?: (?:of|and|the|&|{_CAPITAL}))*"
_NAME_ENDS = (
    r"(?=[ \t]*(?:[,.;:\n(£$€–-]|$|\d|"
    r"(?i:at|by|on|using|with|within|for|ref|reference|account|acc|a/c|iban|sort|via|before|no later|to)\b))"
)
_PAID_TO = re.compile(
    rf"\b(?:(?:[Pp]ay|[Ss]end|[Tt]ransfer|[Ww]ire|[Mm]ove)\b(?:[^\n.;]|\.(?=\d)){{0,40}}?\bto"
    rf"|[Pp]ayments?(?: of [£$€]?[\d,.]+)?(?: (?:should|must|can|may|is|are|to|be|made|payable|sent)){{0,3}} to"
    rf"|(?:[Cc]heques? |[Mm]ade |[Mm]ake )?[Pp]ayable to|[Ii]n favour of|[Ii]n the name of"
    rf"|[Pp]ayee(?: is)?|[Bb]eneficiary(?: is)?"
    rf"|[Aa]ccount name(?: is)?|[Nn]ame(?= [A-Z][\w' &]+,? (?:[Ss]ort|\d\d-))"
    rf"|[Pp]ay(?= [A-Z][\w' &]{{1,40}},? ?(?:£|\d|[Ss]ort [Cc]ode|[Aa]ccount|a/c)))"
    rf" (?P<words>{_CAPITALS}){_NAME_ENDS}"
)
# Where what stands on the line of a name is no part of it.
_AFTER_NAME = re.compile(
    r"[ \t]*(?:\(|[ \t]{2,}|[–-][ \t]|\b(?:sort ?code|s/c|account (?:number|no)|a/c|acc(?:t|ount)?\.? (?:no|number)|iban|bic"
    r"|swift|ref|reference|amount|using|by bank|via)\b|\d{2}-\d{2}-\d{2}|\d{6,}).*$",
    re.I,
)
# A name that far from an account is hardly its holder's.
MOST_BETWEEN = 200
_ACCOUNT_IS = re.compile(
    r"\b(?:iban|(?:bank )?account(?: (?:number|no|nr))?|acc(?:t|ount)?(?: no)?|a/c(?: no)?)\b[.:=# \t–-]*(?:is )?\n?[ \t]*"
    r"(?P<words>[A-Z]{2}\d{2}(?: ?[A-Z\d]){8,30}\b|\d{4} ?\d{4}(?!\d))",
    re.I,
)
_SORT_CODE = re.compile(r"(?<![\d-])(?P<words>\d{2}[- ]\d{2}[- ]\d{2})(?=$|[^\d-]|[ ,/-]{1,3}\d{8})")
_LABELLED_SORT_CODE = re.compile(r"\bsort ?code\b[.:= \t–-]*(?:is )?\n?[ \t]*(?P<words>\d{2}[- ]?\d{2}[- ]?\d{2})(?!\d)", re.I)
_AFTER_SORT_CODE = re.compile(r"\d{2}[- ]\d{2}[- ]\d{2}[ ,/-]{1,3}(?P<words>\d{8})(?!\d)")
_CODE_WORDS = r"(?=[\w/.-]*\d)[A-Z\d](?:[\w/.-]*[A-Z\d])?"
# After a colon a reference goes to the end of its line: a part of one is another one.
_VALUE = (
    rf"(?:[ \t]*(?:number|no\b\.?|id|code|#))*(?:[ \t]*[:=][ \t\n]*(?P<words>[^\n,;|]{{1,140}})|(?:[ \t]*[.-]"
    rf"|[ \t]+(?:is|as))?\s{{0,3}}(?P<word>{_CODE_WORDS}))"
)
_REFERENCE = re.compile(rf"\b(?:reference|ref)\b{_VALUE}", re.I)
_NUMBERED = re.compile(
    rf"\b(?:invoice|bill|customer|policy|order)\b(?:[ \t]*(?:account|reference))?(?=[ \t]*(?:number|no\b|id|#)){_VALUE}", re.I
)
_DUE = re.compile(
    r"\b(?:due(?: date| by| on)?|pay(?:able|ment)?(?: [\w£$€.,]+){0,8} by|before|no later than|not later than"
    r"|deadline|latest|by)\b[ \t]*[:.-]?\s{0,3}$",
    re.I,
)
_BY = re.compile(r"(?:by|before|no later than|not later than|on) ", re.I)
# Only places of dates are asked for, so any day will do for today.
_ANY_DAY = periods.Today(dt.date(2000, 1, 1))


def bill(pasted: str) -> Bill | None:
    """What a bill or letter asks to be paid, in its own words; None where it names neither a sum nor an account."""
    amount = _one(_words(pasted, _DUE_SUM)) or _one(_words(pasted, _ANY_SUM))
    ibans = _of_kind(pasted, Kind.IBAN)
    labelled = [one for one in _words(pasted, _ACCOUNT_IS) if not any(iban.start <= one.start < iban.end for iban in ibans)]
    account = _one([*ibans, *labelled, *_words(pasted, _AFTER_SORT_CODE)])
    sort_code = _one([*_words(pasted, _LABELLED_SORT_CODE), *_words(pasted, _SORT_CODE)])
    if amount is None and account is None:
        return None
    return Bill(
        amount=amount,
        payee=_holder(pasted, account),
        account=account,
        sort_code=sort_code,
        reference=_one(_words(pasted, _REFERENCE)) or _one(_words(pasted, _NUMBERED)),
        due=_one(_due(pasted)),
    )


def parties(pasted: str) -> list[Said]:
    """Whom a text names as somebody to be paid, each once, in the order in which they stand there."""
    found: list[Said] = []
    for one in sorted([*_names(pasted, _NAMED), *_names(pasted, _PAID_TO)], key=lambda one: one.start):
        if not any(alike(one.words, other.words) for other in found):
            found.append(one)
    return found


def alike(name: str, other: str) -> bool:
    """Whether two names are of the same: one has all the words of the other, whatever kind of company it says."""
    one, two = (set(re.findall(r"[^\W_]+", _COMPANY.sub(" ", words.casefold()))) for words in (name, other))
    return one <= two or two <= one


_COMPANY = re.compile(r"\b(?:ltd|limited|plc|llp|inc|the|and|co|uk)\b")


def _names(text: str, pattern: re.Pattern[str]) -> list[Said]:
    found = [_said(text, one.start, one.start + len(_AFTER_NAME.sub("", one.words))) for one in _words(text, pattern)]
    bare = [_said(text, one.start, one.end - 2) if re.search(r"['’]s$", one.words) else one for one in found]
    return [one for one in bare if re.search(r"[^\W\d_]{2}", one.words) and not _NO_NAME.fullmatch(one.words)]


_NO_NAME = re.compile(
    r"(?:(?:us|me|him|her|them|you|your|our|the|my|this|that|bank|account|details|number|sort|code|iban|name|following|above|below|address"
    r"|now|here|today|online|card|reference|be|by|is|pay|payment|total|amount|due|transfer|savings?|current)\b[ ]*)+",
    re.I,
)


def _holder(text: str, account: Field) -> Field:
    """Whose the account of a text is: the one whom it names, beside that account where it has one."""
    named = parties(text)
    if isinstance(account, Said):
        named = [one for one in named if min(abs(account.start - one.end), abs(one.start - account.end)) <= MOST_BETWEEN]
    return named[0] if len(named) == 1 else tuple(named) or None


def _words(text: str, pattern: re.Pattern[str]) -> list[Said]:
    found = ((match, "words" if match.groupdict().get("words") else "word") for match in pattern.finditer(text))
    return [_said(text, *match.span(name)) for match, name in found]


def _said(text: str, start: int, end: int) -> Said:
    words = text[start:end].rstrip(" \t.,;:")
    return Said(words, start, start + len(words))


def _of_kind(text: str, kind: Kind) -> list[Said]:
    return [_said(text, one.start, one.end) for one in masking.personal(text) if one.kind is kind]


def _due(text: str) -> list[Said]:
    """Days that stand after such words as "due" or "by"; a whole month is none."""
    dated = [(one.start, one.end) for one in masking.personal(text) if one.kind is Kind.DATE]
    spans = [
        (one.start, one.end)
        for one in periods.find(text, _ANY_DAY)
        if one.period and one.period.since in (None, one.period.until)
    ]
    days = [*dated, *(one for one in spans if not any(start < one[1] and one[0] < end for start, end in dated))]
    # "By Friday" is a period up to it.
    bare = [(start + len(by[0]) if (by := _BY.match(text, start, end)) else start, end) for start, end in days]
    return [_said(text, *day) for day in bare if _DUE.search(text[: day[0]])]


def _one(found: Iterable[Said]) -> Field:
    """What is said once, or several times in the same words; several where they differ."""
    different = {re.sub(r"[\s,-]", "", one.words).casefold(): one for one in sorted(found, key=lambda one: -one.start)}
    inside = [
        a
        for key, a in different.items()
        if not any(key != other and key in other and b.start <= a.start < b.end for other, b in different.items())
    ]
    ordered = sorted(inside, key=lambda one: one.start)
    return ordered[0] if len(ordered) == 1 else tuple(ordered) or None
