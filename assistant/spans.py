"""Parts of a question, found in the customer's own words. Nothing here decides what the question is.

Every part is verbatim text with its place; what is left over when all parts are taken out is what the router
must know the meaning of. A word that nobody understands stays in `unknown`: it is asked about, never dropped.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from assistant import headings, periods, whom
from assistant.numerals import SMALL, in_figures
from assistant.places import is_place, written
from assistant.plan import Spans
from data.banking import Account, AccountKind
from data.ledger import Payee
from data.party import AccountId
from prompts.registry import word_list

AMOUNT = (
    r"(?:(?:over|above|more than|under|below|less than|at least|at most|no more than|up to|exactly|around|about|roughly|approximately|approx|nearly|almost|close to|just (?:over|under)|bigger than|smaller than"
    r"|larger than|exceeding|between)\s+)?(?:(?:£|\$|€)\s?\d[\d,]*(?:\.\d{1,3})?|\d[\d,]*(?:\.\d{1,3})?\s?(?:pounds?|quid|gbp|euros?|eur|dollars?|usd|p\b|pence))"
    r"(?:\s+(?:or|and)\s+(?:less|under|below|more|over|above)\b)?"
)
# A bare number is an amount only where a bound stands before it, or pence behind it.
_BOUND = r"(?:over|above|more than|under|below|less than|at least|at most|no more than|exactly|bigger than|smaller than|larger than|exceeding)\s+(?:(?:the|my|our|that) (?:usual|normal|standard|regular) )?\d[\d,]*(?:\.\d{1,3})?(?![\d/]|\s(?:times?|days?|weeks?|months?|years?|payments?|transactions?))"
_FIGURE = r"(?:£|\$|€)?\s?\d[\d,]*(?:\.\d+)?(?:\s?(?:pounds?|quid|gbp|euros?|dollars?))?"
_MONEY = r"(?:(?:£|\$|€)\s?\d[\d,]*(?:\.\d+)?|\d[\d,]*(?:\.\d+)?\s?(?:pounds?|quid|gbp|euros?|dollars?))"
_RANGE = rf"(?:between\s+{_FIGURE}\s+(?:and|to)\s+{_MONEY}|(?:from\s+)?{_FIGURE}(?:\s+to\s+|\s?-\s?){_MONEY})"
# "Leaving out anything above 30": what is left is within it.
_OUTSIDE = (
    r"(?:leav(?:e|ing) out|excluding|exclude|ignor(?:e|ing)|without|except(?: for)?|apart from|skip(?:ping)?|drop(?:ping)?"
    r"|(?:(?:do )?not|don't) (?:count|counting|include|including))\s+"
    r"(?:(?:anything|everything|any|all|the ones|those|the|payments?|ones)\s+)*(?:(?:that|which)(?:'s| is| are| was| were| cost)\s+)?"
)
_LESS_THOSE = rf"{_OUTSIDE}(?:over|above|more than|at least|bigger than|larger than|exceeding|under|below|less than|smaller than)\s+{_FIGURE}"
_PENCE = r"(?<!\bat )\d[\d,]*\.\d{2}(?![.:/\d]|\s?(?:am|pm|%))"
_AMOUNTS = re.compile(rf"(?<![\w.])(?:{_LESS_THOSE}|{_RANGE}|{AMOUNT}|{_BOUND}|{_PENCE})(?![\w])")
OUTSIDE = re.compile(_OUTSIDE)
# A bare number is one too where money is going to be spent or put somewhere: "can I afford 250", "interest on 5000".
_TO_SPEND = re.compile(
    r"\b(?:afford(?: to (?:spend|pay))?|get away with(?: spending)?|if i (?:spend|spent|paid)|ok(?:ay)? to spend"
    r"|if (?:it|that|they)(?:'s| is| was| were| are| costs?)(?: only| just| about)?"
    r"|(?:put|sav|deposit|invest|withdraw|borrow|lend)(?:e|t?ing)?(?: me)?|interest(?: \w+){0,5} on)\s+"
    r"(?P<sum>\d[\d,]*(?:\.\d{1,2})?)(?![\w/:%])(?!\s(?:times?|days?|weeks?|months?|years?|payments?|transactions?|of|or)\b)"
)
# "Can I afford new tyres for 180": what it costs stands after what it is.
_AFFORD_AT = re.compile(
    r"\bafford\b[^.?!;]*?\b(?:for|at|costing|costs?|worth|of|is|an?|another)\s+(?P<sum>\d[\d,]*(?:\.\d{1,2})?)"
    r"(?![\w/:%.])(?!\s(?:times?|days?|weeks?|months?|years?|payments?|transactions?)\b)"
)
# "Seen a guitar for 650, can I afford it": or ahead of it.
_AT_AFFORD = re.compile(
    r"\b(?:for|at|costs?|worth|it's|is)\s+(?P<sum>\d+(?:,\d{3})*(?:\.\d{1,2})?)"
    r"(?![\w/:%])(?!\s(?:times?|days?|weeks?|months?|years?|payments?|transactions?|of)\b)(?=[^;]{0,40}\bafford (?:it|that|one|this)\b)"
)
_COUNTS = "two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|\\d{1,2}"
COUNTED = frozenset(_COUNTS.split("|"))
_NUMBER = re.compile(
    rf"\b(?P<c>{_COUNTS})\s+(?=(?!(?:rest|test|west|guest|interest|nearest|request|latest)\b)[a-z]{{4,}}est\b)|"
    rf"\b(?:top|last|latest|first|next|biggest|largest|most expensive|smallest|recent)\s+(?P<a>{_COUNTS})\b(?!\s*(?:days?|weeks?|months?|years?))"
    rf"|\b(?P<b>{_COUNTS})\s+(?=(?:biggest|largest|most|smallest|cheapest|latest|last|highest|merchants|shops|payments|transactions|purchases)\b)"
)
USUAL = r"(?:typical|normal|average|usual|ordinary|regular)"
_GROUP = re.compile(
    r"\b(?:(?:grouped |broken down |split |listed |sorted )?(?:by|per|for each|each|every|in each)\s+"
    r"(?:category|categories|type|kind|merchants?|shops?|stores?|retailers?|payees?|months?|weeks?|accounts?|day)"
    r"|(?:(?:split|break|broken)(?: (?:it|that|them|this|those|down))* )?(?:by|per|for each) (?:garage|restaurant|supermarket|(?:petrol |filling )?station|pub|cafe|seller|firm|company)"
    r"|(?:split|break|broken)(?: (?:it|that|them|this|those|down))* by (?:club|place|person)"
    r"|month by month|monthly|by what i (?:buy|spend it on)"
    rf"|(?:(?:in|for|on|over) )?(?:an?|my|your|the) {USUAL} (?:day|week|month|year)(?:'s)?)\b"
)
_QUOTED = re.compile(
    r"(?<!\w)(?:'(?P<single>[^'\n]{1,60}(?:'[a-z][^'\n]{0,40})*)'|\"(?P<double>[^\"\n]{2,60})\"|“(?P<curly>[^”\n]{2,60})”)(?!\w)"
)
_ACCOUNT = re.compile(
    r"\b(?:(?:in|from|on|of|at|with|to|into|for)\s+)?(?:(?:my|our|the|both|all)\s+)*"
    r"(?P<name>joint(?: current)?(?: account)?|current(?: account)?(?! balance)|savings?(?: (?:account|pot))?|saver|isa|euro account|eur account"
    r"|ours|own one|own account|own cards?|credit card|debit card|main account|personal account|business account|everyday account|household account|own(?: \w+)? accounts?)\b"
)
_SLOT = re.compile(
    r"\b(?P<lead>at|compared (?:with|to)|to|from|with|by|paid|pay|paying|pays|in|on|for|of|called|than|and|against|versus|vs|buy|bought|use|used|owe|charged by|did|has|is|was|have)\s+"
)
# Where the name of somebody paid must end.
_END = re.compile(
    r"\s+(?:in|on|during|over|since|for|within|between|from|by|as|per|until|before|after|that|which)\s*(?=\x01)"
    r"|\x01|[?!;:]|[,.](?=\s|$)|\s-\s"
    r"|\s+(?:and|or|plus|versus|vs|than|against)\s+(?:(?:at|to|from|on|in|with|by)\s+)?(?=\x01)"
    r"|\s+and\s+(?=(?:how|when|what|which|who|is|was|were|did|do|does|has|have|if|show|also|tell|at|to|from|the (?:date|total|last|number))\b)"
    r"|\s+(?:altogether|in total|in all|all together|total|so far|ever|yet|please|pls|plz|thanks|lately|recently|again|already|before|now|still|says?|showing|shows?"
    r"|combined|together|exactly|right|item by item|that i|in (?:a|one) (?:single|go)|roughly|overall|on average|twice|two times|double|each time|each|me|leaving|leave|excluding|including|without"
    r"|(?:not )?counting|minus|less|arrive|arrived|come|came|gone|go|went|cost|costs|saying|refunded?|charged?|taken?|this|last|next|the last|most|more|compared)\b"
    r"|\s+(?:paid|pays|pay|sent|sends|owes?|gave|gives|transferred)(?=\s+(?:me|us|my|our|back|him|her|it)\b|\s*(?:\x01|[,?.!]|$))"
    r"|\s+(?:(?:get|gets|got|getting|been|being|has|have|was) )?(?:returned|rejected|bounced?|reversed|sent back)\b"
    r"|\s+(?:is|was|are|were)\b"
    r"|\s+at\s+(?=(?:(?:about|around|nearly|almost|just|gone|half)\b|\d{1,2}(?:[:.]\d\d|\s?(?:am|pm|in\s+the)\b)|midnight|noon|midday))"
    r"|\s+(?:which|who|whom|whose|when|because|while)\b|\s+so\s+(?=(?:it|that|i|we|they)\b)"
    r"|\s+(?:payments?|transactions?|purchases?|visits?|spend(?:ing)?|charges?|refunds?)\s*(?=$|[?!.,])"
)
_DETERMINERS = re.compile(r"^(?:(?:the|my|our|a|an|that|this|those|these|some|any|all|both|your|other|their|his|her|its)\s+)+")
_STRAIGHT = {ord(a): b for a, b in zip("’‘“”–—\n\t", "''\"\"--  ", strict=True)}
# What people type for speed, and the ordinary word for it.
_SHORT = {
    "hw": "how", "n": "and", "u": "you", "ur": "your", "yr": "year", "yrs": "years", "b4": "before", "thats": "that's", "whats": "what's",
    "incl": "including", "wis": "was", "wot": "what", "wat": "what", "abt": "about", "tmrw": "tomorrow", "mth": "month", "wk": "week",
    "acc": "account", "acct": "account", "trans": "transactions", "txns": "transactions", "bal": "balance", "avg": "average", "hows": "how's",
    "wheres": "where's", "ive": "i've", "im": "i'm", "dont": "don't", "didnt": "didn't", "havent": "haven't", "hasnt": "hasn't",
    "cant": "can't", "wasnt": "wasn't", "whens": "when's", "whos": "who's", "skint": "overdrawn",
    "doesnt": "doesn't", "isnt": "isn't", "arent": "aren't", "couldnt": "couldn't", "wouldnt": "wouldn't", "shouldnt": "shouldn't",
    "wont": "won't", "werent": "weren't", "hadnt": "hadn't", "theres": "there's", "theyre": "they're", "theyve": "they've", "weve": "we've",
    "youre": "you're", "youve": "you've", "hes": "he's", "shes": "she's", "couldve": "could've", "shouldve": "should've", "aint": "not",
    "hwo": "how", "howw": "how", "wen": "when", "whn": "when", "teh": "the", "hte": "the", "waht": "what", "whta": "what", "whit": "what",
    "wats": "what's", "adn": "and", "nad": "and", "wer": "where", "wos": "was", "woz": "was", "hav": "have", "dnt": "don't", "cud": "could",
    "shud": "should", "wud": "would", "mcuh": "much", "mutch": "much", "mony": "money", "frm": "from", "thru": "through", "tho": "though",
    "cuz": "because", "coz": "because", "recieve": "receive", "recieved": "received", "gimme": "give me", "lemme": "let me",
    "tmr": "tomorrow", "2moro": "tomorrow", "2day": "today", "yday": "yesterday", "mnth": "month", "mnths": "months", "mths": "months",
    "wks": "weeks", "a/c": "account", "accs": "accounts", "accts": "accounts", "amt": "amount", "pmt": "payment", "pmts": "payments",
    "txn": "transaction", "v": "vs", "dd": "direct debit", "dds": "direct debits", "s/o": "standing order", "o/d": "overdraft", "stmt": "statement",
    "cannae": "can't", "didnae": "didn't", "dinnae": "don't", "doesnae": "doesn't", "hasnae": "hasn't", "havenae": "haven't",
    "isnae": "isn't", "wasnae": "wasn't", "doesny": "doesn't", "didny": "didn't", "wasny": "wasn't", "isny": "isn't", "wisnae": "wasn't",
    "aboot": "about", "oot": "out", "doon": "down", "noo": "now", "dae": "do", "hae": "have", "huv": "have", "yous": "you", "youse": "you",
    "ye": "you", "yer": "your", "ma": "my", "maself": "myself", "gie": "give", "gies": "give us", "gied": "gave", "maist": "most", "mair": "more",
    "whit's": "what's", "caird": "card", "fae": "from", "frae": "from", "tae": "to", "intae": "into", "aff": "off", "wi": "with", "ony": "any",
    "wits": "what's", "thegither": "together", "baith": "both", "ny": "new york", "nyc": "new york", "em": "them", "yin": "one", "yins": "ones", "afore": "before", "telt": "told", "wan": "one", "masel": "myself",
    "thurs": "thursday", "thur": "thursday", "tues": "tuesday", "weds": "wednesday", "bunged": "paid", "bunging": "paying",
    "flung": "put", "fling": "put", "chucked": "put", "slung": "put", "binned": "cancelled",
    "nd": "and", "til": "until", "till": "until", "owt": "anything", "nowt": "nothing", "summat": "something",
}  # fmt: skip
# "Spent at PMT": after "at" it is a name.
_SHORT_FORM = re.compile(rf"(?<![\w'£$€.])(?<!\bat )(?:{'|'.join(_SHORT)})(?![\w'])")
# A word of a text in `plain` form.
WORD = re.compile(r"[a-z0-9][a-z0-9&'*./+-]*[a-z0-9]|[a-z0-9]")


BESIDE = word_list("beside")
KIN = word_list("kin")
# What stands before a name, and tells nobody. "Miss" may be what somebody did.
TITLES = frozenset({"mr", "mrs", "ms"})


def no_kind(_word: str) -> bool:
    """Where nobody knows kinds of shop."""
    return False


@dataclass(frozen=True)
class Sellers:
    """Kinds of seller that are known by name. said: what customers call them -> kind; of: a statement text and a merchant code ->
    kind, if any; whole: kinds that are told by code too, so that nobody else is of them."""

    said: Mapping[str, str]
    of: Callable[[str, str | None], str | None]
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Vocabulary:
    """Words that the finders know before they know a customer.

    words: of all the router's examples. asked: of those that ask for the customer's own data. nobody: what names nobody even
    where a name is expected. trades: words for kinds of shops and what they sell. english: ordinary words of the
    language, which are never a misspelt name; empty where unknown. is_kind: whether an ordinary word is a kind of shop: "the vet", "the florist".
    sellers: kinds of seller by name, for what has no merchant code: "the electricity". is_shop: whether a shop of that name is known,
    whoever pays there: "Costa".
    """

    words: frozenset[str]
    asked: frozenset[str]
    nobody: frozenset[str]
    trades: frozenset[str] = frozenset()
    english: frozenset[str] = frozenset()
    is_kind: Callable[[str], bool] = no_kind
    sellers: Sellers | None = None
    is_shop: Callable[[str], bool] = no_kind

    def ordinary(self, words: Iterable[str]) -> bool:
        """Whether words are all of the language, none of them a kind of shop: "midnight", "the hobby nights"."""
        return all(w in self.words or w in self.english for w in words) and not any(
            w in self.trades or self.is_kind(w) for w in words
        )


@dataclass(frozen=True)
class Known:
    """What the finders may recognise for one login: nothing of anybody else's.

    synonyms: words of customers -> category ids. tokens: a word of a payee's texts -> descriptor ids. leading: words that
    tell a payee by themselves: a name begins with them, or they are about a person. others: accounts that are somebody else's,
    whom the login has a mandate of, or was let see. headings: kinds of spending that are the bank's own and none of ours. names:
    texts and names of the payees, whole, the longest first. fed: when each of the accounts was last fed. chooses,
    talk, named: of one message, word -> how probably it chooses what that is about, that it is talk, and that it names somebody or
    something; any other word is taken to choose, and to name nobody.
    found: of one message, what was found in it and in parts of it, so that nothing is looked for twice.
    written: the message as it was typed.
    """

    payees: Sequence[Payee]
    categories: Sequence[str]
    synonyms: Mapping[str, Sequence[str]]
    accounts: Sequence[Account]
    vocabulary: Vocabulary
    today: periods.Today
    tokens: Mapping[str, frozenset[int]] = field(default_factory=dict)
    leading: frozenset[str] = frozenset()
    others: frozenset[AccountId] = frozenset()
    headings: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    fed: Mapping[AccountId, dt.datetime] = field(default_factory=dict)
    chooses: Mapping[str, float] = field(default_factory=dict)
    talk: Mapping[str, float] = field(default_factory=dict)
    named: Mapping[str, float] = field(default_factory=dict)
    found: dict[str, Found] | None = None
    written: str = ""

    @classmethod
    def of(cls, payees: Sequence[Payee], categories: Sequence[str], synonyms: Mapping[str, Sequence[str]],
           accounts: Sequence[Account], vocabulary: Vocabulary, today: periods.Today,
           others: frozenset[AccountId] = frozenset(), fed: Mapping[AccountId, dt.datetime] | None = None) -> Known:  # fmt: skip
        tokens: dict[str, set[int]] = {}
        leading: set[str] = set()
        for payee in payees:
            every = texts_of(payee)
            for token in every:
                tokens.setdefault(token, set()).add(payee.id)
            first = {*WORD.findall(plain(payee.shown))[:1], *WORD.findall(payee.template)[:1]}
            # "LIME*RIDE" begins with Lime.
            first |= {part for word in first if len(part := _INSIDE.split(word)[0]) > 1}
            leading |= every if payee.personal else first
        listed = {t: frozenset(i) for t, i in tokens.items()}
        # Kinds of spending that are the bank's own and none of ours.
        ours = frozenset(kind for kinds in synonyms.values() for kind in kinds)
        own = tuple(kind for kind in categories if kind not in ours)
        names = {name for payee in payees for name in (payee.text, payee.template, plain(payee.shown))}
        whole = tuple(sorted(names, key=lambda name: (-len(name), name)))
        return cls(
            payees, categories, synonyms, accounts, vocabulary, today, listed, frozenset(leading), others, own, whole, fed or {}
        )

    @property
    def words(self) -> frozenset[str]:
        return self.vocabulary.words

    @property
    def nobody(self) -> frozenset[str]:
        return self.vocabulary.nobody

    def is_word(self, word: str) -> bool:
        """Whether a word is one of the language, or of a question."""
        return word in self.vocabulary.english or word in self.words

    def narrows(self, word: str) -> float:
        """How probably a word of the message chooses what it is about, as goods, places, people and times do."""
        return 1.0 if is_place(word) and not self.is_talk(word) else self.chooses.get(word.removesuffix("'s"), 1.0)

    def may_name(self, word: str) -> bool:
        """Whether it is not ruled out that a word of the message names somebody, something or a place."""
        return self.named.get(word.removesuffix("'s"), 1.0) >= MAY_NAME or is_place(word)

    def likely_names(self, word: str) -> bool:
        """Whether a word of the message rather names somebody or something than not."""
        return self.named.get(word.removesuffix("'s"), 1.0) >= LIKELY_NAMES

    def asks(self, word: str) -> bool:
        """Whether a word of the message can ask for something, as "next" does in "the next biggest" and not in "next thing, …"."""
        return word in self.vocabulary.asked and not self.is_talk(word)

    def is_talk(self, word: str) -> bool:
        return self.talk.get(word.removesuffix("'s"), 0.0) >= TALK

    def together(self, tokens: Iterable[str]) -> bool:
        """Whether one payee has all of some words."""
        return bool(frozenset.intersection(*(self.tokens.get(t, frozenset()) for t in tokens))) if tokens else False


@dataclass(frozen=True)
class Found:
    """The parts of one message. `masked` has a plain word in the place of each part.

    each: what is said of each name where together they would be another question: where every one has days of its own, "Tesco
    in May and Aldi in June", or where one is a kind, "eating out and Starbucks"; empty elsewhere.
    hours: times of day, by which nothing can be chosen. undated: words for days or months that are in no period, and in nobody's
    name. whom: the name that stands where only somebody who is paid does, whether anybody is called so or not.
    """

    masked: str
    spans: Spans
    unknown: tuple[str, ...]
    bad_period: str = ""
    each: tuple[Spans, ...] = ()
    hours: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()
    whom: str = ""


@dataclass
class _Marks:
    text: str
    taken: list[tuple[int, int, str, str]] = field(default_factory=list)

    def free(self, start: int, end: int) -> bool:
        return all(end <= s or start >= e for s, e, _, _ in self.taken)

    def inside(self, place: int, kind: str) -> bool:
        return any(start <= place < end for start, end, one, _ in self.taken if one == kind)

    def take(self, start: int, end: int, kind: str) -> bool:
        words = self.text[start:end]
        start += len(words) - len(words.lstrip())
        end -= len(words) - len(words.rstrip())
        if end <= start or not self.free(start, end):
            return False
        self.taken.append((start, end, kind, self.text[start:end]))
        return True

    def hidden(self) -> str:
        """The text with every taken part blanked out, places kept."""
        text = self.text
        for start, end, _, _ in self.taken:
            text = text[:start] + "\x01" * (end - start) + text[end:]
        return text

    def of(self, kind: str) -> tuple[str, ...]:
        return tuple(words for _, _, k, words in sorted(self.taken) if k == kind)


def words_of(text: str) -> set[str]:
    return set(WORD.findall(text.casefold()))


def texts_of(payee: Payee) -> frozenset[str]:
    """The words of a payee's texts, and the parts of those with a mark inside: "marks&spencer" is also "marks" and "spencer"."""
    return _texts(payee.template, payee.text, payee.shown)


