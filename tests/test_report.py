"""The pages of runs: everything that went amiss is on them, nothing of what is held out, and nothing there runs or is fetched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from data.errors import InvalidInput
from evals import compare, report, runs
from evals.suites import Judged
from tests.test_page import CHROMIUM, FLAGS
from tests.test_runs import answering, kept, suite

NASTY = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
WANTED = {"a": ("1", "2"), "b": ("1",), "c": ("1", "2"), "h": ("8", "8")}


async def run(folder: Path, answers: dict[str, tuple[str, ...]], name: str = "made", **more: object) -> runs.Kept:
    """A run over four conversations, the last of which is held out, that gets the answers that are not given here right."""
    return await kept(suite(WANTED, frozenset("h"), name), answering(WANTED | answers, **more), folder)


async def test_a_report_holds_every_failure_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    html, data = report.write(await run(tmp_path, {"a": ("3", "666"), "c": ("1", "4")}))
    told = json.loads(data.read_text("utf-8"))
    assert [(one["case"], one["turn"], one["kind"]) for one in told["failures"]] == [
        ("a", 1, "wrong figure"),
        ("a", 0, "not right"),
        ("c", 1, "not right"),
    ]
    worst = told["failures"][0]
    assert (worst["said"], worst["answer"], worst["expected"]) == ("and in may? (a)", "£666", "2")
    assert worst["before"] == [{"said": "how much at tesco? (a)", "answer": "£3"}]
    assert told["scores"]["right"]["hits"] == 4
    page = html.read_text("utf-8")
    assert page.count('<details class="item"') == 3
    for words in ("£666", "and in may? (a)", "how much at tesco? (a)", "£3", "£4", "<code>sum</code>", "not so"):
        assert words in page
    assert "how much at tesco? (b)" not in page


async def test_of_what_is_held_out_a_report_tells_figures_and_no_text(tmp_path: Path) -> None:
    files = report.write(await run(tmp_path, {"h": ("77", "666")}))
    for path in files:
        text = path.read_text("utf-8")
        assert "(h)" not in text
        assert "£77" not in text
        assert "£666" not in text
    told = json.loads(files[1].read_text("utf-8"))
    assert (told["failures"], told["held_failures"]) == ([], 2)
    assert {part["name"]: part["right"]["hits"] for part in told["slices"]["group"]} == {"dev": 5, "held": 0}


async def test_what_customers_and_models_write_is_data_on_a_page(tmp_path: Path) -> None:
    nasty = await run(tmp_path, {"a": (NASTY, "2")})
    found = compare.compare(nasty, await run(tmp_path, {}))
    for html, _ in (report.write(nasty), compare.write(found, tmp_path)):
        page = html.read_text("utf-8")
        assert "<img" not in page
        assert "&lt;img" in page
        assert page.count("<script") == 1
        assert not re.search(r"""(?:src|href)\s*=|url\(|@import""", page.replace("&lt;img src=x", ""))


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed to open the page in")
async def test_a_page_opens_by_itself_and_shows_what_is_looked_for(tmp_path: Path) -> None:
    html, _ = report.write(await run(tmp_path, {"a": (NASTY, "666"), "b": ("5",)}))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 390, "height": 800})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: said.append(request.url))
        await page.goto(html.as_uri())
        assert said == [html.as_uri()]
        assert await page.title() != "taken"
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        items = page.locator("details.item:visible")
        assert await items.count() == 3
        await page.fill("[data-find]", "TESCO (b)")
        assert await items.count() == 1
        await page.fill("[data-find]", "")
        await page.select_option("[data-by=kind]", "wrong figure")
        assert await page.locator("[data-shown]").text_content() == "1 of 3"
        await page.click("[data-open]")
        assert await page.get_by_text("£666").count() > 0
        await browser.close()


def test_the_curve_takes_the_surest_first_and_leaves_out_what_was_asked_back() -> None:
    def turn(sure: float | None, right: bool) -> Judged:
        return Judged(turn=0, said="", outcome="answer", answer="", right=right, sure=sure)

    found = report.coverage([turn(0.9, True), turn(0.7, False), turn(0.9, True), turn(None, False)])
    assert [(point["sure"], point["routed"], point["hits"], point["of"]) for point in found] == [
        (0.9, 0.5, 2, 2),
        (0.7, 0.75, 2, 3),
    ]
    assert report.coverage([turn(None, True)]) == []
    assert report.curve(found) is None


def test_a_drawing_places_every_turn() -> None:
    drawn = report.histogram([5.0] * 7 + [40.0] * 12 + [900.0])
    assert drawn is not None
    assert drawn["marks"][0][2] == 40
    highest = max(bar["high"] for bar in drawn["bars"])
    assert sorted(round(bar["high"] / highest * 12) for bar in drawn["bars"] if bar["high"]) == [1, 7, 12]
    assert report.histogram([]) is None


# Comparing


async def test_two_equal_runs_show_no_difference(tmp_path: Path) -> None:
    one, two = await run(tmp_path, {"a": ("1", "5")}), await run(tmp_path, {"a": ("1", "5")})
    found = compare.compare(one, two)
    assert found["counts"] == {"both": 6, "won": 0, "lost": 0, "neither": 1}
    assert {one["verdict"] for one in found["differences"]} == {compare.NO_DIFFERENCE}
    assert (found["won"], found["lost"], found["changed"]) == ([], [], [])


async def test_what_is_won_and_lost_is_found_with_both_answers(tmp_path: Path) -> None:
    one = await run(tmp_path, {"a": ("1", "5"), "h": ("9", "8")}, latency_ms=10.0)
    two = await run(tmp_path, {"b": ("666",), "c": ("1", "666")}, latency_ms=30.0, tokens=50)
    found = compare.compare(one, two)
    assert [(item["case"], item["turn"], item["a"]["answer"], item["b"]["answer"]) for item in found["won"]] == [
        ("a", 1, "£5", "£2")
    ]
    assert [(item["case"], item["a"]["answer"], item["b"]["answer"]) for item in found["lost"]] == [
        ("b", "£1", "£666"),
        ("c", "£2", "£666"),
    ]
    assert (found["counts"]["won"], found["held"]) == (2, 1)
    measured = {one["name"]: one for one in found["differences"]}
    assert (measured["wall, ms"]["value"], measured["wall, ms"]["verdict"]) == (20, "worse")
    assert measured["exactly right"]["verdict"] == compare.NO_DIFFERENCE
    # Of the first run nobody knows what a model read.
    assert "tokens of a model" not in measured
    html, data = compare.write(found, tmp_path)
    for path in (html, data):
        text = path.read_text("utf-8")
        assert "£666" in text
        assert "(h)" not in text


async def test_a_difference_that_is_everywhere_is_shown(tmp_path: Path) -> None:
    wanted = {f"c{n}": ("1",) for n in range(20)}
    wrong = dict.fromkeys(list(wanted)[:12], ("2",))
    one = await kept(suite(wanted), answering(wanted | wrong), tmp_path)
    two = await kept(suite(wanted), answering(wanted), tmp_path)
    better, worse = compare.compare(one, two)["differences"][0], compare.compare(two, one)["differences"][0]
    assert (better["verdict"], worse["verdict"]) == ("better", "worse")
    assert better["value"] == pytest.approx(0.6)
    assert 0 < better["low"] < 0.6 < better["high"]
    assert compare.compare(one, two)["differences"] == compare.compare(one, two)["differences"]


async def test_runs_that_have_nothing_in_common_are_not_compared(tmp_path: Path) -> None:
    one = await run(tmp_path, {})
    with pytest.raises(InvalidInput, match="only runs of one suite compare"):
        compare.compare(one, await run(tmp_path, {}, name="other"))
    strange = await kept(suite({"z": ("1",)}), answering({"z": ("1",)}), tmp_path)
    with pytest.raises(InvalidInput, match="no question in common"):
        compare.compare(one, strange)
    part = await kept(suite({"a": ("1", "2"), "z": ("1",)}), answering({"a": ("1", "2"), "z": ("1",)}), tmp_path)
    assert compare.compare(one, part)["only"] == {"a": 5, "b": 1}
