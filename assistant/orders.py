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
from assistant.pasted import Bill, Said
from assistant.spans import accounts_named, close_word, plain, says_account, words_of
from assistant.wordings import NOTHING, Meaning, Wordings
from data.actions import Action, IntentId, Origin, Payee
from data.banking import Account, Beneficiary
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
# So near a wording must be.
NEAR = 0.7


class Draft(Frozen):
    """An order as far as it has been said. said: the words for whom it is to; repeat: words that point at an amount of before,
    such as "same as last month", as_on: the day of the payment that it is. origins: of each value, by the name of its field, with where it was read."""

    action: Action
    lost: bool = False
    said: str = ""
    payee: Payee | None = None
    amount: Money | None = None
    repeat: str = ""
    as_on: dt.date | None = None
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
    """What words of an order may mean for one customer: saved payees, own accounts that they may pay from or to, the day."""

    beneficiaries: Sequence[Beneficiary]
    accounts: Sequence[Account]
    today: dt.date


def said_of_orders() -> list[tuple[Meaning, str]]:
    """((order,), wording), from prompts/orders.yaml."""
    loaded = yaml.safe_load((PROMPTS / "orders.yaml").read_text(encoding="utf-8"))
    return [((str(order),), str(wording)) for order, said in loaded.items() for wording in said]


class Reader:
    """Which order a message is, by the wordings that it comes nearest to."""

    def __init__(self, embed: Embed, wordings: Wordings) -> None:
        self.embed, self.wordings = embed, wordings

    def meant(self, message: str, names: frozenset[str]) -> str | None:
        """The order, a key of ACTIONS; NOTHING for what sounds like one, None for what is not near any. Blocking (about 4 ms).

        names: words of those whom the customer pays.
        """
        if _AGAIN_AND_AGAIN.search(plain(message)):
            return NOTHING
        if not MAY_BE.search(plain(message)):
            return None
        text = spoken(message, names)
        near = self.wordings.near(text, self.embed([text])[0])
        best = max((order for (order,) in near), key=lambda order: near[(order,)].both)
        return best if near[(best,)].both >= NEAR else None


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
    r"|save|add|money|bill|invoice|back)\b"
)
_LEADS = "to|pay|paying|send|give|lend|owe|refund|add|save|with|wire|ping|bung|sling"
_NAMED = re.compile(rf"\b(?P<lead>(?i:{_LEADS}))\s+(?P<name>[A-Z][\w'-]*(?:\s+[A-Z][\w'-]*)*)")
_WORD = re.compile(r"[^\W\d_][\w'-]*")


def spoken(message: str, names: frozenset[str]) -> str:
    """A message with an ordinary amount and name in the place of its own: what wordings are compared with.

    names: words of those whom the customer pays.
    """
    text = _AMOUNT.sub(" £50 ", _NUMBERS.sub(" ", _IN_WORDS.sub(" £50 ", message)))
    text = plain(_NAMED.sub(r"\g<lead> Acme", text))
    text = _WORD.sub(lambda m: "acme" if m.group().removesuffix("'s") in names else m.group(), text)
    return re.sub(r"\s+", " ", re.sub(r"\bacme(?:'s)?(?: acme)+\b", "acme", text)).strip()


# Values

