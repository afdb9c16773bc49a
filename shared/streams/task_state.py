"""[pure] One slice of work: due timers first, then records; what is poison goes to the dead letters.

The task runtime and the test driver of topologies both run this and nothing else, so the double never differs.
"""

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.contracts.topics import changelog
from shared.contracts.vocabulary import DeadLetterCause
from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.faults import PoisonRecord, TaskMustStop
from shared.kafka.record import Output, Record, Withheld, size_of, too_large
from shared.streams.overlay import Overlay
from shared.streams.positions import Offsets
from shared.streams.processor import Processor, Timer
from shared.streams.state_store import Change, StateStore

TIMERS_PER_SLICE = 2_000
POSTPONED_FOR = timedelta(hours=1)  # a timer that failed is tried again after this time
OFFSETS_KEY = b"\x00offsets"  # in a changelog: the source positions of the last transaction that wrote to it
_RESERVED = b"\x00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FailedTimer:
    """A timer that raised an unexpected error: its changes were dropped, and it is tried again after `until`."""

    timer: Timer
    error: Exception
    until: datetime


@dataclass(slots=True)
class Slice:
    """What one slice did, before its transaction has committed."""

    overlay: Overlay
    fired: list[Timer] = field(default_factory=list)  # in the order in which they fired
    failed: list[FailedTimer] = field(default_factory=list)  # of these nothing is left in the overlay
    records: int = 0
    poisoned: list[DeadLetter] = field(default_factory=list)

    @property
    def timers(self) -> int:
        """How many timers fired."""
        return len(self.fired)

    @property
    def due(self) -> datetime | None:
        """When the earliest timer that fired was due; None if none fired."""
        return _EPOCH + timedelta(microseconds=self.fired[0].due) if self.fired else None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit: no record taken up and no timer fired."""
        return not (self.timers or self.records)


class TaskState:
    """One partition's processor, stores and positions, as of the last committed transaction.

    `partition_of`, if given, tells where a key belongs; a record elsewhere is dead-lettered as `wrong_partition`.
    A record larger than its topic takes uncompressed is not processed: its dead letter refers to it.
    `topic_ids` are the ids of the sources, where known: `positions` belong to these topics and to no others of the same
    name. `stale` has the id of each other one that a changelog has a position for.
    """

    def __init__(
        self,
        service: str,
        processor: Processor,
        stores: Iterable[StateStore],
        *,
        partition: int,
        partition_of: Callable[[bytes], int] | None = None,
        topic_ids: Mapping[str, str] | None = None,
    ) -> None:
        self.service = service
        self.processor = processor
        self.partition = partition
        self.stores: dict[str, StateStore] = {store.name: store for store in stores}
        self.positions: dict[str, int] = {}
        self.stale: dict[str, str] = {}
        self._partition_of = partition_of
        sources = {topic.name for topic in processor.sources}
        self.topic_ids = {topic: each for topic, each in (topic_ids or {}).items() if topic in sources}
        self._order = {topic.name: place for place, topic in enumerate(processor.sources)}
        self._limits = {topic.name: topic.max_message_bytes for topic in processor.sources}

    def run(self, records: Sequence[Record], now: datetime, *, timer_limit: int = TIMERS_PER_SLICE) -> Slice:
        """Fire at most `timer_limit` due timers, then process `records` by source and offset, all at `now`.

        A timer that fails is postponed and counts towards the limit. Records below the position are skipped: they have
        been consumed. Raises TaskMustStop; the slice is then void.
        """
        done = Slice(self._overlay(now))
        if timer_limit > 0:
            self._fire(done, timer_limit)
        for record in sorted(records, key=self._place):
            if record.offset < done.overlay.positions.get(record.topic, 0):
                continue
            done.overlay.positions[record.topic] = record.offset + 1
            done.records += 1
            if (withheld := self._withheld(record)) is not None:
                self._bury(done, record, withheld.cause, withheld.message, by_reference=True)
                continue
            done.overlay.savepoint()
            try:
                self._process(record, done.overlay)
            except PoisonRecord as poison:
                done.overlay.rollback()
                self._bury(done, record, poison.cause, str(poison))
        return done

    def postpone(self, timer: Timer, now: datetime) -> datetime:
        """Take `timer` out of the queue for a while, so that the others fire; returns until when.

        The runtime does so as well when the broker refuses what the timer produces.
        """
        until = now + POSTPONED_FOR
        self.processor.postpone(timer, until)
        return until

    def refuse(
        self, record: Record, now: datetime, cause: DeadLetterCause, message: str, *, by_reference: bool
    ) -> Slice:
        """Dead-letter `record` without processing it; the runtime does so when the broker refuses what came of it."""
        done = Slice(self._overlay(now))
        if record.offset < done.overlay.positions.get(record.topic, 0):
            return done
        done.records = 1
        done.overlay.positions[record.topic] = record.offset + 1
        self._bury(done, record, cause, message, by_reference=by_reference)
        return done

    def changelog_outputs(self, overlay: Overlay) -> list[Output]:
        """The changelog records of a slice, in order, with the source positions as the last one.

        Positions go where the slice writes anyway, so that they cost no further partition; the latest wins on restore.
        """
        outputs = [
            Output(changelog(self.service, store).name, key, value, (), self.partition)
            for (store, key), value in self._effective(overlay)
        ]
        if not self.stores:
            return outputs
        topic = outputs[-1].topic if outputs else changelog(self.service, next(iter(self.stores))).name
        outputs.append(
            Output(topic, OFFSETS_KEY, Offsets(overlay.positions, self.topic_ids).encode(), (), self.partition)
        )
        return outputs

    def commit(self, overlay: Overlay) -> None:
        """The transaction of `overlay` has committed: take its changes over."""
        for (store, key), value in list(self._effective(overlay)):
            self.stores[store].apply(((key, value),))
            self.processor.store_changed(store, key, value)
        self.positions = dict(overlay.positions)

    def restore(self, store: str, records: Iterable[Change]) -> None:
        """Take over changelog records in order; positions among them count if they are later than those known."""
        changed = self.processor.store_changed
        changes = [change for change in records if not change[0].startswith(_RESERVED) or self._take_positions(change)]
        self.stores[store].apply(changes)
        for key, value in changes:
            changed(store, key, value)

    def _take_positions(self, change: Change) -> bool:
        key, value = change
        if key == OFFSETS_KEY and value is not None:
            offsets = Offsets.decode(value)
            for topic, position in offsets.positions.items():
                belongs_to, now = offsets.topic_ids.get(topic, ""), self.topic_ids.get(topic, "")
                if belongs_to and now and belongs_to != now:
                    self.stale[topic] = belongs_to
                else:
                    self.positions[topic] = max(position, self.positions.get(topic, 0))
        return False

    def _overlay(self, now: datetime) -> Overlay:
        return Overlay(self.stores, now=now, partition=self.partition, positions=self.positions)

    def _place(self, record: Record) -> tuple[int, int]:
        return self._order[record.topic], record.offset

    def _fire(self, done: Slice, limit: int) -> None:
        due = self.processor.next_due()
        if due is None or due >= done.overlay.now:
            return
        for tried, timer in enumerate(self.processor.due_timers(done.overlay), 1):
            done.overlay.savepoint()
            try:
                self.processor.fire(timer, done.overlay)
            except (TaskMustStop, MemoryError):
                raise
            except Exception as error:
                # One bad timer must not stop the others, as one bad record does not.
                done.overlay.rollback()
                done.failed.append(FailedTimer(timer, error, self.postpone(timer, done.overlay.now)))
            else:
                done.fired.append(timer)
            if tried == limit:
                break

    def _withheld(self, record: Record) -> Withheld | None:
        """Why `record` is not processed at all, if there is a reason. Its dead letter would not fit with its value."""
        if isinstance(record.value, Withheld):
            return record.value
        size, limit = size_of(record.key, record.value, record.headers), self._limits[record.topic]
        return too_large(size, limit) if size > limit else None

    def _process(self, record: Record, overlay: Overlay) -> None:
        if self._partition_of is not None and record.key is not None:
            belongs = self._partition_of(record.key)
            if belongs != record.partition:
                raise PoisonRecord(
                    "wrong_partition",
                    f"this key belongs on partition {belongs}, not {record.partition}: "
                    "the producer has to partition by murmur2 (librdkafka: partitioner=murmur2_random)",
                )
        try:
            self.processor.process(record, overlay)
        except (PoisonRecord, TaskMustStop, MemoryError):
            raise
        except Exception as error:
            # A bad record must not stop the others. What the error says may quote the customer: only its place is kept.
            raise PoisonRecord("unexpected_error", _place_of(error)) from error

    def _bury(
        self, done: Slice, record: Record, cause: DeadLetterCause, message: str, *, by_reference: bool = False
    ) -> None:
        letter = DeadLetter(cause, message, self.service, done.overlay.now, record, by_reference)
        done.overlay.emit(dead_letters.to_output(letter))
        done.poisoned.append(letter)

    def _effective(self, overlay: Overlay) -> Iterable[tuple[tuple[str, bytes], bytes | None]]:
        for (store, key), value in overlay.changes.items():
            if key.startswith(_RESERVED):
                raise TaskMustStop(f"store {store}: a key may not start with a zero byte, got one of {len(key)} bytes")
            if value != self.stores[store].get(key):
                yield (store, key), value


def _place_of(error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {where.name}, line {where.lineno} of {where.filename.rpartition('/')[2]}"
