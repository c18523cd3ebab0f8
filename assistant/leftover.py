"""Words that are not understood: which they are, and whether a step may be performed without them."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import cache

from assistant import held, referring
from assistant import spans as parts
from assistant.fragments import TOTAL_WORDS
from assistant.labels import CERTAIN, TURNED_UP
from assistant.memory import Memory, off_track, spoke_of_somebody
from assistant.places import is_place
from assistant.plan import (
    ABOUT_PAYMENTS,
    ABOUT_SAME,
    CAME_BACK,
    FREE,
    FROM_OTHERS,
    LISTS,
    MANDATES,
    ONE_ROW,
    POSITIONS,
    READ_WHOLE,
    Spans,
    Step,
    Tool,
)
from assistant.pointing import WHOLE, points_nowhere
from assistant.prices import PRICE_BEFORE
from assistant.router import words_by_label
from assistant.spans import BESIDE, Found, Known
from prompts.registry import word_list

# A label that is less probable than this is not believed beside a word that no example has.
PASSING = 0.5
# From here on a refusal is right whatever else is said.
REFUSING = 0.75
# Of the words that so rarely choose what is asked one in forty does all the same; the answer says which word it did not use.
MAY_NARROW = 0.1
# From here on a word is taken to name one thing of a list: goods and brands are above, "at present" and "dodgy" are below.
PICKS = 0.4
# From here on a word chooses what is asked, whatever else speaks for passing it over.
CHOOSES = 0.6
# Ordinary words, which choose nothing in any question.
FILLERS = word_list("fillers")


def words_left(
    label: str, sure: float, floor: float, step: Step | None, said_before: Set[str], whole: Found, known: Known
) -> tuple[str, ...]:
    """Words that are not understood. said_before: those of the question that this one leans on. floor: from where on a plan is
    believed."""
    price = PRICE_BEFORE.search(whole.masked) if label == Tool.SUBSCRIPTIONS else None
    understood = said_before | set(price.group().split() if price is not None else ())
    if step is not None and step.tool is Tool.LAST and step.spans.change == CAME_BACK:
        understood |= _BEFORE_IT
    return tuple(
        w
        for w in (*not_understood(whole, label, known, sure, floor), *whole.undated, *whose_payments(whole, step, known))
        if w not in understood
        and not _of_that_name(w, whole.spans, known)
        and not _says_who(w, whole, known)
        and not (step is not None and step.tool in ONE_ROW and _is_told_of_it(w, whole))
        and not (w in _INCLUDED and step is not None and held.TILL_REFUSED.search(whole.masked))
        and not (w in held.MOVING and held.INTO.match(step.spans.account if step is not None else whole.spans.account))
        and not (w in _TURNED and step is not None and step.tool is Tool.FIND and TURNED_UP.search(whole.masked))
        and not (w in _DRAWING and step is not None and step.spans.category == "cash")
    )


def _is_told_of_it(word: str, found: Found) -> bool:
    """Whether a word asks for what is told of one payment anyway, "the value and the supplier", and does not say which it is."""
    return (
        word in _OF_A_ROW and re.search(rf"\b(?:to|at|from|for|with|by) (?:the|my|our|an?|some) {word}\b", found.masked) is None
    )


_OF_A_ROW = frozenset({"value", "size", "sum", "price", "outlay", "big", "large", "much", "rest", "payee", "payees", "recipient", "supplier"}
                      | {"collects", "seller", "vendor", "merchant", "firm", "retailer", "biller", "receiver", "beneficiary", "name"})  # fmt: skip


# By these a step is about what came back before.
_BEFORE_IT = frozenset({"previous", "prior", "earlier", "before"})
# By these something came in.
_TURNED = frozenset({"turned", "showed", "popped", "cropped", "appeared", "arrived"})
# By these a step is about cash.
_DRAWING = frozenset({"draw", "draws", "drawing", "drawn", "drew", "withdraw", "withdrew", "withdrawn", "withdrawing"})


def not_understood(found: Found, label: str, known: Known, sure: float, floor: float) -> tuple[str, ...]:
    """Words that no example of this label has. One such word may narrow what is meant: it is never passed over.

    sure: how probable the label is. floor: from where on a plan is believed.
    """
    if label == Tool.ARTICLE:
        # Whether the pages know of it is for them to say.
        return ()
    if label in FREE:
        # Anything may be said there, but not nothing that is known.
        if sure >= REFUSING and label == Tool.REFUSE:
            return ()
        if sure >= floor and all(w in known.vocabulary.english for w in found.unknown):
            return ()
        meant = set(re.findall(r"[a-z']+", found.masked)) & (_words()[label] - FILLERS)
        return () if meant else found.unknown
    usual = _usual(label)
    left = [w for w in re.findall(r"[a-z][a-z']*", found.masked) if w not in parts.PLACEHOLDERS.values() and len(w) > 1]
    strange = (*found.unknown, *(w for w in left if w.removesuffix("'s") not in usual and w not in usual))
    return tuple(dict.fromkeys(w for w in strange if w not in parts.TITLES))


@cache
def _words() -> dict[str, frozenset[str]]:
    """For each label the words of its own examples, read once."""
    return words_by_label()


@cache
def _usual(label: str) -> frozenset[str]:
    """The words that say nothing new in a question of a label."""
    return FILLERS | _words()[label] | (TOTAL_WORDS if label == Tool.SUM else frozenset())


def whose_payments(found: Found, step: Step | None, known: Known) -> tuple[str, ...]:
    """ "My brother, for the rent": whom a step about payments of a kind is about, which is no word of the sentence."""
    if step is None or step.tool not in ABOUT_PAYMENTS or step.spans.merchants:
        return ()
    return tuple(w for w in parts.WORD.findall(found.masked) if w in parts.KIN and known.narrows(w) >= CHOOSES)


def _of_that_name(word: str, said: Spans, known: Known) -> bool:
    """Whether a word is one more of a name that is said, as a payee has them: "van insurance, Direct Line"."""
    named = [w for name in (*said.merchants, said.category) for w in parts.words_of(name) if w in known.tokens]
    return word in known.tokens and bool(named) and known.together([word, *named])


def _says_who(word: str, found: Found, known: Known) -> bool:
    """Whether a word of kinship beside a name tells which of those who are called so is meant: "my sister Ann"."""
    beside = rf"\b{re.escape(word)},? xmerchant\b|\bxmerchant,? my {re.escape(word)}\b"
    if word not in parts.KIN or len(found.spans.merchants) != 1 or re.search(beside, found.masked) is None:
        return False
    return bool(parts.family_of(referring.called_so(found.spans.merchants[0], known), known))


def not_told_of(found: Found, step: Step) -> tuple[str, ...]:
    """An account that the customer does not have, and days that are to be left out: nothing else takes their place."""
    account = _SOME_ACCOUNT.search(found.masked) if not (step.spans.account or step.spans.merchants) else None
    days = _WITHOUT_DAYS.search(found.masked) if len(found.spans.periods) == 1 else None
    return tuple(match["what"] for match in (account, days) if match is not None)


_SOME_ACCOUNT = re.compile(r"\b(?:in|into|from|out of) (?:the|my|our) (?P<what>(?:[a-z]+ )?(?:pot|isa|jar|fund))\b")
_WITHOUT_DAYS = re.compile(
    r"\b(?P<what>not counting|not including|excluding|except(?: for)?|without|apart from|leaving out|other than|not) (?:in )?(?:the )?xperiod"
)


def may_pass(missing: Sequence[str], step: Step, whole: Found, known: Known, sure: float) -> bool:
    """Whether a step may be performed though some words are not used for it."""
    if step.tool in ONE_ROW and not _PLACED.isdisjoint(missing):
        # "The second worst day" is not the worst.
        return False
    if sure < PASSING or whole.undated or ((told := _TOLD.match(whole.masked)) and told["verb"] in missing):
        # The word that a message begins with says what is wanted: "book me a slot".
        return False
    if step.tool in ABOUT_PAYMENTS and any(_OF_A_TIME.search(whole.masked.partition(w)[0]) for w in missing):
        return False
    if any(f" {w} xmerchant" in whole.masked and _AFTER_AT.search(whole.masked.partition(f" {w} xmerchant")[0]) for w in missing):
        # "At sadly Tesco": it may be part of the name.
        return False
    if step.tool in ABOUT_PAYMENTS and any(is_place(w) for w in missing):
        # What was spent in a country is not all that was spent.
        return False
    if any(w.endswith("'s") and f"{w} xaccount" in whole.masked for w in missing):
        # "Margaret's savings" are not one's own.
        return False
    if step.spans.account and not _INCLUDED.isdisjoint(missing):
        # "The joint account included": that one and the others.
        return False
    if step.tool in POSITIONS and any(w in parts.words_of(a.name) for w in missing for a in known.accounts):
        # "Everyday and the jar": one of them is not all.
        return False
    if step.tool is Tool.COMPARE and any(known.narrows(w) >= PICKS for w in missing):
        # One of the two sides may be in them: "Spoons or Duke's".
        return False
    if _picks(missing, step, known):
        return False
    return _is_told_around(missing, whole, step, known, sure) or _harmless(missing, step, known, sure)


_INCLUDED = frozenset({"included", "including", "incl"})
_PLACED = frozenset({"second", "third", "fourth", "fifth", "2nd", "3rd", "4th", "5th"})
_TOLD = re.compile(r"(?P<verb>[a-z']+) (?:me|us|a|an|my|in|up)\b")
_OF_A_TIME = re.compile(r"\b(?:since|until|till|before|after|during|while|whilst)\b(?:(?!xperiod)[^,.?!;])*$")
_AFTER_AT = re.compile(r"\b(?:at|to|from|in|with)$")


def _harmless(missing: Sequence[str], step: Step, known: Known, sure: float) -> bool:
    """Whether words that no example of a tool has choose nothing, where they stand: "the damage at Lidl so far"."""
    # A word that asks for something elsewhere says something here too, "the next biggest", unless it is certain what is asked
    # with it; one of no dictionary may be a name.
    return step.tool not in FREE and all(
        known.narrows(w) < MAY_NARROW
        and (sure >= CERTAIN or known.is_talk(w) or (not known.asks(w) and w.removesuffix("'s") in known.vocabulary.english))
        for w in missing
    )


def _picks(missing: Sequence[str], step: Step, known: Known) -> bool:
    """Whether a word may pick one of a list: "the direct debit for the boat" is not the others."""
    return step.tool in LISTS | MANDATES and any(known.narrows(w) >= PICKS for w in missing)


def _is_told_around(missing: Sequence[str], found: Found, step: Step, known: Known, sure: float) -> bool:
    """Whether words that no example has are told around what is asked: "my feet have been in their hands for years". None of
    them narrows, and none is beside a name, or not in the dictionary, that also asks or names a trade or one of the family.

    Never where sums would then be over everything. The answer says that it did not use them.
    """
    said, words = step.spans, [w.removesuffix("'s") for w in missing]
    of_somebody = said.merchants or said.category or said.account
    of_payments = step.tool in ABOUT_SAME - WHOLE | {Tool.INCOME, Tool.REFUND_STATUS}
    if step.tool in FREE or (of_payments and not of_somebody) or _names_a_payer(words, found, step):
        return False
    narrowing = _NARROWING - _HOURS if step.tool is Tool.DUPLICATES else _NARROWING | _ODD
    if any(w in narrowing or w.isdigit() for w in words):
        return False
    if sure >= CERTAIN and not of_payments:
        # "Could I get a 250 pound gizmo": what it is changes nothing.
        return True
    beside = {m for pair in _BESIDE_NAME.findall(found.masked) for m in pair if m}
    strange = {w for w in words if w not in known.vocabulary.english or (w in beside and w not in BESIDE)}
    theirs = all(parts.words_of(name) & known.tokens.keys() for name in said.merchants)
    return not strange or (theirs and strange.isdisjoint(parts.KIN | _ASKS_HOW | known.vocabulary.trades))


_ASKS_HOW = frozenset(
    {
        "first",
        "last",
        "next",
        "latest",
        "newest",
        "oldest",
        "biggest",
        "largest",
        "highest",
        "smallest",
        "lowest",
        "cheapest",
        "dearest",
    }
    | {"most", "least", "average", "mean", "different", "share", "percent", "both", "each", "every", "rest", "remaining", "else"}
)
_BESIDE_NAME = re.compile(r"(?:([a-z']+) (?=xmerchant|xcategory)|x(?:merchant|category) ([a-z']+))")
_HOURS = word_list("hours")
_ODD = word_list("odd")
_NARROWING = _HOURS | word_list("narrowing")


def _names_a_payer(words: Sequence[str], found: Found, step: Step) -> bool:
    """ "Did the office pay me", "my refund from Next": who, whatever else the word means."""
    pays = r"\b{} (?:(?:has|have|not|already|ever) )*pa(?:y|id|ys|ying)\b" if step.tool in FROM_OTHERS else ""
    came = r"\bfrom {}\b" if step.tool in _BROUGHT_BACK else ""
    return any(form and re.search(form.format(re.escape(w)), found.masked) for form in (pays, came) for w in words)


_BROUGHT_BACK = frozenset({Tool.REFUNDS, Tool.REFUND_STATUS, Tool.INCOME})


def passes_over(step: Step, heard: Found, message: str, memory: Memory) -> str:
    """What a model's step leaves out that could narrow it: a word that nobody understood, or whom a pronoun is about.

    Empty when it leaves out nothing.
    """
    said = " ".join((*step.spans.merchants, step.spans.category, *step.spans.periods, step.spans.amount, step.spans.account))
    left = [w for w in heard.unknown if w.removesuffix("'s") not in parts.plain(said)]
    named = step.spans.merchants or step.spans.category or step.spans.account
    dated = [w for w in left if _AFTER_A_TIME.search(parts.plain(message).partition(w)[0])]
    if step.tool in ABOUT_SAME - WHOLE and ((left and not named) or (dated and not step.spans.periods)):
        return ", ".join(left)
    astray = off_track(memory)
    if (astray or not spoke_of_somebody(memory)) and points_nowhere(step, parts.plain(message), astray):
        return "whom or what it is about"
    return ""


# "Since the clocks went back" is a time, though nobody can say which.
_AFTER_A_TIME = re.compile(r"\b(?:since|until|till|before|after|during|while|when|around)\b[^,.?!;]*$")


def unused(step: Step, heard: Found, known: Known, floor: float) -> tuple[str, ...]:
    """Words that a model's step does not use, and that no example of its tool has."""
    spans = step.spans
    if step.tool in FREE | READ_WHOLE:
        return ()
    used = parts.words_of(" ".join((*spans.merchants, spans.category, *spans.periods, spans.amount, spans.account, spans.group)))
    return tuple(w for w in not_understood(heard, step.tool.value, known, 0.0, floor) if w.removesuffix("'s") not in used)
