"""What a message says to a confirmation that was shown just before it. No model reads it: a yes is made of phrases written below.

The whole message has to be made of such phrases, courtesy, and values that the intent shows. A word that is none of them may be a
change, a condition or a doubt, and so the message is no yes.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from enum import StrEnum
from functools import cache

from rapidfuzz.distance import DamerauLevenshtein

from assistant.periods import MONTHS, NUMBERS, WEEKDAYS
from data.actions import Action, Intent, Value


class Reply(StrEnum):
    """YES: do exactly what was shown. NO: do not. OTHER: neither, whatever else it says."""

    YES = "yes"
    NO = "no"
    OTHER = "other"


def reply(message: str, intent: Intent) -> Reply:
    """What a typed message says to the one intent that was shown in the message just before."""
    words = _words(message)
    if words is None:
        return Reply.OTHER
    if _NO.fullmatch(words):
        return Reply.NO
    said = " ".join(map(_spelt, _without_values(words, intent).split()))
    agreed = _yes(intent.action, intent.on is None, len(intent.cards)).fullmatch(said)
    if not agreed or _HOLLOW.search(said) or (_VALUE in said and not _PLAINLY.search(said)):
        return Reply.OTHER
    return Reply.YES


# Longer ones hold more than an answer.
MOST_WORDS = 30
_STRAIGHT = str.maketrans("’‘`–—", "'''--")
_SMILES = re.compile(r"(?:[👍👌🙏✅✔💯🙂😊😀🎉]|[\ufe0f\U0001f3fb-\U0001f3ff]|(?<!\S):-?[)D](?!\S))")
# Of anything else it is not known what it does to the words around it: a question mark, quotation marks, a dash between lines, a
# mark that ends a clause in the middle of a word.
_TYPED = re.compile(r"(?!.*\.\.)(?:[^\W_]|[£$€'&.,-]|[!;:](?![^\W_])|\s)+", re.S)
_TOKEN = re.compile(r"[£$€]?\d[\d,]*(?:\.\d+)?(?:[^\W\d_]+)?|[^\W\d_]+(?:['&-][^\W\d_]+)*|[£$€']")
_LONG_FORMS = {
    "that's": "that is", "thats": "that is", "it's": "it is", "its": "it is", "all's": "all is", "everything's": "everything is",
    "i'll": "i will", "i'd": "i would", "i've": "i have", "ive": "i have", "i'm": "i am", "im": "i am", "you're": "you are",
    "youre": "you are", "you've": "you have", "youve": "you have", "let's": "let us", "lets": "let us", "that'll": "that will",
    "that'd": "that would", "it'll": "it will", "don't": "do not", "dont": "do not", "goahead": "go ahead",
}  # fmt: skip


def _words(message: str) -> str | None:
    """The words in lower case, short forms written out; None where it holds more than typed words."""
    text = _SMILES.sub(" ", unicodedata.normalize("NFKC", message)).translate(_STRAIGHT).casefold()
    if not _TYPED.fullmatch(text):
        return None
    tokens = [_LONG_FORMS.get(token, token) for token in _TOKEN.findall(text)]
    return " ".join(tokens) if 0 < len(tokens) <= MOST_WORDS else None


def _any(*phrases: str) -> str:
    return f"(?:{'|'.join(phrases)})"


# Courtesy leaves a yes what it is.
_COURTESY = (
    "please", "pls", "plz", "kindly", "thanks", "thank you", "thankyou", "thx", "ty", "cheers", "ta", "much appreciated",
    "very much", "so much", "a lot", "a bunch", "a million", "many thanks", "appreciated", "i appreciate (?:it|that)",
    "sir", "madam", "ma'am", "mate", "then",
)  # fmt: skip
_AGREED = (
    "yes", "yess", "yse", "yest", "yeah", "yea", "yeh", "yep", "yup", "ya", "y", "aye", "ok", "okay", "okey", "sure",
    "sure thing", "certainly", "definitely", "absolutely", "indeed", "agreed", "approved", "affirmative", "exactly",
    "precisely", "deal", "of course", "for sure", "by all means", "you bet", "good to go", "sounds like a plan",
    "very much so", "let us go", "that will do", "exactly the same",
)  # fmt: skip
_FIT = _any(
    "right", "correct", "good", "fine", "great", "perfect", "accurate", "ok", "okay", "confirmed", "exact", "true", "excellent",
    "fantastic", "wonderful", "awesome", "amazing", "brilliant", "lovely", "alright", "all right", "spot on", "bang on",
    "ideal", "cool", "super", "nice", "affirmative", "on point", "the one",
)  # fmt: skip
_QUITE = (
    r"(?:(?:all|exactly|absolutely|completely|entirely|quite|perfectly|totally|very|just|indeed|definitely|certainly|really) )*"
)
_DEED = "(?:the|this|that|my) (?:transfer|payment|transaction|request)"
_DETAILS = (
    r"(?:(?:all|of|the|my|your|these|those|this|that) )+(?:(?:correct|right) )?(?:(?:transfer|payment|transaction) )?"
    r"(?:details?|information|info)(?: above| shown| listed| you (?:have|gave|listed|showed|found))?"
)
_ALL = _any(
    "that",
    "this",
    "it",
    "these",
    "those",
    "everything",
    "all",
    "all of (?:it|that|this)",
    "(?:it|that|this|them) all",
    _DEED,
    _DETAILS,
)
_IS = _any("is", "are", "looks?", "sounds?", "seems?", "(?:would|will) be", "is looking", "found")
_FOR_ME = r"(?: (?:to|for|with|by) me)?"
_WANTED = (
    r"(?:want|wanted|need|needed|said|meant|requested|asked(?: for)?|would like"
    r"|(?:am|was) (?:looking|asking|hoping) for|ha(?:d|ve) in mind)"
    r"(?: (?:you )?to (?:do|send|transfer|pay|happen)| done)?"
)
_STATED = (
    f"(?:{_ALL} (?:{_IS} )?|(?:looks?|sounds?|seems?) )?{_QUITE}{_FIT}{_FOR_ME}",
    # By itself it may be the beginning of a condition: "in order to …".
    f"(?:{_ALL} (?:{_IS} )?|(?:looks?|sounds?|seems?) ){_QUITE}in order{_FOR_ME}",
    f"{_ALL} is {_QUITE}what i {_WANTED}",
    f"(?:{_ALL} )?(?:is )?(?:works|suits me)(?: perfectly| well| fine| great)?{_FOR_ME}",
    f"{_ALL} (?:would|will) work{_FOR_ME}",
    f"i (?:do |so |hereby |can )*(?:confirm|approve|agree|accept|authori[sz]e)(?: to| with)?(?: {_ALL})?",
    f"i (?:would like|want) to (?:confirm|proceed|continue|go ahead|do)(?: with)?(?: {_ALL})?",
    "i am (?:ok|okay|fine|good|happy) with (?:that|this|it)",
    f"you (?:are {_QUITE}(?:right|correct|spot on)|(?:have )?got it(?: {_QUITE}(?:right|correct|correctly))?)",
    f"you have (?:got )?{_ALL} {_QUITE}(?:right|correct)",
)
# They go with a yes, and are none by themselves: "that is it" may end a conversation, "I will do it" may be "myself".
_BESIDE = (
    "i do", "i am sure", "i would(?: like (?:that|to))?", "it is", "they are", "you (?:can|may)",
    "that is (?:precisely )?(?:it|all)", "that is all i need(?:ed)?", "(?:i )?will (?:do (?:it|that|this)|transfer)",
    f"is {_QUITE}{_FIT}", f"confirm {_DETAILS}", "it does", "that does", "to proceed", "in order",
    f"{_ALL} (?:is|are|was) {_DETAILS}",
    f"{_ALL} (?:is|are|was) (?:my (?:request|wish|order|instructions?|choice)"
    "|the (?:right|correct) (?:amount|account|person|recipient))",
)  # fmt: skip
_OBJECT = _any("it", "that", "this", "so", "the (?:money|funds|cash|amount)", _DEED)
_VERBS = {
    Action.PAY: "send|make|pay|transfer|move",
    Action.TRANSFER: "transfer|make|send|move|pay",
    Action.ADD_BENEFICIARY: "add|save",
    Action.FREEZE_CARD: "freeze|block|lock",
    Action.UNFREEZE_CARD: "unfreeze|unblock|unlock",
    Action.REPLACE_CARD: "replace|order|send",
}
_LET = (
    r"(?:(?:please|kindly|just|you (?:can|may|could)|feel free to|go ahead and|go on and|let us"
    r"|i (?:want|would like)(?: you)? to) )*"
)
# Stands for values that the intent shows; what is typed cannot hold it.
_VALUE = "<>"
# "Yeah right" is said of what nobody believes, "ok right" before something else, and "ok, that's all" at the end.
_HOLLOW = re.compile(r"\b(?:yeah|yea|yeh|sure|ok|okay) right\b|^right then\b|^(?:ok|okay|great|good|fine)\b.* is all\b(?! i\b)")
# An order with values in it is one more order, but for a plain yes beside it.
_PLAINLY = re.compile(
    r"\b(?:yes|yeah|yea|yeh|yep|yup|aye|correct|right|confirm|confirmed|exactly|approved|agreed|indeed|definitely)\b"
)


@cache
def _yes(action: Action, at_once: bool, cards: int) -> re.Pattern[str]:
    """Phrases with one at least among them that is a yes: values that are said again need one too."""
    verb = f"(?:do|confirm|process|complete|submit|execute|initiate|finish|finali[sz]e|approve|{_VERBS[action]})"
    going = f"(?:(?:go ahead|proceed|continue|confirm)(?: with)?(?: {_OBJECT})?|go for it|go on|carry on|please do)"
    some = ("", "the card|my card", "them|both|both cards|the cards|my cards", "them|the cards|my cards")[min(cards, 3)]
    bare = f"please {_any(*_VERBS[action].split('|'))}"
    soon = "(?: (?:now|right now|right away|straight away|immediately|at once|asap))?" if at_once else ""
    ordered = f"{_LET}(?:{going}|{bare}|{verb} (?:{_OBJECT}{some and '|' + some})(?: through)?(?: for me)?){soon}"
    beside = _any(*_COURTESY, *_BESIDE, _VERBS[action], f"{_LET}(?:{verb} )?(?:{_OBJECT} )?{_VALUE}{soon}")
    assent = _any(*_AGREED, *_STATED, ordered)
    return re.compile(rf"(?:{beside} )*{assent}(?: (?:and )?(?:{beside}|{assent}))*")


_LEAVE = _any(
    "send", "do", "pay", "transfer", "make", "proceed", "go ahead", "continue", "confirm", "freeze", "block", "add", "order"
)
_END = "(?:cancel|stop|drop|scrap|undo)"
_STOP = _any(
    "no", "nope", "nah", "no way", "abort", f"{_END}(?: {_OBJECT})?", f"do not(?! {_END})(?: {_LEAVE})?(?: {_OBJECT})?",
    f"i do not want(?: to)?(?! {_END})(?: {_LEAVE})?(?: {_OBJECT})?", "forget (?:about )?(?:it|that)", "never mind", "nevermind",
    "leave it", "call it off", "i (?:have )?changed my mind", "i take (?:it|that) back",
)  # fmt: skip
_AROUND = _any(
    *_COURTESY, "wait", "hold on", "hang on", "actually", "sorry", "now", "not now", "not yet", "oh", "just", "ok", "okay",
    f"(?:{_ALL} is )?(?:wrong|incorrect|not (?:right|correct|it))", "on second thoughts?", "oops", "my mistake",
    "(?:i (?:said|typed|meant|agreed) )?(?:yes )?(?:to )?(?:the )?wrong (?:thing|one|person|payee|amount|payment)",
    f"(?:i (?:said|typed) )?(?:yes |{_ALL} )?(?:was )?(?:by|a) mistake",
)  # fmt: skip
_NO = re.compile(rf"(?:{_AROUND} )*{_STOP}(?: (?:{_AROUND}|{_STOP}))*")

# Slips of the pen are seen in these alone: shorter words are too near to others.
_LONG = ("correct", "exactly", "perfect", "confirm", "confirmed", "proceed", "approved", "absolutely", "definitely")


def _spelt(word: str) -> str:
    near = (right for right in _LONG if right[0] == word[0] and DamerauLevenshtein.distance(word, right, score_cutoff=1) <= 1)
    return word if word in _LONG else next(near, word)


_SIGNS = {"£": "GBP", "$": "USD", "€": "EUR"}
_UNITS = {
    "pounds": "GBP",
    "pound": "GBP",
    "quid": "GBP",
    "gbp": "GBP",
    "dollars": "USD",
    "usd": "USD",
    "euros": "EUR",
    "euro": "EUR",
    "eur": "EUR",
}
_AMOUNT = re.compile(
    r"(?<!\S)(?:(?:for|of|the amount(?: is| of)?) )?(?P<sign>[£$€])? ?(?P<sum>\d{1,3}(?:,\d{3})+|\d+)(?P<part>\.\d+)?"
    rf"(?: ?(?P<unit>{'|'.join(_UNITS)}))?,?(?!\S)"
)
_LEADS = {"account": "from|out of|using", "payee": "to|into|pay", "reference": "for|reference"}
# Whoever names a payee or writes a reference would else choose what is taken for a yes.
_NOT_NAMES = frozenset(NUMBERS) | {
    "no", "not", "never", "nope", "nah", "cancel", "stop", "wait", "do", "don't", "half", "double", "more", "less", "hundred",
    "thousand",
}  # fmt: skip
_DAYS = frozenset(MONTHS) | frozenset(WEEKDAYS)


def _without_values(words: str, intent: Intent) -> str:
    """Each value that the intent shows, said again in its place, as one mark; whatever else is said stays as it is."""
    own = intent.payee is not None and intent.payee.own is not None
    for value in intent.values:
        if (lead := _LEADS.get(value.name)) and (runs := _runs(value)):
            whose = "(?:the |my |our )?" if own or value.name != "payee" else "(?:the |his |her |their )?"
            account = "(?:'s)?(?: account)?" if value.name in ("account", "payee") else ""
            words = re.sub(rf"(?<!\S)(?:{lead}) {whose}(?:{runs}){account}(?!\S)", _VALUE, words)
    if intent.on is not None:
        words = re.sub(rf"(?<!\S)on (?:{_day(intent.on, intent.prepared_at.date())})(?!\S)", _VALUE, words)
    words = _AMOUNT.sub(lambda match: _VALUE if _is_amount(match, intent) else match.group(), words)
    return re.sub(rf"{_VALUE}(?: {_VALUE})+", _VALUE, words)


def _is_amount(match: re.Match[str], intent: Intent) -> bool:
    if intent.amount is None or Decimal(match["sum"].replace(",", "") + (match["part"] or "")) != abs(intent.amount.decimal):
        return False
    said = {_SIGNS.get(match["sign"]), _UNITS.get(match["unit"])} - {None}
    return said <= {intent.amount.currency}


def _day(on: dt.date, today: dt.date) -> str:
    """The forms in which a day is said; a weekday alone is the one of the coming week."""
    weekday, month = f"{on:%A}".casefold(), f"(?:{f'{on:%B}'.casefold()}|{f'{on:%b}'.casefold()})"
    number = rf"(?:the )?0?{on.day}(?:st|nd|rd|th)?"
    day = rf"(?:{weekday} )?(?:{number}(?: of)? {month}|{month} {number})(?: {on.year})?"
    return f"{day}|{weekday}" if dt.timedelta(0) < on - today <= dt.timedelta(7) else day


def _runs(value: Value) -> str:
    """Words of a value that stand together, the longest first: "sam carter", "sam", "carter". Figures alone name nothing."""
    words = _TOKEN.findall(unicodedata.normalize("NFKC", value.shown).translate(_STRAIGHT).casefold())[:12]
    runs = [words[start:end] for start in range(len(words)) for end in range(start + 1, len(words) + 1)]
    # "For Friday" may be a day, whatever the payee is going to read.
    others = _NOT_NAMES | _DAYS if value.name == "reference" else _NOT_NAMES
    named = [run for run in runs if any(word.isalpha() for word in run) and not others & set(run)]
    return "|".join("(?:'s)? ".join(map(re.escape, run)) for run in sorted(named, key=len, reverse=True))
