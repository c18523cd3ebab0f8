"""The suites as Inspect tasks: a case is a conversation, a real turn answers it, and each turn is judged."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from inspect_ai import Task, eval_async
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, grouped, metric, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import display_type
from pydantic import BaseModel

from evals import article_questions
from evals.cards import Cards
from evals.golds import Gold, world
from evals.grounding import Ground, Line
from evals.marks import Answerer, Mark, Output, mark, mark_card, wilson
from evals.probes import Probe
from evals.questions import Conversation


class Judged(BaseModel):
    """One turn with everything that was found about it.

    counts: whether it is a question with a right answer, as against a probe. faults: what is said without a ground. leaks: what
    belongs to somebody else. expected: what would have been right, in words. tags: what it is an example of, by kind of tag.
    steps: what was performed, None where that is not known; sure: how sure the router was of it, None where it asked back or was
    not asked. cpu_ms, tokens: what it cost, where that is known.
    """

    turn: int
    said: str
    outcome: str
    answer: str
    path: str = ""
    latency_ms: float = 0.0
    right: bool
    wrong: bool = False
    counts: bool = True
    why: str = ""
    faults: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()
    expected: str = ""
    tags: dict[str, str] = {}
    steps: list[dict[str, Any]] | None = None
    facts: list[dict[str, Any]] = []
    scope: dict[str, Any] = {}
    citations: list[dict[str, Any]] = []
    sure: float | None = None
    cpu_ms: float | None = None
    tokens: int | None = None

    @property
    def amiss(self) -> bool:
        return not self.right or bool(self.faults) or bool(self.leaks)


class Case(NamedTuple):
    """A conversation and what it is an example of. Of a group that begins with "held" figures are told, and never texts."""

    id: str
    group: str
    line: Mapping[str, Any]
    judge: Callable[[Sequence[Output]], list[Judged]]


class Suite(NamedTuple):
    name: str
    cases: Sequence[Case]


HELD = "held"
# What of an output is kept as it is.
KEPT = ("outcome", "answer", "path", "latency_ms", "steps", "facts", "scope", "citations", "sure", "cpu_ms", "tokens")


def judged_turn(case_line: Mapping[str, Any], turn: int, output: Output, verdict: Mark, **found: Any) -> Judged:
    """What was found of a turn, with what is kept of its output. found: fields of Judged."""
    place = "first" if turn == 0 else "later"
    tags = {"customer": str(case_line["customer"]), "place": f"{place} turn"} | found.pop("tags", {})
    return Judged(
        turn=turn,
        said=case_line["turns"][turn],
        right=verdict.right,
        wrong=verdict.wrong,
        why=verdict.why,
        tags=tags,
        **{name: output[name] for name in KEPT if name in output},
        **found,
    )


def wanted_of(outcomes: Sequence[str], golds: Sequence[Gold] = ()) -> str:
    """What would be right, for a reader: the outcomes, and the figures of each right answer."""
    alternatives = []
    for gold in golds:
        figures = [f"{' or '.join(fact.values)} {fact.unit}" for fact in gold.facts]
        parts = [f"at least {gold.parts} parts of {len(gold.within)} rows"] if gold.parts else []
        alternatives.append(", ".join(figures + parts))
    right = "; or ".join(dict.fromkeys(filter(None, alternatives)))
    return " or ".join(outcomes) + (f": {right}" if right else "")


def cards_suite(cards: Cards, portion: str = "") -> Suite:
    """portion: of the wordings that the questions are put in; "" for their own."""
    grounds = {card: Ground(cards.of(card)) for card in {question.card for question in cards.questions}}
    cases = []
    for question in cards.questions:
        line = cards.line(question.qid, question.card, [question.question])

        def judge(
            outputs: Sequence[Output],
            question: Any = question,
            line: Mapping[str, Any] = line,
            ground: Ground = grounds[question.card],
        ) -> list[Judged]:
            verdict = mark_card(question, outputs[0])
            leaks = (verdict.why,) if question.kind == "isolation" and verdict.wrong else ()
            faults = ground.faults(outputs[0], [question.question])
            tags = {"customer": "a card", "kind": question.kind}
            found = {"faults": tuple(faults), "leaks": leaks, "expected": question.answer, "tags": tags}
            return [judged_turn(line, 0, outputs[0], verdict, **found)]

        group = f"{portion}:{question.kind}" if portion else question.kind
        cases.append(Case(question.qid, group, line, judge))
    return Suite("cards-reworded" if portion else "cards", cases)


def households_suite(talks: Sequence[Conversation], grounds: Mapping[str, Ground]) -> Suite:
    """grounds: what may be said to each customer."""
    rows = {key for ground in grounds.values() for key in ground.rows}
    cases = []
    for talk in talks:

        def judge(outputs: Sequence[Output], talk: Conversation = talk) -> list[Judged]:
            said = [turn.say for turn in talk.turns]
            return [
                judged_turn(
                    talk.line,
                    number,
                    output,
                    mark(turn, golds, output),
                    expected=wanted_of(turn.want, golds),
                    tags={"wanted": turn.want[0].value} | ({"question": f"no. {talk.q}"} if talk.q else {}),
                    faults=tuple(grounds[talk.customer].faults(output, said[: number + 1])),
                    leaks=tuple(grounds[talk.customer].strangers(output, rows)),
                )
                for number, (turn, golds, output) in enumerate(zip(talk.turns, talk.golds, outputs, strict=True))
            ]

        cases.append(Case(talk.id, talk.portion, talk.line, judge))
    return Suite("households", cases)


def pages_suite(talks: Sequence[article_questions.Conversation], grounds: Mapping[str, Ground]) -> Suite:
    """Questions about the bank's pages and terms; a page that is internal or no longer in force and shows anyway is a leak.

    grounds: what may be said in each.
    """
    pages = article_questions.articles()
    rows = {key for ground in grounds.values() for key in ground.rows}
    cases = []
    for talk in talks:
        hidden = {a.id for a in pages.values() if a.audience == "internal" or not a.in_force(talk.now.date())}

        def judge(
            outputs: Sequence[Output], talk: article_questions.Conversation = talk, hidden: set[str] = hidden
        ) -> list[Judged]:
            said, ground = [turn.say for turn in talk.turns], grounds[talk.id]
            return [
                judged_turn(
                    talk.line,
                    number,
                    output,
                    article_questions.mark(turn, output),
                    expected=wanted_of_pages(turn.want, (), turn.cites, [*turn.figures, *(one.shows for one in turn.computed)]),
                    tags={"wanted": turn.want[0].value, "kind": talk.kind},
                    faults=tuple(ground.faults(output, said[: number + 1])),
                    leaks=(*article_questions.internal_shown(output, hidden), *ground.strangers(output, rows)),
                )
                for number, (turn, output) in enumerate(zip(talk.turns, outputs, strict=True))
            ]

        cases.append(Case(talk.id, f"{talk.portion}: {talk.kind}", talk.line, judge))
    return Suite("pages", cases)


def wanted_of_pages(outcomes: Sequence[str], golds: Sequence[Gold], cites: Sequence[str], figures: Sequence[str]) -> str:
    """What would be right, where pages have a say too."""
    parts = [f"citing {' or '.join(cites)}" if cites else "", f"saying {', '.join(figures)}" if figures else ""]
    return ", ".join([wanted_of(outcomes, golds), *filter(None, parts)])


def isolation_suite(probes: Sequence[Probe], prefix: str) -> Suite:
    cases = []
    for probe in probes:

        def judge(outputs: Sequence[Output], probe: Probe = probe) -> list[Judged]:
            judged = []
            for number, output in enumerate(outputs):
                leaks = tuple(probe.leaks(output, output.get("trace", "")))
                verdict = Mark(right=not leaks, wrong=bool(leaks), why=", ".join(leaks[:3]))
                expected, tags = "nothing that is somebody else's", {"kind": probe.kind}
                judged.append(
                    judged_turn(probe.line, number, output, verdict, leaks=leaks, counts=False, expected=expected, tags=tags)
                )
            return judged

        cases.append(Case(f"{prefix}-{probe.id}", probe.kind, probe.line, judge))
    return Suite("isolation", cases)


class Saved:
    """Answers on disk while a run goes on, so that one that was broken off continues; a finished run leaves none behind."""

    def __init__(self, folder: Path, suite: Suite, key: str) -> None:
        lines = json.dumps([key, *(case.line for case in suite.cases)], sort_keys=True, default=str)
        folder.mkdir(parents=True, exist_ok=True)
        self.cases = {case.id: case for case in suite.cases}
        self.path = folder / f"{suite.name}-{hashlib.sha256(lines.encode()).hexdigest()[:12]}.part.jsonl"
        self.held: dict[str, Sequence[Output]] = {}
        if self.path.exists():
            # A line that was being written when the run broke off has no end.
            whole = [text for text in self.path.read_text("utf-8").splitlines(keepends=True) if text.endswith("\n")]
            self.path.write_text("".join(whole), "utf-8")
            self.held = {row["case"]: row["outputs"] for row in map(json.loads, whole)}

    def keep(self, case: str, outputs: Sequence[Output]) -> None:
        with self.path.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps({"case": case, "outputs": outputs}, ensure_ascii=False) + "\n")
        self.held[case] = outputs

    def done(self) -> None:
        self.path.unlink(missing_ok=True)


# How many conversations are done, of how many, and the scores so far.
Told = Callable[[int, int, str], None]


def silent(done: int, total: int, said: str = "") -> None:
    """No progress is shown."""


class Tally:
    """What a run has found so far, told after every conversation."""

    def __init__(self, of: int, told: Told) -> None:
        self.of, self.told = of, told
        self.done = self.turns = self.right = self.wrong = self.amiss = 0

    def add(self, turns: Sequence[Judged]) -> None:
        self.done += 1
        self.turns += len(turns)
        self.right += sum(turn.right for turn in turns)
        self.wrong += sum(turn.wrong for turn in turns)
        self.amiss += sum(len(turn.faults) + bool(turn.leaks) for turn in turns)
        scores = f"{self.right} of {self.turns} right, {self.wrong} wrong"
        self.told(self.done, self.of, scores + (f", {self.amiss} faults and leaks" if self.amiss else ""))


@solver
def asked(answer: Answerer, saved: Saved, tally: Tally) -> Solver:
    """Put the conversation to the assistant and keep what it answered."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        case = str(state.sample_id)
        if case not in saved.held:
            try:
                saved.keep(case, list(await answer(state.metadata["line"])))
            except Exception:
                # Nobody will score it.
                tally.add(_broken(state.metadata["line"], ""))
                raise
        answers = [output["answer"] for output in saved.held[case]]
        state.output.completion = "\n".join(answers)
        # The viewer shows it as the conversation that it was.
        turns = state.metadata["line"]["turns"]
        # A simulated customer goes on as they are answered, and their outputs tell what they said.
        said = [output["said"] if "said" in output else turns[number] for number, output in enumerate(saved.held[case])]
        spoken = zip(said, answers, strict=True)
        pairs = [(ChatMessageUser(content=message), ChatMessageAssistant(content=answer)) for message, answer in spoken]
        state.messages = [message for pair in pairs for message in pair]
        return state

    return solve


