"""The board after a restart, and without Kafka: it shows what its file has, says of when, and claims nothing later."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shared.wall_clock import utc_now
from tests.broker.board_calls import board_with_intake, customer, does, list_of, listed, looking, opened, row_of
from tests.broker.intake_calls import unique
from tests.harness.board import NOWHERE, Board, aged, running_board
from tests.harness.processes import eventually
from tests.harness.sign_in import token_hosts

HOUR = timedelta(hours=1)
CALLS = ("/v1/cases", "/v1/outcomes", "/v1/breaches")
PAGES = ("/", "/reports", "/reports/breaches")


@pytest_asyncio.fixture(scope="module")
async def board(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """A board beside an intake, so that cases can be opened."""
    async with board_with_intake(bootstrap, tmp_path_factory.mktemp("board")) as running:
        yield running


def another(board: Board, folder: Path, *, kafka: bool) -> AbstractAsyncContextManager[Board]:
    """A second board, with the file of that folder; without `kafka` nobody answers it."""
    given: dict[str, Any] = {} if kafka else {"kafka_bootstrap": NOWHERE}
    return running_board(board.intake, folder, wait=kafka, token_hosts=token_hosts(), **given)


async def filled(board: Board, folder: Path) -> None:
    """Have a board fill the file of that folder with all there is, and end."""
    async with another(board, folder, kafka=True):
        pass


async def due_at(board: Board, case: str) -> datetime:
    """When the next promise of a case is due."""
    async with board.client() as http:
        return datetime.fromisoformat((await http.get(f"/v1/cases/{case}")).json()["next"]["due_at"])


async def answers(board: Board) -> None:
    """Wait until the board has opened its file."""
    await eventually(lambda: board.service.reading.as_of is not None, 20, "the board has opened its file")


def first_cell(row: str) -> str:
    """What the first cell of a row says."""
    found = re.search(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[1]).strip()


async def test_a_board_without_kafka_shows_what_its_file_has_and_says_of_when(board: Board, tmp_path: Path) -> None:
    """After a restart nobody has to wait for what the file knows already. It takes no traffic for that: /readyz."""
    account = unique()
    case = await opened(board, account_id=account)
    await filled(board, tmp_path)
    as_of = utc_now() - HOUR
    aged(tmp_path / "board.sqlite", as_of)
    written = as_of.isoformat().replace("+00:00", "Z")
    async with another(board, tmp_path, kafka=False) as old, looking(old) as http, old.client() as calls:
        await answers(old)
        assert case in await listed(http)
        for page in (*PAGES, f"/cases/{case}"):
            text = (await http.get(page)).text
            assert "This is how it was at" in text
            assert "Nothing newer can be read at the moment." in text
            assert "data-due" not in text
        for call in (*CALLS, f"/v1/cases/{case}"):
            assert (await calls.get(call)).json()["as_of"] == written
        assert (await calls.get("/v1/outcomes.csv")).headers["Frontline-As-Of"] == written
        ready = await calls.get("/readyz")
        assert ready.status_code == 503
        async with customer(old, account) as own:
            assert "This is how it was at" in (await own.get(f"/cases/{case}")).text
        async with looking(old, language="es") as spanish:
            text = (await spanish.get("/")).text
            assert "Así estaba: " in text
            assert "Por ahora no se puede leer nada más reciente." in text
    async with another(board, tmp_path, kafka=True) as caught_up, looking(caught_up) as http:
        for page in PAGES:
            assert "This is how it was at" not in (await http.get(page)).text
        assert (await http.get("/readyz")).status_code == 200


@pytest.mark.parametrize(
    ("known", "shown", "page"),
    [
        (timedelta(minutes=-1), "not known yet", "It was due since then."),
        (timedelta(minutes=1), "late", '<p class="left num left-late">late</p>'),
        (None, "by ", '<p class="left num">still owed</p>'),
    ],
)
async def test_a_stale_page_claims_nothing_that_it_cannot_know(
    board: Board, tmp_path: Path, known: timedelta | None, shown: str, page: str
) -> None:
    """Whether a promise was kept since then, nobody knows there; a deadline that had passed by then had passed.

    `known`: how long after the deadline is all that is known; None = the deadline is still to come.
    """
    case = await opened(board, ago=timedelta() if known is None else 90 * HOUR)
    due = await due_at(board, case)
    await filled(board, tmp_path)
    aged(tmp_path / "board.sqlite", utc_now() - timedelta(seconds=30) if known is None else due + known)
    async with another(board, tmp_path, kafka=False) as old, looking(old) as http, old.client() as calls:
        await answers(old)
        assert first_cell(row_of(await list_of(http, "?show=all"), case)).startswith(shown)
        assert page in (await http.get(f"/cases/{case}")).text
        explained = (await calls.get(f"/v1/cases/{case}")).json()["explanation"]
        clock = next(each for each in explained["clocks"] if datetime.fromisoformat(each["due_at"]) == due)
        assert clock["stage"] == "running"
        assert clock["late"] == (shown == "late")


async def test_what_is_done_on_a_stale_page_is_said_to_be_recorded(board: Board, tmp_path: Path) -> None:
    """The page does not show it yet, and whoever sees nothing does it again: the customer has two answers."""
    case = await opened(board)
    await filled(board, tmp_path)
    aged(tmp_path / "board.sqlite", utc_now() - HOUR)
    async with another(board, tmp_path, kafka=False) as old, looking(old) as http:
        await answers(old)
        sent = await does(http, case, text="We are on it.")
        assert sent.status_code == 303
        page = (await http.get(sent.headers["Location"])).text
        assert "What you did is recorded." in page
    async with looking(board) as http:
        before = await board.change_of(case)
        assert before
        done = await does(http, case, text="And again.")
        assert "recorded" not in done.headers["Location"]


async def test_a_board_shows_its_file_while_it_reads_on(board: Board, tmp_path: Path) -> None:
    """What was written meanwhile comes in; then the page says nothing of its age any more, and counts down again."""
    await opened(board)
    await filled(board, tmp_path)
    later = await opened(board)
    aged(tmp_path / "board.sqlite", utc_now() - HOUR)
    async with another(board, tmp_path, kafka=True) as caught_up, looking(caught_up) as http:
        assert "data-due" in row_of(await list_of(http), later)
