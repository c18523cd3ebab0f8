"""What a customer wants done, in their own words: which action, and the values of it, each read by code and never filled in.

Nothing here does anything, or decides whether it may be done.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from assistant import periods
from assistant.numerals import NOTES, NUMERAL, values
from assistant.pasted import Bill, Said
from assistant.periods import Today
from assistant.relative import Worked, divides, parts_of, says_all, without_parts, worked
from assistant.spans import account_names, accounts_named, close_word, holders_of, plain, says_account, words_of
from assistant.wanting import ordered, waits, wanted, wanted_at_once
from assistant.wordings import NOTHING, Meaning, Wordings
from data import masking
from data.actions import Action, IntentId, Origin, Payee
from data.banking import Account, AccountKind, Beneficiary
from data.errors import InvalidInput
from data.money import Money
from data.party import AccountId, Frozen

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
SORT_CODE = "UK.OBIE.SortCodeAccountNumber"
# The words of the wordings file, and what each asks for; a lost card is frozen, and a new one offered.
LOST = "lost_card"
ACTIONS: Mapping[str, Action] = {
    "pay": Action.PAY,
    "transfer": Action.TRANSFER,
    "add_beneficiary": Action.ADD_BENEFICIARY,
    "freeze_card": Action.FREEZE_CARD,
    LOST: Action.FREEZE_CARD,
    "unfreeze_card": Action.UNFREEZE_CARD,
    "replace_card": Action.REPLACE_CARD,
}
MONEY = frozenset({Action.PAY, Action.TRANSFER, Action.ADD_BENEFICIARY})
# So near a wording must be.
NEAR = 0.7
# And so near where the message reads as a question about the customer's own data too.
NEARER = 0.9
# And so near where it was read as one: an amount is in both.
NEAREST = 0.97


class Draft(Frozen):
    """An order as far as it has been said. said: the words for whom it is to; repeat: words that point at an amount of before,
    such as "same as last month", as_on: the day of the payment that it is. whole: words that mean all there is. worked: how the
    amount came about. origins: of each value, by the name of its field, with where it was read.
    proposed: a model's wording of it, so that nothing of it is done at once."""

    action: Action
    lost: bool = False
    proposed: bool = False
    said: str = ""
    payee: Payee | None = None
    amount: Money | None = None
    repeat: str = ""
    as_on: dt.date | None = None
    whole: str = ""
    worked: Worked | None = None
    account: AccountId | None = None
    reference: str = ""
    on: dt.date | None = None
    why: Literal["", "lost", "stolen", "damaged"] = ""
    origins: Mapping[str, tuple[Origin, str]] = {}
    # What the last answer asked for: the name of a field, or "".
    asked: str = ""

    def having(self, field: str, origin: Origin, source: str = "", **values: object) -> Draft:
        """The draft with one value, which may be several fields, and where it comes from."""
        return self.model_copy(update={**values, "origins": {**self.origins, field: (origin, source)}})


class Ordering(Frozen):
    """What a conversation remembers of an order: as far as it has been said, and the intent that was shown in the message just
    before. age: how many turns about something else have come since."""

    draft: Draft
    waits: IntentId | None = None
    age: int = 0


# So many turns about something else may come between before an order is forgotten.
KEPT_TURNS = 2


def later(ordering: Ordering | None) -> Ordering | None:
    """What is left of an order after a turn about something else."""
    if ordering is None or ordering.age >= KEPT_TURNS:
        return None
    return ordering.model_copy(update={"age": ordering.age + 1})


class Several(Frozen):
    """More than one thing that words can mean; `field` is which value is meant."""

    field: str
    said: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Around:
    """What words of an order may mean for one customer: saved payees, own accounts that they may pay from or to, the day, and
    which of the accounts are somebody else's, by mandate."""

    beneficiaries: Sequence[Beneficiary]
    accounts: Sequence[Account]
    today: dt.date
    mandates: frozenset[AccountId] = frozenset()


def said_of_orders() -> list[tuple[Meaning, str]]:
    """((order,), wording), from prompts/orders.yaml."""
    loaded = yaml.safe_load((PROMPTS / "orders.yaml").read_text(encoding="utf-8"))
    return [((str(order),), str(wording)) for order, said in loaded.items() for wording in said]


class Reader:
    """Which order a message is, by the wordings that it comes nearest to."""

    def __init__(self, embed: Embed, wordings: Wordings) -> None:
        self.embed, self.wordings = embed, wordings

    def meant(self, message: str, names: frozenset[str], accounts: Sequence[Account] = (), least: float = NEAR) -> str | None:
        """The order, a key of ACTIONS; NOTHING for what sounds like one, None for what is not near any. Blocking (about 4 ms).

        names: words of those whom the customer pays. accounts: their own. least: how near a wording must be.
        """
        low = plain(message)
        if not MAY_BE.search(low):
            return None
        if _AGAIN_AND_AGAIN.search(low) or not wanted(low):
            return NOTHING
        if _COMMAND.match(low) and details_of(message) and amounts(message, "GBP"):
            # How much, and to which account: nothing else is said so.
            return "pay"
        text = spoken(message, names, accounts)
        near = self.wordings.near(text, self.embed([text])[0])
        best = max((order for (order,) in near), key=lambda order: near[(order,)].both)
        if near[(best,)].both < least:
            return None
        # What is done to a card is done at once.
        is_card = ACTIONS.get(best) not in (None, *MONEY)
        return NOTHING if is_card and (not wanted_at_once(low) or _ANOTHERS.search(low)) else best

    def wishes(self, message: str, names: frozenset[str]) -> frozenset[Action]:
        """The actions that a message asks for, as a whole or in a sentence of it; none where it only asks. Blocking.

        What is wished may be proposed, so this is generous with how it is said, and never with what.
        """
        parts = [part for part in (message, *_SENTENCE.split(message)) if not _QUESTION.match(plain(part))]
        parts = [part for part in parts if not _AGAIN_AND_AGAIN.search(plain(part))]
        orders = {order for part in dict.fromkeys(parts) if (order := self.meant(part, names)) is not None}
        orders |= {"pay" for part in parts if _SENDS.search(_ASKED.sub(" ", plain(part)))}
        return frozenset().union(*(_WISHED.get(order, ()) for order in orders))


_MONEY = frozenset({Action.PAY, Action.TRANSFER})
# What may be proposed to who gives an order.
_WISHED: Mapping[str, frozenset[Action]] = {
    order: _MONEY if action in _MONEY else frozenset({action}) for order, action in ACTIONS.items()
} | {LOST: frozenset({Action.FREEZE_CARD, Action.REPLACE_CARD})}
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
# What begins so asks, however much it speaks of paying.
_QUESTION = re.compile(
    r"(?:and |so |but |ok )*(?:how|what|when|where|who|why|which|whose|did|do|does|is|are|was|were|have|has|am|should"
    r"|(?:can|could|may) i)\b"
)
# What is asked within a sentence: "show me what I have to pay".
_ASKED = re.compile(r"\b(?:how|what|when|where|who|whether|which)\b.*?(?=\band\b|[,;]|$)")
_SENDS = re.compile(
    r"(?:^[-*\d.)\s]*|[,:]\s*|\b(?:please|pls|and|then|to|just|also|now|(?:can|could|would|will) you|kindly|you to)\s+)"
    r"(?:pay(?! attention| less)|send|transfer|refund|wire|reimburse|repay|return|give|settle)\b"
)

