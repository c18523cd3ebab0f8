"""Whose payments are meant where a customer looks after somebody's accounts: "mum's gardener" is paid from hers."""

from __future__ import annotations

import re

from assistant.spans import TITLES, Known, holders_of, plain, texts_of, words_of

# Whom one looks after, mostly; of others nobody can tell whether they are whose accounts those are.
_KIN = "mums?|mothers?|mummy|mom|mam|maw|dads?|fathers?|daddy|nans?|nana|grans?|granny|grandma|grandad|grandpa|aunt|auntie|uncle"
_ACCOUNT = (
    r"(?P<account>(?:own )?(?:everyday|current|savings?|main|joint)? ?(?:accounts?|savings|money|pot|isa|balance)|everyday)\b"
)
_SOMEBODY = re.compile(rf"\b(?P<who>{_KIN}|she|he)\b")
# What they give the customer, or get from them, is in the customer's own accounts; a part of another word is nobody.
_BETWEEN_US = re.compile(
    rf"\b(?:{_KIN}|she|he)\b[^,.?!;]*\b(?:give|gave|given|pays?|paid|sen[dt]s?|lends?|lent|owes?|transfer(?:s|red)?) (?:me|us)\b"
    rf"|\b(?:{_KIN})(?:'s|s')? (?:[0-9a-z]+ )?(?:birthday|presents?|gifts?|flowers|wedding|funeral|christmas|anniversary)\b"
    rf"|(?:{_KIN})-|-(?:{_KIN})\b"
)
# "What is in mum's savings", "mum asked me to look: where do her savings stand".
_HER_ACCOUNT = re.compile(rf"\b(?:my )?(?:{_KIN})(?:'s|s')? {_ACCOUNT}")
_OF_HER = re.compile(rf"\b(?:her|his) {_ACCOUNT}")
_HERS = re.compile(rf"\b(?:my )?(?:{_KIN})(?:(?<=s)|'s|s') (?=[a-z])")
_DID_SHE = re.compile(rf"\b(?P<does>has|have|did|does|do|is|was|will) (?:my )?(?:{_KIN})\b(?!'s)")
_SHE_DID = re.compile(
    rf"\b(?:my )?(?:{_KIN})(?:'s| has| had)? (?=(?:ever |last |just |already )?(?:spent|spends?|paid|pays?|got|had|took"
    r"|taken|takes|drew|drawn|gave|given|sent|withdrew|withdrawn|bought)\b)"
)
_TO_HER = re.compile(
    rf"\b(?P<did>refund(?:s|ed)?|reimbursed?|credit(?:s|ed)?|charge[sd]?|bill(?:s|ed)?) (?:my )?(?:{_KIN})\b(?!'s|-)"
)
_SHE_DOES = re.compile(r"\b(?P<does>has|did|does|is|was|will) (?:she|he)\b|\b(?:she|he)(?:'s|'d| has| had)? (?=[a-z]+)")
_NOT_HERS = re.compile(
    rf"\b(?:without|excluding|except|ignore|ignoring|not|minus) (?:my )?(?:{_KIN})\b"
    rf"|\b(?:leave|leaving) (?:my )?(?:{_KIN})(?:'s)? (?:[a-z]+ )?(?:out|aside|off)\b"
)
# Who is named before "she" is meant by it, whatever man or shop is told of beside her.
_HERSELF = re.compile(
    r"\b(?:mum|mummy|mother|mom|mam|maw|nan|nana|gran|granny|grandma|aunt|auntie)\b(?!'s).*\bshe\b"
    r"|\b(?:dad|daddy|father|grandad|grandpa|uncle)\b(?!'s).*\bhe\b"
)
_MENTIONED = re.compile(rf"\b(?:{_KIN})\b")
_THEIRS = rf"(?:(?:my )?(?:{_KIN})(?:'s|s')?|hers|his)"
_ALL_SEEN = re.compile(
    r"\b(?:on|in|from|of) (?:all|both)(?: of)?(?: the| our)? accounts(?: that)?(?: i can see)?,? (?:hers|his) and mine\b"
    r"|\b(?:on|in|from|of) (?:all|every one)(?: of)?(?: the)? accounts (?:that )?i can see\b"
    rf"|\b(?:on|in|from|of|out of|across) (?:my (?:own |current )?accounts?|mine) (?:and|or) {_THEIRS}(?: accounts?| one)?"
    r"(?! [a-z]+ account)\b"
    rf"|\b(?:on|in|from|of|out of|across) (?:{_THEIRS}|her|his)(?: accounts?)? (?:and|or) (?:my own|my account|mine)\b"
)
_DO = {"has": "have", "does": "do", "is": "am"}


