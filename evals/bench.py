"""make bench: how fast the product is. Everything is paired in one run; medians, ratios, and CPU time beside the clock."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Annotated, NamedTuple

import structlog
import typer
from rich.console import Console

from api.settings import Settings
from api.wiring import Bank, asking_at, open_bank, prepare
from connectors.statements.importer import import_file
from connectors.statements.layout import Sign
from data.errors import ModelUnavailable
from data.facts import DoneEvent, Event
from data.party import AccountId, Login, PartyId
from evals import bench_added, bench_audit, bench_model, bench_policy, bench_retrieval, product, statements
from evals.cards import read
from evals.questions import NOW, conversations
from retrieval.weights import fetch_weights

app = typer.Typer(help="How fast the product is.", add_completion=False)
console = Console(highlight=False)
ROUNDS = 5
TICK = os.sysconf("SC_CLK_TCK")


class Speed(NamedTuple):
    """Of many turns, in milliseconds: the clock, and CPU of this process and those it started."""

    turns: int
    p50: float
    p95: float
    cpu: float


class Asked(NamedTuple):
    customer: str
    text: str


def questions() -> list[Asked]:
    """First messages of the household conversations that are answered with figures."""
    return [Asked(talk.customer, talk.turns[0].say) for talk in conversations() if talk.turns[0].gold]


async def routed_turns(bank: Bank, asked: Sequence[Asked], rounds: int = ROUNDS) -> Speed:
    """Each question `rounds` times, in process, one after the other; what is not routed is left out."""
    logins = {customer: await _login(bank, customer) for customer in {one.customer for one in asked}}
    warm = [await _turn(bank, one, logins[one.customer]) for one in asked]
    routed = [one for one, done in zip(asked, warm, strict=True) if done is not None and done.path == "routed"]
    took: list[float] = []
    began = _cpu_s()
    for _ in range(rounds):
        for one in routed:
            clock = time.perf_counter()
            await _turn(bank, one, logins[one.customer])
            took.append((time.perf_counter() - clock) * 1000)
    return Speed(len(took), median(took), quantiles(took, n=20)[-1], (_cpu_s() - began) * 1000 / len(took))


async def _login(bank: Bank, customer: str) -> Login:
    await product.hold_household(bank, customer, NOW)
    with asking_at(NOW):
        return await bank.login(PartyId(customer))


async def _turn(bank: Bank, one: Asked, login: Login) -> DoneEvent | None:
    events: list[Event] = []

    async def emit(some: Sequence[Event]) -> None:
        events.extend(some)

    with asking_at(NOW):
        await bank.assistant.turn(one.text, login, "", NOW, emit)
    return next((event for event in events if isinstance(event, DoneEvent)), None)


async def beside_others(settings: Settings, few: int, many: int, rounds: int = ROUNDS) -> tuple[list[Speed], list[Speed]]:
    """The same turns beside few rows and beside many rows of other people's, in turns, so that both see the same machine."""
    asked = questions()[::4]
    with product.fresh_home(settings) as small, product.fresh_home(settings) as large:
        async with open_bank(small) as beside_few, open_bank(large) as beside_many:
            for bank, rows in ((beside_few, few), (beside_many, many)):
                for customer in sorted({one.customer for one in asked}):
                    await product.hold_household(bank, customer, NOW)
                await _others(bank, rows)
            found: tuple[list[Speed], list[Speed]] = ([], [])
            for _ in range(rounds):
                found[0].append(await routed_turns(beside_few, asked, 1))
                found[1].append(await routed_turns(beside_many, asked, 1))
            return found


async def _others(bank: Bank, rows: int) -> None:
    """Rows of invented customers. Their merchants are not indexed: what an index of many costs is measured by itself."""
    path = bank.settings.home / "others.csv"
    statements.write(path, rows)
    await asyncio.to_thread(
        import_file, path, bank.ledger, now=NOW, party_column="Customer", currency="GBP", sign=Sign.SPENDING_NEGATIVE
    )


