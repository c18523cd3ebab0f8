"""Whom words mean that stand where a name may: somebody the customer pays, a shop they never paid, or nobody at all."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

import pytest

from assistant.periods import Today
from assistant.plan import Spans, Step, Tool
from assistant.resolve import Alike, Query, Unclear, resolve
from assistant.router import vocabulary
from assistant.spans import Known
from data.banking import Account, AccountKind
from data.ledger import Payee
from data.party import AccountId
from retrieval.templates import descriptor, template

OWN = AccountId("own")
ENGLISH = frozenset(["midnight", "nights", "gardener", "lifts", "the", "for", "costa"])


def _payee(id: int, text: str) -> Payee:
    return Payee(id=id, account=OWN, text=descriptor(text), shown=text, template=template(text), personal="GARDEN" not in text)


def _resolved(
    name: str,
    texts: Sequence[str] = ("RYAN SINCLAIR CAR SHARE", "A MACKENZIE DIGS"),
    written: str = "",
    *more: str,
    days: str = "",
) -> Query | Unclear:
    async def meaning(_said: str) -> Alike:
        return Alike()

    account = Account(id=OWN, kind=AccountKind.CURRENT, name="Everyday", currency="GBP", holders="Callum Mackenzie")
    known = Known.of(
        [_payee(n, text) for n, text in enumerate(texts, start=1)],
        (),
        {},
        (account,),
        vocabulary(ENGLISH, is_shop=lambda said: said == "costa"),
        Today.of(dt.date(2026, 11, 24), "en_GB"),
    )
    return asyncio.run(
        resolve(
            Step(tool=Tool.SUM, spans=Spans(merchants=(name, *more), periods=(days,) if days else ())), known, meaning, written
        )
    )


def test_what_says_more_of_a_payee_is_passed_over_and_said() -> None:
    for name in ("sinclair, for the lifts", "sinclair had for the lifts"):
        found = _resolved(name)
        assert isinstance(found, Query)
        assert [(m.said, m.names) for m in found.matches] == [(name, ("RYAN SINCLAIR CAR SHARE",))]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("what has mr dunmore had for doing the garden", {"P DUNMORE GARDEN SERVICES"}),
        ("mr dunmore and the garden", {"P DUNMORE GARDEN SERVICES", "NOTCUTTS GARDEN CENTRE"}),
    ],
)
def test_who_is_named_for_something_is_meant_and_not_all_of_that_kind(written: str, meant: set[str]) -> None:
    found = _resolved("mr dunmore", ("P DUNMORE GARDEN SERVICES", "NOTCUTTS GARDEN CENTRE"), written, "garden")
    assert isinstance(found, Query)
    assert {name for match in found.matches for name in match.names} == meant


@pytest.mark.parametrize("name", ["nearly midnight", "nights"])
def test_a_part_of_a_sentence_is_asked_about(name: str) -> None:
    assert _resolved(name) == Unclear(key="nobody", said=name)


@pytest.mark.parametrize("name", ["waitrose", "costa"])
def test_a_shop_that_was_never_paid_is_none(name: str) -> None:
    found = _resolved(name)
    assert isinstance(found, Query)
    assert not found.matches[0].payees


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("how much did Midnight get", True),
        ("Midnight was when?", False),
        ("HOW MUCH AT MIDNIGHT", False),
        ("paid to AB Midnight", True),
    ],
)
def test_an_ordinary_word_that_is_written_as_a_name_is_one(written: str, named: bool) -> None:
    assert isinstance(_resolved("midnight", written=written), Query) is named


def test_family_is_asked_for_among_those_of_the_name() -> None:
    found = _resolved("my maw")
    assert isinstance(found, Unclear)
    assert (found.key, found.choices) == ("nobody_near", ("A MACKENZIE DIGS",))
    assert found.steps[0].only == (template("A MACKENZIE DIGS"),)


def test_somebody_is_known_by_what_they_do() -> None:
    found = _resolved("the woman who washes the carpets", ("NORTH CARPET CLEANING", "A MACKENZIE DIGS"))
    assert isinstance(found, Query)
    assert [m.names for m in found.matches] == [("NORTH CARPET CLEANING",)]


@pytest.mark.parametrize("written", ["what did I send my sister Ann", "Ann, my sister, this year"])
def test_family_of_a_name_is_who_has_a_name_of_the_customers_own(written: str) -> None:
    people = ("ANN MACKENZIE PHONE", "ANN REEVES CHOIR")
    found = _resolved("ann", people, written)
    assert isinstance(found, Query)
    assert {p.template for m in found.matches for p in m.payees} == {template(people[0])}
    assert isinstance(_resolved("ann", people, "what did I send Ann"), Unclear)


@pytest.mark.parametrize("days", ["may 26", "from april 26 to may 26"])
def test_a_day_that_may_be_a_month_is_asked_about_with_both(days: str) -> None:
    asked = _resolved("A MACKENZIE DIGS", days=days)
    assert isinstance(asked, Unclear)
    assert (asked.key, len(asked.choices)) == ("day_or_month", 2)
    assert [step.spans.periods for step in asked.steps] == [(one,) for one in asked.choices]
