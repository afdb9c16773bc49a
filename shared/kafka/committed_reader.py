"""A consumer for looking at the log: committed records only, in no group, so that it leaves no trace in Kafka."""

import contextlib
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer

from shared.kafka.bounded_records import bounded_consumer
from shared.kafka.settings import KafkaSettings

_FETCH_BYTES = 8 * 1024 * 1024


@contextlib.asynccontextmanager
async def committed_reader(settings: KafkaSettings, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    """All partitions of `topics` are assigned to it; without any, nothing is yet. Raises KafkaError."""
    consumer = bounded_consumer(
        *topics,
        **settings.client(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
