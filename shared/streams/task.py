"""One task: partition p of all sources of a service, taken over, run in transactions, and stopped in order.

Its phases are in task_phase.py, the takeover in takeover.py. After any failure the task discards its producer and takes
over again, which restores the tail of its changelogs: a commit whose answer was lost may have happened.
"""

import asyncio
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime

from aiokafka.errors import KafkaError

from shared.backoff import Backoff
from shared.contracts.topics import Topic
from shared.kafka.faults import TaskMustStop
from shared.kafka.record import Consumed, Record
from shared.observability import logs
from shared.streams import dead_letter_report, isolation_report, metrics
from shared.streams.errors import Fenced, OffsetLost, RecordRefused
from shared.streams.joining import release_in_order
from shared.streams.pacing import SLICE_SECONDS, Pacer
from shared.streams.positions import Committed
from shared.streams.processor import Processor
from shared.streams.record_queue import RecordQueue
from shared.streams.refused_records import RefusedRecordIsolation
from shared.streams.takeover import take_over
from shared.streams.task_context import Sources, TaskContext
from shared.streams.task_phase import Phase, Restored, check_transition
from shared.streams.task_state import Slice, TaskState
from shared.streams.transaction import Transactions
from shared.watched_clock import Reading

_log = logs.get_logger()
_LONGEST_SLEEP = 1.0  # seconds; a clock that jumps and a connection that breaks have to be noticed
_LEAST_SLEEP = 0.0005
_LOOK_SECONDS = 0.01  # between two checks whether a source has been read to its end


