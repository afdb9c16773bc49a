"""Another language is another language of the same page: whatever was chosen on it is still chosen.

Asked on the board's own application, with all its routes, after a recorded day.
"""

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import quote

import httpx
import pytest
from fastapi.requests import HTTPConnection

from shared.pages.visit import LANGUAGE, PERSON, visit_of
from tests.harness.board_day import VIEWER, BoardDay, board_day
from tests.harness.sign_in import token_of

URL = "https://board.example"
WHAT_IF = (
    "/policy/what-if?plan=premier&account_type=enterprise&paid=yes&country=ES&role=admin&licensed=yes&channel=chat"
    "&fields.impact=significant&fields.workaround=none&fields.environment=production&fields.request_type=technical"
    "&at=2026-12-07T16%3A00&zone=Europe%2FMadrid"
)
ADDRESSES = (
    "/",
    "/?show=late&priority=P1&text=no+hay+se%C3%B1al+%26+%3Cb%3E",
    "/?show=resolved&plan=premier",
    "/reports?days=90&priority=P1",
    "/reports?from=2026-11-01&to=2026-11-30&zone=Europe%2FMadrid",
    "/reports/breaches?show=near_miss&from=2026-11-01&to=2026-11-30",
    "/policy",
    WHAT_IF,
)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> BoardDay:
    """The board after a day."""
    return board_day(tmp_path_factory.mktemp("board"))


@pytest.fixture
async def browser(board: BoardDay) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the board, of somebody who sees every case."""
    transport = httpx.ASGITransport(board.app)
    async with httpx.AsyncClient(transport=transport, base_url=URL, headers={"Accept-Language": "en"}) as http:
        http.cookies.set(PERSON, token_of(VIEWER))
        yield http


def link_to(language: str, page: str) -> str:
    """Where the link of a page to another language leads."""
    (found,) = re.findall(rf'<a href="([^"]*)" lang="{language}"', page)
    return unescape(found)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_language_link_keeps_the_whole_address(browser: httpx.AsyncClient, address: str) -> None:
    """Filters, a question, a period: whoever sends the address on has not lost what it was about."""
    before = await browser.get(address)
    changed = await browser.get(link_to("es", before.text))
    assert (changed.status_code, changed.headers["location"]) == (303, address)
    after = await browser.get(changed.headers["location"])
    assert '<html lang="es">' in after.text
    assert (await browser.get(link_to("en", after.text))).headers["location"] == address


async def test_a_language_that_was_chosen_before_is_not_asked_for_again(browser: httpx.AsyncClient) -> None:
    """Nor is one that the edition does not have: the page comes back as it was, and no link of it grows."""
    changed = await browser.get("/reports?days=90&lang=xx&lang=es")
    assert changed.headers["location"] == "/reports?days=90"
    unknown = await browser.get("/reports?lang=xx&days=90")
    assert unknown.headers["location"] == "/reports?days=90"
    assert LANGUAGE not in unknown.headers.get("set-cookie", "")


async def test_a_parameter_that_is_there_twice_stays_there_twice(browser: httpx.AsyncClient) -> None:
    """The page decides what it makes of that, and not the link."""
    changed = await browser.get("/?text=a&text=b&lang=es&show=")
    assert changed.headers["location"] == "/?text=a&text=b&show="


@pytest.mark.parametrize(
    "path", ["//evil.example", "///evil.example/x", "/\\evil.example", "/a b?c#d", "/x\r\nSet-Cookie: a"]
)
def test_a_language_link_leads_to_no_other_host(board: BoardDay, path: str) -> None:
    """What a browser would read as the address of another host stays a path of ours, and so does every other sign."""
    called = HTTPConnection({"type": "http", "method": "GET", "path": path, "query_string": b"a=%0d%0a", "headers": []})
    link = visit_of(board.service, called).address_in("es")
    assert httpx.URL(URL).join(link) == httpx.URL(
        f"{URL}/{quote(path.lstrip('/'))}", params={"a": "\r\n", "lang": "es"}
    )
    assert re.fullmatch(r"/[!-~]*", link)
    assert not link.startswith(("//", "/\\"))
