"""Asking the bank's articles: what answers is found for the one who asks, on the day they ask, and else it is not known."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from data.articles import Article, Articles, Audience, Passage
from data.errors import IndexUnavailable
from data.store import connect
from retrieval import lexical
from retrieval.cache import EmbeddingCache
from retrieval.embedding import Embedder
from retrieval.index import Bounds, Candidate
from retrieval.library import ArticleSearch
from retrieval.passages import cut
from retrieval.ranking import needs, rank
from retrieval.server import ServerPassages
from retrieval.worker import drain_passages, rebuild_passages

TODAY = dt.date(2026, 11, 24)
SPRING = dt.date(2026, 3, 1)
ARTICLES = (
    Article(id="abroad-1", title="Using a card abroad", text="Each purchase in a foreign currency costs 2.99% of the amount."),
    Article(
        id="abroad-2",
        title="Using a card abroad",
        text="Each purchase in a foreign currency costs 1.5% of the amount.",
        since=SPRING,
        supersedes=("abroad-1",),
    ),
    Article(
        id="abroad-gold",
        title="Using a Gold card abroad",
        text="A purchase in a foreign currency costs nothing with a Gold card.",
        products=("gold-3",),
    ),
    Article(
        id="waive",
        title="Waiving foreign currency fees",
        text="Staff may waive the fee of a card purchase abroad up to £20 a year.",
        audience=Audience.INTERNAL,
    ),
    Article(id="lost", title="A lost or stolen card", text="Freeze the card in the app, then order a replacement."),
    Article(id="cheque", title="Paying in a cheque", text="Photograph both sides; the money is there the next business day."),
)
FEE = "what does it cost to pay by card in a foreign currency?"


class Library:
    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.articles = Articles(connect(f"sqlite:///{folder / 'library.db'}"), cut)
        self.index, self.embedder = ServerPassages(":memory:", embedder.version, deadline_s=5), embedder
        self.cache = EmbeddingCache(folder / "cache", embedder.version)
        self.search = ArticleSearch(self.articles, self.index, embedder)

    async def load(self, *articles: Article, remove_missing: bool = False, indexed: bool = True) -> int:
        self.articles.load("help", articles, remove_missing=remove_missing)
        return await drain_passages(self.articles, self.embedder, self.cache, self.index) if indexed else 0

    async def ask(
        self, question: str, on: dt.date = TODAY, audience: Audience = Audience.PUBLIC, products: Sequence[str] = ()
    ) -> list[str]:
        found = await self.search.search_articles(question, on=on, audience=audience, products=products)
        return [passage.article for passage in found]


@pytest.fixture
async def library(tmp_path: Path, embedder: Embedder) -> AsyncIterator[Library]:
    made = Library(tmp_path, embedder)
    await made.load(*ARTICLES)
    yield made
    await made.index.close()


@pytest.mark.parametrize(
    ("question", "article"),
    [
        (FEE, "abroad-2"),
        ("I can't find my debit card anywhere", "lost"),
        ("how do I deposit a cheque with my phone?", "cheque"),
    ],
)
async def test_a_question_finds_the_article_that_answers_it(library: Library, question: str, article: str) -> None:
    (first, *_) = await library.search.search_articles(question, on=TODAY)
    assert first.article == article
    assert first.score is not None
    assert first.score >= library.search.floor
    assert first.text == next(a.text for a in ARTICLES if a.id == article)


@pytest.mark.parametrize("question", ["who won the match last night?", "how long do I boil an egg?", "", "?!"])
async def test_what_no_article_answers_is_not_known(library: Library, question: str) -> None:
    assert await library.ask(question) == []


async def test_what_is_superseded_internal_or_of_another_product_is_not_given(library: Library) -> None:
    assert not {"abroad-1", "waive", "abroad-gold"}.intersection(await library.ask(FEE))
    before = await library.ask(FEE, on=SPRING - dt.timedelta(days=1))
    assert "abroad-1" in before
    assert "abroad-2" not in before
    assert "abroad-gold" in await library.ask(FEE, products=["gold-3"])
    assert "waive" in await library.ask(FEE, audience=Audience.INTERNAL)


async def test_articles_are_known_by_their_title_or_how_it_begins(library: Library) -> None:
    titles = {article.id: article.title for article in ARTICLES}
    for id, title in titles.items():
        assert id in library.articles.titled([title])
        assert id in library.articles.titled(["nothing", title[:-1]])
    assert library.articles.titled([]) == []
    assert library.articles.titled(["%"]) == []


async def test_sql_has_the_last_word_where_the_index_has_not_heard_yet(library: Library) -> None:
    kept = [a for a in ARTICLES if a.id != "abroad-2"]
    hidden = ARTICLES[1].model_copy(update={"audience": Audience.INTERNAL})
    await library.load(*kept, hidden, indexed=False)
    assert "abroad-2" not in await library.ask(FEE)
    await library.load(*kept, remove_missing=True, indexed=False)
    assert "abroad-2" not in await library.ask(FEE, audience=Audience.INTERNAL)


async def test_only_what_changed_is_indexed_again_and_what_went_is_gone(library: Library) -> None:
    assert await library.load(*ARTICLES) == 0
    changed = ARTICLES[4].model_copy(update={"text": "Call us at once if you lost your card."})
    assert await library.load(*ARTICLES[:4], changed, ARTICLES[5]) == 1
    (first, *_) = await library.search.search_articles("I lost my card", on=TODAY)
    assert first.text == changed.text
    assert await library.load(*ARTICLES[:4], changed, remove_missing=True) == 1
    assert "cheque" not in await library.ask("paying in a cheque")


async def test_the_index_can_be_built_again_from_sql(library: Library) -> None:
    await library.index.drop()
    with pytest.raises(IndexUnavailable):
        await library.ask(FEE)
    assert await rebuild_passages(library.articles, library.embedder, library.cache, library.index) == len(ARTICLES)
    assert (await library.ask(FEE))[0] == "abroad-2"


async def test_a_lead_in_is_found_by_what_it_leads_to(tmp_path: Path, embedder: Embedder) -> None:
    library = Library(tmp_path, embedder)
    chapter = Article(id="6-b", title="Duties", text="The bank shall do the following:")
    parts = [
        Article(id="6-b-1", title="", text="Refund an unauthorised payment by the end of the next business day.", part_of="6-b"),
        Article(id="6-b-2", title="", text="Restore the account to the state it would have been in.", part_of="6-b"),
    ]
    await library.load(chapter, *parts, *ARTICLES)
    question = "when is an unauthorised payment refunded, and is the account restored to its former state?"
    assert "6-b" in (await library.ask(question))[:3]
    assert (await library.ask("what does 6(b)(2) say about duties of the bank?"))[0] in {"6-b", "6-b-2"}
    await library.index.close()


async def test_versions_of_index_and_model_do_not_mix(library: Library, embedder: Embedder) -> None:
    with pytest.raises(IndexUnavailable):
        ArticleSearch(library.articles, ServerPassages(":memory:", "another"), embedder)


def test_a_long_question_is_taken_apart_into_what_it_asks() -> None:
    told = "**Situation:** I lost my card in Rome.\n- Can I get cash there?\n1. Who pays the courier? Thanks!"
    assert needs(told) == ["Situation: I lost my card in Rome.", "Can I get cash there?", "Who pays the courier?"]
    assert needs("what does a card cost abroad?") == []


def test_each_article_is_named_once_by_its_best_passage() -> None:
    def candidate(passage: str, words: float, cosine: float) -> Candidate:
        vector = np.zeros(384, np.float32)
        vector[0], vector[1] = cosine, np.sqrt(1 - cosine**2)
        return Candidate(passage, passage[0], Bounds(1, 2, "public", ("*",)), words, vector)

    question = np.eye(1, 384, dtype=np.float32)
    ranked = rank(
        [candidate("a#0", 1, 0.3), candidate("a#1", 4, 0.8), candidate("b#0", 0, 0.9), candidate("c#0", 2, 0)], question
    )
    assert [(r.passage, round(r.cosine, 2)) for r in ranked] == [("a#1", 0.8), ("b#0", 0.9), ("c#0", 0.0)]
    assert rank([], question) == []


def test_a_rule_is_found_by_the_number_it_is_cited_by() -> None:
    def shared(question: str, key: str) -> int:
        return len(set(lexical.question(question)[0]) & set(lexical.passage(key, "", (), "text")[0]))

    cited = "see § 1005.6(b)(2) of the rules"
    assert shared(cited, "1005-6-b-2") == 3
    assert shared(cited, "1005-6-b-3") == 2
    assert shared(cited, "1005-7-b-2") == 0
    assert shared(cited, "doc_1005_6") == 0


def test_passages_for_somebody_else_are_told_apart() -> None:
    passage = Passage(id="a#0", article="a", title="", heading=(), text="t", products=("gold-3",), until=TODAY)
    assert passage.for_reader(TODAY, Audience.PUBLIC, {"gold-3"})
    assert passage.for_reader(TODAY, Audience.PUBLIC, None)
    assert not passage.for_reader(TODAY, Audience.PUBLIC, ())
    assert not passage.for_reader(TODAY + dt.timedelta(days=1), Audience.INTERNAL, None)
    assert not passage.model_copy(update={"audience": Audience.INTERNAL}).for_reader(TODAY, Audience.PUBLIC, None)
