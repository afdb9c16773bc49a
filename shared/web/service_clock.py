"""The clock of a service with callers: watched for jumps, shown in its metrics, and advanced by a test where it may."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.kafka.settings import KafkaSettings
from shared.observability.clock_report import ClockReport
from shared.test_clock import AdvanceableClock

_EVERY_SECOND = 1.0


class ServiceClock:
    """The clock of `service`. `dated_by` replaces it for what the service dates, and for nothing else."""

    def __init__(self, service: str, settings: KafkaSettings, dated_by: Callable[[], datetime] | None = None) -> None:
        self._service = service
        self._watched = watched = settings.watched_clock()
        self.test: AdvanceableClock | None = watched if isinstance(watched, AdvanceableClock) else None
        self.now: Callable[[], datetime] = dated_by or (lambda: watched.read().now)

    @property
    def ahead(self) -> timedelta:
        """How far a test has advanced it beyond true time."""
        return self._watched.ahead

    @property
    def timestamp_ms(self) -> int:
        """True time as Kafka dates a record by it: milliseconds since 1970 UTC."""
        return self._watched.read().timestamp_ms

    async def report(self) -> None:
        """Show in the metrics and the log whether it has jumped, until cancelled."""
        report = ClockReport(self._service)
        while True:
            report.show(self._watched.read())
            await asyncio.sleep(_EVERY_SECOND)
