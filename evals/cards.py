"""Questions on real card payments: a folder with transactions_*.csv and questions_*.jsonl.

A file of questions puts each kind in one way. `reworded` asks the same in the words of many people, wordings.yaml: whoever is
measured on one wording alone is measured on nothing else.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import yaml

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


# Portion -> kind of question -> wordings, with what is asked about in braces.
WORDINGS = Path(__file__).parent / "wordings.yaml"
_MONTHS = ("%B %Y", "%b '%y", "%m/%Y", "%B %Y", "%b %Y")
_MONTH = re.compile(rf"\b(?P<name>{'|'.join(calendar.month_name[1:])}) (?P<year>\d{{4}})\b")
_QUOTED = re.compile(r"'(.+)'")


def reworded(cards: Cards, portion: str) -> Cards:
    """The same questions with the same answers, each in another wording of its kind. What gives no names to put there, and
    what is of a kind that nobody worded, is left out."""
    wordings = yaml.safe_load(WORDINGS.read_text("utf-8"))[portion]
    asked: Counter[str] = Counter()
    questions = []
    for question in cards.questions:
        number, known = asked[question.kind], wordings.get(question.kind, ())
        asked[question.kind] += 1
        try:
            words = known[number % len(known)].format(**_named(cards, question, number)) if known else ""
        except KeyError:
            continue
        questions += [question.model_copy(update={"question": words})] if words else []
    return cards._replace(questions=tuple(questions))


def _named(cards: Cards, question: CardQuestion, number: int) -> dict[str, str]:
    """What a question is about, by the names that wordings have for it. number: months are written in one way after the other."""
    names = [*calendar.month_name]
    months = sorted(dt.date(int(said["year"]), names.index(said["name"]), 1) for said in _MONTH.finditer(question.question))
    written = [month.strftime(_MONTHS[number % len(_MONTHS)]) for month in months]
    named = dict(zip(("month",) if len(written) == 1 else ("earlier", "later"), written, strict=False))
    paid = {row.line.text for row in cards.rows.values() if row.card in (question.card, question.foreign_card)}
    if said := [text for text in paid if text and text in question.question]:
        named["merchant"] = max(said, key=len)
    if quoted := _QUOTED.search(question.question):
        named["category"] = quoted[1]
    return named
