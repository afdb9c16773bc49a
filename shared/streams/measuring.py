"""Measures a task once a second: a gauge says what is known of it now, or is not exported.

A task that has failed is measured by the state of its last commit: its timers stay due, and their delay grows. One that
has restored nothing yet knows no timer, which is not the same as having none.
"""

from collections.abc import Sequence
from typing import Protocol

from shared.contracts.topics import Topic
from shared.streams import metrics
from shared.streams.processor import Processor
from shared.streams.task import Task
from shared.streams.task_phase import Phase
from shared.watched_clock import Reading


class Observer(Protocol):
    """Watches the processors of a service, for instance to export metrics. What it raises is logged and ignored."""

    def observe(self, partition: int, processor: Processor, reading: Reading) -> None:
        """Called every second for each task whose state is known, while the wall clock is stable; it must be quick."""

    def forget(self, partition: int) -> None:
        """Nothing is known of this partition here, or its task has ended: export nothing of it any more."""


def measure(service: str, sources: Sequence[Topic], task: Task, reading: Reading, observer: Observer | None) -> None:
    """Export the gauges of `task`. Raises what `observer` raises."""
    partition = task.partition
    for source in sources:
        lag = task.lag(source.name)
        if lag is None:
            metrics.LAG.remove(service, source.name, partition)
        else:
            metrics.LAG.labels(service, source.name, partition).set(lag)
    if task.phase is Phase.FAILED:
        metrics.RESTORE_REMAINING.remove(service, partition)
    if task.knows_its_state:
        _measure_timers(service, task, reading)
    else:
        metrics.TIMER_OVERDUE_SECONDS.remove(service, partition)
        metrics.ISOLATED.remove(service, partition)
    if observer is None:
        return
    if task.knows_its_state and reading.steady:
        observer.observe(partition, task.processor, reading)
    else:
        observer.forget(partition)


def _measure_timers(service: str, task: Task, reading: Reading) -> None:
    postponed = task.processor.postponed()
    due = [at for at in (task.processor.next_due(), postponed.earliest) if at is not None]
    overdue = reading.late(min(due)) if due else 0.0
    metrics.TIMER_OVERDUE_SECONDS.labels(service, task.partition).set(overdue)
    metrics.ISOLATED.labels(service, task.partition).set(postponed.timers)
