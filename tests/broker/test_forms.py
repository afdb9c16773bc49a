"""Every form of the pages, by what it must never accept: from elsewhere, too large, too slow, or no form at all."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from services.board.app import create_app as create_board
from services.cli.demo_people import HOST, demo_sign_in
from services.intake.app import create_app
from services.intake.publisher import ACKNOWLEDGED
from shared.contracts.topics import CASES
from shared.identity.person import Person
from shared.pages.forms import FORM_LIMIT
from shared.pages.page import Page
from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.broker.board_calls import looking
from tests.broker.intake_calls import output_of
from tests.broker.test_pages import FORM, TYPED, browser, carried, send
from tests.harness.board import Board, running_board
from tests.harness.decided import routed
from tests.harness.intake import Intake, running_intake, topics_at, write
from tests.harness.processes import answered
from tests.harness.raw_http import parse, raw_connection
from tests.harness.sign_in import somebody_of, token_hosts, token_of

PAGE = "text/html; charset=utf-8"
_BOARD = "board"


@dataclass(frozen=True)
class Form:
    """What a form has, and by what it is protected: a hash of its browser, or the word of the browser alone."""

    typed: Mapping[str, str] = field(default_factory=dict)
    has_hash: bool = True


# By address; those of the board begin with its name.
FORMS = {
    "/requests": Form(TYPED),
    "/requests/{request_id}/activity": Form({"type": "withdrawn"}),
    "/session": Form({"token": token_of(somebody_of("globex"))}, has_hash=False),
    "/session/end": Form(),
    "/demo/sign-in": Form({"who": "0"}),
    "board/session": Form({"token": token_of(somebody_of("globex"))}, has_hash=False),
    "board/session/end": Form(),
    "board/demo/sign-in": Form({"who": "0"}),
    "board/cases/{case_id}": Form({"type": "internal_note", "text": "Looks like the router."}),
}
# It needs a dead letter: tests/broker/test_operations.py.
ELSEWHERE = {"board/operations/dead-letters/{place}/replay"}
WITH_HASH = [path for path, form in FORMS.items() if form.has_hash]
every_form = pytest.mark.parametrize("path", FORMS)


@dataclass(frozen=True)
class Browser:
    """A browser of somebody who is signed in, with what its forms carry."""

    http: httpx.AsyncClient
    carried: Mapping[str, str]


@dataclass(frozen=True)
class Sender:
    """A customer at intake, who has sent a request, and an agent at the board: they have something to lose."""

    customer: Browser
    agent: Browser
    request_id: str

    def browser_of(self, path: str) -> Browser:
        """Whoever sends that form."""
        return self.agent if path.startswith(_BOARD) else self.customer

    def address(self, path: str) -> str:
        """Where it is sent."""
        path = path.removeprefix(_BOARD)
        return path.replace("{request_id}", self.request_id).replace("{case_id}", self.request_id)

    async def post(self, path: str, **changes: str) -> httpx.Response:
        """Send a form that is right but for the `changes`."""
        by = self.browser_of(path)
        return await by.http.post(self.address(path), data={**by.carried, **FORMS[path].typed, **changes})


@pytest_asyncio.fixture(scope="module")
async def board(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """A board and an intake with every form: they know a host application, and play one on the demo sign-in page."""
    await topics_at(bootstrap)
    somebody = Person(HOST, "u9", ("submit",), "globex", "admin", True)
    file, demo = demo_sign_in(tmp_path_factory.mktemp("demo"), [somebody])
    hosts = json.dumps([*json.loads(token_hosts()), demo])
    given: dict[str, Any] = {"token_hosts": hosts, "demo_sign_in_file": file}
    async with (
        running_intake(bootstrap, **given) as intake,
        running_board(intake, tmp_path_factory.mktemp("board"), **given) as running,
    ):
        yield running


@pytest.fixture
def intake(board: Board) -> Intake:
    """The intake."""
    return board.intake


@pytest_asyncio.fixture
async def sender(board: Board, intake: Intake) -> AsyncIterator[Sender]:
    """Somebody with a request of their own."""
    async with browser(intake, "forms") as http, looking(board) as agent:
        sent = await send(http)
        assert sent.status_code == 303
        request_id = sent.headers["Location"].rpartition("/")[2]
        await write(intake.bootstrap, [output_of(CASES, request_id, routed(request_id, utc_now()))])

        async def with_form() -> str:
            page = (await agent.get(f"/cases/{request_id}")).text
            return page if "identity" in page else ""

        page = await answered(with_form, 10, "the decision is read, and the page of the case has its form")
        form = carried((await http.get("/")).text)
        yield Sender(Browser(http, form), Browser(agent, carried(page)), request_id)


def written() -> float:
    """How many records Kafka has acknowledged to intake, which runs in this process."""
    samples = (sample for metric in ACKNOWLEDGED.collect() for sample in metric.samples)
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


def is_refused(answer: httpx.Response, status: int, before: float) -> None:
    """Nothing is written, and whoever was signed in still is: with a page that says why."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PAGE)
    assert PERSON not in answer.headers.get("Set-Cookie", "")
    assert written() == before


