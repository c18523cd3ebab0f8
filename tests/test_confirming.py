"""What a message says to a confirmation: a yes is unambiguous and to what was shown, or it is none."""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from assistant.confirming import Reply, reply
from data.actions import Action, Intent, IntentId, Origin, Payee, Value
from data.money import Money
from data.party import AccountId, PartyId

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def intent(
    amount: str = "25",
    currency: str = "GBP",
    payee: str = "Sam Carter",
    account: str = "Everyday account",
    reference: str = "pizza",
    on: dt.date | None = None,
) -> Intent:
    money = Money.of(amount, currency)
    shown = {"amount": money.shown(), "payee": payee, "account": account, "reference": reference}
    shown |= {"on": on.isoformat() if on else "at once"}
    return Intent(
        id=IntentId("i1"),
        party=PartyId("p1"),
        conversation="c1",
        turn=1,
        action=Action.PAY,
        account=AccountId("a1"),
        prepared_at=NOW,
        values=tuple(Value(name=name, shown=text, origin=Origin.CUSTOMER) for name, text in shown.items() if text),
        amount=money,
        payee=Payee(name=payee, scheme="UK.OBIE.SortCodeAccountNumber", identification="20000012345678"),
        reference=reference,
        on=on,
    )


def cards(action: Action, *ids: str) -> Intent:
    return intent().model_copy(update={"action": action, "cards": ids, "amount": None, "payee": None, "values": ()})


YES = (
    "yes", "Yes please", "confirmed", "go ahead", "that's right, do it", "yep looks good", "correct", "sure, send it", "ok 👍",
    "Yes, that works", "that's great and it works for me", "Yes, that suits me well", "Yes is correct", "Yeah, that's correct.",
    "Yep, thanks", "Sounds good to me", "Exactly right", "please do that", "that is right", "YES!", "Yes. Thank you very much",
    "thats corect", "Everything looks correct", "please proceed with the payment", "all good", "yes, go ahead and send it now",
    "Yes, you can make the payment", "I confirm", "you got it", "That's what I asked for. Do it", "yes\nthanks",
)  # fmt: skip
SAID_AGAIN = (
    "yes, send 25 to Sam Carter", "yes, £25 to Sam", "yes 25.00",
    "yep, pay Sam Carter 25 pounds for pizza from my everyday account", "Yes, transfer it to Sam's account",
    "correct, from everyday",
)  # fmt: skip
NO = (
    "no", "No thanks", "cancel", "stop", "no wait, cancel that", "don't send it", "Do not send the money", "forget it",
    "I said yes to the wrong thing, stop", "oops, wrong person, cancel that", "I take it back",
    "that was a mistake, don't send it",
    "never mind", "nope", "No, that's wrong.", "dont do it", "cancel the payment please", "ok cancel that", "I changed my mind",
    "no no no",
)  # fmt: skip
NEITHER = (
    # a change
    "yes but make it 30", "yes, to Tom", "ok, from savings", "yes, 30", "yes, to 25", "yes to 20", "yes 25p", "yes $25",
    "yes 25 euros", "yes, to Sam Smith", "yes, 25.01", "yes, on Friday", "yes tomorrow", "yes twice",
    "yes, 25 to Sam and 25 to Tom", "No make it 30", "yes, everything except the amount", "yes for Friday",
    "yes, to Everyday account", "yes from Sam Carter", "yes, half", "yes, in euros",
    # a condition, a question, a doubt
    "yes if I have enough", "yes once I'm paid", "yes?", "is that right?", "is that right", "is all good", "is confirmed",
    "confirm the details", "right then", "right?", "yes... I think", "yes...", "yeah no", "yeah right", "I guess", "maybe",
    "not sure", "I suppose so", "fine, whatever", "sure, why not", "yes and no", "yes or no",
    # something else
    "yes I like it", "ok what's my balance", "yes and freeze my card", "send 25 to Sam Carter", "send 25 to Tom",
    "make a payment", "thanks", "please", "I'm good thanks", "no problem", "cancel my card", "that's it", "I will do it", "bye",
    "👍",
    # a no in other spellings, and a no to the no
    "that's not right", "incorrect", "yes not", "yes, don't", "not yet", "no, yes", "yes no", "don't cancel", "do not stop",
    "cancel?",
    # somebody else's words, and other languages
    '"yes"', "“yes, send it”", "> yes", "She wrote: 'yes, go ahead'", "From: Dan\nSubject: yes\nyes", "`yes`", "yes (said Dan)",
    "oui", "sí", "si", "ja", "да", "はい", "уes", "y\u200bes", "", "   ", "?", "!", "25", "yes " * 40,
)  # fmt: skip


