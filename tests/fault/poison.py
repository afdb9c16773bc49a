"""A foreign producer that writes to the topics of services while faults act.

Most records are no events: each is to be dead-lettered once. Some are requests in another style than intake's: the
router decides them, and nothing may stop at them.
"""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts import wire
from shared.contracts.topics import ACTIVITY, REQUESTS
from shared.kafka import serde
from shared.kafka.record import Output
from shared.kafka.serde import Envelope
from shared.kafka.settings import KafkaSettings
from shared.wall_clock import utc_now
from tests.harness.asking import request

EVERY_SECONDS = 2.0
_DIGESTS = ("", "sha256:0f", "q83vEjRWeJA=", "d\u00e9j\u00e0 vu")  # nobody says that a digest is hexadecimal


class Poison:
    """`async with`: writes one record after the other, by turns to the topics that services read."""

    def __init__(self, settings: KafkaSettings, run: str) -> None:
        self._producer = AIOKafkaProducer(**settings.client(), enable_idempotence=True)
        self._run = run
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
            output = foreign_request(self._run, number)
            with contextlib.suppress(KafkaError):
                match number % 3:
                    case 0:
                        await self._producer.send(REQUESTS.name, output.value, output.key, headers=list(output.headers))
                    case 1:
                        await self._producer.send(REQUESTS.name, b"?", f"poison-{number}".encode())
                    case _:
                        await self._producer.send(ACTIVITY.name, b"?", f"poison-{number}".encode())
            await asyncio.sleep(EVERY_SECONDS)


def foreign_request(run: str, number: int) -> Output:
    """A request that the contract admits and intake would not write: its id and its digest are of another style."""
    account, order, at = f"foreign-{number % 4}", f"order-{run}-{number}", utc_now()
    event = request(
        request_id=order,
        client="billing",
        account_id=account,
        received_at=at,
        submission_digest=_DIGESTS[number % len(_DIGESTS)],
    )
    envelope = Envelope(order, "/billing", "frontline.request.submitted.v1", at, order, None)
    return serde.to_output(REQUESTS, account, envelope, wire.encode(event))
