"""A foreign producer that writes records which are no events, while faults act: each is to be dead-lettered once."""

import asyncio
import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.topics import ACTIVITY, REQUESTS, Topic
from shared.kafka.settings import KafkaSettings

EVERY_SECONDS = 2.0
_TOPICS: Sequence[Topic] = (REQUESTS, ACTIVITY)


class Poison:
    """`async with`: writes one record after the other, by turns to the topics that services read."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._producer = AIOKafkaProducer(**settings.client(), enable_idempotence=True)
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._producer.start()
        self._work = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        with contextlib.suppress(KafkaError):
            await self._producer.stop()

    async def _write(self) -> None:
        number = 0
        while True:
            number += 1
            with contextlib.suppress(KafkaError):
                await self._producer.send(_TOPICS[number % len(_TOPICS)].name, b"?", f"poison-{number}".encode())
            await asyncio.sleep(EVERY_SECONDS)
