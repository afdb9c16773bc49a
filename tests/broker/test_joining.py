"""A record waits for what was acknowledged before it in the sources that it is joined with."""

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import TopicPartition

from shared.kafka.consumer import Consumer
from shared.streams.group_consumer import GroupConsumer
from tests.harness.processors import Joined
from tests.harness.rig import Rig, Running, eventually


def _member(running: Running) -> GroupConsumer:
    member = running.runtime._member
    assert member is not None
    return member


async def test_a_request_waits_for_the_account_that_was_acknowledged_before_it(rig: Rig) -> None:
    """The two may be led by different brokers, one of which answers late: here it is not asked for a while."""
    running = rig.start(lambda _partition: Joined((rig.first, rig.second), (rig.sink,)))
    await running.ready(2)
    member = _member(running)
    for partition in range(2):
        member.pause(rig.first.name, partition)
    requests = [(f"k{n}", b"") for n in range(100)]
    await rig.produce(rig.first, requests)
    await rig.produce(rig.second, requests)
    await eventually(lambda: sum(member.fetched_to(rig.second.name, p) or 0 for p in range(2)) == len(requests))
    assert await rig.read(rig.sink) == []
    for partition in range(2):
        member.resume(rig.first.name, partition)
    answers = await rig.read(rig.sink, len(requests))
    assert {record.value for record in answers} == {b"known"}


async def test_a_request_waits_for_all_accounts_of_a_bulk_import_that_precede_it(rig: Rig) -> None:
    """They are more than one fetch returns, and it is fetched together with the first of them."""
    running = rig.start(lambda _partition: Joined((rig.first, rig.second), (rig.sink,)))
    await running.ready(2)
    member = _member(running)
    places = [(source.name, partition) for source in (rig.first, rig.second) for partition in range(2)]
    for place in places:
        member.pause(*place)
    await rig.produce(rig.first, [(f"k{n}", b"x" * 1_000) for n in range(10_000)])
    requests = [(f"k{n}", b"") for n in range(9_900, 10_000)]
    await rig.produce(rig.second, requests)
    for place in places:
        member.resume(*place)
    answers = await rig.read(rig.sink, len(requests))
    assert {record.value for record in answers} == {b"known"}


async def test_a_task_that_is_not_told_the_end_fails_and_tries_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """It decides nothing meanwhile, and its readiness has the reason: requests would otherwise wait without a word."""
    running = rig.start(lambda _partition: Joined((rig.first, rig.second), (rig.sink,)))
    await running.ready(2)
    member, asked = _member(running), asyncio.Event()
    real = member.ends_now

    async def first_in_vain(sources: Sequence[str], partition: int) -> dict[str, int]:
        if asked.is_set():
            return await real(sources, partition)
        asked.set()
        raise KafkaTimeoutError("no answer")

    monkeypatch.setattr(member, "ends_now", first_in_vain)
    await rig.produce(rig.first, [("a", b"")])
    await rig.produce(rig.second, [("a", b"")])
    await eventually(lambda: "no answer" in str(running.readiness.report()))
    await rig.produce(rig.second, [("a", b"")])
    assert [answer.value for answer in await rig.read(rig.sink, 2)] == [b"known"] * 2


async def _reading(rig: Rig, consumer: Consumer) -> TopicPartition:
    """A consumer that waits for records of a partition."""
    place = TopicPartition(rig.first.name, 0)
    await consumer.start()
    consumer.assign([place])
    await consumer.seek_to_beginning(place)
    await consumer.getmany(timeout_ms=0)
    return place


async def test_the_end_is_known_although_a_fetch_is_waiting(rig: Rig) -> None:
    """On one connection a broker answers one request after the other, and a fetch waits for records."""
    consumer = Consumer(rig.settings, client_id="ends", isolation_level="read_committed", fetch_max_wait_ms=5_000)
    loop = asyncio.get_running_loop()
    try:
        place = await _reading(rig, consumer)
        for end in range(3):
            began = loop.time()
            assert await consumer.ends_now([place]) == {place: end}
            assert loop.time() - began < 2
            await rig.produce(rig.first, [("a", b"")], partition=0)
    finally:
        await consumer.stop()


async def test_what_is_not_decided_is_beyond_the_end(rig: Rig) -> None:
    """A task would wait for it although it cannot be read."""
    consumer = Consumer(rig.settings, client_id="ends", isolation_level="read_committed")
    try:
        place = await _reading(rig, consumer)
        async with rig.producer(transactional_id=rig.mark) as producer, producer.transaction():
            await rig.send(producer, rig.first, [("a", b"")], partition=0)
            assert await consumer.ends_now([place]) == {place: 0}
        await rig.read(rig.first, 1)  # Kafka acknowledges a commit before the partition has its marker
        assert await consumer.ends_now([place]) == {place: 2}  # the record and its marker
    finally:
        await consumer.stop()


async def test_an_end_that_cannot_be_known_is_an_error_that_says_why(rig: Rig) -> None:
    """After the time limit of a request: a partition may be without a leader for a while."""
    settings = rig.settings.model_copy(update={"kafka_request_timeout_ms": 1_000})
    consumer = Consumer(settings, client_id="ends", isolation_level="read_committed")
    try:
        await _reading(rig, consumer)
        with pytest.raises(KafkaTimeoutError, match=r"not known after 1 s: .*\[7\] has no leader"):
            await consumer.ends_now([TopicPartition(rig.first.name, 7)])
    finally:
        await consumer.stop()
