"""When a task may start its next transaction, how many records it takes, and how long it may fire timers."""

_WEIGHT = 0.2  # of the latest slice in the average time per record
_WEIGHT_TRANSACTION = 0.5  # of the latest transaction in the average: after a backlog, the gap becomes short again soon
_TIMES_TRANSACTION = 4.0  # the gap, in transactions
# A slice fires timers for so long, and then processes records for so long: neither waits for the other to be worked
# off, and the event loop also serves the other tasks and the heartbeats.
SLICE_SECONDS = 0.02
MIN_RECORDS, MAX_RECORDS = 50, 2_000


class Pacer:
    """Commit on demand, with a gap from start to start of max(`least_gap`, 4 x the recent transaction's time).

    All times are monotonic seconds. Tasks that become ready together are staggered by `phase` (0 to 1) of a gap.
    """

    def __init__(self, least_gap: float, phase: float, now: float) -> None:
        self._least_gap = least_gap
        self._transaction = 0.0
        self._record = 0.0
        self._not_before = now + phase * least_gap

    @property
    def gap(self) -> float:
        """The present gap in seconds."""
        return max(self._least_gap, _TIMES_TRANSACTION * self._transaction)

    @property
    def records(self) -> int:
        """How many records a slice may take: as many as the recent rate processes in 20 ms."""
        if self._record <= 0:
            return MIN_RECORDS
        return max(MIN_RECORDS, min(MAX_RECORDS, int(SLICE_SECONDS / self._record)))

    def wait(self, now: float, *, full: bool) -> float:
        """Seconds until the next transaction may start; a full slice need not wait for more.

        A slice is full if it can take no more records, or if the one before has left due timers.
        """
        return 0.0 if full else max(0.0, self._not_before - now)

    def processed(self, records: int, seconds: float) -> None:
        """A slice of `records` took `seconds` to process."""
        if records:
            self._record += _WEIGHT * (seconds / records - self._record) if self._record else seconds / records

    def committed(self, started: float, ended: float) -> None:
        """A transaction ran from `started` to `ended`."""
        self._transaction += _WEIGHT_TRANSACTION * ((ended - started) - self._transaction)
        self._not_before = started + self.gap
