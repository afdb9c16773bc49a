"""HTTP byte by byte over a TCP connection: what no well-behaved client would send, and when the server hangs up."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

PROBLEM = "urn:frontline:problem:"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, taken apart."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> str:
        """The last part of the problem's type."""
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = json.loads(self.body)
        assert document["status"] == self.status
        return str(document["type"]).removeprefix(PROBLEM)


@dataclass(frozen=True)
class RawConnection:
    """One TCP connection to a server under test."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Send `data`; a server that has hung up already does not mind, and `until_closed` shows what it answered."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def until_closed(self, within: float) -> bytes:
        """Everything that the server sends until it closes the connection. Fails if it does not within `within` s."""
        received = bytearray()
        try:
            async with asyncio.timeout(within):
                with contextlib.suppress(ConnectionError):
                    while data := await self.reader.read(65_536):
                        received += data
        except TimeoutError:
            raise AssertionError(f"the server did not close the connection within {within:g} s") from None
        return bytes(received)

    async def answer(self, within: float = 5.0) -> Answer:
        """The next answer; the connection stays open. It must have a Content-Length."""
        async with asyncio.timeout(within):
            head = await self.reader.readuntil(b"\r\n\r\n")
            parsed = parse(head)
            body = await self.reader.readexactly(int(parsed.headers.get("content-length", "0")))
        return Answer(parsed.status, parsed.headers, body)

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


def parse(received: bytes) -> Answer:
    """The first answer in what was received up to the end of the connection."""
    head, _, body = received.partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
    return Answer(int(status.split(" ")[1]), headers, body)


@asynccontextmanager
async def raw_connection(url: str) -> AsyncIterator[RawConnection]:
    """A connection to the server at `url`, closed at the end of the block."""
    async with raw_connections(url, 1) as (connection,):
        yield connection


@asynccontextmanager
async def raw_connections(url: str, count: int) -> AsyncIterator[list[RawConnection]]:
    """`count` connections to the server at `url`, opened one after the other."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    found: list[RawConnection] = []
    try:
        while len(found) < count:
            found.append(RawConnection(*await asyncio.open_connection(host, int(port))))
        yield found
    finally:
        await asyncio.gather(*(connection.close() for connection in found))
