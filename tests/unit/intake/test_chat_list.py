"""The list of chats for one reader: its pages, and when it has something new to say."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

from services.intake import pages
from services.intake.pages.agent_list import SIZE, ChatLists
from services.intake.pages.visit import Visit
from shared.messages.catalogues import messages_in
from shared.pages.assets import STATIC, Assets
from shared.pages.case.agent_case import desk_words
from shared.pages.rendering import Pages
from shared.policy.model import Edition
from shared.routing.rendering import in_words_of
from tests.harness.chats import Chats
from tests.harness.shipped import guidelines

PAGES = Pages(pages.TEMPLATES, Assets(STATIC))


def _list(chats: Chats, number: int = 1, edition: Edition | None = None) -> ChatLists:
    """What an agent sees of these chats, without an application around it."""
    words = desk_words(in_words_of(messages_in("en"), guidelines(), "en"), guidelines())
    visit = SimpleNamespace(
        service=SimpleNamespace(chats=chats.open, clock=lambda: chats.now, knows_chats=True),
        connection=SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(pages=PAGES))),
        edition=edition or guidelines(),
        language="en",
        zone=None,
        messages=words,
        reader="desk-7",
    )
    return ChatLists(cast(Visit, visit), number)


async def test_a_page_has_so_many_chats_and_no_more() -> None:
    """So that a frame costs the same however many are open. A page that is not there any more is the last one."""
    chats = Chats()
    for number in range(SIZE + 2):
        chats.routed(f"c{number:03}", at=chats.now - number * timedelta(seconds=10))
    first, second, beyond = (_list(chats, number) for number in (1, 2, 9))
    await first.ready()
    assert [len(each.current().rows) for each in (first, second, beyond)] == [SIZE, 2, 2]
    assert [(each.current().number, each.current().pages) for each in (first, beyond)] == [(1, 2), (2, 2)]
    assert first.current().open == SIZE + 2
    assert [row.case_id for row in second.current().rows] == ["c001", "c000"]


async def test_a_list_that_shows_nothing_new_sends_nothing() -> None:
    """A note changes the case and not its row; that little time is left, or none, changes the list by itself."""
    chats = Chats()
    chats.routed("c1")  # a first response within an hour
    views = _list(chats)
    for minutes, is_new in ((0, True), (1, False), (43, False), (2, True), (15, True)):
        chats.now += timedelta(minutes=minutes)
        if minutes == 1:
            chats.activity("c1", "internal_note", text="hm")
        await views.ready()
        assert bool(views.frames()) is is_new, minutes


async def test_frames_are_kept_apart() -> None:
    """Two a second at most, whatever happens; the first comes at once."""
    views, loop = _list(Chats()), asyncio.get_running_loop()
    began = loop.time()
    await views.next_frame()
    assert loop.time() - began < 0.4
    await views.next_frame()
    assert loop.time() - began >= 0.45


async def test_an_empty_list_says_what_will_come() -> None:
    """Or that nothing will, since the edition in force has no live chat."""
    assert b"A new one appears here by itself" in b"".join(_list(Chats()).frames())
    without = guidelines().model_copy(update={"live_chat": None})
    assert b"names no channel as its live chat" in b"".join(_list(Chats(), edition=without).frames())
