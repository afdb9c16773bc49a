"""The streams of lists: one that is behind costs nobody else anything, and a wrong address is refused at once."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.board.api import AT_ONCE
from services.board.service import ANY
from shared.pages.visit import PERSON
from tests.harness.board_day import BoardDay, board_day, served
from tests.harness.sign_in import AGENT, token_of


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> BoardDay:
    """The board after the day."""
    return board_day(tmp_path_factory.mktemp("board"))


@pytest_asyncio.fixture
async def http(day: BoardDay) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of an agent, which is a client with their token as well."""
    token = token_of(AGENT)
    async with (
        served(day) as url,
        httpx.AsyncClient(
            base_url=url, cookies={PERSON: token}, headers={"Authorization": f"Bearer {token}"}
        ) as client,
    ):
        yield client


async def test_a_stream_that_is_behind_wakes_itself_alone(day: BoardDay, http: httpx.AsyncClient) -> None:
    """It comes again for each further step; the open lists of thirty agents would each ask the file as often."""
    told = 0
    with day.service.watchers.watch(ANY) as woken:
        async with http.stream("GET", "/v1/cases/changes", headers={"Last-Event-ID": "0"}, timeout=10) as stream:
            async for line in stream.aiter_lines():
                told += line == "event: case"
                if told > 1.5 * AT_ONCE:
                    break
        assert not woken.is_set()


@pytest.mark.parametrize("address", ["/live?after=nonsense", "/live?show=all&after=dGltZV9sZWZ0OjE6MQ"])
async def test_a_stream_of_a_list_with_a_wrong_cursor_is_refused(http: httpx.AsyncClient, address: str) -> None:
    """Before it begins: a stream that ends with an error is opened again for ever. In the language of the reader."""
    for language, said in (("en", "is no cursor of a list"), ("es", "no es un cursor de una lista")):
        found = await http.get(address, headers={"Accept-Language": language}, timeout=10)
        assert (found.status_code, found.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
        assert said in found.text
