"""Trains the router's head in a process of its own: python -m api.train EMBEDDING_FOLDER HEAD_FILE."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from assistant import router
from assistant.periods import Today
from assistant.resolve import synonyms_of
from assistant.spans import Known
from connectors.categories import DEFAULT_RULES, Categories
from retrieval.embedding import Embedder


def main(folder: Path, target: Path) -> None:
    embedder = Embedder(folder)
    synonyms = synonyms_of(Categories.load(DEFAULT_RULES).synonyms())
    vocabulary = router.vocabulary(embedder.english())
    somebody = Known.of((), (), synonyms, (), vocabulary, Today.of(dt.date(2026, 1, 15), "en_GB"))
    router.train(embedder.embed, router.lessons(somebody)).save(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
