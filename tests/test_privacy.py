"""How masking is measured: a span counts when all of it is hidden, and what is hidden besides counts against it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.errors import InvalidInput
from evals.cli import app
from evals.privacy import Item, Span, coverage, logged, measure, sent, sets
from tests.outside import SHARED

TEXT = "Card 4929123456789010, call Ann in 1 day"


def item(text: str, *spans: tuple[str, str]) -> Item:
    return Item("here", text, tuple(Span(kind, text.index(part), text.index(part) + len(part)) for kind, part in spans))


def write(folder: Path, name: str, *lines: object) -> Path:
    (folder / name).mkdir()
    (folder / name / "part.jsonl").write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return folder


def sentence(*spans: list[object]) -> dict[str, object]:
    return {"id": 1, "template_id": 1, "text": TEXT, "spans": list(spans)}


def test_a_span_that_shows_a_part_is_missed() -> None:
    whole = item(TEXT, ("card", "4929123456789010"))
    part = item(TEXT, ("card", "4929123456789010, call"))
    assert measure([whole]).recall["card"].value == 1
    found = measure([part])
    assert found.recall["card"].value == 0
    assert found.below == ["card"]
    assert [miss.left for miss in found.misses] == ["················, call"]


def test_nothing_masked_finds_nothing_and_everything_masked_is_wrong() -> None:
    asked = [item(TEXT, ("card", "4929123456789010"))]
    nothing, everything = measure(asked, lambda text: set()), measure(asked, lambda text: set(range(len(text))))
    assert (nothing.recall["card"].value, nothing.wrongly.value, nothing.below) == (0, 0, ["card"])
    assert (everything.recall["card"].value, everything.wrongly.value) == (1, 1)
    assert everything.wrongly.of == 6


def test_a_name_is_said_not_to_be_looked_for() -> None:
    found = measure([item(TEXT, ("name", "Ann"))])
    assert found.recall["name"].value == 0
    assert (coverage("name"), coverage("address"), coverage("card")) == ("not covered", "partly", "covered")


def test_an_outside_model_sees_less_than_a_log() -> None:
    assert logged(TEXT) < sent(TEXT)
    assert "".join(char for n, char in enumerate(TEXT) if n not in sent(TEXT)) == "Card , call Ann in  day"


def test_words_with_one_slot_are_one_span_and_words_among_numbers_are_not(tmp_path: Path) -> None:
    turn = {"turn": 1, "text": "ssn is 087 65 and 20 to ann lee", "intents": []}
    slots = ["ssn", "O", "ssn", "ssn", "O", "transferamount", "O", "name", "name"]
    write(tmp_path, "multidogo_finance", {"conversation_id": "a", "customer_turns": [turn | {"slots": slots}]})
    (one,) = sets(tmp_path)["multidogo_finance"]
    spans = [(span.kind, one.text[span.start : span.end]) for span in one.spans]
    assert spans == [("", "ssn"), ("ssn", "087 65"), ("", "20"), ("name", "ann lee")]


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("presidio_pii", "{", "line 2"),
        ("presidio_pii", "[]", "not an object"),
        ("presidio_pii", {"text": TEXT}, "'spans'"),
        ("presidio_pii", sentence(["CREDIT_CARD", 0, 3, "4929"]), "'spans'"),
        ("presidio_pii", {"spans": []}, "'text'"),
        ("multidogo_finance", {"customer_turns": [{"text": "a b", "slots": ["O"]}]}, "'slots'"),
        ("multidogo_finance", {}, "'customer_turns'"),
    ],
)
def test_a_line_that_cannot_be_read_is_an_error_that_says_where(tmp_path: Path, name: str, line: object, said: str) -> None:
    good = sentence() if name == "presidio_pii" else {"customer_turns": []}
    with pytest.raises(InvalidInput, match=said) as caught:
        sets(write(tmp_path, name, good, line))
    assert "part.jsonl, line 2" in str(caught.value)


def test_a_folder_without_a_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="neither"):
        sets(tmp_path)


def test_the_command_fails_below_a_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_HOME", str(tmp_path / "home"))
    (tmp_path / "good").mkdir()
    good = write(tmp_path / "good", "presidio_pii", sentence(["CREDIT_CARD", 5, 21, "4929123456789010"]))
    done = CliRunner().invoke(app, ["privacy", "--data", str(good)])
    assert (done.exit_code, "1 of 1" in done.output) == (0, True), done.output
    (tmp_path / "bad").mkdir()
    bad = write(tmp_path / "bad", "presidio_pii", sentence(["CREDIT_CARD", 28, 31, "Ann"]))
    done = CliRunner().invoke(app, ["privacy", "--data", str(bad)])
    assert (done.exit_code, "Below the target" in done.output) == (1, True), done.output
    assert "Ann" in (tmp_path / "home" / "runs" / "privacy-failures.md").read_text()


@pytest.mark.parametrize("hide", [logged, sent])
def test_the_shared_portions_are_masked_as_targeted(hide: object) -> None:
    if not (SHARED / "presidio_pii").is_dir():
        pytest.skip("the shared data is not here")
    for items in sets(SHARED).values():
        found = measure(items, logged if hide is logged else sent)
        assert not found.below
        if hide is logged:
            assert found.wrongly.value < 0.02