_UNITS = r"pounds?|quid|gbp|euros?|eur|dollars?|usd|pence|p"
_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
_AMOUNT = re.compile(
    rf"(?<![\w.,/-])(?:[£$€]\s?)?(?:{_FIGURE})\s?(?:k\b|grand\b|(?:{_UNITS})\b)?(?![\w%]|[.,/-]\d)", re.IGNORECASE
)
# Sort codes, account numbers, IBANs and days are no amounts.
_SORT = r"\d{2}[- ]\d{2}[- ]\d{2}|\d{6}"
_IBAN = r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?"
_NUMBERS = re.compile(
    rf"(?<!\w)(?:{_SORT}|\d{{7,}}|{_IBAN})(?!\w)|\b\d{{1,2}}(?:st|nd|rd|th)\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b|\b\d{{4}}-\d\d-\d\d\b"
)
_COUNTED = re.compile(
    rf"\s+(?:{'|'.join(periods.MONTHS)}|pizzas?|tickets?|people|persons?|of (?:us|them)|times?|days?|weeks?|months?|years?)\b",
    re.IGNORECASE,
)
_WORTH = {
    "tenner": 10, "fiver": 5, "five": 5, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "grand": 1000,
}  # fmt: skip
_IN_WORDS = re.compile(
    rf"(?<![\w-])(?:(?:a|one)\s+)?(?P<word>{'|'.join(_WORTH)})(?P<unit>\s+(?:pounds?|quid|euros?|dollars?))?(?![\w-])",
    re.IGNORECASE,
)
_LIKE_AN_AMOUNT = re.compile(
    r"(?:^|\b(?:send|pay|give|lend|transfer|move|wire|owe|put|make it|it's|of|just|only|about)\b.{0,25})\s*$", re.IGNORECASE
)
_AFTER_AMOUNT = re.compile(r"\s*(?:$|[.,!]|(?:to|for|into|please|pls|from|instead|over|across|back|in)\b)", re.IGNORECASE)
_WORDS_JOINED = re.compile(rf"(?:{'|'.join(_WORTH)}|and|one|two|three|four|six|seven|eight|nine)\s*$", re.IGNORECASE)
_CODES = {
    "£": "GBP", "$": "USD", "€": "EUR", "pound": "GBP", "quid": "GBP", "gbp": "GBP", "pence": "GBP", "tenner": "GBP", "fiver": "GBP",
    "euro": "EUR", "eur": "EUR", "dollar": "USD", "usd": "USD",
}  # fmt: skip


