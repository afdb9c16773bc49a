"""Whether a Kafka answers: by a real metadata request, not by an open port."""

import asyncio
import logging
from contextlib import suppress

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError


async def answers(bootstrap: str, timeout: float = 5.0) -> bool:
    """Whether a broker of `bootstrap` ("host:port", several with commas) answers within `timeout` seconds."""
    silence = logging.getLogger("aiokafka.client")
    was_disabled, silence.disabled = silence.disabled, True  # it logs each failed try, and we try until it works
    try:
        async with asyncio.timeout(timeout):
            client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=max(1, int(timeout * 1000)))
            try:
                await client.bootstrap()
                return bool(client.cluster.brokers())
            finally:
                await client.close()
    except (KafkaError, OSError, TimeoutError, ValueError):
        return False
    finally:
        silence.disabled = was_disabled


async def wait_until_it_answers(bootstrap: str, timeout: float) -> bool:
    """Ask again and again until it answers; False after `timeout` seconds without an answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            while not await answers(bootstrap, min(timeout, 5.0)):  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.1)
            return True
    return False