# Every name of a message is compared with the texts of all that the customer pays.
@lru_cache(maxsize=8192)
def _texts(template: str, text: str, shown: str) -> frozenset[str]:
    whole = words_of(f"{template} {text} {plain(shown)}")
    # "Duke's" is also said "dukes".
    whole |= {word.replace("'", "") for word in whole if "'" in word}
    return frozenset(whole | {part for word in whole for part in _INSIDE.split(word) if len(part) > 1})


_INSIDE = re.compile(r"[&*./+-]")


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Lower case, straight quotes, single spaces, no greeting: the form in which parts are looked for."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text.casefold().translate(_STRAIGHT)) if not unicodedata.combining(c))
    text = _WEEKDAY_OF_DATE.sub(lambda m: _WEEKDAYS[m["alone"] or m["dated"]], _GOING_BY.sub("in ", text))
    text = _WEEKDAY_ASIDE.sub(r"\g<dates>", text)
    text = _BEFORE_AFTER.sub("now and before", _PAIR_OF.sub("both of ", text))
    text = _SHELL_OUT.sub(lambda m: "spent" if m["past"] else "spend", text)
    text = _SHORT_FORM.sub(lambda m: _SHORT[m.group()], _DRAWN_OUT.sub(r"\1", _IDIOM.sub("", text)))
    text = _YEAR_MEANT.sub(r"\1 \2", _SHORT_YEAR_IN.sub(r"\1 20\2", _SHORT_YEAR.sub(" 20", text)))
    # From the last of a list to its first.
    while (of_both := _YEAR_OF_BOTH.sub(r"\g<one>\g<year>\g<joined>\g<two>\g<year>", text)) != text:
        text = of_both
    return _GREETING.sub("", re.sub(r" {2,}", " ", text).strip()) or text.strip()


# What is said for company, though its words could name somebody.
_IDIOM = re.compile(
    r"\b(?:for the life of me|by any chance|off the top of my head|at the end of the day|to be honest|out of (?:interest|curiosity)|in the end|when all is said and done"
    r"|if you don'?t mind(?: me asking)?|as a matter of interest|long story short|(?:a )?bit of a (?:random|weird|silly) (?:one|question))\b,?"
)
# "October '25".
_SHORT_YEAR = re.compile(r"(?<=[a-z\d]) '(?=[12]\d\b(?!'))")
MONTH_NAME = "|".join(sorted(periods.MONTHS, key=len, reverse=True))
# "How much a week, going by October".
_GOING_BY = re.compile(rf"\b(?:going|judging) by (?=(?:{MONTH_NAME}|last month|this month)\b)")
# "In oct 25": what is in it is a month, and no day.
_SHORT_YEAR_IN = re.compile(
    rf"\b((?:in|during) (?:{MONTH_NAME})) (2\d)\b(?! ?(?:[.:,]\d|[£€$%]|[a-z]*pounds?\b|quid\b|times\b|and \d|to \d|to (?:{MONTH_NAME}) \d|-))"
)
# "Fri 13th", "on sat": with a date or after such words they are days.
_WEEKDAYS = {day[:3]: day for day in periods.WEEKDAYS}
_WEEKDAY_OF_DATE = re.compile(
    rf"\b(?:(?:(?<=\bon )|(?<=\blast )|(?<=\bsince ))(?P<alone>{'|'.join(_WEEKDAYS)})(?=\s*(?:$|[?.!,;]|the\b|\d|(?:morning|afternoon|evening|night|and|at|i|we|how|what)\b))"
    rf"|(?P<dated>{'|'.join(_WEEKDAYS)})(?=,? (?:the )?\d{{1,2}}(?:(?:st|nd|rd|th)\b|,? (?:of )?(?:{MONTH_NAME}|to|until|till|-)\b)))"
)
# "Monday 9 to Sunday 15 November": the dates say which they are.
_WEEKDAY = "|".join(periods.WEEKDAYS)
_WEEKDAY_ASIDE = re.compile(
    rf"\b(?:{_WEEKDAY}),? (?P<dates>\d{{1,2}}(?:st|nd|rd|th)? (?:to|until|till|-) )(?:{_WEEKDAY}),? (?=\d{{1,2}}(?:st|nd|rd|th)?,? (?:of )?(?:{MONTH_NAME})\b)"
)
_PAIR_OF = re.compile(r"\b(?:the )?(?:pair|two) of (?=(?:them|those|these|em)\b)")
_BEFORE_AFTER = re.compile(r"\bbefore ?/ ?after\b")
# "Shell out on petrol" is no Shell; "take Shell out" is.
_SHELL_OUT = re.compile(
    r"(?<!\btake )(?<!\bleave )(?<!\bleaving )(?<!\bknock )(?<!\bcut )(?<!\bcount )(?<!\bat )(?<!\bfrom )(?<!\bto )(?<!\bexclude )(?<!\bexcluding )(?<!\bwithout )\bshell(?P<past>ed)?(?:ing|s)? out\b"
)
_YEAR_MEANT = re.compile(
    rf"\b({MONTH_NAME})(?: (?:19|20)\d\d)?(?:,| [-–—])? (?:sorry,? |no,? |oops,? )?(?:i mean|i meant|meaning|actually|make that) ((?:19|20)\d\d)\b"
)
# "November and December last year": both of them.
_SEASONS = "spring|summer|autumn|winter|q[1-4]"
_YEAR_OF_BOTH = re.compile(
    rf"(?<!between )\b(?P<one>{MONTH_NAME}|{_SEASONS})(?P<joined>(?:,| and|, and| &| plus) (?:in )?(?:the )?)"
    rf"(?P<two>(?!(?P=one)\b)(?:{MONTH_NAME}|{_SEASONS}))(?P<year> (?:(?:of|in) )?(?:last year|(?:19|20)\d\d))\b"
)
# "Yesss", "sooo".
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
_GREETING = re.compile(
    r"^(?:(?:(?:good )?(?:morning|afternoon|evening)|good day|hello|hi|hiya|hey|dear sirs?)(?: there| again| both| all)?[ ,.!-]+)+"
)


