"""`frontline up` where people expect it: at the same ports, with known keys, found by the other commands."""

import asyncio
import hashlib
import json
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from services.cli.demo.traffic import coverage
from services.cli.notes import FOLDER, live_notes
from services.cli.ports import HTTP_PORTS, PortUnavailable, held_ports, wanted_ports
from shared.contracts.topics import REQUESTS
from shared.web.development_key import DEVELOPMENT_KEY
from tests.harness.command_line import frontline_text
from tests.harness.ports import free_port
from tests.harness.processes import eventually
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
    """The ports are those that were asked for, a second start says who has them, and free ones are no trouble.

    Every command that reads the log takes the newest system, and names it; the environment outranks it, and the command
    line both, without a word about any system.
    """
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
        asked_first = await _ask(ready["intake_url"], "first")

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
            asked_second = await _ask(other["intake_url"], "second")
            await _write_what_nobody_can_read(other["bootstrap"])
            newest = f"the newest of 2 `frontline up` that run here (process {second.process.pid}, since "
            await _every_command_reads_from(newest, other["bootstrap"], asked_second, 1, environment)
            of_first = {**environment, "FRONTLINE_NAMESPACE": "first"}
            given = {**of_first, "FRONTLINE_KAFKA_BOOTSTRAP": ready["bootstrap"]}
            await _every_command_reads_from(None, ready["bootstrap"], asked_first, 0, given)
            given = {**of_first, "FRONTLINE_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
            await _every_command_reads_from(
                None, ready["bootstrap"], asked_first, 0, given, "--kafka", ready["bootstrap"]
            )
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


async def _ask(intake_url: str, key: str) -> str:
    """Send a request; its id."""
    async with httpx.AsyncClient(base_url=intake_url, trust_env=False) as client:
        answer = await client.post(
            "/v1/support-requests",
            json={**coverage(key)[0].body, "account_id": "demo-premier-pro"},
            headers={"Authorization": f"Bearer {DEVELOPMENT_KEY}", "Idempotency-Key": key},
        )
        assert answer.is_success, answer.text
        return str(answer.json()["request_id"])


async def _write_what_nobody_can_read(bootstrap: str) -> None:
    """A record that the router puts aside."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait(REQUESTS.name, b"no event", b"no-event")


async def _every_command_reads_from(
    named: str | None, kafka: str, case: str, dead_letters: int, environment: dict[str, str], *options: str
) -> None:
    """Each finds what is in the log of that Kafka alone, and its first line names the system, if it was found by it."""

    def run(*command: str) -> list[str]:
        done = frontline_text(*command, *options, "--json", environment={**environment, "LC_ALL": "C"})
        assert done.returncode == 0, (command, done.stderr)
        if named is None:
            assert "frontline up" not in done.stderr
        else:
            line = done.stderr.splitlines()[0]
            assert line.startswith(f"Kafka of {named}")
            assert line.endswith(f"): {kafka}")
        return done.stdout.splitlines()

    def decided() -> bool:
        return [json.loads(line)["case_id"] for line in run("cases")] == [case]

    def set_aside() -> bool:
        return len(run("dead-letters", "list")) == dead_letters

    await eventually(decided, 60, f"{kafka} has {case} and no other")
    await eventually(set_aside, 60, f"{kafka} has {dead_letters} dead letters")
    for asked in ("--last", case):
        assert json.loads("".join(run("explain", asked)))["case_id"] == case
    (result,) = run("replay", "--from-topic")
    assert json.loads(result)["services"]["router"]["identical"] == 1
