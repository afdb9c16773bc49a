"""What the tasks of a service instance share: settings, how to make a task's parts, and where they report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.kafka.partitioning import partitioner
from shared.kafka.settings import KafkaSettings
from shared.observability.health import Readiness
from shared.streams.broker_outage import BrokerOutage
from shared.streams.positions import Committed
from shared.streams.processor import Processor
from shared.streams.state_store import StoreFactory
from shared.streams.task_state import TaskState
from shared.streams.transaction import Transactions
from shared.watched_clock import WatchedClock


class Sources(Protocol):
    """The sources of a service, as its tasks use them. `GroupConsumer` is one."""

    async def committed(self, partition: int) -> dict[str, Committed]:
        """The group's committed offset of each source, read from the broker; absent = none."""

    async def bounds(self, partition: int) -> dict[str, tuple[int, int]]:
        """For each source where its log starts and ends."""

    async def ends_now(self, sources: Sequence[str], partition: int) -> dict[str, int]:
        """Where what is decided in each source ends, asked of its broker after this call. Raises KafkaError."""

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
class TaskContext:
    """What all tasks of a service instance share, and what each of them is made from."""

    service: str
    settings: KafkaSettings
    make_processor: Callable[[int], Processor]  # for a partition
    make_store: StoreFactory
    make_transactions: Callable[[int], Transactions]  # for a partition
    topic_ids: Callable[[], Mapping[str, str]]  # of the sources, as this process first saw them
    readiness: Readiness
    clock: WatchedClock
    outage: BrokerOutage
    rejoin: Callable[[str], None]  # leave the group and join it again, for this reason
    client_id: str

    def new_state(self, partition: int) -> TaskState:
        """The state of a task that has not been restored: a new processor and empty stores."""
        return TaskState(
            self.service,
            self.make_processor(partition),
            partition=partition,
            make_store=self.make_store,
            partition_of=partitioner(self.settings.partitions),
            topic_ids=self.topic_ids(),
        )
