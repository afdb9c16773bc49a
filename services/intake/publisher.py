"""Publishing to Kafka: a record counts only once the broker has acknowledged it.

FastStream's broker is the client, with an idempotent producer and `acks=all`. It would end the process if Kafka were
unavailable at the start, so it is connected in the background, with retries. Until it is connected, and during every
outage that is known, `publish` refuses at once instead of letting calls pile up. It also refuses while a topic is
missing, resized, or was deleted and created again: no task reads such a topic before an operator has repaired it.

Whether a record is written whose acknowledgement did not come in time is not known. An idempotent producer keeps its
batches until they are written, so the record may still be written once Kafka is available. It was not acknowledged, and
the answer names the key to repeat the call with: the second record has the same ids, and the router takes one of them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiokafka.errors import KafkaError
from faststream.exceptions import FastStreamException
from faststream.kafka import KafkaBroker
from prometheus_client import Counter, Gauge, Histogram

from services.intake.errors import KafkaUnavailable, TopicsChanged
from shared.backoff import Backoff
from shared.contracts.topics import MAX_MESSAGE_BYTES, Topic
from shared.kafka.faststream_client import KafkaUnreachable, TopicsMissing, partitions_of, security
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import TopicNotCreated, apply_topics
from shared.kafka.topic_watch import LOOK_EVERY, TopicWatch
from shared.observability.health import Readiness
from shared.observability.logs import get_logger

CONNECTED = Gauge("frontline_intake_kafka_connected", "1 while records can be published, else 0")
ACKNOWLEDGED = Counter("frontline_intake_records_acknowledged_total", "Records that Kafka has acknowledged", ["topic"])
UNACKNOWLEDGED = Counter(
    "frontline_intake_records_unacknowledged_total",
    "Records refused as Kafka was unavailable",
    ["topic", "reason"],
)
PUBLISH_SECONDS = Histogram(
    "frontline_intake_publish_seconds",
    "From handing a record to the producer to its acknowledgement",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

FIRST_RETRY, LONGEST_RETRY = 0.25, 1.0  # seconds between two attempts to reach Kafka during an outage
CONNECT_TIMEOUT = 10.0
LOOK_TIMEOUT = 2.0
RETRY_AFTER = 2  # seconds that a client is asked to wait
RETRY_AFTER_REPAIR = 30  # … where somebody has to put topics right
_FAILURES = (KafkaError, FastStreamException, OSError, TimeoutError)
_AWAY = (*_FAILURES, KafkaUnreachable, TopicNotCreated)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record stands in its topic."""

    partition: int
    offset: int


