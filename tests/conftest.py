"""Fixtures that every kind of test may use."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import structlog

from tests.harness import examples
from tests.harness.broker import broker_for_tests

examples.choose()


@pytest_asyncio.fixture(scope="session")
async def bootstrap() -> AsyncIterator[str]:
    """The address of a real Kafka, started at first use and kept for the session."""
    async with broker_for_tests() as address:
        yield address


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A test that configures logging does so on streams that end with it; the next one must not write there."""
    root, client = logging.getLogger(), logging.getLogger("aiokafka")
    handlers, level, client_level = root.handlers[:], root.level, client.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)
    client.setLevel(client_level)
