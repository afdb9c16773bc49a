"""A client of the chat for tests: it speaks the protocol of `WS /v1/chat`, and keeps what it was told."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

Data = dict[str, Any]
SOON = 15.0  # seconds that an answer may take on a busy machine


class ChatClient:
    """One connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: list[Data] = []
        self._read = 0  # how many of them `next` has passed

    async def send(self, **frame: Any) -> str:
        """Send a message; returns its id, a new one unless it has one. `id=None`: a message that has none."""
        frame = {"id": secrets.token_hex(8), **frame}
        sent = {name: value for name, value in frame.items() if value is not None}
        await self.socket.send(json.dumps(sent))
        return str(frame["id"])

    async def next(self, kind: str, **having: Any) -> Data:
        """The next message of this type that has these values; others before it are passed over."""
        async with asyncio.timeout(SOON):
            while True:
                while self._read < len(self.told):
                    self._read += 1
                    found = self.told[self._read - 1]
                    if found["type"] == kind and all(found.get(name) == value for name, value in having.items()):
                        return found
                self.told.append(json.loads(await self.socket.recv()))

    async def asked(self, kind: str, **frame: Any) -> Data:
        """Send a message, and wait for its answer of the type `kind`."""
        return await self.next(kind, to=await self.send(**frame))

    async def closed(self) -> int | None:
        """Wait until the server closes the connection; returns the close code."""
        await asyncio.wait_for(self.socket.wait_closed(), SOON)
        return self.socket.close_code


@asynccontextmanager
async def chatting(url: str, *, hello: Data | None = None, **headers: str) -> AsyncIterator[ChatClient]:
    """A connection to the chat of the intake at `url`, after its hello. `headers` are those of the handshake."""
    address = url.replace("http", "ws", 1) + "/v1/chat"
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with connect(address, additional_headers=names, compression=None, proxy=None, max_size=None) as socket:
        client = ChatClient(socket)
        await client.send(type="hello", id=None, **(hello or {}))
        yield client
