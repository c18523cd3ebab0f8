"""What is written to the log: warnings and worse, with personal data masked whoever writes them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from data.masking import mask

# Figures of ours are shorter than the shortest account number.
LARGEST_FIGURE = 9_999_999


def configure() -> None:
    """Mask every line of this process from now on: of structlog, and of `logging`, whichever handlers libraries bring."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            # A traceback is text before it is masked, and has no values of variables in it.
            structlog.processors.format_exc_info,
            masked,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    logging.setLogRecordFactory(MaskedRecord)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def masked(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A processor of structlog; it stands after those that add text, and before the one that renders."""
    return {key: _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case int() | float():
            return value if abs(value) <= LARGEST_FIGURE else mask(str(value))
        case str():
            return mask(value)
        case Mapping():
            return {_masked(key): _masked(one) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(one) for one in value]
    return mask(repr(value))


class MaskedRecord(logging.LogRecord):
    """A line of `logging` that no formatter gets to see unmasked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info:
            # Formatters take this where it is there.
            self.exc_text = mask(logging.Formatter().formatException(self.exc_info))
        if self.stack_info:
            self.stack_info = mask(self.stack_info)

    def getMessage(self) -> str:  # noqa: N802  as the library calls it
        return mask(super().getMessage())
