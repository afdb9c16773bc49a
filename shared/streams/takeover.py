"""Taking over a partition: what has to be true before its task may run, in the order in which it becomes true.

1. The group assigns the partition of all sources; the callback pauses them and starts the task (runtime.py).
2. The task's producer starts: its transactional id fences the predecessor and ends the transaction that it had open.
3. The changelogs' ends are read, *after* the fence, and the stores restored to them, the indexes included. A
   transaction that Kafka has left hanging is brought to its end (hanging_transactions.py), and what that has decided
   is restored too.
4. Each source continues at the later of the group's committed offset and the one in the changelogs; none = beginning.
5. Sources that others are joined with are read to their end. Only then the task runs.

`take_over` does 2 to 5.
"""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from shared.contracts.topics import changelog as changelog_of
from shared.contracts.topics import dead_letter
from shared.kafka.client import Place
from shared.observability import logs
from shared.streams import changelog, hanging_transactions, metrics
from shared.streams.changelog import ChangelogMoved
from shared.streams.positions import Source, check_changelogs, start_of
from shared.streams.record_batches import BatchReader
from shared.streams.task_context import Sources, TaskContext
from shared.streams.task_phase import Phase, Restored
from shared.streams.task_state import TaskState
from shared.streams.transaction import Transactions

_log = logs.get_logger()
_FENCE_SECONDS = 20.0
_REPORT_SECONDS = 2.0  # between two log lines about a long restore
_STALE = 3600.0  # seconds; a tail longer than `delete.retention.ms` (a day) may have lost its tombstones


class TaskInTakeover(Protocol):
    """What a takeover uses of its task, which is in phase `taking_over` when it begins."""

    partition: int
    state: TaskState
    context: TaskContext
    sources: Sources

    @property
    def stopping(self) -> bool:
        """Whether the task has been asked to stop."""

    @property
    def retrying(self) -> bool:
        """Whether nothing has succeeded since the last failure."""

    def enter(self, phase: Phase) -> None:
        """Go to another phase."""

    def report(self, detail: str) -> None:
        """Show the progress of this phase on `/readyz`."""

    def show_restored(self, restored: Restored) -> None:
        """Show how far the restore is to whoever looks at the system."""

    def open(self, source: str) -> None:
        """Read `source` from its position on."""

    def has_read(self, source: str, end: int) -> bool:
        """Whether every record of `source` below `end` has been processed."""

    def process(self, transactions: Transactions, until: Callable[[], bool]) -> Awaitable[None]:
        """Make transactions from the open sources and the timers, until `until` is true or the task stops."""


async def take_over(task: TaskInTakeover, transactions: Transactions) -> None:
    """Steps 2 to 5. Returns with the task running, or catching up if it was asked to stop.

    Raises Fenced, TaskMustStop (OffsetLost, TopicRecreated, ChangelogLost and others), TakeoverTooSlow, TimeoutError,
    KafkaError, and what processing raises.
    """
    context, loop = task.context, asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(_FENCE_SECONDS):  # step 2
        await transactions.start()

    task.enter(Phase.RESTORING)  # step 3
    progress = _Progress(task)
    task.state = await _restored(task, progress)
    if await _settle_hanging(task, transactions):
        task.state = await _restored(task, progress)

    ends = await _set_positions(task)  # step 4
    context.outage.over()

    task.enter(Phase.CATCHING_UP)  # step 5
    first = [topic.name for topic in task.state.processor.read_first]
    for source in first:
        task.open(source)
    await task.process(transactions, lambda: all(task.has_read(source, ends[source]) for source in first))
    if task.stopping:
        return
    for source in ends:
        if source not in first:
            task.open(source)
    gc.freeze()  # restored state is permanent: the garbage collector need not scan it again
    task.enter(Phase.RUNNING)
    seconds = loop.time() - began
    metrics.RESTORE_SECONDS.labels(context.service).observe(seconds)
    (_log.debug if task.retrying else _log.info)(
        f"Task {task.partition} running",
        action="task.running",
        partition=task.partition,
        positions=dict(task.state.positions),
        keys={name: len(store) for name, store in task.state.stores.items()},
        seconds=round(seconds, 3),
    )


