"""Reads topics from a chosen instant to their end, then follows them: for the views that services keep in memory.

It reads committed records only, from assigned partitions, without a group, and stores nothing in Kafka. Every instance
of a service reads all partitions. After an outage, reading continues at the same offsets.

`follow_topics` is all that a service needs which only reads. A service that also publishes makes each `Tail` with the
TopicWatch of its producer.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from aiokafka.errors import ConsumerStoppedError, KafkaConnectionError, KafkaError
from aiokafka.structs import TopicPartition
from prometheus_client import Counter, Gauge

from shared.cancellation import end_if_cancelled
from shared.contracts.topics import Topic
from shared.contracts.wire import MalformedData
from shared.kafka.consumer import Consumer
from shared.kafka.faststream_client import KafkaUnreachable, TopicsMissing, partitions_of
from shared.kafka.faults import PoisonRecord, TaskMustStop, TopicsDiffer, place_of
from shared.kafka.record import Consumed, Record, Withheld
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_watch import TopicWatch
from shared.observability.health import Readiness
from shared.observability.logs import get_logger
from shared.wall_clock import utc_now

UNREADABLE = Counter("frontline_view_unreadable_records_total", "Records that a view skipped", ["view", "cause"])
CAUGHT_UP = Gauge("frontline_view_caught_up", "1 once a view has read its topics up to their end", ["view"])

SLICE = 100  # records to handle before the event loop may serve other calls
POLL_MS = 500
RETRY_EVERY = 1.0
ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Since:
    """The start of reading: this long ago, but at most this many records before the end of each partition."""

    ago: timedelta
    at_most: int

    def instant(self, now: datetime) -> datetime:
        """The instant from which to read at `now`."""
        return now - self.ago


@dataclass(frozen=True, slots=True)
class Yesterday:
    """The start of reading: the UTC day before, at most this many records before the end of each partition.

    An hour more is read, since a producer's clock may be behind.
    """

    at_most: int

    def instant(self, now: datetime) -> datetime:
        """The instant from which to read at `now`."""
        return datetime.combine(now.astimezone(UTC).date(), time(), UTC) - timedelta(days=1, hours=1)


async def follow_topics(
    view: str,
    kafka: KafkaSettings,
    topics: Sequence[tuple[Topic, Since | Yesterday | None]],
    handle: Callable[[Record], None],
    readiness: Readiness,
) -> None:
    """Keep the view of a service that only reads, until cancelled: watch `topics`, and read them as `Tail` does.

    Sets two checks of /readyz: `topics` as every service has it, and `view` once the view has caught up. If a topic is
    created again, reading stops until the service is restarted, since the view has the records of the former topic.
    """
    readiness.set("view", False, "reads its topics up to their end")
    watch = TopicWatch(kafka, view, (topic.name for topic, _ in topics), readiness)
    tail = Tail(view, kafka, topics, handle, watch)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(watch.run())
            group.create_task(tail.run())
            await tail.caught_up.wait()
            readiness.set("view", True, "caught up")
    finally:
        await watch.close()


class Tail:
    """Calls `handle` with every record of `topics`, in the order of each partition. None = from the beginning."""

    def __init__(
        self,
        view: str,
        kafka: KafkaSettings,
        topics: Sequence[tuple[Topic, Since | Yesterday | None]],
        handle: Callable[[Record], None],
        watch: TopicWatch,
    ) -> None:
        self._view = view
        self._kafka = kafka
        self._since = {topic.name: since for topic, since in topics}
        self._handle = handle
        self._watch = watch
        self._next: dict[TopicPartition, int] = {}
        self._consumer: Consumer | None = None
        self._waiting = 0  # calls of `read_to_end`
        self._handled = asyncio.Condition()  # notified after each poll while there are some
        self._ids: dict[str, str] = {}  # of the topics that `_next` belongs to
        self._log = get_logger()
        self._logged_places: set[str] = set()
        self._interrupted = False  # logged at the start of an interruption and at its end
        self._progress = asyncio.Event()  # set with each slice, and then replaced
        self.caught_up = asyncio.Event()  # set once the topics have been read to their end, as it was at the start
        CAUGHT_UP.labels(view).set(0)

    async def run(self) -> None:
        """Read without end; wait while Kafka is unavailable or its topics are not right."""
        while True:
            try:
                await self._check_topics()
                self._forget_other_topics()
                await self._follow(await partitions_of(self._kafka, self._since, ANSWER_SECONDS))
            except (KafkaError, KafkaUnreachable, TopicsDiffer, TopicsMissing, OSError, TimeoutError) as error:
                if not self._interrupted:
                    self._interrupted = True
                    self._log.warning(
                        "Reading interrupted: it continues at the same offsets once Kafka is available",
                        action="view.interrupted",
                        view=self._view,
                        error=str(error),
                    )
            end_if_cancelled()
            await asyncio.sleep(RETRY_EVERY)

    async def read_past(self, topic: Topic, partition: int, offset: int) -> None:
        """Wait until `handle` has been called with the record at this offset, if the topic still has it."""
        while self._next.get(TopicPartition(topic.name, partition), 0) <= offset:
            await self._progress.wait()

    async def read_to_end(self) -> None:
        """Return once every record is handled that the topics have now.

        Raises KafkaError if Kafka does not say where they end. It waits without end while reading is interrupted, so
        the caller sets a time limit.
        """
        if self._consumer is None:
            raise KafkaConnectionError("reading is interrupted")
        try:
            ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        except ConsumerStoppedError:
            raise KafkaConnectionError("reading is interrupted") from None
        self._waiting += 1
        try:
            async with self._handled:
                await self._handled.wait_for(
                    lambda: all(self._next.get(partition, 0) >= end for partition, end in ends.items())
                )
        finally:
            self._waiting -= 1

    async def _check_topics(self) -> None:
        """Raise TopicsDiffer if the topics are not right. Offsets count only for topics whose ids are known."""
        self._watch.check()
        if not self._since.keys() <= self._watch.ids.keys():
            await self._watch.look()
            self._watch.check()

    def _forget_other_topics(self) -> None:
        """Forget the offsets of topics whose id has changed: a new topic of the same name has other records."""
        ids = {topic: self._watch.ids.get(topic, "") for topic in self._since}
        other = {topic for topic, topic_id in ids.items() if topic_id != self._ids.get(topic, topic_id)}
        self._next = {place: offset for place, offset in self._next.items() if place.topic not in other}
        self._ids = ids

    async def _follow(self, counts: Mapping[str, int]) -> None:
        partitions = [TopicPartition(topic, number) for topic in self._since for number in range(counts[topic])]
        consumer = Consumer(
            self._kafka,
            client_id=f"frontline-view-{self._view}",
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=500,
        )
        try:
            await consumer.start()
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            for partition, offset in (await self._starts(consumer, ends)).items():
                consumer.seek(partition, offset)
                self._next[partition] = offset
            self._continued()
            self._consumer = consumer
            while True:
                slices = await consumer.getmany(
                    timeout_ms=POLL_MS if self.caught_up.is_set() else 50, max_records=SLICE
                )
                self._watch.check()  # after the fetch: these records may be those of another topic
                self._take(slices)
                # Compares positions: transaction markers take offsets, and the consumer does not return them.
                if not self.caught_up.is_set() and all([await consumer.position(p) >= end for p, end in ends.items()]):
                    self.caught_up.set()
                    CAUGHT_UP.labels(self._view).set(1)
                await self._answer_waiting(consumer)
                await asyncio.sleep(0)
        finally:
            self._consumer = None
            await consumer.stop()

    async def _answer_waiting(self, consumer: Consumer) -> None:
        """Let those look who wait in `read_to_end`. Positions are past transaction markers, unlike records."""
        if self._waiting:
            self._next |= {partition: await consumer.position(partition) for partition in consumer.assignment()}
            async with self._handled:
                self._handled.notify_all()

    def _continued(self) -> None:
        if self._interrupted:
            self._interrupted = False
            self._log.info("Reading continues", action="view.continued", view=self._view)

    async def _starts(self, consumer: Consumer, ends: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """The offsets to read from: the next unread one of a partition that was read before, else by its `Since`."""
        begins = await consumer.beginning_offsets(ends)
        now = utc_now()
        instants = {
            partition: int(since.instant(now).timestamp() * 1000)
            for partition in ends
            if (since := self._since[partition.topic]) is not None and partition not in self._next
        }
        found = await consumer.offsets_for_times(instants) if instants else {}
        for partition, at in found.items():
            since = self._since[partition.topic]
            newest = ends[partition] - (since.at_most if since else 0)
            begins[partition] = max(begins[partition], newest, ends[partition] if at is None else at.offset)
        return begins | self._next

    def _take(self, slices: Mapping[TopicPartition, Sequence[Consumed]]) -> None:
        """Handle the fetched records in the order of the topics, so that causes come before their effects."""
        for topic in self._since:
            for partition, records in slices.items():
                if partition.topic == topic:
                    for record in records:
                        self._take_one(partition, record)
                    self._next[partition] = records[-1].offset + 1
        if slices:
            self._progress.set()
            self._progress = asyncio.Event()

    def _take_one(self, place: TopicPartition, record: Consumed) -> None:
        if isinstance(record.value, Withheld):
            UNREADABLE.labels(self._view, record.value.cause).inc()
            return
        try:
            self._handle(Record.of(place.topic, place.partition, record))
        except PoisonRecord as error:
            UNREADABLE.labels(self._view, error.cause).inc()
        except MalformedData:
            UNREADABLE.labels(self._view, "malformed_event").inc()
        except (TaskMustStop, MemoryError):
            raise
        except Exception as error:
            # One bad record must not end the process, or each start would meet it again.
            UNREADABLE.labels(self._view, "unexpected_error").inc()
            self._log_once(place_of(error))

    def _log_once(self, where: str) -> None:
        """Log an unexpected error by its place in the code: its text might quote a customer."""
        if where not in self._logged_places:
            self._logged_places.add(where)
            self._log.error(
                "A view has skipped a record that it cannot handle; further ones are only counted",
                action="view.record_skipped",
                view=self._view,
                where=where,
            )
