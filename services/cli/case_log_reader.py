"""Reads the log of a case, or of all cases, from Kafka, and the editions: committed records only.

For one case its own partition is read, but all of the editions, which are by digest.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any

from shared.contracts.topics import CASES, EDITIONS
from shared.explain.case_log import TOPICS, CaseLog
from shared.explain.published_editions import PublishedEditions
from shared.kafka.committed_reader import committed_reader
from shared.kafka.faults import NoTopics
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings


async def read_case(settings: KafkaSettings, case_id: str) -> CaseLog:
    """Everything that the log holds of `case_id` now. Raises NoTopics, KafkaError."""
    key = case_id.encode()
    log = CaseLog()
    async for record in _committed(settings, key):
        if record.topic == EDITIONS.name:
            log.published.take(record)
        elif record.key == key:
            log.take(record)
    return log


async def read_cases(settings: KafkaSettings, progress: Callable[[int], None]) -> dict[str, CaseLog]:
    """Everything that the log holds of each case now, by its id. They share `published`.

    `progress` is called with the number of records read so far. Raises NoTopics, KafkaError.
    """
    published = PublishedEditions()
    logs: defaultdict[str, CaseLog] = defaultdict(lambda: CaseLog(published=published))
    number = 0
    async for record in _committed(settings, None):
        number += 1
        progress(number)
        if record.topic == EDITIONS.name:
            published.take(record)
        elif record.key is not None:
            logs[record.key.decode(errors="replace")].take(record)
    return logs


async def _committed(settings: KafkaSettings, key: bytes | None) -> AsyncIterator[Record]:
    """The committed records that there are now: of the partition that `key` belongs to and the editions, or of all."""
    async with committed_reader(settings, *(topic.name for topic in TOPICS)) as consumer:
        partitions = sum(place.topic == CASES.name for place in consumer.assignment())
        if not partitions:
            raise NoTopics
        chosen = None if key is None else partition_for(key, partitions)
        places = [
            place
            for place in consumer.assignment()
            if chosen is None or place.partition == chosen or place.topic == EDITIONS.name
        ]
        consumer.unsubscribe()
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends: dict[Any, int] = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                for r in batch:
                    yield Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers))
