"""Reads a call: its body as JSON of a known model, and its Idempotency-Key."""

import secrets
from typing import NamedTuple, TypeVar

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import from_json

from services.intake.fields import Body
from services.intake.words import FindWrongWords
from shared.web.body import checked_id, read_bytes
from shared.web.errors import FieldError, InvalidFields, UnsupportedMediaType, field_errors, json_error, merged

B = TypeVar("B", bound=Body)


async def read(request: Request, model: type[B], wrong_words: FindWrongWords) -> B:
    """The body as `model`. Raises the refusal of its media type, size, speed, syntax or fields.

    `wrong_words` names the words that are wrong beside other wrong fields. A body that is complete has yet to be asked.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise UnsupportedMediaType("refusal.send_json")
    return parse(await read_bytes(request), model, wrong_words)


def parse(data: bytes, model: type[B], wrong_words: FindWrongWords) -> B:
    """`data` as `model`, as in `read`. Raises MalformedJson or InvalidFields."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        malformed = json_error(error)
        if malformed is not None:
            raise malformed from None
        raise InvalidFields(merged(field_errors(error), wrong_words(from_json(data)))) from None


class IdempotencyKey(NamedTuple):
    """The key of a call, and whether the caller sent it; if not, it is a random one, so that the call is a new one."""

    text: str
    is_given: bool


def idempotency_key(request: Request) -> IdempotencyKey:
    """The caller's key, or a random one. Raises InvalidFields."""
    given = request.headers.get("idempotency-key")
    if given is None:
        return IdempotencyKey(secrets.token_hex(16), False)
    if not given.isascii():
        raise InvalidFields([FieldError("Idempotency-Key", "field.not_ascii")])
    return IdempotencyKey(checked_id("Idempotency-Key", given), True)
