"""Who sends no requests is not left with a form for it: intake leads agents and viewers to the board."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.pages.visit import PERSON
from tests.broker.board_calls import VIEWER
from tests.broker.intake_calls import unique
from tests.broker.test_pages import browser
from tests.harness.intake import Intake, running_intake, topics_at
from tests.harness.sign_in import AGENT, token_hosts, token_of

BOARD = "https://board.example/"
FORM = 'name="subject"'


@pytest_asyncio.fixture(scope="module")
async def knowing(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake that knows where the board is."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap, token_hosts=token_hosts(), board_address=BOARD) as running:
        yield running


@pytest.mark.parametrize("person", [AGENT, VIEWER], ids=["agent", "viewer"])
async def test_agents_and_viewers_are_led_to_the_board(knowing: Intake, person: object) -> None:
    """Both see cases, and neither has an account for which to send anything; a customer has the form."""
    async with browser(knowing) as http, browser(knowing, unique()) as customer:
        http.cookies.set(PERSON, token_of(AGENT if person is AGENT else VIEWER))
        answer = await http.get("/")
        assert (answer.status_code, answer.headers["Location"]) == (303, BOARD)
        assert FORM in (await customer.get("/")).text


@pytest.mark.parametrize(("language", "says"), [("en", "Agents work on the board"), ("es", "Los agentes trabajan")])
async def test_without_its_address_a_page_says_where_agents_work(bootstrap: str, language: str, says: str) -> None:
    """A form would be refused, and a link would lead nowhere."""
    async with (
        running_intake(bootstrap, token_hosts=token_hosts()) as intake,
        browser(intake, **{"Accept-Language": language}) as http,
    ):
        http.cookies.set(PERSON, token_of(AGENT))
        answer = await http.get("/")
    assert answer.status_code == 200
    assert says in answer.text
    assert FORM not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
