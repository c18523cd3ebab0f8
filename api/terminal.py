"""What every command of the command line writes to, and how it says what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from data.errors import CounterfoilError

out, err = Console(highlight=False), Console(stderr=True, highlight=False)


@contextmanager
def plainly() -> Iterator[None]:
    """Errors of ours as one line and exit code 1; Ctrl-C as exit code 130."""
    try:
        yield
    except CounterfoilError as error:
        err.print(f"[red]error[/red] {error}", markup=True, soft_wrap=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        err.print("stopped; the same command goes on from here")
        raise typer.Exit(130) from None
