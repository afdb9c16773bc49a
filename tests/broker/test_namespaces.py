"""Two whole systems in two namespaces of one Kafka: neither finds anything of the other."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from services.cli.__main__ import app
from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.contracts.topics import ACTIVITY, CASES, TASK_SOURCES, TOPICS
from tests.harness.asking import fields
from tests.harness.intake import ID_SECRET
from tests.harness.up import running

PARTITIONS = 2
REQUESTS = {"short": 3, "long": 5}  # how many each system gets
TRANSACTIONS = "__transaction_state"  # Kafka's own topic; its keys are transactional ids
SETTLE_SECONDS = 60

# Six services start beside the tests' broker.
pytestmark = pytest.mark.timeout(300)

Run = Callable[..., Any]


@dataclass(frozen=True)
class Tenant:
    """A system of its own, its namespace, and the ids of the cases that it was asked for."""

    namespace: str
    ready: Mapping[str, Any]
    cases: tuple[str, ...]


@pytest.fixture
def run(bootstrap: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `frontline` in a namespace; exit code and standard output."""
    monkeypatch.setenv("FRONTLINE_PARTITIONS", str(PARTITIONS))

    async def run(namespace: str, *words: str) -> tuple[int, str]:
        monkeypatch.setenv("FRONTLINE_NAMESPACE", namespace)
        capsys.readouterr()
        command: Callable[..., Any] = app
        code = await asyncio.to_thread(command, [*words, "--kafka", bootstrap], exit_on_error=False)
        return code, capsys.readouterr().out

    return run


@asynccontextmanager
async def tenant(bootstrap: str, namespace: str, folder: Path, requests: int) -> AsyncIterator[Tenant]:
    """`frontline up` on this broker. By one secret, each system makes the same ids of the same Idempotency-Keys."""
    folder.mkdir()
    variables = {
        "FRONTLINE_NAMESPACE": namespace,
        "FRONTLINE_PARTITIONS": str(PARTITIONS),
        "FRONTLINE_ID_SECRET": ID_SECRET,
    }
    async with running(folder, "--kafka", bootstrap, **variables) as up:
        ready = await up.ready()
        headers = {"Authorization": f"Bearer {ready['admin_key']}"}
        async with httpx.AsyncClient(
            base_url=ready["intake_url"], headers=headers, timeout=30, trust_env=False
        ) as client:
            cases = [await _submitted(client, namespace, number) for number in range(requests)]
        yield Tenant(namespace, ready, tuple(cases))


async def _submitted(client: httpx.AsyncClient, namespace: str, number: int) -> str:
    request = {
        "account_id": next(iter(DEMO_ACCOUNTS)),
        "requester": {"requester_id": "u1", "role": "admin", "licensed": True},
        "channel": "web_ticket",
        "subject": f"Down at {number}",
        "description": "All of it" if len(namespace) % 2 else "Some of it",
        "fields": fields(),
    }
    headers = {"Idempotency-Key": f"key-{number}"}
    async with asyncio.timeout(30):  # just started, intake may still read which keys there are
        while (answer := await client.post("/v1/support-requests", json=request, headers=headers)).status_code == 503:
            pass
    assert answer.status_code == 202, answer.text
    return str(answer.json()["case_id"] if "case_id" in answer.json() else answer.json()["request_id"])


async def test_two_systems_on_one_kafka_find_nothing_of_each_other(bootstrap: str, tmp_path: Path, run: Run) -> None:
    """Cases, dead letters, groups, transactions. The name of one begins with the name of the other and a dot."""
    short = f"acme-{uuid.uuid4().hex[:8]}"
    long = f"{short}.eu"
    async with contextlib.AsyncExitStack() as stack:
        # One after the other enters the stack; both start at the same time.
        starting = [
            tenant(bootstrap, short, tmp_path / "short", REQUESTS["short"]),
            tenant(bootstrap, long, tmp_path / "long", REQUESTS["long"]),
        ]
        one, other = await asyncio.gather(*(stack.enter_async_context(each) for each in starting))
        assert one.cases == other.cases[: len(one.cases)], "the ids are the same, so a mix would be noticed"
        async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:  # a dead letter for one of them
            await producer.send_and_wait(f"{short}.{ACTIVITY.name}", b"?", b"nobody")
        await _settled(run, one, dead_letters=1)
        await _settled(run, other, dead_letters=0)

        code, _ = await run(short, "explain", other.cases[-1], "--json")
        assert code == 1, "that case is of the other system"
        assert (await run(long, "explain", other.cases[-1], "--json"))[0] == 0
        assert (await run(short, "topics", "accept", ACTIVITY.name))[0] == 0

        await _has_its_own_topics(run, one)
        await _has_its_own_topics(run, other)
        code, out = await run(f"{short}-nobody", "topics", "check", "--json")
        assert (code, {each["what"] for each in json.loads(out)["differences"]}) == (1, {"missing"})

        names = {name for each in (one, other) for name in _groups(each)}
        await _has_its_own_groups(bootstrap, one, names)
        await _has_its_own_groups(bootstrap, other, names)
        ids = await _transactional_ids(bootstrap)
        for each in (one, other):
            wanted = {f"{each.namespace}.{task}-{number}" for task in TASK_SOURCES for number in range(PARTITIONS)}
            assert wanted <= ids
        await _no_record_names_its_namespace(bootstrap, short)


