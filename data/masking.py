"""Personal data in free text: found by form, by checksum and by the words before it, and masked where it must not be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from phonenumbers import Leniency, PhoneNumberMatcher
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum import luhn
from stdnum.us import ssn


class Kind(StrEnum):
    NAME = "name"
    EMAIL = "email"
    URL = "url"
    IP = "ip"
    IBAN = "iban"
    CARD = "card"
    SSN = "ssn"
    NINO = "nino"
    ACCOUNT = "account"
    PHONE = "phone"
    DATE = "date"
    AGE = "age"
    ADDRESS = "address"
    POSTCODE = "postcode"
    NUMBER = "number"


class Found(NamedTuple):
    """Characters start to end of a text."""

    kind: Kind
    start: int
    end: int


# Random ids: a customer quotes one, and whoever reads the log has to find it. Addresses of every machine, and lines of code.
_NOBODYS = re.compile(
    r"\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=\d*[a-f])[0-9a-f]{32}"
    r"|(?<![\d.])(?:127(?:\.\d{1,3}){3}|0\.0\.0\.0)(?:(?::|', )\d{1,5})?(?![.\d]*\d))\b|(?<=\", line )\d{1,6}(?=, in )",
    re.I,
)

# An amount has a currency, and no digits close by that it may be a group of.
_AMOUNT = re.compile(
    r"(?<![\d\w])(?<!\d[ .,/-])(?:"
    r"(?:[£$€]|\b(?:GBP|EUR|USD)) ?\d{1,3}(?:,\d{3}|\d){0,6}(?:\.\d{1,2})?"
    r"|\d{1,3}(?:,\d{3}|\d){0,6}(?:\.\d{1,2})? ?(?:%|(?:pounds?|quid|pence|p|gbp|euros?|eur|dollars?|usd|cents?)\b)"
    r")(?![ ./-]?\d)",
    re.I,
)

_BETWEEN = r"[ \t\u00a0.,/\\()_·–-]{0,3}"
# One or two letters among digits: "9856 sd 2548", and a long number that a spreadsheet has made "1.23E+15".
_AMONG = r" ?(?!(?:to|of|or|at|in|on|by|is|am|pm|st|nd|rd|th)\b)[a-z]{1,2} ?\+?(?=\d)"
_DIGITS = re.compile(rf"[+(]{{0,2}}(?<![a-z\d])\d(?:(?:{_BETWEEN}|{_AMONG})\d)*(?: ?(?:x|ext\.?|extension) ?\d+)?", re.I)
_CODE = re.compile(r"\b[a-z_]*\d[a-z\d_]*\b", re.I)
FEWEST_DIGITS = 4

_IBAN = re.compile(r"\b([A-Z]{2} ?\d{2})((?:[ .-]?[A-Z\d]){8,30})(?![A-Z\d])", re.I)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|tember|ober|ember)?"
_DAY = r"\d{1,2}(?: ?(?:st|nd|rd|th))?"
_STREET = (
    r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|close|court|ct|crescent|cres|terrace|place|pl|square|sq|gardens|gdns"
    r"|grove|way|hill|mews|row|parade|boulevard|blvd|walk|highway|hwy)"
)
_SMALL = r"(?:a|an|and|at|by|for|from|in|my|of|on|or|the|to|with)"
_FORMS: Mapping[Kind, re.Pattern[str]] = {
    Kind.EMAIL: re.compile(
        r"(?<![\w.+%'-])[\w.+%'-]{1,64} ?(?:@|\(at\)|\[at\]) ?[\w-]+(?:\.[\w-]+)+"
        r"|(?<![\w.+-])[\w.+-]{1,64} at [\w-]+ dot (?:com|org|net|co dot uk)\b",
        re.I,
    ),
    Kind.URL: re.compile(r"\b(?:(?:https?|ftp)://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]", re.I),
    Kind.IP: re.compile(
        r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)"
        r"|(?<![\w:])(?=[\da-f:]*[\da-f]:)(?:[\da-f]{1,4}:){7}[\da-f]{1,4}(?![\w:])"
        r"|(?<![\w:])(?:[\da-f]{1,4}:){1,6}(?::[\da-f]{1,4}){1,6}(?![\w:])",
        re.I,
    ),
    Kind.NINO: re.compile(r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", re.I),
    Kind.ACCOUNT: re.compile(r"(?<![\d-])\d{2}[- ]\d{2}[- ]\d{2}(?:[ ,/-]{0,3}\d{8})?(?![ -]?\d)"),
    Kind.DATE: re.compile(
        r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\d-])"
        r"|(?<![\d/.-])\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})(?![/.-]?\d)"
        rf"|\b{_DAY},?(?: of)?[ -]{_MONTH},?[ -]\d{{2,4}}\b|\b{_MONTH} {_DAY},? \d{{4}}\b",
        re.I,
    ),
    Kind.AGE: re.compile(r"\b\d{1,3}[ -]?(?:years?|yrs?)[ -]?old\b|\b(?:aged?|turn(?:s|ed|ing)?) \d{1,3}\b", re.I),
    Kind.ADDRESS: re.compile(
        rf"(?<![\w.,])\d{{1,6}}[a-z]?,? (?:(?!{_SMALL}\b)[\w'’.-]+ ){{1,4}}?{_STREET}\b\.?"
        r"|\b(?:p\.? ?o\.? ?box|post ?box|psc|apartment|apt|flat|suite|ste|unit)\.? ?#?\d+\w?\b",
        re.I,
    ),
    Kind.POSTCODE: re.compile(
        r"\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|(?-i:[A-Z]{2} \d{5}(?:-\d{4})?|\d{4} ?[A-Z]{2}))\b", re.I
    ),
}

_TEENS = r"(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
_WORD = rf"(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|{_TEENS}|\d)"
_TIMES = ("double", "treble", "triple")
_SPOKEN = re.compile(rf"\b(?:(?:{'|'.join(_TIMES)}) )?{_WORD}(?:[ ,-]+(?:(?:{'|'.join(_TIMES)}) )?(?:{_WORD}\b|o\b))+", re.I)
# Words after which a number is somebody's, however short it is: "last four 217", "ssn no l 087", "CVV is 12".
_OWNER = (
    r"(?:ssn?|social(?: security)?|national insurance|nino|cards?|debit|credit|acc(?:oun)?t|ac|a/c|iban|sort ?code|pin"
    r"|cvv2?|cvc2?|passcode|security code|passport|licen[cs]e|zip ?(?:code)?|post ?code|postal code"
    r"|phone|mobile|telephone|tel|fax|cell"
    r"|last (?:four|4|few)|ending|ends)"
)
_FILLER = (
    r"(?: ?(?:security|numbers?|no|num|code|digits?|four|4|card|account|ending|ends|in|with|is|are|was|were|my|the|it|its|it's|of"
    r"|[a-z])\b| ?[.:#=*'-])"
)
_OWNED = re.compile(rf"\b{_OWNER}\b{_FILLER}{{0,6}} ?#?(\d[\d -]*)", re.I)
_REPLY = r"(?:yes|ok|okay|sure|it|is|it's|its|that's)\b"
_ALONE = re.compile(rf"[\W_]*(?:{_REPLY}[\W_]*)*(?:[a-z]{{1,3}}[\W_]+)?\d[\d\W_]*(?:[a-z][\d\W_]*)?", re.I)
_URLS = (Kind.EMAIL, Kind.URL)


def personal(text: str, known: Iterable[Found] = ()) -> list[Found]:
    """Personal data in a text, in order and without overlaps.

    known: what the caller knows to be some, such as names; no form tells those.
    Whatever has four digits or more is taken for some: cards, accounts and phones are mistyped, cut up and dictated, so a
    checksum only tells what to call it. Left alone are amounts with a currency, random ids, and numbers of up to three digits
    without a word before them that makes them somebody's.
    """
    kept = [match.span() for pattern in (_AMOUNT, _NOBODYS) for match in pattern.finditer(text)]
    found = [one for one in _candidates(text) if one.kind in _URLS or not _within(one, kept)]
    return _merged([*known, *found])


def mask(text: str) -> str:
    """The text with each piece of personal data as its kind: "card [CARD]"."""
    return replaced(text, personal(text), lambda kind, _: f"[{kind.upper()}]")


def replaced(text: str, found: Iterable[Found], by: Callable[[Kind, str], str]) -> str:
    """The text with what was found, which is in order and without overlaps, in other words; the words are the second argument."""
    parts, at = [], 0
    for kind, start, end in found:
        parts += [text[at:start], by(kind, text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def _within(one: Found, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= one.start and one.end <= end for start, end in spans)


def _merged(found: Iterable[Found]) -> list[Found]:
    """What overlaps is one, or hiding a part would show the rest; called as the first of them that is more than a number."""
    merged: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if merged and one.start < merged[-1].end:
            kind = one.kind if merged[-1].kind is Kind.NUMBER else merged[-1].kind
            merged[-1] = Found(kind, merged[-1].start, max(one.end, merged[-1].end))
        else:
            merged.append(one)
    return merged


def _candidates(text: str) -> Iterator[Found]:
    for kind, pattern in _FORMS.items():
        for match in pattern.finditer(text):
            yield Found(kind, *match.span())
    yield from _ibans(text)
    for phone in PhoneNumberMatcher(text, "GB", leniency=Leniency.VALID):
        yield Found(Kind.PHONE, phone.start, phone.end)
    yield from _numbers(text)


def _ibans(text: str) -> Iterator[Found]:
    for match in _IBAN.finditer(text):
        length = _iban_length(match[0])
        if length is None or (" " in match[1] and not match[1].isupper()):
            continue
        # Words after it look like more groups of it.
        ends = [n for n in range(match.start(), match.end()) if text[n].isalnum()][:length]
        yield Found(Kind.IBAN, match.start(), ends[-1] + 1)


def _iban_length(said: str) -> int | None:
    try:
        return IBAN(said, allow_invalid=True).spec.iban_length
    except SchwiftyException:
        return None


def _numbers(text: str) -> Iterator[Found]:
    for pattern in (_DIGITS, _CODE):
        for match in pattern.finditer(text):
            digits = "".join(char for char in match[0] if char.isdigit())
            if len(digits) >= FEWEST_DIGITS:
                yield Found(_called(digits), *match.span())
    for match in _SPOKEN.finditer(text):
        if _spoken_digits(match[0]) >= FEWEST_DIGITS:
            yield Found(Kind.NUMBER, *match.span())
    for match in _OWNED.finditer(text):
        yield Found(Kind.NUMBER, match.start(1), match.start(1) + len(match[1].rstrip(" -")))
    # A number and nothing else is the answer to a question such as which card it is.
    if _ALONE.fullmatch(text):
        yield Found(Kind.NUMBER, 0, len(text))


def _called(digits: str) -> Kind:
    if 12 <= len(digits) <= 19 and (luhn.is_valid(digits) or (len(digits) in (15, 16) and digits[0] in "23456")):
        return Kind.CARD
    return Kind.SSN if len(digits) == 9 and ssn.is_valid(digits) else Kind.NUMBER


def _spoken_digits(said: str) -> int:
    """At least how many digits were dictated: "double four" is two, and "twenty one" may be one number or two."""
    words = re.findall(r"[a-z]+|\d", said.casefold())
    return len(words)
