"""`python -m services.intake` with few open files allowed and more connections than that: health goes on answering."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from tests.harness.intake import ID_SECRET, api_keys
from tests.harness.ports import free_port
from tests.harness.raw_http import RawConnection, raw_connections
from tests.harness.service_process import ServiceProcess, service_process

OPEN_FILES = 256
CONNECTIONS = 250
HEAD_SECONDS = 10.0
HALF_A_HEAD = b"GET /v1/support-requests/x HTTP/1.1\r\nHost: x\r\n"


async def _closed(connections: list[RawConnection]) -> None:
    await asyncio.gather(*(connection.until_closed(HEAD_SECONDS + 5) for connection in connections))


async def _live(intake: ServiceProcess) -> None:
    """One probe, as an orchestrator sends it: on a connection of its own, once, with a short time limit."""
    async with httpx.AsyncClient(base_url=intake.url, trust_env=False, timeout=2.0) as http:
        for path, status in (("/livez", 200), ("/metrics", 200), ("/readyz", 503)):
            assert (await http.get(path)).status_code == status


@pytest.mark.parametrize("sent", [b"", HALF_A_HEAD], ids=["silent", "half_a_head"])
async def test_health_is_answered_while_connections_use_up_all_open_files(tmp_path: Path, sent: bytes) -> None:
    """A process that is restarted because it cannot answer its probe lets attackers without a key stop the service."""
    log = tmp_path / "intake.log"
    async with service_process(
        "intake",
        log,
        open_files=OPEN_FILES,
        FRONTLINE_API_KEYS=api_keys(),
        FRONTLINE_ID_SECRET=ID_SECRET,
        FRONTLINE_KAFKA_BOOTSTRAP=f"127.0.0.1:{free_port()}",
    ) as intake:
        await intake.start()
        await intake.until("/livez", 200)
        async with raw_connections(intake.url, CONNECTIONS) as connections:
            await asyncio.gather(*(connection.send(sent) for connection in connections))
            closing = asyncio.create_task(_closed(connections))
            probes = 0
            while not closing.done():
                await _live(intake)
                probes += 1
                await asyncio.wait([closing], timeout=0.2)
            await closing
        assert probes > 5
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        full = [line for line in lines if line.get("action") == "http.connections_refused"]
        assert len(full) == 1, "logged once, not once for each connection"
