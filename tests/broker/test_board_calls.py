"""Who sees which cases of the board, and that pages and streams lose nothing while cases change."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.contracts.topics import ACTIVITY
from shared.identity.person import Person
from tests.harness.board_list import all_cases
from tests.harness.board_log import BoardLog
from tests.harness.demo_day import demo_day
from tests.harness.intake import api_keys, key_of
from tests.harness.recording import Recording
from tests.harness.service_process import ServiceProcess, service_process
from tests.harness.sign_in import AGENT, HOST, somebody_of, token_hosts, token_of

ACCOUNT = "demo-premier-plus-enterprise"
VIEWER = Person(HOST, "lead-1", ("view",), name="Vi")
LATER = 600  # records that are written by the tests


@pytest.fixture(scope="module")
def day() -> Recording:
    """A day of the demo's requests."""
    return demo_day()


def entries() -> tuple[str, str]:
    """API keys with one for the client that submitted the day's requests, and a host that may name viewers."""
    keys = json.loads(api_keys())
    keys.append(
        {
            "name": "web",
            "sha256": hashlib.sha256(key_of("web").encode()).hexdigest(),
            "scopes": ["submit"],
            "rate": None,
        }
    )
    (host,) = json.loads(token_hosts())
    return json.dumps(keys), json.dumps([{**host, "scopes": ["submit", "agent", "view"]}])


@pytest_asyncio.fixture(scope="module")
async def log(bootstrap: str, day: Recording) -> BoardLog:
    """The day but for its end."""
    log = BoardLog(bootstrap, day)
    await log.prepare()
    await log.write(log.records[:-LATER])
    return log


@pytest_asyncio.fixture(scope="module")
async def board(log: BoardLog, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceProcess]:
    """A board of it that has caught up."""
    folder: Path = tmp_path_factory.mktemp("board")
    keys, hosts = entries()
    variables: dict[str, Any] = {
        **log.environment, "FRONTLINE_API_KEYS": keys, "FRONTLINE_TOKEN_HOSTS": hosts,
        "FRONTLINE_BOARD_FILE": str(folder / "board.sqlite"),
    }  # fmt: skip
    async with service_process("board", folder / "log", **variables) as board:
        await board.start()
        await board.until("/readyz", 200)
        yield board


def client(board: ServiceProcess, key: str, **headers: str) -> httpx.AsyncClient:
    """With an API key or a token."""
    return httpx.AsyncClient(base_url=board.url, headers={"Authorization": f"Bearer {key}", **headers}, timeout=20)


async def streamed(http: httpx.AsyncClient, enough: asyncio.Event, last: str = "") -> list[tuple[str, dict[str, Any]]]:
    """The id and the row of every change, from `last` on, until that is enough."""
    found: list[tuple[str, dict[str, Any]]] = []

    async def read() -> None:
        async with http.stream("GET", "/v1/cases/changes", headers={"Last-Event-ID": last} if last else {}) as answer:
            assert answer.status_code == 200
            number = ""
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    number = line[4:]
                elif line.startswith('data: {"case_id'):
                    found.append((number, json.loads(line[6:])))

    reading = asyncio.create_task(read())
    await enough.wait()
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    return found


