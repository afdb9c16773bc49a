"""One task: partition p of all sources of a service, taken over, run in transactions, and given up in order.

taking_over ──> restoring ──> catching_up ──> running ──> stopped     (revoked, SIGTERM)
     ^                                          │
     └──────── failed (back-off) <──────────────┤      any failure: a new producer, changelog tail included
                                                └──> fenced           (only a fresh assignment brings it back)
"""

import asyncio
import gc
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from shared.backoff import Backoff
from shared.contracts.topics import Topic
from shared.kafka.faults import TaskMustStop
from shared.kafka.record import Record
from shared.observability import logs
from shared.observability.health import Readiness
from shared.streams import hanging_transactions, metrics
from shared.streams.broker_outage import BrokerOutage
from shared.streams.errors import Fenced, OffsetLost, RecordRefused
from shared.streams.pacing import Pacer
from shared.streams.positions import Committed
from shared.streams.processor import Processor
from shared.streams.record_batches import BatchReader
from shared.streams.record_queue import RecordQueue
from shared.streams.refused_records import RefusedRecordIsolation
from shared.streams.takeover import Memory, Sources, TaskFactory, positions
from shared.streams.task_state import FailedTimer, Slice
from shared.streams.transaction import Transactions
from shared.streams.watched_clock import Reading, WatchedClock

STATES = ("taking_over", "restoring", "catching_up", "running", "failed", "fenced", "stopped")

_log = logs.get_logger()
_FENCE_SECONDS = 20.0
_REPORT_SECONDS = 2.0  # between two lines about a restore that takes long
_LONGEST_SLEEP = 1.0  # seconds: a stepped clock has to be noticed, and a connection that broke
_LEAST_SLEEP = 0.0005
_LOOK_SECONDS = 0.01  # between two looks whether a source has been read to its end


@dataclass(slots=True)
class TaskContext:
    """What all tasks of a service instance share."""

    blueprint: TaskFactory
    transactions: Callable[[int], Transactions]
    readiness: Readiness
    clock: WatchedClock
    outage: BrokerOutage
    rejoin: Callable[[str], None]  # leave the group and join anew, for this reason
    client_id: str


