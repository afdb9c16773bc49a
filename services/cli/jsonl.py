"""Answers each JSON line of the input with a JSON line, for `decide`, `deadline` and `clocks`.

Answers keep the order of the input. The answer to an invalid line is `{"error": {"field": "…", "message": "…"}}`;
the lines after it are answered as well.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from pydantic import ValidationError

from services.cli.options import CommandFailed

ANSWERED = 0
BAD_INPUT = 2


class BadInput(CommandFailed):
    """A line cannot be answered: `field` is the dotted path of the wrong field, "" for the line itself."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message, BAD_INPUT)
        self.field = field
        self.message = message

    @classmethod
    def from_validation(cls, error: ValidationError, prefix: str = "") -> "BadInput":
        """The first error of a model; `prefix` goes before its path."""
        first = error.errors(include_url=False, include_context=False)[0]
        path = [str(step) for step in first["loc"] if step != "[key]"]  # the step before "[key]" is the wrong key
        return cls(".".join([prefix, *path] if prefix else path), first["msg"].removeprefix("Value error, "))


Answer = Callable[[dict[str, Any]], Mapping[str, Any]]


def answer_lines(answer: Answer, file: Path | None = None) -> int:
    """Answer each line of `file` (None or "-" = standard input) on standard output; returns the exit code.

    `answer` gets the object of one line and returns the object to print, or raises BadInput. Blank lines are skipped.
    The exit code is 0 if every line was answered, else 2; a file that cannot be read is 2 with a line on stderr.
    """
    if file is None or str(file) == "-":
        return _answer_all(answer, sys.stdin.buffer, sys.stdout.buffer)
    try:
        with file.open("rb") as lines:
            return _answer_all(answer, lines, sys.stdout.buffer)
    except OSError as error:
        print(f"cannot read {file}: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT


def _answer_all(answer: Answer, lines: Iterable[bytes], out: BinaryIO) -> int:
    code = ANSWERED
    for line in lines:
        if not line.strip():
            continue
        try:
            reply = answer(_parse(line))
        except BadInput as error:
            code = BAD_INPUT
            reply = {"error": {"field": error.field, "message": error.message}}
        out.write(msgspec.json.encode(reply) + b"\n")
        out.flush()  # a caller may wait for the answer before it writes the next line
    return code


def _parse(line: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput("", f"not a line of JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadInput("", f"must be a JSON object, not {type(value).__name__}")
    return value
