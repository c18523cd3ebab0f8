"""counterfoil eval: the suites from the command line."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.intents import embedded
from api.settings import Settings
from api.wiring import Bank, open_ledger
from connectors.sandbox.households import households as books_at
from data.errors import CounterfoilError
from data.records import Records
from evals import article_questions, dialogue, forty, product
from evals import articles as article_data
from evals import cards as card_data
from evals import collect as collected
from evals import cost as costs
from evals import decisions as deciding
from evals import grounded as judges
from evals import intents as intent_data
from evals import privacy as masking
from evals import tau as tau_data
from evals import threshold as thresholds
from evals.golds import world
from evals.marks import Answerer
from evals.probes import FILTERED, Holding, lapsed, of_cards, of_households, probes
from evals.questions import NOW, conversations
from evals.report import Found, Share, Summary, failures, show
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
from retrieval.cache import EmbeddingCache
from retrieval.embedding import Embedder, export

app = typer.Typer(help="Measure how good the answers are.", no_args_is_help=True)
console = Console(highlight=False)
Told = Callable[[int, int], None]
Fill = Callable[[Bank, Told], Awaitable[None]]


class Planner(StrEnum):
    ROUTER = "router"
    MODEL = "model"


class Portion(StrEnum):
    DEV = "dev"
    HELD = "held"


class Run(NamedTuple):
    """A suite, what to put into the ledger before it, whether the filter is taken away on purpose, who plays the model, and
    how a line is put to the product."""

    suite: Suite
    fill: Fill
    break_filter: bool = False
    script: Script | None = None
    answerer: Callable[[Bank], Answerer] = product.answerer


Data = Annotated[Path, typer.Option("--data", help="A folder with transactions_*.csv and questions_*.jsonl.", exists=True)]
Plan = Annotated[Planner, typer.Option(help="Who plans: the router where it is sure, or the embedded model every time.")]
Model = Annotated[
    Script | None, typer.Option("--model-script", help="An outside model, played by a script, that everybody has agreed to.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only so many of them, evenly spread.")]
Floor = Annotated[float, typer.Option(min=0.0, max=1.0, help="Fail when a smaller share is exactly right.")]


@app.command()
def cards(data: Data, planner: Plan = Planner.ROUTER, limit: Limit = None, floor: Floor = 0.0) -> None:
    """Questions on real card payments: right only with the exact figure and exactly the rows that prove it."""
    held = card_data.read(data)
    suite = _limited(cards_suite(held), limit)
    found = _found(Run(suite, _cards_into(held)), _settings(planner))
    _pass(_tell(f"Card questions, plans by the {planner}", suite.name, found), floor)


@app.command()
def households(
    planner: Plan = Planner.ROUTER,
    portion: Annotated[Portion | None, typer.Option(help="Only one half of the conversations.")] = None,
    model_script: Model = None,
    limit: Limit = None,
    floor: Floor = 0.0,
) -> None:
    """Conversations with the six households of the sandbox bank, marked against what their books say."""
    talks = conversations(portion.value if portion else None)
    grounds = household_grounds({customer: world(customer, NOW) for customer in {talk.customer for talk in talks}})
    suite = _limited(households_suite(talks, grounds), limit)
    found = _found(Run(suite, _households_into, script=model_script), _settings(planner))
    _pass(_tell(f"Household questions, plans by {_who(planner, model_script)}", suite.name, found), floor, model_script)


@app.command()
def pages(
    planner: Plan = Planner.ROUTER,
    portion: Annotated[Portion | None, typer.Option(help="Only one half of the conversations.")] = None,
    model_script: Model = None,
    limit: Limit = None,
    floor: Floor = 0.0,
) -> None:
    """Questions about the bank's own pages, products and terms, by the six households."""
    talks = article_questions.conversations(portion.value if portion else None)
    suite = _limited(pages_suite(talks, page_grounds(talks)), limit)
    found = _found(Run(suite, _households_into, script=model_script), _settings(planner))
    _pass(_tell(f"Questions about pages, plans by {_who(planner, model_script)}", suite.name, found), floor, model_script)


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
    homes = of_households(books_at(NOW), NOW)
    suite = isolation_suite(probes(homes, NOW, number), "household")
    runs = [Run(suite, _lapsing(_households_into, homes, NOW), break_filter, model_script)]
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
def questions(planner: Plan = Planner.ROUTER, model_script: Model = None, limit: Limit = None, floor: Floor = 0.0) -> None:
    """The forty questions that a bank is asked, plainly and with traps: by number, what is right, missing, asked back, wrong."""
    talks = forty.conversations()
    grounds = household_grounds({customer: world(customer, NOW) for customer in {talk.customer for talk in talks}})
    suite = _limited(forty.forty_suite(talks, grounds), limit)
    found = _found(Run(suite, _households_into, script=model_script), _settings(planner))
    forty.show(talks, found, console)
    _pass(_tell(f"The forty questions, plans by {_who(planner, model_script)}", suite.name, found), floor, model_script)


