"""The command line: counterfoil COMMAND. Every command says what it does and names what is wrong in one line."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from api import audit, policies
from api.settings import Settings
from api.terminal import err, out
from api.terminal import plainly as _plainly
from data.errors import InvalidInput
from data.facts import ChartEvent, ChoicesEvent, DoneEvent, Event, FactEvent, StatusEvent, TextEvent
from data.party import Consent, PartyId, Purpose

if TYPE_CHECKING:
    from api.batch import Question
    from data.erasure import Kept

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Ask about your money. Every figure has its counterfoil.")
model = typer.Typer(no_args_is_help=True, help="The embedded language model: fetch it, check it, serve it.")
app.add_typer(model, name="model")
router = typer.Typer(no_args_is_help=True, help="What messages ask for, learned from a bank's own labelled utterances.")
app.add_typer(router, name="router")
app.add_typer(policies.app, name="policy")
app.add_typer(audit.app, name="audit")
T = TypeVar("T")


@app.callback()
def _quiet() -> None:
    """Only warnings go to the terminal of a person, without personal data."""
    from api import logs, settings

    logs.configure()
    with _plainly():
        settings.check()


def _run(work: Coroutine[Any, Any, T]) -> T:
    with _plainly():
        return asyncio.run(work)


@contextmanager
def _bar(title: str, unit: str = "") -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, fed with (done, total)."""
    count = MofNCompleteColumn() if unit else TaskProgressColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), count, TextColumn(unit), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=False) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)


Party = Annotated[str, typer.Option("--party", help="Whose accounts: a sandbox customer, or a party that was imported.")]
Now = Annotated[str | None, typer.Option("--now", help="The moment to ask from, ISO 8601; without a zone it is UTC.")]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"--now {text!r}: {error}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@app.command()
def prepare() -> None:
    """Make what serving needs: the embedding model, the router, the database. Repeats nothing."""
    from api import wiring

    with _plainly():
        settings = Settings()
        err.print("Preparing the embedding model and the router (a minute or two the first time)")
        with _bar("weights") as progress:
            wiring.prepare(settings, progress)
        wiring.open_ledger(settings)
        err.print(f"Ready in {settings.home}")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that answer, on one port.")] = None,
) -> None:
    """Serve the chat page, the API and the sandbox bank on http://127.0.0.1:8080."""
    from api import serve as one
    from api import workers as several

    settings = Settings()
    chosen = settings.model_copy(update={"host": host or settings.host, "port": port or settings.port})
    with _plainly():
        number = workers or settings.workers
        if number == 1:
            one.serve(chosen, err)
        else:
            several.serve(chosen, number, err)


@app.command()
def sandbox(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8090) -> None:
    """Serve the sandbox bank alone over HTTP: identity and accounts in the shapes of UK Open Banking."""
    from api.serve import serve_sandbox

    with _plainly():
        serve_sandbox(Settings(), port, err)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Statements: CSV, OFX, MT940, camt.053, or zip archives of these.")],
    party: Annotated[str | None, typer.Option("--party", help="Whose account the files are of.")] = None,
    party_column: Annotated[str | None, typer.Option("--party-column", help="The column that says whose row it is.")] = None,
    account: Annotated[str, typer.Option(help="The account number, where a CSV file does not say it.")] = "",
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code, where no column says it.")] = None,
    sign: Annotated[str | None, typer.Option(help="spending-positive or spending-negative; guessed and shown otherwise.")] = None,
    columns: Annotated[str, typer.Option(help="Columns by hand: date=Datum,amount=Betrag,text=Text,…")] = "",
) -> None:
    """Import statements: each file whole or not at all; the same file again adds nothing."""
    from api.importing import import_files

    with _plainly():
        import_files(Settings(), files, party, party_column, account, currency, sign, columns, _bar, err)


@app.command()
def articles(
    source: Annotated[Path, typer.Argument(help="A folder of Markdown with front matter, or a .jsonl file.")],
    name: Annotated[str, typer.Option(help="What the source is called; the folder's or file's name otherwise.")] = "",
    remove_missing: Annotated[bool, typer.Option("--remove-missing", help="Remove what the source no longer has.")] = False,
    audience: Annotated[str, typer.Option(help="public or internal, of articles that do not say.")] = "public",
    fields: Annotated[str, typer.Option(help="Keys of JSON lines by hand: title=name,path=book+chapter,…")] = "",
    where: Annotated[str, typer.Option(help="Only JSON lines with these values: kind=rule,…")] = "",
) -> None:
    """Load the bank's articles: the source whole or not at all; what is as it was is not touched."""
    from api.library import load_articles

    with _plainly():
        load_articles(Settings(), source, name, remove_missing, audience, fields, where, _bar, err)


