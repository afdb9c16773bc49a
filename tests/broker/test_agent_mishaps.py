"""The pages of agents when something comes between: another agent, a restart, a token that ends, another clock."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.contracts.structs import ActivityRecorded, Actor
from shared.contracts.topics import ACTIVITY
from shared.identity.signed_tokens import SKEW
from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.broker.intake_calls import output_of
from tests.broker.test_agent_pages import ANOTHER, CHATS, desk, does, listed, more_than, opened, written
from tests.broker.test_pages import carried
from tests.harness.intake import Intake, catching_up, running_intake, topics_at, write
from tests.harness.processes import eventually
from tests.harness.sign_in import AGENT, token_hosts, token_of


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake that knows one host application, which vouches for agents."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap, token_hosts=token_hosts(), anonymous_rate="1000/minute") as running:
        yield running


async def test_the_list_and_the_page_agree_on_who_has_a_chat(intake: Intake) -> None:
    """By the order of the log, also where the clocks of two instances of intake differ; so does what was said last."""
    case, now = await opened(intake, ago=timedelta(minutes=9)), utc_now()
    for to, seconds in (("desk-7", -60), ("desk-8", -120)):
        before, at = intake.service.cases.count_of(case), now + timedelta(seconds=seconds)
        actor = Actor(kind="agent", id=to)
        taken = ActivityRecorded(
            case_id=case,
            activity_id=f"by-{to}",
            type="assigned",
            to=to,
            at=at,
            recorded_at=at,
            client="portal",
            actor=actor,
        )
        await write(intake.bootstrap, [output_of(ACTIVITY, case, taken)])
        await more_than(intake, case, before)
    async with desk(intake) as http:
        row = re.search(rf'<tr id="chat-{case}".*?</tr>', (await http.get(CHATS)).text, re.DOTALL)
        page = (await http.get(f"{CHATS}/{case}")).text
    assert row is not None
    assert "desk-8" in row[0]
    assert re.search(r'taken" role="status"><span>Taken by desk-8', page)


async def test_a_chat_is_taken_over_from_a_page_of_before(intake: Intake) -> None:
    """Its key has taken the chat once already: to take it back is something else, and counts."""
    case = await opened(intake)
    async with desk(intake) as bo, desk(intake, ANOTHER) as cy:
        form = {**carried((await bo.get(f"{CHATS}/{case}")).text), "take": ""}
        assert (await bo.post(f"{CHATS}/{case}", data=form)).status_code == 303
        await does(cy, case, take="desk-7")
        asked = await bo.post(f"{CHATS}/{case}", data=form)
        assert asked.status_code == 409
        again = {**carried(asked.text), "take": "desk-8"}
        assert (await bo.post(f"{CHATS}/{case}", data=again)).status_code == 303
        assert "You have this chat" in (await bo.get(f"{CHATS}/{case}")).text


@pytest.mark.parametrize("what", ["expired", "starting", "another_browser"])
async def test_an_answer_that_is_refused_can_be_copied(intake: Intake, what: str) -> None:
    """Somebody has typed it for twenty minutes: whatever refuses the form, the page has the text."""
    case = await opened(intake)
    async with desk(intake) as http:
        form = {**carried((await http.get(f"{CHATS}/{case}")).text), "type": "agent_replied", "text": "Half <b>an hour"}
        address = f"{CHATS}/{case}"
        if what == "expired":
            http.cookies.clear()
            http.cookies.set(PERSON, token_of(AGENT, now=utc_now() - timedelta(hours=3)))
        elif what == "another_browser":
            http.cookies.clear()
            http.cookies.set(PERSON, token_of(AGENT))
        else:
            address = f"{CHATS}/not-read-yet"
        with catching_up(intake.service.requests_tail) if what == "starting" else nullcontext():
            answer = await http.post(address, data=form)
        assert answer.status_code == (503 if what == "starting" else 403)
        assert re.search(r"<textarea[^>]* readonly>\s*Half &lt;b&gt;an hour</textarea>", answer.text)
        http.headers["Origin"] = "https://evil.example"  # a page elsewhere shows nothing in our name
        assert "Half" not in (await http.post(address, data=form)).text
    assert await written(intake, case) == []


async def test_of_two_who_take_a_chat_at_once_one_has_it(intake: Intake) -> None:
    """Both see the same one, by the order of the log; nothing fails, and nobody has it twice."""
    case = await opened(intake)
    async with desk(intake) as bo, desk(intake, ANOTHER) as cy:
        pages = [(await http.get(f"{CHATS}/{case}")).text for http in (bo, cy)]
        forms = [{**carried(page), "take": ""} for page in pages]
        both = zip((bo, cy), forms, strict=True)
        done = await asyncio.gather(*[http.post(f"{CHATS}/{case}", data=form) for http, form in both])
        assert {each.status_code for each in done} <= {303, 409}
        last = (await written(intake, case))[-1].to
        await eventually(lambda: _has_read(intake, case, len(done)), 10, "intake has read both")
        shown = [(await http.get(f"{CHATS}/{case}")).text for http in (bo, cy)]
    assert ["You have this chat" in page for page in shown] == [last == "desk-7", last == "desk-8"]


def _has_read(intake: Intake, case: str, most: int) -> bool:
    recent = intake.service.cases.find(case)
    return recent is not None and 1 <= len(recent.messages) <= most


async def test_a_stream_ends_with_the_token_of_its_agent(intake: Intake) -> None:
    """A list that stays open on a screen must not go on showing what its agent may not see any more."""
    case = await opened(intake)
    text, acted = "", False
    async with desk(intake) as http, desk(intake, ANOTHER) as other:
        http.cookies.clear()
        ends_at = utc_now() + timedelta(seconds=3)
        life = timedelta(seconds=60)
        http.cookies.set(PERSON, token_of(AGENT, now=ends_at - life - SKEW, life=life))
        async with asyncio.timeout(40), http.stream("GET", f"{CHATS}/live") as stream:
            async for line in stream.aiter_lines():
                text += line
                if not line and not acted:
                    acted = True
                    await eventually(lambda: utc_now() > ends_at, 10, "the token has ended")
                    await does(other, case, take="")
    rows = re.findall(rf'id="chat-{case}".*?</tr>', text)
    assert rows
    assert not [row for row in rows if "desk-8" in row]


async def test_no_list_is_shown_before_the_topics_are_read(intake: Intake) -> None:
    """After a restart it would say that no chat is open. Who follows it already is shown it as soon as it is known."""
    case = await opened(intake)
    async with desk(intake) as http:
        with catching_up(intake.service.requests_tail):
            early = await http.get(CHATS)
        assert (early.status_code, "We are just starting" in early.text) == (503, True)
    async with (
        running_intake(intake.bootstrap, wait=False, token_hosts=token_hosts()) as another,
        desk(another) as http,
        http.stream("GET", f"{CHATS}/live") as stream,
    ):
        frame = ""
        async with asyncio.timeout(20):
            async for line in stream.aiter_lines():
                frame += line
                if frame and not line:
                    break
        assert case in frame
        assert case in await listed(http)