@app.command("dialogue")
def dialogues(
    planner: Plan = Planner.ROUTER,
    model_script: Model = None,
    epochs: Annotated[int, typer.Option(min=1, help="How often each is played; 4 for pass^4 where a model plans.")] = 1,
    limit: Limit = None,
    floor: Floor = 0.0,
) -> None:
    """Dialogues with a simulated customer, who corrects, digresses, doubts, hurries: passed when all they wanted was said."""
    kinds = dialogue.scenarios()
    customers = {one.customer for some in kinds.values() for one in some}
    grounds = household_grounds({customer: world(customer, NOW) for customer in customers})
    suite = _limited(dialogue.dialogue_suite(kinds, grounds, epochs), limit)
    run_of = Run(suite, _households_into, script=model_script, answerer=dialogue.answerer)
    found = _found(run_of, _settings(planner))
    done = _tell(f"Dialogues, plans by {_who(planner, model_script)}", suite.name, found)
    passed, of = dialogue.passed_every_time(found)
    console.print(f"pass^{epochs}: {passed / of:.4f} ({passed} of {of})")
    _pass(done, floor, model_script)


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
            with _bar("filling the ledger") as told:
                await what.fill(bank, told)
            if what.script:
                product.agree(bank)
            with _bar(what.suite.name) as told:
                return await costs.measure(bank, what.suite.cases, told)


@app.command()
def tau(
    data: Annotated[Path, typer.Option("--data", help="A folder with tau_banking in it.", exists=True)],
    model_url: Annotated[str, typer.Option("--model", help="An agent in that bank's own simulator, with this model.")] = "",
) -> None:
    """Tasks of a simulated bank: which documents are found for a situation, and whether they name the tools to be called."""
    if model_url:
        console.print("error: the simulator of these tasks is not installed here, so no agent can be tried in it")
        raise typer.Exit(1)
    try:
        bank = tau_data.read(data)
        found = asyncio.run(_tau(data, bank))
    except CounterfoilError as error:
        console.print(f"error: {error}")
        raise typer.Exit(1) from error
    for title, one in [
        *((f"of the first {one.at} found", one) for one in found),
        ("of those called for", tau_data.ceiling(bank)),
    ]:
        tools = f"tools named {Share(one.named, one.tools)}, all of a task's {Share(one.whole, one.tasks)}"
        console.print(f"{title}: documents {one.recall:.3f}, {tools}")


async def _tau(data: Path, bank: tau_data.Bank) -> list[tau_data.Found]:
    settings = Settings()
    one = next(one for one in article_data.sets(data) if one.name == "tau_banking")
    with _bar(one.name) as told:
        async with article_data.filled(settings, one, told) as library:
            return await tau_data.measure(library, bank, told)


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
    floor: Floor = 0.0,
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
    _pass(_tell(f"Reviewed conversations, plans by the {planner}", suite.name, found), floor)


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
def articles(
    data: Annotated[Path, typer.Option("--data", help="A folder with us_bank_regs or tau_banking in it.", exists=True)],
    without: Annotated[list[article_data.Part] | None, typer.Option(help="Leave a part of the ranking out.")] = None,
    floor: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Fail when a smaller share of the right articles is found.")
    ] = 0.0,
) -> None:
    """Find the articles that answer a question: how many of the right ones are found, and how far up the first one is."""
    try:
        with article_data.without(without or []):
            found = asyncio.run(_articles(data))
    except CounterfoilError as error:
        console.print(f"error: {error}")
        raise typer.Exit(1) from error
    if min(one.recall for one in found) < floor:
        console.print(f"Some recall is below the floor of {floor}.")
        raise typer.Exit(1)


