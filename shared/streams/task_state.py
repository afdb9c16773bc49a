"""[pure] The state of a task, and one slice of its work: due timers, then records; poison records are dead-lettered.

The task runtime, the replay and the test driver of topologies all run this, so they cannot differ.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.contracts.topics import changelog
from shared.contracts.vocabulary import DeadLetterCause
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.faults import PoisonRecord, TaskMustStop, place_of
from shared.kafka.record import Output, Record, Withheld, size_of, too_large
from shared.kafka.record_checks import check_partition
from shared.streams.isolation import RETRIED_AFTER
from shared.streams.overlay import Overlay
from shared.streams.positions import Offsets, latest
from shared.streams.processor import Processor, Timer
from shared.streams.state_store import Change, StateStore, StoreFactory, in_memory

TIMERS_PER_SLICE = 2_000  # at most; the runtime also bounds a slice by time
OFFSETS_KEY = b"\x00offsets"  # in a changelog: the source positions of the last transaction that wrote to it
_RESERVED = b"\x00"
_INDEXED_AT_ONCE = 1_000  # entries: about a millisecond
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FailedTimer:
    """A timer that raised an unexpected error, or whose output the broker refuses: its changes were dropped, what it is
    about is isolated, and it is tried again after `until`.
    """

    timer: Timer
    error: Exception
    until: datetime


@dataclass(slots=True)
class Slice:
    """What one slice did, before its transaction has committed."""

    overlay: Overlay
    fired: list[Timer] = field(default_factory=list)  # in the order in which they fired
    failed: list[FailedTimer] = field(default_factory=list)  # the overlay has their isolation, and no other change
    records: int = 0

    @property
    def timers(self) -> int:
        """How many timers fired."""
        return len(self.fired)

    @property
    def due(self) -> datetime | None:
        """When the earliest timer that fired was due; None if none fired."""
        return _instant(self.fired[0].due) if self.fired else None

    @property
    def all_due(self) -> list[datetime]:
        """When each timer that fired was due."""
        return [_instant(timer.due) for timer in self.fired]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit: no record consumed, no timer fired, and nothing isolated."""
        return not (self.timers or self.records or self.overlay.changes)


