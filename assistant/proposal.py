"""What a model proposes: steps as it reads and writes them, and the check that every word of them is the customer's."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from rapidfuzz import fuzz

from assistant import periods
from assistant.calculate import CALCULATE, Calculation, Operation, Unit
from assistant.plan import Plan, Spans, Step, Tool
from assistant.proposed import WRITES, Proposed
from prompts.registry import LargePrompt, PlannerPrompt

Said = dict[str, str]

MAX_STEPS = 3
LONGEST_SPAN = 100
# Words with other endings ("eat out" for "eating out") reach this ratio; other names and months do not.
SAME_WORDS = 80

_WHAT = ("periods", "merchants", "category", "amount", "account")
# Which spans a tool can use, in the order in which the model writes them.
TAKES: Mapping[tuple[str, ...], tuple[Tool, ...]] = {
    _WHAT: (
        *(
            Tool.SUM,
            Tool.COUNT,
            Tool.FIRST,
            Tool.LAST,
            Tool.SHARE,
            Tool.DISTINCT,
            Tool.REFUNDS,
            Tool.REFUND_STATUS,
            Tool.INCOME,
            Tool.FIND,
        ),
        *(Tool.DUPLICATES, Tool.PENDING, Tool.IDENTIFY),
    ),
    ("number", "group", *_WHAT): (Tool.TOP, Tool.LARGEST, Tool.SMALLEST, Tool.BREAKDOWN, Tool.COMPARE, Tool.AVERAGE),
    ("periods", "merchants"): (Tool.STANDING_ORDERS, Tool.DIRECT_DEBITS, Tool.UPCOMING, Tool.SUBSCRIPTIONS),
    ("account",): (Tool.CARDS, Tool.PRODUCT),
    ("periods", "account"): (
        Tool.STATEMENTS,
        Tool.BALANCE,
        Tool.EXPLAIN,
        Tool.SALARY,
        Tool.SPARE,
        Tool.QUIET_DAYS,
        Tool.BIGGEST_DAY,
    ),
    ("periods", "amount"): (Tool.AFFORD,),
    (): (
        *(Tool.POSITION, Tool.ACCOUNTS, Tool.BENEFICIARIES, Tool.CONTACT, Tool.ELIGIBILITY),
        *(Tool.ARTICLE, Tool.HELP, Tool.CANNOT, Tool.REFUSE, Tool.OOS, Tool.HANDOVER),
    ),
}
KEYS_OF: Mapping[Tool, tuple[str, ...]] = {tool: keys for keys, tools in TAKES.items() for tool in tools}
MANY: Mapping[str, int] = {"merchants": 3, "periods": 2}
LIMITS = ("periods", "amount", "number", "account", "group")

# What a model writes for "no limit"; leaving it out widens nothing.
_NO_LIMIT = re.compile(
    r"(all|any|every|none|no|unknown|total|overall|ever|always|in all|in total|so far)\b.*|(any|every)(thing|one|where)"
)
# Words that name no shop and no kind of spending: they say that it is about payments, as every question here is.
_NOBODY = frozenset(
    (
        *(
            "payment",
            "payments",
            "card payments",
            "purchase",
            "purchases",
            "transactions",
            "spending",
            "money",
            "things",
            "stuff",
        ),
        *(
            "shop",
            "shops",
            "store",
            "stores",
            "merchant",
            "merchants",
            "place",
            "places",
            "refund",
            "refunds",
            "bills",
            "my account",
        ),
    )
)
_ANY_DAY = periods.Today(dt.date(2024, 6, 15))
_FIGURE = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|(twen|thir|for|fif|six|seven|eigh|nine)ty|hundred"
    r"|thousand|grand|tenner|fiver|dozen|couple|few)\b",
    re.IGNORECASE,
)
_QUOTES = {ord(curly): straight for curly, straight in zip("’‘“”", "''\"\"", strict=True)}


class _Answer(BaseModel):
    steps: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_STEPS)


@cache
def response_format() -> dict[str, Any]:
    """The only answers a model can give: one to three steps of known tools, each with the spans that tool can use."""
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_SPAN}
    steps = []
    for keys, tools in TAKES.items():
        spans = {
            key: {"type": "array", "items": text, "minItems": 1, "maxItems": MANY[key]} if key in MANY else text for key in keys
        }
        tool = {"type": "string", "enum": [tool.value for tool in tools]}
        steps.append(
            {"type": "object", "properties": {"tool": tool, **spans}, "required": ["tool"], "additionalProperties": False}
        )
    listed = {"type": "array", "items": {"anyOf": steps}, "minItems": 1, "maxItems": MAX_STEPS}
    schema = {"type": "object", "properties": {"steps": listed}, "required": ["steps"], "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": "plan", "strict": True, "schema": schema}}


def functions(prompt: LargePrompt) -> list[dict[str, Any]]:
    """The tools as a model with native tool calls is offered them: no argument but words that a customer could say."""
    offered = []
    for tool, keys in KEYS_OF.items():
        arguments: dict[str, Any] = {key: {"type": "string", "description": prompt.arguments[key]} for key in keys}
        for key in MANY.keys() & arguments.keys():
            arguments[key] = {"type": "array", "items": {"type": "string"}, "description": prompt.arguments[key]}
        offered.append(_function(tool.value, prompt.tools[tool.value], arguments, ()))
    for name, (_, takes, needs) in WRITES.items():
        arguments = {key: {"type": "string", "description": prompt.write_arguments[key]} for key in takes}
        offered.append(_function(name, prompt.writes[name], arguments, needs))
    said = prompt.calculate
    arguments = {
        "operation": {"type": "string", "enum": [o.value for o in Operation], "description": said["operation"]},
        "facts": {"type": "array", "items": {"type": "string"}, "description": said["facts"]},
        "unit": {"type": "string", "enum": [u.value for u in Unit], "description": said["unit"]},
    }
    return [*offered, _function(CALCULATE, said["tool"], arguments, ("operation", "facts"))]


def _function(name: str, description: str, properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    arguments = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": arguments}}


def called(name: str, arguments: Mapping[str, Any]) -> Step | Calculation | Proposed:
    """What a tool call asks for. Raises ValueError, saying what is wrong, for a tool or an argument that was not offered."""
    if name in WRITES:
        return Proposed.of(name, arguments)
    if name == CALCULATE:
        try:
            return Calculation.model_validate(arguments)
        except ValidationError:
            raise ValueError(f"{CALCULATE} takes an operation, references of facts such as f1, and perhaps a unit") from None
    tool = next((tool for tool in KEYS_OF if tool.value == name), None)
    if tool is None:
        raise ValueError(f"there is no tool {name!r}")
    if strange := arguments.keys() - set(KEYS_OF[tool]):
        raise ValueError(f"{name} takes no {', '.join(sorted(strange))}")
    spans = {key: tuple(_words(value))[: MANY[key]] if key in MANY else _word(value) for key, value in arguments.items()}
    return Step(tool=tool, spans=Spans(**spans))


def _words(value: Any) -> list[str]:
    return [_word(word) for word in (value if isinstance(value, list) else [value])]


def _word(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_SPAN:
        raise ValueError(f"an argument is words of the customer, up to {LONGEST_SPAN} characters")
    return value.strip()


def opening(prompt: PlannerPrompt) -> list[Said]:
    """What stands before every question, the same to the byte, so that a server that has read it once never does again."""
    messages = [by("system", prompt.system)]
    for example in prompt.examples:
        before, steps = ([Step.model_validate(_nested(step)) for step in steps] for steps in (example.before, example.steps))
        messages += [question(example.ask, before), by("assistant", written(steps))]
    return messages


def by(role: str, content: str) -> Said:
    return {"role": role, "content": content}


def question(message: str, before: Sequence[Step] = ()) -> Said:
    """The customer's message as the model reads it, after the steps of the turn that it may follow."""
    return by("user", f"Before: {written(before)}\n{message}" if before else message)