async def _articles(data: Path) -> list[article_data.Found]:
    settings, found = Settings(), []
    for one in article_data.sets(data):
        with _bar(one.name) as told:
            async with article_data.filled(settings, one, told) as library:
                found.append(await article_data.measure(library, one, told))
                held = await article_data.floor(library, data) if one.name == "tau_banking" else None
        done = found[-1]
        console.print(f"{done.name}: {done.cases} questions, recall@{done.at} {done.recall:.3f}, MRR {done.mrr:.3f}")
        if held is not None:
            shares = f"{held.banking:.1%} of those on banking, {held.others:.1%} of the others"
            console.print(f"floor: of {held.asked} questions, given something: {shares}")
    return found


@app.command()
def privacy(
    data: Annotated[Path, typer.Option("--data", help="A folder with presidio_pii or multidogo_finance in it.", exists=True)],
) -> None:
    """Personal data in outside texts: how much is masked in a log and for an outside model, by kind. Fails below its targets."""
    with _named():
        held = masking.sets(data)
    hides = {"logged": masking.logged, "sent to an outside model": masking.sent}
    found = {f"{name}, {where}": masking.measure(items, hide) for name, items in held.items() for where, hide in hides.items()}
    for title, one in found.items():
        console.print(title)
        for kind, share in one.recall.items():
            console.print(f"  {kind:13} {share}{'' if (kept := masking.coverage(kind)) == 'covered' else f' ({kept})'}")
        console.print(f"  words that are not personal and were masked: {one.wrongly}")
    _leave("privacy", masking.failures(found))
    if below := [f"{title}: {', '.join(one.below)}" for title, one in found.items() if one.below]:
        console.print("Below the target: " + "; ".join(below))
        raise typer.Exit(1)


@app.command()
def grounded(
    data: Annotated[Path, typer.Option("--data", help="A folder with mtrag_judged in it.", exists=True)],
) -> None:
    """The groundedness score against people who judged answers: rank correlation, and telling faithful ones from others."""
    with _named():
        asked = judges.read(data)
        embedder = Embedder(export(Settings().models), threads=2)
    with _bar("scoring") as told:
        held = judges.scores(asked, embedder.embed, told)
    for title, places in zip(("all", "one half", "the other half"), (range(len(asked)), *judges.halves(asked)), strict=True):
        some = [asked[n] for n in places]
        console.print(f"{title}: {len(some)} answers, {sum(one.mark > judges.FAITHFUL for one in some)} of them faithful")
        for name, score in judges.SCORES.items():
            found = judges.agreement(some, [score(held[n]) for n in places])
            console.print(f"  {name:8} Spearman {found.spearman}, AUROC {found.auroc}", soft_wrap=True)
    _leave("grounded", judges.failures(asked, [one.both for one in held]))


@app.command()
def decisions(
    data: Annotated[Path, typer.Option("--data", help="A folder with mtragun in it.", exists=True)],
) -> None:
    """Whether to answer, to ask back or to say that it is not known, of questions with passages and distractors."""
    settings = Settings()
    with _named():
        tasks = deciding.read(data)
        embedder = Embedder(export(settings.models), threads=2)
        with _bar("deciding") as told:
            found = deciding.measure(settings, tasks, embedder.embed, told)
    low, high = deciding.interval(found)
    value = deciding.macro_f1([one.task.right for one in found], [one.decision for one in found])
    console.print(f"{len(found)} questions, macro-F1 {value:.3f} (95 %: {low:.3f} to {high:.3f})")
    for right, share in deciding.recalls(found).items():
        console.print(f"  {right:10} rightly made {share}")
    table = Table("", *deciding.DECISIONS, title="decided", title_justify="left")
    for kind, counts in deciding.confusion(found):
        table.add_row(kind, *map(str, counts))
    console.print(table)
    _leave("decisions", deciding.failures(found))


