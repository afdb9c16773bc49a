"""Reading topics to where they end now: committed records only, in no group, so that reading leaves no trace in Kafka.

`read_to_end` is for whoever wants all records. `CommittedReader` is for whoever chooses what to read and in which
order. Two readers of topics differ: a task's sources belong to its group (`shared/streams/group_consumer.py`), and the
views of intake begin at a time, go on at the end, and survive outages (`tail.py`).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import ConsumerRecord, TopicPartition

from shared.kafka.aiokafka_internals import existing_partitions
from shared.kafka.bounded_records import bounded_consumer
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

STALLED = 30.0  # seconds without progress after which reading fails
_FETCH_BYTES = 8 * 1024 * 1024
_POLL_MS = 10  # a position may reach the end without a record: markers and aborted records are skipped
_FOLLOW_POLL_MS = 200


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one partition: the offsets from `start` to just below `end`."""

    place: TopicPartition
    start: int
    end: int


async def read_to_end(
    settings: KafkaSettings, topics: Iterable[str], partitions: Collection[int] | None = None
) -> AsyncIterator[Record]:
    """The records of those of `topics` that exist, up to where they end now; None = of all partitions.

    In the order of each partition; partitions come as they are fetched. Raises KafkaError.
    """
    async with committed_reader(settings) as reader:
        found = await reader.partitions(topics)
        places = [place for of_topic in found.values() for place in of_topic]
        chosen = [place for place in places if partitions is None or place.partition in partitions]
        async for record in reader.read(await reader.spans(chosen)):
            yield record


@contextlib.asynccontextmanager
async def committed_reader(settings: KafkaSettings, **options: Any) -> AsyncIterator["CommittedReader"]:
    """A connected reader; `options` are aiokafka's, in place of those that follow here. Raises KafkaError."""
    defaults: dict[str, Any] = {
        "auto_offset_reset": "earliest",
        "fetch_max_wait_ms": 50,
        "max_partition_fetch_bytes": _FETCH_BYTES,
    }
    consumer = bounded_consumer(
        **settings.client(),
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        **(defaults | options),
    )
    try:
        await consumer.start()
        yield CommittedReader(consumer)
    finally:
        await consumer.stop()


class CommittedReader:
    """One consumer, which reads one choice of spans after the other. All methods raise KafkaError."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def partitions(self, topics: Iterable[str]) -> dict[str, list[TopicPartition]]:
        """The partitions of those of `topics` that exist; asking creates none."""
        return await existing_partitions(self._consumer, topics)

    async def spans(self, places: Sequence[TopicPartition]) -> list[Span]:
        """Each partition as a whole, from its beginning to where what is decided ends now."""
        ends = await self.ends(places)
        starts = await self.starts(places)
        return [Span(place, starts[place], ends[place]) for place in places]

    async def ends(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Where what is decided ends now."""
        self._attend_to(places)
        found: dict[TopicPartition, int] = await self._consumer.end_offsets(list(places)) if places else {}
        return found

    async def starts(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the logs begin now."""
        self._attend_to(places)
        found: dict[TopicPartition, int] = await self._consumer.beginning_offsets(list(places)) if places else {}
        return found

    def _attend_to(self, places: Sequence[TopicPartition]) -> None:
        """Learn the leaders of `places` without fetching anything.

        A partition without a position would be given one by `auto_offset_reset`, or an error by its value "none".
        """
        if self._consumer.assignment() != set(places):
            self._consumer.assign(list(places))
        self._consumer.pause(*places)
        for place in places:
            self._consumer.seek(place, 0)

    async def read(self, spans: Iterable[Span]) -> AsyncIterator[Record]:
        """The records of `spans`, side by side. Raises KafkaTimeoutError after STALLED seconds without progress."""
        async for _place, messages in self.batches(spans):
            for message in messages:
                yield Record.of(message)

    async def batches(
        self, spans: Iterable[Span], progress: Callable[[int], None] = lambda _remaining: None
    ) -> AsyncIterator[tuple[TopicPartition, Sequence[ConsumerRecord]]]:
        """The same as it is fetched. `progress` is called before each fetch with how many offsets remain."""
        chosen = [span for span in spans if span.start < span.end]
        if not chosen:
            return  # aiokafka's fetcher may miss that it is stopped right after another assignment
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
            for place, messages in (await self._consumer.getmany(timeout_ms=_POLL_MS)).items():
                yield place, [message for message in messages if message.offset < ends[place]]

    async def _remaining(self, ends: Mapping[TopicPartition, int]) -> int:
        """How many offsets are still to be read, by position: markers of transactions are never handed out."""
        remaining = 0
        for place, end in ends.items():
            if (left := end - await self._consumer.position(place)) > 0:
                remaining += left
            else:
                self._consumer.pause(place)  # what is written since is not fetched
        return remaining

    async def follow(self, places: Sequence[TopicPartition]) -> AsyncIterator[Record]:
        """Every record of `places` from the beginning, then as they are committed, without end."""
        self._consumer.assign(list(places))
        await self._consumer.seek_to_beginning(*places)
        while True:
            for messages in (await self._consumer.getmany(timeout_ms=_FOLLOW_POLL_MS)).values():
                for message in messages:
                    yield Record.of(message)
