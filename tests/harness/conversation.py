"""A customer in the chat who loses nothing, for loads: connects again, goes on after the last message, sends again.

As docs/chat.md asks of clients. Instants are seconds of the loop's clock.
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

Data = dict[str, Any]
_AWAY_SECONDS = 0.25  # until a server that is away is tried again, and as much again at most


class Conversation:
    """One customer. `run` it in a task; everything else is called beside it."""

    def __init__(self, url: str, token: str, seed: int) -> None:
        self._address = url.replace("http", "ws", 1) + "/v1/chat"
        self._hello: Data = {"type": "hello", "token": token, "language": "en"}
        self._random = Random(seed)
        self._socket: ClientConnection | None = None
        self._pending: dict[str, Data] = {}
        self._answers: dict[str, asyncio.Future[Data]] = {}
        self._wanted: list[tuple[Callable[[Data], bool], asyncio.Future[Data]]] = []
        self.welcomed = asyncio.Event()
        self.request_id: str | None = None
        self.said: list[Data] = []  # the messages of the case, each once
        self.doubled = 0  # messages that came although the client has them
        self.connections = 0

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            with suppress(OSError, WebSocketException, TimeoutError, EOFError):
                async with connect(self._address, compression=None, proxy=None) as socket:
                    self.connections += 1
                    await socket.send(json.dumps(self._hello))
                    async for text in socket:
                        await self._take(socket, json.loads(text))
            self._socket = None
            await asyncio.sleep(_AWAY_SECONDS * (1 + self._random.random()))

    async def asked(self, **frame: Any) -> Data:
        """Send a message until it is answered; returns the answer."""
        sent = {"id": secrets.token_hex(16), **frame}
        self._pending[sent["id"]] = sent
        answer: asyncio.Future[Data] = asyncio.get_running_loop().create_future()
        self._answers[sent["id"]] = answer
        if self._socket is not None:
            with suppress(WebSocketException):
                await self._socket.send(json.dumps(sent))
        done: Data = await answer
        return done

    def told(self, fits: Callable[[Data], bool]) -> asyncio.Future[Data]:
        """The next news of the case for which `fits` holds."""
        future = asyncio.get_running_loop().create_future()
        self._wanted.append((fits, future))
        return future

    async def _take(self, socket: ClientConnection, frame: Data) -> None:
        match frame["type"]:
            case "welcome":
                await self._go_on(socket)
            case "refused" if frame["retry_after"] is not None:
                await self._later(socket, frame)
            case "said":
                self._heard(frame["message"])
            case "answer" | "accepted" | "delivered" | "refused":
                self._answered(frame)
        for fits, future in [each for each in self._wanted if each[0](frame)]:
            self._wanted.remove((fits, future))
            future.set_result(frame)

    def _answered(self, frame: Data) -> None:
        self.request_id = frame.get("request_id", self.request_id)
        if self._pending.pop(frame["to"] or "", None) is not None:
            self._answers.pop(frame["to"]).set_result(frame)

    async def _go_on(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.welcomed.set()
        if self.request_id is not None:
            follow: Data = {"type": "follow", "request_id": self.request_id, "pending": list(self._pending)}
            await socket.send(json.dumps(follow | ({"seen": self.said[-1]["id"]} if self.said else {})))
        for sent in list(self._pending.values()):
            await socket.send(json.dumps(sent))

    async def _later(self, socket: ClientConnection, frame: Data) -> None:
        """Send a message again once it may be; connect again where it was following that was refused."""
        sent = self._pending.get(frame["to"] or "")

        async def again() -> None:
            await asyncio.sleep(frame["retry_after"] * (1 + self._random.random() / 2))
            with suppress(WebSocketException):
                await (socket.close() if sent is None else socket.send(json.dumps(sent)))

        self._retrying = asyncio.create_task(again())

    def _heard(self, message: Data) -> None:
        if any(known["id"] == message["id"] for known in self.said):
            self.doubled += 1
        else:
            self.said.append(message)