def _spelt(text: str, known: Known) -> str:
    """Slips of the pen in words that any question has put right, months among them; what may be a name is left alone, but for the
    dots in one that statements write without: "E.ON"."""

    def right(match: re.Match[str]) -> str:
        word = match.group()
        usual = word in known.vocabulary.english or word in known.words or word in periods.MONTHS or word in periods.WEEKDAYS
        usual = usual or any(word in plain(heading) for heading in known.headings)
        if usual or word in known.tokens or close_word(word, known.tokens, 5) is not None or word in known.synonyms:
            return word
        return close_word(word, _USUAL, 5) or word

    def whole(match: re.Match[str]) -> str:
        joined = match.group().replace(".", "")
        return joined if joined in known.tokens else match.group()

    text = re.sub(r"\b[a-z](?:\.[a-z]+)+\b", whole, text)
    return in_figures(re.sub(r"(?<![\w'&*./-])[a-z]{5,}(?![\w'&*./-])", right, text))


def _numbered(text: str, known: Known) -> str:
    """The number of a cheque as statements have it, with its noughts before: "cheque number 483"."""

    def as_held(match: re.Match[str]) -> str:
        number = match["number"]
        return match["cheque"] + next(
            (t for t in sorted(known.tokens) if t.isdigit() and int(t) == int(number)), number.zfill(CHEQUE)
        )

    return _CHEQUE.sub(as_held, text)


def _hyphened(text: str, known: Known) -> str:
    """Words that a payee's text has side by side without the hyphens between them, and in words: "the 6-a-side"."""

    def apart(match: re.Match[str]) -> str:
        words = [_DIGITS.get(word, word) for word in re.split("[- ]", match.group())]
        telling = [word for word in words if len(word) > 1]
        whole = match.group() not in known.tokens and len(telling) > 1 and known.together(telling)
        return " ".join(words) if whole else match.group()

    return re.sub(r"(?<![\w-])(?:[a-z0-9]+(?:-[a-z0-9]+)+|\d a [a-z]+)(?![\w-])", apart, text)


_DIGITS = {str(number): word for word, number in SMALL.items()}
_CHEQUE = re.compile(
    r"(?P<cheque>\bcheques?(?: (?:number|num|no\.?|nr))? #?)(?P<number>\d{2,6})(?![\w.,/:]\d)(?! ?(?:pounds?|quid|p)\b)\b"
)
# So many digits the number of a cheque has.
CHEQUE = 6


_USUAL = (
    frozenset(w for w in (*periods.MONTHS, *periods.WEEKDAYS) if len(w) > 4)
    | word_list("usual")
    | frozenset(w for w in word_list("trades") if len(w) > 6)
)


def find(message: str, known: Known) -> Found:
    """Take a message apart. The spans are in `plain` form, in the order said."""
    if known.found is None:
        return _find(message, known)
    if (found := known.found.get(message)) is None:
        found = known.found[message] = _find(message, known)
    return found


def _find(message: str, known: Known) -> Found:
    text = headings.in_their_words(plain(message), known.headings, known.together)
    marks = _Marks(_hyphened(_numbered(_spelt(text, known), known), known))
    _quotes(marks, known)
    _not_spent(marks, known)
    _own_accounts(marks, known)
    _currencies(marks, known)
    _exact_payees(marks, known)
    _sites(marks, known.payees)
    bad = _periods(marks, known.today)
    _figures(marks, known)
    _headings(marks, known)
    if whom_asked := _whom(marks, known, message):
        known = _as_named(known, whom_asked)
    _sellers(marks, known)
    _categories(marks, known)
    _everywhere(marks, known)
    for match in _WHO_DID.finditer(marks.hidden()):
        marks.take(match.start(), match.end(), "merchant")
    _compounds(marks, known)
    _slots(marks, known)
    _fragments(marks, known)
    _sites(marks, None)
    _named(marks, known)
    _unnamed(marks, known)
    _join(marks, known)
    _with_kind(marks, known)
    _bought_there(marks)
    _with_beside(marks, known)
    _with_trade(marks, known)
    _apposed(marks, known)
    _headed(marks)
    _owned(marks, known)
    while _kinds(marks, known):
        pass
    _all_counted_in(marks, known)
    _only_when(marks, known)
    _counted_too(marks, known)
    _what_for(marks, known)
    _only_told(marks, known)
    _one_thing_out(marks, known)
    _left_out(marks, known.vocabulary.trades)
    _left_that_out(marks)
    masked, unknown = _masked(marks, known)
    spans = Spans(
        periods=marks.of("period"),
        # A second category goes in as a name, which the resolver reads as a category again.
        merchants=tuple(dict.fromkeys(_bare(m) for m in (*marks.of("merchant"), *marks.of("category")[1:]))),
        category=next(iter(marks.of("category")), ""),
        amount=next(iter(marks.of("amount")), ""),
        account=" and ".join(dict.fromkeys(marks.of("account") or marks.of("currency"))),
        number=next(iter(marks.of("number")), ""),
        bought=next((m.group() for m in _BOUGHT.finditer(marks.text) if not marks.inside(m.start(), "category")), ""),
        group=next(iter(marks.of("group")), ""),
        without=tuple(_OUT_OR_OFF.sub("", _EXCEPT_FIRST.sub("", words, count=1)).strip() for words in marks.of("without")),
    )
    spans = _moved_between(spans, marks, known)
    each, hours = _each(marks, spans), marks.of("hour")
    undated = _undated(masked, spans, known)
    return Found(
        masked=masked, spans=spans, unknown=unknown, bad_period=bad, each=each, hours=hours, undated=undated, whom=whom_asked
    )


def _figures(marks: _Marks, known: Known) -> None:
    """Hours, amounts, groups, accounts and numbers, by their form."""
    for pattern, kind in ((_HOUR, "hour"), (SEPARATELY, "separately"), (_ROUNDED, "rounded")):
        for match in pattern.finditer(marks.hidden()):
            marks.take(match.start(), match.end(), kind)
    for pattern, kind in ((_AMOUNTS, "amount"), (_GROUP, "group"), (_ACCOUNT, "account")):
        for match in pattern.finditer(marks.hidden()):
            if kind != "account" or _is_account(match["name"], known):
                marks.take(match.start(), match.end(), kind)
    for pattern in (_TO_SPEND, _AFFORD_AT, _AT_AFFORD):
        for match in pattern.finditer(marks.hidden()):
            marks.take(match.start("sum"), match.end("sum"), "amount")
    for match in _NUMBER.finditer(marks.hidden()):
        name = next(name for name in "abc" if match[name])
        marks.take(match.start(name), match.end(name), "number")


def _moved_between(spans: Spans, marks: _Marks, known: Known) -> Spans:
    """ "What I moved out of my everyday account into the joint account": payments from the one that name the other, and no sum over
    both. What goes into savings alone is read by its own rule."""
    into = [said for said in marks.of("account") if _INTO_IT.match(said)]
    rest = [said for said in marks.of("account") if said not in into]
    if spans.merchants or spans.category or len(into) != 1 or len(rest) > 1 or any(_FROM_IT.match(said) is None for said in rest):
        return spans
    held = accounts_named(into[0], known.accounts)
    if len(held) != 1 or not (rest or (held[0].kind is not AccountKind.SAVINGS and _I_MOVED.search(marks.text))):
        return spans
    return spans.model_copy(update={"account": "".join(rest), "merchants": (plain(held[0].name),)})


_INTO_IT, _FROM_IT = re.compile(r"(?:in)?to\b"), re.compile(r"(?:from|of)\b")
_I_MOVED = re.compile(
    r"\b(?:i|we)(?:'ve| have| had)?(?: (?:just|already|ever|last|first))? (?:move|put|pay|paid|transfer|send|sent|shift|stick|stuck|chuck)(?:e?d|red)?\b"
)
SEPARATELY = re.compile(
    r"\b(?:sep[ae]rate?ly|individually|respectively|one by one|separated?(?=\s*(?:please|pls|$|[?.!,]))|each on its own|on their own)\b"
)


# "To one decimal place", "(2 d.p.)".
_ROUNDED = re.compile(
    r"(?:,? ?\b(?:rounded |correct )?(?:(?:to|with|in|at) )?(?:the )?)"
    r"(?:nearest (?:pound|penny|percent|per cent|whole (?:number|percent))|(?:a single|a|one|two|three|1|2|3) ?(?:decimals?(?: (?:places?|points?))?|d\.?p\.?s?)(?!\w))"
)


def _undated(masked: str, spans: Spans, known: Known) -> tuple[str, ...]:
    """Words for days and months that were taken for something else, or for nothing."""
    left = WORD.findall(" ".join((masked, *spans.merchants, *spans.without)))
    return tuple(
        w for w in dict.fromkeys(left) if w.removesuffix("'s") in _DAY_WORDS and w.removesuffix("'s") not in known.tokens
    )


# "May" and "march" are other words as well, and so are short forms.
_DAY_WORDS = frozenset({w for w in (*periods.MONTHS, *periods.WEEKDAYS) if len(w) > 3} - {"march", "sept", "june", "april"}) | {
    "weekend", "fortnight", "yesterday", "christmas", "easter",
}  # fmt: skip
# "At 2 in the morning", "nearly midnight", "just after 9pm": no name of anybody.
_CLOCK = (
    rf"(?:\d{{1,2}}(?:[:.]\d\d)? ?(?:am|pm|o'?clock)|(?:half past |quarter (?:past|to) )?(?:\d{{1,2}}|{_COUNTS}|eleven|one)(?:[:.]\d\d)? "
    rf"in the (?:early )?(?:morning|afternoon|evening)|half past (?:{_COUNTS}|eleven|one)|midnight|noon|midday)"
)
_HOUR = re.compile(
    rf"(?:,? ?\b(?:at|around|about|by|before|after|from|until|since|in|on) )?(?:\b(?:just|right|well|nearly|almost|close to|about|around|gone|past|before|after|bang on) )*\b{_CLOCK}\b"
    r"|\b(?:late |early |first thing )?(?:at night|in the (?:early |small )?(?:hours|morning|afternoon|evening|night)(?: of)?|in the middle of the night)\b(?! before)"
)


def _each(marks: _Marks, spans: Spans) -> tuple[Spans, ...]:
    """Names and periods that take turns, a pair at a time; or kinds and names of shops that are listed."""
    said = [one for one in sorted(marks.taken) if one[2] in ("merchant", "category", "period")]
    named = [one for one in said if one[2] != "period"]
    dated = [one[2] == "period" for one in said]
    if len(said) > 3 and len(said) == 2 * len(named) and all(one != two for one, two in itertools.pairwise(dated)):
        pairs = (pair[::-1] if pair[0][2] == "period" else pair for pair in zip(said[::2], said[1::2], strict=True))
        return tuple(_of_one(name, spans).model_copy(update={"periods": (period[3],)}) for name, period in pairs)
    hidden = marks.hidden().replace("\x01", " ")
    listed = all(_LISTED.fullmatch(hidden[one[1] : two[0]]) for one, two in itertools.pairwise(named))
    return tuple(_of_one(name, spans) for name in named) if listed and len({kind for _, _, kind, _ in named}) > 1 else ()


def _of_one(named: tuple[int, int, str, str], spans: Spans) -> Spans:
    _, _, kind, words = named
    name = {"category": words, "merchants": ()} if kind == "category" else {"category": "", "merchants": (_bare(words),)}
    return spans.model_copy(update=name)


_LISTED = re.compile(
    r"\s*(?:,|\band|\bor|\bplus|&|\bvs|\bversus|\bagainst|\bthan|,\s*(?:and|or))\s+(?:(?:at|on|in|with|for|to|from|my|the|our)\s+)*"
)
_BOUGHT = re.compile(
    r"\bcard (?:payments?|purchases?|spend(?:ing)?|transactions?)\b|\b(?:on|with|using|by) (?:(?:my|the|our) )?(?:debit |bank )?cards?\b"
    r"|\bpurchases?\b|\bi(?:'ve| have)? bought\b|\b(?:my|the|our) (?:debit |bank )?cards? (?:(?:was|were|is|has been|got) used|took|take|takes|has taken|paid)\b"
)
# Somebody by what they did: "the chap who did the plumbing".
_WHO_DID = re.compile(
    r"\b(?:the|that) (?:man|chap|guy|bloke|lad|fella|fellow|monsieur|gentleman|woman|lady|girl|boy|person|people|lot|firm|company|one) (?:who|that|what)"
    r" (?:did|does|do|came for|built|cuts?|taught|(?!(?:is|was|has|does|pays|owes|charges|charged|sends|takes|says|needs|wants|keeps|gets|gives|makes|goes|used|asked|called|owed)\b)[a-z]+(?:s|ed)(?: after| up| out)?)"
    r" (?:the |my |our )?[a-z]+(?: [a-z]+){0,3}?(?=\s+(?:in|on|last|this|back|since|for|get|got|cost|charged?|take|took|what|how|when)\b|\s*\x01|[?.!,:;]|$)"
)


def _bare(name: str) -> str:
    # "Did I pay Hannah back" is about Hannah.
    return name.strip("'\"“” ").removesuffix(" back")


def _quotes(marks: _Marks, known: Known) -> None:
    labels = {c.casefold() for c in known.categories}
    for match in _QUOTED.finditer(marks.text):
        inner = next(g for g in match.groups() if g)
        before = marks.text[: match.start()].rstrip()
        is_category = inner in labels or (before.endswith(("category", "categories", "called", "under")) and "categor" in before)
        marks.take(match.start(), match.end(), "category" if is_category else "merchant")


