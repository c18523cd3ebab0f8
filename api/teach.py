"""Teaches from the files of prompts/ what is beside the embedding model's weights: python -m api.teach [reader] [pages]."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from api.settings import Settings
from assistant import lessons
from assistant.hearing import TAGS
from assistant.pages import Part, parts_of
from connectors.sandbox.app import PAGES
from data.articles import Audience
from retrieval import reader, teaching
from retrieval.articles import Choice, read
from retrieval.passages import cut
from retrieval.weights import fetch_weights


class Taught(StrEnum):
    """reader: what reads messages. pages: what tells which part of the bank's pages answers."""

    READER = "reader"
    PAGES = "pages"


def main(
    names: Annotated[list[Taught] | None, typer.Argument(help="Which to teach; both where none is named.")] = None,
) -> None:
    """Teach the reader of messages in some forty minutes, and what tells parts of pages apart in a quarter of an hour."""
    for name in names or Taught:
        if name is Taught.READER:
            told = lessons.Lessons()
            _teach(told.epoch, told.labels, reader.TAUGHT, lessons.version())
        else:
            of_pages = lessons.PageLessons(sandbox_parts())
            _teach(of_pages.epoch, of_pages.labels, reader.PAGES, of_pages.version)


def sandbox_parts() -> list[Part]:
    """The parts of the sandbox bank's pages, of whatever day and for whomever."""
    articles = read(PAGES, Choice({}, {}, Audience.PUBLIC)).articles
    return [part for passage in cut(articles) for part in parts_of(passage)]


def _teach(epoch: Callable[[int], Sequence[reader.Lesson]], labels: Sequence[str], target: Path, version: str) -> None:
    weights = fetch_weights(Settings().models)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"teaching {target.stem}")

        def progress(done: int, in_all: int) -> None:
            bar.update(task, completed=done, total=in_all)

        teaching.teach(weights, epoch, labels, TAGS, target, version, progress)


if __name__ == "__main__":
    typer.run(main)
