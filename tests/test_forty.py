"""The forty questions: they are all there, in wordings of their own, and their scorer says no."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from rich.console import Console

import prompts
from data.errors import InvalidInput
from data.facts import Outcome
from evals import article_questions, forty, questions
from evals.grounding import Ground
from evals.suites import Judged

TALKS = forty.conversations()


def output(
    answer: str = "", *, outcome: str = "answer", cites: tuple[str, ...] = (), facts: tuple[dict[str, Any], ...] = ()
) -> Any:
    citations = [{"source": f"{page}#1", "title": page} for page in cites]
    return {"outcome": outcome, "answer": answer, "facts": list(facts), "scope": {}, "citations": citations}


def judged(outcome: str, *, right: bool = False, wrong: bool = False) -> Judged:
    return Judged(turn=0, said="", outcome=outcome, answer="", right=right, wrong=wrong)


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9£€]+", text.lower()))


def texts(value: Any) -> Iterator[str]:
    """Every text that stands somewhere in a file."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield from texts(key)
            yield from texts(held)
    elif isinstance(value, list):
        for held in value:
            yield from texts(held)
    elif isinstance(value, str):
        yield value


def test_no_number_no_trap_and_no_household_is_left_out() -> None:
    assert len(TALKS) >= 120
    assert {talk.q for talk in TALKS} == set(forty.NUMBERS)
    assert {talk.trap for talk in TALKS} == set(get_args(forty.Trap))
    assert len({talk.customer for talk in TALKS}) == 7
    for number in forty.NUMBERS:
        traps = {talk.trap for talk in TALKS if talk.q == number}
        assert "plain" in traps
        assert len(traps) >= 2, f"number {number} comes without a trap"


def test_no_wording_is_one_that_the_product_learned_or_another_suite_asks() -> None:
    says = [plain(turn.say) for talk in TALKS for turn in talk.turns]
    assert len(says) == len(set(says))
    learned = {
        plain(text)
        for path in Path(prompts.__file__).parent.glob("*.yaml")
        for text in texts(yaml.safe_load(path.read_text("utf-8")))
    }
    asked = {plain(turn.say) for talk in questions.conversations() for turn in talk.turns}
    asked |= {plain(turn.say) for talk in article_questions.conversations() for turn in talk.turns}
    assert not set(says) & (learned | asked)


def test_every_page_that_may_be_cited_is_one_of_the_banks() -> None:
    pages = article_questions.articles()
    cited = {page for talk in TALKS for turn in talk.turns for page in turn.cites}
    in_force = {key for key, page in pages.items() if page.audience == "public" and page.in_force(questions.NOW.date())}
    assert cited <= in_force


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ({"trap": "plain", "customer": "amara-okafor", "turns": [{"say": "hm", "want": "none"}]}, "field q"),
        ({"q": 41, "trap": "plain", "customer": "amara-okafor", "turns": [{"say": "hm", "want": "none"}]}, "field q"),
        ({"q": 1, "trap": "riddle", "customer": "amara-okafor", "turns": [{"say": "hm", "want": "none"}]}, "field trap"),
        ({"q": 1, "trap": "plain", "customer": "amara-okafor", "turns": []}, "field turns"),
        ({"q": 1, "trap": "plain", "customer": "amara-okafor", "turns": [{"say": "hm"}]}, "field turns.0"),
        (
            {"q": 1, "trap": "plain", "customer": "amara-okafor", "turns": [{"say": "hm", "missing": True, "want": "none"}]},
            "turns.0",
        ),
        (
            {"q": 6, "trap": "plain", "customer": "amara-okafor", "turns": [{"say": "hm", "gold": {"sum": {"like": "HARRODS"}}}]},
            "field gold",
        ),
    ],
)
def test_an_entry_that_cannot_be_loaded_is_named(tmp_path: Path, written: dict[str, Any], field: str) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(yaml.safe_dump([written]), "utf-8")
    with pytest.raises(InvalidInput, match=rf"some.yaml, entry 1.*{field}"):
        forty.conversations(path)


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    one = {"q": 1, "trap": "plain", "customer": "amara-okafor", "turns": [{"say": "hm", "want": "none"}]}
    path = tmp_path / "some.yaml"
    path.write_text(yaml.safe_dump([one, one]), "utf-8")
    with pytest.raises(InvalidInput, match="entry 2, field id"):
        forty.conversations(path)


