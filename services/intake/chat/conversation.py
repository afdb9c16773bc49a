"""What is said in one chat: the client's messages are done, and it is told the news of its case."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.intake import commands
from services.intake.body import IdempotencyKey
from services.intake.chat import answers
from services.intake.chat.case_news import CaseNews
from services.intake.chat.frames import Ask, Follow, Frame, HandOver, Report
from services.intake.errors import IdempotencyConflict, NoCaseFollowed, NoLiveChat
from services.intake.fields import TEXT_LIMIT
from services.intake.pages.visit import Visit
from services.intake.request import OwnSubmission, Submission
from shared.web.errors import Refusal

MOMENT, SHORT_MOMENT = 0.5, 0.05  # seconds; a decision is waited for
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Conversation:
    """The chat of `visit`. What tells its client the news runs in `group`; `send` sends one message."""

    def __init__(self, visit: Visit, group: asyncio.TaskGroup, send: Send) -> None:
        self._visit, self._service = visit, visit.service
        self._group, self._send = group, send
        self._case_id: str | None = None
        self._news: CaseNews | None = None
        self._telling: tuple[asyncio.Task[None], ...] = ()
        self._own: dict[str, str] = {}  # activity -> the client's id of it

    @property
    def has_open_case(self) -> bool:
        """Whether the client follows a case on which somebody may still say something."""
        return self._news is not None and self._news.is_open

    async def take(self, frame: Frame) -> None:
        """Do what the client says, and answer. Raises the refusal."""
        match frame:
            case Ask():
                visit, topics = self._visit, self._service.topics
                found = answers.answer(topics, frame.text, frame.topic, visit.language, visit.edition)
                await self._send({"type": "answer", "to": frame.id, **found})
            case HandOver():
                await self._hand_over(frame)
            case Follow():
                self._follow(frame.request_id, frame.seen, frame.pending)
            case Report():
                await self._report(frame)

    async def _hand_over(self, frame: HandOver) -> None:
        service, visit = self._service, self._visit
        await service.gate.count(visit.caller)
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
        request_id = await self._submitted(commands.submission_by(own, visit.caller, edition), frame.id)
        self.stop()
        page = f"/requests/{request_id}"
        await self._send({"type": "accepted", "to": frame.id, "request_id": request_id, "page": page})
        self._follow(request_id, None, ())

    async def _submitted(self, submission: Submission, hand_over: str) -> str:
        """The id of the request. A hand-over that is sent again is the same, whatever topics and language are now."""
        service, caller = self._service, self._visit.caller
        key = IdempotencyKey(f"chat:{hand_over}", True)  # no key of a call, which may be for another request
        try:
            done = await commands.submit(service, caller, submission, key, parent=None)
        except IdempotencyConflict:
            own_key = caller.own_key(key.text)
            return await service.request_ids.of(caller.client, submission.account_id, own_key, service.clock())
        return done.event.request_id

    async def _report(self, frame: Report) -> None:
        service, caller, case_id = self._service, self._visit.caller, self._case_id
        if case_id is None:
            raise NoCaseFollowed("refusal.no_case_followed")
        await service.gate.count(caller)
        commands.check_case(service, caller, case_id)
        activity_id = service.new_activity_id(caller, case_id, frame.id)
        self._own[activity_id] = frame.id
        key = IdempotencyKey(frame.id, True)
        try:
            await commands.report(service, caller, case_id, frame.activity, key, parent=None)
        except Refusal:
            self._own.pop(activity_id, None)
            raise
        await self._send({"type": "delivered", "to": frame.id, "activity_id": activity_id})

    def _follow(self, case_id: str, seen: str | None, pending: tuple[str, ...]) -> None:
        """Tell the client about this case from now on. Raises NotFound or CatchingUp.

        What is reported then is for this case also while it cannot be told.
        """
        self.stop()
        self._case_id = case_id
        caller = self._visit.caller
        self._own = {self._service.new_activity_id(caller, case_id, key): key for key in pending}
        self._news = news = CaseNews(self._visit, case_id, seen, self._own)
        telling = self._tell_said(case_id, news), self._tell_case(case_id, news)
        self._telling = tuple(map(self._group.create_task, telling))

    def stop(self) -> None:
        """Tell the client no more of the case that it follows."""
        for task in self._telling:
            task.cancel()
        self._case_id, self._news, self._telling = None, None, ()

    async def _tell_said(self, case_id: str, news: CaseNews) -> None:
        """Tell each message at once."""
        with self._service.cases.watchers.watch(case_id) as changed:
            while (frames := news.said()) is not None:
                for frame in frames:
                    await self._send(frame)
                await changed.wait()
                changed.clear()
        await self._send({"type": "forgotten", "request_id": case_id})

    async def _tell_case(self, case_id: str, news: CaseNews) -> None:
        """Tell how the case stands, once for all that happens within a moment."""
        with self._service.cases.watchers.watch(case_id) as changed:
            while True:
                changed.clear()
                frame = news.case()
                if frame is not None:
                    await self._send(frame)
                await asyncio.sleep(MOMENT if news.is_decided else SHORT_MOMENT)
                await changed.wait()