def amounts(text: str, usual: str) -> list[Money]:
    """Every amount that is said; only those with a currency, where one has it. usual: the currency of a bare figure.

    A fraction of a minor unit is no amount, nor is zero, nor a number in several words: it is asked for in figures.
    """
    hidden = _NUMBERS.sub(lambda m: " " * len(m.group()), text)
    found: list[tuple[Money, bool]] = []
    for match in _AMOUNT.finditer(hidden):
        words = match.group().strip()
        marked = re.search(rf"[£$€]|\d\s?(?:{_UNITS})$", words, re.IGNORECASE) is not None
        money = _money(words, usual)
        if money is not None and (marked or not _COUNTED.match(hidden, match.end())):
            found.append((money, marked))
    for match in _IN_WORDS.finditer(hidden):
        if _WORDS_JOINED.search(hidden[: match.start()]) or _WORDS_JOINED.match(hidden[match.end() :].lstrip()):
            continue
        marked = match["unit"] is not None or match["word"].lower() in _CODES
        # "Five a side", "ten pin bowling": a bare word is an amount where it stands like one.
        if marked or (_LIKE_AN_AMOUNT.search(hidden[: match.start()]) and _AFTER_AMOUNT.match(hidden[match.end() :])):
            found.append((Money.of(Decimal(_WORTH[match["word"].lower()]), _code(match.group(), usual)), marked))
    chosen = [money for money, marked in found if marked] or [money for money, _ in found]
    return list(dict.fromkeys(chosen))


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
    r"(?=$|[,;:!?\n(]|\.(?:\s|$)|\s+(?:[£$€]|\d)|\s+(?:for|from|with|ref|reference|on|today|tomorrow|now|please|pls|by|via|as|at|and|back|asap|out of|into|in"
    r"|the same|same|like|what|whatever|to|(?:a )?(?:tenner|fiver|hundred|thousand)|ten|twenty|thirty|forty|fifty|using|that|some|money|his|her|their|instead|again|over|would you|will you|could you|can you|if you|whenever|when|i owe|which"
    r"|who|whose|account|acc|sort|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b)"
)
_NAME = r"(?P<name>[^\W\d_][^\d,;:!?\n]{0,60}?)"
_WHOM = (
    re.compile(rf"\b(?:to|with)\s+{_NAME}{_STOP}", re.IGNORECASE),
    re.compile(rf"\b(?:{_LEADS}|for|is|called)\s+{_NAME}{_STOP}", re.IGNORECASE),
    re.compile(r"^(?P<name>[^\W\d_][^\d,;:!?\n]{0,40}?)\s+(?:needs|wants|gets)\b", re.IGNORECASE),
    # Putting right: "I said Pemberton", "not Obi, Whitlock".
    re.compile(rf"(?:\bi (?:said|meant|mean)|^no,|\bnot [^\W\d_]+,?(?: but)?)\s+{_NAME}{_STOP}", re.IGNORECASE),
)
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
_OWN_END = r"(?=$|[,;:!?\n.£$€]|\s+(?:to|into|in|from|out of|for|with|on|please|today|tomorrow|instead|by|and)\b|\s+\d)"
_ACCOUNT_WORD = re.compile(r"\b(?:account|savings?|saver|pot|isa|fund|card)\b", re.IGNORECASE)
_FROM = re.compile(rf"\b(?:from|out of|using)\s+{_OWN}{_OWN_END}", re.IGNORECASE)
_INTO = re.compile(rf"\b(?:to|into|in|inside|top up)\s+{_OWN}{_OWN_END}", re.IGNORECASE)
_REFERENCE = re.compile(
    r"\b(?:(?:with |and |under )?(?:the |a )?ref(?:erence)?\b(?: is| of|:| saying|,)?|saying|marked|labelled)\s+[\"'“]?(?P<words>[^\"'”,;\n]{1,40}?)[\"'”]?"
    r"(?=$|[,;\n]|\.(?:\s|$)|\s+(?:from|to|as (?:the )?ref\w*|today|tomorrow|please)\b)",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"\bfor\s+(?:the |my |our |a |an |his |her )?(?P<words>[^\W\d_][^£$€,;:!?\n.]{0,34}?)(?=$|[,;:!?\n.]|\s+(?:from|to|on|today|tomorrow|please|with|ref|and)\b)",
    re.IGNORECASE,
)
_NO_REASON = frozenset(
    ["me", "us", "him", "her", "them", "it", "that", "this", "now", "today", "tomorrow", "last", "next", "once", "sure"]
)
_REPEAT = re.compile(
    r"\b(?:(?:the )?same (?:amount |sum |again )?(?:as|like) (?:last (?:month|time|week)|before|usual)|(?:the )?same (?:amount|again)|(?:like|as) last (?:month|time|week)"
    r"|(?:the )?same as (?:\w+ ){0,4}in (?:"
    + "|".join(periods.MONTHS)
    + r")|the usual(?: amount)?|what (?:they|he|she|[a-z]+)(?:'ve| have| has|'s)? (?:sent|paid|gave|lent)(?: me)?|(?:their|his|her) money back)\b",
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
_OF_MONTH = re.compile(
    rf"\b(?:on )?(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{'|'.join(periods.MONTHS)})\b|\b(?:on )?the (?P<only>\d{{1,2}})(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)


def read(text: str, draft: Draft, around: Around) -> tuple[Draft, Several | None]:
    """A draft with what a message says of it put in, and what in it can mean more than one thing, which is left as it was.

    text: the customer's own words alone. What is said again takes the place of what was said before.
    """
    asked, draft = draft.asked, draft.model_copy(update={"asked": ""})
    unclear: list[Several] = []
    for part in _PARTS.get(draft.action, ()):
        found = part(text, draft, around, asked)
        if isinstance(found, Several):
            unclear.append(found)
        else:
            draft = found
    return draft, next(iter(unclear), None)


def filled(draft: Draft, bill: Bill, pasted: str, around: Around) -> Draft:
    """A draft with what the customer has not said themselves taken from content that they pasted, and marked as that.

    What content does not say in one way alone is left to be asked.
    """
    if draft.amount is None and not draft.repeat and isinstance(bill.amount, Said):
        said = amounts(bill.amount.words, _home(draft, around))
        if len(said) == 1:
            draft = draft.having("amount", Origin.DATA, PASTED, amount=said[0])
    if draft.payee is None and isinstance(bill.account, Said) and isinstance(bill.sort_code, Said):
        digits = re.sub(r"\D", "", bill.sort_code.words + bill.account.words)
        name = bill.payee.words if isinstance(bill.payee, Said) else draft.said or _bare_name(pasted)
        saved = next((b for b in around.beneficiaries if re.sub(r"\D", "", b.identification) == digits), None)
        if saved is not None:
            draft = _saved(saved, draft)
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
    without = _REFERENCE.sub(" ", text)
    said = amounts(without, _home(draft, around))
    if len(said) > 1:
        return Several(field="amount", said=text, names=tuple(money.shown() for money in said))
    if said:
        return draft.having("amount", Origin.CUSTOMER, amount=said[0], repeat="")
    again = _REPEAT.search(without)
    return draft.model_copy(update={"repeat": again.group(), "amount": None}) if again else draft


def _home(draft: Draft, around: Around) -> str:
    held = [a for a in around.accounts if draft.account in (None, a.id)]
    return held[0].currency if held else "GBP"


def _accounts(text: str, draft: Draft, around: Around, asked: str) -> Draft | Several:
    """The accounts that money leaves, and for a transfer reaches, where words name the customer's own."""
    source = next((found for m in _FROM.finditer(text) if (found := _own(m["name"], around))), [])
    into = next((found for m in _INTO.finditer(text) if (found := _own(m["name"], around))), [])
    if asked == "account" and not source and not into:
        source = accounts_named(text, around.accounts)
    if asked == "payee" and draft.action is Action.TRANSFER and not into:
        into = accounts_named(text, around.accounts)
    for field, found in (("account", source), ("payee", into)):
        if len(found) > 1:
            return Several(field=field, said=text, names=tuple(a.name for a in found))
    unknown = next((m["name"] for m in _FROM.finditer(text) if _ACCOUNT_WORD.search(m["name"])), "")
    if unknown and not source:
        # An account that is named is never another one.
        return Several(field="account", said=unknown, names=tuple(a.name for a in around.accounts))
    if source:
        draft = draft.having("account", Origin.CUSTOMER, account=source[0].id)
    if into and not (source and into[0].id == source[0].id):
        to = into[0]
        own = Payee(name=to.name, scheme=SORT_CODE, identification=to.identification, own=to.id)
        draft = draft.having("payee", Origin.BENEFICIARY, payee=own, said=to.name, action=Action.TRANSFER)
    return draft


def _own(words: str, around: Around) -> list[Account]:
    """The accounts that words name; nothing where they do not have the form of an account's name."""
    name = re.sub(r"^(?:my|our|the)\s+", "", words.strip(), flags=re.IGNORECASE)
    whole = [a for a in around.accounts if plain(a.name) == plain(name)]
    return whole or (accounts_named(name, around.accounts) if says_account(name, around.accounts) else [])


def _day_and_reference(text: str, draft: Draft, around: Around, asked: str) -> Draft:
    if (on := day_of(text, around.today)) is not None:
        draft = draft.having("on", Origin.CUSTOMER, on=on if on > around.today else None)
    said = _REFERENCE.search(text) or next((m for m in _FOR.finditer(text) if _is_reason(m["words"], around)), None)
    reference = as_reference(said["words"]) if said else ""
    return draft.having("reference", Origin.CUSTOMER, reference=reference) if reference else draft


def _is_reason(words: str, around: Around) -> bool:
    first = plain(words).split()[:1]
    return bool(first) and first[0] not in _NO_REASON and not amounts(words, "GBP") and not matching(words, around.beneficiaries)


def as_reference(words: str) -> str:
    """Words as a payee's bank prints them."""
    return " ".join(_STRANGE.sub(" ", words).split())[:REFERENCE].strip()


def day_of(text: str, today: dt.date) -> dt.date | None:
    """The day that a payment is to be made on, today or later; None where none is named."""
    low = plain(_REFERENCE.sub(" ", text))
    if re.search(r"\btomorrow\b", low):
        return today + dt.timedelta(days=1)
    if (named := _OF_MONTH.search(low)) is not None:
        return _next_on(today, int(named["day"] or named["only"]), periods.MONTHS[named["month"]] if named["month"] else None)
    if (weekday := _WEEKDAY.search(low)) is not None:
        return today + dt.timedelta(days=(periods.WEEKDAYS[weekday["day"]] - today.weekday()) % 7 or 7)
    return today if re.search(r"\b(?:today|now|immediately|right away|straight away|asap)\b", low) else None


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


def _payee(text: str, draft: Draft, around: Around, asked: str) -> Draft | Several:
    if draft.payee is not None and draft.payee.own is not None:
        return draft
    name = " ".join(text.split()).strip(" .!?")
    if asked == "name" and draft.payee is not None and words_of(name) - _NO_ANSWER and not amounts(name, "GBP"):
        return draft.model_copy(update={"payee": draft.payee.model_copy(update={"name": name[:LONGEST_NAME]}), "said": name})
    names = [m["name"].strip() for pattern in _WHOM for m in pattern.finditer(_REFERENCE.sub(" ", text))]
    names = [name for name in names if words_of(plain(name)) - _NOBODY]
    if (details := details_of(text)) is not None:
        saved = [b for b in around.beneficiaries if re.sub(r"\D", "", b.identification) == details]
        if saved:
            return _saved(saved[0], draft)
        name = _bare_name(text) or (names[0] if names else draft.said)
        payee = Payee(name=name, scheme=SORT_CODE, identification=details) if name else None
        return draft.having("payee", Origin.CUSTOMER, payee=payee, said=name or draft.said)
    if asked == "payee":
        # One of those that were named, or the name by itself.
        among = matching(draft.said, around.beneficiaries) if draft.said else around.beneficiaries
        chosen = matching(text, among) or matching(text, around.beneficiaries)
        if len(chosen) == 1:
            return _saved(chosen[0], draft)
    for name in names:
        found = matching(name, around.beneficiaries)
        if len(found) > 1:
            return Several(field="payee", said=name, names=tuple(b.name for b in found))
        if found:
            return _saved(found[0], draft).model_copy(update={"said": name})
    if names and (draft.action is not Action.TRANSFER or draft.payee is None):
        # Somebody who is not saved is nobody who was spoken of before.
        return draft.model_copy(update={"said": names[0], "payee": None})
    return draft if draft.payee is not None or asked else _mentioned(text, draft, around)


def _mentioned(text: str, draft: Draft, around: Around) -> Draft | Several:
    """Whose name, or what is paid to them, stands anywhere in a message: "my rent"."""
    words = words_of(plain(_FOR.sub(" ", text))) - _NOBODY
    found = [b for b in around.beneficiaries if words & words_of(plain(f"{b.name} {b.reference}"))]
    if len(found) > 1:
        return Several(field="payee", said=text, names=tuple(b.name for b in found))
    return _saved(found[0], draft) if found else draft


def _saved(payee: Beneficiary, draft: Draft) -> Draft:
    known = Payee(name=payee.name, scheme=SORT_CODE, identification=payee.identification, beneficiary=payee.id)
    draft = draft.having("payee", Origin.BENEFICIARY, payee=known)
    if draft.action is Action.TRANSFER:
        draft = draft.model_copy(update={"action": Action.PAY})
    if draft.account is None:
        # Whom an account may pay is kept with the account.
        draft = draft.having("account", Origin.BENEFICIARY, account=payee.account)
    if not draft.reference and payee.reference:
        draft = draft.having("reference", Origin.BENEFICIARY, reference=as_reference(payee.reference))
    return draft


def _bare_name(text: str) -> str:
    """A name that stands before its own account number: "John Smith 12-34-56 12345678"."""
    start = re.match(r"[^\n]{0,30}?(?P<name>[^\W\d_][^\d,;:!?\n]{1,60}?)[ ,:;-]*(?=\d)", text)
    name = (
        re.sub(
            rf"^(?:(?:{_LEADS}|a|new|payee|called|the|my|please|can|you|it'?s)\b[\s:,]*)+", "", start["name"], flags=re.IGNORECASE
        )
        if start
        else ""
    )
    return name.strip() if words_of(plain(name)) - _NOBODY else ""


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
    Action.PAY: (_amount, _accounts, _day_and_reference, _payee),
    Action.TRANSFER: (_amount, _accounts, _day_and_reference, _payee),
    Action.ADD_BENEFICIARY: (_payee,),
    Action.FREEZE_CARD: (_why,),
    Action.REPLACE_CARD: (_why,),
}


def matching(name: str, among: Sequence[Beneficiary]) -> list[Beneficiary]:
    """The saved payees that all the words of a name are of; those whose own name they are before those whose reference.

    An initial is its name, and a slip of the pen a word. One who is saved twice is one.
    """
    said = words_of(plain(name)) - _NOBODY
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
