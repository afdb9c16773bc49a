"""A TCP proxy for one link between a client and a broker: it can be cut, slow, half-open or deaf in one direction."""

import asyncio
import contextlib
from typing import Literal, Self

Mode = Literal["pass", "cut", "slow", "half_open", "deaf_to_requests", "deaf_to_answers"]
Direction = Literal["requests", "answers"]

SLOW_SECONDS = 0.15  # added to each piece of data
_CHUNK = 64 * 1024


class TcpProxy:
    """Listens at 127.0.0.1 and forwards each connection to the port `target` of `host`.

    - `cut`: connections are closed, and new ones are closed at once.
    - `slow`: each piece of data is late.
    - `half_open`: the broker's end is closed, and the client is not informed; new connections get no answer.
    - `deaf_to_requests`, `deaf_to_answers`: data in that direction waits, and arrives late, when the fault ends.
    """

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        self.target = target
        self.host = host
        self.port = 0
        self.mode: Mode = "pass"
        self.connections = 0  # accepted so far
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()

    async def start(self) -> Self:
        """Listen at a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        """Stop listening, and close every connection."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.close()
        await asyncio.gather(*(link.done.wait() for link in list(self._links)))

    def set(self, mode: Mode) -> None:
        """Change the mode of all connections, present and future."""
        before, self.mode = self.mode, mode
        self._changed.set()
        self._changed = asyncio.Event()
        for link in list(self._links):
            if mode == "cut" or before == "half_open":
                link.close()  # what was swallowed is lost, so the client has to connect again
            elif mode == "half_open":
                link.close_broker_end()

    def is_half_open(self) -> bool:
        """Whether clients wait at a connection that the broker's side no longer has."""
        return self.mode == "half_open"

    async def may_pass(self, direction: Direction) -> None:
        """Wait as long as the mode holds data of this direction back."""
        while self.mode in ("half_open", f"deaf_to_{direction}"):
            await self._changed.wait()
        if self.mode == "slow":
            await asyncio.sleep(SLOW_SECONDS)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        link = _Link(self, reader, writer)
        self._links.add(link)
        try:
            if self.mode != "cut":
                await link.run()
        finally:
            self._links.discard(link)
            link.close()
            link.done.set()


class _Link:
    """One connection of a client, and the connection to the broker that it stands for."""

    def __init__(self, proxy: TcpProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._reader, self._writer = reader, writer
        self._broker: asyncio.StreamWriter | None = None
        self._closed = asyncio.Event()
        self.done = asyncio.Event()

    async def run(self) -> None:
        """Forward in both directions until one side ends."""
        if self._proxy.is_half_open():
            await self._closed.wait()
            return
        try:
            reader, self._broker = await asyncio.open_connection(self._proxy.host, self._proxy.target)
        except OSError:
            return
        pumps = {
            asyncio.create_task(self._pump(self._reader, self._broker, "requests")),
            asyncio.create_task(self._pump(reader, self._writer, "answers")),
            asyncio.create_task(self._closed.wait()),
        }
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if self._proxy.is_half_open():
                await self._closed.wait()
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, direction: Direction) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_CHUNK):
                await self._proxy.may_pass(direction)
                sink.write(data)
                await sink.drain()

    def close_broker_end(self) -> None:
        """The broker sees the connection end."""
        if self._broker is not None:
            self._broker.transport.abort()

    def close(self) -> None:
        """Both sides see the connection end."""
        self._closed.set()
        self.close_broker_end()
        self._writer.transport.abort()
