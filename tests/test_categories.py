"""What payments are said to be for."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest

from connectors.categories import SELLERS, Categories
from connectors.sandbox.households import households
from data.errors import InvalidInput


@pytest.fixture(scope="module")
def ours() -> Categories:
    return Categories.load()


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("TESCO STORES 5504", "groceries"),
        ("tesco pfs 4203", "fuel"),
        ("sainsburys petrol", "fuel"),
        ("SAINSBURY'S S/MKTS SELLY OAK", "groceries"),
        ("UBER *EATS HELP.UBER.COM", "eating_out"),
        ("UBER *TRIP HELP.UBER.COM", "transport"),
        ("Amazon Prime*2K3", "subscriptions"),
        ("AMZNMktplace*9A1", "shopping"),
        ("HMRC CUMBERNAULD", "taxes"),
        ("CASH ADVANCE FEE", "fees"),
        ("McDonald’s 0456", "eating_out"),
        ("LNK NOTEMACHINE HIGH ST", "cash"),
        ("NS&I PREMIUM BONDS", "savings"),
    ],
)
def test_statement_lines_find_their_category(ours: Categories, text: str, category: str) -> None:
    assert ours.categorise(text, None, None) == (category, "rule")


@pytest.mark.parametrize("text", ["SHELLEY BROWN", "GAPING GILL", "J NEXTON", "LIKEWISE LTD", "direct linen textiles", ""])
def test_a_rule_fits_whole_words_only(ours: Categories, text: str) -> None:
    assert ours.categorise(text, None, None) == (None, None)


def test_the_banks_label_goes_before_the_text_and_the_text_before_the_code(ours: Categories) -> None:
    assert ours.categorise("tesco pfs", "5411", "Equip Operational") == ("Equip Operational", "bank")
    assert ours.categorise("tesco pfs", "5411", None) == ("fuel", "rule")
    assert ours.categorise("CORNER PLACE", "5411", " ") == ("groceries", "mcc")
    assert ours.categorise("CORNER PLACE", None, None) == (None, None)


def test_a_label_of_the_bank_that_is_one_of_our_categories_becomes_it(ours: Categories) -> None:
    assert ours.categorise("anything", None, "EATING OUT") == ("eating_out", "bank")
    assert ours.categorise("anything", None, "eating_out") == ("eating_out", "bank")


def test_a_label_is_never_taken_for_a_wider_category(ours: Categories) -> None:
    assert ours.categorise("anything", None, "Vehicle Fuel") == ("Vehicle Fuel", "bank")
    assert ours.categorise("anything", None, "Gas") == ("Gas", "bank")


def test_a_label_that_says_nothing_leaves_it_to_the_rules(ours: Categories) -> None:
    assert ours.categorise("aldi", None, "Uncategorised") == ("groceries", "rule")


@pytest.mark.parametrize(
    ("mcc", "category"),
    [
        ("5812", "eating_out"), ("5813", "pubs"), ("5541", "fuel"), ("7523", "parking"), ("3005", "travel"),
        ("4900", "utilities"),
        ("0742", "pets"), ("6011", "cash"), ("6300", "insurance"), ("4121", "transport"), ("7832", "entertainment"),
        ("9999", None), ("541", None), ("groceries", None), ("", None),
    ],
)  # fmt: skip
def test_merchant_codes_have_a_category_or_none(ours: Categories, mcc: str, category: str | None) -> None:
    assert ours.categorise("zz", mcc, None)[0] == category


def test_synonyms_are_the_customers_words_and_none_stands_for_two(ours: Categories) -> None:
    synonyms = ours.synonyms()
    assert "petrol" in synonyms["fuel"]
    assert "food shop" in synonyms["groceries"]
    assert "eating out" in synonyms["eating_out"]
    words = [word for some in synonyms.values() for word in some]
    assert len(words) == len(set(words))
    assert all(word == word.casefold() for word in words)
    assert len(synonyms) >= 25


def test_a_category_is_shown_by_its_name_and_a_label_by_itself(ours: Categories) -> None:
    assert ours.display("eating_out") == "Eating out"
    assert ours.display("Bldg RM Departmental") == "Bldg RM Departmental"


def test_texts_and_codes_agree_on_everyday_spending(ours: Categories) -> None:
    """A shop must not be groceries by its name and shopping by its code, or sums would depend on the bank."""
    now = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    everyday = {"groceries", "eating_out", "pubs", "fuel", "transport", "parking", "clothes", "diy"}
    checked = 0
    for entries in households(now).entries.values():
        for entry in entries:
            by_code = ours.categorise("", entry.mcc, None)[0]
            by_text = ours.categorise(entry.text, None, None)[0]
            if entry.mcc and by_text and everyday & {by_code, by_text}:
                assert by_text == by_code, (entry.text, entry.mcc)
                checked += 1
    assert checked > 1000


def test_a_second_look_at_a_line_costs_next_to_nothing(ours: Categories) -> None:
    lines = [f"TESCO STORES {n} BIRMINGHAM" for n in range(2000)]
    for line in lines:
        ours.categorise(line, None, None)
    started = time.process_time()
    for line in lines * 10:
        ours.categorise(line, None, None)
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ("[fuel\n", "line 1"),
        ('fuel = "petrol"', "'fuel' is not a table"),
        ("[fuel]\nsaid = ['petrol']", "[fuel] 'name'"),
        ("[fuel]\nname = 'Fuel'\nmccs = ['5541']", "[fuel] 'mccs'"),
        ("[fuel]\nname = 'Fuel'\nmcc = [5541]", "[fuel] 'mcc.0'"),
        ("[fuel]\nname = 'Fuel'\nmcc = ['55411']", "[fuel] mcc: '55411'"),
        ("[fuel]\nname = 'Fuel'\nmcc = ['0001']", "[fuel] mcc: '0001'"),
        ("[fuel]\nname = 'Fuel'\nmcc = ['5599-5500']", "[fuel] mcc: '5599-5500'"),
        ("[fuel]\nname = 'Fuel'\ntext = ['be*']", "[fuel] text: 'be*'"),
        ("[fuel]\nname = 'Fuel'\ntext = ['***']", "[fuel] text: '***'"),
        ("[a]\nname='A'\nsaid=['x']\n[b]\nname='B'\nsaid=['X']", "[b] said: 'x' stands for 'a' already"),
        ("[a]\nname='A'\ntext=['M & S']\n[b]\nname='B'\ntext=['m&s']", "[b] text: 'm s' stands for 'a' already"),
        ("[a]\nname='A'\nmcc=['5411']\n[b]\nname='B'\nmcc=['5411']", "[b] mcc: '5411' stands for 'a' already"),
        ("[a]\nname='A'\nmcc=['3000-3100']\n[b]\nname='B'\nmcc=['3050-3200']", "[b] mcc: 3050-3200 overlaps"),
        ("no_category = 'other'", "'no_category'"),
    ],
)
def test_a_rule_set_with_a_mistake_is_refused_and_the_entry_named(tmp_path: Path, rules: str, says: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(rules, "utf-8")
    with pytest.raises(InvalidInput) as caught:
        Categories.load(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_bank_brings_its_own_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[cars]\nname = 'Motor'\nlabels = ['Vehicle Fuel']\ntext = ['esso']\nmcc = ['5500-5599', '5541']\n", "utf-8")
    theirs = Categories.load(path)
    assert theirs.categorise("x", None, "vehicle fuel") == ("cars", "bank")
    assert theirs.categorise("Esso MFG", None, None) == ("cars", "rule")
    assert theirs.categorise("x", "5532", None) == ("cars", "mcc")
    assert theirs.categorise("tesco", "5411", None) == (None, None)


def test_the_sellers_of_this_release_can_be_used_and_no_beginning_of_a_name_tells_one() -> None:
    sellers = Categories.load(SELLERS)
    assert sellers.categorise("DD PUREGYM LTD", None, None)[0] == "gym"
    assert sellers.categorise("B TAMBLYN PLUMBING & HEATING INV 12", None, None)[0] == "plumber"
    assert sellers.categorise("THREE HORSESHOES PUB", None, None)[0] is None
    assert sellers.categorise("BETTING SHOP 12", "7995", None)[0] == "gambling"
    assert (sellers.has_codes("gambling"), sellers.has_codes("gym"), sellers.has_codes("nothing")) == (True, False, False)