async def _settled(run: Run, tenant: Tenant, dead_letters: int) -> None:
    """Wait until every case is decided, and compare: a replay of the log gives the same events, and none of others."""
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while True:
        code, out = await run(tenant.namespace, "replay", "--from-topic", "--json")
        assert code == 0, out
        services = json.loads(out)["services"]
        if not sum(each["not_yet_processed"] for each in services.values()):
            letters = services["escalation"]["dead_letters"]["published"]
            if services["router"]["identical"] == len(tenant.cases) and letters == dead_letters:
                break
        assert asyncio.get_running_loop().time() < deadline, out
        await asyncio.sleep(0.5)
    code, out = await run(tenant.namespace, "dead-letters", "list", "--json")
    letters = [json.loads(line) for line in out.splitlines()]
    assert (code, len(letters)) == (0, dead_letters)
    assert {letter["topic"] for letter in letters} <= {ACTIVITY.name}, "a logical name"


async def _has_its_own_topics(run: Run, tenant: Tenant) -> None:
    """They exist as registered, under the names that a consumer subscribes to."""
    code, out = await run(tenant.namespace, "topics", "check", "--json")
    assert (code, json.loads(out)["differences"]) == (0, [])
    code, out = await run(tenant.namespace, "topics", "list", "--json")
    listed = {each["topic"]: each for each in json.loads(out)}
    assert (code, len(listed)) == (0, len(TOPICS))
    cases = listed[CASES.name]
    assert (cases["name"], cases["partitions"]) == (f"{tenant.namespace}.{CASES.name}", PARTITIONS)


def _groups(tenant: Tenant) -> set[str]:
    return {f"{tenant.namespace}.{service}" for service in TASK_SOURCES}


async def _has_its_own_groups(bootstrap: str, tenant: Tenant, groups: set[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        assert groups <= {group for group, *_ in await admin.list_consumer_groups()}
        for service, sources in TASK_SOURCES.items():
            offsets = await admin.list_consumer_group_offsets(f"{tenant.namespace}.{service}")
            own = {f"{tenant.namespace}.{source.name}" for source in sources}
            assert offsets
            assert {place.topic for place in offsets} <= own, "a source without records has no offset"
    finally:
        await admin.close()


async def _transactional_ids(bootstrap: str) -> set[str]:
    """All that Kafka knows. A key is a version of two bytes, a length of two bytes, and the id."""
    return {key[4:].decode() for _, key, _, _ in await _everything(bootstrap, [TRANSACTIONS]) if key}


async def _no_record_names_its_namespace(bootstrap: str, part: str) -> None:
    """Events, dead letters, changelogs: keys, values and headers have logical names, so a log can move."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topics = [topic for topic in await admin.list_topics() if topic.startswith(part)]
    finally:
        await admin.close()
    assert len(topics) == 2 * len(TOPICS)
    records = await _everything(bootstrap, topics)
    assert len(records) > 50
    for topic, key, value, headers in records:
        texts = [key or b"", value or b"", *(value or b"" for _, value in headers)]
        assert not any(part.encode() in text for text in texts), topic


async def _everything(bootstrap: str, topics: list[str]) -> list[tuple[str, bytes | None, bytes | None, Any]]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", exclude_internal_topics=False
    )
    await consumer.start()
    try:
        cluster = await consumer._client.fetch_all_metadata()
        places = [
            TopicPartition(topic, number) for topic in topics for number in cluster.partitions_for_topic(topic) or ()
        ]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[tuple[str, bytes | None, bytes | None, Any]] = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=50)).items():
                found += [(place.topic, record.key, record.value, record.headers) for record in records]
        return found
    finally:
        await consumer.stop()
