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
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.intake import commands
from services.intake.body import IdempotencyKey
from services.intake.chat import answers
from services.intake.chat.case_news import CaseNews
from services.intake.chat.frames import Ask, Follow, HandOver, Hello, Report, frame_of, id_of, parsed
from services.intake.errors import NotFound, RateLimited, Refusal
from services.intake.fields import TEXT_LIMIT
from services.intake.pages.visit import Visit
from services.intake.problem import REFUSED, document_of
from services.intake.request import OwnSubmission
from services.intake.service import Service
from shared.messages.messages import Messages
from shared.wall_clock import utc_now

OPEN = Gauge("frontline_intake_chat_connections", "Chats whose WebSocket is open")
MESSAGES = Counter("frontline_intake_chat_messages_total", "Messages of the clients of chats", ["type"])

HELLO_SECONDS = 10.0
MOMENT, SHORT_MOMENT = 0.5, 0.05  # seconds; a decision is waited for
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
        self._following: tuple[asyncio.Task[None], ...] = ()
        self._case_id: str | None = None
        self._own: dict[str, str] = {}  # activity -> the client's id of it

    async def hello(self) -> Hello:
        """The first message. Raises Refusal for another one, and WebSocketDisconnect."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                text = await self._socket.receive_text()
        except (TimeoutError, KeyError):  # late, or not a text
            raise NotFound("refusal.chat_hello") from None
        return parsed(Hello, text)

    async def run(self, visit: Visit) -> None:
        """Serve `visit` until the client leaves, the sign-in ends or nothing is said for long.

        When the process ends, the server closes it.
        """
        with OPEN.track_inprogress():
            try:
                async with asyncio.TaskGroup() as group:
                    ends = group.create_task(self._read(visit, group)), group.create_task(_signed_out(visit))
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                    code = next(end.result() for end in ends if end.done())
                    for task in (*ends, *self._following):
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
        problem = document_of(refusal, messages)
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

    # --- what the client says

    async def _read(self, visit: Visit, group: asyncio.TaskGroup) -> int | None:
        """Take what the client says until the chat has to end. Returns the close code; None: the client is away."""
        seconds = self._service.settings.chat_idle_minutes * 60
        ignored = 0  # messages beyond the rate, one after the other
        while ignored <= MOST_IGNORED:
            try:
                async with asyncio.timeout(seconds):
                    message = await self._socket.receive()
            except TimeoutError:
                return IDLE
            if message["type"] == "websocket.disconnect":
                return None
            text = message.get("text")
            if text is None:
                return NOT_TEXT
            try:
                await self._take(visit, text, group)
                ignored = 0
            except Refusal as refusal:
                ignored = ignored + 1 if isinstance(refusal, RateLimited) else 0
                await self.refuse(visit.messages, refusal, id_of(text))
        return TOO_FAST

    async def _take(self, visit: Visit, text: str, group: asyncio.TaskGroup) -> None:
        await self._service.count_chat(visit.caller)
        frame = frame_of(text)
        MESSAGES.labels(frame.type).inc()
        match frame:
            case Ask():
                found = answers.answer(self._service.topics, frame.text, frame.topic, visit.language, visit.edition)
                await self.send({"type": "answer", "to": frame.id, **found})
            case HandOver():
                await self._hand_over(visit, frame, group)
            case Follow():
                case_id = frame.request_id
                self._own = {self._service.new_activity_id(visit.caller, case_id, id_): id_ for id_ in frame.pending}
                self._follow(visit, case_id, frame.seen, group)
            case Report():
                await self._report(visit, frame)

    async def _hand_over(self, visit: Visit, frame: HandOver, group: asyncio.TaskGroup) -> None:
        service, edition = self._service, visit.edition
        if edition.live_chat is None:
            raise NotFound("refusal.no_live_chat")
        said = answers.transcript(frame.transcript, service.topics, visit.language, visit.messages, TEXT_LIMIT)
        own = OwnSubmission(
            channel=edition.live_chat.channel,
            subject=frame.subject,
            description=said or frame.subject,
            fields=frame.fields,
            language=visit.language,
            country=frame.country,
        )
        await service.count(visit.caller)
        submission = commands.submission_by(own, visit.caller, edition)
        done = await commands.submit(service, visit.caller, submission, IdempotencyKey(frame.id, True), parent=None)
        request_id = done.event.request_id
        page = f"/requests/{request_id}"
        await self.send({"type": "accepted", "to": frame.id, "request_id": request_id, "page": page})
        self._own = {}
        self._follow(visit, request_id, None, group)

    async def _report(self, visit: Visit, frame: Report) -> None:
        case_id = self._case_id
        if case_id is None:
            raise NotFound("refusal.no_case_followed")
        await self._service.count(visit.caller)
        commands.check_case(self._service, visit.caller, case_id)
        self._own[self._service.new_activity_id(visit.caller, case_id, frame.id)] = frame.id
        key = IdempotencyKey(frame.id, True)
        reported = await commands.report(self._service, visit.caller, case_id, frame.activity, key, parent=None)
        await self.send({"type": "delivered", "to": frame.id, "activity_id": reported[0]})

    # --- what the client is told

    def _follow(self, visit: Visit, case_id: str, seen: str | None, group: asyncio.TaskGroup) -> None:
        """Tell the client about this case from now on. Raises NotFound or CatchingUp."""
        news = CaseNews(visit, case_id, seen, self._own)
        for task in self._following:
            task.cancel()
        self._case_id = case_id
        telling = self._tell_said(case_id, news), self._tell_case(case_id, news)
        self._following = tuple(map(group.create_task, telling))

    async def _tell_said(self, case_id: str, news: CaseNews) -> None:
        """Tell each message at once."""
        with self._service.cases.watchers.watch(case_id) as changed:
            while (frames := news.said()) is not None:
                for frame in frames:
                    await self.send(frame)
                await changed.wait()
                changed.clear()
        await self.send({"type": "forgotten", "request_id": case_id})

    async def _tell_case(self, case_id: str, news: CaseNews) -> None:
        """Tell how the case stands, once for all that happens within a moment."""
        with self._service.cases.watchers.watch(case_id) as changed:
            while True:
                changed.clear()
                frame = news.case()
                if frame is not None:
                    await self.send(frame)
                await asyncio.sleep(MOMENT if news.is_decided else SHORT_MOMENT)
                await changed.wait()


async def _signed_out(visit: Visit) -> int:
    """Wait until the caller's token has ended; returns the code."""
    if visit.caller.until is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(max(0.0, (visit.caller.until - utc_now()).total_seconds()))
    return SIGNED_OUT
