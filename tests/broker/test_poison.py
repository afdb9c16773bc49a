"""What cannot be processed is dead-lettered with its cause, in its neighbours' transaction, and nothing else stops."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.contracts.topics import dead_letter as dead_letter_topic
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.faults import PoisonRecord
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Record
from shared.streams.overlay import Overlay
from tests.broker.test_exactly_once import KEYS, check_counts
from tests.harness.faults import Fault, inject
from tests.harness.hands import Hands
from tests.harness.processors import Counter
from tests.harness.rig import Rig, eventually

MakeRig = Callable[..., Rig]


async def test_poison_is_dead_lettered_byte_for_byte_and_its_neighbours_are_processed(rig: Rig) -> None:
    """Key, value and headers as they came, with the cause behind them, on the partition that it was on."""
    headers = (("ce_id", b"\x00\xff"), ("dlt-cause", b"somebody else's"), ("ce_id", b"twice"))
    rig.start()
    await rig.produce(rig.second, [("a", b""), ("a", b"poison")], headers=headers)
    await rig.produce(rig.second, [("a", b""), ("a", b"crash"), ("a", b"")])
    assert [record.value for record in await rig.read(rig.sink, 3)] == [b"1", b"2", b"3"]
    poison, crash = await rig.dead_letters(rig.second, 2)
    assert (poison.cause, poison.message, poison.service) == ("unexpected_type", "the record says poison", rig.service)
    assert (poison.record.key, poison.record.value, poison.record.headers) == (b"a", b"poison", headers)
    assert (poison.record.topic, poison.record.partition) == (rig.second.name, partition_for(b"a", 2))
    assert (crash.cause, crash.record.offset) == ("unexpected_error", 3)
    (raw, _) = await rig.read(dead_letter_topic(rig.second))
    assert raw.partition == poison.record.partition


async def test_nothing_but_poison_is_still_a_transaction(rig: Rig) -> None:
    """The positions move on; otherwise the same poison would come again for ever."""
    running = rig.start()
    await rig.produce(rig.second, [(key, b"poison") for key in KEYS])
    assert len(await rig.dead_letters(rig.second, len(KEYS))) == len(KEYS)
    await running.stop()
    successor = rig.start()
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, 1)
    assert successor.readiness.ready
    assert len(await rig.dead_letters(rig.second)) == len(KEYS)


@pytest.mark.parametrize(("key", "value"), [(None, b"poison"), ("a", None), (None, None)], ids=str)
async def test_records_without_key_or_value_are_kept_as_they_are(
    rig: Rig, key: str | None, value: bytes | None
) -> None:
    """A tombstone is not an empty value."""
    async with rig.producer() as producer:
        batch = producer.create_batch()
        batch.append(timestamp=None, key=key and key.encode(), value=value, headers=[("why", b"poison")])
        await producer.send_batch(batch, rig.in_kafka(rig.second), partition=0)
        await producer.flush()
    rig.start(lambda _partition: _Refuses((rig.first, rig.second), (rig.sink,)))
    (dead_letter,) = await rig.dead_letters(rig.second, 1)
    wrong = key is not None and partition_for(key.encode(), 2) != 0
    assert dead_letter.cause == ("wrong_partition" if wrong else "unexpected_type")
    assert (dead_letter.record.key, dead_letter.record.value) == (key and key.encode(), value)


class _Refuses(Counter):
    """Takes nothing."""

    def process(self, record: Record, overlay: Overlay) -> None:
        """Refuse it."""
        raise PoisonRecord("unexpected_type", "nothing is taken")


class _GivesUp(Counter):
    """Dead-letters a record by itself, besides what is poison."""

    def process(self, record: Record, overlay: Overlay) -> None:
        """Give up each record."""
        overlay.dead_letter(DeadLetter("unknown_case", "given up", "svc", overlay.now, record))


async def test_a_dead_letter_is_counted_and_logged_once_although_its_transaction_was_repeated(rig: Rig) -> None:
    """Whoever compares the count with the topic must find as many dead letters, those of the topology included."""
    labels = {"service": rig.service, "topic": rig.second.name, "cause": "unknown_case"}
    running = rig.start(lambda _partition: _GivesUp((rig.first, rig.second), (rig.sink,)))
    plan = inject(running.runtime, [Fault("commit", "before"), Fault("send_offsets", "after")])
    with capture_logs() as logged:
        await rig.produce(rig.second, [("a", b"")])
        await rig.dead_letters(rig.second, 1)
        await eventually(lambda: REGISTRY.get_sample_value("frontline_dead_letters_total", labels))
        await running.stop()
    assert len(plan.happened) == 2
    assert len(await rig.dead_letters(rig.second)) == 1
    assert REGISTRY.get_sample_value("frontline_dead_letters_total", labels) == 1
    assert [line["cause"] for line in logged if line.get("action") == "record.dead_lettered"] == ["unknown_case"]


async def test_a_record_on_the_wrong_partition_is_dead_lettered(rig: Rig) -> None:
    """A librdkafka client with its default partitioner: quietly not knowing the account would be worse."""
    wrong = 1 - partition_for(b"a", 2)
    rig.start()
    await rig.produce(rig.second, [("a", b"")], partition=wrong)
    await rig.produce(rig.second, [("a", b"")])
    (dead_letter,) = await rig.dead_letters(rig.second, 1)
    assert (dead_letter.cause, dead_letter.record.partition) == ("wrong_partition", wrong)
    assert "partitioner=murmur2_random" in dead_letter.message
    assert [record.value for record in await rig.read(rig.sink, 1)] == [b"1"]


async def test_the_record_whose_output_is_too_large_is_found_and_dead_lettered(rig: Rig) -> None:
    """The broker refuses the whole slice; record by record, only one of them is to blame."""
    await rig.produce(
        rig.second, [("a", b""), ("b", b""), ("a", b"big 2000000"), ("a", b""), ("b", b"big 1000"), ("b", b"")]
    )
    running = rig.start()
    outputs = await rig.read(rig.sink, 5)
    assert sorted((r.key, r.value) for r in outputs if len(r.value or b"") < 10) == [
        (b"a", b"1"), (b"a", b"2"), (b"b", b"1"), (b"b", b"3"),
    ]  # fmt: skip
    (dead_letter,) = await rig.dead_letters(rig.second, 1)
    assert (dead_letter.cause, dead_letter.record.value, dead_letter.by_reference) == (
        "output_too_large",
        b"big 2000000",
        False,
    )
    await rig.produce(rig.second, [("b", b"")])
    assert (await rig.read(rig.sink, 6))[-1].value is not None
    await running.ready(2)


async def test_a_record_that_does_not_fit_with_its_cause_is_dead_lettered_by_reference(make_rig: MakeRig) -> None:
    """Topic, partition and offset say where it is, if the dead-letter topic cannot take it."""
    rig = make_rig()
    small = replace(dead_letter_topic(rig.second), max_message_bytes=2_000)
    await rig.prepare([small if topic.name == small.name else topic for topic in rig.topics])
    await rig.produce(rig.second, [("a", b""), ("a", b"big 2000000" + b" " * 5_000), ("a", b"")])
    rig.start()
    (dead_letter,) = await rig.dead_letters(rig.second, 1)
    assert (dead_letter.by_reference, dead_letter.record.key, dead_letter.record.value, dead_letter.record.offset) == (
        True,
        b"a",
        None,
        1,
    )
    assert [record.value for record in await rig.read(rig.sink, 2)] == [b"1", b"2"]


@pytest.mark.parametrize("word", ["big", "crash"])
async def test_a_bad_timer_is_isolated_and_the_others_of_its_partition_fire(rig: Rig, word: str) -> None:
    """Whether the broker refuses what it produces or it raises: one case must not stop the clocks of all others."""
    bad = next(key for n in range(100) if partition_for((key := f"{word} {n}").encode(), 2) == 0)
    good = [key for key in KEYS if partition_for(key.encode(), 2) == 0]
    running = rig.start()
    await rig.produce(rig.second, [(key, b"timer 1") for key in (*good[:1], bad, *good[1:])])
    fired = await rig.read(rig.sink, len(good))
    assert {record.key for record in fired} == {key.encode() for key in good}
    await rig.produce(rig.second, [(good[0], b"timer 0")])
    assert (await rig.read(rig.sink, len(good) + 1))[-1].key == good[0].encode()
    await running.ready(2)
    error = {"big": "RecordRefused", "crash": "ZeroDivisionError"}[word]
    labels = {"service": rig.service, "error": error}
    assert REGISTRY.get_sample_value("frontline_timers_failed_total", labels) == 1
    postponed = {"service": rig.service, "task": "0"}
    await eventually(lambda: REGISTRY.get_sample_value("frontline_isolated", postponed) == 1)
    await eventually(lambda: (REGISTRY.get_sample_value("frontline_timer_overdue_seconds", postponed) or 0) > 1)


async def test_an_isolated_timer_is_tried_again_after_an_hour_and_after_a_restart(rig: Rig) -> None:
    """Its instant stays in the store; that it failed is known to the running task only."""
    hands, labels = Hands(), {"service": rig.service, "error": "ZeroDivisionError"}

    def failed() -> float:
        return REGISTRY.get_sample_value("frontline_timers_failed_total", labels) or 0

    running = rig.start(clock=hands.clock())
    with capture_logs() as logged:
        await rig.produce(rig.second, [("crash", b"timer 0")])
        await eventually(lambda: any(line.get("action") == "isolation.began" for line in logged))
    (line,) = [line for line in logged if line.get("action") == "isolation.began"]
    assert (line["key"], line["error"], line["log_level"]) == ("crash", "ZeroDivisionError", "error")
    assert "in fire" in line["stack"]
    assert "a customer's words" not in str(logged)
    assert failed() == 1
    hands.forward(timedelta(minutes=61))
    await eventually(lambda: failed() == 2)
    await running.stop()
    rig.start(clock=hands.clock())
    await eventually(lambda: failed() == 3)


async def test_a_timer_that_must_stop_the_task_stops_it(rig: Rig) -> None:
    """Going on would be wrong for every timer."""
    running = rig.start()
    await rig.produce(rig.second, [("stop", b"timer 0")])
    await eventually(
        lambda: (
            "TaskMustStop: the timer says stop"
            in [check["detail"] for check in running.readiness.report()["checks"].values()]
        )
    )


async def test_task_must_stop_stops_one_task_with_its_reason(rig: Rig) -> None:
    """What would be wrong for every record: the task is not ready, tries again, and skips nothing."""
    running = rig.start()
    await rig.produce(rig.second, [("a", b"stop")])
    partition = partition_for(b"a", 2)
    await eventually(
        lambda: (
            running.readiness.report()["checks"].get(f"partition-{partition}", {}).get("detail")
            == "TaskMustStop: the record says stop"
        )
    )
    assert not running.readiness.ready
    other = next(key for key in KEYS if partition_for(key.encode(), 2) != partition)
    await rig.produce(rig.second, [(other, b"")])
    assert [record.key for record in await rig.read(rig.sink, 1)] == [other.encode()]
