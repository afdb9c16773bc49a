"""[pure] Why a service refuses a call: one exception for each kind of problem of RFC 9457.

A refusal and each of its wrong fields have a code and facts. `problem.py` makes the sentences in the caller's language.
The code of the title is `problem.<kind>`. No refusal holds a customer's text, a credential or any other value of the
call. What only one service refuses is in that service.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import ValidationError

from shared.messages.field_reasons import reason_of

# The caller chooses the name of an unknown field, so a problem repeats only what looks like a name.
_FIELD_NAME = re.compile(r"[\w-]{1,64}")
_POSITION = re.compile(r"line (\d+) column (\d+)")


class FieldError(NamedTuple):
    """What is wrong with one field. `field` is a path such as `requester.role`, or the name of a header."""

    field: str
    code: str
    facts: Mapping[str, Any] = MappingProxyType({})


class Refusal(Exception):
    """The call is refused. `code` and `facts` have the reason, `advice` further codes that the detail shows."""

    # Of the class, unless it passes on the refusal of another service.
    status: int
    kind: str  # the last part of the problem's `type`, a stable word for machines

    def __init__(
        self,
        code: str,
        errors: Iterable[FieldError] = (),
        *,
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.advice: list[str] = []
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        self.extra = dict(extra or {})  # extension members of the problem


class MalformedJson(Refusal):
    """The body is not JSON."""

    status, kind = 400, "malformed_json"


class Unauthenticated(Refusal):
    """The call needs an API key or a signed token."""

    status, kind = 401, "unauthenticated"

    def __init__(self, code: str, error: str | None = None, **facts: Any) -> None:
        challenge = 'Bearer realm="frontline"' + (f', error="{error}"' if error else "")
        super().__init__(code, headers={"WWW-Authenticate": challenge}, **facts)


class MissingScope(Refusal):
    """The caller does not have the scope that this call needs."""

    status, kind = 403, "missing_scope"


class NotSignedIn(Refusal):
    """A page that is for signed-in people alone."""

    status, kind = 403, "not_signed_in"


class AnotherPerson(Refusal):
    """A form that was shown to somebody else: a sign-in has ended meanwhile, or another has begun."""

    status, kind = 409, "another_person"


class NotFromHere(Refusal):
    """A form that no page of this service sent."""

    status, kind = 403, "not_from_here"


class WrongHost(Refusal):
    """The call has no Host header, more than one, or one that names no host (RFC 9112, section 3.2)."""

    status, kind = 400, "wrong_host"


class UnknownHost(Refusal):
    """The call is for another host: the service does not answer for that name."""

    status, kind = 421, "unknown_host"


class NotFound(Refusal):
    """The resource does not exist."""

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
    """Some fields are wrong. Nothing was accepted."""

    status, kind = 422, "invalid_fields"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        found = tuple(errors)
        super().__init__("refusal.fields", found, count=len(found))


class RateLimited(Refusal):
    """Too many calls of this caller."""

    status, kind = 429, "rate_limited"


class TooManyUnauthenticated(Refusal):
    """Too many calls of this address without a known API key or a valid token."""

    status, kind = 429, "too_many_unauthenticated"


class InternalError(Refusal):
    """The call met a defect of the service."""

    status, kind = 500, "internal_error"


class CatchingUp(Refusal):
    """The answer is not known yet, because the service is still reading the topics."""

    status, kind = 503, "catching_up"


class TooManyStreams(Refusal):
    """Too many event streams are open."""

    status, kind = 503, "too_many_streams"


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """One entry for each wrong field, with codes of ours: an entry never repeats the value."""
    found: dict[str, FieldError] = {}
    for item in error.errors(include_url=False, include_input=False):
        place = field_path(item["loc"])
        found.setdefault(place, FieldError(place, *reason_of(item["type"], item.get("ctx", {}))))
    return tuple(found.values())


def merged(errors: Iterable[FieldError], words: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """One entry for each wrong field. What is said about its word is more precise than what is said of its form."""
    found = {error.field: error for error in errors}
    return tuple((found | {error.field: error for error in words}).values())


def json_error(error: ValidationError) -> MalformedJson | None:
    """The refusal of a body that is not JSON, with the position where parsing failed; None for other errors."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] != "json_invalid":
        return None
    place = _POSITION.search(first["ctx"]["error"])
    line, column = place.groups() if place else ("1", "0")
    return MalformedJson("refusal.not_json", line=line, column=column)


def field_path(location: tuple[int | str, ...]) -> str:
    """The path of a field. A name that does not look like one is not repeated."""
    parts = [str(part) for part in location if part != "[key]"]
    return ".".join(part if _FIELD_NAME.fullmatch(part) else "?" for part in parts) or "body"
