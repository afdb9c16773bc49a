"""A call to intake is repeated while intake or Kafka is unavailable, and given up after a time."""

import asyncio
import socket
import time

import httpx
import pytest

from services.cli.call_intake import GIVE_UP_SECONDS, RETRY_SECONDS, IntakeFailed, call


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock runs a thousand times faster than the wall clock."""

    def time(self) -> float:
        return super().time() * 1000


def unused_url() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_a_call_is_given_up_after_a_time_by_the_clock_of_the_loop() -> None:
    """A wall clock that is set back while intake is unavailable must not prolong the call, nor one that is set forward
    end it: the time-out is that of the event loop, whose clock never jumps."""

    async def call_nobody() -> float:
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with httpx.AsyncClient(base_url=unused_url(), trust_env=False) as client:
            # On a busy machine the fast clock may time the last attempt out before it is refused.
            with pytest.raises(IntakeFailed, match=r"GET /livez got no answer for 90 s; last: Connect(Error|Timeout)"):
                await call(client, "GET", "/livez")
        return loop.time() - started

    started = time.monotonic()
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        took = runner.run(call_nobody())
    assert took >= GIVE_UP_SECONDS
    assert time.monotonic() - started < GIVE_UP_SECONDS / 2
    assert RETRY_SECONDS < GIVE_UP_SECONDS
