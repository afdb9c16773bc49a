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

from services.intake import commands
from services.intake.body import IdempotencyKey
from services.intake.chat import answers
from services.intake.chat.case_news import CaseNews
from services.intake.chat.frames import Ask, Follow, HandOver, Hello, Report, frame_of, id_of, parsed
from services.intake.errors import (
    BodyTooSlow,
    IdempotencyConflict,
    NoCaseFollowed,
    NoLiveChat,
    RateLimited,
    Refusal,
    UnsupportedMediaType,
)
from services.intake.fields import TEXT_LIMIT
from services.intake.pages.visit import Visit
from services.intake.problem import REFUSED, document_of
from services.intake.request import OwnSubmission, Submission
from services.intake.service import Service
from shared.messages.messages import Messages
from shared.wall_clock import utc_now

OPEN = Gauge("frontline_intake_chat_connections", "Chats whose WebSocket is open")
MESSAGES = Counter("frontline_intake_chat_messages_total", "Messages of the clients of chats", ["type"])

HELLO_SECONDS = 10.0
ALIVE_SECONDS = 25.0
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
        self._case_id: str | None = None
        self._news: CaseNews | None = None
        self._telling: tuple[asyncio.Task[None], ...] = ()
        self._own: dict[str, str] = {}  # activity -> the client's id of it

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
                    ends = group.create_task(self._read(visit, group)), group.create_task(_signed_out(visit))
                    alive = group.create_task(self._stay_alive())
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                    code = next(end.result() for end in ends if end.done())
                    for task in (*ends, alive, *self._telling):
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

    async def _stay_alive(self) -> None:
        """Say something at times: a page cannot see pings, and so not that the connection is lost."""
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            await self.send({"type": "alive"})

    # --- what the client says

    async def _read(self, visit: Visit, group: asyncio.TaskGroup) -> int | None:
        """Take what the client says until the chat has to end. Returns the close code; None: the client is away."""
        ignored = 0  # messages beyond the rate, one after the other
        while ignored <= MOST_IGNORED:
            message = await self._received()
            if message is None:
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

    async def _received(self) -> Message | None:
        """The next message; None where none comes for long. With an open case, one may wait in silence."""
        receiving = asyncio.ensure_future(self._socket.receive())
        try:
            while True:
                done, _ = await asyncio.wait([receiving], timeout=self._service.settings.chat_idle_minutes * 60)
                if done:
                    return receiving.result()
                if self._news is None or not self._news.is_open:
                    return None
        finally:
            receiving.cancel()

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
                self._follow(visit, frame.request_id, frame.seen, frame.pending, group)
            case Report():
                await self._report(visit, frame)

    async def _hand_over(self, visit: Visit, frame: HandOver, group: asyncio.TaskGroup) -> None:
        service = self._service
        await service.count(visit.caller)
        edition = service.editions.effective_at(service.clock())
        if edition.live_chat is None:
            raise NoLiveChat("refusal.no_live_chat")
        said = answers.transcript(frame.transcript, service.topics, visit.language, visit.messages, TEXT_LIMIT)
        own = OwnSubmission(
            channel=edition.live_chat.channel,
            subject=frame.subject,
            description=said or frame.subject,
            fields=frame.fields,
            language=visit.language,
            country=frame.country,
        )
        request_id = await self._submitted(visit, commands.submission_by(own, visit.caller, edition), frame.id)
        self._unfollow()
        page = f"/requests/{request_id}"
        await self.send({"type": "accepted", "to": frame.id, "request_id": request_id, "page": page})
        self._follow(visit, request_id, None, (), group)

    async def _submitted(self, visit: Visit, submission: Submission, key: str) -> str:
        """The id of the request. A hand-over that is sent again is the same, whatever topics and language are now."""
        service, caller = self._service, visit.caller
        try:
            done = await commands.submit(service, caller, submission, IdempotencyKey(key, True), parent=None)
        except IdempotencyConflict:
            own_key = caller.own_key(key)
            return await service.request_ids.of(caller.client, submission.account_id, own_key, service.clock())
        return done.event.request_id

    async def _report(self, visit: Visit, frame: Report) -> None:
        case_id = self._case_id
        if case_id is None:
            raise NoCaseFollowed("refusal.no_case_followed")
        await self._service.count(visit.caller)
        commands.check_case(self._service, visit.caller, case_id)
        activity_id = self._service.new_activity_id(visit.caller, case_id, frame.id)
        self._own[activity_id] = frame.id
        key = IdempotencyKey(frame.id, True)
        try:
            await commands.report(self._service, visit.caller, case_id, frame.activity, key, parent=None)
        except Refusal:
            self._own.pop(activity_id, None)
            raise
        await self.send({"type": "delivered", "to": frame.id, "activity_id": activity_id})

    # --- what the client is told

    def _follow(
        self, visit: Visit, case_id: str, seen: str | None, pending: tuple[str, ...], group: asyncio.TaskGroup
    ) -> None:
        """Tell the client about this case from now on. Raises NotFound or CatchingUp.

        What is reported then is for this case also while it cannot be told.
        """
        self._unfollow()
        self._case_id = case_id
        self._own = {self._service.new_activity_id(visit.caller, case_id, key): key for key in pending}
        self._news = news = CaseNews(visit, case_id, seen, self._own)
        telling = self._tell_said(case_id, news), self._tell_case(case_id, news)
        self._telling = tuple(map(group.create_task, telling))

    def _unfollow(self) -> None:
        for task in self._telling:
            task.cancel()
        self._case_id, self._news, self._telling = None, None, ()

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
