"""Restoring a task's stores from their changelogs, up to where they ended after the fence."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.contracts.topics import changelog
from shared.kafka.bounded_records import bounded_consumer
from shared.kafka.faults import TaskMustStop
from shared.kafka.record import Withheld
from shared.kafka.settings import KafkaSettings
from shared.streams.errors import TakeoverTooSlow
from shared.streams.task_state import TaskState

_POLL_MS = 10  # the position may reach the end without a record: control markers and aborted records are skipped
_STALLED = 30.0  # seconds without progress; the takeover is then tried again
_FETCH_BYTES = 8 * 1024 * 1024

Report = Callable[[int, int], None]  # records read so far, offsets still to read


class ChangelogMoved(Exception):
    """The tail to read is not there any more, so what is in memory is worth nothing: restore from the beginning."""


class ForeignRecord(TaskMustStop):
    """A changelog has a record that the task cannot have written, so what its store holds is not known.

    To go on, find who else writes to the topic and withdraw the permission; then restore the topic.
    """

    def __init__(self, topic: str, partition: int, offset: int, why: str) -> None:
        super().__init__(
            f"{topic}[{partition}] has a record at offset {offset} that its task cannot have written: {why}. Find who "
            "else writes to this topic, and restore it"
        )


class _Collector:
    """Python's cyclic garbage collector, which rests while any task restores.

    Records come by the hundred thousand and none is part of a cycle: looking for some takes as long as restoring.
    """

    def __init__(self) -> None:
        self._restoring = 0
        self._was_on = True

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        if not self._restoring:
            self._was_on = gc.isenabled()
            gc.disable()
        self._restoring += 1
        try:
            yield
        finally:
            self._restoring -= 1
            if not self._restoring and self._was_on:
                gc.enable()


_collector = _Collector()


async def restore(
    settings: KafkaSettings, state: TaskState, known: Mapping[str, int], report: Report, client_id: str
) -> dict[str, int]:
    """Read each changelog of `state` from `known[topic]`, or its beginning, to its end as of now; return the ends.

    Call it after the fence: then nobody but this task can append. Raises ChangelogMoved, TakeoverTooSlow, KafkaError.
    """
    stores = {TopicPartition(changelog(state.service, store).name, state.partition): store for store in state.stores}
    if not stores:
        return {}
    async with _reader(settings, client_id) as consumer:
        consumer.assign(list(stores))
        starts = await consumer.beginning_offsets(list(stores))
        ends = await consumer.end_offsets(list(stores))  # read_committed: everything before it is decided
        for place in stores:
            position = known.get(place.topic, starts[place])
            if not starts[place] <= position <= ends[place]:
                raise ChangelogMoved(f"{place.topic}[{place.partition}] has {starts[place]} to {ends[place]}")
            consumer.seek(place, position)
        with _collector.resting():
            await _read(consumer, state, stores, ends, report)
        return {place.topic: end for place, end in ends.items()}


async def _read(
    consumer: AIOKafkaConsumer,
    state: TaskState,
    stores: Mapping[TopicPartition, str],
    ends: Mapping[TopicPartition, int],
    report: Report,
) -> None:
    count, before = 0, -1
    loop = asyncio.get_running_loop()
    progressed = loop.time()
    while remaining := sum([max(0, end - await consumer.position(place)) for place, end in ends.items()]):
        report(count, remaining)
        if remaining != before:
            before, progressed = remaining, loop.time()
        elif loop.time() - progressed > _STALLED:
            raise TakeoverTooSlow(f"no progress for {_STALLED:.0f} s with {remaining} changelog offsets to go")
        for place, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
            for record in records:
                if isinstance(record.value, Withheld):
                    raise ForeignRecord(place.topic, place.partition, record.offset, record.value.message)
            state.restore(stores[place], [(record.key, record.value) for record in records])
            count += len(records)
    report(count, 0)


@contextlib.asynccontextmanager
async def _reader(settings: KafkaSettings, client_id: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = bounded_consumer(
        **settings.client(),
        client_id=client_id,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=settings.fetch_max_wait_ms,
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
