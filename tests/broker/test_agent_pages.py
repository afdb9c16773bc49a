"""The pages of agents on a real intake and a real Kafka: who may see them, what they list, and what they report.

No router runs here: the tests write its decisions.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from html import escape

import httpx
import pytest
import pytest_asyncio
from msgspec import structs

from shared.contracts import wire
from shared.contracts.structs import ActivityRecorded, CaseReopened
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS
from shared.identity.person import Person
from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.broker.intake_calls import events_of, output_of, unique
from tests.broker.test_pages import MARKUP, TYPED, browser, carried, send
from tests.harness.chat import chatting
from tests.harness.chats import decided_chat
from tests.harness.decided import closed, reopened
from tests.harness.intake import Intake, running_intake, topics_at, write
from tests.harness.processes import eventually
from tests.harness.sign_in import AGENT, somebody_of, token_hosts, token_of

ANOTHER = replace(AGENT, requester_id="desk-8", name="Cy")
CHATS = "/agent/chats"


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake that knows one host application, which vouches for agents too."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap, token_hosts=token_hosts(), anonymous_rate="1000/minute") as running:
        yield running


def desk(intake: Intake, person: Person = AGENT, **headers: str) -> httpx.AsyncClient:
    """The browser of an agent."""
    http = browser(intake, **{"Accept-Language": "en", **headers})
    http.cookies.set(PERSON, token_of(person))
    return http


async def opened(
    intake: Intake, channel: str = "chat", *, ago: timedelta = timedelta(), typed: Mapping[str, str] = TYPED
) -> str:
    """A customer has sent a request, so long ago, and it is decided. Returns its id."""
    async with browser(intake, unique()) as http:
        sent = await send(http, {**typed, "channel": channel})
    case_id = sent.headers["Location"].rpartition("/")[2]
    recent = intake.service.cases.find(case_id)
    assert recent is not None
    asked = structs.replace(recent.request, received_at=recent.request.received_at - ago)
    await write(intake.bootstrap, [output_of(CASES, case_id, decided_chat(asked))])
    await more_than(intake, case_id, 0)
    return case_id


async def more_than(intake: Intake, case_id: str, before: int) -> None:
    """Wait until intake has read another record of a case."""
    await eventually(lambda: intake.service.cases.count_of(case_id) > before, 10, "intake has read it")


async def listed(http: httpx.AsyncClient) -> list[str]:
    """The ids of the list, in its order."""
    return re.findall(r'<tr id="chat-(\w+)"', (await http.get(CHATS)).text)


async def does(http: httpx.AsyncClient, case_id: str, kind: str = "agent_replied", **typed: str) -> httpx.Response:
    """Open the page of a chat and send its form."""
    page = (await http.get(f"{CHATS}/{case_id}")).text
    return await http.post(f"{CHATS}/{case_id}", data={**carried(page), "type": kind, "text": "", **typed})


async def written(intake: Intake, case_id: str) -> list[ActivityRecorded]:
    """The activity of a case on Kafka."""
    return [wire.decode(ActivityRecorded, data) for _, _, data in await events_of(intake, ACTIVITY, case_id)]


@pytest.mark.parametrize("who", ["nobody", "customer"])
@pytest.mark.parametrize("address", ["", "/live", "/{case}", "/{case}/live"])
async def test_only_agents_see_the_desk(intake: Intake, who: str, address: str) -> None:
    """Not even that a case exists; and the page says what to do."""
    case = await opened(intake)
    async with browser(intake, unique() if who == "customer" else None, **{"Accept-Language": "en"}) as http:
        answer = await http.get(CHATS + address.format(case=case))
    assert answer.status_code == 403
    assert "Sign in as an agent" in answer.text
    assert case not in answer.text.replace(address.format(case=case), "")


async def test_a_customer_reports_nothing_as_an_agent(intake: Intake) -> None:
    """Even with everything that a form carries, and on a case of their own account."""
    case = await opened(intake)
    async with browser(intake, unique()) as http:
        form = carried((await http.get("/")).text)
        for typed in ({"type": "agent_replied", "text": "I say so"}, {"take": ""}):
            assert (await http.post(f"{CHATS}/{case}", data={**form, **typed})).status_code == 403
    assert await written(intake, case) == []


@pytest.mark.parametrize("change", [{"form": "0" * 32}, {"identity": "0" * 32}], ids=["hash", "identity"])
async def test_a_form_of_another_page_or_person_is_refused(intake: Intake, change: dict[str, str]) -> None:
    """As on the pages of customers."""
    case = await opened(intake)
    async with desk(intake) as http:
        answer = await does(http, case, text="We are on it.", **change)
        assert answer.status_code in (403, 409)
        form = carried((await http.get(f"{CHATS}/{case}")).text)
        http.headers["Origin"] = "https://evil.example"
        assert (await http.post(f"{CHATS}/{case}", data={**form, "take": ""})).status_code == 403
    assert await written(intake, case) == []


async def test_the_chat_with_the_least_time_left_comes_first(intake: Intake) -> None:
    """A case of another channel is not listed."""
    now, late, ticket, soon = [
        await opened(intake, channel, ago=timedelta(minutes=minutes))
        for channel, minutes in (("chat", 0), ("chat", 70), ("web_ticket", 90), ("chat", 50))
    ]
    async with desk(intake) as http:
        found = [each for each in await listed(http) if each in (now, late, ticket, soon)]
        page = (await http.get(CHATS)).text
    assert found == [late, soon, now]
    assert re.search(rf'id="chat-{late}">\s*<td class="time num"><span class="left-late"[^>]*>late by 10 min', page)
    assert re.search(rf'id="chat-{soon}">.*?>soon<', page, re.DOTALL)


async def test_a_resolved_chat_leaves_the_list_and_a_reopened_one_returns(intake: Intake) -> None:
    """Resolved and reopened by the agent, or by the customer's next message; closed and reopened by anybody."""
    case = await opened(intake)
    async with desk(intake) as http:
        assert case in await listed(http)
        assert (await does(http, case, "resolved")).status_code == 303
        assert case not in await listed(http)
        assert ">Reopen<" in (await http.get(f"{CHATS}/{case}")).text
        assert (await does(http, case, "reopened")).status_code == 303
        assert case in await listed(http)
        for event in (closed(case, utc_now()), reopened(case, utc_now())):
            before = intake.service.cases.count_of(case)
            await write(intake.bootstrap, [output_of(ESCALATIONS, case, event)])
            await more_than(intake, case, before)
            assert (case in await listed(http)) is isinstance(event, CaseReopened)


