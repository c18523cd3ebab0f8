"""Articles from a folder or a file: what is wrong is named, what did not change is not touched, what is gone goes when told."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from data.articles import Article, Articles, Audience, Loaded, Passage
from data.errors import InvalidArticle, InvalidInput
from data.store import connect
from retrieval.articles import Choice, Field, read
from retrieval.passages import MOST_WORDS, cut
from tests.outside import SHARED as DATA

# A folder of outside material, which is not part of this repository.
FRONT = "---\nid: fees\ntitle: Card fees\n---\n"


@pytest.fixture
def store(tmp_path: Path) -> Articles:
    return Articles(connect(f"sqlite:///{tmp_path / 'articles.db'}"), cut)


def written(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8")
    return path


def load(store: Articles, folder: Path, remove_missing: bool = False) -> Loaded:
    return store.load("help", read(folder).articles, remove_missing=remove_missing)


def held(store: Articles) -> dict[str, Passage]:
    """Everything that the queue says is there, once it is worked off."""
    work = store.take(10_000)
    store.done([number for number, _, _ in work])
    return store.passages(list(dict.fromkeys(key for _, key, _ in work)))


def test_front_matter_says_who_may_read_an_article_and_when(tmp_path: Path) -> None:
    front = (
        "---\nid: od-2\ntitle: Overdrafts\nin force from: 2026-03-01\nin_force_to: 2027-02-28\naudience: internal\n"
        "products: [gold-3, gold-4]\nsupersedes: od-1\n---\n\n# Charges\n\nNone below £10.\n"
    )
    (article,) = read(written(tmp_path / "help", overdraft=front)).articles
    assert article == Article(
        id="od-2",
        title="Overdrafts",
        text="# Charges\n\nNone below £10.",
        since=dt.date(2026, 3, 1),
        until=dt.date(2027, 2, 28),
        audience=Audience.INTERNAL,
        products=("gold-3", "gold-4"),
        supersedes=("od-1",),
    )


def test_a_title_and_an_id_may_come_from_the_text_and_the_file(tmp_path: Path) -> None:
    (article,) = read(written(tmp_path / "help", cards="---\naudience: public\n---\n# Lost cards\n\nFreeze it.")).articles
    assert (article.id, article.title, article.text) == ("cards", "Lost cards", "Freeze it.")


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("Just text.", 1, None, "front matter"),
        ("---\nid: a\n", 1, None, "second line"),
        ("---\nid: a\ntitle: T\naudiance: internal\n---\nText", 4, "audiance", "not known"),
        ("---\nid: a\ntitle: T\naudience: staff\n---\nText", 4, "audience", "neither public nor internal"),
        ("---\nid: a\ntitle: T\nin force from: soon\n---\nText", 4, "in force from", "not a day"),
        ("---\nid: a\ntitle: T\nin force from: 2026-02-01\nin force to: 2026-01-01\n---\nText", 5, "in force to", "before"),
        ("---\nid: a\ntitle: T\nproducts: {a: b}\n---\nText", 4, "products", "list of names"),
        ("---\nid: a\ntitle: T\nid: b\n---\nText", 4, "id", "twice"),
        ("---\nid: a\ntitle: [\n---\nText", 3, None, ""),
        ("---\nid: a\ntitle: T\n---\n\n", 5, "text", "there is none"),
        ("---\nid: a\n---\nNo heading.", 1, "title", "there is none"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_line_and_field(
    tmp_path: Path, text: str, line: int, field: str | None, said: str
) -> None:
    folder = written(tmp_path / "help", fine=FRONT + "Text.", wrong=text)
    with pytest.raises(InvalidArticle) as caught:
        read(folder)
    assert (caught.value.file, caught.value.field) == ("wrong.md", field)
    assert abs(caught.value.line - line) <= (0 if said else 1)
    assert said in caught.value.reason


def test_two_articles_of_one_id_are_named(tmp_path: Path) -> None:
    folder = written(tmp_path / "help", one=FRONT + "One.", two=FRONT + "Two.")
    with pytest.raises(InvalidArticle, match=r"two\.md, line 2, field 'id': 'fees' is the id of one\.md too"):
        read(folder)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "line 2: it is not JSON"),
        ("[1]", "line 2: a line holds one object"),
        ({"id": "b", "title": "B"}, "line 2, field 'text': there is none"),
        ({"id": "a", "title": "A", "text": "again"}, "line 2, field 'id': 'a' is the id of line 1 too"),
        ({"title": "B", "text": "b"}, "line 2, field 'id'"),
        ({"id": "b", "title": "B", "text": {"no": 1}}, "line 2, field 'text'"),
    ],
)
def test_json_lines_that_cannot_be_read_are_named(tmp_path: Path, row: object, said: str) -> None:
    path = lines(tmp_path / "kb.jsonl", {"id": "a", "title": "A", "text": "a"}, row)
    with pytest.raises(InvalidArticle) as caught:
        read(path)
    assert said in str(caught.value)


def test_other_keys_can_be_mapped_and_lines_chosen(tmp_path: Path) -> None:
    row = {"no": 7, "headline": "Fees", "words": "Two pounds.", "book": "Cards", "chapter": "Abroad", "kind": "rule"}
    path = lines(tmp_path / "kb.jsonl", row, row | {"no": 8, "kind": "note"})
    names = {Field.ID: ["no"], Field.TITLE: ["headline"], Field.TEXT: ["words"], Field.PATH: ["book", "chapter"]}
    found = read(path, Choice(names, {"kind": "rule"}, Audience.INTERNAL))
    (article,) = found.articles
    assert (article.id, article.title, article.text, article.path) == ("7", "Fees", "Two pounds.", ("Cards", "Abroad"))
    assert article.audience is Audience.INTERNAL
    assert (found.skipped, found.unused) == (1, ())
    with pytest.raises(InvalidArticle, match="there is no 'heading' in it"):
        read(path, Choice(names | {Field.TITLE: ["heading"]}))


def test_a_numbered_paragraph_is_part_of_the_one_above(tmp_path: Path) -> None:
    rows = [{"id": key, "title": "", "section": "Liability", "text": key} for key in ("6-b", "6-b-2", "6-b-2-ii", "7-b-2-x")]
    rows += [{"id": key, "title": "T", "text": key} for key in ("cards_001", "cards-fees", "cards")]
    parts = {a.id: a.part_of for a in read(lines(tmp_path / "kb.jsonl", *rows)).articles}
    assert parts == {
        "6-b": None,
        "6-b-2": "6-b",
        "6-b-2-ii": "6-b-2",
        "7-b-2-x": None,
        "cards_001": None,
        "cards-fees": None,
        "cards": None,
    }


@pytest.mark.parametrize(
    ("file", "articles", "unused"),
    [("tau_banking/kb_docs.jsonl", 698, ()), ("us_bank_regs/paragraphs.jsonl", 1686, ("regulation", "kind"))],
)
def test_outside_material_loads_as_it_is(store: Articles, file: str, articles: int, unused: tuple[str, ...]) -> None:
    path = DATA / file
    if not path.exists():
        pytest.skip(f"{path} is not here; COUNTERFOIL_SHARED_DATA names its folder")
    found = read(path)
    assert (len(found.articles), found.unused) == (articles, unused)
    loaded = store.load("kb", found.articles)
    assert loaded.added == articles
    assert loaded.passages == store.count() == store.waiting() >= articles


def test_only_what_changed_is_written_and_indexed_again(store: Articles, tmp_path: Path) -> None:
    folder = written(tmp_path / "help", fees=FRONT + "Two pounds.", lost="---\ntitle: Lost cards\n---\nFreeze it.")
    assert load(store, folder).added == 2
    assert sorted(held(store)) == ["fees#0", "lost#0"]
    again = load(store, folder)
    assert (again.added, again.changed, again.unchanged, store.waiting()) == (0, 0, 2, 0)
    written(folder, fees=FRONT + "Three pounds.")
    changed = load(store, folder)
    assert (changed.added, changed.changed, changed.unchanged) == (0, 1, 1)
    assert {key: passage.text for key, passage in held(store).items()} == {"fees#0": "Three pounds."}


def test_a_source_is_loaded_whole_or_not_at_all(store: Articles, tmp_path: Path) -> None:
    folder = written(tmp_path / "help", fees=FRONT + "Two pounds.")
    load(store, folder)
    held(store)
    store.load("other", [Article(id="lost", title="Lost cards", text="Freeze it.")])
    held(store)
    written(folder, fees=FRONT + "Three pounds.", lost="---\ntitle: Lost\n---\nText.")
    with pytest.raises(InvalidInput, match="held already from 'other'"):
        load(store, folder)
    assert store.waiting() == 0
    assert store.passages(["fees#0"])["fees#0"].text == "Two pounds."


def test_what_a_source_no_longer_has_goes_only_when_told(store: Articles, tmp_path: Path) -> None:
    folder = written(tmp_path / "help", fees=FRONT + "Two pounds.", lost="---\ntitle: Lost cards\n---\nFreeze it.")
    store.load("other", [Article(id="elsewhere", title="T", text="Text.")])
    load(store, folder)
    held(store)
    (folder / "lost.md").unlink()
    kept = load(store, folder)
    assert (kept.removed, kept.missing, store.count()) == (0, ("lost",), 3)
    gone = load(store, folder, remove_missing=True)
    assert (gone.removed, gone.missing, store.count()) == (1, (), 2)
    assert [(key, op) for _, key, op in store.take(10)] == [("lost#0", "delete")]


def test_an_article_ends_the_day_before_the_one_that_supersedes_it(store: Articles) -> None:
    old = Article(id="od-1", title="Overdrafts", text="Old.", until=dt.date(2030, 1, 1))
    new = Article(id="od-2", title="Overdrafts", text="New.", since=dt.date(2026, 3, 1), supersedes=("od-1", "od-0"))
    store.load("help", [old])
    held(store)
    assert store.load("more", [new]).unknown == ("od-0",)
    passages = held(store)
    assert passages["od-1#0"].until == dt.date(2026, 2, 28)
    assert passages["od-2#0"].since == dt.date(2026, 3, 1)
    store.load("more", [new.model_copy(update={"supersedes": ()})])
    assert held(store)["od-1#0"].until == dt.date(2030, 1, 1)


def test_an_article_is_given_whole_with_its_passages_in_their_order(store: Articles) -> None:
    """In the order of their numbers: as text, #10 would come before #2."""
    parts = [f"## Part {n}\n\n" + f"Sentence {n} of the page. " * 60 for n in range(12)]
    store.load(
        "a", [Article(id="long", title="Long", text="\n\n".join(parts)), Article(id="short", title="Short", text="Short.")]
    )
    found = store.whole(["short", "long", "absent"])
    assert found.keys() == {"long", "short"}
    assert [p.id for p in found["short"]] == ["short#0"]
    ids = [p.id for p in found["long"]]
    assert len(ids) > 10
    assert ids == [f"long#{n}" for n in range(len(ids))]
    assert store.whole([]) == {}