async def _restored(task: TaskInTakeover, progress: "_Progress") -> TaskState:
    """The task's state as of the changelogs' ends: only their tail is read if the state is known and recent, otherwise
    all of them into a new state.
    """
    context, state = task.context, task.state
    now = asyncio.get_running_loop().time()
    client_id = f"{context.client_id}-restore-{task.partition}"
    restore = partial(changelog.restore, context.settings, report=progress, client_id=client_id)
    if state.known_at is not None and now - state.known_at < _STALE:
        with contextlib.suppress(ChangelogMoved):
            state.changelog_ends = await restore(state, state.changelog_ends)
            state.known_at = now
            return state
    state = context.new_state(task.partition)
    state.changelog_ends = await restore(state, {})
    for _ in state.index():
        await asyncio.sleep(0)  # lets the other tasks and the heartbeats run
    state.known_at = now
    return state


async def _settle_hanging(task: TaskInTakeover, transactions: Transactions) -> bool:
    """End each transaction of this task that Kafka has left undecided; returns whether there was one.

    Logged before and after: a failure between may lose a commit (hanging_transactions.py).
    """
    context, state, producer_id = task.context, task.state, transactions.producer_id
    changelogs = _changelogs(task)
    places = [*changelogs, *_outputs(task)]
    async with (
        asyncio.timeout(_FENCE_SECONDS),
        BatchReader(context.settings, f"{context.client_id}-settle-{task.partition}") as reader,
    ):
        found = await hanging_transactions.find(reader, places, changelogs, producer_id)
        for hanging in found:
            committed = {
                source: each.offset
                for source, each in (await task.sources.committed(task.partition)).items()
                if each.belongs_to(state.topic_ids.get(source, ""))
            }
            decision = await hanging_transactions.decision(
                reader, hanging, places, producer_id, state.positions, committed
            )
            log = _log.bind(
                partition=task.partition,
                decision=decision,
                places=[f"{topic}[{number}]" for topic, number in hanging.places],
            )
            what = f"transaction of task {task.partition} that is undecided in {len(hanging.places)} partitions"
            log.warning(f"Ending a {what}: {decision}", action="transaction.settling")
            await transactions.settle(hanging.places, context.service, decision)
            await hanging_transactions.until_decided(reader, [place for place in changelogs if place in hanging.places])
            metrics.TRANSACTIONS_SETTLED.labels(context.service, decision).inc()
            log.warning(f"Ended a {what}: {decision}", action="transaction.settled")
    return bool(found)


async def _set_positions(task: TaskInTakeover) -> dict[str, int]:
    """Set where the task continues in each source; returns where their logs end now.

    Raises OffsetLost, TopicRecreated, ChangelogLost.
    """
    state, partition = task.state, task.partition
    committed, bounds = await asyncio.gather(task.sources.committed(partition), task.sources.bounds(partition))
    if state.stores:
        check_changelogs(partition, state.positions, committed, state.topic_ids)
    starts: dict[str, int] = {}
    for name in (topic.name for topic in state.processor.sources):
        source = Source(name, partition, *bounds[name], state.topic_ids.get(name, ""))
        starts[name] = start_of(source, state.positions.get(name), state.stale.get(name), committed.get(name))
    state.positions.update(starts)
    return {name: bounds[name][1] for name in starts}


def _changelogs(task: TaskInTakeover) -> list[Place]:
    """The partitions that keep the task's stores."""
    return [(changelog_of(task.context.service, store).name, task.partition) for store in task.state.processor.stores]


def _outputs(task: TaskInTakeover) -> list[Place]:
    """Every other partition that the task may write to: all partitions of a sink, for each record has its own key."""
    processor, partitions = task.state.processor, task.context.settings.partitions
    sinks = [(sink.name, number) for sink in processor.sinks for number in range(partitions)]
    return [*sinks, *((dead_letter(source).name, task.partition) for source in processor.sources)]


class _Progress:
    """Shows how far a restore is: on `/readyz` and in the metrics at once, in the log every two seconds."""

    def __init__(self, task: TaskInTakeover) -> None:
        self._task = task
        self._now = asyncio.get_running_loop().time
        self._logged = self._now()
        task.show_restored(Restored())

    def __call__(self, records: int, remaining: int) -> None:
        """So many changelog records have been read, so many offsets are still to be read."""
        task = self._task
        labels = (task.context.service, task.partition)
        metrics.RESTORE_RECORDS.labels(*labels).set(records)
        metrics.RESTORE_REMAINING.labels(*labels).set(remaining)
        task.show_restored(Restored(records, remaining))
        task.report(f"restoring: {records} records read, {remaining} offsets to go")
        if remaining and self._now() - self._logged > _REPORT_SECONDS:
            self._logged = self._now()
            _log.info(
                f"Task {task.partition} restoring: {records} records read, {remaining} offsets to go",
                action="task.restoring",
                partition=task.partition,
                records=records,
                remaining=remaining,
            )
