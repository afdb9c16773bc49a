"""A real web server on the loopback for tests of WebSockets: an application that echoes, waits, floods and fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from prometheus_client import REGISTRY
from websockets.asyncio.client import ClientConnection, connect

from shared.http.limits import HttpLimits
from shared.http.server import WebServer
from shared.observability.health import Receive, Scope, Send, not_found
from tests.unit.http.serving import LIMITS, listening

PATIENT = replace(LIMITS, head_seconds=60, body_seconds=60, send_seconds=60)
KEY = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
HANDSHAKE = b"GET %b HTTP/1.1\r\nHost: x\r\n" + UPGRADE + KEY + b"\r\n"
_PLACES = ("regular", "reserve")
_MASK = b"\x01\x02\x03\x04"


def _open(place: str) -> float:
    return REGISTRY.get_sample_value("frontline_http_connections", {"place": place}) or 0.0


@dataclass
class Talking:
    """A running server, what its application waits for, and what it has been given."""

    url: str = ""
    server: WebServer = field(init=False)
    running: asyncio.Task[None] = field(init=False)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)  # lets /wait and /later go on
    scopes: list[Scope] = field(default_factory=list)
    received: list[Any] = field(default_factory=list)  # the messages of ASGI
    sent: int = 0  # messages of /flood that the server took
    _open_before: dict[str, float] = field(default_factory=lambda: {each: _open(each) for each in _PLACES})

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: what each path does is its name; every HTTP path is 404."""
        if scope["type"] != "websocket":
            await not_found(scope, receive, send)
            return
        self.scopes.append(scope)
        assert (await receive())["type"] == "websocket.connect"
        match scope["path"]:
            case "/refuse":
                await send({"type": "websocket.close"})
                return
            case "/fail-first":
                raise ValueError(scope["query_string"].decode())
            case "/later":
                await self.go_on.wait()
        await send({"type": "websocket.accept"})
        match scope["path"]:
            case "/fail":
                raise ValueError((await self._next(receive))["text"])
            case "/close":
                await send({"type": "websocket.close", "code": 4001})
                await self._next(receive)
            case "/wait":
                await self.go_on.wait()
            case "/flood":
                while True:
                    await send({"type": "websocket.send", "bytes": bytes(64 * 1024)})
                    self.sent += 1
            case "/leave":
                return
        while (message := await self._next(receive))["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})

    async def _next(self, receive: Receive) -> Any:
        self.received.append(await receive())
        return self.received[-1]

    def places(self, place: str = "regular") -> float:
        """How many connections it has open; other tests may have left some in the metric."""
        return _open(place) - self._open_before[place]

    def end(self) -> None:
        """Ask it to end, as a signal does."""
        self.server.should_exit = True

    @property
    def ends(self) -> list[int]:
        """The codes with which the application has seen connections end."""
        return [message["code"] for message in self.received if message["type"] == "websocket.disconnect"]

    def connect(self, path: str = "/echo", **options: Any) -> connect:
        """A client, which is connected within the block."""
        return connect(f"{self.url.replace('http', 'ws')}{path}", proxy=None, ping_interval=None, **options)


async def code_of_the_end(client: ClientConnection, within: float = 5.0) -> int | None:
    """The code with which the server closes the connection; 1006 = without one."""
    async with asyncio.timeout(within):
        await client.wait_closed()
    return client.close_code


def frame(opcode: int, data: bytes = b"", *, fin: bool = True) -> bytes:
    """A frame of a client by RFC 6455, section 5.2."""
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    masked = bytes(byte ^ _MASK[index % 4] for index, byte in enumerate(data))
    return bytes([(0x80 if fin else 0) | opcode]) + size + _MASK + masked


@asynccontextmanager
async def talking(
    limits: HttpLimits = PATIENT, *, websockets: bool = True, grace_seconds: int = 1
) -> AsyncIterator[Talking]:
    """A server with these limits; it has ended when the block is left."""
    found = Talking()
    found.server = server = WebServer(found.app, limits, grace_seconds, websockets=websockets)
    async with listening(server) as (found.url, found.running):
        try:
            yield found
        finally:
            found.go_on.set()
