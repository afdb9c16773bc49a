"""Reads the dead letters of a broker and sends them back to their source topics."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace

from shared.contracts.topics import DEAD_LETTER_SUFFIX, TOPICS
from shared.kafka import dead_letters
from shared.kafka.committed_reader import CommittedReader, committed_reader
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter
from shared.kafka.faults import KafkaFault
from shared.kafka.partitioning import partition_for
from shared.kafka.producer import Producer
from shared.kafka.record import Record, Withheld
from shared.kafka.settings import KafkaSettings

_LARGEST_BYTES = 8 * 1024 * 1024
SOURCES = tuple(
    topic.name.removesuffix(DEAD_LETTER_SUFFIX) for topic in TOPICS if topic.name.endswith(DEAD_LETTER_SUFFIX)
)


class NoOriginal(KafkaFault):
    """The original record of this dead letter is not known any more, or cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """The id of a dead letter: its source topic, and its partition and offset in the dead-letter topic."""

    source: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.source}:{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The inverse of `str`. Raises ValueError."""
        source, partition, offset = text.rsplit(":", 2)
        place = cls(source, int(partition), int(offset))
        if place.source not in SOURCES or place.partition < 0 or place.offset < 0:
            raise ValueError(text)
        return place


@dataclass(frozen=True, slots=True)
class Found:
    """A record of a dead-letter topic. If another program wrote it, `dead_letter` is None with a `problem`."""

    place: Place
    dead_letter: DeadLetter | None
    problem: str = ""


async def read_all(settings: KafkaSettings, sources: Sequence[str] = SOURCES) -> AsyncIterator[Found]:
    """Every dead letter of these source topics, up to the current end, partition by partition. Raises KafkaError."""
    async with committed_reader(settings) as reader:
        places = await reader.partitions(dead_letters.topic_of(source) for source in sources)
        for source in sources:
            for span in await reader.spans(places.get(dead_letters.topic_of(source), [])):
                async for record in reader.read([span]):
                    yield _found(source, record)


async def read_one(settings: KafkaSettings, place: Place) -> Found | None:
    """The dead letter at `place`; None if the topic has none there or has deleted it."""
    async with committed_reader(settings) as reader:
        record = await _at(reader, dead_letters.topic_of(place.source), place.partition, place.offset)
        return None if record is None else _found(place.source, record)


async def read_original(settings: KafkaSettings, found: Found) -> Record:
    """The record that was dead-lettered: that of a dead letter by reference is read from its source topic.

    Raises NoOriginal, KafkaError.
    """
    async with contextlib.AsyncExitStack() as opened:
        return await _original(_Sources(settings, opened), found)


async def replay(settings: KafkaSettings, found: Iterable[Found]) -> AsyncIterator[tuple[Found, str]]:
    """Send each back to its source topic unchanged: key, value, own headers, and a tombstone's timestamp.

    Yields the problem, or "" if acknowledged.

    The record goes to the partition of its key, or to its original one if it has no key. That of a dead letter by
    reference is read from the source topic, if that still has it. The dead letter itself stays: a second replay writes
    the record a second time. Raises KafkaError.
    """
    producer = Producer(
        settings, client_id="frontline-dead-letters", enable_idempotence=True, max_request_size=_LARGEST_BYTES
    )
    await producer.start()
    try:
        async with contextlib.AsyncExitStack() as opened:
            sources = _Sources(settings, opened)
            for each in found:
                try:
                    await _resend(producer, await _original(sources, each))
                except NoOriginal as error:
                    yield each, str(error)
                else:
                    yield each, ""
    finally:
        await producer.stop()


class _Sources:
    """Reads single records of the source topics by one consumer, which is made for the first of them."""

    def __init__(self, settings: KafkaSettings, opened: contextlib.AsyncExitStack) -> None:
        self._settings, self._opened = settings, opened
        self._reader: CommittedReader | None = None

    async def at(self, place: Record) -> Record | None:
        """The record at the topic, partition and offset of `place`, if the topic still has it."""
        if self._reader is None:
            self._reader = await self._opened.enter_async_context(committed_reader(self._settings))
        return await _at(self._reader, place.topic, place.partition, place.offset)


async def _resend(producer: Producer, record: Record) -> None:
    count = len(await producer.partitions_for(record.topic))
    partition = record.partition if record.key is None else partition_for(record.key, count)
    batch = producer.create_batch()  # `send` refuses a record that has neither key nor value
    # A tombstone counts by its timestamp: with that of today it would withdraw what was set meanwhile.
    written = record.timestamp_ms if record.value is None and record.timestamp_ms >= 0 else None
    batch.append(timestamp=written, key=record.key, value=record.value, headers=[*record.headers])
    await (await producer.send_batch(batch, record.topic, partition=partition))


async def _original(sources: _Sources, found: Found) -> Record:
    if found.dead_letter is None:
        raise NoOriginal(found.problem)
    record = found.dead_letter.record
    if record.topic not in SOURCES:
        raise NoOriginal(f"its source topic {record.topic} is not a topic of Frontline's tasks")
    if not found.dead_letter.by_reference:
        return record
    place = f"{record.topic}[{record.partition}]@{record.offset}"
    original = await sources.at(record)
    if original is None:
        raise NoOriginal(f"its value was not kept, and its source no longer has it: {place} is deleted")
    if not _is_same(original, record):
        raise NoOriginal(f"its value was not kept, and its source no longer has it: {place} is another record now")
    if isinstance(original.value, Withheld):
        raise NoOriginal(f"its producer must send it again, smaller or readable: {original.value.message}")
    return original


def _is_same(original: Record, record: Record) -> bool:
    """Whether the source still has `record` at its place. A topic that was created again, or lost the end of its log,
    has another one there. A dead letter by reference may be without its key or its timestamp.
    """
    same_key = record.key is None or original.key == record.key
    return same_key and (record.timestamp_ms < 0 or original.timestamp_ms == record.timestamp_ms)


def _found(source: str, record: Record) -> Found:
    place = Place(source, record.partition, record.offset)
    try:
        dead_letter = dead_letters.parse(record.key, record.value, record.headers)
    except NotADeadLetter as error:
        return Found(place, None, str(error))
    return Found(place, dead_letter)


async def _at(reader: CommittedReader, topic: str, partition: int, offset: int) -> Record | None:
    places = [place for place in (await reader.partitions([topic])).get(topic, []) if place.partition == partition]
    for span in await reader.spans(places):
        if span.start <= offset < span.end:
            async for record in reader.read([replace(span, start=offset)]):
                return record if record.offset == offset else None
    return None
