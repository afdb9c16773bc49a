"""No answer says that it knows more than was read: what is noted after the file was asked is not in the answer."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.board.freshness import freshness
from services.board.store import cases
from services.board.store.cases import EVERYTHING, Wanted
from services.board.store.complete import AsOf
from shared.business_time.instants import from_micros, to_micros
from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.harness.board_day import BoardDay, board_day
from tests.harness.demo_day import ENDS
from tests.harness.sign_in import AGENT, token_of

HOUR = timedelta(hours=1)
TABLES = (
    *("/v1/cases.csv", "/v1/outcomes.csv", "/v1/breaches.csv"),
    *("/cases.csv", "/reports.csv", "/reports/breaches.csv"),
)
BEFORE = (ENDS - HOUR).isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> BoardDay:
    """The board after the day."""
    return board_day(tmp_path_factory.mktemp("board"))


@pytest.fixture
def overtaken(day: BoardDay, monkeypatch: pytest.MonkeyPatch) -> BoardDay:
    """The same, which had all of an hour ago; once the file was asked, it has all of now before the answer is made."""
    reading, readers = day.service.reading, day.service.readers
    monkeypatch.setattr(reading, "as_of", AsOf(to_micros(utc_now() - HOUR), to_micros(ENDS - HOUR)))
    asked = readers.ask

    async def ask(question: Any, *given: Any, **named: Any) -> Any:
        found = await asked(question, *given, **named)
        reading.as_of = AsOf(to_micros(utc_now() + HOUR), to_micros(ENDS))
        return found

    monkeypatch.setattr(readers, "ask", ask)
    return day


@pytest_asyncio.fixture
async def http(day: BoardDay) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of an agent, which is a client with their token as well."""
    token = token_of(AGENT)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(day.app),
        base_url="http://board",
        cookies={PERSON: token},
        headers={"Accept-Language": "en"},
    ) as client:
        yield client


async def case_of(day: BoardDay) -> str:
    """Some case."""
    page = await day.service.readers.ask(cases.page, Wanted(state=["open"]), EVERYTHING, "time_left", None, 1)
    return str(page.rows[0]["case_id"])


@pytest.mark.parametrize("call", ["/v1/cases", "/v1/cases/{case}", "/v1/outcomes", "/v1/breaches"])
async def test_a_call_answers_as_of_what_was_known_before_it_read(
    day: BoardDay, http: httpx.AsyncClient, request: pytest.FixtureRequest, call: str
) -> None:
    """A program that goes on from there would otherwise pass over what came between the read and the answer."""
    case = await case_of(day)
    request.getfixturevalue("overtaken")
    found = await http.get(call.format(case=case), headers={"Authorization": f"Bearer {token_of(AGENT)}"})
    assert (found.status_code, found.json()["as_of"]) == (200, BEFORE)


@pytest.mark.parametrize("table", TABLES)
async def test_a_table_is_as_of_what_was_known_before_it_was_read(
    overtaken: BoardDay, http: httpx.AsyncClient, table: str
) -> None:
    """It has the instant in a header."""
    headers = {"Authorization": f"Bearer {token_of(AGENT)}"} if table.startswith("/v1") else {}
    found = await http.get(table, headers=headers)
    assert (found.status_code, found.headers["Frontline-As-Of"]) == (200, BEFORE)


@pytest.mark.parametrize("page", ["/?show=all", "/cases/{case}", "/reports", "/reports/breaches"])
async def test_a_page_says_how_old_it_was_when_it_was_read(
    day: BoardDay, http: httpx.AsyncClient, request: pytest.FixtureRequest, page: str
) -> None:
    """It shows what the file had then, and counts nothing down from that."""
    case = await case_of(day)
    request.getfixturevalue("overtaken")
    found = await http.get(page.format(case=case))
    assert found.status_code == 200
    assert "This is how it was at" in found.text
    assert "data-due" not in found.text


@pytest.mark.parametrize("newer", [False, True])
async def test_a_stale_board_tells_clocks_up_to_what_it_has_read_of_a_case(day: BoardDay, newer: bool) -> None:
    """When a row was worked out says nothing of that: a reply may have come in the meantime, and wait on Kafka."""
    found = await day.service.readers.ask(cases.load, await case_of(day), EVERYTHING, day.service.shelf.published)
    assert found is not None
    assert found.newest is not None
    assert found.newest < ENDS - timedelta(minutes=1) < from_micros(found.row["updated_at"])
    as_of = found.newest - timedelta(minutes=1) if newer else found.newest + timedelta(minutes=1)
    assert day.service.known_at(freshness(as_of, 60.0, None), found) == (found.newest if newer else as_of)
    assert day.service.known_at(freshness(as_of, 0.1, None), found) == ENDS
