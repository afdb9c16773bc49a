"""The producer of the tasks and of the command line: logical names. Intake has that of FastStream."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from shared.kafka.aiokafka_internals import BatchBuilder, ProducerInternals
from shared.kafka.settings import KafkaSettings


class Producer:
    """AIOKafkaProducer with the names of a namespace: every `topic`, `group` and id here is a logical one.

    `options` are arguments of AIOKafkaProducer. Errors are those of aiokafka.
    """

    def __init__(
        self, settings: KafkaSettings, *, client_id: str, transactional_id: str | None = None, **options: Any
    ) -> None:
        self._names = settings.names
        self._producer = AIOKafkaProducer(
            **settings.client(),
            client_id=self._names.physical(client_id),
            transactional_id=None if transactional_id is None else self._names.physical(transactional_id),
            **options,
        )
        self.internals = ProducerInternals(self._producer)

    async def start(self) -> None:
        """Connect; with a transactional id, fence and abort the predecessor."""
        await self._producer.start()

    async def stop(self) -> None:
        """Flush and disconnect."""
        await self._producer.stop()

    async def partitions_for(self, topic: str) -> set[int]:
        """The numbers of the partitions of `topic`."""
        found: set[int] = await self._producer.partitions_for(self._names.physical(topic))
        return found

    def create_batch(self) -> BatchBuilder:
        """An empty batch of records."""
        return self._producer.create_batch()

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> Any:
        """Queue `batch`; returns a future that ends with its acknowledgement."""
        return await self._producer.send_batch(batch, self._names.physical(topic), partition=partition)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A transaction, which is committed at the end of the block and aborted if that raises."""
        async with self._producer.transaction():
            yield

    async def begin_transaction(self) -> None:
        """Open a transaction."""
        await self._producer.begin_transaction()

    async def commit_transaction(self) -> None:
        """Commit it."""
        await self._producer.commit_transaction()

    async def abort_transaction(self) -> None:
        """Abort it."""
        await self._producer.abort_transaction()

    async def send_offsets(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group: str) -> None:
        """Make these offsets of `group` part of the open transaction."""
        outside = {
            TopicPartition(self._names.physical(place.topic), place.partition): offset
            for place, offset in offsets.items()
        }
        await self._producer.send_offsets_to_transaction(outside, self._names.physical(group))

    def add_partition(self, topic: str, partition: int) -> None:
        """Make a partition part of the open transaction without writing to it."""
        self.internals.add_partition(self._names.physical(topic), partition)

    async def add_group(self, group: str) -> None:
        """Make the offsets of `group` part of the open transaction without changing any."""
        await self.internals.add_group(self._names.physical(group))
