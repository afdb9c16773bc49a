"""[pure] The headers of answers that say something to a caller, each as documents of calls describe it.

Pages of other origins may read all of them (`cross_origin.py`). What HTTP gives every answer, such as Content-Type, is
not among them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]
AS_OF = "Frontline-As-Of"
COMPLETE = "Frontline-Complete"
_TEXT: Json = {"type": "string"}
HEADERS: Mapping[str, Json] = {
    "Location": {"description": "Where to look for what the call has begun", "schema": _TEXT},
    "Content-Location": {"description": "The address that keeps answering with this version", "schema": _TEXT},
    "Content-Disposition": {"description": "The name of the file, where the answer is one", "schema": _TEXT},
    "ETag": {"description": "What names this version of the answer, for If-None-Match", "schema": _TEXT},
    AS_OF: {
        "description": "Of when a table is true: it has everything up to then",
        "schema": {"type": "string", "format": "date-time"},
    },
    COMPLETE: {
        "description": "Whether the table has all that was asked for; `false` = only the first of it",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "Retry-After": {
        "description": "Seconds to wait. Then repeat the call, with the same Idempotency-Key if it has one",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Idempotency-Key": {
        "description": "Repeat the call with this key: it may have counted, and then counts once",
        "schema": _TEXT,
    },
    "WWW-Authenticate": {"description": "With 401: which credentials the call asks for", "schema": _TEXT},
    "Allow": {"description": "With 405: the methods of this address", "schema": _TEXT},
}


def described(required: Iterable[str] = (), optional: Iterable[str] = ()) -> Json:
    """The headers of an answer in a document: those that it always has, and those that it may have."""
    names = {**dict.fromkeys(required, True), **dict.fromkeys(optional, False)}
    return {
        name: {"description": HEADERS[name]["description"], "required": always, "schema": HEADERS[name]["schema"]}
        for name, always in names.items()
    }
