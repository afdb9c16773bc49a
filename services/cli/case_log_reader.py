"""Reads the log of one case or of all cases from Kafka, with the editions: committed records only.

For one case, the reader takes the partition of its key, and every partition of the editions, whose keys are digests.
Whether it is isolated only escalation knows: that is read in a changelog of escalation, which nobody else writes.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable

from shared.contracts.topics import ACTIVITY, CASES, EDITIONS
from shared.explain.case_log import ISOLATED, TOPICS, CaseLog
from shared.explain.published_editions import PublishedEditions
from shared.kafka.committed_reader import committed_reader
from shared.kafka.faults import NoTopics
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.sla.packing import pack_id


async def read_case(settings: KafkaSettings, case_id: str) -> CaseLog:
    """All records of `case_id` that the log holds now, with the editions. Raises NoTopics, KafkaError."""
    key, packed = case_id.encode(), pack_id(case_id)
    log = CaseLog()
    async for record in _committed(settings, key):
        if record.topic == EDITIONS.name:
            log.published.take(record)
        elif record.key == (packed if record.topic == ISOLATED.name else key):
            log.take(record)
    return log


async def read_cases(settings: KafkaSettings, progress: Callable[[int], None]) -> dict[str, CaseLog]:
    """All records that the log holds now, by case id. The logs share `published`.

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
    """The records committed so far: the partition of `key` and all editions, or all partitions if `key` is None.

    Cases and activity on another partition than that of their key are left out: escalation refuses them.
    """
    async with committed_reader(settings) as reader:
        topics = TOPICS if key is None else (*TOPICS, ISOLATED)
        found = await reader.partitions(topic.name for topic in topics)
        if CASES.name not in found:
            raise NoTopics
        partitions = len(found[CASES.name])
        partition = None if key is None else partition_for(key, partitions)
        places = [place for of_topic in found.values() for place in of_topic]
        if partition is not None:
            places = [place for place in places if place.partition == partition or place.topic == EDITIONS.name]
        async for record in reader.read(await reader.spans(places)):
            keyed = record.topic in (CASES.name, ACTIVITY.name) and record.key is not None
            if not keyed or record.partition == partition_for(record.key or b"", partitions):
                yield record
