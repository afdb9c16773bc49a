"""Fixtures that every kind of test may use."""

import gc
import logging
import os
import tempfile
from collections.abc import Generator, Iterator

import pytest
import structlog

from tests.harness import examples
from tests.harness.distribution import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler

examples.choose()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the notes of running systems apart: no test sees a developer's own, or leaves one there."""
    folder = tempfile.TemporaryDirectory(prefix="frontline-notes-")
    config.add_cleanup(folder.cleanup)
    os.environ["FRONTLINE_RUNTIME_DIR"] = folder.name


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


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector, and never look through what was collected again.

    Modules, editions and 12,000 tests live as long as the process. Looking for garbage among them takes a third of the
    time of the collection, which each worker does for itself, and later each full look while tests run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
