"""One chat: the WebSocket of one client, from its first message to its end.

Messages are taken one after the other, so a client that writes faster than Kafka acknowledges has to wait. A refused
message is answered, and the chat goes on.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
from prometheus_client import Counter, Gauge
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.intake.chat.conversation import Conversation
from services.intake.chat.frames import Hello, frame_of, id_of, parsed
from services.intake.pages.visit import Visit
from services.intake.service import Service
from shared.messages.messages import Messages
from shared.wall_clock import utc_now
from shared.web.errors import BodyTooSlow, RateLimited, Refusal, UnsupportedMediaType
from shared.web.problem import REFUSED, problem_details

OPEN = Gauge("frontline_intake_chat_connections", "Chats whose WebSocket is open")
MESSAGES = Counter("frontline_intake_chat_messages_total", "Messages of the clients of chats", ["type"])

HELLO_SECONDS = 10.0
ALIVE_SECONDS = 25.0
MOST_IGNORED = 100  # messages beyond the rate, one after the other, after which a chat is closed
# Why a chat ends, by its close code (RFC 6455, section 7.4); those of ours begin with 4.
NOT_TEXT, BAD_HELLO, LATER = 1003, 1008, 1013
SIGNED_OUT, IDLE, TOO_FAST = 4401, 4408, 4429


class Chat:
    """A chat that was accepted."""

    def __init__(self, socket: WebSocket, service: Service) -> None:
        self._socket = socket
        self._service = service
        self._sending = asyncio.Lock()

    async def hello(self) -> Hello:
        """The first message. Raises the refusal of another one or of none, and WebSocketDisconnect."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                return parsed(Hello, await self._socket.receive_text())
        except TimeoutError:
            raise BodyTooSlow("refusal.body_too_slow", seconds=HELLO_SECONDS) from None
        except KeyError:  # bytes
            raise UnsupportedMediaType("refusal.send_json") from None

    async def run(self, visit: Visit) -> None:
        """Serve `visit` until the client leaves, the sign-in ends or nothing is said for long.

        When the process ends, the server closes it.
        """
        with OPEN.track_inprogress():
            try:
                async with asyncio.TaskGroup() as group:
                    conversation = Conversation(visit, group, self.send)
                    ends = group.create_task(self._read(visit, conversation)), group.create_task(_signed_out(visit))
                    alive = group.create_task(self._stay_alive())
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                    code = next(end.result() for end in ends if end.done())
                    conversation.stop()
                    for task in (*ends, alive):
                        task.cancel()
            except* WebSocketDisconnect:
                code = None
        if code is not None:
            await self.close(code)

    async def close(self, code: int) -> None:
        """Close it, if the client is still there."""
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(code)

    async def send(self, frame: Mapping[str, Any]) -> None:
        """Send one message. Raises WebSocketDisconnect."""
        async with self._sending:
            await self._socket.send_text(msgspec.json.encode(frame).decode())

    async def refuse(self, messages: Messages, refusal: Refusal, to: str | None = None) -> None:
        """Answer a message that is refused: the problem as for calls, and a sentence for people."""
        REFUSED.labels(refusal.kind).inc()
        known = f"page.refused.{refusal.kind}"
        text = messages(known if messages.knows(known) else "page.refused.other")
        problem = problem_details(refusal, messages)
        retry_after = refusal.headers.get("Retry-After")
        await self.send(
            {
                "type": "refused",
                "to": to,
                "text": text,
                "problem": problem,
                "retry_after": None if retry_after is None else int(retry_after),
            }
        )

    async def _stay_alive(self) -> None:
        """Say something at times: a page cannot see pings, and so not that the connection is lost."""
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            await self.send({"type": "alive"})

    async def _read(self, visit: Visit, conversation: Conversation) -> int | None:
        """Take what the client says until the chat has to end. Returns the close code; None: the client is away."""
        ignored = 0  # messages beyond the rate, one after the other
        while ignored <= MOST_IGNORED:
            message = await self._received(conversation)
            if message is None:
                return IDLE
            if message["type"] == "websocket.disconnect":
                return None
            text = message.get("text")
            if text is None:
                return NOT_TEXT
            try:
                await self._service.count_chat(visit.caller)
                frame = frame_of(text)
                MESSAGES.labels(frame.type).inc()
                await conversation.take(frame)
                ignored = 0
            except Refusal as refusal:
                ignored = ignored + 1 if isinstance(refusal, RateLimited) else 0
                await self.refuse(visit.messages, refusal, id_of(text))
        return TOO_FAST

    async def _received(self, conversation: Conversation) -> Message | None:
        """The next message; None where none comes for long. With an open case, one may wait in silence."""
        receiving = asyncio.ensure_future(self._socket.receive())
        try:
            while True:
                done, _ = await asyncio.wait([receiving], timeout=self._service.settings.chat_idle_minutes * 60)
                if done:
                    return receiving.result()
                if not conversation.has_open_case:
                    return None
        finally:
            receiving.cancel()


async def _signed_out(visit: Visit) -> int:
    """Wait until the caller's token has ended; returns the code."""
    if visit.caller.until is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(max(0.0, (visit.caller.until - utc_now()).total_seconds()))
    return SIGNED_OUT
