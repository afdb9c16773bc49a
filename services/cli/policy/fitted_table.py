"""A table that never cuts a word: columns get the width of their longest word, and what is left by what they hold.

A column that no row fills is left out. Where even the longest words do not fit side by side, each row becomes a
paragraph: a line for each column.
"""

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_BETWEEN, _EDGES = 3, 2  # what the frame of a table takes: between two columns, and at both ends


class FittedTable:
    """Rows of texts below headings. `whole`: indexes of columns whose lines are not broken either."""

    def __init__(self, title: str, headings: Sequence[str], whole: Sequence[int] = ()) -> None:
        self.title = title
        self._headings = tuple(headings)
        self._whole = frozenset(whole)
        self.rows: list[tuple[Text, ...]] = []

    def add(self, *cells: str | Text) -> None:
        """Add a row."""
        self.rows.append(tuple(cell if isinstance(cell, Text) else Text(cell) for cell in cells))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table, or its rows as paragraphs."""
        yield Text(self.title, style="bold")
        filled = self._filled()
        widths = self._widths(filled, options.max_width - _EDGES - _BETWEEN * (len(filled) - 1))
        if widths is None:
            yield from self._paragraphs()
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for index, width in zip(filled, widths, strict=True):
            table.add_column(self._headings[index], width=width, overflow="fold")
        for row in self.rows:
            table.add_row(*(row[index] for index in filled))
        yield table

    def _filled(self) -> list[int]:
        """The indexes of the columns that some row fills; all of them if there are no rows."""
        return [index for index in range(len(self._headings)) if not self.rows or any(row[index] for row in self.rows)]

    def _widths(self, columns: Sequence[int], available: int) -> list[int] | None:
        """The width of each of these columns; None if the words do not fit."""
        needed, wanted = [], []
        for index in columns:
            heading = self._headings[index]
            lines = [line for row in self.rows for line in row[index].plain.split("\n")]
            longest = max(map(cell_len, (*lines, heading)), default=0)
            word = max(map(cell_len, (*" ".join(lines).split(), *heading.split())), default=0)
            needed.append(longest if index in self._whole else word)
            wanted.append(longest)
        spare = available - sum(needed)
        if spare < 0:
            return None
        missing = [want - need for want, need in zip(wanted, needed, strict=True)]
        total = sum(missing)
        if total <= spare:
            return wanted
        return [need + lack * spare // total for need, lack in zip(needed, missing, strict=True)]

    def _paragraphs(self) -> RenderResult:
        for first, *others in self.rows:
            yield Text()
            yield first.copy()
            for heading, cell in zip(self._headings[1:], others, strict=True):
                if cell.plain:
                    yield Padding(Text.assemble((f"{heading}: ", "dim") if heading else "", cell), (0, 0, 0, 2))
