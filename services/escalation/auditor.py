"""Watches what is due and has not fired: the one number that says whether promises are being kept."""

from datetime import datetime

from prometheus_client import Gauge, Histogram

from services.escalation.topology import SERVICE, EscalationTopology
from shared.kafka.dead_letters import DeadLetter
from shared.observability import logs
from shared.streams import dead_letter_report
from shared.streams.processor import Processor

DUE_BUT_UNFIRED = Gauge("frontline_timers_due_but_unfired", "Timers whose instant has passed", ["service", "task"])
LATENESS_SECONDS = Histogram(
    "frontline_timer_fired_late_seconds",
    "From due to firing, of every timer, tries of a transaction included",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.12, 0.2, 0.5, 1, 2, 5, 10, 60, 600, 3600),
)

_log = logs.get_logger()


class Auditor:
    """Looks at each running task once a second; logs once when timers stay due, and once when they do no more.

    A postponed timer is among those that are due and unfired, but is no alarm here: its failure was logged by the task.
    """

    def __init__(self, alarm_seconds: float) -> None:
        self._alarm_seconds = alarm_seconds
        self._alarmed: set[int] = set()

    def fired(self, late: float) -> None:
        """A timer fires, so many seconds after it was due."""
        LATENESS_SECONDS.observe(late)

    def dead_lettered(self, letter: DeadLetter) -> None:
        """Count and log early activity that the topology dead-letters itself."""
        dead_letter_report.report(SERVICE, letter)

    def observe(self, partition: int, processor: Processor, now: datetime) -> None:
        """What is due in this task at `now` and has not fired."""
        due = processor.next_due()
        late = 0.0 if due is None else max(0.0, (now - due).total_seconds())
        waiting = bool(late or processor.postponed().timers)
        unfired = processor.due_but_unfired(now) if waiting and isinstance(processor, EscalationTopology) else 0
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
