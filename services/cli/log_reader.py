"""Reads committed events from Kafka, from the beginning and without a consumer group."""

import json
from collections.abc import AsyncIterator

from services.cli.logged_event import LoggedEvent
from shared.contracts.topics import Topic
from shared.kafka import committed_reader, serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings, load


async def read_to_end(bootstrap: str, *topics: Topic) -> dict[str, list[LoggedEvent]]:
    """Every event of `topics`, by topic name, up to the current end of each partition.

    Records that are not events are skipped: a report goes on where a consumer would dead-letter.
    """
    events: dict[str, list[LoggedEvent]] = {topic.name: [] for topic in topics}
    async for record in committed_reader.read_to_end(_settings(bootstrap), events):
        if event := _event(record):
            events[record.topic].append(event)
    return events


async def follow(bootstrap: str, *topics: Topic) -> AsyncIterator[tuple[str, LoggedEvent]]:
    """(topic, event) from the beginning of `topics`, then as they arrive, without end."""
    async with committed_reader.committed_reader(_settings(bootstrap)) as reader:
        found = await reader.partitions(topic.name for topic in topics)
        async for record in reader.follow([place for of_topic in found.values() for place in of_topic]):
            if event := _event(record):
                yield record.topic, event


def _settings(bootstrap: str) -> KafkaSettings:
    return load(KafkaSettings, kafka_bootstrap=bootstrap)


def _event(record: Record) -> LoggedEvent | None:
    try:
        envelope, data = serde.read(record)
        return LoggedEvent(envelope.id, envelope.type, json.loads(data))
    except (PoisonRecord, ValueError):
        return None