def _broken(line: Mapping[str, Any], why: str) -> list[Judged]:
    """The turns of a conversation that broke: none of them is right."""
    tags = {"customer": str(line["customer"])}
    return [
        Judged(turn=number, said=said, outcome="error", answer="", right=False, why=why, tags=tags)
        for number, said in enumerate(line["turns"])
    ]


def _turns(scores: Sequence[SampleScore]) -> list[Judged]:
    return [Judged.model_validate(turn) for score in scores for turn in (score.score.metadata or {})["turns"]]


def _share(hits: int, of: int) -> float:
    return hits / of if of else 0.0


@metric
def right() -> Metric:
    """The share of turns that are exactly right."""

    def value(scores: list[SampleScore]) -> float:
        turns = _turns(scores)
        return _share(sum(turn.right for turn in turns), len(turns))

    return value


@metric
def right_low() -> Metric:
    """The lower end of the 95 % interval of `right`."""

    def value(scores: list[SampleScore]) -> float:
        turns = _turns(scores)
        return wilson(sum(turn.right for turn in turns), len(turns))[0]

    return value


@metric
def right_high() -> Metric:
    def value(scores: list[SampleScore]) -> float:
        turns = _turns(scores)
        return wilson(sum(turn.right for turn in turns), len(turns))[1]

    return value


