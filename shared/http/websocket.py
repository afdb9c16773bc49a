"""One WebSocket within limits: uvicorn's protocol, with limits for what it waits for, keeps and logs.

- A message larger than `message_bytes` is refused by its header (1009), however many frames it comes in.
- What arrives is parsed a piece at a time, while the application has taken all messages before: a packet of tiny
  messages would otherwise become some 40 times as much memory.
- Nothing is read from a client that takes nothing, else pings could fill the memory with pongs; after `send_seconds`
  it is disconnected. A client that answers no ping is disconnected as well (1011).
- Nothing that a client sent is logged: uvicorn logs paths and the errors of the application, which may quote a message.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Any

import httptools
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from shared.http.config import ServerConfig
from shared.observability import logs
from shared.observability.health import Receive, Scope, Send

PIECE = 4 * 1024  # bytes that are parsed at a time
NORMAL, FAILED = 1000, 1011  # codes of RFC 6455, section 7.4.1

_log = logs.get_logger()
_SILENT = logging.getLogger("shared.http.websocket.silent")
_SILENT.setLevel(logging.CRITICAL + 1)


def handshake(url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Request:
    """The request of a handshake whose head was read. Raises ValueError for a path that is not ASCII."""
    parsed = httptools.parse_url(url)
    path = parsed.path + (b"?" + parsed.query if parsed.query else b"")
    return Request(
        path.decode("ascii"), Headers((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)
    )


class LimitedWebSocket(WebSocketsSansIOProtocol):
    """A connection that was upgraded. It has a regular place among the others of the server, and leaves it."""

    is_arriving = False  # its request has arrived

    def __init__(self, config: ServerConfig, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self._limits = config.limits
        self._others = config.connections
        self._application, self.app = self.app, self._run
        self.logger = _SILENT
        # The head has been read: a parser that begins OPEN reads frames; only the answer to the head is still missing.
        self.conn = ServerProtocol(max_size=self._limits.message_bytes, state=State.OPEN, logger=_SILENT)
        self.conn.state = State.CONNECTING
        self._unread = bytearray()  # what has arrived and waits for the application
        self._fragments = bytearray()  # of the message that is arriving, after its first frame
        self._is_over = False  # the server has closed it, not the application
        self._is_failed = False  # what still arrives is discarded
        self._is_ending = False
        self._stall_timer: asyncio.TimerHandle | None = None

    def give_way(self) -> None:
        """Nothing: it is not in the reserve."""

    # --- the connection

    def begin(self, transport: asyncio.Transport, request: Request, more: bytes, is_writable: bool) -> None:
        """Take over `transport` from HTTP. `more` came behind the head, before it was answered."""
        self.connection_made(transport)
        if not is_writable:
            self.pause_writing()
        self.handle_connect(request)
        if more:
            self.data_received(more)
        self._end_in_time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._others.leave(self)
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_failed or self.transport.is_closing():
            return
        self._unread += data
        self._parse()
        if self._unread:
            self.transport.pause_reading()
        self._end_in_time()

    def _parse(self) -> None:
        """Parse what has arrived, unless something has to happen before."""
        while self._unread and self._may_parse():
            piece = bytes(self._unread[:PIECE])
            del self._unread[:PIECE]
            self.conn.receive_data(piece)
            self.handle_events()  # of messages before one that is refused
            if self.conn.parser_exc is not None:
                self.handle_parser_exception()

    def _may_parse(self) -> bool:
        return self.handshake_complete and not self.read_paused and self.writable.is_set() and not self._is_failed

    def _read_on(self) -> None:
        self._parse()
        if not self.transport.is_closing() and not self._unread and not self.read_paused and self.writable.is_set():
            self.transport.resume_reading()
        self._end_in_time()

    def handle_cont(self, event: Frame) -> None:
        """Join the frames as they arrive: thousands of one byte each would take 40 times its memory."""
        self._fragments += event.data
        if event.fin:
            self.frames.append(bytes(self._fragments))
            self._fragments.clear()
            self.send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Say why, and read until the client closes: unread data would reset the connection, and the reason with it."""
        if self._is_failed or self.conn.close_sent is None:
            return
        self._is_over = self._is_failed = self.close_sent = True
        self.read_paused = False
        self._unread.clear()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": self.conn.close_sent.code})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        self.transport.resume_reading()
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    # --- time

    def keepalive_timeout(self) -> None:
        if self.read_paused or not self.writable.is_set():  # the answer to the ping may be in what is not read
            self.pong_timer = self.loop.call_later(self._limits.pong_seconds, self.keepalive_timeout)
            return
        self._is_over = True
        super().keepalive_timeout()
        self._end_in_time()

    def pause_writing(self) -> None:
        super().pause_writing()
        if not self.transport.is_closing():
            self.transport.pause_reading()
        self._await_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall_timer is not None and not self._is_ending:
            self._stall_timer.cancel()
        self._read_on()

    def _await_reader(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        self._stall_timer = self.loop.call_later(self._limits.send_seconds, self.transport.abort)

    def _end_in_time(self) -> None:
        """Disconnect a client that does not take the end: a transport that is closed waits for it for ever."""
        if not self._is_ending and (self.close_sent or self.transport.is_closing()):
            self._is_ending = True
            self._await_reader()

    def shutdown(self) -> None:
        """Close with 1012; the server ends."""
        if not self.transport.is_closing():
            self._is_over = True
            super().shutdown()
            self._end_in_time()

    # --- the application

    async def receive(self) -> Any:
        """ASGI."""
        message = await self.queue.get()
        if self.queue.empty() and self.handshake_complete:
            self.read_paused = False
            self._read_on()
        return message

    async def send(self, message: Any) -> None:
        """ASGI. Raises ClientDisconnected, an OSError, also where it was the server that closed the connection."""
        await self.writable.wait()
        if self._is_over:
            raise ClientDisconnected
        await super().send(message)
        if message["type"] != "websocket.send":  # what arrives is now read, or discarded
            self._read_on()

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._application(scope, receive, send)
        except ClientDisconnected:
            return
        except Exception as error:
            _log_failure(error)
            await self._finish(FAILED)
        else:
            await self._finish(NORMAL)

    async def _finish(self, code: int) -> None:
        """Close what the application has left open. Before its answer to the handshake, uvicorn answers 500."""
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            with contextlib.suppress(ClientDisconnected):
                await self.send({"type": "websocket.close", "code": code})


def _log_failure(error: Exception) -> None:
    """Log the place and the type of an error, without its message, which may quote what the client sent."""
    _log.error(
        "A WebSocket failed",
        action="websocket.failed",
        error=type(error).__name__,
        where=logs.where(error),
    )
