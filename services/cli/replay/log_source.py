"""Reads a recorded log for a command: from Kafka or from a file, with its progress on standard error."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter

from services.cli.kafka_errors import kafka_errors
from services.cli.options import BAD_INPUT, CommandFailed, kafka_settings
from services.cli.printable import printable
from services.cli.progress import ShowStep
from services.replay.log_file import BadLogFile, RecordedLog, read_lines
from services.replay.log_from_kafka import read_log
from shared.messages.messages import Messages

__all__ = ["FileName", "RecordedLog", "check_source", "open_log"]

FileName = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]


def check_source(messages: Messages, *, from_topic: bool, from_file: Path | None) -> None:
    """Refuse a command that names no log, or two. Raises CommandFailed."""
    if from_topic == (from_file is not None):
        raise CommandFailed(messages("replay.needs_source"), BAD_INPUT)


def open_log(file: Path | None, kafka: str | None, show_step: ShowStep, messages: Messages) -> RecordedLog:
    """The log in a file, or the present one of Kafka without one; the caller closes it. Raises CommandFailed."""
    return _from_kafka(kafka, show_step, messages) if file is None else _from_file(file, show_step, messages)


def _from_kafka(kafka: str | None, show_step: ShowStep, messages: Messages) -> RecordedLog:
    settings = kafka_settings(kafka, messages.language)
    with kafka_errors(settings, messages.language):
        return asyncio.run(
            read_log(settings, lambda done, total: show_step("replay.step.reading", done=done, total=total))
        )


def _from_file(file: Path, show_step: ShowStep, messages: Messages) -> RecordedLog:
    def counted(lines: BinaryIO) -> Iterator[bytes]:
        for number, line in enumerate(lines, 1):
            show_step("replay.step.reading_file", line=number)
            yield line

    try:
        with contextlib.nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as lines:
            return read_lines(counted(lines))
    except BadLogFile as error:
        name = messages("replay.standard_input") if str(file) == "-" else str(file)
        place = {"file": name, "line": error.number}
        raise CommandFailed(printable(messages("replay.bad_line", **place, why=error.reason)), BAD_INPUT) from None
    except OSError as error:
        problem = error.strerror or str(error)
        raise CommandFailed(messages("line.no_file", file=str(file), problem=problem), BAD_INPUT) from None
