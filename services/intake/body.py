"""Reads a request: its body as JSON of a known model, within limits of size and time, and its Idempotency-Key."""

import asyncio
import secrets
from typing import NamedTuple, TypeVar

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import from_json

from services.intake.errors import (
    BodyTooLarge,
    BodyTooSlow,
    FieldError,
    InvalidFields,
    UnsupportedMediaType,
    field_errors,
    json_error,
    merged,
)
from services.intake.fields import Body, WrongValue, identifier
from services.intake.words import FindWrongWords

BODY_LIMIT = 64 * 1024
DRAIN_LIMIT = 1024 * 1024  # of a body that is too large: read and dropped, so that the client can read the answer
BODY_SECONDS = 10.0

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


async def read_bytes(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The body. Raises BodyTooLarge or BodyTooSlow."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _bytes(request, limit)
    except TimeoutError:
        raise BodyTooSlow("refusal.body_too_slow", seconds=BODY_SECONDS, headers={"Connection": "close"}) from None


def parse(data: bytes, model: type[B], wrong_words: FindWrongWords) -> B:
    """`data` as `model`, as in `read`. Raises MalformedJson or InvalidFields."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        malformed = json_error(error)
        if malformed is not None:
            raise malformed from None
        raise InvalidFields(merged(field_errors(error), wrong_words(from_json(data)))) from None


async def _bytes(request: Request, limit: int) -> bytes:
    """The whole body, with or without a Content-Length. Bytes beyond the limit are dropped."""
    kept, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            kept += chunk
        elif size > DRAIN_LIMIT:
            break
    if size > limit:
        raise BodyTooLarge("refusal.body_too_large", limit=limit, headers={"Connection": "close"})
    return bytes(kept)


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


def checked_id(field: str, text: str) -> str:
    """An identifier from the address or a header. Raises InvalidFields."""
    try:
        return identifier(text)
    except WrongValue as error:
        raise InvalidFields([FieldError(field, error.code, error.facts)]) from None
