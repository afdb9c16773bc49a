"""Whatever goes wrong for somebody in a browser is a page; programs get the problem document.

Asked on the applications of both services with pages, with all their routes.
"""

import re
from collections.abc import AsyncIterator, Callable
from html import unescape
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute

from services.board.app import create_app as board_app
from services.board.pages.visit import BoardPage
from services.board.service import Service as BoardService
from services.board.settings import Settings as BoardSettings
from services.intake.app import create_app as intake_app
from services.intake.service import Service as IntakeService
from services.intake.settings import Settings as IntakeSettings
from shared.pages.page import Page
from shared.web.edge import Edge
from tests.harness.intake import ID_SECRET, api_keys, editions

URL = "https://frontline.example"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "en"}
PROGRAM = {"Accept": "*/*"}
GIVEN: dict[str, Any] = {"kafka_bootstrap": "127.0.0.1:1", "api_keys": api_keys(), "id_secret": ID_SECRET}


def of_board() -> FastAPI:
    """The board, which has read nothing."""
    settings = BoardSettings(**GIVEN)
    return board_app(BoardService(settings, settings.read_callers(), editions()))


def of_intake() -> FastAPI:
    """Intake, which is not connected."""
    settings = IntakeSettings(**GIVEN)
    return intake_app(IntakeService(settings, settings.read_callers(), editions()))


APPS: dict[str, tuple[Callable[[], FastAPI], type[APIRoute]]] = {
    "board": (of_board, BoardPage),
    "intake": (of_intake, Page),
}


@pytest.fixture(params=APPS)
async def http(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that also has a page and a call which fail."""
    make, kind = APPS[request.param]
    app = make()

    async def fails(_request: Request) -> None:
        raise RuntimeError("a-secret")

    for address, route_class in (("/fails", kind), ("/v1/fails", APIRoute)):
        app.router.routes.append(route_class(address, fails))
    transport = httpx.ASGITransport(Edge(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=URL, headers=BROWSER) as client:
        yield client


WRONG = (
    ("GET", "/nothing", 404, "There is no page at this address."),
    ("GET", "/cases/a/b/c", 404, "There is no page at this address."),
    ("GET", "/v1", 404, "There is no page at this address."),
    ("POST", "/", 405, "This page cannot be opened like that."),
    ("GET", "/session", 405, "This page cannot be opened like that."),
    ("GET", "/fails", 500, "Something is wrong on our side."),
)


@pytest.mark.parametrize(("method", "address", "status", "text"), WRONG)
async def test_a_reader_gets_a_page(http: httpx.AsyncClient, method: str, address: str, status: int, text: str) -> None:
    """In their language, with the look and the strict headers of all pages, and a way on."""
    answer = await http.request(method, address)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert text in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "a-secret" not in answer.text
    if status == 405:
        assert answer.headers["allow"]
    spanish = await http.request(method, address, headers={"Accept-Language": "es"})
    assert (spanish.status_code, '<html lang="es">' in spanish.text, text in spanish.text) == (status, True, False)


@pytest.mark.parametrize(("method", "address", "status", "_text"), WRONG)
async def test_a_program_gets_the_document(
    http: httpx.AsyncClient, method: str, address: str, status: int, _text: str
) -> None:
    """Also a script of a page, and an event stream: none of them shows HTML."""
    for headers in (PROGRAM, {"Accept": "text/event-stream"}, {"Accept": "application/json"}):
        answer = await http.request(method, address, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(("method", "address", "status"), [
    ("GET", "/v1/nothing", 404), ("DELETE", "/v1/cases/x/activity", 405), ("GET", "/v1/fails", 500),
])  # fmt: skip
async def test_a_call_gets_the_document_whoever_asks(
    http: httpx.AsyncClient, method: str, address: str, status: int
) -> None:
    """Somebody who tries a call in a browser sees what a program would get."""
    answer = await http.request(method, address)
    if (answer.status_code, method) == (404, "DELETE"):  # the board has no such call
        status = 404
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_a_refused_page_is_there_in_the_other_language(http: httpx.AsyncClient) -> None:
    """Its links lead to itself, and it comes back in that language; never to another host."""
    page = await http.get(httpx.URL(f"{URL}//evil.example/x?a=1"))
    (link,) = map(unescape, re.findall(r'<a href="([^"]*)" lang="es"', page.text))
    assert link == "/evil.example/x?a=1&lang=es"
    changed = await http.get(link)
    assert (changed.status_code, changed.headers["location"]) == (303, "/evil.example/x?a=1")
    assert '<html lang="es">' in (await http.get(changed.headers["location"])).text


async def test_a_page_that_cannot_be_made_either_is_a_document(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What made the call fail may make each page fail, such as an edition in force that is none."""
    monkeypatch.setattr("shared.pages.page.visit_of", lambda *_: 1 / 0)
    answer = await http.get("/fails")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
