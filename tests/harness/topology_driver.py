"""Runs a processor without Kafka: pipe a record in, advance the wall clock, read what comes out.

It runs the same slice loop, overlay and stores as the task runtime; only the transaction is missing, which here always
commits. The test sets the time, which never runs backwards.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shared.contracts.topics import DEAD_LETTER_SUFFIX, Topic
from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Headers, Output, Record
from shared.streams.errors import RecordRefused
from shared.streams.isolation import Isolation
from shared.streams.processor import Processor, Timer
from shared.streams.state_store import StateStore, StoreFactory, in_memory
from shared.streams.task_state import OFFSETS_KEY, TIMERS_PER_SLICE, Slice, TaskState

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class TopologyDriver:
    """One task of a topology, driven by hand.

    `factory` makes the processor for a partition, and `make_store` its stores, as they do for the runtime; `restart()`
    makes new ones and restores them from the changelogs. `service` names changelogs and dead letters.
    """

    def __init__(
        self,
        factory: Callable[[int], Processor],
        partition: int = 0,
        *,
        service: str = "test",
        now: datetime = EPOCH,
        partition_of: Callable[[bytes], int] | None = None,
        make_store: StoreFactory = in_memory,
    ) -> None:
        self._factory = factory
        self._make_store = make_store
        self._service = service
        self._partition_of = partition_of
        self.partition = partition
        self.now = now
        self.produced: list[Output] = []
        self.reported: list[DeadLetter] = []  # the dead letters that the runtime counts and logs
        self.isolations: list[Isolation] = []  # that the runtime logs
        self.lateness: list[timedelta] = []  # of each timer that has fired, in that order
        self.changelogs: dict[str, dict[bytes, bytes]] = defaultdict(dict)
        self._ends: dict[str, int] = defaultdict(int)
        self._task = self._new_task()
        self._begin_at_the_start()

    @property
    def next_due(self) -> datetime | None:
        """The earliest committed timer."""
        return self._task.processor.next_due()

    def pipe(
        self,
        topic: Topic | str,
        key: str | bytes | None,
        value: bytes | None,
        headers: Headers = (),
        now: datetime | None = None,
    ) -> list[Output]:
        """Process one record at `now` (default: the driver's clock); returns what this transaction produced.

        Timers that are due at `now` fire in the same transaction, first, as in the runtime. To let them fire in their
        own time, call `advance_to(now)` before.
        """
        return self.pipe_slice([self.record(topic, key, value, headers)], now)

    def pipe_output(self, output: Output, now: datetime | None = None) -> list[Output]:
        """Process a record that another driver produced."""
        return self.pipe(output.topic, output.key, output.value, output.headers, now)

    def record(self, topic: Topic | str, key: str | bytes | None, value: bytes | None, headers: Headers = ()) -> Record:
        """The next record of a source topic, not yet processed; offsets count up from 0."""
        name = topic if isinstance(topic, str) else topic.name
        offset = self._ends[name]
        self._ends[name] += 1
        data = key.encode() if isinstance(key, str) else key
        return Record(name, self.partition, offset, round(self.now.timestamp() * 1000), data, value, tuple(headers))

    def pipe_slice(
        self, records: Sequence[Record], now: datetime | None = None, *, timers: int = TIMERS_PER_SLICE
    ) -> list[Output]:
        """Process several records in one transaction: by source, then offset, after the timers that are due, or as many
        of them. None fires while the wall clock of the runtime has jumped.
        """
        self._set_clock(now or self.now)
        return self._commit(self._task.run(records, self.now, timer_limit=timers))

    def abort_slice(self, records: Sequence[Record] = (), now: datetime | None = None) -> list[Output]:
        """Fire and process in a transaction that is then aborted; returns its outputs, which no consumer ever reads.

        The runtime retries the slice, so pipe the same records again.
        """
        self._set_clock(now or self.now)
        return self._task.run(records, self.now).overlay.outputs

    def refuse(self, record: Record, now: datetime | None = None, *, by_reference: bool = False) -> list[Output]:
        """Dead-letter a record unprocessed, as the runtime does once the broker has refused its outputs."""
        self._set_clock(now or self.now)
        return self._commit(
            self._task.refuse(record, self.now, "output_too_large", "too large", by_reference=by_reference)
        )

    def refuse_timer(self, timer: Timer, now: datetime) -> list[Output]:
        """Isolate what a timer is about, as the runtime does once the broker has refused its output."""
        self._set_clock(now)
        return self._commit(self._task.isolate(timer, RecordRefused("too large"), self.now))

    def advance_to(self, now: datetime) -> list[Output]:
        """Let the wall clock run to `now`, firing each timer as soon as the clock is past it, in due order."""
        start = len(self.produced)
        while (due := self.next_due) is not None and due < now:
            self._set_clock(max(self.now, due + _TICK))
            self._fire()
        self._set_clock(now)
        return self.produced[start:]

    def sleep_until(self, now: datetime) -> list[Output]:
        """The task was down until `now`: everything overdue fires at `now`, slice by slice, in due order."""
        self._set_clock(now)
        start = len(self.produced)
        while (due := self.next_due) is not None and due < now:
            self._fire()
        return self.produced[start:]

    def outputs(self, topic: Topic | str | None = None) -> list[Output]:
        """Everything produced so far, to one topic or to all, without changelogs and dead letters."""
        if topic is None:
            return [output for output in self.produced if not output.topic.endswith(DEAD_LETTER_SUFFIX)]
        name = topic if isinstance(topic, str) else topic.name
        return [output for output in self.produced if output.topic == name]

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """Every dead letter so far, with its cause."""
        return [
            dead_letters.parse(output.key, output.value, output.headers)
            for output in self.produced
            if output.topic.endswith(DEAD_LETTER_SUFFIX)
        ]

    @property
    def stores(self) -> Mapping[str, StateStore]:
        """The committed state, by name of store."""
        return self._task.stores

    def contents(self, store: str) -> dict[bytes, bytes]:
        """Every key of a store with its committed value. The keys are those that its changelog has."""
        kept = {key: self.stores[store].get(key) for key in self.changelogs[store] if key != OFFSETS_KEY}
        found = {key: value for key, value in kept.items() if value is not None}
        assert len(found) == len(kept) == len(self.stores[store]), f"store {store} is not what its changelog says"
        return found

    @property
    def processor(self) -> Processor:
        """The processor that runs now; a new one after each restart."""
        return self._task.processor

    @property
    def positions(self) -> Mapping[str, int]:
        """For each source topic the offset after the last record consumed."""
        return self._task.positions

    def restart(self) -> None:
        """Crash and take over: a new processor and new stores, restored from the changelogs."""
        self._task = self._new_task()
        for store in self._task.stores:
            self._task.restore(store, self.changelogs[store].items())
        for _ in self._task.index():
            pass  # here nothing else runs
        self._begin_at_the_start()

    def _new_task(self) -> TaskState:
        processor = self._factory(self.partition)
        return TaskState(
            self._service,
            processor,
            partition=self.partition,
            make_store=self._make_store,
            partition_of=self._partition_of,
        )

    def _begin_at_the_start(self) -> None:
        """As a takeover does: a source without a position is read from its beginning."""
        for source in self._task.processor.sources:
            self._task.positions.setdefault(source.name, 0)

    def _fire(self) -> None:
        fired = self._task.run([], self.now, timer_limit=TIMERS_PER_SLICE)
        assert fired.timers or fired.failed, f"next_due is {self.next_due}, but at {self.now} no timer fired"
        self._commit(fired)

    def _commit(self, done: Slice) -> list[Output]:
        names = {f"{self._service}-{store}-changelog": store for store in self._task.stores}
        for change in self._task.changelog_outputs(done.overlay):
            kept = self.changelogs[names[change.topic]]
            assert change.key is not None
            if change.value is None:
                kept.pop(change.key, None)  # compaction, taken to its end
            else:
                kept[change.key] = change.value
        self._task.commit(done.overlay)
        self.produced += done.overlay.outputs
        self.reported += done.overlay.dead_letters
        self.isolations += done.overlay.isolations
        self.lateness += [done.overlay.now - due for due in done.all_due]
        return done.overlay.outputs

    def _set_clock(self, now: datetime) -> None:
        if now < self.now:
            raise ValueError(f"the wall clock is at {self.now} and does not run back to {now}")
        self.now = now