class Task:
    """Runs until it is stopped or fenced; every other failure is retried with back-off, and no record is skipped.

    `state` is what an earlier task of this partition in this process has left, if it did.
    """

    def __init__(self, context: TaskContext, partition: int, sources: Sources, state: TaskState | None = None) -> None:
        self.context = context
        self.partition = partition
        self.sources = sources
        self.state = state or context.new_state(partition)
        self._queue = RecordQueue(
            [topic.name for topic in self._topics],
            partition,
            pause=lambda source: sources.pause(source, partition),
            resume=lambda source: sources.resume(source, partition),
            first=self._first,
        )
        loop = asyncio.get_running_loop()
        self._now = time.monotonic  # the same clock as the loop's, which is exact to the millisecond only
        settings = context.settings
        stagger = partition % settings.partitions / settings.partitions
        self._pacer = Pacer(settings.commit_gap_ms / 1000, stagger, self._now())
        self._isolation = RefusedRecordIsolation()
        self._timers_left = False  # whether the latest slice has left timers that were due
        self._backoff = Backoff()
        self._transactions: Transactions | None = None
        self._failing_since: float | None = None
        self._last_failure = ""  # as logged; a repetition goes to the debug log
        self._lost: Exception | None = None  # what has ended the reading of sources
        self._joining: asyncio.Task[None] | None = None
        self._restored = self.state.known_at is not None
        self.restored = Restored()  # how far the latest restore has come
        self.stopping = False
        self.phase = Phase.TAKING_OVER
        self.detail = ""  # of the phase, as `/readyz` shows it
        self._show(Phase.TAKING_OVER)  # at once, so that the instance is not ready without this task
        self._runner = loop.create_task(self._run(), name=f"{context.service}-{partition}")

    @property
    def reusable_state(self) -> TaskState | None:
        """What a successor in this process may start from; None if it has to restore everything."""
        return self.state if self.state.known_at is not None else None

    @property
    def processor(self) -> Processor:
        """The processor that runs now; another one after a restore from the beginning."""
        return self.state.processor

    @property
    def knows_its_state(self) -> bool:
        """Whether `state` was restored once, and is not another instance's by now. After a failure it may be late."""
        return self._restored and self.phase not in (Phase.FENCED, Phase.STOPPED)

    @property
    def retrying(self) -> bool:
        """Whether nothing has succeeded since the last failure."""
        return bool(self._last_failure)

    def offer(self, source: str, records: Sequence[Consumed]) -> None:
        """Fetched records for this task; dropped unless it has opened the source."""
        self._queue.offer(source, records)

    def out_of_range(self, source: str, position: int) -> None:
        """The log does not have the offset that the task reads next: it fails, and the next takeover names the log's
        bounds.
        """
        self._lost = OffsetLost(source, self.partition, f"its log does not have offset {position} (any more)")
        self._queue.wake()

    def lag(self, source: str) -> int | None:
        """Offsets (control markers included) between the log's end and what has been processed; None if not known."""
        end, fetched = self.sources.end(source, self.partition), self.sources.fetched_to(source, self.partition)
        if end is None or fetched is None or not self._queue.is_open(source):
            return None
        return max(0, end - fetched) + self._queue.waiting(source)

    async def stop(self, grace: float) -> None:
        """Finish the open transaction, or abort it after `grace` seconds; then release everything.

        Neither `/readyz` nor `/metrics` shows the partition afterwards.
        """
        self.stopping = True
        self._queue.wake()
        if self.phase.processes:
            await asyncio.wait([self._runner], timeout=grace)
        if not self._runner.done():
            self._runner.cancel()
            await asyncio.wait([self._runner])
        self.enter(Phase.STOPPED)
        self.context.readiness.forget(self._check)
        metrics.remove_task(self.context.service, self.partition)

    def wake(self) -> None:
        """Look at the clock now: it was advanced, and timers may be due."""
        self._queue.wake()

    # ---- what its takeover uses

    def enter(self, phase: Phase, detail: str = "") -> None:
        """Go to another phase. Raises IllegalTransition."""
        check_transition(self.partition, self.phase, phase)
        self._show(phase, detail)

    def report(self, detail: str) -> None:
        """Show the progress of this phase on `/readyz`."""
        self.detail = detail
        self.context.readiness.set(self._check, self.phase is Phase.RUNNING, detail)

    def show_restored(self, restored: Restored) -> None:
        """Show how far the restore is to whoever looks at the system."""
        self.restored = restored

    def open(self, source: str) -> None:
        """Read `source` from its position on."""
        self._queue.open(source)
        self.sources.open(source, self.partition, self.state.positions[source])

    def has_read(self, source: str, end: int) -> bool:
        """Whether every record of `source` below `end` has been processed."""
        fetched = self.sources.fetched_to(source, self.partition)
        return fetched is not None and fetched >= end and not self._queue.waiting(source)

    async def process(self, transactions: Transactions, until: Callable[[], bool] | None = None) -> None:
        """One transaction after the other, until the task stops or `until` is true."""
        longest_sleep = _LONGEST_SLEEP if until is None else _LOOK_SECONDS
        while not self.stopping and not (until is not None and until()):
            if self._lost is not None:
                raise self._lost
            if transactions.lost is not None:
                raise transactions.lost
            reading = self.context.clock.read()
            due = self.processor.next_due()
            timers_due = reading.steady and due is not None and due < reading.now
            queued = len(self._queue)
            if not queued and not timers_due:
                await self._queue.wait(_nap(due, reading, longest_sleep))
                continue
            full = queued >= self._pacer.records or (timers_due and self._timers_left)
            wait = self._pacer.wait(self._now(), full=full)
            if wait > 0:
                await self._queue.wait(wait)
            else:
                await self._step(transactions, reading, timers_due=timers_due, queued=queued)

    # ---- its life

    async def _run(self) -> None:
        while not self.stopping:
            try:
                pause = await self._live()
            finally:
                await self._release()
            if pause is None:
                return
            await asyncio.sleep(pause)
            if not self.stopping:
                self.enter(Phase.TAKING_OVER)

    async def _live(self) -> float | None:
        """Take over and work until something ends it; the seconds to pause before trying again, or None for never."""
        try:
            self._lost, self._timers_left = None, False
            self._transactions = transactions = self.context.make_transactions(self.partition)
            await take_over(self, transactions)
            self._failing_since = None
            self._joining = asyncio.create_task(self._join())
            await self.process(transactions)
        except Fenced as error:
            self._fenced(error)
        except Exception as error:
            if isinstance(error, RecordRefused) and self.phase.processes:
                self._refused(error)
                return 0.0
            self._failed(error)
            if not self._membership_in_doubt(error):
                return self._backoff.next()
            self.context.rejoin("Kafka was unavailable for longer than the session timeout")
        return None

    async def _join(self) -> None:
        """Release records that have to wait for others, for ever; nothing to do if no source is joined with another."""
        try:
            await release_in_order(self._queue, self.sources, self._first, self.partition)
        except Exception as error:
            self._lost = error
            self._queue.wake()

    async def _release(self) -> None:
        if self._joining is not None:
            self._joining.cancel()
        self._queue.close()
        for topic in self._topics:
            self.sources.pause(topic.name, self.partition)
        transactions, self._transactions = self._transactions, None
        if transactions is not None:
            await transactions.discard()

    def _fenced(self, error: Fenced) -> None:
        self.enter(Phase.FENCED, str(error))
        _log.warning(
            f"Task {self.partition} fenced by another owner or a transaction time-out: rejoining the group",
            action="task.fenced",
            partition=self.partition,
        )
        self.context.rejoin("fenced")

    def _refused(self, error: RecordRefused) -> None:
        metrics.TRANSACTIONS_FAILED.labels(self.context.service, "refused").inc()
        _log.warning(
            "Broker rejected a record as too large: retrying one record at a time",
            action="transaction.refused",
            partition=self.partition,
            error=str(error),
        )

    def _failed(self, error: Exception) -> None:
        self._failing_since = self._failing_since or self._now()
        reason = type(error).__name__
        metrics.TRANSACTIONS_FAILED.labels(self.context.service, reason).inc()
        expected = isinstance(error, KafkaError | TaskMustStop)
        failure = f"{reason}: {error}" if expected else reason  # any other error might quote a customer
        self.enter(Phase.FAILED, failure)
        if self.context.outage.noticed(error):
            return
        again, self._last_failure = failure == self._last_failure, failure
        level = _log.debug if again else (_log.warning if isinstance(error, KafkaError) else _log.error)
        if isinstance(error, KafkaError):
            level(
                "Transaction failed: taking over the partition again",
                action="task.failed",
                partition=self.partition,
                error=failure,
            )
            return
        self.state.known_at = None  # not the broker's fault, so perhaps the state's: restore from the beginning
        level(
            f"Task {self.partition} cannot continue, retrying: {error if expected else reason}",
            action="task.stopped",
            partition=self.partition,
            error=reason,
            stack=None if expected else "".join(traceback.format_tb(error.__traceback__)),
        )

    def _membership_in_doubt(self, error: Exception) -> bool:
        """Whether the group may have given the partition away: starting a producer would then fence the owner."""
        if not isinstance(error, KafkaError | TimeoutError | OSError) or self._failing_since is None:
            return False
        return self._now() - self._failing_since > self.context.settings.session_timeout_ms / 1000

    @property
    def _check(self) -> str:
        return f"partition-{self.partition}"

    @property
    def _topics(self) -> tuple[Topic, ...]:
        return self.processor.sources

    @property
    def _first(self) -> list[str]:
        return [topic.name for topic in self.processor.read_first]

    def _show(self, phase: Phase, detail: str = "") -> None:
        self.phase = phase
        self._restored = self._restored or phase.processes
        for each in Phase:
            metrics.TASK_STATE.labels(self.context.service, self.partition, each.value).set(each is phase)
        self.report(detail or phase.replace("_", " "))

    # ---- its work

    async def _step(self, transactions: Transactions, reading: Reading, *, timers_due: bool, queued: int) -> None:
        timers, limit = self._isolation.limits(self._pacer.records, timers_due=timers_due, queued=queued)
        records = self._queue.take(limit)
        done = self._slice(records, reading.now, timers if reading.steady else 0)
        if done.empty:
            self._report_isolations(done)
            self._isolation.timer = None
            await asyncio.sleep(0 if records else _LOOK_SECONDS)
            return
        try:
            await self._commit(transactions, done, reading.timestamp_ms)
        except RecordRefused as error:
            self._isolation.refused(done, records, str(error))
            raise
        left = self.processor.next_due()
        self._timers_left = left is not None and left < reading.now
        self._isolation.committed(done, timers_left=self._timers_left)
        self._backoff.reset()
        self._last_failure = ""
        self._measure(done, records, reading)

    def _slice(self, records: list[Record], now: datetime, timers: int) -> Slice:
        if self._isolation.timer is not None:
            return self.state.isolate(self._isolation.timer, RecordRefused("the output of its timer"), now)
        disposition = self._isolation.disposition(records[0]) if len(records) == 1 else None
        if disposition is None:
            done = self.state.begin(now)
            until = self._now() + SLICE_SECONDS
            self.state.fire(done, timers, lambda: self._now() < until)
            fired = self._now()
            self.state.process(done, records)
            self._pacer.processed(len(records), self._now() - fired)
            return done
        return self.state.refuse(
            records[0], now, "output_too_large", disposition.message, by_reference=disposition.by_reference
        )

    async def _commit(self, transactions: Transactions, done: Slice, timestamp_ms: int) -> None:
        """One transaction, whose records have this timestamp, then its changes into the stores.

        Any error leaves the stores as they were.
        """
        overlay, state, service = done.overlay, self.state, self.context.service
        outputs = [*overlay.outputs, *state.changelog_outputs(overlay)]
        consumed = {
            source: Committed(position, state.topic_ids.get(source, ""))
            for source, position in overlay.positions.items()
            if position != state.positions.get(source)
        }
        began = self._now()
        async with asyncio.timeout(self.context.settings.transaction_timeout_ms * 0.8 / 1000):
            await transactions.begin()
            sent = await transactions.send(outputs, self.partition, timestamp_ms)
            if consumed:
                await transactions.send_offsets(consumed, self.partition, service)
            await transactions.commit()
        state.commit(overlay)
        ended = self._now()
        state.appended(sent, ended)
        self._pacer.committed(began, ended)
        metrics.TRANSACTION_SECONDS.labels(service).observe(ended - began)

    def _measure(self, done: Slice, records: Sequence[Record], reading: Reading) -> None:
        service = self.context.service
        for topic in {record.topic for record in records}:
            count = sum(record.topic == topic for record in records)
            metrics.RECORDS.labels(service, topic).inc(count)
        if done.due is not None:
            committed = self.context.clock.read()
            metrics.TIMERS.labels(service).inc(done.timers)
            metrics.TIMER_LATENESS_SECONDS.labels(service).observe(committed.late(done.due))
            for due in done.all_due:
                metrics.TIMER_FIRED_LATE_SECONDS.labels(service).observe(reading.late(due))
        self._report_isolations(done)
        for letter in done.overlay.dead_letters:
            dead_letter_report.report(service, letter)

    def _report_isolations(self, done: Slice) -> None:
        for failed in done.failed:
            metrics.TIMERS_FAILED.labels(self.context.service, type(failed.error).__name__).inc()
        for isolation in done.overlay.isolations:
            isolation_report.report(self.partition, isolation)


def _nap(due: datetime | None, reading: Reading, longest: float) -> float:
    """How long to sleep if no record comes: until the next timer, but not for longer than `longest`."""
    if due is None:
        return longest
    seconds = (due - reading.now).total_seconds() if reading.steady else _LONGEST_SLEEP
    return min(max(seconds, _LEAST_SLEEP), longest)
