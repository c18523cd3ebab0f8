"""Questions and outside data, read strictly: what cannot be read is an error that names the file, the place and the field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from data.errors import InvalidInput

M = TypeVar("M")
Row = TypeVar("Row", bound=BaseModel)


def lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where it stands, the object) of each line of a file. Raises InvalidInput for one that is none."""
    # Not splitlines: texts hold separators of other kinds.
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise InvalidInput(f"{path}, line {number}: {error}") from error
        if not isinstance(value, dict):
            raise InvalidInput(f"{path}, line {number}: not an object")
        yield f"{path}, line {number}", value


def field(line: dict[str, Any], name: str, kind: type, where: str) -> Any:
    """A field of a line. Raises InvalidInput naming it when it is not there or of another type."""
    value = line.get(name)
    if not isinstance(value, kind):
        raise InvalidInput(f"{where}, field {name!r}: {value!r} is not {kind.__name__}")
    return value


def validated(make: Callable[[], M], where: str) -> M:
    """What `make` gives back. Raises InvalidInput naming the field that pydantic does not take."""
    try:
        return make()
    except ValidationError as error:
        first = error.errors()[0]
        named = ", field " + ".".join(map(str, first["loc"])) if first["loc"] else ""
        raise InvalidInput(f"{where}{named}: {first['msg']}") from error


def rows(path: Path, model: type[Row]) -> list[Row]:
    """Each line of a file as a model."""
    return [validated(partial(model.model_validate, line), where) for where, line in lines(path)]
