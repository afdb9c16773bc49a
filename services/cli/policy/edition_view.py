"""An edition in words, as the tables of a terminal show it: with the note of a rule below a cell."""

from rich.text import Text

from shared.explain.edition_words import EditionWords


class EditionView(EditionWords):
    """`EditionWords` for tables."""

    __slots__ = ()

    def with_note(self, cell: str, note: str | None, between: str = "\n") -> Text:
        """The text of a cell with the note of its rule below it."""
        shown = Text(cell)
        if note is not None:
            shown.append(f"{between}{self.remark(note)}", style="dim")
        return shown
