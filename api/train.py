"""Trains the router's head in a process of its own: python -m api.train EMBEDDING_FOLDER HEAD_FILE."""

from __future__ import annotations

import sys
from pathlib import Path

from assistant import router
from retrieval.embedding import Embedder


def main(folder: Path, target: Path) -> None:
    router.train(Embedder(folder).embed, router.examples()).save(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
