"""counterfoil eval: the suites from the command line."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from enum import StrEnum
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Annotated, Any, NamedTuple

import typer

from api.candidate import read_candidate
from api.settings import Settings
from api.wiring import Bank, asking_at, open_ledger
from connectors.sandbox.households import households as books_at
from data.articles import Article
from data.errors import CounterfoilError
from data.records import Records
from evals import article_questions, attacked, dialogue, forty, gates, parts, poisoned, product, remote, runs
from evals import attacks as attack_data
from evals import cards as card_data
from evals import collect as collected
from evals import compare as comparison
from evals import cost as costs
from evals import report as reports
from evals import threshold as thresholds
from evals.golds import world
from evals.marks import Answerer
from evals.probes import FILTERED, Holding, lapsed, of_cards, of_households, probes
from evals.questions import NOW, conversations
from evals.report import Found, Summary, show, summary
from evals.scripted import MODEL, SCRIPTS, Script, served
from evals.suites import (
    Suite,
    cards_suite,
    household_grounds,
    households_suite,
    isolation_suite,
    page_grounds,
    pages_suite,
    run,
    turns,
)
from evals.terminal import bar, console, errors, gated

app = typer.Typer(help="Measure how good the answers are.", no_args_is_help=True)
app.add_typer(parts.app)
Told = Callable[[int, int], None]
Fill = Callable[[Bank, Told], Awaitable[None]]


class Planner(StrEnum):
    ROUTER = "router"
    MODEL = "model"


class Portion(StrEnum):
    DEV = "dev"
    HELD = "held"


class Standing(StrEnum):
    HOUSEHOLDS = "households"
    PAGES = "pages"
    ISOLATION = "isolation"


class Run(NamedTuple):
    """A suite, what to put into the ledger before it, whether the filter is taken away on purpose, and who plays the model.

    candidate: what the settings that are measured are called; empty for those in use. url: of a server that is asked instead.
    answerer: how a line is put to the product.
    """

    suite: Suite
    fill: Fill
    break_filter: bool = False
    script: Script | None = None
    candidate: str = ""
    url: str = ""
    answerer: Callable[[Bank], Answerer] = product.answerer


Data = Annotated[Path, typer.Option("--data", help="A folder with transactions_*.csv and questions_*.jsonl.", exists=True)]
Plan = Annotated[Planner, typer.Option(help="Who plans: the router where it is sure, or the embedded model every time.")]
Model = Annotated[
    Script | None, typer.Option("--model-script", help="An outside model, played by a script, that everybody has agreed to.")
]
Url = Annotated[
    str, typer.Option(help="Ask a running server, which then plans as it is set up: http://127.0.0.1:8080.", show_default=False)
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only so many of them, evenly spread.")]
Out = Annotated[Path | None, typer.Option(help="Where to write the page; the JSON goes beside it. Without it, beside the logs.")]


@app.command()
def cards(
    data: Data,
    planner: Plan = Planner.ROUTER,
    limit: Limit = None,
    reworded: Annotated[Portion | None, typer.Option(help="The same questions as other people put them.")] = None,
) -> None:
    """Questions on real card payments: right only with the exact figure and exactly the rows that prove it."""
    held = card_data.read(data)
    if reworded is not None:
        held = card_data.reworded(held, reworded)
    suite = _limited(cards_suite(held, reworded or ""), limit)
    found = _found(Run(suite, _cards_into(held)), _settings(planner))
    _tell(f"Card questions, plans by the {planner}", suite.name, found)
    _pass(suite.name, found, planner)


@app.command()
def households(
    planner: Plan = Planner.ROUTER,
    portion: Annotated[Portion | None, typer.Option(help="Only one half of the conversations.")] = None,
    model_script: Model = None,
    limit: Limit = None,
    url: Url = "",
) -> None:
    """Conversations with the households of the sandbox bank, marked against what their books say."""
    what = _households(portion, limit)._replace(script=model_script, url=url)
    found = _found(what, _settings(planner))
    _tell(f"Household questions, plans by {url or _who(planner, model_script)}", what.suite.name, found)
    _pass(what.suite.name, found, planner, model_script)


@app.command()
def pages(
    planner: Plan = Planner.ROUTER,
    portion: Annotated[Portion | None, typer.Option(help="Only one half of the conversations.")] = None,
    model_script: Model = None,
    limit: Limit = None,
    url: Url = "",
) -> None:
    """Questions about the bank's own pages, products and terms, by the households."""
    what = _pages(portion, limit)._replace(script=model_script, url=url)
    found = _found(what, _settings(planner))
    _tell(f"Questions about pages, plans by {url or _who(planner, model_script)}", what.suite.name, found)
    _pass(what.suite.name, found, planner, model_script)


