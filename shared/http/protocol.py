"""One HTTP/1.1 connection within limits: uvicorn's protocol, with time and size limits for what arrives.

uvicorn waits for ever for a request's head and keeps whatever arrives of it. Here a timer runs while the server waits
for the client: from the connection or the first byte to the end of the head, then to the end of the body. It does not
run while the client waits for the server, so an answer may take as long as it needs; an event stream lives for days.
"""

import asyncio
from enum import Enum, auto
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from shared.http.config import ServerConfig
from shared.http.connections import client_of
from shared.http.refusals import (
    BODY_TOO_SLOW,
    HEAD_TOO_LARGE,
    HEAD_TOO_SLOW,
    MALFORMED,
    TOO_MANY_PIPELINED,
    Refusal,
    health_only,
    language_of,
)
from shared.http.websocket import LimitedWebSocket, handshake
from shared.messages.catalogues import FALLBACK

_FRAMING = (b"content-length", b"transfer-encoding")  # the fields that say how long a body is


class _Part(Enum):
    HEAD = auto()
    BODY = auto()


class _Refused(Exception):
    """Leaves the parser, which stops at an exception."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection. `config` carries the limits and the other connections of the server."""

    def __init__(
        self,
        config: ServerConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._config = config
        self._limits = config.limits
        self._others = config.connections
        self._client = ""
        self._no_place: Refusal | None = None  # why this connection has no regular place
        self._arriving: _Part | None = _Part.HEAD  # None: the request has arrived, the server is to answer
        self._timed: _Part | None = None  # the part that the timer runs for
        self._arrival_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._head_size = 0  # of the fields that were parsed
        self._unparsed = 0  # bytes since the parser last had something to show for them: the start of a field
        self._parsed_something = False
        self._refusal: Refusal | None = None
        self._is_handshake = False  # the request that was read last begins a WebSocket
        self._has_unseen_body = False  # it has a body, which the parser takes for another protocol
        self._is_repeating = False  # the parser reads a head that was read before

    @property
    def is_arriving(self) -> bool:
        """Whether the server still waits for the request, or for the rest of it."""
        return self._arriving is not None

    def give_way(self) -> None:
        """Close: another connection gets this one's place in the reserve."""
        if self._no_place is not None:
            self._refuse(self._no_place)

    # --- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._time_arrival()
        self._client = client_of(self.client[0] if self.client else None)
        self._no_place = self._others.admit(self, self._client)
        if self._no_place is None:
            return
        self.app = health_only(self.app, self._no_place, self._limits, self._count)
        if not self._others.reserve(self):
            self._refuse(self._no_place)

    def connection_lost(self, exc: Exception | None) -> None:
        self._others.leave(self)
        self._stop_timer()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._parsed_something = False
        if self._arriving is None:
            self._await_head()
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self._refuse(self._refusal or MALFORMED)
            return
        if self.transport.get_protocol() is not self:
            return
        if not self._parsed_something:
            self._unparsed += len(data)
            if self._unparsed > self._limits.head_bytes:
                self._refuse(HEAD_TOO_LARGE)
                return
        self._time_arrival()

    def _parse(self, data: bytes) -> None:
        """Raises HttpParserError."""
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
            if self._is_handshake:
                self._upgrade(data)
                return
            if self._has_unseen_body:  # any other upgrade is ignored, and its request answered
                self._expect_body()

    def _expect_body(self) -> None:
        """Go on with a parser that has read the same head, but without its upgrade. Raises HttpParserError.

        Java's HTTP client asks for h2c with its first POST.
        """
        self._has_unseen_body = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        fields = (b"%b: %b\r\n" % field for field in self.headers if field[0] in _FRAMING)
        self._is_repeating = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(fields) + b"\r\n")
        self._is_repeating = False

    def _upgrade(self, more: bytes) -> None:
        """Hand the connection and its place over to a WebSocket."""
        try:
            request = handshake(self.url, self.headers)
        except ValueError:
            raise httptools.HttpParserError from None
        if self.transport.is_closing():
            return
        self._stop_timer()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        websocket = LimitedWebSocket(self._config, self.server_state, self.app_state)
        self.connections.discard(self)
        self._others.hand_over(self, websocket)
        self.transport.set_protocol(websocket)
        websocket.begin(self.transport, request, more, not self.flow.write_paused)
        self.parser = None  # type: ignore[assignment]  # as uvicorn does at the end: the two refer to each other

    # --- what the parser finds

    def on_message_begin(self) -> None:
        if self._is_repeating:
            return
        super().on_message_begin()
        self._head_size = 0
        if self._arriving is not _Part.HEAD:
            self._await_head()

    def on_url(self, url: bytes) -> None:
        if self._is_repeating:
            return
        super().on_url(url)
        self._measure(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_repeating:
            return
        super().on_header(name, value)
        self._measure(len(name) + len(value) + 4)  # ": " and the line's end

    def on_headers_complete(self) -> None:
        if self._is_repeating:
            return
        if len(self.pipeline) >= self._limits.pipelined:
            self._stop_parsing(TOO_MANY_PIPELINED)
        has_body = any(name in _FRAMING and value != b"0" for name, value in self.headers)
        self._is_handshake = not has_body and self._begins_websocket()
        self._has_unseen_body = has_body and self.parser.should_upgrade()
        super().on_headers_complete()
        self._arriving = _Part.BODY
        self._progress()
        if self._no_place is not None:
            self.cycle.keep_alive = False

    def _begins_websocket(self) -> bool:
        """Whether the server upgrades. Not before it has answered all else, and not where only health is answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return (
            (cycle is None or cycle.response_complete)
            and self._no_place is None
            and self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and super()._should_upgrade()
        )

    def _should_upgrade(self) -> bool:
        return self._is_handshake

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._progress()

    def on_message_complete(self) -> None:
        if self._has_unseen_body:
            return
        super().on_message_complete()
        self._arriving = None
        self._progress()

    def _measure(self, size: int) -> None:
        self._head_size += size
        if self._head_size > self._limits.head_bytes or len(self.headers) > self._limits.head_fields:
            self._stop_parsing(HEAD_TOO_LARGE)

    def _stop_parsing(self, refusal: Refusal) -> None:
        self._refusal = refusal
        raise _Refused

    def _progress(self) -> None:
        self._parsed_something = True
        self._unparsed = 0

    # --- time

    def _await_head(self) -> None:
        self._stop_timer()
        self._arriving, self._unparsed = _Part.HEAD, 0

    def _time_arrival(self) -> None:
        """Let the timer run for the part that is arriving; it runs on where it runs for that one already."""
        if self._timed is self._arriving:
            return
        self._stop_timer()
        self._timed = self._arriving
        if self._arriving is not None:
            seconds = self._limits.head_seconds if self._arriving is _Part.HEAD else self._limits.body_seconds
            self._arrival_timer = self.loop.call_later(seconds, self._too_slow)

    def _stop_timer(self) -> None:
        self._timed = None
        if self._arrival_timer is not None:
            self._arrival_timer.cancel()
            self._arrival_timer = None

    def _restart_timer(self) -> None:
        self._stop_timer()
        self._time_arrival()

    def _too_slow(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if self.flow.read_paused or (self._arriving is _Part.HEAD and answering):
            self._restart_timer()  # the client waits for the server
            return
        self._refuse(HEAD_TOO_SLOW if self._arriving is _Part.HEAD else BODY_TOO_SLOW)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._await_reader()
        elif self._arriving is _Part.HEAD:  # of the next request, whose time begins now that it is waited for
            self._restart_timer()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall_timer is not None and not self.transport.is_closing():
            self._stall_timer.cancel()

    def _await_reader(self) -> None:
        """Disconnect a client that takes nothing of its answer: the data would keep the connection open for ever."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        self._stall_timer = self.loop.call_later(self._limits.send_seconds, self.transport.abort)

    # --- refusing

    def _refuse(self, refusal: Refusal) -> None:
        """Answer `refusal` where the client can take it for the answer to its request, and close."""
        if self.transport.is_closing():
            return
        self._count(refusal)
        if self._can_answer():
            self.transport.write(refusal.answer(self.server_state.default_headers, self._language(), self._limits))
        self._close()

    def _count(self, refusal: Refusal) -> None:
        self._others.count(refusal, self._client, self.loop.time())

    def _language(self) -> str:
        """That of the request whose body arrives. While a head arrives there is none: its last field may be cut."""
        return language_of(self.headers) if self._arriving is _Part.BODY else FALLBACK

    def _can_answer(self) -> bool:
        """Not in the middle of another answer, and not after the answer to the same request."""
        cycle: RequestResponseCycle | None = self.cycle  # of the request that was read last
        if cycle is None:
            return True
        if self._arriving is _Part.BODY:
            return not self.pipeline and not cycle.response_started
        return cycle.response_complete

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
            self._await_reader()