@contextmanager
def _named() -> Iterator[None]:
    """What cannot be read as one line, and exit code 1."""
    try:
        yield
    except CounterfoilError as error:
        console.print(f"error: {error}")
        raise typer.Exit(1) from error


def _leave(name: str, failures: str) -> None:
    path = Settings().home / "runs" / f"{name}-failures.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(failures, "utf-8")
    console.print(f"Failures: {path}")


@app.command()
def threshold(
    data: Annotated[
        Path | None, typer.Option("--data", help="Ask about the card payments in this folder too.", exists=True)
    ] = None,
    plot: Annotated[Path, typer.Option(help="Where to draw it, as SVG.")] = Path("docs/threshold.svg"),
    limit: Limit = None,
) -> None:
    """How much is routed, and how right that is, for thresholds of the router from 0.3 to 0.95; no model is asked."""
    talks = conversations("dev")
    grounds = household_grounds({customer: world(customer, NOW) for customer in {talk.customer for talk in talks}})
    runs = {"households": Run(_limited(households_suite(talks, grounds), limit), _households_into)}
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
            with _bar("filling the ledger") as told:
                await what.fill(bank, told)
            with _bar(what.suite.name) as told:
                return await thresholds.turns(bank, what.suite.cases, told)


@app.command()
def intents(
    data: Annotated[
        Path, typer.Option("--data", help="A folder with banking77, clinc150_bank or nlupp_banking in it.", exists=True)
    ],
) -> None:
    """Heads learned from labelled utterances: what they get right, and abstain from. With test files, learned from the others."""
    try:
        sets, missing = intent_data.sets(data)
        found = [_intents(one) for one in sets]
    except CounterfoilError as error:
        console.print(f"error: {error}")
        raise typer.Exit(1) from error
    if missing:
        console.print(f"Not in {data}, so skipped: {', '.join(missing)}.")
    path = Settings().home / "runs" / "intents-failures.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(map(intent_data.failures, found)), "utf-8")
    console.print(f"Failures: {path}")


def _intents(one: intent_data.Set) -> intent_data.Measured:
    settings = Settings()
    embedder = Embedder(export(settings.models))
    cache = EmbeddingCache(settings.home / "cache", embedder.version)
    try:
        with _bar(f"{one.name}: embedding") as told:
            vectors = embedded(cache, embedder, [item.example.text for item in one.learn], told)
    finally:
        cache.close()
    with _bar(one.name) as told:
        done = intent_data.measure(one, vectors, embedder, told)
    intent_data.show(done, console)
    return done


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
    played = served(SCRIPTS[what.script]) if what.script else nullcontext("")
    with product.fresh_home(settings) as fresh, played as url:
        home = fresh.model_copy(update={"model_url": url, "model_model": MODEL}) if what.script else fresh
        async with product.opened(home, break_filter=what.break_filter) as bank:
            with _bar("filling the ledger") as told:
                await what.fill(bank, told)
            if what.script:
                product.agree(bank)
            with _bar(what.suite.name) as told:
                key = f"{settings.planner} {settings.model} {what.break_filter} {what.script}"
                log = await run(what.suite, what.answerer(bank), settings.home / "runs", key, told)
    return turns(log)


@contextmanager
def _bar(title: str) -> Iterator[Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)


def _tell(title: str, name: str, found: Found) -> Summary:
    """Print the figures and leave the failures beside the logs; of what is held out only the figures are told."""
    done = show(title, found, console)
    path = Settings().home / "runs" / f"{name}-failures.md"
    path.write_text(failures([turn for turn in found if not turn[1].startswith(Portion.HELD)]), "utf-8")
    console.print(f"Failures: {path}")
    return done


def _who(planner: Planner, script: Script | None) -> str:
    return f"the {planner}" if script is None else f"the {planner}, the model played by the {script} script"


def _pass(done: Summary, floor: float, script: Script | None = None) -> None:
    if script is not None and (done.faults or done.leaked):
        console.print("A model got something said that has no ground, or is somebody else's.")
        raise typer.Exit(1)
    if done.right.value < floor:
        console.print(f"{done.right.value:.4f} is below the floor of {floor}.")
        raise typer.Exit(1)