def test_the_table_has_every_form(board: Board, intake: Intake) -> None:
    """So that a form that is added is tried here, too."""
    of_board = {_BOARD + path for path in _posts(create_board(board.service))}
    assert _posts(create_app(intake.service)) | of_board == set(FORMS) | ELSEWHERE


def _posts(app: FastAPI) -> set[str]:
    """The addresses of the forms of an application."""
    return {route.path for route in app.routes if isinstance(route, Page) and "POST" in (route.methods or ())}


@every_form
async def test_a_form_counts_if_nothing_is_wrong(sender: Sender, path: str) -> None:
    """So the refusals below are for what is wrong there, and for nothing else."""
    before, answer = written(), await sender.post(path)
    assert answer.status_code == 303
    signs_in_or_out = path.removeprefix(_BOARD).startswith(("/session", "/demo"))
    assert (PERSON in answer.headers.get("Set-Cookie", ""), written() - before) == (
        signs_in_or_out,
        not signs_in_or_out,
    )


@pytest.mark.parametrize("change", ["", "0" * 32, "ñ"], ids=["none", "made-up", "text"])
@pytest.mark.parametrize("path", WITH_HASH)
async def test_a_form_without_the_hash_of_its_browser_is_refused(sender: Sender, path: str, change: str) -> None:
    """A page elsewhere can let a browser send a form, but cannot know the hash."""
    before = written()
    is_refused(await sender.post(path, form=change), 403, before)


@pytest.mark.parametrize("path", WITH_HASH)
async def test_the_form_of_another_browser_is_refused(intake: Intake, sender: Sender, path: str) -> None:
    """Whoever wants to trick somebody can open the form, too, and gets a hash of their own."""
    async with browser(intake) as other:
        theirs = carried((await other.get("/")).text)
    before = written()
    is_refused(await sender.post(path, **theirs), 403, before)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
@every_form
async def test_a_form_from_another_origin_is_refused(sender: Sender, path: str, origin: str | None) -> None:
    """Whatever it carries: the browser says where it comes from, and no page can make it say something else."""
    before = written()
    del sender.browser_of(path).http.headers["Origin"]
    sender.browser_of(path).http.headers.update({} if origin is None else {"Origin": origin})
    is_refused(await sender.post(path), 403, before)


@every_form
async def test_a_form_that_is_too_large_is_refused(sender: Sender, path: str) -> None:
    """It is read and dropped, so that the browser sees the page that says why."""
    before = written()
    is_refused(await sender.post(path, more="x" * FORM_LIMIT), 413, before)


@every_form
async def test_a_form_that_does_not_arrive_in_time_is_refused(
    board: Board, sender: Sender, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow senders must not hold connections for ever, whichever form they open."""
    monkeypatch.setattr("shared.web.body.BODY_SECONDS", 0.2)
    before = written()
    body = urlencode({**sender.browser_of(path).carried, **FORMS[path].typed}).encode()
    cookies = "; ".join(f"{each.name}={each.value}" for each in sender.browser_of(path).http.cookies.jar)
    url = board.url if path.startswith(_BOARD) else board.intake.url
    head = {"Host": "x", "Origin": url, "Cookie": cookies, **FORM, "Content-Length": str(len(body))}
    lines = [f"POST {sender.address(path)} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    async with raw_connection(url) as connection:
        await connection.send("\r\n".join(lines).encode() + body[:-1])
        answer = parse(await connection.until_closed(5))
    assert (answer.status, answer.headers["content-type"]) == (408, PAGE)
    assert written() == before


@every_form
async def test_what_is_no_form_is_refused(sender: Sender, path: str) -> None:
    """Scripts of other origins can send JSON as text without asking; what is not a form is not read as one."""
    before = written()
    for media_type in ("text/plain", "application/json", "multipart/form-data; boundary=x"):
        content = urlencode({**sender.browser_of(path).carried, **FORMS[path].typed})
        sent = await sender.browser_of(path).http.post(
            sender.address(path), content=content, headers={"Content-Type": media_type}
        )
        is_refused(sent, 415, before)
