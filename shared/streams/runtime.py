"""A service's tasks in this process: membership in the group, a task for each partition, and an orderly stop."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence

from aiokafka.errors import KafkaError

from shared.backoff import Backoff
from shared.contracts.topics import Topic
from shared.kafka.faults import InstanceReplaced, TaskMustStop, TopicsDiffer
from shared.kafka.record import Consumed
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import TopicNotCreated, apply_topics
from shared.kafka.topic_watch import TopicWatch
from shared.observability import logs
from shared.observability.clock_report import ClockReport
from shared.observability.health import Readiness
from shared.streams import metrics
from shared.streams.broker_outage import BrokerOutage
from shared.streams.group_consumer import GroupConsumer
from shared.streams.measuring import Observer, measure
from shared.streams.processor import Processor
from shared.streams.state_store import StoreFactory, in_memory
from shared.streams.task import Task
from shared.streams.task_context import TaskContext
from shared.streams.task_report import TaskReport
from shared.streams.task_state import TaskState
from shared.streams.transaction import KafkaTransactions, Transactions
from shared.test_clock import AdvanceableClock
from shared.watched_clock import WatchedClock

_log = logs.get_logger()
_GRACE_SHARE = 0.6  # of the rebalance timeout, to finish open transactions; then they are aborted
_MONITOR_SECONDS = 1.0
_REPLACED_AGAIN = 120.0  # seconds in which a second replacement is another process
_LONG_SESSION = 30.0  # seconds of membership after which the next failure starts with a short pause again


class Runtime:
    """Runs `factory(partition)` for each partition that the group assigns to this instance.

    `sources` are what the processors read, in order of precedence (default: those of `factory(0)`); `topics` are
    created at the start if they are missing. No task runs while one of either differs from what it was then.
    `observer` watches the running processors. `make_store` makes the state stores. `transactions` and `clock` are
    seams for tests.
    """

    def __init__(
        self,
        service: str,
        factory: Callable[[int], Processor],
        settings: KafkaSettings,
        readiness: Readiness,
        *,
        sources: Sequence[Topic] | None = None,
        topics: Sequence[Topic] = (),
        observer: Observer | None = None,
        make_store: StoreFactory = in_memory,
        transactions: Callable[[int], Transactions] | None = None,
        clock: WatchedClock | None = None,
    ) -> None:
        self.service = service
        self._settings = settings
        self._readiness = readiness
        self._sources = tuple(factory(0).sources if sources is None else sources)
        self._topics = tuple(topics)
        self._observer = observer
        self._clock = clock or settings.watched_clock()
        watched = [topic.name for topic in (*self._sources, *self._topics)]
        self._watch = TopicWatch(settings, service, watched, readiness)
        self._made = False
        self._outage = BrokerOutage(settings.kafka_bootstrap)
        self._client_id = f"{service}-{settings.instance or f'{socket.gethostname()}-{os.getpid()}'}"
        self._context = TaskContext(
            service=service,
            settings=settings,
            make_processor=factory,
            make_store=make_store,
            make_transactions=transactions or self._kafka_transactions,
            topic_ids=lambda: self._watch.ids,
            readiness=readiness,
            clock=self._clock,
            outage=self._outage,
            rejoin=self._rejoin,
            client_id=self._client_id,
        )
        self._tasks: dict[int, Task] = {}
        self._parked: dict[int, TaskState] = {}  # of tasks that were stopped, for their successors
        self._logged_failures: set[type[Exception]] = set()
        self._member: GroupConsumer | None = None
        self._leave = asyncio.Event()
        self._stop = asyncio.Event()
        readiness.set("group", False, "not joined yet")

    @property
    def tasks(self) -> dict[int, Task]:
        """The tasks of this instance, by partition."""
        return dict(self._tasks)

    async def run(self) -> None:
        """Until `stop`: join, run the tasks, and after a failure leave and join again, with back-off.

        Raises InstanceReplaced if another process joins with the same FRONTLINE_INSTANCE, and does so again once this
        one has joined anew. A first time proves nothing: a coordinator that has failed over may remember a membership
        that is older than the running one. Of two processes the older is the first to be replaced twice.
        """
        report = TaskReport(self._settings, self.service, self._sources[0].name, self._client_id, lambda: self._tasks)
        helpers = [asyncio.create_task(self._watch.run()), asyncio.create_task(report.run())]
        if isinstance(self._clock, AdvanceableClock):
            helpers.append(asyncio.create_task(self._clock.follow(self.service, self._wake)))
        try:
            await self._sessions()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.wait(helpers)
            await self._watch.close()

    def _wake(self) -> None:
        for task in self._tasks.values():
            task.wake()

    async def _sessions(self) -> None:
        backoff = Backoff(0.2, 5.0)
        loop = asyncio.get_running_loop()
        replaced_at: float | None = None
        while not self._stop.is_set():
            began = loop.time()
            try:
                await self._session()
            except InstanceReplaced as error:
                if replaced_at is not None and loop.time() - replaced_at < _REPLACED_AGAIN:
                    raise
                replaced_at = loop.time()
                self._readiness.set("group", False, "replaced by another member of the same name: joining again")
                _log.warning(
                    f"FRONTLINE_INSTANCE={error.instance}: another member has this name in the group: joining again",
                    action="instance.joins_again",
                )
            except (KafkaError, TaskMustStop, TopicNotCreated, TimeoutError, OSError) as error:
                self._readiness.set("group", False, f"{type(error).__name__}: {error}")
                if not isinstance(error, TopicsDiffer) and not self._outage.noticed(error):  # TopicWatch has logged it
                    _log.error(f"Cannot join the group: {error}", action="group.failed", error=type(error).__name__)
            if loop.time() - began > _LONG_SESSION:
                backoff.reset()
            await self._sleep(backoff.next())

    def stop(self) -> None:
        """Stop fetching, finish and commit open transactions, leave the group; `run` returns when that is done."""
        self._stop.set()

    async def _session(self) -> None:
        """One membership in the group."""
        self._leave.clear()
        await self._check_topics()
        member = GroupConsumer(
            self._settings,
            self.service,
            self._sources,
            client_id=self._client_id,
            assigned=self._assigned,
            revoked=self._revoked,
        )
        self._member = member
        helpers: list[asyncio.Task[object]] = [
            asyncio.create_task(self._stop.wait()),
            asyncio.create_task(self._leave.wait()),
        ]
        try:
            await member.start()
            self._outage.over()
            helpers += [
                asyncio.create_task(member.feed(self._deliver, self._out_of_range)),
                asyncio.create_task(self._monitor()),
                asyncio.create_task(self._watch.until_changed()),
            ]
            done, _ = await asyncio.wait(helpers, return_when=asyncio.FIRST_COMPLETED)
            if not self._stop.is_set():
                await member.check_instance()
            for helper in done:
                helper.result()
        finally:
            self._member = None  # later assignments are ignored
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self._revoked()
            await member.stop()

    async def _check_topics(self) -> None:
        """Create missing topics at the start: one that is missing later was deleted. Raises TopicsDiffer."""
        if self._topics and not self._made:
            await apply_topics(self._settings, self._topics)
        await self._watch.look()
        self._made = True
        self._watch.check()

    def _assigned(self, partitions: set[int]) -> None:
        if self._member is None:
            return
        metrics.REBALANCES.labels(self.service).inc()
        if partitions and max(partitions) >= self._settings.partitions:
            # Partitions were added, so keys belong to other partitions now: nothing may run until an operator decides.
            self._rejoin(f"partition {max(partitions)} is beyond FRONTLINE_PARTITIONS={self._settings.partitions}")
            return
        _log.info("Partitions assigned", action="group.assigned", partitions=sorted(partitions))
        parked, self._parked = self._parked, {}
        for partition in sorted(partitions):
            self._tasks[partition] = Task(self._context, partition, self._member, parked.get(partition))
        self._readiness.set("group", *_joined(partitions, self._member.incomplete))

    async def _revoked(self) -> None:
        tasks, self._tasks = self._tasks, {}
        self._readiness.set("group", False, "joining")
        grace = self._settings.rebalance_timeout_ms / 1000 * _GRACE_SHARE
        await asyncio.gather(*(task.stop(grace) for task in tasks.values()))
        for partition, task in tasks.items():
            self._forget(partition)
            if task.reusable_state is not None:
                self._parked[partition] = task.reusable_state

    def _deliver(self, source: str, partition: int, records: Sequence[Consumed]) -> None:
        task = self._tasks.get(partition)
        if task is not None:
            task.offer(source, records)

    def _out_of_range(self, source: str, partition: int, position: int) -> None:
        task = self._tasks.get(partition)
        if task is not None:
            task.out_of_range(source, position)

    def _rejoin(self, reason: str) -> None:
        _log.info("Leaving the group to rejoin it", action="group.leaving", reason=reason)
        self._leave.set()

    def _kafka_transactions(self, partition: int) -> Transactions:
        return KafkaTransactions(self._settings, f"{self.service}-{partition}", f"{self._client_id}-{partition}")

    async def _monitor(self) -> None:
        report = ClockReport(self.service)
        while True:
            reading = self._clock.read()
            report.show(reading)
            for task in self._tasks.values():
                try:
                    measure(self.service, self._sources, task, reading, self._observer)
                except Exception as error:
                    self._measuring_failed(error)
            await asyncio.sleep(_MONITOR_SECONDS)

    def _forget(self, partition: int) -> None:
        if self._observer is None:
            return
        try:
            self._observer.forget(partition)
        except Exception as error:
            self._measuring_failed(error)

    def _measuring_failed(self, error: Exception) -> None:
        if type(error) in self._logged_failures:
            return  # it would be logged every second
        self._logged_failures.add(type(error))
        _log.exception("Cannot measure a task: it runs on, its metrics are out of date", action="monitor.failed")

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return


def _joined(partitions: set[int], incomplete: Sequence[int]) -> tuple[bool, str]:
    """Whether every partition of an assignment can run, and the detail for `/readyz`."""
    if incomplete:
        return False, f"partitions {', '.join(map(str, incomplete))} are not assigned for every source"
    return True, f"{len(partitions)} partitions assigned"
