"""The wall clock with a check: a clock that jumps must neither fire timers early nor make everything late.

Nor may it put what customers and agents do in the wrong order.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.wall_clock import utc_now

_BOOT_TIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)
_REANCHOR = 60.0  # seconds; slow drift within the tolerance is followed, or after some days it would look like a jump


def since_boot() -> float:
    """Seconds by a clock that nobody sets; where the system has one, it counts the time that the machine slept."""
    return time.clock_gettime(_BOOT_TIME) if _BOOT_TIME is not None else time.monotonic()


@dataclass(frozen=True, slots=True)
class Reading:
    """The time, and whether timers may fire by it. `drift`: wall clock minus monotonic clock, in seconds."""

    now: datetime
    steady: bool
    drift: float

    @property
    def timestamp_ms(self) -> int:
        """The same instant as Kafka dates a record by it: milliseconds since 1970 UTC."""
        return round(self.now.timestamp() * 1000)

    def late(self, due: datetime) -> float:
        """For how many seconds a timer has been due; 0 if it is not."""
        return max(0.0, (self.now - due).total_seconds())


class WatchedClock:
    """Reads the wall clock and compares its rate with that of the monotonic clock (of Linux, the time since boot: it
    runs on while the machine sleeps).

    When the two differ by more than `tolerance`, readings are not steady: timers are paused, and readings continue at
    the rate before the jump. They are steady again when the wall clock has returned, or has been stable at its new
    offset for `settle`: then it was corrected, and readings follow it, even backwards. Otherwise they never run
    backwards.
    """

    ahead = timedelta(0)  # how far readings are ahead of true time; a clock that a test advances has another value

    def __init__(
        self,
        tolerance: timedelta = timedelta(seconds=1),
        settle: timedelta = timedelta(seconds=30),
        *,
        wall: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = since_boot,
    ) -> None:
        self._tolerance = tolerance
        self._settle = settle.total_seconds()
        self._wall = wall
        self._monotonic = monotonic
        self._last = datetime.min.replace(tzinfo=wall().tzinfo)
        self._suspect: datetime | None = None  # the origin after a jump, until it has settled
        self._suspect_since = 0.0
        self._accept(*self._look())

    def read(self) -> Reading:
        """The time now."""
        origin, monotonic = self._look()
        drift = origin - self._accepted
        if abs(drift) <= self._tolerance:
            self._suspect = None
            if monotonic - self._anchored > _REANCHOR:
                self._accept(origin, monotonic)
            self._last = max(self._last, origin + timedelta(seconds=monotonic))
            return Reading(self._last, True, drift.total_seconds())
        if self._suspect is None or abs(origin - self._suspect) > self._tolerance:
            self._suspect, self._suspect_since = origin, monotonic
        if monotonic - self._suspect_since >= self._settle:
            self._suspect = None
            self._accept(origin, monotonic)
            self._last = origin + timedelta(seconds=monotonic)
            return Reading(self._last, True, 0.0)
        self._last = max(self._last, self._accepted + timedelta(seconds=monotonic))
        return Reading(self._last, False, drift.total_seconds())

    def _look(self) -> tuple[datetime, float]:
        """The wall clock's instant at monotonic zero, and the monotonic clock."""
        monotonic = self._monotonic()
        return self._wall() - timedelta(seconds=monotonic), monotonic

    def _accept(self, origin: datetime, monotonic: float) -> None:
        self._accepted, self._anchored = origin, monotonic
