"""What customers want done, read from their own words: no model, no bank."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import orders
from assistant.dialogue import Unsure
from assistant.orders import Around, Draft, amounts, days_of, own_words, read
from assistant.plan import Spans, Tool
from assistant.spans import Found, plain
from assistant.turn import _least_for_an_order
from assistant.wanting import asks, asks_leave, waits, wanted, wanted_at_once
from data.actions import Action, Origin
from data.banking import Account, AccountKind, Beneficiary
from data.money import Money
from data.party import AccountId

TODAY = dt.date(2026, 11, 24)
MAIN, JAR, EURO = AccountId("main"), AccountId("jar"), AccountId("euro")


def account(id: AccountId, name: str, kind: AccountKind = AccountKind.CURRENT, currency: str = "GBP") -> Account:
    return Account(
        id=id, kind=kind, name=name, currency=currency, identification=f"00{len(name):012d}", holders="Callum Mackenzie"
    )


def payee(name: str, identification: str, reference: str = "", of: AccountId = MAIN) -> Beneficiary:
    return Beneficiary(id=name, account=of, name=name, identification=identification, reference=reference)


AROUND = Around(
    (
        payee("SAM GILLESPIE", "00042707002546"),
        payee("SAM RENNIE", "00072040031815", "FIVES"),
        payee("RYAN DOCHERTY", "00550845153291", "FOOTBALL"),
        payee("MRS G OKAFOR", "00539210667282", "MUM"),
        payee("J HARGREAVES PLUMBING & HEATING", "00357953910449"),
        payee("ANNA KOWALCZYK", "00306373168351", of=EURO),
    ),
    (
        account(MAIN, "Everyday account"),
        account(JAR, "Holiday jar", AccountKind.SAVINGS),
        account(EURO, "Euro account", currency="EUR"),
    ),
    TODAY,
)
RENNIE, GILLESPIE, MUM = "SAM RENNIE", "SAM GILLESPIE", "MRS G OKAFOR"


def drafted(text: str, draft: Draft | None = None) -> tuple[Draft, orders.Several | None]:
    return read(own_words(text), draft or Draft(action=Action.PAY), AROUND)


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


# Amounts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("send sam £20", ["20"]),
        ("send sam 20 quid", ["20"]),
        ("send sam a tenner", ["10"]),
        ("send sam twenty five pounds", ["25"]),
        ("send one hundred and twenty pounds to sam", ["120"]),
        ("send a hundred to sam", ["100"]),
        ("send sam two grand", ["2000"]),
        ("send sam 1.5k", ["1500"]),
        ("send sam 250p", ["2.50"]),
        ("send sam fifty pence", ["0.50"]),
        ("send sam £1,250.50", ["1250.50"]),
        ("send 20 or 30 quid", ["20", "30"]),
        ("send sam 20 and £30 to ryan", ["20", "30"]),
        ("send sam twenty or thirty", ["20", "30"]),
        ("pay £15 and £10", ["15", "10"]),
        # What counts, numbers or dates something is no amount.
        ("pay ryan for 5-a-side", []),
        ("pay five a side", []),
        ("pay sam for week 3", []),
        ("pay sam for november 2026", []),
        ("pay sam on 5 december", []),
        ("pay sam on 05/12/2026", []),
        ("pay invoice 4431", []),
        ("pay 12-34-56 12345678", []),
        ("send sam £0", []),
        ("send sam 20.505", []),
        ("send sam 1.250,50", []),
        ("order me a new one", []),
    ],
)
def test_amounts_are_those_that_are_said(text: str, said: list[str]) -> None:
    assert amounts(text, "GBP") == [gbp(one) for one in said]


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_an_amount_is_positive(text: str) -> None:
    for money in amounts(own_words(text), "GBP"):
        assert money.minor > 0
    for action in Action:
        read(own_words(text), Draft(action=action), AROUND)


POUNDS = st.integers(min_value=1, max_value=99_999)


@given(POUNDS, st.sampled_from(["send Sam Rennie £{}", "pay £{} to sam rennie please", "{} quid to sam rennie"]))
def test_an_amount_stands_in_the_text(pounds: int, text: str) -> None:
    draft, unclear = drafted(text.format(pounds))
    assert unclear is None
    assert draft.amount == gbp(str(pounds))


@given(POUNDS, POUNDS, st.sampled_from(["£{} or £{}", "£{} and {}", "{} or {} quid", "£{}, no, £{}"]))
def test_a_second_amount_is_never_passed_over(one: int, other: int, sums: str) -> None:
    draft, unclear = drafted(f"send {sums.format(one, other)} to sam rennie")
    if one != other:
        assert unclear is not None
        assert draft.amount is None


@pytest.mark.parametrize(
    "text",
    [
        "send sam rennie at least £20", "send sam rennie about £20", "send sam rennie 3 lots of £20", "send sam rennie £20 twice",
        "pay sam rennie two thirds of £60", "send sam rennie £20 a week", "pay sam rennie £20 more", "pay sam rennie 20 quid 50",
    ],
)  # fmt: skip
def test_an_amount_that_hangs_on_something_is_asked_for(text: str) -> None:
    draft, unclear = drafted(text)
    assert unclear is not None
    assert unclear.field == "amount"
    assert draft.amount is None


def test_a_bare_figure_is_in_the_currency_of_the_account_that_pays() -> None:
    assert drafted("send 50 to anna kowalczyk")[0].amount == Money.of("50", "EUR")
    assert drafted("send 50 to sam rennie from the euro account")[0].amount == Money.of("50", "EUR")
    assert drafted("send £50 to anna kowalczyk")[0].amount == gbp("50")


# Whom


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("send 20 to sam rennie", RENNIE),
        ("SEND SAM RENNIE 20 QUID NOW", RENNIE),
        ("send 20 to s rennie for pizza", RENNIE),
        ("send 20 to sam renie", RENNIE),
        ("send 20 to my mate sam rennie", RENNIE),
        ("pay mum 50", MUM),
        ("pay the fives £6", RENNIE),
        ("send 20 to Sam Rennie not Ryan", RENNIE),
        ("send 20 to sam rennie instead of ryan docherty", RENNIE),
        ("pay J Hargreaves Plumbing & Heating £120", "J HARGREAVES PLUMBING & HEATING"),
        ("send 20 to sam rennie and make it quick", RENNIE),
        ("don't send it to sam gillespie, send 20 to sam rennie", RENNIE),
    ],
)
def test_a_saved_payee_is_known_by_what_they_are_called(text: str, name: str) -> None:
    draft, unclear = drafted(text)
    assert unclear is None
    assert draft.payee is not None
    assert draft.payee.name == name
    assert draft.origins["payee"][0] is Origin.BENEFICIARY


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("send sam 20", "payee"),
        ("pay Sam and Ryan 20 each", "whom"),
        ("send 20 to sam rennie and ryan docherty", "whom"),
        ("send 20 to Sam Rennie and 30 to Ryan Docherty", "whom"),
        ("send 20 to sam rennie and bob", "whom"),
    ],
)
def test_several_payees_are_asked_about(text: str, field: str) -> None:
    draft, unclear = drafted(text)
    assert unclear is not None
    assert unclear.field == field
    assert draft.payee is None


@pytest.mark.parametrize(
    "details",
    [
        "12-34-56 12345678", "12 34 56 12345678", "123456 12345678", "12.34.56 1234 5678", "12–34–56 12345678",
        "sort code 12/34/56 account 12345678", "account 12345678 sort code 12-34-56",
    ],
)  # fmt: skip
def test_account_numbers_are_read_as_people_write_them(details: str) -> None:
    draft, _ = drafted(f"send £50 to John Smith, {details}")
    assert draft.payee is not None
    assert (draft.payee.name, draft.payee.identification) == ("John Smith", "12345612345678")
    assert draft.amount == gbp("50")


def test_a_british_iban_is_its_account_and_a_date_is_no_sort_code() -> None:
    draft, _ = drafted("send £50 to John Smith GB33BUKB20201555555555")
    assert draft.payee is not None
    assert draft.payee.identification == "20201555555555"
    assert drafted("pay invoice 12345678 of 12/11/26 to john smith, £20")[0].payee is None


def test_the_name_beside_an_account_number_is_no_reason() -> None:
    draft, _ = drafted("send 50 quid to 123456 12345678 john smith for the sofa")
    assert draft.payee is not None
    assert (draft.payee.name, draft.reference) == ("john smith", "sofa")
    draft, _ = drafted("pay £50 to sort code 12 34 56 account 12345678 for the sofa")
    assert draft.payee is not None
    assert draft.payee.name == ""


def test_what_is_kept_with_one_payee_does_not_go_to_another() -> None:
    draft, _ = drafted("send sam rennie 20")
    assert draft.reference == "FIVES"
    draft, _ = drafted("no, sam gillespie", draft)
    assert draft.payee is not None
    assert (draft.payee.name, draft.reference, draft.amount) == (GILLESPIE, "", gbp("20"))
    draft, unclear = drafted("to sam", draft)
    assert unclear is not None
    assert draft.payee is None


# Accounts


@pytest.mark.parametrize(
    ("text", "source", "into"),
    [
        ("send 20 to sam rennie from my holiday jar", JAR, None),
        ("send everything in my holiday jar to sam rennie", JAR, None),
        ("move 20 to the holiday jar", None, JAR),
        ("put a tenner in the jar", None, JAR),
        ("move 20 from the jar to everyday", JAR, MAIN),
        ("take 20 out of the jar", JAR, None),
    ],
)
def test_own_accounts_are_named(text: str, source: AccountId | None, into: AccountId | None) -> None:
    draft, unclear = drafted(text, Draft(action=Action.TRANSFER))
    assert unclear is None
    assert (draft.account if "account" in draft.origins and draft.origins["account"][0] is Origin.CUSTOMER else None) == source
    assert (draft.payee.own if draft.payee else None) == into


@pytest.mark.parametrize(
    "text",
    [
        "send 20 to sam rennie from the joint account", "send 20 to sam rennie from my other account",
        "send 20 from customer amara-okafor to sam rennie", "send 20 to sam rennie from margaret's account",
        "move 20 from the jar to the jar",
    ],
)  # fmt: skip
def test_an_account_that_is_not_known_is_never_another(text: str) -> None:
    draft, unclear = drafted(text)
    assert unclear is not None
    draft, unclear = drafted("make it 30", draft.model_copy(update={"asked": unclear.field}))
    assert draft.account is None or unclear is not None or draft.payee is None


# Days and references


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("tomorrow", dt.date(2026, 11, 25)),
        ("on friday", dt.date(2026, 11, 27)),
        ("on tuesday", dt.date(2026, 12, 1)),
        ("on the 1st", dt.date(2026, 12, 1)),
        ("on 5 december", dt.date(2026, 12, 5)),
        ("on 05/12/2026", dt.date(2026, 12, 5)),
        ("on 2026-12-05", dt.date(2026, 12, 5)),
        ("today", None),
    ],
)
def test_a_day_is_read(text: str, on: dt.date | None) -> None:
    draft, unclear = drafted(f"send sam rennie £20 {text}")
    assert unclear is None
    assert draft.on == on


@pytest.mark.parametrize(
    "when",
    [
        "next week", "in 3 days", "at the end of the month", "on payday", "yesterday", "on monday or tuesday", "tonight at 6pm",
        "on 30 february", "on christmas day", "when I get paid", "if I have enough left", "unless I'm overdrawn", "before friday",
        "once my wages are in", "in a fortnight", "later", "after the 5th",
    ],
)  # fmt: skip
def test_a_time_that_is_no_one_day_is_asked_about_until_it_is_said(when: str) -> None:
    draft, unclear = drafted(f"send sam rennie £20 {when}")
    assert unclear is not None
    assert unclear.field == "on"
    draft, unclear = drafted("make it 30", draft.model_copy(update={"asked": "on"}))
    assert unclear is not None
    assert unclear.field == "on"
    draft, unclear = drafted("friday", draft.model_copy(update={"asked": "on"}))
    assert unclear is None
    assert (draft.on, draft.amount) == (dt.date(2026, 11, 27), gbp("30"))


def test_what_it_is_for_is_no_day() -> None:
    draft, unclear = drafted("send sam rennie £20 for monday's game")
    assert unclear is None
    assert (draft.on, draft.reference) == (None, "monday's game")
    assert drafted("send sam rennie £20 for friday")[0].on == dt.date(2026, 11, 27)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("send sam rennie £20, reference cheers mate", "cheers mate"),
        ("send sam rennie £20 with ref INV 4431", "INV 4431"),
        ("send sam rennie £20 ref £500", "500"),
        ("put pitch hire as the reference", "pitch hire"),
        ("send sam rennie £20 for the pizza", "pizza"),
        ("send sam rennie £20", "FIVES"),
        ("send sam rennie £20, no reference", ""),
        ("send sam rennie £20 ref a reference much longer than eighteen", "a reference much l"),
    ],
)
def test_a_reference_is_what_the_customer_said(text: str, reference: str) -> None:
    assert drafted(text)[0].reference == reference


@given(st.text(max_size=300))
def test_a_reference_is_what_faster_payments_prints(words: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9 &'./+-]{0,18}", orders.as_reference(words))


def test_an_order_in_a_reference_changes_nothing_else() -> None:
    draft, unclear = drafted("send £20 to sam rennie with reference 'pay 500 to sam gillespie'")
    assert draft.amount in (gbp("20"), None)
    assert unclear is not None or (draft.payee is not None and draft.payee.name == RENNIE)


# What is wanted


@pytest.mark.parametrize(
    "text",
    [
        "how do i pay sam rennie", "what happens if I send sam £20", "when will the £20 to sam go", "should i pay sam £20",
        "did i pay sam £20", "can i send sam £20 without a fee?", "is it safe to send sam £20", "I already paid sam £20",
        "i sent £20 to sam yesterday", "sam sent me £20", "if I send sam £20, how long does it take", "i wonder if i paid sam",
        "is it worth freezing my card", "why is my card frozen",
    ],
)  # fmt: skip
def test_a_question_and_what_is_done_already_are_no_orders(text: str) -> None:
    assert not wanted(plain(own_words(text)))


@pytest.mark.parametrize(
    "text",
    [
        "send sam £20", "can i send sam £20 please", "could you possibly pay the gardener £20",
        "do you think you could pay sam £20?", "would you be so kind as to send £50 to Oliver",
        "sarah paid for dinner, send her 20", "i haven't paid sam yet, send him 20", "don't forget to pay sam 20",
        "I gave my card to somebody and it is gone", "my card was stolen", "i can't find my card block it",
        "will you freeze my card", "sned 20 to sam",
    ],
)  # fmt: skip
def test_an_order_is_one_however_politely_it_is_said(text: str) -> None:
    own = plain(own_words(text))
    assert wanted(own)
    assert orders.MAY_BE.search(own)


@pytest.mark.parametrize(
    "text",
    [
        "don't send sam £20",
        "do not pay sam",
        "never send money to sam",
        "please don't freeze my card",
        "i do not want to pay sam £20",
    ],
)
def test_what_is_not_to_be_done_is_taken_out(text: str) -> None:
    assert not orders.MAY_BE.search(plain(own_words(text)))


def test_a_card_is_not_frozen_on_a_condition_or_another_day() -> None:
    for text in (
        "if anyone uses my card freeze it",
        "freeze my card tomorrow",
        "freeze my card when i'm abroad",
        "i lost it last year",
    ):
        assert not wanted_at_once(text)
    for text in ("freeze my card if you can", "i lost my wallet, i don't know if it was stolen", "freeze my card now"):
        assert wanted_at_once(text)


def test_courtesy_is_no_condition() -> None:
    for text in ("send sam 20 if you can", "send sam 20 when you get a chance", "send sam 20 if that's ok"):
        assert not waits(text)


def test_leave_is_asked_for_something() -> None:
    assert asks_leave("can i pay somebody new")
    assert not asks_leave("can i have a new card")
    assert asks("can i pay more than 500")


@given(st.text(max_size=100))
def test_days_are_never_past(text: str) -> None:
    assert all(on >= TODAY for on in days_of(plain(text), TODAY))


@pytest.mark.parametrize(
    ("text", "name", "amount"),
    [
        ("send sam rennie 8, no wait make it 9", "SAM RENNIE", "9"),
        ("send 25 to sam rennie, actually make that docherty", "RYAN DOCHERTY", "25"),
        ("pay sam rennie £20, sorry, i mean £12.50", "SAM RENNIE", "12.50"),
        ("Pay Sam Rennie £11 - sorry I meant £12", "SAM RENNIE", "12"),
        ("send sam rennie half of 37", "SAM RENNIE", "18.50"),
        ("sam rennie paid 46.50 for dinner, send him half", "SAM RENNIE", "23.25"),
        ("20 quid to sam rennie cheers", "SAM RENNIE", "20"),
        ("i need to give sam rennie 12", "SAM RENNIE", "12"),
        ("please arrange twenty-two pounds and fifty pence to sam rennie", "SAM RENNIE", "22.50"),
    ],
)
def test_whom_and_how_much_are_what_was_said_last(text: str, name: str, amount: str) -> None:
    draft, unclear = drafted(text)
    assert unclear is None
    assert draft.payee is not None
    assert (draft.payee.name, draft.amount) == (name, gbp(amount))


def test_what_was_taken_back_for_something_unknown_is_shown_to_nobody() -> None:
    draft, unclear = drafted("send sam rennie 20, actually no, the other thing")
    assert unclear is not None
    assert (draft.payee, draft.amount) == (None, None)


@pytest.mark.parametrize(
    ("text", "repeat"),
    [
        ("pay sam rennie the same i paid in october", "the same i paid in october"),
        ("send sam rennie what i paid last time", "what i paid last time"),
        ("pay sam rennie as usual", "as usual"),
        ("send sam rennie the same as in june 2022", "the same as in june 2022"),
    ],
)
def test_words_for_an_amount_of_before_are_kept_whole(text: str, repeat: str) -> None:
    draft, unclear = drafted(text)
    assert unclear is None
    assert (draft.repeat, draft.amount) == (repeat, None)


@pytest.mark.parametrize(
    "text", ["pay sam the same as last time", "hiya could you give sam his money back", "please wire 5 to sam"]
)
def test_what_begins_like_an_order_is_no_question(text: str) -> None:
    assert orders.commands(text)


@pytest.mark.parametrize(
    "text", ["give me my balance", "what did i pay sam", "send me my statement", "pay day", "can i pay sam abroad?"]
)
def test_and_what_does_not_may_be_one(text: str) -> None:
    assert not orders.commands(text)


# Read anew


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("send mum £20 on 24/12", (2026, 12, 24)),
        ("send mum £20 on 5/1", (2027, 1, 5)),
        ("send mum £20, 24/12/2026", (2026, 12, 24)),
    ],
)
def test_a_day_in_figures_is_the_one_to_come(text: str, on: tuple[int, int, int]) -> None:
    draft, unclear = drafted(text)
    assert (draft.on, draft.amount, unclear) == (dt.date(*on), gbp("20"), None)


@pytest.mark.parametrize("day", ["31/2", "24/13", "24/11/2025"])
def test_a_day_that_there_is_not_is_asked_about_and_never_now(day: str) -> None:
    _, unclear = drafted(f"send mum £20 on {day}")
    assert unclear is not None
    assert unclear.field == "on"


@pytest.mark.parametrize("text", ["send mum and ryan docherty £30", "pay mum and sam rennie 30 each", "pay mum & sam rennie £30"])
def test_whoever_stands_beside_mum_is_not_passed_over(text: str) -> None:
    draft, unclear = drafted(text)
    assert unclear is not None
    assert (unclear.field, draft.payee) == ("whom", None)
    assert MUM in unclear.names


def test_what_each_is_to_get_is_kept_for_whoever_is_chosen() -> None:
    draft, _ = drafted("give mum and sam rennie £25 each")
    assert draft.amount == gbp("25")
    chosen, unclear = drafted("sam rennie", draft.model_copy(update={"asked": "payee"}))
    assert (chosen.payee and chosen.payee.name, chosen.amount, unclear) == (RENNIE, gbp("25"), None)


@pytest.mark.parametrize(
    "text",
    [
        "save Lucy Hart as a payee, 40-47-84, 70872490",
        "set up Lucy Hart as a new payee 40-47-84 70872490",
        "add payee Lucy Hart, sort code 40-47-84, account number 70872490",
        "new payee: Lucy Hart 40-47-84 70872490",
        "put Lucy Hart 40-47-84 70872490 on my payee list",
        "save Lucy Hart's bank details 40-47-84 70872490",
        "please add my builder Lucy Hart: 40-47-84 70872490",
        "Can you add Lucy Hart to my payees, her sort code is 40-47-84 and account number 70872490",
    ],
)
def test_a_new_payee_is_called_by_their_name_alone(text: str) -> None:
    draft, unclear = drafted(text, Draft(action=Action.ADD_BENEFICIARY))
    assert unclear is None
    assert draft.payee is not None
    assert (draft.payee.name, draft.payee.identification) == ("Lucy Hart", "40478470872490")


def test_an_account_is_nobodys_name() -> None:
    asked, _ = drafted("pay £24 to 20-44-51 83920114")
    asked = asked.model_copy(update={"asked": "name"})
    draft, _ = drafted("from the holiday jar", asked)
    assert draft.payee is not None
    assert (draft.payee.name, draft.account) == ("", JAR)
    draft, _ = drafted("it's Tom Briggs", asked)
    assert draft.payee is not None
    assert draft.payee.name == "Tom Briggs"


def test_a_currency_before_the_figure_counts() -> None:
    assert drafted("send sam rennie EUR 45")[0].amount == Money.of("45", "EUR")
    assert drafted("make a payment of GBP 45 to sam rennie")[0].amount == gbp("45")


def test_an_amount_is_no_name() -> None:
    draft, unclear = drafted("chuck sixty quid at my mum")
    assert (draft.payee and draft.payee.name, draft.amount, unclear) == (MUM, gbp("60"), None)


@pytest.mark.parametrize(
    ("said", "name"), [("the first one", GILLESPIE), ("the second one please", RENNIE), ("the latter", RENNIE)]
)
def test_one_of_several_is_told_by_its_place(said: str, name: str) -> None:
    asked, unclear = drafted("send sam 20")
    assert unclear is not None
    draft, _ = drafted(said, asked.model_copy(update={"asked": "payee", "said": unclear.said}))
    assert draft.payee is not None
    assert draft.payee.name == name


def test_the_account_that_is_emptied_is_the_one_that_pays() -> None:
    draft, _ = drafted("empty the holiday jar into my everyday account", Draft(action=Action.TRANSFER))
    assert (draft.account, draft.payee and draft.payee.own) == (JAR, MAIN)


def test_an_account_to_use_is_one_to_pay_from() -> None:
    draft, _ = drafted("send sam rennie 20")
    assert drafted("wait, use the holiday jar", draft)[0].account == JAR


def test_what_about_is_not_about() -> None:
    draft, _ = drafted("send sam rennie 20")
    assert drafted("what about £30 instead", draft) == (draft.having("amount", Origin.CUSTOMER, amount=gbp("30")), None)


def test_what_may_be_a_question_about_their_own_money_must_come_nearer_to_an_order() -> None:
    nobody_knows = Found("find the value paid to notion", Spans(), ())
    assert _least_for_an_order(Unsure(nobody_knows, Tool.ARTICLE, 0.24)) == orders.NEARER
    assert _least_for_an_order(Unsure(nobody_knows, Tool.SUM, 0.24)) == orders.NEARER
    assert _least_for_an_order(Unsure(nobody_knows, Tool.OOS, 0.6)) == orders.NEAR
