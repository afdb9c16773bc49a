"""No cache keeps what the board says of a case: every route of the application, as admitted and as refused."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from services.board.app import create_app, server_of
from services.board.service import Service
from services.board.settings import Settings
from shared.pages.visit import PERSON
from shared.process import with_health
from tests.harness.intake import ID_SECRET, api_keys, editions, key_of
from tests.harness.sign_in import AGENT, token_hosts, token_of

WHO = {
    "nobody": {},
    "an unknown key": {"Authorization": "Bearer wrong"},
    "a known key": {"Authorization": f"Bearer {key_of('all')}"},
    "an agent": {"Cookie": f"{PERSON}={token_of(AGENT)}"},
}


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A board that has not read anything yet."""
    settings = Settings(
        kafka_bootstrap="127.0.0.1:1",
        api_keys=api_keys(),
        id_secret=ID_SECRET,
        token_hosts=token_hosts(),
        board_file=tmp_path / "board.sqlite",
    )
    return Service(settings, settings.read_callers(), editions())


@pytest.mark.parametrize("who", WHO)
async def test_no_answer_of_the_board_is_kept(service: Service, who: str) -> None:
    """A proxy between two readers must not give one the cases of the other; nor may a refusal outlast its reason.

    Only a style sheet or a script is kept, under an address that changes with its content: an unknown one is not.
    """
    routes = [
        (method, str(getattr(route, "path", "")))
        for route in create_app(service).routes
        for method in sorted(getattr(route, "methods", None) or ())
    ]
    assert ("POST", "/cases/{case_id}") in routes
    transport = httpx.ASGITransport(with_health(server_of(service)))
    async with (
        asyncio.timeout(30),
        httpx.AsyncClient(transport=transport, base_url="http://board", headers=WHO[who]) as http,
    ):
        answers = [(path, await http.request(method, re.sub(r"\{[\w:]+\}", "x", path))) for method, path in routes]
    assert [path for path, answer in answers if answer.headers.get("cache-control") != "no-store"] == []
