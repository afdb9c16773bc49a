"""Rate limits, kept in this process: calls of each API key, of each person, and of each address without either.

Each instance of intake counts its own calls.
"""

import math
from functools import lru_cache

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

from shared.observability.logs import get_logger
from shared.wall_clock import utc_now
from shared.web.errors import RateLimited, TooManyUnauthenticated

MANY = 4_096  # people or addresses whose calls are counted
_parse = lru_cache(maxsize=1024)(parse)


class RateLimits:
    """Counts the calls of each API key in a moving window."""

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
        raise _too_many(limit, (await self._window.get_window_stats(limit, caller)).reset_time)


class LimitsOfMany:
    """Counts the calls of each of many callers, people and addresses, in windows of fixed length.

    The storage visits all of them at each call, and a moving window would take a thread for each. So at most `callers`
    are counted; with more, counting begins again.
    """

    def __init__(self, callers: int = MANY) -> None:
        self._callers = callers
        self._storage = MemoryStorage()
        self._window = FixedWindowRateLimiter(self._storage)

    def __len__(self) -> int:
        return len(self._storage.storage)

    async def count(self, caller: str, rate: str | None) -> None:
        """Count one call, as in `RateLimits`. Raises RateLimited."""
        if rate is None:
            return
        if len(self) >= self._callers:
            await self._storage.reset()
        limit: RateLimitItem = _parse(rate)
        if await self._window.hit(limit, caller):
            return
        raise _too_many(limit, (await self._window.get_window_stats(limit, caller)).reset_time)


class UnauthenticatedCalls:
    """Counts the calls without a known key of each address, in windows of fixed length.

    A key is looked up before its call counts. So a call with a known key is admitted whatever its neighbours behind the
    same address send, and the limit only makes the answers to the others shorter. It need not stop guessing, which 256
    random bits make hopeless. At most `addresses` are counted.
    """

    def __init__(self, rate: str, addresses: int = MANY) -> None:
        self._rate = rate
        self._limits = LimitsOfMany(addresses)
        self._quiet_until = 0.0
        self._log = get_logger()

    def __len__(self) -> int:
        return len(self._limits)

    async def count(self, address: str) -> None:
        """Count one call. Raises TooManyUnauthenticated beyond the rate, with the seconds until the next window."""
        try:
            await self._limits.count(address, self._rate)
        except RateLimited as beyond:
            retry_after = int(beyond.headers["Retry-After"])
            self._report(address, utc_now().timestamp() + retry_after)
            raise TooManyUnauthenticated(
                "refusal.unauthenticated_rate", **beyond.facts, retry_after=retry_after
            ) from None

    def _report(self, address: str, reset_at: float) -> None:
        """Log the first address beyond the rate in each window; the metric of refusals counts all calls."""
        if utc_now().timestamp() < self._quiet_until:
            return
        self._quiet_until = reset_at
        self._log.warning(
            "An address sends more calls without a known API key than allowed: they get 429",
            action="unauthenticated.limited",
            client=address,
            rate=str(_parse(self._rate)),
        )


def _too_many(limit: RateLimitItem, reset_at: float) -> RateLimited:
    return RateLimited(
        "refusal.rate", count=limit.amount, seconds=limit.get_expiry(), retry_after=_seconds_until(reset_at)
    )


def _seconds_until(reset_at: float) -> int:
    return max(1, math.ceil(reset_at - utc_now().timestamp()))
