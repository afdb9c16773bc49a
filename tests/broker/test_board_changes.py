"""The stream of what changes, narrowed down: whoever keeps a list by it knows which cases are on it no more."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from shared.identity.person import Person
from tests.broker.board_calls import board_with_intake, does, looking, opened
from tests.broker.intake_calls import unique
from tests.harness.board import Board
from tests.harness.sign_in import AGENT, somebody_of, token_of


@pytest_asyncio.fixture(scope="module")
async def board(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """A board beside an intake; both know one host application."""
    async with board_with_intake(bootstrap, tmp_path_factory.mktemp("board")) as running:
        yield running


class Event(NamedTuple):
    """An event of the stream."""

    id: str
    name: str
    data: dict[str, Any]


class Stream:
    """The events of a stream, one by one."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def next(self) -> Event:
        """The next event. Raises TimeoutError."""
        found: dict[str, str] = {}
        async with asyncio.timeout(15):
            async for line in self._lines:
                if not line and "event" in found:
                    return Event(found["id"], found["event"], json.loads(found["data"]))
                name, _, value = line.partition(": ")
                found[name] = value
        raise AssertionError("the stream has ended")

    async def next_of(self, *case_ids: str) -> Event:
        """The next event of one of these cases; what comes of those of other tests is passed over."""
        while (event := await self.next()).data["case_id"] not in case_ids:
            pass
        return event


@asynccontextmanager
async def following(
    board: Board, query: str = "", *, person: Person = AGENT, last: str | None = None
) -> AsyncIterator[Stream]:
    """The stream of somebody. It is open: what changes from now on is in it."""
    headers = {"Authorization": f"Bearer {token_of(person)}"} | ({} if last is None else {"Last-Event-ID": last})
    async with (
        httpx.AsyncClient(base_url=board.url, headers=headers, timeout=20) as http,
        http.stream("GET", f"/v1/cases/changes{query}") as answer,
    ):
        assert answer.status_code == 200
        yield Stream(answer)


FILTERS = ("?state=open", "?state=open,waiting,undecided&priority=P1", "?state=open&text=calls")


@pytest.mark.parametrize("query", FILTERS)
async def test_a_case_that_fits_no_more_has_left_and_comes_back_when_it_fits_again(board: Board, query: str) -> None:
    """Whoever shows what was streamed would show a resolved case as open for ever."""
    case = await opened(board)
    async with looking(board) as http, following(board, query) as stream:
        await does(http, case, "internal_note", text="a note")
        assert (await stream.next_of(case)).name == "case"
        await does(http, case, "resolved")
        left = await stream.next_of(case)
        assert (left.name, set(left.data)) == ("left", {"case_id", "change"})
        assert left.id.startswith(f"{left.data['change']}-")
        await does(http, case, "internal_note", text="of a case that is not on the list")
        await does(http, case, "reopened")
        back = await stream.next_of(case)
        assert (back.name, back.data["state"]) == ("case", "open"), "it had left once, and that was said"


async def test_a_case_that_left_while_nobody_followed_has_left(board: Board) -> None:
    """`Last-Event-ID` goes on with what left meanwhile: the list of whoever was away has it still."""
    case = await opened(board)
    async with looking(board) as http:
        async with following(board, "?state=open") as stream:
            await does(http, case, "internal_note", text="a note")
            last = (await stream.next_of(case)).id
        await does(http, case, "resolved")
        async with following(board, "?state=open", last=last) as stream:
            assert (await stream.next_of(case)).name == "left"


async def test_nothing_leaves_the_stream_of_all(board: Board) -> None:
    """Its cases are all that there are, whatever becomes of them."""
    case = await opened(board)
    async with looking(board) as http, following(board) as stream:
        await does(http, case, "resolved")
        event = await stream.next_of(case)
        assert (event.name, event.data["state"]) == ("case", "resolved")


async def test_nobody_is_told_that_a_case_of_another_has_left(board: Board) -> None:
    """A customer learns nothing of the cases of other accounts, not even that there are any."""
    account = unique()
    mine, other = await opened(board, account_id=account), await opened(board)
    async with looking(board) as http, following(board, "?state=open", person=somebody_of(account)) as stream:
        await does(http, other, "resolved")
        await does(http, mine, "resolved")
        event = await stream.next()
        assert (event.name, event.data["case_id"]) == ("left", mine)