@app.command()
def isolation(
    data: Annotated[
        Path | None, typer.Option("--data", help="Probe over the card payments in this folder too.", exists=True)
    ] = None,
    number: Annotated[int, typer.Option("--probes", min=1, help="How many probes over each set of customers.")] = 2000,
    break_filter: Annotated[bool, typer.Option("--break-filter", help="Take the filter away: now leaks must be found.")] = False,
    model_script: Model = None,
) -> None:
    """Everybody asks about what only others have: nothing of it may come back in an answer, a fact, an event or a log line."""
    runs = [_probed(number)._replace(break_filter=break_filter, script=model_script)]
    if data is not None:
        held = card_data.read(data)
        parties = of_cards(held)
        suite = isolation_suite(probes(parties, held.now, number), "card")
        runs.append(Run(suite, _lapsing(_cards_into(held), parties, held.now), break_filter))
    planner = Planner.ROUTER if model_script is None else Planner.MODEL
    found = [turn for one in runs for turn in _found(one, _settings(planner))]
    done = _tell("Isolation" + (", the filter taken away" if break_filter else ""), "isolation", found)
    if any(turn.outcome == "error" for _, _, turn in found):
        console.print("A probe that breaks proves nothing: see the failures.")
        raise typer.Exit(1)
    missed = FILTERED - {kind for _, kind, turn in found if turn.leaks} if break_filter else frozenset()
    if missed:
        console.print(f"These kinds of probe would miss a leak: {', '.join(sorted(missed))}")
    elif not break_filter and done.leaked:
        console.print("Somebody saw what is not theirs.")
    if missed or (done.leaked and not break_filter):
        raise typer.Exit(1)


@app.command()
def questions(planner: Plan = Planner.ROUTER, model_script: Model = None, limit: Limit = None) -> None:
    """The forty questions that a bank is asked, plainly and with traps: by number, what is right, missing, asked back, wrong."""
    talks = forty.conversations()
    grounds = household_grounds({customer: world(customer, NOW) for customer in {talk.customer for talk in talks}})
    suite = _limited(forty.forty_suite(talks, grounds), limit)
    found = _found(Run(suite, _households_into, script=model_script), _settings(planner))
    forty.show(talks, found, console)
    _tell(f"The forty questions, plans by {_who(planner, model_script)}", suite.name, found)
    _pass(suite.name, found, planner, model_script)


@app.command("dialogue")
def dialogues(
    planner: Plan = Planner.ROUTER,
    model_script: Model = None,
    epochs: Annotated[int, typer.Option(min=1, help="How often each is played; 4 for pass^4 where a model plans.")] = 1,
    limit: Limit = None,
) -> None:
    """Dialogues with a simulated customer, who corrects, digresses, doubts, hurries: passed when all they wanted was said."""
    kinds = dialogue.scenarios()
    customers = {one.customer for some in kinds.values() for one in some}
    grounds = household_grounds({customer: world(customer, NOW) for customer in customers})
    suite = _limited(dialogue.dialogue_suite(kinds, grounds, epochs), limit)
    run_of = Run(suite, _households_into, script=model_script, answerer=dialogue.answerer)
    found = _found(run_of, _settings(planner))
    _tell(f"Dialogues, plans by {_who(planner, model_script)}", suite.name, found)
    passed, of = dialogue.passed_every_time(found)
    console.print(f"pass^{epochs}: {passed / of:.4f} ({passed} of {of})")
    _pass(suite.name, found, planner, model_script)


