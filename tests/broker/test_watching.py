"""What operators and the auditor see of running tasks."""

from prometheus_client import REGISTRY

from shared.kafka.partitioning import partition_for
from shared.streams.processor import Processor
from shared.streams.task_phase import Phase
from shared.watched_clock import Reading
from tests.broker.test_exactly_once import KEYS, check_counts
from tests.harness.exported import of_a_partition
from tests.harness.rig import Rig, eventually


def _metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"frontline_{name}", labels) or 0.0


async def test_the_metrics_follow_what_happens(rig: Rig) -> None:
    """Assignments, transactions, records, dead letters by cause, timers, state and lag."""
    running = rig.start()
    await rig.produce(rig.second, [(key, b"") for key in KEYS] + [("a", b"poison"), ("b", b"timer 0.01")])
    await rig.read(rig.sink, len(KEYS) + 1)
    await running.ready(2)
    service = rig.service
    assert _metric("rebalances_total", service=service) == 1
    assert _metric("transaction_seconds_count", service=service) >= 3
    assert _metric("records_processed_total", service=service, topic=rig.second.name) == len(KEYS) + 2
    assert _metric("dead_letters_total", service=service, topic=rig.second.name, cause="unexpected_type") == 1
    assert _metric("timers_fired_total", service=service) == 1
    assert _metric("timer_lateness_seconds_count", service=service) == 1
    assert _metric("restore_seconds_count", service=service) == 2
    for task in "01":
        assert _metric("task_state", service=service, task=task, state="running") == 1
        assert _metric("task_state", service=service, task=task, state="restoring") == 0
    await eventually(
        lambda: all(
            _metric("source_lag_records", service=service, topic=rig.second.name, task=task) == 0 for task in "01"
        )
    )


class _Faulty:
    """An observer that notes its calls and raises in each."""

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.forgotten: set[int] = set()

    def observe(self, partition: int, processor: Processor, reading: Reading) -> None:
        """Note it."""
        self.seen.add(partition)
        assert processor.next_due() is None
        assert reading.steady
        raise ZeroDivisionError("a defect of the observer")

    def forget(self, partition: int) -> None:
        """Note it."""
        self.forgotten.add(partition)
        raise ZeroDivisionError("a defect of the observer")


async def test_an_observer_sees_every_running_processor_and_cannot_stop_the_tasks(rig: Rig) -> None:
    """The auditor counts what is due and has not fired; a defect in it must not cost a promise."""
    observer = _Faulty()
    running = rig.start(observer=observer)
    await eventually(lambda: observer.seen == {0, 1})
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 1)
    assert running.readiness.ready
    await running.stop()
    assert observer.forgotten == {0, 1}


class _Due:
    """An observer that notes how many timers are due."""

    def __init__(self) -> None:
        self.due: dict[int, bool] = {}

    def observe(self, partition: int, processor: Processor, reading: Reading) -> None:
        """Note it."""
        due = processor.next_due()
        self.due[partition] = due is not None and due < reading.now

    def forget(self, partition: int) -> None:
        """Forget it."""
        self.due.pop(partition, None)


async def test_the_gauges_of_a_task_that_has_failed_go_on_or_are_removed(rig: Rig) -> None:
    """A lag and a count of due timers stayed 0 for a task that stood still for good."""
    observer = _Due()
    running = rig.start(observer=observer)
    await running.ready(2)
    stopped = str(partition_for(b"stop", 2))
    await rig.produce(rig.second, [("stop", b"timer 0")])
    lag = {"service": rig.service, "topic": rig.second.name, "task": stopped}
    await eventually(lambda: running.runtime.tasks[int(stopped)].phase is Phase.FAILED)
    await eventually(
        lambda: (
            observer.due.get(int(stopped))
            and REGISTRY.get_sample_value("frontline_source_lag_records", lag) is None
            and _metric("timer_overdue_seconds", service=rig.service, task=stopped) > 2
        )
    )


async def test_an_instance_shows_no_metric_of_a_partition_that_it_has_given_up(rig: Rig) -> None:
    """Two instances would show the same partition, and the older one a value that never changes again."""
    running = rig.start()
    await rig.produce(rig.second, [(key, b"timer 1000") for key in KEYS])
    await running.ready(2)
    everything = {
        (f"frontline_{name}", task)
        for name in (
            "source_lag_records", "timer_overdue_seconds", "isolated", "restore_records",
            "restore_remaining_offsets", "task_state",
        )
        for task in "01"
    }  # fmt: skip
    await eventually(lambda: of_a_partition(rig.service) == everything)
    await running.stop()
    assert of_a_partition(rig.service) == set()
