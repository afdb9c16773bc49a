"""Taking over: the changelog up to its end after the fence, the later of two offsets, and joined sources first."""

import asyncio
from dataclasses import dataclass

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.protocol.admin import DeleteGroupsRequest
from aiokafka.structs import TopicPartition

from shared.contracts.topics import Topic, changelog
from shared.kafka.record import Output, Record
from shared.streams.group_consumer import GroupConsumer
from shared.streams.overlay import Overlay
from shared.streams.positions import Offsets
from shared.streams.state_store import StoreFactory, in_memory
from shared.streams.task_state import OFFSETS_KEY
from shared.streams.transaction import KafkaTransactions
from tests.broker.test_exactly_once import KEYS, check_counts
from tests.harness.faults import Fault, inject
from tests.harness.processors import Counter, Joined
from tests.harness.rig import Rig, Running, eventually
from tests.harness.sqlite_store import on_sqlite


async def test_a_successor_continues_where_the_predecessor_stopped(rig: Rig) -> None:
    """Stopping finishes and commits, so that nothing is done twice."""
    for rounds in (1, 2, 3):
        running = rig.start()
        await rig.produce(rig.second, [(key, b"") for key in KEYS])
        await check_counts(rig, rounds)
        await running.stop()


@pytest.mark.parametrize("make_store", [in_memory, on_sqlite])
async def test_a_successor_takes_over_from_one_that_was_killed(rig: Rig, make_store: StoreFactory) -> None:
    """Its open transaction is fenced and aborted; what it had committed is in the changelog, whatever the stores."""
    killed = rig.start(make_store=make_store)
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 1)
    await killed.kill()
    successor = rig.start(make_store=make_store)
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 2)
    stores = [store for task in successor.runtime.tasks.values() for store in task.state.stores.values()]
    assert {type(store) for store in stores} == {type(make_store("s", 0))}


async def test_restore_ends_behind_control_markers_and_aborted_records(rig: Rig) -> None:
    """Both take offsets that no record will ever be read for: counting records would wait for ever."""
    running = rig.start()
    await rig.produce(rig.second, [("a", b"")])
    await rig.read(rig.sink, 1)
    await running.stop()
    partition = (await rig.read(rig.sink))[0].partition
    writer = KafkaTransactions(rig.settings, f"{rig.service}-{partition}", "aborting")
    await writer.start()
    await writer.begin()
    log = changelog(rig.service, "counts").name
    await writer.send([Output(log, b"ghost", b"1"), Output(log, b"a", b"99")], partition, 0)
    await writer.discard()
    successor = rig.start()
    await successor.ready(2)
    counts = successor.runtime.tasks[partition].state.stores["counts"]
    assert (len(counts), counts.get(b"a"), counts.get(b"ghost")) == (1, b"1", None)


async def test_positions_are_in_the_changelog_with_every_transaction(rig: Rig) -> None:
    """Also when a record changes no store: the positions have to outlive the group's offsets."""
    running = rig.start()
    await rig.produce(rig.first, [("a", b"poison")])
    await rig.dead_letters(rig.first, 1)
    await running.stop()
    records = [r for s in rig.stores for r in await rig.read(changelog(rig.service, s))]
    assert [record.key for record in records] == [OFFSETS_KEY]
    assert records[0].value is not None
    offsets = Offsets.decode(records[0].value)
    assert offsets.positions == {rig.first.name: 1, rig.second.name: 0}
    assert len(set(offsets.topic_ids.values())) == len(offsets.topic_ids) == 2


async def test_offsets_in_the_changelog_outlive_the_group(rig: Rig) -> None:
    """A group that was empty for a week has no offsets any more; starting at the beginning would count twice."""
    running = rig.start()
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 1)
    await running.stop()
    await delete_group(rig)
    rig.start()
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 2)


@dataclass
class Stateless(Counter):
    """No stores, so no changelog: emits each record once."""

    stores: tuple[str, ...] = ()

    def process(self, record: Record, overlay: Overlay) -> None:
        """Pass it on."""
        overlay.emit(Output(self.sink, record.key, record.value))


async def test_a_service_without_stores_goes_on_from_the_groups_offsets(rig: Rig) -> None:
    """They are committed in the same transaction, so they are as good as a changelog's while they last."""
    for round_ in (b"1", b"2"):
        running = rig.start(lambda _partition: Stateless((rig.first, rig.second), (rig.sink,)))
        await rig.produce(rig.second, [(key, round_) for key in KEYS])
        await rig.read(rig.sink, len(KEYS) * int(round_))
        await running.stop()
    passed = [(r.key, r.value) for r in await rig.read(rig.sink)]
    assert sorted(passed) == sorted((key.encode(), round_) for key in KEYS for round_ in (b"1", b"2"))


async def delete_group(rig: Rig) -> None:
    """What the broker does with a group whose offsets have expired."""
    admin = AIOKafkaAdminClient(bootstrap_servers=rig.settings.kafka_bootstrap)
    await admin.start()
    try:
        coordinator = await admin.find_coordinator(rig.in_kafka(rig.service))
        response = await admin._send_request_to_node(coordinator, DeleteGroupsRequest([rig.in_kafka(rig.service)]))
        assert [code for _, code in response.results] == [0]
    finally:
        await admin.close()


