"""Answers each JSON line of the input with a JSON line, for `decide`, `deadline` and `clocks`.

Answers keep the order of the input. The answer to an invalid line is `{"error": {"field": "…", "message": "…"}}`;
the lines after it are answered as well.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from pydantic import ValidationError

from services.cli.options import BAD_INPUT, CommandFailed
from shared.messages.catalogues import messages_in
from shared.messages.field_reasons import reason_of
from shared.messages.reason import Reason

ANSWERED = 0
_BYTE = re.compile(r"(?:\(byte |position )(\d+)")


class BadInput(CommandFailed):
    """A line cannot be answered: `field` is the dotted path of the wrong field, "" for the line itself."""

    def __init__(self, field: str, reason: Reason) -> None:
        super().__init__(f"{field}: {reason.code}" if field else reason.code, BAD_INPUT)
        self.field = field
        self.reason = reason

    @classmethod
    def from_validation(cls, error: ValidationError) -> "BadInput":
        """The first error of a model."""
        first = error.errors(include_url=False)[0]
        path = [str(step) for step in first["loc"] if step != "[key]"]  # the step before "[key]" is the wrong key
        code, facts = reason_of(first["type"], first.get("ctx", {}))
        return cls(".".join(path), Reason(code, **facts))


LineLanguage = Callable[[dict[str, Any]], str | None]
Answer = Callable[[dict[str, Any]], Mapping[str, Any]]


def _no_language(_: dict[str, Any]) -> None:
    """Of a line that names no language."""


def answer_lines(
    answer: Answer, file: Path | None = None, language: str | None = None, line_language: LineLanguage = _no_language
) -> int:
    """Answer each line of `file` (None or "-" = standard input) on standard output; returns the exit code.

    `answer` gets the object of one line and returns the object to print, or raises BadInput. Blank lines are skipped.
    Errors are in `language`, or else in that of their line by `line_language`, or in English. The exit code is 0 if
    every line was answered, else 2; a file that cannot be read is 2 with a line on stderr.
    """
    if file is None or str(file) == "-":
        return answer_all(answer, sys.stdin.buffer, sys.stdout.buffer, language, line_language)
    try:
        with file.open("rb") as lines:
            return answer_all(answer, lines, sys.stdout.buffer, language, line_language)
    except OSError as error:
        problem = error.strerror or str(error)
        print(messages_in(language)("line.no_file", file=str(file), problem=problem), file=sys.stderr)
        return BAD_INPUT


def answer_all(
    answer: Answer,
    lines: Iterable[bytes],
    out: BinaryIO,
    language: str | None = None,
    line_language: LineLanguage = _no_language,
) -> int:
    """Write the answer to each of `lines` to `out`; returns the exit code, as `answer_lines`."""
    code = ANSWERED
    for line in lines:
        if not line.strip():
            continue
        given: dict[str, Any] = {}
        try:
            given = _parse(line)
            reply = answer(given)
        except BadInput as error:
            code = BAD_INPUT
            messages = messages_in(language or line_language(given))
            reply = {"error": {"field": error.field, "message": messages.reason(error.reason)}}
        out.write(msgspec.json.encode(reply) + b"\n")
        out.flush()  # a caller may wait for the answer before it writes the next line
    return code


def _parse(line: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(line)
    except RecursionError:
        raise BadInput("", Reason("line.too_deep")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = _BYTE.search(str(error))
        raise BadInput("", Reason("line.not_json", byte=int(place[1]) if place else len(line.rstrip()))) from None
    if not isinstance(value, dict):
        raise BadInput("", Reason("field.not_object"))
    return value
