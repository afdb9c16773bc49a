"""Reads topics in batches from given offsets, by a subscriber of FastStream, for a view that keeps its own offsets.

It reads committed records only, from assigned partitions, without a group, and stores nothing in Kafka: whoever handles
a batch stores its offsets together with what follows from it. FastStream logs and swallows what a handler raises, and
goes on; here the first failure ends the reading, and no later batch is handled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import ConsumerRecord
from aiokafka.structs import TopicPartition
from faststream import AckPolicy, BaseMiddleware
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka import TopicPartition as Assigned
from faststream.kafka.message import FAKE_CONSUMER

from shared.contracts.topics import record_limit
from shared.kafka import aiokafka_internals
from shared.kafka.bounded_records import bound_decoding, set_record_limit
from shared.kafka.faststream_client import security
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

Handle = Callable[[Sequence[Record]], Awaitable[None]]
MAX_RECORDS = 2_000
_IDLE_MS = 100  # FastStream waits so long for records, and once more before it asks again
_FETCH_WAIT_MS = 250  # how long the broker waits for records: what is known of the ends is no older than that


class BatchReader:
    """Calls `handle` with batches of records, each partition in its order. `client_id` is a logical name."""

    def __init__(self, settings: KafkaSettings, client_id: str, handle: Handle) -> None:
        self._settings, self._names, self._client_id = settings, settings.names, client_id
        self._handle = handle
        self._consumer: Any = None
        self._handled: dict[TopicPartition, int] = {}  # by the names in Kafka
        self._busy = False  # with a batch that the consumer has given out
        self._failed: asyncio.Future[None] | None = None

    async def run(self, starts: Mapping[TopicPartition, int]) -> None:
        """Read the partitions of `starts`, each from its offset, until cancelled.

        An offset that the log no longer has means its beginning. Raises what `handle` raises, and KafkaError where the
        broker cannot be reached.
        """
        bound_decoding()
        self._failed = asyncio.get_running_loop().create_future()
        self._handled = {
            TopicPartition(self._physical(place.topic), place.partition): offset for place, offset in starts.items()
        }
        broker = self._broker()
        subscriber = broker.subscriber(
            partitions=[Assigned(topic, number) for topic, number in self._handled],
            batch=True,
            max_records=MAX_RECORDS,
            batch_timeout_ms=_IDLE_MS,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            ack_policy=AckPolicy.MANUAL,  # there is no group whose offsets could be committed
            parser=_unparsed,
            decoder=_undecoded,
        )
        subscriber(self._take)
        try:
            await broker.start()
            self._consumer = subscriber.consumer
            for place, offset in self._handled.items():  # what was fetched before this is handled as well, or skipped
                self._consumer.seek(place, offset)
            await self._failed
        finally:
            self._consumer = None
            await broker.stop()

    @property
    def remaining(self) -> int | None:
        """How many offsets are known to be left to handle, markers included; None while the ends are not known."""
        if self._consumer is None:
            return None
        left = 0
        for place, handled in self._handled.items():
            end = aiokafka_internals.decided_end(self._consumer, place)
            reached = aiokafka_internals.fetched_to(self._consumer, place)
            if end is None or reached is None:
                return None
            left += max(0, end - (handled if self._busy else max(handled, reached)))
        return left

    def asked_at_ms(self) -> int | None:
        """When the broker last said where the partitions end, in milliseconds since 1970 UTC: that of the partition for
        which that is longest ago. None while it is not known.
        """
        asked = self._asked()
        return None if None in asked else min(asked, default=None)

    def answered_at_ms(self) -> int | None:
        """When the broker last answered at all, likewise; None = it has not yet."""
        return max((each for each in self._asked() if each is not None), default=None)

    def _asked(self) -> list[Any]:
        if self._consumer is None:
            return []
        return [self._consumer.last_poll_timestamp(place) for place in self._handled]

    def _broker(self) -> KafkaBroker:
        return KafkaBroker(
            self._settings.kafka_bootstrap.split(","),
            security=security(self._settings),
            client_id=self._names.physical(self._client_id),
            request_timeout_ms=self._settings.kafka_request_timeout_ms,
            allow_auto_create_topics=False,
            consumer_only=True,
            apply_types=False,
            logger=None,
            graceful_timeout=None,
            middlewares=(self._watched,),
        )

    def _watched(self, batch: Any, *, context: Any) -> "_Watched":
        return _Watched(self, batch, context=context)

    def began(self) -> None:
        """The consumer has given a batch out."""
        self._busy = True

    def ended(self, error: BaseException | None) -> None:
        """The batch is handled, or has failed: then no later one may be handled in its place."""
        assert self._failed is not None  # noqa: S101 - set by `run`
        if error is None:
            self._busy = False
        elif not self._failed.done() and isinstance(error, Exception):
            self._failed.set_exception(error)

    async def _take(self, batch: Sequence[ConsumerRecord]) -> None:
        assert self._failed is not None  # noqa: S101 - set by `run`
        if self._failed.done():
            return
        await self._handle([self._record(each) for each in batch])
        for each in batch:
            self._handled[TopicPartition(each.topic, each.partition)] = each.offset + 1

    def _record(self, message: ConsumerRecord) -> Record:
        return Record.of(self._names.logical(message.topic) or message.topic, message.partition, message)

    def _physical(self, topic: str) -> str:
        name = self._names.physical(topic)
        set_record_limit(name, record_limit(topic))
        return name


class _Watched(BaseMiddleware):
    """Learns of every batch and of everything that it fails with, FastStream's own parsing included."""

    def __init__(self, reader: BatchReader, batch: Any, *, context: Any) -> None:
        super().__init__(batch, context=context)
        self._reader = reader

    async def __aenter__(self) -> Self:
        self._reader.began()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> bool | None:
        self._reader.ended(exc_val)
        return False


async def _unparsed(batch: Any) -> KafkaMessage:
    """FastStream would decode every header as UTF-8, and lose the batch at one that is not, or that has no value."""
    return KafkaMessage(body=b"", raw_message=batch, consumer=FAKE_CONSUMER)


async def _undecoded(message: KafkaMessage) -> Any:
    """The records as aiokafka has them: FastStream would decode each body as JSON."""
    return message.raw_message
