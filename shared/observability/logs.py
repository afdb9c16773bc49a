"""Structured logs: one sentence for people and a stable `action` for machines, as JSON or, on a terminal, as text."""

import logging
import sys
import traceback
from typing import Literal

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

LogFormat = Literal["auto", "json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]

# What a record may carry about a request: ids, never a customer's words or a credential. A field with one of these
# names is a mistake in the caller; it is masked here, so that the mistake does not leave the process.
_NEVER_LOGGED = frozenset(
    {"text", "subject", "description", "host_key", "meeting_id", "authorization", "api_key", "key", "email", "name"}
)


def configure(service: str, level: LogLevel = "info", log_format: LogFormat = "auto") -> None:
    """Set up logging for this process: to standard error, times in UTC, `service` on every line.

    `auto` renders text on a terminal and JSON elsewhere. Libraries that log through the standard library (aiokafka,
    uvicorn) come out in the same form, from warnings up.
    """
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if console
        else structlog.processors.JSONRenderer(sort_keys=False)
    )
    before_rendering: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask,
    ]
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*before_rendering, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,  # lines are rare; a logger made early must not keep an older configuration
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(service=service)

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before_rendering,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)


def get_logger() -> FilteringBoundLogger:
    """A logger; bind ids once per record: `log.bind(case_id=…)`."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def where(error: BaseException) -> list[str]:
    """The last places of an error's traceback, without its message, which may quote a customer.

    Of an error that came alone out of a group of tasks, those of the error.
    """
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]]


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for field in _NEVER_LOGGED.intersection(event):
        event[field] = "***"
    return event
