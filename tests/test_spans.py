"""The parts of a question: names end where they end, ordinary words name nobody, and no word is dropped in silence."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.periods import Today
from assistant.plan import Spans
from assistant.resolve import read_bounds, read_category, read_group, read_number, synonyms_of
from assistant.router import examples, vocabulary
from assistant.spans import Found, Known, Sellers, close_word, find, plain
from data.banking import Account, AccountKind
from data.ledger import Payee
from data.money import Money
from data.party import AccountId
from data.queries import Group
from prompts.registry import word_list

MINE = AccountId("mine")
TEXTS = (
    "TESCO STORES 5683", "TESCO EXPRESS 4410", "ALDI STORES 0822", "LANTERN COFFEE", "STARBUCKS 1842", "MARKS & SPENCER",
    "BOOTS 1194", "SARAH PEMBERTON DINNER", "ALL BAR ONE", "NANDO'S LEEDS", "O2 UK", "MCDONALDS 0456",
)  # fmt: skip


def payees(*texts: str, account: AccountId = MINE) -> tuple[Payee, ...]:
    return tuple(
        Payee(
            id=n,
            account=account,
            text=t.casefold(),
            shown=t,
            template=" ".join(w for w in t.casefold().split() if not w.isdigit()),
        )
        for n, t in enumerate(texts, start=1)
    )


def account(name: str, kind: AccountKind = AccountKind.CURRENT, currency: str = "GBP") -> Account:
    return Account(id=AccountId(name), kind=kind, name=name, currency=currency)


KNOWN = Known.of(
    payees(*TEXTS),
    ("groceries", "eating_out", "fuel", "Entertainment & Streaming"),
    synonyms_of(
        {"groceries": ["groceries", "food shopping"], "eating_out": ["eating out", "restaurants"], "fuel": ["petrol", "fuel"]}
    ),
    (account("Current account"), account("Holiday jar", AccountKind.SAVINGS), account("Joint account")),
    vocabulary(),
    Today.of(dt.date(2026, 11, 24), "en_GB"),
)


def parts(message: str) -> Found:
    return find(message, KNOWN)


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("How much did I spend at Tesco last month?", ["tesco"]),
        ("how much at tesco and aldi in October", ["tesco", "aldi"]),
        ("what did I pay Sarah Pemberton on 3 May?", ["sarah pemberton"]),
        ("have I ever paid Rosie's Riding School?", ["rosie's riding school"]),
        ("did I pay Marks & Spencer twice?", ["marks & spencer"]),
        ("How much have I paid All Bar One this year", ["all bar one"]),
        ("Tesco spend last month", ["tesco"]),
        ("how much did starbuks take from me in June?", ["starbuks"]),
        ("how much did i spend at nando's in total", ["nando's"]),
        ("how often did I go to Boots and when was the last time?", ["boots"]),
        ('what is "LANTERN COFFEE"?', ["lantern coffee"]),
        ("what is “TESCO STORES 5683” on my statement", ["tesco stores 5683"]),
        ("what did i spend at Gooseberry Hollow Barn, please", ["gooseberry hollow barn"]),
        ("How much at O2 this year?", ["o2"]),
    ],
)
def test_names_end_where_they_end(message: str, names: list[str]) -> None:
    assert list(parts(message).spans.merchants) == names


@pytest.mark.parametrize(
    "message",
    [
        "How much did I spend last month?",
        "what is my balance",
        "when did I get paid?",
        "how much did I pay in total this year",
        "what was the biggest payment I made at the weekend?",
        "is there anything coming out of my account before Friday",
        "why did my balance go down this week",
        "how much money have I got left until payday",
        "what do I pay by direct debit",
        "is there a limit when I pay someone new",
        "on which day did I spend most",
        "how much did I pay back",
        "I paid twice, didn't I?",
        "I had a call from your security team yesterday",
    ],
)
def test_ordinary_words_name_nobody(message: str) -> None:
    assert parts(message).spans.merchants == ()


def test_a_word_that_nobody_understands_is_kept_as_unknown() -> None:
    assert parts("please flurble my spending").unknown == ("flurble",)
    assert parts("gluon wozzle").unknown == ("gluon", "wozzle")
    assert parts("how much did I spend last month").unknown == ()


def test_a_typo_of_an_ordinary_word_is_understood() -> None:
    found = parts("show my spendng last month")
    assert found.unknown == ()
    assert "spending" in found.masked


@pytest.mark.parametrize(
    ("message", "words", "least", "most"),
    [
        ("payments over £50", "over £50", "50.01", None),
        ("anything of at least 50 pounds?", "at least 50 pounds", "50.00", None),
        ("purchases under 5 quid", "under 5 quid", None, "4.99"),
        ("no more than £12.50", "no more than £12.50", None, "12.50"),
        ("between £10 and £20", "between £10 and £20", "10.00", "20.00"),
        ("who took £7.85", "£7.85", "7.85", "7.85"),
        ("what was that 4.99 for", "4.99", "4.99", "4.99"),
        ("what if it was 200", "200", "200.00", "200.00"),
        ("more than 1,200 in one go", "more than 1,200", "1200.01", None),
        ("payments over 30", "over 30", "30.01", None),
        ("can I afford 250 this week", "250", "250.00", "250.00"),
        ("how much interest would I get on 5000?", "5000", "5000.00", "5000.00"),
        ("if I put 2,000 into it", "2,000", "2000.00", "2000.00"),
        ("could I afford new tyres for 180 before payday", "180", "180.00", "180.00"),
        ("payments under a fiver", "under £5", None, "4.99"),
        ("over two hundred quid", "over 200 quid", "200.01", None),
        ("anything of £100 or more", "£100 or more", "100.00", None),
        ("a tenner or less", "£10 or less", None, "10.00"),
        ("more than 1.5k", "more than £1500", "1500.01", None),
        ("two grand", "£2000", "2000.00", "2000.00"),
        ("between 10 and 20 pounds", "between 10 and 20 pounds", "10.00", "20.00"),
        ("around £50", "around £50", "45.00", "55.00"),
        ("just over £50", "just over £50", "50.00", "55.00"),
        ("just under 100 quid", "just under 100 quid", "90.00", "100.00"),
        ("nearly four hundred pounds", "nearly 400 pounds", "360.00", "400.00"),
    ],
)
def test_amounts_keep_their_bound(message: str, words: str, least: str | None, most: str | None) -> None:
    amount = parts(message).spans.amount
    assert amount == words
    wanted = tuple(None if text is None else Money.of(text, "GBP") for text in (least, most))
    assert read_bounds(amount, "GBP") == wanted


def test_an_amount_in_another_currency_is_of_that_currency() -> None:
    assert read_bounds("over €20", "GBP") == (Money.of("20.01", "EUR"), None)


@pytest.mark.parametrize(
    "message",
    [
        "over 3 days",
        "more than 2 payments",
        "the last 30 days",
        "in 2025",
        "at most 4 times",
        "I put 3 payments in",
        "the last two payments",
        "a 5k run",
    ],
)
def test_other_numbers_are_no_amounts(message: str) -> None:
    assert parts(message).spans.amount == ""


def test_accounts_go_by_their_own_names() -> None:
    assert "joint account" in parts("what did we spend from the joint account").spans.account
    assert "holiday jar" in parts("how much is in my Holiday jar?").spans.account
    assert parts("what is my balance").spans.account == ""


def test_kinds_of_spending_are_categories() -> None:
    assert parts("how much on groceries last month").spans.category == "groceries"
    assert parts("food shopping in May").spans.category == "food shopping"
    assert read_category("restaurants", KNOWN) == ("eating_out",)
    assert read_category("category 'entertainment & streaming'", KNOWN) == ("Entertainment & Streaming",)
    assert read_category("falconry", KNOWN) == ()


def test_numbers_and_groups() -> None:
    assert read_number(parts("my five biggest payments").spans.number) == 5
    assert read_number(parts("the last 3 payments to Tesco").spans.number) == 3
    assert read_group(parts("spending by category last month").spans.group) == (Group.CATEGORY, False)
    assert read_group(parts("what do I spend each month").spans.group) == (Group.MONTH, False)


def test_days_that_do_not_exist_are_pointed_out() -> None:
    found = parts("what did I spend on 31 February?")
    assert "31 february" in found.bad_period


def test_every_part_stands_in_the_masked_question_as_a_plain_word() -> None:
    found = parts("How much did I spend at Tesco on groceries over £20 last month?")
    assert found.spans == Spans(periods=("last month",), merchants=("tesco",), category="groceries", amount="over £20")
    for word in ("xperiod", "xmerchant", "xcategory", "xamount"):
        assert word in found.masked
    assert "tesco" not in found.masked


def test_words_for_all_time_stay_in_the_question() -> None:
    assert parts("how much have I got altogether").masked == "how much have i got altogether"
    assert parts("how much did I spend in October").masked == "how much did i spend xperiod"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hwo much did i spend", "how much did i spend"),
        ("wats on my a/c", "what's on my account"),
        ("any DDs going oot", "any direct debits going out"),
        ("i havenae had owt", "i haven't had anything"),
    ],
)
def test_short_forms_and_slips_are_read_as_the_plain_word(typed: str, meant: str) -> None:
    assert plain(typed) == meant


def test_a_wording_teaches_one_label_only() -> None:
    labels = [(wording, label) for label, said in examples().items() for wording in said]
    assert sorted(w for w, times in Counter(w for w, _ in labels).items() if times > 1) == []


@pytest.mark.parametrize("word", ["besides", "except", "weekday", "online", "abroad", "contactless", "joint", "morning"])
def test_words_that_narrow_are_no_fillers(word: str) -> None:
    assert word not in word_list("fillers")


# Ordinary words, names in two halves and what is left out

# A small set in the place of the list of English words that the product has.
ENGLISH = frozenset(
    ["van", "the", "cafe", "at", "and", "nursing", "scooters", "scooter", "direct", "line", "insurance", "books", "lime", "next"]
)
SHOPS = (
    "TESCO STORES 5683", "ALDI STORES 0822", "LIME*RIDE", "DIRECT LINE VAN INSURANCE", "FORUM CAFE LEEDS",
    "NURSING AND MIDWIFERY COUNCIL", "MARKS&SPENCER PLC", "CHEQUE 100482", "NEXT RETAIL LTD", "BOOTS 1194",
)  # fmt: skip
AWARE = Known.of(
    payees(*SHOPS),
    ("groceries", "rent", "mortgage"),
    synonyms_of({"groceries": ["groceries"], "rent": ["rent"], "mortgage": ["mortgage"]}),
    (account("Current account"), account("Holiday jar", AccountKind.SAVINGS), account("House pot", AccountKind.SAVINGS)),
    vocabulary(ENGLISH),
    KNOWN.today,
)


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("how much at the cafe at the Forum last month", ["the cafe at the forum"]),
        ("how much to Nursing and Midwifery this year", ["nursing and midwifery"]),
        ("how much at Tesco and Aldi this year", ["tesco", "aldi"]),
        ("what have I paid Marks & Spencer", ["marks & spencer"]),
        ("what have I spent in Marks and Spencer", ["marks and spencer"]),
        ("marks spencer in October", ["marks spencer"]),
        ("Lime scooters this year", ["lime scooters"]),
        ("how much on Lime scooter rides", ["lime scooter rides"]),
        ("how much did the van insurance cost", ["van insurance"]),
        ("what was cheque 100482", ["cheque 100482"]),
        ("who was 100482 to", ["100482"]),
        ("have I paid Tesco Stores 2317", ["tesco stores 2317"]),
        ("tesco stores 5683 in 2026", ["tesco stores 5683"]),
        ("paid next retail ltd", ["next retail ltd"]),
        ("how much did I spend at Next last month", ["next"]),
        ("my Tesco shopping last month", ["tesco"]),
        ("good morning, how much at Tesco", ["tesco"]),
        ("hi there what did Aldi cost me in May", ["aldi"]),
        ("when did I pay the chap who did the plumbing", ["the chap who did the plumbing"]),
        ("how much did the woman who cleans the house get in May", ["the woman who cleans the house"]),
    ],
)
def test_a_name_is_taken_whole_with_what_is_bought_there(message: str, names: list[str]) -> None:
    assert list(find(message, AWARE).spans.merchants) == names


@pytest.mark.parametrize("message", ["show van spending last month", "van last month", "is the line direct"])
def test_an_ordinary_word_inside_a_name_does_not_make_it_that_name(message: str) -> None:
    assert not set(find(message, AWARE).spans.merchants) & {"van", "direct", "line"}


@pytest.mark.parametrize(
    ("message", "left_out"),
    [
        ("all I paid at Tesco in May, your groceries not included", ["groceries"]),
        ("what did Tesco take in May, without the bank's mortgage", ["mortgage"]),
    ],
)
def test_what_is_left_out_is_so_whosever_it_is(message: str, left_out: list[str]) -> None:
    assert list(find(message, AWARE).spans.without) == left_out


def test_a_greeting_is_no_part_of_a_question() -> None:
    asked = find("what did I spend last month", AWARE)
    for greeting in ("Hi, ", "Good morning! ", "hello again - ", "Dear Sirs, "):
        assert find(f"{greeting}what did I spend last month", AWARE) == asked
    assert plain("hello") == "hello"


@pytest.mark.parametrize(("message", "said"), [("what's in the jar", "in the jar"), ("what did I put in our pot", "in our pot")])
def test_an_account_goes_by_its_last_word_too(message: str, said: str) -> None:
    assert find(message, AWARE).spans.account == said


def test_the_last_word_of_two_accounts_tells_neither() -> None:
    two = (account("Holiday jar", AccountKind.SAVINGS), account("Sweet jar", AccountKind.SAVINGS))
    known = Known.of((), (), {}, two, AWARE.vocabulary, AWARE.today)
    assert find("what's in the jar", known).spans.account == ""


@pytest.mark.parametrize(
    ("message", "without"),
    [
        ("spending last month excluding rent", ("rent",)),
        ("what did I spend last month but not Tesco or Aldi", ("tesco", "aldi")),
        ("how much in October without the mortgage", ("mortgage",)),
        ("everything apart from groceries and rent in May", ("groceries", "rent")),
        ("how much this year, not counting Tesco, Aldi and Boots", ("tesco", "aldi", "boots")),
        ("spending in May, leave the rent out", ("rent",)),
        ("what did I spend last month but leaving Tesco aside", ("tesco",)),
    ],
)
def test_what_is_to_be_left_out_is_not_what_is_asked_about(message: str, without: tuple[str, ...]) -> None:
    spans = find(message, AWARE).spans
    assert spans.without == without
    assert (spans.merchants, spans.category) == ((), "")


def test_a_question_in_the_negative_leaves_nobody_out() -> None:
    spans = find("did I not pay Tesco", AWARE).spans
    assert (spans.merchants, spans.without) == (("tesco",), ())
    assert find("spending in May, and don't leave the rent out", AWARE).spans.without == ()


WORDS = st.lists(
    st.sampled_from(
        [
            *KNOWN.tokens,
            *sorted(KNOWN.words)[::40],
            "at",
            "to",
            "paid",
            "and",
            "'",
            '"',
            "“",
            "”",
            "£5",
            "over",
            "last month",
            "?",
            "İ",
            "’s",
            "excluding",
            "but not",
            "hello",
        ]
    ),
    max_size=10,
).map(" ".join)


LEADING_ZEROS = re.compile(r"\b0+(?=\d)")


@given(st.one_of(WORDS, st.text(max_size=100)))
@example("at cheque 15")
def test_any_message_is_taken_apart_into_its_own_words(message: str) -> None:
    found = parts(message)
    # A number stands with the zeros that statements have before it: cheque 000015 is the customer's cheque 15.
    said, spans = plain(message), found.spans
    bare = LEADING_ZEROS.sub("", said)
    named = (*spans.periods, *spans.merchants, spans.category, spans.amount, spans.account, spans.number, spans.group)
    for words in (*named, *spans.without):
        assert words in said or LEADING_ZEROS.sub("", words) in bare
    for word in found.unknown:
        assert word in said


@pytest.mark.parametrize(
    "message", ["how much at Tesco without the joint account", "how much at Tesco, excluding my joint account"]
)
def test_an_account_that_is_left_out_is_not_the_one_that_is_asked_about(message: str) -> None:
    found = parts(message)
    assert found.spans.account == ""
    assert found.spans.without == ("joint account",)


def test_of_words_as_near_the_order_of_a_set_decides_nothing() -> None:
    words = ["wives", "wide", "wine", "wire", "wise"]
    assert {close_word("wifes", order) for order in itertools.permutations(words)} == {"wives"}
    assert {close_word("wike", order) for order in itertools.permutations(["wine", "wire", "wise"])} == {"wine"}


SELLING = replace(
    KNOWN, vocabulary=replace(KNOWN.vocabulary, sellers=Sellers({"car tax": "vehicle_tax", "gym": "gym"}, lambda text, mcc: None))
)


def test_what_a_kind_of_seller_is_paid_for_is_a_name_also_in_two_words() -> None:
    assert find("did I pay my car tax", SELLING).spans.merchants == ("car tax",)


@pytest.mark.parametrize(
    "message", ["how much have I burned through since june", "has my pay landed", "how much cash have I withdrawn"]
)
def test_what_was_done_is_nobody(message: str) -> None:
    aware = replace(KNOWN, vocabulary=vocabulary(frozenset(["burned", "landed", "withdrawn", "through"])))
    assert find(message, aware).spans.merchants == ()


def test_what_is_bought_gives_way_to_who_sells_it() -> None:
    assert parts("how much did dinner at Nando's cost").spans.merchants == ("nando's",)


def test_a_typical_month_says_by_what_to_reckon() -> None:
    assert parts("what do I spend in a typical month").spans.group == "in a typical month"


@pytest.mark.parametrize("said", ["cheque number 483", "cheque 483", "cheque no. 000483"])
def test_the_number_of_a_cheque_is_that_on_the_statement(said: str) -> None:
    known = Known.of(payees(*TEXTS, "CHQ 000483"), (), {}, KNOWN.accounts, vocabulary(), KNOWN.today)
    assert find(f"has {said} been paid", known).spans.merchants == ("000483",)


def test_a_currency_is_the_account_that_is_held_in_it_and_nobody_who_is_paid() -> None:
    euros = replace(KNOWN, accounts=(*KNOWN.accounts, account("Travel money", currency="EUR")))
    assert find("how many euros did i spend in october", euros).spans.account == "in euros"
    assert find("how many euros did i spend in october", KNOWN).spans.merchants == ()
    assert find("how much did i spend in dollars in october", euros).spans.merchants == ()


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("last payment to Tesco was when", ("tesco",)),
        ("what did I pay Tesco which I sent last month", ("tesco",)),
        ("what did I spend at Tesco at nearly midnight", ("tesco",)),
        ("how much for Tesco plus Nando's in October", ("tesco", "nando's")),
    ],
)
def test_a_name_ends_where_words_begin_that_are_no_part_of_it(message: str, names: tuple[str, ...]) -> None:
    assert parts(message).spans.merchants == names


def test_what_is_driven_narrows_no_fuel() -> None:
    found = find("petrol for the van last month", replace(AWARE, synonyms={"petrol": ("fuel",)}))
    assert (found.spans.category, found.spans.merchants) == ("petrol", ())


@pytest.mark.parametrize(
    ("message", "named", "merchants"),
    [
        ("trains as well", {"trains": 0.9}, ("trains",)),
        ("trains as well", {"trains": 0.5}, ()),
        ("zog tickets as well", {"zog": 0.9, "tickets": 0.9}, ("zog tickets",)),
        # What is bought there is nobody else.
        ("tesco wines last month", {"wines": 0.95}, ("tesco",)),
        # By itself a word of no dictionary may be anything.
        ("zogblat?", {"zogblat": 0.99}, ()),
    ],
)
def test_words_that_surely_name_somebody_are_a_name(message: str, named: dict[str, float], merchants: tuple[str, ...]) -> None:
    assert find(message, replace(KNOWN, named=named)).spans.merchants == merchants


@pytest.mark.parametrize(
    ("message", "named", "merchants"),
    [
        ("i only ate at nando's once today", {"nando's": 0.9, "nando": 0.9, "once": 0.05}, ("nando's",)),
        ("the most i paid sheltered in one go", {"sheltered": 0.02}, ()),
        # A word of a payee's text is one, whatever else it may be.
        ("what did i spend at boots", {"boots": 0.02}, ("boots",)),
        ("what did i pay zorblatt limited today", {"zorblatt": 0.9, "limited": 0.6}, ("zorblatt limited",)),
    ],
)
def test_a_word_that_surely_names_nobody_is_no_part_of_a_name(
    message: str, named: dict[str, float], merchants: tuple[str, ...]
) -> None:
    assert find(message, replace(KNOWN, named=named)).spans.merchants == merchants


@pytest.mark.parametrize(
    ("message", "account", "merchants"),
    [
        ("what i moved out of my current account into the joint account", "of my current account", ("joint account",)),
        ("what went from my current account to the holiday jar", "from my current account", ("holiday jar",)),
        ("how much have i paid into the joint account", "", ("joint account",)),
        # What came in may be anybody's, and what goes into savings has a rule of its own.
        ("what came into the joint account", "into the joint account", ()),
        ("how much have i put into the holiday jar", "into the holiday jar", ()),
        ("my current account and the joint account", "my current account and the joint account", ()),
    ],
)
def test_what_is_moved_between_own_accounts_names_the_other(message: str, account: str, merchants: tuple[str, ...]) -> None:
    spans = find(message, KNOWN).spans
    assert (spans.account, spans.merchants) == (account, merchants)


@pytest.mark.parametrize(("message", "number"), [("the three heftiest things", "three"), ("the five nearest shops", "")])
def test_how_many_stands_before_what_is_most(message: str, number: str) -> None:
    assert find(message, KNOWN).spans.number == number


def test_nothing_is_looked_for_twice_in_a_message() -> None:
    known = replace(KNOWN, found={})
    assert find("total at tesco", known) is find("total at tesco", known)
    assert find("total at tesco", KNOWN) is not find("total at tesco", KNOWN)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("what did I spend in oct 25", "in oct 2025"),
        ("what did I spend during September 24?", "during september 2024"),
        ("what did I spend in October, sorry, I mean 2025", "in october 2025"),
        ("what did I spend in October - I mean 2025?", "in october 2025"),
        ("what did I spend in the tax year, 6 April 25 to 5 April 26", "in the tax year, 6 april 25 to 5 april 26"),
        ("what did I spend in the tax year 6 April 25 to 5 April 26", "in the tax year 6 april 25 to 5 april 26"),
        ("did I pay in november 25 pounds", "in november"),
        ("what did I spend in may 25 to june 3", "may 25 to june 3"),
        ("what do I spend, going by October", "in october"),
    ],
)
def test_a_short_year_and_one_that_is_put_right_belong_to_their_month(message: str, said: str) -> None:
    assert find(message, KNOWN).spans.periods == (said,)


@pytest.mark.parametrize(
    ("said", "both"),
    [
        ("amazon in november and december last year", "amazon in november last year and december last year"),
        ("June, July and August 2025", "june 2025, july 2025 and august 2025"),
        ("in the summer and autumn of last year", "in the summer of last year and autumn of last year"),
        # One of two years, or a stretch between them.
        ("march 2024 and may 2025", "march 2024 and may 2025"),
        ("october and october last year", "october and october last year"),
        ("between june and july last year", "between june and july last year"),
    ],
)
def test_a_year_behind_a_list_of_months_is_that_of_all(said: str, both: str) -> None:
    assert plain(said) == both


def test_a_word_for_the_kind_of_shop_splits_by_shop() -> None:
    assert parts("split that by garage").spans.group == "split that by garage"


BUILT = Known.of(
    payees(
        "LANTERN COFFEE PORTO PT", "TASCA AURORA PORTO PT", "NORTH CARPET CLEANING", "SAM LEE SIX A SIDE", "FOREIGN FEES",
        "SHELL LEEDS", "TESCO 5683"
    ),
    ("groceries", "fuel", "travel", "rent"),
    synonyms_of(
        {"groceries": ["groceries"], "fuel": ["petrol", "fuel"], "travel": ["holiday", "travel"], "rent": ["rent"]}
    ),
    (account("Current account"),),
    vocabulary(frozenset(["carpet", "six", "side", "hotel", "boat"])),
    Today.of(dt.date(2026, 11, 24), "en_GB"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("message", "names", "category"),
    [
        # Who does what.
        ("did the carpet cleaner come in May", ("carpet cleaner",), ""),
        ("what did the lady who washes the carpets cost in May", ("the lady who washes the carpets",), ""),
        ("how much on 6-a-side this year", ("six a side",), ""),
        # No place is left out.
        ("petrol in May, all the garages", (), "petrol"),
        ("what did fuel cost in May, Tesco's pumps included", (), "fuel"),
        ("petrol at Shell in May", ("shell",), "petrol"),
        # The occasion, and what counts as well.
        ("on holiday in Porto in May, what did I spend", ("porto",), ""),
        ("what did I spend on travel in Porto", ("porto",), "travel"),
        ("everything I spent in Porto in May, hotel, boat, wine", ("porto",), ""),
        ("which day did I spend most in May, rent included", (), ""),
        ("what did rent come to in May", (), "rent"),
        ("the foreign fees from Porto in May", ("foreign fees",), ""),
    ],
)
def test_what_only_says_that_all_of_it_counts_narrows_nothing(message: str, names: tuple[str, ...], category: str) -> None:
    spans = find(message, BUILT).spans
    assert (spans.merchants, spans.category) == (names, category)


@pytest.mark.parametrize(
    ("message", "without"),
    [
        ("biggest day in May, forgetting rent", ("rent",)),
        ("biggest day in May, never mind the rent", ("rent",)),
        ("don't let me forget rent in May", ()),
        ("spent in Porto in May without the hotel or the petrol", ("hotel", "petrol")),
    ],
)
def test_what_is_forgotten_is_left_out(message: str, without: tuple[str, ...]) -> None:
    assert find(message, BUILT).spans.without == without


@pytest.mark.parametrize(
    ("message", "amount", "least", "most"),
    [
        ("how many were between twenty and thirty pounds", "between 20 and 30 pounds", "20", "30"),
        ("how many from five to eight quid", "from 5 to 8 quid", "5", "8"),
        ("which were £5-£8", "£5-£8", "5", "8"),
        ("the average, leaving out anything above thirty", "leaving out anything above £30", None, "30"),
        ("the average without those under £5", "without those under £5", "5", None),
        ("more than two a week", "", None, None),
    ],
)
def test_amounts_in_words_and_those_that_are_left_out(message: str, amount: str, least: str | None, most: str | None) -> None:
    assert find(message, BUILT).spans.amount == amount
    bounds = read_bounds(amount, "GBP")
    assert tuple(b.plain if b else None for b in bounds) == tuple(f"{b}.00" if b else None for b in (least, most))


def test_who_stands_in_brackets_is_who_is_meant() -> None:
    assert find("is the number 9 (Tesco) dearer than Shell", BUILT).spans.merchants == ("tesco", "shell")


NAMED = Known.of(
    payees("MILLER FUEL YARD", "W.OATCAKE.CO.UK", "PAYPAL *GUILDHALL", "BAKER STORES 12", "BAKER STORES 31"),
    KNOWN.categories,
    KNOWN.synonyms,
    KNOWN.accounts,
    KNOWN.vocabulary,
    KNOWN.today,
)


@pytest.mark.parametrize(
    "said",
    [
        "share of Tesco to one decimal place",
        "share of Tesco (1 d.p.)",
        "share of Tesco, 2 decimals",
        "share of Tesco to the nearest percent",
    ],
)
def test_how_a_figure_is_rounded_is_no_part_of_the_question(said: str) -> None:
    found = find(said, KNOWN)
    assert (found.spans.merchants, found.spans.number, found.unknown) == (("tesco",), "", ())


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("grand, what about Tesco", ""),
        ("the grand total at Tesco", ""),
        ("over a grand at Tesco", "over £1000"),
        ("more than the usual 30", "more than the usual 30"),
    ],
)
def test_a_grand_is_an_amount_where_it_is_counted(said: str, amount: str) -> None:
    assert find(said, KNOWN).spans.amount == amount


@pytest.mark.parametrize("said", ["miller fuel in may", "millar fuel in may"])
def test_a_kind_of_spending_may_be_a_part_of_a_name(said: str) -> None:
    found = find(said, NAMED)
    assert (found.spans.merchants, found.spans.category) == ((said.removesuffix(" in may"),), "")


@pytest.mark.parametrize("said", ["www.oatcake.co.uk", "oatcake.co.uk", "somewhere.org.uk"])
def test_the_address_of_a_site_is_a_name(said: str) -> None:
    assert find(f"what has {said} had off me in may", NAMED).spans.merchants == (plain(said),)


def test_what_several_are_called_before_they_are_listed_is_none_of_them() -> None:
    found = find("two bakers I use: baker stores 12 and baker stores 31. how much each?", NAMED)
    assert found.spans.merchants == ("baker stores 12", "baker stores 31")


def test_through_whom_somebody_is_paid_is_nobody_else() -> None:
    assert find("my old club, Guildhall, goes through paypal", NAMED).spans.merchants == ("guildhall",)


@pytest.mark.parametrize(
    ("message", "denied", "merchants"),
    [
        ("any sketchy payments this month", "sketchy", ()),
        ("any brindlewick payments this month", "", ("brindlewick",)),
        ("paid to brindlewick in total", "brindlewick", ("brindlewick",)),
        ("that lantern coffee machine: when was the last payment", "machine", ("lantern coffee",)),
    ],
)
def test_what_the_reader_denies_is_a_name_only_where_nothing_else_stands(
    message: str, denied: str, merchants: tuple[str, ...]
) -> None:
    english = replace(KNOWN, vocabulary=vocabulary(frozenset({"machine", "total"})))
    assert find(message, replace(english, named={denied: 0.01})).spans.merchants == merchants


@pytest.mark.parametrize("way", ["direct debit", "card payments", "bank transfer"])
def test_how_somebody_is_paid_is_no_part_of_their_name(way: str) -> None:
    assert find(f"brindlewick {way}: amount paid last time", KNOWN).spans.merchants == ("brindlewick",)
