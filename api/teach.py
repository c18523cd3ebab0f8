"""Teaches the reader anew from the files of prompts/, in some forty minutes: python -m api.teach."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress

from api.settings import Settings
from assistant import lessons
from assistant.hearing import TAGS
from retrieval import teaching
from retrieval.reader import TAUGHT
from retrieval.weights import fetch_weights


def main() -> None:
    weights = fetch_weights(Settings().models)
    taught = lessons.Lessons()

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("teaching the reader")

        def progress(done: int, in_all: int) -> None:
            bar.update(task, completed=done, total=in_all)

        teaching.teach(weights, taught.epoch, taught.labels, TAGS, TAUGHT, lessons.version(), progress)


if __name__ == "__main__":
    main()
