"""Taking over a partition: what has to be true before its task may run, in the order in which it becomes true.

1. The group has assigned the partition of all sources; the callback has paused them and spawned the task.
2. The task's producer is started: its transactional id fences the predecessor and ends what that had open.
3. The changelogs' ends are read, *after* the fence, and the stores restored to them. A transaction that Kafka has left
   hanging is brought to its end (hanging.py), and what that has decided is restored too.
4. For each source, the later of the group's committed offset and the one that the changelogs carry; none = beginning.
5. Sources that others are joined with are read to their end. Only now the task runs.

This module has 3 and 4; the task does 2 and 5.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contracts.topics import Topic, dead_letter
from shared.contracts.topics import changelog as changelog_of
from shared.kafka.partitioning import partitioner
from shared.kafka.settings import KafkaSettings
from shared.streams import changelog
from shared.streams.changelog import ChangelogMoved, Report
from shared.streams.positions import Committed, Source, check_changelogs, start_of
from shared.streams.processor import Processor
from shared.streams.record_batches import Place
from shared.streams.state_store import InMemoryStore
from shared.streams.task_state import TaskState

_STALE = 3600.0  # seconds; a tail longer than `delete.retention.ms` (a day) may have lost its tombstones


class Sources(Protocol):
    """The sources of a service, as its tasks use them. `GroupConsumer` is one."""

    async def committed(self, partition: int) -> dict[str, Committed]:
        """The group's committed offset of each source, fresh; absent = none."""

    async def bounds(self, partition: int) -> dict[str, tuple[int, int]]:
        """For each source where its log starts and ends."""

    def open(self, source: str, partition: int, offset: int) -> None:
        """Fetch from `offset` on."""

    def pause(self, source: str, partition: int) -> None:
        """Stop fetching for now."""

    def resume(self, source: str, partition: int) -> None:
        """Fetch again."""

    def fetched_to(self, source: str, partition: int) -> int | None:
        """The offset that the next fetch asks for."""

    def end(self, source: str, partition: int) -> int | None:
        """Where the log ended at the last fetch."""


@dataclass(slots=True)
class Memory:
    """A restored task: its state, and for each changelog the offset up to which it is in there, as of `at`."""

    state: TaskState
    ends: dict[str, int]
    at: float  # monotonic seconds


@dataclass(frozen=True, slots=True)
class TaskFactory:
    """What a service's tasks are made from."""

    service: str
    settings: KafkaSettings
    factory: Callable[[int], Processor]
    topic_ids: Callable[[], Mapping[str, str]] = dict  # of the sources as they were when this process met them

    def changelogs(self, processor: Processor, partition: int) -> list[Place]:
        """The partitions that keep the stores of a task."""
        return [(changelog_of(self.service, store).name, partition) for store in processor.stores]

    def writes_to(self, processor: Processor, partition: int) -> list[Place]:
        """Every partition that a task may write to: a sink decides by its own key."""
        sinks = [(sink.name, number) for sink in processor.sinks for number in range(self.settings.partitions)]
        put_aside = [(dead_letter(source).name, partition) for source in processor.sources]
        return [*self.changelogs(processor, partition), *sinks, *put_aside]

    def empty(self, partition: int) -> Memory:
        """A task that knows nothing yet."""
        processor = self.factory(partition)
        state = TaskState(
            self.service,
            processor,
            [InMemoryStore(name) for name in processor.stores],
            partition=partition,
            partition_of=partitioner(self.settings.partitions),
            topic_ids=self.topic_ids(),
        )
        return Memory(state, {}, asyncio.get_running_loop().time())

    async def restored(self, partition: int, memory: Memory | None, report: Report, client_id: str) -> Memory:
        """Step 3: from `memory` only the tail is read; without it, or where it is too old, everything."""
        now = asyncio.get_running_loop().time()
        if memory is not None and now - memory.at < _STALE:
            try:
                memory.ends = await changelog.restore(self.settings, memory.state, memory.ends, report, client_id)
            except ChangelogMoved:
                memory = None
            else:
                memory.at = now
                return memory
        memory = self.empty(partition)
        memory.ends = await changelog.restore(self.settings, memory.state, {}, report, client_id)
        return memory


async def positions(
    sources: Sources, topics: Sequence[Topic], state: TaskState
) -> tuple[dict[str, int], dict[str, int]]:
    """Step 4: for each source where to go on, and where its log ends now.

    Raises OffsetLost, TopicRecreated, ChangelogLost.
    """
    partition = state.partition
    committed, bounds = await asyncio.gather(sources.committed(partition), sources.bounds(partition))
    if state.stores:
        check_changelogs(partition, state.positions, committed, state.topic_ids)
    starts: dict[str, int] = {}
    for name in (topic.name for topic in topics):
        source = Source(name, partition, *bounds[name], state.topic_ids.get(name, ""))
        starts[name] = start_of(source, state.positions.get(name), state.stale.get(name), committed.get(name))
    return starts, {topic.name: bounds[topic.name][1] for topic in topics}
