"""Questions about accounts as people put them: shared ones, what was put in and by whom, how far one may go, whose is whose."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from assistant import days, held
from assistant.dialogue import Understanding, Unsure
from assistant.memory import Memory
from assistant.periods import Today
from assistant.plan import Asked, Plan, Spans, Step, Tool
from assistant.resolve import synonyms_of
from assistant.router import vocabulary
from assistant.spans import Known, accounts_named
from data.banking import Account, AccountKind
from data.ledger import Payee
from data.party import AccountId
from tests.conftest import Counter

MINE, POT, OURS, HERS = (AccountId(one) for one in ("mine", "pot", "ours", "hers"))
TODAY = Today.of(dt.date(2026, 11, 24), "en_GB")


def account(key: AccountId, kind: AccountKind, name: str, holders: str) -> Account:
    return Account(id=key, kind=kind, name=name, currency="GBP", holders=holders)


KNOWN = Known.of(
    [
        Payee(id=n, account=MINE, text=name, shown=name.upper(), template=name, personal=personal)
        for n, (name, personal) in enumerate(
            [
                ("tesco", False), ("boat pot", True), ("joint account", True), ("chq 000512", True),
                ("dwp state pension sp", True), ("harbour pension trust", True), ("premium bonds prize", True),
            ],
            start=1,
        )
    ],
    ("groceries",),
    synonyms_of({"groceries": ["groceries"]}),
    [
        account(MINE, AccountKind.CURRENT, "Everyday account", "Ann Lee"),
        account(POT, AccountKind.SAVINGS, "Boat pot", "Ann Lee"),
        account(OURS, AccountKind.CURRENT, "Joint account", "Ann Lee and Robert Shaw"),
    ],
    vocabulary(),
    TODAY,
)  # fmt: skip
# Who looks after her mother's account, and was not let see another of hers.
CARER = replace(
    KNOWN,
    accounts=[KNOWN.accounts[0], account(HERS, AccountKind.CURRENT, "Main account", "Joan Shaw")],
    payees=[*KNOWN.payees, Payee(id=90, account=HERS, text="holidays", shown="Holidays", template="holidays", personal=True)],
    tokens={**KNOWN.tokens, "holidays": frozenset({90})},
    others=frozenset({HERS}),
)


@pytest.fixture(scope="module")
def understanding(bank: Counter) -> Understanding:
    return bank.bank.assistant.understanding


def after(spans: Spans, tool: Tool = Tool.BALANCE) -> Memory:
    return Memory(asked=(Asked(step=Step(tool=tool, spans=spans)),))


def only(plan: Plan | Unsure) -> Step:
    assert isinstance(plan, Plan)
    (step,) = plan.steps
    return step


IN_POT = after(Spans(account="my boat pot"))
IN_OURS = after(Spans(account="our joint account"))


@pytest.mark.parametrize(
    ("message", "tool"),
    [
        ("put in since May", Tool.SUM),
        ("paid in by me this year", Tool.SUM),
        ("chucked in how much during September", Tool.SUM),
        ("the biggest I moved in August", Tool.LARGEST),
        ("how many times did I move money in there this year", Tool.COUNT),
    ],
)
def test_what_was_put_in_is_of_the_account_spoken_of(understanding: Understanding, message: str, tool: Tool) -> None:
    step = only(understanding.plan(message, KNOWN, IN_POT))
    assert (step.tool, step.spans.account.startswith("into "), step.spans.merchants) == (tool, True, ())


@pytest.mark.parametrize(
    "message",
    [
        "has it grown since June and by how much",
        "by how much did it go up or down since 3 March",
        "what has that changed by since May ended",
        "how does that compare with the end of August",
    ],
)
def test_it_is_the_account_that_grew(understanding: Understanding, message: str) -> None:
    step = only(understanding.plan(message, KNOWN, IN_POT))
    assert (step.tool, "boat pot" in step.spans.account) == (Tool.EXPLAIN, True)


@pytest.mark.parametrize(
    ("message", "memory"),
    [
        ("what did Robert pay into the joint account in October", Memory()),
        ("how much has Rob put in the joint account this year", Memory()),
        ("what has he moved into it since July", IN_OURS),
        ("and what has Robert sent there last month", IN_OURS),
    ],
)
def test_the_other_holder_paid_in_what_did_not_come_from_here(understanding: Understanding, message: str, memory: Memory) -> None:
    step = only(understanding.plan(message, KNOWN, memory))
    assert (step.tool, step.spans.change, step.spans.merchants) == (Tool.INCOME, held.BY_OTHER, ())


def test_and_me_is_what_was_moved_there_from_here(understanding: Understanding) -> None:
    his = after(Spans(account="into the joint account", periods=("this year",), change=held.BY_OTHER), Tool.INCOME)
    step = only(understanding.plan("and me?", KNOWN, his))
    assert (step.tool, step.spans.periods, step.spans.change) == (Tool.SUM, ("this year",), "")
    assert "joint account" in " ".join((step.spans.account, *step.spans.merchants))


@pytest.mark.parametrize(
    "message",
    [
        "what is in Robert's own account",
        "how much does Rob get paid",
        "what did Robert spend from his own account in May",
        "remind me of the number for the cash machine",
        "what are the 4 digits for my card at the hole in the wall",
        "Robert's stocks isa, what is in it",
        "my nephew has a savings account with you, how is it doing",
        "how much has he got in his own rainy day savings, that Rob",
    ],
)
def test_what_is_somebody_elses_or_secret_is_refused(understanding: Understanding, message: str) -> None:
    assert only(understanding.plan(message, KNOWN, Memory())).tool is Tool.REFUSE


@pytest.mark.parametrize(
    "message",
    [
        "how much is in mum's Holidays pot",
        "that Holidays account of hers, what's in it",
        "what is in the one she keeps for the twins",
        "she has a little pot for the twins, how much is there in it",
        "what has she put by for the twins",
    ],
)
def test_an_account_that_was_not_let_seen_is_refused(message: str) -> None:
    assert held.unseen(message.lower(), CARER)
    assert held.unseen("and in the twins one?", CARER, after_theirs=True)
    assert not held.unseen("and in the twins one?", CARER)
    assert not held.unseen("and in the main one?", CARER, after_theirs=True)


CARD = replace(
    KNOWN,
    accounts=[Account(id=AccountId("file:7702/card/GBP"), kind=AccountKind.CARD, name="Card", currency="GBP", holders="")],
)
NUMBERED = replace(KNOWN, accounts=[KNOWN.accounts[0].model_copy(update={"identification": "09012831502744"})])


@pytest.mark.parametrize(
    ("message", "known", "theirs"),
    [
        ("show me card 7703's payments", CARD, False),
        ("what was spent on the card ending in 7703 in may", CARD, False),
        ("what was spent on the card ending in 7702 in may", CARD, True),
        ("list the payments of account 31502745", NUMBERED, False),
        ("what is in account number 31502744", NUMBERED, True),
        ("when did i last pay to account 31502745", NUMBERED, True),
        ("what went out of the joint account in 2026", NUMBERED, True),
        ("everything on my card 2026", CARD, True),
        ("everything on card number 2026", CARD, False),
        # The cards of an account are known by what tells of cards.
        ("is the card ending 7702 frozen", NUMBERED, True),
    ],
)
def test_a_number_that_none_of_theirs_has_is_of_somebody_else(message: str, known: Known, theirs: bool) -> None:
    assert held.unseen(message, known) is not theirs


@pytest.mark.parametrize("message", ["what does mum pay into the holidays account", "how much is in mum's main account"])
def test_what_is_seen_is_not(message: str) -> None:
    assert not held.unseen(message, CARER)


@pytest.mark.parametrize(
    ("message", "memory"),
    [
        ("which overdraft limits have we got", Memory()),
        ("how far into the red are we allowed to go", Memory()),
        ("what's the overdraft on the joint account", Memory()),
        ("how low am I allowed to go, on it and my own", IN_OURS),
    ],
)
def test_how_far_one_may_go_is_of_the_own_product(understanding: Understanding, message: str, memory: Memory) -> None:
    assert only(understanding.plan(message, KNOWN, memory)).tool is Tool.PRODUCT


def test_what_an_overdraft_is_like_is_on_a_page(understanding: Understanding) -> None:
    assert only(understanding.plan("what does an overdraft cost", KNOWN, Memory())).tool is Tool.ARTICLE


@pytest.mark.parametrize(
    ("message", "tool", "periods"),
    [
        ("what stood in my boat pot when August ended", Tool.BALANCE, ("the end of august",)),
        ("what was left in the everyday account at the end of May", Tool.BALANCE, ("the end of may",)),
        ("how much is left standing on the boat pot", Tool.BALANCE, ()),
    ],
)
def test_what_an_account_held(understanding: Understanding, message: str, tool: Tool, periods: tuple[str, ...]) -> None:
    step = only(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.periods) == (tool, periods)


def test_two_things_of_one_account(understanding: Understanding) -> None:
    plan = understanding.plan("boat pot: balance plus what I've added in there since April", KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [step.tool for step in plan.steps] == [Tool.BALANCE, Tool.SUM]
    both = understanding.plan("the interest it has earned me in 2026, plus the rate", KNOWN, IN_POT)
    assert isinstance(both, Plan)
    assert [step.tool for step in both.steps] == [Tool.INCOME, Tool.PRODUCT]


@pytest.mark.parametrize(
    ("message", "tools"),
    [
        ("please give me my boat pot's balance along with the rate it pays", [Tool.BALANCE, Tool.PRODUCT]),
        ("boat pot: total & rate pls", [Tool.BALANCE, Tool.PRODUCT]),
        ("what's in the boat pot, also when did I last top it up", [Tool.BALANCE, Tool.LAST]),
        ("boat pot balance and the latest deposit", [Tool.BALANCE, Tool.LAST]),
    ],
)
def test_what_is_asked_beside_what_savings_hold_is_of_them(understanding: Understanding, message: str, tools: list[Tool]) -> None:
    plan = understanding.plan(message, KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [step.tool for step in plan.steps] == tools
    assert tools[1] is not Tool.LAST or plan.steps[1].spans.account.startswith("into ")


@pytest.mark.parametrize(
    "message",
    [
        "Tesco in May, my own account and the joint one separately",
        "Tesco in May: joint account against mine",
        "what did we spend at Tesco in May, mine vs the joint account",
    ],
)
def test_either_account_is_asked_apart(understanding: Understanding, message: str) -> None:
    plan = understanding.plan(message, KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [(s.tool, s.spans.merchants, s.spans.account) for s in plan.steps] == [
        (Tool.SUM, ("tesco",), "my own account"),
        (Tool.SUM, ("tesco",), "the joint account"),
    ]


def test_both_together_are_of_either_account(understanding: Understanding) -> None:
    own, ours = (
        Step(tool=Tool.SUM, spans=Spans(merchants=("tesco",), periods=("in may",), account=account))
        for account in ("my own account", "the joint account")
    )
    memory = Memory(asked=(Asked(step=own), Asked(step=ours, beside=True)))
    step = only(understanding.plan("both together", KNOWN, memory))
    assert (step.tool, {a.id for a in accounts_named(step.spans.account, KNOWN.accounts)}) == (Tool.SUM, {MINE, OURS})


def test_the_pot_is_the_one_there_is(understanding: Understanding) -> None:
    step = only(understanding.plan("would the pot stretch to a bill of £300?", KNOWN, Memory()))
    assert [a.id for a in accounts_named(step.spans.account, KNOWN.accounts)] == [POT]


@pytest.mark.parametrize("message", ["please work out my income tax for 2026/27", "what is my tax liability for this year"])
def test_what_tax_is_owed_is_no_sum_of_payments(understanding: Understanding, message: str) -> None:
    assert only(understanding.plan(message, KNOWN, Memory())).tool is Tool.CANNOT


def test_what_went_out_of_savings_was_not_put_there(understanding: Understanding) -> None:
    known = replace(KNOWN, accounts=[KNOWN.accounts[0], account(POT, AccountKind.SAVINGS, "Deposit fund", "Ann Lee")])
    step = only(understanding.plan("when did anything last go out of the deposit fund", known, Memory()))
    assert step.tool is Tool.LAST
    assert not step.spans.account.startswith("into ")


def test_a_shop_that_takes_a_card_is_no_other_holder(understanding: Understanding) -> None:
    plan = understanding.plan("Tesco's run my card two times on the 9th, can you look", KNOWN, Memory())
    assert not isinstance(plan, Plan) or plan.steps[0].tool is not Tool.REFUSE


def test_what_is_put_in_is_put_into_the_pot_that_was_asked_about_with_something_else(understanding: Understanding) -> None:
    pot, bill = (
        Step(tool=Tool.BALANCE, spans=Spans(account="my boat pot")),
        Step(tool=Tool.LAST, spans=Spans(merchants=("tesco",))),
    )
    memory = Memory(asked=(Asked(step=pot), Asked(step=bill, beside=True)))
    step = only(understanding.plan("put in since May how much", KNOWN, memory))
    assert (step.tool, step.spans.account) == (Tool.SUM, "into my boat pot")


def test_nobody_is_paid_from_savings(understanding: Understanding) -> None:
    plan = understanding.plan("what's in the boat pot and what did Tesco cost me in May", KNOWN, Memory())
    assert isinstance(plan, Plan)
    assert [(step.tool, step.spans.account) for step in plan.steps] == [(Tool.BALANCE, "in the boat pot"), (Tool.SUM, "")]


@pytest.mark.parametrize(
    "message",
    [
        "what have I honestly got to spend counting my overdraft",
        "I can use how much altogether, incl. the overdraft",
        "the total I can spend, overdraft included",
    ],
)
def test_the_overdraft_counts_in_what_may_be_spent(understanding: Understanding, message: str) -> None:
    step = only(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.change, step.spans.merchants) == (Tool.BALANCE, "to spend", ())


def test_the_last_payday_is_when_pay_came(understanding: Understanding) -> None:
    assert only(understanding.plan("my last payday, when was that and how much was it", KNOWN, Memory())).tool is Tool.SALARY
    assert only(understanding.plan("last payday was when and what did I get", KNOWN, IN_POT)).tool is Tool.SALARY


@pytest.mark.parametrize(
    ("message", "merchants", "tool"),
    [
        ("is my state pension in yet, and how much", ("state pension",), Tool.SALARY),
        ("when did the other pension last come", ("pension",), Tool.SALARY),
        ("is the Harbour pension in yet", ("harbour pension",), Tool.SALARY),
        ("what have both pensions come to since June", ("pensions",), Tool.INCOME),
        ("has ernie been good to me this year", ("premium bonds",), Tool.INCOME),
    ],
)
def test_who_pays_a_pension_or_a_prize(
    understanding: Understanding, message: str, merchants: tuple[str, ...], tool: Tool
) -> None:
    step = only(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.merchants) == (tool, merchants)


def test_no_statement_says_whom_a_cheque_was_for(understanding: Understanding) -> None:
    cheque = after(Spans(merchants=("000512",)), Tool.FIND)
    assert only(understanding.plan("and whom had I made it out to", KNOWN, cheque)).tool is Tool.CANNOT
    assert only(understanding.plan("how much was cheque 512 and when did it go out", KNOWN, Memory())).tool is Tool.FIND
    assert only(understanding.plan("my latest cheque please", KNOWN, Memory())).spans.merchants == ("chq",)


@pytest.mark.parametrize(
    ("message", "of"),
    [
        ("what is going out until 4 December, not counting direct debits", held.PLANNED),
        ("what's due to other folk before 9 December", held.TO_OTHERS),
        ("payments and standing orders that leave before 9 December", ""),
        ("standing orders and what I planned, to other people, before 9 December", f"{held.PLANNED} {held.TO_OTHERS}"),
        ("what is due before December begins", ""),
    ],
)
def test_what_is_to_come_by_who_set_it_up_and_to_whom(understanding: Understanding, message: str, of: str) -> None:
    step = only(understanding.plan(message, KNOWN, Memory()))
    assert (step.tool, step.spans.change) == (Tool.UPCOMING, of)


def test_that_day_is_the_one_of_the_clause_before() -> None:
    said = days.in_usual_words("the loan goes on 3 december; what else goes out until and including that day?", TODAY)
    assert said == "what else goes out until 3 december?"


@pytest.mark.parametrize("message", ["ta, you are a star", "brilliant, thank you, bye"])
def test_thanks_ask_for_nothing(understanding: Understanding, message: str) -> None:
    assert only(understanding.plan(message, KNOWN, IN_POT)).tool is Tool.HELP


@pytest.mark.parametrize(
    "message",
    ["my card was refused, is something wrong with it", "is my card for the boat pot ok", "my card won't work in the shop, why"],
)
def test_whether_a_card_works(understanding: Understanding, message: str) -> None:
    assert only(understanding.plan(message, KNOWN, Memory())).tool is Tool.CARDS
