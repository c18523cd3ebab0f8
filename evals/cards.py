"""Questions on real card payments: a folder with transactions_*.csv and questions_*.jsonl."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from evals import loading
from evals.grounding import Line
from evals.marks import CardQuestion


class CardRow(NamedTuple):
    id: str
    card: str
    line: Line


class Cards(NamedTuple):
    """Everything in a folder. now: the morning after the last row."""

    files: tuple[Path, ...]
    rows: Mapping[str, CardRow]
    questions: tuple[CardQuestion, ...]
    now: dt.datetime

    def of(self, card: str) -> dict[str, Line]:
        return {row.id: row.line for row in self.rows.values() if row.card == card}

    def line(self, key: str, card: str, turns: Sequence[str]) -> dict[str, Any]:
        """A conversation in the batch format."""
        return {"id": key, "customer": card, "now": self.now.isoformat(), "turns": list(turns)}


def read(folder: Path) -> Cards:
    """Read a folder; raises FileNotFoundError where it holds no transactions.

    Amounts in the files are positive for spending; here, as in the ledger, what is spent is negative.
    """
    files = tuple(sorted(folder.glob("transactions_*.csv")))
    if not files:
        raise FileNotFoundError(f"no transactions_*.csv in {folder}")
    rows: dict[str, CardRow] = {}
    for path in files:
        with path.open(encoding="utf-8", newline="") as opened:
            for written in csv.DictReader(opened):
                minor = -int(Decimal(written["amount"]) * 100)
                line = Line(written["date"], minor, "GBP", written["merchant"], written["merchant"])
                rows[written["txn_id"]] = CardRow(written["txn_id"], written["card"], line)
    questions = [question for path in sorted(folder.glob("questions_*.jsonl")) for question in loading.rows(path, CardQuestion)]
    last = dt.date.fromisoformat(max(row.line.day for row in rows.values()))
    now = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(9), dt.UTC)
    return Cards(files, rows, tuple(questions), now)
