"""Accepting a topic that was deleted and created again: at an operator's request, tasks continue at its beginning."""

import contextlib
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from shared.contracts.topics import Topic
from shared.kafka.aiokafka_internals import bounded_consumer
from shared.kafka.faults import TopicsDiffer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_changes import changes
from shared.kafka.topic_metadata import TopicFacts, committed_offsets, describe_topics
from shared.streams.positions import Committed


async def accept_recreated(settings: KafkaSettings, topic: Topic, group: str) -> list[int]:
    """Set `group` to the beginning of `topic` where it has no offset that belongs to it; returns those partitions.

    The service may be running: its tasks find the offset at their next attempt. An offset that a task, this command or
    an operator has set for the present topic is kept. Raises TopicsDiffer, KafkaError.
    """
    facts = await _facts(settings, topic)
    places = [TopicPartition(topic.name, partition) for partition in range(facts.partitions)]
    async with _consumer(settings, group) as consumer:
        found = await committed_offsets(consumer, places)
        first = await consumer.beginning_offsets(places)
    foreign = [
        place
        for place in places
        if place not in found
        or not Committed.parse(found[place].offset, found[place].metadata).belongs_to(facts.topic_id)
    ]
    if foreign:
        accepted = {place: Committed(first[place], facts.topic_id, accepted=True) for place in foreign}
        await _commit(settings, group, accepted)
    return [place.partition for place in foreign]


async def _facts(settings: KafkaSettings, topic: Topic) -> TopicFacts:
    client = AIOKafkaClient(**settings.client(), client_id="frontline-accept")
    try:
        await client.bootstrap()
        _, found = await describe_topics(client, [topic.name])
    finally:
        await client.close()
    wrong = changes([topic.name], found, {}, settings.partitions)
    if wrong:
        raise TopicsDiffer(wrong[topic.name])
    return found[topic.name]


async def _commit(settings: KafkaSettings, group: str, offsets: dict[TopicPartition, Committed]) -> None:
    """In a transaction: Kafka accepts such offsets even while the group has members."""
    producer = AIOKafkaProducer(**settings.client(), client_id="frontline-accept", transactional_id=f"{group}-accept")
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_offsets_to_transaction(
                {place: OffsetAndMetadata(each.offset, each.metadata) for place, each in offsets.items()}, group
            )
    finally:
        await producer.stop()


@contextlib.asynccontextmanager
async def _consumer(settings: KafkaSettings, group: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Reads the offsets of `group` without joining it."""
    consumer = bounded_consumer(
        **settings.client(), client_id="frontline-accept", group_id=group, enable_auto_commit=False
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
