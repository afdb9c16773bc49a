"""What one client can do to the cases of others, tried on the three services as processes, through HTTP alone.

All cases share one partition, so that whatever stops its task stops all of them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio

from shared.contracts.structs import CaseRouted, ClockBreached, Event
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, Topic, changelog, dead_letter
from shared.kafka import dead_letters, serde
from shared.kafka.committed_reader import read_to_end
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings, load
from tests.harness.intake import ID_SECRET, api_keys, key_of, submission
from tests.harness.service_process import ServiceProcess, service_process

EDITION = Path(__file__).parents[1] / "fault" / "seconds.yaml"  # P1: first response within 3 s, restoration within 6 s
MILESTONES = ("restoration", "resolution", "periodic_update", "first_response", "next_response")
MEGABYTE = 1_000_000


@dataclass
class System:
    """Intake, router and escalation on a namespace of their own, and what they write there."""

    kafka: KafkaSettings
    intake: ServiceProcess
    escalation: ServiceProcess

    def client(self, name: str) -> httpx.AsyncClient:
        """An HTTP client with the key of one of the clients of the tests."""
        headers = {"Authorization": f"Bearer {key_of(name)}"}
        return httpx.AsyncClient(base_url=self.intake.url, headers=headers, timeout=30, trust_env=False)

    async def records(self, topic: Topic) -> list[Record]:
        """All that was committed to a topic so far."""
        return [record async for record in read_to_end(self.kafka, [topic.name])]

    async def event(self, topic: Topic, wanted: Callable[[Event], bool]) -> Event:
        """The first event of a topic that is wanted, once it is there."""
        async with asyncio.timeout(60):
            while True:
                for record in await self.records(topic):
                    if wanted(event := serde.decode(record)[1]):
                        return event

    async def causes(self, count: int) -> list[str]:
        """The causes of the dead letters of activity, once there are so many."""
        async with asyncio.timeout(60):
            while len(found := await self.records(dead_letter(ACTIVITY))) < count:
                pass
        return [dead_letters.parse(each.key, each.value, each.headers).cause for each in found]


@pytest_asyncio.fixture(scope="module")
async def system(bootstrap: str, tmp_path_factory: Any) -> AsyncIterator[System]:
    """The three services, ready, and an account with a plan."""
    folder, namespace = tmp_path_factory.mktemp("attacks"), f"attacks-{uuid4().hex[:8]}"
    settings: dict[str, Any] = {
        "FRONTLINE_KAFKA_BOOTSTRAP": bootstrap,
        "FRONTLINE_NAMESPACE": namespace,
        "FRONTLINE_PARTITIONS": "1",
        "FRONTLINE_POLICIES": str(EDITION),
        "FRONTLINE_API_KEYS": api_keys(),
        "FRONTLINE_ID_SECRET": ID_SECRET,
    }
    async with AsyncExitStack() as stack:
        services = [
            await stack.enter_async_context(service_process(name, folder / f"{name}.log", **settings))
            for name in ("intake", "router", "escalation")
        ]
        await asyncio.gather(*(service.start() for service in services))
        await asyncio.gather(*(service.until("/readyz", 200) for service in services))
        kafka = load(KafkaSettings, kafka_bootstrap=bootstrap, namespace=namespace, partitions=1)
        system = System(kafka, services[0], services[2])
        async with system.client("all") as http:
            plan = {"plan": "premier_plus", "account_type": "enterprise", "paid": True}
            assert (await http.put("/v1/accounts/acme/entitlement", json=plan)).status_code == 200
        yield system


async def _opened(system: System) -> str:
    """The id of a P1 that was submitted now, once it is routed. Intake may still read the requests of today before."""
    headers = {"Idempotency-Key": uuid4().hex}
    async with system.client("all") as http, asyncio.timeout(60):
        while (
            answer := await http.post("/v1/support-requests", json=submission(), headers=headers)
        ).status_code == 503:
            pass
    assert answer.status_code == 202, answer.text
    case_id = str(answer.json()["request_id"])
    await system.event(CASES, lambda event: isinstance(event, CaseRouted) and event.case_id == case_id)
    return case_id


def _breach(case_id: str, milestone: str) -> Callable[[Event], bool]:
    def wanted(event: Event) -> bool:
        return isinstance(event, ClockBreached) and (event.case_id, event.milestone) == (case_id, milestone)

    return wanted


def _large_terms(number: int, statuses: int) -> dict[str, Any]:
    """Terms of every milestone, paused by so many statuses of 240 bytes."""
    paused_by = [f"{number:04}{place:02}".ljust(60, "\U0001f4a4") for place in range(statuses)]
    terms = {"target_seconds": 7, "hours": "elapsed", "promise": "objective", "paused_by": paused_by}
    return {"type": "reprioritised", "milestones": dict.fromkeys(MILESTONES, terms)}


async def test_a_case_that_is_filled_to_the_brim_stops_no_clock(system: System) -> None:
    """Its next timer added some bytes, the broker refused the changelog's record, and the task stopped for ever."""
    full = await _opened(system)
    sizes = [19] * 14 + [5] * 5 + [2] * 4 + [1] * 3 + [0] * 15  # each group is more than the one before leaves
    async with system.client("all") as http:
        for number, statuses in enumerate(sizes):
            answer = await http.post(f"/v1/cases/{full}/activity", json=_large_terms(number, statuses))
            assert answer.status_code == 202, answer.text
    assert set(await system.causes(5)) == {"case_too_large"}
    neighbour = await _opened(system)
    await system.event(ESCALATIONS, _breach(full, "restoration"))
    await system.event(ESCALATIONS, _breach(neighbour, "first_response"))
    assert (await system.escalation.until("/readyz", 200)).json()["ready"]
    metrics = (await system.escalation.until("/metrics", 200)).text
    assert 'frontline_isolated{service="escalation",task="0"} 0.0' in metrics


async def test_activity_for_cases_that_do_not_exist_fills_no_memory(system: System) -> None:
    """Each of 60 KB took 132 KB of memory, and as much of the changelog that a restart has to restore."""
    count = 400
    before, start = system.escalation.peak_memory, await _changelog_bytes(system)
    read = await _activities(system)
    async with system.client("agent") as http:
        places = asyncio.Semaphore(16)

        async def write(number: int) -> int:
            async with places:
                body = {"type": "agent_replied", "text": "€" * 20_000}
                return (await http.post(f"/v1/cases/{uuid4().hex}/activity", json=body)).status_code

        assert set(await asyncio.gather(*(write(number) for number in range(count)))) == {202}
    async with asyncio.timeout(60):
        while await _activities(system) < read + count:
            pass
    assert await _changelog_bytes(system) - start < 1 * MEGABYTE
    assert system.escalation.peak_memory - before < 40 * MEGABYTE, "at 132 KB each it was 53 MB"


async def _activities(system: System) -> int:
    """How many records of activity escalation has processed."""
    line = f'frontline_records_processed_total{{service="escalation",topic="{ACTIVITY.name}"}} '
    metrics = (await system.escalation.until("/metrics", 200)).text
    return next((round(float(each.removeprefix(line))) for each in metrics.splitlines() if each.startswith(line)), 0)


async def _changelog_bytes(system: System) -> int:
    records = await system.records(changelog("escalation", "early"))
    return sum(len(record.key or b"") + len(record.value or b"") for record in records)
