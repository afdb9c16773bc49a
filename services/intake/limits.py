"""Rate limits, kept in this process: calls of each caller, and calls without a known key of each address.

Each instance of intake counts its own calls.
"""

import math
from functools import lru_cache

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

from services.intake.errors import RateLimited, TooManyUnauthenticated
from shared.observability.logs import get_logger
from shared.wall_clock import utc_now

ADDRESSES = 4_096  # whose calls without a known key are counted; with more, counting begins again
_parse = lru_cache(maxsize=1024)(parse)


class RateLimits:
    """Counts the calls of each caller in a moving window."""

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, caller: str, rate: str | None) -> None:
        """Count one call against `rate`, such as 20/minute; None = no limit.

        Raises RateLimited, with the seconds until the next call is admitted.
        """
        if rate is None:
            return
        limit: RateLimitItem = _parse(rate)
        if await self._window.hit(limit, caller):
            return
        reset_at = (await self._window.get_window_stats(limit, caller)).reset_time
        raise RateLimited(
            "refusal.rate", count=limit.amount, seconds=limit.get_expiry(), retry_after=_seconds_until(reset_at)
        )


class UnauthenticatedCalls:
    """Counts the calls without a known key of each address, in windows of fixed length.

    A key is looked up before its call counts. So a call with a known key is admitted whatever its neighbours behind the
    same address send, and the limit only makes the answers to the others shorter. It need not stop guessing, which 256
    random bits make hopeless. At most `addresses` are counted: the storage visits all of them at each call.
    """

    def __init__(self, rate: str, addresses: int = ADDRESSES) -> None:
        self._limit = parse(rate)
        self._addresses = addresses
        self._storage = MemoryStorage()
        self._window = FixedWindowRateLimiter(self._storage)
        self._quiet_until = 0.0
        self._log = get_logger()

    def __len__(self) -> int:
        return len(self._storage.storage)

    async def count(self, address: str) -> None:
        """Count one call. Raises TooManyUnauthenticated beyond the rate, with the seconds until the next window."""
        if len(self) >= self._addresses:
            await self._storage.reset()
        if await self._window.hit(self._limit, address):
            return
        reset_at = (await self._window.get_window_stats(self._limit, address)).reset_time
        self._report(address, reset_at)
        raise TooManyUnauthenticated(
            "refusal.unauthenticated_rate",
            count=self._limit.amount,
            seconds=self._limit.get_expiry(),
            retry_after=_seconds_until(reset_at),
        )

    def _report(self, address: str, reset_at: float) -> None:
        """Log the first address beyond the rate in each window; the metric of refusals counts all calls."""
        if utc_now().timestamp() < self._quiet_until:
            return
        self._quiet_until = reset_at
        self._log.warning(
            "An address sends more calls without a known API key than allowed: they get 429",
            action="unauthenticated.limited",
            client=address,
            rate=str(self._limit),
        )


def _seconds_until(reset_at: float) -> int:
    return max(1, math.ceil(reset_at - utc_now().timestamp()))
