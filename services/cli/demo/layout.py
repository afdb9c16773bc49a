"""Lays the lines of the feed out: for a terminal broken between words, for a pipe each on one line."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from services.cli.feed import FeedLine

INDENT, HANGING = 2, 4


def laid_out(lines: Sequence[FeedLine], console: Console) -> Iterator[Text]:
    """The rows for the lines of one event.

    On a terminal, the time and the id of the case stand on a row of their own, where the id can be copied, and what
    happened is below: no word is cut at the edge, and where a row goes on is indented further. Elsewhere each line has
    its time and its id, so that `grep` finds the lines of a case.
    """
    if not console.is_terminal:
        for line in lines:
            yield Text.assemble(f"{line.at}  ", (line.case_id, "dim"), "  ", line.text)
        return
    for number, line in enumerate(lines):
        if number == 0 or (line.at, line.case_id) != (lines[0].at, lines[0].case_id):
            yield Text.assemble(f"{line.at}  ", (line.case_id, "dim"))
        for row, part in enumerate(line.text.wrap(console, max(1, console.width - HANGING))):
            part.rstrip()
            yield Text.assemble(" " * (HANGING if row else INDENT), part)
