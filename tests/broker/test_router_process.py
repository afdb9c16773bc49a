"""The router as it runs: a process on a real Kafka, killed in the middle, and still one decision for each request."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from itertools import cycle, islice, product
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import Account, CausedBy, EntitlementWithdrawn, Event, SupportRequestSubmitted
from shared.contracts.topics import CASES, EDITIONS, ENTITLEMENTS, REQUESTS, Topic, dead_letter
from shared.kafka import dead_letters, serde
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Output, Record
from shared.kafka.settings import KafkaSettings, load
from shared.kafka.topic_admin import apply_topics
from shared.routing.decision_event import case_routed
from shared.routing.entitlement import covered, not_covered, terms_of
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import MONDAY_NOON, account, entitlement_set, request, requester
from tests.harness.service_process import ServiceProcess, service_process
from tests.harness.shipped import shipped_edition

TRACE = "0af7651916cd43dd8448eb211c80319c"
EDITION = shipped_edition("guidelines-2021")
IMPACTS = {"P1": "down", "P2": "significant", "P3": "general", "P4": "information"}
SETTLE_SECONDS = 90.0
PARTITIONS = 6


async def until(counted: Callable[[], Awaitable[int]], at_least: int) -> None:
    """Ask until there are so many; fail when that takes too long."""
    give_up = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while (found := await counted()) < at_least:
        assert asyncio.get_running_loop().time() < give_up, f"{found} of {at_least} after {SETTLE_SECONDS} s"
        await asyncio.sleep(0.2)


class Kafka:
    """The log, as a producer and a reader see it. Ids carry the test's own mark: the broker may be shared."""

    def __init__(self, producer: AIOKafkaProducer, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.mark = uuid4().hex[:12]
        self._producer = producer
        self._events = 0

    async def publish(self, topic: Topic, key: str, event: Event, partition: int | None = None) -> None:
        """One event, acknowledged."""
        self._events += 1
        traceparent = f"00-{TRACE}-{self._events:016x}-01"
        envelope = serde.Envelope(f"e{self._events}", "/test", type_of(event), MONDAY_NOON, key, traceparent)
        await self.write(serde.to_output(topic, key, envelope, wire.encode(event)), partition)

    async def write(self, output: Output, partition: int | None = None) -> None:
        """One record, acknowledged."""
        await self._producer.send_and_wait(
            output.topic, output.value, output.key, partition=partition, headers=list(output.headers)
        )

    async def cases(self) -> list[tuple[Record, dict[str, Any]]]:
        """The committed cases of this test's requests, as far as the log goes now."""
        records = [record async for record in self._read(CASES)]
        decoded = [(record, json.loads(serde.read(record)[1])) for record in records]
        return [(record, case) for record, case in decoded if self.mark in case["case_id"]]

    async def dead_lettered(self, source: Topic) -> list[DeadLetter]:
        """The dead letters of this test's records."""
        own = [record async for record in self._read(dead_letter(source)) if self.mark.encode() in (record.key or b"")]
        return [dead_letters.parse(record.key, record.value, record.headers) for record in own]

    async def until_decided(self, count: int) -> None:
        """Wait until so many requests of this test have a committed case."""

        async def decided() -> int:
            return len({case["case_id"] for _, case in await self.cases()})

        await until(decided, count)

    async def until_dead_lettered(self, source: Topic, count: int) -> None:
        """Wait until so many records of this test are dead letters."""

        async def dead_lettered() -> int:
            return len(await self.dead_lettered(source))

        await until(dead_lettered, count)

    async def _read(self, topic: Topic) -> AsyncIterator[Record]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, isolation_level="read_committed", enable_auto_commit=False
        )
        await consumer.start()
        try:
            places = [TopicPartition(topic.name, number) for number in range(PARTITIONS)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=100)).values():
                    for r in batch:
                        yield Record.of(r.topic, r.partition, r)
        finally:
            await consumer.stop()


@pytest_asyncio.fixture
async def kafka(bootstrap: str) -> AsyncIterator[Kafka]:
    """The broker with the topics of the registry."""
    await apply_topics(load(KafkaSettings, kafka_bootstrap=bootstrap, partitions=PARTITIONS))
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        yield Kafka(producer, bootstrap)


