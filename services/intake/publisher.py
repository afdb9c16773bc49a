"""Publishes to Kafka: a record counts only once the broker has acknowledged it.

FastStream's broker is the client, with an idempotent producer and `acks=all`. It would end the process if Kafka were
unavailable at the start, so a background task connects it, with retries. `publish` refuses at once until it is
connected, and during every known outage, so that calls do not pile up. It also refuses while a topic is missing,
resized, or was deleted and created again: no task reads such a topic before an operator has repaired it.

If an acknowledgement does not arrive in time, the fate of the record is unknown. An idempotent producer keeps its
batches until they are written, so the record may still be written once Kafka is available. The call was not
acknowledged, and the answer names the key with which to repeat it. The second record has the same ids, and the router
accepts one of the two. Only a repetition after midnight that another instance takes may have ids of the new day, if the
first record was written after it.

A record that Kafka refuses for its time is the operator's to mend, and is reported as such (`clock_check.py`).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from aiokafka.errors import InvalidTimestampError, KafkaError
from faststream.exceptions import FastStreamException
from prometheus_client import Counter, Gauge, Histogram

from services.intake.clock_check import ClockCheck
from services.intake.errors import ClockWrong, KafkaUnavailable, NotAcknowledged, TopicsChanged
from shared.backoff import Backoff
from shared.cancellation import end_if_cancelled
from shared.contracts.topics import MAX_MESSAGE_BYTES, Topic
from shared.kafka.faststream_client import FastStreamProducer, KafkaUnreachable, TopicsMissing, Written, partitions_of
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import TopicNotCreated, apply_topics
from shared.kafka.topic_watch import LOOK_EVERY, TopicWatch
from shared.observability.health import Readiness
from shared.observability.logs import get_logger
from shared.wall_clock import utc_now

CONNECTED = Gauge("frontline_intake_kafka_connected", "1 while records can be published, else 0")
ACKNOWLEDGED = Counter("frontline_intake_records_acknowledged_total", "Records that Kafka has acknowledged", ["topic"])
UNACKNOWLEDGED = Counter(
    "frontline_intake_records_unacknowledged_total",
    "Records that were refused because Kafka was unavailable",
    ["topic", "reason"],
)
PUBLISH_SECONDS = Histogram(
    "frontline_intake_publish_seconds",
    "Seconds from passing a record to the producer to its acknowledgement",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

FIRST_RETRY, LONGEST_RETRY = 0.25, 1.0  # seconds between two attempts to reach Kafka during an outage
CONNECT_TIMEOUT = 10.0
LOOK_TIMEOUT = 2.0
RETRY_AFTER = 2  # seconds that a client should wait
RETRY_AFTER_REPAIR = 30  # the same while an operator has to repair topics or to set a clock
CLOCK_PAUSE = 30.0  # seconds from a record that was refused for its time to the next one
_FAILURES = (KafkaError, FastStreamException, OSError, TimeoutError)
_UNAVAILABLE = (*_FAILURES, KafkaUnreachable, TopicNotCreated)


class Publisher:
    """Publishes to Kafka. `run` keeps it connected, `publish` waits for the acknowledgement.

    It creates missing `topics` at the start, and `watch` checks whether they have changed since. It calls
    `another_kafka` when the address leads to another Kafka, or to ours without its data: then the views of the log are
    no longer valid.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        topics: Sequence[Topic],
        *,
        timeout: float,
        linger_ms: int,
        readiness: Readiness,
        another_kafka: Callable[[], None] = lambda: None,
    ) -> None:
        self._kafka = kafka
        self._topics = {topic.name: topic for topic in topics}
        self._timeout = timeout
        self._readiness = readiness
        self._another_kafka = another_kafka
        self._linger_ms = linger_ms
        self._log = get_logger()
        self._producer: FastStreamProducer | None = None
        self.watch = TopicWatch(kafka, "intake", self._topics, readiness)
        self._clock = ClockCheck(readiness, timedelta(seconds=CLOCK_PAUSE))
        self._connected = False
        self._away_since: float | None = None  # monotonic seconds; the outage is logged at its start and at its end
        self.found = asyncio.Event()  # set once the topics exist; never cleared
        self._doubt = asyncio.Event()  # set after a failure: check Kafka now
        self._replace = False  # the producer itself is unusable
        self._backoff = Backoff(FIRST_RETRY, LONGEST_RETRY)
        self._report("connecting")

    @property
    def connected(self) -> bool:
        """Whether `publish` expects an acknowledgement now."""
        return self._connected

    async def run(self) -> None:
        """Connect, check Kafka periodically, and connect again after the producer failed. Never returns."""
        while True:
            try:
                await self._connect()
                await self._watch()
            except _UNAVAILABLE as error:
                self._lost(str(error) or type(error).__name__)
            finally:
                await self.close(1.0)
                await self.watch.close()
            end_if_cancelled()
            await asyncio.sleep(self._backoff.next())

    async def publish(self, output: Output, *, timestamp_ms: int | None = None) -> Written:
        """Send one record and wait until all in-sync replicas have it. Its timestamp is now, unless given.

        FRONTLINE_PARTITIONS determines its partition, as in the tasks, however many partitions the topic has now.
        Raises KafkaUnavailable, TopicsChanged or ClockWrong. None acknowledged the record; after the first it may be
        written.
        """
        if self._clock_is_wrong():
            UNACKNOWLEDGED.labels(output.topic, "clock_wrong").inc()
            raise _clock_wrong()
        if not self._connected or self._producer is None:
            UNACKNOWLEDGED.labels(output.topic, "unavailable").inc()
            raise KafkaUnavailable("refusal.kafka_unavailable", retry_after=RETRY_AFTER)
        if self.watch.wrong:
            UNACKNOWLEDGED.labels(output.topic, "topics_changed").inc()
            trouble = list(self.watch.wrong.values())
            raise TopicsChanged("refusal.topics_changed", trouble=trouble, retry_after=RETRY_AFTER_REPAIR)
        if output.key is None:
            raise ValueError(f"a record of {output.topic} needs a key")
        try:
            with PUBLISH_SECONDS.time():
                async with asyncio.timeout(self._timeout):
                    partition = partition_for(output.key, self._kafka.partitions)
                    written = await self._producer.publish(output, partition, timestamp_ms=timestamp_ms)
        except TimeoutError:
            UNACKNOWLEDGED.labels(output.topic, "timeout").inc()
            self._lost("no acknowledgement in time")
            raise _maybe_written(
                KafkaUnavailable("refusal.kafka_slow", seconds=self._timeout, retry_after=RETRY_AFTER)
            ) from None
        except (*_FAILURES, AssertionError) as error:  # aiokafka asserts that a partition exists
            UNACKNOWLEDGED.labels(output.topic, type(error).__name__).inc()
            raise _maybe_written(self._failed(error)) from None
        self._clock.accepted()
        ACKNOWLEDGED.labels(output.topic).inc()
        return written

    def _failed(self, error: Exception) -> NotAcknowledged:
        """Have the producer replaced: a record that it did not write is a gap in its sequence. Returns the refusal."""
        self._replace = True
        if isinstance(error, InvalidTimestampError):
            self._clock.refused(utc_now(), timedelta(seconds=time.monotonic()))
        if self._clock_is_wrong():  # then the records beside it fail as well, for that or for the gap
            self._connected = False
            self._doubt.set()
            self._report("connecting")
            return _clock_wrong()
        self._lost(f"the producer failed: {type(error).__name__}")
        return KafkaUnavailable("refusal.kafka_refused", retry_after=RETRY_AFTER)

    def _clock_is_wrong(self) -> bool:
        return self._clock.is_wrong(utc_now(), timedelta(seconds=time.monotonic()))

    async def close(self, within: float) -> None:
        """Flush and disconnect, in at most `within` seconds."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            async with asyncio.timeout(within):
                await producer.stop()
        except _FAILURES as error:
            self._log.warning(
                "Some records were not written before the connection was closed; none of them was acknowledged",
                action="kafka.closed_unflushed",
                error=type(error).__name__,
            )

    async def _connect(self) -> None:
        if not self.watch.ids:  # on a later connection, a missing topic was deleted by somebody
            await self._make_topics()
        async with asyncio.timeout(LOOK_TIMEOUT):
            await self.watch.look()
        producer = FastStreamProducer(
            self._kafka,
            "frontline-intake",
            enable_idempotence=True,
            acks="all",
            linger_ms=self._linger_ms,
            metadata_max_age_ms=60_000,
            max_request_size=MAX_MESSAGE_BYTES,
            allow_auto_create_topics=False,
            id_generator=str,  # "" = no correlation_id header: a record has only CloudEvents attributes
            apply_types=False,
            logger=None,
            graceful_timeout=1.0,
        )
        self._producer = producer
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await producer.start()
        self._replace = False
        self._found()

    async def _watch(self) -> None:
        """Check Kafka until the producer has to be replaced."""
        while not self._replace:
            self._clock_is_wrong()  # ends on /readyz with the pause, also without calls
            try:
                async with asyncio.timeout(LOOK_EVERY if self._connected else FIRST_RETRY):
                    await self._doubt.wait()
            except TimeoutError:
                pass
            self._doubt.clear()
            try:
                async with asyncio.timeout(LOOK_TIMEOUT):
                    await self.watch.look()
            except _UNAVAILABLE as error:
                self._lost(str(error) or type(error).__name__)
                end_if_cancelled()
                await asyncio.sleep(self._backoff.next())
            else:
                if self.watch.another_cluster:  # or ours without its data: start over
                    self._replace = True
                    self._lost(self.watch.trouble)
                    self.watch.forget()
                    self._another_kafka()
                else:
                    self._found()

    async def _make_topics(self) -> None:
        try:
            await partitions_of(self._kafka, self._topics, LOOK_TIMEOUT)
        except TopicsMissing:
            await apply_topics(self._kafka, tuple(self._topics.values()))

    def _found(self) -> None:
        if not self._connected and not self._replace:
            self._connected = True
            self._backoff.reset()
            self.found.set()
            self._report("connected")
            since, self._away_since = self._away_since, None
            if since is None:
                if not self._clock.in_doubt:  # else this connection is only for the next attempt
                    self._log.info("Connected to Kafka", action="kafka.connected")
            else:
                seconds = time.monotonic() - since
                self._log.info(
                    f"Kafka answers again after {seconds:.1f} s: intake accepts writes",
                    action="kafka.available",
                    seconds=round(seconds, 1),
                )

    def _lost(self, why: str) -> None:
        if self._away_since is None:  # each attempt may fail for another reason: `/readyz` has the latest
            self._away_since = time.monotonic()
            self._log.warning(
                "Kafka is unavailable: intake answers writes with 503", action="kafka.unavailable", error=why
            )
        self._connected = False
        self._doubt.set()
        self._report(why)

    def _report(self, detail: str) -> None:
        CONNECTED.set(self._connected)
        self._readiness.set("kafka", self._connected, detail)


def _clock_wrong() -> ClockWrong:
    return ClockWrong("refusal.clock_wrong", retry_after=RETRY_AFTER_REPAIR)


def _maybe_written(refusal: NotAcknowledged) -> NotAcknowledged:
    refusal.maybe_written = True
    return refusal