@app.command()
def index() -> None:
    """Rebuild the indexes from SQL: of merchants from the ledger, and of the bank's articles."""

    async def work() -> tuple[int, int]:
        from api import wiring

        async with wiring.open_bank(Settings(model="none")) as bank:
            with _bar("indexing", "templates") as progress:
                templates = await bank.rebuild_index(progress)
            with _bar("indexing", "passages") as progress:
                return templates, await bank.library.rebuild_index(progress)

    templates, passages = _run(work())
    err.print(f"{templates} templates and {passages} passages indexed")


@app.command()
def ask(question: str, party: Party, now: Now = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Ask one question as a party and print the answer with its facts."""
    answered = _run(_ask(party, [question], now))
    if as_json:
        out.print_json(data=answered[0][0])
    else:
        _show(answered[0][1])


async def _ask(party: str, questions: list[str], now: str | None) -> list[tuple[dict[str, Any], list[Event]]]:
    from api import batch as batches
    from api import wiring

    moment = _moment(now)
    told = []
    async with wiring.open_bank(Settings()) as bank:
        with wiring.asking_at(moment):
            login, memory = await bank.login(PartyId(party)), ""
            for question in questions:
                events: list[Event] = []
                memory = await bank.assistant.turn(question, login, memory, wiring.clock(), _into(events))
                told.append((batches.result("ask", 0, events), events))
    return told


def _into(events: list[Event]) -> Any:
    async def emit(some: Any) -> None:
        for event in some:
            if isinstance(event, StatusEvent):
                err.print(f"[dim]{event.text} …[/dim]")
        events.extend(some)

    return emit


def _show(events: list[Event]) -> None:
    """An answer as a person reads it: the sentences, a chart where there is one, then what it covers."""
    for event in events:
        if isinstance(event, TextEvent):
            out.print(event.text, markup=False, soft_wrap=True)
        elif isinstance(event, ChartEvent):
            _draw(event)
        elif isinstance(event, ChoicesEvent):
            for choice in event.choices:
                out.print(f"  · {choice}", markup=False)
        elif isinstance(event, DoneEvent):
            facts = [e.fact for e in events if isinstance(e, FactEvent)]
            covered = [*event.scope.accounts]
            covered += [f"not counted: {', '.join(event.scope.leaves_out)}"] if event.scope.leaves_out else []
            note = f"{event.outcome} · {event.path} · {event.latency_ms:.0f} ms · {len(facts)} facts"
            out.print(" · ".join([note, *covered]), style="dim", markup=False, soft_wrap=True)


def _draw(event: ChartEvent) -> None:
    table = Table(title=event.series.title, show_header=False, box=None)
    values = [float(v) for v in event.series.values]
    for label, text, value in zip(event.series.labels, event.series.values, values, strict=True):
        table.add_row(label, "█" * round(30 * max(value, 0) / (max(values) or 1)), f"{text} {event.series.unit}")
    out.print(table)


@app.command()
def chat(party: Party, now: Now = None) -> None:
    """Talk to the assistant as a party; an empty line or Ctrl-D ends it."""

    async def work() -> None:
        from api import wiring

        async with wiring.open_bank(Settings()) as bank:
            with wiring.asking_at(_moment(now)):
                login, memory = await bank.login(PartyId(party)), ""
                out.print(f"You are {login.party.name}. Ask about your money.", markup=False)
                while message := await asyncio.to_thread(_line):
                    events: list[Event] = []
                    memory = await bank.assistant.turn(message, login, memory, wiring.clock(), _into(events))
                    _show(events)

    _run(work())


@app.command()
def consent(
    party: Party,
    give: Annotated[
        bool | None, typer.Option("--give/--withdraw", help="Agree that an outside model may be asked, or take that back.")
    ] = None,
) -> None:
    """Show, give or take back a party's consent to an outside language model being told what they ask."""

    async def work() -> bool:
        from api import wiring

        async with wiring.open_bank(Settings(model="none", model_url="", planner="router")) as bank:
            login = await bank.login(PartyId(party))
            if give is True:
                bank.ledger.put_consent(Consent(party=login.party.id, purpose=Purpose.EXTERNAL_MODEL))
            if give is False:
                bank.ledger.withdraw_consent(login.party.id, Purpose.EXTERNAL_MODEL)
            return bank.ledger.consents(login.party.id, Purpose.EXTERNAL_MODEL, wiring.clock())

    agreed = _run(work())
    out.print(f"{party}: an outside model {'may' if agreed else 'may not'} be asked.", markup=False)


@app.command()
def erase(
    party: Annotated[str, typer.Argument(help="The id of a party.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Erase all that is kept of a party, then show that it is gone: rows, index, cache, and the key to their audit.

    Accounts that somebody else holds stay whole. What the bank's own services keep is theirs: a login brings it back.
    """
    from api import erasing

    def agreed(kept: Kept) -> bool:
        rows = ", ".join(f"{name} {count}" for name, count in kept.rows.items())
        out.print(f"{kept.party.name}, with {len(kept.accounts)} accounts of theirs alone: {rows}", markup=False, soft_wrap=True)
        if kept.shared:
            out.print(f"{len(kept.shared)} accounts that others have too stay whole.", markup=False)
        return yes or typer.confirm("Erase this for good?")

    _run(erasing.erase(Settings(), party, agreed, out))


def _line() -> str:
    try:
        return input("> ").strip()
    except EOFError:
        return ""


@app.command()
def batch(
    questions: Annotated[Path, typer.Argument(help='Lines {"id","customer","now","turns":[…]}.')],
    answers: Annotated[Path, typer.Argument(help="One line a turn is appended; what is answered already is not asked again.")],
    planner: Annotated[
        str, typer.Option(help="router: the model where the router is not sure; model: always the model.")
    ] = "router",
) -> None:
    """Answer questions from a file: resumable, with a progress bar."""
    from api import batch as batches

    with _plainly():
        lines = questions.read_text(encoding="utf-8").splitlines() if questions.exists() else None
        if lines is None:
            raise InvalidInput(f"{questions}: there is no such file")
        asked = [batches.read_question(line, str(questions), n) for n, line in enumerate(lines, start=1) if line.strip()]
    settings = Settings(planner="model" if planner == "model" else "router")
    _run(_batch(settings, asked, answers))


async def _batch(settings: Settings, asked: list[Question], answers: Path) -> None:
    from api import batch as batches
    from api import wiring

    done = batches.answered(answers)
    todo = [q for q in asked if q.id not in done]
    async with wiring.open_bank(settings) as bank:
        with _bar("answering", "conversations") as progress, answers.open("a", encoding="utf-8") as file:
            progress(len(asked) - len(todo), len(asked))
            for number, question in enumerate(todo, start=len(asked) - len(todo) + 1):
                lines = await batches.answer(bank, question)
                file.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
                file.flush()
                progress(number, len(asked))


@model.command("fetch")
def model_fetch(name: Annotated[str, typer.Argument(help="1.5b, or 0.5b for quick tests.")] = "1.5b") -> None:
    """Fetch the weights of the embedded model, about 1.1 GB; resumable, verified by sha256."""
    from assistant import weights

    with _plainly(), _bar(f"model {name}") as progress:
        err.print(str(weights.fetch(Settings().models, name, progress)))


@model.command("check")
def model_check() -> None:
    """Verify the weights that are here."""
    from assistant import weights

    with _plainly(), _bar("verifying") as progress:
        settings = Settings()
        path = weights.locate(settings.models, settings.model_name)
        if path is None:
            raise InvalidInput("no model is here; to get it: counterfoil model fetch")
        err.print(f"{path}: {weights.check(path, progress)}")


@model.command("serve")
def model_serve() -> None:
    """Serve the embedded model on loopback for all that runs on this home, and say where. Missing weights are fetched."""
    from api.serve import serve_model

    _run(serve_model(Settings(), err))


Head = Annotated[Path | None, typer.Option("--head", help="The file of what was learned; intents.npz in the home otherwise.")]


@router.command("train")
def router_train(
    file: Annotated[Path, typer.Argument(metavar="CSV", help="Utterances in UTF-8, with a header.")],
    text: Annotated[str, typer.Option(help="The column of the text; otherwise text, utterance, message, query, …")] = "",
    label: Annotated[str, typer.Option(help="The column of the label; otherwise label, intent, category, class, …")] = "",
    head: Head = None,
) -> None:
    """Learn a bank's own intents from CSV with the columns text and label, the file whole or not at all.

    Several labels of one utterance stand between "|" or ";". What is none of the intents is labelled oos; without such
    lines, when to abstain is learned by leaving intents out in turn.
    """
    from api import intents

    with _plainly():
        settings = Settings()
        examples = intents.read(file, text, label)
        intents.learn(settings, examples, head or intents.default_head(settings), _bar, err)


@router.command("classify")
def router_classify(
    text: Annotated[str, typer.Argument(help="A message.")],
    head: Head = None,
) -> None:
    """Say what a message asks for, with the probability, or that the head abstains and what would have been nearest."""
    from api import intents

    with _plainly():
        settings = Settings()
        said = intents.classify(settings, text, head or intents.default_head(settings), _bar)
    shares = dict(said.ranked)
    for name in said.labels:
        out.print(f"{name} {shares[name]:.3f}", markup=False)
    if not said.labels:
        name, share = said.ranked[0]
        out.print(f"abstained; nearest: {name} {share:.3f}", markup=False)


@app.command("eval", add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def eval_(context: typer.Context) -> None:
    """Measure the answers; counterfoil eval --help names the suites."""
    with _plainly():
        suites = next(iter(entry_points(group="counterfoil.evals")), None)
        if suites is None or find_spec("inspect_ai") is None:
            raise InvalidInput("the evaluations are an extra that is not installed: counterfoil[evals]")
    # Loaded when asked for: what the evaluations are built on takes seconds to import.
    suites.load()(args=context.args, prog_name="counterfoil eval")


if __name__ == "__main__":
    sys.exit(app())
