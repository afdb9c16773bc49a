"""The fixtures of the integration tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from frontline_testkit import Frontline
from running import Consumer, PagingService


@pytest.fixture
def service() -> Iterator[PagingService]:
    """A service that takes pages."""
    service = PagingService()
    yield service
    service.close()


@pytest.fixture
def consumer(tmp_path: Path, frontline: Frontline, service: PagingService) -> Iterator[Consumer]:
    """The consumer, not yet started."""
    consumer = Consumer(tmp_path, frontline, service.url)
    yield consumer
    consumer.close()