def written(steps: Sequence[Step]) -> str:
    """Steps as the model reads and writes them."""
    listed = []
    for step in steps:
        said = {key: getattr(step.spans, key) for key in KEYS_OF[step.tool]}
        listed.append({"tool": step.tool.value, **{key: value for key, value in said.items() if value}})
    return json.dumps({"steps": listed}, ensure_ascii=False, separators=(",", ":"))


def read(answer: str) -> list[Step]:
    """The steps of a model's answer. Raises ValueError when it is not a plan."""
    return [Step.model_validate(_nested(step)) for step in _Answer.model_validate_json(answer).steps]


def _nested(step: Mapping[str, Any]) -> dict[str, Any]:
    return {"tool": step.get("tool"), "spans": {key: value for key, value in step.items() if key != "tool"}}


def verbatim(span: str, message: str, before: Sequence[str] = ()) -> str | None:
    """The words of the message that a span stands for, as the message has them; None when nobody said them.

    before: spans of the turn before, which a follow-up may use again. A span with other endings than the message's words is
    read as those words, unless it names other numbers.
    """
    wanted = _plain(span)
    if not wanted:
        return None
    exact = re.search(r"(?<!\w)" + r"\s+".join(map(re.escape, wanted.split())) + r"(?!\w)", _straight(message))
    if exact:
        return message[exact.start() : exact.end()]
    if again := next((said for said in before if _plain(said) == wanted), None):
        return again
    return _near(wanted, message)


def _near(wanted: str, message: str) -> str | None:
    size = len(wanted.split())
    words = list(re.finditer(r"\S+", message))
    spans = [(a, b) for n in (size, size + 1, size - 1) if n > 0 for a, b in zip(words, words[n - 1 :], strict=False)]
    parts = [message[a.start() : b.end()].strip(" ,.?!;:") for a, b in spans]
    ratio, best = max(((fuzz.ratio(wanted, _plain(part)), part) for part in parts), key=lambda pair: pair[0], default=(0.0, ""))
    same_numbers = re.findall(r"\d+", wanted) == re.findall(r"\d+", best)
    return best if ratio >= SAME_WORDS and same_numbers else None


