"""What each task of a service does now, for whoever looks at the system. Kafka is all that the services share, so it is
kept there: as the metadata of offsets of a group `{service}-tasks`, which has no members. Any tool that lists groups
shows it.

There is one for each task, at its partition of the service's first source; the offset itself says nothing.
"""

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping

from aiokafka.structs import OffsetAndMetadata, TopicPartition

from shared.kafka.committed_reader import committed_reader
from shared.kafka.consumer import Consumer
from shared.kafka.settings import KafkaSettings
from shared.kafka.task_note import TaskNote, parse


def group_of(service: str) -> str:
    """The group that keeps the notes of a service."""
    return f"{service}-tasks"


async def read_notes(settings: KafkaSettings, service: str, source: str) -> dict[int, TaskNote | None]:
    """The note of each task, by partition of `source`; None = there is none. Needs the right to describe the group.

    Raises KafkaError.
    """
    async with committed_reader(settings, group=group_of(service)) as reader:
        places = (await reader.partitions([source])).get(source, [])
        metadata = await reader.metadata(places) if places else {}
        return {place.partition: parse(metadata.get(place, "")) for place in places}


class NoteWriter:
    """Writes notes of a service whose first source is `source`. Joins no group."""

    def __init__(self, consumer: Consumer, source: str) -> None:
        self._consumer, self._source = consumer, source

    async def write(self, notes: Mapping[int, TaskNote]) -> None:
        """Write the note of each partition, in place of the former one. Raises KafkaError."""
        places = self._places(notes)
        if self._consumer.assignment() != set(places):
            self._consumer.assign(places)
            self._consumer.pause(*places)  # nothing is fetched
            for place in places:
                self._consumer.seek(place, 0)
        await self._consumer.commit({place: OffsetAndMetadata(0, notes[place.partition].encode()) for place in places})

    def _places(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._source, partition) for partition in sorted(partitions)]


@contextlib.asynccontextmanager
async def note_writer(settings: KafkaSettings, service: str, source: str, client_id: str) -> AsyncIterator[NoteWriter]:
    """A connected writer. Raises KafkaError."""
    consumer = Consumer(settings, client_id=client_id, group=group_of(service), enable_auto_commit=False)
    try:
        await consumer.start()
        yield NoteWriter(consumer, source)
    finally:
        await consumer.stop()
