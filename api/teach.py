"""Teaches from the files of prompts/ what is beside the embedding model's weights: python -m api.teach [NAME ...]

reader: what reads messages. pages: what tells which part of the bank's pages answers. Without a name both are taught.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from api.library import sandbox_parts
from api.settings import Settings
from assistant import lessons
from assistant.hearing import TAGS
from retrieval import teaching
from retrieval.reader import PAGES, TAUGHT, Lesson
from retrieval.weights import fetch_weights


def _teach(epoch: Callable[[int], Sequence[Lesson]], labels: Sequence[str], target: Path, version: str) -> None:
    weights = fetch_weights(Settings().models)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"teaching {target.stem}")

        def progress(done: int, in_all: int) -> None:
            bar.update(task, completed=done, total=in_all)

        teaching.teach(weights, epoch, labels, TAGS, target, version, progress)


def _reader() -> None:
    taught = lessons.Lessons()
    _teach(taught.epoch, taught.labels, TAUGHT, lessons.version())


def _pages() -> None:
    taught = lessons.PageLessons(sandbox_parts())
    _teach(taught.epoch, taught.labels, PAGES, taught.version)


TEACHES = {TAUGHT.stem: _reader, PAGES.stem: _pages}

if __name__ == "__main__":
    for name in sys.argv[1:] or TEACHES:
        TEACHES[name]()