def _whole(text: str, name: str) -> Iterable[int]:
    """Places where `name` stands in `text` as whole words."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        left = start == 0 or not (text[start - 1].isalnum() or text[start - 1] in "&'") or not name[0].isalnum()
        right = end == len(text) or not text[end].isalnum() or not name[-1].isalnum()
        if left and right:
            yield start
        start = text.find(name, start + 1)


def _sites(marks: _Marks, payees: Sequence[Payee] | None) -> None:
    """Addresses of sites, as statements have them for names: "www.bakery.co.uk". payees: of whom alone they may be, where given."""
    for match in _SITE.finditer(marks.hidden()):
        if payees is None or any(match.group() in payee.text for payee in payees):
            marks.take(match.start(), match.end(), "merchant")


# In `plain` form "www" is one letter.
_SITE = re.compile(
    r"(?<![\w@.])(?:w\.[a-z0-9-]+(?:\.[a-z0-9-]+)*|[a-z0-9-]{2,}(?:\.[a-z0-9-]+)*\.(?:com|net|org|co|uk|eu|ie|io|info|biz|shop|app))(?![\w@])"
)


def _exact_payees(marks: _Marks, known: Known) -> None:
    """Statement texts that the message quotes whole; the longest wins."""
    for name in known.names:
        if name not in marks.text:
            continue
        ordinary = len(name) < 2 or all(w in known.words or w in periods.MONTHS or w.isdigit() for w in name.split())
        if name in known.synonyms:
            continue
        for start in _whole(marks.text, name):
            if ordinary and len(name.split()) < 2 and not _as_a_shop(marks.text, start, start + len(name)):
                continue
            in_site = (site := _SITE.search(marks.text)) is not None and site.start() <= start and start + len(name) < site.end()
            if not in_site and not _goes_on(marks.text, start, start + len(name), known):
                marks.take(start, start + len(name), "merchant")


def _whom(marks: _Marks, known: Known, message: str) -> str:
    """Takes the one name that a question about payments is of, where all its other words are of such a question."""
    if any(kind in _NAMES_ALREADY for _, _, kind, _ in marks.taken):
        return ""
    text, sold = marks.hidden(), known.vocabulary

    def described(words: Sequence[str]) -> bool:
        plainly = len(words) < 2 or any(w in known.words or w in sold.trades or sold.is_kind(w) for w in words)
        named = sold.is_shop(" ".join(words)) or _as_a_name(words, known.written or message)
        return plainly and not named and all(known.is_word(w) or w in sold.trades for w in words)

    def denied(words: Sequence[str]) -> bool:
        return not any(known.likely_names(w) or w in known.tokens or sold.is_shop(w) for w in words)

    place = whom.name_in(text, [*WORD.finditer(text)], lambda word: _is_strange(word, known), described, denied)
    if place is None:
        return ""
    name = text[slice(*place)]
    words = WORD.findall(name)
    # What they do, or what they are to the customer, is looked for by its kind.
    kind = described(words) and any(w in sold.trades or w in known.synonyms for w in words)
    held = [w for w in words if w in known.tokens]
    # "Tesco and Aldi" are two.
    two = "and" in words and bool(held) and not known.together(held)
    nobody = (_is_told(name, known) and not sold.is_shop(name)) or any(
        w in KIN | TITLES or w.rstrip("s") in _CURRENCIES for w in words
    )
    if kind or two or nobody or _is_mixed(words, known) or name in known.synonyms or not marks.take(*place, "merchant"):
        return ""
    for word in WORD.finditer(marks.hidden()):
        # It is said once more, or in short.
        if word.group() in {*words, *_INSIDE.split(name)} and _is_strange(word.group(), known):
            marks.take(word.start(), word.end(), "apposed")
    return name


def name_told(text: str, known: Known) -> str:
    """Who is named in what is told beside a question, whether anybody is called so or not; "" where nobody can tell."""
    ordinary = known.vocabulary.english | known.words

    def is_ordinary(word: str) -> bool:
        written = word.capitalize() in _CAPITAL.findall(known.written) and not known.written.startswith(word.capitalize())
        return (
            word.removesuffix("'s") in ordinary
            and word not in known.tokens
            and not known.vocabulary.is_shop(word)
            and not written
        )

    text = plain(text)
    place = whom.name_told(text, [*WORD.finditer(text)], lambda word: _is_strange(word, known), is_ordinary)
    return text[slice(*place)] if place is not None else ""


def _is_mixed(words: Sequence[str], known: Known) -> bool:
    """Whether words of the language that name nobody stand beside those of a payee or a kind: "ignoring rent", "that gym had better"."""
    held = [w for w in words if w in known.tokens or w in known.synonyms]
    rest = [w for w in words if w not in held and len(w) > whom.INITIALS and _is_strange(w, known)]
    return bool(held) and any(known.is_word(w) and not known.may_name(w) for w in rest)


def _as_named(known: Known, name: str) -> Known:
    """What is known of a message in which words stand as a name, whatever they are elsewhere."""
    words = WORD.findall(name)
    sure, never = dict.fromkeys(words, 1.0), dict.fromkeys(words, 0.0)
    return replace(known, named={**known.named, **sure}, chooses={**known.chooses, **sure}, talk={**known.talk, **never})


def _as_a_name(words: Sequence[str], message: str) -> bool:
    """Whether words are written as a name is: each with a capital, and one of them not where a message begins."""
    capitals = set() if message.isupper() else {w.casefold() for w in _CAPITAL.findall(message)}
    return (len(words) > 1 or not message.casefold().startswith(words[0])) and capitals.issuperset(words)


_CAPITAL = re.compile(r"\b[A-Z][A-Za-z0-9']*")
_NAMES_ALREADY = frozenset({"merchant", "category", "account", "amount", "currency"})
_OF_QUESTIONS = word_list("fillers") | word_list("nobody") | word_list("of_payments") | word_list("usual")


def _is_strange(word: str, known: Known) -> bool:
    """Whether a word is none of a question about payments, nor a slip of the pen in one."""
    base = word.removesuffix("'s")
    if _OF_QUESTIONS.issuperset(base.split("-")) or word in _OF_QUESTIONS or base.isdigit() or len(base) < LEAST_LETTERS:
        return False
    return known.is_word(base) or known.vocabulary.is_shop(base) or close_word(base, _OF_QUESTIONS, 4) is None


def all_of_question(masked: str) -> bool:
    """Whether all words of a masked text are those of a question of how much somebody was paid, and when."""
    placed = frozenset(PLACEHOLDERS.values())
    words = WORD.findall(masked)
    return all(
        w in placed
        or w in _OF_QUESTIONS
        or w.removesuffix("'s") in _OF_QUESTIONS | placed
        or w.isdigit()
        or len(w) < LEAST_LETTERS
        for w in words
    )


def without_slips(masked: str) -> str:
    """A masked text with slips of the pen in the words of such a question put right."""

    def right(match: re.Match[str]) -> str:
        word = match.group()
        if word in _OF_QUESTIONS or word in PLACEHOLDERS.values():
            return word
        return close_word(word, _OF_QUESTIONS, 4) or word

    return WORD.sub(right, masked)


# A letter or two by themselves are no name.
LEAST_LETTERS = 3


def _compounds(marks: _Marks, known: Known) -> None:
    """Three words that a payee's text has side by side, the one in the middle too plain to be looked for: "six a side"."""
    for match in re.finditer(r"\b[a-z]+ a [a-z]+\b", marks.hidden()):
        if _has_phrase(match.group(), known):
            marks.take(match.start(), match.end(), "merchant")


def _as_a_shop(text: str, start: int, end: int) -> bool:
    """Whether an ordinary word stands where a shop does: "from Next", though not in "from next week"."""
    return _AT.search(text[:start]) is not None and _ENDS.match(text[end:]) is not None


_AT = re.compile(r"\b(?:at|from)\s+$")
_ENDS = re.compile(r"\s*(?:$|[?.!,;]|\x01|(?:in|on|last|this|since|for|come|came|arrived?|been|got|yet|and|back)\b)")


def _goes_on(text: str, start: int, end: int, known: Known) -> bool:
    """Whether more of a name follows: another shop's number, or after "paid" a word that is none of ours."""
    more = re.match(r" (\d{1,6}(?![\d,.:/]|\s(?:times?|days?|weeks?|months?|years?)\b)|[a-z]{3,})", text[end:])
    if more is None:
        return False
    if more[1].isdigit():
        return not 1900 <= int(more[1]) <= 2100
    strange = more[1] not in known.words and more[1] not in known.tokens and more[1] not in known.vocabulary.english
    return strange and _PAID.search(text[:start]) is not None


_PAID = re.compile(r"\b(?:paid|pay|paying|payments? to|made to)\s+$")


def _own_accounts(marks: _Marks, known: Known) -> None:
    """The customer's accounts by their own names: "the holiday jar", "my everyday account"."""
    for account in (a for a in known.accounts if a.id in known.others):
        named = "|".join(map(re.escape, (*account_names(account), f"{account.kind.value} account")))
        called = rf"{named}|accounts?|money"
        whose = "|".join(map(re.escape, holders_of(account)))
        for match in re.finditer(rf"(?:\b(?:in|from|on|of|into|to)\s+)?\b(?:{whose})'s\s+(?:{called})\b", marks.text):
            marks.take(match.start(), match.end(), "account")
    for name in sorted({n for a in known.accounts for n in account_names(a)}, key=len, reverse=True):
        for start in _whole(marks.text, name):
            lead = _LEAD.search(marks.text[:start])
            marks.take(lead.start() if lead else start, start + len(name), "account")
    last_words = [plain(a.name).split()[-1] for a in known.accounts]
    for word in {w for w in last_words if last_words.count(w) == 1 and w != "account"}:
        for match in re.finditer(rf"(?:\b(?:in|into|from|to|of)\s+)?\b(?:the|my|our)\s+{re.escape(word)}\b", marks.text):
            marks.take(match.start(), match.end(), "account")
    # "No, the everyday": what is left of an account's name where nothing else follows.
    for word in {short for a in known.accounts if len((short := plain(a.name).removesuffix(" account")).split()) == 1}:
        for match in re.finditer(
            rf"(?:\b(?:in|into|from|on|of)\s+)?\b(?:the|my|our)\s+{re.escape(word)}(?: one)?(?=\s*(?:$|[?.!,]|(?:at the end|when|right now|now|up or down)\b))",
            marks.text,
        ):
            marks.take(match.start(), match.end(), "account")


def _currencies(marks: _Marks, known: Known) -> None:
    """An account by its currency: "how many euros did I spend" is asked of the one in euros."""
    marks.text = _HOW_MANY_OF.sub(r"how much in \1", marks.text) if not marks.taken else marks.text
    for match in _IN_CURRENCY.finditer(marks.hidden()):
        if accounts_named(match["currency"], known.accounts):
            marks.take(match.start(), match.end(), "currency")


_HOW_MANY_OF = re.compile(r"\bhow (?:many|much) (euros?|dollars?)\b")
_IN_CURRENCY = re.compile(r"\bin (?P<currency>euros?|dollars?)\b")
_CURRENCIES = {"eur": "EUR", "euro": "EUR", "usd": "USD", "dollar": "USD"}


_LEAD = re.compile(r"(?:\b(?:in|from|on|of|at|into|to|with|for)\s+)?(?:\b(?:my|our|the)\s+)*$")


def _periods(marks: _Marks, today: periods.Today) -> str:
    bad = ""
    for span in periods.find(marks.hidden(), today):
        if _WHEN_IS.search(marks.text[: span.start]) and _OF_PAY.search(marks.text, span.start, span.end):
            # "When is payday?" and "how long until I get paid?" ask for the day and name none.
            continue
        words = marks.text[span.start : span.end].rstrip(" .,")
        if words == "now" and _OPENING.search(marks.text[: span.start]) and marks.text[span.end :].strip(" ?.!,"):
            # "Now your fees for it": what comes next, and no day.
            continue
        # "November, not September": only the other is meant.
        kind = "denied" if marks.of("period") and _NOT.search(marks.text[: span.start]) else "period"
        if marks.take(span.start, span.start + len(words), kind) and span.period is None and kind == "period":
            bad = words
    return bad


_NOT = re.compile(r"\bnot\s+$")
_OPENING = re.compile(r"(?:^|[.?!;,]\s+)(?:(?:ok|okay|right|and|so|but|well|then|no|wait|thanks|cheers)\b[, ]*)*$")
_OF_PAY = re.compile(r"\bpa(?:y|id)")
_WHEN_IS = re.compile(
    r"\b(?:when(?:'s| is| was| will be)? (?:(?:my|the|next|last) )*"
    r"|how (?:long|far|many (?:more )?(?:days|weeks|nights|sleeps))(?: (?:is it|to go|left|do i have|have i got|now|exactly))* )$"
)


def _is_account(name: str, known: Known) -> bool:
    """Whether the login has an account that the words can mean; "savings" is a plain word to others."""
    return bool(accounts_named(name, known.accounts) or "account" in name)


def says_account(name: str, accounts: Sequence[Account]) -> bool:
    """Whether words have the form of an account's name: "rent" is none, though "current" has it inside."""
    text = plain(name)
    return _ACCOUNT.fullmatch(text) is not None or any(text in (plain(a.name), plain(a.name).split()[-1]) for a in accounts)


def account_names(account: Account) -> tuple[str, ...]:
    """An account's name, and what is left of it without the last, plain word: "rainy day" for Rainy day savings."""
    name = plain(account.name)
    short = name.rpartition(" ")[0]
    plainly = name.endswith(_PLAIN_ENDS) and len(short.split()) > 1
    return (name, short) if plainly else (name,)


def family_of(payees: Sequence[Payee], known: Known) -> tuple[Payee, ...]:
    """The people who have a name of the customer's own, as the accounts have it."""
    own = {w for a in known.accounts if a.id not in known.others for w in plain(a.holders).split()}
    return tuple(p for p in payees if p.personal and own & words_of(plain(p.shown)))


def holders_of(account: Account) -> tuple[str, ...]:
    """The words of the names of those whose account it is."""
    return tuple(w for w in plain(account.holders).split() if w != "and")


_PLAIN_ENDS = (" savings", " saver", " account", " pot", " fund", " jar", " isa")


