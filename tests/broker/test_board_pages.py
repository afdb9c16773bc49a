"""The pages of the board on a real board, a real intake and a real Kafka: who may see them, what they list and report.

No router runs here: the tests write its decisions.
"""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import escape

import httpx
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.broker.board_calls import (
    ANOTHER,
    VIEWER,
    board_with_intake,
    customer,
    does,
    list_of,
    listed,
    looking,
    opened,
    row_of,
    written,
)
from tests.broker.intake_calls import unique
from tests.broker.test_pages import MARKUP, TYPED, browser, carried
from tests.harness.board import Board
from tests.harness.chat import chatting
from tests.harness.intake import key_of
from tests.harness.processes import eventually
from tests.harness.sign_in import AGENT, somebody_of, token_of


@pytest_asyncio.fixture(scope="module")
async def board(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """A board beside an intake; both know one host application, which vouches for agents and viewers too."""
    async with board_with_intake(bootstrap, tmp_path_factory.mktemp("board")) as running:
        yield running


KEY = f"Bearer {key_of('all')}"
PAGES = ("/", "/live", "/cases/{case}", "/cases/{case}/live")


@pytest.mark.parametrize("address", PAGES)
async def test_nobody_sees_the_board_without_signing_in(board: Board, address: str) -> None:
    """Not even that a case exists; and the page says what to do."""
    case = await opened(board)
    async with looking(board, None) as http:
        answer = await http.get(address.format(case=case))
    assert answer.status_code == 403
    assert "Sign in" in answer.text
    assert case not in answer.text.replace(address.format(case=case), "")


async def test_a_customer_sees_the_cases_of_their_account_and_no_other(board: Board) -> None:
    """Another account's case is as one that does not exist, in the list, its page, its stream and the API."""
    account = unique()
    mine, other = await opened(board, account_id=account), await opened(board)
    async with customer(board, account) as http:
        assert await listed(http) == [mine]
        assert await listed(http, f"?text={other}&show=all") == []
        assert (await http.get(f"/cases/{mine}")).status_code == 200
        unknown = await http.get("/cases/unknown")
        for address in ("/cases/{}", "/cases/{}/live"):
            answer = await http.get(address.format(other))
            here = answer.text.replace(address.format(other), "/cases/unknown")
            assert (answer.status_code, here) == (404, unknown.text)
        form = carried((await http.get(f"/cases/{mine}")).text)
        answer = await http.post(f"/cases/{other}", data={**form, "type": "customer_replied", "text": "Me too."})
        assert answer.status_code == 404
        bearer = {"Authorization": f"Bearer {token_of(somebody_of(account))}"}
        assert (await http.get(f"/v1/cases/{other}", headers=bearer)).status_code == 404
        assert [each["case_id"] for each in (await http.get("/v1/cases", headers=bearer)).json()["cases"]] == [mine]
    assert await written(board, other) == []


async def test_a_customer_reports_nothing_as_an_agent(board: Board) -> None:
    """Even with everything that a form carries, and on a case of their own account."""
    case = await opened(board, account_id=(account := unique()))
    async with customer(board, account) as http:
        form = carried((await http.get(f"/cases/{case}")).text)
        agents = [
            {"type": kind, "text": "I say so"} for kind in ("agent_replied", "internal_note", "closed", "restored")
        ]
        for typed in (*agents, {"take": ""}, {"type": "escalation_reviewed", "accepted": "yes"}):
            assert (await http.post(f"/cases/{case}", data={**form, **typed})).status_code == 422
    assert await written(board, case) == []


async def test_a_viewer_sees_every_case_and_changes_none(board: Board) -> None:
    """Neither by a button, which is not there, nor by a form made by hand, at the board or at intake."""
    case = await opened(board)
    token = token_of(VIEWER)
    async with looking(board) as agent, looking(board, VIEWER) as http, browser(board.intake) as at_intake:
        await does(agent, case, "internal_note", text="for the desk alone")
        assert case in await listed(http)
        page = (await http.get(f"/cases/{case}")).text
        assert "for the desk alone" in page
        assert not re.search(r"<(button|textarea|select)[^>]* (name|form)=", page)
        form = carried((await http.get(f"/cases/{case}")).text) if 'name="key"' in page else {}
        form |= {"form": re.findall(r'name="form" value="(\w+)"', page)[0]}
        for typed in ({"type": "agent_replied", "text": "I say so"}, {"take": ""}, {"type": "resolved"}):
            assert (await http.post(f"/cases/{case}", data={**form, **typed})).status_code in (403, 409)
        at_intake.cookies.set(PERSON, token)
        answer = await at_intake.post(
            f"/v1/cases/{case}/activity",
            json={"type": "agent_replied", "text": "x"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 403
        carries = carried((await at_intake.get(f"/requests/{case}")).text)
        for kind in ("customer_replied", "resolved", "withdrawn"):
            sent = await at_intake.post(f"/requests/{case}/activity", data={**carries, "type": kind, "text": "x"})
            assert sent.status_code == 403
    assert [each.type for each in await written(board, case)] == ["internal_note"]


@pytest.mark.parametrize("change", [{"form": "0" * 32}, {"identity": "0" * 32}], ids=["hash", "identity"])
async def test_a_form_of_another_page_or_person_is_refused(board: Board, change: dict[str, str]) -> None:
    """As on the pages of customers."""
    case = await opened(board)
    async with looking(board) as http:
        answer = await does(http, case, text="We are on it.", **change)
        assert answer.status_code in (403, 409)
        form = carried((await http.get(f"/cases/{case}")).text)
        http.headers["Origin"] = "https://evil.example"
        assert (await http.post(f"/cases/{case}", data={**form, "take": ""})).status_code == 403
    assert await written(board, case) == []


async def test_the_case_with_the_least_time_left_comes_first(board: Board) -> None:
    """Whatever its channel; what is late says so, and so does what soon will be."""
    now, late, soon = [await opened(board, ago=timedelta(minutes=minutes)) for minutes in (0, 70, 50)]
    async with looking(board) as http:
        pages = await list_of(http)
        found = [each for each in await listed(http) if each in (now, late, soon)]
    assert found == [late, soon, now]
    assert re.search(r'<td class="time num"><span class="left-late"[^>]*>late by 10 min', row_of(pages, late))
    assert re.search(r'<td class="time num"><span class="left-warn"', row_of(pages, soon))


async def test_a_resolved_case_leaves_the_list_and_a_reopened_one_returns(board: Board) -> None:
    """Resolved or closed, it is in a list of its own."""
    case = await opened(board)
    async with looking(board) as http:
        assert case in await listed(http)
        assert (await does(http, case, "resolved")).status_code == 303
        assert case not in await listed(http)
        assert ">Reopen<" in (await http.get(f"/cases/{case}")).text
        assert (await does(http, case, "reopened")).status_code == 303
        assert case in await listed(http)
        assert (await does(http, case, "closed")).status_code == 303
        assert case not in await listed(http)
        assert case in await listed(http, "?show=closed")
        assert (await does(http, case, "reopened")).status_code == 303
        assert case in await listed(http)


async def test_who_takes_a_case_has_it_until_somebody_takes_it_over(board: Board) -> None:
    """The page says who has it. Who did not see that another has taken it is told, and nothing is published."""
    case = await opened(board)
    async with looking(board) as bo, looking(board, ANOTHER) as cy:
        page = (await cy.get(f"/cases/{case}")).text
        assert "Nobody has taken this case" in page
        assert (await does(bo, case, take="")).status_code == 303
        assert "You have this case" in (await bo.get(f"/cases/{case}")).text
        late = await cy.post(f"/cases/{case}", data={**carried(page), "take": "", "text": "half a"})
        assert late.status_code == 409
        assert all(text in late.text for text in ("desk-7 has this case", ">Take over<", "half a"))
        assert (await does(cy, case, take="desk-7")).status_code == 303
        assert "desk-8 has this case" in (await bo.get(f"/cases/{case}")).text
        assert re.search(r'class="mine">.*?<b>you</b>', row_of(await list_of(cy), case), re.DOTALL)
    done = await written(board, case)
    assert [(each.type, each.to, each.actor.kind, each.actor.id) for each in done] == [
        ("assigned", "desk-7", "agent", "desk-7"),
        ("assigned", "desk-8", "agent", "desk-8"),
    ]


async def test_taking_a_case_keeps_half_an_answer(board: Board) -> None:
    """Somebody begins to write, and then sees that nobody has it: what they typed is on the next page."""
    case = await opened(board)
    async with looking(board) as http:
        answer = await does(http, case, take="", text="We are ab")
    assert answer.status_code == 200
    assert all(text in answer.text for text in ("We are ab", "You have this case"))


async def test_what_agents_do_is_recorded_as_theirs(board: Board) -> None:
    """An answer, a note, and the answer with which a chat is resolved. Sent twice, it counts once."""
    case = await opened(board)
    async with looking(board) as http:
        assert (await does(http, case, text="We are on it.")).status_code == 303
        assert (await does(http, case, "internal_note", text="Looks like a relay.")).status_code == 303
        form = carried((await http.get(f"/cases/{case}")).text) | {"type": "resolved", "text": "It was a relay."}
        for _ in range(2):
            assert (await http.post(f"/cases/{case}", data=form)).status_code == 303
        for kind in ("agent_replied", "internal_note"):
            empty = await does(http, case, kind, text=" ")
            assert (empty.status_code, 'id="wrong-text"' in empty.text) == (422, True)
        for kind in ("withdrawn", "bot_replied", "customer_replied", ""):
            assert (await does(http, case, kind, text="x")).status_code == 422
        page = (await http.get(f"/cases/{case}")).text
    done = {each.activity_id: each for each in await written(board, case)}.values()
    assert [(each.type, each.text, each.actor.id) for each in done] == [
        ("agent_replied", "We are on it.", "desk-7"),
        ("internal_note", "Looks like a relay.", "desk-7"),
        ("agent_replied", "It was a relay.", "desk-7"),
        ("resolved", None, "desk-7"),
    ]
    assert page.count("Looks like a relay.") == page.count("note, for agents only") == 1


async def test_the_page_of_a_case_with_another_priority_is_there(board: Board) -> None:
    """Among its events is one with answers in it, by name: the page of each such case met a defect."""
    case = await opened(board)
    async with looking(board, follow_redirects=True) as http:
        answer = await does(http, case, "reprioritised", **{"fields.impact": "information"})
    assert answer.status_code == 200
    assert "impact=information" in answer.text


async def test_the_picture_of_a_clock_names_the_holiday_that_did_not_count(board: Board) -> None:
    """By the name that its calendar has: in the legend of the picture, and in the table below it."""
    eve = datetime(2025, 12, 24, 16, tzinfo=UTC)
    typed = {**TYPED, "fields.impact": "significant", "fields.workaround": "none"}
    case = await opened(board, ago=utc_now() - eve, typed=typed)
    for language, name in (("en", "holiday: Christmas Day"), ("es", "festivo: Nat")):
        async with looking(board, language=language) as http:
            page = (await http.get(f"/cases/{case}")).text
        assert re.search(rf'<li class="holiday">{name}', page), re.findall('<li class="holiday">[^<]*', page)
        assert re.search(rf"<td>{name}[^<]*</td>", page)


async def test_a_note_stays_with_the_agents(board: Board) -> None:
    """No way of the customer has its text, or that there is one: the pages, their streams, the chat, the calls."""
    case = await opened(board, account_id=(account := unique()))
    token = token_of(somebody_of(account))
    async with (
        looking(board) as agent,
        customer(board, account) as http,
        browser(board.intake, account) as at_intake,
        chatting(board.intake.url, hello={"token": token}) as chat,
    ):
        await chat.next("welcome")
        await chat.send(type="follow", id=None, request_id=case)
        told = asyncio.create_task(_streamed(at_intake, f"/requests/{case}/live", "We are on it."))
        told_here = asyncio.create_task(_streamed(http, f"/cases/{case}/live", "We are on it."))
        await does(agent, case, "internal_note", text="for the desk alone")
        await does(agent, case, text="We are on it.")
        await does(agent, case, "internal_note", text="for the desk alone")
        await does(agent, case, text="It works again.")
        await chat.next("said")
        while (await chat.next("said"))["message"]["text"] != "It works again.":
            pass
        bearer = {"Authorization": f"Bearer {token}"}
        shown = {
            "page": (await at_intake.get(f"/requests/{case}")).text,
            "page of the board": (await http.get(f"/cases/{case}")).text,
            "frames of the page": await told,
            "frames of the board": await told_here,
            "chat": json.dumps(chat.told),
            "call of the board": (await http.get(f"/v1/cases/{case}", headers=bearer)).text,
            "list": (await http.get("/")).text,
            "list as a call": (await http.get("/v1/cases", headers=bearer)).text,
            "search": (await http.get("/", params={"text": "desk alone", "show": "all"})).text,
            "call of intake": (await at_intake.get(f"/v1/support-requests/{case}", headers=bearer)).text,
        }
    for way, text in shown.items():
        assert ("We are on it." in text) is not way.startswith(("list", "search", "call of intake")), way
        text = text.replace('value="desk alone"', "")  # what they have searched for
        for secret in ("desk alone", "internal_note", "desk-7"):
            assert secret not in text, (way, secret)
    assert case not in shown["search"], "a search would tell word by word what a note says"


async def _streamed(http: httpx.AsyncClient, address: str, until: str | re.Pattern[str]) -> str:
    """What a stream sends, up to the end of the frame that has this text."""
    until = re.compile(re.escape(until)) if isinstance(until, str) else until
    text = ""
    async with asyncio.timeout(15), http.stream("GET", address) as stream:
        async for line in stream.aiter_lines():
            text += line + "\n"
            if not line and until.search(text):
                break
    return text


async def test_a_form_says_by_its_button_alone_what_it_reports(board: Board) -> None:
    """A hidden field would change with the case, and send as an answer what was typed as a note."""
    case = await opened(board)
    async with looking(board) as http:
        page = (await http.get(f"/cases/{case}")).text
    (form,) = re.findall(r'<form [^>]*id="desk".*?</form>', page, re.DOTALL)
    assert re.findall(r'<(\w+)[^>]* name="type"', form) == ["button"] * 3


async def test_markup_is_shown_as_it_was_typed(board: Board) -> None:
    """The subject on the list, and every text of the case."""
    case = await opened(board, typed={**TYPED, "subject": MARKUP, "description": MARKUP})
    async with looking(board) as http:
        for kind in ("agent_replied", "internal_note"):
            await does(http, case, kind, text=MARKUP)
        pages = [await list_of(http), (await http.get(f"/cases/{case}")).text]
        pages.append((await does(http, case, take="", text=MARKUP)).text)
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert escape(MARKUP, quote=False).split("'")[0] in page


async def test_the_desk_runs_nothing_but_its_own(board: Board) -> None:
    """The policy of all pages, and nothing inline."""
    case = await opened(board)
    async with looking(board) as http:
        for address in ("/", f"/cases/{case}"):
            answer = await http.get(address)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"
            assert not re.search(r"<style|style=|<script(?! src=)|<[^<>]*\son\w+=|javascript:", answer.text)


async def test_the_board_has_no_form_for_those_who_send_nothing(board: Board) -> None:
    """An agent has no account for which to send anything: no link leads there, and intake takes nothing."""
    case = await opened(board)
    async with looking(board) as http, browser(board.intake) as at_intake:
        nav = re.findall(r'<a href="([^"?]*)"', (await http.get("/")).text.partition("</nav>")[0])
        assert nav == ["/", "/reports", "/policy", "/operations"]
        at_intake.cookies.set(PERSON, token_of(AGENT))
        form = carried((await at_intake.get(f"/requests/{case}")).text)
        assert (await at_intake.post("/requests", data={**form, **TYPED})).status_code == 403


async def test_the_list_says_in_every_language_what_it_is(board: Board) -> None:
    """An agent reads their own language, whatever the customer writes."""
    case = await opened(board)
    async with looking(board, AGENT, language="es") as http:
        assert "<h1>Casos</h1>" in (await http.get("/")).text
        assert "Nadie lleva este caso" in (await http.get(f"/cases/{case}")).text
        unknown = await http.get("/cases/unknown")
        assert (unknown.status_code, "Aquí no existe ese caso" in unknown.text) == (404, True)
        assert '<a class="button" href="/">Todos los casos' in unknown.text


_HUGE = base64.urlsafe_b64encode(b"time_left:99999999999999999999:1").decode()


@pytest.mark.parametrize("name", ["show", "after", "text", "priority", "plan", "channel", "page"])
@pytest.mark.parametrize("value", ["x", "-1", "9" * 400, "\0", '"*', "'; --", "ñ" * 300, _HUGE])
async def test_whatever_an_address_asks_for_there_is_a_page(board: Board, name: str, value: str) -> None:
    """People cut addresses short, and others try what they do: never an error, and never more than is theirs."""
    async with looking(board, follow_redirects=True) as http:
        assert (await http.get("/", params={name: value})).status_code == 200
        answer = await http.get("/v1/cases", params={"text": value[:200]}, headers={"Authorization": KEY})
        assert answer.status_code == 200


async def test_the_list_follows_what_happens(board: Board) -> None:
    """As Server-Sent Events; some two frames a second at most, whatever happens meanwhile."""
    case = await opened(board, typed={**TYPED, "subject": (subject := unique())})
    frames, here = 0, f"/live?text={subject}"
    async with looking(board) as http, looking(board, ANOTHER) as other, http.stream("GET", here) as stream:
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


async def test_two_who_have_the_same_list_open_each_read_it_as_theirs(board: Board) -> None:
    """They share what the file is asked, and the rows that say the same to both: not the one that is mine."""
    case = await opened(board, typed={**TYPED, "subject": (subject := unique())})
    here, open_before = f"/live?text={subject}", open_streams()
    mine, theirs = f'<tr id="case-{case}" class="mine">', re.compile(rf'<tr id="case-{case}">((?!</tr>).)*desk-8', re.S)
    async with looking(board) as one, looking(board, ANOTHER) as two:
        told = asyncio.gather(_streamed(one, here, theirs), _streamed(two, here, re.compile(mine)))
        await eventually(lambda: open_streams() == open_before + 2, 10, "both have the list open")
        await does(two, case, take="")
        assert mine not in (await told)[0]


def open_streams() -> float:
    """How many event streams are open."""
    return REGISTRY.get_sample_value("frontline_event_streams") or 0.0


async def test_nothing_that_is_said_is_logged(board: Board, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a customer's words nor an agent's; and no metric has them."""
    case = await opened(board, typed={**TYPED, "subject": "a-secret-of-theirs"})
    async with looking(board) as http:
        await does(http, case, text="a-secret-of-ours")
        await http.get("/")
        metrics = (await http.get("/metrics")).text
    logged = capsys.readouterr().out
    assert "activity.accepted" in logged
    assert "a-secret-of" not in logged + metrics


async def test_an_agent_of_the_api_key_kind_has_no_page(board: Board) -> None:
    """Pages know people alone: a key in a cookie or a header signs nobody in."""
    async with board.client("agent") as http:
        assert (await http.get("/")).status_code == 403