async def delete_records(rig: Rig, topic: Topic, partition: int, before: int) -> None:
    """What retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=rig.settings.kafka_bootstrap)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(rig.in_kafka(topic), partition): RecordsToDelete(before)})
    finally:
        await admin.close()


async def test_an_offset_below_the_log_start_stops_the_task_with_its_name(rig: Rig) -> None:
    """Records were deleted before they were read: going on as if nothing were would lose them silently."""
    running = rig.start()
    await rig.produce(rig.second, [("a", b"")])
    (counted,) = await rig.read(rig.sink, 1)
    await running.stop()
    await rig.produce(rig.second, [("a", b"")] * 9)
    await delete_records(rig, rig.second, counted.partition, 5)
    stopped = rig.start()
    await eventually(lambda: "failed" in stopped.phases())
    report = stopped.readiness.report()["checks"][f"partition-{counted.partition}"]
    assert not report["ready"]
    assert report["detail"].startswith(f"OffsetLost: {rig.second.name}[{counted.partition}]: the position is 1,")
    await eventually(lambda: "running" in stopped.phases())  # the other partition is not concerned
    assert len(await rig.read(rig.sink)) == 1


async def test_an_offset_that_retention_overtakes_is_reported_while_running(rig: Rig) -> None:
    """With `auto_offset_reset=earliest` the client would move on by itself, without a word."""
    await rig.produce(rig.second, [("a", b"")] * 9, partition=0)
    await delete_records(rig, rig.second, 0, 5)
    assigned: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def revoked() -> None:
        return

    member = GroupConsumer(
        rig.settings, rig.service, [rig.second], client_id="test",
        assigned=lambda _partitions: assigned.set_result(None), revoked=revoked,
    )  # fmt: skip
    await member.start()
    lost: list[tuple[str, int, int]] = []
    feed = asyncio.create_task(member.feed(lambda *_: None, lambda *place: lost.append(place)))
    try:
        await assigned
        member.open(rig.second.name, 0, 2)
        await eventually(lambda: lost)
        assert lost[0] == (rig.second.name, 0, 2)
    finally:
        feed.cancel()
        await member.stop()


async def test_a_lost_offset_stops_its_task_with_the_reason(rig: Rig) -> None:
    """What the consumer reports reaches the task: it takes over anew, which names what the log has."""
    running = rig.start()
    await running.ready(2)
    running.runtime._out_of_range(rig.second.name, 0, 7)
    await eventually(lambda: "failed" in running.phases())
    await running.ready(2)


async def test_a_source_that_others_are_joined_with_is_read_to_its_end_first(rig: Rig) -> None:
    """The first request must not meet an empty table, however long that source is; markers at its end count too."""
    accounts = [(f"k{n}", b"") for n in range(3_000)]
    requests = [(f"k{n}", b"") for n in range(0, 3_000, 50)]
    await rig.produce(rig.second, requests)
    async with rig.producer(transactional_id=rig.mark) as producer, producer.transaction():
        await rig.send(producer, rig.first, accounts)
    rig.start(lambda _partition: Joined((rig.first, rig.second), (rig.sink,)))
    answers = await rig.read(rig.sink, len(requests))
    assert {record.value for record in answers} == {b"known"}


async def test_an_empty_source_that_others_are_joined_with_delays_nothing(rig: Rig) -> None:
    """There may be no account yet."""
    await rig.produce(rig.second, [("a", b"")])
    rig.start(lambda _partition: Joined((rig.first, rig.second), (rig.sink,)))
    (answer,) = await rig.read(rig.sink, 1)
    assert answer.value == b"unknown"


@pytest.mark.parametrize("fault", [Fault("commit", "after"), Fault("send", "after")], ids=str)
async def test_a_failure_while_catching_up_starts_over(rig: Rig, fault: Fault) -> None:
    """Catching up is made of ordinary transactions, with ordinary failures."""
    await rig.produce(rig.first, [(key, b"") for key in KEYS])
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    running = rig.start(lambda _partition: Joined((rig.first, rig.second), (rig.sink,)))
    plan = inject(running.runtime, [fault])
    answers = await rig.read(rig.sink, len(KEYS))
    assert {record.value for record in answers} == {b"known"}
    assert plan.happened


async def test_the_index_of_timers_is_filled_before_a_task_is_ready(rig: Rig) -> None:
    """Filled by the first transaction, it made that one late by half a second for each million timers."""
    first = rig.start()
    await rig.produce(rig.second, [(f"k{number}", b"timer 3600") for number in range(20)])
    await eventually(lambda: sum(len(task.state.stores["timers"]) for task in first.runtime.tasks.values()) == 20)
    await first.stop()
    indexed: list[bool] = []  # whether the instance was ready when an entry was indexed

    @dataclass
    class Noting(Counter):
        def store_changed(self, store: str, key: bytes, value: bytes | None) -> None:
            """Note it."""
            indexed.append(second.readiness.ready)
            super().store_changed(store, key, value)

    second = rig.start(lambda _partition: Noting((rig.first, rig.second), (rig.sink,)))
    await second.ready(2)
    assert indexed.count(False) >= 20
    assert not any(indexed)


async def test_readiness_names_what_is_missing(rig: Rig) -> None:
    """Ready means: an assignment was received, and every partition of it has been restored."""
    running: Running = rig.start()
    assert not running.readiness.ready
    await running.ready(2)
    assert set(running.readiness.report()["checks"]) == {"group", "partition-0", "partition-1", "topics"}
    await running.stop()
    assert not running.readiness.ready