@pytest.mark.parametrize("message", YES + SAID_AGAIN)
def test_a_plain_yes_is_one(message: str) -> None:
    assert reply(message, intent()) is Reply.YES


@pytest.mark.parametrize("message", NO)
def test_a_plain_no_cancels(message: str) -> None:
    assert reply(message, intent()) is Reply.NO


@pytest.mark.parametrize("message", NEITHER)
def test_anything_else_is_neither(message: str) -> None:
    assert reply(message, intent(reference="Friday pizza")) is Reply.OTHER


def test_what_is_said_again_is_held_against_what_is_shown() -> None:
    to_savings = intent(payee="Rainy day savings", account="Everyday account", reference="")
    theirs = intent(payee="Maria, savings account", reference="")
    assert reply("yes, to her savings account", theirs) is Reply.YES
    assert reply("yes, to my savings account", theirs) is Reply.OTHER
    assert reply("yes, 25 from everyday to savings", to_savings) is Reply.YES
    assert reply("yes, 25 from savings to everyday", to_savings) is Reply.OTHER
    assert reply("yes, from savings", to_savings) is Reply.OTHER
    assert reply("yes, send $1,180 to Maria", intent("1180", "USD", "Maria")) is Reply.YES
    assert reply("yes, send $1,180 to Maria", intent("1180", "GBP", "Maria")) is Reply.OTHER
    assert reply("yes, for 20", intent(reference="invoice 20")) is Reply.OTHER


def test_a_payee_does_not_choose_what_is_a_yes() -> None:
    for name in ("Stop Ltd", "No", "Not Now", "Wait Cancel", "Twenty Twenty", "yes"):
        for message in (f"yes to {name}", f"yes {name}", name, f"to {name}"):
            assert (reply(message, intent(payee=name)) is Reply.YES) is (
                name == "yes" and message in ("yes", "yes to yes", "yes yes")
            )


def test_a_payment_for_a_day_is_not_made_now() -> None:
    friday = intent(on=dt.date(2026, 3, 6))
    assert reply("yes, do it", friday) is Reply.YES
    for said in ("on Friday", "on 6 March", "on Friday the 6th of March 2026", "on March 6th"):
        assert reply(f"yes, {said}", friday) is Reply.YES
    for said in ("on Monday", "on 7 March", "on 6 April", "on the 6th", "on 6 March 2027", "6"):
        assert reply(f"yes, {said}", friday) is Reply.OTHER
    assert reply("yes, on Friday", intent(on=dt.date(2026, 3, 20))) is Reply.OTHER
    assert reply("yes, do it now", friday) is Reply.OTHER


def test_a_yes_about_cards_is_to_that_action_and_those_cards() -> None:
    one, two = cards(Action.FREEZE_CARD, "c1"), cards(Action.FREEZE_CARD, "c1", "c2")
    assert reply("yes, freeze it", one) is reply("freeze the card", one) is Reply.YES
    assert reply("yes, freeze both", two) is reply("yes, freeze my cards", two) is Reply.YES
    assert reply("yes, freeze my cards", one) is reply("yes, freeze my card", two) is Reply.OTHER
    assert reply("yes, unfreeze it", one) is reply("yes, freeze it", cards(Action.UNFREEZE_CARD, "c1")) is Reply.OTHER


