"""What in a pasted text speaks against paying what it asks for: it is said and asked about, and nobody is asked to agree to it.

Content is anybody's, and a bill may have somebody else's order in it. What is looked for is how a text contradicts itself: it
names several whom money could go to, the one it names is not the one it comes from, it does not say whose an account is, or it
speaks to whoever does the paying instead of to whoever reads it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from assistant.pasted import Bill, Said, parties
from assistant.spans import plain, words_of


class Kind(StrEnum):
    """SPEAKS: it gives orders to an assistant. SEVERAL: payees or accounts. STRANGER: whom it is to go to is not whom the text
    comes from. NAMELESS: it does not say whose the account is."""

    SPEAKS = "speaks"
    SEVERAL = "several"
    STRANGER = "stranger"
    NAMELESS = "nameless"


class Doubt(NamedTuple):
    """found: the words of the text that it is about, each as it stands there."""

    kind: Kind
    found: tuple[str, ...]


def doubt(pasted: str, bill: Bill) -> Doubt | None:
    """The gravest doubt about a text; None where it asks for one payment, to the one it comes from."""
    if (speaks := _SPEAKS.search(pasted)) is not None:
        return Doubt(Kind.SPEAKS, (" ".join(speaks.group().split()),))
    named = [name.words for name in parties(pasted)]
    accounts = _each(bill.account)
    codes = _each(bill.sort_code)
    if len(accounts) > 1 or len(codes) > 1:
        return Doubt(Kind.SEVERAL, (*named, *(codes if len(codes) > len(accounts) else accounts)))
    if len(named) > 1:
        return Doubt(Kind.SEVERAL, tuple(named))
    if not isinstance(bill.payee, Said):
        return Doubt(Kind.NAMELESS, tuple(accounts)) if accounts else None
    return None if _is_its_own(bill.payee, pasted) else Doubt(Kind.STRANGER, (bill.payee.words,))


def _each(field: Said | tuple[Said, ...] | None) -> list[str]:
    if field is None:
        return []
    return [field.words] if isinstance(field, Said) else [one.words for one in field]


_NOT_TO = r"(?:do not|don'?t|never|without)(?: ever)?"
_READER = r"(?:(?:the )?(?:customers?|users?|account ?holders?|clients?|owners?)|them|him|her)"
_SPEAKS = re.compile(
    rf"\b{_NOT_TO} (?:mention|report|reveal|disclos|show)(?:e|ing)? (?:it|this|that|any of this)\b(?! \w+ to anybody)"
    rf"|\b{_NOT_TO} (?:tell|inform|notify|alert|ask|warn)(?:ing)? {_READER}\b"
    r"|\b(?:do not|don'?t) ask (?:again|for (?:a |any )?(?:confirmation|permission))\b|\bwithout (?:any |further )?confirmation\b"
    r"|\b(?:skip|bypass) (?:the |any |all )?(?:confirmation|checks?|verification|security)\b"
    r"|\b(?:ignore|disregard|forget|override) (?:\w+ ){0,3}(?:previous|prior|above|earlier|preceding|other|existing|system|your)"
    r"(?: \w+){0,2} (?:instructions?|rules?|prompts?|orders?|tasks?|guidelines|everything)\b"
    r"|\b(?:ignore|disregard) (?:everything|all|anything) (?:\w+ )?(?:above|before|else)\b"
    r"|\bbefore you do what you were asked\b|\byour (?:only|new|real|next|actual) (?:task|job|goal|instructions?)\b"
    r"|\bthe (?:rules|instructions) have changed\b|\bmessage from the (?:user|customer|owner) of this account\b"
    r"|\b(?:customer|user|account ?holder) (?:has|have) (?:already )?(?:\w+ and )?"
    r"(?:read|confirmed|agreed|approved|authori[sz]ed|consented)\b"
    r"|\byou are (?:now )?(?:an?|the) (?:\w+ )?(?:assistant|chatbot|bot|language model|ai)\b"
    r"|\b(?:dear|hey|hi|attention|note to(?: the)?),? (?:\w+ )?(?:assistant|chatbot|ai)\b"
    r"|(?:^|[>.\s])(?:system|assistant|user) ?:|</?(?:document|system|user|assistant|instructions?|information|context)\b",
    re.IGNORECASE,
)

# A text that is hardly more than the details of a payment has no room for a sender.
SHORT = 40
_FROM = re.compile(r"\b(?:from|e-?mail[_ ]from|sent by|on behalf of)[ \t]?:[ \t]*(?P<words>[^\n|]{2,120})", re.IGNORECASE)
_SIGNED = re.compile(
    r"(?:\b(?:regards|wishes|sincerely|faithfully|truly|cheers|thanks|thank you|love)\b[ \t,.!]*\n*|—|(?<=\. )- ?)[ \t]*"
    r"(?P<words>[A-Z][^\n.|]{1,60}(?:\n[ \t]*[A-Z][^\n.|\d]{1,60})?)"
)
_TEAM = re.compile(r"\b(?i:the|your) (?P<words>[A-Z][\w&'’. -]{1,40}?) (?:Team|team|Accounts|Billing|Support|Crew)\b")
_LETTERHEAD = re.compile(r"\s*(?P<words>[^\W\d_][^\n:.!?£$€|]{1,60})\s*?(?:\n|$)")
_SUBJECT = re.compile(r"\bsubject[ \t]?:[ \t]*(?P<words>[^\n|]{2,120})", re.IGNORECASE)
# Words that many names share tell nobody apart.
_COMMON = frozenset([
    "ltd", "limited", "plc", "llp", "inc", "co", "company", "group", "the", "and", "of", "for", "uk", "team", "services",
    "service", "bank", "account", "accounts", "billing", "office", "mr", "mrs", "ms", "dr", "care", "solutions", "department",
    "customer", "invoice", "bill", "payment", "payments", "statement", "reminder", "notice", "final", "dear", "hi", "hello",
    "support", "help", "noreply", "no-reply", "donotreply", "mail", "info", "com", "org", "net", "pay", "paid", "due", "please",
    "you", "your", "holder", "name", "payee", "beneficiary", "recipient", "sort", "code", "number", "total", "balance", "amount",
    "iban",
])  # fmt: skip


def _is_its_own(payee: Said, pasted: str) -> bool:
    """Whether a payee is who a text comes from, as its head, its sender or its end say; where nothing says it, whether the text
    has them in another place too, or is nothing but the details of a payment."""
    said = _telling(payee.words)
    outside = f"{pasted[: payee.start]} {pasted[payee.end :]}"
    senders = [match["words"] for pattern in (_FROM, _SIGNED, _TEAM) for match in pattern.finditer(outside)]
    senders += [head["words"] for head in [_LETTERHEAD.match(outside)] if head and len(head["words"].split()) <= 8]
    if any(said & _telling(sender) for sender in (*senders, *(match["words"] for match in _SUBJECT.finditer(outside)))):
        return True
    others = [sender for sender in senders if _telling(sender)]
    return not others and (len(pasted.split()) <= SHORT or bool(said & _telling(outside)))


def _telling(words: str) -> set[str]:
    parts = words_of(plain(re.sub(r"[@.,;:()<>/_-]", " ", words)))
    return {word.removesuffix("'s") for word in parts if len(word) > 1 and not word.isdigit()} - _COMMON
