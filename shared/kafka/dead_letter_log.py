"""Reading the dead letters of a broker, and sending them back to where they came from."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord, TopicPartition

from shared.contracts.topics import TOPICS
from shared.kafka import dead_letters
from shared.kafka.aiokafka_internals import existing_partitions
from shared.kafka.committed_reader import committed_reader
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Record, Withheld
from shared.kafka.settings import KafkaSettings

_POLL_MS = 100
_LARGEST_BYTES = 8 * 1024 * 1024
SOURCES = tuple(
    topic.name.removesuffix(dead_letters.SUFFIX) for topic in TOPICS if topic.name.endswith(dead_letters.SUFFIX)
)


class CannotReplay(Exception):
    """This dead letter cannot be sent back; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dead letter stands: the source topic's name, and the place in its dead-letter topic. Read as an id."""

    source: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.source}:{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place that `str` has written. Raises ValueError."""
        source, partition, offset = text.rsplit(":", 2)
        place = cls(source, int(partition), int(offset))
        if place.source not in SOURCES or place.partition < 0 or place.offset < 0:
            raise ValueError(text)
        return place


@dataclass(frozen=True, slots=True)
class Found:
    """A record of a dead-letter topic; `letter` is None where somebody else wrote it, `problem` says how it shows."""

    place: Place
    letter: DeadLetter | None
    problem: str = ""


async def read_all(settings: KafkaSettings, sources: Sequence[str] = SOURCES) -> AsyncIterator[Found]:
    """Every dead letter of these source topics, up to where the logs end now, by partition. Raises KafkaError."""
    async with committed_reader(settings) as consumer:
        for source in sources:
            places = await _partitions(consumer, dead_letters.topic_of(source))
            if not places:
                continue
            consumer.assign(places)
            starts, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
            for place in places:
                async for record in _span(consumer, place, starts[place], ends[place]):
                    yield _found(source, record)


async def read_one(settings: KafkaSettings, place: Place) -> Found | None:
    """The dead letter at `place`, or None if there is none (any more)."""
    async with committed_reader(settings) as consumer:
        record = await _at(consumer, dead_letters.topic_of(place.source), place.partition, place.offset)
        return None if record is None else _found(place.source, record)


async def replay(settings: KafkaSettings, found: Iterable[Found]) -> AsyncIterator[tuple[Found, str]]:
    """Send each back to its source topic as it came: key, value, own headers. Yields why not, or "" when acknowledged.

    It goes to the partition that its key belongs to, or to its own if it has no key. A dead letter by reference is
    read from the source topic, if that still has it. The dead letter stays where it is: replay twice, and the record
    is there twice. Raises KafkaError.
    """
    producer = AIOKafkaProducer(**settings.client(), enable_idempotence=True, max_request_size=_LARGEST_BYTES)
    await producer.start()
    try:
        for each in found:
            try:
                record = await _original(settings, each)
            except CannotReplay as error:
                yield each, str(error)
                continue
            count = len(await producer.partitions_for(record.topic))
            partition = record.partition if record.key is None else partition_for(record.key, count)
            batch = producer.create_batch()  # `send` refuses a record that has neither key nor value
            batch.append(timestamp=None, key=record.key, value=record.value, headers=[*record.headers])
            await (await producer.send_batch(batch, record.topic, partition=partition))
            yield each, ""
    finally:
        await producer.stop()


async def _original(settings: KafkaSettings, found: Found) -> Record:
    if found.letter is None:
        raise CannotReplay(found.problem)
    record = found.letter.record
    if record.topic not in SOURCES:
        raise CannotReplay(f"it says that it comes from {record.topic}, which is no source of Frontline")
    if not found.letter.by_reference:
        return record
    async with committed_reader(settings) as consumer:
        there = await _at(consumer, record.topic, record.partition, record.offset)
    if there is None:
        raise CannotReplay(f"its value was not kept, and {record.topic} no longer has it")
    if isinstance(there.value, Withheld):
        raise CannotReplay(f"its source has to send it again in a readable size: {there.value.message}")
    return Record(
        record.topic, record.partition, record.offset, there.timestamp, there.key, there.value, tuple(there.headers)
    )


def _found(source: str, record: ConsumerRecord) -> Found:
    place = Place(source, record.partition, record.offset)
    try:
        letter = dead_letters.parse(record.key, record.value, tuple(record.headers), record.timestamp)
    except NotADeadLetter as error:
        return Found(place, None, str(error))
    return Found(place, letter)


async def _at(consumer: AIOKafkaConsumer, topic: str, partition: int, offset: int) -> ConsumerRecord | None:
    place = TopicPartition(topic, partition)
    if place not in await _partitions(consumer, topic):
        return None
    consumer.assign([place])
    start, end = (await consumer.beginning_offsets([place]))[place], (await consumer.end_offsets([place]))[place]
    if not start <= offset < end:
        return None
    async for record in _span(consumer, place, offset, end):
        return record if record.offset == offset else None
    return None


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """The partitions of a topic; none if there is no such topic."""
    return (await existing_partitions(consumer, [topic])).get(topic, [])


async def _span(
    consumer: AIOKafkaConsumer, place: TopicPartition, start: int, end: int
) -> AsyncIterator[ConsumerRecord]:
    consumer.pause(*(consumer.assignment() - {place}))
    consumer.resume(place)
    consumer.seek(place, start)
    while await consumer.position(place) < end:
        for record in (await consumer.getmany(place, timeout_ms=_POLL_MS)).get(place, ()):
            yield record
