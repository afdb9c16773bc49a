"""The chat on a real intake and a real Kafka, as any client of `WS /v1/chat` sees it.

tests/browser drives its page; the router's part is written here as the router writes it.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.intake.pages.visit import PERSON
from shared.contracts import wire
from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, CASES, REQUESTS
from shared.identity.person import Person
from shared.identity.signed_tokens import SKEW
from shared.policy.editions import EditionLibrary
from shared.routing.entitlement import covered, terms_of
from shared.routing.rulebook import Rulebook
from shared.wall_clock import utc_now
from tests.broker.intake_calls import events_of, output_of, report, unique
from tests.broker.test_pages import browser
from tests.harness.asking import FIELDS, account
from tests.harness.chat import SOON, ChatClient, chatting
from tests.harness.decided import decided
from tests.harness.intake import Intake, catching_up, running_intake, topics_at, write
from tests.harness.page import blocks
from tests.harness.processes import eventually
from tests.harness.shipped import shipped_edition
from tests.harness.sign_in import ORIGIN, somebody_of, token_hosts, token_of

OTHER = "https://elsewhere.example"
RULES = Rulebook(shipped_edition("guidelines-2021"))


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake that knows one host application, whose pages may open chats."""
    await topics_at(bootstrap)
    async with running_intake(
        bootstrap,
        token_hosts=token_hosts(),
        cors_origins=ORIGIN,
        chat_rate="100000/minute",
        anonymous_rate="1000/minute",
    ) as running:
        yield running


@asynccontextmanager
async def chat_of(intake: Intake, person: Person, **hello: Any) -> AsyncIterator[ChatClient]:
    """A chat of a person with a token, which is welcomed."""
    async with chatting(intake.url, hello={"token": token_of(person), "language": "en", **hello}) as chat:
        assert (await chat.next("welcome"))["signed_in"]
        yield chat


async def hand_over(chat: ChatClient, **given: Any) -> dict[str, Any]:
    """Pass a conversation on; returns the answer."""
    frame = {"type": "hand_over", "subject": "Nobody hears me", "fields": FIELDS, "transcript": [{"text": "No sound"}]}
    return await chat.asked("accepted", **frame | given)


async def request_of(intake: Intake, account_id: str) -> SupportRequestSubmitted:
    """The only request of an account on Kafka."""
    ((_, _, data),) = await events_of(intake, REQUESTS, account_id)
    return wire.decode(SupportRequestSubmitted, data)


async def decide(intake: Intake, event: SupportRequestSubmitted, **entitled: Any) -> None:
    """Write what the router decides of a request, for an account with these terms."""
    now = utc_now()
    entitlement = covered(terms_of(account(**entitled)), event.requester, RULES.edition, now, 0)
    await write(intake.bootstrap, [output_of(CASES, event.request_id, decided(event, entitlement, RULES, now))])


async def activity_of(intake: Intake, case: str) -> list[ActivityRecorded]:
    """The activity of a case on Kafka."""
    return [wire.decode(ActivityRecorded, data) for _, _, data in await events_of(intake, ACTIVITY, case)]


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
        identity = _identity((await http.get("/chat")).text)
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
        async with chatting(intake.url, hello={"identity": identity}, Origin=intake.url, Cookie=cookie) as chat:
            assert not (await chat.next("welcome"))["signed_in"]
            accepted = await hand_over(chat)
        assert (await http.get(accepted["page"])).status_code == 200
    ((_, _, data),) = await events_of(intake, REQUESTS, accepted["request_id"])
    assert wire.decode(SupportRequestSubmitted, data).authenticated_by == "anonymous"


def _identity(page: str) -> str:
    return page.partition('data-identity="')[2].partition('"')[0]


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


async def said(chat: ChatClient, text: str) -> dict[str, Any]:
    """What is told of the message with this text, once it is; the answer to one's own may come before or after it."""
    async with asyncio.timeout(SOON):
        while True:
            for frame in chat.told:
                if frame["type"] == "said" and frame["message"]["text"] == text:
                    return frame
            await chat.next("said")


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


async def test_a_chat_ends_with_its_token(bootstrap: str, intake: Intake) -> None:
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
        reading = asyncio.create_task(chat.next("never"))
        with suppress(ConnectionClosed):
            for _ in range(150):
                await chat.socket.send("{}")
        assert await chat.closed() == 4429
        reading.cancel()


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


async def test_a_visitor_stays_the_same_from_another_address(intake: Intake) -> None:
    """From a wireless network to a mobile one: the page is still theirs, by the cookie of the browser."""
    async with browser(intake) as http:
        identity = _identity((await http.get("/chat")).text)
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
