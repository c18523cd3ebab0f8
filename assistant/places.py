"""Cities and countries as customers name them, and as statement lines write them. Names are in `spans.plain` form."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.core import get_global

from prompts.registry import word_list


def is_place(name: str) -> bool:
    """Whether a name is that of a country, or of a city that statement lines write in its own language."""
    said = name.removeprefix("the ")
    return said in _cities() or said in _countries()


def written(word: str) -> tuple[str, ...]:
    """How a city of that name stands on statement lines besides; nothing where it is written as it is said."""
    return _cities().get(word, ())


def country(name: str) -> str | None:
    """The ISO 3166 code of a country, in lower case, as it ends the line of a card payment there."""
    return _countries().get(name.removeprefix("the "))


def is_abroad(text: str, home: str = "GB") -> bool:
    """Whether a text names a country, or a city that is known beyond its own, outside the home country."""
    return any(name in f" {text} " for name in _abroad(home))


@cache
def _abroad(home: str) -> frozenset[str]:
    of = get_global("zone_territories")
    zones = {
        city.get("city", zone.rpartition("/")[2].replace("_", " ")): of.get(zone)
        for zone, city in Locale("en").time_zones.items()
    }
    cities = {city.casefold() for city, land in zones.items() if land not in (None, home, "001")} | set(_cities())
    return frozenset(f" {name} " for name in cities | {name for name, code in _countries().items() if code != home.lower()})


@cache
def _cities() -> dict[str, tuple[str, ...]]:
    pairs = [pair.split("=") for pair in sorted(word_list("cities"))]
    return {said: tuple(there for name, there in pairs if name == said) for said, _ in pairs}


@cache
def _countries() -> dict[str, str]:
    codes = {code: name for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha()}
    named = {name.casefold(): code.lower() for code, name in codes.items()}
    return named | {"america": "us", "states": "us", "usa": "us", "holland": "nl", "turkey": "tr"}
