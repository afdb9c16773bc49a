"""One transactional id per task is the only fence: who is fenced lets go, leaves, and waits for a fresh assignment."""

import asyncio

import pytest
from aiokafka.protocol.group import LeaveGroupRequest

from shared.kafka.faults import InstanceReplaced
from shared.kafka.record import Output
from shared.streams.errors import Fenced
from shared.streams.transaction import KafkaTransactions
from tests.broker.test_exactly_once import KEYS, check_counts
from tests.harness.rig import Rig, eventually


async def test_a_second_producer_with_the_same_id_fences_the_first(rig: Rig) -> None:
    """Every call of the first says so from then on, whatever aiokafka raises: by the producer's state."""
    first, second = (KafkaTransactions(rig.settings, rig.mark, name) for name in ("first", "second"))
    await first.start()
    await first.begin()
    await first.send([Output(rig.sink.name, b"k", b"old")], 0, 0)
    await second.start()
    with pytest.raises(Fenced):
        await first.send([Output(rig.sink.name, b"k", b"old")], 0, 0)
    with pytest.raises(Fenced):
        await first.commit()
    with pytest.raises(Fenced):
        await first.begin()
    await first.discard()
    await second.begin()
    await second.send([Output(rig.sink.name, b"k", b"new")], 0, 0)
    await second.commit()
    await second.discard()
    assert [record.value for record in await rig.read(rig.sink)] == [b"new"]


async def test_a_commit_after_the_fence_is_fenced(rig: Rig) -> None:
    """Nothing was sent after the fence, so only the commit finds out."""
    first, second = (KafkaTransactions(rig.settings, rig.mark, name) for name in ("first", "second"))
    await first.start()
    await first.begin()
    await first.send([Output(rig.sink.name, b"k", b"old")], 0, 0)
    await second.start()
    with pytest.raises(Fenced):
        await first.commit()
    await first.discard()
    await second.discard()
    assert await rig.read(rig.sink) == []


async def test_a_transaction_that_timed_out_is_fenced(rig: Rig) -> None:
    """The broker aborts it and raises the epoch: to the one that was too slow it looks like another owner."""
    settings = rig.settings.model_copy(update={"transaction_timeout_ms": 1_000})
    slow = KafkaTransactions(settings, rig.mark, "slow")
    await slow.start()
    await slow.begin()
    await slow.send([Output(rig.sink.name, b"k", b"late")], 0, 0)
    refused = asyncio.create_task(_until_refused(slow, rig))
    with pytest.raises(Fenced):
        await refused
    await slow.discard()
    assert await rig.read(rig.sink) == []


async def _until_refused(slow: KafkaTransactions, rig: Rig) -> None:
    while True:  # the broker looks for timed-out transactions every ten seconds
        await asyncio.sleep(0.2)
        await slow.send([Output(rig.sink.name, b"k", b"later")], 0, 0)


async def test_a_discarded_producer_leaves_nothing_behind(rig: Rig) -> None:
    """Thrown away in the middle: aborted, and the next one starts at once."""
    for _ in range(3):
        transactions = KafkaTransactions(rig.settings, rig.mark, "short")
        await transactions.start()
        await transactions.begin()
        await transactions.send([Output(rig.sink.name, b"k", b"v")], 0, 0)
        await transactions.discard()
    assert await rig.read(rig.sink) == []


async def test_a_fenced_task_takes_over_again_after_a_fresh_assignment(rig: Rig) -> None:
    """Somebody used its transactional id: it lets go, the group assigns anew, and the work goes on."""
    running = rig.start()
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 1)
    member = running.runtime._member
    for partition in range(2):
        intruder = KafkaTransactions(rig.settings, f"{rig.service}-{partition}", "intruder")
        await intruder.start()
        await intruder.discard()
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 2)
    assert running.runtime._member is not member, "it has to leave and join, or two would fence each other in turns"


async def test_two_instances_share_the_partitions_and_hand_them_over(rig: Rig) -> None:
    """Scale out, and in again: every key counted once and in order through both rebalances."""
    one = rig.start()
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 1)
    two = rig.start()
    await asyncio.gather(one.ready(1), two.ready(1))
    assert set(one.runtime.tasks) | set(two.runtime.tasks) == {0, 1}
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 2)
    await one.stop()
    await two.ready(2)
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 3)


