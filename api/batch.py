"""Questions from a file, answers to a file: the interface of the evaluation harness."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from api.wiring import Bank, asking_at
from data.errors import InvalidInput
from data.facts import CitationEvent, DoneEvent, Event, FactEvent, TextEvent
from data.party import PartyId


class Question(BaseModel):
    """One line: a customer (a party), the moment they ask from, and the messages of one conversation."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    id: str
    customer: str
    now: AwareDatetime | None = None
    turns: tuple[str, ...]


def read_question(line: str, file: str, number: int) -> Question:
    """Raises InvalidInput naming the file, the line and the field."""
    try:
        raw = json.loads(line)
        if isinstance(raw, dict) and isinstance(raw.get("now"), str) and raw["now"]:
            moment = datetime.fromisoformat(raw["now"])
            raw["now"] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return Question.model_validate(raw)
    except ValidationError as error:
        field = ".".join(str(p) for p in error.errors()[0]["loc"])
        raise InvalidInput(f"{file}, line {number}, field {field!r}: {error.errors()[0]['msg']}") from error
    except ValueError as error:
        raise InvalidInput(f"{file}, line {number}: {error}") from error


async def answer(bank: Bank, question: Question) -> list[dict[str, Any]]:
    """One result a turn, in order; see the README for the fields."""
    with asking_at(question.now):
        login = await bank.login(PartyId(question.customer))
        memory, results = "", []
        for number, message in enumerate(question.turns):
            events: list[Event] = []
            memory = await bank.assistant.turn(message, login, memory, _now(question), _collect(events))
            results.append(result(question.id, number, events))
    return results


async def answer_line(bank: Bank, line: dict[str, Any]) -> list[dict[str, Any]]:
    """As `answer`, for a line that is already read."""
    return await answer(bank, read_question(json.dumps(line, default=str), "line", 1))


def _now(question: Question) -> datetime:
    return question.now or datetime.now(UTC)


def _collect(events: list[Event]) -> Any:
    async def emit(some: Sequence[Event]) -> None:
        events.extend(some)

    return emit


def result(identity: str, turn: int, events: Sequence[Event]) -> dict[str, Any]:
    """The line for one turn. Evidence of a transaction is its source id."""
    done = next(e for e in events if isinstance(e, DoneEvent))
    return {
        "id": identity,
        "turn": turn,
        "outcome": done.outcome.value,
        "answer": " ".join(e.text for e in events if isinstance(e, TextEvent)),
        "facts": [
            {
                "ref": e.fact.ref,
                "label": e.fact.label,
                "value": e.fact.value,
                "unit": e.fact.unit,
                "evidence": list(e.fact.evidence),
            }
            for e in events
            if isinstance(e, FactEvent)
        ],
        "sentences": [{"text": e.text, "template": e.template} for e in events if isinstance(e, TextEvent)],
        "scope": done.scope.model_dump(mode="json"),
        "citations": [{"source": e.source, "title": e.title} for e in events if isinstance(e, CitationEvent)],
        "path": done.path,
        "latency_ms": done.latency_ms,
    }


def answered(out: Path) -> set[str]:
    """The ids that a results file has already, so that a run goes on where it stopped. A torn last line is cut off."""
    if not out.exists():
        return set()
    text = out.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        out.write_text(whole, encoding="utf-8")
    return {json.loads(line)["id"] for line in whole.splitlines() if line.strip()}
