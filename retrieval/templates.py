"""Statement text as keys: what a line says, with and without what changes from one payment to the next."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# What acquirers and payment processors shorten, in the words a customer would use for it.
_SAID = {
    "acct": "account",
    "amz": "amazon",
    "amzn": "amazon",
    "chq": "cheque",
    "f/stn": "filling station",
    "facebk": "facebook",
    "izettle": "zettle",
    "iz": "zettle",
    "mktp": "marketplace",
    "mktplace": "marketplace",
    "msft": "microsoft",
    "pfs": "petrol filling station",
    "ptrl": "petrol",
    "pymt": "payment",
    "rlwy": "railway",
    "s/mkt": "supermarket",
    "s/mkts": "supermarkets",
    "s.stn": "service station",
    "s/stn": "service station",
    "sq": "square",
    "sstn": "service station",
    "stn": "station",
    "supmkt": "supermarket",
    "svcs": "services",
}

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_PREFIX = re.compile(
    r"(?:(?:(?:contactless |debit |credit |visa )?card (?:payment|purchase) (?:to|at)"
    r"|(?:direct debit|bill|faster|standing order) payment to|pos purchase(?: at)?) )+(?=\S*[^\W\d_])"
)
# Only where there is a digit, so most lines never meet it. One word starts each, so that a scan passes over the rest quickly.
_NOISE = re.compile(
    rf"\b(?:(?:on )?\d{{1,2}}(?:st|nd|rd|th)?[ /.-]?{_MONTH}(?:[ /.-]?(?:20)?\d\d)?\b"
    rf"|(?:on )?{_MONTH} ?20\d\d\b"
    r"|(?:ref(?:erence)?|auth|mandate|txn|trn|inv(?:oice)?|order)(?: ?no| ?number)?[ .:#]*(?=[a-z/-]*\d)[a-z0-9/-]+"
    r"|(?:card|cd|visa?|mastercard|mc)(?: ?no\.?| number| ending)?(?: in| with)? ?[x*•]*\d{4}\b"
    r"|(?:gbp|eur|usd) ?\d[\d,]*\.\d\d\b|\d[\d,]*\.\d\d (?:gbp|eur|usd)\b"
    r"|[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}\b)"
)
_DIGIT = re.compile(r"\d")
_RUNS = re.compile(r"\d+|[^\W\d_]+")
_WORD = re.compile(r"[^\W_]+")
_LETTER = re.compile(r"[^\W\d_]")
_HOST = frozenset({"www", "http", "https", "co", "com", "org", "net", "uk"})
# Two-letter codes that are also words or part of a name ("it", "de", "uk") stay.
_COUNTRIES = frozenset({"gb", "gbr", "usa", "irl", "lux", "nld", "deu", "fra", "esp", "ita", "swe", "est", "che", "bel"})
_CITIES = frozenset(
    _WORD.findall(
        "aberdeen amsterdam bath belfast birmingham bradford brighton bristol cambridge cardiff cork coventry derby dublin "
        "dundee edinburgh exeter glasgow hull leeds leicester liverpool london luxembourg manchester newcastle norwich "
        "nottingham oxford paris plymouth portsmouth reading sheffield southampton stoke sunderland swansea wolverhampton york"
    )
)


def descriptor(text: str) -> str:
    """The statement text as a comparable key: compatibility forms and case folded, white space collapsed, nothing taken out.

    Two lines with one descriptor read the same to a customer. Empty only for text of white space. Idempotent.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    while (folded := unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())) != text:
        text = folded
    return " ".join(text.split())


def template(text: str) -> str:
    """The descriptor without what differs between two payments to the same place.

    Store numbers, references, dates, card tails, phone numbers and postcodes go, and a country or large city
    at the end where a number or country marks it as an address. Shortenings are spelt out, so "SQ *BLUE CUP 0412"
    becomes "square blue cup". Idempotent; the descriptor itself where nothing would be left.
    """
    whole = descriptor(text)
    line = whole
    while (shorter := _shorten(line)) != line:
        line = shorter
    return line or whole


def words(text: str) -> tuple[str, ...]:
    """The words of a statement line or of a customer's name for a shop, in order, for comparing the two.

    Apostrophes join, other punctuation parts, single letters in a row make one word ("B&Q", "b q": bq), and the
    fixed parts of a web address go. Empty for text without a letter or digit.
    """
    every = _WORD.findall(descriptor(text).replace("'", "").replace("’", ""))
    found: list[str] = []
    initials = ""
    for word in [word for word in every if word not in _HOST] or every:
        if len(word) == 1 and word.isalpha():
            initials += word
            continue
        found += [initials, word] if initials else [word]
        initials = ""
    return (*found, initials) if initials else tuple(found)


def _shorten(line: str) -> str:
    """One pass; may be empty. `template` repeats it, as taking out one thing can bring two others together."""
    numbered = _DIGIT.search(line) is not None
    if numbered:
        line = _NOISE.sub(" ", line)
    line = _PREFIX.sub("", line, count=1) if " " in line else line
    kept: list[str] = []
    after_number = False
    for token in line.replace("*", " ").split():
        short = "" if kept and token.isdigit() else _token(token, not kept)
        if short:
            kept.append(short)
            after_number = after_number and short in _CITIES
        else:
            after_number = True
    return " ".join(_without_place(kept, after_number))


def _without_place(kept: list[str], after_number: bool) -> list[str]:
    """after_number: all that follows the last number taken out is names of cities."""
    addressed = after_number
    while len(kept) > 1 and kept[-1] in _COUNTRIES:
        kept.pop()
        addressed = True
    if addressed and len(kept) > 1 and kept[-1] in _CITIES:
        kept.pop()
    return kept


@lru_cache(maxsize=1 << 16)
def _token(token: str, first: bool) -> str:
    """The token as it stays in a template, empty where it goes. A first number may be a name ("3 Mobile")."""
    bare = token.strip("#.,:;()[]-_/\\|<>")
    if bare in _SAID:
        return _SAID[bare]
    if not _DIGIT.search(bare):
        return bare if _LETTER.search(bare) else ""
    if not _LETTER.search(bare):
        return bare if first and len(bare) <= 3 and bare.isdigit() else ""
    return bare if "." in bare and _LETTER.match(bare.rpartition(".")[2]) else _mixed(bare)


def _mixed(token: str) -> str:
    """A token of letters and digits: a name with a number in it stays, a code goes, a number at the end of a name goes."""
    runs: list[str] = _RUNS.findall(token)
    digits = sum(len(run) for run in runs if run[0].isdigit())
    if len(token) <= 3 or (len(runs) <= 3 and digits <= 2):
        return token
    numbered_name = len(runs) == 2 and runs[1].isdigit() and len(runs[0]) >= 3 and runs[0].strip("x")
    return runs[0] if numbered_name else ""
