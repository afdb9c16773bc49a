"""Rate limits: a moving window for each API key, kept in this process."""

import math
from functools import lru_cache

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from services.intake.api_keys import ApiKey
from services.intake.errors import RateLimited
from shared.wall_clock import utc_now

_parse = lru_cache(maxsize=1024)(parse)


class RateLimits:
    """Counts the calls of each key. Each instance of intake counts its own calls."""

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, key: ApiKey) -> None:
        """Count one call. Raises RateLimited, with the seconds until the next call is admitted."""
        if key.rate is None:
            return
        limit: RateLimitItem = _parse(key.rate)
        if await self._window.hit(limit, key.name):
            return
        reset_at = (await self._window.get_window_stats(limit, key.name)).reset_time
        seconds = max(1, math.ceil(reset_at - utc_now().timestamp()))
        raise RateLimited("refusal.rate", count=limit.amount, seconds=limit.get_expiry(), retry_after=seconds)
