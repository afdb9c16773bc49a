"""Restoring a task's stores from their changelogs, up to where they ended after the fence."""

import contextlib
import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import TopicPartition

from shared.contracts.topics import changelog
from shared.kafka.committed_reader import CommittedReader, Span, committed_reader
from shared.kafka.faults import KafkaFault, TaskMustStop
from shared.kafka.record import Withheld
from shared.kafka.settings import KafkaSettings
from shared.streams.errors import TakeoverTooSlow
from shared.streams.task_state import TaskState

Report = Callable[[int, int], None]  # records read so far, offsets still to read


class ChangelogMoved(KafkaFault):
    """The changelog no longer has the tail to read, so the stores cannot be completed: restore from the beginning."""


class ForeignRecord(TaskMustStop):
    """A changelog has a record that the task cannot have written, so what its store holds is not known.

    To continue, find what else writes to the topic and withdraw its permission; then restore the topic.
    """

    def __init__(self, topic: str, partition: int, offset: int, why: str) -> None:
        super().__init__(
            f"{topic}[{partition}] has a record at offset {offset} that its task cannot have written: {why}. Find "
            "what else writes to this topic, and restore it"
        )


class _Collector:
    """Python's cyclic garbage collector, paused while any task restores.

    A restore reads hundreds of thousands of records and none is part of a cycle: the search would double its time.
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

    Call it after the fence: then only this task can append. Raises ChangelogMoved, TakeoverTooSlow, KafkaError.
    """
    stores = {TopicPartition(changelog(state.service, store).name, state.partition): store for store in state.stores}
    if not stores:
        return {}
    # With "earliest" a position that does not exist any more would be moved without notice.
    options = {"client_id": client_id, "auto_offset_reset": "none", "fetch_max_wait_ms": settings.fetch_max_wait_ms}
    async with committed_reader(settings, **options) as reader:
        spans: list[Span] = []
        for whole in await reader.spans(list(stores)):
            topic, partition = whole.place
            position = known.get(topic, whole.start)
            if not whole.start <= position <= whole.end:
                raise ChangelogMoved(f"{topic}[{partition}] has the offsets {whole.start} to {whole.end}")
            spans.append(replace(whole, start=position))
        with _collector.resting():
            await _read(reader, state, stores, spans, report)
        return {span.place.topic: span.end for span in spans}


async def _read(
    reader: CommittedReader, state: TaskState, stores: Mapping[TopicPartition, str], spans: list[Span], report: Report
) -> None:
    """By batches, and not by records: a store takes keys and values, and there may be millions of them."""
    count = 0

    def progress(remaining: int) -> None:
        report(count, remaining)

    try:
        async for place, messages in reader.batches(spans, progress):
            for message in messages:
                if isinstance(message.value, Withheld):
                    raise ForeignRecord(place.topic, place.partition, message.offset, message.value.message)
            records = [(m.key, m.value) for m in messages]
            state.restore(stores[place], records)  # type: ignore[arg-type]  # a compacted topic has a key in each record
            count += len(messages)
    except KafkaTimeoutError as error:
        raise TakeoverTooSlow(f"the changelogs cannot be read: {error}") from error
    report(count, 0)
