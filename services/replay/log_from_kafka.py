"""Reads a log from Kafka: the committed records of every partition, from its beginning to its current end.

The system may be running meanwhile. So the offsets are read in the reverse order of the data flow: first the committed
offsets of the services' consumer groups, then the ends of the topics, those of outputs before those of their sources.
Then the log has every record that counts as consumed, and the cause of every event.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import ConsumerRecord, TopicPartition

from services.replay.recorded_log import LOG_TOPICS, SOURCES, Extent, Offsets, RecordedLog
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, dead_letter
from shared.kafka.committed_reader import committed_reader
from shared.kafka.faults import NoTopics, TopicsDiffer
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

_POLL_MS = 200
_STALL_TIMEOUT = 30.0  # seconds without progress
# Outputs before their sources; the topics that are not here come last.
_ORDER = (
    (ESCALATIONS, dead_letter(CASES), dead_letter(ACTIVITY)),
    (CASES, ACTIVITY, dead_letter(REQUESTS), dead_letter(ENTITLEMENTS)),
)

Report = Callable[[int, int], None]  # offsets read so far, and how many there are


@dataclass(frozen=True, slots=True)
class Span:
    """The offsets of one partition to be read: from `start` up to and without `end`."""

    place: TopicPartition
    start: int
    end: int


async def read_log(
    settings: KafkaSettings, report: Report, *, log_of: Callable[[Extent], RecordedLog] = RecordedLog
) -> RecordedLog:
    """Read the current log of a Kafka cluster; the caller closes it. Raises NoTopics, TopicsDiffer, KafkaError."""
    consumed = await _consumed(settings)
    async with committed_reader(settings) as consumer:
        places = await _places(consumer)
        spans = await _spans(consumer, places)
        starts: Offsets = {}
        for span in spans:
            starts.setdefault(span.place.topic, {})[span.place.partition] = span.start
        log = log_of(Extent(len(places[CASES.name]), starts, consumed))
        try:
            total, done = sum(span.end - span.start for span in spans), 0
            for span in spans:
                async for record in _read(consumer, span):
                    log.add(record)
                    report(done + record.offset - span.start, total)
                done += span.end - span.start
        except BaseException:
            log.close()
            raise
        return log


async def _consumed(settings: KafkaSettings) -> dict[str, Offsets]:
    """The committed offsets of each service's consumer group; a group without offsets is left out."""
    admin = AIOKafkaAdminClient(**settings.client())
    found: dict[str, Offsets] = {}
    try:
        await admin.start()
        for service, topics in SOURCES.items():
            names = {topic.name for topic in topics}
            for place, committed in sorted((await admin.list_consumer_group_offsets(service)).items()):
                if place.topic in names and committed.offset >= 0:
                    found.setdefault(service, {}).setdefault(place.topic, {})[place.partition] = committed.offset
    finally:
        await admin.close()
    return found


async def _places(consumer: AIOKafkaConsumer) -> Mapping[str, list[TopicPartition]]:
    """The partitions of each topic that exists. It lists all topics: asking for one by name might create it."""
    cluster = await consumer._client.fetch_all_metadata()
    places = {
        topic.name: [TopicPartition(topic.name, number) for number in sorted(numbers)]
        for topic in LOG_TOPICS
        if (numbers := cluster.partitions_for_topic(topic.name))
    }
    if CASES.name not in places:
        raise NoTopics
    counts = {name: len(of_topic) for name, of_topic in places.items()}
    if len(set(counts.values())) > 1:
        raise TopicsDiffer(f"the topics have different numbers of partitions: {counts}; run `frontline topics check`")
    return places


async def _spans(consumer: AIOKafkaConsumer, places: Mapping[str, list[TopicPartition]]) -> list[Span]:
    """What is to be read of each partition."""
    everything = [place for of_topic in places.values() for place in of_topic]
    consumer.assign(everything)
    consumer.pause(*everything)
    ordered = [[place for topic in wave for place in places.get(topic.name, ())] for wave in _ORDER]
    ends: dict[TopicPartition, int] = {}
    for wave in (*ordered, [place for place in everything if not any(place in each for each in ordered)]):
        ends.update(await consumer.end_offsets(wave))
    starts = await consumer.beginning_offsets(everything)
    return [Span(place, starts[place], ends[place]) for place in everything]


async def _read(consumer: AIOKafkaConsumer, span: Span) -> AsyncIterator[Record]:
    loop = asyncio.get_running_loop()
    if span.start >= span.end:
        return
    consumer.assign([span.place])
    consumer.seek(span.place, span.start)
    progress_at, last_position = loop.time(), span.start
    while (position := await consumer.position(span.place)) < span.end:
        if position != last_position:
            progress_at, last_position = loop.time(), position
        elif loop.time() - progress_at > _STALL_TIMEOUT:
            raise KafkaTimeoutError(f"no progress for {_STALL_TIMEOUT:.0f} s while reading {span.place.topic}")
        for message in (await consumer.getmany(span.place, timeout_ms=_POLL_MS)).get(span.place, ()):
            if message.offset < span.end:
                yield _record(message)


def _record(r: ConsumerRecord) -> Record:
    return Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers))
