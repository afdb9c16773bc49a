"""A service that only reads: its view is complete, its checks name what is missing, no offset outlives its topic."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from shared.kafka.consumer import Consumer
from shared.kafka.record import Record
from shared.kafka.tail import follow_topics
from shared.observability.health import Readiness
from tests.harness.rig import Rig, eventually
from tests.harness.topic_surgery import recreate


class Follower:
    """A view that counts the records of the rig's topic `second` by key."""

    def __init__(self, rig: Rig) -> None:
        self.view = rig.service
        self.counts: Counter[bytes | None] = Counter()
        self.readiness = Readiness()
        self.work = asyncio.create_task(
            follow_topics(self.view, rig.settings, ((rig.second, None),), self.take, self.readiness)
        )

    def take(self, record: Record) -> None:
        """Count one record; one with a word of its own meets a defect."""
        if record.value == b"a customer's words":
            raise ValueError(record.value)
        self.counts[record.key] += 1

    def check(self, name: str) -> str:
        """The detail of one check of /readyz."""
        return str(self.readiness.report()["checks"][name]["detail"])

    @property
    def caught_up(self) -> float | None:
        """The metric of the view."""
        return REGISTRY.get_sample_value("frontline_view_caught_up", {"view": self.view})


@pytest_asyncio.fixture
async def rig(bootstrap: str) -> AsyncIterator[Rig]:
    """A rig whose topics do not exist yet."""
    rig = Rig(bootstrap)
    yield rig
    await rig.close()


@pytest_asyncio.fixture
async def follower(rig: Rig) -> AsyncIterator[Follower]:
    """Started before its topic exists."""
    follower = Follower(rig)
    yield follower
    follower.work.cancel()
    await asyncio.gather(follower.work, return_exceptions=True)


async def test_a_view_is_ready_once_its_topic_exists_and_has_been_read_to_its_end(rig: Rig, follower: Follower) -> None:
    """It creates no topics, and half a view would answer wrongly."""
    await eventually(lambda: follower.check("topics") == f"{rig.second.name} is missing")
    assert not follower.readiness.ready
    assert follower.caught_up == 0
    await rig.prepare()
    await rig.produce(rig.second, [("a", b"1"), ("b", b"2"), ("a", b"3")])
    await eventually(lambda: follower.readiness.ready)
    assert follower.caught_up == 1
    await eventually(lambda: follower.counts == {b"a": 2, b"b": 1})
    await rig.produce(rig.second, [("b", b"4")])
    await eventually(lambda: follower.counts == {b"a": 2, b"b": 2})


async def test_a_view_reads_nothing_of_a_topic_that_was_created_again(rig: Rig, follower: Follower) -> None:
    """At the old offset it would skip the first records of the new topic, and its view is that of the former one."""
    await rig.prepare()
    await rig.produce(rig.second, [("a", b"")] * 3)
    await eventually(lambda: follower.readiness.ready and follower.counts == {b"a": 3})
    await recreate(rig.settings, rig.second)
    await eventually(lambda: follower.check("topics") == f"{rig.second.name} was deleted and created again")
    assert not follower.readiness.ready
    await rig.produce(rig.second, [("b", b"")] * 9)
    assert follower.counts == {b"a": 3}
    assert not follower.work.done()


async def test_a_view_that_is_cancelled_while_its_consumer_stops_ends(
    rig: Rig, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka may take that for the end of its own tasks: a service would wait for its view until it is killed."""
    stop, stopping = Consumer.stop, asyncio.Event()

    async def stop_as_if_nobody_was_cancelled(consumer: Consumer) -> None:
        await stop(consumer)
        with suppress(asyncio.CancelledError):
            stopping.set()
            await asyncio.sleep(60)

    await rig.prepare()
    await eventually(lambda: follower.readiness.ready)
    monkeypatch.setattr(Consumer, "stop", stop_as_if_nobody_was_cancelled)
    await recreate(rig.settings, rig.second)
    await asyncio.wait_for(stopping.wait(), 30)
    follower.work.cancel()
    await asyncio.wait([follower.work], timeout=10)
    assert follower.work.done()


async def test_a_record_that_a_view_cannot_handle_is_skipped_counted_and_logged_by_its_place(
    rig: Rig, follower: Follower, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise one record would end the process, and each start would meet it again."""
    await rig.prepare()
    await rig.produce(rig.second, [("a", b"a customer's words"), ("b", b"a customer's words"), ("a", b"2")])
    await eventually(lambda: follower.counts == {b"a": 1})
    assert not follower.work.done()
    labels = {"view": follower.view, "cause": "unexpected_error"}
    assert REGISTRY.get_sample_value("frontline_view_unreadable_records_total", labels) == 2
    log = capsys.readouterr()
    assert (log.out + log.err).count("view.record_skipped") == 1
    assert "customer" not in log.out + log.err
