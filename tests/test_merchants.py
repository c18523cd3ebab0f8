"""Whom a name means: the most exact reading wins, what is like it is named, and nobody else's payee is ever meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.merchants import How, Match, match
from data.ledger import Payee
from data.party import AccountId
from retrieval.templates import descriptor, template

OURS, THEIRS = AccountId("ours"), AccountId("theirs")


def payee(id: int, text: str, account: AccountId = OURS) -> Payee:
    return Payee(id=id, account=account, text=descriptor(text), shown=text, template=template(text))


SHOPS = [
    payee(n, text)
    for n, text in enumerate(
        [
            "ALDI",
            "ALDI STORES",
            "TESCO STORES 5683",
            "TESCO EXPRESS 4410",
            "SAINSBURYS S/MKTS",
            "STAR BUCKS COFFEE",
            "WAITROSE",
            "B&Q",
        ],
        start=1,
    )
]


def names(found: Match) -> set[str]:
    return set(found.names)


def test_a_text_said_as_it_stands_means_that_text_and_names_the_ones_like_it() -> None:
    found = match("Aldi", SHOPS)
    assert found.how is How.EXACT
    assert names(found) == {"ALDI"}
    assert {p.shown for p in found.near} == {"ALDI STORES"}


def test_a_part_of_a_name_means_all_that_have_it() -> None:
    found = match("tesco", SHOPS)
    assert found.how is How.PART
    assert names(found) == {"TESCO STORES 5683", "TESCO EXPRESS 4410"}
    assert match("sains", SHOPS).names == ("SAINSBURYS S/MKTS",)


@pytest.mark.parametrize(
    ("said", "meant"), [("watrose", "WAITROSE"), ("waitroes", "WAITROSE"), ("sainsburrys", "SAINSBURYS S/MKTS")]
)
def test_a_misspelt_name_is_understood_and_said_to_be_so(said: str, meant: str) -> None:
    found = match(said, SHOPS)
    assert found.how is How.SPELLING
    assert found.names == (meant,)


def test_words_run_together_are_the_same_name() -> None:
    assert match("starbucks", SHOPS).names == ("STAR BUCKS COFFEE",)


@pytest.mark.parametrize("said", ["zorblax", "ted", "", "???", "lidl", "the shop"])
def test_a_name_like_nothing_means_nobody(said: str) -> None:
    found = match(said, SHOPS)
    assert found.how is How.NONE
    assert found.payees == ()


def test_small_words_around_a_name_do_not_matter() -> None:
    assert match("the waitrose shop", SHOPS).names == ("WAITROSE",)
    assert match("Waitrose's", SHOPS).names == ("WAITROSE",)


def test_what_the_customer_did_not_mean_is_left_out() -> None:
    found = match("tesco", SHOPS, excluding=(SHOPS[2].template,))
    assert found.names == ("TESCO EXPRESS 4410",)


ENGLISH = frozenset(["water", "roof", "lime", "scooters", "van", "books"])
MORE = [
    payee(n, text)
    for n, text in enumerate(
        ["MARKS&SPENCER PLC", "WATERSTONES", "APEX ROOFING", "LIME*RIDE", "TESCO STORES 5197", "TESCO STORES 5683", "VANS SHOES"],
        start=20,
    )
]


@pytest.mark.parametrize("said", ["Marks & Spencer", "Marks and Spencer", "marks&spencer", "marks spencer", "marks and spencers"])
def test_a_name_with_a_mark_inside_is_found_however_it_is_spelt(said: str) -> None:
    assert names(match(said, MORE, (), ENGLISH)) == {"MARKS&SPENCER PLC"}


def test_what_is_bought_does_not_hide_who_sells_it() -> None:
    assert names(match("lime scooters", MORE, (), ENGLISH)) == {"LIME*RIDE"}
    assert names(match("tesco food shop", MORE, (), ENGLISH)) == {"TESCO STORES 5197", "TESCO STORES 5683"}
    assert match("scooters", MORE, (), ENGLISH).payees == ()


def test_an_ordinary_word_is_the_beginning_of_its_own_forms_only() -> None:
    assert names(match("roof", MORE, (), ENGLISH)) == {"APEX ROOFING"}
    assert match("water", MORE, (), ENGLISH).payees == ()
    assert names(match("water", MORE)) == {"WATERSTONES"}


@pytest.mark.parametrize("said", ["tesco stores 2317", "tesco stores 5198"])
def test_another_number_is_another_shop(said: str) -> None:
    assert match(said, MORE, (), ENGLISH).payees == ()


def test_the_number_of_a_shop_means_that_shop() -> None:
    assert names(match("tesco stores 5197", MORE, (), ENGLISH)) == {"TESCO STORES 5197"}


@pytest.mark.parametrize("said", ["the chap who did the roof", "the roof man", "the roofing firm"])
def test_words_for_somebody_are_no_part_of_the_name(said: str) -> None:
    assert names(match(said, MORE, (), ENGLISH)) == {"APEX ROOFING"}


@given(st.one_of(st.text(max_size=40), st.sampled_from([p.shown for p in SHOPS])))
def test_only_payees_of_the_list_are_ever_meant(said: str) -> None:
    ours, theirs = SHOPS[:4], [payee(n, p.shown, THEIRS) for n, p in enumerate(SHOPS, start=100)]
    assert all(p in ours for p in (*match(said, ours).payees, *match(said, ours).near))
    assert not set(match(said, ours).ids) & {p.id for p in theirs}


def test_who_has_a_title_is_found_without_it_unless_another_title_stands_there() -> None:
    people = [payee(1, "P DUNMORE GARDEN SERVICES"), payee(2, "MRS L BRADSHAW")]
    assert match("mr dunmore", people).names == ("P DUNMORE GARDEN SERVICES",)
    # It may be a slip of the pen, which the answer then says.
    assert match("mr bradshaw", people).how is How.SPELLING


def test_how_some_lines_of_a_shop_begin_means_all_its_lines() -> None:
    lime = [p.model_copy(update={"shown": "Lime"}) for p in (payee(1, "LIME RIDE"), payee(2, "LIME*RIDE ZK6EGB LONDON"))]
    lime[0] = lime[0].model_copy(update={"text": "lime ride 7"})
    assert match("lime ride", lime).ids == (1, 2)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("paper mill lane", "PAPERMILL LANE"),
        ("papermilllane", "PAPERMILL LANE"),
        ("otter wash and dry", "J R OTTER WASHDRY"),
        ("greenbank market hall", "GREENBANK RY MARKETHALL"),
    ],
)
def test_spaces_left_out_or_put_in_change_nobodys_name(said: str, meant: str) -> None:
    texts = ["PAPERMILL LANE", "J R OTTER WASHDRY", "GREENBANK RY MARKETHALL"]
    found = match(said, [payee(n, text) for n, text in enumerate(texts, start=1)])
    assert names(found) == {meant}


def test_codes_after_a_name_make_nobody_else_of_it() -> None:
    ads = [payee(1, "GLOSSY 7"), payee(2, "GLOSSY XK2PQ"), payee(3, "GLOSSY PRINTS")]
    ads[0] = ads[0].model_copy(update={"template": "glossy"})
    found = match("glossy", ads)
    assert (found.ids, [p.shown for p in found.near]) == ((1, 2), ["GLOSSY PRINTS"])


def test_a_word_for_the_way_of_paying_tells_nobody() -> None:
    assert match("quillmart on paypal", [payee(1, "PAYPAL *QUILLMART"), payee(2, "PAYPAL *OTHER")]).ids == (1,)
