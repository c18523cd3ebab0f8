"""The audit from the command line: verify it, show a conversation's, and run a turn of it again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.settings import Settings
from api.terminal import out, plainly
from data.errors import InvalidInput

if TYPE_CHECKING:
    from assistant.replay import Replayed
    from data.audit import Audit, Entry

app = typer.Typer(no_args_is_help=True, help="What was decided and done in conversations: verify it, show it, run a turn again.")
Conversation = Annotated[str, typer.Argument(help="The id of a conversation.")]


@contextmanager
def _opened(settings: Settings) -> Iterator[Audit]:
    """The audit of a home."""
    from data.audit import Audit
    from data.store import connect

    with plainly():
        settings.home.mkdir(parents=True, exist_ok=True)
        engine = connect(settings.database)
        try:
            yield Audit(engine, settings.home / "keys")
        finally:
            engine.dispose()


@app.command()
def verify(
    conversation: Annotated[str | None, typer.Argument(help="Only this conversation; all of them otherwise.")] = None,
) -> None:
    """Go over the chains: exit code 1, and the first broken entry of each, when anything is not as it was written.

    The last anchor binds every chain of that day: kept where nobody here can write, it shows later that none was made anew.
    """
    with _opened(Settings()) as audit:
        found = audit.verify(conversation)
    for one in found.broken:
        out.print(f"broken  {one}", markup=False, soft_wrap=True)
    said = f"{found.entries} entries in {found.conversations} conversations"
    out.print(f"{said}: {len(found.broken)} broken" if found.broken else f"{said}, whole", markup=False)
    if conversation is None and found.anchor:
        out.print(f"last anchor: {found.anchor}", markup=False, soft_wrap=True)
    if found.broken:
        raise typer.Exit(1)


@app.command()
def show(
    conversation: Conversation,
    as_json: Annotated[bool, typer.Option("--json", help="Every entry as a line of JSON.")] = False,
) -> None:
    """Show what is on record of a conversation, opened where the customer's key is still there."""
    with _opened(Settings()) as audit:
        entries = audit.chain(conversation)
    for entry in entries:
        if as_json:
            out.print(entry.model_dump_json(), markup=False, soft_wrap=True)
        else:
            _tell(entry)


def _tell(entry: Entry) -> None:
    plain = {name: value for name, value in entry.plain.items() if name != "digest"}
    at = f"{entry.at:%Y-%m-%d %H:%M:%S}"
    out.print(f"{entry.number:>4}  turn {entry.turn}  {at}  {entry.kind.value:<9}  {_short(plain)}", markup=False, soft_wrap=True)
    if entry.erased:
        out.print("      erased: the key to what was said and found was destroyed", style="dim", markup=False)
    elif entry.sealed is not None and entry.kind.value in ("begun", "said", "performed", "shown", "settled", "receipt"):
        out.print(f"      {_short(entry.sealed)}", style="dim", markup=False, soft_wrap=True)


LONGEST = 400


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False) if value else ""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … (--json shows all)"


@app.command("replay")
def replay_(
    conversation: Conversation,
    turn: Annotated[int, typer.Argument(help="The number of the turn, from 1.")],
    prompt: Annotated[Path | None, typer.Option(help="A file in the place of the planner's prompt.")] = None,
    candidate: Annotated[Path | None, typer.Option(help="A TOML file of settings, as for counterfoil eval run.")] = None,
    model: Annotated[str | None, typer.Option(help="none, local, or the path of a GGUF file.")] = None,
    sure: Annotated[float | None, typer.Option(min=0, max=1, help="From which probability on the router is believed.")] = None,
) -> None:
    """Run a turn again from what is on record of it, and show what is different: plan, facts and sentences.

    No service is asked, no account is read and nothing can be done: each step finds what it found then. A step that was
    not taken then is named.
    """
    from assistant.replay import replay, stored

    with _opened(Settings()) as audit:
        settings = _with(Settings(), prompt, candidate, model, sure)
        then = stored(audit.chain(conversation), turn)

        async def work() -> Replayed:
            from api import wiring

            async with wiring.open_replay(settings, then) as assistant:
                return await replay(assistant)

        found = asyncio.run(work())
    _say(found)


def _with(settings: Settings, prompt: Path | None, candidate: Path | None, model: str | None, sure: float | None) -> Settings:
    """The settings of a replay; what is said by hand stands before a candidate's."""
    from api.candidate import read_candidate

    if candidate is not None:
        _, settings = read_candidate(candidate, settings)
    if prompt is not None and not prompt.is_file():
        raise InvalidInput(f"{prompt}: there is no such file")
    given = {"prompt": prompt, "model": model, "sure": sure}
    return settings.model_copy(update={name: value for name, value in given.items() if value is not None})


def _say(found: Replayed) -> None:
    for step in found.missing:
        out.print(f"not on record: {step}", markup=False, soft_wrap=True)
    if found.pages:
        out.print("not on record: whether the bank's pages would answer this plan", markup=False)
    for one in found.differences:
        out.print(one.what, markup=False)
        out.print(f"  - {one.then}" if one.then else "  - (nothing)", style="red", markup=False, soft_wrap=True)
        out.print(f"  + {one.now}" if one.now else "  + (nothing)", style="green", markup=False, soft_wrap=True)
    if not found.differences:
        out.print("no difference", markup=False)
