"""Shows whether the wall clock of a process has jumped: two gauges, and a log line at the beginning and at the end."""

from prometheus_client import Gauge

from shared.observability.logs import get_logger
from shared.watched_clock import Reading

DRIFT_SECONDS = Gauge(
    "frontline_clock_drift_seconds", "Deviation of the wall clock from the monotonic clock", ["service"]
)
PAUSED = Gauge(
    "frontline_clock_paused",
    "1 while the wall clock has jumped: timers, if any, are paused, and instants follow its rate before the jump",
    ["service"],
)


class ClockReport:
    """What is shown of the clock of one process. Call `show` about once a second."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._paused = False
        self._log = get_logger()

    def show(self, reading: Reading) -> None:
        """Export a reading, and log a change."""
        DRIFT_SECONDS.labels(self._service).set(reading.drift)
        PAUSED.labels(self._service).set(not reading.steady)
        if reading.steady != self._paused:
            return
        self._paused = not reading.steady
        if self._paused:
            self._log.error(
                "Wall clock jumped: until it is stable, instants follow its rate before the jump, "
                "and timers, if any, are paused",
                action="clock.paused",
                drift_seconds=round(reading.drift, 3),
            )
        else:
            self._log.info("Wall clock stable: instants, and timers, if any, follow it again", action="clock.steady")
