"""Reading topics to where they end now, on a real Kafka: what counts as the end, and what is left out."""

import asyncio
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError

from shared.contracts.topics import Topic
from shared.kafka import committed_reader as module
from shared.kafka.committed_reader import committed_reader, read_to_end
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics, check_topics

PARTITIONS = 2


def settings_at(bootstrap: str) -> KafkaSettings:
    """Topics of two partitions."""
    return KafkaSettings(kafka_bootstrap=bootstrap, partitions=PARTITIONS)


async def written(settings: KafkaSettings, name: str) -> None:
    """Two committed records in each partition, then an aborted one, so that each log ends in a marker."""
    await apply_topics(settings, [Topic(name, "k", "delete", "test")])
    producer = AIOKafkaProducer(**settings.client(), transactional_id=f"{name}-writer")
    await producer.start()
    try:
        for aborted, values in ((False, [b"one", b"two"]), (True, [b"aborted"])):
            await producer.begin_transaction()
            for partition in range(PARTITIONS):
                for value in values:
                    await producer.send_and_wait(name, value, key=b"k", partition=partition, headers=[("h", b"x")])
            await (producer.abort_transaction() if aborted else producer.commit_transaction())
    finally:
        await producer.stop()


async def read(settings: KafkaSettings, *topics: str, partitions: list[int] | None = None) -> list[Record]:
    """All of it, within the time of one test."""
    async with asyncio.timeout(20):
        return [record async for record in read_to_end(settings, topics, partitions)]


async def test_reading_ends_at_the_end_although_that_is_a_marker_of_an_aborted_transaction(bootstrap: str) -> None:
    """No record has the last offset: whoever counted records would wait for ever."""
    settings = settings_at(bootstrap)
    await written(settings, "reader-a")
    records = await read(settings, "reader-a")
    by_partition = {number: [r.value for r in records if r.partition == number] for number in range(PARTITIONS)}
    assert by_partition == {0: [b"one", b"two"], 1: [b"one", b"two"]}
    assert {(r.topic, r.key, r.headers) for r in records} == {("reader-a", b"k", (("h", b"x"),))}
    assert [r.value for r in await read(settings, "reader-a", partitions=[1])] == [b"one", b"two"]


async def test_a_topic_that_does_not_exist_has_no_records_and_is_not_made_by_reading(bootstrap: str) -> None:
    """A look at the log must leave no trace in Kafka."""
    settings = settings_at(bootstrap)
    assert await read(settings, "reader-none") == []
    (drift,) = await check_topics(settings, [Topic("reader-none", "k", "delete", "test")])
    assert drift.what == "missing"


async def test_reading_an_empty_topic_ends_at_once(bootstrap: str) -> None:
    """Most of dead letters' topics are empty. aiokafka hung at its end when it was assigned nothing just before."""
    settings = settings_at(bootstrap)
    await apply_topics(settings, [Topic("reader-empty", "k", "delete", "test")])
    for _ in range(5):
        assert await read(settings, "reader-empty") == []


async def test_a_span_is_read_from_its_start_to_just_below_its_end(bootstrap: str) -> None:
    """Records that are written while somebody reads do not count any more; one reader reads several choices."""
    settings = settings_at(bootstrap)
    await written(settings, "reader-b")
    async with asyncio.timeout(20), committed_reader(settings) as reader:
        (places,) = (await reader.partitions(["reader-b", "reader-none"])).values()
        first, second = await reader.spans(places)
        assert [r.value async for r in reader.read([replace(first, start=1)])] == [b"two"]
        assert [r.value async for r in reader.read([replace(second, end=1)])] == [b"one"]
        assert [r.value async for r in reader.read([replace(second, start=2)])] == []
        assert [r.value async for r in reader.read([])] == []


async def test_a_reader_that_resets_no_position_reads_beside_empty_partitions(bootstrap: str) -> None:
    """As a takeover reads changelogs: a partition that is not read must not end the reading of the others."""
    settings = settings_at(bootstrap)
    await written(settings, "reader-e")
    await apply_topics(settings, [Topic("reader-f", "k", "delete", "test")])
    for _ in range(5):
        async with asyncio.timeout(20), committed_reader(settings, auto_offset_reset="none") as reader:
            found = await reader.partitions(["reader-e", "reader-f"])
            spans = await reader.spans([place for of_topic in found.values() for place in of_topic])
            assert len([r async for r in reader.read(spans)]) == 4


async def test_following_begins_at_the_beginning_and_goes_on(bootstrap: str) -> None:
    """The views of the demo show what was there and what comes."""
    settings = settings_at(bootstrap)
    await written(settings, "reader-c")
    seen: list[bytes | None] = []
    async with asyncio.timeout(30), committed_reader(settings) as reader:
        (places,) = (await reader.partitions(["reader-c"])).values()
        async for record in reader.follow(places[:1]):
            seen.append(record.value)
            if len(seen) == 2:
                await written(settings, "reader-c")
            if len(seen) == 4:
                break
    assert seen == [b"one", b"two"] * 2


async def test_reading_that_makes_no_progress_fails(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An end that the broker never reaches must not keep a takeover waiting for ever."""
    monkeypatch.setattr(module, "STALLED", 0.5)
    settings = settings_at(bootstrap)
    await written(settings, "reader-d")
    async with asyncio.timeout(20), committed_reader(settings) as reader:
        (places,) = (await reader.partitions(["reader-d"])).values()
        whole = (await reader.spans(places))[0]
        with pytest.raises(KafkaTimeoutError, match="no progress"):
            _ = [r async for r in reader.read([replace(whole, end=whole.end + 5)])]
