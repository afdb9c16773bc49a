"""How far the group of a service is behind the ends of what it reads, by partition. Joins no group, commits nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.kafka.committed_reader import CommittedReader, Span, committed_reader
from shared.kafka.settings import KafkaSettings

_COUNTED = 16  # offsets: no more than these are read, to find out whether any of them is a record


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """One partition of a source. `behind` = records that the group has not taken, as far as they were counted: beyond
    16 offsets it is the number of offsets, of which some are markers of transactions.

    `committed` None = the group has committed nothing of it, and reads it from its beginning.
    """

    topic: str
    partition: int
    committed: int | None
    end: int
    behind: int


async def group_lag(settings: KafkaSettings, group: str, topics: Iterable[str]) -> list[PartitionLag]:
    """The lag of `group` in those of `topics` that exist, now: what is committed in Kafka, decided records only.

    Needs the right to describe the group. Raises KafkaError.
    """
    async with committed_reader(settings, group=group, max_partition_fetch_bytes=1024 * 1024) as reader:
        places = [place for of_topic in (await reader.partitions(topics)).values() for place in of_topic]
        if not places:
            return []
        committed = await reader.committed(places)  # before the ends: what is committed meanwhile is no lag
        found = []
        for span in await reader.spans(places):
            at = committed.get(span.place)
            start = max(span.start, at or 0)
            behind = max(0, span.end - start)
            if 0 < behind <= _COUNTED:
                behind = await _records(reader, Span(span.place, start, span.end))
            found.append(PartitionLag(span.place.topic, span.place.partition, at, span.end, behind))
        return found


async def _records(reader: CommittedReader, span: Span) -> int:
    """How many records a short span has: behind the last one, a marker may end it."""
    return len([record async for record in reader.read([span])])
