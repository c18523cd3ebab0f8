"""The groundedness score is high for what stands in the texts and low for what does not, and its measure can say no."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assistant.grounded import Grounded, grounded
from data.errors import InvalidInput
from evals.figures import auroc, spearman
from evals.grounded import FAITHFUL, Judged, agreement, failures, halves, read, scores
from retrieval.embedding import Embedder
from tests.outside import SHARED

PAGE = (
    "A replacement card arrives within five working days. We send it to the address that we hold. "
    "The old card stops working at once. There is no charge for a replacement."
)


def test_what_stands_there_is_above_what_does_not(embedder: Embedder) -> None:
    def score(answer: str) -> float:
        return grounded(answer, [PAGE], embedder.embed).both

    whole = score("The old card stops working at once. There is no charge for a replacement.")
    reworded = score("Your previous card no longer works straight away, and replacing it is free.")
    beside = score("Mortgages are repaid over twenty-five years unless agreed otherwise.")
    assert whole > 0.95
    assert whole > reworded > beside
    assert beside < 0.5


def test_nothing_said_or_nothing_to_stand_on_is_zero(embedder: Embedder) -> None:
    for answer, texts in (("", [PAGE]), ("…", [PAGE]), ("The old card stops working.", []), ("The card.", ["", " "])):
        assert grounded(answer, texts, embedder.embed) == Grounded(0.0, 0.0)


def judged(*marks: float) -> list[Judged]:
    return [Judged(f"line {n}", f"talk {n}", "an answer", ("a text",), mark) for n, mark in enumerate(marks)]


def test_a_score_that_orders_as_people_do_agrees_and_one_that_does_not_is_said_not_to() -> None:
    asked = judged(*(1 + n % 7 / 2 for n in range(60)))
    marks = [one.mark for one in asked]
    right, wrong = agreement(asked, marks), agreement(asked, [-mark for mark in marks])
    assert (round(right.spearman.value, 6), right.auroc.value) == (1, 1)
    assert (round(wrong.spearman.value, 6), wrong.auroc.value) == (-1, 0)
    chance = agreement(asked, np.random.default_rng(1).random(60).tolist())
    assert chance.spearman.low < 0 < chance.spearman.high
    assert chance.auroc.low < 0.5 < chance.auroc.high


def test_ties_have_their_mean_rank() -> None:
    assert spearman(np.asarray([1.0, 1, 2, 3]), np.asarray([1.0, 2, 3, 4])) == pytest.approx(0.9486833)
    assert auroc(np.asarray([1.0, 1, 1, 2]), np.asarray([True, False, False, True])) == pytest.approx(0.75)
    assert np.isnan(spearman(np.asarray([1.0, 1]), np.asarray([1.0, 2])))
    assert np.isnan(auroc(np.asarray([1.0, 2]), np.asarray([True, True])))


def test_failures_begin_with_what_is_ranked_most_differently() -> None:
    told = failures(judged(4, 3, 2, 1), [0.0, 0.8, 0.7, 0.6])
    assert told.startswith("## line 0")
    assert "lower than people" in told.split("##")[1]


def write(folder: Path, **changed: object) -> Path:
    line = {"task_id": "a<::>1", "model": "some", "contexts": [PAGE], "response": "Free.", "human": {"faithfulness": ["4", "2"]}}
    (folder / "mtrag_judged").mkdir()
    (folder / "mtrag_judged" / "part.jsonl").write_text(json.dumps(line | changed))
    return folder


def test_answers_of_models_with_passages_are_read(tmp_path: Path) -> None:
    (one,) = read(write(tmp_path))
    assert (one.talk, one.mark, one.texts) == ("a", 3, (PAGE,))
    assert one.mark <= FAITHFUL


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"human": {}}, "'faithfulness'"),
        ({"human": {"faithfulness": []}}, "'faithfulness'"),
        ({"human": {"faithfulness": ["5"]}}, "'faithfulness'"),
        ({"response": None}, "'response'"),
        ({"contexts": "text"}, "'contexts'"),
        ({"model": "reference"}, "no judged answers"),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read(write(tmp_path, **changed))


def test_on_the_half_it_was_not_chosen_on_it_is_above_the_overlap_of_words(embedder: Embedder) -> None:
    if not (SHARED / "mtrag_judged").is_dir():
        pytest.skip("the shared data is not here")
    asked = read(SHARED)
    # A third of the other half, as embedding all of it takes a minute.
    some = [asked[place] for place in halves(asked)[1]][::3]
    held = scores(some, embedder.embed, lambda done, total: None)
    words, both = agreement(some, [one.words for one in held]), agreement(some, [one.both for one in held])
    assert both.spearman.value > words.spearman.value
    assert both.auroc.value > words.auroc.value
