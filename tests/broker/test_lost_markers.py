"""A broker that dies after it has decided a transaction and before it has written the markers.

It acknowledges a commit once it has logged the decision. After a restart it may omit the partitions that have no leader
at that moment: all of them on a cluster of one broker. That is a race of milliseconds inside the broker, so these tests
leave the coordinator unaware of the partitions of a transaction: it writes no marker.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka.errors import KafkaConnectionError
from structlog.testing import capture_logs

from shared.contracts.topics import changelog
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.embedded_kafka.data_folder import broker_properties
from shared.kafka.client import Place
from shared.kafka.namespace import PhysicalName
from shared.streams import hanging_transactions, metrics
from shared.streams.pacing import MIN_RECORDS
from shared.streams.record_batches import BatchReader, Marker
from shared.streams.transaction import KafkaTransactions
from tests.broker.test_exactly_once import KEYS, check_counts
from tests.harness.faults import Fault, inject
from tests.harness.markers import offsets_place, write_markers
from tests.harness.processes import is_running
from tests.harness.rig import Rig, Running, eventually

# Else the broker would ask the coordinator about each batch, and refuse what that does not know of.
UNVERIFIED = {"transaction.partition.verification.enable": "false"}


class Mortal:
    """A rig with one partition on a broker that may be killed, and that writes no marker of its first transaction."""

    def __init__(self, kafka: EmbeddedKafka) -> None:
        self.kafka = kafka
        self.rig = Rig(kafka.bootstrap, partitions=1)
        self.changelogs = [(changelog(self.rig.service, store).name, 0) for store in self.rig.stores]
        self.sink = (self.rig.sink.name, 0)
        self.producer_id, self.epoch = -1, -1  # of the transaction without markers

    async def first_transaction(self, count: int, *faults: Fault, kill: bool) -> Running:
        """Run the task; its first transaction, with a record of each key, is acknowledged but gets no marker.

        With `kill`, the broker is killed at the instant of the answer. `faults` come after that.
        """
        running = self.rig.start()
        unaware = Fault("begin", "after", also=lambda: self._leave_unaware(running), silent=True)
        answered = Fault("commit", "after", also=self._kill if kill else None, silent=True)
        plan = inject(running.runtime, [unaware, answered, *faults])
        await self.rig.produce(self.rig.second, [(key, b"") for _ in range(count) for key in KEYS])
        await eventually(lambda: answered in plan.happened)
        return running

    async def hanging(self) -> hanging_transactions.Hanging | None:
        """The undecided transaction of the task, once the coordinator has fenced its producer."""
        fence = KafkaTransactions(self.rig.settings, f"{self.rig.service}-0", "test")
        await fence.start()
        await fence.discard()
        async with BatchReader(self.rig.settings, "test") as reader:
            found = await hanging_transactions.find(
                reader, [self.sink, *self.changelogs], self.changelogs, self.producer_id
            )
        assert len(found) <= 1
        return found[0] if found else None

    def settled(self, decision: Marker) -> float:
        """How many transactions the task has ended so."""
        return float(metrics.TRANSACTIONS_SETTLED.labels(self.rig.service, decision)._value.get())

    def offsets(self) -> Place:
        """The partition of Kafka's own topic that has the group's offsets."""
        return offsets_place(
            self.rig.in_kafka(self.rig.service), int(broker_properties(0, Path())["offsets.topic.num.partitions"])
        )

    def _kill(self) -> None:
        os.kill(self.kafka.pid, signal.SIGKILL)

    def _leave_unaware(self, running: Running) -> None:
        transactions: Any = running.runtime.tasks[0]._transactions
        manager = transactions._real._producer._producer._txn_manager
        self.producer_id, self.epoch = manager.producer_id, manager.producer_epoch
        begin = manager.begin_transaction

        def pretend_that_the_group_is_added() -> None:
            manager._txn_consumer_group = self.rig.in_kafka(self.rig.service)

        def begin_the_next() -> None:
            for name in pretended:
                delattr(manager, name)
            begin()

        pretended: dict[str, Any] = {
            "maybe_add_partition_to_txn": lambda _: None,
            "consumer_group_to_add": pretend_that_the_group_is_added,
            "is_empty_transaction": lambda: True,
            "begin_transaction": begin_the_next,
        }
        for name, method in pretended.items():
            setattr(manager, name, method)


@pytest_asyncio.fixture(scope="module")
async def kafka() -> AsyncIterator[EmbeddedKafka]:
    """The broker of these tests. Two of them kill it and start it again."""
    async with EmbeddedKafka(jvm_flags=SHORT_LIVED, settings=UNVERIFIED) as kafka:
        yield kafka


@pytest_asyncio.fixture
async def mortal(kafka: EmbeddedKafka) -> AsyncIterator[Mortal]:
    """Its topics made."""
    if not is_running(kafka.pid):  # a test failed between the kill and the start
        await kafka.start()
    mortal = Mortal(kafka)
    await mortal.rig.prepare()
    yield mortal
    await mortal.rig.close()


async def test_a_commit_without_any_marker_is_aborted_and_its_records_are_processed_again(mortal: Mortal) -> None:
    """No reader has seen a record of it, and readers of committed records must not wait for it for ever."""
    running = await mortal.first_transaction(1, kill=True)
    await mortal.kafka.died()
    await mortal.kafka.start()
    await check_counts(mortal.rig, 1)
    assert mortal.settled("abort") == 1
    await mortal.rig.produce(mortal.rig.second, [(key, b"") for key in KEYS])
    await check_counts(mortal.rig, 2)
    await running.stop()


async def test_the_next_transaction_does_not_decide_the_one_without_markers(mortal: Mortal) -> None:
    """The next transaction fails. Begun by the same producer on the restarted broker, its abort would abort the
    acknowledged one before it as well."""
    count = 3 * MIN_RECORDS // len(KEYS)
    running = await mortal.first_transaction(count, Fault("commit", "before"), kill=True)
    await mortal.kafka.died()
    await mortal.kafka.start()
    await check_counts(mortal.rig, count)
    assert mortal.settled("abort") == 1
    await running.stop()


MARKED = [
    pytest.param("sink", "commit", id="the-sink-to-commit"),
    pytest.param("sink", "abort", id="the-sink-to-abort"),
    pytest.param("changelog", "commit", id="the-changelog-to-commit"),
    pytest.param("changelog", "abort", id="the-changelog-to-abort"),
    pytest.param("offsets", "commit", id="the-groups-offsets-to-commit"),
]


@pytest.mark.parametrize(("where", "decision"), MARKED)
async def test_the_decision_that_one_partition_shows_holds_for_all(
    mortal: Mortal, where: str, decision: Marker
) -> None:
    """No record is there twice, none is missing, and the state agrees with them."""
    killed = await mortal.first_transaction(1, kill=False)
    await killed.kill()
    left = await mortal.hanging()
    assert left is not None
    changelogs = [place for place in left.places if place in mortal.changelogs]
    assert {*left.places} == {mortal.sink, *changelogs} > {mortal.sink}
    marked = {"sink": [mortal.sink], "changelog": changelogs, "offsets": [mortal.offsets()]}
    await write_markers(mortal.rig.settings, marked[where], mortal.producer_id, mortal.epoch, decision)

    running = mortal.rig.start()
    await running.ready(1)
    assert mortal.settled(decision) == 1
    assert await mortal.hanging() is None
    await check_counts(mortal.rig, 1)
    await mortal.rig.produce(mortal.rig.second, [(key, b"") for key in KEYS])
    await check_counts(mortal.rig, 2)
    await running.ready(1)
    counts = running.runtime.tasks[0].state.stores["counts"]
    assert (len(counts), {counts.get(key.encode()) for key in KEYS}) == (len(KEYS), {b"2"})
    await running.stop()


def fails_once_around_the_group(rig: Rig, when: str) -> Callable[[int], KafkaTransactions]:
    """Makes real transactions. The first settlement fails before or after the group has become part of it, and not
    until each partition that it was to contain by then has become part of it as well.
    """
    failures = [when]

    def make(partition: int) -> KafkaTransactions:
        transactions = KafkaTransactions(rig.settings, f"{rig.service}-{partition}", "test")
        add_group = transactions._inside.add_group
        manager = transactions._producer._producer._txn_manager

        async def add_group_once_it_fails(group: PhysicalName) -> None:
            fault = failures.pop() if failures else None
            if fault != "before":
                await add_group(group)
            if fault is not None:
                await eventually(lambda: not manager.partitions_to_add())
                raise KafkaConnectionError("injected")

        transactions._inside.add_group = add_group_once_it_fails  # type: ignore[method-assign]  # a fault
        return transactions

    return make


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("where", ["sink", "offsets"])
async def test_a_settlement_that_fails_before_its_partitions_are_added_is_done_again(
    mortal: Mortal, where: str, when: str
) -> None:
    """The fence of the next attempt aborts it. Were its partitions in it by then, that would abort for ever what Kafka
    had decided to commit."""
    killed = await mortal.first_transaction(1, kill=False)
    await killed.kill()
    assert await mortal.hanging() is not None
    committed = {"sink": mortal.sink, "offsets": mortal.offsets()}[where]
    await write_markers(mortal.rig.settings, [committed], mortal.producer_id, mortal.epoch, "commit")

    with capture_logs() as logged:
        running = mortal.rig.start(transactions=fails_once_around_the_group(mortal.rig, when))
        await running.ready(1)
    assert mortal.settled("commit") == 1
    actions = [line["action"] for line in logged if line.get("decision") == "commit"]
    assert actions == ["transaction.settling", "transaction.settling", "transaction.settled"]
    await check_counts(mortal.rig, 1)
    await mortal.rig.produce(mortal.rig.second, [(key, b"") for key in KEYS])
    await check_counts(mortal.rig, 2)
    await running.stop()


class _SlowMarkers(KafkaTransactions):
    """Real transactions. A settlement returns at once, and Kafka completes it half a second later."""

    async def settle(self, places: Iterable[Place], group: str, decision: Marker) -> None:
        """Begin to settle."""
        self.late = asyncio.get_running_loop().create_task(self._settle_late(places, group, decision))

    async def _settle_late(self, places: Iterable[Place], group: str, decision: Marker) -> None:
        await asyncio.sleep(0.5)
        await super().settle(places, group, decision)


async def test_a_task_restores_what_it_has_settled_once_its_markers_are_written(mortal: Mortal) -> None:
    """Kafka acknowledges a commit before it writes the markers. A restore between the two would miss the records, and
    the task would continue without part of its state."""
    killed = await mortal.first_transaction(1, kill=False)
    await killed.kill()
    assert await mortal.hanging() is not None
    await write_markers(mortal.rig.settings, [mortal.sink], mortal.producer_id, mortal.epoch, "commit")

    rig = mortal.rig
    running = rig.start(transactions=lambda number: _SlowMarkers(rig.settings, f"{rig.service}-{number}", "test"))
    await running.ready(1)
    await check_counts(rig, 1)
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 2)
    await running.stop()
