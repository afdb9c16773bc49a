"""[pure] The form: what an edition asks, with what was typed, and each mistake beside its field.

A field of the page is named as the path of the submission that it fills: `subject`, `fields.impact`, `channel`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from shared.messages.messages import Messages
from shared.policy.base import in_language
from shared.policy.model import Edition
from shared.web.errors import FieldError

READY = "ready"  # the box by which callers say that they have at hand what phone support asks for
_CHOICES = ("channel", "fields")


class Question(NamedTuple):
    """A field of the edition as the form asks it; `values` are words with their names, the worst first."""

    name: str
    text: str
    values: tuple[tuple[str, str], ...]
    chosen: str


def questions(edition: Edition, typed: Mapping[str, str], language: str) -> list[Question]:
    """What the edition asks, in its order."""
    return [
        Question(
            name=f"fields.{word}",
            text=field.name_in(word, language) if field.question is None else in_language(field.question, language),
            values=tuple(
                (value, named.name_in(value, language) if named.choice is None else in_language(named.choice, language))
                for value, named in field.values.items()
            ),
            chosen=typed.get(f"fields.{word}", field.default or ""),
        )
        for word, field in edition.fields.items()
    ]


def body_of(typed: Mapping[str, str], language: str, edition: Edition, *, is_phone: bool) -> bytes:
    """What was typed, as the JSON body of a submission. A choice that was not made is left out.

    Of what phone support asks for, the form sends only that the caller has it at hand, never the values.
    """
    body: dict[str, Any] = {name: typed[name] for name in ("subject", "description") if name in typed}
    if typed.get("channel"):
        body["channel"] = typed["channel"]
    given = {name: typed.get(f"fields.{name}", "") for name in edition.fields}
    body["fields"] = {name: value for name, value in given.items() if value}
    body["language"] = language
    if is_phone and typed.get(READY):
        body["phone"] = {"meeting_id": "at hand", "host_key": "at hand"}
    return to_json(body)


def to_json(body: Mapping[str, Any]) -> bytes:
    """A body as the calls of intake read it, so that pages and calls have one check."""
    return msgspec.json.encode(body)


def mistakes(errors: Iterable[FieldError], messages: Messages) -> dict[str, str]:
    """A sentence for each wrong field of the page, in the customer's words where there are some."""
    return {error.field: _sentence(error, messages) for error in errors}


def _sentence(error: FieldError, messages: Messages) -> str:
    if error.field.partition(".")[0] in _CHOICES:
        return messages("page.wrong.choose")
    code = f"page.wrong.{error.field}"
    if error.code in ("field.empty", "field.required") and messages.knows(code):
        return messages(code)
    text = messages(error.code, **error.facts)
    return text[:1].upper() + text[1:]
