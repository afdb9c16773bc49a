"""Reads what a call sends, within limits of size and time: the bytes of its body, identifiers of its head."""

import asyncio

from fastapi import Request

from shared.web.errors import BodyTooLarge, BodyTooSlow, FieldError, InvalidFields
from shared.web.fields import WrongValue, identifier

BODY_LIMIT = 64 * 1024
DRAIN_LIMIT = 1024 * 1024  # of a body that is too large: read and dropped, so that the client can read the answer
BODY_SECONDS = 10.0


async def read_bytes(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The body. Raises BodyTooLarge or BodyTooSlow."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _bytes(request, limit)
    except TimeoutError:
        raise BodyTooSlow("refusal.body_too_slow", seconds=BODY_SECONDS, headers={"Connection": "close"}) from None


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


def checked_id(field: str, text: str) -> str:
    """An identifier from the address or a header. Raises InvalidFields."""
    try:
        return identifier(text)
    except WrongValue as error:
        raise InvalidFields([FieldError(field, error.code, error.facts)]) from None