def accounts_named(name: str, accounts: Sequence[Account]) -> list[Account]:
    """The accounts that words such as "joint account", "savings" or "my isa and the euro account" mean."""
    word = plain(name)
    if (
        " and " in word
        and "my" in word.split()
        and all(parts_named := [accounts_named(one, accounts) for one in word.split(" and ")])
    ):
        # "Margaret's accounts and my own".
        return [a for a in accounts if any(a in some for some in parts_named)]
    if whose := [a for a in accounts if any(f"{who}'s" in word.split() for who in holders_of(a))]:
        # "Margaret's savings": those of the accounts that are hers.
        return accounts_named(re.sub(r"\b[a-z]+'s\b", "", word), whose) or whose
    several = [accounts_named(one, accounts) for one in word.split(" and ")] if " and " in word else []
    if several and all(several):
        return [a for a in accounts if any(a in some for some in several)]
    exact = [a for a in accounts if any(re.search(rf"\b{re.escape(n)}\b", word) for n in account_names(a))]
    if exact:
        return exact
    chosen = []
    if "ours" in word.split():
        return [a for a in accounts if "joint" in a.name.casefold() or " and " in a.holders]
    if "own" in word.split():
        alone = [a for a in accounts if "joint" not in a.name.casefold() and " and " not in a.holders]
        # "My own account" is the one to pay from; "my own accounts" are all of them.
        return [a for a in alone if a.kind is AccountKind.CURRENT] or alone if "account" in word.split() else alone
    keys = words_of(word) - _NO_NAME
    pots = [a for a in accounts if "pot" in plain(a.name).split()] if "pot" in word.split() else []
    if not keys and len(pots) == 1:
        # "The pot", where there is one.
        return pots
    called = [a for a in accounts if keys <= words_of(plain(a.name))]
    # A kind of account means all of that kind, whatever one of them is called.
    if keys and called and not keys & {a.kind.value for a in accounts}:
        return called
    for account in accounts:
        text = f"{account.name} {account.product} {account.kind.value}".casefold()
        if keys and all(k.rstrip("s") in text or _CURRENCIES.get(k.rstrip("s")) == account.currency for k in keys):
            chosen.append(account)
    current = [a for a in accounts if a.kind is AccountKind.CURRENT]
    return chosen or (current[:1] if _MAIN.search(word) else [])


_NO_NAME = frozenset(
    ["account", "one", "ones", "my", "our", "the", "in", "from", "on", "of", "both", "all", "pot", "main", "to", "into", "for"]
)
_MAIN = re.compile(r"\b(?:main|everyday|personal|current|debit)\b")


def _sellers(marks: _Marks, known: Known) -> None:
    """What is paid to a kind of seller, in several words: "car tax" is no tax on anything else."""
    said = known.vocabulary.sellers.said if known.vocabulary.sellers else {}
    for name in sorted((n for n in said if " " in n and n in marks.text), key=len, reverse=True):
        for start in _whole(marks.text, name):
            marks.take(start, start + len(name), "merchant")


def _headings(marks: _Marks, known: Known) -> None:
    """The bank's own kinds of spending, said in full: those of several words, or of one that is called a kind."""
    text = marks.hidden()
    for heading in sorted((h.casefold() for h in known.headings), key=len, reverse=True):
        words = headings.parts_of(heading)
        for start in _whole(text, heading):
            called = _KIND_BEFORE.search(text[:start]) or _KIND_BEHIND.match(text[start + len(heading) :])
            if (len(words) > 1 or called) and not known.together(words):
                marks.take(start, start + len(heading), "category")


_KIND_BEFORE = re.compile(r"\b(?:category|heading)[ =:'\"]*$")
_KIND_BEHIND = re.compile(r"['\"]? (?:category|heading)\b")


def _categories(marks: _Marks, known: Known) -> None:
    """Names of categories: the bank's own labels as they are, and what customers call the usual ones."""
    text = marks.hidden()
    names = [c.casefold() for c in known.categories if len(c) > 2] + list(known.synonyms)
    for name in sorted({n for n in names if n in text}, key=len, reverse=True):
        for start in _whole(text, name):
            wanted = name not in _TOOL_WORDS or _SPENT_ON.search(text[:start]) is not None
            if name == "cash" and (_PART_OF_MY.search(text[:start]) or _WHERE_IT_GOES.match(text, start + len(name))):
                # "Who gets most of my cash" is of money, whichever way it was paid.
                continue
            if wanted and not _inside_description(text, start, start + len(name)):
                marks.take(start, start + len(name), "category")


_TOOL_WORDS = word_list("ask_too")
_PART_OF_MY = re.compile(r"\b(?:more|most|much|less|least|lots?|half|all|some|chunk|share) of (?:my|our)(?: hard[ -]earned)? $")
_WHERE_IT_GOES = re.compile(
    r" (?:go|goes|went|going|is going|has gone)\b(?! (?:in|into)\b)|(?: (?:that )?(?:i|we)(?:'ve| have)?)? (?:sent|send|transferred|wired|paid) (?:over )?to\b"
)
_SPENT_ON = re.compile(r"\b(?:on|for|category)\s+(?:my |the |our )?$")


def _inside_description(text: str, start: int, end: int) -> bool:
    """ "that coffee place near work" describes somebody; "coffee" alone is a kind of spending."""
    after = re.match(
        r"\s+(?:place|shop|store|guy|man|woman|lady|people|company|firm|near|station|bar|hall|next to)\b", text[end:]
    )
    before = re.search(r"\b(?:that|this)\s+(?:\w+\s+)?$", text[:start])
    return bool((after and not text[end:].strip().startswith(("station", "shops"))) or (before and after))


def _slots(marks: _Marks, known: Known) -> None:
    """Somebody named after "at", "to", "paid": the words up to where a name must end."""
    position = 0
    while (match := _SLOT.search(marks.hidden(), position)) is not None:
        position = match.end()
        text = marks.hidden()
        if _TO_DO.match(text, match.start()) or (match["lead"] == "to" and _HAVE.search(text[: match.start()])):
            # "When do I have to cancel …": what is to be done is no name.
            continue
        stop = _name_end(text, match.end(), known, match["lead"] == "at")
        words = text[match.end() : max(stop, match.end())]
        strong = match["lead"] in _STRONG or (match["lead"] == "to" and _SENT.search(text[: match.start()]) is not None)
        inner = _SLOT.search(words)
        while inner is not None and _names_nobody(words[: inner.start()], known, strong):
            strong = strong or inner["lead"] in _STRONG or inner["lead"] == "to"
            position, words = match.end() + inner.end(), words[inner.end() :]
            inner = _SLOT.search(words)
        start = stop - len(words)
        # "At next last month": a word that ends names is one where a payee of theirs begins with it.
        whole = match["lead"] == "at" and words.strip() in known.leading and _END.match(f" {words.strip()}") is not None
        if not whole and _names_nobody(words, known, strong):
            continue
        if inner is not None and not strong and not any(t in known.tokens for t in WORD.findall(words[: inner.start()])):
            # "Did I blow in Tenerife": what stands before the next lead is no name.
            position = match.end() + inner.start()
            continue
        if not strong:
            words, start = _trimmed(words, start, known)
            if not _plausible(words, known):
                continue
        if any(marks.take(a, b, "merchant") for a, b in _several(words, start, known)):
            position = stop


def _unnamed(marks: _Marks, known: Known) -> None:
    """Names less the words behind them that hardly name anybody there, "at nandos once"; none where that leaves nothing, "most I
    shelled out"."""
    for taken in [one for one in marks.taken if one[2] == "merchant"]:
        start, _, kind, said = taken
        words = list(WORD.finditer(said))
        names = [w for w in words if w.group() in known.tokens or known.may_name(w.group())]
        if words and (not names or names[-1] is not words[-1]):
            marks.taken.remove(taken)
            if names:
                marks.take(start, start + names[-1].end(), kind)


def _name_end(text: str, start: int, known: Known, at: bool) -> int:
    """Where a name that begins at `start` ends. A word that ends names may begin one: "next retail", "tesco - abacus".

    at: after "at" such a word is a whole name where a payee of theirs begins with it: "at next last month".
    """
    position = start - 1
    while (end := _END.search(text, position)) is not None:
        following = WORD.match(text, end.end() + (text[end.end() : end.end() + 1] == " "))
        begins = end.start() < start and end.group().strip().isalpha()
        goes_on = end.group().strip() == "-"
        strange = following is not None and following.group() not in known.words and "\x01" not in end.group()
        theirs = at and begins and end.group().strip() in known.leading
        if not (theirs or (strange and (begins or goes_on))):
            return max(end.start(), start)
        position = end.end()
    return len(text)


def _trimmed(words: str, start: int, known: Known) -> tuple[str, int]:
    """A name without the ordinary words at its ends: "acme get" after "did"."""
    tokens = list(WORD.finditer(words))
    while tokens and tokens[-1].group() in known.words and tokens[-1].group() not in known.tokens:
        tokens.pop()
    while tokens and tokens[0].group() in known.words and tokens[0].group() not in known.tokens:
        tokens.pop(0)
    return (words[tokens[0].start() : tokens[-1].end()], start + tokens[0].start()) if tokens else ("", start)


def _several(words: str, start: int, known: Known) -> Iterable[tuple[int, int]]:
    """Places of the names in "tesco and aldi": split only where each side is somebody the customer has paid."""
    pieces = [(m.start("name"), m.end("name")) for m in _NAMES.finditer(words)]
    tokens = [[t for t in WORD.findall(words[a:b]) if t in known.tokens] for a, b in pieces]
    known_sides = all(any(t not in known.vocabulary.asked for t in side) for side in tokens)
    # "Nursing and Midwifery" is one name where one payee has both sides.
    if len(pieces) < 2 or not known_sides or known.together([t for side in tokens for t in side]):
        return [(start, start + len(words))]
    return [(start + a, start + b) for a, b in pieces]


_NAMES = re.compile(
    r"(?:^|(?:\s+|,\s*)(?:and|or|plus|versus|vs|than|against|&)\s+(?:(?:at|to|from|on|in|with|by)\s+)?|,\s+)"
    r"(?P<name>(?:(?!\s+(?:and|or|plus|versus|vs|than|against|&)\s|,\s).)+)"
)
_STRONG = frozenset(["paid", "pay", "paying", "pays", "at", "from"])
_TO_DO = re.compile(r"have\s+(?:(?:i|we|you|they)\s+got\s+)?to\s")
_HAVE = re.compile(
    r"\b(?:do|does|did|will|would|should) (?:i|we|you|they) (?:have|need|want)\s*$|\b(?:have|has|had) (?:i|we|you|they) got\s*$|\bhow\s*$"
)
_SENT = re.compile(
    r"\b(?:paid|pay|paying|payments?|made|sent|send|transfer(?:red|s)?|gave|given|went|go|gone|been|trips?|visits?|money|owe)\s*$"
)


# From here on a word is talk, and asks for nothing.
TALK = 0.5
# From here on a word is talk, whatever else it looks like.
SURELY_TOLD = 0.97
# Words that so rarely choose what is asked name nobody, where a payee has none of them.
NAMES_NOBODY = 0.02
# Words that rarely do are no end of a name.
MAY_NAME = 0.1
# From where on words surely name somebody or something.
SURELY_NAMES = 0.8
# From where on they rather do than not.
LIKELY_NAMES = 0.5
_DOERS = frozenset({"i", "we", "they", "he", "she", "you"})


def _names_nobody(words: str, known: Known, strong: bool) -> bool:
    """Whether the words are all ordinary: "my account", "the bank", "it". After "paid" fewer words are."""
    rest = _DETERMINERS.sub("", words.strip() + " ").strip()
    tokens = WORD.findall(rest)
    if len(tokens) == 2 and tokens[0] in _DOERS and tokens[1] not in known.tokens:
        # "More than I drew": what somebody did.
        return True
    if tokens and all(t.rstrip("s") in _CURRENCIES for t in tokens):
        return True
    if tokens and not known.tokens.keys() & set(tokens) and all(known.narrows(t) < NAMES_NOBODY for t in tokens):
        return True
    if words.lstrip().startswith("your ") and not known.tokens.keys() & set(tokens):
        # "A call from your security team": those are the bank's own people.
        return True
    ordinary = known.nobody if strong else known.words
    if not tokens or "\x01" in rest or all(t in ordinary and (strong or t not in known.tokens) for t in tokens):
        return True
    # "Has my pay landed", "have I burned through": what was done, and nobody who did it.
    done = [t for t in tokens if t not in ordinary]
    return bool(done) and all(
        t.endswith(("ed", "awn", "own")) and (t in known.vocabulary.english or t in known.words) and t not in known.tokens
        for t in done
    )


def _plausible(words: str, known: Known) -> bool:
    """After a weak lead ("for", "of") only words that are known payees, or that nobody knows, name somebody."""
    tokens = list(WORD.findall(words))
    if tokens and tokens[0].endswith("ing") and len(tokens) > 1 and known.vocabulary.ordinary(tokens):
        # "Thinking of selling the motor": what is done.
        return False
    strange = [t for t in tokens if t not in known.words]
    return len(tokens) <= 6 and bool(strange) and len(strange) * 2 >= len(tokens)


def _fragments(marks: _Marks, known: Known) -> None:
    """Leftover words that are part of a payee's text: "tesco spend last month"."""
    text = marks.hidden()
    run: list[re.Match[str]] = []
    for match in [*WORD.finditer(text), None]:
        if match is not None and _is_payee_word(match.group(), known):
            joined = run and text[run[-1].end() : match.start()] in (" ", "'", "-", " & ")
            if not run or (joined and not (match.group() in _AND_WORDS and not _one_has(run, match, known))):
                run.append(match)
                continue
        if run and all(m.group() in BESIDE for m in run) and _beside_name(run, marks):
            # "The last HelloFresh box": what is bought there, whoever else has the word.
            pass
        elif run and (whole := _phrase(run, text, known)) is not None:
            marks.take(*whole, "merchant")
        elif run and (_tells([m.group() for m in run], known) or _belongs(run, marks, known) or _is_somewhere(run, text, known)):
            marks.take(run[0].start(), run[-1].end(), "merchant")
        run = [match] if match is not None and _is_payee_word(match.group(), known) else []


_AND_WORDS = frozenset(["plus", "and"])


# Between two names, and in none.
_JOINS = frozenset({"or", "and", "versus", "vs", "v"})


