"""A loop that retries ends when it is cancelled, whatever has taken the cancellation for its own."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError

from services.intake import publisher
from services.intake.publisher import Publisher
from shared.cancellation import end_if_cancelled
from shared.contracts.topics import REQUESTS
from shared.kafka import topic_watch
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_watch import TopicWatch
from shared.observability.health import Readiness


async def retrying(ends: bool, began: asyncio.Event) -> None:
    """As the readers of topics: an error, and a library that takes the cancellation for that of its own task."""
    for _ in range(3):
        with suppress(OSError):
            try:
                began.set()
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise OSError from None
        if ends:
            end_if_cancelled()


async def test_whoever_retries_after_a_swallowed_cancellation_ends() -> None:
    """And would go on without the question."""
    began = asyncio.Event()
    task = asyncio.create_task(retrying(True, began))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    goes_on = asyncio.create_task(retrying(False, asyncio.Event()))
    await asyncio.sleep(0)
    goes_on.cancel()
    await asyncio.wait([goes_on], timeout=0.05)
    assert not goes_on.done()
    for _ in range(3):
        goes_on.cancel()
        await asyncio.sleep(0)
    await goes_on


async def test_a_task_that_nobody_has_cancelled_goes_on() -> None:
    """An error alone is retried."""
    end_if_cancelled()


def connecting(settings: KafkaSettings, _: pytest.MonkeyPatch) -> Coroutine[Any, Any, None]:
    """Intake before it is connected."""
    return Publisher(settings, [REQUESTS], timeout=1.0, linger_ms=0, readiness=Readiness()).run()


def connected(settings: KafkaSettings, changed: pytest.MonkeyPatch) -> Coroutine[Any, Any, None]:
    """Intake when it is connected, and looks whether Kafka still answers."""

    async def at_once(_: Publisher) -> None:
        return

    changed.setattr(Publisher, "_connect", at_once)
    return connecting(settings, changed)


def watching(settings: KafkaSettings, changed: pytest.MonkeyPatch) -> Coroutine[Any, Any, None]:
    """Any service that looks whether its topics have changed."""
    return TopicWatch(settings, "escalation", [REQUESTS.name], Readiness()).run()


@pytest.mark.parametrize("loop", [watching, connecting, connected])
async def test_a_service_ends_that_is_told_to_while_its_client_closes_after_an_error(
    loop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`close` of aiokafka's client takes the cancellation for that of its task of metadata. It would be lost."""
    closing = asyncio.Event()

    async def metadata() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            closing.set()
            await asyncio.sleep(60)

    async def bootstrap(client: Any) -> None:
        client._sync_task = asyncio.create_task(metadata())
        await asyncio.sleep(0)
        raise KafkaConnectionError("away")

    monkeypatch.setattr(AIOKafkaClient, "bootstrap", bootstrap)
    monkeypatch.setattr(topic_watch, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(publisher, "FIRST_RETRY", 0.0)
    running = asyncio.create_task(loop(KafkaSettings(kafka_bootstrap="127.0.0.1:1"), monkeypatch))
    async with asyncio.timeout(5):
        await closing.wait()
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=5)
    while not running.done():  # so that the test leaves nothing behind where it fails
        running.cancel()
        await asyncio.sleep(0)
    assert done
    assert running.cancelled()
