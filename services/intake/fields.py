"""[pure] The kinds of text in a body: how each is cleaned, and which values are refused.

Text for people is normalised to Unicode NFC, and its control characters are removed. They come from clipboards and word
processors, have no meaning, and break logs and terminals. An identifier is refused rather than changed, since two
systems must agree on it byte for byte.
"""

import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from shared.contracts.identifiers import PATTERN
from shared.contracts.vocabulary import STATUS_LIMIT, WORD_PATTERN
from shared.policy.countries import COUNTRIES
from shared.web.fields import WrongValue, identifier

SUBJECT_LIMIT = 200
TEXT_LIMIT = 20_000
# A text of people has a character that is neither white space nor a control character, by Unicode 14 and later.
_BLANK = r"\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NOT_BLANK = f"[^{_BLANK}]"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and newline; CR is replaced before
_EMAIL = f"^[^@{_BLANK}]{{1,64}}@[^@{_BLANK}]{{1,255}}$"


NO_OTHERS: JsonDict = {"additionalProperties": False}  # keys that are no words


class Body(BaseModel):
    """Any part of a request body. It refuses unknown fields, and its errors never show the value."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _clean_text(text: str) -> str:
    """Text of several lines: CRLF and CR become LF; tabs and newlines stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", text))


def _clean_line(text: str) -> str:
    """Text of one line: every run of white space becomes one space."""
    return " ".join(_CONTROL.sub("", unicodedata.normalize("NFC", " ".join(text.split()))).split())


def _not_blank(text: str) -> str:
    if not re.search(_NOT_BLANK, text):
        raise WrongValue("field.empty")
    return text


def _email(text: str) -> str:
    if not re.fullmatch(_EMAIL, text) or text.endswith("\n"):
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


def whole(value: Any) -> Any:
    """`value` as an integer, if it is a number without a fraction: JSON has one kind of number, and 1.0 is 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Each kind is in the OpenAPI document as it is checked here. Lengths are those of the text as it was sent.
Text = Annotated[
    str,
    Field(min_length=1, max_length=TEXT_LIMIT, json_schema_extra={"pattern": _NOT_BLANK}),
    AfterValidator(_not_blank),
    AfterValidator(_clean_text),
]
Subject = Annotated[
    str,
    Field(min_length=1, max_length=SUBJECT_LIMIT, json_schema_extra={"pattern": _NOT_BLANK}),
    AfterValidator(_not_blank),
    AfterValidator(_clean_line),
]
Email = Annotated[str, Field(json_schema_extra={"pattern": _EMAIL}), AfterValidator(_email)]
Country = Annotated[str, Field(json_schema_extra={"enum": [*sorted(COUNTRIES)]}), AfterValidator(_country)]
Word = Annotated[str, Field(pattern=WORD_PATTERN)]  # which words there are is the editions' business: `words.py`
Words = Annotated[dict[Word, Word], Field(json_schema_extra=NO_OTHERS)]
Status = Annotated[
    str,
    Field(min_length=1, max_length=STATUS_LIMIT, json_schema_extra={"pattern": PATTERN}),
    AfterValidator(identifier),
]
Statuses = Annotated[
    tuple[Status, ...], Field(max_length=20, json_schema_extra={"uniqueItems": True}), AfterValidator(_unique_statuses)
]
