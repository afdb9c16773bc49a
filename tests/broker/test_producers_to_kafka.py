"""docs/producers.md is correct about Kafka: the router decides by the records that the page shows, byte for byte."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import pytest_asyncio
from aiokafka import AIOKafkaProducer

from services.router.app import router
from services.router.settings import RouterSettings
from shared.contracts.topics import ENTITLEMENTS, dead_letter
from shared.kafka.committed_reader import read_to_end
from shared.kafka.partitioning import partition_for
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics
from shared.streams.service import TaskServer
from tests.broker.intake_calls import unique
from tests.harness.intake import Intake, editions, running_intake
from tests.harness.page import DOCS, blocks

PARTITIONS = 2
SET, WITHDRAWN = 0, 1  # the records of the page


class Shown(NamedTuple):
    """A record as the page shows it."""

    key: bytes
    headers: list[tuple[str, bytes]]
    value: bytes

    @property
    def data(self) -> Any:
        """The value as JSON."""
        return json.loads(self.value)


def records_on_the_page() -> list[Shown]:
    """The records in their order: a block with key and headers, and the value in the next one."""
    found = blocks("producers.md")
    return [_shown(head.text, value.text) for head, value in pairwise(found) if head.text.startswith("key ")]


def _shown(head: str, value: str) -> Shown:
    lines = [line.split()[-1] for line in head.splitlines()]
    headers = [line.partition("=") for line in lines[1:]]
    return Shown(lines[0].encode(), [(name, text.encode()) for name, _, text in headers], value.rstrip("\n").encode())


class System(NamedTuple):
    """An intake and a router with topics of their own, and a billing system's producer."""

    intake: Intake
    settings: KafkaSettings
    producer: AIOKafkaProducer

    async def write(self, shown: Shown) -> None:
        """Publish a record of the page, acknowledged; the producer chooses the partition."""
        topic = self.settings.names.physical(ENTITLEMENTS.name)
        await self.producer.send_and_wait(topic, shown.value, key=shown.key, headers=shown.headers)

    async def delete(self, key: bytes, at: datetime) -> None:
        """Publish the record without a value that follows a withdrawal."""
        topic = self.settings.names.physical(ENTITLEMENTS.name)
        await self.producer.send_and_wait(topic, None, key=key, timestamp_ms=int(at.timestamp() * 1000))

    async def decided(self) -> dict[str, Any]:
        """What the router decides of a request that is submitted now."""
        (body,) = (json.loads(block.text) for block in blocks("producers.md", "json")[:1])
        async with self.intake.client() as http, asyncio.timeout(30):
            url = (await http.post("/v1/support-requests", json=body)).raise_for_status().json()["status_url"]
            while (status := (await http.get(url)).json())["status"] != "routed":  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.05)
        decision: dict[str, Any] = status["decision"]
        return decision


@pytest_asyncio.fixture
async def system(bootstrap: str) -> AsyncIterator[System]:
    """In a namespace: other tests give the same account other entitlements, which are later."""
    shape: dict[str, Any] = {"namespace": unique("billing"), "partitions": PARTITIONS}
    settings = RouterSettings(kafka_bootstrap=bootstrap, **shape)
    await apply_topics(settings)
    server = TaskServer(router(editions(), PARTITIONS), settings)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    routing = asyncio.create_task(server.run())
    try:
        async with running_intake(bootstrap, **shape) as intake:
            yield System(intake, settings, producer)
    finally:
        server.stop()
        await routing
        await producer.stop()


async def test_the_router_decides_by_the_records_that_the_page_shows(system: System) -> None:
    """A billing system that copies them is understood: each of them changes how the next request is decided."""
    records = records_on_the_page()
    assert (await system.decided())["needs_triage"], "nobody knows the account yet"
    await system.write(records[SET])
    by_plan = await system.decided()
    assert (by_plan["needs_triage"], by_plan["assigned_tier"]) == (False, "tier2")
    assert by_plan["escalation"]["automated"], "a right of the plan that the record gives"
    await system.write(records[WITHDRAWN])
    await system.delete(records[WITHDRAWN].key, datetime.fromisoformat(records[WITHDRAWN].data["withdrawn_at"]))
    assert (await system.decided())["needs_triage"], "the account has nothing any more"
    dead = [record async for record in read_to_end(system.settings, [dead_letter(ENTITLEMENTS).name])]
    assert dead == []


def test_the_records_have_every_field_of_their_schemas() -> None:
    """What the page leaves out nobody finds."""
    for shown in records_on_the_page():
        headers = dict(shown.headers)
        kind = headers["ce_type"].decode()
        file = DOCS.parent / "shared" / "contracts" / "schemas" / f"{kind}.json"
        schema = json.loads(file.read_text(encoding="utf-8"))
        assert shown.data.keys() == schema["properties"].keys()
        assert headers["ce_subject"] == shown.key
    account = records_on_the_page()[SET].data["account"]
    schema = json.loads((DOCS.parent / "shared/contracts/schemas/frontline.entitlement.set.v1.json").read_text())
    assert account.keys() == schema["$defs"]["Account"]["properties"].keys()


def test_the_example_of_a_partition_is_right() -> None:
    """The test vector of whoever writes the rule in another language."""
    text = (DOCS / "producers.md").read_text(encoding="utf-8")
    found = re.search(r"Of (\d+) partitions, `(\w+)` has number (\d+)", text)
    assert found is not None
    assert partition_for(found[2].encode(), int(found[1])) == int(found[3])
