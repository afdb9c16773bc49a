"""Topics: made once however many try, left as they are if they exist, and compared with the registry in full."""

import asyncio
from dataclasses import replace

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from shared.contracts.topics import TOPICS, changelog
from shared.kafka.topic_admin import Drift, apply_topics, check_topics
from tests.harness.rig import Rig, eventually


async def test_topics_are_created_as_registered_by_the_first_caller(bootstrap: str) -> None:
    """All services apply them at their start, at the same time."""
    rig = Rig(bootstrap)
    made = await asyncio.gather(*(apply_topics(rig.settings, rig.topics) for _ in range(4)))
    assert set().union(*made) == {topic.name for topic in rig.topics}
    assert await apply_topics(rig.settings, rig.topics) == []
    assert await check_topics(rig.settings, rig.topics) == []


async def test_every_difference_is_reported_by_name(bootstrap: str) -> None:
    """Missing, another partition count, policy, retention or size: an operator has to know before it hurts."""
    rig = Rig(bootstrap)
    await apply_topics(rig.settings, [rig.first, rig.second])
    expected = [
        replace(rig.first, policy="delete"),
        replace(rig.second, extra={"retention.ms": "12345"}, max_message_bytes=99),
        rig.sink,
    ]
    settings = rig.settings.model_copy(update={"partitions": 3})
    drifts = await check_topics(settings, expected)
    assert {(drift.topic, drift.what, drift.expected) for drift in drifts} == {
        (rig.sink.name, "missing", ""),
        (rig.first.name, "partitions", "3"),
        (rig.first.name, "cleanup.policy", "delete"),
        (rig.second.name, "partitions", "3"),
        (rig.second.name, "retention.ms", "12345"),
        (rig.second.name, "max.message.bytes", "99"),
    }
    assert str(Drift("t", "partitions", "3", "2")) == "t: partitions is 2, expected 3"


async def test_the_registry_itself_can_be_applied(bootstrap: str) -> None:
    """Every setting in it is one that a real broker takes."""
    rig = Rig(bootstrap)
    await apply_topics(rig.settings.model_copy(update={"partitions": 6}), TOPICS)
    assert not [drift for drift in await check_topics(rig.settings, TOPICS) if drift.what != "partitions"]


async def test_a_service_whose_topics_are_missing_reports_them_and_waits(bootstrap: str) -> None:
    """It is not ready, names what is missing, and runs as soon as it is there; nothing is made by accident."""
    rig = Rig(bootstrap)
    running = rig.start()
    await eventually(lambda: f"{rig.first.name} is missing" in str(running.readiness.report()))
    await apply_topics(rig.settings, rig.topics)
    await running.ready(2)
    await rig.close()


async def test_a_service_with_another_partition_count_refuses_to_run(bootstrap: str) -> None:
    """Every second record would seem to be on the wrong partition."""
    rig = Rig(bootstrap)
    await rig.prepare()
    running = rig.start(settings=rig.settings.model_copy(update={"partitions": 4}))
    await eventually(lambda: "FRONTLINE_PARTITIONS=4" in str(running.readiness.report()))
    await rig.close()


async def test_a_service_stops_when_somebody_adds_partitions(bootstrap: str) -> None:
    """Keys belong elsewhere from then on: going on would split each account over two tasks."""
    rig = Rig(bootstrap)
    await rig.prepare()
    running = rig.start()
    await running.ready(2)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_partitions({rig.in_kafka(topic): NewPartitions(3) for topic in (rig.first, rig.second)})
    await admin.close()
    await eventually(lambda: f"{rig.first.name} has 3 partitions" in str(running.readiness.report()), 10)
    await eventually(lambda: not running.runtime.tasks)
    await rig.close()


async def test_a_service_creates_the_topics_that_it_is_given(bootstrap: str) -> None:
    """A first start needs no separate step."""
    rig = Rig(bootstrap)
    running = rig.start(topics=rig.topics)
    await running.ready(2)
    assert await check_topics(rig.settings, [changelog(rig.service, store) for store in rig.stores]) == []
    await rig.close()
