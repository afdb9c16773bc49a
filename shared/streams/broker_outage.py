"""Logs a broker outage once at its start and once at its end, for all tasks."""

import time
from collections.abc import Callable

from aiokafka.errors import (
    CoordinatorNotAvailableError,
    GroupCoordinatorNotAvailableError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
)

from shared.observability import logs
from shared.streams.errors import TakeoverTooSlow

_log = logs.get_logger()
_UNAVAILABLE = (
    KafkaConnectionError,
    NodeNotReadyError,
    RequestTimedOutError,
    KafkaTimeoutError,
    CoordinatorNotAvailableError,
    GroupCoordinatorNotAvailableError,
    TakeoverTooSlow,
    TimeoutError,
    OSError,
)


class BrokerOutage:
    """Shared by everything in a process that uses the same Kafka."""

    def __init__(self, bootstrap: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bootstrap = bootstrap
        self._monotonic = monotonic
        self._since: float | None = None

    def noticed(self, error: BaseException) -> bool:
        """Whether `error` means that the broker is unavailable; the first such error of an outage is logged."""
        if not isinstance(error, _UNAVAILABLE):
            return False
        if self._since is None:
            self._since = self._monotonic()
            _log.warning(
                f"Kafka at {self._bootstrap} does not answer: retrying until it does",
                action="kafka.unavailable",
                error=f"{type(error).__name__}: {error}",
            )
        return True

    def over(self) -> None:
        """The broker has answered: an outage, if there was one, is over."""
        if self._since is not None:
            seconds, self._since = self._monotonic() - self._since, None
            _log.info(f"Kafka answers again after {seconds:.1f} s", action="kafka.available", seconds=round(seconds, 1))
