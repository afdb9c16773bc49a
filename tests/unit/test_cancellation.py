"""A loop that retries ends when it is cancelled, whatever has taken the cancellation for its own."""

import asyncio
from contextlib import suppress

import pytest

from shared.cancellation import end_if_cancelled


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
