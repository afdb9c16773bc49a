"""A real web server on the loopback for tests of its limits, with an application that answers, streams and reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.http.limits import HttpLimits
from shared.http.server import WebServer, listen
from shared.observability.health import AsgiApp, Readiness, Receive, Scope, Send, ops_routes
from tests.harness.processes import eventually

LIMITS = HttpLimits(
    connections=8,
    per_client=8,
    reserve=2,
    head_seconds=0.4,
    body_seconds=0.4,
    send_seconds=0.4,
    keep_alive_seconds=2,
)


@dataclass
class Serving:
    """A running server and what its application waits for."""

    url: str = ""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)  # lets /stream and /wait end

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: /echo reads the body, /early does not, /wait answers later, /stream streams, /large is 64 MiB."""
        health: dict[str, AsgiApp] = dict(ops_routes(Readiness()))
        match scope["path"]:
            case path if path in health:
                await health[path](scope, receive, send)
            case "/echo":
                body = b""
                while (message := await receive())["type"] == "http.request":
                    body += message["body"]
                    if not message["more_body"]:
                        await _answer(send, body)
                        return
            case "/wait":
                await self.go_on.wait()
                await _answer(send, b"waited")
            case "/stream":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"first", "more_body": True})
                await self.go_on.wait()
                await send({"type": "http.response.body", "body": b"last"})
            case "/large":
                await _answer(send, bytes(64 * 1024 * 1024))
            case _:
                await _answer(send, b"early")


async def _answer(send: Send, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def listening(server: WebServer) -> AsyncIterator[tuple[str, asyncio.Task[None]]]:
    """Its address and its task, once it listens; it has ended when the block is left."""
    with listen("127.0.0.1", 0) as listener:
        running = asyncio.create_task(server.serve([listener]))
        await eventually(lambda: server.started, 10, "the server listens")
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", running
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def serving(limits: HttpLimits = LIMITS) -> AsyncIterator[Serving]:
    """A server with these limits; it has ended when the block is left."""
    found = Serving()
    async with listening(WebServer(found.app, limits, grace_seconds=1)) as (found.url, _):
        try:
            yield found
        finally:
            found.go_on.set()
