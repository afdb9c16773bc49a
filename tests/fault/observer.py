"""Reads escalation events as they are committed, and notes at which true time each one could be read.

An event that can be read before its instant was published early, whatever the clock of its service showed.
"""

import asyncio
import contextlib
from datetime import datetime
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from shared.contracts.topics import ESCALATIONS
from shared.kafka.settings import KafkaSettings
from shared.wall_clock import utc_now
from tests.fault.log_history import Place


class Observer:
    """`async with`: reads in the background, through links that no fault disturbs."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.seen: dict[Place, datetime] = {}
        self._settings = settings
        self._consumer = AIOKafkaConsumer(
            **settings.client(),
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._consumer.assign([TopicPartition(ESCALATIONS.name, number) for number in range(self._settings.partitions)])
        self._work = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._work is not None:
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work
        await self._consumer.stop()

    async def _read(self) -> None:
        while True:
            batches = await self._consumer.getmany(timeout_ms=500)
            now = utc_now()
            for place, records in batches.items():
                for record in records:
                    self.seen[place.topic, place.partition, record.offset] = now