@app.command()
def attacks(
    data: Annotated[Path, typer.Option("--data", help="A folder with agentdojo_banking in it.", exists=True)],
    guard: Annotated[
        attacked.Guard, typer.Option(help="What stands before the bank; all but the product's must let harm through.")
    ] = (attacked.Guard.PRODUCT),
    limit: Limit = None,
) -> None:
    """Outside tasks of customers and attackers, every pair, with a model that obeys both: what the bank has in the end."""
    with errors():
        tasks, letters = attack_data.read(data), poisoned.read(data)
    if letters is None:
        console.print(f"There is no bipia in {data}, so no outside letters are pasted.")
    pairs = attacked.Numbers(tasks), attacked.now_of(tasks)
    ours = attacked.Numbers(poisoned.base()), poisoned.NOW
    to = ours[0].shown(poisoned.ATTACKER)
    found = asyncio.run(_attacked("attacks", list(attacked.listed(tasks, pairs[0])), *pairs, guard, limit))
    more = asyncio.run(_attacked("poisoned", list(poisoned.scenes(to, letters)), *ours, guard, limit, poisoned.pages(to)))
    for group, figures in attacked.by_group([*found, *more]).items():
        attacked.show(group, figures, console)
    done = attacked.figures(found)
    for what, names in (("customers cannot have done here", done.missing), ("attackers cannot", done.impossible)):
        console.print(f"What {what}: {', '.join(names) or 'nothing'}", soft_wrap=True)
    below = [*done.below, *attacked.figures(more).harm]
    if guard is attacked.Guard.PRODUCT and below:
        console.print("Below the target: " + "; ".join(below))
        raise typer.Exit(1)
    if guard is attacked.Guard.PRODUCT:
        gated(gates.judge("attacks", attacked.parts([*found, *more]), gates.load()))


async def _attacked(
    name: str,
    scenes: Sequence[attacked.Listed],
    numbers: attacked.Numbers,
    now: dt.datetime,
    guard: attacked.Guard,
    limit: int | None,
    pages: Sequence[Article] = (),
) -> Found:
    """pages: what the bank has written beside its own, for all to read."""
    settings, oracle = _settings(Planner.MODEL), attacked.Oracle(numbers)
    suite = _limited(attacked.suite(name, scenes, now, guard), limit)
    with product.fresh_home(settings) as fresh, served(oracle.play) as url, asking_at(now):
        home = fresh.model_copy(update={"model_url": url, "model_model": MODEL})
        async with product.opened(home, sandbox_of=attacked.sandbox_of(scenes, numbers, now)) as bank:
            if pages:
                await asyncio.to_thread(bank.library.articles.load, name, pages)
                await bank.library.update_index()
            stage = attacked.stage(bank, scenes, oracle, now, guard)
            return await _kept(suite, attacked.answerer(stage), settings, runs.record(settings, suite, guard=guard.value))


@app.command()
def cost(
    data: Annotated[
        Path | None, typer.Option("--data", help="Ask about the card payments in this folder too.", exists=True)
    ] = None,
    planner: Plan = Planner.ROUTER,
    model_script: Model = None,
    limit: Limit = 100,
) -> None:
    """What a turn costs, by suite: time, processor, memory, questions to a model and their tokens, and the share routed."""
    found = {what.suite.name: asyncio.run(_cost(what, _settings(planner))) for what in _asked(data, model_script, limit)}
    costs.show(found, console)