def memory_mb() -> float:
    """Resident memory of a process of its own that serves routed questions, and of the index's owner that it starts."""
    done = subprocess.run([sys.executable, "-m", "evals.bench", "serving-memory"], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _family(pid: int) -> Iterable[int]:
    yield pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    for child in children:
        yield from _family(int(child))


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _cpu_s() -> float:
    """CPU seconds of this process and of everything that it started and that still runs."""
    total = 0
    for pid in _family(os.getpid()):
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


async def turns(settings: Settings) -> Speed:
    with product.fresh_home(settings) as home:
        async with open_bank(home) as bank:
            return await routed_turns(bank, questions())


async def retrieval(settings: Settings, data: Path | None, lines: int, runs: int) -> list[str]:
    """Importing against the baseline, searching and stalls, as evals.bench_retrieval measures them."""
    embedder = await asyncio.to_thread(prepare, settings)
    weights = await asyncio.to_thread(fetch_weights, settings.models)
    batches = [bench_retrieval.generated(lines)]
    if data is not None:
        batches.insert(0, [(AccountId(row.card), row.line.text) for row in read(data).rows.values()])
    imports, stalls = [], []
    for _ in range(runs):
        for batch in batches:
            with TemporaryDirectory(dir=settings.home) as folder:
                imports.append(await bench_retrieval.importing(Path(folder), embedder, weights, batch))
        with TemporaryDirectory(dir=settings.home) as folder:
            stalls.append(await bench_retrieval.stall(Path(folder), embedder, batches[0][:50_000]))
    searches = []
    for points in (10_000, 200_000):
        with TemporaryDirectory(dir=settings.home) as folder:
            index = await bench_retrieval.filled(Path(folder), embedder.version, points)
            searches.append(await bench_retrieval.searching(index, embedder, points))
            await index.stop()
    with TemporaryDirectory(dir=settings.home) as folder:
        readings = [await bench_retrieval.reading(Path(folder), embedder, 50_000)]
    return bench_retrieval.report(imports, searches, stalls, readings)


async def modelled(settings: Settings, times: int) -> AsyncIterator[str]:
    """What the embedded model costs a turn, and then a restart. Raises ModelUnavailable where its weights are not here."""
    with product.fresh_home(settings.model_copy(update={"planner": "model"})) as home:
        async with open_bank(home) as bank:
            if bank.planner is None:
                raise ModelUnavailable("there is no model")
            customer = questions()[0].customer
            login = await _login(bank, customer)
            await bank.planner.start()
            endpoint = await bank.planner.server.ready(bench_model.READY_S)
            found = await bench_model.turns(endpoint, lambda text: _turn(bank, Asked(customer, text), login))
        yield bench_model.report_turns(found)
        yield bench_model.report_restarts(await bench_model.restarts(home, times))


async def million(settings: Settings, points: int) -> str:
    """Search through the index against its engine alone."""
    embedder = await asyncio.to_thread(prepare, settings)
    with TemporaryDirectory(dir=settings.home) as folder:
        return bench_retrieval.report_raw(await bench_retrieval.against_raw(Path(folder), embedder, points))


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help="A folder with transactions_*.csv, to import too.", exists=True)] = None,
    lines: Annotated[int, typer.Option(help="Generated statement lines to import.")] = 500_000,
    few: Annotated[int, typer.Option(help="Rows of other people in the small ledger.")] = 10_000,
    many: Annotated[int, typer.Option(help="Rows of other people in the large ledger.")] = 1_000_000,
    runs: Annotated[int, typer.Option(help="How often imports and stalls are measured.")] = 3,
) -> None:
    """Measure everything, one thing after the other."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if context.invoked_subcommand is not None:
        return
    settings = Settings().model_copy(update={"model": "none", "planner": "router"})
    settings.home.mkdir(parents=True, exist_ok=True)
    speed = asyncio.run(turns(settings))
    console.print(f"a routed turn, {speed.turns} of them: p50 {speed.p50:.1f} ms, p95 {speed.p95:.1f} ms, CPU {speed.cpu:.1f} ms")
    small, large = asyncio.run(beside_others(settings, few, many))
    ratio = median(b.p50 / a.p50 for a, b in zip(small, large, strict=True))
    told = " against ".join(
        f"{median(s.p50 for s in side):.1f} ms beside {rows:,} rows" for side, rows in ((large, many), (small, few))
    )
    console.print(f"the same turns, p50 {told}: × {ratio:.2f}")
    console.print(f"serving memory without a model: {memory_mb():.0f} MB")
    for line in asyncio.run(retrieval(settings, data, lines, runs)):
        console.print(line)
    policy()
    added()
    audit()
    index()
    model()


@app.command()
def index(points: Annotated[int, typer.Option(help="Points of other people and of the one who asks.")] = 1_000_000) -> None:
    """Search one account among many through the index, against its engine alone; a million points are made first."""
    settings = Settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    console.print(asyncio.run(million(settings, points)))


@app.command()
def audit(times: Annotated[int, typer.Option(min=20, help="How many turns are written.")] = 300) -> None:
    """What the audit adds to writing down a turn."""

    async def tell() -> None:
        with product.fresh_home(Settings().model_copy(update={"model": "none", "planner": "router"})) as home:
            async with open_bank(home) as bank:
                async for line in bench_audit.report(bank, times):
                    console.print(line, soft_wrap=True)

    asyncio.run(tell())


@app.command()
def policy(times: Annotated[int, typer.Option(min=20, help="How often each case is decided.")] = 2000) -> None:
    """What a decision of the policy's costs, and a confirmation: reserving an intent under one."""
    settings = Settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.home) as folder:
        for line in bench_policy.report(Path(folder), times):
            console.print(line, soft_wrap=True)


@app.command()
def added(pairs: Annotated[int, typer.Option(min=10, help="How often each question is asked both ways.")] = 150) -> None:
    """What checking and exchanging tokens, and the audit, add to a read turn."""
    settings = Settings().model_copy(update={"model": "none", "planner": "router"})
    settings.home.mkdir(parents=True, exist_ok=True)

    async def measured() -> str:
        with product.fresh_home(settings) as home:
            async with open_bank(home) as bank:
                return await bench_added.report(bank, pairs)

    console.print(asyncio.run(measured()), soft_wrap=True)


@app.command()
def model(restarts: Annotated[int, typer.Option(min=1, help="How often the model is started again.")] = 3) -> None:
    """What the embedded model costs: a turn against the bare call, and the first question after a restart against a warm one."""
    settings = Settings()
    settings.home.mkdir(parents=True, exist_ok=True)

    async def tell() -> None:
        async for line in modelled(settings, restarts):
            console.print(line)

    try:
        asyncio.run(tell())
    except ModelUnavailable as error:
        console.print(f"The model was not measured: {error}")


@app.command("serving-memory", hidden=True)
def serving_memory() -> None:
    """Answer every question once in this process and print how much memory it and its children hold."""

    async def serve() -> float:
        settings = Settings().model_copy(update={"model": "none", "planner": "router"})
        with product.fresh_home(settings) as home:
            async with open_bank(home) as bank:
                await routed_turns(bank, questions(), 1)
                return sum(_resident_mb(pid) for pid in _family(os.getpid()))

    print(f"{asyncio.run(serve()):.1f}")


if __name__ == "__main__":
    app()