def _named(marks: _Marks, known: Known) -> None:
    """Words that name somebody or something where they stand, whatever stands before them: "baggies tickets", "trains as well"."""
    text = marks.hidden()
    run: list[re.Match[str]] = []
    for match in [*WORD.finditer(text), None]:
        names = (
            match is not None
            and match.group() not in _JOINS
            and known.named.get(match.group().removesuffix("'s"), 0.0) >= SURELY_NAMES
        )
        if match is not None and names and (not run or text[run[-1].end() : match.start()] in (" ", "-", " & ", "'")):
            run.append(match)
            continue
        strange = any(m.group() not in known.vocabulary.asked for m in run)
        if strange and not _is_all_and_strange(run, text, known) and not _beside_name(run, marks):
            marks.take(run[0].start(), run[-1].end(), "merchant")
        run = [match] if match is not None and names else []


def _beside_name(run: Sequence[re.Match[str]], marks: _Marks) -> bool:
    """Whether words stand right beside somebody's name: "uber rides" are what is bought there, and nobody else."""
    return any(
        kind == "merchant" and (end + 1 == run[0].start() or run[-1].end() + 1 == start) for start, end, kind, _ in marks.taken
    )


def _is_all_and_strange(run: Sequence[re.Match[str]], text: str, known: Known) -> bool:
    """Whether words are all that a message says, and one of them is of no dictionary: "gluon" may be anything."""
    whole = text[run[0].start() : run[-1].end()] == text.strip(" ?!.,")
    return whole and any(m.group() not in known.vocabulary.english for m in run)


def _one_has(run: Sequence[re.Match[str]], more: re.Match[str], known: Known) -> bool:
    """Whether one payee has these words and another one: "disney plus", and not "vets plus"."""
    return known.together([form for m in (*run, more) if (form := _as_held(m.group(), known)) is not None])


def _with_beside(marks: _Marks, known: Known) -> None:
    """Takes the words for what is bought there into a name: "lime scooters"."""
    for part in [p for p in marks.taken if p[2] == "merchant"]:
        # "My Tesco shopping" is all of it, whatever kind of shop that is.
        marks.taken = [p for p in marks.taken if (p[0], p[2], p[3]) != (part[1] + 1, "category", "shopping")]
        end = part[1]
        while (more := re.match(r" ([a-z]+)(?![\w'])", marks.text[end:])) and more[1] in BESIDE - known.vocabulary.asked:
            if not marks.free(end, end + more.end()):
                break
            end += more.end()
        if end > part[1]:
            marks.taken.remove(part)
            marks.take(part[0], end, "merchant")


def _with_trade(marks: _Marks, known: Known) -> None:
    """Takes what somebody does into what it is done to: "carpet cleaner"."""
    for part in [p for p in marks.taken if p[2] == "merchant"]:
        more = _DOES.match(marks.text, part[1])
        ordinary = all(w in known.vocabulary.english for w in WORD.findall(part[3]))
        if more and more["trade"] in known.vocabulary.trades and ordinary and marks.free(more.start(), more.end()):
            marks.taken.remove(part)
            marks.take(part[0], more.end(), "merchant")


_DOES = re.compile(r" (?P<trade>[a-z]+(?:er|or|ist|ian))\b")


def _kinds(marks: _Marks, known: Known) -> bool:
    """Words for a kind of shop, or for what it sells, where a name may stand: "find the vet bill", "coffee this month?".

    Whether any was found: one that is listed beside it, "buses and trains", is seen only then.
    """
    before = len(marks.taken)
    named = bool(marks.of("merchant") or marks.of("category"))
    if _ABOUT_MONEY.search(marks.text) is None and len(marks.text.split()) > FRAGMENT:
        return False
    for match in reversed([*_NOUN.finditer(marks.hidden())]):
        word, hidden = match["noun"], marks.hidden()
        among = _AMONG.match(hidden, match.end("noun")) or _AMONG_LAST.search(hidden[: match.start("noun")])
        sold = word in known.vocabulary.trades or (known.vocabulary.sellers is not None and word in known.vocabulary.sellers.said)
        if (
            ((sold and among) or not named)
            and (sold or known.may_name(word) or _GOES_TO.search(hidden[: match.start("noun")]))
            and word not in known.nobody
            and word not in _TOOL_WORDS
            and (sold or known.vocabulary.is_kind(word))
        ):
            named = marks.take(match.start("noun"), match.end("noun"), "merchant") or named
    return len(marks.taken) > before


_GOES_TO = re.compile(r"\b(?:go|goes|going|gone|went|been|often|times|visits?|trips?) to (?:the )?$")
_ABOUT_MONEY = re.compile(
    r"\b(?:spen[dt]|spending|cost|costs|pa(?:y|id|ys|ying)|bills?|money|amounts?|payments?|charged?|fees?|took|taken|gone|going out|much|many|often|buy|bought|come to|came to|set me back|price|dearest|find)\b|£"
)
# "Coffee this month?": so few words ask for a sum by themselves.
FRAGMENT = 5
# "Trains, buses and Uber": one of several.
_AMONG = re.compile(r"(?:,| and|, and| plus) \x01")
_AMONG_LAST = re.compile(r"\x01(?:,| and|, and| plus) (?:the |my |our )?$")
_NOUN = re.compile(
    r"(?:^|\b(?:the|my|our|a|an|any|that|this|those|these|his|her|their|on|for|of|from|by|in|at|to|much|spent|spend|spending|paid|pay|buy|bought|and|or|plus|so|ok|cheapest|dearest|priciest|biggest|largest|smallest|expensive|latest|last|first)\s)"
    r"(?P<noun>[a-z]{3,})(?=\s*(?:\x01|$|[?!.,])|\s-\s|\s(?:and|plus)\s\x01|\s(?:bills?|spend|spending|payments?|costs?|shops?|stuff|fees?|fares?|tickets?|rides?|lessons?|money|stops?|runs?|trips?|had|take|took|taken|get|got|so|since|in|on|last|this|for|come|came|is|was|did|do|have|each|per|every|i|we)\b)"
)


def _which_it_was(marks: _Marks, known: Known) -> None:
    """Takes out what only asks who a payment was to, "the dearest one, and which garage was it": it is the dearest of all."""
    for match in _WHICH_IT_WAS.finditer(marks.hidden()):
        if match["kind"] in known.vocabulary.trades or known.vocabulary.is_kind(match["kind"]):
            marks.take(match.start("kind"), match.end("kind"), "apposed")


_WHICH_IT_WAS = re.compile(
    r"(?<=\w),? (?:and )?(?:at |to |in |from )?(?:which|what) (?P<kind>[a-z]+) (?:was|is|did) (?:it|that)\b"
)


def _not_spent(marks: _Marks, known: Known) -> None:
    """Takes what is no spending anyway out of what is to be left out of it, "not counting transfers", and what narrows none of it."""
    _which_it_was(marks, known)
    for match in _NOT_SPENT.finditer(marks.text) if _OF_SPENDING.search(marks.text) else ():
        marks.take(match.start(), match.end(), "apposed")


_OF_SPENDING = re.compile(
    r"\b(?:spen[dt]|spending|(?:largest|biggest|top) (?:[a-z]+ )?payments?|purchases?|things|buys|shops|places|days)\b"
)
_NOT_SPENT = re.compile(
    r"(?:,\s*)?\b(?:(?:no|not) counting|excluding|ignoring|bar|barring|forgetting|(?:leave|leaving) (?:out|aside)|apart from|aside from|other than|without(?: counting)?|except(?: for)?|(?:don't|do not) (?:count|include)) (?:"
    r"what (?:i|we) (?:shuffle|move|shift|switch|juggle|swap|transfer)s?(?: (?:around|about|across))? (?:between|among) (?:my|our)(?: own)? accounts|(?:any |the )?money (?:i |we )?(?:moved|put|transferred|sent) (?:in)?to (?:my )?savings"
    r"|(?:moving|putting) (?:it|money|anything|what i \w+) (?:in)?to (?:(?:my )?savings|(?:my |our )?(?:own|other) accounts?)|(?:any |the |my )?(?:internal )?transfers(?: (?:between|to|into) (?:my|our) (?:own )?(?:accounts|savings|pots?))?"
    r"|(?:what|anything|money) (?:i|we)(?:'ve| have)? (?:put|moved?|transfer(?:red)?|pa(?:y|id)|sent) (?:in)?to (?:my|our) own (?:accounts?|savings|pots?))(?=\s*(?:$|[?.!,;]))"
    r"|(?:,\s*)?\b(?:(?:my|the|own|internal|savings?|pot|jar|fund|account) ){0,3}(?:transfers|moves|top[- ]ups) (?:don't|do not|doesn't|not) count(?:ed|ing)?\b"
)


def _owned(marks: _Marks, known: Known) -> None:
    """Takes whom or what it is for out of a question about a kind of spending: "petrol for the car" is all petrol, whatever a car
    share is called, and "food for the house" is paid to no Pho House."""
    kinds = {kind for said in marks.of("category") for kind in known.synonyms.get(said, ())}
    bought = [*(_DRIVEN.finditer(marks.text) if kinds & _FOR_DRIVING else ()), *(_FOR_HOME.finditer(marks.text) if kinds else ())]
    for match in bought:
        inside = [p for p in marks.taken if match.start() <= p[0] and p[1] <= match.end()]
        marks.taken = [p for p in marks.taken if p not in inside]
        marks.take(match.start(), match.end(), "apposed")


_FOR_DRIVING = frozenset(["fuel"])
_DRIVEN = re.compile(
    r"\b(?:(?:for|of|in|into) )?(?:(?:the|my|our) )?(?:car|van|motor|motorbike|vehicle)(?: costs?)?(?=\s|[?.!,]|$)(?! \x01)"
)

_FOR_HOME = re.compile(r"\bfor (?:the|my|our) (?:house|home|flat|family|household|kids|children|boys|girls|lads)\b(?! \x01)")


def _bought_there(marks: _Marks) -> None:
    """Gives back what is bought as a name where the seller follows: "dinner at Wagamama"."""
    names = sorted(part for part in marks.taken if part[2] == "merchant")
    for one, two in itertools.pairwise(names):
        if one[3] in BESIDE and re.fullmatch(r" (?:at|from|with|in) (?:the )?", marks.text[one[1] : two[0]]):
            marks.taken.remove(one)


def _name_begins(marks: _Marks, start: int, known: Known) -> int:
    """Where a name begins that has more words before it: "big Al"."""
    while (before := re.search(r"([a-z']+) $", marks.hidden()[:start])) and known.named.get(before[1], 0.0) >= SURELY_NAMES:
        start = before.start()
    return start


def _apposed(marks: _Marks, known: Known) -> None:
    """Takes what somebody is out of the question: "Mr Dunmore, the gardener, …", "my old union, UNISON, …"."""
    for part in [p for p in marks.taken if p[2] == "merchant"]:
        first = _DESCRIBED.search(marks.text[: part[0]]) if marks.text[part[1] :].startswith(",") else None
        words = WORD.findall(first["what"]) if first is not None else []
        if first is not None and not any(_may_be_paid(w, known) for w in words):
            marks.take(first.start(), part[0], "apposed")
        said = _APPOSED.match(marks.text[part[1] :])
        if said is not None:
            marks.take(part[1], part[1] + said.end(), "apposed")
    for one, two in itertools.pairwise(sorted(p for p in marks.taken if p[2] == "merchant")):
        if marks.text[one[1] : two[0]].strip() == "(" and marks.text[two[1] :].startswith(")"):
            # "The number 9 (Stagecoach)": who it is.
            marks.taken.remove(one)
            marks.take(_name_begins(marks, one[0], known), two[0], "apposed")
            marks.take(two[1], two[1] + 1, "apposed")


def _headed(marks: _Marks) -> None:
    """Takes what several names are called before they are listed out of the question: "two bakeries I go to: …"."""
    names = sorted(p for p in marks.taken if p[2] == "merchant")
    if len(names) <= LISTED:
        return
    head, *listed = names
    if ":" not in marks.text[head[1] : listed[0][0]]:
        return
    called = {w.removesuffix("s") for w in WORD.findall(head[3])}
    if all(called <= {w.removesuffix("s") for w in WORD.findall(p[3])} for p in listed):
        marks.taken.remove(head)
        marks.take(head[0], head[1], "apposed")


# So many names make a list.
LISTED = 2
_DESCRIBED = re.compile(r"\b(?:my|our) (?P<what>[a-z]+(?: [a-z]+)?), $")
_APPOSED = re.compile(r", (?:the|my|our) [a-z]+(?: (?!of\b)[a-z]+)?,?(?=\s|[?.!]|$)(?! (?:and|or|of) )")


def _may_be_paid(word: str, known: Known) -> bool:
    """Whether a word by itself may be somebody who is paid, or a kind of those: then it is one of a list."""
    return word in known.leading or word in known.synonyms or word in known.vocabulary.trades or known.vocabulary.is_kind(word)


def _phrase(run: Sequence[re.Match[str]], text: str, known: Known) -> tuple[int, int] | None:
    """Where an ordinary word makes a name with the word beside it, as a payee's text has both: "new york"."""
    start, end = run[0].start(), run[-1].end()
    before, after = re.search(r"[a-z]+ $", text[:start]), re.match(r" [a-z]+", text[end:])
    for a, b in ((before.start() if before else start, end), (start, end + after.end() if after else end)):
        if " " in text[a:b] and _has_phrase(text[a:b], known):
            return a, b
    return None


def _has_phrase(words: str, known: Known) -> bool:
    return any(f" {words} " in f" {p.text} " for p in known.payees)


def _belongs(run: Sequence[re.Match[str]], marks: _Marks, known: Known) -> bool:
    """Whether an ordinary word belongs to the name that stands next to it: "the metro at Waterloo"."""
    for start, end, kind, words in marks.taken:
        between = marks.text[run[-1].end() : start] if start >= run[-1].end() else marks.text[end : run[0].start()]
        if kind == "merchant" and _JOINT.fullmatch(between):
            tokens = [form for t in (*WORD.findall(words), *(m.group() for m in run)) if (form := _as_held(t, known))]
            if len(tokens) > 1 and known.together(tokens):
                return True
    return False


def _is_somewhere(run: Sequence[re.Match[str]], text: str, known: Known) -> bool:
    """Whether a word is a place that somebody was in, as the lines of several payees have it: "in Berlin" names it, though a
    dictionary has the word too."""
    word = run[0].group()
    several = len(run) == 1 and len(known.tokens.get(word, ())) > 1
    somewhere = word not in known.nobody | BESIDE | known.vocabulary.trades
    return several and somewhere and _IN.search(text[: run[0].start()]) is not None


