"""Editions in the log of a real Kafka: there for whoever reads a case, and once for each task, kill -9 included."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest_asyncio
from aiokafka import AIOKafkaConsumer

from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.topics import CASES, EDITIONS, REQUESTS
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.kafka import serde
from shared.policy.digest import policy_sha256
from shared.policy.files import load_edition
from tests.harness.asking import MONDAY_NOON, request
from tests.harness.intake import log_of, running_intake, topics_at, write
from tests.harness.service_process import ServiceProcess, service_process

READ_SECONDS = 60.0


@pytest_asyncio.fixture
async def bootstrap() -> AsyncIterator[str]:
    """A broker of its own: in a shared one the router would also decide the requests of other tests, by other tasks."""
    async with EmbeddedKafka(jvm_flags=SHORT_LIVED) as broker:
        yield broker.bootstrap


@pytest_asyncio.fixture
async def policy(tmp_path: Path) -> Path:
    """An edition of its own."""
    file = tmp_path / f"own-{uuid4().hex[:8]}.yaml"
    file.write_text(f"edition: {file.stem}\nextends: guidelines-2021\n", encoding="utf-8")
    return file


@pytest_asyncio.fixture
async def router(bootstrap: str, policy: Path, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """A router that decides by that edition, not started."""
    await topics_at(bootstrap)
    async with service_process(
        "router",
        tmp_path / "router.log",
        FRONTLINE_KAFKA_BOOTSTRAP=bootstrap,
        FRONTLINE_POLICIES=str(policy),
    ) as process:
        yield process


async def ask(bootstrap: str, account_id: str) -> str:
    """Submit a request; returns its id."""
    event = request(request_id=uuid4().hex, account_id=account_id)
    envelope = serde.Envelope(event.request_id, "/test", type_of(event), MONDAY_NOON, event.request_id)
    await write(bootstrap, [serde.to_output(REQUESTS, account_id, envelope, wire.encode(event))])
    return event.request_id


async def decided(reader: "AIOKafkaConsumer[bytes, bytes]", request_id: str, editions: dict[bytes, bytes]) -> str:
    """Read until the case of a request is there; returns its edition's digest. What comes before goes to `editions`."""
    async with asyncio.timeout(READ_SECONDS):
        while True:
            record = await reader.getone()
            if record.topic == EDITIONS.name:
                editions[record.key] = record.value
            elif record.key == request_id.encode():
                return str(json.loads(record.value)["policy_sha256"])


async def test_a_reader_of_committed_records_has_the_edition_of_a_case_and_each_task_publishes_it_once(
    bootstrap: str, router: ServiceProcess, policy: Path
) -> None:
    """One reader of both topics, then intake; the second router knows what the first one has published."""
    digest = policy_sha256(load_edition(str(policy)))
    reader: AIOKafkaConsumer[bytes, bytes] = AIOKafkaConsumer(
        CASES.name,
        EDITIONS.name,
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    editions: dict[bytes, bytes] = {}
    account_id = f"acme-{uuid4().hex[:8]}"
    await reader.start()
    try:
        await router.start()
        assert await decided(reader, await ask(bootstrap, account_id), editions) == digest
        async with asyncio.timeout(READ_SECONDS):  # the markers of one transaction reach its partitions one by one
            while digest.encode() not in editions:
                record = await reader.getone()
                if record.topic == EDITIONS.name:
                    editions[record.key] = record.value
        document = json.loads(editions[digest.encode()])["document"]
        assert hashlib.sha256(document.encode()).hexdigest() == digest
        assert json.loads(document)["edition"] == policy.stem
        await router.kill()
        await router.start()
        assert await decided(reader, await ask(bootstrap, account_id), editions) == digest
    finally:
        await reader.stop()
    async with running_intake(bootstrap) as intake, intake.client("submit") as client:
        answer = await client.get(f"/v1/editions/{digest}")
        assert (answer.status_code, answer.json()["document"]["edition"]) == (200, policy.stem)
    published = [record for record in await log_of(bootstrap, EDITIONS) if record.key == digest.encode()]
    assert len(published) == 1
    assert await router.terminate() == 0