# Each would change, hedge, ask, deny or add something; none of them is in a yes wherever it stands.
AGAINST = (
    "but", "no", "not", "never", "don't", "isn't", "wait", "stop", "cancel", "if", "unless", "when", "until", "maybe",
    "perhaps", "possibly", "probably", "guess", "think", "suppose", "hope", "almost", "nearly", "except", "without", "instead",
    "rather", "only", "also", "another", "again", "twice", "double", "half", "more", "less", "later", "tomorrow", "yesterday",
    "friday", "next", "after", "before", "why", "how", "what", "who", "which", "where", "whether", "or", "and/or", "nor",
    "neither", "hardly", "barely", "um", "er", "hmm", "tom", "tim", "joint", "dollars", "euros", "pence", "thirty", "wrong",
    "incorrect", "false", "fake", "undo", "refund", "back", "change", "make-it", "switch", "balance",
)  # fmt: skip


def test_no_word_that_takes_back_is_passed_over() -> None:
    shown = intent()
    for message, word in product(YES + SAID_AGAIN, AGAINST):
        words = message.split()
        for at in range(len(words) + 1):
            said = " ".join([*words[:at], word, *words[at:]])
            assert reply(said, shown) is not Reply.YES, said


# The words of the phrases themselves, which say no more a second time: "that's all right", "yes yes", "please please".
OWN = {
    "yes", "yess", "yse", "yest", "yeah", "yea", "yeh", "yep", "yup", "ya", "y", "aye", "ok", "okay", "okey", "sure", "thing",
    "certainly", "definitely", "absolutely", "indeed", "agreed", "approved", "affirmative", "exactly", "precisely", "deal",
    "correct", "right", "good", "fine", "great", "perfect", "accurate", "confirmed", "exact", "true", "excellent", "fantastic",
    "wonderful", "awesome", "amazing", "brilliant", "lovely", "alright", "ideal", "cool", "super", "all", "completely",
    "entirely", "quite", "perfectly", "totally", "very", "just", "really", "please", "pls", "plz", "kindly", "thanks",
    "thankyou", "thx", "ty", "cheers", "ta", "sir", "madam", "mate", "then", "confirm", "proceed", "continue", "is", "are",
    "look", "looks", "sound", "sounds", "seem", "seems", "found", "works", "now", "immediately", "asap", "i", "my", "the",
    "our", "his", "her", "their", "it", "that", "this", "so", "to", "for", "of", "me", "and", "account", "you", "may", "can",
    "send", "do", "money", "pay",
}  # fmt: skip


@given(st.sampled_from(YES + SAID_AGAIN), st.from_regex(r"[a-z]{1,10}", fullmatch=True), st.integers(0, 12))
@example("yes", "thank", 1)
def test_no_word_that_is_not_known_is_passed_over(message: str, word: str, at: int) -> None:
    near = ("correct", "exactly", "perfect", "confirm", "confirmed", "proceed", "approved", "absolutely", "definitely")
    assume(word not in OWN and all(word[:2] != one[:2] for one in near) and word not in ("sam", "carter", "pizza", "everyday"))
    words = message.split()
    words.insert(min(at, len(words)), word)
    assert reply(" ".join(words), intent()) is not Reply.YES


@given(st.sampled_from(YES), st.decimals("0.01", "99999", places=2), st.sampled_from(["", "£", "$", "for ", "to ", "no. "]))
def test_another_figure_is_never_a_yes(message: str, figure: object, before: str) -> None:
    assume(str(figure) != "25.00")
    assert reply(f"{message} {before}{figure}", intent()) is not Reply.YES


@pytest.mark.parametrize("message", ["in order", "IN!ORDER", "SPOT!ON"])
def test_a_part_of_a_yes_is_none(message: str) -> None:
    assert reply(message, intent()) is not Reply.YES


@given(st.text(max_size=60))
def test_what_is_typed_at_random_is_no_yes_and_breaks_nothing(message: str) -> None:
    # Texts at random are drawn from the words of the program too, with a letter less.
    words = message.casefold().replace("!", " ").split()
    assume(any(all(DamerauLevenshtein.distance(word.strip(".,;:-"), own) > 1 for own in (*OWN, "same")) for word in words))
    assert reply(message, intent()) is not Reply.YES
