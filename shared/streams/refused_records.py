"""[pure] Isolating the record or the timer whose output the broker refuses: the slice is retried one by one."""

from dataclasses import dataclass

from shared.kafka.record import Record
from shared.streams.errors import OutputTooLarge
from shared.streams.processor import Timer
from shared.streams.task_state import TIMERS_PER_SLICE, Slice


@dataclass(frozen=True, slots=True)
class Disposition:
    """A record whose output was refused alone: dead-letter it, by reference if its dead letter was refused as well."""

    message: str
    by_reference: bool


class RefusedRecordIsolation:
    """What the next slices of a task may contain after the broker has refused one.

    A refused slice is retried one timer or one record at a time. A record that is refused alone is dead-lettered, by
    reference if it does not fit; what a timer that is refused alone is about is isolated. Then the task takes full
    slices again.
    """

    def __init__(self) -> None:
        self.timer: Timer | None = None  # refused alone: the next slice isolates what it is about, and nothing else
        self._timers = 0  # still to be fired one by one
        self._until: dict[str, int] = {}  # records below these offsets are processed one by one
        self._dispositions: dict[tuple[str, int], Disposition] = {}

    @property
    def active(self) -> bool:
        """Whether the next slice has to be a single timer or record."""
        return bool(self.timer or self._timers or self._until)

    def limits(self, records: int, *, timers_due: bool, queued: int) -> tuple[int, int]:
        """How many timers and how many records the next slice may take: all and `records` unless `active`."""
        if not self.active:
            return TIMERS_PER_SLICE, records
        if self.timer is not None:
            return 0, 0
        return (1, 0) if timers_due and (self._timers or not queued) else (0, 1)

    def disposition(self, record: Record) -> Disposition | None:
        """How to dead-letter `record` instead of processing it; None = process it."""
        return self._dispositions.get((record.topic, record.offset))

    def refused(self, done: Slice, records: list[Record], message: str) -> None:
        """The broker refused the transaction of `done`, made from `records`. Raises OutputTooLarge."""
        if done.timers + done.records > 1:
            self._timers = max(self._timers, done.timers)
            self._until = dict(done.overlay.positions) if done.records else {}
        elif done.fired:
            self._timers = max(0, self._timers - 1)
            self.timer = done.fired[0]
        else:
            self._refused_alone(records[-1], done, message)

    def committed(self, done: Slice, *, timers_left: bool) -> None:
        """The transaction of `done` has committed; `timers_left`: whether any timer is still due."""
        self.timer = None
        self._timers = max(0, self._timers - done.timers) if timers_left else 0
        positions = done.overlay.positions
        self._until = {topic: end for topic, end in self._until.items() if positions.get(topic, 0) < end}
        self._dispositions = {
            (topic, offset): disposition
            for (topic, offset), disposition in self._dispositions.items()
            if positions.get(topic, 0) <= offset
        }

    def _refused_alone(self, record: Record, done: Slice, message: str) -> None:
        place = (record.topic, record.offset)
        before = self._dispositions.get(place)
        if before is not None and before.by_reference:
            raise OutputTooLarge(
                f"the broker refuses even the dead letter by reference of {place[0]} offset {place[1]}: {message}"
            )
        self._dispositions[place] = Disposition(before.message if before else message, before is not None)
        self._until = {record.topic: max(self._until.get(record.topic, 0), done.overlay.positions[record.topic])}
