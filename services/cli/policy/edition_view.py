"""An edition with the language that it is shown in: its words, its texts and its remarks."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.text import Text

from shared.contracts.vocabulary import Language
from shared.messages.messages import Messages
from shared.policy.base import in_language
from shared.policy.model import Edition
from shared.routing.rendering import in_words_of


class EditionView(NamedTuple):
    """`messages` call the edition's words by its names; `language` is that of its own texts."""

    edition: Edition
    messages: Messages
    language: Language

    @classmethod
    def of(cls, edition: Edition, messages: Messages, language: Language | None = None) -> "EditionView":
        """`edition` in the words of `messages`; its own texts may be in another `language`."""
        own = language or messages.language
        return cls(edition, in_words_of(messages, edition, own), own)

    def text(self, text: Mapping[Language, str] | None) -> str:
        """A text of the edition; "" where it has none."""
        return "" if text is None else in_language(text, self.language)

    def names(self, kind: str, words: Sequence[str]) -> list[str]:
        """What the edition calls its words."""
        return [self.messages.name(kind, word) for word in words]

    def with_note(self, cell: str, note: str | None, between: str = "\n") -> Text:
        """The text of a cell with the note of its rule below it."""
        shown = Text(cell)
        if note is not None:
            shown.append(f"{between}{self.edition.remark(note, self.language)}", style="dim")
        return shown


def capital(text: str) -> str:
    """A text that stands alone, such as a heading or the first cell of a row: it starts with a capital letter."""
    return text[:1].title() + text[1:]
