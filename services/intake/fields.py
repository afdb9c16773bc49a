"""[pure] The kinds of text in a body: how each is cleaned, and which values are refused.

Text for people is normalised to Unicode NFC, and its control characters are removed. They come from clipboards and word
processors, have no meaning, and break logs and terminals. An identifier is refused rather than changed, since two
systems must agree on it byte for byte.
"""

import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from shared.contracts.identifiers import identifier_fault
from shared.contracts.vocabulary import STATUS_LIMIT, WORD_PATTERN
from shared.policy.countries import COUNTRIES

SUBJECT_LIMIT = 200
TEXT_LIMIT = 20_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and newline; CR is replaced before
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


class WrongValue(ValueError):
    """A value that a field does not accept: a code with facts, and never the value itself."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Body(BaseModel):
    """Any part of a request body. It refuses unknown fields, and its errors never show the value."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _clean_text(value: Any) -> Any:
    """Text of several lines: CRLF and CR become LF; tabs and newlines stay."""
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", text))


def _clean_line(value: Any) -> Any:
    """Text of one line: every run of white space becomes one space."""
    if not isinstance(value, str):
        return value
    return " ".join(_CONTROL.sub("", unicodedata.normalize("NFC", " ".join(value.split()))).split())


def _not_blank(text: str) -> str:
    if not text.strip():
        raise WrongValue("field.empty")
    return text


def identifier(text: str) -> str:
    """`text`, if it is a valid identifier. Raises WrongValue, which does not repeat the text."""
    fault = identifier_fault(text)
    if fault is not None:
        raise WrongValue(fault)
    return text


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise WrongValue("field.email")
    return text


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise WrongValue("field.country")
    return code


def _unique_statuses(statuses: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(statuses)) != len(statuses):
        raise WrongValue("field.status_twice")
    return statuses


Text = Annotated[str, Field(max_length=TEXT_LIMIT), AfterValidator(_not_blank), BeforeValidator(_clean_text)]
Subject = Annotated[str, Field(min_length=1, max_length=SUBJECT_LIMIT), BeforeValidator(_clean_line)]
Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(identifier)]
Email = Annotated[str, AfterValidator(_email), BeforeValidator(_clean_line)]
Country = Annotated[str, Field(json_schema_extra={"pattern": "^[A-Z]{2}$"}), AfterValidator(_country)]
Word = Annotated[str, Field(pattern=WORD_PATTERN)]  # which words there are is the editions' business: `words.py`
Status = Annotated[str, Field(min_length=1, max_length=STATUS_LIMIT), AfterValidator(identifier)]
Statuses = Annotated[tuple[Status, ...], Field(max_length=20), AfterValidator(_unique_statuses)]
