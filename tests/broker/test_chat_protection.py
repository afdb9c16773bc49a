"""What the chat does not accept, and whom it tells nothing: other origins and accounts, wrong tokens and messages."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from shared.contracts.topics import REQUESTS
from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.broker.chats import activity_of, chat_of, hand_over, identity_of, intake_with_chats, said
from tests.broker.intake_calls import events_of, report, unique
from tests.broker.test_pages import browser
from tests.harness.asking import FIELDS
from tests.harness.chat import chatting
from tests.harness.intake import Intake
from tests.harness.sign_in import ORIGIN, somebody_of, token_of

OTHER = "https://elsewhere.example"


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake whose pages, and those of one host application, may open chats."""
    async with intake_with_chats(bootstrap) as running:
        yield running


@pytest.mark.parametrize("origin", [OTHER, "null", "http://127.0.0.1.evil.example"])
async def test_a_page_of_another_origin_gets_no_chat(intake: Intake, origin: str) -> None:
    """Whatever cookies its visitor has: the handshake is refused."""
    token = token_of(somebody_of(unique()))
    with pytest.raises(InvalidStatus) as refused:
        async with chatting(intake.url, Origin=origin, Cookie=f"{PERSON}={token}"):
            pass
    assert refused.value.response.status_code == 403


async def test_a_page_on_the_list_chats_with_a_token_and_never_with_cookies(intake: Intake) -> None:
    """Its visitor's cookies are for pages of intake alone."""
    token = token_of(somebody_of(unique()))
    async with chatting(intake.url, Origin=ORIGIN, Cookie=f"{PERSON}={token}") as chat:
        assert (await chat.next("refused"))["problem"]["type"].endswith("unauthenticated")
        assert await chat.closed() == 1008
    async with chatting(intake.url, hello={"token": token}, Origin=ORIGIN) as chat:
        await chat.next("welcome")


@pytest.mark.parametrize(
    "token",
    ["x.y.z", token_of(audience="another"), token_of(now=utc_now() - timedelta(hours=2)), "fl_test-key-of-all"],
    ids=["forged", "of another audience", "expired", "an API key"],
)
async def test_a_token_that_is_not_valid_gets_no_chat(intake: Intake, token: str) -> None:
    """In the hello or in the head of the handshake."""
    for hello, headers in (({"token": token}, {}), ({}, {"Authorization": f"Bearer {token}"})):
        async with chatting(intake.url, hello=hello, **headers) as chat:
            refused = await chat.next("refused")
            assert refused["problem"]["status"] == 401
            assert token not in json.dumps(refused)
            assert await chat.closed() == 1008


async def test_a_case_of_another_account_is_not_followed(intake: Intake) -> None:
    """Nor reported on: whoever knows its id learns nothing."""
    async with chat_of(intake, somebody_of(unique())) as mine, chat_of(intake, somebody_of(unique())) as other:
        case = (await hand_over(mine))["request_id"]
        await other.send(type="follow", id=None, request_id=case)
        assert (await other.next("refused"))["problem"]["status"] == 404
        refused = await other.asked("refused", type="report", activity={"type": "customer_replied", "text": "x"})
        assert refused["problem"]["status"] == 403
    assert await activity_of(intake, case) == []


@pytest.mark.parametrize(
    ("frame", "wrong"),
    [
        ({"type": "hand_over", "subject": "  ", "fields": FIELDS}, {"subject"}),
        ({"type": "hand_over", "subject": "x", "fields": {**FIELDS, "impact": "huge"}}, {"fields.impact"}),
        ({"type": "hand_over", "subject": "x", "fields": {}}, {"fields.impact", "fields.workaround"}),
        ({"type": "hand_over", "subject": "x", "priority": "P1", "plan": "premier"}, {"priority", "plan"}),
        ({"type": "ask"}, {"body"}),
        ({"type": "ask", "text": "x", "topic": "y"}, {"body"}),
        ({"type": "shout", "more": 1}, {"type"}),
    ],
)
async def test_a_wrong_message_is_refused_and_the_chat_goes_on(
    intake: Intake, frame: dict[str, Any], wrong: set[str]
) -> None:
    """With each wrong field. A client cannot claim a plan or a priority: there are no such fields."""
    person = somebody_of(unique())
    async with chat_of(intake, person) as chat:
        refused = await chat.asked("refused", **frame)
        assert wrong <= {error["field"] for error in refused["problem"]["errors"]}
        assert (await chat.asked("answer", type="ask", text="nobody hears me"))["topic"] == "microphone"
    assert await events_of(intake, REQUESTS, person.account_id or "") == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        *((message, None) for message in ("not json", "[1]", "{}", "[" * 20_000)),
        (b"\x00", 1003),
        ("x" * 70_000, 1009),
    ],
)
async def test_what_is_no_message_is_refused(intake: Intake, message: str | bytes, code: int | None) -> None:
    """Bytes and messages that are too large end the chat, since no client of ours sends them."""
    async with chat_of(intake, somebody_of(unique())) as chat:
        await chat.socket.send(message)
        if code is not None:
            assert await chat.closed() == code
            return
        assert (await chat.next("refused"))["to"] is None
        assert (await chat.asked("answer", type="ask", text="echo"))["topic"] == "echo"


async def test_agents_activity_is_not_for_customers(intake: Intake) -> None:
    """Nobody answers their own question as an agent."""
    async with chat_of(intake, somebody_of(unique())) as chat:
        case = (await hand_over(chat))["request_id"]
        refused = await chat.asked("refused", type="report", activity={"type": "agent_replied", "text": "Yes"})
        assert refused["problem"]["status"] == 403
    assert await activity_of(intake, case) == []


async def test_no_text_of_a_customer_is_in_logs_or_metrics(intake: Intake, capfd: pytest.CaptureFixture[str]) -> None:
    """Not that of a question, of a hand-over or of a refused message."""
    secret = unique("secret")
    async with chat_of(intake, somebody_of(unique())) as chat:
        await chat.asked("answer", type="ask", text=secret)
        await hand_over(chat, subject=secret, transcript=[{"text": secret}])
        await chat.asked("refused", type="report", activity={"type": secret})
        await chat.socket.send(secret)
        await chat.next("refused", to=None)
    out = capfd.readouterr()
    async with httpx.AsyncClient(base_url=intake.url) as http:
        metrics = (await http.get("/metrics")).text
    assert secret not in out.out + out.err + metrics


async def test_a_visitor_stays_the_same_from_another_address(intake: Intake) -> None:
    """From a wireless network to a mobile one: the page is still theirs, by the cookie of the browser."""
    async with browser(intake) as http:
        identity = identity_of((await http.get("/chat")).text)
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
        address = intake.url.replace("127.0.0.1", "localhost")
        async with chatting(address, hello={"identity": identity}, Origin=address, Cookie=cookie) as chat:
            await chat.next("welcome")
        async with chatting(intake.url, hello={"identity": identity}, Origin=intake.url) as stranger:
            assert (await stranger.next("refused"))["problem"]["type"].endswith("another_person")
            assert await stranger.closed() == 1008


async def test_notes_of_the_desk_are_not_told(intake: Intake) -> None:
    """They are for agents alone; the customer's chat knows nothing of them."""
    async with chat_of(intake, somebody_of(unique())) as chat:
        case = (await hand_over(chat))["request_id"]
        await report(intake, case, "k1", type="internal_note", text="A difficult one")
        await report(intake, case, "k2", type="agent_replied", text="Good morning")
        await said(chat, "Good morning")
        assert "A difficult one" not in json.dumps(chat.told)
