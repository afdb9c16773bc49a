"""A service that reads nothing and decides nothing: its own ASGI application and its own coroutine, as a board has.

`BOARD` in its environment says how it behaves; `BOARD_FLUSH` which of HTTP and the work ends first.
"""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from pydantic import Field

from shared import process
from shared.http.limits import HttpLimits, http_limits
from shared.http.service_settings import ServiceSettings
from shared.kafka.faults import InstanceReplaced
from shared.kafka.settings import BadSettings
from shared.observability.health import Readiness, Receive, Scope, Send
from shared.policy.files import load_edition


class BoardSettings(ServiceSettings):
    """A setting of its own beside those of a process."""

    cards: int = Field(10, ge=1)


class Board:
    """Answers every path with `board`, and every message of a WebSocket with itself."""

    websockets = True
    call_grace_seconds = 5

    def __init__(self) -> None:
        self.readiness = Readiness()
        self.limits: HttpLimits = http_limits(at_most=32)
        self.flush_seconds = float(os.environ["BOARD_FLUSH"]) if "BOARD_FLUSH" in os.environ else None
        self._stopped = asyncio.Event()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; `/slow` once the process is ending. It leaves a file when it has begun. A WebSocket gets an echo."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                await send({**message, "type": "websocket.send"})
            return
        if scope["path"] == "/slow":
            Path(os.environ["BOARD_CALLED"]).touch()
            await self._stopped.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": b"board"})

    async def run(self) -> None:
        """Be ready, then behave as `BOARD` says; at the end leave a file, which is what has to be flushed."""
        behaviour = os.environ.get("BOARD", "")
        if behaviour == "fails":
            raise RuntimeError("the board fell off the wall")
        if behaviour == "replaced":
            raise InstanceReplaced("same")
        if behaviour == "cannot":
            async with asyncio.TaskGroup() as group:
                group.create_task(_cannot())
        self.readiness.set("board", True, "hung up")
        try:
            await self._stopped.wait()
            if behaviour == "hangs" or self.flush_seconds is not None:
                await asyncio.Event().wait()
        finally:
            if behaviour == "clings":
                await asyncio.Event().wait()
            while behaviour == "never ends":
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
            if flushed := os.environ.get("BOARD_FILE"):
                Path(flushed).touch()

    def stop(self) -> None:
        """Begin to end."""
        self._stopped.set()


async def _cannot() -> None:
    raise process.CannotRun("the wall is not there: build one")


def prepare(settings: BoardSettings) -> Board:
    """Refuse what a service may refuse at its start."""
    if settings.cards == 13:
        raise BadSettings("FRONTLINE_CARDS=13: nobody wants so many")
    if settings.cards == 14:
        load_edition("nix")
    return Board()


if __name__ == "__main__":
    sys.exit(process.main("board", BoardSettings, prepare))
