"""Numbers in words: "two hundred and fifty", "a tenner", "three fifty"."""

from __future__ import annotations

import re
from collections.abc import Sequence

SMALL = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
NOTES = {"tenner": 10, "fiver": 5}
# One word of a number, for a regular expression. A grand total is no thousand.
NUMERAL = "|".join([*SMALL, *TENS, *NOTES, "hundred", "thousand", r"grand(?! (?:totals?|sum)\b)"])
_MANY = rf"(?:{NUMERAL})(?:(?:\s+and\s+|[\s-]+)(?:{NUMERAL}))*"
_OF_MONEY = re.compile(
    rf"(?<![\w-])(?:a\s+)?(?P<words>{_MANY})(?P<unit>\s+(?:pounds?|quid|euros?|dollars?|pence))?(?![\w-])"
    r"|(?P<before>[£$€]\s?|\b(?:over|under|above|below|than|least|most|about|around|afford|spend)\s+|(?=\S+\s?grand))(?<![\d.,])(?P<figure>\d+(?:\.\d+)?)\s?(?:k|grand)(?![\w-])"
)


# "Nothing above thirty": a figure where a sentence ends is of money. Fewer may be counted.
_BOUND = re.compile(r"\b(?:over|above|under|below|more than|less than)\s+$")
_ENDS = re.compile(r"\s*(?:$|[?.!,;])")
_OR_MORE = re.compile(
    r"\s+(?:or|and) (?:more|less|over|under|above|below)\b"
    r"(?! (?:times?|days?|weeks?|months?|years?|payments?|transactions?|visits?|than))"
)
LEAST = 10
_TOTAL = re.compile(r"\s+total\b")


# "From five to 8 pounds".
_UP_TO = re.compile(rf"\b(?P<words>{_MANY}) to (?=[£$€]\d|\d[\d.,]*\s?(?:pounds?|quid|euros?|dollars?)\b)")


def values(numerals: Sequence[str]) -> list[int]:
    """The numbers that numerals are of, one after the other: "one hundred" "twenty" is one, "three" "fifty" are two."""
    found, total, part = [], 0, 0
    for word in numerals:
        if word == "hundred" and part < 10:
            part = (part or 1) * 100
        elif word in ("thousand", "grand") and not total:
            total, part = (part or 1) * 1000, 0
        elif (word in TENS and part % 100 == 0) or (
            word in SMALL and part % 100 == 0 and not (part and total == 0 and part < 100)
        ):
            part += TENS.get(word) or SMALL[word]
        elif word in SMALL and SMALL[word] < 10 and part % 10 == 0 and part % 100 >= 20:
            part += SMALL[word]
        else:
            if total or part:
                found.append(total + part)
            total, part = 0, NOTES.get(word) or TENS.get(word) or SMALL.get(word) or (100 if word == "hundred" else 1000)
    return [*found, total + part] if total or part else found


def in_figures(text: str) -> str:
    """A text in lower case with amounts of money that are said in words as figures: "two hundred quid" is "200 quid".

    Numbers that nothing says to be money stay words: "the last two payments".
    """

    def figure(match: re.Match[str]) -> str:
        if match["figure"]:
            sign = "" if match["before"].strip() in ("£", "$", "€") else "£"
            return f"{match['before']}{sign}{float(match['figure']) * 1000:.0f}"
        said = re.findall(rf"(?:{NUMERAL})\b", match["words"])
        if said == ["grand"] and (not match.group().startswith("a ") or _TOTAL.match(text, match.end())):
            # "Grand, and the average?"
            return match.group()
        found = values(said)
        bound = _BOUND.search(text[: match.start()]) is not None and _ENDS.match(text, match.end()) is not None
        bound = bound or _OR_MORE.match(text, match.end()) is not None
        if len(found) == 2 and match["unit"] and re.search(r"\bbetween\s+$", text[: match.start()]):
            # "Between twenty and thirty pounds".
            return f"{found[0]} and {found[1]}{match['unit']}"
        if len(found) != 1 or not (match["unit"] or said[-1] in (*NOTES, "grand") or (bound and found[0] >= LEAST)):
            return match.group()
        return f"{found[0]}{match['unit']}" if match["unit"] else f"£{found[0]}"

    return _UP_TO.sub(lambda m: f"{values(re.findall(NUMERAL, m['words']))[0]} to ", _OF_MONEY.sub(figure, text))
