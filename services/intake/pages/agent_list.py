"""What the list of open chats shows now, and the frames of its stream."""

import asyncio
from contextlib import suppress
from datetime import UTC
from typing import Any, NamedTuple

from services.intake.chat_rows import ChatRow
from services.intake.open_chats import OpenChats
from services.intake.pages.visit import Visit
from shared.pages.moments import Moments
from shared.pages.rendered import html_of
from shared.web.errors import CatchingUp
from shared.web.stream import message

SIZE = 50  # chats on a page: what a frame costs does not grow with the number of open chats
APART = 0.5  # seconds between two frames
_PATIENCE = 2.0  # seconds that a page waits for chats that were not looked at yet


class ChatList(NamedTuple):
    """A page of the list. `open`, `late` and `untaken` are those of all open chats, `behind` are not looked at yet."""

    rows: list[ChatRow]
    number: int
    pages: int
    open: int
    late: int
    untaken: int
    behind: int
    has_chat: bool


class ChatLists:
    """One page of the list for one reader. A `Changes` of `shared/web/stream.py`."""

    def __init__(self, visit: Visit, number: int) -> None:
        self._visit, self._number = visit, number
        self._chats: OpenChats = visit.service.chats
        self._shown: Any = None
        self._is_first = True

    def check(self) -> None:
        """Raise CatchingUp until the topics have been read: until then the list would say that no chat is open."""
        if not self._visit.service.knows_chats:
            raise CatchingUp("refusal.reading_requests", retry_after=2)

    async def ready(self) -> None:
        """Look at what has changed, for a while: what is not looked at by then shows later."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._chats.refresh()

    async def next_frame(self) -> None:
        """Keep the frames apart, and look at what has changed."""
        if not self._is_first:
            await asyncio.sleep(APART)
        self._is_first = False
        await self.ready()

    def current(self) -> ChatList:
        """What there is now."""
        chats, now = self._chats, self._visit.service.clock()
        pages = max(1, -(-chats.count // SIZE))
        number = min(self._number, pages)
        rows = chats.shown((number - 1) * SIZE, number * SIZE)
        has_chat = self._visit.edition.live_chat is not None
        return ChatList(rows, number, pages, chats.count, chats.late(now), chats.untaken, chats.behind, has_chat)

    def frames(self) -> list[bytes]:
        """The list, if it is known and shows anything else than at the last call."""
        if not self._visit.service.knows_chats:
            return []
        found = self.current()
        now = self._visit.service.clock()
        shown = (found, [row.soon_at is not None and row.soon_at <= now for row in found.rows])
        if shown == self._shown:
            return []
        self._shown = shown
        html = html_of(self._visit, "agent_chats_live.html", self.moments, chats=found)
        return [message(html)]

    @property
    def moments(self) -> Moments:
        """How instants are said: in the zone of the browser."""
        return Moments(self._visit.language, self._visit.zone or UTC)