async def test_who_takes_a_chat_has_it_until_somebody_takes_it_over(intake: Intake) -> None:
    """The page says who has it. Who did not see that another has taken it is told, and nothing is published."""
    case = await opened(intake)
    async with desk(intake) as bo, desk(intake, ANOTHER) as cy:
        page = (await cy.get(f"{CHATS}/{case}")).text
        assert "Nobody has taken this chat" in page
        assert (await does(bo, case, take="")).status_code == 303
        assert "You have this chat" in (await bo.get(f"{CHATS}/{case}")).text
        late = await cy.post(f"{CHATS}/{case}", data={**carried(page), "take": "", "text": "half a"})
        assert late.status_code == 409
        assert all(text in late.text for text in ("Taken by desk-7", ">Take over<", "half a"))
        assert (await does(cy, case, take="desk-7")).status_code == 303
        assert "Taken by desk-8" in (await bo.get(f"{CHATS}/{case}")).text
        assert re.search(rf'id="chat-{case}" class="mine">.*?<b>you</b>', (await cy.get(CHATS)).text, re.DOTALL)
    done = await written(intake, case)
    assert [(each.type, each.to, each.actor.kind, each.actor.id) for each in done] == [
        ("assigned", "desk-7", "agent", "desk-7"),
        ("assigned", "desk-8", "agent", "desk-8"),
    ]


async def test_taking_a_chat_keeps_half_an_answer(intake: Intake) -> None:
    """Somebody begins to write, and then sees that nobody has it: what they typed is on the next page."""
    case = await opened(intake)
    async with desk(intake) as http:
        answer = await does(http, case, take="", text="We are ab")
    assert answer.status_code == 200
    assert all(text in answer.text for text in ("We are ab", "You have this chat"))


