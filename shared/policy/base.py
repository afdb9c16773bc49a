"""[pure] What every part of a policy document is made of: rules, words, texts for people, lengths of time."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from shared.contracts.vocabulary import WORD_PATTERN, Language
from shared.policy.durations import DURATION_PATTERN, parse_duration


class Rule(BaseModel):
    """Base of every part of the document. Unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


T = TypeVar("T")
# A non-empty list: a rule with an empty one would never hold.
Some = Annotated[tuple[T, ...], Field(min_length=1)]
# A word of the edition: the contract checks the length of words, the edition also their form.
Word = Annotated[str, Field(pattern=WORD_PATTERN)]
COUNTRY_PATTERN = "^[A-Z]{2}$"
CountryCode = Annotated[str, Field(pattern=COUNTRY_PATTERN)]  # ISO 3166-1 alpha-2


def _in_every_language(text: object, info: ValidationInfo) -> object:
    """A plain text is one of the only language. A saved edition is read without `languages`: it is complete."""
    languages: tuple[Language, ...] = (info.context or {}).get("languages", ())
    if isinstance(text, str) and len(languages) == 1:
        text = {languages[0]: text}
    if isinstance(text, str) and languages:
        raise ValueError(f"needs a text for each language: {{{', '.join(f'{each}: …' for each in languages)}}}")
    if isinstance(text, Mapping) and languages:
        missing = [language for language in languages if not str(text.get(language) or "").strip()]
        if missing:
            raise ValueError(f"has no text in {' and '.join(missing)}; people read it in {' and '.join(languages)}")
        unknown = [language for language in text if language not in languages]
        if unknown:
            raise ValueError(f"has a text in {' and '.join(unknown)}, which is none of the edition's languages")
    return text


# A text for people: language -> text. A file must have it in every language of the edition; where there is only one,
# the text alone will do.
Text = Annotated[
    dict[Language, str],
    BeforeValidator(_in_every_language),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]},
        mode="validation",
    ),
]
# Seconds; a file may also have "5s", "30m", "4h", "2d" (a day is 24 hours) or a sum such as "22h 30m".
Seconds = Annotated[
    int,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": DURATION_PATTERN}]}, mode="validation"
    ),
]


def language_ranges(language: str | None) -> tuple[str, ...]:
    """The language ranges that match a BCP 47 tag (RFC 4647, basic filtering): es-MX -> es-mx, es."""
    if language is None:
        return ()
    parts = language.lower().split("-")
    return tuple("-".join(parts[:end]) for end in range(len(parts), 0, -1))


def in_language(text: Mapping[Language, str], language: Language) -> str:
    """A text in `language`, or in a less specific one (es for es-MX), or in its first language."""
    if language in text:
        return text[language]
    there = {tag.lower(): each for tag, each in text.items()}
    found = map(there.get, language_ranges(language))
    return next(filter(None, found), None) or next(iter(text.values()))


def plain(word: str) -> str:
    """A word without a name of its own, as people read it: web_ticket -> "web ticket"."""
    return word.replace("_", " ")


class Named(Rule):
    """A word of the vocabulary that people read: its name. Without one, the word itself is shown."""

    name: Text | None = None

    def name_in(self, word: str, language: Language) -> str:
        """How `word`, which this entry is about, is called in `language`."""
        return plain(word) if self.name is None else in_language(self.name, language)
