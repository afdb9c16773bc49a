"""A record larger than its topic allows, uncompressed, is dead-lettered by reference at once; no reader keeps it."""

import asyncio
from pathlib import Path

import pytest

from services.cli.case_log_reader import read_cases
from services.cli.log_reader import read_to_end
from services.replay.log_from_kafka import read_log
from shared.contracts.topics import ACTIVITY, ENTITLEMENTS, REQUESTS, Topic, changelog
from shared.kafka.dead_letter_log import Found, read_all
from shared.kafka.dead_letter_replay import NoOriginal, replayer
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Withheld
from shared.kafka.settings import KafkaSettings
from shared.wall_clock import utc_now
from tests.broker.test_exactly_once import KEYS
from tests.harness.intake import ID_SECRET, api_keys, topics_at
from tests.harness.rig import Rig, eventually
from tests.harness.service_process import ServiceProcess, service_process

MEGABYTE = 1_000_000


KEY = next(key for key in KEYS if partition_for(key.encode(), 2) == 0)


async def produce_compressed(rig: Rig, values: list[bytes], codec: str = "gzip", topic: Topic | None = None) -> None:
    """One batch of records with KEY on partition 0, of the second source unless another topic is named."""
    async with rig.producer(compression_type=codec, max_batch_size=2**30) as producer:
        batch = producer.create_batch()
        for value in values:
            assert batch.append(timestamp=None, key=KEY.encode(), value=value)
        await (await producer.send_batch(batch, rig.in_kafka(topic or rig.second), partition=0))


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_a_record_over_the_limit_is_dead_lettered_by_reference_at_once(rig: Rig, codec: str) -> None:
    """5 MB compress to a few KB, which `max.message.bytes` allows: the dead-letter topic would refuse the value."""
    running = rig.start()
    await running.ready(2)
    await produce_compressed(rig, [b"", b"[" * 5 * MEGABYTE, b""], codec)
    (dead_letter,) = await rig.dead_letters(rig.second, 1)
    assert (dead_letter.cause, dead_letter.by_reference, dead_letter.record.value) == ("record_too_large", True, None)
    assert (dead_letter.record.key, dead_letter.record.partition, dead_letter.record.offset) == (KEY.encode(), 0, 1)
    assert [record.value for record in await rig.read(rig.sink, 2)] == [b"1", b"2"]
    assert running.phases() == {"running"}, "nothing was refused on the way"


async def test_a_batch_too_large_for_memory_is_one_dead_letter_and_its_partition_goes_on(rig: Rig) -> None:
    """A value above `socket.request.max.bytes` would break the connection, and be tried for ever."""
    running = rig.start()
    await running.ready(2)
    await produce_compressed(rig, [b"["], "gzip")
    await produce_compressed(rig, [b"", b"[" * 110 * MEGABYTE, b""])
    await produce_compressed(rig, [b""], "gzip")
    (dead_letter,) = await rig.dead_letters(rig.second, 1)
    assert (dead_letter.cause, dead_letter.by_reference, dead_letter.record.value) == ("record_too_large", True, None)
    assert (dead_letter.record.partition, dead_letter.record.offset) == (0, 3), "the last offset of its batch"
    assert "offsets 1 to 3" in dead_letter.message
    assert [record.value for record in await rig.read(rig.sink, 2)] == [b"1", b"2"]
    await running.stop()
    successor = rig.start()
    await produce_compressed(rig, [b""], "gzip")
    assert [record.value for record in await rig.read(rig.sink, 3)] == [b"1", b"2", b"3"]
    assert len(await rig.dead_letters(rig.second)) == 1, "it is not dead-lettered again after a restart"
    assert "failed" not in successor.phases()


async def test_an_output_that_would_break_the_connection_is_not_sent(rig: Rig) -> None:
    """It counts as refused, so that the record to blame is dead-lettered and its neighbours go on."""
    await rig.produce(rig.second, [(KEY, b"big 110000000"), (KEY, b"")])
    rig.start()
    (dead_letter,) = await rig.dead_letters(rig.second, 1)
    assert (dead_letter.cause, dead_letter.record.value) == ("output_too_large", b"big 110000000")
    assert [record.value for record in await rig.read(rig.sink, 1)] == [b"1"]


