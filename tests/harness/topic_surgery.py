"""What an operator may do to topics while the system runs: delete one and create it again, or add partitions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from shared.contracts.topics import Topic
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics

PATIENCE = 30.0


async def recreate(settings: KafkaSettings, topic: Topic) -> None:
    """Delete `topic` and create it again as the registry has it."""
    await delete(settings, topic)
    async with asyncio.timeout(PATIENCE):
        while topic.name not in await apply_topics(settings, [topic]):
            pass  # still listed


async def delete(settings: KafkaSettings, topic: Topic) -> None:
    """Delete `topic`; Kafka may need a moment more until it is not listed."""
    async with _admin(settings) as admin:
        response = await admin.delete_topics([settings.names.physical(topic.name)], int(PATIENCE * 1000))
        assert [code for _, code, *_ in response.topic_error_codes] == [0]


async def grow(settings: KafkaSettings, topic: Topic, partitions: int) -> None:
    """Add partitions to `topic` until it has so many."""
    async with _admin(settings) as admin:
        await admin.create_partitions({settings.names.physical(topic.name): NewPartitions(partitions)})


@contextlib.asynccontextmanager
async def _admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
