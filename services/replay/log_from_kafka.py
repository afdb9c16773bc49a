"""Reads a log from Kafka: the committed records of every partition, from its beginning to its current end.

The system may be running meanwhile. So the offsets are read in the reverse order of the data flow: first the committed
offsets of the services' consumer groups, then the ends of the topics, those of outputs before those of their sources.
Then the log has every record that counts as consumed, and the cause of every event.
"""

from collections.abc import Callable, Mapping

from aiokafka.structs import TopicPartition

from services.replay.recorded_log import LOG_TOPICS, SOURCES, Extent, Offsets, RecordedLog
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, dead_letter
from shared.kafka.admin import Admin
from shared.kafka.committed_reader import CommittedReader, Span, committed_reader
from shared.kafka.faults import NoTopics, TopicsDiffer
from shared.kafka.settings import KafkaSettings

# Outputs before their sources; the topics that are not here come last.
_ORDER = (
    (ESCALATIONS, dead_letter(CASES), dead_letter(ACTIVITY)),
    (CASES, ACTIVITY, dead_letter(REQUESTS), dead_letter(ENTITLEMENTS)),
)

Report = Callable[[int, int], None]  # offsets read so far, and how many there are


async def read_log(
    settings: KafkaSettings, report: Report, *, log_of: Callable[[Extent], RecordedLog] = RecordedLog
) -> RecordedLog:
    """Read the current log of a Kafka cluster; the caller closes it. Raises NoTopics, TopicsDiffer, KafkaError."""
    consumed = await _consumed(settings)
    async with committed_reader(settings) as reader:
        places = await _places(reader)
        spans = await _spans(reader, places)
        starts: Offsets = {}
        for span in spans:
            starts.setdefault(span.place.topic, {})[span.place.partition] = span.start
        log = log_of(Extent(len(places[CASES.name]), starts, consumed))
        try:
            total, done = sum(span.end - span.start for span in spans), 0
            for span in spans:
                async for record in reader.read([span]):
                    log.add(record)
                    report(done + record.offset - span.start, total)
                done += span.end - span.start
        except BaseException:
            log.close()
            raise
        return log


async def _consumed(settings: KafkaSettings) -> dict[str, Offsets]:
    """The committed offsets of each service's consumer group; a group without offsets is left out."""
    found: dict[str, Offsets] = {}
    async with Admin(settings) as admin:
        for service, topics in SOURCES.items():
            names = {topic.name for topic in topics}
            for place, committed in sorted((await admin.group_offsets(service)).items()):
                if place.topic in names and committed.offset >= 0:
                    found.setdefault(service, {}).setdefault(place.topic, {})[place.partition] = committed.offset
    return found


async def _places(reader: CommittedReader) -> Mapping[str, list[TopicPartition]]:
    """The partitions of each topic that exists."""
    places = await reader.partitions(topic.name for topic in LOG_TOPICS)
    if CASES.name not in places:
        raise NoTopics
    counts = {name: len(of_topic) for name, of_topic in places.items()}
    if len(set(counts.values())) > 1:
        raise TopicsDiffer(f"the topics have different numbers of partitions: {counts}; run `frontline topics check`")
    return places


async def _spans(reader: CommittedReader, places: Mapping[str, list[TopicPartition]]) -> list[Span]:
    """What is to be read of each partition."""
    everything = [place for of_topic in places.values() for place in of_topic]
    ordered = [[place for topic in wave for place in places.get(topic.name, ())] for wave in _ORDER]
    ends: dict[TopicPartition, int] = {}
    for wave in (*ordered, [place for place in everything if not any(place in each for each in ordered)]):
        ends.update(await reader.ends(wave))
    starts = await reader.starts(everything)
    return [Span(place, starts[place], ends[place]) for place in everything]