class Publisher:
    """Publishes to Kafka. `run` keeps it connected, `publish` waits for the acknowledgement.

    Missing `topics` are created at the start; `watch` says whether they are unchanged since. `another_kafka` is called
    when there is another Kafka at the address, or ours without its data: what is known from the log no longer holds.
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
        self._broker: KafkaBroker | None = None
        self.watch = TopicWatch(kafka, "intake", self._topics, readiness)
        self._connected = False
        self._why_away = ""
        self.found = asyncio.Event()  # set once the topics exist; never cleared
        self._doubt = asyncio.Event()  # something failed: check Kafka now
        self._replace = False  # the producer itself is unusable
        self._backoff = Backoff(FIRST_RETRY, LONGEST_RETRY)
        self._say("connecting")

    @property
    def connected(self) -> bool:
        """Whether a record handed over now is expected to be acknowledged."""
        return self._connected

    async def run(self) -> None:
        """Connect, check Kafka again and again, and connect again after the producer failed. Never returns."""
        while True:
            try:
                await self._connect()
                await self._watch()
            except _AWAY as error:
                self._lost(str(error) or type(error).__name__)
            finally:
                await self.close(1.0)
                await self.watch.close()
            await asyncio.sleep(self._backoff.next())

    async def publish(self, output: Output) -> Position:
        """Send one record and wait until all in-sync replicas have it.

        Its partition follows from FRONTLINE_PARTITIONS, as the tasks count, and never from what the topic has grown to.
        Raises KafkaUnavailable, TopicsChanged: nothing was acknowledged. After the former it may still be written.
        """
        if not self._connected or self._broker is None:
            UNACKNOWLEDGED.labels(output.topic, "away").inc()
            raise KafkaUnavailable("refusal.kafka_unavailable", retry_after=RETRY_AFTER)
        if self.watch.wrong:
            UNACKNOWLEDGED.labels(output.topic, "topics_changed").inc()
            raise TopicsChanged("refusal.topics_changed", trouble=self.watch.trouble, retry_after=RETRY_AFTER_REPAIR)
        if output.key is None:
            raise ValueError(f"a record of {output.topic} needs a key")
        try:
            with PUBLISH_SECONDS.time():
                async with asyncio.timeout(self._timeout):
                    written = await self._broker.publish(
                        output.value,
                        output.topic,
                        key=output.key,
                        partition=partition_for(output.key, self._kafka.partitions),
                        headers={name: value.decode() for name, value in output.headers},
                    )
        except TimeoutError:
            UNACKNOWLEDGED.labels(output.topic, "timeout").inc()
            self._lost("no acknowledgement in time")
            raise KafkaUnavailable(
                "refusal.kafka_slow",
                seconds=self._timeout,
                retry_after=RETRY_AFTER,
            ) from None
        except (*_FAILURES, AssertionError) as error:  # aiokafka asserts that a partition exists
            UNACKNOWLEDGED.labels(output.topic, type(error).__name__).inc()
            self._replace = True
            self._lost(f"the producer failed: {type(error).__name__}")
            raise KafkaUnavailable("refusal.kafka_refused", retry_after=RETRY_AFTER) from None
        ACKNOWLEDGED.labels(output.topic).inc()
        return Position(written.partition, written.offset)

    async def close(self, within: float) -> None:
        """Flush and disconnect, in at most `within` seconds."""
        broker, self._broker = self._broker, None
        if broker is None:
            return
        try:
            async with asyncio.timeout(within):
                await broker.stop()
        except _FAILURES as error:
            self._log.warning(
                "Kafka did not take everything before the connection was closed; none of it was acknowledged",
                action="kafka.closed_unflushed",
                error=type(error).__name__,
            )

    async def _connect(self) -> None:
        if not self.watch.ids:  # later, one that is missing was deleted by somebody
            await self._make_topics()
        async with asyncio.timeout(LOOK_TIMEOUT):
            await self.watch.look()
        broker = KafkaBroker(
            self._kafka.kafka_bootstrap.split(","),
            security=security(self._kafka),
            client_id="frontline-intake",
            enable_idempotence=True,
            acks="all",
            linger_ms=self._linger_ms,
            request_timeout_ms=self._kafka.kafka_request_timeout_ms,
            metadata_max_age_ms=60_000,
            max_request_size=MAX_MESSAGE_BYTES,
            allow_auto_create_topics=False,
            id_generator=str,  # "" = no correlation_id header: a record carries CloudEvents attributes and no others
            apply_types=False,
            logger=None,
            graceful_timeout=1.0,
        )
        self._broker = broker
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await broker.start()
        self._replace = False
        self._found()

    async def _watch(self) -> None:
        """Returns when the producer has to be replaced."""
        while not self._replace:
            try:
                async with asyncio.timeout(LOOK_EVERY if self._connected else FIRST_RETRY):
                    await self._doubt.wait()
            except TimeoutError:
                pass
            self._doubt.clear()
            try:
                async with asyncio.timeout(LOOK_TIMEOUT):
                    await self.watch.look()
            except _AWAY as error:
                self._lost(str(error) or type(error).__name__)
                await asyncio.sleep(self._backoff.next())
            else:
                if self.watch.another_cluster:  # at the same address, or ours without its data: start over
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
            self._say("connected")
            self._log.info("Connected to Kafka", action="kafka.connected")

    def _lost(self, why: str) -> None:
        if self._connected or why != self._why_away:
            self._log.warning("Kafka unavailable: answering 503", action="kafka.away", error=why)
        self._connected, self._why_away = False, why
        self._doubt.set()
        self._say(why)

    def _say(self, detail: str) -> None:
        CONNECTED.set(self._connected)
        self._readiness.set("kafka", self._connected, detail)
