"""Intake and the board answer for their own names alone: over real HTTP, calls as well as WebSockets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.board.app import server_of as board_server
from services.board.service import Service as BoardService
from services.board.settings import Settings as BoardSettings
from services.intake.app import server_of as intake_server
from services.intake.service import Service as IntakeService
from services.intake.settings import Settings as IntakeSettings
from shared import process
from shared.web.host_names import canonical
from tests.harness.intake import ID_SECRET, api_keys, editions
from tests.harness.raw_http import Answer, raw_connection
from tests.unit.http.serving import listening

ALLOWED = "localhost, 127.0.0.1, [::1], Frontline.Example"
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
OWN = [
    "localhost",
    "localhost:8080",
    "LOCALHOST:1",
    "localhost.",
    "localhost.:8081",
    "127.0.0.1",
    "127.0.0.1:65535",
    "[::1]",
    "[::1]:8080",
    "[0:0:0:0:0:0:0:1]:8080",
    "frontline.example",
    "FRONTLINE.EXAMPLE.:443",
]
OTHERS = [
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "evil.localhost",
    "xlocalhost",
    "localhost..",
    "127.0.0.2",
    "127.1",
    "0.0.0.0:8080",
    "2130706433",
    "[::2]:8080",
    "[::ffff:127.0.0.1]",
]
NONE = [
    "",
    ":8080",
    ".",
    "::1",
    "[::1",
    "[127.0.0.1]",
    "[fe80::1%25lo]",
    "localhost:",
    "localhost:80:80",
    "localhost:http",
    "http://localhost",
    "localhost/",
    "user@localhost",
    "localhost, evil.example",
    "local host",
    "löcalhost",
]


@pytest_asyncio.fixture(params=["intake", "board"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a service that answers for ALLOWED; it needs no Kafka for that."""
    given: dict[str, Any] = {
        "kafka_bootstrap": "127.0.0.1:1",
        "api_keys": api_keys(),
        "id_secret": ID_SECRET,
        "allowed_hosts": ALLOWED,
        "unauthenticated_rate": "10000/minute",
    }
    if request.param == "intake":
        settings = IntakeSettings(**given)
        server = intake_server(IntakeService(settings, settings.read_callers(), editions()))
    else:
        of_board = BoardSettings(board_file=tmp_path / "board.sqlite", **given)
        server = board_server(BoardService(of_board, of_board.read_callers(), editions()))
    async with listening(process.web_server(server)) as (found, _):
        yield found


async def asked(url: str, path: str, *hosts: str, more: str = "", language: str = "en") -> Answer:
    """The answer to a call with these Host headers."""
    head = "".join(f"Host: {host}\r\n" for host in hosts)
    async with raw_connection(url) as connection:
        await connection.send(f"GET {path} HTTP/1.1\r\n{head}Accept-Language: {language}\r\n{more}\r\n".encode())
        return await connection.answer()


async def test_a_service_answers_for_its_own_names(url: str) -> None:
    """In whatever form a client writes them, at any port: the page at the root, and a call that needs a key."""
    for host in OWN:
        assert (await asked(url, "/v1/cases/x", host)).status in (401, 404), host
        assert (await asked(url, "/", host)).status in (200, 403, 503), host


async def test_a_service_refuses_other_hosts(url: str) -> None:
    """A page whose name stands for this machine is of that name's origin, whatever address it has resolved to."""
    for host in OTHERS:
        answer = await asked(url, "/", host)
        assert (answer.status, answer.problem) == (421, "unknown_host"), host
        assert answer.headers["cache-control"] == "no-store"
        assert b"FRONTLINE_ALLOWED_HOSTS" in answer.body
    for hosts in [*[(host,) for host in NONE], (), ("localhost", "localhost"), ("localhost", "evil.example")]:
        answer = await asked(url, "/", *hosts)
        if answer.status != 400 or answer.headers.get("content-type") != "application/problem+json":
            raise AssertionError(hosts)
        assert answer.problem in ("wrong_host", "malformed_request"), hosts
    assert "Este servicio no responde" in (await asked(url, "/", "evil.example", language="es")).body.decode()


async def test_probes_call_by_address(url: str) -> None:
    """Whatever looks after a container calls it by an address that nobody knows before."""
    for path in ("/livez", "/metrics"):
        assert (await asked(url, path, "10.1.2.3:8080")).status == 200


@pytest.mark.parametrize("url", ["intake"], indirect=True)
async def test_a_web_socket_is_for_its_own_names_as_well(url: str) -> None:
    """A browser sends no preflight before it: the chat of a visitor is open to whoever may connect."""
    for host in OWN:
        assert (await asked(url, "/v1/chat", host, more=UPGRADE)).status == 101, host
    for host in OTHERS:
        answer = await asked(url, "/v1/chat", host, more=UPGRADE)
        assert (answer.status, answer.problem) == (421, "unknown_host"), host
    for hosts in [(), ("[::1",), ("localhost", "localhost")]:
        assert (await asked(url, "/v1/chat", *hosts, more=UPGRADE)).status == 400, hosts


@pytest.mark.parametrize(
    ("given", "expected"),
    [("LocalHost.", "localhost"), ("[::1]", "::1"), ("::0:1", "::1"), ("a:80", None), ("*", None), ("a b", None)],
)
def test_a_host_has_one_form(given: str, expected: str | None) -> None:
    """Settings are compared with headers, and each is written in several ways."""
    assert canonical(given) == expected