_IN = re.compile(r"\bin\s+$")


def _is_payee_word(token: str, known: Known) -> bool:
    base = token.removesuffix("'s")
    if base.isdigit():
        return len(base) >= LONG_NUMBER and base in known.tokens
    if len(base) < 2 or ({token, base} & known.vocabulary.asked and not (base in KIN and base in known.leading)):
        return False
    if _as_held(base, known) is not None:
        return True
    ordinary = base in known.words or base in known.vocabulary.english
    return not ordinary and close_word(base, known.tokens, 5) is not None


# The number of a cheque tells it; a shorter one may be anything.
LONG_NUMBER = 4


def _as_held(base: str, known: Known) -> str | None:
    """A word as the customer's payees have it, in the singular or the plural."""
    forms = (base, f"{base}s", base.removesuffix("s"), *written(base)) if len(base) >= LONG_NUMBER else (base,)
    return next((form for form in forms if form in known.tokens), None)


def _tells(run: Sequence[str], known: Known) -> bool:
    """Whether words name somebody. An ordinary word inside a name ("van" in DIRECT LINE VAN INSURANCE) does so only in company."""
    bases = [token.removesuffix("'s") for token in run]
    if any(b not in known.vocabulary.english or _as_held(b, known) in known.leading for b in bases):
        return True
    held = [form for b in bases if (form := _as_held(b, known)) is not None]
    if held and any(written(b) for b in bases):
        # A city by another name than its lines have.
        return True
    return len(held) > 1 and known.together(held)


def close_word(token: str, vocabulary: Iterable[str], least: int = 4) -> str | None:
    """The word of a vocabulary that a typo most likely meant: one slip up to six letters, two in longer words."""
    if len(token) < least or any(c.isdigit() for c in token):
        return None
    slips = 1 if len(token) <= 6 else 2
    near = process.extract(token, list(vocabulary), scorer=DamerauLevenshtein.distance, score_cutoff=slips, limit=None)
    # Of words that are as near the first of the alphabet, so that the order of a set decides nothing.
    best = min(near, key=lambda found: (found[1], found[0][0] != token[0], found[0]), default=None)
    return str(best[0]) if best is not None and best[0][0] == token[0] else None


def _join(marks: _Marks, known: Known) -> None:
    """Makes one name of two that one payee has both of: "the cafe at the Forum"."""
    names = sorted(part for part in marks.taken if part[2] == "merchant")
    for one, two in itertools.pairwise(names):
        between = marks.text[one[1] : two[0]]
        each = [[t for t in WORD.findall(part[3]) if t in known.tokens] for part in (one, two)]
        tokens = each[0] + each[1] if all(each) else []
        # "Sinclair, for the lifts" says more of Sinclair, unless what it is for is somebody too.
        about = _PURPOSE.fullmatch(between) and not set(WORD.findall(two[3])) & known.tokens.keys()
        # "The hotel in Lisbon" is the hotel there, and not all that was paid there.
        there = between == " in " and is_place(two[3])
        if _is_way_paid(one, two, between, known):
            marks.taken.remove(two)
            marks.take(one[1], two[1], "apposed")
            return
        if about or there or (_JOINT.fullmatch(between) and len(tokens) > 1 and known.together(tokens)):
            marks.taken = [part for part in marks.taken if part not in (one, two)]
            marks.take(one[0], two[1], "merchant")
            return


def _is_way_paid(one: tuple[int, int, str, str], two: tuple[int, int, str, str], between: str, known: Known) -> bool:
    """Whether a name only says through whom another one is paid, as the texts of all who are called so have it: "Miller's, which
    goes through PayPal"."""
    who, way = ([t for t in WORD.findall(part[3]) if t in known.tokens] for part in (one, two))
    if not (who and way and _PAID_THROUGH.fullmatch(between)):
        return False
    return frozenset.intersection(*(known.tokens[t] for t in who)) <= frozenset.intersection(*(known.tokens[t] for t in way))


_PAID_THROUGH = re.compile(
    r",? (?:(?:it|they|which|that|who|and|is|are|get|gets) )*(?:(?:comes?|goes|go|went|came|paid|billed|taken|run|runs) )?(?:through|via|by|on|using|with) "
)


def _with_kind(marks: _Marks, known: Known) -> None:
    """Takes a word for a kind of spending into the name beside it, where one payee has both: "Miller Hardware", slips of the pen
    and all."""
    for kind in [part for part in marks.taken if part[2] == "category"]:
        beside = (p for p in marks.taken if p[2] == "merchant" and (p[1] + 1 == kind[0] or kind[1] + 1 == p[0]))
        for name in beside:
            words = [*WORD.findall(name[3]), *WORD.findall(kind[3])]
            held = [w if w in known.tokens else close_word(w, known.tokens, 5) for w in words]
            if all(held) and known.together([w for w in held if w]):
                marks.taken = [part for part in marks.taken if part not in (kind, name)]
                marks.take(min(kind[0], name[0]), max(kind[1], name[1]), "merchant")
                break


def _all_counted_in(marks: _Marks, known: Known) -> None:
    """Takes what is listed only to say that all of it counts out of a question about a place: "in Lisbon, hotel, food and all that"
    is all that was spent there. What is said after a shop's name may be other shops."""
    named = [p for p in marks.taken if p[2] == "merchant"]
    listed = (m for m in _LISTED_TOO.finditer(marks.text) if _EVERYTHING.search(marks.text[: m.start()]))
    for match in (*_AND_ALL.finditer(marks.text), *listed):
        inside = [p for p in marks.taken if match.start() <= p[0] and p[1] <= match.end()]
        places = (p for p in named if known.leading.isdisjoint(WORD.findall(p[3])[-1:]))
        outside = any(p not in inside and p[0] < match.start() for p in places) or _OVER_THERE.search(marks.text[: match.start()])
        outside = outside or _WHOLE_TRIP.search(marks.text[: match.start()])
        only_named = all(p[2] in _NAMED or p[2] == "apposed" for p in inside)
        if outside and only_named and not any(p[0] < match.end() < p[1] for p in marks.taken):
            marks.taken = [p for p in marks.taken if p not in inside]
            marks.take(match.start(), match.end(), "apposed")


def _everywhere(marks: _Marks, known: Known) -> None:
    """Takes what only says that no place is left out of a question about a kind of spending: "diesel, every forecourt"."""
    kinds = {kind for said in marks.of("category") for kind in known.synonyms.get(said, ())}
    found = [
        *(_EVERYWHERE.finditer(marks.hidden()) if kinds else ()),
        *(_PUMPS_TOO.finditer(marks.text) if kinds & _FOR_DRIVING else ()),
    ]
    for match in found:
        marks.taken = [p for p in marks.taken if not (match.start() <= p[0] and p[1] <= match.end() and p[2] == "merchant")]
        marks.take(match.start(), match.end(), "apposed")


_FORECOURT = r"(?:pumps?|garages?|forecourts?|(?:petrol |filling |service )stations?)"
_EVERYWHERE = re.compile(
    rf"(?:,\s*)?\b(?:(?:at|in|from|across|over|with) )?(?:all|every|any|each)(?: of)?(?: the| my| our)?(?: different| various)?"
    rf" (?:{_FORECOURT}|shops?|stores?|supermarkets?|outlets|branches|retailers?|sellers|places)\b"
)
_PUMPS_TOO = re.compile(
    rf"(?:,\s*)?\b(?:and |with )?(?:the )?[a-z&]+(?:'s)? {_FORECOURT},? (?:included|as well|too|and all|counted)\b"
    rf"|(?:,\s*)?\b(?:including|incl|counting|and) (?:the )?[a-z&]+(?:'s)? {_FORECOURT}(?=\s*(?:$|[?.!,;]))"
)


def _only_when(marks: _Marks, known: Known) -> None:
    """Takes the occasion out of a question about a place: what was paid "on holiday in Rome" is all that was paid there."""
    named = [p for p in marks.taken if p[2] == "merchant"]
    if any(_FEE.search(p[3]) for p in named):
        # Fees are taken by nobody who is there: "the foreign fees from the Rome trip".
        fees = [p[1] for p in named if _FEE.search(p[3])]
        for part in [p for p in named if any(_AT_PLACE.fullmatch(marks.text[end : p[0]]) for end in fees)]:
            if not is_where(_bare(_DETERMINERS.sub("", part[3])), known):
                continue
            marks.taken.remove(part)
            marks.take(part[0], part[1], "apposed")
        return
    if not any(is_where(_bare(_DETERMINERS.sub("", p[3])), known) for p in named):
        return
    for part in [p for p in marks.taken if p[2] in _NAMED]:
        kinds = known.synonyms.get(part[3], ()) if part[2] == "category" else ()
        narrows = part[3] == "travel" and _SPENT_ON.search(marks.text[: part[0]])
        if (set(kinds) == {"travel"} and not narrows) or _THIS_PLACE.fullmatch(part[3]):
            marks.taken.remove(part)
            lead = re.search(r"\b(?:in|on|at|over|around) $", marks.text[: part[0]])
            marks.take(lead.start() if lead else part[0], part[1], "apposed")


_AT_PLACE = re.compile(r" (?:from|of|on|in|for|during) (?:(?:the|my|our) )?")
_FEE = re.compile(r"\b(?:fees?|charges?)\b")


def is_where(name: str, known: Known) -> bool:
    """Whether a name is that of a place, which the lines of several payees have, and none begins with."""
    words = [w for w in WORD.findall(name) if w not in BESIDE]
    lines = all(len(known.tokens.get(w, ())) > 1 and w not in known.leading | known.vocabulary.trades for w in words)
    return is_place(name) or (bool(words) and lines)


_THIS_PLACE = re.compile(r"(?:the|that|this) (?:island|city|town|country|resort|place|coast|village)")
_WHOLE_TRIP = re.compile(r"\b(?:whole|entire|full) (?:trip|holiday|week|weekend|stay|thing|lot)\b|\bwhole of\b|\beverything\b")
# "Everything there, ferry, museum, ice cream, what was it".
_LISTED_TOO = re.compile(
    r"(?<=[a-z])(?:,\s*(?:(?:the|my|our)\s+)?(?!(?:what|how|when|which|who|where|is|was|did|do|can|could|in|on|at|from|since|please)\b)[a-z]+(?: (?!(?:and|or)\b)[a-z]+)?){2,}"
    r"(?:,? and [a-z]+(?: [a-z]+)?)?(?=\s*(?:$|[?.!,;]))"
)
_OVER_THERE = re.compile(r"\b(?:out|over|actually|while (?:i|we) (?:was|were)) there\b|\bspen[dt] there\b")
_EVERYTHING = re.compile(r"\beverything\b")
_AND_ALL = re.compile(
    r"(?:,|:|\s-+|\bon\b)\s*(?:(?:the|my|our)\s+)?[a-z]+(?:(?:,|,?\s+and|\s+or|\s+&|\s+plus)?\s+(?:(?:the|my|our)\s+)?[a-z]+){0,6}?(?:,|,?\s+and|,?\s+&)?\s+"
    r"(?:everything|all that|all of (?:it|that)|all the rest|the (?:whole )?lot|the rest|and all|whatever else|the works|all included|all in)(?=\s*(?:$|[?.!,;(]))"
)


def _counted_too(marks: _Marks, known: Known) -> None:
    """Takes what is named only to say that it counts as well out of a question about all: "which day cost most, rent included"."""
    if (match := _COUNTS_TOO.search(marks.text)) is None:
        return
    inside = [p for p in marks.taken if match.start() <= p[0] and p[1] <= match.end()]
    outside = [p for p in marks.taken if p not in inside and p[2] in _NAMED]
    kinds = {kind for p in outside for kind in known.synonyms.get(p[3], ()) if p[2] == "category"}
    # "Groceries, Aldi included": shops are of a kind as a whole.
    of_kind = len(outside) == 1 and bool(kinds) and kinds <= _OF_SHOPS
    of_all = inside and (not outside or of_kind) and all(p[2] in _NAMED for p in inside)
    if of_all or (outside and _counts_of_them(match.group(), inside, outside, known)):
        marks.taken = [p for p in marks.taken if p not in inside]
        marks.take(match.start(), match.end(), "apposed")


def _counts_of_them(
    said: str, inside: Sequence[tuple[int, int, str, str]], outside: Sequence[tuple[int, int, str, str]], known: Known
) -> bool:
    """Whether what counts as well is no payee of its own, and no account: "Ann last year, birthdays included" is all that went to
    her, whatever the day or the reason was."""
    theirs = [w for p in outside for w in WORD.findall(p[3]) if w in known.tokens]
    others = [w for w in WORD.findall(said) if w in known.tokens and w not in BESIDE]
    alone = all(known.together([w, *theirs]) for w in others)
    # Another month would be added to those that were said; a feast is in them.
    narrow = all(p[2] == "merchant" or (p[2] == "period" and _FEAST.fullmatch(p[3])) for p in inside)
    plainly = _INCLUDED.search(said) is not None and _ONLY_THOSE.isdisjoint(WORD.findall(said))
    return bool(theirs) and plainly and alone and narrow and _OF_ACCOUNTS.search(said) is None


_INCLUDED = re.compile(r"\b(?:included|including|incl|counted)\b")
# "Counting only weekends" narrows.
_ONLY_THOSE = (word_list("narrowing") | word_list("hours") | {"just", "most", "big", "bigger", "small", "first", "last"}) - {
    "double"
}
_FEAST = re.compile(r"(?:at |over |for |the )*(?:christmas|xmas|easter|new year)")
_OF_ACCOUNTS = re.compile(r"\b(?:accounts?|pots?|isas?|savings?|cards?|pending|refunds?|fees?|charges?|interest|tax|vat)\b")