async def test_what_agents_do_is_recorded_as_theirs(intake: Intake) -> None:
    """An answer, a note, and the answer with which a chat is resolved. Sent twice, it counts once."""
    case = await opened(intake)
    async with desk(intake) as http:
        assert (await does(http, case, text="We are on it.")).status_code == 303
        assert (await does(http, case, "internal_note", text="Looks like a relay.")).status_code == 303
        form = carried((await http.get(f"{CHATS}/{case}")).text) | {"type": "resolved", "text": "It was a relay."}
        for _ in range(2):
            assert (await http.post(f"{CHATS}/{case}", data=form)).status_code == 303
        for kind in ("agent_replied", "internal_note"):
            empty = await does(http, case, kind, text=" ")
            assert (empty.status_code, 'id="wrong-text"' in empty.text) == (422, True)
        for kind in ("closed", "reprioritised", "customer_replied", ""):
            assert (await does(http, case, kind, text="x")).status_code == 422
        page = (await http.get(f"{CHATS}/{case}")).text
    done = {each.activity_id: each for each in await written(intake, case)}.values()
    assert [(each.type, each.text, each.actor.id) for each in done] == [
        ("agent_replied", "We are on it.", "desk-7"),
        ("internal_note", "Looks like a relay.", "desk-7"),
        ("agent_replied", "It was a relay.", "desk-7"),
        ("resolved", None, "desk-7"),
    ]
    assert page.count("Looks like a relay.") == page.count("note, for agents only") == 1


async def test_a_note_stays_with_the_agents(intake: Intake) -> None:
    """No way of the customer has its text, or that there is one: the page, its stream, the chat, the API."""
    account = unique()
    async with browser(intake, account) as http:
        address = (await send(http, {**TYPED, "channel": "chat"})).headers["Location"]
    case = address.rpartition("/")[2]
    recent = intake.service.cases.find(case)
    assert recent is not None
    await write(intake.bootstrap, [output_of(CASES, case, decided_chat(recent.request))])
    await more_than(intake, case, 0)
    token = token_of(somebody_of(account))
    async with (
        desk(intake) as agent,
        browser(intake, account) as http,
        chatting(intake.url, hello={"token": token}) as chat,
    ):
        await chat.next("welcome")
        await chat.send(type="follow", id=None, request_id=case)
        told = asyncio.create_task(_streamed(http, f"{address}/live", "We are on it."))
        await does(agent, case, "internal_note", text="for the desk alone")
        await does(agent, case, text="We are on it.")
        await does(agent, case, "internal_note", text="for the desk alone")
        await does(agent, case, text="It works again.")
        await chat.next("said")
        while (await chat.next("said"))["message"]["text"] != "It works again.":
            pass
        bearer = {"Authorization": f"Bearer {token}"}
        shown = {
            "page": (await http.get(address)).text,
            "frames of the page": await told,
            "chat": json.dumps(chat.told),
            "API": (await http.get(f"/v1/support-requests/{case}", headers=bearer)).text,
        }
    for way, text in shown.items():
        assert ("We are on it." in text) is (way != "API"), way
        for secret in ("for the desk alone", "internal_note", "desk-7"):
            assert secret not in text, (way, secret)


async def _streamed(http: httpx.AsyncClient, address: str, until: str) -> str:
    """What a stream sends, up to the end of the frame that has this text."""
    text = ""
    async with asyncio.timeout(15), http.stream("GET", address) as stream:
        async for line in stream.aiter_lines():
            text += line + "\n"
            if not line and until in text:
                break
    return text


async def test_a_form_says_by_its_button_alone_what_it_reports(intake: Intake) -> None:
    """A hidden field would change with the chat, and send as an answer what was typed as a note."""
    case = await opened(intake)
    async with desk(intake) as http:
        page = (await http.get(f"{CHATS}/{case}")).text
    assert re.findall(r'<(\w+)[^>]* name="type"', page) == ["button"] * 3


