"""Runs the real task runtime on a real Kafka in a test: its own topics and group, records in, committed records out."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from shared.contracts.topics import Topic, changelog, dead_letter
from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Headers, Record
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics
from shared.observability.health import Readiness
from shared.streams.processor import Processor
from shared.streams.runtime import Runtime
from tests.harness.processors import Counter

PATIENCE = 60.0  # seconds; a busy machine is slow, a broken runtime never gets there
_LOOK = 0.02


async def eventually(what: Callable[[], Any], patience: float = PATIENCE) -> None:
    """Poll until `what()` is true; fails with its value after `patience` seconds."""
    deadline = asyncio.get_running_loop().time() + patience
    while not what():
        assert asyncio.get_running_loop().time() < deadline, f"not within {patience:.0f} s: {what()!r}"
        await asyncio.sleep(_LOOK)


@dataclass
class Running:
    """A runtime that runs in the background of a test."""

    runtime: Runtime
    readiness: Readiness
    work: asyncio.Task[None]

    def phases(self) -> set[str]:
        """The phases that the tasks are in."""
        return {task.phase for task in self.runtime.tasks.values()}

    async def ready(self, tasks: int | None = None) -> None:
        """Until it is ready, with that number of tasks if given."""
        await eventually(lambda: self.readiness.ready and (tasks is None or len(self.runtime.tasks) == tasks))

    async def stop(self) -> None:
        """As SIGTERM does."""
        self.runtime.stop()
        async with asyncio.timeout(PATIENCE):
            await self.work

    async def kill(self) -> None:
        """As abruptly as one process can: nothing is finished, aborted or left in order."""
        member = self.runtime._member
        self.runtime._member = None
        for task in self.runtime.tasks.values():
            wrapped: Any = getattr(task._transactions, "_producer", None)
            producer = None if wrapped is None else wrapped._producer
            task._transactions = None  # nothing is aborted
            task._runner.cancel()
            if producer is not None:
                producer._sender.sender_task.cancel()
                await producer.client.close()
                producer._closed = True
        if member is not None:
            member._consumer._consumer._coordinator._group_instance_id = "dead"  # it sends no LeaveGroup then
        self.work.cancel()
        await asyncio.gather(self.work, return_exceptions=True)


class Rig:
    """Topics of its own on a shared broker, and a service `svc-…` that reads `first` and `second`.

    It has a namespace. So a name that leaves the runtime without it finds nothing, and one that comes back with it is
    not expected.
    """

    def __init__(self, bootstrap: str, partitions: int = 2, **settings: Any) -> None:
        self.mark = uuid.uuid4().hex[:10]
        self.service = f"svc-{self.mark}"
        shape: dict[str, Any] = {"namespace": "rig", "commit_gap_ms": 5, **settings}
        self.settings = KafkaSettings(kafka_bootstrap=bootstrap, partitions=partitions, **shape)
        self.first = Topic(f"first-{self.mark}", "k", "compact", "tests")
        self.second = Topic(f"second-{self.mark}", "k", "delete", "tests")
        self.sink = Topic(f"sink-{self.mark}", "k", "delete", "tests")
        self.stores = ("counts", "timers")
        self.running: list[Running] = []

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Everything that has to exist."""
        sources = (self.first, self.second)
        return (*sources, self.sink, *map(dead_letter, sources), *(changelog(self.service, s) for s in self.stores))

    def in_kafka(self, name: Topic | str) -> str:
        """What Kafka calls a topic or the group: for the clients of a test itself."""
        return self.settings.names.physical(name if isinstance(name, str) else name.name)

    def processor(self, _partition: int) -> Processor:
        """The default topology: counts, timers, and the commands in values."""
        return Counter((self.first, self.second), (self.sink,))

    async def prepare(self, topics: Sequence[Topic] | None = None) -> None:
        """Create the topics."""
        await apply_topics(self.settings, self.topics if topics is None else topics)

    def start(self, factory: Callable[[int], Processor] | None = None, **options: Any) -> Running:
        """Run an instance of the service."""
        readiness = Readiness()
        settings = options.pop("settings", self.settings)
        runtime = Runtime(self.service, factory or self.processor, settings, readiness, **options)
        running = Running(runtime, readiness, asyncio.create_task(runtime.run()))
        self.running.append(running)
        return running

    async def produce(
        self, topic: Topic, records: Iterable[tuple[str | None, bytes | None]], partition: int | None = None,
        headers: Headers = (),
    ) -> None:  # fmt: skip
        """Produce (key, value) pairs in order, all acknowledged on return."""
        async with self.producer() as producer:
            await self.send(producer, topic, records, partition, headers)

    async def send(
        self, producer: AIOKafkaProducer, topic: Topic, records: Iterable[tuple[str | None, bytes | None]],
        partition: int | None = None, headers: Headers = (),
    ) -> None:  # fmt: skip
        """The same with an existing producer."""
        futures: list[Awaitable[Any]] = [
            await producer.send(
                self.in_kafka(topic),
                value,
                key=None if key is None else key.encode(),
                partition=partition,
                headers=[*headers],
            )
            for key, value in records
        ]
        await asyncio.gather(*futures)

    @contextlib.asynccontextmanager
    async def producer(self, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
        """A plain producer."""
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.kafka_bootstrap, linger_ms=2, **options)
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    async def read(self, topic: Topic | str, count: int | None = None) -> list[Record]:
        """The committed records of a topic by partition: all present ones, or at least `count` of them."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap, isolation_level="read_committed", fetch_max_wait_ms=20,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 * 1024 * 1024,
        )  # fmt: skip
        await consumer.start()
        try:
            places = [TopicPartition(self.in_kafka(topic), partition) for partition in range(self.settings.partitions)]
            consumer.assign(places)
            return await _read(consumer, places, count, topic if isinstance(topic, str) else topic.name)
        finally:
            await consumer.stop()

    async def dead_letters(self, topic: Topic, count: int | None = None) -> list[DeadLetter]:
        """The committed dead letters of a source."""
        records = await self.read(dead_letter(topic), count)
        return [dead_letters.parse(record.key, record.value, record.headers) for record in records]

    async def close(self) -> None:
        """Stop the runtimes that still run."""
        for running in self.running:
            if not running.work.done():
                await running.stop()


async def _read(
    consumer: AIOKafkaConsumer, places: list[TopicPartition], count: int | None, topic: str
) -> list[Record]:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    found: list[Record] = []
    while True:
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            assert asyncio.get_running_loop().time() < deadline, f"{len(found)} of {count} records in {PATIENCE:.0f} s"
            for place, records in (await consumer.getmany(timeout_ms=20)).items():
                found += [
                    Record(topic, place.partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in records
                ]
        if count is None or len(found) >= count:
            return sorted(found, key=lambda record: (record.partition, record.offset))
        assert asyncio.get_running_loop().time() < deadline, f"{len(found)} of {count} records in {PATIENCE:.0f} s"
        await asyncio.sleep(_LOOK)
