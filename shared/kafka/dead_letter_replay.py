"""Sends dead letters back to their source topics, and notes in the dead-letter topic that it did."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal

from shared.contracts.topics import REQUESTS
from shared.kafka.committed_reader import CommittedReader, committed_reader
from shared.kafka.dead_letter_log import SOURCES, Found, Place
from shared.kafka.dead_letters import Replayed, replayed_to_output
from shared.kafka.faults import KafkaFault
from shared.kafka.partitioning import partition_for
from shared.kafka.producer import Producer
from shared.kafka.record import Output, Record, Withheld
from shared.kafka.settings import KafkaSettings

_LARGEST_BYTES = 8 * 1024 * 1024
_NAME = "dead-letters"  # client and transactional id: of two commands that replay, the later one ends the other


class NoOriginal(KafkaFault):
    """The original record of this dead letter is not known any more, or cannot be read; the message says why."""


def why_left_out(found: Found) -> Literal["", "replayed", "conflict"]:
    """Why a dead letter is not replayed unless somebody insists; "" = it is.

    `replayed`: it was already. `conflict`: a request came under the id of another one, and its dead letter outlives
    what the router knows of the id, so that after two days it would be decided as well.
    """
    if found.replays:
        return "replayed"
    letter = found.dead_letter
    conflicts = letter is not None and (letter.record.topic, letter.cause) == (REQUESTS.name, "conflict")
    return "conflict" if conflicts else ""


async def read_original(settings: KafkaSettings, found: Found) -> Record:
    """The record that was dead-lettered: that of a dead letter by reference is read from its source topic.

    Raises NoOriginal, KafkaError.
    """
    async with contextlib.AsyncExitStack() as opened:
        return await _Sources(settings, opened).original(found)


@contextlib.asynccontextmanager
async def replayer(settings: KafkaSettings, clock: Callable[[], datetime]) -> AsyncIterator["Replayer"]:
    """What replays dead letters; once it is there, no other one goes on. Read what was replayed already after that.

    `clock` dates the notes. Raises KafkaError.
    """
    producer = Producer(settings, client_id=_NAME, transactional_id=_NAME, max_request_size=_LARGEST_BYTES, linger_ms=0)
    try:
        await producer.start()
        async with contextlib.AsyncExitStack() as opened:
            yield Replayer(producer, _Sources(settings, opened), clock)
    finally:
        await producer.stop()


class Replayer:
    """Replays single dead letters: see `replayer`."""

    def __init__(self, producer: Producer, sources: "_Sources", clock: Callable[[], datetime]) -> None:
        self._producer, self._sources, self._clock = producer, sources, clock

    async def replay(self, found: Found) -> Replayed:
        """Send it back to its source topic unchanged: key, value, own headers, and a tombstone's timestamp.

        The record goes to the partition of its key, or to its original one if it has no key. That of a dead letter by
        reference is read from the source topic, if that still has it. The dead letter itself stays. The note that it
        was replayed is part of the same transaction: either both are in Kafka, or none is. Raises NoOriginal,
        KafkaError.
        """
        record = await self._sources.original(found)
        count = len(await self._producer.partitions_for(record.topic))
        partition = record.partition if record.key is None else partition_for(record.key, count)
        # A tombstone counts by its timestamp: with that of today it would withdraw what was set meanwhile.
        written = record.timestamp_ms if record.value is None and record.timestamp_ms >= 0 else None
        async with self._producer.transaction():
            offset = await self._send(
                Output(record.topic, record.key, record.value, record.headers, partition), partition, written
            )
            replayed = Replayed(found.own.offset, self._clock(), str(Place(record.topic, partition, offset)))
            await self._send(replayed_to_output(replayed, found.own.topic, found.own.partition), found.own.partition)
        return replayed

    async def _send(self, output: Output, partition: int, timestamp_ms: int | None = None) -> int:
        """Write one record; returns its offset."""
        batch = self._producer.create_batch()  # `send` refuses a record that has neither key nor value
        batch.append(timestamp=timestamp_ms, key=output.key, value=output.value, headers=[*output.headers])
        sending = await self._producer.send_batch(batch, output.topic, partition=partition)
        return int((await sending).offset)


class _Sources:
    """Reads single records of the source topics by one consumer, which is made for the first of them."""

    def __init__(self, settings: KafkaSettings, opened: contextlib.AsyncExitStack) -> None:
        self._settings, self._opened = settings, opened
        self._reader: CommittedReader | None = None

    async def original(self, found: Found) -> Record:
        """The record that was dead-lettered. Raises NoOriginal, KafkaError."""
        if found.dead_letter is None:
            raise NoOriginal(found.problem)
        record = found.dead_letter.record
        if record.topic not in SOURCES:
            raise NoOriginal(f"its source topic {record.topic} is not a topic of Frontline's tasks")
        if not found.dead_letter.by_reference:
            return record
        place = f"{record.topic}[{record.partition}]@{record.offset}"
        original = await self._at(record)
        if original is None:
            raise NoOriginal(f"its value was not kept, and its source no longer has it: {place} is deleted")
        if not _is_same(original, record):
            raise NoOriginal(f"its value was not kept, and its source no longer has it: {place} is another record now")
        if isinstance(original.value, Withheld):
            raise NoOriginal(f"its producer must send it again, smaller or readable: {original.value.message}")
        return original

    async def _at(self, place: Record) -> Record | None:
        """The record at the topic, partition and offset of `place`, if the topic still has it."""
        if self._reader is None:
            self._reader = await self._opened.enter_async_context(committed_reader(self._settings))
        there = (await self._reader.partitions([place.topic])).get(place.topic, [])
        for span in await self._reader.spans([each for each in there if each.partition == place.partition]):
            if span.start <= place.offset < span.end:
                async for record in self._reader.read([replace(span, start=place.offset)]):
                    return record if record.offset == place.offset else None
        return None


def _is_same(original: Record, record: Record) -> bool:
    """Whether the source still has `record` at its place. A topic that was created again, or lost the end of its log,
    has another one there. A dead letter by reference may be without its key or its timestamp.
    """
    same_key = record.key is None or original.key == record.key
    return same_key and (record.timestamp_ms < 0 or original.timestamp_ms == record.timestamp_ms)
