"""Words of a question that are written short, written out: "biggest pymt w/o bills".

What may also be a part of a payee's name is left where it is one. Short forms that are one in names too are in `spans`.
"""

from __future__ import annotations

import re

from assistant.spans import WORD, Known

_OUT = {
    "w/o": "without", "w/out": "without", "excl": "excluding", "exc": "excluding", "w/": "with", "b/w": "between",
    "btwn": "between", "amnt": "amount", "amnts": "amounts", "amts": "amounts", "ttl": "total", "approx": "roughly",
    "diff": "difference", "num": "number", "qty": "number", "prev": "previous", "thro": "through", "tx": "transaction",
    "txs": "transactions", "trx": "transaction", "trxs": "transactions", "trxn": "transaction", "trxns": "transactions",
    "pymt": "payment", "pymts": "payments", "pymnt": "payment", "pymnts": "payments", "pmnt": "payment", "pmnts": "payments",
    "paymt": "payment", "paymts": "payments", "payt": "payment", "payts": "payments", "purch": "purchase", "spnd": "spend",
    "spnt": "spent", "mch": "much", "wots": "what's", "categ": "category", "recd": "received", "rcvd": "received",
    "rec'd": "received", "rfnd": "refund", "rfnds": "refunds", "p/m": "per month", "pcm": "per month", "p/w": "per week",
    "p/a": "per year", "re": "regarding",
}  # fmt: skip
_SHORT = re.compile(
    rf"(?<![\w'£$€./-])(?<!\bat )(?P<short>{'|'.join(sorted(_OUT, key=len, reverse=True))})(?:(?<!/)\.(?!\w))?(?![\w'/-])"
)
# "Ex refunds", "inc. all", "last mo", "cat: books": only there they are no other word.
_EX = re.compile(
    r"(?<!\bmy )(?<!\bthe )(?<!\bhis )(?<!\bher )(?<!\ban )(?<!\bto )(?<!\bfrom )(?<!\bwith )\bex\.?"
    r" (?=refunds?\b|any\b|all\b|the\b)"
)
_INC = re.compile(r"\binc\.? (?=refunds?\b|any\b|all\b|the\b|everything\b|my\b)")
_MONTHS = re.compile(r"\b(?P<lead>(?:last|past|this|next|previous|per|each|every|an?|one|\d{1,2}) )(?P<short>mos?)\b\.?(?!')")
_CATEGORY = re.compile(r"\bcat(?:\.|:| :)\s*(?=\w)")
_AND_SO_ON = re.compile(r",? \betc\b\.?")


def written_out(text: str, known: Known) -> str:
    """A text in `plain` form with its short words written out."""

    def out(match: re.Match[str]) -> str:
        return match[0] if _is_of_name(match, known) else _OUT[match["short"]]

    text = _SHORT.sub(out, _CATEGORY.sub("category ", _AND_SO_ON.sub("", text)))
    text = _INC.sub("including ", _EX.sub("excluding ", text))
    return _MONTHS.sub(lambda m: f"{m['lead']}{'months' if m['short'] == 'mos' else 'month'}", text)


def _is_of_name(match: re.Match[str], known: Known) -> bool:
    """Whether a payee has the word beside the one before or behind it."""
    before, after = WORD.findall(match.string[: match.start()])[-1:], WORD.findall(match.string[match.end() :])[:1]
    return any(known.together((match["short"], word)) for word in (*before, *after))


def as_known(text: str, known: Known) -> str:
    """A text in which somebody whom the customer knows is called by their name alone: "some outfit calling itself Acme", "some
    Acme firm I never heard of: when was that"."""

    def are_known(words: str) -> bool:
        return any(word in known.tokens for word in WORD.findall(words)[:NAME_WORDS])

    called = _CALLED.sub(lambda m: "" if are_known(text[m.end() :]) else m[0], text)
    called = _SOME_FIRM.sub(lambda m: m["name"] if are_known(m["name"]) else m[0], called)
    return _NEVER_HEARD.sub("", called) if called != text and _ASKS_MORE.search(called) else called


# So many words of a name are looked at.
NAME_WORDS = 3
_FIRM = r"(?:outfit|firm|company|business|lot|mob|crowd|place|people)"
_CALLED = re.compile(
    rf"\b(?:some|an?|this|that|one) (?:[a-z]+ )?{_FIRM} (?:(?:that|which|who)(?:'s| is) )?"
    r"(?:called|named|by the name of|going by|(?:who|that) calls? (?:itself|themselves)"
    r"|calling (?:itself|themselves|himself|herself)) "
)
_SOME_FIRM = re.compile(rf"\bsome (?P<name>[a-z0-9&]+(?: [a-z0-9&]+){{0,2}}) {_FIRM}\b")
_NEVER_HEARD = re.compile(
    r",? (?:(?:that|which|who) )?(?:i|we)(?:'ve| have|'d| had)? never (?:even )?heard of(?: (?:it|them|before))*"
)
# Who they are is not all that is asked.
_ASKS_MORE = re.compile(r"\b(?:dates?|days?|when|how much|amounts?)\b")
