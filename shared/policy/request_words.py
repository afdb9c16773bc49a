"""[pure] Whether an edition knows the words of a request, and the values of the fields that it leaves out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shared.contracts.vocabulary import WORD_PATTERN
from shared.policy.mistakes import PolicyFault
from shared.policy.model import Edition
from shared.policy.per_edition import PerEdition

_WORD = re.compile(WORD_PATTERN)
MISSING, UNKNOWN_FIELD, UNKNOWN_WORD = "missing", "unknown_field", "unknown_word"


class WrongWord(NamedTuple):
    """A word of a request that its edition does not know: where it stands, what is wrong, and what is allowed."""

    place: str  # channel, requester.role, fields.impact; a name that has not the form of a word is `?` there
    what: str  # one of the three above
    allowed: tuple[str, ...]


class NotInEdition(PolicyFault):
    """A request has words that its edition does not know. The message has each place with what is allowed there."""

    def __init__(self, edition: Edition, wrong: list[WrongWord]) -> None:
        self.wrong = tuple(wrong)
        found = "; ".join(f"{each.place}: {_MESSAGES[each.what]} {', '.join(each.allowed) or 'none'}" for each in wrong)
        super().__init__(f"edition {edition.edition} does not know the words of this request: {found}")


_MESSAGES = {
    MISSING: "is missing; one of",
    UNKNOWN_FIELD: "is no field; there are",
    UNKNOWN_WORD: "must be one of",
}


def wrong_words(
    edition: Edition, *, channel: str, fields: Mapping[str, str], role: str | None = None
) -> Iterator[WrongWord]:
    """Each word that `edition` does not know, and each field that is missing without a default."""
    if channel not in edition.channels:
        yield WrongWord("channel", UNKNOWN_WORD, tuple(edition.channels))
    if role is not None and role not in edition.roles:
        yield WrongWord("requester.role", UNKNOWN_WORD, tuple(edition.roles))
    for name, value in fields.items():
        if name not in edition.fields:
            shown = name if _WORD.fullmatch(name) else "?"
            yield WrongWord(f"fields.{shown}", UNKNOWN_FIELD, tuple(edition.fields))
        elif value not in edition.fields[name].values:
            yield WrongWord(f"fields.{name}", UNKNOWN_WORD, tuple(edition.fields[name].values))
    for name, field in edition.fields.items():
        if name not in fields and field.default is None:
            yield WrongWord(f"fields.{name}", MISSING, tuple(field.values))


class Completed:
    """The fields of requests under one edition: those that they give, and defaults for what they leave out.

    Few combinations exist, so each is checked once. At most `_KEPT` are kept.
    """

    __slots__ = ("_edition", "_known")

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._known: dict[tuple[Any, ...], dict[str, str]] = {}

    def of(self, channel: str, fields: Mapping[str, str], role: str | None = None) -> dict[str, str]:
        """As `complete`."""
        key = (channel, role, *fields.items())
        found = self._known.get(key)
        if found is None:
            if wrong := list(wrong_words(self._edition, channel=channel, fields=fields, role=role)):
                raise NotInEdition(self._edition, wrong)
            if len(self._known) >= _KEPT:
                self._known.clear()
            given = {name: fields.get(name, field.default) for name, field in self._edition.fields.items()}
            found = self._known[key] = {name: value for name, value in given.items() if value is not None}
        return found


def complete(edition: Edition, *, channel: str, fields: Mapping[str, str], role: str | None = None) -> dict[str, str]:
    """The value of every field of `edition`, in its order: those of `fields`, and defaults for what was left out.

    Shared by requests that say the same, so not to be changed. Raises NotInEdition.
    """
    return completed_by.of(edition).of(channel, fields, role)


_KEPT = 20_000  # far more than the combinations that occur
completed_by = PerEdition(Completed)
