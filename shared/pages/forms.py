"""Reads what a form sent: its fields as text, within the limits of every body, and the key by which it counts once."""

import re
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import Request

from shared.web.body import read_bytes
from shared.web.errors import FieldError, InvalidFields, UnsupportedMediaType

MEDIA_TYPE = "application/x-www-form-urlencoded"
FORM_LIMIT = 256 * 1024  # bytes: a character may take nine in a form
_MOST_FIELDS = 200
_KEY = re.compile(r"[0-9a-f]{32}")


async def read_form(request: Request) -> dict[str, str]:
    """The fields; of several with one name the last. Raises the refusal of its media type, size, speed or encoding."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise UnsupportedMediaType("refusal.send_form")
    data = await read_bytes(request, FORM_LIMIT)
    try:
        text = data.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:  # not ASCII, not UTF-8 behind the escapes, or too many fields
        raise InvalidFields([FieldError("form", "field.not_utf8")]) from None
    # A browser counts a line break as one character, and sends two.
    request.state.typed = {name: value.replace("\r\n", "\n") for name, value in pairs}
    return typed_in(request)


def typed_in(request: Request) -> dict[str, str]:
    """The fields that `read_form` has read; none, if it was not called."""
    return getattr(request.state, "typed", {})


def key_of(typed: Mapping[str, str]) -> str:
    """The Idempotency-Key of a form; a new one for a text that no form of ours has."""
    key = typed.get("key", "")
    return key if _KEY.fullmatch(key) else secrets.token_hex(16)
