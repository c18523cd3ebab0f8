"""Which payees of the customer's a name means: as written, by a part of it, by where they are, misspelt, or by what it is.

The most exact reading wins, and the answer names what it took in: a name that stands on a statement as it was
said means that text alone, so that a wider reading is never slipped in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from rapidfuzz import fuzz

from assistant import places
from assistant.spans import BESIDE, close_word, plain, texts_of, words_of
from data.ledger import Payee
from data.party import Frozen
from prompts.registry import word_list


class How(StrEnum):
    EXACT = "exact"
    PART = "part"
    SPELLING = "spelling"
    MEANING = "meaning"
    NONE = "none"


class Match(Frozen):
    """What a name was taken to mean. near: payees like it that are left out; ids are descriptor ids."""

    said: str
    how: How
    payees: tuple[Payee, ...] = ()
    near: tuple[Payee, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(p.id for p in self.payees)

    @property
    def names(self) -> tuple[str, ...]:
        """Names to show, each once, in the order of the ledger."""
        return tuple(dict.fromkeys(p.shown for p in self.payees))


TELL_NOBODY = word_list("tell_nobody")
_SQUEEZE = re.compile(r"[^a-z0-9]")


def _squeezed(text: str) -> str:
    return _SQUEEZE.sub("", plain(text))


def match(said: str, payees: Sequence[Payee], excluding: Sequence[str] = (), english: frozenset[str] = frozenset()) -> Match:
    """Read a name against the customer's payees, without an index: meaning is looked up by the caller.

    english: ordinary words of the language.

    The result has no payees when nothing is written like it.
    """
    name = plain(said).removesuffix("'s")
    allowed = [p for p in payees if p.template not in excluding] if excluding else payees
    # As it stands on a statement comes first; the name of a shop is that of all its texts.
    exact = [p for p in allowed if p.text == name] or [p for p in allowed if name in (p.template, plain(p.shown))]
    if exact:
        ids = {p.id for p in exact}
        near = [p for p in _by_part(name, allowed, english) if p.id not in ids]
        called = {p.shown for p in exact}
        if name not in {p.text for p in exact}:
            # "Lime ride" is how some lines of Lime begin, and all that goes on differs by is a code.
            same = near if all(p.shown in called for p in near) else [p for p in near if _is_coded(p, name)]
            exact, near = [*exact, *same], [p for p in near if p not in same]
        return Match(said=said, how=How.EXACT, payees=tuple(exact), near=tuple(near))
    part = _by_part(name, allowed, english)
    if part:
        return Match(said=said, how=How.PART, payees=tuple(part))
    if there := _by_place(name, allowed, english):
        return Match(said=said, how=How.PART, payees=tuple(there))
    if (spaced := _as_spaced(name, allowed)) != name and (meant := _by_part(spaced, allowed, english)):
        return Match(said=said, how=How.PART, payees=tuple(meant))
    spelt = _by_spelling(name, allowed)
    return Match(said=said, how=How.SPELLING if spelt else How.NONE, payees=tuple(spelt))


def _is_coded(payee: Payee, name: str) -> bool:
    """Whether nothing but codes follows a name in the text of a payee."""
    return payee.template.startswith(f"{name} ") and all(
        any(c.isdigit() for c in word) for word in payee.template.removeprefix(name).split()
    )


def _tokens(name: str) -> list[str]:
    """The words of a name that tell it from others; all of them when none does."""
    words = sorted(words_of(name))
    return [w for w in words if w not in TELL_NOBODY] or words


def _has(word: str, words: frozenset[str], english: frozenset[str]) -> bool:
    """Whether a word is among those of a text: whole, in the singular, or as the beginning of one ("sains" in SAINSBURYS).

    An ordinary word is the beginning of its own forms only: "roof" of ROOFING, "water" not of WATERSTONES.
    """
    if word in words or (len(word) >= 4 and word.removesuffix("s") in words):
        return True
    begun = [x.removeprefix(word) for x in words if x.startswith(word)] if len(word) >= 4 else []
    return any(word not in english or rest in _ENDINGS for rest in begun)


_ENDINGS = frozenset({"s", "es", "ing", "ings", "er", "ers", "ed", "ry", "ists", "ist"})


def _by_part(name: str, payees: Sequence[Payee], english: frozenset[str]) -> list[Payee]:
    """Payees with every word of the name; where there is none, with every word that tells who, not what was bought."""
    wanted, squeezed = _tokens(name), _squeezed(name)
    # Marks alone are part of every text, and name nobody.
    if not wanted:
        return []
    texts = [(payee, texts_of(payee)) for payee in payees]
    if as_said := [payee for payee, words in texts if all(w in words for w in wanted)]:
        return as_said
    found = [
        payee
        for payee, words in texts
        if all(_has(w, words, english) for w in wanted)
        or (len(squeezed) >= 5 and squeezed not in english and squeezed in _squeezed(payee.template + " " + payee.shown))
    ]
    telling = [w for w in wanted if w not in BESIDE and w not in _TITLES]
    if found or not telling or telling == wanted:
        return found
    # "Mr Dunmore" is P DUNMORE, and never MRS DUNMORE.
    titled = any(w in _TITLES for w in wanted)
    return [p for p, words in texts if all(_has(w, words, english) for w in telling) and not (titled and words & _TITLES)]


def _by_place(name: str, payees: Sequence[Payee], english: frozenset[str]) -> list[Payee]:
    """Payees in a city that their statement lines write in its own language, or in a country, whose code ends such a line."""
    words = name.split()
    for at, word in enumerate(words):
        said = (" ".join((*words[:at], there, *words[at + 1 :])) for there in places.written(word))
        if found := [p for whole in said for p in _by_part(whole, payees, english)]:
            return found
    code = places.country(name)
    return [p for p in payees if code and p.text.rpartition(" ")[2] == code]


def _as_spaced(name: str, payees: Sequence[Payee]) -> str:
    """A name with the spaces between its words where payees have them: "paper clip" is PAPERCLIP, "greenacre" GREEN ACRE."""
    held = {word for payee in payees for word in texts_of(payee)}
    words, at, spaced = name.split(), 0, list[str]()
    while at < len(words):
        tails = ((n, "".join(w for w in words[at : at + n] if w not in _AND)) for n in (3, 2))
        size, joined = next(((n, one) for n, one in tails if at + n <= len(words) and one in held), (1, words[at]))
        halves = ((joined[:i], joined[i:]) for i in range(LEAST_PART, len(joined) - LEAST_PART + 1)) if joined not in held else ()
        spaced += next((two for two in halves if held.issuperset(two)), (joined,))
        at += size
    return " ".join(spaced)


_AND = frozenset({"and", "&"})
# Shorter parts of a word are in any.
LEAST_PART = 3
_TITLES = frozenset(["mr", "mrs", "ms", "miss", "dr", "prof", "sir", "rev"])


def _by_spelling(name: str, payees: Sequence[Payee]) -> list[Payee]:
    """Payees whose words are each a slip away from a word of the name."""
    wanted = _tokens(name)
    if not wanted:
        return []
    found = []
    for payee in payees:
        words = texts_of(payee) - TELL_NOBODY
        if words and all(w in words or close_word(w, words, 4) is not None for w in wanted):
            found.append(payee)
    if found:
        return found
    squeezed = _squeezed(name)
    if len(squeezed) < 6:
        return []
    # Another number is another shop, not a slip of the pen.
    numbers = re.findall(r"\d+", name)
    alike = [p for p in payees if not numbers or re.findall(r"\d+", p.shown) == numbers]
    best = max(((fuzz.ratio(squeezed, _squeezed(p.shown)), p.id) for p in alike), default=(0.0, 0))
    same = {p.template for p in payees if p.id == best[1]}
    return [p for p in payees if p.template in same] if best[0] >= SQUEEZED_RATIO else []


# Measured on invented misspellings of one word run together ("star bucks", "sainsburry"): right names score above.
SQUEEZED_RATIO = 88.0
