"""[pure] The counts of a backtest as a table of 80 columns, in which no word is cut."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from shared.messages.messages import Messages

WIDTH = 80
_LEAST_NAME = 8


class _Group(NamedTuple):
    """Columns under one heading: its code (None = no heading) and the names of the counts."""

    heading: str | None
    counts: tuple[str, ...]


_GROUPS = (
    _Group(None, ("cases", "decided_otherwise")),
    _Group("promises", ("promises_new", "promises_gone", "promises_longer", "promises_shorter")),
    _Group("breached", ("newly_breached", "no_longer_breached")),
    _Group("called", ("newly_called", "no_longer_called")),
)
SHOWN = tuple(name for group in _GROUPS for name in group.counts)


def table(
    title: str, rows: Sequence[tuple[str, Mapping[str, int]]], messages: Messages, without: Iterable[str] = ()
) -> list[str]:
    """The lines of a table, a row for each name; a long name has its own line. Counts `without` a value stay empty."""
    empty = set(without)
    headings = {name: messages(f"backtest.column.{name}").split() for name in SHOWN}
    values = [
        (name, {each: "" if each in empty else messages.count(counts.get(each, 0)) for each in SHOWN})
        for name, counts in rows
    ]
    widths = {
        each: max(*(len(word) for word in headings[each]), *(len(shown[each]) for _, shown in values), 3)
        for each in SHOWN
    }
    name_width = max(_LEAST_NAME, WIDTH - sum(widths.values()) - len(SHOWN))
    depth = max(len(words) for words in headings.values())
    lines = [_spanning(title, name_width, widths, messages)]
    for line in range(depth):
        words = {each: ([""] * (depth - len(headings[each])) + headings[each])[line] for each in SHOWN}
        lines.append(_row("", words, widths, name_width))
    for name, shown in values:
        if len(name) > name_width:
            lines.append(name)
            name = ""
        lines.append(_row(name, shown, widths, name_width))
    return [line.rstrip() for line in lines]


def _spanning(title: str, name_width: int, widths: Mapping[str, int], messages: Messages) -> str:
    """The first line: the title, and each heading above its columns."""
    line, start = title, name_width
    for heading, counts in _GROUPS:
        if heading is not None:
            line = line.ljust(start) + " " + messages(f"backtest.group.{heading}")
        start += sum(widths[each] + 1 for each in counts)
    return line


def _row(name: str, values: Mapping[str, str], widths: Mapping[str, int], name_width: int) -> str:
    return name.ljust(name_width) + "".join(f" {values[each]:>{widths[each]}}" for each in SHOWN)
