"""What the tests of the board's pages share: who looks at them, cases to look at, and what is done there.

No router runs: the tests write its decisions.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
from msgspec import structs

from shared.contracts import wire
from shared.contracts.structs import ActivityRecorded
from shared.contracts.topics import ACTIVITY, CASES
from shared.identity.person import Person
from shared.pages.visit import PERSON
from tests.broker.intake_calls import events_of, output_of, unique
from tests.broker.test_pages import TYPED, browser, carried, send
from tests.harness.board import Board, running_board
from tests.harness.board_list import next_page
from tests.harness.chats import decided_chat
from tests.harness.decided import published
from tests.harness.intake import running_intake, topics_at, write
from tests.harness.shipped import shipped_edition
from tests.harness.sign_in import AGENT, somebody_of, token_hosts, token_of

ANOTHER = replace(AGENT, requester_id="desk-8", name="Cy")
VIEWER = replace(AGENT, requester_id="lead-1", name="Di", scopes=("view",))


@asynccontextmanager
async def board_with_intake(bootstrap: str, folder: Path, hosts: str | None = None) -> AsyncIterator[Board]:
    """A board and an intake that know one host application, which vouches for agents and viewers too; or `hosts`."""
    hosts = hosts or token_hosts()
    await topics_at(bootstrap)
    await write(bootstrap, [published(shipped_edition("guidelines-2021"))])  # as the router does
    async with (
        running_intake(bootstrap, token_hosts=hosts, anonymous_rate="1000/minute") as intake,
        running_board(intake, folder, token_hosts=hosts) as board,
    ):
        yield board


def looking(
    board: Board, person: Person | None = AGENT, *, language: str = "en", follow_redirects: bool = False
) -> httpx.AsyncClient:
    """The browser of somebody at the board: an agent, unless somebody else is given; None = nobody is signed in."""
    return httpx.AsyncClient(
        base_url=board.url,
        headers={"Origin": board.url, "Accept-Language": language},
        cookies={} if person is None else {PERSON: token_of(person)},
        timeout=20,
        follow_redirects=follow_redirects,
    )


def customer(board: Board, account_id: str) -> httpx.AsyncClient:
    """The browser of a customer of that account."""
    return looking(board, somebody_of(account_id))


async def opened(
    board: Board,
    channel: str = "chat",
    *,
    ago: timedelta = timedelta(),
    typed: Mapping[str, str] = TYPED,
    account_id: str | None = None,
) -> str:
    """A customer has sent a request, so long ago, and it is decided. Returns its id."""
    intake = board.intake
    async with browser(intake, account_id or unique()) as http:
        sent = await send(http, {**typed, "channel": channel})
    case_id = sent.headers["Location"].rpartition("/")[2]
    recent = intake.service.cases.find(case_id)
    assert recent is not None
    asked = structs.replace(recent.request, received_at=recent.request.received_at - ago)
    await board.changed(case_id, 0)
    before = await board.change_of(case_id)
    await write(intake.bootstrap, [output_of(CASES, case_id, decided_chat(asked))])
    await board.changed(case_id, before)
    return case_id


async def list_of(http: httpx.AsyncClient, query: str = "") -> str:
    """The list with all its pages: other tests have cases on the same Kafka, and a case may be on any of them."""
    pages, address = list[str](), f"/{query}"
    while address:
        pages.append((await http.get(address)).text)
        address = next_page(pages[-1])
    return "\n".join(pages)


async def listed(http: httpx.AsyncClient, query: str = "") -> list[str]:
    """The ids of the list, in its order."""
    return re.findall(r'<tr id="case-(\w+)"', await list_of(http, query))


def row_of(pages: str, case_id: str) -> str:
    """The row of a case in a list."""
    found = re.search(rf'<tr id="case-{case_id}".*?</tr>', pages, re.DOTALL)
    assert found is not None
    return found[0]


async def does(http: httpx.AsyncClient, case_id: str, kind: str = "agent_replied", **typed: str) -> httpx.Response:
    """Open the page of a case and send its form."""
    page = (await http.get(f"/cases/{case_id}")).text
    return await http.post(f"/cases/{case_id}", data={**carried(page), "type": kind, "text": "", **typed})


async def written(board: Board, case_id: str) -> list[ActivityRecorded]:
    """The activity of a case on Kafka."""
    return [wire.decode(ActivityRecorded, data) for _, _, data in await events_of(board.intake, ACTIVITY, case_id)]
