"""The command line as a person at a terminal meets it: help at once, and one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.settings import Settings, default_home
from tests.conftest import Counter
from tests.database import database

GOOD = "date,description,amount\n2026-10-03,ALDI STORES,12.34\n2026-10-03,ALDI STORES,12.34\n2026-10-09,TESCO STORES 5683,20.00\n"
RUNNER = CliRunner()


@pytest.fixture
def place(tmp_path: Path, serving_model: Path, bank: Counter, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with the models of the shared one, whose head `bank` has trained."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(serving_model.parent)
    url = database(home / "counterfoil.db")
    for name, value in {"HOME": str(home), "MODEL": "none", "DATABASE_URL": url, "QDRANT_URL": ""}.items():
        monkeypatch.setenv(f"COUNTERFOIL_{name}", value)
    assert bank.bank.settings.models.resolve() == serving_model.parent.resolve()
    return tmp_path


def run(*words: str | Path) -> Result:
    return RUNNER.invoke(app, [str(w) for w in words])


def fails(result: Result, *said: str) -> None:
    """One line that says what is wrong, on stderr, and exit code 1: no traceback."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("error ")]
    assert result.exit_code == 1, result.output
    assert len(lines) == 1, result.output
    assert "Traceback" not in result.output
    for words in said:
        assert words in lines[0]


COMMANDS = (
    "prepare",
    "serve",
    "sandbox",
    "import",
    "articles",
    "index",
    "ask",
    "chat",
    "batch",
    "consent",
    "model",
    "model fetch",
    "model check",
    "model serve",
    "policy",
    "policy list",
    "policy explain",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output
    assert len(result.output.splitlines()) > 5


def test_the_bare_command_lists_the_commands() -> None:
    result = run("--help")
    for command in ("import", "ask", "batch", "serve", "chat"):
        assert command in result.output


# Importing


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("2026-10-09", "2026-02-31"), ("line 4", "date")),
        (GOOD.replace("20.00", "20.001"), ("line 4", "amount")),
        (GOOD.replace("20.00", "twenty"), ("line 4", "amount")),
        ("date,description\n2026-10-03,ALDI STORES\n", ()),
        ("", ()),
    ],
)
def test_a_broken_file_is_one_line_and_nothing_is_kept(place: Path, text: str, said: tuple[str, ...]) -> None:
    broken = place / "broken.csv"
    broken.write_text(text, encoding="utf-8")
    fails(run("import", broken, "--party", "p-1", "--currency", "GBP", "--sign", "spending-positive"), "broken.csv", *said)
    fails(run("ask", "How much did I spend in October?", "--party", "p-1"), "p-1")


def test_a_file_that_is_not_there_and_a_wrong_sign_are_said(place: Path) -> None:
    fails(run("import", place / "none.csv", "--party", "p"), "none.csv", "no such file")
    good = place / "good.csv"
    good.write_text(GOOD, encoding="utf-8")
    fails(run("import", good, "--party", "p", "--sign", "upside-down"), "upside-down")
    fails(run("import", good, "--party", "p", "--columns", "when=date"), "when=date")


def test_a_statement_is_imported_once_and_answers_questions(place: Path) -> None:
    good = place / "good.csv"
    good.write_text(GOOD, encoding="utf-8")
    words = ("import", good, "--party", "p-1", "--currency", "GBP", "--sign", "spending-positive")
    first, again = run(*words), run(*words)
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert "3 added" in first.stderr
    assert "0 added" in again.stderr
    assert "3 held already" in again.stderr
    told = run("ask", "How much did I spend at Aldi in October?", "--party", "p-1", "--now", "2026-11-24T10:00Z", "--json")
    assert told.exit_code == 0, told.output
    answer = json.loads(told.stdout)
    assert answer["outcome"] == "answer"
    assert {(f["value"], f["unit"]) for f in answer["facts"]} >= {("24.68", "GBP"), ("2", "count")}
    shown = run("ask", "How much did I spend at Aldi in October?", "--party", "p-1", "--now", "2026-11-24")
    assert "£24.68" in shown.stdout


# Articles


