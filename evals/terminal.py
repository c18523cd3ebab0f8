"""What the evaluations say on a terminal: progress with scores, an error in a line, and whether the gates hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from data.errors import CounterfoilError
from evals import gates

console = Console(highlight=False)


class Shown(Protocol):
    """A progress bar; said: the scores so far."""

    def __call__(self, done: int, total: int, said: str = "") -> None: ...


@contextmanager
def errors() -> Iterator[None]:
    """What is wrong is said in one line."""
    try:
        yield
    except CounterfoilError as error:
        console.print(f"error: {error}", soft_wrap=True, markup=False)
        raise typer.Exit(1) from error


@contextmanager
def bar(title: str) -> Iterator[Shown]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[said]}"), console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None, said="")

        def told(done: int, total: int, said: str = "") -> None:
            progress.update(task, completed=done, total=total or None, said=said)

        yield told


def gated(verdict: gates.Verdict, whole: bool = False) -> None:
    """whole: that a gate says nothing of some turns is amiss too."""
    for one in verdict.below:
        console.print(f"Below a gate: {one}.", style="red")
    if verdict.holding:
        console.print(f"The gates hold: {', '.join(verdict.holding)}.")
    if verdict.unmatched:
        console.print(f"The gates are of other turns: {', '.join(verdict.unmatched)}.")
    if verdict.below or (whole and verdict.unmatched):
        raise typer.Exit(1)
