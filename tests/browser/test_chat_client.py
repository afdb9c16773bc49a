"""What the page of the chat does when things go wrong that a real server rarely does: the server here is a script.

tests/browser/test_chat.py has the same page with the real one.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.conftest import OpenAs
from tests.browser.customer import PLUS, write

Data = dict[str, Any]
CASE = "c0ffee" * 8
MINE, MARK = ".talk > .me", ".talk > .mark"
DECIDED = {"staffed": True, "text": "It is decided.", "because": None}


class Server:
    """What the page has sent, and what it is sent. `answers`: what is said to a message of a type."""

    def __init__(self) -> None:
        self.heard: list[Data] = []
        self.answers: dict[str, Callable[[Data], list[Data]]] = {
            "hello": lambda _: [{"type": "welcome", "signed_in": True, "topics": "1"}],
            "hand_over": lambda frame: [
                {"type": "accepted", "to": frame["id"], "request_id": CASE, "page": f"/requests/{CASE}"},
                case("open"),
            ],
            "report": lambda frame: [{"type": "delivered", "to": frame["id"], "activity_id": f"a-{frame['id']}"}],
        }
        self._sockets: list[WebSocketRoute] = []

    @property
    def connections(self) -> int:
        """How many there were."""
        return len(self._sockets)

    def accept(self, socket: WebSocketRoute) -> None:
        """Serve a connection."""
        self._sockets.append(socket)
        socket.on_message(lambda text: self._take(socket, json.loads(text)))

    def send(self, frame: Data) -> None:
        """Say something on the newest connection."""
        self._sockets[-1].send(json.dumps(frame))

    async def close(self, code: int) -> None:
        """Close the newest connection."""
        await self._sockets[-1].close(code=code)

    def of(self, kind: str) -> list[Data]:
        """What was heard of a type."""
        return [frame for frame in self.heard if frame["type"] == kind]

    def _take(self, socket: WebSocketRoute, frame: Data) -> None:
        self.heard.append(frame)
        answered = self.answers.get(frame["type"])
        for answer in [] if answered is None else answered(frame):
            socket.send(json.dumps(answer))


def case(state: str, **given: Any) -> Data:
    """How the case stands."""
    usual = {"live": True, "decision": DECIDED, "ways": [], "promise": None, "nothing_promised": "Nothing."}
    return {"type": "case", "request_id": CASE, "page": f"/requests/{CASE}", "state": state, **usual, **given}


def refused(frame: Data, status: int = 503, retry_after: int | None = None, text: str = "Not now.") -> Data:
    """A refusal of a message."""
    problem = {"status": status, "errors": []}
    return {"type": "refused", "to": frame.get("id"), "text": text, "problem": problem, "retry_after": retry_after}


@asynccontextmanager
async def chat(open_as: OpenAs) -> AsyncIterator[tuple[Page, Server]]:
    """The page of a customer, with a server that is a script."""
    page, server = await open_as(PLUS), Server()
    await page.route_web_socket("**/v1/chat", server.accept)
    await page.goto(page.url + "chat")
    yield page, server


async def pass_on(page: Page) -> None:
    """Pass the conversation on; the server accepts what is not filled in."""
    await write(page, "hello")
    await page.click("#ask-person")
    await page.click("#hand-over button:not([type])")
    await expect(page.locator("#standing .pill")).to_have_text("with a person")


async def heard(server: Server, kind: str, number: int) -> list[Data]:
    """What was heard of a type, once there is so much of it."""
    async with asyncio.timeout(15):
        while len(server.of(kind)) < number:  # noqa: ASYNC110 - Playwright calls back between
            await asyncio.sleep(0.02)
    return server.of(kind)


async def test_what_has_to_wait_holds_back_what_was_written_after_it(open_as: OpenAs) -> None:
    """Else an agent would read the second message before the first."""
    async with chat(open_as) as (page, server):
        server.answers["ask"] = lambda frame: [{**EMPTY, "to": frame["id"]}]
        await pass_on(page)
        delivered = server.answers["report"]
        server.answers["report"] = lambda frame: [refused(frame, retry_after=1, text="Wait a moment.")]
        await write(page, "first")
        await write(page, "second")
        await expect(page.locator("#offline")).to_have_text("Wait a moment.")
        server.answers["report"] = delivered
        frames = await heard(server, "report", 3)
        assert [frame["activity"]["text"] for frame in frames] == ["first", "first", "second"]
        assert frames[0]["id"] == frames[1]["id"] != frames[2]["id"]
        await expect(page.locator(MINE).last).to_contain_text("delivered")
        await expect(page.locator("#offline")).to_be_hidden()


EMPTY: Data = {"type": "answer", "topic": None, "title": None, "blocks": [], "others": [], "channels": []}


async def test_what_was_not_answered_is_sent_again_with_its_id(open_as: OpenAs) -> None:
    """The connection is lost between a message and its answer; nobody knows whether it has arrived."""
    async with chat(open_as) as (page, server):
        server.answers["ask"] = lambda frame: [{**EMPTY, "to": frame["id"]}]
        await pass_on(page)
        delivered = server.answers.pop("report")
        await write(page, "only once")
        (first,) = await heard(server, "report", 1)
        server.answers["report"] = delivered
        await server.close(1012)
        _, again = await heard(server, "report", 2)
        assert again == first
        (follow,) = server.of("follow")
        assert (follow["request_id"], follow["pending"]) == (CASE, [first["id"]])
        await expect(page.locator(MINE, has_text="only once")).to_have_count(1)


async def test_what_was_refused_for_good_can_be_sent_again_and_keeps_its_id(open_as: OpenAs) -> None:
    """Perhaps it was accepted after all, and the refusal is of its repetition."""
    async with chat(open_as) as (page, server):
        server.answers["ask"] = lambda frame: [{**EMPTY, "to": frame["id"]}]
        await pass_on(page)
        delivered = server.answers["report"]
        server.answers["report"] = lambda frame: [refused(frame, 422, text="Too long.")]
        await write(page, "once more")
        await expect(page.locator(MINE).last).to_contain_text("Too long.")
        server.answers["report"] = delivered
        await page.get_by_role("button", name="Send again").click()
        await expect(page.locator(MINE).last).to_contain_text("delivered")
        first, second = server.of("report")
        assert first == second


async def test_a_case_that_is_not_kept_any_more_is_no_dead_end(open_as: OpenAs) -> None:
    """However it is told: while the chat is open, or when it is opened again. A new conversation can begin."""
    async with chat(open_as) as (page, server):
        server.answers["ask"] = lambda frame: [{**EMPTY, "to": frame["id"]}]
        await pass_on(page)
        server.answers["follow"] = lambda frame: [refused(frame, 404)]
        await page.reload()
        await expect(page.locator("#standing .pill")).to_have_text("finished")
        await expect(page.locator(MARK).last).to_contain_text("not kept here any more")
        await page.reload()
        await expect(page.locator(MARK, has_text="not kept here")).to_have_count(1)
        await page.click("#anew")
        await expect(page.locator(MINE)).to_have_count(0)
        await expect(page.locator("#ask-person")).to_be_visible()


async def test_resolving_twice_is_one_activity(open_as: OpenAs) -> None:
    """A double click, or impatience while the connection is slow."""
    async with chat(open_as) as (page, server):
        server.answers["ask"] = lambda frame: [{**EMPTY, "to": frame["id"]}]
        await pass_on(page)
        server.answers.pop("report")
        await page.dblclick("#works")
        await expect(page.locator("#works")).to_be_disabled()
        assert len(await heard(server, "report", 1)) == 1
        server.send(case("resolved"))
        await expect(page.locator("#standing .pill")).to_have_text("finished")


async def test_a_message_that_was_taken_back_goes(open_as: OpenAs) -> None:
    """An agent has sent it to the wrong customer: it stays nowhere."""
    async with chat(open_as) as (page, server):
        server.answers["ask"] = lambda frame: [{**EMPTY, "to": frame["id"]}]
        await pass_on(page)
        message = {"id": "a1", "by": "agent", "text": "Not for you", "at": "2026-11-27T10:00:00Z"}
        server.send({"type": "said", "request_id": CASE, "to": None, "message": message})
        await expect(page.locator(".talk > .agent")).to_contain_text("Not for you")
        server.send({"type": "retracted", "request_id": CASE, "id": "a1"})
        await expect(page.locator(".talk > .agent")).to_have_count(0)
        assert "Not for you" not in await page.evaluate("JSON.stringify({...sessionStorage})")


async def test_a_decision_is_told_once(open_as: OpenAs) -> None:
    """However often the connection is opened, and while a restarted server has not read it yet."""
    async with chat(open_as) as (page, server):
        server.answers["ask"] = lambda frame: [{**EMPTY, "to": frame["id"]}]
        await pass_on(page)
        for frame in (case("deciding", decision=None, live=False), case("open"), case("waiting"), case("open")):
            server.send(frame)
        await expect(page.locator("#standing .pill")).to_have_text("with a person")
        await expect(page.locator(MARK, has_text="It is decided.")).to_have_count(1)


async def test_a_sign_in_that_has_ended_is_said(open_as: OpenAs) -> None:
    """The page is loaded again, and shows who is signed in now; another page's identity is asked to reload."""
    async with chat(open_as) as (page, server):
        server.answers["ask"] = lambda frame: [{**EMPTY, "to": frame["id"]}]
        await pass_on(page)
        async with page.expect_navigation():
            await server.close(4401)
        await expect(page.locator("#compose")).to_be_visible()
        await heard(server, "hello", 2)
        await server.close(1008)
        await expect(page.locator("#offline")).to_contain_text("Reload the page")


async def test_a_reader_who_writes_nothing_takes_no_place(open_as: OpenAs) -> None:
    """Nor one whose conversation with the bot was closed for its silence; the next message opens it again."""
    async with chat(open_as) as (page, server):
        assert server.connections == 0
        server.answers["ask"] = lambda frame: [{**EMPTY, "to": frame["id"]}]
        await write(page, "one")
        await expect(page.locator(".talk > .them")).to_have_count(2)
        await server.close(4408)
        await write(page, "two")
        await expect(page.locator(".talk > .them")).to_have_count(3)
        assert server.connections == 2
        await expect(page.locator("#offline")).to_be_hidden()
