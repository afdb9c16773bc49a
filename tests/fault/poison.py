"""A foreign producer that writes to the topics of services while faults act.

Most records are no events: each is to be dead-lettered once. Some are requests in another style than intake's: the
router decides them, and nothing may stop at them.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts import wire
from shared.contracts.topics import ACTIVITY, REQUESTS
from shared.kafka import serde
from shared.kafka.record import Output
from shared.kafka.serde import Envelope
from shared.kafka.settings import KafkaSettings
from shared.wall_clock import utc_now
from tests.fault.background import in_background
from tests.harness.asking import request

EVERY_SECONDS = 2.0
ANSWER_SECONDS = 5.0
_DIGESTS = ("", "sha256:0f", "q83vEjRWeJA=", "d\u00e9j\u00e0 vu")  # nobody says that a digest is hexadecimal


@contextlib.asynccontextmanager
async def poisoned(settings: KafkaSettings, run: str) -> AsyncIterator[None]:
    """One record is written after the other, by turns to the topics that services read."""
    async with in_background(_write(settings, run)):
        yield


async def _write(settings: KafkaSettings, run: str) -> None:
    numbers = itertools.count(1)
    while True:
        # A new one after each error: an idempotent producer that has lost a batch writes nothing any more.
        with contextlib.suppress(KafkaError, TimeoutError):
            async with AIOKafkaProducer(**settings.client(), enable_idempotence=True) as producer:
                while True:
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await _send(producer, run, next(numbers))
                    await asyncio.sleep(EVERY_SECONDS)
        await asyncio.sleep(EVERY_SECONDS)


async def _send(producer: AIOKafkaProducer, run: str, number: int) -> None:
    match number % 3:
        case 0:
            output = foreign_request(run, number)
            await producer.send_and_wait(REQUESTS.name, output.value, output.key, headers=list(output.headers))
        case 1:
            await producer.send_and_wait(REQUESTS.name, b"?", f"poison-{number}".encode())
        case _:
            await producer.send_and_wait(ACTIVITY.name, b"?", f"poison-{number}".encode())


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
