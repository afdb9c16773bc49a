"""[pure] Why intake refuses a call: one exception for each kind of problem of RFC 9457.

The first line of a docstring is the problem's title. `problem.py` renders them; nothing here ever holds a customer's
text, a credential or any other value that was sent.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ValidationError

# A field name comes from the caller where it is unknown to us: only what looks like one is repeated.
_FIELD_NAME = re.compile(r"[\w-]{1,64}")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `field` is a path such as `requester.role`, or the name of a header."""

    field: str
    message: str


class Refusal(Exception):
    """The call was refused."""

    status: ClassVar[int]
    kind: ClassVar[str]  # the last part of the problem's `type`, a stable word for machines

    def __init__(
        self,
        detail: str,
        errors: Iterable[FieldError] = (),
        *,
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        self.extra = dict(extra or {})  # extension members of the problem

    @property
    def title(self) -> str:
        """The kind of problem in one sentence, the same for every occurrence."""
        return (type(self).__doc__ or "").partition("\n")[0]


class MalformedJson(Refusal):
    """The body is not JSON."""

    status, kind = 400, "malformed_json"


class Unauthenticated(Refusal):
    """The call needs an API key."""

    status, kind = 401, "unauthenticated"

    def __init__(self, detail: str, error: str | None = None) -> None:
        challenge = 'Bearer realm="frontline"' + (f', error="{error}"' if error else "")
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class MissingScope(Refusal):
    """The API key does not have the scope that this needs."""

    status, kind = 403, "missing_scope"


class NotFound(Refusal):
    """There is nothing here."""

    status, kind = 404, "not_found"


class MethodNotAllowed(Refusal):
    """This address does not take this method."""

    status, kind = 405, "method_not_allowed"


class BodyTooSlow(Refusal):
    """The body did not arrive in time."""

    status, kind = 408, "body_too_slow"


class BodyTooLarge(Refusal):
    """The body is too large."""

    status, kind = 413, "body_too_large"


class UnsupportedMediaType(Refusal):
    """The body must be JSON."""

    status, kind = 415, "unsupported_media_type"


class InvalidFields(Refusal):
    """Some fields are wrong; nothing was accepted."""

    status, kind = 422, "invalid_fields"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        found = tuple(errors)
        super().__init__("1 field is wrong" if len(found) == 1 else f"{len(found)} fields are wrong", found)


class IdempotencyConflict(Refusal):
    """This Idempotency-Key was used before, with another body."""

    status, kind = 422, "idempotency_conflict"


class RateLimited(Refusal):
    """Too many calls with this API key."""

    status, kind = 429, "rate_limited"


class InternalError(Refusal):
    """Something went wrong on our side."""

    status, kind = 500, "internal_error"


class NotAcknowledged(Refusal):
    """The record was not acknowledged."""


class KafkaUnavailable(NotAcknowledged):
    """Kafka did not take the record; nothing was acknowledged."""

    status, kind = 503, "kafka_unavailable"


class TopicsChanged(NotAcknowledged):
    """Kafka's topics are not as they must be, so nobody would read the record; nothing was acknowledged."""

    status, kind = 503, "topics_changed"


class CatchingUp(Refusal):
    """The answer is not known yet: the topics are still being read."""

    status, kind = 503, "catching_up"


class TooManyStreams(Refusal):
    """Too many event streams are open."""

    status, kind = 503, "too_many_streams"


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """One entry for each wrong field, in our own words: what was sent is never repeated."""
    found: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False):
        found.setdefault(_path(item["loc"]), _message(item["type"], item.get("ctx", {})))
    return tuple(FieldError(field, message) for field, message in found.items())


def json_error(error: ValidationError) -> MalformedJson | None:
    """The refusal for a body that is not JSON at all, with the position where reading it failed; else None."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] != "json_invalid":
        return None
    return MalformedJson(f"the body is not JSON: {first['ctx']['error']}")


def _path(location: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in location if part != "[key]"]
    return ".".join(part if _FIELD_NAME.fullmatch(part) else "?" for part in parts) or "body"


_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "string_type": "must be a text",
    "string_unicode": "must be a text in UTF-8",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "datetime_type": "must be an RFC 3339 instant with a zone, such as 2026-11-23T10:00:00Z",
}


def _message(kind: str, context: dict[str, Any]) -> str:
    match kind:
        case "literal_error":
            return "must be one of " + str(context["expected"]).replace("'", "").replace(" or ", ", ")
        case "string_too_short":
            return "must not be empty"
        case "string_too_long":
            return f"must have at most {context['max_length']} characters"
        case "greater_than":
            return f"must be more than {context['gt']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "value_error":
            return str(context["error"])
        case _:
            return _MESSAGES.get(kind, f"is not valid ({kind})")
