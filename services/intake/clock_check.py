"""Whether Kafka refuses this machine's time.

Kafka takes no record that is dated more than an hour ahead of its own clock (message.timestamp.after.max.ms). No answer
of Kafka has its time, so only another record shows whether the clocks agree again.
"""

from datetime import datetime, timedelta

from shared.observability.health import Readiness
from shared.observability.logs import get_logger

CHECK = "clock"  # the name of the check on /readyz
_DETAIL = "Kafka refused the time of a record: set the clock of this machine, or that of the brokers"
_SET = timedelta(seconds=1)  # by so much the wall clock differs from the monotonic clock once somebody has set it


class ClockCheck:
    """Whether records are refused for their time.

    After a refusal the clock is wrong for `pause`, or until somebody sets it: intake is not ready, and no record is
    sent. Then the next record tries; without it, an intake that gets no calls would never be ready again. The log has
    the first refusal, and the first record that Kafka accepted afterwards.
    """

    def __init__(self, readiness: Readiness, pause: timedelta) -> None:
        self._readiness = readiness
        self._pause = pause
        self._log = get_logger()
        self._refused_at: tuple[datetime, timedelta] | None = None  # wall clock, monotonic clock
        self._in_doubt = False  # from a refusal until a record is accepted

    @property
    def in_doubt(self) -> bool:
        """Whether a record was refused for its time, and none has been accepted since."""
        return self._in_doubt

    def refused(self, now: datetime, monotonic: timedelta) -> None:
        """Kafka has refused the time of a record."""
        self._refused_at = (now, monotonic)
        self._readiness.set(CHECK, False, _DETAIL)
        if not self._in_doubt:
            self._log.error(
                "Kafka refuses records for their time: the clock of this machine or of Kafka is wrong by more than an "
                "hour; intake answers writes with 503 until it is set",
                action="clock.refused",
                now=now.isoformat(),
            )
        self._in_doubt = True

    def accepted(self) -> None:
        """Kafka has acknowledged a record."""
        if self._in_doubt:
            self._in_doubt, self._refused_at = False, None
            self._readiness.forget(CHECK)
            self._log.info("Kafka accepts the time of records again", action="clock.accepted")

    def is_wrong(self, now: datetime, monotonic: timedelta) -> bool:
        """Whether a record would be refused, as far as is known."""
        if self._refused_at is None:
            return False
        wall, steady = now - self._refused_at[0], monotonic - self._refused_at[1]
        if steady < self._pause and abs(wall - steady) < _SET:
            return True
        self._refused_at = None
        self._readiness.forget(CHECK)
        return False
