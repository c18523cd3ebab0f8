"""counterfoil eval, the parts of the product by themselves: search, masking, what is learned from utterances, scores."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.intents import embedded
from api.settings import Settings
from evals import articles as article_data
from evals import decisions as deciding
from evals import gate as gating
from evals import gates, simulator
from evals import grounded as judges
from evals import intents as intent_data
from evals import privacy as masking
from evals import tau as tau_data
from evals.report import Share
from evals.terminal import bar, console, errors, gated
from retrieval.cache import EmbeddingCache
from retrieval.embedding import Embedder, export

app = typer.Typer()


@app.command()
def articles(
    data: Annotated[Path, typer.Option("--data", help="A folder with us_bank_regs or tau_banking in it.", exists=True)],
    without: Annotated[list[article_data.Part] | None, typer.Option(help="Leave a part of the ranking out.")] = None,
) -> None:
    """Find the articles that answer a question: how many of the right ones are found, and how far up the first one is."""
    with errors(), article_data.without(without or []):
        found = asyncio.run(_articles(data))
    if not without:
        parts = {one.name: (one.cases, {"recall": one.recall, "mrr": one.mrr}) for one in found}
        gated(gates.judge("articles", parts, gates.load()))


async def _articles(data: Path) -> list[article_data.Found]:
    settings, found = Settings(), []
    for one in article_data.sets(data):
        with bar(one.name) as told:
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
    with errors():
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
    parts = {}
    for title, one in found.items():
        recall = {kind: share.value for kind, share in one.recall.items()}
        parts[title] = (len(held[title.partition(",")[0]]), {**recall, "wrongly": one.wrongly.value})
    gated(gates.judge("privacy", parts, gates.load()))


@app.command()
def grounded(
    data: Annotated[Path, typer.Option("--data", help="A folder with mtrag_judged in it.", exists=True)],
) -> None:
    """The groundedness score against people who judged answers: rank correlation, and telling faithful ones from others."""
    with errors():
        asked = judges.read(data)
        embedder = Embedder(export(Settings().models), threads=2)
    with bar("scoring") as told:
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
    with errors():
        tasks = deciding.read(data)
        embedder = Embedder(export(settings.models), threads=2)
        with bar("deciding") as told:
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


@app.command()
def tau(
    data: Annotated[Path, typer.Option("--data", help="A folder with tau_banking in it.", exists=True)],
    model: Annotated[
        str, typer.Option(help="Try an agent in that bank's own simulator, with this model: as Inspect names it, or outside.")
    ] = "",
    customer: Annotated[str, typer.Option(help="The model that plays the customer there, where it is another one.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many of the tasks.")] = None,
) -> None:
    """Tasks of a simulated bank: which documents are found for a situation, and whether they name the tools to be called."""
    with errors():
        bank = tau_data.read(data)
        bank = bank._replace(tasks=bank.tasks[:limit])
        if model:
            _play(asyncio.run(_simulated(data, bank, model, customer or model)))
            return
        found = asyncio.run(_tau(data, bank))
    for title, one in [
        *((f"of the first {one.at} found", one) for one in found),
        ("of those called for", tau_data.ceiling(bank)),
    ]:
        tools = f"tools named {Share(one.named, one.tools)}, all of a task's {Share(one.whole, one.tasks)}"
        console.print(f"{title}: documents {one.recall:.3f}, {tools}")


def _play(played: simulator.Played) -> None:
    console.print(f"tasks after which the books are as they should be: {Share(played.passed, played.of)}")
    console.print(f"not: {', '.join(played.failed) or 'none'}; {played.tokens} tokens of both models")
    console.print(f"What was said is in {played.log}: inspect view --log-dir {played.log.parent}")


async def _simulated(data: Path, bank: tau_data.Bank, model: str, customer: str) -> simulator.Played:
    settings = Settings()
    agent, played_by = simulator.model(model, settings), simulator.model(customer, settings)
    one = next(one for one in article_data.sets(data) if one.name == "tau_banking")
    with bar(one.name) as told:
        async with article_data.filled(settings, one, told) as library:
            tools = [simulator.search(library, bank)]
            return await simulator.play(bank, tools, agent, played_by, settings.home / "runs" / "tau", told)


async def _tau(data: Path, bank: tau_data.Bank) -> list[tau_data.Found]:
    settings = Settings()
    one = next(one for one in article_data.sets(data) if one.name == "tau_banking")
    with bar(one.name) as told:
        async with article_data.filled(settings, one, told) as library:
            return await tau_data.measure(library, bank, told)


@app.command()
def intents(
    data: Annotated[
        Path, typer.Option("--data", help="A folder with banking77, clinc150_bank or nlupp_banking in it.", exists=True)
    ],
) -> None:
    """Heads learned from labelled utterances: what they get right, and abstain from. With test files, learned from the others."""
    with errors():
        sets, missing = intent_data.sets(data)
        found = [_intents(one) for one in sets]
    if missing:
        console.print(f"Not in {data}, so skipped: {', '.join(missing)}.")
    _leave("intents", "".join(map(intent_data.failures, found)))
    parts = {one.set.name: (len(one.asked), {name: figure.value for name, figure in one.figures.items()}) for one in found}
    gated(gates.judge("intents", parts, gates.load()))


def _intents(one: intent_data.Set) -> intent_data.Measured:
    settings = Settings()
    embedder = Embedder(export(settings.models))
    cache = EmbeddingCache(settings.home / "cache", embedder.version)
    try:
        with bar(f"{one.name}: embedding") as told:
            vectors = embedded(cache, embedder, [item.example.text for item in one.learn], told)
    finally:
        cache.close()
    with bar(one.name) as told:
        done = intent_data.measure(one, vectors, embedder, told)
    intent_data.show(done, console)
    return done


@app.command()
def gate(
    data: Annotated[Path, typer.Option("--data", help="A folder with sgd_banks in it.", exists=True)],
) -> None:
    """Transfers proposed at every turn of outside dialogues: done only after the yes to exactly what was shown, and once."""
    with errors():
        held = gating.read(data)
    with bar("gate") as told:
        found = gating.measure(held, told=told)
    console.print(f"{len(held.talks)} dialogues, {found.ran.of} transfers")
    for name, share in found.measures.items():
        console.print(f"  {name:8} {share}")
    for kind, share in found.refused.items():
        console.print(f"    refused, {kind}: {share}")
    if found.unshown:
        console.print(f"  proposals of which nothing was shown, so that they prove nothing: {found.unshown}")
    _leave("gate", gating.report(found))
    if found.below:
        console.print("Below the target: " + "; ".join(found.below))
        raise typer.Exit(1)
    measures = {name: share.value for name, share in found.measures.items()}
    gated(gates.judge("gate", {gating.NAME: (len(held.talks), measures)}, gates.load()))


def _leave(name: str, failures: str) -> None:
    path = Settings().home / "runs" / f"{name}-failures.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(failures, "utf-8")
    console.print(f"Failures: {path}")
