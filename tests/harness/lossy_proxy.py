"""A proxy in front of intake that loses answers, as networks do. It forwards all else as it is."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple

Fate = Literal["lost", "cut"]  # of an answer: none of it arrives, or half of it
_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)


class Seen(NamedTuple):
    """One call that reached intake: when it came, by the loop's clock, and the status of the answer."""

    at: float
    status: int


class LossyProxy:
    """Loses the answers to the first calls that intake accepts, each by its fate."""

    def __init__(self, url: str, fates: tuple[Fate, ...] = ()) -> None:
        host, _, port = url.removeprefix("http://").rpartition(":")
        self._upstream = host, int(port)
        self._fates = [*fates]
        self.url = ""
        self.seen: list[Seen] = []

    @property
    def statuses(self) -> list[int]:
        """The statuses of all answers of intake, in order."""
        return [each.status for each in self.seen]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                call = await _message(reader)
                at = asyncio.get_running_loop().time()
                answer = await self._forward(call)
                status = int(answer.split(b" ", 2)[1])
                self.seen.append(Seen(at, status))
                fate = self._fates.pop(0) if status < 300 and self._fates else None
                if fate != "lost":
                    writer.write(answer[: len(answer) // 2] if fate == "cut" else answer)
                    await writer.drain()
                if fate is not None:
                    break
        writer.close()

    async def _forward(self, call: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._upstream)
        try:
            writer.write(call)
            await writer.drain()
            return await _message(reader)
        finally:
            writer.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """A request or an answer, whole; its body has a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


@asynccontextmanager
async def lossy_proxy(url: str, fates: tuple[Fate, ...] = ()) -> AsyncIterator[LossyProxy]:
    """A proxy in front of the intake at `url`."""
    proxy = LossyProxy(url, fates)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
