"""`frontline up` where people expect it: at the same ports, with known keys, found by the other commands."""

import asyncio
import hashlib
import json
from pathlib import Path

import httpx
import pytest

from services.cli.notes import FOLDER, live_notes
from services.cli.ports import HTTP_PORTS, PortUnavailable, held_ports, wanted_ports
from shared.web.development_key import DEVELOPMENT_KEY
from tests.harness.command_line import frontline_text
from tests.harness.ports import free_port
from tests.harness.up import running

pytestmark = pytest.mark.timeout(300)

OWN_KEY = "fl_of-the-shop"
OWN_ENTRY = {"name": "shop", "sha256": hashlib.sha256(OWN_KEY.encode()).hexdigest(), "scopes": ["admin"]}


def _free_block() -> int:
    """A port for intake with which those of the other services, at their distances from it, are free as well."""
    while True:
        port = free_port()
        try:
            with held_ports(wanted_ports(port, None, own_kafka=False), ()):
                return port
        except PortUnavailable:
            continue


async def test_systems_run_side_by_side_and_a_command_takes_the_newest(tmp_path: Path) -> None:
    """The ports are those that were asked for, a second start says who has them, and free ones are no trouble."""
    notes, (one, two, three) = tmp_path / "notes", (tmp_path / name for name in ("one", "two", "three"))
    for folder in (one, two, three):
        folder.mkdir()
    environment = {FOLDER: str(notes), "FRONTLINE_API_KEYS": json.dumps([OWN_ENTRY])}
    port, kafka_port = _free_block(), free_port()
    asked = ("--port", str(port), "--kafka-port", str(kafka_port))
    async with running(one, *asked, **environment, FRONTLINE_NAMESPACE="first") as first:
        ready = await first.ready()
        assert ready["bootstrap"] == f"127.0.0.1:{kafka_port}"
        assert ready["urls"] == {
            name: f"http://127.0.0.1:{port + usual - HTTP_PORTS['intake']}" for name, usual in HTTP_PORTS.items()
        }
        assert ready["admin_key"] == DEVELOPMENT_KEY
        await _admits(ready["intake_url"], DEVELOPMENT_KEY, OWN_KEY)
        (note,) = live_notes(notes)
        assert (note.pid, note.ready, note.kafka) == (first.process.pid, True, ready["bootstrap"])
        assert (note.urls, note.namespace, note.data) == (ready["urls"], "first", None)
        _takes_kafka_of(first.process.pid, ready["bootstrap"], environment)

        async with running(two, *asked, **environment) as refused:
            assert await asyncio.wait_for(refused.process.wait(), 60) == 1
            (line,) = refused.output.splitlines()
            assert line.startswith(f"port {port} (intake) is used by the `frontline` of process {first.process.pid}")
            assert "--port 0" in line

        async with running(three, "--data", str(three / "data"), **environment) as second:
            other = await second.ready()
            assert set(other["urls"].values()).isdisjoint(ready["urls"].values())
            assert [note.pid for note in live_notes(notes)] == [second.process.pid, first.process.pid]
            assert live_notes(notes)[0].data == str(three / "data")
            _takes_kafka_of(second.process.pid, other["bootstrap"], environment)
            second.process.kill()
            await second.process.wait()
        _takes_kafka_of(first.process.pid, ready["bootstrap"], environment)  # the other's note is there no more
        first.process.terminate()
        assert await asyncio.wait_for(first.process.wait(), 30) == 0
    assert list(notes.glob("*.json*")) == []
    done = frontline_text("topics", "check", environment={**environment, "LC_ALL": "C"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("no `frontline up` runs here: start one, or name a Kafka with --kafka HOST:PORT or ")


async def _admits(intake_url: str, *keys: str) -> None:
    async with httpx.AsyncClient(base_url=intake_url, trust_env=False) as client:
        for key in keys:
            answer = await client.get(
                "/v1/accounts/demo-premier-pro/entitlement", headers={"Authorization": f"Bearer {key}"}
            )
            assert answer.status_code == 200, answer.text


def _takes_kafka_of(pid: int, kafka: str, environment: dict[str, str]) -> None:
    """A command without an address finds its topics, in the namespace of the system, and says whose they are."""
    done = frontline_text("topics", "check", environment={**environment, "LC_ALL": "C"})
    assert done.returncode == 0, done.stderr
    assert f"(process {pid}, since " in done.stderr
    assert done.stderr.endswith(f"): {kafka}\n")