FREEZE = forty.Turn(say="freeze it", missing=True, cites="card-freeze")


def test_what_is_missing_is_never_right_and_a_pretence_is_wrong() -> None:
    said = forty.mark_turn(FREEZE, [], output("That I cannot do here.", outcome="cannot"))
    page = forty.mark_turn(FREEZE, [], output("In the app, choose the card.", cites=("card-freeze",)))
    other = forty.mark_turn(FREEZE, [], output("It costs nothing.", cites=("fees",)))
    done = forty.mark_turn(FREEZE, [], output("Your card is frozen."))
    none = forty.mark_turn(FREEZE, [], output("There are no such payments.", outcome="none"))
    assert not any(one.right for one in (said, page, other, done, none))
    assert not said.wrong
    assert not page.wrong
    assert other.wrong
    assert done.wrong
    assert none.wrong
    pretends = forty.Turn(say="do it", missing=True, never="have sent")
    assert forty.mark_turn(pretends, [], output("I have sent it. A person will see it.", outcome="handover")).wrong


def test_a_page_and_the_books_have_to_agree() -> None:
    turn = forty.Turn(say="how long", cites="refund-times", figures="3 to 5 working days")
    right = output("After 3 to 5 working days.", cites=("refund-times",))
    assert forty.mark_turn(turn, [], right).right
    assert not forty.mark_turn(turn, [], output("After 3 to 5 working days.", cites=("fees",))).right
    assert not forty.mark_turn(turn, [], output("Soon.", cites=("refund-times",))).right
    talk = next(t for t in TALKS if t.id == "q06-plain-amara")
    fact = {"label": "x", "value": "1.00", "unit": "GBP", "evidence": []}
    stated = forty.mark_turn(talk.turns[0], talk.golds[0], output("£1.00", facts=(fact,)))
    assert stated.wrong
    assert not stated.right


@pytest.mark.parametrize(
    ("found", "missing", "verdict"),
    [
        (judged("answer", right=True), False, forty.Verdict.RIGHT),
        (judged("clarify"), False, forty.Verdict.ASKED),
        (judged("clarify"), True, forty.Verdict.ASKED),
        (judged("cannot"), True, forty.Verdict.MISSING),
        (judged("answer"), True, forty.Verdict.MISSING),
        (judged("answer", wrong=True), True, forty.Verdict.WRONG),
        (judged("oos"), True, forty.Verdict.WRONG),
        (judged("refuse"), True, forty.Verdict.WRONG),
        (judged("error"), True, forty.Verdict.WRONG),
        (judged("cannot"), False, forty.Verdict.WRONG),
    ],
)
def test_a_turn_counts_as_one_thing(found: Judged, missing: bool, verdict: forty.Verdict) -> None:
    turn = FREEZE if missing else forty.Turn(say="hm", want=Outcome.NONE)
    assert forty.verdict(turn, found) is verdict


def test_the_report_has_a_line_for_every_number() -> None:
    tallies = forty.tallies(TALKS, [("q06-plain-amara", "06", judged("answer", wrong=True))], "q")
    assert len(tallies) == 40
    assert tallies["06"].counts[forty.Verdict.WRONG] == 1
    assert tallies["06"].figures == 1
    assert sum(sum(tally.counts.values()) for tally in tallies.values()) == 1
    console = Console(record=True, width=120)
    forty.show(TALKS, [], console)
    assert "40" in console.export_text()


def test_the_suite_judges_a_turn_against_the_ground() -> None:
    talk = next(t for t in TALKS if t.id == "q15-plain-amara")
    (case,) = forty.forty_suite([talk], {talk.customer: Ground({})}).cases
    (found,) = case.judge([output("You paid £12.34.", outcome="cannot")])
    assert found.faults
