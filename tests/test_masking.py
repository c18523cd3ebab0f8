"""Personal data is masked however it is typed, and in every line of the log, whoever writes it."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from api import logs
from data.masking import Found, Kind, mask, personal

CARD = "4929 1234 5678 9010"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"my card {CARD} was declined", "my card [CARD] was declined"),
        ("4929-1234-5678-9011", "[CARD]"),  # mistyped: the check digit is wrong
        ("it's 4929.1234.5678.9010, thanks", "it's [CARD], thanks"),
        ("card 4929 1234 5678 901", "card [CARD]"),
        ("378282246310005 is my amex", "[CARD] is my amex"),
        ("the card ends in 9010", "the card ends in [NUMBER]"),
        ("last four are 217", "last four are [NUMBER]"),
        ("double four nine two one please", "[NUMBER] please"),
        ("4.93E+15 was in the sheet", "[NUMBER] was in the sheet"),
        ("to GB29 NWBK 6016 1331 9268 19 today", "to [IBAN] today"),
        ("to gb29nwbk60161331926818 today", "to [IBAN] today"),
        ("DE89 3704 0044 0532 0130 00 and then", "[IBAN] and then"),
        ("my social is 536-22-1234", "my social is [SSN]"),
        ("ssn no x 087", "ssn no x [NUMBER]"),
        ("078051120", "[NUMBER]"),
        ("087", "[NUMBER]"),
        ("it's 087", "[NUMBER]"),
        ("NI number AB 12 34 56 C", "NI number [NINO]"),
        ("20-12-34 31926819 is it", "[ACCOUNT] is it"),
        ("ring 020 7946 0018 or +44 7911 123456", "ring [PHONE] or [PHONE]"),
        ("(555)010-1234x55 at work", "[NUMBER] at work"),
        ("write to ann.lee+bank@post.example.", "write to [EMAIL]."),
        ("see https://pages.example/a?b=1, or www.pages.example", "see [URL], or [URL]"),
        ("from 203.0.113.7 and 2001:db8::8a2e:370:7334", "from [IP] and [IP]"),
        ("I moved to 12 Acacia Road, flat 3, SW1A 1AA", "I moved to [ADDRESS], [ADDRESS], [POSTCODE]"),
        ("born on 3rd March 1985, so 12/03/85 no", "born on [DATE], so [DATE] no"),
        ("she is 79 years old", "she is [AGE]"),
        ("CVV is 12", "CVV is [NUMBER]"),
    ],
)  # fmt: skip
def test_what_customers_type_is_masked(text: str, told: str) -> None:
    assert mask(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "You spent £1,415.96 at Tesco, in 17 payments",
        "two hundred and fifty pounds to Bob",
        "45000 pounds",
        "status 401 on line 131",
        "at 10:30, in 2 days",
        "problem 0f8fad5bd9cb469fa16570867728950e",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301 lost its lease",
        "bound to 127.0.0.1",
        'File "/app/base.py", line 1967, in perform',
        "one or two of them",
        "",
    ],
)
def test_what_is_nobodys_is_left(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("text", ["£4929123456789010", "4929 1234 5678 9010 pounds", f"GBP {CARD}"])
def test_a_currency_does_not_make_an_amount_of_a_card(text: str) -> None:
    assert not re.search(r"\d", mask(text))


@given(st.from_regex(r"[3-6][0-9]{13,17}", fullmatch=True), st.sampled_from(["", " ", "-", ".", "/", " - "]), st.integers(2, 6))
def test_a_card_is_masked_however_it_is_cut(number: str, between: str, size: int) -> None:
    card = number + luhn.calc_check_digit(number)
    typed = between.join(card[n : n + size] for n in range(0, len(card), size))
    assert not re.search(r"\d", mask(f"please block {typed}, it was stolen"))


@given(st.text(max_size=300))
def test_any_text_can_be_masked_and_what_is_found_is_in_order(text: str) -> None:
    mask(text)
    found = personal(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= later.start for one, later in pairwise(found))


def test_what_overlaps_is_hidden_whole() -> None:
    text = "paid TESCO 020 7946 0018 LONDON"
    known = Found(Kind.NAME, text.index("TESCO"), text.index("46 0018"))
    assert personal(text, [known]) == [Found(Kind.NAME, 5, text.index(" LONDON"))]


# The log


@pytest.fixture
def lines() -> Iterator[Callable[[], str]]:
    """What the log wrote until now. The configuration is the real one, written to memory."""
    written = io.StringIO()
    before = structlog.get_config(), logging.getLogRecordFactory(), logging.getLogger("httpx").level
    logs.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(written))
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logging.getLogger("elsewhere").addHandler(handler)
    yield written.getvalue
    structlog.configure(**before[0])
    logging.setLogRecordFactory(before[1])
    logging.getLogger("httpx").setLevel(before[2])
    logging.getLogger("elsewhere").removeHandler(handler)


def _raise() -> None:
    raise ValueError(f"no such card: {CARD}")


def write_everywhere() -> None:
    """A card in each place of a line that a text can stand in."""
    log, other = structlog.get_logger("here"), logging.getLogger("elsewhere")
    log.warning(f"a card {CARD}")
    log.error("bound", card=CARD, as_number=4929123456789010, nested={"of": [CARD, (CARD,)]}, error=ValueError(CARD))
    other.warning("a card %s", CARD)
    other.error("two halves %s %s", CARD[:9], CARD[10:])
    try:
        _raise()
    except ValueError as error:
        log.error("failed", exc_info=error)
        log.exception("failed")
        other.exception("failed")


def shows_card(text: str) -> bool:
    return any(group in text for group in (*CARD.split(), CARD.replace(" ", "")))


def test_no_line_of_the_log_shows_a_card(lines: Callable[[], str]) -> None:
    write_everywhere()
    assert lines().count("[CARD]") >= 10
    assert "no such card: [CARD]" in lines()
    assert not shows_card(lines())


def test_without_the_processor_cards_are_seen(lines: Callable[[], str]) -> None:
    without = [one for one in structlog.get_config()["processors"] if one is not logs.masked]
    structlog.configure(processors=without)
    structlog.get_logger("here").warning("a card", card=CARD)
    assert shows_card(lines())


def test_without_the_record_cards_are_seen(lines: Callable[[], str]) -> None:
    logging.setLogRecordFactory(logging.LogRecord)
    logging.getLogger("elsewhere").warning("a card %s", CARD)
    assert shows_card(lines())


def test_what_a_reader_of_the_log_needs_is_left(lines: Callable[[], str]) -> None:
    structlog.get_logger("here").warning(
        "denied", id="0f8fad5bd9cb469fa16570867728950e", accounts=3, status=401, latency_ms=1234.5
    )
    assert "0f8fad5bd9cb469fa16570867728950e" in lines()
    assert all(figure in lines() for figure in ("3", "401", "1234.5"))
