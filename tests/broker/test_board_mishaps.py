"""The pages of the board when something comes between: another agent, a restart, a token that ends, another clock."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from shared.contracts.structs import ActivityRecorded, Actor
from shared.contracts.topics import ACTIVITY
from shared.identity.signed_tokens import SKEW
from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.broker.board_calls import ANOTHER, board_with_intake, does, list_of, listed, looking, opened, row_of, written
from tests.broker.intake_calls import output_of, unique
from tests.broker.test_pages import TYPED, carried
from tests.harness.board import NOWHERE, Board, running_board
from tests.harness.intake import running_intake, write
from tests.harness.processes import eventually
from tests.harness.sign_in import AGENT, token_hosts, token_of


@pytest_asyncio.fixture(scope="module")
async def board(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """A board beside an intake; both know one host application, which vouches for agents."""
    async with board_with_intake(bootstrap, tmp_path_factory.mktemp("board")) as running:
        yield running


async def test_the_list_and_the_page_agree_on_who_has_a_case(board: Board) -> None:
    """By the order of the log, also where the clocks of two instances of intake differ; so does what was said last."""
    case, now = await opened(board, ago=timedelta(minutes=9)), utc_now()
    for to, seconds in (("desk-7", -60), ("desk-8", -120)):
        before, at = await board.change_of(case), now + timedelta(seconds=seconds)
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
        await write(board.intake.bootstrap, [output_of(ACTIVITY, case, taken)])
        await board.changed(case, before)
    async with looking(board) as http:
        row = row_of(await list_of(http), case)
        page = (await http.get(f"/cases/{case}")).text
    assert "desk-8" in row
    assert re.search(r'taken" role="status"><span>desk-8 has this case', page)


async def test_a_case_is_taken_over_from_a_page_of_before(board: Board) -> None:
    """Its key has taken the case once already: to take it back is something else, and counts."""
    case = await opened(board)
    async with looking(board) as bo, looking(board, ANOTHER) as cy:
        form = {**carried((await bo.get(f"/cases/{case}")).text), "take": ""}
        assert (await bo.post(f"/cases/{case}", data=form)).status_code == 303
        await does(cy, case, take="desk-7")
        asked = await bo.post(f"/cases/{case}", data=form)
        assert asked.status_code == 409
        again = {**carried(asked.text), "take": "desk-8"}
        assert (await bo.post(f"/cases/{case}", data=again)).status_code == 303
        assert "You have this case" in (await bo.get(f"/cases/{case}")).text


@pytest.mark.parametrize("what", ["expired", "starting", "another_browser"])
async def test_an_answer_that_is_refused_can_be_copied(board: Board, tmp_path: Path, what: str) -> None:
    """Somebody has typed it for twenty minutes: whatever refuses the form, the page has the text."""
    case = await opened(board)
    async with looking(board) as http:
        form = {**carried((await http.get(f"/cases/{case}")).text), "type": "agent_replied", "text": "Half <b>an hour"}
        if what == "expired":
            http.cookies.clear()
            http.cookies.set(PERSON, token_of(AGENT, now=utc_now() - timedelta(hours=3)))
        elif what == "another_browser":
            http.cookies.clear()
            http.cookies.set(PERSON, token_of(AGENT))
        async with early(board, tmp_path) if what == "starting" else nullcontext(board) as asked:
            http.headers["Origin"] = asked.url
            answer = await http.post(f"{asked.url}/cases/{case}", data=form)
        assert answer.status_code == (503 if what == "starting" else 403)
        assert re.search(r"<textarea[^>]* readonly>\s*Half &lt;b&gt;an hour</textarea>", answer.text)
        http.headers["Origin"] = "https://evil.example"  # a page elsewhere shows nothing in our name
        assert "Half" not in (await http.post(f"/cases/{case}", data=form)).text
    assert await written(board, case) == []


async def test_of_two_who_take_a_case_at_once_one_has_it(board: Board) -> None:
    """Both see the same one, by the order of the log; nothing fails, and nobody has it twice."""
    case = await opened(board)
    async with looking(board) as bo, looking(board, ANOTHER) as cy:
        pages = [(await http.get(f"/cases/{case}")).text for http in (bo, cy)]
        forms = [{**carried(page), "take": ""} for page in pages]
        both = zip((bo, cy), forms, strict=True)
        answers = await asyncio.gather(*[http.post(f"/cases/{case}", data=form) for http, form in both])
        assert {each.status_code for each in answers} <= {303, 409}
        done = await written(board, case)
        await board.has(case, done[-1].activity_id)
        shown = [(await http.get(f"/cases/{case}")).text for http in (bo, cy)]
    assert ["You have this case" in page for page in shown] == [done[-1].to == "desk-7", done[-1].to == "desk-8"]


async def test_a_stream_ends_with_the_token_of_its_agent(board: Board) -> None:
    """A list that stays open on a screen must not go on showing what its agent may not see any more."""
    case = await opened(board, typed={**TYPED, "subject": (subject := unique())})
    text, acted = "", False
    async with looking(board) as http, looking(board, ANOTHER) as other:
        http.cookies.clear()
        ends_at = utc_now() + timedelta(seconds=3)
        life = timedelta(seconds=60)
        http.cookies.set(PERSON, token_of(AGENT, now=ends_at - life - SKEW, life=life))
        async with asyncio.timeout(40), http.stream("GET", f"/live?text={subject}") as stream:
            async for line in stream.aiter_lines():
                text += line
                if not line and not acted:
                    acted = True
                    await eventually(lambda: utc_now() > ends_at, 10, "the token has ended")
                    await does(other, case, take="")
    rows = re.findall(rf'id="case-{case}".*?</tr>', text)
    assert rows
    assert not [row for row in rows if "desk-8" in row]


async def test_no_list_is_shown_before_the_topics_were_ever_read(board: Board, tmp_path: Path) -> None:
    """After a first start it would say that no case is open; neither would the page of a case, nor a call, be right."""
    case = await opened(board)
    async with early(board, tmp_path) as another, looking(another) as http:
        for address in ("/", "/live", f"/cases/{case}", f"/cases/{case}/live", "/v1/cases", f"/v1/cases/{case}"):
            answer = await http.get(address, headers={"Authorization": f"Bearer {token_of(AGENT)}"})
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
    async with running_board(board.intake, tmp_path, token_hosts=token_hosts()) as another, looking(another) as http:
        assert case in await listed(http)


@pytest.mark.parametrize(
    ("status", "body"), [(502, b"<html>Bad gateway"), (500, b"{}"), (503, b"{}"), (429, b"no JSON")]
)
async def test_an_intake_that_fails_loses_no_answer(board: Board, tmp_path: Path, status: int, body: bytes) -> None:
    """A proxy in between, or a fault: the answer is still there, with its key, since intake may have it already."""
    case = await opened(board)
    async with (
        answering(status, body) as url,
        running_board(board.intake, tmp_path, token_hosts=token_hosts(), intake_url=url) as another,
        looking(another) as http,
    ):
        form = carried((await http.get(f"/cases/{case}")).text)
        answer = await http.post(f"/cases/{case}", data={**form, "type": "agent_replied", "text": "Half an hour"})
    assert answer.status_code == (429 if status == 429 else 503)
    assert "Half an hour</textarea>" in answer.text
    assert carried(answer.text)["key"] == form["key"]


async def test_an_answer_that_intake_has_is_not_sent_again_by_what_it_refuses_after_it(board: Board) -> None:
    """A new status sends the answer first. If intake refuses that, sending the form again must not send it twice."""
    case = await opened(board)
    async with looking(board) as http:
        form = carried((await http.get(f"/cases/{case}")).text)
        typed = {**form, "type": "status_changed", "to": "", "text": "We are on it."}
        refused = await http.post(f"/cases/{case}", data=typed)
        assert refused.status_code == 422
        assert "Something in what was sent is not valid." in refused.text
        (why,) = re.findall(r'id="mistakes"><b>(.*?)</b>', refused.text, re.DOTALL)
        assert why.endswith("Must not be empty."), "what intake says of the field"
        again = {**carried(refused.text), "type": "agent_replied", "text": "We are on it."}
        assert (await http.post(f"/cases/{case}", data=again)).status_code == 303
    assert len({each.activity_id for each in await written(board, case)}) == 1


@pytest.mark.parametrize(
    ("language", "why"), [("en", "That was a lot in a short time."), ("es", "Ha sido mucho en poco tiempo.")]
)
async def test_what_intake_refuses_is_said_as_intake_says_it(
    board: Board, bootstrap: str, tmp_path: Path, language: str, why: str
) -> None:
    """The status, when to try again, and the reason in the words of the reader; the text is there to be sent again."""
    case = await opened(board)
    slow = json.dumps([{**entry, "rate": "1/minute"} for entry in json.loads(token_hosts())])
    async with (
        running_intake(bootstrap, token_hosts=slow) as intake,
        running_board(intake, tmp_path, token_hosts=token_hosts()) as other,
        looking(other, language=language) as http,
    ):
        assert (await does(http, case, "internal_note", text="the first")).status_code == 303
        refused = await does(http, case, text="We are on it.")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert all(text in refused.text for text in (why, "We are on it."))


def early(board: Board, folder: Path) -> AbstractAsyncContextManager[Board]:
    """A board that has just been started for the first time: it has a new file, and Kafka has not answered yet."""
    return running_board(board.intake, folder, wait=False, token_hosts=token_hosts(), kafka_bootstrap=NOWHERE)


@asynccontextmanager
async def answering(status: int, body: bytes) -> AsyncIterator[str]:
    """Something between the board and intake that answers every call like that. Yields its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.findall(rb"(?i)content-length: (\d+)", head)[0]))
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status, len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
