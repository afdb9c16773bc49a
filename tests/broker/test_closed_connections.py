"""A connection that has closed under a client is a broken connection, on every event loop.

Services run on uvloop, which raises RuntimeError for a write to a closed transport; asyncio's own loop says nothing.
aiokafka expects OSError (aio-libs/aiokafka#1038): its background tasks ended, and the client waited for them for ever.
"""

import asyncio
from collections.abc import Callable

import pytest
import uvloop
from aiokafka.errors import KafkaError

from shared.kafka.aiokafka_internals import AIOKafkaClient
from shared.kafka.settings import KafkaSettings


async def _client(bootstrap: str) -> AIOKafkaClient:
    client = AIOKafkaClient(**KafkaSettings(kafka_bootstrap=bootstrap).client())
    await client.bootstrap()
    return client


async def _close_all(client: AIOKafkaClient) -> None:
    """In the middle of an answer, as when a broker is killed: the client has not noticed it yet."""
    for connection in client._conns.values():
        connection._reader.feed_data(b"\0")
        connection._writer.transport.abort()
    await asyncio.sleep(0)


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_a_request_on_a_connection_that_has_just_closed_is_an_error_of_kafka(
    bootstrap: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Else the task that keeps a client's metadata ends, and a member of a group waits for ever for its partitions."""

    async def go_on() -> None:
        client = await _client(bootstrap)
        try:
            await client.fetch_all_metadata()
            await _close_all(client)
            with pytest.raises(KafkaError, match="Unable to get cluster metadata"):
                await client.fetch_all_metadata()
            await client.fetch_all_metadata()
        finally:
            await client.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(go_on())
