"""Places as customers name them are found as statement lines write them, and never passed over."""

from __future__ import annotations

import pytest

from assistant import places
from assistant.merchants import How, match
from assistant.spans import plain
from prompts.registry import word_list
from tests.conftest import Counter
from tests.test_merchants import payee

ABROAD = [
    payee(1, "PASTELARIA AURORA LISBOA PT"),
    payee(2, "HOTEL MIRADOURO LISBOA PT"),
    payee(3, "BODEGAS RUIZ SEVILLA ES"),
    payee(4, "HOTEL CENTRAL LONDON"),
]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("lisbon", (1, 2)),
        ("Lisbon hotel", (2,)),
        ("Portugal", (1, 2)),
        ("spain", (3,)),
        ("the netherlands", ()),
        ("hotel", (2, 4)),
        # As it stands on a statement comes first.
        ("sevilla", (3,)),
    ],
)
def test_a_city_or_country_means_the_payees_there(said: str, meant: tuple[int, ...]) -> None:
    found = match(plain(said), ABROAD)
    assert found.ids == meant
    assert found.how is (How.PART if meant else How.NONE)


def test_who_is_called_like_a_country_is_somebody() -> None:
    people = [payee(1, "J JORDAN"), payee(2, "PETRA TOURS AMMAN JO")]
    assert match("jordan", people).ids == (1,)


def test_each_city_is_listed_as_it_is_said_and_written() -> None:
    assert all(len(pair.split("=")) == 2 for pair in word_list("cities"))
    assert not any(places.written(there) == (said,) for said in ("lisbon", "rome") for there in places.written(said))
    assert places.is_place("the netherlands")
    assert not places.is_place("tesco")


def test_what_was_spent_in_a_country_is_never_all_that_was_spent(bank: Counter) -> None:
    said = bank.ask("priya-raman", "what did i spend in spain in october").done
    assert said.outcome != "answer"
    said = bank.ask("amara-okafor", "how much did we spend in Lisbon in May").done
    assert said.outcome == "answer"