class TaskState:
    """One partition's processor, stores and positions, as of the last committed transaction.

    `changelog_ends` has for each changelog the offset up to which it is in the stores, as of `known_at` (monotonic
    seconds). None: not restored, or not to be relied on; the stores have to be restored from the beginning.

    `partition_of`, if given, is the partition of a key; a record on another one is dead-lettered as `wrong_partition`.
    A record larger uncompressed than its topic allows is not processed: its dead letter is by reference.

    After a restore from the beginning, `index` fills the indexes of the processor; until then it knows no entry. It is
    a step of its own, so that each entry is indexed once however often its changelog has it, and in pieces.
    `topic_ids` are the ids of the sources, where known: `positions` belong to these topics. `stale` has the ids of
    deleted topics of the same names for which a changelog has a position.
    """

    def __init__(
        self,
        service: str,
        processor: Processor,
        *,
        partition: int,
        make_store: StoreFactory = in_memory,
        partition_of: Callable[[bytes], int] | None = None,
        topic_ids: Mapping[str, str] | None = None,
    ) -> None:
        self.service = service
        self.processor = processor
        self.partition = partition
        self.stores: dict[str, StateStore] = {name: make_store(name, partition) for name in processor.stores}
        self.positions: dict[str, int] = {}
        self.stale: dict[str, str] = {}
        self.changelog_ends: dict[str, int] = {}
        self.known_at: float | None = None
        self._carried: dict[str, dict[str, int]] = {}  # for each changelog the positions that it had last
        self._indexed = False
        self._partition_of = partition_of
        sources = {topic.name for topic in processor.sources}
        self.topic_ids = {topic: each for topic, each in (topic_ids or {}).items() if topic in sources}
        self._order = {topic.name: place for place, topic in enumerate(processor.sources)}
        self._limits = {topic.name: topic.max_message_bytes for topic in processor.sources}

    def run(self, records: Sequence[Record], now: datetime, *, timer_limit: int = TIMERS_PER_SLICE) -> Slice:
        """One slice: `begin` at `now`, `fire` at most `timer_limit` timers, `process` the `records`."""
        done = self.begin(now)
        self.fire(done, timer_limit)
        self.process(done, records)
        return done

    def begin(self, now: datetime) -> Slice:
        """An empty slice, in which everything happens at `now`."""
        return Slice(self._overlay(now))

    def fire(self, done: Slice, limit: int = TIMERS_PER_SLICE, may_go_on: Callable[[], bool] = lambda: True) -> None:
        """Fire due timers in due order: at most `limit`, and no further one once `may_go_on` answers False.

        At least one fires if it may, so that every slice gets further. What a timer that fails is about is isolated;
        the timer counts towards the limit. The overlay has the instant from which timers were left. Raises
        TaskMustStop; drop the slice then.
        """
        due = self.processor.next_due()
        if due is None or due >= done.overlay.now:
            return
        if limit <= 0:
            done.overlay.unfired_from = due
            return
        for tried, timer in enumerate(self.processor.due_timers(done.overlay)):
            if tried == limit or (tried and not may_go_on()):
                done.overlay.unfired_from = _instant(timer.due)
                break
            self.fire_one(done, timer)

    def fire_one(self, done: Slice, timer: Timer) -> None:
        """Fire a due timer. If it fails, what it is about is isolated. Raises TaskMustStop; drop the slice then."""
        done.overlay.savepoint()
        try:
            self.processor.fire(timer, done.overlay)
        except (TaskMustStop, MemoryError):
            raise
        except Exception as error:
            # One bad timer must not stop the others.
            done.overlay.rollback()
            self._isolate(done, timer, error, done.overlay.now + RETRIED_AFTER)
        else:
            done.fired.append(timer)

    def process(self, done: Slice, records: Sequence[Record]) -> None:
        """Process `records` by source and offset.

        Records below the position are skipped: they have been consumed. Raises TaskMustStop; drop the slice then.
        """
        for record in sorted(records, key=self._place):
            if record.offset < done.overlay.positions.get(record.topic, 0):
                continue
            done.overlay.positions[record.topic] = record.offset + 1
            done.records += 1
            if (withheld := self._withheld(record)) is not None:
                self._dead_letter(done, record, withheld.cause, withheld.message, by_reference=True)
                continue
            done.overlay.savepoint()
            try:
                self._process(record, done.overlay)
            except PoisonRecord as poison:
                done.overlay.rollback()
                self._dead_letter(done, record, poison.cause, str(poison))

    def isolate(self, timer: Timer, error: Exception, now: datetime, until: datetime | None = None) -> Slice:
        """Isolate what `timer` is about and do nothing else; the runtime does so when the broker refuses its output."""
        done = Slice(self._overlay(now))
        self._isolate(done, timer, error, until or now + RETRIED_AFTER)
        return done

    def refuse(
        self, record: Record, now: datetime, cause: DeadLetterCause, message: str, *, by_reference: bool
    ) -> Slice:
        """Dead-letter `record` without processing it; the runtime does so when the broker refuses its outputs."""
        done = Slice(self._overlay(now))
        if record.offset < done.overlay.positions.get(record.topic, 0):
            return done
        done.records = 1
        done.overlay.positions[record.topic] = record.offset + 1
        self._dead_letter(done, record, cause, message, by_reference=by_reference)
        return done

    def changelog_outputs(self, overlay: Overlay) -> list[Output]:
        """The changelog records of a slice, in order, with the source positions as the last one.

        Positions go to a changelog that the slice writes anyway, which saves a partition; on restore the latest count.
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
        """The transaction of `overlay` has committed: apply its changes, one call for each store that it changes, then
        call back who waits for the commit.
        """
        changes = list(self._effective(overlay))
        by_store: dict[str, list[Change]] = defaultdict(list)
        for (store, key), value in changes:
            by_store[store].append((key, value))
        for store, each in by_store.items():
            self.stores[store].apply(each)
        for (store, key), value in changes:
            self.processor.store_changed(store, key, value)
        self.positions = dict(overlay.positions)
        if self.stores:  # where `changelog_outputs` has put them
            self._carried[changes[-1][0][0] if changes else next(iter(self.stores))] = dict(overlay.positions)
        for callback in overlay.callbacks:
            callback()

    def appended(self, ends: Mapping[tuple[str, int], int], now: float) -> None:
        """At `now`, the stores have what a transaction has written up to `ends`, by topic and partition."""
        for (topic, _partition), end in ends.items():
            if topic in self.changelog_ends:
                self.changelog_ends[topic] = end
        self.known_at = now

    def restore(self, store: str, records: Iterable[Change]) -> None:
        """Apply changelog records in order. The last positions of each changelog count, and the latest of those: a
        transaction writes its positions to one changelog, and `frontline topics accept` writes them to all, which may
        set a position back.

        `index` has to follow, unless it or a transaction has filled the indexes before.
        """
        changes = [
            change
            for change in records
            if not change[0].startswith(_RESERVED) or self._restore_positions(store, change)
        ]
        self.stores[store].apply(changes)
        if self._indexed:
            for key, value in changes:
                self.processor.store_changed(store, key, value)

    def index(self) -> Iterator[None]:
        """Fill the indexes of the processor from the restored stores; a pause at each step lets others run.

        Nothing else may be called before it has ended. Once it has, it does nothing.
        """
        changed = self.processor.store_changed
        for name, store in self.stores.items() if not self._indexed else ():
            for number, (key, value) in enumerate(store.items(), 1):
                changed(name, key, value)
                if number % _INDEXED_AT_ONCE == 0:
                    yield
        self._indexed = True

    def _restore_positions(self, store: str, change: Change) -> bool:
        key, value = change
        if key == OFFSETS_KEY and value is not None:
            offsets = Offsets.decode(value)
            ours: dict[str, int] = {}
            for topic, position in offsets.positions.items():
                belongs_to, now = offsets.topic_ids.get(topic, ""), self.topic_ids.get(topic, "")
                if belongs_to and now and belongs_to != now:
                    self.stale[topic] = belongs_to
                else:
                    ours[topic] = position
            self._carried[store] = ours
            self.positions = latest(self._carried.values())
        return False

    def _overlay(self, now: datetime) -> Overlay:
        return Overlay(self.stores, now=now, partition=self.partition, positions=self.positions)

    def _place(self, record: Record) -> tuple[int, int]:
        return self._order[record.topic], record.offset

    def _isolate(self, done: Slice, timer: Timer, error: Exception, until: datetime) -> None:
        done.overlay.savepoint()
        self.processor.isolate(timer, error, until, done.overlay)
        done.failed.append(FailedTimer(timer, error, until))

    def _withheld(self, record: Record) -> Withheld | None:
        """Why `record` is not processed at all, if there is a reason. Its value would not fit into a dead letter."""
        if isinstance(record.value, Withheld):
            return record.value
        size, limit = size_of(record.key, record.value, record.headers), self._limits[record.topic]
        return too_large(size, limit) if size > limit else None

    def _process(self, record: Record, overlay: Overlay) -> None:
        if self._partition_of is not None:
            check_partition(record, self._partition_of)
        try:
            self.processor.process(record, overlay)
        except (PoisonRecord, TaskMustStop, MemoryError):
            raise
        except Exception as error:
            # A bad record must not stop the others. The error may quote a customer, so only its place is kept.
            raise PoisonRecord("unexpected_error", place_of(error)) from error

    def _dead_letter(
        self, done: Slice, record: Record, cause: DeadLetterCause, message: str, *, by_reference: bool = False
    ) -> None:
        letter = DeadLetter(cause, message, self.service, done.overlay.now, record, by_reference)
        done.overlay.dead_letter(letter)

    def _effective(self, overlay: Overlay) -> Iterable[tuple[tuple[str, bytes], bytes | None]]:
        for (store, key), value in overlay.changes.items():
            if key.startswith(_RESERVED):
                raise TaskMustStop(f"store {store}: a key may not start with a zero byte, got one of {len(key)} bytes")
            if value != self.stores[store].get(key):
                yield (store, key), value


def _instant(due: int) -> datetime:
    return _EPOCH + timedelta(microseconds=due)
