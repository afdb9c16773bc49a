"""Accepting a topic that was deleted and created again: at an operator's request, tasks continue at its beginning."""

from aiokafka.structs import OffsetAndMetadata, TopicPartition

from shared.contracts.topics import Topic
from shared.kafka.client import Client
from shared.kafka.consumer import Consumer
from shared.kafka.faults import TopicsDiffer
from shared.kafka.producer import Producer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_changes import changes
from shared.kafka.topic_metadata import TopicFacts
from shared.streams.positions import Committed

_CLIENT_ID = "frontline-accept"


async def accept_recreated(settings: KafkaSettings, topic: Topic, group: str) -> list[int]:
    """Set `group` to the beginning of `topic` where it has no offset that belongs to it; returns those partitions.

    The service may be running: its tasks find the offset at their next attempt. An offset that a task, this command or
    an operator has set for the present topic is kept. Raises TopicsDiffer, KafkaError.
    """
    facts = await _facts(settings, topic)
    places = [TopicPartition(topic.name, partition) for partition in range(facts.partitions)]
    consumer = Consumer(settings, client_id=_CLIENT_ID, group=group, enable_auto_commit=False)  # never joins the group
    try:
        await consumer.start()
        found = await consumer.committed_offsets(places)
        first = await consumer.beginning_offsets(places)
    finally:
        await consumer.stop()
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
    async with Client(settings, _CLIENT_ID) as client:
        _, found = await client.describe_topics([topic.name])
    wrong = changes([topic.name], found, {}, settings.partitions)
    if wrong:
        raise TopicsDiffer(wrong[topic.name])
    return found[topic.name]


async def _commit(settings: KafkaSettings, group: str, offsets: dict[TopicPartition, Committed]) -> None:
    """In a transaction: Kafka accepts such offsets even while the group has members."""
    producer = Producer(settings, client_id=_CLIENT_ID, transactional_id=f"{group}-accept")
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_offsets(
                {place: OffsetAndMetadata(each.offset, each.metadata) for place, each in offsets.items()}, group
            )
    finally:
        await producer.stop()
