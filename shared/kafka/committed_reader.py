"""Reads topics up to their current end: committed records only, without a group, so nothing is stored in Kafka.

`read_to_end` reads all records of a topic. `CommittedReader` lets its caller choose spans and their order. Two other
readers exist: a task reads its sources in its group (`shared/streams/group_consumer.py`), and the views of intake start
at an instant, follow the end of the topics and survive outages (`tail.py`).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import TopicPartition

from shared.kafka.consumer import Consumer
from shared.kafka.record import Consumed, Record
from shared.kafka.settings import KafkaSettings

STALLED = 30.0  # seconds without progress after which reading fails
_FETCH_BYTES = 8 * 1024 * 1024
_POLL_MS = 10  # short: a position may reach the end without a record, past markers and aborted records
_FOLLOW_POLL_MS = 200
_AT_ONCE = 2_000  # records; a whole fetch may have tens of thousands, which would keep the event loop for long


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one partition: the offsets from `start` to just below `end`."""

    place: TopicPartition
    start: int
    end: int


async def read_to_end(
    settings: KafkaSettings, topics: Iterable[str], partitions: Collection[int] | None = None
) -> AsyncIterator[Record]:
    """The records of those of `topics` that exist, up to their current end. `partitions` None = all.

    Each partition keeps its order; partitions are interleaved as they are fetched. Raises KafkaError.
    """
    async with committed_reader(settings) as reader:
        found = await reader.partitions(topics)
        places = [place for of_topic in found.values() for place in of_topic]
        chosen = [place for place in places if partitions is None or place.partition in partitions]
        async for record in reader.read(await reader.spans(chosen)):
            yield record


@contextlib.asynccontextmanager
async def committed_reader(settings: KafkaSettings, **options: Any) -> AsyncIterator["CommittedReader"]:
    """A connected reader. `options` are arguments of the consumer that replace the defaults here. Raises KafkaError."""
    defaults: dict[str, Any] = {
        "client_id": "frontline-reader",
        "auto_offset_reset": "earliest",
        "fetch_max_wait_ms": 50,
        "max_partition_fetch_bytes": _FETCH_BYTES,
    }
    consumer = Consumer(settings, enable_auto_commit=False, isolation_level="read_committed", **(defaults | options))
    try:
        await consumer.start()
        yield CommittedReader(consumer)
    finally:
        await consumer.stop()


class CommittedReader:
    """A consumer that reads chosen spans, one list after the other. All methods raise KafkaError."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def partitions(self, topics: Iterable[str]) -> dict[str, list[TopicPartition]]:
        """The partitions of those of `topics` that exist; asking creates none."""
        return await self._consumer.existing_partitions(topics)

    async def spans(self, places: Sequence[TopicPartition]) -> list[Span]:
        """The whole of each partition: from its beginning to its current last stable offset."""
        ends = await self.ends(places)
        starts = await self.starts(places)
        return [Span(place, starts[place], ends[place]) for place in places]

    async def ends(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The current last stable offsets: transactions that are still open lie behind them."""
        self._assign_paused(places)
        return await self._consumer.end_offsets(places) if places else {}

    async def starts(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The current first offsets of the logs."""
        self._assign_paused(places)
        return await self._consumer.beginning_offsets(places) if places else {}

    async def committed(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """What the group that the reader was given has committed; absent = nothing."""
        self._assign_paused(places)
        found = await self._consumer.committed_offsets(places)
        return {place: int(each.offset) for place, each in found.items() if each.offset >= 0}

    async def metadata(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, str]:
        """The metadata of what that group has committed; absent = nothing."""
        self._assign_paused(places)
        found = await self._consumer.committed_offsets(places)
        return {place: each.metadata for place, each in found.items() if each.offset >= 0}

    async def first_since(self, place: TopicPartition, timestamp_ms: int) -> int | None:
        """The offset of the first record with this timestamp or a later one, decided or not; None = there is none."""
        self._assign_paused([place])
        found = (await self._consumer.offsets_for_times({place: timestamp_ms}))[place]
        return None if found is None else int(found.offset)

    def _assign_paused(self, places: Sequence[TopicPartition]) -> None:
        """Make the consumer find the leaders of `places` without fetching records.

        A partition needs a position: without one, `auto_offset_reset` would set it, or raise an error if it is "none".
        """
        if self._consumer.assignment() != set(places):
            self._consumer.assign(list(places))
        self._consumer.pause(*places)
        for place in places:
            self._consumer.seek(place, 0)

    async def read(self, spans: Iterable[Span]) -> AsyncIterator[Record]:
        """The records of `spans`, interleaved. Raises KafkaTimeoutError after STALLED seconds without progress."""
        async for place, messages in self.batches(spans):
            for message in messages:
                yield Record.of(place.topic, place.partition, message)

    async def batches(
        self, spans: Iterable[Span], progress: Callable[[int], None] = lambda _remaining: None
    ) -> AsyncIterator[tuple[TopicPartition, Sequence[Consumed]]]:
        """The records of `spans` in batches, which let others run in between. `progress` gets the number of remaining
        offsets.
        """
        chosen = [span for span in spans if span.start < span.end]
        if not chosen:
            return  # aiokafka's fetcher may ignore a stop right after an assignment
        ends = {span.place: span.end for span in chosen}
        self._consumer.assign(list(ends))
        for span in chosen:
            self._consumer.seek(span.place, span.start)
        loop = asyncio.get_running_loop()
        before, progressed = -1, loop.time()
        while remaining := await self._remaining(ends):
            progress(remaining)
            if remaining != before:
                before, progressed = remaining, loop.time()
            elif loop.time() - progressed > STALLED:
                raise KafkaTimeoutError(f"no progress for {STALLED:.0f} s with {remaining} offsets to go")
            fetched = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_AT_ONCE)
            for place, messages in fetched.items():
                yield place, [message for message in messages if message.offset < ends[place]]
            await asyncio.sleep(0)  # what has been fetched already is returned without waiting

    async def _remaining(self, ends: Mapping[TopicPartition, int]) -> int:
        """The number of offsets still to read, by position: the consumer returns no transaction markers."""
        remaining = 0
        for place, end in ends.items():
            if (left := end - await self._consumer.position(place)) > 0:
                remaining += left
            else:
                self._consumer.pause(place)  # keeps it from fetching records beyond the span
        return remaining

    async def follow(self, places: Sequence[TopicPartition]) -> AsyncIterator[Record]:
        """Every record of `places` from the beginning, then as they are committed, without end."""
        self._consumer.assign(list(places))
        await self._consumer.seek_to_beginning(*places)
        while True:
            for place, messages in (await self._consumer.getmany(timeout_ms=_FOLLOW_POLL_MS)).items():
                for message in messages:
                    yield Record.of(place.topic, place.partition, message)