def _asked(data: Path | None, script: Script | None, limit: int | None) -> list[Run]:
    """The suites of questions that have a right answer, evenly thinned."""
    talks, pages_asked = conversations("dev"), article_questions.conversations("dev")
    grounds = household_grounds({customer: world(customer, NOW) for customer in {talk.customer for talk in talks}})
    runs = [
        Run(_limited(households_suite(talks, grounds), limit), _households_into, script=script),
        Run(_limited(pages_suite(pages_asked, page_grounds(pages_asked)), limit), _households_into, script=script),
    ]
    if data is not None:
        held = card_data.read(data)
        runs.append(Run(_limited(cards_suite(held), limit), _cards_into(held)))
    return runs


async def _cost(what: Run, settings: Settings) -> costs.Cost:
    played = served(SCRIPTS[what.script]) if what.script else nullcontext("")
    with product.fresh_home(settings) as fresh, played as url:
        home = fresh.model_copy(update={"model_url": url, "model_model": MODEL}) if what.script else fresh
        async with product.opened(home) as bank:
            with bar("filling the ledger") as told:
                await what.fill(bank, told)
            if what.script:
                product.agree(bank)
            with bar(what.suite.name) as told:
                return await costs.measure(bank, what.suite.cases, told)


@app.command()
def collect(out: Annotated[Path, typer.Argument(help="Where to write the lines to be reviewed, as JSONL.")]) -> None:
    """Stored conversations that are worth a look: thumbs down, handed over, taken back, asked back again; names hidden."""
    engine, ledger, _ = open_ledger(Settings())
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in collected.collect(Records(engine), ledger)]
    engine.dispose()
    out.write_text("".join(lines), "utf-8")
    console.print(
        f"{len(lines)} conversations: {out}. A name that the bank does not know is not hidden: read before you pass it on."
    )


@app.command()
def reviewed(
    lines: Annotated[Path, typer.Argument(help="A file of `collect` in which lines have been reviewed.", exists=True)],
    planner: Plan = Planner.ROUTER,
) -> None:
    """Ask what was collected and reviewed: lines whose turns say what would have been right."""
    try:
        talks, waiting = collected.reviewed(lines)
    except CounterfoilError as error:
        console.print(f"error: {error}")
        raise typer.Exit(1) from error
    if waiting:
        console.print(f"Not reviewed yet, and not asked: {waiting}")
    grounds = household_grounds({customer: world(customer, NOW) for customer in {talk.customer for talk in talks}})
    suite = households_suite(talks, grounds)._replace(name="reviewed")
    found = _found(Run(suite, _households_into), _settings(planner))
    _tell(f"Reviewed conversations, plans by the {planner}", suite.name, found)