@metric
def wrong_figure() -> Metric:
    """The share of turns that state a wrong figure first."""

    def value(scores: list[SampleScore]) -> float:
        turns = _turns(scores)
        return _share(sum(turn.wrong for turn in turns), len(turns))

    return value


@metric
def ungrounded() -> Metric:
    """How many things were said without a ground."""

    def value(scores: list[SampleScore]) -> float:
        return sum(len(turn.faults) for turn in _turns(scores))

    return value


@metric
def leaked() -> Metric:
    """In how many turns something of somebody else's stood."""

    def value(scores: list[SampleScore]) -> float:
        return sum(bool(turn.leaks) for turn in _turns(scores))

    return value


@scorer(
    metrics=[right(), right_low(), right_high(), wrong_figure(), ungrounded(), leaked(), grouped(right(), "group", all=False)]
)
def judged(saved: Saved, tally: Tally) -> Scorer:
    """Judge every turn of a conversation; the score of a conversation is its share of right turns.

    Inspect writes what a scorer is made of into every score: never a whole suite.
    """

    async def score(state: TaskState, target: Target) -> Score:
        turns = saved.cases[str(state.sample_id)].judge(saved.held[str(state.sample_id)])
        tally.add(turns)
        return Score(
            value=_share(sum(turn.right for turn in turns), len(turns)),
            answer=state.output.completion,
            explanation="\n".join(why for turn in turns for why in (turn.why, *turn.faults, *turn.leaks) if why) or None,
            metadata={"turns": [turn.model_dump() for turn in turns]},
        )

    return score


