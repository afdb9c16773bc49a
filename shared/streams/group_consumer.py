"""The group's member: one consumer per service instance, which fetches for all of its tasks.

aiokafka stops heartbeats inside `on_partitions_assigned` and swallows exceptions there, so that callback only pauses
and notifies; all the work is done by the tasks, which seek for themselves. `auto_offset_reset` is "none": with
"earliest" a position that retention has overtaken would be moved silently, and the loss of records would go unnoticed.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from shared.contracts.topics import Topic
from shared.kafka.aiokafka_internals import GroupInstance
from shared.kafka.consumer import Consumer
from shared.kafka.faults import InstanceReplaced
from shared.kafka.record import Consumed
from shared.kafka.settings import KafkaSettings
from shared.observability import logs
from shared.streams.positions import Committed

_log = logs.get_logger()
_GETMANY_MS = 500
_REST = 0.004  # seconds between two drains that had records: a few larger fetches cost less than many small ones
_CHECK_SECONDS = 2.0
_STOP_SECONDS = 3.0  # an open join waits for all members; the group removes this member after the session timeout

Deliver = Callable[[str, int, Sequence[Consumed]], None]  # source, partition, records


class GroupConsumer:
    """A member of the service's group, subscribed to all sources, `range` assignor only.

    `assigned` gets the partitions of which *all* sources are assigned; `revoked` is awaited before they are given up.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        service: str,
        sources: Sequence[Topic],
        *,
        client_id: str,
        assigned: Callable[[set[int]], None],
        revoked: Callable[[], Awaitable[None]],
    ) -> None:
        self._sources = [topic.name for topic in sources]
        self.incomplete: list[int] = []  # partitions that are assigned for some sources only
        self._assigned = assigned
        self._revoked = revoked
        self._instance = settings.instance
        self._instance_id = f"{service}-{settings.instance}" if settings.instance else None
        self._membership: GroupInstance | None = None
        self._consumer = Consumer(
            settings,
            client_id=client_id,
            group=service,
            group_instance_id=self._instance_id,
            partition_assignment_strategy=(RangePartitionAssignor,),
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.heartbeat_interval_ms,
            rebalance_timeout_ms=settings.rebalance_timeout_ms,
            fetch_max_wait_ms=settings.fetch_max_wait_ms,
        )

    async def start(self) -> None:
        """Connect and join; the assignment comes later. Raises KafkaError if there is no broker."""
        await self._consumer.start()
        if self._instance_id is not None:
            self._membership = self._consumer.instance(self._instance_id)
        self._consumer.subscribe(self._sources, listener=self)

    async def feed(self, deliver: Deliver, out_of_range: Callable[[str, int, int], None]) -> None:
        """Deliver what is fetched, until cancelled or the client fails. A position outside the log is reported."""
        while True:
            try:
                batches = await self._consumer.getmany(timeout_ms=_GETMANY_MS)
            except NoOffsetForPartitionError:
                continue  # the client looked up a position before it announced the assignment; harmless
            except OffsetOutOfRangeError as error:
                for place, position in error.args[0].items():
                    out_of_range(place.topic, place.partition, position)
                continue
            for place, records in batches.items():
                deliver(place.topic, place.partition, records)
            if batches:
                await asyncio.sleep(_REST)

    async def check_instance(self) -> None:
        """Check that no other process has joined with the name of this instance, if it has one.

        Call it before this instance joins again, which would replace the other one in turn. Raises InstanceReplaced.
        """
        if self._membership is None or self._instance is None:
            return
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(_CHECK_SECONDS):
                await self._membership.check()
        if self._membership.replaced:
            raise InstanceReplaced(self._instance)

    async def stop(self) -> None:
        """Leave the group (unless membership is static) and disconnect. Never raises."""
        # In a task of its own: aiokafka may let out the cancellation of a fetch of its own as if it were ours.
        stopping = asyncio.create_task(self._consumer.stop())
        await asyncio.wait([stopping], timeout=_STOP_SECONDS)
        if stopping.done() and not stopping.cancelled() and stopping.exception() is None:
            return
        stopping.cancel()
        await self._consumer.disconnect(stopping, _STOP_SECONDS)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Called by aiokafka before it rejoins, with heartbeats going on; everything is revoked each time."""
        try:
            await self._revoked()
        except Exception:
            _log.exception("Partitions could not be given up in order", action="revoke.failed")

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Called by aiokafka after it has joined, heartbeats stopped: pause and notify, nothing else.

        A partition without a position would keep the client from fetching anything until it has looked one up, so each
        gets one here; nothing is fetched by it.
        """
        self._consumer.pause(*assigned)
        for place in assigned:
            self._consumer.seek(place, 0)
        by_partition: dict[int, set[str]] = defaultdict(set)
        for place in assigned:
            by_partition[place.partition].add(place.topic)
        whole = {partition for partition, topics in by_partition.items() if topics == set(self._sources)}
        self.incomplete = sorted(set(by_partition) - whole)
        if self.incomplete:
            _log.error(
                "Some partitions are not assigned for every source: do all sources have the same partition count?",
                action="assignment.incomplete",
                partitions=self.incomplete,
            )
        self._assigned(whole)

    async def committed(self, partition: int) -> dict[str, Committed]:
        """The group's committed offset of each source, fresh from the broker; absent = none."""
        places = [TopicPartition(source, partition) for source in self._sources]
        found = await self._consumer.committed_offsets(places)
        return {place.topic: Committed.parse(each.offset, each.metadata) for place, each in found.items()}

    async def bounds(self, partition: int) -> dict[str, tuple[int, int]]:
        """For each source where its log starts, and where what is decided ends."""
        places = [TopicPartition(source, partition) for source in self._sources]
        starts = await self._consumer.beginning_offsets(places)
        ends = await self._consumer.end_offsets(places)
        return {place.topic: (starts[place], ends[place]) for place in places}

    async def ends_now(self, sources: Sequence[str], partition: int) -> dict[str, int]:
        """Where what is decided in each source ends, asked of its broker after this call. Raises KafkaError.

        It does not wait for fetches, and keeps asking for a while if the broker has moved or does not answer.
        """
        found = await self._consumer.ends_now([TopicPartition(source, partition) for source in sources])
        return {place.topic: end for place, end in found.items()}

    def open(self, source: str, partition: int, offset: int) -> None:
        """Fetch from `offset` on. Raises IllegalStateError if the partition has been revoked."""
        place = TopicPartition(source, partition)
        self._consumer.seek(place, offset)
        self._consumer.resume(place)

    def pause(self, source: str, partition: int) -> None:
        """Stop fetching for now; no matter if the partition has been revoked."""
        with contextlib.suppress(IllegalStateError):
            self._consumer.pause(TopicPartition(source, partition))

    def resume(self, source: str, partition: int) -> None:
        """Fetch again; no matter if the partition has been revoked."""
        with contextlib.suppress(IllegalStateError):
            self._consumer.resume(TopicPartition(source, partition))

    def fetched_to(self, source: str, partition: int) -> int | None:
        """The offset that the next fetch asks for: beyond control markers and aborted records; None if not known."""
        return self._consumer.fetched_to(TopicPartition(source, partition))

    def end(self, source: str, partition: int) -> int | None:
        """Where what is decided ended at the last fetch; None if not known."""
        return self._consumer.decided_end(TopicPartition(source, partition))
