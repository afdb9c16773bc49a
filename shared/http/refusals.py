"""What the HTTP server itself refuses, before the application sees a request: problem details by RFC 9457.

The sentences are in the language of the request whose head was read, and in English where none could be read.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from http import HTTPStatus

import msgspec
from prometheus_client import Counter

from shared.http.limits import RETRY_AFTER_SECONDS, HttpLimits
from shared.messages.catalogues import accepted, messages_in
from shared.observability.health import HEALTH_PATHS, AsgiApp, Receive, Scope, Send

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:frontline:problem:"
REFUSED = Counter("frontline_http_refused_total", "Connections and requests that the HTTP limits refused", ["reason"])


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal; the server closes the connection after each.

    `kind` is the last part of the problem's `type` and names its title, `problem.<kind>`. `code` names the sentence of
    its detail, whose facts are the fields of HttpLimits. `reason` is its label in the metrics.
    """

    status: int
    kind: str
    code: str
    reason: str
    retry_after: int | None = None

    def headers_and_body(self, language: str, limits: HttpLimits) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """The headers and the body of the answer, its sentences in `language`."""
        messages = messages_in(language)
        body = msgspec.json.encode(
            {
                "type": TYPE_PREFIX + self.kind,
                "title": messages(f"problem.{self.kind}"),
                "status": self.status,
                "detail": messages(self.code, **asdict(limits)),
                "errors": [],
            }
        )
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-language", messages.language.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        if self.retry_after is not None:
            headers.append((b"retry-after", str(self.retry_after).encode()))
        return headers, body

    def answer(self, default_headers: Iterable[tuple[bytes, bytes]], language: str, limits: HttpLimits) -> bytes:
        """The whole answer as bytes on the connection."""
        headers, body = self.headers_and_body(language, limits)
        status_line = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode()
        fields = b"".join(b"%b: %b\r\n" % field for field in (*default_headers, *headers))
        return status_line + fields + b"\r\n" + body


MALFORMED = Refusal(400, "malformed_request", "refusal.malformed_request", "malformed_request")
HEAD_TOO_SLOW = Refusal(408, "head_too_slow", "refusal.head_too_slow", "head_too_slow")
BODY_TOO_SLOW = Refusal(408, "body_too_slow", "refusal.body_too_slow_for_server", "body_too_slow")
HEAD_TOO_LARGE = Refusal(431, "head_too_large", "refusal.head_too_large", "head_too_large")
TOO_MANY_PIPELINED = Refusal(429, "too_many_pipelined", "refusal.too_many_pipelined", "too_many_pipelined")
TOO_MANY_CONNECTIONS = Refusal(
    503, "too_many_connections", "refusal.connections", "connections", retry_after=RETRY_AFTER_SECONDS
)
CLIENT_SHARE = Refusal(
    503, "too_many_connections", "refusal.client_share", "client_share", retry_after=RETRY_AFTER_SECONDS
)


def language_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The best language for the Accept-Language fields of a head; their names are in lower case, as in ASGI."""
    return accepted(", ".join(value.decode("latin-1") for name, value in headers if name == b"accept-language"))


def health_only(app: AsgiApp, refusal: Refusal, limits: HttpLimits, count: Callable[[Refusal], None]) -> AsgiApp:
    """`app` for health and metrics; `refusal` for everything else, counted, once its body has arrived.

    A server that closes a connection with unread data may reset it, and then the client never sees the answer.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in HEALTH_PATHS:
            await app(scope, receive, send)
            return
        while (await receive()).get("more_body"):
            pass
        count(refusal)
        headers, body = refusal.headers_and_body(language_of(scope["headers"]), limits)
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer
