"""What the HTTP server itself refuses, before the application sees a request: problem details by RFC 9457."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from prometheus_client import Counter

from shared.http.limits import BODY_SECONDS, HEAD_BYTES, HEAD_FIELDS, HEAD_SECONDS, RETRY_AFTER_SECONDS
from shared.observability.health import HEALTH_PATHS, AsgiApp, Receive, Scope, Send

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:frontline:problem:"
REFUSED = Counter("frontline_http_refused_total", "Connections and requests that the HTTP limits refused", ["reason"])


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal; the connection is closed after each. `reason` is its label in the metrics."""

    status: int
    kind: str
    title: str
    detail: str
    reason: str
    retry_after: int | None = None

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of the answer."""
        found = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(self.body)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        return found if self.retry_after is None else [*found, (b"retry-after", str(self.retry_after).encode())]

    @property
    def body(self) -> bytes:
        """The problem as JSON."""
        problem: dict[str, Any] = {
            "type": TYPE_PREFIX + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "errors": [],
        }
        return msgspec.json.encode(problem)

    def answer(self, default_headers: list[tuple[bytes, bytes]]) -> bytes:
        """The whole answer as it goes over the connection."""
        status_line = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode()
        fields = b"".join(b"%b: %b\r\n" % field for field in (*default_headers, *self.headers))
        return status_line + fields + b"\r\n" + self.body


MALFORMED = Refusal(
    400,
    "malformed_request",
    "The request is not HTTP/1.1.",
    "the head or the framing of the body cannot be read",
    "malformed_request",
)
HEAD_TOO_SLOW = Refusal(
    408,
    "head_too_slow",
    "The head of the request did not arrive in time.",
    f"send the head within {HEAD_SECONDS:g} s of connecting",
    "head_too_slow",
)
BODY_TOO_SLOW = Refusal(
    408,
    "body_too_slow",
    "The body did not arrive in time.",
    f"send the body within {BODY_SECONDS:g} s",
    "body_too_slow",
)
HEAD_TOO_LARGE = Refusal(
    431,
    "head_too_large",
    "The head of the request is too large.",
    f"a head may have {HEAD_BYTES // 1024} KiB and {HEAD_FIELDS} fields",
    "head_too_large",
)
TOO_MANY_PIPELINED = Refusal(
    429,
    "too_many_pipelined",
    "Too many requests wait on one connection.",
    "wait for the answers to those that were sent",
    "too_many_pipelined",
)
TOO_MANY_CONNECTIONS = Refusal(
    503,
    "too_many_connections",
    "Too many connections are open.",
    "the server has all the connections that it takes; try again later",
    "connections",
    retry_after=RETRY_AFTER_SECONDS,
)
CLIENT_SHARE = Refusal(
    503,
    "too_many_connections",
    "Too many connections are open.",
    "this address has its share of the connections; close some, or reuse them",
    "client_share",
    retry_after=RETRY_AFTER_SECONDS,
)


def health_only(app: AsgiApp, refusal: Refusal, count: Callable[[Refusal], None]) -> AsgiApp:
    """`app` for health and metrics; `refusal` for everything else, counted, once its body has arrived.

    A server that closes a connection with unread data on it may reset it, and the client never sees the answer.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in HEALTH_PATHS:
            await app(scope, receive, send)
            return
        while (await receive()).get("more_body"):
            pass
        count(refusal)
        await send({"type": "http.response.start", "status": refusal.status, "headers": refusal.headers})
        await send({"type": "http.response.body", "body": refusal.body})

    return answer