async def test_markup_is_shown_as_it_was_typed(intake: Intake) -> None:
    """The subject on the list, and every text of the chat."""
    case = await opened(intake, typed={**TYPED, "subject": MARKUP, "description": MARKUP})
    async with desk(intake) as http:
        for kind in ("agent_replied", "internal_note"):
            await does(http, case, kind, text=MARKUP)
        pages = [(await http.get(CHATS)).text, (await http.get(f"{CHATS}/{case}")).text]
        pages.append((await does(http, case, take="", text=MARKUP)).text)
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert escape(MARKUP, quote=False).split("'")[0] in page


async def test_the_desk_runs_nothing_but_its_own(intake: Intake) -> None:
    """The policy of all pages, and nothing inline."""
    case = await opened(intake)
    async with desk(intake) as http:
        for address in (CHATS, f"{CHATS}/{case}"):
            answer = await http.get(address)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"
            assert not re.search(r"<style|style=|<script(?! src=)|<[^<>]*\son\w+=|javascript:", answer.text)


async def test_agents_have_their_chats_instead_of_the_form(intake: Intake) -> None:
    """An agent has no account for which to send anything: the form leads to the chats, and takes nothing."""
    async with desk(intake) as http, browser(intake, unique()) as customer:
        assert (await http.get("/")).headers["Location"] == CHATS
        nav = re.findall(r'<a href="([^"?]*)"', (await http.get(CHATS)).text.partition("</nav>")[0])
        assert nav == [CHATS]  # no link that leads them back, or to a chat that they cannot hand over
        assert CHATS not in (await customer.get("/")).text
        form = carried((await http.get(f"{CHATS}/{await opened(intake)}")).text)
        refused = await http.post("/requests", data={**form, **TYPED})
        assert refused.status_code == 403


async def test_the_list_says_in_every_language_what_it_is(intake: Intake) -> None:
    """An agent reads their own language, whatever the customer writes."""
    case = await opened(intake)
    async with desk(intake, AGENT, **{"Accept-Language": "es"}) as http:
        assert "Chats abiertos" in (await http.get(CHATS)).text
        assert "Nadie lleva este chat" in (await http.get(f"{CHATS}/{case}")).text
        for page in ("x", "-1", "0", "99999", "9" * 400):
            assert (await http.get(CHATS, params={"page": page})).status_code == 200
        unknown = await http.get(f"{CHATS}/unknown")
        assert (unknown.status_code, "Aquí no existe ese chat" in unknown.text) == (404, True)
        assert re.search(rf'<a class="button" href="{CHATS}">Volver a los chats', unknown.text)


async def test_the_list_follows_what_happens(intake: Intake) -> None:
    """As Server-Sent Events; some two frames a second at most, whatever happens meanwhile."""
    case = await opened(intake)
    frames = 0
    async with desk(intake) as http, desk(intake, ANOTHER) as other, http.stream("GET", f"{CHATS}/live") as stream:
        began = utc_now()
        async for line in stream.aiter_lines():
            if not line:
                frames += 1
                if frames == 1:
                    await does(other, case, take="")
                    for number in range(5):
                        await does(other, case, text=f"answer {number}")
            if line.startswith("data:") and frames >= 1 and "desk-8" in line:
                break
    assert frames <= 2 + 2 * (utc_now() - began).total_seconds()


async def test_nothing_that_is_said_is_logged(intake: Intake, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a customer's words nor an agent's; and no metric has them."""
    case = await opened(intake, typed={**TYPED, "subject": "a-secret-of-theirs"})
    async with desk(intake) as http:
        await does(http, case, text="a-secret-of-ours")
        await http.get(CHATS)
        metrics = (await http.get("/metrics")).text
    logged = capsys.readouterr().out
    assert "activity.accepted" in logged
    assert "a-secret-of" not in logged + metrics


async def test_an_agent_of_the_api_key_kind_has_no_page(intake: Intake) -> None:
    """Pages know people alone: a key in a cookie or a header signs nobody in."""
    async with intake.client("agent") as http:
        assert (await http.get(CHATS)).status_code == 403
    customer = somebody_of(unique())
    async with browser(intake) as http:
        http.cookies.set(PERSON, token_of(customer))
        assert (await http.get(CHATS)).status_code == 403