class Task:
    """Runs until it is stopped or fenced; every other failure is retried with back-off, and nothing is skipped."""

    def __init__(self, around: TaskContext, partition: int, sources: Sources, memory: Memory | None = None) -> None:
        self.partition = partition
        self._around = around
        self._service = around.blueprint.service
        self._settings = around.blueprint.settings
        self._sources = sources
        self._memory = memory or around.blueprint.empty(partition)
        self._state = self._memory.state
        self._trusted = memory is not None
        self._inbox = RecordQueue(
            [topic.name for topic in self._topics],
            partition,
            pause=lambda source: sources.pause(source, partition),
            resume=lambda source: sources.resume(source, partition),
        )
        loop = asyncio.get_running_loop()
        self._now = loop.time
        phase = partition % self._settings.partitions / self._settings.partitions
        self._pacer = Pacer(self._settings.commit_gap_ms / 1000, phase, self._now())
        self._caution = RefusedRecordIsolation()
        self._backoff = Backoff()
        self._transactions: Transactions | None = None
        self._failing_since: float | None = None
        self._said = ""  # of the last failure: the same again is not worth a line
        self._reported = 0.0
        self._lost: OffsetLost | None = None
        self._stopping = False
        self.phase = ""
        self._enter("taking_over")  # at once: until then nobody would know that something is missing to be ready
        self._runner = loop.create_task(self._run(), name=f"{self._service}-{partition}")

    @property
    def memory(self) -> Memory | None:
        """What a successor in this process may start from; None if it has to restore everything."""
        return self._memory if self._trusted else None

    @property
    def processor(self) -> Processor:
        """The processor that runs now; another one after a restore from the beginning."""
        return self._state.processor

    def offer(self, source: str, records: Sequence[ConsumerRecord]) -> None:
        """Fetched records for this task; dropped unless it has asked for them."""
        self._inbox.offer(source, records)

    def out_of_range(self, source: str, position: int) -> None:
        """The log no longer has what this task reads next: it stops; the takeover that follows says what is there."""
        self._lost = OffsetLost(source, self.partition, f"its log does not have offset {position} (any more)")
        self._inbox.wake()

    def lag(self, source: str) -> int | None:
        """Offsets (control markers included) between the log's end and what has been processed; None if not known."""
        end, fetched = self._sources.end(source, self.partition), self._sources.fetched_to(source, self.partition)
        if end is None or fetched is None or not self._inbox.is_open(source):
            return None
        return max(0, end - fetched) + self._inbox.waiting(source)

    async def stop(self, grace: float) -> None:
        """Finish the transaction that is open, or abort it after `grace` seconds; then let go of everything."""
        self._stopping = True
        self._inbox.wake()
        if self.phase in ("catching_up", "running"):
            await asyncio.wait([self._runner], timeout=grace)
        if not self._runner.done():
            self._runner.cancel()
            await asyncio.wait([self._runner])
        self._enter("stopped")
        self._around.readiness.forget(self._check)

    @property
    def _check(self) -> str:
        return f"partition-{self.partition}"

    @property
    def _topics(self) -> tuple[Topic, ...]:
        return self._state.processor.sources

    def _enter(self, phase: str, detail: str = "") -> None:
        self.phase = phase
        for state in STATES:
            metrics.TASK_STATE.labels(self._service, self.partition, state).set(state == phase)
        self._around.readiness.set(self._check, phase == "running", detail or phase.replace("_", " "))

    # ---- the life of a task

    async def _run(self) -> None:
        while not self._stopping:
            try:
                pause = await self._live()
            finally:
                await self._let_go()
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _live(self) -> float | None:
        """Take over and work until something ends it; the seconds to pause before trying again, or None for never."""
        try:
            await self._work(await self._take_over(), lambda: False)
        except Fenced as error:
            self._enter("fenced", str(error))
            _log.warning(
                "Another owner has this task, or its transaction timed out: joining the group anew",
                action="task.fenced",
                partition=self.partition,
            )
            self._around.rejoin("fenced")
        except RecordRefused as error:
            metrics.TRANSACTIONS_FAILED.labels(self._service, "refused").inc()
            _log.warning(
                "The broker refuses a record; going on record by record",
                action="transaction.refused",
                partition=self.partition,
                error=str(error),
            )
            return 0.0
        except Exception as error:
            self._failed(error)
            if not self._membership_in_doubt(error):
                return self._backoff.next()
            self._around.rejoin("Kafka was away for longer than the group waits")
        return None

    async def _take_over(self) -> Transactions:
        """Steps 2 to 5; see takeover.py. Afterwards the partition is ready."""
        began = self._now()
        self._enter("taking_over")
        self._lost = None
        transactions = self._transactions = self._around.transactions(self.partition)
        async with asyncio.timeout(_FENCE_SECONDS):
            await transactions.start()
        self._enter("restoring")
        self._reported = self._now()
        await self._restore()
        if await self._settle(transactions):
            await self._restore()
        starts, ends = await positions(self._sources, self._topics, self._state)
        self._state.positions.update(starts)
        self._around.outage.over()
        self._enter("catching_up")
        catch_up = [topic.name for topic in self.processor.catch_up]
        for source in catch_up:
            self._open(source)
        await self._work(
            transactions, lambda: all(self._read_to(source, ends[source]) for source in catch_up), _LOOK_SECONDS
        )
        if self._stopping:
            return transactions
        for source in starts:
            if source not in catch_up:
                self._open(source)
        gc.freeze()  # what was restored stays: no use in looking at it again and again
        self._failing_since = None
        self._enter("running")
        metrics.RESTORE_SECONDS.labels(self._service).observe(self._now() - began)
        (_log.debug if self._said else _log.info)(
            f"Task {self.partition} runs",
            action="task.running",
            partition=self.partition,
            positions=dict(self._state.positions),
            keys={name: len(store) for name, store in self._state.stores.items()},
            seconds=round(self._now() - began, 3),
        )
        return transactions

    async def _restore(self) -> None:
        self._memory = await self._around.blueprint.restored(
            self.partition, self.memory, self._report, f"{self._around.client_id}-restore-{self.partition}"
        )
        self._state, self._trusted = self._memory.state, True

    async def _settle(self, transactions: Transactions) -> bool:
        """Bring what Kafka has left hanging to its end; whether there was anything."""
        blueprint, producer_id = self._around.blueprint, transactions.producer_id
        places = blueprint.writes_to(self.processor, self.partition)
        changelogs = blueprint.changelogs(self.processor, self.partition)
        async with (
            asyncio.timeout(_FENCE_SECONDS),
            BatchReader(self._settings, f"{self._around.client_id}-settle-{self.partition}") as reader,
        ):
            found = await hanging_transactions.find(reader, places, changelogs, producer_id)
            for each in found:
                committed = {
                    source: each.offset
                    for source, each in (await self._sources.committed(self.partition)).items()
                    if each.belongs_to(self._state.topic_ids.get(source, ""))
                }
                end = await hanging_transactions.decision(
                    reader, each, places, producer_id, self._state.positions, committed
                )
                await transactions.settle(each.places, self._service, end)
                metrics.TRANSACTIONS_SETTLED.labels(self._service, end).inc()
                _log.warning(
                    f"Kafka had not told {len(each.places)} partitions what it decided about a transaction of task "
                    f"{self.partition}; they are told now: {end}",
                    action="transaction.settled",
                    partition=self.partition,
                    decision=end,
                    places=[f"{topic}[{number}]" for topic, number in each.places],
                )
        return bool(found)

    def _open(self, source: str) -> None:
        self._inbox.open(source)
        self._sources.open(source, self.partition, self._state.positions[source])

    def _read_to(self, source: str, end: int) -> bool:
        fetched = self._sources.fetched_to(source, self.partition)
        return fetched is not None and fetched >= end and not self._inbox.waiting(source)

    def _report(self, records: int, remaining: int) -> None:
        labels = (self._service, self.partition)
        metrics.RESTORE_RECORDS.labels(*labels).set(records)
        metrics.RESTORE_REMAINING.labels(*labels).set(remaining)
        self._enter("restoring", f"restoring: {records} records read, {remaining} offsets to go")
        if remaining and self._now() - self._reported > _REPORT_SECONDS:
            self._reported = self._now()
            _log.info(
                f"Task {self.partition} restores: {records} records read, {remaining} offsets to go",
                action="task.restoring",
                partition=self.partition,
                records=records,
                remaining=remaining,
            )

    async def _let_go(self) -> None:
        self._inbox.close()
        for topic in self._topics:
            self._sources.pause(topic.name, self.partition)
        transactions, self._transactions = self._transactions, None
        if transactions is not None:
            await transactions.discard()

    def _failed(self, error: Exception) -> None:
        self._failing_since = self._failing_since or self._now()
        reason = type(error).__name__
        metrics.TRANSACTIONS_FAILED.labels(self._service, reason).inc()
        expected = isinstance(error, KafkaError | TaskMustStop)
        said = f"{reason}: {error}" if expected else reason  # any other error might quote a customer
        self._enter("failed", said)
        if self._around.outage.noticed(error):
            return
        again, self._said = said == self._said, said
        level = _log.debug if again else (_log.warning if isinstance(error, KafkaError) else _log.error)
        if isinstance(error, KafkaError):
            level("A transaction failed; taking over again", action="task.failed", partition=self.partition, error=said)
            return
        self._trusted = False  # not the broker's fault: perhaps the state's
        level(
            f"Task {self.partition} has to stop: {error if expected else reason}",
            action="task.stopped",
            partition=self.partition,
            error=reason,
            stack=None if expected else "".join(traceback.format_tb(error.__traceback__)),
        )

    def _membership_in_doubt(self, error: Exception) -> bool:
        """Whether the group may have given the partition away: starting a producer would then fence the owner."""
        if not isinstance(error, KafkaError | TimeoutError | OSError) or self._failing_since is None:
            return False
        return self._now() - self._failing_since > self._settings.session_timeout_ms / 1000

    # ---- its work

    async def _work(self, transactions: Transactions, done: Callable[[], bool], look: float = _LONGEST_SLEEP) -> None:
        """One transaction after the other, until stopped or `done`, which is asked every `look` seconds when idle."""
        while not self._stopping and not done():
            if self._lost is not None:
                raise self._lost
            if transactions.lost is not None:
                raise transactions.lost
            reading = self._around.clock.read()
            due = self.processor.next_due()
            timers_due = reading.steady and due is not None and due < reading.now
            queued = len(self._inbox)
            if not queued and not timers_due:
                await self._inbox.wait(_nap(due, reading, look))
                continue
            wait = self._pacer.wait(self._now(), full=queued >= self._pacer.records)
            if wait > 0:
                await self._inbox.wait(wait)
            else:
                await self._step(transactions, reading, timers_due=timers_due, queued=queued)

    async def _step(self, transactions: Transactions, reading: Reading, *, timers_due: bool, queued: int) -> None:
        timers, limit = self._caution.limits(self._pacer.records, timers_due=timers_due, queued=queued)
        records = self._inbox.take(limit)
        began = self._now()
        done = self._slice(records, reading.now, timers if reading.steady else 0)
        for failed in done.failed:
            self._report_failed(failed)
        self._pacer.processed(len(records), self._now() - began)
        if done.empty:
            await asyncio.sleep(0 if records else _LOOK_SECONDS)
            return
        try:
            await self._commit(transactions, done)
        except RecordRefused as error:
            timer = self._caution.refused(done, records, str(error))
            if timer is not None:
                self._report_failed(FailedTimer(timer, error, self._state.postpone(timer, reading.now)))
            raise
        left = self.processor.next_due()
        self._caution.committed(done, timers_left=left is not None and left < reading.now)
        self._backoff.reset()
        self._said = ""
        self._measure(done, records)

    def _slice(self, records: list[Record], now: datetime, timers: int) -> Slice:
        verdict = self._caution.verdict(records[0]) if len(records) == 1 else None
        if verdict is None:
            return self._state.run(records, now, timer_limit=timers)
        return self._state.refuse(
            records[0], now, "output_too_large", verdict.message, by_reference=verdict.by_reference
        )

    async def _commit(self, transactions: Transactions, done: Slice) -> None:
        """One transaction, then its changes into the stores. Any error leaves the stores as they were."""
        overlay = done.overlay
        outputs = [*overlay.outputs, *self._state.changelog_outputs(overlay)]
        consumed = {
            source: Committed(position, self._state.topic_ids.get(source, ""))
            for source, position in overlay.positions.items()
            if position != self._state.positions.get(source)
        }
        began = self._now()
        async with asyncio.timeout(self._settings.transaction_timeout_ms * 0.8 / 1000):
            await transactions.begin()
            sent = await transactions.send(outputs, self.partition, round(overlay.now.timestamp() * 1000))
            if consumed:
                await transactions.send_offsets(consumed, self.partition, self._service)
            await transactions.commit()
        self._state.commit(overlay)
        for (topic, _partition), end in sent.items():
            if topic in self._memory.ends:
                self._memory.ends[topic] = end
        ended = self._memory.at = self._now()
        self._pacer.committed(began, ended)
        metrics.TRANSACTION_SECONDS.labels(self._service).observe(ended - began)

    def _measure(self, done: Slice, records: Sequence[Record]) -> None:
        for topic in {record.topic for record in records}:
            count = sum(record.topic == topic for record in records)
            metrics.RECORDS.labels(self._service, topic).inc(count)
        if done.due is not None:
            late = self._around.clock.read().now - done.due
            metrics.TIMERS.labels(self._service).inc(done.timers)
            metrics.TIMER_LATENESS_SECONDS.labels(self._service).observe(max(0.0, late.total_seconds()))
        for letter in done.poisoned:
            metrics.DEAD_LETTERS.labels(self._service, letter.record.topic, letter.cause).inc()
            _log.warning(
                f"A record could not be processed and was put aside: {letter.message}",
                action="record.dead_lettered",
                cause=letter.cause,
                topic=letter.record.topic,
                partition=letter.record.partition,
                offset=letter.record.offset,
            )

    def _report_failed(self, failed: FailedTimer) -> None:
        error = type(failed.error).__name__
        metrics.TIMERS_FAILED.labels(self._service, error).inc()
        ids = self.processor.timer_ids(failed.timer)
        about = " ".join(f"{name} {value}" for name, value in ids.items())
        refused = isinstance(failed.error, RecordRefused)
        _log.error(
            f"The broker refuses what the timer of {about} produces; it is tried again in an hour, other timers fire"
            if refused
            else f"The timer of {about} failed; it is tried again in an hour, other timers fire",
            action="timer.postponed",
            partition=self.partition,
            error=error,  # never its text, which might quote a customer
            until=failed.until.isoformat(),
            stack=None if refused else "".join(traceback.format_tb(failed.error.__traceback__)),
            **ids,
        )


def _nap(due: datetime | None, reading: Reading, look: float) -> float:
    """How long to sleep if no record comes: until the next timer, but not for longer than `look`."""
    if due is None:
        return look
    seconds = (due - reading.now).total_seconds() if reading.steady else _LONGEST_SLEEP
    return min(max(seconds, _LEAST_SLEEP), look)