_ANOTHERS = re.compile(
    r"\b(?!card's|it's|that's|what's|here's|there's)[a-z]+'s (?:(?:debit|bank|credit|visa|mastercard|joint) )*(?:cards?|wallet|purse)\b|\b(?:his|her|their) (?:\w+ )?(?:cards?|wallet|purse)\b"
)
# A payment that is to be made many times is another thing than one.
_AGAIN_AND_AGAIN = re.compile(
    r"\b(?:(?:every|each|per) (?:\w+ )?(?:day|week|fortnight|month|quarter|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday|time)"
    r"|daily|weekly|fortnightly|monthly|quarterly|yearly|annually|regular(?:ly)?|recurring|repeating|standing order|direct debit|subscription)\b"
)
# Words without which nothing is ordered: most questions have none of them, and cost nothing here.
MAY_BE = re.compile(
    r"\b(?:pay|send|transfer|wire|move|put|give|lend|owe|owes|refund|settle|square|split|shift|top|stick|bring|take|ping|bung|sling|chuck|get|go|gets"
    r"|needs|payment|payee|payees|beneficiary|freeze|frozen|block|lock|stop|hold|suspend|disable|turn|unfreeze|unblock|unlock|reactivate|activate"
    r"|lost|lose|find|found|stolen|stole|nicked|mugged|missing|gone|dropped|left|took|taken|replace|replacement|new|another|damaged|broken|cards?|wallet|purse"
    r"|save|add|money|bill|invoice|back|pop|whip|empty|clear|reimburse|cover|draw|switch|again|quid|thaw|mislaid|snapped)\b|\d(?:\.\d\d)? (?:to|for)\b"
)
_LEADS = "to|pay|paying|send|give|gie|lend|owe|refund|reimburse|add|save|with|wire|ping|bung|sling|chuck|pop"
_NAMED = re.compile(rf"\b(?P<lead>(?i:{_LEADS}))\s+(?P<name>[A-Z][\w'-]*(?:\s+[A-Z][\w'-]*)*)")
_WORD = re.compile(r"[^\W\d_][\w'-]*")


def spoken(message: str, names: frozenset[str], accounts: Sequence[Account] = ()) -> str:
    """A message with an ordinary amount, account and name in the place of its own: what wordings are compared with.

    names: words of those whom the customer pays. accounts: their own.
    """
    for account in accounts:
        kind = "savings account" if account.kind is AccountKind.SAVINGS else "current account"
        for name in (account.name, *account_names(account)):
            message = re.sub(rf"\b{re.escape(name)}\b", kind, message, flags=re.IGNORECASE)
    for pattern in _DETAILS:
        message = pattern.sub(" Acme ", message)
    for match, _, _ in reversed(_in_words(message, "GBP")):
        message = f"{message[: match.start()]} £50 {message[match.end() :]}"
    text = _AMOUNT.sub(" £50 ", _NUMBERS.sub(" ", message))
    text = plain(_NAMED.sub(r"\g<lead> Acme", text))
    text = _WORD.sub(lambda m: "acme" if m.group().removesuffix("'s") in names else m.group(), text)
    return re.sub(r"\s+", " ", re.sub(r"\bacme(?:'s)?(?: acme)+\b", "acme", text)).strip()


# Values

_UNITS = r"pounds?|quid|gbp|euros?|eur|dollars?|usd|pence|p"
_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
_AMOUNT = re.compile(
    rf"(?<![\w.,/-])(?:(?:[£$€]|\b(?:gbp|eur|usd)\b)\s?)?(?:{_FIGURE})\s?(?:k\b|grand\b|(?:{_UNITS})\b)?(?![\w%]|[.,/-]\d)",
    re.IGNORECASE,
)
# Sort codes, account numbers, IBANs and days are no amounts.
_SORT = r"\d{2}[- ]\d{2}[- ]\d{2}|\d{6}"
_IBAN = r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?"
_NUMBERS = re.compile(
    rf"(?<!\w)(?:{_SORT}|\d{{7,}}|{_IBAN})(?!\w)|\b\d{{1,2}}(?:st|nd|rd|th)\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b|\b\d{{4}}-\d\d-\d\d\b"
)
_COUNTED = re.compile(
    rf"\s+(?:{'|'.join(periods.MONTHS)}|pizzas?|tickets?|people|persons?|of (?:us|them)|lots of|times?|hours?|days?|weeks?|months?|years?)\b"
    r"|(?:-?a-?|\s-?a[-\s])side\b|-[^\W\d_]",
    re.IGNORECASE,
)
# A figure after one of these tells which one, and not how much.
_NUMBERED = re.compile(
    rf"\b(?:{'|'.join(periods.MONTHS)}|flat|unit|room|number|no\.?|nr\.?|house|apartment|order|invoice|inv|bill|ticket|day|week|month|term|year|part|class|table"
    r"|seat|row|level|stage|item|player|under|aged?|account|ending|in|of|since)\s*#?\s*$|#\s*$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:in|of|since|for|year)\s*$", re.IGNORECASE)
_IN_WORDS = re.compile(
    rf"(?<![\w-])(?:a\s+)?(?P<words>(?:{NUMERAL})(?:(?:\s+and\s+|[\s-]+)(?:{NUMERAL}))*)(?P<unit>\s+(?:pounds?|quid|euros?|dollars?|pence))?(?![\w-])",
    re.IGNORECASE,
)
_LIKE_AN_AMOUNT = re.compile(
    r"(?:^|\b(?:send|pay|give|lend|transfer|move|wire|owe|put|bung|ping|sling|chuck|stick|make it|it's|of|or|just|only|about)\b.{0,25})\s*$",
    re.IGNORECASE,
)
_AFTER_AMOUNT = re.compile(
    r"\s*(?:$|[.,!]|(?:to|for|into|please|pls|from|instead|over|across|back|in|or|each|on|with)\b)", re.IGNORECASE
)
# How much it is depends on something beside the figure.
_NOT_JUST = re.compile(
    rf"\b(?:at least|at most|up to|more than|less than|no more than|around|(?<!what )(?<!how )about|approx\w*|roughly|nearly|almost|between|half(?: of)?|a third of|double|twice|treble"
    rf"|plus|minus|add|added|knock off|lots of|times)\s+(?:a |another )?(?:[£$€]?\d|{NUMERAL})"
    rf"|(?:\d|\b(?:{NUMERAL}))(?:\s?(?:pounds?|quid|euros?|p|pence))?\s+(?:each|apiece|a head|per (?:person|head)|a piece|twice|more|less|extra|or so|ish|a (?:day|week|month)|on top"
    rf"|minus|plus|times|off)\b|(?:pounds?|quid|euros?)\s+(?:{NUMERAL}|\d)|\d\s?(?:%|percent|per cent|x\s?\d)|\bx\s?\d\b|\d-?ish\b",
    re.IGNORECASE,
)
_CODES = {
    "£": "GBP", "$": "USD", "€": "EUR", "pound": "GBP", "quid": "GBP", "gbp": "GBP", "pence": "GBP", "tenner": "GBP", "fiver": "GBP",
    "euro": "EUR", "eur": "EUR", "dollar": "USD", "usd": "USD",
}  # fmt: skip


def amounts(text: str, usual: str) -> list[Money]:
    """Every amount that is said. usual: the currency of a bare figure.

    A fraction of a minor unit is no amount, nor is zero, nor a figure that counts or numbers something.
    """
    hidden = _NUMBERS.sub(lambda m: " " * len(m.group()), text)
    found: list[Money] = []
    for match in _AMOUNT.finditer(hidden):
        words = match.group().strip()
        marked = re.search(rf"[£$€]|^[a-z]{{3}}|\d\s?(?:k|grand|{_UNITS})$", words, re.IGNORECASE) is not None
        money = _money(words, usual)
        if money is not None and (marked or not _counts(hidden, match, words)):
            found.append(money)
    found += _with_pence(_in_words(hidden, usual), hidden)
    return list(dict.fromkeys(found))


def _counts(text: str, match: re.Match[str], words: str) -> bool:
    before = text[: match.start()]
    year = re.fullmatch(r"20\d\d", words) is not None and _YEAR.search(before) is not None
    return year or _COUNTED.match(text, match.end()) is not None or _NUMBERED.search(before) is not None