def test_passages_stand_under_their_headings_and_lose_no_word() -> None:
    long = " ".join(f"word{number}." for number in range(3 * MOST_WORDS))
    text = f"Before.\n\n# Fees\n\nAbroad.\n\n## Cash\n\n{long}\n\n```\n# not a heading\n```\n\n# Limits\n\nTwo hundred."
    made = list(cut([Article(id="a", title="Cards", text=text, path=("Help",))]))
    assert [passage.id for passage in made] == [f"a#{number}" for number in range(len(made))]
    assert made[0].heading == ("Help",)
    assert {passage.heading for passage in made[1:-1]} == {("Help", "Fees", "Cash")}
    assert "Two hundred." in made[-1].text
    assert all(len(passage.text.split()) <= MOST_WORDS + 10 for passage in made)
    said = " ".join(passage.text for passage in made)
    assert all(f"word{number}." in said for number in range(3 * MOST_WORDS))
    assert "# not a heading" in said


def test_a_paragraph_knows_what_stands_below_it_but_for_the_same_readers_only() -> None:
    def part(key: str, part_of: str | None, **more: object) -> Article:
        return Article.model_validate({"id": key, "title": "", "text": f"{key} text", "part_of": part_of} | more)

    articles = [part("1", None), part("1-a", "1"), part("1-a-i", "1-a"), part("1-b", "1", audience="internal")]
    below = {passage.article: passage.below for passage in cut(articles)}
    assert below["1"] == "1-a text 1-a-i text"
    assert below["1-a"] == "1-a-i text"
    assert below["1-a-i"] == below["1-b"] == ""