def _straight(text: str) -> str:
    low = text.translate(_QUOTES).lower()
    # A few letters become two in lower case; places in the text must stay what they are.
    return low if len(low) == len(text) else text.translate(_QUOTES)


def _plain(text: str) -> str:
    return " ".join(_straight(text).split()).strip(" ,.?!;:")


def checked(steps: Sequence[Step], message: str, prior: Plan | None, heard: Spans | None = None) -> tuple[list[Step], list[str]]:
    """The steps with every span in the customer's own words, and the spans that had to be dropped as nobody said them.

    Where code heard the part in question itself, nothing is lost with a dropped span. A second step about nothing but
    what nobody named ("unknown") is dropped whole.
    """
    before = [said for step in prior.steps for said in _all_of(step.spans)] if prior else []
    kept: list[Step] = []
    dropped: list[str] = []
    for step in steps:
        spans: dict[str, Any] = {}
        for key in KEYS_OF[step.tool]:
            pairs = [(said, verbatim(said, message, before)) for said in _listed(step.spans, key)]
            if not (heard and getattr(heard, key)):
                dropped += [said for said, words in pairs if words is None and not _NO_LIMIT.fullmatch(_plain(said))]
            found = [words for _, words in pairs if words is not None and _says(key, words)]
            spans[key] = _joined(found, message) if key in MANY else next(iter(found), "")
        clean = Step(tool=step.tool, spans=Spans(**spans))
        empty = bool(_all_of(step.spans)) and not _all_of(clean.spans)
        if clean not in kept and not (kept and empty):
            kept.append(clean)
    return kept, dropped


def _listed(spans: Spans, key: str) -> tuple[str, ...]:
    value = getattr(spans, key)
    return tuple(filter(None, (value,) if isinstance(value, str) else value))


def _says(key: str, words: str) -> bool:
    """Whether words can be what they are taken for: an amount has a figure, and a name is not just "payments"."""
    if key in ("amount", "number"):
        return bool(_FIGURE.search(words))
    return key not in ("merchants", "category") or _plain(words) not in _NOBODY


def _joined(names: Sequence[str], message: str) -> tuple[str, ...]:
    """Names with nothing but spaces between them in the message are one name that was cut in two."""
    whole: list[str] = []
    for name in dict.fromkeys(names):
        both = f"{whole[-1]} {name}" if whole else ""
        if both and both in " ".join(message.split()):
            whole[-1] = both
        else:
            whole.append(name)
    return tuple(whole)


def _all_of(spans: Spans) -> list[str]:
    return [said for key in Spans.model_fields for said in _listed(spans, key)]


def hear(message: str, heard: Spans | None) -> Spans:
    """What code recognises in a message: what was heard already, and the periods in any case."""
    if heard is not None and heard.periods:
        return heard
    # Only where the words stand matters here; on which days they fall is read later, with the customer's own date.
    named = [span for span in periods.find(message, _ANY_DAY) if span.period is None or span.period.since is not None]
    return (heard or Spans()).model_copy(update={"periods": tuple(message[span.start : span.end] for span in named)})


def filled(steps: Sequence[Step], heard: Spans) -> list[Step]:
    """The steps with the limits that code heard in the message where the model left one out or cut it short.

    A limit is filled in where no step has one of its kind. What the question is about is filled in where a step says nothing
    about it at all. An answer to a plan without them would cover more than was asked.
    """
    heard = _outside_names(steps, heard)
    missing = {key: getattr(heard, key) for key in LIMITS if not any(getattr(step.spans, key) for step in steps)}
    about = {"merchants": heard.merchants, "category": heard.category}
    full = []
    for step in steps:
        more = {**missing, **({} if step.spans.merchants or step.spans.category else about)}
        spans = {key: value for key, value in more.items() if value and key in KEYS_OF[step.tool]}
        if step.spans.periods:
            spans["periods"] = _periods(step, heard)
        if heard.without:
            left_out = {_plain(name) for name in heard.without}
            spans |= {"without": heard.without, "merchants": tuple(m for m in step.spans.merchants if _plain(m) not in left_out)}
            if _plain(step.spans.category) in left_out:
                spans["category"] = ""
        full.append(step.model_copy(update={"spans": step.spans.model_copy(update=spans)}))
    return full


def _outside_names(steps: Sequence[Step], heard: Spans) -> Spans:
    """What was heard without the periods that are part of a name: "Monday" in "Black Monday Books"."""
    names = [_plain(name) for step in steps for name in step.spans.merchants]
    return heard.model_copy(update={"periods": tuple(p for p in heard.periods if not any(_plain(p) in name for name in names))})


def _periods(step: Step, heard: Spans) -> tuple[str, ...]:
    if step.tool is Tool.COMPARE:
        return heard.periods if len(heard.periods) > len(step.spans.periods) else step.spans.periods
    # A period of this message stands in the place of the one of the turn before.
    whole = (more for said in step.spans.periods for more in heard.periods if _plain(said) in _plain(more))
    return tuple(dict.fromkeys(whole)) or step.spans.periods