def _in_words(text: str, usual: str) -> list[tuple[re.Match[str], list[Money], bool]]:
    """Amounts in words, where they stand; "three fifty" may be two."""
    found = []
    for match in _IN_WORDS.finditer(text):
        numbers = values(re.findall(rf"(?:{NUMERAL})\b", match["words"].lower()))
        unit = (match["unit"] or "").strip().lower()
        marked = bool(unit) or any(note in match["words"].lower() for note in NOTES)
        # "Five a side", "new one": a bare word is an amount where it stands like one.
        like = _LIKE_AN_AMOUNT.search(text[: match.start()]) and _AFTER_AMOUNT.match(text[match.end() :])
        if marked or (like and max(numbers) >= LEAST_BARE):
            pence = Decimal(100 if unit == "pence" else 1)
            found.append((match, [Money.of(Decimal(v) / pence, _code(match.group(), usual)) for v in numbers], marked))
    return found


def _with_pence(found: Sequence[tuple[re.Match[str], list[Money], bool]], text: str) -> list[Money]:
    """Amounts in words; pence right after pounds belong to them."""
    amounts: list[Money] = []
    end = None
    for match, some, _ in found:
        unit = (match["unit"] or "").strip().lower()
        beside = end is not None and re.fullmatch(r"\s*(?:and\s+)?", text[end : match.start()])
        if unit == "pence" and beside and len(some) == 1:
            amounts[-1] += some[0]
        else:
            amounts += some
        end = match.end() if unit.startswith("pound") and len(some) == 1 else None
    return amounts


# A smaller number in words alone is hardly an amount.
LEAST_BARE = 5


def _code(words: str, usual: str) -> str:
    return next((code for sign, code in _CODES.items() if sign in words.lower()), usual)


def _money(words: str, usual: str) -> Money | None:
    figure = re.search(_FIGURE, words)
    if figure is None:
        return None
    value, low = Decimal(figure.group().replace(",", "")), words.lower()
    if low.endswith(("k", "grand")):
        value *= 1000
    elif re.search(r"\d\s?(?:p|pence)$", low):
        value /= 100
    try:
        money = Money.of(value, _code(words, usual))
    except InvalidInput:
        return None
    return money if money.minor > 0 else None


