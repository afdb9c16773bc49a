"""A task outside its transactions: the phases that it shows."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from shared.contracts.topics import Topic
from shared.kafka.settings import KafkaSettings
from shared.observability.health import Readiness
from shared.streams import metrics
from shared.streams.broker_outage import BrokerOutage
from shared.streams.errors import IllegalTransition
from shared.streams.measuring import measure
from shared.streams.positions import Committed
from shared.streams.processor import Processor
from shared.streams.state_store import in_memory
from shared.streams.task import Task
from shared.streams.task_context import TaskContext
from shared.streams.task_phase import Phase
from shared.streams.transaction import KafkaTransactions
from shared.watched_clock import Reading, WatchedClock
from tests.harness.exported import of_a_partition
from tests.harness.processors import Counter

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE, SINK = (Topic(name, "k", "delete", "tests") for name in ("source", "sink"))


class _NoFence(KafkaTransactions):
    """Transactions whose producer never gets an answer."""

    async def start(self) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()


class _NoSources:
    """Sources that have nothing."""

    async def committed(self, partition: int) -> dict[str, Committed]:
        """None."""
        return {}

    async def bounds(self, partition: int) -> dict[str, tuple[int, int]]:
        """None."""
        return {}

    async def ends_now(self, sources: Sequence[str], partition: int) -> dict[str, int]:
        """None."""
        return {}

    def open(self, source: str, partition: int, offset: int) -> None:
        """Nothing to fetch."""

    def pause(self, source: str, partition: int) -> None:
        """Nothing is fetched."""

    def resume(self, source: str, partition: int) -> None:
        """Nothing to fetch."""

    def fetched_to(self, source: str, partition: int) -> int | None:
        """Not known."""
        return None

    def end(self, source: str, partition: int) -> int | None:
        """Not known."""
        return None


@pytest_asyncio.fixture
async def task() -> AsyncIterator[Task]:
    """A task that waits for its fence."""
    settings = KafkaSettings(kafka_bootstrap="127.0.0.1:1", partitions=2)
    context = TaskContext(
        service="phases",
        settings=settings,
        make_processor=lambda _: Counter((SOURCE,), (SINK,)),
        make_store=in_memory,
        make_transactions=lambda partition: _NoFence(settings, f"phases-{partition}", "test"),
        topic_ids=dict,
        readiness=Readiness(),
        clock=WatchedClock(),
        outage=BrokerOutage(settings.kafka_bootstrap),
        rejoin=lambda _reason: None,
        client_id="test",
    )
    task = Task(context, 1, _NoSources())
    yield task
    if task.phase is not Phase.STOPPED:
        await task.stop(0)


async def test_a_task_that_has_not_restored_cannot_run(task: Task) -> None:
    """The error names both phases, and the task stays where it was."""
    with pytest.raises(IllegalTransition, match="task 1 cannot go from phase taking_over to running"):
        task.enter(Phase.RUNNING)
    assert task.phase is Phase.TAKING_OVER


async def test_the_metric_has_each_phase_and_exactly_one_is_set(task: Task) -> None:
    """An alarm on a state that the metric does not have would never fire."""
    for phase in (Phase.TAKING_OVER, Phase.RESTORING, Phase.FAILED):
        if phase is not task.phase:
            task.enter(phase)
        values = {
            each: REGISTRY.get_sample_value(
                "frontline_task_state", {"service": "phases", "task": "1", "state": each.value}
            )
            for each in Phase
        }
        assert values == {each: float(each is phase) for each in Phase}


class _Observer:
    """Notes what it sees."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def observe(self, partition: int, processor: Processor, reading: Reading) -> None:
        """Note it."""
        self.seen.append("observed")

    def forget(self, partition: int) -> None:
        """Note it."""
        self.seen.append("forgotten")


OF_TIMERS = ("frontline_timer_overdue_seconds", "frontline_isolated")


async def test_a_task_whose_state_is_not_known_has_no_gauge_of_timers(task: Task) -> None:
    """It has timers, and 0 would say that none is due: a restart of a day's downtime would look quiet."""
    observer = _Observer()
    for gauge in (metrics.TIMER_OVERDUE_SECONDS, metrics.ISOLATED):
        gauge.labels("phases", 1).set(0)
    for phase in (None, Phase.RESTORING, Phase.FAILED, Phase.TAKING_OVER):
        if phase is not None:
            task.enter(phase)
        measure("phases", [SOURCE], task, Reading(NOW, steady=True, drift=0.0), observer)
        assert not {name for name, _ in of_a_partition("phases")} & {*OF_TIMERS, "frontline_source_lag_records"}
    assert observer.seen == ["forgotten"] * 4


async def test_a_task_that_has_failed_is_measured_by_its_last_commit(task: Task) -> None:
    """Its timers stay due, and the delay grows: that is the alarm."""
    observer = _Observer()
    task.state.restore("timers", [(b"k", (NOW - timedelta(seconds=9)).isoformat().encode())])
    list(task.state.index())
    for phase in (Phase.RESTORING, Phase.CATCHING_UP, Phase.RUNNING):
        task.enter(phase)
    metrics.RESTORE_REMAINING.labels("phases", 1).set(5)
    task.enter(Phase.FAILED)
    labels = {"service": "phases", "task": "1"}
    for late in (9, 10):
        measure("phases", [SOURCE], task, Reading(NOW + timedelta(seconds=late - 9), steady=True, drift=0.0), observer)
        assert REGISTRY.get_sample_value("frontline_timer_overdue_seconds", labels) == late
    assert REGISTRY.get_sample_value("frontline_isolated", labels) == 0
    assert REGISTRY.get_sample_value("frontline_restore_remaining_offsets", labels) is None
    measure("phases", [SOURCE], task, Reading(NOW, steady=False, drift=0.0), observer)
    task.enter(Phase.TAKING_OVER)
    task.enter(Phase.FENCED)
    measure("phases", [SOURCE], task, Reading(NOW, steady=True, drift=0.0), observer)
    assert observer.seen == ["observed", "observed", "forgotten", "forgotten"]
    assert not {name for name, _ in of_a_partition("phases")} & {*OF_TIMERS}


async def test_a_task_that_has_ended_leaves_no_metric_of_its_partition(task: Task) -> None:
    """Another instance owns the partition now: a lag or an overdue timer that stays here would be a false alarm."""
    labels = (task.context.service, task.partition)
    metrics.LAG.labels(labels[0], SOURCE.name, labels[1]).set(7)
    for gauge in (metrics.TIMER_OVERDUE_SECONDS, metrics.ISOLATED, metrics.RESTORE_RECORDS):
        gauge.labels(*labels).set(7)
    metrics.RESTORE_REMAINING.labels(*labels).set(7)
    await task.stop(0)
    assert of_a_partition(task.context.service) == set()


async def test_a_task_that_has_crashed_leaves_no_metric_of_its_partition_once_it_is_stopped(task: Task) -> None:
    """As one that was stopped in order; a task is stopped whatever it has ended with."""
    task._runner.cancel()
    await asyncio.wait([task._runner])
    assert of_a_partition(task.context.service) == {("frontline_task_state", "1")}
    await task.stop(0)
    assert of_a_partition(task.context.service) == set()


async def test_a_task_that_was_never_restored_leaves_no_state_to_its_successor(task: Task) -> None:
    """Its stores are empty, whatever the changelogs have."""
    assert task.reusable_state is None
    await task.stop(0)
    assert task.reusable_state is None
    assert task.phase is Phase.STOPPED
