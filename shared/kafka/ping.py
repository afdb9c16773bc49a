"""Checks whether a Kafka answers: by a metadata request, not by an open port."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from aiokafka.errors import KafkaError

from shared.kafka.aiokafka_internals import AIOKafkaClient

PAUSE = 0.1  # seconds between two attempts


async def answers(bootstrap: str, timeout: float = 5.0, client: Mapping[str, Any] | None = None) -> bool:
    """Whether a broker of `bootstrap` ("host:port", several with commas) answers within `timeout` seconds.

    `client` has the other arguments of the client, such as credentials (`KafkaSettings.client()`).
    """
    arguments = {**(client or {}), "bootstrap_servers": bootstrap, "request_timeout_ms": max(1, int(timeout * 1000))}
    try:
        with _failed_attempts_unlogged():
            async with asyncio.timeout(timeout):
                kafka = AIOKafkaClient(**arguments)
                try:
                    await kafka.bootstrap()
                    return bool(kafka.cluster.brokers())
                finally:
                    await kafka.close()
    except (KafkaError, OSError, TimeoutError, ValueError):
        return False


async def wait_until_it_answers(bootstrap: str, timeout: float, client: Mapping[str, Any] | None = None) -> bool:
    """Repeat the request until Kafka answers; False after `timeout` seconds without an answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            while not await answers(bootstrap, min(timeout, 5.0), client):  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(PAUSE)
            return True
    return False


@contextmanager
def _failed_attempts_unlogged() -> Iterator[None]:
    """Keep the client from logging failed attempts as errors: here a failure is a result."""

    def keep(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(("Unable connect to", "Unable to request metadata"))

    logger = logging.getLogger("aiokafka")
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
