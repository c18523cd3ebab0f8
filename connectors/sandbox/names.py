"""Confirmation of payee: whose account a number is, and whether a name fits.

Accounts of this bank and payees of the books are in the directory. Every other number belongs to somebody invented: the same
number always gives the same answer, and some banks never answer.
"""

from __future__ import annotations

import re
from typing import Literal

from rapidfuzz.distance import DamerauLevenshtein

from connectors.sandbox.books import Books, digest

Result = Literal["Match", "CloseMatch", "NoMatch", "Unavailable"]
TITLES = frozenset(("MR", "MRS", "MS", "MISS", "MX", "DR", "PROF", "SIR", "DAME", "REV"))
WORDS = {"LIMITED": "LTD", "COMPANY": "CO", "AND": "&"}
# Short forms that are not the beginning of the name.
SHORT = frozenset(
    (("BILL", "WILLIAM"), ("BOB", "ROBERT"), ("DICK", "RICHARD"), ("JIM", "JAMES"), ("PEGGY", "MARGARET"), ("TED", "EDWARD"))
)
# One letter in this many may be wrong in a name that is nearly right.
LETTERS_A_TYPO = 5


def check(books: Books, number: str, name: str) -> tuple[Result, str]:
    """Whether a name fits the account with a number, and the name as the bank has it, which only a near miss is told."""
    known = directory(books).get(number)
    if known is None:
        return _invented(number, name)
    found = [(fit(name, holder), holder) for holder in (*known, " and ".join(known))]
    if any(result == "Match" for result, _ in found):
        return "Match", ""
    return next(((result, holder) for result, holder in found if result == "CloseMatch"), ("NoMatch", ""))


def directory(books: Books) -> dict[str, tuple[str, ...]]:
    """The names behind each account number: payees and mandates of the seeded books, and holders of accounts here.

    What a customer saved is left out: they could call anybody anything.
    """
    named: dict[str, tuple[str, ...]] = {payee.number: (payee.name,) for payee in books.payees if payee.since is None}
    named |= {order.number: (order.name,) for order in books.commitments if order.number}
    for account in books.accounts.values():
        holders = [books.customers[id].name for id, role in account.owners.items() if role in ("holder", "joint")]
        named[account.number] = tuple(holders)
    return named


def fit(name: str, holder: str) -> Result:
    """Whether a name is the holder's: titles, punctuation and LTD for LIMITED do not count. Close: an initial for a first name,
    a short form, a middle name left out, or a slip of the pen."""
    given, held = _words(name), _words(holder)
    if given == held:
        return "Match"
    if not given or not held:
        return "NoMatch"
    typos = DamerauLevenshtein.distance(" ".join(given), " ".join(held))
    if typos <= len(" ".join(held)) // LETTERS_A_TYPO and typos <= 2:
        return "CloseMatch"
    if len(given) > 1 and len(held) > 1 and given[-1] == held[-1] and _short(given[0], held[0]):
        return "CloseMatch"
    return "NoMatch"


def _short(one: str, other: str) -> bool:
    """One is an initial or a short form of the other, or the same."""
    short, long = sorted((one, other), key=len)
    return short == long or (short, long) in SHORT or (long.startswith(short) and (len(short) == 1 or len(short) > 2))


def _words(name: str) -> list[str]:
    words = [WORDS.get(word, word) for word in re.findall(r"[^\W_]+|&", name.upper().replace("'", "").replace("’", ""))]
    return [word for word in words if word not in TITLES]


def _invented(number: str, name: str) -> tuple[Result, str]:
    """An account at another bank: one bank in eight never answers, one account in eight is somebody else's, one in eight nearly
    has the name."""
    if int(digest("bank", number[:6]), 16) % 8 == 0:
        return "Unavailable", ""
    die = int(digest("holder", number), 16) % 8
    words = _words(name)
    if die == 0 or not words:
        return "NoMatch", ""
    if die == 1 and len(words) > 1 and len(words[0]) > 1:
        return "CloseMatch", f"{words[0][0]} {' '.join(words[1:])}"
    return "Match", ""
