"""[pure] Runs a service's topology on a task's recorded records, slice by slice, and commits a slice or discards it.

It uses the same `TaskState` as the stream runtime. A slice is run first and committed only if the replay accepts it:
several instants can be tried for the same record.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.replay.errors import ReplayError
from services.replay.log import FAR_FUTURE, Log
from shared.contracts.topics import EDITIONS
from shared.contracts.vocabulary import DeadLetterCause
from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.partitioning import partitioner
from shared.kafka.record import Output, Record
from shared.streams.processor import Processor, Timer
from shared.streams.task_state import Slice, TaskState

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


class FailedInTheLog(ReplayError):
    """A timer failed in the service that wrote the log."""


class Attempt(NamedTuple):
    """A slice that was run and not yet committed, with its output. Commit it before the next attempt or drop it."""

    slice: Slice
    events: list[Output]
    dead_letters: list[DeadLetter]
    editions: list[Output]  # published by the slice


class Cursor:
    """The records of one source in order: `head` is the next one, `first` was the first one."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self.head = self.first = next(records, None)

    def take(self) -> Record:
        """Return `head` and move on to the record after it."""
        record, self.head = self.head, next(self._records, None)
        assert record is not None  # noqa: S101 - callers check `head`
        return record


class SliceRunner:
    """One task: its state as of the last committed slice, its source positions and the records not yet processed."""

    def __init__(self, service: str, processor: Processor, log: Log, partition: int) -> None:
        self._sink = processor.sinks[0].name
        self._state = TaskState(
            service,
            processor,
            partition=partition,
            partition_of=partitioner(log.partitions),
        )
        self.positions = self._state.positions
        for topic in processor.sources:
            self.positions[topic.name] = log.start(topic.name, partition)
        self.cursors = {topic.name: Cursor(log.records(topic.name, partition)) for topic in processor.sources}

    def attempt(
        self, records: list[Record], now: datetime, timers: int, unfired_from: datetime | None = None
    ) -> Attempt:
        """Run a slice at `now`: at most `timers` due timers, then these records.

        `unfired_from` is what the service had left of its due timers by then. The replay fires timers in slices of
        their own, so what it has left itself means nothing.
        """
        run = self._state.begin(now)
        self._state.fire(run, timers)
        run.overlay.unfired_from = unfired_from
        self._state.process(run, records)
        return self._attempt(run)

    def fire(self, timer: Timer, now: datetime) -> Attempt:
        """Run a slice at `now` that fires this timer only, whichever are due before it."""
        run = self._state.begin(now)
        self._state.fire_one(run, timer)
        return self._attempt(run)

    def dead_letter(self, record: Record, now: datetime, cause: DeadLetterCause) -> Attempt:
        """Run a slice that dead-letters the record without processing it."""
        return self._attempt(self._state.refuse(record, now, cause, "", by_reference=False))

    def commit(self, attempt: Attempt) -> None:
        """Take over the state changes and positions of a slice."""
        self._state.commit(attempt.slice.overlay)
        self.positions = self._state.positions

    def next_due(self) -> datetime | None:
        """When the earliest timer is due, None if there is none."""
        return self._state.processor.next_due()

    def isolate(self, timer: Timer, now: datetime, until: datetime) -> None:
        """Isolate what a timer of the latest attempt is about until `until`, as the service did."""
        run = self._state.isolate(timer, FailedInTheLog(), now, until)
        self._state.commit(run.overlay)

    def stored(self, store: str, key: bytes) -> bytes | None:
        """The value of a key in a state store."""
        return self._state.stores[store].get(key)

    def _attempt(self, run: Slice) -> Attempt:
        events, dead_lettered, editions = [], [], []
        for output in run.overlay.outputs:
            if output.topic == self._sink:
                events.append(output)
            elif output.topic == EDITIONS.name:
                editions.append(output)
            else:
                dead_lettered.append(dead_letters.parse(output.key, output.value, output.headers))
        return Attempt(run, events, dead_lettered, editions)


def timestamp_of(record: Record) -> datetime:
    """The record's Kafka timestamp, limited to the range that a datetime can hold."""
    try:
        return min(EPOCH + timedelta(milliseconds=record.timestamp_ms), FAR_FUTURE)
    except OverflowError:
        return FAR_FUTURE if record.timestamp_ms > 0 else EPOCH
