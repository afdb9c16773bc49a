"""The limits of a chat: its token, its rate, its places, its idle time, and the end of intake."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from services.intake.chat.connection import MOST_IGNORED
from shared.identity.signed_tokens import SKEW
from shared.wall_clock import utc_now
from tests.broker.chats import (
    chat_of,
    hand_over,
    intake_with_chats,
    said,
)
from tests.broker.intake_calls import report, unique
from tests.harness.chat import SOON, chatting
from tests.harness.intake import Intake, running_intake
from tests.harness.processes import eventually
from tests.harness.sign_in import somebody_of, token_hosts, token_of


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake whose pages, and those of one host application, may open chats."""
    async with intake_with_chats(bootstrap) as running:
        yield running


async def test_a_chat_ends_with_its_token(intake: Intake) -> None:
    """The page then says that the sign-in has ended; what was opened with a token does not outlive it."""
    life = timedelta(seconds=60)
    token = token_of(somebody_of(unique()), now=utc_now() + timedelta(seconds=5) - life - SKEW, life=life)
    async with chatting(intake.url, hello={"token": token}) as chat:
        await chat.next("welcome")
        assert await chat.closed() == 4401
    async with chatting(intake.url, hello={"token": token}) as chat:
        assert (await chat.next("refused"))["problem"]["status"] == 401, "it is not opened and closed in turn"


async def test_the_rate_of_a_chat(bootstrap: str) -> None:
    """A refusal says when to go on; a client that never stops is closed, after a hundred in a row."""
    async with (
        running_intake(bootstrap, token_hosts=token_hosts(), chat_rate="5/hour") as intake,
        chat_of(intake, somebody_of(unique())) as chat,
    ):
        for _ in range(5):
            await chat.asked("answer", type="ask", text="echo")
        refused = await chat.asked("refused", type="ask", text="echo")
        assert (refused["problem"]["status"], refused["retry_after"] >= 1) == (429, True)
        for _ in range(MOST_IGNORED - 1):
            await chat.socket.send("{}")
        for _ in range(MOST_IGNORED - 1):
            await chat.next("refused")
        assert chat.socket.close_code is None
        await chat.socket.send("{}")
        assert await chat.closed() == 4429


async def test_the_places_of_chats(bootstrap: str) -> None:
    """A person has a share of them, and a chat that has ended leaves its place."""
    person = somebody_of(unique())
    async with running_intake(bootstrap, token_hosts=token_hosts(), event_streams_per_client=2) as intake:
        third = chatting(intake.url, hello={"token": token_of(person)})
        async with chat_of(intake, person), chat_of(intake, person), third as chat:
            assert (await chat.next("refused"))["problem"]["status"] == 503
            assert await chat.closed() == 1013
        await eventually(lambda: not intake.service.places.count, SOON, "the places are free")


async def test_an_idle_chat_is_closed_and_one_that_waits_for_an_answer_is_not(bootstrap: str) -> None:
    """Whoever has passed a conversation on reads in silence, for hours; whoever is with the bot is just away."""
    async with running_intake(bootstrap, token_hosts=token_hosts(), chat_idle_minutes=0.01) as intake:
        async with chat_of(intake, somebody_of(unique())) as chat:
            assert await chat.closed() == 4408
        async with chat_of(intake, somebody_of(unique())) as chat:
            case = (await hand_over(chat))["request_id"]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(chat.socket.wait_closed(), 2)
            await report(intake, case, "k1", type="agent_replied", text="Here I am")
            await said(chat, "Here I am")


async def test_open_chats_are_closed_when_intake_ends(bootstrap: str) -> None:
    """So that clients connect to another instance at once."""
    async with (
        running_intake(bootstrap, token_hosts=token_hosts()) as intake,
        chat_of(intake, somebody_of(unique())) as chat,
    ):
        intake.server.should_exit = True
        assert await chat.closed() == 1012


async def test_a_client_that_says_no_hello_is_closed(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would hold a connection of others; and one that begins with bytes is none of ours."""
    monkeypatch.setattr("services.intake.chat.connection.HELLO_SECONDS", 0.2)
    address = intake.url.replace("http", "ws", 1) + "/v1/chat"
    for first in (None, b"\x00"):
        async with connect(address, compression=None, proxy=None) as socket:
            if first is not None:
                await socket.send(first)
            await asyncio.wait_for(socket.wait_closed(), SOON)
            assert socket.close_code == 1008


async def test_a_chat_is_told_that_it_is_alive(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page cannot see pings: by this it notices that a connection is lost."""
    monkeypatch.setattr("services.intake.chat.connection.ALIVE_SECONDS", 0.1)
    async with chat_of(intake, somebody_of(unique())) as chat:
        await chat.next("alive")
        await chat.next("alive")