@pytest_asyncio.fixture
async def router(kafka: Kafka, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """The router on that broker, not started."""
    async with service_process(
        "router",
        tmp_path / "router.log",
        FRONTLINE_KAFKA_BOOTSTRAP=kafka.bootstrap,
        FRONTLINE_PARTITIONS=str(PARTITIONS),
    ) as process:
        yield process


def accounts(mark: str) -> list[Account]:
    """One account of each plan in each of four countries; the account types differ too."""
    types = cycle(EDITION.account_types)
    return [
        account(
            account_id=f"{mark}-{plan}-{country}",
            plan=plan,
            account_type=next(types),
            country=country,
        )
        for plan, country in product(EDITION.plans, ("ES", "US", "JP", "BR"))
    ]


def requests(mark: str, held: Iterable[Account]) -> list[SupportRequestSubmitted]:
    """Every channel, role, licence and priority, from each account in turn and now and then from an unknown one."""
    asks = product(EDITION.channels, EDITION.roles, (True, False), IMPACTS, range(3))
    ids = cycle([*(each.account_id for each in held), f"{mark}-unknown"])
    return [
        request(
            request_id=f"{mark}-{number}",
            account_id=account_id,
            requester=requester(role, licensed),
            channel=channel,
            impact=IMPACTS[priority],
            received_at=MONDAY_NOON + timedelta(milliseconds=number),
        )
        for number, ((channel, role, licensed, priority, _), account_id) in enumerate(zip(asks, ids, strict=False))
    ]


async def test_a_router_killed_in_the_middle_decides_each_request_once_and_as_route_does(
    kafka: Kafka, router: ServiceProcess
) -> None:
    """The promise of the runtime, seen from outside: 576 requests, a kill -9 among them, nothing lost or twice."""
    held = accounts(kafka.mark)
    asked = requests(kafka.mark, held)
    for each in held:
        await kafka.publish(ENTITLEMENTS, each.account_id, entitlement_set(each))
    await router.start()
    await router.until("/readyz", 200)

    async def submit() -> None:
        for number, event in enumerate(asked):
            await kafka.publish(REQUESTS, event.account_id or "", event)
            if number % 50 == 0:  # a resubmission among them
                await kafka.publish(REQUESTS, event.account_id or "", event)

    async with asyncio.TaskGroup() as group:
        group.create_task(submit())
        await kafka.until_decided(100)
        await router.kill()
        await router.start()
    await kafka.until_decided(len(asked))
    assert await router.terminate() == 0

    rules = Rulebook(EDITION)
    terms = {each.account_id: terms_of(each) for each in held}
    found = await kafka.cases()
    assert Counter(case["case_id"] for _, case in found) == Counter(event.request_id for event in asked)
    decided = {case["case_id"]: case for _, case in found}
    for event in asked:
        known = terms.get(event.account_id or "")
        who = event.requester
        entitlement = (
            covered(known, who, EDITION, event.received_at) if known else not_covered("unknown_account", who, EDITION)
        )
        case = decided[event.request_id]
        assert case["entitlement"].pop("offset", None) is not None or known is None
        decision = route(event, entitlement, rules, event.received_at)
        caused_by = msgspec.convert(case["caused_by"], CausedBy)
        observed_at = datetime.fromisoformat(case["observed_at"])
        expected = case_routed(event, decision, EDITION, observed_at=observed_at, caused_by=caused_by)
        assert case == json.loads(wire.encode(expected))
    for record, case in found:
        assert record.key == case["case_id"].encode()
        assert dict(record.headers)["traceparent"].startswith(f"00-{TRACE}-".encode())
    assert len({dict(record.headers)["ce_id"] for record, _ in found}) == len(asked)


async def test_what_the_router_cannot_decide_is_dead_lettered_and_the_rest_is_processed(
    kafka: Kafka, router: ServiceProcess
) -> None:
    """Conflict, unknown words, malformed, wrong partition: each with its cause, byte for byte; nobody is stopped."""
    owner = f"{kafka.mark}-acme"
    first = request(request_id=f"{kafka.mark}-1", account_id=owner)
    await kafka.publish(ENTITLEMENTS, owner, entitlement_set(account(account_id=owner)))
    await kafka.publish(REQUESTS, owner, first)
    await kafka.publish(REQUESTS, owner, request(request_id=first.request_id, account_id=owner, submission_digest="d2"))
    await kafka.write(Output(REQUESTS.name, owner.encode(), b"not an event"))
    await kafka.publish(REQUESTS, owner, request(request_id=f"{kafka.mark}-4", account_id=owner, channel="whatsapp"))
    await router.start()
    await kafka.until_decided(1)
    right = (await kafka.dead_lettered(REQUESTS))[0].record.partition
    await kafka.publish(
        REQUESTS, owner, request(request_id=f"{kafka.mark}-2", account_id=owner), (right + 1) % PARTITIONS
    )
    await kafka.publish(REQUESTS, owner, request(request_id=f"{kafka.mark}-3", account_id=owner))
    await kafka.until_decided(2)
    await kafka.until_dead_lettered(REQUESTS, 4)
    letters = await kafka.dead_lettered(REQUESTS)
    causes = ["conflict", "malformed_event", "not_in_edition", "wrong_partition"]
    assert Counter(letter.cause for letter in letters) == Counter(causes)
    assert b"not an event" in {letter.record.value for letter in letters}
    assert {case["case_id"] for _, case in await kafka.cases()} == {f"{kafka.mark}-1", f"{kafka.mark}-3"}
    metrics = (await router.until("/metrics", 200)).text
    assert 'frontline_dead_letters_total{cause="conflict"' in metrics


async def test_a_new_router_knows_the_accounts_before_the_first_request(kafka: Kafka, router: ServiceProcess) -> None:
    """Entitlements are read to their end before requests, and outlive the process; a withdrawal too."""
    stays, leaves = f"{kafka.mark}-stays", f"{kafka.mark}-leaves"
    for owner in (stays, leaves):
        await kafka.publish(REQUESTS, owner, request(request_id=f"{owner}-1", account_id=owner))
        for plan in EDITION.plans:  # the last one counts
            await kafka.publish(ENTITLEMENTS, owner, entitlement_set(account(account_id=owner, plan=plan)))
    await router.start()
    await kafka.until_decided(2)
    assert await router.terminate() == 0
    withdrawn = EntitlementWithdrawn(account_id=leaves, withdrawn_at=MONDAY_NOON)
    await kafka.publish(ENTITLEMENTS, leaves, withdrawn)
    await kafka.write(serde.tombstone(ENTITLEMENTS, leaves))
    for owner in (stays, leaves):
        await kafka.publish(REQUESTS, owner, request(request_id=f"{owner}-2", account_id=owner))
    await router.start()
    await kafka.until_decided(4)
    plans = {
        case["case_id"]: (case["entitlement"]["plan"], case.get("needs_triage", False))
        for _, case in await kafka.cases()
    }
    assert plans == {
        f"{stays}-1": ("premier_plus", False),
        f"{leaves}-1": ("premier_plus", False),
        f"{stays}-2": ("premier_plus", False),
        f"{leaves}-2": ("access", True),
    }


async def test_a_submission_is_a_readable_case_within_a_moment(kafka: Kafka, router: ServiceProcess) -> None:
    """One request at a time on an idle router: far below a second, or the waiting is in the wrong place."""
    await router.start()
    await router.until("/readyz", 200)
    owner = f"{kafka.mark}-acme"
    consumer = AIOKafkaConsumer(
        CASES.name, bootstrap_servers=kafka.bootstrap, isolation_level="read_committed", auto_offset_reset="latest"
    )
    await consumer.start()
    try:
        for place in consumer.assignment():
            await consumer.position(place)
        loop = asyncio.get_running_loop()
        waited = []
        for number in islice(range(100), 20):
            began = loop.time()
            await kafka.publish(REQUESTS, owner, request(request_id=f"{kafka.mark}-{number}", account_id=owner))
            async with asyncio.timeout(10):
                while json.loads((await consumer.getone()).value)["case_id"] != f"{kafka.mark}-{number}":
                    pass
            waited.append(loop.time() - began)
        assert sorted(waited)[len(waited) // 2] < 0.5, waited
    finally:
        await consumer.stop()


async def test_a_router_serves_its_health_and_its_asyncapi_document(kafka: Kafka, router: ServiceProcess) -> None:
    """What compose, supervisors and scrapers ask; ready means that every partition is assigned, restored and runs."""
    await router.start()
    await router.until("/livez", 200)
    checks = (await router.until("/readyz", 200)).json()["checks"]
    assert {f"partition-{number}" for number in range(PARTITIONS)} < checks.keys()
    events = (await router.until("/asyncapi", 200)).json()
    channels = {channel["address"] for channel in events["channels"].values()}
    assert channels == {REQUESTS.name, ENTITLEMENTS.name, CASES.name, EDITIONS.name}
    assert "frontline_router_resubmitted_total" in (await router.until("/metrics", 200)).text
    assert await router.terminate() == 0