async def test_records_flow_while_instances_come_and_go(rig: Rig) -> None:
    """Rebalances in the middle of transactions: finished or aborted, never both."""
    rounds = 40

    async def feed() -> None:
        async with rig.producer() as producer:
            for _ in range(rounds):
                await rig.send(producer, rig.second, [(key, b"") for key in KEYS])
                await asyncio.sleep(0.05)  # the pace of the traffic, not a wait for something

    feeding = asyncio.create_task(feed())
    one = rig.start()
    await one.ready(2)
    two = rig.start()
    await asyncio.gather(one.ready(1), two.ready(1))
    await one.stop()
    await two.ready(2)
    three = rig.start()
    await asyncio.gather(two.ready(1), three.ready(1))
    await two.kill()
    await three.ready()
    await feeding
    await check_counts(rig, rounds)


async def test_an_instance_without_partitions_is_ready(rig: Rig) -> None:
    """A spare is ready once the group is stable: it has nothing to restore."""
    instances = [rig.start() for _ in range(3)]
    await eventually(lambda: sorted(len(i.runtime.tasks) for i in instances) == [0, 1, 1])
    await asyncio.gather(*(instance.ready() for instance in instances))


async def test_a_named_instance_comes_back_without_a_rebalance(rig: Rig) -> None:
    """Static membership: a restart within the session timeout moves nothing."""
    named = [rig.settings.model_copy(update={"instance": name}) for name in ("a", "b")]
    one, two = (rig.start(settings=settings) for settings in named)
    await asyncio.gather(one.ready(1), two.ready(1))
    member, kept, given_up = two.runtime._member, set(two.runtime.tasks), set(one.runtime.tasks)
    tasks = dict(two.runtime.tasks)
    await one.stop()
    again = rig.start(settings=named[0])
    await again.ready(1)
    assert set(again.runtime.tasks) == given_up
    assert (two.runtime._member, set(two.runtime.tasks)) == (member, kept)
    assert two.runtime.tasks == tasks, "the other's tasks were not touched"


async def test_of_two_instances_with_one_name_the_older_ends(rig: Rig) -> None:
    """Each would replace the other as soon as it joins, and no partition would stay with either.

    The newer one takes over as after a restart; the older one must not join again, whatever it notices first.
    """
    settings = rig.settings.model_copy(update={"instance": "same"})
    older = rig.start(settings=settings)
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 1)
    newer = rig.start(settings=settings)
    with pytest.raises(InstanceReplaced, match="FRONTLINE_INSTANCE=same: another process has joined"):
        async with asyncio.timeout(20):
            await older.work
    await newer.ready(2)
    member = newer.runtime._member
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 2)
    assert newer.runtime._member is member, "it has not lost its place in turn"


async def test_an_instance_that_was_replaced_by_one_that_is_gone_joins_again(rig: Rig) -> None:
    """A coordinator that fails over may remember a membership older than the running one, and nobody has that."""
    settings = rig.settings.model_copy(update={"instance": "same"})
    running = rig.start(settings=settings)
    await running.ready(2)
    first = running.runtime._member
    gone = rig.start(settings=settings)
    await gone.ready(2)
    await gone.kill()
    await eventually(lambda: running.runtime._member not in (None, first))
    await running.ready(2)
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 1)
    assert not running.work.done()


async def test_a_named_instance_whose_session_has_expired_joins_again(rig: Rig) -> None:
    """Kafka answers its heartbeat as that of one which was replaced; nobody has replaced it."""
    running = rig.start(settings=rig.settings.model_copy(update={"instance": "slow"}))
    await running.ready(2)
    assert running.runtime._member is not None
    coordinator = running.runtime._member._consumer._consumer._coordinator
    before = coordinator.member_id
    await coordinator._send_req(LeaveGroupRequest(coordinator.group_id, before))  # as the broker does when it expires
    await eventually(lambda: coordinator.member_id not in ("", before))
    await running.ready(2)
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 1)