def test_articles_are_loaded_whole_and_again_only_where_they_changed(place: Path) -> None:
    folder = place / "help"
    folder.mkdir()
    (folder / "fees.md").write_text("---\ntitle: Fees abroad\n---\nA payment in euros costs 1%.\n", encoding="utf-8")
    (folder / "lost.md").write_text("---\ntitle: Lost cards\n---\nFreeze the card.\n", encoding="utf-8")
    first = run("articles", folder)
    assert first.exit_code == 0, first.output
    assert "2 articles added" in first.stderr
    (folder / "fees.md").write_text("---\ntitle: Fees abroad\n---\nA payment in euros costs nothing.\n", encoding="utf-8")
    (folder / "lost.md").unlink()
    again = run("articles", folder)
    assert "0 articles added, 1 changed, 0 as they were, 0 removed" in again.stderr
    assert "--remove-missing" in again.stderr
    assert "1 as they were, 1 removed; 1 passages" in run("articles", folder, "--remove-missing").stderr


def test_articles_that_cannot_be_loaded_are_one_line(place: Path) -> None:
    fails(run("articles", place / "none"), "none", ".jsonl")
    lines = place / "kb.jsonl"
    lines.write_text('{"id": "a", "title": "A", "text": "a"}\n{"id": "b"}\n', encoding="utf-8")
    fails(run("articles", lines), "kb.jsonl", "line 2", "text")
    fails(run("articles", lines, "--fields", "colour=red"), "--fields", "colour")
    fails(run("articles", lines, "--where", "kind"), "--where")
    fails(run("articles", lines, "--audience", "everybody"), "--audience")


# Asking


def test_a_party_that_nobody_knows_and_a_moment_that_is_none_are_said(place: Path) -> None:
    fails(run("ask", "what is my balance?", "--party", "nobody"), "nobody")
    fails(run("ask", "what is my balance?", "--party", "amara-okafor", "--now", "soonish"), "soonish")


def test_a_batch_with_a_bad_line_is_not_begun(place: Path) -> None:
    questions, answers = place / "in.jsonl", place / "out.jsonl"
    questions.write_text('{"id":"a","customer":"c","turns":["x"]}\n{"id":"b","customer":"c"}\n', encoding="utf-8")
    fails(run("batch", questions, answers), "in.jsonl", "line 2", "turns")
    assert not answers.exists()
    fails(run("batch", place / "none.jsonl", answers), "none.jsonl")


def test_without_weights_the_check_says_how_to_get_them(place: Path) -> None:
    (place / "home" / "models").unlink()
    (place / "home" / "models").mkdir()
    fails(run("model", "check"))


# Settings


def test_a_model_that_is_not_wanted_is_not_served(place: Path) -> None:
    fails(run("model", "serve"), "COUNTERFOIL_MODEL is none")


def test_everything_is_under_one_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COUNTERFOIL_HOME", str(tmp_path))
    monkeypatch.delenv("COUNTERFOIL_DATABASE_URL", raising=False)
    settings = Settings()
    assert settings.database == f"sqlite:///{tmp_path / 'counterfoil.db'}"
    assert settings.models.parent == tmp_path
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", "sqlite:///elsewhere.db")
    assert Settings().database == "sqlite:///elsewhere.db"
    assert default_home().name in (".counterfoil", "counterfoil")


def test_nothing_is_open_to_the_network_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERFOIL_HOST", raising=False)
    assert Settings().host == "127.0.0.1"


# An outside model


def test_consent_to_an_outside_model_is_shown_given_and_taken_back(place: Path) -> None:
    for more, said in (((), "may not"), (("--give",), "may be"), ((), "may be"), (("--withdraw",), "may not")):
        result = run("consent", "--party", "amara-okafor", *more)
        assert result.exit_code == 0, result.output
        assert said in result.stdout


def test_an_outside_model_that_would_get_questions_in_the_clear_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_MODEL_URL", "http://models.example/v1")
    monkeypatch.setenv("COUNTERFOIL_MODEL_KEY", "key-of-the-deployment")
    result = run("ask", "what is my balance?", "--party", "amara-okafor")
    fails(result, "COUNTERFOIL_MODEL_URL", "https")
    assert "key-of-the-deployment" not in result.output


def test_a_setting_that_is_none_is_named_in_one_line() -> None:
    told = RUNNER.invoke(app, ["policy", "list"], env={"COUNTERFOIL_DPOP": "maybe"})
    assert told.exit_code == 1
    assert told.stderr.startswith("error COUNTERFOIL_DPOP: Input should be 'accepted' or 'required', not 'maybe'")