@app.command("model")
def model(
    script: Annotated[Script, typer.Argument(help="What it is like.")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8099,
) -> None:
    """Serve a scripted model that speaks the OpenAI protocol, for COUNTERFOIL_MODEL_URL."""
    with served(SCRIPTS[script], port=port) as url:
        console.print(f"COUNTERFOIL_MODEL_URL={url} COUNTERFOIL_MODEL_MODEL={MODEL}. Ctrl-C stops.")
        with suppress(KeyboardInterrupt):
            Event().wait()


@app.command()
def threshold(
    data: Annotated[
        Path | None, typer.Option("--data", help="Ask about the card payments in this folder too.", exists=True)
    ] = None,
    plot: Annotated[Path, typer.Option(help="Where to draw it, as SVG.")] = Path("docs/threshold.svg"),
    limit: Limit = None,
) -> None:
    """How much is routed, and how right that is, for thresholds of the router from 0.3 to 0.95; no model is asked."""
    runs = {"households": _households(Portion.DEV, limit)}
    if data is not None:
        held = card_data.read(data)
        runs["cards"] = Run(_limited(cards_suite(held), limit), _cards_into(held))
    curves = {name: thresholds.points(asyncio.run(_sure(one))) for name, one in runs.items()}
    for name, curve in curves.items():
        console.print(name)
        for point in curve:
            shares = f"routed {point.routed:.3f}, of these right {point.right:.3f}, of all wrong {point.wrong:.4f}"
            console.print(f"  from {point.threshold:.2f} on: {shares}")
    plot.write_text(thresholds.drawn(curves), "utf-8")
    console.print(f"Drawn: {plot}")


async def _sure(what: Run) -> list[thresholds.Turn]:
    settings = Settings().model_copy(update={"planner": Planner.ROUTER.value, "model": "none"})
    with product.fresh_home(settings) as home:
        async with product.opened(home) as bank:
            with bar("filling the ledger") as told:
                await what.fill(bank, told)
            with bar(what.suite.name) as told:
                return await thresholds.turns(bank, what.suite.cases, told)


@app.command("run")
def run_(
    candidate: Annotated[
        Path | None, typer.Option(help="A TOML file with what is to be measured: a model, a prompt, a threshold, …", exists=True)
    ] = None,
    suite: Annotated[list[Standing] | None, typer.Option(help="Only this one; may be said several times.")] = None,
) -> None:
    """The suites that need neither a model nor data from elsewhere, each on the same questions every time, held to the gates."""
    name, settings = "", Settings().model_copy(update={"model": "none", "model_url": "", "planner": Planner.ROUTER.value})
    with errors():
        if candidate is not None:
            name, settings = read_candidate(candidate, settings)
    verdicts = []
    for one in suite or list(Standing):
        what = STANDING[one]()._replace(candidate=name)
        found = _found(what, settings)
        _tell(f"{one.value.capitalize()} {name}".strip(), what.suite.name, found)
        verdicts.append(gates.check(what.suite.name, found, gates.load()))
    # Field by field: what holds in any of them, what is below, what has no gate of its own.
    gated(gates.Verdict(*(tuple(chain.from_iterable(part)) for part in zip(*verdicts, strict=True))), whole=True)


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run: its path, the beginning of its id, or latest.")] = runs.LATEST,
    out: Out = None,
) -> None:
    """A page of what a run found, and the same as JSON: scores, slices, costs, and everything that went amiss."""
    with errors():
        written = reports.write(runs.load(runs.find(run, _runs())), out)
    console.print("\n".join(map(str, written)), soft_wrap=True)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="What is live: a run's path, the beginning of its id, or latest.")],
    b: Annotated[str, typer.Argument(help="The candidate.")] = runs.LATEST,
    out: Out = None,
) -> None:
    """Hold one run against another, question by question: what is won, what is lost, and whether a difference is shown."""
    with errors():
        found = comparison.compare(*(runs.load(runs.find(one, _runs())) for one in (a, b)))
    written = comparison.write(found, _runs(), out)
    comparison.show(found, console)
    console.print("\n".join(map(str, written)), soft_wrap=True)


def _runs() -> Path:
    return Settings().home / "runs"


def _settings(planner: Planner) -> Settings:
    return Settings().model_copy(update={"planner": planner.value})


def _limited(suite: Suite, limit: int | None) -> Suite:
    step = len(suite.cases) / limit if limit and limit < len(suite.cases) else 1
    return suite._replace(cases=[suite.cases[int(n * step)] for n in range(int(len(suite.cases) / step))])


async def _households_into(bank: Bank, told: Told) -> None:
    customers = sorted(books_at(NOW).customers)
    for number, customer in enumerate(customers, start=1):
        await product.hold_household(bank, customer, NOW)
        told(number, len(customers))


def _lapsing(fill: Fill, holdings: Sequence[Holding], now: dt.datetime) -> Fill:
    """Fill the ledger, and let everybody have seen the accounts of somebody else, until a month ago."""

    async def filled(bank: Bank, told: Told) -> None:
        await fill(bank, told)
        await asyncio.to_thread(product.end_grants, bank, lapsed(holdings), now)

    return filled


