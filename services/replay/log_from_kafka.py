"""Reading a log from Kafka: committed records only, every partition from its beginning to where it ends now.

The system may go on meanwhile, so it is asked from its end to its beginning where things stand: first how far the
services have come, by the committed offsets of their groups, then where their topics end, what follows before what it
follows from. So whatever is told of as processed is there, and so is its cause.
"""

from collections.abc import Callable, Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from services.replay.recorded_log import LOG_TOPICS, SOURCES, Extent, Offsets, RecordedLog
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, dead_letter
from shared.kafka.committed_reader import CommittedReader, Span, committed_reader
from shared.kafka.faults import NoTopics, TopicsDiffer
from shared.kafka.settings import KafkaSettings

# What follows before what it follows from; the rest comes last.
_ORDER = (
    (ESCALATIONS, dead_letter(CASES), dead_letter(ACTIVITY)),
    (CASES, ACTIVITY, dead_letter(REQUESTS), dead_letter(ENTITLEMENTS)),
)

Report = Callable[[int, int], None]  # offsets read so far, and how many there are


async def read_log(
    settings: KafkaSettings, report: Report, *, log_of: Callable[[Extent], RecordedLog] = RecordedLog
) -> RecordedLog:
    """The log of a broker as it is now; the caller closes it. Raises NoTopics, TopicsDiffer, KafkaError."""
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
    """For each service the committed offsets of its group; empty for a group that has none (any more)."""
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


async def _places(reader: CommittedReader) -> Mapping[str, list[TopicPartition]]:
    """The partitions of each topic that exists."""
    places = await reader.partitions(topic.name for topic in LOG_TOPICS)
    if CASES.name not in places:
        raise NoTopics
    counts = {name: len(of_topic) for name, of_topic in places.items()}
    if len(set(counts.values())) > 1:
        raise TopicsDiffer(f"topics differ in how many partitions they have: {counts}; run `frontline topics check`")
    return places


async def _spans(reader: CommittedReader, places: Mapping[str, list[TopicPartition]]) -> list[Span]:
    """What there is to read, by topic and partition."""
    everything = [place for of_topic in places.values() for place in of_topic]
    asked = [[place for topic in wave for place in places.get(topic.name, ())] for wave in _ORDER]
    ends: dict[TopicPartition, int] = {}
    for wave in (*asked, [place for place in everything if not any(place in each for each in asked)]):
        ends.update(await reader.ends(wave))
    starts = await reader.starts(everything)
    return [Span(place, starts[place], ends[place]) for place in everything]
