"""`frontline replay` on the log of a whole system that was killed in the middle reproduces it byte for byte."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from services.cli.call_intake import call
from services.cli.demo.run import submit_all
from services.cli.demo.traffic import coverage
from shared.contracts.topics import ACTIVITY, ESCALATIONS, REQUESTS
from tests.harness.processes import eventually
from tests.harness.up import READY_WITHIN, Up, running

SETTLE_SECONDS = 60
KILLED_AT = {"router": 60, "escalation": 120}  # after so many of more than 200 requests
MISSED = {"frontline.clock.breached": 5, "frontline.escalation.raised": 3, "frontline.escalation.suppressed": 3}
ACTIVITIES: Sequence[Mapping[str, Any]] = (
    {"type": "status_changed", "to": "waiting_on_customer"},
    {"type": "agent_replied"},
    {"type": "reprioritised", "fields": {"impact": "significant"}},
    {"type": "escalation_requested"},
    {"type": "entitlement_refreshed", "plan": "premier"},
)

# A whole system starts, is killed and started again; other tests keep this machine busy.
pytestmark = pytest.mark.timeout(300)


async def replay(*arguments: str) -> tuple[int, bytes]:
    """Run `frontline replay`, as people do; returns its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "replay", *arguments), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed


def killing(pids: Mapping[str, int]) -> Callable[[str], None]:
    """To be called for each request accepted: kill -9 of a service at its turn, while the others are on their way."""
    accepted = count(1)
    turns = {turn: pids[service] for service, turn in KILLED_AT.items()}

    def one_more(_line: str) -> None:
        if (pid := turns.get(next(accepted))) is not None:
            os.kill(pid, signal.SIGKILL)

    return one_more


def started_again(up: Up, pids: Mapping[str, int]) -> bool:
    """Whether each service that was killed is another process now."""
    now = json.loads(up.ready_file.read_text())["pids"]
    return all(now[service] != pids[service] for service in KILLED_AT)


async def happens(client: httpx.AsyncClient, cases: Sequence[str]) -> None:
    """Something of each kind happens to these cases."""
    gate = asyncio.Semaphore(8)

    async def one(case_id: str, activity: Mapping[str, Any]) -> None:
        async with gate:
            await call(client, "POST", f"/v1/cases/{case_id}/activity", json=activity)

    async with asyncio.TaskGroup() as group:
        for number, case_id in enumerate(cases):
            group.create_task(one(case_id, ACTIVITIES[number % len(ACTIVITIES)]))


async def send_poison(bootstrap: str) -> None:
    """Two records that are dead-lettered: one is not an event, one is about an unknown case."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait(REQUESTS.name, b"?", b"demo")
        await producer.send_and_wait(ACTIVITY.name, b"?", b"nobody")


async def settled(bootstrap: str, file: Path) -> dict[str, Any]:
    """The result once everything is processed and promises have been missed; identical at every time."""
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while True:
        arguments = ("--from-topic", "--kafka", bootstrap, "--policy", "demo", "--save", str(file), "--json")
        code, printed = await replay(*arguments)
        found: dict[str, Any] = json.loads(printed)
        assert (code, found["identical"]) == (0, True), found
        waiting = sum(service["not_yet_processed"] for service in found["services"].values())
        saved = file.read_text(encoding="utf-8")
        if not waiting and all(saved.count(kind) >= enough for kind, enough in MISSED.items()):
            return found
        assert asyncio.get_running_loop().time() < deadline, found
        await asyncio.sleep(0.5)


async def test_a_log_with_kills_in_the_middle_is_replayed_byte_for_byte(tmp_path: Path) -> None:
    """The kills left no trace in the events; an event that is tampered with is named."""
    async with running(tmp_path, "--policy", "demo") as up:
        ready = await up.ready()
        headers = {"Authorization": f"Bearer {ready['admin_key']}"}
        async with httpx.AsyncClient(
            base_url=ready["intake_url"], headers=headers, timeout=10, trust_env=False
        ) as client:
            asks = coverage("replay")
            sent = await submit_all(client, asks, killing(ready["pids"]))
            in_order = sorted(sent, key=lambda request_id: asks.index(sent[request_id]))  # ids differ in each run
            await happens(client, in_order[::2])
        await send_poison(ready["bootstrap"])
        await eventually(lambda: started_again(up, ready["pids"]), READY_WITHIN, "both services are started again")
        log = tmp_path / "log.jsonl"
        found = await settled(ready["bootstrap"], log)

    assert found["digest"] == found["published_digest"]
    router, escalation = found["services"]["router"], found["services"]["escalation"]
    assert (router["identical"], router["dead_letters"]["published"]) == (len(sent), 1)
    assert escalation["identical"] > 100
    assert escalation["dead_letters"]["published"] == 1

    code, printed = await replay("--from-file", str(log), "--policy", "demo", "--json")
    assert (code, json.loads(printed)) == (0, found)
    assert (await replay("--from-file", str(log), "--policy", "demo", "--json"))[1] == printed

    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    breach = next(n for n, line in enumerate(lines) if ESCALATIONS.name in line and "frontline.clock.breached" in line)
    lines[breach] = lines[breach].replace(r"\"objective\"", r"\"commitment\"")
    log.write_text("".join(lines), encoding="utf-8")
    code, printed = await replay("--from-file", str(log), "--policy", "demo", "--json")
    (difference,) = json.loads(printed)["differences"]
    assert (code, difference["type"]) == (1, "frontline.clock.breached.v1")
    assert difference["fields"] == [{"field": "promise", "published": "commitment", "replayed": "objective"}]
