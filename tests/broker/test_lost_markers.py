"""A broker that dies after it has decided a transaction and before it has written its markers.

It acknowledges a commit once the decision is written down. When it is started again it may pass over those partitions
that have no leader just then, which are all of them where there is one broker. Whether it does is a race of some
milliseconds inside it, so here the coordinator is left unaware of what a transaction has written to, and tells nobody.
"""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shared.contracts.topics import changelog
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.embedded_kafka.data_folder import broker_properties
from shared.streams import hanging_transactions, metrics
from shared.streams.pacing import MIN_RECORDS
from shared.streams.record_batches import BatchReader, Marker, Place
from shared.streams.transaction import KafkaTransactions
from tests.broker.test_exactly_once import KEYS, check_counts
from tests.harness.faults import Fault, inject
from tests.harness.markers import offsets_place, tell
from tests.harness.rig import Rig, Running, eventually

# Else the broker would ask the coordinator about each batch, and refuse what that does not know of.
UNVERIFIED = {"transaction.partition.verification.enable": "false"}


class Mortal:
    """A rig with one partition on a broker of its own, which tells nobody about the first transaction."""

    def __init__(self, kafka: EmbeddedKafka) -> None:
        self.kafka = kafka
        self.rig = Rig(kafka.bootstrap, partitions=1)
        self.changelogs = [(changelog(self.rig.service, store).name, 0) for store in self.rig.stores]
        self.sink = (self.rig.sink.name, 0)
        self.producer_id, self.epoch = -1, -1  # of the transaction without markers

    async def first_transaction(self, count: int, *faults: Fault, kill: bool) -> Running:
        """Run the task; its first transaction, with a record of each key, is answered, and gets no markers.

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
        """What the task has left undecided, once the coordinator is done with it."""
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
        """How many transactions the task has brought to that end."""
        return float(metrics.TRANSACTIONS_SETTLED.labels(self.rig.service, decision)._value.get())

    def offsets(self) -> Place:
        """The partition of Kafka's own topic that has the group's offsets."""
        return offsets_place(self.rig.service, int(broker_properties(0, Path())["offsets.topic.num.partitions"]))

    def _kill(self) -> None:
        os.kill(self.kafka.pid, signal.SIGKILL)

    def _leave_unaware(self, running: Running) -> None:
        transactions: Any = running.runtime.tasks[0]._transactions
        manager = transactions._real._producer._txn_manager
        self.producer_id, self.epoch = manager.producer_id, manager.producer_epoch
        begin = manager.begin_transaction

        def pretend_that_the_group_is_added() -> None:
            manager._txn_consumer_group = self.rig.service

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


@pytest_asyncio.fixture
async def mortal() -> AsyncIterator[Mortal]:
    """Its topics made."""
    async with EmbeddedKafka(jvm_flags=SHORT_LIVED, settings=UNVERIFIED) as kafka:
        mortal = Mortal(kafka)
        await mortal.rig.prepare()
        yield mortal
        await mortal.rig.close()


async def test_a_commit_whose_markers_are_all_missing_is_repeated(mortal: Mortal) -> None:
    """Its task had the answer and nothing more to do. Nobody has seen it; nobody shall wait for it for ever."""
    running = await mortal.first_transaction(1, kill=True)
    await mortal.kafka.died()
    await mortal.kafka.start()
    await check_counts(mortal.rig, 1)
    assert mortal.settled("abort") == 1
    await mortal.rig.produce(mortal.rig.second, [(key, b"") for key in KEYS])
    await check_counts(mortal.rig, 2)
    await running.stop()


async def test_the_next_transaction_does_not_commit_an_unmarked_one(mortal: Mortal) -> None:
    """The next transaction has its records already, and is to fail: were it begun by the same producer on the broker
    that rose again, its end would be that of the answered one before it as well."""
    count = 3 * MIN_RECORDS // len(KEYS)
    running = await mortal.first_transaction(count, Fault("commit", "before"), kill=True)
    await mortal.kafka.died()
    await mortal.kafka.start()
    await check_counts(mortal.rig, count)
    assert mortal.settled("abort") == 1
    await running.stop()


TOLD = [
    pytest.param("sink", "commit", id="the-sink-to-commit"),
    pytest.param("sink", "abort", id="the-sink-to-abort"),
    pytest.param("changelog", "commit", id="the-changelog-to-commit"),
    pytest.param("changelog", "abort", id="the-changelog-to-abort"),
    pytest.param("offsets", "commit", id="the-groups-offsets-to-commit"),
]


@pytest.mark.parametrize(("where", "decision"), TOLD)
async def test_the_marker_of_one_partition_decides_for_all(mortal: Mortal, where: str, decision: Marker) -> None:
    """The rest follows it: no record is there twice or not at all, and the state agrees."""
    killed = await mortal.first_transaction(1, kill=False)
    await killed.kill()
    left = await mortal.hanging()
    assert left is not None
    changelogs = [place for place in left.places if place in mortal.changelogs]
    assert {*left.places} == {mortal.sink, *changelogs} > {mortal.sink}
    marked = {"sink": [mortal.sink], "changelog": changelogs, "offsets": [mortal.offsets()]}
    await tell(mortal.rig.settings, marked[where], mortal.producer_id, mortal.epoch, decision)

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