def _what_for(marks: _Marks, known: Known) -> None:
    """Gives back what a person was paid for, whom a word points at or a name means: "what have I given him for the fence"."""
    for part in [p for p in marks.taken if p[2] == "merchant"]:
        lead = re.search(r"\b(?:for|towards?) (?:the |my |our |his |her |their )?$", marks.text[: part[0]])
        words = WORD.findall(_DETERMINERS.sub("", part[3]))
        before = any(p[2] == "merchant" and p[1] < part[0] for p in marks.taken)
        if before and _DEED.match(part[3]) and marks.text[: part[0]].endswith(" to "):
            # "How often did Mr Rudd come to do the hedge".
            marks.taken.remove(part)
            continue
        strange = known.tokens.keys().isdisjoint(words)
        if not (strange and lead):
            continue
        person = any(p[2] == "merchant" and p[1] < part[0] and is_person(_bare(p[3]), known) for p in marks.taken)
        if _TO_THEM.search(marks.text[: part[0]]) or person:
            marks.taken.remove(part)


_DEED = re.compile(r"(?:do|cut|mow|trim|fix|mend|clean|paint|wash|sort|walk|look after|see to) (?:the|my|our|out the) ")


def is_person(name: str, known: Known) -> bool:
    """Whether a name is that of people whom the customer pays, and of no shop."""
    words = WORD.findall(name)
    ids = frozenset.intersection(*(known.tokens.get(w, frozenset()) for w in words)) if words else frozenset()
    return bool(ids) and all(payee.personal for payee in known.payees if payee.id in ids)


_OF_SHOPS = frozenset(["groceries", "fuel"])
_TO_THEM = re.compile(
    r"\b(?:paid|pay|paying|given|gave|give|handed|sent|send|slipped|owe)(?: (?:over|out))? (?:to )?(?:him|her|them)\b[^.?!;]*$"
)
_COUNTS_TOO = re.compile(
    r"[,.;]\s*(?:with |and )?(?:(?!(?:how|what|which|when|i|we|did|was|is|not|no|never|isn't|aren't|don't)\b)[a-z']+,? ){1,6}(?:counted|included|counting)(?: in| too| as well)?(?=\s*(?:$|[?.!,;]))"
    r"|(?:,\s*)?(?<!not )(?<!no )(?<!never )(?<!without )(?<!n't )\b(?:including|counting|incl) (?:(?!(?:how|what|which|when|i|we|did|was|is|not|no|never|isn't|aren't|don't)\b)[a-z']+(?:,? |(?=\s*(?:$|[?.!,;])))){1,6}(?=\s*(?:$|[?.!,;]))"
)


def _only_told(marks: _Marks, known: Known) -> None:
    """What looks like a name and is talk where it stands names nobody: "eating us out of house and home"; nor does "the"."""
    marks.taken = [
        part
        for part in marks.taken
        if part[2] not in _NAMED
        or (_DETERMINERS.sub("", f"{part[3]} ") and (not _is_told(part[3], known) or _is_theirs(_bare(part[3]), known)))
    ]


def _is_told(words: str, known: Known) -> bool:
    return all(known.talk.get(w.removesuffix("'s"), 0.0) >= SURELY_TOLD for w in WORD.findall(words))


def _is_theirs(name: str, known: Known) -> bool:
    """Whether a name is a payee's, or a heading's of several words, as it stands."""
    return is_payee(name, known) or any(name == one.casefold() and len(headings.parts_of(one)) > 1 for one in known.headings)


def is_payee(name: str, known: Known) -> bool:
    return name in known.names


def _one_thing_out(marks: _Marks, known: Known) -> None:
    """ "Not the house insurance": a word that nobody is called by says which of a kind is left out, and is no name beside it."""
    for one, two in itertools.pairwise(sorted(marks.taken)):
        of_kind = one[2] == "merchant" and two[2] == "category" and marks.text[one[1] : two[0]] == " "
        if of_kind and _EXCEPT.search(marks.text[: one[0]]) and marks.text[one[0] : one[1]] not in known.tokens:
            marks.taken = [p for p in marks.taken if p not in (one, two)]
            marks.take(one[0], two[1], "category")


def _left_out(marks: _Marks, trades: frozenset[str]) -> None:
    """Names and kinds that are to be left out: "excluding rent", "but not Tesco or Aldi", "leave the petrol out", "without the
    hotel"."""
    end = -1
    for part in sorted(marks.taken):
        if part[2] not in ("merchant", "category", "account"):
            continue
        out = _OUT.match(marks.text, part[1])
        off = _OFF.match(marks.text, part[1])
        before, gone = marks.text[: part[0]], _GONE.match(marks.text, part[1])
        lead = _EXCEPT.search(before) or (out and _LEAVE.search(before)) or (off and _TAKE.search(before))
        lead = lead or _PAID_EXCEPT.search(before) or _TAKE_OUT.search(before) or (gone and _BARE.search(before))
        out = out or (off if lead else None) or gone
        more = end >= 0 and _AND.fullmatch(marks.text[end : part[0]])
        if lead or more:
            start = lead.start() if lead else end
            marks.taken = [p for p in marks.taken if p != part]
            end = out.end() if out else part[1]
            marks.take(start, end, "without")
    if (said := _EXCEPT_KIND.search(marks.hidden())) and said["kind"] in trades and (end < 0 or said.end() <= end + 1):
        marks.take(said.start(), said.end(), "without")
        end = said.end()
        for part in [p for p in sorted(marks.taken) if p[2] in _NAMED and _AND.fullmatch(marks.text[end : p[0]])]:
            # "Without the ferry or the bank charges".
            marks.taken.remove(part)
            marks.take(end, part[1], "without")
            end = part[1]
    # "Not counting flights or your fees".
    while end >= 0 and (more := _OR_KIND.match(marks.text, end)) and more["kind"] in trades | _FEES:
        inside = [p for p in marks.taken if more.start() <= p[0] and p[1] <= more.end()]
        marks.taken = [p for p in marks.taken if p not in inside]
        marks.take(more.start(), more.end(), "without")
        end = more.end()


def _left_that_out(marks: _Marks) -> None:
    """ "The ASOS one went back so leave that out": who is named, where it is one, is what is left out."""
    named = [p for p in marks.taken if p[2] in ("merchant", "category")]
    told = LEAVE_IT.search(marks.text)
    if told is not None and len(named) == 1 and not marks.of("without") and named[0][1] <= told.start():
        marks.taken.remove(named[0])
        marks.take(named[0][0], named[0][1], "without")
        marks.take(told.start(), told.end(), "apposed")


LEAVE_IT = re.compile(
    r"(?:\b(?:so|then|please|just|and) )*\b(?:leave|take|knock|count) (?:that|it|this|them|those)(?: ones?| payments?)? (?:out|off|aside)\b"
)
_EXCEPT_WORDS = (
    r"(?:,\s*)?(?:\b(?:(?:that|which) (?:is|was|are|were)(?:n't| not)|excluding|exclude|except(?: for)?|excepting|without|apart from|aside from|other than|besides|(?<!in )(?<!into )minus(?! (?:on|in)\b)"
    r"|(?:but )?(?:no|not|never|without) (?:counting|including)|but not|leav(?:e|ing) out|leaving aside|ignor(?:e|ing)|disregard(?:ing)?|forgetting(?: about)?|(?:(?<=^)|(?<=, )|(?<=[.;] )|(?<=but )|(?<=and ))forget(?: about)?|barring|never mind|and not|not)\s+)"
    r"(?:(?:the|my|our|your|his|her|their|any|bank's|anything (?:at|on|from|for)|what (?:i|we)(?:'ve| have)? (?:spen[td]|paid|pay|sen[td]|gave|give|moved?|put|transfer(?:red)?)(?: (?:at|on|for|to|into|in))?(?: my own)?|at|on|for)\s+)*"
)
_EXCEPT = re.compile(_EXCEPT_WORDS + "$")
# "Without the kindergarten money to Anna".
_PAID_EXCEPT = re.compile(
    r"(?:,\s*)?\b(?:but )?(?:excluding|except(?: for)?|without|apart from|leaving out|not counting)\s+(?:the |my |any )?"
    r"(?:(?!last|first|latest|biggest|largest)[a-z]+ )?(?:money|payments?|bills?|rent|fees?) (?:to|at|for|from)\s+$"
)
_LEAVE_WORDS = r"(?:,\s*)?(?:\b(?:but|and)\s+)?(?<!not )(?<!n't )(?<!dont )\bleav(?:e|ing)\s+(?:(?:the|my|our|your|any)\s+)?"
_LEAVE, _OUT = re.compile(_LEAVE_WORDS + "$"), re.compile(r"(?: ones?)?\s+(?:out|aside)\b(?: of (?:it|that|this)\b)?")
_TAKE_WORDS = r"(?:,\s*)?(?:\b(?:but|and)\s+)?\b(?:take|taking|knock|knocking|strip|leave)\s+(?:(?:the|my|our|your|any)\s+)?"
_TAKE, _OFF = re.compile(_TAKE_WORDS + "$"), re.compile(r"\s+off\b")
# "Take out the hotel" is said of the answer before; "when did I take out cash" is a question of its own.
_TAKE_OUT_WORDS = (
    r"(?:^|[,.;:]\s*)(?:(?:and|ok|okay|now|so|but|then|just|please|pls|no|right|also|if (?:you|i|we)|what if (?:you|i|we)|(?:can|could|would) you)[, ]+)*"
    r"(?:take|leave|knock|cut) out\s+(?:(?:the|my|our|any|his|her|their)\s+)?"
)
_TAKE_OUT = re.compile(_TAKE_OUT_WORDS + "$")
# "Fuel left out", "rent not included".
_GONE_WORDS = (
    r"\s+(?:(?:left|taken|knocked|counted) (?:out|off|aside)|(?:is |are )?not (?:included|counted|counting)|excluded|aside)\b"
)
_GONE, _BARE = (
    re.compile(_GONE_WORDS),
    re.compile(r"(?:,\s*)?(?:\b(?:with|the|my|our|your|any|bank's|foreign)\s+)*$"),
)
_OUT_OR_OFF = re.compile(rf"{_GONE_WORDS}|(?: ones?)?\s+(?:out|aside|off)\b(?: of (?:it|that|this)\b)?")
_EXCEPT_FIRST = re.compile(
    rf"(?:{_TAKE_OUT_WORDS}|{_EXCEPT_WORDS}|{_LEAVE_WORDS}|{_TAKE_WORDS}|(?:and )?with\s+(?:the |my |your |any )*|(?:,|and|or)\s+(?:the |my |your |any |(?:bank|foreign) (?!charges))*)"
)
_EXCEPT_KIND = re.compile(
    rf"(?:{_EXCEPT_WORDS}|{_TAKE_OUT_WORDS})(?P<kind>[a-z]+)\b(?=\s*(?:[?.!,]|$|please|then|how|what|or\b|and\b))"
)
_FEES = frozenset({"fees", "charges"})
_OR_KIND = re.compile(
    r"\s*(?:,|and|or|,\s*and)\s+(?:(?:the|my|your|any|bank|foreign)\s+)*(?P<kind>[a-z]+)\b(?=\s*(?:[?.!,]|$|please|then|how|what))"
)
_AND = re.compile(r"\s*(?:,|and|or|,\s*and)\s+(?:the |my )?")
_PURPOSE = re.compile(r",?\s+for\s+(?:(?:the|my|our)\s+)?")
_JOINT = re.compile(r",?\s+(?:(?:at|in|on|near|by|for|and|&)\s+(?:the\s+)?)?")
# What stands for a part when the rest is compared with examples: an ordinary word of its kind.
PLACEHOLDERS = {
    "period": "xperiod",
    "merchant": "xmerchant",
    "category": "xcategory",
    "amount": "xamount",
    "account": "xaccount",
    "number": "xnumber",
    "group": "xgroup",
    # What is left out changes nothing in what is asked, nor does what somebody is beside who it is, nor in which money.
    "currency": "",
    "without": "",
    "apposed": "",
    "denied": "",
    # Nothing tells what was paid at which hour.
    "hour": "",
    # How it is told, not what is asked.
    "separately": "",
    "rounded": "",
}


# Periods of no days in particular: they say what is asked, "how much have I got altogether", so they stay as they are.
DAYLESS = frozenset(["in all", "all told", "altogether", "all time", "ever", "so far", "overall", "now"])


# A list of its own tells what is subscribed to.
_PAID_FOR = BESIDE - {"sub", "subs", "subscription", "subscriptions"}
_ROW_OF_PERIODS = re.compile(r"\bxperiod(?: ?,? (?:(?:and|or|&|plus|then) )?xperiod){2,}")
_COUNTED = re.compile(r"\b(?P<how>how many|number of|which of the) (?P<what>[a-z]+)\b")


_NAMED = frozenset(["merchant", "category"])
# A year that no period took in still says when.
_A_YEAR = re.compile(r"(?:19|20)\d\d")
_PLUS = re.compile(r"^(,?) plus ((?:(?:the|my|our) )?)$")


def _masked(marks: _Marks, known: Known) -> tuple[str, tuple[str, ...]]:
    pieces, position, unknown, named = [], 0, [], False
    for start, end, kind, words in [*sorted(marks.taken), (len(marks.text), len(marks.text), "", "")]:
        between = _PLUS.sub(r"\1 and \2", marks.text[position:start]) if named and kind in _NAMED else marks.text[position:start]
        named = kind in _NAMED
        for match in WORD.finditer(between):
            token = match.group().removesuffix("'s")
            if _A_YEAR.fullmatch(token):
                unknown.append(token)
            elif len(token) > 1 and token not in known.words and match.group() not in known.words and not token.isdigit():
                # An ordinary word is itself: "appears" is no "arrears".
                meant = None if token in known.vocabulary.english else close_word(token, known.words)
                if meant is None:
                    unknown.append(match.group())
                else:
                    between = between.replace(match.group(), meant, 1)
        pieces += [between, f" {words if kind == 'period' and words in DAYLESS else PLACEHOLDERS.get(kind, '')} "]
        position = end
    masked = re.sub(r"\s+", " ", "".join(pieces)).strip()
    # Months in a row are one stretch, however many are said.
    masked = _ROW_OF_PERIODS.sub("xperiod", masked)
    # What is counted is payments, whatever was bought: "how many tickets".
    masked = _COUNTED.sub(lambda m: f"{m['how']} payments" if m["what"] in _PAID_FOR else m.group(), masked)
    return masked, tuple(word for word in unknown if word not in BESIDE)
