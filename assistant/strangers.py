"""Whose money a message asks about, where it is somebody's of whom the customer may see nothing."""

from __future__ import annotations

import re

from assistant import periods
from assistant import spans as parts
from assistant.spans import Known

_THEIRS = (
    r"(?:accounts?|balances?|savings|isas?|pots?|jars?|cards?|statements?|salary|wages|pension|spending|outgoings|finances|loans?|mortgage"
    r"|overdraft|debts?|dispute|bank details)"
)
_POSSESSIVE = re.compile(
    r"\b(?P<who>[a-z]+)(?:'s|(?<=s)')\s+(?:(?!(?:my|our|the|an?)\b)\w+\s+){0,2}?"
    r"(?P<what>accounts?|balances?|savings|isas?|pots?|jars?|statements?|salary|wages"
    r"|cards?(?! (?:payment|charge|purchase|transaction)s?\b)|pension|overdraft|dispute|bank details)\b"
)
# A payee's account is where money goes to.
_PAID_INTO = re.compile(r"\b(?:name check|close match|no match|(?:name|details) match)\b")
# What is moved into somebody's pot is a payment of one's own.
_I_PUT = re.compile(r"\b(?:i|we)(?:'ve| have)? (?:put|paid|pay|sent|send|given?|gave|chipped|transferred)\b")
_NAME = r"(?P<name>[a-z]+ [a-z]+)"
# "What does Ann Lee spend at", "ann lees spending", "the payment ann lee made".
_FULL_NAME = (
    re.compile(
        rf"\b(?:does|did|has|do|will|is) {_NAME} (?:leaves?|spends?|spent|holds?|have|has|got|keeps?|kept|earns?|earned|owes?"
        r"|saves?|saved|withdr[ae]ws?|owns?)\b(?! (?:me|us|my|our|i|for me|from me)\b)"
    ),
    re.compile(rf"\b{_NAME}s {_THEIRS}\b"),
    re.compile(rf"\bpayments? {_NAME} (?:made|sent)\b(?! (?:me|us|to me|to us)\b)"),
)


def are_asked_about(text: str, known: Known) -> bool:
    """Whether a text in plain form asks about what somebody else holds, spends or earns."""
    if _PAID_INTO.search(text) or _I_PUT.search(text):
        return False
    if any(_is_somebody(match["who"], known) and not _is_paid(match, known) for match in _POSSESSIVE.finditer(text)):
        return True
    return any(_is_full_name(match["name"], known) for pattern in _FULL_NAME for match in pattern.finditer(text))


def are_dead(text: str) -> bool:
    """Whether the money of somebody who died is asked about, who can let nobody see it any more: that is for a person."""
    return _DIED.search(text) is not None and _LEFT_BY_THEM.search(text) is not None and _I_DID.search(text) is None


_DIED = re.compile(
    rf"\b(?:{'|'.join(sorted(parts.KIN))}|mother|husband|wife|partner|friend|neighbour|relative|customer|holder|he|she)\b[^.?!;]{{0,30}}"
    r"\b(?:died|passed (?:away|on)|is dead)\b"
)
# What the customer did themselves, or somebody who lives, is another matter.
_I_DID = re.compile(r"\b(?:i|we) (?:paid|sent|put|took|spent|gave|got)\b|\b(?:did|have|had) (?:i|we)\b|\bi see what\b")
_LEFT_BY_THEM = re.compile(
    r"\b(?:his|her|their) (?:[a-z]+ )?(?:accounts?|money|savings|cards?|balance|estate)\b"
    r"|\bwhat (?:he|she|they) (?:had|has|have|held)\b"
)


def are_compared_with(text: str) -> bool:
    """ "More than other families do": what others spend no account of the customer's says."""
    return _LIKE_OTHERS.search(text) is not None


_LIKE_OTHERS = re.compile(
    r"\b(?:than|as|to|with|against|like) (?:(?:the )?(?:other|most|average|typical|normal)|an average)"
    r" (?!month|week|day|year|quarter|shop|store|card|account|payment|bill|one|time|place)"
    r"(?:[a-z]+s|people|person|family|household|customer)(?= (?:do|does|spend|spends|pay|pays|my|in|with|of|at|on)\b|[?.! ]*$)"
)


def _is_paid(match: re.Match[str], known: Known) -> bool:
    """Whether it is a shop or firm that is paid, or pays: its card charge, the wages that come from it."""
    of_pay = match["what"] in ("salary", "wages", "pension") and (
        match["who"] in known.tokens or match["who"] in ("boss", "employer")
    )
    shop = any(not p.personal and match["who"] in parts.texts_of(p) for p in known.payees)
    return of_pay or shop or known.vocabulary.is_shop(match["who"])


def _is_somebody(who: str, known: Known) -> bool:
    """Whether a word in the possessive is a name: "today's balance" and "last month's statement" are nobody's."""
    return (
        who not in known.words
        and not any(
            who in parts.words_of(plain_name) for plain_name in (parts.plain(a.name).replace("'s", "") for a in known.accounts)
        )
        and who not in known.vocabulary.nobody
        and who not in periods.MONTHS
        and who not in periods.WEEKDAYS
        and not any(who in parts.holders_of(a) for a in known.accounts if a.id in known.others)
    )


def _is_full_name(name: str, known: Known) -> bool:
    """Whether two words are the name of somebody whom the customer neither pays nor shares anything with, and of no shop."""
    words = parts.words_of(name)
    ours = known.tokens.keys() | {who for a in known.accounts for who in parts.holders_of(a)}
    strange = [w for w in words if w not in known.vocabulary.english]
    return (
        bool(strange) and not words & ours and all(_is_somebody(w, known) for w in words) and not known.vocabulary.is_shop(name)
    )