async def test_a_changelog_with_a_foreign_record_stops_its_task_with_the_reason(rig: Rig) -> None:
    """An empty value in its place would be a wrong state."""
    counts = changelog(rig.service, "counts")
    await produce_compressed(rig, [b"[" * 5 * MEGABYTE], topic=counts)
    running = rig.start()
    await eventually(lambda: "failed" in running.phases())
    detail = running.readiness.report()["checks"]["partition-0"]["detail"]
    assert detail.startswith(f"ForeignRecord: {counts.name}[0] has a record at offset 0")


async def test_readers_outside_a_group_skip_records_that_are_too_large(bootstrap: str) -> None:
    """The command line reads all of it, and has nothing to show of these records; others may be there."""
    rig = Rig(bootstrap, partitions=6, namespace="")  # as the services have it
    await topics_at(bootstrap)
    before = (await read_to_end(bootstrap, ACTIVITY))[ACTIVITY.name]
    for size in (5 * MEGABYTE, 110 * MEGABYTE):
        await produce_compressed(rig, [b"[" * size], topic=ACTIVITY)
    assert (await read_cases(rig.settings, lambda _: None))[KEY].activity == []
    assert len((await read_to_end(bootstrap, ACTIVITY))[ACTIVITY.name]) == len(before)
    with await read_log(rig.settings, lambda *_: None) as log:
        values = [record.value for record in log.records(ACTIVITY.name, 0) if record.key in (KEY.encode(), None)]
    assert [type(value) for value in values] == [Withheld, Withheld]


async def test_two_hundred_fifty_megabytes_take_no_memory_of_the_services(bootstrap: str, tmp_path: Path) -> None:
    """The router dead-letters them by reference, intake's views skip them, and both stay as small as they were."""
    await topics_at(bootstrap)
    rig = Rig(bootstrap, partitions=6, namespace="")  # as the services have it
    async with (
        service_process("router", tmp_path / "router.log", FRONTLINE_KAFKA_BOOTSTRAP=bootstrap) as router,
        service_process(
            "intake",
            tmp_path / "intake.log",
            FRONTLINE_KAFKA_BOOTSTRAP=bootstrap,
            FRONTLINE_API_KEYS=api_keys(),
            FRONTLINE_ID_SECRET=ID_SECRET,
        ) as intake,
    ):
        services = (router, intake)
        await asyncio.gather(*(service.start() for service in services))
        await asyncio.gather(*(service.until("/readyz", 200) for service in services))
        before = [service.peak_memory for service in services]
        for topic in (ENTITLEMENTS, REQUESTS):
            await produce_compressed(rig, [b"[" * 250 * MEGABYTE], topic=topic)
        found = await _dead_letters(rig.settings, 2)
        await _counted(intake, 'frontline_view_unreadable_records_total{cause="record_too_large"', 2)
        grown = [service.peak_memory - peak for service, peak in zip(services, before, strict=True)]
    assert max(grown) < 160 * MEGABYTE, grown
    assert all(each.dead_letter and each.dead_letter.by_reference for each in found)
    assert len(found) == 2
    async with replayer(rig.settings, utc_now) as replays:
        for each in found:
            with pytest.raises(NoOriginal, match="must send it again, smaller or readable: offsets "):
                await replays.replay(each)


async def _dead_letters(settings: KafkaSettings, count: int) -> list[Found]:
    """The dead letters of the router's sources that were too large, once there are so many."""
    async with asyncio.timeout(30):
        while True:
            found = await read_all(settings, [ENTITLEMENTS.name, REQUESTS.name])
            large = [each for each in found if each.dead_letter and each.dead_letter.cause == "record_too_large"]
            if len(large) >= count:
                return large
            await asyncio.sleep(0.1)


async def _counted(service: ServiceProcess, metric: str, count: int) -> None:
    """Wait until the values of `metric` add up to so many."""
    async with asyncio.timeout(30):
        while True:
            lines = (await service.until("/metrics", 200)).text.splitlines()
            if sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(metric)) >= count:
                return
            await asyncio.sleep(0.1)
