"""Learning a bank's own intents from its labelled utterances, and abstaining from what is none of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api import cli, intents
from api.settings import Settings
from assistant.intents import Example, IntentHead, train
from data.errors import InvalidInput, InvalidUtterance
from retrieval.embedding import Embedder

SAID = {
    "lost_card": [
        "i lost my card",
        "my card is lost",
        "i can't find my card anywhere",
        "someone stole my card",
        "my bank card was stolen",
        "i think i left my card on the bus and it is gone",
    ],
    "balance": [
        "what is my balance",
        "how much money do i have",
        "tell me my account balance",
        "how much is in my account",
        "show the balance of my account",
        "what's left in my current account",
    ],
    "opening_hours": [
        "when do you open",
        "what are your opening hours",
        "is the branch open on saturday",
        "until when is the branch open today",
        "what time does the branch close",
        "are you open on bank holidays",
    ],
}
STRANGE = ("qwxz blorf nint 93", "the elephant sang about tangerines", "bake the bread for forty minutes")


def csv_of(said: dict[str, list[str]]) -> str:
    return "text,label\n" + "".join(f"{text},{label}\n" for label, texts in said.items() for text in texts)


def examples() -> list[Example]:
    return [Example(text, (label,)) for label, texts in SAID.items() for text in texts]


def trained(embedder: Embedder, some: Sequence[Example]) -> IntentHead:
    return train(some, embedder.embed([example.text for example in some]), embedder.version, embedder.embed)


def test_what_is_half_of_one_intent_and_half_of_another_is_neither(embedder: Embedder) -> None:
    whole, spliced = "how much money is in my account", "how much money is until when today"
    head = trained(embedder, examples())
    known, mixed = (head.classify(text, embedder.embed([text])[0]).ranked[0][1] for text in (whole, spliced))
    assert mixed < known


def test_a_head_knows_new_wordings_and_abstains_from_what_is_strange(embedder: Embedder) -> None:
    head = trained(embedder, examples())

    def asked(text: str) -> tuple[str, ...]:
        return head.classify(text, embedder.embed([text])[0]).labels

    assert asked("help, my card has been stolen") == ("lost_card",)
    assert asked("how much money is in the account") == ("balance",)
    assert [asked(text) for text in STRANGE] == [(), (), ()]


def test_a_head_is_the_same_after_saving_and_loading(embedder: Embedder, tmp_path: Path) -> None:
    head = trained(embedder, examples())
    head.save(tmp_path / "head.npz")
    again = IntentHead.load(tmp_path / "head.npz", embedder.version)
    for text in ("where is my card", "when do you close", *STRANGE):
        vector = embedder.embed([text])[0]
        assert again.classify(text, vector) == head.classify(text, vector)


def test_a_head_of_another_embedding_is_refused(embedder: Embedder, tmp_path: Path) -> None:
    trained(embedder, examples()).save(tmp_path / "head.npz")
    with pytest.raises(InvalidInput, match="another version of the embedding"):
        IntentHead.load(tmp_path / "head.npz", "another")


def test_what_is_no_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "head.npz").write_text("text,label\n")
    with pytest.raises(InvalidInput, match="no head"):
        IntentHead.load(tmp_path / "head.npz", "any")
    with pytest.raises(InvalidInput, match="no such file"):
        IntentHead.load(tmp_path / "none.npz", "any")


def test_several_intents_at_once(embedder: Embedder) -> None:
    verbs = {"open": ("open", "set up"), "close": ("close", "cancel"), "cost": ("what does it cost to have", "the fee for")}
    nouns = {"card": ("a card", "my credit card"), "loan": ("a loan", "the loan"), "mortgage": ("a mortgage", "my home mortgage")}
    some = [
        Example(f"{frame} {verb} {noun}", (what, thing))
        for what, ways in verbs.items()
        for verb in ways
        for thing, names in nouns.items()
        for noun in names
        for frame in ("i want to", "please tell me about how to")
    ]
    head = trained(embedder, some)
    assert head.several
    text = "could i close the credit card"
    assert set(head.classify(text, embedder.embed([text])[0]).labels) == {"close", "card"}


def test_examples_of_what_is_none_of_the_intents_are_learned(embedder: Embedder) -> None:
    """What is near an intent in words but labelled oos is abstained from, and was not before."""
    text = "what are the opening hours of the museum"
    vector = embedder.embed([text])[0]
    assert trained(embedder, examples()).classify(text, vector).labels == ("opening_hours",)
    places = ("museum", "zoo", "library", "pool", "theatre", "supermarket", "gallery", "bakery")
    ways = (
        "what are the opening hours of the {}",
        "when does the {} open",
        "is the {} open on saturday",
        "what time does the {} close",
    )
    strange = [Example(way.format(place), ("oos",)) for place in places[1:] for way in ways]
    assert trained(embedder, [*examples(), *strange]).classify(text, vector).labels == ()


@pytest.mark.parametrize(
    ("content", "line", "field", "reason"),
    [
        (b"text,label\nhello,\n", 2, "label", "empty"),
        (b"text,label\nhello,greet|\n", 2, "label", "empty"),
        (b"text,label\nhello,greet\n  ,greet\n", 3, "text", "no text"),
        (b"text,label\nhello,greet\nbye,end,now\n", 3, None, "3 fields"),
        (b"said,label\nhello,greet\n", 1, "text", "no column"),
        (b"text,label,intent\nhello,greet,greet\n", 1, "label", "more than one column"),
        (b"text,label\nhello,greet\ncaf\xe9,greet\n", 3, None, "UTF-8"),
        (b"text,label\n" + b"hello,greet\n" * 9000 + b"caf\xe9,greet\n", 9002, None, "UTF-8"),
        (b'text,label\n"hello,greet\n', 2, None, "unexpected end"),
        (b'"text,label\n', 1, None, "unexpected end"),
        (b"", 1, "text", "no column"),
    ],
)
def test_a_bad_file_is_an_error_that_names_line_and_field(
    tmp_path: Path, content: bytes, line: int, field: str | None, reason: str
) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(InvalidUtterance, match=reason) as caught:
        intents.read(tmp_path / "bad.csv")
    assert (caught.value.line, caught.value.field) == (line, field)
    assert str(tmp_path / "bad.csv") in str(caught.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidUtterance, match="No such file"):
        intents.read(tmp_path / "none.csv")


def test_columns_are_guessed_or_named_and_several_labels_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text('id,Utterance,Intent\n1,"open, please",open|card\n2,bye,end;thank\n3,what,oos\n', "utf-8-sig")
    read = intents.read(file)
    assert [example.labels for example in read] == [("open", "card"), ("end", "thank"), ("oos",)]
    assert read[0].text == "open, please"
    assert read[2].intents == ()
    assert [example.text for example in intents.read(file, text="id", label="intent")] == ["1", "2", "3"]


@pytest.mark.parametrize("said", [{"lost_card": SAID["lost_card"]}, {"oos": SAID["balance"], "lost_card": SAID["lost_card"]}])
def test_one_intent_cannot_be_learned(embedder: Embedder, said: dict[str, list[str]]) -> None:
    with pytest.raises(InvalidInput, match="two intents"):
        trained(embedder, [Example(text, (label,)) for label, texts in said.items() for text in texts])


@pytest.fixture
def home(tmp_path: Path, serving_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models").symlink_to(serving_model.parent)
    monkeypatch.setenv("COUNTERFOIL_HOME", str(tmp_path))
    return tmp_path


def test_train_and_classify_from_the_command_line(home: Path, tmp_path: Path) -> None:
    (tmp_path / "said.csv").write_text(csv_of(SAID))
    run = CliRunner()
    done = run.invoke(cli.app, ["router", "train", str(tmp_path / "said.csv")])
    assert done.exit_code == 0, done.output
    assert intents.default_head(Settings(home=home)).exists()
    said = run.invoke(cli.app, ["router", "classify", "my card was stolen yesterday"])
    label, share = said.stdout.split()
    assert label == "lost_card"
    assert 0.5 <= float(share) <= 1
    assert run.invoke(cli.app, ["router", "classify", STRANGE[0]]).stdout.startswith("abstained; nearest: ")


def test_a_bad_file_leaves_the_head_as_it_was(home: Path, tmp_path: Path) -> None:
    head = tmp_path / "head.npz"
    head.write_bytes(b"as it was")
    (tmp_path / "bad.csv").write_text(csv_of(SAID) + "hello,\n")
    done = CliRunner().invoke(cli.app, ["router", "train", str(tmp_path / "bad.csv"), "--head", str(head)])
    assert done.exit_code == 1
    assert "line 20, field 'label'" in " ".join(done.output.split())
    assert head.read_bytes() == b"as it was"
