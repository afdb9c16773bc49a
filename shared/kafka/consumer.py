"""The consumer of every part of Frontline: logical names, bounded memory (`bounded_records.py`)."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import OffsetOutOfRangeError
from aiokafka.structs import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition

from shared.contracts.topics import record_limit
from shared.kafka import aiokafka_internals
from shared.kafka.bounded_records import bound_decoding, set_record_limit
from shared.kafka.namespace import Namespace, PhysicalName
from shared.kafka.record import Consumed
from shared.kafka.settings import KafkaSettings


class Listener(Protocol):
    """Is informed of each assignment of a group's member, as aiokafka does it."""

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Before the member rejoins."""

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """After it has joined, with heartbeats stopped."""


class Consumer:
    """AIOKafkaConsumer with the names of a namespace: every `topic` and `group` here is a logical one.

    Fetched records do not name their topic; the place that they are fetched from does. `options` are arguments of
    AIOKafkaConsumer.
    """

    def __init__(self, settings: KafkaSettings, *, client_id: str, group: str | None = None, **options: Any) -> None:
        bound_decoding()
        self._names = settings.names
        self._request_seconds = settings.kafka_request_timeout_ms / 1000
        self._consumer = AIOKafkaConsumer(
            **settings.client(),
            client_id=self._names.physical(client_id),
            group_id=None if group is None else self._names.physical(group),
            **options,
        )

    async def start(self) -> None:
        """Connect. Raises KafkaError."""
        await self._consumer.start()

    async def stop(self) -> None:
        """Leave the group, if there is one, and disconnect."""
        await self._consumer.stop()

    async def disconnect(self, stopping: "asyncio.Task[None]", seconds: float) -> None:
        """Close the connections although `stop` has not returned; each step may take so many seconds."""
        await aiokafka_internals.disconnect(self._consumer, stopping, seconds)

    def instance(self, instance_id: str) -> aiokafka_internals.GroupInstance:
        """The static membership of this consumer, which is started and not subscribed yet."""
        return aiokafka_internals.GroupInstance(self._consumer, instance_id)

    def subscribe(self, topics: Iterable[str], listener: Listener) -> None:
        """Read the partitions of `topics` that the group assigns."""
        listening = _Listener(self._names, listener)
        self._consumer.subscribe([self._physical(topic) for topic in topics], listener=listening)

    def assign(self, places: Iterable[TopicPartition]) -> None:
        """Read these partitions, without a group."""
        self._consumer.assign(self._outside(places))

    def assignment(self) -> set[TopicPartition]:
        """The partitions that are read now."""
        return _inside(self._names, self._consumer.assignment())

    def pause(self, *places: TopicPartition) -> None:
        """Fetch nothing of these for now. Raises IllegalStateError."""
        self._consumer.pause(*self._outside(places))

    def resume(self, *places: TopicPartition) -> None:
        """Fetch again. Raises IllegalStateError."""
        self._consumer.resume(*self._outside(places))

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Fetch from `offset` on. Raises IllegalStateError."""
        self._consumer.seek(*self._outside([place]), offset)

    async def seek_to_beginning(self, *places: TopicPartition) -> None:
        """Fetch from the first offset on."""
        await self._consumer.seek_to_beginning(*self._outside(places))

    async def position(self, place: TopicPartition) -> int:
        """The offset of the next record that `getmany` returns."""
        return int(await self._consumer.position(*self._outside([place])))

    async def getmany(
        self, *, timeout_ms: int, max_records: int | None = None
    ) -> dict[TopicPartition, Sequence[Consumed]]:
        """What has been fetched. Raises OffsetOutOfRangeError, whose argument has the offset of each partition."""
        try:
            found = await self._consumer.getmany(timeout_ms=timeout_ms, max_records=max_records)
        except OffsetOutOfRangeError as error:
            raise OffsetOutOfRangeError(_keyed(self._names, error.args[0])) from error
        return _keyed(self._names, found)

    async def beginning_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the logs of these partitions begin."""
        return _keyed(self._names, await self._consumer.beginning_offsets(self._outside(places)))

    async def end_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the logs end; for `read_committed`, the last stable offsets."""
        return _keyed(self._names, await self._consumer.end_offsets(self._outside(places)))

    async def ends_now(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The last stable offsets, for `read_committed`. Unlike `end_offsets` it does not wait until a fetch returns.

        Raises KafkaError if no answer comes within the time limit of a request.
        """
        found = await aiokafka_internals.decided_ends_now(self._consumer, self._outside(places), self._request_seconds)
        return _keyed(self._names, found)

    async def offsets_for_times(
        self, instants: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """For each partition the first record at or after that millisecond since 1970 UTC; None = there is none."""
        asked = dict(zip(self._outside(instants), instants.values(), strict=True))
        return _keyed(self._names, await self._consumer.offsets_for_times(asked))

    async def committed_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, OffsetAndMetadata]:
        """The offsets that the group has committed, with their metadata; absent = none."""
        outside = self._outside(places)
        return _keyed(self._names, await aiokafka_internals.committed_offsets(self._consumer, outside))

    async def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """Commit these offsets of the group, of partitions that are assigned. Raises KafkaError."""
        await self._consumer.commit(dict(zip(self._outside(offsets), offsets.values(), strict=True)))

    async def existing_partitions(self, topics: Iterable[str]) -> dict[str, list[TopicPartition]]:
        """The partitions of those of `topics` that exist; asking creates none."""
        outside = {self._physical(topic): topic for topic in topics}
        found = await aiokafka_internals.existing_partitions(self._consumer, outside)
        return {outside[name]: sorted(_inside(self._names, places)) for name, places in found.items()}

    def fetched_to(self, place: TopicPartition) -> int | None:
        """The offset that the next fetch asks for: beyond control markers and aborted records; None if not known."""
        return aiokafka_internals.fetched_to(self._consumer, *self._outside([place]))

    def decided_end(self, place: TopicPartition) -> int | None:
        """The last stable offset as of the last fetch; None if not known."""
        return aiokafka_internals.decided_end(self._consumer, *self._outside([place]))

    def _physical(self, topic: str) -> PhysicalName:
        name = self._names.physical(topic)
        set_record_limit(name, record_limit(topic))
        return name

    def _outside(self, places: Iterable[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition(self._physical(place.topic), place.partition) for place in places]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Passes the calls of aiokafka on."""

    def __init__(self, names: Namespace, listener: Listener) -> None:
        self._names = names
        self._listener = listener

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._listener.on_partitions_revoked(_inside(self._names, revoked))

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._listener.on_partitions_assigned(_inside(self._names, assigned))


def _inside(names: Namespace, places: Iterable[TopicPartition]) -> set[TopicPartition]:
    return set(_keyed(names, dict.fromkeys(places)))


def _keyed(names: Namespace, found: Mapping[TopicPartition, Any]) -> dict[TopicPartition, Any]:
    """The same by logical places. A consumer has only places of its own namespace."""
    return {TopicPartition(names.logical(place.topic), place.partition): each for place, each in found.items()}
