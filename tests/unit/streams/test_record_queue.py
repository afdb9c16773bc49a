"""The queue of a task: in order, bounded, and no source starves another."""

import asyncio
import contextlib

import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from shared.streams.record_queue import HIGH_BYTES, HIGH_RECORDS, RecordQueue


def _fetched(topic: str, start: int, count: int, size: int = 1) -> list[ConsumerRecord]:
    value = b"x" * size
    return [
        ConsumerRecord(topic, 0, offset, 0, 0, b"k", value, None, 1, size, ()) for offset in range(start, start + count)
    ]


class _Valve:
    """A queue of two sources, with its calls of pause and resume."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.inbox = RecordQueue(
            ["a", "b"],
            0,
            lambda source: self.calls.append(f"-{source}"),
            lambda source: self.calls.append(f"+{source}"),
        )
        self.inbox.open("a")
        self.inbox.open("b")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), max_size=10), st.integers(1, 20))
def test_everything_comes_out_once_and_in_order(offers: list[tuple[str, int]], limit: int) -> None:
    """However it is offered and taken; a slice has the first source first."""
    inbox = _Valve().inbox
    ends = {"a": 0, "b": 0}
    for source, count in offers:
        inbox.offer(source, _fetched(source, ends[source], count))
        ends[source] += count
    taken = []
    while len(inbox):
        slice_ = inbox.take(limit)
        assert 0 < len(slice_) <= limit
        assert [record.topic for record in slice_] == sorted(record.topic for record in slice_)
        taken += slice_
    for source, end in ends.items():
        assert [record.offset for record in taken if record.topic == source] == list(range(end))


def test_no_source_starves_the_other() -> None:
    """A million entitlements must not hold up requests for minutes."""
    inbox = _Valve().inbox
    inbox.offer("a", _fetched("a", 0, 1_000))
    inbox.offer("b", _fetched("b", 0, 1_000))
    topics = [record.topic for record in inbox.take(100)]
    assert (topics.count("a"), topics.count("b")) == (50, 50)
    inbox.take(1_800)
    assert [record.topic for record in inbox.take(1_000)] == ["a"] * 50 + ["b"] * 50


def _joined() -> RecordQueue:
    """A queue of two sources, the second of which is joined with the first; it has no room to pause."""
    inbox = RecordQueue(["a", "b"], 0, lambda _: None, lambda _: None, first=["a"])
    inbox.open("a")
    inbox.open("b")
    return inbox


STEPS = st.one_of(
    st.tuples(st.just("offer a"), st.integers(1, 30)),
    st.tuples(st.just("offer b"), st.integers(1, 30)),
    st.tuples(st.just("release"), st.just(0)),
    st.tuples(st.just("take"), st.integers(1, 20)),
)


@given(st.lists(STEPS, max_size=30))
async def test_a_held_record_comes_after_all_that_the_other_source_had_when_it_was_released(
    steps: list[tuple[str, int]],
) -> None:
    """And nothing is lost, doubled or left, in whatever order it is offered, released and taken."""
    inbox = _joined()
    ends = {"a": 0, "b": 0}
    before: list[int] = []  # for each record of b that has been released, what had to be taken before it
    taken: dict[str, list[int]] = {"a": [], "b": []}
    for step, count in [*steps, ("release", 0), ("take", 1_000), ("release", 0), ("take", 1_000), ("take", 1_000)]:
        if step.startswith("offer"):
            source = step[-1]
            inbox.offer(source, _fetched(source, ends[source], count))
            ends[source] += count
        elif step == "release":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0):
                    held = await inbox.held()
                    inbox.release(held, {"a": ends["a"]})
                    before += [ends["a"]] * held["b"]
        else:
            free = len(inbox)
            records = inbox.take(count)
            assert len(records) == min(count, free)
            for record in records:
                taken[record.topic].append(record.offset)
                if record.topic == "b":
                    assert len(taken["a"]) >= before[record.offset]
    assert taken == {source: list(range(end)) for source, end in ends.items()}
    assert len(inbox) == 0


async def test_what_is_held_is_neither_taken_nor_counted_before_its_release() -> None:
    """It waits as lag does, but it is no work for a slice: a task that counted it would never rest."""
    inbox = _joined()
    inbox.offer("b", _fetched("b", 0, 3))
    assert (len(inbox), inbox.waiting("b"), inbox.take(10)) == (0, 3, [])
    inbox.offer("a", _fetched("a", 0, 5))
    inbox.release(await inbox.held(), {"a": 5})
    assert [record.topic for record in inbox.take(4)] == ["a"] * 4
    assert len(inbox) == 1
    inbox.take(1)
    assert [record.offset for record in inbox.take(10)] == [0, 1, 2]


async def test_a_closed_queue_releases_nothing_of_what_comes_next() -> None:
    """A release that was waiting when the task failed says nothing about the records of its next life."""
    inbox = _joined()
    inbox.offer("a", _fetched("a", 0, 1))
    inbox.offer("b", _fetched("b", 0, 1))
    inbox.release(await inbox.held(), {"a": 1})
    inbox.close()
    for source in "ab":
        inbox.open(source)
        inbox.offer(source, _fetched(source, 0, 1))
    assert [record.topic for record in inbox.take(10) + inbox.take(10)] == ["a"]
    assert await inbox.held() == {"b": 1}


@pytest.mark.parametrize(("count", "size"), [(HIGH_RECORDS + 1, 1), (5, HIGH_BYTES // 4)])
def test_fetching_pauses_when_it_is_full_and_resumes_when_there_is_room(count: int, size: int) -> None:
    """By records and by bytes; once each, with hysteresis, so that it does not alternate quickly."""
    valve = _Valve()
    valve.inbox.offer("a", _fetched("a", 0, count, size))
    valve.inbox.offer("a", _fetched("a", count, 1, size))
    assert valve.calls == ["-a"]
    valve.inbox.take(count // 2)
    assert valve.calls == ["-a"]
    valve.inbox.take(count)
    assert valve.calls == ["-a", "+a"]


def test_records_of_a_source_that_is_not_open_are_dropped() -> None:
    """The client may fetch from a position of its own before the task has sought."""
    inbox = RecordQueue(["a"], 0, lambda _: None, lambda _: None)
    inbox.offer("a", _fetched("a", 0, 3))
    assert len(inbox) == 0
    inbox.open("a")
    inbox.offer("a", _fetched("a", 0, 3))
    inbox.close()
    inbox.offer("a", _fetched("a", 3, 3))
    assert len(inbox) == 0
    assert not inbox.is_open("a")


async def test_a_wait_ends_at_an_offer_at_wake_or_at_its_time_out() -> None:
    """An offer made before the wait is not missed either."""
    inbox = _Valve().inbox
    async with asyncio.timeout(5):
        inbox.offer("a", _fetched("a", 0, 1))
        await inbox.wait(None)
        waiting = asyncio.create_task(inbox.wait(None))
        await asyncio.sleep(0)
        inbox.wake()
        await waiting
        await inbox.wait(0.001)