def task(suite: Suite, answer: Answerer, saved: Saved, told: Told = silent) -> Task:
    samples = [
        Sample(input="\n".join(case.line["turns"]), id=case.id, metadata={"line": dict(case.line), "group": case.group})
        for case in suite.cases
    ]
    tally = Tally(len(samples), told)
    return Task(
        dataset=MemoryDataset(samples),
        solver=asked(answer, saved, tally),
        scorer=judged(saved, tally),
        name=suite.name,
    )


async def run(
    suite: Suite,
    answer: Answerer,
    runs: Path,
    key: str,
    told: Told = silent,
    record: Mapping[str, Any] | None = None,
) -> EvalLog:
    """Run a suite one conversation after the other, so that latencies are of one turn alone.

    runs: the folder of Inspect's logs and of answers so far. key: what the answers depend on besides the questions, so that
    only such a run is continued. record: what is kept of the run in its log; see evals.runs. Raises RuntimeError where the run
    was not finished, KeyboardInterrupt where somebody broke it off.
    """
    saved = Saved(runs, suite, key)
    log = await finished(task(suite, answer, saved, told), runs, model=None, metadata=dict(record or {}))
    saved.done()
    return log


async def finished(task: Task, runs: Path, **options: Any) -> EvalLog:
    """The log of a task that Inspect has run to its end, one sample after the other. options: of Inspect's own.

    Raises as run does.
    """
    # Inspect would draw its own display over our progress bar; it reads this the first time that it is asked.
    os.environ.setdefault("INSPECT_DISPLAY", "none")
    display_type()
    logs = await eval_async(
        task, log_dir=str(runs), max_samples=1, log_realtime=False, score_display=False, fail_on_error=False, **options
    )
    # Inspect keeps an interrupt to itself.
    if not logs or logs[0].status == "cancelled":
        raise KeyboardInterrupt
    log = logs[0]
    if log.status != "success":
        raise RuntimeError(
            f"the run of {task.name} ended as {log.status}: {log.error.message if log.error else 'no cause given'}"
        )
    return log


def turns(log: EvalLog) -> list[tuple[str, str, Judged]]:
    """Every judged turn of a log: case, group, verdict. In a conversation that broke, no turn is right."""
    found = []
    for sample in log.samples or []:
        case, group = str(sample.id), sample.metadata["group"]
        if sample.error is not None:
            found += [(case, group, broke) for broke in _broken(sample.metadata["line"], sample.error.message)]
        for score in (sample.scores or {}).values():
            found += [(case, group, Judged.model_validate(turn)) for turn in (score.metadata or {})["turns"]]
    return found


def household_grounds(worlds: Mapping[str, Any]) -> dict[str, Ground]:
    """What may be said to each customer, from the worlds that the golds are worked out in."""
    return {customer: _ground(world, world) for customer, world in worlds.items()}


def page_grounds(talks: Sequence[article_questions.Conversation]) -> dict[str, Ground]:
    """What may be said in each conversation. Rows are seen by the day, so those of its evening are too once they are held."""
    made: dict[tuple[str, dt.datetime], Ground] = {}
    for talk in talks:
        key = (talk.customer, talk.now)
        if key not in made:
            made[key] = _ground(world(talk.customer, talk.now.replace(hour=23, minute=59)), world(talk.customer, talk.now))
    return {talk.id: made[talk.customer, talk.now] for talk in talks}


def _ground(rows: Any, figures: Any) -> Ground:
    held = rows.db.execute("select * from moves")
    lines = {row["id"]: Line(row["day"], row["minor"], row["currency"], row["text"], row["name"]) for row in held}
    titles = (page.title for page in article_questions.articles().values())
    return Ground(lines, figures.figures(), figures.papers(), titles)