async def test_agents_and_viewers_see_all_and_customers_their_own(board: ServiceProcess, log: BoardLog) -> None:
    """A person their account's, a client those that it submitted, somebody without an account nothing."""
    async with (
        client(board, token_of(AGENT)) as agent, client(board, token_of(VIEWER)) as viewer,
        client(board, token_of(somebody_of(ACCOUNT))) as customer,
        client(board, token_of(somebody_of("acme"))) as other,
        client(board, key_of("web")) as web, client(board, key_of("submit")) as nobody,
    ):  # fmt: skip
        everything = await all_cases(agent)
        assert len(everything) >= 250
        assert await all_cases(viewer) == everything
        own = await all_cases(customer)
        assert {case["account_id"] for case in own} == {ACCOUNT}
        assert len(own) == sum(case["account_id"] == ACCOUNT for case in everything)
        assert len(await all_cases(customer, account="demo-access-free")) == 0
        assert [await all_cases(each) for each in (other, nobody)] == [[], []]
        assert {case["case_id"] for case in await all_cases(web)} == {case["case_id"] for case in everything}
        assert not any("turn" in case or "needs_triage" in case for case in own)
        mine, theirs = own[0]["case_id"], next(c["case_id"] for c in everything if c["account_id"] != ACCOUNT)
        found = {(customer, mine), (viewer, theirs), (agent, mine), (web, theirs)}
        for http, case in (*found, (customer, theirs), (other, mine), (nobody, mine)):
            status = 200 if (http, case) in found else 404
            assert (await http.get(f"/v1/cases/{case}")).status_code == status
        assert "notes" not in (await customer.get(f"/v1/cases/{mine}")).json()["explanation"]
        assert (await customer.get("/v1/cases", params={"text": "demo"})).json()["cases"] != []


async def test_pages_and_streams_lose_nothing_while_cases_change(board: ServiceProcess, log: BoardLog) -> None:
    """No case twice that did not move; a stream that is cut off and goes on with its last id has every change."""
    done, cut = asyncio.Event(), asyncio.Event()
    async with (
        client(board, token_of(AGENT)) as agent, client(board, token_of(somebody_of(ACCOUNT))) as customer,
        client(board, key_of("all")) as again,
    ):  # fmt: skip
        before = {case["case_id"]: case for case in await all_cases(agent)}
        first = asyncio.create_task(streamed(agent, cut))
        own = asyncio.create_task(streamed(customer, done))
        opened = await again.get("/v1/cases", params={"limit": 1})
        assert opened.status_code == 200
        await asyncio.sleep(0.5)  # both streams are open: what they begin with is the present
        writing = asyncio.create_task(log.write(log.records[-LATER:], per_second=150))
        walks = []
        while not writing.done():
            walks.append(await all_cases(again, limit=7))
            if len(walks) == 1:
                cut.set()
        await writing
        part = await first
        after = await _settled(again, log)
        rest = asyncio.create_task(streamed(agent, done, part[-1][0] if part else ""))
        await asyncio.sleep(1.0)
        done.set()
        seen = {case["case_id"]: case for _, case in [*part, *(await rest)]}
    changed = {case_id: case for case_id, case in after.items() if before.get(case_id) != case}
    assert changed
    assert seen == changed
    assert {c["case_id"]: c for _, c in await own} == {
        case_id: _for_customer(case) for case_id, case in changed.items() if case["account_id"] == ACCOUNT
    }
    still = {case_id for case_id, case in after.items() if before.get(case_id) == case}
    for walk in walks:
        counted = Counter(case["case_id"] for case in walk)
        assert all(counted[case_id] == 1 for case_id in still)


async def _settled(http: httpx.AsyncClient, log: BoardLog) -> dict[str, dict[str, Any]]:
    """All cases, once the last record is to be seen."""
    last = [each for each in log.records if each.topic == ACTIVITY.name][-1]
    assert last.key is not None
    async with asyncio.timeout(30):
        while True:
            one = {case["case_id"]: case for case in await all_cases(http)}
            await asyncio.sleep(0.7)
            other = {case["case_id"]: case for case in await all_cases(http)}
            if one == other:
                return one


def _for_customer(case: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in case.items() if name not in ("needs_triage", "assigned_to", "turn")}


async def test_a_last_event_id_of_another_board_goes_on_a_little_earlier(board: ServiceProcess) -> None:
    """Boards side by side are behind each other by moments; a rebuilt one has new numbers for everything."""
    async with client(board, token_of(AGENT)) as http:
        latest = max((await all_cases(http)), key=lambda case: int(case["change"]))
        for last, least in ((f"{latest['change']}-00000000", 1), (f"{1 << 70}-00000000", 0), ("nonsense", 0)):
            enough = asyncio.Event()
            asyncio.get_running_loop().call_later(1.0, enough.set)
            found = await streamed(http, enough, last)
            assert len(found) >= least
