"""Measures the timers that are due and have not fired, and logs when they stay due: promises are not kept then."""

from prometheus_client import Gauge

from services.escalation.topology import SERVICE, EscalationTopology
from shared.observability import logs
from shared.streams.processor import Processor
from shared.watched_clock import Reading

DUE_BUT_UNFIRED = Gauge("frontline_timers_due_but_unfired", "Timers whose instant has passed", ["service", "task"])

_log = logs.get_logger()


class Auditor:
    """Measures each task once a second, failed ones by their last commit; logs once when its timers stay due, and once
    when they fire again.

    The gauge includes the timers of isolated cases. They are no alarm here: the task has logged each of these cases.
    """

    def __init__(self, alarm_seconds: float) -> None:
        self._alarm_seconds = alarm_seconds
        self._alarmed: set[int] = set()

    def forget(self, partition: int) -> None:
        """The task has ended here: its next owner measures it, and an alarm is its own."""
        DUE_BUT_UNFIRED.remove(SERVICE, partition)
        self._alarmed.discard(partition)

    def observe(self, partition: int, processor: Processor, reading: Reading) -> None:
        """Export how many timers of this task are due now, and log the start and the end of a delay."""
        due = processor.next_due()
        late = 0.0 if due is None else reading.late(due)
        waiting = bool(late or processor.postponed().timers)
        unfired = processor.due_but_unfired(reading.now) if waiting and isinstance(processor, EscalationTopology) else 0
        DUE_BUT_UNFIRED.labels(SERVICE, partition).set(unfired)
        if late > self._alarm_seconds and partition not in self._alarmed:
            self._alarmed.add(partition)
            _log.error(
                f"Timers of task {partition} do not fire: {unfired} are due, the first for {late:.1f} s",
                action="timers.overdue",
                partition=partition,
                unfired=unfired,
                late_seconds=round(late, 3),
            )
        elif not late and partition in self._alarmed:
            self._alarmed.discard(partition)
            _log.info(f"Timers of task {partition} fire again", action="timers.caught_up", partition=partition)
