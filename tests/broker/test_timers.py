"""Timers on the real runtime: past their instant, once, soon, and not while the wall clock is off."""

import time
from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from shared.kafka.partitioning import partition_for
from shared.streams.overlay import Overlay
from shared.streams.processor import Timer
from shared.streams.task import Task
from tests.broker.test_exactly_once import KEYS
from tests.harness.faults import Fault, inject
from tests.harness.hands import Hands
from tests.harness.processors import Counter
from tests.harness.rig import Rig, eventually


def _due(value: bytes | None) -> datetime:
    return datetime.fromisoformat((value or b"").decode().removeprefix("fired "))


async def test_a_timer_fires_past_its_instant_and_soon(rig: Rig) -> None:
    """Never early; late by one transaction, not by a polling interval."""
    rig.start()
    await rig.produce(rig.second, [(key, b"timer 0.3") for key in KEYS])
    fired = await rig.read(rig.sink, len(KEYS))
    late = [datetime.fromtimestamp(r.timestamp_ms / 1000, UTC) - _due(r.value) for r in fired]
    assert min(late) > timedelta(milliseconds=-1), "the record's time is in whole milliseconds"
    assert sorted(late)[len(late) // 2] < timedelta(seconds=0.5)


async def test_a_timer_fires_once_across_restarts_and_failures(rig: Rig) -> None:
    """Once is kept by state: by whoever restores it, whatever happened to the transaction.

    Less than an hour in all: the broker refuses records from further ahead.
    """
    hands = Hands()
    running = rig.start(clock=hands.clock())
    await rig.produce(rig.second, [(key, b"timer 1200") for key in KEYS])
    await eventually(lambda: _timers(running.runtime.tasks) == len(KEYS))
    await running.stop()
    hands.forward(timedelta(minutes=25))
    second = rig.start(clock=hands.clock())
    plan = inject(second.runtime, [Fault("commit", "after"), Fault("commit", "before"), Fault("send_offsets", "after")])
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await rig.read(rig.sink, 2 * len(KEYS))
    await second.stop()
    assert len(plan.happened) == 3
    third = rig.start(clock=hands.clock())
    await third.ready(2)
    hands.forward(timedelta(minutes=25))
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    outputs = await rig.read(rig.sink, 3 * len(KEYS))
    assert sorted(r.key or b"" for r in outputs if (r.value or b"").startswith(b"fired")) == [k.encode() for k in KEYS]


def _timers(tasks: dict[int, Task]) -> int:
    return sum(len(task.state.stores["timers"]) for task in tasks.values())


async def test_what_became_due_while_nobody_ran_fires_at_the_restart(rig: Rig) -> None:
    """After downtime everything overdue fires, in due order; nothing is skipped."""
    hands = Hands()
    running = rig.start(clock=hands.clock())
    late = [key for key in KEYS if partition_for(key.encode(), 2) == 0]
    await rig.produce(rig.second, [(key, f"timer {1800 - place}".encode()) for place, key in enumerate(late)])
    await eventually(lambda: _timers(running.runtime.tasks) == len(late))
    await running.stop()
    hands.forward(timedelta(minutes=50))
    rig.start(clock=hands.clock())
    fired = await rig.read(rig.sink, len(late))
    assert [r.key for r in fired] == [key.encode() for key in reversed(late)]


async def test_timers_pause_while_the_wall_clock_is_wrong_and_records_do_not(rig: Rig) -> None:
    """A clock set an hour ahead by mistake must not fire an hour of timers; when it is right again, they fire.

    Which of two clocks is right nobody knows meanwhile, so what is due by the old pace waits too.
    """
    hands = Hands()
    running = rig.start(clock=hands.clock())
    await rig.produce(rig.second, [("a", b"timer 1800"), ("b", b"timer 5"), ("a", b"")])
    await rig.read(rig.sink, 1)
    with capture_logs() as logged:
        hands.step = timedelta(hours=1)
        hands.forward(timedelta(seconds=10))
        await eventually(lambda: [line["event"] for line in logged if line.get("action") == "clock.paused"])
        await rig.produce(rig.second, [(key, b"") for key in KEYS])
        during = await rig.read(rig.sink, 1 + len(KEYS))
        assert not [record for record in during if (record.value or b"").startswith(b"fired")]
        hands.step = timedelta()
        after = await rig.read(rig.sink, 2 + len(KEYS))
        await eventually(lambda: [line["event"] for line in logged if line.get("action") == "clock.steady"])
    actions = [str(line.get("action")) for line in logged]
    assert [action for action in actions if action.startswith("clock.")] == ["clock.paused", "clock.steady"]
    assert [record.key for record in after if (record.value or b"").startswith(b"fired")] == [b"b"]
    assert running.readiness.ready


async def test_many_due_timers_fire_in_slices_in_due_order(rig: Rig) -> None:
    """Ten thousand overdue at once: none lost or doubled, in due order, and records come through meanwhile."""
    herd = 10_000
    hands = Hands()
    running = rig.start(clock=hands.clock())
    await rig.produce(rig.second, [(f"t{n}", f"timer {1800 + n % 7}".encode()) for n in range(herd)])
    await eventually(lambda: _timers(running.runtime.tasks) == herd)
    hands.forward(timedelta(minutes=50))
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    outputs = await rig.read(rig.sink, herd + len(KEYS))
    fired = [r for r in outputs if (r.value or b"").startswith(b"fired")]
    assert len({r.key for r in fired}) == len(fired) == herd
    for partition in range(2):
        dues = [_due(r.value) for r in fired if r.partition == partition]
        assert dues == sorted(dues)


class _Slow(Counter):
    """Every timer takes five milliseconds of CPU."""

    def fire(self, timer: Timer, overlay: Overlay) -> None:
        """Work, then fire."""
        until = time.thread_time() + 0.005
        while time.thread_time() < until:
            pass
        super().fire(timer, overlay)


async def test_a_herd_of_slow_timers_drains_without_pauses_and_without_keeping_the_loop(rig: Rig) -> None:
    """A slice ends after 20 ms, whatever a timer costs: heartbeats and the other tasks wait no longer. What a slice has
    left is work to do at once: a gap after each would leave the processor idle while timers are late.
    """
    herd, gap = 200, 1.0
    hands = Hands()
    settings = rig.settings.model_copy(update={"commit_gap_ms": int(gap * 1000)})
    running = rig.start(lambda _: _Slow((rig.first, rig.second), (rig.sink,)), clock=hands.clock(), settings=settings)
    await rig.produce(rig.second, [(f"t{n}", b"timer 1800") for n in range(herd)])
    await eventually(lambda: _timers(running.runtime.tasks) == herd)
    began = time.monotonic()
    hands.forward(timedelta(minutes=50))
    await rig.produce(rig.second, [(key, b"") for key in KEYS])
    outputs = await rig.read(rig.sink, herd + len(KEYS))
    took = time.monotonic() - began
    fired = [r for r in outputs if (r.value or b"").startswith(b"fired")]
    assert len({r.key for r in fired}) == len(fired) == herd
    slices = len({(r.partition, r.timestamp_ms) for r in fired})
    assert slices >= herd // 5, "about four timers each, and as many as five"
    assert took < slices * gap / 4