def of_holder(message: str, known: Known, *, spoken_of: bool, nobody: bool) -> str:
    """A message with the accounts of the one whom the login looks after in the place of what that person is to the customer.

    It stays as it is where nobody else's accounts may be seen, or those of more than one.

    spoken_of: whether the question before was about those accounts. nobody: whether it was about nobody, so that "she" is that
    person too.
    """
    others = [a for a in known.accounts if a.id in known.others]
    names = [name for name in holders_of(others[0]) if name not in TITLES] if others else []
    if not names or len({a.holders for a in others}) != 1:
        return message
    first, text = names[0], plain(message)
    if first not in known.tokens:
        # "How much does Margaret Ellison have" is asked of her as "she" would be.
        full_name = rf"{re.escape(first)}(?: (?:{'|'.join(map(re.escape, names))}))*"
        text = re.sub(rf"\b(?P<does>does|did|has|is|was) {full_name}\b(?! ?')", r"\g<does> mum", text)
    if _ALL_SEEN.search(text):
        return _ALL_SEEN.sub(f"in {first}'s accounts and in my own account", text)
    if _NOT_HERS.search(text) or _BETWEEN_US.search(text):
        return message
    if _SOMEBODY.search(text) is None and not ((nobody or spoken_of) and _OF_HER.search(text)):
        return text.replace(whose, f"the balance of {first}'s account") if (whose := f"{first}'s balance") in text else message
    if any(m["who"] in known.tokens for m in _SOMEBODY.finditer(text)):
        # "Nan's Kitchen" is a payee.
        return message
    about = _HER_ACCOUNT.sub(lambda m: f"{first}'s {_as_account(m['account'])}", text)
    about = _OF_HER.sub(lambda m: f"{first}'s {_as_account(m['account'])}", about) if nobody or spoken_of else about
    told = _TO_HER.sub(r"\g<did> me", _DID_SHE.sub(_did_i, _SHE_DID.sub("i ", _HERS.sub("", about))))
    if told != about or spoken_of or (nobody and not _names_a_person(text, known)):
        told = _SHE_DOES.sub(_did_i, told)
    if told == text and _MENTIONED.search(text) and _of_them_alone(text, known):
        # "British Gas have put mum's up": it is paid from hers alone.
        return _beside(text, f"from {first}'s accounts")
    if told == text:
        return message
    # "I look after mum's account. What has she drawn out": named in a sentence that only tells.
    asks = re.split(r"(?<=[.!?]) ", told)[-1]
    named = about != text and (told == about or f"{first}'s" in asks or re.search(r"\bi\b", asks) is None)
    return told if named or told == about or spoken_of else _beside(told, f"from {first}'s accounts")


def _names_a_person(text: str, known: Known) -> bool:
    """Whether a message names somebody itself whom "she" may be: a person whom the customer pays, or a trade."""
    words, own = words_of(text) - known.nobody, [p for p in known.payees if p.personal and p.account not in known.others]
    trade = words & known.vocabulary.trades and _HERSELF.search(text) is None
    return bool(trade) or any(words & texts_of(p) for p in own)


def _of_them_alone(text: str, known: Known) -> bool:
    """Whether a message names somebody who is paid from the other's accounts, and from none of the customer's own."""
    theirs, own = ({plain(p.shown) for p in known.payees if (p.account in known.others) is others} for others in (True, False))
    return any(re.search(rf"\b{re.escape(name)}\b", text) for name in theirs - own) and not any(
        re.search(rf"\b{re.escape(name)}\b", text) for name in own
    )


def _as_account(said: str) -> str:
    said = said.removeprefix("own ").strip()
    said = said.removesuffix(" balance") if said.startswith("saving") else said
    if said.endswith(("account", "accounts", "savings", "pot", "isa")):
        return said
    return "everyday account" if said.startswith("everyday") else "account"


def _did_i(match: re.Match[str]) -> str:
    does = match["does"]
    return f"{_DO.get(does, does)} i" if does else "i "


def _beside(text: str, account: str) -> str:
    end = len(text.rstrip(" ?.!"))
    return f"{text[:end]} {account}{text[end:]}"
