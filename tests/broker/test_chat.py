"""The chat on a real intake and a real Kafka, as any client of `WS /v1/chat` sees it.

tests/browser drives its page; the router's part is written here as the router writes it.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from shared.contracts import wire
from shared.contracts.structs import SupportRequestSubmitted
from shared.contracts.topics import REQUESTS
from shared.policy.editions import EditionLibrary
from tests.broker.chats import (
    activity_of,
    chat_of,
    decide,
    hand_over,
    identity_of,
    intake_with_chats,
    request_of,
    said,
)
from tests.broker.intake_calls import events_of, report, unique
from tests.broker.test_pages import browser
from tests.harness.asking import FIELDS
from tests.harness.chat import SOON, chatting
from tests.harness.intake import Intake, catching_up, running_intake, submission
from tests.harness.page import blocks
from tests.harness.shipped import shipped_edition
from tests.harness.sign_in import somebody_of, token_hosts, token_of


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake whose pages, and those of one host application, may open chats."""
    async with intake_with_chats(bootstrap) as running:
        yield running


async def test_the_bot_answers_and_its_conversation_is_no_case(intake: Intake) -> None:
    """In the language of the client; nothing of it reaches Kafka."""
    person = somebody_of(unique())
    async with chat_of(intake, person, language="es") as chat:
        answer = await chat.asked("answer", type="ask", text="nadie me oye")
        assert (answer["topic"], answer["title"]) == ("microphone", "Los demás no me oyen")
        linked = await chat.asked("answer", type="ask", topic="dial_in")
        assert linked["topic"] == "dial_in"
        unknown = await chat.asked("answer", type="ask", text="zxqv")
        assert unknown["topic"] is None
    assert await events_of(intake, REQUESTS, person.account_id or "") == []


async def test_handing_over_submits_the_conversation_on_the_live_chat(intake: Intake) -> None:
    """Who asks is from the token; what the bot said is from the help topics, whatever the client claims."""
    person = somebody_of(unique())
    turns = [{"text": "Nobody hears me"}, {"topic": "microphone"}, {"topic": "made_up"}, {"text": "It did not help"}]
    async with chat_of(intake, person) as chat:
        accepted = await hand_over(chat, transcript=turns)
        assert (await chat.next("case"))["state"] == "deciding"
    event = await request_of(intake, person.account_id or "")
    request_id = event.request_id
    told = {"request_id": request_id, "page": f"/requests/{request_id}"}
    assert accepted == {"type": "accepted", "to": accepted["to"], **told}
    assert (event.channel, event.authenticated_by, event.requester.requester_id) == ("chat", "signed_token", "u1")
    assert event.description.startswith("Customer: Nobody hears me\n\nAssistant: The others cannot hear me\n")
    assert "\n\nCustomer: It did not help\n\n" in event.description
    assert "made_up" not in event.description


async def test_a_hand_over_that_is_sent_again_counts_once(intake: Intake) -> None:
    """Its answer was lost with the connection: the client sends it again, with its id."""
    person = somebody_of(unique())
    answers = []
    for _ in range(2):
        async with chat_of(intake, person) as chat:
            answers.append(await hand_over(chat, id="the-same"))
    assert answers[0] == answers[1]
    assert (await request_of(intake, person.account_id or "")).request_id == answers[0]["request_id"]


async def test_a_hand_over_is_no_repetition_of_a_call(intake: Intake) -> None:
    """Though a client has used the id of the one as the key of the other: both are there."""
    person = somebody_of(unique())
    async with httpx.AsyncClient(base_url=intake.url, headers={"Authorization": f"Bearer {token_of(person)}"}) as http:
        body = submission(account_id=..., requester=...)
        called = await http.post("/v1/support-requests", json=body, headers={"Idempotency-Key": "the-same"})
        assert called.status_code == 202
    async with chat_of(intake, person) as chat:
        assert (await hand_over(chat, id="the-same"))["request_id"] != called.json()["request_id"]
    requests = await events_of(intake, REQUESTS, person.account_id or "")
    assert [wire.decode(SupportRequestSubmitted, data).channel for _, _, data in requests] == ["web_ticket", "chat"]


