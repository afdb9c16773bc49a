"""Reads escalation events as they are committed, and notes at which true time each one could be read.

An event that can be read before its instant was published early, whatever the clock of its service showed.
"""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.contracts.topics import ESCALATIONS
from shared.kafka.settings import KafkaSettings
from shared.wall_clock import utc_now
from tests.fault.background import in_background
from tests.fault.log_history import Place

Seen = dict[Place, datetime]


@contextlib.asynccontextmanager
async def observed(settings: KafkaSettings) -> AsyncIterator[Seen]:
    """What has been seen so far: it is read in the background, through links that no fault disturbs."""
    consumer = AIOKafkaConsumer(
        **settings.client(),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )
    seen: Seen = {}
    await consumer.start()
    try:
        consumer.assign([TopicPartition(ESCALATIONS.name, number) for number in range(settings.partitions)])
        async with in_background(_read(consumer, seen)):
            yield seen
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, seen: Seen) -> None:
    while True:
        batches = await consumer.getmany(timeout_ms=500)
        now = utc_now()
        for place, records in batches.items():
            for record in records:
                seen[place.topic, place.partition, record.offset] = now
