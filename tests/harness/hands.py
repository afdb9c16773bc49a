"""A clock that a test moves forward, both hands together, so that it looks right to whoever watches it."""

import time
from datetime import timedelta

from shared.wall_clock import utc_now
from shared.watched_clock import WatchedClock


class Hands:
    """Real time plus what the test adds. `step` moves the wall clock alone, which is what a fault does."""

    def __init__(self) -> None:
        self._forward = timedelta()
        self.step = timedelta()

    def forward(self, by: timedelta) -> None:
        """Let so much time pass at once."""
        self._forward += by

    def clock(self) -> WatchedClock:
        """A clock for a runtime; all clocks of these hands agree."""
        return WatchedClock(
            wall=lambda: utc_now() + self._forward + self.step,
            monotonic=lambda: time.monotonic() + self._forward.total_seconds(),
        )