# Where a name that was said must end.
_STOP = (
    r"(?=$|[,;:!?\n(]|\.(?:\s|$)|\s+(?:[£$€]|\d)|\s+(?:for|from|with|ref|reference|on|about|around|roughly|at least|at most|up to|between|each|twice|both|minus|plus|half|today|tomorrow|now|please|pls|by|via|as|at|and|back|asap|out of|into|in"
    rf"|my|our|the|an?|the same|same|like|what|whatever|to|(?:a )?(?:{NUMERAL})|using|that|some|money|his|her|their|instead|again|over|would you|will you|could you|can you|if you|whenever|when|i owe|which|cheers|ta|thanks|thank you|thx|mate"
    r"|who|whose|account|acc|sort|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b)"
)
_NAME = r"(?P<name>[^\W\d_][^\d,;:!?\n]{0,60}?)"
_WHOM = (
    re.compile(rf"\b(?:to|with)\s+{_NAME}{_STOP}", re.IGNORECASE),
    re.compile(rf"\b(?:{_LEADS})\s+{_NAME}{_STOP}", re.IGNORECASE),
    re.compile(rf"\b(?:is|called|named|name)\s+{_NAME}{_STOP}", re.IGNORECASE),
    re.compile(r"^(?P<name>[^\W\d_][^\d,;:!?\n]{0,40}?)\s+(?:needs|wants|gets)\b", re.IGNORECASE),
    # Putting right: "I said Pemberton", "not Obi, Whitlock".
    re.compile(rf"(?:\bi (?:said|meant|mean)|^no,|\bnot [^\W\d_]+,?(?: but)?)\s+{_NAME}{_STOP}", re.IGNORECASE),
    re.compile(rf"\bfor\s+{_NAME}{_STOP}", re.IGNORECASE),
)
_PUT_RIGHT = re.compile(
    r"(?:(?:no|nope|sorry|wait|actually|make (?:it|that)|i (?:said|mean|meant))[, ]+)+(?:to |it's |for )?(?P<name>[^\d,;:!?\n]{2,40})$",
    re.IGNORECASE,
)
_OTHER_ONE = re.compile(rf"\b(?:other|wrong|different)\s+{_NAME}{_STOP}", re.IGNORECASE)
_NOBODY = frozenset(
    [
        "me",
        "my",
        "our",
        "the",
        "a",
        "an",
        "some",
        "money",
        "it",
        "that",
        "this",
        "them",
        "him",
        "her",
        "us",
        "you",
        "payment",
        "payments",
        "bill",
        "invoice",
        "below",
        "attached",
        "back",
        "something",
        "somebody",
        "someone",
        "please",
        "need",
        "want",
        "like",
        "see",
        "make",
        "do",
        "can",
        "could",
        "payee",
        "payees",
        "new",
        "beneficiary",
        "account",
        "accounts",
        "number",
        "sort",
        "code",
        "transfer",
        "card",
        "cards",
        *("back", "difference", "number", "reference", "rest", "people", "can", "could", "would", "up", "over", "in", "i"),
        *(
            "there",
            "here",
            "everyone",
            "everybody",
            "add",
            "everything",
            "all",
            "half",
            "other",
            "each",
            "both",
            "person",
            "paid",
        ),
        "what",
        "pay",
        "send",
        "his",
        "their",
        "confirm",
        "go",
        "ahead",
        "wrong",
        "another",
        "different",
        "bank",
        "details",
        "same",
        "usual",
        "amount",
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "one",
        "of",
        "list",
    ]
)
_NO_ANSWER = _NOBODY | {"yes", "yeah", "yep", "no", "nope", "ok", "okay", "sure", "fine", "dunno", "idk", "know", "don't", "not"}
_OWN = r"(?P<name>(?:my |our |the )?[^\d,;:!?\n.£$€]{2,40}?)"
_OWN_END = r"(?=$|[,;:!?\n.£$€]|\s+(?:to|into|in|from|out of|for|with|on|please|pls|ref|reference|today|tomorrow|instead|by|and)\b|\s+\d)"
_ACCOUNT_WORD = re.compile(r"\b(?:account|savings?|saver|pot|isa|fund|card)\b", re.IGNORECASE)
_FROM = re.compile(
    rf"\b(?:from|out of|using|empty|drain|clear out|(?:everything|all|half|most|some|rest|money|left|what's|what is)(?: that(?:'s| is)| the money| my money)? (?:in|of|inside))\s+{_OWN}{_OWN_END}",
    re.IGNORECASE,
)
_USED = re.compile(rf"\b(?:use|with)\s+{_OWN}{_OWN_END}", re.IGNORECASE)
_INTO = re.compile(
    rf"\b(?:to|into|top up|(?:put|stick|pop|place|leave|save|bung|chuck|sling)\b[^,.;!?\n]{{0,30}}? (?:in|inside))\s+{_OWN}{_OWN_END}",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:put|use|write|with) [\"'“]?(?P<before>[^\"'”,;\n]{1,40}?)[\"'”]? (?:as|for|in) (?:the |my |a )?ref(?:erence)?\b"
    r"|\b(?<!no )(?<!without )(?<!without a )(?:(?:with |and |under )?(?:the |a )?ref(?:erence)?\b(?: is| of|:| saying|,)?|saying|marked|labelled)\s+[\"'“]?(?P<words>[^\"'”,;\n]{1,40}?)[\"'”]?"
    r"(?=$|[,;\n]|\.(?:\s|$)|\s+(?:from|to|as (?:the )?ref\w*|today|tomorrow|please)\b)",
    re.IGNORECASE,
)
_NO_REFERENCE = re.compile(r"\b(?:no|without(?: a| any| the)?|remove the|leave out the) ref(?:erence)?\b", re.IGNORECASE)
_FOR = re.compile(
    r"\bfor\s+(?:the |my |our |a |an |his |her )?(?P<words>[^\W\d_][^£$€,;:!?\n.]{0,34}?)(?=$|[,;:!?\n.]|\s+(?:from|to|on|today|tomorrow|please|with|ref|and)\b)",
    re.IGNORECASE,
)
_NO_REASON = frozenset(
    ["me", "us", "him", "her", "them", "it", "that", "this", "now", "today", "tomorrow", "last", "next", "once", "sure"]
)
_THEN = (
    r"(?:last (?:month|time|week)|before|usual|always|ever|(?:in )?(?:last )?(?:" + "|".join(periods.MONTHS) + r")(?: 20\d\d)?)"
)
_REPEAT = re.compile(
    rf"\b(?:(?:the )?same (?:amount |sum |again )?(?:as |like |that |what )?(?:(?!{_THEN})[\w']+ ){{0,5}}?{_THEN}\b|(?:the )?same (?:amount|again)"
    rf"|(?:like|as) last (?:month|time|week)|what(?:ever)? (?:i|we) (?:last |usually |normally |always )?(?:paid|pay|sent|send|gave|give)"
    rf"(?: (?:her|him|them|it))?(?: {_THEN})?|as (?:usual|always)|the usual(?: amount)?|the difference"
    r"|what(?:ever)? (?:they|he|she|[a-z]+)(?:'ve| have| has|'s)? (?:sent|paid|gave|lent)(?: me)?|(?:their|his|her) money back)\b",
    re.IGNORECASE,
)
# What a payee's bank prints: the characters and the length that Faster Payments takes.
LONGEST_NAME = 70
_STRANGE, REFERENCE = re.compile(r"[^A-Za-z0-9 &'./+-]"), 18
_DETAILS = (
    re.compile(rf"(?<!\d)(?P<sort>{_SORT})(?!\d)\D{{0,30}}?(?<!\d)(?P<number>\d{{8}})(?!\d)"),
    re.compile(rf"(?<!\d)(?P<number>\d{{8}})(?!\d)\D{{0,30}}?(?<!\d)(?P<sort>{_SORT})(?!\d)"),
)
_WEEKDAY = re.compile(rf"\b(?:on |this |next |by )?(?P<day>{'|'.join(periods.WEEKDAYS)})\b", re.IGNORECASE)
_IN_FIGURES = re.compile(
    r"(?<![\d/.-])(?:\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}\.\d{1,2}\.\d{2,4}|\d{4}-\d\d-\d\d)(?![\d/.-]| of\b)"
)
# Days on the one side of a day.
_BESIDE_A_DAY = re.compile(
    rf"\b(?:before|after|from|until|either) (?:on )?(?:the )?(?:{'|'.join(periods.WEEKDAYS)}|\d{{1,2}}(?:st|nd|rd|th)?\b(?! (?:quid|pounds?))|tomorrow)\b"
)
# A time that is no one day, or that nobody here waits for.
_SOME_TIME = re.compile(
    r"\b(?:tonight|later|pay ?day|(?:the|this|next) weekend(?!')|(?:on|at|by|before) (?:christmas|new year|easter|boxing)|(?:end|start|beginning|middle) of (?:the|this|next)"
    rf"|in (?:an?|a few|a couple of|\d+|{NUMERAL}) (?:minutes?|hours?|days?|weeks?|fortnights?|months?)|next (?:week|month|year)(?!')|yesterday|at (?:noon|midnight)"
    r"|this (?:evening|afternoon|morning)|in the (?:morning|evening|afternoon)|when(?:ever)? it(?:'s| is) due)\b|\b\d{1,2}(?::\d\d)?\s?(?:am|pm)\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{'|'.join(periods.MONTHS)})\b|\bthe \d{{1,2}}(?:st|nd|rd|th)\b"
)
_OF_MONTH = re.compile(
    rf"\b(?:on )?(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{'|'.join(periods.MONTHS)})\b|\b(?:on )?the (?P<only>\d{{1,2}})(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)


def own_words(message: str) -> str:
    """What is wanted in a message, account numbers written in one way."""
    text = _TOMORROW.sub("tomorrow", ordered(message))
    for iban in reversed(
        [one for one in masking.personal(text) if one.kind is masking.Kind.IBAN] if "GB" in text.upper() else []
    ):
        digits = re.sub(r"\D", "", text[iban.start : iban.end])[2:]
        if len(digits) == 14:
            text = f"{text[: iban.start]}{digits[:6]} {digits[6:]}{text[iban.end :]}"
    return _SPELT_DETAILS.sub(lambda m: m.group() if "/" in m["sort"] and not _SORT_SAID.search(text) else _in_one_way(m), text)


_TOMORROW = re.compile(r"\b(?:tmrw|tmr|tmw|tomoz|2moro|2morrow|tomorow|tommorow|tommorrow)\b", re.IGNORECASE)
_SPELT_DETAILS = re.compile(
    r"(?<![\d.,£$€/-])(?P<sort>(\d{2}) ?[-–—./ ] ?(\d{2}) ?[-–—./ ] ?(\d{2}))(?P<between>\D{1,30}?)(?P<number>\d{4}[ -]?\d{4})(?!\d)"
)
_SORT_SAID = re.compile(r"\b(?:sort|s/c|sc)\b", re.IGNORECASE)


def _in_one_way(details: re.Match[str]) -> str:
    return f"{details[2]}-{details[3]}-{details[4]}{details['between']}{re.sub(r'[ -]', '', details['number'])}"


def read(text: str, draft: Draft, around: Around) -> tuple[Draft, Several | None]:
    """A draft with what a message says of it put in, and what in it can mean more than one thing, which the draft is without.

    text: the customer's own words alone. What is said again takes the place of what was said before.
    """
    said, put_right = _corrected(text)
    if put_right:
        first, _ = read(said, draft, around)
        second, unclear_too = read(put_right, first.model_copy(update={"asked": ""}), around)
        if unclear_too is None and second == first:
            # What was taken back is not known, so it may be anything.
            return Draft(action=draft.action), Several(field="again", said=text, names=())
        return second, unclear_too
    asked, draft = draft.asked, draft.model_copy(update={"asked": ""})
    before, unclear = draft, list[Several]()
    for part in _PARTS.get(draft.action, ()):
        found = part(text, draft, around, asked)
        if isinstance(found, Several):
            unclear.append(found)
        else:
            draft = found
    still = open_to(around.accounts)
    if draft != before and not unclear and asked in still and draft.origins.get(asked) == before.origins.get(asked):
        unclear.append(Several(field=asked, said=text, names=still[asked]))
    for one in unclear:
        draft = _without(draft, one.field) if one.field != "again" else draft
    if unclear and unclear[0].field == "whom":
        draft = _with_each(text, draft, around)
    return draft, next(iter(unclear), None)


def _with_each(text: str, draft: Draft, around: Around) -> Draft:
    """A draft with what is to go to each of several: so much is for whichever of them is chosen."""
    each = [money for match in _EACH.finditer(text) for money in amounts(match[0], _home(draft, around))]
    return draft.having("amount", Origin.CUSTOMER, amount=each[0]) if len(each) == 1 else draft


_EACH = re.compile(rf"(?:{_AMOUNT.pattern})(?=\s+(?:each|apiece)\b)", re.IGNORECASE)


_CORRECTS = re.compile(
    r"[,.;!-]? *(?:\.\.+|…)? *\b(?=(?:no,? wait|wait,? no|no,? sorry|sorry,? (?:no|i mean\w*|make)|actually,? (?:no|make|to|it)|scratch that|i mean\b(?!t to)"
    r"|(?:no|wait|oh|hang on|hold on),? (?:make|i mean\w*|actually)|(?<=, )make (?:it|that))\b)",
    re.IGNORECASE,
)


def _corrected(text: str) -> tuple[str, str]:
    """A message in what was said first and what puts it right; the second is empty where nothing does."""
    found = next(
        (match for match in _CORRECTS.finditer(text) if match.start() > 0 and MAY_BE.search(plain(text[: match.start()]))), None
    )
    return (text[: found.start()], text[found.end() :].strip()) if found else (text, "")


# What takes from the bank what it must do before anything moves.
_SKIPS = re.compile(
    r"\b(?:(?:skip|bypass|without|no need (?:for|to)|don'?t (?:need|bother|ask)(?: me)?(?: for| with)?|never mind|forget|ignore|disregard|override|waive) "
    r"(?:\w+ ){0,3}?(?:confirm\w*|checks?|rules?|instructions?|security|polic(?:y|ies)|verification|limits?|asking|step[- ]?up|programming|guidelines))\b",
    re.IGNORECASE,
)
_MOVES = re.compile(r"\b(?:pay|send|transfer|wire|move|empty|give|refund|put|drain)\b", re.IGNORECASE)


def skips(text: str) -> bool:
    """Whether something is to be done without what the bank has to do first."""
    return _SKIPS.search(text) is not None


def skips_rules(text: str) -> bool:
    """Whether money is to move without what the bank has to do first."""
    return skips(text) and _MOVES.search(text) is not None


_CLAUSE = re.compile(r"[.;!?]\s+|,\s+(?=and|oh|also|then|what|how)|\b(?:and then|and also|and|oh)\b")
_TO_CARDS = re.compile(r"\b(?:freeze|block|lock|unfreeze|unblock|replace|cancel)\b.*\bcards?\b")


# "What I paid and what she sent" are what lies between, and no question.
_BETWEEN = re.compile(r"\bdifference between\b[^.;!?]*")


def wishes_more(message: str) -> bool:
    """Whether a message with a payment in it asks or wants something beside: a question, or something done to a card."""
    clauses = [clause.strip(" ,") for clause in _CLAUSE.split(_BETWEEN.sub("", plain(message)))]
    return len(clauses) > 1 and any(
        len(clause.split()) > 2 and (_TO_CARDS.search(clause) or _QUESTION.match(clause)) for clause in clauses
    )


def is_abroad(text: str, draft: Draft, usual: str) -> bool:
    """Whether a payment goes where none can go from here: to an account by its IBAN, or in another currency than the usual."""
    by_iban = any(one.kind is masking.Kind.IBAN for one in masking.personal(text))
    return by_iban or (draft.amount is not None and draft.amount.currency != usual)


_COMMAND = re.compile(
    r"^(?:(?:hi|hiya|hey|hello|yo|ok|okay|so|and|then|please|pls|plz|can|could|would|will|you|u|just|now|i|we|need|want|would|like|i'd|i'll"
    r"|to|have|must|gotta|kindly|alright|right|sorry|be|kind|as|good|morning|afternoon|evening)\b[ ,!]*)*"
    r"(?:pay|send|transfer|wire|refund|reimburse|repay|settle up|ping|bung|pop|chuck|sling|whip|empty|give)\s+(?![^.?!;]*\bin (?:with|too|as well)\b)(?!me\b|us\b|day|attention|out\b|more\b|less\b|for\b|in\b|with\b|off\b)[£$€]?\w"
)


def commands(message: str) -> bool:
    """Whether a message begins as only an order does, or wants money moved past the rules: it is no question, whatever it is like."""
    low = plain(message)
    return (_COMMAND.match(low) is not None and wanted(low)) or skips_rules(low) or bool(stops_first(message))


def stops_first(message: str) -> str:
    """The clause that stops a card where a question stands behind it, else nothing: "freeze my card, and what is pending?"."""
    first, *more = [clause.strip(" ,") for clause in _CLAUSE.split(plain(message))]
    return first if _STOPS.match(first) and any(_QUESTION.match(clause) for clause in more) else ""


_STOPS = re.compile(
    r"(?:(?:please|pls|plz|can|could|would|will|you|u|just|now|quick|quickly|hi|hey|ok|urgent)\b[ ,!]*)*"
    r"(?:freeze|block|lock) (?:my|the|both|all|our)\b.*\bcards?$"
)


def open_to(accounts: Sequence[Account]) -> Mapping[str, tuple[str, ...]]:
    """What another value is no answer to, and leaves as open as it was: each with what is offered for it."""
    return {"account": tuple(a.name for a in accounts), "on": DAYS}


def says_somebody(draft: Draft, accounts: Sequence[Account]) -> bool:
    """Whether what is said for whom it is to is a person or company, and no account of one's own."""
    return (
        bool(words_of(plain(draft.said)) - _NOBODY)
        and not _ACCOUNT_WORD.search(draft.said)
        and not says_account(draft.said, accounts)
    )


def is_name(text: str) -> bool:
    """Whether a short text can be somebody's name."""
    return not re.search(r"\d", text) and bool(words_of(plain(text)) - _NO_ANSWER)


# What is offered where a day is asked for.
DAYS = ("Today", "Tomorrow")
_NO_AMOUNT: Mapping[str, object] = {"amount": None, "repeat": "", "as_on": None, "whole": "", "worked": None}
_CLEARED: Mapping[str, Mapping[str, object]] = {
    "amount": _NO_AMOUNT,
    "payee": {"payee": None, "said": ""},
    "account": {"account": None},
    "on": {"on": None},
}


def _without(draft: Draft, field: str) -> Draft:
    """A draft without a value, and without what came with it."""
    field = "payee" if field == "whom" else field
    origins = {name: origin for name, origin in draft.origins.items() if name != field}
    draft = draft.model_copy(update={**_CLEARED[field], "origins": origins})
    return _without_kept(draft) if field == "payee" else draft


def _without_kept(draft: Draft) -> Draft:
    """A draft without what is kept with its payee, or was read from what was paid to them."""
    left = {name: at for name, at in draft.origins.items() if at[0] is not Origin.BENEFICIARY}
    values: dict[str, object] = {
        name: "" if name == "reference" else None for name in ("account", "reference") if name not in left
    }
    if left.get("amount", ("",))[0] is Origin.BANK:
        values |= _NO_AMOUNT
        del left["amount"]
    return draft.model_copy(update={**values, "origins": left})


def without_content(draft: Draft) -> Draft:
    """A draft without what was taken from content."""
    own = {name: origin for name, origin in draft.origins.items() if origin[0] is not Origin.DATA}
    for name in draft.origins.keys() - own.keys():
        draft = draft.model_copy(update=_CLEARED.get(name, {name: ""}))
    return draft.model_copy(update={"origins": own})


def filled(draft: Draft, bill: Bill, around: Around) -> Draft:
    """A draft with what the customer has not said themselves taken from content that they pasted, and marked as that.

    What content does not say in one way alone is left to be asked.
    """
    if draft.amount is None and not draft.repeat and isinstance(bill.amount, Said):
        said = amounts(bill.amount.words, _home(draft, around))
        if len(said) == 1:
            draft = draft.having("amount", Origin.DATA, PASTED, amount=said[0])
    if draft.payee is None and isinstance(bill.account, Said) and isinstance(bill.sort_code, Said):
        digits = re.sub(r"\D", "", bill.sort_code.words + bill.account.words)
        name = bill.payee.words if isinstance(bill.payee, Said) else draft.said
        saved = next((b for b in around.beneficiaries if re.sub(r"\D", "", b.identification) == digits), None)
        if saved is not None:
            draft = to_saved(saved, draft)
            draft = draft.having("payee", Origin.DATA, PASTED, said=saved.name)
        else:
            payee = Payee(name=name, scheme=SORT_CODE, identification=digits)
            draft = draft.having("payee", Origin.DATA, PASTED, payee=payee, said=name)
    if not draft.reference and isinstance(bill.reference, Said) and (reference := as_reference(bill.reference.words)):
        draft = draft.having("reference", Origin.DATA, PASTED, reference=reference)
    return draft


# What a value that stood in content was read from.
PASTED = "the text you pasted"


def _amount(text: str, draft: Draft, around: Around, asked: str) -> Draft | Several:
    without = without_parts(_REFERENCE.sub(" ", text))
    without = _OF_SUM.sub(" ", without) if divides(text) else without
    said = amounts(without, _home(draft, around))
    if (share := _share(text, said, draft)) is not None:
        return _no_amount(draft).having("amount", Origin.CUSTOMER, amount=share.amount, worked=share)
    if said and divides(text):
        # A share that nobody can work out is not the whole.
        return Several(field="amount", said=text, names=tuple(money.shown() for money in said))
    if (
        len(said) > 1
        or (said and _NOT_JUST.search(_NUMBERS.sub(" ", without)))
        or (draft.amount and _RELATIVE.fullmatch(plain(text)))
    ):
        return Several(field="amount", said=text, names=tuple(money.shown() for money in said) if len(said) > 1 else ())
    if said:
        return _no_amount(draft).having("amount", Origin.CUSTOMER, amount=said[0])
    if again := _REPEAT.search(without):
        return draft.model_copy(update={**_NO_AMOUNT, "repeat": again.group()})
    whole = says_all(plain(without))
    return draft.model_copy(update={**_NO_AMOUNT, "whole": whole}) if whole else draft


_OF_SUM = re.compile(r"\bof (?=[£$€]?\d)", re.IGNORECASE)


def _no_amount(draft: Draft) -> Draft:
    return draft.model_copy(update=_NO_AMOUNT)


def _share(text: str, said: Sequence[Money], draft: Draft) -> Worked | None:
    """What is to be paid of an amount in the message, or of the one that was under way: "half of it"."""
    if not said and draft.amount is not None and draft.worked is None and (parts := parts_of(text)) is not None:
        return Worked(of=(draft.amount,), parts=parts)
    found = worked(text, said)
    return found if found is not None and found.amount.minor > 0 else None


def says_same(repeat: str) -> bool:
    """Whether words that point at an amount of before mean that very amount, paid again: not what somebody else sent."""
    return bool(repeat) and re.search(r"^what(?:ever)? (?!(?:i|we)\b)|\bmoney back\b", repeat.casefold()) is None


# A change of an amount that does not say which.
_RELATIVE = re.compile(
    r"(?:make it |a bit |send |please |just )*(?:double|halve|half|treble|twice|more|less)(?: (?:it|that|please|than that|of it|of that|as much))*[ .!]*"
)


def _home(draft: Draft, around: Around) -> str:
    held = [a for a in around.accounts if draft.account in (None, a.id)]
    return held[0].currency if held else "GBP"


def _accounts(text: str, draft: Draft, around: Around, asked: str) -> Draft | Several:
    """The accounts that money leaves, and for a transfer reaches, where words name the customer's own."""
    source = next((found for way in (_FROM, _USED) for m in way.finditer(text) if (found := own_accounts(m["name"], around))), [])
    into = next((found for m in _INTO.finditer(text) if (found := own_accounts(m["name"], around))), [])
    if asked == "account" and not source and not into:
        source = own_accounts(text, around) or accounts_named(text, around.accounts)
    if asked == "payee" and draft.action is Action.TRANSFER and not into:
        into = own_accounts(text, around) or accounts_named(text, around.accounts)
    if asked == "payee" and not into:
        into = [a for a in around.accounts if a.holders and plain(text) == plain(whose(a))]
    if not into and (kin := _KINS_ACCOUNT.search(plain(text))) is not None:
        theirs = [whose(a) for a in around.accounts if a.id in around.mandates]
        saved = [b.name for b in matching(kin["kin"], around.beneficiaries)]
        if theirs:
            return Several(field="payee", said=text, names=(*theirs, *saved))
    for field, found in (("account", source), ("payee", into)):
        if len(found) > 1:
            return Several(field=field, said=text, names=tuple(a.name for a in found))
    unknown = next((m["name"] for m in _FROM.finditer(text) if _may_be_account(m["name"], around)), "")
    if unknown and not source:
        # An account that is named is never another one.
        return Several(field="account", said=unknown, names=tuple(a.name for a in around.accounts))
    if source and into and into[0].id == source[0].id:
        return Several(field="payee", said=text, names=tuple(a.name for a in around.accounts if a.id != source[0].id))
    if source:
        draft = draft.having("account", Origin.CUSTOMER, account=source[0].id)
    if into:
        to = into[0]
        if (to.id in around.mandates) is not (draft.account in around.mandates) and to.holders:
            # Between one's own account and somebody else's, money is paid.
            holder = Payee(name=to.holders, scheme=SORT_CODE, identification=to.identification)
            return draft.having("payee", Origin.BENEFICIARY, payee=holder, said=to.holders, action=Action.PAY)
        draft = to_own(to, draft, Origin.BENEFICIARY)
    return draft


_KINS_ACCOUNT = re.compile(
    r"\b(?:to|into) (?:my )?(?P<kin>mum|mam|mom|mother|dad|father|gran|granny|nan|aunt|uncle|wife|husband|son|daughter|brother|sister)'?s"
    r" (?:\w+ )?accounts?\b"
)


def whose(account: Account) -> str:
    """An account with whose it is."""
    return f"{account.name} of {account.holders}"


def _may_be_account(words: str, around: Around) -> bool:
    """Whether money may be meant to come from what words name: not from a day, or from "me"."""
    if _ACCOUNT_WORD.search(words):
        return True
    dated = any(True for _ in periods.find(words, Today(around.today)))
    return bool(words_of(plain(words)) - _NO_ACCOUNT) and not dated and not amounts(words, "GBP")


_NO_ACCOUNT = frozenset([
    "me", "us", "my", "our", "the", "all", "of", "that", "it", "this", "there", "here", "him", "her", "them", "both", "and",
    "family", "end", "side",
])  # fmt: skip


def own_accounts(words: str, around: Around) -> list[Account]:
    """The accounts that words name; nothing where they do not have the form of an account's name."""
    name = plain(re.sub(r"^(?:my|our|the)\s+", "", words.strip(), flags=re.IGNORECASE)).removesuffix(" one")
    short = name.removesuffix(" account")
    whole = [a for a in around.accounts if short in (plain(a.name).removesuffix(" account"), *account_names(a))]
    if whole:
        return whole
    owner, _, what = name.partition("'s ")
    if what:
        # "Margaret's savings" are none of what is ours.
        theirs = [a for a in around.accounts if owner in holders_of(a)]
        if not theirs:
            return [a for a in around.accounts if plain(a.name).removesuffix(" account") == owner]
        return theirs if what == "account" else own_accounts(what, Around(around.beneficiaries, theirs, around.today))
    return accounts_named(name, around.accounts) if says_account(name, around.accounts) else []


def _day_and_reference(text: str, draft: Draft, around: Around, asked: str) -> Draft | Several:
    said = _REFERENCE.search(text) or next((m for m in _FOR.finditer(text) if _is_reason(m["words"], around)), None)
    reference = as_reference(said["words"] or said["before"]) if said else ""
    if reference or _NO_REFERENCE.search(text):
        draft = draft.having("reference", Origin.CUSTOMER, reference=reference)
    # "For Monday's game" says what it is for.
    without = without_parts(_REFERENCE.sub(" ", text.replace(said.group(), " ") if said else text))
    dated = plain(_REPEAT.sub(" ", without))
    days = days_of(dated, around.today)
    some_time = days or _SOME_TIME.search(dated) or _IN_FIGURES.search(dated)
    if _BESIDE_A_DAY.search(dated) or waits(dated) or (len(days) != 1 and some_time):
        return Several(field="on", said=text, names=DAYS)
    return draft.having("on", Origin.CUSTOMER, on=days[0] if days[0] > around.today else None) if days else draft


def _is_reason(words: str, around: Around) -> bool:
    first = plain(words).split()[:1]
    day = days_of(plain(words), around.today) and len(words.split()) == 1
    return (
        bool(first)
        and not day
        and first[0] not in _NO_REASON
        and not amounts(words, "GBP")
        and not matching(words, around.beneficiaries)
    )


def as_reference(words: str) -> str:
    """Words as a payee's bank prints them."""
    return " ".join(_STRANGE.sub(" ", words).split())[:REFERENCE].strip()


def days_of(low: str, today: dt.date) -> list[dt.date]:
    """The days that a text in plain form names, each once, from today on."""
    found = [today + dt.timedelta(days=1)] if re.search(r"\btomorrow\b", low) else []
    for named in _OF_MONTH.finditer(low):
        on = _next_on(today, int(named["day"] or named["only"]), periods.MONTHS[named["month"]] if named["month"] else None)
        found += [on] if on else []
    for weekday in _WEEKDAY.finditer(low):
        found.append(today + dt.timedelta(days=(periods.WEEKDAYS[weekday["day"]] - today.weekday()) % 7 or 7))
    for figures in _IN_FIGURES.finditer(low):
        if short := re.fullmatch(r"(\d{1,2})/(\d{1,2})", figures.group()):
            # Of a day without a year, the one to come is meant: nothing is paid in the past.
            on = _next_on(today, int(short[1]), int(short[2]))
            found += [on] if on else []
            continue
        spans = periods.find(figures.group(), Today(today))
        found += [span.period.since for span in spans if span.period and span.period.since and span.period.since >= today]
    if not found and re.search(r"\b(?:today|now|immediately|right away|straight away|asap)\b", low):
        found = [today]
    return list(dict.fromkeys(found))


def _next_on(today: dt.date, day: int, month: int | None) -> dt.date | None:
    """The first such day from today on; None where the calendar has none within a year."""
    for ahead in range(366):
        on = today + dt.timedelta(days=ahead)
        if on.day == day and month in (None, on.month):
            return on
    return None


def details_of(text: str) -> str | None:
    """The sort code and account number in a text, as 14 digits."""
    found = next((m for pattern in _DETAILS if (m := pattern.search(text))), None)
    return re.sub(r"\D", "", found["sort"]) + found["number"] if found else None


def all_details(text: str) -> set[str]:
    """Every sort code with its account number in a text, each as 14 digits."""
    found = (match for pattern in _DETAILS for match in pattern.finditer(text))
    return {re.sub(r"\D", "", match["sort"]) + match["number"] for match in found}


def _payee(text: str, draft: Draft, around: Around, asked: str) -> Draft | Several:
    if (
        draft.payee is not None
        and draft.payee.own is not None
        and not any(matching(m["name"], around.beneficiaries) for m in _WHOM[0].finditer(text))
    ):
        return draft
    name = " ".join(text.split()).strip(" .!?")
    is_account = any(own_accounts(m["name"], around) for m in _FROM.finditer(text)) or own_accounts(text, around)
    name = _name_alone(name) if asked == "name" else name
    if (
        asked == "name"
        and draft.payee is not None
        and not is_account
        and words_of(name) - _NO_ANSWER
        and not amounts(name, "GBP")
    ):
        return draft.model_copy(update={"payee": draft.payee.model_copy(update={"name": name[:LONGEST_NAME]}), "said": name})
    names = _names(text, around)
    if (details := details_of(text)) is not None:
        saved = [b for b in around.beneficiaries if re.sub(r"\D", "", b.identification) == details]
        if saved:
            return to_saved(saved[0], draft)
        for_something = {m["name"].strip() for m in _WHOM[-1].finditer(text)}
        named = [name for name in names if name not in for_something]
        name = bare_name(text) or (_name_alone(named[0]) if named else draft.said)
        payee = Payee(name=name, scheme=SORT_CODE, identification=details)
        return _without_kept(draft).having("payee", Origin.CUSTOMER, payee=payee, said=name or draft.said)
    if asked == "payee":
        # One of those that were named, or the name by itself.
        among = matching(draft.said, around.beneficiaries) if draft.said else around.beneficiaries
        if _NONE_OF_THEM.fullmatch(plain(text).strip(" .!")):
            return draft.model_copy(update={"said": ""})
        chosen = _by_place(text, among) if draft.said else []
        chosen = chosen or matching(text, among) or matching(text, around.beneficiaries)
        if len(chosen) == 1:
            return to_saved(chosen[0], draft)
        if chosen:
            return Several(field="payee", said=text, names=tuple(b.name for b in chosen))
    if draft.payee is not None and (put_right := _PUT_RIGHT.match(text)) is not None:
        names = [put_right["name"], *names] if matching(put_right["name"], around.beneficiaries) else names
    if (both := _several(text, names, around)) is not None:
        return both
    if (other := _OTHER_ONE.search(text)) is not None and len(alike := matching(other["name"], around.beneficiaries)) > 1:
        return Several(field="payee", said=other["name"], names=tuple(b.name for b in alike))
    for name in names:
        found = matching(name, around.beneficiaries)
        if len(found) > 1:
            return Several(field="payee", said=name, names=tuple(b.name for b in found))
        if found:
            return to_saved(found[0], draft).model_copy(update={"said": name})
    if names and draft.payee is None and set(names) <= {m["name"].strip() for m in _WHOM[-1].finditer(text)}:
        # "For" says what it is for, where somebody else is named.
        mentioned = _mentioned(text, draft, around)
        if isinstance(mentioned, Several) or mentioned.payee is not None:
            return mentioned
    if names and (draft.action is not Action.TRANSFER or draft.payee is None):
        # Somebody who is not saved is nobody who was spoken of before.
        return _without_kept(draft).model_copy(update={"said": names[0], "payee": None})
    return draft if draft.payee is not None or asked else _mentioned(text, draft, around)


def _by_place(text: str, among: Sequence[Beneficiary]) -> Sequence[Beneficiary]:
    """Which of several that were offered "the second one" is; nothing where no place is told, or nobody is in it."""
    told = _PLACE.fullmatch(plain(text).strip(" .!"))
    if told is None or len(among) < 2:
        return []
    return among[-1:] if told["last"] else among[_PLACES[told["nth"]] :][:1]


_PLACES = {"first": 0, "former": 0, "second": 1, "third": 2}
_PLACE = re.compile(
    rf"(?:the |that )?(?:(?P<nth>{'|'.join(_PLACES)})|(?P<last>last|latter))(?: (?:one|of them|of those|person|name))?(?:,? please)?"
)
_NONE_OF_THEM = re.compile(
    r"(?:no,? )?(?:neither|none)(?: of (?:them|those|these|the (?:two|above)))?|somebody else|someone else"
)


def _names(text: str, around: Around) -> list[str]:
    """What may be a name of whom it is for, the likeliest first; own accounts are none."""
    found = [m["name"].strip() for pattern in _WHOM for m in pattern.finditer(_REFERENCE.sub(" ", text))]
    found = [_VERB_BEFORE.sub("", name) for name in found]
    named = [name for name in found if words_of(plain(name)) - _NOBODY and not amounts(name, "GBP")]
    return [name for name in named if matching(name, around.beneficiaries) or not own_accounts(name, around)]


_VERB_BEFORE = re.compile(rf"^(?:(?:{_LEADS})\s+)+", re.IGNORECASE)


def _several(text: str, names: Sequence[str], around: Around) -> Several | None:
    """More than one whom it is to go to: each is paid by itself."""
    to = [m["name"].strip() for m in _WHOM[1].finditer(_REFERENCE.sub(" ", text))]
    saved = {b.identification: b.name for name in to if len(found := matching(name, around.beneficiaries)) == 1 for b in found}
    for pair in _BOTH.finditer(_REFERENCE.sub(" ", text)):
        one, other = pair["name"].strip(), pair["other"].strip()
        # Beside a name, "mum" is somebody too.
        if _matching(words_of(plain(f"{one} {other}")) - _NOBODY, around.beneficiaries):
            continue
        beside = matching(other, around.beneficiaries)
        said = words_of(plain(other))
        number = re.match(rf"(?:{NUMERAL})\b", other, re.IGNORECASE)
        strange = said - _NOBODY and not said & _BESIDE and not number and pair["by"] != ","
        if beside or strange:
            offered = [b.name for b in [*matching(one, around.beneficiaries), *beside]]
            return Several(field="whom", said="", names=tuple(dict.fromkeys(offered)))
    return Several(field="whom", said="", names=tuple(saved.values())) if len(saved) > 1 else None


_BOTH = re.compile(
    rf"\b(?:{_LEADS})\s+(?P<name>[^\W\d_][^\d,;:!?\n]{{0,40}}?)\s*(?P<by>,|\band\b|&|\bplus\b)\s*(?:also |then |both )*(?:to )?"
    rf"(?P<other>[^\W\d_][^\d,;:!?\n]{{0,40}}?){_STOP}",
    re.IGNORECASE,
)
# What comes after "and" where nobody else does.
_BESIDE = frozenset([
    "thanks", "thank", "thankyou", "cheers", "ta", "please", "that's", "thats", "make", "be", "do", "let", "tell", "then",
    "quick", "quickly", "confirm", "it's", "its", "i", "i'll", "he", "she", "they", "we", "you", "use", "mark", "put", "send",
    "pay", "freeze", "block", "stop", "move", "transfer", "show", "say", "call", "also", "if", "when", "no", "yes", "don't",
    "not", "give", "get", "keep", "leave", "take", "check",
])  # fmt: skip


def _mentioned(text: str, draft: Draft, around: Around) -> Draft | Several:
    """Whose name, or what is paid to them, stands anywhere in a message: "my rent"."""
    words = words_of(plain(_FOR.sub(" ", text))) - _NOBODY
    shared = {b.id: len(words & words_of(plain(f"{b.name} {b.reference}"))) for b in around.beneficiaries}
    found = [b for b in around.beneficiaries if 0 < shared[b.id] == max(shared.values())]
    if len(found) > 1:
        return Several(field="payee", said=text, names=tuple(b.name for b in found))
    return to_saved(found[0], draft) if found else draft


def to_own(account: Account, draft: Draft, origin: Origin, source: str = "") -> Draft:
    """A draft of money that goes to an account of one's own. origin, source: of the choice of it."""
    own = Payee(name=account.name, scheme=SORT_CODE, identification=account.identification, own=account.id)
    return draft.having("payee", origin, source, payee=own, said=account.name, action=Action.TRANSFER)


def to_saved(payee: Beneficiary, draft: Draft) -> Draft:
    known = Payee(name=payee.name, scheme=SORT_CODE, identification=payee.identification, beneficiary=payee.id)
    draft = draft if draft.payee is None or draft.payee.identification == payee.identification else _without_kept(draft)
    draft = draft.having("payee", Origin.BENEFICIARY, payee=known)
    if draft.action is Action.TRANSFER:
        draft = draft.model_copy(update={"action": Action.PAY})
    if draft.account is None:
        # Whom an account may pay is kept with the account.
        draft = draft.having("account", Origin.BENEFICIARY, account=payee.account)
    if not draft.reference and payee.reference:
        draft = draft.having("reference", Origin.BENEFICIARY, reference=as_reference(payee.reference))
    return draft


def bare_name(text: str) -> str:
    """A name that stands beside its own account number: "John Smith 12-34-56 12345678"."""
    held = re.search(rf"\b(?:to|into)\s+{_NAME}'s? (?:bank )?account\b", text, re.IGNORECASE)
    before = re.match(r"[^\n]{0,30}?(?P<name>[^\W\d_][^\d,;:!?\n]{1,60}?)[ ,:;-]*(?=\d)", text)
    after = re.search(rf"\d{{6}}[ ,:;-]*(?:to|in the name of)?\s*{_NAME}{_STOP}", text)
    for found in filter(None, (held, before, after)):
        name = _name_alone(re.sub(r"\s*[£$€].*", "", found["name"]))
        if words_of(plain(name)) - _NOBODY:
            return name
    return ""


def _name_alone(words: str) -> str:
    """A name without what leads to it, and what it is to be saved as: "my builder Dave Cole", "Lucy Hart as a payee"."""
    return _AFTER_NAME.sub("", _LED_TO.sub("", _WHAT_THEY_ARE.sub("", words.strip()))).strip()


_WHAT_THEY_ARE = re.compile(rf"^(?i:(?:(?:{_LEADS}|please|pls|just|can|could|you)\s+)*)(?i:my|our) (?:[a-z]+ ){{1,2}}(?=[A-Z])")
_AFTER_NAME = re.compile(
    r"\s+as (?:a |an |my |our )?(?:new )?(?:payee|beneficiary|contact|person)\b.*$|\s+(?:to|on|onto|in|among) (?:my|our|the)\b.*$"
    r"|\s+(?:as well|too)$|(?:'s)?(?: new)?(?: bank)?(?: account)? details$|'s (?:bank )?account$",
    re.IGNORECASE,
)
_LED_TO = re.compile(
    rf"^(?:(?:{_LEADS}|set up|put|it is|that'?s|that is|they'?re|(?:the|his|her|their) name(?:'?s| is)?|name|a|new|payee|beneficiary|called|the|my|our|please|pls|plz|kindly|just|can|could|would|will|you|i|want|need|hi|hello|hey|ok|okay|it'?s|quid|pounds?|euros?|for)\b[\s:,]*)+",
    re.IGNORECASE,
)


def _why(text: str, draft: Draft, around: Around, asked: str) -> Draft:
    found = _LOSS.search(plain(text))
    return (
        draft.model_copy(update={"why": "stolen" if found["stolen"] else "damaged" if found["damaged"] else "lost"})
        if found
        else draft
    )


_LOSS = re.compile(
    r"\b(?:(?P<stolen>stolen|stole|nicked|mugged|robbed|pinched)|(?P<damaged>damaged|broken|broke|cracked|snapped|worn|bent|faulty|(?:stopped|not|n't) work\w*)"
    r"|lost|lose|missing|can't find|gone)\b"
)
_PARTS: Mapping[Action, tuple[Callable[[str, Draft, Around, str], Draft | Several], ...]] = {
    Action.PAY: (_accounts, _payee, _amount, _day_and_reference),
    Action.TRANSFER: (_accounts, _payee, _amount, _day_and_reference),
    Action.ADD_BENEFICIARY: (_payee,),
    Action.FREEZE_CARD: (_why,),
    Action.REPLACE_CARD: (_why,),
}


# What somebody is to whoever pays them: beside a name it is no part of it.
_KIN = frozenset([
    "granddaughter", "grandson", "grandchild", "daughter", "son", "brother", "sister", "friend", "mate", "pal", "landlord",
    "landlady", "neighbour", "husband", "wife", "partner", "flatmate", "housemate", "cousin", "uncle", "aunt", "auntie",
    "nephew", "niece", "gran", "granny", "nan", "mum", "mam", "dad", "mother", "father", "boyfriend", "girlfriend",
    "place", "lady", "man", "guy", "people", "lot", "colleague", "gardener", "cleaner", "plumber", "dentist", "old", "dear", "lovely", "wee", "our",
])  # fmt: skip


def matching(name: str, among: Sequence[Beneficiary]) -> list[Beneficiary]:
    """The saved payees that all the words of a name are of; those whose own name they are before those whose reference.

    An initial is its name, and a slip of the pen a word. One who is saved twice is one.
    """
    words = words_of(plain(name)) - _NOBODY
    return _matching(words, among) or _matching(words - _KIN, among)


def _matching(said: set[str], among: Sequence[Beneficiary]) -> list[Beneficiary]:
    if not said:
        return []
    for with_reference in (False, True):
        told = {b.id: words_of(plain(f"{b.name} {b.reference if with_reference else ''}")) for b in among}
        found = [b for b in among if all(_is_of(word, told[b.id]) for word in said)]
        exact = [b for b in found if said <= told[b.id]] or found
        if exact:
            return list({b.identification: b for b in reversed(exact)}.values())[::-1]
    return []


def _is_of(word: str, name: set[str]) -> bool:
    base = word.removesuffix("'s")
    if base in name or (len(base) == 1 and any(w.startswith(base) for w in name)):
        return True
    return close_word(base, name) is not None