async def test_the_decision_and_the_promise_are_told_when_they_come(intake: Intake) -> None:
    """A live agent where the account has it: the channel, the priority, and by when there is an answer."""
    person = somebody_of(unique())
    async with chat_of(intake, person, zone="Europe/Madrid") as chat:
        await hand_over(chat)
        await decide(intake, await request_of(intake, person.account_id or ""))
        case = await chat.next("case", state="open")
    assert (case["live"], case["ways"], case["decision"]["channel"]) == (True, [], "chat")
    assert case["promise"]["due_at"].endswith("Z")
    assert case["promise"]["due"].endswith(("CET", "CEST"))


async def test_who_may_not_chat_with_people_is_told_what_is_open(intake: Intake) -> None:
    """With the reason, and the help texts of what is open."""
    person = somebody_of(unique())
    async with chat_of(intake, person) as chat:
        await hand_over(chat)
        await decide(
            intake, await request_of(intake, person.account_id or ""), paid=False, account_type="free", plan="access"
        )
        case = await chat.next("case", state="open")
    assert not case["live"]
    assert case["decision"]["because"]
    assert {"help_center", "bot"} <= {way["channel"] for way in case["ways"]}
    assert all(way["help"] for way in case["ways"])


async def test_a_visitor_hands_over_without_signing_in(intake: Intake) -> None:
    """By the cookie of the page and its own origin; the visitor owns the request."""
    async with browser(intake) as http:
        identity = identity_of((await http.get("/chat")).text)
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
        async with chatting(intake.url, hello={"identity": identity}, Origin=intake.url, Cookie=cookie) as chat:
            assert not (await chat.next("welcome"))["signed_in"]
            accepted = await hand_over(chat)
        assert (await http.get(accepted["page"])).status_code == 200
    ((_, _, data),) = await events_of(intake, REQUESTS, accepted["request_id"])
    assert wire.decode(SupportRequestSubmitted, data).authenticated_by == "anonymous"


async def test_messages_are_delivered_once_and_told_in_order(intake: Intake) -> None:
    """To the client that wrote them as its own, by its id; those of agents too."""
    person = somebody_of(unique())
    async with chat_of(intake, person) as chat:
        case = (await hand_over(chat))["request_id"]
        first = await chat.asked("delivered", type="report", activity={"type": "customer_replied", "text": "Hello?"})
        own = await said(chat, "Hello?")
        assert (own["message"]["id"], own["message"]["by"], own["to"]) == (first["activity_id"], "me", first["to"])
        await report(intake, case, "k1", type="agent_replied", text="Good morning")
        answer = await said(chat, "Good morning")
        assert (answer["to"], answer["message"]["by"], answer["request_id"]) == (None, "agent", case)
    assert [activity.text for activity in await activity_of(intake, case)] == ["Hello?", "Good morning"]


async def test_a_reconnect_loses_and_doubles_nothing(intake: Intake) -> None:
    """What was said meanwhile comes, what the client has does not; a message without an answer is recognised."""
    person = somebody_of(unique())
    async with chat_of(intake, person) as chat:
        case = (await hand_over(chat))["request_id"]
        await report(intake, case, "k1", type="agent_replied", text="One")
        seen = (await said(chat, "One"))["message"]["id"]
        lost = await chat.send(type="report", activity={"type": "customer_replied", "text": "Two"}, id="lost")
        chat.socket.transport.abort()  # the answer is lost with the connection, the message perhaps too
    await report(intake, case, "k3", type="agent_replied", text="Three")
    async with chat_of(intake, person) as chat:
        await chat.send(type="follow", id=None, request_id=case, seen=seen, pending=[lost])
        await chat.asked("delivered", type="report", activity={"type": "customer_replied", "text": "Two"}, id=lost)
        await said(chat, "Two")
        await said(chat, "Three")
        told = {frame["message"]["text"]: frame["to"] for frame in chat.told if frame["type"] == "said"}
    logged = {
        activity.activity_id: activity.text for activity in await activity_of(intake, case)
    }  # the first of each id
    assert sorted(filter(None, logged.values())) == ["One", "Three", "Two"]
    assert [*told] == [text for text in logged.values() if text != "One"], "in the order of the log"
    assert told["Two"] == lost


