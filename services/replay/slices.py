"""[pure] A task's state while its log is replayed: the real topology, in slices that are tried before they happen."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.replay.recorded_causes import LATER, Log
from shared.contracts.vocabulary import DeadLetterCause
from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.partitioning import partitioner
from shared.kafka.record import Output, Record
from shared.streams.processor import Processor, Timer
from shared.streams.state_store import InMemoryStore
from shared.streams.task_state import Slice, TaskState

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


class Tried(NamedTuple):
    """What a slice would do. Nothing has happened until it is committed, which has to be before the next is tried."""

    slice: Slice
    said: list[Output]  # its events
    aside: list[DeadLetter]


class Cursor:
    """The records of one source, in order; `head` is the next one, `first` was the first one."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self.head = self.first = next(records, None)

    def take(self) -> Record:
        """The next record, which is then behind us."""
        record, self.head = self.head, next(self._records, None)
        assert record is not None  # noqa: S101 - callers look first
        return record


class Slices:
    """One task: its state as of the last slice that happened, and the records that it has not taken yet."""

    def __init__(self, service: str, processor: Processor, log: Log, partition: int) -> None:
        self._sink = processor.sinks[0].name
        self._state = TaskState(
            service,
            processor,
            [InMemoryStore(name) for name in processor.stores],
            partition=partition,
            partition_of=partitioner(log.partitions),
        )
        self.positions = self._state.positions
        for topic in processor.sources:
            self.positions[topic.name] = log.start(topic.name, partition)
        self.cursors = {topic.name: Cursor(log.records(topic.name, partition)) for topic in processor.sources}

    def tried(self, records: list[Record], now: datetime, timers: int) -> Tried:
        """A slice at `now` of at most so many timers, then these records."""
        return self._judged(self._state.run(records, now, timer_limit=timers))

    def refused(self, record: Record, now: datetime, cause: DeadLetterCause) -> Tried:
        """A slice in which the record is put aside without a look at it."""
        return self._judged(self._state.refuse(record, now, cause, "", by_reference=False))

    def commit(self, tried: Tried) -> None:
        """It has happened."""
        self._state.commit(tried.slice.overlay)
        self.positions = self._state.positions

    def next_due(self) -> datetime | None:
        """The earliest timer."""
        return self._state.processor.next_due()

    def postpone(self, timer: Timer, until: datetime) -> None:
        """A timer of the slice that was just tried did not fire then, nor before `until`."""
        self._state.processor.postpone(timer, until)

    def kept(self, store: str, key: bytes) -> bytes | None:
        """What a store has."""
        return self._state.stores[store].get(key)

    def _judged(self, done: Slice) -> Tried:
        said, aside = [], []
        for output in done.overlay.outputs:
            if output.topic == self._sink:
                said.append(output)
            else:
                aside.append(dead_letters.parse(output.key, output.value, output.headers))
        return Tried(done, said, aside)


def written(record: Record) -> datetime:
    """When a record was written, by its own word."""
    try:
        return min(EPOCH + timedelta(milliseconds=record.timestamp_ms), LATER)
    except OverflowError:
        return LATER if record.timestamp_ms > 0 else EPOCH
