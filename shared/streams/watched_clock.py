"""The wall clock, watched: a clock that is stepped must not fire timers early, or declare everything late."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.wall_clock import utc_now

_REANCHOR = 60.0  # seconds; slow drift within the tolerance is followed, or it would add up to an alarm in some days


@dataclass(frozen=True, slots=True)
class Reading:
    """What time it is, and whether timers may fire by it. `drift` is wall clock minus monotonic clock, in seconds."""

    now: datetime
    steady: bool
    drift: float


class WatchedClock:
    """Reads the wall clock and compares its pace with the monotonic one's.

    When the two differ by more than `tolerance`, readings are not steady: firing pauses, and time goes on at its old
    pace. It ends when the wall clock comes back, or when it has kept its new pace for `settle`: then it was set right,
    and is believed, backwards too. Otherwise readings never run backwards.
    """

    def __init__(
        self,
        tolerance: timedelta = timedelta(seconds=1),
        settle: timedelta = timedelta(seconds=30),
        *,
        wall: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tolerance = tolerance
        self._settle = settle.total_seconds()
        self._wall = wall
        self._monotonic = monotonic
        self._last = datetime.min.replace(tzinfo=wall().tzinfo)
        self._suspect: datetime | None = None  # the origin, if the new pace should prove right
        self._suspect_since = 0.0
        self._believe(*self._look())

    def read(self) -> Reading:
        """The instant it is now."""
        origin, monotonic = self._look()
        drift = origin - self._believed
        if abs(drift) <= self._tolerance:
            self._suspect = None
            if monotonic - self._anchored > _REANCHOR:
                self._believe(origin, monotonic)
            self._last = max(self._last, origin + timedelta(seconds=monotonic))
            return Reading(self._last, True, drift.total_seconds())
        if self._suspect is None or abs(origin - self._suspect) > self._tolerance:
            self._suspect, self._suspect_since = origin, monotonic
        if monotonic - self._suspect_since >= self._settle:
            self._suspect = None
            self._believe(origin, monotonic)
            self._last = origin + timedelta(seconds=monotonic)
            return Reading(self._last, True, 0.0)
        self._last = max(self._last, self._believed + timedelta(seconds=monotonic))
        return Reading(self._last, False, drift.total_seconds())

    def _look(self) -> tuple[datetime, float]:
        """The wall clock's instant at monotonic zero, and the monotonic clock."""
        monotonic = self._monotonic()
        return self._wall() - timedelta(seconds=monotonic), monotonic

    def _believe(self, origin: datetime, monotonic: float) -> None:
        self._believed, self._anchored = origin, monotonic
