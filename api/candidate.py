"""A candidate: a TOML file of settings and nothing else, so that what was measured or replayed can be deployed as it is."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from api.settings import Settings
from data.errors import InvalidInput
from prompts import registry

GGUF = ".gguf"
# What a candidate may set, by the names that settings have; FILES are looked for beside it.
VALUES = ("model", "model_url", "model_model", "planner", "writer", "sure", "qdrant_url")
FILES = ("prompt", "examples", "outside_prompt", "rules")


def read_candidate(path: Path, base: Settings) -> tuple[str, Settings]:
    """The name of a candidate and the settings that it makes of others; see README. Raises InvalidInput naming file and key."""
    try:
        written = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}") from error
    name = str(written.pop("name", path.stem))
    for one, value in written.items():
        if one not in (*VALUES, *FILES):
            raise InvalidInput(f"{path.name}, {one}: there is no such key; known are {', '.join(('name', *VALUES, *FILES))}")
        if one in FILES or str(value).endswith(GGUF):
            written[one] = path.parent / str(value)
            if not written[one].is_file():
                raise InvalidInput(f"{path.name}, {one}: there is no file {value}")
        if one == "model":
            written[one] = str(written[one])
    try:
        made = Settings(**(base.model_dump() | written))
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(f"{path.name}, {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    # Read now, so that what cannot be read is said before anything is asked.
    registry.planner_prompt(made.prompt, made.examples)
    return name, made
