"""[pure] Finding the record or the timer whose output the broker refuses: one by one, then set aside alone."""

from dataclasses import dataclass

from shared.kafka.record import Record
from shared.streams.errors import OutputTooLarge
from shared.streams.processor import Timer
from shared.streams.task_state import TIMERS_PER_SLICE, Slice


@dataclass(frozen=True, slots=True)
class Disposition:
    """This record failed alone: dead-letter it, with its value or (if that was refused too) by reference only."""

    message: str
    by_reference: bool


class RefusedRecordIsolation:
    """What a task must do in small steps after the broker has refused a slice.

    A refused slice is tried again one timer or one record at a time. The record that fails alone goes to the dead
    letters, by reference if it does not fit; the timer that fails alone is postponed. Then the task takes full slices
    again.
    """

    def __init__(self) -> None:
        self._timers = 0  # still to be fired one by one
        self._until: dict[str, int] = {}  # records below these offsets are taken one by one
        self._dispositions: dict[tuple[str, int], Disposition] = {}

    @property
    def active(self) -> bool:
        """Whether the next slice has to be a single step."""
        return bool(self._timers or self._until)

    def limits(self, records: int, *, timers_due: bool, queued: int) -> tuple[int, int]:
        """How many timers and how many records the next slice may take; `records` if there is no caution."""
        if not self.active:
            return TIMERS_PER_SLICE, records
        return (1, 0) if timers_due and (self._timers or not queued) else (0, 1)

    def disposition(self, record: Record) -> Disposition | None:
        """What has to be done with `record` instead of processing it, if anything."""
        return self._dispositions.get((record.topic, record.offset))

    def refused(self, done: Slice, records: list[Record], message: str) -> Timer | None:
        """The broker refused the transaction of `done`, made from `records`. Returns the timer to postpone, if it was
        refused alone. Raises OutputTooLarge.
        """
        if done.timers + done.records > 1:
            self._timers = max(self._timers, done.timers)
            self._until = dict(done.overlay.positions) if done.records else {}
            return None
        if done.fired:
            self._timers = max(0, self._timers - 1)
            return done.fired[0]
        self._judge(records[-1], done, message)
        return None

    def committed(self, done: Slice, *, timers_left: bool) -> None:
        """The transaction of `done` has committed; `timers_left` tells whether any timer is still due."""
        self._timers = max(0, self._timers - done.timers) if timers_left else 0
        positions = done.overlay.positions
        self._until = {topic: end for topic, end in self._until.items() if positions.get(topic, 0) < end}
        self._dispositions = {
            (topic, offset): disposition
            for (topic, offset), disposition in self._dispositions.items()
            if positions.get(topic, 0) <= offset
        }

    def _judge(self, record: Record, done: Slice, message: str) -> None:
        place = (record.topic, record.offset)
        before = self._dispositions.get(place)
        if before is not None and before.by_reference:
            raise OutputTooLarge(
                f"even the dead letter by reference of {place[0]} offset {place[1]} is refused: {message}"
            )
        self._dispositions[place] = Disposition(before.message if before else message, before is not None)
        self._until = {record.topic: max(self._until.get(record.topic, 0), done.overlay.positions[record.topic])}
