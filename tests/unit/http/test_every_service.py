"""Each service as a process keeps the limits of HTTP, and answers its health before Kafka is there."""

from pathlib import Path

import pytest

from tests.harness.intake import ID_SECRET, api_keys
from tests.harness.ports import free_port
from tests.harness.raw_http import parse, raw_connection
from tests.harness.service_process import service_process
from tests.unit.http.talking import HANDSHAKE


@pytest.mark.parametrize("name", ["intake", "board", "router", "escalation"])
async def test_a_head_without_an_end_is_refused_by_every_service(name: str, tmp_path: Path) -> None:
    """The health server of a service that runs tasks shares their process: it shares their memory and files."""
    kafka = f"127.0.0.1:{free_port()}"
    log = tmp_path / f"{name}.log"
    async with service_process(
        name,
        log,
        FRONTLINE_API_KEYS=api_keys(),
        FRONTLINE_ID_SECRET=ID_SECRET,
        FRONTLINE_BOARD_FILE=str(tmp_path / "board.sqlite"),
        FRONTLINE_KAFKA_BOOTSTRAP=kafka,
    ) as service:
        await service.start()
        await service.until("/livez", 200)
        async with raw_connection(service.url) as connection:
            await connection.send(b"GET /livez HTTP/1.1\r\nX: " + b"a" * 40_000)
            assert parse(await connection.until_closed(5)).problem == "head_too_large"


@pytest.mark.parametrize(("name", "status"), [("intake", 403), ("board", 404), ("router", 404), ("escalation", 404)])
async def test_a_websocket_that_nobody_takes_is_refused_and_not_logged(name: str, status: int, tmp_path: Path) -> None:
    """A path without a route, or a service without WebSockets. Anyone may ask, so it must not fill the log."""
    kafka = f"127.0.0.1:{free_port()}"
    log = tmp_path / f"{name}.log"
    async with service_process(
        name,
        log,
        FRONTLINE_API_KEYS=api_keys(),
        FRONTLINE_ID_SECRET=ID_SECRET,
        FRONTLINE_BOARD_FILE=str(tmp_path / "board.sqlite"),
        FRONTLINE_KAFKA_BOOTSTRAP=kafka,
        FRONTLINE_LOG_LEVEL="debug",
    ) as service:
        await service.start()
        await service.until("/livez", 200)
        async with raw_connection(service.url) as connection:
            await connection.send(HANDSHAKE % b"/nowhere?secret")
            assert (await connection.answer()).status == status
        await service.until("/livez", 200)
    said = log.read_text(encoding="utf-8")
    assert ("secret" in said, "Traceback" in said, "websocket" in said) == (False, False, False)