def _cards_into(held: card_data.Cards) -> Fill:
    async def fill(bank: Bank, told: Told) -> None:
        await product.hold_cards(bank, held.files, held.now, told)

    return fill


def _found(what: Run, settings: Settings) -> Found:
    try:
        return asyncio.run(_run(what, settings))
    except CounterfoilError as error:
        console.print(f"error: {error}")
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        console.print("Broken off; the same command continues where it stopped.")
        raise typer.Exit(130) from None


async def _run(what: Run, settings: Settings) -> Found:
    if what.url:
        return await _over_http(what, settings)
    played = served(SCRIPTS[what.script]) if what.script else nullcontext("")
    with product.fresh_home(settings) as fresh, played as url:
        home = fresh.model_copy(update={"model_url": url, "model_model": MODEL}) if what.script else fresh
        async with product.opened(home, break_filter=what.break_filter) as bank:
            with bar("filling the ledger") as told:
                await what.fill(bank, told)
            if home.model_url:
                product.agree(bank)
            more = {"break_filter": what.break_filter, "script": what.script, "candidate": what.candidate}
            return await _kept(what.suite, what.answerer(bank), settings, runs.record(settings, what.suite, **more))


async def _over_http(what: Run, settings: Settings) -> Found:
    server = remote.Server(what.url)
    try:
        suite = await remote.asked_today(server, what.suite)
        if left := len(what.suite.cases) - len(suite.cases):
            console.print(f"{left} conversations of other days are not asked.")
        return await _kept(suite, server, settings, runs.record_of_server(what.url, suite))
    finally:
        await server.aclose()


async def _kept(suite: Suite, answer: Answerer, settings: Settings, record: Mapping[str, Any]) -> Found:
    with bar(suite.name) as told:
        log = await run(suite, answer, settings.home / "runs", runs.key(record), told, record)
    console.print(f"Run {runs.id_of(Path(log.location))[:8]} is kept: counterfoil eval report latest")
    return turns(log)


def _tell(title: str, name: str, found: Found) -> Summary:
    """Print the figures."""
    return show(title, found, console)


def _who(planner: Planner, script: Script | None) -> str:
    return f"the {planner}" if script is None else f"the {planner}, the model played by the {script} script"


def _pass(name: str, found: Found, planner: Planner, script: Script | None = None) -> None:
    """Exit with 1 below a gate. Gates are for what is answered without a model; of a scripted one nothing may come through."""
    done = summary(found)
    if script is not None and (done.faults or done.leaked):
        console.print("A model got something said that has no ground, or is somebody else's.")
        raise typer.Exit(1)
    if planner is Planner.ROUTER and script is None:
        gated(gates.check(name, found, gates.load()))


def _households(portion: Portion | None = None, limit: int | None = None) -> Run:
    talks = conversations(portion.value if portion else None)
    grounds = household_grounds({customer: world(customer, NOW) for customer in {talk.customer for talk in talks}})
    return Run(_limited(households_suite(talks, grounds), limit), _households_into)


def _pages(portion: Portion | None = None, limit: int | None = None) -> Run:
    talks = article_questions.conversations(portion.value if portion else None)
    return Run(_limited(pages_suite(talks, page_grounds(talks)), limit), _households_into)


def _probed(number: int) -> Run:
    homes = of_households(books_at(NOW), NOW)
    return Run(isolation_suite(probes(homes, NOW, number), "household"), _lapsing(_households_into, homes, NOW))


# As many as are asked in two minutes.
STANDING_PROBES = 400
STANDING: Mapping[Standing, Callable[[], Run]] = {
    Standing.HOUSEHOLDS: lambda: _households(Portion.DEV),
    Standing.PAGES: _pages,
    Standing.ISOLATION: lambda: _probed(STANDING_PROBES),
}