async def test_a_restart_holds_back_news_and_not_messages(intake: Intake) -> None:
    """While intake reads the topics again it cannot tell what was said; what is written then is taken all the same."""
    person, written = somebody_of(unique()), {"type": "customer_replied", "text": "Written meanwhile"}
    async with chat_of(intake, person) as chat:
        case = (await hand_over(chat))["request_id"]
    async with chat_of(intake, person) as chat:
        with catching_up(intake.service.requests_tail):
            await chat.send(type="follow", id=None, request_id=case, pending=["mine"])
            refused = await chat.next("refused")
            assert (refused["problem"]["status"], refused["retry_after"]) == (503, 2)
            await chat.asked("delivered", type="report", id="mine", activity=written)
        await chat.send(type="follow", id=None, request_id=case, pending=["mine"])
        assert (await said(chat, "Written meanwhile"))["to"] == "mine"
    assert len(await activity_of(intake, case)) == 1


async def test_a_hand_over_is_the_same_whatever_changed_since(intake: Intake) -> None:
    """The language, or the topics of another version: the id says that it is the same conversation."""
    person = somebody_of(unique())
    answers = []
    for language in ("en", "es"):
        async with chat_of(intake, person, language=language) as chat:
            turns = [{"text": "No sound"}, {"topic": "microphone"}]
            answers.append(await hand_over(chat, id="conversation", transcript=turns))
    assert answers[0]["request_id"] == answers[1]["request_id"]
    assert (await request_of(intake, person.account_id or "")).language == "en"


async def test_what_was_taken_back_is_told(intake: Intake) -> None:
    """An agent wrote to the wrong customer."""
    async with chat_of(intake, somebody_of(unique())) as chat:
        case = (await hand_over(chat))["request_id"]
        wrong = (await report(intake, case, "k1", type="agent_replied", text="Not for you")).json()["activity_id"]
        assert (await said(chat, "Not for you"))["message"]["id"] == wrong
        await report(intake, case, "k2", type="reply_retracted", retracts=wrong)
        assert await chat.next("retracted") == {"type": "retracted", "request_id": case, "id": wrong}


async def test_an_edition_without_a_live_chat_has_no_chat_page(bootstrap: str) -> None:
    """And no link to it; the bot still answers by the WebSocket, and a hand-over is refused."""
    edition = shipped_edition("guidelines-2021").model_copy(update={"live_chat": None})
    async with running_intake(bootstrap, token_hosts=token_hosts(), library=EditionLibrary.single(edition)) as intake:
        async with browser(intake) as http:
            assert (await http.get("/chat")).status_code == 404
            assert "/chat" not in (await http.get("/")).text
        async with chat_of(intake, somebody_of(unique())) as chat:
            refused = await chat.asked("refused", type="hand_over", subject="x", fields=FIELDS)
            assert refused["problem"]["status"] == 404


async def test_the_program_of_the_documentation_works(intake: Intake) -> None:
    """docs/chat.md: asks, passes on, and reads the decision."""
    person = somebody_of(unique())
    (program,) = blocks("chat.md", "python")
    given = {"FRONTLINE_CHAT": intake.url.replace("http", "ws", 1) + "/v1/chat", "FRONTLINE_TOKEN": token_of(person)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program.text, env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(SOON):
        while not await events_of(intake, REQUESTS, person.account_id or ""):
            pass
    await decide(intake, await request_of(intake, person.account_id or ""))
    out = (await asyncio.wait_for(process.communicate(), SOON))[0].decode()
    assert re.fullmatch(r"The others cannot hear me\n/requests/\w+\nIt is with .+; priority P\d\. .+\n", out), out
