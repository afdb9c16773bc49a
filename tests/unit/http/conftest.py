"""The tests of the HTTP server run on the event loop of the services, whose transports are not those of asyncio."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """One: a test need not run on others as well."""
    return {"uvloop": uvloop.new_event_loop}
