"""Fixtures that every kind of test may use."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.harness.broker import broker_for_tests


@pytest_asyncio.fixture(scope="session")
async def bootstrap() -> AsyncIterator[str]:
    """The address of a real Kafka, started at first use and kept for the session."""
    async with broker_for_tests() as address:
        yield address
