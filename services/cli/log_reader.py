"""Reads committed events from Kafka, from the beginning and without a consumer group."""

import json
from collections.abc import AsyncIterator, Sequence

from services.cli.logged_event import LoggedEvent
from shared.contracts.topics import Topic
from shared.kafka import serde
from shared.kafka.aiokafka_internals import bounded_consumer
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record

_POLL_MS = 200


async def read_to_end(bootstrap: str, *topics: Topic) -> dict[str, list[LoggedEvent]]:
    """Every event of `topics`, by topic name, up to the current end of each partition.

    Foreign records that are not events are skipped: this is a report, not a consumer.
    """
    events: dict[str, list[LoggedEvent]] = {topic.name: [] for topic in topics}
    async for topic, event in _read(bootstrap, topics, follow=False):
        events[topic].append(event)
    return events


def follow(bootstrap: str, *topics: Topic) -> AsyncIterator[tuple[str, LoggedEvent]]:
    """(topic, event) from the beginning of `topics`, then as they arrive, without end."""
    return _read(bootstrap, topics, follow=True)


async def _read(bootstrap: str, topics: Sequence[Topic], *, follow: bool) -> AsyncIterator[tuple[str, LoggedEvent]]:
    # Without a group, a subscription means every partition.
    consumer = bounded_consumer(
        *(topic.name for topic in topics),
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while follow or any([await consumer.position(p) < end for p, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                for message in batch:
                    record = Record(
                        message.topic,
                        message.partition,
                        message.offset,
                        message.timestamp,
                        message.key,
                        message.value,
                        tuple(message.headers),
                    )
                    try:
                        envelope, data = serde.read(record)
                        yield message.topic, LoggedEvent(envelope.id, envelope.type, json.loads(data))
                    except (PoisonRecord, ValueError):
                        continue
    finally:
        await consumer.stop()
