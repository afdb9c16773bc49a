"""Dead letters as lines of text, in which an id is never cut, whatever the width.

Off a terminal, each dead letter is one line, however long: a pipe has no width. On a terminal that is too narrow for
the table, it takes several lines, which begin with the id.
"""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from services.cli.printable import printable
from shared.contracts.base import format_instant
from shared.kafka.dead_letter_log import Found

_GAP = "  "
_HEADINGS = ("id", "cause", "at", "service", "replayed", "message")


class Row(NamedTuple):
    """The cells of one dead letter."""

    id: str
    cause: str
    at: str
    service: str
    replayed: str
    message: str


def lines_of(found: Sequence[Found], width: int | None = None) -> list[str]:
    """The lines that show `found`. `width`: of the terminal; None = of this process's output, without limit off a
    terminal.
    """
    if not found:
        return []
    if width is None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
    rows = [_row(each) for each in found]
    table = list(_table(rows))
    if width is None or max(map(len, table)) <= width:
        return table
    return [line for row in rows for line in _block(row, width)]


def _row(found: Found) -> Row:
    letter = found.dead_letter
    replayed = ", ".join(format_instant(each.at) for each in found.replays)
    if letter is None:
        return Row(str(found), "?", "", "", replayed, printable(found.problem))
    told = (letter.cause, format_instant(letter.at), letter.service, replayed, letter.message)
    return Row(str(found), *map(printable, told))


def _table(rows: Sequence[Row]) -> Iterator[str]:
    columns = list(zip(_HEADINGS, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    for row in (_HEADINGS, *rows):
        yield _GAP.join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _block(row: Row, width: int) -> Iterator[str]:
    yield row.id
    facts = [row.cause, row.at, row.service, *([f"replayed {row.replayed}"] if row.replayed else [])]
    for text in (_GAP.join(filter(None, facts)), row.message):
        indent = "    "
        yield from textwrap.wrap(
            *(text, max(width, 20)), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        )
